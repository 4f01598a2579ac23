/* Paths become routes as an operator would name them. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/endpoints/route.h"

static void folds(const struct route_rules *r, const char *path, const char *route)
{
    char out[ROUTE_MAX];
    size_t n = route_fold(r, path, strlen(path), out);
    if (strcmp(out, route) != 0)
        fail_msg("%s folds to %s, not to %s", path, out, route);
    assert_int_equal(n, strlen(route));
}

static void test_segments(void **state)
{
    (void)state;
    static const struct {
        const char *path, *route;
    } CASES[] = {
        {"/", "/"},
        {"", "/"},
        {"?a=1", "/"},
        {"*", "*"},
        {"-", "-"},
        {"/feed", "/feed"},
        {"/deadbeef", "/deadbeef"},
        {"/deadbee1", "/:id"},
        {"/dead12", "/dead12"},
        {"/DEADBEEF01", "/:id"},
        {"/orders/17", "/orders/:id"},
        {"/orders/17/", "/orders/:id/"},
        {"/orders/-4/items", "/orders/:id/items"},
        {"/users/1,2,3", "/users/:id"},
        {"/users/1,", "/users/1,"},
        {"/-", "/-"},
        {"/v2/users/7633/orders?offset=220#top", "/v2/users/:id/orders"},
        {"/u/0a8c3f1e-9b1d-4c1a-8f00-aaaaaaaaaaaa", "/u/:id"},
        {"/u/abcdefab-abcd-abcd-abcd-abcdefabcdef", "/u/:id"},
        {"/u/abcdefab-abcd-abcd-abcd-abcdefabcdeg", "/u/abcdefab-abcd-abcd-abcd-abcdefabcdeg"},
        {"/archive/2026-11-20", "/archive/:id"},
        {"/archive/20261120", "/archive/:id"},
        {"/archive/2026-11-20T10:00:00Z", "/archive/:id"},
        {"/archive/2026-11-2x", "/archive/2026-11-2x"},
        {"/docs/1.5/index.html", "/docs/1.5/index.html"},
        {"//api///orders/4", "/api/orders/:id"},
        {"/cart;jsessionid=A81/items;v=2?x", "/cart/items"},
        {"http://shop.example:8080/orders/4?x=/a", "/orders/:id"},
        {"https://shop.example", "/"},
        {"shop.example:443", "shop.example:443"},
        {"/%7euser/%31%32", "/~user/:id"},
        {"/a%2fb/caf%c3%a9", "/a%2Fb/caf%C3%A9"},
        {"/100%/%zz", "/100%/%zz"},
        {"/a b\x01", "/a%20b%01"},
        {"/caf\xc3\xa9", "/caf\xc3\xa9"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        folds(NULL, CASES[i].path, CASES[i].route);
}

/* What stands for somebody or opens something does not stand in a route. */
static void test_opaque(void **state)
{
    (void)state;
    static const char *const SECRET[] = {
        "01NE9V797MHTS3E3M2NMRK0QAY",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01arz3ndektsv4rrffq69g5fav",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        "aaaabbbbccccddddeeee",
        "dGhpcyBpcyBhIHNlY3JldCB0b2tlbg",
        "V1StGXR8_Z5jdHi6B-myT",
        "Ab3_x-9QzL7kP2mN8vR4tW6y",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "sk_live_abcdef",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "xoxb-123456789012-1234567890123-4mt0t4l1yf3k3t0k3n",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyDdI0hCZtE6vySjMm-WEfRq3CPzqKqqsHI",
        "cus_9s6XKzkNRiz8i3",
        "507f1f77bcf86cd799439011",
        "9b74c9897bac770ffc029102a200c5de",
        "qmvxkzrwpthjbfgdncls",
        "user_0a8c3f1e-9b1d-4c1a-8f00-aaaaaaaaaaaa",
        "ada.lovelace@example.org",
        "ada.lovelace%40example.org",
        "ada%2540example.org",
        "ada+news%40mail.example.co.uk",
        "+491701234567",
        "%2B49170%201234567",
        "555-123-4567",
        "token=abc",
        "email=x",
        "my-title-5f3a9c2b7d1e8f90ab",
        "W3sidHlwZSI6ImEifV0%3D",
        "ZXhhbXBsZQ==",
        "bob@localhost",
        "7ZZZZZZZZZ0ZZZZZZZZZZZZZZZ",
        "cus_NffrFeUfNV2Hib",
        "ord_8f3k2",
        "usr-3f9a1b7c",
        "INV-00123",
        "order-4711",
        "ord_01H8XGJWBWBAQ4ZQ1F6Y9T2C3D",
        "app.3f9a1b2c.js",
        "main-5d41402a.min.css",
        "2.4e5f6a7b.chunk.js",
        "index-BX9a3kd2.js",
        "vendor-B_x9-kd2.css",
        "logo.20260312.png",
        "user:secretpw@x"};
    static const char *const NAME[] = {"really-long-hyphenated-article-title",
                                       "10-things-you-did-not-know-about-postgresql-2",
                                       "getUserProfileByIdV2",
                                       "exportToExcel2007Format",
                                       "ListObjectsV2Request",
                                       "wp-content",
                                       "iphone-13-pro-max-256gb-a2643-mp6g3ll-refurb",
                                       "donaudampfschifffahrtsgesellschaft",
                                       "krankenversicherungsbeitrag-2024",
                                       "przeglad-najwazniejszych-wydarzen",
                                       "react@18.2.0",
                                       "@babel",
                                       "user@latest",
                                       "jquery-3.6.0.min.js",
                                       "report-2024",
                                       "step_2",
                                       "app.js",
                                       "bootstrap.bundle.min.js",
                                       "jquery.dataTables.min.js",
                                       "fontawesome-webfont.woff2",
                                       "OpenSans-Regular.woff2",
                                       "sw-v12.js",
                                       "es2015-polyfills.js",
                                       "sitemap-2024.xml",
                                       "team-photo1.jpg",
                                       "user-settings",
                                       "index-DataView.js",
                                       "font-OpenSans.css",
                                       "lib-fileSave.js",
                                       "get_user_by_id",
                                       "add-to-cart2",
                                       "com.example.OrderServiceImplementation",
                                       "PostgreSQLConnectionPool",
                                       "oauth2callbackhandler",
                                       "v1.2.3",
                                       "index-1.2.html",
                                       "caf%C3%A9",
                                       "%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82",
                                       "xmlHttpRequestHandlerV2",
                                       "2024-annual-report",
                                       "internationalization",
                                       "well-known",
                                       "a=",
                                       "=b",
                                       "favicon.ico",
                                       "healthz"};
    for (size_t i = 0; i < ARRAY_LEN(SECRET) + ARRAY_LEN(NAME); i++) {
        bool secret = i < ARRAY_LEN(SECRET);
        char *path = mem_printf("/a/%s/b", secret ? SECRET[i] : NAME[i - ARRAY_LEN(SECRET)]);
        folds(NULL, path, secret ? "/a/:id/b" : path);
        free(path);
    }
    folds(NULL, "/reset%3Ftoken=abc", "/reset");
}

static void test_long_and_binary(void **state)
{
    (void)state;
    char out[ROUTE_MAX];
    assert_int_equal(route_fold(NULL, "/a\0b", 4, out), strlen("/a%00b"));
    assert_string_equal(out, "/a%00b");
    for (size_t shift = 0; shift < 8; shift++) {
        struct strbuf b = {0};
        strbuf_char(&b, '/');
        strbuf_pad(&b, 'x', shift);
        for (int i = 0; i < 300; i++)
            strbuf_str(&b, i % 3 ? "\xc3\xa9" : "/7%20\xe2\x82\xac");
        size_t n = route_fold(NULL, b.text, b.len, out);
        assert_in_range(n, 240, ROUTE_MAX - 1);
        assert_int_equal(strlen(out), n);
        assert_true(str_ends(out, "..."));
        assert_false((unsigned char)out[n - 4] >= 0xc0); /* no half character */
        strbuf_free(&b);
    }
    char slashes[2000];
    memset(slashes, '/', sizeof slashes);
    assert_int_equal(route_fold(NULL, slashes, sizeof slashes, out), 1);
    for (size_t i = 0; i < sizeof slashes; i += 2)
        slashes[i + 1] = '1';
    assert_true(route_fold(NULL, slashes, sizeof slashes, out) < ROUTE_MAX);
}

static void test_rules(void **state)
{
    (void)state;
    struct sd_error err;
    const char *patterns[] = {"/users/me", "/users/:name/posts", "/files/*", "/x/{slug}", "/a b", NULL};
    struct route_rules *r = route_rules_new(patterns, &err);
    assert_non_null(r);
    folds(r, "/users/me", "/users/me");
    folds(r, "/users/ada/posts?page=2", "/users/:name/posts");
    folds(r, "/users/ada/posts/", "/users/:name/posts");
    folds(r, "/users/7", "/users/:id");
    folds(r, "/files/a/b/c", "/files/*");
    folds(r, "/files/", "/files/*");
    folds(r, "/files", "/files");
    folds(r, "/filesystem/1", "/filesystem/:id");
    folds(r, "http://h/x/anything", "/x/{slug}");
    route_rules_free(r);

    const char *bad[] = {"/ok", "users/:id", NULL};
    assert_null(route_rules_new(bad, &err));
    assert_non_null(strstr(err.text, "users/:id"));
    r = route_rules_new(NULL, &err);
    folds(r, "/users/7", "/users/:id");
    route_rules_free(r);
    route_rules_free(NULL);
}

static void test_tags(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *route;
    } CASES[] = {
        {"/orders/{id}", "/orders/:id"},
        {"/orders/{id:[0-9]{1,5}}/items", "/orders/:id/items"},
        {"/orders/<int:pk>/", "/orders/:id/"},
        {"^orders/(?P<pk>[^/]+)/$", "/orders/:id/"},
        {"^/orders/(\\d+)/?$", "/orders/:id"},
        {"/orders/:order_id(\\d+)", "/orders/:id"},
        {"/orders/:id(.:format)", "/orders/:id"},
        {"/blog/[...slug]", "/blog/:id"},
        {"GET /orders/:id", "GET /orders/:id"},
        {"orders#show", "orders#show"},
        {"/", "/"},
        {"^$", "/"},
        {"orders/list", "/orders/list"},
        {"/orders/:id/lines/2026-01-01", "/orders/:id/lines/:id"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char out[ROUTE_MAX];
        size_t n = route_fold_tag(CASES[i].tag, out);
        assert_string_equal(out, CASES[i].route);
        assert_int_equal(n, strlen(out));
    }
    char *big = mem_alloc(4000), out[ROUTE_MAX];
    memset(big, '(', 3999);
    big[0] = '/';
    assert_true(route_fold_tag(big, out) < ROUTE_MAX);
    for (int i = 0; i < 3999; i++)
        big[i] = "/ab"[i % 3];
    assert_true(route_fold_tag(big, out) < ROUTE_MAX);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_opaque),
        cmocka_unit_test(test_long_and_binary),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
