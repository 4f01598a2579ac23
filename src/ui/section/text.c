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

enum { SPANS_MAX = 4096 };

enum style span_style(enum text_part part)
{
    static const enum style styles[] = {
        [TEXT_KEYWORD] = STYLE_KEYWORD, [TEXT_CONSTANT] = STYLE_CONSTANT, [TEXT_COMMENT] = STYLE_COMMENT};
    return styles[part];
}

/* The parts of a line, n bytes of the text from `at`, that have a style. */
static void span_line(struct draw d, const char *text, size_t at, size_t n, const struct text_span *spans,
                      size_t n_spans, int y)
{
    int x = d.in.x + (d.in.w >= 3), end = d.in.x + d.in.w;
    struct utf8_char c;
    size_t k = 0;
    for (size_t i = 0, step; i < n && x < end && (step = utf8_next(text + at + i, n - i, &c));
         i += step, x += c.width) {
        while (k < n_spans && spans[k].start + spans[k].len <= at + i)
            k++;
        if (k < n_spans && spans[k].start <= at + i && c.width > 0)
            grid_style(d.grid, (struct rect){x, d.in.y + y, MIN(c.width, end - x), 1},
                       span_style(spans[k].part), 0);
    }
}

/* Draws the parts of a text that is drawn already. */
static void draw_spans(struct draw d, const char *text, const struct text_span *spans, size_t n_spans,
                       const struct text_mark *marks, size_t n_marks, const struct pane *p)
{
    size_t at = 0;
    int width = d.in.w - 2 * (d.in.w >= 3), line = 0;
    while (width > 0 && text[at] && line < p->top + d.in.h) {
        size_t skip, n = line_length(text + at, width, &skip);
        bool marked = is_marked(marks, n_marks, at, at + n);
        if (line >= p->top)
            span_line(d, text, at, n, spans, n_spans, line - p->top);
        if (marked && line + 1 >= p->top)
            mark_line(d, text, at, n, marks, n_marks, line - p->top,
                      line - p->top + 1 < d.in.h ? line - p->top + 1 : -1);
        at += n + skip;
        line += 1 + marked;
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

void passages_draw(struct draw d, const struct doc *doc, const char *text, const struct text_mark *marks,
                   size_t n_marks, struct pane *p)
{
    struct text_span *spans = mem_array(SPANS_MAX, sizeof *spans);
    size_t n = doc_spans(doc, text, spans, SPANS_MAX);
    marked_draw(d, text, marks, n_marks, STYLE_TEXT, p);
    if (n)
        draw_spans(d, text, spans, n, marks, n_marks, p);
    free(spans);
}

void language_draw(struct draw d, const struct text_language *language, const char *text, size_t from,
                   const struct text_mark *marks, size_t n_marks, struct pane *p)
{
    struct text_span *spans = mem_array(SPANS_MAX, sizeof *spans);
    size_t n = language->spans(text + from, spans, SPANS_MAX);
    for (size_t i = 0; i < n; i++)
        spans[i].start += from;
    marked_draw(d, text, marks, n_marks, STYLE_TEXT, p);
    draw_spans(d, text, spans, n, marks, n_marks, p);
    free(spans);
}

/* ---- as a kind of section ---- */

enum { TEXT_WANTED = 12 };

/* The marks of the text, in the text as it is shown. Caller frees. */
static struct text_mark *shown_marks(const struct section *s)
{
    struct text_mark *m = mem_array(s->n_marks + 1, sizeof *m);
    for (size_t i = 0; i < s->n_marks; i++) {
        size_t end = s->marks[i].start + s->marks[i].len;
        m[i].start = section_shown_at(s, s->marks[i].start);
        m[i].len = s->marks[i].len ? section_shown_at(s, end - 1) + 1 - m[i].start : 0;
    }
    return m;
}

/* Laid out it may take more lines, which it gets where there is room. */
static struct need text_pane_need(const struct section *s, int width)
{
    struct need n = {1, 1, 1};
    struct text_mark *marks = shown_marks(s);
    bool any = s->text && *s->text;
    int plain =
        any ? marked_height(s->text, s->marks, s->n_marks, width - 2) : text_height(s->empty, width - 2);
    n.most = any && s->shown ? MAX(plain, marked_height(s->shown, marks, s->n_marks, width - 2)) : plain;
    n.want = MIN(plain, TEXT_WANTED);
    free(marks);
    return n;
}

static void draw_text(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    const char *text = section_text(doc, s);
    if (!text || !*text) {
        empty_draw(d, s, p);
        return;
    }
    struct text_mark *marks = shown_marks(s);
    int width = MAX(d.in.w - 2, 1);
    bool shown = s->shown && (marked_height(s->shown, marks, s->n_marks, width) <= d.in.h ||
                              marked_height(text, s->marks, s->n_marks, width) > d.in.h);
    text = shown ? s->shown : text;
    const struct text_mark *m = shown ? marks : s->marks;
    if (s->language)
        language_draw(d, s->language, text, 0, m, s->n_marks, p);
    else
        passages_draw(d, doc, text, m, s->n_marks, p);
    free(marks);
}

const struct section_ops TEXT_OPS = {.need = text_pane_need, .draw = draw_text, .move = scroll_move};
