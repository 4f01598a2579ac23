/* OTLP in both encodings: the same spans and points come out, exactly, and what is broken gives nothing. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#include "format/http_unpack.h"
#include "format/json_check.h"
#include "format/proto_pull.h"
#include "format/traces/otlp_metrics.h"
#include "format/traces/otlp_read.h"

/* ---- protobuf, written ---- */

struct message {
    uint8_t bytes[4096];
    size_t n;
};

static void varint(struct message *m, uint64_t v)
{
    for (; v > 127; v >>= 7)
        m->bytes[m->n++] = (uint8_t)(v | 128);
    m->bytes[m->n++] = (uint8_t)v;
}

static void put_int(struct message *m, unsigned number, uint64_t v)
{
    varint(m, number << 3);
    varint(m, v);
}

static void put_fixed(struct message *m, unsigned number, uint64_t v)
{
    varint(m, number << 3 | 1);
    for (int i = 0; i < 8; i++)
        m->bytes[m->n++] = (uint8_t)(v >> 8 * i);
}

static void put_real(struct message *m, unsigned number, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_fixed(m, number, bits);
}

static void put_bytes(struct message *m, unsigned number, const void *p, size_t n)
{
    varint(m, number << 3 | 2);
    varint(m, n);
    memcpy(m->bytes + m->n, p, n);
    m->n += n;
}

static void put_text(struct message *m, unsigned number, const char *s)
{
    put_bytes(m, number, s, strlen(s));
}

static void put(struct message *m, unsigned number, const struct message *of)
{
    put_bytes(m, number, of->bytes, of->n);
}

static void attribute(struct message *m, unsigned number, const char *key, const struct message *value)
{
    struct message pair = {.n = 0};
    put_text(&pair, 1, key);
    put(&pair, 2, value);
    put(m, number, &pair);
}

static void text_attribute(struct message *m, unsigned number, const char *key, const char *text)
{
    struct message value = {.n = 0};
    put_text(&value, 1, text);
    attribute(m, number, key, &value);
}

static void values(struct message *span)
{
    struct message v = {.n = 0}, list = {.n = 0}, map = {.n = 0}, item = {.n = 0};
    put_int(&v, 3, (uint64_t)INT64_C(-9007199254740993));
    attribute(span, 9, "int", &v);
    v.n = 0;
    put_int(&v, 2, 1);
    attribute(span, 9, "bool", &v);
    v.n = 0;
    put_real(&v, 4, 0.1);
    attribute(span, 9, "real", &v);
    put_text(&item, 1, "a\"b");
    put(&list, 1, &item);
    item.n = 0;
    put_int(&item, 3, 2);
    attribute(&map, 1, "k", &item);
    item.n = 0;
    put(&item, 6, &map);
    put(&list, 1, &item);
    v.n = 0;
    put(&v, 5, &list);
    attribute(span, 9, "list", &v);
    v.n = 0;
    put_bytes(&v, 7, "\1\2\3\4", 4);
    attribute(span, 9, "bytes", &v);
}

static struct message wire_request(void)
{
    static const uint8_t trace[16] = {0x5b, 0x8e, 0xff, 0xf7, 0x98, 3,    0x81, 3,
                                      0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 12};
    static const uint8_t id[8] = {0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74};
    struct message span = {.n = 0}, event = {.n = 0}, status = {.n = 0}, scope = {.n = 0},
                   resource = {.n = 0};
    struct message spans = {.n = 0}, request = {.n = 0};
    values(&span); /* fields in any order */
    put_bytes(&span, 1, trace, 16);
    put_bytes(&span, 2, id, 8);
    put_text(&span, 5, "load");
    put_int(&span, 6, 2);
    put_fixed(&span, 7, UINT64_C(1544712660000000001));
    put_fixed(&span, 8, UINT64_C(1544712661000000002));
    put_fixed(&event, 1, 5);
    put_text(&event, 2, "exception");
    text_attribute(&event, 3, "exception.type", "ValueError");
    text_attribute(&event, 3, "exception.message", "no item");
    put(&span, 11, &event);
    put_text(&span, 13, "");
    put_text(&status, 2, "it broke");
    put_int(&status, 3, 2);
    put(&span, 15, &status);
    put_text(&span, 99, "not known");
    put(&scope, 2, &span);
    text_attribute(&resource, 1, "service.name", "shop");
    text_attribute(&resource, 1, "host.name", "h1");
    put(&spans, 2, &scope); /* before its resource */
    put(&spans, 1, &resource);
    put(&request, 1, &spans);
    return request;
}

static const char JSON[] =
    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"attributes\":["
    "{\"key\":\"int\",\"value\":{\"intValue\":-9007199254740993}},{\"key\":\"bool\",\"value\":{\"boolValue\":"
    "true}},"
    "{\"key\":\"real\",\"value\":{\"doubleValue\":0.1}},{\"value\":{\"arrayValue\":{\"values\":[{"
    "\"stringValue\":"
    "\"a\\\"b\"},{\"kvlistValue\":{\"values\":[{\"value\":{\"intValue\":\"2\"},\"key\":\"k\"}]}}]}},\"key\":"
    "\"list\"},"
    "{\"key\":\"bytes\",\"value\":{\"bytesValue\":\"AQIDBA==\"}}],\"traceId\":"
    "\"5B8EFFF798038103D269B633813FC60C\","
    "\"spanId\":\"eee19B7EC3C1B174\",\"parentSpanId\":\"\",\"name\":\"l\\u006fad\",\"kind\":\"SPAN_KIND_"
    "SERVER\","
    "\"startTimeUnixNano\":1544712660000000001,\"endTimeUnixNano\":\"1544712661000000002\",\"later\":{\"a\":["
    "1]},"
    "\"events\":[{\"name\":\"exception\",\"timeUnixNano\":\"5\",\"attributes\":[{\"key\":\"exception.type\","
    "\"value\":"
    "{\"stringValue\":\"ValueError\"}},{\"key\":\"exception.message\",\"value\":{\"stringValue\":\"no "
    "item\"}}]}],"
    "\"links\":[{}],\"status\":{\"code\":\"STATUS_CODE_ERROR\",\"message\":\"it broke\"}}]}],\"resource\":{"
    "\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}},{\"key\":\"host.name\","
    "\"value\":"
    "{\"stringValue\":\"h1\"}}]}}]}";

static const char *value_of(const struct sd_spans *s, const char *key)
{
    for (size_t i = 0; i < s->of_key->n; i++)
        if (str_eq(s->keys->items[s->of_key->items[i]], key))
            return s->of_value->items[i];
    return NULL;
}

static void check_span(struct span_draft *d)
{
    struct sd_spans s;
    assert_true(span_draft_take(d, &s));
    assert_int_equal(s.trace->n, 1);
    assert_string_equal(s.traces->items[0], "5b8efff798038103d269b633813fc60c");
    assert_string_equal(s.id->items[0], "eee19b7ec3c1b174");
    assert_null(s.parent->items[0]);
    assert_string_equal(s.names->items[0], "load");
    assert_string_equal(s.services->items[0], "shop");
    assert_string_equal(s.resources->items[0], "host.name=h1,service.name=shop");
    assert_int_equal(s.span_kind->items[0], 2);
    assert_int_equal(s.start->items[0], INT64_C(1544712660000000001));
    assert_int_equal(s.duration->items[0], 1000000001);
    assert_int_equal(s.error->items[0], 1);
    assert_string_equal(value_of(&s, "int"), "-9007199254740993");
    assert_string_equal(value_of(&s, "bool"), "true");
    assert_string_equal(value_of(&s, "real"), "0.1");
    assert_string_equal(value_of(&s, "list"), "[\"a\\\"b\",{\"k\":2}]");
    assert_string_equal(value_of(&s, "bytes"), "AQIDBA==");
    assert_string_equal(value_of(&s, "otel.status_description"), "it broke");
    assert_int_equal(s.event_at->items[0], 5);
    assert_string_equal(s.event_text->items[0], "exception: ValueError: no item");
    assert_int_equal(span_draft_intake(d)->links, 1);
}

static void test_both_encodings(void **state)
{
    struct sd_error err = {""};
    struct message wire = wire_request();
    struct span_draft *d = span_draft_new(), *e = span_draft_new();
    (void)state;
    assert_true(json_check(JSON, strlen(JSON), &err));
    assert_true(otlp_json_spans(JSON, strlen(JSON), d, NULL, &err));
    check_span(d);
    if (!otlp_proto_spans((const char *)wire.bytes, wire.n, e, NULL, &err))
        fail_msg("%s", err.text);
    check_span(e);
    span_draft_free(d);
    span_draft_free(e);
}

/* What a span is must be known, however many attributes stand before; what is left out is counted. */
/* Fields of an AnyValue that are of another type than they should be have no bytes to be read. */
static void test_values_of_wrong_types(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= 7; number++) {
        struct message item = {.n = 0}, list = {.n = 0}, value = {.n = 0}, span = {.n = 0};
        struct message scope = {.n = 0}, resource = {.n = 0}, request = {.n = 0};
        put_fixed(&item, number, UINT64_C(0x4242424242424242));
        put_int(&item, number, 77);
        put(&list, 1, &item);
        put(&value, 5, &list);
        put_bytes(&span, 1, "abcdefghijklmnop", 16);
        put_bytes(&span, 2, "abcdefgh", 8);
        attribute(&span, 9, "inside", &value);
        attribute(&span, 9, "alone", &item);
        put(&scope, 2, &span);
        put(&resource, 2, &scope);
        put(&request, 1, &resource);
        struct span_draft *d = span_draft_new();
        struct sd_error err = {""};
        struct sd_spans s;
        assert_true(otlp_proto_spans((const char *)request.bytes, request.n, d, NULL, &err));
        assert_true(span_draft_take(d, &s));
        assert_int_equal(s.trace->n, 1);
        span_draft_free(d);
    }
}

static void test_many_attributes(void **state)
{
    (void)state;
    struct span_draft *d = span_draft_new();
    struct sd_error err = {""};
    struct strbuf json = {0};
    struct sd_spans s;
    strbuf_str(&json, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"1\",\"spanId\":\"2\","
                      "\"attributes\":[");
    for (int i = 0; i < 1000; i++)
        strbuf_printf(&json, "{\"key\":\"k%d\",\"value\":{\"stringValue\":\"v\"}},", i);
    strbuf_str(&json, "{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/x\"}}]}]}]}]}");
    assert_true(otlp_json_spans(strbuf_text(&json), json.len, d, NULL, &err));
    assert_true(span_draft_take(d, &s));
    assert_string_equal(value_of(&s, "http.route"), "/x");
    assert_int_equal(span_draft_intake(d)->cut, 1000 - SPAN_DRAFT_ATTRIBUTES);
    strbuf_free(&json);
    span_draft_free(d);
}

static void test_broken_gives_nothing(void **state)
{
    struct message wire = wire_request();
    struct sd_error err;
    (void)state;
    for (size_t n = 1; n < wire.n; n++) {
        struct span_draft *d = span_draft_new();
        assert_false(otlp_proto_spans((const char *)wire.bytes, n, d, NULL, &err));
        assert_int_equal(span_draft_count(d), 0);
        span_draft_free(d);
    }
    static const char *const WRONG[] = {"[]", "1", "{\"resourceSpans\":{}}", "{\"resourceSpans\":\"x\"}"};
    static const char *const FINE[] = {"{}", "{\"resourceSpans\":null}",
                                       "{\"resourceSpans\":[1,{\"scopeSpans\":7}]}",
                                       "{\"resourceMetrics\":[]}"};
    struct span_draft *d = span_draft_new();
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++)
        assert_false(otlp_json_spans(WRONG[i], strlen(WRONG[i]), d, NULL, &err));
    for (size_t i = 0; i < ARRAY_LEN(FINE); i++)
        assert_true(otlp_json_spans(FINE[i], strlen(FINE[i]), d, NULL, &err));
    assert_int_equal(span_draft_count(d), 0);
    span_draft_free(d);
}

/* ---- metrics ---- */

static struct {
    struct sd_latency l;
    double lower[8], upper[8], counts[8];
    sd_time from;
    size_t n;
    double metric;
    bool counter;
    char unit[16];
    char buckets[512]; /* "labels=value " of each metric that ends in .bucket */
} got;

static void give(void *ctx, sd_time at, enum sd_kind kind, const void *record)
{
    (void)ctx;
    if (kind == SD_METRIC) {
        const struct sd_metric *m = record;
        got.metric = m->value;
        got.counter = m->counter;
        snprintf(got.unit, sizeof got.unit, "%s", m->unit ? m->unit : "");
        size_t len = strlen(got.buckets);
        if (str_ends(m->name, ".bucket"))
            snprintf(got.buckets + len, sizeof got.buckets - len, "%s %g; ", m->labels, m->value);
        return;
    }
    got.l = *(const struct sd_latency *)record;
    got.from = at;
    got.n++;
    for (size_t i = 0; i < got.l.counts->n && i < 8; i++) {
        got.lower[i] = got.l.lower_ns->items[i];
        got.upper[i] = got.l.upper_ns->items[i];
        got.counts[i] = got.l.counts->items[i];
    }
}

static void take(struct otlp_metrics *m, const char *metric)
{
    struct sd_error err = {""};
    struct otlp_metrics_result found;
    char *text = mem_printf("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[%s]}]}]}", metric);
    if (!json_check(text, strlen(text), &err) ||
        !otlp_metrics_take(m, text, strlen(text), true, 1000000, give, NULL, &found, &err))
        fail_msg("%s", err.text);
    free(text);
}

static void test_exponential(void **state)
{
    struct otlp_metrics *m = otlp_metrics_new(SD_UNKNOWN);
    static const char form[] =
        "{\"name\":\"http.server.duration\",\"unit\":\"ms\",\"exponentialHistogram\":{"
        "\"aggregationTemporality\":2,\"dataPoints\":[{\"startTimeUnixNano\":\"10\","
        "\"timeUnixNano\":\"%d\",\"count\":\"%d\",\"sum\":%d,\"scale\":%d,\"zeroCount\":\"1\","
        "\"positive\":{\"offset\":%d,\"bucketCounts\":[%s]}}]}}";
    (void)state;
    memset(&got, 0, sizeof got);
    char *first = mem_printf(form, 100, 4, 10, 1, 2, "\"1\",\"1\",\"1\"");
    char *second = mem_printf(form, 200, 6, 20, 0, 1, "\"2\",\"3\""); /* coarser */
    take(m, first);
    assert_int_equal(got.n, 0);
    take(m, second);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.from, 100);
    assert_int_equal(got.l.interval_ns, 100);
    assert_true(got.l.count == 2 && got.l.total_ns == 10e6);
    /* 2..3 at scale 1 are 1 at scale 0, and 4 is 2: 2 - 2 and 3 - 1 */
    assert_true(got.counts[0] == 2 && got.lower[0] == 4e6 && got.upper[0] == 8e6);
    free(first);
    free(second);
    otlp_metrics_free(m);
}

static void test_deltas_and_units(void **state)
{
    struct otlp_metrics *m = otlp_metrics_new(SD_UNKNOWN);
    (void)state;
    memset(&got, 0, sizeof got);
    take(
        m,
        "{\"name\":\"http.server.request.duration\",\"unit\":\"s\",\"histogram\":{\"aggregationTemporality\":"
        "\"AGGREGATION_TEMPORALITY_DELTA\",\"dataPoints\":[{\"startTimeUnixNano\":\"10\",\"timeUnixNano\":"
        "\"110\","
        "\"count\":\"3\",\"sum\":0.4,\"bucketCounts\":[\"1\",\"2\",\"0\"],\"explicitBounds\":[0.1,1],"
        "\"attributes\":[{\"key\":\"error.type\",\"value\":{\"stringValue\":\"timeout\"}}]}]}}");
    assert_int_equal(got.n, 1);
    assert_int_equal(got.from, 10);
    assert_true(got.l.count == 3 && got.l.errors == 3 && got.counts[1] == 2 && isinf(got.upper[2]));
    for (int i = 0; i < 2; i++)
        take(
            m,
            "{\"name\":\"sent\",\"unit\":\"KiBy\",\"sum\":{\"isMonotonic\":true,\"aggregationTemporality\":1,"
            "\"dataPoints\":[{\"asInt\":\"5\",\"timeUnixNano\":\"20\"}]}}");
    assert_true(got.metric == 10 * 1024 && got.counter);
    assert_string_equal(got.unit, "bytes");
    take(m, "{\"name\":\"load\",\"gauge\":{\"dataPoints\":[{\"asDouble\":5,\"flags\":1}]}}");
    assert_true(isnan(got.metric));
    otlp_metrics_free(m);
}

/* Of statements, as counters of what is not above a bound, in seconds; added up where they are deltas. */
static void test_statements(void **state)
{
    static const char form[] =
        "{\"name\":\"db.client.operation.duration\",\"unit\":\"%s\",\"histogram\":{"
        "\"aggregationTemporality\":%d,"
        "\"dataPoints\":[{\"startTimeUnixNano\":\"10\",\"timeUnixNano\":\"%d\",\"count\":\"6\",\"sum\":0.4,"
        "\"bucketCounts\":[\"1\",\"2\",\"3\"],\"explicitBounds\":[%s],\"attributes\":[{\"key\":\"db\","
        "\"value\":"
        "{\"stringValue\":\"a\"}},{\"key\":\"level\",\"value\":{\"stringValue\":\"b\"}}]}]}}";
    (void)state;
    for (int delta = 0; delta < 2; delta++) {
        struct otlp_metrics *m = otlp_metrics_new(SD_UNKNOWN);
        for (int i = 1; i <= 2; i++) {
            memset(&got, 0, sizeof got);
            char *metric =
                mem_printf(form, delta ? "ms" : "s", delta ? 1 : 2, 100 * i, delta ? "5,10" : "0.005,0.01");
            take(m, metric);
            free(metric);
            assert_int_equal(got.n, 0);
            assert_string_equal(
                got.buckets,
                delta && i == 2
                    ? "db=a,le=0.005,level=b 2; db=a,le=0.01,level=b 6; db=a,le=+Inf,level=b 12; "
                    : "db=a,le=0.005,level=b 1; db=a,le=0.01,level=b 3; db=a,le=+Inf,level=b 6; ");
        }
        otlp_metrics_free(m);
    }
}

/* ---- bodies ---- */

static void test_unpacking(void **state)
{
    static const struct http_text gzip = {"gzip", 4}, other = {"gzip, gzip", 10}, none = {" Identity ", 10};
    uint8_t packed[256];
    z_stream z = {
        .next_in = (Bytef *)"hello hello", .avail_in = 11, .next_out = packed, .avail_out = sizeof packed};
    struct strbuf out = {0};
    (void)state;
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = sizeof packed - z.avail_out;
    deflateEnd(&z);
    memcpy(packed + n, packed, n); /* two members */
    const char *bytes = (const char *)packed;
    assert_int_equal(http_unpack(gzip, bytes, 2 * n, 22, &out), HTTP_UNPACKED);
    assert_int_equal(out.len, 22);
    assert_int_equal(http_unpack(gzip, bytes, 2 * n, 21, &out), HTTP_UNPACKED_LONG);
    assert_int_equal(http_unpack(gzip, bytes, n, 10, &out), HTTP_UNPACKED_LONG);
    for (size_t k = 0; k < n; k++)
        assert_int_equal(http_unpack(gzip, bytes, k, 1 << 30, &out), HTTP_UNPACKED_BROKEN);
    assert_int_equal(http_unpack(other, bytes, n, 100, &out), HTTP_UNPACKED_UNKNOWN);
    assert_int_equal(http_unpack(none, bytes, n, 100, &out), HTTP_PLAIN);
    strbuf_free(&out);
}

static void test_chunks(void **state)
{
    static const char whole[] = "3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX: y\r\n\r\nnext";
    (void)state;
    for (size_t first = 0; first < strlen(whole); first++) {
        struct http_chunks c = {0};
        char bytes[100];
        size_t out = 0, n = first;
        memcpy(bytes, whole, first);
        enum http_state s = http_chunks_read(&c, bytes, &out, &n);
        if (s == HTTP_MORE) {
            memcpy(bytes + n, whole + first, strlen(whole) - first);
            n += strlen(whole) - first;
            s = http_chunks_read(&c, bytes, &out, &n);
        } else {
            memcpy(bytes + n, whole + first, strlen(whole) - first);
            n += strlen(whole) - first;
        }
        assert_int_equal(s, HTTP_WHOLE);
        assert_int_equal(out, 13);
        assert_memory_equal(bytes, "abc0123456789next", 17);
        assert_int_equal(n, 17);
    }
    static const char *const broken[] = {"x\r\n", "\r\n", "3\r\nabcd\r\n", "ffffffffffffffff\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct http_chunks c = {0};
        char bytes[100];
        size_t out = 0, n = strlen(broken[i]);
        memcpy(bytes, broken[i], n);
        assert_int_equal(http_chunks_read(&c, bytes, &out, &n), HTTP_BROKEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_attributes), cmocka_unit_test(test_values_of_wrong_types),
        cmocka_unit_test(test_both_encodings),  cmocka_unit_test(test_broken_gives_nothing),
        cmocka_unit_test(test_exponential),     cmocka_unit_test(test_deltas_and_units),
        cmocka_unit_test(test_statements),      cmocka_unit_test(test_unpacking),
        cmocka_unit_test(test_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
