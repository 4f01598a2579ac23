/* redis_tls.h - TLS over a socket that does not block, by OpenSSL. For redis_conn.c. */
#ifndef SOURCE_REDIS_REDIS_TLS_H
#define SOURCE_REDIS_REDIS_TLS_H

#include "source/redis/redis_conn.h"

struct redis_tls;
/* Not shaken hands yet. NULL and a sentence: a file is wrong. */
struct redis_tls *redis_tls_new(int fd, const struct redis_address *to, const struct redis_login *login,
                                struct sd_error *err);
void redis_tls_free(struct redis_tls *t); /* NULL is fine */

/* Each: what was done (1 for the hand-shake), 0 the end, -1 with *events what to wait for, -2 and a sentence.
 */
int redis_tls_shake(struct redis_tls *t, int *events, struct sd_error *err);
int redis_tls_recv(struct redis_tls *t, char *to, size_t size, int *events, struct sd_error *err);
int redis_tls_send(struct redis_tls *t, const char *from, size_t len, int *events, struct sd_error *err);

#endif
