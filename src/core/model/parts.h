/* parts.h - shared by the files of the model; included only there.
 *
 * Everything the model allocates goes through model_take and its like, and is counted for
 * the part that holds it (domain.h), so that the budget can be kept. Two shapes of
 * storage are shared, each in one vector sorted by time:
 *   slots   - figures of an interval; thinned by merging neighbours
 *   history - whole records of a moment; thinned by leaving moments out */
#ifndef CORE_MODEL_PARTS_H
#define CORE_MODEL_PARTS_H

#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "core/model/domain.h"
#include "core/model/model.h"
#include "core/schema.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
/* A word at a time: names are looked up for each record. */
#define HASH_FUNCTION(key, len, hashv) (hashv) = (unsigned)hash_words((const char *)(key), (size_t)(len))
#include <uthash.h>

/* ---- memory ---- */
enum { MODEL_OVERHEAD = 16 };                  /* what malloc adds, roughly */
void *model_take(struct part *p, size_t size); /* zeroed */
void model_give(struct part *p, void *held, size_t size);
/* What was allocated elsewhere, such as an arena. */
void model_count(struct part *p, size_t bytes);
void model_uncount(struct part *p, size_t bytes);
/* For vectors: `items` of `size` bytes each from `old` to `want` of them. */
void *model_resize(struct part *p, void *items, size_t old, size_t want, size_t size);
/* Room for one more than n items. */
void *model_grow(struct part *p, void *items, size_t n, size_t *cap, size_t size);
char *model_strdup(struct part *p, const char *s, size_t max); /* cut to max bytes */
void model_strfree(struct part *p, char *s);

/* ---- names: texts that repeat, kept once, until model_clear ---- */
struct name {
    struct part *paid_by;
    struct endpoint *endpoint; /* first endpoint of this folded name or route */
    struct name *folded;       /* of a route tag; NULL: not asked yet */
    UT_hash_handle hh;
    char text[];
};
/* NULL when s is NULL, or when the part has asked for too many: hostile input ends
 * in "unknown", not in more memory. */
struct name *model_name(struct part *p, const char *s);
const char *name_text(const struct name *n); /* NULL gives NULL */
void model_forget_names(struct model *m);

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
    void (*merge)(struct part *p, void *into, void *from); /* also releases `from` */
    void (*release)(struct part *p, void *item);
};
static inline void *slots_item(const struct slots *s, size_t i)
{
    return s->items + i * s->size;
}
/* The slot that holds t, made when there is none. */
void *slots_at(struct part *p, struct slots *s, sd_time t);
/* A new slot at the end; the caller saw to the order. */
void *slots_append(struct part *p, struct slots *s, sd_time at, int64_t width);
/* A new slot reaches as far as `width`, if the next one leaves room. */
void slots_widen(struct slots *s, void *item, int64_t width);
/* Index of the first slot that ends after t. */
size_t slots_from(const struct slots *s, sd_time t);
void slots_drop(struct part *p, struct slots *s, sd_time before, const struct slots_ops *ops);
void slots_thin(struct part *p, struct slots *s, sd_time before, int64_t width, const struct slots_ops *ops);
void slots_free(struct part *p, struct slots *s, const struct slots_ops *ops);
/* A round of struct domain's `less` for a domain of slots: the older half is thinned, coarser and
 * coarser; when that is not enough, its oldest part goes. Moments are chosen by rank in the
 * `largest` collection and not by age, so that one wrong old time cannot hide where the
 * bulk of the data lies. True when it gave anything. */
bool slots_less(struct part *p, const struct slots *largest, size_t want,
                void (*thin)(struct part *p, sd_time before, int64_t width),
                void (*drop)(struct part *p, sd_time before));
static inline const struct slots *slots_larger(const struct slots *a, const struct slots *b)
{
    return a && a->n * a->size >= b->n * b->size ? a : b;
}

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
/* Thinned by its owner; a moment that alone would take half of the share is not kept. */
struct history {
    struct moment *items;
    size_t n, cap, bytes;
};
void history_add(struct part *p, struct history *h, sd_time at, enum sd_kind kind, const void *const *records,
                 size_t n);
/* The same with another limit. False: the moment is larger, and not kept. */
bool history_add_upto(struct part *p, struct history *h, sd_time at, enum sd_kind kind,
                      const void *const *records, size_t n, size_t most);
const struct moment *history_at(const struct history *h, sd_time at); /* newest at or before; NULL */
/* Drops what ended before `before`, but keeps the state of that time. */
void history_drop(struct part *p, struct history *h, sd_time before);
/* Leaves out every second moment of the older half; false when nothing is left to do. */
bool history_thin(struct part *p, struct history *h);
void history_free(struct part *p, struct history *h);
/* Which holds the most bytes: `most`, which may be NULL, or one of the n. */
struct history *history_largest(struct history *most, struct history *of, size_t n);
/* The records of the newest moment at or before `at`, each with the one for the same thing (is_same, a
 * contract of the domain) at the beginning of the span, or when that was first seen in it; count, at most
 * max. */
size_t history_records(const struct history *h, enum sd_kind kind, struct span span, sd_time at,
                       bool (*is_same)(enum sd_kind kind, const void *a, const void *b), const char *origin,
                       struct record_entry *out, size_t max);

/* ---- origins: a source instance, and what each domain keeps of it ---- */
struct origin {
    char *name;
    bool told; /* by a history, for a source elsewhere: it is none that is open here */
    UT_hash_handle hh;
    void *state[DOMAIN_N]; /* NULL: nothing yet */
};
/* The part's state of an origin, made when there is none. */
void *origin_state(struct part *p, struct origin *o);

/* ---- endpoints ---- */
struct track; /* of endpoint_tracks.h */
struct endpoint {
    struct model *model;
    char *name, *method; /* method NULL: unknown */
    const char *route;   /* inside name */
    struct name *folded_name, *folded_route;
    struct track *tracks[EVIDENCES]; /* NULL: nothing of it */
    UT_hash_handle hh;               /* by name */
};

/* ---- queries ---- */
struct query_variant; /* of queries.c */
struct query_id_key {
    int64_t id;
    const struct name *database, *fingerprint; /* fingerprint only when id is unknown */
};
struct query {
    struct model *model;
    struct query_id_key by;
    char *key, *text, *fingerprint;
    struct name *first_route; /* of the tags of its text; NULL */
    bool text_normalised, dead, pending;
    bool logged;   /* its counters are of a log or of traces */
    bool traced;   /* of traces */
    bool shadowed; /* and a server counts it as well */
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
    int64_t ns : 63;     /* one word for both: there are many entries */
    uint64_t worker : 1; /* parallel: it adds to the load, not to the time that somebody waits */
};
struct load_slot {
    struct slot slot;
    int64_t sampled_ns; /* time the moments stand for */
    struct load_entry *entries;
    size_t n, cap;
};

/* ---- the model ---- */
struct model {
    struct model_limits limits;
    size_t bytes, bytes_apart;
    uint64_t version, lost;
    bool replayed;
    int64_t thinned_to;
    sd_time first, last;
    sd_time swept; /* `last` at the last retention sweep */
    unsigned leaps;
    sd_kinds seen; /* kinds of the records since it was made or cleared */

    struct name *names;
    struct origin **origins;
    size_t n_origins, cap_origins;
    struct origin *origins_by_name;

    struct part own; /* what no domain holds */
    struct part parts[DOMAIN_N];
};

static inline int64_t slot_floor(int64_t t, int64_t width)
{
    int64_t r = t % width;
    return t - (r < 0 ? r + width : r);
}
static inline int64_t zero_if_unknown(int64_t v)
{
    return v < 0 ? 0 : v; /* SD_UNKNOWN is negative; so is nonsense */
}

/* ---- what one domain asks of another ---- */
/* The query, made when it is not known yet; NULL: nothing to know it by. Good until queries_bound. */
struct query *query_seen(struct model *m, struct origin *o, int64_t id, const char *database,
                         const char *fingerprint, const char *text, bool normalised);
void queries_bound(struct model *m); /* after some were seen: no more than there may be */

void sessions_forget_dead(struct model *m); /* queries that are about to go */
/* Calls fn for each slot of an origin in the span, with the sum of the dropped for SPAN_ALL. */
void sessions_each(const struct model *m, struct span span, void (*fn)(void *ctx, const struct load_slot *s),
                   void *ctx);

struct link_cache; /* of links.c; held by the sessions */
struct link_cache *links_new(struct part *p);
void links_forget(struct link_cache *k);
void links_free(struct link_cache *k);
struct link_cache *sessions_links(const struct model *m);
struct name *link_route(struct part *p, const char *tag);
struct name *link_endpoint_route(struct part *p, const char *method, const char *route);

#endif
