/* Series of the model in equal steps, and the views of their forecasts. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/result.h"
#include "tests/lib/shop.h"
#include "view/capacity/forecast_view.h"
#include "view/capacity/model_series.h"

static struct model *model_of(void)
{
    struct model_limits limits = MODEL_DEFAULTS;
    limits.retention_ns = 0;
    return model_new(&limits);
}

static struct view_ctx at_the_end(const struct model *m)
{
    return (struct view_ctx){.model = m, .span = SPAN_ALL, .now = model_usage(m).last};
}

static void add_metrics(struct model *m, const char *origin, int n)
{
    for (int i = 0; i < n; i++) {
        struct sd_metric gauge = {.name = "pool", .labels = "db=a", .value = 10 + i % 3};
        struct sd_metric counter = {.name = "done", .value = 30. * i, .counter = 1};
        shop_add(m, origin, SHOP_START + i * 10 * SD_S, SD_METRIC, &gauge);
        shop_add(m, origin, SHOP_START + i * 10 * SD_S, SD_METRIC, &counter);
    }
}

static void add_tables(struct model *m, int n)
{
    for (int i = 0; i < n; i++) {
        struct sd_table t = {.database = "shop",
                             .schema = "public",
                             .name = "orders",
                             .rows = 1000 + i,
                             .size_bytes = SD_UNKNOWN,
                             .total_bytes = 8192 * (100 + i)};
        shop_add(m, "pg", SHOP_START + i * 60 * SD_S, SD_TABLE, &t);
    }
}

static const struct model_series *find(const struct model_series_list *l, const char *name)
{
    const struct model_series *s = model_series_named(l, name);
    if (!s)
        fail_msg("there is no series %s", name);
    return s;
}

static void test_metrics(void **state)
{
    (void)state;
    struct model *m = model_of();
    add_metrics(m, "app", 60);
    struct view_ctx c = at_the_end(m);
    struct model_series_list l = model_series_list(&c);
    struct forecast_series v;
    assert_int_equal(l.n, 2);
    model_series_values(&c, find(&l, "pool{db=a}"), &v);
    assert_int_equal(v.step_ns, 10 * SD_S);
    assert_int_equal(v.n, 60);
    for (size_t i = 0; i < v.n; i++)
        assert_true(v.values[i] == 10 + (double)(i % 3));
    free((double *)v.values);
    model_series_values(&c, find(&l, "done"), &v);
    assert_int_equal(v.step_ns, 10 * SD_S);
    for (size_t i = 1; i < v.n; i++)
        assert_true(fabs(v.values[i] - 3) < 1e-9); /* 30 in 10 s */
    free((double *)v.values);
    model_series_free(&l);
    add_metrics(m, "other", 60); /* the same names of another source */
    l = model_series_list(&c);
    assert_int_equal(l.n, 4);
    find(&l, "pool{db=a} of other");
    model_series_free(&l);
    model_free(m);
}

static struct metric_info metric_of(const struct model *m, const char *name)
{
    struct metric_info e[1];
    assert_int_equal(model_metric_named(m, name, e, 1), 1);
    return e[0];
}

/* Records of a history stand for several samples, also once the model has thinned them. */
static void test_sampled(void **state)
{
    (void)state;
    struct model_limits limits = {.max_bytes = (size_t)1 << 20};
    struct model *m = model_new(&limits);
    struct sd_metric live = {.name = "g", .value = 1};
    shop_add(m, "web1", SHOP_START, SD_METRIC, &live);
    double sum = 1, most = 1;
    int64_t n = 1;
    for (int i = 1; i < 40000; i++) {
        struct sd_metric r = {.name = "g", .value = i % 7, .samples = 1 + i % 5, .min = i % 7};
        r.max = (double)(i % 7 + (i == 20001 ? 100 : 0));
        r.sum = (double)(r.samples * (i % 7));
        sum += r.sum;
        most = fmax(most, r.max);
        n += r.samples;
        shop_add(m, "web1", SHOP_START + i * SD_S, SD_METRIC, &r);
    }
    struct metric_info e = metric_of(m, "g");
    struct span all = {SHOP_START - 1, SHOP_START + 40000 * SD_S};
    assert_true(fabs(metric_mean(&e, all) - sum / (double)n) < 1e-9);
    assert_true(metric_max(&e, all) >= most && metric_max(&e, all) <= most);
    assert_int_equal(metric_points(&e, all), n);
    struct sd_metric c = {.name = "c", .value = 100, .counter = 1, .samples = 1, .sum = 100, .max = 100};
    shop_add(m, "web1", SHOP_START, SD_METRIC, &c);
    c = (struct sd_metric){.name = "c", .value = 20, .counter = 1, .samples = 3, .sum = 270, .max = 130};
    shop_add(m, "web1", SHOP_START + 100 * SD_S, SD_METRIC, &c);
    e = metric_of(m, "c");
    assert_true(fabs(metric_growth(&e, (struct span){SHOP_START, SHOP_START + 100 * SD_S}) - 0.5) < 1e-9);
    model_free(m);
}

static void test_tables(void **state)
{
    (void)state;
    struct model *m = model_of();
    add_tables(m, 40);
    struct view_ctx c = at_the_end(m);
    struct model_series_list l = model_series_list(&c);
    struct forecast_series v;
    assert_int_equal(l.n, 2);
    model_series_values(&c, find(&l, "shop.public.orders bytes"), &v);
    assert_int_equal(v.step_ns, 60 * SD_S);
    assert_int_equal(v.n, 40);
    for (size_t i = 0; i < v.n; i++)
        assert_true(v.values[i] == 8192. * (100 + (double)i));
    free((double *)v.values);
    model_series_values(&c, find(&l, "shop.public.orders rows"), &v);
    assert_true(v.values[39] == 1039);
    free((double *)v.values);
    model_series_free(&l);
    model_free(m);
}

static void test_requests(void **state)
{
    (void)state;
    struct model *m = model_of();
    for (int i = 0; i < 120; i++)
        shop_requests(m, SHOP_START + i * SD_S, "GET", "/items", 4 + i % 2, 0, SD_MS);
    struct view_ctx c = at_the_end(m);
    struct model_series_list l = model_series_list(&c);
    struct forecast_series v;
    assert_string_equal(l.items[0].name, "requests");
    assert_string_equal(l.items[1].name, "requests GET /items");
    for (size_t k = 0; k < 2; k++) {
        model_series_values(&c, &l.items[k], &v);
        assert_int_equal(v.step_ns, SD_S);
        assert_true(v.n >= 118 && v.n <= 120);
        for (size_t i = 0; i < v.n; i++)
            assert_true(v.values[i] == 4 || v.values[i] == 5);
        free((double *)v.values);
    }
    model_series_free(&l);
    model_free(m);
}

static void test_few_points_are_no_series(void **state)
{
    (void)state;
    struct model *m = model_of();
    add_metrics(m, "app", 11);
    add_tables(m, 11);
    struct view_ctx c = at_the_end(m);
    struct model_series_list l = model_series_list(&c);
    assert_int_equal(l.n, 0);
    assert_null(model_series_named(&l, NULL));
    model_series_free(&l);
    struct doc *d = forecasts_view.build(&c);
    assert_non_null(d->sections[0].empty);
    doc_free(d);
    d = forecast_view.build(&c);
    assert_null(d->json);
    doc_free(d);
    model_free(m);
}

static void test_views(void **state)
{
    (void)state;
    struct model *m = model_of();
    add_tables(m, 60);
    struct view_ctx c = at_the_end(m);
    struct doc *d = forecasts_view.build(&c);
    assert_int_equal(d->sections[0].table.n_rows, 2);
    assert_string_equal(d->sections[0].table.rows[0].dive.arg, "shop.public.orders bytes");
    doc_free(d);
    struct view_choices chosen = {.n = 0};
    view_choose(&chosen, "forecast-ceiling", 0,
                "1638400"); /* 200 blocks: 41 steps after the last, which is 159 */
    c.choices = &chosen;
    c.arg = "shop.public.orders bytes";
    for (int again = 0; again < 2; again++) { /* the second is the one that was kept */
        d = forecast_view.build(&c);
        cJSON *o = cJSON_Parse(d->json);
        assert_string_equal(result_get_text(o, "view"), "forecast");
        const cJSON *e = cJSON_GetObjectItem(o, "exhaustion");
        assert_true(result_get_real(e, "ceiling") == 1638400);
        assert_string_equal(result_get_text(e, "expected_time"), "2026-11-20T17:31:00.000Z");
        assert_string_equal(d->title, c.arg);
        const struct graph *g = &d->sections[1].graph; /* what was, and the fan */
        assert_int_equal(d->sections[1].kind, SECTION_GRAPH);
        assert_int_equal(g->n_points, 24 + 12);
        assert_true(g->lines[0].values[23] == 8192. * 159 && isnan(g->lines[1].values[23]));
        assert_true(g->lines[0].values[24] > 8192. * 159 && g->lines[1].values[24] >= g->lines[0].values[24]);
        cJSON_Delete(o);
        doc_free(d);
    }
    c.arg = "nothing";
    d = forecast_view.build(&c);
    assert_non_null(d->missing);
    doc_free(d);
    view_choices_free(&chosen);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_sampled),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_few_points_are_no_series),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
