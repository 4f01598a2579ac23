#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/drawing.h"
#include "core/table.h"
#include "sink/json_out.h"

static void moment(struct json_out *o, const char *key, int64_t t)
{
    char buf[CLOCK_TEXT_MAX];
    json_out_text(o, key, t == SD_UNKNOWN ? NULL : clock_rfc3339(t, buf));
}

static void table(struct json_out *o, const char *key, const struct table *t);

static void value(struct json_out *o, const char *key, enum unit unit, struct cell c)
{
    switch (c.type) {
    case CELL_INT:
        unit == UNIT_TIME ? moment(o, key, c.i) : json_out_int(o, key, c.i);
        break;
    case CELL_REAL:
        json_out_real(o, key, c.f);
        break;
    case CELL_TEXT:
        json_out_text(o, key, c.s);
        break;
    case CELL_BOOL:
        json_out_bool(o, key, c.i != 0);
        break;
    case CELL_LIST:
        table(o, key, c.list);
        break;
    case CELL_LEVELS: /* only made for people */
    case CELL_PIECES:
    case CELL_UNKNOWN:
        json_out_null(o, key);
        break;
    }
}

static void row(struct json_out *o, const char *key, const struct table *t, const struct row *r)
{
    json_out_open(o, key, false);
    for (size_t c = 0; c < t->n_columns; c++)
        if (t->columns[c].key && !(t->columns[c].flags & COLUMN_NO_JSON))
            value(o, t->columns[c].key, t->columns[c].unit, r->cells[c]);
    json_out_close(o);
}

/* A list of one column is a list of its values; of several, a list of objects. */
static void table(struct json_out *o, const char *key, const struct table *t)
{
    if (t->is_object && table_rows(t) == 1) {
        row(o, key, t, table_row(t, 0));
        return;
    }
    json_out_open(o, key, true);
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        if (t->n_columns == 1)
            value(o, NULL, t->columns[0].unit, r->cells[0]);
        else
            row(o, NULL, t, r);
    }
    json_out_close(o);
}

static void fields(struct json_out *o, const struct field *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].key)
            value(o, items[i].key, items[i].unit, items[i].value);
}

/* ---- what a section says of itself, piece by piece ---- */

static void open_item(void *ctx, const char *key, bool list)
{
    json_out_open(ctx, key, list);
}

static void put_value(void *ctx, const char *key, enum unit unit, struct cell v)
{
    value(ctx, key, unit, v);
}

static void close_item(void *ctx)
{
    json_out_close(ctx);
}

static void add_section(struct json_out *o, const char *key, const struct section *s)
{
    static const struct describer to = {.open = open_item, .value = put_value, .close = close_item};
    section_describe(s, key, &to, o);
}

/* A reader gets every character, but a terminal gets no control characters: what utf8_append would replace is
 * written as \\u. All of it is inside of strings. Of JSON that was made elsewhere. */
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

static void begin(struct json_out *o, const struct doc *d)
{
    json_out_open(o, NULL, false);
    json_out_text(o, "view", d->view);
    fields(o, d->fields, d->n_fields);
}

static void end(struct json_out *o)
{
    json_out_close(o);
    strbuf_char(o->to, '\n');
}

void print_json_doc(const struct doc *d, const struct print_options *options, struct strbuf *out)
{
    if (d->json) {
        escape(d->json, out);
        return;
    }
    struct json_out o = {.to = out, .take = options->take, .ctx = options->ctx};
    begin(&o, d);
    for (size_t i = 0; i < d->n_sections; i++)
        if (d->sections[i].key)
            add_section(&o, d->sections[i].key, &d->sections[i]);
    end(&o);
}

void print_json_section(const struct doc *d, const struct section *s, struct strbuf *out)
{
    struct json_out o = {.to = out};
    begin(&o, d);
    add_section(&o, s->key ? s->key : "rows", s);
    end(&o);
}
