#include "core/caches/miss_curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/schema.h"

enum { GROUPS = 16, UNITS = 2, POINTS_LEAST = 8, STEPS = 24, DROPS = 30 };
/* A point this uncertain is left out when there are others: it is in the middle of a cliff. */
#define UNCERTAIN 0.03
#define SURE      2.5 /* standard errors */

/* A key that is followed. */
struct followed {
    uint64_t hash; /* 0: none */
    int64_t bytes;
    uint32_t slot; /* of its last lookup */
};

/* Distances of a range: the weights of their lookups, and the range that they lie in. */
struct bin {
    double weight[GROUPS];
    double min, max;
};

struct miss_curve {
    uint64_t below;  /* hashes that are followed */
    double share;    /* of all keys, the same */
    size_t most, n;  /* keys followed */
    int64_t lookups; /* all that were seen */
    struct followed *table;
    size_t mask;
    /* Lookups in the order of time, one slot each; a slot that is no key's last one is empty. */
    uint32_t *at; /* index in the table, + 1 */
    int32_t *keys_tree;
    int64_t *bytes_tree; /* Fenwick trees over the slots */
    uint32_t slots, slot;
    int64_t bytes;
    struct bin *bins[UNITS];
    double cold[UNITS][GROUPS];
};

uint64_t key_hash(const char *key, size_t n)
{
    uint64_t h = str_hash(key, n);
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

static size_t power_of_two(size_t n)
{
    size_t p = 64;
    while (p < n)
        p *= 2;
    return p;
}

static void set_share(struct miss_curve *m, double share)
{
    m->share = MIN(share, 1.0);
    m->below = share >= 1 ? UINT64_MAX : (uint64_t)(share * 0x1p64);
}

struct miss_curve *miss_curve_new(double rate, size_t most)
{
    struct miss_curve *m = mem_alloc(sizeof *m);
    m->most = MIN(MAX(most, (size_t)64), (size_t)1 << 24);
    set_share(m, rate > 0 ? rate : 1);
    size_t size = power_of_two(m->most * 2);
    m->mask = size - 1;
    m->table = mem_array(size, sizeof *m->table);
    m->slots = (uint32_t)power_of_two(m->most * 2);
    m->at = mem_array(m->slots + 1, sizeof *m->at);
    m->keys_tree = mem_array(m->slots + 1, sizeof *m->keys_tree);
    m->bytes_tree = mem_array(m->slots + 1, sizeof *m->bytes_tree);
    for (size_t u = 0; u < UNITS; u++)
        m->bins[u] = mem_array(SD_HIST_BUCKETS, sizeof(struct bin));
    return m;
}

void miss_curve_free(struct miss_curve *m)
{
    if (!m)
        return;
    for (size_t u = 0; u < UNITS; u++)
        free(m->bins[u]);
    free(m->bytes_tree);
    free(m->keys_tree);
    free(m->at);
    free(m->table);
    free(m);
}

size_t miss_curve_bytes(const struct miss_curve *m)
{
    return sizeof *m + (m->mask + 1) * sizeof *m->table + m->slots * (size_t)16 +
           UNITS * SD_HIST_BUCKETS * sizeof(struct bin);
}

bool miss_curve_follows(const struct miss_curve *m, uint64_t hash)
{
    return hash <= m->below;
}

/* ---- lookups in their order ---- */

static void tree_add(struct miss_curve *m, uint32_t slot, int32_t keys, int64_t bytes)
{
    for (; slot <= m->slots; slot += slot & -slot) {
        m->keys_tree[slot] += keys;
        m->bytes_tree[slot] += bytes;
    }
}

static void tree_sum(const struct miss_curve *m, uint32_t slot, int64_t *keys, int64_t *bytes)
{
    for (*keys = *bytes = 0; slot; slot -= slot & -slot) {
        *keys += m->keys_tree[slot];
        *bytes += m->bytes_tree[slot];
    }
}

static struct followed *find(struct miss_curve *m, uint64_t hash)
{
    size_t i = hash & m->mask;
    while (m->table[i].hash && m->table[i].hash != hash)
        i = (i + 1) & m->mask;
    return &m->table[i];
}

/* The slots of the keys still followed move together, at the beginning. */
static void rebuild(struct miss_curve *m)
{
    struct followed *old = m->table;
    uint32_t last = m->slot;
    m->table = mem_array(m->mask + 1, sizeof *m->table);
    m->n = 0;
    m->slot = 0;
    m->bytes = 0;
    memset(m->keys_tree, 0, (m->slots + 1) * sizeof *m->keys_tree);
    memset(m->bytes_tree, 0, (m->slots + 1) * sizeof *m->bytes_tree);
    for (uint32_t s = 1; s <= last; s++) {
        const struct followed *f = &old[m->at[s] - 1];
        if (f->slot != s || !miss_curve_follows(m, f->hash))
            continue;
        struct followed *to = find(m, f->hash);
        *to = *f;
        to->slot = ++m->slot;
        m->at[m->slot] = (uint32_t)(to - m->table) + 1;
        m->keys_tree[m->slot] = 1;
        m->bytes_tree[m->slot] = f->bytes;
        m->bytes += f->bytes;
        m->n++;
    }
    for (uint32_t s = 1; s <= m->slots; s++) {
        uint32_t up = s + (s & -s);
        if (up <= m->slots) {
            m->keys_tree[up] += m->keys_tree[s];
            m->bytes_tree[up] += m->bytes_tree[s];
        }
    }
    free(old);
}

static void count(struct miss_curve *m, size_t unit, uint64_t hash, double distance)
{
    double d = MAX(distance, 1);
    struct bin *b = &m->bins[unit][sd_hist_index(real_to_int(d))];
    if (b->max == 0 || d < b->min)
        b->min = d;
    b->max = MAX(b->max, d);
    b->weight[hash % GROUPS] += 1 / m->share;
}

void miss_curve_lookup(struct miss_curve *m, uint64_t hash, int64_t bytes)
{
    m->lookups++;
    hash += !hash;
    if (!miss_curve_follows(m, hash))
        return;
    bytes = MIN(MAX(bytes, 0), (int64_t)1 << 40);
    if (m->slot == m->slots)
        rebuild(m);
    struct followed *f = find(m, hash);
    if (f->hash) {
        int64_t keys, sum;
        tree_sum(m, f->slot, &keys, &sum);
        count(m, MISS_CURVE_KEYS, hash, 1 + (double)((int64_t)m->n - keys) / m->share);
        count(m, MISS_CURVE_BYTES, hash, (double)bytes + (double)(m->bytes - sum) / m->share);
        tree_add(m, f->slot, -1, -f->bytes);
        m->bytes -= f->bytes;
    } else {
        m->n++;
        for (size_t u = 0; u < UNITS; u++)
            m->cold[u][hash % GROUPS] += 1 / m->share;
    }
    *f = (struct followed){.hash = hash, .bytes = bytes, .slot = ++m->slot};
    m->at[m->slot] = (uint32_t)(f - m->table) + 1;
    m->bytes += bytes;
    tree_add(m, m->slot, 1, bytes);
    while (m->n > m->most) {
        set_share(m, m->share * 0.9);
        rebuild(m);
    }
}

/* ---- the curve ---- */

/* All that is known: between two knots the ratio falls evenly. */
struct knot {
    double size, miss, error;
    double off; /* of the size: standard error */
};

struct knots {
    struct knot *items;
    size_t n;
};

static double at(const struct knots *k, double size)
{
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (k->items[mid].size <= size)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo)
        return 1;
    const struct knot *a = &k->items[lo - 1], *b = &k->items[lo];
    if (lo == k->n || b->size <= a->size)
        return a->miss;
    return a->miss + (b->miss - a->miss) * (size - a->size) / (b->size - a->size);
}

static double sum_of(const double *w)
{
    double sum = 0;
    for (size_t g = 0; g < GROUPS; g++)
        sum += w[g];
    return sum;
}

/* Standard error of the sum over the groups, as a share of the lookups. */
static double spread(const struct miss_curve *m, const double *w)
{
    double mean = sum_of(w) / GROUPS, square = 0;
    for (size_t g = 0; g < GROUPS; g++)
        square += (w[g] - mean) * (w[g] - mean);
    return sqrt(square * GROUPS / (GROUPS - 1) * (1 - m->share)) / (double)m->lookups;
}

static void add_knot(const struct miss_curve *m, struct knots *k, double size, const double *tail)
{
    double miss = MIN(sum_of(tail) / (double)m->lookups, 1);
    if (k->n && size <= k->items[k->n - 1].size)
        size = k->items[k->n - 1].size;
    k->items[k->n++] = (struct knot){.size = size, .miss = miss, .error = spread(m, tail)};
}

/* Bytes, or 1, of a followed key: how much the distance is off by a key more or less. */
static double grain(const struct miss_curve *m, enum miss_curve_unit unit)
{
    double sum = 0, square = 0;
    if (unit == MISS_CURVE_KEYS)
        return 1;
    for (size_t i = 0; i <= m->mask; i++)
        if (m->table[i].hash) {
            sum += (double)m->table[i].bytes;
            square += (double)m->table[i].bytes * (double)m->table[i].bytes;
        }
    return sum > 0 ? square / sum : 1;
}

/* Distances are counted with the followed keys between, so they are off together: sideways. */
static void add_sideways_error(const struct miss_curve *m, enum miss_curve_unit unit, struct knots *k)
{
    double per = grain(m, unit) * (1 - m->share) / m->share;
    for (size_t i = 0; i < k->n && per > 0; i++) {
        struct knot *x = &k->items[i];
        x->off = sqrt(x->size * per);
        double e = (at(k, x->size - x->off) - at(k, x->size + x->off)) / 2;
        x->error = sqrt(x->error * x->error + e * e);
    }
}

static struct knots knots_of(const struct miss_curve *m, enum miss_curve_unit unit)
{
    const struct bin *bins = m->bins[unit];
    struct knots k = {.items = mem_array(2 * SD_HIST_BUCKETS + 2, sizeof(struct knot))};
    double tail[GROUPS];
    memcpy(tail, m->cold[unit], sizeof tail);
    for (size_t i = 0; i < SD_HIST_BUCKETS; i++)
        for (size_t g = 0; g < GROUPS; g++)
            tail[g] += bins[i].weight[g];
    for (size_t i = 0; i < SD_HIST_BUCKETS; i++) {
        if (bins[i].max == 0)
            continue;
        if (bins[i].min >= 2)
            add_knot(m, &k, bins[i].min - 1, tail);
        for (size_t g = 0; g < GROUPS; g++)
            tail[g] -= bins[i].weight[g];
        add_knot(m, &k, bins[i].max, tail);
    }
    double whole = unit == MISS_CURVE_KEYS ? (double)m->n / m->share : (double)m->bytes / m->share;
    add_knot(m, &k, MAX(whole, 1), m->cold[unit]);
    add_sideways_error(m, unit, &k);
    return k;
}

static void add_point(struct miss_curve_result *r, double *errors, double size, double miss, double error)
{
    size_t i = r->n;
    while (i && r->points[i - 1].size > size)
        i--;
    if (size < 1 || r->n == MISS_CURVE_POINTS || (i && r->points[i - 1].size == size))
        return;
    memmove(r->points + i + 1, r->points + i, (r->n - i) * sizeof *r->points);
    memmove(errors + i + 1, errors + i, (r->n - i) * sizeof *errors);
    r->points[i] = (struct miss_curve_point){.size = size, .miss_ratio = miss};
    errors[i] = error;
    r->n++;
}

/* In a cliff, whose place is not known so well, what is right before and behind it is certain. */
static void add_knot_point(const struct knots *k, const struct knot *x, struct miss_curve_result *r,
                           double *errors)
{
    if (x->error <= UNCERTAIN) {
        add_point(r, errors, x->size, x->miss, x->error);
        return;
    }
    for (int side = -1; side <= 1; side += 2) {
        double size = x->size + side * SURE * x->off;
        add_point(r, errors, size, at(k, size), MIN(x->error, UNCERTAIN));
    }
}

/* Knots a step of size or of the ratio apart, both ends of each cliff among them. */
static void choose(const struct knots *k, struct miss_curve_result *r, double *errors)
{
    const struct knot *first = k->items, *last = &k->items[k->n - 1], *kept = NULL;
    double step = log(MAX(last->size / first->size, 1)) / STEPS, drop = (first->miss - last->miss) / DROPS;
    for (size_t i = 0; i < k->n && r->n < MISS_CURVE_POINTS - POINTS_LEAST; i++) {
        const struct knot *x = &k->items[i];
        bool end = x == first || x == last;
        bool far = kept && (log(x->size / kept->size) >= step || kept->miss - x->miss >= drop);
        bool edge = !end && drop > 0 && x->miss - x[1].miss >= drop;
        if (!end && (x->error > UNCERTAIN || !(far || edge)))
            continue;
        add_knot_point(k, x, r, errors);
        kept = x;
    }
    if (!r->n || r->points[r->n - 1].size < last->size)
        add_knot_point(k, last, r, errors);
}

static void fill_up(const struct knots *k, struct miss_curve_result *r, double *errors)
{
    const struct knot *last = &k->items[k->n - 1];
    double each = last->off > 0 ? last->size / (POINTS_LEAST - 0.5)
                                : ceil(MAX(last->size, POINTS_LEAST) / POINTS_LEAST);
    for (int i = 1; r->n < POINTS_LEAST; i++) {
        double size = each * i, off = last->off * SURE * sqrt(size / last->size);
        if (i > 2 * POINTS_LEAST || at(k, size - off) - at(k, size + off) <= UNCERTAIN)
            add_point(r, errors, size, at(k, size), 0);
    }
}

bool miss_curve_read(const struct miss_curve *m, enum miss_curve_unit unit, struct miss_curve_result *out)
{
    double errors[MISS_CURVE_POINTS], sum = 0;
    *out = (struct miss_curve_result){.lookups = m->lookups, .sampled = m->share};
    if (!m->n)
        return false;
    struct knots k = knots_of(m, unit);
    out->whole = k.items[k.n - 1].size;
    choose(&k, out, errors);
    fill_up(&k, out, errors);
    for (size_t i = 0; i < out->n; i++) {
        sum += errors[i] * sqrt(2 / 3.14159265358979); /* the mean size of an error of this deviation */
        if (i && out->points[i].miss_ratio > out->points[i - 1].miss_ratio)
            out->points[i].miss_ratio = out->points[i - 1].miss_ratio;
    }
    out->error = sum / (double)out->n;
    free(k.items);
    return true;
}

bool miss_curve_record(const struct miss_curve *m, enum miss_curve_unit unit, struct miss_curve_record *out)
{
    struct miss_curve_result r;
    if (!miss_curve_read(m, unit, &r))
        return false;
    for (size_t i = 0; i < r.n; i++) {
        out->size[i] = r.points[i].size;
        out->ratio[i] = r.points[i].miss_ratio;
    }
    out->sizes = (struct sd_reals){.n = (uint32_t)r.n, .items = out->size};
    out->ratios = (struct sd_reals){.n = (uint32_t)r.n, .items = out->ratio};
    schema_clear(schema_of(SD_CACHE_CURVE), &out->r);
    out->r.unit = unit == MISS_CURVE_KEYS ? "keys" : "bytes";
    out->r.sizes = &out->sizes;
    out->r.miss_ratios = &out->ratios;
    out->r.lookups = r.lookups;
    out->r.sampled = r.sampled;
    out->r.error = r.error;
    return true;
}

double miss_curve_at(const struct miss_curve *m, enum miss_curve_unit unit, double size)
{
    if (!m->n)
        return (double)NAN;
    struct knots k = knots_of(m, unit);
    double miss = size < 1 ? 1 : at(&k, size);
    free(k.items);
    return miss;
}
