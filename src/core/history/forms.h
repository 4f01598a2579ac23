/* forms.h - records that a history keeps in a form of its own, and the records that come out of it again.
 *
 * - CACHE whose counts are of intervals: HISTORY_CACHE, without what is of the moment.
 * - LATENCY in buckets: HISTORY_LATENCY. Where the buckets end is part of what a row is of, and the counts
 * are a histogram over their numbers: those of equal ends add up, all others stay apart. Those that grow by a
 *   factor: grid.h.
 * - PROFILE of a series, with its functions and its tree: a HISTORY_STACK for each stack of the type that the
 *   profile shows. Of the stacks of one profile in a step the heaviest stay; what another one has in common
 * with one of these stays, too, and below it the function "(other)". So sums stay whole, and the figures of a
 *   function are those of the stacks that were kept: at least these.
 *
 * Pure. One thread. */
#ifndef CORE_HISTORY_FORMS_H
#define CORE_HISTORY_FORMS_H

#include "core/batch.h"
#include "core/history/history.h"

enum { HISTORY_STACKS = 32 }; /* of a profile in a step */

/* ---- in ---- */
/* The form of a record. False: it is kept as it is, or not at all (see history_row_of). */
bool history_form_of(enum sd_kind kind, const void *record, struct history_form *out);
/* Gives a row for each stack of a profile in the batch that is one of a series; count. Rows are good until
 * the function returns to the next. */
size_t history_stacks(const struct sd_batch *b, const char *host,
                      void (*row)(void *ctx, const struct history_row *row), void *ctx);
/* Takes the rows of stacks out of the rows, whose order stays, and adds them up in `into`, the heaviest of
 * each step and the rest cut; how many are left. */
size_t history_stacks_cut(struct history_row *rows, size_t n, int64_t step_ns, struct history_fold *into);

/* ---- out ---- */
/* Rooms for a record that is made of a row. */
struct history_record {
    union {
        struct sd_cache cache;
        struct sd_latency latency;
    } r;
    double lower[HISTORY_BUCKETS_MAX], upper[HISTORY_BUCKETS_MAX], counts[HISTORY_BUCKETS_MAX];
    struct sd_reals lowers, uppers, counted;
};
/* The record of a row of HISTORY_CACHE or HISTORY_LATENCY, and its kind. False: it is broken. */
bool history_record_of(const struct history_row *row, struct history_record *out, enum sd_kind *kind);

/* Profiles that are made of the stacks of one interval. */
struct history_calls;
struct history_calls *history_calls_new(void);
void history_calls_free(struct history_calls *c); /* NULL is fine */
/* All rows that are added until the clear are of one interval. */
void history_calls_add(struct history_calls *c, const struct history_row *row);
size_t history_calls_len(const struct history_calls *c); /* profiles */
const char *history_calls_name(const struct history_calls *c, size_t i);
/* The records of profile i: PROFILE, PROFILE_FUNCTION..., PROFILE_TREE; `began`: of the interval. */
void history_calls_records(const struct history_calls *c, size_t i, sd_time began, int64_t length_ns,
                           void (*record)(void *ctx, enum sd_kind kind, const void *record), void *ctx);
void history_calls_clear(struct history_calls *c);

#endif
