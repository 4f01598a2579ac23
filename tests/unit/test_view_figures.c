/* The figures of the views of endpoints, queries and sources and of the overview, from batches. */
#include "tests/lib/test.h"

#include "core/schema.h"
#include "sink/print.h"
#include "tests/lib/view_shop.h"

#include <locale.h>
#include <stdlib.h>

static void endpoints_tell_what_costs_most(void **state)
{
    (void)state;
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, SPAN_ALL);
    cJSON *j = view_json(&c, "endpoints");
    assert_string_equal(shown_text(j, "view"), "endpoints");
    assert_string_equal(shown_text(j, "from"), "2026-11-20T15:51:38.000Z");
    assert_string_equal(shown_text(j, "to"), "2026-11-20T15:52:37.999Z");
    assert_int_equal((int64_t)shown_number(j, "window_ns"), 60 * SD_S - 1);
    assert_int_equal((int)shown_number(j, "lines_total"), 6300);
    assert_int_equal((int)shown_number(j, "lines_unparsed"), 100);
    assert_int_equal((int)shown_number(j, "frames_lost"), 0);
    assert_string_equal(shown_row(j, "unparsed_samples", 0)->valuestring, "what is this");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")), 3);
    cJSON *r = shown_row(j, "rows", 0);
    assert_string_equal(shown_text(r, "method"), "GET");
    assert_string_equal(shown_text(r, "route"), "/orders/:id");
    assert_int_equal((int)shown_number(r, "count"), 600);
    assert_near(shown_number(r, "rate_per_s"), 10, 1e-6);
    assert_near(shown_number(r, "error_share"), 0, 0);
    static const char *const all_alike[] = {"mean_ns", "p50_ns",  "p90_ns", "p95_ns",
                                            "p99_ns",  "p999_ns", "max_ns"};
    for (size_t i = 0; i < ARRAY_LEN(all_alike); i++)
        assert_near(shown_number(r, all_alike[i]), 400e6, 1.0 / 128);
    assert_near(shown_number(r, "total_ns"), 240e9, 0);
    assert_near(shown_number(r, "share"), 240.0 / (240 + 10.8 + 3), 1e-9);
    assert_string_equal(shown_text(shown_row(j, "rows", 1), "route"), "/products");
    assert_near(shown_number(shown_row(j, "rows", 2), "error_share"), 0.2, 1e-9);
    cJSON_Delete(j);
    model_free(m);
}

static void a_span_counts_only_itself(void **state)
{
    (void)state;
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, (struct span){SHOP_START + 50 * SD_S, SHOP_START + 60 * SD_S});
    cJSON *j = view_json(&c, "endpoints");
    assert_string_equal(shown_text(j, "from"), "2026-11-20T15:52:28.000Z");
    assert_int_equal((int)shown_number(shown_row(j, "rows", 0), "count"), 100);
    assert_near(shown_number(shown_row(j, "rows", 0), "rate_per_s"), 10, 1e-9);
    cJSON_Delete(j);
    model_free(m);
}

static void rates_are_over_what_is_known(void **state)
{
    (void)state;
    struct model *m = view_shop();
    /* The console was started 25 s ago: its minute has 25 s in it. */
    struct view_ctx c = view_minute_ctx(m, (struct span){SHOP_START - 35 * SD_S, SHOP_START + 25 * SD_S});
    cJSON *j = view_json(&c, "endpoints");
    assert_near(shown_number(shown_row(j, "rows", 0), "rate_per_s"), 10, 1e-9);
    assert_string_equal(shown_text(j, "from"), "2026-11-20T15:51:38.000Z");
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
    shop_requests(m, SHOP_START, "GET", "/a", 30, 3, SD_UNKNOWN);
    shop_requests(m, SHOP_START, "GET", "/b", 70, 0, SD_UNKNOWN);
    struct view_ctx c = view_minute_ctx(m, SPAN_ALL);
    cJSON *j = view_json(&c, "endpoints"), *r = shown_row(j, "rows", 0);
    static const char *const unknown[] = {"mean_ns", "p50_ns", "p99_ns", "max_ns", "total_ns"};
    assert_string_equal(shown_text(r, "route"), "/b");
    assert_near(shown_number(r, "share"), 0.7, 1e-9); /* of the requests */
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
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, SPAN_ALL);
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
    cJSON *j = view_json(&c, next.view);
    assert_string_equal(shown_text(j, "query_id"), "-4417923871243017745");
    assert_string_equal(shown_text(j, "text"), "SELECT *\n  FROM orders\n WHERE customer_id = $1");
    assert_string_equal(shown_text(shown_row(j, "routes", 0), "route"), "GET /orders/:id");
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
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
    c.arg = "GET /orders/:id";
    c.graph_points = 30;
    c.live = false;
    cJSON *j = view_json(&c, "endpoint"), *points = cJSON_GetObjectItem(j, "percentiles");
    assert_int_equal(cJSON_GetArraySize(points), 30);
    for (int i = 0; i < 30; i++)
        assert_near(shown_number(cJSON_GetArrayItem(points, i), "p99_ns"), 400e6, 1.0 / 128);
    cJSON *heat = cJSON_GetObjectItem(j, "heatmap"), *line, *n;
    double sum = 0;
    cJSON_ArrayForEach(line, cJSON_GetObjectItem(heat, "counts")) cJSON_ArrayForEach(n, line) sum +=
        n->valuedouble;
    assert_near(sum, 600, 0);
    assert_near(shown_number(cJSON_GetObjectItem(j, "summary"), "status_2xx"), 600, 0);
    cJSON_Delete(j);
    model_free(m);
}

/* Each second one more point, and all others where they were: a line that is slow or
 * paid by the byte does not see the drawing again each second. */
static void a_live_drawing_stands_still(void **state)
{
    (void)state;
    struct model *m = view_shop();
    int leaps = 0;
    sd_time before = 0;
    for (int s = 30; s < 60; s++) {
        struct view_ctx c =
            view_minute_ctx(m, (struct span){SHOP_START + (s - 60) * SD_S, SHOP_START + s * SD_S});
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
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, SPAN_ALL);
    cJSON *j = view_json(&c, "queries"), *r = shown_row(j, "rows", 0);
    assert_string_equal(shown_text(j, "basis"), "since_reset");
    assert_string_equal(shown_text(r, "query_id"), "-4417923871243017745"); /* text: 64 bits survive */
    assert_string_equal(shown_text(r, "text"), "SELECT * FROM orders WHERE customer_id = $1");
    assert_string_equal(shown_text(r, "database"), "shop");
    assert_int_equal((int)shown_number(r, "calls"), 1590);
    assert_near(shown_number(r, "mean_ns"), 40e6, 1e-9);
    assert_near(shown_number(r, "hit_ratio"), 0.9, 1e-9);
    cJSON *route = shown_row(r, "routes", 0);
    assert_string_equal(shown_text(route, "route"), "GET /orders/:id");
    assert_near(shown_number(route, "share"), 1, 1e-9);
    assert_string_equal(shown_text(route, "evidence"), "sampled activity");
    cJSON_Delete(j);
    c = view_minute_ctx(m, (struct span){SHOP_START + 30 * SD_S, SHOP_START + 60 * SD_S});
    j = view_json(&c, "queries");
    assert_string_equal(shown_text(j, "basis"), "window");
    assert_true(shown_number(shown_row(j, "rows", 0), "calls") <= 310);
    assert_true(shown_number(shown_row(j, "rows", 0), "load") > 0.3);
    cJSON_Delete(j);
    model_free(m);
}

static void literals_are_hidden_unless_asked_for(void **state)
{
    (void)state;
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
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

static void sources_tell_state_and_cost(void **state)
{
    (void)state;
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
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
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
    struct doc *d = view_named("overview")->build(&c);
    static const char *const bad[] = {"idle", "errors", "source", "connections"};
    static const char *const warn[] = {"lock", "slow", "query"};
    const struct row *rows = d->sections[0].table.rows;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_true(overview_row(d, bad[i]) >= 0);
        assert_int_equal(rows[overview_row(d, bad[i])].severity, SEVERITY_BAD);
    }
    for (size_t i = 0; i < ARRAY_LEN(warn); i++) {
        assert_true(overview_row(d, warn[i]) >= 0);
        assert_int_equal(rows[overview_row(d, warn[i])].severity, SEVERITY_WARN);
    }
    assert_string_equal(rows[overview_row(d, "slow")].dive.arg, "GET /orders/:id");
    for (size_t i = 1; i < d->sections[0].table.n_rows; i++)
        assert_true(rows[i - 1].severity >= rows[i].severity);
    doc_free(d);

    /* All requests together, not a mean of percentiles: 10 of 105 are slow. */
    cJSON *j = view_json(&c, "overview");
    assert_near(shown_number(shown_row(j, "latency", 5), "p99_ns"), 400e6, 1.0 / 128);
    assert_near(shown_number(shown_row(j, "requests", 5), "requests_per_s"), 105, 1e-9);
    assert_near(shown_number(shown_row(j, "requests", 5), "errors_per_s"), 1, 1e-9);
    assert_near(shown_number(cJSON_GetObjectItem(j, "summary"), "p50_ns"), 2e6, 1.0 / 128);
    cJSON_Delete(j);

    /* The sessions of a database that is gone say nothing about now. */
    c.now += 600 * SD_S;
    c.span = (struct span){c.now - 60 * SD_S, c.now};
    d = view_named("overview")->build(&c);
    assert_int_equal(overview_row(d, "lock"), -1);
    assert_int_equal(overview_row(d, "slow"), -1);
    doc_free(d);
    model_free(m);
}

static void a_healthy_service_is_not_marked(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 60; s++)
        shop_requests(m, SHOP_START + s * SD_S, "GET", "/", 100, s == 5, 3 * SD_MS);
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
    c.live = false;
    struct doc *d = view_named("overview")->build(&c);
    for (size_t i = 0; i < d->sections[0].table.n_rows; i++)
        assert_true(d->sections[0].table.rows[i].severity < SEVERITY_WARN);
    cJSON *j = view_json(&c, "overview");
    assert_near(shown_number(cJSON_GetObjectItem(j, "summary"), "rate_per_s"), 100, 1e-9);
    assert_near(shown_number(shown_row(j, "latency", 0), "p99_ns"), 3e6, 1.0 / 128);
    assert_near(shown_number(shown_row(j, "requests", 5), "errors_per_s"), 1, 1e-9);
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
                shop_requests(m, SHOP_START + s * SD_S, "GET", route, 10, 0, 3 * SD_MS);
            }
        sd_time end = SHOP_START + cases[i].seconds * SD_S;
        struct view_ctx c = view_minute_ctx(m, (struct span){end - 60 * SD_S, end});
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
    shop_requests(m, SHOP_START - 3600 * SD_S, "GET", "/old", 10, 0, 3 * SD_MS);
    schema_clear(schema_of(SD_STATUS), &r);
    r.kind = "postgres";
    r.state = SD_STATE_LIVE;
    r.since = SHOP_START;
    shop_add(m, "shop", SHOP_START, SD_STATUS, &r);
    for (int s = 4; s < 20; s += 12) {
        struct view_ctx c =
            view_minute_ctx(m, (struct span){SHOP_START + (s - 60) * SD_S, SHOP_START + s * SD_S});
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
    struct model *m = view_shop();
    shop_requests(m, SHOP_START + 30 * SD_S, "GET", "/once", 1, 1, SD_MS); /* one request, and it failed */
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
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
        shop_requests(m, SHOP_START + s * SD_S, "GET", "/", s == 29 ? 10 : 100, 0, 3 * SD_MS);
    static const struct {
        int cursor; /* seconds after SHOP_START */
        double last;
    } cases[] = {{30, 100}, {32, 100}, {40, 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct view_ctx c =
            view_minute_ctx(m, (struct span){SHOP_START, SHOP_START + cases[i].cursor * SD_S});
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
        cmocka_unit_test(sources_tell_state_and_cost),
        cmocka_unit_test(the_overview_lists_what_is_worst),
        cmocka_unit_test(a_healthy_service_is_not_marked),
        cmocka_unit_test(the_all_clear_needs_enough_to_judge),
        cmocka_unit_test(a_source_just_opened_is_not_judged),
        cmocka_unit_test(marks_of_the_lists_are_in_the_overview),
        cmocka_unit_test(a_partial_slot_is_no_fall),
    };
    return cmocka_run_group_tests_name("view_figures", tests, NULL, NULL);
}
