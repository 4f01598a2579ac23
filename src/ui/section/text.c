/* Fields and running text. */
#include "ui/widgets.h"

#include "base/utf8.h"

#include <stdlib.h>

/* ---- fields: short values flow in columns, long ones have lines of their own ---- */

enum { LONG_VALUE = 28, VALUE_MIN = 8, LABEL_MAX = 24, MARK = 3, FIELD_GAP = 2 };

static int value_text(const struct field *f, struct strbuf *b)
{
    strbuf_clear(b);
    cell_format(&(struct column){.unit = f->unit}, f->value, b);
    return utf8_width(strbuf_text(b));
}

struct shape {
    int label, value; /* widths */
    int across;       /* beside each other */
};

static struct shape shape(const struct section *s, int width)
{
    struct shape sh = {.value = VALUE_MIN};
    struct strbuf b = {0};
    int shorts = 0;
    for (size_t i = 0; i < s->fields.n; i++) {
        const struct field *f = &s->fields.items[i];
        if (!f->label)
            continue;
        int w = value_text(f, &b);
        sh.label = MAX(sh.label, MIN(utf8_width(f->label), LABEL_MAX));
        if (w <= LONG_VALUE) {
            sh.value = MAX(sh.value, w);
            shorts++;
        }
    }
    strbuf_free(&b);
    sh.across = MAX(1, MIN((width + FIELD_GAP) / (sh.label + 1 + sh.value + MARK + FIELD_GAP), shorts));
    return sh;
}

static enum style field_style(const struct field *f)
{
    return f->severity == SEVERITY_BAD ? STYLE_BAD : f->severity == SEVERITY_WARN ? STYLE_WARN : STYLE_TEXT;
}

static void field_draw(struct draw d, const struct field *f, struct shape sh, int x, int y, struct strbuf *b)
{
    int w = value_text(f, b), at = x + sh.label + 1;
    bool figure = f->value.type == CELL_INT || f->value.type == CELL_REAL;
    const char *text = strbuf_text(b), *unit = figure ? strchr(text, ' ') : NULL;
    grid_text(d.grid, d.in, x, y, sh.label, STYLE_DIM, f->label);
    grid_text(d.grid, d.in, at, y, sh.value, field_style(f), text);
    if (unit && field_style(f) == STYLE_TEXT)
        grid_text(d.grid, d.in, at + (int)(unit - text), y, sh.value, STYLE_DIM, unit);
    if (f->severity >= SEVERITY_WARN)
        grid_text(d.grid, d.in, at + w + 1, y, 2, field_style(f), f->severity == SEVERITY_BAD ? "!!" : "!");
}

/* Draws when d.grid is not NULL; returns the lines. */
static int fields_flow(struct draw d, const struct section *s)
{
    struct shape sh = shape(s, d.in.w - 2);
    struct strbuf b = {0};
    int line = 0, x0 = d.in.x + (d.in.w >= 3), width = MAX(d.in.w - 2, 1), step = width / sh.across;
    for (size_t i = 0; i < s->fields.n;) {
        size_t stop = i;
        int n = 0, k = 0;
        for (; stop < s->fields.n; stop++) {
            const struct field *f = &s->fields.items[stop];
            if (f->label && value_text(f, &b) > LONG_VALUE)
                break;
            n += f->label != NULL;
        }
        int down = (n + sh.across - 1) / sh.across;
        for (; i < stop; i++) {
            if (s->fields.items[i].label && d.grid)
                field_draw(d, &s->fields.items[i], sh, x0 + k / down * step, d.in.y + line + k % down, &b);
            k += s->fields.items[i].label != NULL;
        }
        line += down;
        if (i < s->fields.n) {
            const struct field *f = &s->fields.items[i++];
            struct pane none = {0};
            struct draw own = d;
            value_text(f, &b);
            /* text_draw keeps a margin on both sides. */
            own.in = (struct rect){x0 + sh.label, d.in.y + line, MAX(width - sh.label + 1, 1), 0};
            own.in.h = text_height(strbuf_text(&b), MAX(own.in.w - 2, 1));
            if (d.grid) {
                int room = d.in.y + d.in.h - own.in.y;
                grid_text(d.grid, d.in, x0, own.in.y, sh.label, STYLE_DIM, f->label);
                own.in.h = MIN(own.in.h, room);
                if (own.in.h > 0)
                    text_draw(own, strbuf_text(&b), field_style(f), &none);
                own.in.h = text_height(strbuf_text(&b), MAX(own.in.w - 2, 1));
            }
            line += own.in.h;
        }
    }
    strbuf_free(&b);
    return MAX(line, 1);
}

int fields_height(const struct section *s, int width)
{
    return fields_flow((struct draw){.in = {0, 0, MAX(width, 1), 0}}, s);
}

void fields_draw(struct draw d, const struct section *s)
{
    fields_flow(d, s);
}

/* ---- text ---- */

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
