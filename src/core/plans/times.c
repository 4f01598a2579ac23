/* times.c - computes the time of each node from EXPLAIN's figures.
 *
 * total = time per loop x loops / processes that ran the node.
 *
 * exclusive: every node hands the time it spent in others over to them, beginning at
 * the root, and keeps the rest. So no exclusive time is negative and their sum is the
 * root's total, whatever averages and rounding say. A node's time lies
 *   - in its parent, normally;
 *   - for an InitPlan in the node that uses its $n (or "InitPlan n") and waited for it;
 *   - for a CTE in its CTE Scans, in proportion to their times; what the scans do not
 *     account for lies in the node that holds the CTE, or (a data-modifying CTE, run to
 *     its end after the root) beside the root, within the execution time.
 * Where children total more than their parent (one process ran the child of a Parallel
 * Append, several the Append), the parent's time is dealt out by work: time summed over
 * processes, which is additive. Totals stay as they are. */
#include "core/plans/tree.h"
#include "core/plans/cost.h"

#include <ctype.h>
#include <stdlib.h>

struct edge { /* part of the time of `to` lies in the node that has the edge */
    int to;
    bool cte;      /* from a CTE Scan to its CTE: by proportion */
    bool holder;   /* from the node that holds a CTE to it */
    double amount; /* total_ns of `to` that lies here */
    int next;      /* -1: last */
};

struct graph_node {
    int edges; /* first edge, -1: none */
    int incoming;
    double work;     /* time summed over processes */
    double allotted; /* what the holders handed over */
    double rest;     /* of CTEs: time their scans do not account for */
    double scans[5]; /* of a CTE: sums over its scans of the FIGURES below, and time */
    int n_scans;
};

struct graph {
    struct plan *p;
    struct graph_node *nodes;
    struct edge *edges;
    size_t n_edges, cap_edges;
};

/* ---- figures of one node ---- */

static double processes(const struct plan *p, struct plan_node *n, double context)
{
    (void)p;
    if (context <= 1)
        return 1;
    double loops = known_or(n->loops, 1), in_workers = 0, ran = 0;
    for (size_t i = 0; i < n->n_workers; i++) {
        if (n->workers[i].loops >= 1) {
            in_workers += n->workers[i].loops;
            ran++;
        }
    }
    if (ran > 0) /* the leader's loops are what the workers' leave */
        return MAX(1, MIN(ran + (loops - in_workers >= 1), context));
    return MAX(1, MIN(loops, context));
}

/* The number of processes that take part below a node. */
static double context_below(const struct plan_node *n, double context)
{
    if (!plan_is_gather(n))
        return context;
    double most = known_or(n->workers_launched, 0) + 1;
    /* The first node below runs once in every participant of every scan of the Gather;
     * the leader may not take part. */
    const struct plan_node *first = n->child;
    while (first && plan_is_initplan(first))
        first = first->next;
    if (first && first->loops >= 1 && n->loops >= 1)
        return MAX(1, MIN(most, ceil(first->loops / n->loops)));
    return most;
}

static void estimate(struct plan_node *n)
{
    n->estimate_factor = NAN;
    n->estimate_direction = 0;
    /* These do not count their rows. */
    if (isnan(n->loop_rows) || isnan(n->plan_rows) || !(n->loops > 0) || str_eq(n->type, "BitmapAnd") ||
        str_eq(n->type, "BitmapOr") || (plan_is_modify(n) && n->loop_rows <= 0))
        return;
    double mean = n->rows_slack > 0 ? n->loop_rows : n->rows / n->loops;
    if (mean <= 0) /* rounded: as near to the plan as it can be */
        mean = MIN(n->plan_rows, n->rows_slack / n->loops);
    double more = MAX(mean, n->plan_rows), less = MIN(mean, n->plan_rows);
    n->estimate_factor = more <= 0 ? 1 : less <= 0 ? INFINITY : more / less;
    n->estimate_direction = mean > n->plan_rows ? 1 : mean < n->plan_rows ? -1 : 0;
}

static void node_figures(struct graph *g, struct plan_node *n, double context)
{
    struct plan *p = g->p;
    if (!p->analyzed) {
        n->processes = 1;
        n->total_ns = n->rows = n->rows_plan_total = n->rows_removed = NAN;
        n->estimate_factor = NAN;
        n->exclusive_ns = n->exclusive_share = NAN;
        return;
    }
    n->never_executed = n->loops <= 0; /* unknown is not 0: nodes of other servers have no figures */
    n->processes = processes(p, n, context);
    double loops = n->never_executed ? 0 : n->loops;
    struct graph_node *gn = &g->nodes[n->id - 1];
    gn->work = n->never_executed ? 0 : n->loop_total_ns * loops;
    n->total_ns = n->never_executed && p->timed ? 0 : gn->work / n->processes;
    n->rows = n->never_executed ? 0 : n->loop_rows * loops;
    n->rows_plan_total = n->never_executed ? NAN : n->plan_rows * loops;
    double removed = known_or(n->loop_removed_filter, 0) + known_or(n->loop_removed_join, 0) +
                     known_or(n->loop_removed_recheck, 0);
    n->rows_removed = n->never_executed ? 0 : removed * loops;
}

/* A node without figures of its own (it heads plans of other servers, or its line is damaged)
 * took at least what the nodes below it took. */
static void unmeasured(struct graph *g)
{
    for (size_t i = g->p->n_nodes; i-- > 0;) {
        struct plan_node *n = g->p->nodes[i];
        if (!isnan(n->loops) || !isnan(n->total_ns) || !g->p->timed)
            continue;
        double total = 0, work = 0;
        for (const struct plan_node *c = n->child; c; c = c->next) {
            if (plan_is_initplan(c))
                continue;
            total += known_or(c->total_ns, 0);
            work += known_or(g->nodes[c->id - 1].work, 0);
        }
        n->total_ns = total;
        g->nodes[i].work = work;
    }
}

/* ---- where a node's time lies ---- */

static void add_edge(struct graph *g, const struct plan_node *holder, const struct plan_node *to, bool cte)
{
    g->edges = mem_grow(g->edges, g->n_edges, &g->cap_edges, sizeof *g->edges);
    struct graph_node *h = &g->nodes[holder->id - 1];
    g->edges[g->n_edges] =
        (struct edge){.to = to->id - 1, .cte = cte, .amount = to->total_ns, .next = h->edges};
    h->edges = (int)g->n_edges++;
    g->nodes[to->id - 1].incoming++;
}

/* Time of a node that is not in its ordinary children. */
static double room(const struct plan_node *n)
{
    double left = known_or(n->total_ns, 0);
    for (const struct plan_node *c = n->child; c; c = c->next)
        if (!plan_is_initplan(c))
            left -= known_or(c->total_ns, 0);
    return left;
}

struct param { /* a value an InitPlan returns */
    long number;
    bool named; /* "InitPlan 1" (17 and later), not "$1" */
    struct plan_node *init, *user;
    double user_room;
};

struct params {
    struct param *items;
    size_t n, cap;
};

static int param_order(const void *a, const void *b)
{
    const struct param *x = a, *y = b;
    if (x->named != y->named)
        return x->named ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

/* Calls `found` for every "$n" and "InitPlan n" in a text. */
static void each_param(const char *s, void (*found)(void *ctx, long number, bool named), void *ctx)
{
    static const char name[] = "InitPlan ";
    for (; s && *s; s++) {
        bool named = *s == 'I' && str_starts(s, name);
        if (*s != '$' && !named)
            continue;
        const char *digits = s + (named ? sizeof name - 1 : 1);
        if (!isdigit((unsigned char)*digits))
            continue;
        char *end;
        long number = strtol(digits, &end, 10);
        found(ctx, number, named);
        s = end - 1;
    }
}

struct search {
    struct graph *g;
    struct params *params;
    struct plan_node *node;
};

static void returns(void *ctx, long number, bool named)
{
    struct search *s = ctx;
    struct params *ps = s->params;
    ps->items = mem_grow(ps->items, ps->n, &ps->cap, sizeof *ps->items);
    ps->items[ps->n++] = (struct param){.number = number, .named = named, .init = s->node};
}

static void uses(void *ctx, long number, bool named)
{
    struct search *s = ctx;
    struct param key = {.number = number, .named = named};
    struct param *at =
        s->params->n ? bsearch(&key, s->params->items, s->params->n, sizeof key, param_order) : NULL;
    if (!at || plan_inside(s->node, at->init) || !plan_inside(s->node, at->init->parent))
        return;
    /* A Gather evaluates what its workers need before it starts them. */
    struct plan_node *user = s->node;
    for (struct plan_node *up = s->node->parent; up && up->depth >= at->init->parent->depth; up = up->parent)
        if (plan_is_gather(up))
            user = up;
    double r = room(user);
    if (!at->user || r > at->user_room) {
        at->user = user;
        at->user_room = r;
    }
}

static void each_text(struct plan_node *n, struct search *s)
{
    s->node = n;
    for (size_t i = 0; i < plan_n_node_fields; i++) {
        const struct plan_field *f = &plan_node_fields[i];
        const void *at = (const char *)n + f->offset;
        if (f->type == PLAN_TEXT && strcmp(f->key, "Subplan Name") != 0) {
            each_param(*(const char *const *)at, uses, s);
        } else if (f->type == PLAN_LIST) {
            const struct plan_list *l = at;
            for (size_t k = 0; k < l->n; k++)
                each_param(l->items[k], uses, s);
        }
    }
}

#define SEARCH_AT_MOST 4096 /* nodes looked through for one that waited */

/* Nothing shows the value: LIMIT, output lists, Append pruning. */
static struct plan_node *who_waited(const struct plan *p, struct plan_node *init)
{
    struct plan_node *parent = init->parent, *best = parent;
    double need = known_or(init->total_ns, 0) * 0.9;
    if (str_eq(parent->type, "Result") || room(parent) >= need)
        return parent;
    double best_room = room(parent);
    size_t end = MIN(p->n_nodes, (size_t)parent->id + SEARCH_AT_MOST);
    for (size_t i = (size_t)parent->id; i < end; i++) {
        struct plan_node *n = p->nodes[i];
        if (!plan_inside(n, parent))
            break;
        if (room(n) > best_room && !plan_inside(n, init)) {
            best = n;
            best_room = room(n);
        }
    }
    return best;
}

static void hold_initplans(struct graph *g)
{
    struct plan *p = g->p;
    struct params params = {0};
    struct search s = {.g = g, .params = &params};
    for (size_t i = 0; i < p->n_nodes; i++) {
        s.node = p->nodes[i];
        if (s.node->parent && plan_is_initplan(s.node) && !plan_cte_name(s.node))
            each_param(s.node->subplan, returns, &s);
    }
    if (params.n)
        qsort(params.items, params.n, sizeof *params.items, param_order);
    for (size_t i = 0; params.n && i < p->n_nodes; i++)
        each_text(p->nodes[i], &s);

    /* "InitPlan 1 (returns $0,$1)" is several values of one node: the user with most room. */
    struct plan_node **user = mem_array(p->n_nodes, sizeof *user);
    for (size_t i = 0; i < params.n; i++) {
        const struct param *it = &params.items[i];
        int at = it->init->id - 1;
        if (it->user && (!user[at] || it->user_room > room(user[at])))
            user[at] = it->user;
    }
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        if (!n->parent || !plan_is_initplan(n) || plan_cte_name(n))
            continue;
        struct plan_node *holder = user[i];
        if (!holder || room(holder) < known_or(n->total_ns, 0) / 2) {
            struct plan_node *other = who_waited(p, n);
            if (!holder || room(other) >= known_or(n->total_ns, 0) * 0.9)
                holder = other;
        }
        add_edge(g, holder, n, false);
    }
    free(user);
    free(params.items);
}

struct definition {
    const char *name;
    struct plan_node *node;
};

static int definition_order(const void *a, const void *b)
{
    const struct definition *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c : (x->node->id > y->node->id) - (x->node->id < y->node->id);
}

#define SAME_NAME_AT_MOST 64

static void hold_ctes(struct graph *g)
{
    struct plan *p = g->p;
    struct definition *d = NULL;
    size_t n_d = 0, cap = 0;
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        if (n->parent && plan_cte_name(n)) {
            d = mem_grow(d, n_d, &cap, sizeof *d);
            d[n_d++] = (struct definition){.name = plan_cte_name(n), .node = n};
        }
    }
    if (!n_d)
        return;
    qsort(d, n_d, sizeof *d, definition_order);
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        if (!str_eq(n->type, "CTE Scan") || !n->cte)
            continue;
        size_t lo = 0, hi = n_d;
        while (lo < hi) {
            size_t mid = lo + (hi - lo) / 2;
            if (strcmp(d[mid].name, n->cte) < 0)
                lo = mid + 1;
            else
                hi = mid;
        }
        struct plan_node *cte = NULL; /* the innermost of that name */
        for (size_t k = lo; k < n_d && k < lo + SAME_NAME_AT_MOST && !strcmp(d[k].name, n->cte); k++)
            if (plan_inside(n, d[k].node->parent) && !plan_inside(n, d[k].node) &&
                (!cte || d[k].node->depth > cte->depth))
                cte = d[k].node;
        if (cte) {
            add_edge(g, n, cte, true);
            struct graph_node *gc = &g->nodes[cte->id - 1];
            gc->n_scans++;
            gc->scans[0] += known_or(n->total_ns, 0);
            gc->scans[1] += known_or(n->shared_hit, 0);
            gc->scans[2] += known_or(n->shared_read, 0);
        }
    }
    /* Shares of the time, and what is left for the holder. */
    for (size_t i = 0; i < p->n_nodes; i++) {
        for (int e = g->nodes[i].edges; e >= 0; e = g->edges[e].next) {
            struct edge *edge = &g->edges[e];
            if (!edge->cte)
                continue;
            double scan = known_or(p->nodes[i]->total_ns, 0), all = g->nodes[edge->to].scans[0];
            double total = known_or(p->nodes[edge->to]->total_ns, 0);
            edge->amount = all > 0 ? MIN(scan, total * scan / all) : 0;
        }
    }
    for (size_t i = 0; i < n_d; i++) {
        struct plan_node *n = d[i].node;
        double total = known_or(n->total_ns, 0), rest = total - MIN(total, g->nodes[n->id - 1].scans[0]);
        g->nodes[n->id - 1].rest = rest;
        add_edge(g, n->parent, n, true);
        g->edges[g->n_edges - 1].holder = true;
        g->edges[g->n_edges - 1].amount = 0; /* settled after everything else the parent hands over */
    }
    free(d);
}

/* ---- dealing out ---- */

/* Hands the node's time over to what ran inside it; returns what stays. */
static double deal(struct graph *g, int at, double *beside)
{
    struct plan_node *n = g->p->nodes[at];
    struct graph_node *gn = &g->nodes[at];
    double total = known_or(n->total_ns, 0), mine = gn->allotted, sum = 0, work = 0;
    for (int e = gn->edges; e >= 0; e = g->edges[e].next) {
        sum += known_or(g->edges[e].amount, 0);
        work += known_or(g->nodes[g->edges[e].to].work, 0);
    }
    /* A CTE's time may come from several holders in part: never more than its total. */
    double scale = total > 0 ? mine / total : 0;
    bool by_work = sum > total && n->processes > 1 && work > 0 && work <= gn->work;
    double keeps = by_work ? mine * (1 - work / gn->work) : sum <= total ? (total - sum) * scale : 0;
    for (int e = gn->edges; e >= 0; e = g->edges[e].next) {
        struct edge *edge = &g->edges[e];
        struct graph_node *to = &g->nodes[edge->to];
        double amount = known_or(edge->amount, 0);
        to->allotted += by_work        ? mine * to->work / gn->work
                        : sum <= total ? amount * scale
                                       : mine * amount / sum;
    }
    for (int e = gn->edges; e >= 0; e = g->edges[e].next) {
        struct graph_node *to = &g->nodes[g->edges[e].to];
        if (g->edges[e].cte && to->rest > 0 && g->p->nodes[g->edges[e].to]->parent == n) {
            double paid = MIN(to->rest, keeps);
            keeps -= paid;
            double extra = MIN(to->rest - paid, *beside);
            *beside -= extra;
            to->allotted += paid + extra;
            to->rest = 0;
        }
    }
    return keeps;
}

static void deal_all(struct graph *g)
{
    struct plan *p = g->p;
    int *queue = mem_array(p->n_nodes, sizeof *queue);
    bool *done = mem_array(p->n_nodes, sizeof *done);
    double root = known_or(p->nodes[0]->total_ns, 0);
    double limit = isnan(p->execution_ns) ? root : p->execution_ns;
    double beside = MAX(0, limit - root);
    g->nodes[0].allotted = MIN(root, limit);
    size_t head = 0, tail = 0, next = 0;
    queue[tail++] = 0;
    while (head < p->n_nodes) {
        if (head == tail) {
            /* Hostile input only: CTEs that scan each other. Take them in order. */
            while (done[next] || next == 0)
                next++;
            g->nodes[next].incoming = 0;
            queue[tail++] = (int)next;
        }
        int at = queue[head++];
        if (done[at])
            continue;
        done[at] = true;
        p->nodes[at]->exclusive_ns = deal(g, at, &beside);
        for (int e = g->nodes[at].edges; e >= 0; e = g->edges[e].next)
            if (--g->nodes[g->edges[e].to].incoming == 0 && !done[g->edges[e].to])
                queue[tail++] = g->edges[e].to;
    }
    free(queue);
    free(done);
}

/* ---- blocks and I/O: inclusive minus what ran inside ---- */

static double io_inclusive(const struct plan_node *n)
{
    const double parts[] = {n->io_read_ns,         n->io_write_ns,      n->shared_io_read_ns,
                            n->shared_io_write_ns, n->local_io_read_ns, n->local_io_write_ns,
                            n->temp_io_read_ns,    n->temp_io_write_ns};
    double sum = NAN;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!isnan(parts[i]))
            sum = known_or(sum, 0) + parts[i];
    return sum;
}

enum { FIGURE_HIT, FIGURE_READ, FIGURE_TEMP_READ, FIGURE_TEMP_WRITTEN, FIGURE_IO, N_FIGURES };

static double node_figure(const struct plan_node *n, int which)
{
    switch (which) {
    case FIGURE_HIT:
        return n->shared_hit;
    case FIGURE_READ:
        return n->shared_read;
    case FIGURE_TEMP_READ:
        return n->temp_read;
    case FIGURE_TEMP_WRITTEN:
        return n->temp_written;
    default:
        return io_inclusive(n);
    }
}

static void own_blocks(struct graph *g)
{
    struct plan *p = g->p;
    /* Beside each other: a node is a kilobyte. */
    double(*figures)[N_FIGURES] = mem_array(p->n_nodes, sizeof *figures);
    double(*owns)[N_FIGURES] = mem_array(p->n_nodes, sizeof *owns);
    for (size_t i = 0; i < p->n_nodes; i++) {
        plan_fetch(p, i, offsetof(struct plan_node, shared_hit), sizeof(struct plan_node));
        for (int which = 0; which < N_FIGURES; which++)
            figures[i][which] = node_figure(p->nodes[i], which);
    }
    for (int which = 0; which < N_FIGURES; which++) {
        for (size_t i = 0; i < p->n_nodes; i++)
            g->nodes[i].allotted = 0; /* now: the figure's sum over the scans of a CTE */
        for (size_t i = 0; i < p->n_nodes; i++)
            for (int e = g->nodes[i].edges; e >= 0; e = g->edges[e].next)
                if (g->edges[e].cte && !g->edges[e].holder)
                    g->nodes[g->edges[e].to].allotted += known_or(figures[i][which], 0);
        for (size_t i = 0; i < p->n_nodes; i++) {
            double all = figures[i][which], own = all;
            for (int e = g->nodes[i].edges; e >= 0; e = g->edges[e].next) {
                double theirs = known_or(figures[g->edges[e].to][which], 0),
                       scans = g->nodes[g->edges[e].to].allotted;
                if (!g->edges[e].cte)
                    own -= theirs;
                else if (!g->edges[e].holder)
                    own -= scans > 0 ? MIN(all, theirs * all / scans) : 0;
                else if (scans <= 0 && own >= theirs) /* never read: run to its end here, or after the root */
                    own -= theirs;
            }
            owns[i][which] = own > 0 || isnan(own) ? own : 0;
        }
    }
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        plan_fetch_head(p, i);
        n->own_shared_hit = owns[i][FIGURE_HIT];
        n->own_shared_read = owns[i][FIGURE_READ];
        n->own_temp_read = owns[i][FIGURE_TEMP_READ];
        n->own_temp_written = owns[i][FIGURE_TEMP_WRITTEN];
        n->own_io_ns = owns[i][FIGURE_IO] / n->processes;
    }
    free(owns);
    free(figures);
}

void plan_time(struct plan *p)
{
    struct graph g = {.p = p, .nodes = mem_array(p->n_nodes, sizeof *g.nodes)};
    struct plan_node *root = p->nodes[0];
    bool initplans = false;
    plan_tables(p);
    p->analyzed = !isnan(root->loops) || !isnan(root->loop_rows);
    p->timed = p->analyzed && !isnan(root->loop_total_ns);
    double *context = mem_array(p->n_nodes, sizeof *context);
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        plan_fetch_all(p, i);
        g.nodes[i].edges = -1;
        double above = n->parent ? context[n->parent->id - 1] : 1;
        above = n->parent && !plan_is_initplan(n) ? context_below(n->parent, above) : 1;
        context[i] = above;
        node_figures(&g, n, above);
    }
    free(context);
    unmeasured(&g);
    p->elapsed_ns =
        isnan(p->execution_ns) && p->timed
            ? MAX(root->loop_total_ns * MAX(1, known_or(root->loops, 1)), known_or(root->total_ns, 0))
            : p->execution_ns;
    if (p->analyzed) {
        plan_rounding(p);
        for (size_t i = 0; i < p->n_nodes; i++) {
            plan_fetch_head(p, i);
            plan_fetch(p, i, offsetof(struct plan_node, plan_rows), offsetof(struct plan_node, loops));
            estimate(p->nodes[i]);
        }
    }
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        plan_fetch_head(p, i);
        if (n->parent && !plan_is_initplan(n))
            add_edge(&g, n->parent, n, false);
        else
            initplans = initplans || n->parent;
    }
    if (initplans) { /* a CTE is one */
        hold_initplans(&g);
        hold_ctes(&g);
    }
    if (p->timed)
        deal_all(&g);
    own_blocks(&g);
    plan_cost(p);
    p->worst = NULL;
    double worst = 0;
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        plan_fetch_head(p, i);
        if (!p->timed)
            n->exclusive_ns = n->total_ns = NAN;
        n->exclusive_share = p->elapsed_ns > 0 ? n->exclusive_ns / p->elapsed_ns : NAN;
        double share = p->timed ? n->exclusive_share : n->cost_share;
        if (share > worst) {
            worst = share;
            p->worst = n;
        }
    }
    free(g.nodes);
    free(g.edges);
}
