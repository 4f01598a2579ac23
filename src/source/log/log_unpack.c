#include "source/log/log_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#define ZLIB_CONST /* the input is const */
#include <zlib.h>
#include <zstd.h>

enum { ROOM = 256 << 10 };

struct log_unpack {
    bool decided, zstd, inflating, member_open;
    z_stream z;
    ZSTD_DStream *frames;
    char room[ROOM];
};

struct log_unpack *log_unpack_new(void)
{
    return mem_alloc(sizeof(struct log_unpack));
}

void log_unpack_free(struct log_unpack *u)
{
    if (!u)
        return;
    if (u->inflating)
        inflateEnd(&u->z);
    ZSTD_freeDStream(u->frames);
    free(u);
}

bool log_unpack_open(const struct log_unpack *u)
{
    return u->member_open;
}

static bool is_zstd(const void *head, size_t n)
{
    return n >= 4 && !memcmp(head, "\x28\xb5\x2f\xfd", 4);
}

bool log_is_packed_head(const void *head, size_t n)
{
    return (n >= 2 && !memcmp(head, "\x1f\x8b", 2)) || is_zstd(head, n);
}

static bool feed_gzip(struct log_unpack *u, const char *bytes, size_t n, log_unpacked *on, void *ctx,
                      bool (*stop)(void *ctx), const char **wrong)
{
    u->z.next_in = (const Bytef *)bytes;
    u->z.avail_in = (uInt)n;
    while (u->z.avail_in) {
        if (!u->inflating && inflateInit2(&u->z, 15 + 32) != Z_OK) {
            *wrong = "out of memory";
            return false;
        }
        u->inflating = true;
        if (!u->member_open && *u->z.next_in == 0) { /* padding between members */
            u->z.next_in++;
            u->z.avail_in--;
            continue;
        }
        u->member_open = true;
        int r;
        do {
            u->z.next_out = (Bytef *)u->room;
            u->z.avail_out = ROOM;
            r = inflate(&u->z, Z_NO_FLUSH);
            on(ctx, u->room, ROOM - u->z.avail_out);
            if (stop && stop(ctx))
                return true;
        } while (r == Z_OK && u->z.avail_out == 0);
        if (r == Z_STREAM_END) {
            u->member_open = false;
            inflateReset(&u->z);
        } else if (r != Z_OK && r != Z_BUF_ERROR) {
            *wrong = u->z.msg ? u->z.msg : "damaged";
            return false;
        }
    }
    return true;
}

static bool feed_zstd(struct log_unpack *u, const char *bytes, size_t n, log_unpacked *on, void *ctx,
                      bool (*stop)(void *ctx), const char **wrong)
{
    ZSTD_inBuffer in = {.src = bytes, .size = n};
    if (!u->frames && (!(u->frames = ZSTD_createDStream()) || ZSTD_isError(ZSTD_initDStream(u->frames)))) {
        *wrong = "out of memory";
        return false;
    }
    bool more = true;
    while (in.pos < in.size || more) {
        ZSTD_outBuffer out = {.dst = u->room, .size = ROOM};
        size_t r = ZSTD_decompressStream(u->frames, &out, &in);
        if (ZSTD_isError(r)) {
            *wrong = ZSTD_getErrorName(r);
            return false;
        }
        u->member_open = r != 0;
        on(ctx, u->room, out.pos);
        if (stop && stop(ctx))
            return true;
        more = out.pos == ROOM;
    }
    return true;
}

bool log_unpack_feed(struct log_unpack *u, const char *bytes, size_t n, log_unpacked *on, void *ctx,
                     bool (*stop)(void *ctx), const char **wrong)
{
    if (!u->decided) {
        u->decided = true;
        u->zstd = is_zstd(bytes, n);
    }
    return (u->zstd ? feed_zstd : feed_gzip)(u, bytes, n, on, ctx, stop, wrong);
}

bool log_is_packed(const char *path)
{
    char head[4];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);
    if (fd >= 0)
        close(fd);
    return n > 0 && log_is_packed_head(head, (size_t)n);
}

bool log_unpack_fd(int fd, log_unpacked *on, void *ctx, const char **wrong)
{
    const char *ignored;
    enum { SIZE = 64 << 10 };
    wrong = wrong ? wrong : &ignored;
    struct log_unpack *u = NULL;
    char *buffer = mem_alloc(SIZE);
    bool ok = true;
    off_t at = 0;
    for (ssize_t n; ok && (n = pread(fd, buffer, SIZE, at)) > 0; at += n) {
        if (!at && log_is_packed_head(buffer, (size_t)n))
            u = log_unpack_new();
        if (u)
            ok = log_unpack_feed(u, buffer, (size_t)n, on, ctx, NULL, wrong);
        else
            on(ctx, buffer, (size_t)n);
    }
    free(buffer);
    log_unpack_free(u);
    return ok;
}

struct heading {
    char *out;
    size_t n, size;
};

static void keep_head(void *ctx, const char *bytes, size_t n)
{
    struct heading *h = ctx;
    size_t k = MIN(n, h->size - h->n);
    memcpy(h->out + h->n, bytes, k);
    h->n += k;
}

static bool is_full(void *ctx)
{
    const struct heading *h = ctx;
    return h->n == h->size;
}

size_t log_unpack_head(const void *head, size_t n, char *out, size_t size)
{
    const char *wrong;
    struct heading h = {.out = out, .size = size};
    struct log_unpack *u = log_unpack_new();
    log_unpack_feed(u, head, n, keep_head, &h, is_full, &wrong);
    log_unpack_free(u);
    return h.n;
}
