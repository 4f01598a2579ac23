/* All that is known of a row, as lines: for a table that does not say more itself. */
#include "core/table.h"

#include <stdlib.h>

#include "base/utf8.h"

/* A text in a language is laid out; one that takes several lines begins on its own. */
static void language_value(struct mixed_text *m, const struct text_language *language, const char *text)
{
    char *pretty = language->lay_out(text);
    if (strchr(pretty, '\n'))
        strbuf_char(&m->b, '\n');
    mixed_add(m, language, pretty);
    free(pretty);
}

/* A name without a value beside it says nothing. */
static bool has_value(struct cell v)
{
    return v.type != CELL_UNKNOWN && v.type != CELL_LEVELS && v.type != CELL_PIECES &&
           !(v.type == CELL_LIST && !table_rows(v.list)) && !(v.type == CELL_TEXT && !*v.s);
}

static void value_lines(const struct table *t, const struct row *r, bool hidden, int widest,
                        struct mixed_text *m)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *col = &t->columns[c];
        if (!(col->flags & COLUMN_HIDDEN) == hidden || !has_value(r->cells[c]))
            continue;
        strbuf_str(&m->b, m->b.len ? "\n" : "");
        strbuf_str(&m->b, col->title);
        strbuf_pad(&m->b, ' ', (size_t)(widest - utf8_width(col->title) + 2));
        if (col->language && r->cells[c].type == CELL_TEXT)
            language_value(m, col->language, r->cells[c].s);
        else
            cell_format(col, r->cells[c], &m->b);
    }
}

const char *table_row_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    const struct table *t = &s->table;
    struct mixed_text m = {.n = 0};
    int widest = 0;
    (void)chosen;
    for (size_t c = 0; c < t->n_columns; c++)
        widest = MAX(widest, utf8_width(t->columns[c].title));
    value_lines(t, r, false, widest, &m);
    value_lines(t, r, true, widest, &m);
    const char *text = mixed_done(d, &m);
    return text ? text : "";
}
