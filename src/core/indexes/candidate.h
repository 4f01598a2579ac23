/* candidate.h - the candidate indexes of one statement, to be tested with the planner.
 *
 * Equalities first, then one range or the wanted order; joins before or after the
 * equalities; each also with the other columns the statement reads (INCLUDE), and
 * restricted to a constant condition. Whether one helps is the planner's to say. */
#ifndef CORE_INDEXES_CANDIDATE_H
#define CORE_INDEXES_CANDIDATE_H

#include "core/indexes/table_use.h"

#define CANDIDATE_MIN_ROWS         1000 /* smaller tables are read whole */
#define CANDIDATE_MIN_BYTES        131072
#define CANDIDATE_PARTIAL_DISTINCT 16   /* a constant of a column with more values is chance */
#define CANDIDATE_PARTIAL_NUMBERS  10   /* the same of a number, which is rarely a state */
#define CANDIDATE_BRIN_PAGES       2048 /* 16 MB: smaller tables get no BRIN */
#define CANDIDATE_BRIN_CORRELATION 0.98
enum { CANDIDATES_PER_STATEMENT = 160 };

struct candidate_list {
    struct index_def *items; /* texts belong to the statement_use, or to `arena` of merges */
    size_t n, cap;
    /* Why others are not there; NULL or -1: no such reason. */
    const struct catalog_relation *existing_of, *long_of;
    const struct catalog_index *existing; /* of existing_of: does the work already */
    int long_column;                      /* of long_of: its values are too long for a B-tree */
};

/* Adds what is not in the list yet, what no existing index covers and what can be built; gives its
 * place, or SIZE_MAX for what exists or cannot be. */
size_t candidate_add(struct candidate_list *l, const struct index_def *d);
void candidates(const struct catalog *c, const struct statement_use *u, struct candidate_list *out);
void candidate_free(struct candidate_list *l);

/* Why a table gets no index; NULL: it may. */
const char *candidate_refusal(const struct catalog_relation *r);
/* One index that does what both do: the keys of `a`, what `b` has besides as further
 * columns. False: they do not begin alike, or it would be too wide. */
bool candidate_merge(const struct index_def *a, const struct index_def *b, struct index_def *out);

#endif
