/* redis_slowlog.h - replies of SLOWLOG GET and COMMANDLOG GET. Of arguments only the command's name and the
 * prefix of its first key are taken: never a value, and no key as it is. */
#ifndef FORMAT_CACHES_REDIS_SLOWLOG_H
#define FORMAT_CACHES_REDIS_SLOWLOG_H

#include "format/caches/redis_reply.h"

/* `log`: slow, large-request or large-reply, which says what the figure of an entry is. Entries of a client
 * named `own` are left out. At most `max`, newest first as the server gives them; texts are of the arena,
 * `log` the caller's. -1: it is no such reply. *newest: the highest number in it, also of those left out;
 * SD_UNKNOWN when there is none. */
int64_t redis_slowlog_read(const struct redis_reply *reply, const char *log, const char *own,
                           struct arena *arena, struct sd_cache_slow *out, size_t max, int64_t *newest);

/* "user:*:cart" of "user:123:cart": segments that vary or may be personal are a star. At most size - 1 bytes,
 * printable. */
void redis_key_prefix(const char *key, size_t len, char *to, size_t size);

#endif
