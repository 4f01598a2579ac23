/* Overview: the worst problems now; each line opens a view. */
#include "view/overview/overview.h"

#include "core/schema.h"
#include "view/shared/common.h"
#include "view/sessions/load.h"
#include "view/endpoints/endpoints.h"
#include "view/shared/worst.h"

#include <stdlib.h>

enum { O_WHAT, O_SUBJECT, O_WHY, O_SHARE, O_SEVERITY, O_VIEW, O_ARG, O_COLUMNS };

static const struct column COLUMNS[O_COLUMNS] = {
    [O_WHAT] = {.key = "kind",
                .title = "What",
                .flags = COLUMN_LEFT,
                .help =
                    "slow, tail, errors, query, index, lock, idle, connections, pool, cache, source or log"},
    [O_SUBJECT] = {.key = "subject",
                   .title = "Where",
                   .flags = COLUMN_LEFT,
                   .help = "the endpoint, query, session or source"},
    [O_WHY] = {.key = "text",
               .title = "Why",
               .flags = COLUMN_LEFT | COLUMN_GROW,
               .width = 44,
               .help = "the figures, as text"},
    [O_SHARE] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR | COLUMN_HIDDEN,
                 .priority = 9,
                 .help = "share of the time or of the requests; null when it has none"},
    [O_SEVERITY] = {.key = "severity",
                    .title = "Severity",
                    .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                    .priority = 9,
                    .help = "info, warn or bad"},
    [O_VIEW] = {.key = "view",
                .title = "View",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .priority = 9,
                .help = "the view that shows details"},
    [O_ARG] = {.key = "select",
               .title = "Select",
               .flags = COLUMN_LEFT | COLUMN_HIDDEN,
               .priority = 9,
               .help = "the item to select in that view"},
};

/* ---- the doc ---- */

/* The gravest first; of equal ones, in the order of the views. */
static int by_urgency(const void *x, const void *y)
{
    const struct worst_item *a = x, *b = y;
    if (a->severity != b->severity)
        return (int)b->severity - (int)a->severity;
    if (a->rank < b->rank || a->rank > b->rank)
        return a->rank < b->rank ? 1 : -1;
    return (a->number > b->number) - (a->number < b->number);
}

static void headline(struct doc *d, const struct view_ctx *c, const struct endpoint_stats *all,
                     double seconds)
{
    struct section *f = doc_section(d, SECTION_FIELDS, "summary", "At a glance");
    struct wait_load w[64];
    size_t n = model_wait_load(c->model, c->span, w, ARRAY_LEN(w));
    double load = n ? 0 : NAN;
    for (size_t i = 0; i < n; i++)
        load += w[i].load;
    bool any = all->count > 0;
    section_field(d, f, "rate_per_s", any ? "Requests" : NULL, UNIT_PER_S,
                  cell_real(any ? (double)all->count / seconds : NAN));
    section_field(d, f, "error_share", any ? "Errors (5xx)" : NULL, UNIT_SHARE,
                  cell_real(any ? (double)all->errors / (double)all->count : NAN));
    section_field(d, f, "p99_ns", all->timed ? "P99" : NULL, UNIT_NS,
                  cell_int(hist_quantile(&all->latency, 0.99)));
    section_field(d, f, "p95_ns", all->timed ? "P95" : NULL, UNIT_NS,
                  cell_int(hist_quantile(&all->latency, 0.95)));
    section_field(d, f, "p50_ns", all->timed ? "Median" : NULL, UNIT_NS,
                  cell_int(hist_quantile(&all->latency, 0.5)));
    section_field(d, f, "active_sessions", isfinite(load) ? "Active sessions" : NULL, UNIT_LOAD,
                  cell_real(load));
}

static void requests_over_time(struct doc *d, const struct view_ctx *c, struct span span)
{
    size_t n = common_points(c, span);
    double step = common_seconds(span) / (double)n;
    struct endpoint_point *p = mem_array(n, sizeof *p);
    model_request_series(c->model, span, n, p);

    struct section *s = common_graph(d, "requests", "Requests and errors per second", UNIT_PER_S, span, n);
    double *rate = doc_line(d, &s->graph, "requests_per_s")->values;
    double *errors = doc_line(d, &s->graph, "errors_per_s")->values;
    s = common_graph(d, "latency", "P99 of all requests", UNIT_NS, span, n);
    s->empty = doc_text(d, ENDPOINTS_UNTIMED ".");
    double *p99 = doc_line(d, &s->graph, "p99_ns")->values;
    for (size_t i = 0; i < n; i++) {
        rate[i] = (double)p[i].count / step;
        errors[i] = (double)p[i].errors / step;
        p99[i] = sd_known(p[i].p99) ? (double)p[i].p99 : NAN;
    }
    free(p);
}

/* The sources there are, each with its state: what to look at when there is no data. */
static const char *waiting(struct doc *d, const struct view_ctx *c)
{
    struct source_info info[16];
    size_t n = model_sources(c->model, c->now, info, ARRAY_LEN(info));
    struct strbuf b = {0};
    strbuf_str(&b, "No data yet.\n");
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        const char *state = s ? schema_state_name((enum sd_state)s->state) : "open";
        bool told = s && s->text && *s->text && !str_eq(s->text, state);
        strbuf_printf(&b, "\n  %s  %s%s%s", info[i].origin, state, told ? ": " : "", told ? s->text : "");
    }
    strbuf_str(&b, "\n\nThe view sources shows the reason.");
    const char *text = doc_text(d, b.text);
    strbuf_free(&b);
    return text;
}

static const char *nothing_to_see(struct doc *d, const struct view_ctx *c, bool any)
{
    struct source_info info[1];
    if (!model_sources(c->model, c->now, info, 1) && !any)
        return doc_printf(d,
                          "No source is open, and none was found here.\n\n"
                          "Name a source:\n"
                          "  slowdive /var/log/nginx/access.log\n"
                          "  slowdive postgres://user@host/database\n"
                          "  slowdive replay incident.slowdive\n\n"
                          "In the console: :source SOURCE.%s",
                          common_hint(d, c, "help", "shows all keys"));
    if (!any)
        return waiting(d, c);
    return doc_text(d, "No problem was found in this time window.");
}

static void rows(const struct worst_list *l, const char *note, const char *empty)
{
    struct section *sec = doc_table(l->d, "rows", "Needs attention", COLUMNS, O_COLUMNS);
    sec->weight = 3;
    sec->min_height = 9; /* on 24 lines, before the drawings */
    sec->note = note;
    sec->empty = empty;
    for (size_t i = 0; i < l->n; i++) {
        const struct worst_item *it = &l->items[i];
        struct row *r = doc_row(l->d, &sec->table);
        r->cells[O_WHAT] = cell_text(it->what);
        r->cells[O_SUBJECT] = cell_text(it->subject);
        r->cells[O_WHY] = cell_text(it->why);
        r->cells[O_SHARE] = cell_real(it->share);
        r->cells[O_SEVERITY] = cell_text(severity_name(it->severity));
        r->cells[O_VIEW] = cell_text(it->dive.view);
        r->cells[O_ARG] = cell_text(it->dive.arg);
        r->dive = it->dive;
        r->severity = it->severity;
    }
}

static struct doc *build_overview(const struct view_ctx *c)
{
    struct endpoint_stats *all = mem_alloc(sizeof *all);
    struct doc *d = doc_new("overview", "Overview");
    struct worst_list l = {.d = d};
    bool sql = model_queries(c->model) > 0;
    endpoints_totals(c, all);
    struct span span = common_span(c), requests = endpoints_span(c, all);
    common_envelope(d, c, span);
    for (const struct view *const *v = VIEWS; *v; v++)
        if ((*v)->worst)
            (*v)->worst(c, &l);
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, by_urgency);
    /* A figure for people and programs alike; panes only for what there is. */
    bool any = model_has_data(c->model);
    struct note n = {all->count ? KINDS_HTTP : KINDS_SQL, all->count ? all->count : SD_UNKNOWN, "requests",
                     .span = all->count ? requests : span, .last = all->last};
    rows(&l, any ? common_note(d, c, &n) : NULL, nothing_to_see(d, c, any));
    if (any)
        headline(d, c, all, common_seconds(requests));
    if (all->count)
        requests_over_time(d, c, common_drawn(c, span_is_all(c->span) ? requests : c->span));
    if (sql)
        load_graph(d, c, common_drawn(c, span));
    free(all);
    free(l.items);
    return d;
}

static const struct column ALSO[] = {
    {.key = "summary",
     .title = "At a glance",
     .help = "rate_per_s, error_share, p99_ns, p95_ns, p50_ns, active_sessions"},
    {.key = "requests",
     .title = "Requests",
     .help = "over time, when there are requests: points of at, requests_per_s, errors_per_s"},
    {.key = "latency", .title = "Latency", .help = "of them: points of at, p99_ns"},
    {.key = "load",
     .title = "Load",
     .help = "over time, with a database: points of at, load, the active sessions"},
};

const struct view overview_view = {
    .name = "overview",
    .aliases = "home",
    .place = PLACE_HOME,
    .title = "Overview",
    .summary = "the worst problems now; each line opens a view",
    .build = build_overview,
    .columns = COLUMNS,
    .n_columns = O_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
