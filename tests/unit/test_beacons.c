/* What pages send of their vitals, how it is asked for, and what the Chrome UX Report and HTTP archives say.
 */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/batch.h"
#include "format/http_request.h"
#include "format/pages/beacon.h"
#include "format/pages/crux.h"
#include "format/pages/har.h"

static const struct sd_host HOST = {.add = batch_add};

/* ---- beacons ---- */

static struct {
    char text[1024];
    double value;
    int taken;
} got;

static void take(void *ctx, const struct field_beacon *b)
{
    (void)ctx;
    snprintf(got.text, sizeof got.text, "%s %s|%s|%s|%s|%s|%s|%s|%s", VITALS[b->metric].name, b->id,
             b->key[FIELD_PAGE], b->key[FIELD_DEVICE], b->key[FIELD_CONNECTION], b->key[FIELD_COUNTRY],
             b->key[FIELD_NAVIGATION], b->target ? b->target : "-", b->script ? b->script : "-");
    got.value = b->value;
    got.taken++;
}

static struct beacon_found read_text(const char *text, const char *referer)
{
    memset(&got, 0, sizeof got);
    return beacon_read(text, strlen(text), referer, take, NULL);
}

static void test_sound_beacons(void **state)
{
    (void)state;
    static const struct {
        const char *text, *referer, *expected;
        double value;
    } rows[] = {
        {"{\"name\":\"LCP\",\"value\":0,\"id\":\"a\"}", NULL, "lcp a|/|unknown|unknown|unknown|unknown|-|-",
         0},
        {"{\"name\":\"LCP\",\"value\":3600000,\"id\":\"a\"}", "https://h/o/12?x",
         "lcp a|/o/:id|unknown|unknown|unknown|unknown|-|-", 3600000},
        {" [{\"name\":\"CLS\",\"value\":0.25,\"id\":\"v5-1\",\"url\":\"https://h/"
         "a?b\",\"deviceType\":\"tablet\","
         "\"effectiveType\":\"3g\",\"country\":\"NO\",\"navigationType\":\"reload\","
         "\"attribution\":{\"largestShiftTarget\":\"#ad\"}}]\r\n",
         "https://h/other", "cls v5-1|/a|tablet|3g|NO|reload|#ad|-", 0.25},
        {"{\"name\":\"INP\",\"value\":8,\"id\":\"i\",\"path\":\"/"
         "p\",\"form_factor\":\"phone\",\"connection\":\"wifi\","
         "\"attribution\":{\"interactionTarget\":\"button\",\"longestScript\":{\"entry\":{\"sourceURL\":"
         "\"https://c/a.js?key=1\"}}}}",
         NULL, "inp i|/p|phone|wifi|unknown|unknown|button|https://c/a.js", 8},
        {"{\"name\":\"INP\",\"value\":8,\"id\":\"i\",\"navigationURL\":\"https://h/q#x\",\"attribution\":{"
         "\"target\":\"a\",\"longAnimationFrameEntries\":[{\"scripts\":[{\"duration\":2,\"sourceURL\":\"x\"},"
         "{\"duration\":9,\"sourceURL\":\"y\"}]}]}}",
         NULL, "inp i|/q|unknown|unknown|unknown|unknown|a|y", 8},
        /* the last one of a name counts, as in a browser; what is no text is passed over */
        {"{\"name\":\"FCP\",\"name\":\"TTFB\",\"value\":1,\"value\":2,\"id\":\"a\",\"page\":7,\"url\":\"/"
         "u\",\"device\":null}",
         NULL, "ttfb a|/u|unknown|unknown|unknown|unknown|-|-", 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct beacon_found f = read_text(rows[i].text, rows[i].referer);
        assert_string_equal(got.text, rows[i].expected);
        assert_true(got.value == rows[i].value);
        assert_int_equal(f.taken, 1);
        assert_int_equal(f.rejected + f.ignored, 0);
    }
}

static void test_unsound_beacons(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int taken, ignored, rejected;
    } rows[] = {
        {"", 0, 0, 1},
        {"hello", 0, 0, 1},
        {"[]", 0, 0, 0},
        {"null", 0, 0, 1},
        {"{}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":1,\"id\":\"a\"} x", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":1,\"id\":\"a\"", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":1,\"id\":\"\xff\"}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":\"1\",\"id\":\"a\"}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":-1,\"id\":\"a\"}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":3600000.5,\"id\":\"a\"}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":1e999,\"id\":\"a\"}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":true,\"id\":\"a\"}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"id\":\"a\"}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":1}", 0, 0, 1},
        {"{\"name\":\"LCP\",\"value\":1,\"id\":7}", 0, 0, 1},
        {"{\"name\":\"FID\",\"value\":1,\"id\":\"a\"}", 0, 1, 0},
        {"{\"name\":\"lcp\"}", 0, 1, 0},
        {"[{\"name\":\"LCP\",\"value\":1,\"id\":\"a\"},3,{\"name\":\"X\"},{\"name\":\"CLS\",\"value\":1,"
         "\"id\":\"a\"}]",
         2, 1, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct beacon_found f = read_text(rows[i].text, NULL);
        assert_int_equal(f.taken, rows[i].taken);
        assert_int_equal(got.taken, rows[i].taken);
        assert_int_equal(f.ignored, rows[i].ignored);
        assert_int_equal(f.rejected, rows[i].rejected);
        assert_true(!f.rejected == !f.reason);
    }
}

static void test_long_ids_and_deep_nesting(void **state)
{
    (void)state;
    char *text = mem_printf("{\"name\":\"LCP\",\"value\":1,\"id\":\"%0200d\"}", 1);
    assert_int_equal(read_text(text, NULL).taken, 1);
    free(text);
    text = mem_printf("{\"name\":\"LCP\",\"value\":1,\"id\":\"%0201d\"}", 1);
    assert_int_equal(read_text(text, NULL).rejected, 1);
    free(text);
    text = mem_alloc(1000001);
    memset(text, '[', 1000000);
    assert_int_equal(read_text(text, NULL).rejected, 1);
    free(text);
}

/* ---- requests ---- */

static void test_requests(void **state)
{
    (void)state;
#define P "POST /rum HTTP/1.1\r\n"
    static const struct {
        const char *bytes;
        enum http_state head;
        enum http_method method;
        int64_t length;
        bool keep_alive, waits;
        const char *referer;
    } rows[] = {
        {P "Content-Length: 12\r\n\r\n", HTTP_WHOLE, HTTP_POST, 12, true, false, NULL},
        {"\r\n\n" P "content-length:\t7 \r\nREFERER: http://a/b \r\n\r\n", HTTP_WHOLE, HTTP_POST, 7, true,
         false, "http://a/b"},
        {P "Connection: TE, Close\r\nExpect: 100-continue\r\n\r\n", HTTP_WHOLE, HTTP_POST, -1, false, true,
         NULL},
        {"POST / HTTP/1.0\nContent-Length: 1\n\n", HTTP_WHOLE, HTTP_POST, 1, false, false, NULL},
        {"POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", HTTP_WHOLE, HTTP_POST, -1, true, false, NULL},
        {P "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", HTTP_WHOLE, HTTP_POST, -1, false, false,
         NULL},
        {P "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", HTTP_WHOLE, HTTP_POST, 5, true, false, NULL},
        {P "Content-Length: 99999999999999999999999\r\n\r\n", HTTP_WHOLE, HTTP_POST, 1000000000000000, true,
         false, NULL},
        {"OPTIONS * HTTP/1.1\r\n\r\n", HTTP_WHOLE, HTTP_OPTIONS, -1, true, false, NULL},
        {"GET /?a=POST HTTP/1.1\r\n\r\n", HTTP_WHOLE, HTTP_GET, -1, true, false, NULL},
        {"", HTTP_MORE, 0, 0, 0, 0, NULL},
        {"\r\n\r\n", HTTP_MORE, 0, 0, 0, 0, NULL},
        {"POST / HT", HTTP_MORE, 0, 0, 0, 0, NULL},
        {P "Content-Length: 5\r\n", HTTP_MORE, 0, 0, 0, 0, NULL},
        {P "Content-Length: 5\r\n\r", HTTP_MORE, 0, 0, 0, 0, NULL},
        {P "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {P "Content-Length: -5\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {P "Content-Length:\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {P "Content-Length : 5\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {P " folded\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {"POST / HTTP/2.0\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {"POST /a b HTTP/1.1\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {"hello\r\n\r\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
        {"\x16\x03\x01\x02\n", HTTP_BROKEN, 0, 0, 0, 0, NULL},
    };
#undef P
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_request r;
        size_t n = strlen(rows[i].bytes);
        if (http_request_read(rows[i].bytes, n, &r) != rows[i].head)
            fail_msg("row %zu", i);
        if (rows[i].head != HTTP_WHOLE)
            continue;
        assert_int_equal(r.head, n);
        assert_int_equal(r.method, rows[i].method);
        assert_int_equal(r.length, rows[i].length);
        assert_int_equal(r.keep_alive, rows[i].keep_alive);
        assert_int_equal(r.waits, rows[i].waits);
        if (rows[i].referer) {
            assert_int_equal(r.referer.n, strlen(rows[i].referer));
            assert_memory_equal(r.referer.at, rows[i].referer, r.referer.n);
        }
        for (size_t k = 0; k < n; k++) /* in pieces */
            assert_int_equal(http_request_read(rows[i].bytes, k, &r), HTTP_MORE);
    }
}

static void test_long_heads(void **state)
{
    (void)state;
    char *bytes = mem_alloc(HTTP_REQUEST_HEAD_MAX + 100);
    struct http_request r;
    strcpy(bytes, "POST / HTTP/1.1\r\nX: ");
    memset(bytes + strlen(bytes), 'a', HTTP_REQUEST_HEAD_MAX);
    assert_int_equal(http_request_read(bytes, HTTP_REQUEST_HEAD_MAX, &r), HTTP_MORE);
    assert_int_equal(http_request_read(bytes, HTTP_REQUEST_HEAD_MAX + 1, &r), HTTP_LONG);
    free(bytes);
}

/* ---- the Chrome UX Report ---- */

static const char RECORD[] =
    "{\"record\":{\"key\":{\"url\":\"https://h/a\",\"formFactor\":\"PHONE\"},\"metrics\":{"
    "\"largest_contentful_paint\":{\"histogram\":[{\"start\":0,\"end\":2500,\"density\":0.5},"
    "{\"start\":2500,\"end\":4000,\"density\":0.25},{\"start\":4000,\"density\":0.25}],\"percentiles\":{"
    "\"p75\":3100}},"
    "\"cumulative_layout_shift\":{\"histogram\":[{\"density\":1},{},{}],\"percentiles\":{\"p75\":\"0.05\"}},"
    "\"form_factors\":{\"fractions\":{\"desktop\":0.4}}},\"collectionPeriod\":{}}}";

static void test_crux_record(void **state)
{
    (void)state;
    struct sd_error err;
    struct sd_batch *b = batch_new("test", SD_S);
    const struct sd_page_field *f;
    size_t i = 0;
    assert_true(crux_recognise(RECORD, sizeof RECORD - 1));
    assert_true(crux_read(RECORD, sizeof RECORD - 1, &HOST, b, &err));
    assert_int_equal(batch_len(b), 2);
    f = batch_each(b, SD_PAGE_FIELD, &i);
    assert_string_equal(f->data, "crux");
    assert_string_equal(f->by, "page");
    assert_string_equal(f->key, "https://h/a");
    assert_string_equal(f->form_factor, "phone");
    assert_string_equal(f->metric, "lcp");
    assert_true(f->p75 == 3100 && f->good_share == 0.5 && f->poor_share == 0.25);
    assert_true(!sd_known(f->count) && isnan(f->p75_low));
    f = batch_each(b, SD_PAGE_FIELD, &i);
    assert_true(f->p75 == 0.05 && f->good_share == 1 && f->poor_share == 0);
    batch_unref(b);
}

static void test_crux_history(void **state)
{
    (void)state;
    static const char text[] =
        "{\"record\":{\"key\":{\"origin\":\"https://h\"},\"metrics\":{\"cumulative_layout_shift\":{"
        "\"histogramTimeseries\":[{\"densities\":[1,\"NaN\",1]}],\"percentilesTimeseries\":{\"p75s\":[\"0."
        "10\",null,"
        "\"0.2\"]}}},\"collectionPeriods\":[{\"firstDate\":{},\"lastDate\":{\"year\":2026,\"month\":1,"
        "\"day\":3}},"
        "{\"lastDate\":{\"year\":2026,\"month\":1,\"day\":10}},{\"lastDate\":{\"year\":2026,\"month\":1,"
        "\"day\":17}}]}}";
    struct sd_error err;
    struct sd_batch *b = batch_new("test", SD_S);
    size_t i = 0;
    assert_true(crux_recognise(text, sizeof text - 1));
    assert_true(crux_read(text, sizeof text - 1, &HOST, b, &err));
    assert_int_equal(batch_len(b), 1);
    const struct sd_page_trend *t = batch_each(b, SD_PAGE_TREND, &i);
    assert_string_equal(t->by, "origin");
    assert_string_equal(t->form_factor, "all");
    assert_int_equal(t->ends->n, 3);
    assert_int_equal(t->ends->items[1] - t->ends->items[0], 7 * 86400 * SD_S);
    assert_true(t->p75->items[0] == 0.1 && isnan(t->p75->items[1]) && t->p75->items[2] == 0.2);
    batch_unref(b);
}

static void test_crux_without_data(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{\"error\":{\"code\":404,\"message\":\"chrome ux report data not found\"}}", "data not found"},
        {"{\"record\":{\"key\":{},\"metrics\":{}}}", "names none"},
        {"{\"record\":{\"key\":{\"url\":\"https://h\"},\"metrics\":{\"x\":{}}}}", "none of the metrics"},
        {"{\"record\":[]}", "no record"},
        {"[1,2", "no JSON"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sd_error err = {""};
        struct sd_batch *b = batch_new("test", SD_S);
        assert_false(crux_read(rows[i].text, strlen(rows[i].text), &HOST, b, &err));
        assert_non_null(strstr(err.text, rows[i].says));
        batch_unref(b);
    }
    assert_true(crux_recognise(rows[0].text, strlen(rows[0].text)));
}

/* ---- HTTP archives ---- */

#define ENTRY(page, url, start, time, head, body)                                                            \
    "{\"pageref\":\"" page "\",\"startedDateTime\":\"2026-11-20T15:57:" start "Z\",\"time\":" time           \
    ",\"request\":{\"url\":\"" url                                                                           \
    "\",\"headers\":[{\"name\":\"url\",\"value\":\"no\"}]},\"response\":{\"headersSize\":" head              \
    ",\"bodySize\":" body ",\"content\":{\"mimeType\":\"text/css\",\"text\":\"\\\"url\\\":[{\"}}}"

static const char ARCHIVE[] = "\xef\xbb\xbf{\"log\":{\"version\":\"1.2\",\"creator\":{},\"entries\":[" ENTRY(
    "p1", "https://cdn.example:443/b", "06.500", "20.5", "100",
    "-1") "," ENTRY("p1", "https://shop.example/", "05.900", "10", "50",
                    "1000") "," ENTRY("p1", "https://cdn.example/c", "06.900", "1", "-1",
                                      "900") "," ENTRY("p1", "http://cdn.example:8080/c", "06.950", "-1",
                                                       "-1",
                                                       "5000") "," ENTRY("p1", "data:image/png;base64,AA",
                                                                         "06.950", "0", "-1",
                                                                         "0") "," ENTRY("p9", "https://x/",
                                                                                        "06.9", "1", "1",
                                                                                        "1") "],\"pages\":[{"
                                                                                             "\"id\":\"p1\","
                                                                                             "\"title\":"
                                                                                             "\"Shop\","
                                                                                             "\"pageTimings\""
                                                                                             ":{"
                                                                                             "\"onContentLoad"
                                                                                             "\":190.4764,"
                                                                                             "\"onLoad\":-1}}"
                                                                                             ","
                                                                                             "{\"id\":\"p2\","
                                                                                             "\"title\":\"\","
                                                                                             "\"pageTimings\""
                                                                                             ":{}}]}}";

static void test_recognising(void **state)
{
    static const struct {
        const char *text;
        int sure;
    } rows[] = {
        {"{\"name\":\"LCP\",\"value\":1,\"id\":\"a\"}\n", 95},
        {"\xef\xbb\xbf\r\n [ {\"value\":1,\"name\" :\t\"INP\"}]", 95},
        {"bad\n{\"name\":\"LCP\",\"value\":1,\"id\":\"a\"}\n", 60},
        {"{\"name\":\"FID\",\"value\":1}\n[{\"name\":\"CLS\",\"value\":1}]", 60},
        {"{\"name\":\"FID\",\"value\":1}\n", 0},
        {"{\"name\":\"LCP", 0},
        {"{\"value\":1,\"name\"", 0},
        {"bad\nmore {\"name\":\"LCP\",\"value\":1}", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (beacon_sure(rows[i].text, strlen(rows[i].text)) != rows[i].sure)
            fail_msg("row %zu", i);
}

static void test_har(void **state)
{
    (void)state;
    struct sd_error err = {""};
    struct sd_batch *b = batch_new("test", SD_S);
    char *note = NULL;
    size_t i = 0;
    assert_true(har_recognise(ARCHIVE + 3, sizeof ARCHIVE - 4));
    if (!har_read(ARCHIVE, sizeof ARCHIVE - 1, "a.har", &HOST, b, &note, &err))
        fail_msg("%s", err.text);
    assert_string_equal(note, "1 requests belong to none of its pages.");
    free(note);
    const struct sd_page_load *l = batch_each(b, SD_PAGE_LOAD, &i);
    assert_string_equal(l->page, "Shop");
    assert_int_equal(l->content_loaded_ns, 190476400);
    assert_int_equal(l->load_ns, SD_UNKNOWN);
    assert_int_equal(l->requests->n, 5);
    assert_string_equal(l->requests->items[0], "https://shop.example/");
    assert_string_equal(l->request_types->items[0], "text/css");
    assert_int_equal(l->request_start_ns->items[1], 600 * SD_MS);
    assert_int_equal(l->request_ns->items[1], 20500000);
    assert_int_equal(l->transfer_bytes, 100 + 1050 + 900 + 5000);
    assert_int_equal(l->third_parties->n, 2);
    assert_string_equal(l->third_parties->items[0], "http://cdn.example:8080");
    assert_int_equal(l->third_party_ns->items[0], SD_UNKNOWN);
    assert_string_equal(l->third_parties->items[1], "https://cdn.example");
    assert_int_equal(l->third_party_requests->items[1], 2);
    assert_int_equal(l->third_party_bytes->items[1], 1000);
    assert_int_equal(l->third_party_ns->items[1], 21500000);
    l = batch_each(b, SD_PAGE_LOAD, &i);
    assert_string_equal(l->page, "p2");
    assert_int_equal(l->requests->n, 0);
    assert_int_equal(l->transfer_bytes, 0);
    assert_null(batch_each(b, SD_PAGE_LOAD, &i));
    batch_unref(b);
}

static void test_har_without_pages(void **state)
{
    (void)state;
    static const char text[] = "{\"log\":{\"entries\":[{\"startedDateTime\":\"2026-11-20T15:57:05+02:00\","
                               "\"time\":1,\"request\":{\"url\":"
                               "\"https://a/x\"},\"response\":{}}]}}";
    struct sd_error err = {""};
    struct sd_batch *b = batch_new("test", SD_S);
    char *note = NULL;
    size_t i = 0;
    assert_true(har_recognise(text, sizeof text - 1));
    assert_true(har_read(text, sizeof text - 1, "a.har", &HOST, b, &note, &err));
    assert_null(note);
    const struct sd_page_load *l = batch_each(b, SD_PAGE_LOAD, &i);
    assert_string_equal(l->page, "https://a/x");
    assert_int_equal(l->requests->n, 1);
    batch_unref(b);
}

/* Cut anywhere it is refused with a sentence, not read as a smaller load. */
static void test_cut_har(void **state)
{
    (void)state;
    for (size_t n = 0; n + 1 < sizeof ARCHIVE; n++) {
        struct sd_error err = {""};
        struct sd_batch *b = batch_new("test", SD_S);
        char *note = NULL;
        if (har_read(ARCHIVE, n, "a.har", &HOST, b, &note, &err))
            fail_msg("%zu bytes", n);
        assert_true(*err.text);
        assert_int_equal(batch_len(b), 0);
        batch_unref(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_beacons),
        cmocka_unit_test(test_unsound_beacons),
        cmocka_unit_test(test_long_ids_and_deep_nesting),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_long_heads),
        cmocka_unit_test(test_crux_record),
        cmocka_unit_test(test_crux_history),
        cmocka_unit_test(test_crux_without_data),
        cmocka_unit_test(test_recognising),
        cmocka_unit_test(test_har),
        cmocka_unit_test(test_har_without_pages),
        cmocka_unit_test(test_cut_har),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
