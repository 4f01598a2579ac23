/* Which machines are unlike the others: both sides of each limit. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/insight/host_outliers.h"

enum { MOST = 300 };
static struct host_figures fleet[MOST];
static struct host_outlier out[MOST];

/* n machines that differ a little: up to 4 % around 50 ms, 1 % errors, 10 requests a second. */
static void make(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double off = 1 + ((double)(i * 7 % 9) - 4) / 100;
        fleet[i] = (struct host_figures){.rate = 10 * off,
                                         .p95_ns = 50e6 * off,
                                         .p99_ns = 80e6 * off,
                                         .error_share = 0.01 * off,
                                         .timed = 6000,
                                         .requests = 6000};
    }
}

static size_t marked(size_t n)
{
    size_t k = 0;
    host_outliers(fleet, n, out);
    for (size_t i = 0; i < n; i++)
        k += out[i].by != OUTLIER_NOT;
    return k;
}

static void test_all_alike(void **state)
{
    (void)state;
    for (size_t n = 0; n <= MOST; n += 37) {
        make(n);
        assert_int_equal(marked(n), 0);
    }
}

static void test_one_of_many(void **state)
{
    (void)state;
    make(200);
    fleet[17].p99_ns = 400e6;
    fleet[90].p95_ns = 101e6;
    fleet[120].error_share = 0.05;
    fleet[150].rate = 2;
    assert_int_equal(marked(200), 4);
    assert_int_equal(out[17].by, OUTLIER_P99);
    assert_true(fabs(out[17].times - 5) < 0.1);
    assert_int_equal(out[90].by, OUTLIER_P95);
    assert_int_equal(out[120].by, OUTLIER_ERRORS);
    assert_int_equal(out[150].by, OUTLIER_RATE);
}

/* Three machines make the tail: they do not hide each other. */
static void test_several(void **state)
{
    (void)state;
    make(10);
    fleet[1].p99_ns = fleet[5].p99_ns = fleet[8].p99_ns = 900e6;
    assert_int_equal(marked(10), 3);
}

static void test_few_say_nothing(void **state)
{
    (void)state;
    make(4);
    fleet[0].p99_ns = fleet[0].p95_ns = 5e9;
    fleet[0].error_share = 0.9;
    fleet[0].rate = 1000;
    assert_int_equal(marked(4), 0);
    make(5);
    fleet[0].p99_ns = 5e9;
    assert_int_equal(marked(5), 1);
}

/* A percentile needs requests above it: of p99 1000, of p95 200. */
static void test_counts(void **state)
{
    (void)state;
    make(20);
    fleet[3].p99_ns = 5e9;
    fleet[3].timed = 999;
    assert_int_equal(marked(20), 0);
    fleet[3].timed = 1000;
    assert_int_equal(marked(20), 1);
    make(20);
    fleet[3].p95_ns = 5e9;
    fleet[3].timed = 199;
    assert_int_equal(marked(20), 0);
    fleet[3].timed = 200;
    assert_int_equal(marked(20), 1);
    make(20);
    fleet[3].error_share = 0.09; /* 9 of 100 */
    fleet[3].requests = 100;
    assert_int_equal(marked(20), 0);
    fleet[3].error_share = 0.10;
    assert_int_equal(marked(20), 1);
}

static void test_limits(void **state)
{
    (void)state;
    make(20);
    fleet[3].p99_ns = 80e6 * 1.5; /* not above 1.5 times the median */
    assert_int_equal(marked(20), 0);
    make(20);
    for (size_t i = 0; i < 20; i++)
        fleet[i].p99_ns = 20e6 * (double)(1 + i); /* they differ so much that twice the median is nothing */
    assert_int_equal(marked(20), 0);
    make(20);
    for (size_t i = 0; i < 20; i++)
        fleet[i].error_share = i == 4 ? 0.02 : 0; /* the others have none at all */
    assert_int_equal(marked(20), 1);
    assert_true(isinf(out[4].times));
    make(20);
    for (size_t i = 0; i < 20; i++) /* unknown is no figure */
        fleet[i] = (struct host_figures){.rate = NAN, .p95_ns = NAN, .p99_ns = NAN, .error_share = NAN};
    assert_int_equal(marked(20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_alike), cmocka_unit_test(test_one_of_many),
        cmocka_unit_test(test_several),   cmocka_unit_test(test_few_say_nothing),
        cmocka_unit_test(test_counts),    cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
