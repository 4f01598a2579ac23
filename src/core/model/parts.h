/* parts.h - what the files of the model share. Nobody else includes it.
 *
 * Everything the model allocates goes through model_take and its like, so that
 * m->bytes is what it really holds and the cap can be kept. Four shapes of
 * storage, each in one vector sorted by time:
 *   slots   - figures of an interval; thinned by merging neighbours
 *   history - whole records of a moment; thinned by leaving moments out
 *   points  - samples of a metric (metrics.c)
 *   plans   - with the facts that came with them (plans.c) */
#ifndef CORE_MODEL_PARTS_H
#define CORE_MODEL_PARTS_H

#include <stdlib.h>

#include "base/num.h"
#include "core/model/model.h"
#include "core/schema.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

/* ---- memory ---- */
enum { MODEL_OVERHEAD = 16 };                   /* what malloc adds, roughly */
void *model_take(struct model *m, size_t size); /* zeroed */
void model_give(struct model *m, void *p, size_t size);
/* For vectors: `items` of `size` bytes each from `old` to `want` of them. */
void *model_resize(struct model *m, void *items, size_t old, size_t want, size_t size);
char *model_strdup(struct model *m, const char *s, size_t max); /* cut to max bytes */
void model_strfree(struct model *m, char *s);

/* ---- names: texts that repeat, kept once, until model_clear ---- */
struct name {
    struct endpoint *endpoint; /* first endpoint of this folded name or route */
    struct name *folded;       /* of a route tag; NULL: not asked yet */
    UT_hash_handle hh;
    char text[];
};
/* NULL when s is NULL, or when there are too many of them: hostile input ends
 * in "unknown", not in more memory. */
struct name *model_name(struct model *m, const char *s);
const char *name_text(const struct name *n); /* NULL gives NULL */

/* ---- slots ---- */
struct slot {
    sd_time at;
    int64_t width;
};
struct slots {
    char *items; /* each begins with a struct slot */
    size_t size, n, cap;
};
struct slots_ops {
    void (*merge)(struct model *m, void *into, void *from); /* also releases `from` */
    void (*release)(struct model *m, void *item);
};
static inline void *slots_item(const struct slots *s, size_t i)
{
    return s->items + i * s->size;
}
/* The slot that holds t, made when there is none. */
void *slots_at(struct model *m, struct slots *s, sd_time t);
/* A new slot at the end; the caller saw to the order. */
void *slots_append(struct model *m, struct slots *s, sd_time at, int64_t width);
/* A new slot reaches as far as `width`, if the next one leaves room. */
void slots_widen(struct slots *s, void *item, int64_t width);
/* Index of the first slot that ends after t. */
size_t slots_from(const struct slots *s, sd_time t);
void slots_drop(struct model *m, struct slots *s, sd_time before, const struct slots_ops *ops);
void slots_thin(struct model *m, struct slots *s, sd_time before, int64_t width, const struct slots_ops *ops);
void slots_free(struct model *m, struct slots *s, const struct slots_ops *ops);

/* A slot counts where its middle lies, so that neighbouring spans add up. */
static inline bool span_has(struct span span, const struct slot *s)
{
    sd_time middle = s->at + s->width / 2;
    return middle >= span.from && middle < span.to;
}

/* n equal steps over a span. */
struct steps {
    struct span span;
    size_t n;
    double width; /* ns */
};
struct steps steps_of(const struct model *m, struct span span, size_t n);
struct span steps_span(const struct steps *st, size_t i);
/* Steps [*lo, *hi) that show the slot: the one its middle lies in, or all whose
 * middles lie in it when it is wider than a step. */
void steps_of_slot(const struct steps *st, const struct slot *s, size_t *lo, size_t *hi);
/* Share of the slot's time that lies in step i. */
double steps_share(const struct steps *st, const struct slot *s, size_t i);
/* Steps [*lo, *hi) that the slot touches at all. */
void steps_touched(const struct steps *st, const struct slot *s, size_t *lo, size_t *hi);

/* ---- history: records of a moment, whole ---- */
struct moment {
    sd_time at;
    size_t n, bytes;
    const void **records; /* one allocation: pointers, then the records */
};
/* Thinned by its owner; a moment that alone would take 1/16 of the cap is not kept. */
struct history {
    struct moment *items;
    size_t n, cap, bytes;
};
void history_add(struct model *m, struct history *h, sd_time at, enum sd_kind kind,
                 const void *const *records, size_t n);
const struct moment *history_at(const struct history *h, sd_time at); /* newest at or before; NULL */
/* Drops what ended before `before`, but keeps the state of that time. */
void history_drop(struct model *m, struct history *h, sd_time before);
/* Leaves out every second moment of the older half; false when nothing is left to do. */
bool history_thin(struct model *m, struct history *h);
void history_free(struct model *m, struct history *h);

/* ---- origins: a source instance, and what is kept per instance ---- */
struct origin {
    char *name;
    struct history status, intake, sessions;
    struct history tables, indexes; /* listings, sorted by name */
    struct slots load;              /* struct load_slot */
    struct load_slot *past;         /* sum of the dropped ones, for SPAN_ALL */
    int64_t period_ns;              /* of sampling; 0 unknown */
    sd_time sampled_at;             /* newest moment; SD_UNKNOWN */
    sd_time snapshot_at;            /* newest statement snapshot; SD_UNKNOWN */
    sd_time snapshot_before;        /* the one before it */
    sd_time counting_since;         /* of the whole server; SD_UNKNOWN */
};

struct point {
    sd_time at;
    double value;
};
struct series {
    char *key; /* origin \x1f name \x1f labels */
    struct point *points;
    size_t n, cap;
    bool counter;
    UT_hash_handle hh;
};

/* ---- endpoints ---- */
struct endpoint_slot {
    struct slot slot;
    int64_t count, errors, bytes, status[5], timed, total_ns, min_ns, max_ns;
    sd_time first, last;
    struct sd_bucket *buckets;
    uint32_t n_buckets;
};

struct endpoint {
    struct model *model;
    char *name, *method; /* method NULL: unknown */
    const char *route;   /* inside name */
    struct name *folded_name, *folded_route;
    struct endpoint_stats all;
    struct slots slots;
    UT_hash_handle hh; /* by name */
};

/* ---- queries ---- */
#define QUERY_COUNTERS(X)                                                                                    \
    X(calls)                                                                                                 \
    X(total_ns)                                                                                              \
    X(rows)                                                                                                  \
    X(shared_hit)                                                                                            \
    X(shared_read)                                                                                           \
    X(temp_read)                                                                                             \
    X(temp_written)                                                                                          \
    X(io_ns)                                                                                                 \
    X(plan_ns)                                                                                               \
    X(wal_bytes)
enum {
#define QUERY_COUNTER_ENUM(name) QUERY_##name,
    QUERY_COUNTERS(QUERY_COUNTER_ENUM)
#undef QUERY_COUNTER_ENUM
        QUERY_N
};

struct query_slot {
    struct slot slot; /* from one snapshot to the next */
    int64_t v[QUERY_N];
};

/* What the server counts apart: one role, top level or not. */
struct query_variant {
    const struct origin *origin;
    const struct name *role;
    int64_t toplevel;
    sd_time at, since;
    int64_t v[QUERY_N];
    int64_t min_ns, max_ns;
    double square; /* sum of squared times, for the pooled deviation; NAN unknown */
    /* The snapshot being read: records of one variant are summed. */
    bool touched;
    sd_time new_since;
    int64_t new_v[QUERY_N], new_min, new_max;
    double new_square;
};

struct query_id_key {
    int64_t id;
    const struct name *database, *fingerprint; /* fingerprint only when id is unknown */
};
struct query {
    struct model *model;
    struct query_id_key by;
    char *key, *text, *fingerprint;
    bool text_normalised, dead, pending;
    const struct name *database;
    const struct origin *origin;
    uint64_t seen; /* version of the model */
    struct query_variant *variants;
    size_t n_variants, cap_variants;
    struct slots slots;
    UT_hash_handle hh;
};

/* ---- activity ---- */
struct load_entry {
    const struct name *wait_type, *wait_event;
    struct name *route;
    struct query *query;
    int64_t ns;
};
struct load_slot {
    struct slot slot;
    int64_t sampled_ns; /* time the moments stand for */
    struct load_entry *entries;
    size_t n, cap;
};

struct plan_item {
    struct plan_entry entry;
    char *key;
    struct arena *arena;
    size_t bytes;
};

struct event_item {
    struct history one; /* a single moment */
    const struct origin *origin;
};

struct link_cache; /* of links.c */

struct model {
    struct link_cache *links;
    struct model_limits limits;
    size_t bytes;
    uint64_t version, lost;
    bool replayed;
    int64_t thinned_to;
    sd_time first, last;
    sd_time swept; /* `last` at the last retention sweep */
    unsigned leaps;

    struct name *names;
    size_t name_bytes;

    struct origin **origins;
    size_t n_origins, cap_origins;

    struct endpoint *endpoint_hash, **endpoints;
    size_t n_endpoints, cap_endpoints;

    struct query *query_hash, **queries;
    size_t n_queries, cap_queries, text_bytes;
    struct slots snapshots; /* struct slot: time between statement snapshots */

    struct series *series_hash;
    size_t n_series;

    struct plan_item *plans; /* by time */
    size_t n_plans, cap_plans, plan_bytes;

    struct event_item *events; /* by time */
    size_t n_events, cap_events, event_bytes;
};

struct origin *model_origin(struct model *m, const char *name);
static inline int64_t slot_floor(int64_t t, int64_t width)
{
    int64_t r = t % width;
    return t - (r < 0 ? r + width : r);
}
/* Saturating; an unknown operand is left out. */
static inline int64_t zero_if_unknown(int64_t v)
{
    return v < 0 ? 0 : v; /* SD_UNKNOWN is negative; so is nonsense */
}

/* Each file's part in applying, dropping what is old, thinning, freeing. */
void endpoints_apply(struct model *m, const struct sd_batch *b, const struct sd_http *r);
void endpoints_drop(struct model *m, sd_time before);
void endpoints_thin(struct model *m, sd_time before, int64_t width);
void endpoints_free(struct model *m);

void queries_apply(struct model *m, struct origin *o, const struct sd_batch *b);
struct query *query_seen(struct model *m, struct origin *o, int64_t id, const char *database,
                         const char *fingerprint, const char *text, bool normalised);
void queries_drop(struct model *m, sd_time before);
void queries_thin(struct model *m, sd_time before, int64_t width);
void queries_evict(struct model *m, size_t keep);
void queries_free(struct model *m);

void activity_apply(struct model *m, struct origin *o, const struct sd_batch *b);
void activity_drop(struct model *m, sd_time before);
void activity_thin(struct model *m, sd_time before, int64_t width);
bool activity_shorten(struct model *m); /* fewer full session lists; false: none left */
void activity_forget_dead(struct model *m);
void activity_free(struct model *m, struct origin *o);

/* Calls fn for each slot of an origin in the span, with the sum of the dropped for SPAN_ALL. */
void activity_each(const struct model *m, struct span span, void (*fn)(void *ctx, const struct load_slot *s),
                   void *ctx);

void links_new(struct model *m);
void links_forget(struct model *m); /* what was found: the samples or the queries change */
void links_free(struct model *m);
struct name *link_route(struct model *m, const char *tag);
struct name *link_endpoint_route(struct model *m, const char *method, const char *route);

void series_apply(struct model *m, const struct sd_batch *b, const struct sd_metric *r);
void series_drop(struct model *m, sd_time before);
bool series_thin(struct model *m, sd_time before);
void series_free(struct model *m);

void plans_apply(struct model *m, struct origin *o, const struct sd_batch *b);
bool plans_shorten(struct model *m);
void plans_free(struct model *m);

void catalog_apply(struct model *m, struct origin *o, const struct sd_batch *b);
void catalog_drop(struct model *m, sd_time before);
bool catalog_shorten(struct model *m);
void catalog_free(struct model *m, struct origin *o);

void sources_apply(struct model *m, struct origin *o, const struct sd_batch *b);
void sources_drop(struct model *m, sd_time before);
bool sources_shorten(struct model *m);
void sources_free(struct model *m);

#endif
