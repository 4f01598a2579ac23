/* Budgets of hops: what a policy file may say, what it is told of mistakes, which endpoint it is for. */
#include "tests/lib/test.h"

#include "conf/policy.h"

static bool read_text(struct goal_policy *p, const char *text, struct sd_error *err)
{
    return policy_read_text(p, "policy.yaml", text, strlen(text), err);
}

/* The example of the manual: three hops of 5 ms, 10 ms of database, 2 ms of serialising. */
static void a_plan_is_read(void **state)
{
    (void)state;
    struct goal_policy p;
    struct sd_error err;
    assert_true(read_text(&p,
                          "kpis: []\n"
                          "hops:\n"
                          "- name: checkout\n"
                          "  match: {route: '/checkout*', method: POST, labels.zone: eu}\n"
                          "  max: 50ms\n"
                          "  hops:\n"
                          "  - {name: gateway, max: 5ms}\n"
                          "  - {name: mesh, max: 5ms}\n"
                          "  - {name: app, max: 5ms}\n"
                          "  - {name: database, signal: db.latency, max: 10ms}\n"
                          "  - {name: serialising, signal: 'metric:app.json', max: 2ms}\n",
                          &err));
    assert_int_equal(p.hops.n, 1);
    assert_int_equal(p.hops.items[0].n, 5);
    assert_int_equal(hop_plan_sum(&p.hops.items[0]), 27 * SD_MS);
    assert_int_equal(p.hops.items[0].max_ns, 50 * SD_MS);
    assert_string_equal(p.hops.items[0].hops[3].signal, "db.latency");
    assert_ptr_equal(hop_plan_for(&p.hops, "POST", "/checkout/:id"), &p.hops.items[0]);
    assert_null(hop_plan_for(&p.hops, "GET", "/checkout"));
    assert_null(hop_plan_for(&p.hops, "POST", "/cart"));
    assert_null(hop_plan_for(NULL, "POST", "/cart"));
    policy_free(&p);
    assert_true(read_text(&p, "", &err)); /* an empty file has none */
    assert_int_equal(p.hops.n, 0);
    policy_free(&p);
}

static void a_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"[1]", "policy.yaml:1:1: a policy is a list"},
        {"hop: []", "policy.yaml:1:1: unknown key \"hop\" in a policy; did you mean \"hops\"?"},
        {"hops: 7", "policy.yaml:1:7: hops is not understood; expected a list"},
        {"hops: [7]", "an item of hops is not understood"},
        {"hops: [{name: a, max: 1ms}]", "lists no hops"},
        {"hops: [{max: 1ms, hops: [{name: b, max: 1ms}]}]", "an item of hops has no name"},
        {"hops: [{name: a, hops: [{name: b, max: 1ms}]}]", "has no max"},
        {"hops: [{name: a, max: 0, hops: [{name: b, max: 1ms}]}]", "policy.yaml:1:23: max is not understood"},
        {"hops: [{name: a, max: 1s, hops: [{name: b, max: -1ms}]}]", "max is not understood"},
        {"hops: [{name: a, max: 1s, hops: []}]", "expected a list of hops"},
        {"hops: [{name: a, max: 1s, hops: [{name: b, max: 1s}, {name: b, max: 1s}]}]",
         "a hop named \"b\" is there before"},
        {"hops: [{name: a, max: 1s, hops: [{name: b, max: 1s, signal: db.calls}]}]", "expected db.latency"},
        {"hops: [{name: a, max: 1s, match: {path: /x}, hops: [{name: b, max: 1s}]}]", "\"path\" in match"},
        {"hops: [{name: a, max: 1s, hops: [{name: b, max: 1s}]}, {name: a, max: 1s, hops: [{name: b, max: "
         "1s}]}]",
         "an item of hops named \"a\" is there before"},
        {"hops: [{name: a, max: 12ms, hops: [{name: b, max: 5ms}, {name: c, max: 7.5ms}]}]",
         "policy.yaml:1:8: the hops of \"a\" may take 12.5 ms together, more than its max of 12.0 ms"},
        {"hops: [", "policy.yaml:"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct goal_policy p;
        struct sd_error err = {""};
        if (read_text(&p, cases[i].text, &err))
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s\nsays: %s\nnot: %s", cases[i].text, err.text, cases[i].says);
        policy_free(&p);
    }
}

static void stars_stand_for_any_text(void **state)
{
    (void)state;
    assert_true(hop_match("/a*", "/a"));
    assert_true(hop_match("*", ""));
    assert_true(hop_match("/*/b*", "/x/y/bc"));
    assert_true(hop_match("a*b*c", "a1b2b3c"));
    assert_false(hop_match("a*b*c", "a1b2b3"));
    assert_false(hop_match("", "a"));
    assert_false(hop_match("/a", "/ab"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_read),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(stars_stand_for_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
