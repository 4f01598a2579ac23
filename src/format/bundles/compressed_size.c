#include "format/bundles/compressed_size.h"

#include <brotli/encode.h>
#include <zlib.h>

enum { PIECE = 1 << 18, WINDOW = 22, QUALITY = 11 };

static bool gzip_size(const char *bytes, size_t len, bool (*go_on)(void *ctx), void *ctx, int64_t *out)
{
    z_stream z = {0};
    unsigned char to[16384];
    int r = Z_OK;
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    for (size_t at = 0; r != Z_STREAM_END && go_on(ctx); at += PIECE) {
        size_t n = at < len ? MIN(len - at, (size_t)PIECE) : 0;
        z.next_in = (Bytef *)bytes + (n ? at : 0);
        z.avail_in = (uInt)n;
        do {
            z.next_out = to;
            z.avail_out = sizeof to;
            r = deflate(&z, at + n >= len ? Z_FINISH : Z_NO_FLUSH);
        } while (!z.avail_out);
    }
    *out = (int64_t)z.total_out;
    deflateEnd(&z);
    return r == Z_STREAM_END;
}

/* All of it is offered at once, as whoever compresses a file does: the encoder looks at how much there is. It
 * comes back whenever it has put out some. */
static bool brotli_size(const char *bytes, size_t len, bool (*go_on)(void *ctx), void *ctx, int64_t *out)
{
    BrotliEncoderState *e = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = (const uint8_t *)bytes;
    uint8_t to[4096];
    size_t total = 0;
    bool good = e && BrotliEncoderSetParameter(e, BROTLI_PARAM_QUALITY, QUALITY) &&
                BrotliEncoderSetParameter(e, BROTLI_PARAM_LGWIN, WINDOW);
    while (good && !BrotliEncoderIsFinished(e)) {
        uint8_t *next = to;
        size_t room = sizeof to;
        good = go_on(ctx) &&
               BrotliEncoderCompressStream(e, BROTLI_OPERATION_FINISH, &len, &in, &room, &next, &total);
    }
    BrotliEncoderDestroyInstance(e);
    *out = (int64_t)total;
    return good;
}

bool compressed_size(const char *bytes, size_t len, bool (*go_on)(void *ctx), void *ctx,
                     struct compressed_size *out)
{
    struct compressed_size c;
    if (!gzip_size(bytes, len, go_on, ctx, &c.gzip_bytes) ||
        !brotli_size(bytes, len, go_on, ctx, &c.brotli_bytes))
        return false;
    *out = c;
    return true;
}
