/* Endpoints for the overview: those that had steady traffic and have none now. */
#include "view/endpoints/endpoints.h"

#include <stdlib.h>

#include "view/shared/common.h"
#include "view/shared/silent.h"

enum { SILENT_LISTED = 8 };

static bool is_silent(const struct endpoint *e, struct span s, struct silence *out)
{
    struct endpoint_point p[SILENT_PARTS];
    double events[SILENT_PARTS];
    endpoint_series(e, s, SILENT_PARTS, p);
    for (int i = 0; i < SILENT_PARTS; i++)
        events[i] = (double)p[i].count;
    return silent_since(events, s, out);
}

/* Is the newest of all requests so old that the log itself is silent? That is one thing, not many. */
static size_t count_alive(const struct view_ctx *c, struct span recent)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    size_t alive = 0;
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        endpoint_stats(model_endpoint(c->model, i), recent, s);
        alive += s->count > 0;
    }
    free(s);
    return alive;
}

void endpoints_silent(const struct view_ctx *c, struct worst_list *l)
{
    struct span all = silent_span(c), recent = span_is_all(c->span) ? all : c->span;
    struct silence x, newest = {.since = 0, .rate = 0};
    size_t n = model_endpoints(c->model), listed = 0;
    if (!(all.to > all.from) || !n)
        return;
    if (span_is_all(c->span))
        recent.from = add_sat(recent.to, -MAX(span_length(recent) / 20, 1));
    bool alive = count_alive(c, recent) > 0;
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    for (size_t i = 0; i < n; i++) {
        const struct endpoint *e = model_endpoint(c->model, i);
        endpoint_stats(e, recent, s);
        if (s->count || !is_silent(e, all, &x))
            continue;
        newest.since = MAX(newest.since, x.since);
        newest.rate += x.rate;
        const char *name = doc_text(l->d, endpoint_name(e));
        if (alive && listed++ < SILENT_LISTED)
            silent_add(c, l, &x, name, (struct dive){.view = "endpoint", .arg = name});
    }
    free(s);
    if (!alive && newest.rate > 0)
        silent_add(c, l, &newest, "all requests", (struct dive){.view = "sources"});
}
