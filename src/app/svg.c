#include "app/svg.h"

#include "base/utf8.h"

/* Pixels of a cell; the background and text of a terminal without a theme's own. */
enum { CELL_W = 8, CELL_H = 17, PAD = 10, BASELINE = 13, PAPER = 0x1b1d23, INK = 0xd7dae0 };

struct look {
    int32_t fg, bg;
    unsigned attrs;
};

static struct look look_of(const struct theme *t, const struct grid_cell *c)
{
    const struct theme_style *s = &t->styles[c->style];
    struct look l = {.fg = s->fg < 0 ? INK : s->fg, .bg = s->bg, .attrs = s->attrs};
    if ((s->attrs & THEME_REVERSE) || (c->flags & GRID_REVERSE)) {
        int32_t fg = l.fg;
        l.fg = l.bg < 0 ? PAPER : l.bg;
        l.bg = fg;
    }
    if (c->flags & GRID_BOLD)
        l.attrs |= THEME_BOLD;
    if (c->flags & GRID_UNDERLINE)
        l.attrs |= THEME_UNDERLINE;
    return l;
}

static bool same_look(struct look a, struct look b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

static void escape(struct strbuf *out, uint32_t code)
{
    char bytes[4];
    switch (code) {
    case '<':
        strbuf_str(out, "&lt;");
        break;
    case '>':
        strbuf_str(out, "&gt;");
        break;
    case '&':
        strbuf_str(out, "&amp;");
        break;
    case ' ':
        strbuf_str(out, "&#160;");
        break;
    default:
        strbuf_add(out, bytes, utf8_encode(code, bytes));
    }
}

static bool blank(const struct grid_cell *c)
{
    return c->code == ' ';
}

/* Words of cells that look alike are one element; textLength keeps them on the cell grid
 * whatever font the reader has. Gaps of two blanks or more separate elements: readers
 * differ in what they make of blanks. */
static void words(const struct grid *g, int y, int from, int to, struct look l, struct strbuf *out)
{
    const struct grid_cell *row = &g->cells[y * g->width];
    while (from < to) {
        while (from < to && blank(&row[from]))
            from++;
        int end = from;
        while (end < to && !(blank(&row[end]) && (end + 1 >= to || blank(&row[end + 1]))))
            end++;
        if (end == from)
            break;
        strbuf_printf(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06x\"%s%s%s>",
                      PAD + from * CELL_W, PAD + y * CELL_H + BASELINE, (end - from) * CELL_W, (unsigned)l.fg,
                      l.attrs & THEME_BOLD ? " font-weight=\"bold\"" : "",
                      l.attrs & THEME_UNDERLINE ? " text-decoration=\"underline\"" : "",
                      l.attrs & THEME_DIM ? " opacity=\"0.7\"" : "");
        for (int i = from; i < end; i++)
            if (row[i].code)
                escape(out, row[i].code);
        strbuf_str(out, "</text>\n");
        from = end;
    }
}

static void run(const struct grid *g, int y, int from, int to, struct look l, struct strbuf *out)
{
    if (l.bg >= 0)
        strbuf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n",
                      PAD + from * CELL_W, PAD + y * CELL_H, (to - from) * CELL_W, CELL_H, (unsigned)l.bg);
    words(g, y, from, to, l, out);
}

void svg_write(const struct grid *g, const struct theme *t, struct strbuf *out)
{
    int w = g->width * CELL_W + 2 * PAD, h = g->height * CELL_H + 2 * PAD;
    strbuf_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
        "<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"#%06x\"/>\n"
        "<g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\">\n",
        w, h, w, h, (unsigned)PAPER);
    for (int y = 0; y < g->height; y++) {
        const struct grid_cell *row = &g->cells[y * g->width];
        int from = 0;
        for (int x = 1; x <= g->width; x++) {
            if (x < g->width && (row[x].code == 0 || same_look(look_of(t, &row[x]), look_of(t, &row[from]))))
                continue;
            run(g, y, from, x, look_of(t, &row[from]), out);
            from = x;
        }
    }
    strbuf_str(out, "</g>\n</svg>\n");
}
