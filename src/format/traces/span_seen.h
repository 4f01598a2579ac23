/* span_seen.h - which spans were seen lately: who asks a server again and again gets some twice. Bounded: the
 * oldest are forgotten. By hash alone: of a million spans, one in ten million may be taken for another. */
#ifndef FORMAT_TRACES_SPAN_SEEN_H
#define FORMAT_TRACES_SPAN_SEEN_H

#include "base/base.h"

struct span_seen;
struct span_seen *span_seen_new(void);
void span_seen_free(struct span_seen *s); /* NULL is fine */
/* Is it new? It no longer is at the next call. */
bool span_seen_first(struct span_seen *s, const char *trace, const char *id);

#endif
