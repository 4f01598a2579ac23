#include "view/queries/n_plus_one.h"

#include <stdlib.h>

#include "core/insight/n_plus_one.h"
#include "core/sql/pretty.h"
#include "core/sql/statement.h"
#include "view/shared/common.h"
#include "view/plans/parts.h"
#include "base/num.h"

#define H COLUMN_HIDDEN
enum {
    N_route,
    N_text,
    N_each,
    N_ns,
    N_requests,
    N_calls,
    N_share,
    N_sampled,
    N_rule,
    N_severity,
    N_before,
    N_after,
    N_statement,
    N_advice,
    N_check,
    N_evidence,
    N_END
};
static const struct column columns[] = {
    [N_route] = {.key = "route", .title = "Route", .flags = COLUMN_LEFT, .width = 18, .help = "METHOD route"},
    [N_text] = {.language = &sql_language,
                .key = "text",
                .title = "Statement",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .priority = 2,
                .width = 16,
                .help = "the statement, on one line"},
    [N_each] = {.key = "calls_per_request",
                .title = "A request",
                .unit = UNIT_COUNT,
                .width = 9,
                .help = "calls in each request, by the evidence named"},
    [N_ns] = {.key = "ns_per_request",
              .title = "Takes",
              .unit = UNIT_NS,
              .width = 8,
              .help = "time of these calls in each request, on the server; the round trips are not in it"},
    [N_requests] = {.key = "requests",
                    .title = "Requests",
                    .unit = UNIT_COUNT,
                    .priority = 3,
                    .width = 8,
                    .help = "requests of the route in the span"},
    [N_calls] = {.key = "calls",
                 .title = "Calls",
                 .unit = UNIT_COUNT,
                 .priority = 3,
                 .width = 8,
                 .help = "calls of the statement that are the route's"},
    [N_share] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .priority = 3,
                 .width = 7,
                 .help = "share of the statement's calls that is the route's"},
    [N_sampled] = {.key = "sampled_s",
                   .title = "Sampled",
                   .unit = UNIT_LOAD,
                   .flags = H,
                   .priority = 4,
                   .help = "seconds of session time sampled for the route"},
    [N_rule] = {.key = "rule", .title = "Rule", .flags = H, .priority = 9, .help = "n_plus_one"},
    [N_severity] = {.key = "severity", .title = "Severity", .flags = H, .priority = 9, .help = "warn or bad"},
    [N_before] = {.language = &sql_language,
                  .key = "before",
                  .title = "Before",
                  .flags = H,
                  .priority = 9,
                  .help = "the condition on one key"},
    [N_after] = {.language = &sql_language,
                 .key = "after",
                 .title = "After",
                 .flags = H,
                 .priority = 9,
                 .help = "the condition for many keys; unknown: there is none"},
    [N_statement] = {.language = &sql_language,
                     .key = "statement",
                     .title = "Batch",
                     .flags = H,
                     .priority = 9,
                     .help = "the whole statement for many keys"},
    [N_advice] = {.key = "advice", .title = "Advice", .flags = H, .priority = 9, .help = "what to do"},
    [N_evidence] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_LEFT,
                    .priority = 4,
                    .help =
                        "sampled activity, or calls rise with requests: the statement's calls rise and fall "
                        "with the requests of the route and not with others"},
    [N_check] =
        {.key = "check", .title = "Check", .flags = H, .priority = 9, .help = "how to see that it helped"},
};

static const char *figure_text(struct doc *d, enum unit u, double v)
{
    char buf[UNIT_TEXT_MAX];
    return doc_text(d, unit_format(u, v, buf));
}

static void print_n_plus_one(struct doc *d, const struct n_plus_one *it, const struct rewrite_batch *b,
                             const char *advice, struct mixed_text *out)
{
    strbuf_printf(
        &out->b,
        "%s%s runs it about %s times in each request: %s on the server, and each call is a round trip "
        "(%s calls in %s requests; %s of the statement's calls are the route's, by %s).\n%s",
        out->b.len ? "\n\n" : "", endpoint_name(it->of.endpoint),
        figure_text(d, UNIT_COUNT, round(it->of.calls_per_request)),
        figure_text(d, UNIT_NS, it->ns_per_request), figure_text(d, UNIT_COUNT, round(it->of.calls)),
        figure_text(d, UNIT_COUNT, it->of.requests), figure_text(d, UNIT_SHARE, it->of.share),
        it->of.evidence, advice);
    if (b->after) {
        strbuf_str(&out->b, "\n   instead of  ");
        mixed_add(out, &sql_language, b->before);
        strbuf_str(&out->b, "\n   write       ");
        mixed_add(out, &sql_language, b->after);
    }
    if (b->statement) {
        strbuf_str(&out->b, "\n\n");
        mixed_add(out, &sql_language, doc_printf(d, "%s;", plan_sql_lines(d, b->statement)));
    }
}

void n_plus_one_section(struct doc *d, const struct view_ctx *c, const struct query *q,
                        const struct endpoint *e)
{
    struct n_plus_one found[16];
    struct span span = common_covered(c);
    size_t n = q ? n_plus_one_of_query(c->model, q, span, found, ARRAY_LEN(found))
                 : n_plus_one_of_endpoint(c->model, e, span, found, ARRAY_LEN(found));
    if (!n)
        return;
    struct section *s =
        doc_table(d, "n_plus_one", "N+1: many calls in one request", columns, ARRAY_LEN(columns));
    struct mixed_text text = {.n = 0};
    for (size_t i = 0; i < n; i++) {
        const struct n_plus_one *it = &found[i];
        struct arena *a = arena_new();
        struct rewrite_batch b = {0};
        const char *sql = query_text(it->of.query);
        char *hidden = !c->show_literals && sql ? sql_normalize(sql) : NULL;
        if (sql && (hidden || c->show_literals))
            rewrite_batch(a, hidden ? hidden : sql, &b);
        const char *advice = b.after ? "Collect the keys and run one statement for all of them."
                                     : "Run one statement for the whole request instead of one for each row.";
        struct row *r = doc_row(d, &s->table);
        r->severity = it->severity;
        r->cells[N_route] = cell_text(doc_text(d, endpoint_name(it->of.endpoint)));
        r->cells[N_text] = cell_text(common_sql(d, c, sql, true));
        r->cells[N_each] = cell_real(round(it->of.calls_per_request * 10) / 10);
        r->cells[N_ns] = cell_int(real_to_int(it->ns_per_request));
        r->cells[N_requests] = cell_real(it->of.requests);
        r->cells[N_calls] = cell_real(round(it->of.calls));
        r->cells[N_share] = cell_real(it->of.share);
        r->cells[N_sampled] = cell_real(it->of.sampled_s);
        r->cells[N_evidence] = cell_text(it->of.evidence);
        r->cells[N_rule] = cell_text(it->rule->name);
        r->cells[N_severity] = cell_text(severity_name(it->severity));
        r->cells[N_before] = cell_text(doc_text(d, b.before));
        r->cells[N_after] = cell_text(doc_text(d, b.after));
        r->cells[N_statement] = cell_text(doc_text(d, b.statement));
        r->cells[N_advice] = cell_text(advice);
        r->cells[N_check] =
            cell_text("The statement's calls per second drop to about the requests per second.");
        r->copy = b.statement ? statement_line(d, b.statement) : doc_text(d, b.after);
        r->dive = q ? (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint_name(it->of.endpoint))}
                    : (struct dive){.view = "query", .arg = doc_text(d, query_key(it->of.query))};
        if (q)
            print_n_plus_one(d, it, &b, advice, &text);
        free(hidden);
        arena_free(a);
    }
    const char *how = mixed_done(d, &text);
    if (how)
        doc_section(d, SECTION_TEXT, NULL, "One statement for many keys")->text = how;
}
