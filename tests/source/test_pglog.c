/* The log of a real server with auto_explain, followed as it grows. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "conf/option.h"
#include "format/plans/explain_input.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/private_pg.h"
#include "tests/lib/rt_watch.h"

#define SOON (20 * SD_S)

static struct private_pg pg;
static bool have_pg;
static char server_log[400];

/* What came, by the marker in its text: "marker_text" and so on. */
static struct {
    size_t n;
    bool analyzed[8], seen[8];
} got;
static const char *const FORMATS[] = {"text", "json", "yaml", "xml"};

static void look(void *ctx, const struct sd_batch *b)
{
    const struct sd_plan *p;
    (void)ctx;
    for (size_t i = 0; (p = batch_each(b, SD_PLAN, &i));) {
        for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++) {
            char marker[40];
            snprintf(marker, sizeof marker, "marker_%s", FORMATS[f]);
            if (!strstr(p->query, marker))
                continue;
            struct explain e;
            struct sd_error err;
            if (!explain_read(p->body, strlen(p->body), &e, &err))
                fail_msg("%s: %s", p->body, err.text);
            assert_int_equal(e.n_plans, 1);
            assert_string_equal(e.plans[0]->nodes[0]->type, "Aggregate");
            assert_true(e.plans[0]->execution_ns > 0 && e.plans[0]->nodes[0]->rows == 1);
            assert_true(e.plans[0]->n_nodes == 2 && e.plans[0]->nodes[1]->rows_removed == 500);
            explain_free(&e);
            got.seen[f] = true;
            got.analyzed[f] = p->analyzed == 1;
            got.n++;
        }
    }
}

static bool all_seen(const struct rt_watch *w)
{
    (void)w;
    return got.n >= ARRAY_LEN(FORMATS);
}

static void followed(void **state)
{
    PRIVATE_PG_NEEDED(pg, have_pg);
    struct rt_watch w = {.rt = rt_new(&RT_DEFAULTS), .on_batch = look};
    struct registry_resolved r;
    struct sd_error err = {""};
    if (!registry_resolve(server_log, &r, &err)) /* recognised by what is in it */
        fail_msg("%s", err.text);
    assert_string_equal(r.ops->name, "pglog");
    assert_non_null(
        rt_start(w.rt, r.ops, "log", r.target, options_new(r.ops->options, r.ops->opts_size), true, &err));
    registry_resolved_free(&r);
    for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++) {
        char sql[600];
        snprintf(sql, sizeof sql,
                 "SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;"
                 "SET auto_explain.log_format = %s;"
                 "SELECT count(*) AS marker_%s FROM generate_series(1, 1000) g WHERE g %% 2 = 0;",
                 FORMATS[f], FORMATS[f]);
        free(private_pg_sql(&pg, NULL, sql));
    }
    if (!rt_watch_until(&w, all_seen, SOON))
        fail_msg("only %zu plans came", got.n);
    for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++)
        assert_true(got.seen[f] && got.analyzed[f]);
    assert_int_equal(w.status.state, SD_STATE_LIVE);
    assert_int_equal(rt_free(w.rt, SOON), 0);
}

int main(void)
{
    registry_begin(SOURCES_BUILT_IN);
    const struct CMUnitTest tests[] = {cmocka_unit_test(followed)};
    have_pg = private_pg_start(&pg);
    if (have_pg) {
        char *folder = private_pg_sql(&pg, NULL, "SHOW data_directory");
        snprintf(server_log, sizeof server_log, "%.*s/server.log", (int)strcspn(folder, "\n"), folder);
        free(folder);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_pg_stop(&pg);
    return failed;
}
