/* budget_file.h - a file of budgets, whatever tool it was written for: recognised, read, checked. Pure; one
 * thread. */
#ifndef FORMAT_GOALS_BUDGET_FILE_H
#define FORMAT_GOALS_BUDGET_FILE_H

#include "core/goals/assertion.h"
#include "core/goals/size_budget.h"

enum { BUDGET_FILE_MAX_BYTES = 16 << 20 };

struct budget_file {
    struct arena *arena;
    const char *kind; /* "size-limit"; of package.json the last of those it holds */
    struct size_budget *budgets;
    size_t n_budgets, cap_budgets;
    struct assertion_set assertions; /* about reports of Lighthouse; no blocks: none */
    size_t cap_blocks;
    bool signals;             /* it has budgets of signals, too, for conf/policy.h to read */
    double tolerance;         /* a share; NAN: the file says nothing */
    const char *budgets_file; /* a file of budgets.json that its assertions are to be read from; NULL */
    const char **notes;       /* sentences */
    size_t n_notes, cap_notes;
    struct url_pattern **patterns;
    size_t n_patterns, cap_patterns;
};

/* `name` is the file's, which tells some kinds from each other. YAML is given as the JSON that it stands for.
 * False and a sentence without the file's name: it is none, or holds something that cannot be meant.
 * budget_file_free() also then. */
bool budget_file_read(struct budget_file *f, const char *name, const char *json, size_t len,
                      struct sd_error *err);
void budget_file_free(struct budget_file *f);

/* The kinds there are, for the manual: NULL past the end. */
const char *budget_file_kind(size_t i, const char **files, const char **about);

#endif
