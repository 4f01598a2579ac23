/* profile_series.h - the profiles of a source that samples on and on: names and the call tree once, of each
 * interval only where its stacks end. Included by core/model/profiles.c only, on the model's thread. */
#ifndef CORE_MODEL_PROFILE_SERIES_H
#define CORE_MODEL_PROFILE_SERIES_H

#include "base/num.h"
#include "core/model/parts.h"
#include "core/profiles/profile_copy.h"
#include "core/profiles/profile_part.h"

struct profile_interval {
    sd_time from, to;
    int64_t samples, lost; /* SD_UNKNOWN */
    double truncated;      /* samples with a stack that is cut; NAN unknown */
    size_t n, bytes;
    uint32_t *nodes; /* in which stacks end, n */
    int64_t *counts; /* samples of each */
    double *values;  /* of each and type */
    size_t n_of;     /* what of parts ends where: numbers of parts and nodes of the series */
    struct profile_of *of;
    double *of_values;
};

struct profile_series {
    char *origin, *name;
    char *type;                     /* the one to show */
    struct sd_texts types;          /* of `names` */
    struct profile *names;          /* functions and nodes of all intervals, never finished */
    struct profile_interval *items; /* by time */
    size_t n, cap;
    size_t bytes;     /* counted for the part */
    size_t compacted; /* nodes after it was last built anew */
};

/* False: it cannot be taken, its lists contradict each other. */
bool series_take(struct part *p, struct profile_series *s, const struct sd_batch *b,
                 const struct sd_profile *whole);
void series_free(struct part *p, struct profile_series *s);
void series_drop(struct part *p, struct profile_series *s, sd_time before);
/* Gives up its older half. False: there is nothing. */
bool series_less(struct part *p, struct profile_series *s);

/* By its middle; one that is longer than the span by the span's middle. */
static inline bool interval_in(const struct profile_interval *x, struct span span, sd_time now)
{
    int64_t length = sub_sat(x->to, x->from), window = sub_sat(span.to, span.from);
    sd_time middle = x->from + length / 2;
    if (x->from > now || span_is_all(span))
        return x->from <= now;
    if (length <= window)
        return middle >= span.from && middle < span.to;
    middle = span.from + window / 2;
    return middle >= x->from && middle < x->to;
}

/* Adds the intervals of a span to an empty profile of one type, its nodes and functions with them, and
 * finishes it. How many. */
size_t series_sum(const struct profile_series *s, struct span span, sd_time now, size_t type,
                  struct profile *to);

/* The tree of a batch. `function`: number in `to` of each of the batch's n functions. Gives each node's
 * number in `to`, n_nodes of them, for free(); NULL: the lists contradict each other. */
uint32_t *profile_graft(const struct sd_profile_tree *t, const uint32_t *function, size_t n,
                        struct profile *to);

/* What the batch's tree says of parts, i-th: false: there is no more. `parts` and `numbers`: of each part and
 * node their numbers in `to`. */
uint32_t *profile_parts_of(const struct sd_profile_tree *t, struct profile *to);
bool profile_part_at(const struct sd_profile_tree *t, size_t i, const uint32_t *parts,
                     const uint32_t *numbers, struct profile_of *of);

/* Numbers in `to` of the functions of a batch, *n of them, for free(). NULL: there is no room. */
uint32_t *profile_functions_of(const struct sd_batch *b, struct profile *to, size_t *n);

#endif
