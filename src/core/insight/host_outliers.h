/* host_outliers.h - which machines of many behave otherwise than the others. Pure.
 *
 * A machine is judged by a figure when it has enough events for it: of a percentile q at least 10 requests
 * above it (n * (1 - q) >= 10: 200 for p95, 1000 for p99), of errors and the rate 100 requests. Of fewer than
 * OUTLIER_HOSTS_LEAST machines so judged nothing is said. With the median m over those machines:
 *   percentile: above 1.5 m, and ln(value / m) above 3.5 times 1.4826 MAD of ln(value) (the modified z-score
 *               of Iglewicz and Hoaglin, 1993, which single machines cannot pull along);
 *   errors:     at least 10, above 2 m, and more than 4 standard deviations of a binomial with the share m
 *               above what m makes expect;
 *   rate:       less than a third of m, or more than three times m. */
#ifndef CORE_INSIGHT_HOST_OUTLIERS_H
#define CORE_INSIGHT_HOST_OUTLIERS_H

#include "base/base.h"

enum {
    OUTLIER_HOSTS_LEAST = 5,
    OUTLIER_EVENTS_LEAST = 100,
    OUTLIER_TAIL_LEAST = 10,
    OUTLIER_ERRORS_LEAST = 10
};

struct host_figures {
    double rate, p95_ns, p99_ns, error_share; /* NAN: unknown */
    int64_t timed, requests;
};
enum outlier_by { OUTLIER_NOT, OUTLIER_P99, OUTLIER_P95, OUTLIER_ERRORS, OUTLIER_RATE };
struct host_outlier {
    enum outlier_by by; /* the first in this order that holds */
    double times;       /* of the median; INFINITY: the median is 0 */
};
/* One for each of the n. */
void host_outliers(const struct host_figures *h, size_t n, struct host_outlier *out);

#endif
