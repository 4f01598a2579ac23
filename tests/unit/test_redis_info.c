/* What Redis and Valkey say of themselves: INFO of several versions, slow logs, lists of servers and clients.
 */
#include "tests/lib/test.h"

#include "format/caches/redis_clients.h"
#include "format/caches/redis_cluster.h"
#include "format/caches/redis_info.h"
#include "format/caches/redis_slowlog.h"

static struct redis_info read_info(const char *text)
{
    struct redis_info i;
    assert_true(redis_info_read(text, strlen(text), &i));
    return i;
}

/* ---- INFO ---- */

static void redis_7_says_all(void **state)
{
    (void)state;
    struct redis_info i = read_info(
        "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc\r\nuptime_in_seconds:120\r\n"
        "maxclients:100\r\nconnected_clients:3\r\nblocked_clients:1\r\nused_memory:1000\r\nused_memory_rss:"
        "2000\r\n"
        "maxmemory:4000\r\nmaxmemory_policy:allkeys-lru\r\ntotal_commands_processed:50\r\nkeyspace_hits:"
        "30\r\n"
        "keyspace_misses:10\r\nevicted_keys:4\r\nexpired_keys:5\r\ntotal_error_replies:2\r\n"
        "total_net_output_bytes:900\r\ntotal_connections_received:7\r\nrejected_connections:1\r\n"
        "latest_fork_usec:1500\r\ntotal_forks:2\r\nused_cpu_sys:1.5\r\nused_cpu_user:2.25\r\nrole:master\r\n"
        "connected_slaves:2\r\nslave0:ip=a,port=1,state=online,offset=80,lag=0\r\n"
        "slave1:ip=b,port=1,state=online,offset=60,lag=0\r\nslave2:ip=c,port=1,state=wait_bgsave,offset=0,"
        "lag=0\r\n"
        "master_repl_offset:100\r\ncmdstat_get:calls=40,usec=80,usec_per_call=2.00,rejected_calls=1,failed_"
        "calls=2\r\n"
        "cmdstat_config|get:calls=1,usec=5,usec_per_call=5.00,rejected_calls=0,failed_calls=0\r\n"
        "errorstat_WRONGTYPE:count=2\r\nlatency_percentiles_usec_get:p50=1.003,p99=10.047,p99.9=33.023\r\n"
        "db0:keys=6,expires=2,avg_ttl=0\r\ndb3:keys=4,expires=1,avg_ttl=0,subexpiry=0\r\n");
    const struct sd_cache *c = &i.cache;
    assert_string_equal(c->product, "redis");
    assert_string_equal(c->version, "7.0.15");
    assert_string_equal(c->layer, "application");
    assert_int_equal(c->hits, 30);
    assert_int_equal(c->misses, 10);
    assert_int_equal(c->evictions, 4);
    assert_int_equal(c->expired, 5);
    assert_int_equal(c->entries, 10);
    assert_int_equal(c->entries_with_ttl, 3);
    assert_int_equal(c->bytes_max, 4000);
    assert_int_equal(c->busy_ns, 3750 * SD_MS);
    assert_int_equal(c->fork_ns, 1500 * SD_US);
    assert_int_equal(c->lag_bytes, 40); /* of the replica that is furthest behind and online */
    assert_int_equal(i.uptime_ns, 120 * SD_S);
    assert_int_equal(c->troubles->n, 0);
    assert_int_equal(i.n_commands, 2);
    assert_string_equal(i.commands[0].command, "get");
    assert_int_equal(i.commands[0].total_ns, 80 * SD_US);
    assert_int_equal(i.commands[0].p99_ns, 10047);
    assert_int_equal(i.commands[0].failed, 2);
    assert_string_equal(i.commands[1].command, "config|get");
    assert_int_equal(i.commands[1].p50_ns, SD_UNKNOWN);
    assert_string_equal(i.errors[0], "WRONGTYPE");
    redis_info_free(&i);
}

static void redis_5_says_less(void **state)
{
    (void)state;
    struct redis_info i =
        read_info("redis_version:5.0.3\r\nused_memory:1000\r\nkeyspace_hits:3\r\nkeyspace_misses:1\r\n"
                  "latest_fork_usec:0\r\ncmdstat_get:calls=4,usec=8,usec_per_call=2.00\r\n");
    assert_int_equal(i.cache.errors, SD_UNKNOWN);
    assert_int_equal(i.cache.bytes_max, SD_UNKNOWN);
    assert_int_equal(i.cache.fork_ns, SD_UNKNOWN);
    assert_int_equal(i.cache.entries, 0); /* an empty database has no line */
    assert_int_equal(i.commands[0].rejected, SD_UNKNOWN);
    assert_int_equal(i.commands[0].calls, 4);
    assert_false(i.percentiles);
    redis_info_free(&i);
}

static void valkey_is_known_by_its_own_lines(void **state)
{
    (void)state;
    struct redis_info i =
        read_info("redis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.1.0\nserver_mode:cluster\n");
    assert_string_equal(i.cache.product, "valkey");
    assert_string_equal(i.cache.version, "8.1.0");
    assert_string_equal(i.mode, "cluster");
    redis_info_free(&i);
}

static bool has_trouble(const struct redis_info *i, const char *text)
{
    for (size_t k = 0; k < i->cache.troubles->n; k++)
        if (strstr(i->cache.troubles->items[k], text))
            return true;
    return false;
}

static void troubles_are_sentences(void **state)
{
    (void)state;
    struct redis_info i =
        read_info("loading:1\nloading_loaded_bytes:25\nloading_total_bytes:100\nrdb_last_bgsave_status:err\n"
                  "aof_last_write_status:err\naof_last_bgrewrite_status:err\nrole:slave\nmaster_host:db1\n"
                  "master_link_status:down\nmaster_sync_in_progress:0\nmaster_link_down_since_seconds:"
                  "90\nmaxclients:100\n"
                  "connected_clients:95\n");
    assert_string_equal(i.cache.role, "replica");
    assert_int_equal(i.cache.link_down_ns, 90 * SD_S);
    assert_true(has_trouble(&i, "25 % is read"));
    assert_true(has_trouble(&i, "its last save to disk failed"));
    assert_true(has_trouble(&i, "its append-only file fails"));
    assert_true(has_trouble(&i, "no connection to its master db1 for 1m30s") ||
                has_trouble(&i, "master db1 for "));
    assert_true(has_trouble(&i, "95 of the 100 connections"));
    redis_info_free(&i);
}

static void absurd_numbers_are_unknown_or_the_limit(void **state)
{
    (void)state;
    struct redis_info i = read_info("keyspace_hits:99999999999999999999\nkeyspace_misses:-5\nmaxmemory:1e9\n"
                                    "used_memory:\nused_cpu_sys:nan\nused_cpu_user:1\nmaxclients:x\n"
                                    "cmdstat_get:calls=99999999999999999999,usec=9223372036854775807\n");
    assert_int_equal(i.cache.hits, INT64_MAX);
    assert_int_equal(i.cache.misses, SD_UNKNOWN);
    assert_int_equal(i.cache.bytes_max, SD_UNKNOWN);
    assert_int_equal(i.cache.bytes_used, SD_UNKNOWN);
    assert_int_equal(i.cache.busy_ns, SD_UNKNOWN);
    assert_int_equal(i.commands[0].total_ns, INT64_MAX);
    redis_info_free(&i);
    struct redis_info none;
    assert_false(redis_info_read("hello\nworld:1\n", 14, &none));
}

static void a_sentinel_lists_masters(void **state)
{
    (void)state;
    struct redis_info i = read_info("redis_mode:sentinel\nsentinel_masters:2\n"
                                    "master0:name=shop,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=3\n"
                                    "master1:name=cart,status=odown,address=::1:6380,slaves=1,sentinels=3\n"
                                    "master2:name=bad,status=ok,address=10.0.0.1:0,slaves=1,sentinels=3\n");
    assert_int_equal(i.n_masters, 2);
    assert_string_equal(i.masters[0].name, "shop");
    assert_string_equal(i.masters[1].host, "::1");
    assert_int_equal(i.masters[1].port, 6380);
    assert_false(i.masters[1].ok);
    redis_info_free(&i);
}

/* ---- replies ---- */

#define TEXT(s) (&(struct redis_reply){.type = REPLY_STRING, .text = (s), .len = sizeof(s) - 1})
#define INT(v)  (&(struct redis_reply){.type = REPLY_INTEGER, .integer = (v)})
#define LIST(...)                                                                                            \
    (&(struct redis_reply){.type = REPLY_ARRAY,                                                              \
                           .items = (struct redis_reply *[]){__VA_ARGS__},                                   \
                           .n = sizeof((struct redis_reply *[]){__VA_ARGS__}) /                              \
                                sizeof(struct redis_reply *)})

static void a_slow_log_gives_no_values(void **state)
{
    (void)state;
    struct sd_cache_slow slow[8];
    struct arena *a = arena_new();
    int64_t newest;
    const struct redis_reply *log =
        LIST(LIST(INT(9), INT(1700000000), INT(250), LIST(TEXT("SET"), TEXT("user:42:cart"), TEXT("secret")),
                  TEXT("10.0.0.1:99"), TEXT("shop")),
             LIST(INT(8), INT(1700000000), INT(10), LIST(TEXT("INFO"), TEXT("all")), TEXT("10.0.0.1:98"),
                  TEXT("slowdive")),
             LIST(INT(7), INT(1700000000), INT(30), LIST(TEXT("b840fc02"), TEXT("secret")),
                  TEXT("10.0.0.1:99"), TEXT("")),
             LIST(INT(6), INT(1700000000), INT(30),
                  LIST(TEXT("eval"), TEXT("return 1"), TEXT("0"), TEXT("secret"))),
             LIST(INT(5), INT(1700000000), INT(30),
                  LIST(TEXT("MGET"), TEXT("feed:a1"), TEXT("... (96 more arguments)"))));
    assert_int_equal(redis_slowlog_read(log, "slow", "slowdive", a, slow, 8, &newest), 4);
    assert_int_equal(newest, 9);
    assert_string_equal(slow[0].command, "set");
    assert_string_equal(slow[0].prefix, "user:*:cart");
    assert_string_equal(slow[0].client, "shop");
    assert_int_equal(slow[0].duration_ns, 250 * SD_US);
    assert_int_equal(slow[0].arguments, 3);
    assert_null(slow[1].prefix);
    assert_null(slow[2].prefix);
    assert_int_equal(slow[3].arguments, 98);
    assert_string_equal(slow[3].prefix, "feed:*");
    assert_int_equal(redis_slowlog_read(log, "large-reply", NULL, a, slow, 2, &newest), 2);
    assert_int_equal(slow[0].bytes, 250);
    assert_int_equal(slow[0].duration_ns, SD_UNKNOWN);
    assert_int_equal(redis_slowlog_read(LIST(INT(1)), "slow", NULL, a, slow, 8, &newest), -1);
    assert_int_equal(redis_slowlog_read(TEXT("x"), "slow", NULL, a, slow, 8, &newest), -1);
    arena_free(a);
}

static void prefixes_hold_nothing_personal(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"user:123:cart", "user:*:cart"},
        {"session:9f86d081884c7d659a2feaa0c55ad015", "session:*"},
        {"mail/anna@example.org/box", "mail/*/box"},
        {"feed", "feed"},
        {"v2|home", "*|home"},
        {"a::b", "a::b"},
        {"\x01\x02", "*"},
        {"", ""},
    };
    char to[128];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        redis_key_prefix(rows[i][0], strlen(rows[i][0]), to, sizeof to);
        assert_string_equal(to, rows[i][1]);
    }
    redis_key_prefix("word:word:word", 14, to, 8);
    assert_true(strlen(to) < 8);
}

static void a_cluster_has_each_server_once(void **state)
{
    (void)state;
    struct redis_place p[8];
    const struct redis_reply *slots =
        LIST(LIST(INT(0), INT(99), LIST(TEXT("10.0.0.2"), INT(7001), TEXT("id")),
                  LIST(TEXT("10.0.0.3"), INT(7002))),
             LIST(INT(200), INT(299), LIST(TEXT("10.0.0.2"), INT(7001), TEXT("id"))),
             LIST(INT(100), INT(199), LIST((&(struct redis_reply){.type = REPLY_NIL}), INT(7003))));
    assert_int_equal(redis_cluster_read(slots, p, 8), 3);
    assert_string_equal(p[0].host, "");
    assert_int_equal(p[0].port, 7003);
    assert_string_equal(p[1].host, "10.0.0.2");
    assert_int_equal(p[1].slots, 200);
    assert_true(p[2].replica);
    assert_int_equal(redis_cluster_read(slots, p, 2), 2);
    assert_int_equal(redis_cluster_read(LIST(LIST(INT(1))), p, 8), -1);
}

static void a_sentinel_gives_replicas_that_are_up(void **state)
{
    (void)state;
    struct redis_place p[4];
    const struct redis_reply *r = LIST(
        LIST(TEXT("name"), TEXT("x"), TEXT("ip"), TEXT("10.0.0.4"), TEXT("port"), TEXT("6380"), TEXT("flags"),
             TEXT("slave")),
        LIST(TEXT("ip"), TEXT("10.0.0.5"), TEXT("port"), TEXT("6380"), TEXT("flags"), TEXT("slave,s_down")));
    assert_int_equal(redis_replicas_read(r, p, 4), 1);
    assert_string_equal(p[0].host, "10.0.0.4");
}

static void a_histogram_gives_percentiles(void **state)
{
    (void)state;
    struct redis_info i = read_info("cmdstat_get:calls=100,usec=8\n");
    redis_histogram_read(LIST(TEXT("get"), LIST(TEXT("calls"), INT(100), TEXT("histogram_usec"),
                                                LIST(INT(1), INT(60), INT(4), INT(99), INT(64), INT(100)))),
                         &i);
    assert_int_equal(i.commands[0].p50_ns, 1 * SD_US);
    assert_int_equal(i.commands[0].p99_ns, 4 * SD_US);
    assert_int_equal(i.commands[0].p999_ns, 64 * SD_US);
    redis_info_free(&i);
}

static void clients_are_added_up(void **state)
{
    (void)state;
    static const char text[] = "id=1 addr=10.0.0.1:1 name=shop idle=5 flags=N omem=10\n"
                               "id=2 addr=10.0.0.1:2 name=shop idle=500 flags=N omem=0\n"
                               "id=3 addr=10.0.0.1:3 name= idle=500 flags=P omem=7000\n"
                               "id=4 addr=10.0.0.1:4 name=slowdive idle=0 flags=N omem=0\nrubbish\n";
    struct redis_clients c;
    redis_clients_read(text, sizeof text - 1, &c);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.idle, 1); /* a subscriber waits, and is not idle */
    assert_int_equal(c.waiting_bytes, 7010);
    assert_string_equal(c.most, "10.0.0.1:3");
    assert_int_equal(c.names[1].count, 2);
    assert_string_equal(c.names[1].name, "shop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redis_7_says_all),
        cmocka_unit_test(redis_5_says_less),
        cmocka_unit_test(valkey_is_known_by_its_own_lines),
        cmocka_unit_test(troubles_are_sentences),
        cmocka_unit_test(absurd_numbers_are_unknown_or_the_limit),
        cmocka_unit_test(a_sentinel_lists_masters),
        cmocka_unit_test(a_slow_log_gives_no_values),
        cmocka_unit_test(prefixes_hold_nothing_personal),
        cmocka_unit_test(a_cluster_has_each_server_once),
        cmocka_unit_test(a_sentinel_gives_replicas_that_are_up),
        cmocka_unit_test(a_histogram_gives_percentiles),
        cmocka_unit_test(clients_are_added_up),
    };
    return cmocka_run_group_tests_name("redis_info", tests, NULL, NULL);
}
