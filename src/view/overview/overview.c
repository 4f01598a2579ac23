/* Overview: what is worst now, each line a place to dive. */
#include "view/overview/overview.h"

#include "base/utf8.h"
#include "core/schema.h"
#include "view/shared/common.h"
#include "view/sessions/load.h"
#include "view/endpoints/endpoints.h"
#include "view/plans/plan.h"
#include "view/queries/queries.h"
#include "view/sessions/pools.h"

#include <stdlib.h>

/* When a thing is worth a line. X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(SHARE, 0.10, "an endpoint or query with this share of all time is listed")                             \
    X(SHARE_WARN, 0.25, "and marked from this share on, when it is slow as well:")                           \
    X(SLOW_NS, 10e6, "an endpoint with a p99 of at least this")                                              \
    X(QUERY_NS, 10e6, "a query with a mean of at least this,")                                               \
    X(QUERY_LOAD, 0.5, "or that keeps so many sessions busy on average")                                     \
    X(ERRORS_WARN, 0.01, "share of an endpoint's requests answered with status >= 500")                      \
    X(ERRORS_BAD, 0.05, "the same, act now")                                                                 \
    X(MIN_ERRORS, 3, "fewer errors than this are listed, not marked")                                        \
    X(TAIL_FACTOR, 10, "p99 this many times the median is a long tail")                                      \
    X(TAIL_NS, 100e6, "but only when the p99 is at least this long")                                         \
    X(HIT_RATIO, 0.90, "share of blocks found in shared buffers below which it is listed")                   \
    X(HIT_BLOCKS_PER_S, 1000, "and at least so many blocks are asked for a second")                          \
    X(CONNECTIONS_WARN, 0.80, "share of max_connections in use")                                             \
    X(CONNECTIONS_BAD, 0.95, "the same, act now")                                                            \
    X(POOL_WARN_NS, 100e6, "a pooler's client has waited so long for a server connection")                   \
    X(POOL_BAD_NS, 5e9, "the same, act now")                                                                 \
    X(IDLE_WARN_NS, 60e9, "idle in transaction for so long")                                                 \
    X(IDLE_BAD_NS, 300e9, "the same, act now")                                                               \
    X(FRESH_NS, 30e9, "sessions sampled longer ago than this say nothing about now")                         \
    X(UNPARSED, 0.01, "share of the lines read that were not understood")                                    \
    X(MIN_REQUESTS, 5, "fewer requests than this say nothing about a share")

enum threshold {
#define T_ENUM(NAME, value, help) T_##NAME,
    THRESHOLDS(T_ENUM)
#undef T_ENUM
};
static const double LIMIT[] = {
#define T_VALUE(NAME, value, help) [T_##NAME] = (value),
    THRESHOLDS(T_VALUE)
#undef T_VALUE
};

enum { O_WHAT, O_SUBJECT, O_WHY, O_SHARE, O_SEVERITY, O_VIEW, O_ARG, O_COLUMNS };

static const struct column COLUMNS[O_COLUMNS] = {
    [O_WHAT] = {"kind", "What", UNIT_NONE, COLUMN_LEFT, 0, 0,
                "slow, tail, errors, query, index, lock, idle, connections, pool, cache, source or log"},
    [O_SUBJECT] = {"subject", "Where", UNIT_NONE, COLUMN_LEFT, 0, 0,
                   "endpoint, query, session or source it is about"},
    [O_WHY] = {"text", "Why", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 44, "the figures, in a few words"},
    [O_SHARE] = {"share", "Share", UNIT_SHARE, COLUMN_BAR | COLUMN_HIDDEN, 9, 0,
                 "share of the time or of the requests; null when it has none"},
    [O_SEVERITY] = {"severity", "Severity", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, 0,
                    "info, warn or bad"},
    [O_VIEW] = {"view", "View", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, 0, "view that shows more"},
    [O_ARG] = {"select", "Select", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, 0, "and what to select in it"},
};

enum { SUBJECT_WIDTH = 34, SESSIONS_MAX = 1000 };

struct item {
    enum severity severity;
    double rank; /* within a severity: share of what the reader waits for, 0..1 */
    const char *what, *subject, *why;
    double share;
    struct dive dive;
};

struct list {
    struct doc *d;
    const struct view_ctx *c;
    struct item *items;
    size_t n, cap;
};

static void add(struct list *l, struct item it)
{
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = it;
}

static const char *cut(struct doc *d, const char *text, int columns)
{
    struct strbuf b = {0};
    if (!text || utf8_width(text) <= columns)
        return text;
    utf8_append(&b, text, columns - 3);
    const char *short_text = doc_printf(d, "%s...", strbuf_text(&b));
    strbuf_free(&b);
    return short_text;
}

/* ---- endpoints ---- */

static void endpoints(struct list *l, const struct endpoint_stats *all)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    struct doc *d = l->d;
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], e[UNIT_TEXT_MAX];
    for (size_t i = 0; i < model_endpoints(l->c->model); i++) {
        const struct endpoint *ep = model_endpoint(l->c->model, i);
        endpoint_stats(ep, l->c->span, s);
        if (s->count < (int64_t)LIMIT[T_MIN_REQUESTS])
            continue;
        struct item it = {.subject = doc_text(d, endpoint_name(ep)),
                          .dive = {"endpoint", doc_text(d, endpoint_name(ep))}};
        int64_t p50 = hist_quantile(&s->latency, 0.5), p99 = hist_quantile(&s->latency, 0.99);
        double share = all->total_ns ? (double)s->total_ns / (double)all->total_ns : 0;
        if (share >= LIMIT[T_SHARE]) {
            it.what = "slow";
            bool slow = (double)p99 >= LIMIT[T_SLOW_NS];
            it.severity = slow && share >= LIMIT[T_SHARE_WARN] ? SEVERITY_WARN : SEVERITY_INFO;
            it.share = share;
            it.rank = 0.5 + share / 2; /* what users wait for comes before what the database does */
            it.why = doc_printf(d, "%s of time, p99 %s, median %s", unit_format(UNIT_SHARE, share, e),
                                unit_format_int(UNIT_NS, p99, a), unit_format_int(UNIT_NS, p50, b));
            add(l, it);
        } else if (s->timed && (double)p99 >= LIMIT[T_TAIL_NS] &&
                   (double)p99 >= LIMIT[T_TAIL_FACTOR] * (double)p50) {
            it.what = "tail";
            it.severity = SEVERITY_INFO;
            it.share = share;
            it.rank = share / 2;
            it.why = doc_printf(d, "p99 %s against a median of %s", unit_format_int(UNIT_NS, p99, a),
                                unit_format_int(UNIT_NS, p50, b));
            add(l, it);
        }
        double errors = (double)s->errors / (double)s->count;
        if (errors >= LIMIT[T_ERRORS_WARN]) {
            it.what = "errors";
            it.severity = (double)s->errors < LIMIT[T_MIN_ERRORS] ? SEVERITY_INFO
                          : errors >= LIMIT[T_ERRORS_BAD]         ? SEVERITY_BAD
                                                                  : SEVERITY_WARN;
            it.share = errors;
            it.rank = all->count ? (double)s->errors / (double)all->count : 0;
            it.why =
                doc_printf(d, "%s of %s requests failed (5xx)", unit_format_int(UNIT_COUNT, s->errors, a),
                           unit_format_int(UNIT_COUNT, s->count, b));
            add(l, it);
        }
    }
    free(s);
}

/* ---- queries ---- */

static void queries(struct list *l)
{
    double total = 0;
    struct query_stats s;
    struct doc *d = l->d;
    size_t n = model_queries(l->c->model);
    for (size_t i = 0; i < n; i++) {
        query_stats(model_query(l->c->model, i), l->c->span, &s);
        total += queries_time(&s);
    }
    for (size_t i = 0; i < n && total > 0; i++) {
        const struct query *q = model_query(l->c->model, i);
        char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], e[UNIT_TEXT_MAX];
        query_stats(q, l->c->span, &s);
        double share = queries_time(&s) / total;
        if (share < LIMIT[T_SHARE] || s.calls < (int64_t)LIMIT[T_MIN_REQUESTS])
            continue;
        const char *index = plan_suggestion(d, l->c, q);
        double load =
            span_is_all(l->c->span) ? NAN : queries_time(&s) / 1e9 / common_seconds(common_covered(l->c));
        bool heavy = s.mean_ns >= LIMIT[T_QUERY_NS] || load >= LIMIT[T_QUERY_LOAD];
        add(l,
            (struct item){
                .what = index ? "index" : "query",
                .severity = heavy && (share >= LIMIT[T_SHARE_WARN] || index) ? SEVERITY_WARN : SEVERITY_INFO,
                .rank = share / 2,
                .share = share,
                .subject = cut(d, common_sql(d, l->c, query_text(q), true), SUBJECT_WIDTH),
                .why = doc_printf(d, "%s of query time: %s calls of %s%s", unit_format(UNIT_SHARE, share, e),
                                  unit_format_int(UNIT_COUNT, s.calls, b), unit_format(UNIT_NS, s.mean_ns, a),
                                  index ? "; an index would help" : ""),
                .dive = {"query", doc_text(d, query_key(q))},
            });
    }
}

/* ---- sessions ---- */

static void sessions(struct list *l)
{
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    size_t n = model_sessions(l->c->model, l->c->now, s, SESSIONS_MAX), blocked = 0;
    const struct sd_activity *worst = NULL, *idle = NULL;
    int64_t blocked_ns = 0, idle_ns = 0;
    char a[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        const struct sd_activity *x = s[i].a;
        if ((double)common_age(l->c->now, s[i].at) > LIMIT[T_FRESH_NS])
            continue;
        if (x->blocked_by && *x->blocked_by) {
            int64_t since = MAX(common_age(s[i].at, x->query_start), 0);
            blocked++;
            if (!worst || since > blocked_ns) {
                worst = x;
                blocked_ns = since;
            }
        }
        int64_t idle_for = common_age(s[i].at, x->state_change);
        if (x->state && str_starts(x->state, "idle in transaction") && idle_for > idle_ns) {
            idle = x;
            idle_ns = idle_for;
        }
    }
    if (worst)
        add(l, (struct item){.what = "lock",
                             .severity = SEVERITY_BAD,
                             .rank = MIN(1.0, (double)blocked / 10),
                             .share = NAN,
                             .subject = doc_printf(l->d, "%zu blocked", blocked),
                             .why = doc_printf(l->d, "pid %lld has waited %s for %s", (long long)worst->pid,
                                               unit_format_int(UNIT_AGE, MAX(blocked_ns, 10 * SD_S), a),
                                               worst->blocked_by),
                             .dive = {"activity", NULL}});
    if (idle && (double)idle_ns >= LIMIT[T_IDLE_WARN_NS])
        add(l, (struct item){
                   .what = "idle",
                   .severity = (double)idle_ns >= LIMIT[T_IDLE_BAD_NS] ? SEVERITY_BAD : SEVERITY_WARN,
                   .rank = 0.1,
                   .share = NAN,
                   .subject = doc_printf(l->d, "pid %lld", (long long)idle->pid),
                   .why = doc_printf(l->d, "in transaction for %s: it keeps its locks and stops vacuum",
                                     unit_format_int(UNIT_AGE, idle_ns, a)),
                   .dive = {"activity", NULL}});
    free(s);
}

/* ---- databases and sources ---- */

static void databases(struct list *l)
{
    struct source_info info[32];
    size_t n = model_sources(l->c->model, l->c->now, info, ARRAY_LEN(info));
    char a[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        const char *origin = info[i].origin;
        const struct sd_status *state = info[i].status;
        if (state && state->state != SD_STATE_LIVE && state->state != SD_STATE_ENDED)
            continue; /* its last figures are not of now */
        double used = model_metric(l->c->model, origin, "postgresql.connections", NULL, l->c->now);
        double max = model_metric(l->c->model, origin, "postgresql.max_connections", NULL, l->c->now);
        if (max > 0 && used / max >= LIMIT[T_CONNECTIONS_WARN])
            add(l, (struct item){.what = "connections",
                                 .severity =
                                     used / max >= LIMIT[T_CONNECTIONS_BAD] ? SEVERITY_BAD : SEVERITY_WARN,
                                 .rank = MIN(used / max, 1) / 2,
                                 .share = used / max,
                                 .subject = doc_text(l->d, origin),
                                 .why = doc_printf(l->d, "%.0f of %.0f connections are in use", used, max),
                                 .dive = {"activity", NULL}});
        double hit = model_metric_rate(l->c->model, origin, "postgresql.blks_hit", NULL, l->c->span);
        double read = model_metric_rate(l->c->model, origin, "postgresql.blks_read", NULL, l->c->span);
        if (hit + read >= LIMIT[T_HIT_BLOCKS_PER_S] && hit / (hit + read) < LIMIT[T_HIT_RATIO])
            add(l, (struct item){.what = "cache",
                                 .severity = SEVERITY_WARN,
                                 .rank = read / (hit + read) / 2,
                                 .share = NAN,
                                 .subject = doc_text(l->d, origin),
                                 .why = doc_printf(l->d, "%s of blocks found in shared buffers",
                                                   unit_format(UNIT_SHARE, hit / (hit + read), a)),
                                 .dive = {"queries", NULL}});
    }
}

static void pools(struct list *l)
{
    struct pool *p = mem_array(POOLS_MAX, sizeof *p);
    size_t n = pools_find(l->d, l->c, p, POOLS_MAX);
    char a[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n && p[i].waiting > 0; i++)
        add(l, (struct item){
                   .what = "pool",
                   .severity = p[i].max_wait_ns >= LIMIT[T_POOL_BAD_NS]    ? SEVERITY_BAD
                               : p[i].max_wait_ns >= LIMIT[T_POOL_WARN_NS] ? SEVERITY_WARN
                                                                           : SEVERITY_INFO,
                   .rank = p[i].waiting / (p[i].waiting + MAX(p[i].active, 1)),
                   .share = NAN,
                   .subject = doc_printf(l->d, "%s of %s", p[i].database ? p[i].database : "?",
                                         p[i].user ? p[i].user : "?"),
                   .why = doc_printf(
                       l->d, "%.0f %s for a server connection, the longest for %s; %.0f in use, %.0f idle",
                       p[i].waiting, p[i].waiting == 1 ? "client waits" : "clients wait",
                       unit_format(UNIT_NS, p[i].max_wait_ns, a), p[i].servers_active, p[i].servers_idle),
                   .dive = {"pools", NULL}});
    free(p);
}

static void sources(struct list *l)
{
    struct source_info info[64];
    size_t n = model_sources(l->c->model, l->c->now, info, ARRAY_LEN(info));
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        const struct sd_intake *in = info[i].intake;
        struct item it = {.what = "source",
                          .share = NAN,
                          .subject = doc_text(l->d, info[i].origin),
                          .dive = {"sources", NULL}};
        if (s && (s->state == SD_STATE_FAILED || s->state == SD_STATE_BACKOFF)) {
            it.severity = SEVERITY_BAD;
            it.rank = 1;
            it.why = doc_text(l->d, s->text ? s->text : "it failed");
            add(l, it);
        } else if (s && sd_known(s->drops) && s->drops > 0) {
            it.severity = SEVERITY_WARN;
            it.why = doc_printf(l->d, "%s batches were dropped because the console lagged",
                                unit_format_int(UNIT_COUNT, s->drops, a));
            add(l, it);
        } else if (common_caveat(s)) {
            it.severity = SEVERITY_INFO;
            it.why = doc_text(l->d, common_caveat(s));
            add(l, it);
        }
        if (in && in->total > 0 && (double)in->unparsed >= LIMIT[T_UNPARSED] * (double)in->total) {
            it.severity = SEVERITY_WARN;
            it.share = (double)in->unparsed / (double)in->total;
            it.why = doc_printf(l->d, "%s of %s lines were not understood",
                                unit_format_int(UNIT_COUNT, in->unparsed, a),
                                unit_format_int(UNIT_COUNT, in->total, b));
            add(l, it);
        }
    }
}

/* ---- the doc ---- */

static int by_urgency(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    if (a->severity != b->severity)
        return (int)b->severity - (int)a->severity;
    return (a->rank < b->rank) - (a->rank > b->rank);
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

    struct section *s = common_graph(d, "requests", "Requests and errors a second", UNIT_PER_S, span, n);
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
    strbuf_str(&b, "\n\nThe view sources tells more.");
    const char *text = doc_text(d, b.text);
    strbuf_free(&b);
    return text;
}

static const char *nothing_to_see(struct doc *d, const struct view_ctx *c, bool any)
{
    struct source_info info[1];
    if (!model_sources(c->model, c->now, info, 1) && !any)
        return doc_text(d, "No source is open, and none was found here.\n\n"
                           "Name what to look at:\n"
                           "  slowdive /var/log/nginx/access.log\n"
                           "  slowdive postgres://user@host/database\n"
                           "  slowdive replay incident.slowdive\n\n"
                           "In the console: :source and one of them. ? shows all keys.");
    if (!any)
        return waiting(d, c);
    return doc_text(d, "Nothing stands out in this span of time.");
}

static void rows(struct list *l, const char *note, const char *empty)
{
    struct section *sec = doc_table(l->d, "rows", "What needs a look", COLUMNS, O_COLUMNS);
    sec->weight = 3;
    sec->min_height = 9; /* on 24 lines, before the drawings */
    sec->note = note;
    sec->empty = empty;
    for (size_t i = 0; i < l->n; i++) {
        const struct item *it = &l->items[i];
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

static struct doc *build(const struct view_ctx *c)
{
    struct endpoint_stats *all = mem_alloc(sizeof *all);
    struct doc *d = doc_new("overview", "Overview");
    struct list l = {.d = d, .c = c};
    bool sql = model_queries(c->model) > 0;
    endpoints_totals(c, all);
    struct span span = common_span(c), requests = endpoints_span(c, all);
    common_envelope(d, c, span);
    endpoints(&l, all);
    if (all->count && !all->timed)
        add(&l, (struct item){.what = "log",
                              .severity = SEVERITY_INFO,
                              .share = NAN,
                              .subject = "no durations",
                              .why = "add $request_time to nginx's log_format, %D to Apache's LogFormat",
                              .dive = {"sources", NULL}});
    queries(&l);
    sessions(&l);
    databases(&l);
    pools(&l);
    sources(&l);
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, by_urgency);
    /* A figure for people and programs alike; panes only for what there is. */
    bool any = all->count > 0 || sql || model_endpoints(c->model) > 0;
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

const struct view overview_view = {
    .name = "overview",
    .title = "Overview",
    .summary = "what is worst now, each line a place to dive",
    .key = '1',
    .build = build,
    .columns = COLUMNS,
    .n_columns = O_COLUMNS,
    .also =
        "summary (rate_per_s, error_share, p99_ns, p95_ns, p50_ns, active_sessions); with requests, requests "
        "(at, requests_per_s, errors_per_s) and latency (at, p99_ns); with a database, load (at, load)",
};
