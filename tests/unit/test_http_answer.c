/* Answers of HTTP/1.1 under load: where they end, whole, byte by byte, and cut at every place. */
#include "tests/lib/test.h"

#include <string.h>

#include "format/loads/http_answer.h"

#define NOW INT64_C(1796000000) /* 2026-11-30 */

struct answer_case {
    const char *bytes; /* an answer, and perhaps more behind it */
    size_t rest;       /* bytes of that */
    enum http_answer_state state;
    int status;
    bool head, close;
};

/* Feeds it in pieces of n bytes; returns what was taken. */
static size_t feed(struct http_answer *a, const char *bytes, size_t len, size_t n, bool head)
{
    size_t at = 0;
    http_answer_begin(a, head);
    while (at < len && a->state == HTTP_ANSWER_MORE)
        at += http_answer_feed(a, bytes + at, MIN(n, len - at), NOW);
    return at;
}

static const struct answer_case CASES[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, HTTP_ANSWER_DONE, 200, false, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 ", 9, HTTP_ANSWER_DONE, 200, false, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 0, HTTP_ANSWER_MORE, 200, false, false},
    {"HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", 0, HTTP_ANSWER_DONE, 200, false, false},
    {"HTTP/1.1 200 OK\ncontent-length: 2 \n\nab", 0, HTTP_ANSWER_DONE, 200, false, false},
    {"HTTP/1.1 204 No Content\r\n\r\n", 0, HTTP_ANSWER_DONE, 204, false, false},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", 0, HTTP_ANSWER_DONE, 304, false, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 0, HTTP_ANSWER_DONE, 200, true, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00\r\n\r\n", 0, HTTP_ANSWER_DONE,
     200, false, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: "
     "1\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\nX",
     1, HTTP_ANSWER_DONE, 200, false, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", 0, HTTP_ANSWER_MORE, 200, false, true},
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", 0, HTTP_ANSWER_MORE, 200, false, true},
    {"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", 0, HTTP_ANSWER_DONE, 200, false,
     true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 0, HTTP_ANSWER_DONE, 200, false, true},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", 0, HTTP_ANSWER_DONE, 200,
     false, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 201 "
     "Created\r\nContent-Length: 1\r\n\r\nx",
     0, HTTP_ANSWER_DONE, 201, false, false},
    {"HTTP/1.1 200 OK\r\nX-Long: a\r\n  folded: b\r\nContent-Length: 0\r\n\r\n", 0, HTTP_ANSWER_DONE, 200,
     false, false},
    {"HTTP/1.1 429 Too Many\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nno!", 0, HTTP_ANSWER_DONE, 429,
     false, false},
    /* Not HTTP. */
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"SSH-2.0-OpenSSH_9.2\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/2.0 200 OK\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 2x0 OK\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 099 OK\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 2000 OK\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 101 Switching\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 200 OK\r\nno header\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false,
     false},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", 0, HTTP_ANSWER_WRONG, 0, false,
     false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 0, HTTP_ANSWER_WRONG, 0, false, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 0, HTTP_ANSWER_WRONG, 0, false,
     false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", 0, HTTP_ANSWER_WRONG, 0,
     false, false},
};

static void ends_where_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const struct answer_case *c = &CASES[i];
        size_t len = strlen(c->bytes);
        for (size_t n = 1; n <= len; n++) {
            struct http_answer a;
            size_t taken = feed(&a, c->bytes, len, n, c->head);
            if (a.state != c->state)
                fail_msg("case %zu in pieces of %zu: state %d (%s)", i, n, a.state, a.wrong ? a.wrong : "");
            if (c->state == HTTP_ANSWER_WRONG) {
                assert_non_null(a.wrong);
                continue;
            }
            if (taken != len - c->rest || a.bytes != taken || a.status != c->status || a.close != c->close)
                fail_msg("case %zu in pieces of %zu: took %zu, status %d, close %d", i, n, taken, a.status,
                         a.close);
        }
    }
}

static void closing_ends_only_a_body_without_a_length(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool done;
    } cases[] = {
        {"", false},
        {"HTTP/1.1 200 OK\r\n", false},
        {"HTTP/1.1 200 OK\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\n\r\nabc", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_answer a;
        feed(&a, cases[i].bytes, strlen(cases[i].bytes), 7, false);
        assert_int_equal(http_answer_closed(&a), cases[i].done);
        assert_int_equal(a.state, cases[i].done ? HTTP_ANSWER_DONE : HTTP_ANSWER_MORE);
    }
}

static void retry_after_in_both_forms(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t after, at;
    } cases[] = {
        {"120", 120, SD_UNKNOWN},
        {" 0 ", 0, SD_UNKNOWN},
        {"Wed, 21 Oct 2026 07:28:00 GMT", SD_UNKNOWN, 1792567680},
        {"soon", SD_UNKNOWN, SD_UNKNOWN},
        {"-3", SD_UNKNOWN, SD_UNKNOWN},
        {"", SD_UNKNOWN, SD_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char bytes[200];
        struct http_answer a;
        snprintf(bytes, sizeof bytes, "HTTP/1.1 429 No\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
                 cases[i].value);
        for (size_t n = 1; n < 60; n++) {
            feed(&a, bytes, strlen(bytes), n, false);
            assert_int_equal(a.state, HTTP_ANSWER_DONE);
            assert_int_equal(a.retry_after_s, cases[i].after);
            assert_int_equal(a.retry_at_s, cases[i].at);
        }
    }
}

static void a_failure_says_how_its_body_begins(void **state)
{
    (void)state;
    static const char bytes[] = "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n9\r\n pool "
                                "is \r\n2\r\nup\r\n0\r\n\r\n";
    struct http_answer a;
    for (size_t n = 1; n < sizeof bytes; n++) {
        feed(&a, bytes, sizeof bytes - 1, n, false);
        assert_int_equal(a.n_begin, 14);
        assert_memory_equal(a.begin, "the pool is up", 14);
    }
}

static void a_head_has_an_end(void **state)
{
    (void)state;
    static char bytes[HTTP_ANSWER_HEAD_MAX + 1000];
    for (size_t n = 1; n <= sizeof bytes; n = n * 7 + 1) {
        struct http_answer a;
        size_t first = (size_t)sprintf(bytes, "HTTP/1.1 200 OK\r\nX: ");
        memset(bytes + first, 'a', sizeof bytes - first);
        feed(&a, bytes, sizeof bytes, n, false);
        assert_int_equal(a.state, HTTP_ANSWER_WRONG);
        memcpy(bytes + HTTP_ANSWER_HEAD_MAX - 100, "\r\nContent-Length: 3\r\n\r\nabc", 26);
        assert_int_equal(feed(&a, bytes, sizeof bytes, n, false), HTTP_ANSWER_HEAD_MAX - 100 + 26);
        assert_int_equal(a.state, HTTP_ANSWER_DONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_where_it_should),
        cmocka_unit_test(closing_ends_only_a_body_without_a_length),
        cmocka_unit_test(retry_after_in_both_forms),
        cmocka_unit_test(a_failure_says_how_its_body_begins),
        cmocka_unit_test(a_head_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
