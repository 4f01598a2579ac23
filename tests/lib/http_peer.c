#include "tests/lib/http_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

enum { CLIENTS = 2048, REQUEST_MAX = 16 << 20, STACK_BYTES = 512 << 10 };

struct http_peer {
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open, stop;
    uint64_t requests, connections, closed;
    int word_status;
    const char *word;
    char *last;
    struct client {
        struct http_peer *peer;
        int fd;
        pthread_t thread;
    } clients[CLIENTS];
};

static bool put(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static bool put_slowly(int fd, const char *text)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (; *text; text++)
        if (send(fd, text, 1, MSG_NOSIGNAL) != 1)
            return false;
    return true;
}

/* Until the other side has had enough. */
static bool put_forever(int fd, const char *head, const char *line)
{
    char much[8192];
    size_t n = strlen(line);
    for (size_t i = 0; i + n <= sizeof much; i += n)
        memcpy(much + i, line, n);
    if (!put(fd, head))
        return false;
    while (send(fd, much, sizeof much / n * n, MSG_NOSIGNAL) > 0)
        ;
    return false;
}

static void wait_gate(struct http_peer *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->open && !p->stop)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static bool wait_closed(int fd)
{
    char c;
    while (recv(fd, &c, 1, 0) > 0)
        ;
    return false;
}

/* Answers; false: the connection is to be closed. */
static bool answer(struct http_peer *p, int fd, const char *path)
{
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    char text[300];
    if (str_starts(path, "/ok"))
        return put(fd, OK "hello");
    if (str_starts(path, "/status/")) {
        snprintf(text, sizeof text, "HTTP/1.1 %.3s Some\r\nContent-Length: 2\r\n\r\nno", path + 8);
        return put(fd, text);
    }
    if (str_starts(path, "/retry/")) {
        snprintf(text, sizeof text, "HTTP/1.1 429 No\r\nRetry-After: %.60s\r\nContent-Length: 0\r\n\r\n",
                 path + 7);
        for (char *c = strstr(text, "After"); *c != '\r'; c++)
            if (*c == '_')
                *c = ' ';
        return put(fd, text);
    }
    if (str_starts(path, "/chunked"))
        return put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n") &&
               put(fd, "2\r\nlo\r\n0\r\n\r\n");
    if (str_starts(path, "/until-close"))
        return put(fd, "HTTP/1.1 200 OK\r\n\r\nhello") && false;
    if (str_starts(path, "/interim"))
        return put(fd, "HTTP/1.1 100 Continue\r\n\r\n") &&
               put(fd, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK "hello");
    if (str_starts(path, "/empty"))
        return put(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    if (str_starts(path, "/redirect"))
        return put(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
    if (str_starts(path, "/flood-head"))
        return put_forever(fd, "HTTP/1.1 200 OK\r\n", "X-A: aaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    if (str_starts(path, "/flood"))
        return put_forever(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", "aaaaaaaa");
    if (str_starts(path, "/reset")) {
        struct linger now = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return false;
    }
    if (str_starts(path, "/echo/")) {
        snprintf(text, sizeof text, "HTTP/1.1 400 No\r\nContent-Length: %zu\r\n\r\n%.200s",
                 MIN(strlen(path), 200), path);
        return put(fd, text);
    }
    if (str_starts(path, "/slow"))
        return put_slowly(fd, OK "hello");
    if (str_starts(path, "/.well-known/slowdive-load")) {
        pthread_mutex_lock(&p->lock);
        snprintf(text, sizeof text, "HTTP/1.1 %d Some\r\nContent-Length: %zu\r\n\r\n%s", p->word_status,
                 strlen(p->word), p->word);
        pthread_mutex_unlock(&p->lock);
        return put(fd, text);
    }
    if (str_starts(path, "/half"))
        return put(fd, OK "he") && false;
    if (str_starts(path, "/garbage"))
        return put(fd, "\x1b[31mSSH-2.0 hello\r\n") && wait_closed(fd);
    if (str_starts(path, "/silent"))
        return wait_closed(fd);
    if (str_starts(path, "/last"))
        return put(fd, OK "hello") && false;
    if (str_starts(path, "/gate")) {
        wait_gate(p);
        return put(fd, OK "hello");
    }
    return false; /* "/close" */
#undef OK
}

/* One request: its bytes, in `text`. False: no more will come. */
static bool read_request(int fd, char *text)
{
    size_t n = 0, need = SIZE_MAX;
    while (n < need && n < REQUEST_MAX) {
        ssize_t r = recv(fd, text + n, need == SIZE_MAX ? 1 : need - n, 0);
        if (r <= 0)
            return false;
        n += (size_t)r;
        text[n] = 0;
        if (need == SIZE_MAX && n >= 4 && !memcmp(text + n - 4, "\r\n\r\n", 4)) {
            const char *length = strstr(text, "Content-Length: ");
            need = n + (length ? strtoul(length + 16, NULL, 10) : 0);
        }
    }
    return true;
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    struct http_peer *p = c->peer;
    char *text = mem_alloc(REQUEST_MAX + 1);
    bool on = true;
    while (on && read_request(c->fd, text)) {
        char *path = strchr(text, ' ');
        pthread_mutex_lock(&p->lock);
        p->requests++;
        free(p->last);
        p->last = mem_strdup(text);
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        if (path)
            path[1 + strcspn(path + 1, " \r")] = 0;
        on = path && answer(p, c->fd, path + 1);
    }
    shutdown(c->fd,
             SHUT_RDWR); /* the descriptor stays taken until the end, so that no other gets its number */
    pthread_mutex_lock(&p->lock);
    p->closed++;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    free(text);
    return NULL;
}

static void *peer_main(void *arg)
{
    struct http_peer *p = arg;
    pthread_attr_t as;
    pthread_attr_init(&as);
    pthread_attr_setstacksize(&as, STACK_BYTES);
    for (;;) {
        int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_mutex_lock(&p->lock);
        bool stop = p->stop;
        struct client *c = p->connections < CLIENTS ? &p->clients[p->connections] : NULL;
        if (!stop && fd >= 0 && c) {
            *c = (struct client){.peer = p, .fd = fd};
            if (pthread_create(&c->thread, &as, client_main, c) == 0)
                p->connections++;
            else
                close(fd);
        } else if (fd >= 0) {
            close(fd);
        }
        pthread_mutex_unlock(&p->lock);
        if (stop)
            break;
    }
    pthread_attr_destroy(&as);
    return NULL;
}

struct http_peer *http_peer_start(bool everywhere)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(everywhere ? INADDR_ANY : INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0 || listen(fd, 1024) < 0)
        return NULL;
    struct http_peer *p = mem_alloc(sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->word_status = 404;
    p->word = "";
    p->listener = fd;
    p->port = ntohs(at.sin_port);
    if (pthread_create(&p->thread, NULL, peer_main, p) == 0)
        return p;
    close(fd);
    free(p);
    return NULL;
}

void http_peer_stop(struct http_peer *p)
{
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    shutdown(p->listener, SHUT_RDWR); /* accept returns */
    pthread_join(p->thread, NULL);
    for (uint64_t i = 0; i < p->connections; i++) {
        shutdown(p->clients[i].fd, SHUT_RDWR);
        pthread_join(p->clients[i].thread, NULL);
        close(p->clients[i].fd);
    }
    close(p->listener);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    free(p->last);
    free(p);
}

uint16_t http_peer_port(const struct http_peer *p)
{
    return p->port;
}

void http_peer_gate(struct http_peer *p, bool open)
{
    pthread_mutex_lock(&p->lock);
    p->open = open;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void http_peer_word(struct http_peer *p, int status, const char *body)
{
    pthread_mutex_lock(&p->lock);
    p->word_status = status;
    p->word = body;
    pthread_mutex_unlock(&p->lock);
}

static uint64_t locked(struct http_peer *p, const uint64_t *what)
{
    pthread_mutex_lock(&p->lock);
    uint64_t v = *what;
    pthread_mutex_unlock(&p->lock);
    return v;
}

uint64_t http_peer_requests(struct http_peer *p)
{
    return locked(p, &p->requests);
}

uint64_t http_peer_connections(struct http_peer *p)
{
    return locked(p, &p->connections);
}

char *http_peer_last(struct http_peer *p)
{
    pthread_mutex_lock(&p->lock);
    char *last = mem_strdup(p->last ? p->last : "");
    pthread_mutex_unlock(&p->lock);
    return last;
}

bool http_peer_wait_closed(struct http_peer *p, uint64_t n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&p->lock);
    int failed = 0;
    while (p->closed < n && !failed)
        failed = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    bool ok = p->closed >= n;
    pthread_mutex_unlock(&p->lock);
    return ok;
}
