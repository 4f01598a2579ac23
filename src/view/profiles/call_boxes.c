#include "view/profiles/call_boxes.h"

#include <stdlib.h>

struct call_box {
    uint32_t node;     /* of the profile; of a cut one that above it */
    uint32_t children; /* boxes directly in it, from `first` of `order` on */
    uint32_t first, parent;
    uint64_t inside, id;
    int depth; /* 0: the whole */
    bool cut;
};

struct call_boxes {
    const struct shown_profile *shown;
    const struct profile *p;
    const char *whole;
    struct call_box *boxes; /* 0: the whole; the others one more than the box's number */
    size_t n;
    uint32_t *order; /* of the boxes in each, heaviest first */
};

static double weight_of(const struct call_boxes *b, uint32_t i)
{
    const struct call_box *x = &b->boxes[i];
    return x->cut ? b->p->node_cut[b->p->max_types * x->node] : profile_node_total(b->p, x->node, 0);
}

static int heaviest_first(const void *a, const void *b, void *boxes)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double d = weight_of(boxes, x) - weight_of(boxes, y);
    return d > 0 ? -1 : d < 0 ? 1 : x < y ? -1 : x > y;
}

/* The same way from the outermost frame is the same box in a later doc. */
static uint64_t id_below(uint64_t parent, uint64_t function)
{
    uint64_t h = (parent ^ function) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    return h ? h : 1;
}

static void fill_boxes(struct call_boxes *b)
{
    const struct profile *p = b->p;
    b->n = p->n_nodes;
    for (size_t i = 0; i < p->n_nodes; i++) {
        b->boxes[i].node = (uint32_t)i;
        b->boxes[i].parent = i ? p->nodes[i].parent : 0;
        b->boxes[i].depth = i ? b->boxes[p->nodes[i].parent].depth + 1 : 0;
        b->boxes[i].id =
            i ? id_below(b->boxes[p->nodes[i].parent].id, p->functions[p->nodes[i].function].hash) : 1;
    }
    for (size_t i = 0; p->node_cut && i < p->n_nodes; i++)
        if (p->node_cut[p->max_types * i] > 0)
            b->boxes[b->n++] = (struct call_box){.node = (uint32_t)i,
                                                 .parent = (uint32_t)i,
                                                 .cut = true,
                                                 .depth = b->boxes[i].depth + 1,
                                                 .id = id_below(b->boxes[i].id, 1)};
}

/* What has no weight, such as a node of another sample type, is no box of the picture; it has no place
 * anyway. */
static void order_boxes(struct call_boxes *b)
{
    for (size_t i = 1; i < b->n; i++)
        b->boxes[b->boxes[i].parent].children++;
    uint32_t at = 0;
    for (size_t i = 0; i < b->n; i++) {
        b->boxes[i].first = at;
        at += b->boxes[i].children;
        b->boxes[i].children = 0;
    }
    for (size_t i = 1; i < b->n; i++) {
        struct call_box *parent = &b->boxes[b->boxes[i].parent];
        b->order[parent->first + parent->children++] = (uint32_t)i;
    }
    for (size_t i = 0; i < b->n; i++)
        qsort_r(b->order + b->boxes[i].first, b->boxes[i].children, sizeof *b->order, heaviest_first, b);
    for (size_t i = b->n; i-- > 1;) /* those of cut ones come last, and have nothing in them */
        b->boxes[b->boxes[i].parent].inside += 1 + b->boxes[i].inside;
}

struct call_boxes *call_boxes_new(const struct shown_profile *shown, const struct profile *p,
                                  const char *whole)
{
    struct call_boxes *b = mem_alloc(sizeof *b);
    *b = (struct call_boxes){.shown = shown, .p = p, .whole = whole};
    b->boxes = mem_array(2 * p->n_nodes + 1, sizeof *b->boxes);
    b->order = mem_array(2 * p->n_nodes + 1, sizeof *b->order);
    fill_boxes(b);
    order_boxes(b);
    return b;
}

void call_boxes_free(void *boxes)
{
    struct call_boxes *b = boxes;
    if (!b)
        return;
    free(b->boxes);
    free(b->order);
    free(b);
}

/* ---- as a source of boxes ---- */

/* Boxes of one kind, or with a baseline of one change, look alike. */
static unsigned colour_of(const struct call_boxes *b, const struct profile_function *f,
                          const struct profile_pair *pair)
{
    static const char *const kinds[] = {"native", "kernel", "jit", "interpreted", "gc", "allocator", "lock"};
    if (pair)
        return pair->change == CHANGE_GREW || pair->change == CHANGE_NEW ? 5
               : pair->change == CHANGE_SHRANK                           ? 1
                                                                         : 0;
    (void)b;
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eq(f->kind, kinds[i]))
            return i;
    return 0;
}

static void function_box(const struct call_boxes *b, const struct call_box *x, struct box *out)
{
    const struct profile_function *f = &b->p->functions[b->p->nodes[x->node].function];
    uint32_t own =
        b->p == b->shown->found.p ? b->p->nodes[x->node].function : shown_function(b->shown, f->name);
    const struct profile_pair *pair = shown_pair(b->shown, own);
    out->label = f->name;
    out->self = b->p->node_self[b->p->max_types * x->node];
    out->colour = colour_of(b, f, pair);
    out->severity = shown_severity(pair);
    out->dive = (struct dive){.view = "function", .arg = f->name};
    out->copy = f->name;
}

static void call_box(void *ctx, size_t number, struct box *out)
{
    const struct call_boxes *b = ctx;
    const struct call_box *x = &b->boxes[number == BOXES_ROOT ? 0 : number + 1];
    if (number == BOXES_ROOT)
        out->label = b->whole;
    else if (x->cut)
        out->label = "(smaller ones)";
    else
        function_box(b, x, out);
    out->weight = weight_of(b, (uint32_t)(x - b->boxes));
    if (x->cut)
        out->self = out->weight;
    out->children = x->children;
    out->inside = x->inside;
    out->parent = x->parent ? x->parent - 1 : BOXES_ROOT;
    out->depth = MAX(x->depth - 1, 0);
}

static size_t call_child(void *ctx, size_t parent, size_t k)
{
    const struct call_boxes *b = ctx;
    return b->order[b->boxes[parent == BOXES_ROOT ? 0 : parent + 1].first + k] - 1;
}

static uint64_t call_identity(void *ctx, size_t i)
{
    const struct call_boxes *b = ctx;
    return b->boxes[i + 1].id;
}

static const struct boxes_source CALLS = {.box = call_box, .child = call_child, .identity = call_identity};

struct boxes call_boxes_of(struct call_boxes *b)
{
    return (struct boxes){
        .shape = BOXES_ICICLE, .unit = shown_unit(b->shown), .n = b->n - 1, .source = &CALLS, .ctx = b};
}
