/* thin.h - what of some kinds a recorder takes, since all of it would be too much.
 *
 * What changes slowly is taken once in a while; of what is looked at one by one only the worst stays. Of both
 * nothing is missing that adds up: totals are totals, and no count is made of these rows. Pure. One thread.
 */
#ifndef CORE_HISTORY_THIN_H
#define CORE_HISTORY_THIN_H

#include "core/history/history.h"

/* X(KIND, seconds): of each thing one row in so long. */
#define HISTORY_SELDOM(X)                                                                                    \
    X(SERVER_IO, 60)                                                                                         \
    X(TABLE, 600)                                                                                            \
    X(INDEX, 600)                                                                                            \
    X(PLAN, 600)                                                                                             \
    X(CACHE_PREFIX, 60)                                                                                      \
    X(CACHE_COMMAND, 60)                                                                                     \
    X(PAGE_FIELD, 60)                                                                                        \
    X(PAGE_REPORT, 600)

/* X(KIND, seconds): what is older than an hour or so is kept in steps that are at least so long, since most
 * of it is in another kind as well. What its figures add up to stays the same.
 *
 * The parts of requests: their statuses are counted in HTTP, and most rows of it have one status, one host
 * and one server, so that their parts are the same figures once more, up to three times. */
#define HISTORY_COARSE(X) X(HTTP_PART, 60)
/* 0: as all is. */
int64_t history_coarse_ns(enum sd_kind kind);

/* Of the requests that can be looked up (EXEMPLAR): those with the longest durations of each source in a
 * step, one of each endpoint. */
enum { HISTORY_EXEMPLARS = 10 };

struct history_thin;
struct history_thin *history_thin_new(void);
void history_thin_free(struct history_thin *t); /* NULL is fine */
/* Is it time for this row? */
bool history_thin_takes(struct history_thin *t, const struct history_row *row);
/* Leaves the worst of the rows, in their order; count. Rows are in order of time; steps are of this length.
 */
size_t history_thin_rows(struct history_row *rows, size_t n, int64_t step_ns);

#endif
