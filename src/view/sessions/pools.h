/* pools.h - the view of a connection pooler's pools. */
#ifndef VIEW_POOLS_H
#define VIEW_POOLS_H

#include "view/view.h"

extern const struct view pools_view;

enum { POOLS_MAX = 400 };

/* One pool as its labels name it, with its figures at the cursor. */
struct pool {
    const char *origin, *labels;         /* in the doc */
    const char *database, *user, *mode;  /* in the doc; NULL: not told */
    double waiting, active, max_wait_ns; /* clients, and the longest wait of those now waiting */
    double servers_active, servers_idle;
};
/* Pools of the newest sample of each source, most waiting first. */
size_t pools_find(struct doc *d, const struct view_ctx *c, struct pool *out, size_t max);
/* How bad the wait of its clients is; SEVERITY_NONE: nobody waits, or not for long. */
enum severity pool_severity(const struct pool *p);

void pools_worst(const struct view_ctx *c, struct worst_list *l);

#endif
