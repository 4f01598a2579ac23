/* The queries of an endpoint, of a table, of a session. */
#include "view/queries/queries.h"

#include "view/queries/links.h"
#include "view/shared/linked.h"

#include <stdlib.h>

static void of_endpoint(const struct view_ctx *c, const char *name, struct link_list *l)
{
    const struct endpoint *e = model_find_endpoint(c->model, name);
    struct link links[LINKS_MAX];
    size_t n = e ? endpoint_links(c->model, e, c->span, links, ARRAY_LEN(links)) : 0;
    const char *route = n ? links[0].route : NULL;
    linked_add(l, (struct linked){.label = "queries",
                                  .n = n,
                                  .view = "queries",
                                  .filter = route ? linked_filter(l, &route, 1) : NULL});
}

static void of_table(const struct view_ctx *c, const char *name, struct link_list *l)
{
    const char *base = linked_base(name);
    size_t n = 0;
    for (size_t i = 0; i < model_queries(c->model); i++)
        n += linked_mentions(query_text(model_query(c->model, i)), base);
    linked_add(
        l, (struct linked){.label = "queries", .n = n, .view = "queries", .filter = linked_word(l, base)});
}

static void of_session(const struct view_ctx *c, const char *name, struct link_list *l)
{
    enum { SESSIONS_MAX = 1000 };
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    size_t n = model_sessions(c->model, c->now, s, SESSIONS_MAX);
    int64_t pid = strtoll(name, NULL, 10);
    for (size_t i = 0; i < n; i++) {
        const struct sd_activity *a = s[i].a;
        if (a->pid == pid && a->query_id != SD_UNKNOWN && a->database) {
            const char *key = arena_printf(l->arena, "%s/%lld", a->database, (long long)a->query_id);
            linked_add(l, (struct linked){.label = "its query", .n = 1, .view = "query", .arg = key});
        }
    }
    free(s);
}

void queries_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    if (str_eq(what, "endpoint"))
        of_endpoint(c, name, l);
    else if (str_eq(what, "table"))
        of_table(c, name, l);
    else if (str_eq(what, "session"))
        of_session(c, name, l);
}
