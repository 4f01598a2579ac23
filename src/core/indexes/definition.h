/* definition.h - an index that could be: what it holds, its DDL, its name. */
#ifndef CORE_INDEXES_DEFINITION_H
#define CORE_INDEXES_DEFINITION_H

#include "core/indexes/db_catalog.h"

enum index_method { INDEX_BTREE, INDEX_GIN, INDEX_BRIN };
const char *index_method_name(enum index_method m);

enum { INDEX_KEYS = 8, INDEX_INCLUDES = 12 };

struct index_key {
    int column;          /* position in the relation; -1: an expression */
    const char *expr;    /* SQL, in parentheses where the grammar wants them; NULL */
    const char *opclass; /* NULL: the default */
    const char *type;    /* of the expression's value, when known; NULL */
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

/* Is there a valid index already that leads to the same rows: `d` would only carry more
 * columns, or fewer rows? */
const struct catalog_index *index_def_doubles(const struct index_def *d);

/* "(a, b DESC) INCLUDE (c)" */
void index_def_columns(const struct index_def *d, struct strbuf *out);
/* CREATE INDEX [CONCURRENTLY name] ON ...; name NULL: for a hypothetical one. A
 * partitioned table takes none concurrently. */
void index_def_ddl(const struct index_def *d, const char *name, struct strbuf *out);
/* table_a_b_idx, cut to what the server keeps, not among the names of the catalog's
 * indexes or of `taken`. Caller frees. */
char *index_def_name(const struct index_def *d, const struct catalog *c, const char *const *taken,
                     size_t n_taken);

#endif
