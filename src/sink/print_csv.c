#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"

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
    }
}

static void table(const struct table *t, struct strbuf *out)
{
    bool first = true;
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(t->columns[c].flags & COLUMN_NO_JSON)) {
            strbuf_printf(out, "%s%s", first ? "" : ",", t->columns[c].key);
            first = false;
        }
    strbuf_str(out, "\r\n");
    for (size_t i = 0; i < t->n_rows; i++) {
        first = true;
        for (size_t c = 0; c < t->n_columns; c++)
            if (!(t->columns[c].flags & COLUMN_NO_JSON)) {
                if (!first)
                    strbuf_char(out, ',');
                cell(out, &t->columns[c], t->rows[i].cells[c]);
                first = false;
            }
        strbuf_str(out, "\r\n");
    }
}

static void graph(const struct graph *g, struct strbuf *out)
{
    char when[CLOCK_TEXT_MAX];
    strbuf_str(out, "at");
    for (size_t l = 0; l < g->n_lines; l++) {
        strbuf_char(out, ',');
        text(out, g->lines[l].name);
    }
    strbuf_str(out, "\r\n");
    for (size_t i = 0; i < g->n_points; i++) {
        double at =
            (double)g->from + ((double)i + 0.5) * ((double)g->to - (double)g->from) / (double)g->n_points;
        strbuf_str(out, clock_rfc3339(real_to_int(at), when));
        for (size_t l = 0; l < g->n_lines; l++) {
            strbuf_char(out, ',');
            if (isfinite(g->lines[l].values[i]))
                real(out, g->lines[l].values[i]);
        }
        strbuf_str(out, "\r\n");
    }
}

void print_csv_section(const struct section *s, struct strbuf *out)
{
    switch (s->kind) {
    case SECTION_TABLE:
    case SECTION_TREE:
        table(&s->table, out);
        break;
    case SECTION_GRAPH:
        graph(&s->graph, out);
        break;
    case SECTION_FIELDS:
        strbuf_str(out, "key,value\r\n");
        for (size_t i = 0; i < s->fields.n; i++) {
            const struct field *f = &s->fields.items[i];
            text(out, f->key ? f->key : f->label);
            strbuf_char(out, ',');
            cell(out, &(struct column){.unit = f->unit}, f->value);
            strbuf_str(out, "\r\n");
        }
        break;
    case SECTION_TEXT:
        text(out, s->text ? s->text : "");
        strbuf_str(out, "\r\n");
        break;
    case SECTION_HEATMAP:
        strbuf_str(out, "from_ns");
        for (size_t x = 0; x < s->heatmap.columns; x++)
            strbuf_printf(out, ",column_%zu", x + 1);
        strbuf_str(out, "\r\n");
        for (size_t y = 0; y < s->heatmap.rows; y++) {
            strbuf_printf(out, "%" PRId64, s->heatmap.lower[y]);
            for (size_t x = 0; x < s->heatmap.columns; x++)
                strbuf_printf(out, ",%" PRIu32, s->heatmap.counts[y * s->heatmap.columns + x]);
            strbuf_str(out, "\r\n");
        }
        break;
    }
}
