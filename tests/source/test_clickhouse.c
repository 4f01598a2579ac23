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

/* What is put before its interval is over, as at the end of a recorder, is of what there is. */
static void ends_in_an_interval(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("ends");
    struct store_run run = {.id = "short", .host = "here"};
    struct made m = {.seed = 1, .hosts = 1, .routes = 1, .n = 7, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    struct store_answer answer;
    sd_time t0 = today() - 3600 * SD_S;
    made_step(&m, t0, f, NULL);
    put(s, &run, 1, t0 + 3 * SD_S, t0 + 4 * SD_S, f);
    assert_int_equal(read_route(s, t0, t0 + 60 * SD_S, "/route/0", NULL, &answer)->count, 7);
    assert_int_equal(answer.newest, t0 + 10 * SD_S);
    history_fold_free(f);
    store_close(s);
}

/* ---- moments ---- */

static struct history_row moment(enum sd_kind kind, const void *record, sd_time at)
{
    return (struct history_row){.kind = kind, .host = "web1", .source = "x", .at = at, .record = record};
}

static void put_list(struct store *s, const struct store_run *run, uint64_t number, sd_time from, sd_time to,
                     const struct history_row *rows, size_t n)
{
    struct sd_error err = {.text = ""};
    struct store_put p = {
        .number = number, .from = from, .to = to, .sent = clock_wall(), .rows = rows, .n = n};
    if (store_put(s, run, &p, &err) != SD_OK)
        fail_msg("put: %s", err.text);
}

struct kept {
    struct history_row rows[100];
    struct sd_metric metric[100];
    struct sd_statement statement[100];
    char text[100][60];
    size_t n;
};

static bool keep(void *ctx, const struct history_row *row)
{
    struct kept *k = ctx;
    assert_true(k->n < 100);
    k->rows[k->n] = *row;
    if (row->kind == SD_METRIC)
        k->metric[k->n] = *(const struct sd_metric *)row->record;
    if (row->kind == SD_STATEMENT) {
        k->statement[k->n] = *(const struct sd_statement *)row->record;
        snprintf(k->text[k->n], sizeof k->text[0], "%s", k->statement[k->n].text);
    }
    if (row->kind == SD_EVENT)
        snprintf(k->text[k->n], sizeof k->text[0], "%s", ((const struct sd_event *)row->record)->title);
    k->n++;
    return true;
}

static const struct kept *read_kind(struct store *s, sd_time from, sd_time to, int64_t step,
                                    enum sd_kind kind)
{
    static struct kept k;
    struct store_answer answer;
    struct sd_error err = {.text = ""};
    struct store_ask ask = {.steps = {.step_ns = step}, .from = from, .to = to, .kinds = SD_KIND_BIT(kind)};
    k.n = 0;
    if (store_read(s, &ask, keep, &k, &answer, &err) != SD_OK)
        fail_msg("read: %s", err.text);
    return &k;
}

/* Samples are added up, of counters the last stays and what was before a fall, events stay all. */
static void moments(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("moments");
    struct store_run run = {.id = "m", .host = "web1"};
    sd_time t0 = today() - 3600 * SD_S;
    struct sd_metric g[6], c[6];
    struct sd_statement q[6];
    struct sd_event e[2];
    struct history_row rows[24];
    static const double values[] = {3, 9, 1, 4, 2, 5}, counts[] = {10, 20, 5, 7, 30, 31};
    size_t n = 0;
    for (int i = 0; i < 6; i++) {
        sd_time at = t0 + (i + 1) * 5 * SD_S;
        schema_clear(schema_of(SD_METRIC), &g[i]);
        g[i].name = "load'\\\t\n";
        g[i].labels = "a=b";
        g[i].value = values[i];
        c[i] = g[i];
        c[i].name = "hits";
        c[i].counter = 1;
        c[i].value = counts[i];
        schema_clear(schema_of(SD_STATEMENT), &q[i]);
        q[i].query_id = 7;
        q[i].text = "select '\\' || $1\tfrom x";
        q[i].calls = (int64_t)counts[i];
        rows[n++] = moment(SD_METRIC, &g[i], at);
        rows[n++] = moment(SD_METRIC, &c[i], at);
        rows[n++] = moment(SD_STATEMENT, &q[i], at);
    }
    for (int i = 0; i < 2; i++) {
        schema_clear(schema_of(SD_EVENT), &e[i]);
        e[i].title = "the same";
        rows[n++] = moment(SD_EVENT, &e[i], t0 + SD_S);
    }
    put_list(s, &run, 1, t0, t0 + 30 * SD_S, rows, n);
    const struct kept *k = read_kind(s, t0, t0 + 60 * SD_S, 3600 * SD_S, SD_METRIC);
    assert_int_equal(k->n, 4); /* 20, 5 and 31 of the counter */
    for (size_t i = 0; i < k->n; i++)
        if (k->metric[i].counter != 1) {
            assert_int_equal(k->metric[i].samples, 6);
            assert_true(k->metric[i].sum == 24 && k->metric[i].min == 1 && k->metric[i].max == 9);
            assert_true(k->metric[i].value == 5);
        }
    k = read_kind(s, t0, t0 + 60 * SD_S, 3600 * SD_S, SD_STATEMENT);
    assert_int_equal(k->n, 3); /* on both sides of the fall, and the last */
    assert_int_equal(k->statement[0].calls, 20);
    assert_int_equal(k->rows[0].at, t0 + 10 * SD_S);
    assert_int_equal(k->statement[1].calls, 5);
    assert_int_equal(k->statement[2].calls, 31);
    assert_string_equal(k->text[1], q[0].text);
    assert_int_equal(read_kind(s, t0, t0 + 60 * SD_S, 10 * SD_S, SD_STATEMENT)->n, 3);
    k = read_kind(s, t0, t0 + 60 * SD_S, 3600 * SD_S, SD_EVENT);
    assert_int_equal(k->n, 2);
    assert_string_equal(k->text[1], "the same");
    store_close(s);
}

/* ---- imports ---- */

static void imports(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("imports");
    sd_time t0 = today() - 30 * DAY;
    struct sd_error err;
    for (int again = 0; again < 2; again++) {
        struct store_run run = {
            .id = "access.log web1", .host = "web1", .import = true, .began = clock_wall() + again};
        struct made m = {.seed = 3, .hosts = 1, .routes = 2, .n = 5, .source = "log"};
        struct history_fold *f = history_fold_new(&(struct history_steps){.step_ns = 600 * SD_S}, 3);
        for (int i = 0; i < 300; i++)
            made_step(&m, t0 + i * 600 * SD_S, f, NULL);
        put(s, &run, 1, t0, t0 + 300 * 600 * SD_S, f);
        assert_int_equal(read_route(s, t0, t0 + 3 * DAY, NULL, NULL, NULL)->count, again * 3000);
        assert_int_equal(store_end(s, &run, &err), SD_OK);
        assert_int_equal(read_route(s, t0, t0 + 3 * DAY, NULL, NULL, NULL)->count, 3000);
        history_fold_free(f);
    }
    store_close(s);
}

/* ---- compaction ---- */

static void fill(struct store *s, const struct store_run *run, struct made *m, sd_time t0, uint64_t first,
                 int steps, struct hist *exact)
{
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    for (int i = 0; i < steps; i++) {
        history_fold_clear(f);
        made_step(m, t0 + i * 10 * SD_S, f, exact);
        put(s, run, first + (uint64_t)i, t0 + i * 10 * SD_S, t0 + (i + 1) * 10 * SD_S, f);
    }
    history_fold_free(f);
}

static int64_t count_of(struct store *s, sd_time t0)
{
    return read_route(s, t0, t0 + DAY, NULL, NULL, NULL)->count;
}

static struct store_state state_of(struct store *s, struct arena *a, bool verify)
{
    struct store_state st;
    struct sd_error err = {.text = ""};
    if (store_state(s, verify, a, &st, &err) != SD_OK)
        fail_msg("state: %s", err.text);
    return st;
}

/* Through all tiers to the end, with rows that come late and puts that come twice. */
static void moves(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("moves");
    struct store_run run = {.id = "r1", .host = "web1", .version = "1"};
    struct made m = {.seed = 5, .hosts = 2, .routes = 3, .n = 4, .source = "log"}, again = m;
    struct arena *a = arena_new();
    struct store_compaction done;
    struct sd_error err = {.text = ""};
    static struct hist exact;
    sd_time t0 = today() - 10 * 3600 * SD_S, keep[] = {2 * DAY, 14 * DAY, 90 * DAY, 400 * DAY};
    hist_clear(&exact);
    fill(s, &run, &m, t0, 1, 8, &exact);
    assert_int_equal(store_compact(s, t0 + DAY, &done, &err), SD_OK);
    assert_int_equal(done.moved, 0);
    int64_t before = 0;
    for (int tier = 0; tier < 3; tier++) {
        if (store_compact(s, t0 + keep[tier] + 2 * DAY, &done, &err) != SD_OK)
            fail_msg("compact: %s", err.text);
        struct store_state st = state_of(s, a, true);
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
        read_route(s, 0, today() + DAY, "/route/0", NULL, &whole);
        same_hist(&read_route(s, whole.oldest, whole.newest, "/route/0", NULL, &whole)->hist, &exact);
        assert_int_equal(whole.to, whole.newest);
        same_hist(&read_route(s, today() - DAY, today(), "/route/0", NULL, NULL)->hist, &exact);
        /* What was sent already comes again: nothing. */
        struct made copy = again;
        fill(s, &run, &copy, t0, 1, 1, NULL);
        same_hist(&read_route(s, today() - DAY, today(), "/route/0", NULL, NULL)->hist, &exact);
    }
    /* Late: of the same day, behind what was moved. */
    fill(s, &run, &m, t0 + 80 * SD_S, 9, 2, &exact);
    same_hist(&read_route(s, today() - DAY, today(), "/route/0", NULL, NULL)->hist, &exact);
    assert_int_equal(store_compact(s, t0 + keep[2] + 2 * DAY, &done, &err), SD_OK);
    assert_true(done.moved > 0);
    same_hist(&read_route(s, today() - DAY, today(), "/route/0", NULL, NULL)->hist, &exact);
    assert_int_equal(state_of(s, a, true).tiers[0].rows, 0);
    assert_int_equal(store_compact(s, t0 + keep[3] + 2 * DAY, &done, &err), SD_OK);
    assert_true(done.dropped > 0);
    assert_int_equal(count_of(s, t0), 0);
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
    fresh("stops");
    struct store_options o = {.write = true, .stop = counted_stop};
    struct store *s = opened(url_of(1, NULL, "stops"), &o);
    struct store_run run = {.id = "r1", .host = "web1"};
    struct made m = {.seed = 6, .hosts = 1, .routes = 3, .n = 4, .source = "log"};
    struct store_compaction done;
    struct sd_error err;
    static struct hist exact;
    sd_time t0 = today() - 10 * 3600 * SD_S;
    hist_clear(&exact);
    uint64_t put_number = 1;
    int stops = 0;
    for (int at = 1; at < 4000; at += 1 + at / 4, stops++) {
        fill(s, &run, &m, t0 + (int64_t)(put_number - 1) * 10 * SD_S, put_number, 1, &exact);
        put_number++;
        stop_after = at;
        enum sd_result r = store_compact(s, t0 + 20 * DAY, &done, &err);
        bool over = stop_after > 0;
        stop_after = 0;
        same_hist(&read_route(s, t0 - DAY, t0 + DAY, "/route/0", NULL, NULL)->hist, &exact);
        if (r == SD_OK && over)
            break;
    }
    assert_true(stops > 5);
    assert_int_equal(store_compact(s, t0 + 20 * DAY, &done, &err), SD_OK);
    same_hist(&read_route(s, t0 - DAY, t0 + DAY, "/route/0", NULL, NULL)->hist, &exact);
    store_close(s);
}

/* Another's claim is respected while it lives; a process of this machine that has ended holds nothing. */
static void claims(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("claims");
    struct store_compaction done;
    struct sd_error err;
    sql(1, "INSERT INTO claims.history_notes (what, id, upto, holder) VALUES (2, 77, 1, 'elsewhere 12')",
        NULL);
    assert_int_equal(store_compact(s, today(), &done, &err), SD_RETRY);
    assert_non_null(strstr(err.text, "elsewhere 12"));
    sql(1, "INSERT INTO claims.history_notes (what, id, upto, holder) VALUES (2, 77, 0, 'elsewhere 12')",
        NULL);
    char host[200] = "", text[400];
    gethostname(host, sizeof host - 1);
    snprintf(text, sizeof text,
             "INSERT INTO claims.history_notes (what, id, upto, holder) VALUES (2, 78, 1, '%s 4194999')",
             host);
    sql(1, text, NULL);
    assert_int_equal(store_compact(s, today(), &done, &err), SD_OK);
    store_close(s);
}

/* Pieces that arrived on a day that is over are dropped, once nobody can read by older notes. */
static void drops(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("drops");
    struct store_run run = {.id = "r1", .host = "web1"};
    struct made m = {.seed = 7, .hosts = 1, .routes = 1, .n = 4, .source = "log"};
    struct store_compaction done;
    struct sd_error err;
    sd_time t0 = today() - 5 * DAY;
    fill(s, &run, &m, t0, 1, 3, NULL);
    /* As if it had come when it was made. */
    sql(1, "CREATE TABLE drops.old AS drops.history_10s", NULL);
    char text[300];
    snprintf(text, sizeof text, "INSERT INTO drops.old SELECT * FROM drops.history_10s");
    sql(1, text, NULL);
    sql(1, "DROP TABLE drops.history_10s", NULL);
    sql(1, "CREATE TABLE drops.history_10s AS drops.old", NULL);
    sql(1,
        "INSERT INTO drops.history_10s SELECT day, toDateTime(day) + 50000 AS arrived, how, kind, name, "
        "thing, host, "
        "source, ended, length, run, import, put, serial, move, known, adds, lows, highs, bucket, n, "
        "samples, sum, min, "
        "max, value, total, record FROM drops.old",
        NULL);
    assert_int_equal(count_of(s, t0), 12);
    assert_int_equal(store_compact(s, today(), &done, &err), SD_OK);
    sql(1, "SELECT count() > 0 FROM drops.history_10s", "1\n"); /* somebody may be reading */
    sql(1,
        "INSERT INTO drops.history_notes SELECT what, step, day, id, run, upto, holder, noted - 3600 FROM "
        "drops.history_notes WHERE what = 1",
        NULL);
    assert_int_equal(store_compact(s, today(), &done, &err), SD_OK);
    sql(1, "SELECT count() FROM drops.history_10s", "0\n");
    assert_int_equal(count_of(s, t0), 12);
    store_close(s);
}

/* ---- several nodes ---- */

static void shards(void **state)
{
    NEEDED;
    fresh("sharded");
    struct store_options o = {.write = true, .cluster = "fleet"};
    struct sd_error err = {.text = ""};
    for (int shard = 1; shard <= 2; shard++) {
        char *schema = store_schema(url_of(shard, NULL, "sharded"), &o, &err);
        assert_non_null(schema);
        for (char *at = schema, *end; *at; at = end + 2) {
            end = strstr(at, ";\n");
            *end = 0;
            if (shard == 1 || !str_starts(at, "INSERT"))
                sql(shard, at, NULL);
        }
        free(schema);
    }
    struct store *one = opened(url_of(1, NULL, "sharded"), &WRITE),
                 *two = opened(url_of(2, NULL, "sharded"), &WRITE);
    static struct hist exact;
    sd_time t0 = today() - 10 * 3600 * SD_S;
    struct store_compaction done;
    hist_clear(&exact);
    for (int host = 0; host < 8; host++) {
        struct made m = {.seed = 10 + (uint64_t)host, .hosts = 1, .routes = 2, .n = 3, .source = "log"},
                    again = m;
        char id[20];
        snprintf(id, sizeof id, "run %d", host);
        struct store_run run = {.id = id, .host = id};
        fill(host % 2 ? one : two, &run, &m, t0, 1, 2, &exact);
        fill(one, &run, &again, t0, 1, 2, NULL);
    }
    sql(1, "SELECT count() > 0 FROM sharded.history_10s_local", "1\n");
    sql(2, "SELECT count() > 0 FROM sharded.history_10s_local", "1\n");
    same_hist(&read_route(one, t0, t0 + 20 * SD_S, "/route/0", NULL, NULL)->hist, &exact);
    same_hist(&read_route(two, t0, t0 + 20 * SD_S, "/route/0", NULL, NULL)->hist, &exact);
    for (int i = 0; i < 3; i++) { /* each node moves its own */
        if (store_compact(i % 2 ? one : two, t0 + 20 * DAY, &done, &err) != SD_OK)
            fail_msg("compact: %s", err.text);
        assert_true(i == 2 || done.moved > 0);
        same_hist(&read_route(i % 2 ? two : one, today() - DAY, today(), "/route/0", NULL, NULL)->hist,
                  &exact);
    }
    struct arena *a = arena_new();
    struct store_state st = state_of(one, a, true);
    assert_null(st.damage);
    assert_int_equal(st.n_hosts, 9); /* eight that record, and the one that their rows name */
    assert_int_equal(st.endpoints, 2);
    arena_free(a);
    store_close(one);
    store_close(two);
}

/* ---- state ---- */

static void tells(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("tells");
    struct sd_error err;
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct arena *a = arena_new();
    sd_time t0 = today() - 3600 * SD_S;
    struct store_run one = {.id = "a", .host = "web0", .version = "1"},
                     two = {.id = "b", .host = "web0", .version = "2"};
    fill(s, &one, &m, t0, 1, 3, NULL);
    fill(s, &two, &m, t0 + 100 * SD_S, 1, 3, NULL);
    struct store_run three = {.id = "c", .host = "web'9"};
    struct store_put empty = {
        .number = 1, .from = t0, .to = t0 + 10 * SD_S, .sent = clock_wall() - 600 * SD_S, .lost = 5};
    assert_int_equal(store_put(s, &three, &empty, &err), SD_OK);
    assert_int_equal(store_put(s, &three, &empty, &err), SD_OK);
    struct store_state st = state_of(s, a, false);
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
    struct store *s = opened_fresh("once");
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct store_run one = {.id = "a", .host = "web0", .version = "1"}, other = {.id = "b", .host = "web1"};
    struct arena *a = arena_new();
    sd_time t0 = today() - 3600 * SD_S;
    fill(s, &one, &m, t0, 1, 3, NULL);
    fill(s, &other, &m, t0, 1, 2, NULL);
    sql(1, "SYSTEM STOP MERGES", NULL);
    for (int i = 0; i < 2; i++) { /* with their marks, as a second INSERT has them; one of them thrice */
        sql(1, "INSERT INTO once.history_10s SELECT * FROM once.history_10s WHERE put = 2", NULL);
        struct store_state st = state_of(s, a, false);
        assert_int_equal(st.tiers[0].rows, 10);
        assert_int_equal(st.n_hosts, 2);
        assert_int_equal(st.hosts[0].rows, 10); /* the rows of both runs name it */
        assert_int_equal(st.endpoints, 2);
        assert_int_equal(st.n_gaps, 0);
    }
    for (int i = 0; i < 2; i++) /* a mark and a row of each of 1,000 puts */
        sql(1,
            "INSERT INTO once.history_10s (day, how, kind, host, ended, length, run, put, serial, adds) "
            "SELECT "
            "today(), toUInt8(number % 2), toUInt8(0), 'web2', toInt64(toUInt32(today())) * 1000000000 + 1, "
            "toInt64(1), cityHash64('x'), toUInt64(intDiv(number, 2) + 1), toUInt16(1), [toInt64(1), 0, 0, "
            "1, 1, "
            "1, "
            "1, 1] FROM system.numbers LIMIT 2000",
            NULL);
    struct store_state st = state_of(s, a, false);
    assert_int_equal(st.tiers[0].rows, 1010);
    assert_int_equal(st.hosts[2].rows, 1000);
    assert_int_equal(st.hosts[2].lost, 1000);
    arena_free(a);
    sql(1, "SYSTEM START MERGES", NULL);
    store_close(s);
}

/* ---- following ---- */

static bool count_rows(void *ctx, const struct history_row *row)
{
    (void)row;
    ++*(int *)ctx;
    return true;
}

struct as_kept {
    int64_t lengths[8], counts[8];
    sd_time ends[8];
    size_t n;
};

static bool keep_length(void *ctx, const struct history_row *row)
{
    struct as_kept *k = ctx;
    if (row->kind != SD_HTTP || k->n == ARRAY_LEN(k->ends))
        return row->kind != SD_HTTP;
    k->lengths[k->n] = row->length_ns;
    k->counts[k->n] = ((const struct sd_http *)row->record)->count;
    k->ends[k->n++] = history_row_end(row);
    return true;
}

/* Without steps rows come as they are kept, as an import into another history needs them. */
static void as_it_is_kept(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("kept");
    struct store_run run = {.id = "old", .host = "web0"}, later = {.id = "new", .host = "web0"};
    struct made m = {.seed = 1, .hosts = 1, .routes = 1, .n = 7, .source = "log"};
    sd_time t0 = today() - 3 * DAY - 3600 * SD_S;
    struct store_compaction done;
    struct store_answer answer;
    struct sd_error err = {.text = ""};
    struct as_kept k = {.n = 0};
    const struct store_ask all = {.from = t0, .to = t0 + 300 * SD_S};
    fill(s, &run, &m, t0, 1, 6, NULL);
    assert_int_equal(store_compact(s, today(), &done, &err), SD_OK); /* one minute */
    fill(s, &later, &m, t0 + 60 * SD_S, 1, 2, NULL);
    assert_int_equal(store_read(s, &all, keep_length, &k, &answer, &err), SD_OK);
    assert_int_equal(k.n, 3);
    assert_int_equal(k.lengths[0], 60 * SD_S);
    assert_int_equal(k.counts[0], 42);
    assert_int_equal(k.ends[0], t0 + 60 * SD_S);
    assert_int_equal(k.lengths[1], 10 * SD_S);
    assert_int_equal(k.ends[1], t0 + 70 * SD_S);
    assert_int_equal(k.ends[2], t0 + 80 * SD_S);
    assert_int_equal(answer.from, t0);
    store_close(s);
}

/* Rows that name other machines than the recorder's, as a receiver of many has them. */
static void tells_of_machines(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("machines");
    struct store_run run = {.id = "r", .host = "receiver", .version = "1"};
    struct made m = {.seed = 1, .hosts = 3, .routes = 2, .n = 7, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    struct arena *a = arena_new();
    struct store_state told;
    struct sd_error err = {.text = ""};
    sd_time t0 = today() - 3600 * SD_S;
    made_step(&m, t0, f, NULL);
    put(s, &run, 1, t0, t0 + 10 * SD_S, f);
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

static void follows(void **state)
{
    NEEDED;
    struct store *s = opened_fresh("follows"),
                 *reader = opened(url_of(1, NULL, "follows"), &(struct store_options){0});
    struct store_run run = {.id = "a", .host = "web0"};
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct store_ask ask = {.kinds = 0};
    struct sd_error err = {.text = ""};
    uint64_t mark = 0;
    int n = 0;
    sd_time t0 = today() - 3600 * SD_S;
    fill(s, &run, &m, t0, 1, 2, NULL);
    assert_int_equal(store_follow(reader, &mark, &ask, count_rows, &n, &err), SD_OK);
    assert_int_equal(n, 0); /* from now on */
    for (int i = 0; i < 3; i++) {
        fill(s, &run, &m, t0 + (i + 2) * 10 * SD_S, 3 + (uint64_t)i, 1, NULL);
        if (store_follow(reader, &mark, &ask, count_rows, &n, &err) != SD_OK)
            fail_msg("follow: %s", err.text);
        assert_int_equal(n, 2 * (i + 1));
        assert_int_equal(store_follow(reader, &mark, &ask, count_rows, &n, &err), SD_OK);
        assert_int_equal(n, 2 * (i + 1));
    }
    store_close(reader);
    store_close(s);
}

/* ---- who may do what ---- */

static void roles(void **state)
{
    NEEDED;
    fresh("slowdive");
    struct store *s;
    struct sd_error err = {.text = ""};
    struct store_options write = {.write = true, .password = "secret"}, see = {.password = "secret"};
    struct store_run run = {.id = "a", .host = "web0"};
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct store_compaction done;
    sd_time t0 = today() - 3600 * SD_S;
    assert_int_equal(store_open(url_of(1, "console", "slowdive"), &see, &s, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "no history"));
    assert_int_equal(store_open(url_of(1, "agent", "slowdive"), &write, &s, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "print-schema"));
    struct store *keeper = opened(url_of(1, "keeper", "slowdive"), &write);
    s = opened(url_of(1, "agent", "slowdive"), &write);
    fill(s, &run, &m, t0, 1, 2, NULL);
    assert_int_equal(store_compact(s, t0, &done, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "agent may not compact"));
    store_close(s);
    s = opened(url_of(1, "console", "slowdive"), &see);
    assert_int_equal(count_of(s, t0), 12);
    struct history_fold *f = history_fold_new(&MADE_STEPS, 0);
    assert_int_equal(put_rows(s, &run, 9, t0, t0 + SD_S, f, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "readonly"));
    history_fold_free(f);
    store_close(s);
    assert_int_equal(store_compact(keeper, t0 + 20 * DAY, &done, &err), SD_OK);
    assert_int_equal(done.moved, 6); /* 4 into minutes, which are 2, and these on */
    store_close(keeper);
    /* The agent: a few rows of its own questions, and no more. */
    sql(1,
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
    assert_int_equal(store_open(url_of(1, "console", "slowdive"), &see, &s, &err), SD_CONFIG);
    assert_non_null(strstr(err.text, "Wrong password"));
    assert_null(strstr(err.text, "wrong"));
}

/* Over TLS the server must be who it says. */
static void tls(void **state)
{
    NEEDED;
    if (!ch.tls_port[0])
        skip();
    fresh("tls");
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
    s = opened(url, &o);
    store_close(s);
    o.ca_file = NULL;
    setenv("CLICKHOUSE_CA_FILE", ca, 1);
    s = opened(url, &o);
    store_close(s);
    snprintf(url, sizeof url, "clickhouses://default@127.0.0.2:%d/tls", ch.tls_port[0]); /* not its name */
    assert_int_equal(store_open(url, &o, &s, &err), SD_CONFIG);
    unsetenv("CLICKHOUSE_CA_FILE");
}

/* ---- the engine ends in the middle ---- */

static void killed(void **state)
{
    NEEDED;
    if (!*ch.dir)
        skip();
    struct store *s = opened_fresh("killed");
    struct store_run run = {.id = "a", .host = "web0"};
    struct made m = {.seed = 9, .hosts = 2, .routes = 4, .n = 3, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    static struct hist exact;
    struct sd_error err;
    sd_time t0 = today() - 3600 * SD_S;
    hist_clear(&exact);
    for (uint64_t i = 0; i < 12; i++) {
        history_fold_clear(f);
        sd_time from = t0 + (int64_t)i * 10 * SD_S;
        made_step(&m, from, f, &exact);
        put(s, &run, i + 1, from, from + 10 * SD_S, f);
        if (i % 3 == 0) {
            private_ch_kill(&ch, 1);
            assert_int_equal(put_rows(s, &run, i + 1, from, from + 10 * SD_S, f, &err), SD_RETRY);
            assert_true(private_ch_resume(&ch));
            put(s, &run, i + 1, from, from + 10 * SD_S, f); /* was it taken? it counts once */
        }
    }
    same_hist(&read_route(s, t0, t0 + 120 * SD_S, "/route/0", NULL, NULL)->hist, &exact);
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
        cmocka_unit_test(ends_in_an_interval),
        cmocka_unit_test(moments),
        cmocka_unit_test(imports),
        cmocka_unit_test(moves),
        cmocka_unit_test(interrupted_moves),
        cmocka_unit_test(claims),
        cmocka_unit_test(drops),
        cmocka_unit_test(shards),
        cmocka_unit_test(tells),
        cmocka_unit_test(tells_once),
        cmocka_unit_test(as_it_is_kept),
        cmocka_unit_test(tells_of_machines),
        cmocka_unit_test(follows),
        cmocka_unit_test(roles),
        cmocka_unit_test(tls),
        cmocka_unit_test(killed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_ch_stop(&ch);
    return failed;
}
