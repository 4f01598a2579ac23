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

static void list_query(const struct view_ctx *c, struct worst_list *l, const struct query *q,
                       const struct query_stats *s, double share)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], e[UNIT_TEXT_MAX];
    const char *index = plan_suggestion(l->d, c, q);
    double load = span_is_all(c->span) ? NAN : queries_time(s) / 1e9 / common_seconds(common_covered(c));
    bool heavy = s->mean_ns >= LIMIT[T_QUERY_NS] || load >= LIMIT[T_QUERY_LOAD];
    bool marked = heavy && (share >= LIMIT[T_SHARE_WARN] || index);
    worst_add(
        l, (struct worst_item){
               .what = index ? "index" : "query",
               .severity = marked ? SEVERITY_WARN : SEVERITY_INFO,
               .rank = share / 2,
               .share = share,
               .subject = shortened(l->d, common_sql(l->d, c, query_text(q), true), SUBJECT_WIDTH),
               .why = doc_printf(l->d, "%s of query time: %s calls of %s%s",
                                 unit_format(UNIT_SHARE, share, e), unit_format_int(UNIT_COUNT, s->calls, b),
                                 unit_format(UNIT_NS, s->mean_ns, a), index ? "; an index would help" : ""),
               .dive = {.view = "query", .arg = doc_text(l->d, query_key(q))},
           });
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
        if (share >= LIMIT[T_SHARE] && s.calls >= (int64_t)LIMIT[T_MIN_CALLS])
            list_query(c, l, q, &s, share);
    }
}
