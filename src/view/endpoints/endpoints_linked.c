/* The endpoints that run a query. */
#include "view/endpoints/endpoints.h"

#include "view/queries/links.h"
#include "view/shared/linked.h"

void endpoints_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    const struct query *q = str_eq(what, "query") ? model_find_query(c->model, name) : NULL;
    struct link links[LINKS_MAX];
    const char *routes[LINKS_MAX];
    size_t n = q ? query_links(c->model, q, c->span, links, ARRAY_LEN(links)) : 0, known = 0;
    for (size_t i = 0; i < n; i++)
        if (links[i].endpoint)
            routes[known++] = endpoint_route(links[i].endpoint);
    linked_add(l, (struct linked){.label = "endpoints",
                                  .n = known,
                                  .view = "endpoints",
                                  .filter = linked_filter(l, routes, known)});
}
