#include "source/load/generator.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/load/generator_parts.h"
#include "version.inc"

enum {
    EVENTS = 64,           /* of one turn of the loop */
    HANDSHAKES_MOST = 256, /* of TLS at once: each holds 40 KiB; it takes long before the processor is not
                              what limits them */
    TAKEN_MOST = 256,      /* orders at once: then it is looked at what came */
    FILES_BESIDE = 64      /* descriptors of the rest of the program */
};
#define TICK_NS (100 * SD_MS)
#define LOOK_NS (50 * SD_MS) /* `stop` is looked at so often */
#define NICE    (-10)
#define STOP_NS (500 * SD_MS)
#define AGENT   "slowdive/" SLOWDIVE_VERSION " load"

int64_t gen_now(const struct generator *g)
{
    return clock_mono() - g->zero;
}

/* ---- what waits ---- */

void gen_push(struct generator *g, const struct waiting *w, bool first)
{
    if (g->ring_n == g->ring_cap) {
        size_t cap = MAX(g->ring_cap * 2, 1024);
        struct waiting *bigger = mem_array(cap, sizeof *bigger);
        for (size_t i = 0; i < g->ring_n; i++)
            bigger[i] = g->ring[(g->ring_at + i) % g->ring_cap];
        free(g->ring);
        g->ring = bigger;
        g->ring_cap = cap;
        g->ring_at = 0;
    }
    if (first)
        g->ring_at = (g->ring_at + g->ring_cap - 1) % g->ring_cap;
    g->ring[first ? g->ring_at : (g->ring_at + g->ring_n) % g->ring_cap] = *w;
    g->ring_n++;
}

static struct waiting pop(struct generator *g)
{
    struct waiting w = g->ring[g->ring_at];
    g->ring_at = (g->ring_at + 1) % g->ring_cap;
    g->ring_n--;
    return w;
}

/* An order that was never sent. */
static void ended_unsent(struct generator *g, const struct waiting *w, enum load_failure failure,
                         const char *why)
{
    struct load_outcome o = {.order = w->order,
                             .sent_ns = SD_UNKNOWN,
                             .done_ns = gen_now(g),
                             .failure = failure,
                             .retry_after_s = SD_UNKNOWN,
                             .retry_at = SD_UNKNOWN,
                             .sample = why};
    g->driver->ended(g->driver->ctx, &o);
}

void gen_no_connection(struct generator *g, const char *why)
{
    if (!g->ring_n)
        return;
    struct waiting w = pop(g);
    ended_unsent(g, &w, LOAD_CONNECT, why);
}

void gen_dispatch(struct generator *g)
{
    if (g->stopping || atomic_load_explicit(g->stop, memory_order_relaxed))
        return;
    while (g->ring_n && g->free) {
        struct waiting w = pop(g);
        load_conn_send(g, g->free, &w);
    }
    /* Until the first has told whether it speaks HTTP/2 (or cannot be opened) the others wait: it may be
     * enough. */
    size_t each = g->http2_seen ? STREAMS_MAX : 1;
    size_t at_once = g->tls ? HANDSHAKES_MOST : SIZE_MAX;
    while (g->ring_n > g->n_opening * each && g->n_open < g->connections && g->n_opening < at_once) {
        if (g->http2 && !g->opened_once && g->n_opening)
            return;
        load_conn_open(g);
    }
}

/* ---- what is under way ---- */

struct flight *gen_depart(struct generator *g, struct load_conn *c, const struct waiting *w)
{
    struct flight *f = g->spare;
    if (f)
        LL_DELETE(g->spare, f);
    else
        f = arena_alloc(g->arena, sizeof *f);
    int64_t now = gen_now(g);
    *f = (struct flight){.order = w->order,
                         .conn = c,
                         .tries = w->tries,
                         .retry_after_s = SD_UNKNOWN,
                         .retry_at_s = SD_UNKNOWN,
                         .sent_ns = sd_known(w->sent_ns) ? w->sent_ns : now,
                         .ours_ns = w->ours_ns};
    if (!w->tries)
        f->ours_ns += now - MAX(w->taken_ns, c->ready_ns);
    f->late = f->ours_ns > LOAD_LATE_NS;
    g->state.sent++;
    g->state.late += f->late;
    g->state.in_flight++;
    if (!w->tries) {
        DL_APPEND(g->flights, f);
        return f;
    }
    /* Sent before those that are under way: the order of timeouts is kept. */
    struct flight *later = g->flights;
    while (later && later->sent_ns <= f->sent_ns)
        later = later->next;
    DL_PREPEND_ELEM(g->flights, later, f);
    return f;
}

static void no_more(struct generator *g, struct flight *f)
{
    DL_DELETE(g->flights, f);
    g->state.in_flight--;
    free(f->body);
    f->body = NULL;
    LL_PREPEND(g->spare, f);
}

void gen_arrive(struct generator *g, struct flight *f, enum load_failure failure, const char *why)
{
    struct load_outcome o = {.order = f->order,
                             .sent_ns = f->sent_ns,
                             .done_ns = gen_now(g),
                             .status = failure == LOAD_NONE ? f->status : 0,
                             .failure = failure,
                             .bytes = f->bytes,
                             .late = f->late,
                             .ours_ns = f->ours_ns,
                             .retry_after_s = f->retry_after_s,
                             .retry_at = SD_UNKNOWN,
                             .sample = why};
    char begin[FLIGHT_BEGIN + 1];
    if (sd_known(f->retry_at_s))
        o.retry_at = f->retry_at_s * SD_S;
    if (failure == LOAD_NONE && f->n_begin) {
        memcpy(begin, f->begin, f->n_begin);
        begin[f->n_begin] = 0;
        o.sample = begin;
    }
    no_more(g, f);
    if (!g->quiet)
        g->driver->ended(g->driver->ctx, &o);
}

void gen_again(struct generator *g, struct flight *f, const char *why)
{
    if (f->tries == TRIES_MAX || g->stopping) {
        gen_arrive(g, f, LOAD_RESET, why);
        return;
    }
    struct waiting w = {.order = f->order,
                        .taken_ns = gen_now(g),
                        .ours_ns = f->ours_ns,
                        .sent_ns = f->sent_ns,
                        .tries = (uint8_t)(f->tries + 1)};
    g->state.sent--;
    g->state.late -= f->late;
    no_more(g, f);
    gen_push(g, &w, true);
}

/* ---- the loop ---- */

/* Takes what is due. An order is late through us only if something could have carried it before: what had
 * arrived was looked at before, so a connection that is free here was free. */
static void take(struct generator *g)
{
    const struct load_driver *d = g->driver;
    for (int n = 0; n < TAKEN_MOST && !g->stopping && !atomic_load_explicit(g->stop, memory_order_relaxed);
         n++) {
        struct waiting w = {.taken_ns = gen_now(g), .sent_ns = SD_UNKNOWN};
        g->next_at = d->next_at(d->ctx, w.taken_ns);
        if (g->next_at < 0 || g->next_at > w.taken_ns)
            return;
        d->take(d->ctx, &w.order);
        g->last_intended = MAX(g->last_intended, w.order.intended_ns);
        if (g->free || g->n_open < g->connections)
            w.ours_ns = w.taken_ns - w.order.intended_ns;
        gen_push(g, &w, false);
        gen_dispatch(g);
    }
}

static void expire(struct generator *g)
{
    int64_t now = gen_now(g);
    struct flight *f;
    struct load_conn *c;
    while ((f = g->flights) && now - f->sent_ns >= g->timeout_ns) {
        load_conn_give_up(g, f);
        gen_arrive(g, f, LOAD_TIMEOUT, "no whole answer in time");
    }
    while ((c = g->opening) && now - c->since_ns >= g->timeout_ns)
        load_conn_timed_out(g, c);
    gen_dispatch(g);
}

/* The run is over: nothing waits any longer. */
static void give_up_all(struct generator *g)
{
    struct flight *f;
    while (g->ring_n) {
        struct waiting w = pop(g);
        ended_unsent(g, &w, LOAD_UNSENT, "no connection was free until the run ended");
    }
    while ((f = g->flights)) {
        load_conn_give_up(g, f);
        gen_arrive(g, f, LOAD_TIMEOUT, "no whole answer until the run ended");
    }
}

static void give_up_quietly(struct generator *g)
{
    struct flight *f;
    g->quiet = true;
    g->state.given_up = g->state.in_flight;
    while ((f = g->flights)) {
        load_conn_give_up(g, f);
        gen_arrive(g, f, LOAD_TIMEOUT, NULL);
    }
    g->quiet = false;
}

static int wait_events(struct generator *g, struct epoll_event *events, int64_t ns)
{
    struct timespec t = {.tv_sec = ns / SD_S, .tv_nsec = ns % SD_S};
    if (!g->no_pwait2) {
        int n = epoll_pwait2(g->epoll, events, EVENTS, &t, NULL);
        if (n >= 0 || errno != ENOSYS)
            return n;
        g->no_pwait2 = true;
    }
    struct pollfd p = {.fd = g->epoll, .events = POLLIN};
    return ppoll(&p, 1, &t, NULL) > 0 ? epoll_wait(g->epoll, events, EVENTS, 0) : 0;
}

static int64_t sleep_until(const struct generator *g, int64_t next_tick, int64_t end)
{
    int64_t at = MIN(next_tick, end);
    if (!g->stopping && g->next_at >= 0)
        at = MIN(at, g->next_at);
    if (g->flights)
        at = MIN(at, g->flights->sent_ns + g->timeout_ns);
    if (g->opening)
        at = MIN(at, g->opening->since_ns + g->timeout_ns);
    return at;
}

static void look(struct generator *g, int64_t until)
{
    struct epoll_event events[EVENTS];
    int64_t ns = until - gen_now(g);
    int n = wait_events(g, events, MAX(MIN(ns, LOOK_NS), 0));
    for (int i = 0; i < n; i++) {
        struct load_conn *c = g->conns[(uint32_t)events[i].data.u64];
        if (c->state != CONN_CLOSED && c->life == events[i].data.u64 >> 32)
            load_conn_event(g, c, events[i].events);
        take(g); /* many events, each with a handshake, would keep what is due */
    }
}

/* Of this thread alone. On a busy machine lateness comes down to a third. Returns what the priority was. */
static int go_first(const struct generator *g)
{
    int before = getpriority(PRIO_PROCESS, 0);
    if (g->on_time && before > NICE)
        setpriority(PRIO_PROCESS, 0, NICE);
    return before;
}

static void begin_run(struct generator *g, const struct load_driver *d, atomic_int *stop)
{
    if (!g->zero)
        g->zero = clock_mono();
    g->driver = d;
    g->stop = stop;
    g->run_ns = gen_now(g);
    g->run_cpu = clock_thread_cpu();
    g->stopping = false;
    g->last_intended = g->run_ns;
    g->state = (struct generator_state){.stopped_ns = -1};
    prctl(PR_SET_TIMERSLACK, 1UL); /* of this thread: 50 us otherwise */
}

static void update_state(struct generator *g)
{
    struct generator_state *s = &g->state;
    s->now_ns = gen_now(g);
    s->waiting = g->ring_n;
    s->open = g->n_open;
    int64_t ran = s->now_ns - g->run_ns;
    s->cpu_share = ran > 0 ? (double)(clock_thread_cpu() - g->run_cpu) / (double)ran : 0;
    g->wall_s = clock_wall() / SD_S;
}

struct generator_state generator_state(const struct generator *g)
{
    return g->state;
}

bool generator_run(struct generator *g, const struct load_driver *d, atomic_int *stop,
                   void (*tick)(void *ctx, const struct generator_state *s), void *tick_ctx)
{
    begin_run(g, d, stop);
    int priority = go_first(g);
    int64_t next_tick = g->run_ns, end = INT64_MAX;
    for (;;) {
        int64_t now = gen_now(g);
        if (!g->stopping && atomic_load(stop)) {
            g->stopping = true;
            g->state.stopped_ns = now;
            g->ring_n = 0;
            end = now + STOP_NS;
        }
        take(g);
        if (!g->stopping && g->next_at < 0)
            end = g->last_intended + g->timeout_ns;
        if (now >= end)
            break; /* before a timeout lets go of a connection, on which the next would be sent now */
        expire(g);
        if (!g->ring_n && !g->flights && (g->stopping || g->next_at < 0))
            break;
        if (now >= next_tick) {
            update_state(g);
            if (tick)
                tick(tick_ctx, &g->state);
            next_tick = now + TICK_NS;
        }
        look(g, sleep_until(g, next_tick, end));
    }
    if (g->stopping)
        give_up_quietly(g);
    else
        give_up_all(g);
    update_state(g);
    if (g->on_time)
        setpriority(PRIO_PROCESS, 0, priority);
    return !g->stopping;
}

/* ---- beginning and end ---- */

static bool raise_files(size_t connections, struct sd_error *err)
{
    struct rlimit r;
    rlim_t need = (rlim_t)connections + FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY || r.rlim_cur >= need)
        return true;
    struct rlimit more = {.rlim_cur = need, .rlim_max = MAX(r.rlim_max, need)};
    if (r.rlim_max != RLIM_INFINITY && r.rlim_max < need && setrlimit(RLIMIT_NOFILE, &more) == 0)
        return true; /* root may raise the upper limit, too */
    more.rlim_max = r.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return true;
    return fail(
        err,
        "%zu connections need %llu open files, and this process may have %llu: raise `ulimit -n`, or ask for "
        "fewer connections",
        connections, (unsigned long long)need, (unsigned long long)r.rlim_max);
}

static bool set_tls(struct generator *g, const struct generator_config *c, struct sd_error *err)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";
    if (!c->tls_name)
        return true;
    g->tls_name = mem_strdup(c->tls_name);
    g->tls = SSL_CTX_new(TLS_client_method());
    if (!g->tls)
        return fail(err, "OpenSSL cannot begin");
    SSL_CTX_set_min_proto_version(g->tls, TLS1_2_VERSION);
    SSL_CTX_set_mode(g->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(g->tls, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(g->tls, SSL_SESS_CACHE_OFF); /* each connection is a new visitor's */
    SSL_CTX_set_verify(g->tls, c->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (c->ca_file && SSL_CTX_load_verify_locations(g->tls, c->ca_file, NULL) != 1)
        return fail(err, "%.200s holds no certificates of authorities that OpenSSL can read", c->ca_file);
    if (!c->ca_file)
        SSL_CTX_set_default_verify_paths(g->tls);
    if (c->http2)
        SSL_CTX_set_alpn_protos(g->tls, protocols, sizeof protocols - 1);
    g->http2 = c->http2;
    return true;
}

static bool set_requests(struct generator *g, const struct generator_config *c, struct sd_error *err)
{
    const struct load_request_frame frame = {
        .host = c->host_header, .base = c->base, .agent = AGENT, .users = c->users};
    size_t most = 0;
    g->requests = mem_array(c->n_requests, sizeof *g->requests);
    for (; g->n_requests < c->n_requests; g->n_requests++) {
        struct load_request *r = load_request_new(&c->requests[g->n_requests], &frame, err);
        if (!r)
            return false;
        g->requests[g->n_requests] = r;
        most = MAX(most, load_request_max(r));
    }
    g->out = mem_alloc(most + 1);
    g->in = mem_alloc(IN_BYTES);
    return true;
}

struct generator *generator_new(const struct generator_config *c, struct sd_error *err)
{
    struct generator *g = mem_alloc(sizeof *g);
    g->arena = arena_new();
    g->connections = MIN(MAX(c->connections, 1), UINT32_MAX / 2);
    g->timeout_ns = MAX(c->timeout_ns, 1);
    g->on_time = c->on_time;
    g->n_addresses = c->n_addresses;
    g->addresses = mem_array(c->n_addresses, sizeof *g->addresses);
    memcpy(g->addresses, c->addresses, c->n_addresses * sizeof *g->addresses);
    g->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (g->epoll < 0)
        fail(err, "epoll_create: %s", strerror(errno));
    else if (set_requests(g, c, err) && set_tls(g, c, err) && raise_files(g->connections, err))
        return g;
    generator_free(g);
    return NULL;
}

void generator_free(struct generator *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_conns; i++) {
        if (g->conns[i]->state != CONN_CLOSED)
            load_conn_close(g, g->conns[i]);
        free(g->conns[i]);
    }
    for (size_t i = 0; i < g->n_requests; i++)
        load_request_free(g->requests[i]);
    if (g->epoll >= 0)
        close(g->epoll);
    SSL_CTX_free(g->tls);
    arena_free(g->arena);
    free(g->conns);
    free(g->requests);
    free(g->addresses);
    free(g->tls_name);
    free(g->ring);
    free(g->in);
    free(g->out);
    free(g);
}
