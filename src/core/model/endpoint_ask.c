/* endpoint_ask.c - spans of time out of the slots of endpoints. */
#include "core/model/endpoint_tracks.h"

#include <math.h>

/* ---- asking ---- */

size_t model_endpoints(const struct model *m)
{
    return endpoints_in(m)->n;
}

struct endpoint *model_endpoint(const struct model *m, size_t i)
{
    const struct endpoints *x = endpoints_in(m);
    return i < x->n ? x->items[i] : NULL;
}

struct endpoint *model_find_endpoint(const struct model *m, const char *name)
{
    const struct endpoints *x = endpoints_in(m);
    struct endpoint *e;
    HASH_FIND_STR(x->hash, name, e);
    struct endpoint_alias *alias = NULL;
    if (!e)
        HASH_FIND_STR(x->aliases, name, alias);
    if (alias)
        return alias->of;
    for (size_t i = 0; !e && i < x->n; i++)
        if (!strcmp(x->items[i]->route, name))
            e = x->items[i];
    return e;
}

const char *endpoint_name(const struct endpoint *e)
{
    return e->name;
}

bool endpoint_is_called(const struct endpoint *e, const char *name)
{
    const struct endpoint_alias *alias = NULL;
    if (!name || !strcmp(e->name, name))
        return name != NULL;
    HASH_FIND_STR(endpoints_in(e->model)->aliases, name, alias);
    return alias && alias->of == e;
}

const char *endpoint_method(const struct endpoint *e)
{
    return e->method;
}

const char *endpoint_route(const struct endpoint *e)
{
    return e->route;
}

static const struct endpoint_slot *slot_at(const struct slots *s, size_t i)
{
    return slots_item(s, i);
}

static int64_t least(int64_t a, int64_t b)
{
    return !sd_known(a) ? b : !sd_known(b) ? a : MIN(a, b);
}

const char *evidence_name(enum evidence e)
{
    static const char *const names[] = {
#define EVIDENCE_NAME(UPPER, name, help) #name,
        EVIDENCE_LIST(EVIDENCE_NAME)
#undef EVIDENCE_NAME
    };
    return names[e];
}

static bool tells(const struct track *t, struct span span)
{
    if (!t)
        return false;
    if (span_is_all(span))
        return t->all.count > 0;
    for (size_t i = slots_from(&t->slots, span.from); i < t->slots.n; i++) {
        const struct endpoint_slot *s = slot_at(&t->slots, i);
        if (s->slot.at >= span.to)
            break;
        if (s->count && span_has(span, &s->slot))
            return true;
    }
    return false;
}

/* Which evidence a span shows: the first that tells anything of it. */
static enum evidence best(const struct endpoint *e, struct span span)
{
    for (size_t i = 0; i < EVIDENCES; i++)
        if (tells(e->tracks[i], span))
            return (enum evidence)i;
    return EVIDENCE_LOG;
}

static const struct slots NO_SLOTS = {.size = sizeof(struct endpoint_slot)};

static const struct slots *shown_slots(const struct endpoint *e, struct span span)
{
    const struct track *t = e->tracks[best(e, span)];
    return t ? &t->slots : &NO_SLOTS;
}

static int64_t nearest(double v)
{
    return real_to_int(floor(v + 0.5));
}

static int64_t slot_count(const struct endpoint_slot *s)
{
    return s->wide ? nearest(s->wide->count) : s->count;
}

static struct sd_hist hist_of(const struct endpoint_slot *s)
{
    return (struct sd_hist){.n = s->n_buckets, .buckets = slot_buckets(s)};
}

static void add_total(struct endpoint_stats *all, const struct endpoint_slot *f, const struct sd_hist *h)
{
    all->count = add_known(all->count, f->count);
    all->errors = add_known(all->errors, f->errors);
    all->bytes = add_known(all->bytes, f->bytes);
    for (int i = 0; i < 5; i++)
        all->status[i] = add_known(all->status[i], f->status[i]);
    all->timed = add_known(all->timed, f->timed);
    all->total_ns = add_known(all->total_ns, f->total_ns);
    all->upgraded = add_known(all->upgraded, f->upgraded);
    all->upgraded_ns = add_known(all->upgraded_ns, f->upgraded_ns);
    if (f->count) {
        all->first = least(all->first, f->first);
        all->last = MAX(all->last, f->last); /* SD_UNKNOWN is the smallest */
    }
    all->queue_ns = add_known(all->queue_ns, f->queue_ns);
    all->upstream_ns = add_known(all->upstream_ns, f->upstream_ns);
    if (h)
        hist_merge_sparse(&all->latency, h, f->total_ns, f->min_ns, f->max_ns);
}

static void stats_clear(struct endpoint_stats *st)
{
    memset(st, 0, offsetof(struct endpoint_stats, latency));
    st->first = st->last = st->queue_ns = st->upstream_ns = SD_UNKNOWN;
    memset(&st->wide, 0, sizeof st->wide);
    hist_clear(&st->latency);
}

/* What histograms of others do not tell is unknown. */
static void finish_wide(const struct wide_sum *sum, struct endpoint_stats *out)
{
    if (!sum->n)
        return;
    out->count = nearest(sum->count);
    out->errors = sum->errors_known ? nearest(sum->errors) : SD_UNKNOWN;
    out->bytes = SD_UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(out->status); i++)
        out->status[i] = SD_UNKNOWN;
    bool timed = out->wide.n || out->wide.n_told || isfinite(sum->total_ns);
    out->timed = timed ? out->count : 0;
    out->total_ns = timed ? nearest(sum->total_ns) : 0;
    wide_spread(&out->wide, &out->latency);
}

static void add_slot(const struct endpoint_slot *s, struct wide_sum *wide, struct endpoint_stats *out)
{
    struct sd_hist h = hist_of(s);
    add_total(out, s, &h);
    if (s->wide)
        wide_gather(wide, s->wide, &out->wide);
}

void endpoint_stats_of(const struct endpoint *e, enum evidence by, struct span span,
                       struct endpoint_stats *out)
{
    const struct track *t = e->tracks[by];
    struct wide_sum wide = {0};
    stats_clear(out);
    out->evidence = by;
    if (!t)
        return;
    if (span_is_all(span))
        add_slot(&t->all, &wide, out);
    for (size_t i = span_is_all(span) ? t->slots.n : slots_from(&t->slots, span.from); i < t->slots.n; i++) {
        const struct endpoint_slot *s = slot_at(&t->slots, i);
        if (s->slot.at >= span.to)
            break;
        if (span_has(span, &s->slot))
            add_slot(s, &wide, out);
    }
    finish_wide(&wide, out);
}

void endpoint_stats(const struct endpoint *e, struct span span, struct endpoint_stats *out)
{
    enum evidence by = best(e, span);
    endpoint_stats_of(e, by, span, out);
    for (size_t i = by + 1; i < EVIDENCES; i++)
        out->others |= tells(e->tracks[i], span) ? 1u << i : 0;
}

/* The next slot whose intervals ended in (from, to]; NULL: none. *i begins at SIZE_MAX. A slot begins at a
 * whole second, its intervals where they do: one that ends before `from` may hold some that end after it. */
static const struct endpoint_slot *next_ended(const struct track *t, sd_time from, sd_time to, size_t *i)
{
    if (*i == SIZE_MAX)
        for (*i = slots_from(&t->slots, from);
             *i > 0 && endpoint_slot_ends(slot_at(&t->slots, *i - 1)) > from;)
            --*i;
    for (; *i < t->slots.n && slot_at(&t->slots, *i)->slot.at <= to; ++*i) {
        const struct endpoint_slot *s = slot_at(&t->slots, *i);
        sd_time end = endpoint_slot_ends(s);
        if (end > from && end <= to) {
            ++*i;
            return s;
        }
    }
    return NULL;
}

bool endpoint_stats_ended(const struct endpoint *e, sd_time from, sd_time to, struct endpoint_stats *out)
{
    stats_clear(out);
    for (int by = 0; by < EVIDENCES; by++) {
        const struct endpoint_slot *s;
        struct wide_sum wide = {0};
        bool any = false;
        for (size_t i = SIZE_MAX; e->tracks[by] && (s = next_ended(e->tracks[by], from, to, &i));) {
            add_slot(s, &wide, out);
            any = any || s->count > 0;
        }
        out->evidence = (enum evidence)by;
        finish_wide(&wide, out);
        if (any)
            return true;
        stats_clear(out);
    }
    return false;
}

static bool in_buckets(const struct endpoint_stats *s)
{
    return s->evidence == EVIDENCE_METRICS && (s->wide.n || s->wide.n_told || s->wide.mixed);
}

int64_t endpoint_quantile(const struct endpoint_stats *s, double q)
{
    return in_buckets(s) ? nearest(wide_quantile(&s->wide, q).value) : hist_quantile(&s->latency, q);
}

double endpoint_error_bound(const struct endpoint_stats *s)
{
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99};
    double worst = 0;
    if (!in_buckets(s))
        return s->latency.count ? 1.0 / 128 : (double)NAN;
    for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
        struct bucket_quantile k = wide_quantile(&s->wide, quantiles[i]);
        double off = k.value > 0 ? fmax(k.value - k.low, k.high - k.value) / k.value : (double)NAN;
        if (!isfinite(off))
            return NAN;
        worst = fmax(worst, off);
    }
    return worst;
}

int64_t endpoint_slowest(const struct endpoint_stats *s)
{
    return in_buckets(s) || !s->timed ? SD_UNKNOWN : s->latency.max;
}

struct span endpoint_status_seen(const struct endpoint *e, struct span span, size_t status)
{
    struct span out = {SD_UNKNOWN, SD_UNKNOWN};
    const struct slots *of = shown_slots(e, span);
    for (size_t i = slots_from(of, span.from); i < of->n; i++) {
        const struct endpoint_slot *s = slot_at(of, i);
        if (s->slot.at >= span.to)
            break;
        if (!span_has(span, &s->slot) || s->status[status] <= 0)
            continue;
        out.from = out.from == SD_UNKNOWN ? s->slot.at : out.from;
        out.to = s->slot.at;
    }
    return out;
}

double endpoint_requests(const struct endpoint *e, struct span span)
{
    double n = 0;
    const struct slots *of = shown_slots(e, span);
    for (size_t i = slots_from(of, span.from); i < of->n; i++) {
        const struct slot *s = &slot_at(of, i)->slot;
        if (s->at >= span.to)
            break;
        double part = (double)(MIN(s->at + s->width, span.to) - MAX(s->at, span.from));
        n += (double)slot_count(slot_at(of, i)) * part / (double)MAX(s->width, 1);
    }
    return n;
}

/* A slot wider than a step deals its requests out, and none is lost. */
static void deal(const struct steps *st, const struct endpoint_slot *s, size_t lo, size_t hi,
                 struct endpoint_point *out)
{
    int64_t count = slot_count(s), errors = s->wide ? nearest(s->wide->errors) : s->errors;
    for (size_t k = lo; k < hi; k++) {
        int64_t part = (int64_t)(k - lo), of = (int64_t)(hi - lo);
        out[k].count = add_known(out[k].count, count / of + (part < count % of));
        out[k].errors = add_known(out[k].errors, errors / of + (part < errors % of));
        for (size_t i = 0; i < ARRAY_LEN(s->status); i++)
            out[k].status[i] = add_known(out[k].status[i], s->status[i] / of + (part < s->status[i] % of));
    }
    size_t first, end;
    for (steps_touched(st, &s->slot, &first, &end); first < end; first++)
        out[first].rate_per_s +=
            (double)count * steps_share(st, &s->slot, first) / (st->width / (double)SD_S);
}

static void no_points(struct endpoint_point *out, size_t n)
{
    for (size_t k = 0; k < n; k++)
        out[k] = (struct endpoint_point){
            .p50 = SD_UNKNOWN, .p95 = SD_UNKNOWN, .p99 = SD_UNKNOWN, .max = SD_UNKNOWN};
}

static void quantiles(const struct hist *h, struct endpoint_point *out)
{
    if (!h->count)
        return;
    out->p50 = hist_quantile(h, 0.5);
    out->p95 = hist_quantile(h, 0.95);
    out->p99 = hist_quantile(h, 0.99);
    out->max = h->max;
}

/* What a step gathers. */
struct step_sum {
    struct hist h;
    struct latency_buckets wide;
    struct wide_sum sum;
};

static void step_clear(struct step_sum *s)
{
    hist_clear(&s->h);
    s->wide.n = s->wide.n_told = 0;
    s->wide.mixed = false;
    s->sum = (struct wide_sum){0};
}

static void step_add(struct step_sum *s, const struct endpoint_slot *slot)
{
    struct sd_hist sparse = hist_of(slot);
    hist_merge_sparse(&s->h, &sparse, slot->total_ns, slot->min_ns, slot->max_ns);
    if (slot->wide)
        wide_gather(&s->sum, slot->wide, &s->wide);
}

static void step_end(const struct step_sum *s, struct endpoint_point *out)
{
    if (!s->sum.n) {
        quantiles(&s->h, out);
        return;
    }
    out->p50 = nearest(wide_quantile(&s->wide, 0.5).value);
    out->p95 = nearest(wide_quantile(&s->wide, 0.95).value);
    out->p99 = nearest(wide_quantile(&s->wide, 0.99).value);
}

void endpoint_series(const struct endpoint *e, struct span span, size_t n, struct endpoint_point *out)
{
    struct steps st = steps_of(e->model, span, n);
    const struct slots *of = shown_slots(e, st.span);
    struct step_sum sum;
    size_t at = SIZE_MAX; /* the step that it gathers */
    step_clear(&sum);
    no_points(out, n);
    for (size_t i = slots_from(of, st.span.from); i < of->n && slot_at(of, i)->slot.at < st.span.to; i++) {
        const struct endpoint_slot *s = slot_at(of, i);
        size_t lo, hi;
        steps_of_slot(&st, &s->slot, &lo, &hi);
        for (size_t k = lo; k < hi; k++) {
            if (at != k) { /* the next step begins */
                if (at != SIZE_MAX)
                    step_end(&sum, &out[at]);
                step_clear(&sum);
                at = k;
            }
            step_add(&sum, s);
        }
        deal(&st, s, lo, hi, out);
    }
    if (at != SIZE_MAX)
        step_end(&sum, &out[at]);
}

/* Of metrics as if their requests were spread within the buckets. */
static void add_to_hist(struct hist *h, const struct endpoint_slot *s)
{
    struct sd_hist sparse = hist_of(s);
    hist_merge_sparse(h, &sparse, s->total_ns, s->min_ns, s->max_ns);
    if (!s->wide)
        return;
    struct wide_sum sum = {0};
    struct latency_buckets wide;
    wide.n = wide.n_told = 0;
    wide.mixed = false;
    wide_gather(&sum, s->wide, &wide);
    wide_spread(&wide, h);
}

/* How many blocks the span has that are not narrower than its slots. */
static size_t blocks_in(const struct slots *of, const struct steps *st, struct span span)
{
    int64_t width = SD_S;
    for (size_t i = slots_from(of, st->span.from); i < of->n && slot_at(of, i)->slot.at < st->span.to; i++)
        if (slot_at(of, i)->slot.width > width && i + 1 < of->n) /* the last may be wide for want of a next */
            width = slot_at(of, i)->slot.width;
    return (size_t)MAX(MIN(span_length(span) / width, SHIFT_BLOCKS), 1);
}

/* The histogram as sorted buckets behind those that are there; it is empty again. */
static uint32_t take_buckets(struct hist *h, struct sd_bucket **buckets, size_t *n, size_t *cap)
{
    uint32_t taken = 0;
    for (uint32_t i = h->lo; i < h->hi; i++) {
        if (!h->bucket[i])
            continue;
        *buckets = mem_grow(*buckets, *n, cap, sizeof **buckets);
        (*buckets)[(*n)++] = (struct sd_bucket){i, h->bucket[i]};
        h->bucket[i] = 0;
        taken++;
    }
    h->count = 0;
    h->lo = SD_HIST_BUCKETS;
    h->hi = 0;
    return taken;
}

size_t endpoint_blocks(const struct endpoint *e, struct span span, struct shift_block out[SHIFT_BLOCKS],
                       struct sd_bucket **buckets, size_t *n_buckets)
{
    struct steps st = steps_of(e->model, span, 1);
    const struct slots *of = shown_slots(e, st.span);
    size_t n = blocks_in(of, &st, st.span), cap = 0, i = slots_from(of, st.span.from);
    struct hist h;
    hist_clear(&h);
    st = steps_of(e->model, span, n);
    *buckets = NULL;
    *n_buckets = 0;
    for (size_t k = 0; k < n; k++) {
        out[k] = (struct shift_block){0};
        for (; i < of->n && slot_at(of, i)->slot.at < st.span.to; i++) {
            const struct endpoint_slot *s = slot_at(of, i);
            sd_time middle = s->slot.at + s->slot.width / 2;
            if (middle >= steps_span(&st, k).to && k + 1 < n)
                break;
            if (!span_has(st.span, &s->slot))
                continue;
            out[k].count = add_sat(out[k].count, slot_count(s));
            out[k].errors = add_sat(out[k].errors, s->wide ? nearest(s->wide->errors) : s->errors);
            out[k].timed = add_sat(out[k].timed, s->timed);
            add_to_hist(&h, s);
        }
        out[k].n_buckets = take_buckets(&h, buckets, n_buckets, &cap);
    }
    return n;
}

void model_request_series(const struct model *m, struct span span, size_t n, struct endpoint_point *out)
{
    struct steps st = steps_of(m, span, n);
    struct hist *h = mem_array(n, sizeof *h);
    no_points(out, n);
    for (size_t k = 0; k < n; k++)
        hist_clear(&h[k]);
    const struct endpoints *x = endpoints_in(m);
    for (size_t e = 0; e < x->n; e++) {
        const struct slots *of = shown_slots(x->items[e], st.span);
        for (size_t i = slots_from(of, st.span.from); i < of->n; i++) {
            const struct endpoint_slot *s = slot_at(of, i);
            size_t lo, hi;
            if (s->slot.at >= st.span.to)
                break;
            steps_of_slot(&st, &s->slot, &lo, &hi);
            for (size_t k = lo; k < hi; k++)
                add_to_hist(&h[k], s);
            deal(&st, s, lo, hi, out);
        }
    }
    for (size_t k = 0; k < n; k++)
        quantiles(&h[k], &out[k]);
    free(h);
}

void model_requests_ended(const struct model *m, sd_time from, sd_time to, struct endpoint_point *out)
{
    struct hist *h = mem_alloc(sizeof *h);
    const struct endpoints *x = endpoints_in(m);
    no_points(out, 1);
    hist_clear(h);
    for (size_t e = 0; e < x->n; e++) {
        const struct endpoint_slot *s;
        bool any = false;
        for (int by = 0; by < EVIDENCES && !any; by++)
            for (size_t i = SIZE_MAX;
                 x->items[e]->tracks[by] && (s = next_ended(x->items[e]->tracks[by], from, to, &i));) {
                any = any || s->count > 0;
                add_to_hist(h, s);
                out->count = add_known(out->count, slot_count(s));
                out->errors = add_known(out->errors, s->wide ? nearest(s->wide->errors) : s->errors);
            }
    }
    quantiles(h, out);
    free(h);
}

struct heat {
    size_t columns, rows;
    const int64_t *lower;
    uint32_t *out;
};

static void heat_add(const struct heat *x, size_t lo, size_t hi, size_t *row, struct sd_bucket b)
{
    int64_t middle = sd_hist_lower(b.index) / 2 + sd_hist_lower(b.index + 1) / 2;
    while (*row + 1 < x->rows && middle >= x->lower[*row + 1])
        ++*row;
    if (middle < x->lower[0] || middle >= x->lower[x->rows])
        return;
    uint32_t of = (uint32_t)(hi - lo);
    for (size_t k = lo; k < hi; k++) {
        uint32_t *to = &x->out[*row * x->columns + k];
        *to = add_count_sat(*to, b.count / of + (k - lo < b.count % of));
    }
}

static void heat_slot(const struct heat *x, size_t lo, size_t hi, const struct endpoint_slot *s)
{
    size_t row = 0;
    for (uint32_t b = 0; b < s->n_buckets && lo < hi; b++)
        heat_add(x, lo, hi, &row, slot_buckets(s)[b]);
    if (!s->wide || lo == hi)
        return;
    struct hist h;
    hist_clear(&h);
    add_to_hist(&h, s);
    row = 0;
    for (uint32_t i = h.lo; i < h.hi; i++)
        if (h.bucket[i])
            heat_add(x, lo, hi, &row, (struct sd_bucket){i, h.bucket[i]});
}

void endpoint_heat(const struct endpoint *e, struct span span, size_t columns, size_t rows,
                   const int64_t *lower, uint32_t *out)
{
    memset(out, 0, columns * rows * sizeof *out);
    struct steps st = steps_of(e->model, span, columns);
    const struct slots *of = shown_slots(e, st.span);
    const struct heat x = {.columns = columns, .rows = rows, .lower = lower, .out = out};
    for (size_t i = slots_from(of, st.span.from); i < of->n; i++) {
        const struct endpoint_slot *s = slot_at(of, i);
        size_t lo, hi;
        if (s->slot.at >= st.span.to)
            break;
        steps_of_slot(&st, &s->slot, &lo, &hi);
        heat_slot(&x, lo, hi, s);
    }
}
