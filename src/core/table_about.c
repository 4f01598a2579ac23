/* All that is known of a row, as lines: for a table that does not say more itself. */
#include "core/table.h"

#include "base/utf8.h"

static void value_lines(const struct table *t, const struct row *r, bool hidden, int widest, struct strbuf *b)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *col = &t->columns[c];
        enum cell_type type = r->cells[c].type;
        if (!(col->flags & COLUMN_HIDDEN) == hidden || type == CELL_UNKNOWN || type == CELL_LEVELS)
            continue;
        strbuf_str(b, b->len ? "\n" : "");
        strbuf_str(b, col->title);
        strbuf_pad(b, ' ', (size_t)(widest - utf8_width(col->title) + 2));
        cell_format(col, r->cells[c], b);
    }
}

const char *table_row_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    const struct table *t = &s->table;
    struct strbuf b = {0};
    int widest = 0;
    (void)chosen;
    for (size_t c = 0; c < t->n_columns; c++)
        widest = MAX(widest, utf8_width(t->columns[c].title));
    value_lines(t, r, false, widest, &b);
    value_lines(t, r, true, widest, &b);
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}
