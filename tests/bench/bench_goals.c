/* bench_goals.c - the figures of goals: a month in steps of 15 s with ten objectives, and a thousand KPIs
 * over ten thousand endpoints at one moment. Prints "name value unit" lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "conf/policy.h"
#include "core/goals/burn.h"

#define T0    (1800000000 * SD_S)
#define MONTH (30 * 86400 * SD_S)
enum { OBJECTIVES = 10, KPIS = 1000, ENDPOINTS = 10000, BUCKETS = 12, INTERVALS = 45 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void http(struct sd_batch *b, const char *route, uint64_t dice)
{
    struct sd_bucket k[BUCKETS];
    struct sd_hist h = {.n = BUCKETS, .buckets = k};
    for (uint32_t i = 0; i < BUCKETS; i++)
        k[i] = (struct sd_bucket){sd_hist_index((int64_t)(1 + dice % 97) * SD_MS) + i * 7,
                                  1 + (uint32_t)(dice >> i) % 3};
    struct sd_http r = {.method = "GET",
                        .route = route,
                        .interval_ns = 10 * SD_S,
                        .latency = &h,
                        .min_ns = SD_UNKNOWN,
                        .max_ns = SD_UNKNOWN};
    for (uint32_t i = 0; i < BUCKETS; i++)
        r.count += k[i].count;
    r.timed = r.count;
    r.errors = dice % 1000 == 0;
    r.bytes = r.count * 1000;
    batch_add(b, SD_HTTP, &r);
}

static struct goal_policy policy_of(const char *yaml)
{
    struct goal_policy p;
    struct sd_error err;
    if (!policy_read_text(&p, "bench", yaml, strlen(yaml), &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return p;
}

static uint64_t roll(uint64_t *x)
{
    return *x = *x * 6364136223846793005u + 1442695040888963407u;
}

static void month(void)
{
    struct strbuf yaml = {0};
    strbuf_str(&yaml, "slos:\n");
    for (int i = 0; i < OBJECTIVES; i++)
        strbuf_printf(&yaml,
                      "- {name: s%d, objective: 0.999, window: 30d, signal: %s, match: {route: '/%d'}}\n", i,
                      i % 2 ? "http.errors" : "http.latency, good_below: 100ms", i);
    struct goal_policy p = policy_of(yaml.text);
    struct signals *s =
        signals_new(&p, &(struct signals_limits){.keep_ns = INT64_MAX, .max_bytes = (size_t)1 << 30});
    uint64_t x = 1;
    double began = seconds();
    for (sd_time at = T0; at < T0 + MONTH; at += 10 * SD_S) {
        struct sd_batch *b = batch_new("log", at);
        for (int i = 0; i < OBJECTIVES; i++) {
            char route[16];
            snprintf(route, sizeof route, "/%d", i);
            http(b, route, roll(&x) >> 16);
        }
        signals_take(s, b);
        batch_unref(b);
    }
    double fed = seconds();
    printf("goals_month_take %.2f s\n", fed - began);
    size_t firing = 0, missed = 0;
    for (sd_time at = T0; at <= T0 + MONTH; at += 15 * SD_S) {
        for (size_t i = 0; i < p.n_slos; i++)
            for (size_t k = 0; k < p.slos[i].n_pairs; k++)
                firing += burn_of_pair(s, &p.slos[i], &p.slos[i].pairs[k], at).firing;
        for (size_t i = 0; i < p.n_kpis; i++) {
            struct signal_value v;
            if (signals_values(s, &p.kpis[i].figure, at, p.kpis[i].figure.window_ns, &v, 1))
                missed += v.value > p.kpis[i].target;
        }
    }
    printf("goals_month_steps %.2f s\n", seconds() - fed);
    printf("goals_month_bytes %zu bytes\n", signals_bytes(s));
    printf("goals_month_firing %zu count\ngoals_month_missed %zu count\n", firing, missed);
    signals_free(s);
    policy_free(&p);
    strbuf_free(&yaml);
}

static void many(const char *name, const char *match)
{
    struct strbuf yaml = {0};
    strbuf_str(&yaml, "kpis:\n");
    for (int i = 0; i < KPIS; i++) {
        strbuf_printf(&yaml, "- {name: k%d, signal: http.latency, target: %dms%s", i, 50 + i,
                      i % 2 ? ", per: endpoint" : "");
        strbuf_printf(&yaml, match, i);
        strbuf_str(&yaml, "}\n");
    }
    struct goal_policy p = policy_of(yaml.text);
    struct signals *s = signals_new(&p, NULL);
    struct signal_value *v = mem_array(ENDPOINTS + 1, sizeof *v);
    uint64_t x = 1;
    size_t n = 0, missed = 0;
    double began = seconds();
    for (int t = 0; t < INTERVALS; t++) {
        struct sd_batch *b = batch_new("log", T0 + t * 10 * SD_S);
        for (int i = 0; i < ENDPOINTS; i++) {
            char route[32];
            snprintf(route, sizeof route, "/g%d/e%d", i % KPIS, i);
            http(b, route, roll(&x) >> 16);
        }
        signals_take(s, b);
        batch_unref(b);
    }
    double fed = seconds();
    for (size_t i = 0; i < p.n_kpis; i++) {
        size_t k = signals_values(s, &p.kpis[i].figure, signals_last(s), 300 * SD_S, v, ENDPOINTS + 1);
        for (size_t j = 0; j < k; j++)
            missed += v[j].value > p.kpis[i].target;
        n += k;
    }
    printf("goals_%s_take %.2f s\ngoals_%s_evaluate %.3f s\n", name, fed - began, name, seconds() - fed);
    printf("goals_%s_values %zu count\ngoals_%s_missed %zu count\n", name, n, name, missed);
    printf("goals_%s_bytes %zu bytes\n", name, signals_bytes(s));
    free(v);
    signals_free(s);
    policy_free(&p);
    strbuf_free(&yaml);
}

int main(int argc, char **argv)
{
    struct rusage use;
    if (argc < 2 || !strcmp(argv[1], "groups"))
        many("groups", ", match: {route: '/g%d/*'}");
    if (argc < 2 || !strcmp(argv[1], "all"))
        many("all", "");
    if (argc < 2 || !strcmp(argv[1], "month"))
        month();
    getrusage(RUSAGE_SELF, &use);
    printf("goals_rss %ld kB\n", use.ru_maxrss);
    return 0;
}
