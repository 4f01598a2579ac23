#include "view/queries/n_plus_one.h"

#include <stdlib.h>

#include "core/insight/n_plus_one.h"
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
    N_END
};
static const struct column columns[] = {
    [N_route] = {"route", "Route", UNIT_NONE, COLUMN_LEFT, 0, 18, "METHOD route"},
    [N_text] = {"text", "Statement", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 2, 16,
                "the statement, on one line"},
    [N_each] = {"calls_per_request", "A request", UNIT_COUNT, 0, 0, 9, "calls in each request, by sampling"},
    [N_ns] = {"ns_per_request", "Takes", UNIT_NS, 0, 0, 8, "time of these calls in each request"},
    [N_requests] = {"requests", "Requests", UNIT_COUNT, 0, 3, 8, "requests of the route in the span"},
    [N_calls] = {"calls", "Calls", UNIT_COUNT, 0, 3, 8,
                 "calls of the statement that are the route's, by its share"},
    [N_share] = {"share", "Share", UNIT_SHARE, 0, 3, 7,
                 "share of the statement's sampled time that is the route's"},
    [N_sampled] = {"sampled_s", "Sampled", UNIT_LOAD, H, 4, 0,
                   "seconds of session time sampled: what the share is known from"},
    [N_rule] = {"rule", "Rule", UNIT_NONE, H, 9, 0, "n_plus_one"},
    [N_severity] = {"severity", "Severity", UNIT_NONE, H, 9, 0, "warn or bad"},
    [N_before] = {"before", "Before", UNIT_NONE, H, 9, 0, "the condition on one key"},
    [N_after] = {"after", "After", UNIT_NONE, H, 9, 0,
                 "the same for many; unknown: there is no such condition"},
    [N_statement] = {"statement", "Batch", UNIT_NONE, H, 9, 0, "the whole statement for many keys"},
    [N_advice] = {"advice", "Advice", UNIT_NONE, H, 9, 0, "what to do"},
    [N_check] = {"check", "Check", UNIT_NONE, H, 9, 0, "how to see that it helped"},
};

static const char *figure(struct doc *d, enum unit u, double v)
{
    char buf[UNIT_TEXT_MAX];
    return doc_text(d, unit_format(u, v, buf));
}

static void say(struct doc *d, const struct n_plus_one *it, const struct rewrite_batch *b, const char *advice,
                struct strbuf *out)
{
    strbuf_printf(out,
                  "%s%s runs it about %s times in each request: %s of it (%s calls in %s requests; the route "
                  "has %s of the "
                  "statement's time, by sampling).\n%s",
                  out->len ? "\n\n" : "", endpoint_name(it->endpoint),
                  figure(d, UNIT_COUNT, round(it->calls_per_request)), figure(d, UNIT_NS, it->ns_per_request),
                  figure(d, UNIT_COUNT, round(it->calls)), figure(d, UNIT_COUNT, it->requests),
                  figure(d, UNIT_SHARE, it->share), advice);
    if (b->after)
        strbuf_printf(out, "\n   instead of  %s\n   write       %s", b->before, b->after);
    if (b->statement)
        strbuf_printf(out, "\n\n%s;", plan_sql_lines(d, b->statement));
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
    struct section *s = doc_table(d, "n_plus_one", "Many times in one request", columns, ARRAY_LEN(columns));
    s->note = "calls attributed by sampled activity";
    struct strbuf text = {0};
    for (size_t i = 0; i < n; i++) {
        const struct n_plus_one *it = &found[i];
        struct arena *a = arena_new();
        struct rewrite_batch b = {0};
        const char *sql = query_text(it->query);
        char *hidden = !c->show_literals && sql ? sql_normalize(sql) : NULL;
        if (sql && (hidden || c->show_literals))
            rewrite_batch(a, hidden ? hidden : sql, &b);
        const char *advice = b.after ? "Collect the keys and ask once for all of them."
                                     : "Ask once for the whole request instead of once for each row.";
        struct row *r = doc_row(d, &s->table);
        r->severity = it->severity;
        r->cells[N_route] = cell_text(doc_text(d, endpoint_name(it->endpoint)));
        r->cells[N_text] = cell_text(common_sql(d, c, sql, true));
        r->cells[N_each] = cell_real(round(it->calls_per_request * 10) / 10);
        r->cells[N_ns] = cell_int(real_to_int(it->ns_per_request));
        r->cells[N_requests] = cell_real(it->requests);
        r->cells[N_calls] = cell_real(round(it->calls));
        r->cells[N_share] = cell_real(it->share);
        r->cells[N_sampled] = cell_real(it->sampled_s);
        r->cells[N_rule] = cell_text(it->rule->name);
        r->cells[N_severity] = cell_text(severity_name(it->severity));
        r->cells[N_before] = cell_text(doc_text(d, b.before));
        r->cells[N_after] = cell_text(doc_text(d, b.after));
        r->cells[N_statement] = cell_text(doc_text(d, b.statement));
        r->cells[N_advice] = cell_text(advice);
        r->cells[N_check] =
            cell_text("The calls of the statement a second fall to about the requests a second.");
        r->copy = b.statement ? statement_line(d, b.statement) : doc_text(d, b.after);
        r->dive = q ? (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint_name(it->endpoint))}
                    : (struct dive){.view = "query", .arg = doc_text(d, query_key(it->query))};
        if (q)
            say(d, it, &b, advice, &text);
        free(hidden);
        arena_free(a);
    }
    if (text.len)
        doc_section(d, SECTION_TEXT, NULL, "For many keys at once")->text = doc_text(d, text.text);
    strbuf_free(&text);
}
