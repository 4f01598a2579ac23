/* bench_load - the generator of load alone, with drivers of its own.
 *
 *   bench_load closed PORT CONNECTIONS REQUESTS       each connection always has a request under way
 *   bench_load open PORT CONNECTIONS REQUESTS RATE    REQUESTS at RATE a second
 *   bench_load hold PORT CONNECTIONS                  all connections at once, each with one request under
 * way
 *
 * Prints lines NAME VALUE UNIT: rate, service and lateness percentiles, failures, the most resident memory.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "core/hist.h"
#include "source/load/generator.h"

struct work {
    uint64_t most, taken, ended, failed, under_way, at_once;
    double rate; /* 0: closed */
    struct hist *delay;
    int64_t first_ns, last_ns;
    uint64_t over_10ms;
};

static int64_t next_at(void *ctx, int64_t now)
{
    struct work *w = ctx;
    if (w->taken == w->most)
        return -1;
    if (w->rate > 0)
        return (int64_t)((double)w->taken / w->rate * 1e9);
    return w->under_way < w->at_once ? now : INT64_MAX;
}

static void take(void *ctx, struct load_order *o)
{
    struct work *w = ctx;
    *o = (struct load_order){.seq = w->taken, .user = -1};
    o->intended_ns = w->rate > 0 ? (int64_t)((double)w->taken / w->rate * 1e9) : 0;
    w->taken++;
    w->under_way++;
}

static void ended(void *ctx, const struct load_outcome *o)
{
    struct work *w = ctx;
    w->under_way--;
    w->ended++;
    if (o->failure != LOAD_NONE || o->status != 200) {
        if (!w->failed++)
            fprintf(stderr, "first failure: kind %d, status %d, %s\n", (int)o->failure, o->status,
                    o->sample ? o->sample : "");
    }
    w->last_ns = o->done_ns;
    if (w->rate > 0 && sd_known(o->sent_ns)) {
        int64_t delay = o->sent_ns - o->order.intended_ns;
        hist_record(w->delay, delay);
        w->over_10ms += delay > 10 * SD_MS;
    }
}

static void figure(const char *name, double value, const char *unit)
{
    printf("%s %.6g %s\n", name, value, unit);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_load closed|open|hold PORT CONNECTIONS [REQUESTS [RATE]]\n");
        return 2;
    }
    struct sd_error err = {""};
    char host[32];
    bool hold = str_eq(argv[1], "hold");
    size_t connections = strtoul(argv[3], NULL, 10);
    struct sockaddr_storage at = {0};
    *(struct sockaddr_in *)&at = (struct sockaddr_in){.sin_family = AF_INET,
                                                      .sin_port = htons((uint16_t)atoi(argv[2])),
                                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    snprintf(host, sizeof host, "127.0.0.1:%s", argv[2]);
    struct load_request_text text = {.method = "GET",
                                     .path = getenv("BENCH_PATH") ? getenv("BENCH_PATH") : "/"};
    struct generator_config c = {.addresses = &at,
                                 .n_addresses = 1,
                                 .host_header = host,
                                 .connections = connections,
                                 .timeout_ns = 60 * SD_S,
                                 .requests = &text,
                                 .n_requests = 1,
                                 .tls_name = getenv("BENCH_TLS") ? "127.0.0.1" : NULL,
                                 .insecure = true,
                                 .http2 = getenv("BENCH_HTTP2") != NULL};
    c.on_time = str_eq(argv[1], "open");
    struct work w = {.most = hold ? connections : strtoull(argv[4], NULL, 10), .at_once = connections};
    w.delay = mem_alloc(sizeof *w.delay);
    hist_clear(w.delay);
    if (argc > 5)
        w.rate = atof(argv[5]);
    struct generator *g = generator_new(&c, &err);
    if (!g) {
        fprintf(stderr, "bench_load: %s\n", err.text);
        return 2;
    }
    atomic_int stop = 0;
    const struct load_driver d = {next_at, take, ended, &w};
    generator_run(g, &d, &stop, NULL, NULL);
    struct generator_state s = generator_state(g);
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    figure("requests", (double)w.ended, "");
    figure("failed", (double)w.failed, "");
    figure("rate", (double)w.ended / ((double)w.last_ns / 1e9), "1/s");
    figure("cpu", s.cpu_share, "");
    figure("late", (double)s.late, "");
    figure("open", (double)s.open, "");
    if (w.rate > 0) {
        figure("delay_p50", (double)hist_quantile(w.delay, 0.50) / 1e6, "ms");
        figure("delay_p99", (double)hist_quantile(w.delay, 0.99) / 1e6, "ms");
        figure("over_10ms", (double)w.over_10ms, "");
    }
    figure("memory", (double)u.ru_maxrss / 1024, "MiB");
    generator_free(g);
    free(w.delay);
    return 0;
}
