/* Option tables: defaults, parsing, ranges, printing. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "conf/option.h"

struct opts {
    bool follow;
    int64_t port;
    double share;
    int64_t interval;
    int64_t limit;
    const char *format;
    const char *secret;
    const char *const *routes;
    int64_t unset;
};

#define AT(member) offsetof(struct opts, member)
static const struct sd_option TABLE[] = {
    {.name = "follow", .type = SD_OPTION_BOOL, .offset = AT(follow), .fallback = "yes"},
    {.name = "port", .type = SD_OPTION_INT, .offset = AT(port), .fallback = "5432", .min = 1, .max = 65535},
    {.name = "share", .type = SD_OPTION_REAL, .offset = AT(share), .fallback = "0.1", .min = 0, .max = 1},
    {.name = "interval",
     .type = SD_OPTION_DURATION,
     .offset = AT(interval),
     .fallback = "1500ms",
     .min = 1e6,
     .max = 3600e9},
    {.name = "limit", .type = SD_OPTION_BYTES, .offset = AT(limit), .fallback = "64MiB"},
    {.name = "format", .type = SD_OPTION_TEXT, .offset = AT(format), .fallback = "auto"},
    {.name = "password", .type = SD_OPTION_TEXT, .offset = AT(secret), .flags = SD_OPTION_SECRET},
    {.name = "routes", .type = SD_OPTION_LIST, .offset = AT(routes), .fallback = ""},
    {.name = "unset", .type = SD_OPTION_INT, .offset = AT(unset)},
    {.name = NULL},
};

static void *fresh(void)
{
    return options_new(TABLE, sizeof(struct opts));
}

static void defaults(void **state)
{
    (void)state;
    struct opts *o = fresh();
    assert_true(o->follow);
    assert_int_equal(o->port, 5432);
    assert_true(o->share == 0.1);
    assert_int_equal(o->interval, 1500 * SD_MS);
    assert_int_equal(o->limit, 64 << 20);
    assert_string_equal(o->format, "auto");
    assert_null(o->secret);
    assert_non_null(o->routes);
    assert_null(o->routes[0]);
    assert_false(sd_known(o->unset));
    options_free(TABLE, o);
    assert_null(options_new(NULL, 0));
    options_free(TABLE, NULL);
}

/* What is printed reads back to the same print. */
static void prints_what_parses(void **state)
{
    (void)state;
    static const char *const given[][3] = {
        {"follow", "off", "no"},       {"follow", "TRUE", "yes"},    {"port", "80", "80"},
        {"share", "0.3333", "0.3333"}, {"share", "1e-9", "1e-09"},   {"interval", "90s", "90s"},
        {"interval", "1.5m", "90s"},   {"interval", "1h", "1h"},     {"limit", "500MB", "500MB"},
        {"limit", "4096", "4KiB"},     {"limit", "4097", "4097"},    {"limit", "0", "0"},
        {"format", "$a $b", "$a $b"},  {"routes", "a\n\nb", "a\nb"}, {"password", "hunter2", "***"},
    };
    struct opts *o = fresh();
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct sd_error err = {""};
        struct strbuf out = {0};
        if (!option_set(TABLE, o, given[i][0], given[i][1], &err))
            fail_msg("%s=%s: %s", given[i][0], given[i][1], err.text);
        option_print(option_find(TABLE, given[i][0]), o, &out);
        assert_string_equal(strbuf_text(&out), given[i][2]);
        strbuf_free(&out);
    }
    assert_string_equal(o->secret, "hunter2");
    assert_string_equal(o->routes[1], "b");
    assert_null(o->routes[2]);
    options_free(TABLE, o);
}

static void refusals_are_sentences(void **state)
{
    (void)state;
    static const char *const given[][3] = {
        {"port", "0", "port: \"0\" is out of range; it must be between 1 and 65535"},
        {"port", "eighty", "port: \"eighty\" is not a whole number"},
        {"port", "80x", "port: \"80x\" is not a whole number"},
        {"port", "", "port: \"\" is not a whole number"},
        {"port", "99999999999999999999", "port: \"99999999999999999999\" is not a whole number"},
        {"share", "nan", "share: \"nan\" is not a number"},
        {"share", "1e999", "share: \"1e999\" is not a number"},
        {"follow", "maybe", "follow: \"maybe\" is not yes or no"},
        {"interval", "10", "interval: \"10\" is not a duration such as 250ms, 10s or 15m"},
        {"interval", "2h", "interval: \"2h\" is out of range; it must be between 1ms and 1h"},
        {"limit", "many", "limit: \"many\" is not a size such as 64MiB, 500MB or 4096"},
        {"colour", "red",
         "there is no option \"colour\"; there is: follow, port, share, interval, limit, format, "
         "password, routes, unset"},
    };
    struct opts *o = fresh();
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct sd_error err = {""};
        assert_false(option_set(TABLE, o, given[i][0], given[i][1], &err));
        assert_string_equal(err.text, given[i][2]);
    }
    assert_int_equal(o->port, 5432);
    assert_int_equal(o->interval, 1500 * SD_MS);
    options_free(TABLE, o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(prints_what_parses),
        cmocka_unit_test(refusals_are_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
