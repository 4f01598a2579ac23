/* Rows as ClickHouse gives them, and records as lines of text. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/history/clickhouse_rows.h"
#include "format/history/record_line.h"

/* ---- fields ---- */

static void every_field(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sd_bucket buckets[] = {{1, 2}, {700, UINT32_MAX}};
    struct sd_hist hist = {2, buckets};
    struct sd_http r, back;
    const struct sd_schema *sc = schema_of(SD_HTTP);
    struct strbuf line = {0};
    schema_clear(sc, &r);
    r.method = "";
    r.route = "/a\tb\\c\nd=e#f";
    r.count = 0;
    r.bytes = INT64_MAX;
    r.total_ns = NUM_MIN;
    r.latency = &hist;
    fields_encode(sc, &r, UINT64_MAX, &line);
    assert_null(strchr(strbuf_text(&line), '\n'));
    schema_clear(sc, &back);
    assert_true(fields_decode(sc, line.text, line.len, &back, a));
    assert_string_equal(back.route, r.route);
    assert_string_equal(back.method, "");
    assert_null(back.service);
    assert_true(back.count == 0 && back.bytes == INT64_MAX && back.total_ns == NUM_MIN &&
                !sd_known(back.errors));
    assert_int_equal(back.latency->n, 2);
    assert_int_equal(back.latency->buckets[1].count, UINT32_MAX);
    strbuf_free(&line);
    arena_free(a);
}

static void lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool good;
    } CASES[] = {
        {"", true},
        {"route=/a", true},
        {"later=1\troute=/a", true},
        {"later#2\tx\ty\troute=/a", true},
        {"route", false},
        {"=x", false},
        {"count=", false},
        {"count=1x", false},
        {"count= 1", false},
        {"route=\\x", false},
        {"route=\\", false},
        {"later#3\tx", false},
        {"count#1\t2", false},
        {"latency=1:0", false},
        {"latency=5:1,5:1", false},
        {"latency=9999:1", false},
        {"later#-1", false},
        {"count=99999999999999999999", false},
        {"latency=1:4294967296", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct arena *a = arena_new();
        struct sd_http r;
        schema_clear(schema_of(SD_HTTP), &r);
        if (fields_decode(schema_of(SD_HTTP), CASES[i].line, strlen(CASES[i].line), &r, a) != CASES[i].good)
            fail_msg("%s", CASES[i].line);
        arena_free(a);
    }
}

/* ---- rows ---- */

static void put_int(struct strbuf *b, uint64_t v, size_t bytes)
{
    for (; bytes--; v >>= 8)
        strbuf_char(b, (char)(v & 0xff));
}

static void put_text(struct strbuf *b, const char *text)
{
    put_int(b, strlen(text), 1);
    strbuf_str(b, text);
}

static void put_array(struct strbuf *b, const uint64_t *items, size_t n, size_t bytes)
{
    put_int(b, n, 1);
    for (size_t i = 0; i < n; i++)
        put_int(b, items[i], bytes);
}

static void sum_row(struct strbuf *b)
{
    const uint64_t adds[] = {7, 1}, lows[] = {3, INT64_MAX}, highs[] = {9, (uint64_t)INT64_MIN},
                   index[] = {5, 700}, counts[] = {2, 10000000000};
    put_int(b, SD_HTTP, 1);
    put_text(b, "method=GET\troute=/a");
    put_text(b, "web1");
    put_text(b, "");
    put_int(b, 10 * SD_S, 8);
    put_int(b, 1000 * SD_S, 8);
    put_int(b, 1, 8); /* of the sums only the first is known */
    put_array(b, adds, 2, 8);
    put_array(b, lows, 2, 8);
    put_array(b, highs, 2, 8);
    put_array(b, index, 2, 2);
    put_array(b, counts, 2, 8);
}

struct got {
    int rows;
    int64_t count;
    uint64_t buckets[2];
};

static bool take(void *ctx, const struct history_row *row)
{
    struct got *g = ctx;
    const struct sd_http *r = row->record;
    assert_int_equal(row->at, 990 * SD_S);
    assert_int_equal(r->interval_ns, 10 * SD_S);
    assert_string_equal(row->host, "web1");
    assert_null(row->source);
    assert_string_equal(r->route, "/a");
    assert_false(sd_known(r->errors));
    g->count += sd_known(r->count) ? r->count : 0;
    for (uint32_t i = 0; r->latency && i < r->latency->n; i++)
        g->buckets[r->latency->buckets[i].index == 700] += r->latency->buckets[i].count;
    if (g->rows++ == 0)
        assert_true(r->min_ns == 3 && r->max_ns == 9 && !sd_known(r->first_at) && !sd_known(r->last_at));
    return true;
}

/* Whole: with counts beyond 32 bits as several rows. Cut anywhere: it goes on. */
static void sums(void **state)
{
    (void)state;
    struct strbuf b = {0};
    sum_row(&b);
    for (size_t len = 0; len <= b.len; len++) {
        struct arena *a = arena_new();
        struct got g = {0};
        char *copy = memcpy(mem_alloc(len + 1), b.text, len);
        struct rowbinary r = {copy, copy + len, false, false};
        bool done = clickhouse_row_decode(CLICKHOUSE_FORM_SUM, &r, a, take, &g);
        assert_int_equal(done, len == b.len);
        assert_false(r.bad);
        assert_int_equal(r.more, len < b.len);
        assert_ptr_equal(r.at, done ? copy + len : copy);
        if (done) {
            assert_int_equal(g.rows, 3);
            assert_int_equal(g.count, 7);
            assert_true(g.buckets[0] == 2 && g.buckets[1] == 10000000000);
        }
        free(copy);
        arena_free(a);
    }
    strbuf_free(&b);
}

/* What is written has one length a column, and a day for every time. */
static void blocks(void **state)
{
    (void)state;
    struct clickhouse_block *b = clickhouse_block_new(1, false, 2);
    struct strbuf out = {0};
    struct sd_event e = {.title = "x"};
    struct history_row row = {.kind = SD_EVENT, .host = "a", .at = 5, .record = &e};
    clickhouse_block_add(b, &row);
    clickhouse_block_add(b, &row);
    clickhouse_block_mark(b, &(struct clickhouse_mark){.host = "a", .to = 10, .part = 1, .parts = 1}, 0);
    assert_int_equal(clickhouse_block_len(b), 3);
    clickhouse_block_encode(b, &out);
    assert_int_equal(out.text[1], 3); /* rows, behind the number of columns */
    assert_memory_equal(out.text + 2, "\3day\4Date", 9);
    clickhouse_block_free(b);
    strbuf_free(&out);
    assert_int_equal(clickhouse_day(0), 0);
    assert_int_equal(clickhouse_day(86400 * SD_S), 0); /* (0, a day] */
    assert_int_equal(clickhouse_day(86400 * SD_S + 1), 1);
    assert_int_equal(clickhouse_day(INT64_MIN), 0);
    assert_int_equal(clickhouse_day(INT64_MAX), UINT16_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(lines),
        cmocka_unit_test(sums),
        cmocka_unit_test(blocks),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
