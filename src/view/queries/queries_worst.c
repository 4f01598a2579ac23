/* Queries for the overview: those that take a large share of the time, and those that an
 * index would help. */
#include "view/queries/queries.h"

#include "base/utf8.h"
#include "core/insight/n_plus_one.h"
#include "view/plans/plan.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(SHARE, 0.10, "a query with this share of all query time is listed")                                    \
    X(SHARE_WARN, 0.25, "and marked from this share on, or when an index would help, if it is heavy:")       \
    X(QUERY_NS, 10e6, "a mean of at least this,")                                                            \
    X(QUERY_LOAD, 0.5, "or so many sessions busy with it on average")                                        \
    X(MIN_CALLS, 5, "fewer calls than this say nothing about a share")                                       \
    X(MANY_CALLS, 100, "fewer calls than this are not looked at for N+1")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

enum { SUBJECT_WIDTH = 34 };

static const char *shortened(struct doc *d, const char *text, int columns)
{
    struct strbuf b = {0};
    if (!text || utf8_width(text) <= columns)
        return text;
    utf8_append(&b, text, columns - 3);
    const char *short_text = doc_printf(d, "%s...", strbuf_text(&b));
    strbuf_free(&b);
    return short_text;
}

/* "orders(customer_id, placed_at)": what a CREATE INDEX is on. */
static const char *indexed(struct doc *d, const char *ddl)
{
    const char *on = strstr(ddl, " ON "), *columns = on ? strchr(on, '(') : NULL;
    if (!columns)
        return ddl;
    on += 4;
    if (str_starts(on, "ONLY "))
        on += 5;
    if (str_starts(on, "public."))
        on += 7;
    size_t table = strcspn(on, " (");
    const char *method = strstr(on, " USING ");
    bool plain = !method || method > columns || str_starts(method, " USING btree");
    const char *end = columns + strlen(columns);
    while (end > columns && strchr("; ", end[-1]))
        end--;
    return plain ? doc_printf(d, "%.*s%.*s", (int)table, on, (int)(end - columns), columns)
                 : doc_printf(d, "%.*s", (int)(end - on), on);
}

/* What users wait for: with an access log, the endpoint that spends most of its time in it. */
static void name_symptom(const struct view_ctx *c, struct worst_list *l, const struct query *q,
                         struct worst_item *it)
{
    enum { LINKS = 8 };
    struct link links[LINKS], of[LINKS];
    size_t n = query_links(c->model, q, c->span, links, LINKS);
    for (size_t i = 0; i < n && !it->causes; i++) {
        const struct endpoint *e = links[i].endpoint;
        if (e && endpoint_links(c->model, e, c->span, of, LINKS) > 0 && of[0].query == q) {
            it->causes = "slow";
            it->causes_of = doc_text(l->d, endpoint_name(e));
        }
    }
}

/* Sessions that are busy with it, on average: calls that wait for it. Of totals since a reset the share of
 * the sampled load. */
static double waiting_calls(const struct view_ctx *c, double load, double share)
{
    struct wait_load w[64];
    double all = 0;
    size_t n = isfinite(load) ? 0 : model_wait_load(c->model, c->span, w, ARRAY_LEN(w));
    for (size_t i = 0; i < n; i++)
        all += w[i].load;
    return isfinite(load) ? load : all * share;
}

static enum severity severity_of(const struct view_ctx *c, const struct query_stats *s, double share,
                                 bool index)
{
    double load = span_is_all(c->span) ? NAN : queries_time(s) / 1e9 / common_seconds(common_covered(c));
    bool heavy = s->mean_ns >= LIMIT[T_QUERY_NS] || load >= LIMIT[T_QUERY_LOAD];
    if (!(share >= LIMIT[T_SHARE]) || s->calls < (int64_t)LIMIT[T_MIN_CALLS])
        return SEVERITY_NONE;
    return heavy && (share >= LIMIT[T_SHARE_WARN] || index) ? SEVERITY_WARN : SEVERITY_INFO;
}

enum severity queries_severity(struct doc *d, const struct view_ctx *c, const struct query *q,
                               const struct query_stats *s, double share)
{
    if (!(share >= LIMIT[T_SHARE]))
        return SEVERITY_NONE; /* most rows: no plan is looked at */
    return severity_of(c, s, share, plan_suggestion(d, c, q) != NULL);
}

static void list_query(const struct view_ctx *c, struct worst_list *l, const struct query *q,
                       const struct query_stats *s, double share)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], e[UNIT_TEXT_MAX];
    const char *index = plan_suggestion(l->d, c, q);
    double load = span_is_all(c->span) ? NAN : queries_time(s) / 1e9 / common_seconds(common_covered(c));
    const char *calls = doc_printf(l->d, "%s calls of %s%s", unit_format_int(UNIT_COUNT, s->calls, b),
                                   unit_format(UNIT_NS, s->mean_ns, a),
                                   !span_is_all(c->span) ? ""
                                   : s->logged ? str_eq(s->evidence, "log") ? " in the log" : " in the traces"
                                               : " since the server's reset");
    unit_format(UNIT_SHARE, share, e);
    struct worst_item it = {
        .what = index ? "index" : "query",
        .severity = severity_of(c, s, share, index != NULL),
        .rank = waiting_calls(c, load, share),
        .share = share,
        .subject = shortened(l->d, common_sql(l->d, c, query_text(q), true), SUBJECT_WIDTH),
        /* the remedy first: at 80 columns the figures are cut, not it */
        .why =
            index ? doc_printf(l->d, "missing index %s: %s of query time, %s", indexed(l->d, index), e, calls)
                  : doc_printf(l->d, "%s of query time: %s", e, calls),
        .dive = {.view = "query", .arg = doc_text(l->d, query_key(q))},
    };
    name_symptom(c, l, q, &it);
    worst_add(l, it);
}

/* One line for a statement: the route with most calls a request. */
static void list_n_plus_one(const struct view_ctx *c, struct worst_list *l, const struct query *q)
{
    struct n_plus_one it[4];
    char a[UNIT_TEXT_MAX];
    size_t n = n_plus_one_of_query(c->model, q, common_covered(c), it, ARRAY_LEN(it));
    if (!n)
        return;
    const char *name = doc_text(l->d, endpoint_name(it[0].of.endpoint));
    worst_add(l, (struct worst_item){
                     .what = "n+1",
                     .severity = SEVERITY_WARN,
                     .rank = 0.3, /* how much of what users wait for is not known */
                     .share = NAN,
                     .subject = name,
                     .why = doc_printf(l->d, "%s calls in each request: %s",
                                       unit_format(UNIT_COUNT, round(it[0].of.calls_per_request), a),
                                       shortened(l->d, common_sql(l->d, c, query_text(q), true), 60)),
                     .dive = {.view = "query", .arg = doc_text(l->d, query_key(q))},
                 });
}

void queries_worst(const struct view_ctx *c, struct worst_list *l)
{
    double total = 0;
    struct query_stats s;
    size_t n = model_queries(c->model);
    for (size_t i = 0; i < n; i++) {
        query_stats(model_query(c->model, i), c->span, &s);
        total += queries_time(&s);
    }
    for (size_t i = 0; i < n && total > 0; i++) {
        const struct query *q = model_query(c->model, i);
        query_stats(q, c->span, &s);
        if (s.known && s.calls >= (int64_t)LIMIT[T_MANY_CALLS])
            list_n_plus_one(c, l, q);
        double share = queries_time(&s) / total;
        if (severity_of(c, &s, share, false) != SEVERITY_NONE)
            list_query(c, l, q, &s, share);
    }
    queries_silent(c, l);
}
