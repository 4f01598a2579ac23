/* lookup.h - the addresses of a name, without waiting longer than one wants: a resolver may take longer than
 * anybody waits. A look-up that goes on is left behind on a thread of its own, which frees what it used. */
#ifndef SOURCE_SHARED_LOOKUP_H
#define SOURCE_SHARED_LOOKUP_H

#include "base/base.h"

#include <netdb.h>

struct lookup;

/* Of an address in digits the answer is there at once. NULL, with errno: no thread could be started. */
struct lookup *lookup_start(const char *host, int port);
void lookup_end(struct lookup *l); /* also while it goes on; NULL is fine */
/* Readable when it has ended; it may be so at once. */
int lookup_fd(const struct lookup *l);
bool lookup_done(const struct lookup *l);
/* When it has ended: the addresses, for TCP, which live until lookup_end; NULL: none, and *failed is what
 * gai_strerror explains. */
const struct addrinfo *lookup_found(const struct lookup *l, int *failed);

#endif
