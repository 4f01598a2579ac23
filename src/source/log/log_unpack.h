/* log_unpack.h - packed logs, gzip and zstd, several members or frames as well. Worker only. */
#ifndef SOURCE_LOG_LOG_UNPACK_H
#define SOURCE_LOG_LOG_UNPACK_H

#include "base/base.h"

typedef void log_unpacked(void *ctx, const char *bytes, size_t n);

struct log_unpack;
struct log_unpack *log_unpack_new(void);
void log_unpack_free(struct log_unpack *u); /* NULL is fine */
/* False and what is wrong: the data is damaged. `stop`, asked now and then, ends it. */
bool log_unpack_feed(struct log_unpack *u, const char *bytes, size_t n, log_unpacked *on, void *ctx,
                     bool (*stop)(void *ctx), const char **wrong);
/* Is it in the middle of a member? At the end of the file: it was cut. */
bool log_unpack_open(const struct log_unpack *u);

/* By its first bytes. */
bool log_is_packed_head(const void *head, size_t n);
bool log_is_packed(const char *path);
/* All of a file, plain or packed; false and the reason. */
bool log_unpack_fd(int fd, log_unpacked *on, void *ctx, const char **wrong);
/* The beginning of packed bytes; how many. */
size_t log_unpack_head(const void *head, size_t n, char *out, size_t size);

#endif
