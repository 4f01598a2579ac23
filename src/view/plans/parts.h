/* parts.h - what the files of the view `plan` share.
 *
 *   plan.c          the document: summary, findings, query, notes; several plans
 *   node_tree.c     the nodes
 *   node_about.c    all about one node or finding; the marks in the statement
 *   suggestions.c  the indexes
 *   rewrites.c  the statement written differently
 *   plan_keeper.c   who keeps dead rows
 *   query_plan.c    plans that came from a source */
#ifndef VIEW_PLANS_PARTS_H
#define VIEW_PLANS_PARTS_H

#include "core/plans/advice.h"
#include "core/rewrite/rules.h"
#include "format/plans/explain_input.h"
#include "view/plans/plan.h"

/* Whole units; what no integer can hold is unknown. */
struct cell plan_whole(double v);
/* As plan_shown, of an expression out of a plan: there is nothing in it to be parsed. */
const char *plan_shown_expression(struct doc *d, const struct plan_source *src, const char *sql);
/* A sentence with names in it that come from outside: their line breaks would begin lines. */
const char *plan_line(struct doc *d, const char *text);
/* The node's table or type, in a word or two; NULL: "whole plan". */
const char *plan_short_name(struct doc *d, const struct plan_node *n);

/* ---- plan_keeper.c ---- */
/* Into src->facts: who keeps dead rows of the plan's server at the cursor. */
void plan_find_keeper(struct doc *d, const struct view_ctx *c, const struct plan_entry *entry,
                      struct plan_source *src);

/* ---- node_tree.c ---- */
extern const struct column plan_columns_cost[PLAN_COLUMNS]; /* for a plan without times */
/* A row for every node, or for those with kept[id - 1]. */
void plan_node_rows(struct doc *d, struct table *t, const struct plan *p, const struct plan_source *src,
                    const struct plan_findings *f, const bool *kept);
/* The section "nodes"; max_nodes 0: all of them. */
void plan_tree(struct doc *d, struct plan *p, const struct plan_source *src, const struct plan_findings *f,
               size_t max_nodes);

/* ---- node_about.c ---- */
struct sql_clause;
struct plan_kept { /* what a document owns, so that its rows can go on to tell about themselves */
    struct explain explain;
    struct sql_clause *clause;
};
void plan_kept_free(struct plan_kept *k);

struct plan_about;
struct plan_advice; /* below */
/* Before the sections are made. What src->kept holds becomes the document's. */
struct plan_about *plan_about_new(struct doc *d, const struct plan *p, const struct plan_source *src,
                                  const struct plan_findings *f, const struct plan_advice *advice);
/* The part of the statement that a finding is about, as text; NULL: not known. */
const char *plan_about_clause(const struct plan_about *a, size_t finding);
/* The rows of `s` are nodes, or findings, with their number in row->number. */
void plan_about_nodes(struct section *s, struct plan_about *a);
void plan_about_findings(struct section *s, struct plan_about *a);
/* Marks in the text of section `s`, if that is the statement, what the first finding is
 * about, or the worst node. When all sections are made. */
void plan_about_mark(struct doc *d, struct plan_about *a);
/* The section "As text". */
void plan_about_text(struct doc *d, struct plan_about *a);
/* What the parser keeps is given back when the document does not own it. */
void plan_about_done(struct plan_about *a);

/* ---- suggestions.c ---- */
#define PLAN_SUGGESTION_COLUMNS 16
extern const struct column plan_suggestion_columns[PLAN_SUGGESTION_COLUMNS];
/* What is advised: by the server beside its plan, or else from the plan alone. */
struct plan_advice {
    const struct plan *plan;
    const struct plan_source *src;
    struct advice_list own; /* empty when the server's is there */
    size_t n;               /* indexes suggested */
};
/* The same, or one that says why it is not shown: a source may send any text, and what is
 * shown as an index's statement is copied and run. */
const struct sd_advice *plan_advice_checked(const struct sd_advice *r);
/* `query` NULL: what the plan says. */
void plan_advise(struct plan *p, const struct plan_source *src, const char *query, struct plan_advice *out);
void plan_advise_free(struct plan_advice *a);
/* The statement that creates the first of them; NULL. */
const char *plan_advice_ddl(struct doc *d, const struct plan_advice *a);
/* A finding's advice, with the index where one is suggested. */
const char *plan_advice_of(struct doc *d, const struct plan_finding *f, const struct plan_advice *a);
void plan_suggestion_rows(struct doc *d, struct table *t, const struct plan_advice *a);
/* What each suggested index does and takes, a line each. */
void plan_advice_text(const struct plan_advice *a, struct strbuf *out);
/* The section "suggestions". */
void plan_suggest(struct doc *d, const struct plan_advice *a);

/* ---- rewrites.c ---- */
#define PLAN_REWRITE_COLUMNS 14
extern const struct column plan_rewrite_columns[PLAN_REWRITE_COLUMNS];
/* The rewrites of a plan's statement; rewrites_free. */
void plan_rewrites_read(struct plan *p, const struct plan_source *src, struct rewrite_list *out);
void plan_rewrite_rows(struct doc *d, struct table *t, const struct rewrite_list *l);
/* The section "rewrites", when there is one; `in_short`: with the text of the first only. */
void plan_rewrites(struct doc *d, struct plan *p, const struct plan_source *src, bool in_short);
/* SQL with a line for each clause. */
const char *plan_sql_lines(struct doc *d, const char *sql);

#endif
