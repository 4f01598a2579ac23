/* watcher.h - fetches the metrics that a soak watches, on a thread and a connection of its own: they are no
 * load and are in no figure. It goes to the target's addresses alone. */
#ifndef SOURCE_LOAD_WATCHER_H
#define SOURCE_LOAD_WATCHER_H

#include "core/loads/soak.h"
#include "source/load/load_target.h"

struct watcher;

/* The first fetch is at once, the others every soak.every_ns. NULL: there is nothing to watch. */
struct watcher *watcher_start(const struct load_scenario *s, const struct load_target *t);
/* Stops it, within some milliseconds, and gives what it saw to `out`. NULL is fine. */
void watcher_stop(struct watcher *w, struct load_soak_result *out);

#endif
