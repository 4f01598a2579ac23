/* load_compare.h - is one load test slower than another? Percentiles of two sides beside each other, with
 * intervals that allow for latencies in a row being alike. Pure; any thread.
 *
 * All rows of a comparison share 1 - confidence between them (Bonferroni): the requests together have half of
 * it, the names the other half; without names, or when one name is of all requests, they have all of it. So
 * two samples of the same process have any row called different in at most that share of documents.
 *
 * One run a side. A percentile q: of both sides together the slowest share of 1 - q is taken (of equal values
 * at the limit the part that makes it exact), and how much of each side is in it. By how much the two shares
 * may differ by chance is measured on QUANTILE_BLOCKS blocks of equal time of each side: the squares of
 * what each block differs from its side's share, inflated by (1 + r) / (1 - r) with r the correlation of
 * neighbouring blocks, and never less than independent requests would give; Student's t, with fewer degrees
 * of freedom as r grows. The interval holds the ratios that the second side's latencies can be divided by
 * without the test noticing. Latencies that were rounded are spread over their step first: what is finer than
 * the step is not known.
 *
 * Several runs a side: a run is one value, the logarithm of its percentile; Student's t of two samples with
 * equal variances (of one run on the other side the variance is that of the several).
 *
 * Time-outs and other failures are latencies like all others. */
#ifndef CORE_LOADS_LOAD_COMPARE_H
#define CORE_LOADS_LOAD_COMPARE_H

#include "core/loads/samples.h"
#include "core/result.h"

enum {
    LOAD_COMPARE_LEAST = 100,       /* requests a side; fewer: unsure */
    LOAD_COMPARE_NAME_LEAST = 1000, /* requests of a name on both sides, for rows of its own */
    LOAD_COMPARE_BEYOND_LEAST = 5,  /* requests beyond a percentile; fewer: it is not called the same */
    LOAD_COMPARE_NAMES_MAX = 1000,  /* names that have rows: the first of the base's */
};
#define LOAD_COMPARE_SPAN (10 * SD_S) /* of a side; shorter: unsure */

/* In the order of what a document says when any row says it. X(UPPER, name) */
#define LOAD_VERDICTS(X) X(SLOWER, "slower") X(FASTER, "faster") X(SAME, "same") X(UNSURE, "unsure")
enum load_compare_verdict {
#define LOAD_VERDICT_ENUM(UPPER, name) LOAD_COMPARE_##UPPER,
    LOAD_VERDICTS(LOAD_VERDICT_ENUM)
#undef LOAD_VERDICT_ENUM
        LOAD_COMPARE_VERDICT_N
};
extern const char *const LOAD_COMPARE_VERDICT_NAMES[LOAD_COMPARE_VERDICT_N];

struct load_compare_rules {
    double confidence; /* above 0, below 1; usual 0.95 */
    double tolerance;  /* a change up to it is none: 0.1 is 10 %; from 0 */
};

struct load_compare_row {
    const char *name;        /* NULL: all requests. Lives as long as the samples */
    const char *metric;      /* "p50" "p95" "p99"; static */
    int64_t base_ns, new_ns; /* several runs: the geometric mean of theirs; SD_UNKNOWN: of none */
    double change;           /* new / base - 1; NAN: not known, as those below */
    double change_lo;        /* at the confidence that all rows have together */
    double change_hi;        /* INFINITY: it has no limit */
    double p;                /* times the number of rows that share the confidence, at most 1 */
    int64_t n_base, n_new;   /* requests */
    enum load_compare_verdict verdict;
};

struct load_comparison {
    struct load_compare_row *rows; /* three of all requests, then three of each name */
    size_t n_rows;
    enum load_compare_verdict verdict;
    size_t runs_base, runs_new;
    double confidence, tolerance;
    char method[500]; /* what was done, and what one run a side cannot tell: sentences */
};

/* At least one run a side; the sets stay the caller's and must outlive the comparison. False: there is
 * nothing to compare, *out is {0} and err says why. */
bool load_compare(const struct load_sample_set *const *base, size_t n_base,
                  const struct load_sample_set *const *newer, size_t n_newer,
                  const struct load_compare_rules *rules, struct load_comparison *out, struct sd_error *err);
void load_comparison_free(struct load_comparison *c); /* what is in it */
/* "load_compare"; a row of all requests has null for a name. */
cJSON *load_compare_document(const struct load_comparison *c);

#endif
