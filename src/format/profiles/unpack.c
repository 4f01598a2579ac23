#include "format/profiles/unpack.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "format/profiles/profile_file.h"

static bool is_gzip(const unsigned char *b, size_t len)
{
    return len > 17 && b[0] == 0x1f && b[1] == 0x8b;
}

/* A frame, or one to skip, as pzstd begins. */
static bool is_zstd(const unsigned char *b, size_t len)
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd}, skip[] = {0x2a, 0x4d, 0x18};
    return len > 8 &&
           (!memcmp(b, frame, sizeof frame) || ((b[0] & 0xf0) == 0x50 && !memcmp(b + 1, skip, sizeof skip)));
}

static bool is_utf16(const unsigned char *b, size_t len)
{
    return len >= 4 && ((b[0] == 0xff && b[1] == 0xfe && (b[2] || b[3])) || (b[0] == 0xfe && b[1] == 0xff));
}

bool is_packed(const void *bytes, size_t len)
{
    return is_gzip(bytes, len) || is_zstd(bytes, len) || is_utf16(bytes, len);
}

static size_t gzip_head(const void *bytes, size_t len, unsigned char *out, size_t cap)
{
    z_stream z = {.next_in = (Bytef *)(size_t)bytes, .avail_in = (uInt)len};
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return 0;
    z.next_out = out;
    z.avail_out = (uInt)cap;
    inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    return cap - z.avail_out;
}

static size_t zstd_head(const void *bytes, size_t len, unsigned char *out, size_t cap)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer in = {.src = bytes, .size = len};
    ZSTD_outBuffer to = {.dst = out, .size = cap};
    size_t before = SIZE_MAX;
    while (z && in.pos < in.size && to.pos < to.size && in.pos + to.pos != before) {
        before = in.pos + to.pos;
        if (ZSTD_isError(ZSTD_decompressStream(z, &to, &in)))
            break;
    }
    ZSTD_freeDStream(z);
    return to.pos;
}

/* As UTF-8, as far as there is room. */
static size_t utf16_text(const unsigned char *b, size_t len, unsigned char *out, size_t cap)
{
    unsigned high = b[0] == 0xfe ? 0 : 1, n = 0;
    size_t to = 0;
    uint32_t c, first = 0;
    for (size_t i = 2; i + 1 < len && to + 4 <= cap; i += 2) {
        c = (uint32_t)b[i + high] << 8 | b[i + 1 - high];
        if (c >= 0xd800 && c < 0xdc00) { /* half of a character */
            first = c;
            continue;
        }
        if (c >= 0xdc00 && c < 0xe000)
            c = first ? 0x10000 + ((first - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
        first = 0;
        n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (unsigned k = n; k-- > 0; c >>= 6)
            out[to + k] = (unsigned char)(k ? 0x80 | (c & 63) : marks[n] | c);
        to += n;
    }
    return to;
}

size_t unpack_head(const void *bytes, size_t len, unsigned char *out, size_t cap)
{
    return is_gzip(bytes, len)    ? gzip_head(bytes, len, out, cap)
           : is_utf16(bytes, len) ? utf16_text(bytes, len, out, cap)
                                  : zstd_head(bytes, len, out, cap);
}

/* Room for more. */
static void widen(unsigned char **out, size_t n, size_t *cap)
{
    if (n == *cap) {
        *cap = MIN(*cap * 2, (size_t)PROFILE_FILE_MAX + 1);
        *out = mem_realloc(*out, *cap);
    }
}

/* False: it is cut or broken. Larger than allowed: *n says so. */
static bool gzip_all(const void *bytes, size_t len, unsigned char **out, size_t *n, size_t cap)
{
    z_stream z = {.next_in = (Bytef *)(size_t)bytes, .avail_in = (uInt)len};
    int state = inflateInit2(&z, 15 + 16);
    while (state == Z_OK && *n <= PROFILE_FILE_MAX) {
        widen(out, *n, &cap);
        z.next_out = *out + *n;
        z.avail_out = (uInt)(cap - *n);
        state = inflate(&z, Z_NO_FLUSH);
        *n = cap - z.avail_out;
        if (state == Z_STREAM_END && is_gzip(z.next_in, z.avail_in))
            state = inflateReset(&z);
    }
    inflateEnd(&z);
    return state == Z_STREAM_END;
}

static bool zstd_all(const void *bytes, size_t len, unsigned char **out, size_t *n, size_t cap)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer in = {.src = bytes, .size = len};
    size_t state = 1;
    bool moved = true;
    while (z && moved && *n <= PROFILE_FILE_MAX && (in.pos < in.size || state)) {
        size_t at = in.pos;
        widen(out, *n, &cap);
        ZSTD_outBuffer to = {.dst = *out, .size = cap, .pos = *n};
        state = ZSTD_decompressStream(z, &to, &in);
        moved = !ZSTD_isError(state) && (to.pos > *n || in.pos > at);
        *n = to.pos;
    }
    ZSTD_freeDStream(z);
    return state == 0;
}

unsigned char *unpack_all(const void *bytes, size_t len, size_t *n, struct sd_error *err)
{
    bool gzip = is_gzip(bytes, len);
    if (is_utf16(bytes, len)) {
        unsigned char *text = mem_realloc(NULL, len * 3 / 2 + 8);
        *n = utf16_text(bytes, len, text, len * 3 / 2 + 8);
        return text;
    }
    size_t cap = MIN(len * 4 + 65536, (size_t)PROFILE_FILE_MAX + 1);
    unsigned char *out = mem_realloc(NULL, cap);
    *n = 0;
    bool whole = (gzip ? gzip_all : zstd_all)(bytes, len, &out, n, cap);
    if (*n > PROFILE_FILE_MAX)
        sd_fail(err, SD_CONFIG, "it unpacks to more than 256 MiB");
    else if (!whole)
        sd_fail(err, SD_CONFIG, "its %s data is cut or broken", gzip ? "gzip" : "zstd");
    if (*n <= PROFILE_FILE_MAX && whole)
        return out;
    free(out);
    return NULL;
}
