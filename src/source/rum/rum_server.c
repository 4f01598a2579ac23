#include "source/rum/rum_server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "format/pages/beacon.h"
#include "format/pages/beacon_request.h"

enum {
    CONNECTIONS_MOST = 1000,
    READ_SIZE = 128 << 10,
    UNSENT_MAX = 32 << 10, /* answers; whoever does not read them is answered no further */
    LINGER_MAX = 16 << 20, /* what is read and dropped of a body that was refused */
    EVENTS = 128,
    ACCEPTS = 64, /* in a turn */
};
#define STALLED (30 * SD_S)  /* in a request, or before the first one */
#define IDLE    (120 * SD_S) /* between two */

/* In a ring with the listener's head, the one whose last request is longest ago first. */
struct client {
    struct client *next, *before;
    int fd;
    sd_time since;     /* it came, or its last request ended */
    struct strbuf in;  /* a request that is not whole yet */
    struct strbuf out; /* answers that could not be sent yet */
    size_t need;       /* bytes of the request; 0: not known */
    size_t dropped;
    bool served;    /* it has sent a whole request */
    bool continued; /* "100 Continue" was sent */
    bool closing;   /* nothing is answered any more; what comes is dropped until the client closes */
    bool writing;   /* its answers are waited for */
    bool behind;    /* requests that came wait for that */
};

struct rum_server {
    struct field_tally *tally;
    struct client ring;
    size_t n_clients, most;
    int listener, poll;
    int64_t rate, in_second;
    sd_time second, now;
    bool taken;
    char bytes[READ_SIZE];
};

/* ---- the address ---- */

static bool read_port(const char *s, in_port_t *port)
{
    long n = 0;
    size_t len = strspn(s, "0123456789");
    if (!len || len > 5 || (s[len] && s[len] != '/' && s[len] != '?'))
        return false;
    n = strtol(s, NULL, 10);
    *port = htons((in_port_t)n);
    return n > 0 && n <= 65535;
}

static bool read_address(const char *target, struct sockaddr_storage *a, socklen_t *len, struct sd_error *err)
{
    struct sockaddr_in *four = (struct sockaddr_in *)a;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)a;
    const char *host = str_starts(target, "rum://") ? target + 6 : target;
    size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
    char name[64];
    in_port_t port;
    memset(a, 0, sizeof *a);
    snprintf(name, sizeof name, "%.*s", (int)MIN(n, sizeof name - 1), host);
    if (host[n] != ':' || !read_port(host + n + 1, &port))
        return fail(err, "%.100s has no port from 1 to 65535; write rum://127.0.0.1:8125", target);
    if (str_eq(name, "localhost"))
        snprintf(name, sizeof name, "127.0.0.1");
    if (str_eq(name, "[::1]")) {
        *six = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        *len = sizeof *six;
        return true;
    }
    *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    *len = sizeof *four;
    if (inet_pton(AF_INET, name, &four->sin_addr) != 1 || ntohl(four->sin_addr.s_addr) >> 24 != 127)
        return fail(err,
                    "%.60s is no loopback address, and beacons are received on one only: write "
                    "rum://127.0.0.1:8125, and let the site's own server pass them on",
                    name);
    return true;
}

static in_port_t port_of(const struct sockaddr_storage *a)
{
    return ntohs(a->ss_family == AF_INET ? ((const struct sockaddr_in *)a)->sin_port
                                         : ((const struct sockaddr_in6 *)a)->sin6_port);
}

static bool watch(const struct rum_server *x, int op, int fd, uint32_t events, struct client *c)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    return epoll_ctl(x->poll, op, fd, &e) == 0;
}

static bool listen_at(struct rum_server *x, const char *target, struct sd_error *err)
{
    struct sockaddr_storage a;
    socklen_t len;
    const int yes = 1;
    if (!read_address(target, &a, &len, err))
        return false;
    x->listener = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    x->poll = epoll_create1(EPOLL_CLOEXEC);
    if (x->listener < 0 || x->poll < 0)
        return fail(err, "cannot receive beacons: %s", strerror(errno));
    setsockopt(x->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(x->listener, (struct sockaddr *)&a, len) < 0 || listen(x->listener, SOMAXCONN) < 0)
        return fail(err, "cannot receive beacons at port %u: %s", (unsigned)port_of(&a),
                    errno == EADDRINUSE ? "another program uses the port" : strerror(errno));
    if (!watch(x, EPOLL_CTL_ADD, x->listener, EPOLLIN, NULL))
        return fail(err, "cannot receive beacons: %s", strerror(errno));
    return true;
}

/* Half of the descriptors are left to the rest of the program. */
static size_t connections_most(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur == RLIM_INFINITY)
        return CONNECTIONS_MOST;
    return MAX(MIN((size_t)l.rlim_cur / 2, (size_t)CONNECTIONS_MOST), (size_t)1);
}

struct rum_server *rum_server_open(const char *target, int64_t rate, struct field_tally *tally,
                                   struct sd_error *err)
{
    struct rum_server *x = mem_alloc(sizeof *x);
    x->tally = tally;
    x->rate = rate;
    x->listener = x->poll = -1;
    x->ring.next = x->ring.before = &x->ring;
    x->most = connections_most();
    if (listen_at(x, target, err))
        return x;
    rum_server_close(x);
    return NULL;
}

int rum_server_fd(const struct rum_server *x)
{
    return x->poll;
}

/* ---- connections ---- */

static void put_last(struct rum_server *x, struct client *c)
{
    c->before = x->ring.before;
    c->next = &x->ring;
    c->before->next = c->next->before = c;
}

static void take_out(struct client *c)
{
    c->before->next = c->next;
    c->next->before = c->before;
}

static void drop(struct rum_server *x, struct client *c)
{
    take_out(c);
    x->n_clients--;
    close(c->fd);
    strbuf_free(&c->in);
    strbuf_free(&c->out);
    free(c);
}

static void touch(struct rum_server *x, struct client *c)
{
    c->since = x->now;
    take_out(c);
    put_last(x, c);
}

void rum_server_close(struct rum_server *x)
{
    if (!x)
        return;
    while (x->ring.next != &x->ring)
        drop(x, x->ring.next);
    if (x->listener >= 0)
        close(x->listener);
    if (x->poll >= 0)
        close(x->poll);
    free(x);
}

/* Who is in the middle of a request, or has never sent one, before who waits for the next beacon to send. */
static bool is_stalling(const struct client *c)
{
    return !c->served || c->in.len || c->closing;
}

static void make_room(struct rum_server *x)
{
    struct client *c = x->ring.next;
    while (c != &x->ring && !is_stalling(c))
        c = c->next;
    if (x->n_clients)
        drop(x, c != &x->ring ? c : x->ring.next);
}

/* After the others of the turn: it may close one of them. */
static void accept_some(struct rum_server *x)
{
    const int yes = 1;
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(x->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            make_room(x);
        if (fd < 0)
            return;
        if (x->n_clients >= x->most)
            make_room(x);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct client *c = mem_alloc(sizeof *c);
        c->fd = fd;
        c->since = x->now;
        put_last(x, c);
        x->n_clients++;
        if (!watch(x, EPOLL_CTL_ADD, fd, EPOLLIN, c))
            drop(x, c);
    }
}

void rum_server_sweep(struct rum_server *x, sd_time now)
{
    for (struct client *c = x->ring.next, *next; c != &x->ring; c = next) {
        next = c->next;
        if (now - c->since >= (is_stalling(c) ? STALLED : IDLE))
            drop(x, c);
    }
}

/* ---- answers ---- */

#define ALLOW_ORIGIN "Access-Control-Allow-Origin: *\r\n"

enum answer {
    ANSWER_TAKEN,
    ANSWER_PREFLIGHT,
    ANSWER_CONTINUE,
    ANSWER_UNSOUND,
    ANSWER_METHOD,
    ANSWER_NO_LENGTH,
    ANSWER_TOO_LARGE,
    ANSWER_TOO_MANY,
};

static const char *const ANSWERS[] = {
    [ANSWER_TAKEN] = "204 No Content\r\n",
    [ANSWER_PREFLIGHT] = "204 No Content\r\nAccess-Control-Allow-Methods: POST, OPTIONS\r\n"
                         "Access-Control-Allow-Headers: content-type\r\nAccess-Control-Max-Age: 86400\r\n",
    [ANSWER_UNSOUND] = "400 Bad Request\r\nContent-Length: 0\r\n",
    [ANSWER_METHOD] = "405 Method Not Allowed\r\nAllow: POST, OPTIONS\r\nContent-Length: 0\r\n",
    [ANSWER_NO_LENGTH] = "411 Length Required\r\nContent-Length: 0\r\n",
    [ANSWER_TOO_LARGE] = "413 Content Too Large\r\nContent-Length: 0\r\n",
    [ANSWER_TOO_MANY] = "429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n",
};

static void answer(struct client *c, enum answer a, bool keep_alive)
{
    strbuf_str(&c->out, "HTTP/1.1 ");
    strbuf_str(&c->out, ANSWERS[a]);
    strbuf_str(&c->out, ALLOW_ORIGIN);
    strbuf_str(&c->out, keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
    c->closing = !keep_alive;
}

/* False: the connection is gone. */
static bool send_answers(struct rum_server *x, struct client *c)
{
    size_t sent = 0;
    while (sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.text + sent, c->out.len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0)
            break;
        sent += (size_t)n;
    }
    memmove(c->out.text, c->out.text + sent, c->out.len - sent);
    c->out.len -= sent;
    bool writing = c->out.len > 0;
    if (writing != c->writing && !watch(x, EPOLL_CTL_MOD, c->fd, writing ? EPOLLOUT : EPOLLIN, c))
        return false;
    c->writing = writing;
    /* What the client still sends must be read, or its system would drop the answer unread. */
    if (c->closing && !writing)
        shutdown(c->fd, SHUT_WR);
    return true;
}

/* ---- requests ---- */

static void take(void *ctx, const struct field_beacon *b)
{
    struct rum_server *x = ctx;
    struct field_beacon now = *b;
    now.at = x->now; /* not what a client says of the time */
    field_tally_add(x->tally, &now);
    x->in_second++;
}

static enum answer take_body(struct rum_server *x, const char *body, size_t n, const struct beacon_request *r)
{
    struct field_counts *counts = field_tally_counts(x->tally);
    char referer[BEACON_REFERER_MAX + 1];
    x->taken = true;
    if (x->now - x->second >= SD_S || x->now < x->second) {
        x->second = x->now;
        x->in_second = 0;
    }
    if (x->in_second >= x->rate) {
        counts->rejected++;
        return ANSWER_TOO_MANY;
    }
    memcpy(referer, r->referer ? r->referer : "", r->referer_len);
    referer[r->referer_len] = 0;
    struct beacon_found found = beacon_read(body, n, referer, take, x);
    counts->rejected += found.rejected;
    counts->ignored += found.ignored;
    return found.taken || found.ignored ? ANSWER_TAKEN : ANSWER_UNSOUND;
}

/* What the head alone decides; `r->length` of what has no body is 0 then. True: it is answered. */
static bool refuse(struct rum_server *x, struct client *c, struct beacon_request *r)
{
    if (r->length < 0 && r->method == BEACON_POST) {
        answer(c, ANSWER_NO_LENGTH, false);
    } else if (r->length > BEACON_BODY_MAX) {
        if (r->method == BEACON_POST) {
            field_tally_counts(x->tally)->too_large++;
            x->taken = true;
        }
        answer(c, r->method == BEACON_POST ? ANSWER_TOO_LARGE : ANSWER_METHOD, false);
    } else {
        r->length = MAX(r->length, 0);
        return false;
    }
    return true;
}

/* One request from the front of the bytes; how many it took. 0: it is not whole, or was refused. */
static size_t take_request(struct rum_server *x, struct client *c, const char *bytes, size_t n)
{
    struct beacon_request r;
    if (n < c->need)
        return 0;
    enum beacon_head head = beacon_request_read(bytes, n, &r);
    if (head == BEACON_HEAD_BROKEN)
        answer(c, ANSWER_UNSOUND, false);
    if (head != BEACON_HEAD_WHOLE || refuse(x, c, &r))
        return 0;
    c->need = r.head + (size_t)r.length;
    if (n < c->need) {
        if (r.waits && !c->continued)
            strbuf_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        c->continued = true;
        return 0;
    }
    enum answer a = r.method == BEACON_OPTIONS ? ANSWER_PREFLIGHT : ANSWER_METHOD;
    if (r.method == BEACON_POST)
        a = take_body(x, bytes + r.head, (size_t)r.length, &r);
    answer(c, a, r.keep_alive);
    size_t taken = c->need;
    c->need = 0;
    c->continued = false;
    c->served = true;
    touch(x, c);
    return taken;
}

static size_t take_requests(struct rum_server *x, struct client *c, const char *bytes, size_t n)
{
    size_t at = 0, taken = 1;
    while (at < n && taken && !c->closing && c->out.len < UNSENT_MAX) {
        taken = take_request(x, c, bytes + at, n - at);
        at += taken;
    }
    c->behind = at < n && taken && !c->closing;
    return c->closing ? n : at;
}

static void take_bytes(struct rum_server *x, struct client *c, size_t n)
{
    if (c->closing) {
        c->dropped += n;
    } else if (!c->in.len) {
        size_t taken = take_requests(x, c, x->bytes, n);
        if (taken < n)
            strbuf_add(&c->in, x->bytes + taken, n - taken);
    } else {
        strbuf_add(&c->in, x->bytes, n);
        size_t taken = take_requests(x, c, c->in.text, c->in.len);
        memmove(c->in.text, c->in.text + taken, c->in.len - taken);
        c->in.len -= taken;
    }
    if (!c->in.len)
        strbuf_free(&c->in);
}

/* False: the connection is gone. */
static bool answer_all(struct rum_server *x, struct client *c)
{
    do {
        if (c->out.len && !send_answers(x, c))
            return false;
        if (c->behind && !c->writing)
            take_bytes(x, c, 0);
    } while (c->out.len && !c->writing);
    return true;
}

/* False: the connection is gone. */
static bool serve(struct rum_server *x, struct client *c)
{
    if (c->writing)
        return answer_all(x, c);
    ssize_t n = recv(c->fd, x->bytes, sizeof x->bytes, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    take_bytes(x, c, (size_t)n);
    if (c->dropped > LINGER_MAX)
        return false;
    return answer_all(x, c);
}

bool rum_server_turn(struct rum_server *x, sd_time now)
{
    struct epoll_event events[EVENTS];
    bool came = false;
    x->now = now;
    x->taken = false;
    int n = epoll_wait(x->poll, events, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        struct client *c = events[i].data.ptr;
        if (!c)
            came = true;
        else if (!serve(x, c))
            drop(x, c);
    }
    if (came)
        accept_some(x);
    return x->taken;
}
