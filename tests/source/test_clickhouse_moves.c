/* The store in ClickHouse against a real server: days that move through the tiers, with what is late, sent
 * twice, interrupted or compacted by another. */
#include "tests/lib/ch_store.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

/* Through all tiers to the end, with rows that come late and puts that come twice. */
static void moves(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("moves");
    struct store_run run = {.id = "r1", .host = "web1", .version = "1"};
    struct made m = {.seed = 5, .hosts = 2, .routes = 3, .n = 4, .source = "log"}, again = m;
    struct arena *a = arena_new();
    struct store_compaction done;
    struct sd_error err = {.text = ""};
    static struct hist exact;
    sd_time t0 = ch_today() - 10 * 3600 * SD_S, keep[] = {2 * DAY, 14 * DAY, 90 * DAY, 400 * DAY};
    hist_clear(&exact);
    ch_fill(s, &run, &m, t0, 1, 8, &exact);
    assert_int_equal(store_compact(s, t0 + DAY, &done, &err), SD_OK);
    assert_int_equal(done.moved, 0);
    int64_t before = 0;
    for (int tier = 0; tier < 3; tier++) {
        if (store_compact(s, t0 + keep[tier] + 2 * DAY, &done, &err) != SD_OK)
            fail_msg("compact: %s", err.text);
        struct store_state st = ch_state(s, a, true);
        assert_null(st.damage);
        assert_true(done.moved > 0);
        assert_int_equal(st.tiers[tier].rows, 0);
        assert_true(st.tiers[tier + 1].rows > 0);
        assert_true(!before || st.tiers[tier + 1].rows <= before);
        before = st.tiers[tier + 1].rows;
        assert_int_equal(st.n_gaps, 0);
        assert_int_equal(st.oldest, t0);
        assert_true(st.newest >= t0 + 80 * SD_S && st.newest <= t0 + 3600 * SD_S);
        /* Whoever reads to the newest that there is reads all of it. */
        struct store_answer whole;
        ch_read_route(s, 0, ch_today() + DAY, "/route/0", NULL, &whole);
        ch_same_hist(&ch_read_route(s, whole.oldest, whole.newest, "/route/0", NULL, &whole)->hist, &exact);
        assert_int_equal(whole.to, whole.newest);
        ch_same_hist(&ch_read_route(s, ch_today() - DAY, ch_today(), "/route/0", NULL, NULL)->hist, &exact);
        /* What was sent already comes again: nothing. */
        struct made copy = again;
        ch_fill(s, &run, &copy, t0, 1, 1, NULL);
        ch_same_hist(&ch_read_route(s, ch_today() - DAY, ch_today(), "/route/0", NULL, NULL)->hist, &exact);
    }
    /* Late: of the same day, behind what was moved. */
    ch_fill(s, &run, &m, t0 + 80 * SD_S, 9, 2, &exact);
    ch_same_hist(&ch_read_route(s, ch_today() - DAY, ch_today(), "/route/0", NULL, NULL)->hist, &exact);
    assert_int_equal(store_compact(s, t0 + keep[2] + 2 * DAY, &done, &err), SD_OK);
    assert_true(done.moved > 0);
    ch_same_hist(&ch_read_route(s, ch_today() - DAY, ch_today(), "/route/0", NULL, NULL)->hist, &exact);
    assert_int_equal(ch_state(s, a, true).tiers[0].rows, 0);
    assert_int_equal(store_compact(s, t0 + keep[3] + 2 * DAY, &done, &err), SD_OK);
    assert_true(done.dropped > 0);
    assert_int_equal(ch_count(s, t0), 0);
    arena_free(a);
    store_close(s);
}

/* Stopped at every place in turn: what is seen is always whole. */
static int stop_after;

static bool counted_stop(void *ctx)
{
    (void)ctx;
    return stop_after && --stop_after == 0;
}

static void interrupted_moves(void **state)
{
    NEEDED;
    ch_fresh("stops");
    struct store_options o = {.write = true, .stop = counted_stop};
    struct store *s = ch_opened(ch_url(1, NULL, "stops"), &o);
    struct store_run run = {.id = "r1", .host = "web1"};
    struct made m = {.seed = 6, .hosts = 1, .routes = 3, .n = 4, .source = "log"};
    struct store_compaction done;
    struct sd_error err;
    static struct hist exact;
    sd_time t0 = ch_today() - 10 * 3600 * SD_S;
    hist_clear(&exact);
    uint64_t put_number = 1;
    int stops = 0;
    for (int at = 1; at < 4000; at += 1 + at / 4, stops++) {
        ch_fill(s, &run, &m, t0 + (int64_t)(put_number - 1) * 10 * SD_S, put_number, 1, &exact);
        put_number++;
        stop_after = at;
        enum sd_result r = store_compact(s, t0 + 20 * DAY, &done, &err);
        bool over = stop_after > 0;
        stop_after = 0;
        ch_same_hist(&ch_read_route(s, t0 - DAY, t0 + DAY, "/route/0", NULL, NULL)->hist, &exact);
        if (r == SD_OK && over)
            break;
    }
    assert_true(stops > 5);
    assert_int_equal(store_compact(s, t0 + 20 * DAY, &done, &err), SD_OK);
    ch_same_hist(&ch_read_route(s, t0 - DAY, t0 + DAY, "/route/0", NULL, NULL)->hist, &exact);
    store_close(s);
}

/* Another's claim is respected while it lives; a process of this machine that has ended holds nothing. */
static void claims(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("claims");
    struct store_compaction done;
    struct sd_error err;
    ch_sql(1, "INSERT INTO claims.history_notes (what, id, upto, holder) VALUES (2, 77, 1, 'elsewhere 12')",
           NULL);
    assert_int_equal(store_compact(s, ch_today(), &done, &err), SD_RETRY);
    assert_non_null(strstr(err.text, "elsewhere 12"));
    ch_sql(1, "INSERT INTO claims.history_notes (what, id, upto, holder) VALUES (2, 77, 0, 'elsewhere 12')",
           NULL);
    char host[200] = "", text[400];
    gethostname(host, sizeof host - 1);
    snprintf(text, sizeof text,
             "INSERT INTO claims.history_notes (what, id, upto, holder) VALUES (2, 78, 1, '%s 4194999')",
             host);
    ch_sql(1, text, NULL);
    assert_int_equal(store_compact(s, ch_today(), &done, &err), SD_OK);
    store_close(s);
}

/* Pieces that arrived on a day that is over are dropped, once nobody can read by older notes. */
static void drops(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("drops");
    struct store_run run = {.id = "r1", .host = "web1"};
    struct made m = {.seed = 7, .hosts = 1, .routes = 1, .n = 4, .source = "log"};
    struct store_compaction done;
    struct sd_error err;
    sd_time t0 = ch_today() - 5 * DAY;
    ch_fill(s, &run, &m, t0, 1, 3, NULL);
    /* As if it had come when it was made. */
    ch_sql(1, "CREATE TABLE drops.old AS drops.history_10s", NULL);
    char text[300];
    snprintf(text, sizeof text, "INSERT INTO drops.old SELECT * FROM drops.history_10s");
    ch_sql(1, text, NULL);
    ch_sql(1, "DROP TABLE drops.history_10s", NULL);
    ch_sql(1, "CREATE TABLE drops.history_10s AS drops.old", NULL);
    ch_sql(1,
           "INSERT INTO drops.history_10s SELECT day, toDateTime(day) + 50000 AS arrived, how, kind, name, "
           "thing, host, "
           "source, ended, length, run, import, put, serial, move, known, adds, lows, highs, bucket, n, "
           "samples, sum, min, "
           "max, value, total, record FROM drops.old",
           NULL);
    assert_int_equal(ch_count(s, t0), 12);
    assert_int_equal(store_compact(s, ch_today(), &done, &err), SD_OK);
    ch_sql(1, "SELECT count() > 0 FROM drops.history_10s", "1\n"); /* somebody may be reading */
    ch_sql(1,
           "INSERT INTO drops.history_notes SELECT what, step, day, id, run, upto, holder, noted - 3600 FROM "
           "drops.history_notes WHERE what = 1",
           NULL);
    assert_int_equal(store_compact(s, ch_today(), &done, &err), SD_OK);
    ch_sql(1, "SELECT count() FROM drops.history_10s", "0\n");
    assert_int_equal(ch_count(s, t0), 12);
    store_close(s);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),
        cmocka_unit_test(interrupted_moves),
        cmocka_unit_test(claims),
        cmocka_unit_test(drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return ch_main(1, run);
}
