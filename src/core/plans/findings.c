#include "core/plans/findings.h"

#include <stdlib.h>
#include <time.h>

#define BLOCK           8192.0
#define WORK_MEM_MAX_KB (1024.0 * 1024) /* never advise more than 1 GiB for one sort or hash */

struct plan_finder {
    struct plan *plan;
    const struct plan_facts *facts;
    const struct plan_rule *rule;
    struct plan_findings *out;
};

/* ---- figures for sentences ---- */

static const char *count(struct plan_finder *f, double v)
{
    char buf[UNIT_TEXT_MAX];
    return arena_strdup(f->plan->arena, unit_format(UNIT_COUNT, v, buf));
}

static const char *time_text(struct plan_finder *f, double ns)
{
    char buf[UNIT_TEXT_MAX];
    return arena_strdup(f->plan->arena, unit_format(UNIT_NS, ns, buf));
}

static const char *share_text(struct plan_finder *f, double share)
{
    char buf[UNIT_TEXT_MAX];
    if (share < 1 && share >= 0.9995) /* nearly all is not all */
        return ">99.9 %";
    return arena_strdup(f->plan->arena, unit_format(UNIT_SHARE, share, buf));
}

static const char *bytes(struct plan_finder *f, double v)
{
    char buf[UNIT_TEXT_MAX];
    return arena_strdup(f->plan->arena, unit_format(UNIT_BYTES, v, buf));
}

static double known_or(double v, double fallback)
{
    return isnan(v) ? fallback : v;
}

static enum severity grade(const struct plan_rule *r, double measure)
{
    return measure >= r->bad    ? SEVERITY_BAD
           : measure >= r->warn ? SEVERITY_WARN
           : measure >= r->info ? SEVERITY_INFO
                                : SEVERITY_NONE;
}

/* What a node could save at most: `ns` of time, or `cost_share` of the plan's cost. */
struct saving {
    double ns, share;
};

static struct saving of_time(const struct plan_finder *f, double ns)
{
    return (struct saving){ns, f->plan->elapsed_ns > 0 ? MIN(1, ns / f->plan->elapsed_ns) : NAN};
}

static struct saving own_part(const struct plan_finder *f, const struct plan_node *n, double part)
{
    if (f->plan->timed)
        return of_time(f, known_or(n->exclusive_ns, 0) * part);
    return (struct saving){NAN, known_or(n->cost_share, 0) * part};
}

/* The finding when it passes its limits and floors; NULL otherwise. */
static struct plan_finding *found(struct plan_finder *f, const struct plan_node *n, double measure,
                                  struct saving s, double amount)
{
    const struct plan_rule *r = f->rule;
    enum severity severity = grade(r, measure);
    if (severity == SEVERITY_NONE || !(s.share >= r->floor_share) || amount < r->floor_amount)
        return NULL;
    if (f->plan->timed && r->floor_ns > 0 && !(s.ns >= r->floor_ns))
        return NULL;
    f->out->items = mem_grow(f->out->items, f->out->n, &f->out->cap, sizeof *f->out->items);
    struct plan_finding *it = &f->out->items[f->out->n++];
    *it = (struct plan_finding){
        .rule = r, .severity = severity, .node = n, .saves_ns = s.ns, .saves_share = s.share};
    return it;
}

#define SAY(...) arena_printf(f->plan->arena, __VA_ARGS__)

static const char *where(struct plan_finder *f, const struct plan_node *n)
{
    struct strbuf b = {0};
    if (n->schema && n->relation && !str_eq(n->schema, "public"))
        strbuf_printf(&b, "%s.", n->schema);
    strbuf_str(&b, n->relation ? n->relation : n->cte ? n->cte : n->index ? n->index : "this node");
    const char *s = arena_strdup(f->plan->arena, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}

/* ---- facts ---- */

const struct sd_table *plan_facts_table(const struct plan_facts *facts, const struct plan_node *n)
{
    const struct sd_table *only = NULL;
    for (size_t i = 0; facts && n->relation && i < facts->n_tables; i++) {
        const struct sd_table *t = facts->tables[i];
        if (!str_eq(t->name, n->relation) || (n->schema && t->schema && !str_eq(t->schema, n->schema)))
            continue;
        if (only) /* two schemas have it and the plan does not say which */
            return NULL;
        only = t;
    }
    return only;
}

/* A page costs 1, a row 0.01 and a condition 0.0025 by default: with rows of at most
 * 1 kB no table has fewer rows than this per unit of a scan's cost. */
#define ROWS_PER_COST 6.0

bool plan_scanned(const struct plan *p, const struct plan_node *n, const struct plan_facts *facts,
                  struct plan_scanned *out)
{
    if (p->analyzed) {
        if (n->never_executed || isnan(n->rows))
            return false;
        *out = (struct plan_scanned){.read = n->rows + known_or(n->loop_removed_filter, 0) * n->loops,
                                     .kept = n->rows};
        return true;
    }
    const struct sd_table *t = plan_facts_table(facts, n);
    if (isnan(n->plan_rows))
        return false;
    out->kept = n->plan_rows;
    out->lower_bound = false;
    double divisor = 1;
    for (const struct plan_node *up = n; up && n->parallel_aware == 1; up = up->parent) {
        if (plan_is_gather(up) && up->workers_planned > 0) {
            /* The planner's parallel divisor: the leader helps less the more workers there are. */
            divisor = up->workers_planned + MAX(0, 1 - 0.3 * up->workers_planned);
            break;
        }
    }
    out->kept *= divisor;
    if (t && t->rows > 0) {
        out->read = t->rows;
        return true;
    }
    if (isnan(n->total_cost) || n->total_cost >= 1e9) /* 1e10: a scan switched off */
        return false;
    out->read = MAX(out->kept, n->total_cost * ROWS_PER_COST);
    out->lower_bound = true;
    return true;
}

/* ---- the rules ---- */

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

static void seq_scan_filter(struct plan_finder *f, const struct plan_node *n)
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
    it->advice =
        removed >= f->rule->warn
            ? SAY("Give %s an index for this filter, so that only the rows wanted are read.", where(f, n))
            : SAY("A plain index gains little where so many rows of %s are kept: filter more, or use an "
                  "index "
                  "that covers the columns needed.",
                  where(f, n));
    it->check = "The plan shows an Index Scan or Bitmap Heap Scan here, and far fewer blocks are touched.";
}

/* A wrong estimate matters where it decides: at the nearest join, sort, aggregate or
 * Gather above. All the time spent there, less what ran below the node, is at stake. */
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

static void stale_statistics(struct plan_finder *f, const struct plan_node *n)
{
    const struct sd_table *t = plan_facts_table(f->facts, n);
    if (!t || !sd_known(t->changed) || (f->plan->analyzed && n->estimate_direction < 0 && plan_cut_short(n)))
        return;
    /* Not executed, only the table's own size tells: rows there are against rows believed. */
    double rows = known_or(t->rows, 0), live = sd_known(t->rows_live) ? (double)t->rows_live : NAN;
    double factor = f->plan->analyzed ? finite_factor(n) : MAX(live, rows) / MAX(1, MIN(live, rows));
    for (size_t i = 0; i < f->out->n; i++) /* a table is said once */
        if (f->out->items[i].rule == f->rule && f->out->items[i].node &&
            str_eq(f->out->items[i].node->relation, n->relation))
            return;
    if (!(factor >= STALE_FACTOR))
        return;
    const struct plan_node *at = decided_at(n);
    if (!at)
        at = n;
    struct saving saves =
        f->plan->timed ? of_time(f, known_or(at->total_ns, 0))
                       : (struct saving){
                             NAN, f->plan->total_cost > 0 ? MIN(1, at->total_cost / f->plan->total_cost) : 0};
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
        f->plan->analyzed
            ? SAY("planned %s, got %s", count(f, n->plan_rows), count(f, n->loop_rows))
            : SAY("the planner counts with %s, there are about %s", count(f, rows), count(f, live));
    it->evidence = sd_known(t->last_analyze) ? SAY("%s rows changed since ANALYZE%s (%s rows then); %s",
                                                   count(f, (double)t->changed), day, count(f, rows), wrong)
                                             : SAY("%s rows changed and it was never analysed; %s",
                                                   count(f, (double)t->changed), wrong);
    it->advice =
        SAY("Run ANALYZE %s; if it happens again, lower autovacuum_analyze_scale_factor for the table.",
            where(f, n));
    it->check = "Planned and actual rows of this node lie within a factor of 3.";
}

static void bad_estimate(struct plan_finder *f, const struct plan_node *n)
{
    double factor = finite_factor(n);
    for (size_t i = 0; i < f->out->n; i++) /* old statistics say why */
        if (f->out->items[i].node && !strcmp(f->out->items[i].rule->name, "stale_statistics") &&
            plan_inside(f->out->items[i].node, n))
            return;
    if (isnan(factor) || (n->estimate_direction < 0 && plan_cut_short(n)))
        return;
    /* Merge joins read the same inner rows again and count them again. */
    if (n->parent && str_eq(n->parent->type, "Merge Join") && str_eq(n->relationship, "Inner"))
        return;
    for (const struct plan_node *c = n->child; c; c = c->next) /* it began further down */
        if (c->estimate_direction == n->estimate_direction && finite_factor(c) * 3 >= factor)
            return;
    /* Partitions are estimated wrong together: the first of them speaks for all. */
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
    /* What ran below the node was not decided by its estimate. */
    double below = known_or(n->total_ns, 0) - known_or(n->exclusive_ns, 0);
    struct plan_finding *it =
        found(f, n, factor, of_time(f, MAX(0, known_or(at->total_ns, 0) - below)), rows);
    if (!it)
        return;
    bool groups = str_eq(n->type, "Aggregate") || str_eq(n->type, "Group") || str_eq(n->type, "Unique");
    it->evidence =
        SAY("planned %s rows, got %s%s: %.0f times %s", count(f, n->plan_rows), n->loops > 1 ? "about " : "",
            count(f, n->loop_rows), factor, n->estimate_direction > 0 ? "more" : "fewer");
    it->advice =
        n->relation ? SAY("Run ANALYZE on %s; if it stays wrong, raise the columns' statistics target or add "
                          "extended statistics (CREATE STATISTICS) for columns that go together.",
                          where(f, n))
        : groups    ? "The number of groups is estimated wrong: add extended statistics (CREATE STATISTICS, "
                      "ndistinct) on "
                      "the columns or expressions grouped by."
                    : "Look at the conditions below this node: ANALYZE their tables, or add extended "
                      "statistics (CREATE STATISTICS) for columns that go together.";
    it->check =
        "Planned and actual rows of this node lie within a factor of 10, and the join above may change.";
}

static double disk_bytes(const struct plan_node *n, bool *worker)
{
    double most = str_eq(n->sort_space_type, "Disk") ? known_or(n->sort_space_kb, 0) * 1024 : 0;
    *worker = false;
    for (size_t i = 0; i < n->n_workers; i++) {
        const struct plan_worker *w = &n->workers[i];
        if (str_eq(w->sort_space_type, "Disk") && known_or(w->sort_space_kb, 0) * 1024 > most) {
            most = w->sort_space_kb * 1024;
            *worker = true;
        }
    }
    return most;
}

static void sort_disk(struct plan_finder *f, const struct plan_node *n)
{
    bool worker;
    double disk = disk_bytes(n, &worker);
    struct plan_finding *it = found(f, n, disk, own_part(f, n, 1), disk);
    if (!it)
        return;
    it->evidence = SAY("%s on disk, %s%s", n->sort_method ? n->sort_method : "sorted", bytes(f, disk),
                       worker ? " in one worker" : "");
    /* In memory tuples take two to three times the room of a tape. */
    double need = MAX(4096, ceil(disk / 1024 * 3 / 1024) * 1024);
    it->advice =
        need <= WORK_MEM_MAX_KB
            ? SAY("Raise work_mem for this query (SET LOCAL work_mem = '%.0fMB'), sort fewer or narrower "
                  "rows, or add an index that gives this order.",
                  need / 1024)
            : "Sort fewer or narrower rows, or add an index that gives this order: this is too much for "
              "memory.";
    it->check = "Sort Method reads quicksort or top-N heapsort, with Memory instead of Disk.";
}

/* The statement is known to write temporary files, the plan only shows where it could:
 * the sort, hash or materialisation with the greatest cost. */
static void spill_known(struct plan_finder *f, const struct plan_node *n)
{
    static const char *const spillers[] = {"Sort",      "Incremental Sort", "Hash",        "Hash Join",
                                           "Aggregate", "HashAggregate",    "Materialize", "WindowAgg",
                                           "SetOp",     "CTE Scan",         NULL};
    const struct plan *p = f->plan;
    double written = f->facts ? f->facts->temp_bytes_per_call : 0;
    if (p->analyzed || n || !(written > 0))
        return;
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *m = p->nodes[i];
        bool sorts = m->type && strstr(m->type, "Sort");
        if (!m->type || str_find(spillers, m->type) < 0)
            continue;
        /* A sort spills before anything else does; the node above only passes it on. */
        bool better = !n || (sorts && !strstr(n->type, "Sort")) ||
                      (sorts == (strstr(n->type, "Sort") != NULL) &&
                       known_or(m->cost_share, 0) > known_or(n->cost_share, 0));
        if (better)
            n = m;
    }
    if (!n)
        return;
    struct plan_finding *it = found(f, n, written, own_part(f, n, 1), written);
    if (!it)
        return;
    it->evidence =
        SAY("the server counted %s of temporary files a call; most likely here", bytes(f, written));
    double need = MAX(4096, ceil(written / 1024 * 3 / 1024) * 1024);
    it->advice =
        need <= WORK_MEM_MAX_KB
            ? SAY("Raise work_mem for this query (SET LOCAL work_mem = '%.0fMB'), handle fewer or narrower "
                  "rows, or add an index that gives this order.",
                  need / 1024)
            : "Handle fewer or narrower rows, or add an index that gives this order: this is too much for "
              "memory.";
    it->check = "temp_blks_written of the statement no longer grows.";
}

static void hash_batches(struct plan_finder *f, const struct plan_node *n)
{
    double batches = n->hash_batches, memory = n->memory_kb, workers_disk = 0;
    bool aggregate = !isnan(n->hashagg_batches) || !isnan(n->disk_kb);
    if (aggregate)
        batches = n->hashagg_batches;
    for (size_t i = 0; i < n->n_workers; i++) {
        if (n->workers[i].hashagg_batches > known_or(batches, 0)) {
            batches = n->workers[i].hashagg_batches;
            memory = n->workers[i].memory_kb;
            aggregate = true;
        }
        workers_disk = MAX(workers_disk, known_or(n->workers[i].disk_kb, 0));
    }
    if (!(batches > 1))
        return;
    const struct plan_node *join = !aggregate && n->parent ? n->parent : NULL;
    double temp = known_or(n->own_temp_written, 0) + (join ? known_or(join->own_temp_written, 0) : 0);
    double spilled = MAX(temp * BLOCK, MAX(known_or(n->disk_kb, 0), workers_disk) * 1024);
    if (spilled <= 0) /* BUFFERS was off: what did not fit was written */
        spilled = known_or(memory, 0) * 1024 * (batches - 1);
    struct saving s = own_part(f, n, 1);
    if (join && f->plan->timed)
        s = of_time(f, known_or(n->exclusive_ns, 0) + known_or(join->exclusive_ns, 0));
    struct plan_finding *it = found(f, n, batches, s, spilled);
    if (!it)
        return;
    bool grew = n->hash_batches_planned >= 1 && n->hash_batches > n->hash_batches_planned;
    it->evidence = SAY("hashed in %.0f batches%s, about %s through temporary files", batches,
                       grew ? SAY(" (planned %.0f)", n->hash_batches_planned) : "", bytes(f, spilled));
    double need = aggregate ? known_or(memory, 0) + spilled / 1024 : known_or(memory, 0) * batches;
    need = ceil(MAX(need * 1.2, 4096) / 1024);
    it->advice = need * 1024 <= WORK_MEM_MAX_KB ? SAY("Raise work_mem for this query (SET LOCAL work_mem = "
                                                      "'%.0fMB'; hashes may use hash_mem_multiplier "
                                                      "times that), or hash fewer or narrower rows.",
                                                      need)
                                                : "Hash fewer or narrower rows (filter earlier, select fewer "
                                                  "columns): this is too much for memory.";
    it->check = "Batches reads 1 and no temporary blocks are written.";
}

static void index_filter(struct plan_finder *f, const struct plan_node *n)
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
    it->evidence = SAY("the index found %s rows, the filter then removed %s of them", count(f, read),
                       share_text(f, gone / read));
    it->advice =
        SAY("Use an index on %s that holds the filter's columns too, so that the index does the selecting.",
            where(f, n));
    it->check = "The filter's condition moves into Index Cond, and Rows Removed by Filter is small.";
}

static void order_index(struct plan_finder *f, const struct plan_node *n)
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
    it->evidence = SAY("%s serves only the order: %s rows were read and thrown away for %s kept",
                       n->index ? n->index : "the index", count(f, gone), count(f, n->rows));
    it->advice = SAY("Give %s an index with the filter's columns first and the ORDER BY columns after them.",
                     where(f, n));
    it->check = "The new index appears with an Index Cond, and Rows Removed by Filter is small.";
}

static void join_filter(struct plan_finder *f, const struct plan_node *n)
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
    it->advice = either ? "The join condition has an OR across tables, which neither hashing nor an index "
                          "can serve: write it as a UNION of two joins."
                        : "Join by equality on a column the inner side has an index for, so that not every "
                          "pair is compared.";
    it->check = either ? "Each branch of the UNION joins by Hash Cond or Index Cond."
                       : "The join shows Hash Cond, Merge Cond or an Index Cond inside.";
}

static void nested_loop(struct plan_finder *f, const struct plan_node *n)
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
    it->advice = "Put the outer side's estimate right (ANALYZE, CREATE STATISTICS): a hash join would read "
                 "the inner side once.";
    it->check = "The join becomes a Hash Join, or the inner side runs about as often as planned.";
}

static void heap_fetches(struct plan_finder *f, const struct plan_node *n)
{
    double rows = known_or(n->rows, 0) + known_or(n->rows_removed, 0), fetches = known_or(n->heap_fetches, 0);
    if (rows <= 0)
        return;
    struct plan_finding *it = found(f, n, fetches / rows, own_part(f, n, MIN(1, fetches / rows)), fetches);
    if (!it)
        return;
    it->evidence = SAY("%s of %s rows had to be looked up in the table", count(f, fetches), count(f, rows));
    it->advice =
        SAY("Run VACUUM on %s (and let autovacuum come by more often): the visibility map is out of date.",
            where(f, n));
    it->check = "Heap Fetches is near 0.";
}

static void lossy_bitmap(struct plan_finder *f, const struct plan_node *n)
{
    double lossy = known_or(n->lossy_blocks, 0), all = lossy + known_or(n->exact_blocks, 0);
    if (all <= 0)
        return;
    struct plan_finding *it = found(f, n, lossy / all, own_part(f, n, lossy / all), lossy);
    if (!it)
        return;
    it->evidence = SAY("%s of %s blocks were remembered as a whole, %s rows checked in vain", count(f, lossy),
                       count(f, all), count(f, known_or(n->loop_removed_recheck, 0) * n->loops));
    /* A page's entry takes some 48 bytes of the bitmap; bounded like every such target. */
    it->advice = SAY("Raise work_mem for this query (about %.0f MB holds the bitmap exactly), or use a more "
                     "selective index.",
                     MIN(1024, MAX(4, ceil(all * 64 / 1048576))));
    it->check = "Heap Blocks shows exact blocks only.";
}

static void large_offset(struct plan_finder *f, const struct plan_node *n)
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
    it->evidence = SAY("%s rows were made and skipped to return %s", count(f, skipped), count(f, n->rows));
    it->advice =
        "Page by key instead of OFFSET: WHERE (sort columns) > (last row seen) ORDER BY ... LIMIT n.";
    it->check = "The node below LIMIT returns no more rows than LIMIT itself, on every page.";
}

static void temp_io(struct plan_finder *f, const struct plan_node *n)
{
    if (str_eq(n->type, "Sort") || str_eq(n->type, "Incremental Sort") || str_eq(n->type, "Hash") ||
        str_eq(n->type, "Hash Join") || str_eq(n->type, "Aggregate"))
        return; /* their own rules say it better */
    double temp = known_or(n->own_temp_written, 0) * BLOCK;
    struct plan_finding *it = found(f, n, temp, own_part(f, n, 1), temp);
    if (!it)
        return;
    it->evidence = SAY("%s written to temporary files", bytes(f, temp));
    it->advice =
        SAY("Raise work_mem for this query (SET LOCAL work_mem = '%.0fMB'), or keep fewer rows here.",
            MIN(1024, MAX(4, ceil(temp * 2 / 1048576))));
    it->check = "No temporary blocks are written.";
}

static void workers_short(struct plan_finder *f, const struct plan_node *n)
{
    if (!(n->workers_planned > 0) || !(n->workers_launched >= 0) || !(n->loops > 0))
        return;
    double missing = n->workers_planned - n->workers_launched;
    double part = missing / (n->workers_planned + 1);
    struct plan_finding *it =
        found(f, n, missing / n->workers_planned, of_time(f, known_or(n->total_ns, 0) * part), missing);
    if (!it)
        return;
    it->evidence = SAY("%.0f of %.0f workers could be started", n->workers_launched, n->workers_planned);
    it->advice = "Others use the workers: raise max_parallel_workers (and max_worker_processes), or plan "
                 "fewer per query.";
    it->check = "Workers Launched equals Workers Planned.";
}

static void or_join(struct plan_finder *f, const struct plan_node *n)
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

static void hot_node(struct plan_finder *f, const struct plan_node *n)
{
    if (!(n->exclusive_share >= f->rule->info))
        return;
    for (size_t i = 0; i < f->out->n; i++) /* something said why already */
        if (f->out->items[i].node == n || (f->out->items[i].node && f->out->items[i].node->parent == n))
            return;
    struct plan_finding *it = found(f, n, n->exclusive_share, own_part(f, n, 1), 0);
    if (!it)
        return;
    it->evidence =
        SAY("%s here, %s of the execution", time_text(f, n->exclusive_ns), share_text(f, n->exclusive_share));
    it->advice = "The time goes here by sheer number of rows: reduce what arrives (filter earlier, aggregate "
                 "before joining) or keep the result.";
    it->check = "This node's own time falls.";
}

/* Nothing was measured: the planner's own idea of where the work is. */
static void costly_node(struct plan_finder *f, const struct plan_node *n)
{
    if (f->plan->timed || !(n->cost_share >= f->rule->info))
        return;
    for (size_t i = 0; i < f->out->n; i++)
        if (f->out->items[i].node == n || (f->out->items[i].node && f->out->items[i].node->parent == n))
            return;
    struct plan_finding *it = found(f, n, n->cost_share, own_part(f, n, 1), known_or(n->cost, 0));
    if (!it)
        return;
    it->evidence = SAY("%s of the plan's cost of %s is expected here", share_text(f, n->cost_share),
                       count(f, f->plan->total_cost));
    it->advice =
        "Run EXPLAIN (ANALYZE, BUFFERS) where it may run: costs alone do not tell whether this is slow.";
    it->check = "This node's own share of the cost falls.";
}

/* Rows made below, named, and only then thrown away. */
static void late_filter(struct plan_finder *f, const struct plan_node *n)
{
    bool cte = str_eq(n->type, "CTE Scan"), function = str_eq(n->type, "Function Scan");
    bool subquery = str_eq(n->type, "Subquery Scan") && n->child && !str_eq(n->child->type, "WindowAgg");
    double gone = known_or(n->loop_removed_filter, 0) * known_or(n->loops, 0),
           all = gone + known_or(n->rows, 0);
    if ((!cte && !function && !subquery) || !n->filter || all <= 0)
        return;
    struct plan_finding *it =
        found(f, n, gone / all, of_time(f, known_or(n->total_ns, 0) * gone / all), gone);
    if (!it)
        return;
    it->evidence = SAY("%s rows were made, %s of them thrown away by the filter afterwards", count(f, all),
                       share_text(f, gone / all));
    it->advice =
        cte ? SAY("Filter inside %s, or let the planner do it: WITH %s AS NOT MATERIALIZED.", where(f, n),
                  where(f, n))
        : function ? "Give the function the condition as an argument, so that it makes only the rows wanted."
                   : "Move the condition into the subquery.";
    it->check = "Rows Removed by Filter is small here, and the nodes below make fewer rows.";
}

static void subplan_loops(struct plan_finder *f, const struct plan_node *n)
{
    if (!str_eq(n->relationship, "SubPlan"))
        return;
    struct plan_finding *it =
        found(f, n, known_or(n->loops, 0), of_time(f, known_or(n->total_ns, 0)), known_or(n->loops, 0));
    if (!it)
        return;
    it->evidence = SAY("%s ran %s times, once for a row: %s", n->subplan ? n->subplan : "the subquery",
                       count(f, n->loops), time_text(f, n->total_ns));
    it->advice = "Write the subquery as a join (LEFT JOIN, or LATERAL with LIMIT) on rows computed once, or "
                 "give its condition an index.";
    it->check = "The SubPlan is gone, or runs few times.";
}

static void memoize_evictions(struct plan_finder *f, const struct plan_node *n)
{
    double misses = known_or(n->cache_misses, 0),
           lost = known_or(n->cache_evictions, 0) + known_or(n->cache_overflows, 0);
    if (!str_eq(n->type, "Memoize") || misses <= 0)
        return;
    struct plan_finding *it =
        found(f, n, MIN(1, lost / misses), of_time(f, known_or(n->total_ns, 0)), misses);
    if (!it)
        return;
    it->evidence =
        SAY("%s of %s results looked up were put out of the cache again", count(f, lost), count(f, misses));
    it->advice = "The cache is too small for the keys there are: raise hash_mem_multiplier or work_mem for "
                 "this query, or help the "
                 "planner to a hash join (ANALYZE: n_distinct of the key).";
    it->check = "Evictions and Overflows are 0, and Hits outnumber Misses.";
}

static void io_wait(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    const struct plan_node *most = NULL;
    double sum = 0, blocks = 0;
    (void)n;
    for (size_t i = 0; i < p->n_nodes; i++) {
        double io = known_or(p->nodes[i]->own_io_ns, 0);
        sum += io;
        blocks += known_or(p->nodes[i]->own_shared_read, 0) + known_or(p->nodes[i]->own_temp_read, 0);
        if (io > 0 && (!most || io > most->own_io_ns))
            most = p->nodes[i];
    }
    if (!(sum <= p->elapsed_ns *
                     1.05)) /* beside the time the plan tells of: prefetching, or an input put together */
        return;
    struct plan_finding *it = found(f, most, MIN(1, sum / p->elapsed_ns), of_time(f, sum), sum);
    if (!it)
        return;
    it->evidence = SAY("%s of %s were spent on reading and writing (%s read), most of it here",
                       time_text(f, sum), time_text(f, p->elapsed_ns), bytes(f, blocks * BLOCK));
    it->advice = "Run it again: if the second run is fast, the blocks were only not in memory. If not, touch "
                 "fewer blocks (index, "
                 "fewer columns) or give the server more memory.";
    it->check = "Buffers shows hits instead of reads, and I/O Timings are small.";
}

static void cross_join(struct plan_finder *f, const struct plan_node *n)
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
    it->evidence = SAY("every one of %s rows was paired with every one of %s: %s rows", count(f, outer->rows),
                       count(f, inner->loop_rows), count(f, n->rows));
    it->advice =
        "There is no condition between the two sides: if that is not meant, the join condition is missing.";
    it->check = "The join shows a condition, or its rows are few.";
}

static void empty_partitions(struct plan_finder *f, const struct plan_node *n)
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
    it->evidence =
        SAY("%s of %s parts were read and gave no row: %s", count(f, empty), count(f, ran), time_text(f, ns));
    it->advice = "Put a condition on the partition key, compared with a constant or parameter of its own "
                 "type, so that partitions "
                 "without such rows are not read.";
    it->check = "Fewer parts appear below the Append, or Subplans Removed counts them.";
}

static void disabled_node(struct plan_finder *f, const struct plan_node *n)
{
    double below = 0;
    for (const struct plan_node *c = n->child; c; c = c->next)
        below += known_or(c->total_cost, 0);
    bool off = n->disabled == 1 || known_or(n->total_cost, 0) - below >= 0.9e10; /* up to 17 a cost of 1e10 */
    struct plan_finding *it = found(f, n, off, (struct saving){NAN, 0}, off);
    if (!it)
        return;
    it->evidence = "this kind of node is switched off and had to be used all the same";
    it->advice = "An enable_... setting is off (see Settings): plans made so do not show what the server "
                 "would do otherwise.";
    it->check = "No node is Disabled, and no cost is above 10,000,000,000.";
}

static void serialization(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    double ns = known_or(p->serialization_ns, 0);
    struct plan_finding *it = found(f, n, p->elapsed_ns > 0 ? ns / p->elapsed_ns : 0, of_time(f, ns), ns);
    if (!it)
        return;
    it->evidence = SAY("turning the result into bytes for the client took %s of %s", time_text(f, ns),
                       time_text(f, p->elapsed_ns));
    it->advice = "Select fewer rows and only the columns needed: large values are fetched and unpacked for "
                 "the result alone.";
    it->check = "The time of the Serialization section falls.";
}

static void index_searches(struct plan_finder *f, const struct plan_node *n)
{
    double searches = known_or(n->index_searches, 0), loops = known_or(n->loops, 0);
    if (loops <= 0)
        return;
    struct plan_finding *it = found(f, n, searches / loops, own_part(f, n, 1), searches);
    if (!it)
        return;
    it->evidence = SAY("the index was descended %s times in %s", count(f, searches),
                       loops > 1 ? SAY("%s runs", count(f, loops)) : "one run");
    it->advice = SAY("Long lists in IN, or an index whose first column the query does not name: give %s an "
                     "index that begins with the "
                     "columns of the condition, or join against the list.",
                     where(f, n));
    it->check = "Index Searches is about the number of loops.";
}

static void jit_share(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    double ns = known_or(p->jit_ns, 0);
    struct plan_finding *it = found(f, n, p->elapsed_ns > 0 ? ns / p->elapsed_ns : 0, of_time(f, ns), ns);
    if (!it)
        return;
    it->evidence =
        SAY("just-in-time compilation took %s of %s", time_text(f, ns), time_text(f, p->elapsed_ns));
    it->advice =
        "Raise jit_above_cost or SET LOCAL jit = off for this query: compiling costs more than it gains.";
    it->check = "The JIT section is gone and the execution is shorter.";
}

static void trigger_time(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    double sum = 0, most = 0;
    const struct plan_trigger *worst = NULL;
    for (size_t i = 0; i < p->n_triggers; i++) {
        double ns = known_or(p->triggers[i].total_ns, 0);
        sum += ns;
        if (ns > most) {
            most = ns;
            worst = &p->triggers[i];
        }
    }
    struct plan_finding *it = found(f, n, p->elapsed_ns > 0 ? sum / p->elapsed_ns : 0, of_time(f, sum), sum);
    if (!it || !worst)
        return;
    const char *name = worst->constraint ? worst->constraint : worst->name ? worst->name : "a trigger";
    it->evidence = SAY("triggers took %s, most of it %s%s%s: %s in %s calls", time_text(f, sum), name,
                       worst->relation ? " on " : "", worst->relation ? worst->relation : "",
                       time_text(f, most), count(f, worst->calls));
    it->advice = worst->constraint || (worst->name && str_starts(worst->name, "RI_"))
                     ? "A foreign key is checked row by row: the referencing column needs an index."
                     : "Make the trigger cheaper, or let it work per statement instead of per row.";
    it->check = "The time of the Triggers section falls.";
}

static void planning_time(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    double ns = known_or(p->planning_ns, 0);
    struct saving s = {ns, p->elapsed_ns > 0 ? MIN(1, ns / (ns + p->elapsed_ns)) : NAN};
    struct plan_finding *it = found(f, n, p->execution_ns > 0 ? ns / p->execution_ns : 0, s, ns);
    if (!it)
        return;
    it->evidence = SAY("planning took %s, execution %s", time_text(f, ns), time_text(f, p->execution_ns));
    it->advice = "Prepare the statement once and reuse it, or join fewer tables and partitions in one query.";
    it->check = "Planning Time is below Execution Time.";
}

#define NONE NAN
/* Limits grade `measure`; a finding also has to pass every floor. */
const struct plan_rule plan_rules[] = {
    {.name = "seq_scan_filter",
     .title = "Sequential scan for few rows",
     .measure = "rows removed / rows read",
     .info = 0.667,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .find = seq_scan_filter,
     .source = "Pg::Explain Hinter 2.8 (2/3); pev2 (90 %)",
     .help = "The whole table is read although the filter keeps few rows; an index would read only those."},
    {.name = "stale_statistics",
     .title = "Statistics out of date",
     .measure = "rows changed since ANALYZE / (50 + 10 % of the rows)",
     .info = NONE,
     .warn = 1,
     .bad = 10,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "rows changed",
     .find = stale_statistics,
     .source =
         "PostgreSQL: autovacuum_analyze_threshold and _scale_factor; the estimate must be off by 3 times",
     .help = "The planner counts with values and row numbers the table no longer has; only a server tells."},
    {.name = "bad_estimate",
     .title = "Wrong row estimate",
     .measure = "larger / smaller of planned and actual rows",
     .info = 10,
     .warn = 100,
     .bad = 1000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 100,
     .floor_of = "rows planned too many or too few, over all loops",
     .find = bad_estimate,
     .source = "pev2, pgAdmin",
     .help = "The planner chose joins and memory for another number of rows than there are."},
    {.name = "sort_disk",
     .title = "Sort on disk",
     .measure = "bytes on disk",
     .info = NONE,
     .warn = 1,
     .bad = 1e8,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 262144,
     .floor_of = "bytes on disk",
     .find = sort_disk,
     .source = "Pg::Explain",
     .help = "The rows did not fit work_mem and were sorted through files."},
    {.name = "spill_known",
     .title = "Sorts or hashes on disk",
     .measure = "temporary bytes written a call",
     .info = NONE,
     .warn = 1,
     .bad = 1e8,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 262144,
     .floor_of = "bytes written a call",
     .find = spill_known,
     .whole_plan = true,
     .source = "pg_stat_statements",
     .help = "The plan was not executed, but the statement's statistics count temporary files: rows did not "
             "fit work_mem."},
    {.name = "hash_batches",
     .title = "Hash in batches",
     .measure = "batches",
     .info = NONE,
     .warn = 2,
     .bad = 64,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 262144,
     .floor_of = "bytes spilled",
     .find = hash_batches,
     .source = "pev2, pganalyze",
     .help = "The hash table did not fit work_mem and was worked off in parts through files."},
    {.name = "index_filter",
     .title = "Index finds too many rows",
     .measure = "rows removed by filter / rows found",
     .info = NONE,
     .warn = 0.50,
     .bad = 0.90,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .find = index_filter,
     .source = "pev2 (rows removed); pganalyze names it without a number",
     .help = "The index serves only part of the condition; the rest is checked row by row in the table."},
    {.name = "order_index",
     .title = "Index serves only the order",
     .measure = "rows removed / rows read",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.30,
     .floor_amount = 5000,
     .floor_of = "rows removed",
     .find = order_index,
     .source = "pganalyze, no number",
     .help = "For ORDER BY with LIMIT the planner walks an index in order and throws most rows away."},
    {.name = "join_filter",
     .title = "Join compares too many pairs",
     .measure = "pairs removed / pairs compared",
     .info = NONE,
     .warn = 0.50,
     .bad = 0.90,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 100000,
     .floor_of = "pairs removed",
     .find = join_filter,
     .source = "pev2 (rows removed); pganalyze (OR across tables)",
     .help = "A join without an equality, or with an OR across tables, compares every pair of rows."},
    {.name = "or_join",
     .title = "OR across tables",
     .measure = "1 when it is there",
     .info = NONE,
     .warn = 1,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.30,
     .floor_amount = 1000,
     .floor_of = "rows",
     .find = or_join,
     .source = "pganalyze",
     .help = "An OR across two tables can be served neither by hashing nor by an index."},
    {.name = "nested_loop",
     .title = "Nested loop runs too often",
     .measure = "inner runs / planned runs",
     .info = NONE,
     .warn = 10,
     .bad = 100,
     .floor_ns = 10e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "inner runs",
     .find = nested_loop,
     .source = "pganalyze, no number",
     .help = "The outer side gave many more rows than planned, and the inner side was run for each."},
    {.name = "heap_fetches",
     .title = "Index-only scan visits the table",
     .measure = "heap fetches / rows",
     .info = NONE,
     .warn = 0.40,
     .bad = 0.90,
     .floor_ns = 2e6,
     .floor_share = 0.10,
     .floor_amount = 1000,
     .floor_of = "heap fetches",
     .find = heap_fetches,
     .source = "pev2",
     .help = "Rows not yet marked visible to all have to be looked up in the table."},
    {.name = "lossy_bitmap",
     .title = "Bitmap without room",
     .measure = "lossy blocks / blocks",
     .info = NONE,
     .warn = 0.01,
     .bad = 0.50,
     .floor_ns = 5e6,
     .floor_share = 0.05,
     .floor_amount = 500,
     .floor_of = "lossy blocks",
     .find = lossy_bitmap,
     .source = "pganalyze",
     .help = "The bitmap did not fit work_mem: whole blocks are remembered and every row in them is checked "
             "again."},
    {.name = "large_offset",
     .title = "Large OFFSET",
     .measure = "rows made / rows returned",
     .info = NONE,
     .warn = 10,
     .bad = 1000,
     .floor_ns = 1e6,
     .floor_share = 0.30,
     .floor_amount = 1000,
     .floor_of = "rows skipped",
     .find = large_offset,
     .source = "pganalyze, no number",
     .help = "Rows before the page asked for are made and thrown away."},
    {.name = "temp_io",
     .title = "Temporary files",
     .measure = "bytes written",
     .info = NONE,
     .warn = 1048576,
     .bad = 1e9,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 1048576,
     .floor_of = "bytes",
     .find = temp_io,
     .source = "pganalyze",
     .help = "Rows kept for later did not fit work_mem."},
    {.name = "workers_short",
     .title = "Workers missing",
     .measure = "workers not started / planned",
     .info = 0.01,
     .warn = 0.5,
     .bad = NONE,
     .floor_ns = 10e6,
     .floor_share = 0.10,
     .floor_amount = 1,
     .floor_of = "workers",
     .find = workers_short,
     .source = "pev2",
     .help = "Fewer parallel workers than planned could be started."},
    {.name = "jit_share",
     .title = "Compiling costs more than it gains",
     .measure = "JIT time / execution",
     .info = NONE,
     .warn = 0.30,
     .bad = 0.60,
     .floor_ns = 10e6,
     .floor_share = 0,
     .floor_amount = 10e6,
     .floor_of = "ns",
     .find = jit_share,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "Just-in-time compilation pays for long queries only."},
    {.name = "trigger_time",
     .title = "Triggers",
     .measure = "trigger time / execution",
     .info = NONE,
     .warn = 0.10,
     .bad = 0.50,
     .floor_ns = 5e6,
     .floor_share = 0.10,
     .floor_amount = 5e6,
     .floor_of = "ns",
     .find = trigger_time,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "Triggers and foreign key checks run per row."},
    {.name = "planning_time",
     .title = "Planning longer than execution",
     .measure = "planning / execution",
     .info = NONE,
     .warn = 1,
     .bad = NONE,
     .floor_ns = 20e6,
     .floor_share = 0.5,
     .floor_amount = 20e6,
     .floor_of = "ns",
     .find = planning_time,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "Planning can be paid once by preparing the statement."},
    {.name = "subplan_loops",
     .title = "Subquery runs for every row",
     .measure = "runs of the subquery",
     .info = NONE,
     .warn = 1000,
     .bad = 100000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "runs",
     .find = subplan_loops,
     .source = "own; no published number",
     .help = "A subquery that depends on the outer row is run again for each of them."},
    {.name = "late_filter",
     .title = "Rows made and thrown away",
     .measure = "rows removed / rows made",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .find = late_filter,
     .source = "pev2 (rows removed, 90 %)",
     .help = "A CTE, function or subquery makes all its rows before the condition is applied."},
    {.name = "cross_join",
     .title = "Every row with every row",
     .measure = "rows the join gave",
     .info = NONE,
     .warn = 100000,
     .bad = 1e7,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 100000,
     .floor_of = "rows",
     .find = cross_join,
     .source = "own; no published number",
     .help = "Two tables are joined without any condition between them."},
    {.name = "empty_partitions",
     .title = "Partitions read in vain",
     .measure = "parts without a row / parts read",
     .info = NONE,
     .warn = 0.80,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.10,
     .floor_amount = 10,
     .floor_of = "parts without a row",
     .find = empty_partitions,
     .source = "own; no published number",
     .help = "The planner could not tell which partitions hold the rows, and read them all."},
    {.name = "memoize_evictions",
     .title = "Cache of lookups too small",
     .measure = "results put out / results looked up",
     .info = NONE,
     .warn = 0.10,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "results looked up",
     .find = memoize_evictions,
     .source = "own; no published number",
     .help = "Memoize keeps results of the inner side; when they do not fit they are looked up again."},
    {.name = "index_searches",
     .title = "Index descended again and again",
     .measure = "descents a run",
     .info = 100,
     .warn = 10000,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "descents",
     .find = index_searches,
     .source = "own; Index Searches is told from PostgreSQL 18",
     .help = "Every value of a list, or of a first column that is skipped, is a descent of its own."},
    {.name = "io_wait",
     .title = "Waiting for disks",
     .measure = "I/O time / execution",
     .info = 0.50,
     .warn = 0.90,
     .bad = NONE,
     .floor_ns = 100e6,
     .floor_share = 0.50,
     .floor_amount = 100e6,
     .floor_of = "ns",
     .find = io_wait,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "Most of the time went by until blocks were read or written."},
    {.name = "serialization",
     .title = "Result expensive to send",
     .measure = "serialization / execution",
     .info = NONE,
     .warn = 0.30,
     .bad = NONE,
     .floor_ns = 50e6,
     .floor_share = 0.30,
     .floor_amount = 50e6,
     .floor_of = "ns",
     .find = serialization,
     .whole_plan = true,
     .source = "own; EXPLAIN (SERIALIZE) of PostgreSQL 17",
     .help = "Values are unpacked and turned into text or bytes for the client."},
    {.name = "disabled_node",
     .title = "Switched off, used all the same",
     .measure = "1 when it is there",
     .info = 1,
     .warn = NONE,
     .bad = NONE,
     .floor_ns = 0,
     .floor_share = 0,
     .floor_amount = 1,
     .floor_of = "nodes",
     .find = disabled_node,
     .source = "PostgreSQL: disable_cost, Disabled (18)",
     .help = "An enable_... setting is off, which real plans do not have."},
    /* last: these speak only where no other rule did */
    {.name = "costly_node",
     .title = "Most of the cost",
     .measure = "own cost / plan's cost",
     .info = 0.40,
     .warn = 0.90,
     .bad = NONE,
     .floor_ns = 0,
     .floor_share = 0.40,
     .floor_amount = 100000,
     .floor_of = "cost",
     .find = costly_node,
     .source = "pev2 (10/40/90 %), floor our own",
     .help = "One node of a plan that was not executed is expected to take most of a large cost."},
    {.name = "hot_node",
     .title = "Most of the time",
     .measure = "own time / execution",
     .info = 0.40,
     .warn = 0.90,
     .bad = NONE,
     .floor_ns = 1e9,
     .floor_share = 0.40,
     .floor_amount = 0,
     .find = hot_node,
     .source = "pev2 (10/40/90 %), floor our own",
     .help = "One node takes most of a long execution and no other rule says why."},
};
const size_t plan_n_rules = ARRAY_LEN(plan_rules);

static int by_saving(const void *a, const void *b)
{
    const struct plan_finding *x = a, *y = b;
    double sx = known_or(x->saves_share, 0), sy = known_or(y->saves_share, 0);
    /* A tenth of a percent is no difference to rank by: then the graver one. */
    if (fabs(sx - sy) > 0.001)
        return sx < sy ? 1 : -1;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    int ix = x->node ? x->node->id : 0, iy = y->node ? y->node->id : 0;
    if (ix != iy)
        return ix - iy;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

void plan_findings(struct plan *p, const struct plan_facts *facts, struct plan_findings *out)
{
    *out = (struct plan_findings){0};
    struct plan_finder f = {.plan = p, .facts = facts, .out = out};
    for (size_t r = 0; r < plan_n_rules; r++) {
        f.rule = &plan_rules[r];
        if (f.rule->whole_plan) {
            f.rule->find(&f, NULL);
            continue;
        }
        for (size_t i = 0; i < p->n_nodes; i++)
            if (!p->nodes[i]->never_executed)
                f.rule->find(&f, p->nodes[i]);
    }
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_saving);
    if (out->n >
        PLAN_FINDINGS_MAX) { /* thousands of partitions all estimated wrong: the rest says the same */
        plan_note(p, "%zu more findings, all of less weight, are left out.", out->n - PLAN_FINDINGS_MAX);
        out->n = PLAN_FINDINGS_MAX;
    }
}

void plan_findings_free(struct plan_findings *f)
{
    free(f->items);
    *f = (struct plan_findings){0};
}
