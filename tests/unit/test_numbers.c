/* Numbers at the edge of their type, in every numeric field of every format: reading ends,
 * sums stay at the edge, and every view prints. What is wrong beyond that the sanitizers
 * of the asan stage tell. */
#include "tests/lib/test.h"

#include <ctype.h>
#include <locale.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"
#include "conf/config.h"
#include "core/schema.h"
#include "format/endpoints/accesslog_agg.h"
#include "format/plans/explain_input.h"
#include "format/record/jsonrecord.h"
#include "format/record/recording.h"
#include "sink/print.h"
#include "view/view.h"

#define T0 (1795189898 * SD_S)

static char digits400[401];
static const char *const VALUES[] = {"0",
                                     "-0",
                                     "-1",
                                     "1e308",
                                     "1e999",
                                     "-1e999",
                                     "1773306937.1e308",
                                     "1e18",
                                     "1e19",
                                     "1e20",
                                     "9.3e18",
                                     "1e-999",
                                     "NaN",
                                     "Infinity",
                                     "-Infinity",
                                     "0x7fffffffffffffff",
                                     "9223372036854775807",
                                     "9223372036854775808",
                                     "-9223372036854775807",
                                     "-9223372036854775808",
                                     "18446744073709551616",
                                     "9223372036.854775807",
                                     "9223372036854775807ms",
                                     "4294967296",
                                     "99999999999",
                                     digits400};

/* ---- what every input goes through ---- */

static void build_all(const struct model *m)
{
    static const struct span spans[] = {
        SPAN_ALL, {T0 - 900 * SD_S, T0 + SD_S}, {0, NUM_MAX}, {NUM_MIN, NUM_MAX}, {NUM_MAX - SD_S, NUM_MAX}};
    for (size_t s = 0; s < ARRAY_LEN(spans); s++)
        for (int live = 0; live < 2; live++)
            for (const struct view *const *v = VIEWS; *v; v++) {
                struct view_ctx c = {.model = m, .span = spans[s], .now = T0 + SD_S, .live = live};
                struct doc *d = (*v)->build(&c);
                for (int f = PRINT_TEXT; f <= PRINT_CSV; f++) {
                    struct strbuf out = {0};
                    print_doc(d, (enum print_format)f, &(struct print_options){.width = 100}, &out);
                    strbuf_free(&out);
                }
                doc_free(d);
            }
}

static struct model *fresh(void)
{
    struct model_limits limits = MODEL_DEFAULTS;
    limits.retention_ns = 0;
    limits.max_bytes = (size_t)20 << 20;
    return model_new(&limits);
}

/* As a source's batch and, once more, as a frame of a recording. */
static void apply(struct model *m, struct sd_batch *b)
{
    struct strbuf code = {0};
    struct sd_error err;
    batch_encode(b, &code);
    struct sd_batch *again = batch_decode(code.text, code.len, &err);
    assert_non_null(again);
    model_apply(m, b);
    model_apply(m, again);
    batch_unref(b);
    batch_unref(again);
    strbuf_free(&code);
}

/* ---- access logs ---- */

/* A line with % where the value goes. */
static const char *const LINES[] = {
    "1.2.3.4 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 %",
    "1.2.3.4 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" % 10",
    "1.2.3.4 - - [20/Nov/%:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 10",
    "1.2.3.4 - - [20/Nov/2026:15:51:38 +%] \"GET /a HTTP/1.1\" 200 10",
    "1.2.3.4 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"-\" %",
    "1.2.3.4 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"-\" rt=%",
    "1.2.3.4 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"-\" rt=%, % : %",
    "1.2.3.4 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"-\" 18 \"a@f\" \"u\" %ms",
    ("1.2.3.4 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"-\" 407 % "
     "[shop] [] 10.0.0.1:80 5 % 200 abc"),
    "{\"ts\": %, \"method\": \"GET\", \"path\": \"/a\", \"status\": 200, \"duration\": 0.1}",
    "{\"ts\": \"%\", \"method\": \"GET\", \"path\": \"/a\", \"status\": 200, \"duration\": 0.1}",
    "{\"time\": \"20%-01-01T00:00:00Z\", \"path\": \"/a\", \"status\": 200}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": %}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": \"%\", \"size\": %}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": 200, \"bytes_sent\": \"%\"}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": 200, \"request_time\": %}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": 200, \"duration\": %}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": 200, \"Duration\": %}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": 200, \"duration_ms\": %}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": 200, \"duration_us\": \"%\"}",
    "{\"ts\": 1795189898, \"path\": \"/a\", \"status\": 200, \"upstream_response_time\": \"%, %\"}",
};

static const struct {
    const char *format, *line;
} FORMATS[] = {
    {"$msec $status $request_time $body_bytes_sent \"$request\"", "% 200 % % \"GET /a HTTP/1.1\""},
    {"$time_iso8601 $status $upstream_response_time $bytes_sent \"$request\"",
     "2026-11-20T15:51:38.%Z 200 %, % % \"GET /a HTTP/1.1\""},
    {"%{sec}t %>s %D %B \"%r\"", "% 200 % % \"GET /a HTTP/1.1\""},
    {"%{msec}t %>s %{ms}T %O \"%r\"", "% 200 % % \"GET /a HTTP/1.1\""},
    {"%t %>s %T %b \"%r\"", "[20/Nov/2026:15:51:38 +0000] 200 % % \"GET /a HTTP/1.1\""},
};

static void with(struct strbuf *out, const char *pattern, const char *value)
{
    for (; *pattern; pattern++)
        if (*pattern == '%')
            strbuf_str(out, value);
        else
            strbuf_char(out, *pattern);
}

static void emit(void *ctx, sd_time at, const struct sd_http *records, size_t n)
{
    struct sd_batch *b = batch_new("access.log", at);
    for (size_t i = 0; i < n; i++)
        batch_add(b, SD_HTTP, &records[i]);
    apply(ctx, b);
}

static void log_text(struct model *m, struct accesslog_format *f, const char *text, size_t len)
{
    struct accesslog_agg *a = accesslog_agg_new(
        &(struct accesslog_agg_options){.format = f, .max_routes = 100, .emit = emit, .ctx = m});
    struct accesslog_carry carry = {0};
    accesslog_agg_feed(a, &carry, text, len, T0);
    accesslog_agg_end(a, &carry, T0);
    accesslog_agg_flush(a);
    accesslog_agg_free(a);
}

static void access_logs(void **state)
{
    (void)state;
    struct model *all = fresh();
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        struct strbuf text = {0};
        for (size_t v = 0; v < ARRAY_LEN(VALUES); v++) {
            with(&text, LINES[i], VALUES[v]);
            strbuf_char(&text, '\n');
        }
        with(&text, LINES[i], "200"); /* a line that is fine, so that the format is found */
        strbuf_char(&text, '\n');
        log_text(all, NULL, text.text, text.len);
        strbuf_free(&text);
    }
    for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++) {
        struct sd_error err = {""};
        struct strbuf text = {0};
        struct accesslog_format *f = accesslog_format_new(FORMATS[i].format, &err);
        if (!f)
            print_error("%s: %s\n", FORMATS[i].format, err.text);
        assert_non_null(f);
        for (size_t v = 0; v < ARRAY_LEN(VALUES); v++) {
            with(&text, FORMATS[i].line, VALUES[v]);
            strbuf_char(&text, '\n');
        }
        log_text(all, f, text.text, text.len);
        strbuf_free(&text);
    }
    build_all(all);
    model_free(all);
}

static void times_out_of_range_are_not_understood(void **state)
{
    (void)state;
    static const char *const bad[] = {"1e999", "1e308", "1773306937.1e308", "-1e999", "-1", "1e20"};
    struct accesslog_format *f = accesslog_format_new("json", &(struct sd_error){""});
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct accesslog_line l;
        const char *reason = NULL;
        char line[200];
        int n = snprintf(line, sizeof line, "{\"ts\": %s, \"path\": \"/a\", \"status\": 200}", bad[i]);
        assert_false(accesslog_parse(f, line, (size_t)n, &l, &reason));
        assert_string_equal(reason, "The time cannot be read, or is out of range.");
    }
    accesslog_format_free(f);
}

/* ---- JSON records ---- */

static bool record(struct model *m, const char *line)
{
    struct arena *a = arena_new();
    struct jsonrecord r;
    struct sd_error err;
    bool ok = jsonrecord_decode(line, strlen(line), a, &r, &err);
    if (ok) {
        struct sd_batch *b = batch_new("exec", sd_known(r.at) ? r.at : T0);
        batch_add(b, r.kind, r.record);
        apply(m, b);
    }
    arena_free(a);
    return ok;
}

static void kind_with(struct model *m, const struct sd_schema *sc, size_t at, const char *value,
                      const char *when)
{
    struct strbuf line = {0};
    strbuf_printf(&line, "{\"kind\": \"%s\", \"at\": %s", sc->name, when);
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_TEXT)
            strbuf_printf(&line, ", \"%s\": \"a\"", f->name);
        else if (f->type == SD_FIELD_HIST)
            strbuf_printf(&line, i == at ? ", \"%s_ns\": [%s, 5, %s]" : ", \"%s_ns\": [5, 7]", f->name, value,
                          value);
        else if (f->type == SD_FIELD_LIST_TEXT)
            strbuf_printf(&line, ", \"%s\": [\"a\"]", f->name);
        else if (f->type == SD_FIELD_LIST_INT || f->type == SD_FIELD_LIST_REAL)
            strbuf_printf(&line, ", \"%s\": [%s]", f->name, i == at || at == SIZE_MAX ? value : "1");
        else
            strbuf_printf(&line, ", \"%s\": %s", f->name, i == at || at == SIZE_MAX ? value : "1");
    }
    strbuf_str(&line, "}");
    record(m, line.text);
    strbuf_free(&line);
}

static void json_records(void **state)
{
    (void)state;
    struct model *m = fresh();
    for (int k = 1; k < SD_KIND_END; k++) {
        const struct sd_schema *sc = schema_of((enum sd_kind)k);
        for (size_t v = 0; v < ARRAY_LEN(VALUES); v++) {
            for (size_t i = 0; i < sc->n_fields; i++)
                kind_with(m, sc, i, VALUES[v], "1795189898000000000");
            kind_with(m, sc, SIZE_MAX, VALUES[v], "1795189899000000000");
            kind_with(m, sc, SIZE_MAX, VALUES[v], VALUES[v]);
        }
    }
    build_all(m);
    model_free(m);
}

/* Records that no decoder would make, as a module or a recording may. */
static void raw_records(void **state)
{
    (void)state;
    static const int64_t ints[] = {0, -1, NUM_MAX, NUM_MIN, SD_UNKNOWN, T0, NUM_MAX / 2};
    static const double reals[] = {0, -1, 1e308, -1e308, (double)INFINITY, -(double)INFINITY, (double)NAN};
    static const sd_time times[] = {T0, NUM_MAX, NUM_MIN, SD_UNKNOWN, 0, T0 + SD_S};
    static const struct sd_bucket buckets[] = {{0, UINT32_MAX}, {SD_HIST_BUCKETS - 1, UINT32_MAX}};
    static const struct sd_hist hist = {2, buckets};
    for (size_t t = 0; t < ARRAY_LEN(times); t++) {
        struct model *m = fresh();
        for (size_t v = 0; v < ARRAY_LEN(ints); v++) {
            struct sd_batch *b = batch_new(v % 2 ? "a" : "b", times[t]);
            for (int k = 1; k < SD_KIND_END; k++) {
                const struct sd_schema *sc = schema_of((enum sd_kind)k);
                _Alignas(16) char r[1024];
                assert_true(sc->size <= sizeof r);
                schema_clear(sc, r);
                const struct sd_ints *ints_list = SD_INTS(ints[v], 1);
                const struct sd_reals *reals_list = SD_REALS(reals[v], 1);
                const struct sd_texts *texts_list = SD_TEXTS("a", "b");
                for (size_t i = 0; i < sc->n_fields; i++) {
                    const struct sd_field *f = &sc->fields[i];
                    if (f->type == SD_FIELD_INT)
                        *(int64_t *)(r + f->offset) = ints[v];
                    else if (f->type == SD_FIELD_REAL)
                        *(double *)(r + f->offset) = reals[v];
                    else if (f->type == SD_FIELD_TEXT)
                        *(const char **)(r + f->offset) = "a";
                    else if (f->type == SD_FIELD_HIST)
                        *(const struct sd_hist **)(r + f->offset) = &hist;
                    else if (f->type == SD_FIELD_LIST_INT)
                        *(const struct sd_ints **)(r + f->offset) = ints_list;
                    else if (f->type == SD_FIELD_LIST_REAL)
                        *(const struct sd_reals **)(r + f->offset) = reals_list;
                    else if (f->type == SD_FIELD_LIST_TEXT)
                        *(const struct sd_texts **)(r + f->offset) = texts_list;
                }
                batch_add(b, sc->kind, r);
            }
            apply(m, b);
        }
        build_all(m);
        model_free(m);
    }
}

/* ---- plans ---- */

static void plan_text(const char *text)
{
    struct explain e;
    struct sd_error err;
    if (explain_read(text, strlen(text), &e, &err)) {
        for (size_t i = 0; i < e.n_plans; i++) {
            char *json = explain_to_json(e.plans[i]);
            struct model *m = fresh();
            struct sd_batch *b = batch_new("plan", T0);
            batch_add(b, SD_PLAN, &(struct sd_plan){.query_id = 1, .query = "select 1", .body = json});
            apply(m, b);
            struct doc *d =
                view_named("plan")->build(&(struct view_ctx){.model = m, .span = SPAN_ALL, .now = T0});
            struct strbuf out = {0};
            print_doc(d, PRINT_TEXT, &(struct print_options){.width = 100}, &out);
            strbuf_clear(&out);
            print_doc(d, PRINT_JSON, &(struct print_options){.width = 100}, &out);
            strbuf_free(&out);
            doc_free(d);
            model_free(m);
            free(json);
        }
        explain_free(&e);
    }
}

/* Each number of a real plan replaced by each value, and all of them at once. */
static void plan_numbers(const char *name)
{
    char *text;
    size_t len, n = 0;
    struct sd_error err;
    assert_true(file_read(test_file(name), 1 << 20, &text, &len, &err));
    for (size_t v = 0; v < ARRAY_LEN(VALUES); v++) {
        struct strbuf all = {0};
        size_t in_text = 0;
        for (size_t i = 0; i < len;) {
            bool starts = isdigit((unsigned char)text[i]) && i && strchr(" =.:>", text[i - 1]);
            size_t k = strspn(text + i, "0123456789.");
            if (!starts || !k) {
                strbuf_char(&all, text[i++]);
                continue;
            }
            struct strbuf one = {0};
            strbuf_add(&one, text, i);
            strbuf_str(&one, VALUES[v]);
            strbuf_str(&one, text + i + k);
            if (v % 3 == in_text++ % 3) /* a third of them is enough of the slow ones */
                plan_text(one.text);
            strbuf_free(&one);
            strbuf_str(&all, VALUES[v]);
            i += k;
            n++;
        }
        plan_text(strbuf_text(&all));
        strbuf_free(&all);
    }
    assert_true(n > 100);
    free(text);
}

static void plans(void **state)
{
    (void)state;
    plan_numbers("fuzz/corpus/explain/cte_twice.json");
    plan_numbers("fuzz/corpus/explain/plan.yaml");
    plan_numbers("fuzz/corpus/explain/plan.xml");
    plan_numbers("fuzz/corpus/explain/stderr.log");
    plan_numbers("fuzz/corpus/explain/json.log");
    plan_numbers("fuzz/corpus/explain/csv.log");
}

/* ---- settings and options ---- */

static void nothing(void *ctx, const char *sentence)
{
    (void)ctx, (void)sentence;
}

static void settings(void **state)
{
    (void)state;
    struct config *c = config_new(NULL);
    struct sd_error err;
    for (const struct sd_option *o = SETTINGS_OPTIONS; o->name; o++)
        for (size_t v = 0; v < ARRAY_LEN(VALUES); v++) {
            static const char *const units[] = {"", "s", "d", "ns", "MiB", "TB"};
            for (size_t u = 0; u < ARRAY_LEN(units); u++) {
                char *value = mem_printf("%s%s", VALUES[v], units[u]);
                char *yaml = mem_printf("%s: %s\n", o->name, value);
                settings_set(c->settings, o->name, value, &err);
                config_read_text(c, "test", yaml, strlen(yaml), nothing, NULL);
                free(yaml);
                free(value);
            }
        }
    config_free(c);
}

/* ---- sums ---- */

static void sums_stop_at_the_edge(void **state)
{
    (void)state;
    assert_int_equal(add_sat(NUM_MAX, 1), NUM_MAX);
    assert_int_equal(add_sat(NUM_MIN, -1), NUM_MIN);
    assert_int_equal(add_sat(NUM_MAX, NUM_MIN), 0);
    assert_int_equal(add_sat(-1, NUM_MIN), NUM_MIN); /* and not SD_UNKNOWN */
    assert_int_equal(mul_sat(NUM_MAX, 2), NUM_MAX);
    assert_int_equal(mul_sat(NUM_MAX, -2), NUM_MIN);
    assert_int_equal(mul_sat(INT64_C(1) << 62, -2), NUM_MIN);
    assert_int_equal(add_known(SD_UNKNOWN, 4), 4);
    assert_int_equal(real_to_int(1e300), NUM_MAX);
    assert_int_equal(real_to_int(-(double)INFINITY), NUM_MIN);
    assert_int_equal(real_to_int((double)NAN), SD_UNKNOWN);
    assert_int_equal(real_to_int(2.5), 3);
    assert_int_equal(real_to_int(0x1p63), NUM_MAX);
    assert_int_equal(real_to_int(-0x1p63), NUM_MIN);
    assert_true(isnan(num_ratio(NUM_MAX, 2)));
    char text[UNIT_TEXT_MAX];
    assert_string_equal(unit_format_int(UNIT_NS, NUM_MAX, text), ">292 y");
    assert_string_equal(unit_format_int(UNIT_BYTES, NUM_MAX, text), ">9.22 EB");
    assert_string_equal(unit_format_int(UNIT_COUNT, NUM_MIN, text), "<-9.22 E");
}

/* What a user sees of a sum that no longer fits. */
static void a_sum_at_the_edge_is_said(void **state)
{
    (void)state;
    static const char text[] =
        "203.0.113.7 - - [12/Mar/2026:09:15:02 +0000] \"POST /pay HTTP/1.1\" 502 11 \"-\" \"-\" 18 "
        "\"a@file\" \"http://10.4.1.10:80\" 3000ms\n"
        "203.0.113.8 - - [12/Mar/2026:09:15:05 +0000] \"GET /v6 HTTP/3.0\" 200 7 \"-\" \"-\" 21 \"b@k8s\" "
        "\"http://10.4.1.11:80\" 9223372036000ms\n"
        "203.0.113.8 - - [12/Mar/2026:09:15:06 +0000] \"GET /v6 HTTP/3.0\" 200 7 \"-\" \"-\" 22 \"b@k8s\" "
        "\"http://10.4.1.11:80\" 9223372036000ms\n";
    struct model *m = fresh();
    log_text(m, NULL, text, sizeof text - 1);
    struct doc *d = view_named("endpoints")->build(&(struct view_ctx){.model = m, .span = SPAN_ALL});
    struct strbuf out = {0};
    print_doc(d, PRINT_TEXT, &(struct print_options){0}, &out);
    assert_non_null(strstr(out.text, ">292 y"));
    strbuf_clear(&out);
    print_doc(d, PRINT_JSON, &(struct print_options){0}, &out);
    assert_non_null(strstr(out.text, "9223372036854775807"));
    strbuf_free(&out);
    doc_free(d);
    model_free(m);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    memset(digits400, '9', 400);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_logs),
        cmocka_unit_test(times_out_of_range_are_not_understood),
        cmocka_unit_test(json_records),
        cmocka_unit_test(raw_records),
        cmocka_unit_test(plans),
        cmocka_unit_test(settings),
        cmocka_unit_test(sums_stop_at_the_edge),
        cmocka_unit_test(a_sum_at_the_edge_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
