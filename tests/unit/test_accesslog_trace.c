/* The ids in a line, parts of an endpoint's requests, and the slowest of them. */
#include "tests/lib/test.h"

#include "core/hist.h"
#include "format/endpoints/accesslog_agg.h"
#include "format/endpoints/accesslog_trace.h"

static const struct {
    const char *line, *trace, *span, *request;
} LINES[] = {
    {"rt=0.1 traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
     "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", ""},
    {"\"-\" \"00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-00\" rid=abcd",
     "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "abcd"},
    {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", "", "", ""},
    {"\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00f067aa0ba902b7\"",
     "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", ""},
    {"x trace_id=00f067aa0ba902b7 request_id=\"0a1b-2c\"", "000000000000000000f067aa0ba902b7", "", "0a1b-2c"},
    {"\"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\"",
     "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8", ""},
    {"dd.trace_id=1234567890123456789 dd.span_id=10", "0000000000000000112210f47de98115", "000000000000000a",
     ""},
    {"uber-trace-id: 5ee24e0d0a6d4b5a:a6d4b5a:0:1", "00000000000000005ee24e0d0a6d4b5a", "000000000a6d4b5a",
     ""},
    {"X-Cloud-Trace-Context=105445aa7843bc8bf206b12000100000/1;o=1", "105445aa7843bc8bf206b12000100000",
     "0000000000000001", ""},
    {"\"x-b3-traceid\":\"80f198ee56343ba864fe8b2a57d3eff7\"", "80f198ee56343ba864fe8b2a57d3eff7", "", ""},
    {"\"logging.googleapis.com/trace\":\"projects/p/traces/80f198ee56343ba864fe8b2a57d3eff7\"",
     "80f198ee56343ba864fe8b2a57d3eff7", "", ""},
    {"trace=on trace_id=- traceid=xyz", "", "", ""},
    {"", "", "", ""},
};

static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        struct trace_ids ids;
        trace_ids_find(LINES[i].line, strlen(LINES[i].line), &ids);
        assert_string_equal(ids.trace, LINES[i].trace);
        assert_string_equal(ids.span, LINES[i].span);
        assert_string_equal(ids.request, LINES[i].request);
    }
}

/* ---- parts ---- */

struct seen {
    int64_t http, queue, upstream, parts, timed, total, in_buckets, others, errors;
    size_t exemplars, traced, ends;
    int64_t slowest;
    char upstream_keys[400], path[64];
    struct strbuf order; /* of the endpoints by seconds */
};

static void on_http(void *ctx, sd_time at, const struct sd_http *r, size_t n)
{
    struct seen *s = ctx;
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(&s->order, "%lld %s %lld\n", (long long)at, r[i].route, (long long)r[i].count);
        s->http += r[i].count;
        s->queue += sd_known(r[i].queue_ns) ? r[i].queue_ns : 0;
        s->upstream += sd_known(r[i].upstream_ns) ? r[i].upstream_ns : 0;
    }
}

static void on_parts(void *ctx, sd_time at, const struct sd_http_part *r, size_t n)
{
    struct seen *s = ctx;
    s->ends += !n;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(at % SD_S, 0);
        assert_true(r[i].interval_ns >= SD_S);
        if (!strcmp(r[i].by, "status")) {
            s->parts += r[i].count;
            s->errors += r[i].errors;
            s->timed += r[i].timed;
            s->total += sd_known(r[i].total_ns) ? r[i].total_ns : 0;
            for (uint32_t k = 0; r[i].latency && k < r[i].latency->n; k++)
                s->in_buckets += r[i].latency->buckets[k].count;
        } else if (!strcmp(r[i].by, "upstream")) {
            size_t len = strlen(s->upstream_keys);
            if (len < 300)
                snprintf(s->upstream_keys + len, sizeof s->upstream_keys - len, "%s=%d ", r[i].key,
                         (int)r[i].count);
            s->others += !strcmp(r[i].key, "(other)") ? r[i].count : 0;
        }
    }
}

static void on_exemplars(void *ctx, sd_time at, const struct sd_exemplar *r, size_t n)
{
    struct seen *s = ctx;
    (void)at;
    s->exemplars += n;
    for (size_t i = 0; i < n; i++) {
        s->traced += r[i].trace_id != NULL;
        if (r[i].duration_ns > s->slowest) {
            s->slowest = r[i].duration_ns;
            snprintf(s->path, sizeof s->path, "%s", r[i].path);
        }
    }
}

static struct seen read_log(const char *text, size_t len, bool unread)
{
    struct seen s = {.http = 0};
    struct accesslog_agg *a =
        accesslog_agg_new(&(struct accesslog_agg_options){.max_routes = 100,
                                                          .emit = on_http,
                                                          .emit_parts = on_parts,
                                                          .parts_unread = unread,
                                                          .emit_exemplars = on_exemplars,
                                                          .ctx = &s});
    struct accesslog_carry carry = {0};
    accesslog_agg_feed(a, &carry, text, len, 0);
    accesslog_agg_end(a, &carry, 0);
    accesslog_agg_flush(a);
    assert_false(accesslog_agg_pending(a));
    accesslog_agg_free(a);
    return s;
}

/* Whoever does not take the parts gets the rest as it comes with them. */
static struct seen read_all(const char *text, size_t len)
{
    struct seen s = read_log(text, len, false), bare = read_log(text, len, true);
    assert_string_equal(strbuf_text(&s.order), strbuf_text(&bare.order));
    assert_int_equal(bare.parts + (int64_t)bare.exemplars + (int64_t)bare.ends, 0);
    strbuf_free(&s.order);
    strbuf_free(&bare.order);
    return s;
}

static void test_haproxy(void **state)
{
    static const char LOG[] = "1.2.3.4:1 [12/Mar/2026:09:15:01.655] fe be/web1 0/5/1/68/74 200 1 - - ---- "
                              "1/1/1/1/0 0/0 \"GET /o/1 HTTP/1.1\"\n"
                              "1.2.3.4:1 [12/Mar/2026:09:15:01.755] fe be/web2 0/0/1/8/10 502 1 - - ---- "
                              "1/1/1/1/0 0/0 \"GET /o/2 HTTP/1.1\"\n"
                              "1.2.3.4:1 [12/Mar/2026:09:15:02.755] fe be/<NOSRV> 0/-1/-1/-1/9 503 1 - - "
                              "SC-- 1/1/1/1/0 0/0 \"GET /o/3 "
                              "HTTP/1.1\"\n";
    (void)state;
    struct seen s = read_all(LOG, sizeof LOG - 1);
    assert_int_equal(s.http, 3);
    assert_int_equal(s.queue, 5 * SD_MS);
    assert_int_equal(s.upstream, 76 * SD_MS);
    assert_int_equal(s.parts, 3);
    assert_int_equal(s.errors, 2);
    assert_int_equal(s.total, 93 * SD_MS);
    assert_string_equal(s.upstream_keys, "be/web1=1 be/web2=1 ");
    assert_int_equal(s.exemplars, 3);
    assert_int_equal(s.slowest, 74 * SD_MS);
    assert_string_equal(s.path, "/o/1");
}

/* Everything is counted in exactly one part, whatever the number of servers and the order of the lines. */
static void test_bounds(void **state)
{
    struct strbuf b = {0};
    (void)state;
    for (int i = 0; i < 3000; i++)
        strbuf_printf(
            &b,
            "{\"time\":\"2026-03-12T09:%02d:%02dZ\",\"method\":\"GET\",\"path\":\"/o/%d\",\"status\":%d,"
            "\"request_time\":%d.%03d,\"upstream_addr\":\"10.0.0.%d:80\"%s}\n",
            i / 600, (i * 7) % 60, i, i % 10 ? 200 : 500, i % 3, i % 1000, i % 20,
            i % 100 ? "" : ",\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"");
    struct seen s = read_all(b.text, b.len);
    assert_int_equal(s.http, 3000);
    assert_int_equal(s.parts, 3000);
    assert_int_equal(s.timed, 3000);
    assert_int_equal(s.in_buckets, 3000);
    assert_int_equal(s.errors, 300);
    assert_int_equal(s.others, 3000 / 20 * 4);
    assert_true(s.exemplars >= 4 && s.exemplars <= 40);
    assert_true(s.traced * 2 >= s.exemplars); /* preferred */
    assert_true(s.slowest >= 2 * SD_S + 990 * SD_MS);
    strbuf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_haproxy),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
