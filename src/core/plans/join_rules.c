/* join_rules.c - rules about estimates and the joins they decide. */
#include "core/plans/finder.h"

#include <time.h>

/* A wrong estimate matters where it decides: at the nearest join, sort, aggregate or
 * Gather above. */
static const struct plan_node *decided_at(const struct plan_node *n)
{
    for (const struct plan_node *up = n->parent; up; up = up->parent)
        if (plan_is_join(up))
            return up;
    for (const struct plan_node *up = n->parent; up; up = up->parent)
        if (str_eq(up->type, "Sort") || str_eq(up->type, "Aggregate") || plan_is_gather(up))
            return up;
    return NULL;
}

static bool reads_by_index(const struct plan_node *n)
{
    return n->type && (str_starts(n->type, "Index ") || str_starts(n->type, "Bitmap "));
}

/* The time that another plan could change: what is spent at the decision and in its other parts, not in a
 * CTE, an InitPlan or below the node. Of the node itself only where an index gave more rows than planned. */
static double at_stake(const struct plan_finder *f, const struct plan_node *n, const struct plan_node *at)
{
    double ns = f->below[at->id - 1];
    bool apart = false; /* in a CTE or InitPlan below the decision */
    for (const struct plan_node *up = n; up != at && up; up = up->parent)
        apart = apart || plan_is_initplan(up);
    if (n != at && !apart)
        ns -= f->below[n->id - 1];
    else if (n == at)
        ns = 0;
    if (n->estimate_direction > 0 && reads_by_index(n))
        ns += known_or(n->exclusive_ns, 0);
    return MAX(0, ns);
}

/* A guess that no statistics stand behind: of a foreign server, of an extension. */
static bool fixed_guess(const struct plan_node *n)
{
    return plan_is_remote(n) || (!n->relation && !n->child && known_or(n->total_cost, 1) <= 0);
}

static double finite_factor(const struct plan_node *n)
{
    if (isnan(n->estimate_factor))
        return NAN;
    return MAX(1, MAX(n->loop_rows, n->plan_rows)) / MAX(1, MIN(n->loop_rows, n->plan_rows));
}

/* Autovacuum analyses a table once 50 rows and a tenth of them have changed, by default. */
#define STALE_BASE   50.0
#define STALE_SHARE  0.10
#define STALE_FACTOR 3.0 /* an estimate so far off may come of it */

void rule_stale_statistics(struct plan_finder *f, const struct plan_node *n)
{
    const struct sd_table *t = plan_facts_table(f->facts, n);
    if (!t || !sd_known(t->changed) || (f->plan->analyzed && n->estimate_direction < 0 && plan_cut_short(n)))
        return;
    /* Not executed, only the table's own size tells: rows there are against rows believed. */
    double rows = known_or(t->rows, 0), live = sd_known(t->rows_live) ? (double)t->rows_live : NAN;
    double factor = f->plan->analyzed ? finite_factor(n) : MAX(live, rows) / MAX(1, MIN(live, rows));
    for (size_t i = 0; i < f->out->n; i++) /* a table is said once; of dead rows ANALYZE cures nothing */
        if (f->out->items[i].node && str_eq(f->out->items[i].node->relation, n->relation) &&
            (f->out->items[i].rule == f->rule || !strcmp(f->out->items[i].rule->name, "dead_rows") ||
             !strcmp(f->out->items[i].rule->name, "blocks_per_row")))
            return;
    if (!(factor >= STALE_FACTOR))
        return;
    const struct plan_node *at = decided_at(n);
    if (!at)
        at = n;
    struct saving saves =
        f->plan->timed
            ? of_time(f, at_stake(f, n, at) + known_or(n->exclusive_ns, 0))
            : (struct saving){.ns = NAN,
                              .share =
                                  f->plan->total_cost > 0 ? MIN(1, at->total_cost / f->plan->total_cost) : 0,
                              .cost = NAN};
    struct plan_finding *it =
        found(f, n, (double)t->changed / (STALE_BASE + STALE_SHARE * rows), saves, (double)t->changed);
    if (!it)
        return;
    char day[32] = "";
    time_t at_s = sd_known(t->last_analyze) ? (time_t)(t->last_analyze / SD_S) : 0;
    struct tm tm;
    if (sd_known(t->last_analyze) && gmtime_r(&at_s, &tm))
        strftime(day, sizeof day, " on %Y-%m-%d %H:%M UTC", &tm);
    const char *wrong =
        f->plan->analyzed ? SAY("planned %s, got %s", count(f, n->plan_rows), count(f, n->loop_rows))
                          : SAY("the planner expects %s, there are about %s", count(f, rows), count(f, live));
    it->evidence = sd_known(t->last_analyze) ? SAY("%s rows changed since ANALYZE%s (%s rows then); %s",
                                                   count(f, (double)t->changed), day, count(f, rows), wrong)
                                             : SAY("%s rows changed and it was never analysed; %s",
                                                   count(f, (double)t->changed), wrong);
    it->advice =
        SAY("Run ANALYZE %s; if it happens again, lower autovacuum_analyze_scale_factor for the table.",
            where(f, n));
    it->check = "Planned and actual rows of this node differ by less than a factor of 3.";
}

void rule_bad_estimate(struct plan_finder *f, const struct plan_node *n)
{
    double factor = finite_factor(n);
    for (size_t i = 0; i < f->out->n; i++) /* old statistics say why */
        if (f->out->items[i].node && !strcmp(f->out->items[i].rule->name, "stale_statistics") &&
            plan_inside(f->out->items[i].node, n))
            return;
    if (isnan(factor) || (n->estimate_direction < 0 && plan_cut_short(n)) || fixed_guess(n))
        return;
    /* Merge joins read the same inner rows again and count them again. */
    if (n->parent && str_eq(n->parent->type, "Merge Join") && str_eq(n->relationship, "Inner"))
        return;
    for (const struct plan_node *c = n->child; c; c = c->next) /* it began further down */
        if (c->estimate_direction == n->estimate_direction && finite_factor(c) * 3 >= factor)
            return;
    /* Partitions are estimated wrong together: only the first of them is reported. */
    const struct plan_finding *last = f->out->n ? &f->out->items[f->out->n - 1] : NULL;
    if (last && last->rule == f->rule && n->parent && last->node->parent == n->parent && n->parent->type &&
        str_ends(n->parent->type, "Append"))
        return;
    const struct plan_node *at = decided_at(n);
    if (!at && n->estimate_direction < 0)
        return; /* nothing was decided by it */
    if (!at)
        at = n;
    double rows = fabs(n->loop_rows - n->plan_rows) * n->loops;
    struct plan_finding *it = found(f, n, factor, of_time(f, at_stake(f, n, at)), rows);
    if (!it)
        return;
    bool groups = str_eq(n->type, "Aggregate") || str_eq(n->type, "Group") || str_eq(n->type, "Unique");
    it->evidence =
        SAY("planned %s rows, got %s%s: %.0f times %s", count(f, n->plan_rows), n->loops > 1 ? "about " : "",
            count(f, n->loop_rows), factor, n->estimate_direction > 0 ? "more" : "fewer");
    it->advice =
        planner_guess(f, n) ? SAY("The planner took its fixed guess (%s of the rows): it has no statistics "
                                  "for this condition. %s",
                                  planner_guess(f, n), ADVICE_FOR_A_GUESS)
        : n->relation
            ? SAY("Run ANALYZE on %s; if it stays wrong, raise the columns' statistics target or add "
                  "extended statistics (CREATE STATISTICS) for correlated columns.",
                  where(f, n))
        : str_eq(n->type, "Function Scan") || str_eq(n->type, "ProjectSet")
            ? "The planner takes the number of rows from the function's ROWS clause: set it with ALTER "
              "FUNCTION "
              "... ROWS."
        : groups ? "The number of groups is estimated wrong: add extended statistics (CREATE STATISTICS, "
                   "ndistinct) on "
                   "the columns or expressions grouped by."
                 : "Check the conditions below this node: run ANALYZE on their tables, or add extended "
                   "statistics (CREATE STATISTICS) for correlated columns.";
    it->check = "Planned and actual rows of this node differ by less than a factor of 10, and the join above "
                "it may change.";
}

void rule_join_filter(struct plan_finder *f, const struct plan_node *n)
{
    double gone = known_or(n->loop_removed_join, 0) * known_or(n->loops, 0),
           all = gone + known_or(n->rows, 0);
    if (!plan_is_join(n) || all <= 0)
        return;
    struct saving s = own_part(f, n, gone / all);
    const struct plan_node *inner = n->child ? n->child->next : NULL;
    if (f->plan->timed && inner && str_eq(n->type, "Nested Loop"))
        s = of_time(f, known_or(n->exclusive_ns, 0) + known_or(inner->total_ns, 0));
    struct plan_finding *it = found(f, n, gone / all, s, gone);
    if (!it)
        return;
    bool either = n->join_filter && strstr(n->join_filter, " OR ");
    it->evidence = SAY("compared %s pairs of rows to keep %s", count(f, all), count(f, n->rows));
    it->advice =
        either
            ? "The join condition has an OR across tables, so a hash join or an index cannot be used: write "
              "it as a UNION of two joins."
            : "Join by equality on an indexed column of the inner side, so that not every pair is compared.";
    it->check = either ? "Each branch of the UNION joins by Hash Cond or Index Cond."
                       : "The join shows Hash Cond, Merge Cond or an Index Cond inside.";
}

void rule_nested_loop(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan_node *outer = n->child, *inner = NULL;
    while (outer && !str_eq(outer->relationship, "Outer"))
        outer = outer->next;
    for (const struct plan_node *c = n->child; c; c = c->next)
        if (str_eq(c->relationship, "Inner"))
            inner = c;
    if (!str_eq(n->type, "Nested Loop") || !outer || !inner || !(outer->plan_rows >= 0) ||
        inner->never_executed)
        return;
    double planned = MAX(1, outer->plan_rows) * MAX(1, known_or(n->loops, 1)),
           factor = inner->loops / planned;
    struct plan_finding *it = found(f, n, factor, of_time(f, known_or(inner->total_ns, 0)), inner->loops);
    if (!it)
        return;
    it->evidence = SAY("the inner side ran %s times, planned %s: %s", count(f, inner->loops),
                       count(f, planned), time_text(f, inner->total_ns));
    it->advice = "Correct the row estimate of the outer side (ANALYZE, CREATE STATISTICS): a hash join would "
                 "read the inner side once.";
    it->check = "The join becomes a Hash Join, or the inner side runs about as many times as planned.";
}

void rule_or_join(struct plan_finder *f, const struct plan_node *n)
{
    if (!str_eq(n->type, "Nested Loop") || !n->join_filter || !strstr(n->join_filter, " OR ") ||
        known_or(n->loop_removed_join, 0) > 0) /* then join_filter has said it */
        return;
    struct plan_finding *it = found(f, n, 1, own_part(f, n, 1), known_or(n->plan_rows, 0));
    if (!it)
        return;
    it->evidence = "the join condition has an OR, so every pair of rows is compared";
    it->advice = "Write the OR across tables as a UNION of two joins, each by equality.";
    it->check = "Each branch of the UNION joins by Hash Cond or Index Cond.";
}

void rule_subplan_loops(struct plan_finder *f, const struct plan_node *n)
{
    if (!str_eq(n->relationship, "SubPlan"))
        return;
    struct plan_finding *it =
        found(f, n, known_or(n->loops, 0), of_time(f, known_or(n->total_ns, 0)), known_or(n->loops, 0));
    if (!it)
        return;
    it->evidence = SAY("%s ran %s times, once for each row: %s", n->subplan ? n->subplan : "the subquery",
                       count(f, n->loops), time_text(f, n->total_ns));
    it->advice = "Write the subquery as a join (LEFT JOIN, or LATERAL with LIMIT) on rows computed once, or "
                 "give its condition an index.";
    it->check = "The plan has no SubPlan, or it runs few times.";
}

void rule_cross_join(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan_node *outer = n->child, *inner = NULL;
    while (outer && !str_eq(outer->relationship, "Outer"))
        outer = outer->next;
    for (const struct plan_node *c = n->child; c; c = c->next)
        if (str_eq(c->relationship, "Inner"))
            inner = c;
    /* Only what does not depend on the outer row is materialised. */
    if (!str_eq(n->type, "Nested Loop") || n->join_filter || !outer || !inner ||
        !str_eq(inner->type, "Materialize") || !(outer->rows > 1) || !(inner->loop_rows > 1))
        return;
    struct plan_finding *it =
        found(f, n, known_or(n->rows, 0),
              of_time(f, known_or(n->exclusive_ns, 0) + known_or(inner->total_ns, 0)), known_or(n->rows, 0));
    if (!it)
        return;
    it->evidence = SAY("each of %s rows was joined with each of %s rows: %s rows", count(f, outer->rows),
                       count(f, inner->loop_rows), count(f, n->rows));
    it->advice =
        "There is no condition between the two sides. If this is not intended, add the join condition.";
    it->check = "The join shows a condition, or its rows are few.";
}
