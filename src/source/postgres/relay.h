/* relay.h - between libpq and the socket of the server, so that what arrives is counted.
 *
 * libpq reads as long as there is something to read, and takes in a whole message, of any length
 * the server claims, before it gives it out; it does not tell how much that is. So libpq has one end of
 * a pair of sockets instead, and what the server sends is passed on in pieces. That is below TLS and GSS,
 * and the same for TCP and Unix sockets.
 *
 * No thread of its own: bytes move in relay_move only. Nothing blocks. */
#ifndef SOURCE_POSTGRES_RELAY_H
#define SOURCE_POSTGRES_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct relay;

/* Takes the connected socket `fd` away from its owner and puts one end of a pair in its place, under
 * the same number. NULL with errno: nothing was changed. */
struct relay *relay_new(int fd);
/* Closes the server's socket, after what is still to be sent if it can be sent at once. NULL is fine. */
void relay_free(struct relay *r);
/* Is `fd` still the end that relay_new put there? */
bool relay_holds(const struct relay *r, int fd);

/* Passes on what was written to `fd`, and one piece of what the server sent unless the piece before is
 * still unread. */
void relay_move(struct relay *r, int fd);
/* What to wait for before there is something to move again. */
int relay_socket(const struct relay *r);
short relay_events(const struct relay *r);
/* Bytes the server has sent so far. */
int64_t relay_received(const struct relay *r);
/* How the server's socket failed, as errno; 0 */
int relay_error(const struct relay *r);

#endif
