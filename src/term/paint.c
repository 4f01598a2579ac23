/* paint.c - cells to curses: only what differs from the last paint. */
#include "term/private.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* ---- styles ---- */

/* Whatever a style does to eight colours, bold must not turn them into others. */
static int color_of(const struct term *t, int32_t rgb, int16_t of256, int8_t of8)
{
    if (rgb < 0)
        return -1;
    switch (t->color) {
    case COLOR_DIRECT:
        return rgb < 8 ? 8 : rgb; /* 0..7 are the palette's in direct-colour entries */
    case COLOR_256:
        return of256;
    default:
        return MAX(of8, -1);
    }
}

static attr_t attrs_of(const struct term *t, const struct theme_style *s)
{
    attr_t a = A_NORMAL;
    a |= s->attrs & THEME_BOLD ? A_BOLD : 0;
    a |= s->attrs & THEME_DIM ? A_DIM : 0;
    a |= s->attrs & THEME_UNDERLINE ? A_UNDERLINE : 0;
    a |= s->attrs & THEME_REVERSE ? A_REVERSE : 0;
    if (t->color == COLOR_8 && s->bg8 == -2)
        a |= A_REVERSE;
    return a;
}

/* One pair for all styles with the same colours: curses takes another pair for
 * other colours and sends them again. */
static short pair_of(struct term *t, int style, int fg, int bg)
{
    if (fg < 0 && bg < 0)
        return 0;
    for (int i = 0; i < style; i++) {
        int known_fg, known_bg;
        if (t->pairs[i] && extended_pair_content(t->pairs[i], &known_fg, &known_bg) == OK && known_fg == fg &&
            known_bg == bg)
            return t->pairs[i];
    }
    return (short)(style + 1 < COLOR_PAIRS && init_extended_pair(style + 1, fg, bg) == OK ? style + 1 : 0);
}

void paint_theme(struct term *t, const struct theme *theme)
{
    const struct theme *used = t->color == COLOR_NONE || !theme ? &t->mono : theme;
    for (int i = 0; i < THEME_STYLES_MAX; i++) {
        const struct theme_style *s = &used->styles[i];
        int fg = color_of(t, s->fg, s->fg256, s->fg8), bg = color_of(t, s->bg, s->bg256, s->bg8);
        t->attrs[i] = attrs_of(t, s);
        t->pairs[i] = t->color == COLOR_NONE || i >= STYLE_COUNT ? 0 : pair_of(t, i, fg, bg);
        t->solid[i] = bg >= 0 || t->attrs[i] & (A_REVERSE | A_UNDERLINE);
    }
    paint_forget(t);
}

void paint_forget(struct term *t)
{
    free(t->last);
    t->last = NULL;
}

/* ---- cells ---- */

/* The last check before the terminal: whatever a pane wrote, only a printable
 * character of the width that its cells have passes. */
static wchar_t safe_code(const struct term *t, uint32_t code, bool wide)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code > 0x10ffff || (t->ascii && code > 0x7e))
        return L'?';
    if (code < 0x7f)
        return (wchar_t)code;
    return wcwidth((wchar_t)code) == (wide ? 2 : 1) ? (wchar_t)code : L'?';
}

/* Nothing of its style shows on it. */
static bool blank(const struct term *t, const struct grid_cell *row, int x, int width)
{
    return !t->solid[STYLE_TEXT] && x >= 0 && x < width && row[x].code == ' ' && row[x].style < STYLE_COUNT &&
           !t->solid[row[x].style] && !(row[x].flags & (GRID_REVERSE | GRID_UNDERLINE));
}

/* Blanks side by side are plain, whatever they are part of: curses can then erase, and no colour is sent for
 * them. One blank alone is left in its text, and those of a drawing in its colour, unless that shows. */
static bool plain_blank(const struct term *t, const struct grid_cell *row, int x, int width)
{
    if (row[x].flags & GRID_INK)
        return row[x].code == ' ' && !blank(t, row, x, width);
    return blank(t, row, x, width) && (blank(t, row, x - 1, width) || blank(t, row, x + 1, width));
}

static void add_cell(struct term *t, int *n, wchar_t code, const struct grid_cell *cell)
{
    wchar_t text[2] = {code, L'\0'};
    unsigned style = cell->style < STYLE_COUNT ? cell->style : STYLE_TEXT;
    attr_t attrs = t->attrs[style];
    attrs ^= cell->flags & GRID_REVERSE ? A_REVERSE : 0;
    attrs |= cell->flags & GRID_BOLD ? A_BOLD : 0;
    attrs |= cell->flags & GRID_UNDERLINE ? A_UNDERLINE : 0;
    setcchar(&t->line[(*n)++], text, attrs, t->pairs[style], NULL);
}

static bool same_cell(const struct grid_cell *a, const struct grid_cell *b)
{
    return a->code == b->code && a->style == b->style && a->flags == b->flags;
}

/* Hands cells [from, to) of a row to curses. */
static void put_run(struct term *t, const struct grid_cell *row, int width, int y, int from, int to)
{
    int n = 0;
    for (int x = from; x < to; x++) {
        bool wide = x + 1 < width && row[x + 1].code == 0;
        wchar_t code = safe_code(t, row[x].code ? row[x].code : ' ', wide);
        struct grid_cell cell = row[x];
        if (plain_blank(t, row, x, width)) {
            cell.style = STYLE_TEXT;
            cell.flags = 0;
        }
        add_cell(t, &n, code, &cell);
        if (wide) {
            if (code < 0x7f)
                add_cell(t, &n, L' ', &row[x]);
            x++;
        }
    }
    mvwadd_wchnstr(stdscr, y, from, t->line, n);
}

static bool put_row(struct term *t, const struct grid_cell *row, const struct grid_cell *last, int width,
                    int y)
{
    int from = 0, to = width;
    if (last) {
        while (from < width && same_cell(&row[from], &last[from]))
            from++;
        while (to > from && same_cell(&row[to - 1], &last[to - 1]))
            to--;
        if (from == to)
            return false;
        /* A neighbouring blank may look different now. */
        from = MAX(from - 1, 0);
        to = MIN(to + 1, width);
        /* Begin and end on whole characters, of the old row as of the new. */
        while (from > 0 && (row[from].code == 0 || last[from].code == 0))
            from--;
        while (to < width && (row[to].code == 0 || last[to].code == 0))
            to++;
    }
    put_run(t, row, width, y, from, to);
    return true;
}

static bool place_cursor(struct term *t, const struct grid *g, int width, int height)
{
    bool shown = g->cursor_x >= 0 && g->cursor_y >= 0 && g->cursor_x < width && g->cursor_y < height;
    int x = shown ? g->cursor_x : -1, y = shown ? g->cursor_y : -1;
    if (x == t->cursor_x && y == t->cursor_y)
        return false;
    if (shown != (t->cursor_x >= 0))
        curs_set(shown ? 1 : 0);
    leaveok(stdscr, !shown);
    t->cursor_x = x;
    t->cursor_y = y;
    return true;
}

void paint_update(void)
{
    /* doupdate ignores SIGTSTP while it works, so one that came then was lost;
     * blocked, it waits. */
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &stop, &before);
    doupdate();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void term_paint(struct term *t, const struct grid *g)
{
    int height, width;
    /* Another thread crashed and gave the terminal back: leave it so. */
    if (!restore_armed())
        return;
    getmaxyx(stdscr, height, width);
    width = MIN(width, g->width);
    height = MIN(height, g->height);
    bool known = t->last && t->last_width == g->width && t->last_height == g->height;
    bool changed = !known;
    if (t->line_cap < g->width) {
        free(t->line);
        t->line = mem_array((size_t)g->width, sizeof *t->line);
        t->line_cap = g->width;
    }
    if (!known)
        werase(stdscr);
    for (int y = 0; y < height; y++) {
        size_t start = (size_t)y * (size_t)g->width;
        changed |= put_row(t, g->cells + start, known ? t->last + start : NULL, width, y);
    }
    int64_t before;
    term_begin_count(t, &before);
    changed |= place_cursor(t, g, width, height);
    if (!changed)
        return;
    if (t->cursor_x >= 0)
        wmove(stdscr, t->cursor_y, t->cursor_x);
    wnoutrefresh(stdscr);
    paint_update();
    term_end_count(t, before);

    size_t size = (size_t)g->width * (size_t)g->height * sizeof *t->last;
    if (!known) {
        free(t->last);
        t->last = mem_alloc(size);
        t->last_width = g->width;
        t->last_height = g->height;
    }
    memcpy(t->last, g->cells, size);
}

void term_redraw(struct term *t)
{
    paint_forget(t);
    clearok(curscr, TRUE);
}

void term_set_theme(struct term *t, const struct theme *theme)
{
    paint_theme(t, theme);
    /* A pair that changed its colours is not repainted by itself. */
    term_redraw(t);
}
