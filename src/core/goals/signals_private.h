/* signals_private.h - the parts of the store (signals.h). */
#ifndef CORE_GOALS_SIGNALS_PRIVATE_H
#define CORE_GOALS_SIGNALS_PRIVATE_H

#include "core/goals/event_track.h"
#include "core/goals/request_track.h"
#include "core/goals/signals.h"
#include "core/name_index.h"

/* What tells of requests, the best first, as for endpoints (EVIDENCE_LIST of the model): the same request may
 * be in a log, a histogram and a trace. Of statements: the server's counters, its log, spans. */
enum { TOLD_BY_LOG, TOLD_BY_METRICS, TOLD_BY_TRACES, TOLD_BYS };

/* Where data of one kind lies in time; first unknown: there is none. */
struct seen {
    sd_time first, last;
};
void seen_add(struct seen *s, sd_time from, sd_time to);

/* Of targets every month is asked for: what is older than any window stays, put together by the hour. */
#define WHOLE_STEP (3600 * SD_S)

/* ---- requests ---- */

/* What is known by one name: methods and routes that are alike in other words are one. */
struct told_endpoint {
    const char *name, *method, *route;
    struct seen seen[TOLD_BYS];
};
/* Requests that one instance of a group is of: all of logs together, of other evidence each endpoint by
 * itself, because a log of the same endpoint takes its place. */
struct told_part {
    const struct told_endpoint *of; /* NULL: of the log */
    uint8_t by;
    struct request_track requests;
    struct event_track events; /* of a group of an SLO */
};
struct signal_instance {
    const char *text; /* NULL: the total */
    sd_time first;    /* end of its first interval: before, nobody knows of it */
    struct told_part *parts;
    size_t n_parts, cap_parts;
};
/* Requests that match, as figures ask for them. */
struct http_group {
    struct goal_match match;
    enum goal_per per;
    bool durations, requests; /* what is kept */
    int64_t good_below_ns;    /* of an SLO: events, of durations above; 0: of errors; -1: no SLO's */
    int64_t window_ns;        /* the longest */
    bool months;              /* all time besides, by the hour (WHOLE_STEP) */
    sd_time cut;              /* dropped at or before it because memory was short; SD_UNKNOWN */
    struct signal_instance *instances;
    size_t n, cap;
    struct name_index names;
    uint32_t *order; /* instances by their text; made when it is asked for */
    size_t n_order;
    sd_time kept_from;
    struct value_cache *cache; /* of what was asked last: many alerts ask for the same */
};
struct told_requests;
struct told_requests *told_requests_new(struct signals *s);
void told_requests_free(struct told_requests *r);
void told_requests_clear(struct told_requests *r);
struct http_group *http_group_of(struct told_requests *r, const struct goal_match *m, enum goal_per per,
                                 int64_t good_below_ns, bool make);
void told_requests_take(struct told_requests *r, const struct sd_batch *b);
void told_requests_keep(struct told_requests *r, sd_time last); /* drops what is too old, or too much */
size_t told_requests_bytes(const struct told_requests *r);
struct seen told_requests_seen(const struct told_requests *r);
/* Of one instance. */
void http_sum(struct told_requests *r, struct http_group *g, size_t instance, sd_time from, sd_time to,
              struct request_sum *sum, struct hist *h);
/* Of the total: those that were traced, each of them; or what tells of all. */
int64_t http_count(struct told_requests *r, struct http_group *g, sd_time from, sd_time to, bool traced);
struct event_sum http_events(struct http_group *g, sd_time from, sd_time to);
const uint32_t *http_order(struct http_group *g);

/* ---- samples of metrics ---- */
struct told_metrics;
struct told_metrics *told_metrics_new(struct signals *s);
void told_metrics_free(struct told_metrics *m);
void told_metrics_clear(struct told_metrics *m);
void told_metrics_want(struct told_metrics *m, const struct goal_figure *f, int64_t window_ns);
void told_metrics_take(struct told_metrics *m, const struct sd_batch *b);
void told_metrics_keep(struct told_metrics *m, sd_time last);
size_t told_metrics_bytes(const struct told_metrics *m);
size_t told_metrics_values(struct told_metrics *m, const struct goal_figure *f, sd_time at, int64_t window_ns,
                           struct signal_value *out, size_t max);
size_t told_metrics_most(struct told_metrics *m, const struct goal_figure *f);

/* ---- counters of statements ---- */
struct told_statements;
struct told_statements *told_statements_new(struct signals *s);
void told_statements_free(struct told_statements *t);
void told_statements_clear(struct told_statements *t);
void told_statements_want(struct told_statements *t, const struct goal_figure *f, int64_t window_ns);
void told_statements_take(struct told_statements *t, const struct sd_batch *b);
void told_statements_keep(struct told_statements *t, sd_time last);
size_t told_statements_bytes(const struct told_statements *t);
/* a: calls, b: ns; by the server's counters, else its log; or what was traced. */
struct event_sum told_statements_sum(struct told_statements *t, const struct goal_match *m, bool traced,
                                     sd_time from, sd_time to);

/* ---- statements with their durations ---- */
enum call_by { CALLS_BY_METRICS, CALLS_BY_SPANS, CALLS_BYS }; /* the best first */
struct told_calls;
struct told_calls *told_calls_new(struct signals *s);
void told_calls_free(struct told_calls *c);
void told_calls_clear(struct told_calls *c);
void told_calls_want(struct told_calls *c, const struct goal_figure *f, int64_t window_ns, bool months);
void told_calls_take(struct told_calls *c, const struct sd_batch *b);
void told_calls_keep(struct told_calls *c, sd_time last);
size_t told_calls_bytes(const struct told_calls *c);
/* h NULL: not asked for. False: there is none. */
bool told_calls_sum(struct told_calls *c, const struct goal_match *m, enum call_by by, sd_time from,
                    sd_time to, struct request_sum *sum, struct hist *h);
/* Is there any, whenever it was? */
bool told_calls_has(const struct told_calls *c, const struct goal_match *m, enum call_by by);

/* Did any trace show a statement? */
bool told_calls_traced(const struct told_calls *c);

/* Values of db.latency and db.calls. */
struct signal_value statement_value(struct signals *s, const struct goal_figure *f, sd_time at,
                                    int64_t window_ns);

/* ---- builds and reports ---- */
struct told_pages;
struct told_pages *told_pages_new(struct signals *s);
void told_pages_free(struct told_pages *p);
void told_pages_clear(struct told_pages *p);
void told_pages_take(struct told_pages *p, const struct sd_batch *b);
size_t told_pages_values(struct told_pages *p, const struct goal_figure *f, sd_time at,
                         struct signal_value *out, size_t max);
size_t told_pages_most(const struct told_pages *p);

/* ---- the store ---- */
struct signals {
    const struct goal_policy *policy;
    struct signals_limits limits;
    struct arena *arena; /* names */
    bool live;
    const char *host;
    struct name_index origins;
    const char **origin_hosts; /* by origin; NULL: not told */
    size_t cap_hosts;
    struct seen seen;
    sd_time last; /* the newest that is believed: one record from the far future ages nothing away */
    int leaps;
    uint64_t version;
    struct hist *room; /* cleared, for whoever needs one */
    struct told_requests *requests;
    struct told_metrics *metrics;
    struct told_statements *statements;
    struct told_calls *calls;
    struct told_pages *pages;
    const char *notes[8];
    size_t n_notes;
};
void signals_note(struct signals *s, const char *sentence); /* static; once */
/* The machine of a record: its own, that of its source, the reader's; NULL: not known. */
const char *signals_host_of(const struct signals *s, const struct sd_batch *b, const char *named);
bool same_match(const struct goal_match *a, const struct goal_match *b);

#endif
