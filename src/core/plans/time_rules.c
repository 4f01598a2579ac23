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
    double ns = known_or(p->jit_ns, 0);
    struct plan_finding *it = found(f, n, p->elapsed_ns > 0 ? ns / p->elapsed_ns : 0, of_time(f, ns), ns);
    if (!it)
        return;
    it->evidence =
        SAY("just-in-time compilation took %s of %s", time_text(f, ns), time_text(f, p->elapsed_ns));
    it->advice =
        "Raise jit_above_cost or SET LOCAL jit = off for this query: compilation costs more than it saves.";
    it->check = "The plan has no JIT section, and the execution is shorter.";
}

/* Who is written: an INSERT looks up the referenced key, which always has an index; a DELETE searches the
 * referencing table. An UPDATE does either: by default a constraint is named after the referencing table. */
static const char *key_advice(struct plan_finder *f, const struct plan_trigger *t)
{
    const struct plan_node *write = NULL;
    for (size_t i = 0; i < f->plan->n_nodes && !write; i++)
        write = plan_is_modify(f->plan->nodes[i]) ? f->plan->nodes[i] : NULL;
    const char *table = t->relation ? t->relation : write ? write->relation : NULL;
    bool insert = write && str_eq(write->operation, "Insert"),
         deletes = write && str_eq(write->operation, "Delete");
    bool own =
        table && t->constraint && str_starts(t->constraint, table) && t->constraint[strlen(table)] == '_';
    if (insert || (write && !deletes && own))
        return "The foreign key looks up the referenced row, by its primary or unique key: no further index "
               "helps. "
               "Write fewer rows at a time, or load in bulk without the constraint and add it after (NOT "
               "VALID, "
               "then VALIDATE CONSTRAINT); many writers of one parent row wait for its lock.";
    const char *index = "The foreign key searches the referencing table for each row: create an index on the "
                        "referencing column";
    return deletes && table ? SAY("%s, in the table that references %s.", index, table)
           : write
               ? SAY("%s. (Where the written table is the referencing one, no further index helps.)", index)
               : SAY("%s.", index);
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
    bool key = worst->constraint || (worst->name && str_starts(worst->name, "RI_"));
    it->evidence = SAY("triggers took %s, most of it %s%s%s: %s in %s calls", time_text(f, sum), name,
                       worst->relation ? " on " : "", worst->relation ? worst->relation : "",
                       time_text(f, most), count(f, worst->calls));
    it->advice =
        key ? key_advice(f, worst) : "Make the trigger cheaper, or make it a statement-level trigger.";
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
