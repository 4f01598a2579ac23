#include "format/caches/http_body.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdlib.h>
#include <strings.h>
#include <zlib.h>

enum { ENCODINGS_MAX = 4, GZIP_WINDOW = 15 + 16, ANY_WINDOW = 15 + 32, STEP = 64 << 10 };

/* What comes out, `max` bytes at most. */
struct out {
    char *bytes;
    size_t n, cap, max;
};

static bool room(struct out *o)
{
    if (o->n < o->cap)
        return true;
    if (o->cap > o->max)
        return false; /* longer */
    o->cap = MIN(MAX(o->cap * 2, (size_t)STEP), o->max + 1);
    o->bytes = mem_realloc(o->bytes, o->cap);
    return true;
}

/* gzip of several members, or zlib. False: broken, cut or too long. */
static bool inflate_all(int window, const char *bytes, size_t len, struct out *o)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len};
    int r = inflateInit2(&z, window);
    bool ended = false;
    while (r == Z_OK && room(o)) {
        z.next_out = (Bytef *)o->bytes + o->n;
        z.avail_out = (uInt)(o->cap - o->n);
        uInt in = z.avail_in, left = z.avail_out;
        r = inflate(&z, Z_NO_FLUSH);
        o->n += left - z.avail_out;
        ended = r == Z_STREAM_END;
        if (ended && z.avail_in && window == ANY_WINDOW &&
            http_body_is_gzip((const char *)z.next_in, z.avail_in))
            r = inflateReset(&z);
        else if (r == Z_OK && in == z.avail_in && left == z.avail_out)
            break;
    }
    inflateEnd(&z);
    return ended && o->n <= o->max;
}

static bool brotli_all(const char *bytes, size_t len, struct out *o)
{
    BrotliDecoderState *b = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = (const uint8_t *)bytes;
    BrotliDecoderResult r = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (b && r == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && room(o)) {
        uint8_t *to = (uint8_t *)o->bytes + o->n;
        size_t left = o->cap - o->n, before = left;
        r = BrotliDecoderDecompressStream(b, &len, &in, &left, &to, NULL);
        o->n += before - left;
    }
    if (b)
        BrotliDecoderDestroyInstance(b);
    return r == BROTLI_DECODER_RESULT_SUCCESS && o->n <= o->max;
}

/* Some send raw deflate under the name of zlib's form. */
static bool decode_one(const char *name, const char *bytes, size_t len, struct out *o)
{
    if (!strcasecmp(name, "gzip") || !strcasecmp(name, "x-gzip"))
        return inflate_all(ANY_WINDOW, bytes, len, o);
    if (!strcasecmp(name, "br"))
        return brotli_all(bytes, len, o);
    if (strcasecmp(name, "deflate") != 0)
        return false;
    if (inflate_all(ANY_WINDOW, bytes, len, o))
        return true;
    o->n = 0;
    return inflate_all(-15, bytes, len, o);
}

/* The names, in the order in which they were applied. */
static size_t encodings(const char *list, char names[ENCODINGS_MAX][16])
{
    size_t n = 0;
    for (const char *p = list ? list : ""; *p;) {
        p += strspn(p, " \t,");
        size_t len = strcspn(p, " \t,");
        if (len && !(len == 8 && !strncasecmp(p, "identity", 8))) {
            if (n == ENCODINGS_MAX)
                return SIZE_MAX;
            snprintf(names[n++], 16, "%.*s", (int)MIN(len, (size_t)15), p);
        }
        p += len;
    }
    return n;
}

char *http_body_decode(const char *encoding, const char *bytes, size_t len, size_t max, size_t *n)
{
    char names[ENCODINGS_MAX][16];
    size_t k = encodings(encoding, names);
    if (k == SIZE_MAX || len > max || len > UINT32_MAX)
        return NULL;
    char *held = mem_strndup("", 0);
    const char *now = bytes;
    *n = len;
    while (k--) {
        struct out o = {.max = MIN(max, (size_t)UINT32_MAX - 1)};
        if (!decode_one(names[k], now, *n, &o)) {
            free(o.bytes);
            free(held);
            return NULL;
        }
        free(held);
        now = held = o.bytes ? o.bytes : mem_strndup("", 0);
        *n = o.n;
    }
    if (now != bytes)
        return held;
    free(held);
    held = mem_alloc(len + 1);
    memcpy(held, bytes, len);
    return held;
}

bool http_body_is_gzip(const char *bytes, size_t len)
{
    return len >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}

int64_t http_body_gzip(const char *bytes, size_t len)
{
    unsigned char *to = mem_array(STEP, 1);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len};
    int r =
        len > UINT32_MAX ? Z_BUF_ERROR : deflateInit2(&z, 9, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY);
    int64_t n = 0;
    while (r == Z_OK) {
        z.next_out = to;
        z.avail_out = STEP;
        r = deflate(&z, Z_FINISH);
        n += STEP - z.avail_out;
    }
    deflateEnd(&z);
    free(to);
    return r == Z_STREAM_END ? n : SD_UNKNOWN;
}

int64_t http_body_brotli(const char *bytes, size_t len, bool (*stop)(void *ctx), void *ctx)
{
    BrotliEncoderState *b = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = (const uint8_t *)bytes;
    uint8_t *to = mem_array(STEP, 1);
    int64_t n = 0;
    bool going = b && BrotliEncoderSetParameter(b, BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY) &&
                 BrotliEncoderSetParameter(b, BROTLI_PARAM_SIZE_HINT, (uint32_t)MIN(len, (size_t)UINT32_MAX));
    for (size_t left = len; going && !BrotliEncoderIsFinished(b);) {
        size_t given = MIN(left, (size_t)STEP), rest = given, room = STEP;
        uint8_t *out = to;
        bool last = left == given;
        going = !(stop && stop(ctx)) &&
                BrotliEncoderCompressStream(b, last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS,
                                            &rest, &in, &room, &out, NULL);
        left -= given - rest;
        n += (int64_t)(STEP - room);
    }
    if (b)
        BrotliEncoderDestroyInstance(b);
    free(to);
    return going ? n : SD_UNKNOWN;
}
