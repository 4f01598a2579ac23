/* A series out of CSV: what is read, and what is refused with which sentence. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/capacity/series_csv.h"

#define GAP ((double)NAN)

static void test_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        int64_t from_ns, step_ns;
        double values[6];
    } all[] = {
        {"time,value\n2024-01-01T00:00:00Z,1\n2024-01-01T01:00:00.000Z,2.5\n",
         2,
         INT64_C(1704067200) * SD_S,
         3600 * SD_S,
         {1, 2.5}},
        {"time,value\n2024-01-01T02:00:00+02:00,1\n2024-01-01T01:00:00+0000,\n2024-01-01 02:00,-3e2",
         3,
         INT64_C(1704067200) * SD_S,
         3600 * SD_S,
         {1, GAP, -300}},
        {"\xEF\xBB\xBFtime,value\r\n0,1\r\n60,2\r\n\r\n180,4\r\n240,5\r\n",
         5,
         0,
         60 * SD_S,
         {1, 2, GAP, 4, 5}},
        {"value,host,TIME\n3,\"a,b\",2024-01-01\n4,c,2024-01-02\n",
         2,
         INT64_C(1704067200) * SD_S,
         86400 * SD_S,
         {3, 4}},
        {"10,1\n20,2\n30,3\n", 3, 10 * SD_S, 10 * SD_S, {1, 2, 3}},
        {"t,y\n1700000000.123456789,1\n1700000000.223456789,2\n",
         2,
         INT64_C(1700000000123456789),
         100 * SD_MS,
         {1, 2}},
        {"t,y\n-120,1\n-60,2\n0,3\n", 3, -120 * SD_S, 60 * SD_S, {1, 2, 3}},
        {"\"time\",\"value\"\n1949,112\n1949.08333333333,118\n1949.16666666667,132\n",
         3,
         1949 * SD_S,
         83333333,
         {112, 118, 132}},
        {"time,value\n5,7\n", 1, 5 * SD_S, 0, {7}},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct series_csv s;
        struct sd_error err = {.text = ""};
        if (!series_csv_read(all[i].text, strlen(all[i].text), "x.csv", &s, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(s.n, all[i].n);
        assert_int_equal(s.from_ns, all[i].from_ns);
        assert_true(llabs(s.step_ns - all[i].step_ns) <= 3);
        for (size_t k = 0; k < s.n; k++)
            assert_true(isnan(all[i].values[k]) ? isnan(s.values[k]) : s.values[k] == all[i].values[k]);
        free(s.values);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } all[] = {
        {"", "x.csv has no values."},
        {"time,value\n", "x.csv has no values."},
        {"time,value\n1,2\n2,3\n4,5\nx,5\n",
         "x.csv, line 5: this is neither RFC 3339 nor seconds since 1970: x"},
        {"time,value\n1,abc\n", "x.csv, line 2: this is no number: abc"},
        {"time,value\n1,nan\n", "x.csv, line 2: this is no number: nan"},
        {"time,value\n1,0x10\n", "x.csv, line 2: this is no number: 0x10"},
        {"time,value\n1,1e999\n", "x.csv, line 2: this is no number: 1e999"},
        {"time,value\n1\n", "x.csv, line 2: a time and a value were expected"},
        {"time,value\n1,1\n1,2\n", "x.csv, line 3: the times do not rise: 1"},
        {"time,value\n2,1\n1,2\n", "x.csv, line 3: the times do not rise: 1"},
        {"time,value\n0,1\n60,2\n120,3\n150,4\n", "x.csv, line 5: the steps are not equal"},
        {"time,value\n0,1\n60,2\n120,3\n210,4\n", "x.csv, line 5: the steps are not equal"},
        {"time,value\n0,1\n1,2\n2,2\n4000000000,3\n", "x.csv, line 5: the gap before this line is too long"},
        {"time,value\n99999999999,1\n",
         "x.csv, line 2: this is neither RFC 3339 nor seconds since 1970: 99999999999"},
        {"time,value\n5000000000,1\n", "x.csv, line 2: this is more than 140 years from 1970: 5000000000"},
        {"time,value\n2024-02-30,1\n",
         "x.csv, line 2: this is neither RFC 3339 nor seconds since 1970: 2024-02-30"},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct series_csv s;
        struct sd_error err = {.text = "read"};
        assert_false(series_csv_read(all[i].text, strlen(all[i].text), "x.csv", &s, &err));
        assert_string_equal(err.text, all[i].sentence);
        assert_null(s.values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
