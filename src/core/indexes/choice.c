#include "core/indexes/choice.h"

#include <math.h>
#include <stdlib.h>

#include "core/indexes/size.h"

enum { LOCAL = 256, WORDS = LOCAL / 64, ENTRIES = 4096, KNOWN = 512, MERGES_PER_TABLE = 60, POOL_MAX = 1500 };
#define SAME 0.002 /* bounds that close are one figure */

struct bits {
    uint64_t w[WORDS];
};

static bool within(const struct bits *a, const struct bits *b) /* a is a part of b */
{
    for (int i = 0; i < WORDS; i++)
        if (a->w[i] & ~b->w[i])
            return false;
    return true;
}

static void set_bit(struct bits *b, size_t i)
{
    b->w[i / 64] |= (uint64_t)1 << (i % 64);
}

static bool get_bit(const struct bits *b, size_t i)
{
    return b->w[i / 64] >> (i % 64) & 1;
}

struct entry {
    struct bits offered, used;
    double cost;
};

/* Bounds of a set as far as the first `upto` entries tell. */
struct known {
    struct bits b;
    double low, high;
    size_t upto;
};

struct memory { /* of one statement */
    struct entry *entries;
    size_t n, cap;
    struct known *known; /* KNOWN of them, by hash; the older of two goes */
    size_t *local;       /* place in the pool of each bit */
    size_t n_local, cap_local;
    short *bit; /* of a place in the pool; -1: of no use to the statement, -2: not looked at */
    size_t n_bit;
    struct candidate_list liked; /* what its plans used when they could choose */
    bool failed;
};

struct choice_cache {
    struct memory *of;
    bool by_liking; /* the search looks only at what a statement has used, its merges and parts */
    bool exact;     /* the figures that are told are asked for, even when the time is up */
    bool *banned;   /* per pool: not worth being a second index with the same keys */
};

/* A set of the pool. */
struct set {
    size_t *items;
    size_t n;
};

/* ---- is a candidate of any use to a statement ---- */

/* Is it one the statement's plans have used, a wider one of these, or its keys alone? */
static bool liked(const struct memory *m, const struct index_def *d)
{
    for (size_t i = 0; i < m->liked.n; i++) {
        const struct index_def *l = &m->liked.items[i];
        if (l->rel != d->rel || l->method != d->method || !str_eq(l->predicate, d->predicate) ||
            l->keys[0].column != d->keys[0].column || !str_eq(l->keys[0].expr, d->keys[0].expr))
            continue;
        bool wider = true;
        for (size_t k = 1; k < l->n_keys && wider; k++)
            wider = index_def_has(d, l->keys[k].column);
        for (size_t k = 0; k < l->n_include && wider; k++)
            wider = index_def_has(d, l->include[k]);
        if (wider || (index_def_covers(l, d) && l->n_keys == d->n_keys))
            return true;
    }
    return false;
}

static bool useful(const struct choice_statement *s, const struct index_def *d)
{
    for (size_t i = 0; i < s->use->n; i++) {
        const struct table_use *u = &s->use->items[i];
        if (u->rel != d->rel)
            continue;
        bool predicate = !d->predicate;
        for (size_t k = 0; k < u->n_preds && !predicate; k++)
            predicate = u->preds[k].sql && !strcmp(u->preds[k].sql, d->predicate);
        int first = d->keys[0].column;
        if (predicate && (first < 0 || u->needed[first] || u->whole_row))
            return true;
    }
    return false;
}

static int bit_of(struct choice *c, size_t q, size_t place)
{
    struct memory *m = &c->cache->of[q];
    while (m->n_bit <= place) {
        m->bit = mem_realloc(m->bit, (m->n_bit + 64) * sizeof *m->bit);
        for (size_t i = 0; i < 64; i++)
            m->bit[m->n_bit + i] = -2;
        m->n_bit += 64;
    }
    if (m->bit[place] == -2) {
        m->bit[place] = -1;
        const struct index_def *d = &c->pool.items[place];
        if (m->n_local < LOCAL && (c->cache->by_liking ? liked(m, d) : useful(&c->statements[q], d))) {
            m->local = mem_grow(m->local, m->n_local, &m->cap_local, sizeof *m->local);
            m->bit[place] = (short)m->n_local;
            m->local[m->n_local++] = place;
        }
    }
    return m->bit[place];
}

/* ---- costs ---- */

static double ask(struct choice *c, size_t q, const struct bits *offered)
{
    if (c->stop && c->stop())
        return NAN;
    struct memory *m = &c->cache->of[q];
    const struct index_def *set[LOCAL];
    size_t place[LOCAL], n = 0;
    bool used[LOCAL];
    double cost = NAN;
    for (size_t i = 0; i < m->n_local; i++)
        if (get_bit(offered, i)) {
            place[n] = i;
            set[n++] = &c->pool.items[m->local[i]];
        }
    if (!c->cost(c->ctx, q, set, n, &cost, used)) {
        m->failed = m->failed || m->n == 0;
        return NAN;
    }
    if (m->n < ENTRIES) {
        m->entries = mem_grow(m->entries, m->n, &m->cap, sizeof *m->entries);
        struct entry *e = &m->entries[m->n++];
        *e = (struct entry){.offered = *offered, .cost = cost};
        for (size_t i = 0; i < n; i++)
            if (used[i])
                set_bit(&e->used, place[i]);
    }
    return cost;
}

static struct bits bits_of(struct choice *c, size_t q, const struct set *s)
{
    struct bits b = {{0}};
    for (size_t i = 0; i < s->n; i++) {
        int bit = bit_of(c, q, s->items[i]);
        if (bit >= 0)
            set_bit(&b, (size_t)bit);
    }
    return b;
}

static void bounds(struct memory *m, const struct bits *b, double *low, double *high)
{
    uint64_t hash = 0;
    for (int i = 0; i < WORDS; i++)
        hash = (hash ^ b->w[i]) * 0x9e3779b97f4a7c15u, hash ^= hash >> 29;
    if (!m->known)
        m->known = mem_array(KNOWN, sizeof *m->known);
    struct known *k = &m->known[hash % KNOWN];
    if (!k->upto || memcmp(&k->b, b, sizeof *b) != 0)
        *k = (struct known){.b = *b, .high = INFINITY};
    for (; k->upto < m->n; k->upto++) {
        const struct entry *e = &m->entries[k->upto];
        if (e->cost < k->high && within(&e->used, b))
            k->high = e->cost;
        if (e->cost > k->low && within(b, &e->offered))
            k->low = e->cost;
    }
    *low = k->low;
    *high = k->high;
}

static bool late(struct choice *c)
{
    if (!c->cut_short && c->now && c->now() >= c->deadline)
        c->cut_short = true;
    return c->cut_short && !c->cache->exact;
}

/* What it costs at most; exactly, unless the time is up. */
static double cost_of(struct choice *c, size_t q, const struct set *s)
{
    struct memory *m = &c->cache->of[q];
    double low, high;
    if (m->failed)
        return 0;
    struct bits b = bits_of(c, q, s);
    bounds(m, &b, &low, &high);
    if (isfinite(high) && (high - low <= SAME * high || late(c)))
        return high;
    double exact = ask(c, q, &b);
    return isnan(exact) ? (isfinite(high) ? high : 0) : MIN(exact, high);
}

static double lowest(struct choice *c, size_t q, const struct set *s)
{
    struct memory *m = &c->cache->of[q];
    double low, high;
    if (m->failed)
        return 0;
    struct bits b = bits_of(c, q, s);
    bounds(m, &b, &low, &high);
    return MIN(low, high);
}

static double total_of(struct choice *c, const struct set *s)
{
    double sum = 0;
    for (size_t q = 0; q < c->n_statements; q++)
        sum += c->statements[q].weight * cost_of(c, q, s);
    return sum;
}

/* NAN as soon as it is certain that the total reaches `limit`. */
static double total_below(struct choice *c, const struct set *s, double limit)
{
    double sum = 0, *low = mem_array(c->n_statements + 1, sizeof *low);
    for (size_t q = 0; q < c->n_statements; q++) {
        low[q] = lowest(c, q, s);
        sum += c->statements[q].weight * low[q];
    }
    for (size_t q = 0; q < c->n_statements && sum < limit; q++)
        sum += c->statements[q].weight * (cost_of(c, q, s) - low[q]);
    free(low);
    return sum < limit ? sum : NAN;
}

static double size_of(const struct choice *c, const struct set *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += c->sizes[s->items[i]];
    return sum;
}

/* ---- sets ---- */

static bool has(const struct set *s, size_t place)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i] == place)
            return true;
    return false;
}

static struct set copy(const struct choice *c, const struct set *s)
{
    struct set t = {mem_array(c->pool.n + 1, sizeof *t.items), s->n};
    if (s->n)
        memcpy(t.items, s->items, s->n * sizeof *t.items);
    return t;
}

static void take_out(struct set *s, size_t at)
{
    s->items[at] = s->items[--s->n];
}

/* Adds one; those it makes superfluous go. */
static void put(const struct choice *c, struct set *s, size_t place)
{
    if (has(s, place))
        return;
    for (size_t i = s->n; i-- > 0;)
        if (index_def_covers(&c->pool.items[place], &c->pool.items[s->items[i]]))
            take_out(s, i);
    s->items[s->n++] = place;
}

/* ---- the pool ---- */

static size_t pool_add(struct choice *c, const struct index_def *d)
{
    return c->pool.n < POOL_MAX ? candidate_add(&c->pool, d) : SIZE_MAX;
}

/* What a statement uses when offered its own candidates: all, the narrow ones, single
 * columns, those without predicate, and what is left when the favourites are taken away. */
enum { ALL, NARROW, SINGLE, NO_PREDICATE, ROUNDS = 10 };

static void explore(struct choice *c, size_t q, unsigned char *wanted, size_t n_wanted)
{
    struct choice_statement *s = &c->statements[q];
    struct memory *m = &c->cache->of[q];
    struct set none = {0};
    s->before = cost_of(c, q, &none);
    if (m->failed) {
        s->before = NAN;
        return;
    }
    size_t *places = mem_array(s->own.n + 1, sizeof *places), n = 0;
    for (size_t i = 0; i < s->own.n; i++) {
        size_t p = pool_add(c, &s->own.items[i]);
        if (p != SIZE_MAX && bit_of(c, q, p) >= 0)
            places[n++] = p;
    }
    struct bits gone = {{0}};
    for (int round = 0; round < ROUNDS && n; round++) {
        struct bits b = {{0}};
        size_t offered = 0, n_used = 0;
        for (size_t i = 0; i < n; i++) {
            const struct index_def *d = &c->pool.items[places[i]];
            size_t bit = (size_t)bit_of(c, q, places[i]);
            bool narrow = !d->n_include && d->n_keys <= 3;
            if ((round > NO_PREDICATE && get_bit(&gone, bit)) || (round == NARROW && !narrow) ||
                (round == SINGLE && d->n_keys + d->n_include > 1) || (round == NO_PREDICATE && d->predicate))
                continue;
            set_bit(&b, bit);
            offered++;
        }
        if (!offered || (round > 0 && late(c)))
            continue;
        double cost = ask(c, q, &b);
        if (isnan(cost))
            break;
        const struct entry *e = &m->entries[m->n - 1];
        for (size_t i = 0; i < m->n_local; i++) {
            if (!get_bit(&e->used, i))
                continue;
            n_used++;
            if (cost < s->before * 0.995) {
                candidate_add(&m->liked, &c->pool.items[m->local[i]]);
                if (m->local[i] < n_wanted)
                    wanted[m->local[i]] = 1;
            }
            if (round == 0 || round > NO_PREDICATE)
                set_bit(&gone, i);
        }
        if ((round == 0 && cost >= s->before * 0.995) ||
            (round > NO_PREDICATE && (!n_used || cost >= s->before * 0.995)))
            break;
    }
    free(places);
}

static void add_merges(struct choice *c)
{
    size_t n = c->pool.n;
    for (size_t a = 0; a < n; a++) {
        struct index_def narrow = c->pool.items[a];
        if (narrow.n_include) { /* its keys alone */
            narrow.n_include = 0;
            pool_add(c, &narrow);
        }
        size_t made = 0;
        for (size_t b = 0; b < n && made < MERGES_PER_TABLE; b++) {
            struct index_def d;
            if (a != b && candidate_merge(&c->pool.items[a], &c->pool.items[b], &d))
                made += pool_add(c, &d) != SIZE_MAX;
        }
    }
}

/* Keeps of the pool what some statement wanted, and starts the memories anew: their
 * bits are places of the pool. What was learned is carried over. */
static void shrink(struct choice *c, const unsigned char *wanted)
{
    size_t *moved = mem_array(c->pool.n + 1, sizeof *moved), n = 0;
    for (size_t i = 0; i < c->pool.n; i++) {
        moved[i] = SIZE_MAX;
        if (!wanted[i])
            continue;
        moved[i] = n;
        c->pool.items[n++] = c->pool.items[i];
    }
    c->pool.n = n;
    for (size_t q = 0; q < c->n_statements; q++) {
        struct memory *m = &c->cache->of[q];
        short *bits = mem_array(LOCAL, sizeof *bits);
        size_t *local = mem_array(LOCAL, sizeof *local), k = 0;
        for (size_t i = 0; i < m->n_local; i++) {
            bits[i] = -1;
            if (moved[m->local[i]] == SIZE_MAX)
                continue;
            local[k] = moved[m->local[i]];
            bits[i] = (short)k++;
        }
        size_t kept = 0;
        for (size_t e = 0; e < m->n; e++) {
            struct entry old = m->entries[e], new = {.cost = old.cost};
            bool whole = true;
            for (size_t i = 0; i < m->n_local; i++) {
                if (get_bit(&old.offered, i) && bits[i] >= 0)
                    set_bit(&new.offered, (size_t)bits[i]);
                if (get_bit(&old.used, i)) {
                    whole = whole && bits[i] >= 0;
                    if (bits[i] >= 0)
                        set_bit(&new.used, (size_t)bits[i]);
                }
            }
            if (whole)
                m->entries[kept++] = new;
        }
        m->n = kept;
        free(m->known);
        m->known = NULL;
        free(m->local);
        free(m->bit);
        m->bit = NULL;
        m->n_bit = 0;
        m->local = local;
        m->n_local = 0;
        m->cap_local = LOCAL;
        for (size_t i = 0; i < k; i++) { /* the same bits for the same places */
            struct index_def *d = &c->pool.items[local[i]];
            (void)d;
            while (m->n_bit <= local[i]) {
                m->bit = mem_realloc(m->bit, (m->n_bit + 64) * sizeof *m->bit);
                for (size_t j = 0; j < 64; j++)
                    m->bit[m->n_bit + j] = -2;
                m->n_bit += 64;
            }
            m->bit[local[i]] = (short)i;
        }
        m->n_local = k;
        free(bits);
    }
    free(moved);
}

/* ---- choosing ---- */

/* Takes out what fits least until the set is within the budget; `spare` stays. */
static double fit(struct choice *c, struct set *s, size_t spare, double total, double limit)
{
    while (s->n) {
        double size = size_of(c, s), best = INFINITY, best_total = 0;
        size_t at = SIZE_MAX;
        bool over = size > c->budget;
        if (!over)
            break;
        for (size_t i = 0; i < s->n; i++) {
            if (s->items[i] == spare)
                continue;
            struct set t = copy(c, s);
            take_out(&t, i);
            double worse = total_below(c, &t, limit);
            free(t.items);
            if (isnan(worse))
                continue;
            double score = (worse - total + 1e-9) / MIN(c->sizes[s->items[i]], MAX(size - c->budget, 8192));
            if (score < best) {
                best = score;
                best_total = worse;
                at = i;
            }
        }
        if (at == SIZE_MAX)
            return NAN;
        take_out(s, at);
        total = best_total;
    }
    return total;
}

/* What is known of a candidate's gain in this round. */
enum { STALE, AT_MOST, EXACT };

static double most_gain(struct choice *c, const struct set *t, double total)
{
    double sum = 0;
    for (size_t q = 0; q < c->n_statements; q++)
        sum += c->statements[q].weight * lowest(c, q, t);
    return total - sum;
}

/* The candidate with the best gain per byte (to the power `alpha`). Gains are looked at
 * more closely only while they lead: first their bound, then the planner's word. */
static size_t lead(struct choice *c, const struct set *s, double alpha, double total, double *gain,
                   unsigned char *known)
{
    double size = size_of(c, s);
    for (;;) {
        double score = 0;
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < c->pool.n; i++) {
            if (gain[i] <= 0 || c->cache->banned[i] || has(s, i) || size + c->sizes[i] > c->budget)
                continue;
            double of = gain[i] / pow(c->sizes[i], alpha);
            if (best == SIZE_MAX || of > score) {
                score = of;
                best = i;
            }
        }
        if (best == SIZE_MAX || known[best] == EXACT)
            return best;
        struct set t = copy(c, s);
        put(c, &t, best);
        gain[best] = known[best] == STALE ? most_gain(c, &t, total) : total - total_of(c, &t);
        known[best]++;
        free(t.items);
    }
}

/* Adds to the set what gains at least `least` of the cost before. */
static double greedy(struct choice *c, struct set *s, double alpha, double least)
{
    size_t n = c->pool.n;
    double *gain = mem_array(n + 1, sizeof *gain), total = total_of(c, s);
    unsigned char *known = mem_array(n + 1, sizeof *known);
    for (size_t i = 0; i < n; i++)
        gain[i] = INFINITY;
    while (!(c->stop && c->stop())) {
        size_t best = lead(c, s, alpha, total, gain, known);
        if (best == SIZE_MAX || gain[best] < least * c->before)
            break;
        put(c, s, best);
        total -= gain[best];
        for (size_t i = 0; i < n; i++) {
            known[i] = STALE;
            /* beside the new one another may gain that gained nothing alone */
            if (gain[i] <= 0 && c->pool.items[i].rel != c->pool.items[best].rel)
                gain[i] = INFINITY;
        }
    }
    free(gain);
    free(known);
    return total_of(c, s);
}

static bool better(double a, double b)
{
    return a < b * (1 - 2e-4);
}

/* One more index, others out for it; or two at once, as one statement uses them. */
static bool exchange(struct choice *c, struct set *s, double *total)
{
    for (size_t p = 0; p < c->pool.n; p++) {
        if (c->cache->banned[p] || has(s, p) || c->sizes[p] > c->budget)
            continue;
        struct set t = copy(c, s);
        put(c, &t, p);
        double now = total_below(c, &t, *total * (1 - 2e-4));
        if (!isnan(now))
            now = fit(c, &t, p, now, *total * (1 - 2e-4));
        if (!isnan(now) && better(now, *total)) {
            free(s->items);
            *s = t;
            *total = now;
            return true;
        }
        free(t.items);
    }
    for (size_t q = 0; q < c->n_statements; q++) {
        struct memory *m = &c->cache->of[q];
        for (size_t e = 0; e < m->n; e++) {
            struct bits used = m->entries[e].used;
            size_t n = 0;
            struct set t = copy(c, s);
            for (size_t i = 0; i < m->n_local; i++)
                if (get_bit(&used, i) && !c->cache->banned[m->local[i]] && !has(&t, m->local[i])) {
                    put(c, &t, m->local[i]);
                    n++;
                }
            double now = n < 2 ? NAN : total_below(c, &t, *total * (1 - 2e-4));
            if (!isnan(now))
                now = fit(c, &t, SIZE_MAX, now, *total * (1 - 2e-4));
            if (!isnan(now) && better(now, *total)) {
                free(s->items);
                *s = t;
                *total = now;
                return true;
            }
            free(t.items);
        }
    }
    return false;
}

/* The other way round: everything any statement likes best, then less and less. */
static double from_all(struct choice *c, struct set *s)
{
    for (size_t q = 0; q < c->n_statements; q++) {
        const struct memory *m = &c->cache->of[q];
        const struct entry *best = NULL;
        for (size_t e = 0; e < m->n; e++)
            if (!best || m->entries[e].cost < best->cost)
                best = &m->entries[e];
        for (size_t i = 0; best && i < m->n_local; i++)
            if (get_bit(&best->used, i) && !c->cache->banned[m->local[i]])
                put(c, s, m->local[i]);
    }
    double total = fit(c, s, SIZE_MAX, total_of(c, s), INFINITY);
    if (isnan(total))
        s->n = 0;
    return total_of(c, s);
}

/* For the final figures each statement sees every index of its tables. */
static void forget_uses(struct choice *c, const struct set *s)
{
    for (size_t q = 0; q < c->n_statements; q++)
        for (size_t i = 0; i < s->n; i++)
            if (s->items[i] < c->cache->of[q].n_bit && c->cache->of[q].bit[s->items[i]] == -1)
                c->cache->of[q].bit[s->items[i]] = -2;
}

/* Is the total with `less` worse than with `more` by that share of the cost without any,
 * or a statement by that share of its own? */
static bool worth(struct choice *c, const struct set *more, const struct set *less, double of_total,
                  double of_query)
{
    bool needed = total_of(c, less) - total_of(c, more) >= of_total * c->before;
    for (size_t q = 0; q < c->n_statements && !needed; q++)
        needed = !c->cache->of[q].failed &&
                 cost_of(c, q, less) - cost_of(c, q, more) >= of_query * c->statements[q].before;
    return needed;
}

static bool saves_pages(struct choice *c, const struct set *more, const struct set *less)
{
    for (size_t q = 0; q < c->n_statements; q++)
        if (!c->cache->of[q].failed && cost_of(c, q, less) - cost_of(c, q, more) >= CHOICE_KEEP_COST)
            return true;
    return false;
}

/* The same for one whose keys another index has. */
static bool worth_double(struct choice *c, const struct set *more, const struct set *less)
{
    bool halved = false;
    for (size_t q = 0; q < c->n_statements && !halved; q++) {
        double with = c->cache->of[q].failed ? 0 : cost_of(c, q, more), without = cost_of(c, q, less);
        halved = without >= CHOICE_DOUBLE_COST && with <= 0.5 * without;
    }
    return halved && total_of(c, less) - total_of(c, more) >= CHOICE_DOUBLE_TOTAL * c->before;
}

static void ban_doubles(struct choice *c)
{
    struct set none = {0};
    c->cache->banned = mem_array(c->pool.n + 1, sizeof *c->cache->banned);
    for (size_t i = 0; i < c->pool.n; i++) {
        if (!index_def_doubles(&c->pool.items[i]))
            continue;
        struct set one = copy(c, &none);
        put(c, &one, i);
        c->cache->banned[i] = late(c) || !worth_double(c, &one, &none);
        free(one.items);
    }
}

/* An index that gains next to nothing is not worth its upkeep. */
static void drop_useless(struct choice *c, struct set *s)
{
    for (;;) {
        double total = total_of(c, s), least = INFINITY;
        size_t at = SIZE_MAX;
        for (size_t i = 0; i < s->n; i++) {
            struct set t = copy(c, s);
            take_out(&t, i);
            double worse = total_of(c, &t) - total;
            bool needed = c->keep > 0 ? worse >= c->keep * c->before
                                      : worth(c, s, &t, CHOICE_KEEP_TOTAL, CHOICE_KEEP_QUERY);
            needed = needed && saves_pages(c, s, &t) &&
                     (!index_def_doubles(&c->pool.items[s->items[i]]) || worth_double(c, s, &t));
            free(t.items);
            if (!needed && worse < least) {
                least = worse;
                at = i;
            }
        }
        if (at == SIZE_MAX)
            return;
        take_out(s, at);
    }
}

#define NARROW_TIMES 2 /* an index of fewer keys may leave so much more ... */
#define NARROW_COST  5 /* ... and this: about one page */

/* Does an index of fewer columns in place of another do for the set? */
static bool does(struct choice *c, const struct set *wide, const struct set *s, size_t at)
{
    if (!(c->keep > 0))
        return !worth(c, wide, s, CHOICE_WIDE_TOTAL, CHOICE_WIDE_QUERY);
    double total = total_of(c, wide), with = total_of(c, s);
    bool same_keys = c->pool.items[s->items[at]].n_keys == c->pool.items[wide->items[at]].n_keys;
    return with - total < c->keep * c->before && (same_keys || with <= NARROW_TIMES * total + NARROW_COST);
}

/* The same keys, the one with most values first: of more use to other statements. */
static bool better_order(const struct index_def *a, const struct index_def *than)
{
    if (a->rel != than->rel || a->method != than->method || a->n_keys != than->n_keys || a->n_include ||
        than->n_include || !str_eq(a->predicate, than->predicate) || a->keys[0].column < 0 ||
        than->keys[0].column < 0)
        return false;
    for (size_t i = 0; i < a->n_keys; i++)
        if (a->keys[i].column < 0 || !index_def_has(than, a->keys[i].column))
            return false;
    return db_catalog_distinct(a->rel, a->keys[0].column) > db_catalog_distinct(a->rel, than->keys[0].column);
}

/* The columns an index has beside those of a narrower one have to pay, too. */
static void narrow(struct choice *c, struct set *s)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t wide = s->items[i], best = wide;
        for (size_t p = 0; p < c->pool.n; p++) {
            if (c->sizes[p] >= 0.98 * c->sizes[best] || has(s, p) ||
                !index_def_covers(&c->pool.items[wide], &c->pool.items[p]))
                continue;
            struct set t = copy(c, s);
            t.items[i] = p;
            if (does(c, s, &t, i))
                best = p;
            free(t.items);
        }
        s->items[i] = best;
        double total = total_of(c, s);
        for (size_t p = 0; p < c->pool.n && c->keep > 0; p++) {
            if (has(s, p) || !better_order(&c->pool.items[p], &c->pool.items[best]))
                continue;
            s->items[i] = p;
            if (total_of(c, s) <= total * 1.01 + 1)
                best = p;
            s->items[i] = best;
        }
    }
}

/* The next index that pays when there are more bytes. */
static void next_step(struct choice *c, const struct set *s)
{
    double best = 0;
    c->next_size = c->next_after = NAN;
    c->next = SIZE_MAX;
    for (size_t p = 0; p < c->pool.n && isfinite(c->budget); p++) {
        if (c->cache->banned[p] || has(s, p))
            continue;
        struct set t = copy(c, s);
        put(c, &t, p);
        double size = size_of(c, &t), gain = size > c->budget ? c->after - total_of(c, &t) : 0;
        free(t.items);
        double score = gain / MAX(size - c->size, 8192);
        if (gain >= 2 * CHOICE_KEEP_TOTAL * c->before && score > best) {
            best = score;
            c->next = p;
            c->next_size = size;
            c->next_after = c->after - gain;
        }
    }
}

static void report(struct choice *c, const struct set *s)
{
    c->n_chosen = s->n;
    c->cache->exact = true;
    c->chosen = mem_array(s->n + 1, sizeof *c->chosen);
    c->gains = mem_array(s->n + 1, sizeof *c->gains);
    c->after = total_of(c, s);
    c->size = size_of(c, s);
    for (size_t i = 0; i < s->n; i++) {
        struct set t = copy(c, s);
        take_out(&t, i);
        double gain = total_of(c, &t) - c->after;
        free(t.items);
        size_t at = i;
        for (; at > 0 && c->gains[at - 1] < gain; at--) {
            c->gains[at] = c->gains[at - 1];
            c->chosen[at] = c->chosen[at - 1];
        }
        c->gains[at] = gain;
        c->chosen[at] = s->items[i];
    }
    for (size_t q = 0; q < c->n_statements; q++)
        c->statements[q].after = c->cache->of[q].failed ? NAN : cost_of(c, q, s);
    c->cache->exact = false;
    next_step(c, s);
}

double index_choice_cost(struct choice *c, size_t statement, size_t without)
{
    struct set s = {mem_array(c->n_chosen + 1, sizeof *s.items), 0};
    for (size_t i = 0; i < c->n_chosen; i++)
        if (i != without)
            s.items[s.n++] = c->chosen[i];
    double cost = c->cache->of[statement].failed ? NAN : cost_of(c, statement, &s);
    free(s.items);
    return cost;
}

bool index_choice(struct choice *c)
{
    size_t all = 0, worked = 0;
    c->cache = mem_alloc(sizeof *c->cache);
    c->cache->of = mem_array(c->n_statements + 1, sizeof *c->cache->of);
    for (size_t q = 0; q < c->n_statements; q++)
        all += c->statements[q].own.n;
    unsigned char *wanted = mem_array(all + 1, 1);
    for (size_t q = 0; q < c->n_statements; q++) {
        explore(c, q, wanted, all);
        worked += !c->cache->of[q].failed;
    }
    shrink(c, wanted);
    free(wanted);
    add_merges(c);
    if (c->prepare)
        c->prepare(c->ctx, &c->pool);
    c->sizes = mem_array(c->pool.n + 1, sizeof *c->sizes);
    for (size_t i = 0; i < c->pool.n; i++) {
        double size = index_size(&c->pool.items[i]);
        c->sizes[i] = isnan(size) ? 1e15 : size;
    }
    c->cache->by_liking = true;
    struct set none = {0}, best = copy(c, &none);
    c->before = total_of(c, &none);
    ban_doubles(c);
    double best_total = c->before;
    static const double alphas[] = {0.6, 0.1, 1, 0.3, 0.8};
    /* First a beginning from each side: they cost little after the first. Then exchanges, from
     * the best beginning on. */
    struct set begin[ARRAY_LEN(alphas) + 1];
    double totals[ARRAY_LEN(begin)];
    if (c->stop && c->stop()) {
        free(best.items);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(begin); i++) {
        begin[i] = copy(c, &none);
        c->cache->exact = i == 0; /* one is made to its end, however slow the server is */
        totals[i] = i && late(c)            ? INFINITY
                    : i < ARRAY_LEN(alphas) ? greedy(c, &begin[i], alphas[i], 1e-4)
                                            : from_all(c, &begin[i]);
    }
    c->cache->exact = false;
    for (size_t tried = 0, vain = 0; tried < ARRAY_LEN(begin) && vain < 2; tried++) {
        size_t at = 0;
        for (size_t i = 1; i < ARRAY_LEN(begin); i++)
            if (totals[i] < totals[at])
                at = i;
        double total = totals[at];
        for (int round = 0; round < 200 && isfinite(total) && !(c->stop && c->stop()) &&
                            !(tried && c->cut_short) && exchange(c, &begin[at], &total);
             round++)
            ;
        vain += total > best_total * 0.9995;
        if (total < best_total) {
            free(best.items);
            best = copy(c, &begin[at]);
            best_total = total;
        }
        totals[at] = INFINITY;
    }
    for (size_t i = 0; i < ARRAY_LEN(begin); i++)
        free(begin[i].items);
    c->cache->by_liking = false;
    forget_uses(c, &best);
    c->cache->exact = true;
    drop_useless(c, &best);
    narrow(c, &best);
    c->cache->exact = false;
    if (isfinite(c->budget)) /* bytes that came free */
        greedy(c, &best, 1, CHOICE_KEEP_TOTAL);
    report(c, &best);
    free(best.items);
    return worked > 0;
}

void index_choice_free(struct choice *c)
{
    for (size_t q = 0; c->cache && q < c->n_statements; q++) {
        free(c->cache->of[q].entries);
        free(c->cache->of[q].known);
        free(c->cache->of[q].local);
        free(c->cache->of[q].bit);
        candidate_free(&c->cache->of[q].liked);
    }
    if (c->cache) {
        free(c->cache->of);
        free(c->cache->banned);
    }
    free(c->cache);
    candidate_free(&c->pool);
    free(c->sizes);
    free(c->chosen);
    free(c->gains);
}
