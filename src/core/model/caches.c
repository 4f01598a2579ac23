/* caches.c - caches: their counters as running totals, and what is known of their parts.
 *
 * A source gives totals (a server's counters) or deltas (a log). Both become running totals from the first
 * sight on, so that thinning the history loses no count, and growth is a difference. */
#include "core/model/caches.h"

#include "core/model/parts.h"

static const enum sd_kind KINDS[] = {SD_CACHE_PREFIX, SD_CACHE_KEY,   SD_CACHE_COMMAND,
                                     SD_CACHE_SLOW,   SD_CACHE_CURVE, SD_ASSET_POLICY};
enum { N_KINDS = ARRAY_LEN(KINDS), NAME_BYTES = 512 };

#define COUNTER_OFFSET(name) offsetof(struct sd_cache, name),
static const size_t COUNTERS[] = {CACHE_COUNTERS(COUNTER_OFFSET)};
#undef COUNTER_OFFSET
enum { N_COUNTERS = ARRAY_LEN(COUNTERS) };

static int64_t *counter(struct sd_cache *r, size_t i)
{
    return (int64_t *)(void *)((char *)r + COUNTERS[i]);
}
static int64_t counter_of(const struct sd_cache *r, size_t i)
{
    return *(const int64_t *)(const void *)((const char *)r + COUNTERS[i]);
}

/* One cache of an origin. */
struct known {
    char *name;
    sd_time since;
    int64_t last[N_COUNTERS], total[N_COUNTERS]; /* as read; running. SD_UNKNOWN */
    int64_t resets;
    struct hist *hit, *miss; /* running; NULL: no latency is known */

    struct history history; /* one record a moment, its counters running */
    bool delta;
    uint64_t seen; /* version of the model */
};

/* Of one origin. */
struct states {
    struct known **items;
    size_t n, cap;
    struct history of[N_KINDS];
};

/* Of the domain. */
struct caches {
    size_t n; /* known ones of all origins */
};

static struct states *states_of(const struct model *m, size_t origin)
{
    return m->origins[origin]->state[DOMAIN_caches];
}

/* ---- applying ---- */

static void known_free(struct part *p, struct known *k)
{
    history_free(p, &k->history);
    model_give(p, k->hit, sizeof *k->hit);
    model_give(p, k->miss, sizeof *k->miss);
    model_strfree(p, k->name);
    model_give(p, k, sizeof *k);
}

/* The one not seen for longest. False: there is none. */
static bool forget_oldest(struct part *p)
{
    struct caches *all = p->state;
    struct states *of = NULL;
    size_t which = 0;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < x->n; k++)
            if (!of || x->items[k]->seen < of->items[which]->seen) {
                of = x;
                which = k;
            }
    }
    if (!of)
        return false;
    known_free(p, of->items[which]);
    memmove(of->items + which, of->items + which + 1, (of->n - which - 1) * sizeof(struct known *));
    of->n--;
    all->n--;
    return true;
}

static struct known *known_of(struct part *p, struct states *x, const char *name)
{
    struct caches *all = p->state;
    for (size_t i = 0; i < x->n; i++)
        if (strncmp(x->items[i]->name, name, NAME_BYTES) == 0)
            return x->items[i];
    if (all->n >= MIN(p->most, MAX(p->share / 2 / (sizeof(struct known) + 2 * NAME_BYTES), (size_t)8)))
        forget_oldest(p);
    x->items = model_grow(p, x->items, x->n, &x->cap, sizeof *x->items);
    struct known *k = model_take(p, sizeof *k);
    k->name = model_strdup(p, name, NAME_BYTES);
    k->since = SD_UNKNOWN;
    for (size_t i = 0; i < N_COUNTERS; i++)
        k->last[i] = k->total[i] = SD_UNKNOWN;
    all->n++;
    return x->items[x->n++] = k;
}

/* Do the counters start again? Some of them begin with the server, some with a reset: a fall of any says so.
 */
static bool is_reset(const struct known *k, const struct sd_cache *r)
{
    if (sd_known(k->since) && sd_known(r->since) && k->since != r->since)
        return true;
    for (size_t i = 0; i < N_COUNTERS; i++)
        if (counter_of(r, i) >= 0 && k->last[i] >= 0 && counter_of(r, i) < k->last[i])
            return true;
    return false;
}

static void count(struct known *k, const struct sd_cache *r)
{
    bool delta = sd_known(r->interval_ns), reset = !delta && is_reset(k, r);
    k->resets += reset;
    k->delta = delta;
    for (size_t i = 0; i < N_COUNTERS; i++) {
        int64_t v = counter_of(r, i);
        if (v < 0)
            continue; /* unknown now: growth goes on from the last reading */
        bool from_zero = delta || reset || k->last[i] < 0;
        int64_t grown = from_zero ? v : v - k->last[i];
        k->total[i] = k->total[i] < 0 ? grown : add_sat(k->total[i], grown);
        if (!delta)
            k->last[i] = v;
    }
    k->since = r->since;
}

static void merge(struct part *p, struct hist **into, const struct sd_hist *h)
{
    if (!h || !h->n)
        return;
    if (!*into) {
        *into = model_take(p, sizeof **into);
        hist_clear(*into);
    }
    hist_merge_sparse(*into, h, SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN);
}

static size_t used(const struct hist *h)
{
    size_t n = 0;
    for (uint32_t i = h ? h->lo : 0; h && i < h->hi; i++)
        n += h->bucket[i] > 0;
    return n;
}

static void sparse(const struct hist *h, struct sd_bucket *to, struct sd_hist *out)
{
    uint32_t n = 0;
    for (uint32_t i = h->lo; i < h->hi; i++)
        if (h->bucket[i])
            to[n++] = (struct sd_bucket){.index = i, .count = h->bucket[i]};
    *out = (struct sd_hist){.n = n, .buckets = to};
}

static void store(struct part *p, struct known *k, const struct sd_cache *r, sd_time at)
{
    struct sd_cache copy = *r;
    size_t hits = used(k->hit), misses = used(k->miss);
    struct sd_bucket *buckets = mem_array(hits + misses + 1, sizeof *buckets);
    struct sd_hist hit, miss;
    for (size_t i = 0; i < N_COUNTERS; i++)
        *counter(&copy, i) = k->total[i];
    copy.hit_latency = copy.miss_latency = NULL;
    if (hits) {
        sparse(k->hit, buckets, &hit);
        copy.hit_latency = &hit;
    }
    if (misses) {
        sparse(k->miss, buckets + hits, &miss);
        copy.miss_latency = &miss;
    }
    const void *one = &copy;
    history_add(p, &k->history, at, SD_CACHE, &one, 1);
    free(buckets);
}

static sd_time end_of(const struct sd_batch *b, const struct sd_cache *r)
{
    return add_sat(batch_time(b), MAX(r->interval_ns, 0));
}

static bool states_thin(struct part *p)
{
    bool any = false;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            any |= history_thin(p, &x->of[k]);
        for (size_t k = 0; x && k < x->n; k++)
            any |= history_thin(p, &x->items[k]->history);
    }
    return any;
}

static void caches_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct states *x = origin_state(p, o);
    const struct sd_cache *c;
    for (size_t i = 0; (c = batch_each(b, SD_CACHE, &i));) {
        struct known *k = c->name ? known_of(p, x, c->name) : NULL;
        if (!k)
            continue;
        k->seen = p->model->version;
        count(k, c);
        merge(p, &k->hit, c->hit_latency);
        merge(p, &k->miss, c->miss_latency);
        store(p, k, c, end_of(b, c));
    }
    const void **records = mem_array(batch_len(b) + 1, sizeof *records), *r;
    for (size_t k = 0; k < N_KINDS; k++) {
        size_t n = 0;
        for (size_t i = 0; (r = batch_each(b, KINDS[k], &i));)
            records[n++] = r;
        if (n)
            history_add(p, &x->of[k], batch_time(b), KINDS[k], records, n);
    }
    free(records);
    while (p->bytes > p->share && states_thin(p))
        ;
}

static sd_time caches_until(const struct sd_batch *b)
{
    sd_time end = batch_time(b);
    const struct sd_cache *c;
    for (size_t i = 0; (c = batch_each(b, SD_CACHE, &i));)
        end = MAX(end, end_of(b, c));
    return end;
}

static void caches_drop(struct part *p, sd_time before)
{
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            history_drop(p, &x->of[k], before);
        for (size_t k = 0; x && k < x->n; k++)
            history_drop(p, &x->items[k]->history, before);
    }
}

/* When nothing but the newest is left, and that is too much: the largest list of parts, then whole caches. */
static bool caches_less(struct part *p, size_t want)
{
    size_t held = p->bytes;
    struct history *most = NULL;
    while (p->bytes > want && states_thin(p))
        ;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        if (x)
            most = history_largest(most, x->of, N_KINDS);
    }
    if (p->bytes > want && p->bytes > p->share && most)
        history_free(p, most);
    while (p->bytes > want && p->bytes > p->share && forget_oldest(p))
        ;
    return p->bytes < held;
}

static void states_free(struct part *p, void *state)
{
    struct states *x = state;
    for (size_t k = 0; k < N_KINDS; k++)
        history_free(p, &x->of[k]);
    for (size_t i = 0; i < x->n; i++)
        known_free(p, x->items[i]);
    ((struct caches *)p->state)->n -= x->n;
    model_resize(p, x->items, x->cap, 0, sizeof(struct known *));
}

static void caches_clear(struct part *p)
{
    (void)p;
}

const struct domain caches_domain = {
    .name = "caches",
    .kinds = SD_KIND_BIT(SD_CACHE) | SD_KIND_BIT(SD_CACHE_PREFIX) | SD_KIND_BIT(SD_CACHE_KEY) |
             SD_KIND_BIT(SD_CACHE_COMMAND) | SD_KIND_BIT(SD_CACHE_SLOW) | SD_KIND_BIT(SD_CACHE_CURVE) |
             SD_KIND_BIT(SD_ASSET_POLICY),
    .is_data = true,
    .state_size = sizeof(struct caches),
    .origin_size = sizeof(struct states),
    .apply = caches_apply,
    .until = caches_until,
    .drop = caches_drop,
    .less = caches_less,
    .origin_free = states_free,
    .clear = caches_clear,
};

/* ---- asking ---- */

static const struct sd_cache *record_of(const struct moment *m)
{
    return m && m->n ? m->records[0] : NULL;
}

/* Where growth is measured from. NULL: from zero, which of a log is what came before its first line, and of a
 * server with one reading the start of its counters. */
static const struct moment *base_of(const struct known *k, struct span span, const struct moment *now)
{
    const struct moment *m = span_is_all(span) ? NULL : history_at(&k->history, span.from);
    if (!m && !k->delta && k->history.n)
        m = &k->history.items[0];
    return m && m < now ? m : NULL;
}

static int64_t growth(int64_t now, int64_t before)
{
    return now < 0 ? SD_UNKNOWN : before < 0 ? now : MAX(now - before, 0);
}

/* The running buckets of now less those of before. */
static struct hist *latency(const struct sd_hist *now, const struct sd_hist *before)
{
    if (!now)
        return NULL;
    struct hist *h = mem_alloc(sizeof *h);
    struct sd_bucket *left = mem_array(now->n + 1, sizeof *left);
    uint32_t n = 0, k = 0;
    for (uint32_t i = 0; i < now->n; i++) {
        while (before && k < before->n && before->buckets[k].index < now->buckets[i].index)
            k++;
        bool both = before && k < before->n && before->buckets[k].index == now->buckets[i].index;
        uint32_t c = now->buckets[i].count, less = both ? before->buckets[k].count : 0;
        if (c > less)
            left[n++] = (struct sd_bucket){.index = now->buckets[i].index, .count = c - less};
    }
    hist_clear(h);
    hist_merge_sparse(h, &(struct sd_hist){.n = n, .buckets = left}, SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN);
    free(left);
    return h;
}

/* Without latencies. */
static bool grown(const struct known *k, struct span span, sd_time at, const char *origin,
                  struct cache_entry *out)
{
    const struct moment *now = history_at(&k->history, at), *base = now ? base_of(k, span, now) : NULL;
    const struct sd_cache *r = record_of(now), *before = record_of(base);
    if (!r)
        return false;
    *out = (struct cache_entry){.r = *r,
                                .origin = origin,
                                .at = now->at,
                                .from = base ? base->at : SD_UNKNOWN,
                                .whole = !base && !k->delta,
                                .resets = k->resets};
    for (size_t i = 0; i < N_COUNTERS; i++)
        *counter(&out->r, i) = growth(counter_of(r, i), before ? counter_of(before, i) : 0);
    out->r.hit_latency = out->r.miss_latency = NULL;
    return true;
}

static bool entry_of(const struct known *k, struct span span, sd_time at, const char *origin,
                     struct cache_entry *out)
{
    if (!grown(k, span, at, origin, out))
        return false;
    const struct moment *now = history_at(&k->history, at);
    const struct sd_cache *r = record_of(now), *before = record_of(base_of(k, span, now));
    out->hit = latency(r->hit_latency, before ? before->hit_latency : NULL);
    out->miss = latency(r->miss_latency, before ? before->miss_latency : NULL);
    return true;
}

void cache_entry_free(struct cache_entry *e)
{
    free(e->hit);
    free(e->miss);
    e->hit = e->miss = NULL;
}

size_t cache_layer_rank(const char *layer)
{
    static const char *const LAYERS[] = {"browser", "cdn", "proxy", "application", "database"};
    size_t i = 0;
    while (i < ARRAY_LEN(LAYERS) && !str_eq(layer, LAYERS[i]))
        i++;
    return i;
}

double cache_hit_ratio(const struct sd_cache *r)
{
    if (r->hits < 0 || r->misses < 0 || (r->hits == 0 && r->misses == 0))
        return (double)NAN;
    return (double)r->hits / ((double)r->hits + (double)r->misses);
}

size_t model_caches(const struct model *m, struct span span, sd_time at, struct cache_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t rank = 0; rank <= cache_layer_rank(NULL); rank++)
        for (size_t i = 0; i < m->n_origins; i++) {
            const struct states *x = states_of(m, i);
            for (size_t k = 0; x && k < x->n && n < max; k++) {
                const struct sd_cache *r = record_of(history_at(&x->items[k]->history, at));
                if (r && cache_layer_rank(r->layer) == rank)
                    n += entry_of(x->items[k], span, at, m->origins[i]->name, &out[n]);
            }
        }
    return n;
}

static const struct known *find_known(const struct model *m, const char *origin, const char *name)
{
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct states *x = str_eq(m->origins[i]->name, origin) ? states_of(m, i) : NULL;
        for (size_t k = 0; x && k < x->n; k++)
            if (str_eq(x->items[k]->name, name))
                return x->items[k];
    }
    return NULL;
}

static double per_s(int64_t grown, double seconds)
{
    return grown < 0 || !(seconds > 0) ? (double)NAN : (double)grown / seconds;
}

static const struct cache_point NOT_KNOWN = {NAN, NAN, NAN, NAN, NAN};

/* Longer without a reading is a gap, of which nothing is known. */
#define GAP_NS (30 * SD_S)

/* The interval between two readings that holds the step: what grew in it is taken as even. False: there is
 * none. */
static bool interval_of(const struct known *k, struct span step, struct span *out)
{
    const struct history *h = &k->history;
    const struct moment *before = history_at(h, step.from);
    size_t i = before ? (size_t)(before - h->items) + 1 : 0;
    if (i >= h->n)
        return false;
    while (i + 1 < h->n && h->items[i].at < step.to)
        i++;
    const struct sd_cache *first = record_of(&h->items[0]);
    *out = (struct span){before ? before->at : SD_UNKNOWN, h->items[i].at};
    if (!before && k->delta && i == 0 && first && sd_known(first->interval_ns))
        out->from = out->to - MAX(first->interval_ns, 0);
    return sd_known(out->from) && out->from <= step.from &&
           span_length(*out) <= MAX(GAP_NS, 2 * span_length(step));
}

static struct cache_point point_of(const struct known *k, struct span step)
{
    struct cache_point p = NOT_KNOWN;
    struct cache_entry e;
    struct span between;
    if (!interval_of(k, step, &between) || !grown(k, between, between.to, NULL, &e) || e.whole)
        return p;
    double seconds = (double)span_length(between) / (double)SD_S;
    p.bytes_used = e.r.bytes_used < 0 ? (double)NAN : (double)e.r.bytes_used;
    p.hit_ratio = cache_hit_ratio(&e.r);
    p.misses_per_s = per_s(e.r.misses, seconds);
    p.lookups_per_s = e.r.hits < 0 ? (double)NAN : p.misses_per_s + per_s(e.r.hits, seconds);
    p.evictions_per_s = per_s(e.r.evictions, seconds);
    return p;
}

void model_cache_series(const struct model *m, const char *origin, const char *name, struct span span,
                        size_t n, struct cache_point *out)
{
    const struct known *k = find_known(m, origin, name);
    struct steps st = steps_of(m, span, n);
    for (size_t i = 0; i < n; i++)
        out[i] = k && k->history.n ? point_of(k, steps_span(&st, i)) : NOT_KNOWN;
}

static bool is_same(enum sd_kind kind, const void *a, const void *b)
{
    if (kind == SD_CACHE_COMMAND) {
        const struct sd_cache_command *x = a, *y = b;
        return str_eq(x->cache, y->cache) && str_eq(x->command, y->command);
    }
    if (kind == SD_CACHE_PREFIX) {
        const struct sd_cache_prefix *x = a, *y = b;
        return str_eq(x->cache, y->cache) && str_eq(x->prefix, y->prefix) && str_eq(x->kind, y->kind);
    }
    if (kind == SD_ASSET_POLICY) {
        const struct sd_asset_policy *x = a, *y = b;
        return str_eq(x->url, y->url);
    }
    return false;
}

size_t model_cache_records(const struct model *m, enum sd_kind kind, struct span span, sd_time at,
                           struct record_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct states *x = states_of(m, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            if (KINDS[k] == kind)
                n += history_records(&x->of[k], kind, span, at, is_same, m->origins[i]->name, out + n,
                                     max - n);
    }
    return n;
}
