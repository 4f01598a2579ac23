#include "source/postgres/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

/* Small, because libpq looks at all of it before the deadline is looked at again. */
enum { PIECE = 16384 };

struct flow {
    char bytes[PIECE];
    size_t at, end;
};

struct relay {
    int far;  /* the server's socket */
    int near; /* our end of the pair */
    ino_t inode;
    struct flow down, up;
    int64_t received;
    bool ended; /* the server sends no more */
    int error;
};

struct relay *relay_new(int fd)
{
    int pair[2];
    struct stat st;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return NULL;
    int far = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (far < 0 || fstat(pair[0], &st) != 0 || dup3(pair[0], fd, O_CLOEXEC) < 0) {
        int saved = errno;
        if (far >= 0)
            close(far);
        close(pair[0]);
        close(pair[1]);
        errno = saved;
        return NULL;
    }
    close(pair[0]);
    struct relay *r = mem_alloc(sizeof *r);
    r->far = far;
    r->near = pair[1];
    r->inode = st.st_ino;
    return r;
}

bool relay_holds(const struct relay *r, int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == r->inode;
}

static bool again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void failed(struct relay *r)
{
    if (!r->error)
        r->error = errno;
    r->ended = true;
}

static void move_up(struct relay *r)
{
    for (;;) {
        struct flow *f = &r->up;
        if (f->at == f->end) {
            ssize_t n = recv(r->near, f->bytes, sizeof f->bytes, MSG_DONTWAIT);
            if (n <= 0)
                return;
            f->at = 0;
            f->end = (size_t)n;
        }
        ssize_t n = send(r->far, f->bytes + f->at, f->end - f->at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (!again())
                f->at = f->end; /* the reading side tells that the server is gone */
            return;
        }
        f->at += (size_t)n;
    }
}

static void move_down(struct relay *r)
{
    struct flow *f = &r->down;
    if (f->at == f->end && !r->ended) {
        ssize_t n = recv(r->far, f->bytes, sizeof f->bytes, MSG_DONTWAIT);
        if (n < 0 && again())
            return;
        if (n < 0)
            failed(r);
        r->ended = n <= 0;
        f->at = 0;
        f->end = n > 0 ? (size_t)n : 0;
        r->received += n > 0 ? n : 0;
    }
    if (f->at < f->end) {
        ssize_t n = send(r->near, f->bytes + f->at, f->end - f->at, MSG_NOSIGNAL | MSG_DONTWAIT);
        f->at += n > 0 ? (size_t)n : 0;
    } else if (r->ended) {
        shutdown(r->near, SHUT_WR);
    }
}

void relay_move(struct relay *r, int fd)
{
    struct pollfd unread = {.fd = fd, .events = POLLIN};
    move_up(r);
    if (poll(&unread, 1, 0) == 0)
        move_down(r);
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    move_up(r);
    close(r->near);
    close(r->far);
    free(r);
}

int relay_socket(const struct relay *r)
{
    return r->far;
}

short relay_events(const struct relay *r)
{
    return (short)(POLLIN | (r->up.at < r->up.end ? POLLOUT : 0));
}

int64_t relay_received(const struct relay *r)
{
    return r->received;
}

int relay_error(const struct relay *r)
{
    return r->error;
}
