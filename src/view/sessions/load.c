/* Load: active sessions on average, by what they wait on and by whom they work for. */
#include "view/sessions/load.h"

#include "view/shared/common.h"
#include "base/num.h"

#include <stdlib.h>

enum { LOADS_MAX = 50 };

static const struct column WAITS[] = {
    {.key = "wait",
     .title = "Waits on",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 12,
     .help = "wait event type and event; CPU when it does not wait"},
    {.key = "load", .title = "Load", .unit = UNIT_LOAD, .help = "sessions active with it, on average"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "share of the active sessions' time"},
};

static const struct column ROUTES[] = {
    {.key = "route",
     .title = "Route",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 12,
     .help = "route from the statements' tags; (untagged) without"},
    {.key = "load", .title = "Load", .unit = UNIT_LOAD, .help = "sessions active for it, on average"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "share of the active sessions' time"},
};

const char *load_wait(struct doc *d, const char *type, const char *event)
{
    if (!type || !*type)
        return "CPU";
    return event && *event ? doc_printf(d, "%s:%s", type, event) : doc_text(d, type);
}

void load_table(struct doc *d, const struct view_ctx *c, bool by_route)
{
    struct wait_load l[LOADS_MAX];
    size_t n = by_route ? model_route_load(c->model, c->span, l, LOADS_MAX)
                        : model_wait_load(c->model, c->span, l, LOADS_MAX);
    struct section *sec = by_route ? doc_table(d, "routes", "For whom", ROUTES, ARRAY_LEN(ROUTES))
                                   : doc_table(d, "waits", "On what", WAITS, ARRAY_LEN(WAITS));
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += l[i].seconds;
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &sec->table);
        r->cells[0] = cell_text(by_route ? l[i].route ? doc_text(d, l[i].route) : "(untagged)"
                                         : load_wait(d, l[i].wait_type, l[i].wait_event));
        r->cells[1] = cell_real(l[i].load);
        r->cells[2] = cell_real(total > 0 ? l[i].seconds / total : NAN);
        if (by_route && l[i].route && model_find_endpoint(c->model, l[i].route))
            r->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, l[i].route)};
    }
    sec->weight = 2;
    sec->steady = 4;
    sec->note = common_note(d, c, &(struct note){.n = SD_UNKNOWN, .last = SD_UNKNOWN});
    sec->empty = common_as_seen(d, c, KINDS_ACTIVITY, "No active session was seen in this time window.");
}

void load_graph(struct doc *d, const struct view_ctx *c, struct span span)
{
    size_t n = common_points(c, span);
    struct section *s = common_graph(d, "load", "Active sessions", UNIT_LOAD, span, n);
    struct graph_line *line = doc_line(d, &s->graph, "load");
    struct wait_load w[LOADS_MAX];
    size_t waits = model_wait_load(c->model, c->span, w, LOADS_MAX);
    s->kinds = KINDS_ACTIVITY;
    model_load_series(c->model, span, n, line->values);
    for (size_t i = 0; i < waits; i++)
        line->whole = (isfinite(line->whole) ? line->whole : 0) + w[i].load;
    s->note = common_note(d, c, &(struct note){.n = SD_UNKNOWN, .last = SD_UNKNOWN});
    s->empty = doc_text(d, "No session was sampled in this time window.");
}

static const struct column POINTS[] = {
    {.key = "at", .title = "At", .unit = UNIT_TIME, .help = "middle of the point"},
    {.key = "load", .title = "Load", .unit = UNIT_LOAD, .help = "active sessions, on average"},
};

void load_points(struct doc *d, const struct view_ctx *c, struct span span)
{
    size_t n = common_points(c, span);
    double *values = mem_array(n, sizeof *values);
    struct table *t = doc_list(d, POINTS, ARRAY_LEN(POINTS));
    model_load_series(c->model, span, n, values);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = doc_row(d, t)->cells;
        cells[0] = cell_int(real_to_int(
            (double)span.from + ((double)i + 0.5) * ((double)span.to - (double)span.from) / (double)n));
        cells[1] = cell_real(values[i]);
    }
    doc_field(d, "load", UNIT_NONE, cell_list(t));
    free(values);
}

/* Layers lie in an order that stays: by halves of the share, then by name. Otherwise two layers of about the
 * same size would change places at every refresh. */
struct layer {
    struct wait_load load;
    const char *name;
    double share;
    int rank;
};

static int by_place(const void *a, const void *b)
{
    const struct layer *p = a, *q = b;
    return p->rank != q->rank ? (p->rank > q->rank) - (p->rank < q->rank) : strcmp(p->name, q->name);
}

enum { LAYERS = 6, RANK_LOWEST = -1, RANK_HIGHEST = 100 };

/* The largest, and always the one without a name: running on a processor, without a tag. */
static size_t layers(struct doc *d, const struct view_ctx *c, bool by_route, struct layer out[LAYERS],
                     double *rest)
{
    struct wait_load l[LOADS_MAX];
    size_t n = by_route ? model_route_load(c->model, c->span, l, LOADS_MAX)
                        : model_wait_load(c->model, c->span, l, LOADS_MAX),
           taken = 0;
    double total = 0;
    bool nameless = false;
    *rest = 1;
    for (size_t i = 0; i < n; i++)
        total += l[i].seconds;
    for (size_t i = 0; i < n; i++) {
        bool plain = by_route ? !l[i].route : !l[i].wait_type;
        if (!plain && taken + !nameless >= LAYERS)
            continue;
        struct layer *y = &out[taken++];
        nameless |= plain;
        *y = (struct layer){.load = l[i], .share = l[i].seconds / total};
        y->rank = y->share > 0 ? MIN((int)-log2(y->share), RANK_HIGHEST - 1) : RANK_HIGHEST - 1;
        if (plain)
            y->rank = by_route ? RANK_HIGHEST : RANK_LOWEST;
        *rest -= y->share;
        y->name = by_route ? plain ? "(untagged)" : doc_text(d, l[i].route)
                           : load_wait(d, l[i].wait_type, l[i].wait_event);
    }
    if (n == taken)
        *rest = 0; /* but for rounding */
    if (!taken)    /* a quiet time is a layer of height 0 */
        out[taken++] = (struct layer){.name = by_route ? "(untagged)" : "CPU", .share = NAN};
    qsort(out, taken, sizeof *out, by_place);
    return taken;
}

void load_layers(struct doc *d, const struct view_ctx *c, bool by_route)
{
    struct span span = common_drawn(c, common_span(c));
    struct layer y[LAYERS];
    struct wait_load which[LAYERS];
    double rest;
    size_t points = common_points(c, span), n = layers(d, c, by_route, y, &rest);
    struct section *s =
        by_route ? common_graph(d, "routes_over_time", "Active sessions by route", UNIT_LOAD, span, points)
                 : common_graph(d, "waits_over_time", "Active sessions by wait", UNIT_LOAD, span, points);
    double *values = mem_array((n + 1) * points, sizeof *values);
    for (size_t i = 0; i < n; i++)
        which[i] = y[i].load;
    model_layer_series(c->model, span, points, by_route, which, n, values);
    s->graph.stacked = true;
    for (size_t i = 0; i < n + (rest > 0); i++) {
        struct graph_line *line = doc_line(d, &s->graph, i < n ? y[i].name : "(other)");
        memcpy(line->values, values + i * points, points * sizeof *values);
        line->share = i < n ? y[i].share : rest;
        line->rest = i == n;
    }
    free(values);
    s->weight = 2;
    s->min_height = 6;
    s->note = common_note(d, c, &(struct note){.n = SD_UNKNOWN, .last = SD_UNKNOWN});
    s->empty = doc_text(d, "No session was sampled in this time window.");
}
