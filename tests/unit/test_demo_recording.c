/* The recording of the demo that is shipped: whole, and without anything of the machine it was made on. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "format/record/recording.h"

struct found {
    size_t batches, deploys;
    sd_time first, last;
    const char *leak;
    char where[200];
};

/* What a path of a machine, its user or a secret begins with. */
static const char *const LEAKS[] = {"/tmp/",    "/home/",   "/root/", "/work/", "/var/tmp", "/mnt/",
                                    "password", "PASSWORD", "secret", "token=", "Bearer "};

static void look_for_leaks(struct found *f, const struct strbuf *text)
{
    for (size_t i = 0; i < ARRAY_LEN(LEAKS) && !f->leak; i++) {
        const char *at = memmem(text->text, text->len, LEAKS[i], strlen(LEAKS[i]));
        if (!at)
            continue;
        f->leak = LEAKS[i];
        snprintf(f->where, sizeof f->where, "%.80s", at);
    }
}

static void take(void *ctx, struct sd_batch *b)
{
    struct found *f = ctx;
    struct strbuf text = {0};
    size_t i = 0;
    const struct sd_event *e;
    while ((e = batch_each(b, SD_EVENT, &i)))
        f->deploys += e->title && !strncmp(e->title, "deploy", 6);
    f->first = f->batches ? MIN(f->first, batch_time(b)) : batch_time(b);
    f->last = f->batches ? MAX(f->last, batch_time(b)) : batch_time(b);
    f->batches++;
    batch_encode(b, &text);
    look_for_leaks(f, &text);
    strbuf_free(&text);
    batch_unref(b);
}

static void test_shipped(void **state)
{
    (void)state;
    struct sd_error err;
    struct recording_stats stats = {0};
    struct found f = {0};
    char *data;
    size_t len;
    assert_true(file_read("contrib/demo/incident.slowdive", 3000000, &data, &len, &err));
    assert_true(recording_decode(data, len, take, NULL, &f, &stats, &err));
    free(data);
    assert_int_equal(stats.lost, 0);
    assert_false(stats.cut);
    assert_int_equal(f.deploys, 1);
    assert_true(f.last - f.first > 120 * SD_S);
    if (f.leak)
        fail_msg("\"%s\" is in the recording: %s", f.leak, f.where);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shipped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
