/* make_history.c - histories to test and measure with.
 *
 *   make_history PATH raw HOST < LINES     one request a line: END_NS METHOD ROUTE STATUS DURATION_NS BYTES
 *   make_history PATH days DAYS ENDPOINTS HOSTS SEED END_S [FILE]
 *
 * `raw` puts the requests as a recorder would, in steps of 10 s, and compacts as of the newest. `days` makes
 * traffic with a long tail over endpoints and log-normal durations, in the step that its age would have:
 * 90 days of 500 endpoints take seconds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/history/history.h"
#include "store/store.h"

#define TEN (10 * SD_S)
#define DAY (86400 * SD_S)
enum { PUT_ROWS = 20000 };

static void die(const struct sd_error *err)
{
    fprintf(stderr, "make_history: %s\n", err->text);
    exit(1);
}

struct writer {
    struct store *store;
    struct store_run run;
    struct history_fold *fold;
    struct history_row *rows;
    uint64_t number;
    size_t held;
    sd_time from, to;
};

static void flush(struct writer *w)
{
    struct sd_error err = {""};
    size_t n = history_fold_len(w->fold);
    if (!n)
        return;
    w->rows = mem_realloc(w->rows, n * sizeof *w->rows);
    for (size_t i = 0; i < n; i++)
        w->rows[i] = history_fold_row(w->fold, i);
    const struct store_put put = {
        .number = ++w->number, .from = w->from, .to = w->to, .sent = w->to, .rows = w->rows, .n = n};
    if (store_put(w->store, &w->run, &put, &err) != SD_OK)
        die(&err);
    history_fold_clear(w->fold);
    w->held = 0;
    w->from = w->to;
}

static void add(struct writer *w, const struct history_row *row)
{
    sd_time end = history_row_end(row);
    if (!w->number && !w->held)
        w->from = row->at;
    w->to = MAX(w->to, end);
    history_fold_add(w->fold, row);
    if (++w->held >= PUT_ROWS)
        flush(w);
}

static struct sd_http one_request(const char *method, const char *route, int status, int64_t ns,
                                  int64_t bytes, struct sd_hist *h, struct sd_bucket *b)
{
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    *b = (struct sd_bucket){.index = sd_hist_index(ns), .count = 1};
    *h = (struct sd_hist){.n = 1, .buckets = b};
    r.method = method;
    r.route = route;
    r.interval_ns = TEN;
    r.count = r.timed = 1;
    r.errors = status >= 500;
    r.status_1xx = status / 100 == 1;
    r.status_2xx = status / 100 == 2;
    r.status_3xx = status / 100 == 3;
    r.status_4xx = status / 100 == 4;
    r.status_5xx = status / 100 == 5;
    r.bytes = bytes;
    r.total_ns = r.min_ns = r.max_ns = ns;
    r.latency = h;
    return r;
}

static void read_raw(struct writer *w)
{
    char method[16], route[256];
    long long end, ns, bytes;
    int status;
    while (scanf("%lld %15s %255s %d %lld %lld", &end, method, route, &status, &ns, &bytes) == 6) {
        struct sd_hist h;
        struct sd_bucket b;
        struct sd_http r = one_request(method, route, status, ns, bytes, &h, &b);
        const struct history_row row = {.kind = SD_HTTP,
                                        .host = w->run.host,
                                        .source = "access.log",
                                        .at = history_step_start(end, TEN),
                                        .length_ns = TEN,
                                        .record = &r};
        r.first_at = r.last_at = end;
        add(w, &row);
    }
    flush(w);
}

/* ---- days of traffic ---- */

static uint64_t dice;
static double roll(void)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return ((double)(dice >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(roll())) * cos(6.283185307179586 * roll());
}

/* A row of `n` requests of endpoint e in one step. */
static void make_row(struct writer *w, int e, const char *host, sd_time at, int64_t step, int n)
{
    enum { MOST = 64 };
    struct sd_bucket b[MOST];
    struct sd_hist h = {.n = 0, .buckets = b};
    struct sd_http r;
    char route[32];
    int64_t sum = 0;
    schema_clear(schema_of(SD_HTTP), &r);
    snprintf(route, sizeof route, "/endpoint/%d", e);
    for (int i = 0; i < n && i < MOST; i++) {
        int64_t ns = (int64_t)(1e6 * (double)(5 + e % 40) * exp(0.6 * normal()));
        uint32_t index = sd_hist_index(ns), k = 0;
        sum += ns;
        while (k < h.n && b[k].index < index)
            k++;
        if (k < h.n && b[k].index == index) {
            b[k].count++;
            continue;
        }
        memmove(b + k + 1, b + k, (h.n - k) * sizeof *b);
        b[k] = (struct sd_bucket){.index = index, .count = 1};
        h.n++;
    }
    n = n < MOST ? n : MOST;
    r.method = "GET";
    r.route = route;
    r.interval_ns = step;
    r.count = r.timed = n;
    r.errors = roll() < 0.01;
    r.status_2xx = n - r.errors;
    r.status_5xx = r.errors;
    r.bytes = 1000 * n;
    r.total_ns = sum;
    r.min_ns = sd_hist_lower(b[0].index);
    r.max_ns = sd_hist_lower(b[h.n - 1].index);
    r.latency = &h;
    r.first_at = at;
    r.last_at = at + step;
    const struct history_row row = {
        .kind = SD_HTTP, .host = host, .source = "access.log", .at = at, .length_ns = step, .record = &r};
    add(w, &row);
}

static void make_days(struct writer *w, int days, int endpoints, int hosts, sd_time end)
{
    const struct history_tiers *t = &HISTORY_TIERS_DEFAULT;
    for (sd_time at = end - days * DAY; at < end;) {
        size_t i = 0;
        while (i + 1 < t->n && t->items[i].keep_ns < end - at)
            i++;
        int64_t step = t->items[i].step_ns;
        for (int host = 0; host < hosts; host++) {
            char name[32];
            snprintf(name, sizeof name, "web%d", host + 1);
            for (int e = 0; e < endpoints; e++) {
                int n = (int)(20.0 * (double)step / 1e10 / (1 + e / 4.0) + roll());
                if (n)
                    make_row(w, e, name, at, step, n);
            }
        }
        at += step;
    }
    flush(w);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr,
                "make_history PATH raw HOST | make_history PATH days DAYS ENDPOINTS HOSTS SEED END_S\n");
        return 2;
    }
    struct sd_error err = {""};
    const struct store_options o = {.write = true};
    char *url = mem_printf("history:%s", argv[1]), id[64];
    struct writer w = {.to = SD_UNKNOWN};
    const struct history_steps kept = {.step_ns = 1};
    snprintf(id, sizeof id, "made-%s", argv[3]);
    w.run = (struct store_run){.id = id, .host = argv[3], .version = "0.1.0", .began = 0};
    w.fold = history_fold_new(&kept, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    if (store_open(url, &o, &w.store, &err) != SD_OK)
        die(&err);
    if (!strcmp(argv[2], "raw")) {
        read_raw(&w);
    } else if (argc >= 8) {
        dice = strtoull(argv[6], NULL, 10);
        make_days(&w, atoi(argv[3]), atoi(argv[4]), atoi(argv[5]), strtoll(argv[7], NULL, 10) * SD_S);
    }
    struct store_compaction done;
    if (store_compact(w.store, w.to, &done, &err) != SD_OK)
        die(&err);
    store_close(w.store);
    history_fold_free(w.fold);
    free(w.rows);
    free(url);
    return 0;
}
