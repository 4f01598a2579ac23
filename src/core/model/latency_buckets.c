/* latency_buckets.c - durations in buckets of someone else's, added and read. Their ends stay as they are. */
#include "core/model/endpoint_tracks.h"

#include <math.h>

enum { SPREAD = 64 }; /* places that a bucket's requests are spread over */

static int by_ends(const struct latency_bucket *a, const struct latency_bucket *b)
{
    int c = (a->lower > b->lower) - (a->lower < b->lower);
    return c ? c : (a->upper > b->upper) - (a->upper < b->upper);
}

/* More than there is room for: neighbours become one. */
static uint32_t halve(struct latency_bucket *b, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i += 2) {
        struct latency_bucket k = b[i];
        if (i + 1 < n) {
            k.upper = fmax(k.upper, b[i + 1].upper);
            k.count += b[i + 1].count;
        }
        b[kept++] = k;
    }
    return kept;
}

/* Sorted to sorted; both at most LATENCY_BUCKETS. */
static void add_sorted(struct latency_buckets *into, const struct latency_bucket *more, uint32_t n)
{
    struct latency_bucket all[2 * LATENCY_BUCKETS];
    uint32_t total = 0;
    for (uint32_t a = 0, b = 0; a < into->n || b < n;) {
        int c = a == into->n ? 1 : b == n ? -1 : by_ends(&into->items[a], &more[b]);
        struct latency_bucket k = c <= 0 ? into->items[a] : more[b];
        if (c == 0)
            k.count += more[b].count;
        a += c <= 0;
        b += c >= 0;
        all[total++] = k;
    }
    while (total > LATENCY_BUCKETS)
        total = halve(all, total);
    memcpy(into->items, all, total * sizeof *all);
    into->n = total;
}

/* ---- in the model ---- */

static double real_or_zero(double v)
{
    return isfinite(v) && v > 0 ? v : 0;
}

static int bucket_order(const void *a, const void *b)
{
    return by_ends(a, b);
}

static enum latency_rule rule_of(const char *word)
{
    static const char *const names[] = {[LATENCY_CLASSIC] = "classic",
                                        [LATENCY_NATIVE] = "native",
                                        [LATENCY_EXPONENTIAL] = "exponential",
                                        [LATENCY_EXPLICIT] = "explicit",
                                        [LATENCY_SUMMARY] = "summary"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(word, names[i]))
            return (enum latency_rule)i;
    return LATENCY_CLASSIC;
}

struct wide wide_of(const struct sd_latency *r, struct wide_room *room)
{
    struct wide w = {.count = real_or_zero(r->count),
                     .errors = real_or_zero(r->errors),
                     .total_ns = isfinite(r->total_ns) && r->total_ns >= 0 ? r->total_ns : (double)NAN,
                     .errors_known = isfinite(r->errors),
                     .rule = rule_of(r->rule),
                     .buckets = room->buckets,
                     .told = room->told};
    uint32_t n =
        r->lower_ns && r->upper_ns && r->counts ? MIN(MIN(r->lower_ns->n, r->upper_ns->n), r->counts->n) : 0;
    double in_buckets = 0;
    for (uint32_t i = 0; i < n && w.n_buckets < LATENCY_BUCKETS; i++) {
        struct latency_bucket k = {r->lower_ns->items[i], r->upper_ns->items[i], r->counts->items[i]};
        if (!isfinite(k.lower) || isnan(k.upper) || !(k.upper > k.lower) || !isfinite(k.count) || k.count < 0)
            continue;
        in_buckets += k.count;
        room->buckets[w.n_buckets++] = k;
    }
    if (w.n_buckets)
        qsort(room->buckets, w.n_buckets, sizeof *room->buckets, bucket_order);
    w.count = fmax(w.count, in_buckets);
    n = r->quantiles && r->values_ns ? MIN(r->quantiles->n, r->values_ns->n) : 0;
    for (uint32_t i = 0; i < n && w.n_told < LATENCY_TOLD; i++)
        if (r->quantiles->items[i] >= 0 && r->quantiles->items[i] <= 1 && isfinite(r->values_ns->items[i]))
            room->told[w.n_told++] = (struct latency_told){r->quantiles->items[i], r->values_ns->items[i]};
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
    into->told_mixed = (same_moment && (into->told_mixed || into->n_told)) || from->told_mixed;
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
    struct latency_buckets b = {.n = into->n_buckets};
    if (b.n)
        memcpy(b.items, into->buckets, b.n * sizeof *b.items);
    add_sorted(&b, from->buckets, from->n_buckets);
    keep_buckets(p, into, &b);
    if (from->n_told)
        keep_told(p, into, from, same_moment);
    into->count += from->count;
    into->errors += from->errors;
    into->total_ns = sum_known(into->total_ns, from->total_ns);
    into->errors_known &= from->errors_known;
    into->rule = from->rule;
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
    add_sorted(b, w->buckets, w->n_buckets);
    b->rule = w->rule;
    if (w->n_told) {
        b->n_told = w->told_mixed ? 0 : w->n_told;
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
        const struct latency_bucket *k = &b->items[i];
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

static double told(const struct latency_buckets *b, double q)
{
    for (uint32_t i = 0; i < b->n_told; i++)
        if (fabs(b->told[i].quantile - q) < 1e-9)
            return b->told[i].ns;
    return NAN;
}

/* Buckets of several that are not the same ends: as many as there are ends, with requests shared out evenly.
 * Buckets that do not overlap stay as they are. */
static uint32_t apart(const struct latency_buckets *b, struct latency_bucket *out)
{
    uint32_t n = 0;
    bool overlap = false;
    double ends[2 * LATENCY_BUCKETS];
    uint32_t n_ends = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        overlap |= i && b->items[i].lower < b->items[i - 1].upper;
        ends[n_ends++] = b->items[i].lower;
        ends[n_ends++] = b->items[i].upper;
    }
    if (!overlap) {
        memcpy(out, b->items, b->n * sizeof *out);
        return b->n;
    }
    for (uint32_t i = 1; i < n_ends; i++) /* nearly sorted */
        for (uint32_t k = i; k && ends[k - 1] > ends[k]; k--) {
            double swap = ends[k];
            ends[k] = ends[k - 1];
            ends[k - 1] = swap;
        }
    for (uint32_t i = 0; i + 1 < n_ends; i++)
        if (ends[i + 1] > ends[i])
            out[n++] = (struct latency_bucket){.lower = ends[i], .upper = ends[i + 1]};
    for (uint32_t i = 0; i < b->n; i++)
        for (uint32_t k = 0; k < n; k++) {
            const struct latency_bucket *from = &b->items[i];
            if (out[k].lower < from->lower || out[k].upper > from->upper)
                continue;
            double share = isinf(from->upper) ? (isinf(out[k].upper) ? 1 : 0)
                                              : (out[k].upper - out[k].lower) / (from->upper - from->lower);
            out[k].count += from->count * share;
        }
    return n;
}

/* Within a bucket: evenly, of buckets that grow by a factor evenly by their logarithm. */
static double inside(const struct latency_bucket *k, double share, enum latency_rule rule)
{
    bool by_factor = (rule == LATENCY_NATIVE || rule == LATENCY_EXPONENTIAL) && k->lower > 0;
    return by_factor ? k->lower * pow(k->upper / k->lower, share) : k->lower + (k->upper - k->lower) * share;
}

/* The rule of histogram_quantile(): the bucket that holds the q * count-th; beyond the last bound that bound,
 * which the duration is at least. *in: that bucket. */
double wide_quantile(const struct latency_buckets *b, double q, struct latency_bucket *in)
{
    struct latency_bucket k[2 * 2 * LATENCY_BUCKETS];
    uint32_t n = apart(b, k);
    double total = 0, before = 0;
    *in = (struct latency_bucket){NAN, NAN, 0};
    if (b->rule == LATENCY_SUMMARY)
        return told(b, q);
    for (uint32_t i = 0; i < n; i++)
        total += k[i].count;
    if (!(total > 0))
        return NAN;
    for (uint32_t i = 0; i < n; i++) {
        if (before + k[i].count < q * total || !(k[i].count > 0)) {
            before += k[i].count;
            continue;
        }
        *in = k[i];
        return isinf(k[i].upper) ? k[i].lower : inside(&k[i], (q * total - before) / k[i].count, b->rule);
    }
    *in = k[n - 1]; /* rounding */
    return isinf(in->upper) ? in->lower : in->upper;
}
