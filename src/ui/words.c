/* Fields and running text. */
#include "ui/widgets.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { FIELD_GAP = 2, FIELD_MOST = 60 };

/* The fields flow down, then across, in columns as wide as the widest needs. */
void fields_draw(struct draw d, const struct section *s)
{
    int label = 0, value = 0, shown = 0;
    struct strbuf b = {0};
    for (size_t i = 0; i < s->fields.n; i++) {
        const struct field *f = &s->fields.items[i];
        if (!f->label)
            continue;
        strbuf_clear(&b);
        cell_format(&(struct column){.unit = f->unit}, f->value, &b);
        label = MAX(label, utf8_width(f->label));
        value = MAX(value, utf8_width(strbuf_text(&b)));
        shown++;
    }
    label = MIN(label + 1, d.in.w / 2);
    int width = MIN(label + MAX(value, 8) + FIELD_GAP, FIELD_MOST);
    int across = MAX(1, MIN((d.in.w - 1) / MAX(width, 1), shown));
    int down = MAX(1, (shown + across - 1) / across), at = 0;
    width = (d.in.w - 1) / across;
    for (size_t i = 0; i < s->fields.n; i++) {
        const struct field *f = &s->fields.items[i];
        if (!f->label)
            continue;
        int x = d.in.x + 1 + at / down * width, y = d.in.y + at % down;
        enum style style = f->severity == SEVERITY_BAD ? STYLE_BAD : f->severity == SEVERITY_WARN ? STYLE_WARN : STYLE_TEXT;
        strbuf_clear(&b);
        cell_format(&(struct column){.unit = f->unit}, f->value, &b);
        grid_text(d.grid, d.in, x, y, label, STYLE_DIM, f->label);
        grid_text(d.grid, d.in, x + label, y, width - label - 1, style, strbuf_text(&b));
        at++;
    }
    strbuf_free(&b);
}

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

int text_height(const char *text, int width)
{
    int lines = 0;
    while (text && *text) {
        size_t skip, n = line_length(text, MAX(width, 1), &skip);
        text += n + skip;
        lines++;
    }
    return lines;
}

void text_draw(struct draw d, const char *text, enum style style, struct pane *p)
{
    int width = d.in.w - 2, line = 0, height = text_height(text, width);
    if (width < 1)
        return;
    p->page = MAX(d.in.h, 1);
    p->top = MAX(0, MIN(p->top, height - d.in.h));
    while (text && *text && line < p->top + d.in.h) {
        size_t skip, n = line_length(text, width, &skip);
        if (line >= p->top)
            grid_printf(d.grid, d.in, d.in.x + 1, d.in.y + line - p->top, width, style, "%.*s", (int)n, text);
        text += n + skip;
        line++;
    }
    if (p->top + d.in.h < height)
        grid_put(d.grid, d.in, d.in.x + d.in.w - 1, d.in.y + d.in.h - 1, STYLE_DIM, 0x25BE);
}
