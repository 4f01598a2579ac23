/* conditions.h - can an index be used for the conditions of a plan node?
 *
 * EXPLAIN's expressions are SQL, nearly: each is read by table_use with a catalog made from the plan: the
 * columns in its conditions, with the types of their casts. So statements and plans use the same reader. */
#ifndef CORE_PLANS_CONDITIONS_H
#define CORE_PLANS_CONDITIONS_H

#include "core/plans/tree.h"
#include "core/indexes/table_use.h"

struct plan_condition { /* one that is joined to the others by AND */
    struct pred pred;   /* when `why` is NULL */
    const char *why;    /* what it is, when no index key follows from it */
    bool harmless;      /* then it hardly selects either */
};

enum { PLAN_CONDITIONS = 64, PLAN_CONDITION_SOURCES = 8 };

struct plan_conditions {
    struct catalog *catalog;
    struct catalog_relation *rel;
    const char *alias, *query;
    struct plan_condition items[PLAN_CONDITIONS];
    size_t n;
    bool unread;                /* one could not be read */
    struct statement_use *uses; /* hold the texts */
    size_t n_uses, cap_uses;
};

/* For a node that reads a relation. `query` (NULL: unknown) tells casts the user wrote
 * from those the server added. */
void plan_conditions_init(struct plan_conditions *c, const struct plan_node *n, const char *schema,
                          const char *query);
void plan_conditions_free(struct plan_conditions *c);
/* "((a = 1) AND (t.b > c.d))"; NULL is fine. */
void plan_conditions_add(struct plan_conditions *c, const char *text);
/* Sort keys as a plan has them. False: they are not all of this relation. */
bool plan_conditions_order(struct plan_conditions *c, const struct plan_list *keys, struct ordering *out);

#endif
