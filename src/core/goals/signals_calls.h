/* signals_calls.h - statements with their durations, within the store (signals.h). */
#ifndef CORE_GOALS_SIGNALS_CALLS_H
#define CORE_GOALS_SIGNALS_CALLS_H

#include "core/goals/signals_private.h"

/* Statements that match, by the moment they end (of metrics: the moment they were read). */
struct call_group {
    struct goal_match match;
    int64_t window_ns; /* the longest */
    bool months;       /* all time besides, by the hour */
    bool of_requests;  /* by method or route: the requests that ran the statement are asked */
    sd_time kept_from;
    uint64_t stamp; /* of the statement that was given last */
    struct request_track by[CALLS_BYS];
};

struct told_spans;
struct told_db_buckets;
struct told_calls {
    struct signals *s;
    struct call_group *groups;
    size_t n, cap;
    bool of_requests; /* a group is */
    size_t since_look;
    struct told_spans *spans;
    struct told_db_buckets *buckets;
};
bool call_group_has_host(const struct call_group *g, const char *host);
void told_calls_add(struct told_calls *c, struct call_group *g, enum call_by by,
                    const struct request_figures *x);

/* ---- spans ---- */
struct told_spans *told_spans_new(struct told_calls *c);
void told_spans_free(struct told_spans *t);
void told_spans_clear(struct told_spans *t);
void told_spans_take(struct told_spans *t, const struct sd_batch *b);
size_t told_spans_bytes(const struct told_spans *t);
bool told_spans_any(const struct told_spans *t); /* statement, whenever it was */

/* ---- histograms of metrics ---- */
struct told_db_buckets *told_db_buckets_new(struct told_calls *c);
void told_db_buckets_free(struct told_db_buckets *t);
void told_db_buckets_clear(struct told_db_buckets *t);
void told_db_buckets_take(struct told_db_buckets *t, const struct sd_batch *b);
size_t told_db_buckets_bytes(const struct told_db_buckets *t);

#endif
