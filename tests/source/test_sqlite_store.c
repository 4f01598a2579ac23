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
    return (struct history_row){SD_HTTP, host, "log:a", at, TEN, &m->http};
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
    /* A span that cuts an interval says which span it is. */
    got = read_all(s, T0 + TEN / 2, T0 + 5 * TEN / 2, TEN, &answer);
    assert_int_equal(got->rows, 14);
    assert_int_equal(answer.from, T0);
    assert_int_equal(answer.to, T0 + 2 * TEN);
    free(got);
    free(sums);
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
    assert_int_equal(st.schema, 1);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_put_and_read), cmocka_unit_test(test_state)};
    (void)opens_not;
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
