/* plan_alike.h - the two readers of a plan's JSON beside each other: what one takes as it stands in the text
 * must be what the other makes of a tree. */
#ifndef TESTS_LIB_PLAN_ALIKE_H
#define TESTS_LIB_PLAN_ALIKE_H

#include "core/plans/tree.h"

/* The first difference between two plans, as their readers left them; "": there is none. Valid until the next
 * call. */
const char *plan_difference(const struct plan *a, const struct plan *b);

/* Reads the document at `text` both ways; false: it has a form that explain_direct leaves to the tree. `why`:
 * the first difference, "" when there is none. */
bool plan_read_twice(const char *text, size_t len, struct sd_error *why);

#endif
