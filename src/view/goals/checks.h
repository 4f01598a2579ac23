/* checks.h - what `slowdive check` found, as a document. */
#ifndef VIEW_GOALS_CHECKS_H
#define VIEW_GOALS_CHECKS_H

#include "core/doc.h"
#include "core/goals/check_list.h"
#include "core/goals/run_gate.h"

/* `gate` NULL: runs were not compared. Texts are copied. */
struct doc *checks_doc(const struct check_list *checks, const struct run_gate *gate);
/* "120 ms": what a check of any kind found, and what it may be. NULL: not known. In the arena. */
const char *check_value_text(struct arena *a, const struct check *c);
const char *check_limit_text(struct arena *a, const struct check *c);
/* What its columns are, for the manual: NULL past the end. */
const struct column *checks_columns(size_t *n);

#endif
