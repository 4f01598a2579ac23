/* endpoint_parts.c - requests by what they have in common: the status, the upstream, the host, the service.
 * Beside the endpoints, with a share of memory of its own: many parts never cost the endpoints their
 * history. */
#include "core/model/endpoint_tracks.h"

enum { KEYS_MOST = 32, KEY_BYTES = 256 };
#define INTERVAL_MAX (86400 * SD_S)
static const char OTHER[] = "(other)";

enum { BY_STATUS, BY_UPSTREAM, BY_HOST, BY_SERVICE, BYS };
static const char *const BY[BYS] = {"status", "upstream", "host", "service"};

struct key_part {
    char *key;
    struct track *track;
    uint8_t by, evidence;
};
struct parts_of {
    const struct endpoint *endpoint;
    struct key_part *items;
    size_t n, cap;
    UT_hash_handle hh; /* by the endpoint's address, which stays */
};
struct endpoint_parts {
    struct parts_of *hash;
    size_t n;     /* parts in all */
    size_t bytes; /* of what stays when memory is short */
};

static size_t by_of(const char *word)
{
    size_t i = 0;
    while (i < BYS && !str_eq(word, BY[i]))
        i++;
    return i;
}

static struct parts_of *parts_of(struct part *p, const struct endpoint *e)
{
    struct endpoint_parts *x = p->state;
    struct parts_of *of;
    HASH_FIND_PTR(x->hash, &e, of);
    if (of)
        return of;
    of = model_take(p, sizeof *of);
    x->bytes += sizeof *of;
    of->endpoint = e;
    HASH_ADD_PTR(x->hash, endpoint, of);
    return of;
}

static struct key_part *find(const struct parts_of *of, size_t by, enum evidence evidence, const char *key,
                             size_t *alike)
{
    *alike = 0;
    for (size_t i = 0; i < of->n; i++) {
        struct key_part *k = &of->items[i];
        if (k->by != by || k->evidence != evidence)
            continue;
        if (!strncmp(k->key, key, KEY_BYTES - 1))
            return k;
        ++*alike;
    }
    return NULL;
}

/* NULL: there is no room left even for what stands for the rest. */
static struct track *track_for(struct part *p, const struct endpoint *e, size_t by, enum evidence evidence,
                               const char *key)
{
    struct endpoint_parts *x = p->state;
    struct parts_of *of = parts_of(p, e);
    size_t alike, other;
    struct key_part *k = find(of, by, evidence, key, &alike);
    bool full = x->n >= p->most || x->bytes >= p->share / 2;
    if (!k && (alike >= KEYS_MOST || full)) {
        key = OTHER;
        k = find(of, by, evidence, key, &other);
    }
    if (k || (full && alike))
        return k ? k->track : NULL;
    of->items = model_grow(p, of->items, of->n, &of->cap, sizeof *of->items);
    size_t before = p->bytes;
    of->items[of->n++] = (struct key_part){.key = model_strdup(p, key, KEY_BYTES - 1),
                                           .track = track_new(p),
                                           .by = (uint8_t)by,
                                           .evidence = (uint8_t)evidence};
    x->bytes += p->bytes - before;
    x->n++;
    return of->items[of->n - 1].track;
}

static void part_add(struct part *p, sd_time at, const struct sd_http_part *r)
{
    struct endpoint_parts *x = p->state;
    enum evidence evidence = evidence_of(r->evidence);
    size_t by = by_of(r->by);
    if (by == BYS || !r->key || !*r->key)
        return;
    const struct endpoint *e = endpoint_seen(p->model, r->method, r->route, evidence);
    struct track *t = track_for(p, e, by, evidence, r->key);
    if (!t)
        return;
    struct endpoint_slot f = {.count = zero_if_unknown(r->count), .errors = zero_if_unknown(r->errors)};
    endpoint_slot_start(&f);
    f.timed = zero_if_unknown(r->timed);
    f.total_ns = zero_if_unknown(r->total_ns);
    f.count = MAX(f.count, f.timed);
    x->bytes += track_add(p, t, at, MIN(r->interval_ns, INTERVAL_MAX), &f, r->latency);
}

static void parts_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_http_part *r;
    (void)o;
    for (size_t i = 0; (r = batch_each(b, SD_HTTP_PART, &i));)
        part_add(p, batch_time(b), r);
}

static void parts_drop(struct part *p, sd_time before)
{
    struct endpoint_parts *x = p->state;
    for (struct parts_of *of = x->hash; of; of = of->hh.next)
        for (size_t i = 0; i < of->n; i++)
            slots_drop(p, &of->items[i].track->slots, before, &endpoint_slot_ops);
}

static void parts_thin(struct part *p, sd_time before, int64_t width)
{
    struct endpoint_parts *x = p->state;
    for (struct parts_of *of = x->hash; of; of = of->hh.next)
        for (size_t i = 0; i < of->n; i++)
            slots_thin(p, &of->items[i].track->slots, before, width, &endpoint_slot_ops);
}

static bool parts_less(struct part *p, size_t want)
{
    struct endpoint_parts *x = p->state;
    const struct slots *largest = NULL;
    for (struct parts_of *of = x->hash; of; of = of->hh.next)
        for (size_t i = 0; i < of->n; i++)
            largest = slots_larger(largest, &of->items[i].track->slots);
    return slots_less(p, largest, want, parts_thin, parts_drop);
}

static void parts_clear(struct part *p)
{
    struct endpoint_parts *x = p->state;
    struct parts_of *of, *next;
    HASH_ITER(hh, x->hash, of, next)
    {
        HASH_DEL(x->hash, of);
        for (size_t i = 0; i < of->n; i++) {
            track_free(p, of->items[i].track);
            model_strfree(p, of->items[i].key);
        }
        model_resize(p, of->items, of->cap, 0, sizeof *of->items);
        model_give(p, of, sizeof *of);
    }
}

const struct domain endpoint_parts_domain = {
    .name = "endpoint_parts",
    .kinds = SD_KIND_BIT(SD_HTTP_PART),
    .is_data = true,
    .beside = SD_KIND_BIT(SD_HTTP_PART),
    .state_size = sizeof(struct endpoint_parts),
    .apply = parts_apply,
    .drop = parts_drop,
    .less = parts_less,
    .clear = parts_clear,
};

/* ---- asking ---- */

static void sum_slot(const struct endpoint_slot *s, struct endpoint_part *out, struct hist *h)
{
    const struct sd_hist sparse = {.n = s->n_buckets, .buckets = slot_buckets(s)};
    out->count = add_known(out->count, s->count);
    out->errors = add_known(out->errors, s->errors);
    out->timed = add_known(out->timed, s->timed);
    out->total_ns = add_known(out->total_ns, s->total_ns);
    hist_merge_sparse(h, &sparse, s->total_ns, SD_UNKNOWN, SD_UNKNOWN);
}

static struct endpoint_part sum_of(const struct key_part *k, struct span span, struct hist *h)
{
    const struct track *t = k->track;
    struct endpoint_part out = {.key = k->key, .evidence = (enum evidence)k->evidence};
    hist_clear(h);
    if (span_is_all(span))
        sum_slot(&t->all, &out, h);
    else
        for (size_t i = slots_from(&t->slots, span.from); i < t->slots.n; i++) {
            const struct endpoint_slot *s = slots_item(&t->slots, i);
            if (s->slot.at >= span.to)
                break;
            if (span_has(span, &s->slot))
                sum_slot(s, &out, h);
        }
    out.p50 = hist_quantile(h, 0.5);
    out.p99 = hist_quantile(h, 0.99);
    return out;
}

static int largest_first(const void *a, const void *b)
{
    const struct endpoint_part *x = a, *y = b;
    int c = (x->count < y->count) - (x->count > y->count);
    return c ? c : strcmp(x->key, y->key);
}

size_t endpoint_parts(const struct endpoint *e, const char *by, struct span span, struct endpoint_part *out,
                      size_t max)
{
    const struct endpoint_parts *x = e->model->parts[DOMAIN_endpoint_parts].state;
    const struct parts_of *of;
    struct hist *h = mem_alloc(sizeof *h);
    size_t n = 0, which = by_of(by);
    HASH_FIND_PTR(x->hash, &e, of);
    for (size_t evidence = 0; of && evidence < EVIDENCES && !n; evidence++) {
        for (size_t i = 0; i < of->n && n < max; i++) {
            const struct key_part *k = &of->items[i];
            if (k->by == which && k->evidence == evidence && (out[n] = sum_of(k, span, h)).count > 0)
                n++;
        }
    }
    if (n)
        qsort(out, n, sizeof *out, largest_first);
    free(h);
    return n;
}
