/* generator_parts.h - what the files of the generator share: generator.c (the loop, what waits, what is under
 * way), connection.c (sockets, TLS, HTTP/1.1) and http2.c. All on the generator's thread. */
#ifndef SOURCE_LOAD_GENERATOR_PARTS_H
#define SOURCE_LOAD_GENERATOR_PARTS_H

#include "format/loads/http_answer.h"
#include "source/load/generator.h"

#include <openssl/ssl.h>
#include <utlist.h>

enum {
    IN_BYTES = 64 << 10, /* one read */
    FLIGHT_BEGIN = HTTP_ANSWER_BEGIN,
    TRIES_MAX = 100,
    STREAMS_MAX = 100, /* requests at once on a connection of HTTP/2 */
    WHY_MAX = 200      /* bytes of a failure's sample */
};

struct load_conn;

/* An order that has been taken and waits for a connection. */
struct waiting {
    struct load_order order;
    int64_t taken_ns, ours_ns; /* ours: of its delay until then */
    int64_t sent_ns;           /* SD_UNKNOWN: not yet. It was, and did not reach the server */
    uint8_t tries;             /* how often that befell it */
};

/* A request that was sent. */
struct flight {
    struct flight *prev, *next; /* in the order of sending: so of their timeouts */
    struct load_order order;
    struct load_conn *conn;
    int64_t sent_ns, retry_after_s, retry_at_s;
    int64_t bytes;
    int status;
    int32_t stream;  /* of HTTP/2 */
    int64_t ours_ns; /* of its delay, the first time */
    bool late;
    uint8_t tries; /* how often it was sent before */
    uint8_t n_begin;
    char begin[FLIGHT_BEGIN]; /* of a body with an error's status, as it is */
    char *body;               /* of HTTP/2: what is still to be sent; owned */
    size_t body_at, body_n;
};

enum load_conn_state { CONN_CLOSED, CONN_CONNECTING, CONN_HANDSHAKE, CONN_READY };

struct load_conn {
    struct load_conn *prev, *next; /* of the list it is in: free, opening, or closed */
    enum load_conn_state state;
    bool in_free;         /* it may take a request */
    bool used;            /* it has had an answer */
    uint32_t events;      /* what epoll waits for */
    uint32_t index, life; /* `life` counts how often it was opened: an event of one before is none */
    int fd;
    int64_t since_ns;      /* opening began */
    int64_t ready_ns;      /* it became free */
    SSL *ssl;              /* NULL: plain */
    struct http2 *http2;   /* NULL: HTTP/1.1 */
    struct flight *flight; /* of HTTP/1.1 */
    char *rest;            /* what the socket did not take; NULL: nothing */
    size_t rest_at, rest_n;
    size_t wrote;              /* bytes of the request under way; of TLS, before they were encrypted */
    struct http_answer answer; /* of HTTP/1.1 */
};

struct generator {
    struct sockaddr_storage *addresses;
    size_t n_addresses, next_address;
    struct load_request **requests;
    size_t n_requests;
    char *tls_name;
    SSL_CTX *tls; /* NULL: plain */
    bool http2, http2_seen, opened_once;
    size_t connections;
    int64_t timeout_ns;
    char *in, *out; /* one answer's bytes, one request's */

    int epoll;
    bool no_pwait2; /* the kernel has no epoll_pwait2 */
    int64_t zero, run_ns, run_cpu;
    int64_t wall_s; /* for dates with years of two digits */
    atomic_int *stop;
    bool stopping, quiet, on_time;
    const struct load_driver *driver;
    int64_t next_at, last_intended;

    struct load_conn **conns; /* each that ever was */
    size_t n_conns, cap_conns, n_open, n_opening;
    struct load_conn *free, *opening, *closed;

    struct waiting *ring;
    size_t ring_at, ring_n, ring_cap;

    struct arena *arena; /* flights, which are used again and again */
    struct flight *flights, *spare;
    struct generator_state state;
};

/* ---- generator.c ---- */
int64_t gen_now(const struct generator *g);
void gen_push(struct generator *g, const struct waiting *w, bool first);
/* Sends what waits while a connection is free, and opens more where they are needed. */
void gen_dispatch(struct generator *g);
/* The one that has waited longest ends as LOAD_CONNECT; nothing when none waits. */
void gen_no_connection(struct generator *g, const char *why);
/* A new flight of what waited, which is sent on c now. */
struct flight *gen_depart(struct generator *g, struct load_conn *c, const struct waiting *w);
/* It ended: the driver is told, the flight is no more. `why`, of a failure, may be NULL. */
void gen_arrive(struct generator *g, struct flight *f, enum load_failure failure, const char *why);
/* It did not reach the server: it waits again, before all others. After TRIES_MAX times it ends as
 * LOAD_RESET. */
void gen_again(struct generator *g, struct flight *f, const char *why);

/* ---- connection.c ---- */
bool load_conn_open(struct generator *g); /* false: it failed at once, and gen_no_connection was called */
void load_conn_close(struct generator *g, struct load_conn *c); /* its flights were ended before */
void load_conn_event(struct generator *g, struct load_conn *c, uint32_t events);
void load_conn_send(struct generator *g, struct load_conn *c, const struct waiting *w);
void load_conn_timed_out(struct generator *g, struct load_conn *c); /* while it was opened */
/* The flight is given up: HTTP/1.1 closes its connection, HTTP/2 its stream. The flight is the caller's to
 * end. */
void load_conn_give_up(struct generator *g, struct flight *f);
/* It may take a request, from now on. */
void load_conn_free(struct generator *g, struct load_conn *c);
void load_conn_unfree(struct generator *g, struct load_conn *c);
void load_conn_wait_for(struct generator *g, struct load_conn *c, uint32_t events);
/* More than 0: bytes. 0: closed. Less: -EAGAIN, or what went wrong (-errno, -EPROTO of TLS). */
ssize_t load_conn_read(struct load_conn *c, char *to, size_t n);
/* Writes all, or keeps the rest for later. 0 or -errno. */
int load_conn_write(struct generator *g, struct load_conn *c, const char *bytes, size_t n);
int load_conn_write_rest(struct generator *g, struct load_conn *c);

/* ---- http2.c ---- */
void http2_start(struct generator *g, struct load_conn *c);
void http2_end(struct load_conn *c); /* of a connection that is closed */
bool http2_has_room(const struct load_conn *c);
void http2_send(struct generator *g, struct load_conn *c, const struct waiting *w);
void http2_event(struct generator *g, struct load_conn *c, uint32_t events);
void http2_give_up(struct generator *g, struct flight *f);

#endif
