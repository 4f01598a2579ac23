/* bench_history.c - a history of 90 days of 500 endpoints in a SQLite file, in compressed time. Prints
 * "name value unit" lines.
 *
 * 300 requests a second with the usual long tail (the n-th endpoint has 1/n of the first one's traffic) and
 * log-normal durations, in microseconds. The last two days are put as a recorder puts them, every ten
 * seconds; before that rows come in the steps that compaction would have left. HISTORY_DAYS changes the 90.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/hist.h"
#include "store/store.h"

enum { ENDPOINTS = 500, RATE = 300, FEW = 80, SHAPE_BUCKETS = 420 };
#define DAY (86400 * SD_S)
#define T0  (20000 * DAY)

static double now_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static double cpu(void)
{
    return now_of(CLOCK_PROCESS_CPUTIME_ID);
}
static double wall(void)
{
    return now_of(CLOCK_MONOTONIC);
}

static uint64_t dice = 1;
static double chance(void)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return ((double)(dice >> 11) + 0.5) / 9007199254740992.0;
}
static double normal(void)
{
    return sqrt(-2 * log(chance())) * cos(2 * M_PI * chance());
}
static uint64_t poisson(double mean)
{
    if (mean > 50) {
        double v = mean + sqrt(mean) * normal();
        return v > 0 ? (uint64_t)(v + 0.5) : 0;
    }
    double limit = exp(-mean), product = chance();
    uint64_t n = 0;
    for (; product > limit; n++)
        product *= chance();
    return n;
}

struct endpoint {
    char route[40];
    double rate, middle_us, sigma, bytes;
    uint32_t first;
    double shape[SHAPE_BUCKETS]; /* share of each bucket from `first` on */
    uint64_t sent[SD_HIST_BUCKETS];
    int64_t count, errors, sum;
    struct sd_http http;
    struct sd_hist hist;
    struct sd_bucket buckets[SHAPE_BUCKETS];
};
static struct endpoint *endpoints;

static void make_endpoints(void)
{
    double harmonic = 0;
    endpoints = mem_array(ENDPOINTS, sizeof *endpoints);
    for (int i = 0; i < ENDPOINTS; i++)
        harmonic += 1.0 / (i + 1);
    for (int i = 0; i < ENDPOINTS; i++) {
        struct endpoint *e = &endpoints[i];
        snprintf(e->route, sizeof e->route, "/api/v1/resource-%d/:id", i);
        e->rate = RATE / harmonic / (i + 1);
        e->middle_us = exp(log(2000) + chance() * log(100));
        e->sigma = 0.4 + 0.4 * chance();
        e->bytes = exp(log(300) + chance() * log(100));
        double lowest = e->middle_us * 1000 * exp(-3 * e->sigma);
        e->first = sd_hist_index((int64_t)lowest);
        for (uint32_t k = 0; k < SHAPE_BUCKETS; k++) {
            double a = log((double)sd_hist_lower(e->first + k) / 1000 / e->middle_us) / e->sigma;
            double b = log((double)sd_hist_lower(e->first + k + 1) / 1000 / e->middle_us) / e->sigma;
            e->shape[k] = (erf(b / sqrt(2)) - erf(a / sqrt(2))) / 2;
        }
    }
}

static void add_one(struct endpoint *e, int64_t ns)
{
    uint32_t index = sd_hist_index(ns), k = e->hist.n;
    e->http.total_ns += ns;
    e->http.min_ns = MIN(e->http.min_ns, ns);
    e->http.max_ns = MAX(e->http.max_ns, ns);
    while (k > 0 && e->buckets[k - 1].index > index)
        k--;
    if (k > 0 && e->buckets[k - 1].index == index) {
        e->buckets[k - 1].count++;
        return;
    }
    memmove(e->buckets + k + 1, e->buckets + k, (e->hist.n - k) * sizeof *e->buckets);
    e->buckets[k] = (struct sd_bucket){index, 1};
    e->hist.n++;
}

/* Many requests: how many fall into each bucket. */
static void add_many(struct endpoint *e, double n)
{
    for (uint32_t k = 0; k < SHAPE_BUCKETS && e->first + k + 1 < SD_HIST_BUCKETS; k++) {
        uint64_t count = n * e->shape[k] > 1e-5 ? poisson(n * e->shape[k]) : 0;
        int64_t low = sd_hist_lower(e->first + k), width = sd_hist_lower(e->first + k + 1) - low;
        int64_t ns = (low + (int64_t)((double)width * chance())) / 1000 * 1000 + 1000;
        if (!count || sd_hist_index(ns) != e->first + k)
            continue;
        e->buckets[e->hist.n++] = (struct sd_bucket){e->first + k, (uint32_t)count};
        e->http.total_ns += ns * (int64_t)count;
        e->http.min_ns = MIN(e->http.min_ns, ns);
        e->http.max_ns = MAX(e->http.max_ns, ns);
    }
}

static bool make_row(struct endpoint *e, sd_time at, int64_t length)
{
    double mean = e->rate * (double)length / 1e9;
    struct sd_http *h = &e->http;
    uint64_t n = 0;
    memset(h, 0, sizeof *h);
    schema_clear(schema_of(SD_HTTP), h);
    e->hist = (struct sd_hist){0, e->buckets};
    h->total_ns = 0;
    h->min_ns = INT64_MAX;
    h->max_ns = 0;
    if (mean > FEW) {
        add_many(e, mean);
    } else {
        n = poisson(mean);
        for (uint64_t i = 0; i < n; i++)
            add_one(e, (int64_t)(e->middle_us * exp(e->sigma * normal())) * 1000);
    }
    for (uint32_t k = 0; k < e->hist.n; k++) {
        e->sent[e->buckets[k].index] += e->buckets[k].count;
        h->timed = k ? h->timed + e->buckets[k].count : e->buckets[k].count;
    }
    if (!e->hist.n)
        return false;
    h->method = "GET";
    h->route = e->route;
    h->interval_ns = length;
    h->count = h->timed;
    h->errors = h->status_5xx = (int64_t)poisson((double)h->count * 0.001);
    h->status_4xx = (int64_t)poisson((double)h->count * 0.01);
    h->status_1xx = h->status_3xx = 0;
    h->status_2xx = h->count - h->status_4xx - h->status_5xx;
    h->bytes = (int64_t)((double)h->count * e->bytes * (1 + 0.2 * normal()));
    h->first_at = at + (int64_t)(chance() * (double)length / (double)(h->count + 1)) / SD_MS * SD_MS;
    h->last_at =
        at + length - 1 - (int64_t)(chance() * (double)length / (double)(h->count + 1)) / SD_MS * SD_MS;
    h->last_at -= h->last_at % SD_MS;
    h->latency = &e->hist;
    e->count += h->count;
    e->errors += h->errors;
    e->sum += h->total_ns;
    return true;
}

static void must(enum sd_result result, const struct sd_error *err)
{
    if (result == SD_OK)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

/* Rows of long steps are costly to make: some are made, and come again and again. */
enum { KEPT = 12 };
static struct sd_http *kept[2][KEPT][ENDPOINTS];

static void count_again(struct endpoint *e, const struct sd_http *h)
{
    for (uint32_t k = 0; k < h->latency->n; k++)
        e->sent[h->latency->buckets[k].index] += h->latency->buckets[k].count;
    e->count += h->count;
    e->errors += h->errors;
    e->sum += h->total_ns;
}

static const struct sd_http *row_of(int i, uint64_t number, sd_time at, int64_t length)
{
    const struct sd_schema *sc = schema_of(SD_HTTP);
    struct endpoint *e = &endpoints[i];
    if (length < 60 * SD_S)
        return make_row(e, at, length) ? &e->http : NULL;
    struct sd_http **k = &kept[length > 60 * SD_S][number % KEPT][i];
    if (*k) {
        count_again(e, *k);
    } else {
        if (!make_row(e, at, length))
            return NULL;
        *k = schema_copy(sc, &e->http, mem_alloc(schema_need(sc, &e->http)));
    }
    (*k)->first_at = at;
    (*k)->last_at = at + length - SD_MS;
    return *k;
}

static uint64_t rows_put;
static double put_cpu, slowest;

static void put(struct store *s, uint64_t number, sd_time at, int64_t length)
{
    static struct history_row rows[ENDPOINTS];
    static const struct store_run RUN = {"bench", "web1", "1.0", T0, false};
    struct sd_error err;
    size_t n = 0;
    for (int i = 0; i < ENDPOINTS; i++) {
        const struct sd_http *h = row_of(i, number, at, length);
        if (h)
            rows[n++] = (struct history_row){.kind = SD_HTTP,
                                             .host = "web1",
                                             .source = "log:access.log",
                                             .at = at,
                                             .length_ns = length,
                                             .record = h};
    }
    struct store_put p = {
        .number = number, .from = at, .to = at + length, .sent = at + length, .rows = rows, .n = n};
    double begin = cpu(), began = wall();
    must(store_put(s, &RUN, &p, &err), &err);
    put_cpu += cpu() - begin;
    slowest = MAX(slowest, wall() - began);
    rows_put += n;
}

struct reading {
    uint64_t rows, bad;
    struct hist hist;
};
static bool take(void *ctx, const struct history_row *row)
{
    struct reading *r = ctx;
    const struct sd_http *h = row->record;
    r->rows++;
    if (h->latency)
        hist_merge_sparse(&r->hist, h->latency, h->total_ns, h->min_ns, h->max_ns);
    return true;
}

static void drop_cache(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd >= 0) {
        fsync(fd);
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
}

static struct reading *ask(const char *name, const char *url, const char *path, struct store_ask a, bool cold)
{
    struct reading *r = mem_alloc(sizeof *r);
    struct store_options o = {0};
    struct store_answer answer;
    struct sd_error err;
    struct store *s;
    hist_clear(&r->hist);
    if (cold)
        drop_cache(path);
    double began = wall(), begin = cpu();
    must(store_open(url, &o, &s, &err), &err);
    must(store_read(s, &a, take, r, &answer, &err), &err);
    printf("%s%s %.3f s (%.3f of a processor; %llu rows read, %llu given, p99 %.2f ms)\n", name,
           cold ? "_cold" : "", wall() - began, cpu() - begin, (unsigned long long)answer.rows,
           (unsigned long long)r->rows, (double)hist_quantile(&r->hist, 0.99) / 1e6);
    store_close(s);
    return r;
}

static uint64_t misses;
static bool compare(void *ctx, const struct history_row *row)
{
    const struct sd_http *h = row->record;
    int i = atoi(h->route + strlen("/api/v1/resource-"));
    struct endpoint *e = &endpoints[i];
    (void)ctx;
    misses += h->count != e->count || h->errors != e->errors || h->total_ns != e->sum;
    for (uint32_t k = 0; k < h->latency->n; k++) {
        misses += e->sent[h->latency->buckets[k].index] != h->latency->buckets[k].count;
        e->sent[h->latency->buckets[k].index] = 0;
    }
    for (uint32_t k = 0; k < SD_HIST_BUCKETS; k++)
        misses += e->sent[k] != 0;
    return true;
}

static void reads(const char *url, const char *path, sd_time to, int days)
{
    struct store_ask one = {
        .steps = {.step_ns = 600 * SD_S}, .from = to - 30 * DAY, .to = to, .route = endpoints[3].route};
    struct store_ask all = {.steps = {.step_ns = DAY}, .from = to - days * DAY, .to = to};
    struct store_ask day = {.steps = {.step_ns = 600 * SD_S}, .from = to - 20 * DAY, .to = to - 19 * DAY};
    struct store_ask hour = {.steps = {.step_ns = 10 * SD_S}, .from = to - 3600 * SD_S, .to = to};
    sd_time edges[] = {to - days * DAY, to};
    struct store_ask whole = {.steps = {.edges = edges, .n_edges = 2}, .from = edges[0], .to = to};
    for (int cold = 0; cold < 2; cold++) {
        free(ask("endpoint_30d", url, path, one, cold));
        one.steps.step_ns = 30 * DAY;
        free(ask("endpoint_30d_coarse", url, path, one, cold));
        one.steps.step_ns = 600 * SD_S;
        free(ask("all_90d_by_day", url, path, all, cold));
        free(ask("all_90d_whole", url, path, whole, cold));
        free(ask("all_day_by_10m", url, path, day, cold));
        day.steps.step_ns = 3600 * SD_S;
        free(ask("all_day_by_1h", url, path, day, cold));
        day.steps.step_ns = 600 * SD_S;
        free(ask("all_hour_by_10s", url, path, hour, cold));
    }
    struct store_options o = {0};
    struct store_answer answer;
    struct sd_error err;
    struct store *s;
    must(store_open(url, &o, &s, &err), &err);
    must(store_read(s, &whole, compare, NULL, &answer, &err), &err);
    printf("wrong_buckets %llu\n", (unsigned long long)misses);
    store_close(s);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "/tmp/slowdive-bench-history.db";
    char *url = mem_printf("history:%s", path), *more = mem_printf("%s-wal", path);
    int days = getenv("HISTORY_DAYS") ? atoi(getenv("HISTORY_DAYS")) : 90;
    struct store_options o = {.write = true};
    struct sd_error err;
    struct store *s;
    struct store_compaction c;
    struct stat st;
    uint64_t number = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int fine = MIN(days, 2), middle = MIN(days, 14);
    unlink(path);
    unlink(more);
    make_endpoints();
    must(store_open(url, &o, &s, &err), &err);
    double began = wall();
    for (int d = 0; d < days; d++) {
        int64_t step = d < days - middle ? 600 * SD_S : d < days - fine ? 60 * SD_S : 10 * SD_S;
        int64_t before = stat(path, &st) == 0 ? st.st_size : 0;
        put_cpu = slowest = 0;
        rows_put = 0;
        for (sd_time at = T0 + d * DAY; at < T0 + (d + 1) * DAY; at += step)
            put(s, ++number, at, step);
        if (d >= days - fine) {
            struct stat log;
            stat(path, &st);
            printf("day_of_10s %.1f MB (and %.1f MB of log), %.1f bytes a row, %.3f %% of a core, slowest "
                   "put %.3f s\n",
                   (double)(st.st_size - before) / 1e6, stat(more, &log) == 0 ? (double)log.st_size / 1e6 : 0,
                   (double)(st.st_size - before) / (double)rows_put, put_cpu / 864, slowest);
        }
        double begin = cpu();
        if (d == days - 1 || d % 5 == 4) {
            must(store_compact(s, T0 + (d + 1) * DAY, &c, &err), &err);
            if (d == days - 1)
                printf("compact %.2f s of a processor, %lld rows moved\n", cpu() - begin, (long long)c.moved);
        }
    }
    store_close(s);
    stat(path, &st);
    printf("written %d days in %.0f s, %.1f MB\n", days, wall() - began, (double)st.st_size / 1e6);
    reads(url, path, T0 + days * DAY, days);
    o.write = false;
    struct arena *a = arena_new();
    struct store_state state;
    must(store_open(url, &o, &s, &err), &err);
    double begin = cpu();
    must(store_state(s, false, a, &state, &err), &err);
    printf("state %.3f s, %lld endpoints, %zu gaps\n", cpu() - begin, (long long)state.endpoints,
           state.n_gaps);
    begin = cpu();
    must(store_state(s, true, a, &state, &err), &err);
    printf("verify %.1f s of a processor: %s\n", cpu() - begin, state.damage ? state.damage : "sound");
    store_close(s);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("memory %ld MB\n", use.ru_maxrss / 1024);
    unlink(path);
    return misses != 0;
}
