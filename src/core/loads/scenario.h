/* scenario.h - what a load test is to do: the shapes that a scenario file (conf/load_scenario.h) is read
 * into, and that `load profile` writes and `load export` reads. Times are nanoseconds, rates a second, shares
 * 0..1. Everything lives in `arena`; nothing changes after reading. */
#ifndef CORE_LOADS_SCENARIO_H
#define CORE_LOADS_SCENARIO_H

#include "base/base.h"

/* X(UPPER, name) */
#define LOAD_KINDS(X)                                                                                        \
    X(STEADY, "steady") X(SEARCH, "search") X(SPIKE, "spike") X(SOAK, "soak") X(LIMITS, "limits")
enum load_kind {
#define LOAD_KIND_ENUM(UPPER, name) LOAD_##UPPER,
    LOAD_KINDS(LOAD_KIND_ENUM)
#undef LOAD_KIND_ENUM
        LOAD_KIND_N
};

/* Open: requests start by the clock. Closed: users wait for their answer, think and go on. */
enum load_model { LOAD_OPEN, LOAD_CLOSED };
enum load_arrivals { LOAD_CONSTANT, LOAD_POISSON };

/* A part of the schedule: the rate (closed: the users) goes in a straight line from `from` to `to`. */
struct load_stage {
    int64_t for_ns;
    double from, to;
};

/* {seq} and {user.COLUMN} are holes in path, headers and body; "{{seq}" and "{{user." stand for the texts
 * "{seq}" and "{user." themselves. Every other brace is a brace. */
struct scenario_request {
    const char *name, *method, *path;
    const char *body;           /* NULL: none */
    const char *const *headers; /* "Name: value" */
    size_t n_headers;
    double weight; /* > 0 unless only sequences use it */
};

/* A pause: lognormal with that median and 95th percentile; both alike: constant; both 0: none. */
struct load_think {
    int64_t median_ns, p95_ns;
};

/* Requests that one user sends in this order (closed model). */
struct load_sequence_step {
    uint32_t request;
    int64_t think_ns; /* the pause after it; SD_UNKNOWN: as the scenario's think */
};
struct load_sequence {
    const char *name;
    double weight;
    const struct load_sequence_step *steps;
    size_t n_steps;
};

/* X(UPPER, name, is a duration) */
#define LOAD_METRICS(X)                                                                                      \
    X(MIN, "min", true)                                                                                      \
    X(MEAN, "mean", true)                                                                                    \
    X(P50, "p50", true)                                                                                      \
    X(P75, "p75", true)                                                                                      \
    X(P90, "p90", true)                                                                                      \
    X(P95, "p95", true)                                                                                      \
    X(P99, "p99", true)                                                                                      \
    X(P999, "p999", true)                                                                                    \
    X(MAX, "max", true)                                                                                      \
    X(ERROR_SHARE, "error_share", false)                                                                     \
    X(OK_PER_S, "ok_per_s", false)                                                                           \
    X(RATE_SENT_PER_S, "rate_sent_per_s", false)
enum load_metric {
#define LOAD_METRIC_ENUM(UPPER, name, duration) LOAD_METRIC_##UPPER,
    LOAD_METRICS(LOAD_METRIC_ENUM)
#undef LOAD_METRIC_ENUM
        LOAD_METRIC_N
};
bool load_metric_is_duration(enum load_metric m);
const char *load_metric_name(enum load_metric m);

/* "p99{order} < 200ms". */
enum load_relation { LOAD_BELOW, LOAD_AT_MOST, LOAD_ABOVE, LOAD_AT_LEAST };
struct load_threshold {
    const char *expression; /* as written */
    enum load_metric metric;
    int request; /* index of the named one; -1: all together */
    enum load_relation relation;
    double limit; /* nanoseconds, share or rate */
};
/* Splits the expression; `request` gets the name in braces (in `name`, "" for none): who knows the requests
 * finds it. `t->expression` is left alone. */
bool load_threshold_parse(const char *expression, struct load_threshold *t, char *name, size_t name_size,
                          struct sd_error *err);
const char *load_relation_text(enum load_relation r);                       /* "<=" */
bool load_relation_holds(enum load_relation r, double value, double limit); /* false for NAN */

struct load_search {
    double from, to; /* a second */
    int64_t step_ns, recover_ns;
    double precision;
    double require; /* NAN: nothing is asked for */
};

struct load_spike {
    double base, factor;
    int64_t before_ns, rise_ns, hold_ns, after_ns, stable_ns;
    int64_t within_ns; /* SD_UNKNOWN: whenever */
};

/* A metric of the target that is watched. */
struct load_watch {
    const char *url, *name; /* of the metric; the URL is a path on the target */
    double limit;           /* NAN: none, or limit_name */
    const char *limit_name; /* another metric of the same text; NULL */
};
struct load_soak {
    const struct load_watch *watch;
    size_t n_watch;
    int64_t every_ns;
};

struct load_limits {
    double rate, burst, over;
    int64_t for_ns;
};

/* Statuses lo..hi count as failed. */
struct load_status_range {
    int lo, hi;
};

/* Rows of a credentials file: cells[r * n_columns + c]. */
struct load_credentials {
    const char *const *columns;
    size_t n_columns, n_rows;
    const char *const *cells;
};

struct load_scenario {
    struct arena *arena;
    const char *file;   /* as it was named */
    const char *target; /* URL */
    enum load_kind kind;
    enum load_model model;
    enum load_arrivals arrivals;
    uint64_t seed;
    int64_t warmup_ns, timeout_ns;
    int64_t connections;
    const struct load_stage *stages; /* of the kinds that write them; of spike they are made */
    size_t n_stages;
    const struct scenario_request *requests;
    size_t n_requests;
    const struct load_sequence *sequences; /* closed model: instead of choosing requests one by one */
    size_t n_sequences;
    struct load_think think;
    bool insecure;                       /* the certificate of the target is not checked */
    const char *ca_file;                 /* NULL: the system's */
    struct load_credentials credentials; /* n_rows 0: none */
    bool credentials_reuse;
    const struct load_status_range *errors;
    size_t n_errors;
    const struct load_threshold *thresholds;
    size_t n_thresholds;
    struct load_search search;
    struct load_spike spike;
    struct load_soak soak;
    struct load_limits limits;
    double rate_cap; /* closed model: never more a second; set by who runs it. 0, NAN: no limit */
};

const char *load_kind_name(enum load_kind k);
bool load_status_fails(const struct load_scenario *s, int status);
/* Of the stages, or of what the kind does. Of a search it is the longest that it may take. */
int64_t load_duration_ns(const struct load_scenario *s);
/* The highest rate a second that it asks for; closed model: NAN. */
double load_peak_rate(const struct load_scenario *s);
/* Closed model: the most users at once; else 0. */
int64_t load_peak_users(const struct load_scenario *s);
void load_scenario_free(struct load_scenario *s); /* zeroes it */

#endif
