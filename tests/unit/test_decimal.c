/* Decimal figures are those of printf, whatever the number. */
#include "tests/lib/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"

static void check_fixed(double v)
{
    for (int decimals = 0; decimals <= 6; decimals++) {
        char want[400];
        struct strbuf b = {0};
        snprintf(want, sizeof want, "%.*f", decimals, v);
        strbuf_fixed(&b, v, decimals);
        assert_string_equal(strbuf_text(&b), want);
        strbuf_free(&b);
    }
}

static void check_real(double v)
{
    char want[40];
    struct strbuf b = {0};
    if (!isfinite(v))
        return;
    snprintf(want, sizeof want, "%1.15g", v);
    double again = strtod(want, NULL);
    if (fabs(again - v) > fmax(fabs(again), fabs(v)) * DBL_EPSILON)
        snprintf(want, sizeof want, "%1.17g", v);
    strbuf_real(&b, v);
    assert_string_equal(strbuf_text(&b), want);
    strbuf_free(&b);
}

static void check(double v)
{
    check_fixed(v);
    check_fixed(-v);
    check_real(v);
    check_real(-v);
}

static void edges(void **state)
{
    (void)state;
    static const double values[] = {0,
                                    0.5,
                                    1.5,
                                    2.5,
                                    3.5,
                                    0.25,
                                    0.125,
                                    0.375,
                                    0.0625,
                                    1.005,
                                    2.675,
                                    0.045,
                                    1e-5,
                                    5e-7,
                                    4.9999999e-7,
                                    5.0000001e-7,
                                    DBL_MIN,
                                    5e-324,
                                    DBL_MAX,
                                    0x1p62,
                                    0x1p63,
                                    0x1p64,
                                    0x1p53,
                                    9007199254740993.0,
                                    0x1p59,
                                    0x1p56 + 8,
                                    INFINITY,
                                    NAN,
                                    2147483646,
                                    2147483647,
                                    2147483648.0,
                                    4294967296.0,
                                    999999999999999.9,
                                    999999999999999.4,
                                    99999999999999.99,
                                    1e15,
                                    1e16,
                                    1e17,
                                    1e22,
                                    1e23,
                                    123456789012345.67};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        check(values[i]);
    for (int power = -30; power <= 25; power++) { /* on both sides of each power of ten, and of halves */
        const double around[] = {pow(10, power), 5 * pow(10, power), 1.5 * pow(10, power)};
        for (size_t i = 0; i < ARRAY_LEN(around); i++) {
            double up = around[i], down = around[i];
            for (int k = 0; k < 4; k++, up = nextafter(up, INFINITY), down = nextafter(down, 0)) {
                check(up);
                check(down);
            }
        }
    }
}

static void many(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 6000; i++) {
        double v;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(&v, &seed, sizeof v); /* of any power */
        check(v);
        check((double)(seed >> 12) * pow(2, i % 90 - 100));
        check((double)(seed % 1000000007) / pow(10, i % 12));   /* as people write them */
        check((double)(seed % 100003) / (double)(i % 977 + 1)); /* shares */
        check((double)(seed % 4096) / 64);                      /* halves */
    }
}

static void wholes(void **state)
{
    (void)state;
    static const int64_t values[] = {0,  1,   9,     10,        99,        100,          101,
                                     -1, -10, 12345, INT64_MAX, INT64_MIN, 1000000000000};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char want[24];
        struct strbuf b = {0};
        snprintf(want, sizeof want, "%lld", (long long)values[i]);
        strbuf_whole(&b, values[i]);
        assert_string_equal(strbuf_text(&b), want);
        strbuf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(edges), cmocka_unit_test(many),
                                       cmocka_unit_test(wholes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
