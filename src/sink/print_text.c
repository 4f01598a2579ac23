#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/drawing.h"
#include "core/table.h"

#include <stdlib.h>

enum { GAP = 2, TITLE_MAX = 120 };

void print_end_line(struct strbuf *out)
{
    while (out->len && out->text[out->len - 1] == ' ')
        out->text[--out->len] = 0;
    strbuf_char(out, '\n');
}

int print_put(struct strbuf *out, const struct print_options *o, const char *s, int columns)
{
    struct strbuf b = {0};
    int used = utf8_append(&b, s, columns);
    if (o->ascii) {
        used = 0;
        for (const unsigned char *p = (const unsigned char *)strbuf_text(&b); *p; p++)
            if (*p < 0x80 || (*p & 0xC0) == 0xC0) {
                strbuf_char(out, *p < 0x80 ? (char)*p : '?');
                used++;
            }
    } else {
        strbuf_str(out, strbuf_text(&b));
    }
    strbuf_free(&b);
    return used;
}

void print_color(struct strbuf *out, const struct print_options *o, const char *sgr)
{
    if (o->color)
        strbuf_printf(out, "\x1b[%sm", sgr);
}

static void paragraph(const char *text, int indent, const struct print_options *o, struct strbuf *out);

/* A note that does not fit beside the title goes below it. */
static void title_note(const char *note, int indent, const struct print_options *o, struct strbuf *out)
{
    print_color(out, o, "2");
    paragraph(note, indent, o, out);
    if (o->color) { /* the paragraph ended its line: back to its end for the reset */
        out->len--;
        print_color(out, o, "0");
        strbuf_char(out, '\n');
    }
}

static void title(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    if (!s->title)
        return;
    struct arena *a = arena_new();
    const char *note = section_remark(a, s);
    bool below = note && o->width > 0 && utf8_width(s->title) + GAP + utf8_width(note) > o->width;
    print_color(out, o, "1");
    print_put(out, o, s->title, o->width > 0 ? o->width : TITLE_MAX);
    print_color(out, o, "0");
    if (note && !below)
        strbuf_pad(out, ' ', GAP);
    else
        strbuf_char(out, '\n');
    if (note)
        title_note(note, below ? 2 : 0, o, out);
    arena_free(a);
}

/* Bytes of the longest beginning of s[0..len) that fits: up to the last space, or all
 * that fits when there is none. */
static size_t line_break(const char *s, size_t len, int room)
{
    size_t at = 0, space = 0;
    int used = 0;
    struct utf8_char c;
    while (at < len) {
        size_t n = utf8_next(s + at, len - at, &c);
        if (!n)
            return len;
        if (used + c.width > room)
            return space ? space : at;
        used += c.width;
        at += n;
        if (c.code == ' ')
            space = at;
    }
    return len;
}

static bool is_marked(const struct section *s, size_t from, size_t to)
{
    for (size_t i = 0; s && i < s->n_marks; i++)
        if (s->marks[i].start < to && from < s->marks[i].start + s->marks[i].len)
            return true;
    return false;
}

void print_carets(const struct section *s, size_t at, size_t n, size_t indent, struct strbuf *out)
{
    struct utf8_char c;
    if (!is_marked(s, at, at + n))
        return;
    strbuf_pad(out, ' ', indent);
    for (size_t i = 0, step; i < n && (step = utf8_next(s->text + at + i, n - i, &c)); i += step)
        strbuf_pad(out, is_marked(s, at + i, at + i + step) ? '^' : ' ', (size_t)c.width);
    print_end_line(out);
}

/* Lines of the text stay lines; what is longer than the width goes on below. With `marks`
 * (the text is its own) a line with marked parts is followed by one that shows them. */
static void lines(const char *text, int indent, const struct section *marks, const struct print_options *o,
                  struct strbuf *out)
{
    int room = o->width > indent + 20 ? o->width - indent : 100000;
    for (size_t at = 0; text[at];) {
        size_t len = strcspn(text + at, "\n"), done = 0;
        do {
            size_t n = line_break(text + at + done, len - done, room);
            char *line = mem_strndup(text + at + done, n);
            strbuf_pad(out, ' ', (size_t)indent);
            print_put(out, o, line, room);
            print_end_line(out);
            free(line);
            print_carets(marks, at + done, n, (size_t)indent, out);
            done += n;
        } while (done < len);
        at += len;
        at += text[at] == '\n';
    }
}

static void paragraph(const char *text, int indent, const struct print_options *o, struct strbuf *out)
{
    lines(text, indent, NULL, o, out);
}

static void nothing(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    paragraph(s->empty && *s->empty ? s->empty : "(nothing)", 2, o, out);
}

void print_text_section(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    struct arena *a = arena_new();
    const struct table *t = section_as_table(s, FOR_PEOPLE, a);
    title(s, o, out);
    if (t ? !table_rows(t) : !(s->text && *s->text))
        nothing(s, o, out);
    else if (!t)
        lines(s->shown && !s->n_marks ? s->shown : s->text, 2, s, o, out); /* marks are of the text */
    else if (t->bare)
        print_text_bare(t, o, out);
    else
        print_text_table(t, o, out);
    arena_free(a);
}

void print_text_doc(const struct doc *d, const struct print_options *o, struct strbuf *out)
{
    for (size_t i = 0; i < d->n_sections; i++) {
        if (d->sections[i].aside)
            continue;
        if (i)
            strbuf_char(out, '\n');
        print_text_section(&d->sections[i], o, out);
    }
}
