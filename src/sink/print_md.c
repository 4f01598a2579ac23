#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/drawing.h"
#include "core/table.h"

/* Rows deeper in a tree are indented like those of this depth: spans can be nested as often as there are
 * some. */
enum { LEVELS_MOST = 60, DEPTH_SHOWN = 100 };

/* One line of text that Markdown does not take as markup. */
void print_md_escaped(struct strbuf *out, const char *s)
{
    struct strbuf safe = {0};
    utf8_append(&safe, s, 100000);
    for (const char *p = strbuf_text(&safe); *p; p++) {
        if (strchr("|\\`*_<>[]#", *p))
            strbuf_char(out, '\\');
        strbuf_char(out, *p);
    }
    strbuf_free(&safe);
}

static void cell(struct strbuf *out, const struct column *c, struct cell v)
{
    struct strbuf b = {0};
    if (v.type == CELL_LEVELS) { /* as code: its spaces stay */
        strbuf_char(out, '`');
        print_levels(v.levels, MIN(v.levels->n, (size_t)LEVELS_MOST), &(struct print_options){0}, out);
        strbuf_char(out, '`');
        return;
    }
    if (v.type == CELL_PIECES) {
        strbuf_char(out, '`');
        print_pieces(v.pieces, MAX(c->width, 1), &(struct print_options){0}, out);
        strbuf_char(out, '`');
        return;
    }
    cell_format(c, v, &b);
    print_md_escaped(out, strbuf_text(&b));
    strbuf_free(&b);
}

static bool shown(const struct column *c)
{
    return !(c->flags & COLUMN_HIDDEN);
}

static bool left(const struct table *t, size_t c)
{
    const struct column *col = &t->columns[c];
    if (col->flags & (COLUMN_LEFT | COLUMN_TREE | COLUMN_GROW))
        return true;
    enum cell_type type = table_rows(t) ? table_row(t, 0)->cells[c].type : CELL_UNKNOWN;
    return type == CELL_TEXT || type == CELL_LIST;
}

static bool marked(const struct table *t)
{
    for (size_t i = 0; i < table_rows(t); i++)
        if (table_row(t, i)->severity >= SEVERITY_WARN)
            return true;
    return false;
}

static void heading(const struct table *t, bool mark, struct strbuf *out)
{
    if (mark) /* a column of its own, without a title */
        strbuf_str(out, "| ");
    for (size_t c = 0; c < t->n_columns; c++)
        if (shown(&t->columns[c])) {
            strbuf_str(out, "| ");
            print_md_escaped(out, t->columns[c].title);
            strbuf_char(out, ' ');
        }
    strbuf_str(out, "|\n");
    if (mark)
        strbuf_str(out, "|---");
    for (size_t c = 0; c < t->n_columns; c++)
        if (shown(&t->columns[c]))
            strbuf_str(out, left(t, c) ? "|---" : "|---:");
    strbuf_str(out, "|\n");
}

static void table(const struct table *t, struct strbuf *out)
{
    static const char *const marks[] = {"", "", "", "!", "!!"};
    bool mark = marked(t);
    heading(t, mark, out);
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        if (mark)
            strbuf_printf(out, "| %s ", marks[r->severity]);
        for (size_t c = 0; c < t->n_columns; c++)
            if (shown(&t->columns[c])) {
                strbuf_str(out, "| ");
                if (t->columns[c].flags & COLUMN_TREE)
                    for (int depth = 0; depth < MIN(r->depth, DEPTH_SHOWN); depth++)
                        strbuf_str(out, "&nbsp;&nbsp;");
                cell(out, &t->columns[c], r->cells[c]);
                strbuf_char(out, ' ');
            }
        strbuf_str(out, "|\n");
    }
}

/* Two columns without a header are names and values. */
static void pairs(const struct table *t, struct strbuf *out)
{
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        strbuf_str(out, "- ");
        cell(out, &t->columns[0], r->cells[0]);
        strbuf_str(out, ": ");
        cell(out, &t->columns[1], r->cells[1]);
        strbuf_char(out, '\n');
    }
}

static void text_block(const struct section *s, struct strbuf *out)
{
    struct strbuf valid = {0};
    const char *text = s->shown && !s->n_marks ? s->shown : s->text; /* marks are of the text */
    for (size_t at = 0, n; text && (at == 0 || text[at - 1]); at += n + 1) {
        n = strcspn(text + at, "\n");
        strbuf_clear(&valid);
        utf8_append_lines(&valid, text + at, n);
        strbuf_printf(out, "    %s\n", strbuf_text(&valid)); /* an indented block: nothing in it can end it */
        print_carets(s, at, n, 4, out);
    }
    strbuf_free(&valid);
}

void print_md_section(const struct section *s, struct strbuf *out)
{
    struct arena *a = arena_new();
    const struct table *t = section_as_table(s, FOR_PEOPLE, a);
    strbuf_str(out, "## ");
    print_md_escaped(out, s->title ? s->title : "");
    strbuf_str(out, "\n\n");
    const char *note = section_remark(a, s);
    if (note) {
        print_md_escaped(out, note);
        strbuf_str(out, "\n\n");
    }
    if (!t) {
        text_block(s, out);
    } else if (!table_rows(t)) {
        if (s->empty) {
            print_md_escaped(out, s->empty);
            strbuf_char(out, '\n');
        }
    } else if (t->bare && t->n_columns == 2 && table_row(t, 0)->cells[1].type != CELL_LEVELS) {
        pairs(t, out);
    } else {
        table(t, out);
    }
    arena_free(a);
}

void print_md_doc(const struct doc *d, struct strbuf *out)
{
    if (d->markdown) {
        strbuf_str(out, d->markdown);
        return;
    }
    strbuf_str(out, "# ");
    print_md_escaped(out, d->title);
    strbuf_char(out, '\n');
    for (size_t i = 0; i < d->n_sections; i++) {
        if (d->sections[i].aside)
            continue;
        strbuf_char(out, '\n');
        print_md_section(&d->sections[i], out);
    }
}
