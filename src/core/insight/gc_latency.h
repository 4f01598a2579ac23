/* gc_latency.h - garbage collection laid over the latency of the same moments: do they go together? Pure.
 *
 * The measure is Spearman's correlation of ranks: it needs no straight line, and one long request does not
 * make it. Its interval is Fisher's, with the variance of Bonett and Wright, for as many independent
 * intervals as there are: neighbours of a series resemble each other, and count for less (Bartlett:
 * n (1 - ab) / (1 + ab), a and b being the correlations of both series with themselves one interval later).
 * A correlation is no cause: load makes both grow. */
#ifndef CORE_INSIGHT_GC_LATENCY_H
#define CORE_INSIGHT_GC_LATENCY_H

#include "base/base.h"

#define GC_INTERVALS_LEAST   12   /* fewer intervals with both figures: unknown */
#define GC_INDEPENDENT_LEAST 8.0  /* the same, independent ones */
#define GC_SHARE_HIGH        0.05 /* of the time in collection: worth a look; 10 % is the usual limit */
#define GC_SHARE_GRAVE       0.10
#define GC_PAUSE_LONG        (100 * SD_MS)
#define GC_OFTEN             2.0  /* collections per second */
#define GC_HEAP_FULL         0.75 /* of the heap is in use after a collection */

enum gc_verdict {
    GC_UNKNOWN,  /* too few intervals, or a figure that does not change */
    GC_TOGETHER, /* the interval of the correlation is above 0 */
    GC_AGAINST,  /* below 0 */
    GC_APART     /* it holds 0: no connection shows */
};
struct gc_correlation {
    enum gc_verdict verdict;
    double r, low, high; /* NAN: unknown; 95 % */
    size_t n;            /* intervals with both figures */
    double independent;  /* of these, as many as count */
};
/* Of each of n intervals: the share of its time (or count) spent in collection, and a latency. NAN: unknown.
 */
struct gc_correlation gc_latency(const double *gc, const double *latency, size_t n);

struct gc_figures {
    double share;    /* of the time in collection; NAN: unknown */
    double per_s;    /* collections */
    double pause_ns; /* mean */
    double longest_ns;
    double after, max; /* bytes of the heap after a collection, and at most */
    double allocated;  /* bytes per second */
    const char *language;
};
/* What to change, in sentences, added to `out`; nothing is added when the figures give no reason. */
void gc_advice(const struct gc_figures *f, const struct gc_correlation *c, struct strbuf *out);

#endif
