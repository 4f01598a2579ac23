/* Flows: nodes in layers from left to right, edges between the layers that stand beside each
 * other. Nodes that have no line are gathered; edges that have none are counted. */
#include "ui/section/boxes.h"
#include "ui/section/graph.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { LAYER_LEAST = 14, LAYER_MOST = 40, GUTTER = 6 };

struct layers {
    const struct flow *f;
    uint32_t *layer;  /* of each node */
    uint32_t *sorted; /* nodes by layer, the heaviest of each first */
    double *weight;
    size_t *first; /* where a layer begins in `sorted`; n + 1 of them */
    size_t n;
};

static struct flow_edge edge_of(const struct flow *f, size_t i)
{
    struct flow_edge e = {0};
    f->source->edge(f->ctx, i, &e);
    return e;
}

static bool is_edge(const struct flow *f, const struct flow_edge *e)
{
    return e->from < f->n_nodes && e->to < f->n_nodes && e->from != e->to;
}

static struct flow_node node_of(const struct flow *f, size_t i)
{
    struct flow_node n = {0};
    f->source->node(f->ctx, i, &n);
    n.weight = isfinite(n.weight) && n.weight > 0 ? n.weight : 0;
    n.label = n.label ? n.label : "";
    return n;
}

/* The layer of a node is the longest way to it (Kahn's order). Where only cycles are left the
 * next of their nodes is taken as if nothing led to it: its edges back are not followed. */
static void assign_layers(struct layers *l)
{
    const struct flow *f = l->f;
    size_t n = f->n_nodes, *start = mem_array(n + 2, sizeof *start), head = 0, tail = 0, next = 0;
    uint32_t *to = mem_array(f->n_edges + 1, sizeof *to), *waiting = mem_array(n + 1, sizeof *waiting),
             *queue = mem_array(n + 1, sizeof *queue);
    bool *queued = mem_array(n + 1, sizeof *queued);
    for (size_t i = 0; i < f->n_edges; i++) {
        struct flow_edge e = edge_of(f, i);
        if (is_edge(f, &e)) {
            start[e.from + 2]++;
            waiting[e.to]++;
        }
    }
    for (size_t i = 2; i <= n; i++)
        start[i] += start[i - 1];
    for (size_t i = 0; i < f->n_edges; i++) {
        struct flow_edge e = edge_of(f, i);
        if (is_edge(f, &e))
            to[start[e.from + 1]++] = (uint32_t)e.to;
    }
    for (size_t i = 0; i < n; i++)
        if (!waiting[i])
            queued[queue[tail++] = (uint32_t)i] = true;
    while (head < n) {
        while (head == tail && next < n) { /* a cycle */
            if (!queued[next])
                queued[queue[tail++] = (uint32_t)next] = true;
            next++;
        }
        uint32_t from = queue[head++];
        for (size_t k = start[from]; k < start[from + 1]; k++) {
            uint32_t t = to[k];
            if (queued[t])
                continue;
            l->layer[t] = MAX(l->layer[t], l->layer[from] + 1);
            if (!--waiting[t])
                queued[queue[tail++] = t] = true;
        }
    }
    free(start);
    free(to);
    free(waiting);
    free(queue);
    free(queued);
}

static int by_layer(const void *a, const void *b, void *ctx)
{
    const struct layers *l = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (l->layer[x] != l->layer[y])
        return l->layer[x] < l->layer[y] ? -1 : 1;
    if (l->weight[x] != l->weight[y])
        return l->weight[x] > l->weight[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static struct layers layers_new(const struct flow *f)
{
    size_t n = f->n_nodes;
    struct layers l = {.f = f,
                       .layer = mem_array(n + 1, sizeof *l.layer),
                       .sorted = mem_array(n + 1, sizeof *l.sorted),
                       .weight = mem_array(n + 1, sizeof *l.weight)};
    assign_layers(&l);
    for (size_t i = 0; i < n; i++) {
        l.sorted[i] = (uint32_t)i;
        l.weight[i] = node_of(f, i).weight;
        l.n = MAX(l.n, (size_t)l.layer[i] + 1);
    }
    qsort_r(l.sorted, n, sizeof *l.sorted, by_layer, &l);
    l.first = mem_array(l.n + 2, sizeof *l.first);
    for (size_t i = 0; i < n; i++)
        l.first[l.layer[i] + 1]++;
    for (size_t i = 1; i <= l.n; i++)
        l.first[i] += l.first[i - 1];
    return l;
}

static void layers_free(struct layers *l)
{
    free(l->layer);
    free(l->sorted);
    free(l->weight);
    free(l->first);
}

/* ---- places ---- */

/* The first layer shown moves so that the cursor's is seen; layers that fit. */
static size_t shown_layers(const struct layers *l, const struct pane *p, int w, size_t *from)
{
    size_t fit = MAX((size_t)MAX(w + GUTTER, 0) / (LAYER_LEAST + GUTTER), 1), at = 0;
    for (size_t i = 0; p->identity && i < l->f->n_nodes; i++)
        if (l->f->source->identity(l->f->ctx, i) == p->identity)
            at = l->layer[i];
    *from = at >= fit ? at - fit + 1 : 0;
    return MIN(fit, l->n - MIN(*from, l->n));
}

static void place_layer(const struct layers *l, size_t layer, struct rect r, struct pane *p)
{
    size_t first = l->first[layer], n = l->first[layer + 1] - first;
    size_t lines = MIN(n, (size_t)MAX(r.h - (n > (size_t)r.h), 0));
    for (size_t i = 0; i < lines; i++)
        place_add(p, (struct box_place){.r = {r.x, r.y + (int)i, r.w, 1},
                                        .box = l->sorted[first + i],
                                        .weight = l->weight[l->sorted[first + i]]});
    if (lines == n)
        return;
    struct box_place rest = {.r = {r.x, r.y + (int)lines, r.w, 1}, .box = layer, .gathered = n - lines};
    for (size_t i = lines; i < n; i++)
        rest.weight += l->weight[l->sorted[first + i]];
    place_add(p, rest);
}

static void layout(const struct layers *l, int w, int h, struct pane *p)
{
    size_t from, n = shown_layers(l, p, w, &from);
    int width = n ? MIN((w + GUTTER) / (int)n - GUTTER, LAYER_MOST) : 0;
    p->n_places = 0;
    for (size_t i = 0; i < n && width > 0 && h > 0; i++)
        place_layer(l, from + i, (struct rect){(int)i * (width + GUTTER), 0, width, h}, p);
}

static void place_nodes(const struct flow *f, int w, int h, struct pane *p)
{
    struct layers l = layers_new(f);
    layout(&l, w, h, p);
    layers_free(&l);
}

/* ---- edges: lines in the gutter, joined where they meet ---- */

enum { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8 };

static uint32_t line_code(uint8_t ways)
{
    static const uint16_t codes[16] = {' ',    0x2502, 0x2502, 0x2502, 0x2500, 0x2518, 0x2510, 0x2524,
                                       0x2500, 0x2514, 0x250C, 0x251C, 0x2500, 0x2534, 0x252C, 0x253C};
    return codes[ways];
}

struct wires {
    uint8_t *ways;
    int w, h;
};

static void wire(struct wires *k, int x, int y, uint8_t ways)
{
    if (x >= 0 && x < k->w && y >= 0 && y < k->h)
        k->ways[y * k->w + x] |= ways;
}

/* From the right of one place to the left of another: along, in the channel of the first up or
 * down, along. */
static void wire_edge(struct wires *k, struct rect a, struct rect b)
{
    int x = a.x + a.w, end = b.x, channel = x + 1 + a.y % (GUTTER - 3), y = a.y;
    for (; x < channel; x++)
        wire(k, x, a.y, LEFT | RIGHT);
    if (a.y == b.y) {
        wire(k, channel, y, LEFT | RIGHT);
    } else {
        int step = b.y > a.y ? 1 : -1;
        wire(k, channel, a.y, (uint8_t)(LEFT | (step > 0 ? DOWN : UP)));
        for (y = a.y + step; y != b.y; y += step)
            wire(k, channel, y, UP | DOWN);
        wire(k, channel, b.y, (uint8_t)(RIGHT | (step > 0 ? UP : DOWN)));
    }
    for (x = channel + 1; x < end - 1; x++)
        wire(k, x, b.y, LEFT | RIGHT);
}

/* Edges between places whose layers stand beside each other; how many they are. */
static size_t edges_draw(struct draw d, const struct flow *f, const struct pane *p)
{
    struct wires k = {.w = d.in.w, .h = d.in.h};
    int32_t *place = mem_array(f->n_nodes + 1, sizeof *place); /* 1 and up */
    size_t drawn = 0;
    k.ways = mem_array((size_t)k.w * (size_t)k.h + 1, 1);
    for (size_t i = 0; i < p->n_places; i++)
        if (!p->places[i].gathered)
            place[p->places[i].box] = (int32_t)i + 1;
    for (size_t i = 0; i < f->n_edges; i++) {
        struct flow_edge e = edge_of(f, i);
        if (!is_edge(f, &e) || !place[e.from] || !place[e.to])
            continue;
        struct rect a = p->places[place[e.from] - 1].r, b = p->places[place[e.to] - 1].r;
        if (b.x != a.x + a.w + GUTTER)
            continue;
        wire_edge(&k, a, b);
        grid_put(d.grid, d.in, d.in.x + b.x - 1, d.in.y + b.y, STYLE_BORDER, 0x25B8);
        drawn++;
    }
    for (int i = 0; i < k.w * k.h; i++)
        if (k.ways[i])
            grid_put(d.grid, d.in, d.in.x + i % k.w, d.in.y + i / k.w, STYLE_BORDER, line_code(k.ways[i]));
    free(k.ways);
    free(place);
    return drawn;
}

/* ---- items ---- */

static size_t flow_items(const struct section *s, const struct pane *p)
{
    (void)s;
    return p->n_places;
}

static uint64_t place_id(const struct flow *f, const struct box_place *k)
{
    return k->gathered ? ~(uint64_t)k->box : f->source->identity(f->ctx, k->box);
}

static void select_node(struct section *s, struct pane *p, int item)
{
    p->selected = item;
    p->identity = place_id(&s->flow, &p->places[item]);
    p->placed = true;
}

static void find_selected(struct pane *p, const struct section *s)
{
    for (size_t i = 0; p->identity && i < p->n_places; i++)
        if (place_id(&s->flow, &p->places[i]) == p->identity) {
            p->selected = (int)i;
            return;
        }
    p->selected = MAX(0, MIN(p->selected, (int)p->n_places - 1));
}

static void flow_item(const struct section *s, const struct pane *p, size_t i, struct item *out)
{
    if (p->places[i].gathered)
        return;
    struct flow_node n = node_of(&s->flow, p->places[i].box);
    *out = (struct item){.dive = n.dive, .severity = n.severity};
}

static void gathered_text(const struct flow *f, const struct box_place *k, struct strbuf *out)
{
    char sum[UNIT_TEXT_MAX];
    strbuf_printf(out, "%zu more, %s", k->gathered, unit_format(f->unit, k->weight, sum));
}

/* The node, and what comes in and goes out by which edges. */
static void flow_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out)
{
    const struct flow *f = &s->flow;
    const struct box_place *k = &p->places[i];
    char a[UNIT_TEXT_MAX];
    if (k->gathered) {
        gathered_text(f, k, out);
        return;
    }
    strbuf_printf(out, "%s: %s", node_of(f, k->box).label, unit_format(f->unit, k->weight, a));
    for (int in = 1; in >= 0; in--) {
        size_t n = 0;
        for (size_t e = 0; e < f->n_edges; e++) {
            struct flow_edge x = edge_of(f, e);
            if (!is_edge(f, &x) || (in ? x.to : x.from) != k->box)
                continue;
            if (n < 3)
                strbuf_printf(out, "%s%s %s",
                              n    ? ", "
                              : in ? "; from "
                                   : "; to ",
                              node_of(f, in ? x.from : x.to).label, unit_format(f->unit, x.weight, a));
            n++;
        }
        if (n > 3)
            strbuf_printf(out, ", %zu more", n - 3);
    }
}

/* Beyond what is shown: to the heaviest node of the next layer. */
static void scroll_layers(struct section *s, struct pane *p, int step)
{
    const struct flow *f = &s->flow;
    const struct box_place *k = &p->places[p->selected];
    struct layers l = layers_new(f);
    size_t layer = k->gathered ? k->box : l.layer[k->box];
    if (step > 0 ? layer + 1 < l.n : layer > 0) {
        p->identity = f->source->identity(f->ctx, l.sorted[l.first[step > 0 ? layer + 1 : layer - 1]]);
        p->placed = true;
        layout(&l, p->plot_w, p->plot_h, p);
        find_selected(p, s);
    }
    layers_free(&l);
}

static void flow_move(struct section *s, struct pane *p, enum section_move m)
{
    if (!p->n_places)
        return;
    int to = place_move(p, p->selected, m);
    if (to == p->selected && p->plot_w && (m == MOVE_LEFT || m == MOVE_RIGHT))
        scroll_layers(s, p, m == MOVE_RIGHT ? 1 : -1);
    else
        section_select(s, p, to);
}

static int flow_hit(struct rect in, struct section *s, const struct pane *p, int x, int y)
{
    (void)s;
    return place_at(p, x - in.x, y - in.y);
}

/* ---- the drawing ---- */

static void node_draw(struct draw d, const struct section *s, struct pane *p, size_t i)
{
    const struct box_place *k = &p->places[i];
    struct rect r = {d.in.x + k->r.x, d.in.y + k->r.y, k->r.w, 1};
    bool chosen = d.cursor && (int)i == p->selected, dim = k->gathered > 0;
    struct strbuf b = {0};
    char weight[UNIT_TEXT_MAX] = "";
    if (p->regex && !dim) {
        flow_text(s, p, i, &b);
        dim = !regex_matches(p->regex, strbuf_text(&b));
        p->hidden += dim;
        strbuf_clear(&b);
    }
    if (k->gathered) {
        gathered_text(&s->flow, k, &b);
    } else {
        struct flow_node n = node_of(&s->flow, k->box);
        strbuf_printf(&b, "%s%s",
                      n.severity == SEVERITY_BAD    ? "!! "
                      : n.severity == SEVERITY_WARN ? "! "
                                                    : "",
                      n.label);
        unit_format(s->flow.unit, k->weight, weight);
    }
    int w = *weight ? utf8_width(weight) + 1 : 0, room = r.w > w + 4 ? r.w - w : r.w;
    enum style style = dim ? STYLE_DIM : STYLE_TEXT;
    label_put(d, r, r.x, r.y, room, style, strbuf_text(&b));
    if (room < r.w)
        grid_text(d.grid, r, r.x + r.w - w + 1, r.y, w - 1, STYLE_DIM, weight);
    if (chosen) {
        grid_style(d.grid, r, STYLE_SELECTED, GRID_REVERSE);
        if (r.x > d.in.x)
            grid_put(d.grid, d.in, r.x - 1, r.y, STYLE_SELECTED, 0x25B8);
    }
    strbuf_free(&b);
}

static void flow_draw(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    (void)doc;
    const struct flow *f = &s->flow;
    struct rect in = d.in;
    if (!f->n_nodes) {
        p->n_places = 0;
        empty_draw(d, s, p);
        return;
    }
    d.in.h = MAX(in.h - 1, 1);
    plot_place(p, in, d.in);
    place_nodes(f, d.in.w, d.in.h, p);
    find_selected(p, s);
    size_t nodes = 0, edges = edges_draw(d, f, p);
    p->hidden = 0;
    for (size_t i = 0; i < p->n_places; i++) {
        node_draw(d, s, p, i);
        nodes += !p->places[i].gathered;
    }
    if (in.h > 1)
        grid_printf(d.grid, in, in.x, in.y + in.h - 1, in.w, STYLE_DIM,
                    "%zu of %zu nodes, %zu of %zu edges shown", nodes, f->n_nodes, edges, f->n_edges);
}

static struct need flow_need(const struct section *s, int width)
{
    if (!s->flow.n_nodes)
        return (struct need){1, text_height(s->empty, width - 2), 1};
    return (struct need){3, 10, 1 + (int)MIN(s->flow.n_nodes, (size_t)60)};
}

static void flow_apply(struct pane *p, struct section *s)
{
    p->n_places = 0;
    if (s->flow.n_nodes)
        place_nodes(&s->flow, p->plot_w ? p->plot_w : 80, p->plot_h ? p->plot_h : 24, p);
    find_selected(p, s);
}

const struct section_ops FLOW_OPS = {
    .need = flow_need,
    .draw = flow_draw,
    .move = flow_move,
    .hit = flow_hit,
    .items = flow_items,
    .select = select_node,
    .item = flow_item,
    .text = flow_text,
    .apply = flow_apply,
};
