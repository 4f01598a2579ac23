#include "format/bundles/font_info.h"

#include <brotli/decode.h>
#include <stdlib.h>
#include <zlib.h>

/* Of maxp, up to its number of glyphs. */
enum { MAXP_HEAD = 6 };

/* What has to be unpacked before maxp; a font of 30 MB is a large one. */
#define UNPACKED_MOST ((uint64_t)256 << 20)

struct bytes {
    const unsigned char *p;
    size_t n;
};

static uint32_t number(struct bytes b, size_t at, size_t n)
{
    uint32_t v = 0;
    if (at > b.n || n > b.n - at)
        return 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | b.p[at + i];
    return v;
}

static bool is_tag(struct bytes b, size_t at, const char *tag)
{
    return at <= b.n && b.n - at >= 4 && memcmp(b.p + at, tag, 4) == 0;
}

static int64_t glyphs_of(const unsigned char *maxp)
{
    return maxp[4] << 8 | maxp[5];
}

/* ---- ttf and otf: the tables as they are ---- */

static bool plain(struct bytes b, struct font_info *out)
{
    size_t at = 0;
    if (is_tag(b, 0, "ttcf")) /* several fonts: the first one */
        at = number(b, 12, 4);
    bool otf = is_tag(b, at, "OTTO");
    if (!otf && !is_tag(b, at, "true") && number(b, at, 4) != 0x00010000)
        return false;
    out->format = otf ? "otf" : "ttf";
    size_t n = number(b, at + 4, 2);
    for (size_t i = 0; i < n; i++) {
        size_t row = at + 12 + 16 * i, table = number(b, row + 8, 4);
        if (is_tag(b, row, "maxp") && table <= b.n && b.n - table >= MAXP_HEAD)
            out->glyphs = glyphs_of(b.p + table);
    }
    return true;
}

/* ---- woff: each table compressed for itself. https://www.w3.org/TR/WOFF/ ---- */

static bool woff(struct bytes b, struct font_info *out)
{
    if (!is_tag(b, 0, "wOFF"))
        return false;
    out->format = "woff";
    size_t n = number(b, 12, 2);
    for (size_t i = 0; i < n; i++) {
        size_t row = 44 + 20 * i, at = number(b, row + 4, 4), packed = number(b, row + 8, 4);
        unsigned char table[64];
        uLongf len = sizeof table;
        if (!is_tag(b, row, "maxp") || at > b.n || packed > b.n - at)
            continue;
        bool plain_table = packed == number(b, row + 12, 4);
        if (plain_table && packed >= MAXP_HEAD)
            out->glyphs = glyphs_of(b.p + at);
        else if (!plain_table && uncompress(table, &len, b.p + at, packed) == Z_OK && len >= MAXP_HEAD)
            out->glyphs = glyphs_of(table);
    }
    return true;
}

/* ---- woff2: all tables in one stream of brotli. https://www.w3.org/TR/WOFF2/ ---- */

/* Their numbers in the list of known tags. */
enum { TAG_MAXP = 4, TAG_GLYF = 10, TAG_LOCA = 11, TAG_WRITTEN = 63 };

/* A number of 7 bits a byte, which is passed. */
static bool base128(struct bytes b, size_t *at, uint32_t *v)
{
    *v = 0;
    for (int i = 0; i < 5 && *at < b.n; i++) {
        unsigned char c = b.p[(*at)++];
        *v = *v << 7 | (c & 127);
        if (!(c & 128))
            return true;
    }
    return false;
}

/* Where maxp is in the unpacked stream, and where the packed one begins. */
static bool find_maxp(struct bytes b, uint64_t *maxp, size_t *stream)
{
    size_t at = 48, n = number(b, 12, 2);
    uint64_t offset = 0;
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        uint32_t length, transformed;
        if (at >= b.n)
            return false;
        unsigned tag = b.p[at] & 63, form = b.p[at] >> 6;
        at++;
        bool is_maxp = tag == TAG_MAXP || (tag == TAG_WRITTEN && is_tag(b, at, "maxp"));
        at += tag == TAG_WRITTEN ? 4 : 0;
        if (!base128(b, &at, &length))
            return false;
        bool has_other = tag == TAG_GLYF || tag == TAG_LOCA ? form != 3 : form != 0;
        if (has_other && !base128(b, &at, &transformed))
            return false;
        if (is_maxp) {
            *maxp = offset;
            found = length >= MAXP_HEAD;
        }
        offset += has_other ? transformed : length;
    }
    *stream = at;
    return found;
}

/* The bytes of a stream from `from` on; what is before them is thrown away. */
static bool unpack_at(struct bytes packed, uint64_t from, unsigned char *to, size_t n)
{
    enum { CHUNK = 65536 };
    unsigned char *chunk = mem_alloc(CHUNK);
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    uint64_t done = 0;
    size_t have = 0;
    BrotliDecoderResult result =
        state ? BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT : BROTLI_DECODER_RESULT_ERROR;
    while (have < n && done < UNPACKED_MOST && result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        unsigned char *next = chunk;
        size_t room = CHUNK;
        result = BrotliDecoderDecompressStream(state, &packed.n, &packed.p, &room, &next, NULL);
        for (size_t i = 0; i < (size_t)(next - chunk) && have < n; i++)
            if (done + i >= from)
                to[have++] = chunk[i];
        done += (uint64_t)(next - chunk);
    }
    if (state)
        BrotliDecoderDestroyInstance(state);
    free(chunk);
    return have == n;
}

static bool woff2(struct bytes b, struct font_info *out)
{
    uint64_t maxp = 0;
    size_t stream = 0;
    unsigned char head[MAXP_HEAD];
    if (!is_tag(b, 0, "wOF2"))
        return false;
    out->format = "woff2";
    /* Behind the tables of a collection a list of its fonts follows. */
    if (is_tag(b, 4, "ttcf") || !find_maxp(b, &maxp, &stream) || stream > b.n)
        return true;
    struct bytes packed = {.p = b.p + stream, .n = MIN(b.n - stream, (size_t)number(b, 20, 4))};
    if (unpack_at(packed, maxp, head, sizeof head))
        out->glyphs = glyphs_of(head);
    return true;
}

bool font_info_read(const char *bytes, size_t len, struct font_info *out)
{
    struct bytes b = {.p = (const unsigned char *)bytes, .n = len};
    *out = (struct font_info){.glyphs = SD_UNKNOWN};
    return woff2(b, out) || woff(b, out) || plain(b, out);
}
