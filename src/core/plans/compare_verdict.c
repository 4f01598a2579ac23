/* compare_verdict.c - the effect of a change in one sentence, and notes about the comparison. */
#include "core/plans/compare_verdict.h"

#include <ctype.h>
#include <stdlib.h>

/* Several rows that are one step for people: a scan and the Hash over it. */
struct step {
    double before, after;
    const struct plan_node *with_before, *with_after; /* a helper, NULL: none */
};

enum { TABLES_MAX = 64 };

/* ---- the verdict ---- */

/* "sequential scan on orders", "hash join of orders, customers". */
static void spoken(const struct plan_node *n, bool place, struct strbuf *out)
{
    static const struct {
        const char *type, *words;
    } names[] = {{.type = "Seq Scan", .words = "sequential scan"},
                 {.type = "Index Only Scan", .words = "index-only scan"},
                 {.type = "Bitmap Heap Scan", .words = "bitmap scan"},
                 {.type = "Bitmap Index Scan", .words = "bitmap of the index"},
                 {.type = "Aggregate", .words = "aggregation"},
                 {.type = "Unique", .words = "removal of duplicates"},
                 {.type = "CTE Scan", .words = "scan of the CTE"},
                 {.type = "ModifyTable", .words = "writing"},
                 {.type = "WindowAgg", .words = "window function"},
                 {.type = "SetOp", .words = "set operation"},
                 {.type = "Memoize", .words = "memoize node"},
                 {.type = "Materialize", .words = "materialize node"},
                 {.type = "Append", .words = "append"},
                 {.type = "Gather", .words = "gathering from workers"},
                 {.type = "Gather Merge", .words = "gathering from workers"}};
    const char *words = NULL;
    for (size_t i = 0; n->type && i < ARRAY_LEN(names); i++)
        if (!strcmp(names[i].type, n->type))
            words = names[i].words;
    if (n->parallel_aware == 1)
        strbuf_str(out, "parallel ");
    for (const char *s = words ? words : n->type ? n->type : "node"; *s; s++)
        strbuf_char(out, words ? *s : (char)tolower((unsigned char)*s));
    const char *what = n->relation ? n->relation : n->cte ? n->cte : n->index;
    if (place && plan_is_join(n))
        compare_tables(n, out);
    else if (place && what)
        strbuf_printf(out, " %s%s", n->relation ? "on " : "", what);
}

static const char *article(const char *word)
{
    return strchr("aeiou", *word) ? "an" : "a";
}

static bool helper(const struct plan_node *n) /* belongs to the single node below or above it */
{
    static const char *const types[] = {"Hash",        "Sort",     "Incremental Sort",
                                        "Materialize", "Memoize",  "Bitmap Index Scan",
                                        "BitmapAnd",   "BitmapOr", NULL};
    return n->type && str_find(types, n->type) >= 0;
}

/* A helper that only one plan has counts to the matched node it wraps; a bitmap to its
 * heap scan. */
static struct step *steps(const struct plan_diff *d)
{
    bool timed = d->before->timed && d->after->timed;
    struct step *all = mem_array(d->n_nodes, sizeof *all);
    size_t *counts_to = mem_array(d->n_nodes, sizeof *counts_to);
    for (size_t i = d->n_nodes; i-- > 0;) {
        const struct plan_diff_node *n = &d->nodes[i];
        const struct plan_node *one = n->after ? n->after : n->before;
        all[i].before += n->before ? known_or(timed ? n->before->exclusive_ns : n->before->cost, 0) : 0;
        all[i].after += n->after ? known_or(timed ? n->after->exclusive_ns : n->after->cost, 0) : 0;
        counts_to[i] = i;
        if ((n->before && n->after) || !helper(one))
            continue;
        bool bitmap = str_starts(one->type, "Bitmap");
        size_t to = bitmap ? i - 1 : i + 1;
        if ((bitmap && i == 0) || to >= d->n_nodes || d->nodes[to].depth != n->depth + (bitmap ? -1 : 1))
            continue;
        to = bitmap ? to : counts_to[to]; /* one helper over another */
        if (!d->nodes[to].before || !d->nodes[to].after)
            continue;
        counts_to[i] = to;
        all[to].before += all[i].before;
        all[to].after += all[i].after;
        *(n->before ? &all[to].with_before : &all[to].with_after) = one;
        all[i] = (struct step){0};
    }
    free(counts_to);
    return all;
}

static void with(const struct plan_node *helper, struct strbuf *out)
{
    if (!helper || str_starts(helper->type, "Bitmap"))
        return;
    strbuf_str(out, " with its ");
    spoken(helper, false, out);
}

/* The reason of the difference, in one clause; empty when no node explains it. */
static void reason(const struct plan_diff *d, double total, struct strbuf *out)
{
    bool timed = d->before->timed && d->after->timed;
    enum unit u = timed ? UNIT_NS : UNIT_COST;
    const char *unit = timed ? "" : "cost ";
    struct step *all = steps(d);
    double largest = fabs(total) * 0.2;
    size_t most = SIZE_MAX;
    for (size_t i = 0; i < d->n_nodes; i++) {
        double e = (all[i].after - all[i].before) * (total < 0 ? -1 : 1);
        if (e > largest) {
            largest = e;
            most = i;
        }
    }
    if (most == SIZE_MAX) {
        free(all);
        return;
    }
    const struct plan_diff_node *n = &d->nodes[most];
    const struct plan_node *b = n->before, *a = n->after;
    struct strbuf from = {0}, to = {0};
    if (b)
        spoken(b, true, &from);
    with(all[most].with_before, &from);
    if (a)
        spoken(a, !b, &to);
    with(all[most].with_after, &to);
    const char *was = compare_figure(u, all[most].before), *now = compare_figure(u, all[most].after);
    bool other = b && a && (!str_eq(b->type, a->type) || b->parallel_aware != a->parallel_aware);
    strbuf_str(out, ": ");
    if (!a)
        strbuf_printf(out, "the %s (%s%s) is gone", strbuf_text(&from), unit, was);
    else if (!b)
        strbuf_printf(out, "there is %s %s (%s%s) now", article(strbuf_text(&to)), strbuf_text(&to), unit,
                      now);
    else if (other)
        strbuf_printf(out, "the %s (%s%s) became %s %s (%s%s)", strbuf_text(&from), unit, was,
                      article(strbuf_text(&to)), strbuf_text(&to), unit, now);
    else
        strbuf_printf(out, "the %s went from %s%s to %s", strbuf_text(&from), unit, was, now);
    if (a && b && !other && n->n_changes && !str_starts(n->changes[0], "own "))
        strbuf_printf(out, " (%s)", n->changes[0]);
    strbuf_free(&from);
    strbuf_free(&to);
    free(all);
}

static void times(double factor, struct strbuf *out)
{
    char buf[32];
    if (factor >= 10)
        strbuf_printf(out, "%s times",
                      factor < 9999.5 ? (snprintf(buf, sizeof buf, "%.0f", factor), buf)
                                      : compare_figure(UNIT_COUNT, round(factor)));
    else
        strbuf_printf(out, "%.1f times", factor);
}

static size_t tables_of(const struct plan *p, const char **names)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_nodes && n < TABLES_MAX; i++) {
        const char *name = p->nodes[i]->relation;
        size_t k = 0;
        while (name && k < n && strcmp(names[k], name) != 0)
            k++;
        if (name && k == n)
            names[n++] = name;
    }
    return n;
}

/* Of one statement two plans read the same tables, but for a join that is not needed. */
static bool other_tables(const struct plan_diff *d)
{
    const char *was[TABLES_MAX], *now[TABLES_MAX];
    size_t n = tables_of(d->before, was), m = tables_of(d->after, now), both = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++)
            both += !strcmp(was[i], now[k]);
    return n && m && 2 * both < n + m - both;
}

static void verdict(struct plan_diff *d)
{
    const struct plan *b = d->before, *a = d->after;
    struct strbuf s = {0};
    bool time = b->elapsed_ns > 0 && a->elapsed_ns > 0,
         same = !d->count[PLAN_DIFF_CHANGED] && !d->count[PLAN_DIFF_ADDED] && !d->count[PLAN_DIFF_REMOVED];
    double was = time ? b->elapsed_ns : b->total_cost, now = time ? a->elapsed_ns : a->total_cost;
    enum unit u = time ? UNIT_NS : UNIT_COST;
    d->measure = time ? PLAN_DIFF_TIME : was > 0 && now > 0 ? PLAN_DIFF_COST : PLAN_DIFF_NOTHING;
    d->factor = d->measure == PLAN_DIFF_NOTHING ? NAN : was / now;
    if (d->measure == PLAN_DIFF_NOTHING) {
        d->verdict = same ? "The plan is the same; the time and cost of both are not known."
                          : "The plans differ; the time and cost of both are not known.";
        return;
    }
    if (other_tables(d))
        strbuf_str(&s, "Plans of different statements, which read other tables. ");
    double times_of = MAX(d->factor, 1 / d->factor);
    bool better = d->factor > 1;
    if (times_of < 1.1) {
        strbuf_str(&s, time ? "About as fast as before" : "The planner expects about the same cost");
        strbuf_printf(&s, " (%s%s, was %s)%s", time ? "" : "cost ", compare_figure(u, now),
                      compare_figure(u, was),
                      same                                                       ? ": the plan is the same"
                      : d->count[PLAN_DIFF_ADDED] || d->count[PLAN_DIFF_REMOVED] ? " with a different plan"
                                                                                 : "");
    } else {
        if (!time)
            strbuf_str(&s, "The planner expects it to cost ");
        if (times_of >= 2)
            times(times_of, &s);
        else
            strbuf_printf(&s, "%.0f %%", fabs(now - was) / was * 100);
        strbuf_printf(
            &s, " %s",
            time ? (times_of >= 2 ? (better ? "faster" : "slower") : (better ? "less time" : "more time"))
                 : (better ? "less" : "more"));
        strbuf_printf(&s, " (%s -> %s)", compare_figure(u, was), compare_figure(u, now));
        if (same)
            strbuf_str(&s, " with the same plan");
        reason(d, now - was, &s);
    }
    strbuf_char(&s, '.');
    d->verdict = arena_strdup(d->arena, strbuf_text(&s));
    strbuf_free(&s);
}

/* ---- notes ---- */

static const char *setting(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_settings; i++)
        if (str_eq(p->settings[i].name, name))
            return p->settings[i].value ? p->settings[i].value : "";
    return NULL;
}

static void settings(struct plan_diff *d)
{
    const struct plan *b = d->before, *a = d->after;
    struct strbuf s = {0};
    for (int pass = 0; pass < 2; pass++) {
        const struct plan *p = pass ? a : b;
        for (size_t i = 0; i < p->n_settings && i < 50; i++) {
            const char *name = p->settings[i].name, *was = setting(b, name), *now = setting(a, name);
            if (str_eq(was, now) || (pass && was) ||
                str_eq(name, "plan_cache_mode")) /* that is how slowdive asks */
                continue;
            strbuf_printf(&s, "%s%s %s -> %s", s.len ? ", " : "", name ? name : "?", was ? was : "default",
                          now ? now : "default");
        }
    }
    if (s.len && (b->n_settings > 0) == (a->n_settings > 0))
        compare_say(d->arena, &d->notes, "Settings differ: %s.", s.text);
    else if (s.len)
        compare_say(d->arena, &d->notes, "Settings may differ; only one plan contains them: %s.", s.text);
    strbuf_free(&s);
}

static void notes(struct plan_diff *d)
{
    const struct plan *b = d->before, *a = d->after;
    if (!d->count[PLAN_DIFF_SAME] && !d->count[PLAN_DIFF_CHANGED])
        compare_say(d->arena, &d->notes,
                    "The plans have no node in common: are they plans of the same statement?");
    if (b->analyzed != a->analyzed)
        compare_say(d->arena, &d->notes,
                    "Only the plan %s was executed: costs are compared, times cannot be compared.",
                    b->analyzed ? "before" : "after");
    else if (b->timed != a->timed)
        compare_say(d->arena, &d->notes, "Only the plan %s has node times.", b->timed ? "before" : "after");
    if (b->timed && a->timed && b->elapsed_ns < 1e6 && a->elapsed_ns < 1e6)
        compare_say(d->arena, &d->notes,
                    "Both took less than a millisecond: a single run of each is not reliable.");
    double read_b, read_a, all_b = plan_diff_blocks(b, &read_b), all_a = plan_diff_blocks(a, &read_a);
    if (compare_differ(read_b, read_a, 4, 1000) && MAX(all_b, all_a) < 1.2 * MIN(all_b, all_a))
        compare_say(d->arena, &d->notes,
                    "Both access the same number of blocks, but %s blocks were read before and %s after: a "
                    "part of the difference comes from the buffer cache.",
                    compare_figure(UNIT_BLOCKS, read_b), compare_figure(UNIT_BLOCKS, read_a));
    if (b->parameters && a->parameters && !str_eq(b->parameters, a->parameters))
        compare_say(d->arena, &d->notes, "The plans have different parameter values.");
    settings(d);
}

void diff_conclude(struct plan_diff *d)
{
    compare_rank(d);
    verdict(d);
    notes(d);
}
