#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/drawing.h"
#include "core/table.h"

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
    case CELL_LEVELS: /* only made for people */
    case CELL_PIECES:
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
    if (t->is_object && table_rows(t) == 1)
        return row(t, table_row(t, 0));
    cJSON *a = cJSON_CreateArray();
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        cJSON_AddItemToArray(a, t->n_columns == 1 ? value(t->columns[0].unit, r->cells[0]) : row(t, r));
    }
    return a;
}

static void fields(cJSON *o, const struct field *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].key)
            cJSON_AddItemToObject(o, items[i].key, value(items[i].unit, items[i].value));
}

/* ---- what a section says of itself, piece by piece ---- */

enum { NESTED_MOST = 16 };

struct writing {
    cJSON *open[NESTED_MOST]; /* the outermost first */
    size_t n;
};

static void put_item(struct writing *w, const char *key, cJSON *item)
{
    if (key)
        cJSON_AddItemToObject(w->open[w->n - 1], key, item);
    else
        cJSON_AddItemToArray(w->open[w->n - 1], item);
}

static void open_item(void *ctx, const char *key, bool list)
{
    struct writing *w = ctx;
    cJSON *item = list ? cJSON_CreateArray() : cJSON_CreateObject();
    put_item(w, key, item);
    if (w->n < NESTED_MOST)
        w->open[w->n++] = item;
}

static void put_value(void *ctx, const char *key, enum unit unit, struct cell v)
{
    put_item(ctx, key, value(unit, v));
}

static void close_item(void *ctx)
{
    ((struct writing *)ctx)->n--;
}

static void add_section(cJSON *o, const char *key, const struct section *s)
{
    static const struct describer to = {.open = open_item, .value = put_value, .close = close_item};
    struct writing w = {.open = {o}, .n = 1};
    section_describe(s, key, &to, &w);
}

/* A reader gets every character, but a terminal gets no control characters: what utf8_append would replace is
 * written as \\u. All of it is inside of strings. */
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
    if (d->json) {
        escape(d->json, out);
        return;
    }
    cJSON *o = head(d);
    for (size_t i = 0; i < d->n_sections; i++)
        if (d->sections[i].key)
            add_section(o, d->sections[i].key, &d->sections[i]);
    print(o, out);
}

void print_json_section(const struct doc *d, const struct section *s, struct strbuf *out)
{
    cJSON *o = head(d);
    add_section(o, s->key ? s->key : "rows", s);
    print(o, out);
}
