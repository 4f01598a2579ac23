/* One query: what it is, what it costs over time, who runs it, why it is slow. */
#include "view/queries/query.h"

#include "view/shared/common.h"
#include "view/queries/links.h"
#include "view/shared/waits.h"
#include "view/queries/n_plus_one.h"
#include "view/plans/plan.h"

#include <stdlib.h>

enum { PLAN_NODES = 30 };

static const struct query *chosen(const struct view_ctx *c)
{
    if (c->arg)
        return model_find_query(c->model, c->arg);
    const struct query *worst = NULL;
    int64_t most = -1;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        struct query_stats s;
        query_stats(model_query(c->model, i), c->span, &s);
        if (s.known && s.total_ns > most) {
            most = s.total_ns;
            worst = model_query(c->model, i);
        }
    }
    return worst;
}

static void statement(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct section *s = doc_section(d, SECTION_TEXT, "text", "Statement");
    common_statement(d, s, common_sql(d, c, query_text(q), false));
    s->min_height = 3;
    struct wait_sums w;
    query_waits(c->model, q, c->span, &w);
    const char *waits = waits_words(d, &w);
    s->note = query_database(q) ? doc_printf(d, "database %s", query_database(q)) : NULL;
    if (waits)
        s->note = doc_printf(d, "%s%swaits: %s", s->note ? s->note : "", s->note ? "; " : "", waits);
    s->empty = doc_text(d, "The server does not show its text. A member of pg_read_all_stats sees all texts: "
                           "GRANT pg_monitor TO the role slowdive uses.");
}

static const char *counted_words(const struct query_stats *s)
{
    if (!s->logged)
        return "since the server's statistics were reset";
    return str_eq(s->evidence, "log") ? "of the executions that the log has"
                                      : "of the executions that the traces have";
}

static void figures(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct query_stats s;
    query_stats(q, c->span, &s);
    struct section *f = doc_section(d, SECTION_FIELDS, "summary", "Figures");
    f->note = span_is_all(c->span)
                  ? doc_text(d, counted_words(&s))
                  : common_note(d, c, &(struct note){KINDS_SQL, SD_UNKNOWN, .last = SD_UNKNOWN});
    f->empty = doc_text(d, "Seen by sampling only: the server's pg_stat_statements does not list it.");
    if (!s.known)
        return;
    section_field(d, f, "calls", "Calls", UNIT_COUNT, cell_int(s.calls));
    section_field(d, f, "mean_ns", "Mean", UNIT_NS, cell_real(s.mean_ns));
    section_field(d, f, "total_ns", "Total", UNIT_NS, cell_int(s.total_ns));
    section_field(d, f, "rows", "Rows", UNIT_COUNT, cell_int(s.rows));
    section_field(d, f, "rows_examined", sd_known(s.rows_examined) ? "Rows examined" : NULL, UNIT_COUNT,
                  cell_int(s.rows_examined));
    section_field(
        d, f, "rows_per_call", "Rows per call", UNIT_COUNT,
        cell_real(s.calls && sd_known(s.rows) ? round((double)s.rows * 10 / (double)s.calls) / 10 : NAN));
    section_field(d, f, "hit_ratio", "Hits", UNIT_SHARE, cell_real(s.hit_ratio));
    section_field(d, f, "shared_read", "Blocks read", UNIT_BLOCKS, cell_int(s.shared_read));
    section_field(d, f, "temp_written", "Temp blocks", UNIT_BLOCKS, cell_int(s.temp_written));
    if (span_is_all(c->span)) {
        section_field(d, f, "min_ns", "Min", UNIT_NS, cell_int(s.min_ns));
        section_field(d, f, "max_ns", "Max", UNIT_NS, cell_int(s.max_ns));
        section_field(d, f, "stddev_ns", "Stddev", UNIT_NS, cell_int(s.stddev_ns));
    }
}

static void over_time(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct span span = common_drawn(c, common_span(c));
    size_t n = common_points(c, span);
    struct query_point *p = mem_array(n, sizeof *p);
    query_series(q, span, n, p);
    struct section *s = common_graph(d, "mean_over_time", "Mean over time", UNIT_NS, span, n);
    s->note = common_note(d, c, &(struct note){KINDS_SQL, SD_UNKNOWN, .last = SD_UNKNOWN});
    s->empty = doc_text(d, "It was not called between two reads of the server's statistics.");
    double *mean = doc_line(d, &s->graph, "mean_ns")->values;
    for (size_t i = 0; i < n; i++)
        mean[i] = p[i].calls_per_s > 0 ? p[i].mean_ns : NAN;
    s = common_graph(d, "calls_over_time", "Calls per second", UNIT_PER_S, span, n);
    s->empty = d->sections[d->n_sections - 2].empty;
    double *calls = doc_line(d, &s->graph, "calls_per_s")->values;
    for (size_t i = 0; i < n; i++)
        calls[i] = p[i].calls_per_s;
    free(p);
}

static struct doc *build_query(const struct view_ctx *c)
{
    const struct query *q = chosen(c);
    struct doc *d = doc_new("query", "Query");
    if (q && query_text(q))
        d->title = common_sql(d, c, query_text(q), true);
    common_envelope(d, c, common_span(c));
    if (!q) {
        doc_field(d, "query", UNIT_NONE, cell_text(c->arg));
        struct section *t = doc_section(d, SECTION_TEXT, NULL, "Query");
        t->text =
            c->arg
                ? doc_printf(d, "No query called \"%s\" has been seen. The view queries lists all queries.",
                             c->arg)
                : common_empty(d, c, KINDS_SQL);
        d->missing = c->arg ? t->text : NULL;
        return d;
    }
    doc_field(d, "query", UNIT_NONE, cell_text(query_key(q)));
    doc_field(d, "query_id", UNIT_NONE, cell_text(common_id(d, query_id(q))));
    doc_field(d, "fingerprint", UNIT_NONE, cell_text(query_fingerprint(q)));
    doc_field(d, "database", UNIT_NONE, cell_text(query_database(q)));
    statement(d, c, q);
    plan_embed(d, c, q, PLAN_NODES);
    n_plus_one_section(d, c, q, NULL);
    links_routes_section(d, c, q);
    waits_section(d, c, q, NULL);
    over_time(d, c, q);
    figures(d, c, q);
    return d;
}

static const struct column ALSO[] = {
    {.key = "query", .title = "Query", .help = "database and identifier: what --select takes"},
    {.key = "query_id",
     .title = "Identifier",
     .help = "the server's query identifier, as text: JSON numbers are not exact for 64 bits"},
    {.key = "fingerprint", .title = "Fingerprint", .help = "of the normalised text, libpg_query's"},
    {.key = "database", .title = "Database", .help = "in which it runs"},
    {.key = "text", .title = "Statement", .help = "with constants hidden unless --show-literals is given"},
    {.key = "suggestions", .title = "Suggestions", .help = "as in the view plan"},
    {.key = "findings", .title = "Findings", .help = "as in the view plan"},
    {.key = "rewrites", .title = "Rewrites", .help = "as in the view plan"},
    {.key = "nodes", .title = "Plan", .help = "as in the view plan"},
    {.key = "plan_text", .title = "Plan text", .help = "as in the view plan"},
    {.key = "no_suggestion", .title = "No suggestion", .help = "as in the view plan"},
    {.key = "why", .title = "Why", .help = "why there is no plan; absent when there is one"},
    {.key = "n_plus_one",
     .title = "N+1",
     .help = "when a route runs it many times a request: route, calls_per_request, ns_per_request, requests, "
             "calls, share, sampled_s, before, after, statement"},
    {.key = "waits",
     .title = "Waits",
     .help = "what sampled sessions wait on while they run it: wait, share, event, seconds"},
    {.key = "mean_over_time", .title = "Mean", .help = "points of at, mean_ns"},
    {.key = "calls_over_time", .title = "Calls", .help = "points of at, calls_per_s"},
    {.key = "summary", .title = "Figures", .help = "those of the view queries"},
};

const struct view query_view = {
    .name = "query",
    .place = PLACE_DB,
    .title = "Query",
    .summary = "one statement: why it is slow, the missing index, its time over time, the routes that run it",
    .about = "query",
    .subject = common_query,
    .needs = KINDS_SQL,
    .build = build_query,
    .links = (const char *const[]){"plan", "diff", NULL},
    .columns = links_columns,
    .n_columns = LINKS_COLUMNS,
    .rows = "routes",
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
