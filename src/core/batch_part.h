/* batch_part.h - the part of what comes in that counts: data of one machine (--host), data up to a moment
 * (--at). One place for all of them, in front of the model and of the figures of goals.
 *
 * The machine of a record is the one it names (`host` of requests, the label host of metrics), else that of
 * its source, else the reader's. Parts of requests that name no machine go with the requests beside them.
 * States of sources always count, and what a history tells of the span it gave. Pure; one thread. */
#ifndef CORE_BATCH_PART_H
#define CORE_BATCH_PART_H

#include "core/batch.h"

struct batch_part;
/* only_host NULL: of all machines. here: the reader's; NULL: it is not known. */
struct batch_part *batch_part_new(const char *only_host, const char *here);
void batch_part_free(struct batch_part *p); /* NULL is fine */

/* What counts of it: the batch itself, or another with that part of it; NULL: nothing. batch_unref. Of a
 * batch after `until` that holds spans those that had ended count; SD_UNKNOWN: there is no such moment. */
const struct sd_batch *batch_part_of(struct batch_part *p, const struct sd_batch *b, sd_time until);

#endif
