#include "core/indexes/choice_private.h"

#include <math.h>
#include <stdlib.h>

#define SAME 0.002 /* bounds that close are one figure */

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

static double ask_planner(struct choice *c, size_t q, const struct bits *offered)
{
    if (c->stop && c->stop(c->ctx))
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
    c->calls++;
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

bool choice_late(struct choice *c)
{
    bool spent = c->calls_most && c->calls >= c->calls_most;
    if (!spent && !c->cut_short && c->now && c->now() >= c->deadline)
        c->cut_short = true;
    return (spent || c->cut_short) && !c->cache->exact;
}

/* What it costs at most; exactly, unless the calls or the time are used up. */
double choice_cost_of(struct choice *c, size_t q, const struct set *s)
{
    struct memory *m = &c->cache->of[q];
    double low, high;
    if (m->failed)
        return 0;
    struct bits b = bits_of(c, q, s);
    bounds(m, &b, &low, &high);
    if (isfinite(high) && (high - low <= SAME * high || choice_late(c)))
        return high;
    double exact = ask_planner(c, q, &b);
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

double choice_total_of(struct choice *c, const struct set *s)
{
    double sum = 0;
    for (size_t q = 0; q < c->n_statements; q++)
        sum += c->statements[q].weight * choice_cost_of(c, q, s);
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
        sum += c->statements[q].weight * (choice_cost_of(c, q, s) - low[q]);
    free(low);
    return sum < limit ? sum : NAN;
}

double choice_size_of(const struct choice *c, const struct set *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += c->sizes[s->items[i]];
    return sum;
}

/* ---- sets ---- */

bool choice_has(const struct set *s, size_t place)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i] == place)
            return true;
    return false;
}

struct set choice_copy(const struct choice *c, const struct set *s)
{
    struct set t = {mem_array(c->pool.n + 1, sizeof *t.items), s->n};
    if (s->n)
        memcpy(t.items, s->items, s->n * sizeof *t.items);
    return t;
}

void choice_take_out(struct set *s, size_t at)
{
    s->items[at] = s->items[--s->n];
}

/* Adds one; those it makes superfluous go. */
void choice_put(const struct choice *c, struct set *s, size_t place)
{
    if (choice_has(s, place))
        return;
    for (size_t i = s->n; i-- > 0;)
        if (index_def_covers(&c->pool.items[place], &c->pool.items[s->items[i]]))
            choice_take_out(s, i);
    s->items[s->n++] = place;
}

/* ---- the pool ---- */

static size_t pool_add(struct choice *c, const struct index_def *d)
{
    return c->pool.n < POOL_MAX ? candidate_add(&c->pool, d) : SIZE_MAX;
}

static void explore(struct choice *c, size_t q, unsigned char *wanted, size_t n_wanted)
{
    struct choice_statement *s = &c->statements[q];
    struct memory *m = &c->cache->of[q];
    struct set none = {0};
    s->before = choice_cost_of(c, q, &none);
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
        if (!offered || (round > 0 && choice_late(c)))
            continue;
        double cost = ask_planner(c, q, &b);
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
        double size = choice_size_of(c, s), best = INFINITY, best_total = 0;
        size_t at = SIZE_MAX;
        bool over = size > c->budget;
        if (!over)
            break;
        for (size_t i = 0; i < s->n; i++) {
            if (s->items[i] == spare)
                continue;
            struct set t = choice_copy(c, s);
            choice_take_out(&t, i);
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
        choice_take_out(s, at);
        total = best_total;
    }
    return total;
}

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
    double size = choice_size_of(c, s);
    for (;;) {
        double score = 0;
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < c->pool.n; i++) {
            if (gain[i] <= 0 || c->cache->banned[i] || choice_has(s, i) || size + c->sizes[i] > c->budget)
                continue;
            double of = gain[i] / pow(c->sizes[i], alpha);
            if (best == SIZE_MAX || of > score) {
                score = of;
                best = i;
            }
        }
        if (best == SIZE_MAX || known[best] == EXACT)
            return best;
        struct set t = choice_copy(c, s);
        choice_put(c, &t, best);
        gain[best] = known[best] == STALE ? most_gain(c, &t, total) : total - choice_total_of(c, &t);
        known[best]++;
        free(t.items);
    }
}

/* Adds to the set what gains at least `least` of the cost before. */
static double greedy(struct choice *c, struct set *s, double alpha, double least)
{
    size_t n = c->pool.n;
    double *gain = mem_array(n + 1, sizeof *gain), total = choice_total_of(c, s);
    unsigned char *known = mem_array(n + 1, sizeof *known);
    for (size_t i = 0; i < n; i++)
        gain[i] = INFINITY;
    while (!(c->stop && c->stop(c->ctx))) {
        size_t best = lead(c, s, alpha, total, gain, known);
        if (best == SIZE_MAX || gain[best] < least * c->before)
            break;
        choice_put(c, s, best);
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
    return choice_total_of(c, s);
}

static bool better(double a, double b)
{
    return a < b * (1 - 2e-4);
}

/* One more index, others out for it; or two at once, as one statement uses them. */
static bool exchange(struct choice *c, struct set *s, double *total)
{
    for (size_t p = 0; p < c->pool.n; p++) {
        if (c->cache->banned[p] || choice_has(s, p) || c->sizes[p] > c->budget)
            continue;
        struct set t = choice_copy(c, s);
        choice_put(c, &t, p);
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
            struct set t = choice_copy(c, s);
            for (size_t i = 0; i < m->n_local; i++)
                if (get_bit(&used, i) && !c->cache->banned[m->local[i]] && !choice_has(&t, m->local[i])) {
                    choice_put(c, &t, m->local[i]);
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
                choice_put(c, s, m->local[i]);
    }
    double total = fit(c, s, SIZE_MAX, choice_total_of(c, s), INFINITY);
    if (isnan(total))
        s->n = 0;
    return choice_total_of(c, s);
}

double index_choice_cost(struct choice *c, size_t statement, size_t without)
{
    struct set s = {mem_array(c->n_chosen + 1, sizeof *s.items), 0};
    for (size_t i = 0; i < c->n_chosen; i++)
        if (i != without)
            s.items[s.n++] = c->chosen[i];
    double cost = c->cache->of[statement].failed ? NAN : choice_cost_of(c, statement, &s);
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
    struct set none = {0}, best = choice_copy(c, &none);
    c->before = choice_total_of(c, &none);
    choice_ban_doubles(c);
    double best_total = c->before;
    static const double alphas[] = {0.6, 0.1, 1, 0.3, 0.8};
    /* First a beginning from each side: they cost little after the first. Then exchanges, from
     * the best beginning on. */
    struct set begin[ARRAY_LEN(alphas) + 1];
    double totals[ARRAY_LEN(begin)];
    if (c->stop && c->stop(c->ctx)) {
        free(best.items);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(begin); i++) {
        begin[i] = choice_copy(c, &none);
        c->cache->exact = i == 0; /* one is made to its end, however slow the server is */
        totals[i] = i && choice_late(c)     ? INFINITY
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
        for (int round = 0; round < 200 && isfinite(total) && !(c->stop && c->stop(c->ctx)) &&
                            !(tried && choice_late(c)) && exchange(c, &begin[at], &total);
             round++)
            ;
        vain += total > best_total * 0.9995;
        if (total < best_total) {
            free(best.items);
            best = choice_copy(c, &begin[at]);
            best_total = total;
        }
        totals[at] = INFINITY;
    }
    for (size_t i = 0; i < ARRAY_LEN(begin); i++)
        free(begin[i].items);
    c->cache->by_liking = false;
    choice_forget_uses(c, &best);
    c->cache->exact = true;
    choice_drop_useless(c, &best);
    choice_narrow(c, &best);
    c->cache->exact = false;
    if (isfinite(c->budget)) /* bytes that came free */
        greedy(c, &best, 1, CHOICE_KEEP_TOTAL);
    choice_report(c, &best);
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
