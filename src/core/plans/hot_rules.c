/* hot_rules.c - the node that takes most, when no other rule explains it: what is true of it. */
#include "core/plans/finder.h"

#include <ctype.h>

/* ---- is a node explained? ---- */

/* An estimate explains another node's time, not its own; waiting for I/O is of the whole plan. */
static bool explains_itself(const struct plan_finding *it)
{
    return it->node && strcmp(it->rule->name, "bad_estimate") != 0 &&
           strcmp(it->rule->name, "stale_statistics") != 0 && strcmp(it->rule->name, "disabled_node") != 0;
}

/* The node itself, a part of it (Hash, bitmap), or one whose saving holds this node's time as well. */
static bool explains(const struct plan *p, const struct plan_finding *it, const struct plan_node *n)
{
    static const char *const parts[] = {"Hash", "Bitmap Index Scan", "Materialize", "Memoize", NULL};
    if (!explains_itself(it))
        return false;
    if (it->node == n)
        return true;
    if (it->node->parent == n && it->node->type && str_find(parts, it->node->type) >= 0)
        return true;
    if (!plan_inside(n, it->node))
        return false;
    double own = p->timed ? n->exclusive_share : n->cost_share;
    double top = p->timed ? it->node->exclusive_share : it->node->cost_share;
    return it->saves_share >= known_or(top, 0) + 0.5 * known_or(own, 0);
}

bool plan_explained(const struct plan *p, const struct plan_findings *f, const struct plan_node *n)
{
    for (size_t i = 0; i < f->n; i++)
        if (explains(p, &f->items[i], n))
            return true;
    return false;
}

size_t plan_unexplained(const struct plan *p, const struct plan_findings *f, const struct plan_node **out,
                        size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_nodes && n < max; i++) {
        double share = p->timed ? p->nodes[i]->exclusive_share : p->nodes[i]->cost_share;
        if (share > PLAN_LARGE_SHARE && !plan_explained(p, f, p->nodes[i]))
            out[n++] = p->nodes[i];
    }
    return n;
}

/* ---- what the node did ---- */

struct hot_facts {
    double rows;   /* returned, removed or given, over all loops */
    double blocks; /* own; NAN unknown */
    double loops, own_ns;
};

static struct hot_facts hot_facts(const struct plan_node *n)
{
    double own = known_or(n->rows, 0) + known_or(n->rows_removed, 0), given = 0;
    for (const struct plan_node *c = n->child; c; c = c->next)
        given += plan_is_initplan(c) ? 0 : known_or(c->rows, 0);
    bool blocks = !isnan(n->own_shared_hit) || !isnan(n->own_shared_read);
    return (struct hot_facts){
        .rows = MAX(own, given),
        .blocks = blocks ? known_or(n->own_shared_hit, 0) + known_or(n->own_shared_read, 0) : NAN,
        .loops = MAX(1, known_or(n->loops, 1)),
        .own_ns = known_or(n->exclusive_ns, 0),
    };
}

/* The first function that a condition or the output calls: "f(" in an expression; NULL. */
static const char *called_in(struct plan_finder *f, const char *text)
{
    for (const char *open = text ? strchr(text, '(') : NULL; open; open = strchr(open + 1, '(')) {
        const char *start = open;
        while (start > text && (isalnum((unsigned char)start[-1]) || strchr("_.$\"", start[-1])))
            start--;
        size_t len = (size_t)(open - start);
        if (len && !isdigit((unsigned char)*start) && !(len == 3 && !strncmp(start, "ANY", 3)) &&
            !(len == 3 && !strncmp(start, "ALL", 3)))
            return SAY("%.*s", (int)MIN(len, 60), start);
    }
    return NULL;
}

static const char *function_of(struct plan_finder *f, const struct plan_node *n)
{
    if (str_eq(n->type, "Function Scan") || str_eq(n->type, "Table Function Scan"))
        return n->function ? n->function : n->table_function ? n->table_function : "the function";
    const char *name = called_in(f, n->filter);
    if (!name)
        name = called_in(f, n->join_filter);
    for (size_t i = 0; i < n->output.n && !name; i++)
        name = called_in(f, n->output.items[i]);
    return name;
}

/* " in CTE x": what the node belongs to. */
static const char *part_of(struct plan_finder *f, const struct plan_node *n)
{
    while (n && !(plan_is_initplan(n) && n->subplan))
        n = n->parent;
    return n ? SAY(" in %.60s", n->subplan) : "";
}

struct hot_words {
    const char *detail, *advice; /* detail: what follows the share; may be empty */
};

#define SLOW_ROW_NS 20e3 /* for each row handled: more than rows alone cost */
#define FEW_ROWS    1000.0

static struct hot_words hot_remote(struct plan_finder *f, const struct plan_node *n)
{
    if (str_eq(n->type, "Foreign Scan"))
        return (struct hot_words){
            SAY("; the other server returned %s", rows_text(f, n->rows)),
            "The time is the other server's and the network's: run its statement (Remote SQL) "
            "there with EXPLAIN ANALYZE, and send it more of the conditions."};
    return (struct hot_words){
        SAY("; it returned %s", rows_text(f, n->rows)),
        "The node belongs to an extension: what it did is in its own lines and in the plan "
        "below it."};
}

static struct hot_words hot_by_time(struct plan_finder *f, const struct plan_node *n,
                                    const struct hot_facts *h)
{
    double each = h->own_ns / MAX(1, h->rows), gone = known_or(n->loop_removed_recheck, 0) * h->loops;
    const char *function = function_of(f, n);
    if (str_eq(n->type, "Function Scan"))
        return (struct hot_words){
            SAY("; %s returned %s", function, rows_text(f, n->rows)),
            SAY("The time is spent inside %s: look at its statements (auto_explain.log_nested_statements, "
                "pg_stat_statements.track = all), or call it less often.",
                function)};
    if (known_or(n->own_io_ns, 0) >= h->own_ns / 2)
        return (struct hot_words){
            SAY("; %s of it reading %s blocks", time_text(f, n->own_io_ns), count(f, h->blocks)),
            "Most of it is waiting for the disk: read fewer blocks, or run it again to see "
            "how fast it is from memory."};
    if (gone >= MAX(FEW_ROWS, known_or(n->rows, 0)))
        return (struct hot_words){
            SAY("; %s rows were rechecked and removed", count(f, gone)),
            "The index gives many rows that do not match: use a more selective condition "
            "(a longer search pattern), or an index that is exact for it."};
    if (h->blocks >= FEW_ROWS && h->blocks >= 20 * h->rows && !plan_is_scan(n) && !plan_is_modify(n))
        return (struct hot_words){
            SAY("; %s blocks for %s", count(f, h->blocks), rows_text(f, h->rows)),
            "These blocks are read by something that the plan does not show: a function or subquery in the "
            "output, or nodes that are missing from the input."};
    if (each >= SLOW_ROW_NS && !(h->blocks / MAX(1, h->rows) >= 20))
        return function
                   ? (struct hot_words){SAY("; %s for each of %s", time_text(f, each), rows_text(f, h->rows)),
                                        SAY("Few rows take long: %s is probably expensive, or it waits. "
                                            "Call it for "
                                            "fewer rows, or store its result.",
                                            function)}
                   : (struct hot_words){
                         SAY("; %s for each of %s", time_text(f, each), rows_text(f, h->rows)),
                         "Few rows take long: an expensive expression in the output or the "
                         "condition, large values, or a wait. Look at wait events while it runs "
                         "(view activity)."};
    if (h->loops >= FEW_ROWS)
        return (struct hot_words){
            SAY("; %s runs of %s", count(f, h->loops), time_text(f, h->own_ns / h->loops)),
            "Each run is short, but there are many: reduce the rows that start them, or let "
            "a hash join read this side once (check the row estimates)."};
    if (h->blocks >= MAX(FEW_ROWS, h->rows) && plan_is_scan(n))
        return (struct hot_words){
            SAY("; %s blocks for %s", count(f, h->blocks), rows_text(f, h->rows)),
            "The rows are spread over many blocks: an index that contains the needed columns "
            "(INCLUDE), a table in another order (CLUSTER), or VACUUM reduces them."};
    return (struct hot_words){
        SAY("; %s, %s each", rows_text(f, h->rows), time_text(f, each)),
        "This node processes many rows: reduce them (filter earlier, aggregate before joining) or "
        "store the result."};
}

void rule_hot_node(struct plan_finder *f, const struct plan_node *n)
{
    if (!(n->exclusive_share >= f->rule->info) || plan_explained(f->plan, f->out, n))
        return;
    struct plan_finding *it = found(f, n, n->exclusive_share, own_part(f, n, 1), 0);
    if (!it)
        return;
    struct hot_facts h = hot_facts(n);
    bool remote = plan_is_remote(n);
    struct hot_words w = remote ? hot_remote(f, n) : hot_by_time(f, n, &h);
    it->evidence = SAY("%s here%s, %s of the execution%s", time_text(f, h.own_ns), part_of(f, n),
                       share_text(f, n->exclusive_share), w.detail);
    it->advice = w.advice;
    it->check = "The own time of this node is lower.";
}

/* Of a short plan: a part with a name of its own, which one looks for first. */
void rule_hot_part(struct plan_finder *f, const struct plan_node *n)
{
    if (plan_is_initplan(n) || str_eq(n->type, "Function Scan") || str_eq(n->type, "Table Function Scan") ||
        plan_is_remote(n) || str_eq(n->type, "CTE Scan") || str_eq(n->type, "ProjectSet"))
        rule_hot_node(f, n);
}

/* Nothing was measured: the planner's own idea of where the work is. */
void rule_costly_node(struct plan_finder *f, const struct plan_node *n)
{
    if (f->plan->timed || !(n->cost_share >= f->rule->info) || plan_explained(f->plan, f->out, n))
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
