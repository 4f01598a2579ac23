/* Spans of Jaeger and Zipkin, and files of them: each span as a line. With SLOWDIVE_CORPORA, what jaeger-ui
 * makes of the same files. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "format/traces/trace_reader.h"
#include "format/traces/trace_json.h"

/* A line for each span: trace id parent service name kind start duration flags {attributes} [events]. */
static void print_span(struct strbuf *out, const struct sd_spans *s, int64_t i)
{
    int64_t service = s->service->items[i];
    const char *parent = s->parent->items[i];
    strbuf_printf(out, "%s %s %s %s/%s %lld %lld %lld", s->traces->items[s->trace->items[i]], s->id->items[i],
                  parent ? parent : "-", s->services->items[service], s->names->items[s->name->items[i]],
                  sd_known(s->span_kind->items[i]) ? (long long)s->span_kind->items[i] : 0LL,
                  sd_known(s->start->items[i]) ? (long long)s->start->items[i] : -1LL,
                  sd_known(s->duration->items[i]) ? (long long)s->duration->items[i] : -1LL);
    strbuf_str(out, s->error->items[i] ? " error" : "");
    strbuf_str(out, s->follows->items[i] ? " follows" : "");
    if (sd_known(s->statement->items[i]))
        strbuf_printf(out, " <%s>", s->statements->items[s->statement->items[i]]);
    for (size_t k = 0; k < s->of_span->n; k++)
        if (s->of_span->items[k] == i)
            strbuf_printf(out, " %s=%s", s->keys->items[s->of_key->items[k]], s->of_value->items[k]);
    for (size_t k = 0; k < s->event_span->n; k++)
        if (s->event_span->items[k] == i)
            strbuf_printf(out, " [%lld %s]", (long long)s->event_at->items[k], s->event_text->items[k]);
    if (s->resources->items[service])
        strbuf_printf(out, " (%s)", s->resources->items[service]);
    strbuf_char(out, '\n');
}

static bool print_all(void *ctx, struct span_draft *d)
{
    struct sd_spans s;
    if (span_draft_take(d, &s))
        for (size_t i = 0; i < s.trace->n; i++)
            print_span(ctx, &s, (int64_t)i);
    return true;
}

/* Feeds the text in pieces of `piece` bytes. */
static bool read_in(const char *text, size_t len, size_t piece, struct strbuf *out,
                    struct trace_counts *counts, struct sd_error *err)
{
    struct span_draft *d = span_draft_new();
    struct span_sink sink = {.full = print_all, .ctx = out};
    struct trace_reader *r = trace_reader_new(d, &sink);
    bool good = true;
    for (size_t at = 0; good && at < len; at += piece)
        good = trace_reader_feed(r, text + at, MIN(piece, len - at), err);
    good = good && trace_reader_end(r, err);
    print_all(out, d);
    if (counts)
        *counts = *trace_reader_counts(r);
    trace_reader_free(r);
    span_draft_free(d);
    return good;
}

static void assert_reads(const char *text, const char *expected)
{
    for (size_t piece = 1; piece < 2000; piece += 666) {
        struct strbuf out = {0};
        struct sd_error err = {""};
        if (!read_in(text, strlen(text), piece, &out, NULL, &err))
            fail_msg("%s", err.text);
        assert_string_equal(strbuf_text(&out), expected);
        strbuf_free(&out);
    }
}

static void assert_refuses(const char *text, const char *says)
{
    struct strbuf out = {0};
    struct sd_error err = {""};
    if (read_in(text, strlen(text), 4096, &out, NULL, &err))
        fail_msg("read: %s gives %s", text, strbuf_text(&out));
    if (!strstr(err.text, says))
        fail_msg("%s: %s", text, err.text);
    strbuf_free(&out);
}

/* ---- Jaeger ---- */

#define PROCESS                                                                                              \
    "\"processes\":{\"p1\":{\"serviceName\":\"shop\",\"tags\":[{\"key\":\"host\",\"value\":\"a\"}]}}"

static void jaeger_api(void **state)
{
    (void)state;
    assert_reads(
        "{\"data\":[{\"traceID\":\"ABC\",\"spans\":["
        "{\"traceID\":\"abc\",\"spanID\":\"1F\",\"operationName\":\"GET /a\",\"references\":[],\"startTime\":"
        "1700000000000001,\"duration\":5,\"processID\":\"p1\",\"tags\":[{\"key\":\"span.kind\",\"type\":"
        "\"string\","
        "\"value\":\"server\"},{\"key\":\"n\",\"type\":\"int64\",\"value\":9007199254740993},"
        "{\"key\":\"error\",\"type\":\"bool\",\"value\":true}],\"logs\":[{\"timestamp\":1700000000000002,"
        "\"fields\":[{\"key\":\"event\",\"value\":\"exception\"},{\"key\":\"exception.message\",\"value\":"
        "\"boom\"}]}],\"warnings\":[\"clock skew\"]},"
        "{\"spanID\":\"span-C\",\"operationName\":\"q\",\"startTime\":\"1700000000000003\",\"duration\":"
        "\"2\","
        "\"processID\":\"p2\",\"references\":[{\"refType\":\"FOLLOWS_FROM\",\"traceID\":\"0abc\",\"spanID\":"
        "\"7\"},"
        "{\"refType\":\"CHILD_OF\",\"traceID\":\"abc\",\"spanID\":\"1f\"},"
        "{\"refType\":\"CHILD_OF\",\"traceID\":\"def\",\"spanID\":\"2\"}]}"
        "]," PROCESS "}],\"total\":0,\"errors\":null}",
        "00000000000000000000000000000abc 000000000000001f - shop/GET /a 2 1700000000000001000 5000 error "
        "n=9007199254740993 [1700000000000002000 exception: boom] [1700000000000001000 warning: clock skew] "
        "(host=a)\n"
        "00000000000000000000000000000abc span-C 000000000000001f /q 0 1700000000000003000 2000 "
        "link.follows_from=0abc 7 link=def 2\n");
}

static void jaeger_follows(void **state)
{
    (void)state;
    assert_reads(
        "{\"spans\":[{\"spanID\":\"2\",\"startTime\":0,\"references\":[{\"refType\":\"FOLLOWS_FROM\","
        "\"traceID\":\"1\",\"spanID\":\"9\"}]},{\"spanID\":\"3\",\"parentSpanID\":\"2\",\"duration\":1e3}],"
        "\"traceID\":\"1\"}",
        "00000000000000000000000000000001 0000000000000002 0000000000000009 / 0 0 -1 follows\n"
        "00000000000000000000000000000001 0000000000000003 0000000000000002 / 0 -1 1000000\n");
}

static void jaeger_documents(void **state)
{
    (void)state;
    assert_reads(
        "{\"hits\":{\"hits\":[{\"_source\":{\"traceID\":\"1\",\"spanID\":\"2\",\"operationName\":\"x\","
        "\"startTime\":3,\"duration\":4,\"tag\":{\"span@kind\":\"client\",\"db@name\":\"d\"},"
        "\"process\":{\"serviceName\":\"s\",\"tag\":{\"ip\":\"9\"}}}}]}}",
        "00000000000000000000000000000001 0000000000000002 - s/x 3 3000 4000 db.name=d (ip=9)\n");
    assert_reads(
        "{\"spans\":[{\"traceId\":\"AAAAAAAAAAAAAAAAAAAAAQ==\",\"spanId\":\"AAAAAAAAAAI=\",\"operationName\":"
        "\"x\",\"startTime\":\"2017-01-26T16:46:31.639875139-05:00\",\"duration\":\"5000ns\",\"tags\":"
        "[{\"key\":\"t\",\"vType\":\"FLOAT64\",\"vFloat64\":72.5}],\"process\":{\"serviceName\":\"y\"}}]}",
        "00000000000000000000000000000001 0000000000000002 - y/x 0 1485467191639875139 5000 t=72.5\n");
}

static void jaeger_refused(void **state)
{
    (void)state;
    assert_refuses("{\"data\":null,\"errors\":[{\"code\":404,\"msg\":\"trace not found\"}]}",
                   "trace not found");
    assert_refuses("{\"data\":[{\"traceID\":\"1\",\"spans\":[{]}]}", "The JSON is broken at byte");
    assert_refuses("{\"data\":[{\"traceID\":\"1\",\"spans\":[{\"spanID\":\"2\"}", "The JSON is cut off");
    assert_refuses("{\"rows\":[]}", "it has no spans of OTLP, Tempo, Jaeger or Zipkin");
    assert_refuses("[1,2]", "it has no spans of");
    assert_refuses("hello", "it has no spans");
    assert_refuses("", "it is empty");
}

/* ---- Zipkin ---- */

static void zipkin(void **state)
{
    (void)state;
    assert_reads(
        "[{\"traceId\":\"a1\",\"id\":\"b1\",\"name\":\"get\",\"kind\":\"CLIENT\",\"timestamp\":10,"
        "\"duration\":9,"
        "\"localEndpoint\":{\"serviceName\":\"web\",\"ipv4\":\"10.0.0.1\"},\"remoteEndpoint\":{"
        "\"serviceName\":"
        "\"api\",\"port\":80},\"tags\":{\"http.path\":\"/a\",\"error\":\"timed out\"},\"annotations\":"
        "[{\"timestamp\":11,\"value\":\"ws\"}]},"
        "{\"traceId\":\"a1\",\"id\":\"b1\",\"kind\":\"SERVER\",\"timestamp\":12,\"duration\":3,\"shared\":"
        "true,"
        "\"parentId\":\"b0\",\"localEndpoint\":{\"serviceName\":\"api\"}},"
        "{\"traceId\":\"a1\",\"id\":\"b2\",\"parentId\":\"b1\",\"tags\":{\"x\":\"y\"}},"
        "{\"traceId\":\"a1\",\"id\":\"b2\",\"parentId\":\"b1\",\"timestamp\":13}]",
        "000000000000000000000000000000a1 00000000000000b1 - web/get 3 10000 9000 error http.path=/a "
        "error=timed out peer.service=api net.peer.port=80 [11000 ws] (ipv4=10.0.0.1)\n"
        "000000000000000000000000000000a1 b1-server 00000000000000b1 api/ 2 12000 3000\n"
        "000000000000000000000000000000a1 00000000000000b2 00000000000000b1 / 0 13000 -1\n");
    assert_reads(
        "[[{\"traceId\":\"463ac35c9f6413ad48485a3953bb6124\",\"id\":\"1\",\"timestamp\":1,\"duration\":1}]]",
        "463ac35c9f6413ad48485a3953bb6124 0000000000000001 - / 0 1000 1000\n");
}

static void zipkin_refused(void **state)
{
    (void)state;
    assert_refuses("[{\"traceId\":\"1\",\"id\":\"2\",\"annotations\":[],\"binaryAnnotations\":[]}]",
                   "format v1");
    assert_refuses("[{\"traceId\":\"1\",\"id\":\"2\",\"annotations\":[{\"value\":\"sr\",\"endpoint\":{}}]}]",
                   "format v1");
}

/* ---- Tempo ---- */

#define SCOPE                                                                                                \
    "\"scopeSpans\":[{\"spans\":[{\"traceId\":\"AAAAAAAAAAAAAAAAAAAAAQ==\",\"spanId\":\"AAAAAAAAAAI=\","     \
    "\"name\":\"x\",\"kind\":\"SPAN_KIND_SERVER\",\"startTimeUnixNano\":\"5\",\"endTimeUnixNano\":\"7\"}]}]"

static void tempo(void **state)
{
    (void)state;
    static const char SPAN[] = "00000000000000000000000000000001 0000000000000002 - /x 2 5 2\n";
    assert_reads("{\"batches\":[{\"resource\":{}," SCOPE "}]}", SPAN);
    assert_reads("{\"trace\":{\"resourceSpans\":[{" SCOPE "}]},\"metrics\":{\"inspectedBytes\":\"1\"}}",
                 SPAN);
    assert_reads("{\"resourceSpans\":[{" SCOPE "}]}", SPAN);
}

/* Protobuf: alone, inside of an answer of Tempo, behind its length as the collector writes it, and as
 * a varint. Its first byte is a line feed. */
static void protobuf(void **state)
{
    (void)state;
    static const char MESSAGE[] =
        "\x0a\x3c\x0a\x15\x0a\x13\x0a\x0cservice."
        "name\x12\x03\x0a\x01s\x12\x23\x12\x21\x0a\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x01\x12\x08\x00\x00\x00\x00\x00\x00\x00\x02\x2a\x01x\x30\x02";
    char text[4 * sizeof MESSAGE];
    const size_t n = sizeof MESSAGE - 1;
    struct strbuf out = {0};
    struct sd_error err = {""};
    assert_int_equal(n, 62);
    for (int form = 0; form < 4; form++) {
        size_t len = form == 0 ? n : form == 1 ? n + 2 : 2 * (n + (form == 2 ? 4 : 1));
        if (form == 0)
            memcpy(text, MESSAGE, n);
        if (form == 1) {
            memcpy(text, "\x0a\x3e", 2);
            memcpy(text + 2, MESSAGE, n);
        }
        for (size_t i = 0; form == 2 && i < 2; i++) {
            memcpy(text + i * (n + 4), "\0\0\0\x3e", 4);
            memcpy(text + i * (n + 4) + 4, MESSAGE, n);
        }
        for (size_t i = 0; form == 3 && i < 2; i++) {
            text[i * (n + 1)] = 0x3e;
            memcpy(text + i * (n + 1) + 1, MESSAGE, n);
        }
        strbuf_clear(&out);
        assert_true(trace_form_sure(text, len) > 80);
        if (!read_in(text, len, 13, &out, NULL, &err))
            fail_msg("%d: %s", form, err.text);
        assert_true(str_starts(strbuf_text(&out), "00000000000000000000000000000001 0000000000000002 - "));
        assert_int_equal(strstr(strbuf_text(&out) + 1, "00000000000000000000000000000001") != NULL,
                         form >= 2);
        for (size_t cut = 1; cut < len; cut++) { /* as ever: read or refused */
            struct strbuf part = {0};
            read_in(text, cut, 64, &part, NULL, &err);
            strbuf_free(&part);
        }
    }
    strbuf_free(&out);
}

/* ---- files ---- */

#define LINE(id)                                                                                             \
    "{\"traceID\":\"1\",\"spanID\":\"" id "\",\"operationName\":\"x\",\"startTime\":3,\"duration\":4}"
#define READ(id) "00000000000000000000000000000001 000000000000000" id " - /x 0 3000 4000\n"

static void lines(void **state)
{
    (void)state;
    assert_reads(LINE("1") "\n\r\n" LINE("2"), READ("1") READ("2"));
    assert_reads(
        "  {\n\"traceID\":\"1\",\n\"spanID\":\"1\",\"operationName\":\"x\",\"startTime\":3,\"duration\":4}\n"
        "{\"traceID\":\"1\",\"spanID\":\"2\",\"operationName\":\"x\",\n\"startTime\":3,\"duration\":4}",
        READ("1") READ("2"));
    struct strbuf out = {0};
    struct sd_error err = {""};
    struct trace_counts c;
    static const char TEXT[] = LINE("1") "\n{broken}\n{\"resourceMetrics\":[]}\n{\"cut\n" LINE("2") "\n";
    assert_true(read_in(TEXT, strlen(TEXT), 7, &out, &c, &err));
    assert_string_equal(strbuf_text(&out), READ("1") READ("2"));
    assert_int_equal(c.entries, 5);
    assert_int_equal(c.broken, 2);
    assert_int_equal(c.other, 1);
    assert_string_equal(c.reason, "line 2: The JSON is broken at byte 1.");
    assert_string_equal(c.sample, "{broken}");
    strbuf_free(&out);
}

/* Cut at each byte, and with each byte another, it is read or refused. */
static void cut_anywhere(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"{\"data\":[{\"traceID\":\"1\",\"spans\":[{\"spanID\":\"2\","
                                        "\"references\":[{\"refType\":\"CHILD_OF\",\"spanID\":"
                                        "\"3\"}],\"tags\":[{\"key\":\"a\",\"value\":\"\\u00e9\"}],\"logs\":[{"
                                        "\"timestamp\":1,\"fields\":[]}]}]," PROCESS "}]}",
                                        "[{\"traceId\":\"a\",\"id\":\"b\",\"tags\":{\"a\":\"b\"},"
                                        "\"annotations\":[{\"timestamp\":1,\"value\":\"x\"}]}]"};
    for (size_t t = 0; t < ARRAY_LEN(TEXTS); t++)
        for (size_t i = 0, n = strlen(TEXTS[t]); i < n; i++) {
            struct strbuf out = {0};
            struct sd_error err = {""};
            char *copy = mem_strdup(TEXTS[t]);
            assert_false(read_in(copy, i, 64, &out, NULL, &err));
            assert_true(*err.text);
            copy[i] = "]}[{\",:\\0"[i % 9];
            read_in(copy, n, 64, &out, NULL, &err);
            free(copy);
            strbuf_free(&out);
        }
}

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int64_t v;
        bool good;
    } CASES[] = {{"1544712660000000000", 1544712660000000000, true},
                 {"\"9223372036854775807\"", INT64_MAX, true},
                 {"9223372036854775808", 0, false},
                 {"-5", -5, true},
                 {"1.6e3", 1600, true},
                 {"2.5", 3, true},
                 {"\"\"", 0, false},
                 {"\"-\"", 0, false},
                 {"null", 0, false},
                 {"[1]", 0, false},
                 {"1e400", 0, false}};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct json_pull j = json_pull(CASES[i].json, strlen(CASES[i].json));
        int64_t v = 0;
        assert_int_equal(trace_json_int(&j, &v), CASES[i].good);
        if (CASES[i].good)
            assert_int_equal(v, CASES[i].v);
        assert_true(j.at == j.end);
    }
    sd_time at;
    assert_true(trace_stamp(span_text("1970-01-01T00:00:01.5Z"), &at));
    assert_int_equal(at, 1500000000);
    assert_false(trace_stamp(span_text("1970-01-01"), &at));
    assert_false(trace_stamp(span_text("1970-01-01T00:00:01.5Zx"), &at));
}

/* ---- the corpora ---- */

struct seen_trace {
    char id[80];
    int64_t spans, first, last;
    cJSON *services; /* name: spans */
};

struct seen {
    struct seen_trace *traces;
    size_t n, cap;
};

static void count_span(struct seen *x, const struct sd_spans *s, size_t i)
{
    const char *id = s->traces->items[s->trace->items[i]];
    const char *service = s->services->items[s->service->items[i]];
    size_t t = 0;
    while (t < x->n && !str_eq(x->traces[t].id, id))
        t++;
    if (t == x->n) {
        x->traces = mem_grow(x->traces, x->n, &x->cap, sizeof *x->traces);
        x->traces[x->n++] = (struct seen_trace){.first = INT64_MAX, .services = cJSON_CreateObject()};
        snprintf(x->traces[t].id, sizeof x->traces[t].id, "%s", id);
    }
    struct seen_trace *seen = &x->traces[t];
    seen->spans++;
    seen->first = MIN(seen->first, s->start->items[i]);
    seen->last = MAX(seen->last, s->start->items[i] + MAX(s->duration->items[i], 0));
    service = *service ? service : "unknown";
    const cJSON *had = cJSON_GetObjectItemCaseSensitive(seen->services, service);
    double n = had ? had->valuedouble : 0;
    cJSON_DeleteItemFromObjectCaseSensitive(seen->services, service);
    cJSON_AddNumberToObject(seen->services, service, n + 1);
}

static bool count_all(void *ctx, struct span_draft *d)
{
    struct sd_spans s;
    if (span_draft_take(d, &s))
        for (size_t i = 0; i < s.trace->n; i++)
            count_span(ctx, &s, i);
    return true;
}

static bool count_file(const char *path, struct seen *x, struct sd_error *err)
{
    char *data;
    size_t len;
    if (!file_read(path, (size_t)256 << 20, &data, &len, err))
        fail_msg("%s", err->text);
    struct span_draft *d = span_draft_new();
    struct span_sink sink = {.full = count_all, .ctx = x};
    struct trace_reader *r = trace_reader_new(d, &sink);
    bool good = trace_reader_feed(r, data, len, err) && trace_reader_end(r, err);
    count_all(x, d);
    trace_reader_free(r);
    span_draft_free(d);
    free(data);
    return good;
}

static double number(const cJSON *o, const char *key)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

static void assert_trace(const char *file, const struct seen *x, const cJSON *expected)
{
    char id[80];
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(expected, "traceID"));
    bool hex = strspn(text, "0123456789abcdef") == strlen(text);
    snprintf(id, sizeof id, "%.*s%s", hex ? (int)(32 - MIN(strlen(text), (size_t)32)) : 0,
             "00000000000000000000000000000000", text);
    const struct seen_trace *t = NULL;
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(x->traces[i].id, id))
            t = &x->traces[i];
    if (!t)
        fail_msg("%s: no trace %s", file, id);
    if ((double)t->spans != number(expected, "spanCount"))
        fail_msg("%s: %s has %lld spans, not %g", file, id, (long long)t->spans,
                 number(expected, "spanCount"));
    /* An input in ns is cut to us span by span. */
    double us = (double)(t->last - t->first) / 1000;
    if (fabs(us - number(expected, "duration_us")) > 2)
        fail_msg("%s: %s takes %g us, not %g", file, id, us, number(expected, "duration_us"));
    assert_true(fabs((double)(t->first / 1000) - number(expected, "startTime_us")) < 1);
    const cJSON *services = cJSON_GetObjectItemCaseSensitive(expected, "services");
    assert_int_equal(cJSON_GetArraySize(services), cJSON_GetArraySize(t->services));
    for (const cJSON *s = services->child; s; s = s->next) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s, "name"));
        if (number(t->services, name) != number(s, "numberOfSpans"))
            fail_msg("%s: %s of %s", file, name, id);
    }
}

static void compare(const char *name)
{
    char oracle[256];
    struct seen x = {0};
    struct sd_error err = {""};
    char *data;
    size_t len;
    const char *path = test_corpus(name);
    if (!path)
        skip();
    if (!count_file(path, &x, &err))
        fail_msg("%s: %s", name, err.text);
    snprintf(oracle, sizeof oracle, "%.*s.jaeger-expect.json",
             str_ends(name, ".jaeger.json") ? (int)(strlen(name) - 12) : (int)strlen(name), name);
    if (!file_read(test_corpus(oracle), (size_t)64 << 20, &data, &len, &err))
        fail_msg("%s", err.text);
    cJSON *all = cJSON_ParseWithLength(data, len);
    const cJSON *traces = cJSON_GetObjectItemCaseSensitive(all, "traces");
    assert_int_equal(cJSON_GetArraySize(traces), x.n);
    for (const cJSON *t = traces->child; t; t = t->next)
        assert_trace(name, &x, t);
    cJSON_Delete(all);
    free(data);
    for (size_t i = 0; i < x.n; i++)
        cJSON_Delete(x.traces[i].services);
    free(x.traces);
}

static void corpora(void **state)
{
    (void)state;
    static const char *const FILES[] = {
        "traces/jaeger/flamegraph-testTrace.json",
        "traces/jaeger/statistics/spanAmongEachOtherGroupedAndSpans.json",
        "traces/jaeger/statistics/spanLongerAsParent.json",
        "traces/jaeger/statistics/spansAmongEachOtherGrouped.json",
        "traces/jaeger/statistics/testTrace.json",
        "traces/jaeger/statistics/traceWithMultipleSpansWithTheSameValueInDifferentTags.json",
        "traces/jaeger/statistics/traceWithOverlappingChildren.json",
        "traces/jaeger/statistics/traceWithSingleChildLongerThanParentAndStartsAfterParent.json",
        "traces/jaeger/statistics/traceWithThreeShortChildren.json",
        "traces/jaeger/statistics/traceWithTwoChildrenStartedAtTraceStart.json",
        "traces/jaeger/statistics/traceWithTwoNonOverlappingChildren.json",
        "traces/zipkin/ascend.json",
        "traces/zipkin/envoy.json",
        "traces/zipkin/messaging-kafka.json",
        "traces/zipkin/messaging.json",
        "traces/zipkin/smartthings-mobile-web-install.json",
        "traces/zipkin/yelp.json",
        "traces/otlp/otel-demo-traces.ndjson",
        "traces/otlp/otlp2jaeger-in.json",
        "labrun/shop/slow-traces.jaeger.json",
    };
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
        compare(FILES[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jaeger_api),
        cmocka_unit_test(jaeger_follows),
        cmocka_unit_test(jaeger_documents),
        cmocka_unit_test(jaeger_refused),
        cmocka_unit_test(zipkin),
        cmocka_unit_test(zipkin_refused),
        cmocka_unit_test(lines),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(values),
        cmocka_unit_test(tempo),
        cmocka_unit_test(protobuf),
        cmocka_unit_test(corpora),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
