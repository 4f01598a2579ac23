/* A history in a SQLite file: sums are those of the raw requests, whatever became of the rows; imports; other
 * kinds; what is followed. */
#include "tests/lib/db_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- put, read, state ---- */

static void test_put_and_read(void **state)
{
    (void)state;
    struct store *s = db_opened("a.db", true);
    struct db_sums *sums = mem_alloc(sizeof *sums), *got;
    struct store_answer answer;
    char *path = db_path("a.db");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(path);
    for (int i = 0; i < 100; i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 7, sums), SD_OK);
    /* The same again is nothing. */
    assert_int_equal(db_put_ten(s, &DB_RUN, 50, DB_T0, 7, NULL), SD_OK);
    for (int round = 0; round < 2; round++) {
        static const int64_t STEPS[] = {0, DB_TEN, 60 * SD_S, 3600 * SD_S, 86400 * SD_S};
        for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
            got = db_read_all(s, DB_T0 - 86400 * SD_S, DB_T0 + 86400 * SD_S, STEPS[i], &answer);
            db_same_sums(got, sums);
            assert_int_equal(answer.oldest, DB_T0);
            assert_int_equal(answer.newest, DB_T0 + 100 * DB_TEN);
            assert_int_equal(answer.rows, 700);
            free(got);
        }
        store_close(s);
        s = db_opened("a.db", false); /* and by a reader, with nobody there */
    }
    /* What only longer intervals are wanted for is not read. */
    for (int64_t more = 0; more < 2; more++) {
        struct store_ask ask = {.from = DB_T0, .to = DB_T0 + 100 * DB_TEN, .if_long_ns = DB_TEN + more};
        struct sd_error err;
        got = mem_alloc(sizeof *got);
        assert_int_equal(store_read(s, &ask, db_sum_up, got, &answer, &err), SD_OK);
        assert_int_equal(answer.rows, more ? 0 : 700);
        assert_int_equal(answer.newest, DB_T0 + 100 * DB_TEN);
        free(got);
    }
    /* A span that cuts an interval says which span it is. */
    got = db_read_all(s, DB_T0 + DB_TEN / 2, DB_T0 + 5 * DB_TEN / 2, DB_TEN, &answer);
    assert_int_equal(got->rows, 14);
    assert_int_equal(answer.from, DB_T0);
    assert_int_equal(answer.to, DB_T0 + 2 * DB_TEN);
    free(got);
    free(sums);
    store_close(s);
}

struct times {
    sd_time at[800];
    size_t n;
};

static bool note_time(void *ctx, const struct history_row *row)
{
    struct times *t = ctx;
    assert_true(t->n < ARRAY_LEN(t->at));
    t->at[t->n++] = row->at;
    return true;
}

/* Who asks only when rows are gets the same rows, of what was put and of what was compacted. */
static void test_times_alone(void **state)
{
    (void)state;
    struct store *s = db_opened("times.db", true);
    for (int i = 0; i < 100; i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 7, NULL), SD_OK);
    for (int day = 0; day <= 4; day += 4) {
        struct store_compaction done;
        struct sd_error err = {""};
        assert_int_equal(store_compact(s, DB_T0 + day * 86400 * SD_S, &done, &err), SD_OK);
        struct times *of = mem_array(2, sizeof *of);
        for (int alone = 0; alone < 2; alone++) {
            struct store_ask ask = {.from = DB_T0 - SD_S, .to = DB_T0 + 100 * DB_TEN, .times = alone};
            struct store_answer answer;
            assert_int_equal(store_read(s, &ask, note_time, &of[alone], &answer, &err), SD_OK);
        }
        assert_true(of[0].n > 0);
        assert_memory_equal(&of[0], &of[1], sizeof of[0]);
        free(of);
    }
    store_close(s);
}

static void test_state(void **state)
{
    (void)state;
    struct store *s = db_opened("state.db", true);
    struct arena *a = arena_new();
    struct store_state st;
    struct sd_error err;
    static const struct store_run OTHER = {"run-2", "web2", "1.1", DB_T0, false},
                                  AGAIN = {"run-3", "web1", "1.2", DB_T0, false};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 3, NULL), SD_OK);
        assert_int_equal(db_put_ten(s, &OTHER, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 3, NULL), SD_OK);
        assert_int_equal(db_put_ten(s, &AGAIN, (uint64_t)i + 1, DB_T0 + (20 + i) * DB_TEN, 3, NULL), SD_OK);
    }
    assert_int_equal(store_state(s, true, a, &st, &err), SD_OK);
    assert_null(st.damage);
    assert_int_equal(st.schema, 2);
    assert_int_equal(st.endpoints, 3);
    assert_int_equal(st.oldest, DB_T0);
    assert_int_equal(st.newest, DB_T0 + 30 * DB_TEN);
    assert_int_equal(st.n_tiers, 4);
    assert_int_equal(st.tiers[0].rows, 90);
    assert_int_equal(st.tiers[1].rows, 0);
    assert_int_equal(st.n_hosts, 2);
    assert_string_equal(st.hosts[0].name, "web1");
    assert_string_equal(st.hosts[0].version, "1.2");
    assert_int_equal(st.hosts[0].rows, 60);
    assert_int_equal(st.hosts[0].runs, 2);
    assert_int_equal(st.hosts[1].newest, DB_T0 + 10 * DB_TEN);
    assert_int_equal(st.n_gaps, 1);
    assert_string_equal(st.gaps[0].host, "web1");
    assert_int_equal(st.gaps[0].from, DB_T0 + 10 * DB_TEN);
    assert_int_equal(st.gaps[0].to, DB_T0 + 20 * DB_TEN);
    arena_free(a);
    store_close(s);
}

/* ---- imports ---- */

static void import_once(struct store *s, int puts, int routes, bool ends, struct db_sums *sums)
{
    static sd_time now = DB_T0;
    const struct store_run import = {"import log:b of web1", "web1", "1.0", ++now, true};
    struct sd_error err;
    const struct store_run other = {"import log:empty of web1", "web1", "1.0", ++now, true};
    assert_int_equal(store_end(s, &other, &err), SD_OK); /* of an empty source nothing was put */
    for (int i = 0; i < puts; i++)
        assert_int_equal(
            db_put_ten(s, &import, (uint64_t)i + 1, DB_T0 - 10 * DB_HOUR + i * DB_TEN, routes, sums), SD_OK);
    if (ends)
        for (int i = 0; i < 2; i++)
            assert_int_equal(store_end(s, &import, &err), SD_OK);
}

/* Two imports of the same at once: the one that began last is whole, the other one says that it is not. */
static void test_imports_at_once(void **state)
{
    (void)state;
    struct store *a = db_opened("at-once.db", true), *b = db_opened("at-once.db", true);
    static const struct store_run ONE = {"import log:c of web1", "web1", "1.0", DB_T0 + 1, true},
                                  TWO = {"import log:c of web1", "web1", "1.0", DB_T0 + 2, true};
    struct db_sums *sums = mem_alloc(sizeof *sums), *got;
    struct sd_error err;
    assert_int_equal(db_put_ten(a, &ONE, 1, DB_T0, 3, NULL), SD_OK);
    assert_int_equal(db_put_ten(b, &TWO, 1, DB_T0, 4, sums), SD_OK);
    assert_int_equal(db_put_ten(a, &ONE, 2, DB_T0 + DB_TEN, 3, sums), SD_CONFIG);
    assert_int_equal(store_end(a, &ONE, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "another one of the same"));
    assert_int_equal(store_end(b, &TWO, &err), SD_OK);
    got = db_read_all(a, DB_T0 - DB_DAY, DB_T0 + DB_DAY, DB_HOUR, NULL);
    db_same_sums(got, sums);
    db_is_sound(a, true);
    free(got);
    free(sums);
    store_close(a);
    store_close(b);
}

static void test_import(void **state)
{
    (void)state;
    struct store *s = db_opened("import.db", true);
    struct db_sums *none = mem_alloc(sizeof *none), *first = mem_alloc(sizeof *first),
                   *second = mem_alloc(sizeof *second);
    import_once(s, 400, 3, false, NULL); /* interrupted: nothing is seen */
    db_has_sums(s, none);
    store_close(s);
    s = db_opened("import.db", true);
    import_once(s, 500, 4, true, first);
    db_has_sums(s, first);
    db_is_sound(s, true);
    import_once(s, 450, 4, false, NULL); /* again, interrupted: what was there stays */
    db_has_sums(s, first);
    import_once(s, 300, 5, true, second); /* and whole: it takes the place of the first */
    db_has_sums(s, second);
    db_is_sound(s, true);
    struct store_compaction c;
    db_compact_at(s, DB_T0 + 20 * DB_DAY, &c);
    db_has_sums(s, second);
    memset(first, 0, sizeof *first);
    import_once(s, 20, 2, true, first);
    db_has_sums(s, first);
    db_compact_at(s, DB_T0 + 20 * DB_DAY, &c);
    db_has_sums(s, first);
    db_is_sound(s, true);
    free(none);
    free(first);
    free(second);
    store_close(s);
}

/* ---- other kinds, several hosts, what is too old, a clock that jumps back ---- */

struct kinds {
    int64_t samples, events, statements, hosts[2];
    double sum, min, max, last;
    int64_t calls;
};
static bool take_kind(void *ctx, const struct history_row *row)
{
    struct kinds *k = ctx;
    if (row->kind == SD_METRIC) {
        const struct sd_metric *m = row->record;
        assert_string_equal(m->name, "host.cpu");
        assert_string_equal(m->labels, "host=web1");
        k->samples += sd_known(m->samples) ? m->samples : 1;
        k->sum += isnan(m->sum) ? m->value : m->sum;
        k->min = fmin(k->min, isnan(m->min) ? m->value : m->min);
        k->max = fmax(k->max, isnan(m->max) ? m->value : m->max);
        k->last = m->value;
    } else if (row->kind == SD_EVENT) {
        const struct sd_event *e = row->record;
        assert_string_equal(e->title, "deploy");
        assert_true(str_starts(e->text, "version "));
        k->events++;
    } else if (row->kind == SD_STATEMENT) {
        const struct sd_statement *t = row->record;
        assert_int_equal(t->query_id, 77);
        assert_string_equal(t->text, "SELECT $1");
        k->calls = t->calls;
        k->statements++;
    } else {
        k->hosts[str_eq(row->host, "web2")]++;
    }
    return true;
}

static void put_kinds(struct store *s, uint64_t n, sd_time at)
{
    struct sd_metric metric;
    struct sd_event event;
    struct sd_statement statement;
    struct db_made made[2];
    char text[24];
    struct sd_error err;
    schema_clear(schema_of(SD_METRIC), &metric);
    schema_clear(schema_of(SD_EVENT), &event);
    schema_clear(schema_of(SD_STATEMENT), &statement);
    snprintf(text, sizeof text, "version %d", (int)n);
    metric.name = "host.cpu";
    metric.labels = "host=web1";
    metric.value = (double)(n % 7) / 8;
    event.severity = "info";
    event.title = "deploy";
    event.text = text;
    statement.query_id = 77;
    statement.text = "SELECT $1";
    statement.calls = (int64_t)n * 10;
    struct history_row rows[] = {
        {.kind = SD_METRIC, .host = "web1", .source = "host:", .at = at + DB_TEN, .record = &metric},
        {.kind = SD_STATEMENT, .host = "web1", .source = "pg:", .at = at + DB_TEN, .record = &statement},
        db_make_row(&made[0], 1, at, "web1"),
        db_make_row(&made[1], 1, at, "web2"),
        {.kind = SD_EVENT, .host = "web1", .source = "pg:", .at = at + 1, .record = &event}};
    /* Events are rare. */
    struct store_put put = {
        .number = n, .from = at, .to = at + DB_TEN, .sent = at + DB_TEN, .rows = rows, .n = n % 100 ? 4 : 5};
    assert_int_equal(store_put(s, &DB_RUN, &put, &err), SD_OK);
}

static void test_kinds(void **state)
{
    (void)state;
    enum { PUTS = 800 };
    struct store *s = db_opened("kinds.db", true);
    struct store_compaction c;
    struct store_answer answer;
    struct sd_error err;
    for (uint64_t n = 1; n <= PUTS; n++)
        put_kinds(s, n, DB_T0 + (int64_t)(n - 1) * DB_TEN);
    static const int64_t AGES[] = {DB_HOUR, 3 * DB_DAY, 20 * DB_DAY, 100 * DB_DAY};
    for (size_t i = 0; i < ARRAY_LEN(AGES); i++) {
        struct kinds k = {.min = 9, .max = -9};
        struct store_ask ask = {
            .steps = {.step_ns = DB_DAY}, .from = DB_T0, .to = DB_T0 + DB_DAY, .apart = HISTORY_BY_HOST};
        db_compact_at(s, DB_T0 + AGES[i], &c);
        db_is_sound(s, true);
        assert_int_equal(store_read(s, &ask, take_kind, &k, &answer, &err), SD_OK);
        double sum = 0;
        for (uint64_t n = 1; n <= PUTS; n++)
            sum += (double)(n % 7) / 8;
        assert_int_equal(k.samples, PUTS);
        assert_true(k.sum == sum && k.min == 0 && k.max == 6.0 / 8 && k.last == (double)(PUTS % 7) / 8);
        assert_int_equal(k.events, PUTS / 100);
        assert_int_equal(k.calls, PUTS * 10);
        assert_int_equal(k.hosts[0], 1);
        assert_int_equal(k.hosts[1], 1);
        memset(&k, 0, sizeof k);
        ask.host = "web2";
        assert_int_equal(store_read(s, &ask, take_kind, &k, &answer, &err), SD_OK);
        assert_int_equal(k.samples + k.events + k.hosts[0], 0);
        assert_int_equal(k.hosts[1], 1);
        memset(&k, 0, sizeof k);
        ask.host = NULL;
        ask.kinds = (sd_kinds)1 << SD_EVENT;
        assert_int_equal(store_read(s, &ask, take_kind, &k, &answer, &err), SD_OK);
        assert_int_equal(k.events, PUTS / 100);
        assert_int_equal(k.samples + k.hosts[0] + k.hosts[1], 0);
    }
    store_close(s);
}

/* ---- parts of requests: older than an hour they are in steps of a minute ---- */

struct part_sums {
    int64_t count, total, buckets, coarse, fine;
};
static bool take_part(void *ctx, const struct history_row *row)
{
    struct part_sums *p = ctx;
    const struct sd_http_part *r = row->record;
    assert_int_equal(row->kind, SD_HTTP_PART);
    assert_string_equal(r->key, "2xx");
    p->count += r->count;
    p->total += r->total_ns;
    for (uint32_t i = 0; i < r->latency->n; i++)
        p->buckets += r->latency->buckets[i].count * (int64_t)r->latency->buckets[i].index;
    p->coarse += row->length_ns == 60 * SD_S;
    p->fine += row->length_ns == DB_TEN;
    return true;
}

static void put_part(struct store *s, const struct store_run *run, uint64_t n, sd_time at,
                     struct part_sums *sums)
{
    struct db_made made;
    struct sd_http_part part;
    struct sd_error err;
    const struct history_row http = db_make_row(&made, 1, at, "web1");
    schema_clear(schema_of(SD_HTTP_PART), &part);
    part.method = "GET";
    part.route = "/route/1";
    part.by = "status";
    part.key = "2xx";
    part.interval_ns = DB_TEN;
    part.count = part.timed = made.http.count;
    part.total_ns = made.http.total_ns;
    part.latency = &made.hist;
    struct history_row row = {.kind = SD_HTTP_PART,
                              .host = "web1",
                              .source = "log:a",
                              .at = at,
                              .length_ns = DB_TEN,
                              .record = &part};
    take_part(sums, &row);
    struct store_put put = {.number = n,
                            .from = at,
                            .to = at + DB_TEN,
                            .sent = at + DB_TEN,
                            .rows = (struct history_row[]){http, row},
                            .n = 2};
    assert_int_equal(store_put(s, run, &put, &err), SD_OK);
}

static bool any_row(void *ctx, const struct history_row *row)
{
    (void)ctx;
    (void)row;
    return true;
}

/* Nothing else is moved by it: neither the ends of the history nor the span that an answer tells. */
static void test_parts_in_minutes(void **state)
{
    (void)state;
    enum { PUTS = 800, LATE = 2 }; /* from within a minute to within a minute */
    static const sd_time FROM = DB_T0 + LATE * DB_TEN;
    static const struct store_run RUNS[] = {{"run-1", "web1", "1.0", DB_T0, false},
                                            {"import-1", "web1", "1.0", DB_T0, true}};
    for (size_t run = 0; run < ARRAY_LEN(RUNS); run++) {
        struct store *s = db_opened(run ? "parts-import.db" : "parts.db", true);
        struct part_sums want = {0}, got = {0};
        struct store_answer answer;
        struct sd_error err;
        for (uint64_t n = 1; n <= PUTS; n++)
            put_part(s, &RUNS[run], n, FROM + (int64_t)(n - 1) * DB_TEN, &want);
        assert_int_equal(store_end(s, &RUNS[run], &err), SD_OK);
        struct store_ask ask = {
            .from = DB_T0 - DB_DAY, .to = DB_T0 + DB_DAY, .kinds = SD_KIND_BIT(SD_HTTP_PART)};
        assert_int_equal(store_read(s, &ask, take_part, &got, &answer, &err), SD_OK);
        assert_int_equal(got.count, want.count);
        assert_int_equal(got.total, want.total);
        assert_int_equal(got.buckets, want.buckets);
        if (run == 0)
            assert_true(got.coarse >= 360 / 6 && got.fine < PUTS - 360 + 6);
        else /* an import stays as it came */
            assert_int_equal(got.coarse, 0);
        assert_true(got.coarse * 6 + got.fine == PUTS);
        assert_int_equal(answer.oldest, FROM);
        assert_int_equal(answer.newest, FROM + PUTS * DB_TEN);
        /* All kinds, a span that cuts minutes. */
        ask = (struct store_ask){.from = FROM + DB_TEN,
                                 .to = FROM + 101 * DB_TEN,
                                 .kinds = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_HTTP_PART)};
        assert_int_equal(store_read(s, &ask, any_row, NULL, &answer, &err), SD_OK);
        assert_int_equal(answer.from, FROM + DB_TEN);
        assert_int_equal(answer.to, FROM + 101 * DB_TEN);
        assert_int_equal(answer.coarsest_ns, DB_TEN);
        db_is_sound(s, true);
        store_close(s);
    }
}

static void test_old_and_back(void **state)
{
    (void)state;
    struct store *s = db_opened("old.db", true);
    struct db_made made[2];
    struct sd_error err;
    struct db_sums *sums = mem_alloc(sizeof *sums);
    struct arena *a = arena_new();
    struct store_state st;
    struct history_row rows[] = {db_make_row(&made[0], 1, DB_T0 - 401 * DB_DAY, "web1"),
                                 db_make_row(&made[1], 1, DB_T0 - DB_DAY, "web1")};
    struct store_put put = {
        .number = 1, .from = DB_T0 - DB_TEN, .to = DB_T0, .sent = DB_T0, .lost = 5, .rows = rows, .n = 2};
    assert_int_equal(store_put(s, &DB_RUN, &put, &err), SD_OK);
    db_count_row(sums, &rows[1]);
    /* The clock goes on, an hour back, and on. */
    for (int i = 0; i < 30; i++)
        assert_int_equal(
            db_put_ten(s, &DB_RUN, (uint64_t)i + 2, DB_T0 + (i - i / 10 % 2 * 360) * DB_TEN, 3, sums), SD_OK);
    struct db_sums *got = db_read_all(s, DB_T0 - 500 * DB_DAY, DB_T0 + DB_DAY, 0, NULL);
    db_same_sums(got, sums);
    assert_int_equal(store_state(s, true, a, &st, &err), SD_OK);
    assert_null(st.damage);
    assert_int_equal(st.lost, 6);
    free(got);
    free(sums);
    arena_free(a);
    store_close(s);
}

/* Other tiers than it was made with: what is in a step that is no more goes into the next. */
static void test_other_tiers(void **state)
{
    (void)state;
    struct store *s = db_opened("tiers.db", true);
    struct db_sums *sums = mem_alloc(sizeof *sums);
    struct store_options o = {.write = true,
                              .tiers = {2, {{15 * SD_S, DB_DAY}, {7 * 60 * SD_S, 30 * DB_DAY}}}};
    struct sd_error err;
    struct store_compaction c;
    char *url = db_url("tiers.db");
    for (int i = 0; i < 500; i++)
        assert_int_equal(db_put_ten(s, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 2, sums), SD_OK);
    store_close(s);
    assert_int_equal(store_open(url, &o, &s, &err), SD_OK);
    for (int64_t age = 2 * DB_HOUR; age < 3 * DB_DAY; age += 11 * DB_HOUR) {
        db_compact_at(s, DB_T0 + age, &c);
        db_has_sums(s, sums);
        db_is_sound(s, true);
    }
    store_close(s);
    s = db_opened("tiers.db", true); /* which it keeps */
    db_compact_at(s, DB_T0 + 40 * DB_DAY, &c);
    assert_true(c.dropped > 0 && !c.moved);
    store_close(s);
    free(sums);
    free(url);
}

/* ---- following ---- */

static void test_follow(void **state)
{
    (void)state;
    struct store *w = db_opened("follow.db", true), *r;
    assert_int_equal(db_put_ten(w, &DB_RUN, 1, DB_T0, 2, NULL), SD_OK);
    store_close(w);
    r = db_opened("follow.db", false); /* as it lies there; then a writer comes */
    uint64_t mark = 0;
    struct store_ask ask = {0};
    struct db_sums *got = mem_alloc(sizeof *got), *sums = mem_alloc(sizeof *sums);
    struct sd_error err = {""};
    assert_int_equal(store_follow(r, &mark, &ask, db_sum_up, got, &err), SD_OK);
    w = db_opened("follow.db", true);
    for (int i = 1; i < 6; i++) {
        assert_int_equal(db_put_ten(w, &DB_RUN, (uint64_t)i + 1, DB_T0 + i * DB_TEN, 2, sums), SD_OK);
        assert_int_equal(store_follow(r, &mark, &ask, db_sum_up, got, &err), SD_OK);
        db_same_sums(got, sums);
    }
    store_close(w);
    assert_int_equal(store_follow(r, &mark, &ask, db_sum_up, got, &err), SD_OK);
    db_same_sums(got, sums);
    store_close(r);
    free(got);
    free(sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_read),    cmocka_unit_test(test_times_alone),
        cmocka_unit_test(test_state),           cmocka_unit_test(test_import),
        cmocka_unit_test(test_imports_at_once), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_old_and_back),    cmocka_unit_test(test_other_tiers),
        cmocka_unit_test(test_follow),          cmocka_unit_test(test_parts_in_minutes),
    };
    return cmocka_run_group_tests(tests, db_make_folder, db_remove_folder);
}
