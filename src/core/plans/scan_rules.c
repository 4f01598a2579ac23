/* scan_rules.c - rules about how rows are read: filters, indexes, order, partitions. */
#include "core/plans/finder.h"

#define SEQ_SCAN_INFO_SHARE 0.25 /* below the limit of a warning only where much is at stake */

/* Without a scan of the whole table there is nothing to share out among workers: what
 * gathering them costs goes with it. */
static void add_gathering(const struct plan_finder *f, const struct plan_node *n, struct plan_finding *it)
{
    double ns = 0, share = 0;
    for (const struct plan_node *up = n->parent; up && n->parallel_aware == 1; up = up->parent) {
        ns += known_or(up->exclusive_ns, 0);
        share += known_or(up->cost_share, 0);
        if (!plan_is_gather(up))
            continue;
        if (f->plan->timed) {
            struct saving all = of_time(f, it->saves_ns + ns);
            it->saves_ns = all.ns;
            it->saves_share = all.share;
        } else {
            it->saves_share = MIN(1, it->saves_share + share);
        }
        return;
    }
}

void rule_seq_scan_filter(struct plan_finder *f, const struct plan_node *n)
{
    struct plan_scanned s;
    if (!str_eq(n->type, "Seq Scan") || !n->filter || !plan_scanned(f->plan, n, f->facts, &s) || s.read <= 0)
        return;
    double removed = (s.read - s.kept) / s.read;
    struct saving saves = own_part(f, n, removed);
    if (removed < f->rule->warn && !(saves.share >= SEQ_SCAN_INFO_SHARE))
        return;
    struct plan_finding *it = found(f, n, removed, saves, s.read - s.kept);
    if (!it)
        return;
    add_gathering(f, n, it);
    if (f->plan->analyzed)
        it->evidence = SAY("read %s rows to keep %s (%s removed)%s%s", count(f, s.read), count(f, s.kept),
                           share_text(f, removed), f->plan->timed ? ", " : "",
                           f->plan->timed ? time_text(f, n->exclusive_ns) : "");
    else
        it->evidence =
            SAY("expects to read %s%s rows to keep %s (%s removed)", s.lower_bound ? "at least " : "",
                count(f, s.read), count(f, s.kept), share_text(f, removed));
    it->advice = removed >= f->rule->warn
                     ? SAY("Create an index on %s for this filter, so that only the matching rows are read.",
                           where(f, n))
                     : SAY("An index gains little when so many rows of %s match: filter more, or use an "
                           "index that contains all needed columns.",
                           where(f, n));
    it->check = "The plan shows an Index Scan or Bitmap Heap Scan here, and far fewer blocks are read.";
}

void rule_index_filter(struct plan_finder *f, const struct plan_node *n)
{
    bool index = str_eq(n->type, "Index Scan") || str_eq(n->type, "Index Only Scan") ||
                 str_eq(n->type, "Bitmap Heap Scan");
    double gone = known_or(n->loop_removed_filter, 0) * known_or(n->loops, 0),
           read = gone + known_or(n->rows, 0);
    if (!index || !n->filter || read <= 0)
        return;
    struct plan_finding *it = found(f, n, gone / read, own_part(f, n, gone / read), gone);
    if (!it)
        return;
    bool walked = !n->index_cond && !n->recheck_cond && !n->order_by;
    it->evidence = SAY("%s %s rows, the filter then removed %s of them",
                       walked ? "the index is read from end to end, without a condition:" : "the index found",
                       count(f, read), share_text(f, gone / read));
    it->advice = SAY("Use an index on %s that also contains the columns of the filter.", where(f, n));
    it->check = "The filter's condition moves into Index Cond, and Rows Removed by Filter is small.";
}

void rule_order_index(struct plan_finder *f, const struct plan_node *n)
{
    if (!(str_eq(n->type, "Index Scan") || str_eq(n->type, "Index Only Scan")) || n->index_cond || !n->filter)
        return;
    const struct plan_node *up = n->parent;
    while (up && !str_eq(up->type, "Limit") && !str_eq(up->type, "Sort") && !plan_is_join(up))
        up = up->parent;
    if (!up || !str_eq(up->type, "Limit"))
        return;
    double gone = known_or(n->loop_removed_filter, 0) * known_or(n->loops, 0),
           read = gone + known_or(n->rows, 0);
    struct plan_finding *it = found(f, n, read > 0 ? gone / read : 0, own_part(f, n, 1), gone);
    if (!it)
        return;
    it->evidence = SAY("%s is used only for the order: %s rows were read and removed to keep %s",
                       n->index ? n->index : "the index", count(f, gone), count(f, n->rows));
    it->advice =
        SAY("Create an index on %s with the columns of the filter first and the ORDER BY columns after them.",
            where(f, n));
    it->check = "The new index appears with an Index Cond, and Rows Removed by Filter is small.";
}

void rule_heap_fetches(struct plan_finder *f, const struct plan_node *n)
{
    double rows = known_or(n->rows, 0) + known_or(n->rows_removed, 0), fetches = known_or(n->heap_fetches, 0);
    if (rows <= 0)
        return;
    struct plan_finding *it = found(f, n, fetches / rows, own_part(f, n, MIN(1, fetches / rows)), fetches);
    if (!it)
        return;
    it->evidence = SAY("%s of %s rows had to be read from the table", count(f, fetches), count(f, rows));
    it->advice =
        SAY("Run VACUUM on %s (and make autovacuum run more often): the visibility map is out of date.",
            where(f, n));
    it->check = "Heap Fetches is near 0.";
}

void rule_lossy_bitmap(struct plan_finder *f, const struct plan_node *n)
{
    double lossy = known_or(n->lossy_blocks, 0), all = lossy + known_or(n->exact_blocks, 0);
    if (all <= 0 || plan_reads_block_ranges(n))
        return;
    struct plan_finding *it = found(f, n, lossy / all, own_part(f, n, lossy / all), lossy);
    if (!it)
        return;
    it->evidence = SAY("%s of %s blocks were lossy, %s rows were checked and removed", count(f, lossy),
                       count(f, all), count(f, known_or(n->loop_removed_recheck, 0) * n->loops));
    /* A page's entry takes some 48 bytes of the bitmap; bounded like every such target. */
    it->advice = SAY("Raise work_mem for this query (about %.0f MB holds the bitmap exactly), or use a more "
                     "selective index.",
                     MIN(1024, MAX(4, ceil(all * 64 / 1048576))));
    it->check = "Heap Blocks shows exact blocks only.";
}

void rule_large_offset(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan_node *c = n->child;
    while (c && plan_is_initplan(c))
        c = c->next;
    if (!str_eq(n->type, "Limit") || !c || isnan(c->rows) || isnan(n->rows))
        return;
    double skipped = c->rows - n->rows;
    if (skipped <= 0 || (n->rows <= 0 && !(n->plan_rows > 1)))
        return;
    double factor = c->rows / MAX(1, n->rows);
    struct plan_finding *it =
        found(f, n, factor, of_time(f, known_or(c->total_ns, 0) * skipped / c->rows), skipped);
    if (!it)
        return;
    it->evidence =
        SAY("%s rows were computed and skipped to return %s", count(f, skipped), count(f, n->rows));
    it->advice =
        "Page by key instead of OFFSET: WHERE (sort columns) > (last row seen) ORDER BY ... LIMIT n.";
    it->check = "The node below LIMIT returns no more rows than LIMIT itself, on every page.";
}

/* Rows computed by a CTE, function or subquery and then removed by a filter. */
void rule_late_filter(struct plan_finder *f, const struct plan_node *n)
{
    bool cte = str_eq(n->type, "CTE Scan"), function = str_eq(n->type, "Function Scan");
    bool subquery = str_eq(n->type, "Subquery Scan") && n->child && !str_eq(n->child->type, "WindowAgg");
    double gone = known_or(n->loop_removed_filter, 0) * known_or(n->loops, 0),
           all = gone + known_or(n->rows, 0);
    bool custom = n->type && str_starts(n->type, "Custom Scan"); /* its filter may have another name */
    if ((!cte && !function && !subquery && !custom) || (!n->filter && !custom) || all <= 0)
        return;
    struct plan_finding *it =
        found(f, n, gone / all, of_time(f, known_or(n->total_ns, 0) * gone / all), gone);
    if (!it)
        return;
    it->evidence = SAY("%s rows were computed, then the filter removed %s of them", count(f, all),
                       share_text(f, gone / all));
    it->advice =
        cte ? SAY("Put the filter inside %s, or let the planner do it: WITH %s AS NOT MATERIALIZED.",
                  where(f, n), where(f, n))
        : custom
            ? SAY("Let the extension store %s so that the filter can skip whole parts: in the order of the "
                  "filter's column, or divided by it (TimescaleDB: compress_orderby, compress_segmentby).",
                  where(f, n))
        : function
            ? "Pass the condition to the function as an argument, so that it returns only the matching rows."
            : "Move the condition into the subquery.";
    it->check = "Rows Removed by Filter is small here, and the nodes below return fewer rows.";
}

void rule_empty_partitions(struct plan_finder *f, const struct plan_node *n)
{
    double ran = 0, empty = 0, ns = 0;
    if (!str_eq(n->type, "Append") && !str_eq(n->type, "Merge Append"))
        return;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        if (plan_is_initplan(c) || c->never_executed)
            continue;
        ran++;
        if (known_or(c->rows, 1) <= 0) {
            empty++;
            ns += known_or(c->total_ns, 0);
        }
    }
    struct plan_finding *it =
        found(f, n, ran > 0 ? empty / ran : 0, of_time(f, MIN(ns, known_or(n->total_ns, 0))), empty);
    if (!it)
        return;
    it->evidence = SAY("%s of %s partitions were read and returned no row: %s", count(f, empty),
                       count(f, ran), time_text(f, ns));
    it->advice = "Put a condition on the partition key, compared with a constant or parameter of its own "
                 "type, so that partitions "
                 "without such rows are not read.";
    it->check = "Fewer partitions appear below the Append, or Subplans Removed counts them.";
}

void rule_disabled_node(struct plan_finder *f, const struct plan_node *n)
{
    double below = 0;
    for (const struct plan_node *c = n->child; c; c = c->next)
        below += known_or(c->total_cost, 0);
    bool off = n->disabled == 1 || known_or(n->total_cost, 0) - below >= 0.9e10; /* up to 17 a cost of 1e10 */
    struct saving saves =
        f->plan->timed ? own_part(f, n, 1) : (struct saving){.ns = NAN, .share = 0, .cost = NAN};
    struct plan_finding *it = found(f, n, off, saves, off);
    if (!it)
        return;
    it->evidence = SAY("this type of node is disabled, but there was no other plan%s",
                       f->plan->timed ? SAY(": %s here (%s), %s rows", time_text(f, n->exclusive_ns),
                                            share_text(f, n->exclusive_share), count(f, n->rows))
                                      : SAY("; it expects %s rows", count(f, n->plan_rows)));
    it->advice =
        "An enable_... setting is off (see Settings): turn it on again to see the plan of normal operation.";
    it->check = "No node is Disabled, and no cost is above 10,000,000,000.";
}

void rule_index_searches(struct plan_finder *f, const struct plan_node *n)
{
    double searches = known_or(n->index_searches, 0), loops = known_or(n->loops, 0);
    if (loops <= 0)
        return;
    struct plan_finding *it = found(f, n, searches / loops, own_part(f, n, 1), searches);
    if (!it)
        return;
    it->evidence = SAY("the index was searched %s times in %s", count(f, searches),
                       loops > 1 ? SAY("%s runs", count(f, loops)) : "one run");
    it->advice =
        SAY("The reason is a long IN list, or an index whose first column is not in the condition: create an "
            "index on %s that begins with the columns of the condition, or join with the list.",
            where(f, n));
    it->check = "Index Searches is about the number of loops.";
}
