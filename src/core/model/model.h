/* model.h - all data, linked, under one time cursor.
 *
 * Main thread only. Batches go in (model_apply), views ask for a span of time.
 * All figures of a span are computed here from raw deltas and snapshots, so a
 * replay gives the same answers as the live run.
 *
 * Memory is bounded: `max_bytes` is one budget, of which each domain (endpoints, queries, ...)
 * has a share (domain.h). When it is passed, the domain furthest over its share gives: the older half
 * of its series is thinned first (neighbouring slots merged, 1 s -> 2 s -> 4 s ...). Slots
 * older than `retention_ns` are dropped. Totals since the start ("all") are kept
 * apart and lose nothing.
 */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H

#include "base/base.h"
#include "core/batch.h"
#include "core/endpoints/buckets.h"
#include "core/endpoints/shift.h"
#include "core/hist.h"

struct model;

struct model_limits {
    int64_t retention_ns;  /* 0: keep everything (still under max_bytes) */
    int64_t resolution_ns; /* width of a slot; 1 s */
    size_t max_bytes;
    size_t traces_bytes; /* for traces, besides */
    size_t endpoints;    /* told apart, as long as there is memory; 0: the usual number (domain.h) */
    /* Of a model that is asked once, and about one thing, as that of a printed view: */
    sd_kinds unread;  /* nothing is asked of these records: a batch of them alone is not kept */
    bool totals_only; /* of endpoints nothing but SPAN_ALL is asked: they have no slots */
};
extern const struct model_limits MODEL_DEFAULTS; /* 15 min, 1 s, 64 MiB, 128 MiB */

struct model *model_new(const struct model_limits *limits);
const struct model_limits *model_limits_of(const struct model *m);
void model_free(struct model *m);
void model_apply(struct model *m, const struct sd_batch *b);
void model_clear(struct model *m);

/* Grows with every applied batch: nothing changed, nothing to redraw. */
uint64_t model_version(const struct model *m);
/* The same of the domains that these kinds of records go to: what is made of them alone
 * need not be made again while it stays. */
uint64_t model_version_of(const struct model *m, sd_kinds kinds);

/* Did any record of these kinds, or any that is data and no state of a source, come since
 * the model was made or cleared? */
bool model_has(const struct model *m, sd_kinds kinds);
bool model_has_data(const struct model *m);

struct model_usage {
    size_t bytes, max_bytes;         /* what is held, hash tables and malloc's own not exactly */
    size_t traces_bytes, traces_max; /* of traces, besides */
    int64_t thinned_to_ns;           /* coarsest slot in use; resolution_ns when never thinned */
    sd_time first, last;             /* of all data kept (not states of sources),
                                        ends of intervals included; SD_UNKNOWN when empty. A leap far
                                        ahead is believed once several batches agree. */
    uint64_t frames_lost;            /* broken frames of a recording, batches dropped */
};
struct model_usage model_usage(const struct model *m);

/* What each domain holds, in the order of domain.h; count, at most max. */
struct part_usage {
    const char *name;
    sd_kinds kinds;
    size_t bytes, share;
    bool apart; /* the share is a budget besides the model's */
};
size_t model_parts(const struct model *m, struct part_usage *out, size_t max);
void model_count_lost(struct model *m, uint64_t frames);
/* A recording was loaded: what is said to be proven was so in another session. */
void model_mark_replayed(struct model *m);
bool model_is_replayed(const struct model *m);

/* ---- time ---- */
/* A span [from, to). SPAN_ALL asks for totals since the start. */
struct span {
    sd_time from, to;
};
#define SPAN_ALL ((struct span){INT64_MIN, INT64_MAX})
static inline bool span_is_all(struct span s)
{
    return s.from == INT64_MIN && s.to == INT64_MAX;
}
/* ns, at most INT64_MAX: a hostile record may set the ends of a span far apart. */
static inline int64_t span_length(struct span s)
{
    return add_sat(s.to, s.from == INT64_MIN ? INT64_MAX : -s.from);
}

/* A record of the newest moment, and the one for the same thing earlier: growth is their difference. */
struct record_entry {
    const void *r, *before; /* a record of the kind; NULL: not seen earlier */
    sd_time at, before_at;
    const char *origin;
};

/* ---- endpoints ---- */
struct endpoint; /* stable address as long as the model lives */

size_t model_endpoints(const struct model *m);
struct endpoint *model_endpoint(const struct model *m, size_t i); /* order of first sight */
/* "GET /orders/:id" (or just a route: first match); NULL. */
struct endpoint *model_find_endpoint(const struct model *m, const char *name);
const char *endpoint_name(const struct endpoint *e); /* "GET /orders/:id" */
/* Is that its name, or another by which other evidence knows it: "GET /orders/{id}"? */
bool endpoint_is_called(const struct endpoint *e, const char *name);
const char *endpoint_method(const struct endpoint *e); /* NULL when unknown */
const char *endpoint_route(const struct endpoint *e);

/* What tells of requests. The same request may be in a log, in a histogram and in a trace: a span of time
 * shows the figures of the first of these that has any, and is never a sum of them.
 * X(UPPER, name, help) */
#define EVIDENCE_LIST(X)                                                                                     \
    X(LOG, access_log, "an access log: every request")                                                       \
    X(METRICS, metrics, "histograms of someone else's: every request, in their buckets")                     \
    X(TRACES, traces, "spans of servers: those requests that were sampled")
enum evidence {
#define EVIDENCE_ENUM(UPPER, name, help) EVIDENCE_##UPPER,
    EVIDENCE_LIST(EVIDENCE_ENUM)
#undef EVIDENCE_ENUM
        EVIDENCES
};
const char *evidence_name(enum evidence e); /* "access_log" */

/* Buckets of others, read by the rules of who made them (core/endpoints/buckets.h). */
enum { LATENCY_BUCKETS = 200, LATENCY_TOLD = 8 };
struct latency_buckets {
    enum buckets_rule rule;
    uint32_t n, n_told;
    bool mixed; /* of several that cannot be added: then nothing is known, and both are 0 */
    struct bucket items[LATENCY_BUCKETS];
    struct bucket_told told[LATENCY_TOLD]; /* by a summary */
};

struct endpoint_stats {
    enum evidence evidence;
    unsigned others; /* bits: what else tells of it in the span */
    int64_t count;
    int64_t errors, bytes; /* of metrics SD_UNKNOWN unless told */
    int64_t status[5];     /* 1xx..5xx; of metrics SD_UNKNOWN */
    int64_t timed;         /* requests with a known duration */
    int64_t total_ns;
    /* Connections upgraded (101) with a known duration, and how long they were open: not in `timed`. */
    int64_t upgraded, upgraded_ns;
    int64_t queue_ns, upstream_ns; /* of the timed, in all; SD_UNKNOWN: not told */
    sd_time first, last;           /* of the requests in the span; SD_UNKNOWN */
    struct hist latency;           /* of metrics: as if they were spread evenly within each bucket */
    struct latency_buckets wide;   /* of metrics */
};
/* By nearest rank; of metrics by the rule of the buckets. SD_UNKNOWN: nothing is timed, or a summary does not
 * tell it. */
int64_t endpoint_quantile(const struct endpoint_stats *s, double q);
/* By how much of itself the percentiles 50 to 99 may be wrong: 1/128, of metrics the width of the widest
 * bucket that one of them lies in. NAN: not known. */
double endpoint_error_bound(const struct endpoint_stats *s);
int64_t endpoint_slowest(const struct endpoint_stats *s); /* SD_UNKNOWN: not known */
void endpoint_stats_of(const struct endpoint *e, enum evidence by, struct span span,
                       struct endpoint_stats *out);
/* By the best evidence. */
void endpoint_stats(const struct endpoint *e, struct span span, struct endpoint_stats *out);

/* By the best evidence, of the intervals that end in (from, to]: what goals are about. False: none does. */
bool endpoint_stats_ended(const struct endpoint *e, sd_time from, sd_time to, struct endpoint_stats *out);

/* A part of the requests, by what they have in common: the status, the upstream, the host or the service. */
struct endpoint_part {
    const char *key; /* "5xx", "10.0.0.7:8080"; (other): those beyond the limit */
    enum evidence evidence;
    int64_t count, errors, timed, total_ns;
    int64_t p50, p99; /* SD_UNKNOWN */
};
/* Of the best evidence that tells such parts; the largest first, at most max. */
size_t endpoint_parts(const struct endpoint *e, const char *by, struct span span, struct endpoint_part *out,
                      size_t max);

struct endpoint_point {
    int64_t count, errors;
    int64_t status[5];          /* 1xx..5xx */
    int64_t p50, p95, p99, max; /* ns; SD_UNKNOWN when nothing timed */
    double rate_per_s;
};
/* From the first to the last slot of the span with a request answered with a status of class
 * 0..4 (1xx..5xx): their beginnings; SD_UNKNOWN: there is none. */
struct span endpoint_status_seen(const struct endpoint *e, struct span span, size_t status);
/* Requests in [from, to), a slot at its edge in parts. */
double endpoint_requests(const struct endpoint *e, struct span span);
/* `n` equal steps over the span. */
void endpoint_series(const struct endpoint *e, struct span span, size_t n, struct endpoint_point *out);
/* For a comparison with another span (core/endpoints/shift.h): up to SHIFT_BLOCKS blocks, not narrower than
 * the slots. Of metrics as if requests were spread within the buckets. Free *buckets with free(). */
size_t endpoint_blocks(const struct endpoint *e, struct span span, struct shift_block out[SHIFT_BLOCKS],
                       struct sd_bucket **buckets, size_t *n_buckets);
/* The same of all endpoints together: percentiles of every request, not of percentiles. */
void model_request_series(const struct model *m, struct span span, size_t n, struct endpoint_point *out);
/* Of the intervals that end in (from, to], by the best evidence of each endpoint: count, errors, percentiles.
 */
void model_requests_ended(const struct model *m, sd_time from, sd_time to, struct endpoint_point *out);
/* Counts of requests by time (columns) and latency (rows, between the
 * rows + 1 ascending bounds in `lower`): out[y * columns + x], y = 0 fastest. */
void endpoint_heat(const struct endpoint *e, struct span span, size_t columns, size_t rows,
                   const int64_t *lower, uint32_t *out);

/* ---- queries ----
 * A query is (database, query_id); records of several roles, top level or not, are
 * summed. Its address is good until the next model_apply: keep the key instead. */
struct query;

size_t model_queries(const struct model *m);
struct query *model_query(const struct model *m, size_t i);
/* By key "database/query_id", or a bare query_id or fingerprint (first match). */
struct query *model_find_query(const struct model *m, const char *key);
const char *query_key(const struct query *q);
int64_t query_id(const struct query *q);           /* SD_UNKNOWN */
const char *query_database(const struct query *q); /* NULL */
const char *query_fingerprint(const struct query *q);
const char *query_text(const struct query *q);
/* Is the route that of the tags of its text? Those are the tags of its first call. */
bool query_first_called_by(const struct query *q, const struct endpoint *e);
const struct endpoint *query_first_caller(const struct query *q); /* the first with that route; NULL */
const char *query_origin(const struct query *q);                  /* source instance that can explain it */

struct query_stats {
    int64_t calls, total_ns, rows;
    int64_t shared_hit, shared_read, temp_read, temp_written, io_ns, plan_ns, wal_bytes;
    int64_t rows_examined;
    int64_t min_ns, max_ns, stddev_ns; /* only for SPAN_ALL: the server's own, since its reset */
    double hit_ratio;                  /* NAN when no block was touched */
    double mean_ns;                    /* NAN when no calls */
    sd_time since;                     /* start of counting */
    bool logged;                       /* counted from a log or traces, which may not have all executions */
    const char *evidence;              /* statistics (the server's own), log, traces */
    bool known;                        /* false: seen in activity only, or no two snapshots
                                          around the span: then all counters are unknown */
};
/* SPAN_ALL: the server's counters as last published (since its reset). A span:
 * growth between the snapshots whose middle lies in it (a span shorter than the time
 * between two snapshots gets its share), counter resets detected. What a statement did
 * before it was first seen counts in SPAN_ALL only. Of one that a log has and a server counts, only the
 * server's are known. */
void query_stats(const struct query *q, struct span span, struct query_stats *out);
/* Growth of the counters over (from, to]: the last reading at or before `to` less the last at or before
 * `from`, or the oldest there is. False: there are not two readings. */
bool query_grown(const struct query *q, sd_time from, sd_time to, int64_t *calls, int64_t *total_ns);
/* The part of the span in which the servers' counters were read; both SD_UNKNOWN: none. */
struct span model_counted(const struct model *m, struct span span);
struct query_point {
    double calls_per_s, mean_ns, load, rows_per_s; /* load: average sessions busy; NAN unknown */
};
void query_series(const struct query *q, struct span span, size_t n, struct query_point *out);
/* Calls from one snapshot of the server's counters to the next, 0 among them: of the newest `max` in
 * the span, in order of time; count. */
struct query_interval {
    struct span span;
    int64_t calls;
};
size_t query_intervals(const struct query *q, struct span span, struct query_interval *out, size_t max);

/* ---- links, each with its evidence ---- */
struct link {
    const struct endpoint *endpoint; /* NULL: the route was seen in the database only */
    const char *route;               /* as tagged, folded the way endpoints are */
    struct query *query;
    double weight; /* seconds of sampled activity in the span; of spans only: brought to the same scale */
    double share;  /* of the endpoint's (or the query's) linked time */
    const char *evidence; /* "sampled activity", "database spans", or both */
    /* From the spans of the traces that are kept: 0 calls: they show none. */
    int64_t span_calls, span_ns, span_requests; /* requests: traces of the endpoint */
};
/* Both return the number of links, best first, at most `max` of them. */
size_t endpoint_links(const struct model *m, const struct endpoint *e, struct span span, struct link *out,
                      size_t max);
size_t query_links(const struct model *m, const struct query *q, struct span span, struct link *out,
                   size_t max);

/* ---- activity ----
 * A sampling moment without any session is announced by an SD_METRIC record named
 * activity.sampled in its batch (value: with unit "ns" the time a moment stands for,
 * otherwise the sessions seen): such a moment is load 0, no moment is unknown. */
struct session_sample {
    sd_time at;
    const struct sd_activity *a; /* lives in the model until it changes */
    const char *origin;
};
/* The newest sampling moment at or before `at` of each origin; count, at most max. */
size_t model_sessions(const struct model *m, sd_time at, struct session_sample *out, size_t max);
/* Client sessions that were sampled from `since` on but are not in the newest moment: the last sample of
 * each. */
size_t model_sessions_before(const struct model *m, sd_time since, sd_time at, struct session_sample *out,
                             size_t max);

/* What a session waits on, in a word for each of the server's wait event types that are alike.
 * X(UPPER, name, help) */
#define WAIT_GROUPS(X)                                                                                       \
    X(CPU, "CPU", "it runs on a processor")                                                                  \
    X(IO, "I/O", "reads and writes of files")                                                                \
    X(LOCK, "locks", "locks of tables and rows that other sessions hold")                                    \
    X(INTERNAL, "internal locks", "short locks of the server's memory (LWLock, BufferPin)")                  \
    X(CLIENT, "client", "the application, to send or to take data")                                          \
    X(PROCESS, "other processes", "parallel workers, replicas (IPC)")                                        \
    X(OTHER, "other", "timers, extensions and what is new")
enum wait_group {
#define WAIT_GROUP_ENUM(UPPER, name, help) WAIT_##UPPER,
    WAIT_GROUPS(WAIT_GROUP_ENUM)
#undef WAIT_GROUP_ENUM
        WAIT_GROUPS_N
};
const char *wait_group_name(enum wait_group g);
enum wait_group wait_group_of(const char *wait_type); /* NULL: CPU */

/* Seconds of sampled session time, of a query or of an endpoint's statements. */
struct wait_sums {
    double seconds[WAIT_GROUPS_N];
    double total;
    double waited; /* without parallel workers: what somebody waited for */
};
void query_waits(const struct model *m, const struct query *q, struct span span, struct wait_sums *out);
void endpoint_waits(const struct model *m, const struct endpoint *e, struct span span, struct wait_sums *out);
/* From the first to the last moment in the span at which sessions were sampled; both SD_UNKNOWN:
 * never. What was dropped from the history is not part of it. */
struct span model_sampled(const struct model *m, struct span span);

struct wait_load {
    const char *wait_type, *wait_event; /* NULL: running on a processor ("CPU") */
    const char *route;                  /* only from model_route_load */
    double seconds;                     /* of session time in the span */
    double load;                        /* average active sessions */
};
/* Sessions in state active, by wait event / by route; largest first. Background
 * processes that wait for work (wait type Activity) are not busy and not counted. */
size_t model_wait_load(const struct model *m, struct span span, struct wait_load *out, size_t max);
size_t model_route_load(const struct model *m, struct span span, struct wait_load *out, size_t max);
/* Of one query or of one endpoint (the other NULL), by wait event; largest first. `load` is unknown. */
size_t model_waits_of(const struct model *m, const struct query *q, const struct endpoint *e,
                      struct span span, struct wait_load *out, size_t max);
/* Average active sessions in n equal steps; NAN where nothing was sampled. */
void model_load_series(const struct model *m, struct span span, size_t n, double *out);
/* Of these apart, in one pass: row i of `out` (n values) are the sessions with the wait, or for the
 * route, of which[i], as model_wait_load or model_route_load gave it; the last row, number
 * n_which, are all the others. */
void model_layer_series(const struct model *m, struct span span, size_t n, bool by_route,
                        const struct wait_load *which, size_t n_which, double *out);

/* ---- plans ---- */
struct plan_entry {
    sd_time at;
    const char *query_key; /* NULL: not tied to a known query */
    const char *origin;
    const struct sd_plan *plan;
    const struct sd_table *const *tables; /* facts that came with it */
    size_t n_tables;
    const struct sd_index *const *indexes;
    size_t n_indexes;
    const struct sd_advice *const *advice; /* and the indexes the server was found to miss */
    size_t n_advice;
    const struct sd_plan *refused; /* a newer try that gave no plan: see its `failed`; NULL */
};
/* The newest plan of a query at or before `at`; when the newest try failed, the last one
 * that did not, if there is one. False: none. */
bool model_plan(const struct model *m, const char *query_key, sd_time at, struct plan_entry *out);
/* All answers of a query at or before `at`, the newest first (nth 0), refusals
 * too: of each query the newest 15 and the oldest are kept. */
bool model_plan_nth(const struct model *m, const char *query_key, sd_time at, size_t nth,
                    struct plan_entry *out);

/* ---- the catalogue: tables and indexes as a server last listed them ----
 * A listing is a batch with SD_TABLE or SD_INDEX records and no SD_PLAN (those are the
 * facts of a plan). `before` is the same table in the last listing at or before
 * span.from, or else in the oldest kept (in SPAN_ALL too): growth since then, over
 * `at` - `before_at`. NULL: there is no earlier one. */
struct table_entry {
    const struct sd_table *t, *before; /* live in the model until it changes */
    sd_time at, before_at;
    const char *origin;
};
struct index_entry {
    const struct sd_index *x, *before;
    sd_time at, before_at;
    const char *origin;
};
/* The newest listing of each origin at or before `at`, by database, schema, name;
 * count, at most max. */
size_t model_tables(const struct model *m, struct span span, sd_time at, struct table_entry *out, size_t max);
size_t model_indexes(const struct model *m, struct span span, sd_time at, struct index_entry *out,
                     size_t max);
/* One table in the listings of its source up to `until`, the oldest first; count, at most max: the newest. */
struct table_point {
    sd_time at;
    double rows;         /* NAN: unknown */
    int64_t total_bytes; /* SD_UNKNOWN */
};
size_t model_table_points(const struct model *m, const struct table_entry *of, sd_time until,
                          struct table_point *out, size_t max);

/* ---- index advice for workloads: of each database the newest answer ---- */
struct advice_entry {
    sd_time at;
    const char *name;                /* "shop@prod": database and source; NULL of a batch */
    const char *origin;              /* "prod" */
    const struct sd_workload *whole; /* NULL: nothing but `failed` is there */
    const struct sd_workload_statement *const *statements;
    size_t n_statements;
    const struct sd_workload_index *const *indexes;
    size_t n_indexes;
    const struct sd_workload_rewrite *const *rewrites;
    size_t n_rewrites;
    const struct sd_workload_waste *const *waste;
    size_t n_waste;
    const struct sd_failure *failed; /* a newer search that gave nothing; NULL */
};
/* The i-th, the newest first; NULL: there are no more. */
const struct advice_entry *model_advice_nth(const struct model *m, size_t i);
/* By "shop@prod", by "shop", or NULL: the newest. NULL: none at or before `at`. */
const struct advice_entry *model_advice(const struct model *m, const char *name, sd_time at);
/* What a batch holds for the database of `whole`, which is in it; arrays in the arena. */
void model_advice_of(const struct sd_batch *b, const struct sd_workload *whole, struct arena *a,
                     struct advice_entry *out);

/* ---- metrics ---- */
/* Last value at or before `at`; for counters use model_metric_rate. NAN: unknown. */
double model_metric(const struct model *m, const char *origin, const char *name, const char *labels,
                    sd_time at);
double model_metric_rate(const struct model *m, const char *origin, const char *name, const char *labels,
                         struct span span);
/* The series of one metric, whatever their origin and labels, with the last value at or
 * before `now`. The texts are the model's, until the next batch. */
struct metric_entry {
    const char *origin; /* not terminated */
    size_t origin_len;
    const char *labels;
    double value;
    sd_time at;
};
size_t model_metric_entries(const struct model *m, const char *name, sd_time now, struct metric_entry *out,
                            size_t max);
void model_metric_series(const struct model *m, const char *origin, const char *name, const char *labels,
                         struct span span, size_t n, double *out);
/* All series, in the order of sight; count, at most max. The texts are the model's, until the next batch. */
struct metric_info {
    const char *origin, *name; /* not terminated */
    size_t origin_len, name_len;
    const char *labels, *unit; /* unit NULL: none */
    bool counter;
    const struct series *series;
};
size_t model_metric_all(const struct model *m, struct metric_info *out, size_t max);
size_t model_metric_count(const struct model *m, int64_t *left_out); /* samples that had no room */
bool metric_now(const struct metric_info *e, sd_time now, double *value, sd_time *at);
double metric_rate(const struct metric_info *e, struct span span);
void metric_series(const struct model *m, const struct metric_info *e, struct span span, size_t n,
                   double *out);

/* How many samples of it are in the span. */
size_t metric_points(const struct metric_info *e, struct span span);
/* The times of its first sample and of the last at or before `now`; SD_UNKNOWN: there is none. */
struct span metric_seen(const struct metric_info *e, sd_time now);

/* ---- metrics over a window: what KPIs, resources and budgets are made of ----
 * A sample counts in a window when from < at <= to; one without a value does not. */
/* Series whose name begins so, in the order of sight; count, at most max. */
size_t model_metric_named(const struct model *m, const char *prefix, struct metric_info *out, size_t max);
/* Mean and largest of the samples; NAN: there are none. */
double metric_mean(const struct metric_info *e, struct span window);
double metric_max(const struct metric_info *e, struct span window);
/* Growth of a counter per second between its last sample at or before `from` (the oldest there is, when none
 * is older) and the last at or before `to`; a fall is a restart from 0. NAN: these are not two samples. */
double metric_growth(const struct metric_info *e, struct span window);

/* ---- database servers as a whole ----
 * The newest records at or before `at` of one of the kinds SERVER, SERVER_IO, REPLICATION, PROGRESS,
 * PARAMETER and BLOAT, of all sources; with each the same thing at the beginning of the span, or when it was
 * first seen in it. */
size_t model_server_records(const struct model *m, enum sd_kind kind, struct span span, sd_time at,
                            struct record_entry *out, size_t max);
/* Was it read at all, even if there was nothing? */
bool model_server_known(const struct model *m, enum sd_kind kind, sd_time at);
/* All that is kept of one server in the span, in order of time. */
struct server_step {
    sd_time at;
    const struct sd_server *r;
};
size_t model_server_steps(const struct model *m, const char *origin, struct span span,
                          struct server_step *out, size_t max);

/* ---- sources and events ---- */
struct source_info {
    const char *origin;
    const struct sd_status *status; /* as of the asked moment; NULL: not known then */
    const struct sd_intake *intake; /* NULL: none */
    const char *host;               /* machine of its records that name none; NULL: not known */
};
size_t model_sources(const struct model *m, sd_time at, struct source_info *out, size_t max);
/* Sums over all sources, and a few samples of what could not be read. */
struct intake_total {
    int64_t total, unparsed;
    const char *samples[8], *reasons[8];
    size_t n_samples;
    const char *notes[8]; /* what was assumed or skipped, one of each source that has any */
    size_t n_notes;
};
void model_intake(const struct model *m, struct intake_total *out);

struct event_entry {
    sd_time at;
    const char *origin;
    const struct sd_event *event;
};
size_t model_events(const struct model *m, struct span span, struct event_entry *out,
                    size_t max); /* newest first */

#endif
