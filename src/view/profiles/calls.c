/* The call tree of profiles as a table: the heaviest callee first, and the heaviest path open. */
#include <stdlib.h>

#include "core/drawing.h"
#include "core/table.h"
#include "view/profiles/call_boxes.h"
#include "view/profiles/flame.h"
#include "view/profiles/profile_actions.h"

enum { ROWS_MAX = 5000 };
#define SMALL 0.001 /* of all: what takes less is counted with its neighbours */

enum { T_name, T_total_share, T_self_share, T_total_value, T_self_value, T_depth, T_COLUMNS };
static const struct column COLUMNS[T_COLUMNS] = {
    [T_name] =
        {.key = "name",
         .title = "Function",
         .flags = COLUMN_LEFT | COLUMN_TREE | COLUMN_GROW | COLUMN_PATH,
         .width = 24,
         .help = "below its caller; \"N smaller\": callees that take less than a thousandth each, together"},
    [T_total_share] = {.key = "total_share",
                       .title = "Total",
                       .unit = UNIT_SHARE,
                       .flags = COLUMN_BAR,
                       .help = "of all, in it and in what it calls here"},
    [T_self_share] = {.key = "self_share",
                      .title = "Self",
                      .unit = UNIT_SHARE,
                      .help = "of all, in it alone here"},
    [T_total_value] = {.key = "total_value",
                       .title = "Total value",
                       .priority = 1,
                       .help = "the same in the unit of the sample type"},
    [T_self_value] = {.key = "self_value", .title = "Self value", .priority = 2, .help = "in it alone"},
    [T_depth] = {.key = "depth",
                 .title = "Depth",
                 .unit = UNIT_COUNT,
                 .flags = COLUMN_HIDDEN,
                 .help = "0: an outermost frame"},
};

struct calls {
    struct shown_profile *shown;
    struct call_boxes *tree;
};

static void calls_free(void *owned)
{
    struct calls *f = owned;
    call_boxes_free(f->tree);
    shown_profile_free(f->shown);
    free(f);
}

static struct row *call_row(struct doc *d, struct table *t, const struct shown_profile *x,
                            const struct box *b, const char *name, int depth)
{
    struct row *r = doc_row(d, t);
    r->depth = depth;
    r->cells[T_name] = cell_text(name);
    r->cells[T_total_share] = cell_real(shown_share(x, b->weight));
    r->cells[T_self_share] = cell_real(shown_share(x, b->self));
    r->cells[T_total_value] = shown_value(b->weight);
    r->cells[T_self_value] = shown_value(b->self);
    r->cells[T_depth] = cell_int(depth);
    r->dive = b->dive;
    r->severity = b->severity;
    r->copy = b->copy;
    return r;
}

/* Where the walk is below a box: its next child, and whether the box is on the heaviest path. */
struct place {
    size_t box, next;
    bool heaviest;
};

/* The children from `from` on are small: one row for all. */
static void small_ones(struct doc *d, struct table *t, const struct shown_profile *x, const struct boxes *b,
                       const struct place *p, int depth)
{
    struct box in = boxes_box(b, p->box), sum = {0};
    size_t n = 0;
    for (size_t k = p->next; k < in.children; k++) {
        struct box c = boxes_box(b, b->source->child(b->ctx, p->box, k));
        sum.weight += c.weight;
        n += 1 + c.inside;
    }
    if (sum.weight > 0)
        call_row(d, t, x, &sum, doc_printf(d, "%zu smaller", n), depth)->cells[T_self_share] = cell_unknown();
}

static void tree_rows(struct doc *d, struct table *t, const struct shown_profile *x, const struct boxes *b)
{
    struct place *at = NULL;
    size_t n = 0, cap = 0;
    double whole = boxes_box(b, BOXES_ROOT).weight;
    at = mem_grow(at, n, &cap, sizeof *at);
    at[n++] = (struct place){.box = BOXES_ROOT, .heaviest = true};
    while (n) {
        struct place *p = &at[n - 1];
        struct box in = boxes_box(b, p->box);
        if (p->next == in.children) {
            n--;
            continue;
        }
        size_t i = b->source->child(b->ctx, p->box, p->next);
        struct box c = boxes_box(b, i);
        if (c.weight < SMALL * whole || t->n_rows >= ROWS_MAX) {
            small_ones(d, t, x, b, p, (int)n - 1);
            n--;
            continue;
        }
        bool heaviest = p->heaviest && p->next == 0;
        p->next++;
        struct row *r = call_row(d, t, x, &c, c.label, (int)n - 1);
        r->closed = c.children && !heaviest;
        r->id = b->source->identity(b->ctx, i);
        at = n == cap ? mem_grow(at, n, &cap, sizeof *at) : at;
        at[n++] = (struct place){.box = i, .heaviest = heaviest};
    }
    free(at);
}

static struct doc *build_calls(const struct view_ctx *c)
{
    struct doc *d = doc_new("calls", "Call tree");
    struct calls *f = mem_alloc(sizeof *f);
    struct shown_profile *x = f->shown = shown_profile(c);
    doc_own(d, f, calls_free);
    shown_envelope(d, c, x);
    struct column *columns = arena_copy(d->arena, COLUMNS, sizeof COLUMNS);
    columns[T_total_value].unit = columns[T_self_value].unit = shown_unit(x);
    struct section *s = doc_section(d, SECTION_TREE, "rows", shown_title(d, x, "Call tree"));
    s->table.columns = columns;
    s->table.n_columns = T_COLUMNS;
    s->table.sort_column = -1;
    s->weight = 1;
    s->kinds = KINDS_PROFILE;
    if (x->found.p && !x->ungrouped && x->found.p->n_nodes > 1) {
        f->tree = call_boxes_new(x, x->found.p, "all");
        struct boxes b = call_boxes_of(f->tree);
        tree_rows(d, &s->table, x, &b);
        s->note = shown_note(d, c, x);
    } else {
        s->empty = x->n_order
                       ? "The profile has figures of functions only, no stacks: see the view functions."
                       : shown_empty(d, c, x);
    }
    return d;
}

static const struct column ALSO[] = {SHOWN_ENVELOPE};

const struct view calls_view = {
    .name = "calls",
    .aliases = "calltree",
    .place = PLACE_CODE,
    .title = "Call tree",
    .summary = "the call tree of a profile as a table, the heaviest path open",
    .needs = KINDS_PROFILE,
    .links = (const char *const[]){"flame", NULL},
    .compares = true,
    .build = build_calls,
    .columns = COLUMNS,
    .n_columns = T_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
