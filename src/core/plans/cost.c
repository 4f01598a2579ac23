#include "core/plans/cost.h"

#include <stdlib.h>

/* How a child is run by its parent. */
enum cost_way {
    COST_CHILD,   /* an ordinary child */
    COST_ONCE,    /* InitPlan, CTE, hashed SubPlan: before the first row */
    COST_TESTED,  /* a SubPlan, for each row that the parent reads and tests */
    COST_RETURNS, /* for each row that the parent returns */
    COST_INSTEAD, /* the other of two alternatives; the planner counts with the first */
};

/* What a node pays in the whole plan. */
struct cost_use {
    enum cost_way way;
    double runs;  /* full runs; a part of one where its parent leaves less */
    double part;  /* of the run cost, in a full run: 0..1 */
    double again; /* runs that give the kept result once more */
    double each;  /* cost of such a run */
};

struct cost_sums {
    struct plan *p;
    struct cost_use *uses; /* of each node, by id - 1 */
    double tuple, operation, page, work_mem;
};

/* A node's children, looked through once. */
struct cost_family {
    const struct plan_node *only, *outer, *inner; /* ordinary children */
    double once;                                  /* start-up cost that is of what runs once */
};

/* ---- one run ---- */

static double start_cost(const struct plan_node *n)
{
    return MIN(known_or(n->startup_cost, 0), known_or(n->total_cost, 0));
}

static double run_cost(const struct plan_node *n)
{
    return known_or(n->total_cost, 0) - start_cost(n);
}

static double run_to(const struct plan_node *n, double part)
{
    return start_cost(n) + part * run_cost(n);
}

static double stored_bytes(const struct plan_node *n)
{
    return known_or(n->plan_rows, 0) * (known_or(n->plan_width, 0) + 24);
}

/* Reading kept rows once more, from a file where they do not fit in work_mem. */
static double reread(const struct cost_sums *s, const struct plan_node *n, double per_row)
{
    double bytes = stored_bytes(n), cost = per_row * known_or(n->plan_rows, 0);
    return bytes > s->work_mem ? cost + s->page * ceil(bytes / 8192) : cost;
}

/* Of cost_rescan(): what it costs to run the node once more with the same parameters. */
static double repeat_cost(const struct cost_sums *s, const struct plan_node *n)
{
    if (str_eq(n->type, "Materialize") || str_eq(n->type, "Sort"))
        return MIN(reread(s, n, s->operation), known_or(n->total_cost, 0));
    if (str_eq(n->type, "CTE Scan") || str_eq(n->type, "WorkTable Scan"))
        return MIN(reread(s, n, s->tuple), known_or(n->total_cost, 0));
    if (str_eq(n->type, "Function Scan"))
        return run_cost(n);
    if (str_eq(n->type, "Hash Join"))
        for (const struct plan_node *c = n->child; c; c = c->next)
            if (str_eq(c->relationship, "Inner") && stored_bytes(c) <= s->work_mem)
                return run_cost(n);
    return known_or(n->total_cost, 0);
}

static struct cost_use *use_of(const struct cost_sums *s, const struct plan_node *n)
{
    return &s->uses[n->id - 1];
}

static double paid(const struct cost_sums *s, const struct plan_node *n)
{
    const struct cost_use *u = use_of(s, n);
    return u->runs * run_to(n, u->part) + u->again * u->each;
}

/* ---- how children run ---- */

static bool names_plan(const char *text, const char *before, const char *subplan)
{
    size_t skip = strlen(before), len = strlen(subplan);
    for (const char *hit = text ? strstr(text, subplan) : NULL; hit; hit = strstr(hit + 1, subplan))
        if ((size_t)(hit - text) >= skip && !strncmp(hit - skip, before, skip) &&
            (hit[len] < '0' || hit[len] > '9')) /* not "SubPlan 12" for "SubPlan 1" */
            return true;
    return false;
}

/* Does a condition of the node name the SubPlan, after `before` ("hashed "), or its lists (output, keys)? */
static bool node_names(const struct plan_node *n, enum plan_field_type type, const char *before,
                       const char *subplan)
{
    for (size_t i = 0; i < plan_n_node_fields; i++) {
        const struct plan_field *f = &plan_node_fields[i];
        const void *at = (const char *)n + f->offset;
        if (f->type != type)
            continue;
        if (type == PLAN_TEXT && at != &n->subplan && names_plan(*(const char *const *)at, before, subplan))
            return true;
        for (size_t k = 0; type == PLAN_LIST && k < ((const struct plan_list *)at)->n; k++)
            if (names_plan(((const struct plan_list *)at)->items[k], before, subplan))
                return true;
    }
    return false;
}

/* A SubPlan that no expression names is in the output list, which only VERBOSE prints. One that is hashed is
 * built before the first row; of a node that reads all before it nothing can be told. */
static bool builds_first(const struct plan_node *n, const struct plan_node *subplan)
{
    double before = 0, all = 0;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        if (c == subplan)
            continue;
        bool whole =
            plan_is_initplan(c) || (str_eq(n->type, "Hash Join") && str_eq(c->relationship, "Inner"));
        before += whole ? known_or(c->total_cost, 0) : start_cost(c);
        all += str_eq(c->relationship, "SubPlan") ? 0 : known_or(c->total_cost, 0);
    }
    return run_cost(subplan) > 0 && start_cost(n) - before >= known_or(subplan->total_cost, 0) &&
           !(all > 0 && start_cost(n) >= all);
}

#define SUBPLANS_READ 256 /* of one node; hostile input has more */

static enum cost_way way_of_child(const struct plan_node *n, const struct plan_node *c, size_t nth_subplan)
{
    if (plan_is_initplan(c))
        return COST_ONCE;
    if (!str_eq(c->relationship, "SubPlan"))
        return COST_CHILD;
    if (!c->subplan || nth_subplan > SUBPLANS_READ)
        return COST_RETURNS;
    if (node_names(n, PLAN_TEXT, "or hashed ", c->subplan))
        return COST_INSTEAD;
    if (node_names(n, PLAN_TEXT, "hashed ", c->subplan) || node_names(n, PLAN_LIST, "hashed ", c->subplan))
        return COST_ONCE;
    if (node_names(n, PLAN_TEXT, "", c->subplan))
        return COST_TESTED;
    return !n->output.n && builds_first(n, c) ? COST_ONCE : COST_RETURNS;
}

static struct cost_family family_of(struct cost_sums *s, const struct plan_node *n)
{
    struct cost_family f = {0};
    size_t ordinary = 0, subplans = 0;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        enum cost_way way = way_of_child(n, c, subplans);
        use_of(s, c)->way = way;
        subplans += str_eq(c->relationship, "SubPlan");
        if (way == COST_ONCE)
            f.once += known_or(c->total_cost, 0);
        if (way != COST_CHILD)
            continue;
        f.only = ordinary++ ? NULL : c;
        if (str_eq(c->relationship, "Outer"))
            f.outer = c;
        else if (str_eq(c->relationship, "Inner"))
            f.inner = c;
    }
    f.once = MIN(f.once, start_cost(n));
    return f;
}

/* ---- ordinary children and what runs once ---- */

/* A share of what lies between two costs, 0..1. */
static double between(double x, double from, double to)
{
    return to > from ? MAX(0, MIN(1, (x - from) / (to - from))) : 1;
}

#define COST_ROUNDING 0.011 /* costs are printed with two digits */

/* The part of its only child's run cost that a node reads when it is itself read to `part`. */
static double part_of_child(const struct plan_node *n, const struct cost_family *f, double part)
{
    const struct plan_node *c = f->only;
    double all = known_or(c->total_cost, 0);
    if (str_eq(n->type, "Limit"))
        return between(run_to(n, part) - f->once, start_cost(c), all);
    if (plan_is_gather(n)) /* its start-up cost is the start of the workers */
        return part;
    if (start_cost(n) - f->once >= all - COST_ROUNDING)
        return 1;
    /* These read more than a row before their first, and not all. */
    if (str_eq(n->type, "Incremental Sort") || str_eq(n->type, "WindowAgg") || str_eq(n->strategy, "Mixed"))
        return between(run_to(n, part) - f->once, start_cost(c), known_or(n->total_cost, 0) - f->once);
    return part;
}

static void use_child(struct cost_sums *s, const struct plan_node *n, const struct cost_family *f,
                      const struct plan_node *c)
{
    const struct cost_use *u = use_of(s, n);
    struct cost_use *use = use_of(s, c);
    double all = known_or(c->total_cost, 0);
    use->runs = u->runs;
    use->part = u->part;
    if (use->way == COST_ONCE) {
        /* An EXISTS of which the parent's start-up cost has only the first row. */
        bool first = plan_is_initplan(c) && all > start_cost(n) + COST_ROUNDING;
        use->part = first ? between(start_cost(n), start_cost(c), all) : 1;
    } else if (use->way != COST_CHILD) {
        use->runs = 0;
        use->part = 1;
    } else if (str_eq(n->type, "Hash Join")) {
        use->part = c == f->inner ? 1 : u->part;
        use->runs += c == f->inner ? 0 : u->again; /* the hash table is kept */
    } else if (str_eq(n->type, "Memoize")) {
        use->runs += all > 0 ? u->again * MAX(0, u->each - s->tuple - s->operation) / all : 0;
    } else if (str_eq(n->type, "Recursive Union") && c == f->inner) {
        use->runs *= 10;
    } else if (c == f->only) {
        use->part = part_of_child(n, f, u->part);
    }
}

/* ---- what runs as often as there are rows ---- */

/* The inner side of a nested loop: `left` is what the loop leaves for its runs beyond the first. */
static void repeat_inner(struct cost_sums *s, const struct plan_node *n, const struct cost_family *f,
                         double left)
{
    const struct cost_use *u = use_of(s, n);
    struct cost_use *in = use_of(s, f->inner);
    double times = MAX(1, known_or(f->outer->plan_rows, 1)), more = u->part * (times - 1) * u->runs;
    double each = repeat_cost(s, f->inner), own = known_or(n->plan_rows, 0) * u->part * u->runs * s->tuple;
    if (!(more > 0))
        return;
    if (each * more >
        left) /* a semi-join stops at the first match, Memoize answers: the loop's rows remain */
        each = MAX(0, left - own) / more;
    if (repeat_cost(s, f->inner) < known_or(f->inner->total_cost, 0) || str_eq(f->inner->type, "Memoize")) {
        in->again = more;
        in->each = each;
        in->part = MIN(1, u->part * times);
        return;
    }
    double all = known_or(f->inner->total_cost, 0);
    double cost = in->runs * run_to(f->inner, in->part) + each * more;
    in->runs += all > 0 ? more * each / all : 0;
    in->part =
        run_cost(f->inner) > 0 && in->runs > 0 ? between(cost / in->runs, start_cost(f->inner), all) : 1;
}

/* Rows for which the conditions of a node are tested, at most those its cost leaves room for. `each` is the
 * cost of its SubPlans for one row. */
static double rows_tested(const struct cost_sums *s, const struct plan_node *n, const struct cost_family *f,
                          double each, double left)
{
    double runs = use_of(s, n)->runs, returned = known_or(n->plan_rows, 0) * runs;
    /* A row read costs itself, a condition and its part of a page. */
    double fits = left / (each + s->tuple + s->operation + s->page / 60);
    if (n->one_time_filter && !n->filter)
        return runs;
    if (f->only && !str_eq(n->type, "Aggregate"))
        return known_or(f->only->plan_rows, 0) * use_of(s, f->only)->runs * use_of(s, f->only)->part;
    if (str_eq(n->type, "Seq Scan") || plan_is_join(n))
        return fits;
    return MIN(fits, 2 * returned); /* the planner's guess for a condition on a SubPlan is a half */
}

/* Rows for which the output is computed: of an aggregate, its arguments for each row that it reads. */
static double rows_computed(const struct cost_sums *s, const struct plan_node *n, const struct cost_family *f,
                            double each, double left)
{
    const struct cost_use *u = use_of(s, n);
    double returned = known_or(n->plan_rows, 0) * u->runs * u->part;
    if (!f->only || !(str_eq(n->type, "Aggregate") || str_eq(n->type, "WindowAgg")))
        return returned;
    double read = known_or(f->only->plan_rows, 0) * use_of(s, f->only)->runs * use_of(s, f->only)->part;
    return read > returned && read * each <= left ? read : returned;
}

static double cost_of_ways(const struct cost_sums *s, const struct plan_node *n, enum cost_way way)
{
    double sum = 0;
    for (const struct plan_node *c = n->child; c; c = c->next)
        sum += use_of(s, c)->way == way ? known_or(c->total_cost, 0) : 0;
    return sum;
}

static void repeat_subplans(struct cost_sums *s, const struct plan_node *n, const struct cost_family *f,
                            double left)
{
    double each_test = cost_of_ways(s, n, COST_TESTED), each_row = cost_of_ways(s, n, COST_RETURNS);
    double computed = each_row > 0 ? rows_computed(s, n, f, each_row, left) : 0;
    double tested = each_test > 0 ? rows_tested(s, n, f, each_test, MAX(0, left - computed * each_row)) : 0;
    double all = tested * each_test + computed * each_row, fits = all > left ? left / all : 1;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        struct cost_use *u = use_of(s, c);
        if (u->way == COST_TESTED || u->way == COST_RETURNS)
            u->runs = (u->way == COST_TESTED ? tested : computed) * fits;
    }
}

/* ---- the plan ---- */

/* The children's claims are more than the node pays: less of their runs is needed, or of their starts. What
 * runs once is read to its end; the rows of a join remain its own. */
static void shrink(struct cost_sums *s, const struct plan_node *n, double pays)
{
    const struct cost_use *own = use_of(s, n);
    double starts = 0, rest = 0;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        const struct cost_use *u = use_of(s, c);
        bool once = u->way == COST_ONCE;
        starts += once ? paid(s, c) : u->runs * start_cost(c);
        rest += once ? 0 : u->runs * u->part * run_cost(c);
    }
    double rows = plan_is_join(n) ? known_or(n->plan_rows, 0) * own->runs * own->part * s->tuple : 0;
    double part = rest > 0 ? MAX(0, MIN(1, (pays - starts - rows) / rest)) : 1;
    double runs = starts > pays && starts > 0 ? pays / starts : 1;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        struct cost_use *u = use_of(s, c);
        u->part *= u->way == COST_ONCE ? 1 : part;
        u->runs *= runs;
    }
}

/* An Append reads its children one after the other: what a LIMIT saves is of the last. */
static double in_order(struct cost_sums *s, const struct plan_node *n, double pays)
{
    for (const struct plan_node *c = n->child; c; c = c->next) {
        struct cost_use *u = use_of(s, c);
        double claim = paid(s, c), start = u->runs * start_cost(c);
        if (claim > pays && start <= pays && u->runs * run_cost(c) > 0)
            u->part = MAX(0, MIN(1, (pays - start) / (u->runs * run_cost(c))));
        else if (claim > pays)
            u->runs *= pays / claim;
        pays -= MIN(claim, pays);
    }
    return pays;
}

static double not_of_children(const struct cost_sums *s, const struct plan_node *n, double pays)
{
    for (const struct plan_node *c = n->child; c; c = c->next)
        pays -= paid(s, c);
    return pays;
}

/* Divides what a node pays among its children; returns what stays. */
static double divide(struct cost_sums *s, const struct plan_node *n)
{
    struct cost_family f = family_of(s, n);
    double pays = paid(s, n), claims = 0;
    for (const struct plan_node *c = n->child; c; c = c->next) {
        use_child(s, n, &f, c);
        claims += paid(s, c);
    }
    if (claims > pays && str_eq(n->type, "Append") && n->parallel_aware != 1)
        return in_order(s, n, pays);
    if (claims > pays) {
        shrink(s, n, pays);
    } else {
        if (str_eq(n->type, "Nested Loop") && f.outer && f.inner)
            repeat_inner(s, n, &f, pays - claims);
        repeat_subplans(s, n, &f, MAX(0, not_of_children(s, n, pays)));
    }
    return MAX(0, not_of_children(s, n, pays));
}

/* A planner's constant where the plan lists the settings that were changed. */
static double cost_setting(const struct plan *p, const char *name, double standard)
{
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"kB", 1024}, {"MB", 1 << 20}, {"GB", 1 << 30}};
    for (size_t i = 0; i < p->n_settings; i++) {
        char *end;
        if (!str_eq(p->settings[i].name, name) || !p->settings[i].value)
            continue;
        double v = strtod(p->settings[i].value, &end);
        for (size_t u = 0; u < ARRAY_LEN(units); u++)
            if (!strcmp(end, units[u].unit))
                v *= units[u].bytes;
        return v >= 0 ? v : standard;
    }
    return standard;
}

void plan_cost(struct plan *p)
{
    struct cost_sums s = {
        .p = p,
        .uses = mem_array(p->n_nodes, sizeof *s.uses),
        .tuple = cost_setting(p, "cpu_tuple_cost", 0.01),
        .operation = cost_setting(p, "cpu_operator_cost", 0.0025),
        .page = cost_setting(p, "seq_page_cost", 1),
        .work_mem = cost_setting(p, "work_mem", 4 << 20),
    };
    p->total_cost = p->nodes[0]->total_cost;
    s.uses[0] = (struct cost_use){.runs = 1, .part = 1};
    for (size_t i = 0; i < p->n_nodes; i++) { /* parents first */
        struct plan_node *n = p->nodes[i];
        plan_fetch_head(p, i);
        plan_fetch(p, i, offsetof(struct plan_node, startup_cost), offsetof(struct plan_node, loop_rows));
        double own = divide(&s, n);
        n->cost = isnan(n->total_cost) ? NAN : own;
        n->cost_share = p->total_cost > 0 ? n->cost / p->total_cost : NAN;
    }
    free(s.uses);
}
