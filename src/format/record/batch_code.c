/* batch_code.c - a batch as bytes.
 *
 *   version, origin, time, then blocks until the end.
 *   block:  kind, records, fields, bytes of what follows, then the fields as columns
 *   column: type, then one value a record
 * Every count is a varint. A block or column that the reader does not know is passed
 * over; fields that the writer did not know stay unknown. Values:
 *   INT   0 unknown; 1 and 8 bytes; otherwise 2 + zigzag of the change in the column
 *   REAL  0 unknown; 1 and 8 bytes; 2 as before
 *   TEXT  0 none; 1 as before; otherwise 2 + length, and the bytes with a NUL
 *   HIST  0 none; otherwise 1 + buckets, then steps of index and counts */
#include <stdlib.h>

#include "core/schema.h"
#include "format/record/recording.h"

enum { CODE_VERSION = 1, FIELDS_MAX = 256 };

#define FIELD(record, f, type)       ((type *)(void *)((char *)(record) + (f)->offset))
#define CONST_FIELD(record, f, type) ((const type *)(const void *)((const char *)(record) + (f)->offset))

/* ---- out ---- */

static void put_varint(struct strbuf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        strbuf_char(out, (char)(v | 0x80));
    strbuf_char(out, (char)v);
}

static void put64(struct strbuf *out, uint64_t v)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(v >> (8 * i));
    strbuf_add(out, bytes, sizeof bytes);
}

static uint64_t zigzag(uint64_t v)
{
    return v << 1 ^ (0 - (v >> 63));
}

static void put_text(struct strbuf *out, const char *s)
{
    size_t n = strlen(s);
    put_varint(out, n + 2);
    strbuf_add(out, s, n + 1);
}

static void put_hist(struct strbuf *out, const struct sd_hist *h)
{
    put_varint(out, h ? (uint64_t)h->n + 1 : 0);
    uint32_t last = 0;
    for (uint32_t i = 0; h && i < h->n; i++) {
        put_varint(out, h->buckets[i].index - last);
        put_varint(out, h->buckets[i].count);
        last = h->buckets[i].index;
    }
}

static void put_column(struct strbuf *out, const struct sd_batch *b, size_t from, size_t to,
                       const struct sd_field *f)
{
    int64_t last = 0;
    double last_real = (double)NAN;
    const char *last_text = NULL;
    strbuf_char(out, (char)f->type);
    for (size_t i = from; i < to; i++) {
        enum sd_kind kind;
        const void *r = batch_record(b, i, &kind);
        if (f->type == SD_FIELD_INT) {
            int64_t v = *CONST_FIELD(r, f, int64_t);
            uint64_t z = zigzag((uint64_t)v - (uint64_t)last);
            if (!sd_known(v)) {
                put_varint(out, 0);
                continue;
            }
            put_varint(out, z > UINT64_MAX / 2 ? 1 : z + 2);
            if (z > UINT64_MAX / 2)
                put64(out, (uint64_t)v);
            last = v;
        } else if (f->type == SD_FIELD_REAL) {
            double v = *CONST_FIELD(r, f, double);
            uint64_t bits;
            memcpy(&bits, &v, sizeof bits);
            bool same = !isnan(last_real) && !memcmp(&v, &last_real, sizeof v);
            strbuf_char(out, isnan(v) ? 0 : same ? 2 : 1);
            if (!isnan(v) && !same)
                put64(out, bits);
            last_real = isnan(v) ? last_real : v;
        } else if (f->type == SD_FIELD_TEXT) {
            const char *s = *CONST_FIELD(r, f, char *);
            if (!s || (last_text && !strcmp(s, last_text))) {
                put_varint(out, s ? 1 : 0);
            } else {
                put_text(out, s);
                last_text = s;
            }
        } else {
            put_hist(out, *CONST_FIELD(r, f, struct sd_hist *));
        }
    }
}

void batch_encode(const struct sd_batch *b, struct strbuf *out)
{
    struct strbuf block = {0};
    put_varint(out, CODE_VERSION);
    put_text(out, batch_origin(b));
    put64(out, (uint64_t)batch_time(b));
    for (size_t from = 0, to; from < batch_len(b); from = to) {
        enum sd_kind kind, other;
        batch_record(b, from, &kind);
        for (to = from + 1; to < batch_len(b); to++) {
            batch_record(b, to, &other);
            if (other != kind)
                break;
        }
        const struct sd_schema *sc = schema_of(kind);
        strbuf_clear(&block);
        for (size_t i = 0; i < sc->n_fields; i++)
            put_column(&block, b, from, to, &sc->fields[i]);
        put_varint(out, kind);
        put_varint(out, to - from);
        put_varint(out, sc->n_fields);
        put_varint(out, block.len);
        strbuf_add(out, block.text, block.len);
    }
    strbuf_free(&block);
}

/* ---- in ---- */

struct input {
    const unsigned char *p, *end;
    bool bad;
};

static uint64_t get_varint(struct input *in)
{
    uint64_t v = 0;
    for (int shift = 0; in->p < in->end && shift < 64; shift += 7) {
        unsigned char c = *in->p++;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return v;
    }
    in->bad = true;
    return 0;
}

static uint64_t get64(struct input *in)
{
    uint64_t v = 0;
    if (in->end - in->p < 8) {
        in->bad = true;
        return 0;
    }
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)*in->p++ << (8 * i);
    return v;
}

static const char *get_text(struct input *in, uint64_t code)
{
    uint64_t n = code - 2;
    if (n >= (uint64_t)(in->end - in->p) || in->p[n] != 0) {
        in->bad = true;
        return NULL;
    }
    const char *s = (const char *)in->p;
    in->p += n + 1;
    return s;
}

static const struct sd_hist *get_hist(struct input *in, struct arena *a)
{
    uint64_t n = get_varint(in);
    if (!n)
        return NULL;
    n--;
    if (n > SD_HIST_BUCKETS || n > (uint64_t)(in->end - in->p)) {
        in->bad = true;
        return NULL;
    }
    struct sd_hist *h = arena_alloc(a, sizeof *h);
    struct sd_bucket *buckets = arena_alloc(a, n * sizeof *buckets);
    uint64_t index = 0;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        index += get_varint(in);
        uint64_t count = get_varint(in);
        if (index >= SD_HIST_BUCKETS || count > UINT32_MAX)
            in->bad = true;
        buckets[i] = (struct sd_bucket){.index = (uint32_t)index, .count = (uint32_t)count};
    }
    *h = (struct sd_hist){.n = (uint32_t)n, .buckets = buckets};
    return h;
}

/* One column into field f of n records; f NULL: read and forgotten. */
static void get_column(struct input *in, enum sd_field_type type, char *records, size_t size, size_t n,
                       const struct sd_field *f, struct arena *a)
{
    int64_t last = 0;
    double last_real = (double)NAN;
    const char *last_text = NULL;
    for (size_t i = 0; i < n && !in->bad; i++) {
        char *r = records + i * size;
        if (type == SD_FIELD_INT) {
            uint64_t code = get_varint(in);
            if (!code)
                continue; /* unknown already */
            uint64_t z = code - 2;
            last = code == 1 ? (int64_t)get64(in) : (int64_t)((uint64_t)last + (z >> 1 ^ (0 - (z & 1))));
            if (f)
                *FIELD(r, f, int64_t) = last;
        } else if (type == SD_FIELD_REAL) {
            uint64_t code = get_varint(in);
            if (code == 1) {
                uint64_t bits = get64(in);
                memcpy(&last_real, &bits, sizeof bits);
            }
            if (code && f)
                *FIELD(r, f, double) = last_real;
        } else if (type == SD_FIELD_TEXT) {
            uint64_t code = get_varint(in);
            if (code >= 2)
                last_text = get_text(in, code);
            if (code && f)
                *FIELD(r, f, const char *) = last_text;
        } else {
            const struct sd_hist *h = get_hist(in, a);
            if (f)
                *FIELD(r, f, const struct sd_hist *) = h;
        }
    }
}

static bool get_block(struct input *in, struct sd_batch *b)
{
    uint64_t kind = get_varint(in), n = get_varint(in), n_fields = get_varint(in), len = get_varint(in);
    if (in->bad || len > (uint64_t)(in->end - in->p))
        return false;
    struct input block = {.p = in->p, .end = in->p + len};
    in->p += len;
    const struct sd_schema *sc = kind < SD_KIND_END ? schema_of((enum sd_kind)kind) : NULL;
    if (!sc)
        return true;
    /* Each value takes a byte at least: what claims more is not worth the memory. */
    if (!n_fields || n_fields > FIELDS_MAX || n > len / n_fields || n > BATCH_MAX_BYTES / sc->size)
        return false;
    struct arena *a = arena_new();
    char *records = arena_alloc(a, n * sc->size);
    for (size_t i = 0; i < n; i++)
        schema_clear(sc, records + i * sc->size);
    for (uint64_t i = 0; i < n_fields && !block.bad; i++) {
        const struct sd_field *f = i < sc->n_fields ? &sc->fields[i] : NULL;
        uint64_t type = get_varint(&block);
        if (type > SD_FIELD_HIST || (f && type != (uint64_t)f->type))
            block.bad = true;
        else
            get_column(&block, (enum sd_field_type)type, records, sc->size, n, f, a);
    }
    bool ok = !block.bad;
    for (size_t i = 0; i < n && ok; i++)
        ok = batch_add(b, sc->kind, records + i * sc->size);
    arena_free(a);
    return ok;
}

struct sd_batch *batch_decode(const void *bytes, size_t len, struct sd_error *err)
{
    struct input in = {.p = bytes, .end = (const unsigned char *)bytes + len};
    uint64_t version = get_varint(&in), code = get_varint(&in);
    const char *origin = in.bad || code < 2 ? NULL : get_text(&in, code);
    uint64_t at = get64(&in);
    if (in.bad || !origin || version != CODE_VERSION) {
        fail(err, "the batch is damaged, or was written by a newer slowdive");
        return NULL;
    }
    struct sd_batch *b = batch_new(origin, (sd_time)at);
    while (in.p < in.end) {
        if (!get_block(&in, b)) {
            fail(err, "the batch of %.100s is damaged at byte %zu", origin,
                 (size_t)(in.p - (const unsigned char *)bytes));
            batch_unref(b);
            return NULL;
        }
    }
    return b;
}
