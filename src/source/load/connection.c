/* connection.c - sockets, TLS, and HTTP/1.1 over them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/utf8.h"
#include "source/load/generator_parts.h"

enum { READS_MOST = 16 }; /* of one connection before others have their turn */

/* ---- the lists ---- */

void load_conn_free(struct generator *g, struct load_conn *c)
{
    c->ready_ns = gen_now(g);
    if (!c->in_free) {
        /* The one used last is used first: its caches are warm, and the others may time out. */
        DL_PREPEND(g->free, c);
        c->in_free = true;
    }
}

void load_conn_unfree(struct generator *g, struct load_conn *c)
{
    if (c->in_free)
        DL_DELETE(g->free, c);
    c->in_free = false;
}

static struct load_conn *new_conn(struct generator *g)
{
    struct load_conn *c = g->closed;
    if (c) {
        LL_DELETE(g->closed, c);
        return c;
    }
    c = mem_alloc(sizeof *c);
    c->index = (uint32_t)g->n_conns;
    c->fd = -1;
    g->conns = mem_grow(g->conns, g->n_conns, &g->cap_conns, sizeof(struct load_conn *));
    g->conns[g->n_conns++] = c;
    return c;
}

void load_conn_wait_for(struct generator *g, struct load_conn *c, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = (uint64_t)c->life << 32 | c->index};
    if (events == c->events)
        return;
    epoll_ctl(g->epoll, c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e);
    c->events = events;
}

void load_conn_close(struct generator *g, struct load_conn *c)
{
    load_conn_unfree(g, c);
    if (c->state == CONN_CONNECTING || c->state == CONN_HANDSHAKE) {
        DL_DELETE(g->opening, c);
        g->n_opening--;
    }
    http2_end(c);
    SSL_free(c->ssl);
    if (c->fd >= 0)
        close(c->fd);
    free(c->rest);
    g->n_open--;
    *c = (struct load_conn){.index = c->index, .life = c->life, .fd = -1};
    LL_PREPEND(g->closed, c);
}

/* ---- bytes ---- */

static ssize_t tls_result(struct load_conn *c, int r)
{
    int failed = errno;
    switch (SSL_get_error(c->ssl, r)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        return failed ? -failed : 0;
    default:
        return -EPROTO;
    }
}

ssize_t load_conn_read(struct load_conn *c, char *to, size_t n)
{
    if (c->ssl) {
        ERR_clear_error();
        int r = SSL_read(c->ssl, to, (int)n);
        return r > 0 ? r : tls_result(c, r);
    }
    ssize_t r;
    do
        r = recv(c->fd, to, n, 0);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

static ssize_t put(struct load_conn *c, const char *bytes, size_t n)
{
    if (c->ssl) {
        ERR_clear_error();
        int r = SSL_write(c->ssl, bytes, (int)MIN(n, 1 << 30));
        ssize_t said = r > 0 ? r : tls_result(c, r);
        return said ? said : -EPIPE;
    }
    ssize_t r;
    do
        r = send(c->fd, bytes, n, MSG_NOSIGNAL);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

int load_conn_write(struct generator *g, struct load_conn *c, const char *bytes, size_t n)
{
    size_t at = 0;
    while (at < n) {
        ssize_t r = put(c, bytes + at, n - at);
        if (r == -EAGAIN)
            break;
        if (r < 0)
            return (int)r;
        at += (size_t)r;
        c->wrote += (size_t)r;
    }
    if (at < n) {
        c->rest = mem_alloc(n - at);
        memcpy(c->rest, bytes + at, n - at);
        c->rest_at = 0;
        c->rest_n = n - at;
        load_conn_wait_for(g, c, EPOLLIN | EPOLLOUT);
    }
    return 0;
}

int load_conn_write_rest(struct generator *g, struct load_conn *c)
{
    while (c->rest_at < c->rest_n) {
        ssize_t r = put(c, c->rest + c->rest_at, c->rest_n - c->rest_at);
        if (r < 0)
            return r == -EAGAIN ? 0 : (int)r;
        c->rest_at += (size_t)r;
        c->wrote += (size_t)r;
    }
    free(c->rest);
    c->rest = NULL;
    c->rest_at = c->rest_n = 0;
    load_conn_wait_for(g, c, EPOLLIN);
    return 0;
}

/* ---- opening ---- */

static void failed_to_open(struct generator *g, struct load_conn *c, const char *why)
{
    load_conn_close(g, c);
    g->opened_once = true;
    gen_no_connection(g, why);
}

void load_conn_timed_out(struct generator *g, struct load_conn *c)
{
    failed_to_open(g, c, c->state == CONN_HANDSHAKE ? "no TLS in time" : "no connection in time");
}

static void tls_failed(struct generator *g, struct load_conn *c)
{
    char why[WHY_MAX];
    long verify = SSL_get_verify_result(c->ssl);
    unsigned long e = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(e);
    if (verify != X509_V_OK)
        snprintf(why, sizeof why, "TLS: the certificate is not accepted: %s",
                 X509_verify_cert_error_string(verify));
    else
        snprintf(why, sizeof why, "TLS: %s", reason ? reason : "the connection was closed");
    failed_to_open(g, c, why);
}

/* OpenSSL keeps 16 KiB for reading until it finds nothing to read: with thousands of connections that counts.
 * False: it is closed, or bytes came that nobody asked for. */
static bool nothing_more(struct generator *g, struct load_conn *c)
{
    return !c->ssl || load_conn_read(c, g->in, IN_BYTES) == -EAGAIN;
}

static void opened(struct generator *g, struct load_conn *c)
{
    const unsigned char *protocol = NULL;
    unsigned n = 0;
    DL_DELETE(g->opening, c);
    g->n_opening--;
    g->opened_once = true;
    c->state = CONN_READY;
    load_conn_wait_for(g, c, EPOLLIN);
    if (c->ssl)
        SSL_get0_alpn_selected(c->ssl, &protocol, &n);
    if (n == 2 && !memcmp(protocol, "h2", 2)) {
        g->http2_seen = true;
        http2_start(g, c);
    } else if (nothing_more(g, c)) {
        load_conn_free(g, c);
    } else {
        load_conn_close(g, c);
    }
    gen_dispatch(g);
}

static void handshake(struct generator *g, struct load_conn *c)
{
    ERR_clear_error();
    int r = SSL_connect(c->ssl);
    if (r == 1) {
        opened(g, c);
        return;
    }
    int want = SSL_get_error(c->ssl, r);
    if (want == SSL_ERROR_WANT_READ)
        load_conn_wait_for(g, c, EPOLLIN);
    else if (want == SSL_ERROR_WANT_WRITE)
        load_conn_wait_for(g, c, EPOLLOUT);
    else
        tls_failed(g, c);
}

static void begin_tls(struct generator *g, struct load_conn *c)
{
    unsigned char ip[sizeof(struct in6_addr)];
    const char *name = g->tls_name;
    c->ssl = SSL_new(g->tls);
    SSL_set_fd(c->ssl, c->fd);
    if (inet_pton(AF_INET, name, ip) == 1 || inet_pton(AF_INET6, name, ip) == 1) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), name);
    } else {
        SSL_set_tlsext_host_name(c->ssl, name);
        SSL_set1_host(c->ssl, name);
    }
    c->state = CONN_HANDSHAKE;
    handshake(g, c);
}

static void connected(struct generator *g, struct load_conn *c)
{
    int failed = 0;
    socklen_t n = sizeof failed;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failed, &n);
    if (failed)
        failed_to_open(g, c, strerror(failed));
    else if (g->tls)
        begin_tls(g, c);
    else
        opened(g, c);
}

bool load_conn_open(struct generator *g)
{
    const struct sockaddr_storage *to = &g->addresses[g->next_address++ % g->n_addresses];
    socklen_t len = to->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    struct load_conn *c = new_conn(g);
    int one = 1, failed = 0;
    g->n_open++;
    g->n_opening++;
    c->life++;
    c->state = CONN_CONNECTING;
    c->since_ns = gen_now(g);
    DL_APPEND(g->opening, c);
    c->fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        failed = errno;
    } else {
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(c->fd, (const struct sockaddr *)to, len) < 0)
            failed = errno;
    }
    if (failed && failed != EINPROGRESS) {
        failed_to_open(g, c, strerror(failed));
        return false;
    }
    load_conn_wait_for(g, c, EPOLLOUT);
    return true;
}

/* ---- HTTP/1.1 ---- */

/* The server had closed the connection before the request came to it: not a byte of it was acknowledged. Of
 * TLS as many unacknowledged bytes as the request has are all of it but less than a record, which nobody can
 * read. */
static bool never_reached(const struct load_conn *c)
{
    int unacked = 0;
    return c->used && !c->answer.bytes && !ioctl(c->fd, SIOCOUTQ, &unacked) && (size_t)unacked >= c->wrote;
}

/* Closed (r is 0) or broken while a request was under way, or while it was free. */
static void http1_closed(struct generator *g, struct load_conn *c, ssize_t r)
{
    struct flight *f = c->flight;
    char why[WHY_MAX];
    if (f && r == 0 && http_answer_closed(&c->answer)) {
        f->status = c->answer.status;
        f->bytes = (int64_t)c->answer.bytes;
        load_conn_close(g, c);
        gen_arrive(g, f, LOAD_NONE, NULL);
        return;
    }
    if (f) {
        bool again = never_reached(c);
        f->bytes = (int64_t)c->answer.bytes;
        snprintf(why, sizeof why, "%s after %llu bytes of the answer", r ? strerror((int)-r) : "closed",
                 (unsigned long long)c->answer.bytes);
        load_conn_close(g, c);
        if (again)
            gen_again(g, f, why);
        else
            gen_arrive(g, f, LOAD_RESET, why);
    } else {
        load_conn_close(g, c);
    }
}

static void wrong_answer(struct generator *g, struct flight *f, const char *wrong, const char *bytes,
                         size_t n)
{
    struct strbuf b = {0};
    char head[61];
    size_t len = MIN(n, sizeof head - 1);
    memcpy(head, bytes, len);
    head[len] = 0;
    strbuf_printf(&b, "%s: ", wrong);
    utf8_append(&b, head, 60);
    gen_arrive(g, f, LOAD_PROTOCOL, strbuf_text(&b));
    strbuf_free(&b);
}

/* The answer is whole, or none. `more`: bytes came behind it, which nobody asked for. */
static void http1_ended(struct generator *g, struct load_conn *c, const char *bytes, size_t n, bool more)
{
    struct http_answer *a = &c->answer;
    struct flight *f = c->flight;
    bool ok = a->state == HTTP_ANSWER_DONE, keep = ok && !a->close && !more && !c->rest;
    const char *wrong = a->wrong;
    f->status = a->status;
    f->bytes = (int64_t)a->bytes;
    f->retry_after_s = a->retry_after_s;
    f->retry_at_s = a->retry_at_s;
    f->n_begin = a->n_begin;
    memcpy(f->begin, a->begin, a->n_begin);
    c->flight = NULL;
    c->used = true;
    if (ok)
        gen_arrive(g, f, LOAD_NONE, NULL);
    else
        wrong_answer(g, f, wrong, bytes, n);
    if (keep && nothing_more(g, c))
        load_conn_free(g, c);
    else
        load_conn_close(g, c);
    gen_dispatch(g);
}

static void http1_read(struct generator *g, struct load_conn *c)
{
    for (int turn = 0; turn < READS_MOST || (c->ssl && SSL_pending(c->ssl)); turn++) {
        ssize_t r = load_conn_read(c, g->in, IN_BYTES);
        if (r == -EAGAIN)
            return;
        if (r <= 0) {
            http1_closed(g, c, r);
            gen_dispatch(g);
            return;
        }
        if (!c->flight) { /* nobody asked; it may be "408 Request Timeout" before the end */
            load_conn_close(g, c);
            return;
        }
        size_t taken = http_answer_feed(&c->answer, g->in, (size_t)r, g->wall_s);
        if (c->answer.state != HTTP_ANSWER_MORE) {
            http1_ended(g, c, g->in, (size_t)r, taken < (size_t)r);
            return;
        }
        if (!c->ssl && r < IN_BYTES)
            return;
    }
}

static void http1_send(struct generator *g, struct load_conn *c, const struct waiting *w)
{
    const struct load_request *r = g->requests[w->order.request];
    size_t n = load_request_fill(r, w->order.seq, w->order.user, g->out);
    load_conn_unfree(g, c);
    http_answer_begin(&c->answer, load_request_is_head(r));
    c->wrote = 0;
    c->flight = gen_depart(g, c, w);
    int failed = load_conn_write(g, c, g->out, n);
    if (failed)
        http1_closed(g, c, failed);
}

/* ---- the same for both ---- */

void load_conn_send(struct generator *g, struct load_conn *c, const struct waiting *w)
{
    if (c->http2)
        http2_send(g, c, w);
    else
        http1_send(g, c, w);
}

void load_conn_give_up(struct generator *g, struct flight *f)
{
    struct load_conn *c = f->conn;
    if (c->http2) {
        http2_give_up(g, f);
        return;
    }
    f->bytes = (int64_t)c->answer.bytes;
    load_conn_close(g, c);
}

void load_conn_event(struct generator *g, struct load_conn *c, uint32_t events)
{
    if (c->state == CONN_CONNECTING) {
        connected(g, c);
    } else if (c->state == CONN_HANDSHAKE) {
        handshake(g, c);
    } else if (c->http2) {
        http2_event(g, c, events);
    } else {
        int failed = events & EPOLLOUT && c->rest ? load_conn_write_rest(g, c) : 0;
        if (failed)
            http1_closed(g, c, failed);
        else if (events & ~(uint32_t)EPOLLOUT)
            http1_read(g, c);
    }
}
