/* Tables, also those that trees are: what is drawn is what is asked for, row by row. */
#include "ui/section/section.h"

#include "base/utf8.h"
#include "core/table.h"

#include <stdlib.h>

enum {
    GAP = 2,
    TEXT_MAX = 28,
    WIDE = 100,
    GROW_MIN = 14,
    GROW_LEAST = 10, /* before it has less, columns of a priority below 1 go */
    BAR_WIDTH = 8,
    TABLE_ROWS_WANTED = 14,
    ABOUT_WANTED = 6,
    SHIFT_STEP = 8
};

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
    case UNIT_SINCE:
        return 5;
    default:
        return 1;
    }
}

struct fit {
    int width; /* 0: not shown */
    bool text;
};

/* What the rows that are drawn say of a column. */
struct measured {
    int width; /* of the widest cell */
    bool text, known;
};

/* The rows that are drawn, and no others: a table of a million costs what is seen of it. */
static void measure(const struct table *t, size_t from, size_t n, struct measured *m)
{
    struct strbuf b = {0};
    for (size_t i = from; i < from + n && i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        for (size_t c = 0; c < t->n_columns; c++) {
            struct cell v = r->cells[c];
            strbuf_clear(&b);
            cell_format(&t->columns[c], v, &b);
            m[c].width = MAX(m[c].width, utf8_width(strbuf_text(&b)));
            if (v.type != CELL_UNKNOWN && !m[c].known) {
                m[c].known = true;
                m[c].text = v.type == CELL_TEXT || v.type == CELL_LIST;
            }
        }
    }
    for (size_t c = 0; c < t->n_columns; c++)
        m[c].text = m[c].known ? m[c].text : t->columns[c].unit == UNIT_NONE;
    strbuf_free(&b);
}

/* Columns stay as wide as they were while one scrolls, and while figures change. */
static void remember(struct pane *p, const struct table *t, struct measured *m)
{
    if (!p->widths || p->widths_of != t->columns || p->n_widths != t->n_columns) {
        free(p->widths);
        p->widths = mem_array(t->n_columns, sizeof *p->widths);
        p->widths_of = t->columns;
        p->n_widths = t->n_columns;
    }
    for (size_t c = 0; c < t->n_columns; c++) {
        p->widths[c] = m[c].width = MAX(m[c].width, p->widths[c]);
        m[c].known = m[c].known || m[c].width > 1; /* wider than "-" */
    }
}

static bool is_text(const struct table *t, size_t c, const struct measured *m)
{
    return (t->columns[c].flags & (COLUMN_LEFT | COLUMN_TREE)) || m[c].text;
}

/* Short texts take what the line has for them: on a wide screen more. */
static int natural(const struct table *t, size_t c, const struct measured *m, int line)
{
    const struct column *col = &t->columns[c];
    bool grow = col->flags & COLUMN_GROW, text = is_text(t, c, m);
    int w = MAX(utf8_width(col->title) + (t->sort_column == (int)c), least_width(col->unit));
    if (col->flags & COLUMN_LINE)
        return MAX(w, line * 2 / 5);
    if (col->width && !grow)
        return text && line >= WIDE ? MAX(MAX(w, col->width), MIN(m[c].width, line / 4)) : MAX(w, col->width);
    w = MAX(w, m[c].width);
    return !grow && text ? MIN(w, MAX(TEXT_MAX, line / 4)) : w;
}

struct fitting {
    const struct table *t;
    const struct pane *p;
    const struct measured *m;
    struct fit *f;
    const bool *past; /* columns that are scrolled out at the left */
    int grow;         /* the column that takes what is left; -1 */
    int width, used;  /* of the line; of it by the columns */
};

/* What the user sorts by is shown: the order is of no use without it. */
static bool sorted_by(const struct fitting *g, size_t c)
{
    return g->p->sort && g->t->sort_column == (int)c;
}

static bool wanted(const struct fitting *g, size_t c)
{
    return !g->past[c] && (pane_shows(g->p, &g->t->columns[c]) || sorted_by(g, c));
}

/* The growing column is what the row is about: a good part of the line is its own before
 * figures of less weight get theirs. */
static void natural_widths(struct fitting *g)
{
    g->used = -GAP;
    g->grow = -1;
    for (size_t c = 0; c < g->t->n_columns; c++) {
        const struct column *col = &g->t->columns[c];
        g->f[c] = (struct fit){.width = 0, .text = is_text(g->t, c, g->m)};
        if (!wanted(g, c))
            continue;
        if ((col->flags & COLUMN_GROW) && g->grow < 0) {
            g->grow = (int)c;
            g->f[c].width =
                MAX(GROW_MIN, MIN(natural(g->t, c, g->m, g->width), MAX(g->width * 2 / 5, col->width)));
        } else {
            g->f[c].width = natural(g->t, c, g->m, g->width) + (col->flags & COLUMN_BAR ? BAR_WIDTH + 1 : 0);
        }
        g->used += g->f[c].width + GAP;
    }
}

/* The column, or only its bar, that goes first when the line is too short; -1. A bar says the
 * same as its figure: it goes before what matters. */
static int least_important(const struct fitting *g, bool *only_bar)
{
    int worst = -1;
    double least = 0;
    *only_bar = false;
    for (size_t c = 0; c < g->t->n_columns; c++) {
        const struct column *col = &g->t->columns[c];
        if (!g->f[c].width || (int)c == g->grow)
            continue;
        bool has_bar = (col->flags & COLUMN_BAR) && g->f[c].width > BAR_WIDTH + 1;
        double priority = has_bar ? BAR_PRIORITY : sorted_by(g, c) ? 0 : col->priority;
        if (priority <= BAR_PRIORITY && g->grow >= 0 && g->f[g->grow].width > GROW_MIN)
            continue; /* shorten the text column first */
        if (priority >= 1 && priority >= least) {
            worst = (int)c;
            least = priority;
            *only_bar = has_bar;
        }
    }
    return worst;
}

/* Among those of a priority below 1, when what grows would have too little; -1. */
static int least_wanted(const struct fitting *g)
{
    int worst = -1;
    if (g->grow < 0 || g->f[g->grow].width + g->width - g->used >= GROW_LEAST)
        return -1;
    for (size_t c = 0; c < g->t->n_columns; c++) {
        double priority = sorted_by(g, c) ? 0 : g->t->columns[c].priority;
        if (g->f[c].width && (int)c != g->grow && priority > 0 &&
            (worst < 0 || priority >= g->t->columns[worst].priority))
            worst = (int)c;
    }
    return worst;
}

/* False: nothing more can go. */
static bool give_way(struct fitting *g)
{
    bool only_bar;
    int worst = least_important(g, &only_bar);
    if (worst < 0 && g->grow >= 0 && g->f[g->grow].width > GROW_MIN) {
        int cut = MIN(g->used - g->width, g->f[g->grow].width - GROW_MIN);
        g->f[g->grow].width -= cut;
        g->used -= cut;
        return true;
    }
    if (worst < 0)
        worst = least_wanted(g);
    if (worst < 0)
        return false;
    int less = only_bar ? BAR_WIDTH + 1 : g->f[worst].width + GAP;
    g->f[worst].width = only_bar ? g->f[worst].width - less : 0;
    g->used -= less;
    return true;
}

/* Columns with nothing to show go from beside a text that is cut. */
static void drop_unknown(struct fitting *g)
{
    if (natural(g->t, (size_t)g->grow, g->m, g->width) <= g->f[g->grow].width + g->width - g->used ||
        g->p->columns)
        return;
    for (size_t c = 0; c < g->t->n_columns; c++)
        if (g->f[c].width && (int)c != g->grow && !g->m[c].known) {
            g->used -= g->f[c].width + GAP;
            g->f[c].width = 0;
        }
}

/* What matters least goes first when the pane is narrow. */
static void fit_once(struct fitting *g)
{
    struct fit *f = g->f;
    natural_widths(g);
    while (g->used > g->width && give_way(g))
        ;
    if (g->grow >= 0) {
        drop_unknown(g);
        f[g->grow].width = MAX(f[g->grow].width + g->width - g->used, 1);
        return;
    }
    for (size_t c = 0; c < g->t->n_columns && g->used > g->width; c++)
        if (f[c].width && f[c].text) { /* shorten the first text column */
            int cut = MIN(g->used - g->width, f[c].width - 1);
            f[c].width -= cut;
            g->used -= cut;
        }
}

/* Columns with something to show that there is no room for. */
static int count_beyond(const struct fitting *g)
{
    int n = 0;
    for (size_t c = 0; c < g->t->n_columns; c++)
        n += wanted(g, c) && !g->f[c].width && g->m[c].known;
    return n;
}

/* What names the row stays while others are scrolled out: the tree, or the texts up to the long one. */
static bool names_row(const struct table *t, size_t c)
{
    if (t->columns[c].flags & (COLUMN_TREE | COLUMN_GROW))
        return true;
    for (size_t i = 0; i < t->n_columns && (t->columns[i].flags & COLUMN_LEFT); i++)
        if (t->columns[i].flags & COLUMN_GROW)
            return c < i;
    return false;
}

/* Scrolls: leftmost columns go one by one and make room for those beyond, until all were seen. */
static void fit_columns(const struct table *t, struct pane *p, int width, const struct measured *m,
                        struct fit *f)
{
    bool *past = mem_array(t->n_columns, sizeof *past);
    struct fitting g = {.t = t, .p = p, .m = m, .f = f, .past = past, .width = width};
    fit_once(&g);
    p->beyond = count_beyond(&g);
    for (int k = 0; k < p->skipped; k++) {
        size_t c = 0;
        while (c < t->n_columns && (names_row(t, c) || !f[c].width))
            c++;
        if (!p->beyond || c == t->n_columns) {
            p->skipped = k;
            break;
        }
        past[c] = true;
        fit_once(&g);
        p->beyond = count_beyond(&g);
    }
    bool scrolls = p->skipped > 0;
    for (size_t c = 0; c < t->n_columns && !scrolls; c++)
        scrolls = f[c].width && !names_row(t, c);
    if (!scrolls) /* all that is shown stays: the long text is what can be scrolled */
        p->beyond = 0;
    free(past);
}

/* "1.23 ms": the figure in ink, the unit dim. */
static void draw_figure(struct draw d, struct rect clip, int x, int y, int width, const char *text)
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

/* Strong pieces have a character of their own: colours are not everything. */
static void pieces(struct draw d, struct rect clip, int x, int y, int width, const struct line_pieces *l)
{
    static const enum style styles[] = {STYLE_GRAPH1, STYLE_GRAPH2, STYLE_GRAPH3,
                                        STYLE_GRAPH4, STYLE_GRAPH5, STYLE_GRAPH6};
    uint32_t *codes = mem_array((size_t)width, sizeof *codes);
    line_characters(l, (size_t)width, codes);
    for (int i = 0; i < width; i++) {
        bool strong = codes[i] >= LINE_BLOCK;
        grid_put(d.grid, clip, x + i, y, styles[l->colour % ARRAY_LEN(styles)],
                 strong && d.grid->ascii ? '#' : codes[i]);
    }
    free(codes);
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

/* The parts of a text in a language that is drawn at x, cut to the width. */
static void cell_spans(struct draw d, int x, int y, int width, const char *text,
                       const struct text_language *language)
{
    enum { PARTS = 200 };
    struct text_span part[PARTS];
    size_t n = language->spans(text, part, PARTS), len = strlen(text), k = 0;
    bool cut = utf8_width(text) > width;
    int end = x + width - cut;
    struct utf8_char c;
    for (size_t i = 0, step; x < end && k < n && (step = utf8_next(text + i, len - i, &c));
         i += step, x += c.width) {
        while (k < n && part[k].start + part[k].len <= i)
            k++;
        if (k < n && part[k].start <= i && c.width > 0)
            grid_style(d.grid, (struct rect){x, y, MIN(c.width, end - x), 1}, span_style(part[k].part), 0);
    }
}

/* A row that is drawn. */
struct line {
    const struct row *row;
    const struct tree_lines *tree; /* NULL: of a table */
    bool folded;
    int shift;
};

static void draw_cell(struct draw d, struct rect clip, int x, int y, struct fit f, const struct column *col,
                      struct cell v, const struct line *l)
{
    struct strbuf b = {0};
    if (v.type == CELL_PIECES) {
        pieces(d, clip, x, y, f.width, v.pieces);
        return;
    }
    cell_format(col, v, &b);
    if ((col->flags & COLUMN_TREE) && l->tree) {
        int used = tree_lines_draw(d, clip, x, y, f.width, l->tree, l->row->depth, l->folded);
        const char *text = skip_columns(strbuf_text(&b), l->shift);
        if ((col->flags & COLUMN_PATH) && !l->shift && utf8_width(text) > f.width - used)
            text = str_after_path(text);
        cut_text(d, clip, x + used, y, f.width - used, STYLE_TEXT, text);
    } else if (f.text) {
        const char *text = strbuf_text(&b);
        enum style style = v.type == CELL_UNKNOWN ? STYLE_DIM : STYLE_TEXT;
        text = (col->flags & COLUMN_GROW) ? skip_columns(text, l->shift) : text;
        if ((col->flags & COLUMN_PATH) && !l->shift && utf8_width(text) > f.width)
            text = str_after_path(text);
        cut_text(d, clip, x, y, f.width, style, text);
        if (col->language && v.type == CELL_TEXT)
            cell_spans(d, x, y, f.width, text, col->language);
    } else if ((col->flags & COLUMN_BAR) && f.width > BAR_WIDTH + 1) {
        draw_figure(d, clip, x, y, f.width - BAR_WIDTH - 1, strbuf_text(&b));
        double share = v.type == CELL_REAL ? v.f : 0;
        if (col->flags & COLUMN_LOG) /* 1x is none of it, 10,000x all */
            share = share > 1 ? log10(share) / 4 : 0;
        bar(d, clip, x + f.width - BAR_WIDTH, y, share);
    } else {
        draw_figure(d, clip, x, y, f.width, strbuf_text(&b));
    }
    strbuf_free(&b);
}

/* The headings; where they stand is kept for the mouse. */
static void header(struct draw d, const struct table *t, struct pane *p, const struct fit *f, int x, int y)
{
    struct rect clip = d.in;
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
        p->headings = mem_grow(p->headings, p->n_headings, &p->cap_headings, sizeof *p->headings);
        p->headings[p->n_headings++] =
            (struct heading){.x = x - d.in.x, .width = f[c].width + GAP, .column = (int)c};
        x += f[c].width + GAP;
    }
}

static void nothing(struct draw d, const struct section *s, struct pane *p)
{
    if (p->regex)
        text_draw(d, "No row matches the filter; :filter without a pattern shows all.", STYLE_DIM, p);
    else
        empty_draw(d, s, p);
}

/* Scrolls so that the selected row is seen; the rows there is room for. */
static int scroll(struct pane *p, const struct table *t, int height)
{
    int rows = height - 1, n = (int)table_rows(t);
    p->page = MAX(rows, 1);
    if (rows < 1) { /* one line: the selected row without a header */
        rows = 1;
        p->top = p->selected;
    }
    p->top = MAX(0, MIN(p->top, n - rows));
    if (p->selected < p->top)
        p->top = p->selected;
    if (p->selected >= p->top + rows)
        p->top = p->selected - rows + 1;
    return rows;
}

static void draw_rows(struct draw d, struct section *s, struct pane *p, const struct fit *f, int y,
                      int prefix)
{
    struct rect in = d.in;
    struct table *t = &s->table;
    struct tree_lines *tree = s->kind == SECTION_TREE ? mem_alloc(sizeof *tree) : NULL;
    for (size_t i = (size_t)p->top; i < table_rows(t) && y < in.y + in.h; i++, y++) {
        int x = in.x + prefix;
        if (tree)
            tree_lines_at(tree, s, i, (int)i == p->top);
        struct line l = {.tree = tree, .folded = pane_is_folded(p, s, i), .shift = p->shift};
        l.row = table_row(t, i);
        for (size_t c = 0; c < t->n_columns; c++) {
            if (!f[c].width)
                continue;
            draw_cell(d, in, x, y, f[c], &t->columns[c], l.row->cells[c], &l);
            x += f[c].width + GAP;
        }
        grid_text(d.grid, in, in.x + 1, y, 2, MARK_STYLES[l.row->severity], MARKS[l.row->severity]);
        if ((int)i == p->selected && d.focused) {
            grid_style(d.grid, (struct rect){in.x, y, in.w, 1}, STYLE_SELECTED, 0);
            grid_put(d.grid, in, in.x, y, STYLE_SELECTED, 0x25B8);
        }
    }
    free(tree);
}

void table_draw(struct draw d, struct section *s, struct pane *p)
{
    struct table *t = &s->table;
    struct rect in = d.in;
    if (!table_rows(t)) {
        p->n_headings = 0;
        p->beyond = 0;
        nothing(d, s, p);
        return;
    }
    int rows = scroll(p, t, in.h), prefix = p->marked ? 4 : 2, y = in.y;
    struct fit *f = mem_array(t->n_columns, sizeof *f);
    struct measured *m = mem_array(t->n_columns, sizeof *m);
    measure(t, (size_t)p->top, (size_t)rows, m);
    remember(p, t, m);
    fit_columns(t, p, in.w - prefix, m, f);
    p->text_width = 0;
    for (size_t c = 0; c < t->n_columns; c++)
        if ((t->columns[c].flags & (COLUMN_GROW | COLUMN_TREE)) && !p->text_width)
            p->text_width = f[c].width;
    p->n_headings = 0;
    if (in.h > 1)
        header(d, t, p, f, in.x + prefix, y++);
    draw_rows(d, s, p, f, y, prefix);
    if (p->top > 0)
        grid_put(d.grid, in, in.x + in.w - 1, in.y + (in.h > 1), STYLE_DIM, 0x25B4);
    if ((size_t)(p->top + rows) < table_rows(t))
        grid_put(d.grid, in, in.x + in.w - 1, in.y + in.h - 1, STYLE_DIM, 0x25BE);
    free(m);
    free(f);
}

/* ---- as a kind of section ---- */

/* Not just the rows of this moment: frames should not move as rows come and go. */
static int rows_at_most(int rows)
{
    int most = 1;
    while (most < rows)
        most *= 2;
    return most;
}

struct need table_need(const struct section *s, int width)
{
    struct need n = {1, 1, 1};
    int rows = MAX((int)MIN(table_rows(&s->table), (size_t)1000), s->steady);
    if (rows == 0)
        n.want = text_height(s->empty, width - 2);
    else
        n = (struct need){2 + (rows > 1), 1 + MIN(rows, TABLE_ROWS_WANTED), 1 + rows_at_most(rows)};
    if (s->about) { /* all about a row stands below the rows */
        n.want += MIN(s->about_lines, ABOUT_WANTED);
        n.most += s->about_lines;
    }
    return n;
}

/* Columns first; once all were seen, the long text. Back the other way round. */
static void scroll_aside(struct pane *p, bool right)
{
    if (right && p->beyond > 0)
        p->skipped++;
    else if (right)
        p->shift += SHIFT_STEP;
    else if (p->shift > 0)
        p->shift = MAX(0, p->shift - SHIFT_STEP);
    else
        p->skipped = MAX(0, p->skipped - 1);
}

void table_move(struct section *s, struct pane *p, enum section_move m)
{
    if (m == MOVE_LEFT || m == MOVE_RIGHT)
        scroll_aside(p, m == MOVE_RIGHT);
    else if (table_rows(&s->table))
        pane_select(p, s, list_move(p->selected, (int)table_rows(&s->table), p->page, m));
}

int table_hit(struct rect in, struct section *s, const struct pane *p, int x, int y)
{
    (void)x;
    int header = in.h > 1, row = p->top + y - in.y - header;
    return y >= in.y + header && row >= 0 && row < p->top + p->page && (size_t)row < table_rows(&s->table)
               ? row
               : -1;
}

size_t table_items(const struct section *s, const struct pane *p)
{
    (void)p;
    return table_rows(&s->table);
}

void table_select(struct section *s, struct pane *p, int item)
{
    pane_select(p, s, item);
}

void table_item(const struct section *s, const struct pane *p, size_t i, struct item *out)
{
    (void)p;
    const struct row *r = table_row(&s->table, i);
    *out =
        (struct item){.row = r, .dive = r->dive, .copy = r->copy, .severity = r->severity, .worst = r->worst};
}

void table_item_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out)
{
    pane_row_text(p, &s->table, table_row(&s->table, i), out);
}

void table_apply(struct pane *p, struct section *s)
{
    pane_apply(p, s);
}

static void draw_table(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    (void)doc;
    table_draw(d, s, p);
}

const struct section_ops TABLE_OPS = {
    .need = table_need,
    .draw = draw_table,
    .move = table_move,
    .hit = table_hit,
    .items = table_items,
    .select = table_select,
    .item = table_item,
    .text = table_item_text,
    .apply = table_apply,
};
