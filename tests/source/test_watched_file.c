/* A file that is read again when it has changed: what is wrong with it is told and it stays watched, and what
 * is right again is read. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/rt_watch.h"

#define SOON (60 * SD_S)

static const struct rt_limits LIMITS = {
    .mailbox_bytes = 1 << 20,
    .backoff_min_ns = 20 * SD_MS,
    .backoff_max_ns = 100 * SD_MS,
    .stale_after_ns = 20 * SD_S,
    .now = clock_wall,
};

static char path[64];

static void nothing(void *ctx, const struct sd_batch *b)
{
    (void)ctx, (void)b;
}

static void put(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static bool has_one(const struct rt_watch *w)
{
    return w->records[SD_DOCUMENT] == 1;
}
static bool complains(const struct rt_watch *w)
{
    return w->status.state == SD_STATE_LIVE && strstr(w->text, "pike");
}
static bool has_two(const struct rt_watch *w)
{
    return w->records[SD_DOCUMENT] == 2 && w->status.state == SD_STATE_LIVE && !strstr(w->text, "pike");
}

static void a_file_is_read_again(void **state)
{
    (void)state;
    struct sd_error err;
    struct registry_resolved r;
    char *target = mem_printf("estimate:%s", path);
    struct rt_watch w = {.rt = rt_new(&LIMITS), .on_batch = nothing};
    put("demand: {peak: 100}\ninstance: {max_rate: 50}\n");
    assert_true(registry_resolve(target, &r, &err));
    if (!rt_start(w.rt, r.ops, "plan", r.target, options_new(r.ops->options, r.ops->opts_size), true, &err))
        fail_msg("%s", err.text);
    assert_true(rt_watch_until(&w, has_one, SOON));
    put("demand: {pike: 100}\ninstance: {max_rate: 50}\n\n");
    assert_true(rt_watch_until(&w, complains, SOON));
    put("demand: {peak: 200}\ninstance: {max_rate: 50}\n\n\n");
    assert_true(rt_watch_until(&w, has_two, SOON));
    assert_int_equal(rt_free(w.rt, SOON), 0);
    registry_resolved_free(&r);
    free(target);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/slowdive-watched.XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    registry_begin(SOURCES_BUILT_IN);
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_file_is_read_again)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
