/* private.h - what the rules share.
 *
 *   rules.c    the table of rules, floors, ranking
 *   ast.c      the statement as a tree
 *   by_plan.c  what the plan says about a part of the statement
 *   paging.c   OFFSET, ORDER BY random(), SELECT *
 *   or.c       OR, lists of constants, UNION
 *   column.c   functions and casts around a column
 *   cast.c     a column cast to text
 *   keyset.c   the condition of keyset paging written as an OR
 *   array.c    a value searched in an array column; few values of many rows
 *   subquery.c subqueries: NOT IN, count(*), correlated ones
 *   join.c     DISTINCT over a join, CTEs
 *   batching.c one statement for many keys */
#ifndef CORE_REWRITE_PRIVATE_H
#define CORE_REWRITE_PRIVATE_H

#include <math.h>

#include "core/plans/figures.h"
#include "core/rewrite/rules.h"
#include "core/sql/ast.h"

#define IS(n, CASE) ((n) && (n)->node_case == PG_QUERY__NODE__NODE_##CASE)

struct rewriter {
    const struct rewrite_input *in;
    const struct plan *plan;
    const struct rewrite_rule *rule;
    struct arena *arena;
    struct ast tree;
    Select *select; /* the statement, when it is a SELECT; of a set operation, the whole */
    int parameters; /* highest $n */
    struct rewrite_list *out;
};

/* ---- what could be saved ---- */
struct saving saving_own(const struct rewriter *r, const struct plan_node *n,
                         double part); /* of the node itself */
struct saving saving_total(const struct rewriter *r, const struct plan_node *n,
                           double part); /* with all below */
/* The rewrite when it passes limits and floors; NULL otherwise. One for each rule and node. */
struct rewrite *rewrite_found(struct rewriter *r, const struct plan_node *n, double measure, struct saving s,
                              double amount);
#define SAY(...) arena_printf(r->arena, __VA_ARGS__)
static inline const char *say_count(struct rewriter *r, double v)
{
    return figure_count(r->arena, round(v));
}
static inline const char *say_bytes(struct rewriter *r, double v)
{
    return figure_bytes(r->arena, v);
}
static inline const char *say_time(struct rewriter *r, double ns)
{
    return figure_time(r->arena, ns);
}
static inline const char *say_share(struct rewriter *r, double share)
{
    return figure_share(r->arena, share);
}
/* The whole statement with `slot` replaced by `with` for the moment; NULL: it cannot be written. */
const char *rewrite_with(struct rewriter *r, Node **slot, Node *with);

/* ---- by_plan.c ---- */
/* A condition as the plan writes it, as a tree; NULL: not understood. */
Node *plan_condition(struct rewriter *r, const char *text);
/* Has the condition this column inside of something (a function, a cast, arithmetic)?
 * Casts that only name the type anew do not count. */
bool plan_wraps(Node *condition, const char *column, char cast[64]);
/* Is the column cast to text in the condition? */
bool plan_as_text(Node *condition, const char *column);
/* Does a valid index of the scan's table begin with these columns (comma separated)? */
bool plan_indexed(const struct rewriter *r, const struct plan_node *n, const char *columns);
/* Does a text of the plan name this column (as a whole word)? */
bool plan_names(const char *text, const char *column);
/* Is the node a scan of this FROM item? `name` NULL: any. */
bool plan_scans(const struct plan_node *n, const char *name);
/* The columns of a unique index of a table, comma separated as SQL; NULL: none known. */
const char *plan_unique(struct rewriter *r, const PgQuery__RangeVar *table);
/* What a catalog says of a column; NULL: there is no catalog, or no such column. */
const struct catalog_relation *plan_relation(const struct rewriter *r, const PgQuery__RangeVar *table);
const struct catalog_column *plan_column(const struct rewriter *r, const PgQuery__RangeVar *table,
                                         const char *column);
/* The FROM item a column belongs to: by its qualifier, as the only one, or by the catalog. */
const struct ast_from *plan_owner(const struct rewriter *r, const struct ast_froms *f,
                                  const Node *column_ref);
/* A new list of nodes, one longer. */
Node **ast_append(struct rewriter *r, Node **items, size_t *n, Node *item);
const char *say_name(struct rewriter *r, const char *name); /* an identifier, quoted where it must be */

/* ---- column.c ---- */
/* A comparison of something of one column with a value: "date(created) = $1". */
struct comparison {
    Node **slot;
    Node *wrapped, *value; /* value: of BETWEEN a List of two */
    Node *column;
    const char *op; /* with the column on the left; "between" */
    bool as_text;   /* a cast to text that the user wrote is around it */
};

/* The scan that reads a table (or an index) whole for a filter around this column. */
struct wasted {
    const struct plan_node *node;
    double share, removed, read;
    bool lower_bound;
    char cast[64];
    struct saving saved;
    size_t parts; /* further partitions in it */
};
/* May a condition inside of it be one that must be true for its row? Not under NOT, not in what is selected.
 */
bool holds_for_rows(const Node *n);
/* False: no scan is wasted for it. */
bool column_wasted(struct rewriter *r, const struct comparison *c, struct wasted *out);
/* "orders", "orders_1 and 11 more parts"; "100 k rows were read to keep 5" */
const char *say_wasted_where(struct rewriter *r, const struct wasted *w);
const char *say_wasted(struct rewriter *r, const struct wasted *w);

/* ---- the rules ---- */
void find_offset(struct rewriter *r);
void find_random(struct rewriter *r);
void find_wide(struct rewriter *r);
void find_or_tables(struct rewriter *r);
void find_or_columns(struct rewriter *r);
void find_in_list(struct rewriter *r);
void find_union(struct rewriter *r);
void find_function(struct rewriter *r);
void find_cast(struct rewriter *r);
void find_text_cast(struct rewriter *r);
void find_keyset_or(struct rewriter *r);
void find_any_of_column(struct rewriter *r);
void find_few_values(struct rewriter *r);
void find_not_in(struct rewriter *r);
void find_count(struct rewriter *r);
void find_correlated(struct rewriter *r);
void find_distinct(struct rewriter *r);
void find_cte(struct rewriter *r);

#endif
