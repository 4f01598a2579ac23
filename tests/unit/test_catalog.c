/* Tables and indexes: listings in the model, verdicts, the two views. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/model/model.h"
#include "core/indexes/redundant.h"
#include "core/schema.h"
#include "sink/print.h"
#include "slowdive/source.h"
#include "view/view.h"

#define T0 ((sd_time)1795189898 * SD_S)

static struct sd_table table(const char *name, int64_t inserted)
{
    struct sd_table t;
    schema_clear(schema_of(SD_TABLE), &t);
    t.database = "shop";
    t.schema = "public";
    t.name = name;
    t.total_bytes = 5000000;
    t.inserted = inserted;
    t.updated = t.deleted = 0;
    t.seq_scan = 20;
    t.seq_rows = 20 * 60000;
    t.rows_live = 60000;
    t.rows_dead = 0;
    t.blks_hit = 90;
    t.blks_read = 10;
    return t;
}

static struct sd_index index_of(const char *name, const char *definition, int64_t scans)
{
    struct sd_index x;
    schema_clear(schema_of(SD_INDEX), &x);
    x.database = "shop";
    x.schema = "public";
    x.table = "orders";
    x.name = name;
    x.definition = definition;
    x.is_unique = x.is_constraint = x.is_partial = 0;
    x.is_valid = 1;
    x.size_bytes = 1000;
    x.idx_scan = scans;
    return x;
}

static void list(struct model *m, sd_time at, const struct sd_table *t, size_t n, const struct sd_index *x,
                 size_t k)
{
    struct sd_batch *b = batch_new("pg", at);
    for (size_t i = 0; i < n; i++)
        assert_true(batch_add(b, SD_TABLE, &t[i]));
    for (size_t i = 0; i < k; i++)
        assert_true(batch_add(b, SD_INDEX, &x[i]));
    model_apply(m, b);
    batch_unref(b);
}

static cJSON *json(const struct model *m, const char *view, struct span span, sd_time now)
{
    struct view_ctx c = {.model = m, .span = span, .now = now};
    struct doc *d = view_named(view)->build(&c);
    struct strbuf out = {0};
    print_doc(d, PRINT_JSON, &(struct print_options){0}, &out);
    cJSON *j = cJSON_Parse(strbuf_text(&out));
    assert_non_null(j);
    strbuf_free(&out);
    doc_free(d);
    return j;
}

static cJSON *row(cJSON *j, const char *key, const char *value)
{
    cJSON *r;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(j, "rows"))
    {
        if (str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(r, key)), value))
            return r;
    }
    fail_msg("no row with %s = %s", key, value);
    return NULL;
}

static double number(cJSON *r, const char *key)
{
    cJSON *v = cJSON_GetObjectItem(r, key);
    assert_true(cJSON_IsNumber(v));
    return v->valuedouble;
}

static const char *string(cJSON *r, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(r, key));
}

/* ---- what makes an index needless ---- */

static void redundancy_by_definition(void **state)
{
    (void)state;
#define ON "CREATE INDEX i ON public.orders USING "
    static const struct {
        const char *x, *other;
        enum redundancy is;
    } rows[] = {
        {ON "btree (a)", ON "btree (a, b)", REDUNDANT_PREFIX},
        {ON "btree (a, b)", ON "btree (a)", REDUNDANT_NO},
        {ON "btree (b)", ON "btree (a, b)", REDUNDANT_NO},
        {ON "btree (a DESC)", ON "btree (a, b)", REDUNDANT_NO},
        {ON "btree (a text_pattern_ops)", ON "btree (a, b)", REDUNDANT_NO},
        {ON "btree (lower(a))", ON "btree (lower(a), b)", REDUNDANT_PREFIX},
        {ON "btree (substr(a, 1), b)", ON "btree (substr(a, 1))", REDUNDANT_NO},
        {ON "btree (a) INCLUDE (b)", ON "btree (a)", REDUNDANT_NO},
        {ON "btree (a)", ON "btree (a) INCLUDE (b)", REDUNDANT_PREFIX},
        {ON "btree (a) INCLUDE (b)", ON "btree (a, b)", REDUNDANT_PREFIX},
        {ON "btree (a) WHERE (b = 1)", ON "btree (a)", REDUNDANT_NO},
        {ON "btree (a)", ON "btree (a) WHERE (b = 1)", REDUNDANT_NO},
        {ON "btree (a) WHERE (b = 1)", ON "btree (a, c) WHERE (b = 1)", REDUNDANT_PREFIX},
        {ON "btree (a) WITH (fillfactor='70')", ON "btree (a, b)", REDUNDANT_PREFIX},
        {ON "gin (a)", ON "gin (a, b)", REDUNDANT_NO},
        {ON "hash (a)", ON "btree (a, b)", REDUNDANT_NO},
        {ON "btree (\"a, b\")", ON "btree (\"a, b\", c)", REDUNDANT_PREFIX},
        {ON "btree (\"a\"", ON "btree (\"a\", c)", REDUNDANT_NO}, /* cut */
        {"nonsense", "nonsense", REDUNDANT_NO},
        {NULL, NULL, REDUNDANT_NO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_index x = index_of("x", rows[i].x, 0), other = index_of("o", rows[i].other, 0);
        if (redundant_index(&x, &other) != rows[i].is)
            fail_msg("%s beside %s", rows[i].x, rows[i].other);
        x.is_unique = 1;
        assert_int_equal(redundant_index(&x, &other), REDUNDANT_NO);
        x.is_unique = 0;
        x.is_constraint = SD_UNKNOWN;
        assert_int_equal(redundant_index(&x, &other), REDUNDANT_NO);
    }
}

static void of_two_equal_ones_one_stays(void **state)
{
    (void)state;
    struct sd_index a = index_of("a", ON "btree (c)", 5), b = index_of("b", ON "btree (c)", 5);
    assert_int_equal(redundant_index(&a, &b), REDUNDANT_NO);
    assert_int_equal(redundant_index(&b, &a), REDUNDANT_DUPLICATE);
    b.idx_scan = 6;
    assert_int_equal(redundant_index(&a, &b), REDUNDANT_DUPLICATE);
    assert_int_equal(redundant_index(&b, &a), REDUNDANT_NO);
    a.is_unique = 1; /* then the other goes, whatever it is used for */
    assert_int_equal(redundant_index(&a, &b), REDUNDANT_NO);
    assert_int_equal(redundant_index(&b, &a), REDUNDANT_DUPLICATE);
    a.is_valid = 0;
    assert_int_equal(redundant_index(&b, &a), REDUNDANT_NO);
}

/* ---- the model ---- */

static void listings_answer_at_the_cursor(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct table_entry e[8];
    for (int i = 0; i < 4; i++) {
        struct sd_table t[2] = {table("orders", 100 + 30 * i), table("logs", 7)};
        list(m, T0 + 30 * i * SD_S, t, i == 1 ? 1 : 2, NULL, 0);
    }
    assert_int_equal(model_tables(m, SPAN_ALL, T0 - 1, e, 8), 0);
    assert_int_equal(model_tables(m, SPAN_ALL, T0 + SD_S, e, 8), 2);
    assert_null(e[0].before);                                             /* the only listing */
    assert_int_equal(model_tables(m, SPAN_ALL, T0 + 40 * SD_S, e, 8), 1); /* logs was not there then */
    assert_int_equal(e[0].t->inserted, 130);
    assert_int_equal(e[0].before->inserted, 100);
    struct span span = {T0 + 35 * SD_S, T0 + 95 * SD_S};
    assert_int_equal(model_tables(m, span, span.to, e, 8), 2);
    assert_string_equal(e[0].t->name, "logs");
    assert_null(e[0].before);
    assert_int_equal(e[1].t->inserted, 190);
    assert_int_equal(e[1].before->inserted, 130);
    assert_int_equal(e[1].at - e[1].before_at, 60 * SD_S);
    span.from = T0 + 93 * SD_S; /* shorter than the time between listings */
    assert_int_equal(model_tables(m, span, span.to, e, 8), 2);
    assert_int_equal(e[1].before->inserted, 160);
    model_free(m);
}

static void facts_of_a_plan_are_no_listing(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_batch *b = batch_new("pg", T0);
    struct sd_plan p;
    struct sd_table t = table("orders", 1);
    struct table_entry e[1];
    schema_clear(schema_of(SD_PLAN), &p);
    batch_add(b, SD_PLAN, &p);
    batch_add(b, SD_TABLE, &t);
    model_apply(m, b);
    batch_unref(b);
    assert_int_equal(model_tables(m, SPAN_ALL, T0, e, 1), 0);
    model_free(m);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = (size_t)5 << 20;
    limits.retention_ns = 0;
    struct model *m = model_new(&limits);
    struct sd_table t[200];
    char names[200][200];
    for (int i = 0; i < 200; i++) {
        memset(names[i], 'x', sizeof names[i] - 1);
        snprintf(names[i] + 188, 12, "%d", i);
        t[i] = table(names[i], i);
    }
    struct table_entry e[200];
    for (int i = 0; i < 500; i++) {
        list(m, T0 + 30 * i * SD_S, t, 200, NULL, 0);
        assert_true(model_usage(m).bytes <= limits.max_bytes / 8);
    }
    assert_int_equal(model_tables(m, SPAN_ALL, INT64_MAX, e, 200), 200); /* the newest is never given up */
    assert_int_equal(e[0].at, T0 + 30 * 499 * SD_S);
    model_free(m);
}

/* ---- what the views say ---- */

static void tables_tell_what_hurts(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_table before[2] = {table("orders", 1000), table("logs", 5)},
                    now[2] = {table("orders", 4000), table("logs", 5)};
    before[0].blks_hit = 10;
    before[0].blks_read = 10;
    now[0].blks_hit = 40;
    now[0].blks_read = 20;
    now[1].rows_dead = 60000;
    now[1].seq_scan = 0;
    now[1].seq_rows = 0;
    now[1].inserted = 4; /* the server began anew */
    list(m, T0, before, 2, NULL, 0);
    list(m, T0 + 30 * SD_S, now, 2, NULL, 0);
    cJSON *j = json(m, "tables", (struct span){T0, T0 + 31 * SD_S}, T0 + 31 * SD_S);
    cJSON *r = row(j, "table", "public.orders");
    assert_true(number(r, "writes_per_s") == 100);
    assert_true(number(r, "hit_ratio") == 0.75);
    assert_true(number(r, "rows_per_seq_scan") == 60000);
    assert_non_null(strstr(string(r, "finding"), "seq scan"));
    r = row(j, "table", "public.logs");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(r, "writes_per_s")));
    assert_true(number(r, "dead_share") == 0.5);
    assert_non_null(strstr(string(r, "finding"), "vacuum never"));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(r, "idx_scan"))); /* unknown is not zero */
    cJSON_Delete(j);
    model_free(m);
}

static void indexes_tell_what_is_for_nothing(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_index x[] = {
        index_of("used", ON "btree (a)", 9),
        index_of("wide", ON "btree (a, b)", 0),
        index_of("copy", ON "btree (a)", 3),
        index_of("never", ON "btree (z) WHERE (s = 'secret')", 0),
        index_of("key", ON "btree (k)", 0),
        index_of("broken", ON "btree (q)", 0),
        index_of("elsewhere", ON "btree (a, b)", 1),
    };
    x[4].is_unique = x[4].is_constraint = 1;
    x[5].is_valid = 0;
    x[6].table = "customers";
    x[3].since = T0 - 3600 * SD_S;
    list(m, T0, NULL, 0, x, sizeof x / sizeof *x);
    cJSON *j = json(m, "indexes", SPAN_ALL, T0);
    assert_string_equal(string(row(j, "index", "used"), "redundancy"), "prefix");
    assert_string_equal(string(row(j, "index", "used"), "redundant_with"), "wide");
    assert_string_equal(string(row(j, "index", "copy"), "redundant_with"), "wide"); /* the one that stays */
    /* What the used one would leave to it is not called unused. */
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(row(j, "index", "wide"), "unused")));
    assert_null(string(row(j, "index", "wide"), "finding"));
    assert_non_null(strstr(string(row(j, "index", "never"), "finding"), "no scan since"));
    assert_null(strstr(string(row(j, "index", "never"), "definition"), "secret"));
    assert_null(string(row(j, "index", "key"), "finding"));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(row(j, "index", "key"), "unused")));
    assert_non_null(strstr(string(row(j, "index", "broken"), "finding"), "invalid"));
    assert_null(string(row(j, "index", "elsewhere"), "finding"));
    cJSON_Delete(j);
    model_free(m);
}

/* ---- code built for an older minor version of the interface ---- */

static void an_older_source_is_not_read_past_its_end(void **state)
{
    (void)state;
    size_t then = offsetof(struct sd_table, total_bytes);
    struct sd_table t = table("orders", 1), *old = malloc(then); /* the sanitiser watches its end */
    memcpy(old, &t, then);
    struct sd_batch *b = batch_new("pg", T0);
    assert_true(batch_add_start(b, SD_TABLE, old, then));
    free(old);
    size_t i = 0;
    const struct sd_table *got = batch_each(b, SD_TABLE, &i);
    assert_string_equal(got->name, "orders");
    assert_true(got->inserted == SD_UNKNOWN && got->total_bytes == SD_UNKNOWN);
    batch_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redundancy_by_definition),
        cmocka_unit_test(of_two_equal_ones_one_stays),
        cmocka_unit_test(listings_answer_at_the_cursor),
        cmocka_unit_test(facts_of_a_plan_are_no_listing),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(tables_tell_what_hurts),
        cmocka_unit_test(indexes_tell_what_is_for_nothing),
        cmocka_unit_test(an_older_source_is_not_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
