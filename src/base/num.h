/* num.h - integer arithmetic that saturates. Numbers from outside can have any size: a sum stops at the limit
 * of its type and stays there, instead of wrapping to a small or negative number. NUM_MAX is printed as "more
 * than": unit_format_int. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <math.h>

#include "base/base.h"

#define NUM_MAX INT64_MAX
#define NUM_MIN (INT64_MIN + 1) /* below it there is only SD_UNKNOWN */

/* Has the figure reached the limit of its type? The real one is larger (or smaller). */
static inline bool num_is_edge(int64_t v)
{
    return v == NUM_MAX || v == NUM_MIN;
}

/* Both are known. */
static inline int64_t add_sat(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? NUM_MAX : NUM_MIN;
    return MAX(sum, NUM_MIN);
}

static inline int64_t sub_sat(int64_t a, int64_t b)
{
    int64_t v;
    if (__builtin_sub_overflow(a, b, &v))
        return b < 0 ? NUM_MAX : NUM_MIN;
    return MAX(v, NUM_MIN);
}

static inline int64_t mul_sat(int64_t a, int64_t b)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return (a < 0) == (b < 0) ? NUM_MAX : NUM_MIN;
    return MAX(product, NUM_MIN);
}

/* Counts of histograms. */
static inline uint32_t add_count_sat(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* An unknown one counts as nothing; two of them are unknown. */
static inline int64_t add_known(int64_t a, int64_t b)
{
    if (!sd_known(a) || !sd_known(b))
        return sd_known(a) ? a : b;
    return add_sat(a, b);
}

/* The nearest integer; the limit of the type if it is beyond; SD_UNKNOWN for NAN. */
static inline int64_t real_to_int(double x)
{
    if (isnan(x))
        return SD_UNKNOWN;
    x = round(x);
    if (x >= 0x1p63)
        return NUM_MAX;
    return x <= -0x1p63 ? NUM_MIN : (int64_t)x;
}

/* Is x, rounded, an integer within the type, and not its limit? */
static inline bool real_is_int(double x)
{
    return x > -9.2e18 && x < 9.2e18; /* false for NAN */
}

/* For qsort: doubles, none of them NAN, or int64_t, the smallest first. */
int real_ascending(const void *a, const void *b);
int int_ascending(const void *a, const void *b);

/* A finite decimal number and nothing else: strtod also accepts hexadecimal, "inf" and "nan". */
bool num_parse_real(const char *text, double *x);

/* A sum at the limit is not exact, so its mean and shares are unknown. */
static inline double num_ratio(int64_t a, int64_t b)
{
    if (!sd_known(a) || !sd_known(b) || !b || num_is_edge(a) || num_is_edge(b))
        return (double)NAN;
    return (double)a / (double)b;
}

#endif
