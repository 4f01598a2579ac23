/* Boxes and flows, in rows and described. */
#include "core/drawing.h"

#include <stdlib.h>

enum { DEPTH_MOST = 64, ROWS_MOST = 400 };
#define SHARE_LEAST 0.002 /* of the whole: smaller boxes are rows together, for people */

struct box boxes_box(const struct boxes *b, size_t i)
{
    struct box x = {0};
    b->source->box(b->ctx, i, &x);
    x.weight = isfinite(x.weight) && x.weight > 0 ? x.weight : 0;
    x.self = isfinite(x.self) && x.self > 0 ? fmin(x.self, x.weight) : 0;
    x.start = isfinite(x.start) ? x.start : b->start;
    x.label = x.label ? x.label : "";
    return x;
}

/* "weight_ns": base units are named in the keys. */
static const char *unit_key(enum unit u, const char *base, char buf[40])
{
    const char *suffix = u == UNIT_NS      ? "_ns"
                         : u == UNIT_BYTES ? "_bytes"
                         : u == UNIT_PER_S ? "_per_s"
                         : u == UNIT_SHARE ? "_share"
                                           : "";
    snprintf(buf, 40, "%s%s", base, suffix);
    return buf;
}

enum { B_LABEL, B_WEIGHT, B_SHARE, B_SELF, B_START, B_DEPTH, B_PARENT, B_COLUMNS };

static struct column *box_columns(const struct boxes *b, enum drawing_reader reader, struct arena *a)
{
    bool waterfall = b->shape == BOXES_WATERFALL;
    char buf[40];
    unsigned programs = reader == FOR_PEOPLE ? COLUMN_HIDDEN : 0;
    struct column columns[B_COLUMNS] = {
        [B_LABEL] = {.key = "label", .title = "Name", .flags = COLUMN_TREE | COLUMN_GROW},
        [B_WEIGHT] = {.title = waterfall ? "Length" : "Weight", .unit = b->unit},
        [B_SHARE] = {.key = "share",
                     .title = "Share",
                     .unit = UNIT_SHARE,
                     .flags = waterfall ? COLUMN_HIDDEN : 0},
        [B_SELF] = {.title = "Self", .unit = b->unit, .flags = waterfall ? COLUMN_HIDDEN : 0},
        [B_START] = {.title = "Start", .unit = b->unit, .flags = waterfall ? 0 : COLUMN_HIDDEN},
        [B_DEPTH] = {.key = "depth", .title = "Depth", .unit = UNIT_COUNT, .flags = programs},
        [B_PARENT] = {.key = "parent", .title = "Parent", .unit = UNIT_COUNT, .flags = programs},
    };
    columns[B_WEIGHT].key = arena_strdup(a, unit_key(b->unit, "weight", buf));
    columns[B_SELF].key = arena_strdup(a, unit_key(b->unit, "self", buf));
    columns[B_START].key = arena_strdup(a, unit_key(b->unit, "start", buf));
    return arena_copy(a, columns, sizeof columns);
}

static void box_row(const struct boxes *b, const struct box *x, double whole, struct row *r)
{
    r->cells[B_LABEL] = cell_text(x->label);
    r->cells[B_WEIGHT] = cell_real(x->weight);
    r->cells[B_SHARE] = cell_real(whole > 0 ? x->weight / whole : NAN);
    r->cells[B_SELF] = cell_real(x->self);
    r->cells[B_START] = cell_real(b->shape == BOXES_WATERFALL ? x->start : NAN);
    r->cells[B_DEPTH] = cell_int(x->depth);
    r->cells[B_PARENT] = cell_int(x->parent == BOXES_ROOT ? SD_UNKNOWN : (int64_t)x->parent);
    r->depth = MAX(x->depth, 0);
    r->severity = x->severity;
    r->dive = x->dive;
}

struct listing {
    const struct boxes *b;
    struct arena *a;
    struct table *t;
    double whole;
};

/* The boxes in `parent` that are large enough to be rows, and the others in one row. */
static void list_children(struct listing *l, size_t parent, int depth)
{
    struct box p = boxes_box(l->b, parent);
    double left = p.weight - p.self;
    size_t k = 0, boxes = 0;
    for (; k < p.children && l->t->n_rows + 2 < ROWS_MOST && depth < DEPTH_MOST; k++) {
        size_t i = l->b->source->child(l->b->ctx, parent, k);
        struct box x = boxes_box(l->b, i);
        if (l->b->shape != BOXES_WATERFALL && x.weight < l->whole * SHARE_LEAST)
            break;
        struct row *r = drawing_row(l->t);
        box_row(l->b, &x, l->whole, r);
        r->depth = depth;
        left -= x.weight;
        boxes += 1 + x.inside;
        if (x.children)
            list_children(l, i, depth + 1);
    }
    if (k < p.children && l->t->n_rows < l->t->cap_rows) {
        struct box rest = {.weight = fmax(left, 0), .start = NAN, .depth = depth, .parent = BOXES_ROOT};
        rest.label = arena_printf(l->a, "%zu more", p.inside - MIN(boxes, p.inside));
        struct row *r = drawing_row(l->t);
        box_row(l->b, &rest, l->whole, r);
        r->cells[B_SELF] = cell_unknown();
        r->cells[B_WEIGHT] = cell_real(l->b->shape == BOXES_WATERFALL ? NAN : rest.weight);
    }
}

void boxes_as_table(const struct boxes *b, enum drawing_reader reader, struct arena *a, struct table *t)
{
    struct column *columns = box_columns(b, reader, a);
    double whole = b->n ? boxes_box(b, BOXES_ROOT).weight : 0;
    if (reader == FOR_PEOPLE) {
        drawing_table(t, columns, B_COLUMNS, ROWS_MOST + DEPTH_MOST + 2, a);
        if (b->n)
            list_children(&(struct listing){.b = b, .a = a, .t = t, .whole = whole}, BOXES_ROOT, 0);
        return;
    }
    drawing_table(t, columns, B_COLUMNS, b->n, a);
    for (size_t i = 0; i < b->n; i++) {
        struct box x = boxes_box(b, i);
        box_row(b, &x, whole, drawing_row(t));
    }
}

void boxes_describe(const struct boxes *b, const char *key, const struct describer *to, void *ctx)
{
    char buf[40];
    to->open(ctx, key, true);
    for (size_t i = 0; i < b->n; i++) {
        struct box x = boxes_box(b, i);
        to->open(ctx, NULL, false);
        to->value(ctx, "label", UNIT_NONE, cell_text(x.label));
        to->value(ctx, unit_key(b->unit, "weight", buf), b->unit, cell_real(x.weight));
        if (b->shape == BOXES_WATERFALL)
            to->value(ctx, unit_key(b->unit, "start", buf), b->unit, cell_real(x.start));
        else
            to->value(ctx, unit_key(b->unit, "self", buf), b->unit, cell_real(x.self));
        to->value(ctx, "depth", UNIT_COUNT, cell_int(x.depth));
        to->value(ctx, "parent", UNIT_COUNT,
                  x.parent == BOXES_ROOT ? cell_unknown() : cell_int((int64_t)x.parent));
        to->close(ctx);
    }
    to->close(ctx);
}

/* ---- flows ---- */

void flow_as_table(const struct flow *f, enum drawing_reader reader, struct arena *a, struct table *t)
{
    (void)reader;
    char buf[40];
    struct column columns[] = {
        {.key = "from", .title = "From", .flags = COLUMN_LEFT | COLUMN_GROW},
        {.key = "to", .title = "To", .flags = COLUMN_LEFT},
        {.title = "Weight", .unit = f->unit},
    };
    columns[2].key = arena_strdup(a, unit_key(f->unit, "weight", buf));
    drawing_table(t, arena_copy(a, columns, sizeof columns), ARRAY_LEN(columns), f->n_edges + f->n_nodes, a);
    bool *joined = arena_alloc(a, f->n_nodes + 1);
    for (size_t i = 0; i < f->n_edges; i++) {
        struct flow_edge e = {0};
        struct flow_node from = {0}, to = {0};
        f->source->edge(f->ctx, i, &e);
        if (e.from >= f->n_nodes || e.to >= f->n_nodes)
            continue;
        joined[e.from] = joined[e.to] = true;
        f->source->node(f->ctx, e.from, &from);
        f->source->node(f->ctx, e.to, &to);
        struct row *r = drawing_row(t);
        r->cells[0] = cell_text(from.label);
        r->cells[1] = cell_text(to.label);
        r->cells[2] = cell_real(e.weight);
        r->dive = to.dive;
    }
    for (size_t i = 0; i < f->n_nodes; i++) { /* what has no edge is there all the same */
        struct flow_node n = {0};
        if (joined[i])
            continue;
        f->source->node(f->ctx, i, &n);
        struct row *r = drawing_row(t);
        r->cells[0] = cell_text(n.label);
        r->cells[2] = cell_real(n.weight);
        r->dive = n.dive;
    }
}

void flow_describe(const struct flow *f, const char *key, const struct describer *to, void *ctx)
{
    char buf[40];
    const char *weight = unit_key(f->unit, "weight", buf);
    to->open(ctx, key, false);
    to->open(ctx, "nodes", true);
    for (size_t i = 0; i < f->n_nodes; i++) {
        struct flow_node n = {0};
        f->source->node(f->ctx, i, &n);
        to->open(ctx, NULL, false);
        to->value(ctx, "label", UNIT_NONE, cell_text(n.label));
        to->value(ctx, weight, f->unit, cell_real(n.weight));
        to->close(ctx);
    }
    to->close(ctx);
    to->open(ctx, "edges", true);
    for (size_t i = 0; i < f->n_edges; i++) {
        struct flow_edge e = {0};
        f->source->edge(f->ctx, i, &e);
        to->open(ctx, NULL, false);
        to->value(ctx, "from", UNIT_COUNT, cell_int((int64_t)e.from));
        to->value(ctx, "to", UNIT_COUNT, cell_int((int64_t)e.to));
        to->value(ctx, weight, f->unit, cell_real(e.weight));
        to->close(ctx);
    }
    to->close(ctx);
    to->close(ctx);
}
