/* Garbage collection and latency: together, apart, or not known. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/insight/gc_latency.h"

static uint64_t seed;

static double noise(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static void test_together(void **state)
{
    (void)state;
    double gc[60], ms[60];
    seed = 1;
    for (int i = 0; i < 60; i++) {
        gc[i] = noise();
        ms[i] = 10 + 50 * gc[i] + 5 * noise();
    }
    struct gc_correlation c = gc_latency(gc, ms, 60);
    assert_int_equal(c.verdict, GC_TOGETHER);
    assert_true(c.r > 0.95 && c.low > 0.9 && c.high < 1 && c.low < c.r && c.r < c.high);
    for (int i = 0; i < 60; i++)
        ms[i] = -ms[i];
    assert_int_equal(gc_latency(gc, ms, 60).verdict, GC_AGAINST);
    for (int i = 0; i < 50; i++)
        gc[i] = (double)NAN;
    c = gc_latency(gc, ms, 60);
    assert_int_equal(c.verdict, GC_UNKNOWN);
    assert_int_equal(c.n, 10);
    assert_true(isnan(c.r));
}

/* Series without a connection are said to have one in about one case of twenty, also when each resembles its
 * past. */
static void false_alarms(double memory, int most)
{
    int wrong = 0, unknown = 0;
    for (seed = 1; seed < 2001; seed++) {
        uint64_t run = seed;
        double x[60], y[60], a = 0, b = 0;
        seed = run * 2654435761u;
        for (int i = 0; i < 60; i++) {
            x[i] = a = memory * a + noise() - 0.5;
            y[i] = b = memory * b + noise() - 0.5;
        }
        enum gc_verdict v = gc_latency(x, y, 60).verdict;
        wrong += v == GC_TOGETHER || v == GC_AGAINST;
        unknown += v == GC_UNKNOWN;
        seed = run;
    }
    if (wrong > most)
        fail_msg("memory %g: %d of 2000 were called connected, %d unknown", memory, wrong, unknown);
}

static void test_noise(void **state)
{
    (void)state;
    false_alarms(0, 130);
    false_alarms(0.5, 160);
    false_alarms(0.8, 200);
}

static void test_constant(void **state)
{
    (void)state;
    double x[40], y[40];
    seed = 3;
    for (int i = 0; i < 40; i++) {
        x[i] = 0;
        y[i] = noise();
    }
    assert_int_equal(gc_latency(x, y, 40).verdict, GC_UNKNOWN);
    assert_int_equal(gc_latency(x, y, 0).verdict, GC_UNKNOWN);
}

static const char *advice(struct gc_figures f, enum gc_verdict v)
{
    static struct strbuf b;
    strbuf_clear(&b);
    gc_advice(&f, &(struct gc_correlation){.verdict = v}, &b);
    return strbuf_text(&b);
}

static void test_advice(void **state)
{
    (void)state;
    double no = (double)NAN;
    struct gc_figures f = {.share = 0.2,
                           .per_s = 1,
                           .pause_ns = 2e8,
                           .longest_ns = no,
                           .after = no,
                           .max = no,
                           .language = "JVM"};
    assert_non_null(strstr(advice(f, GC_APART), "ZGC"));
    f.after = 9e8;
    f.max = 1e9;
    assert_non_null(strstr(advice(f, GC_TOGETHER), "raise -Xmx"));
    f = (struct gc_figures){.share = 0.01,
                            .per_s = 5,
                            .pause_ns = 2e6,
                            .longest_ns = no,
                            .after = no,
                            .max = no,
                            .language = "Go"};
    assert_non_null(strstr(advice(f, GC_TOGETHER), "a higher GOGC"));
    assert_string_equal(advice(f, GC_APART), "");
    assert_string_equal(advice(f, GC_UNKNOWN), "");
    f = (struct gc_figures){
        .share = no, .per_s = no, .pause_ns = no, .longest_ns = no, .after = no, .max = no};
    assert_string_equal(advice(f, GC_UNKNOWN), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
