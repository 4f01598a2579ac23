#include "source/shared/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS_MOST = 1000,
    READ_SIZE = 128 << 10,
    READ_MOST = 1 << 20,   /* of a long body, at once */
    UNSENT_MAX = 32 << 10, /* answers; whoever does not read them is answered no further */
    LINGER_MAX = 16 << 20, /* what is read and dropped of a body that was refused, beyond LINGER_BODIES */
    LINGER_BODIES = 2,     /* of the longest size: many senders read the answer when all is sent */
    HEAD_ROOM = 4 << 10,   /* where the head is not whole */
    KEPT_MAX = 64 << 10,   /* of a connection's memory, between requests */
    SHORT_BODY = 64 << 10,
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
    sd_time progress;  /* bytes came */
    sd_time asked;     /* its request was put off first; SD_UNKNOWN: none is */
    struct strbuf in;  /* a request that is not whole yet */
    struct strbuf out; /* answers that could not be sent yet */
    size_t counted;    /* of `in`, in the server's `held` */
    size_t need;       /* bytes of the request; 0: not known */
    size_t dropped;
    struct http_chunks chunks;
    size_t body_end; /* of a body in chunks: up to here it is put together; 0: its head is not whole */
    bool served;     /* it has sent a whole request */
    bool continued;  /* "100 Continue" was sent */
    bool closing;    /* nothing is answered any more; what comes is dropped until the client closes */
    bool behind;     /* requests that came wait until its answers are sent */
    bool gone;       /* closed; freed at the end of the turn */
    bool touched;    /* in this turn */
    uint32_t watched;
};

struct http_server {
    struct http_rules rules;
    struct client ring;
    size_t n_clients, most, n_later;
    size_t held; /* bytes of requests that are not whole */
    int listener, poll;
    sd_time now;
    bool taken;
    struct client **touched;
    size_t n_touched, cap_touched;
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

/* The host of the target, "[::1]" with its brackets, and what stands behind it. */
static const char *read_host(const struct http_rules *rules, const char *target, char name[64])
{
    const char *slashes = strstr(target, "//");
    const char *host = slashes ? slashes + 2 : target;
    size_t n = *host == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":/?");
    snprintf(name, 64, "%.*s", (int)MIN(n, (size_t)63), host);
    if (str_eq(name, "localhost") || (!*name && rules->port))
        snprintf(name, 64, "127.0.0.1");
    return host + n;
}

static bool six_of(const char *name, struct in6_addr *a)
{
    char plain[64];
    size_t n = strlen(name);
    if (*name != '[' || n < 3)
        return false;
    snprintf(plain, sizeof plain, "%.*s", (int)(n - 2), name + 1);
    return inet_pton(AF_INET6, plain, a) == 1;
}

static bool read_address(const struct http_rules *rules, const char *target, struct sockaddr_storage *a,
                         socklen_t *len, struct sd_error *err)
{
    struct sockaddr_in *four = (struct sockaddr_in *)a;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)a;
    char name[64];
    in_port_t port = htons((in_port_t)rules->port);
    memset(a, 0, sizeof *a);
    const char *rest = read_host(rules, target, name);
    if (*rest == ':' ? !read_port(rest + 1, &port) : !rules->port)
        return fail(err, "%.100s has no port from 1 to 65535; write %s://127.0.0.1:%d", target, rules->scheme,
                    rules->port ? rules->port : 8125);
    if (six_of(name, &six->sin6_addr) && (rules->anywhere || IN6_IS_ADDR_LOOPBACK(&six->sin6_addr))) {
        six->sin6_family = AF_INET6;
        six->sin6_port = port;
        *len = sizeof *six;
        return true;
    }
    memset(a, 0, sizeof *a);
    *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    *len = sizeof *four;
    bool four_parts = inet_pton(AF_INET, name, &four->sin_addr) == 1;
    if (four_parts && (rules->anywhere || ntohl(four->sin_addr.s_addr) >> 24 == 127))
        return true;
    if (rules->anywhere)
        return fail(err, "%.60s is no address of this machine: write %s://127.0.0.1:%u", name, rules->scheme,
                    (unsigned)ntohs(port));
    return fail(err,
                "%.60s is no loopback address, and %s are received on one only: write "
                "%s://127.0.0.1:%u%s",
                name, rules->what, rules->scheme, (unsigned)ntohs(port),
                rules->elsewhere ? rules->elsewhere : "");
}

static in_port_t port_of(const struct sockaddr_storage *a)
{
    return ntohs(a->ss_family == AF_INET ? ((const struct sockaddr_in *)a)->sin_port
                                         : ((const struct sockaddr_in6 *)a)->sin6_port);
}

static bool watch(const struct http_server *x, int op, int fd, uint32_t events, struct client *c)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    return epoll_ctl(x->poll, op, fd, &e) == 0;
}

static bool cannot_take(const struct sockaddr_storage *a, const char *what, struct sd_error *err)
{
    return fail(err, "cannot receive %s at port %u: %s", what, (unsigned)port_of(a),
                errno == EADDRINUSE ? "another program uses the port" : strerror(errno));
}

/* A socket with that address; -1 and a sentence. */
static int bound(const struct http_rules *rules, const char *target, struct sd_error *err)
{
    struct sockaddr_storage a;
    socklen_t len;
    const int yes = 1;
    const char *what = rules->what;
    if (!read_address(rules, target, &a, &len, err))
        return -1;
    int fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fail(err, "cannot receive %s: %s", what, strerror(errno));
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&a, len) == 0)
        return fd;
    cannot_take(&a, what, err);
    close(fd);
    return -1;
}

bool http_server_may_open(const char *target, const struct http_rules *rules, struct sd_error *err)
{
    int fd = bound(rules, target, err);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool listen_at(struct http_server *x, const char *target, struct sd_error *err)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    const char *what = x->rules.what;
    x->poll = epoll_create1(EPOLL_CLOEXEC);
    if (x->poll < 0)
        return fail(err, "cannot receive %s: %s", what, strerror(errno));
    x->listener = bound(&x->rules, target, err);
    if (x->listener < 0)
        return false;
    if (listen(x->listener, SOMAXCONN) < 0) { /* another one may have been quicker */
        bool known = getsockname(x->listener, (struct sockaddr *)&a, &len) == 0;
        return known ? cannot_take(&a, what, err) : fail(err, "cannot receive %s: %s", what, strerror(errno));
    }
    if (!watch(x, EPOLL_CTL_ADD, x->listener, EPOLLIN, NULL))
        return fail(err, "cannot receive %s: %s", what, strerror(errno));
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

struct http_server *http_server_open(const char *target, const struct http_rules *rules, struct sd_error *err)
{
    struct http_server *x = mem_alloc(sizeof *x);
    x->rules = *rules;
    x->listener = x->poll = -1;
    x->ring.next = x->ring.before = &x->ring;
    x->most = connections_most();
    if (listen_at(x, target, err))
        return x;
    http_server_close(x);
    return NULL;
}

int http_server_fd(const struct http_server *x)
{
    return x->poll;
}

bool http_server_waits(const struct http_server *x)
{
    return x->n_later > 0;
}

/* ---- connections ---- */

static void put_last(struct http_server *x, struct client *c)
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

/* What it holds of a request that is not whole. */
static void count_held(struct http_server *x, struct client *c)
{
    x->held += c->in.cap - c->counted;
    c->counted = c->in.cap;
}

static void put_off(struct http_server *x, struct client *c, bool yes)
{
    if (yes == sd_known(c->asked))
        return;
    c->asked = yes ? x->now : SD_UNKNOWN;
    x->n_later += yes ? 1 : (size_t)-1;
}

static void forget(struct client *c)
{
    strbuf_free(&c->in);
    strbuf_free(&c->out);
    free(c);
}

/* One that takes part in this turn is freed at its end. */
static void drop(struct http_server *x, struct client *c)
{
    if (c->gone)
        return;
    c->gone = true;
    put_off(x, c, false);
    take_out(c);
    x->n_clients--;
    x->held -= c->counted;
    close(c->fd);
    if (!c->touched)
        forget(c);
}

static void touch(struct http_server *x, struct client *c)
{
    c->since = x->now;
    take_out(c);
    put_last(x, c);
}

void http_server_close(struct http_server *x)
{
    if (!x)
        return;
    while (x->ring.next != &x->ring)
        drop(x, x->ring.next);
    if (x->listener >= 0)
        close(x->listener);
    if (x->poll >= 0)
        close(x->poll);
    free(x->touched);
    free(x);
}

/* Who is in the middle of a request, or has never sent one, before who waits for the next one to send. */
static bool is_stalling(const struct client *c)
{
    return !c->served || c->in.len || c->closing;
}

static void make_room(struct http_server *x)
{
    struct client *c = x->ring.next;
    while (c != &x->ring && !is_stalling(c))
        c = c->next;
    if (x->n_clients)
        drop(x, c != &x->ring ? c : x->ring.next);
}

/* Too much is held of requests that are not whole: whoever has sent nothing for the longest time gives way. A
 * request that is put off is whole, and stays. */
static void make_memory(struct http_server *x, const struct client *but)
{
    while (x->held > x->rules.unfinished_max) {
        struct client *worst = NULL;
        for (struct client *c = x->ring.next; c != &x->ring; c = c->next)
            if (c != but && c->counted > KEPT_MAX && !sd_known(c->asked) &&
                (!worst || c->progress < worst->progress))
                worst = c;
        if (!worst)
            return;
        drop(x, worst);
    }
}

/* After the others of the turn: it may close one of them. */
static void accept_some(struct http_server *x)
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
        c->since = c->progress = x->now;
        c->asked = SD_UNKNOWN;
        c->watched = EPOLLIN;
        put_last(x, c);
        x->n_clients++;
        if (!watch(x, EPOLL_CTL_ADD, fd, EPOLLIN, c))
            drop(x, c);
    }
}

void http_server_sweep(struct http_server *x, sd_time now)
{
    for (struct client *c = x->ring.next, *next; c != &x->ring; c = next) {
        next = c->next;
        if (now - c->since >= (is_stalling(c) ? STALLED : IDLE) && !sd_known(c->asked))
            drop(x, c);
    }
}

/* ---- answers ---- */

static const char *words_of(int status)
{
    static const struct {
        int status;
        const char *words;
    } known[] = {
        {200, "OK"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].status == status)
            return known[i].words;
    return "Answer";
}

static void answer(struct client *c, const struct http_answer *a, bool keep_alive)
{
    strbuf_printf(&c->out, "HTTP/1.1 %d %s\r\n%s", a->status, words_of(a->status),
                  a->headers ? a->headers : "");
    if (a->type)
        strbuf_printf(&c->out, "Content-Type: %s\r\n", a->type);
    if (a->status != 204)
        strbuf_printf(&c->out, "Content-Length: %zu\r\n", a->type ? a->n : 0);
    strbuf_str(&c->out, keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
    if (a->type)
        strbuf_add(&c->out, a->body, a->n);
    c->closing = !keep_alive;
}

static void refuse(struct http_server *x, struct client *c, const struct http_request *r,
                   enum http_refusal why)
{
    struct http_answer a = {.status = 400};
    x->taken = true;
    x->rules.refuse(x->rules.ctx, r, why, &a);
    answer(c, &a, false);
}

/* What is waited for: room to send, or what it sends, unless that would only be kept. */
static bool watch_for(struct http_server *x, struct client *c)
{
    uint32_t events = c->out.len ? EPOLLOUT : c->behind || sd_known(c->asked) ? 0 : EPOLLIN;
    if (events != c->watched && !watch(x, EPOLL_CTL_MOD, c->fd, events, c))
        return false;
    c->watched = events;
    return true;
}

/* False: the connection is gone. */
static bool send_answers(struct client *c)
{
    size_t sent = 0;
    bool had = c->out.len > 0;
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
    if (sent)
        memmove(c->out.text, c->out.text + sent, c->out.len - sent);
    c->out.len -= sent;
    /* What the client still sends must be read, or its system would drop the answer unread. */
    if (had && c->closing && !c->out.len)
        shutdown(c->fd, SHUT_WR);
    return true;
}

/* ---- requests ---- */

/* What the head alone decides. True: it is answered. */
static bool refuse_head(struct http_server *x, struct client *c, const struct http_request *r)
{
    bool too_large = r->length > (int64_t)x->rules.body_max;
    if (r->coded && x->rules.chunks)
        refuse(x, c, r, HTTP_CODED);
    else if (r->method == HTTP_POST && r->length < 0 && !(r->chunked && x->rules.chunks))
        refuse(x, c, r, HTTP_NO_LENGTH);
    else if (too_large || (r->chunked && !x->rules.chunks))
        refuse(x, c, r, HTTP_TOO_LARGE);
    else
        return false;
    return true;
}

/* The head decides, and its answer does not wait for the body; that is read over if it is short. */
static bool answer_head(struct http_server *x, struct client *c, const struct http_request *r, bool whole)
{
    struct http_answer a = {.status = 0};
    if (!x->rules.head || !x->rules.head(x->rules.ctx, r, &a))
        return false;
    x->taken = true;
    answer(c, &a, whole && r->keep_alive);
    return true;
}

static void ended(struct http_server *x, struct client *c)
{
    c->need = c->body_end = 0;
    c->chunks = (struct http_chunks){0};
    c->continued = false;
    c->served = true;
    touch(x, c);
}

/* A request that has come whole, of `size` bytes; how many it took. 0: it was put off. */
static size_t take_whole(struct http_server *x, struct client *c, struct http_request *r, const char *bytes,
                         size_t size)
{
    struct http_answer a = {.status = 0};
    if (answer_head(x, c, r, true)) {
        ended(x, c);
        return size;
    }
    r->waited = sd_known(c->asked) ? MAX(x->now - c->asked, 0) : 0;
    if (x->rules.take(x->rules.ctx, r, bytes + r->head, size - r->head, &a) == HTTP_LATER) {
        put_off(x, c, true);
        return 0;
    }
    x->taken = true;
    put_off(x, c, false);
    answer(c, &a, r->keep_alive);
    ended(x, c);
    return size;
}

static void go_on(struct client *c, const struct http_request *r)
{
    if (r->waits && !c->continued)
        strbuf_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
    c->continued = true;
}

/* A body in chunks is put together where it stands. */
static size_t take_chunks(struct http_server *x, struct client *c, struct http_request *r, char *bytes,
                          size_t *n)
{
    c->body_end = c->body_end ? c->body_end : r->head;
    enum http_state state = http_chunks_read(&c->chunks, bytes, &c->body_end, n);
    if (state == HTTP_BROKEN || c->body_end - r->head > x->rules.body_max)
        refuse(x, c, r, state == HTTP_BROKEN ? HTTP_UNSOUND : HTTP_TOO_LARGE);
    else if (state == HTTP_MORE)
        go_on(c, r);
    else
        c->need = c->body_end;
    return c->need ? take_whole(x, c, r, bytes, c->need) : 0;
}

/* One request from the front of the bytes; how many it took. 0: it is not whole, was put off or refused. */
static size_t take_request(struct http_server *x, struct client *c, char *bytes, size_t *n)
{
    struct http_request r;
    if (*n < c->need)
        return 0;
    enum http_state head = http_request_read(bytes, *n, &r);
    if (head == HTTP_BROKEN || head == HTTP_LONG)
        refuse(x, c, NULL, head == HTTP_LONG ? HTTP_HEAD_TOO_LONG : HTTP_UNSOUND);
    if (head != HTTP_WHOLE || refuse_head(x, c, &r))
        return 0;
    if (r.chunked && x->rules.chunks && !c->need) {
        if (!c->body_end && answer_head(x, c, &r, false))
            return 0;
        return take_chunks(x, c, &r, bytes, n);
    }
    if (!c->need)
        c->need = r.head + (size_t)MAX(r.length, 0);
    if (*n >= c->need)
        return take_whole(x, c, &r, bytes, c->need);
    /* A short body is soon there, and then the connection can stay. */
    bool at_once = r.waits || r.length > SHORT_BODY;
    if (!at_once || !answer_head(x, c, &r, false))
        go_on(c, &r);
    return 0;
}

/* `n` bytes, of which it leaves what is not whole at the front of them. */
static size_t take_requests(struct http_server *x, struct client *c, char *bytes, size_t n)
{
    size_t at = 0, taken = 1;
    while (at < n && taken && !c->closing && c->out.len < UNSENT_MAX) {
        size_t left = n - at;
        taken = take_request(x, c, bytes + at, &left);
        n = at + left;
        at += taken;
    }
    c->behind = at < n && taken && !c->closing;
    if (c->closing)
        return 0;
    memmove(bytes, bytes + at, n - at);
    return n - at;
}

static void take_bytes(struct http_server *x, struct client *c, char *bytes, size_t n)
{
    if (c->closing) {
        c->dropped += n;
    } else if (!c->in.len) {
        size_t left = take_requests(x, c, bytes, n);
        if (left)
            strbuf_add(&c->in, bytes, left);
    } else {
        if (bytes != c->in.text + c->in.len)
            strbuf_add(&c->in, bytes, n);
        else
            c->in.len += n;
        c->in.len = take_requests(x, c, c->in.text, c->in.len);
    }
    if (!c->in.len && (c->in.cap > KEPT_MAX || !c->served || c->closing))
        strbuf_free(&c->in);
    count_held(x, c);
    make_memory(x, c);
}

/* Where the bytes that come are put: behind those of a long body, or where one request after the other is
 * read without a copy. */
static char *place_of(struct http_server *x, struct client *c, size_t *room)
{
    *room = sizeof x->bytes;
    if (!c->in.len || c->closing)
        return x->bytes;
    if (!c->need && !c->body_end)
        *room = HEAD_ROOM;
    else if (c->need > c->in.len)
        *room = MIN(c->need - c->in.len, (size_t)READ_MOST);
    return strbuf_room(&c->in, *room);
}

/* False: the connection is gone. */
static bool receive(struct http_server *x, struct client *c)
{
    const size_t linger = LINGER_MAX + LINGER_BODIES * x->rules.body_max;
    size_t room;
    char *place = place_of(x, c, &room);
    ssize_t n = recv(c->fd, place, room, 0);
    count_held(x, c);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    c->progress = x->now;
    take_bytes(x, c, place, (size_t)n);
    return c->dropped <= linger;
}

static void note_touched(struct http_server *x, struct client *c)
{
    if (c->touched)
        return;
    c->touched = true;
    x->touched = mem_grow(x->touched, x->n_touched, &x->cap_touched, sizeof *x->touched);
    x->touched[x->n_touched++] = c;
}

/* What was put off is asked again; a retry takes no new bytes. */
static void ask_again(struct http_server *x)
{
    for (struct client *c = x->ring.next, *next; x->n_later && c != &x->ring; c = next) {
        next = c->next;
        if (!sd_known(c->asked))
            continue;
        note_touched(x, c);
        take_bytes(x, c, c->in.text + c->in.len, 0);
    }
}

/* Publishes what was taken, sends the answers, and goes on with what waited for that. */
static void answer_all(struct http_server *x)
{
    bool more = true;
    while (more) {
        more = false;
        if (x->rules.publish)
            x->rules.publish(x->rules.ctx);
        for (size_t i = 0; i < x->n_touched; i++) {
            struct client *c = x->touched[i];
            if (c->gone)
                continue;
            if (!send_answers(c) || !watch_for(x, c)) {
                drop(x, c);
            } else if (c->behind && !c->out.len) {
                take_bytes(x, c, c->in.text + c->in.len, 0);
                more = true;
            }
        }
    }
    for (size_t i = 0; i < x->n_touched; i++) {
        x->touched[i]->touched = false;
        if (x->touched[i]->gone)
            forget(x->touched[i]);
    }
    x->n_touched = 0;
}

bool http_server_turn(struct http_server *x, sd_time now)
{
    struct epoll_event events[EVENTS];
    bool came = false;
    x->now = now;
    x->taken = false;
    int n = epoll_wait(x->poll, events, EVENTS, 0);
    /* All of them first: one of them may make others give way. */
    for (int i = 0; i < n; i++)
        if (events[i].data.ptr)
            note_touched(x, events[i].data.ptr);
    size_t n_events = x->n_touched;
    ask_again(x);
    for (size_t i = 0; i < n_events; i++) {
        struct client *c = x->touched[i];
        if (!c->gone && !c->out.len && !sd_known(c->asked) && !receive(x, c))
            drop(x, c);
    }
    answer_all(x);
    for (int i = 0; i < n; i++)
        came |= !events[i].data.ptr;
    if (came)
        accept_some(x);
    return x->taken;
}
