/* redis_reader.h - bytes of a server into replies, by hiredis' reader, with bounds: nothing that a server
 * announces is believed before it has come. */
#ifndef SOURCE_REDIS_REDIS_READER_H
#define SOURCE_REDIS_REDIS_READER_H

#include "format/caches/redis_reply.h"

struct redis_reader;
struct redis_reader *redis_reader_new(void);
void redis_reader_free(struct redis_reader *r); /* NULL is fine */

/* At most REDIS_FEED_MAX bytes at a time. */
enum { REDIS_FEED_MAX = 16384 };
void redis_reader_feed(struct redis_reader *r, const char *bytes, size_t len);
/* The next reply, for redis_reply_free; NULL and no sentence: not all of it is there. `max` bounds what it
 * may take of memory. After a sentence nothing more can be read. */
struct redis_reply *redis_reader_next(struct redis_reader *r, size_t max, struct sd_error *err);
/* What was fed and belongs to no reply yet, when none is begun: for another way to read it. The reader is
 * then empty. Caller frees. */
char *redis_reader_rest(struct redis_reader *r, size_t *len);
void redis_reply_free(struct redis_reply *reply); /* a reply of redis_reader_next; NULL is fine */

#endif
