/* The sessions that serve an endpoint, run a query, wait to lock a table. */
#include "view/sessions/activity.h"

#include "view/shared/linked.h"

#include <stdlib.h>

enum { SESSIONS_MAX = 1000 };

/* What the sessions of a thing have in common, and how the view shows only them. */
struct wanted {
    const char *route, *table;
    const struct query *query;
};

static bool is_wanted(const struct wanted *w, const struct sd_activity *a)
{
    if (w->route)
        return str_eq(a->route, w->route);
    if (w->table)
        return a->lock && linked_mentions(a->lock, w->table);
    return a->query_id != SD_UNKNOWN && a->query_id == query_id(w->query) &&
           str_eq(a->database, query_database(w->query));
}

static size_t count(const struct view_ctx *c, const struct wanted *w)
{
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    size_t n = model_sessions(c->model, c->now, s, SESSIONS_MAX), found = 0;
    for (size_t i = 0; i < n; i++)
        found += is_wanted(w, s[i].a);
    free(s);
    return found;
}

void sessions_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    struct wanted w = {0};
    struct link first;
    const char *label = "sessions", *filter = NULL;
    if (str_eq(what, "endpoint")) {
        const struct endpoint *e = model_find_endpoint(c->model, name);
        w.route = e && endpoint_links(c->model, e, c->span, &first, 1) ? first.route : name;
        filter = linked_filter(l, &w.route, 1);
    } else if (str_eq(what, "query") && (w.query = model_find_query(c->model, name))) {
        const char *id = arena_printf(l->arena, "%lld", (long long)query_id(w.query));
        filter = linked_filter(l, &id, 1);
    } else if (str_eq(what, "table")) {
        w.table = linked_base(name);
        label = "sessions that wait to lock it";
        filter = linked_word(l, w.table);
    }
    if (filter)
        linked_add(l,
                   (struct linked){.label = label, .n = count(c, &w), .view = "activity", .filter = filter});
}
