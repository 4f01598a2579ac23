/* Status codes of one endpoint over time: what the finding `errors` leads to. */
#include "view/endpoints/statuses.h"

#include <stdlib.h>

#include "view/endpoints/endpoints.h"
#include "view/shared/common.h"

enum { CLASSES = 5 };

static const struct column COLUMNS[] = {
    {.key = "status",
     .title = "Status",
     .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_ASCENDING,
     .width = 16,
     .help = "class of the status code: 1xx to 5xx"},
    {.key = "count", .title = "Count", .unit = UNIT_COUNT, .help = "requests answered with it"},
    {.key = "rate_per_s", .title = "Rate", .unit = UNIT_PER_S, .help = "of them, per second"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "share of the endpoint's requests"},
    {.key = "first_at",
     .title = "First seen",
     .unit = UNIT_TIME,
     .priority = 1,
     .help = "start of the first second in the window that has one"},
    {.key = "last_at",
     .title = "Last seen",
     .unit = UNIT_TIME,
     .priority = 1,
     .help = "start of the last second in the window that has one"},
};

static const char *const NAMES[CLASSES] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
static const char *const TITLES[CLASSES] = {"1xx informational", "2xx success", "3xx redirect",
                                            "4xx client error", "5xx server error"};

void statuses_graph(struct doc *d, const struct endpoint *e, struct span span, size_t n)
{
    struct section *s = common_graph(d, "statuses", "Status codes per second", UNIT_PER_S, span, n);
    struct endpoint_point *p = mem_array(n, sizeof *p);
    double step = common_seconds(span) / (double)n;
    endpoint_series(e, span, n, p);
    s->graph.stacked = true;
    for (size_t k = CLASSES; k-- > 0;) { /* errors lie at the bottom, where their height can be read */
        int64_t sum = 0, all = 0;
        for (size_t i = 0; i < n; i++) {
            sum = add_sat(sum, p[i].status[k]);
            all = add_sat(all, p[i].count);
        }
        if (!sum)
            continue;
        struct graph_line *line = doc_line(d, &s->graph, NAMES[k]);
        for (size_t i = 0; i < n; i++)
            line->values[i] = (double)p[i].status[k] / step;
        line->share = (double)sum / (double)all;
    }
    s->dive = (struct dive){.view = "statuses", .arg = doc_text(d, endpoint_name(e))};
    s->empty = doc_text(d, "No request in this time window.");
    s->weight = 2;
    s->min_height = 5;
    free(p);
}

/* The endpoint with most errors; without any, with most requests. */
static const struct endpoint *chosen(const struct view_ctx *c)
{
    const struct endpoint *worst = NULL;
    if (c->arg)
        return model_find_endpoint(c->model, c->arg);
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    int64_t errors = -1, count = -1;
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        endpoint_stats(model_endpoint(c->model, i), c->span, s);
        if (s->errors < errors || (s->errors == errors && s->count <= count))
            continue;
        errors = s->errors;
        count = s->count;
        worst = model_endpoint(c->model, i);
    }
    free(s);
    return worst;
}

static void classes(struct doc *d, const struct view_ctx *c, const struct endpoint *e, struct span span)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    endpoint_stats(e, c->span, s);
    struct section *sec = doc_table(d, "rows", "Status codes", COLUMNS, ARRAY_LEN(COLUMNS));
    sec->note =
        common_note(d, c, &(struct note){KINDS_HTTP, s->count, "requests", .span = span, .last = s->last});
    sec->empty = common_empty(d, c, KINDS_HTTP);
    for (size_t k = CLASSES; k-- > 0;) {
        if (s->status[k] <= 0)
            continue;
        struct row *r = doc_row(d, &sec->table);
        struct span seen = endpoint_status_seen(e, c->span, k);
        r->cells[0] = cell_text(TITLES[k]);
        r->cells[1] = cell_int(s->status[k]);
        r->cells[2] = cell_real((double)s->status[k] / common_seconds(span));
        r->cells[3] = cell_real((double)s->status[k] / (double)s->count);
        r->cells[4] = cell_int(seen.from);
        r->cells[5] = cell_int(seen.to);
        r->severity = k == 4 ? SEVERITY_BAD : SEVERITY_NONE;
        r->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint_name(e))};
    }
    free(s);
}

static struct doc *build_status(const struct view_ctx *c)
{
    const struct endpoint *e = chosen(c);
    struct doc *d = doc_new("statuses", e ? endpoint_name(e) : c->arg ? c->arg : "Status codes");
    struct endpoint_stats *all = mem_alloc(sizeof *all);
    endpoints_totals(c, all);
    struct span span = endpoints_span(c, all);
    free(all);
    common_envelope(d, c, span);
    doc_field(d, "endpoint", UNIT_NONE, cell_text(e ? endpoint_name(e) : c->arg));
    if (!e) {
        struct section *t = doc_section(d, SECTION_TEXT, NULL, "Status codes");
        t->text = c->arg ? doc_printf(d, "No endpoint called \"%s\" has been seen.", c->arg)
                         : common_empty(d, c, KINDS_HTTP);
        d->missing = c->arg ? t->text : NULL;
        return d;
    }
    struct span drawn = common_drawn(c, span_is_all(c->span) ? span : c->span);
    statuses_graph(d, e, drawn, common_points(c, drawn));
    classes(d, c, e, span);
    d->focus = 1;
    return d;
}

static const struct column ALSO[] = {
    {.key = "endpoint", .title = "Endpoint", .help = "method and route: what --select takes"},
    {.key = "statuses",
     .title = "Over time",
     .help = "requests per second: points of at, and 5xx, 4xx, 3xx, 2xx, 1xx where there are any"},
};

const struct view statuses_view = {
    .name = "statuses",
    .aliases = "codes",
    .place = PLACE_WEB,
    .title = "Status codes",
    .summary = "the status codes of one endpoint over time: when errors began, and how many",
    .about = "endpoint",
    .subject = common_endpoint,
    .needs = KINDS_HTTP,
    .build = build_status,
    .links = (const char *const[]){"endpoint", NULL},
    .columns = COLUMNS,
    .n_columns = ARRAY_LEN(COLUMNS),
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
