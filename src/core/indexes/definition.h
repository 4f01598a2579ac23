/* definition.h - an index that could be: what it holds, its DDL, its name. */
#ifndef CORE_INDEXES_DEFINITION_H
#define CORE_INDEXES_DEFINITION_H

#include "core/indexes/db_catalog.h"

enum index_method { INDEX_BTREE, INDEX_GIN, INDEX_BRIN, INDEX_HASH, INDEX_GIST, INDEX_SPGIST };
const char *index_method_name(enum index_method m);
/* Can the planner be asked about one that does not exist (HypoPG)? */
bool index_method_asked(enum index_method m);
/* Does it hold values of another form, so that its size cannot be told: GIN, GiST, SP-GiST? */
bool index_method_unsized(enum index_method m);

enum { INDEX_KEYS = 8, INDEX_INCLUDES = 12 };

struct index_key {
    int column;            /* position in the relation; -1: an expression */
    const char *expr;      /* SQL, in parentheses where the grammar wants them; NULL */
    const char *opclass;   /* NULL: the default */
    const char *collation; /* another than the column's, as SQL; NULL */
    const char *type;      /* of the expression's value, when known; NULL */
    bool desc, nulls_first;
};

struct index_def {
    const struct catalog_relation *rel;
    enum index_method method;
    struct index_key keys[INDEX_KEYS];
    size_t n_keys;
    int include[INDEX_INCLUDES];
    size_t n_include;
    const char *predicate;  /* SQL; NULL: the whole table */
    double predicate_share; /* of the rows; 1 without a predicate */
};

bool index_def_same(const struct index_def *a, const struct index_def *b);
/* Does `a` do everything `b` does: its keys begin with b's, its columns hold b's, the
 * same predicate and method? */
bool index_def_covers(const struct index_def *a, const struct index_def *b);
bool index_def_has(const struct index_def *d, int column);
/* Is there a valid index already that covers it? */
const struct catalog_index *index_def_exists(const struct index_def *d);

/* Is there one that would, were it not invalid: a CREATE INDEX CONCURRENTLY that failed? */
const struct catalog_index *index_def_invalid(const struct index_def *d);

/* Then a sentence that names it and what to do; caller frees. NULL: there is none. */
char *index_def_invalid_text(const struct index_def *d);

/* Can a B-tree entry not hold some values: more than 2704 bytes (BTMaxItemSize)? *column is the longest. */
bool index_def_too_long(const struct index_def *d, int *column);

/* Is there a valid index already that leads to the same rows: `d` would only carry more
 * columns, or fewer rows? */
const struct catalog_index *index_def_doubles(const struct index_def *d);

/* "(a, b DESC) INCLUDE (c)" */
void index_def_columns(const struct index_def *d, struct strbuf *out);
/* CREATE INDEX [CONCURRENTLY name] ON ...; name NULL: for a hypothetical one. A
 * partitioned table takes none concurrently. */
void index_def_ddl(const struct index_def *d, const char *name, struct strbuf *out);
/* The invalid index that REINDEX would make into this one; NULL: there is none. */
const struct catalog_index *index_def_mends(const struct index_def *d);
/* What makes that there is such an index: the REINDEX of an invalid one that would do, otherwise its DDL. */
void index_def_statement(const struct index_def *d, const char *name, struct strbuf *out);
/* table_a_b_idx, cut to what the server keeps, not among the names of the catalog's
 * indexes or of `taken`. Caller frees. */
char *index_def_name(const struct index_def *d, const struct catalog *c, const char *const *taken,
                     size_t n_taken);

#endif
