/* choice_private.h - what the files of choice share */
#ifndef CORE_INDEXES_CHOICE_PRIVATE_H
#define CORE_INDEXES_CHOICE_PRIVATE_H

#include "core/indexes/choice.h"
#include "core/indexes/size.h"

enum { LOCAL = 256, WORDS = LOCAL / 64, ENTRIES = 4096, KNOWN = 512, MERGES_PER_TABLE = 60, POOL_MAX = 1500 };

struct bits {
    uint64_t w[WORDS];
};

struct entry {
    struct bits offered, used;
    double cost;
};

/* Bounds of a set as far as the first `upto` entries tell. */
struct known {
    struct bits b;
    double low, high;
    size_t upto;
};

struct memory { /* of one statement */
    struct entry *entries;
    size_t n, cap;
    struct known *known; /* KNOWN of them, by hash; the older of two goes */
    size_t *local;       /* place in the pool of each bit */
    size_t n_local, cap_local;
    short *bit; /* of a place in the pool; -1: of no use to the statement, -2: not looked at */
    size_t n_bit;
    struct candidate_list liked; /* what its plans used when they could choose */
    bool failed;
};

struct choice_cache {
    struct memory *of;
    bool by_liking; /* the search looks only at what a statement has used, its merges and parts */
    bool exact;     /* the figures that are told are asked for, even when calls or time are used up */
    bool *banned;   /* per pool: too small a gain for a second index with the same keys */
};

/* A set of the pool. */
struct set {
    size_t *items;
    size_t n;
};

/* What a statement uses when offered its own candidates: all, the narrow ones, single
 * columns, those without predicate, and what is left when the favourites are taken away. */
enum { ALL, NARROW, SINGLE, NO_PREDICATE, ROUNDS = 10 };

/* What is known of a candidate's gain in this round. */
enum { STALE, AT_MOST, EXACT };

#define NARROW_TIMES 2 /* an index of fewer keys may leave so much more ... */

#define NARROW_COST 5 /* ... and this: about one page */

/* For the final figures each statement sees every index of its tables. */
void choice_forget_uses(struct choice *c, const struct set *s);
void choice_ban_doubles(struct choice *c);
/* An index that gains almost nothing does not justify the cost of its writes. */
void choice_drop_useless(struct choice *c, struct set *s);
/* The columns an index has beside those of a narrower one have to pay, too. */
void choice_narrow(struct choice *c, struct set *s);
void choice_report(struct choice *c, const struct set *s);
/* Are the calls used up, or the time? */
bool choice_late(struct choice *c);
/* What it costs at most; exactly, unless the calls or the time are used up. */
double choice_cost_of(struct choice *c, size_t q, const struct set *s);
double choice_total_of(struct choice *c, const struct set *s);
double choice_size_of(const struct choice *c, const struct set *s);
bool choice_has(const struct set *s, size_t place);
struct set choice_copy(const struct choice *c, const struct set *s);
void choice_take_out(struct set *s, size_t at);
/* Adds one; those it makes superfluous go. */
void choice_put(const struct choice *c, struct set *s, size_t place);

#endif
