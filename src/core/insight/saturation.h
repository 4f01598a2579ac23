/* saturation.h - what was used up first when load rose: the figures of machines, sessions, pools and
 * statements in the spans of time at which a load test asked for one rate each. Pure; main thread, as the
 * model. Every finding is a coincidence in time, no proof of a cause. */
#ifndef CORE_INSIGHT_SATURATION_H
#define CORE_INSIGHT_SATURATION_H

#include "core/model/model.h"

/* A level of a search. A sample of a machine tells of the time since the one before: it counts for the level
 * that most of this time lies in; where there is none, the first within SATURATION_LATE after the level does.
 * A reading every 10 s cannot tell levels of 3 s apart: host:?every=1s can. */
struct saturation_level {
    struct span span; /* without its warm-up */
    double rate_per_s;
    bool held;
};
#define SATURATION_LATE (10 * SD_S)

/* From where on something counts as used up. X(UPPER, limit, help) */
#define SATURATION_KINDS(X)                                                                                  \
    X(CPU, 0.90, "share of a machine's processors in use")                                                   \
    X(THROTTLED, 0.10, "share of the periods in which a cgroup was stopped at its quota")                    \
    X(MEMORY, 0.95, "share of a machine's memory, or of a cgroup's limit, in use")                           \
    X(DISK, 0.90, "share of the time in which a disk had something to do")                                   \
    X(CONNECTIONS, 0.95, "share of max_connections of a PostgreSQL server in use")                           \
    X(POOL, 0.95, "share of a connection pool in use")                                                       \
    X(WAITS, 0.50, "share of the active sessions that wait for one kind of thing")                           \
    X(STATEMENT, 2.0, "a statement's mean time, in times of that at the lowest rate")                        \
    X(PRESSURE, 0.30, "share of the time in which a task of a machine waited for a resource")
enum saturation_kind {
#define SATURATION_ENUM(UPPER, limit, help) SATURATED_##UPPER,
    SATURATION_KINDS(SATURATION_ENUM)
#undef SATURATION_ENUM
        SATURATION_KINDS_N
};
extern const double SATURATION_LIMITS[SATURATION_KINDS_N];

enum { SATURATIONS_MAX = 32, SATURATION_TEXT = 320 };

struct saturation {
    enum saturation_kind kind;
    char subject[SATURATION_TEXT]; /* the machine, server, pool, wait, or the key of the statement */
    double rate_per_s;             /* the lowest at which it was so */
    bool always;                   /* also at the lowest rate, which held: it is not by the load */
    double before, value;          /* the figure at the lowest rate, NAN unknown, and at rate_per_s */
    char text[SATURATION_TEXT];    /* a sentence with the figures, without the rate */
    const char *view;              /* that shows more of it, about `arg` (NULL: about none); static */
    char arg[SATURATION_TEXT];     /* "" : none */
};
/* What was used up at any level, what was so at the lowest rate first, then what is further beyond its limit;
 * count, at most max. The levels may come in any order; levels without any data say nothing. */
size_t saturation_find(const struct model *m, const struct saturation_level *levels, size_t n,
                       struct saturation *out, size_t max);

#endif
