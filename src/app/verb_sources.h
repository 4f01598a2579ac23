/* verb_sources.h - the sources of a verb that prints a view. Main thread only. */
#ifndef APP_VERB_SOURCES_H
#define APP_VERB_SOURCES_H

#include "app/app.h"
#include "view/view.h"

/* Is one of the arguments a page? */
bool verb_has_url(const struct cli *cli);
/* Opens the arguments, or what is configured; how many failed, which is said in a->problems. */
size_t verb_add_sources(struct app *a, const struct view *v, follow_rule *follow);
/* Whether the totals of all that is read say all that the view prints, when none of --window, --for and --at
 * is given. */
bool verb_needs_totals_only(const struct app *a, const struct view *v);

#endif
