/* time_rules.c - rules about time, for nodes of any type. */
#include "core/plans/finder.h"

void rule_workers_short(struct plan_finder *f, const struct plan_node *n)
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
    it->advice = "The workers are in use by other queries: raise max_parallel_workers (and "
                 "max_worker_processes), or use fewer per query.";
    it->check = "Workers Launched equals Workers Planned.";
}

void rule_hot_node(struct plan_finder *f, const struct plan_node *n)
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
    it->advice = "This node processes many rows: reduce them (filter earlier, aggregate before joining) or "
                 "store the result.";
    it->check = "The own time of this node is lower.";
}

/* Nothing was measured: the planner's own idea of where the work is. */
void rule_costly_node(struct plan_finder *f, const struct plan_node *n)
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
    it->advice = "Run EXPLAIN (ANALYZE, BUFFERS) if the statement may be executed: costs alone do not show "
                 "whether it is slow.";
    it->check = "The own cost of this node is a smaller share.";
}

void rule_io_wait(struct plan_finder *f, const struct plan_node *n)
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
    it->advice = "Run it again: if the second run is fast, the blocks were not in memory at first. If not, "
                 "read fewer blocks (index, fewer columns) or give the server more memory.";
    it->check = "Buffers shows hits instead of reads, and I/O Timings are small.";
}

void rule_serialization(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    double ns = known_or(p->serialization_ns, 0);
    struct plan_finding *it = found(f, n, p->elapsed_ns > 0 ? ns / p->elapsed_ns : 0, of_time(f, ns), ns);
    if (!it)
        return;
    it->evidence = SAY("converting the result for the client took %s of %s", time_text(f, ns),
                       time_text(f, p->elapsed_ns));
    it->advice = "Select fewer rows and only the columns needed: large values are read and decompressed only "
                 "for the result.";
    it->check = "The time of the Serialization section is lower.";
}

void rule_jit_share(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    double ns = known_or(p->jit_ns, 0), processes = 1; /* each compiles for itself; the figure is their sum */
    for (size_t i = 0; i < p->n_nodes; i++)
        processes += known_or(p->nodes[i]->workers_launched, 0);
    double part = ns / MAX(1, processes);
    struct plan_finding *it = found(f, n, p->elapsed_ns > 0 ? part / p->elapsed_ns : 0, of_time(f, ns), ns);
    if (!it)
        return;
    it->evidence =
        processes > 1
            ? SAY("just-in-time compilation took %s in %.0f processes together; the execution took %s",
                  time_text(f, ns), processes, time_text(f, p->elapsed_ns))
            : SAY("just-in-time compilation took %s of %s", time_text(f, ns), time_text(f, p->elapsed_ns));
    it->advice =
        "Raise jit_above_cost or SET LOCAL jit = off for this query: compilation costs more than it saves.";
    it->check = "The plan has no JIT section, and the execution is shorter.";
}

void rule_trigger_time(struct plan_finder *f, const struct plan_node *n)
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
                     : "Make the trigger cheaper, or make it a statement-level trigger.";
    it->check = "The time of the Triggers section is lower.";
}

void rule_planning_time(struct plan_finder *f, const struct plan_node *n)
{
    const struct plan *p = f->plan;
    double ns = known_or(p->planning_ns, 0);
    struct saving s = {
        .ns = ns, .share = p->elapsed_ns > 0 ? MIN(1, ns / (ns + p->elapsed_ns)) : NAN, .cost = NAN};
    struct plan_finding *it = found(f, n, p->execution_ns > 0 ? ns / p->execution_ns : 0, s, ns);
    if (!it)
        return;
    it->evidence = SAY("planning took %s, execution %s", time_text(f, ns), time_text(f, p->execution_ns));
    it->advice = "Prepare the statement once and reuse it, or join fewer tables and partitions in one query.";
    it->check = "Planning Time is below Execution Time.";
}
