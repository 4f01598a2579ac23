/* What counts of a batch: of one machine, and up to a moment. */
#include "tests/lib/test.h"

#include "core/batch_part.h"
#include "core/schema.h"

#define T0 (1800000000 * SD_S)

static struct sd_batch *batch_with(const char *origin, sd_time at, enum sd_kind kind, const void *r)
{
    struct sd_batch *b = batch_new(origin, at);
    if (r)
        assert_true(batch_add(b, kind, r));
    return b;
}

static size_t kept(struct batch_part *p, struct sd_batch *b, sd_time until)
{
    const struct sd_batch *part = batch_part_of(p, b, until);
    size_t n = part ? batch_len(part) : 0;
    batch_unref(part);
    batch_unref(b);
    return n;
}

static struct sd_http request(const char *host)
{
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.route = "/";
    r.host = host;
    return r;
}

static struct sd_http_part part(const char *by, const char *key)
{
    struct sd_http_part r;
    schema_clear(schema_of(SD_HTTP_PART), &r);
    r.by = by;
    r.key = key;
    return r;
}

static void test_all_of_it(void **state)
{
    (void)state;
    struct batch_part *p = batch_part_new(NULL, "here");
    struct sd_http r = request("web1");
    struct sd_batch *b = batch_with("log", T0, SD_HTTP, &r);
    const struct sd_batch *same = batch_part_of(p, b, SD_UNKNOWN);
    assert_ptr_equal(same, b);
    batch_unref(same);
    assert_int_equal(kept(p, b, T0), 1);
    b = batch_with("log", T0 + 1, SD_HTTP, &r);
    assert_int_equal(kept(p, b, T0), 0);
    struct sd_status state_of = {.kind = "log"};
    assert_int_equal(kept(p, batch_with("log", T0 + 1, SD_STATUS, &state_of), T0), 1);
    batch_part_free(p);
}

static void test_of_one_machine(void **state)
{
    (void)state;
    struct batch_part *p = batch_part_new("web1", "web1"); /* the reader's: for what names none */
    static const struct {
        const char *host;
        size_t n;
    } CASES[] = {{"web1", 1}, {"web2", 0}, {NULL, 1}, {"", 1}, {"WEB1", 0}};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct sd_http r = request(CASES[i].host);
        assert_int_equal(kept(p, batch_with("log", T0, SD_HTTP, &r), SD_UNKNOWN), CASES[i].n);
    }
    struct sd_metric m = {.name = "host.cpu", .labels = "a=1,host=web2", .value = 1};
    assert_int_equal(kept(p, batch_with("m", T0, SD_METRIC, &m), SD_UNKNOWN), 0);
    m.labels = "a=1,host=web1";
    assert_int_equal(kept(p, batch_with("m", T0, SD_METRIC, &m), SD_UNKNOWN), 1);

    struct sd_status far = {.kind = "postgres", .host = "db1"};
    assert_int_equal(kept(p, batch_with("db", T0, SD_STATUS, &far), SD_UNKNOWN), 1);
    struct sd_statement s;
    schema_clear(schema_of(SD_STATEMENT), &s);
    assert_int_equal(kept(p, batch_with("db", T0, SD_STATEMENT, &s), SD_UNKNOWN), 0);
    assert_int_equal(kept(p, batch_with("other", T0, SD_STATEMENT, &s), SD_UNKNOWN), 1);
    batch_part_free(p);
}

/* Which span a history gave is needed whatever machine is looked at. */
static void test_of_a_history(void **state)
{
    (void)state;
    struct batch_part *p = batch_part_new("db1", "reader");
    struct sd_history told;
    schema_clear(schema_of(SD_HISTORY), &told);
    assert_int_equal(kept(p, batch_with("history", T0, SD_HISTORY, &told), SD_UNKNOWN), 1);
    batch_part_free(p);
}

/* Parts name no machine of their own. */
static void test_parts(void **state)
{
    (void)state;
    struct batch_part *p = batch_part_new("web1", "reader");
    struct sd_http mine = request("web1"), other = request("web2");
    struct sd_http_part status = part("status", "5xx"), host = part("host", "web1");
    struct sd_batch *b = batch_with("log", T0, SD_HTTP, &mine);
    assert_true(batch_add(b, SD_HTTP_PART, &status));
    assert_int_equal(kept(p, b, SD_UNKNOWN), 2);
    b = batch_with("log", T0, SD_HTTP, &mine);
    assert_true(batch_add(b, SD_HTTP, &other));
    assert_true(batch_add(b, SD_HTTP_PART, &status));
    assert_true(batch_add(b, SD_HTTP_PART, &host));
    assert_int_equal(kept(p, b, SD_UNKNOWN), 2); /* the request and the part of the machine */
    batch_part_free(p);
}

static void test_spans_that_had_ended(void **state)
{
    (void)state;
    struct batch_part *p = batch_part_new(NULL, NULL);
    struct sd_spans r;
    schema_clear(schema_of(SD_SPANS), &r);
    r.traces = SD_TEXTS("t");
    r.keys = SD_TEXTS("k");
    r.trace = SD_INTS(0, 0, 0);
    r.id = SD_TEXTS("a", "b", "c");
    r.parent = SD_TEXTS(NULL, "a", "a");
    r.start = SD_INTS(T0, T0 + 1, T0 + 5);
    r.duration = SD_INTS(10, 2, 5);
    r.of_span = SD_INTS(0, 1, 2, 2);
    r.of_key = SD_INTS(0, 0, 0, 0);
    r.of_value = SD_TEXTS("of a", "of b", "of c", "of c too");
    r.event_span = SD_INTS(1, 2);
    r.event_at = SD_INTS(T0 + 2, T0 + 6);
    r.event_text = SD_TEXTS("in b", "in c");
    struct sd_batch *b = batch_with("traces", T0 + 10, SD_SPANS, &r);
    assert_int_equal(kept(p, batch_ref(b), T0 + 1), 0);
    const struct sd_batch *part = batch_part_of(p, b, T0 + 9);
    enum sd_kind kind;
    assert_non_null(part);
    assert_true(batch_time(part) == T0 + 3);
    const struct sd_spans *s = batch_record(part, 0, &kind);
    assert_int_equal(s->trace->n, 1);
    assert_string_equal(s->id->items[0], "b");
    assert_string_equal(s->parent->items[0], "a");
    assert_int_equal(s->of_span->n, 1);
    assert_int_equal(s->of_span->items[0], 0);
    assert_string_equal(s->of_value->items[0], "of b");
    assert_int_equal(s->event_span->n, 1);
    assert_string_equal(s->event_text->items[0], "in b");
    assert_null(s->statement);
    batch_unref(part);
    batch_unref(b);
    batch_part_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_of_one_machine),
        cmocka_unit_test(test_of_a_history),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_spans_that_had_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
