/* memory_rules.c - rules about what did not fit into memory. */
#include "core/plans/finder.h"

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

void rule_sort_disk(struct plan_finder *f, const struct plan_node *n)
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
            : "Sort fewer or narrower rows, or add an index that gives this order: this does not fit in "
              "memory.";
    it->check = "Sort Method reads quicksort or top-N heapsort, with Memory instead of Disk.";
}

/* The statement is known to write temporary files, the plan only shows where it could:
 * the sort, hash or materialisation with the greatest cost. */
void rule_spill_known(struct plan_finder *f, const struct plan_node *n)
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
            : "Handle fewer or narrower rows, or add an index that gives this order: this does not fit in "
              "memory.";
    it->check = "temp_blks_written of the statement no longer grows.";
}

void rule_hash_batches(struct plan_finder *f, const struct plan_node *n)
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
    it->evidence = SAY("hashed in %.0f batches%s, about %s in temporary files", batches,
                       grew ? SAY(" (planned %.0f)", n->hash_batches_planned) : "", bytes(f, spilled));
    double need = aggregate ? known_or(memory, 0) + spilled / 1024 : known_or(memory, 0) * batches;
    need = ceil(MAX(need * 1.2, 4096) / 1024);
    it->advice = need * 1024 <= WORK_MEM_MAX_KB ? SAY("Raise work_mem for this query (SET LOCAL work_mem = "
                                                      "'%.0fMB'; hashes may use hash_mem_multiplier "
                                                      "times that), or hash fewer or narrower rows.",
                                                      need)
                                                : "Hash fewer or narrower rows (filter earlier, select fewer "
                                                  "columns): this does not fit in memory.";
    it->check = "Batches reads 1 and no temporary blocks are written.";
}

void rule_temp_io(struct plan_finder *f, const struct plan_node *n)
{
    bool worker;
    if (str_eq(n->type, "Sort") || (str_eq(n->type, "Incremental Sort") && disk_bytes(n, &worker) > 0) ||
        str_eq(n->type, "Hash") || str_eq(n->type, "Hash Join") || str_eq(n->type, "Aggregate"))
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

void rule_memoize_evictions(struct plan_finder *f, const struct plan_node *n)
{
    double misses = known_or(n->cache_misses, 0),
           lost = known_or(n->cache_evictions, 0) + known_or(n->cache_overflows, 0);
    if (!str_eq(n->type, "Memoize") || misses <= 0)
        return;
    struct plan_finding *it =
        found(f, n, MIN(1, lost / misses), of_time(f, known_or(n->total_ns, 0)), misses);
    if (!it)
        return;
    it->evidence = SAY("%s cached results were evicted in %s lookups", count(f, lost), count(f, misses));
    it->advice =
        "The cache is too small for the number of keys: raise hash_mem_multiplier or work_mem for "
        "this query, or correct n_distinct of the key (ANALYZE), so that the planner chooses a hash join.";
    it->check = "Evictions and Overflows are 0, and there are more Hits than Misses.";
}
