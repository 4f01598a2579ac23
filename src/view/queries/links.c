#include "view/queries/links.h"

#include "view/shared/common.h"

static const struct column LIST[] = {
    {.key = "route", .title = "Route", .help = "METHOD route"},
    {.key = "share", .title = "Share", .unit = UNIT_SHARE, .help = "share of the query's linked time"},
    {.key = "weight_s",
     .title = "Seconds",
     .flags = COLUMN_HIDDEN,
     .help = "seconds of session time sampled"},
    {.key = "evidence", .title = "Evidence", .flags = COLUMN_HIDDEN, .help = "how the link was found"},
};

const struct column links_columns[LINKS_COLUMNS] = {
    {.key = "route",
     .title = "Route",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 16,
     .help = "METHOD route that runs the query"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "share of the query's linked time"},
    {.key = "weight_s",
     .title = "Seconds",
     .unit = UNIT_LOAD,
     .priority = 1,
     .help = "seconds of session time sampled"},
    {.key = "evidence",
     .title = "Known from",
     .flags = COLUMN_LEFT,
     .priority = 2,
     .help = "how the link was found"},
};

static void fill_link(struct doc *d, struct row *r, const struct link *l)
{
    r->cells[0] = cell_text(doc_text(d, l->endpoint ? endpoint_name(l->endpoint) : l->route));
    r->cells[1] = cell_real(l->share);
    r->cells[2] = cell_real(l->weight);
    r->cells[3] = cell_text(doc_text(d, l->evidence));
}

struct cell links_routes(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct link links[LINKS_MAX];
    size_t n = query_links(c->model, q, c->span, links, ARRAY_LEN(links));
    struct table *t = doc_list(d, LIST, ARRAY_LEN(LIST));
    for (size_t i = 0; i < n; i++)
        fill_link(d, doc_row(d, t), &links[i]);
    return cell_list(t);
}

void links_routes_section(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct link links[LINKS_MAX];
    size_t n = query_links(c->model, q, c->span, links, ARRAY_LEN(links));
    struct section *s = doc_table(d, "routes", "Routes that run it", links_columns, LINKS_COLUMNS);
    s->note = common_note(d, c, &(struct note){KINDS_ACTIVITY, SD_UNKNOWN, .last = SD_UNKNOWN});
    s->empty = doc_text(d, "No route is known. Routes come from sqlcommenter tags (route='/orders/:id') seen "
                           "in pg_stat_activity while the query runs.");
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        fill_link(d, r, &links[i]);
        if (links[i].endpoint)
            r->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint_name(links[i].endpoint))};
    }
}
