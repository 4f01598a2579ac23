/* Layers on each other over time. A cell belongs to one layer and says so by its character as
 * well as by its colour; the list beside has the layers in the order they lie. */
#include "ui/section/graph.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { NAME_LEAST = 8, FIGURES = 14 }; /* columns: of a name; of share and value with their gaps */

static const struct {
    uint32_t code;
    char plain;
    enum style style;
} FILLS[] = {
    {.code = 0x2588, .plain = '#', .style = STYLE_GRAPH1},
    {.code = 0x2592, .plain = '%', .style = STYLE_GRAPH2},
    {.code = 0x2550, .plain = '=', .style = STYLE_GRAPH3},
    {.code = 0x253C, .plain = '+', .style = STYLE_GRAPH4},
    {.code = 0x2551, .plain = '|', .style = STYLE_GRAPH5},
    {.code = 0x2571, .plain = '/', .style = STYLE_GRAPH6},
    {.code = 0x2591, .plain = '.', .style = STYLE_DIM}, /* the rest */
};
enum { REST = ARRAY_LEN(FILLS) - 1 };

struct layer {
    const char *name;
    double *values; /* own */
    double share;
    size_t fill;
};
struct stack {
    const struct graph *g;
    struct layer *layers; /* lowest first */
    size_t n;
};

static void stack_of(struct stack *k, const struct graph *g)
{
    *k = (struct stack){.g = g, .layers = mem_array(g->n_lines, sizeof *k->layers)};
    for (size_t l = 0; l < g->n_lines; l++) {
        struct layer *y = &k->layers[k->n++];
        *y = (struct layer){.name = g->lines[l].name, .share = g->lines[l].share};
        y->fill = g->lines[l].rest ? REST : l % REST;
        y->values = mem_array(g->n_points, sizeof *y->values);
        memcpy(y->values, g->lines[l].values, g->n_points * sizeof *y->values);
    }
}

static void stack_free(struct stack *k)
{
    for (size_t l = 0; l < k->n; l++)
        free(k->layers[l].values);
    free(k->layers);
}

/* The smaller of the layers above the lowest become one with the rest, until there are no
 * more than can be named. */
static void fold(struct stack *k, size_t most)
{
    while (k->n > MAX(most, 2)) {
        size_t into = k->n - 1, least = 0;
        for (size_t l = 1; l < into; l++)
            if (!least || !(k->layers[l].share >= k->layers[least].share))
                least = l;
        struct layer *a = &k->layers[into], *b = &k->layers[least];
        for (size_t i = 0; i < k->g->n_points; i++)
            a->values[i] += b->values[i];
        a->share += b->share;
        a->fill = REST;
        a->name = "(other)";
        free(b->values);
        memmove(b, b + 1, (into - least) * sizeof *b);
        k->n--;
    }
}

/* The point a column shows: the highest of its points, so that no peak is lost. */
static size_t column_point(const struct graph *g, int column, int columns)
{
    size_t from = (size_t)column * g->n_points / (size_t)columns, best = from;
    size_t to = MAX(((size_t)column + 1) * g->n_points / (size_t)columns, from + 1);
    for (size_t i = from; i < to && i < g->n_points; i++) {
        double sum = graph_sum(g, i);
        if (isfinite(sum) && !(graph_sum(g, best) >= sum))
            best = i;
    }
    return best;
}

static void put_fill(struct draw d, struct rect r, int x, int y, size_t fill)
{
    uint32_t code = d.grid->ascii ? (uint32_t)FILLS[fill].plain : FILLS[fill].code;
    grid_put(d.grid, r, x, y, FILLS[fill].style, code);
}

/* The borders between the layers are rounded, not the layers: together they are as high as
 * their sum. What is there at all takes a cell; nothing is a low line, unknown is empty. */
static void column(struct draw d, struct rect plot, const struct stack *k, int x, double top)
{
    size_t point = column_point(k->g, x, plot.w), most = 0;
    double sum = graph_sum(k->g, point), below = 0;
    int from = 0;
    if (!isfinite(sum))
        return;
    for (size_t l = 0; l < k->n; l++) {
        double v = k->layers[l].values[point];
        most = v > k->layers[most].values[point] ? l : most;
        below += isfinite(v) ? v : 0;
        int to = (int)(fmin(below / top, 1) * plot.h + 0.5);
        for (int y = from; y < to; y++)
            put_fill(d, plot, plot.x + x, plot.y + plot.h - 1 - y, k->layers[l].fill);
        from = MAX(from, to);
    }
    if (from == 0 && sum > 0)
        put_fill(d, plot, plot.x + x, plot.y + plot.h - 1, k->layers[most].fill);
    else if (from == 0)
        grid_put(d.grid, plot, plot.x + x, plot.y + plot.h - 1, STYLE_DIM, d.grid->ascii ? '_' : 0x2581);
}

static double last_value(const struct stack *k, size_t l)
{
    for (size_t i = k->g->n_points; i-- > 0;)
        if (isfinite(k->layers[l].values[i]))
            return k->layers[l].values[i];
    return NAN;
}

static int names_width(const struct stack *k, int room)
{
    int w = NAME_LEAST;
    for (size_t l = 0; l < k->n; l++)
        w = MAX(w, utf8_width(k->layers[l].name));
    return MIN(w, MAX(room - FIGURES - 2, NAME_LEAST)) + FIGURES + 2;
}

static void right(struct draw d, struct rect r, int end, int y, enum style style, const char *text)
{
    int w = utf8_width(text);
    grid_text(d.grid, r, end - w, y, w, style, text);
}

/* The top layer first, as they lie: its character, its name, its share, where it stands now. */
static void names_beside(struct draw d, struct rect r, const struct stack *k)
{
    char buf[UNIT_TEXT_MAX];
    int name = r.w - FIGURES - 2, share = r.x + r.w - 6, now = r.x + r.w, first = MAX(r.h - (int)k->n, 0);
    for (size_t l = 0; l < k->n && (int)l < r.h; l++) {
        const struct layer *y = &k->layers[k->n - 1 - l];
        int at = r.y + first + (int)l;
        put_fill(d, r, r.x, at, y->fill);
        grid_text(d.grid, r, r.x + 2, at, name, FILLS[y->fill].style, y->name);
        if (utf8_width(y->name) > name)
            grid_put(d.grid, r, r.x + 1 + name, at, STYLE_DIM, 0x2026);
        snprintf(buf, sizeof buf, isfinite(y->share) ? "%.0f %%" : "-", y->share * 100);
        right(d, r, share, at, STYLE_TEXT, buf);
        right(d, r, now, at, STYLE_TEXT, unit_format(k->g->unit, last_value(k, k->n - 1 - l), buf));
    }
    r.h++;
    right(d, r, share, r.y + r.h - 1, STYLE_DIM, "share");
    right(d, r, now, r.y + r.h - 1, STYLE_DIM, d.live ? "now" : "last");
}

/* In a narrow pane as many as fit into the line of the time axis, the lowest first. */
static void names_below(struct draw d, struct rect r, const struct stack *k)
{
    int x = r.x + (d.live ? 8 : 10), end = r.x + r.w - (d.live ? 0 : 10);
    struct strbuf b = {0};
    char buf[UNIT_TEXT_MAX];
    for (size_t l = 0; l < k->n; l++) {
        strbuf_clear(&b);
        strbuf_printf(&b, "%s %s", k->layers[l].name, unit_format(k->g->unit, last_value(k, l), buf));
        if (x + 2 + utf8_width(b.text) > end)
            break;
        put_fill(d, r, x, r.y, k->layers[l].fill);
        x += 4 + grid_text(d.grid, r, x + 2, r.y, end - x - 2, FILLS[k->layers[l].fill].style, b.text);
    }
    strbuf_free(&b);
}

struct rect stack_draw(struct draw d, const struct graph *g)
{
    struct rect in = d.in;
    int label = in.w >= 30 ? GRAPH_LABEL : 0, axis = in.h >= 3;
    bool beside = in.w >= GRAPH_BESIDE_FROM && in.h >= 3;
    if (!g->n_lines || !g->n_points)
        return (struct rect){0};
    struct stack k;
    stack_of(&k, g);
    if (beside)
        fold(&k, (size_t)(in.h - axis));
    int names = beside ? names_width(&k, in.w / 2 - GRAPH_LABEL) + 1 : 0;
    struct rect plot = {in.x + label, in.y, in.w - label - names, in.h - axis};
    if (plot.w >= 2 && plot.h >= 1) {
        double most = 0;
        for (size_t i = 0; i < g->n_points; i++)
            most = fmax(most, graph_sum(g, i));
        double top = graph_top(most);
        for (int x = 0; x < plot.w; x++)
            column(d, plot, &k, x, top);
        graph_scale(d, plot, g->unit, top);
        struct rect bottom = {plot.x, in.y + in.h - 1, plot.w, 1};
        if (beside)
            names_beside(d, (struct rect){plot.x + plot.w + 1, plot.y, names - 1, plot.h}, &k);
        if (axis)
            graph_time_axis(d, bottom, g->from, g->to);
        if (axis && !beside)
            names_below(d, bottom, &k);
    }
    stack_free(&k);
    return plot;
}
