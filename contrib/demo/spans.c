#include "spans.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 64 << 10, WAITING_MAX = 400 };

/* Of the request this thread answers. */
static _Thread_local struct {
    char trace[33], method[8], route[64], parent[56];
    uint64_t root, next, begin;
    char text[TEXT_MAX]; /* its spans as OTLP's JSON, with a comma behind each */
    size_t len;
} now;

static int port;
static pthread_t sender;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static char *waiting[WAITING_MAX]; /* texts of requests */
static int n_waiting;
static bool ending;

uint64_t spans_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t an_id(void)
{
    return ((uint64_t)random() << 33) ^ ((uint64_t)random() << 11) ^ (uint64_t)random() ^ 1;
}

/* ---- one request ---- */

static void text(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(now.text + now.len, sizeof now.text - now.len, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof now.text - now.len)
        now.len += (size_t)n;
    else
        now.text[now.len] = 0; /* no room: the piece is left out whole */
}

void spans_request(const char *trace, const char *method, const char *route)
{
    if (!port)
        return;
    now.len = 0;
    if (trace && strlen(trace) == 32 && strspn(trace, "0123456789abcdef") == 32)
        memcpy(now.trace, trace, sizeof now.trace);
    else
        snprintf(now.trace, sizeof now.trace, "%016llx%016llx", (unsigned long long)an_id(),
                 (unsigned long long)an_id());
    snprintf(now.method, sizeof now.method, "%s", method);
    snprintf(now.route, sizeof now.route, "%s", route);
    now.root = an_id();
    now.next = an_id();
    now.begin = spans_now();
}

const char *spans_parent(void)
{
    if (!port)
        return NULL;
    snprintf(now.parent, sizeof now.parent, "00-%s-%016llx-01", now.trace, (unsigned long long)now.next);
    return now.parent;
}

/* Names and statements are the shop's own: there is nothing in them to escape. */
static void span(const char *name, enum spans_kind kind, uint64_t id, uint64_t parent, uint64_t begin,
                 const char *attributes, const char *status)
{
    char above[40] = "";
    if (parent)
        snprintf(above, sizeof above, "\"parentSpanId\":\"%016llx\",", (unsigned long long)parent);
    text("{\"traceId\":\"%s\",\"spanId\":\"%016llx\",%s\"name\":\"%s\",\"kind\":%d,"
         "\"startTimeUnixNano\":\"%llu\",\"endTimeUnixNano\":\"%llu\",\"attributes\":[%s],\"status\":{%s}},",
         now.trace, (unsigned long long)id, above, name, kind, (unsigned long long)begin,
         (unsigned long long)spans_now(), attributes, status);
}

void spans_add(const char *name, enum spans_kind kind, uint64_t begin, const char *system,
               const char *statement)
{
    char attributes[2048] = "";
    if (!port)
        return;
    if (system)
        snprintf(attributes, sizeof attributes,
                 "{\"key\":\"db.system\",\"value\":{\"stringValue\":\"%s\"}},"
                 "{\"key\":\"db.statement\",\"value\":{\"stringValue\":\"%s\"}}",
                 system, statement);
    span(name, kind, now.next, now.root, begin, attributes, "");
    now.next = an_id();
}

void spans_answered(int status)
{
    char name[80], attributes[512];
    if (!port)
        return;
    snprintf(name, sizeof name, "%s %s", now.method, now.route);
    snprintf(attributes, sizeof attributes,
             "{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"%s\"}},"
             "{\"key\":\"http.route\",\"value\":{\"stringValue\":\"%s\"}},"
             "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"%d\"}}",
             now.method, now.route, status);
    span(name, SPANS_SERVER, now.root, 0, now.begin, attributes, status >= 500 ? "\"code\":2" : "");
    if (!now.len)
        return;
    pthread_mutex_lock(&lock);
    if (n_waiting < WAITING_MAX && (waiting[n_waiting] = malloc(now.len))) {
        memcpy(waiting[n_waiting], now.text, now.len - 1); /* without the last comma */
        waiting[n_waiting++][now.len - 1] = 0;
        pthread_cond_signal(&work);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- sending ---- */

static bool put(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool post(const char *body)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 2};
    char head[200], answer[512];
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int n = snprintf(head, sizeof head,
                     "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                     strlen(body));
    bool ok = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && put(fd, head, (size_t)n) &&
              put(fd, body, strlen(body));
    while (ok && recv(fd, answer, sizeof answer, 0) > 0)
        ;
    close(fd);
    return ok;
}

/* Takes all that wait, as one message; NULL when it is to end. */
static char *take(void)
{
    static const char BEGIN[] =
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
        "\"value\":{\"stringValue\":\"shop\"}}]},\"scopeSpans\":[{\"spans\":[";
    static const char END[] = "]}]}]}";
    size_t size = sizeof BEGIN + sizeof END;
    pthread_mutex_lock(&lock);
    while (!n_waiting && !ending)
        pthread_cond_wait(&work, &lock);
    for (int i = 0; i < n_waiting; i++)
        size += strlen(waiting[i]) + 1;
    char *all = ending ? NULL : malloc(size), *p = all;
    p = p ? stpcpy(p, BEGIN) : NULL;
    for (int i = 0; i < n_waiting; i++) {
        if (p && i)
            *p++ = ',';
        p = p ? stpcpy(p, waiting[i]) : NULL;
        free(waiting[i]);
    }
    if (p)
        memcpy(p, END, sizeof END);
    n_waiting = 0;
    pthread_mutex_unlock(&lock);
    return all;
}

/* A few messages a second, however many requests there are. */
static void *send_all(void *arg)
{
    (void)arg;
    struct timespec pause = {.tv_nsec = 200000000};
    char *body;
    while ((body = take())) {
        post(body);
        free(body);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

void spans_to(int to)
{
    if (to > 0 && to < 65536 && !pthread_create(&sender, NULL, send_all, NULL))
        port = to;
}

void spans_end(void)
{
    if (!port)
        return;
    pthread_mutex_lock(&lock);
    ending = true;
    pthread_cond_signal(&work);
    pthread_mutex_unlock(&lock);
    pthread_join(sender, NULL);
}
