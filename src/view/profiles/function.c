/* One function of a profile: who calls it, what it calls, how it changed, and the flame graph below it. */
#include <stdlib.h>

#include "core/profiles/profile_copy.h"
#include "core/profiles/profile_part.h"
#include "core/profiles/profile_select.h"
#include "core/table.h"
#include "view/profiles/call_boxes.h"
#include "view/profiles/flame.h"
#include "view/profiles/function_detail.h"
#include "view/profiles/function_worth.h"

enum { FAR = 4096, ROWS_MAX = 1000 };

/* ---- who calls it, what it calls ---- */

enum { E_share, E_of_it, E_value, E_name, E_module, E_COLUMNS };
static const struct column EDGES[E_COLUMNS] = {
    [E_share] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .help = "of all, in the function when called so; recursion counts once"},
    [E_of_it] = {.key = "share_of_function",
                 .title = "Of it",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .help = "of the total of the function"},
    [E_value] = {.key = "value",
                 .title = "Value",
                 .priority = 2,
                 .help = "the same in the unit of the sample type"},
    [E_name] =
        {.key = "name",
         .title = "Function",
         .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
         .width = 24,
         .help = "the caller or callee; (itself) is what it takes alone, (outermost) that nothing calls it"},
    [E_module] =
        {.key = "module", .title = "Module", .flags = COLUMN_LEFT, .priority = 3, .help = "file it is in"},
};

/* Is there the same call further out? Of very deep recursion only the nearest frames are looked at. */
static bool called_above(const struct profile *p, uint32_t parent, uint32_t caller, uint32_t callee)
{
    for (int steps = 0; parent && steps < FAR; steps++) {
        uint32_t above = p->nodes[parent].parent;
        if (p->nodes[parent].function == callee && above && p->nodes[above].function == caller)
            return true;
        parent = above;
    }
    return false;
}

static bool is_below_itself(const struct profile *p, uint32_t node, uint32_t function)
{
    uint32_t at = p->nodes[node].parent;
    for (int steps = 0; at && steps < FAR; at = p->nodes[at].parent, steps++)
        if (p->nodes[at].function == function)
            return true;
    return false;
}

/* Values of the calls of `f` by each function, or of each function by it; the last item is of no function. */
static double *edges_of(const struct profile *p, uint32_t f, bool callers)
{
    double *values = mem_array(p->n + 1, sizeof *values);
    for (uint32_t i = 1; i < p->n_nodes; i++) {
        uint32_t parent = p->nodes[i].parent, callee = p->nodes[i].function;
        uint32_t caller = parent ? p->nodes[parent].function : (uint32_t)p->n;
        if (caller == callee || (callers ? callee != f : caller != f) ||
            called_above(p, parent, caller, callee))
            continue;
        values[callers ? caller : callee] += profile_node_total(p, i, 0);
    }
    if (!callers)
        values[p->n] = profile_self(p, f, 0);
    return values;
}

static int larger_first(const void *a, const void *b, void *values)
{
    const double *v = values;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double d = fabs(v[x]) - fabs(v[y]);
    return d > 0 ? -1 : d < 0 ? 1 : x < y ? -1 : x > y;
}

static void edge_row(struct doc *d, struct table *t, const struct shown_profile *x, uint32_t i,
                     const double *values, double total, const char *none)
{
    struct row *r = doc_row(d, t);
    const struct profile_function *f = i < x->found.p->n ? &x->found.p->functions[i] : NULL;
    r->cells[E_share] = cell_real(shown_share(x, values[i]));
    r->cells[E_of_it] = total > 0 || total < 0 ? cell_real(values[i] / total) : cell_unknown();
    r->cells[E_value] = shown_value(values[i]);
    r->cells[E_name] = cell_text(f ? f->name : none);
    r->cells[E_module] = cell_text(f ? f->module : NULL);
    r->copy = f ? f->name : NULL;
    if (f)
        r->dive = (struct dive){.view = "function", .arg = f->name};
}

/* What of the function is in no node, because it was small: "3.2 % of it is in calls too small to keep".
 * NULL: nothing that counts. */
static const char *left_out(struct doc *d, const struct profile *p, uint32_t f)
{
    double known = 0, total = profile_total(p, f, 0);
    char text[UNIT_TEXT_MAX];
    for (uint32_t i = 1; i < p->n_nodes; i++)
        if (p->nodes[i].function == f && !is_below_itself(p, i, f))
            known += profile_node_total(p, i, 0);
    double share = total > 0 && p->n_nodes > 1 ? 1 - known / total : 0;
    return share < 0.0005 ? NULL
                          : doc_printf(d, "%s of it is in calls too small to keep",
                                       unit_format(UNIT_SHARE, share, text));
}

static void edges_section(struct doc *d, const struct shown_profile *x, uint32_t f, bool callers)
{
    const struct profile *p = x->found.p;
    struct column *columns = arena_copy(d->arena, EDGES, sizeof EDGES);
    columns[E_value].unit = shown_unit(x);
    struct section *s =
        doc_table(d, callers ? "callers" : "callees", callers ? "Called by" : "Calls", columns, E_COLUMNS);
    double *values = edges_of(p, f, callers), total = profile_total(p, f, 0);
    uint32_t *order = mem_array(p->n + 1, sizeof *order);
    size_t n = 0;
    for (uint32_t i = 0; i <= p->n; i++)
        if (values[i] != 0)
            order[n++] = i;
    qsort_r(order, n, sizeof *order, larger_first, values);
    for (size_t i = 0; i < MIN(n, (size_t)ROWS_MAX); i++)
        edge_row(d, &s->table, x, order[i], values, total, callers ? "(outermost)" : "(itself)");
    s->weight = 2;
    s->table.sort_column = E_of_it;
    s->table.sort_reverse = true;
    s->empty = p->n_nodes > 1 ? "Nothing." : "The profile has no stacks.";
    s->note = n > ROWS_MAX ? doc_printf(d, "%zu smaller ones not shown", n - ROWS_MAX) : left_out(d, p, f);
    free(values);
    free(order);
}

/* ---- below it ---- */

struct one_function {
    struct shown_profile *shown;
    struct profile *below; /* the tree below all its calls together */
    struct call_boxes *boxes;
};

static void one_function_free(void *owned)
{
    struct one_function *o = owned;
    call_boxes_free(o->boxes);
    profile_free(o->below);
    shown_profile_free(o->shown);
    free(o);
}

static struct profile *tree_below(const struct profile *p, uint32_t f)
{
    struct profile *q = profile_new("", 1);
    uint32_t *at =
        mem_array(p->n_nodes + 1, sizeof *at); /* number in q of each that is below f; 0: it is not */
    struct profile_copy c = profile_copy_new(p, q);
    profile_type(q, p->types[0], p->units[0]);
    for (uint32_t i = 1; i < p->n_nodes; i++) {
        uint32_t parent = p->nodes[i].parent;
        if (!at[parent] && (p->nodes[i].function != f || is_below_itself(p, i, f)))
            continue;
        at[i] = profile_below(q, at[parent], profile_copy_function(&c, p->nodes[i].function));
        if (at[i] == PROFILE_NO_NODE)
            at[i] = 0;
        else
            profile_ends(q, at[i], 1, p->node_samples[i], &p->node_self[p->max_types * i]);
        if (at[i] && p->node_cut && p->node_cut[p->max_types * i] > 0)
            profile_cut(q, at[i], p->node_cut_n[i], &p->node_cut[p->max_types * i]);
    }
    profile_copy_free(&c);
    free(at);
    q->given = true; /* figures of functions are not asked for */
    profile_finish(q);
    return q;
}

static void below_section(struct doc *d, struct one_function *o, uint32_t f)
{
    struct section *s = doc_section(d, SECTION_BOXES, "below", "What it calls, as a flame graph");
    o->below = tree_below(o->shown->found.p, f);
    s->weight = 3;
    s->empty = "The profile has no stacks.";
    s->note = left_out(d, o->shown->found.p, f);
    if (o->below->n_nodes < 2)
        return;
    o->boxes = call_boxes_new(o->shown, o->below, "all its calls");
    s->boxes = call_boxes_of(o->boxes);
}

/* ---- over time ---- */

/* What is a part of the samples, or a group, is looked for in a few steps only. */
static bool changed_steps(const struct view_ctx *c, const struct shown_profile *x, uint32_t f, size_t *n,
                          struct profile_step *steps)
{
    struct shown_trends t = shown_trends(c, x);
    bool any = t.n && t.n <= *n;
    for (size_t i = 0; any && i < t.n; i++)
        steps[i] = (struct profile_step){.self = t.shares[f * t.n + i],
                                         .total = t.totals[f * t.n + i],
                                         .all = isnan(t.shares[f * t.n + i]) ? 0 : 1};
    *n = any ? t.n : *n;
    free(t.shares);
    return any;
}

static void trend_section(struct doc *d, const struct view_ctx *c, const struct shown_profile *x, uint32_t f)
{
    const struct profile_function *fn = &x->found.p->functions[f];
    struct span drawn = common_drawn(c, common_span(c));
    size_t n = common_points(c, drawn);
    struct profile_step *steps = mem_array(n + 1, sizeof *steps);
    if (x->found.series && sd_known(drawn.from) &&
        (shown_changed(x)
             ? changed_steps(c, x, f, &n, steps)
             : model_profile_steps(c->model, drawn, x->found.type, fn->name, fn->module, n, steps))) {
        struct section *s = doc_section(d, SECTION_GRAPH, "trend", "Its share over time");
        s->graph.from = drawn.from;
        s->graph.to = drawn.to;
        s->graph.n_points = n;
        s->graph.unit = UNIT_SHARE;
        struct graph_line *total = doc_line(d, &s->graph, "total_share");
        total->whole = shown_share(x, profile_total(x->found.p, f, 0));
        for (size_t i = 0; i < n; i++)
            total->values[i] = steps[i].all > 0 ? steps[i].total / steps[i].all : (double)NAN;
        struct graph_line *self = doc_line(d, &s->graph, "self_share");
        self->whole = shown_share(x, profile_self(x->found.p, f, 0));
        for (size_t i = 0; i < n; i++)
            self->values[i] = steps[i].all > 0 ? steps[i].self / steps[i].all : (double)NAN;
        s->kinds = KINDS_PROFILE;
    }
    free(steps);
}

/* ---- the doc ---- */

static void figures(struct doc *d, const struct view_ctx *c, const struct shown_profile *x, uint32_t f)
{
    const struct profile *p = x->found.p;
    const struct profile_function *fn = &p->functions[f];
    const struct profile_pair *pair = shown_pair(x, f);
    struct section *s = doc_section(d, SECTION_FIELDS, "figures", fn->name);
    s->note = shown_note(d, c, x);
    s->kinds = KINDS_PROFILE;
    section_field(d, s, "self_share", "Alone", UNIT_SHARE, cell_real(shown_share(x, profile_self(p, f, 0))));
    section_field(d, s, "total_share", "With what it calls", UNIT_SHARE,
                  cell_real(shown_share(x, profile_total(p, f, 0))));
    section_field(d, s, "self_value", NULL, shown_unit(x), shown_value(profile_self(p, f, 0)));
    section_field(d, s, "total_value", NULL, shown_unit(x), shown_value(profile_total(p, f, 0)));
    section_field(d, s, "unit", NULL, UNIT_NONE, cell_text(x->found.unit));
    section_field(d, s, "self_samples", "Samples alone", UNIT_COUNT,
                  cell_int(p->counted ? fn->self_samples : SD_UNKNOWN));
    section_field(d, s, "total_samples", NULL, UNIT_COUNT,
                  cell_int(p->counted ? fn->total_samples : SD_UNKNOWN));
    section_field(d, s, "module", "Module", UNIT_NONE, cell_text(fn->module));
    section_field(d, s, "kind", "Kind", UNIT_NONE, cell_text(fn->kind));
    if (!pair)
        return;
    section_field(d, s, "change", "Against the baseline", UNIT_NONE,
                  cell_text(profile_change_name(pair->change)));
    section_field(d, s, "self_share_before", "Alone before", UNIT_SHARE, cell_real(pair->share_before));
    section_field(d, s, "moved_to", pair->moved_to ? "Moved to" : NULL, UNIT_NONE, cell_text(pair->moved_to));
}

/* It is no function, but the value of a label: then what runs for that is shown below it. */
static void show_value(struct shown_profile *x, const char *value)
{
    struct profile *p = x->found.p ? profile_of_value(x->found.p, value) : NULL;
    if (!p)
        return;
    profile_free(x->found.p);
    x->found.p = p;
    profile_free(x->before); /* that has the functions of the whole */
    x->before = NULL;
    x->before_name = NULL;
}

static struct doc *build_function(const struct view_ctx *c)
{
    struct doc *d = doc_new("function", "Function");
    struct one_function *o = mem_alloc(sizeof *o);
    struct shown_profile *x = o->shown = shown_profile(c);
    doc_own(d, o, one_function_free);
    shown_envelope(d, c, x);
    if (c->arg && shown_function(x, c->arg) == PROFILE_NO_FUNCTION)
        show_value(x, c->arg);
    uint32_t f = c->arg ? shown_function(x, c->arg) : x->n_order ? x->order[0] : PROFILE_NO_FUNCTION;
    doc_field(d, "function", UNIT_NONE,
              cell_text(f == PROFILE_NO_FUNCTION ? doc_text(d, c->arg) : shown_name(d, x, f)));
    if (f == PROFILE_NO_FUNCTION) {
        struct section *s = doc_section(d, SECTION_TEXT, NULL, "Function");
        s->text =
            c->arg && x->n_order
                ? doc_printf(d, "No function called \"%s\" is in the profile. The view functions lists all.",
                             c->arg)
                : shown_empty(d, c, x);
        d->missing = c->arg && !d->missing ? s->text : d->missing;
        return d;
    }
    figures(d, c, x, f);
    function_worth_section(d, x, f);
    d->focus = (int)d->n_sections; /* the callers */
    edges_section(d, x, f, true);
    edges_section(d, x, f, false);
    function_lines_section(d, x, f);
    function_endpoints_section(d, c, x, f);
    trend_section(d, c, x, f);
    below_section(d, o, f);
    return d;
}

static const struct column ALSO[] = {
    SHOWN_ENVELOPE,
    {.key = "function", .title = "Function", .help = "its name: what --select takes"},
    {.key = "figures", .title = "Figures", .help = "of it, as in the view functions"},
    {.key = "worth",
     .title = "Worth",
     .help = "what is saved without it, and what to do: sentences; null: no code"},
    {.key = "callees", .title = "Calls", .help = "what it calls, as callers; (itself): what it takes alone"},
    {.key = "lines",
     .title = "Its lines",
     .help = "where the source tells them, heaviest first: line, self_share, total_share, self_value, "
             "total_value, "
             "share_of_function; the file is the note"},
    {.key = "endpoints",
     .title = "Endpoints",
     .help = "by the label of the samples that tells the endpoint: name, value, share, share_of_function"},
    {.key = "trend", .title = "Over time", .help = "of a live source: points of at, total_share, self_share"},
    {.key = "below",
     .title = "Below",
     .help = "the call tree below all its calls together: as the view flame"},
};

const struct view function_view = {
    .name = "function",
    .place = PLACE_CODE,
    .title = "Function",
    .summary = "one function of a profile: its callers and callees, over time, and what is below it",
    .about = "function",
    .needs = KINDS_PROFILE,
    .compares = true,
    .build = build_function,
    .rows = "callers",
    .columns = EDGES,
    .n_columns = E_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
