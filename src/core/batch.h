/* batch.h - an immutable, timestamped list of records of one origin.
 *
 * Built by one thread, then published: from then on it does not change and any thread may read it. Reference
 * counted (atomic). */
#ifndef CORE_BATCH_H
#define CORE_BATCH_H

#include "base/base.h"

struct sd_batch; /* opaque to sources too */

#define BATCH_MAX_BYTES ((size_t)64 << 20)

struct sd_batch *batch_new(const char *origin, sd_time at); /* refcount 1 */
struct sd_batch *batch_ref(const struct sd_batch *b);
void batch_unref(const struct sd_batch *b); /* NULL is fine */

/* Records that are added come from code built for this minor version of the source
 * interface: what a later one appended to them is not read, and unknown. Without this
 * call: the newest. */
void batch_set_abi(struct sd_batch *b, unsigned minor);

/* The request that it answers, by the number that rt_request gave; 0: none. Set before
 * it is published. */
void batch_set_answer(struct sd_batch *b, uint64_t request);
uint64_t batch_answer(const struct sd_batch *b);
/* The machine of its records that name none; NULL: that of its source. Set before it is published. */
void batch_set_machine(struct sd_batch *b, const char *machine);
const char *batch_machine(const struct sd_batch *b);
/* The request that its source was serving when it was begun; 0: none. Set before it is published. */
void batch_set_during(struct sd_batch *b, uint64_t request);
uint64_t batch_during(const struct sd_batch *b);

/* Of a file that is read as it grows, a place says: all up to here is handed out with this batch and those
 * before it that are a part of what it closes. Who keeps places (store/gather.h) keeps the data with them.
 * Not records: they are of this run alone, and written into no recording. Set before it is published. */
struct batch_place {
    const char *file, *place; /* place "": nothing is kept of the file any more */
};
void batch_set_part(struct sd_batch *b); /* a later batch of the same origin closes it */
bool batch_is_part(const struct sd_batch *b);
void batch_add_place(struct sd_batch *b, const char *file, const char *place);
size_t batch_places(const struct sd_batch *b, const struct batch_place **places);
void batch_copy_places(struct sd_batch *to, const struct sd_batch *from); /* and whether it is a part */

/* Copies the record with its text, lists and histogram. False: full or kind unknown. */
bool batch_add(struct sd_batch *b, enum sd_kind kind, const void *record);
/* The same of a record of which only the first `filled` bytes are there. */
bool batch_add_start(struct sd_batch *b, enum sd_kind kind, const void *record, size_t filled);

const char *batch_origin(const struct sd_batch *b);
sd_time batch_time(const struct sd_batch *b);
size_t batch_len(const struct sd_batch *b);
sd_kinds batch_kinds(const struct sd_batch *b); /* of the records in it */
size_t batch_bytes(const struct sd_batch *b);
/* Record i in order of adding; *kind is set. Valid as long as the batch. */
const void *batch_record(const struct sd_batch *b, size_t i, enum sd_kind *kind);

/* Loop over the records of one kind:
 *   for (size_t i = 0; (r = batch_each(b, SD_HTTP, &i)); ) ... */
const void *batch_each(const struct sd_batch *b, enum sd_kind kind, size_t *i);

#endif
