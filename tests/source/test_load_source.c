/* The source of load tests, as the console uses it: opening sends nothing, the job runs it second by second,
 * withdrawing ends it, and its document comes either way. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "core/result.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/http_peer.h"
#include "tests/lib/rt_watch.h"

#define SOON (60 * SD_S)

static const struct rt_limits LIMITS = {
    .mailbox_bytes = 1 << 20,
    .backoff_min_ns = 20 * SD_MS,
    .backoff_max_ns = 100 * SD_MS,
    .stale_after_ns = 20 * SD_S,
    .now = clock_wall,
};

static char dir[64], said[64];
static int64_t sent;
static double planned;

static void keep(void *ctx, const struct sd_batch *b)
{
    const struct sd_document *d;
    const struct sd_load *l;
    (void)ctx;
    for (size_t i = 0; (l = batch_each(b, SD_LOAD, &i));)
        sent += l->sent;
    for (size_t i = 0; (d = batch_each(b, SD_DOCUMENT, &i));) {
        cJSON *o = cJSON_Parse(d->json);
        snprintf(said, sizeof said, "%s", result_get_text(o, "verdict"));
        planned = result_get_real(o, "planned");
        cJSON_Delete(o);
    }
}

static char *scenario(const struct http_peer *p, const char *seconds)
{
    char *path = mem_printf("%s/load.yaml", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "target: http://127.0.0.1:%d\nkind: steady\nstages: [{for: %s, rate: 40}]\n"
            "requests: [{name: ok, path: /ok}]\n",
            http_peer_port(p), seconds);
    assert_int_equal(fclose(f), 0);
    return path;
}

static bool is_open(const struct rt_watch *w)
{
    return w->records[SD_LOAD] > 0;
}
static bool has_run_a_second(const struct rt_watch *w)
{
    return w->records[SD_LOAD] > 1;
}
static bool has_ended(const struct rt_watch *w)
{
    return w->records[SD_DOCUMENT] > 0;
}

static struct rt_watch opened(const char *path)
{
    struct sd_error err;
    char *target = mem_printf("load:%s", path);
    struct rt_watch w = {.rt = rt_new(&LIMITS), .on_batch = keep};
    sent = 0;
    *said = 0;
    struct registry_resolved r;
    if (!registry_resolve(target, &r, &err) ||
        !rt_start(w.rt, r.ops, "load.yaml", r.target, options_new(r.ops->options, r.ops->opts_size), true,
                  &err))
        fail_msg("%s", err.text);
    registry_resolved_free(&r);
    free(target);
    assert_true(rt_watch_until(&w, is_open, SOON));
    return w;
}

static void run_it(struct rt_watch *w)
{
    const struct sd_job_run_load args = {.limit_ns = SD_UNKNOWN};
    const struct sd_request req = {.job = SD_JOB_RUN_LOAD, .args = &args};
    struct sd_error err;
    if (!rt_request(w->rt, "load.yaml", &req, &err))
        fail_msg("%s", err.text);
}

static void it_runs_when_it_is_asked_to(void **state)
{
    (void)state;
    struct http_peer *p = http_peer_start(false);
    char *path = scenario(p, "1500ms");
    struct rt_watch w = opened(path);
    assert_int_equal(http_peer_requests(p), 0);
    run_it(&w);
    assert_true(rt_watch_until(&w, has_ended, SOON));
    assert_int_equal(http_peer_requests(p), 60);
    assert_true(planned == 60);
    assert_true(sent >= 40 && sent <= 60); /* what is in whole intervals */
    assert_int_equal(rt_free(w.rt, SOON), 0);
    http_peer_stop(p);
    free(path);
}

static void withdrawing_ends_it(void **state)
{
    (void)state;
    struct http_peer *p = http_peer_start(false);
    char *path = scenario(p, "10m");
    struct rt_watch w = opened(path);
    run_it(&w);
    assert_true(rt_watch_until(&w, has_run_a_second, SOON));
    rt_withdraw(w.rt, "load.yaml");
    assert_true(rt_watch_until(&w, has_ended, SOON));
    assert_string_equal(said, "stopped");
    assert_int_equal(rt_free(w.rt, SOON), 0);
    http_peer_stop(p);
    free(path);
}

/* The console is closed meanwhile. */
static void it_ends_with_the_console(void **state)
{
    (void)state;
    struct http_peer *p = http_peer_start(false);
    char *path = scenario(p, "10m");
    struct rt_watch w = opened(path);
    run_it(&w);
    assert_true(rt_watch_until(&w, has_run_a_second, SOON));
    assert_int_equal(rt_free(w.rt, SOON), 0);
    http_peer_stop(p);
    free(path);
}

int main(void)
{
    snprintf(dir, sizeof dir, "/tmp/slowdive-load.XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    registry_begin(SOURCES_BUILT_IN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_when_it_is_asked_to),
        cmocka_unit_test(withdrawing_ends_it),
        cmocka_unit_test(it_ends_with_the_console),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char *path = mem_printf("%s/load.yaml", dir);
    unlink(path);
    rmdir(dir);
    free(path);
    return failed;
}
