/* Columns of time: what a point of a graph and a cell of a heat map have in common. */
#include "ui/section/graph.h"

#include "base/clock.h"

struct over_time over_time(sd_time from, sd_time to, size_t n, const struct pane *p)
{
    size_t most = p->plot_w > 0 ? (size_t)p->plot_w : n;
    return (struct over_time){
        .from = from, .to = to, .n = n, .columns = (int)MIN(MIN(n, most), (size_t)INT32_MAX)};
}

void over_time_data(const struct over_time *o, int column, size_t *first, size_t *end)
{
    size_t columns = (size_t)MAX(o->columns, 1), c = (size_t)MAX(column, 0);
    *first = c * o->n / columns;
    *end = MIN(MAX((c + 1) * o->n / columns, *first + 1), o->n);
}

struct dive over_time_dive(const struct over_time *o, int column, struct dive to)
{
    size_t first, end;
    over_time_data(o, column, &first, &end);
    to.from = drawing_time(o->from, o->to, o->n, first);
    to.to = drawing_time(o->from, o->to, o->n, end);
    return to;
}

sd_time over_time_middle(const struct over_time *o, int column)
{
    struct dive d = over_time_dive(o, column, (struct dive){0});
    return d.from + (d.to - d.from) / 2;
}

int over_time_column(const struct over_time *o, sd_time at)
{
    if (o->to <= o->from)
        return 0;
    double share = (double)(at - o->from) / (double)(o->to - o->from);
    size_t datum = (size_t)(fmin(fmax(share, 0), 1) * (double)o->n);
    for (int c = 0; c < o->columns; c++) {
        size_t first, end;
        over_time_data(o, c, &first, &end);
        if (datum < end)
            return c;
    }
    return MAX(o->columns - 1, 0);
}

int over_time_x(const struct over_time *o, int column, int w)
{
    int n = MAX(o->columns, 1);
    return (int)(((int64_t)column * w + n - 1) / n);
}

int over_time_at(const struct over_time *o, int x, int w)
{
    return (int)((int64_t)x * o->columns / MAX(w, 1));
}

void over_time_text(const struct over_time *o, int column, struct strbuf *out)
{
    char a[CLOCK_TEXT_MAX], b[CLOCK_TEXT_MAX];
    struct dive d = over_time_dive(o, column, (struct dive){0});
    strbuf_printf(out, "%s to %s", clock_hms(d.from, o->to, a), clock_hms(d.to, o->to, b));
}

void plot_place(struct pane *p, struct rect in, struct rect plot)
{
    p->plot_w = plot.w;
    p->plot_h = plot.h;
    p->plot_x = plot.x - in.x;
    p->plot_y = plot.y - in.y;
}

void over_time_mark(struct draw d, struct rect plot, const struct over_time *o, int column)
{
    int x = plot.x + over_time_x(o, column, plot.w), y = plot.y + plot.h;
    if (y < d.in.y + d.in.h) {
        grid_put(d.grid, d.in, x, y, STYLE_SELECTED, d.grid->ascii ? '^' : 0x25B4);
        return;
    }
    grid_style(d.grid, (struct rect){x, plot.y + plot.h - 1, 1, 1}, STYLE_SELECTED, GRID_REVERSE);
}
