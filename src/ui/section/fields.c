/* Fields: short values flow in columns, long ones have lines of their own. */
#include "ui/section/section.h"

#include "base/utf8.h"

#include <stdlib.h>

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

static struct need fields_need(const struct section *s, int width)
{
    return (struct need){1, fields_flow((struct draw){.in = {0, 0, MAX(width, 1), 0}}, s), 1};
}

static void fields_draw(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    (void)doc;
    (void)p;
    fields_flow(d, s);
}

const struct section_ops FIELDS_OPS = {
    .need = fields_need, .draw = fields_draw, .move = scroll_move, .drawing = true};
