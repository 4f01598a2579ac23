/* profile.h - a profile: stacks in, the figures of each function and the call tree out. Pure; one thread.
 *
 * A function is a name in a module. Its self figures are of the stacks whose innermost frame it is; its total
 * figures of all stacks it is in, a recursive function counted once a stack.
 *
 * Stacks are kept as a tree: a node for each different stack from the outermost frame inwards, which costs
 * what is different in them, and gives the figures of functions at the end, in one walk. */
#ifndef CORE_PROFILES_PROFILE_H
#define CORE_PROFILES_PROFILE_H

#include "base/base.h"

enum {
    PROFILE_TYPES_MAX = 64,                 /* sample types of one profile */
    PROFILE_NAME_MAX = 1024,                /* bytes of a name or module; what is longer is cut */
    PROFILE_DEPTH_MAX = 1 << 20,            /* frames of one stack */
    PROFILE_DISTINCT_MAX = 1 << 20,         /* functions */
    PROFILE_TEXT_MAX = 256 << 20,           /* bytes of all names */
    PROFILE_FRAMES_MAX = 500 * 1000 * 1000, /* frames of all stacks */
    PROFILE_TREE_MAX = 144 << 20            /* bytes of all nodes */
};
#define PROFILE_NO_NODE UINT32_MAX

/* A frame below the frames of its parents. Node 0 is the root, of no function. */
struct profile_node {
    uint32_t function, parent; /* the parent's number is the smaller one */
};

struct profile_function {
    const char *name, *module; /* module NULL: unknown */
    const char *kind;          /* as profile_kind gives it; NULL: unknown */
    const char *file;          /* of its source; NULL: unknown */
    int64_t self_samples, total_samples;
    uint64_t hash, stack; /* `stack`: number of the last one it is counted in without nodes */
    uint32_t open;        /* of its nodes, those the walk is below */
    double spread;        /* of intervals: the variance of its share against that of independent samples;
                             0 unknown */
};

struct profile {
    unsigned shared;     /* holders beside the first, see profile_share */
    struct arena *arena; /* of all texts */
    const char *format;  /* "pprof" */
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
    bool finished;  /* they are there, see profile_finish */
    size_t n, cap;
    uint64_t *slots; /* hash table: number of a function + 1, above it the upper half of its hash */
    size_t n_slots;
    size_t text_bytes;

    /* The call tree. Figures of node i from max_types * i. */
    struct profile_node *nodes;
    double *node_self;     /* of stacks that end there */
    int64_t *node_samples; /* of these; all 0 when not counted */
    double *node_total;    /* with all below; after profile_finish */
    double *node_cut;      /* of what is below it without nodes, because it was small or too much; NULL: all
                              has nodes */
    int64_t *node_cut_n;   /* frames right below it without nodes, where that is known */
    size_t n_nodes, cap_nodes;
    uint32_t *node_slots; /* hash table: number of a node, 0 free */
    size_t n_node_slots;
    size_t least_slots;        /* a power of 2: moving to a larger table costs more than a large one */
    size_t tree_max;           /* bytes of nodes; see profile_bound */
    struct profile_node *path; /* the last stack, with its nodes as parents */
    size_t n_path, cap_path;
    bool given; /* functions' figures were added, not walked for */

    bool series;            /* figures of an interval, that add up with those of the other intervals */
    int64_t lost;           /* samples; SD_UNKNOWN: the format cannot tell */
    double truncated_share; /* of the samples, with a stack that is cut; NAN as above */
    uint64_t stacks, frames;
    uint32_t ended;              /* the node in which the last stack ends, or that above what is cut of it */
    struct profile_parts *parts; /* whose the samples are, and lines of functions; NULL: not known */
    struct profile_lines *lines;
    int64_t skipped;  /* lines that were not understood */
    const char *full; /* what there is too much of; NULL */
};

/* `max_types`: how many sample types it may get, at most PROFILE_TYPES_MAX. */
struct profile *profile_new(const char *format, size_t max_types);
void profile_free(struct profile *p); /* NULL is fine */
/* For one more holder, who frees it, too; on one thread, and not changed any more. */
struct profile *profile_share(struct profile *p);

/* The kind and the unit as this program's own text: kernel, native, jit, interpreted, gc, allocator, lock,
 * process, label, thread or container, NULL for another one; ns, bytes or count, which is also for another
 * one. */
const char *profile_kind(const char *text);
const char *profile_unit(const char *text);

/* For a file of that size: the tree takes no more than three quarters of it, but 24 MiB in any case. What has
 * no room is cut, see profile_cut. */
void profile_bound(struct profile *p, size_t len);

/* Adds a sample type, or gives the number of the one of that name; max_types when there is no more room. */
size_t profile_type(struct profile *p, const char *name, const char *unit);
/* The number of a function. When there are too many, p->full says so, and the number is 0. */
uint32_t profile_function(struct profile *p, const char *name, size_t len, const char *module,
                          size_t module_len, const char *kind);
/* Without making it; UINT32_MAX: it is not there. */
uint32_t profile_find(const struct profile *p, const char *name, const char *module);
/* The same in steps, for many names at once: their hash; fetching, step by step from 0 to 2, what the look-up
 * will read; the look-up. Without a module. */
uint64_t profile_name_hash(const char *name, size_t len);
void profile_fetch(const struct profile *p, uint64_t hash, int step);
uint32_t profile_hashed_function(struct profile *p, const char *name, size_t len, uint64_t hash,
                                 const char *kind);

/* One stack, the innermost frame last, each less than p->n; `values` for each of the n_types there are,
 * `samples` only counts in a profile that is counted. An empty stack counts in the sums only. False: p->full
 * is set. */
bool profile_stack(struct profile *p, const uint32_t *frames, size_t n, int64_t samples,
                   const double *values);
/* The same in steps: the node below `parent` (0: the root) for a function, made when it is not there.
 * PROFILE_NO_NODE: there is no room for more; the stack goes to profile_stack then. */
uint32_t profile_below(struct profile *p, uint32_t parent, uint32_t function);
/* A stack of n frames that ends in that node. */
bool profile_ends(struct profile *p, uint32_t node, size_t n, int64_t samples, const double *values);
/* What is below a node and has no nodes of its own, with the number of frames right below. */
void profile_cut(struct profile *p, uint32_t node, int64_t n, const double *values);

void profile_say(struct profile *p, const char *note); /* kept once */
/* Gives the figures of a function, of the types there are, in a profile whose figures are not walked for:
 * all are given by this, or none. NULL: the values are 0. */
void profile_add(struct profile *p, uint32_t function, int64_t self_samples, int64_t total_samples,
                 const double *self, const double *total);

/* Works out the figures of functions and the totals of nodes: once, when all stacks are there. */
void profile_finish(struct profile *p);

/* Figures of a function by its number, after profile_finish. */
static inline double profile_self(const struct profile *p, size_t i, size_t type)
{
    return p->values[2 * p->max_types * i + type];
}
static inline double profile_total(const struct profile *p, size_t i, size_t type)
{
    return p->values[2 * p->max_types * i + p->max_types + type];
}
static inline double profile_node_total(const struct profile *p, size_t node, size_t type)
{
    return p->node_total[p->max_types * node + type];
}

/* Marks the nodes to keep, at most `most`, those with the largest shares of any type and all above them: an
 * item for each node, 0 for one to leave out. The caller frees. After profile_finish. */
uint8_t *profile_largest_nodes(const struct profile *p, size_t most);

/* Bytes it holds. */
size_t profile_bytes(const struct profile *p);

/* Numbers of the functions by self of the chosen type, largest first, then by name; the caller frees. */
uint32_t *profile_order(const struct profile *p);

#endif
