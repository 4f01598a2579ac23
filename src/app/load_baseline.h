/* load_baseline.h - a run beside an earlier one: `load run --baseline FILE`. */
#ifndef APP_LOAD_BASELINE_H
#define APP_LOAD_BASELINE_H

#include "core/loads/load_compare.h"
#include "core/loads/run.h"

/* {0}: there is none, and all functions do nothing. */
struct load_baseline {
    bool wanted;
    struct load_compare_rules rules;
    struct load_sample_set base, run; /* without the warm-up */
};

/* path NULL: none. It is looked for beside the scenario, then as it is named. False and a sentence: it cannot
 * be read, or it has only percentiles. */
bool load_baseline_open(struct load_baseline *b, const struct load_scenario *s, const char *path,
                        const char *tolerance, struct sd_error *err);
void load_baseline_add(struct load_baseline *b, const struct load_scenario *s, const struct load_outcome *o);
/* Compares, and gives the result to the run. Not of one that was stopped. */
void load_baseline_compare(struct load_baseline *b, struct load_run *r);
void load_baseline_free(struct load_baseline *b);

#endif
