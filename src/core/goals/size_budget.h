/* size_budget.h - limits for the sizes of a build's files, whatever tool they were written for, and what a
 * build makes of them. Pure; one thread. */
#ifndef CORE_GOALS_SIZE_BUDGET_H
#define CORE_GOALS_SIZE_BUDGET_H

#include "core/bundles/build.h"
#include "core/goals/check_list.h"

enum budget_scope {
    BUDGET_TOTAL, /* the files that match, added */
    BUDGET_EACH,  /* every one of them by itself */
    BUDGET_ROUTE  /* those of every route's first load, added */
};
enum budget_metric { BUDGET_SIZE, BUDGET_GZIP, BUDGET_BROTLI };

struct size_budget {
    const char *name;
    const char *type;         /* js, css, image, font, html, wasm; NULL: any */
    const char *const *take;  /* patterns of files, each checked (file_pattern.h); none: all files */
    const char *const *leave; /* what is taken away again */
    size_t n_take, n_leave;
    bool folders; /* a pattern that matches a folder stands for all that is in it */
    enum budget_scope scope;
    enum budget_metric metric;
    int64_t limit_bytes; /* SD_UNKNOWN: there is none */
    const char *skip;    /* why it is not checked, a sentence; NULL: it is */
    bool may_be_empty;   /* that no file matches is no failure: a default, not somebody's own */
    size_t item;         /* its number in the list of the file, from 0 */
    int line;            /* where it stands; 0: not known */
};

/* A share of the limit that gzip may differ by between zlib builds. */
#define BUDGET_TOLERANCE 0.03

/* 200 KB of scripts, 50 KB of styles, 100 KB a script, by gzip. */
extern const struct size_budget BUDGET_DEFAULTS[];
extern const size_t BUDGET_N_DEFAULTS;

/* How the checks are made. */
struct budget_rules {
    double tolerance;  /* a share of the limit, of gzip only; above the limit within it: a warning */
    const char *below; /* the build's folder below that of the budgets, "" or with `/` at its end; NULL: it is
                          somewhere else, and only the names of assets match */
};

void size_budgets_check(const struct size_budget *budgets, size_t n, const struct bundle_build *b,
                        const struct budget_rules *rules, struct check_list *out);

#endif
