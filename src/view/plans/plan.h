/* plan.h (view) - a plan as a document: findings first, then the index that would
 * help, then the tree. Used by the view `plan`, by `slowdive explain` and, in short,
 * by the view `query`. */
#ifndef VIEW_PLANS_PLAN_H
#define VIEW_PLANS_PLAN_H

#include "core/plans/tree.h"
#include "core/plans/findings.h"
#include "view/view.h"

extern const struct view plan_view; /* about a "query": "database/query_id" */

void plans_figures(const struct view_ctx *c, struct figures *f); /* struct view.figures */

struct plan_kept;

struct plan_source { /* what is known about a plan beside itself */
    struct plan_facts facts;
    const char *query;       /* the statement; NULL: what the plan says, if anything */
    const char *origin;      /* source instance or file name; NULL */
    sd_time at;              /* when it was taken; SD_UNKNOWN */
    const char *refused;     /* why a newer try gave no plan; NULL */
    int generic;             /* 1: planned without parameter values, 0, -1: unknown */
    bool show_literals;      /* off: constants in conditions are hidden */
    enum plan_metric metric; /* what the tree is weighed by; one the plan has not: time or cost */
    const char *metric_key;  /* chooses another; NULL: no key works here */
    struct plan_kept *kept; /* holds the plan and goes over to the document: rows tell all about themselves */
    bool plan_lasts;        /* the plan lives as long as the document, though not as `kept` */
    const char *shown;      /* the statement as the document shows it already; NULL: it does not */
    const struct sd_advice *const *advice; /* the server's, beside the plan; it goes before our own */
    size_t n_advice;
    bool replayed;  /* it comes from a recording: no planner of this session has said it */
    bool own_query; /* the user handed it over: constants in suggested indexes are shown */
    double mean_ns; /* of the statement, by its statistics; 0 or NAN unknown */
};

/* Columns of the section "nodes", and how a condition is shown: for the parts of this
 * view only. */
#define PLAN_COLUMNS 27
extern const struct column plan_columns[PLAN_COLUMNS];
const char *plan_shown(struct doc *d, const struct plan_source *src, const char *sql);

/* The document of one plan. */
struct doc *plan_doc(struct plan *p, const struct plan_source *src);
/* Its suggestions, findings and a tree, appended to d; the focus goes to the index that
 * is suggested, or to the findings. max_nodes 0: everything; otherwise in short, with a
 * tree of at most so many nodes. */
void plan_sections(struct doc *d, struct plan *p, const struct plan_source *src, size_t max_nodes);

/* The newest plan of a query at the cursor, as sections of a view about that query:
 * findings, suggestions and a tree of at most max_nodes nodes. Without a plan the doc
 * says why and wants one from the source (doc->want). True when there is a plan. */
bool plan_embed(struct doc *d, const struct view_ctx *c, const struct query *q, size_t max_nodes);

/* The first index suggested by the newest plan of a query; NULL: none, or no plan. */
const char *plan_suggestion(struct doc *d, const struct view_ctx *c, const struct query *q);

/* The document of a source's reply to a request: the SD_PLAN of the batch, with the
 * tables and indexes in it. NULL and a sentence when the server gave no plan. */
struct doc *plan_reply(const struct sd_batch *b, bool show_literals, struct sd_error *err);

/* `slowdive explain FILE|-`: text as the user handed it over, from a file or stdin
 * called `name`. NULL and a sentence when there is no plan in it. Several plans make
 * one document with a list of them (plans[]) and the sections of the slowest. */
struct doc *plan_explain(const char *text, size_t len, const char *name, struct sd_error *err);

#endif
