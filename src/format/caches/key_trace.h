/* key_trace.h - a recorded trace of a cache's lookups, one a line: KEY BYTES, with spaces or tabs between.
 * Pure. The key may hold spaces: the number is what stands last. Without a number the size is unknown. An
 * empty line and one that begins with `#` are skipped. */
#ifndef FORMAT_CACHES_KEY_TRACE_H
#define FORMAT_CACHES_KEY_TRACE_H

#include "base/base.h"

enum { KEY_TRACE_LINE_MAX = 65536 };

struct key_trace_counts {
    int64_t lines, unread; /* without the skipped ones; of these, not understood */
    int64_t sized;         /* lines that say a size */
    char reason[96];       /* why the first one was not understood */
    char sample[64];       /* its beginning, printable */
};

/* `bytes` < 0: unknown. */
typedef void key_trace_fn(void *ctx, const char *key, size_t n, int64_t bytes);

/* Reads whole lines, with `end` also the last one without an end. Returns how many bytes were taken; what is
 * left is to be given again with more behind it. A line longer than KEY_TRACE_LINE_MAX is counted as one that
 * was not understood. Set *counts to {0} before the first call. */
size_t key_trace_read(const char *text, size_t n, bool end, key_trace_fn *fn, void *ctx,
                      struct key_trace_counts *counts);

#endif
