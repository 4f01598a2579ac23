/* A history in a SQLite file that is compacted: sums stay those of the raw requests, and it keeps to its
 * size. */
#include "tests/lib/db_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Three hours in tens of seconds, then the years go by. */
static void test_compaction(void **state)
{
    (void)state;
    enum { PUTS = 1080 + 17, ROUTES = 5 };
    struct store *s = db_opened("compact.db", true);
    struct db_sums *sums = mem_alloc(sizeof *sums), *got;
    struct store_compaction c;
    struct store_answer answer;
    for (int i = 0; i < PUTS; i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, ROUTES, sums), SD_OK);
    db_is_sound(s, true);
    static const struct {
        int64_t age;
        bool moves;
        int64_t coarsest;
    } STEPS[] = {{2 * DB_HOUR, false, DB_TEN},
                 {2 * DB_DAY + DB_HOUR + 7 * SD_S, true, 60 * SD_S},
                 {2 * DB_DAY + 4 * DB_HOUR, true, 60 * SD_S},
                 {2 * DB_DAY + 5 * DB_HOUR, false, 60 * SD_S},
                 {15 * DB_DAY, true, 600 * SD_S},
                 {91 * DB_DAY, true, DB_HOUR}};
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        db_compact_at(s, DB_T0 + STEPS[i].age, &c);
        assert_true((c.moved > 0) == STEPS[i].moves);
        assert_int_equal(c.dropped, 0);
        db_is_sound(s, true);
        got = db_read_all(s, DB_T0 - DB_DAY, DB_T0 + DB_DAY, 0, &answer);
        db_same_sums(got, sums);
        assert_int_equal(answer.coarsest_ns, STEPS[i].coarsest);
        free(got);
        got = db_read_all(s, DB_T0 - DB_DAY, DB_T0 + DB_DAY, DB_HOUR, NULL);
        db_same_sums(got, sums);
        free(got);
    }
    /* One endpoint of one hour. */
    struct store_ask ask = {.steps = {.step_ns = DB_HOUR},
                            .from = DB_T0 + DB_HOUR,
                            .to = DB_T0 + 2 * DB_HOUR,
                            .route = "/route/3"};
    struct db_sums one = {{0}, 0, 0, 0, 0, 0};
    struct sd_error err;
    assert_int_equal(store_read(s, &ask, db_sum_up, &one, &answer, &err), SD_OK);
    assert_int_equal(one.rows, 1);
    assert_true(one.count > 360 * 3);
    /* After 400 days nothing is left. */
    db_compact_at(s, DB_T0 + 400 * DB_DAY + DB_HOUR + 1, &c);
    assert_int_equal(c.dropped, ROUTES);
    db_compact_at(s, DB_T0 + 500 * DB_DAY, &c);
    got = db_read_all(s, DB_T0 - DB_DAY, DB_T0 + DB_DAY, 0, &answer);
    assert_int_equal(got->rows, 0);
    assert_false(sd_known(answer.from));
    db_is_sound(s, true);
    free(got);
    free(sums);
    store_close(s);
}

/* The sums of one endpoint among many, some of which are not in every block, are those of its rows. */
static void test_one_of_many(void **state)
{
    (void)state;
    enum { HOURS = 5, EVERY = 30 };
    static const int ROUTES[HOURS] = {70, 31, 1, 33, 64};
    struct store *s = db_opened("many.db", true);
    struct db_sums *sums = mem_alloc(sizeof *sums), *all = mem_alloc(sizeof *all);
    struct store_compaction c;
    uint64_t number = 0;
    for (int i = 0; i < HOURS * 360; i += EVERY)
        assert_int_equal(db_put_ten(s, &DB_RUN, ++number, DB_T0 + i * DB_TEN, ROUTES[i / 360], sums), SD_OK);
    db_compact_at(s, DB_T0 + 6 * DB_HOUR, &c);
    db_is_sound(s, true);
    for (int i = 0; i < 71; i++) {
        struct db_sums *raw = mem_alloc(sizeof *raw), *added = mem_alloc(sizeof *added);
        struct store_answer answer = {0};
        struct sd_error err;
        char route[24];
        int64_t hours = 0;
        snprintf(route, sizeof route, "/route/%d", i);
        struct store_ask ask = {.from = DB_T0, .to = DB_T0 + HOURS * DB_HOUR, .route = route};
        assert_int_equal(store_read(s, &ask, db_sum_up, raw, &answer, &err), SD_OK);
        ask.steps.step_ns = DB_HOUR;
        assert_int_equal(store_read(s, &ask, db_sum_up, added, &answer, &err), SD_OK);
        db_same_sums(raw, added);
        for (int k = 0; k < HOURS; k++)
            hours += i < ROUTES[k];
        assert_int_equal(added->rows, hours);
        assert_int_equal(answer.rows, hours); /* no row was looked at */
        assert_int_equal(answer.coarsest_ns, hours ? DB_TEN : 0);
        for (size_t k = 0; k < SD_HIST_BUCKETS; k++)
            all->buckets[k] += added->buckets[k];
        all->count += added->count;
        all->errors += added->errors;
        all->bytes += added->bytes;
        all->total += added->total;
        free(raw);
        free(added);
    }
    db_same_sums(all, sums);
    free(all);
    free(sums);
    store_close(s);
}

/* The oldest of the finest goes first, and the file shrinks. */
static void test_size(void **state)
{
    (void)state;
    struct store_options o = {.write = true, .max_bytes = 400000};
    struct store *s;
    struct sd_error err;
    struct store_compaction c;
    struct arena *a = arena_new();
    struct store_state st;
    char *url = db_url("size.db");
    assert_int_equal(store_open(url, &o, &s, &err), SD_OK);
    for (int i = 0; i < 1440; i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 40, NULL), SD_OK);
    db_compact_at(s, DB_T0 + 5 * DB_HOUR, &c);
    assert_true(c.dropped_for_size > 0);
    assert_int_equal(c.dropped_for_size % 360, 0);
    assert_true(c.dropped_to >= DB_T0 + DB_HOUR && c.dropped_to < DB_T0 + 4 * DB_HOUR);
    assert_int_equal(store_state(s, true, a, &st, &err), SD_OK);
    assert_null(st.damage);
    assert_true(st.bytes <= o.max_bytes);
    assert_int_equal(st.oldest, c.dropped_to);
    arena_free(a);
    store_close(s);
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compaction),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_one_of_many),
    };
    return cmocka_run_group_tests(tests, db_make_folder, db_remove_folder);
}
