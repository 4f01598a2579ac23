/* Whose the samples of a profile are, lines of functions, and a part of a profile: from stacks through
 * records into the model, whole and as a series. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/model/profiles.h"
#include "core/profiles/profile_group.h"
#include "core/profiles/profile_lines.h"
#include "core/profiles/profile_part.h"
#include "core/profiles/profile_select.h"
#include "format/profiles/container_name.h"
#include "format/profiles/profile_file.h"

#define T0 (INT64_C(1700000000) * SD_S)

static bool add_record(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    return batch_add(b, kind, record);
}

static const struct sd_host HOST = {.add = add_record};

static uint32_t function_of(struct profile *p, const char *name)
{
    return profile_function(p, name, strlen(name), "app", 3, NULL);
}

/* "a;b" of a thread, n samples; the innermost frame at a line. */
static void add(struct profile *p, const char *outer, const char *inner, int line, const char *thread,
                double n)
{
    uint32_t frames[2] = {function_of(p, outer), function_of(p, inner)};
    uint32_t lines[2] = {profile_line(p, frames[0], 7), profile_line(p, frames[1], line)};
    assert_true(profile_stack(p, frames, 2, (int64_t)n, &n));
    profile_stack_lines(p, lines, 2, &n);
    profile_is_of(p, profile_part(p, PART_THREAD, 6, thread, strlen(thread)), (int64_t)n, &n);
}

static struct profile *example(void)
{
    struct profile *p = profile_new("test", 1);
    p->counted = true;
    profile_type(p, "samples", "count");
    add(p, "main", "parse", 3, "one (1)", 4);
    add(p, "main", "parse", 5, "two (2)", 2);
    add(p, "main", "write", 9, "two (2)", 3);
    return p;
}

static struct sd_batch *batch_of(struct profile *p, int second)
{
    struct sd_batch *b = batch_new("x", T0 + (second + 1) * SD_S);
    if (second >= 0) {
        p->series = true;
        p->at = T0 + second * SD_S;
        p->duration_ns = SD_S;
    }
    assert_true(profile_records(p, "x", 1 << 20, &HOST, b));
    profile_free(p);
    return b;
}

static struct profile *found(const struct model *m)
{
    struct profile_found f;
    model_profile(m, SPAN_ALL, T0 + 100 * SD_S, NULL, &f);
    assert_non_null(f.p);
    return f.p;
}

/* Each function with figures and its total, largest self first: "two (2) 5, one (1) 4". */
static void functions_are(struct profile *p, const char *expected)
{
    struct strbuf out = {0};
    uint32_t *order = profile_order(p);
    for (size_t i = 0; i < p->n; i++)
        if (profile_total(p, order[i], 0) > 0)
            strbuf_printf(&out, "%s%s %g(%g)", out.len ? ", " : "", p->functions[order[i]].name,
                          profile_total(p, order[i], 0), profile_self(p, order[i], 0));
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_free(&out);
    free(order);
    profile_free(p);
}

static void by_thread(void **state)
{
    for (int series = 0; series < 2; series++) {
        struct model *m = model_new(NULL);
        for (int second = 0; second <= series; second++) {
            struct sd_batch *b = batch_of(example(), series ? second : -1);
            model_apply(m, b);
            batch_unref(b);
        }
        struct profile *p = found(m);
        assert_string_equal(profile_part_named(p, "Thread"), "thread");
        assert_null(profile_part_named(p, "container"));
        functions_are(profile_by_part(p, "thread"),
                      series ? "two (2) 10(10), one (1) 8(8)" : "two (2) 5(5), one (1) 4(4)");
        functions_are(profile_focused(p, "one (1)"),
                      series ? "parse 8(8), main 8(0)" : "parse 4(4), main 4(0)");
        profile_free(p);
        model_free(m);
    }
    (void)state;
}

static void the_rest_of_a_part(void **state)
{
    struct profile *p = example();
    double n = 1;
    uint32_t frame = function_of(p, "main");
    assert_true(profile_stack(p, &frame, 1, 1, &n));
    profile_finish(p);
    functions_are(profile_by_part(p, "thread"), "two (2) 5(5), one (1) 4(4), (no thread known) 1(1)");
    profile_free(p);
    (void)state;
}

static void lines_of_functions(void **state)
{
    struct model *m = model_new(NULL);
    struct sd_batch *b = batch_of(example(), -1);
    struct strbuf out = {0};
    model_apply(m, b);
    batch_unref(b);
    struct profile *p = found(m);
    assert_non_null(p->lines);
    for (size_t i = 0; i < p->lines->n; i++)
        strbuf_printf(&out, "%s:%d %g(%g) ", p->functions[p->lines->items[i].function].name,
                      (int)p->lines->items[i].line, profile_line_total(p, i, 0), profile_line_self(p, i, 0));
    assert_string_equal(strbuf_text(&out), "parse:3 4(4) parse:5 2(2) write:9 3(3) main:7 9(0) ");
    strbuf_free(&out);
    profile_free(p);
    model_free(m);
    (void)state;
}

static struct profile *folded(const char *text)
{
    struct sd_error err = {.text = ""};
    struct profile *p = profile_read(text, strlen(text), PROFILE_FOLDED, NULL, "x", &err);
    assert_non_null(p);
    return p;
}

static void parts_of_a_profile(void **state)
{
    struct profile *p = folded("main;a;a;b 3\nmain;c;b 2\nmain;c 1\n");
    functions_are(profile_focused(p, "c"), "b 2(2), c 3(1), main 3(0)");
    functions_are(profile_focused(p, "none"), "");
    functions_are(profile_hidden(p, "c"), "b 3(3), a 3(0), main 3(0)");
    functions_are(profile_hidden(p, "b\nc"), "");
    struct profile *hidden = profile_hidden(p, "c");
    assert_true(hidden->sums[0] == 3);
    assert_int_equal(hidden->n_nodes, 5); /* recursion keeps its depth */
    profile_free(hidden);
    profile_free(p);
    p = folded("main;net/http.serve;net/http.read 3\nmain;net/http.serve;main.work;main.work 2\n");
    struct profile *q = profile_folded(p, "net/http");
    assert_int_equal(q->n_nodes, 5);
    functions_are(q, "net/http 5(3), main.work 2(2), main 5(0)");
    profile_free(p);
    (void)state;
}

static void too_many_parts(void **state)
{
    struct profile *p = example();
    char text[32];
    for (int i = 0; i < PROFILE_PARTS_MAX + 10; i++) {
        snprintf(text, sizeof text, "t%d", i);
        profile_part(p, "span", 4, text, strlen(text));
    }
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "key%d", i);
        profile_part(p, text, strlen(text), "x", 1);
    }
    assert_true(p->parts->full);
    assert_true(p->parts->n <= PROFILE_PARTS_MAX);
    profile_free(p);
    (void)state;
}

static void names_of_containers(void **state)
{
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const char *const rows[][2] = {
        {"0::/system.slice/docker-" ID ".scope\n", "docker 0123456789ab"},
        {"0::/system.slice/ssh.service\n", "/system.slice/ssh.service"},
        {"0::/kubepods.slice/kubepods-pod12.slice/cri-containerd-" ID ".scope\n",
         "cri-containerd 0123456789ab"},
        {"0::/machine.slice/libpod-" ID ".scope/container\n", "libpod 0123456789ab"},
        {"12:cpu,cpuacct:/docker/" ID "\n4:memory:/docker/" ID "\n1:name=systemd:/x\n0::/\n",
         "docker 0123456789ab"},
        {"5:memory:/kubepods/pod77/" ID "\n", "container 0123456789ab"},
        {"0::/\n", "/"},
        {"0::/lxc/web\n", "/lxc/web"},
        {"nothing\n", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[CONTAINER_NAME_MAX];
        bool has = container_name(rows[i][0], name);
        assert_int_equal(has, rows[i][1] != NULL);
        if (has)
            assert_string_equal(name, rows[i][1]);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_thread),          cmocka_unit_test(the_rest_of_a_part),
        cmocka_unit_test(lines_of_functions), cmocka_unit_test(parts_of_a_profile),
        cmocka_unit_test(too_many_parts),     cmocka_unit_test(names_of_containers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
