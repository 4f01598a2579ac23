/* keyspace_records.c - what is known of the keys as records. */
#include "source/redis/keyspace.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/schema.h"

enum { PREFIXES_MAX = 500, HOT_MAX = 20 };
#define Z          1.96
#define CONTINUOUS 0.9 /* of the time watched: then distances between lookups are what they are */

static sd_time watched(const struct keyspace *k)
{
    return k->watched + (k->mon ? k->x->s->host->now(k->x->s) - k->burst_began : 0);
}

/* ---- prefixes ---- */

/* Wilson's interval, wider by what could not be decided. */
static void ratio_interval(const struct key_watch_figures *f, double hits, double all, double share,
                           struct sd_cache_prefix *r)
{
    double n = MAX(f->decided, 1), p = hits / all,
           design = share < 1 ? 4 : 1; /* lookups of a key are alike */
    double z2 = Z * Z * design, middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n);
    double open = f->undecided / (all + f->undecided);
    r->hit_ratio_low = MIN(MAX((middle - half) * (1 - open), 0), p);
    r->hit_ratio_high = MAX(MIN((middle + half) * (1 - open) + open, 1), p);
}

static int64_t reuse_median(const struct key_watch_figures *f)
{
    double sum = 0, up = 0;
    for (size_t i = 0; i < KEY_REUSE_STEPS; i++)
        sum += f->reuse[i];
    for (size_t i = 0; i < KEY_REUSE_STEPS && sum > 0; i++)
        if ((up += f->reuse[i]) >= sum / 2)
            return (int64_t)(ldexp(0.75, (int)i) * (double)SD_US);
    return SD_UNKNOWN;
}

static void add_lookups(const struct keyspace *k, uint32_t prefix, struct sd_cache_prefix *r)
{
    const struct key_watch_figures *f = key_watch_of(k->watch, prefix);
    double misses = 0;
    for (size_t i = 0; i < KEY_REASONS; i++)
        misses += f->misses[i];
    r->watched_ns = watched(k);
    r->writes = llround(f->writes);
    r->deletes = llround(f->deletes);
    if (f->hits + misses <= 0)
        return;
    r->hits = llround(f->hits);
    r->misses_cold = llround(f->misses[KEY_COLD]);
    r->misses_expired = llround(f->misses[KEY_EXPIRED]);
    r->misses_evicted = llround(f->misses[KEY_EVICTED]);
    r->misses_invalidated = llround(f->misses[KEY_INVALIDATED]);
    r->misses = r->misses_cold + r->misses_expired + r->misses_evicted + r->misses_invalidated;
    ratio_interval(f, f->hits, f->hits + misses, key_watch_share(k->watch), r);
    r->reuse_p50_ns = reuse_median(f);
    r->method = k->told ? "MONITOR and notifications" : "MONITOR and look-ups of keys";
}

/* Lists of a record, until it is added. */
struct lists {
    struct sd_ints upto, counts;
    struct sd_texts types;
    const char *names[KEY_TYPES];
};

static void add_sample(const struct key_sample_result *s, struct lists *l, struct sd_cache_prefix *r)
{
    r->keys = llround(s->keys.value);
    if (!s->keys.exact) {
        r->keys_low = llround(s->keys.low);
        r->keys_high = llround(s->keys.high);
    }
    r->sampled = s->looked_at;
    r->with_ttl = s->with_ttl;
    r->ttl_p50_ns = s->ttl_p50_ns;
    r->idle_p50_ns = s->idle_p50_ns;
    if (!isnan(s->bytes.value)) {
        r->bytes = real_to_int(s->bytes.value);
        r->bytes_low = s->bytes.exact ? SD_UNKNOWN : real_to_int(s->bytes.low);
        r->bytes_high = s->bytes.exact ? SD_UNKNOWN : real_to_int(s->bytes.high);
    }
    l->upto = (struct sd_ints){.n = KEY_TTL_STEPS, .items = KEY_TTL_UPTO};
    l->counts = (struct sd_ints){.n = KEY_TTL_STEPS, .items = s->ttl_counts};
    l->types = (struct sd_texts){.items = l->names};
    for (size_t i = 0; i < KEY_TYPES; i++)
        if (s->types >> i & 1)
            l->names[l->types.n++] = KEY_TYPE_NAMES[i];
    r->ttl_upto_ns = &l->upto;
    r->ttl_counts = &l->counts;
    r->types = &l->types;
}

static void add_biggest(struct keyspace *k, struct sd_batch *b, const char *prefix,
                        const struct key_sample_result *s)
{
    for (size_t i = 0; s->biggest && i < KEY_BIGGEST && s->biggest[i].n; i++) {
        const struct key_detail *d = &s->biggest[i].detail;
        struct sd_cache_key r;
        schema_clear(schema_of(SD_CACHE_KEY), &r);
        r.cache = k->node->name;
        r.key = s->biggest[i].key;
        r.prefix = prefix;
        r.type = d->type < KEY_TYPES ? KEY_TYPE_NAMES[d->type] : NULL;
        r.bytes = d->bytes;
        r.frequency = d->frequency;
        r.idle_ns = d->idle_ns;
        r.ttl_ns = d->ttl_ns > 0 ? d->ttl_ns : SD_UNKNOWN;
        k->x->s->host->add(b, SD_CACHE_KEY, &r);
    }
}

static double weight(const struct keyspace *k, uint32_t prefix)
{
    const struct key_watch_figures *f = key_watch_of(k->watch, prefix);
    struct key_sample_result s;
    double keys = key_sample_read(k->sample, prefix, &s) ? s.keys.value : 0;
    return keys + f->hits + f->misses[KEY_COLD] + f->misses[KEY_EXPIRED] + f->misses[KEY_EVICTED] +
           f->misses[KEY_INVALIDATED] + f->undecided;
}

static bool add_prefix(struct keyspace *k, struct sd_batch *b, uint32_t prefix)
{
    char name[KEY_PREFIX_TEXT];
    struct sd_cache_prefix r;
    struct key_sample_result s;
    struct lists lists;
    if (!key_prefix_name(key_watch_prefixes(k->watch), prefix, name))
        return false;
    bool listed = key_sample_read(k->sample, prefix, &s);
    schema_clear(schema_of(SD_CACHE_PREFIX), &r);
    r.cache = k->node->name;
    r.prefix = name;
    r.kind = "prefix";
    if (listed)
        add_sample(&s, &lists, &r);
    if (k->watched || k->mon)
        add_lookups(k, prefix, &r);
    if (listed)
        add_biggest(k, b, name, &s);
    return k->x->s->host->add(b, SD_CACHE_PREFIX, &r);
}

struct heavy {
    uint32_t id;
    double weight;
};

static int heavier(const void *a, const void *b)
{
    const struct heavy *x = a, *y = b;
    return x->weight < y->weight ? 1 : x->weight > y->weight ? -1 : 0;
}

static void add_prefixes(struct keyspace *k, struct sd_batch *b)
{
    struct heavy *all = mem_array(KEY_PREFIXES_MAX, sizeof *all);
    size_t n = 0;
    for (uint32_t id = 0; id < KEY_PREFIXES_MAX; id++) {
        all[n] = (struct heavy){.id = id, .weight = weight(k, id)};
        n += all[n].weight > 0;
    }
    qsort(all, n, sizeof *all, heavier);
    for (size_t i = 0; i < MIN(n, (size_t)PREFIXES_MAX); i++)
        add_prefix(k, b, all[i].id);
    free(all);
}

/* ---- keys and the curve ---- */

static double all_lookups(const struct keyspace *k)
{
    double sum = 0;
    for (uint32_t id = 0; id < KEY_PREFIXES_MAX; id++) {
        const struct key_watch_figures *f = key_watch_of(k->watch, id);
        sum += f->hits + f->undecided;
        for (size_t i = 0; i < KEY_REASONS; i++)
            sum += f->misses[i];
    }
    return sum;
}

static void add_hot(struct keyspace *k, struct sd_batch *b)
{
    struct key_watch_key hot[HOT_MAX];
    size_t n = key_watch_hot(k->watch, hot, HOT_MAX);
    double all = all_lookups(k);
    for (size_t i = 0; i < n; i++) {
        char name[KEY_PREFIX_TEXT];
        struct sd_cache_key r;
        schema_clear(schema_of(SD_CACHE_KEY), &r);
        r.cache = k->node->name;
        r.key = hot[i].key;
        r.prefix = key_prefix_name(key_watch_prefixes(k->watch), hot[i].prefix, name) ? name : NULL;
        r.lookups = hot[i].lookups;
        r.lookup_share = all > 0 ? MIN((double)hot[i].lookups / all, 1) : (double)NAN;
        r.misses = hot[i].misses;
        r.most_at_once = hot[i].most_at_once;
        k->x->s->host->add(b, SD_CACHE_KEY, &r);
    }
}

static void add_curve(struct keyspace *k, struct sd_batch *b)
{
    struct miss_curve_record c;
    double part = (double)watched(k) / (double)MAX(k->x->s->host->now(k->x->s) - k->began, 1);
    if (part < CONTINUOUS || !miss_curve_record(k->curve, MISS_CURVE_KEYS, &c) || c.r.lookups < 100)
        return;
    c.r.cache = k->node->name;
    c.r.now = k->node->info.cache.entries >= 0 ? (double)k->node->info.cache.entries : (double)NAN;
    k->x->s->host->add(b, SD_CACHE_CURVE, &c.r);
}

void keyspace_records(struct keyspace *k, struct sd_batch *b)
{
    if (!k->node->name || (!key_sample_n(k->sample) && !k->watched && !k->mon))
        return;
    key_prefixes_settle(key_watch_prefixes(k->watch));
    add_prefixes(k, b);
    if (k->watched || k->mon) {
        add_hot(k, b);
        add_curve(k, b);
    }
}

/* The misses of the bursts, by their reason, as a share of the misses that the server counts: they only grow.
 */
void keyspace_cache(struct keyspace *k, struct sd_cache *c)
{
    int64_t *to[KEY_REASONS] = {&c->misses_cold, &c->misses_expired, &c->misses_evicted,
                                &c->misses_invalidated};
    sd_time now = k->x->s->host->now(k->x->s), seen = watched(k);
    if (!seen)
        return;
    double part = sd_known(k->counted_at) && now > k->counted_at
                      ? (double)(seen - k->counted_watched) / (double)(now - k->counted_at)
                      : 0;
    for (size_t i = 0; i < KEY_REASONS; i++) {
        double sum = 0;
        for (uint32_t id = 0; id < KEY_PREFIXES_MAX; id++)
            sum += key_watch_of(k->watch, id)->misses[i];
        if (part > 0.001)
            k->total[i] += MAX(sum - k->counted[i], 0) / MIN(part, 1);
        else if (!sd_known(k->counted_at))
            k->total[i] = sum;
        k->counted[i] = MAX(sum, k->counted[i]);
        *to[i] = llround(k->total[i]);
    }
    k->counted_at = now;
    k->counted_watched = seen;
}
