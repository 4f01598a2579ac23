/* diff_private.h - what the files of the view `diff` share.
 *
 *   diff.c        the document, and which plans it is of
 *   diff_about.c  all about one row */
#ifndef VIEW_PLANS_DIFF_PRIVATE_H
#define VIEW_PLANS_DIFF_PRIVATE_H

#include "core/plans/compare.h"
#include "format/plans/explain_input.h"
#include "view/plans/diff.h"

/* What a document owns, so that its rows can tell more when they are selected. */
struct diff_kept {
    struct explain before, after;
    struct plan_diff diff;
    struct plan_source before_is, after_is; /* texts in them are gone: only show_literals counts */
};

/* The rows of the section, numbered from 1 as in kept->diff, tell about themselves;
 * `kept` goes over to the document. */
void plan_diff_about(struct doc *d, size_t section, struct diff_kept *kept);

#endif
