/* http_server.h - a receiver of HTTP/1: what is sent to slowdive by browsers and exporters. In turns of
 * whoever waits for its descriptor: no thread, no blocking call. What a client says of itself is not kept.
 * Not thread-safe.
 *
 * A client that stalls delays nobody: each connection waits by itself, one that has not ended a request for
 * half a minute is closed (two minutes between two requests), and where there are too many connections, or
 * too much of requests that are not whole, the one that stalls longest gives way.
 *
 * libmicrohttpd would do for well-behaved clients. But it answers a request when its handler returns, where
 * here the answers of many requests wait until all of them are published at once; and when its connections
 * are used up it accepts no more, so that a few hundred that say nothing keep everyone else out until they
 * time out. */
#ifndef SOURCE_HTTP_SERVER_H
#define SOURCE_HTTP_SERVER_H

#include "format/http_request.h"

struct http_server;

/* What is answered. Texts are copied, and `headers` lines with their ends. */
struct http_answer {
    int status;          /* 0: none yet */
    const char *headers; /* NULL: none */
    const char *type;    /* of the body; NULL: there is none */
    const char *body;
    size_t n;
};

/* Why a request is refused before it is whole; the connection is closed behind the answer. */
enum http_refusal { HTTP_UNSOUND, HTTP_NO_LENGTH, HTTP_TOO_LARGE, HTTP_HEAD_TOO_LONG, HTTP_CODED };

enum http_taken {
    HTTP_ANSWERED,
    HTTP_LATER /* it cannot be taken now: asked again soon, with `waited` of the request */
};

/* How a receiver answers. `ctx` is given to its functions. */
struct http_rules {
    const char *scheme;    /* "rum": in sentences about the address */
    const char *what;      /* "beacons" */
    int port;              /* where the target has none; 0: it must have one */
    bool anywhere;         /* not on a loopback address only */
    const char *elsewhere; /* what to do instead, behind the sentence that says so; NULL */
    bool chunks;           /* a body may come in chunks; else it is refused with HTTP_NO_LENGTH */
    size_t body_max;
    size_t unfinished_max; /* bytes of all requests that are not whole */
    void *ctx;
    /* What the head alone decides; NULL: nothing. True: answered. Where the body has not come, the connection
     * is closed behind it. */
    bool (*head)(void *ctx, const struct http_request *r, struct http_answer *a);
    enum http_taken (*take)(void *ctx, const struct http_request *r, const char *body, size_t n,
                            struct http_answer *a);
    void (*refuse)(void *ctx, const struct http_request *r, enum http_refusal why, struct http_answer *a);
    void (*publish)(void *ctx); /* before what was answered is sent; NULL: nothing to do */
};

/* `target`: SCHEME://127.0.0.1:8125, SCHEME://[::1]:8125, SCHEME://localhost:8125, with any path behind it.
 * NULL and a sentence: it is no address that may be used, or no port to be had. */
struct http_server *http_server_open(const char *target, const struct http_rules *rules,
                                     struct sd_error *err);
/* Could it be opened now? The port is taken for a moment, and nothing is received. */
bool http_server_may_open(const char *target, const struct http_rules *rules, struct sd_error *err);
void http_server_close(struct http_server *x); /* NULL is fine */
/* Ready for reading when there is something to do. */
int http_server_fd(const struct http_server *x);
/* Does what can be done without waiting. True: requests were taken. */
bool http_server_turn(struct http_server *x, sd_time now);
/* Are there requests that were put off? Then a turn is due soon, whatever the descriptor says. */
bool http_server_waits(const struct http_server *x);
/* Closes what has stalled; once a second is enough. */
void http_server_sweep(struct http_server *x, sd_time now);

#endif
