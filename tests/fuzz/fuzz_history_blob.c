/* Blobs and packs of a history: whatever they hold, decoding ends in bounded memory, and what was decoded is
 * the same when it is written and read again. The first byte chooses; the CRC is made right, so that what is
 * behind it is met. */
#include <stdlib.h>
#include <zlib.h>

#include "format/history/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct blob_row *with_crc(enum sd_kind kind, const uint8_t *data, size_t size, struct arena *a,
                                       size_t *n)
{
    unsigned char *bytes = arena_alloc(a, size + 4);
    uint32_t crc = (uint32_t)crc32_z(0, data, size);
    memcpy(bytes, data, size);
    for (size_t i = 0; i < 4; i++)
        bytes[size + i] = (unsigned char)(crc >> (8 * i));
    const struct blob_row *rows = blob_decode(kind, bytes, size + 4, NULL, NULL, a, n);
    size_t m = 0;
    const struct blob_row *keys = blob_keys(kind, bytes, size + 4, a, &m);
    if (rows && (!keys || m != *n))
        abort();
    for (size_t i = 0; rows && i < m; i++)
        if (keys[i].series != rows[i].series || keys[i].at != rows[i].at ||
            keys[i].length_ns != rows[i].length_ns)
            abort();
    return rows;
}

static void again(enum sd_kind kind, const struct blob_row *rows, size_t n, bool fast, struct arena *a)
{
    struct strbuf one = {0}, two = {0};
    size_t m = 0;
    blob_encode(kind, rows, n, fast, &one);
    const struct blob_row *back = blob_decode(kind, one.text, one.len, NULL, NULL, a, &m);
    if (!back || m != n)
        abort();
    blob_encode(kind, back, m, fast, &two);
    if (one.len != two.len || memcmp(one.text, two.text, one.len))
        abort();
    strbuf_free(&one);
    strbuf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sd_kind KINDS[] = {SD_HTTP, SD_METRIC, SD_STATEMENT, SD_EVENT, SD_HTTP_PART};
    size_t n = 0;
    if (!size)
        return 0;
    struct arena *a = arena_new();
    enum sd_kind kind = KINDS[data[0] % ARRAY_LEN(KINDS)];
    const struct blob_row *rows = with_crc(kind, data + 1, size - 1, a, &n);
    if (rows) {
        again(kind, rows, n, false, a);
        again(kind, rows, n, true, a);
    }
    struct strbuf touched = {0};
    const struct pack_section *p = pack_open(data + 1, size - 1, a, &n);
    for (size_t i = 0; p && i < n; i++)
        strbuf_add(&touched, p[i].bytes, p[i].len);
    strbuf_free(&touched);
    arena_free(a);
    return 0;
}
