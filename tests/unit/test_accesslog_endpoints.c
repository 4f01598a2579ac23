/* Whichever path a request has, its endpoint is that of the folded path: what is kept of paths seen lately
 * changes nothing. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/endpoints/accesslog_endpoints.h"

static uint32_t random_below(uint32_t n)
{
    static uint32_t seed = 7;
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static size_t make_path(char *out, size_t size)
{
    static const char *const PIECES[] = {"/",
                                         "/1",
                                         "/2",
                                         "/12",
                                         "/00",
                                         "/9999999999",
                                         "/v1",
                                         "/orders",
                                         "/a",
                                         "/4f2a",
                                         "/-4",
                                         "/1,2",
                                         "/1.5",
                                         "/2026-11-20",
                                         "/%31",
                                         "/12;x=1",
                                         "/12#5",
                                         "/a?b/7",
                                         "7",
                                         "http://h:80/3",
                                         "/4b825dc642cb6eb9a060e54bf8d69288fbee4904",
                                         "/ab\\x41",
                                         "http://12/",
                                         "/12x",
                                         "/deadbeef1"};
    size_t n = 0;
    for (uint32_t k = 1 + random_below(6); k; k--) {
        const char *piece = PIECES[random_below(ARRAY_LEN(PIECES))];
        n += (size_t)snprintf(out + n, size - n, "%s", piece);
    }
    return n;
}

static void check_all(const char *const *patterns)
{
    struct sd_error err;
    struct route_rules *rules = patterns ? route_rules_new(patterns, &err) : NULL;
    struct accesslog_endpoints *e = accesslog_endpoints_new(rules, 60000);
    for (int i = 0; i < 60000; i++) {
        static const char *const METHODS[] = {"GET", "POST", "", "PROPFIND"};
        char line[400], path[300], route[ROUTE_MAX];
        size_t n = make_path(path, sizeof path);
        const char *method = METHODS[random_below(4)];
        snprintf(line, sizeof line, "%s %s HTTP/1.1", method, path);
        struct accesslog_line l = {.method = *method ? line : NULL,
                                   .method_len = strlen(method),
                                   .target = line + strlen(method) + 1,
                                   .target_len = n,
                                   .status = 200};
        struct accesslog_endpoint got = accesslog_endpoints_name(e, accesslog_endpoints_of(e, &l));
        route_fold(rules, path, n, route);
        assert_string_equal(got.route, route);
        assert_string_equal(got.method ? got.method : "", method);
    }
    accesslog_endpoints_free(e);
    route_rules_free(rules);
}

static void endpoints_are_those_of_folded_paths(void **state)
{
    (void)state;
    check_all(NULL);
    check_all((const char *const[]){"/v1/1", "/1/*", "/orders/12/:x", NULL});
}

/* A scanner's paths get a quarter of the places, and a path that is there later its own. */
static void places_are_kept_for_what_is_there(void **state)
{
    (void)state;
    struct accesslog_endpoints *e = accesslog_endpoints_new(NULL, 4);
    static const struct {
        const char *target;
        int status;
        const char *route;
    } LINES[] = {
        {"/x.php", 404, "/x.php"}, {"/y.php", 404, "(not found)"}, {"/y.php", 403, "(other)"},
        {"/y.php", 200, "/y.php"}, {"/y.php", 404, "/y.php"},      {"/orders/1", 200, "/orders/:id"},
        {"/a", 200, "/a"},         {"/b", 200, "(other)"},         {"/orders/22", 404, "/orders/:id"},
        {"-", 400, "(other)"},     {"", 404, "(not found)"}};
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        struct accesslog_line l = {.method = "GET",
                                   .method_len = 3,
                                   .target = LINES[i].target,
                                   .target_len = strlen(LINES[i].target),
                                   .status = LINES[i].status};
        struct accesslog_endpoint got = accesslog_endpoints_name(e, accesslog_endpoints_of(e, &l));
        assert_string_equal(got.route, LINES[i].route);
    }
    assert_int_equal(accesslog_endpoints_count(e), 4 + ENDPOINTS_SPARE);
    accesslog_endpoints_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_those_of_folded_paths),
        cmocka_unit_test(places_are_kept_for_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
