/* blob.c - see blob.h. */
#include "format/history/blob.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "format/history/blob_columns.h"
#include "format/history/coder.h"
#include "format/record/recording.h"

enum { CRC_BYTES = 4, FORM_DENSE = 1, FORM_FAST, FORM_WHOLE, ZSTD_LEVEL = 3 };

static bool is_whole(enum sd_kind kind)
{
    const struct history_kind *k = history_kind(kind);
    return k && k->how == HISTORY_EACH;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; (p = strstr(p, word)); p += n)
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

bool blob_holds(const struct sd_schema *sc, size_t i)
{
    const struct history_kind *k = history_kind(sc->kind);
    const struct sd_field *f = &sc->fields[i];
    if (!k || k->how == HISTORY_EACH)
        return false;
    return (f->type == SD_FIELD_INT || f->type == SD_FIELD_REAL || f->type == SD_FIELD_HIST) &&
           !has_word(k->key, f->name);
}

/* ---- out ---- */

static void pack_bytes(const struct strbuf *raw, struct strbuf *out)
{
    varint_put(out, raw->len);
    size_t bound = ZSTD_compressBound(raw->len);
    char *to = strbuf_room(out, bound);
    size_t n = ZSTD_compress(to, bound, strbuf_text(raw), raw->len, ZSTD_LEVEL);
    out->len += ZSTD_isError(n) ? 0 : n; /* it cannot fail: the room is enough */
    out->text[out->len] = 0;
}

static uint32_t crc_of(const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(0, bytes, n);
}

void blob_encode(enum sd_kind kind, const struct blob_row *rows, size_t n, bool fast, struct strbuf *out)
{
    const struct sd_schema *sc = schema_of(kind);
    bool whole = is_whole(kind);
    size_t start = out->len;
    struct strbuf body = {0};
    struct coder_out c;
    struct columns_out to = {.sc = sc, .rows = rows, .n = n, .header = out, .coder = &c};
    strbuf_char(out, whole ? FORM_WHOLE : fast ? FORM_FAST : FORM_DENSE);
    varint_put(out, n);
    coder_begin(&c, whole || fast, &body);
    columns_write(&to);
    coder_end(&c);
    if (whole) {
        const void **records = mem_array(n, sizeof *records);
        for (size_t i = 0; i < n; i++)
            records[i] = rows[i].record;
        varint_put(&body, sc->n_fields);
        columns_encode(sc, records, n, &body);
        free(records);
    }
    if (whole || fast)
        pack_bytes(&body, out);
    else
        strbuf_add(out, strbuf_text(&body), body.len);
    strbuf_free(&body);
    uint32_t crc = crc_of(out->text + start, out->len - start);
    for (int i = 0; i < CRC_BYTES; i++)
        strbuf_char(out, (char)(crc >> (8 * i)));
}

/* ---- in ---- */

/* The bytes of a fast blob, unpacked into the arena. */
static const void *unpack_bytes(const unsigned char *p, const unsigned char *end, struct arena *a,
                                size_t *len)
{
    bool bad = false;
    uint64_t want = varint_get(&p, end, &bad);
    if (bad || want > BLOB_BYTES_MAX)
        return NULL;
    /* What cannot be in so few bytes is not made room for: zstd packs at most 1 : 32768 or so. */
    if (want / 65536 > (uint64_t)(end - p))
        return NULL;
    char *bytes = arena_alloc(a, want + 1);
    size_t n = ZSTD_decompress(bytes, want, p, (size_t)(end - p));
    if (ZSTD_isError(n) || n != want)
        return NULL;
    *len = n;
    return bytes;
}

static bool decode_whole(const struct sd_schema *sc, struct coder_in *c, struct blob_row *rows, size_t n,
                         struct arena *a)
{
    uint64_t fields = varint_get(&c->p, c->end, &c->bad);
    if (c->bad)
        return false;
    const char *records = columns_decode(sc, c->p, (size_t)(c->end - c->p), n, fields, a);
    for (size_t i = 0; records && i < n; i++)
        rows[i].record = records + i * sc->size;
    return records != NULL || !n;
}

/* `from` says what is wanted of it. */
static const struct blob_row *decode(struct columns_in *from, enum sd_kind kind, const void *bytes,
                                     size_t len, size_t *n)
{
    const struct sd_schema *sc = schema_of(kind);
    if (len <= CRC_BYTES)
        return NULL;
    const unsigned char *p = bytes, *end = p + len - CRC_BYTES;
    bool bad = crc_of(bytes, len - CRC_BYTES) !=
               (end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 | (uint32_t)end[3] << 24);
    unsigned form = *p++;
    uint64_t rows_n = varint_get(&p, end, &bad);
    if (bad || !sc || form < FORM_DENSE || form > FORM_WHOLE || rows_n > BLOB_ROWS_MAX ||
        (form == FORM_WHOLE) != is_whole(kind))
        return NULL;
    struct coder_in c;
    from->sc = sc;
    from->n = rows_n;
    from->whole = form == FORM_WHOLE;
    if (!columns_head(from, &p, end))
        return NULL;
    size_t body_len = (size_t)(end - p);
    const void *body = p;
    if (form != FORM_DENSE && !(body = unpack_bytes(p, end, from->arena, &body_len)))
        return NULL;
    decoder_begin(&c, form != FORM_DENSE, body, body_len);
    from->coder = &c;
    struct blob_row *rows = columns_read(from);
    if (rows && from->whole && !from->keys && !decode_whole(sc, &c, rows, rows_n, from->arena))
        rows = NULL;
    *n = rows ? rows_n : 0;
    return rows;
}

const struct blob_row *blob_decode(enum sd_kind kind, const void *bytes, size_t len,
                                   const void *(*base)(void *ctx, uint32_t series), void *ctx,
                                   struct arena *a, size_t *n)
{
    struct columns_in from = {.arena = a, .base = base, .ctx = ctx};
    return decode(&from, kind, bytes, len, n);
}

const struct blob_row *blob_keys(enum sd_kind kind, const void *bytes, size_t len, struct arena *a, size_t *n)
{
    struct columns_in from = {.arena = a, .keys = true};
    return decode(&from, kind, bytes, len, n);
}
