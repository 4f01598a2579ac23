/* http_unpack.h - the body of a request out of its Content-Encoding: gzip, deflate, zstd. What comes out is
 * bounded whatever is in it. Pure; any thread. */
#ifndef FORMAT_HTTP_UNPACK_H
#define FORMAT_HTTP_UNPACK_H

#include "format/http_request.h"

enum http_unpacked {
    HTTP_PLAIN,    /* it is not encoded: `out` is not used */
    HTTP_UNPACKED, /* into `out` */
    HTTP_UNPACKED_LONG,
    HTTP_UNPACKED_BROKEN,
    HTTP_UNPACKED_UNKNOWN /* another encoding, or several */
};

/* At most `max` bytes come out; `out` is cleared first. A body that tells its length is not unpacked to find
 * out that it is too long. */
enum http_unpacked http_unpack(struct http_text encoding, const char *bytes, size_t n, size_t max,
                               struct strbuf *out);

#endif
