/* The store in ClickHouse against a real server: sums equal exact data, whatever is sent twice, interrupted,
 * moved, late, or killed. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/clickhouse_internal.h"
#include "store/store.h"
#include "tests/lib/history_rows.h"
#include "tests/lib/private_ch.h"

#define DAY (86400 * SD_S)

static struct private_ch ch;
static bool have;

#define NEEDED                                                                                               \
    do {                                                                                                     \
        (void)state;                                                                                         \
        if (!have) {                                                                                         \
            print_message("no server: %s\n", ch.why);                                                        \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

/* ---- helpers ---- */

static char *url_of(int shard, const char *user, const char *database)
{
    static char text[200];
    snprintf(text, sizeof text, "clickhouse://%s%s127.0.0.1:%d/%s", user ? user : "", user ? "@" : "",
             ch.port[shard - 1], database);
    return text;
}

static void sql(int shard, const char *text, const char *answer)
{
    char *said = private_ch_sql(&ch, shard, text);
    if (answer)
        assert_string_equal(said, answer);
    else if (strstr(said, "Exception"))
        fail_msg("%s: %s", text, said);
    free(said);
}

/* An empty database of that name on both shards. */
static void fresh(const char *database)
{
    for (int shard = 1; shard <= ch.shards; shard++) {
        char *text = mem_printf("DROP DATABASE IF EXISTS %s", database);
        sql(shard, text, NULL);
        free(text);
        text = mem_printf("CREATE DATABASE %s", database);
        sql(shard, text, NULL);
        free(text);
    }
}

static struct store *opened(const char *url, const struct store_options *o)
{
    struct store *s;
    struct sd_error err = {.text = ""};
    if (store_open(url, o, &s, &err) != SD_OK)
        fail_msg("%s", err.text);
    return s;
}

static const struct store_options WRITE = {.write = true};

static struct store *opened_fresh(const char *database)
{
    fresh(database);
    return opened(url_of(1, NULL, database), &WRITE);
}

struct row_list {
    struct history_row rows[20000];
    size_t n;
};

static const struct row_list *rows_of(struct history_fold *f)
{
    static struct row_list list;
    list.n = history_fold_len(f);
    assert_true(list.n < ARRAY_LEN(list.rows));
    for (size_t i = 0; i < list.n; i++)
        list.rows[i] = history_fold_row(f, i);
    return &list;
}

static enum sd_result put_rows(struct store *s, const struct store_run *run, uint64_t number, sd_time from,
                               sd_time to, struct history_fold *f, struct sd_error *err)
{
    const struct row_list *list = rows_of(f);
    return store_put(
        s, run,
        &(struct store_put){
            .number = number, .from = from, .to = to, .sent = clock_wall(), .rows = list->rows, .n = list->n},
        err);
}

static void put(struct store *s, const struct store_run *run, uint64_t number, sd_time from, sd_time to,
                struct history_fold *f)
{
    struct sd_error err = {.text = ""};
    if (put_rows(s, run, number, from, to, f, &err) != SD_OK)
        fail_msg("put: %s", err.text);
}

/* Everything about a route in a span. */
struct total {
    struct hist hist;
    int64_t count, errors, bytes, total_ns, min_ns, max_ns, hosts, rows;
    const char *one_host;
};

static bool add_total(void *ctx, const struct history_row *row)
{
    struct total *t = ctx;
    const struct sd_http *r = row->record;
    t->rows++;
    if (row->kind != SD_HTTP)
        return true;
    t->hosts += row->host != NULL;
    t->count += r->count;
    t->errors += r->errors;
    t->bytes += r->bytes;
    t->total_ns += r->total_ns;
    t->min_ns = t->min_ns ? MIN(t->min_ns, r->min_ns) : r->min_ns;
    t->max_ns = MAX(t->max_ns, r->max_ns);
    hist_merge_sparse(&t->hist, r->latency, r->total_ns, r->min_ns, r->max_ns);
    return true;
}

static struct total *read_route(struct store *s, sd_time from, sd_time to, const char *route,
                                const char *host, struct store_answer *answer)
{
    static struct total t;
    struct store_answer unused;
    struct sd_error err = {.text = ""};
    const sd_time edges[] = {from, to};
    struct store_ask ask = {.steps = {.edges = edges, .n_edges = 2},
                            .from = from,
                            .to = to,
                            .kinds = SD_KIND_BIT(SD_HTTP),
                            .route = route,
                            .host = host};
    t = (struct total){.count = 0};
    hist_clear(&t.hist);
    if (store_read(s, &ask, add_total, &t, answer ? answer : &unused, &err) != SD_OK)
        fail_msg("read: %s", err.text);
    return &t;
}

static void same_hist(const struct hist *a, const struct hist *b)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < SD_HIST_BUCKETS; i++)
        assert_int_equal(a->bucket[i], b->bucket[i]);
    assert_int_equal(a->sum, b->sum);
    assert_int_equal(a->min, b->min);
    assert_int_equal(a->max, b->max);
}

static sd_time today(void)
{
    sd_time now = clock_wall();
    return now - now % DAY;
}

/* ---- sums ---- */

static void exact_and_once(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("exact");
    struct store_run run = {.id = "run 'one' \\", .host = "here", .version = "1.2", .began = 5};
    struct made m = {.seed = 1, .hosts = 3, .routes = 4, .n = 7, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    static struct hist exact;
    struct store_answer answer;
    sd_time t0 = today() - 2 * 3600 * SD_S;
    hist_clear(&exact);
    for (int i = 0; i < 12; i++) {
        history_fold_clear(f);
        made_step(&m, t0 + i * 10 * SD_S, f, &exact);
        put(s, &run, (uint64_t)i + 1, t0 + i * 10 * SD_S, t0 + (i + 1) * 10 * SD_S, f);
        put(s, &run, (uint64_t)i + 1, t0 + i * 10 * SD_S, t0 + (i + 1) * 10 * SD_S, f); /* again */
    }
    const struct total *t = read_route(s, t0, t0 + 120 * SD_S, "/route/0", NULL, &answer);
    assert_int_equal(t->count, 12 * 3 * 7);
    same_hist(&t->hist, &exact);
    assert_int_equal(t->rows, 1);
    assert_int_equal(answer.from, t0);
    assert_int_equal(answer.to, t0 + 120 * SD_S);
    assert_int_equal(answer.oldest, t0);
    assert_int_equal(answer.newest, t0 + 120 * SD_S);
    assert_int_equal(answer.coarsest_ns, 10 * SD_S);
    assert_int_equal(answer.rows, 36);
    assert_int_equal(read_route(s, t0, t0 + 120 * SD_S, NULL, NULL, NULL)->count, 12 * 3 * 4 * 7);
    assert_int_equal(read_route(s, t0 + 50 * SD_S, t0 + 60 * SD_S, NULL, "web1", NULL)->count, 4 * 7);
    assert_int_equal(read_route(s, t0, t0 + 120 * SD_S, "/none", NULL, &answer)->count, 0);
    assert_false(sd_known(answer.from));
    /* An interval that the span cuts. */
    t = read_route(s, t0 + 5 * SD_S, t0 + 25 * SD_S, "/route/0", NULL, &answer);
    assert_int_equal(t->count, 2 * 3 * 7);
    assert_int_equal(answer.from, t0);
    assert_int_equal(answer.to, t0 + 20 * SD_S);
    history_fold_free(f);
    store_close(s);
}

int main(void)
{
    const char *kept = getenv("CLICKHOUSE_KEPT"); /* "PORT PORT": servers that run, to look into */
    if (kept && sscanf(kept, "%d %d", &ch.port[0], &ch.port[1]) == 2)
        have = (ch.shards = 2) != 0;
    else
        have = private_ch_start(&ch, 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_and_once),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_ch_stop(&ch);
    return failed;
}
