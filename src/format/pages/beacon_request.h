/* beacon_request.h - the head of an HTTP/1 request to the receiver of beacons: what of it decides about the
 * answer. Pure. https://www.rfc-editor.org/rfc/rfc9112 */
#ifndef FORMAT_PAGES_BEACON_REQUEST_H
#define FORMAT_PAGES_BEACON_REQUEST_H

#include "base/base.h"

enum { BEACON_HEAD_MAX = 16 << 10, BEACON_REFERER_MAX = 2000 };

enum beacon_method { BEACON_POST, BEACON_OPTIONS, BEACON_OTHER };

struct beacon_request {
    enum beacon_method method;
    size_t head;         /* bytes, with the empty line at its end */
    int64_t length;      /* of the body; -1: not said, or in chunks */
    bool keep_alive;     /* another request may come on the connection */
    bool waits;          /* the client sends the body after "100 Continue" only */
    const char *referer; /* in the bytes given; NULL: none */
    size_t referer_len;
};

enum beacon_head { BEACON_HEAD_WHOLE, BEACON_HEAD_MORE, BEACON_HEAD_BROKEN };

/* Of the bytes that came so far. BEACON_HEAD_MORE: the head is not whole yet. */
enum beacon_head beacon_request_read(const char *bytes, size_t n, struct beacon_request *r);

#endif
