/* Schemas, batches, and lists in them: in memory, and as bytes and back. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/schema.h"
#include "format/record/recording.h"
#include "tests/lib/sample_batch.h"

static void test_batch(void **state)
{
    (void)state;
    struct sd_batch *b = batch_new("x", SAMPLE_START);
    struct sd_metric k = {.name = "a", .value = 1, .counter = 1};
    struct sd_event e = {.title = "t"};
    assert_true(batch_add(b, SD_METRIC, &k));
    assert_true(batch_add(b, SD_EVENT, &e));
    k.name = "b";
    assert_true(batch_add(b, SD_METRIC, &k));
    assert_false(batch_add(b, (enum sd_kind)99, &k));
    assert_int_equal(batch_len(b), 3);
    const struct sd_metric *r;
    char names[8] = "";
    for (size_t i = 0; (r = batch_each(b, SD_METRIC, &i));)
        strncat(names, r->name, 1);
    assert_string_equal(names, "ab");
    assert_ptr_equal(batch_ref(b), b);
    batch_unref(b);
    assert_string_equal(batch_origin(b), "x");
    /* Bucket lists from outside are cut to what can be true. */
    struct sd_bucket rubbish[] = {{5, 1}, {5, 1}, {3, 1}, {9, 0}, {SD_HIST_BUCKETS, 1}, {10, 2}};
    struct sd_hist h = {.n = 6, .buckets = rubbish};
    struct sd_http http = {.latency = &h};
    assert_true(batch_add(b, SD_HTTP, &http));
    enum sd_kind kind;
    const struct sd_http *got = batch_record(b, 3, &kind);
    assert_int_equal(got->latency->n, 2);
    assert_int_equal(got->latency->buckets[1].index, 10);
    /* 64 MiB and no more. */
    char *big = mem_alloc((size_t)20 << 20);
    memset(big, 'x', ((size_t)20 << 20) - 1);
    e.text = big;
    assert_true(batch_add(b, SD_EVENT, &e));
    assert_true(batch_add(b, SD_EVENT, &e));
    assert_true(batch_add(b, SD_EVENT, &e));
    assert_false(batch_add(b, SD_EVENT, &e));
    assert_true(batch_bytes(b) <= BATCH_MAX_BYTES);
    free(big);
    batch_unref(b);
    batch_unref(NULL);
}

static void test_schema(void **state)
{
    (void)state;
    assert_null(schema_of((enum sd_kind)0));
    assert_null(schema_of(SD_KIND_END));
    assert_null(schema_named("nothing"));
    assert_int_equal(schema_named("http")->kind, SD_HTTP);
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    assert_int_equal(r.count, SD_UNKNOWN);
    assert_null(r.route);
    struct sd_metric k;
    schema_clear(schema_of(SD_METRIC), &k);
    assert_true(isnan(k.value));
    assert_string_equal(schema_state_name(SD_STATE_BACKOFF), "backing off");
    assert_string_equal(schema_state_name((enum sd_state)77), "unknown");
}

static void test_round_trip(void **state)
{
    (void)state;
    struct sd_error err;
    for (unsigned i = 0; i < 50; i++) {
        struct sd_batch *b = sample_batch(i), *back;
        struct strbuf out = {0};
        batch_encode(b, &out);
        back = batch_decode(out.text, out.len, &err);
        assert_non_null(back);
        same_batch(b, back);
        for (size_t cut = 0; cut < out.len; cut++) { /* no prefix does harm */
            void *copy = mem_alloc(cut);
            memcpy(copy, out.text, cut);
            batch_unref(batch_decode(copy, cut, &err));
            free(copy);
        }
        batch_unref(back);
        batch_unref(b);
        strbuf_free(&out);
    }
}

/* Lists of each sort, through a schema that a later kind could have. */
struct lists {
    const struct sd_ints *stack;
    int64_t n;
    const struct sd_reals *bounds;
    const struct sd_texts *labels;
};
static const struct sd_field list_fields[] = {
    {.name = "stack", .type = SD_FIELD_LIST_INT, .offset = offsetof(struct lists, stack), .unit = ""},
    {.name = "n", .type = SD_FIELD_INT, .offset = offsetof(struct lists, n), .unit = ""},
    {.name = "bounds", .type = SD_FIELD_LIST_REAL, .offset = offsetof(struct lists, bounds), .unit = ""},
    {.name = "labels", .type = SD_FIELD_LIST_TEXT, .offset = offsetof(struct lists, labels), .unit = ""},
};
static const struct sd_schema list_schema = {
    .size = sizeof(struct lists), .n_fields = ARRAY_LEN(list_fields), .fields = list_fields};

static void same_lists(const struct lists *a, const struct lists *b)
{
    same_list(SD_FIELD_LIST_INT, a->stack, b->stack);
    same_list(SD_FIELD_LIST_REAL, a->bounds, b->bounds);
    same_list(SD_FIELD_LIST_TEXT, a->labels, b->labels);
    assert_int_equal(a->n, b->n);
}

static void test_lists(void **state)
{
    (void)state;
    struct lists rows[9];
    const void *records[9];
    for (unsigned i = 0; i < 9; i++) {
        unsigned v = i / 2; /* each twice: what is as before is written once */
        rows[i] = (struct lists){.stack = v == 3 ? NULL : sample_list(SD_FIELD_LIST_INT, v),
                                 .n = i,
                                 .bounds = v == 1 ? NULL : sample_list(SD_FIELD_LIST_REAL, v),
                                 .labels = sample_list(SD_FIELD_LIST_TEXT, v)};
        /* A copy is of its own. */
        size_t need = schema_need(&list_schema, &rows[i]);
        void *to = mem_alloc(need), *from = memcpy(mem_alloc(sizeof rows[i]), &rows[i], sizeof rows[i]);
        struct lists *copy = schema_copy(&list_schema, from, to);
        free(from);
        same_lists(copy, &rows[i]);
        if (copy->labels)
            assert_true((const char *)copy->labels >= (char *)to &&
                        (const char *)copy->labels < (char *)to + need);
        free(to);
        records[i] = &rows[i];
    }
    struct strbuf out = {0};
    columns_encode(&list_schema, records, 9, &out);
    struct arena *a = arena_new();
    const struct lists *got = columns_decode(&list_schema, out.text, out.len, 9, 4, a);
    assert_non_null(got);
    for (int i = 0; i < 9; i++)
        same_lists(&got[i], &rows[i]);

    /* Of fewer fields, of more, and cut anywhere. */
    struct sd_schema less = list_schema;
    less.n_fields = 2;
    got = columns_decode(&less, out.text, out.len, 9, 4, a);
    assert_non_null(got);
    assert_int_equal(got[8].n, 8);
    assert_null(got[8].labels);
    for (size_t len = 0; len < out.len; len++)
        assert_null(columns_decode(&list_schema, out.text, len, 9, 4, a));
    arena_free(a);

    /* A type of column that is not known yet is passed over by its length. */
    struct strbuf newer = {0};
    a = arena_new();
    strbuf_add(&newer, "\x00\x04\x09\x03xyz", 7); /* INT 1; type 9 of three bytes */
    static const struct sd_schema one = {
        .size = sizeof(struct lists), .n_fields = 1, .fields = list_fields + 1};
    got = columns_decode(&one, newer.text, newer.len, 1, 2, a);
    assert_non_null(got);
    assert_int_equal(got->n, 1);
    arena_free(a);
    strbuf_free(&newer);
    strbuf_free(&out);
}

/* ABI: a list in place. */
static void test_lists_in_place(void **state)
{
    (void)state;
    struct sd_intake in;
    schema_clear(schema_of(SD_INTAKE), &in);
    in.samples = SD_TEXTS("one", NULL, "three");
    struct sd_batch *b = batch_new("x", SAMPLE_START);
    assert_true(batch_add(b, SD_INTAKE, &in));
    size_t i = 0;
    const struct sd_intake *got = batch_each(b, SD_INTAKE, &i);
    assert_int_equal(got->samples->n, 3);
    assert_string_equal(got->samples->items[2], "three");
    assert_true(got->samples != in.samples && got->samples->items[0] != in.samples->items[0]);
    assert_int_equal(SD_INTS(1, 2, 3)->n, 3);
    assert_true(SD_REALS(0.5)->items[0] == 0.5);
    batch_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema),     cmocka_unit_test(test_batch),
        cmocka_unit_test(test_lists),      cmocka_unit_test(test_lists_in_place),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
