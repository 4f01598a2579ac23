/* visitors - browsers that the demo does not have: beacons of page loads, as the library web-vitals sends
 * them.
 *
 *   visitors PORT RUM_PORT BYTES_FILE LOADS_PER_SECOND
 *
 * Each load asks the shop for the page, and measures how long the first byte takes. The rest is a model: what
 * is to be loaded first (BYTES_FILE holds how many bytes, compressed; a deploy changes it) over a connection
 * of usual speed, then run by a processor of usual speed. Only 127.0.0.1 is ever a target. Ends on SIGTERM,
 * or when the shop is gone. */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *path, *page;
    int ids;
} PAGES[] = {
    {.path = "/", .page = "/", .ids = 0},
    {.path = "/customers/%d/orders", .page = "/customers/:id/orders", .ids = 120},
};

/* Bandwidth in bytes a ms, round trip in ms, ms for a compressed kB to be unpacked, parsed and run. */
static const struct {
    const char *device, *connection;
    double bandwidth, round_trip, run;
} BROWSERS[] = {
    {.device = "desktop", .connection = "4g", .bandwidth = 2500, .round_trip = 30, .run = 2},
    {.device = "desktop", .connection = "4g", .bandwidth = 1200, .round_trip = 50, .run = 2},
    {.device = "mobile", .connection = "4g", .bandwidth = 900, .round_trip = 80, .run = 8},
    {.device = "mobile", .connection = "3g", .bandwidth = 90, .round_trip = 250, .run = 10},
};

static volatile sig_atomic_t stopping;
static unsigned seed = 7;

static double now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1000 + (double)ts.tv_nsec / 1e6;
}

static double chance(void)
{
    return rand_r(&seed) / (RAND_MAX + 1.0);
}

/* Around 1, as times of real users scatter. */
static double scatter(void)
{
    return exp(0.5 * (chance() + chance() + chance() - 1.5));
}

/* The time to the first byte of the answer in ms; negative: there was none. */
static double ask(int port, const char *text)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 5};
    char answer[4096];
    double begin = now_ms(), first = -1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool ok = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
              send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
    while (ok && recv(fd, answer, sizeof answer, 0) > 0)
        if (first < 0)
            first = now_ms() - begin;
    close(fd);
    return first;
}

static double first_load_bytes(const char *file)
{
    double bytes = 0;
    FILE *f = fopen(file, "r");
    if (f && fscanf(f, "%lf", &bytes) != 1)
        bytes = 0;
    if (f)
        fclose(f);
    return bytes;
}

static void send_beacons(int rum, const char *page, const char *device, const char *connection,
                         const double v[5])
{
    static const char *const NAMES[] = {"TTFB", "FCP", "LCP", "INP", "CLS"};
    static int load;
    char body[4096] = "[", request[4600];
    size_t n = 1;
    load++;
    for (int i = 0; i < 5; i++)
        n += (size_t)snprintf(
            body + n, sizeof body - n,
            "%s{\"name\":\"%s\",\"id\":\"v4-%d-%d\",\"value\":%.4f,\"navigationType\":\"navigate\","
            "\"device\":\"%s\",\"connection\":\"%s\",\"page\":\"%s\"}",
            i ? "," : "", NAMES[i], load, i, v[i], device, connection, page);
    snprintf(request, sizeof request,
             "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n%s]",
             n + 1, body);
    ask(rum, request);
}

static bool visit(int port, int rum, const char *bytes_file)
{
    size_t p = chance() < 0.6 ? 0 : 1, b = (size_t)(chance() * (sizeof BROWSERS / sizeof BROWSERS[0]));
    char path[64], request[256];
    snprintf(path, sizeof path, PAGES[p].path, 1 + (int)(chance() * (PAGES[p].ids ? PAGES[p].ids : 1)));
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
             path);
    double server = ask(port, request), bytes = first_load_bytes(bytes_file);
    if (server < 0)
        return false;
    double first_byte = (2 * BROWSERS[b].round_trip + server) * scatter();
    double loaded = (BROWSERS[b].round_trip + bytes / BROWSERS[b].bandwidth) * scatter();
    double run = BROWSERS[b].run * bytes / 1000 * scatter();
    double vitals[] = {first_byte, first_byte + loaded, first_byte + loaded + run, (40 + run / 4) * scatter(),
                       0.02 * scatter()};
    send_beacons(rum, PAGES[p].page, BROWSERS[b].device, BROWSERS[b].connection, vitals);
    return true;
}

static void stop(int sig)
{
    (void)sig;
    stopping = 1;
}

int main(int argc, char **argv)
{
    double rate = argc == 5 ? atof(argv[4]) : 0;
    if (rate <= 0 || rate > 100) {
        fprintf(stderr, "usage: visitors PORT RUM_PORT BYTES_FILE LOADS_PER_SECOND (up to 100)\n");
        return 2;
    }
    struct sigaction sa = {.sa_handler = stop};
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    for (int failed = 0; !stopping && failed < 50;) {
        double wait = -log(1 - chance()) / rate;
        struct timespec ts = {.tv_sec = (time_t)wait, .tv_nsec = (long)(fmod(wait, 1) * 1e9)};
        nanosleep(&ts, NULL);
        failed = visit(atoi(argv[1]), atoi(argv[2]), argv[3]) ? 0 : failed + 1;
    }
    return 0;
}
