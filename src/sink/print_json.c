#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

/* cJSON holds numbers as doubles; whole numbers beyond 2^53 are written as they are. */
static cJSON *integer(int64_t v)
{
    char text[24];
    if (v == SD_UNKNOWN)
        return cJSON_CreateNull();
    snprintf(text, sizeof text, "%" PRId64, v);
    return cJSON_CreateRaw(text);
}

static cJSON *text(const char *s)
{
    struct strbuf valid = {0};
    if (!s)
        return cJSON_CreateNull();
    utf8_append_valid(&valid, s, strlen(s));
    cJSON *j = cJSON_CreateString(strbuf_text(&valid));
    strbuf_free(&valid);
    return j;
}

static cJSON *moment(int64_t t)
{
    char buf[CLOCK_TEXT_MAX];
    return t == SD_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateString(clock_rfc3339(t, buf));
}

static cJSON *table(const struct table *t);

static cJSON *value(enum unit unit, struct cell c)
{
    switch (c.type) {
    case CELL_INT:
        return unit == UNIT_TIME ? moment(c.i) : integer(c.i);
    case CELL_REAL:
        return isfinite(c.f) ? cJSON_CreateNumber(c.f) : cJSON_CreateNull();
    case CELL_TEXT:
        return text(c.s);
    case CELL_BOOL:
        return cJSON_CreateBool(c.i != 0);
    case CELL_LIST:
        return table(c.list);
    case CELL_UNKNOWN:
        break;
    }
    return cJSON_CreateNull();
}

static cJSON *row(const struct table *t, const struct row *r)
{
    cJSON *o = cJSON_CreateObject();
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(t->columns[c].flags & COLUMN_NO_JSON))
            cJSON_AddItemToObject(o, t->columns[c].key, value(t->columns[c].unit, r->cells[c]));
    return o;
}

/* A list of one column is a list of its values; of several, a list of objects. */
static cJSON *table(const struct table *t)
{
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < t->n_rows; i++)
        cJSON_AddItemToArray(a, t->n_columns == 1 ? value(t->columns[0].unit, t->rows[i].cells[0])
                                                  : row(t, &t->rows[i]));
    return a;
}

static cJSON *rows(const struct table *t)
{
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < t->n_rows; i++)
        cJSON_AddItemToArray(a, row(t, &t->rows[i]));
    return a;
}

static cJSON *graph(const struct graph *g)
{
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < g->n_points; i++) {
        cJSON *p = cJSON_CreateObject();
        double at =
            (double)g->from + ((double)i + 0.5) * ((double)g->to - (double)g->from) / (double)g->n_points;
        cJSON_AddItemToObject(p, "at", moment(real_to_int(at)));
        cJSON *lines = p;
        if (g->stacked) { /* its names come from outside */
            cJSON_AddItemToObject(p, "load", value(g->unit, cell_real(graph_sum(g, i))));
            lines = cJSON_AddObjectToObject(p, "layers");
        }
        for (size_t l = 0; l < g->n_lines; l++)
            cJSON_AddItemToObject(lines, g->lines[l].name, value(g->unit, cell_real(g->lines[l].values[i])));
        cJSON_AddItemToArray(a, p);
    }
    return a;
}

static cJSON *heatmap(const struct heatmap *h)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "from", moment(h->from));
    cJSON_AddItemToObject(o, "to", moment(h->to));
    cJSON_AddItemToObject(o, "columns", integer((int64_t)h->columns));
    cJSON_AddItemToObject(o, "rows", integer((int64_t)h->rows));
    cJSON *lower = cJSON_AddArrayToObject(o, h->unit == UNIT_NS ? "lower_ns" : "lower");
    for (size_t y = 0; h->rows && y <= h->rows; y++)
        cJSON_AddItemToArray(lower, integer(h->lower[y]));
    cJSON *counts = cJSON_AddArrayToObject(o, "counts"); /* one array per latency row, fastest first */
    for (size_t y = 0; y < h->rows; y++) {
        cJSON *line = cJSON_CreateArray();
        for (size_t x = 0; x < h->columns; x++)
            cJSON_AddItemToArray(line, integer(h->counts[y * h->columns + x]));
        cJSON_AddItemToArray(counts, line);
    }
    return o;
}

static void fields(cJSON *o, const struct field *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].key)
            cJSON_AddItemToObject(o, items[i].key, value(items[i].unit, items[i].value));
}

static cJSON *section(const struct section *s)
{
    cJSON *o;
    switch (s->kind) {
    case SECTION_TABLE:
    case SECTION_TREE:
        return rows(&s->table);
    case SECTION_GRAPH:
        return graph(&s->graph);
    case SECTION_HEATMAP:
        return heatmap(&s->heatmap);
    case SECTION_FIELDS:
        o = cJSON_CreateObject();
        fields(o, s->fields.items, s->fields.n);
        return o;
    case SECTION_TEXT:
        return text(s->text);
    }
    return cJSON_CreateNull();
}

/* A reader gets every character, a terminal none that it obeys: what utf8_append would
 * replace is written as \\u. All of it stands inside of strings. */
static void escape(const char *json, struct strbuf *out)
{
    const char *from = json, *end = json + strlen(json);
    for (const char *p = json; p < end;) {
        uint32_t c = 0xFFFD;
        size_t n = utf8_decode(p, (size_t)(end - p), &c);
        if (c != '\n' && c != '\t' && !utf8_harmless(c)) {
            strbuf_add(out, from, (size_t)(p - from));
            if (c > 0xFFFF)
                strbuf_printf(out, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
            else
                strbuf_printf(out, "\\u%04x", c);
            from = p + n;
        }
        p += n ? n : 1;
    }
    strbuf_str(out, from);
}

static void print(cJSON *o, struct strbuf *out)
{
    char *json = cJSON_Print(o);
    if (json) {
        escape(json, out);
        strbuf_char(out, '\n');
    }
    cJSON_free(json);
    cJSON_Delete(o);
}

static cJSON *head(const struct doc *d)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "view", text(d->view));
    fields(o, d->fields, d->n_fields);
    return o;
}

void print_json_doc(const struct doc *d, struct strbuf *out)
{
    cJSON *o = head(d);
    for (size_t i = 0; i < d->n_sections; i++)
        if (d->sections[i].key)
            cJSON_AddItemToObject(o, d->sections[i].key, section(&d->sections[i]));
    print(o, out);
}

void print_json_section(const struct doc *d, const struct section *s, struct strbuf *out)
{
    cJSON *o = head(d);
    cJSON_AddItemToObject(o, s->key ? s->key : "rows", section(s));
    print(o, out);
}
