/* profile_compare.h - two profiles beside each other: which functions really take more or less. Pure.
 *
 * Compared are the shares of self samples. A share is said to have changed when a two-sided test says so with
 * the chance of one wrong word in the whole comparison at most 1 %: Holm's correction (Holm, "A Simple
 * Sequentially Rejective Multiple Test Procedure", 1979) over all functions with enough samples to be tested.
 * The test is that of two proportions; with few samples the exact binomial one, given the sum of both. Where
 * a profile has intervals, the variance is what they really show, never less than that of independent
 * samples.
 *
 * When one function grows, the shares of all others shrink. Those whose numbers of samples changed like the
 * median of all did not change. A change that a caller, a callee or a function with the same caller makes up
 * for is moved cost. */
#ifndef CORE_PROFILES_PROFILE_COMPARE_H
#define CORE_PROFILES_PROFILE_COMPARE_H

#include "core/profiles/profile.h"

enum profile_change {
    CHANGE_UNKNOWN,
    CHANGE_SAME,
    CHANGE_GREW,
    CHANGE_SHRANK,
    CHANGE_NEW,
    CHANGE_GONE,
    CHANGE_MOVED
};

/* "grew"; NULL for CHANGE_UNKNOWN. */
const char *profile_change_name(enum profile_change c);

#define PROFILE_NO_FUNCTION UINT32_MAX
struct profile_pair {
    uint32_t before, after; /* numbers of the function; PROFILE_NO_FUNCTION: it is not there */
    double share_before, share_after, delta; /* of self values; 0 where it is not there */
    double low, high;                        /* 95 % confidence interval of delta; NAN unknown */
    enum profile_change change;              /* CHANGE_UNKNOWN: the samples were not counted */
    const char *moved_to;                    /* CHANGE_MOVED: the function that makes up for it */
    double order; /* with the load known: its cost grew with that power of the load, where that is more than
                     the load itself; NAN */
};

struct profile_comparison {
    struct profile_pair *pairs; /* those of `after` in order of their number, then those only before */
    size_t n;
    size_t tested; /* functions with enough samples */
};

/* Both are finished, of one type, the same one. The caller frees what is in it. */
struct profile_comparison profile_compare(const struct profile *before, const struct profile *after);
/* How much each of the profiles had to do: requests, or calls. Sets the order of the functions whose samples
 * grew more than the load did, by the same test and correction, when the load a second grew by a fifth at
 * least. Both need the time they cover. */
struct profile_load {
    double before, after;
};
void profile_compare_load(struct profile_comparison *c, const struct profile *before,
                          const struct profile *after, struct profile_load load);
void profile_comparison_free(struct profile_comparison *c);

#endif
