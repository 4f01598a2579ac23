/* request_text.h - the requests of a load test, compiled once: the bytes are put together when the run
 * begins, and what differs from one request to the next is filled into holes. Pure; filling allocates
 * nothing.
 *
 * Holes (core/loads/template.h): "{seq}" is the request's number, "{user.COLUMN}" a cell of its row of
 * credentials. In a path, bytes that cannot stand in a request line (controls, space, those of UTF-8) are
 * percent-encoded; a header with a control character in it is refused. */
#ifndef FORMAT_LOADS_REQUEST_TEXT_H
#define FORMAT_LOADS_REQUEST_TEXT_H

#include "base/base.h"

struct load_request_text {
    const char *method, *path, *body; /* body NULL: none */
    const char *const *headers;       /* "Name: value", n_headers of them */
    size_t n_headers;
};

/* Rows of a credentials file: columns[c] names cells[r * n_columns + c]. */
struct load_users {
    const char *const *columns;
    size_t n_columns, n_rows;
    const char *const *cells;
};

/* What is the same in all requests of a run. */
struct load_request_frame {
    const char *host;               /* "127.0.0.1:8080"; a header Host of the request takes its place */
    const char *base;               /* put before each path: "/shop"; NULL or "": nothing */
    const char *agent;              /* User-Agent, likewise */
    const struct load_users *users; /* NULL: none; kept, not copied: it outlives the request */
};

struct load_request; /* opaque */

/* NULL and a sentence: a hole without a column, or what would not be HTTP. */
struct load_request *load_request_new(const struct load_request_text *t, const struct load_request_frame *f,
                                      struct sd_error *err);
void load_request_free(struct load_request *r); /* NULL is fine */

/* No answer to it has a body (HEAD)? */
bool load_request_is_head(const struct load_request *r);

/* The most that filling writes. */
size_t load_request_max(const struct load_request *r);
/* The bytes of HTTP/1.1; user: the row, or -1: its holes are empty. Returns their number. */
size_t load_request_fill(const struct load_request *r, uint64_t seq, int64_t user, char *out);

/* The same in parts, for HTTP/2: method, path, then the headers, names in small letters, without those that
 * HTTP/2 has no use for (Host: :authority, Connection, ...). Texts are in `out`, of load_request_max bytes;
 * the names live with the request. */
struct load_request_field {
    const char *name;
    size_t name_n;
    const char *value;
    size_t value_n;
};
enum { LOAD_REQUEST_FIELDS_MAX = 68 }; /* headers and pseudo-headers */
struct load_request_parts {
    struct load_request_field fields[LOAD_REQUEST_FIELDS_MAX];
    size_t n_fields;
    const char *body; /* n_body 0: none */
    size_t n_body;
};
void load_request_parts(const struct load_request *r, uint64_t seq, int64_t user, bool tls, char *out,
                        struct load_request_parts *p);

#endif
