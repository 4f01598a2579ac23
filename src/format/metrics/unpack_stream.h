/* unpack_stream.h - gzip, zstd or plain text, as it comes: by its first bytes. Bounded by what it has given.
 */
#ifndef FORMAT_METRICS_UNPACK_STREAM_H
#define FORMAT_METRICS_UNPACK_STREAM_H

#include "base/base.h"

struct unpack_stream;
typedef void unpack_sink(void *ctx, const char *bytes, size_t n);

/* At most `max` bytes are given of what is packed; plain text has no limit. */
struct unpack_stream *unpack_stream_new(size_t max, unpack_sink *sink, void *ctx);
void unpack_stream_free(struct unpack_stream *u); /* NULL is fine */
/* False: it is broken, or larger than allowed; what was given is right. */
bool unpack_stream_feed(struct unpack_stream *u, const void *bytes, size_t n, struct sd_error *err);
bool unpack_stream_end(struct unpack_stream *u, struct sd_error *err); /* false: it is cut */

#endif
