/* spans.h - the demo shop's traces: each request as an OTLP trace, sent over HTTP to 127.0.0.1.
 *
 * A thread has one request at a time. Sending is another thread's work: a request never waits for it, and
 * where nobody takes the spans they are dropped. */
#ifndef DEMO_SPANS_H
#define DEMO_SPANS_H

#include <stdint.h>

enum spans_kind { SPANS_INTERNAL = 1, SPANS_SERVER = 2, SPANS_CLIENT = 3 };

/* Before the threads; port 0: no traces. */
void spans_to(int port);
/* Ends the sender, waits for it. */
void spans_end(void);

/* ns since 1970 */
uint64_t spans_now(void);
/* trace: 32 hex digits, or NULL for one of its own. */
void spans_request(const char *trace, const char *method, const char *route);
/* What the statement of a database is tagged with: "00-TRACE-SPAN-01"; of the span that spans_add makes next.
 */
const char *spans_parent(void);
/* A part of the request from `begin` until now. system, statement: of a database call, else NULL. */
void spans_add(const char *name, enum spans_kind kind, uint64_t begin, const char *system,
               const char *statement);
void spans_answered(int status);

#endif
