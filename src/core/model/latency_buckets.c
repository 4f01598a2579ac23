/* latency_buckets.c - durations in buckets of someone else's, added and read. Their ends stay as they are. */
#include "core/model/endpoint_tracks.h"

#include <math.h>

enum { SPREAD = 64 }; /* places that a bucket's requests are spread over */

static bool same_ends(const struct latency_buckets *a, const struct bucket *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (a->items[i].lower < b[i].lower || a->items[i].lower > b[i].lower ||
            a->items[i].upper < b[i].upper || a->items[i].upper > b[i].upper)
            return false;
    return a->n == n;
}

static void nothing_known(struct latency_buckets *b)
{
    b->n = b->n_told = 0;
    b->mixed = true;
}

/* Percentiles of a part of the requests would be wrong: where sums cannot be made, nothing is known. */
static void add_buckets(struct latency_buckets *into, enum buckets_rule rule, const struct bucket *more,
                        uint32_t n)
{
    if (!n || into->mixed)
        return;
    if (into->n && into->rule == rule && same_ends(into, more, n)) {
        for (uint32_t i = 0; i < n; i++)
            into->items[i].count += more[i].count;
        return;
    }
    struct bucket items[LATENCY_BUCKETS];
    memcpy(items, more, n * sizeof *items);
    const struct buckets b = {.rule = rule, .items = items, .n = n, .count = (double)NAN};
    struct buckets a = {.rule = into->n ? into->rule : rule, .n = into->n, .count = (double)NAN};
    a.items = mem_array(into->n + 1, sizeof *a.items);
    memcpy(a.items, into->items, into->n * sizeof *a.items);
    if (!buckets_add(&a, &b) || a.n > LATENCY_BUCKETS) {
        nothing_known(into);
    } else {
        into->rule = a.rule;
        into->n = (uint32_t)a.n;
        memcpy(into->items, a.items, a.n * sizeof *a.items);
    }
    buckets_free(&a);
}

/* ---- in the model ---- */

static double real_or_zero(double v)
{
    return isfinite(v) && v > 0 ? v : 0;
}

/* What is broken leaves all of it out. */
static void take_lists(struct wide *w, const struct sd_latency *r, struct wide_room *room)
{
    uint32_t n = r->lower_ns && r->upper_ns && r->counts ? r->lower_ns->n : 0;
    struct buckets b = {0};
    if (n && n <= LATENCY_BUCKETS && r->upper_ns->n == n && r->counts->n == n &&
        buckets_from_lists(&b, w->rule, r->lower_ns->items, r->upper_ns->items, r->counts->items, n)) {
        memcpy(room->buckets, b.items, n * sizeof *b.items);
        w->n_buckets = n;
        w->count = fmax(w->count, buckets_total(&b));
    }
    w->mixed = r->counts && r->counts->n && !w->n_buckets;
    buckets_free(&b);
    n = r->quantiles && r->values_ns ? MIN(MIN(r->quantiles->n, r->values_ns->n), LATENCY_TOLD) : 0;
    for (uint32_t i = 0; i < n; i++)
        if (r->quantiles->items[i] >= 0 && r->quantiles->items[i] <= 1 && isfinite(r->values_ns->items[i]))
            room->told[w->n_told++] =
                (struct bucket_told){.q = r->quantiles->items[i], .value = r->values_ns->items[i]};
}

struct wide wide_of(const struct sd_latency *r, struct wide_room *room)
{
    struct wide w = {.count = real_or_zero(r->count),
                     .errors = real_or_zero(r->errors),
                     .total_ns = isfinite(r->total_ns) && r->total_ns >= 0 ? r->total_ns : (double)NAN,
                     .errors_known = isfinite(r->errors),
                     .buckets = room->buckets,
                     .told = room->told};
    if (!buckets_rule_named(r->rule, &w.rule))
        w.rule = BUCKETS_CLASSIC;
    take_lists(&w, r, room);
    return w;
}

static void keep_buckets(struct part *p, struct wide *w, const struct latency_buckets *b)
{
    if (b->n != w->n_buckets)
        w->buckets = model_resize(p, w->buckets, w->n_buckets, b->n, sizeof *w->buckets);
    w->n_buckets = b->n;
    if (b->n)
        memcpy(w->buckets, b->items, b->n * sizeof *b->items);
}

/* A summary's quantiles hold for its own time and its own requests: of the same moment those of two cannot
 * be added. A later moment takes the place of an earlier one. */
static void keep_told(struct part *p, struct wide *into, const struct wide *from, bool same_moment)
{
    into->mixed |= same_moment && into->n_told;
    if (from->n_told != into->n_told)
        into->told = model_resize(p, into->told, into->n_told, from->n_told, sizeof *into->told);
    into->n_told = from->n_told;
    if (from->n_told)
        memcpy(into->told, from->told, from->n_told * sizeof *from->told);
}

static double sum_known(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

void wide_merge(struct part *p, struct endpoint_slot *s, const struct wide *from, bool same_moment)
{
    struct wide *into = s->wide;
    if (!into) {
        into = s->wide = model_take(p, sizeof *into);
        into->total_ns = NAN;
        into->errors_known = true;
    }
    struct latency_buckets b = {.rule = into->rule, .n = into->n_buckets};
    b.mixed = into->mixed |= from->mixed;
    if (b.n)
        memcpy(b.items, into->buckets, b.n * sizeof *b.items);
    add_buckets(&b, from->rule, from->buckets, from->n_buckets);
    keep_buckets(p, into, &b);
    into->mixed = b.mixed;
    into->rule = b.n ? b.rule : from->rule;
    if (from->n_told)
        keep_told(p, into, from, same_moment);
    into->count += from->count;
    into->errors += from->errors;
    into->total_ns = sum_known(into->total_ns, from->total_ns);
    into->errors_known &= from->errors_known;
}

void wide_release(struct part *p, struct wide *w)
{
    if (!w)
        return;
    model_resize(p, w->buckets, w->n_buckets, 0, sizeof *w->buckets);
    model_resize(p, w->told, w->n_told, 0, sizeof *w->told);
    model_give(p, w, sizeof *w);
}

/* ---- read ---- */

void wide_gather(struct wide_sum *sum, const struct wide *w, struct latency_buckets *b)
{
    if (w->mixed)
        nothing_known(b);
    add_buckets(b, w->rule, w->buckets, w->n_buckets);
    if (w->n_told && !b->mixed) {
        b->rule = w->rule;
        b->n_told = w->n_told;
        memcpy(b->told, w->told, w->n_told * sizeof *w->told);
    }
    sum->total_ns = sum->n ? sum_known(sum->total_ns, w->total_ns) : w->total_ns;
    sum->errors_known = w->errors_known && (!sum->n || sum->errors_known);
    sum->count += w->count;
    sum->errors += w->errors;
    sum->n++;
}

void wide_spread(const struct latency_buckets *b, struct hist *out)
{
    for (uint32_t i = 0; i < b->n; i++) {
        const struct bucket *k = &b->items[i];
        double width = isinf(k->upper) ? 0 : k->upper - k->lower, done = 0;
        uint32_t places = width > 0 ? SPREAD : 1;
        for (uint32_t s = 0; s < places; s++) {
            double to = floor(k->count * (s + 1) / places + 0.5), n = to - done;
            struct sd_bucket one = {sd_hist_index(MAX(real_to_int(k->lower + width * (s + 0.5) / places), 0)),
                                    (uint32_t)fmin(n, UINT32_MAX)};
            if (n > 0)
                hist_merge_sparse(out, &(struct sd_hist){.n = 1, .buckets = &one}, SD_UNKNOWN, SD_UNKNOWN,
                                  SD_UNKNOWN);
            done = to;
        }
    }
}

struct bucket_quantile wide_quantile(const struct latency_buckets *b, double q)
{
    struct bucket items[LATENCY_BUCKETS];
    struct bucket_told told[LATENCY_TOLD];
    memcpy(items, b->items, b->n * sizeof *items);
    memcpy(told, b->told, b->n_told * sizeof *told);
    const struct buckets all = {
        .rule = b->rule, .items = items, .n = b->n, .count = (double)NAN, .told = told, .n_told = b->n_told};
    return buckets_quantile(&all, q);
}
