/* tool_result.h - what one result file of a load tool says: its requests one by one, or the tool's own
 * figures.
 *
 * Readers (format/loads) fill it, reports (report.h) add several up. What a file does not say is SD_UNKNOWN
 * or NAN. All texts and lists are in `arena` or static. Pure; one thread. */
#ifndef CORE_LOADS_TOOL_RESULT_H
#define CORE_LOADS_TOOL_RESULT_H

#include "core/loads/samples.h"

/* How exact latencies are. X(UPPER, name, help) */
#define LOAD_VALUES(X)                                                                                       \
    X(ALL, "all", "every request")                                                                           \
    X(ROUNDED, "rounded", "every request, in whole milliseconds")                                            \
    X(PERCENTILES, "percentiles", "the tool's own figures only")
enum load_values {
#define LOAD_VALUES_ENUM(UPPER, name, help) LOAD_VALUES_##UPPER,
    LOAD_VALUES(LOAD_VALUES_ENUM)
#undef LOAD_VALUES_ENUM
        LOAD_VALUES_N
};

/* A status, "200", or a class where a tool tells no more, "2xx". */
struct load_status_count {
    char status[8];
    int64_t count;
};

/* The requests of one name. */
struct tool_row {
    const char *name;
    int64_t requests, failed;
    struct load_block latency;
};

struct load_result {
    const char *tool; /* "hey" */
    enum load_values values;
    enum load_start start;
    int64_t resolution_ns; /* the step of its figures; SD_UNKNOWN: it changes, or is not known */
    /* With every request (LOAD_VALUES_PERCENTILES: without) everything but these follows from them. */
    struct load_sample_set samples;
    int64_t duration_ns;
    double rate_per_s;      /* as the tool prints it */
    int64_t bytes_received; /* SD_UNKNOWN: the sum of the samples' */
    /* The tool's own figures. */
    int64_t requests, failed;
    struct load_block latency, ok; /* ok: of the successful ones */
    struct load_status_count *statuses;
    size_t n_statuses, cap_statuses;
    struct tool_row *rows;
    size_t n_rows, cap_rows;
    const char **notes; /* sentences about what the figures leave out */
    size_t n_notes, cap_notes;
    struct arena *arena;
};

void load_result_init(struct load_result *r);
void load_result_free(struct load_result *r); /* what is in it */
/* A sentence; the same one twice is one. */
void load_result_note(struct load_result *r, const char *fmt, ...) SD_PRINTF(2, 3);
/* Adds to the count of a status; of SD_UNKNOWN or 0 nothing. */
void load_result_status(struct load_result *r, const char *status, int64_t count);
/* A new row; `name` is copied. NULL: there are LOAD_NAMES_MAX already. */
struct tool_row *load_result_row(struct load_result *r, const char *name, size_t n);

#endif
