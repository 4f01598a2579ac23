/* work_rules.c - rules about what a node does for its rows: blocks, runs, waits. */
#include "base/clock.h"
#include "core/plans/finder.h"
#include "core/plans/row_keeper.h"

static double own_blocks_of(const struct plan_node *n)
{
    if (isnan(n->own_shared_hit) && isnan(n->own_shared_read))
        return NAN;
    return known_or(n->own_shared_hit, 0) + known_or(n->own_shared_read, 0);
}

/* Rows a node handled: what it returned and removed, or what it was given. */
static double rows_handled(const struct plan_node *n)
{
    double given = 0, own = known_or(n->rows, 0) + known_or(n->rows_removed, 0);
    for (const struct plan_node *c = n->child; c; c = c->next)
        given += plan_is_initplan(c) ? 0 : known_or(c->rows, 0);
    return MAX(own, given);
}

static bool scans_a_table(const struct plan_node *n)
{
    return str_eq(n->type, "Seq Scan") || str_eq(n->type, "Index Scan") ||
           str_eq(n->type, "Index Only Scan") || str_eq(n->type, "Bitmap Heap Scan");
}

static const char *dead_rows_text(struct plan_finder *f, const struct plan_node *n)
{
    const struct sd_table *t = plan_facts_table(f->facts, n);
    return t && sd_known(t->rows_dead) && t->rows_dead > 0
               ? SAY("; the statistics count %s dead rows", count(f, (double)t->rows_dead))
               : "";
}

static struct plan_keeper keeper_of(const struct plan_finder *f, const struct plan_node *n)
{
    const struct sd_table *t = plan_facts_table(f->facts, n);
    if (f->facts && f->facts->keeper)
        return *f->facts->keeper;
    return (struct plan_keeper){.who = t ? t->kept_by : NULL, .since = t ? t->kept_since : SD_UNKNOWN};
}

/* " since 12:03:04 (5.0 min)"; nothing for what has no beginning. */
static const char *open_since(struct plan_finder *f, sd_time since)
{
    char when[CLOCK_TEXT_MAX];
    if (!sd_known(since) || since <= 0 || !f->facts || f->facts->now < since)
        return "";
    return SAY(", open since %s (%s)", clock_hms(since, f->facts->now, when),
               time_text(f, (double)(f->facts->now - since)));
}

static void advise_vacuum(struct plan_finder *f, const struct plan_node *n, struct plan_finding *it,
                          const char *before)
{
    struct plan_keeper keeper = keeper_of(f, n);
    if (keeper.who) {
        it->kept_by = SAY("%s%s", keeper.who, open_since(f, keeper.since));
        it->advice = SAY("%sRun VACUUM (ANALYZE) on %s, but it removes no row that died after the oldest "
                         "transaction began. Now that is %s: %s.",
                         before, where(f, n), it->kept_by, row_keeper_cure(keeper.who));
    } else {
        it->advice =
            SAY("%sRun VACUUM (ANALYZE) on %s. If the dead rows stay, an old transaction or slot keeps them: "
                "look for the oldest backend_xmin in pg_stat_activity (view activity), transaction in "
                "pg_prepared_xacts, and xmin in pg_replication_slots (view replication). A table used as a "
                "queue needs autovacuum more often.",
                before, where(f, n));
    }
}

void rule_blocks_per_row(struct plan_finder *f, const struct plan_node *n)
{
    double blocks = own_blocks_of(n), runs = MAX(1, known_or(n->loops, 1));
    double rows = MAX(runs, known_or(n->rows, 0) + known_or(n->rows_removed, 0));
    if (!f->plan->analyzed || !scans_a_table(n) || isnan(blocks))
        return;
    struct saving saves = f->plan->timed ? own_part(f, n, 1 - rows / MAX(rows, blocks))
                                         : (struct saving){.ns = NAN, .share = n->cost_share, .cost = NAN};
    struct plan_finding *it = found(f, n, blocks / rows, saves, blocks);
    if (!it)
        return;
    it->evidence =
        SAY("%s blocks were read for %s%s", count(f, blocks),
            rows_text(f, known_or(n->rows, 0) + known_or(n->rows_removed, 0)), dead_rows_text(f, n));
    advise_vacuum(f, n, it,
                  n->index_cond
                      ? "Dead rows stand before the live ones, or the index's first column is not in "
                        "the condition. "
                      : "");
    it->check = "The blocks of this node are about as many as its rows.";
}

/* Only a server can tell: more of the table is dead than alive. */
void rule_dead_rows(struct plan_finder *f, const struct plan_node *n)
{
    const struct sd_table *t = scans_a_table(n) ? plan_facts_table(f->facts, n) : NULL;
    if (!t || !sd_known(t->rows_dead) || !sd_known(t->rows_live) || t->rows_dead < t->rows_live)
        return;
    for (size_t i = 0; i < f->out->n; i++)
        if (f->out->items[i].node && str_eq(f->out->items[i].node->relation, n->relation) &&
            (f->out->items[i].rule == f->rule || !strcmp(f->out->items[i].rule->name, "blocks_per_row")))
            return;
    double dead = (double)t->rows_dead, live = (double)t->rows_live;
    struct plan_finding *it =
        found(f, n, dead / MAX(1, live), own_part(f, n, dead / MAX(1, dead + live)), dead);
    if (!it)
        return;
    it->evidence = SAY("the statistics count %s dead rows and %s live ones", count(f, dead), count(f, live));
    advise_vacuum(f, n, it, "");
    it->check = "The table has few dead rows (n_dead_tup), and the node reads fewer blocks.";
}

/* ---- waits ---- */

#define BLOCKS_A_ROW_WRITTEN 1000.0 /* more is work, not a wait */

static double triggers_ns(const struct plan *p)
{
    double ns = 0;
    for (size_t i = 0; i < p->n_triggers; i++)
        ns += known_or(p->triggers[i].total_ns, 0);
    return ns;
}

/* A row written or locked takes microseconds, unless another transaction has it. */
void rule_waited(struct plan_finder *f, const struct plan_node *n)
{
    double rows = MAX(1, rows_handled(n)), blocks = known_or(own_blocks_of(n), 0);
    double ns = known_or(n->exclusive_ns, 0) - triggers_ns(f->plan) - known_or(n->own_io_ns, 0);
    if (!f->plan->timed || !(plan_is_modify(n) || str_eq(n->type, "LockRows")) || ns <= 0 ||
        blocks > BLOCKS_A_ROW_WRITTEN * rows)
        return;
    struct plan_finding *it = found(f, n, ns / rows, of_time(f, ns), ns / rows);
    if (!it)
        return;
    it->evidence = SAY("%s for %s%s: it waited", time_text(f, ns), rows_text(f, rows),
                       isnan(own_blocks_of(n)) ? "" : SAY(" and %s blocks", count(f, blocks)));
    it->advice =
        "It probably waited for a lock that another transaction had: look at who blocks while it runs "
        "(view activity), or set log_lock_waits. A function called for each row takes such time as well.";
    it->check = "The time of this node is below a millisecond a row.";
}

/* ---- runs ---- */

static bool explained_inside(const struct plan_finder *f, const struct plan_node *top)
{
    for (size_t i = 0; i < f->out->n; i++)
        if (f->out->items[i].node && plan_inside(f->out->items[i].node, top) &&
            f->out->items[i].saves_ns >= known_or(top->total_ns, 0) * 0.5)
            return true;
    return false;
}

/* Each run is short, and as often as planned; they add up all the same. */
void rule_inner_runs(struct plan_finder *f, const struct plan_node *n)
{
    if (!n->parent || !str_eq(n->parent->type, "Nested Loop") || !str_eq(n->relationship, "Inner") ||
        !(n->loops >= f->rule->info) || !f->plan->timed ||
        !(known_or(n->total_ns, 0) >= f->rule->floor_share * f->plan->elapsed_ns) ||
        explained_inside(f, n->parent))
        return;
    struct plan_finding *it =
        found(f, n, n->loops, of_time(f, MIN(known_or(n->total_ns, 0), known_or(n->parent->total_ns, 0))),
              n->loops);
    if (!it)
        return;
    double blocks = known_or(n->shared_hit, 0) + known_or(n->shared_read, 0);
    it->evidence =
        SAY("it ran %s times, %s each%s: %s", count(f, n->loops), time_text(f, n->loop_total_ns),
            blocks > 0 ? SAY(", %s blocks in all", count(f, blocks)) : "", time_text(f, n->total_ns));
    it->advice =
        "Reduce the rows of the outer side before this join. If it stays that large, a hash join reads "
        "the inner side once: check its row estimate, work_mem, and random_page_cost.";
    it->check = "The inner side runs fewer times, or the join is a Hash Join.";
}

/* For a LIMIT, the order of an index saves the sort and the rest of the rows. */
static bool read_in_order_for_few(const struct plan_node *n)
{
    for (n = n->parent; n && !str_eq(n->type, "Sort") && !plan_is_join(n); n = n->parent)
        if (str_eq(n->type, "Limit"))
            return true;
    return false;
}

/* An index is read from end to end, for its order alone. */
void rule_index_walk(struct plan_finder *f, const struct plan_node *n)
{
    double read = f->plan->analyzed ? known_or(n->rows, 0) + known_or(n->rows_removed, 0) : n->plan_rows;
    if (!(str_eq(n->type, "Index Scan") || str_eq(n->type, "Index Only Scan")) || n->index_cond ||
        n->order_by)
        return;
    if (read_in_order_for_few(n) || plan_explained(f->plan, f->out, n))
        return;
    struct plan_finding *it = found(f, n, read, own_part(f, n, 1), read);
    if (!it)
        return;
    it->evidence =
        SAY("%s is read from end to end, without a condition: %s rows%s", n->index ? n->index : "the index",
            count(f, read), str_eq(n->type, "Index Scan") ? ", each looked up in the table" : "");
    it->advice = "The index serves only the order. Restrict the rows by an indexed column, or read the table "
                 "sequentially and sort: raise work_mem, and check random_page_cost.";
    it->check = "The scan has an Index Cond, or is a Seq Scan below a Sort or Hash.";
}

void rule_or_subquery(struct plan_finder *f, const struct plan_node *n)
{
    if (!plan_is_scan(n) || !n->filter || !strstr(n->filter, " OR ") || !strstr(n->filter, "SubPlan ") ||
        n->index_cond || n->recheck_cond)
        return;
    double rows = f->plan->analyzed ? known_or(n->rows, 0) + known_or(n->rows_removed, 0) : n->plan_rows;
    struct plan_finding *it = found(f, n, 1, own_part(f, n, 1), known_or(rows, 0));
    if (!it)
        return;
    it->evidence = "the filter is an OR with a subquery, so no index can be used and every row is read";
    it->advice =
        "Write it as a UNION of two queries, one for each side of the OR, so that an index can serve each.";
    it->check = "Each branch of the UNION has an Index Cond, a Hash Cond or a join.";
}

/* ---- BRIN ---- */

#define BRIN_ROWS_A_PAGE 10.0 /* what its bitmap scan reports (bringetbitmap) */

/* Only whole blocks, and ten rows for each: no bitmap that ran out of memory looks so. */
bool plan_reads_block_ranges(const struct plan_node *n)
{
    double rows = 0;
    if (!str_eq(n->type, "Bitmap Heap Scan") || known_or(n->exact_blocks, 0) > 0 || !(n->lossy_blocks > 0))
        return false;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        double each = str_eq(c->type, "Bitmap Index Scan") ? known_or(c->loop_rows, 0) : NAN;
        if (isnan(each) || fmod(each, BRIN_ROWS_A_PAGE) != 0)
            return false;
        rows += each;
    }
    return rows >= n->lossy_blocks * BRIN_ROWS_A_PAGE / MAX(1, known_or(n->loops, 1));
}

void rule_block_ranges(struct plan_finder *f, const struct plan_node *n)
{
    double gone = known_or(n->loop_removed_recheck, 0) * known_or(n->loops, 0),
           read = gone + known_or(n->rows, 0);
    if (!plan_reads_block_ranges(n) || !(read > 0))
        return;
    struct plan_finding *it = found(f, n, gone / read, own_part(f, n, gone / read), gone);
    if (!it)
        return;
    it->evidence = SAY("the BRIN index gave %s blocks, %s of %s rows in them do not match",
                       count(f, n->lossy_blocks), share_text(f, gone / read), count(f, read));
    it->advice =
        SAY("A BRIN index only tells ranges of blocks: give it a smaller pages_per_range, keep %s in the "
            "order of the column (CLUSTER), or use a B-tree index. work_mem changes nothing.",
            where(f, n));
    it->check = "Rows Removed by Index Recheck is small.";
}
