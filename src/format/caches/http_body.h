/* http_body.h - the body of an answer: out of its Content-Encoding, and what it would take in another. Pure;
 * any thread. */
#ifndef FORMAT_CACHES_HTTP_BODY_H
#define FORMAT_CACHES_HTTP_BODY_H

#include "base/base.h"

/* Undoes Content-Encoding: gzip, deflate, br, or several; NULL or "": none. At most `max` bytes come out.
 * NULL: not known, broken, or longer. The caller frees. */
char *http_body_decode(const char *encoding, const char *bytes, size_t len, size_t max, size_t *n);
bool http_body_is_gzip(const char *bytes, size_t len);
/* Bytes of it by gzip -9 and by brotli 11; SD_UNKNOWN: it could not be done. */
int64_t http_body_gzip(const char *bytes, size_t len);
/* The latter takes seconds for megabytes: `stop`, which may be NULL, is asked again and again whether to end
 * it. */
int64_t http_body_brotli(const char *bytes, size_t len, bool (*stop)(void *ctx), void *ctx);

#endif
