#include "format/history/clickhouse_rows.h"

#include "core/history/shape.h"
#include "format/history/record_line.h"

enum { TEXT_MAX = 16 << 20, ITEMS_MAX = 1 << 20, HIST_APART = 4096 };

uint64_t rowbinary_int(struct rowbinary *r, size_t bytes)
{
    uint64_t v = 0;
    if (r->bad || r->more)
        return 0;
    if ((size_t)(r->end - r->at) < bytes) {
        r->more = true;
        return 0;
    }
    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | (unsigned char)r->at[i];
    r->at += bytes;
    return v;
}

double rowbinary_real(struct rowbinary *r)
{
    uint64_t bits = rowbinary_int(r, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static size_t length(struct rowbinary *r, size_t most)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint64_t byte = rowbinary_int(r, 1);
        v |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            r->bad = r->bad || v > most;
            return r->bad ? 0 : (size_t)v;
        }
    }
    r->bad = true;
    return 0;
}

size_t rowbinary_count(struct rowbinary *r)
{
    return length(r, ITEMS_MAX);
}

const char *rowbinary_text(struct rowbinary *r, struct arena *a)
{
    size_t n = length(r, TEXT_MAX);
    if (r->bad || r->more)
        return "";
    if ((size_t)(r->end - r->at) < n) {
        r->more = true;
        return "";
    }
    r->bad = memchr(r->at, 0, n) != NULL;
    const char *text = arena_strndup(a, r->at, n);
    r->at += n;
    return text;
}

struct list {
    size_t n;
    uint64_t *items;
};

static struct list list_of(struct rowbinary *r, size_t bytes, struct arena *a)
{
    struct list l = {rowbinary_count(r), NULL};
    if (r->bad || r->more)
        return (struct list){0, NULL};
    if ((size_t)(r->end - r->at) / bytes < l.n) {
        r->more = true;
        return (struct list){0, NULL};
    }
    l.items = arena_alloc(a, l.n * sizeof *l.items + 1);
    for (size_t i = 0; i < l.n; i++)
        l.items[i] = rowbinary_int(r, bytes);
    return l;
}

/* ---- one row ---- */

struct sums {
    uint64_t known;
    struct list adds, lows, highs, bucket, n;
};

static void set_sums(const struct history_shape *s, const struct sums *v, void *record, int64_t length_ns)
{
    size_t add = 0, low = 0, high = 0;
    for (size_t i = 0; i < s->schema->n_fields; i++) {
        const struct sd_field *f = &s->schema->fields[i];
        int64_t *to = history_field(record, f);
        if (s->roles[i] == ROLE_ADD) {
            if (add < v->adds.n && add < 64 && (v->known >> add & 1))
                *to = (int64_t)v->adds.items[add];
            add++;
        } else if (s->roles[i] == ROLE_MIN) {
            if (low < v->lows.n && v->lows.items[low] != INT64_MAX)
                *to = (int64_t)v->lows.items[low];
            low++;
        } else if (s->roles[i] == ROLE_MAX) {
            if (high < v->highs.n)
                *to = (int64_t)v->highs.items[high];
            high++;
        } else if (s->roles[i] == ROLE_LENGTH)
            *to = length_ns;
    }
}

/* Takes what fits 32 bits of each count. False: nothing was left. */
static bool take_hists(const struct history_shape *s, struct sums *v, void *record, struct arena *a)
{
    size_t ordinal = 0;
    bool any = false;
    for (size_t i = 0; i < s->schema->n_fields; i++) {
        if (s->roles[i] != ROLE_BUCKETS)
            continue;
        struct sd_bucket *b = arena_alloc(a, v->bucket.n * sizeof *b + 1);
        uint32_t n = 0;
        for (size_t k = 0; k < v->bucket.n; k++) {
            if (v->bucket.items[k] / HIST_APART != ordinal || !v->n.items[k])
                continue;
            uint64_t count = MIN(v->n.items[k], UINT32_MAX);
            b[n++] = (struct sd_bucket){(uint32_t)(v->bucket.items[k] % HIST_APART), (uint32_t)count};
            v->n.items[k] -= count;
        }
        ordinal++;
        if (!n)
            continue;
        struct sd_hist *h = arena_alloc(a, sizeof *h);
        *h = (struct sd_hist){.n = n, .buckets = b};
        *(const struct sd_hist **)(void *)history_field(record, &s->schema->fields[i]) = h;
        any = true;
    }
    return any;
}

static bool are_buckets(const struct sums *v)
{
    if (v->bucket.n != v->n.n)
        return false;
    for (size_t i = 0; i < v->bucket.n; i++)
        if (v->bucket.items[i] % HIST_APART >= SD_HIST_BUCKETS ||
            (i && v->bucket.items[i] <= v->bucket.items[i - 1]))
            return false;
    return true;
}

static bool give_sums(const struct history_shape *s, struct sums *v, struct history_row *out, void *record,
                      struct arena *a, bool (*row)(void *ctx, const struct history_row *row), void *ctx)
{
    void *rest = arena_copy(a, record, s->schema->size);
    set_sums(s, v, record, out->length_ns);
    take_hists(s, v, record, a);
    if (!row(ctx, out))
        return false;
    out->record = rest;
    while (take_hists(s, v, rest, a)) {
        for (size_t i = 0; i < s->schema->n_fields; i++)
            if (s->roles[i] == ROLE_LENGTH)
                *history_field(rest, &s->schema->fields[i]) = out->length_ns;
        if (!row(ctx, out))
            return false;
    }
    return true;
}

static void read_gauge(struct rowbinary *r, struct sd_metric *m)
{
    m->samples = (int64_t)rowbinary_int(r, 8);
    m->sum = rowbinary_real(r);
    m->min = rowbinary_real(r);
    m->max = rowbinary_real(r);
    m->value = rowbinary_real(r);
}

bool clickhouse_row_decode(enum clickhouse_form form, struct rowbinary *r, struct arena *a,
                           bool (*row)(void *ctx, const struct history_row *row), void *ctx)
{
    struct rowbinary at = *r;
    struct history_shape s;
    struct sums v = {0};
    struct history_row out = {.kind = (enum sd_kind)rowbinary_int(&at, 1)};
    bool kept = out.kind > 0 && out.kind < SD_KIND_END && history_shape(out.kind, &s);
    const char *thing = rowbinary_text(&at, a), *host = rowbinary_text(&at, a),
               *source = rowbinary_text(&at, a), *text = NULL;
    out.length_ns = (int64_t)rowbinary_int(&at, 8);
    sd_time ended = (sd_time)rowbinary_int(&at, 8);
    struct sd_metric gauge = {0};
    if (form == CLICKHOUSE_FORM_SUM) {
        v.known = rowbinary_int(&at, 8);
        v.adds = list_of(&at, 8, a);
        v.lows = list_of(&at, 8, a);
        v.highs = list_of(&at, 8, a);
        v.bucket = list_of(&at, 2, a);
        v.n = list_of(&at, 8, a);
    } else if (form == CLICKHOUSE_FORM_GAUGE)
        read_gauge(&at, &gauge);
    else
        text = rowbinary_text(&at, a);
    r->bad = at.bad || (!at.more && (!are_buckets(&v) || out.length_ns < 0));
    r->more = !r->bad && at.more;
    if (r->bad || r->more)
        return false;
    r->at = at.at;
    /* A kind of a newer program is passed over. */
    if (!kept || (form == CLICKHOUSE_FORM_SUM) != (s.kind->how == HISTORY_SUM) ||
        (form == CLICKHOUSE_FORM_GAUGE && out.kind != SD_METRIC))
        return true;
    void *record = arena_alloc(a, s.schema->size);
    schema_clear(s.schema, record);
    out.host = *host ? host : NULL;
    out.source = *source ? source : NULL;
    out.at = sub_sat(ended, out.length_ns);
    out.record = record;
    r->bad = !fields_decode(s.schema, thing, strlen(thing), record, a) ||
             (text && !fields_decode(s.schema, text, strlen(text), record, a));
    if (r->bad)
        return false;
    if (form == CLICKHOUSE_FORM_SUM)
        return give_sums(&s, &v, &out, record, a, row, ctx);
    if (form == CLICKHOUSE_FORM_GAUGE) {
        struct sd_metric *m = record;
        m->samples = gauge.samples;
        m->sum = gauge.sum;
        m->min = gauge.min;
        m->max = gauge.max;
        m->value = gauge.value;
    }
    return row(ctx, &out);
}
