#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/drawing.h"
#include "core/table.h"

#include <inttypes.h>
#include <stdlib.h>

/* An identifier with a sign is no formula. */
static bool is_number(const char *s)
{
    s += *s == '-';
    return *s && s[strspn(s, "0123456789")] == 0;
}

/* RFC 4180. Text that a spreadsheet would run as a formula gets an apostrophe. */
static void text(struct strbuf *out, const char *s)
{
    struct strbuf safe = {0};
    if (*s && strchr("=+-@", *s) && !is_number(s))
        strbuf_char(&safe, '\'');
    utf8_append(&safe, s, 1000000);
    bool quote = strpbrk(strbuf_text(&safe), ",\"") != NULL;
    if (quote)
        strbuf_char(out, '"');
    for (const char *p = strbuf_text(&safe); *p; p++) {
        if (*p == '"')
            strbuf_char(out, '"');
        strbuf_char(out, *p);
    }
    if (quote)
        strbuf_char(out, '"');
    strbuf_free(&safe);
}

/* The shortest digits that read back as the same number. */
static void real(struct strbuf *out, double v)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.15g", v);
    if (strtod(digits, NULL) != v)
        snprintf(digits, sizeof digits, "%.17g", v);
    strbuf_str(out, digits);
}

/* Base units and full digits: CSV is for further reckoning. */
static void cell(struct strbuf *out, const struct column *c, struct cell v)
{
    char when[CLOCK_TEXT_MAX];
    struct strbuf b = {0};
    switch (v.type) {
    case CELL_UNKNOWN:
        break;
    case CELL_INT:
        if (c->unit == UNIT_TIME)
            strbuf_str(out, clock_rfc3339(v.i, when));
        else
            strbuf_printf(out, "%" PRId64, v.i);
        break;
    case CELL_REAL:
        real(out, v.f);
        break;
    case CELL_BOOL:
        strbuf_str(out, v.i ? "true" : "false");
        break;
    case CELL_TEXT:
        text(out, v.s);
        break;
    case CELL_LIST:
        cell_format(c, v, &b);
        text(out, strbuf_text(&b));
        strbuf_free(&b);
        break;
    case CELL_LEVELS: /* only made for people */
    case CELL_PIECES:
        break;
    }
}

static void heading(const struct table *t, struct strbuf *out)
{
    bool first = true;
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(t->columns[c].flags & COLUMN_NO_JSON)) {
            if (!first)
                strbuf_char(out, ',');
            text(out, t->columns[c].key);
            first = false;
        }
    strbuf_str(out, "\r\n");
}

static void table(const struct table *t, struct strbuf *out)
{
    heading(t, out);
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        bool first = true;
        for (size_t c = 0; c < t->n_columns; c++)
            if (!(t->columns[c].flags & COLUMN_NO_JSON)) {
                if (!first)
                    strbuf_char(out, ',');
                cell(out, &t->columns[c], r->cells[c]);
                first = false;
            }
        strbuf_str(out, "\r\n");
    }
}

void print_csv_section(const struct section *s, struct strbuf *out)
{
    struct arena *a = arena_new();
    const struct table *t = section_as_table(s, FOR_PROGRAMS, a);
    if (t) {
        table(t, out);
    } else {
        text(out, s->text ? s->text : "");
        strbuf_str(out, "\r\n");
    }
    arena_free(a);
}
