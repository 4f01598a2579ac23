/* Metrics as text: the grammar line by line, what is told instead of a wrong figure, and the caches known by
 * name. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/metrics/cache_metrics.h"
#include "format/metrics/cache_names.h"
#include "format/metrics/unpack_stream.h"

#define NOW (INT64_C(1700000000) * SD_S)

static struct strbuf said;

static void say_series(const struct exposition_series *e)
{
    strbuf_printf(&said, "%s%s{%s} %.15g%s%s%s", said.len ? "|" : "", e->name, e->labels, e->value,
                  e->unit ? " " : "", e->unit ? e->unit : "", e->counter ? " counter" : "");
    if (sd_known(e->at))
        strbuf_printf(&said, " @%lld", (long long)(e->at / SD_MS));
    if (e->gone)
        strbuf_str(&said, " gone");
}

static void say_earlier(void *ctx, const struct exposition_series *e)
{
    (void)ctx;
    say_series(e);
    strbuf_str(&said, " earlier");
}

/* A scrape, in pieces of so many bytes; what is in it as one line. */
static const char *scrape(struct exposition *x, const char *text, size_t piece)
{
    struct exposition_series e;
    strbuf_clear(&said);
    exposition_begin(x, NOW, say_earlier, NULL);
    for (size_t n = strlen(text), at = 0; at < n; at += piece)
        exposition_feed(x, text + at, MIN(piece, n - at));
    exposition_end(x, false);
    for (size_t i = 0; exposition_each(x, &i, &e);)
        say_series(&e);
    return strbuf_text(&said);
}

static const struct {
    const char *text, *is;
} SCRAPES[] = {
    {"a 1\n", "a{} 1"},
    {"  a\t 1  \r\n\n", "a{} 1"},
    {"# TYPE a counter\na 1\n", "a{} 1 counter"},
    {"a_total 1\n", "a_total{} 1 counter"},
    {"# TYPE a_total gauge\na_total 1\n", "a_total{} 1"},
    {"a{b=\"c\"}1\n", "a{b=c} 1"},
    {"a{z=\"1\",b=\"2\",} 1\n", "a{b=2,z=1} 1"},
    {"a { z = \"1\" , b=\"2\" } 1\n", "a{b=2,z=1} 1"},
    {"a{b=\"x,y=z\\\\w\\n\\\"q}\"} 1\n", "a{b=x\\,y\\=z\\\\w\\n\"q}} 1"},
    {"a{b=\"\"} 1\n", "a{} 1"},
    {"{\"http.x\",\"c.d\"=\"e\"} 1\n", "http.x{c.d=e} 1"},
    {"# TYPE \"http.x\" counter\n{\"http.x\"} 1\n", "http.x{} 1 counter"},
    {"a 1 1600000000123\n", "a{} 1 @1600000000123"},
    {"a 1 1600000000.5\n", "a{} 1 @1600000000500"},
    {"a NaN\nb +Inf\nc -inf\nd 0x1p3\ne -1.5E-3\nf 12345678901234567890\n",
     "a{} nan|b{} inf|c{} -inf|d{} 8|e{} -0.0015|f{} 1.23456789012346e+19"},
    {"a_seconds 1.5\nb_bytes 7\nc_ratio 0.5\nd_milliseconds_total 2\n",
     "a_seconds{} 1500000000 ns|b_bytes{} 7 bytes|c_ratio{} 0.5 share|d_milliseconds_total{} 2000000 ns "
     "counter"},
    {"# TYPE h_seconds histogram\nh_seconds_bucket{le=\"+Inf\"} 5 # {trace_id=\"x\"} 0.5 "
     "1.6e9\nh_seconds_sum 2\n"
     "h_seconds_count 5\nh_seconds_created 1600000000\n",
     "h_seconds_bucket{le=+Inf} 5 count counter|h_seconds_sum{} 2000000000 ns counter|"
     "h_seconds_count{} 5 count counter|h_seconds_created{} 1.6e+18 time"},
    {"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\n",
     "s{quantile=0.5} 1|s_sum{} 2 counter|s_count{} 3 counter"},
    {"# TYPE i info\ni_info{version=\"1\"} 1\n# TYPE s stateset\ns{s=\"on\"} 1\n# EOF",
     "i_info{version=1} 1|s{s=on} 1"},
    {"process_start_time_seconds 1600000000\n", "process_start_time_seconds{} 1.6e+18 time"},
    {"a 1 1600000000000\na 2 1600000001000\n", "a{} 1 @1600000000000 earlier|a{} 2 @1600000001000"},
    /* no wrong figure */
    {"a 1\na 2\n", "a{} nan"},
    {"a{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 2\n", "a{b=1,c=2} nan"},
    {"a 1\na 1\n", "a{} 1"},
    {"a 1\nb 12", "a{} 1"},
    {"a{b=\"c} 1\na{b=\"c\",b=\"d\"} 1\na{b=\"\\q\"} 1\na{b=c} 1\n1a 1\na 1 2 3\na one\na\n<html>\n", ""},
    {"a 1 1\nb 1 1800000000000\n", ""},
    {"# TYPE a nonsense\na 1\n# EOF\nb 2\n", "a{} 1"},
};

static void reads_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SCRAPES); i++)
        for (size_t piece = 1; piece < 2000; piece += piece < 9 ? 2 : 1990) {
            struct exposition *x = exposition_new(100);
            assert_string_equal(scrape(x, SCRAPES[i].text, piece), SCRAPES[i].is);
            exposition_free(x);
        }
}

static void tells_gaps(void **state)
{
    (void)state;
    struct exposition *x = exposition_new(2);
    struct strbuf note = {0};
    struct sd_intake in;
    scrape(x, "a 1\na 2\nb 1\nb 1\nc 1\nd 1\n?\nredis_keyspace_hits_total 5\n", 4);
    exposition_intake(x, &note, &in);
    assert_int_equal(in.total, 8);
    assert_int_equal(in.unparsed, 1);
    assert_string_equal(in.samples->items[0], "?");
    assert_string_equal(
        in.note, "2 samples are of series beyond the limit and left out; series=N raises it. 1 series is "
                 "there twice with different values, so it has none. 1 sample is there twice.");
    assert_string_equal(strbuf_text(&said), "a{} nan|b{} 1|redis_keyspace_hits_total{} 5 counter");
    strbuf_free(&note);
    exposition_free(x);
}

static void tells_what_is_gone(void **state)
{
    (void)state;
    struct exposition *x = exposition_new(10);
    scrape(x, "a 1\nb 2\n", 100);
    assert_string_equal(scrape(x, "b 3\n", 100), "a{} nan gone|b{} 3");
    assert_string_equal(scrape(x, "b 4\n", 100), "b{} 4");
    assert_string_equal(scrape(x, "a 5\nb 4\n", 100), "a{} 5|b{} 4");
    exposition_free(x);
}

static void holds_many_series(void **state)
{
    (void)state;
    struct exposition *x = exposition_new(1000);
    struct strbuf text = {0};
    for (int round = 0; round < 3; round++) { /* other series each time, as after a deploy */
        strbuf_clear(&text);
        for (int i = 0; i < 3000; i++)
            strbuf_printf(&text, "m{r=\"%d\",i=\"%d\"} %d\n", round, i, i);
        scrape(x, text.text, 4096);
        assert_int_equal(exposition_counts(x)->unparsed, 0);
        assert_int_equal(exposition_counts(x)->samples + exposition_counts(x)->left_out, 3000);
        assert_true(exposition_counts(x)->series <= 1000);
    }
    strbuf_clear(&text);
    strbuf_str(&text, "a{b=\"");
    strbuf_pad(&text, 'x', 1 << 20);
    strbuf_str(&text, "\"} 1\nc{d=\"");
    strbuf_pad(&text, 'y', 5000);
    strbuf_str(&text, "\"} 1\ne 1\n");
    scrape(x, text.text, 1000);
    assert_int_equal(exposition_counts(x)->too_long, 2);
    assert_int_equal(exposition_counts(x)->samples, 1);
    strbuf_free(&text);
    exposition_free(x);
}

static void recognises(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int least, most;
    } HEADS[] = {
        {"# HELP a b\n# TYPE a counter\na 1\n", 95, 100},
        {"# TYPE a counter\na{b=\"c\"} 1\na{b=", 95, 100},
        {"a{b=\"c\"} 1\n", 90, 95},
        {"main 12\n", 0, 40},
        {"main;run 12\n", 0, 0},
        {"<html><body>502</body></html>\n", 0, 0},
        {"127.0.0.1 - - [20/Nov/2026:15:51:38 +0000] \"GET /a HTTP/1.1\" 200 5\n", 0, 0},
        {"# a comment\nkey = value\n", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(HEADS); i++) {
        int sure = exposition_sure(HEADS[i].text, strlen(HEADS[i].text));
        if (sure < HEADS[i].least || sure > HEADS[i].most)
            fail_msg("%s: %d", HEADS[i].text, sure);
    }
}

/* ---- caches ---- */

static void say_cache(void *ctx, const struct sd_cache *c)
{
    (void)ctx;
    strbuf_printf(&said, "%s%s: %lld/%lld", said.len ? "|" : "", c->name, (long long)c->hits,
                  (long long)c->misses);
    if (sd_known(c->since))
        strbuf_printf(&said, " since %lld", (long long)(c->since / SD_S));
}

static const char *caches(struct cache_metrics *m, const char *text, sd_time at)
{
    struct exposition *x = exposition_new(100);
    scrape(x, text, 4096);
    strbuf_clear(&said);
    cache_metrics_each(m, x, "h:1", at, say_cache, NULL);
    exposition_free(x);
    return strbuf_text(&said);
}

static const struct {
    const char *text, *is;
} CACHES[] = {
    {"redis_keyspace_hits_total 7\nredis_keyspace_misses_total 3\nredis_start_time_seconds 1600000000\n"
     "process_start_time_seconds 1650000000\n",
     "redis h:1: 7/3 since 1600000000"},
    {"redis_keyspace_hits_total{addr=\"a:6379\"} 1\nredis_keyspace_misses_total{addr=\"a:6379\"} 2\n"
     "redis_keyspace_hits_total{addr=\"b:6379\"} 3\nredis_keyspace_misses_total{addr=\"b:6379\"} 4\n",
     "redis a:6379: 1/2|redis b:6379: 3/4"},
    {"haproxy_process_start_time_seconds "
     "1600000000\nhaproxy_frontend_http_cache_lookups_total{proxy=\"web\"} 0\n"
     "haproxy_frontend_http_cache_hits_total{proxy=\"web\"} "
     "0\nhaproxy_backend_http_cache_lookups_total{proxy=\"app\"} 4\n"
     "haproxy_backend_http_cache_hits_total{proxy=\"app\"} 3\n",
     "haproxy h:1 app: 3/1 since 1600000000"},
    {"envoy_cache_event{cache_label=\"simple\",event_type=\"hit\"} "
     "8\nenvoy_cache_event{cache_label=\"simple\",event_type="
     "\"validate\"} 1\nenvoy_cache_event{cache_label=\"simple\",event_type=\"miss\"} 2\n",
     "envoy h:1 simple: 9/2"},
    {"nginx_vts_cache_requests_total{cache_zone=\"z\",status=\"hit\"} 5\n"
     "nginx_vts_cache_requests_total{cache_zone=\"z\",status=\"stale\"} 1\n"
     "nginx_vts_cache_requests_total{cache_zone=\"z\",status=\"miss\"} 2\n"
     "nginx_vts_cache_requests_total{cache_zone=\"z\",status=\"bypass\"} 3\n",
     "nginx h:1 z: 6/5"},
    {"varnish_main_cache_hit 9\nvarnish_main_cache_miss 1\nvarnish_main_uptime 100\n",
     "varnish h:1: 9/1 since 1699999900"},
    {"memcached_commands_total{command=\"get\",status=\"hit\"} "
     "4\nmemcached_commands_total{command=\"get\",status=\"miss\"} "
     "6\nmemcached_commands_total{command=\"set\",status=\"hit\"} 50\nmemcached_uptime_seconds 100\n",
     "memcached h:1: 4/6 since 1699999900"},
    {"cache_gets_total{cache=\"books\",name=\"books\",result=\"hit\"} "
     "4\ncache_gets_total{cache=\"books\",name=\"books\","
     "result=\"miss\"} 1\nprocess_start_time_seconds 1600000000\n",
     "micrometer h:1 books: 4/1 since 1600000000"},
    {"pg_stat_database_blks_hit{datname=\"a\"} 90\npg_stat_database_blks_hit{datname=\"b\"} 9\n"
     "pg_stat_database_blks_read{datname=\"a\"} 1\n",
     "postgresql h:1: 99/1"},
    {"node_cpu_seconds_total 5\n", ""},
};

static void knows_caches(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CACHES); i++) {
        struct cache_metrics *m = cache_metrics_new();
        assert_string_equal(caches(m, CACHES[i].text, NOW), CACHES[i].is);
        cache_metrics_free(m);
    }
    for (size_t i = 1; i < CACHE_NAMES_N; i++)
        assert_true(strcmp(CACHE_NAMES[i - 1].name, CACHE_NAMES[i].name) <= 0);
}

/* Rounded seconds are no restart; a new start is. */
static void keeps_the_start(void **state)
{
    (void)state;
    struct cache_metrics *m = cache_metrics_new();
    static const char text[] =
        "varnish_main_cache_hit 9\nvarnish_main_cache_miss 1\nvarnish_main_uptime %d\n";
    static const struct {
        int up, after, since;
    } READINGS[] = {{100, 0, 1699999900}, {101, 2, 1699999900}, {104, 3, 1699999900}, {1, 60, 1700000059}};
    for (size_t i = 0; i < ARRAY_LEN(READINGS); i++) {
        char *given = mem_printf(text, READINGS[i].up),
             *is = mem_printf("varnish h:1: 9/1 since %d", READINGS[i].since);
        assert_string_equal(caches(m, given, NOW + READINGS[i].after * SD_S), is);
        free(given);
        free(is);
    }
    cache_metrics_free(m);
}

static int end(void **state)
{
    (void)state;
    strbuf_free(&said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),        cmocka_unit_test(tells_gaps),
        cmocka_unit_test(tells_what_is_gone), cmocka_unit_test(holds_many_series),
        cmocka_unit_test(recognises),         cmocka_unit_test(knows_caches),
        cmocka_unit_test(keeps_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
