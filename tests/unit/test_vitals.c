/* Vitals of real users: how values are rated, their percentile and its interval, each visit once. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/pages/field_tally.h"
#include "core/pages/vital_values.h"

/* ---- templates and ratings ---- */

static void test_templates(void **state)
{
    (void)state;
    static const struct {
        const char *url, *page;
    } rows[] = {
        {"/", "/"},
        {"", "/"},
        {"/orders/123/items/7?x=1#a", "/orders/:id/items/:id"},
        {"https://shop.example:8443/orders/42", "/orders/:id"},
        {"https://shop.example", "/"},
        {"https://shop.example?q=/a/1", "/"},
        {"//shop.example/a", "/a"},
        {"/u/0f8fad5b-d9cb-469f-a165-70867728950e/", "/u/:id/"},
        {"/u/0F8FAD5B-D9CB-469F-A165-70867728950E", "/u/:id"},
        {"/u/0f8fad5b-d9cb-469f-a165-7086772895", "/u/0f8fad5b-d9cb-469f-a165-7086772895"},
        {"/v2/a1/2b", "/v2/a1/2b"},
        {"/p/:id", "/p/:id"},
        {"/a//7", "/a//:id"},
        {"product/7", "product/:id"},
        {"#top", "/"},
        {"?q=1", "/"},
        {"file:///tmp/a.html", "/tmp/a.html"},
    };
    char out[PAGE_TEMPLATE_MAX];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        page_template(rows[i].url, strlen(rows[i].url), out);
        assert_string_equal(out, rows[i].page);
    }
}

static void test_template_is_cut_between_characters(void **state)
{
    (void)state;
    char url[800] = "/", out[PAGE_TEMPLATE_MAX];
    for (int i = 0; i < 300; i++)
        strcat(url, "\xc3\xa4");
    page_template(url, strlen(url), out);
    assert_int_equal(strlen(out), PAGE_TEMPLATE_MAX - 1);
    assert_int_equal((unsigned char)out[strlen(out) - 1], 0xa4);
    url[1] = 'x';
    url[2] = 'y';
    page_template(url, strlen(url), out);
    assert_int_equal(strlen(out), PAGE_TEMPLATE_MAX - 1);
}

static void test_ratings(void **state)
{
    (void)state;
    static const double good[VITAL_N] = {2500, 200, 0.1, 1800, 800},
                        poor[VITAL_N] = {4000, 500, 0.25, 3000, 1800};
    for (unsigned v = 0; v < VITAL_N; v++) {
        assert_int_equal(vital_rate((enum vital)v, good[v]), VITAL_GOOD);
        assert_int_equal(vital_rate((enum vital)v, good[v] * 1.0001), VITAL_NEEDS_IMPROVEMENT);
        assert_int_equal(vital_rate((enum vital)v, poor[v]), VITAL_NEEDS_IMPROVEMENT);
        assert_int_equal(vital_rate((enum vital)v, poor[v] * 1.0001), VITAL_POOR);
        assert_int_equal(vital_of_name(VITALS[v].name), v);
        assert_int_equal(vital_of_beacon(VITALS[v].title), v);
    }
    assert_int_equal(vital_of_beacon("lcp"), VITAL_N);
    assert_int_equal(vital_of_crux("experimental_time_to_first_byte"), VITAL_TTFB);
}

/* ---- percentiles ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rank_of(const double *sorted, size_t n, double rank)
{
    rank = rank < 1 ? 1 : rank > (double)n ? (double)n : rank;
    return sorted[(size_t)rank - 1];
}

/* Random values are added, replaced and taken out; then compared with a sorted copy. */
static void compare(size_t n, double within)
{
    double *all = mem_array(n, sizeof *all);
    struct vital_values x = {.n = 0};
    struct vital_quantile q;
    srandom((unsigned)n);
    for (size_t i = 0; i < n; i++) {
        all[i] = (double)(random() % 100000) / 13;
        vital_values_add(&x, VITAL_LCP, all[i]);
        size_t j = (size_t)random() % (i + 1);
        if (i % 3 == 0) {
            vital_values_remove(&x, VITAL_LCP, all[j]);
            all[j] = (double)(random() % 9000);
            vital_values_add(&x, VITAL_LCP, all[j]);
        }
    }
    qsort(all, n, sizeof *all, by_value);
    size_t good = 0, poor = 0;
    for (size_t i = 0; i < n; i++) {
        good += all[i] <= 2500;
        poor += all[i] > 4000;
    }
    double w = 1.96 * sqrt(0.1875 * (double)n), p = rank_of(all, n, ceil(0.75 * (double)n));
    assert_true(vital_values_read(&x, &q));
    assert_int_equal(x.n, n);
    assert_true(fabs(q.p75 - p) <= within * p);
    p = rank_of(all, n, floor(0.75 * (double)n - w));
    assert_true(fabs(q.low - p) <= within * p);
    p = rank_of(all, n, ceil(0.75 * (double)n + w));
    assert_true(fabs(q.high - p) <= within * p);
    assert_true(q.share[VITAL_GOOD] == (double)good / (double)n);
    assert_true(q.share[VITAL_POOR] == (double)poor / (double)n);
    vital_values_free(&x);
    free(all);
}

static void test_percentiles(void **state)
{
    (void)state;
    static const size_t exact[] = {1, 2, 3, 4, 5, 7, 16, 20, 100, 1025, 5000, 10000};
    for (size_t i = 0; i < ARRAY_LEN(exact); i++)
        compare(exact[i], 0);
    compare(10001, 0.01);
    compare(60000, 0.01);
}

static void test_buckets_of_every_size(void **state)
{
    (void)state;
    struct vital_quantile q;
    for (double value = 1e-5; value < 3.6e6; value *= 1.37) {
        struct vital_values x = {.n = 0};
        vital_values_add(&x, VITAL_CLS, value);
        vital_values_coarsen(&x);
        assert_true(vital_values_read(&x, &q));
        assert_true(fabs(q.p75 - value) <= 0.006 * value);
        vital_values_remove(&x, VITAL_CLS, value);
        assert_false(vital_values_read(&x, &q));
        vital_values_free(&x);
    }
}

/* ---- the tally ---- */

static struct sd_batch *records_of(struct field_tally *t)
{
    static const struct sd_host host = {.add = batch_add};
    struct sd_batch *b = batch_new("test", SD_S);
    assert_true(field_tally_records(t, &host, b));
    return b;
}

static const struct sd_page_field *row_of(const struct sd_batch *b, const char *by, const char *key,
                                          const char *metric)
{
    const struct sd_page_field *f;
    for (size_t i = 0; (f = batch_each(b, SD_PAGE_FIELD, &i));)
        if (str_eq(f->by, by) && str_eq(f->key, key) && str_eq(f->metric, metric))
            return f;
    return NULL;
}

static struct field_beacon beacon(const char *id, enum vital v, double value, const char *page)
{
    return (struct field_beacon){.metric = v,
                                 .value = value,
                                 .at = SD_UNKNOWN,
                                 .id = id,
                                 .key = {"", page, "mobile", "4g", "DE", "navigate"},
                                 .target = v == VITAL_TTFB ? NULL : "main>img"};
}

static void test_last_value_counts(void **state)
{
    (void)state;
    struct field_tally *t = field_tally_new(&FIELD_LIMITS, 7);
    struct field_beacon one = beacon("a", VITAL_INP, 100, "/x"), again = beacon("a", VITAL_INP, 700, "/y"),
                        other = beacon("a", VITAL_LCP, 1000, "/x");
    again.key[FIELD_DEVICE] = "desktop";
    again.target = "button";
    again.script = "https://cdn.example/a.js";
    field_tally_add(t, &one);
    field_tally_add(t, &again);
    field_tally_add(t, &other);
    const struct field_counts *c = field_tally_counts(t);
    assert_int_equal(c->accepted, 2);
    assert_int_equal(c->duplicates, 1);
    struct sd_batch *b = records_of(t);
    const struct sd_page_field *f = row_of(b, "all", "", "inp");
    assert_int_equal(f->count, 1);
    assert_true(f->p75 == 700 && f->p75_low == 700 && f->poor_share == 1);
    assert_null(row_of(b, "page", "/x", "inp"));
    assert_null(row_of(b, "device", "mobile", "inp"));
    assert_int_equal(row_of(b, "page", "/y", "inp")->count, 1);
    assert_int_equal(row_of(b, "navigation_type", "navigate", "lcp")->count, 1);
    const struct sd_page_attribution *a;
    size_t n = 0;
    for (size_t i = 0; (a = batch_each(b, SD_PAGE_ATTRIBUTION, &i)); n++) {
        bool inp = str_eq(a->metric, "inp");
        assert_string_equal(a->target, inp ? "button" : "main>img");
        assert_string_equal(a->page, inp ? "/y" : "/x");
        assert_true(inp == str_eq(a->script, "https://cdn.example/a.js"));
    }
    assert_int_equal(n, 2);
    batch_unref(b);
    field_tally_free(t);
}

static void test_days(void **state)
{
    (void)state;
    enum { DAYS = 70, VISITS = 40 };
    struct field_tally *t = field_tally_new(&FIELD_LIMITS, 3);
    char id[32];
    for (int day = 0; day < DAYS; day++)
        for (int i = 0; i < VISITS; i++) {
            snprintf(id, sizeof id, "%d-%d", day, i);
            struct field_beacon b = beacon(id, VITAL_LCP, day * 100 + i, "/");
            b.at = (20000 + (day * 37) % DAYS) * 86400 * SD_S + i; /* in no order */
            b.key[FIELD_DEVICE] = i % 2 ? "mobile" : "desktop";
            field_tally_add(t, &b);
            b.value += 1; /* a later value of the same visit */
            field_tally_add(t, &b);
        }
    struct sd_batch *b = records_of(t);
    const struct sd_page_trend *r;
    size_t n = 0;
    for (size_t i = 0; (r = batch_each(b, SD_PAGE_TREND, &i)); n++) {
        assert_string_equal(r->data, "rum");
        assert_string_equal(r->metric, "lcp");
        assert_string_equal(r->by, n ? "device" : "all");
        assert_int_equal(r->ends->n, 62);
        for (uint32_t k = 0; k < r->ends->n; k++) {
            int64_t at = r->ends->items[k] / (86400 * SD_S) - 20000, day = 0;
            while (day * 37 % DAYS != at)
                day++;
            int rank = n == 0 ? 30 : str_eq(r->key, "mobile") ? 30 : 29; /* of the visits, from 1 */
            assert_true(r->p75->items[k] == (double)(day * 100 + rank));
            assert_int_equal(at, DAYS - 62 + k);
        }
    }
    assert_int_equal(n, 3);
    batch_unref(b);
    field_tally_free(t);
}

static void test_beyond_the_limits(void **state)
{
    (void)state;
    static const struct field_limits limits = {
        .keys = {1, 3, 2, 2, 2, 2}, .targets = 2, .ids = 100, .exact = 1000};
    struct field_tally *t = field_tally_new(&limits, 1);
    char id[32], page[32], target[32], *notes[FIELD_NOTES_MAX];
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "id-%d", i);
        snprintf(page, sizeof page, "/p%d", i % 10);
        snprintf(target, sizeof target, "#t%d", i % 7);
        struct field_beacon b = beacon(id, VITAL_LCP, i, page);
        b.target = target;
        field_tally_add(t, &b);
        field_tally_add(t, &b);
    }
    assert_int_equal(field_tally_counts(t)->accepted, 5000);
    assert_int_equal(field_tally_counts(t)->duplicates, 5000);
    struct sd_batch *b = records_of(t);
    assert_int_equal(row_of(b, "page", "/p2", "lcp")->count, 500);
    assert_int_equal(row_of(b, "page", FIELD_FOLDED, "lcp")->count, 3500);
    const struct sd_page_field *all = row_of(b, "all", "", "lcp");
    assert_int_equal(all->count, 5000);
    assert_true(fabs(all->p75 - 3749) < 38);
    assert_true(field_tally_bytes(t) < 1 << 20);
    size_t n = field_tally_notes(t, notes);
    assert_int_equal(n, 4); /* pages, elements, ids, values */
    for (size_t i = 0; i < n; i++) {
        printf("    %s\n", notes[i]);
        free(notes[i]);
    }
    batch_unref(b);
    field_tally_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_template_is_cut_between_characters),
        cmocka_unit_test(test_ratings),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_buckets_of_every_size),
        cmocka_unit_test(test_last_value_counts),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_beyond_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
