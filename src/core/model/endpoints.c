/* endpoints.c - requests by endpoint: deltas into slots, spans out of them. */
#include "core/model/parts.h"

enum { NAME_BYTES = 1024 };
#define INTERVAL_MAX (86400 * SD_S)

struct endpoint_slot {
    struct slot slot;
    int64_t count, errors, bytes, status[5], timed, total_ns, min_ns, max_ns, upgraded, upgraded_ns;
    sd_time first, last;
    struct sd_bucket *buckets;
    uint32_t n_buckets;
};

struct endpoints {
    struct endpoint *hash, **items;
    size_t n, cap;
    size_t bytes; /* of the endpoints and their totals, which stay when memory is short */
};

static const struct endpoints *endpoints_in(const struct model *m)
{
    return m->parts[DOMAIN_endpoints].state;
}

static void release(struct part *p, void *item)
{
    struct endpoint_slot *s = item;
    model_give(p, s->buckets, s->n_buckets * sizeof *s->buckets);
}

/* Adds sorted buckets to sorted buckets; grows only by the indices that are new. */
static void add_buckets(struct part *p, struct endpoint_slot *s, const struct sd_bucket *more, uint32_t n)
{
    uint32_t fresh = 0, a = 0;
    for (uint32_t i = 0; i < n; i++) {
        while (a < s->n_buckets && s->buckets[a].index < more[i].index)
            a++;
        fresh += a == s->n_buckets || s->buckets[a].index != more[i].index;
    }
    uint32_t total = s->n_buckets + fresh;
    if (fresh && !s->buckets) {
        s->buckets = model_take(p, total * sizeof *s->buckets);
    } else if (fresh) {
        s->buckets = model_resize(p, s->buckets, s->n_buckets, total, sizeof *s->buckets);
    }
    /* Merged from the end, so that nothing is overwritten before it is read. */
    uint32_t have = s->n_buckets, left = n, to = total;
    while (left) {
        if (have && s->buckets[have - 1].index > more[left - 1].index) {
            s->buckets[--to] = s->buckets[--have];
        } else if (have && s->buckets[have - 1].index == more[left - 1].index) {
            struct sd_bucket k = s->buckets[--have];
            uint32_t sum = k.count + more[--left].count;
            k.count = sum < k.count ? UINT32_MAX : sum;
            s->buckets[--to] = k;
        } else {
            s->buckets[--to] = more[--left];
        }
    }
    s->n_buckets = total;
}

static int64_t least(int64_t a, int64_t b)
{
    return !sd_known(a) ? b : !sd_known(b) ? a : MIN(a, b);
}

static int64_t most(int64_t a, int64_t b)
{
    return MAX(a, b); /* SD_UNKNOWN is the smallest */
}

static void merge_figures(struct endpoint_slot *into, const struct endpoint_slot *from)
{
    into->count = add_known(into->count, from->count);
    into->errors = add_known(into->errors, from->errors);
    into->bytes = add_known(into->bytes, from->bytes);
    for (int i = 0; i < 5; i++)
        into->status[i] = add_known(into->status[i], from->status[i]);
    into->timed = add_known(into->timed, from->timed);
    into->total_ns = add_known(into->total_ns, from->total_ns);
    into->upgraded = add_known(into->upgraded, from->upgraded);
    into->upgraded_ns = add_known(into->upgraded_ns, from->upgraded_ns);
    into->min_ns = least(into->min_ns, from->min_ns);
    into->max_ns = most(into->max_ns, from->max_ns);
    into->first = least(into->first, from->first);
    into->last = most(into->last, from->last);
}

static void merge(struct part *p, void *into, void *from)
{
    struct endpoint_slot *s = from;
    merge_figures(into, s);
    add_buckets(p, into, s->buckets, s->n_buckets);
    release(p, s);
}

static const struct slots_ops ops = {.merge = merge, .release = release};

/* Totals of all time, which outlive the slots. Sparse as these are: a dense histogram for each of a
 * thousand endpoints would be 10 MiB. */
static void add_to_all(struct part *p, struct endpoint *e, const struct endpoint_slot *f,
                       const struct sd_hist *h)
{
    struct endpoints *x = p->state;
    uint32_t before = e->all->n_buckets;
    merge_figures(e->all, f);
    if (h)
        add_buckets(p, e->all, h->buckets, h->n);
    x->bytes += (e->all->n_buckets - before) * sizeof *h->buckets;
}

/* A record as a slot's figures; the buckets stay where they are. */
static struct endpoint_slot figures_of(const struct sd_http *r, sd_time at)
{
    struct endpoint_slot f = {
        .count = zero_if_unknown(r->count),
        .bytes = zero_if_unknown(r->bytes),
        .status = {zero_if_unknown(r->status_1xx), zero_if_unknown(r->status_2xx),
                   zero_if_unknown(r->status_3xx), zero_if_unknown(r->status_4xx),
                   zero_if_unknown(r->status_5xx)},
        .min_ns = r->min_ns,
        .max_ns = r->max_ns,
        .first = sd_known(r->first_at) ? r->first_at : at,
        .last = sd_known(r->last_at) ? r->last_at : at,
    };
    f.errors = sd_known(r->errors) ? zero_if_unknown(r->errors) : f.status[4];
    int64_t recorded = 0, sum = 0;
    for (uint32_t i = 0; r->latency && i < r->latency->n; i++) {
        struct sd_bucket k = r->latency->buckets[i];
        recorded += k.count;
        sum = add_sat(sum, mul_sat(sd_hist_lower(k.index), k.count));
    }
    f.timed = sd_known(r->timed) ? zero_if_unknown(r->timed) : recorded;
    f.total_ns = sd_known(r->total_ns) ? zero_if_unknown(r->total_ns) : sum;
    f.upgraded = zero_if_unknown(r->upgraded);
    f.upgraded_ns = zero_if_unknown(r->upgraded_ns);
    f.count = MAX(f.count, f.timed);
    return f;
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
        all->last = most(all->last, f->last);
    }
    if (h)
        hist_merge_sparse(&all->latency, h, f->total_ns, f->min_ns, f->max_ns);
}

static void stats_clear(struct endpoint_stats *st)
{
    memset(st, 0, offsetof(struct endpoint_stats, latency));
    st->first = st->last = SD_UNKNOWN;
    hist_clear(&st->latency);
}

/* What stands for the requests of many routes. */
static bool is_rest(const char *name)
{
    return !strcmp(name, "(other)") || !strcmp(name, "(not found)");
}

static struct endpoint *endpoint_of(struct part *p, const char *method, const char *route)
{
    struct endpoints *x = p->state;
    char name[NAME_BYTES];
    size_t n = 0, prefix = 0;
    if (method && *method) {
        prefix = strnlen(method, 64);
        memcpy(name, method, prefix);
        name[prefix++] = ' ';
    }
    if (!route)
        route = "(unknown)";
    n = strnlen(route, sizeof name - prefix - 1);
    memcpy(name + prefix, route, n);
    n += prefix;
    name[n] = 0;

    struct endpoint *e;
    HASH_FIND(hh, x->hash, name, n, e);
    if (e)
        return e;
    /* The rest of the share is for their history. */
    if (x->n && (x->n >= p->most || x->bytes >= p->share / 4 * 3) && !is_rest(name))
        return endpoint_of(p, NULL, "(other)");
    e = model_take(p, sizeof *e);
    e->all = model_take(p, sizeof *e->all);
    x->bytes += sizeof *e + sizeof *e->all;
    e->model = p->model;
    e->name = model_strdup(p, name, n);
    e->method = prefix ? model_strdup(p, name, prefix - 1) : NULL;
    e->route = e->name + prefix;
    e->slots.size = sizeof(struct endpoint_slot);
    e->all->min_ns = e->all->max_ns = e->all->first = e->all->last = SD_UNKNOWN;
    HASH_ADD_KEYPTR(hh, x->hash, e->name, n, e);
    if (x->n == x->cap) {
        size_t want = x->cap ? x->cap * 2 : 16;
        x->items = model_resize(p, x->items, x->cap, want, sizeof *x->items);
        x->cap = want;
    }
    x->items[x->n++] = e;
    if (!is_rest(name)) {
        e->folded_route = link_endpoint_route(p, NULL, e->route);
        e->folded_name = e->method ? link_endpoint_route(p, e->method, e->route) : e->folded_route;
        if (e->folded_name && !e->folded_name->endpoint)
            e->folded_name->endpoint = e;
        if (e->folded_route && !e->folded_route->endpoint)
            e->folded_route->endpoint = e;
    }
    return e;
}

static void endpoint_add(struct part *p, const struct sd_batch *b, const struct sd_http *r)
{
    struct endpoint *e = endpoint_of(p, r->method, r->route);
    struct endpoint_slot f = figures_of(r, batch_time(b));
    struct endpoint_slot *s = slots_at(p, &e->slots, batch_time(b));
    if (!s->count && !s->n_buckets) {
        s->min_ns = s->max_ns = SD_UNKNOWN;
        s->first = s->last = SD_UNKNOWN;
        slots_widen(&e->slots, s, MIN(r->interval_ns, INTERVAL_MAX));
    }
    merge_figures(s, &f);
    if (r->latency)
        add_buckets(p, s, r->latency->buckets, r->latency->n);
    add_to_all(p, e, &f, r->latency);
}

static void endpoints_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_http *r;
    (void)o;
    for (size_t i = 0; (r = batch_each(b, SD_HTTP, &i));)
        endpoint_add(p, b, r);
}

static sd_time endpoints_until(const struct sd_batch *b)
{
    const struct sd_http *r;
    sd_time to = batch_time(b);
    for (size_t i = 0; (r = batch_each(b, SD_HTTP, &i));)
        if (r->interval_ns > 0 && r->interval_ns < 3600 * SD_S)
            to = MAX(to, batch_time(b) + r->interval_ns);
    return to;
}

static void endpoints_drop(struct part *p, sd_time before)
{
    struct endpoints *x = p->state;
    for (size_t i = 0; i < x->n; i++)
        slots_drop(p, &x->items[i]->slots, before, &ops);
}

static void endpoints_thin(struct part *p, sd_time before, int64_t width)
{
    struct endpoints *x = p->state;
    for (size_t i = 0; i < x->n; i++)
        slots_thin(p, &x->items[i]->slots, before, width, &ops);
}

static bool endpoints_less(struct part *p, size_t want)
{
    struct endpoints *x = p->state;
    const struct slots *largest = NULL;
    for (size_t i = 0; i < x->n; i++)
        largest = slots_larger(largest, &x->items[i]->slots);
    return slots_less(p, largest, want, endpoints_thin, endpoints_drop);
}

static void endpoints_clear(struct part *p)
{
    struct endpoints *x = p->state;
    HASH_CLEAR(hh, x->hash);
    for (size_t i = 0; i < x->n; i++) {
        struct endpoint *e = x->items[i];
        slots_free(p, &e->slots, &ops);
        model_strfree(p, e->name);
        model_strfree(p, e->method);
        release(p, e->all);
        model_give(p, e->all, sizeof *e->all);
        model_give(p, e, sizeof *e);
    }
    model_resize(p, x->items, x->cap, 0, sizeof *x->items);
}

const struct domain endpoints_domain = {
    .name = "endpoints",
    .kinds = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY) | SD_KIND_BIT(SD_HTTP_PART),
    .is_data = true,
    .state_size = sizeof(struct endpoints),
    .apply = endpoints_apply,
    .until = endpoints_until,
    .drop = endpoints_drop,
    .less = endpoints_less,
    .clear = endpoints_clear,
};

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
    for (size_t i = 0; !e && i < x->n; i++)
        if (!strcmp(x->items[i]->route, name))
            e = x->items[i];
    return e;
}

const char *endpoint_name(const struct endpoint *e)
{
    return e->name;
}

const char *endpoint_method(const struct endpoint *e)
{
    return e->method;
}

const char *endpoint_route(const struct endpoint *e)
{
    return e->route;
}

static const struct endpoint_slot *slot_at(const struct endpoint *e, size_t i)
{
    return slots_item(&e->slots, i);
}

static struct sd_hist hist_of(const struct endpoint_slot *s)
{
    return (struct sd_hist){.n = s->n_buckets, .buckets = s->buckets};
}

void endpoint_stats(const struct endpoint *e, struct span span, struct endpoint_stats *out)
{
    stats_clear(out);
    if (span_is_all(span)) {
        struct sd_hist h = hist_of(e->all);
        add_total(out, e->all, &h);
        return;
    }
    for (size_t i = slots_from(&e->slots, span.from); i < e->slots.n && slot_at(e, i)->slot.at < span.to;
         i++) {
        const struct endpoint_slot *s = slot_at(e, i);
        if (!span_has(span, &s->slot))
            continue;
        struct sd_hist h = hist_of(s);
        add_total(out, s, &h);
    }
}

struct span endpoint_status_seen(const struct endpoint *e, struct span span, size_t status)
{
    struct span out = {SD_UNKNOWN, SD_UNKNOWN};
    for (size_t i = slots_from(&e->slots, span.from); i < e->slots.n; i++) {
        const struct endpoint_slot *s = slot_at(e, i);
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
    for (size_t i = slots_from(&e->slots, span.from); i < e->slots.n; i++) {
        const struct slot *s = &slot_at(e, i)->slot;
        if (s->at >= span.to)
            break;
        double part = (double)(MIN(s->at + s->width, span.to) - MAX(s->at, span.from));
        n += (double)slot_at(e, i)->count * part / (double)MAX(s->width, 1);
    }
    return n;
}

/* A slot wider than a step deals its requests out, and none is lost. */
static void deal(const struct steps *st, const struct endpoint_slot *s, size_t lo, size_t hi,
                 struct endpoint_point *out)
{
    for (size_t k = lo; k < hi; k++) {
        int64_t part = (int64_t)(k - lo), of = (int64_t)(hi - lo);
        out[k].count = add_known(out[k].count, s->count / of + (part < s->count % of));
        out[k].errors = add_known(out[k].errors, s->errors / of + (part < s->errors % of));
        for (size_t i = 0; i < ARRAY_LEN(s->status); i++)
            out[k].status[i] = add_known(out[k].status[i], s->status[i] / of + (part < s->status[i] % of));
    }
    size_t first, end;
    for (steps_touched(st, &s->slot, &first, &end); first < end; first++)
        out[first].rate_per_s +=
            (double)s->count * steps_share(st, &s->slot, first) / (st->width / (double)SD_S);
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

void endpoint_series(const struct endpoint *e, struct span span, size_t n, struct endpoint_point *out)
{
    struct steps st = steps_of(e->model, span, n);
    struct hist h;
    size_t at = SIZE_MAX; /* the step that h gathers */
    hist_clear(&h);
    no_points(out, n);
    for (size_t i = slots_from(&e->slots, st.span.from); i <= e->slots.n; i++) {
        const struct endpoint_slot *s =
            i < e->slots.n && slot_at(e, i)->slot.at < st.span.to ? slot_at(e, i) : NULL;
        size_t lo = 0, hi = 0;
        if (s)
            steps_of_slot(&st, &s->slot, &lo, &hi);
        for (size_t k = lo; k < hi || !s; k++) {
            if (at != (s ? k : SIZE_MAX)) { /* the next step begins, or all is read */
                if (at != SIZE_MAX)
                    quantiles(&h, &out[at]);
                hist_clear(&h);
                at = s ? k : SIZE_MAX;
            }
            if (!s)
                break;
            struct sd_hist sparse = hist_of(s);
            hist_merge_sparse(&h, &sparse, s->total_ns, s->min_ns, s->max_ns);
        }
        if (!s)
            break;
        deal(&st, s, lo, hi, out);
    }
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
        const struct endpoint *of = x->items[e];
        for (size_t i = slots_from(&of->slots, st.span.from); i < of->slots.n; i++) {
            const struct endpoint_slot *s = slot_at(of, i);
            size_t lo, hi;
            if (s->slot.at >= st.span.to)
                break;
            steps_of_slot(&st, &s->slot, &lo, &hi);
            struct sd_hist sparse = hist_of(s);
            for (size_t k = lo; k < hi; k++)
                hist_merge_sparse(&h[k], &sparse, s->total_ns, s->min_ns, s->max_ns);
            deal(&st, s, lo, hi, out);
        }
    }
    for (size_t k = 0; k < n; k++)
        quantiles(&h[k], &out[k]);
    free(h);
}

void endpoint_heat(const struct endpoint *e, struct span span, size_t columns, size_t rows,
                   const int64_t *lower, uint32_t *out)
{
    memset(out, 0, columns * rows * sizeof *out);
    struct steps st = steps_of(e->model, span, columns);
    for (size_t i = slots_from(&e->slots, st.span.from); i < e->slots.n; i++) {
        const struct endpoint_slot *s = slot_at(e, i);
        if (s->slot.at >= st.span.to)
            break;
        size_t lo, hi, row = 0;
        steps_of_slot(&st, &s->slot, &lo, &hi);
        for (uint32_t b = 0; b < s->n_buckets && lo < hi; b++) {
            int64_t middle =
                sd_hist_lower(s->buckets[b].index) / 2 + sd_hist_lower(s->buckets[b].index + 1) / 2;
            while (row + 1 < rows && middle >= lower[row + 1])
                row++;
            if (middle < lower[0] || middle >= lower[rows])
                continue;
            uint32_t of = (uint32_t)(hi - lo), count = s->buckets[b].count;
            for (size_t k = lo; k < hi; k++)
                out[row * columns + k] =
                    add_count_sat(out[row * columns + k], count / of + (k - lo < count % of));
        }
    }
}
