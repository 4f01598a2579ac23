/* The store in ClickHouse against a real server: sums equal exact data, whatever is sent twice or killed;
 * what was imported; what is kept as it is; what is new. */
#include "tests/lib/ch_store.h"

#include <stdlib.h>

#include "base/clock.h"

/* ---- sums ---- */

static void exact_and_once(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("exact");
    struct store_run run = {.id = "run 'one' \\", .host = "here", .version = "1.2", .began = 5};
    struct made m = {.seed = 1, .hosts = 3, .routes = 4, .n = 7, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    static struct hist exact;
    struct store_answer answer;
    sd_time t0 = ch_today() - 2 * 3600 * SD_S;
    hist_clear(&exact);
    for (int i = 0; i < 12; i++) {
        history_fold_clear(f);
        made_step(&m, t0 + i * 10 * SD_S, f, &exact);
        ch_put(s, &run, (uint64_t)i + 1, t0 + i * 10 * SD_S, t0 + (i + 1) * 10 * SD_S, f);
        ch_put(s, &run, (uint64_t)i + 1, t0 + i * 10 * SD_S, t0 + (i + 1) * 10 * SD_S, f); /* again */
    }
    const struct total *t = ch_read_route(s, t0, t0 + 120 * SD_S, "/route/0", NULL, &answer);
    assert_int_equal(t->count, 12 * 3 * 7);
    ch_same_hist(&t->hist, &exact);
    assert_int_equal(t->rows, 1);
    assert_int_equal(answer.from, t0);
    assert_int_equal(answer.to, t0 + 120 * SD_S);
    assert_int_equal(answer.oldest, t0);
    assert_int_equal(answer.newest, t0 + 120 * SD_S);
    assert_int_equal(answer.coarsest_ns, 10 * SD_S);
    assert_int_equal(answer.rows, 36);
    assert_int_equal(ch_read_route(s, t0, t0 + 120 * SD_S, NULL, NULL, NULL)->count, 12 * 3 * 4 * 7);
    assert_int_equal(ch_read_route(s, t0 + 50 * SD_S, t0 + 60 * SD_S, NULL, "web1", NULL)->count, 4 * 7);
    assert_int_equal(ch_read_route(s, t0, t0 + 120 * SD_S, "/none", NULL, &answer)->count, 0);
    assert_false(sd_known(answer.from));
    /* An interval that the span cuts. */
    t = ch_read_route(s, t0 + 5 * SD_S, t0 + 25 * SD_S, "/route/0", NULL, &answer);
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
    struct store *s = ch_opened_fresh("ends");
    struct store_run run = {.id = "short", .host = "here"};
    struct made m = {.seed = 1, .hosts = 1, .routes = 1, .n = 7, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    struct store_answer answer;
    sd_time t0 = ch_today() - 3600 * SD_S;
    made_step(&m, t0, f, NULL);
    ch_put(s, &run, 1, t0 + 3 * SD_S, t0 + 4 * SD_S, f);
    assert_int_equal(ch_read_route(s, t0, t0 + 60 * SD_S, "/route/0", NULL, &answer)->count, 7);
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

/* A log tells of intervals that began before its recorder did, and of a moment that came late and alone: the
 * history begins with these, also once they were moved. */
static void begins_before_its_recorder(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("begins");
    struct store_run run = {.id = "late", .host = "web1"};
    struct made m = {.seed = 1, .hosts = 1, .routes = 1, .n = 7, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    struct sd_event deploy = {.title = "deploy"};
    struct store_compaction done;
    struct store_answer all;
    struct sd_error err = {.text = ""};
    sd_time t0 = ch_today() - 3600 * SD_S, before = t0 - 200 * SD_S;
    made_step(&m, t0, f, NULL);
    made_step(&m, t0 + 10 * SD_S, f, NULL);
    ch_put(s, &run, 1, t0 + 13 * SD_S, t0 + 14 * SD_S, f);
    ch_read_route(s, t0, t0 + 60 * SD_S, NULL, NULL, &all);
    assert_int_equal(all.oldest, t0);
    assert_int_equal(read_kind(s, 0, INT64_MAX, 0, SD_HTTP)->n, 2);
    const struct history_row late = moment(SD_EVENT, &deploy, before);
    put_list(s, &run, 2, before, before, &late, 1);
    ch_read_route(s, t0, t0 + 60 * SD_S, NULL, NULL, &all);
    assert_int_equal(all.oldest, before);
    assert_int_equal(read_kind(s, 0, INT64_MAX, 0, SD_EVENT)->n, 1);
    for (int tier = 0; tier < 3; tier++) {
        static const int64_t steps[] = {60 * SD_S, 600 * SD_S, 3600 * SD_S}, keep[] = {2, 14, 90};
        if (store_compact(s, t0 + (keep[tier] + 2) * DAY, &done, &err) != SD_OK)
            fail_msg("compact: %s", err.text);
        ch_read_route(s, t0, t0 + 60 * SD_S, NULL, NULL, &all);
        assert_int_equal(all.oldest, history_step_start(before + 1, steps[tier]));
        assert_int_equal(read_kind(s, 0, INT64_MAX, 0, SD_EVENT)->n, 1);
        assert_int_equal(ch_read_route(s, all.oldest, all.newest, "/route/0", NULL, NULL)->count, 14);
    }
    history_fold_free(f);
    store_close(s);
}

/* Samples are added up, of counters the last stays and what was before a fall, events stay all. */
static void moments(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("moments");
    struct store_run run = {.id = "m", .host = "web1"};
    sd_time t0 = ch_today() - 3600 * SD_S;
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
    struct store *s = ch_opened_fresh("imports");
    sd_time t0 = ch_today() - 30 * DAY;
    struct sd_error err;
    for (int again = 0; again < 2; again++) {
        struct store_run run = {
            .id = "access.log web1", .host = "web1", .import = true, .began = clock_wall() + again};
        struct made m = {.seed = 3, .hosts = 1, .routes = 2, .n = 5, .source = "log"};
        struct history_fold *f = history_fold_new(&(struct history_steps){.step_ns = 600 * SD_S}, 3);
        for (int i = 0; i < 300; i++)
            made_step(&m, t0 + i * 600 * SD_S, f, NULL);
        ch_put(s, &run, 1, t0, t0 + 300 * 600 * SD_S, f);
        assert_int_equal(ch_read_route(s, t0, t0 + 3 * DAY, NULL, NULL, NULL)->count, again * 3000);
        assert_int_equal(store_end(s, &run, &err), SD_OK);
        assert_int_equal(ch_read_route(s, t0, t0 + 3 * DAY, NULL, NULL, NULL)->count, 3000);
        history_fold_free(f);
    }
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
    struct store *s = ch_opened_fresh("kept");
    struct store_run run = {.id = "old", .host = "web0"}, later = {.id = "new", .host = "web0"};
    struct made m = {.seed = 1, .hosts = 1, .routes = 1, .n = 7, .source = "log"};
    sd_time t0 = ch_today() - 3 * DAY - 3600 * SD_S;
    struct store_compaction done;
    struct store_answer answer;
    struct sd_error err = {.text = ""};
    struct as_kept k = {.n = 0};
    const struct store_ask all = {.from = t0, .to = t0 + 300 * SD_S};
    ch_fill(s, &run, &m, t0, 1, 6, NULL);
    assert_int_equal(store_compact(s, ch_today(), &done, &err), SD_OK); /* one minute */
    ch_fill(s, &later, &m, t0 + 60 * SD_S, 1, 2, NULL);
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

static void follows(void **state)
{
    NEEDED;
    struct store *s = ch_opened_fresh("follows"),
                 *reader = ch_opened(ch_url(1, NULL, "follows"), &(struct store_options){0});
    struct store_run run = {.id = "a", .host = "web0"};
    struct made m = {.seed = 8, .hosts = 1, .routes = 2, .n = 3, .source = "log"};
    struct store_ask ask = {.kinds = 0};
    struct sd_error err = {.text = ""};
    uint64_t mark = 0;
    int n = 0;
    sd_time t0 = ch_today() - 3600 * SD_S;
    ch_fill(s, &run, &m, t0, 1, 2, NULL);
    assert_int_equal(store_follow(reader, &mark, &ask, count_rows, &n, &err), SD_OK);
    assert_int_equal(n, 0); /* from now on */
    for (int i = 0; i < 3; i++) {
        ch_fill(s, &run, &m, t0 + (i + 2) * 10 * SD_S, 3 + (uint64_t)i, 1, NULL);
        if (store_follow(reader, &mark, &ask, count_rows, &n, &err) != SD_OK)
            fail_msg("follow: %s", err.text);
        assert_int_equal(n, 2 * (i + 1));
        assert_int_equal(store_follow(reader, &mark, &ask, count_rows, &n, &err), SD_OK);
        assert_int_equal(n, 2 * (i + 1));
    }
    store_close(reader);
    store_close(s);
}

/* ---- the engine ends in the middle ---- */

static void killed(void **state)
{
    NEEDED;
    if (!*ch.dir)
        skip();
    struct store *s = ch_opened_fresh("killed");
    struct store_run run = {.id = "a", .host = "web0"};
    struct made m = {.seed = 9, .hosts = 2, .routes = 4, .n = 3, .source = "log"};
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    static struct hist exact;
    struct sd_error err;
    sd_time t0 = ch_today() - 3600 * SD_S;
    hist_clear(&exact);
    for (uint64_t i = 0; i < 12; i++) {
        history_fold_clear(f);
        sd_time from = t0 + (int64_t)i * 10 * SD_S;
        made_step(&m, from, f, &exact);
        ch_put(s, &run, i + 1, from, from + 10 * SD_S, f);
        if (i % 3 == 0) {
            private_ch_kill(&ch, 1);
            assert_int_equal(ch_put_rows(s, &run, i + 1, from, from + 10 * SD_S, f, &err), SD_RETRY);
            assert_true(private_ch_resume(&ch));
            ch_put(s, &run, i + 1, from, from + 10 * SD_S, f); /* was it taken? it counts once */
        }
    }
    ch_same_hist(&ch_read_route(s, t0, t0 + 120 * SD_S, "/route/0", NULL, NULL)->hist, &exact);
    history_fold_free(f);
    store_close(s);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_and_once),
        cmocka_unit_test(ends_in_an_interval),
        cmocka_unit_test(begins_before_its_recorder),
        cmocka_unit_test(moments),
        cmocka_unit_test(imports),
        cmocka_unit_test(as_it_is_kept),
        cmocka_unit_test(follows),
        cmocka_unit_test(killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return ch_main(1, run);
}
