/* The recorder of histories: what is gathered, how it waits, and that nothing is put twice or lost without a
 * word. A day is simulated: the clock is a parameter of what gathers. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/clock.h"
#include "core/schema.h"
#include "store/gather.h"
#include "store/recorder.h"
#include "store/spool.h"
#include "tests/lib/memory_store.h"

#define T0  (1795176000 * SD_S) /* 2026-11-20T12:00:00Z */
#define DAY (86400 * SD_S)

static char folder[] = "/tmp/slowdive-recorder.XXXXXX";

static char *file_in(const char *name)
{
    static char path[sizeof folder + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct sd_batch *batch_at(sd_time at, int64_t count, int routes)
{
    struct sd_batch *b = batch_new("log", at);
    for (int i = 0; i < routes; i++) {
        char route[32];
        const struct sd_bucket bucket = {.index = sd_hist_index(10 * SD_MS * (i + 1)),
                                         .count = (uint32_t)count};
        const struct sd_hist h = {.n = 1, .buckets = &bucket};
        struct sd_http r;
        schema_clear(schema_of(SD_HTTP), &r);
        snprintf(route, sizeof route, "/r/%d", i);
        r.method = "GET";
        r.route = route;
        r.interval_ns = SD_S;
        r.count = r.timed = count;
        r.errors = 0;
        r.latency = &h;
        batch_add(b, SD_HTTP, &r);
    }
    return b;
}

static int64_t requests_in(const struct store_put *p)
{
    int64_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->rows[i].kind == SD_HTTP)
            n += ((const struct sd_http *)p->rows[i].record)->count;
    return n;
}

static void take(struct gather *g, sd_time at, int64_t count, int routes, sd_time now)
{
    struct sd_batch *b = batch_at(at, count, routes);
    gather_take(g, b, now);
    batch_unref(b);
}

/* ---- gathering ---- */

static void test_a_put_is_what_was_taken(void **state)
{
    (void)state;
    struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
    for (int i = 0; i < 10; i++)
        take(g, T0 + i * SD_S, 5, 3, T0 + i * SD_S);
    assert_null(gather_first(g));
    gather_cut(g, SD_UNKNOWN, T0 + 10 * SD_S);
    const struct store_put *p = gather_first(g);
    assert_int_equal(p->number, 1);
    assert_int_equal(p->from, T0);
    assert_int_equal(p->to, T0 + 10 * SD_S);
    assert_int_equal(p->n, 3); /* a row for each route: one step */
    assert_int_equal(requests_in(p), 150);
    assert_string_equal(p->rows[0].host, "web1");
    assert_string_equal(p->rows[0].source, "log");
    assert_int_equal(p->rows[0].length_ns, 10 * SD_S);
    gather_done(g);
    assert_null(gather_first(g));
    gather_cut(g, SD_UNKNOWN, T0 + 20 * SD_S); /* nothing came: somebody recorded all the same */
    p = gather_first(g);
    assert_int_equal(p->number, 2);
    assert_int_equal(p->from, T0 + 10 * SD_S);
    assert_int_equal(p->n, 0);
    gather_free(g);
}

static void test_each_record_is_in_the_tier_that_suits_it(void **state)
{
    (void)state;
    const sd_time now = T0 + 500 * DAY;
    static const struct {
        int64_t age, step; /* step 0: refused */
    } CASES[] = {{5 * SD_S, 10 * SD_S},
                 {3 * DAY, 60 * SD_S},
                 {20 * DAY, 600 * SD_S},
                 {100 * DAY, 3600 * SD_S},
                 {401 * DAY, 0}};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, now);
        take(g, now - CASES[i].age - SD_S, 7, 1, now);
        gather_cut_data(g, now);
        const struct store_put *p = gather_first(g);
        assert_int_equal(gather_stats(g).too_old, CASES[i].step == 0);
        if (CASES[i].step) {
            assert_int_equal(p->n, 1);
            assert_int_equal(p->rows[0].length_ns, CASES[i].step);
            assert_int_equal(p->from, p->rows[0].at);
            assert_int_equal(p->to, p->rows[0].at + CASES[i].step);
        } else {
            assert_null(p);
        }
        gather_free(g);
    }
}

static void test_what_comes_late_covers_its_own_time(void **state)
{
    (void)state;
    struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
    take(g, T0 - 7200 * SD_S, 1, 1, T0);
    take(g, T0 + 1 * SD_S, 2, 1, T0 + 2 * SD_S);
    gather_cut(g, SD_UNKNOWN, T0 + 10 * SD_S);
    const struct store_put *p = gather_first(g);
    assert_int_equal(p->number, 2);
    assert_int_equal(p->from, T0);
    assert_int_equal(requests_in(p), 2);
    assert_non_null(p->before); /* both are put, or neither */
    assert_int_equal(p->before->number, 1);
    assert_int_equal(p->before->to, T0 - 7200 * SD_S + 10 * SD_S);
    assert_int_equal(requests_in(p->before), 1);
    assert_int_equal(gather_stats(g).waiting, 2);
    gather_done(g);
    assert_int_equal(gather_stats(g).waiting, 0);
    assert_null(gather_first(g));
    gather_free(g);
}

/* `places`: "FILE=PLACE ..."; "+": a part of what a later one closes; "": neither. */
static void take_of(struct gather *g, const char *origin, int64_t count, const char *places)
{
    struct sd_batch *b = batch_new(origin, T0);
    struct sd_http h;
    char text[64];
    schema_clear(schema_of(SD_HTTP), &h);
    h.method = "GET";
    h.route = "/";
    h.count = count;
    h.interval_ns = SD_S;
    if (count)
        batch_add(b, SD_HTTP, &h);
    snprintf(text, sizeof text, "%s", places);
    if (!strcmp(text, "+"))
        batch_set_part(b);
    for (char *save, *p = strtok_r(text, " +", &save); p; p = strtok_r(NULL, " +", &save)) {
        char *equals = strchr(p, '=');
        *equals = 0;
        batch_add_place(b, p, equals + 1);
    }
    gather_take(g, b, T0 + SD_S);
    batch_unref(b);
}

/* What a put has of a log is what its places say, whatever is read at the moment of the cut. */
static void test_a_place_closes_what_was_read(void **state)
{
    (void)state;
    static const struct {
        struct {
            const char *origin;
            int64_t count;
            const char *places;
        } in[5];
        int64_t requests;
        const char *places;
    } CASES[] = {
        {{{"a", 1, "+"}}, 0, ""},
        {{{"a", 1, "+"}, {"a", 0, "f=1"}}, 1, "f=1 "},
        {{{"a", 1, "+"}, {"a", 0, "f=1"}, {"a", 2, "+"}}, 1, "f=1 "},
        {{{"a", 1, "+"}, {"a", 0, "f=1"}, {"a", 2, "+"}, {"a", 0, "f=2 g=7"}}, 3, "f=2 g=7 "},
        {{{"a", 1, "+"}, {"b", 2, "+"}, {"b", 0, "g=1"}}, 2, "g=1 "},
        {{{"a", 1, "+"}, {"b", 2, ""}}, 2, ""},
        {{{"a", 1, "+"}, {"a", 2, ""}}, 2, ""}, /* of the runtime: what was read still has no place */
        {{{"a", 1, "+"}, {"a", 2, ""}, {"a", 0, "f=1"}}, 3, "f=1 "},
        {{{"a", 1, "+"}, {"a", 0, "f="}}, 1, "f= "},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
        char places[64] = "";
        for (size_t k = 0; k < ARRAY_LEN(CASES[i].in) && CASES[i].in[k].origin; k++)
            take_of(g, CASES[i].in[k].origin, CASES[i].in[k].count, CASES[i].in[k].places);
        gather_cut(g, SD_UNKNOWN, T0 + 10 * SD_S);
        const struct store_put *p = gather_first(g);
        for (size_t k = 0; k < p->n_places; k++)
            snprintf(places + strlen(places), sizeof places - strlen(places), "%s=%s ", p->places[k].file,
                     p->places[k].place);
        assert_int_equal(requests_in(p), CASES[i].requests);
        assert_string_equal(places, CASES[i].places);
        gather_free(g); /* what is held goes with it */
    }
}

static void test_beyond_the_bound_the_oldest_goes_and_is_counted(void **state)
{
    (void)state;
    struct gather *g = gather_new(&(struct gather_options){.host = "web1", .max_bytes = 200 << 10}, T0);
    int64_t kept = 0, records = 0;
    for (int i = 0; i < 200; i++) {
        sd_time at = T0 + i * 10 * SD_S;
        take(g, at, 1, 20, at);
        records += 20;
        gather_cut(g, SD_UNKNOWN, at + 10 * SD_S);
        assert_true(gather_stats(g).bytes < 300 << 10);
    }
    for (int i = 1; i <= 2; i++) /* they tell of the last that went; for the first one more may go */
        gather_cut(g, SD_UNKNOWN, T0 + 2000 * SD_S + i * 10 * SD_S);
    int64_t told = 0;
    uint64_t before = 0;
    for (const struct store_put *p; (p = gather_first(g)); gather_done(g)) {
        kept += requests_in(p) + (p->before ? requests_in(p->before) : 0);
        told += p->lost + (p->before ? p->before->lost : 0);
        assert_true(p->number > before);
        before = p->number;
    }
    assert_true(kept < records);
    assert_int_equal(kept + told, records);
    assert_int_equal(gather_stats(g).lost, told);
    gather_free(g);
}

static void test_a_clock_that_jumps_back(void **state)
{
    (void)state;
    struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
    take(g, T0 - 3600 * SD_S, 3, 1, T0 - 3599 * SD_S);
    gather_cut(g, SD_UNKNOWN, T0 - 3590 * SD_S);
    int64_t sum = 0;
    for (const struct store_put *p; (p = gather_first(g)); gather_done(g)) {
        assert_true(p->from <= p->to);
        sum += requests_in(p) + (p->before ? requests_in(p->before) : 0);
    }
    assert_int_equal(sum, 3);
    gather_free(g);
}

/* A day of a demo's traffic: memory stays flat, every request is put once. */
static void test_a_day(void **state)
{
    (void)state;
    struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
    int64_t sent = 0, got = 0;
    size_t early = 0;
    uint64_t number = 0;
    for (int64_t s = 0; s < 86400; s++) {
        sd_time at = T0 + s * SD_S;
        take(g, at, 1 + s % 7, 12, at + SD_S);
        sent += 12 * (1 + s % 7);
        if (s % 10 != 9)
            continue;
        gather_cut(g, SD_UNKNOWN, at + 2 * SD_S);
        for (const struct store_put *p; (p = gather_first(g)); gather_done(g)) {
            assert_int_equal(p->number, ++number);
            assert_int_equal(p->lost, 0);
            got += requests_in(p);
        }
        size_t used = mallinfo2().uordblks;
        if (s == 3599)
            early = used;
        if (s > 3599)
            assert_true(used < early + (64 << 10));
    }
    assert_int_equal(got, sent);
    assert_int_equal(number, 8640);
    gather_free(g);
}

/* ---- the spool ---- */

static const struct store_run RUN = {.id = "run1", .host = "web1", .version = "1", .began = T0};

static void put_into(struct spool *s, uint64_t number, int64_t count)
{
    struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
    struct sd_error err = {""};
    int64_t lost;
    take(g, T0, count, 2, T0);
    gather_cut(g, SD_UNKNOWN, T0 + 10 * SD_S);
    struct store_put p = *gather_first(g);
    p.number = number;
    assert_int_equal(spool_put(s, &RUN, &p, &lost, &err), SD_OK);
    gather_free(g);
}

static void test_a_spool_gives_back_what_it_got(void **state)
{
    (void)state;
    struct sd_error err = {""};
    struct store_run run;
    struct store_put p;
    int64_t lost;
    struct spool *s = spool_open(file_in("spool"), 0, &err);
    assert_non_null(s);
    for (uint64_t i = 1; i <= 3; i++)
        put_into(s, i, (int64_t)i);
    put_into(s, 2, 2); /* the same again */
    assert_int_equal(spool_len(s), 3);
    spool_close(s);
    s = spool_open(file_in("spool"), 0, &err); /* the next run of the program */
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(spool_first(s, &run, &p, &lost, &err), SD_OK);
        assert_string_equal(run.id, "run1");
        assert_string_equal(run.host, "web1");
        assert_int_equal(run.began, T0);
        assert_int_equal(p.number, i);
        assert_int_equal(p.from, T0);
        assert_int_equal(p.n, 2);
        assert_int_equal(requests_in(&p), 2 * (int64_t)i);
        assert_string_equal(p.rows[0].host, "web1");
        assert_int_equal(p.rows[0].length_ns, 10 * SD_S);
        assert_int_equal(spool_done(s, &err), SD_OK);
    }
    assert_int_equal(spool_first(s, &run, &p, &lost, &err), SD_NODATA);
    spool_close(s);
}

static void test_a_spool_has_a_bound(void **state)
{
    (void)state;
    struct sd_error err = {""};
    struct spool *s = spool_open(file_in("bounded"), 100 << 10, &err);
    struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
    int64_t all = 0, lost;
    take(g, T0, 1, 500, T0);
    gather_cut(g, SD_UNKNOWN, T0 + 10 * SD_S);
    struct store_put p = *gather_first(g);
    for (p.number = 1; p.number <= 60; p.number++) {
        assert_int_equal(spool_put(s, &RUN, &p, &lost, &err), SD_OK);
        all += lost;
    }
    assert_true(spool_len(s) < 60 && spool_len(s) > 2);
    assert_int_equal(all, (int64_t)(60 - spool_len(s)) * 500);
    gather_free(g);
    spool_close(s);
}

static void test_other_files_are_no_spool(void **state)
{
    (void)state;
    struct sd_error err = {""};
    FILE *f = fopen(file_in("text"), "w");
    fputs("this is a text that somebody wrote and wants to keep, longer than a head of SQLite\n", f);
    for (int i = 0; i < 100; i++)
        fputs("and it goes on\n", f);
    fclose(f);
    chmod(file_in("text"), 0600);
    assert_null(spool_open(file_in("text"), 0, &err));
    assert_true(*err.text);
    assert_null(spool_open("/nowhere/at/all", 0, &err));
}

/* ---- the thread ---- */

static struct history_recorder *record(const char *spool)
{
    struct sd_error err = {""};
    const struct history_recorder_options o = {
        .url = "clickhouse://me@127.0.0.1:1/x", .host = "web1", .version = "1", .spool = spool};
    struct history_recorder *r = history_recorder_open(&o, 20 * SD_S, &err);
    if (!r)
        print_message("%s\n", err.text);
    return r;
}

static void send_now(struct history_recorder *r, int64_t count)
{
    struct sd_batch *b = batch_at(clock_wall() - SD_S, count, 4);
    history_recorder_batch(r, b);
    batch_unref(b);
}

static void test_what_was_taken_is_put_at_the_end(void **state)
{
    (void)state;
    memory_store_clear();
    struct history_recorder *r = record(NULL);
    assert_non_null(r);
    for (int i = 0; i < 100; i++)
        send_now(r, 1);
    struct history_recorder_stats s = history_recorder_close(r, 20 * SD_S);
    assert_string_equal(s.error, "");
    assert_int_equal(memory_store_counts().requests, 400);
    assert_int_equal(s.lost, 0);
}

/* Away, then one whose answer is lost, then well: each once, in order. */
static void test_an_engine_that_goes_away(void **state)
{
    (void)state;
    memory_store_clear();
    struct history_recorder *r = record(file_in("away"));
    assert_non_null(r);
    send_now(r, 1);
    assert_true(history_recorder_flush(r, 20 * SD_S));
    memory_store_answer(SD_RETRY);
    for (int i = 0; i < 5; i++) {
        send_now(r, 10);
        assert_true(history_recorder_flush(r, 20 * SD_S)); /* into the spool */
    }
    assert_int_equal(memory_store_counts().requests, 4);
    assert_string_equal(history_recorder_stats(r).trouble, "the engine is away");
    struct history_recorder_stats s = history_recorder_close(r, 20 * SD_S);
    assert_string_equal(s.error, "");
    assert_true(s.spooled >= 5);
    memory_store_deaf(1);
    memory_store_answer(SD_OK);
    r = record(file_in("away")); /* another run: the spool is sent first */
    send_now(r, 100);
    s = history_recorder_close(r, 20 * SD_S);
    struct memory_counts c = memory_store_counts();
    r = record(file_in("away"));
    s = history_recorder_close(r, 20 * SD_S);
    c = memory_store_counts();
    assert_int_equal(c.requests, 4 + 5 * 40 + 400);
    assert_int_equal(c.again, 1);
    assert_int_equal(c.disorder, 0);
    assert_int_equal(s.spooled, 0);
    assert_int_equal(c.lost, 0);
}

static void test_an_engine_that_is_away_at_first(void **state)
{
    (void)state;
    memory_store_clear();
    memory_store_answer(SD_RETRY);
    struct history_recorder *r = record(file_in("late"));
    assert_non_null(r);
    send_now(r, 3);
    assert_true(history_recorder_flush(r, 20 * SD_S));
    memory_store_answer(SD_OK);
    struct history_recorder_stats s = history_recorder_close(r, 20 * SD_S);
    assert_int_equal(s.spooled, 0);
    assert_int_equal(memory_store_counts().requests, 12);
}

/* An engine that takes the connection and says nothing: the end does not wait for it. */
static void test_an_engine_that_hangs_at_first(void **state)
{
    (void)state;
    memory_store_clear();
    memory_store_hang(true);
    struct sd_error err = {""};
    const struct history_recorder_options o = {
        .url = "clickhouse://me@127.0.0.1:1/x", .host = "web1", .version = "1", .spool = file_in("hangs")};
    struct history_recorder *r = history_recorder_open(&o, 10 * SD_MS, &err);
    assert_non_null(r);
    send_now(r, 3);
    struct history_recorder_stats s = history_recorder_close(r, 2 * SD_S);
    assert_string_equal(s.error, "");
    assert_int_equal(s.waiting, 0);
    memory_store_hang(false);
    r = record(file_in("hangs"));
    s = history_recorder_close(r, 20 * SD_S);
    assert_int_equal(s.spooled, 0);
    assert_int_equal(memory_store_counts().requests, 12);
}

static void test_what_somebody_must_change_ends_it(void **state)
{
    (void)state;
    memory_store_clear();
    memory_store_answer(SD_CONFIG);
    struct sd_error err = {""};
    const struct history_recorder_options o = {.url = "clickhouse://me@127.0.0.1:1/x"};
    assert_null(history_recorder_open(&o, 20 * SD_S, &err));
    assert_string_equal(err.text, "the engine refuses this user");
    memory_store_answer(SD_OK);
    struct history_recorder *r = record(NULL);
    memory_store_answer(SD_CONFIG);
    send_now(r, 1);
    assert_false(history_recorder_flush(r, 20 * SD_S));
    send_now(r, 1); /* goes on without it */
    assert_string_equal(history_recorder_stats(r).error, "the engine refuses this user");
    history_recorder_close(r, 20 * SD_S);
}

/* A password that was changed, a database that is gone: until that is mended the spool keeps what comes. */
static void test_an_engine_that_refuses_for_a_while(void **state)
{
    (void)state;
    memory_store_clear();
    struct history_recorder *r = record(file_in("refused"));
    assert_non_null(r);
    memory_store_answer(SD_CONFIG);
    for (int i = 0; i < 3; i++) {
        send_now(r, 10);
        assert_true(history_recorder_flush(r, 20 * SD_S));
    }
    struct history_recorder_stats s = history_recorder_stats(r);
    assert_string_equal(s.error, "");
    assert_string_equal(s.trouble, "the engine refuses this user");
    assert_true(s.spooled >= 3);
    memory_store_answer(SD_OK);
    s = history_recorder_close(r, 20 * SD_S);
    assert_int_equal(s.spooled, 0);
    assert_int_equal(s.lost, 0);
    assert_int_equal(memory_store_counts().requests, 120);
}

/* Without a spool puts wait in memory; what is left at the end is said. */
static void test_what_could_not_be_delivered_is_said(void **state)
{
    (void)state;
    memory_store_clear();
    struct history_recorder *r = record(NULL);
    memory_store_answer(SD_RETRY);
    send_now(r, 1);
    assert_false(history_recorder_flush(r, 20 * SD_S));
    assert_true(history_recorder_stats(r).waiting > 0);
    struct history_recorder_stats s = history_recorder_close(r, 20 * SD_S);
    assert_non_null(strstr(s.error, "did not get into the history: the engine is away"));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_put_is_what_was_taken),
        cmocka_unit_test(test_each_record_is_in_the_tier_that_suits_it),
        cmocka_unit_test(test_what_comes_late_covers_its_own_time),
        cmocka_unit_test(test_a_place_closes_what_was_read),
        cmocka_unit_test(test_beyond_the_bound_the_oldest_goes_and_is_counted),
        cmocka_unit_test(test_a_clock_that_jumps_back),
        cmocka_unit_test(test_a_day),
        cmocka_unit_test(test_a_spool_gives_back_what_it_got),
        cmocka_unit_test(test_a_spool_has_a_bound),
        cmocka_unit_test(test_other_files_are_no_spool),
        cmocka_unit_test(test_what_was_taken_is_put_at_the_end),
        cmocka_unit_test(test_an_engine_that_goes_away),
        cmocka_unit_test(test_an_engine_that_is_away_at_first),
        cmocka_unit_test(test_an_engine_that_hangs_at_first),
        cmocka_unit_test(test_what_somebody_must_change_ends_it),
        cmocka_unit_test(test_an_engine_that_refuses_for_a_while),
        cmocka_unit_test(test_what_could_not_be_delivered_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
