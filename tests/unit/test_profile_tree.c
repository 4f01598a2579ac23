/* The call tree of a profile: from stacks through records into the model, whole and as a series. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/model/profiles.h"
#include "core/profiles/profile_group.h"
#include "format/profiles/profile_file.h"

#define T0 (INT64_C(1700000000) * SD_S)

static bool add_record(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    return batch_add(b, kind, record);
}

static const struct sd_host HOST = {.add = add_record};

/* ---- a profile as text: "name total(self)[cut: n, value]" of each node, indented ---- */

static void say_below(const struct profile *p, uint32_t parent, int depth, struct strbuf *out)
{
    if (p->node_cut && p->node_cut[parent] != 0)
        strbuf_printf(out, "%*s+%lld %g\n", depth, "", (long long)p->node_cut_n[parent], p->node_cut[parent]);
    for (uint32_t i = 1; i < p->n_nodes; i++) {
        if (p->nodes[i].parent != parent)
            continue;
        strbuf_printf(out, "%*s%s %g(%g)\n", depth, "", p->functions[p->nodes[i].function].name,
                      profile_node_total(p, i, 0), p->node_self[i]);
        say_below(p, i, depth + 1, out);
    }
}

static void tree_is(const struct profile *p, const char *expected)
{
    struct strbuf out = {0};
    assert_non_null(p);
    say_below(p, 0, 0, &out);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_free(&out);
}

/* The batch of folded stacks: of an interval of a second when `second` is not negative. */
static struct sd_batch *batch_of(const char *folded, size_t max_bytes, int second)
{
    struct sd_error err = {.text = ""};
    struct profile *p = profile_read(folded, strlen(folded), PROFILE_FOLDED, NULL, "x", &err);
    struct sd_batch *b = batch_new("x", T0 + (second + 1) * SD_S);
    assert_non_null(p);
    if (second >= 0) {
        p->series = true;
        p->at = T0 + second * SD_S;
        p->duration_ns = SD_S;
        p->lost = second;
        p->truncated_share = 0.5;
    }
    assert_true(profile_records(p, "x", max_bytes, &HOST, b));
    profile_free(p);
    return b;
}

static void apply(struct model *m, const char *folded, int second)
{
    struct sd_batch *b = batch_of(folded, 1 << 20, second);
    model_apply(m, b);
    batch_unref(b);
}

static struct profile *found(const struct model *m, int from, int to)
{
    struct profile_found f;
    model_profile(m, (struct span){T0 + from * SD_S, T0 + to * SD_S}, T0 + to * SD_S, NULL, &f);
    return f.p;
}

static void is_tree_of(const struct model *m, int from, int to, const char *expected)
{
    struct profile *p = found(m, from, to);
    tree_is(p, expected);
    profile_free(p);
}

/* ---- tests ---- */

static void stacks_are_a_tree(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    apply(m, "main;work;leaf 3\nmain;work 2\nmain;io 1\nidle 4\nmain;work;main 5\n", -1);
    struct profile *p = found(m, 0, 1);
    tree_is(p, "main 11(0)\n work 10(2)\n  leaf 3(3)\n  main 5(5)\n io 1(1)\nidle 4(4)\n");
    assert_int_equal(p->samples, 15);
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->functions[i].name, "main")) { /* once a stack */
            assert_int_equal(p->functions[i].total_samples, 11);
            assert_int_equal(p->functions[i].self_samples, 5);
        }
    profile_free(p);
    model_free(m);
}

/* The largest nodes stay, and what is cut is known with its number and value. */
static void small_ones_are_cut(void **state)
{
    (void)state;
    struct strbuf text = {0};
    for (int i = 0; i < 500; i++)
        strbuf_printf(&text, "main;small%d 1\n", i);
    strbuf_str(&text, "main;large;inner 1000\n");
    struct sd_batch *b = batch_of(strbuf_text(&text), 40000, -1);
    struct model *m = model_new(&MODEL_DEFAULTS);
    model_apply(m, b);
    is_tree_of(m, 0, 1, "main 1500(0)\n +500 500\n large 1000(0)\n  inner 1000(1000)\n");
    batch_unref(b);
    model_free(m);
    strbuf_free(&text);
}

static void intervals_add_up(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    apply(m, "a;b 1\n", 0);
    apply(m, "a;b 2\na;c 5\n", 1);
    apply(m, "a;b 3\nd 7\n", 2);
    apply(m, "a;b 3\nd 7\n", 2); /* read again */
    is_tree_of(m, 0, 3, "a 11(0)\n b 6(6)\n c 5(5)\nd 7(7)\n");
    is_tree_of(m, 1, 3, "a 10(0)\n b 5(5)\n c 5(5)\nd 7(7)\n");
    is_tree_of(m, 0, 1, "a 1(0)\n b 1(1)\n");
    struct profile *p = found(m, 1, 3);
    assert_int_equal(p->samples, 17);
    assert_int_equal(p->lost, 3);
    assert_int_equal(p->duration_ns, 2 * SD_S);
    assert_true(p->truncated_share == 0.5);
    profile_free(p);
    struct profile_step steps[3];
    assert_true(model_profile_steps(m, (struct span){T0, T0 + 3 * SD_S}, "samples", "a", NULL, 3, steps));
    assert_true(steps[0].total == 1 && steps[1].total == 7 && steps[2].total == 3);
    assert_true(steps[2].self == 0 && steps[2].all == 10);
    p = found(m, 5, 9);
    assert_int_equal(p->n, 0);
    profile_free(p);
    model_free(m);
}

/* What is dropped takes its names with it. */
static void old_intervals_go(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.retention_ns = 10 * SD_S;
    struct model *m = model_new(&limits);
    for (int i = 0; i < 400; i++) {
        struct strbuf text = {0};
        for (int k = 0; k < 200; k++)
            strbuf_printf(&text, "main;f%d_%d 1\n", i, k);
        apply(m, strbuf_text(&text), i);
        strbuf_free(&text);
    }
    struct profile *p = found(m, 0, 400);
    assert_in_range(p->samples, 10 * 200, 13 * 200);
    assert_int_equal(p->n, p->samples + 1);
    profile_free(p);
    assert_in_range(model_usage(m).bytes, 1, 4 << 20);
    model_free(m);
}

/* Lists that contradict each other give no tree; the figures of the functions stay. */
static void a_hostile_tree(void **state)
{
    (void)state;
    static const struct {
        int64_t parents[3], functions[3];
    } rows[] = {
        {{-1, 2, 1}, {0, 0, 0}},                           /* a parent behind its child */
        {{0, 0, 0}, {0, 0, 0}},                            /* its own parent */
        {{-1, 0, -2}, {0, 0, 0}}, {{-1, 0, 1}, {0, 1, 0}}, /* no such function */
        {{-1, 0, 1}, {0, -1, 0}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct model *m = model_new(&MODEL_DEFAULTS);
        struct sd_batch *b = batch_new("x", T0);
        struct sd_reals one = {1, (const double[]){1}}, three = {3, (const double[]){1, 1, 1}};
        assert_true(batch_add(b, SD_PROFILE,
                              &(struct sd_profile){.types = SD_TEXTS("cpu"), .type = "cpu", .values = &one}));
        assert_true(batch_add(b, SD_PROFILE_FUNCTION,
                              &(struct sd_profile_function){.name = "f", .self = &one, .total = &one}));
        assert_true(batch_add(b, SD_PROFILE_TREE,
                              &(struct sd_profile_tree){.parents = &(struct sd_ints){3, rows[i].parents},
                                                        .functions = &(struct sd_ints){3, rows[i].functions},
                                                        .self = &three}));
        model_apply(m, b);
        batch_unref(b);
        struct profile *p = found(m, 0, 1);
        assert_non_null(p);
        assert_int_equal(p->n, 1);
        assert_true(profile_self(p, 0, 0) == 1);
        profile_free(p);
        model_free(m);
    }
}

/* ---- by something larger ---- */

static void is_grouped(const char *folded, enum profile_group g, const char *expected)
{
    struct sd_error err = {.text = ""};
    struct profile *p = profile_read(folded, strlen(folded), PROFILE_FOLDED, NULL, "x", &err);
    struct profile *q = g < PROFILE_GROUPS ? profile_grouped(p, g) : profile_without_recursion(p);
    tree_is(q, expected);
    profile_free(p);
    profile_free(q);
}

static void larger_groups(void **state)
{
    (void)state;
    static const char stacks[] =
        "app;net/http.(*conn).serve;net/http.read;main.work 3\n"
        "app;net/http.(*conn).serve;main.work;main.work 4\nother;std::sort<a::b>(c) 2\n";
    is_grouped(stacks, GROUP_PACKAGE, "[unknown] 9(0)\n net/http 7(0)\n  main 7(7)\n std 2(2)\n");
    is_grouped(stacks, GROUP_PROCESS, "app 7(7)\nother 2(2)\n");
    is_grouped("f;f;f;g 1\nf;g;f 2\n", PROFILE_GROUPS, "f 3(0)\n g 3(1)\n  f 2(2)\n");
}

static void packages_in_names(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"io/netty/channel/Channel:.read", "io/netty/channel"},
        {"org/x/C$Inner:.run", "org/x"},
        {"net/http.(*conn).serve", "net/http"},
        {"github.com/a/b.F", "github.com/a/b"},
        {"std::vector<int>::push", "std"},
        {"a::b::c(d::e)", "a::b"},
        {"com.shop.Cart.add", "com.shop.Cart"},
        {"main", ""},
        {"", ""},
        {"/x", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *package = mem_strndup(rows[i][0], profile_package(rows[i][0]));
        assert_string_equal(package, rows[i][1]);
        free(package);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_are_a_tree), cmocka_unit_test(small_ones_are_cut),
        cmocka_unit_test(intervals_add_up),  cmocka_unit_test(old_intervals_go),
        cmocka_unit_test(a_hostile_tree),    cmocka_unit_test(larger_groups),
        cmocka_unit_test(packages_in_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
