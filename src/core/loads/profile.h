/* profile.h - what production sends, out of the requests of an access log: routes and their paths, sessions,
 * think times, rates. Requests come one by one, about in order of their moments; memory is bounded by what is
 * said here and by the number of rows, not by the number of requests. Pure; one thread.
 *
 * A session: requests of one client, each beginning at most `gap_ns` after the end of those before. Think
 * time: from the end of those before to the beginning of a request; where it is not above 0 the requests
 * overlap, and it is no think time. A request begins its duration before its moment (unknown: at it). A
 * request that comes out of order by more than the gap begins a session of its own.
 *
 * Bounds: PROFILE_OPEN_MAX sessions are open at once (those idle longest are closed before their time, and
 * counted), PROFILE_THINK_MAX think times are kept (of more a fair sample), lengths of sessions above
 * PROFILE_LENGTH_MAX count as that in percentiles, paths as in profile_paths.h. A client is known by a hash
 * of 64 bits. */
#ifndef CORE_LOADS_PROFILE_H
#define CORE_LOADS_PROFILE_H

#include "core/hist.h"
#include "core/loads/profile_paths.h"
#include "core/result.h"

enum {
    PROFILE_OPEN_MAX = 1 << 20,
    PROFILE_THINK_MAX = 1 << 20,
    PROFILE_LENGTH_MAX = 1 << 16,
    PROFILE_METHODS_MAX = 32, /* that are left out, by name; others together */
    PROFILE_METHOD_BYTES = 24,
    PROFILE_ROUTE_PATHS = 100,    /* of a route in the scenario */
    PROFILE_SEQUENCES = 100,      /* sessions that stand for all */
    PROFILE_SEQUENCE_STEPS = 200, /* of one of them; what follows is left out */
};

struct profile_options {
    int64_t gap_ns;
    bool sequences; /* keep some sessions as they were */
};

struct profile_request {
    uint64_t client;
    sd_time at;
    int64_t duration_ns; /* SD_UNKNOWN */
    bool latency;        /* the duration is one: not of an upgraded connection */
    uint32_t row;        /* of a route; numbers from 0 on */
    const char *method;
    size_t method_len;
    const char *path; /* as replay_path makes it; 0 bytes: it cannot be sent again */
    size_t path_len;
};

struct profile;
struct profile *profile_new(const struct profile_options *o);
void profile_free(struct profile *p); /* NULL is fine */
/* Has the row a name already? It gets one before its first request: method (NULL: none of its own) and route.
 */
bool profile_has_row(const struct profile *p, uint32_t row);
void profile_name_row(struct profile *p, uint32_t row, const char *method, const char *route);
void profile_add(struct profile *p, const struct profile_request *r);
void profile_skip(struct profile *p, const char *method, size_t len); /* a request that is left out */

/* ---- after the last request ---- */

struct profile_row {
    const char *name;   /* "GET /items/:id" */
    const char *method; /* "" of its own */
    const char *route;
    int64_t count;
    int64_t p50_ns; /* SD_UNKNOWN: no durations */
    int64_t paths;  /* how many different ones; estimated when there are very many */
    int64_t replayable;
    uint32_t row;
};

/* A session as it was. */
struct profile_step {
    char *path;       /* "GET /items/17" */
    int64_t think_ns; /* after it; 0: none, SD_UNKNOWN: it was the last */
};
struct profile_sequence {
    uint64_t hash;
    struct profile_step *steps;
    size_t n, cap;
};

/* Everything is unknown where there was none of it. */
struct profile_summary {
    int64_t lines, unparsed; /* the caller's */
    int64_t requests, sessions;
    sd_time first, last;
    double rate_mean_per_s; /* NAN */
    double rate_peak_per_s; /* of the busiest minute, from second 0 to 59; NAN */
    double users;           /* sessions under way at once, in the mean; NAN */
    struct {
        int64_t samples, overlapping, median_ns, p95_ns, mean_ns;
    } think;
    struct {
        double mean;
        int64_t p50, p95;
    } session_length;
    const struct profile_row *rows; /* most requests first */
    size_t n_rows;
    struct {
        char method[PROFILE_METHOD_BYTES]; /* "-": what is no request */
        int64_t count;
    } skipped[PROFILE_METHODS_MAX + 1];
    size_t n_skipped;
    const struct profile_paths *paths;
    const struct profile_sequence *sequences;
    size_t n_sequences;
    int64_t closed_early; /* sessions */
    int64_t unreplayable; /* requests */
};
/* Closes the open sessions. The summary lives as long as the profile. */
const struct profile_summary *profile_finish(struct profile *p, int64_t lines, int64_t unparsed);

cJSON *profile_document(const struct profile_summary *s);

/* ---- the scenario (profile_scenario.c) ---- */

struct profile_scenario {
    double scale;     /* of the rate, or of the users: 1 is as it was */
    bool sequences;   /* sessions in order, in the closed model */
    const char *from; /* what was read, for a comment; NULL: it says nothing */
};
/* A YAML file that `load run` takes. False and a sentence: nothing in the log can be sent again. */
bool profile_scenario(const struct profile_summary *s, const struct profile_scenario *o, struct strbuf *out,
                      struct sd_error *err);

#endif
