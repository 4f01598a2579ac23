/* One budget: a flood in one domain of the model leaves the history of the others alone.
 * Each domain has a row here: what a modest history of it is, what a flood is, and what the
 * history says when it is asked. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/model/bundles.h"
#include "core/model/caches.h"
#include "core/model/histories.h"
#include "core/model/loads.h"
#include "core/model/model.h"
#include "core/model/pages.h"
#include "core/model/profiles.h"
#include "core/model/traces.h"
#include "core/schema.h"

#define T0 (INT64_C(1700000000) * SD_S)
enum { MODEST = 60 }; /* seconds */

static const struct span WHOLE = {T0, T0 + MODEST *SD_S};

static void *cleared(enum sd_kind kind, void *r)
{
    schema_clear(schema_of(kind), r);
    return r;
}

static char *numbered(char text[64], const char *what, int i)
{
    snprintf(text, 64, "%s%d", what, i);
    return text;
}

/* Text that makes a record large. */
static char *filler(size_t n)
{
    char *text = mem_alloc(n + 1);
    memset(text, 'x', n);
    return text;
}

/* ---- what each adds to a batch; `i` tells one from the next ---- */

/* Of requests that others counted in buckets, too. */
static void add_latency(struct sd_batch *b, int i)
{
    static const double lower[] = {0, 1e6, 2e6}, upper[] = {1e6, 2e6, INFINITY}, counts[] = {1, 2, 1};
    const struct sd_reals lows = {.n = 3, .items = lower}, highs = {.n = 3, .items = upper},
                          in = {.n = 3, .items = counts};
    struct sd_latency r;
    char route[64];
    cleared(SD_LATENCY, &r);
    r.method = "GET";
    r.route = numbered(route, "/m", i);
    r.rule = "classic";
    r.count = 4;
    r.lower_ns = &lows;
    r.upper_ns = &highs;
    r.counts = &in;
    assert_true(batch_add(b, SD_LATENCY, &r));
}

static void add_http(struct sd_batch *b, int i)
{
    struct sd_bucket buckets[8];
    struct sd_hist h = {.n = 8, .buckets = buckets};
    struct sd_http r;
    char route[64];
    cleared(SD_HTTP, &r);
    for (uint32_t k = 0; k < 8; k++)
        buckets[k] = (struct sd_bucket){.index = 900 + k * 40 + (uint32_t)i % 37, .count = 1};
    r.method = "GET";
    r.route = numbered(route, "/r", i);
    r.count = r.timed = 8;
    r.total_ns = 8 * SD_MS;
    r.latency = &h;
    assert_true(batch_add(b, SD_HTTP, &r));
    if (i % 5 == 4)
        add_latency(b, i);
}

/* Of endpoints that are there. */
static void add_part(struct sd_batch *b, int i)
{
    struct sd_http_part r;
    char route[64], key[64];
    cleared(SD_HTTP_PART, &r);
    r.method = "GET";
    r.route = numbered(route, "/r", i % 3);
    r.by = "upstream";
    r.key = numbered(key, "10.0.0.", i);
    r.count = 3;
    assert_true(batch_add(b, SD_HTTP_PART, &r));
}

static void add_metric(struct sd_batch *b, int i)
{
    char name[64];
    struct sd_metric r = {.name = numbered(name, "m", i), .value = i, .counter = 0};
    assert_true(batch_add(b, SD_METRIC, &r));
}

static void add_statement(struct sd_batch *b, int i)
{
    static int64_t calls;
    struct sd_statement r;
    cleared(SD_STATEMENT, &r);
    r.query_id = i;
    r.database = "shop";
    r.calls = ++calls;
    r.total_ns = calls * SD_MS;
    r.rows = calls;
    assert_true(batch_add(b, SD_STATEMENT, &r));
}

static void add_session(struct sd_batch *b, int i)
{
    struct sd_activity r;
    char route[64], query[64];
    cleared(SD_ACTIVITY, &r);
    r.period_ns = SD_S;
    r.pid = i;
    r.database = "shop";
    r.state = "active";
    r.wait_type = "IO";
    r.wait_event = "DataFileRead";
    r.query_id = 1000000 + i;
    r.query = numbered(query, "SELECT ", i);
    r.route = numbered(route, "GET /s", i);
    assert_true(batch_add(b, SD_ACTIVITY, &r));
}

static void add_plan(struct sd_batch *b, int i)
{
    char *body = filler(2000);
    struct sd_plan r = {.query_id = 2000000 + i, .database = "shop", .query = "SELECT 1", .body = body};
    r.generic = r.analyzed = 0;
    assert_true(batch_add(b, SD_PLAN, &r));
    free(body);
}

static void add_table(struct sd_batch *b, int i)
{
    struct sd_table r;
    char name[64];
    cleared(SD_TABLE, &r);
    r.database = "shop";
    r.schema = "public";
    r.name = numbered(name, "t", i);
    r.inserted = (batch_time(b) - T0) / SD_S;
    assert_true(batch_add(b, SD_TABLE, &r));
}

static void add_server(struct sd_batch *b, int i)
{
    struct sd_server s;
    struct sd_replication x;
    char name[64], *text = filler(1000);
    cleared(SD_SERVER, &s);
    s.version = "15.4";
    s.connections = 3;
    assert_true(batch_add(b, SD_SERVER, &s));
    cleared(SD_REPLICATION, &x);
    x.role = "slot";
    x.name = numbered(name, "slot", i);
    x.invalid = text;
    assert_true(batch_add(b, SD_REPLICATION, &x));
    free(text);
}

static void add_workload(struct sd_batch *b, int i)
{
    struct sd_workload w;
    char name[64], *text = filler(1500);
    cleared(SD_WORKLOAD, &w);
    w.database = numbered(name, "db", i);
    w.name = text;
    assert_true(batch_add(b, SD_WORKLOAD, &w));
    free(text);
}

static void add_profile(struct sd_batch *b, int i)
{
    struct sd_profile p;
    struct sd_profile_function f;
    char name[64];
    cleared(SD_PROFILE, &p);
    cleared(SD_PROFILE_FUNCTION, &f);
    p.name = numbered(name, "app", i);
    p.types = p.units = SD_TEXTS(batch_origin(b));
    p.type = batch_origin(b);
    p.samples = (batch_time(b) - T0) / SD_S;
    assert_true(batch_add(b, SD_PROFILE, &p));
    f.name = name;
    f.self = f.total = SD_REALS(1);
    for (int k = 0; k < 5; k++)
        assert_true(batch_add(b, SD_PROFILE_FUNCTION, &f));
}

static void add_cache(struct sd_batch *b, int i)
{
    struct sd_cache c;
    struct sd_cache_prefix x;
    char name[64];
    cleared(SD_CACHE, &c);
    c.layer = "application";
    c.name = numbered(name, "redis ", i);
    c.hits = 10 * ((batch_time(b) - T0) / SD_S);
    c.misses = (batch_time(b) - T0) / SD_S;
    assert_true(batch_add(b, SD_CACHE, &c));
    cleared(SD_CACHE_PREFIX, &x);
    x.cache = name;
    x.prefix = "user:*";
    assert_true(batch_add(b, SD_CACHE_PREFIX, &x));
}

static void add_build(struct sd_batch *b, int i)
{
    struct sd_bundle head;
    struct sd_bundle_asset asset;
    char name[64], *text = filler(1000);
    cleared(SD_BUNDLE, &head);
    head.path = text;
    assert_true(batch_add(b, SD_BUNDLE, &head));
    cleared(SD_BUNDLE_ASSET, &asset);
    asset.name = numbered(name, "main.js", i);
    asset.size_bytes = (batch_time(b) - T0) / SD_S;
    assert_true(batch_add(b, SD_BUNDLE_ASSET, &asset));
    free(text);
}

static void add_vital(struct sd_batch *b, int i)
{
    struct sd_page_field f;
    struct sd_page_receiver r;
    char name[64], *text = filler(300);
    cleared(SD_PAGE_FIELD, &f);
    f.data = "rum";
    f.by = "page";
    f.key = numbered(name, "/p", i);
    f.metric = "lcp";
    f.count = (batch_time(b) - T0) / SD_S;
    assert_true(batch_add(b, SD_PAGE_FIELD, &f));
    f.key = text;
    assert_true(batch_add(b, SD_PAGE_FIELD, &f));
    cleared(SD_PAGE_RECEIVER, &r);
    r.accepted = (batch_time(b) - T0) / SD_S;
    assert_true(batch_add(b, SD_PAGE_RECEIVER, &r));
    free(text);
}

/* A second of a load test, and what it has found so far. */
static void add_load(struct sd_batch *b, int i)
{
    struct sd_bucket buckets[8];
    struct sd_hist h = {.n = 8, .buckets = buckets};
    struct sd_load r;
    char name[64];
    cleared(SD_LOAD, &r);
    for (uint32_t k = 0; k < 8; k++)
        buckets[k] = (struct sd_bucket){.index = 900 + k * 40, .count = 1};
    r.name = numbered(name, "s", i % 3);
    r.interval_ns = SD_S;
    r.sent = i;
    r.latency = &h;
    assert_true(batch_add(b, SD_LOAD, &r));
    struct sd_document x = {.what = "load", .name = r.name, .json = "{\"view\":\"load\"}"};
    assert_true(batch_add(b, SD_DOCUMENT, &x));
}

static void add_trace(struct sd_batch *b, int i)
{
    struct sd_spans r;
    char trace[64], id[64], *text = filler(300);
    cleared(SD_SPANS, &r);
    r.traces = SD_TEXTS(numbered(trace, "t", i));
    r.services = SD_TEXTS("shop");
    r.names = SD_TEXTS("GET /");
    r.keys = SD_TEXTS("url.path");
    r.trace = r.service = r.name = r.of_span = r.of_key = SD_INTS(0);
    r.id = SD_TEXTS(numbered(id, "s", (int)((batch_time(b) - T0) / SD_S)));
    r.start = SD_INTS(batch_time(b));
    r.duration = SD_INTS(SD_MS);
    r.of_value = SD_TEXTS(text);
    assert_true(batch_add(b, SD_SPANS, &r));
    free(text);
}

static void add_history(struct sd_batch *b, int i)
{
    char host[64];
    struct sd_history r;
    struct sd_history_host h;
    cleared(SD_HISTORY, &r);
    cleared(SD_HISTORY_HOST, &h);
    r.url = "history:/var/lib/shop";
    r.from = T0;
    r.to = T0 + 1;
    h.name = numbered(host, "web", i);
    assert_true(batch_add(b, SD_HISTORY, &r) && batch_add(b, SD_HISTORY_HOST, &h));
}

static void add_report(struct sd_batch *b, int i)
{
    char *text = filler(100);
    char title[64];
    struct sd_status st;
    cleared(SD_STATUS, &st);
    st.text = text;
    st.batches = i;
    struct sd_event e = {.severity = "info", .title = numbered(title, "deploy ", i), .text = text};
    assert_true(batch_add(b, SD_STATUS, &st));
    assert_true(batch_add(b, SD_EVENT, &e));
    free(text);
}

/* ---- what each says of the first minute ---- */

static void say_endpoints(const struct model *m, struct strbuf *out)
{
    for (int i = 0; i < 3; i++) {
        char name[64];
        struct endpoint_point p[MODEST];
        const struct endpoint *e = model_find_endpoint(m, numbered(name, "GET /r", i));
        assert_non_null(e);
        endpoint_series(e, WHOLE, MODEST, p);
        for (int k = 0; k < MODEST; k++)
            strbuf_printf(out, "%" PRId64 "/%" PRId64 " ", p[k].count, p[k].p99);
    }
}

static void say_parts(const struct model *m, struct strbuf *out)
{
    struct endpoint_part p[8];
    const struct endpoint *e = model_find_endpoint(m, "GET /r0");
    assert_non_null(e);
    for (int k = 0; k < MODEST; k++) {
        const struct span second = {T0 + k * SD_S, T0 + (k + 1) * SD_S};
        size_t n = endpoint_parts(e, "upstream", second, p, ARRAY_LEN(p));
        strbuf_printf(out, "%zu:%s=%" PRId64 " ", n, n ? p[0].key : "", n ? p[0].count : 0);
    }
}

static void say_metrics(const struct model *m, struct strbuf *out)
{
    double v[MODEST];
    model_metric_series(m, "modest", "m1", NULL, WHOLE, MODEST, v);
    for (int k = 0; k < MODEST; k++)
        strbuf_printf(out, "%g ", v[k]);
}

static void say_queries(const struct model *m, struct strbuf *out)
{
    for (int i = 0; i < 3; i++) {
        char key[64];
        struct query_point p[MODEST];
        const struct query *q = model_find_query(m, numbered(key, "shop/", i));
        assert_non_null(q);
        query_series(q, WHOLE, MODEST, p);
        for (int k = 0; k < MODEST; k++)
            strbuf_printf(out, "%.3f/%.3f ", p[k].calls_per_s, p[k].mean_ns);
    }
}

static void say_sessions(const struct model *m, struct strbuf *out)
{
    double v[MODEST];
    struct session_sample s[8];
    model_load_series(m, WHOLE, MODEST, v);
    for (int k = 0; k < MODEST; k++) {
        size_t n = model_sessions(m, T0 + k * SD_S, s, ARRAY_LEN(s));
        strbuf_printf(out, "%g:%zu,%" PRId64 ",%s ", v[k], n, s[0].at - T0, s[0].a->query);
    }
}

static void say_plans(const struct model *m, struct strbuf *out)
{
    for (int i = 0; i < 3; i++) {
        char key[64];
        struct plan_entry e;
        for (size_t nth = 0; model_plan_nth(m, numbered(key, "shop/", 2000000 + i), WHOLE.to, nth, &e); nth++)
            strbuf_printf(out, "%" PRId64 " ", e.at - T0);
    }
}

static void say_indexes(const struct model *m, struct strbuf *out)
{
    for (int k = 0; k < MODEST; k++) {
        struct table_entry e[8];
        size_t n = model_tables(m, SPAN_ALL, T0 + k * SD_S, e, ARRAY_LEN(e));
        strbuf_printf(out, "%zu:%" PRId64 " ", n, e[0].t->inserted);
    }
}

static void say_workloads(const struct model *m, struct strbuf *out)
{
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "db%d@modest", i);
        const struct advice_entry *e = model_advice(m, name, WHOLE.to);
        assert_non_null(e);
        strbuf_printf(out, "%" PRId64 ":%s ", e->at - T0, e->whole->database);
    }
}

static void say_profiles(const struct model *m, struct strbuf *out)
{
    for (int k = 0; k < MODEST; k++) {
        struct profile_found f;
        model_profile(m, SPAN_ALL, T0 + k * SD_S, "modest", &f);
        assert_non_null(f.p);
        strbuf_printf(out, "%" PRId64 " ", f.p->samples);
        profile_free(f.p);
    }
}

static void say_caches(const struct model *m, struct strbuf *out)
{
    for (int i = 0; i < 3; i++) {
        char name[64];
        struct cache_point p[MODEST];
        model_cache_series(m, "modest", numbered(name, "redis ", i), WHOLE, MODEST, p);
        for (int k = 0; k < MODEST; k++)
            strbuf_printf(out, "%.3f/%.1f ", p[k].hit_ratio, p[k].lookups_per_s);
    }
}

static void say_bundles(const struct model *m, struct strbuf *out)
{
    const struct bundle_build *x = model_bundle(m, "modest");
    assert_non_null(x);
    strbuf_printf(out, "%zu:%" PRId64, x->n_assets, x->assets[0].size_bytes);
}

static void say_pages(const struct model *m, struct strbuf *out)
{
    for (int k = 0; k < MODEST; k++) {
        struct record_entry e[8];
        size_t n = model_page_records(m, SD_PAGE_FIELD, WHOLE, T0 + k * SD_S, e, ARRAY_LEN(e));
        const struct sd_page_field *f = n ? e[0].r : NULL, *then = n ? e[0].before : NULL;
        strbuf_printf(out, "%zu:%" PRId64 "<%" PRId64 " ", n, f ? f->count : -1, then ? then->count : -1);
    }
}

static void say_loads(const struct model *m, struct strbuf *out)
{
    struct record_entry e[2 * MODEST];
    size_t n = model_load_steps(m, "modest", SD_LOAD, WHOLE, e, ARRAY_LEN(e));
    for (size_t i = 0; i < n; i++)
        strbuf_printf(out, "%" PRId64 "=%" PRId64 " ", e[i].at - T0, ((const struct sd_load *)e[i].r)->sent);
    n = model_results(m, INT64_MAX, e, ARRAY_LEN(e));
    strbuf_printf(out, "%zu results", n);
}

static void say_traces(const struct model *m, struct strbuf *out)
{
    struct trace_entry e[8];
    size_t n = model_traces(m, WHOLE, e, ARRAY_LEN(e));
    for (size_t i = 0; i < n; i++)
        strbuf_printf(out, "%s:%" PRId64 " ", e[i].id, e[i].spans);
}

static void say_histories(const struct model *m, struct strbuf *out)
{
    struct history_entry e[8];
    const struct sd_history_host *h[8];
    size_t n = model_histories(m, e, ARRAY_LEN(e)), hosts = model_history_hosts(m, h, ARRAY_LEN(h));
    for (size_t i = 0; i < n; i++)
        if (str_eq(e[i].origin, "modest"))
            strbuf_printf(out, "%s %" PRId64 " %d\n", e[i].newest->url, e[i].given->to, hosts > 0);
}

static void say_sources(const struct model *m, struct strbuf *out)
{
    struct event_entry events[4 * MODEST];
    for (int k = 0; k < MODEST; k++) {
        struct source_info s;
        model_sources(m, T0 + k * SD_S, &s, 1);
        strbuf_printf(out, "%" PRId64 " ", s.status->batches);
    }
    strbuf_printf(out, "%zu events", model_events(m, WHOLE, events, ARRAY_LEN(events)));
}

static void say_servers(const struct model *m, struct strbuf *out)
{
    struct server_step steps[MODEST + 1];
    size_t n = model_server_steps(m, "modest", WHOLE, steps, ARRAY_LEN(steps));
    for (size_t i = 0; i < n; i++)
        strbuf_printf(out, "%" PRId64 "=%" PRId64 " ", steps[i].at - T0, steps[i].r->connections);
}

static const struct row {
    const char *name;
    void (*add)(struct sd_batch *b, int i);
    void (*say)(const struct model *m, struct strbuf *out);
    int names, batch; /* of a flood: how many different ones, how many in a batch */
    bool newest;      /* of each source it keeps the newest alone: little, whatever comes */
} ROWS[] = {
    {.name = "endpoints", .add = add_http, .say = say_endpoints, .names = 5000, .batch = 100},
    {.name = "endpoint_parts", .add = add_part, .say = say_parts, .names = 5000, .batch = 100},
    {.name = "metrics", .add = add_metric, .say = say_metrics, .names = 10000, .batch = 100},
    {.name = "queries", .add = add_statement, .say = say_queries, .names = 50000, .batch = 100},
    {.name = "sessions", .add = add_session, .say = say_sessions, .names = 100000, .batch = 100},
    {.name = "plans", .add = add_plan, .say = say_plans, .names = 100000, .batch = 1},
    {.name = "indexes", .add = add_table, .say = say_indexes, .names = 100000, .batch = 50},
    {.name = "servers", .add = add_server, .say = say_servers, .names = 100000, .batch = 1},
    {.name = "workloads", .add = add_workload, .say = say_workloads, .names = 100000, .batch = 1},
    {.name = "profiles", .add = add_profile, .say = say_profiles, .names = 100000, .batch = 1},
    {.name = "caches", .add = add_cache, .say = say_caches, .names = 100000, .batch = 1},
    {.name = "bundles", .add = add_build, .say = say_bundles, .names = 100000, .batch = 1},
    {.name = "pages", .add = add_vital, .say = say_pages, .names = 100000, .batch = 1},
    {.name = "loads", .add = add_load, .say = say_loads, .names = 100000, .batch = 1},
    {.name = "traces", .add = add_trace, .say = say_traces, .names = 100000, .batch = 10},
    {.name = "histories",
     .add = add_history,
     .say = say_histories,
     .names = 100000,
     .batch = 1,
     .newest = true},
    {.name = "sources", .add = add_report, .say = say_sources, .names = 100000, .batch = 1},
};

static const struct row *row_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        if (!strcmp(ROWS[i].name, name))
            return &ROWS[i];
    fail_msg("the domain %s has no row in this test: what is a flood of it?", name);
    return NULL;
}

static void apply(struct model *m, struct sd_batch *b)
{
    model_apply(m, b);
    batch_unref(b);
    assert_true(model_usage(m).bytes <= model_usage(m).max_bytes);
    assert_true(model_usage(m).traces_bytes <= model_usage(m).traces_max);
}

/* A minute of everything: three names of each, each second; plans and listings apart, as the
 * tables of a plan are its facts. */
static void modest(struct model *m)
{
    for (int s = 0; s < MODEST; s++)
        for (size_t k = 0; k < ARRAY_LEN(ROWS); k++) {
            struct sd_batch *b = batch_new("modest", T0 + s * SD_S);
            for (int i = 0; i < 3; i++)
                if (ROWS[k].add != add_plan || s % 6 == 0)
                    ROWS[k].add(b, i);
            apply(m, b);
        }
}

static char *told(const struct model *m, const struct row *row)
{
    struct strbuf out = {0};
    row->say(m, &out);
    return strbuf_detach(&out);
}

/* At ten times the budget, of one name and of ever new ones, of one source and of many. */
static void flood(struct model *m, const struct row *row, int names, int origins)
{
    size_t bytes = 0;
    for (int n = 0, k = 0; bytes < 10 * model_usage(m).max_bytes; k++) {
        char origin[64];
        struct sd_batch *b =
            batch_new(numbered(origin, "flood", k % origins), T0 + (MODEST + 1) * SD_S + k * SD_S / 4);
        for (int i = 0; i < row->batch; i++)
            row->add(b, 10 + n++ % names);
        bytes += batch_bytes(b);
        apply(m, b);
    }
}

static void others_are_untouched(const struct row *row, int names, int origins)
{
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = limits.traces_bytes = (size_t)5 << 20;
    limits.retention_ns = 0;
    struct model *m = model_new(&limits);
    modest(m);
    char *before[ARRAY_LEN(ROWS)];
    for (size_t k = 0; k < ARRAY_LEN(ROWS); k++)
        before[k] = told(m, &ROWS[k]);
    flood(m, row, names, origins);
    for (size_t k = 0; k < ARRAY_LEN(ROWS); k++) {
        if (&ROWS[k] != row) {
            char *after = told(m, &ROWS[k]);
            if (strcmp(before[k], after))
                fail_msg("a flood of %s changed the history of %s:\n%s\n%s", row->name, ROWS[k].name,
                         before[k], after);
            free(after);
        }
        free(before[k]);
    }
    model_free(m);
}

static void a_flood_leaves_the_others_alone(void **state)
{
    (void)state;
    struct part_usage parts[64];
    struct model *m = model_new(&MODEL_DEFAULTS);
    size_t n = model_parts(m, parts, ARRAY_LEN(parts));
    model_free(m);
    for (size_t i = 0; i < n; i++) {
        const struct row *row = row_of(parts[i].name);
        others_are_untouched(row, row->names, 1);
        others_are_untouched(row, row->names, 20);
        others_are_untouched(row, 20, 1);
    }
}

/* All at once: none is pressed below its share by the others. */
static void all_flood_and_each_keeps_its_share(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = limits.traces_bytes = (size_t)5 << 20;
    limits.retention_ns = 0;
    struct model *m = model_new(&limits);
    for (int k = 0, n = 0; k < 3000; k++) {
        struct sd_batch *b = batch_new("flood", T0 + k * SD_S / 4);
        for (size_t r = 0; r < ARRAY_LEN(ROWS); r++)
            for (int i = 0; i < ROWS[r].batch / 4 + 1; i++)
                if (ROWS[r].add != add_table && ROWS[r].add != add_workload)
                    ROWS[r].add(b, n++ % 50);
        apply(m, b);
        b = batch_new("flood", T0 + k * SD_S / 4);
        for (int i = 0; i < 50; i++)
            add_table(b, i);
        apply(m, b);
        b = batch_new("flood", T0 + k * SD_S / 4); /* apart: what is kept of them is their batch */
        add_workload(b, k % 50);
        apply(m, b);
    }
    struct part_usage parts[64];
    size_t n = model_parts(m, parts, ARRAY_LEN(parts)), shares = 0;
    for (size_t i = 0; i < n; i++) {
        shares += parts[i].apart ? 0 : parts[i].share;
        if (!parts[i].apart && parts[i].bytes < parts[i].share / 2 && !row_of(parts[i].name)->newest)
            fail_msg("%s holds %zu bytes of its share of %zu", parts[i].name, parts[i].bytes, parts[i].share);
    }
    assert_true(shares <= limits.max_bytes - limits.max_bytes / 8);
    model_free(m);
}

/* Whoever alone has data may take what the others do not need. */
static void a_domain_alone_may_take_more_than_its_share(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = limits.traces_bytes = (size_t)5 << 20;
    limits.retention_ns = 0;
    struct model *m = model_new(&limits);
    flood(m, row_of("endpoints"), 40, 1);
    struct part_usage parts[64];
    size_t n = model_parts(m, parts, ARRAY_LEN(parts));
    for (size_t i = 0; i < n; i++)
        if (!strcmp(parts[i].name, "endpoints"))
            assert_true(parts[i].bytes > parts[i].share * 3 / 2);
    model_free(m);
}

/* ---- whose version grows ---- */

static void versions_are_of_domains(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    assert_false(model_has_data(m));
    struct sd_batch *b = batch_new("x", T0);
    add_report(b, 1);
    apply(m, b);
    assert_false(model_has_data(m)); /* a state of a source is no data */
    b = batch_new("x", T0);
    add_metric(b, 1);
    apply(m, b);
    assert_true(model_has_data(m)); /* any domain's is */
    assert_true(model_has(m, SD_KIND_BIT(SD_METRIC)));
    assert_false(model_has(m, SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_PLAN)));
    uint64_t http = model_version_of(m, SD_KIND_BIT(SD_HTTP));
    uint64_t metric = model_version_of(m, SD_KIND_BIT(SD_METRIC));
    b = batch_new("x", T0 + SD_S);
    add_http(b, 1);
    apply(m, b);
    assert_true(model_version_of(m, SD_KIND_BIT(SD_HTTP)) > http);
    assert_true(model_version_of(m, SD_KIND_BIT(SD_METRIC)) == metric);
    /* Samples name queries, so those change with them. */
    uint64_t queries = model_version_of(m, SD_KIND_BIT(SD_STATEMENT));
    b = batch_new("x", T0 + SD_S);
    add_session(b, 1);
    apply(m, b);
    assert_true(model_version_of(m, SD_KIND_BIT(SD_STATEMENT)) > queries);
    model_clear(m);
    assert_false(model_has_data(m));
    assert_true(model_version_of(m, SD_KIND_BIT(SD_HTTP)) > http);
    model_free(m);
}

/* Plans and listings alone have their time, as all data. */
static void any_data_has_its_time(void **state)
{
    (void)state;
    static void (*const adds[])(struct sd_batch * b, int i) = {add_http,    add_metric, add_statement,
                                                               add_session, add_plan,   add_table};
    for (size_t i = 0; i < ARRAY_LEN(adds); i++) {
        struct model *m = model_new(&MODEL_DEFAULTS);
        struct sd_batch *b = batch_new("x", T0 + 5 * SD_S);
        adds[i](b, 1);
        apply(m, b);
        assert_true(model_has_data(m));
        assert_int_equal(model_usage(m).last, T0 + 5 * SD_S);
        model_free(m);
    }
}

/* Of 5 MiB the share is 170 kB: a build of 100 kB and another one are more. */
static void give_build(struct model *m, int k)
{
    struct sd_batch *b = batch_new("front", T0 + k * SD_S);
    for (int i = 0; i < 80; i++)
        add_build(b, i);
    model_apply(m, b);
    batch_unref(b);
}

static void the_build_before_stays_while_there_is_memory(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = limits.traces_bytes = (size_t)5 << 20;
    struct model *m = model_new(&limits);
    for (int k = 0; k < 3; k++)
        give_build(m, k);
    assert_true(model_usage(m).bytes > 200000);
    assert_int_equal(model_bundle_at(m, "front", T0 + 2 * SD_S)->at, T0 + 2 * SD_S);
    assert_int_equal(model_bundle_at(m, "front", T0 + SD_S)->at, T0 + SD_S);
    assert_null(model_bundle_at(m, "front", T0));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_build_before_stays_while_there_is_memory),
        cmocka_unit_test(a_flood_leaves_the_others_alone),
        cmocka_unit_test(all_flood_and_each_keeps_its_share),
        cmocka_unit_test(a_domain_alone_may_take_more_than_its_share),
        cmocka_unit_test(versions_are_of_domains),
        cmocka_unit_test(any_data_has_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
