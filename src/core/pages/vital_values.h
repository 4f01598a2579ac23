/* vital_values.h - the values of one vital: how many, how they are rated, and their 75th percentile. Exact up
 * to VITAL_VALUES_EXACT values; beyond these they are counted in buckets of 1 %, whose middles are given. Not
 * thread-safe. */
#ifndef CORE_PAGES_VITAL_VALUES_H
#define CORE_PAGES_VITAL_VALUES_H

#include "core/pages/vital.h"

enum { VITAL_VALUES_EXACT = 10000 };

struct vital_values {
    uint32_t rated[VITAL_RATINGS];
    uint32_t n, n_sorted, n_added, n_gone, cap;
    double *sorted;    /* with room for what was added, which stands behind it */
    double *gone;      /* values to be taken out */
    uint32_t *buckets; /* NULL: exact */
};

/* What they are: nearest rank, that is element ceil(.75 n) of the sorted. Its 95 % interval by order
 * statistics: elements floor(.75 n - w) and ceil(.75 n + w), w = 1.96 sqrt(.1875 n), within 1..n. */
struct vital_quantile {
    double p75, low, high;
    double share[VITAL_RATINGS];
};

/* `value` is finite and not negative. */
void vital_values_add(struct vital_values *x, enum vital v, double value);
/* One that was added before. */
void vital_values_remove(struct vital_values *x, enum vital v, double value);
/* From here on in buckets; for who runs out of memory. */
void vital_values_coarsen(struct vital_values *x);
/* False: there are none. */
bool vital_values_read(struct vital_values *x, struct vital_quantile *q);
size_t vital_values_bytes(const struct vital_values *x);
void vital_values_free(struct vital_values *x);

#endif
