/* endpoint_tracks.h - what is kept of the requests to an endpoint; for endpoints.c and endpoint_ask.c.
 *
 * A request may be told of several times: by a line of an access log, in a histogram, by a span. Each
 * evidence has its track of slots, and a span of time shows one of them (enum evidence, model.h), so that
 * nothing is counted twice. */
#ifndef CORE_MODEL_ENDPOINT_TRACKS_H
#define CORE_MODEL_ENDPOINT_TRACKS_H

#include "core/model/parts.h"

/* What histograms of others tell: of metrics only. Sums are parts of counts, for rates are. */
struct wide {
    double count, errors, total_ns;
    struct bucket *buckets;
    struct bucket_told *told; /* of a summary */
    uint32_t n_buckets, n_told;
    enum buckets_rule rule;
    bool errors_known, mixed; /* mixed: of several that cannot be added */
};

struct endpoint_slot {
    struct slot slot;
    int64_t count, errors, bytes, status[5], timed, total_ns, min_ns, max_ns, upgraded, upgraded_ns;
    int64_t queue_ns, upstream_ns; /* SD_UNKNOWN: not told */
    sd_time first, last;
    union {
        struct sd_bucket one, *many; /* n_buckets tells which: slot_buckets() */
    };
    struct wide *wide; /* NULL: nothing */
    uint32_t n_buckets;
    uint32_t ends_us; /* from the slot's beginning to the latest end of its intervals, which need not be
                         aligned as it is; UINT32_MAX: that of the slot */
};

/* One bucket stands in the slot itself: of many endpoints most have one request in a second. */
static inline const struct sd_bucket *slot_buckets(const struct endpoint_slot *s)
{
    return s->n_buckets == 1 ? &s->one : s->n_buckets ? s->many : NULL;
}

struct track {
    struct endpoint_slot all; /* since the start */
    struct slots slots;
};

/* Another name by which other evidence knows it: "GET /orders/{id}". */
struct endpoint_alias {
    struct endpoint *of;
    UT_hash_handle hh;
    char name[];
};

struct endpoints {
    struct endpoint *hash, **items;
    struct endpoint_alias *aliases;
    size_t n, cap;
    size_t bytes;           /* of the endpoints and their totals, which stay when memory is short */
    struct endpoint *other; /* those beyond the limit; NULL: it is not reached */
    size_t n_folded, n_told[EVIDENCES]; /* with a folded name; of these, with a track of the evidence */
};

static inline const struct endpoints *endpoints_in(const struct model *m)
{
    return m->parts[DOMAIN_endpoints].state;
}

/* Of figures of slots: into `into`, the buckets apart. */
void endpoint_slot_add(struct endpoint_slot *into, const struct endpoint_slot *from);
void endpoint_slot_buckets(struct part *p, struct endpoint_slot *s, const struct sd_bucket *more, uint32_t n);
void endpoint_slot_release(struct part *p, void *slot);
void endpoint_slot_start(struct endpoint_slot *s);         /* nothing is known yet */
sd_time endpoint_slot_ends(const struct endpoint_slot *s); /* to the microsecond below */
struct track *track_new(struct part *p);
void track_free(struct part *p, struct track *t);
/* Figures of an interval, with its buckets of ours, if it has any. By how many bytes `all` grew. */
size_t track_add(struct part *p, struct track *t, sd_time at, int64_t width, const struct endpoint_slot *f,
                 const struct sd_hist *h);
enum evidence evidence_of(const char *word);
/* As the records name it, made when it is not known: its requests may come later. Beyond the limit "(other)".
 */
struct endpoint *endpoint_seen(struct model *m, const char *method, const char *route, enum evidence by);
extern const struct slots_ops endpoint_slot_ops;

/* ---- latency_buckets.c ---- */
/* A record as what is kept of it, bounded and without what makes no sense; arrays in `room`. */
struct wide_room {
    struct bucket buckets[LATENCY_BUCKETS];
    struct bucket_told told[LATENCY_TOLD];
};
struct wide wide_of(const struct sd_latency *r, struct wide_room *room);
/* same_moment: what came for one slot, not slots that become one. */
void wide_merge(struct part *p, struct endpoint_slot *into, const struct wide *from, bool same_moment);
void wide_release(struct part *p, struct wide *w); /* NULL is fine */

/* Gathered in order of time; begins as {0}, as the buckets do. */
struct wide_sum {
    double count, errors, total_ns;
    bool errors_known;
    size_t n;
};
void wide_gather(struct wide_sum *sum, const struct wide *w, struct latency_buckets *b);
/* As if the requests of a bucket were spread evenly within it. */
void wide_spread(const struct latency_buckets *b, struct hist *out);
struct bucket_quantile wide_quantile(const struct latency_buckets *b, double q);

#endif
