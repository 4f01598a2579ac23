/* places.h - how far the logs of a recorder were read: where those that are started go on.
 *
 * A history keeps a log's place together with what was read of it, so that a recorder that is killed loses
 * nothing and nothing is in it twice. At the beginning they come out of the history, or of the spool of an
 * engine; then they move on with the batches. Main thread. */
#ifndef APP_PLACES_H
#define APP_PLACES_H

#include "core/batch.h"

struct places;
/* Of this host in the history. `spool`: the file where puts wait, of an engine; else NULL. `before`: a file
 * of places as older versions wrote them, used for what the history knows nothing of; NULL. NULL and a
 * sentence. */
struct places *places_read(const char *url, const char *spool, const char *before, const char *host,
                           struct sd_error *err);
void places_free(struct places *p); /* NULL is fine */
void places_take(struct places *p, const struct sd_batch *b);
/* For the option "places" of a log: a line "PLACE FILE" each. Caller frees. */
char *places_text(const struct places *p);

#endif
