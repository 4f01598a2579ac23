/* http_answer.h - the answer to a request over HTTP/1.1, as its bytes come: where it ends, and the little of
 * it that a load test reads. Pure, no allocation: what is kept of an answer under way is in its struct. RFC
 * 9112. */
#ifndef FORMAT_LOADS_HTTP_ANSWER_H
#define FORMAT_LOADS_HTTP_ANSWER_H

#include "base/base.h"

enum {
    HTTP_ANSWER_HEAD_MAX = 64 << 10, /* bytes of status line and headers, of a line of chunks, of trailers */
    HTTP_ANSWER_LINE = 200, /* of a line that comes in pieces so much is read; no header needs more */
    HTTP_ANSWER_BEGIN = 80
};

enum http_answer_state {
    HTTP_ANSWER_MORE, /* it has not ended */
    HTTP_ANSWER_DONE,
    HTTP_ANSWER_WRONG /* not HTTP: `wrong` says why */
};

struct http_answer {
    enum http_answer_state state;
    int status;            /* 0: not known yet. An interim answer (1xx) is passed over */
    bool close;            /* the connection ends with it */
    int64_t retry_after_s; /* Retry-After in seconds; SD_UNKNOWN: none, or a date */
    int64_t retry_at_s;    /* as a date, in seconds since 1970; SD_UNKNOWN likewise */
    uint64_t bytes;        /* taken for it, interim answers included */
    const char *wrong;     /* a constant: "the length is no number" */
    uint8_t n_begin;       /* of an answer with status >= 400: how its body begins, as it is */
    char begin[HTTP_ANSWER_BEGIN];

    /* Its own. */
    uint8_t step;
    bool head, chunked, coded, has_length, keep;
    uint16_t n_line;
    uint32_t head_bytes;
    uint64_t left; /* of the body, or of the chunk */
    char line[HTTP_ANSWER_LINE];
};

/* The value of Retry-After: a number of seconds, or a date. What is neither changes nothing. */
void http_retry_after(const char *p, size_t n, int64_t now_s, int64_t *after_s, int64_t *at_s);
/* `head`: the request was HEAD, the answer has no body. */
void http_answer_begin(struct http_answer *a, bool head);
/* Takes what of the n bytes belongs to the answer and returns how many these are; all of them while it has
 * not ended. `now_s`, since 1970, is for a date with a year of two digits. */
size_t http_answer_feed(struct http_answer *a, const char *bytes, size_t n, int64_t now_s);
/* The server closed the connection. True when that is how the answer ends; then it is done. */
bool http_answer_closed(struct http_answer *a);

#endif
