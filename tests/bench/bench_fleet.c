/* bench_fleet [AGENTS [ENDPOINTS [MINUTES [PUT_SECONDS [COPIES [LONG]]]]]] - many agents, in this process,
 * against one ClickHouse.
 *
 * Each agent writes what a busy host would: histograms of its endpoints every 10 s, traffic with a long tail.
 * Time is compressed: the next put is sent as soon as the one before was taken. One put in 20 is sent twice.
 * At the end all that was made is compared with what the server adds up, bucket by bucket; then days are
 * moved through the tiers, to know what a row costs in each.
 *
 * With COPIES the server makes a large fleet of it besides, in a database of its own: each host so many
 * times, in each tier the rows that compaction made, their buckets changed so that copies do not compress as
 * what they are; and the first LONG hosts over 90 days, the hour that was made again and again. "20 500 60 60
 * 50 1" is 1,000 hosts, "20 500 2 60 50" a run of some minutes with as many. PRIVATE_CH_TMP names the folder
 * of the server's files; where there is /dev/shm, they are in memory otherwise. The last lines are of the
 * program. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/hist.h"
#include "store/store.h"
#include "tests/lib/history_rows.h"
#include "tests/lib/private_ch.h"

enum { THREADS = 4, SHAPES = 64, ROUTE_MAX = 40 };
#define DAY (86400 * SD_S)

static int agents = 200, endpoints = 500, minutes = 5, put_seconds = 10, copies, long_hosts;
static struct private_ch ch;
static char url[100];
static sd_time began;
static struct store *large; /* the fleet that the server makes */
static atomic_int next_agent;
static atomic_llong sent_rows, sent_puts, failed_puts, made_requests;

/* What one endpoint answered in 10 s, from few requests to many. */
static struct shape {
    struct sd_bucket buckets[400];
    struct sd_hist hist;
    int64_t count, total_ns, min_ns, max_ns;
} shapes[SHAPES];
static _Atomic uint64_t truth[SD_HIST_BUCKETS];

static void make_shapes(void)
{
    uint64_t seed = 42;
    for (int i = 0; i < SHAPES; i++) {
        static struct hist h;
        hist_clear(&h);
        int n = 1 + i * i / 12; /* 1 to 331, 110 in the mean */
        for (int k = 0; k < n; k++) {
            double x = 0; /* nearly normal */
            for (int d = 0; d < 12; d++)
                x += (double)made_roll(&seed, 1000000) / 1e6;
            hist_record(&h, (int64_t)(20e6 * exp((x - 6) * 0.6)));
        }
        struct shape *s = &shapes[i];
        for (uint32_t b = 0; b < SD_HIST_BUCKETS && s->hist.n < ARRAY_LEN(s->buckets); b++)
            if (h.bucket[b])
                s->buckets[s->hist.n++] = (struct sd_bucket){b, h.bucket[b]};
        s->hist.buckets = s->buckets;
        s->count = (int64_t)h.count;
        s->total_ns = h.sum;
        s->min_ns = h.min;
        s->max_ns = h.max;
    }
}

struct rows {
    struct history_row *items;
    struct sd_http *records;
    char (*routes)[ROUTE_MAX];
    size_t n;
};

static void add_row(struct rows *r, int endpoint, const char *host, sd_time at, const struct shape *s)
{
    struct sd_http *q = &r->records[r->n];
    schema_clear(schema_of(SD_HTTP), q);
    q->method = "GET";
    q->route = r->routes[endpoint];
    q->interval_ns = 10 * SD_S;
    q->count = q->timed = q->status_2xx = s->count;
    q->errors = q->status_5xx = 0;
    q->bytes = s->count * 1234;
    q->total_ns = s->total_ns;
    q->min_ns = s->min_ns;
    q->max_ns = s->max_ns;
    q->latency = &s->hist;
    r->items[r->n++] = (struct history_row){
        .kind = SD_HTTP, .host = host, .source = "access.log", .at = at, .length_ns = 10 * SD_S, .record = q};
    atomic_fetch_add(&made_requests, s->count);
    for (uint32_t i = 0; i < s->hist.n; i++)
        atomic_fetch_add(&truth[s->hist.buckets[i].index], s->hist.buckets[i].count);
}

/* Endpoint e is asked in each step for e < 50, and more and more seldom behind. */
static void make_step(struct rows *r, uint64_t *seed, const char *host, sd_time at)
{
    for (int e = 0; e < endpoints; e++) {
        if (e >= 50 && made_roll(seed, 1000) >= 50000u / (unsigned)e)
            continue;
        size_t size = made_roll(seed, SHAPES) * 50 / (size_t)(50 + e);
        add_row(r, e, host, at, &shapes[size]);
    }
}

static bool send_put(struct store *s, const struct store_run *run, const struct store_put *put)
{
    struct sd_error err = {.text = ""};
    for (int tries = 0; tries < 20; tries++) {
        if (store_put(s, run, put, &err) == SD_OK)
            return true;
        if (!tries)
            fprintf(stderr, "again: %s\n", err.text);
        usleep(200000);
    }
    return false;
}

static void one_agent(int number, struct rows *r)
{
    char host[32], id[40];
    struct sd_error err;
    struct store *s;
    struct store_options o = {.write = true};
    uint64_t seed = (uint64_t)number + 1;
    snprintf(host, sizeof host, "web%04d", number);
    snprintf(id, sizeof id, "run of %s", host);
    struct store_run run = {.id = id, .host = host, .version = "bench", .began = began};
    if (store_open(url, &o, &s, &err) != SD_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    for (int i = 0; i < minutes * 60 / put_seconds; i++) {
        struct store_put put = {.number = (uint64_t)i + 1,
                                .from = began + (int64_t)i * put_seconds * SD_S,
                                .to = began + (int64_t)(i + 1) * put_seconds * SD_S,
                                .sent = clock_wall(),
                                .rows = r->items};
        r->n = 0;
        for (sd_time at = put.from; at < put.to; at += 10 * SD_S)
            make_step(r, &seed, host, at);
        put.n = r->n;
        if (!send_put(s, &run, &put) || (made_roll(&seed, 20) == 0 && !send_put(s, &run, &put)))
            atomic_fetch_add(&failed_puts, 1);
        atomic_fetch_add(&sent_rows, (long long)r->n);
        atomic_fetch_add(&sent_puts, 1);
    }
    store_close(s);
}

static void *work(void *arg)
{
    size_t most = (size_t)endpoints * (size_t)(put_seconds / 10 + 1);
    struct rows r = {.items = mem_array(most, sizeof *r.items),
                     .records = mem_array(most, sizeof *r.records),
                     .routes = mem_array((size_t)endpoints, ROUTE_MAX)};
    (void)arg;
    for (int e = 0; e < endpoints; e++)
        snprintf(r.routes[e], ROUTE_MAX, "/service/%d/things/:id", e);
    for (int i; (i = atomic_fetch_add(&next_agent, 1)) < agents;)
        one_agent(i, &r);
    free(r.items);
    free(r.records);
    free(r.routes);
    return NULL;
}

/* Processor time that the server has used, in s: what load of other programs does not change. */
static double server_cpu(void)
{
    char path[300], text[1000] = "";
    long pid = 0;
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "%s/1/pid", ch.dir);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%ld", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    f = fopen(path, "r");
    const char *name_end = f && fgets(text, sizeof text, f) ? strrchr(text, ')') : NULL;
    if (!name_end ||
        sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        user = system = 0;
    if (f)
        fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

struct sum {
    uint64_t buckets[SD_HIST_BUCKETS];
    int64_t count, rows;
};

static bool take(void *ctx, const struct history_row *row)
{
    struct sum *t = ctx;
    const struct sd_http *q = row->record;
    t->rows++;
    t->count += q->count;
    for (uint32_t i = 0; q->latency && i < q->latency->n; i++)
        t->buckets[q->latency->buckets[i].index] += q->latency->buckets[i].count;
    return true;
}

static double read_span(struct store *s, sd_time from, sd_time to, const char *route, const char *host,
                        bool by_host, struct sum *t)
{
    struct store_answer answer;
    struct sd_error err;
    const sd_time edges[] = {from, to};
    struct store_ask ask = {.steps = {.edges = edges, .n_edges = 2},
                            .from = edges[0],
                            .to = edges[1],
                            .kinds = SD_KIND_BIT(SD_HTTP),
                            .apart = by_host ? HISTORY_BY_HOST : 0,
                            .host = host,
                            .route = route};
    int64_t start = clock_mono();
    *t = (struct sum){.count = 0};
    if (store_read(s, &ask, take, t, &answer, &err) != SD_OK)
        printf("# %s\n", err.text);
    return (double)(clock_mono() - start) / 1e9;
}

static double read_it(struct store *s, const char *route, struct sum *t)
{
    return read_span(s, began - DAY, began + DAY, route, NULL, false, t);
}

static bool is_true(const struct sum *t)
{
    for (uint32_t i = 0; i < SD_HIST_BUCKETS; i++)
        if (t->buckets[i] != truth[i])
            return false;
    return t->count == made_requests;
}

static void print_tiers(struct store *s, const char *database)
{
    static const char *const TABLES[] = {"10s", "1m", "10m", "1h"};
    struct arena *a = arena_new();
    struct store_state st;
    struct sd_error err;
    for (size_t i = 0; i < ARRAY_LEN(TABLES) && s != large;
         i++) { /* the large ones are as merges left them */
        char *sql = mem_printf("OPTIMIZE TABLE %s.history_%s FINAL", database, TABLES[i]);
        free(private_ch_sql(&ch, 1, sql));
        free(sql);
    }
    int64_t start = clock_mono();
    if (store_state(s, false, a, &st, &err) != SD_OK)
        printf("# %s\n", err.text);
    for (size_t i = 0; i < st.n_tiers; i++)
        if (st.tiers[i].rows)
            printf("tier %lld s: %lld rows, %lld bytes on disk, %.1f a row\n",
                   (long long)(st.tiers[i].step_ns / SD_S), (long long)st.tiers[i].rows,
                   (long long)st.tiers[i].bytes, (double)st.tiers[i].bytes / (double)st.tiers[i].rows);
    printf("its state: %.2f s\n", (double)(clock_mono() - start) / 1e9);
    arena_free(a);
}

/* ---- a large fleet ---- */

#define HOUR (3600 * SD_S)
static int64_t large_count[2]; /* requests of the copies, of the long ones */

static int64_t number_of(const char *sql)
{
    char *said = private_ch_sql(&ch, 1, sql);
    int64_t n = strtoll(said, NULL, 10);
    free(said);
    return n;
}

/* (An alias that lambdas alone use is not found by 18.16, hence bitAnd(h, 0).) The rows of a tier, of the
 * first `hosts` hosts and `upto` ns, `times` as often as hosts and `hours` long from `shift` on. */
static void multiply(const char *tier, bool is_long, int hosts, int times, int64_t upto, int64_t shift,
                     int64_t hours)
{
    const char *prefix = is_long ? "long" : "web";
    char *where = mem_printf("host < 'web%04d' AND ended <= %lld", hosts, (long long)(began + upto));
    char *sql = mem_printf(
        "INSERT INTO large.history_%s (day, how, kind, name, thing, host, source, ended, length, run, "
        "import, "
        "put, serial, move, known, adds, lows, highs, bucket, n, samples, sum, min, max, value, total, "
        "record) "
        "SELECT toDate(toUInt16(intDiv(ended + at - 1, 86400000000000))), how, kind, name, thing, "
        "concat('%s', substring(toString(10000 + toUInt64(k %% %d) * %d + toUInt32(substring(host, 4))), "
        "2)), "
        "source, ended + (toInt64(%lld) + toInt64(intDiv(k, %d)) * 3600000000000 AS at), length, "
        "bitXor(run, cityHash64('%s', k)), import, put, serial, 0, known, adds, lows, highs, "
        "arrayMap(b -> toUInt16(b + if(how = 6, 0, h %% 8)), bucket), arrayMap((x, b) -> toUInt32(x + "
        "if(how = 6, 0, bitAnd(bitShiftRight(h, b %% 61), 1))), n, arrayResize(bucket, length(n))), samples "
        "+ toInt64(bitAnd(h, 0)), sum, min, max, "
        "value, total, record "
        "FROM "
        "(SELECT *, cityHash64(k, ended, name) AS h FROM (SELECT *, arrayJoin(range(toUInt64(%lld))) AS k "
        "FROM "
        "fleet.history_%s FINAL WHERE %s)) "
        "SETTINGS max_block_size = 1024",
        tier, prefix, times, agents, (long long)shift, times, prefix, (long long)(times * hours), tier,
        where);
    int64_t start = clock_mono();
    char *said = private_ch_sql(&ch, 1, sql);
    if (*said)
        printf("# %.300s\n", said);
    printf("# %s %s: %.0f s\n", tier, prefix, (double)(clock_mono() - start) / 1e9);
    free(said);
    free(sql);
    sql = mem_printf("SELECT sum(adds[1]) FROM fleet.history_%s FINAL WHERE how = 1 AND kind = %d AND %s",
                     tier, SD_HTTP, where);
    large_count[is_long] += number_of(sql) * times * hours;
    free(sql);
    free(where);
}

/* What there is in a tier now, before it is moved on. */
static void enlarge(const char *tier)
{
    static const struct {
        const char *tier;
        int64_t upto, back, hours;  /* of the copies: so much of the hour, so many days ago */
        int64_t long_from, long_to; /* of the long ones: days ago */
    } TIERS[] = {{"10s", HOUR / 12, 0, 1, 2, 0},
                 {"1m", HOUR / 6, 3, 1, 14, 2},
                 {"10m", HOUR, 20, 1, 90, 14},
                 {"1h", HOUR, 100, 1, 0, 0}};
    struct sd_error err = {.text = ""};
    if (!copies)
        return;
    if (!large) {
        free(private_ch_sql(&ch, 1, "CREATE DATABASE large"));
        char *to = mem_printf("clickhouse://127.0.0.1:%d/large", ch.port[0]);
        if (store_open(to, &(struct store_options){.write = true}, &large, &err) != SD_OK) {
            printf("# %s\n", err.text);
            exit(1);
        }
        free(to);
    }
    for (size_t i = 0; i < ARRAY_LEN(TIERS); i++) {
        if (!str_eq(TIERS[i].tier, tier))
            continue;
        multiply(tier, false, agents, copies, TIERS[i].upto, -TIERS[i].back * DAY, TIERS[i].hours);
        for (int64_t day = TIERS[i].long_from; long_hosts && day > TIERS[i].long_to; day -= 4)
            multiply(tier, true, long_hosts, 1, HOUR, -day * DAY, 24 * MIN(day - TIERS[i].long_to, 4));
    }
}

static void ask_large(const char *what, sd_time from, sd_time to, const char *route, const char *host,
                      bool by_host)
{
    static struct sum t;
    double first = read_span(large, from, to, route, host, by_host, &t);
    double second = read_span(large, from, to, route, host, by_host, &t);
    printf("%s: %.2f s, again %.2f s, %lld rows back, %lld requests\n", what, first, second,
           (long long)t.rows, (long long)t.count);
}

/* What the program takes, from its start to its end, the second time. */
static void run_program(const char *what, const char *arguments)
{
    char *command = mem_printf("build/slowdive %s > /dev/null", arguments);
    int64_t start = clock_mono();
    int status = system(command);
    double first = (double)(clock_mono() - start) / 1e9;
    start = clock_mono();
    status |= system(command);
    printf("program, %s: %.2f s, again %.2f s%s\n", what, first, (double)(clock_mono() - start) / 1e9,
           status ? " (status not 0)" : "");
    free(command);
}

static void tell_program(void)
{
    char at[40] = "", text[200];
    time_t seconds = (time_t)(began / SD_S) + 300;
    struct tm tm;
    if (gmtime_r(&seconds, &tm))
        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
    snprintf(text, sizeof text, "history clickhouse://127.0.0.1:%d/large", ch.port[0]);
    run_program("history", text);
    static const char *const VIEWS[] = {"endpoint --select 'GET /service/3/things/:id'", "hosts"};
    for (size_t i = 0; i < ARRAY_LEN(VIEWS); i++) {
        snprintf(text, sizeof text, "%s clickhouse://127.0.0.1:%d/large --at %s --window 5m", VIEWS[i],
                 ch.port[0], at);
        run_program(VIEWS[i], text);
    }
}

static void tell_large(void)
{
    static struct sum t;
    const char *one = "/service/3/things/:id";
    sd_time newest = began + HOUR;
    print_tiers(large, "large");
    ask_large("one endpoint of all hosts, 5 min of 10 s", began, began + HOUR / 12, one, NULL, false);
    ask_large("the same by host", began, began + HOUR / 12, one, NULL, true);
    ask_large("one endpoint of all hosts, all there is", began - 110 * DAY, newest, one, NULL, false);
    if (long_hosts)
        ask_large("one endpoint of one host, 90 days", began - 91 * DAY, newest, one, "long0000", false);
    ask_large("all endpoints of one host, 10 min of 1 min", began - 3 * DAY, began - 3 * DAY + HOUR / 6, NULL,
              "web0007", false);
    ask_large("all endpoints of all hosts, an hour of 10 min", began - 20 * DAY, began - 20 * DAY + HOUR,
              NULL, NULL, false);
    double took = read_span(large, began - 110 * DAY, newest, NULL, NULL, false, &t);
    printf("everything: %.1f s, requests %s\n", took,
           t.count == large_count[0] + large_count[1] ? "as made" : "DIFFERENT");
    store_close(large);
    tell_program();
}

static void move(struct store *s, int64_t days)
{
    struct store_compaction done;
    struct sd_error err = {.text = ""};
    static struct sum t;
    int64_t start = clock_mono();
    if (store_compact(s, began + days * DAY, &done, &err) != SD_OK)
        printf("# %s\n", err.text);
    double took = (double)(clock_mono() - start) / 1e9;
    read_it(s, NULL, &t);
    printf("compacted as of day %lld: %lld rows moved in %.1f s; sums %s\n", (long long)days,
           (long long)done.moved, took, is_true(&t) ? "equal" : "DIFFERENT");
    print_tiers(s, "fleet");
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    struct store *s;
    struct sd_error err = {.text = ""};
    static struct sum t;
    int *const numbers[] = {&agents, &endpoints, &minutes, &put_seconds, &copies, &long_hosts};
    for (int i = 1; i < argc && i <= 6; i++)
        *numbers[i - 1] = atoi(argv[i]);
    if (!private_ch_start(&ch, 1)) {
        printf("# skipped: %s\n", ch.why);
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    make_shapes();
    free(private_ch_sql(&ch, 1, "CREATE DATABASE fleet"));
    snprintf(url, sizeof url, "clickhouse://127.0.0.1:%d/fleet", ch.port[0]);
    began = clock_wall(); /* asked once: rows that end some ns behind a step lie in the next one */
    began -= began % DAY;
    if (store_open(url, &(struct store_options){.write = true}, &s, &err) != SD_OK) {
        printf("# %s\n", err.text);
        private_ch_stop(&ch);
        return 1;
    }
    int64_t start = clock_mono(), cpu = clock_process_cpu();
    double server = server_cpu();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    double took = (double)(clock_mono() - start) / 1e9, used = (double)(clock_process_cpu() - cpu) / 1e9;
    printf("%d agents, %d endpoints, %d minutes, a put every %d s: %lld rows in %lld puts, %lld of them "
           "failed\n",
           agents, endpoints, minutes, put_seconds, (long long)sent_rows, (long long)sent_puts,
           (long long)failed_puts);
    printf(
        "%.1f s: %.1f times real time, %.0f rows a second; of the agents' processor %.2f %% of a core each\n",
        took, minutes * 60 / took, (double)sent_rows / took, used / agents / (minutes * 60) * 100);
    server = server_cpu() - server;
    printf("the server's processor: %.1f s, %.1f ms a put; with %ld cores of its own it could take %.1f "
           "times real time\n",
           server, server * 1000 / (double)MAX(sent_puts, 1), sysconf(_SC_NPROCESSORS_ONLN),
           minutes * 60 * (double)sysconf(_SC_NPROCESSORS_ONLN) / MAX(server, 0.01));
    double all = read_it(s, NULL, &t);
    printf("all endpoints of all hosts: %.2f s, %lld rows back, sums %s\n", all, (long long)t.rows,
           is_true(&t) ? "equal" : "DIFFERENT");
    printf("one endpoint of all hosts: %.2f s\n", read_it(s, "/service/3/things/:id", &t));
    print_tiers(s, "fleet");
    enlarge("10s");
    move(s, 4);
    enlarge("1m");
    move(s, 16);
    enlarge("10m");
    move(s, 92);
    enlarge("1h");
    store_close(s);
    if (large)
        tell_large();
    private_ch_stop(&ch);
    return 0;
}
