/* spool.h - puts that wait for an engine which cannot be reached: a file (SQLite, 0600) that outlives the
 * program. They come out in the order in which they went in, with the run and number they had, so that one
 * that was sent already and not confirmed counts once.
 *
 * The places of files that a put brings are kept here as well, in the same transaction, since an engine has
 * no such transaction: a put with places is first in here, then in the engine.
 *
 * Several programs may use one file: what two send at once is the same put. A handle belongs to one thread.
 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include "store/store.h"

struct spool;
/* max_bytes: of the file; beyond it the oldest puts go; 0: no limit. NULL and a sentence. */
struct spool *spool_open(const char *path, int64_t max_bytes, struct sd_error *err);
void spool_close(struct spool *s); /* NULL is fine */
/* *lost: gets how many rows of older puts had to go for it, and what these had lost. */
enum sd_result spool_put(struct spool *s, const struct store_run *run, const struct store_put *put,
                         int64_t *lost, struct sd_error *err);
/* As store_places. */
enum sd_result spool_places(struct spool *s, const char *host, store_place *each, void *ctx,
                            struct sd_error *err);
/* The oldest; texts, rows and records are the spool's until the next call. SD_NODATA: it is empty. What
 * cannot be read is dropped, and counted in *lost. */
enum sd_result spool_first(struct spool *s, struct store_run *run, struct store_put *put, int64_t *lost,
                           struct sd_error *err);
/* It is delivered: that which spool_first gave. */
enum sd_result spool_done(struct spool *s, struct sd_error *err);
size_t spool_len(struct spool *s);

#endif
