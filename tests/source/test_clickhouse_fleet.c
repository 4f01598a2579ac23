/* The store in ClickHouse against real servers: of many machines and nodes, what it tells of them, and who
 * may do what. */
#include "tests/lib/ch_store.h"

#include <stdlib.h>

#include "base/clock.h"

/* ---- requests of all endpoints ---- */

/* As one row of each machine: the same as those of each endpoint added up. */
static void same_together(struct store *s, sd_time from, sd_time to, int hosts)
{
    static struct total each, all;
    struct store_answer answer, other;
    struct store_ask ask = {.kinds = SD_KIND_BIT(SD_HTTP), .apart = HISTORY_BY_HOST};
    each = *ch_read_total(s, &ask, from, to, &other);
    ask.apart |= HISTORY_TOGETHER;
    all = *ch_read_total(s, &ask, from, to, &answer);
    assert_true(each.count > 0);
    assert_int_equal(all.count, each.count);
    assert_int_equal(all.bytes, each.bytes);
    assert_int_equal(all.rows, hosts);
    assert_int_equal(all.hosts, hosts);
    ch_same_hist(&all.hist, &each.hist);
    assert_int_equal(answer.from, other.from);
    assert_int_equal(answer.to, other.to);
    assert_int_equal(answer.coarsest_ns, other.coarsest_ns);
    ask.host = "web0";
    each = *ch_read_total(s, &ask, from, to, NULL);
    assert_int_equal(each.rows, 1);
    assert_int_equal(each.count * hosts, all.count);
}

/* ---- several nodes ---- */

static void shards(void **state)
{
    NEEDED;
    ch_fresh("sharded");
    struct store_options o = {.write = true, .cluster = "fleet"};
    struct sd_error err = {.text = ""};
    for (int shard = 1; shard <= 2; shard++) {
        char *schema = store_schema(ch_url(shard, NULL, "sharded"), &o, &err);
        assert_non_null(schema);
        for (char *at = schema, *end; *at; at = end + 2) {
            end = strstr(at, ";\n");
            *end = 0;
            if (shard == 1 || !str_starts(at, "INSERT"))
                ch_sql(shard, at, NULL);
        }
        free(schema);
    }
    struct store *one = ch_opened(ch_url(1, NULL, "sharded"), &CH_WRITE),
                 *two = ch_opened(ch_url(2, NULL, "sharded"), &CH_WRITE);
    static struct hist exact;
    sd_time t0 = ch_today() - 10 * 3600 * SD_S;
    struct store_compaction done;
    hist_clear(&exact);
    for (int host = 0; host < 8; host++) {
        struct made m = {.seed = 10 + (uint64_t)host, .hosts = 1, .routes = 2, .n = 3, .source = "log"},
                    again = m;
        char id[20];
        snprintf(id, sizeof id, "run %d", host);
        struct store_run run = {.id = id, .host = id};
        ch_fill(host % 2 ? one : two, &run, &m, t0, 1, 2, &exact);
        ch_fill(one, &run, &again, t0, 1, 2, NULL);
    }
    ch_sql(1, "SELECT count() > 0 FROM sharded.history_10s_local", "1\n");
    ch_sql(2, "SELECT count() > 0 FROM sharded.history_10s_local", "1\n");
    ch_same_hist(&ch_read_route(one, t0, t0 + 20 * SD_S, "/route/0", NULL, NULL)->hist, &exact);
    ch_same_hist(&ch_read_route(two, t0, t0 + 20 * SD_S, "/route/0", NULL, NULL)->hist, &exact);
    same_together(two, t0, t0 + 20 * SD_S, 1);
    for (int i = 0; i < 3; i++) { /* each node moves its own */
        if (store_compact(i % 2 ? one : two, t0 + 20 * DAY, &done, &err) != SD_OK)
            fail_msg("compact: %s", err.text);
        assert_true(i == 2 || done.moved > 0);
        ch_same_hist(
            &ch_read_route(i % 2 ? two : one, ch_today() - DAY, ch_today(), "/route/0", NULL, NULL)->hist,
            &exact);
        same_together(one, ch_today() - DAY, ch_today(), 1);
    }
    struct arena *a = arena_new();
    struct store_state st = ch_state(one, a, true);
    assert_null(st.damage);
    assert_int_equal(st.n_hosts, 9); /* eight that record, and the one that their rows name */
    assert_int_equal(st.endpoints, 2);
    arena_free(a);
    store_close(one);
    store_close(two);
}

/* ---- and with what older programs put ---- */

/* Takes the rows TOGETHER of the runs of the recorder "old" away, as programs before them put none. */
static void make_old(void)
{
    ch_sql(1, "CREATE TABLE together.all AS together.history_10s", NULL);
    ch_sql(1, "INSERT INTO together.all SELECT * FROM together.history_10s", NULL);
    ch_sql(1, "DROP TABLE together.history_10s", NULL);
    ch_sql(1, "CREATE TABLE together.history_10s AS together.all", NULL);
    ch_sql(
        1,
        "INSERT INTO together.history_10s SELECT day, arrived, how, kind, name, thing, host, source, ended, "
        "length, run, import, put, serial, move, if(how = 0 AND host = 'old', toUInt64(1), known) AS known, "
        "adds, lows, highs, bucket, n, samples, sum, min, max, value, total, record FROM together.all WHERE "
        "how != 6 OR run NOT IN (SELECT run FROM together.all WHERE how = 0 AND host = 'old')",
        NULL);
}

static void together(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("together");
    struct store_run run = {.id = "new", .host = "new"}, old = {.id = "old", .host = "old"};
    struct made m = {.seed = 4, .hosts = 3, .routes = 4, .n = 5, .source = "log"}, again = m;
    struct store_compaction done;
    struct sd_error err = {.text = ""};
    sd_time t0 = ch_today() - 10 * 3600 * SD_S;
    ch_sql(1, "SYSTEM STOP MERGES", NULL);
    ch_fill(s, &run, &m, t0, 1, 6, NULL);
    same_together(s, t0, t0 + 60 * SD_S, 3);
    ch_fill(s, &run, &again, t0, 1, 2, NULL); /* these puts twice */
    same_together(s, t0, t0 + 60 * SD_S, 3);
    same_together(s, t0 + 5 * SD_S, t0 + 35 * SD_S, 3); /* which cuts intervals */
    ch_fill(s, &old, &m, t0 + 60 * SD_S, 1, 3, NULL);
    make_old();
    ch_sql(1, "SELECT count() FROM together.history_10s FINAL WHERE how = 6", "18\n");
    same_together(s, t0, t0 + 90 * SD_S, 3);
    ch_sql(1, "SYSTEM START MERGES", NULL);
    static const int64_t KEEP[] = {2 * DAY, 14 * DAY, 90 * DAY};
    for (size_t i = 0; i < ARRAY_LEN(KEEP); i++) {
        if (store_compact(s, t0 + KEEP[i] + 2 * DAY, &done, &err) != SD_OK)
            fail_msg("compact: %s", err.text);
        assert_true(done.moved > 0);
        same_together(s, ch_today() - DAY, ch_today() + DAY, 3);
        ch_fill(s, &run, &m, t0 + (90 + (int64_t)i * 10) * SD_S, 7 + i, 1, NULL); /* late */
        same_together(s, ch_today() - DAY, ch_today() + DAY, 3);
    }
    ch_sql(1, "SELECT count() > 0 FROM together.history_1h WHERE how = 6", "1\n");
    store_close(s);
}

/* ---- state ---- */

static void tells(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("tells");
    struct sd_error err;
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct arena *a = arena_new();
    sd_time t0 = ch_today() - 3600 * SD_S;
    struct store_run one = {.id = "a", .host = "web0", .version = "1"},
                     two = {.id = "b", .host = "web0", .version = "2"};
    ch_fill(s, &one, &m, t0, 1, 3, NULL);
    ch_fill(s, &two, &m, t0 + 100 * SD_S, 1, 3, NULL);
    struct store_run three = {.id = "c", .host = "web'9"};
    struct store_put empty = {
        .number = 1, .from = t0, .to = t0 + 10 * SD_S, .sent = clock_wall() - 600 * SD_S, .lost = 5};
    assert_int_equal(store_put(s, &three, &empty, &err), SD_OK);
    assert_int_equal(store_put(s, &three, &empty, &err), SD_OK);
    struct store_state st = ch_state(s, a, false);
    assert_int_equal(st.schema, 1);
    assert_int_equal(st.n_tiers, 4);
    assert_int_equal(st.tiers[0].rows, 12);
    assert_int_equal(st.tiers[0].oldest, t0);
    assert_true(st.bytes > 0 && st.tiers[0].bytes > 0);
    assert_int_equal(st.endpoints, 2);
    assert_int_equal(st.lost, 5);
    assert_int_equal(st.n_gaps, 1);
    assert_string_equal(st.gaps[0].host, "web0");
    assert_int_equal(st.gaps[0].from, t0 + 30 * SD_S);
    assert_int_equal(st.gaps[0].to, t0 + 100 * SD_S);
    assert_int_equal(st.n_hosts, 2);
    assert_string_equal(st.hosts[1].name, "web0");
    assert_string_equal(st.hosts[1].version, "2");
    assert_int_equal(st.hosts[1].runs, 2);
    assert_int_equal(st.hosts[1].rows, 12);
    assert_int_equal(st.hosts[1].gap_ns, 70 * SD_S);
    assert_true(st.hosts[1].skew_ns < 60 * SD_S && st.hosts[1].skew_ns > -60 * SD_S);
    assert_true(st.hosts[0].skew_ns < -500 * SD_S && st.hosts[0].skew_ns > -700 * SD_S);
    assert_int_equal(st.hosts[0].lost, 5);
    arena_free(a);
    store_close(s);
}

/* Copies that no merge has seen count once: of few puts, which are named, and of more than can be. */
static void tells_once(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("once");
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct store_run one = {.id = "a", .host = "web0", .version = "1"}, other = {.id = "b", .host = "web1"};
    struct arena *a = arena_new();
    sd_time t0 = ch_today() - 3600 * SD_S;
    ch_fill(s, &one, &m, t0, 1, 3, NULL);
    ch_fill(s, &other, &m, t0, 1, 2, NULL);
    ch_sql(1, "SYSTEM STOP MERGES", NULL);
    for (int i = 0; i < 2; i++) { /* with their marks, as a second INSERT has them; one of them thrice */
        ch_sql(1, "INSERT INTO once.history_10s SELECT * FROM once.history_10s WHERE put = 2", NULL);
        struct store_state st = ch_state(s, a, false);
        assert_int_equal(st.tiers[0].rows, 10);
        assert_int_equal(st.n_hosts, 2);
        assert_int_equal(st.hosts[0].rows, 10); /* the rows of both runs name it */
        assert_int_equal(st.endpoints, 2);
        assert_int_equal(st.n_gaps, 0);
    }
    for (int i = 0; i < 2; i++) /* a mark and a row of each of 1,000 puts */
        ch_sql(
            1,
            "INSERT INTO once.history_10s (day, how, kind, host, ended, length, run, put, serial, adds) "
            "SELECT "
            "today(), toUInt8(number % 2), toUInt8(0), 'web2', toInt64(toUInt32(today())) * 1000000000 + "
            "1, "
            "toInt64(1), cityHash64('x'), toUInt64(intDiv(number, 2) + 1), toUInt16(1), [toInt64(1), 0, 0, "
            "1, 1, "
            "1, "
            "1, 1] FROM system.numbers LIMIT 2000",
            NULL);
    struct store_state st = ch_state(s, a, false);
    assert_int_equal(st.tiers[0].rows, 1010);
    assert_int_equal(st.hosts[2].rows, 1000);
    assert_int_equal(st.hosts[2].lost, 1000);
    arena_free(a);
    ch_sql(1, "SYSTEM START MERGES", NULL);
    store_close(s);
}

/* Rows that name other machines than the recorder's, as a receiver of many has them. */
static void tells_of_machines(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("machines");
    struct store_run run = {.id = "r", .host = "receiver", .version = "1"};
    struct made m = {.seed = 1, .hosts = 3, .routes = 2, .n = 7, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    struct arena *a = arena_new();
    struct store_state told;
    struct sd_error err = {.text = ""};
    sd_time t0 = ch_today() - 3600 * SD_S;
    made_step(&m, t0, f, NULL);
    ch_put(s, &run, 1, t0, t0 + 10 * SD_S, f);
    assert_int_equal(store_state(s, false, a, &told, &err), SD_OK);
    assert_int_equal(told.n_hosts, 4);
    assert_string_equal(told.hosts[0].name, "receiver");
    assert_int_equal(told.hosts[0].rows, 0);
    assert_int_equal(told.hosts[0].runs, 1);
    assert_string_equal(told.hosts[3].name, "web2");
    assert_int_equal(told.hosts[3].rows, 2);
    assert_int_equal(told.hosts[3].newest, t0 + 10 * SD_S);
    assert_int_equal(told.tiers[0].rows, 6);
    assert_int_equal(store_hosts(s, a, &told, &err), SD_OK); /* who has recorded */
    assert_int_equal(told.n_hosts, 1);
    assert_int_equal(told.newest, t0 + 10 * SD_S);
    arena_free(a);
    history_fold_free(f);
    store_close(s);
}

/* ---- who may do what ---- */

static void roles(void **state)
{
    NEEDED;
    ch_fresh("slowdive");
    struct store *s;
    struct sd_error err = {.text = ""};
    struct store_options write = {.write = true, .password = "secret"}, see = {.password = "secret"};
    struct store_run run = {.id = "a", .host = "web0"};
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct store_compaction done;
    sd_time t0 = ch_today() - 3600 * SD_S;
    assert_int_equal(store_open(ch_url(1, "console", "slowdive"), &see, &s, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "no history"));
    assert_int_equal(store_open(ch_url(1, "agent", "slowdive"), &write, &s, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "print-schema"));
    struct store *keeper = ch_opened(ch_url(1, "keeper", "slowdive"), &write);
    s = ch_opened(ch_url(1, "agent", "slowdive"), &write);
    ch_fill(s, &run, &m, t0, 1, 2, NULL);
    assert_int_equal(store_compact(s, t0, &done, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "agent may not compact"));
    store_close(s);
    s = ch_opened(ch_url(1, "console", "slowdive"), &see);
    assert_int_equal(ch_count(s, t0), 12);
    struct history_fold *f = history_fold_new(&MADE_STEPS, 0);
    assert_int_equal(ch_put_rows(s, &run, 9, t0, t0 + SD_S, f, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "readonly"));
    history_fold_free(f);
    store_close(s);
    assert_int_equal(store_compact(keeper, t0 + 20 * DAY, &done, &err), SD_OK);
    assert_int_equal(done.moved, 6); /* 4 into minutes, which are 2, and these on */
    store_close(keeper);
    /* The agent: a few rows of its own questions, and no more. */
    ch_sql(1,
           "INSERT INTO slowdive.history_10s (day, how, name) SELECT toDate(1), 9, toString(number) FROM "
           "numbers(5000)",
           NULL);
    char *said = private_ch_sql_as(&ch, 1, "agent", "SELECT count(), max(name) FROM slowdive.history_10s");
    assert_non_null(strstr(said, "Quota"));
    free(said);
    said = private_ch_sql_as(&ch, 1, "agent", "CREATE TABLE slowdive.x (a UInt8) ENGINE = Memory");
    assert_non_null(strstr(said, "Exception"));
    free(said);
    see.password = "wrong";
    assert_int_equal(store_open(ch_url(1, "console", "slowdive"), &see, &s, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "Wrong password"));
    assert_null(strstr(err.text, "wrong"));
}

/* Over TLS the server must be who it says. */
static void tls(void **state)
{
    NEEDED;
    if (!ch.tls_port[0])
        skip();
    ch_fresh("tls");
    char url[100], ca[300];
    struct store *s;
    struct sd_error err;
    struct store_options o = {.write = true, .password = "secret"};
    snprintf(ca, sizeof ca, "%s/ca.pem", ch.dir);
    snprintf(url, sizeof url, "clickhouses://default@localhost:%d/tls", ch.tls_port[0]);
    o.password = "";
    assert_int_equal(store_open(url, &o, &s, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "ertificate"));
    o.ca_file = ca;
    s = ch_opened(url, &o);
    store_close(s);
    o.ca_file = NULL;
    setenv("CLICKHOUSE_CA_FILE", ca, 1);
    s = ch_opened(url, &o);
    store_close(s);
    snprintf(url, sizeof url, "clickhouses://default@127.0.0.2:%d/tls", ch.tls_port[0]); /* not its name */
    assert_int_equal(store_open(url, &o, &s, &err), SD_CONFIG);
    unsetenv("CLICKHOUSE_CA_FILE");
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards),     cmocka_unit_test(together),          cmocka_unit_test(tells),
        cmocka_unit_test(tells_once), cmocka_unit_test(tells_of_machines), cmocka_unit_test(roles),
        cmocka_unit_test(tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return ch_main(2, run);
}
