#include "tests/lib/test.h"

#include "base/clock.h"
#include "base/find.h"
#include "base/units.h"
#include "base/redact.h"
#include "base/utf8.h"

#include <locale.h>
#include <stdlib.h>
#include <time.h>

/* Past the size from which on it takes large pages; with blocks that are larger, and what it took over. */
static void large_arena_keeps_what_it_gave(void **state)
{
    (void)state;
    enum { TEXTS = 4000, EACH = 3000 };
    static const size_t big[] = {1 << 20, 2 << 20, (2 << 20) - 64, 5 << 20};
    struct arena *a = arena_new();
    char **texts = arena_alloc(a, TEXTS * sizeof *texts);
    for (int i = 0; i < TEXTS; i++) {
        texts[i] = arena_alloc(a, EACH);
        for (size_t k = 0; k < EACH; k++)
            assert_int_equal(texts[i][k], 0);
        memset(texts[i], i % 100 + 1, EACH);
        if (i % 1000 == 0)
            memset(arena_alloc(a, big[i / 1000]), 'x', big[i / 1000]);
    }
    char *mine = mem_strdup("mine");
    arena_adopt(a, mine, sizeof "mine");
    assert_string_equal(mine, "mine");
    for (int i = 0; i < TEXTS; i++)
        for (size_t k = 0; k < EACH; k++)
            assert_int_equal(texts[i][k], i % 100 + 1);
    assert_true(arena_bytes(a) >= TEXTS * EACH && arena_bytes(a) < 2 * TEXTS * EACH + (12 << 20));
    arena_free(a);
}

static void arena_keeps_what_it_gave(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    char *texts[2000];
    for (int i = 0; i < 2000; i++)
        texts[i] = arena_printf(a, "text %d", i);
    char *big = arena_alloc(a, 1 << 20);
    big[(1 << 20) - 1] = 1;
    for (int i = 0; i < 2000; i++) {
        char want[32];
        snprintf(want, sizeof want, "text %d", i);
        assert_string_equal(texts[i], want);
        assert_int_equal((uintptr_t)texts[i] % 16, 0);
    }
    assert_true(arena_bytes(a) >= (1 << 20) && arena_bytes(a) < (1 << 21));
    assert_string_equal(arena_strndup(a, "abc\0def", 7), "abc");
    arena_free(a);
}

static void strbuf_grows(void **state)
{
    (void)state;
    struct strbuf b = {0};
    assert_string_equal(strbuf_text(&b), "");
    for (int i = 0; i < 1000; i++)
        strbuf_printf(&b, "%d,", i);
    assert_int_equal(b.len, 3890);
    strbuf_pad(&b, ' ', 500);
    assert_int_equal(strlen(b.text), 4390);
    char *text = strbuf_detach(&b);
    assert_true(str_starts(text, "0,1,2,"));
    free(text);
    assert_null(b.text);
}

static void numbers_for_people(void **state)
{
    (void)state;
    static const struct {
        enum unit unit;
        double value;
        const char *text;
    } cases[] = {
        {UNIT_NS, 0, "0"},
        {UNIT_NS, 950, "950 ns"},
        {UNIT_NS, 1234567, "1.23 ms"},
        {UNIT_NS, 999600, "1.00 ms"},
        {UNIT_NS, 12345678901., "12.3 s"},
        {UNIT_NS, 3600e9 * 5, "5 h"},
        {UNIT_COUNT, 0, "0"},
        {UNIT_COUNT, 9999, "9999"},
        {UNIT_COUNT, 1234567, "1.23 M"},
        {UNIT_COUNT, 10000, "10.0 k"},
        {UNIT_BYTES, 1234567, "1.23 MB"},
        {UNIT_BYTES, 17, "17 B"},
        {UNIT_SHARE, 0.1234, "12.3 %"},
        {UNIT_SHARE, 1, "100 %"},
        {UNIT_SHARE, 0.0001, "<0.1 %"},
        {UNIT_SHARE, 0, "0.0 %"},
        {UNIT_PER_S, 1234.5, "1.23 k/s"},
        {UNIT_FACTOR, 123.4, "123x"},
        {UNIT_FACTOR, 1.5, "1.5x"},
        {UNIT_LOAD, 1.254, "1.25"},
        {UNIT_AGE, 3e9, "now"},
        {UNIT_AGE, 47e9, "40 s"},
        {UNIT_AGE, 130e9, "2 min"},
        {UNIT_AGE, 2000e9, "30 min"},
        {UNIT_SINCE, 0, "0.0 s"},
        {UNIT_SINCE, 0.44e9, "0.4 s"},
        {UNIT_SINCE, 2.19e9, "2.1 s"},
        {UNIT_SINCE, 9.99e9, "9.9 s"},
        {UNIT_SINCE, 23.9e9, "23 s"},
        {UNIT_SINCE, 59.999e9, "59 s"},
        {UNIT_SINCE, 130e9, "2m10s"},
        {UNIT_SINCE, 3605e9, "1h00m"},
        {UNIT_SINCE, 100 * 3600e9, "4d04h"},
        {UNIT_SINCE, NAN, "-"},
        {UNIT_NS, NAN, "-"},
        {UNIT_NS, INFINITY, "-"},
        {UNIT_COST, 0.29, "0.29"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char buf[UNIT_TEXT_MAX];
        assert_string_equal(unit_format(cases[i].unit, cases[i].value, buf), cases[i].text);
    }
    char buf[UNIT_TEXT_MAX];
    assert_string_equal(unit_format_int(UNIT_NS, SD_UNKNOWN, buf), "-");
    assert_string_equal(unit_format_number(0.123456, 4, buf), "0.1235");
    assert_string_equal(unit_format_number(9999.4, 4, buf), "9999");
    assert_string_equal(unit_format_number(-400000, 4, buf), "-400000");
    assert_string_equal(unit_format_number(1e15, 4, buf), "1e+15");
    assert_string_equal(unit_format_number(1e-7, 4, buf), "1e-07");
    for (double v = 1e-3; v < 1e17; v *= 1.07)
        for (enum unit u = UNIT_COUNT; u <= UNIT_SHARE && v < 1e15; u++)
            if (u != UNIT_SHARE || v <= 1)
                assert_true(strlen(unit_format(u, v, buf)) <= 8);
}

static void numbers_from_people(void **state)
{
    (void)state;
    struct sd_error err;
    int64_t v;
    assert_true(unit_parse_duration("250ms", &v, &err) && v == 250 * SD_MS);
    assert_true(unit_parse_duration("1.5m", &v, &err) && v == 90 * SD_S);
    assert_true(unit_parse_duration("0", &v, &err) && v == 0);
    assert_false(unit_parse_duration("10", &v, &err));
    assert_non_null(strstr(err.text, "write it like"));
    assert_false(unit_parse_duration("1e300d", &v, &err));
    assert_false(unit_parse_duration("", &v, &err));
    assert_false(unit_parse_duration("nan s", &v, &err));
    assert_true(unit_parse_bytes("64MiB", &v, &err) && v == 64 << 20);
    assert_true(unit_parse_bytes("500MB", &v, &err) && v == 500000000);
    assert_true(unit_parse_bytes("4096", &v, &err) && v == 4096);
    assert_false(unit_parse_bytes("64 flops", &v, &err));
}

static void times(void **state)
{
    (void)state;
    char buf[CLOCK_TEXT_MAX];
    struct sd_error err;
    sd_time t, now = 1795189898 * SD_S + 266 * SD_MS;
    setenv("TZ", "UTC", 1);
    tzset();
    assert_string_equal(clock_rfc3339(now, buf), "2026-11-20T15:51:38.266Z");
    assert_string_equal(clock_rfc3339(-SD_MS, buf), "1969-12-31T23:59:59.999Z");
    assert_string_equal(clock_hms(now, now, buf), "15:51:38");
    assert_string_equal(clock_hms(now, now + 86400 * SD_S, buf), "2026-11-20 15:51:38");
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"14:03", "2026-11-20T14:03:00.000Z"},
        {"14:03:20", "2026-11-20T14:03:20.000Z"},
        {"23:59", "2026-11-19T23:59:00.000Z"}, /* the last such moment */
        {"2026-11-20 14:03:20", "2026-11-20T14:03:20.000Z"},
        {"2026-11-20T14:03:20.250Z", "2026-11-20T14:03:20.250Z"},
        {"2026-11-20T14:03:20+02:00", "2026-11-20T12:03:20.000Z"},
        {"2026-11-20 14:03:20 +0200", "2026-11-20T12:03:20.000Z"},
        {"14:03 UTC", "2026-11-20T14:03:00.000Z"},
        {"3m ago", "2026-11-20T15:48:38.266Z"},
        {"now", "2026-11-20T15:51:38.266Z"},
        {"@1795189898", "2026-11-20T15:51:38.000Z"},
        {"2026-11-17", "2026-11-17T00:00:00.000Z"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(clock_parse(cases[i].text, now, &t, &err));
        assert_string_equal(clock_rfc3339(t, buf), cases[i].want);
    }
    static const char *const wrong[] = {
        "",   "25:00", "14",         "14:3",        "yesterday", "2026-13-01T00:00:00Z",
        "@x", " ago",  "2026-13-01", "2026-11-177", "14:03x",    "2658-11-20T15:51:38.266Z"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(clock_parse(wrong[i], now, &t, &err));
    sd_time first = now - 3600 * SD_S; /* 14:51:38 */
    assert_true(clock_parse_within("15:00", first, now, &t, &err));
    assert_string_equal(clock_rfc3339(t, buf), "2026-11-20T15:00:00.000Z");
    assert_true(
        clock_parse_within("18:00", first, now, &t, &err)); /* not the day before, which has no data */
    assert_string_equal(clock_rfc3339(t, buf), "2026-11-20T18:00:00.000Z");
    assert_true(clock_parse_within("18:00", now - 86400 * SD_S, now, &t, &err));
    assert_string_equal(clock_rfc3339(t, buf), "2026-11-19T18:00:00.000Z");
    assert_true(clock_parse_within("2h ago", first, now, &t, &err));
    assert_string_equal(clock_rfc3339(t, buf), "2026-11-20T13:51:38.266Z");
    assert_true(clock_parse_within("2026-11-19 18:00", first, now, &t, &err));
    assert_string_equal(clock_rfc3339(t, buf), "2026-11-19T18:00:00.000Z");
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); /* 25 October 2026: 02:00 to 03:00 twice */
    tzset();
    static const struct {
        int64_t now;
        const char *text, *want;
    } night[] = {
        {1792900800, "02:30", "2026-10-25T01:30:00.000Z"}, /* at noon: the second one */
        {1792890600, "02:30", "2026-10-25T00:30:00.000Z"}, /* at the second 02:10 */
        {1792900800, "2026-10-25 02:30", "2026-10-25T01:30:00.000Z"},
        {1792900800, "2026-10-25 02:30 CEST", "2026-10-25T00:30:00.000Z"},
        {1792900800, "02:30 CET", "2026-10-25T01:30:00.000Z"},
        {1792900800, "2026-10-25 02:30 +0200", "2026-10-25T00:30:00.000Z"},
        {1792900800, "2026-10-24 02:30", "2026-10-24T00:30:00.000Z"},
        {1774785600, "02:30",
         "2026-03-29T01:30:00.000Z"}, /* that night has none: what the C library makes of it */
    };
    for (size_t i = 0; i < ARRAY_LEN(night); i++) {
        assert_true(clock_parse(night[i].text, night[i].now * SD_S, &t, &err));
        assert_string_equal(clock_rfc3339(t, buf), night[i].want);
    }
    setenv("TZ", "UTC", 1);
    tzset();
    assert_int_equal(clock_days(1970, 1, 1), 0);
    assert_int_equal(clock_days(2000, 3, 1), 11017);
    assert_int_equal(clock_days(1969, 12, 31), -1);
}

static char *shown(const char *text)
{
    struct strbuf b = {0};
    utf8_append(&b, text, 1000);
    return strbuf_detach(&b);
}

static void hostile_text_is_neutralised(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"plain", "plain"},
        {"a\tb\nc", "a b c"},
        {"\x1b[31mred", "·[31mred"},
        {"\x1b]52;c;AAAA\a", "·]52;c;AAAA·"},
        {"\xc2\x9b"
         "31m",
         "·31m"}, /* C1 CSI as UTF-8 */
        {"\x9b"
         "31m",
         "·31m"}, /* C1 CSI as a byte */
        {"\xe2\x80\xae"
         "evil",
         "·evil"}, /* right-to-left override */
        {"\xef\xbb\xbf"
         "bom",
         "·bom"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"e\xcc\x81", "e"},               /* combining accent */
        {"\xe6\xbc\xa2", "\xe6\xbc\xa2"}, /* wide */
        {"\xc0\xaf", "··"},               /* overlong */
        {"\xed\xa0\x80", "···"},          /* surrogate */
        {"\xf4\x90\x80\x80", "····"},     /* above U+10FFFF */
        {"cut \xe2\x82", "cut ··"},
        {"\x7f", "·"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *s = shown(cases[i].text);
        assert_string_equal(s, cases[i].want);
        free(s);
    }
    assert_int_equal(utf8_width("\xe6\xbc\xa2x"), 3);
    struct strbuf b = {0};
    assert_int_equal(utf8_append(&b, "\xe6\xbc\xa2\xe6\xbc\xa2", 3), 2); /* never half a character */
    strbuf_clear(&b);
    utf8_append_valid(&b,
                      "a\xff"
                      "b",
                      3);
    assert_string_equal(b.text, "a\xef\xbf\xbd"
                                "b");
    assert_true(utf8_valid(b.text, b.len));
    assert_false(utf8_valid("\xff", 1));
    /* What is copied gets pasted: lines and tabs, nothing that acts. */
    static const char pasted[] = "SELECT\t1\r\n\x1b[201~\xc2\x9bx\xe2\x80\xae\xff\x7f\xe6\xbc\xa2";
    strbuf_clear(&b);
    utf8_append_lines(&b, pasted, sizeof pasted - 1);
    assert_string_equal(b.text, "SELECT\t1\n\xc2\xb7[201~\xc2\xb7x\xc2\xb7\xc2\xb7\xc2\xb7\xe6\xbc\xa2");
    strbuf_free(&b);
}

/* Figures are written without snprintf, and as it would. */
static void figures_are_those_of_snprintf(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 300000; i++) {
        char got[UNIT_TEXT_MAX], want[UNIT_TEXT_MAX];
        seed = seed * 1664525u + 1013904223u;
        double v = (double)(seed >> 8) / (i % 3 ? 16777216.0 : 16777.216) * (i % 2 ? 1 : -1);
        if (i % 5 == 0) /* in the middle of two figures, and near */
            v = ((double)(seed >> 20) + 0.5) / 1000 + (i % 10 ? 0 : 1e-12);
        if (v != 0 && fabs(v) < 0.0005)
            continue;
        snprintf(want, sizeof want, fabs(v) < 0.9995 ? "%.1f %%" : "%.0f %%", v * 100);
        assert_string_equal(unit_format(UNIT_SHARE, v, got), want);
    }
    char buf[UNIT_TEXT_MAX];
    assert_string_equal(unit_format(UNIT_NS, 50.0 * 1e3, buf), "50.0 us");
    assert_string_equal(unit_format(UNIT_COUNT, 0, buf), "0");
    assert_string_equal(unit_format(UNIT_PER_S, 0.05, buf), "0.05/s");
    assert_true(unit_may_show(UNIT_NS, "5 MS"));
    assert_false(unit_may_show(UNIT_NS, "orders"));
    assert_false(unit_may_show(UNIT_COUNT, "99.9 ms"));
    assert_true(unit_may_show(UNIT_BYTES, "9.22 EB"));
    assert_true(unit_may_show(UNIT_TIME, "orders"));
    assert_true(unit_may_show(UNIT_NS, ">292 y"));
}

/* What a command holds is in no message of its program. */
static void programs_do_not_tell_secrets(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"curl -u admin:hunter2 http://h/", "bad login hunter2", "bad login ***"},
        {"curl -uadmin:hunter2 http://h/", "bad login hunter2", "bad login ***"},
        {"mysql -phunter2", "(hunter2)", "(***)"},
        {"x --password hunter2 --y", "hunter2 --y", "*** --y"},
        {"x --api-token=hunter2", "+ x --api-token=hunter2", "+ x --api-token=***"},
        {"curl -H 'Authorization: Basic aHVudGVyMg=='", "got aHVudGVyMg==", "got ***=="},
        {"psql postgres://u:hunter2@h/d", "no hunter2", "no ***"},
        {"cat file", "file not found", "file not found"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct secrets *s = secrets_of(rows[i][0]);
        char *shown = secrets_hide(s, rows[i][1]);
        assert_string_equal(shown, rows[i][2]);
        free(shown);
        secrets_free(s);
    }
}

/* At every place of texts of every length, which end where their memory does. */
static void bytes_and_texts_are_found(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"ab", "abc", "aab", "abcabcabcabcabcabd"};
    for (size_t n = 0; n < 70; n++)
        for (size_t at = 0; at <= n; at++) {
            char *text = mem_alloc(n ? n : 1), *end = text + n;
            memset(text, 'a', n);
            if (at < n)
                text[at] = 'b';
            assert_ptr_equal(find_byte(text, end, 'b'), at < n ? text + at : NULL);
            assert_ptr_equal(find_byte(text, end, 'c'), NULL);
            for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
                size_t len = strlen(TEXTS[i]);
                assert_ptr_equal(find_text(text, end, TEXTS[i], len), memmem(text, n, TEXTS[i], len));
                if (at + len > n)
                    continue;
                memcpy(text + at, TEXTS[i], len);
                assert_ptr_equal(find_text(text, end, TEXTS[i], len), memmem(text, n, TEXTS[i], len));
                memset(text + at, 'a', len);
            }
            free(text);
        }
}

static void bytes_of_a_range_have_a_bit(void **state)
{
    (void)state;
    char text[FIND_BITS];
    for (unsigned k = 0; k < 256; k += 7)
        for (unsigned hi = k; hi < 256; hi += 31) {
            uint64_t want = 0;
            for (unsigned i = 0; i < FIND_BITS; i++) {
                unsigned char c = (unsigned char)(k * 5 + i * 11);
                text[i] = (char)c;
                want |= (uint64_t)(c >= k && c <= hi) << i;
            }
            assert_true(find_range(text, (unsigned char)k, (unsigned char)hi) == want);
        }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_snprintf),
        cmocka_unit_test(programs_do_not_tell_secrets),
        cmocka_unit_test(bytes_and_texts_are_found),
        cmocka_unit_test(bytes_of_a_range_have_a_bit),
        cmocka_unit_test(arena_keeps_what_it_gave),
        cmocka_unit_test(large_arena_keeps_what_it_gave),
        cmocka_unit_test(strbuf_grows),
        cmocka_unit_test(numbers_for_people),
        cmocka_unit_test(numbers_from_people),
        cmocka_unit_test(times),
        cmocka_unit_test(hostile_text_is_neutralised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
