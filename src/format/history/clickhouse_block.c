/* clickhouse_block.c - rows as columns in ClickHouse's Native format: the number of columns and rows, then
 * each column with its name and type. A block that is cut is refused by the server as a whole. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/history/shape.h"
#include "format/history/clickhouse_rows.h"
#include "format/history/record_line.h"

enum { HIST_APART = 4096, ADDS_MAX = 64 };

/* X(name, type): in the order of the table. */
#define COLUMNS(X)                                                                                           \
    X(day, "Date")                                                                                           \
    X(how, "UInt8")                                                                                          \
    X(kind, "UInt8")                                                                                         \
    X(name, "String")                                                                                        \
    X(thing, "String")                                                                                       \
    X(host, "String")                                                                                        \
    X(source, "String")                                                                                      \
    X(ended, "Int64")                                                                                        \
    X(length, "Int64")                                                                                       \
    X(run, "UInt64")                                                                                         \
    X(import, "UInt8")                                                                                       \
    X(put, "UInt64")                                                                                         \
    X(serial, "UInt16")                                                                                      \
    X(known, "UInt64")                                                                                       \
    X(adds, "Array(Int64)")                                                                                  \
    X(lows, "Array(Int64)")                                                                                  \
    X(highs, "Array(Int64)")                                                                                 \
    X(bucket, "Array(UInt16)")                                                                               \
    X(n, "Array(UInt32)")                                                                                    \
    X(samples, "Int64")                                                                                      \
    X(sum, "Float64")                                                                                        \
    X(min, "Float64")                                                                                        \
    X(max, "Float64")                                                                                        \
    X(value, "Float64")                                                                                      \
    X(total, "Float64")                                                                                      \
    X(record, "String")

enum column {
#define COLUMN(name, type) AT_##name,
    COLUMNS(COLUMN)
#undef COLUMN
        N_COLUMNS
};
static const char *const NAMES[] = {
#define COLUMN(name, type) #name,
    COLUMNS(COLUMN)
#undef COLUMN
};
static const char *const TYPES[] = {
#define COLUMN(name, type) type,
    COLUMNS(COLUMN)
#undef COLUMN
};

struct clickhouse_block {
    uint64_t run, put, rows;
    bool import;
    uint16_t serial;
    struct strbuf last, now;          /* what the row before and this one are */
    struct strbuf data[N_COLUMNS];    /* values, of arrays their items */
    struct strbuf offsets[N_COLUMNS]; /* of arrays: where each row's items end */
    uint64_t items[N_COLUMNS];
};

struct clickhouse_block *clickhouse_block_new(uint64_t run, bool import, uint64_t put)
{
    struct clickhouse_block *b = mem_alloc(sizeof *b);
    b->run = run;
    b->import = import;
    b->put = put;
    return b;
}

void clickhouse_block_free(struct clickhouse_block *b)
{
    if (!b)
        return;
    for (int i = 0; i < N_COLUMNS; i++) {
        strbuf_free(&b->data[i]);
        strbuf_free(&b->offsets[i]);
    }
    strbuf_free(&b->last);
    strbuf_free(&b->now);
    free(b);
}

size_t clickhouse_block_len(const struct clickhouse_block *b)
{
    return (size_t)b->rows;
}

uint16_t clickhouse_day(sd_time ended)
{
    int64_t last = sub_sat(ended, 1), day = last / (86400 * SD_S) - (last % (86400 * SD_S) < 0);
    return (uint16_t)(day < 0 ? 0 : MIN(day, UINT16_MAX - 1));
}

/* ---- values ---- */

static void put_int(struct strbuf *out, uint64_t v, size_t bytes)
{
    char *to = strbuf_room(out, bytes);
    for (size_t i = 0; i < bytes; i++, v >>= 8)
        to[i] = (char)(v & 0xff);
    to[bytes] = 0;
    out->len += bytes;
}

static void put_length(struct strbuf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        strbuf_char(out, (char)(v | 0x80));
    strbuf_char(out, (char)v);
}

static void put_text(struct strbuf *out, const char *text, size_t len)
{
    put_length(out, len);
    strbuf_add(out, text, len);
}

static void put_real(struct strbuf *out, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_int(out, bits, 8);
}

static void text(struct clickhouse_block *b, enum column c, const char *value)
{
    put_text(&b->data[c], value ? value : "", value ? strlen(value) : 0);
}

static void item(struct clickhouse_block *b, enum column c, uint64_t v, size_t bytes)
{
    put_int(&b->data[c], v, bytes);
    b->items[c]++;
}

static void end_arrays(struct clickhouse_block *b)
{
    for (int c = 0; c < N_COLUMNS; c++)
        if (str_starts(TYPES[c], "Array"))
            put_int(&b->offsets[c], b->items[c], 8);
    b->rows++;
}

static void head(struct clickhouse_block *b, uint16_t day, enum clickhouse_how how, int kind, sd_time ended,
                 int64_t length)
{
    put_int(&b->data[AT_day], day, 2);
    put_int(&b->data[AT_how], how, 1);
    put_int(&b->data[AT_kind], (uint64_t)kind, 1);
    put_int(&b->data[AT_ended], (uint64_t)ended, 8);
    put_int(&b->data[AT_length], (uint64_t)length, 8);
    put_int(&b->data[AT_run], b->run, 8);
    put_int(&b->data[AT_import], b->import, 1);
    put_int(&b->data[AT_put], b->put, 8);
}

/* ---- rows ---- */

static double total_of(const struct history_shape *s, const void *record)
{
    if (s->kind->kind == SD_METRIC)
        return ((const struct sd_metric *)record)->value;
    return s->total && sd_known(history_int(record, s->total)) ? (double)history_int(record, s->total) : 0;
}

enum clickhouse_how clickhouse_how_of(const struct history_row *row)
{
    const struct history_kind *k = history_kind(row->kind);
    if (!k || k->how == HISTORY_EACH)
        return CLICKHOUSE_EACH;
    if (k->how == HISTORY_SUM)
        return CLICKHOUSE_SUM;
    if (k->how == HISTORY_GAUGE && ((const struct sd_metric *)row->record)->counter != 1)
        return CLICKHOUSE_GAUGE;
    return k->how == HISTORY_GAUGE || *k->total ? CLICKHOUSE_TOTAL : CLICKHOUSE_LAST;
}

static void add_hist(struct clickhouse_block *b, const struct sd_hist *h, size_t ordinal)
{
    for (uint32_t i = 0; h && i < h->n; i++) {
        item(b, AT_bucket, h->buckets[i].index + ordinal * HIST_APART, 2);
        item(b, AT_n, h->buckets[i].count, 4);
    }
}

static void add_dense(struct clickhouse_block *b, const struct sd_hist *h)
{
    uint32_t n = h ? h->n : 0, from = n ? h->buckets[0].index / CLICKHOUSE_DENSE * CLICKHOUSE_DENSE : 0;
    if (n)
        item(b, AT_bucket, from, 2);
    for (uint32_t i = 0, at = from; i < n; i++, at++) {
        for (; at < h->buckets[i].index; at++)
            item(b, AT_n, 0, 4);
        item(b, AT_n, h->buckets[i].count, 4);
    }
}

static uint64_t add_sums(struct clickhouse_block *b, const struct history_shape *s, const void *record,
                         bool dense)
{
    uint64_t known = 0;
    size_t n = 0, hists = 0;
    for (size_t i = 0; i < s->schema->n_fields; i++) {
        const struct sd_field *f = &s->schema->fields[i];
        int64_t v = history_int(record, f);
        if (s->roles[i] == ROLE_ADD && n < ADDS_MAX) {
            known |= sd_known(v) ? (uint64_t)1 << n : 0;
            item(b, AT_adds, sd_known(v) ? (uint64_t)v : 0, 8);
            n++;
        } else if (s->roles[i] == ROLE_MIN)
            item(b, AT_lows, (uint64_t)(sd_known(v) ? v : INT64_MAX), 8);
        else if (s->roles[i] == ROLE_MAX)
            item(b, AT_highs, (uint64_t)v, 8); /* unknown is the smallest */
        else if (s->roles[i] == ROLE_BUCKETS) {
            const struct sd_hist *h =
                *(const struct sd_hist *const *)(const void *)((const char *)record + f->offset);
            dense ? add_dense(b, h) : add_hist(b, h, hists++);
        }
    }
    return known;
}

static uint64_t fields_with(const struct history_shape *s, enum history_role role)
{
    uint64_t which = 0;
    for (size_t i = 0; i < s->schema->n_fields && i < 64; i++)
        which |= s->roles[i] == role ? (uint64_t)1 << i : 0;
    return which;
}

/* What requests and metrics are asked for by. */
static const char *name_of(const struct history_shape *s, const void *record)
{
    static const char *const FIELDS[] = {"route", "name"};
    for (size_t k = 0; k < ARRAY_LEN(FIELDS); k++)
        for (size_t i = 0; i < s->schema->n_fields; i++)
            if (s->roles[i] == ROLE_KEY && s->schema->fields[i].type == SD_FIELD_TEXT &&
                str_eq(s->schema->fields[i].name, FIELDS[k]))
                return *(const char *const *)(const void *)((const char *)record +
                                                            s->schema->fields[i].offset);
    return NULL;
}

static void number_it(struct clickhouse_block *b, const struct history_row *row, const struct strbuf *thing)
{
    strbuf_clear(&b->now);
    strbuf_printf(&b->now, "%d %" PRId64 " %" PRId64 " ", row->kind, row->at, row->length_ns);
    strbuf_add(&b->now, strbuf_text(thing), thing->len);
    strbuf_printf(&b->now, "\n%s\n%s", row->host ? row->host : "", row->source ? row->source : "");
    bool same = b->last.len == b->now.len && !memcmp(strbuf_text(&b->last), strbuf_text(&b->now), b->now.len);
    b->serial = (uint16_t)(same ? b->serial + 1 : 0);
    struct strbuf swap = b->last;
    b->last = b->now;
    b->now = swap;
    put_int(&b->data[AT_serial], b->serial, 2);
}

static void add_gauge(struct clickhouse_block *b, const struct sd_metric *m)
{
    int64_t samples = sd_known(m->samples) && m->samples > 0 ? m->samples : 1;
    put_int(&b->data[AT_samples], (uint64_t)samples, 8);
    put_real(&b->data[AT_sum], isnan(m->sum) ? m->value * (double)samples : m->sum);
    put_real(&b->data[AT_min], isnan(m->min) ? m->value : m->min);
    put_real(&b->data[AT_max], isnan(m->max) ? m->value : m->max);
    put_real(&b->data[AT_value], m->value);
}

static void add_no_gauge(struct clickhouse_block *b)
{
    for (int c = AT_samples; c <= AT_value; c++)
        put_int(&b->data[c], 0, 8);
}

static void add_as(struct clickhouse_block *b, const struct history_row *row, enum clickhouse_how how)
{
    struct history_shape s;
    struct strbuf thing = {0}, record = {0};
    uint64_t known = 0;
    if (!history_shape(row->kind, &s))
        return;
    sd_time ended = history_row_end(row);
    head(b, clickhouse_day(ended), how, row->kind, ended, row->length_ns);
    fields_encode(s.schema, row->record, fields_with(&s, ROLE_KEY), &thing);
    text(b, AT_name, name_of(&s, row->record));
    put_text(&b->data[AT_thing], strbuf_text(&thing), thing.len);
    text(b, AT_host, row->host);
    text(b, AT_source, row->source);
    number_it(b, row, &thing);
    if (how == CLICKHOUSE_SUM || how == CLICKHOUSE_TOGETHER)
        known = add_sums(b, &s, row->record, how == CLICKHOUSE_TOGETHER);
    put_int(&b->data[AT_known], known, 8);
    if (how == CLICKHOUSE_GAUGE)
        add_gauge(b, row->record);
    else
        add_no_gauge(b);
    if (how >= CLICKHOUSE_TOTAL && how <= CLICKHOUSE_EACH)
        fields_encode(s.schema, row->record, fields_with(&s, ROLE_OWN), &record);
    put_real(&b->data[AT_total], how == CLICKHOUSE_TOTAL ? total_of(&s, row->record) : 0);
    put_text(&b->data[AT_record], strbuf_text(&record), record.len);
    end_arrays(b);
    strbuf_free(&thing);
    strbuf_free(&record);
}

void clickhouse_block_add(struct clickhouse_block *b, const struct history_row *row)
{
    add_as(b, row, clickhouse_how_of(row));
}

void clickhouse_block_add_together(struct clickhouse_block *b, const struct history_row *row)
{
    struct sd_http all = *(const struct sd_http *)row->record;
    struct history_row one = *row;
    all.method = all.route = NULL;
    one.record = &all;
    add_as(b, &one, CLICKHOUSE_TOGETHER);
}

void clickhouse_block_mark(struct clickhouse_block *b, const struct clickhouse_mark *m, uint16_t day)
{
    bool last = m->part == m->parts;
    /* In this order clickhouse_sight.c and clickhouse_state.c know them. */
    const int64_t adds[] = {last ? m->lost : 0, m->sent, m->began,  m->part,  m->parts,
                            (int64_t)b->put,    m->rows, m->newest, m->oldest};
    head(b, day, CLICKHOUSE_MARK, m->parts > 1, m->to, last ? sub_sat(m->to, m->from) : 0);
    text(b, AT_name, NULL);
    text(b, AT_thing, m->parts > 1 ? "part" : "put");
    text(b, AT_host, m->host);
    text(b, AT_source, m->version);
    put_int(&b->data[AT_serial], (uint64_t)m->part, 2);
    put_int(&b->data[AT_known], (last ? CLICKHOUSE_LAST_PART : 0) | CLICKHOUSE_HAS_TOGETHER, 8);
    for (size_t i = 0; i < ARRAY_LEN(adds); i++)
        item(b, AT_adds, (uint64_t)adds[i], 8);
    add_no_gauge(b);
    put_real(&b->data[AT_total], 0);
    text(b, AT_record, NULL);
    end_arrays(b);
}

void clickhouse_block_encode(struct clickhouse_block *b, struct strbuf *out)
{
    put_length(out, N_COLUMNS);
    put_length(out, b->rows);
    for (int c = 0; c < N_COLUMNS; c++) {
        put_text(out, NAMES[c], strlen(NAMES[c]));
        put_text(out, TYPES[c], strlen(TYPES[c]));
        strbuf_add(out, strbuf_text(&b->offsets[c]), b->offsets[c].len);
        strbuf_add(out, strbuf_text(&b->data[c]), b->data[c].len);
    }
}

void clickhouse_block_columns(struct strbuf *out)
{
    for (int c = 0; c < N_COLUMNS; c++)
        strbuf_printf(out, "%s`%s`", c ? ", " : "(", NAMES[c]);
    strbuf_char(out, ')');
}
