/* The figures of the views of sessions: who waits, who blocks, what is not seen. */
#include "tests/lib/test.h"

#include "sink/print.h"
#include "tests/lib/view_shop.h"

#include <locale.h>
#include <stdlib.h>

static void sampling_alone_lists_queries_too(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 10; s++) {
        struct sd_activity a = view_session(1, "active");
        a.query_id = 5;
        a.query = "SELECT pg_sleep($1)";
        view_sampled(m, SHOP_START + s * SD_S, &a, 1);
    }
    struct view_ctx c = view_minute_ctx(m, (struct span){SHOP_START, SHOP_START + 10 * SD_S});
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
        *s = view_session(rows[i].pid, i ? "active" : "idle in transaction");
        s->blocked_by = rows[i].blocked_by;
        s->lock = i == 1 ? "row of shop.orders" : NULL;
        s->wait_start = i == 1 ? SHOP_START - 5 * SD_S : SD_UNKNOWN;
    }
    view_sampled(m, SHOP_START, a, ARRAY_LEN(rows));
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
    cJSON *j = view_json(&c, "activity"), *r;
    assert_int_equal((int)shown_number(shown_row(j, "rows", 0), "pid"), 20);
    int64_t deepest = 0;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(j, "rows"))
    {
        deepest = MAX(deepest, (int64_t)shown_number(r, "depth"));
        for (size_t i = 0; i < 4; i++)
            if ((int64_t)shown_number(r, "pid") == rows[i].pid) {
                assert_int_equal((int64_t)shown_number(r, "depth"), rows[i].depth);
                assert_int_equal((int64_t)shown_number(r, "blocks"), rows[i].blocks);
            }
    }
    assert_int_equal(deepest, 2);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")), ARRAY_LEN(rows));
    bool said = false;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(j, "notable")) if ((int)shown_number(r, "pid") == 21)
    {
        said = strstr(shown_text(r, "text"), "row of shop.orders") != NULL;
        assert_near(shown_number(r, "age_ns"), 5e9, 0);
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
        a[i] = view_session(rows[i].pid, rows[i].state);
        a[i].backend_type = rows[i].type;
        a[i].application = rows[i].name;
        a[i].xmin_age = rows[i].xmin_age;
        a[i].xact_start = rows[i].pid == 0 ? SHOP_START - 600 * SD_S : SD_UNKNOWN;
    }
    view_sampled(m, SHOP_START, a, ARRAY_LEN(rows));
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
    cJSON *j = view_json(&c, "activity"), *r, *notes = cJSON_GetObjectItem(j, "notable");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")),
                     3); /* slots and standbys are no sessions */
    size_t expected = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool said = false;
        cJSON_ArrayForEach(r, notes) said |= rows[i].says && strstr(shown_text(r, "text"), rows[i].says);
        if (rows[i].says && !said)
            fail_msg("not said: %s in %s", rows[i].says, cJSON_Print(notes));
        expected += rows[i].says != NULL;
    }
    assert_int_equal(cJSON_GetArraySize(notes), expected);
    assert_near(shown_number(shown_row(j, "waits", 0), "load"), 1, 0.01); /* and no load */
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
                a[n] = view_session(100 + (int64_t)n, "active");
                a[n].wait_type = kinds[k].type;
                a[n].wait_event = kinds[k].event;
                a[n++].route = kinds[k].route;
            }
        view_sampled(m, SHOP_START + s * SD_S, a, n);
    }
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
    cJSON *j = view_json(&c, "activity"), *point, *layer;
    static const char *const keys[] = {"waits_over_time", "routes_over_time"};
    static const char *const first[] = {"CPU", "GET /a"}, *const last[] = {"Lock:tuple", "(untagged)"};
    static const double first_load[] = {3, 8};
    for (size_t k = 0; k < 2; k++) {
        point = cJSON_GetArrayItem(cJSON_GetObjectItem(j, keys[k]), 30);
        cJSON *layers = cJSON_GetObjectItem(point, "layers");
        double sum = 0;
        cJSON_ArrayForEach(layer, layers) sum += layer->valuedouble;
        assert_near(shown_number(point, "load"), 23, 1e-6);
        assert_near(sum, 23, 1e-6);
        assert_int_equal(cJSON_GetArraySize(layers), 7);
        assert_string_equal(cJSON_GetArrayItem(layers, 0)->string, first[k]);
        assert_near(cJSON_GetArrayItem(layers, 0)->valuedouble, first_load[k], 1e-6);
        assert_string_equal(cJSON_GetArrayItem(layers, 5)->string, last[k]);
        assert_string_equal(cJSON_GetArrayItem(layers, 6)->string, "(other)");
        assert_near(shown_number(layers, "(other)"), 2, 1e-6);
    }
    cJSON_Delete(j);
    model_free(m);
}

static void activity_tells_who_waits(void **state)
{
    (void)state;
    struct model *m = view_shop();
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
    cJSON *j = view_json(&c, "activity"), *r = NULL;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(j, "rows")) if ((int)shown_number(r, "pid") == 11) break;
    assert_non_null(r);
    assert_string_equal(shown_text(r, "wait"), "Lock:transactionid");
    assert_string_equal(shown_text(r, "blocked_by"), "12");
    assert_near(shown_number(r, "query_age_ns"), 20e9, 0);
    assert_near(shown_number(shown_row(j, "waits", 0), "load"), 1, 0.05);
    assert_string_equal(shown_text(shown_row(j, "routes", 0), "route"), "GET /orders/:id");
    cJSON_Delete(j);
    model_free(m);
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
        struct sd_activity a[2] = {view_session(12, "active"), view_session(11, "active")};
        a[0].query_start = SHOP_START - SD_S;
        a[1].blocked_by = "12";
        a[1].wait_type = "Lock";
        a[1].query_start = SHOP_START - 3600 * SD_S; /* a long statement that waits only now */
        a[1].wait_start = SHOP_START - cases[i].waits;
        view_sampled(m, SHOP_START, a, 2);
        struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
        c.now = SHOP_START;
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
        int at = overview_row(d, "lock");
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
    view_status(
        m, SHOP_START, "shop", "postgres", SD_STATE_LIVE,
        "PostgreSQL 15.4, database shop; sessions of other roles are hidden: GRANT pg_monitor TO eve;");
    struct view_ctx c = view_minute_ctx(m, VIEW_MINUTE);
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

/* Its label is written with escapes, and it finds its figures by it. */
static void a_pool_has_the_whole_name(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 10; s++) {
        struct sd_metric waiting = {.name = "pgbouncer.clients_waiting",
                                    .labels = "database=shop\\,old,mode=transaction,user=a\\=b",
                                    .unit = "count",
                                    .value = 3};
        struct sd_metric transactions = {.name = "pgbouncer.transactions",
                                         .labels = "database=shop\\,old",
                                         .unit = "count",
                                         .value = s * 50,
                                         .counter = 1};
        shop_add(m, "pool", SHOP_START + s * SD_S, SD_METRIC, &waiting);
        shop_add(m, "pool", SHOP_START + s * SD_S, SD_METRIC, &transactions);
    }
    struct view_ctx c = view_minute_ctx(m, (struct span){SHOP_START, SHOP_START + 10 * SD_S});
    c.now = c.span.to;
    cJSON *j = view_json(&c, "pools"), *r = shown_row(j, "rows", 0);
    assert_string_equal(shown_text(r, "database"), "shop,old");
    assert_string_equal(shown_text(r, "mode"), "transaction");
    assert_string_equal(shown_text(r, "user"), "a=b");
    assert_near(shown_number(r, "transactions_per_s"), 50, 0.2);
    cJSON_Delete(j);
    model_free(m);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampling_alone_lists_queries_too),
        cmocka_unit_test(blockers_come_before_whom_they_block),
        cmocka_unit_test(activity_tells_who_waits),
        cmocka_unit_test(a_lock_wait_is_marked_by_its_length),
        cmocka_unit_test(load_is_drawn_in_layers),
        cmocka_unit_test(what_keeps_old_rows_is_told),
        cmocka_unit_test(what_a_role_may_not_see_is_said),
        cmocka_unit_test(a_pool_has_the_whole_name),
    };
    return cmocka_run_group_tests_name("view_activity", tests, NULL, NULL);
}
