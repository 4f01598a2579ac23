/* http_peer.h - a server of HTTP/1.1 for a load generator: what it does is in the path that is asked for. A
 * thread for each connection; it keeps count of what came.
 *
 *   /ok            200, 5 bytes
 *   /status/NNN    that status, "no" as its body
 *   /retry/TEXT    429 with Retry-After: TEXT, "_" for a space
 *   /chunked /until-close /interim /empty     other ways in which an answer ends
 *   /redirect      302 to /ok
 *   /flood         200 and bytes without an end; /flood-head: of headers
 *   /reset         the connection is reset
 *   /echo          400, and the path that was asked for
 *   /slow          byte by byte, each in a packet of its own
 *   /half /close   half of the answer, nothing; then closed
 *   /garbage       not HTTP
 *   /silent        never an answer
 *   /gate          an answer when http_peer_gate(p, true) was called
 *   /last          as /ok, and then the connection is closed without a word of it
 *   /.well-known/slowdive-load   what http_peer_word said, at first 404 */
#ifndef TESTS_LIB_HTTP_PEER_H
#define TESTS_LIB_HTTP_PEER_H

#include <stdbool.h>
#include <stdint.h>

struct http_peer;
/* On 127.0.0.1, or on all addresses; NULL when it cannot. */
struct http_peer *http_peer_start(bool everywhere);
void http_peer_stop(struct http_peer *p); /* closes everything, joins its threads */
uint16_t http_peer_port(const struct http_peer *p);

void http_peer_gate(struct http_peer *p, bool open);
/* `body` is kept by the caller. */
void http_peer_word(struct http_peer *p, int status, const char *body);
uint64_t http_peer_requests(struct http_peer *p);
uint64_t http_peer_connections(struct http_peer *p); /* that it ever had */
/* The last request's bytes as they came; the caller frees. */
char *http_peer_last(struct http_peer *p);
/* Waits until it has closed so many connections by itself; false after a minute. */
bool http_peer_wait_closed(struct http_peer *p, uint64_t n);

#endif
