/* ast.h - a statement as a tree that can be changed and written again.
 *
 * PostgreSQL's own parse tree, in the form libpg_query can turn back into SQL. All nodes
 * live in one arena: what is put in from elsewhere is never freed twice. A part is
 * replaced by writing to its slot; who restores the slot has the old statement again.
 * One thread at a time. For core/rewrite*.c. */
#ifndef CORE_AST_H
#define CORE_AST_H

#include <pg_query/pg_query.pb-c.h>

#include "base/base.h"

typedef PgQuery__Node Node;
typedef PgQuery__SelectStmt Select;

struct ast {
    struct arena *arena;
    PgQuery__ParseResult *root;
    Node *stmt;
};

#define AST_MAX_DEPTH 400 /* of nested messages: what the walks and libpg_query recurse into */

/* False: not one statement, it does not parse, is nested too deeply, or would not come out
 * again as it went in. */
bool ast_parse(struct arena *a, const char *sql, struct ast *out);
/* The statement as SQL now, in the arena; NULL when it cannot be written. */
const char *ast_sql(const struct ast *t);
/* An expression as SQL; with `closed` in parentheses unless it is one word or call. */
const char *ast_text(const struct ast *t, Node *n);
const char *ast_closed(const struct ast *t, Node *n);
/* A SELECT as SQL. */
const char *ast_select_text(const struct ast *t, Select *s);
/* SQL of an expression (of a whole SELECT) as nodes; NULL when it does not parse. */
Node *ast_expr(const struct ast *t, const char *fmt, ...) SD_PRINTF(2, 3);
Select *ast_select(const struct ast *t, const char *fmt, ...) SD_PRINTF(2, 3);

/* Every node of `slot` and under it, parents first; `visit` false: not below this one. */
typedef bool ast_visit(void *ctx, Node **slot);
void ast_walk_slot(Node **slot, ast_visit *visit, void *ctx);

/* ---- small readers; all take NULL ---- */
const char *ast_name(const Node *n);                /* of a String; NULL */
const char *ast_last(size_t n, Node *const *names); /* the last of a list; "" */
const char *ast_column(const Node *n);              /* column of a ColumnRef; NULL: * or none */
const char *ast_qualifier(const Node *n);           /* its table; NULL */
const char *ast_operator(const Node *n);            /* "=" of a plain binary operator; NULL */
const char *ast_function(const Node *n);            /* "lower"; NULL */
const char *ast_cast(const Node *n);                /* "date" of a cast; NULL */
bool ast_integer(const Node *n, int64_t *out);      /* a whole number, sign and .0 included */
const char *ast_string(const Node *n);              /* a text constant, cast or not; NULL */
bool ast_is_constant(const Node *n);                /* a constant or parameter, cast or not */
/* The first column mentioned (not in subqueries) and how many times columns are. */
Node *ast_first_column(Node *n, size_t *count);
bool ast_mentions(Node *n, PgQuery__Node__NodeCase kind);
bool ast_volatile(Node *n);     /* random(), clock_timestamp(), ...: a value of its own each time */
bool ast_aggregates(Select *s); /* groups, aggregates or windows */
/* Parts of an AND, of an OR: slots into the tree; `n` 1 and the node itself otherwise. */
struct ast_parts {
    Node **items[64];
    size_t n;
};
void ast_conjuncts(Node **slot, struct ast_parts *out);

/* What the FROM of a SELECT names. */
struct ast_from {
    const char *name;         /* alias or table */
    PgQuery__RangeVar *table; /* NULL: something else */
    bool optional;            /* on the nullable side of an outer join */
};
struct ast_froms {
    struct ast_from items[32];
    size_t n;
    bool plain; /* tables only, and nothing but commas and inner joins with ON */
};
void ast_froms(Select *s, struct ast_froms *out);

#endif
