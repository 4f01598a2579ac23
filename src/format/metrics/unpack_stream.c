#include "format/metrics/unpack_stream.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { MAGIC = 4, ROOM = 1 << 18 };

enum packing { UNDECIDED, PLAIN, GZIP, ZSTD_FRAMES };

struct unpack_stream {
    enum packing is;
    unsigned char head[MAGIC];
    size_t n_head, max, given;
    unpack_sink *sink;
    void *ctx;
    z_stream z;
    ZSTD_DStream *zstd;
    bool ended; /* a member or a frame has ended, and nothing follows so far */
    char room[ROOM];
};

struct unpack_stream *unpack_stream_new(size_t max, unpack_sink *sink, void *ctx)
{
    struct unpack_stream *u = mem_alloc(sizeof *u);
    u->max = max;
    u->sink = sink;
    u->ctx = ctx;
    return u;
}

void unpack_stream_free(struct unpack_stream *u)
{
    if (!u)
        return;
    if (u->is == GZIP)
        inflateEnd(&u->z);
    ZSTD_freeDStream(u->zstd);
    free(u);
}

static bool give(struct unpack_stream *u, size_t n, struct sd_error *err)
{
    u->given += n;
    if (n)
        u->sink(u->ctx, u->room, n);
    return u->given <= u->max || fail(err, "it unpacks to more than %zu MiB", u->max >> 20);
}

static bool gunzip(struct unpack_stream *u, const unsigned char *s, size_t n, struct sd_error *err)
{
    u->z.next_in = (Bytef *)(size_t)s;
    u->z.avail_in = (uInt)n;
    while (u->z.avail_in) {
        if (u->ended && (inflateReset(&u->z) != Z_OK))
            return fail(err, "its gzip data is broken");
        u->ended = false;
        u->z.next_out = (Bytef *)u->room;
        u->z.avail_out = sizeof u->room;
        int state = inflate(&u->z, Z_NO_FLUSH);
        u->ended = state == Z_STREAM_END;
        if (!give(u, sizeof u->room - u->z.avail_out, err))
            return false;
        if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
            return fail(err, "its gzip data is broken");
    }
    /* What is left inside of zlib comes out without more input. */
    while (!u->ended && !u->z.avail_out) {
        u->z.next_out = (Bytef *)u->room;
        u->z.avail_out = sizeof u->room;
        int state = inflate(&u->z, Z_NO_FLUSH);
        u->ended = state == Z_STREAM_END;
        if (!give(u, sizeof u->room - u->z.avail_out, err))
            return false;
        if (state != Z_OK && state != Z_STREAM_END)
            break;
    }
    return true;
}

static bool unzstd(struct unpack_stream *u, const unsigned char *s, size_t n, struct sd_error *err)
{
    ZSTD_inBuffer in = {.src = s, .size = n};
    bool full = true;
    while (in.pos < in.size || full) {
        ZSTD_outBuffer out = {.dst = u->room, .size = sizeof u->room};
        size_t state = ZSTD_decompressStream(u->zstd, &out, &in);
        full = out.pos == out.size;
        u->ended = state == 0;
        if (!give(u, out.pos, err))
            return false;
        if (ZSTD_isError(state))
            return fail(err, "its zstd data is broken");
    }
    return true;
}

static bool more(struct unpack_stream *u, const unsigned char *s, size_t n, struct sd_error *err)
{
    if (!n)
        return true;
    if (u->is == GZIP)
        return gunzip(u, s, n, err);
    if (u->is == ZSTD_FRAMES)
        return unzstd(u, s, n, err);
    u->sink(u->ctx, (const char *)s, n);
    return true;
}

static void decide(struct unpack_stream *u)
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd}, skip[] = {0x2a, 0x4d, 0x18};
    const unsigned char *h = u->head;
    u->is = PLAIN;
    if (u->n_head >= 2 && h[0] == 0x1f && h[1] == 0x8b && inflateInit2(&u->z, 15 + 16) == Z_OK)
        u->is = GZIP;
    else if (u->n_head == MAGIC && (!memcmp(h, frame, sizeof frame) ||
                                    ((h[0] & 0xf0) == 0x50 && !memcmp(h + 1, skip, sizeof skip))))
        u->is = (u->zstd = ZSTD_createDStream()) ? ZSTD_FRAMES : PLAIN;
}

bool unpack_stream_feed(struct unpack_stream *u, const void *bytes, size_t n, struct sd_error *err)
{
    const unsigned char *s = bytes;
    if (u->is != UNDECIDED)
        return more(u, s, n, err);
    while (n && u->n_head < MAGIC) {
        u->head[u->n_head++] = *s++;
        n--;
    }
    if (u->n_head < MAGIC)
        return true;
    decide(u);
    return more(u, u->head, MAGIC, err) && more(u, s, n, err);
}

bool unpack_stream_end(struct unpack_stream *u, struct sd_error *err)
{
    if (u->is == UNDECIDED) {
        decide(u);
        if (!more(u, u->head, u->n_head, err))
            return false;
    }
    if (u->is == PLAIN || u->ended)
        return true;
    return fail(err, "its %s data is cut", u->is == GZIP ? "gzip" : "zstd");
}
