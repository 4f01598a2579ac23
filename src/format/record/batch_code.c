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
 *   HIST  0 none; otherwise 1 + buckets, then steps of index and counts
 *   LIST  0 none; 1 as before; otherwise 2 + items, and those as a column would have them
 * A type from LIST_INT on is followed by the number of bytes of its column, so that a
 * reader that does not know the type passes over it. */
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

/* The value before, in a column or in a list. */
struct before {
    int64_t integer;
    double real;
    const char *text;
};
#define BEFORE_ALL ((struct before){.real = (double)NAN})

static void put_integer(struct strbuf *out, int64_t v, struct before *last)
{
    uint64_t z = zigzag((uint64_t)v - (uint64_t)last->integer);
    if (!sd_known(v)) {
        put_varint(out, 0);
        return;
    }
    put_varint(out, z > UINT64_MAX / 2 ? 1 : z + 2);
    if (z > UINT64_MAX / 2)
        put64(out, (uint64_t)v);
    last->integer = v;
}

static void put_real(struct strbuf *out, double v, struct before *last)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    bool same = !isnan(last->real) && !memcmp(&v, &last->real, sizeof v);
    strbuf_char(out, isnan(v) ? 0 : same ? 2 : 1);
    if (!isnan(v) && !same)
        put64(out, bits);
    last->real = isnan(v) ? last->real : v;
}

static void put_string(struct strbuf *out, const char *s, struct before *last)
{
    if (!s || (last->text && !strcmp(s, last->text))) {
        put_varint(out, s ? 1 : 0);
        return;
    }
    put_text(out, s);
    last->text = s;
}

/* A list as any of the three; the union is read by the member its field says. */
union list {
    const void *any;
    const struct sd_ints *ints;
    const struct sd_reals *reals;
    const struct sd_texts *texts;
};

static uint32_t list_length(union list l, enum sd_field_type type)
{
    return type == SD_FIELD_LIST_INT ? l.ints->n : type == SD_FIELD_LIST_REAL ? l.reals->n : l.texts->n;
}

static void put_items(struct strbuf *out, union list l, enum sd_field_type type)
{
    struct before last = BEFORE_ALL;
    uint32_t n = list_length(l, type);
    for (uint32_t i = 0; i < n; i++) {
        if (type == SD_FIELD_LIST_INT)
            put_integer(out, l.ints->items[i], &last);
        else if (type == SD_FIELD_LIST_REAL)
            put_real(out, l.reals->items[i], &last);
        else
            put_string(out, l.texts->items[i], &last);
    }
}

/* Lists repeat: the one before is compared as it was written. */
static void put_lists(struct strbuf *out, const void *const *records, size_t n, const struct sd_field *f)
{
    struct strbuf column = {0}, one = {0}, before = {0};
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        union list l = {.any = *CONST_FIELD(records[i], f, void *)};
        if (!l.any) {
            put_varint(&column, 0);
            continue;
        }
        strbuf_clear(&one);
        put_varint(&one, (uint64_t)list_length(l, f->type) + 2);
        put_items(&one, l, f->type);
        if (any && one.len == before.len && !memcmp(one.text, before.text, one.len)) {
            put_varint(&column, 1);
            continue;
        }
        strbuf_add(&column, one.text, one.len);
        struct strbuf swap = before;
        before = one;
        one = swap;
        any = true;
    }
    put_varint(out, column.len);
    strbuf_add(out, column.text, column.len);
    strbuf_free(&column);
    strbuf_free(&one);
    strbuf_free(&before);
}

static void put_column(struct strbuf *out, const void *const *records, size_t n, const struct sd_field *f)
{
    struct before last = BEFORE_ALL;
    strbuf_char(out, (char)f->type);
    if (f->type >= SD_FIELD_LIST_INT) {
        put_lists(out, records, n, f);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const void *r = records[i];
        if (f->type == SD_FIELD_INT)
            put_integer(out, *CONST_FIELD(r, f, int64_t), &last);
        else if (f->type == SD_FIELD_REAL)
            put_real(out, *CONST_FIELD(r, f, double), &last);
        else if (f->type == SD_FIELD_TEXT)
            put_string(out, *CONST_FIELD(r, f, char *), &last);
        else
            put_hist(out, *CONST_FIELD(r, f, struct sd_hist *));
    }
}

void columns_encode(const struct sd_schema *sc, const void *const *records, size_t n, struct strbuf *out)
{
    for (size_t i = 0; i < sc->n_fields; i++)
        put_column(out, records, n, &sc->fields[i]);
}

void batch_encode(const struct sd_batch *b, struct strbuf *out)
{
    struct strbuf block = {0};
    const void **records = mem_array(batch_len(b), sizeof *records);
    put_varint(out, CODE_VERSION);
    put_text(out, batch_origin(b));
    put64(out, (uint64_t)batch_time(b));
    for (size_t from = 0, to; from < batch_len(b); from = to) {
        enum sd_kind kind, other;
        records[0] = batch_record(b, from, &kind);
        for (to = from + 1; to < batch_len(b); to++) {
            records[to - from] = batch_record(b, to, &other);
            if (other != kind)
                break;
        }
        const struct sd_schema *sc = schema_of(kind);
        strbuf_clear(&block);
        columns_encode(sc, records, to - from, &block);
        put_varint(out, kind);
        put_varint(out, to - from);
        put_varint(out, sc->n_fields);
        put_varint(out, block.len);
        strbuf_add(out, block.text, block.len);
    }
    free(records);
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

static int64_t get_integer(struct input *in, struct before *last)
{
    uint64_t code = get_varint(in), z = code - 2;
    if (!code)
        return SD_UNKNOWN;
    if (code == 1)
        last->integer = (int64_t)get64(in);
    else
        last->integer = (int64_t)((uint64_t)last->integer + (z >> 1 ^ (0 - (z & 1))));
    return last->integer;
}

static double get_real(struct input *in, struct before *last)
{
    uint64_t code = get_varint(in);
    if (code == 1) {
        uint64_t bits = get64(in);
        memcpy(&last->real, &bits, sizeof bits);
    }
    return code ? last->real : (double)NAN;
}

static const char *get_string(struct input *in, struct before *last)
{
    uint64_t code = get_varint(in);
    if (code >= 2)
        last->text = get_text(in, code);
    return code ? last->text : NULL;
}

static const void *get_list(struct input *in, enum sd_field_type type, uint64_t n, struct arena *a)
{
    struct before last = BEFORE_ALL;
    if (n > (uint64_t)(in->end - in->p) || n > UINT32_MAX) { /* an item takes a byte at least */
        in->bad = true;
        return NULL;
    }
    if (type == SD_FIELD_LIST_INT) {
        int64_t *items = arena_alloc(a, n * sizeof *items);
        for (uint64_t i = 0; i < n && !in->bad; i++)
            items[i] = get_integer(in, &last);
        struct sd_ints *list = arena_alloc(a, sizeof *list);
        *list = (struct sd_ints){.n = (uint32_t)n, .items = items};
        return list;
    }
    if (type == SD_FIELD_LIST_REAL) {
        double *items = arena_alloc(a, n * sizeof *items);
        for (uint64_t i = 0; i < n && !in->bad; i++)
            items[i] = get_real(in, &last);
        struct sd_reals *list = arena_alloc(a, sizeof *list);
        *list = (struct sd_reals){.n = (uint32_t)n, .items = items};
        return list;
    }
    const char **items = arena_alloc(a, n * sizeof *items);
    for (uint64_t i = 0; i < n && !in->bad; i++)
        items[i] = get_string(in, &last);
    struct sd_texts *list = arena_alloc(a, sizeof *list);
    *list = (struct sd_texts){.n = (uint32_t)n, .items = items};
    return list;
}

/* The column of a list, or of a type that a newer slowdive wrote, which is passed over. */
static void get_lists(struct input *in, uint64_t type, char *records, size_t size, size_t n,
                      const struct sd_field *f, struct arena *a)
{
    uint64_t len = get_varint(in);
    if (in->bad || len > (uint64_t)(in->end - in->p)) {
        in->bad = true;
        return;
    }
    struct input column = {.p = in->p, .end = in->p + len};
    in->p += len;
    const void *last = NULL;
    for (size_t i = 0; f && i < n && !column.bad; i++) {
        uint64_t code = get_varint(&column);
        if (code >= 2)
            last = get_list(&column, (enum sd_field_type)type, code - 2, a);
        if (code)
            *FIELD(records + i * size, f, const void *) = last;
    }
    in->bad |= column.bad;
}

/* One column into field f of n records; f NULL: read and forgotten. */
static void get_column(struct input *in, enum sd_field_type type, char *records, size_t size, size_t n,
                       const struct sd_field *f, struct arena *a)
{
    struct before last = BEFORE_ALL;
    for (size_t i = 0; i < n && !in->bad; i++) {
        union {
            int64_t integer;
            double real;
            const char *text;
            const struct sd_hist *hist;
        } v;
        if (type == SD_FIELD_INT)
            v.integer = get_integer(in, &last);
        else if (type == SD_FIELD_REAL)
            v.real = get_real(in, &last);
        else if (type == SD_FIELD_TEXT)
            v.text = get_string(in, &last);
        else
            v.hist = get_hist(in, a);
        if (f)
            memcpy(records + i * size + f->offset, &v, sizeof v);
    }
}

void *columns_decode(const struct sd_schema *sc, const void *bytes, size_t len, size_t n, size_t n_fields,
                     struct arena *a)
{
    struct input in = {.p = bytes, .end = (const unsigned char *)bytes + len};
    /* Each value takes at least one byte: a larger number is invalid, so allocate nothing for it. */
    if (!n_fields || n_fields > FIELDS_MAX || n > len / n_fields || n > BATCH_MAX_BYTES / sc->size)
        return NULL;
    char *records = arena_alloc(a, n * sc->size);
    for (size_t i = 0; i < n; i++)
        schema_clear(sc, records + i * sc->size);
    for (size_t i = 0; i < n_fields && !in.bad; i++) {
        const struct sd_field *f = i < sc->n_fields ? &sc->fields[i] : NULL;
        uint64_t type = get_varint(&in);
        if (f && type != (uint64_t)f->type)
            in.bad = true;
        else if (type >= SD_FIELD_LIST_INT)
            get_lists(&in, type, records, sc->size, n, f, a);
        else
            get_column(&in, (enum sd_field_type)type, records, sc->size, n, f, a);
    }
    return in.bad ? NULL : records;
}

static bool get_block(struct input *in, struct sd_batch *b)
{
    uint64_t kind = get_varint(in), n = get_varint(in), n_fields = get_varint(in), len = get_varint(in);
    if (in->bad || len > (uint64_t)(in->end - in->p))
        return false;
    const unsigned char *columns = in->p;
    in->p += len;
    const struct sd_schema *sc = kind < SD_KIND_END ? schema_of((enum sd_kind)kind) : NULL;
    if (!sc)
        return true;
    struct arena *a = arena_new();
    const char *records = columns_decode(sc, columns, len, n, n_fields, a);
    bool ok = records != NULL;
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
        fail(err, "the batch is damaged or was written by a newer slowdive");
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
