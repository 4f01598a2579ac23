/* clause.h - which part of a statement a plan's node comes from.
 *
 * Through PostgreSQL's own parse tree: the conditions, orders, groups and tables of all
 * its queries, with their places in the text. A node's condition is compared by what it
 * is about (core/sql/terms.h): columns, operator, constants; aliases are resolved through
 * the FROM lists. Where it could be two places, or the planner made the condition itself,
 * nothing is found: no mark is better than a wrong one. Any thread; no state. */
#ifndef CORE_PLANS_CLAUSE_H
#define CORE_PLANS_CLAUSE_H

#include "core/plans/tree.h"

enum { CLAUSES_MAX = 12 };
struct clause {
    size_t start, len; /* bytes */
};
struct clauses {
    struct clause items[CLAUSES_MAX]; /* in the order of the text, apart from each other */
    size_t n;
};

/* The statement as it is shown, constants hidden or not; positions are in this text.
 * NULL when it does not parse. */
struct sql_clause *sql_clause_open(const char *sql);
void sql_clause_close(struct sql_clause *c); /* NULL is fine */
/* What node `n` is about; with `rule` (a name of core/plans/findings.h) what that rule
 * found there. `n` NULL: nothing. False: not found, or not for sure. */
bool sql_clause_find(const struct sql_clause *c, const struct plan_node *n, const char *rule,
                     struct clauses *out);

#endif
