/* A name of an encoding on the first line, a body in it behind: what comes out keeps to its bound, and goes
 * through gzip and back. */
#include <stdlib.h>

#include "format/caches/http_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t head = end ? (size_t)(end - data) : 0, n = 0;
    char *encoding = mem_strndup((const char *)data, head);
    const char *body = (const char *)data + head + (end != NULL);
    size_t len = size - head - (end != NULL);
    char *out = http_body_decode(encoding, body, len, MOST, &n);
    if (out &&
        (n > MOST || http_body_gzip(out, n) <= 0 || (n < 256 && http_body_brotli(out, n, NULL, NULL) <= 0)))
        abort();
    free(out);
    free(encoding);
    return 0;
}
