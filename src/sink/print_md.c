#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"

/* One line of text that Markdown does not take as markup. */
static void escaped(struct strbuf *out, const char *s)
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
    cell_format(c, v, &b);
    escaped(out, strbuf_text(&b));
    strbuf_free(&b);
}

static bool shown(const struct column *c)
{
    return !(c->flags & COLUMN_HIDDEN);
}

static bool left(const struct table *t, size_t c)
{
    const struct column *col = &t->columns[c];
    return (col->flags & (COLUMN_LEFT | COLUMN_TREE | COLUMN_GROW)) ||
           (t->n_rows && (t->rows[0].cells[c].type == CELL_TEXT || t->rows[0].cells[c].type == CELL_LIST));
}

static bool marked(const struct table *t)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (t->rows[i].severity >= SEVERITY_WARN)
            return true;
    return false;
}

static void table(const struct table *t, struct strbuf *out)
{
    static const char *const marks[] = {"", "", "", "!", "!!"};
    bool mark = marked(t); /* a column of its own, without a title */
    if (mark)
        strbuf_str(out, "| ");
    for (size_t c = 0; c < t->n_columns; c++)
        if (shown(&t->columns[c])) {
            strbuf_str(out, "| ");
            escaped(out, t->columns[c].title);
            strbuf_char(out, ' ');
        }
    strbuf_str(out, "|\n");
    if (mark)
        strbuf_str(out, "|---");
    for (size_t c = 0; c < t->n_columns; c++)
        if (shown(&t->columns[c]))
            strbuf_str(out, left(t, c) ? "|---" : "|---:");
    strbuf_str(out, "|\n");
    for (size_t i = 0; i < t->n_rows; i++) {
        if (mark)
            strbuf_printf(out, "| %s ", marks[t->rows[i].severity]);
        for (size_t c = 0; c < t->n_columns; c++)
            if (shown(&t->columns[c])) {
                strbuf_str(out, "| ");
                if (t->columns[c].flags & COLUMN_TREE)
                    for (int depth = 0; depth < t->rows[i].depth; depth++)
                        strbuf_str(out, "&nbsp;&nbsp;");
                cell(out, &t->columns[c], t->rows[i].cells[c]);
                strbuf_char(out, ' ');
            }
        strbuf_str(out, "|\n");
    }
}

static void last_and_largest(const struct graph *g, struct strbuf *out)
{
    strbuf_str(out, "| Line | Last | Largest |\n|---|---:|---:|\n");
    for (size_t l = 0; l < g->n_lines; l++) {
        double last = NAN, largest = NAN;
        char buf[UNIT_TEXT_MAX];
        for (size_t i = 0; i < g->n_points; i++) {
            double v = g->lines[l].values[i];
            if (isfinite(v)) {
                last = v;
                largest = isfinite(largest) ? fmax(largest, v) : v;
            }
        }
        strbuf_str(out, "| ");
        escaped(out, g->lines[l].name);
        strbuf_printf(out, " | %s", unit_format(g->unit, last, buf));
        strbuf_printf(out, " | %s |\n", unit_format(g->unit, largest, buf));
    }
}

void print_md_section(const struct section *s, struct strbuf *out)
{
    strbuf_str(out, "## ");
    escaped(out, s->title ? s->title : "");
    strbuf_str(out, "\n\n");
    if (s->note) {
        escaped(out, s->note);
        strbuf_str(out, "\n\n");
    }
    switch (s->kind) {
    case SECTION_TABLE:
    case SECTION_TREE:
        if (s->table.n_rows)
            table(&s->table, out);
        else if (s->empty) {
            escaped(out, s->empty);
            strbuf_char(out, '\n');
        }
        break;
    case SECTION_GRAPH:
        last_and_largest(&s->graph, out);
        break;
    case SECTION_HEATMAP:
        strbuf_str(out, "(a heat map; see the JSON)\n");
        break;
    case SECTION_FIELDS:
        for (size_t i = 0; i < s->fields.n; i++) {
            const struct field *f = &s->fields.items[i];
            if (!f->label)
                continue;
            strbuf_str(out, "- ");
            escaped(out, f->label);
            strbuf_str(out, ": ");
            cell(out, &(struct column){.unit = f->unit}, f->value);
            strbuf_char(out, '\n');
        }
        break;
    case SECTION_TEXT: {
        struct strbuf valid = {0};
        for (size_t at = 0, n; s->text && (at == 0 || s->text[at - 1]); at += n + 1) {
            n = strcspn(s->text + at, "\n");
            strbuf_clear(&valid);
            utf8_append_lines(&valid, s->text + at, n);
            strbuf_printf(out, "    %s\n",
                          strbuf_text(&valid)); /* an indented block: nothing in it can end it */
            print_carets(s, at, n, 4, out);
        }
        strbuf_free(&valid);
        break;
    }
    }
}

void print_md_doc(const struct doc *d, struct strbuf *out)
{
    strbuf_str(out, "# ");
    escaped(out, d->title);
    strbuf_char(out, '\n');
    for (size_t i = 0; i < d->n_sections; i++) {
        if (d->sections[i].aside)
            continue;
        strbuf_char(out, '\n');
        print_md_section(&d->sections[i], out);
    }
}
