/* What a cache did with the requests of an access log: which column tells it, and what is counted. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/endpoints/accesslog_agg.h"

static struct sd_cache sum;
static size_t records;
static char routes[200];

static void ignore(void *ctx, sd_time at, const struct sd_http *r, size_t n)
{
    (void)ctx, (void)at, (void)r, (void)n;
}

static int64_t buckets_of(const struct sd_hist *h)
{
    int64_t n = 0;
    for (uint32_t i = 0; h && i < h->n; i++)
        n += h->buckets[i].count;
    return n;
}

static int64_t timed_hits, timed_misses;

static void add(void *ctx, sd_time at, struct sd_cache *r)
{
    (void)ctx, (void)at;
    records++;
    assert_int_equal(r->interval_ns, SD_S);
    sum.requests += r->requests;
    sum.hits += r->hits;
    sum.misses += r->misses;
    sum.bypassed += r->bypassed;
    sum.stale += r->stale;
    sum.misses_expired += r->misses_expired;
    timed_hits += buckets_of(r->hit_latency);
    timed_misses += buckets_of(r->miss_latency);
}

static void add_route(void *ctx, const char *route, const struct cache_route *r)
{
    (void)ctx;
    size_t n = strlen(routes);
    snprintf(routes + n, sizeof routes - n, "%s %d/%d;", route, (int)r->hits, (int)r->misses);
}

/* The lines of a log; its format, or NULL. */
static void read_log(const char *format, const char *text)
{
    struct sd_error err = {""};
    struct accesslog_carry carry = {0};
    sum = (struct sd_cache){.requests = 0};
    records = 0;
    timed_hits = timed_misses = 0;
    *routes = 0;
    struct accesslog_agg *a = accesslog_agg_new(
        &(struct accesslog_agg_options){.format = format ? accesslog_format_new(format, &err) : NULL,
                                        .max_routes = 100,
                                        .emit = ignore,
                                        .emit_cache = add});
    accesslog_agg_feed(a, &carry, text, strlen(text), SD_S);
    accesslog_agg_end(a, &carry, SD_S);
    accesslog_agg_flush(a);
    assert_int_equal(accesslog_agg_intake(a)->unparsed, 0);
    accesslog_agg_cached(a, add_route, NULL);
    accesslog_agg_free(a);
}

#define LINE(path, rest) "1.1.1.1 - - [20/Nov/2026:15:51:38 +0000] \"GET " path " HTTP/1.1\" 200 5" rest "\n"
#define UA               " \"-\" \"x 1\""

static void every_status(void **state)
{
    (void)state;
    read_log("$remote_addr - - [$time_local] \"$request\" $status $body_bytes_sent $request_time "
             "$upstream_cache_status",
             LINE("/o/1", " 0.010 HIT") LINE("/o/2", " 0.011 STALE") LINE("/o/3", " 0.010 UPDATING")
                 LINE("/o/4", " 0.010 REVALIDATED") LINE("/p", " 0.2 MISS") LINE("/p", " 0.3 EXPIRED")
                     LINE("/p", " 0.4 BYPASS") LINE("/static/x.css", " 0.0 -"));
    assert_int_equal(sum.requests, 8);
    assert_int_equal(sum.hits, 4);
    assert_int_equal(sum.misses, 3);
    assert_int_equal(sum.bypassed, 1);
    assert_int_equal(sum.stale, 2);
    assert_int_equal(sum.misses_expired, 1);
    assert_int_equal(timed_hits, 4);
    assert_int_equal(timed_misses, 3);
    assert_string_equal(routes, "GET /o/:id 4/0;GET /p 0/3;");
}

static void found_columns(void **state)
{
    (void)state;
    static const char *const LOGS[] = {
        LINE("/a", UA " 0.010 HIT") LINE("/b", UA " 0.200 MISS") LINE("/c", UA " 0.100 -"),
        LINE("/a", UA " \"HIT\" rt=0.010") LINE("/b", UA " \"MISS\" rt=0.2") LINE("/c", UA " \"-\" rt=0.1"),
        LINE("/a", UA " rt=0.010 cache=HIT") LINE("/b", UA " rt=0.2 cache=MISS")
            LINE("/c", UA " rt=0.1 cache=-"),
        LINE("/a", UA " cache_status:HIT 0.01") LINE("/b", UA " cache_status:MISS 0.2"),
        LINE("/a", " [HIT]") LINE("/b", " [MISS]"),
        "time:2026-11-20T15:51:38+00:00\treq:GET /a HTTP/1.1\tstatus:200\tupstream_cache_status:HIT\n"
        "time:2026-11-20T15:51:38+00:00\treq:GET /b HTTP/1.1\tstatus:200\tupstream_cache_status:MISS\n",
        "{\"time\":\"2026-11-20T15:51:38+00:00\",\"request\":\"GET /a HTTP/1.1\",\"status\":200,"
        "\"upstream_cache_status\":\"HIT\"}\n"
        "{\"time\":\"2026-11-20T15:51:38+00:00\",\"request\":\"GET /b HTTP/1.1\",\"status\":200,"
        "\"upstream_cache_status\":\"MISS\"}\n"
        "{\"time\":\"2026-11-20T15:51:38+00:00\",\"request\":\"GET /c HTTP/1.1\",\"status\":200,"
        "\"upstream_cache_status\":\"\"}\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(LOGS); i++) {
        read_log(NULL, LOGS[i]);
        if (sum.hits != 1 || sum.misses != 1)
            fail_msg("log %zu: %d hits, %d misses", i, (int)sum.hits, (int)sum.misses);
    }
}

static void no_columns(void **state)
{
    (void)state;
    static const char *const LOGS[] = {
        /* a word as others write it; a column that has other words, too; only dashes */
        LINE("/a", UA " 0.010 hit") LINE("/b", UA " 0.2 miss"),
        LINE("/a", UA " HIT") LINE("/b", UA " MISS") LINE("/c", UA " GOLD"),
        LINE("/a", UA " 0.010 -") LINE("/b", UA " 0.2 -"),
        ("{\"time\":\"2026-11-20T15:51:38+00:00\",\"request\":\"GET /a HTTP/1.1\",\"status\":200,"
         "\"cache\":\"redis\"}\n"),
    };
    for (size_t i = 0; i < ARRAY_LEN(LOGS); i++) {
        read_log(NULL, LOGS[i]);
        if (records)
            fail_msg("log %zu: %zu records of a cache", i, records);
    }
}

static void of_varnish(void **state)
{
    (void)state;
    read_log("%h - - %t \"%r\" %s %b %{Varnish:handling}x",
             LINE("/a", " hit") LINE("/b", " miss") LINE("/c", " pass") LINE("/d", " pipe")
                 LINE("/e", " synth"));
    assert_int_equal(sum.hits, 1);
    assert_int_equal(sum.misses, 1);
    assert_int_equal(sum.bypassed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status),
        cmocka_unit_test(found_columns),
        cmocka_unit_test(no_columns),
        cmocka_unit_test(of_varnish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
