/* The receiver of OTLP, by real sockets: what it answers, that every span of a request that was answered 200
 * is published, and that nobody who attacks it keeps others from being answered. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "conf/option.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/dial.h"
#include "tests/lib/rt_watch.h"

#define SOON (60 * SD_S)

static struct {
    int64_t spans, latencies, metrics;
    double latency_count, latency_errors;
    char name[64], service[64], statement[128], route[64];
} got;
static int64_t wanted;
static uint16_t port;

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

static void look(void *ctx, const struct sd_batch *b)
{
    const struct sd_spans *s;
    const struct sd_latency *l;
    (void)ctx;
    for (size_t i = 0; (s = batch_each(b, SD_SPANS, &i));) {
        got.spans += s->trace->n;
        copy(got.name, sizeof got.name, s->names->items[s->name->items[0]]);
        copy(got.service, sizeof got.service, s->services->items[s->service->items[0]]);
        if (s->statements->n)
            copy(got.statement, sizeof got.statement, s->statements->items[0]);
    }
    for (size_t i = 0; (l = batch_each(b, SD_LATENCY, &i)); got.latencies++) {
        got.latency_count += l->count;
        got.latency_errors += l->errors;
        copy(got.route, sizeof got.route, l->route);
    }
    for (size_t i = 0; batch_each(b, SD_METRIC, &i);)
        got.metrics++;
}

static struct rt_watch begin(const char *options, const struct rt_limits *limits)
{
    struct rt_watch w = {.rt = rt_new(limits), .on_batch = look};
    struct registry_resolved r;
    struct sd_error err = {""};
    char target[200];
    memset(&got, 0, sizeof got);
    snprintf(target, sizeof target, "otlp://127.0.0.1:%u%s", port, options);
    if (!registry_resolve(target, &r, &err))
        fail_msg("%s", err.text);
    void *opts = options_new(r.ops->options, r.ops->opts_size);
    for (size_t i = 0; r.options && r.options[i]; i++) {
        char *name = mem_strdup(r.options[i]), *value = strchr(name, '=');
        *value = 0;
        assert_true(option_set(r.ops->options, opts, name, value + 1, &err));
        free(name);
    }
    assert_non_null(rt_start(w.rt, r.ops, "one", r.target, opts, true, &err));
    registry_resolved_free(&r);
    return w;
}

static bool settled(const struct rt_watch *w)
{
    return w->status.state == SD_STATE_LIVE || w->status.state == SD_STATE_FAILED;
}

static struct rt_watch receiver(const char *options)
{
    port = dial_free_port();
    struct rt_watch w = begin(options, &RT_DEFAULTS);
    assert_true(rt_watch_until(&w, settled, SOON));
    if (w.status.state == SD_STATE_FAILED)
        fail_msg("%s", w.text);
    return w;
}

static bool came(const struct rt_watch *w)
{
    (void)w;
    return got.spans >= wanted;
}

static void finish(struct rt_watch *w)
{
    assert_int_equal(rt_free(w->rt, SOON), 0);
}

/* ---- clients ---- */

/* The next answer with its body; its status. 0: the connection is closed. */
static int next_answer(int fd, char out[4096])
{
    size_t n = 0, whole = 0;
    out[0] = 0;
    while (n < 4095 && (!whole || n < whole)) {
        ssize_t r = recv(fd, out + n, 1, 0);
        if (r <= 0)
            break;
        out[++n] = 0;
        if (!whole && n >= 4 && !memcmp(out + n - 4, "\r\n\r\n", 4)) {
            const char *length = strstr(out, "Content-Length: ");
            whole = n + (length ? (size_t)atol(length + 16) : 0);
        }
    }
    return n ? atoi(out + strlen("HTTP/1.1 ")) : 0;
}

static void post(int fd, const char *path, const char *headers, const void *body, size_t n)
{
    char *head = mem_printf("POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", path, headers, n);
    dial_put(fd, head, strlen(head));
    dial_put(fd, body, n);
    free(head);
}

#define JSON     "Content-Type: application/json\r\n"
#define PROTOBUF "Content-Type: application/x-protobuf\r\n"

#define SPANS(SPAN)                                                                                          \
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"                \
    "{\"stringValue\":\"shop\"}}]},\"scopeSpans\":[{\"spans\":[" SPAN "]}]}]}"
static const char ONE[] = SPANS(
    "{\"traceId\":\"5B8EFFF798038103D269B633813FC60C\",\"spanId\":\"EEE19B7EC3C1B174\",\"name\":\"SELECT\","
    "\"kind\":\"SPAN_KIND_CLIENT\",\"startTimeUnixNano\":1544712660000000001,\"endTimeUnixNano\":"
    "\"1544712661000000000\",\"attributes\":[{\"key\":\"db.system.name\",\"value\":{\"stringValue\":"
    "\"postgresql\"}},{\"key\":\"db.query.text\",\"value\":{\"stringValue\":\"SELECT 1 FROM t WHERE x = "
    "'secret'\"}}]}");

/* ExportTraceServiceRequest of one span: resource_spans, scope_spans, span. */
static const uint8_t PROTO[] = {0x0a, 0x37, 0x12, 0x35, 0x12, 0x33, /* three messages */
                                0x0a, 0x10, 1,    2,    3,    4,    5, 6, 7, 8,    9, 10,
                                11,   12,   13,   14,   15,   16,                        /* trace_id */
                                0x12, 0x08, 1,    2,    3,    4,    5, 6, 7, 8,          /* span_id */
                                0x2a, 0x01, 'x',  0x39, 1,    0,    0, 0, 0, 0,    0, 0, /* name, start */
                                0x41, 2,    0,    0,    0,    0,    0, 0, 0, 0x7a, 0};   /* end, status */

static void honest(int fd)
{
    char answer[4096];
    post(fd, "/v1/traces", JSON, ONE, strlen(ONE));
    if (next_answer(fd, answer) != 200)
        fail_msg("%s", answer);
    wanted++;
}

static void honest_anew(void)
{
    int fd = dial_port(port);
    honest(fd);
    close(fd);
}

/* ---- tests ---- */

static void answers(void **state)
{
    static const struct {
        const char *sent;
        int status;
        const char *says;
        bool closed;
    } rows[] = {
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Content-Length: 2\r\n\r\n{}", 200, "\r\n\r\n{}", false},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Content-Length: 11\r\n\r\n{\"later\":[]", 400, "{\"code\":3,",
         false},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Content-Length: 20\r\n\r\n{\"resourceSpans\":42}", 400,
         "resourceSpans", false},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Content-Length: 18\r\n\r\n{\"not known\":[{}]}", 200,
         "\r\n\r\n{}", false},
        {"POST /v1/traces HTTP/1.1\r\n" PROTOBUF "Content-Length: 0\r\n\r\n", 200, "application/x-protobuf",
         false},
        {"POST /v1/traces HTTP/1.1\r\n" PROTOBUF "Content-Length: 3\r\n\r\n\x0a\x7f!", 400,
         "\r\n\r\n\x08\x03\x12", false},
        {"POST /v1/traces/?x=1 HTTP/1.1\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Length: "
         "2\r\n\r\n{}",
         200, "application/json", false},
        {"POST /v1/logs HTTP/1.1\r\n" JSON
         "Content-Length: 57\r\n\r\n{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{},{}]}]}]}",
         200, "\"rejectedLogRecords\":\"2\"", false},
        {"POST /v1/traces HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415,
         "\"code\":3", false},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", 415,
         "gzip", false},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 400,
         NULL, false},
        {"GET /v1/traces HTTP/1.1\r\n\r\n", 405, "Allow: POST", false},
        {"POST /v2/traces HTTP/1.1\r\n" PROTOBUF "Content-Length: 0\r\n\r\n", 404, "\x08\x05\x12", false},
        {"GET / HTTP/1.1\r\n\r\n", 404, "/v1/traces", false},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "\r\n", 411, NULL, true},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Content-Length: 20971521\r\n\r\n", 413, "20 MiB", true},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, NULL, true},
        {"POST /v1/traces HTTP/1.1\r\n" JSON "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, NULL, true},
        {"nonsense\r\n\r\n", 400, NULL, true},
        {"\x16\x03\x01\x02", 400, NULL, true},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, NULL, true},
    };
    struct rt_watch w = receiver("");
    char answer[4096];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = dial_port(port);
        for (int again = 0; again < (rows[i].closed ? 1 : 2); again++) {
            size_t n = strlen(rows[i].sent);
            dial_put(fd, rows[i].sent, n);
            int status = next_answer(fd, answer);
            if (status != rows[i].status || (rows[i].says && !strstr(answer, rows[i].says)))
                fail_msg("row %zu: %d %s", i, status, answer);
        }
        if (rows[i].closed)
            assert_int_equal(next_answer(fd, answer), 0);
        close(fd);
    }
    finish(&w);
}

static void put_in_chunks(int fd, const char *body, size_t n)
{
    static const char head[] = "POST /v1/traces HTTP/1.1\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n";
    dial_put(fd, head, strlen(head));
    for (size_t at = 0, part = 1; at < n; at += part, part = part % 37 + 5) {
        part = MIN(part, n - at);
        char *size = mem_printf("%zx;x=y\r\n", part);
        dial_put(fd, size, strlen(size));
        dial_put(fd, body + at, part);
        dial_put(fd, "\r\n", 2);
        free(size);
    }
    dial_put(fd, "0\r\nTrailer: x\r\n\r\n", strlen("0\r\nTrailer: x\r\n\r\n"));
}

/* gzip of `n` bytes; `zeros`: of so many zeros instead. */
static uint8_t *gzip_of(const void *bytes, size_t n, size_t *len)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t cap = deflateBound(&z, n);
    uint8_t *out = mem_alloc(cap);
    z.next_out = out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *len = cap - z.avail_out;
    deflateEnd(&z);
    return out;
}

static void encodings(void **state)
{
    struct rt_watch w = receiver("");
    char answer[4096], packed[4096];
    size_t n;
    int fd = dial_port(port);
    (void)state;
    wanted = 0;
    honest(fd);
    uint8_t *gzip = gzip_of(ONE, strlen(ONE), &n);
    post(fd, "/v1/traces", JSON "Content-Encoding: gzip\r\n", gzip, n);
    assert_int_equal(next_answer(fd, answer), 200);
    n = ZSTD_compress(packed, sizeof packed, ONE, strlen(ONE), 1);
    post(fd, "/v1/traces", JSON "Content-Encoding: zstd\r\n", packed, n);
    assert_int_equal(next_answer(fd, answer), 200);
    put_in_chunks(fd, ONE, strlen(ONE));
    assert_int_equal(next_answer(fd, answer), 200);
    char *waits =
        mem_printf("POST /v1/traces HTTP/1.1\r\n" JSON "Expect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
                   strlen(ONE));
    dial_put(fd, waits, strlen(waits));
    assert_int_equal(next_answer(fd, answer), 100);
    dial_put(fd, ONE, strlen(ONE));
    assert_int_equal(next_answer(fd, answer), 200);
    wanted = 5;
    assert_true(rt_watch_until(&w, came, SOON));
    assert_string_equal(got.service, "shop");
    assert_string_equal(got.statement, "SELECT $1 FROM t WHERE x = $2");
    post(fd, "/v1/traces", PROTOBUF, PROTO, sizeof PROTO);
    assert_int_equal(next_answer(fd, answer), 200);
    assert_non_null(strstr(answer, "Content-Type: application/x-protobuf"));
    wanted = 6;
    assert_true(rt_watch_until(&w, came, SOON));
    assert_string_equal(got.name, "x");
    assert_int_equal(got.spans, 6);
    close(fd);
    free(gzip);
    free(waits);
    finish(&w);
}

/* Who sends far too much, and reads when all is sent, is told. */
static void too_large_to_the_end(void **state)
{
    (void)state;
    enum { SIZE = 40 << 20 };
    struct rt_watch w = receiver("");
    char answer[4096], *body = mem_array(SIZE, 1);
    int fd = dial_port(port);
    post(fd, "/v1/traces", JSON, body, SIZE);
    assert_int_equal(next_answer(fd, answer), 413);
    close(fd);
    free(body);
    finish(&w);
}

static void partly(void **state)
{
    static const char body[] =
        SPANS("{\"name\":\"no ids\"},{\"traceId\":\"1\",\"spanId\":\"2\",\"name\":\"has\"}");
    struct rt_watch w = receiver("");
    char answer[4096];
    int fd = dial_port(port);
    (void)state;
    post(fd, "/v1/traces", JSON, body, strlen(body));
    assert_int_equal(next_answer(fd, answer), 200);
    assert_non_null(
        strstr(answer, "{\"partialSuccess\":{\"rejectedSpans\":\"1\",\"errorMessage\":\"a span has no id"));
    wanted = 1;
    assert_true(rt_watch_until(&w, came, SOON));
    close(fd);
    finish(&w);
}

static void asks_for_token(void **state)
{
    struct rt_watch w = receiver("?token=s3cret");
    char answer[4096];
    int fd = dial_port(port);
    (void)state;
    static const char *const wrong[] = {JSON, JSON "Authorization: Bearer s3cre\r\n",
                                        JSON "Authorization: Bearer s3crets\r\n",
                                        JSON "Authorization: Basic s3cret\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        post(fd, "/v1/traces", wrong[i], ONE, strlen(ONE));
        assert_int_equal(next_answer(fd, answer), 401);
        assert_null(strstr(answer, "s3c"));
    }
    post(fd, "/v1/traces", JSON "authorization: bearer s3cret\r\n", ONE, strlen(ONE));
    assert_int_equal(next_answer(fd, answer), 200);
    close(fd);
    finish(&w);
}

static void port_in_use(void **state)
{
    struct rt_watch w = receiver(""), second = begin("", &RT_DEFAULTS);
    (void)state;
    assert_true(rt_watch_until(&second, settled, SOON));
    assert_int_equal(second.status.state, SD_STATE_FAILED);
    assert_non_null(strstr(second.text, "another program uses the port"));
    finish(&second);
    finish(&w);
}

/* Nothing is read from the queue: requests are told to come again, and what was answered 200 is all there. */
static void put_off(void **state)
{
    const struct rt_limits small = {.mailbox_bytes = 64 << 10,
                                    .backoff_max_ns = SD_S,
                                    .stale_after_ns = 60 * SD_S,
                                    .now = RT_DEFAULTS.now};
    enum { MOST = 2000 };
    char answer[4096];
    int status = 200;
    (void)state;
    port = dial_free_port();
    struct rt_watch w = begin("", &small);
    assert_true(rt_watch_until(&w, settled, SOON));
    int fd = dial_port(port);
    wanted = 0;
    for (int i = 0; i < MOST && status == 200; i++) {
        post(fd, "/v1/traces", JSON, ONE, strlen(ONE));
        status = next_answer(fd, answer);
        wanted += status == 200;
    }
    assert_int_equal(status, 429);
    assert_non_null(strstr(answer, "Retry-After: "));
    assert_true(rt_watch_until(&w, came, SOON));
    honest(fd);
    assert_true(rt_watch_until(&w, came, SOON));
    assert_int_equal(got.spans, wanted);
    assert_int_equal(w.status.drops, 0);
    close(fd);
    finish(&w);
}

/* ---- attacks ---- */

static int dial_and_put(const void *bytes, size_t n)
{
    int fd = dial_port(port);
    dial_put(fd, bytes, n);
    return fd;
}

/* Sends a whole attack; its answer. */
static int attack(const char *headers, const void *body, size_t n)
{
    char answer[4096];
    int fd = dial_port(port);
    post(fd, "/v1/traces", headers, body, n);
    int status = next_answer(fd, answer);
    close(fd);
    return status;
}

static void bombs(void)
{
    enum { LARGE = 64 << 20 };
    char *zeros = mem_alloc(LARGE);
    size_t n;
    uint8_t *bomb = gzip_of(zeros, LARGE, &n);
    assert_int_equal(attack(JSON "Content-Encoding: gzip\r\n", bomb, n), 413);
    memset(bomb + n - 4, 0, 4); /* and it lies about it */
    assert_int_equal(attack(JSON "Content-Encoding: gzip\r\n", bomb, n), 413);
    honest_anew();
    size_t cap = ZSTD_compressBound(LARGE);
    void *packed = mem_alloc(cap);
    n = ZSTD_compress(packed, cap, zeros, LARGE, 1);
    assert_int_equal(attack(PROTOBUF "Content-Encoding: zstd\r\n", packed, n), 413);
    honest_anew();
    free(packed);
    free(bomb);
    free(zeros);
}

static void deep(void)
{
    enum { DEEP_JSON = 200000, DEEP_PROTO = 20000 };
    char *json = mem_alloc(DEEP_JSON + 1);
    memset(json, '[', DEEP_JSON);
    assert_int_equal(attack(JSON, json, DEEP_JSON), 400);
    free(json);
    /* array_value (5) of values (1) in one another, inside of request, resource, attribute and value */
    struct strbuf in = {0};
    for (int i = 0; i < DEEP_PROTO; i++) {
        struct strbuf out = {0};
        size_t n = in.len;
        strbuf_char(&out, i % 2 ? 0x2a : 0x0a);
        for (; n > 127; n >>= 7)
            strbuf_char(&out, (char)(n | 128));
        strbuf_char(&out, (char)n);
        strbuf_add(&out, in.text, in.len);
        strbuf_free(&in);
        in = out;
    }
    int status = attack(PROTOBUF, in.text, in.len);
    assert_true(status == 400 || status == 200); /* of no known field it is passed over */
    strbuf_free(&in);
    honest_anew();
}

static void attacked(void **state)
{
    enum { HALF_OPEN = 200, LONG_HEAD = 1 << 20 };
    static const char tls[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    static const char part[] =
        "POST /v1/traces HTTP/1.1\r\n" JSON "Content-Length: 20000000\r\n\r\n{\"resourceSpans\":[";
    struct rt_watch w = receiver("");
    int fds[HALF_OPEN];
    char answer[4096];
    (void)state;
    wanted = 0;
    int steady = dial_port(port);
    honest(steady);
    for (int i = 0; i < HALF_OPEN; i++) {
        size_t n = i % 4 == 0 ? 0 : i % 4 == 1 ? 30 : i % 4 == 2 ? strlen(part) : 60;
        fds[i] = dial_and_put(
            i % 4 == 3 ? "\x00\xff garbage of any kind, which has no end of a line in it at all..." : part,
            n);
        if (i % 20 == 0)
            honest(steady);
    }
    for (int i = 2; i < HALF_OPEN; i += 4) { /* and they go on, a little at a time */
        dial_put(fds[i], " ", 1);
        if (i % 40 == 2)
            honest_anew();
    }
    bombs();
    deep();
    int fd = dial_and_put(tls, sizeof tls - 1);
    assert_int_equal(next_answer(fd, answer), 400);
    close(fd);
    char *head = mem_alloc(LONG_HEAD + 1);
    memset(head, 'a', LONG_HEAD);
    memcpy(head, "GET / HTTP/1.1\r\nX: ", 19);
    fd = dial_and_put(head, LONG_HEAD);
    assert_int_equal(next_answer(fd, answer), 431);
    close(fd);
    honest(steady);
    honest_anew();
    assert_true(rt_watch_until(&w, came, SOON));
    assert_int_equal(got.spans, wanted);
    assert_int_equal(w.status.drops, 0);
    for (int i = 0; i < HALF_OPEN; i++)
        close(fds[i]);
    close(steady);
    free(head);
    finish(&w);
}

/* ---- metrics ---- */

static bool has_latencies(const struct rt_watch *w)
{
    (void)w;
    return got.latencies >= wanted;
}

static void durations(void **state)
{
    static const char form[] =
        "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
        "\"stringValue\":"
        "\"shop\"}}]},\"scopeMetrics\":[{\"metrics\":[{\"name\":\"http.server.request.duration\",\"unit\":"
        "\"s\","
        "\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[{\"attributes\":[{\"key\":\"http."
        "route\",\"value\":"
        "{\"stringValue\":\"/orders/"
        ":id\"}},{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"GET\"}},"
        "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"500\"}}],\"startTimeUnixNano\":"
        "\"1000\","
        "\"timeUnixNano\":\"%d\",\"count\":\"%d\",\"sum\":%d,\"bucketCounts\":[\"%d\",\"0\",\"0\"],"
        "\"explicitBounds\":[0.1,1]}]}},"
        "{\"name\":\"jvm.threads\",\"gauge\":{\"dataPoints\":[{\"asInt\":\"7\",\"timeUnixNano\":\"%d\"}]}}]}]"
        "}]}";
    static const int counts[] = {10, 15, 4}; /* the last one began anew */
    struct rt_watch w = receiver("");
    char answer[4096];
    int fd = dial_port(port);
    (void)state;
    for (int i = 0; i < 3; i++) {
        char *body = mem_printf(form, 2000 + i * 1000, counts[i], counts[i], counts[i], 2000 + i * 1000);
        post(fd, "/v1/metrics", JSON, body, strlen(body));
        assert_int_equal(next_answer(fd, answer), 200);
        free(body);
    }
    wanted = 2;
    assert_true(rt_watch_until(&w, has_latencies, SOON));
    assert_int_equal(got.latencies, 2);
    assert_true(got.latency_count == 5 + 4 && got.latency_errors == 5 + 4);
    assert_string_equal(got.route, "/orders/:id");
    assert_int_equal(got.metrics, 3);
    close(fd);
    finish(&w);
}

static int set_up(void **state)
{
    (void)state;
    registry_begin(SOURCES_BUILT_IN);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),        cmocka_unit_test(encodings),
        cmocka_unit_test(partly),         cmocka_unit_test(too_large_to_the_end),
        cmocka_unit_test(asks_for_token), cmocka_unit_test(port_in_use),
        cmocka_unit_test(put_off),        cmocka_unit_test(attacked),
        cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
