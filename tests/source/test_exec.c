/* The exec source's records, and the two examples of contrib/ as a user runs them. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/option.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/rt_watch.h"

#define SOON (20 * SD_S)

struct seen {
    char sample[300], reason[300];
    sd_time times[8];
    size_t n_times;
    size_t metrics_named[2];
    double value;
};

static void look(void *ctx, const struct sd_batch *b)
{
    struct seen *seen = ctx;
    bool data = false;
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *r = batch_record(b, i, &kind);
        data |= kind != SD_STATUS && kind != SD_INTAKE;
        if (kind == SD_INTAKE) {
            const struct sd_intake *in = r;
            snprintf(seen->sample, sizeof seen->sample, "%s", in->sample ? in->sample : "");
            snprintf(seen->reason, sizeof seen->reason, "%s", in->reason ? in->reason : "");
        } else if (kind == SD_METRIC) {
            const struct sd_metric *m = r;
            seen->metrics_named[str_starts(m->name, "host.")]++;
            seen->value = m->value;
        }
    }
    if (data && seen->n_times < ARRAY_LEN(seen->times))
        seen->times[seen->n_times++] = batch_time(b);
}

static struct rt_watch start(const char *given, bool follow, struct seen *seen)
{
    struct rt_limits limits = RT_DEFAULTS;
    limits.backoff_min_ns = 10 * SD_MS;
    limits.backoff_max_ns = 20 * SD_MS;
    struct rt_watch w = {.rt = rt_new(&limits), .on_batch = look, .ctx = seen};
    struct registry_resolved r;
    struct sd_error err = {""};
    if (!registry_resolve(given, &r, &err))
        fail_msg("%s", err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    for (char **o = r.options; *o; o++) {
        char *sign = strchr(*o, '=');
        *sign = 0;
        if (!option_set(r.ops->options, opts, *o, sign + 1, &err))
            fail_msg("%s", err.text);
    }
    if (!rt_start(w.rt, r.ops, given, r.target, opts, follow, &err))
        fail_msg("%s", err.text);
    registry_resolved_free(&r);
    return w;
}

static void records_arrive_with_their_times(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct rt_watch w =
        start("exec:echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":1,\"at\":1000000000000000001}';"
              "echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":2,\"at\":1000000000000000001}';"
              "echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":3,\"at\":2000000000000000002}';"
              "printf '{\"kind\":\"metric\",\"name\":\"a\",\"value\":4}'", /* no newline */
              false, &seen);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_ENDED);
    assert_int_equal(w.records[SD_METRIC], 4);
    assert_true(seen.n_times >= 3);
    assert_int_equal(seen.times[0], 1000000000000000001);
    assert_int_equal(seen.times[seen.n_times - 2], 2000000000000000002);
    assert_true(llabs(seen.times[seen.n_times - 1] - clock_wall()) < 60 * SD_S);
    assert_int_equal(w.intake.total, 4);
    assert_int_equal(w.intake.unparsed, 0);
    rt_free(w.rt, SOON);
}

static void garbage_is_counted_and_shown(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct rt_watch w =
        start("exec:echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":1}'; echo; echo 'Traceback: no';"
              "echo '{\"kind\":\"nonsense\"}'; head -c 1500000 /dev/zero; echo;"
              "echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":2}'",
              false, &seen);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.records[SD_METRIC], 2);
    assert_int_equal(w.intake.total, 5);
    assert_int_equal(w.intake.unparsed, 3);
    assert_true(w.intake.bytes > 1500000);
    assert_string_equal(seen.reason, "the line is longer than 1 MiB");
    rt_free(w.rt, SOON);

    memset(&seen, 0, sizeof seen);
    w = start("exec:echo hello", false, &seen);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_string_equal(seen.sample, "hello");
    assert_string_equal(seen.reason, "the line is not JSON");
    rt_free(w.rt, SOON);
}

static bool three_metrics(const struct rt_watch *w)
{
    return w->records[SD_METRIC] >= 3;
}

static void a_program_that_fails_is_started_again(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct rt_watch w =
        start("exec:echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":1}'; exit 3", true, &seen);
    assert_true(rt_watch_until(&w, three_metrics, SOON));
    assert_true(w.seen & 1u << SD_STATE_BACKOFF);
    assert_int_equal(rt_free(w.rt, SOON), 0);
}

/* Otherwise one run's figures would be counted again and again. */
static void a_program_that_ends_well_has_ended(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct rt_watch w = start("exec:echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":1}'", true, &seen);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.records[SD_METRIC], 1);
    assert_true(w.seen & 1u << SD_STATE_ENDED);
    assert_false(w.seen & 1u << SD_STATE_BACKOFF);
    assert_int_equal(rt_free(w.rt, SOON), 0);
}

/* Nothing is lost on the way to an end, however slowly it is read. */
static void a_flood_is_read_to_its_end(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct rt_watch w =
        start("exec:yes '{\"kind\":\"metric\",\"name\":\"a\",\"value\":7}' | head -n 200000", false, &seen);
    assert_true(rt_watch_until(&w, NULL, 3 * SOON));
    assert_int_equal(w.records[SD_METRIC], 200000);
    assert_int_equal(w.status.drops, 0);
    rt_free(w.rt, SOON);
}

static void the_program_has_no_terminal_and_no_input(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct rt_watch w = start("exec:[ -z \"$(cat)\" ] && ! [ -t 0 ] && ! (: </dev/tty) 2>/dev/null && "
                              "[ \"$(ls /proc/self/fd | wc -l)\" -le 5 ] && "
                              "echo '{\"kind\":\"metric\",\"name\":\"a\",\"value\":1}'",
                              false, &seen);
    assert_true(rt_watch_until(&w, NULL, SOON));
    if (w.status.state != SD_STATE_ENDED)
        fail_msg("%s", w.text);
    assert_int_equal(w.records[SD_METRIC], 1);
    rt_free(w.rt, SOON);
}

static bool host_metrics(const struct rt_watch *w)
{
    return ((const struct seen *)w->ctx)->metrics_named[1] >= 6;
}

static void the_example_module_works(void **state)
{
    (void)state;
    char dir[] = "/tmp/slowdive-test-XXXXXX";
    char contrib[256];
    struct sd_error err = {""};
    assert_non_null(mkdtemp(dir));
    char *so = mem_printf("%s/loadavg.so", dir), *headers = realpath("include", NULL);
    snprintf(contrib, sizeof contrib, "%s", test_file("../contrib/example-source"));
    char *command = mem_printf("make -s -C '%s' SLOWDIVE_INCLUDE='%s' OUT='%s' 2>&1", contrib, headers, so);
    FILE *p = popen(command, "r");
    bool built = p && pclose(p) == 0;
    free(command);
    free(headers);
    if (built) {
        struct seen seen = {0};
        if (!registry_load(so, &err))
            fail_msg("%s", err.text);
        struct rt_watch w = start("loadavg:?interval=100ms", true, &seen);
        assert_true(rt_watch_until(&w, host_metrics, SOON));
        assert_int_equal(rt_free(w.rt, SOON), 0);
        w = start("loadavg:?proc=/nonexistent", true, &seen);
        assert_true(rt_watch_until(&w, NULL, SOON));
        assert_string_equal(w.text, "cannot read /nonexistent/loadavg: No such file or directory");
        assert_int_equal(rt_free(w.rt, SOON), 0);
        /* Printed for `slowdive sources loadavg`: every option reads back. */
        const struct sd_source_ops *ops = registry_named("loadavg");
        void *opts = options_new(ops->options, ops->opts_size);
        struct strbuf text = {0};
        option_print(option_find(ops->options, "interval"), opts, &text);
        assert_string_equal(strbuf_text(&text), "1s");
        strbuf_free(&text);
        options_free(ops->options, opts);
    }
    unlink(so);
    rmdir(dir);
    free(so);
    if (!built)
        skip();
}

static void the_python_example_works(void **state)
{
    (void)state;
    if (access("/usr/bin/python3", X_OK) < 0)
        skip();
    struct seen seen = {0};
    char *given = mem_printf("exec:/usr/bin/python3 '%s'", test_file("../contrib/exec-example.py"));
    struct rt_watch w = start(given, true, &seen);
    free(given);
    assert_true(rt_watch_until(&w, three_metrics, SOON));
    assert_true(seen.metrics_named[0] >= 1 && seen.metrics_named[1] >= 1);
    assert_int_equal(w.intake.unparsed, 0);
    assert_int_equal(rt_free(w.rt, SOON), 0);
}

int main(void)
{
    registry_begin(SOURCES_BUILT_IN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_arrive_with_their_times),
        cmocka_unit_test(garbage_is_counted_and_shown),
        cmocka_unit_test(a_program_that_fails_is_started_again),
        cmocka_unit_test(a_program_that_ends_well_has_ended),
        cmocka_unit_test(a_flood_is_read_to_its_end),
        cmocka_unit_test(the_program_has_no_terminal_and_no_input),
        cmocka_unit_test(the_example_module_works),
        cmocka_unit_test(the_python_example_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
