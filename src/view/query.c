/* One query: what it is, what it costs over time, who runs it, why it is slow. */
#include "view/query.h"

#include "core/sql.h"
#include "view/common.h"
#include "view/links.h"
#include "view/plan.h"

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
    const char *text = query_text(q);
    char *hidden = text && !c->show_literals ? sql_hide_literals(text) : NULL;
    struct section *s = doc_section(d, SECTION_TEXT, "text", "Statement");
    s->text = doc_text(d, hidden ? hidden : text);
    s->note = query_database(q) ? doc_printf(d, "database %s", query_database(q)) : NULL;
    s->empty = doc_text(d, "The server does not show its text. A member of pg_read_all_stats sees all texts: "
                           "GRANT pg_monitor TO the role slowdive uses.");
    free(hidden);
}

static void figures(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct query_stats s;
    query_stats(q, c->span, &s);
    struct section *f = doc_section(d, SECTION_FIELDS, "summary", "Figures");
    f->note = span_is_all(c->span) ? doc_text(d, "since the server's statistics began")
                                   : common_note(d, c, SD_UNKNOWN, "", SD_UNKNOWN);
    int64_t unknown = SD_UNKNOWN;
    section_field(d, f, "calls", "Calls", UNIT_COUNT, cell_int(s.known ? s.calls : unknown));
    section_field(d, f, "mean_ns", "Mean", UNIT_NS, cell_real(s.known ? s.mean_ns : NAN));
    section_field(d, f, "total_ns", "Total", UNIT_NS, cell_int(s.known ? s.total_ns : unknown));
    section_field(d, f, "rows", "Rows", UNIT_COUNT, cell_int(s.known ? s.rows : unknown));
    section_field(d, f, "rows_per_call", "Rows a call", UNIT_COUNT,
                  cell_real(s.known && s.calls ? round((double)s.rows * 10 / (double)s.calls) / 10 : NAN));
    section_field(d, f, "hit_ratio", "Hits", UNIT_SHARE, cell_real(s.known ? s.hit_ratio : NAN));
    section_field(d, f, "shared_read", "Blocks read", UNIT_BLOCKS, cell_int(s.known ? s.shared_read : unknown));
    section_field(d, f, "temp_written", "Temp blocks", UNIT_BLOCKS, cell_int(s.known ? s.temp_written : unknown));
    if (span_is_all(c->span)) {
        section_field(d, f, "min_ns", "Min", UNIT_NS, cell_int(s.min_ns));
        section_field(d, f, "max_ns", "Max", UNIT_NS, cell_int(s.max_ns));
        section_field(d, f, "stddev_ns", "Stddev", UNIT_NS, cell_int(s.stddev_ns));
    }
}

static void over_time(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct span span = common_span(c);
    size_t n = common_points(c, span);
    struct query_point *p = mem_array(n, sizeof *p);
    struct section *s = doc_section(d, SECTION_GRAPH, "mean_over_time", "Mean over time");
    if (span.from != SD_UNKNOWN && span.to > span.from)
        query_series(q, span, n, p);
    s->graph = (struct graph){.from = span.from, .to = span.to, .n_points = n, .unit = UNIT_NS};
    double *mean = doc_line(d, &s->graph, "mean_ns")->values;
    for (size_t i = 0; i < n; i++)
        mean[i] = p[i].calls_per_s > 0 ? p[i].mean_ns : NAN;
    s->weight = 1;
    s->min_height = 3;
    free(p);
}

static struct doc *build(const struct view_ctx *c)
{
    const struct query *q = chosen(c);
    struct doc *d = doc_new("query", "Query");
    if (q && query_text(q))
        d->title = common_sql_line(d, c, query_text(q));
    common_envelope(d, c, common_span(c));
    if (!q) {
        doc_field(d, "query", UNIT_NONE, cell_text(c->arg));
        struct section *t = doc_section(d, SECTION_TEXT, NULL, "Query");
        t->text = c->arg ? doc_printf(d, "No query called \"%s\" has been seen.", c->arg)
                         : common_empty(d, c, 1u << SD_STATEMENT | 1u << SD_ACTIVITY);
        return d;
    }
    doc_field(d, "query", UNIT_NONE, cell_text(query_key(q)));
    doc_field(d, "query_id", UNIT_NONE,
              cell_text(query_id(q) == SD_UNKNOWN ? NULL : doc_printf(d, "%lld", (long long)query_id(q))));
    doc_field(d, "fingerprint", UNIT_NONE, cell_text(query_fingerprint(q)));
    doc_field(d, "database", UNIT_NONE, cell_text(query_database(q)));
    statement(d, c, q);
    plan_embed(d, c, q, PLAN_NODES);
    links_routes_section(d, c, q);
    over_time(d, c, q);
    figures(d, c, q);
    return d;
}

const struct view query_view = {
    .name = "query",
    .title = "Query",
    .summary = "one statement: why it is slow, the index it misses, its cost over time, the routes that run it",
    .about = "query",
    .needs = 1u << SD_STATEMENT | 1u << SD_ACTIVITY,
    .build = build,
};
