/* traffic - steady, bounded requests to the demo shop on this machine.
 *
 *   traffic PORT REQUESTS_PER_SECOND [SECONDS]
 *
 * Arrivals are a Poisson stream with a fixed seed over a fixed mix of pages, sent by
 * a few clients. Ends by itself after SECONDS (default 3600), on SIGTERM, or when the
 * shop is gone. Only 127.0.0.1 is ever a target. */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 6 };

static const struct {
    const char *method, *path; /* %d: an id below `ids` */
    int ids, weight;
} MIX[] = {
    {.method = "GET", .path = "/", .ids = 0, .weight = 36},
    {.method = "GET", .path = "/products/%d", .ids = 5100, .weight = 52}, /* a few are not found */
    {.method = "GET", .path = "/orders/%d", .ids = 400000, .weight = 32},
    {.method = "GET", .path = "/customers/%d/orders", .ids = 120, .weight = 32},
    {.method = "GET", .path = "/carts/%d", .ids = 2000, .weight = 16},
    {.method = "GET", .path = "/search?q=%d", .ids = 100, .weight = 8},
    {.method = "POST", .path = "/orders", .ids = 0, .weight = 10},
    {.method = "GET", .path = "/reports/sales", .ids = 0, .weight = 1},
    {.method = "GET", .path = "/health", .ids = 0, .weight = 12},
    {.method = "GET", .path = "/exports/catalog", .ids = 0, .weight = 3},
    {.method = "GET", .path = "/coupons/%d", .ids = 9000, .weight = 4},
};

static int port;
static double rate, seconds;
static volatile sig_atomic_t stopping;
static atomic_int failures;

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool request(const char *method, const char *path)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 10};
    char text[512];
    int n = snprintf(text, sizeof text,
                     "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                     method, path);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool ok =
        connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && send(fd, text, (size_t)n, MSG_NOSIGNAL) == n;
    char answer[4096];
    while (ok && recv(fd, answer, sizeof answer, 0) > 0)
        ;
    close(fd);
    return ok;
}

static void *client(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    double next = now(), end = next + seconds;
    int total = 0;
    for (size_t i = 0; i < sizeof MIX / sizeof MIX[0]; i++)
        total += MIX[i].weight;
    while (!stopping && next < end && atomic_load(&failures) < 50) {
        next += -log(1 - rand_r(&seed) / (RAND_MAX + 1.0)) * CLIENTS / rate;
        double wait = next - now();
        if (wait > 0) {
            struct timespec ts = {.tv_sec = (time_t)wait, .tv_nsec = (long)(fmod(wait, 1) * 1e9)};
            nanosleep(&ts, NULL);
        }
        int pick = rand_r(&seed) % total;
        size_t i = 0;
        while (pick >= MIX[i].weight)
            pick -= MIX[i++].weight;
        char path[128];
        snprintf(path, sizeof path, MIX[i].path, MIX[i].ids ? 1 + rand_r(&seed) % MIX[i].ids : 0);
        if (request(MIX[i].method, path))
            atomic_store(&failures, 0);
        else
            atomic_fetch_add(&failures, 1);
    }
    return NULL;
}

static void stop(int sig)
{
    (void)sig;
    stopping = 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: traffic PORT REQUESTS_PER_SECOND [SECONDS]\n");
        return 2;
    }
    port = atoi(argv[1]);
    rate = atof(argv[2]);
    seconds = argc > 3 ? atof(argv[3]) : 3600;
    if (port <= 0 || rate <= 0 || rate > 1000 || seconds <= 0 || seconds > 7200) {
        fprintf(stderr, "traffic: out of range: 1..1000 requests a second, at most 7200 seconds\n");
        return 2;
    }
    struct sigaction sa = {.sa_handler = stop};
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    pthread_t threads[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        if (pthread_create(&threads[i], NULL, client, (void *)(uintptr_t)(i + 1)))
            return 1;
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
