/* compare_words.c - what changed between two plans, and the effect, as text.
 *
 * Times differ from run to run: a node counts as changed by a figure only when it passes a
 * ratio and a floor (`figures`). Exchanging the two plans gives the opposite texts. */
#include "core/plans/compare_verdict.h"
#include "core/sql/statement.h"

#include <ctype.h>
#include <stdlib.h>

/* The conditions of a pair, to be compared: as they are, and with their constants hidden.
 * What is too long or comes too late is compared as it is. */
struct condition {
    char *text, *hidden; /* NULL: there is none */
};

struct changes {
    struct plan_diff *d;
    struct plan_diff_change *items;
    size_t n, cap;
};

struct ranked {
    struct plan_diff_change change;
    double rank;
    size_t place;
};

#define CONSTANTS_MAX 4096 /* bytes of a condition that is parsed to see whether only constants differ */

#define NODES_PARSED 500 /* of so many nodes */

#define NAMES 3 /* tables of a join that are named */

/* Four calls may stand in one sentence. */
const char *compare_figure(enum unit u, double v)
{
    static _Thread_local char buf[4][UNIT_TEXT_MAX];
    static _Thread_local unsigned turn;
    return unit_format(u, v, buf[turn++ % ARRAY_LEN(buf)]);
}

void compare_say(struct arena *a, struct plan_list *l, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    const char **more = arena_alloc(a, (l->n + 1) * sizeof *more); /* a handful at most */
    if (l->n)
        memcpy(more, l->items, l->n * sizeof *more);
    more[l->n++] = arena_strdup(a, strbuf_text(&b));
    l->items = more;
    strbuf_free(&b);
}

/* ---- names ---- */

static char *name_of(const struct plan_node *n)
{
    struct strbuf b = {0};
    plan_node_name(n, &b);
    return strbuf_detach(&b);
}

static char *place_of(const struct plan_node *n)
{
    struct strbuf b = {0};
    plan_node_where(n, &b);
    return b.text ? strbuf_detach(&b) : mem_strdup("");
}

static bool same_place(const struct plan_node *b, const struct plan_node *a)
{
    return str_eq(b->relation, a->relation) && str_eq(diff_alias(b), diff_alias(a)) &&
           str_eq(b->cte, a->cte) && str_eq(b->function, a->function);
}

static bool same_name(const struct plan_node *b, const struct plan_node *a)
{
    char *x = name_of(b), *y = name_of(a);
    bool same = !strcmp(x, y);
    free(x);
    free(y);
    return same;
}

void plan_diff_label(const struct plan_diff_node *n, struct strbuf *out)
{
    const struct plan_node *b = n->before, *a = n->after, *one = a ? a : b;
    if (one->subplan)
        strbuf_printf(out, "%s: ", one->subplan);
    if (b && a && (!same_name(b, a) || !same_place(b, a))) {
        plan_node_name(b, out);
        if (!same_place(b, a))
            plan_node_where(b, out);
        strbuf_str(out, " -> ");
    }
    plan_node_name(one, out);
    plan_node_where(one, out);
}

/* " of orders, customers, lineitem ...": what a join joins. */
void compare_tables(const struct plan_node *top, struct strbuf *out)
{
    int count = 0;
    for (const struct plan_node *n = top; n;) {
        const char *name = n->relation ? n->relation : n->cte ? n->cte : n->alias;
        if (n->alias && name && str_starts(n->alias, name)) /* nation_1: there are two of them */
            name = n->alias;
        if (name && plan_inside(n, top)) {
            if (++count > NAMES) {
                strbuf_str(out, " ...");
                return;
            }
            strbuf_printf(out, "%s%s", count == 1 ? " of " : ", ", name);
        }
        if (n->child && !(n->relation && plan_is_scan(n))) {
            n = n->child;
            continue;
        }
        while (n != top && !n->next)
            n = n->parent;
        n = n == top ? NULL : n->next;
    }
}

#define LOOP_FIGURES 3

#define EXPECTED_RATIO 5.0 /* of rows planned: those below a Gather are one worker's */

#define ESTIMATE_RATIO 4.0

#define ESTIMATE_LEAST 10.0

#define TIME_RATIO 1.5

#define TIME_LEAST_NS 1e6

#define SHARE_LEAST 0.1 /* of the longer execution, or the larger cost */

/* ---- what changed in a node ---- */

static const struct {
    const char *name;
    size_t offset;
    enum unit unit;
    double ratio, least; /* smallest difference that is reported */
} figures[] = {
    {.name = "rows", .offset = offsetof(struct plan_node, rows), .unit = UNIT_COUNT, .ratio = 2, .least = 10},
    {.name = "rows removed",
     .offset = offsetof(struct plan_node, rows_removed),
     .unit = UNIT_COUNT,
     .ratio = 2,
     .least = 1000},
    {.name = "loops",
     .offset = offsetof(struct plan_node, loops),
     .unit = UNIT_COUNT,
     .ratio = 2,
     .least = 10},
    /* from here on no figure grows with the loops by itself */
    {.name = "heap fetches",
     .offset = offsetof(struct plan_node, heap_fetches),
     .unit = UNIT_COUNT,
     .ratio = 2,
     .least = 1000},
    {.name = "lossy blocks",
     .offset = offsetof(struct plan_node, lossy_blocks),
     .unit = UNIT_BLOCKS,
     .ratio = 2,
     .least = 100},
    {.name = "partitions pruned at the start",
     .offset = offsetof(struct plan_node, subplans_removed),
     .unit = UNIT_COUNT,
     .ratio = 1,
     .least = 1},
    {.name = "temporary blocks written",
     .offset = offsetof(struct plan_node, own_temp_written),
     .unit = UNIT_BLOCKS,
     .ratio = 2,
     .least = 100},
    {.name = "blocks read",
     .offset = offsetof(struct plan_node, own_shared_read),
     .unit = UNIT_BLOCKS,
     .ratio = 4,
     .least = 1000},
};

bool compare_differ(double b, double a, double ratio, double least)
{
    return fabs(a - b) >= least && MAX(a, b) >= ratio * MIN(a, b);
}

static const char *amount(enum unit u, double v)
{
    return v > 0 ? compare_figure(u, v) : "none";
}

/* Up to 17 the rows of a loop are rounded: 0 of many loops is not none. */
static const char *rows_text(const struct plan_node *n)
{
    return n->rows == 0 && n->loops > 1 ? "less than one a loop" : amount(UNIT_COUNT, n->rows);
}

/* A condition without the node's own alias before its columns, which only VERBOSE prints. */
static char *unqualified(const struct plan_node *n, const char *condition)
{
    struct strbuf b = {0};
    while (n->parent && !n->alias && str_starts(n->type ? n->type : "", "Bitmap")) /* its heap scan has it */
        n = n->parent;
    const char *alias = diff_alias(n);
    size_t len = alias ? strlen(alias) : 0;
    for (const char *s = condition; *s;) {
        bool begins = s == condition ||
                      !(isalnum((unsigned char)s[-1]) || s[-1] == '_' || s[-1] == '.' || s[-1] == '"');
        if (len && begins && !strncmp(s, alias, len) && s[len] == '.')
            s += len + 1;
        else
            strbuf_char(&b, *s++);
    }
    return b.text ? strbuf_detach(&b) : mem_strdup("");
}

static struct condition condition_of(const struct plan_node *n, const char *text, bool parse)
{
    struct condition c = {0};
    if (text) {
        c.text = unqualified(n, text);
        if (parse && strlen(text) <= CONSTANTS_MAX)
            c.hidden = sql_hide_literals(c.text);
    }
    return c;
}

static void condition_free(struct condition *c)
{
    free(c->text);
    free(c->hidden);
}

/* "(a = 1)" is one of the conditions of "((a = 1) AND (b = 2))"; constants do not count. */
static bool holds(const struct plan_node *of, const char *all, const struct plan_node *other,
                  const char *part, bool parse)
{
    struct condition x = condition_of(of, all, parse), y = condition_of(other, part, parse);
    bool found = strstr(x.text, y.text) || (x.hidden && y.hidden && strstr(x.hidden, y.hidden));
    condition_free(&x);
    condition_free(&y);
    return found;
}

static const char *index_condition(const struct plan_node *n)
{
    return n->index_cond ? n->index_cond : str_eq(n->type, "Bitmap Heap Scan") ? n->recheck_cond : NULL;
}

static void conditions(struct arena *arena, struct plan_list *l, const struct plan_node *b,
                       const struct plan_node *a, bool parse)
{
    const char *filter_b = b->filter ? b->filter : b->join_filter,
               *filter_a = a->filter ? a->filter : a->join_filter;
    const char *index_b = index_condition(b), *index_a = index_condition(a);
    bool moved = false;
    if (!index_b && index_a && filter_b) {
        moved = true;
        if (holds(b, filter_b, a, index_a, parse))
            compare_say(arena, l, "%s is now the index condition",
                        filter_a ? "a part of the filter" : "the filter");
        else
            compare_say(arena, l, "has an index condition instead of %s",
                        filter_a ? "a part of the filter" : "a filter");
    } else if (index_b && !index_a && filter_a) {
        moved = true;
        if (holds(a, filter_a, b, index_b, parse))
            compare_say(arena, l, "the index condition is now %s",
                        filter_b ? "a part of the filter" : "the filter");
        else
            compare_say(arena, l, "has a filter instead of %s",
                        filter_b ? "a part of the index condition" : "an index condition");
    }
    const struct {
        const char *name, *before, *after;
    } each[] = {
        {.name = "index condition", .before = moved ? NULL : index_b, .after = moved ? NULL : index_a},
        {.name = "filter", .before = moved ? NULL : b->filter, .after = moved ? NULL : a->filter},
        {.name = "join filter",
         .before = moved ? NULL : b->join_filter,
         .after = moved ? NULL : a->join_filter},
        {.name = "hash condition",
         .before = b->hash_cond && a->hash_cond ? b->hash_cond : NULL,
         .after = b->hash_cond ? a->hash_cond : NULL},
        {.name = "merge condition",
         .before = b->merge_cond && a->merge_cond ? b->merge_cond : NULL,
         .after = b->merge_cond ? a->merge_cond : NULL},
        {.name = "TID condition", .before = b->tid_cond, .after = a->tid_cond},
        {.name = "one-time filter", .before = b->one_time_filter, .after = a->one_time_filter}};
    for (size_t i = 0; i < ARRAY_LEN(each); i++) {
        const char *before = each[i].before, *after = each[i].after;
        if (str_eq(before, after))
            continue;
        if (!before || !after) {
            compare_say(arena, l, "%s %s", after ? "new" : "no", each[i].name);
            continue;
        }
        struct condition x = condition_of(b, before, parse), y = condition_of(a, after, parse);
        if (strcmp(x.text, y.text) != 0)
            compare_say(arena, l,
                        x.hidden && str_eq(x.hidden, y.hidden) ? "%s with other constants" : "another %s",
                        each[i].name);
        condition_free(&x);
        condition_free(&y);
    }
    if (!diff_same_keys(b, a))
        compare_say(arena, l, "another %s key", b->sort_key.n || a->sort_key.n ? "sort" : "group");
}

static void sorting(const struct plan_node *n, struct strbuf *out)
{
    strbuf_str(out, n->sort_method ? n->sort_method : "sort");
    strbuf_printf(out, " %s", str_eq(n->sort_space_type, "Disk") ? "on disk" : "in memory");
    if (n->sort_space_kb >= 0)
        strbuf_printf(out, " (%s)", compare_figure(UNIT_BYTES, n->sort_space_kb * 1024));
}

static void state(struct arena *arena, struct plan_list *l, const struct plan_node *b,
                  const struct plan_node *a)
{
    if (b->sort_space_type && a->sort_space_type &&
        (!str_eq(b->sort_space_type, a->sort_space_type) || !str_eq(b->sort_method, a->sort_method))) {
        struct strbuf text = {0};
        sorting(b, &text);
        strbuf_str(&text, " -> ");
        sorting(a, &text);
        compare_say(arena, l, "%s", strbuf_text(&text));
        strbuf_free(&text);
    }
    double batches_b = known_or(b->hash_batches, b->hashagg_batches),
           batches_a = known_or(a->hash_batches, a->hashagg_batches);
    if (MAX(batches_b, 1) != MAX(batches_a, 1) && !isnan(batches_b) && !isnan(batches_a))
        compare_say(arena, l, "%s %.0f -> %.0f",
                    isnan(b->hash_batches) ? "batches" : "hash in batches:", MAX(batches_b, 1),
                    MAX(batches_a, 1));
    if (plan_is_gather(b) && plan_is_gather(a)) {
        double now = known_or(a->workers_launched, a->workers_planned),
               was = known_or(b->workers_launched, b->workers_planned);
        if (now != was && !isnan(now) && !isnan(was) &&
            isnan(a->workers_launched) == isnan(b->workers_launched))
            compare_say(arena, l, "workers %.0f -> %.0f", was, now);
    }
}

static void measures(struct plan_diff *d, struct plan_list *l, const struct plan_node *b,
                     const struct plan_node *a)
{
    struct arena *arena = d->arena;
    bool executed = d->before->analyzed && d->after->analyzed;
    if (executed && b->never_executed != a->never_executed) {
        compare_say(arena, l, "%s",
                    a->never_executed ? "is never executed now"
                                      : "is executed now, was never executed before");
        return;
    }
    if (!executed && compare_differ(b->plan_rows, a->plan_rows, EXPECTED_RATIO, 10))
        compare_say(arena, l, "rows expected %s -> %s", amount(UNIT_COUNT, b->plan_rows),
                    amount(UNIT_COUNT, a->plan_rows));
    /* As many rows a loop: only how often it ran changed (once in each process, say). */
    bool oftener = executed && fabs(b->loops - a->loops) > 0 &&
                   !compare_differ(b->loop_rows, a->loop_rows, 1.1, 1) && b->loop_rows >= 1;
    if (oftener)
        compare_say(arena, l, "loops %s -> %s", compare_figure(UNIT_COUNT, b->loops),
                    compare_figure(UNIT_COUNT, a->loops));
    for (size_t i = oftener ? LOOP_FIGURES : 0; executed && i < ARRAY_LEN(figures); i++) {
        double was, now;
        memcpy(&was, (const char *)b + figures[i].offset, sizeof was);
        memcpy(&now, (const char *)a + figures[i].offset, sizeof now);
        bool rows = figures[i].offset == offsetof(struct plan_node, rows);
        if (compare_differ(was, now, figures[i].ratio, figures[i].least))
            compare_say(arena, l, "%s %s -> %s", figures[i].name,
                        rows ? rows_text(b) : amount(figures[i].unit, was),
                        rows ? rows_text(a) : amount(figures[i].unit, now));
    }
    double off_b = b->estimate_factor, off_a = a->estimate_factor;
    if (executed && MAX(off_b, off_a) >= ESTIMATE_LEAST &&
        MAX(off_b, off_a) >= ESTIMATE_RATIO * MIN(off_b, off_a) && isfinite(off_b) && isfinite(off_a))
        compare_say(arena, l, "estimate off by %s -> %s", compare_figure(UNIT_FACTOR, off_b),
                    compare_figure(UNIT_FACTOR, off_a));
}

static void effects(const struct plan_diff *d, struct plan_diff_node *n)
{
    const struct plan_node *b = n->before, *a = n->after;
    n->effect_ns = n->effect_cost = NAN;
    if (d->before->timed && d->after->timed)
        n->effect_ns = (a ? known_or(a->exclusive_ns, 0) : 0) - (b ? known_or(b->exclusive_ns, 0) : 0);
    if ((!a || !isnan(a->cost)) && (!b || !isnan(b->cost)))
        n->effect_cost = (a ? a->cost : 0) - (b ? b->cost : 0);
}

/* The same node with another time: a word only where nothing else explains it. */
static void own_time(struct plan_diff *d, struct plan_list *l, const struct plan_diff_node *n)
{
    const struct plan_node *b = n->before, *a = n->after;
    double most = MAX(known_or(d->before->elapsed_ns, 0), known_or(d->after->elapsed_ns, 0));
    double cost = MAX(known_or(d->before->total_cost, 0), known_or(d->after->total_cost, 0));
    if (!isnan(n->effect_ns)) {
        if (compare_differ(b->exclusive_ns, a->exclusive_ns, TIME_RATIO,
                           MAX(TIME_LEAST_NS, most * SHARE_LEAST)))
            compare_say(d->arena, l, "own time %s -> %s", compare_figure(UNIT_NS, b->exclusive_ns),
                        compare_figure(UNIT_NS, a->exclusive_ns));
    } else if (compare_differ(b->cost, a->cost, TIME_RATIO, MAX(1, cost * SHARE_LEAST))) {
        compare_say(d->arena, l, "own cost %s -> %s", compare_figure(UNIT_COST, b->cost),
                    compare_figure(UNIT_COST, a->cost));
    }
}

/* The first input of a join: its set tells whether the inputs were swapped. */
static uint64_t input_set(const struct diff_side *s, const struct plan_node *join, bool last)
{
    uint64_t set = 0;
    for (const struct plan_node *c = join->child; c; c = c->next)
        if (!diff_is_subplan(c)) {
            set = s->set[c->id - 1];
            if (!last)
                break;
        }
    return set;
}

void diff_describe(struct plan_diff *d, const struct diff_side *before, const struct diff_side *after,
                   struct plan_diff_node *n)
{
    const struct plan_node *b = n->before, *a = n->after;
    struct plan_list l = {0};
    effects(d, n);
    if (!b || !a) {
        n->kind = a ? PLAN_DIFF_ADDED : PLAN_DIFF_REMOVED;
        return;
    }
    if (!same_name(b, a) || !same_place(b, a)) {
        char *was = name_of(b), *now = name_of(a), *from = same_place(b, a) ? mem_strdup("") : place_of(b);
        char *to = same_place(b, a) && !a->index ? mem_strdup("") : place_of(a);
        compare_say(d->arena, &l, "%s%s -> %s%s", was, from, now, to);
        free(was), free(now), free(from), free(to);
    } else if (!str_eq(b->index, a->index) && b->index && a->index) {
        compare_say(d->arena, &l, "index %s -> %s", b->index, a->index);
    }
    if (plan_is_join(b) && plan_is_join(a)) {
        uint64_t first = input_set(before, b, false), second = input_set(before, b, true);
        if (first != second && first == input_set(after, a, true) && second == input_set(after, a, false))
            compare_say(d->arena, &l, "inputs swapped");
    }
    conditions(d->arena, &l, b, a, d->count[PLAN_DIFF_CHANGED] < NODES_PARSED);
    state(d->arena, &l, b, a);
    measures(d, &l, b, a);
    if (!l.n)
        own_time(d, &l, n);
    n->kind = l.n ? PLAN_DIFF_CHANGED : PLAN_DIFF_SAME;
    n->changes = l.items;
    n->n_changes = l.n;
}

/* ---- the whole ---- */

double plan_diff_blocks(const struct plan *p, double *read)
{
    const struct plan_node *root = p->nodes[0];
    *read = root->shared_read;
    return root->shared_hit + root->shared_read;
}

double plan_diff_temp_written(const struct plan *p)
{
    return p->nodes[0]->temp_written;
}

double plan_diff_workers(const struct plan *p)
{
    double all = 0;
    for (size_t i = 0; i < p->n_nodes; i++)
        if (plan_is_gather(p->nodes[i]))
            all += known_or(p->nodes[i]->workers_launched, known_or(p->nodes[i]->workers_planned, 0));
    return all;
}

/* The figure the changes are ranked by. */
static double effect(const struct plan_diff *d, double ns, double cost)
{
    return d->before->timed && d->after->timed ? ns : cost;
}

static void add_change(struct changes *c, const struct plan_diff_node *n, const char *text, double ns,
                       double cost)
{
    c->items = mem_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n++] = (struct plan_diff_change){
        .node = n, .text = arena_strdup(c->d->arena, text), .effect_ns = ns, .effect_cost = cost};
}

static void node_change(struct changes *c, const struct plan_diff_node *n)
{
    struct strbuf b = {0};
    size_t first = 0;
    const struct plan_node *one = n->after ? n->after : n->before;
    if (n->before && n->after && !same_name(n->before, n->after)) {
        plan_node_name(n->before, &b);
        strbuf_str(&b, " -> ");
    }
    plan_node_name(one, &b);
    if (one->relation || one->cte || one->index)
        strbuf_printf(&b, " on %s", one->relation ? one->relation : one->cte ? one->cte : one->index);
    else
        compare_tables(one, &b);
    if (n->kind == PLAN_DIFF_ADDED || n->kind == PLAN_DIFF_REMOVED) {
        strbuf_str(&b, n->kind == PLAN_DIFF_ADDED ? " is new" : " is gone");
    } else {
        first = !same_name(n->before, n->after) && same_place(n->before, n->after); /* it was said just now */
        if (first && n->after->index && !str_eq(n->before->index, n->after->index))
            strbuf_printf(&b, " (%s)", n->after->index);
        for (size_t i = first; i < n->n_changes; i++)
            strbuf_printf(&b, "%s%s", i == first ? ": " : "; ", n->changes[i]);
    }
    add_change(c, n, strbuf_text(&b), n->effect_ns, n->effect_cost);
    strbuf_free(&b);
}

static double triggers(const struct plan *p)
{
    double all = 0;
    for (size_t i = 0; i < p->n_triggers; i++)
        all += known_or(p->triggers[i].total_ns, 0);
    return all;
}

static void whole_changes(struct changes *c)
{
    const struct plan *b = c->d->before, *a = c->d->after;
    size_t joins = 0, added = 0, removed = 0;
    char text[256];
    for (size_t i = 0; i < c->d->n_nodes; i++) {
        const struct plan_diff_node *n = &c->d->nodes[i];
        bool join = plan_is_join(n->after ? n->after : n->before);
        joins += join && n->after;
        added += join && !n->before;
        removed += join && !n->after;
    }
    if (added && added == removed) {
        snprintf(text, sizeof text,
                 "the tables are joined in another order (different tables: %zu of %zu joins)", added, joins);
        add_change(c, NULL, text, NAN, NAN);
    }
    double was = plan_diff_workers(b), now = plan_diff_workers(a);
    if (was != now && b->analyzed == a->analyzed) {
        snprintf(text, sizeof text, "parallel workers %s -> %s", amount(UNIT_COUNT, was),
                 amount(UNIT_COUNT, now));
        add_change(c, NULL, text, NAN, NAN);
    }
    was = known_or(b->jit_ns, 0), now = known_or(a->jit_ns, 0);
    if (b->timed && a->timed && compare_differ(was, now, TIME_RATIO, TIME_LEAST_NS)) {
        snprintf(text, sizeof text, "JIT compilation %s -> %s", amount(UNIT_NS, was), amount(UNIT_NS, now));
        add_change(c, NULL, text, now - was, NAN);
    }
    was = triggers(b), now = triggers(a);
    if (compare_differ(was, now, TIME_RATIO, TIME_LEAST_NS)) {
        snprintf(text, sizeof text, "triggers %s -> %s", amount(UNIT_NS, was), amount(UNIT_NS, now));
        add_change(c, NULL, text, now - was, NAN);
    }
    if (compare_differ(b->planning_ns, a->planning_ns, 2, TIME_LEAST_NS)) {
        snprintf(text, sizeof text, "planning %s -> %s", compare_figure(UNIT_NS, b->planning_ns),
                 compare_figure(UNIT_NS, a->planning_ns));
        add_change(c, NULL, text, a->planning_ns - b->planning_ns, NAN);
    }
}

static int by_rank(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

void compare_rank(struct plan_diff *d)
{
    struct changes c = {.d = d};
    whole_changes(&c);
    for (size_t i = 0; i < d->n_nodes; i++)
        if (d->nodes[i].kind != PLAN_DIFF_SAME)
            node_change(&c, &d->nodes[i]);
    struct ranked *all = mem_array(c.n, sizeof *all);
    for (size_t i = 0; i < c.n; i++) {
        double e = fabs(effect(d, c.items[i].effect_ns, c.items[i].effect_cost));
        all[i] = (struct ranked){
            .change = c.items[i], .rank = isnan(e) ? (c.items[i].node ? 0 : INFINITY) : e, .place = i};
    }
    qsort(all, c.n, sizeof *all, by_rank);
    struct plan_diff_change *items = arena_alloc(d->arena, (c.n + 1) * sizeof *items);
    for (size_t i = 0; i < c.n; i++)
        items[i] = all[i].change;
    d->changes = items;
    d->n_changes = c.n;
    free(all);
    free(c.items);
}
