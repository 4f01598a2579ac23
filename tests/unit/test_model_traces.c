/* Traces in the model: spans that come in any order and many batches, what is kept when room is short, what
 * traces tell of statements, and requests that can be looked up. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/insight/trace_summary.h"
#include "core/model/model.h"
#include "core/model/traces.h"
#include "core/schema.h"
#include "core/sql/statement.h"

#define T0 (INT64_C(1700000000) * SD_S)

/* ---- spans in few words: one record of one service ---- */

enum { MOST = 20000 };

struct draft {
    char *ids[MOST], *parents[MOST], *traces[MOST], *names[MOST], *statements[MOST];
    int64_t number[MOST], start[MOST], duration[MOST], error[MOST], kind[MOST], zero[MOST], has_sql[MOST];
    uint32_t n;
};

static struct draft *draft_new(void)
{
    return mem_alloc(sizeof(struct draft));
}

static void add(struct draft *d, const char *trace, const char *id, const char *parent, const char *name,
                int64_t start, int64_t duration)
{
    uint32_t i = d->n++;
    d->traces[i] = mem_strdup(trace);
    d->ids[i] = mem_strdup(id);
    d->parents[i] = mem_strdup(parent);
    d->names[i] = mem_strdup(name);
    d->statements[i] = NULL;
    d->number[i] = i;
    d->start[i] = start;
    d->duration[i] = duration;
    d->error[i] = 0;
    d->kind[i] = parent ? 3 : 2;
    d->has_sql[i] = SD_UNKNOWN;
}

#define INTS(list)  (&(const struct sd_ints){.n = d->n, .items = (list)})
#define TEXTS(list) (&(const struct sd_texts){.n = d->n, .items = (const char *const *)(list)})

/* Gives it to the model and empties it. Spans of /orders have a method and a route; those with a statement
 * are postgresql's. */
static void give(struct model *m, struct draft *d, sd_time at)
{
    struct sd_spans r;
    int64_t *of = mem_array(3 * (size_t)d->n + 1, sizeof *of),
            *key = mem_array(3 * (size_t)d->n + 1, sizeof *key);
    const char **value = mem_array(3 * (size_t)d->n + 1, sizeof *value);
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        bool sql = d->statements[i] != NULL;
        d->has_sql[i] = sql ? i : SD_UNKNOWN;
        if (!sql && d->parents[i])
            continue;
        of[n] = of[n + 1] = i;
        key[n] = sql ? 2 : 0;
        value[n++] = sql ? "postgresql" : "GET";
        if (sql)
            continue;
        key[n] = 1;
        value[n++] = d->names[i];
    }
    schema_clear(schema_of(SD_SPANS), &r);
    r.traces = TEXTS(d->traces);
    r.services = SD_TEXTS("shop");
    r.names = TEXTS(d->names);
    r.statements = TEXTS(d->statements);
    r.keys = SD_TEXTS("http.request.method", "http.route", "db.system.name");
    r.trace = r.name = INTS(d->number);
    r.service = INTS(d->zero);
    r.id = TEXTS(d->ids);
    r.parent = TEXTS(d->parents);
    r.statement = INTS(d->has_sql);
    r.span_kind = INTS(d->kind);
    r.start = INTS(d->start);
    r.duration = INTS(d->duration);
    r.error = INTS(d->error);
    r.of_span = &(const struct sd_ints){.n = n, .items = of};
    r.of_key = &(const struct sd_ints){.n = n, .items = key};
    r.of_value = &(const struct sd_texts){.n = n, .items = value};
    struct sd_batch *b = batch_new("otlp", at);
    assert_true(batch_add(b, SD_SPANS, &r));
    model_apply(m, b);
    batch_unref(b);
    for (uint32_t i = 0; i < d->n; i++) {
        free(d->traces[i]);
        free(d->ids[i]);
        free(d->parents[i]);
        free(d->names[i]);
        free(d->statements[i]);
    }
    d->n = 0;
    free(of);
    free(key);
    free(value);
}

static const char *id16(char buf[17], uint64_t x)
{
    snprintf(buf, 17, "%016" PRIx64, x);
    return buf;
}

/* ---- assembling ---- */

static void spans_come_in_any_order(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct draft *d = draft_new();
    struct trace_entry e[4];
    add(d, "0000000000000000000000000000abcd", "00000000000000c1", "00000000000000b1", "leaf", T0 + 20, 10);
    give(m, d, T0);
    assert_int_equal(model_traces(m, SPAN_ALL, e, 4), 1);
    assert_null(e[0].endpoint);
    assert_int_equal(e[0].notes, 1 | 4); /* the parent and the root did not come */
    add(d, "0000000000000000000000000000abcd", "00000000000000b1", "00000000000000a1", "middle", T0 + 10, 30);
    add(d, "0000000000000000000000000000abcd", "00000000000000a1", NULL, "/orders", T0, 50);
    d->error[1] = 1;
    give(m, d, T0 + SD_S);
    assert_int_equal(model_traces(m, SPAN_ALL, e, 4), 1);
    assert_string_equal(e[0].endpoint, "GET /orders");
    assert_string_equal(e[0].name, "/orders");
    assert_string_equal(e[0].service, "shop");
    assert_int_equal(e[0].spans, 3);
    assert_int_equal(e[0].errors, 1);
    assert_int_equal(e[0].duration_ns, 50);
    assert_int_equal(e[0].notes, 0);
    const struct trace *t = model_trace(m, "abcd"); /* leading zeros may be missing */
    assert_non_null(t);
    assert_int_equal(t->n, 3);
    assert_string_equal(t->spans[0].id, "00000000000000c1");
    assert_string_equal(t->spans[0].parent, "00000000000000b1");
    assert_null(t->spans[2].parent);
    assert_null(model_trace(m, "abce"));
    free(d);
    model_free(m);
}

/* Exporters send again what they had no answer to. */
static void what_is_sent_again_counts_once(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct draft *d = draft_new();
    struct trace_entry e[4];
    char id[17];
    for (int again = 0; again < 3; again++) {
        add(d, "t", "not hex", NULL, "/", T0, 1000);
        for (uint64_t i = 1; i < 100; i++)
            add(d, "t", id16(id, i), "not hex", "x", T0 + (int64_t)i, 1);
        give(m, d, T0 + again);
        assert_int_equal(model_traces(m, SPAN_ALL, e, 4), 1);
        assert_int_equal(e[0].spans, 100);
        assert_int_equal(e[0].notes, 0);
    }
    add(d, "twice", "1", NULL, "/", T0, 1000); /* in one record: two spans */
    add(d, "twice", "1", NULL, "/", T0, 1000);
    give(m, d, T0 + 2);
    assert_int_equal(model_trace(m, "twice")->n, 2);
    for (int again = 0; again < 3; again++) {
        add(d, "t", id16(id, 7), "not hex", "x", T0 + 8, 1); /* the same id, another span */
        give(m, d, T0 + again);
        assert_int_equal(model_traces(m, SPAN_ALL, e, 4), 2);
        assert_int_equal(e[1].spans, 101);
        assert_int_equal(e[1].notes, 16);
    }
    free(d);
    model_free(m);
}

static void hostile_records(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_spans r;
    schema_clear(schema_of(SD_SPANS), &r);
    for (int k = 0; k < 4; k++) {
        struct sd_batch *b = batch_new("x", T0);
        r.id = SD_TEXTS("1", "2", NULL, "");
        r.trace = k > 0 ? SD_INTS(0, 9, -1) : NULL;
        r.traces = k > 1 ? SD_TEXTS("t", NULL) : NULL;
        r.name = SD_INTS(INT64_MAX, -5);
        r.of_span = SD_INTS(0, 77, -3, 0);
        r.of_key = SD_INTS(99);
        r.start = k > 2 ? SD_INTS(INT64_MAX) : NULL;
        r.duration = SD_INTS(INT64_MAX, -1);
        assert_true(batch_add(b, SD_SPANS, &r));
        model_apply(m, b);
        batch_unref(b);
    }
    struct trace_entry e[4];
    assert_int_equal(model_traces(m, SPAN_ALL, e, 4), 1);
    assert_non_null(model_trace(m, "t"));
    model_free(m);
}

/* ---- time ---- */

static void spans_of_time(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct draft *d = draft_new();
    struct trace_entry e[8];
    for (int i = 0; i < 5; i++) {
        char id[17];
        add(d, id16(id, (uint64_t)i + 1), "00000000000000a1", NULL, "/orders", T0 + i * 60 * SD_S, SD_S);
        give(m, d, T0 + i * 60 * SD_S + SD_S);
    }
    assert_int_equal(model_usage(m).last, T0 + 241 * SD_S);
    assert_int_equal(model_traces(m, (struct span){T0 + 60 * SD_S, T0 + 181 * SD_S}, e, 8), 3);
    assert_int_equal(e[0].start, T0 + 180 * SD_S); /* the newest first */
    assert_int_equal(model_traces(m, SPAN_ALL, e, 2), 2);
    /* A clock that is far off moves nothing, and its trace is there all the same. */
    for (int i = 0; i < 20; i++) {
        char id[17];
        add(d, id16(id, (uint64_t)i + 100), "00000000000000a1", NULL, "/orders", T0 + 400 * 86400 * SD_S,
            SD_S);
        give(m, d, T0 + 242 * SD_S);
    }
    assert_int_equal(model_usage(m).last, T0 + 242 * SD_S);
    assert_int_equal(model_traces(m, SPAN_ALL, e, 8), 8);
    /* What is too old goes. */
    for (int i = 600; i <= 1100; i += 250) {
        char id[17];
        add(d, id16(id, (uint64_t)i), "00000000000000a1", NULL, "/orders", T0 + i * SD_S, SD_S);
        give(m, d, T0 + i * SD_S);
    }
    assert_null(model_trace(m, "0000000000000001"));
    assert_non_null(model_trace(m, "0000000000000005"));
    model_clear(m);
    assert_int_equal(model_traces(m, SPAN_ALL, e, 8), 0);
    assert_int_equal(model_usage(m).traces_bytes < 20000, 1);
    free(d);
    model_free(m);
}

/* ---- room ---- */

/* The slowest of each endpoint and those that failed stay, however old they are. */
static void slow_and_failed_ones_stay(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct draft *d = draft_new();
    char id[17];
    enum { TRACES = 70000 };
    for (uint64_t i = 1; i <= TRACES; i++) {
        bool slow = i == 10 || i == 20, failed = i == 30, rare = i == 40;
        add(d, id16(id, i), "00000000000000a1", NULL, rare ? "/rare" : "/orders", T0 + (int64_t)i * SD_MS,
            slow ? SD_S : SD_MS + (int64_t)(i % 1000));
        d->error[d->n - 1] = failed;
        if (d->n == 5000)
            give(m, d, T0 + (int64_t)i * SD_MS);
    }
    struct trace_entry *e = mem_array(60000, sizeof *e);
    assert_int_equal(model_traces(m, SPAN_ALL, e, 60000), 50000);
    assert_int_equal(model_traces_lost(m), TRACES - 50000);
    assert_non_null(model_trace(m, id16(id, 10)));
    assert_non_null(model_trace(m, id16(id, 20)));
    assert_non_null(model_trace(m, id16(id, 30)));
    assert_non_null(model_trace(m, id16(id, 40)));
    assert_null(model_trace(m, id16(id, 11)));
    assert_non_null(model_trace(m, id16(id, TRACES)));
    assert_true(model_usage(m).traces_bytes <= model_usage(m).traces_max);
    free(e);
    free(d);
    model_free(m);
}

/* All fail: the newest are kept, and some slow ones. */
static void a_flood_of_failures(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.traces_bytes = (size_t)2 << 20;
    struct model *m = model_new(&limits);
    struct draft *d = draft_new();
    char id[17];
    for (uint64_t i = 1; i <= 40000; i++) {
        add(d, id16(id, i), "00000000000000a1", NULL, "/orders", T0 + (int64_t)i * SD_MS,
            i == 5 ? SD_S : SD_MS + (int64_t)(i % 97));
        d->error[d->n - 1] = 1;
        if (d->n == 2000)
            give(m, d, T0 + (int64_t)i * SD_MS);
    }
    assert_true(model_usage(m).traces_bytes <= limits.traces_bytes);
    assert_non_null(model_trace(m, id16(id, 5)));
    assert_non_null(model_trace(m, id16(id, 40000)));
    assert_null(model_trace(m, id16(id, 6)));
    free(d);
    model_free(m);
}

/* One trace in many batches, larger than all that may be kept: it is cut, and says so. */
static void one_trace_too_large(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.traces_bytes = (size_t)4 << 20;
    struct model *m = model_new(&limits);
    struct draft *d = draft_new();
    struct trace_entry e;
    char id[17];
    for (uint64_t i = 1; i <= 100000; i++) {
        add(d, "t", id16(id, i), i == 1 ? NULL : "0000000000000001", "x", T0 + (int64_t)i, 1);
        if (d->n == 10000)
            give(m, d, T0);
    }
    assert_int_equal(model_traces(m, SPAN_ALL, &e, 1), 1);
    assert_true(e.spans > 10000 && e.spans < 100000);
    assert_true(e.notes & 256);
    assert_true(model_usage(m).traces_bytes <= limits.traces_bytes);
    free(d);
    model_free(m);
}

/* ---- statements ---- */

static void request(struct draft *d, int i, int calls)
{
    char id[17];
    const char *trace = mem_strdup(id16(id, (uint64_t)i + 1));
    sd_time at = T0 + i * SD_S;
    add(d, trace, "00000000000000a1", NULL, "/orders", at, 100 * SD_MS);
    for (int k = 0; k < calls; k++) {
        add(d, trace, id16(id, 0x100 + (uint64_t)k), "00000000000000a1", "query", at + (k + 1) * 10 * SD_MS,
            8 * SD_MS);
        d->statements[d->n - 1] =
            mem_strdup(k ? "SELECT * FROM items WHERE order_id = $1" : "SELECT * FROM orders WHERE id = $1");
    }
    free((void *)(uintptr_t)trace);
}

static void statements_of_endpoints(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct draft *d = draft_new();
    struct trace_use use[4];
    for (int i = 0; i < 30; i++)
        request(d, i, 7);
    give(m, d, T0 + 30 * SD_S);
    assert_int_equal(model_trace_uses(m, SPAN_ALL, use, 4), 2);
    assert_string_equal(use[0].endpoint, "GET /orders");
    assert_string_equal(use[0].statement, "SELECT * FROM items WHERE order_id = $1");
    assert_string_equal(use[0].system, "postgresql");
    assert_int_equal(use[0].calls, 180);
    assert_int_equal(use[0].requests, 30);
    assert_int_equal(use[0].traces, 30);

    /* The query that the server counts is the one of the spans, not the one made of them. */
    struct sd_statement s;
    struct sd_http h;
    char print[17];
    assert_true(sql_fingerprint("SELECT * FROM items WHERE order_id = $1", print));
    struct sd_batch *made = batch_new("otlp", T0 + 30 * SD_S);
    schema_clear(schema_of(SD_STATEMENT), &s);
    s.fingerprint = print;
    s.text = "SELECT * FROM items WHERE order_id = $1";
    s.evidence = "traces";
    s.calls = 180;
    s.total_ns = SD_S;
    assert_true(batch_add(made, SD_STATEMENT, &s));
    model_apply(m, made);
    batch_unref(made);
    struct sd_batch *b = batch_new("db", T0 + 30 * SD_S);
    schema_clear(schema_of(SD_STATEMENT), &s);
    s.query_id = 77;
    s.database = "shop";
    s.fingerprint = print;
    s.text = "SELECT * FROM items WHERE order_id = $1";
    s.calls = 1000;
    s.total_ns = SD_S;
    assert_true(batch_add(b, SD_STATEMENT, &s));
    schema_clear(schema_of(SD_HTTP), &h);
    h.method = "GET";
    h.route = "/orders";
    h.count = 30;
    assert_true(batch_add(b, SD_HTTP, &h));
    model_apply(m, b);
    batch_unref(b);
    struct link links[4];
    const struct endpoint *e = model_find_endpoint(m, "GET /orders");
    assert_int_equal(endpoint_links(m, e, SPAN_ALL, links, 4), 1);
    assert_string_equal(query_key(links[0].query), "shop/77");
    assert_string_equal(links[0].evidence, "database spans");
    assert_int_equal(links[0].span_calls, 180);
    assert_int_equal(links[0].span_requests, 30);
    assert_int_equal(query_links(m, links[0].query, SPAN_ALL, links, 4), 1);
    assert_ptr_equal(links[0].endpoint, e);

    struct arena *a = arena_new();
    struct service_call *calls;
    assert_int_equal(service_calls(m, SPAN_ALL, 100, a, &calls), 2);
    assert_null(calls[0].caller);
    assert_string_equal(calls[0].callee, "shop");
    assert_string_equal(calls[1].callee, "postgresql");
    assert_int_equal(calls[1].calls, 210);
    arena_free(a);
    free(d);
    model_free(m);
}

static void exemplars(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct record_entry out[8];
    for (int i = 0; i < 40; i++) {
        struct sd_batch *b = batch_new("log", T0 + i / 2 * SD_S);
        struct sd_exemplar r;
        schema_clear(schema_of(SD_EXEMPLAR), &r);
        r.method = "GET";
        r.route = i % 2 ? "/a" : "/b";
        r.at = T0 + i / 2 * SD_S;
        r.duration_ns = (i * 7) % 40 * SD_MS;
        assert_true(batch_add(b, SD_EXEMPLAR, &r));
        model_apply(m, b);
        batch_unref(b);
    }
    assert_int_equal(model_exemplars(m, "GET /a", SPAN_ALL, out, 8), 8);
    assert_int_equal(((const struct sd_exemplar *)out[0].r)->duration_ns, 39 * SD_MS);
    assert_int_equal(model_exemplars(m, "GET /c", SPAN_ALL, out, 8), 0);
    struct record_entry *all = mem_array(64, sizeof *all);
    assert_int_equal(model_exemplars(m, NULL, SPAN_ALL, all, 64), 40); /* two batches of each second */
    free(all);
    assert_int_equal(model_exemplars(m, NULL, (struct span){T0, T0 + 2 * SD_S}, out, 8), 4);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_come_in_any_order),
        cmocka_unit_test(what_is_sent_again_counts_once),
        cmocka_unit_test(hostile_records),
        cmocka_unit_test(spans_of_time),
        cmocka_unit_test(slow_and_failed_ones_stay),
        cmocka_unit_test(a_flood_of_failures),
        cmocka_unit_test(one_trace_too_large),
        cmocka_unit_test(statements_of_endpoints),
        cmocka_unit_test(exemplars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
