/* choice_trim.c - removes indexes from the chosen set that gain nothing; what each index is for. */
#include "core/indexes/choice_private.h"

#include <math.h>
#include <stdlib.h>

/* For the final figures each statement sees every index of its tables. */
void choice_forget_uses(struct choice *c, const struct set *s)
{
    for (size_t q = 0; q < c->n_statements; q++)
        for (size_t i = 0; i < s->n; i++)
            if (s->items[i] < c->cache->of[q].n_bit && c->cache->of[q].bit[s->items[i]] == -1)
                c->cache->of[q].bit[s->items[i]] = -2;
}

/* Is the total with `less` worse than with `more` by that share of the cost without any,
 * or a statement by that share of its own? */
static bool gains_enough(struct choice *c, const struct set *more, const struct set *less, double of_total,
                         double of_query)
{
    bool needed = choice_total_of(c, less) - choice_total_of(c, more) >= of_total * c->before;
    for (size_t q = 0; q < c->n_statements && !needed; q++)
        needed = !c->cache->of[q].failed && choice_cost_of(c, q, less) - choice_cost_of(c, q, more) >=
                                                of_query * c->statements[q].before;
    return needed;
}

static bool saves_pages(struct choice *c, const struct set *more, const struct set *less)
{
    for (size_t q = 0; q < c->n_statements; q++)
        if (!c->cache->of[q].failed &&
            choice_cost_of(c, q, less) - choice_cost_of(c, q, more) >= CHOICE_KEEP_COST)
            return true;
    return false;
}

/* The same for one whose keys another index has. */
static bool worth_double(struct choice *c, const struct set *more, const struct set *less)
{
    bool halved = false;
    for (size_t q = 0; q < c->n_statements && !halved; q++) {
        double with = c->cache->of[q].failed ? 0 : choice_cost_of(c, q, more),
               without = choice_cost_of(c, q, less);
        halved = without >= CHOICE_DOUBLE_COST && with <= 0.5 * without;
    }
    return halved && choice_total_of(c, less) - choice_total_of(c, more) >= CHOICE_DOUBLE_TOTAL * c->before;
}

void choice_ban_doubles(struct choice *c)
{
    struct set none = {0};
    c->cache->banned = mem_array(c->pool.n + 1, sizeof *c->cache->banned);
    for (size_t i = 0; i < c->pool.n; i++) {
        if (!index_def_doubles(&c->pool.items[i]))
            continue;
        struct set one = choice_copy(c, &none);
        choice_put(c, &one, i);
        c->cache->banned[i] = choice_late(c) || !worth_double(c, &one, &none);
        free(one.items);
    }
}

/* An index that gains almost nothing does not justify the cost of its writes. */
void choice_drop_useless(struct choice *c, struct set *s)
{
    for (;;) {
        double total = choice_total_of(c, s), least = INFINITY;
        size_t at = SIZE_MAX;
        for (size_t i = 0; i < s->n; i++) {
            struct set t = choice_copy(c, s);
            choice_take_out(&t, i);
            double worse = choice_total_of(c, &t) - total;
            bool needed = c->keep > 0 ? worse >= c->keep * c->before
                                      : gains_enough(c, s, &t, CHOICE_KEEP_TOTAL, CHOICE_KEEP_QUERY);
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
        choice_take_out(s, at);
    }
}

/* Does an index of fewer columns in place of another do for the set? */
static bool does(struct choice *c, const struct set *wide, const struct set *s, size_t at)
{
    if (!(c->keep > 0))
        return !gains_enough(c, wide, s, CHOICE_WIDE_TOTAL, CHOICE_WIDE_QUERY);
    double total = choice_total_of(c, wide), with = choice_total_of(c, s);
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
void choice_narrow(struct choice *c, struct set *s)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t wide = s->items[i], best = wide;
        for (size_t p = 0; p < c->pool.n; p++) {
            if (c->sizes[p] >= 0.98 * c->sizes[best] || choice_has(s, p) ||
                !index_def_covers(&c->pool.items[wide], &c->pool.items[p]))
                continue;
            struct set t = choice_copy(c, s);
            t.items[i] = p;
            if (does(c, s, &t, i))
                best = p;
            free(t.items);
        }
        s->items[i] = best;
        double total = choice_total_of(c, s);
        for (size_t p = 0; p < c->pool.n && c->keep > 0; p++) {
            if (choice_has(s, p) || !better_order(&c->pool.items[p], &c->pool.items[best]))
                continue;
            s->items[i] = p;
            if (choice_total_of(c, s) <= total * 1.01 + 1)
                best = p;
            s->items[i] = best;
        }
    }
}

/* The next index that would be chosen with a larger budget. */
static void next_step(struct choice *c, const struct set *s)
{
    double best = 0;
    c->next_size = c->next_after = NAN;
    c->next = SIZE_MAX;
    for (size_t p = 0; p < c->pool.n && isfinite(c->budget); p++) {
        if (c->cache->banned[p] || choice_has(s, p))
            continue;
        struct set t = choice_copy(c, s);
        choice_put(c, &t, p);
        double size = choice_size_of(c, &t), gain = size > c->budget ? c->after - choice_total_of(c, &t) : 0;
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

void choice_report(struct choice *c, const struct set *s)
{
    c->n_chosen = s->n;
    c->cache->exact = true;
    c->chosen = mem_array(s->n + 1, sizeof *c->chosen);
    c->gains = mem_array(s->n + 1, sizeof *c->gains);
    c->after = choice_total_of(c, s);
    c->size = choice_size_of(c, s);
    for (size_t i = 0; i < s->n; i++) {
        struct set t = choice_copy(c, s);
        choice_take_out(&t, i);
        double gain = choice_total_of(c, &t) - c->after;
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
        c->statements[q].after = c->cache->of[q].failed ? NAN : choice_cost_of(c, q, s);
    c->cache->exact = false;
    next_step(c, s);
}
