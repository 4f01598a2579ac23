/* metric_sum.h - the figure of one metric in a Prometheus text: the sum of its series, as they are written.
 * The reader of exposition.h keeps every series in the unit of its name; here one figure in the metric's own
 * unit is wanted, often. Pure. */
#ifndef FORMAT_LOADS_METRIC_SUM_H
#define FORMAT_LOADS_METRIC_SUM_H

#include <stddef.h>

/* NAN: it is not there, or has no finite value. */
double metric_sum(const char *text, size_t len, const char *name);

#endif
