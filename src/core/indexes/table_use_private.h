/* table_use_private.h - what the files of table_use share */
#ifndef CORE_INDEXES_TABLE_USE_PRIVATE_H
#define CORE_INDEXES_TABLE_USE_PRIVATE_H

#include "core/indexes/table_use.h"
#include "core/sql/lex.h"
#include "core/sql/statement.h"
#include "core/indexes/table_use_expr.h"

enum { MAX_USES = 64, MAX_DEPTH = 24, MAX_OUTPUTS = 256 };

#define NONE SIZE_MAX

struct place { /* a column of a use; use NONE: something computed */
    size_t use;
    int column;
};

struct output {
    const char *name; /* NULL: none */
    struct place place;
};

struct binding {
    const char *name;
    size_t use; /* NONE: derived */
    struct output *outputs;
    size_t n;
    struct binding *next;
};

struct cte {
    const char *name;
    const cJSON *node;
    struct scope *scope; /* where it is written */
    struct cte *next;
};

struct scope {
    struct scope *parent;
    struct binding *bindings;
    struct cte *ctes;
};

struct walker {
    const struct catalog *catalog;
    struct statement_use *out;
    cJSON **trees; /* of views, kept until the end */
    size_t n_trees, cap_trees;
    int depth;
    size_t budget;    /* bindings left: a CTE may be entered once for each reference */
    size_t arm, arms; /* of an OR: the one that is read, 0 outside; how many there were */
    size_t served;    /* conditions that became predicates */
};

struct result {
    struct output *items;
    size_t n;
};

#define get tree_get

struct refs {
    size_t use; /* the one use it refers to; NONE: none */
    bool several, opaque, subquery;
};

struct names { /* for writing an expression of one use */
    struct walker *w;
    const struct scope *scope;
    size_t use;
};

struct pred *use_add_pred(struct walker *w, size_t use, enum pred_kind kind, struct index_key key);
/* The use and key of a side of a comparison: a column, or an immutable expression of
 * one use's columns. False: neither. */
bool use_key_of(struct walker *w, const struct scope *s, const cJSON *node, size_t *use,
                struct index_key *key);
void use_join_pair(struct walker *w, struct place a, struct place b);
void use_condition(struct walker *w, struct scope *s, const cJSON *node);
struct table_use *use_of(struct walker *w, size_t i);
struct place use_resolve(struct walker *w, const struct scope *s, const cJSON *column_ref);
/* "column <-> constant", which is sorted by. */
void use_nearest(struct walker *w, struct scope *s, const cJSON *node);
/* The column behind an expression, through casts that change nothing. */
struct place use_column_of(struct walker *w, const struct scope *s, const cJSON *node);
void use_need(struct walker *w, struct place p);
struct refs use_refs_of(struct walker *w, const struct scope *s, const cJSON *node);
bool use_constant(struct walker *w, const struct scope *s, const cJSON *node);
void use_sublink(struct walker *w, struct scope *s, const cJSON *link);
void use_call(struct walker *w, struct scope *s, const cJSON *f);
void use_walk(struct walker *w, struct scope *s, const cJSON *node);

#endif
