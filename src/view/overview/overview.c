/* Overview: the worst problems now; each line opens a view. */
#include "view/overview/overview.h"

#include "core/drawing.h"
#include "core/schema.h"
#include "view/shared/common.h"
#include "view/sessions/load.h"
#include "view/sessions/server.h"
#include "view/endpoints/endpoints.h"
#include "view/shared/worst.h"

#include <stdlib.h>

enum { O_WHAT, O_SUBJECT, O_WHY, O_SHARE, O_SEVERITY, O_VIEW, O_ARG, O_COLUMNS };

static const struct column COLUMNS[O_COLUMNS] = {
    [O_WHAT] = {.key = "kind",
                .title = "What",
                .flags = COLUMN_LEFT,
                .priority = 2, /* on 80 columns the words of the others say it */
                .help = "slow, tail, errors, silent, query, n+1, index, lock, idle, connections, pool, "
                        "cache, cpu, memory, disk, pressure, source, log or event"},
    [O_SUBJECT] = {.key = "subject",
                   .title = "Where",
                   .flags = COLUMN_LEFT,
                   .width = 26,
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

static void headline(struct doc *d, const struct view_ctx *c, const struct endpoint_stats *all,
                     double seconds)
{
    struct section *f = doc_section(d, SECTION_FIELDS, "summary", "At a glance");
    struct wait_load w[64];
    size_t n = model_wait_load(c->model, c->span, w, ARRAY_LEN(w));
    double load = n || span_length(model_sampled(c->model, c->span)) > 0 ? 0 : NAN;
    for (size_t i = 0; i < n; i++)
        load += w[i].load;
    bool any = all->count > 0;
    f->kinds = (any ? KINDS_HTTP : 0) | (isfinite(load) ? KINDS_ACTIVITY : 0);
    section_field(d, f, "rate_per_s", any ? "Requests" : NULL, UNIT_PER_S,
                  cell_real(any ? (double)all->count / seconds : NAN));
    section_field(d, f, "error_share", any ? "Errors (5xx)" : NULL, UNIT_SHARE,
                  cell_real(any ? num_ratio(all->errors, all->count) : NAN));
    section_field(d, f, "p99_ns", all->timed ? "P99" : NULL, UNIT_NS,
                  cell_int(hist_quantile(&all->latency, 0.99)));
    section_field(d, f, "p95_ns", all->timed ? "P95" : NULL, UNIT_NS,
                  cell_int(hist_quantile(&all->latency, 0.95)));
    section_field(d, f, "p50_ns", all->timed ? "Median" : NULL, UNIT_NS,
                  cell_int(hist_quantile(&all->latency, 0.5)));
    section_field(d, f, "active_sessions", isfinite(load) ? "Active sessions" : NULL, UNIT_LOAD,
                  cell_real(load));
    if (!any) {
        f->kinds |= KINDS_ACTIVITY; /* of the same sources */
        server_fields(d, c, f);
    }
}

/* `all`: the requests of the window, `seconds` long. */
static void requests_over_time(struct doc *d, const struct view_ctx *c, struct span span,
                               const struct endpoint_stats *all, double seconds)
{
    size_t n = common_points(c, span);
    double step = common_seconds(span) / (double)n;
    struct endpoint_point *p = mem_array(n, sizeof *p);
    model_request_series(c->model, span, n, p);

    struct section *s = common_graph(d, "requests", "Requests and errors per second", UNIT_PER_S, span, n);
    s->kinds = KINDS_HTTP;
    struct graph_line *line = doc_line(d, &s->graph, "requests_per_s");
    double *rate = line->values;
    line->whole = (double)all->count / seconds;
    line = doc_line(d, &s->graph, "errors_per_s");
    double *errors = line->values;
    line->whole = sd_known(all->errors) ? (double)all->errors / seconds : (double)NAN;
    size_t first = d->n_sections - 1;
    s = common_graph(d, "latency", "P99 of all requests", UNIT_NS, span, n);
    s->empty = doc_text(d, ENDPOINTS_UNTIMED ".");
    s->kinds = KINDS_HTTP;
    line = doc_line(d, &s->graph, "p99_ns");
    double *p99 = line->values;
    if (all->timed)
        line->whole = (double)hist_quantile(&all->latency, 0.99);
    for (size_t i = 0; i < n; i++) {
        rate[i] = p[i].rate_per_s; /* intervals longer than a step are spread over it */
        errors[i] = (double)p[i].errors / step;
        p99[i] = sd_known(p[i].p99) ? (double)p[i].p99 : NAN;
    }
    for (size_t i = first; c->live && i < d->n_sections; i++)
        section_end_at(&d->sections[i], common_settled(c, all->last));
    free(p);
}

enum { SOURCES_MAX = 32 };

/* The sources there are, each with its state: what to look at when there is no data. */
static const char *waiting(struct doc *d, const struct view_ctx *c)
{
    struct source_info info[SOURCES_MAX];
    size_t n = model_sources(c->model, c->now, info, ARRAY_LEN(info));
    struct strbuf b = {0};
    strbuf_str(&b, "No data yet.\n");
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        const char *state = s ? schema_state_name((enum sd_state)s->state) : "open";
        bool told = s && s->text && *s->text && !str_eq(s->text, state);
        strbuf_printf(&b, "\n  %s  %s%s%s", info[i].origin, state, told ? ": " : "", told ? s->text : "");
    }
    strbuf_printf(&b, "\n\nThe view sources shows the reason.%s%s", c->doctor ? "\n\n" : "",
                  c->doctor ? c->doctor : "");
    const char *text = doc_text(d, b.text);
    strbuf_free(&b);
    return text;
}

/* A row of another view that is marked is no all-clear. Looked for only when nothing is listed. */
static const char *marked_elsewhere(struct doc *d, const struct view_ctx *c)
{
    struct view_ctx of = *c;
    of.arg = NULL;
    for (const struct view *const *v = VIEWS; *v; v++) {
        size_t marked = 0;
        if ((*v)->about || (*v)->worst || (*v)->place == PLACE_HOME)
            continue; /* what `worst` lists is marked alike in its view */
        struct doc *other = (*v)->build(&of);
        for (size_t i = 0; i < other->n_sections; i++)
            for (size_t k = 0; section_has_rows(&other->sections[i]) && k < other->sections[i].table.n_rows;
                 k++)
                marked += !other->sections[i].table.source &&
                          other->sections[i].table.rows[k].severity >= SEVERITY_WARN;
        doc_free(other);
        if (marked)
            return doc_printf(d, "Nothing needs attention first, but the view %s marks %zu row%s.",
                              (*v)->name, marked, marked == 1 ? "" : "s");
    }
    return NULL;
}

/* How long all sources that deliver now have done so. An old log beside a server just connected to has data
 * from before, and says nothing of the server. */
static int64_t live_for(const struct view_ctx *c)
{
    struct source_info info[SOURCES_MAX];
    int64_t least = INT64_MAX;
    size_t n = c->live ? model_sources(c->model, c->now, info, ARRAY_LEN(info)) : 0;
    for (size_t i = 0; i < n; i++)
        if (info[i].status && info[i].status->state == SD_STATE_LIVE && sd_known(info[i].status->since))
            least = MIN(least, MAX(common_age(c->now, info[i].status->since), 0));
    return least;
}

/* Of a few seconds nothing can be said: "watched 2 s of 10 s". */
static const char *too_early(struct doc *d, const struct view_ctx *c)
{
    static const int64_t ENOUGH_NS = 10 * SD_S;
    struct model_usage u = model_usage(c->model);
    struct span covered = span_is_all(c->span) ? (struct span){u.first, u.last} : common_covered(c);
    double seconds = common_seconds(covered);
    int64_t watched = MIN(isfinite(seconds) ? span_length(covered) : 0, live_for(c)),
            enough = span_is_all(c->span) ? ENOUGH_NS : MIN(ENOUGH_NS, span_length(c->span));
    if (!sd_known(u.first) || watched >= enough)
        return NULL;
    return doc_printf(d, "Watched %lld s of %lld s: too early to say.", (long long)(watched / SD_S),
                      (long long)(enough / SD_S));
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
                          "In the console: :source SOURCE.%s%s%s",
                          common_hint(d, c, "help", "shows all keys"), c->doctor ? "\n\n" : "",
                          c->doctor ? c->doctor : "");
    if (!any)
        return waiting(d, c);
    const char *not_yet = too_early(d, c);
    const char *marked = not_yet ? NULL : marked_elsewhere(d, c);
    return not_yet ? not_yet : marked ? marked : doc_text(d, "No problem was found in this time window.");
}

static void rows(const struct worst_list *l, const char *note, const char *empty)
{
    struct section *sec = doc_table(l->d, "rows", "Needs attention", COLUMNS, O_COLUMNS);
    sec->weight = 3;
    sec->min_height = 9; /* on 24 lines, before the drawings */
    sec->steady = 3;
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
        r->copy = common_grant(l->d, it->why);
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
    worst_sort(&l);
    /* A figure for people and programs alike; panes only for what there is. */
    bool any = model_has_data(c->model);
    struct note n = {all->count ? KINDS_HTTP : KINDS_SQL, all->count ? all->count : SD_UNKNOWN, "requests",
                     .span = all->count ? requests : span, .last = all->last};
    rows(&l, any ? common_note(d, c, &n) : NULL, l.n ? NULL : nothing_to_see(d, c, any));
    if (any)
        headline(d, c, all, common_seconds(requests));
    if (all->count)
        requests_over_time(d, c, common_drawn(c, span_is_all(c->span) ? requests : c->span), all,
                           common_seconds(requests));
    if (sql)
        load_graph(d, c, common_drawn(c, span));
    free(all);
    free(l.items);
    return d;
}

static const struct column ALSO[] = {
    {.key = "summary",
     .title = "At a glance",
     .help =
         "rate_per_s, error_share, p99_ns, p95_ns, p50_ns, active_sessions; for databases without requests "
         "also uptime_ns, connections, max_connections, transactions_per_s (without slowdive's own), "
         "hit_ratio "
         "(null below one a second), size_bytes, "
         "growth_bytes_per_s, oldest_xact_ns, replication_lag_ns, wraparound_share"},
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
    .mixed = true,
    .aliases = "home",
    .place = PLACE_HOME,
    .title = "Overview",
    .summary = "the worst problems now; each line opens a view",
    .build = build_overview,
    .links = (const char *const[]){"changes", NULL},
    .columns = COLUMNS,
    .n_columns = O_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
