/* Tables and trees. */
#include "ui/widgets.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { GAP = 2, TEXT_MAX = 28, GROW_MIN = 14, BAR_WIDTH = 8, ROWS_MEASURED = 300, TREE_STEP = 2 };

static const double BAR_PRIORITY = 1.5;

static const char *const MARKS[] = {[SEVERITY_NONE] = "",
                                    [SEVERITY_GOOD] = "+",
                                    [SEVERITY_INFO] = "",
                                    [SEVERITY_WARN] = "!",
                                    [SEVERITY_BAD] = "!!"};
static const enum style MARK_STYLES[] = {[SEVERITY_NONE] = STYLE_TEXT,
                                         [SEVERITY_GOOD] = STYLE_GOOD,
                                         [SEVERITY_INFO] = STYLE_INFO,
                                         [SEVERITY_WARN] = STYLE_WARN,
                                         [SEVERITY_BAD] = STYLE_BAD};

/* Figures keep their room when they change, so that columns do not jump about. */
static int least_width(enum unit u)
{
    switch (u) {
    case UNIT_NS:
    case UNIT_BYTES:
    case UNIT_PER_S:
        return 7;
    case UNIT_SHARE:
    case UNIT_COUNT:
    case UNIT_COST:
        return 6;
    case UNIT_LOAD:
        return 5;
    default:
        return 1;
    }
}

static bool is_text(const struct table *t, size_t c)
{
    if (t->columns[c].flags & (COLUMN_LEFT | COLUMN_TREE))
        return true;
    for (size_t i = 0; i < t->n_rows && i < ROWS_MEASURED; i++)
        if (t->rows[i].cells[c].type != CELL_UNKNOWN)
            return t->rows[i].cells[c].type == CELL_TEXT || t->rows[i].cells[c].type == CELL_LIST;
    return t->columns[c].unit == UNIT_NONE;
}

struct fit {
    int width; /* 0: not shown */
    bool text;
};

static int natural(const struct table *t, size_t c, bool text)
{
    int w =
        MAX(utf8_width(t->columns[c].title) + (t->sort_column == (int)c), least_width(t->columns[c].unit));
    struct strbuf b = {0};
    if (t->columns[c].width && !(t->columns[c].flags & COLUMN_GROW))
        return MAX(w, t->columns[c].width);
    for (size_t i = 0; i < t->n_rows && i < ROWS_MEASURED; i++) {
        strbuf_clear(&b);
        cell_format(&t->columns[c], t->rows[i].cells[c], &b);
        w = MAX(w, utf8_width(strbuf_text(&b)));
    }
    strbuf_free(&b);
    return text ? MIN(w, TEXT_MAX) : w;
}

static bool all_unknown(const struct table *t, size_t c)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (t->rows[i].cells[c].type != CELL_UNKNOWN)
            return false;
    return true;
}

/* What matters least goes first when the pane is narrow. */
static void fit_columns(const struct table *t, const struct pane *p, int width, struct fit *f)
{
    int used = -GAP, grow = -1;
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *col = &t->columns[c];
        f[c] = (struct fit){0, is_text(t, c)};
        if (!pane_shows(p, col))
            continue;
        if ((col->flags & COLUMN_GROW) && grow < 0) {
            grow = (int)c;
            /* The growing column is what the row is about: a good part of the line is
             * its own before figures of less weight get theirs. */
            f[c].width = MAX(GROW_MIN, MIN(natural(t, c, false), width * 2 / 5));
        } else {
            f[c].width = natural(t, c, f[c].text) + (col->flags & COLUMN_BAR ? BAR_WIDTH + 1 : 0);
        }
        used += f[c].width + GAP;
    }
    while (used > width) {
        int worst = -1;
        double least = 0; /* a bar says the same as its figure: it goes before what matters */
        bool only_bar = false;
        for (size_t c = 0; c < t->n_columns; c++) {
            const struct column *col = &t->columns[c];
            if (!f[c].width || (int)c == grow)
                continue;
            bool has_bar = (col->flags & COLUMN_BAR) && f[c].width > BAR_WIDTH + 1;
            double priority = has_bar ? BAR_PRIORITY : col->priority;
            if (priority <= BAR_PRIORITY && grow >= 0 && f[grow].width > GROW_MIN)
                continue; /* what matters stays; the text gives way */
            if (priority > 0 && priority >= least) {
                worst = (int)c;
                least = priority;
                only_bar = has_bar;
            }
        }
        if (worst < 0 && grow >= 0 && f[grow].width > GROW_MIN) {
            int cut = MIN(used - width, f[grow].width - GROW_MIN);
            f[grow].width -= cut;
            used -= cut;
            continue;
        }
        if (worst < 0)
            break;
        int less = only_bar ? BAR_WIDTH + 1 : f[worst].width + GAP;
        f[worst].width = only_bar ? f[worst].width - less : 0;
        used -= less;
    }
    if (grow >= 0 && natural(t, (size_t)grow, false) > f[grow].width + width - used)
        for (size_t c = 0; c < t->n_columns; c++)
            if (f[c].width && (int)c != grow && !p->columns &&
                all_unknown(t, c)) { /* nothing to show beside cut text */
                used -= f[c].width + GAP;
                f[c].width = 0;
            }
    if (grow >= 0) {
        f[grow].width = MAX(f[grow].width + width - used, 1);
    } else {
        for (size_t c = 0; c < t->n_columns && used > width; c++)
            if (f[c].width && f[c].text) { /* the first text gives way */
                int cut = MIN(used - width, f[c].width - 1);
                f[c].width -= cut;
                used -= cut;
            }
    }
}

/* "1.23 ms": the figure in ink, the unit dim. */
static void figure(struct draw d, struct rect clip, int x, int y, int width, const char *text)
{
    const char *unit = strchr(text, ' ');
    int w = utf8_width(text);
    x += MAX(0, width - w);
    if (!unit) {
        grid_text(d.grid, clip, x, y, width, STYLE_TEXT, text);
        return;
    }
    int figures = grid_printf(d.grid, clip, x, y, width, STYLE_TEXT, "%.*s", (int)(unit - text), text);
    grid_text(d.grid, clip, x + figures, y, width - figures, STYLE_DIM, unit);
}

static void bar(struct draw d, struct rect clip, int x, int y, double share)
{
    int eighths = (int)(fmax(0, fmin(share, 1)) * BAR_WIDTH * 8 + 0.5);
    for (int i = 0; i < BAR_WIDTH; i++, eighths -= 8) {
        uint32_t code = eighths >= 8 ? 0x2588 : eighths > 0 ? 0x2590u - (uint32_t)eighths : ' ';
        grid_put(d.grid, clip, x + i, y, STYLE_GRAPH1, code);
    }
}

static const char *skip_columns(const char *text, int columns)
{
    size_t len = strlen(text);
    struct utf8_char c;
    for (size_t n; columns > 0 && (n = utf8_next(text, len, &c)); text += n, len -= n)
        columns -= c.width;
    return text;
}

static void cut_text(struct draw d, struct rect clip, int x, int y, int width, enum style style,
                     const char *text)
{
    if (utf8_width(text) <= width) {
        grid_text(d.grid, clip, x, y, width, style, text);
        return;
    }
    int used = grid_text(d.grid, clip, x, y, width - 1, style, text);
    grid_put(d.grid, clip, x + used, y, STYLE_DIM, 0x2026);
}

/* Does a later row stand at `depth` under the same parent? */
static bool sibling_follows(const struct table *t, size_t row, int depth)
{
    for (size_t i = row + 1; i < t->n_rows && t->rows[i].depth >= depth; i++)
        if (t->rows[i].depth == depth)
            return true;
    return false;
}

static int tree_lines(struct draw d, struct rect clip, int x, int y, int width, const struct section *s,
                      const struct pane *p, size_t row)
{
    const struct table *t = &s->table;
    int depth = t->rows[row].depth, used = 0;
    for (int level = 1; level <= depth && used + TREE_STEP < width; level++, used += TREE_STEP) {
        bool more = sibling_follows(t, row, level);
        uint32_t code = level < depth ? (more ? 0x2502 : ' ') : (more ? 0x251C : 0x2514);
        grid_put(d.grid, clip, x + used, y, STYLE_BORDER, code);
        if (level == depth)
            grid_put(d.grid, clip, x + used + 1, y, STYLE_BORDER, 0x2500);
    }
    if (pane_is_folded(p, s, row) && used + 2 < width) {
        grid_put(d.grid, clip, x + used, y, STYLE_LINK, 0x25B8);
        used += 2;
    }
    return used;
}

static void draw_cell(struct draw d, struct rect clip, int x, int y, struct fit f, const struct section *s,
                      struct pane *p, size_t row, size_t c)
{
    const struct column *col = &s->table.columns[c];
    struct cell v = s->table.rows[row].cells[c];
    struct strbuf b = {0};
    cell_format(col, v, &b);
    if (col->flags & COLUMN_TREE) {
        int used = tree_lines(d, clip, x, y, f.width, s, p, row);
        cut_text(d, clip, x + used, y, f.width - used, STYLE_TEXT, skip_columns(strbuf_text(&b), p->shift));
    } else if (f.text) {
        const char *text = strbuf_text(&b);
        enum style style = v.type == CELL_UNKNOWN ? STYLE_DIM : STYLE_TEXT;
        cut_text(d, clip, x, y, f.width, style,
                 (col->flags & COLUMN_GROW) ? skip_columns(text, p->shift) : text);
    } else if ((col->flags & COLUMN_BAR) && f.width > BAR_WIDTH + 1) {
        figure(d, clip, x, y, f.width - BAR_WIDTH - 1, strbuf_text(&b));
        double share = v.type == CELL_REAL ? v.f : 0;
        if (col->flags & COLUMN_LOG) /* 1x is none of it, 10,000x all */
            share = share > 1 ? log10(share) / 4 : 0;
        bar(d, clip, x + f.width - BAR_WIDTH, y, share);
    } else {
        figure(d, clip, x, y, f.width, strbuf_text(&b));
    }
    strbuf_free(&b);
}

static void header(struct draw d, const struct table *t, const struct fit *f, int x, int y, struct rect clip)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        if (!f[c].width)
            continue;
        const char *title = t->columns[c].title;
        bool sorted = t->sort_column == (int)c;
        bool with_bar = (t->columns[c].flags & COLUMN_BAR) && f[c].width > BAR_WIDTH + 1;
        int room = f[c].width - (with_bar ? BAR_WIDTH + 1 : 0);
        int w = MIN(utf8_width(title) + sorted, room);
        int at = f[c].text ? x : x + room - w;
        int used = grid_text(d.grid, clip, at, y, room - sorted, STYLE_HEADER, title);
        if (sorted)
            grid_put(d.grid, clip, at + used, y, STYLE_HEADER, t->sort_reverse ? 0x25BE : 0x25B4);
        x += f[c].width + GAP;
    }
}

static int prefix_width(const struct table *t)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (*MARKS[t->rows[i].severity])
            return 4;
    return 2;
}

void table_draw(struct draw d, const struct section *s, struct pane *p)
{
    const struct table *t = &s->table;
    struct rect in = d.in;
    if (!t->n_rows) {
        text_draw(d,
                  p->regex   ? "No row matches the filter; :filter without a pattern shows all."
                  : s->empty ? s->empty
                             : "(nothing)",
                  STYLE_DIM, p);
        return;
    }
    int rows = in.h - 1, prefix = prefix_width(t);
    p->page = MAX(rows, 1);
    if (rows < 1) { /* one line: the selected row without a header */
        rows = 1;
        p->top = p->selected;
    }
    p->top = MAX(0, MIN(p->top, (int)t->n_rows - rows));
    if (p->selected < p->top)
        p->top = p->selected;
    if (p->selected >= p->top + rows)
        p->top = p->selected - rows + 1;

    struct fit *f = mem_array(t->n_columns, sizeof *f);
    fit_columns(t, p, in.w - prefix, f);
    p->text_width = 0;
    for (size_t c = 0; c < t->n_columns; c++)
        if ((t->columns[c].flags & (COLUMN_GROW | COLUMN_TREE)) && !p->text_width)
            p->text_width = f[c].width;
    int y = in.y;
    if (in.h > 1)
        header(d, t, f, in.x + prefix, y++, in);
    for (size_t i = (size_t)p->top; i < t->n_rows && y < in.y + in.h; i++, y++) {
        bool selected = (int)i == p->selected;
        int x = in.x + prefix;
        for (size_t c = 0; c < t->n_columns; c++) {
            if (!f[c].width)
                continue;
            draw_cell(d, in, x, y, f[c], s, p, i, c);
            x += f[c].width + GAP;
        }
        grid_text(d.grid, in, in.x + 1, y, 2, MARK_STYLES[t->rows[i].severity], MARKS[t->rows[i].severity]);
        if (selected && d.focused) {
            grid_style(d.grid, (struct rect){in.x, y, in.w, 1}, STYLE_SELECTED, 0);
            grid_put(d.grid, in, in.x, y, STYLE_SELECTED, 0x25B8);
        }
    }
    if (p->top > 0)
        grid_put(d.grid, in, in.x + in.w - 1, in.y + (in.h > 1), STYLE_DIM, 0x25B4);
    if ((size_t)(p->top + rows) < t->n_rows)
        grid_put(d.grid, in, in.x + in.w - 1, in.y + in.h - 1, STYLE_DIM, 0x25BE);
    free(f);
}

int table_row_at(struct rect in, const struct section *s, const struct pane *p, int y)
{
    int row = p->top + y - in.y - (in.h > 1 ? 1 : 0);
    return y >= in.y + (in.h > 1 ? 1 : 0) && row >= 0 && row < p->top + p->page && row < (int)s->table.n_rows
               ? row
               : -1;
}
