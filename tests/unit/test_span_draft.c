/* The draft that all readers of spans fill: ids, statements, secrets, limits; and what follows from its
 * records for endpoints and statements. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/batch.h"
#include "core/traces/trace_statement.h"
#include "format/traces/span_draft.h"
#include "format/traces/span_rates.h"
#include "format/traces/span_resource.h"
#include "format/traces/span_seen.h"
#include "format/traces/span_statement.h"

#define T(text) span_text(text)

static bool begin(struct span_draft *d, const char *trace, const char *id, const char *parent)
{
    return span_draft_begin(d, &(struct span_head){.trace = T(trace),
                                                   .id = T(id),
                                                   .parent = T(parent),
                                                   .name = T("n"),
                                                   .start = SD_S,
                                                   .duration = SD_MS});
}

static struct sd_spans taken(struct span_draft *d)
{
    struct sd_spans s;
    assert_true(span_draft_take(d, &s));
    return s;
}

/* ---- the draft ---- */

static void ids(void **state)
{
    (void)state;
    struct span_draft *d = span_draft_new();
    static const uint8_t TRACE[16] = {[15] = 0xAB}, ID[8] = {[7] = 1}, ROOT[8] = {0};
    assert_true(begin(d, "ABC", "1", "0000000000000000"));
    span_draft_end(d);
    assert_true(begin(d, "not hex", "span-C", "span-B"));
    span_draft_end(d);
    assert_true(span_draft_begin(
        d, &(struct span_head){.trace_bytes = TRACE, .id_bytes = ID, .parent_bytes = ROOT, .kind = 9}));
    span_draft_end(d);
    assert_false(begin(d, "0", "1", NULL));
    span_draft_attribute(d, T("a"), T("b"));
    span_draft_event(d, 1, T("e"), T(""));
    span_draft_end(d);
    assert_false(begin(d, "1", "", NULL));
    assert_false(begin(d, NULL, "1", NULL));
    assert_int_equal(span_draft_intake(d)->refused, 3);
    assert_non_null(strstr(span_draft_intake(d)->reason, "no id of its trace"));
    struct sd_spans s = taken(d);
    assert_int_equal(s.trace->n, 3);
    assert_string_equal(s.traces->items[0], "00000000000000000000000000000abc");
    assert_string_equal(s.traces->items[1], "not hex");
    assert_string_equal(s.traces->items[2], "000000000000000000000000000000ab");
    assert_string_equal(s.id->items[0], "0000000000000001");
    assert_string_equal(s.id->items[1], "span-C");
    assert_null(s.parent->items[0]);
    assert_string_equal(s.parent->items[1], "span-B");
    assert_null(s.parent->items[2]);
    assert_false(sd_known(s.span_kind->items[2]));
    assert_int_equal(s.of_span->n, 0);
    assert_int_equal(s.event_span->n, 0);
    span_draft_free(d);
}

static void services(void **state)
{
    (void)state;
    struct span_draft *d = span_draft_new();
    struct span_resource r = {0};
    begin(d, "1", "1", NULL);
    span_draft_end(d);
    span_resource_add(&r, T("host.name"), T("b"));
    span_resource_add(&r, T("a"), T("x,y=z"));
    span_resource_add(&r, T("api_token"), T("geheim"));
    span_draft_service(d, T("shop"), span_resource_text(&r));
    begin(d, "1", "2", NULL);
    span_draft_end(d);
    span_draft_service(d, T("shop"), NULL);
    begin(d, "1", "3", NULL);
    span_draft_end(d);
    assert_int_equal(span_draft_intake(d)->nameless, 1);
    struct sd_spans s = taken(d);
    assert_int_equal(s.services->n, 3);
    assert_string_equal(s.services->items[0], "");
    assert_string_equal(s.resources->items[1], "a=x\\,y\\=z,api_token=***,host.name=b");
    assert_null(s.resources->items[2]);
    begin(d, "1", "4", NULL); /* whose the next ones are is known behind a take */
    span_draft_end(d);
    s = taken(d);
    assert_string_equal(s.services->items[s.service->items[0]], "shop");
    span_resource_free(&r);
    span_draft_free(d);
}

static void statements(void **state)
{
    (void)state;
    static const struct {
        const char *system, *text, *shown;
    } CASES[] = {
        {"postgresql", "select * from t where a = 'geheim' and b = 7",
         "select * from t where a = $1 and b = $2"},
        {"postgresql", "select * from t where a = 'x' and b = 8", "select * from t where a = $1 and b = $2"},
        {"postgresql", "select 1 /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/",
         "select $1"},
        {"mysql", "SELECT `a` FROM t WHERE x = \"geheim\"", NULL},
        {"", "select * from t where a in ('geheim", NULL},
        /* cut within a constant: still said to be cut */
        {"postgresql", "select * from t where a = 17", "select * from t where a = $1"},
        {"postgresql", "select * from t where a = 17...", NULL},
        {"mysql", "select * from t where a = 'geheim...", NULL},
        {"postgresql", "select * from t where a = 'geheim\xe2\x80\xa6", NULL},
        {"redis", "SET user:17:cart geheim EX 10", "SET user:*:cart"},
        {"redis", "PING", "PING"},
        {"redis", "AUTH geheim", "AUTH"},
        {"mongodb",
         "{\"find\": \"orders\", \"filter\": {\"mail\": \"geheim@x.de\", \"n\": 7, \"k\": [\"a\\\"b\"]}}",
         "{\"find\": \"orders\", \"filter\": {\"mail\": ?, \"n\": ?, \"k\": [?]}}"},
        {"mongodb", "{\"find\": \"orders", "{\"find\": \"orders"},
        {"elasticsearch", "{\"query\":{\"term\":{\"user\":\"geheim\"}}}",
         "{\"query\":{\"term\":{\"user\":?}}}"},
    };
    struct span_statement *x = span_statement_new();
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const char *shown = span_statement_shown(x, CASES[i].text, CASES[i].system);
        if (CASES[i].shown && strcmp(shown, CASES[i].shown) != 0)
            fail_msg("%s: %s", CASES[i].text, shown);
        if (statement_is_cut(CASES[i].text) && !statement_is_cut(shown))
            fail_msg("%s: %s", CASES[i].text, shown);
        if (strstr(shown, "geheim"))
            fail_msg("%s: %s", CASES[i].text, shown);
    }
    span_statement_free(x);
}

static void secrets(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {
        {"http.request.header.authorization", "Basic geheim"},
        {"http.request.header.cookie", "geheim"},
        {"app.password", "geheim"},
        {"db.query.parameter.0", "geheim"},
        {"url.full", "https://x.de/a?token=geheim"},
        {"http.url", "https://x.de/a?geheim=1"},
        {"url.query", "a=geheim"},
        {"db.connection_string", "postgres://u:geheim@h/d"},
        {"message", "login with password=geheim failed"},
        {"note", "Bearer geheim123456"},
    };
    struct span_draft *d = span_draft_new();
    begin(d, "1", "1", NULL);
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++)
            span_draft_attribute(d, T(PAIRS[i][0]), T(PAIRS[i][1]));
    span_draft_attribute(d, T("http.target"), T("/a/b?x=1"));
    span_draft_event(d, 1, T("exception"), T("no access with token=geheim"));
    span_draft_end(d);
    struct sd_spans s = taken(d);
    for (size_t i = 0; i < s.of_value->n; i++)
        if (strstr(s.of_value->items[i], "geheim"))
            fail_msg("%s: %s", s.keys->items[s.of_key->items[i]], s.of_value->items[i]);
    assert_string_equal(s.of_value->items[s.of_value->n - 1], "/a/b");
    assert_null(strstr(s.event_text->items[0], "geheim"));
    span_draft_free(d);
}

static void limits(void **state)
{
    (void)state;
    struct span_draft *d = span_draft_new();
    char *large = mem_array(100001, 1);
    for (size_t i = 0; i < 100000; i += 2)
        memcpy(large + i, "\303\244", 2);
    begin(d, "1", "1", NULL);
    for (int i = 0; i < 1000; i++) {
        span_draft_attribute(d, T("k"), T(i ? "v" : large + 2));
        span_draft_event(d, i, T("e"), T(i ? "" : large));
    }
    for (int i = 0; i < SPAN_DRAFT_TELLING; i++) /* these come in all the same */
        span_draft_attribute(d, T("http.route"), T("/x"));
    span_draft_end(d);
    assert_int_equal(span_draft_intake(d)->cut, 2 * (1000 - 128) + 1);
    struct sd_spans s = taken(d);
    assert_int_equal(s.of_span->n, SPAN_DRAFT_ATTRIBUTES + SPAN_DRAFT_TELLING);
    assert_int_equal(s.event_span->n, SPAN_DRAFT_EVENTS);
    assert_int_equal(strlen(s.of_value->items[0]), SPAN_DRAFT_VALUE);
    assert_false(span_draft_full(d));
    for (int i = 0; i < SPAN_DRAFT_SPANS; i++) {
        assert_false(span_draft_full(d));
        begin(d, "1", "2", NULL);
        span_draft_end(d);
    }
    assert_true(span_draft_full(d));
    s = taken(d);
    assert_int_equal(s.trace->n, SPAN_DRAFT_SPANS);
    assert_false(span_draft_take(d, &s));
    for (int i = 0; !span_draft_full(d); i++) {
        assert_true(i < 3000);
        begin(d, "1", "2", NULL);
        span_draft_attribute(d, T("k"), T(large));
        span_draft_end(d);
    }
    free(large);
    span_draft_free(d);
}

static void once(void **state)
{
    (void)state;
    struct span_draft *d = span_draft_new();
    struct span_seen *seen = span_seen_new();
    span_draft_once(d, seen);
    assert_true(begin(d, "1", "1", NULL));
    span_draft_end(d);
    assert_true(begin(d, "2", "1", NULL));
    span_draft_end(d);
    assert_false(begin(d, "1", "01", NULL));
    span_draft_attribute(d, T("a"), T("b"));
    span_draft_end(d);
    struct sd_spans s = taken(d);
    assert_int_equal(s.trace->n, 2);
    assert_int_equal(s.of_span->n, 0);
    size_t new_ones = 0;
    for (int i = 0; i < 1200000; i++) {
        char id[32];
        snprintf(id, sizeof id, "%d", i);
        new_ones += span_seen_first(seen, "x", id);
        assert_false(span_seen_first(seen, "x", id));
    }
    assert_true(new_ones > 1199990);
    span_seen_free(seen);
    span_draft_free(d);
}

/* ---- rates ---- */

static void emit(void *ctx, sd_time at, enum sd_kind kind, const void *record)
{
    struct strbuf *out = ctx;
    if (kind == SD_HTTP) {
        const struct sd_http *h = record;
        uint64_t in_buckets = 0;
        for (size_t i = 0; h->latency && i < h->latency->n; i++)
            in_buckets += h->latency->buckets[i].count;
        strbuf_printf(
            out,
            "%lld %s %s of %s: %lld, %lld errors, 2xx %lld, 5xx %lld, %lld timed, %lld..%lld of %lld, %llu\n",
            (long long)(at / SD_S), h->method ? h->method : "-", h->route, h->service ? h->service : "-",
            (long long)h->count, (long long)h->errors,
            sd_known(h->status_2xx) ? (long long)h->status_2xx : -1LL,
            sd_known(h->status_5xx) ? (long long)h->status_5xx : -1LL, (long long)h->timed,
            sd_known(h->min_ns) ? (long long)h->min_ns : -1LL,
            sd_known(h->max_ns) ? (long long)h->max_ns : -1LL,
            sd_known(h->total_ns) ? (long long)h->total_ns : -1LL, (unsigned long long)in_buckets);
        assert_string_equal(h->evidence, "traces");
    } else if (kind == SD_HTTP_PART) {
        const struct sd_http_part *p = record;
        strbuf_printf(out, "%lld %s %s by %s %s: %lld, %lld errors\n", (long long)(at / SD_S), p->method,
                      p->route, p->by, p->key, (long long)p->count, (long long)p->errors);
    } else {
        const struct sd_statement *s = record;
        assert_int_equal(kind, SD_STATEMENT);
        strbuf_printf(out, "%lld %s/%s <%s>: %lld calls, %lld ns, %lld..%lld, fresh %d\n", (long long)at,
                      s->system ? s->system : "-", s->database ? s->database : "-", s->text,
                      (long long)s->calls, (long long)s->total_ns, (long long)s->min_ns, (long long)s->max_ns,
                      sd_known(s->absent_at));
        assert_int_equal(strlen(s->fingerprint), str_eq(s->text, "(other statements)") ? 5 : 16);
    }
}

static void request(struct span_draft *d, sd_time start, int64_t took, const char *route, const char *status,
                    bool error)
{
    span_draft_begin(
        d, &(struct span_head){
               .trace = T("1"), .id = T("1"), .kind = 2, .start = start, .duration = took, .error = error});
    span_draft_attribute(d, T("http.method"), T("OLD"));
    span_draft_attribute(d, T("http.request.method"), T("GET"));
    span_draft_attribute(d, T(*route == '?' ? "http.target" : "http.route"), T(route + (*route == '?')));
    if (status)
        span_draft_attribute(d, T("http.response.status_code"), T(status));
    span_draft_end(d);
}

static void call(struct span_draft *d, sd_time end, int64_t took, const char *text)
{
    span_draft_begin(d, &(struct span_head){
                            .trace = T("1"), .id = T("1"), .kind = 3, .start = end - took, .duration = took});
    span_draft_attribute(d, T("db.system"), T("postgresql"));
    span_draft_attribute(d, T("db.namespace"), T("shop|public"));
    span_draft_attribute(d, T("db.query.text"), T(text));
    span_draft_end(d);
}

static void rates_of_requests(void **state)
{
    (void)state;
    struct span_draft *d = span_draft_new();
    struct span_rates *r = span_rates_new(2, 0);
    struct strbuf out = {0};
    span_draft_service(d, T("shop"), NULL);
    request(d, 10 * SD_S, 100, "/orders/{id}", "200", false);
    request(d, 10 * SD_S, 300, "/orders/:id", "503", false);
    request(d, 9 * SD_S, 200, "/orders/<int:id>", NULL, true);
    request(d, 10 * SD_S, SD_UNKNOWN, "?/items/17?x=1", "200", false);
    request(d, 10 * SD_S, 5, "/third", "200", false);
    struct sd_spans s = taken(d);
    span_rates_take(r, &s, emit, &out);
    request(d, 9 * SD_S, 7, "/orders/:id", "200", false); /* late */
    s = taken(d);
    span_rates_take(r, &s, emit, &out);
    span_rates_flush(r, emit, &out);
    assert_string_equal(
        strbuf_text(&out),
        "9 GET /orders/:id of shop: 1, 1 errors, 2xx -1, 5xx -1, 1 timed, 200..200 of 200, 1\n"
        "9 GET /orders/:id by service shop: 1, 1 errors\n"
        "10 GET /orders/:id of shop: 2, 1 errors, 2xx 1, 5xx 1, 2 timed, 100..300 of 400, 2\n"
        "10 GET /orders/:id by service shop: 2, 1 errors\n"
        "10 GET /orders/:id by status 2xx: 1, 0 errors\n"
        "10 GET /orders/:id by status 5xx: 1, 1 errors\n"
        "10 GET /items/:id of shop: 1, 0 errors, 2xx 1, 5xx 0, 0 timed, -1..-1 of -1, 0\n"
        "10 GET /items/:id by service shop: 1, 0 errors\n"
        "10 GET /items/:id by status 2xx: 1, 0 errors\n"
        "10 - (other) of -: 1, 0 errors, 2xx 1, 5xx 0, 1 timed, 5..5 of 5, 1\n"
        "10 (null) (other) by status 2xx: 1, 0 errors\n"
        "9 GET /orders/:id of shop: 1, 0 errors, 2xx 1, 5xx 0, 1 timed, 7..7 of 7, 1\n"
        "9 GET /orders/:id by service shop: 1, 0 errors\n"
        "9 GET /orders/:id by status 2xx: 1, 0 errors\n");
    strbuf_free(&out);
    span_rates_free(r);
    span_draft_free(d);
}

static void rates_of_statements(void **state)
{
    (void)state;
    struct span_draft *d = span_draft_new();
    struct span_rates *r = span_rates_new(0, 2);
    struct strbuf out = {0};
    call(d, 10 * SD_S + 2, 50, "select 7");
    call(d, 10 * SD_S + 1, 30, "select 8");
    call(d, 10 * SD_S + 3, 10, "update t set a = 1");
    struct sd_spans s = taken(d);
    span_rates_take(r, &s, emit, &out);
    assert_string_equal(strbuf_text(&out), "");
    span_rates_flush(r, emit, &out);
    call(d, 5 * SD_S, 20, "select 9"); /* late: it counts in the step that is open */
    call(d, 11 * SD_S, 40, "delete from t");
    call(d, 11 * SD_S, 41, "delete from u");
    s = taken(d);
    span_rates_take(r, &s, emit, &out);
    span_rates_flush(r, emit, &out);
    span_rates_flush(r, emit, &out);
    assert_string_equal(strbuf_text(&out),
                        "10000000003 postgresql/shop <select $1>: 2 calls, 80 ns, 30..50, fresh 1\n"
                        "10000000003 postgresql/shop <update t set a = $1>: 1 calls, 10 ns, 10..10, fresh 1\n"
                        "11000000000 postgresql/shop <select $1>: 3 calls, 100 ns, 20..50, fresh 0\n"
                        "11000000000 -/- <(other statements)>: 2 calls, 81 ns, 40..41, fresh 1\n");
    strbuf_free(&out);
    span_rates_free(r);
    span_draft_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),
        cmocka_unit_test(services),
        cmocka_unit_test(statements),
        cmocka_unit_test(secrets),
        cmocka_unit_test(limits),
        cmocka_unit_test(once),
        cmocka_unit_test(rates_of_requests),
        cmocka_unit_test(rates_of_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
