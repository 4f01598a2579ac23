/* Jobs: the table, and what is made of a job's description. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/job.h"

static const struct sd_job_analyze ANALYZE = {
    .query_id = 77, .database = "shop", .query = "select 'jane@example.com'", .limit_ns = 5 * SD_S};
static const struct sd_job_cancel CANCEL = {.pid = 4240, .backend_start = SD_S, .query_start = SD_UNKNOWN};

static void every_job_is_described(void **state)
{
    (void)state;
    for (int id = SD_JOB_NONE + 1; id < SD_JOB_END; id++) {
        const struct job *j = job_of((enum sd_job)id);
        assert_non_null(j);
        assert_int_equal(j->id, id);
        assert_ptr_equal(job_named(j->name), j);
        assert_true(j->title[0] && j->help[0] && j->reply);
        assert_true(j->args->n_fields > 0 && j->args->size > 0);
        if (j->waits) /* what takes time has an end, and a sentence for it */
            assert_true(j->done && j->result);
        for (size_t i = 0; i < j->args->n_fields; i++) {
            assert_true(j->args->fields[i].type != SD_FIELD_HIST);
            assert_true(j->args->fields[i].help[0]);
        }
    }
    assert_null(job_of(SD_JOB_NONE));
    assert_null(job_of(SD_JOB_END));
    assert_null(job_named("nothing"));
    assert_null(job_named(NULL));
}

static void arguments_are_copied_and_compared(void **state)
{
    (void)state;
    char query[] = "select 1";
    struct sd_job_explain args = {.query_id = 7, .database = NULL, .query = query};
    const struct sd_request r = {.job = SD_JOB_EXPLAIN, .args = &args};
    struct sd_request *copy = job_copy(&r);
    assert_true(job_same(&r, copy));
    query[7] = '2'; /* a copy is one of the texts, too */
    assert_false(job_same(&r, copy));
    assert_string_equal(((const struct sd_job_explain *)copy->args)->query, "select 1");
    query[7] = '1';
    args.database = "shop";
    assert_false(job_same(&r, copy));
    args.database = NULL;
    args.query_id = 8;
    assert_false(job_same(&r, copy));
    free(copy);

    struct arena *a = arena_new();
    copy = job_copy_in(a, &(struct sd_request){.job = SD_JOB_CANCEL, .args = &CANCEL});
    assert_int_equal(((const struct sd_job_cancel *)copy->args)->pid, 4240);
    assert_false(job_same(copy, &r));
    arena_free(a);
    assert_null(job_copy(&(struct sd_request){.job = SD_JOB_NONE}));
}

/* Lists, too: item by item. */
static void lists_are_copied_and_compared(void **state)
{
    (void)state;
    char text[] = "select 1";
    const char *texts[] = {text, NULL};
    double weights[] = {1, 2};
    struct sd_texts list = {.n = 2, .items = texts};
    struct sd_reals numbers = {.n = 2, .items = weights};
    struct sd_job_advise args = {.budget_bytes = SD_UNKNOWN, .statements = &list, .weights = &numbers};
    const struct sd_request r = {.job = SD_JOB_ADVISE, .args = &args};
    struct sd_request *copy = job_copy(&r);
    assert_true(job_same(&r, copy));
    text[7] = '2';
    assert_false(job_same(&r, copy));
    text[7] = '1';
    weights[1] = 3;
    assert_false(job_same(&r, copy));
    weights[1] = 2;
    list.n = 1;
    assert_false(job_same(&r, copy));
    args.statements = NULL;
    assert_false(job_same(&r, copy));
    free(copy);
}

static void words_of_a_job(void **state)
{
    (void)state;
    struct strbuf b = {0};
    char *about = job_about(job_of(SD_JOB_ANALYZE), &ANALYZE);
    assert_string_equal(about, "shop/77");
    free(about);
    about = job_about(job_of(SD_JOB_CANCEL), &CANCEL);
    assert_string_equal(about, "4240");
    free(about);
    assert_null(job_about(job_of(SD_JOB_EXPLAIN), &(struct sd_job_explain){.query_id = SD_UNKNOWN}));
    about = job_about(job_of(SD_JOB_ADVISE), &(struct sd_job_advise){.database = "shop"});
    assert_string_equal(about, "shop");
    free(about);
    assert_int_equal(job_limit(job_of(SD_JOB_ANALYZE), &ANALYZE), 5 * SD_S);
    assert_int_equal(job_limit(job_of(SD_JOB_CANCEL), &CANCEL), SD_UNKNOWN);

    job_log(job_of(SD_JOB_ANALYZE), &ANALYZE, &b);
    assert_string_equal(b.text, "EXPLAIN ANALYZE, query_id 77, database shop, at most 5.00 s");
    strbuf_clear(&b);
    job_log(job_of(SD_JOB_CANCEL), &CANCEL, &b);
    assert_string_equal(b.text, "Cancel, pid 4240, backend_start 1970-01-01T00:00:01.000Z");
    strbuf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_is_described),
        cmocka_unit_test(arguments_are_copied_and_compared),
        cmocka_unit_test(lists_are_copied_and_compared),
        cmocka_unit_test(words_of_a_job),
    };
    return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
