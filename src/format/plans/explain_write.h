/* explain_write.h - a plan as EXPLAIN's text format prints it: to be read by people who
 * know it, and by every tool that takes it. Pure; any thread. */
#ifndef FORMAT_PLANS_EXPLAIN_WRITE_H
#define FORMAT_PLANS_EXPLAIN_WRITE_H

#include "core/plans/tree.h"

/* As that version prints it; where FORMAT JSON does not tell versions apart, as 13 does of 12 and 13 (the
 * workers), and as 15 of 15 and 16 ("shared/local" of I/O timings). A line end in a constant is a blank.
 *
 * Appends the plan, each line ended. What the plan does not hold is left out; reading the
 * text again (explain_read) gives the same nodes and figures. With `hide` constants in
 * conditions are hidden. The statement and its parameters are never written. */
void explain_write(const struct plan *p, bool hide, struct strbuf *out);

#endif
