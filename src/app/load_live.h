/* load_live.h - a load run that shows itself on a terminal: one block of lines on standard error, drawn anew
 * four times a second by a thread of its own. The run only leaves figures there and never waits for the
 * terminal. */
#ifndef APP_LOAD_LIVE_H
#define APP_LOAD_LIVE_H

#include "source/load/runner.h"

struct load_live;
/* NULL when standard error is no terminal: nothing is shown then. */
struct load_live *load_live_start(const struct load_scenario *s);
/* The hooks of the runner; live may be NULL. */
void load_live_tick(struct load_live *live, const struct load_run *r, int64_t now_ns, int64_t waiting,
                    int64_t in_flight);
void load_live_interval(struct load_live *live, const struct load_run *r, const struct load_interval *i);
/* The last block, of the whole run, stays. NULL is fine. */
void load_live_stop(struct load_live *live, const struct load_run *r);

#endif
