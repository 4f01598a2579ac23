/* A history in a SQLite file: what is put is there once, whoever is killed; sums are those of the raw
 * requests, whatever became of the rows. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/history/history.h"
#include "store/store.h"

#define T0  (1800000000 * SD_S) /* a multiple of an hour */
#define TEN (10 * SD_S)

/* ---- a folder of its own ---- */

static char folder[] = "/tmp/slowdive-store-XXXXXX";
static char *path_of(const char *name)
{
    return mem_printf("%s/%s", folder, name);
}
static char *url_of(const char *name)
{
    return mem_printf("history:%s/%s", folder, name);
}

static struct store *open_store(const char *name, bool write)
{
    struct store_options o = {.write = write};
    struct store *s = NULL;
    struct sd_error err = {""};
    char *url = url_of(name);
    enum sd_result result = store_open(url, &o, &s, &err);
    if (result != SD_OK)
        print_message("%s\n", err.text);
    assert_int_equal(result, SD_OK);
    free(url);
    return s;
}

/* The sentence with which opening fails. */
static void opens_not(const char *name, bool write, enum sd_result expected, const char *says)
{
    struct store_options o = {.write = write};
    struct store *s = NULL;
    struct sd_error err = {""};
    char *url = url_of(name);
    assert_int_equal(store_open(url, &o, &s, &err), expected);
    assert_null(s);
    assert_non_null(strstr(err.text, says));
    free(url);
}

/* ---- rows ---- */

static uint64_t dice = 1;
static uint64_t roll(uint64_t sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (dice >> 33) % sides;
}

struct made {
    struct sd_http http;
    struct sd_hist hist;
    struct sd_bucket buckets[4];
    char route[24];
};

/* Some requests of route i in the ten seconds from `at`. */
static struct history_row make_row(struct made *m, int i, sd_time at, const char *host)
{
    schema_clear(schema_of(SD_HTTP), &m->http);
    snprintf(m->route, sizeof m->route, "/route/%d", i);
    m->hist = (struct sd_hist){3, m->buckets};
    for (uint32_t k = 0; k < 3; k++)
        m->buckets[k] = (struct sd_bucket){900 + k * 60 + (uint32_t)roll(60), 1 + (uint32_t)roll(9)};
    m->http.method = "GET";
    m->http.route = m->route;
    m->http.interval_ns = TEN;
    m->http.count = m->http.timed = m->buckets[0].count + m->buckets[1].count + m->buckets[2].count;
    m->http.errors = (int64_t)roll(2);
    m->http.bytes = (int64_t)roll(100000);
    m->http.min_ns = sd_hist_lower(m->buckets[0].index);
    m->http.max_ns = sd_hist_lower(m->buckets[2].index) + 1;
    m->http.total_ns = m->http.count * m->http.min_ns;
    m->http.latency = &m->hist;
    return (struct history_row){
        .kind = SD_HTTP, .host = host, .source = "log:a", .at = at, .length_ns = TEN, .record = &m->http};
}

/* What must be there: sums of all that was put. */
struct sums {
    uint64_t buckets[SD_HIST_BUCKETS];
    int64_t count, errors, bytes, total, rows;
};
static void count_row(struct sums *s, const struct history_row *row)
{
    const struct sd_http *h = row->record;
    assert_int_equal(row->kind, SD_HTTP);
    for (uint32_t i = 0; h->latency && i < h->latency->n; i++)
        s->buckets[h->latency->buckets[i].index] += h->latency->buckets[i].count;
    s->count += h->count;
    s->errors += h->errors;
    s->bytes += h->bytes;
    s->total += h->total_ns;
    s->rows++;
}
static bool sum_up(void *ctx, const struct history_row *row)
{
    count_row(ctx, row);
    return true;
}
static void same_sums(const struct sums *a, const struct sums *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->errors, b->errors);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->total, b->total);
    assert_memory_equal(a->buckets, b->buckets, sizeof a->buckets);
}

static const struct store_run RUN = {"run-1", "web1", "1.0", T0, false};

/* Ten seconds of n routes. */
static enum sd_result put_ten(struct store *s, const struct store_run *run, uint64_t number, sd_time at,
                              int n, struct sums *sums)
{
    struct made *m = mem_array((size_t)n, sizeof *m);
    struct history_row *rows = mem_array((size_t)n, sizeof *rows);
    struct sd_error err = {""};
    for (int i = 0; i < n; i++)
        rows[i] = make_row(&m[i], i, at, run->host);
    struct store_put put = {
        .number = number, .from = at, .to = at + TEN, .sent = at + TEN, .rows = rows, .n = (size_t)n};
    enum sd_result result = store_put(s, run, &put, &err);
    if (result != SD_OK && !sums)
        print_message("%s\n", err.text);
    for (int i = 0; i < n && result == SD_OK && sums; i++)
        count_row(sums, &rows[i]);
    free(rows);
    free(m);
    return result;
}

static struct sums *read_all(struct store *s, sd_time from, sd_time to, int64_t step,
                             struct store_answer *answer)
{
    struct sums *sums = mem_alloc(sizeof *sums);
    struct store_ask ask = {.steps = {.step_ns = step}, .from = from, .to = to};
    struct sd_error err = {""};
    struct store_answer own;
    enum sd_result result = store_read(s, &ask, sum_up, sums, answer ? answer : &own, &err);
    if (result != SD_OK)
        print_message("%s\n", err.text);
    assert_int_equal(result, SD_OK);
    return sums;
}

/* ---- put, read, state ---- */

static void test_put_and_read(void **state)
{
    (void)state;
    struct store *s = open_store("a.db", true);
    struct sums *sums = mem_alloc(sizeof *sums), *got;
    struct store_answer answer;
    char *path = path_of("a.db");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(path);
    for (int i = 0; i < 100; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 7, sums), SD_OK);
    /* The same again is nothing. */
    assert_int_equal(put_ten(s, &RUN, 50, T0, 7, NULL), SD_OK);
    for (int round = 0; round < 2; round++) {
        static const int64_t STEPS[] = {0, TEN, 60 * SD_S, 3600 * SD_S, 86400 * SD_S};
        for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
            got = read_all(s, T0 - 86400 * SD_S, T0 + 86400 * SD_S, STEPS[i], &answer);
            same_sums(got, sums);
            assert_int_equal(answer.oldest, T0);
            assert_int_equal(answer.newest, T0 + 100 * TEN);
            assert_int_equal(answer.rows, 700);
            free(got);
        }
        store_close(s);
        s = open_store("a.db", false); /* and by a reader, with nobody there */
    }
    /* What only longer intervals are wanted for is not read. */
    for (int64_t more = 0; more < 2; more++) {
        struct store_ask ask = {.from = T0, .to = T0 + 100 * TEN, .if_long_ns = TEN + more};
        struct sd_error err;
        got = mem_alloc(sizeof *got);
        assert_int_equal(store_read(s, &ask, sum_up, got, &answer, &err), SD_OK);
        assert_int_equal(answer.rows, more ? 0 : 700);
        assert_int_equal(answer.newest, T0 + 100 * TEN);
        free(got);
    }
    /* A span that cuts an interval says which span it is. */
    got = read_all(s, T0 + TEN / 2, T0 + 5 * TEN / 2, TEN, &answer);
    assert_int_equal(got->rows, 14);
    assert_int_equal(answer.from, T0);
    assert_int_equal(answer.to, T0 + 2 * TEN);
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
    struct store *s = open_store("times.db", true);
    for (int i = 0; i < 100; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 7, NULL), SD_OK);
    for (int day = 0; day <= 4; day += 4) {
        struct store_compaction done;
        struct sd_error err = {""};
        assert_int_equal(store_compact(s, T0 + day * 86400 * SD_S, &done, &err), SD_OK);
        struct times *of = mem_array(2, sizeof *of);
        for (int alone = 0; alone < 2; alone++) {
            struct store_ask ask = {.from = T0 - SD_S, .to = T0 + 100 * TEN, .times = alone};
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
    struct store *s = open_store("state.db", true);
    struct arena *a = arena_new();
    struct store_state st;
    struct sd_error err;
    static const struct store_run OTHER = {"run-2", "web2", "1.1", T0, false},
                                  AGAIN = {"run-3", "web1", "1.2", T0, false};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 3, NULL), SD_OK);
        assert_int_equal(put_ten(s, &OTHER, (uint64_t)i + 1, T0 + i * TEN, 3, NULL), SD_OK);
        assert_int_equal(put_ten(s, &AGAIN, (uint64_t)i + 1, T0 + (20 + i) * TEN, 3, NULL), SD_OK);
    }
    assert_int_equal(store_state(s, true, a, &st, &err), SD_OK);
    assert_null(st.damage);
    assert_int_equal(st.schema, 2);
    assert_int_equal(st.endpoints, 3);
    assert_int_equal(st.oldest, T0);
    assert_int_equal(st.newest, T0 + 30 * TEN);
    assert_int_equal(st.n_tiers, 4);
    assert_int_equal(st.tiers[0].rows, 90);
    assert_int_equal(st.tiers[1].rows, 0);
    assert_int_equal(st.n_hosts, 2);
    assert_string_equal(st.hosts[0].name, "web1");
    assert_string_equal(st.hosts[0].version, "1.2");
    assert_int_equal(st.hosts[0].rows, 60);
    assert_int_equal(st.hosts[0].runs, 2);
    assert_int_equal(st.hosts[1].newest, T0 + 10 * TEN);
    assert_int_equal(st.n_gaps, 1);
    assert_string_equal(st.gaps[0].host, "web1");
    assert_int_equal(st.gaps[0].from, T0 + 10 * TEN);
    assert_int_equal(st.gaps[0].to, T0 + 20 * TEN);
    arena_free(a);
    store_close(s);
}

/* ---- settling, compacting, verifying ---- */

static void is_sound(struct store *s, bool sound)
{
    struct arena *a = arena_new();
    struct store_state st;
    struct sd_error err = {""};
    enum sd_result result = store_state(s, true, a, &st, &err);
    if (sound && (result != SD_OK || st.damage))
        print_message("%s\n", result != SD_OK ? err.text : st.damage);
    assert_true(sound == (result == SD_OK && !st.damage));
    arena_free(a);
}

static void compact_at(struct store *s, sd_time now, struct store_compaction *out)
{
    struct sd_error err = {""};
    enum sd_result result = store_compact(s, now, out, &err);
    if (result != SD_OK)
        print_message("%s\n", err.text);
    assert_int_equal(result, SD_OK);
}

#define HOUR (3600 * SD_S)
#define DAY  (24 * HOUR)

/* Three hours in tens of seconds, then the years go by. */
static void test_compaction(void **state)
{
    (void)state;
    enum { PUTS = 1080 + 17, ROUTES = 5 };
    struct store *s = open_store("compact.db", true);
    struct sums *sums = mem_alloc(sizeof *sums), *got;
    struct store_compaction c;
    struct store_answer answer;
    for (int i = 0; i < PUTS; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, ROUTES, sums), SD_OK);
    is_sound(s, true);
    static const struct {
        int64_t age;
        bool moves;
        int64_t coarsest;
    } STEPS[] = {{2 * HOUR, false, TEN},
                 {2 * DAY + HOUR + 7 * SD_S, true, 60 * SD_S},
                 {2 * DAY + 4 * HOUR, true, 60 * SD_S},
                 {2 * DAY + 5 * HOUR, false, 60 * SD_S},
                 {15 * DAY, true, 600 * SD_S},
                 {91 * DAY, true, HOUR}};
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        compact_at(s, T0 + STEPS[i].age, &c);
        assert_true((c.moved > 0) == STEPS[i].moves);
        assert_int_equal(c.dropped, 0);
        is_sound(s, true);
        got = read_all(s, T0 - DAY, T0 + DAY, 0, &answer);
        same_sums(got, sums);
        assert_int_equal(answer.coarsest_ns, STEPS[i].coarsest);
        free(got);
        got = read_all(s, T0 - DAY, T0 + DAY, HOUR, NULL);
        same_sums(got, sums);
        free(got);
    }
    /* One endpoint of one hour. */
    struct store_ask ask = {
        .steps = {.step_ns = HOUR}, .from = T0 + HOUR, .to = T0 + 2 * HOUR, .route = "/route/3"};
    struct sums one = {{0}, 0, 0, 0, 0, 0};
    struct sd_error err;
    assert_int_equal(store_read(s, &ask, sum_up, &one, &answer, &err), SD_OK);
    assert_int_equal(one.rows, 1);
    assert_true(one.count > 360 * 3);
    /* After 400 days nothing is left. */
    compact_at(s, T0 + 400 * DAY + HOUR + 1, &c);
    assert_int_equal(c.dropped, ROUTES);
    compact_at(s, T0 + 500 * DAY, &c);
    got = read_all(s, T0 - DAY, T0 + DAY, 0, &answer);
    assert_int_equal(got->rows, 0);
    assert_false(sd_known(answer.from));
    is_sound(s, true);
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
    struct store *s = open_store("many.db", true);
    struct sums *sums = mem_alloc(sizeof *sums), *all = mem_alloc(sizeof *all);
    struct store_compaction c;
    uint64_t number = 0;
    for (int i = 0; i < HOURS * 360; i += EVERY)
        assert_int_equal(put_ten(s, &RUN, ++number, T0 + i * TEN, ROUTES[i / 360], sums), SD_OK);
    compact_at(s, T0 + 6 * HOUR, &c);
    is_sound(s, true);
    for (int i = 0; i < 71; i++) {
        struct sums *raw = mem_alloc(sizeof *raw), *added = mem_alloc(sizeof *added);
        struct store_answer answer = {0};
        struct sd_error err;
        char route[24];
        int64_t hours = 0;
        snprintf(route, sizeof route, "/route/%d", i);
        struct store_ask ask = {.from = T0, .to = T0 + HOURS * HOUR, .route = route};
        assert_int_equal(store_read(s, &ask, sum_up, raw, &answer, &err), SD_OK);
        ask.steps.step_ns = HOUR;
        assert_int_equal(store_read(s, &ask, sum_up, added, &answer, &err), SD_OK);
        same_sums(raw, added);
        for (int k = 0; k < HOURS; k++)
            hours += i < ROUTES[k];
        assert_int_equal(added->rows, hours);
        assert_int_equal(answer.rows, hours); /* no row was looked at */
        assert_int_equal(answer.coarsest_ns, hours ? TEN : 0);
        for (size_t k = 0; k < SD_HIST_BUCKETS; k++)
            all->buckets[k] += added->buckets[k];
        all->count += added->count;
        all->errors += added->errors;
        all->bytes += added->bytes;
        all->total += added->total;
        free(raw);
        free(added);
    }
    same_sums(all, sums);
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
    char *url = url_of("size.db");
    assert_int_equal(store_open(url, &o, &s, &err), SD_OK);
    for (int i = 0; i < 1440; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 40, NULL), SD_OK);
    compact_at(s, T0 + 5 * HOUR, &c);
    assert_true(c.dropped_for_size > 0);
    assert_int_equal(c.dropped_for_size % 360, 0);
    assert_true(c.dropped_to >= T0 + HOUR && c.dropped_to < T0 + 4 * HOUR);
    assert_int_equal(store_state(s, true, a, &st, &err), SD_OK);
    assert_null(st.damage);
    assert_true(st.bytes <= o.max_bytes);
    assert_int_equal(st.oldest, c.dropped_to);
    arena_free(a);
    store_close(s);
    free(url);
}

/* ---- imports ---- */

static void import_once(struct store *s, int puts, int routes, bool ends, struct sums *sums)
{
    static sd_time now = T0;
    const struct store_run import = {"import log:b of web1", "web1", "1.0", ++now, true};
    struct sd_error err;
    const struct store_run other = {"import log:empty of web1", "web1", "1.0", ++now, true};
    assert_int_equal(store_end(s, &other, &err), SD_OK); /* of an empty source nothing was put */
    for (int i = 0; i < puts; i++)
        assert_int_equal(put_ten(s, &import, (uint64_t)i + 1, T0 - 10 * HOUR + i * TEN, routes, sums), SD_OK);
    if (ends)
        for (int i = 0; i < 2; i++)
            assert_int_equal(store_end(s, &import, &err), SD_OK);
}

/* Two imports of the same at once: the one that began last is whole, the other one says that it is not. */
static void test_imports_at_once(void **state)
{
    (void)state;
    struct store *a = open_store("at-once.db", true), *b = open_store("at-once.db", true);
    static const struct store_run ONE = {"import log:c of web1", "web1", "1.0", T0 + 1, true},
                                  TWO = {"import log:c of web1", "web1", "1.0", T0 + 2, true};
    struct sums *sums = mem_alloc(sizeof *sums), *got;
    struct sd_error err;
    assert_int_equal(put_ten(a, &ONE, 1, T0, 3, NULL), SD_OK);
    assert_int_equal(put_ten(b, &TWO, 1, T0, 4, sums), SD_OK);
    assert_int_equal(put_ten(a, &ONE, 2, T0 + TEN, 3, sums), SD_CONFIG);
    assert_int_equal(store_end(a, &ONE, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "another one of the same"));
    assert_int_equal(store_end(b, &TWO, &err), SD_OK);
    got = read_all(a, T0 - DAY, T0 + DAY, HOUR, NULL);
    same_sums(got, sums);
    is_sound(a, true);
    free(got);
    free(sums);
    store_close(a);
    store_close(b);
}

static void has_sums(struct store *s, const struct sums *expected)
{
    struct sums *got = read_all(s, T0 - 100 * DAY, T0 + 100 * DAY, HOUR, NULL);
    same_sums(got, expected);
    free(got);
}

static void test_import(void **state)
{
    (void)state;
    struct store *s = open_store("import.db", true);
    struct sums *none = mem_alloc(sizeof *none), *first = mem_alloc(sizeof *first),
                *second = mem_alloc(sizeof *second);
    import_once(s, 400, 3, false, NULL); /* interrupted: nothing is seen */
    has_sums(s, none);
    store_close(s);
    s = open_store("import.db", true);
    import_once(s, 500, 4, true, first);
    has_sums(s, first);
    is_sound(s, true);
    import_once(s, 450, 4, false, NULL); /* again, interrupted: what was there stays */
    has_sums(s, first);
    import_once(s, 300, 5, true, second); /* and whole: it takes the place of the first */
    has_sums(s, second);
    is_sound(s, true);
    struct store_compaction c;
    compact_at(s, T0 + 20 * DAY, &c);
    has_sums(s, second);
    memset(first, 0, sizeof *first);
    import_once(s, 20, 2, true, first);
    has_sums(s, first);
    compact_at(s, T0 + 20 * DAY, &c);
    has_sums(s, first);
    is_sound(s, true);
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
    struct made made[2];
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
        {.kind = SD_METRIC, .host = "web1", .source = "host:", .at = at + TEN, .record = &metric},
        {.kind = SD_STATEMENT, .host = "web1", .source = "pg:", .at = at + TEN, .record = &statement},
        make_row(&made[0], 1, at, "web1"),
        make_row(&made[1], 1, at, "web2"),
        {.kind = SD_EVENT, .host = "web1", .source = "pg:", .at = at + 1, .record = &event}};
    /* Events are rare. */
    struct store_put put = {
        .number = n, .from = at, .to = at + TEN, .sent = at + TEN, .rows = rows, .n = n % 100 ? 4 : 5};
    assert_int_equal(store_put(s, &RUN, &put, &err), SD_OK);
}

static void test_kinds(void **state)
{
    (void)state;
    enum { PUTS = 800 };
    struct store *s = open_store("kinds.db", true);
    struct store_compaction c;
    struct store_answer answer;
    struct sd_error err;
    for (uint64_t n = 1; n <= PUTS; n++)
        put_kinds(s, n, T0 + (int64_t)(n - 1) * TEN);
    static const int64_t AGES[] = {HOUR, 3 * DAY, 20 * DAY, 100 * DAY};
    for (size_t i = 0; i < ARRAY_LEN(AGES); i++) {
        struct kinds k = {.min = 9, .max = -9};
        struct store_ask ask = {
            .steps = {.step_ns = DAY}, .from = T0, .to = T0 + DAY, .apart = HISTORY_BY_HOST};
        compact_at(s, T0 + AGES[i], &c);
        is_sound(s, true);
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
    p->fine += row->length_ns == TEN;
    return true;
}

static void put_part(struct store *s, const struct store_run *run, uint64_t n, sd_time at,
                     struct part_sums *sums)
{
    struct made made;
    struct sd_http_part part;
    struct sd_error err;
    const struct history_row http = make_row(&made, 1, at, "web1");
    schema_clear(schema_of(SD_HTTP_PART), &part);
    part.method = "GET";
    part.route = "/route/1";
    part.by = "status";
    part.key = "2xx";
    part.interval_ns = TEN;
    part.count = part.timed = made.http.count;
    part.total_ns = made.http.total_ns;
    part.latency = &made.hist;
    struct history_row row = {
        .kind = SD_HTTP_PART, .host = "web1", .source = "log:a", .at = at, .length_ns = TEN, .record = &part};
    take_part(sums, &row);
    struct store_put put = {.number = n,
                            .from = at,
                            .to = at + TEN,
                            .sent = at + TEN,
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
    static const sd_time FROM = T0 + LATE * TEN;
    static const struct store_run RUNS[] = {{"run-1", "web1", "1.0", T0, false},
                                            {"import-1", "web1", "1.0", T0, true}};
    for (size_t run = 0; run < ARRAY_LEN(RUNS); run++) {
        struct store *s = open_store(run ? "parts-import.db" : "parts.db", true);
        struct part_sums want = {0}, got = {0};
        struct store_answer answer;
        struct sd_error err;
        for (uint64_t n = 1; n <= PUTS; n++)
            put_part(s, &RUNS[run], n, FROM + (int64_t)(n - 1) * TEN, &want);
        assert_int_equal(store_end(s, &RUNS[run], &err), SD_OK);
        struct store_ask ask = {.from = T0 - DAY, .to = T0 + DAY, .kinds = SD_KIND_BIT(SD_HTTP_PART)};
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
        assert_int_equal(answer.newest, FROM + PUTS * TEN);
        /* All kinds, a span that cuts minutes. */
        ask = (struct store_ask){.from = FROM + TEN,
                                 .to = FROM + 101 * TEN,
                                 .kinds = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_HTTP_PART)};
        assert_int_equal(store_read(s, &ask, any_row, NULL, &answer, &err), SD_OK);
        assert_int_equal(answer.from, FROM + TEN);
        assert_int_equal(answer.to, FROM + 101 * TEN);
        assert_int_equal(answer.coarsest_ns, TEN);
        is_sound(s, true);
        store_close(s);
    }
}

static void test_old_and_back(void **state)
{
    (void)state;
    struct store *s = open_store("old.db", true);
    struct made made[2];
    struct sd_error err;
    struct sums *sums = mem_alloc(sizeof *sums);
    struct arena *a = arena_new();
    struct store_state st;
    struct history_row rows[] = {make_row(&made[0], 1, T0 - 401 * DAY, "web1"),
                                 make_row(&made[1], 1, T0 - DAY, "web1")};
    struct store_put put = {
        .number = 1, .from = T0 - TEN, .to = T0, .sent = T0, .lost = 5, .rows = rows, .n = 2};
    assert_int_equal(store_put(s, &RUN, &put, &err), SD_OK);
    count_row(sums, &rows[1]);
    /* The clock goes on, an hour back, and on. */
    for (int i = 0; i < 30; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 2, T0 + (i - i / 10 % 2 * 360) * TEN, 3, sums),
                         SD_OK);
    struct sums *got = read_all(s, T0 - 500 * DAY, T0 + DAY, 0, NULL);
    same_sums(got, sums);
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
    struct store *s = open_store("tiers.db", true);
    struct sums *sums = mem_alloc(sizeof *sums);
    struct store_options o = {.write = true, .tiers = {2, {{15 * SD_S, DAY}, {7 * 60 * SD_S, 30 * DAY}}}};
    struct sd_error err;
    struct store_compaction c;
    char *url = url_of("tiers.db");
    for (int i = 0; i < 500; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 2, sums), SD_OK);
    store_close(s);
    assert_int_equal(store_open(url, &o, &s, &err), SD_OK);
    for (int64_t age = 2 * HOUR; age < 3 * DAY; age += 11 * HOUR) {
        compact_at(s, T0 + age, &c);
        has_sums(s, sums);
        is_sound(s, true);
    }
    store_close(s);
    s = open_store("tiers.db", true); /* which it keeps */
    compact_at(s, T0 + 40 * DAY, &c);
    assert_true(c.dropped > 0 && !c.moved);
    store_close(s);
    free(sums);
    free(url);
}

/* ---- following ---- */

static void test_follow(void **state)
{
    (void)state;
    struct store *w = open_store("follow.db", true), *r;
    assert_int_equal(put_ten(w, &RUN, 1, T0, 2, NULL), SD_OK);
    store_close(w);
    r = open_store("follow.db", false); /* as it lies there; then a writer comes */
    uint64_t mark = 0;
    struct store_ask ask = {0};
    struct sums *got = mem_alloc(sizeof *got), *sums = mem_alloc(sizeof *sums);
    struct sd_error err = {""};
    assert_int_equal(store_follow(r, &mark, &ask, sum_up, got, &err), SD_OK);
    w = open_store("follow.db", true);
    for (int i = 1; i < 6; i++) {
        assert_int_equal(put_ten(w, &RUN, (uint64_t)i + 1, T0 + i * TEN, 2, sums), SD_OK);
        assert_int_equal(store_follow(r, &mark, &ask, sum_up, got, &err), SD_OK);
        same_sums(got, sums);
    }
    store_close(w);
    assert_int_equal(store_follow(r, &mark, &ask, sum_up, got, &err), SD_OK);
    same_sums(got, sums);
    store_close(r);
    free(got);
    free(sums);
}

/* ---- whatever can be wrong with a file ---- */

static void write_file(const char *name, const void *bytes, size_t n)
{
    char *path = path_of(name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    free(path);
}

static void shell(const char *before, const char *name, const char *after)
{
    char *command = mem_printf("%s%s/%s%s", before, folder, name, after);
    assert_int_equal(system(command), 0);
    free(command);
}

static void make_day(const char *name)
{
    struct store *s = open_store(name, true);
    for (int i = 0; i < 800; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 10, NULL), SD_OK);
    store_close(s);
}

static void test_wrong_files(void **state)
{
    (void)state;
    static char text[8192];
    memset(text, 'x', sizeof text);
    opens_not("no-such.db", false, SD_CONFIG, "No such file");
    write_file("text.db", text, sizeof text);
    opens_not("text.db", false, SD_CONFIG, "no history");
    opens_not("text.db", true, SD_CONFIG, "no history");
    make_day("newer.db");
    shell("python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('pragma "
          "user_version=99')\" ",
          "newer.db", "");
    opens_not("newer.db", false, SD_CONFIG, "newer slowdive (schema 99; this one knows 2)");
    opens_not("newer.db", true, SD_CONFIG, "newer slowdive");
    shell("python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('create table t(a)'); "
          "c.commit()\" ",
          "others.db", "");
    opens_not("others.db", false, SD_CONFIG, "not a history of slowdive");
    opens_not("others.db", true, SD_CONFIG, "not a history of slowdive");
    opens_not("", true, SD_CONFIG, "not a regular file");
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
    const struct store_run other = {.id = "r-other", .host = "web2", .began = T0};
    struct store_put p = {
        .number = 1, .from = T0, .to = T0 + TEN, .sent = T0 + TEN, .places = one, .n_places = 2};
    struct sd_error err;
    make_day("old.db");
    shell("python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('drop table place'); "
          "c.execute('pragma user_version=1')\" ",
          "old.db", "");
    struct store *s = open_store("old.db", false);
    expect_places(s, "web2", "");
    store_close(s);
    s = open_store("old.db", true);
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
    struct store *w = open_store("whole.db", false);
    struct sums *sums = read_all(w, 0, INT64_MAX, HOUR, NULL);
    store_close(w);
    char *whole = path_of("whole.db"), *data;
    size_t len, found = 0;
    struct sd_error err;
    enum { TRIES = 60 };
    assert_true(file_read(whole, 64 << 20, &data, &len, &err));
    for (int i = 0; i < TRIES; i++) {
        char old[64];
        size_t at = (size_t)roll(len - sizeof old), n = i % 3 ? len : at;
        memcpy(old, data + at, sizeof old);
        for (size_t k = 0; k < sizeof old && n == len; k++)
            data[at + k] ^= (char)(1 + roll(255));
        write_file("broken.db", data, n);
        memcpy(data + at, old, sizeof old);
        struct store_options o = {0};
        struct store *s = NULL;
        char *url = url_of("broken.db");
        if (store_open(url, &o, &s, &err) != SD_OK) {
            found++;
            assert_null(s);
            free(url);
            continue;
        }
        struct store_ask ask = {.from = 0, .to = INT64_MAX};
        struct store_answer answer;
        struct sums *got = mem_alloc(sizeof *got);
        bool failed = store_read(s, &ask, sum_up, got, &answer, &err) != SD_OK;
        struct arena *a = arena_new();
        struct store_state st;
        failed |= store_state(s, true, a, &st, &err) != SD_OK || st.damage;
        found += failed;
        if (!failed) /* it was in what is not used */
            same_sums(got, sums);
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
                   folder, folder, folder, folder, folder);
    assert_int_equal(system(command), 0);
    free(command);
    struct store *s = open_store("ro/h.db", false);
    struct sums *got = read_all(s, 0, INT64_MAX, HOUR, NULL);
    assert_true(got->count > 0);
    free(got);
    is_sound(s, true);
    store_close(s);
    shell("test \"$(ls ", "ro", ")\" = h.db");
    shell("chmod 700 ", "ro", "");
}

/* A disk that is full: a sentence, nothing half, and it goes on when there is room. */
static void test_full(void **state)
{
    (void)state;
    struct store *s = open_store("full.db", true);
    struct sums *sums = mem_alloc(sizeof *sums);
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 300000;
    setrlimit(RLIMIT_FSIZE, &small);
    int i = 0, refused = 0;
    for (; i < 2000 && !refused; i++)
        refused += put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 10, sums) == SD_RETRY;
    assert_int_equal(refused, 1);
    setrlimit(RLIMIT_FSIZE, &old);
    has_sums(s, sums);
    for (int k = 0; k < 10; k++, i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i, T0 + (i - 1) * TEN, 10, sums), SD_OK);
    has_sums(s, sums);
    is_sound(s, true);
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
    struct sums *sums = mem_alloc(sizeof *sums);
    char *url = url_of("stopped.db");
    assert_int_equal(store_open(url, &o, &s, &err), SD_OK);
    for (int i = 0; i < 400; i++)
        assert_int_equal(put_ten(s, &RUN, (uint64_t)i + 1, T0 + i * TEN, 3, sums), SD_OK);
    stop = true;
    assert_int_equal(store_compact(s, T0 + 3 * DAY, &c, &err), SD_RETRY);
    stop = false;
    store_interrupt(s);
    assert_int_equal(store_compact(s, T0 + 3 * DAY, &c, &err), SD_RETRY);
    assert_non_null(strstr(err.text, "interrupted"));
    has_sums(s, sums);
    compact_at(s, T0 + 3 * DAY, &c);
    assert_true(c.moved > 0);
    has_sums(s, sums);
    is_sound(s, true);
    store_close(s);
    free(sums);
    free(url);
}

/* ---- kill -9, and two at once ---- */

/* Puts and compacts until it is killed; what is surely there it says through the pipe. */
static void write_until_killed(const char *name, const struct store_run *run, uint64_t number, int out)
{
    struct store *s = open_store(name, true);
    struct store_compaction c;
    struct sd_error err;
    for (uint64_t n = number;; n++) {
        dice = n; /* the same rows for the same put */
        if (put_ten(s, run, n, T0 + (int64_t)n * TEN, 6, NULL) != SD_OK)
            _exit(3);
        if (write(out, &n, sizeof n) != sizeof n)
            _exit(4);
        if (n % 50 == 0 &&
            store_compact(s, T0 + (int64_t)n * TEN + (n % 100 ? 0 : 2 * DAY), &c, &err) != SD_OK)
            _exit(5);
    }
}

static void expected_sums(uint64_t last, struct sums *sums)
{
    struct made m;
    for (uint64_t n = 1; n <= last; n++) {
        dice = n;
        for (int i = 0; i < 6; i++) {
            struct history_row row = make_row(&m, i, T0 + (int64_t)n * TEN, "web1");
            count_row(sums, &row);
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
            write_until_killed("killed.db", &RUN, seen + 1, p[1]);
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
    struct store *s = open_store("killed.db", true);
    struct sums *got = read_all(s, T0, T0 + 1000 * DAY, 0, NULL), *sums = mem_alloc(sizeof *sums);
    /* The last put may be there without having been told. */
    expected_sums(seen, sums);
    if (got->count != sums->count) {
        memset(sums, 0, sizeof *sums);
        expected_sums(seen + 1, sums);
    }
    same_sums(got, sums);
    is_sound(s, true);
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
        struct store_run run = {i ? "run-a" : "run-b", i ? "web1" : "web2", "1", T0, false};
        struct store *s = open_store("two.db", true);
        for (int n = 1; n <= PUTS; n++)
            if (put_ten(s, &run, (uint64_t)n, T0 + n * TEN, 5, NULL) != SD_OK)
                _exit(1);
        store_close(s);
        _exit(0);
    }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct store *s = open_store("two.db", false);
    struct sums *got = read_all(s, T0, T0 + DAY, 0, NULL);
    assert_int_equal(got->rows, 2 * PUTS * 5);
    free(got);
    is_sound(s, true);
    store_close(s);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}
static int remove_folder(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf %s", folder);
    int rc = system(command);
    free(command);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_put_and_read),
                                       cmocka_unit_test(test_times_alone),
                                       cmocka_unit_test(test_state),
                                       cmocka_unit_test(test_compaction),
                                       cmocka_unit_test(test_size),
                                       cmocka_unit_test(test_one_of_many),
                                       cmocka_unit_test(test_import),
                                       cmocka_unit_test(test_imports_at_once),
                                       cmocka_unit_test(test_kinds),
                                       cmocka_unit_test(test_old_and_back),
                                       cmocka_unit_test(test_other_tiers),
                                       cmocka_unit_test(test_follow),
                                       cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_wrong_files),
                                       cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_read_only),
                                       cmocka_unit_test(test_full),
                                       cmocka_unit_test(test_stopped),
                                       cmocka_unit_test(test_killed),
                                       cmocka_unit_test(test_two_writers),
                                       cmocka_unit_test(test_parts_in_minutes)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
