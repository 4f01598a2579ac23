/* The requests of a load test, in HTTP/1.1 and in parts; and the texts that say where load may go. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "format/loads/request_text.h"
#include "format/loads/target_text.h"

static const char *const COLUMNS[] = {"name", "token"};
static const char *const CELLS[] = {"ann", "t\"1", "b\xc3\xb6 b", ""};
static const struct load_users USERS = {COLUMNS, 2, 2, CELLS};
static const struct load_request_frame FRAME = {
    .host = "127.0.0.1:8080", .agent = "slowdive/1 load", .users = &USERS};

static char *fill(const struct load_request_text *t, const struct load_request_frame *f, uint64_t seq,
                  int64_t user)
{
    struct sd_error err = {""};
    struct load_request *r = load_request_new(t, f, &err);
    if (!r)
        fail_msg("%s", err.text);
    char *out = mem_alloc(load_request_max(r) + 1);
    size_t n = load_request_fill(r, seq, user, out);
    assert_true(n <= load_request_max(r));
    assert_int_equal(strlen(out), n);
    load_request_free(r);
    return out;
}

static void is_filled(const struct load_request_text *t, uint64_t seq, int64_t user, const char *want)
{
    char *got = fill(t, &FRAME, seq, user);
    assert_string_equal(got, want);
    free(got);
}

#define FIXED "Host: 127.0.0.1:8080\r\nUser-Agent: slowdive/1 load\r\nAccept: */*\r\n"

static void one_for_each_kind(void **state)
{
    (void)state;
    const char *const headers[] = {"content-type: application/json", "X-User:  {user.name}"};
    is_filled(&(struct load_request_text){.path = "/"}, 0, -1, "GET / HTTP/1.1\r\n" FIXED "\r\n");
    is_filled(&(struct load_request_text){.method = "HEAD", .path = "/a b?q={seq}&u={user.name}"},
              18446744073709551615U, 1,
              "HEAD /a%20b?q=18446744073709551615&u=b%C3%B6%20b HTTP/1.1\r\n" FIXED "\r\n");
    is_filled(&(struct load_request_text){.method = "POST", .path = "/o"}, 0, -1,
              "POST /o HTTP/1.1\r\n" FIXED "Content-Length: 0\r\n\r\n");
    is_filled(&(struct load_request_text){.method = "POST",
                                          .path = "/o",
                                          .headers = headers,
                                          .n_headers = 2,
                                          .body = "{\"u\":\"{user.token}\",\"n\":{seq},\"x\":{}}{user"},
              10, 0,
              "POST /o HTTP/1.1\r\nContent-Type: application/json\r\nX-User: ann\r\n" FIXED
              "Content-Length: 30\r\n\r\n{\"u\":\"t\"1\",\"n\":10,\"x\":{}}{user");
    /* Nobody's row: the holes are empty. */
    is_filled(&(struct load_request_text){.path = "/{user.name}"}, 0, -1, "GET / HTTP/1.1\r\n" FIXED "\r\n");
}

static void headers_take_the_place_of_the_frame(void **state)
{
    (void)state;
    const char *const headers[] = {"host: shop.example", "ACCEPT: text/html", "User-Agent: {user.name}"};
    const struct load_request_frame f = {.host = "h", .base = "/shop", .agent = "a", .users = &USERS};
    char *got = fill(&(struct load_request_text){.path = "/x", .headers = headers, .n_headers = 3}, &f, 0, 0);
    assert_string_equal(
        got, "GET /shop/x HTTP/1.1\r\nHost: shop.example\r\nAccept: text/html\r\nUser-Agent: ann\r\n\r\n");
    free(got);
}

static bool is_text(const char *p, size_t n, const char *want)
{
    return strlen(want) == n && !memcmp(p, want, n);
}

static void in_parts(void **state)
{
    (void)state;
    static const char *const want[][2] = {
        {":method", "POST"}, {":scheme", "https"},    {":authority", "127.0.0.1:8080"},
        {":path", "/p/7"},   {"x-a", "ann"},          {"user-agent", "slowdive/1 load"},
        {"accept", "*/*"},   {"content-length", "3"},
    };
    const char *const headers[] = {"X-A: {user.name}", "Connection: keep-alive"};
    const struct load_request_text t = {
        .method = "POST", .path = "/p/{seq}", .headers = headers, .n_headers = 2, .body = "{user.name}"};
    struct load_request_parts p;
    struct sd_error err = {""};
    struct load_request *r = load_request_new(&t, &FRAME, &err);
    char *out = mem_alloc(load_request_max(r));
    load_request_parts(r, 7, 0, true, out, &p);
    assert_int_equal(p.n_fields, ARRAY_LEN(want));
    for (size_t i = 0; i < p.n_fields; i++) {
        assert_true(is_text(p.fields[i].name, p.fields[i].name_n, want[i][0]));
        assert_true(is_text(p.fields[i].value, p.fields[i].value_n, want[i][1]));
    }
    assert_true(is_text(p.body, p.n_body, "ann"));
    assert_true(p.body + p.n_body <= out + load_request_max(r));
    load_request_free(r);
    free(out);
}

static void what_cannot_be_sent(void **state)
{
    (void)state;
    static const char *const bad_cells[] = {"a\r\nX: y"};
    const struct load_users bad = {COLUMNS, 1, 1, bad_cells};
    static const struct {
        const char *method, *path, *header, *body, *says;
        bool no_users, bad_cell;
    } cases[] = {
        {"GET", "x", NULL, NULL, "slash", false, false},
        {"G T", "/", NULL, NULL, "no method", false, false},
        {"CONNECT", "/", NULL, NULL, "no method", false, false},
        {"GET", "/{user.age}", NULL, NULL, "no column \"age\"", false, false},
        {"GET", "/", NULL, "{user.name}", "needs credentials", true, false},
        {"GET", "/", "no colon", NULL, "no header", false, false},
        {"GET", "/", ": x", NULL, "no header", false, false},
        {"GET", "/", "A b: x", NULL, "no header", false, false},
        {"GET", "/", "A: x\r\nB: y", NULL, "control character", false, false},
        {"GET", "/", "Content-Length: 3", NULL, "cannot be set", false, false},
        {"GET", "/", "A: {user.name}", NULL, "row 1", false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct load_request_frame f = {.host = "h", .agent = "a", .users = cases[i].bad_cell ? &bad : &USERS};
        struct load_request_text t = {.method = cases[i].method,
                                      .path = cases[i].path,
                                      .headers = &cases[i].header,
                                      .n_headers = cases[i].header != NULL,
                                      .body = cases[i].body};
        struct sd_error err = {""};
        if (cases[i].no_users)
            f.users = NULL;
        assert_null(load_request_new(&t, &f, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu says: %s", i, err.text);
    }
}

static void targets(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *authority, *base;
        uint16_t port;
        bool tls;
    } good[] = {
        {"http://127.0.0.1:8080", "127.0.0.1", "127.0.0.1:8080", "", 8080, false},
        {"HTTP://LocalHost", "localhost", "localhost", "", 80, false},
        {"https://shop.example/api/v1//", "shop.example", "shop.example", "/api/v1", 443, true},
        {"https://[::1]:8443/", "::1", "[::1]:8443", "", 8443, true},
        {"http://[::FFFF:127.0.0.1]", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]", "", 80, false},
        {"https://h:80/@", "h", "h:80", "/@", 80, true},
    };
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "written http://"},
        {"127.0.0.1:8080", "written http://"},
        {"ftp://h/", "written http://"},
        {"http://", "no host"},
        {"http:///x", "no host"},
        {"http://user:secret@h/", "no user and password"},
        {"http://h:0/", "port"},
        {"http://h:65536/", "port"},
        {"http://h:99999999999999999999/", "port"},
        {"http://h:x/", "port"},
        {"http://h:80x/", "neither a port nor a path"},
        {"http://[::1/", "bracket"},
        {"http://[fe80::1%25eth0]/", "no host"},
        {"http://h/?a=b", "no query"},
        {"http://h/a#b", "no query"},
        {"http://h/a b", "space"},
        {"http://h\nx/", "no host"},
    };
    struct load_url u;
    struct sd_error err;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(load_url_parse(good[i].text, &u, &err));
        assert_string_equal(u.host, good[i].host);
        assert_string_equal(u.authority, good[i].authority);
        assert_string_equal(u.base, good[i].base);
        assert_int_equal(u.port, good[i].port);
        assert_int_equal(u.tls, good[i].tls);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(load_url_parse(bad[i].text, &u, &err));
        if (!strstr(err.text, bad[i].says))
            fail_msg("%s says: %s", bad[i].text, err.text);
        assert_null(strstr(err.text, "secret"));
    }
}

static void words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double rate, duration; /* rate below 0: refused */
    } cases[] = {
        {"max_rate_per_s: 200\nmax_duration_s: 600\n", 200, 600},
        {"\r\nmax_duration_s:\t0.5\r\n\r\nmax_rate_per_s:1e3  ", 1000, 0.5},
        {"", -1, 0},
        {"max_rate_per_s: 200\n", -1, 0},
        {"max_rate_per_s: 200\nmax_duration_s: 600\nmax_rate_per_s: 9\n", -1, 0},
        {"max_rate_per_s: 200\nmax_duration_s: 600\nother: 1\n", -1, 0},
        {"max_rate_per_s: -1\nmax_duration_s: 600\n", -1, 0},
        {"max_rate_per_s: inf\nmax_duration_s: 600\n", -1, 0},
        {"max_rate_per_s: 200/s\nmax_duration_s: 600\n", -1, 0},
        {"max_rate_per_s = 200\nmax_duration_s: 600\n", -1, 0},
        {"<html>200</html>", -1, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct load_word w;
        struct sd_error err = {""};
        bool ok = load_word_parse(cases[i].text, strlen(cases[i].text), &w, &err);
        assert_int_equal(ok, cases[i].rate >= 0);
        if (ok)
            assert_true(w.max_rate_per_s == cases[i].rate && w.max_duration_s == cases[i].duration);
        else
            assert_true(*err.text);
    }
    struct load_word w;
    struct sd_error err;
    assert_false(load_word_parse("max_rate_per_s: 2\0000\nmax_duration_s: 6", 40, &w, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_for_each_kind), cmocka_unit_test(headers_take_the_place_of_the_frame),
        cmocka_unit_test(in_parts),          cmocka_unit_test(what_cannot_be_sent),
        cmocka_unit_test(targets),           cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
