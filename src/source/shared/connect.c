#include "source/shared/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "source/shared/lookup.h"

enum { REQUEST_POLL_MS = 20 };

int connect_wait(struct sd_source *s, int fd, int events, sd_time deadline)
{
    const struct sd_host *h = s->host;
    for (;;) {
        int r = h->wait(s, fd, events, deadline);
        if (r >= 0)
            return r;
        if (h->should_stop(s) || (h->withdrawn && h->withdrawn(s)))
            return -1;
        /* A request waits: it is served when this exchange is over. */
        struct pollfd p = {.fd = fd, .events = (short)events};
        if (poll(&p, 1, REQUEST_POLL_MS) > 0)
            return 1;
        if (h->now(s) >= deadline)
            return 0;
    }
}

void connect_slow(struct sd_source *s, const char *name)
{
    s->host->note(s, SD_STATE_STALE, "%.150s has not answered for %d s", name, (int)(CONNECT_SLOW_NS / SD_S));
}

/* ---- names ---- */

static enum sd_result resolve(struct sd_source *s, const struct connect_to *to, const struct lookup *l,
                              sd_time deadline, const struct addrinfo **found, struct sd_error *err)
{
    int r = lookup_done(l) ? 1 : connect_wait(s, lookup_fd(l), POLLIN, deadline), failed;
    if (r < 0)
        return SD_NODATA;
    if (!r || !lookup_done(l))
        return sd_fail(
            err, SD_RETRY,
            "cannot connect to %.200s: the name %.200s was not found in time: its resolver does not answer",
            to->name, to->host);
    *found = lookup_found(l, &failed);
    if (failed)
        return sd_fail(err, SD_RETRY, "cannot connect to %.200s: cannot find the host %.200s: %s", to->name,
                       to->host, gai_strerror(failed));
    return SD_OK;
}

/* ---- connecting ---- */

/* 0, or an errno; ECANCELED: it is to stop. */
static int connect_one(struct sd_source *s, const struct sockaddr *to, socklen_t len, sd_time deadline,
                       int *fd)
{
    int one = 1, failed = 0;
    socklen_t size = sizeof failed;
    *fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return errno;
    if (to->sa_family != AF_UNIX) {
        setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(*fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    }
    if (connect(*fd, to, len) < 0)
        failed = errno;
    if (failed == EINPROGRESS) {
        int r = connect_wait(s, *fd, POLLOUT, deadline);
        if (r > 0)
            getsockopt(*fd, SOL_SOCKET, SO_ERROR, &failed, &size);
        else
            failed = r < 0 ? ECANCELED : ETIMEDOUT;
    }
    if (failed) {
        close(*fd);
        *fd = -1;
    }
    return failed;
}

static int connect_any(struct sd_source *s, const struct addrinfo *list, sd_time deadline, int *fd)
{
    int failed = EHOSTUNREACH, left = 0;
    for (const struct addrinfo *a = list; a; a = a->ai_next)
        left++;
    for (const struct addrinfo *a = list; a; a = a->ai_next, left--) {
        sd_time now = s->host->now(s); /* each address gets its share of the time */
        failed = connect_one(s, a->ai_addr, a->ai_addrlen, now + MAX(deadline - now, 0) / left, fd);
        if (!failed || failed == ECANCELED)
            break;
    }
    return failed;
}

static int connect_path(struct sd_source *s, const char *path, sd_time deadline, int *fd)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path)
        return ENAMETOOLONG;
    memcpy(to.sun_path, path, strlen(path));
    return connect_one(s, (const struct sockaddr *)&to, sizeof to, deadline, fd);
}

enum sd_result connect_socket(struct sd_source *s, const struct connect_to *to, sd_time deadline, int *fd,
                              struct sd_error *err)
{
    enum sd_result r = SD_OK;
    int failed = 0;
    *fd = -1;
    if (to->path) {
        failed = connect_path(s, to->path, deadline, fd);
    } else {
        const struct addrinfo *found = NULL;
        struct lookup *l = lookup_start(to->host, to->port);
        if (!l)
            return sd_fail(err, SD_RETRY, "cannot connect to %.200s: cannot look up %.200s: %s", to->name,
                           to->host, strerror(errno));
        r = resolve(s, to, l, deadline, &found, err);
        failed = r == SD_OK ? connect_any(s, found, deadline, fd) : 0;
        lookup_end(l);
    }
    if (r != SD_OK || failed == ECANCELED)
        return r != SD_OK ? r : SD_NODATA;
    if (!failed)
        return SD_OK;
    return sd_fail(err, SD_RETRY, "cannot connect to %.200s: %s", to->name, strerror(failed));
}
