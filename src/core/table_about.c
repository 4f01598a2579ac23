/* All that is known of a row, as lines: for a table that does not say more itself. */
#include "core/table.h"

#include "base/utf8.h"

const char *table_row_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    const struct table *t = &s->table;
    struct strbuf b = {0};
    int widest = 0;
    (void)chosen;
    for (size_t c = 0; c < t->n_columns; c++)
        widest = MAX(widest, utf8_width(t->columns[c].title));
    for (size_t c = 0; c < t->n_columns; c++) {
        enum cell_type type = r->cells[c].type;
        if (type == CELL_UNKNOWN || type == CELL_LEVELS)
            continue;
        strbuf_str(&b, b.len ? "\n" : "");
        strbuf_str(&b, t->columns[c].title);
        strbuf_pad(&b, ' ', (size_t)(widest - utf8_width(t->columns[c].title) + 2));
        cell_format(&t->columns[c], r->cells[c], &b);
    }
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}
