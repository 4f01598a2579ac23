/* Access-log lines and what becomes of them, against independent readings of the same files. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/hist.h"
#include "format/endpoints/accesslog_agg.h"

/* ---- single lines ---- */

struct want {
    const char *format, *line; /* format NULL: detected from the line */
    const char *method, *target;
    int status;
    int64_t bytes, duration_ns;
    sd_time at;
};

#define AT      1795189898LL
#define STAMP   "[20/Nov/2026:15:51:38 +0000]"
#define UNKNOWN SD_UNKNOWN

static const struct want LINES[] = {
    {NULL, "::1 - - " STAMP " \"GET /a HTTP/1.1\" 200 5", "GET", "/a", 200, 5, UNKNOWN, AT *SD_S},
    {NULL, "h - J Doe [20/Nov/2026:17:21:38 +0130] \"GET /a HTTP/1.1\" 304 -", "GET", "/a", 304, 0, UNKNOWN,
     AT *SD_S},
    {NULL, "h - - " STAMP " \"POST /a?b=c d HTTP/2.0\" 200 5 \"-\" \"say \\\"hi\\\"\"", "POST", "/a?b=c d",
     200, 5, UNKNOWN, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" rt=0.022 urt=\"0.020\"", "GET", "/a", 200,
     5, 22 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" request_time=\"1.5\" x=\"a b\"", "GET",
     "/a", 200, 5, 1500 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" urt=\"0.1, 0.2 : 0.3\"", "GET", "/a", 200,
     5, 600 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" urt=\"-\"", "GET", "/a", 200, 5, UNKNOWN,
     AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" urt=0.1, 0.2 : 0.3 us=200", "GET", "/a",
     200, 5, 600 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" urt=-, 0.250", "GET", "/a", 200, 5,
     250 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" rt=0.022, 7, x=1", "GET", "/a", 200, 5,
     22 * SD_MS, AT *SD_S}, /* 7 is a value of its own */
    {NULL, "h - - [2026-11-20T15:51:38+00:00] \"GET /a HTTP/1.1\" 200 5", "GET", "/a", 200, 5, UNKNOWN,
     AT *SD_S},
    {NULL, "h - - [2026-11-20T15:51:38+0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" 0.022", "GET", "/a", 200,
     5, 22 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" duration_ms=12", "GET", "/a", 200, 5,
     12 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" 27991", "GET", "/a", 200, 5, 27991 * SD_US,
     AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" 3", "GET", "/a", 200, 5, UNKNOWN,
     AT *SD_S}, /* seconds or milliseconds */
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" \"10.0.0.1\" 0.005 0.004 .", "GET", "/a",
     200, 5, 5 * SD_MS, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"-\" 1 \"shop@docker\" \"http://b\" 22ms", "GET",
     "/a", 200, 5, 22 * SD_MS, AT *SD_S},
    {NULL,
     "h - - " STAMP
     " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" 280 0.022 [shop-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 5 "
     "0.010, 0.012 502, 200 abc",
     "GET", "/a", 200, 5, 22 * SD_MS, AT *SD_S},
    {NULL, "shop.example:443 h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\"", "GET", "/a", 200, 5,
     UNKNOWN, AT *SD_S},
    /* not requests, but lines */
    {NULL, "h - - " STAMP " \"-\" 408 0 \"-\" \"-\"", NULL, "-", 408, 0, UNKNOWN, AT *SD_S},
    {NULL, "h - - " STAMP " \"\\x16\\x03\\x01\\x00\" 400 150 \"-\" \"-\"", NULL, "-", 400, 150, UNKNOWN,
     AT *SD_S},
    {NULL, "h - - " STAMP " \"\" 400 0 \"-\" \"-\"", NULL, "-", 400, 0, UNKNOWN, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /caf\\xC3\\xA9\\x22 HTTP/1.1\" 200 5", "GET", "/caf\xc3\xa9\"", 200, 5,
     UNKNOWN, AT *SD_S},
    {NULL, "h - - " STAMP " \"GET /old\" 200 5", "GET", "/old", 200, 5, UNKNOWN, AT *SD_S},
    /* formats given */
    {"$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
     "\"$http_user_agent\" rt=$request_time uct=\"$upstream_connect_time\" urt=\"$upstream_response_time\"",
     "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"x\" rt=0.022 uct=\"-\" urt=\"-\"", "GET", "/a", 200,
     5, 22 * SD_MS, AT *SD_S},
    {"log_format main '$remote_addr [$time_iso8601] '\n  '\"$request_method ${scheme}://$host$request_uri\" "
     "$status '\n"
     "  '$upstream_addr $upstream_response_time $pipe';",
     "h [2026-11-20T16:51:38+01:00] \"GET http://shop/a?b\" 200 "
     "10.0.0.1:80, 10.0.0.2:80 0.100, 0.250 p",
     "GET", "/a?b", 200, UNKNOWN, 350 * SD_MS, AT *SD_S},
    {"$msec|$request_method|$uri$is_args$args|$status|$bytes_sent|$request_time",
     "1795189898.266|GET|/a?x|200|7|0.001", "GET", "/a?x", 200, 7, SD_MS, AT *SD_S + 266 * SD_MS},
    {"{\"t\":\"$time_iso8601\",\"r\":\"$request\",\"s\":$status,\"rt\":$request_time,\"u\":\"$upstream_"
     "response_time\"}",
     "{\"t\":\"2026-11-20T15:51:38Z\",\"r\":\"GET /a\\u0022b HTTP/1.1\",\"s\":200,\"rt\":0.5,\"u\":\"\"}",
     "GET", "/a\"b", 200, UNKNOWN, 500 * SD_MS, AT *SD_S},
    {"%h %l %u %t \"%r\" %>s %b %D", "h - - " STAMP " \"GET /a HTTP/1.1\" 200 - 1234", "GET", "/a", 200, 0,
     1234 * SD_US, AT *SD_S},
    {"%v:%p %h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\" %{ms}T",
     "v:80 h - - " STAMP " \"GET /a HTTP/1.1\" 200 9 \"-\" \"x\" 12", "GET", "/a", 200, 9, 12 * SD_MS,
     AT *SD_S},
    {"LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b %D\" timed", "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 1234",
     "GET", "/a", 200, 5, 1234 * SD_US, AT *SD_S},
    {"CustomLog logs/access.log '%h %t \"%r\" %>s %b'", "h " STAMP " \"GET /a HTTP/1.1\" 200 5", "GET", "/a",
     200, 5, UNKNOWN, AT *SD_S},
    {"common", "h - - " STAMP " \"GET /a HTTP/1.1\" - 5", "GET", "/a", 0, 5, UNKNOWN, AT *SD_S},
    {"$request $status", "GET /a HTTP/1.1 200", "GET", "/a", 200, UNKNOWN, UNKNOWN, UNKNOWN},
    /* JSON by its keys */
    {NULL,
     "{\"time_local\":\"20/Nov/2026:15:51:38 +0000\",\"request\":\"GET /a HTTP/1.1\",\"status\":\"200\","
     "\"body_bytes_sent\":\"5\",\"request_time\":\"0.022\"}",
     "GET", "/a", 200, 5, 22 * SD_MS, AT *SD_S},
    {NULL,
     "{\"ts\":1795189898.5,\"request\":{\"method\":\"GET\",\"uri\":\"/a\"},\"duration\":0.25,\"size\":5,"
     "\"status\":200}",
     "GET", "/a", 200, 5, 250 * SD_MS, AT *SD_S + 500 * SD_MS},
};

static void check_line(struct accesslog_format *f, const struct want *w)
{
    struct accesslog_line l;
    const char *reason = "";
    if (!accesslog_parse(f, w->line, strlen(w->line), &l, &reason))
        fail_msg("%s: %s", w->line, reason);
    assert_int_equal(l.method_len, w->method ? strlen(w->method) : 0);
    if (w->method)
        assert_memory_equal(l.method, w->method, l.method_len);
    if (l.target_len != strlen(w->target) || memcmp(l.target, w->target, l.target_len) != 0)
        fail_msg("%s: target is %.*s", w->line, (int)l.target_len, l.target);
    assert_int_equal(l.status, w->status);
    assert_int_equal(l.bytes, w->bytes);
    if (l.duration_ns != w->duration_ns)
        fail_msg("%s: duration is %lld", w->line, (long long)l.duration_ns);
    assert_int_equal(l.at, w->at);
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        struct sd_error err = {""};
        struct accesslog_format *f =
            LINES[i].format ? accesslog_format_new(LINES[i].format, &err)
                            : accesslog_detect(LINES[i].line, strlen(LINES[i].line), true, 0, NULL, NULL);
        if (!f)
            fail_msg("%s: %s", LINES[i].line, err.text);
        check_line(f, &LINES[i]);
        check_line(f, &LINES[i]); /* again, with warm caches */
        accesslog_format_free(f);
    }
}

static void test_misfits(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "-",
        "h - - " STAMP " \"GET /a HTTP/1.1\" 200 5 \"-\" \"cut",
        "h - - [20/Foo/2026:15:51:38 +0000] \"GET / \" 200 5",
        "h - - [20/Nov/9999:15:51:38 +0000] \"GET / HTTP/1.1\" 200 5",
        "h - - " STAMP " \"GET /a HTTP/1.1\" 20x 5",
        "h - - " STAMP " \"GET /a HTTP/1.1\" 200 many",
        "{}",
        "{\"status\":200}",
        "[1]",
        "{\"status\":200,\"uri\":\"/\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct accesslog_format *f = accesslog_detect(BAD[i], strlen(BAD[i]), true, 0, NULL, NULL);
        if (f && i != 2) /* number 2 is a common line with junk behind it, which "further fields" takes */
            fail_msg("\"%s\" is taken for %s", BAD[i], accesslog_format_name(f));
        accesslog_format_free(f);
    }
    static const char *const FORMATS[] = {
        "",    "nonsense", "$remote_addr $status", "$status$request", "%h %", "%{x",
        "${x", "%h %>s",   "$request_time$request"};
    for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++) {
        struct sd_error err = {""};
        if (accesslog_format_new(FORMATS[i], &err))
            fail_msg("the format \"%s\" is taken", FORMATS[i]);
        assert_true(strlen(err.text) > 20);
    }
}

/* ---- whole files ---- */

struct totals {
    int64_t count, errors, bytes, timed, total_ns, max_ns, records, batches;
    int64_t status[6];
    sd_time last, begins, ends;
    bool in_order;
    struct hist *latency;
    struct {
        char name[300];
        int64_t count;
    } endpoints[64];
    size_t n;
};

static int64_t known(int64_t v)
{
    return sd_known(v) ? v : 0;
}

static void sum_up(void *ctx, sd_time at, const struct sd_http *r, size_t n)
{
    struct totals *t = ctx;
    t->batches++;
    t->in_order = (t->batches == 1 || t->in_order) && at >= t->last;
    t->last = at;
    for (size_t i = 0; i < n; i++, r++) {
        t->records++;
        t->count += r->count;
        t->errors += known(r->errors);
        t->bytes += known(r->bytes);
        t->timed += r->timed;
        t->total_ns += known(r->total_ns);
        t->max_ns = MAX(t->max_ns, known(r->max_ns));
        int64_t by_class[] = {r->status_1xx, r->status_2xx, r->status_3xx, r->status_4xx, r->status_5xx};
        for (int k = 0; k < 5; k++)
            t->status[k + 1] += known(by_class[k]);
        int64_t in_buckets = 0;
        for (uint32_t k = 0; r->latency && k < r->latency->n; k++)
            in_buckets += r->latency->buckets[k].count;
        assert_int_equal(in_buckets, r->timed);
        assert_true(r->first_at >= at && r->last_at < at + r->interval_ns && r->first_at <= r->last_at);
        t->begins = t->records == 1 ? at : MIN(t->begins, at);
        t->ends = t->records == 1 ? at + r->interval_ns : MAX(t->ends, at + r->interval_ns);
        if (r->latency)
            hist_merge_sparse(t->latency, r->latency, r->total_ns, r->min_ns, r->max_ns);
        char name[300];
        snprintf(name, sizeof name, "%s %s", r->method ? r->method : "-", r->route);
        size_t k = 0;
        while (k < t->n && strcmp(t->endpoints[k].name, name) != 0)
            k++;
        if (k < ARRAY_LEN(t->endpoints)) {
            if (k == t->n)
                memcpy(t->endpoints[t->n++].name, name, sizeof name);
            t->endpoints[k].count += r->count;
        }
    }
}

static int64_t count_of(const struct totals *t, const char *name)
{
    for (size_t k = 0; k < t->n; k++)
        if (!strcmp(t->endpoints[k].name, name))
            return t->endpoints[k].count;
    return 0;
}

static struct accesslog_agg *agg_new(struct totals *t, const char *format, size_t max_routes)
{
    struct sd_error err;
    *t = (struct totals){.latency = mem_alloc(sizeof *t->latency)};
    hist_clear(t->latency);
    return accesslog_agg_new(
        &(struct accesslog_agg_options){.format = format ? accesslog_format_new(format, &err) : NULL,
                                        .max_routes = max_routes,
                                        .emit = sum_up,
                                        .ctx = t});
}

/* Feeds in pieces of `step` bytes. */
static void feed(struct accesslog_agg *a, const char *bytes, size_t len, size_t step)
{
    struct accesslog_carry carry = {0};
    for (size_t i = 0; i < len; i += step)
        accesslog_agg_feed(a, &carry, bytes + i, MIN(step, len - i), 1000 * SD_S);
    accesslog_agg_end(a, &carry, 1000 * SD_S);
    accesslog_agg_flush(a);
    assert_false(accesslog_agg_pending(a));
}

static const cJSON *at(const cJSON *o, const char *a, const char *b)
{
    o = cJSON_GetObjectItemCaseSensitive(o, a);
    return b && o ? cJSON_GetObjectItemCaseSensitive(o, b) : o;
}

static void check_file(const char *path, const char *oracle, const char *times, size_t step)
{
    char name[200];
    struct sd_error err;
    char *bytes, *json;
    size_t len, json_len;
    snprintf(name, sizeof name, "access_logs/%s", path);
    const char *file = test_corpus(name);
    if (!file)
        skip();
    assert_true(file_read(file, (size_t)64 << 20, &bytes, &len, &err));
    snprintf(name, sizeof name, "access_logs/%s", oracle);
    assert_true(file_read(test_corpus(name), (size_t)64 << 20, &json, &json_len, &err));
    cJSON *o = cJSON_Parse(json);
    struct totals t;
    struct accesslog_agg *a = agg_new(&t, NULL, 1000);
    feed(a, bytes, len, step);
    const struct accesslog_intake *in = accesslog_agg_intake(a);
    assert_int_equal(in->lines, at(o, "lines", NULL)->valueint);
    assert_int_equal(in->unparsed, at(o, "unparsed", NULL) ? at(o, "unparsed", NULL)->valueint : 0);
    assert_int_equal(in->bytes, len);
    assert_int_equal(t.count, in->lines - in->unparsed);
    int64_t by_class[6] = {0};
    for (const cJSON *s = at(o, "status", NULL)->child; s; s = s->next)
        by_class[s->string[0] - '0'] += s->valueint;
    for (int k = 1; k < 6; k++)
        assert_int_equal(t.status[k], by_class[k]);
    assert_int_equal(t.errors, by_class[5]);
    if (at(o, "bytes", NULL))
        assert_true((double)t.bytes == at(o, "bytes", NULL)->valuedouble);
    const cJSON *time = at(o, times, NULL);
    if (!time || cJSON_IsNull(time)) {
        assert_int_equal(t.timed, 0);
    } else {
        double ms = strstr(path, "clf") ? 0.5e-3 : 1e-6; /* rounded to ms there */
        assert_int_equal(t.timed, at(time, "n", NULL)->valueint);
        assert_true(fabs((double)t.total_ns / 1e9 - at(time, "sum", NULL)->valuedouble) <=
                    ms * (double)t.timed);
        assert_true(fabs((double)t.max_ns / 1e9 - at(time, "max", NULL)->valuedouble) <= ms);
        for (const cJSON *q = at(time, "nearestRank", NULL)->child; q; q = q->next) {
            double got = (double)hist_quantile(t.latency, atof(q->string)) / 1e9;
            assert_true(fabs(got - q->valuedouble) <= q->valuedouble / 128 + ms);
        }
    }
    for (const cJSON *r = at(o, "perRoute", NULL) ? at(o, "perRoute", NULL)->child : NULL; r; r = r->next)
        assert_int_equal(count_of(&t, r->string), at(r, "n", NULL)->valueint);
    accesslog_agg_free(a);
    free(t.latency);
    cJSON_Delete(o);
    free(json);
    free(bytes);
}

static void test_corpora(void **state)
{
    (void)state;
    static const char *const FILES[][3] = {
        {"nginx/lab-shop.timed.log", NULL, "time_seconds"},
        {"nginx/lab-shop.combined.log", NULL, "time_seconds"},
        {"nginx/lab-shop.ingress.log", NULL, "time_seconds"},
        {"nginx/lab-shop.json.log", NULL, "request_time"},
        {"apache/elastic-apache-a.log", NULL, "time_seconds"},
        {"apache/lab-combined-us.log", NULL, "time_seconds"},
        {"apache/lab-common.log", NULL, "time_seconds"},
        {"caddy/lab-caddy-a.json.log", NULL, "duration_seconds"},
        {"traefik/lab-a.json.log", "traefik/lab-a.expect.json", "duration_seconds"},
        {"traefik/lab-a.clf.log", "traefik/lab-a.expect.json", "duration_seconds"},
    };
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        char oracle[100];
        snprintf(oracle, sizeof oracle, "%s.expect.json", FILES[i][0]);
        check_file(FILES[i][0], FILES[i][1] ? FILES[i][1] : oracle, FILES[i][2], (size_t)1 << 18);
        check_file(FILES[i][0], FILES[i][1] ? FILES[i][1] : oracle, FILES[i][2], 777);
    }
}

/* ---- the aggregator ---- */

static void test_out_of_order(void **state)
{
    (void)state;
    struct totals t;
    struct accesslog_agg *a = agg_new(&t, NULL, 1000);
    struct strbuf b = {0};
    for (int i = 0; i < 5000; i++) {
        int second = (i * 7919) % 50; /* all over fifty seconds */
        strbuf_printf(
            &b, "h - - [20/Nov/2026:15:51:%02d +0000] \"GET /o/%d HTTP/1.1\" 200 1 \"-\" \"-\" rt=0.%03d\n",
            second, i, i % 1000);
    }
    feed(a, b.text, b.len, 4096);
    assert_int_equal(t.count, 5000);
    assert_int_equal(t.batches, 50); /* one a second, however mixed */
    assert_true(t.in_order);
    assert_int_equal(count_of(&t, "GET /o/:id"), 5000);
    accesslog_agg_free(a);
    free(t.latency);

    /* hours apart, in turns: more deltas, the same sums */
    strbuf_clear(&b);
    for (int i = 0; i < 200; i++)
        strbuf_printf(&b, "h - - [20/Nov/2026:%02d:00:00 +0000] \"GET / HTTP/1.1\" 500 1\n", i % 3);
    a = agg_new(&t, NULL, 1000);
    feed(a, b.text, b.len, b.len);
    assert_int_equal(t.count, 200);
    assert_int_equal(t.errors, 200);
    accesslog_agg_free(a);
    free(t.latency);
    strbuf_free(&b);
}

/* The sums are the same, and so is the time from the first second to the last. */
static void test_totals(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (int i = 0; i < 6000; i++) { /* four hours, and a few lines of the day before */
        int minute = i % 500 == 499 ? -1400 : i * 7919 % 240;
        strbuf_printf(&b,
                      "h - - [%02d/Nov/2026:%02d:%02d:%02d +0000] \"GET /%c/x HTTP/1.1\" %d 7 \"-\" \"-\" "
                      "rt=0.%03d\n",
                      minute < 0 ? 19 : 20, (minute + 1440) % 1440 / 60, (minute + 1440) % 60, i % 60,
                      'g' + i % 20, i % 50 ? 200 : 502, i % 997);
    }
    struct totals by_second, in_all;
    struct accesslog_agg *a = agg_new(&by_second, NULL, 1000);
    feed(a, b.text, b.len, 4096);
    accesslog_agg_free(a);
    in_all = (struct totals){.latency = mem_alloc(sizeof *in_all.latency)};
    hist_clear(in_all.latency);
    a = accesslog_agg_new(
        &(struct accesslog_agg_options){.max_routes = 1000, .totals = true, .emit = sum_up, .ctx = &in_all});
    feed(a, b.text, b.len, 4096);
    accesslog_agg_free(a);
    strbuf_free(&b);

    assert_true(by_second.records > 5000);
    assert_true(in_all.records < 1000);
    assert_int_equal(in_all.count, 6000);
    assert_int_equal(in_all.errors, by_second.errors);
    assert_int_equal(in_all.bytes, by_second.bytes);
    assert_int_equal(in_all.timed, by_second.timed);
    assert_int_equal(in_all.total_ns, by_second.total_ns);
    assert_int_equal(in_all.max_ns, by_second.max_ns);
    assert_int_equal(in_all.begins, by_second.begins);
    assert_int_equal(in_all.ends, by_second.ends);
    assert_int_equal(in_all.n, 20);
    for (size_t i = 0; i < by_second.n; i++)
        assert_int_equal(count_of(&in_all, by_second.endpoints[i].name), by_second.endpoints[i].count);
    assert_memory_equal(in_all.latency->bucket, by_second.latency->bucket, sizeof in_all.latency->bucket);
    free(in_all.latency);
    free(by_second.latency);
}

static void test_many_routes(void **state)
{
    (void)state;
    struct totals t;
    struct accesslog_agg *a = agg_new(&t, "common", 10);
    struct strbuf b = {0};
    for (int i = 0; i < 3000; i++)
        strbuf_printf(&b, "h - - " STAMP " \"GET /%c%c%c HTTP/1.1\" 200 1\n", 'g' + i % 10, 'g' + i / 10 % 10,
                      'g' + i / 100 % 10);
    feed(a, b.text, b.len, b.len);
    assert_int_equal(t.count, 3000);
    assert_int_equal(t.n, 11);
    assert_int_equal(count_of(&t, "- (other)"), 2990 - 20);
    accesslog_agg_free(a);
    free(t.latency);
    strbuf_free(&b);
}

static void test_one_second(void **state)
{
    (void)state;
    struct totals t;
    struct accesslog_agg *a = agg_new(&t, "common", 1000);
    struct strbuf b = {0};
    strbuf_str(&b, "h - - " STAMP " \"GET / HTTP/1.1\" 200 1\n");
    struct accesslog_carry carry = {0};
    for (int i = 0; i < 300000; i++)
        accesslog_agg_feed(a, &carry, b.text, b.len, 0);
    accesslog_agg_end(a, &carry, 0);
    accesslog_agg_flush(a);
    assert_int_equal(t.count, 300000);
    assert_int_equal(t.timed, 0);
    accesslog_agg_free(a);
    free(t.latency);
    strbuf_free(&b);
}

static void test_junk(void **state)
{
    (void)state;
    static const char GOOD[] = "h - - " STAMP " \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n";
    struct strbuf b = {0};
    strbuf_str(&b, GOOD);
    strbuf_pad(&b, 'x', (size_t)3 << 20); /* far too long */
    strbuf_char(&b, '\n');
    strbuf_str(&b, GOOD);
    strbuf_add(&b, "\0\1\2\0\n", 5);
    strbuf_str(&b, "\n");
    strbuf_str(&b, "h - - " STAMP " \"GET /");
    strbuf_pad(&b, 'y', ((size_t)1 << 20) - 200); /* just fits */
    strbuf_str(&b, " HTTP/1.1\" 200 1 \"-\" \"-\"\r\n");
    strbuf_str(&b, "h - - " STAMP " \"GET /r HTTP/1.1\" 200 1 \"-\" \"-\" rt=0.5\n"); /* another format */
    strbuf_add(&b, GOOD, sizeof GOOD - 2); /* the last line lacks its newline */
    for (size_t step = 4096; step < 600000; step *= 5) {
        struct totals t;
        struct accesslog_agg *a = agg_new(&t, NULL, 1000);
        feed(a, b.text, b.len, step);
        const struct accesslog_intake *in = accesslog_agg_intake(a);
        assert_int_equal(in->lines, 8);
        assert_int_equal(in->unparsed, 3);
        assert_int_equal(t.count, 5);
        assert_int_equal(t.timed, 1);
        assert_int_equal(in->n_samples, 3);
        assert_non_null(strstr(in->samples[0].reason, "longer than 1 MiB"));
        accesslog_agg_free(a);
        free(t.latency);
    }
    strbuf_free(&b);
}

/* Who asked, in each form of log. */
static void test_askers(void **state)
{
    (void)state;
    static const struct {
        const char *line, *address, *user, *agent, *query;
    } CASES[] = {
        {"10.0.0.1 - - " STAMP " \"GET / HTTP/1.1\" 200 1", "10.0.0.1", "", "", ""},
        {"10.0.0.1 - ann " STAMP " \"GET / HTTP/1.1\" 200 1 \"-\" \"Fox 1\"", "10.0.0.1", "ann", "Fox 1", ""},
        {"shop.example:80 10.0.0.1 - - " STAMP " \"GET / HTTP/1.1\" 200 1 \"-\" \"Fox\"", "10.0.0.1", "",
         "Fox", ""},
        {"::1 - - " STAMP " \"GET / HTTP/1.1\" 200 1 \"-\" \"Fox\" rt=0.1", "::1", "", "Fox", ""},
        {"{\"time\":\"2026-11-20T15:51:38Z\",\"remote_addr\":\"10.0.0.1\",\"remote_user\":\"-\","
         "\"request\":\"GET / HTTP/1.1\",\"status\":200,\"http_user_agent\":\"Fox\"}",
         "10.0.0.1", "", "Fox", ""},
        {"{\"ts\":1795189898.5,\"request\":{\"method\":\"GET\",\"uri\":\"/\",\"remote_ip\":\"10.0.0.1\"},"
         "\"user_id\":\"ann\",\"duration\":0.25,\"status\":200}",
         "10.0.0.1", "ann", "", ""},
        {"time:2026-11-20T15:51:38+00:00\thost:10.0.0.1\treq:GET / HTTP/1.1\tstatus:200\tua:Fox", "10.0.0.1",
         "", "Fox", ""},
        {"time=2026-11-20T15:51:38Z method=GET path=/ status=200 remote_addr=10.0.0.1:51234 user=ann "
         "user_agent=\"Fox 1\"",
         "10.0.0.1", "ann", "Fox 1", ""},
        {"Mar 12 09:15:01 lb haproxy[9]: 2001:db8::7:33317 [12/Mar/2026:09:15:01.655] fe~ be/web1 "
         "0/5/1/68/74 200 "
         "2750 "
         "- - ---- 1/1/3/1/0 0/0 \"GET /orders HTTP/1.1\"",
         "2001:db8::7", "", "", ""},
        {"2026-11-20 15:51:38 10.0.0.9 GET /a b=1 443 ann 10.0.0.1 Fox/1 - 200 0 0 15", "10.0.0.1", "ann",
         "Fox/1", "b=1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const char *line = CASES[i].line, *reason = NULL;
        size_t len = strlen(line);
        struct accesslog_line l;
        struct accesslog_format *f = accesslog_detect(line, len, true, 0, NULL, NULL);
        if (!f) /* a line without the header that names its fields */
            f = accesslog_format_new("w3c", NULL);
        if (!accesslog_parse(f, line, len, &l, &reason))
            print_message("# %s: %s\n", line, reason);
        struct accesslog_asker a = accesslog_asker(&l);
        char *got = mem_printf("%.*s|%.*s|%.*s|%.*s", (int)a.address_len, a.address, (int)a.user_len, a.user,
                               (int)l.agent_len, l.agent, (int)l.query_len, l.query);
        char *wanted =
            mem_printf("%s|%s|%s|%s", CASES[i].address, CASES[i].user, CASES[i].agent, CASES[i].query);
        assert_string_equal(got, wanted);
        free(got);
        free(wanted);
        accesslog_format_free(f);
    }
    struct sd_error err;
    struct accesslog_format *f =
        accesslog_format_new("$remote_addr - $remote_user [$time_local] \"$request\" $status "
                             "\"$http_user_agent\"",
                             &err);
    static const char OWN[] = "10.0.0.1 - ann " STAMP " \"GET / HTTP/1.1\" 200 \"Fox\"";
    struct accesslog_line l;
    const char *reason;
    assert_true(accesslog_parse(f, OWN, sizeof OWN - 1, &l, &reason));
    assert_int_equal(accesslog_asker(&l).user_len, 3);
    assert_int_equal(accesslog_asker(&l).address_len, 8);
    assert_int_equal(l.agent_len, 3);
    accesslog_format_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_askers),       cmocka_unit_test(test_lines),
        cmocka_unit_test(test_misfits),      cmocka_unit_test(test_corpora),
        cmocka_unit_test(test_out_of_order), cmocka_unit_test(test_many_routes),
        cmocka_unit_test(test_one_second),   cmocka_unit_test(test_junk),
        cmocka_unit_test(test_totals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
