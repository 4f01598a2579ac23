/* The figures of the views, from batches. */
#include "tests/lib/shop.h"
#include "tests/lib/test.h"

#include "core/schema.h"
#include "sink/print.h"
#include "view/action.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <stdlib.h>

#define T0 (1795189898 * SD_S) /* 2026-11-20T15:51:38Z */
                               /* ---- making models ---- */

static struct sd_batch *begin(const char *origin, sd_time at)
{
    return batch_new(origin, at);
}

static void end(struct model *m, struct sd_batch *b)
{
    model_apply(m, b);
    batch_unref(b);
}

static void *blank(enum sd_kind kind, void *record)
{
    schema_clear(schema_of(kind), record);
    return record;
}

static struct sd_activity session(int64_t pid, const char *state)
{
    struct sd_activity r;
    blank(SD_ACTIVITY, &r);
    r.period_ns = SD_S;
    r.pid = pid;
    r.database = "shop";
    r.role = "app";
    r.state = state;
    return r;
}

static void sampled(struct model *m, sd_time at, const struct sd_activity *r, size_t n)
{
    struct sd_batch *b = begin("shop", at);
    for (size_t i = 0; i < n; i++)
        assert_true(batch_add(b, SD_ACTIVITY, &r[i]));
    end(m, b);
}

static void status(struct model *m, sd_time at, const char *origin, const char *kind, enum sd_state state,
                   const char *text)
{
    struct sd_status r;
    blank(SD_STATUS, &r);
    r.kind = kind;
    r.target = "somewhere";
    r.state = state;
    r.text = text;
    r.since = T0;
    r.last_data = state == SD_STATE_LIVE || state == SD_STATE_ENDED ? at : SD_UNKNOWN;
    r.drops = r.errors = r.overruns = 0;
    r.cpu_ns = (at - T0) / 100; /* 1 % of a processor */
    shop_add(m, origin, at, SD_STATUS, &r);
}

static void intake(struct model *m, sd_time at, int64_t total, int64_t unparsed, const char *sample)
{
    struct sd_intake r = {.unit = "lines",
                          .total = total,
                          .unparsed = unparsed,
                          .bytes = total * 80,
                          .sample = sample,
                          .reason = unparsed ? "the time is no time" : NULL};
    shop_add(m, "access.log", at, SD_INTAKE, &r);
}

static void metric(struct model *m, sd_time at, const char *name, double value, bool counter)
{
    struct sd_metric r = {.name = name, .unit = "count", .value = value, .counter = counter};
    shop_add(m, "shop", at, SD_METRIC, &r);
}

/* A minute of a shop with one slow endpoint, one that fails, and a database. */
static struct model *shop(void)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 60; s++) {
        sd_time at = T0 + s * SD_S;
        shop_requests(m, at, "GET", "/orders/:id", 10, 0, 400 * SD_MS);
        shop_requests(m, at, "GET", "/products", 90, 0, 2 * SD_MS);
        shop_requests(m, at, "POST", "/checkout", 5, 1, 10 * SD_MS);
        shop_statement(m, at, T0 - 3600 * SD_S, -4417923871243017745,
                       "SELECT *\n  FROM orders\n WHERE customer_id = $1", 1000 + s * 10,
                       (1000 + s * 10) * 40 * SD_MS);
        shop_statement(m, at, T0 - 3600 * SD_S, 77, "SELECT 'secret' FROM products WHERE id = 42",
                       5000 + s * 90, (5000 + s * 90) * SD_MS);
        struct sd_activity a[3] = {session(10, "active"), session(11, "active"),
                                   session(12, "idle in transaction")};
        a[0].query_id = -4417923871243017745;
        a[0].query = "SELECT * FROM orders WHERE customer_id = 4711";
        a[0].route = "GET /orders/:id";
        a[0].query_start = at - 2 * SD_S;
        a[1].query_id = 77;
        a[1].route = "GET /products";
        a[1].wait_type = "Lock";
        a[1].wait_event = "transactionid";
        a[1].blocked_by = "12";
        a[1].query_start = at - 20 * SD_S;
        a[2].state_change = a[2].xact_start = at - 400 * SD_S;
        a[2].query = "SELECT 1";
        sampled(m, at, a, 3);
        metric(m, at, "postgresql.connections", 96, false);
        metric(m, at, "postgresql.max_connections", 100, false);
        status(m, at, "shop", "postgres", SD_STATE_LIVE, "live");
    }
    intake(m, T0 + 60 * SD_S, 6300, 100, "what is this");
    status(m, T0 + 60 * SD_S, "access.log", "log", SD_STATE_ENDED, NULL);
    status(m, T0 + 60 * SD_S, "cache", "exec", SD_STATE_BACKOFF, "connection refused");
    return m;
}

static struct view_ctx context(const struct model *m, struct span span)
{
    return (struct view_ctx){.model = m, .span = span, .now = T0 + 60 * SD_S, .live = !span_is_all(span)};
}

static cJSON *json(const struct view_ctx *c, const char *view)
{
    struct strbuf out = {0};
    struct doc *d = view_named(view)->build(c);
    print_doc(d, PRINT_JSON, &(struct print_options){0}, &out);
    cJSON *j = cJSON_Parse(strbuf_text(&out));
    assert_non_null(j);
    strbuf_free(&out);
    doc_free(d);
    return j;
}

static const struct span MINUTE = {T0, T0 + 60 * SD_S};

static double number(const cJSON *o, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (!cJSON_IsNumber(v))
        fail_msg("%s is no number", key);
    return v->valuedouble;
}

static const char *text(const cJSON *o, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (!cJSON_IsString(v))
        fail_msg("%s is no text", key);
    return v->valuestring;
}

static cJSON *row(const cJSON *o, const char *key, int i)
{
    cJSON *r = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(o, key), i);
    assert_non_null(r);
    return r;
}

static void assert_near(double got, double want, double error)
{
    if (!(fabs(got - want) <= fabs(want) * error))
        fail_msg("%g is not %g", got, want);
}

/* ---- figures ---- */

static void endpoints_tell_what_costs_most(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, SPAN_ALL);
    cJSON *j = json(&c, "endpoints");
    assert_string_equal(text(j, "view"), "endpoints");
    assert_string_equal(text(j, "from"), "2026-11-20T15:51:38.000Z");
    assert_string_equal(text(j, "to"), "2026-11-20T15:52:37.999Z");
    assert_int_equal((int64_t)number(j, "window_ns"), 60 * SD_S - 1);
    assert_int_equal((int)number(j, "lines_total"), 6300);
    assert_int_equal((int)number(j, "lines_unparsed"), 100);
    assert_int_equal((int)number(j, "frames_lost"), 0);
    assert_string_equal(row(j, "unparsed_samples", 0)->valuestring, "what is this");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")), 3);
    cJSON *r = row(j, "rows", 0);
    assert_string_equal(text(r, "method"), "GET");
    assert_string_equal(text(r, "route"), "/orders/:id");
    assert_int_equal((int)number(r, "count"), 600);
    assert_near(number(r, "rate_per_s"), 10, 1e-6);
    assert_near(number(r, "error_share"), 0, 0);
    static const char *const all_alike[] = {"mean_ns", "p50_ns",  "p90_ns", "p95_ns",
                                            "p99_ns",  "p999_ns", "max_ns"};
    for (size_t i = 0; i < ARRAY_LEN(all_alike); i++)
        assert_near(number(r, all_alike[i]), 400e6, 1.0 / 128);
    assert_near(number(r, "total_ns"), 240e9, 0);
    assert_near(number(r, "share"), 240.0 / (240 + 10.8 + 3), 1e-9);
    assert_string_equal(text(row(j, "rows", 1), "route"), "/products");
    assert_near(number(row(j, "rows", 2), "error_share"), 0.2, 1e-9);
    cJSON_Delete(j);
    model_free(m);
}

static void a_span_counts_only_itself(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, (struct span){T0 + 50 * SD_S, T0 + 60 * SD_S});
    cJSON *j = json(&c, "endpoints");
    assert_string_equal(text(j, "from"), "2026-11-20T15:52:28.000Z");
    assert_int_equal((int)number(row(j, "rows", 0), "count"), 100);
    assert_near(number(row(j, "rows", 0), "rate_per_s"), 10, 1e-9);
    cJSON_Delete(j);
    model_free(m);
}

static void rates_are_over_what_is_known(void **state)
{
    (void)state;
    struct model *m = shop();
    /* The console was started 25 s ago: its minute has 25 s in it. */
    struct view_ctx c = context(m, (struct span){T0 - 35 * SD_S, T0 + 25 * SD_S});
    cJSON *j = json(&c, "endpoints");
    assert_near(number(row(j, "rows", 0), "rate_per_s"), 10, 1e-9);
    assert_string_equal(text(j, "from"), "2026-11-20T15:51:38.000Z");
    cJSON_Delete(j);
    struct doc *d = view_named("endpoints")->build(&c);
    assert_non_null(strstr(d->sections[0].note, "last 20 s")); /* in steps: it must not tick */
    doc_free(d);
    model_free(m);
}

static void without_durations_nothing_is_made_up(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    shop_requests(m, T0, "GET", "/a", 30, 3, SD_UNKNOWN);
    shop_requests(m, T0, "GET", "/b", 70, 0, SD_UNKNOWN);
    struct view_ctx c = context(m, SPAN_ALL);
    cJSON *j = json(&c, "endpoints"), *r = row(j, "rows", 0);
    static const char *const unknown[] = {"mean_ns", "p50_ns", "p99_ns", "max_ns", "total_ns"};
    assert_string_equal(text(r, "route"), "/b");
    assert_near(number(r, "share"), 0.7, 1e-9); /* of the requests */
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(r, unknown[i])));
    cJSON_Delete(j);
    struct doc *d = view_named("endpoints")->build(&c);
    assert_non_null(strstr(d->sections[0].note, "$request_time"));
    doc_free(d);
    model_free(m);
}

static void one_endpoint_leads_to_its_query(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, SPAN_ALL);
    struct doc *list = view_named("endpoints")->build(&c);
    struct dive to = list->sections[list->focus].table.rows[0].dive;
    assert_string_equal(to.view, "endpoint");
    c.arg = to.arg;
    struct doc *one = view_named(to.view)->build(&c);
    assert_string_equal(one->title, "GET /orders/:id");
    const struct section *queries = &one->sections[one->focus];
    assert_string_equal(queries->key, "queries");
    assert_int_equal(queries->table.n_rows, 1);
    struct dive next = queries->table.rows[0].dive;
    assert_string_equal(next.view, "query");
    c.arg = next.arg;
    cJSON *j = json(&c, next.view);
    assert_string_equal(text(j, "query_id"), "-4417923871243017745");
    assert_string_equal(text(j, "text"), "SELECT *\n  FROM orders\n WHERE customer_id = $1");
    assert_string_equal(text(row(j, "routes", 0), "route"), "GET /orders/:id");
    struct doc *query = view_named("query")->build(&c);
    assert_int_equal(query->want.job, SD_JOB_EXPLAIN); /* there is no plan yet */
    assert_string_equal(query->want_origin, "shop");
    doc_free(query);
    cJSON_Delete(j);
    doc_free(one);
    doc_free(list);
    model_free(m);
}

static void an_endpoint_over_time(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, MINUTE);
    c.arg = "GET /orders/:id";
    c.graph_points = 30;
    c.live = false;
    cJSON *j = json(&c, "endpoint"), *points = cJSON_GetObjectItem(j, "percentiles");
    assert_int_equal(cJSON_GetArraySize(points), 30);
    for (int i = 0; i < 30; i++)
        assert_near(number(cJSON_GetArrayItem(points, i), "p99_ns"), 400e6, 1.0 / 128);
    cJSON *heat = cJSON_GetObjectItem(j, "heatmap"), *line, *n;
    double sum = 0;
    cJSON_ArrayForEach(line, cJSON_GetObjectItem(heat, "counts")) cJSON_ArrayForEach(n, line) sum +=
        n->valuedouble;
    assert_near(sum, 600, 0);
    assert_near(number(cJSON_GetObjectItem(j, "summary"), "status_2xx"), 600, 0);
    cJSON_Delete(j);
    model_free(m);
}

/* Each second one more point, and all others where they were: a line that is slow or
 * paid by the byte does not see the drawing again each second. */
static void a_live_drawing_stands_still(void **state)
{
    (void)state;
    struct model *m = shop();
    int leaps = 0;
    sd_time before = 0;
    for (int s = 30; s < 60; s++) {
        struct view_ctx c = context(m, (struct span){T0 + (s - 60) * SD_S, T0 + s * SD_S});
        c.arg = "GET /orders/:id";
        c.graph_points = 80;
        struct doc *d = view_named("endpoint")->build(&c);
        const struct graph *g = &d->sections[0].graph;
        assert_int_equal(g->n_points, 60);
        assert_int_equal(g->to - g->from, 60 * SD_S);
        assert_true(g->to >= c.span.to && g->to < c.span.to + 10 * SD_S);
        leaps += g->to != before;
        before = g->to;
        doc_free(d);
    }
    assert_in_range(leaps, 3, 4);
    model_free(m);
}

static void queries_by_basis(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, SPAN_ALL);
    cJSON *j = json(&c, "queries"), *r = row(j, "rows", 0);
    assert_string_equal(text(j, "basis"), "since_reset");
    assert_string_equal(text(r, "query_id"), "-4417923871243017745"); /* text: 64 bits survive */
    assert_string_equal(text(r, "text"), "SELECT * FROM orders WHERE customer_id = $1");
    assert_string_equal(text(r, "database"), "shop");
    assert_int_equal((int)number(r, "calls"), 1590);
    assert_near(number(r, "mean_ns"), 40e6, 1e-9);
    assert_near(number(r, "hit_ratio"), 0.9, 1e-9);
    cJSON *route = row(r, "routes", 0);
    assert_string_equal(text(route, "route"), "GET /orders/:id");
    assert_near(number(route, "share"), 1, 1e-9);
    assert_string_equal(text(route, "evidence"), "sampled activity");
    cJSON_Delete(j);
    c = context(m, (struct span){T0 + 30 * SD_S, T0 + 60 * SD_S});
    j = json(&c, "queries");
    assert_string_equal(text(j, "basis"), "window");
    assert_true(number(row(j, "rows", 0), "calls") <= 310);
    assert_true(number(row(j, "rows", 0), "load") > 0.3);
    cJSON_Delete(j);
    model_free(m);
}

static void literals_are_hidden_unless_asked_for(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, MINUTE);
    for (int show = 0; show < 2; show++) {
        bool secret = false;
        c.show_literals = show;
        for (const struct view *const *v = VIEWS; *v; v++) {
            struct strbuf out = {0};
            struct doc *d = (*v)->build(&c);
            print_doc(d, PRINT_JSON, &(struct print_options){0}, &out);
            if (!show) {
                assert_null(strstr(out.text, "secret"));
                assert_null(strstr(out.text, "4711"));
            }
            secret = secret || strstr(out.text, "secret");
            strbuf_free(&out);
            doc_free(d);
        }
        assert_int_equal(secret, show);
    }
    model_free(m);
}

static void sampling_alone_lists_queries_too(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 10; s++) {
        struct sd_activity a = session(1, "active");
        a.query_id = 5;
        a.query = "SELECT pg_sleep($1)";
        sampled(m, T0 + s * SD_S, &a, 1);
    }
    struct view_ctx c = context(m, (struct span){T0, T0 + 10 * SD_S});
    struct doc *d = view_named("queries")->build(&c);
    const struct table *t = &d->sections[0].table;
    assert_int_equal(t->n_rows, 1);
    assert_int_equal(t->rows[0].cells[table_column(t, "calls")].type, CELL_UNKNOWN);
    assert_near(t->rows[0].cells[table_column(t, "load")].f, 1, 0.11);
    assert_non_null(strstr(d->sections[0].note, "pg_stat_statements"));
    doc_free(d);
    model_free(m);
}

/* 20 holds, 21 and 22 wait for it, 23 for 22; 30 and 31 wait for each other. */
static void blockers_come_before_whom_they_block(void **state)
{
    (void)state;
    static const struct {
        int64_t pid, depth, blocks;
        const char *blocked_by;
    } rows[] = {{20, 0, 3, NULL},    {21, 1, 0, "20"}, {22, 1, 1, "7,20"},
                {23, 2, 0, "22,20"}, {30, 0, 1, "31"}, {31, 1, 0, "30"}};
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_activity a[ARRAY_LEN(rows)];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sd_activity *s = &a[ARRAY_LEN(rows) - 1 - i];
        *s = session(rows[i].pid, i ? "active" : "idle in transaction");
        s->blocked_by = rows[i].blocked_by;
        s->lock = i == 1 ? "row of shop.orders" : NULL;
        s->wait_start = i == 1 ? T0 - 5 * SD_S : SD_UNKNOWN;
    }
    sampled(m, T0, a, ARRAY_LEN(rows));
    struct view_ctx c = context(m, MINUTE);
    cJSON *j = json(&c, "activity"), *r;
    assert_int_equal((int)number(row(j, "rows", 0), "pid"), 20);
    int64_t deepest = 0;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(j, "rows"))
    {
        deepest = MAX(deepest, (int64_t)number(r, "depth"));
        for (size_t i = 0; i < 4; i++)
            if ((int64_t)number(r, "pid") == rows[i].pid) {
                assert_int_equal((int64_t)number(r, "depth"), rows[i].depth);
                assert_int_equal((int64_t)number(r, "blocks"), rows[i].blocks);
            }
    }
    assert_int_equal(deepest, 2);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")), ARRAY_LEN(rows));
    bool said = false;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(j, "notable")) if ((int)number(r, "pid") == 21)
    {
        said = strstr(text(r, "text"), "row of shop.orders") != NULL;
        assert_near(number(r, "age_ns"), 5e9, 0);
    }
    assert_true(said);
    cJSON_Delete(j);
    model_free(m);
}

/* What keeps old rows: each kind says which it is and what to do, the worst first. */
static void what_keeps_old_rows_is_told(void **state)
{
    (void)state;
    static const struct {
        int64_t pid, xmin_age;
        const char *type, *name, *state, *says;
    } rows[] = {
        {7, 200000, "client backend", "app", "idle in transaction",
         "200 k transactions ago: vacuum removes nothing newer; end"},
        {8, 100, "client backend", "app", "active", NULL},
        {SD_UNKNOWN, 3000000, "replication slot", "old_replica", "not in use",
         "slot old_replica (not in use) has kept rows for 3.00 M"},
        {SD_UNKNOWN, 400000, "replication slot (catalogue)", "cdc", "in use",
         "kept catalog rows for 400 k transactions: check why"},
        {SD_UNKNOWN, 500000, "standby", "berlin", "in use", "standby berlin"},
        {SD_UNKNOWN, 20000, "standby", "paris", "in use", NULL},
        {0, 50, "prepared transaction", "gid-1", "prepared", "gid-1 of app, 50 transactions old: COMMIT"},
    };
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_activity a[ARRAY_LEN(rows)];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        a[i] = session(rows[i].pid, rows[i].state);
        a[i].backend_type = rows[i].type;
        a[i].application = rows[i].name;
        a[i].xmin_age = rows[i].xmin_age;
        a[i].xact_start = rows[i].pid == 0 ? T0 - 600 * SD_S : SD_UNKNOWN;
    }
    sampled(m, T0, a, ARRAY_LEN(rows));
    struct view_ctx c = context(m, MINUTE);
    cJSON *j = json(&c, "activity"), *r, *notes = cJSON_GetObjectItem(j, "notable");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")),
                     3); /* slots and standbys are no sessions */
    size_t expected = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool said = false;
        cJSON_ArrayForEach(r, notes) said |= rows[i].says && strstr(text(r, "text"), rows[i].says);
        if (rows[i].says && !said)
            fail_msg("not said: %s in %s", rows[i].says, cJSON_Print(notes));
        expected += rows[i].says != NULL;
    }
    assert_int_equal(cJSON_GetArraySize(notes), expected);
    assert_near(number(row(j, "waits", 0), "load"), 1, 0.01); /* and no load */
    cJSON_Delete(j);
    model_free(m);
}

/* Active sessions over time as layers: what runs apart from what waits, the largest waits
 * and routes by name, the others together; their sum is the load. */
static void load_is_drawn_in_layers(void **state)
{
    (void)state;
    static const struct {
        int n; /* sessions in every sample */
        const char *type, *event, *route;
    } kinds[] = {{3, NULL, NULL, NULL},
                 {8, "IO", "DataFileRead", "GET /a"},
                 {2, "Lock", "tuple", "GET /b"},
                 {4, "LWLock", "WALWrite", "GET /c"},
                 {2, "Client", "ClientRead", "GET /d"},
                 {2, "IPC", "x", "GET /e"},
                 {1, "IO", "y", "GET /f"},
                 {1, "IO", "z", "GET /g"}};
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 60; s++) {
        struct sd_activity a[32];
        size_t n = 0;
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
            for (int i = 0; i < kinds[k].n; i++) {
                a[n] = session(100 + (int64_t)n, "active");
                a[n].wait_type = kinds[k].type;
                a[n].wait_event = kinds[k].event;
                a[n++].route = kinds[k].route;
            }
        sampled(m, T0 + s * SD_S, a, n);
    }
    struct view_ctx c = context(m, MINUTE);
    cJSON *j = json(&c, "activity"), *point, *layer;
    static const char *const keys[] = {"waits_over_time", "routes_over_time"};
    static const char *const first[] = {"CPU", "GET /a"}, *const last[] = {"Lock:tuple", "(untagged)"};
    static const double first_load[] = {3, 8};
    for (size_t k = 0; k < 2; k++) {
        point = cJSON_GetArrayItem(cJSON_GetObjectItem(j, keys[k]), 30);
        cJSON *layers = cJSON_GetObjectItem(point, "layers");
        double sum = 0;
        cJSON_ArrayForEach(layer, layers) sum += layer->valuedouble;
        assert_near(number(point, "load"), 23, 1e-6);
        assert_near(sum, 23, 1e-6);
        assert_int_equal(cJSON_GetArraySize(layers), 7);
        assert_string_equal(cJSON_GetArrayItem(layers, 0)->string, first[k]);
        assert_near(cJSON_GetArrayItem(layers, 0)->valuedouble, first_load[k], 1e-6);
        assert_string_equal(cJSON_GetArrayItem(layers, 5)->string, last[k]);
        assert_string_equal(cJSON_GetArrayItem(layers, 6)->string, "(other)");
        assert_near(number(layers, "(other)"), 2, 1e-6);
    }
    cJSON_Delete(j);
    model_free(m);
}

static void activity_tells_who_waits(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, MINUTE);
    cJSON *j = json(&c, "activity"), *r = NULL;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(j, "rows")) if ((int)number(r, "pid") == 11) break;
    assert_non_null(r);
    assert_string_equal(text(r, "wait"), "Lock:transactionid");
    assert_string_equal(text(r, "blocked_by"), "12");
    assert_near(number(r, "query_age_ns"), 20e9, 0);
    assert_near(number(row(j, "waits", 0), "load"), 1, 0.05);
    assert_string_equal(text(row(j, "routes", 0), "route"), "GET /orders/:id");
    cJSON_Delete(j);
    model_free(m);
}

/* Which row of the overview is of a kind; -1: none. */
static int listed(const struct doc *d, const char *kind)
{
    const struct table *t = &d->sections[0].table;
    for (size_t i = 0; i < t->n_rows; i++)
        if (!strcmp(t->rows[i].cells[table_column(t, "kind")].s, kind))
            return (int)i;
    return -1;
}

/* A lock wait is marked by its length, alike in the sessions, the notes and the overview; its age is exact.
 */
static void a_lock_wait_is_marked_by_its_length(void **state)
{
    (void)state;
    static const struct {
        int64_t waits;
        const char *age;
        enum severity severity;
        bool noted;
    } cases[] = {{200 * SD_MS, "0.2 s", SEVERITY_NONE, false},
                 {2100 * SD_MS, "2.1 s", SEVERITY_INFO, true},
                 {20 * SD_S, "20 s", SEVERITY_WARN, true},
                 {130 * SD_S, "2m10s", SEVERITY_BAD, true}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model *m = model_new(&MODEL_DEFAULTS);
        struct sd_activity a[2] = {session(12, "active"), session(11, "active")};
        a[0].query_start = T0 - SD_S;
        a[1].blocked_by = "12";
        a[1].wait_type = "Lock";
        a[1].query_start = T0 - 3600 * SD_S; /* a long statement that waits only now */
        a[1].wait_start = T0 - cases[i].waits;
        sampled(m, T0, a, 2);
        struct view_ctx c = context(m, MINUTE);
        c.now = T0;
        struct doc *d = view_named("activity")->build(&c);
        struct strbuf age = {0};
        for (size_t s = 0; s < d->n_sections; s++) {
            if (str_eq(d->sections[s].key, "rows")) {
                assert_int_equal(d->sections[s].table.n_rows, 2);
                for (size_t r = 0; r < 2; r++)
                    assert_int_equal(d->sections[s].table.rows[r].severity, cases[i].severity);
            } else if (str_eq(d->sections[s].key, "notable")) {
                const struct row *r = &d->sections[s].table.rows[0];
                assert_int_equal(r->severity, cases[i].severity);
                cell_format(&d->sections[s].table.columns[2], r->cells[2], &age);
            }
        }
        assert_string_equal(strbuf_text(&age), cases[i].noted ? cases[i].age : "");
        strbuf_free(&age);
        doc_free(d);
        d = view_named("overview")->build(&c);
        int at = listed(d, "lock");
        assert_int_equal(at >= 0, cases[i].noted);
        if (at >= 0) {
            const struct row *r = &d->sections[0].table.rows[at];
            assert_int_equal(r->severity, cases[i].severity);
            assert_non_null(strstr(r->cells[table_column(&d->sections[0].table, "text")].s, cases[i].age));
        }
        doc_free(d);
        model_free(m);
    }
}

/* A role without rights sees no session and no text: that is not "none". */
static void what_a_role_may_not_see_is_said(void **state)
{
    (void)state;
    struct model *m = model_new(&(struct model_limits){.retention_ns = 0, .max_bytes = 1 << 20});
    status(m, T0, "shop", "postgres", SD_STATE_LIVE,
           "PostgreSQL 15.4, database shop; sessions of other roles are hidden: GRANT pg_monitor TO eve;");
    struct view_ctx c = context(m, MINUTE);
    static const char *const views[] = {"overview", "queries", "activity", "sources"};
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        struct doc *d = view_build(view_named(views[i]), &c);
        struct strbuf out = {0};
        const char *copied = NULL; /* of the first row, or of the empty pane */
        for (size_t s = 0; s < d->n_sections && !copied; s++)
            copied = d->sections[s].copy ? d->sections[s].copy
                     : section_has_rows(&d->sections[s]) && d->sections[s].table.n_rows > 0
                         ? d->sections[s].table.rows[0].copy
                         : NULL;
        assert_string_equal(copied, "GRANT pg_monitor TO eve;");
        if (str_eq(views[i], "activity"))
            for (size_t s = 0; s < d->n_sections; s++)
                if (str_eq(d->sections[s].key, "rows"))
                    assert_true(str_starts(d->sections[s].empty, "No session that this role may see"));
        print_doc(d, PRINT_TEXT, &(struct print_options){0}, &out);
        assert_non_null(strstr(out.text, "sessions of other roles are hidden: GRANT pg_monitor TO eve;"));
        strbuf_free(&out);
        doc_free(d);
    }
    model_free(m);
}

static void sources_tell_state_and_cost(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, MINUTE);
    struct doc *d = view_named("sources")->build(&c);
    const struct table *t = &d->sections[0].table;
    int name = table_column(t, "name");
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct row *r = &t->rows[i];
        if (!strcmp(r->cells[name].s, "cache")) {
            assert_string_equal(r->cells[table_column(t, "state")].s, "backing off");
            assert_int_equal(r->severity, SEVERITY_BAD);
        } else if (!strcmp(r->cells[name].s, "access.log")) {
            assert_int_equal(r->cells[table_column(t, "lines_unparsed")].i, 100);
            assert_int_equal(r->severity, SEVERITY_WARN);
            assert_string_equal(r->cells[table_column(t, "text")].s,
                                "100 of 6300 lines not understood: the time is no time");
        } else {
            assert_near(r->cells[table_column(t, "cpu_share")].f, 0.01, 0.2);
            assert_int_equal(r->severity, SEVERITY_NONE);
        }
    }
    assert_int_equal(t->n_rows, 3);
    doc_free(d);
    model_free(m);
}

static void the_overview_lists_what_is_worst(void **state)
{
    (void)state;
    struct model *m = shop();
    struct view_ctx c = context(m, MINUTE);
    struct doc *d = view_named("overview")->build(&c);
    static const char *const bad[] = {"idle", "errors", "source", "connections"};
    static const char *const warn[] = {"lock", "slow", "query"};
    const struct row *rows = d->sections[0].table.rows;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_true(listed(d, bad[i]) >= 0);
        assert_int_equal(rows[listed(d, bad[i])].severity, SEVERITY_BAD);
    }
    for (size_t i = 0; i < ARRAY_LEN(warn); i++) {
        assert_true(listed(d, warn[i]) >= 0);
        assert_int_equal(rows[listed(d, warn[i])].severity, SEVERITY_WARN);
    }
    assert_string_equal(rows[listed(d, "slow")].dive.arg, "GET /orders/:id");
    for (size_t i = 1; i < d->sections[0].table.n_rows; i++)
        assert_true(rows[i - 1].severity >= rows[i].severity);
    doc_free(d);

    /* All requests together, not a mean of percentiles: 10 of 105 are slow. */
    cJSON *j = json(&c, "overview");
    assert_near(number(row(j, "latency", 5), "p99_ns"), 400e6, 1.0 / 128);
    assert_near(number(row(j, "requests", 5), "requests_per_s"), 105, 1e-9);
    assert_near(number(row(j, "requests", 5), "errors_per_s"), 1, 1e-9);
    assert_near(number(cJSON_GetObjectItem(j, "summary"), "p50_ns"), 2e6, 1.0 / 128);
    cJSON_Delete(j);

    /* The sessions of a database that is gone say nothing about now. */
    c.now += 600 * SD_S;
    c.span = (struct span){c.now - 60 * SD_S, c.now};
    d = view_named("overview")->build(&c);
    assert_int_equal(listed(d, "lock"), -1);
    assert_int_equal(listed(d, "slow"), -1);
    doc_free(d);
    model_free(m);
}

static void a_healthy_service_is_not_marked(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 60; s++)
        shop_requests(m, T0 + s * SD_S, "GET", "/", 100, s == 5, 3 * SD_MS);
    struct view_ctx c = context(m, MINUTE);
    c.live = false;
    struct doc *d = view_named("overview")->build(&c);
    for (size_t i = 0; i < d->sections[0].table.n_rows; i++)
        assert_true(d->sections[0].table.rows[i].severity < SEVERITY_WARN);
    cJSON *j = json(&c, "overview");
    assert_near(number(cJSON_GetObjectItem(j, "summary"), "rate_per_s"), 100, 1e-9);
    assert_near(number(row(j, "latency", 0), "p99_ns"), 3e6, 1.0 / 128);
    assert_near(number(row(j, "requests", 5), "errors_per_s"), 1, 1e-9);
    cJSON_Delete(j);
    doc_free(d);
    model_free(m);
}

/* No all-clear of two seconds; none beside a row that another view marks. */
static void the_all_clear_needs_enough_to_judge(void **state)
{
    (void)state;
    static const struct {
        int seconds;
        const char *says;
    } cases[] = {{2, "Watched 2 s of 10 s: too early to say."}, {20, "No problem was found"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model *m = model_new(&MODEL_DEFAULTS);
        for (int s = 0; s < cases[i].seconds; s++) /* eleven endpoints: none has a large share */
            for (int k = 0; k < 11; k++) {
                char route[8];
                snprintf(route, sizeof route, "/%c", 'a' + k);
                shop_requests(m, T0 + s * SD_S, "GET", route, 10, 0, 3 * SD_MS);
            }
        sd_time end = T0 + cases[i].seconds * SD_S;
        struct view_ctx c = context(m, (struct span){end - 60 * SD_S, end});
        struct doc *d = view_build(view_named("overview"), &c);
        assert_int_equal(d->sections[0].table.n_rows, 0);
        assert_non_null(strstr(d->sections[0].empty, cases[i].says));
        doc_free(d);
        model_free(m);
    }
}

/* The data of an old log is no reason to judge a server that was connected to just now. */
static void a_source_just_opened_is_not_judged(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_status r;
    shop_requests(m, T0 - 3600 * SD_S, "GET", "/old", 10, 0, 3 * SD_MS);
    schema_clear(schema_of(SD_STATUS), &r);
    r.kind = "postgres";
    r.state = SD_STATE_LIVE;
    r.since = T0;
    shop_add(m, "shop", T0, SD_STATUS, &r);
    for (int s = 4; s < 20; s += 12) {
        struct view_ctx c = context(m, (struct span){T0 + (s - 60) * SD_S, T0 + s * SD_S});
        c.now = c.span.to;
        struct doc *d = view_build(view_named("overview"), &c);
        assert_non_null(
            strstr(d->sections[0].empty, s < 10 ? "Watched 4 s of 10 s" : "No problem was found"));
        doc_free(d);
    }
    model_free(m);
}

/* A mark in a list is a line of the overview, of the same severity. */
static void marks_of_the_lists_are_in_the_overview(void **state)
{
    (void)state;
    static const char *const lists[] = {"endpoints", "queries", "activity"};
    struct model *m = shop();
    shop_requests(m, T0 + 30 * SD_S, "GET", "/once", 1, 1, SD_MS); /* one request, and it failed */
    struct view_ctx c = context(m, MINUTE);
    struct doc *o = view_build(view_named("overview"), &c);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct doc *d = view_build(view_named(lists[i]), &c);
        enum severity worst = SEVERITY_NONE, listed_as = SEVERITY_NONE;
        for (size_t s = 0; s < d->n_sections; s++)
            for (size_t r = 0; str_eq(d->sections[s].key, "rows") && r < d->sections[s].table.n_rows; r++) {
                const struct row *row = &d->sections[s].table.rows[r];
                worst = MAX(worst, row->severity);
                if (row->dive.arg && strstr(row->dive.arg, "/once"))
                    assert_int_equal(row->severity, SEVERITY_NONE);
            }
        for (size_t r = 0; r < o->sections[0].table.n_rows; r++)
            listed_as = MAX(listed_as, o->sections[0].table.rows[r].severity);
        assert_true(worst >= SEVERITY_WARN);
        assert_true(listed_as >= worst);
        doc_free(d);
    }
    doc_free(o);
    model_free(m);
}

/* Live, the second that requests may still come for is not drawn; after a while without any it is. */
static void a_partial_slot_is_no_fall(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 30; s++)
        shop_requests(m, T0 + s * SD_S, "GET", "/", s == 29 ? 10 : 100, 0, 3 * SD_MS);
    static const struct {
        int cursor; /* seconds after T0 */
        double last;
    } cases[] = {{30, 100}, {32, 100}, {40, 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct view_ctx c = context(m, (struct span){T0, T0 + cases[i].cursor * SD_S});
        c.live = true;
        c.now = c.span.to;
        struct doc *d = view_build(view_named("overview"), &c);
        for (size_t s = 0; s < d->n_sections; s++)
            if (str_eq(d->sections[s].key, "requests")) {
                const struct graph_line *l = &d->sections[s].graph.lines[0];
                double last = NAN;
                for (size_t k = 0; k < d->sections[s].graph.n_points; k++)
                    last = isfinite(l->values[k]) ? l->values[k] : last;
                assert_near(last, cases[i].last, 1e-6);
                assert_near(l->whole, 2910.0 / cases[i].cursor, 1e-3); /* beside it: of the window */
            }
        doc_free(d);
    }
    model_free(m);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_tell_what_costs_most),
        cmocka_unit_test(a_span_counts_only_itself),
        cmocka_unit_test(rates_are_over_what_is_known),
        cmocka_unit_test(without_durations_nothing_is_made_up),
        cmocka_unit_test(one_endpoint_leads_to_its_query),
        cmocka_unit_test(an_endpoint_over_time),
        cmocka_unit_test(a_live_drawing_stands_still),
        cmocka_unit_test(queries_by_basis),
        cmocka_unit_test(literals_are_hidden_unless_asked_for),
        cmocka_unit_test(sampling_alone_lists_queries_too),
        cmocka_unit_test(blockers_come_before_whom_they_block),
        cmocka_unit_test(activity_tells_who_waits),
        cmocka_unit_test(a_lock_wait_is_marked_by_its_length),
        cmocka_unit_test(load_is_drawn_in_layers),
        cmocka_unit_test(what_keeps_old_rows_is_told),
        cmocka_unit_test(what_a_role_may_not_see_is_said),
        cmocka_unit_test(sources_tell_state_and_cost),
        cmocka_unit_test(the_overview_lists_what_is_worst),
        cmocka_unit_test(a_healthy_service_is_not_marked),
        cmocka_unit_test(the_all_clear_needs_enough_to_judge),
        cmocka_unit_test(a_source_just_opened_is_not_judged),
        cmocka_unit_test(marks_of_the_lists_are_in_the_overview),
        cmocka_unit_test(a_partial_slot_is_no_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
