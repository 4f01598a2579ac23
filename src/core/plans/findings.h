/* findings.h - problems of a plan, found by rules with published thresholds.
 *
 * One table, `plan_rules`, holds every rule with its thresholds, its floor and its
 * help: the findings and the manual are made from it. A share alone is not a finding (a plan of 0.3 ms also
 * has a slowest node): every rule also has an absolute minimum. */
#ifndef CORE_PLANS_FINDINGS_H
#define CORE_PLANS_FINDINGS_H

#include "core/doc.h"
#include "core/plans/tree.h"

/* Who keeps dead rows from being removed; who NULL: none was seen. */
struct plan_keeper {
    const char *who; /* as row_keeper_words says it */
    sd_time since;   /* start of the transaction; SD_UNKNOWN */
};

/* What is known of the tables beside the plan: with a server, everything; with a file,
 * nothing ({0}). `indexes_known` tells an empty list from an unknown one. */
struct plan_facts {
    const struct sd_table *const *tables;
    size_t n_tables;
    const struct sd_index *const *indexes;
    size_t n_indexes;
    bool indexes_known;
    /* Temporary bytes a call of the statement writes, from the server's statistics: tells
     * of a spill where the plan was not executed. 0 when unknown. */
    double temp_bytes_per_call;
    const char *query;                /* the statement; NULL: what the plan says */
    const struct plan_keeper *keeper; /* by the sessions; NULL: not sampled, sd_table.kept_by may say it */
    sd_time now;                      /* of the keeper; 0 or SD_UNKNOWN: not known */
};
/* The table a node reads; NULL when it is not among the facts. */
const struct sd_table *plan_facts_table(const struct plan_facts *f, const struct plan_node *n);

/* "a third": the planned rows are the share of those read that the planner takes for a condition it has no
 * statistics for; NULL: they are none such. */
const char *plan_fixed_guess(double planned, double read);

/* Rows a scan read, over all loops, and how many it kept. Without ANALYZE the planner's
 * own expectation; `table_rows` from the facts, or at least so many, derived from the
 * cost. False when neither is known. */
struct plan_scanned {
    double read, kept;
    bool lower_bound; /* `read` is at least so much */
};
bool plan_scanned(const struct plan *p, const struct plan_node *n, const struct plan_facts *f,
                  struct plan_scanned *out);

struct plan_finder;
struct plan_rule {
    const char *name;       /* JSON: "seq_scan_filter" */
    const char *title;      /* "Sequential scan for few rows" */
    const char *technique;  /* index, rewrite, settings, upkeep: what mends it; NULL: it depends */
    const char *measure;    /* what the limits are of: "rows removed / rows read" */
    double info, warn, bad; /* NAN: never of that severity */
    double floor_ns;        /* could save at least this much ... */
    double floor_share;     /* ... and this share of the time (or cost) */
    double floor_amount;    /* further floor; `floor_of` says of what; 0: none */
    const char *floor_of;
    const char *help;   /* one sentence for the manual: why it matters */
    const char *source; /* where the thresholds come from */
    void (*find)(struct plan_finder *f, const struct plan_node *n); /* per node; n NULL: whole plan */
    bool whole_plan;
    bool own_part;   /* it saves at most what the node itself takes: nodes that take less than the floors are
                      * passed over */
    bool looks_back; /* at the findings of the rules before it, or at its own */
};
extern const struct plan_rule plan_rules[];
extern const size_t plan_n_rules;

struct plan_finding {
    const struct plan_rule *rule;
    enum severity severity;
    const struct plan_node *node; /* NULL: the whole plan */
    const char *evidence;         /* figures */
    const char *advice;           /* one sentence */
    const char *check;            /* how to see that it helped */
    const char *kept_by;          /* who keeps the dead rows it is about; NULL: not known */
    double saves_ns;              /* at most; NAN without times */
    double saves_share;           /* of the execution, or of the plan's cost */
};

#define PLAN_FINDINGS_MAX 50

struct plan_findings {
    struct plan_finding *items; /* the largest saving first; memory of the plan's arena */
    size_t n, cap;
};
void plan_findings(struct plan *p, const struct plan_facts *facts, struct plan_findings *out);
/* Is the node's own time (or cost) part of what a finding is about? */
bool plan_explained(const struct plan *p, const struct plan_findings *f, const struct plan_node *n);
/* The nodes with more than PLAN_LARGE_SHARE of the time (or cost) that no finding explains, at most `max`. */
#define PLAN_LARGE_SHARE 0.20
size_t plan_unexplained(const struct plan *p, const struct plan_findings *f, const struct plan_node **out,
                        size_t max);
void plan_findings_free(struct plan_findings *f); /* the list; texts go with the plan */

#endif
