/* Heat maps: time across, values up, counts as shades. */
#include "ui/section/graph.h"

#include "base/utf8.h"

/* The cells that are told apart on the screen: no more than the data have, and than there is
 * room for. */
struct cells {
    const struct heatmap *h;
    struct over_time time;
    int rows;
};

static struct cells cells_of(const struct section *s, const struct pane *p)
{
    const struct heatmap *h = &s->heatmap;
    size_t most = p->plot_h > 0 ? (size_t)p->plot_h : h->rows;
    return (struct cells){
        .h = h, .time = over_time(h->from, h->to, h->columns, p), .rows = (int)MIN(h->rows, most)};
}

/* The data's rows of a row of cells. */
static void row_data(const struct cells *k, int row, size_t *lo, size_t *hi)
{
    size_t rows = (size_t)MAX(k->rows, 1), y = (size_t)MAX(row, 0);
    *lo = y * k->h->rows / rows;
    *hi = MIN(MAX((y + 1) * k->h->rows / rows, *lo + 1), k->h->rows);
}

struct counted {
    uint64_t sum;
    uint32_t most; /* of one cell of the data: what is drawn, so that nothing fades in a small plot */
};

static struct counted count_cell(const struct cells *k, int column, int row)
{
    size_t lo, hi, first, end;
    struct counted n = {0};
    row_data(k, row, &lo, &hi);
    over_time_data(&k->time, column, &first, &end);
    for (size_t r = lo; r < hi; r++)
        for (size_t c = first; c < end; c++) {
            uint32_t here = k->h->counts[r * k->h->columns + c];
            n.sum += here;
            n.most = MAX(n.most, here);
        }
    return n;
}

/* ---- the cursor ---- */

static size_t heatmap_items(const struct section *s, const struct pane *p)
{
    struct cells k = cells_of(s, p);
    return (size_t)k.time.columns * (size_t)k.rows;
}

static void select_cell(struct section *s, struct pane *p, int item)
{
    struct cells k = cells_of(s, p);
    size_t lo, hi;
    p->selected = item;
    row_data(&k, item / k.time.columns, &lo, &hi);
    p->at = over_time_middle(&k.time, item % k.time.columns);
    p->value = k.h->lower[lo];
    p->placed = true;
}

/* The slowest of the newest. */
static int newest_cell(const struct cells *k)
{
    for (int x = k->time.columns - 1; x >= 0; x--)
        for (int y = k->rows - 1; y >= 0; y--)
            if (count_cell(k, x, y).most)
                return y * k->time.columns + x;
    return MAX(k->time.columns - 1, 0);
}

static void heat_text(const struct cells *k, int item, struct strbuf *out)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    size_t lo, hi;
    int column = item % k->time.columns, row = item / k->time.columns;
    row_data(k, row, &lo, &hi);
    strbuf_printf(out, "%llu in ", (unsigned long long)count_cell(k, column, row).sum);
    strbuf_printf(out, "%s to ", unit_format_int(k->h->unit, k->h->lower[lo], a));
    strbuf_printf(out, "%s, ", unit_format_int(k->h->unit, k->h->lower[hi], b));
    over_time_text(&k->time, column, out);
}

static bool cell_matches(const struct cells *k, int item, const struct regex *re)
{
    struct strbuf b = {0};
    heat_text(k, item, &b);
    bool found = regex_matches(re, strbuf_text(&b));
    strbuf_free(&b);
    return found;
}

static void heatmap_apply(struct pane *p, struct section *s)
{
    struct cells k = cells_of(s, p);
    p->hidden = 0;
    if (!k.rows || !k.time.columns) {
        p->selected = 0;
        return;
    }
    for (int i = 0; p->regex && i < k.rows * k.time.columns; i++)
        p->hidden +=
            count_cell(&k, i % k.time.columns, i / k.time.columns).sum && !cell_matches(&k, i, p->regex);
    if (!sd_known(p->at)) {
        p->selected = newest_cell(&k);
        return;
    }
    int row = 0;
    size_t lo, hi;
    for (int y = 1; y < k.rows; y++) {
        row_data(&k, y, &lo, &hi);
        if (k.h->lower[lo] <= p->value)
            row = y;
    }
    p->selected = row * k.time.columns + over_time_column(&k.time, p->at);
}

static void heatmap_move(struct section *s, struct pane *p, enum section_move m)
{
    struct cells k = cells_of(s, p);
    if (!heatmap_items(s, p))
        return;
    int x = p->selected % k.time.columns, y = p->selected / k.time.columns;
    x = m == MOVE_LEFT    ? x - 1
        : m == MOVE_RIGHT ? x + 1
        : m == MOVE_FIRST ? 0
        : m == MOVE_LAST  ? k.time.columns - 1
                          : x;
    y = m == MOVE_UP          ? y + 1
        : m == MOVE_DOWN      ? y - 1
        : m == MOVE_PAGE_UP   ? k.rows - 1
        : m == MOVE_PAGE_DOWN ? 0
                              : y;
    x = MAX(0, MIN(x, k.time.columns - 1));
    y = MAX(0, MIN(y, k.rows - 1));
    select_cell(s, p, y * k.time.columns + x);
}

/* The row of cells that line y of the plot, from its top, shows. */
static int row_at(const struct cells *k, int y, int h)
{
    return (int)((int64_t)(h - 1 - y) * k->rows / MAX(h, 1));
}

static int heatmap_hit(struct rect in, struct section *s, const struct pane *p, int x, int y)
{
    struct cells k = cells_of(s, p);
    int dx = x - in.x - p->plot_x, dy = y - in.y - p->plot_y;
    if (dx < 0 || dx >= p->plot_w || dy < 0 || dy >= p->plot_h || !heatmap_items(s, p))
        return -1;
    return row_at(&k, dy, p->plot_h) * k.time.columns + over_time_at(&k.time, dx, p->plot_w);
}

static void heatmap_item(const struct section *s, const struct pane *p, size_t i, struct item *out)
{
    struct cells k = cells_of(s, p);
    int column = (int)i % k.time.columns, row = (int)i / k.time.columns;
    out->dive = over_time_dive(&k.time, column, s->dive);
    out->worst = count_cell(&k, column, row).sum > 0; /* the slowest, and of those the first */
    for (int y = row + 1; y < k.rows && out->worst; y++)
        for (int x = 0; x < k.time.columns && out->worst; x++)
            out->worst = !count_cell(&k, x, y).sum;
}

static void heatmap_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out)
{
    struct cells k = cells_of(s, p);
    heat_text(&k, (int)i, out);
}

/* ---- the drawing ---- */

static struct need heatmap_need(const struct section *s, int width)
{
    (void)s;
    (void)width;
    return (struct need){3, 8, 14};
}

/* Logarithmic: one slow request must show beside thousands of fast ones. */
static void shade(struct draw d, struct rect plot, int x, int y, uint32_t n, uint32_t most)
{
    static const uint32_t shades[] = {0x2591, 0x2592, 0x2593, 0x2588, 0x2588};
    int heat = most > 1 ? (int)(log(n) / log(most) * 4.999) : 2;
    heat = MAX(0, MIN(heat, 4));
    uint32_t code = shades[heat];
    if (d.grid->ascii)
        code = (uint32_t) "..:-=+*#%@"[most > 1 ? MIN((int)(log(n) / log(most) * 9.999), 9) : 4];
    grid_put(d.grid, plot, x, y, (enum style)(STYLE_HEAT1 + heat), code);
}

static void scale_line(struct draw d, struct rect plot, const struct cells *k, int y)
{
    char buf[UNIT_TEXT_MAX];
    size_t lo, hi;
    if (y != 0 && y != plot.h - 1 && !(plot.h > 5 && y == plot.h / 2))
        return;
    row_data(k, row_at(k, y, plot.h), &lo, &hi);
    unit_format_int(k->h->unit, y == 0 ? k->h->lower[k->h->rows] : k->h->lower[lo], buf);
    grid_text(d.grid, d.in, d.in.x + MAX(0, GRAPH_LABEL - 1 - utf8_width(buf)), plot.y + y, GRAPH_LABEL - 1,
              STYLE_DIM, buf);
}

/* The cell itself, and marks beside and below the plot: not by colour alone. */
static void cursor_draw(struct draw d, struct rect plot, const struct cells *k, const struct pane *p)
{
    int column = p->selected % k->time.columns, row = p->selected / k->time.columns;
    int x = over_time_x(&k->time, column, plot.w), end = over_time_x(&k->time, column + 1, plot.w);
    for (int y = 0; y < plot.h; y++) {
        if (row_at(k, y, plot.h) != row)
            continue;
        grid_style(d.grid, (struct rect){plot.x + x, plot.y + y, MAX(end - x, 1), 1}, STYLE_SELECTED,
                   GRID_REVERSE);
        if (plot.x > d.in.x)
            grid_put(d.grid, d.in, plot.x - 1, plot.y + y, STYLE_SELECTED, 0x25B8);
    }
    over_time_mark(d, plot, &k->time, column);
}

static void heatmap_draw(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    (void)doc;
    const struct heatmap *h = &s->heatmap;
    struct rect in = d.in;
    int label = in.w >= 30 ? GRAPH_LABEL : 0, axis = in.h >= 4;
    struct rect plot = {in.x + label, in.y, in.w - label, in.h - axis};
    if (!h->rows || !h->columns) {
        struct pane none = {0};
        empty_draw(d, s, &none);
        return;
    }
    if (plot.w < 1 || plot.h < 1)
        return;
    plot_place(p, in, plot);
    section_apply(s, p);
    struct cells k = cells_of(s, p);
    for (int y = 0; y < plot.h; y++) {
        int row = row_at(&k, y, plot.h);
        for (int x = 0; x < plot.w; x++) {
            int column = over_time_at(&k.time, x, plot.w);
            uint32_t n = count_cell(&k, column, row).most;
            if (n && (!p->regex || cell_matches(&k, row * k.time.columns + column, p->regex)))
                shade(d, plot, plot.x + x, plot.y + y, n, h->max);
        }
        if (label)
            scale_line(d, plot, &k, y);
    }
    if (axis)
        graph_time_axis(d, (struct rect){plot.x, in.y + in.h - 1, plot.w, 1}, h->from, h->to);
    over_time_moments(d, plot, &k.time, s);
    if (d.cursor)
        cursor_draw(d, plot, &k, p);
}

const struct section_ops HEATMAP_OPS = {
    .need = heatmap_need,
    .draw = heatmap_draw,
    .move = heatmap_move,
    .hit = heatmap_hit,
    .items = heatmap_items,
    .select = select_cell,
    .item = heatmap_item,
    .text = heatmap_text,
    .apply = heatmap_apply,
    .drawing = true,
};
