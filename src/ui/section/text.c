/* Running text, with marked parts. */
#include "ui/section/section.h"

#include "base/utf8.h"

#include <stdlib.h>

/* Bytes of the line that begins at text: up to a newline, or the last space that fits. */
static size_t line_length(const char *text, int width, size_t *skip)
{
    size_t len = strcspn(text, "\n"), at = 0, space = 0;
    int used = 0;
    struct utf8_char c;
    *skip = 0;
    while (at < len) {
        size_t n = utf8_next(text + at, len - at, &c);
        if (!n)
            break;
        if (used + c.width > width) {
            if (text[at] == ' ' && at > 0)
                space = at; /* the word before it just fits */
            *skip = space ? 1 : 0;
            return space ? space : at ? at : n;
        }
        if (c.code == ' ' && at > 0)
            space = at;
        used += c.width;
        at += n;
    }
    *skip = text[len] == '\n';
    return len;
}

static bool is_marked(const struct text_mark *marks, size_t n, size_t from, size_t to)
{
    for (size_t i = 0; i < n; i++)
        if (marks[i].start < to && from < marks[i].start + marks[i].len)
            return true;
    return false;
}

int marked_height(const char *text, const struct text_mark *marks, size_t n_marks, int width)
{
    int lines = 0;
    size_t at = 0;
    while (text && text[at]) {
        size_t skip, n = line_length(text + at, MAX(width, 1), &skip);
        lines += 1 + is_marked(marks, n_marks, at, at + n);
        at += n + skip;
    }
    return lines;
}

int text_height(const char *text, int width)
{
    return marked_height(text, NULL, 0, width);
}

/* The characters of a line that are marked: in their own style, and ^ below them. y -1 or
 * below -1: that line is scrolled away. */
static void mark_line(struct draw d, const char *text, size_t at, size_t n, const struct text_mark *marks,
                      size_t n_marks, int y, int below)
{
    int x = d.in.x + (d.in.w >= 3), end = d.in.x + d.in.w;
    struct utf8_char c;
    for (size_t i = 0, step; i < n && x < end && (step = utf8_next(text + at + i, n - i, &c));
         i += step, x += c.width) {
        if (!is_marked(marks, n_marks, at + i, at + i + step))
            continue;
        if (y >= 0)
            grid_style(d.grid, (struct rect){x, d.in.y + y, MIN(c.width, end - x), 1}, STYLE_MATCH,
                       GRID_BOLD);
        for (int k = 0; k < c.width && below >= 0; k++)
            grid_put(d.grid, d.in, x + k, d.in.y + below, STYLE_MATCH, '^');
    }
}

void marked_draw(struct draw d, const char *text, const struct text_mark *marks, size_t n_marks,
                 enum style style, struct pane *p)
{
    int margin = d.in.w >= 3, width = d.in.w - 2 * margin, line = 0;
    if (width < 1)
        return;
    int height = marked_height(text, marks, n_marks, width);
    size_t at = 0;
    p->page = MAX(d.in.h, 1);
    p->top = MAX(0, MIN(p->top, height - d.in.h));
    while (text && text[at] && line < p->top + d.in.h) {
        size_t skip, n = line_length(text + at, width, &skip);
        bool marked = is_marked(marks, n_marks, at, at + n);
        int y = line - p->top;
        if (y >= 0)
            grid_printf(d.grid, d.in, d.in.x + margin, d.in.y + y, width, style, "%.*s", (int)n, text + at);
        if (marked && y + 1 >= 0)
            mark_line(d, text, at, n, marks, n_marks, y, y + 1 < d.in.h ? y + 1 : -1);
        at += n + skip;
        line += 1 + marked;
    }
    if (p->top + d.in.h < height)
        grid_put(d.grid, d.in, d.in.x + d.in.w - 1, d.in.y + d.in.h - 1, STYLE_DIM, 0x25BE);
}

void text_draw(struct draw d, const char *text, enum style style, struct pane *p)
{
    marked_draw(d, text, NULL, 0, style, p);
}

/* ---- as a kind of section ---- */

enum { TEXT_WANTED = 12 };

static struct need text_pane_need(const struct section *s, int width)
{
    struct need n = {1, 1, 1};
    n.most = s->text && *s->text ? marked_height(s->text, s->marks, s->n_marks, width - 2)
                                 : text_height(s->empty, width - 2);
    n.want = MIN(n.most, TEXT_WANTED);
    return n;
}

static void draw_text(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    const char *text = section_text(doc, s);
    if (text && *text)
        marked_draw(d, text, s->marks, s->n_marks, STYLE_TEXT, p);
    else
        empty_draw(d, s, p);
}

const struct section_ops TEXT_OPS = {.need = text_pane_need, .draw = draw_text, .move = scroll_move};
