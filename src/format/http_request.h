/* http_request.h - the head of an HTTP/1 request to one of the receivers: what of it decides about the
 * answer; and a body that comes in chunks. Pure. https://www.rfc-editor.org/rfc/rfc9112 */
#ifndef FORMAT_HTTP_REQUEST_H
#define FORMAT_HTTP_REQUEST_H

#include "base/base.h"

enum { HTTP_REQUEST_HEAD_MAX = 16 << 10, HTTP_REFERER_MAX = 2000 };

enum http_method { HTTP_POST, HTTP_OPTIONS, HTTP_GET, HTTP_HEAD, HTTP_OTHER };

/* Bytes of the head; .at NULL: there is no such field. */
struct http_text {
    const char *at;
    size_t n;
};

struct http_request {
    enum http_method method;
    struct http_text path; /* of the target, up to '?' */
    size_t head;           /* bytes, with the empty line at its end */
    int64_t length;        /* of the body; -1: not said, or in chunks */
    bool chunked;
    bool coded;      /* a Transfer-Encoding that is not "chunked" alone */
    bool keep_alive; /* another request may come on the connection */
    bool waits;      /* the client sends the body after "100 Continue" only */
    struct http_text referer, type, encoding, authorization;
    int64_t waited; /* ns that the receiver has put it off already: http_server.h */
};

enum http_state { HTTP_WHOLE, HTTP_MORE, HTTP_BROKEN, HTTP_LONG /* the head is too long */ };

/* Of the bytes that came so far. HTTP_MORE: the head is not whole yet. */
enum http_state http_request_read(const char *bytes, size_t n, struct http_request *r);

/* A list of words with commas between, in any case: is this one of them? What stands behind ';' is not
 * compared. */
bool http_has_word(struct http_text list, const char *word);
/* Is there nothing but this word, in any case, and perhaps parameters behind ';'? */
bool http_is_word(struct http_text text, const char *word);

/* A body in chunks, {0} before its first byte. */
struct http_chunks {
    uint64_t left; /* of the chunk */
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER } state;
};
/* Of bytes[*out..*n), which came next, the data is put together from *out on, and what was not used behind
 * it: *out and *n tell where that is then. HTTP_WHOLE: the body has ended, and what is left is the next
 * request's. */
enum http_state http_chunks_read(struct http_chunks *c, char *bytes, size_t *out, size_t *n);

#endif
