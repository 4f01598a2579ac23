/* generator.h - sends the requests of a driver over HTTP/1.1, plain or TLS, and HTTP/2 where the target
 * speaks it.
 *
 * One thread, epoll, no allocation for each request. A request that finds no free connection waits; its wait
 * counts from its intended moment. Connections are opened as they are needed, at most `connections`, and
 * kept. Everything about the target (addresses, permission) was decided before: see target.h. */
#ifndef SOURCE_LOAD_GENERATOR_H
#define SOURCE_LOAD_GENERATOR_H

#include "core/loads/driver.h"

#include <stdatomic.h>
#include <sys/socket.h>

/* A request with holes: "{seq}" and "{user.COLUMN}" in path, headers and body. */
struct load_request_text {
    const char *method, *path, *body; /* body NULL: none */
    const char *const *headers;       /* "Name: value", n_headers of them */
    size_t n_headers;
};

/* Rows of a credentials file; columns[c] names rows[r * n_columns + c]. */
struct load_users {
    const char *const *columns;
    size_t n_columns, n_rows;
    const char *const *cells;
};

struct generator_config {
    const struct sockaddr_storage *addresses; /* used in turn */
    size_t n_addresses;
    const char *host_header; /* "127.0.0.1:8080" */
    const char *tls_name;    /* NULL: plain; else the name for SNI and the certificate's check */
    const char *ca_file;     /* NULL: the system's */
    bool insecure;           /* the certificate is not checked */
    bool http2;              /* offer it (ALPN), take it when the server chooses it */
    size_t connections;      /* at most */
    int64_t timeout_ns;      /* from the actual send */
    const struct load_request_text *requests;
    size_t n_requests;
    const struct load_users *users; /* NULL: none */
};

struct generator; /* opaque */

/* What it says of itself; read after generator_run has returned, or from `tick`. */
struct generator_state {
    int64_t now_ns;     /* since the start of the run */
    uint64_t waiting;   /* taken, but no connection was free */
    uint64_t in_flight; /* sent and not ended */
    double cpu_share;   /* processor time of the thread / time, of this run */
};

struct generator *generator_new(const struct generator_config *c,
                                struct sd_error *err); /* texts are copied */
void generator_free(struct generator *g);

/* Runs the driver to its end: until next_at is -1 and all have ended, at most the timeout longer than the
 * last order; what was not sent then ends as UNSENT. May be called again (the next level of a search):
 * connections stay, times go on from the same start. `tick` (may be NULL) is called about ten times a second.
 * `stop`: when it becomes non-zero no request begins any more; those under way get up to 500 ms, what has no
 * end then ends in nothing (no `ended` call). False: stopped. */
bool generator_run(struct generator *g, const struct load_driver *d, atomic_int *stop,
                   void (*tick)(void *ctx, const struct generator_state *s), void *tick_ctx);

#endif
