#include "tests/lib/peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"

#define CLIENTS 16

struct peer {
    enum peer_script script;
    const char *reply;
    size_t len;
    int port, listener, stop;
    int fillers[CLIENTS]; /* connections that fill the backlog */
    int clients[CLIENTS];
    size_t sent[CLIENTS];
    bool asked[CLIENTS];
    pthread_t thread;
    bool has_thread;
};

static void drop(struct peer *p, int i)
{
    close(p->clients[i]);
    p->clients[i] = -1;
}

static void accept_one(struct peer *p)
{
    int fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    for (int i = 0; fd >= 0 && i < CLIENTS; i++) {
        if (p->clients[i] < 0) {
            p->clients[i] = fd;
            p->sent[i] = 0;
            p->asked[i] = false;
            if (p->script == PEER_DISCONNECTS)
                drop(p, i);
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

static void serve(struct peer *p, int i)
{
    char buf[4096];
    ssize_t n = recv(p->clients[i], buf, sizeof buf, 0);
    if (n == 0) {
        drop(p, i);
        return;
    }
    p->asked[i] |= n > 0;
    if (p->script == PEER_GARBAGE) {
        for (size_t k = 0; k < sizeof buf; k++)
            buf[k] = (char)random();
        send(p->clients[i], buf, sizeof buf, MSG_NOSIGNAL);
    } else if (p->script == PEER_DRIPS && p->asked[i] && p->len) {
        send(p->clients[i], p->reply + p->sent[i]++ % p->len, 1, MSG_NOSIGNAL);
    } else if (p->script == PEER_CUTS && p->asked[i]) {
        send(p->clients[i], p->reply, p->len / 2, MSG_NOSIGNAL);
        drop(p, i);
    } else if (p->script == PEER_GREETS && p->asked[i] && !p->sent[i]++) {
        send(p->clients[i], p->reply, p->len, MSG_NOSIGNAL);
    }
}

static void *peer_main(void *arg)
{
    struct peer *p = arg;
    for (;;) {
        struct pollfd fds[CLIENTS + 2] = {{.fd = p->stop, .events = POLLIN},
                                          {.fd = p->listener, .events = POLLIN}};
        bool busy = false;
        for (int i = 0; i < CLIENTS; i++) {
            /* The dripping one is served by the clock. */
            bool drips = p->script == PEER_DRIPS && p->asked[i];
            fds[i + 2] = (struct pollfd){.fd = drips ? -1 : p->clients[i], .events = POLLIN};
            if (p->script == PEER_GARBAGE)
                fds[i + 2].events |= POLLOUT;
            busy |= drips && p->clients[i] >= 0;
        }
        poll(fds, CLIENTS + 2, busy ? 5 : -1);
        if (fds[0].revents)
            return NULL;
        for (int i = 0; i < CLIENTS; i++)
            if (p->clients[i] >= 0 && (fds[i + 2].revents || (p->script == PEER_DRIPS && p->asked[i])))
                serve(p, i);
        if (fds[1].revents)
            accept_one(p);
    }
}

static int open_socket(struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof *at;
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)at, len) < 0 ||
        getsockname(fd, (struct sockaddr *)at, &len) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

struct peer *peer_start(enum peer_script script, const void *reply, size_t len)
{
    struct sockaddr_in at;
    struct peer *p = mem_alloc(sizeof *p);
    p->script = script;
    p->reply = reply;
    p->len = len;
    for (int i = 0; i < CLIENTS; i++)
        p->clients[i] = p->fillers[i] = -1;
    p->stop = eventfd(0, EFD_CLOEXEC);
    p->listener = open_socket(&at);
    if (p->listener < 0 || p->stop < 0) {
        peer_stop(p);
        return NULL;
    }
    p->port = ntohs(at.sin_port);
    if (script == PEER_REFUSES)
        return p; /* bound, so that nobody else gets the port; not listening */
    listen(p->listener, script == PEER_NO_ANSWER ? 0 : 16);
    if (script == PEER_NO_ANSWER) {
        for (int i = 0; i < CLIENTS; i++) {
            p->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            int started = connect(p->fillers[i], (struct sockaddr *)&at, sizeof at);
            (void)started; /* in progress is what it is for */
        }
        return p;
    }
    p->has_thread = pthread_create(&p->thread, NULL, peer_main, p) == 0;
    return p;
}

int peer_port(const struct peer *p)
{
    return p->port;
}

void peer_stop(struct peer *p)
{
    uint64_t one = 1;
    if (!p)
        return;
    if (p->has_thread && write(p->stop, &one, sizeof one) == sizeof one)
        pthread_join(p->thread, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        if (p->clients[i] >= 0)
            close(p->clients[i]);
        if (p->fillers[i] >= 0)
            close(p->fillers[i]);
    }
    if (p->listener >= 0)
        close(p->listener);
    if (p->stop >= 0)
        close(p->stop);
    free(p);
}
