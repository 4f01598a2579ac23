/* ch_store.c */
#include "tests/lib/ch_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

struct private_ch ch;
bool ch_have;

char *ch_url(int shard, const char *user, const char *database)
{
    static char text[200];
    snprintf(text, sizeof text, "clickhouse://%s%s127.0.0.1:%d/%s", user ? user : "", user ? "@" : "",
             ch.port[shard - 1], database);
    return text;
}

void ch_sql(int shard, const char *text, const char *answer)
{
    char *said = private_ch_sql(&ch, shard, text);
    if (answer)
        assert_string_equal(said, answer);
    else if (strstr(said, "Exception"))
        fail_msg("%s: %s", text, said);
    free(said);
}

/* An empty database of that name on both shards. */
void ch_fresh(const char *database)
{
    for (int shard = 1; shard <= ch.shards; shard++) {
        char *text = mem_printf("DROP DATABASE IF EXISTS %s", database);
        ch_sql(shard, text, NULL);
        free(text);
        text = mem_printf("CREATE DATABASE %s", database);
        ch_sql(shard, text, NULL);
        free(text);
    }
}

struct store *ch_opened(const char *url, const struct store_options *o)
{
    struct store *s;
    struct sd_error err = {.text = ""};
    if (store_open(url, o, &s, &err) != SD_OK)
        fail_msg("%s", err.text);
    return s;
}

const struct store_options CH_WRITE = {.write = true};

struct store *ch_opened_fresh(const char *database)
{
    ch_fresh(database);
    return ch_opened(ch_url(1, NULL, database), &CH_WRITE);
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

enum sd_result ch_put_rows(struct store *s, const struct store_run *run, uint64_t number, sd_time from,
                           sd_time to, struct history_fold *f, struct sd_error *err)
{
    const struct row_list *list = rows_of(f);
    return store_put(
        s, run,
        &(struct store_put){
            .number = number, .from = from, .to = to, .sent = clock_wall(), .rows = list->rows, .n = list->n},
        err);
}

void ch_put(struct store *s, const struct store_run *run, uint64_t number, sd_time from, sd_time to,
            struct history_fold *f)
{
    struct sd_error err = {.text = ""};
    if (ch_put_rows(s, run, number, from, to, f, &err) != SD_OK)
        fail_msg("put: %s", err.text);
}

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

struct total *ch_read_total(struct store *s, struct store_ask *ask, sd_time from, sd_time to,
                            struct store_answer *answer)
{
    static struct total t;
    struct store_answer unused;
    struct sd_error err = {.text = ""};
    const sd_time edges[] = {from, to};
    ask->steps = (struct history_steps){.edges = edges, .n_edges = 2};
    ask->from = from;
    ask->to = to;
    t = (struct total){.count = 0};
    hist_clear(&t.hist);
    if (store_read(s, ask, add_total, &t, answer ? answer : &unused, &err) != SD_OK)
        fail_msg("read: %s", err.text);
    return &t;
}

struct total *ch_read_route(struct store *s, sd_time from, sd_time to, const char *route, const char *host,
                            struct store_answer *answer)
{
    struct store_ask ask = {.kinds = SD_KIND_BIT(SD_HTTP), .route = route, .host = host};
    return ch_read_total(s, &ask, from, to, answer);
}

void ch_same_hist(const struct hist *a, const struct hist *b)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < SD_HIST_BUCKETS; i++)
        assert_int_equal(a->bucket[i], b->bucket[i]);
    assert_int_equal(a->sum, b->sum);
    assert_int_equal(a->min, b->min);
    assert_int_equal(a->max, b->max);
}

sd_time ch_today(void)
{
    sd_time now = clock_wall();
    return now - now % DAY;
}

void ch_fill(struct store *s, const struct store_run *run, struct made *m, sd_time t0, uint64_t first,
             int steps, struct hist *exact)
{
    struct history_fold *f = history_fold_new(&MADE_STEPS, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    for (int i = 0; i < steps; i++) {
        history_fold_clear(f);
        made_step(m, t0 + i * 10 * SD_S, f, exact);
        ch_put(s, run, first + (uint64_t)i, t0 + i * 10 * SD_S, t0 + (i + 1) * 10 * SD_S, f);
    }
    history_fold_free(f);
}

int64_t ch_count(struct store *s, sd_time t0)
{
    return ch_read_route(s, t0, t0 + DAY, NULL, NULL, NULL)->count;
}

struct store_state ch_state(struct store *s, struct arena *a, bool verify)
{
    struct store_state st;
    struct sd_error err = {.text = ""};
    if (store_state(s, verify, a, &st, &err) != SD_OK)
        fail_msg("state: %s", err.text);
    return st;
}

int ch_main(int shards, int (*run)(void))
{
    const char *kept = getenv("CLICKHOUSE_KEPT"); /* "PORT PORT": servers that run, to look into */
    if (kept && sscanf(kept, "%d %d", &ch.port[0], &ch.port[1]) == 2)
        ch_have = (ch.shards = 2) != 0;
    else
        ch_have = private_ch_start(&ch, shards);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = run();
    private_ch_stop(&ch);
    return failed;
}
