/* Requests of a load test one by one: what is kept of each, names as numbers, percentiles by rank. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/loads/samples.h"

static void add(struct load_sample_set *s, const char *name, int64_t start, int64_t latency, int status)
{
    load_samples_add(s, &(struct load_sample){.name = name,
                                              .name_len = name ? strlen(name) : 0,
                                              .start_ns = start,
                                              .latency_ns = latency,
                                              .status = status,
                                              .failed = status >= 400 || !status,
                                              .bytes = status ? 10 : SD_UNKNOWN});
}

static void test_columns(void **state)
{
    (void)state;
    struct load_sample_set s = {0};
    int64_t first, last;
    assert_false(load_samples_span(&s, &first, &last));
    add(&s, "a", 1000, 500, 200);
    add(&s, NULL, 200, 10, 1234);
    add(&s, "a", SD_UNKNOWN, 7, 0);
    add(&s, "b", 1100, SD_UNKNOWN, 503);
    assert_int_equal(s.n, 4);
    assert_int_equal(s.name[0], s.name[2]);
    assert_string_equal(s.names.names[s.name[1]], "");
    assert_string_equal(s.names.names[s.name[3]], "b");
    assert_int_equal(s.status[0], 200);
    assert_int_equal(s.status[1], LOAD_NO_STATUS);
    assert_int_equal(s.status[2], LOAD_NO_ANSWER);
    assert_true(s.failed[2] && s.failed[3] && !s.failed[0]);
    assert_int_equal(s.bytes, 30);
    assert_true(load_samples_span(&s, &first, &last));
    assert_int_equal(first, 200);
    assert_int_equal(last, 1500);
    load_samples_free(&s);
    assert_int_equal(s.n, 0);
}

/* Bytes that nobody knows are not 0; names have a limit in length, between characters, and in number. */
static void test_limits(void **state)
{
    (void)state;
    struct load_sample_set s = {0};
    char name[LOAD_NAME_BYTES_MAX + 20];
    add(&s, "a", 0, 1, 0);
    assert_false(sd_known(s.bytes));
    memset(name, 'x', sizeof name);
    memcpy(name + LOAD_NAME_BYTES_MAX - 1, "\xe2\x82\xac", 3);
    name[sizeof name - 1] = 0;
    add(&s, name, 0, 1, 200);
    assert_int_equal(strlen(s.names.names[s.name[1]]), LOAD_NAME_BYTES_MAX - 1);
    for (int i = 0; i < LOAD_NAMES_MAX + 5; i++) {
        snprintf(name, sizeof name, "/%d", i);
        add(&s, name, i, 1, 200);
    }
    assert_int_equal(s.names.n, LOAD_NAMES_MAX + 1);
    assert_string_equal(s.names.names[s.name[s.n - 1]], LOAD_NAME_OTHER);
    add(&s, "/17", 0, 1, 200);
    assert_string_equal(s.names.names[s.name[s.n - 1]], "/17");
    load_samples_free(&s);
}

static void test_ranks(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double q;
        int64_t rank;
    } rows[] = {
        {1, 0.5, 1},
        {2, 0.5, 1},
        {3, 0.5, 2},
        {20, 0.95, 19},
        {21, 0.95, 20},
        {100, 0.07, 7},
        {100, 0.99, 99},
        {1000, 0.999, 999},
        {1001, 0.999, 1000},
        {100, 1, 100},
        {100, 0, 1},
        {40, 0.9, 36},
        {10000, 0.75, 7500},
        {3000000, 0.999, 2997000},
        {3000001, 0.999, 2997001},
    };
    int64_t *v = mem_array(3000001, sizeof *v);
    for (int64_t i = 0; i < 3000001; i++)
        v[i] = i + 1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(load_rank(v, rows[i].n, rows[i].q), rows[i].rank);
    assert_int_equal(load_rank(v, 0, 0.5), SD_UNKNOWN);
    free(v);
}

static void test_block(void **state)
{
    (void)state;
    int64_t v[] = {9, 1, 8, 2, 7, 3, 6, 4, 5, 1000};
    struct load_block b = load_block_of(v, ARRAY_LEN(v));
    assert_int_equal(b.count, 10);
    assert_int_equal(b.min_ns, 1);
    assert_int_equal(b.mean_ns, 105); /* 104.5 */
    assert_int_equal(b.p50_ns, 5);
    assert_int_equal(b.p75_ns, 8);
    assert_int_equal(b.p90_ns, 9);
    assert_int_equal(b.p95_ns, 1000);
    assert_int_equal(b.max_ns, 1000);
    b = load_block_of(v, 0);
    assert_int_equal(b.count, 0);
    assert_false(sd_known(b.min_ns) || sd_known(b.p50_ns) || sd_known(b.max_ns) || sd_known(b.mean_ns));
    int64_t huge[] = {INT64_MAX, INT64_MAX, INT64_MAX};
    assert_true(load_block_of(huge, 3).mean_ns >= INT64_MAX - 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
