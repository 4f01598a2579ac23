/* Lines over time in braille dots, two across and four up in a cell. */
#include "ui/section/graph.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { LABEL = GRAPH_LABEL, NAMES_LEAST = 14 };

/* Where there is no braille each line has a character of its own. */
static const char PLAIN[] = {'*', '+', 'o', 'x'};

static const enum style LINE_STYLES[] = {STYLE_GRAPH1, STYLE_GRAPH2, STYLE_GRAPH3, STYLE_GRAPH4};

double graph_top(double v)
{
    if (!(v > 0) || !isfinite(v))
        return 1;
    double power = pow(10, floor(log10(v)));
    static const double steps[] = {1, 2, 5, 10};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (v <= steps[i] * power * (1 + 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static double largest(const struct graph *g)
{
    double most = 0;
    for (size_t l = 0; l < g->n_lines; l++)
        for (size_t i = 0; i < g->n_points; i++)
            if (isfinite(g->lines[l].values[i]))
                most = fmax(most, g->lines[l].values[i]);
    return most;
}

/* The value a dot column shows: the largest of its points, so that no peak is lost. */
static double column_value(const struct graph *g, const struct graph_line *l, int column, int columns)
{
    size_t from = (size_t)column * g->n_points / (size_t)columns;
    size_t to = MAX(((size_t)column + 1) * g->n_points / (size_t)columns, from + 1);
    double v = NAN;
    for (size_t i = from; i < to && i < g->n_points; i++)
        if (isfinite(l->values[i]))
            v = isfinite(v) ? fmax(v, l->values[i]) : l->values[i];
    return v;
}

void graph_time_axis(struct draw d, struct rect r, sd_time from, sd_time to)
{
    char buf[CLOCK_TEXT_MAX], span[UNIT_TEXT_MAX];
    int y = r.y;
    if (to <= from)
        return;
    if (d.live) { /* a live drawing stands still and fills: its right edge is a little ahead of now */
        grid_printf(d.grid, r, r.x, y, r.w, STYLE_DIM, "%s", unit_format_int(UNIT_NS, to - from, span));
        return;
    }
    grid_text(d.grid, r, r.x, y, r.w, STYLE_DIM, clock_hms(from, d.now, buf));
    clock_hms(to, d.now, buf);
    int w = utf8_width(buf);
    if (r.w > 2 * w + 2)
        grid_text(d.grid, r, r.x + r.w - w, y, w, STYLE_DIM, buf);
}

static double last_value(const struct graph *g, size_t line)
{
    for (size_t i = g->n_points; i-- > 0;)
        if (isfinite(g->lines[line].values[i]))
            return g->lines[line].values[i];
    return NAN;
}

/* How a line is called, and its figure over the time of the title, "p99 420 ms", or its newest, "p99 now 420
 * ms". */
static void line_name(const struct graph *g, size_t line, bool ascii, struct strbuf *b)
{
    char buf[UNIT_TEXT_MAX];
    strbuf_clear(b);
    if (ascii)
        strbuf_printf(b, "%c ", PLAIN[line % ARRAY_LEN(PLAIN)]);
    graph_label(g, &g->lines[line], b);
    bool whole = isfinite(g->lines[line].whole);
    strbuf_printf(b, "%s %s", whole ? "" : " now",
                  unit_format(g->unit, whole ? g->lines[line].whole : last_value(g, line), buf));
}

/* The names beside the lines, no colour needed: in the order of the lines, so that they stand still while the
 * lines cross. */
static void names_beside(struct draw d, struct rect r, const struct graph *g)
{
    struct strbuf b = {0};
    for (size_t l = 0; l < g->n_lines && (int)l < r.h; l++) {
        line_name(g, l, d.grid->ascii, &b);
        grid_text(d.grid, r, r.x, r.y + (int)l, r.w, LINE_STYLES[l % ARRAY_LEN(LINE_STYLES)], b.text);
    }
    strbuf_free(&b);
}

/* In a narrow pane they stand in the line of the time axis, between its ends. */
static void names_below(struct draw d, struct rect r, const struct graph *g)
{
    int x = r.x + (d.live ? 8 : 10), end = r.x + r.w - (d.live ? 4 : 10);
    struct strbuf b = {0};
    for (size_t l = 0; l < g->n_lines; l++) {
        line_name(g, l, d.grid->ascii, &b);
        if (x + utf8_width(b.text) > end && g->n_lines == 1) { /* the title says what it is */
            char buf[UNIT_TEXT_MAX];
            strbuf_clear(&b);
            bool whole = isfinite(g->lines[0].whole);
            strbuf_str(&b, unit_format(g->unit, whole ? g->lines[0].whole : last_value(g, 0), buf));
        }
        if (x + utf8_width(b.text) > end)
            break;
        x += grid_text(d.grid, r, x, r.y, end - x, LINE_STYLES[l % ARRAY_LEN(LINE_STYLES)], b.text) + 2;
    }
    strbuf_free(&b);
}

static int names_width(const struct draw *d, const struct graph *g)
{
    struct strbuf b = {0};
    int w = 0;
    for (size_t l = 0; l < g->n_lines; l++) {
        line_name(g, l, d->grid->ascii, &b);
        w = MAX(w, utf8_width(b.text));
    }
    strbuf_free(&b);
    return MAX(w, NAMES_LEAST) + 1;
}

/* One line as dots into `cells` (braille), or as characters where there is none. */
static void plot_line(struct draw d, struct rect plot, const struct graph *g, size_t l, double top,
                      uint8_t *cells)
{
    static const uint8_t bits[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}}; /* from below */
    bool ascii = d.grid->ascii;
    int columns = ascii ? plot.w : plot.w * 2, dots = ascii ? plot.h : plot.h * 4, before = -1;
    enum style style = LINE_STYLES[l % ARRAY_LEN(LINE_STYLES)];
    memset(cells, 0, (size_t)(plot.w * plot.h));
    for (int x = 0; x < columns; x++) {
        double v = column_value(g, &g->lines[l], x, columns);
        if (!isfinite(v)) {
            before = -1;
            continue;
        }
        int y = (int)(fmax(fmin(v / top, 1), 0) * (dots - 1) + 0.5);
        int from = before < 0 ? y : MIN(before + (before < y), y),
            to = before < 0 ? y : MAX(before - (before > y), y);
        for (int k = from; k <= to; k++) {
            if (ascii)
                grid_put(d.grid, plot, plot.x + x, plot.y + plot.h - 1 - k, style,
                         k == y ? (uint32_t)PLAIN[l % ARRAY_LEN(PLAIN)] : '|');
            else
                cells[(plot.h - 1 - k / 4) * plot.w + x / 2] |= bits[x % 2][k % 4];
        }
        before = y;
    }
    for (int i = 0; i < plot.w * plot.h; i++)
        if (cells[i])
            grid_put(d.grid, plot, plot.x + i % plot.w, plot.y + i / plot.w, style, 0x2800u + cells[i]);
}

void graph_scale(struct draw d, struct rect plot, enum unit unit, double top)
{
    struct rect in = d.in;
    char buf[UNIT_TEXT_MAX];
    if (plot.x - in.x < LABEL)
        return;
    unit_format(unit, top, buf);
    grid_text(d.grid, in, in.x + MAX(0, LABEL - 1 - utf8_width(buf)), plot.y, LABEL - 1, STYLE_DIM, buf);
    if (plot.h > 1)
        grid_text(d.grid, in, in.x + LABEL - 2, plot.y + plot.h - 1, 1, STYLE_DIM, "0");
    if (plot.h < 7)
        return;
    unit_format(unit, top / 2, buf);
    grid_text(d.grid, in, in.x + MAX(0, LABEL - 1 - utf8_width(buf)), plot.y + plot.h / 2, LABEL - 1,
              STYLE_DIM, buf);
}

/* The lines; where the plot is. */
static struct rect lines_draw(struct draw d, const struct graph *g)
{
    struct rect in = d.in;
    int label = in.w >= 30 ? LABEL : 0, axis = in.h >= 3;
    bool beside = in.w >= GRAPH_BESIDE_FROM && in.h >= 3 && g->n_lines > 0;
    int names = beside ? names_width(&d, g) : 0;
    struct rect plot = {in.x + label, in.y, in.w - label - names, in.h - axis};
    if (plot.w < 2 || plot.h < 1 || !g->n_points)
        return (struct rect){0};
    double top = graph_top(largest(g));
    grid_style(d.grid, plot, LINE_STYLES[0], GRID_INK);
    uint8_t *cells = mem_array((size_t)(plot.w * plot.h), 1);
    for (size_t l = g->n_lines; l-- > 0;) /* the first line is drawn last, on top */
        plot_line(d, plot, g, l, top, cells);
    free(cells);
    graph_scale(d, plot, g->unit, top);
    if (beside)
        names_beside(d, (struct rect){plot.x + plot.w + 1, plot.y, names - 1, plot.h}, g);
    if (axis) {
        struct rect r = {plot.x, in.y + in.h - 1, plot.w, 1};
        graph_time_axis(d, r, g->from, g->to);
        if (!beside)
            names_below(d, r, g);
    }
    return plot;
}

/* ---- as a kind of section ---- */

enum { PAGE_COLUMNS = 10 };

static struct over_time columns_of(const struct section *s, const struct pane *p)
{
    return over_time(s->graph.from, s->graph.to, s->graph.n_points, p);
}

static bool line_shown(const struct graph *g, size_t l, const struct pane *p)
{
    struct strbuf b = {0};
    graph_label(g, &g->lines[l], &b);
    bool shown = !p->regex || regex_matches(p->regex, strbuf_text(&b));
    strbuf_free(&b);
    return shown;
}

/* The largest value of a line in a column; of layers their sum. NAN: none is known. */
static double value_at(const struct graph *g, const struct over_time *o, int column, size_t l)
{
    size_t first, end;
    double v = NAN;
    over_time_data(o, column, &first, &end);
    for (size_t i = first; i < end; i++)
        v = fmax(v, g->lines[l].values[i]);
    return v;
}

static double highest_at(const struct graph *g, const struct over_time *o, int column)
{
    double most = NAN;
    for (size_t l = 0; l < g->n_lines; l++) {
        double v = value_at(g, o, column, l);
        most = g->stacked && isfinite(most) && isfinite(v) ? most + v : fmax(most, v);
    }
    return most;
}

static struct need graph_need(const struct section *s, int width)
{
    (void)s;
    (void)width;
    return (struct need){3, 8, 14};
}

static void draw_graph(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    (void)doc;
    struct graph shown = s->graph;
    shown.lines = mem_array(s->graph.n_lines + 1, sizeof *shown.lines);
    shown.n_lines = 0;
    for (size_t l = 0; l < s->graph.n_lines; l++)
        if (line_shown(&s->graph, l, p))
            shown.lines[shown.n_lines++] = s->graph.lines[l];
    struct rect plot = shown.stacked ? stack_draw(d, &shown) : lines_draw(d, &shown);
    free(shown.lines);
    if (plot.w < 1)
        return;
    plot_place(p, d.in, plot);
    section_apply(s, p);
    struct over_time over = columns_of(s, p);
    over_time_moments(d, plot, &over, s);
    if (!d.cursor)
        return;
    struct over_time o = columns_of(s, p);
    int x = plot.x + over_time_x(&o, p->selected, plot.w);
    for (int y = 0; y < plot.h; y++) {
        if (d.grid->cells[(plot.y + y) * d.grid->width + x].code == ' ')
            grid_put(d.grid, plot, x, plot.y + y, STYLE_SELECTED, d.grid->ascii ? ':' : 0x2502);
        else
            grid_style(d.grid, (struct rect){x, plot.y + y, 1, 1}, STYLE_SELECTED, 0);
    }
    over_time_mark(d, plot, &o, p->selected);
}

static size_t graph_items(const struct section *s, const struct pane *p)
{
    return (size_t)columns_of(s, p).columns;
}

static void select_point(struct section *s, struct pane *p, int item)
{
    struct over_time o = columns_of(s, p);
    p->selected = item;
    p->at = over_time_middle(&o, item);
    p->placed = true;
}

/* Before the user has put the cursor anywhere it is on the newest value. */
static void graph_apply(struct pane *p, struct section *s)
{
    struct over_time o = columns_of(s, p);
    p->hidden = 0;
    for (size_t l = 0; l < s->graph.n_lines; l++)
        p->hidden += !line_shown(&s->graph, l, p);
    if (sd_known(p->at)) {
        p->selected = over_time_column(&o, p->at);
        return;
    }
    for (p->selected = o.columns - 1; p->selected > 0; p->selected--)
        if (isfinite(highest_at(&s->graph, &o, p->selected)))
            break;
    p->selected = MAX(p->selected, 0);
}

static void graph_move(struct section *s, struct pane *p, enum section_move m)
{
    static const int steps[] = {[MOVE_LEFT] = -1,
                                [MOVE_RIGHT] = 1,
                                [MOVE_PAGE_UP] = -PAGE_COLUMNS,
                                [MOVE_PAGE_DOWN] = PAGE_COLUMNS,
                                [MOVE_FIRST] = -(1 << 20),
                                [MOVE_LAST] = 1 << 20};
    section_select(s, p, p->selected + steps[m]);
}

static int graph_hit(struct rect in, struct section *s, const struct pane *p, int x, int y)
{
    struct over_time o = columns_of(s, p);
    int dx = x - in.x - p->plot_x, dy = y - in.y - p->plot_y;
    return dx >= 0 && dx < p->plot_w && dy >= 0 && dy < p->plot_h ? over_time_at(&o, dx, p->plot_w) : -1;
}

static void graph_item(const struct section *s, const struct pane *p, size_t i, struct item *out)
{
    struct over_time o = columns_of(s, p);
    double here = highest_at(&s->graph, &o, (int)i);
    out->dive = over_time_dive(&o, (int)i, s->dive);
    out->worst = isfinite(here);
    for (int c = 0; c < o.columns && out->worst; c++)
        out->worst = !(highest_at(&s->graph, &o, c) > here);
}

static void item_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out)
{
    const struct graph *g = &s->graph;
    struct over_time o = columns_of(s, p);
    char buf[UNIT_TEXT_MAX];
    over_time_text(&o, (int)i, out);
    for (size_t l = 0; l < g->n_lines; l++) {
        strbuf_str(out, l ? ", " : ": ");
        graph_label(g, &g->lines[l], out);
        strbuf_printf(out, " %s", unit_format(g->unit, value_at(g, &o, (int)i, l), buf));
    }
    over_time_happened(&o, (int)i, s, out);
}

const struct section_ops GRAPH_OPS = {
    .need = graph_need,
    .draw = draw_graph,
    .move = graph_move,
    .hit = graph_hit,
    .items = graph_items,
    .select = select_point,
    .item = graph_item,
    .text = item_text,
    .apply = graph_apply,
    .drawing = true,
};
