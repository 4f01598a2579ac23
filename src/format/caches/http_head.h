/* http_head.h - the header of an answer of HTTP, and what it says of caching: RFC 9110, RFC 9111, RFC 9211.
 * Pure; any thread. What is given is anybody's: any byte may stand in it. */
#ifndef FORMAT_CACHES_HTTP_HEAD_H
#define FORMAT_CACHES_HTTP_HEAD_H

#include "core/caches/http_policy.h"

enum { HTTP_FIELDS_MAX = 1024, HTTP_LAYERS_MAX = 16 };

struct http_head {
    int status;          /* 0: there is no status line */
    const char *version; /* "1.1", "2" */
    struct http_field {
        const char *name, *value; /* without blanks around */
    } fields[HTTP_FIELDS_MAX];
    size_t n;
    bool cut; /* it has more fields */
};

/* Reads a header block: status line, fields, CRLF or LF. With several blocks (100 Continue, 103 Early Hints)
 * the last counts. Texts are the arena's. */
void http_head_read(struct http_head *h, const char *block, size_t len, struct arena *a);

/* The first field of that name, in either case; NULL: there is none. */
const char *http_head_get(const struct http_head *h, const char *name);
/* All of that name as one list, "a, b"; the arena's. NULL: there is none. */
const char *http_head_list(const struct http_head *h, const char *name, struct arena *a);

/* What the caches on the way say of themselves, the nearest to us last: "cloudfront: Hit". */
struct http_layers {
    const char *items[HTTP_LAYERS_MAX];
    size_t n;
    enum http_edge nearest;
};

/* Fills what the header says; f->path, f->received, sizes and requests are the caller's. */
void http_head_facts(const struct http_head *h, struct arena *a, struct http_facts *f,
                     struct http_layers *layers);

/* ---- its parts ---- */

/* Of all Cache-Control fields as one list. */
void http_cache_control(const char *list, struct arena *a, struct http_facts *f);
/* Of the fields by which caches report. */
void http_edge_layers(const struct http_head *h, struct arena *a, struct http_layers *out);
/* The Cache-Status list (RFC 9211, a list of RFC 8941). False: it is none, and as a whole means nothing. */
bool http_cache_status(const char *list, struct arena *a, struct http_layers *out);
void http_layers_add(struct http_layers *l, const char *text, enum http_edge edge);

#endif
