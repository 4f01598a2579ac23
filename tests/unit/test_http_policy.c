/* Dates, probabilities, bodies and sitemaps of an audit. What is said of an answer is in tests/cli/audit.sh.
 */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/caches/http_findings.h"
#include "format/caches/http_body.h"
#include "format/http_date.h"
#include "format/caches/http_head.h"
#include "format/caches/sitemap.h"

#define NOW INT64_C(1796000000) /* 2026-11-30 */

static void dates_in_three_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } good[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"sun, 06 nov 1994 08:49:37 gmt", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Thu, 29 Feb 2024 23:59:60 GMT", 1709251200},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Mon, 01 Jan 0001 00:00:00 GMT", -62135596800},
        {"Tuesday, 01-Dec-76 00:00:00 GMT", 3374006400}, /* 50 years ahead */
        {"Wednesday, 01-Dec-77 00:00:00 GMT", 249782400},
    };
    static const char *const bad[] = {"",
                                      "0",
                                      "-1",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 GMT+1",
                                      "Sun, 06 Nov 1994 24:00:00 GMT",
                                      "Wed, 29 Feb 2023 00:00:00 GMT",
                                      "Sun, 00 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Foo 1994 08:49:37 GMT",
                                      "06 Nov 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-1994 08:49:37 GMT",
                                      "1994-11-06T08:49:37Z"};
    int64_t s;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(http_date_parse(good[i].text, NOW, &s));
        assert_int_equal(s, good[i].s);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(http_date_parse(bad[i], NOW, &s));
}

/* Lighthouse's own figures: 12 minutes 0.1, 1 hour 0.2, 3 hours 0.3, ... */
static void probabilities_of_lifetimes(void **state)
{
    (void)state;
    static const double hours[] = {0.2, 1, 3, 8, 12, 24, 48, 72, 168, 8760};
    for (size_t i = 0; i < ARRAY_LEN(hours); i++)
        assert_float_equal(http_hit_probability((int64_t)(hours[i] * 3600)), (double)(i + 1) / 10, 1e-9);
    assert_float_equal(http_hit_probability(0), 0, 0);
    assert_float_equal(http_hit_probability(2 * 3600), 0.25, 1e-9);
    assert_float_equal(http_hit_probability(HTTP_LIFETIME_MAX), 1, 0);
    assert_true(isnan(http_hit_probability(SD_UNKNOWN)));
}

static void bodies_out_of_their_encoding(void **state)
{
    (void)state;
    static const unsigned char brotli[] = {0x0b, 0x02, 0x80, 'h', 'e', 'l', 'l', 'o', 0x03};
    size_t n;
    char *out = http_body_decode("br", (const char *)brotli, sizeof brotli, 100, &n);
    assert_non_null(out);
    assert_int_equal(n, 5);
    assert_memory_equal(out, "hello", 5);
    free(out);
    assert_null(http_body_decode("br", (const char *)brotli, sizeof brotli - 1, 100, &n)); /* cut */
    assert_null(http_body_decode("br", (const char *)brotli, sizeof brotli, 4, &n));       /* too long */
    assert_null(http_body_decode("zstd", "x", 1, 100, &n));
    out = http_body_decode("identity", "plain", 5, 100, &n);
    assert_string_equal(out, "plain");
    free(out);
}

static bool at_once(void *ctx)
{
    return ++*(int *)ctx > 0;
}

static void what_a_body_would_take(void **state)
{
    (void)state;
    char *text = mem_alloc(1 << 20);
    int asked = 0;
    memset(text, 'x', 1 << 20);
    assert_in_range(http_body_gzip(text, 1 << 20), 900, 1200);
    assert_in_range(http_body_brotli(text, 1 << 20, NULL, NULL), 5, 40);
    assert_in_range(http_body_gzip("", 0), 20, 20);
    assert_int_equal(http_body_brotli(text, 1 << 20, at_once, &asked), SD_UNKNOWN);
    assert_int_equal(asked, 1);
    free(text);
}

static void gather(void *ctx, const char *url, bool is_sitemap)
{
    strbuf_printf(ctx, "%s%s|", is_sitemap ? "+" : "", url);
}

static void urls_of_sitemaps(void **state)
{
    (void)state;
    static const struct {
        const char *text, *urls;
        bool is;
    } cases[] = {
        {"<urlset><url><loc>http://h/a</loc></url><url><loc>\n http://h/b \n</loc></url></urlset>",
         "http://h/a|http://h/b|", true},
        {"<?xml version='1.0'?><!-- <urlset> --><!DOCTYPE x><sitemapindex><sitemap><loc>http://h/s</loc>"
         "</sitemap></sitemapindex>",
         "+http://h/s|", true},
        {"\xEF\xBB\xBF <s:urlset xmlns:i='i'><s:url><s:loc>http://h/?a=1&amp;b=&#50;&#x33;&zzz;</s:loc>"
         "<i:image><i:loc>http://h/no</i:loc></i:image></s:url></s:urlset>",
         "http://h/?a=1&b=23&zzz;|", true},
        {"<urlset><url><loc><![CDATA[http://h/<c>]]></loc><x/></url><url><loc/></url></urlset>",
         "http://h/<c>|", true},
        {"<urlset><loc>http://h/outside</loc><url><a><loc>http://h/deep</loc></a></url></urlset>", "", true},
        {"<urlset><url><loc>http://h/cut", "http://h/cut|", true},
        {"<urlset", "", true},
        {"<html><url><loc>http://h/</loc></url></html>", "http://h/|", false},
        {"", "", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct strbuf urls = {0};
        assert_int_equal(sitemap_recognise(cases[i].text, strlen(cases[i].text)), cases[i].is);
        sitemap_read(cases[i].text, strlen(cases[i].text), gather, &urls);
        assert_string_equal(strbuf_text(&urls), cases[i].urls);
        strbuf_free(&urls);
    }
}

static void lists_of_urls(void **state)
{
    (void)state;
    static const char text[] = "# shop\n\nhttp://h/a\n  http://h/b \r\n\t# no\nhttp://h/c#x";
    struct strbuf urls = {0};
    url_list_read(text, sizeof text - 1, gather, &urls);
    assert_string_equal(strbuf_text(&urls), "http://h/a|http://h/b|http://h/c#x|");
    strbuf_free(&urls);
}

/* A header that holds everything at once: each finding is a sentence that names what to send or do. */
static void every_finding_has_a_sentence(void **state)
{
    (void)state;
    enum severity severity;
    const char *about, *kind;
    size_t n = 0;
    while ((kind = http_finding_kind(n, &severity, &about))) {
        assert_true(severity >= SEVERITY_INFO && *about);
        n++;
    }
    assert_int_equal(n, 23);
}

static void the_last_block_counts(void **state)
{
    (void)state;
    static const char block[] =
        "HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\nHTTP/2 200\r\nb: 2 \r\n 3\r\nno field\r\nc : 4\r\nB: 5";
    struct arena *a = arena_new();
    struct http_head *h = arena_alloc(a, sizeof *h);
    http_head_read(h, block, sizeof block - 1, a);
    assert_int_equal(h->status, 200);
    assert_string_equal(h->version, "2");
    assert_int_equal(h->n, 2);
    assert_string_equal(http_head_list(h, "B", a), "2 3, 5");
    assert_null(http_head_get(h, "A"));
    arena_free(a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_in_three_forms),
        cmocka_unit_test(probabilities_of_lifetimes),
        cmocka_unit_test(bodies_out_of_their_encoding),
        cmocka_unit_test(what_a_body_would_take),
        cmocka_unit_test(urls_of_sitemaps),
        cmocka_unit_test(lists_of_urls),
        cmocka_unit_test(every_finding_has_a_sentence),
        cmocka_unit_test(the_last_block_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
