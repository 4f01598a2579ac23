/* caches_linked.c - the cache in front of an endpoint, and of the endpoints that run a statement. */
#include <stdlib.h>

#include "view/caches/caches.h"

enum { PARTS_MAX = 20000, LINKS_MAX = 64, NAMED_MAX = 8 };

/* The caches that were asked for this route; each once. */
static size_t in_front(const struct record_entry *parts, size_t n, const char *route, const char **out,
                       size_t have)
{
    for (size_t i = 0; route && i < n && have < NAMED_MAX; i++) {
        const struct sd_cache_prefix *p = parts[i].r;
        bool known = !str_eq(p->kind, "route") || !str_eq(p->prefix, route);
        for (size_t k = 0; k < have && !known; k++)
            known = str_eq(out[k], p->cache);
        if (!known)
            out[have++] = p->cache;
    }
    return have;
}

void caches_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    bool query = str_eq(what, "query");
    if (!query && !str_eq(what, "endpoint"))
        return;
    struct record_entry *parts = mem_array(PARTS_MAX, sizeof *parts);
    size_t n = model_cache_records(c->model, SD_CACHE_PREFIX, c->span, c->now, parts, PARTS_MAX), found = 0;
    const char *caches[NAMED_MAX];
    struct link links[LINKS_MAX];
    const struct query *q = query ? model_find_query(c->model, name) : NULL;
    size_t n_links = q ? query_links(c->model, q, c->span, links, LINKS_MAX) : 0;
    if (!query)
        found = in_front(parts, n, name, caches, 0);
    for (size_t i = 0; i < n_links; i++)
        if (links[i].endpoint)
            found = in_front(parts, n, endpoint_name(links[i].endpoint), caches, found);
    for (size_t i = 0; i < found; i++)
        linked_add(l, (struct linked){.label = query ? "the cache in front of its endpoints"
                                                     : "the cache in front of it",
                                      .n = LINKED_UNCOUNTED,
                                      .view = "cache",
                                      .arg = arena_strdup(l->arena, caches[i])});
    free(parts);
}
