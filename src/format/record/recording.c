/* recording.c - frames: found, checked, packed and unpacked. */
#include "format/record/recording.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define HEADER_MAGIC "SLOWDIVE"
#define FRAME_MAGIC  "\xf5SDF"
enum { HEADER = RECORDING_HEADER_BYTES, ENTRY = 32, VERSION = 1, KIND_BATCHES = 1, LEVEL = 3 };
/* Nothing a writer makes is larger; what claims to be is damage or an attack. */
#define RAW_MAX ((size_t)96 << 20)
/* Honest frames unpack to some 4 times their size, and their batches take some 20 times of
 * it in memory. A frame, and all of them together, get so much for nothing and then so many
 * times their length: small bombs stay small, and the work is linear in the file's size. */
#define FRAME_FREE ((size_t)4 << 20)
#define TOTAL_FREE ((uint64_t)256 << 20)
enum { EXPANSION = 200 };
/* Frames that are broken may overlap as they like, and each asks for its checksum. Broken
 * recordings, cut and appended to, need twice the file's length; behind this many times the
 * bytes a broken frame claims are passed over. */
enum { BROKEN_READS = 8 };

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}

static uint32_t get32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t crc_of(const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(0, bytes, n);
}

void recording_header(struct strbuf *out)
{
    unsigned char h[HEADER] = HEADER_MAGIC;
    put32(h + 8, VERSION);
    put32(h + 12, crc_of(h, 12));
    strbuf_add(out, h, sizeof h);
}

bool recording_begins(const void *bytes, size_t len)
{
    return len > 0 && !memcmp(bytes, HEADER_MAGIC, MIN(len, 8));
}

static void add_varint(struct strbuf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        strbuf_char(out, (char)(v | 0x80));
    strbuf_char(out, (char)v);
}

void recording_encode_many(const struct sd_batch *const *batches, size_t n, struct strbuf *out)
{
    if (!n)
        return;
    struct strbuf raw = {0}, one = {0};
    for (size_t i = 0; i < n; i++) {
        strbuf_clear(&one);
        batch_encode(batches[i], &one);
        add_varint(&raw, one.len);
        strbuf_add(&raw, one.text, one.len);
    }
    size_t room = ZSTD_compressBound(raw.len);
    char *packed = mem_realloc(NULL, room);
    size_t len = ZSTD_compress(packed, room, raw.text, raw.len, LEVEL);
    if (!ZSTD_isError(len) && raw.len <= RAW_MAX) {
        unsigned char e[ENTRY] = FRAME_MAGIC;
        uint64_t at = (uint64_t)batch_time(batches[0]);
        put32(e + 4, (uint32_t)len);
        put32(e + 8, (uint32_t)at);
        put32(e + 12, (uint32_t)(at >> 32));
        put32(e + 16, KIND_BATCHES);
        put32(e + 20, crc_of(packed, len));
        put32(e + 24, (uint32_t)raw.len);
        put32(e + 28, crc_of(e, 28));
        strbuf_add(out, e, sizeof e);
        strbuf_add(out, packed, len);
    }
    free(packed);
    strbuf_free(&raw);
    strbuf_free(&one);
}

/* ---- reading ---- */

struct reader {
    const unsigned char *bytes;
    size_t len;
    void (*sink)(void *ctx, struct sd_batch *b);
    bool (*stop)(void *ctx);
    void *ctx;
    struct recording_stats *stats;
    uint64_t unpacked; /* bytes unpacked and held by the batches they gave */
    uint64_t wasted;   /* bytes of broken frames that were read for their checksum */
};

enum frame_state { FRAME_FINE, FRAME_BROKEN, FRAME_USELESS /* whole, but nothing to be had of it */ };

static bool entry_at(const struct reader *r, size_t at)
{
    const unsigned char *e = r->bytes + at;
    return r->len - at >= ENTRY && !memcmp(e, FRAME_MAGIC, 4) && get32(e + 28) == crc_of(e, 28);
}

sd_time recording_entry_time(const char entry[RECORDING_ENTRY_BYTES])
{
    const struct reader r = {.bytes = (const unsigned char *)entry, .len = RECORDING_ENTRY_BYTES};
    if (!entry_at(&r, 0))
        return SD_UNKNOWN;
    return (sd_time)(get32(r.bytes + 8) | (uint64_t)get32(r.bytes + 12) << 32);
}

/* The next valid entry from `at` on, or len. */
static size_t next_entry(const struct reader *r, size_t at)
{
    while (at < r->len) {
        const unsigned char *p = memchr(r->bytes + at, FRAME_MAGIC[0] & 0xff, r->len - at);
        if (!p)
            break;
        at = (size_t)(p - r->bytes);
        if (entry_at(r, at))
            return at;
        at++;
    }
    return r->len;
}

static bool get_varint(const unsigned char **p, const unsigned char *end, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; *p < end && shift < 64; shift += 7) {
        unsigned char c = *(*p)++;
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return true;
    }
    return false;
}

static void spend(struct reader *r, size_t bytes)
{
    r->unpacked += bytes;
    r->stats->work += bytes;
}

/* Has it been enough? */
static bool ended(struct reader *r)
{
    r->stats->too_large = r->unpacked > TOTAL_FREE + EXPANSION * (uint64_t)r->len;
    r->stats->stopped = r->stop && r->stop(r->ctx);
    return r->stats->too_large || r->stats->stopped;
}

static bool unpack(const unsigned char *raw, size_t len, struct reader *r)
{
    const unsigned char *p = raw, *end = raw + len;
    struct sd_error err;
    while (p < end) {
        uint64_t n;
        if (!get_varint(&p, end, &n) || n > (size_t)(end - p))
            return false;
        struct sd_batch *b = batch_decode(p, n, &err);
        if (!b)
            return false;
        spend(r, batch_bytes(b));
        r->sink(r->ctx, b);
        p += n;
        if (ended(r))
            return p == end;
    }
    return true;
}

/* Frames of a kind this version does not know are passed over without complaint. */
static enum frame_state frame(struct reader *r, const unsigned char *e)
{
    size_t len = get32(e + 4), raw_len = get32(e + 24);
    r->stats->work += len;
    if (get32(e + 20) != crc_of(e + ENTRY, len))
        return FRAME_BROKEN;
    if (get32(e + 16) != KIND_BATCHES)
        return FRAME_FINE;
    if (raw_len > RAW_MAX || raw_len > FRAME_FREE + EXPANSION * len ||
        ZSTD_getFrameContentSize(e + ENTRY, len) != raw_len)
        return FRAME_USELESS;
    spend(r, raw_len);
    unsigned char *raw = mem_realloc(NULL, raw_len);
    bool ok = ZSTD_decompress(raw, raw_len, e + ENTRY, len) == raw_len && unpack(raw, raw_len, r);
    free(raw);
    return ok ? FRAME_FINE : FRAME_USELESS;
}

/* Reads the frame whose valid entry is at `at`; gives where to go on. */
static size_t take_frame(struct reader *r, size_t at)
{
    size_t size = get32(r->bytes + at + 4);
    bool whole = size <= r->len - at - ENTRY;
    enum frame_state state = whole ? frame(r, r->bytes + at) : FRAME_BROKEN;
    if (state == FRAME_FINE)
        r->stats->frames++;
    else if (state == FRAME_USELESS)
        r->stats->lost++;
    if (state != FRAME_BROKEN)
        return at + ENTRY + size;
    r->wasted += whole ? size : 0;
    /* Searched from here and not behind its end: a recording that was cut and then
     * appended to has good frames where the rest of this one should be. */
    bool inside = !whole || r->wasted <= BROKEN_READS * (uint64_t)r->len;
    at = inside ? next_entry(r, at + ENTRY) : at + ENTRY + size;
    if (!whole && at == r->len)
        r->stats->cut = true;
    else
        r->stats->lost++;
    return at;
}

bool recording_decode(const void *bytes, size_t len, void (*sink)(void *ctx, struct sd_batch *b),
                      bool (*stop)(void *ctx), void *ctx, struct recording_stats *stats, struct sd_error *err)
{
    struct recording_stats own;
    struct reader r = {
        .bytes = bytes, .len = len, .sink = sink, .stop = stop, .ctx = ctx, .stats = stats ? stats : &own};
    *r.stats = (struct recording_stats){0};
    if (!len)
        return fail(err, "the file is empty, so it is not a slowdive recording");
    bool begins = recording_begins(bytes, len);
    if (len < HEADER && begins) {
        r.stats->cut = true;
        return true;
    }
    const unsigned char *h = bytes;
    bool header = begins && len >= HEADER && get32(h + 12) == crc_of(h, 12);
    if (header && get32(h + 8) > VERSION)
        return fail(
            err, "the recording has format %u, written by a newer slowdive; this one reads up to format %d",
            get32(h + 8), VERSION);
    size_t at = HEADER;
    if (!header) {
        at = next_entry(&r, 0);
        if (at == len && !begins)
            return fail(err, "this is not a slowdive recording");
        r.stats->lost++;
    }
    while (at < len && !ended(&r)) {
        if (entry_at(&r, at)) {
            at = take_frame(&r, at);
        } else if (len - at < ENTRY && !memcmp(r.bytes + at, FRAME_MAGIC, MIN(len - at, 4))) {
            r.stats->cut = true;
            break;
        } else {
            r.stats->lost++;
            at = next_entry(&r, at + 1);
        }
    }
    return true;
}
