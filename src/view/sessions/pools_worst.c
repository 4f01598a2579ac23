/* Pools for the overview: clients that wait for a server connection. */
#include "view/sessions/pools.h"

#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

static void list_pool(struct worst_list *l, const struct pool *p)
{
    char a[UNIT_TEXT_MAX];
    worst_add(l, (struct worst_item){
                     .what = "pool",
                     .severity = MAX(pool_severity(p), SEVERITY_INFO),
                     .rank = p->waiting,
                     .share = NAN,
                     .subject = doc_printf(l->d, "%s of %s", p->database ? p->database : "?",
                                           p->user ? p->user : "?"),
                     .why = doc_printf(
                         l->d, "%.0f %s for a server connection, the longest for %s; %.0f in use, %.0f idle",
                         p->waiting, p->waiting == 1 ? "client waits" : "clients wait",
                         unit_format(UNIT_NS, p->max_wait_ns, a), p->servers_active, p->servers_idle),
                     .dive = {.view = "pools"},
                 });
}

void pools_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct pool *p = mem_array(POOLS_MAX, sizeof *p);
    size_t n = pools_find(l->d, c, p, POOLS_MAX);
    for (size_t i = 0; i < n && p[i].waiting > 0; i++)
        list_pool(l, &p[i]);
    free(p);
}
