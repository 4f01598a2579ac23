/* sample_batch.h - batches of records of every kind, made from a seed, and whether two batches are the same.
 */
#ifndef TESTS_LIB_SAMPLE_BATCH_H
#define TESTS_LIB_SAMPLE_BATCH_H

#include "core/batch.h"

#define SAMPLE_START (INT64_C(1700000000) * SD_S)

/* Twelve records of kinds that depend on the seed, as do all their fields; some are unknown. Its time is
 * SAMPLE_START + seed. The caller's. */
struct sd_batch *sample_batch(unsigned seed);
/* A list with what lists can hold: nothing, unknown items, the extremes. Static. */
const void *sample_list(enum sd_field_type type, unsigned seed);

/* Fail the test when they differ. */
void same_list(enum sd_field_type type, const void *a, const void *b);
void same_batch(const struct sd_batch *a, const struct sd_batch *b);

#endif
