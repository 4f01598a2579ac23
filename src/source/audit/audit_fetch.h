/* audit_fetch.h - one GET over HTTP for an audit, by libcurl: with deadlines and bounds, no redirect
 * followed, no cookie kept, no proxy of the environment. On a source's worker thread. */
#ifndef SOURCE_AUDIT_AUDIT_FETCH_H
#define SOURCE_AUDIT_AUDIT_FETCH_H

#include "base/base.h"

enum { AUDIT_BODY_MAX = 8 << 20, AUDIT_HEAD_MAX = 256 << 10 };

struct audit_ask {
    const char *url;                  /* http or https */
    const char *etag, *last_modified; /* a conditional request; NULL: without */
    bool no_body;                     /* the header alone is wanted */
    int64_t wait_ns;                  /* for all of it */
};

/* How the body ended. */
enum audit_end { AUDIT_WHOLE, AUDIT_TOO_LONG, AUDIT_TOO_LATE, AUDIT_BROKEN };

struct audit_answer {
    char *head; /* the last header block */
    size_t head_len;
    char *body; /* as sent; NULL: none */
    size_t len;
    enum audit_end end;
    int64_t length;                                             /* Content-Length; SD_UNKNOWN */
    int64_t dns_ns, tcp_ns, tls_ns, first_byte_ns, transfer_ns; /* SD_UNKNOWN: no such part */
};

/* Connections are kept in it between requests. */
struct audit_line;
struct audit_line *audit_line_new(void);
void audit_line_free(struct audit_line *l); /* NULL is fine */

/* SD_OK: a header came, for audit_answer_free. SD_NODATA: the source is to stop. Otherwise a reason. */
enum sd_result audit_fetch(struct sd_source *s, struct audit_line *l, const struct audit_ask *ask,
                           struct audit_answer *out, struct sd_error *err);
void audit_answer_free(struct audit_answer *a);

#endif
