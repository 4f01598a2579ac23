/* Columns of time: what a point of a graph and a cell of a heat map have in common. */
#include "ui/section/graph.h"

#include "base/clock.h"
#include "base/utf8.h"

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

static bool is_blank(struct draw d, int x, int y, int w)
{
    for (int i = 0; i < w; i++) {
        uint32_t code = d.grid->cells[y * d.grid->width + x + i].code;
        if (code && code != ' ')
            return false;
    }
    return true;
}

/* The name beside the line, in the highest row that is free on one of its sides. */
static void moment_name(struct draw d, struct rect plot, int x, const struct doc_moment *m, enum style style)
{
    int w = utf8_width(m->text);
    for (int y = plot.y; y < plot.y + plot.h; y++) {
        bool right = x + 1 + w <= plot.x + plot.w && is_blank(d, x + 1, y, w);
        bool left = !right && x - w >= plot.x && is_blank(d, x - w, y, w);
        if (right || left) {
            grid_text(d.grid, plot, right ? x + 1 : x - w, y, w, style, m->text);
            return;
        }
    }
}

void over_time_moments(struct draw d, struct rect plot, const struct over_time *o, const struct section *s)
{
    static const enum style styles[] = {STYLE_DIM, STYLE_GOOD, STYLE_INFO, STYLE_WARN, STYLE_BAD};
    for (size_t i = 0; i < s->n_moments; i++) {
        const struct doc_moment *m = &s->moments[i];
        if (m->at < o->from || m->at >= o->to)
            continue;
        int x = plot.x + over_time_x(o, over_time_column(o, m->at), plot.w);
        moment_name(d, plot, x, m, styles[m->severity]);
        for (int y = plot.y; y < plot.y + plot.h; y++)
            if (is_blank(d, x, y, 1))
                grid_put(d.grid, plot, x, y, styles[m->severity], d.grid->ascii ? ':' : 0x2506);
    }
}

void over_time_happened(const struct over_time *o, int column, const struct section *s, struct strbuf *out)
{
    struct dive at = over_time_dive(o, column, (struct dive){0});
    for (size_t i = s->n_moments; i-- > 0;)
        if (s->moments[i].at >= at.from && s->moments[i].at < at.to)
            strbuf_printf(out, ", %s", s->moments[i].text);
}
