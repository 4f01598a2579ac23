/* compressed_size.h - how large a file is on its way to the browser: gzip of zlib's level 9 with its 18 bytes
 * of header and trailer, and brotli of quality 11 with a window of 22. Pure; slow: about a second for a
 * megabyte. */
#ifndef FORMAT_BUNDLES_COMPRESSED_SIZE_H
#define FORMAT_BUNDLES_COMPRESSED_SIZE_H

#include "base/base.h"

struct compressed_size {
    int64_t gzip_bytes, brotli_bytes;
};

/* `go_on` is called now and then; when it says false, this does too, and `out` says nothing. */
bool compressed_size(const char *bytes, size_t len, bool (*go_on)(void *ctx), void *ctx,
                     struct compressed_size *out);

#endif
