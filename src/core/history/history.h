/* history.h - what is kept for weeks, in which steps, and how rows of it add up.
 *
 * A history holds rows. A row is a record that tells of one interval or of one moment. Rows of the same thing
 * add up without loss: counts are added, buckets of histograms are added bucket by bucket, so that a
 * percentile over any span, any hosts and any steps is within 1/128 of that of all requests. A percentile is
 * never made of percentiles.
 *
 * The fold (below) is the one place where rows are added: for a recorder that gathers ten seconds, for
 * compaction from one step to the next, and for reading a span in few steps.
 *
 * Pure. A fold belongs to one thread. */
#ifndef CORE_HISTORY_HISTORY_H
#define CORE_HISTORY_HISTORY_H

#include "base/base.h"
#include "base/num.h"
#include "core/schema.h"

/* ---- what is kept of each kind of record ---- */
enum history_how {
    HISTORY_NOT,   /* of the moment only */
    HISTORY_SUM,   /* an interval: counts and histograms are added */
    HISTORY_GAUGE, /* samples of a number: how many, their sum, smallest, largest, last */
    HISTORY_LAST,  /* totals and states: the last of each step; of totals that fall also those before and
                      behind */
    HISTORY_EACH   /* every one */
};

/* X(KIND, HOW, key, total). `key`: names of the fields that say what a row is of, separated by spaces; the
 * host is not among them, it is the row's. `total`: of LAST, the field whose fall means that counting began
 * anew; "" none. What of some kinds is not taken as often as it comes: thin.h.
 *
 * - Metrics, requests and their parts, events: all of it.
 * - Statements, servers, their reads and writes, tables, indexes, caches and their commands: the totals, of
 *   which any two give what happened between them. A cache whose counts are of intervals, as those in access
 *   logs, is kept as HISTORY_CACHE: they add up.
 * - Durations in buckets of someone else (HISTORY_LATENCY): of classic and explicit ones those with equal
 *   ends add up, of native and exponential ones those that grow by the same factor, of at least 1.1 %
 * (grid.h). What a summary says does not add up: nothing of it is kept.
 * - Profiles that are taken all the time (HISTORY_STACK): the heaviest stacks of each step, of the type that
 * is shown; their functions and their tree follow from them. See forms.h.
 * - Plans: the last of each statement, so that a change of plan is seen. Prefixes of caches, vitals of real
 *   users, reports of Lighthouse: the last, since their percentiles and estimates do not add up.
 * - Builds of front ends: the last with its files and their sizes; what is in the files is not kept.
 * - Traces: the slowest requests with their ids (exemplars), by which a store of traces has the rest.
 *
 * Not kept: what is of the moment (sessions, locks, progress), what may name people or hold their data
 * (clients of replication, keys and slow commands of caches), and what only makes sense as a whole (spans,
 * profiles that were taken once, documents: these are files, or a recording). */
#define HISTORY_KINDS(X)                                                                                     \
    X(METRIC, GAUGE, "name labels unit counter", "")                                                         \
    X(HTTP, SUM, "method route evidence service", "")                                                        \
    X(HTTP_PART, SUM, "method route by key evidence", "")                                                    \
    X(STATEMENT, LAST, "query_id database role fingerprint toplevel logged evidence system", "calls")        \
    X(EVENT, EACH, "severity title text", "")                                                                \
    X(SERVER, LAST, "", "xact_commit")                                                                       \
    X(SERVER_IO, LAST, "backend_type object context", "hits")                                                \
    X(TABLE, LAST, "database schema name", "seq_scan")                                                       \
    X(INDEX, LAST, "database schema table name", "idx_scan")                                                 \
    X(PLAN, LAST, "query_id database generic", "")                                                           \
    X(CACHE, LAST, "layer name product", "hits")                                                             \
    X(CACHE_PREFIX, LAST, "cache prefix kind", "")                                                           \
    X(CACHE_COMMAND, LAST, "cache command", "calls")                                                         \
    X(PAGE_FIELD, LAST, "data by key form_factor metric", "")                                                \
    X(PAGE_REPORT, LAST, "url form_factor", "")                                                              \
    X(BUNDLE, LAST, "path build_kind", "")                                                                   \
    X(BUNDLE_ASSET, LAST, "name", "")                                                                        \
    X(EXEMPLAR, EACH, "method route at duration_ns trace_id request_id", "")                                 \
    X(HISTORY_CACHE, SUM, "layer name product", "")                                                          \
    X(HISTORY_STACK, SUM, "profile format type unit stack", "")                                              \
    X(HISTORY_LATENCY, SUM, "method route service rule evidence bounds", "")

/* As sets: what is kept; and what tells a total or a state, which is read from the last before a span on. */
#define HISTORY_KEPT_BIT(KIND, HOW, key, total) | SD_KIND_BIT(SD_##KIND)
#define HISTORY_KEPT                            ((sd_kinds)0 HISTORY_KINDS(HISTORY_KEPT_BIT))
#define HISTORY_STATE_BIT(KIND, HOW, key, total)                                                             \
    | (HISTORY_##HOW == HISTORY_LAST || HISTORY_##HOW == HISTORY_GAUGE ? SD_KIND_BIT(SD_##KIND) : 0)
#define HISTORY_STATES ((sd_kinds)0 HISTORY_KINDS(HISTORY_STATE_BIT))

/* Of a SUM, numbers that are not in the key are added; those whose names begin with min_ or first_ keep the
 * smallest, with max_ or last_ the largest; interval_ns is the length of the step; texts, lists and reals
 * that are not in the key are left out. Two of a GAUGE with counter 1 add up as totals do (LAST). */
struct history_kind {
    enum sd_kind kind;
    enum history_how how;
    const char *key, *total;
};
/* NULL: nothing of it is kept. */
const struct history_kind *history_kind(enum sd_kind kind);

/* ---- rows ---- */
/* Texts and record are the caller's. */
struct history_row {
    enum sd_kind kind;
    const char *host;   /* what it is of; NULL: of several, merged */
    const char *source; /* which source told it; NULL: several, merged */
    sd_time at;         /* SUM: the interval is [at, at + length_ns); otherwise the moment */
    int64_t length_ns;  /* 0 of a moment; at least 1 of an interval */
    const void *record; /* struct sd_KIND; its `host`, when it has one, is NULL: see above */
    uint32_t series; /* 0: not known; else rows with the same number are of the same thing, host and source */
};
static inline sd_time history_row_end(const struct history_row *r)
{
    return add_sat(r->at, r->length_ns);
}

/* A record in the form in which a history keeps it: forms.h. */
enum {
    HISTORY_BOUNDS_MAX = 200, /* buckets of someone else with ends of their own */
    HISTORY_BUCKETS_MAX = 512 /* and that grow by a factor */
};
struct history_form {
    enum sd_kind kind;
    const char *host; /* NULL: the record names none */
    union {
        struct sd_history_cache cache;
        struct sd_history_latency latency;
    } r;
    struct sd_hist hist;
    struct sd_bucket buckets[HISTORY_BUCKETS_MAX];
    char bounds[HISTORY_BOUNDS_MAX * 32];
};

/* Room for what a row has of its own. */
struct history_copy {
    struct history_form form;
    max_align_t record[48]; /* at least the largest record with a host */
    char host[256];
};
/* Makes the row of a record in a batch of time `at`. Its host is that of the record (field `host`, or a
 * metric's label), else `host`. Texts are those of the record and the arguments, or stand in `copy`. False:
 * such a record is not kept, or tells of nothing. */
bool history_row_of(enum sd_kind kind, const void *record, sd_time at, const char *host, const char *source,
                    struct history_copy *copy, struct history_row *out);
/* Appends what the row is of, without host and source: equal for rows that add up. May hold any byte but NUL.
 */
void history_key(const struct history_row *row, struct strbuf *out);

/* ---- steps in time ----
 * A row is in the step in which it ends: (from, to], as in the windows of goals. */
struct history_tier {
    int64_t step_ns, keep_ns; /* rows are kept in this step until they are that old */
};
enum { HISTORY_TIERS_MAX = 8 };
struct history_tiers {
    size_t n;
    struct history_tier items[HISTORY_TIERS_MAX]; /* finest first, each keeps longer than the one before */
};
extern const struct history_tiers HISTORY_TIERS_DEFAULT; /* 10s 2d, 1m 14d, 10m 90d, 1h 400d */
/* The tier that a row is in as of `now`: the first that is not finer than its interval and keeps what is as
 * old as it. tiers->n: it is too old for every one. */
size_t history_tier_of(const struct history_tiers *tiers, const struct history_row *row, sd_time now);
/* The beginning of the step (k * step, (k + 1) * step] that `end` lies in. */
sd_time history_step_start(sd_time end, int64_t step_ns);

/* Steps of the same length since 1970 (step_ns > 0), or those between ascending edges: step i is
 * (edges[i], edges[i + 1]]. What ends in no step is left out. */
struct history_steps {
    int64_t step_ns;
    const sd_time *edges;
    size_t n_edges;
};

/* ---- the fold: rows in, added up by step, host, source and key ---- */
enum {
    HISTORY_BY_HOST = 1,   /* intervals of several hosts stay apart */
    HISTORY_BY_SOURCE = 2, /* and of several sources; samples, states and events always do both */
    HISTORY_TOGETHER = 4,  /* requests of all endpoints are one: without a method, as HISTORY_ALL_ROUTES */
};
#define HISTORY_ALL_ROUTES "(all)"
struct history_fold;
struct history_fold *history_fold_new(const struct history_steps *steps, unsigned apart);
void history_fold_free(struct history_fold *f);
/* False: it ends in no step, or such a record is not kept. Copies what it keeps. */
bool history_fold_add(struct history_fold *f, const struct history_row *row);
size_t history_fold_len(struct history_fold *f);
size_t history_fold_bytes(const struct history_fold *f); /* what it holds, nearly */
/* Row i in order of time, kind, host, source, key: the same for the same rows, in whatever order they came.
 * Of an interval `at` and `length_ns` are those of the step. Good until the next add or clear. */
struct history_row history_fold_row(struct history_fold *f, size_t i);
void history_fold_clear(struct history_fold *f);

/* What is said of a reading that lacks a part: "1 of 2 nodes". */
#define HISTORY_MISSING "%.60s of the cluster cannot be reached: what they keep is missing"

#endif
