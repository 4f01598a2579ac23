/* What of some kinds a recorder takes: one in a while, and the worst. */
#include "tests/lib/test.h"

#include "core/history/thin.h"

#define T0 (1800000000 * SD_S)

static struct history_row table_row(struct sd_table *r, const char *name, sd_time at)
{
    schema_clear(schema_of(SD_TABLE), r);
    r->database = "shop";
    r->schema = "public";
    r->name = name;
    return (struct history_row){.kind = SD_TABLE, .host = "web1", .source = "pg", .at = at, .record = r};
}

static void test_what_changes_slowly_is_taken_once_in_a_while(void **state)
{
    (void)state;
    struct history_thin *t = history_thin_new();
    struct sd_table r;
    static const struct {
        const char *name;
        int64_t after_s;
        bool taken;
    } CASES[] = {
        {"orders", 0, true},    {"items", 1, true},      {"orders", 10, false},
        {"orders", 599, false}, {"orders", 600, true},   {"items", 600, false},
        {"items", 601, true},   {"orders", 1199, false}, {"orders", -600, true}, /* the clock jumped back */
        {"orders", -600, true}, /* the same batch once more */
        {"orders", -1, false}};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct history_row row = table_row(&r, CASES[i].name, T0 + CASES[i].after_s * SD_S);
        assert_int_equal(history_thin_takes(t, &row), CASES[i].taken);
    }
    struct sd_http http;
    schema_clear(schema_of(SD_HTTP), &http);
    struct history_row row = {.kind = SD_HTTP, .at = T0, .length_ns = SD_S, .record = &http};
    for (int i = 0; i < 3; i++)
        assert_true(history_thin_takes(t, &row));
    history_thin_free(t);
}

static void test_the_slowest_requests_stay(void **state)
{
    (void)state;
    enum { ROUTES = 15, EACH = 3, N = ROUTES * EACH * 2 };
    static struct sd_exemplar r[N];
    static char routes[ROUTES][8];
    static struct history_row rows[N + 1];
    size_t n = 0;
    for (int step = 0; step < 2; step++)
        for (int route = 0; route < ROUTES; route++)
            for (int k = 0; k < EACH; k++, n++) {
                schema_clear(schema_of(SD_EXEMPLAR), &r[n]);
                snprintf(routes[route], sizeof routes[route], "/%d", route);
                r[n].method = "GET";
                r[n].route = routes[route];
                r[n].duration_ns = (route * 10 + k) * SD_MS;
                rows[n] = (struct history_row){.kind = SD_EXEMPLAR,
                                               .host = "a",
                                               .source = "s",
                                               .at = T0 + step * 10 * SD_S + SD_S,
                                               .record = &r[n]};
            }
    rows[n++] = (struct history_row){.kind = SD_EVENT, .at = T0 + 20 * SD_S};
    n = history_thin_rows(rows, n, 10 * SD_S);
    assert_int_equal(n, 2 * HISTORY_EXEMPLARS + 1);
    for (size_t i = 0; i + 1 < n; i++) {
        const struct sd_exemplar *x = rows[i].record;
        assert_true(x->duration_ns >= (ROUTES - HISTORY_EXEMPLARS) * 10 * SD_MS);
        assert_int_equal(x->duration_ns / SD_MS % 10, EACH - 1); /* the slowest of its endpoint */
        assert_true(!i || rows[i - 1].at <= rows[i].at);
    }
    assert_int_equal(rows[n - 1].kind, SD_EVENT);
    assert_int_equal(history_thin_rows(rows, 0, SD_S), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_changes_slowly_is_taken_once_in_a_while),
        cmocka_unit_test(test_the_slowest_requests_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
