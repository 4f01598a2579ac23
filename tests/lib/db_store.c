#include "tests/lib/db_store.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a folder of its own ---- */

char db_folder[] = "/tmp/slowdive-store-XXXXXX";
char *db_path(const char *name)
{
    return mem_printf("%s/%s", db_folder, name);
}
char *db_url(const char *name)
{
    return mem_printf("history:%s/%s", db_folder, name);
}

struct store *db_opened(const char *name, bool write)
{
    struct store_options o = {.write = write};
    struct store *s = NULL;
    struct sd_error err = {""};
    char *url = db_url(name);
    enum sd_result result = store_open(url, &o, &s, &err);
    if (result != SD_OK)
        print_message("%s\n", err.text);
    assert_int_equal(result, SD_OK);
    free(url);
    return s;
}

/* The sentence with which opening fails. */
void db_opens_not(const char *name, bool write, enum sd_result expected, const char *says)
{
    struct store_options o = {.write = write};
    struct store *s = NULL;
    struct sd_error err = {""};
    char *url = db_url(name);
    assert_int_equal(store_open(url, &o, &s, &err), expected);
    assert_null(s);
    assert_non_null(strstr(err.text, says));
    free(url);
}

/* ---- rows ---- */

static uint64_t dice = 1;
void db_seed(uint64_t seed)
{
    dice = seed;
}

uint64_t db_roll(uint64_t sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (dice >> 33) % sides;
}

/* Some requests of route i in the ten seconds from `at`. */
struct history_row db_make_row(struct db_made *m, int i, sd_time at, const char *host)
{
    schema_clear(schema_of(SD_HTTP), &m->http);
    snprintf(m->route, sizeof m->route, "/route/%d", i);
    m->hist = (struct sd_hist){3, m->buckets};
    for (uint32_t k = 0; k < 3; k++)
        m->buckets[k] = (struct sd_bucket){900 + k * 60 + (uint32_t)db_roll(60), 1 + (uint32_t)db_roll(9)};
    m->http.method = "GET";
    m->http.route = m->route;
    m->http.interval_ns = DB_TEN;
    m->http.count = m->http.timed = m->buckets[0].count + m->buckets[1].count + m->buckets[2].count;
    m->http.errors = (int64_t)db_roll(2);
    m->http.bytes = (int64_t)db_roll(100000);
    m->http.min_ns = sd_hist_lower(m->buckets[0].index);
    m->http.max_ns = sd_hist_lower(m->buckets[2].index) + 1;
    m->http.total_ns = m->http.count * m->http.min_ns;
    m->http.latency = &m->hist;
    return (struct history_row){
        .kind = SD_HTTP, .host = host, .source = "log:a", .at = at, .length_ns = DB_TEN, .record = &m->http};
}

void db_count_row(struct db_sums *s, const struct history_row *row)
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
bool db_sum_up(void *ctx, const struct history_row *row)
{
    db_count_row(ctx, row);
    return true;
}
void db_same_sums(const struct db_sums *a, const struct db_sums *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->errors, b->errors);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->total, b->total);
    assert_memory_equal(a->buckets, b->buckets, sizeof a->buckets);
}

const struct store_run DB_RUN = {"run-1", "web1", "1.0", DB_T0, false};

/* Ten seconds of n routes. */
enum sd_result db_put_ten(struct store *s, const struct store_run *run, uint64_t number, sd_time at, int n,
                          struct db_sums *sums)
{
    struct db_made *m = mem_array((size_t)n, sizeof *m);
    struct history_row *rows = mem_array((size_t)n, sizeof *rows);
    struct sd_error err = {""};
    for (int i = 0; i < n; i++)
        rows[i] = db_make_row(&m[i], i, at, run->host);
    struct store_put put = {
        .number = number, .from = at, .to = at + DB_TEN, .sent = at + DB_TEN, .rows = rows, .n = (size_t)n};
    enum sd_result result = store_put(s, run, &put, &err);
    if (result != SD_OK && !sums)
        print_message("%s\n", err.text);
    for (int i = 0; i < n && result == SD_OK && sums; i++)
        db_count_row(sums, &rows[i]);
    free(rows);
    free(m);
    return result;
}

struct db_sums *db_read_all(struct store *s, sd_time from, sd_time to, int64_t step,
                            struct store_answer *answer)
{
    struct db_sums *sums = mem_alloc(sizeof *sums);
    struct store_ask ask = {.steps = {.step_ns = step}, .from = from, .to = to};
    struct sd_error err = {""};
    struct store_answer own;
    enum sd_result result = store_read(s, &ask, db_sum_up, sums, answer ? answer : &own, &err);
    if (result != SD_OK)
        print_message("%s\n", err.text);
    assert_int_equal(result, SD_OK);
    return sums;
}

void db_is_sound(struct store *s, bool sound)
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

void db_compact_at(struct store *s, sd_time now, struct store_compaction *out)
{
    struct sd_error err = {""};
    enum sd_result result = store_compact(s, now, out, &err);
    if (result != SD_OK)
        print_message("%s\n", err.text);
    assert_int_equal(result, SD_OK);
}

void db_has_sums(struct store *s, const struct db_sums *expected)
{
    struct db_sums *got = db_read_all(s, DB_T0 - 100 * DB_DAY, DB_T0 + 100 * DB_DAY, DB_HOUR, NULL);
    db_same_sums(got, expected);
    free(got);
}

int db_make_folder(void **state)
{
    (void)state;
    return mkdtemp(db_folder) ? 0 : -1;
}
int db_remove_folder(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf %s", db_folder);
    int rc = system(command);
    free(command);
    return rc;
}
