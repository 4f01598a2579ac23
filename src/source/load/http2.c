/* http2.c - HTTP/2 by nghttp2, on a connection where the server chose it: as many requests at once as it
 * takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <nghttp2/nghttp2.h>

#include "source/load/generator_parts.h"

/* Windows so large that a server never waits for us. */
enum { WINDOW_BYTES = 16 << 20, FRAME_HEAD = 9 };

struct http2 {
    nghttp2_session *session;
    struct generator *g;
    struct load_conn *c;
    size_t streams;
};

/* ---- what nghttp2 tells ---- */

static int on_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
    struct flight *f = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
    const struct http2 *h = arg;
    (void)flags;
    if (!f)
        return 0;
    if (name_n == 7 && !memcmp(name, ":status", 7))
        f->status =
            atoi((const char *)value); /* nghttp2 checked that it is three digits, and ends it with a NUL */
    else if (name_n == 11 && !memcmp(name, "retry-after", 11))
        http_retry_after((const char *)value, value_n, h->g->wall_s, &f->retry_after_s, &f->retry_at_s);
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *data, size_t n,
                   void *arg)
{
    struct flight *f = nghttp2_session_get_stream_user_data(s, stream);
    (void)flags;
    (void)arg;
    if (f && f->status >= 400 && f->n_begin < sizeof f->begin) {
        size_t copy = MIN(n, sizeof f->begin - f->n_begin);
        memcpy(f->begin + f->n_begin, data, copy);
        f->n_begin += (uint8_t)copy;
    }
    return 0;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *frame, void *arg)
{
    struct flight *f =
        frame->hd.stream_id ? nghttp2_session_get_stream_user_data(s, frame->hd.stream_id) : NULL;
    (void)arg;
    if (f && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS))
        f->bytes += (int64_t)frame->hd.length + FRAME_HEAD;
    return 0;
}

static int on_close(nghttp2_session *s, int32_t stream, uint32_t code, void *arg)
{
    struct flight *f = nghttp2_session_get_stream_user_data(s, stream);
    struct http2 *h = arg;
    char why[WHY_MAX];
    h->streams--;
    if (!f)
        return 0;
    snprintf(why, sizeof why, "the server ended the stream: %s", nghttp2_http2_strerror(code));
    if (code == NGHTTP2_REFUSED_STREAM && !f->status)
        gen_again(h->g, f, why);
    else if (code == NGHTTP2_NO_ERROR && f->status >= 200)
        gen_arrive(h->g, f, LOAD_NONE, NULL);
    else if (code == NGHTTP2_PROTOCOL_ERROR)
        gen_arrive(h->g, f, LOAD_PROTOCOL, why);
    else
        gen_arrive(h->g, f, LOAD_RESET, why);
    return 0;
}

static ssize_t read_body(nghttp2_session *s, int32_t stream, uint8_t *to, size_t n, uint32_t *flags,
                         nghttp2_data_source *from, void *arg)
{
    struct flight *f = nghttp2_session_get_stream_user_data(s, stream);
    (void)from;
    (void)arg;
    if (!f)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* it was given up */
    size_t copy = MIN(n, f->body_n - f->body_at);
    memcpy(to, f->body + f->body_at, copy);
    f->body_at += copy;
    if (f->body_at == f->body_n)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)copy;
}

/* ---- bytes ---- */

/* All that were on it end. */
static void broken(struct generator *g, struct load_conn *c, enum load_failure failure, const char *why)
{
    struct flight *f, *next;
    DL_FOREACH_SAFE(g->flights, f, next)
    {
        if (f->conn == c) {
            f->conn = NULL;
            gen_arrive(g, f, failure, why);
        }
    }
    load_conn_close(g, c);
}

static bool flush(struct generator *g, struct load_conn *c)
{
    nghttp2_session *s = c->http2->session;
    while (!c->rest) {
        const uint8_t *bytes;
        ssize_t n = nghttp2_session_mem_send(s, &bytes);
        int failed = n > 0 ? load_conn_write(g, c, (const char *)bytes, (size_t)n) : 0;
        if (n < 0 || failed) {
            broken(g, c, n < 0 ? LOAD_PROTOCOL : LOAD_RESET,
                   n < 0 ? nghttp2_strerror((int)n) : strerror(-failed));
            return false;
        }
        if (n == 0)
            return true;
    }
    return true;
}

/* After whatever changed it: is there room for another request? */
static void settle(struct generator *g, struct load_conn *c)
{
    if (!flush(g, c))
        return;
    if (http2_has_room(c)) {
        if (!c->in_free)
            load_conn_free(g, c);
        return;
    }
    load_conn_unfree(g, c);
    if (!c->http2->streams && !nghttp2_session_check_request_allowed(c->http2->session))
        load_conn_close(g, c); /* the server has said that it goes */
}

bool http2_has_room(const struct load_conn *c)
{
    nghttp2_session *s = c->http2->session;
    uint32_t most = nghttp2_session_get_remote_settings(s, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return c->http2->streams < MIN(most, STREAMS_MAX) && nghttp2_session_check_request_allowed(s);
}

/* 1: all that is there was read. 0: there may be more. -1: the connection is no more. */
static int read_some(struct generator *g, struct load_conn *c)
{
    ssize_t r = load_conn_read(c, g->in, IN_BYTES);
    if (r == -EAGAIN)
        return 1;
    if (r <= 0) {
        broken(g, c, LOAD_RESET, r ? strerror((int)-r) : "the server closed the connection");
        return -1;
    }
    ssize_t taken = nghttp2_session_mem_recv(c->http2->session, (const uint8_t *)g->in, (size_t)r);
    if (taken < 0) {
        broken(g, c, LOAD_PROTOCOL, nghttp2_strerror((int)taken));
        return -1;
    }
    return 0;
}

void http2_event(struct generator *g, struct load_conn *c, uint32_t events)
{
    int failed = events & EPOLLOUT && c->rest ? load_conn_write_rest(g, c) : 0;
    if (failed)
        broken(g, c, LOAD_RESET, strerror(-failed));
    int read = failed ? -1 : 0;
    for (int turn = 0; !read && (turn < 16 || SSL_pending(c->ssl)); turn++)
        read = read_some(g, c);
    if (read >= 0)
        settle(g, c);
    gen_dispatch(g);
}

/* ---- requests ---- */

static nghttp2_nv field(const struct load_request_field *f)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)f->name,
                        .namelen = f->name_n,
                        .value = (uint8_t *)(uintptr_t)f->value,
                        .valuelen = f->value_n};
}

void http2_send(struct generator *g, struct load_conn *c, const struct waiting *w)
{
    struct load_request_parts p;
    nghttp2_nv fields[LOAD_REQUEST_FIELDS_MAX];
    const nghttp2_data_provider body = {.read_callback = read_body};
    load_request_parts(g->requests[w->order.request], w->order.seq, w->order.user, true, g->out, &p);
    for (size_t i = 0; i < p.n_fields; i++)
        fields[i] = field(&p.fields[i]);
    struct flight *f = gen_depart(g, c, w);
    if (p.n_body) {
        f->body = mem_alloc(p.n_body);
        memcpy(f->body, p.body, p.n_body);
        f->body_n = p.n_body;
    }
    f->stream =
        nghttp2_submit_request(c->http2->session, NULL, fields, p.n_fields, p.n_body ? &body : NULL, f);
    if (f->stream < 0) { /* no number is left: the connection has done its work */
        nghttp2_session_terminate_session(c->http2->session, NGHTTP2_NO_ERROR);
        gen_again(g, f, nghttp2_strerror(f->stream));
        settle(g, c);
        return;
    }
    c->http2->streams++;
    settle(g, c);
}

void http2_give_up(struct generator *g, struct flight *f)
{
    nghttp2_session *s = f->conn->http2->session;
    nghttp2_session_set_stream_user_data(s, f->stream, NULL);
    nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, f->stream, NGHTTP2_CANCEL);
    struct load_conn *c = f->conn;
    f->conn = NULL; /* if the connection breaks now, this one is not among those that it takes along */
    settle(g, c);
}

/* ---- beginning and end ---- */

void http2_start(struct generator *g, struct load_conn *c)
{
    nghttp2_session_callbacks *calls;
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES}};
    struct http2 *h = c->http2 = mem_alloc(sizeof *h);
    h->g = g;
    h->c = c;
    if (nghttp2_session_callbacks_new(&calls))
        abort(); /* out of memory */
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    if (nghttp2_session_client_new(&h->session, calls, h))
        abort();
    nghttp2_session_callbacks_del(calls);
    nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
    nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES);
    settle(g, c);
}

void http2_end(struct load_conn *c)
{
    if (!c->http2)
        return;
    nghttp2_session_del(c->http2->session); /* without telling of its streams */
    free(c->http2);
    c->http2 = NULL;
}
