/* A history in a SQLite file when something is wrong: with the file, its folder, its disk or whoever writes
 * it; places in one of an older program. What is put is there once, whoever is killed. */
#include "tests/lib/db_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- whatever can be wrong with a file ---- */

static void write_file(const char *name, const void *bytes, size_t n)
{
    char *path = db_path(name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    free(path);
}

static void shell(const char *before, const char *name, const char *after)
{
    char *command = mem_printf("%s%s/%s%s", before, db_folder, name, after);
    assert_int_equal(system(command), 0);
    free(command);
}

static void make_day(const char *name)
{
    struct store *s = db_opened(name, true);
    for (int i = 0; i < 800; i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 10, NULL), SD_OK);
    store_close(s);
}

static void test_wrong_files(void **state)
{
    (void)state;
    static char text[8192];
    memset(text, 'x', sizeof text);
    db_opens_not("no-such.db", false, SD_CONFIG, "No such file");
    write_file("text.db", text, sizeof text);
    db_opens_not("text.db", false, SD_CONFIG, "no history");
    db_opens_not("text.db", true, SD_CONFIG, "no history");
    make_day("newer.db");
    shell("python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('pragma "
          "user_version=99')\" ",
          "newer.db", "");
    db_opens_not("newer.db", false, SD_CONFIG, "newer slowdive (schema 99; this one knows 2)");
    db_opens_not("newer.db", true, SD_CONFIG, "newer slowdive");
    shell("python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('create table t(a)'); "
          "c.commit()\" ",
          "others.db", "");
    db_opens_not("others.db", false, SD_CONFIG, "not a history of slowdive");
    db_opens_not("others.db", true, SD_CONFIG, "not a history of slowdive");
    db_opens_not("", true, SD_CONFIG, "not a regular file");
}

static void note_place(void *ctx, const char *file, const char *place)
{
    strbuf_printf(ctx, "%s=%s ", file, place);
}

static void expect_places(struct store *s, const char *host, const char *expected)
{
    struct strbuf b = {0};
    struct sd_error err;
    assert_int_equal(store_places(s, host, note_place, &b, &err), SD_OK);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_free(&b);
}

/* Places come and go with their put, for each host by itself, also into a file of schema 1. */
static void test_places(void **state)
{
    (void)state;
    const struct batch_place one[] = {{"/a", "1"}, {"/b", "2"}}, two[] = {{"/a", ""}, {"/b", "3"}};
    const struct store_run other = {.id = "r-other", .host = "web2", .began = DB_T0};
    struct store_put p = {.number = 1,
                          .from = DB_T0,
                          .to = DB_T0 + DB_TEN,
                          .sent = DB_T0 + DB_TEN,
                          .places = one,
                          .n_places = 2};
    struct sd_error err;
    make_day("old.db");
    shell("python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('drop table place'); "
          "c.execute('pragma user_version=1')\" ",
          "old.db", "");
    struct store *s = db_opened("old.db", false);
    expect_places(s, "web2", "");
    store_close(s);
    s = db_opened("old.db", true);
    expect_places(s, "web2", "");
    assert_int_equal(store_put(s, &other, &p, &err), SD_OK);
    expect_places(s, "web2", "/a=1 /b=2 ");
    expect_places(s, "web1", "");
    p.number = 2;
    p.places = two;
    assert_int_equal(store_put(s, &other, &p, &err), SD_OK);
    expect_places(s, "web2", "/b=3 ");
    p.places = one; /* this put is there already */
    assert_int_equal(store_put(s, &other, &p, &err), SD_OK);
    expect_places(s, "web2", "/b=3 ");
    store_close(s);
}

/* A file with a byte changed, or cut: a sentence, or what it has; verifying finds it or it is sound. */
static void test_damage(void **state)
{
    (void)state;
    make_day("whole.db");
    struct store *w = db_opened("whole.db", false);
    struct db_sums *sums = db_read_all(w, 0, INT64_MAX, DB_HOUR, NULL);
    store_close(w);
    char *whole = db_path("whole.db"), *data;
    size_t len, found = 0;
    struct sd_error err;
    enum { TRIES = 60 };
    assert_true(file_read(whole, 64 << 20, &data, &len, &err));
    for (int i = 0; i < TRIES; i++) {
        char old[64];
        size_t at = (size_t)db_roll(len - sizeof old), n = i % 3 ? len : at;
        memcpy(old, data + at, sizeof old);
        for (size_t k = 0; k < sizeof old && n == len; k++)
            data[at + k] ^= (char)(1 + db_roll(255));
        write_file("broken.db", data, n);
        memcpy(data + at, old, sizeof old);
        struct store_options o = {0};
        struct store *s = NULL;
        char *url = db_url("broken.db");
        if (store_open(url, &o, &s, &err) != SD_OK) {
            found++;
            assert_null(s);
            free(url);
            continue;
        }
        struct store_ask ask = {.from = 0, .to = INT64_MAX};
        struct store_answer answer;
        struct db_sums *got = mem_alloc(sizeof *got);
        bool failed = store_read(s, &ask, db_sum_up, got, &answer, &err) != SD_OK;
        struct arena *a = arena_new();
        struct store_state st;
        failed |= store_state(s, true, a, &st, &err) != SD_OK || st.damage;
        found += failed;
        if (!failed) /* it was in what is not used */
            db_same_sums(got, sums);
        free(got);
        arena_free(a);
        store_close(s);
        free(url);
    }
    print_message("%zu of %d found\n", found, TRIES);
    assert_true(found > TRIES / 4);
    free(sums);
    free(whole);
    free(data);
}

/* Nothing but the file is there, and nothing may be made beside it. */
static void test_read_only(void **state)
{
    (void)state;
    make_day("still.db");
    char *command =
        mem_printf("mkdir %s/ro && cp %s/still.db %s/ro/h.db && chmod 400 %s/ro/h.db && chmod 500 %s/ro",
                   db_folder, db_folder, db_folder, db_folder, db_folder);
    assert_int_equal(system(command), 0);
    free(command);
    struct store *s = db_opened("ro/h.db", false);
    struct db_sums *got = db_read_all(s, 0, INT64_MAX, DB_HOUR, NULL);
    assert_true(got->count > 0);
    free(got);
    db_is_sound(s, true);
    store_close(s);
    shell("test \"$(ls ", "ro", ")\" = h.db");
    shell("chmod 700 ", "ro", "");
}

/* A disk that is full: a sentence, nothing half, and it goes on when there is room. */
static void test_full(void **state)
{
    (void)state;
    struct store *s = db_opened("full.db", true);
    struct db_sums *sums = mem_alloc(sizeof *sums);
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 300000;
    setrlimit(RLIMIT_FSIZE, &small);
    int i = 0, refused = 0;
    for (; i < 2000 && !refused; i++)
        refused += db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 10, sums) == SD_RETRY;
    assert_int_equal(refused, 1);
    setrlimit(RLIMIT_FSIZE, &old);
    db_has_sums(s, sums);
    for (int k = 0; k < 10; k++, i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i, DB_T0 + (i - 1) * DB_TEN, 10, sums), SD_OK);
    db_has_sums(s, sums);
    db_is_sound(s, true);
    free(sums);
    store_close(s);
}

static bool stops(void *ctx)
{
    return *(bool *)ctx;
}

/* What is stopped or interrupted has done nothing, and goes on later. */
static void test_stopped(void **state)
{
    (void)state;
    bool stop = false;
    struct store_options o = {.write = true, .stop = stops, .stop_ctx = &stop};
    struct store *s;
    struct store_compaction c;
    struct sd_error err;
    struct db_sums *sums = mem_alloc(sizeof *sums);
    char *url = db_url("stopped.db");
    assert_int_equal(store_open(url, &o, &s, &err), SD_OK);
    for (int i = 0; i < 400; i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 3, sums), SD_OK);
    stop = true;
    assert_int_equal(store_compact(s, DB_T0 + 3 * DB_DAY, &c, &err), SD_RETRY);
    stop = false;
    store_interrupt(s);
    assert_int_equal(store_compact(s, DB_T0 + 3 * DB_DAY, &c, &err), SD_RETRY);
    assert_non_null(strstr(err.text, "interrupted"));
    db_has_sums(s, sums);
    db_compact_at(s, DB_T0 + 3 * DB_DAY, &c);
    assert_true(c.moved > 0);
    db_has_sums(s, sums);
    db_is_sound(s, true);
    store_close(s);
    free(sums);
    free(url);
}

/* ---- kill -9, and two at once ---- */

/* Puts and compacts until it is killed; what is surely there it says through the pipe. */
static void write_until_killed(const char *name, const struct store_run *run, uint64_t number, int out)
{
    struct store *s = db_opened(name, true);
    struct store_compaction c;
    struct sd_error err;
    for (uint64_t n = number;; n++) {
        db_seed(n); /* the same rows for the same put */
        if (db_put_ten(s, run, n, DB_T0 + (int64_t)n * DB_TEN, 6, NULL) != SD_OK)
            _exit(3);
        if (write(out, &n, sizeof n) != sizeof n)
            _exit(4);
        if (n % 50 == 0 &&
            store_compact(s, DB_T0 + (int64_t)n * DB_TEN + (n % 100 ? 0 : 2 * DB_DAY), &c, &err) != SD_OK)
            _exit(5);
    }
}

static void expected_sums(uint64_t last, struct db_sums *sums)
{
    struct db_made m;
    for (uint64_t n = 1; n <= last; n++) {
        db_seed(n);
        for (int i = 0; i < 6; i++) {
            struct history_row row = db_make_row(&m, i, DB_T0 + (int64_t)n * DB_TEN, "web1");
            db_count_row(sums, &row);
        }
    }
}

static void test_killed(void **state)
{
    (void)state;
    const char *more = getenv("SLOWDIVE_KILLS");
    int kills = more ? atoi(more) : 12;
    uint64_t seen = 0, number;
    for (int i = 0; i < kills; i++) {
        int p[2];
        assert_int_equal(pipe(p), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
            close(p[0]);
            write_until_killed("killed.db", &DB_RUN, seen + 1, p[1]);
        }
        close(p[1]);
        /* Killed a little after some put of its own. */
        uint64_t until = seen + 1 + (uint64_t)(i * 37 % 130);
        while (read(p[0], &number, sizeof number) == sizeof number) {
            seen = number;
            if (number >= until)
                kill(pid, SIGKILL);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        close(p[0]);
    }
    struct store *s = db_opened("killed.db", true);
    struct db_sums *got = db_read_all(s, DB_T0, DB_T0 + 1000 * DB_DAY, 0, NULL),
                   *sums = mem_alloc(sizeof *sums);
    /* The last put may be there without having been told. */
    expected_sums(seen, sums);
    if (got->count != sums->count) {
        memset(sums, 0, sizeof *sums);
        expected_sums(seen + 1, sums);
    }
    db_same_sums(got, sums);
    db_is_sound(s, true);
    free(got);
    free(sums);
    store_close(s);
}

static void test_two_writers(void **state)
{
    (void)state;
    enum { PUTS = 60 };
    pid_t pids[2];
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i])
            continue;
        struct store_run run = {i ? "run-a" : "run-b", i ? "web1" : "web2", "1", DB_T0, false};
        struct store *s = db_opened("two.db", true);
        for (int n = 1; n <= PUTS; n++)
            if (db_put_ten(s, &run, (uint64_t)n, DB_T0 + n * DB_TEN, 5, NULL) != SD_OK)
                _exit(1);
        store_close(s);
        _exit(0);
    }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct store *s = db_opened("two.db", false);
    struct db_sums *got = db_read_all(s, DB_T0, DB_T0 + DB_DAY, 0, NULL);
    assert_int_equal(got->rows, 2 * PUTS * 5);
    free(got);
    db_is_sound(s, true);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),    cmocka_unit_test(test_wrong_files), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_read_only), cmocka_unit_test(test_full),        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_killed),    cmocka_unit_test(test_two_writers),
    };
    return cmocka_run_group_tests(tests, db_make_folder, db_remove_folder);
}
