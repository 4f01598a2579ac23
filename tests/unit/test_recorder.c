/* The recorder, its own thread, and what it conceals. */
#include "tests/lib/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/plans/hide.h"
#include "core/schema.h"
#include "format/record/recording.h"
#include "sink/conceal.h"
#include "sink/recorder.h"
#include "tests/lib/sample_batch.h"

static char folder[] = "/tmp/slowdive-test-XXXXXX";

static const char *path_in(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

struct all {
    const struct sd_batch *b[64];
    size_t n;
};
static void gather(void *ctx, struct sd_batch *b)
{
    struct all *a = ctx;
    assert_true(a->n < 64);
    a->b[a->n++] = b;
}

static void read_back(const char *path, struct all *a, struct recording_stats *st)
{
    char *data;
    size_t len;
    struct sd_error err;
    assert_true(file_read(path, 1 << 24, &data, &len, &err));
    *a = (struct all){0};
    assert_true(recording_decode(data, len, gather, NULL, a, st, &err));
    free(data);
}

static void drop_all(struct all *a)
{
    for (size_t i = 0; i < a->n; i++)
        batch_unref(a->b[i]);
}

static void test_recorder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    struct sd_error err = {0};
    struct recording_stats st;
    struct all a;
    for (int round = 0; round < 2; round++) { /* made, then continued */
        struct recorder *r = recorder_open(path_in("a"), RECORDER_APPEND, true, &err);
        assert_non_null(r);
        if (!round) { /* one at a time */
            assert_null(recorder_open(path_in("a"), RECORDER_APPEND, true, &err));
            assert_non_null(strstr(err.text, "being written by another recording already"));
        }
        for (unsigned i = 0; i < 10; i++) {
            struct sd_batch *b = sample_batch(i);
            recorder_batch(r, b);
            batch_unref(b);
        }
        recorder_close(r);
        read_back(path_in("a"), &a, &st);
        assert_int_equal(a.n, 10 * (round + 1));
        assert_int_equal(st.lost + st.cut, 0);
        for (unsigned i = 0; i < 10; i++) {
            struct sd_batch *b = sample_batch(i);
            same_batch(a.b[a.n - 10 + i], b);
            batch_unref(b);
        }
        drop_all(&a);
    }
    struct stat info;
    assert_int_equal(stat(path_in("a"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    unlink(path_in("a"));

    FILE *f = fopen(path_in("b"), "w");
    fputs("not ours", f);
    fclose(f);
    assert_null(recorder_open(path_in("b"), RECORDER_NEW, true, &err));
    assert_non_null(strstr(err.text, "was not changed"));
    unlink(path_in("b"));
    assert_null(recorder_open(path_in("no/such"), RECORDER_NEW, true, &err));
    rmdir(folder);
}

/* What is written becomes readable by itself, without a close. */
static void test_recorder_flushes(void **state)
{
    (void)state;
    memcpy(strrchr(folder, '-') + 1, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    struct sd_error err;
    struct recorder *r = recorder_open(path_in("a"), RECORDER_APPEND, true, &err);
    struct sd_batch *b = sample_batch(1);
    recorder_batch(r, b);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
        poll(NULL, 0, 5);
    } while (!recorder_stats(r).frames && now.tv_sec - start.tv_sec < 5);
    assert_int_equal(recorder_stats(r).frames, 1);
    struct all a;
    struct recording_stats st;
    read_back(path_in("a"), &a, &st);
    assert_int_equal(a.n, 1);
    drop_all(&a);
    batch_unref(b);
    recorder_close(r);
    unlink(path_in("a"));
    rmdir(folder);
}

static void test_conceal(void **state)
{
    (void)state;
    char *plan = plan_hide_literals(
        "[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"orders\", \"Plan Rows\": 7, "
        "\"Output\": [\"id\", \"'s3cret'::text\"], \"Filter\": \"((mail)::text = 's3cret'::text)\"}}]");
    assert_null(strstr(plan, "s3cret"));
    assert_non_null(strstr(plan, "\"Seq Scan\""));
    assert_non_null(strstr(plan, "\"orders\""));
    assert_non_null(strstr(plan, "mail"));
    free(plan);
    plan = plan_hide_literals("Seq Scan on t (filter 's3cret'");
    assert_null(strstr(plan, "s3cret"));
    free(plan);

    struct conceal *c = conceal_new();
    struct sd_batch *b = batch_new("pg", SAMPLE_START);
    struct sd_activity a;
    schema_clear(schema_of(SD_ACTIVITY), &a);
    a.query = "SELECT * FROM t WHERE card = '4111 s3cret' -- x";
    struct sd_statement s;
    schema_clear(schema_of(SD_STATEMENT), &s);
    s.text = "SELECT $1";
    struct sd_intake in;
    schema_clear(schema_of(SD_INTAKE), &in);
    in.sample = "GET /pay?card=s3cret HTTP/1.1 \"http://x/?q=s3cret\" end";
    in.samples = SD_TEXTS("GET /a?card=s3cret HTTP/1.1", NULL, in.sample);
    batch_add(b, SD_ACTIVITY, &a);
    batch_add(b, SD_STATEMENT, &s);
    batch_add(b, SD_INTAKE, &in);
    struct sd_plan p;
    schema_clear(schema_of(SD_PLAN), &p);
    p.failed = "relation \"orders\": invalid input syntax for type date: \"s3cret\"; or: \"s3cret";
    batch_add(b, SD_PLAN, &p);
    struct sd_advice ad;
    schema_clear(schema_of(SD_ADVICE), &ad);
    ad.ddl = "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a, lower(b)) WHERE c = 's3cret'";
    ad.columns = "a\ncoalesce(b, 's3cret')";
    ad.none = "invalid input: \"s3cret\"";
    batch_add(b, SD_ADVICE, &ad);
    const struct sd_batch *hidden = conceal_batch(c, b);
    enum sd_kind kind;
    const struct sd_activity *ha = batch_record(hidden, 0, &kind);
    assert_null(strstr(ha->query, "s3cret"));
    assert_non_null(strstr(ha->query, "card"));
    assert_null(strstr(ha->query, "4111"));
    const struct sd_statement *hs = batch_record(hidden, 1, &kind);
    assert_string_equal(hs->text, "SELECT $1");
    const struct sd_intake *hi = batch_record(hidden, 2, &kind);
    assert_string_equal(hi->sample, "GET /pay?... HTTP/1.1 \"http://x/?...\" end");
    assert_int_equal(hi->samples->n, 3);
    assert_string_equal(hi->samples->items[0], "GET /a?... HTTP/1.1");
    assert_null(hi->samples->items[1]);
    assert_string_equal(hi->samples->items[2], hi->sample);
    const struct sd_plan *hp = batch_record(hidden, 3, &kind);
    assert_string_equal(hp->failed,
                        "relation \"orders\": invalid input syntax for type date: \"...\"; or: \"...\"");
    const struct sd_advice *had = batch_record(hidden, 4, &kind);
    assert_string_equal(had->ddl, "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a, lower(b)) WHERE c = ?");
    assert_string_equal(had->columns, "a\ncoalesce(b, ?)");
    assert_string_equal(had->none, "invalid input: \"...\"");
    batch_unref(hidden);
    batch_unref(b);
    conceal_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorder),
        cmocka_unit_test(test_recorder_flushes),
        cmocka_unit_test(test_conceal),
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
