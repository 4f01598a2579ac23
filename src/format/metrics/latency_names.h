/* latency_names.h - the metrics by which the durations of requests are known, as a table. Pure. */
#ifndef FORMAT_METRICS_LATENCY_NAMES_H
#define FORMAT_METRICS_LATENCY_NAMES_H

#include "base/base.h"

/* How a metric of durations is read. Names of labels: alternatives divided by spaces, the first that a series
 * has counts; "{a}/{b}" joins several. NULL: the usual ones. Dots in names are underscores here. */
struct latency_name {
    const char *name;  /* of the family, without _bucket, _sum, _count */
    bool ends;         /* also of families whose names end in "_" and this */
    double to_ns;      /* from the unit of its values */
    const char *route; /* a pattern, or a path */
    const char *method, *status, *service, *host;
    const char *only;   /* "reporter=destination": series with this label alone */
    const char *group;  /* of several families that count the same requests, the one of the lowest rank */
    int rank;           /* of those that are there is read */
    const char *failed; /* a counter of requests by status, where the family has none; NULL */
};

/* The row for a family; NULL: its name is not known. Rows of one name stand together: `more` is whether the
 * next one is of this name, too. */
const struct latency_name *latency_name_of(const char *family, size_t len);
const struct latency_name *latency_names(size_t *n);
/* The usual names of labels, for what a row leaves open. */
extern const struct latency_name LATENCY_USUAL;

/* "x_seconds_bucket" is a part of the family "x_seconds". */
enum latency_part { LATENCY_NONE, LATENCY_BUCKET, LATENCY_SUM, LATENCY_COUNT, LATENCY_TOLD };
enum latency_part latency_part_of(const char *name, size_t *family_len);

#endif
