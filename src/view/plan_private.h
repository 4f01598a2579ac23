/* plan_private.h - what the files of the view `plan` share.
 *
 *   plan.c          the document: summary, findings, query, notes; several plans
 *   plan_tree.c     the nodes
 *   plan_suggest.c  the indexes
 *   plan_query.c    plans that came from a source */
#ifndef VIEW_PLAN_PRIVATE_H
#define VIEW_PLAN_PRIVATE_H

#include "core/advise.h"
#include "view/plan.h"

/* Whole units; what no integer can hold is unknown. */
struct cell plan_whole(double v);
/* The node's table or type, in a word or two; NULL: "whole plan". */
const char *plan_short_name(struct doc *d, const struct plan_node *n);

/* ---- plan_tree.c ---- */
extern const struct column plan_columns_cost[PLAN_COLUMNS]; /* for a plan without times */
/* A row for every node, or for those with kept[id - 1]. */
void plan_node_rows(struct doc *d, struct table *t, const struct plan *p, const struct plan_source *src,
                    const struct plan_findings *f, const bool *kept);
/* The section "nodes"; max_nodes 0: all of them. */
void plan_tree(struct doc *d, struct plan *p, const struct plan_source *src, const struct plan_findings *f,
               size_t max_nodes);

/* ---- plan_suggest.c ---- */
#define PLAN_SUGGESTION_COLUMNS 8
extern const struct column plan_suggestion_columns[PLAN_SUGGESTION_COLUMNS];
/* A finding's advice, with the index where one is suggested. */
const char *plan_advice_of(struct doc *d, const struct plan_finding *f, const struct advice_list *suggestions);
void plan_suggestion_rows(struct doc *d, struct table *t, const struct advice_list *l);
/* The section "suggestions". */
void plan_suggest(struct doc *d, const struct advice_list *l);

#endif
