/* generator.h - sends the requests of a driver over HTTP/1.1, plain or TLS, and HTTP/2 where the target
 * speaks it.
 *
 * One thread, epoll, no allocation for each request
 * (HTTP/2: nghttp2 allocates for each stream). Everything about the target (addresses, permission) was
 * decided before: see load_target.h. The program ignores SIGPIPE.
 *
 * What the figures mean
 * - A request that finds no free connection waits, first come first served; its wait counts from its intended
 * moment. Connections are opened as they are needed, at most `connections`, and kept. One that carries HTTP/2
 * is free while it has fewer requests than the server takes at once, at most 100.
 * - sent_ns is the moment before the first byte is written, done_ns the moment after the last one was read.
 * - The time to connect (with TLS) is the server's: it is in the latency, not in the service time. A
 * connection that cannot be made, or takes longer than the timeout, ends the request that has waited longest
 * as LOAD_CONNECT.
 * - The timeout runs from sent_ns; the connection (HTTP/2: the stream) is closed then. LOAD_TIMEOUT is also
 * what is under way when the run ends: the timeout after the last intended moment. What waits then is
 * LOAD_UNSENT.
 * - late: our own share of sent - intended is over LOAD_LATE_NS. Our own is how late an order was taken while
 * a connection was free (or could still be opened), and the time from the moment its connection was ready to
 * sent_ns.
 * - A request is sent once. Only one that certainly never reached the server's program is sent again, on
 * another connection; sent_ns and the timeout stay those of the first time. Either the server had closed an
 * idle connection before the request came to it (no byte of it was acknowledged, no byte of an answer came),
 * or it refused the stream of HTTP/2 (REFUSED_STREAM; a hundred times at most). All else that is closed
 * before its answer was whole is LOAD_RESET: a server may have worked on it.
 * - Redirects are not followed, bodies are thrown away. */
#ifndef SOURCE_LOAD_GENERATOR_H
#define SOURCE_LOAD_GENERATOR_H

#include "core/loads/driver.h"
#include "format/loads/request_text.h"

#include <stdatomic.h>
#include <sys/socket.h>

struct generator_config {
    const struct sockaddr_storage *addresses; /* with their ports; used in turn */
    size_t n_addresses;
    const char *host_header; /* "127.0.0.1:8080" */
    const char *base;        /* before each path: "/shop"; NULL: nothing */
    const char *tls_name; /* NULL: plain; else the name (or IP address) for SNI and the certificate's check */
    const char *ca_file;  /* NULL: the system's */
    bool insecure;        /* the certificate is not checked */
    bool http2;           /* offer it (ALPN, so with TLS only), take it when the server chooses it */
    size_t connections;   /* at most, 1 or more */
    int64_t timeout_ns;
    const struct load_request_text *requests;
    size_t n_requests;
    const struct load_users *users; /* NULL: none; kept, not copied */
    /* The open model: moments count, and the thread goes before other processes where the system permits it.
     * In the closed model it would only read fewer answers at a time, for twice the processor time. */
    bool on_time;
};

struct generator; /* opaque */

/* What it says of itself, in `tick` and, by generator_state, after a run. Counts are of the run under way or
 * the last. */
struct generator_state {
    int64_t now_ns;     /* since the start of the first run */
    uint64_t sent;      /* requests that left, with or without an end */
    uint64_t waiting;   /* taken, but no connection was free */
    uint64_t in_flight; /* sent and not ended */
    uint64_t given_up;  /* stopped: sent, and without an end 500 ms later */
    uint64_t late;
    uint64_t open;    /* connections, with those that are being opened */
    double cpu_share; /* processor time of the thread / time */
};

/* Texts and addresses are copied. NULL and a sentence: a request that cannot be, a file of certificates that
 * cannot be read, more connections than this system lets a process have. */
struct generator *generator_new(const struct generator_config *c, struct sd_error *err);
void generator_free(struct generator *g); /* NULL is fine */
struct generator_state generator_state(const struct generator *g);

/* Runs the driver to its end: until next_at is -1 and all have ended, at most the timeout longer than the
 * last intended moment. May be called again (the next level of a search): connections stay, times go on from
 * the same start. `tick` (may be NULL) is called about ten times a second; what it takes is lateness. `stop`:
 * when it becomes non-zero, by any thread or a signal, no request begins any more (within 50 ms); those under
 * way get up to 500 ms. What has no end then, and what waited, ends in nothing (no `ended` call). False:
 * stopped. */
bool generator_run(struct generator *g, const struct load_driver *d, atomic_int *stop,
                   void (*tick)(void *ctx, const struct generator_state *s), void *tick_ctx);

#endif
