/* profile.h - a profile as functions: stacks in, the figures of each function out. Pure; one thread.
 *
 * A function is a name in a module. Its self figures are of the stacks whose innermost frame it is; its total
 * figures of all stacks it is in, a recursive function counted once a stack. */
#ifndef CORE_PROFILES_PROFILE_H
#define CORE_PROFILES_PROFILE_H

#include "base/base.h"

enum {
    PROFILE_TYPES_MAX = 64,                /* sample types of one profile */
    PROFILE_NAME_MAX = 1024,               /* bytes of a name or module; what is longer is cut */
    PROFILE_DEPTH_MAX = 1 << 20,           /* frames of one stack */
    PROFILE_DISTINCT_MAX = 1 << 20,        /* functions */
    PROFILE_TEXT_MAX = 256 << 20,          /* bytes of all names */
    PROFILE_FRAMES_MAX = 500 * 1000 * 1000 /* frames of all stacks */
};

struct profile_function {
    const char *name, *module; /* module NULL: unknown */
    const char *kind;          /* kernel, native, jit, interpreted or process; NULL: unknown */
    int64_t self_samples, total_samples;
    uint64_t hash, stack; /* `stack`: number of the last one it is counted in */
};

struct profile {
    struct arena *arena;                                             /* of all texts */
    const char *format;                                              /* "pprof" */
    const char *types[PROFILE_TYPES_MAX], *units[PROFILE_TYPES_MAX]; /* units: ns, bytes or count */
    double sums[PROFILE_TYPES_MAX];
    size_t n_types, max_types, chosen;
    bool counted;    /* `samples` and those of functions are numbers of samples */
    int64_t samples; /* of the file, also when the functions have none */
    sd_time at;      /* its beginning, SD_UNKNOWN */
    int64_t duration_ns;
    const char *notes[8];
    size_t n_notes;

    struct profile_function *functions;
    double *values; /* of function i from 2 * max_types * i: self of each type, total of each type */
    size_t n, cap;
    uint32_t *slots; /* hash table: number of a function + 1 */
    size_t n_slots;
    size_t text_bytes;
    uint64_t stacks, frames;
    int64_t skipped;  /* lines that were not understood */
    const char *full; /* what there is too much of; NULL */
};

/* `max_types`: how many sample types it may get, at most PROFILE_TYPES_MAX. */
struct profile *profile_new(const char *format, size_t max_types);
void profile_free(struct profile *p); /* NULL is fine */

/* Adds a sample type, or gives the number of the one of that name; max_types when there is no more room. */
size_t profile_type(struct profile *p, const char *name, const char *unit);
/* The number of a function. When there are too many, p->full says so, and the number is 0. */
uint32_t profile_function(struct profile *p, const char *name, size_t len, const char *module,
                          size_t module_len, const char *kind);
/* One stack, the innermost frame last, each less than p->n; `values` for each of the n_types there are,
 * `samples` only counts in a profile that is counted. An empty stack counts in the sums only. False: p->full
 * is set. */
bool profile_stack(struct profile *p, const uint32_t *frames, size_t n, int64_t samples,
                   const double *values);
void profile_say(struct profile *p, const char *note); /* kept once */
/* Adds to the figures of a function of the only type, without a stack. */
void profile_add(struct profile *p, uint32_t function, int64_t self_samples, int64_t total_samples,
                 double self, double total);
/* Figure of a function by its number. */
static inline double profile_self(const struct profile *p, size_t i, size_t type)
{
    return p->values[2 * p->max_types * i + type];
}
static inline double profile_total(const struct profile *p, size_t i, size_t type)
{
    return p->values[2 * p->max_types * i + p->max_types + type];
}

/* Numbers of the functions by self of the chosen type, largest first, then by name; the caller frees. */
uint32_t *profile_order(const struct profile *p);

#endif
