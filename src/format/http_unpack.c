#include "format/http_unpack.h"

#include <zlib.h>
#include <zstd.h>

enum { STEP = 256 << 10, ANY_WINDOW = 15 + 32, RAW_WINDOW = -15 };

/* Where more comes out; 0: there is as much as may come. */
static size_t room(struct strbuf *out, size_t max, char **to)
{
    size_t left = MIN(max + 1 - out->len, MAX((size_t)STEP, out->len / 2));
    *to = left ? strbuf_room(out, left) : NULL;
    return left;
}

enum { DEFLATE_LEAST = 100, DEFLATE_MOST = 1040 }; /* a byte becomes 1032 at most; 100 are a bomb's */

/* The end of a gzip member tells how long it is, modulo 2^32. In what is cut any number stands there: it is
 * only believed where no one packs so, and deflate can. */
static bool gzip_is_long(const char *bytes, size_t n, size_t max)
{
    const uint8_t *end = (const uint8_t *)bytes + n;
    if (n < 18 || (uint8_t)bytes[0] != 0x1f || (uint8_t)bytes[1] != 0x8b)
        return false;
    uint32_t told = (uint32_t)end[-1] << 24 | (uint32_t)end[-2] << 16 | (uint32_t)end[-3] << 8 | end[-4];
    return told > max && told / n >= DEFLATE_LEAST && told / n <= DEFLATE_MOST;
}

static enum http_unpacked inflate_all(int window, const char *bytes, size_t n, size_t max, struct strbuf *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
    int r = inflateInit2(&z, window);
    bool ended = false;
    while (r == Z_OK && out->len <= max) {
        char *to;
        size_t left = room(out, max, &to);
        uInt in = z.avail_in;
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)left;
        r = inflate(&z, Z_NO_FLUSH);
        size_t got = left - z.avail_out;
        out->len += got;
        ended = r == Z_STREAM_END;
        if (ended && z.avail_in && *z.next_in == 0x1f) /* another member of gzip */
            r = inflateReset(&z);
        else if (r == Z_OK && in == z.avail_in && !got)
            break;
    }
    inflateEnd(&z);
    if (out->len > max)
        return HTTP_UNPACKED_LONG;
    return ended && !z.avail_in ? HTTP_UNPACKED : HTTP_UNPACKED_BROKEN;
}

/* Some send raw deflate under the name of zlib's form. */
static enum http_unpacked deflate_all(const char *bytes, size_t n, size_t max, struct strbuf *out)
{
    enum http_unpacked r = inflate_all(ANY_WINDOW, bytes, n, max, out);
    if (r != HTTP_UNPACKED_BROKEN)
        return r;
    out->len = 0;
    return inflate_all(RAW_WINDOW, bytes, n, max, out);
}

static enum http_unpacked zstd_all(const char *bytes, size_t n, size_t max, struct strbuf *out)
{
    unsigned long long told = ZSTD_getFrameContentSize(bytes, n);
    ZSTD_inBuffer in = {.src = bytes, .size = n};
    size_t hint = 1;
    if (told == ZSTD_CONTENTSIZE_ERROR)
        return HTTP_UNPACKED_BROKEN;
    if (told != ZSTD_CONTENTSIZE_UNKNOWN && told > max)
        return HTTP_UNPACKED_LONG;
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 25); /* more than that no one needs for 20 MiB */
    while (out->len <= max && !ZSTD_isError(hint) && (hint || in.pos < in.size)) {
        char *to;
        ZSTD_outBuffer o = {.size = room(out, max, &to)};
        size_t before = in.pos;
        o.dst = to;
        hint = ZSTD_decompressStream(z, &o, &in);
        out->len += ZSTD_isError(hint) ? 0 : o.pos;
        if (!ZSTD_isError(hint) && !o.pos && before == in.pos)
            break;
    }
    ZSTD_freeDStream(z);
    if (out->len > max)
        return HTTP_UNPACKED_LONG;
    return hint ? HTTP_UNPACKED_BROKEN : HTTP_UNPACKED;
}

enum http_unpacked http_unpack(struct http_text encoding, const char *bytes, size_t n, size_t max,
                               struct strbuf *out)
{
    strbuf_clear(out);
    if (!encoding.at || !encoding.n || http_is_word(encoding, "identity"))
        return HTTP_PLAIN;
    if (n > UINT32_MAX || max > UINT32_MAX / 2)
        return HTTP_UNPACKED_LONG;
    if (http_is_word(encoding, "gzip") || http_is_word(encoding, "x-gzip"))
        return gzip_is_long(bytes, n, max) ? HTTP_UNPACKED_LONG : inflate_all(ANY_WINDOW, bytes, n, max, out);
    if (http_is_word(encoding, "deflate"))
        return deflate_all(bytes, n, max, out);
    if (http_is_word(encoding, "zstd"))
        return zstd_all(bytes, n, max, out);
    return HTTP_UNPACKED_UNKNOWN;
}
