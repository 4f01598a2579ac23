/* buckets.h - measurements that somebody else put into buckets: their percentiles by the rules of who made
 * them, each with the bucket it lies in as its bound of error, and their sums. Pure.
 *
 * The rules:
 *  classic      Prometheus' "le" buckets (histogram_quantile): a straight line through the bucket. The first
 *               one begins at 0 when its end is above 0; what lies in the one without end is told as where it
 *               begins. Without one that has no end, or with that one alone, nothing is known. Native
 *               histograms with bounds of their own (schema -53) are read so, too.
 *  explicit     OpenTelemetry's explicit bounds: as classic.
 *  native       Prometheus' native histograms: bounds grow by a fixed factor, and values inside a bucket are
 *               taken to do so, too; a straight line through the bucket around 0.
 *  exponential  OpenTelemetry's: as native.
 *  summary      Percentiles that the server computed over its own time: those, and no others. */
#ifndef CORE_ENDPOINTS_BUCKETS_H
#define CORE_ENDPOINTS_BUCKETS_H

#include "base/base.h"

enum buckets_rule {
    BUCKETS_CLASSIC,
    BUCKETS_EXPLICIT,
    BUCKETS_NATIVE,
    BUCKETS_EXPONENTIAL,
    BUCKETS_SUMMARY,
    BUCKETS_RULES
};
const char *buckets_rule_name(enum buckets_rule r); /* "classic" */
bool buckets_rule_named(const char *name, enum buckets_rule *out);

struct bucket {
    double lower, upper; /* may be infinite */
    double count;        /* in this one alone */
};
/* A percentile that a summary tells. */
struct bucket_told {
    double q, value;
};
struct buckets {
    enum buckets_rule rule;
    struct bucket *items; /* ascending, none over another; empty ones of native may be missing */
    size_t n, cap;
    double count; /* of all measurements; NAN: those in the buckets. More than these: some were no number */
    struct bucket_told *told; /* ascending */
    size_t n_told;
};
void buckets_free(struct buckets *b);
/* From columns as of SD_LATENCY. Buckets that are broken (no number, upside down, over one another, a
 * negative count) leave all of it empty: false. */
bool buckets_from_lists(struct buckets *out, enum buckets_rule rule, const double *lower, const double *upper,
                        const double *counts, size_t n);
void buckets_tell(struct buckets *b, const double *quantiles, const double *values, size_t n);

/* A bucket as Prometheus writes it: how many are not above `le`. */
struct bucket_le {
    double le, count;
};
/* In any order, which it changes; equal bounds are added up, and counts that fall (they were read at
 * different moments) are raised, as histogram_quantile does. */
void buckets_from_le(struct buckets *out, struct bucket_le *le, size_t n);

/* Adds. Where bounds differ, buckets become as wide as those that both have in common, so that no count is
 * guessed: classic ones keep the bounds of both, native ones go to the coarser factor, and the wider bucket
 * around 0. Percentiles told are those of `more`. False: the rules do not go together, or no bound does;
 * then nothing has changed. */
bool buckets_add(struct buckets *into, const struct buckets *more);
/* Multiplies values (seconds to ns). */
void buckets_scale(struct buckets *b, double by);
double buckets_total(const struct buckets *b);

struct bucket_quantile {
    double value;     /* NAN: unknown. Above or below all of it for q > 1 and q < 0, as the makers say */
    double low, high; /* the measurement itself lies here; NAN: nothing is known of that (a summary) */
};
struct bucket_quantile buckets_quantile(const struct buckets *b, double q);
/* Which share of the measurements is at or below `limit`: at least and at most. */
void buckets_share(const struct buckets *b, double limit, double *least, double *most);

#endif
