/* redis_conn.h - one connection to a Redis server, over TCP, TLS or a Unix socket. On a source's worker
 * thread.
 *
 * Every wait ends at a deadline and when the source is to stop or its request is withdrawn. What the server
 * sends is read within bounds. Passwords are in no sentence. Nothing here judges commands: callers send none
 * that blocks or changes the server.
 *
 * Results: SD_OK. SD_NODATA: the source is to stop, or the request is withdrawn. SD_RETRY: the connection is
 * lost or useless; close it. SD_CONFIG: the user must change something. Each but SD_OK and SD_NODATA has a
 * sentence. After any but SD_OK the connection can only be closed. */
#ifndef SOURCE_REDIS_REDIS_CONN_H
#define SOURCE_REDIS_REDIS_CONN_H

#include "format/caches/redis_reply.h"

/* Where a server is. */
struct redis_address {
    char *host; /* name or IP address, without brackets; NULL: by `path` */
    int port;
    char *path; /* of a Unix socket */
    bool tls;
};
/* "127.0.0.1:6379", "[::1]:6379", "/run/redis.sock"; caller frees. */
char *redis_address_name(const struct redis_address *a);
struct redis_address redis_address_copy(const struct redis_address *a);
void redis_address_free(struct redis_address *a);
bool redis_address_equal(const struct redis_address *a, const struct redis_address *b);

/* How to get in. Texts are the caller's, and may be NULL or "". */
struct redis_login {
    const char *user, *password;
    const char *tls_ca, *tls_cert, *tls_key; /* files; no tls_ca: the system's authorities */
    const char *tls_name;                    /* the certificate must be of; none: the host */
    bool tls_verify;
    int64_t timeout; /* of connecting, and of each answer */
};

enum { REDIS_REPLY_MAX = 8 << 20 /* bytes, of replies that are not known to be small */ };

struct redis_conn;
/* Connected, logged in and named "slowdive" in CLIENT LIST. The addresses are copied, the login is not. */
enum sd_result redis_open(struct sd_source *s, const struct redis_address *to,
                          const struct redis_login *login, struct redis_conn **out, struct sd_error *err);
void redis_close(struct redis_conn *c);             /* NULL is fine */
const char *redis_name(const struct redis_conn *c); /* of its address */
int redis_fd(const struct redis_conn *c);           /* readable between commands: the server has closed it */

/* ---- commands: send any number, then read as many replies ---- */
void redis_send(struct redis_conn *c, size_t n, const char *const *words,
                const size_t *lengths); /* NULL: texts */
#define REDIS_SEND(c, ...)                                                                                   \
    redis_send(c, sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *), (const char *[]){__VA_ARGS__}, \
               NULL)
/* The next reply, an error as well, for redis_reply_free. `what` names the command in sentences. */
enum sd_result redis_read(struct redis_conn *c, const char *what, size_t max, struct redis_reply **reply,
                          struct sd_error *err);
/* Sends one and reads its reply. */
#define REDIS_ASK(c, max, reply, err, ...)                                                                   \
    (REDIS_SEND(c, __VA_ARGS__),                                                                             \
     redis_read(c,                                                                                           \
                redis_words(sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *),                      \
                            (const char *[]){__VA_ARGS__}),                                                  \
                max, reply, err))
const char *redis_words(size_t n, const char *const *words); /* the command's name, static */
void redis_reply_free(struct redis_reply *reply);

/* What an error reply means: SD_UNSUPPORTED, the server does not know the command (or calls it otherwise);
 * SD_CONFIG, it is not allowed; SD_RETRY, not now. Always with a sentence. The connection stays good. */
enum sd_result redis_refused(const struct redis_conn *c, const char *what, const struct redis_reply *reply,
                             struct sd_error *err);

/* ---- what a server sends by itself ---- */
/* 1: a reply, as of SUBSCRIBE. 0: none until the deadline (host clock); the connection stays good. -1: closed
 * it, or it is to stop: then without a sentence. */
int redis_next(struct redis_conn *c, sd_time deadline, size_t max, struct redis_reply **reply,
               struct sd_error *err);
/* The same for lines, as MONITOR sends. From the first call on nothing else can be read on the connection. Of
 * a longer line only its beginning is given. The text is the connection's, until the next call. */
struct redis_line {
    const char *text; /* without its '+' and line end */
    size_t len;
    size_t whole; /* its length */
};
int redis_next_line(struct redis_conn *c, sd_time deadline, struct redis_line *line, struct sd_error *err);

bool redis_is_lost(const struct redis_conn *c); /* NULL is not */
/* Bytes that were read and sent since it was opened. */
int64_t redis_bytes(const struct redis_conn *c);

#endif
