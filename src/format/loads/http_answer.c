#include "format/loads/http_answer.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "format/http_date.h"

enum step {
    STATUS_LINE,
    HEADER,
    BODY,       /* `left` bytes */
    BODY_CLOSE, /* until the connection is closed */
    CHUNK_SIZE,
    CHUNK,     /* `left` bytes */
    CHUNK_END, /* the line end behind a chunk */
    TRAILER
};

static void begin(struct http_answer *a)
{
    a->status = 0;
    a->step = STATUS_LINE;
    a->chunked = a->coded = a->has_length = a->keep = a->close = false;
    a->retry_after_s = a->retry_at_s = SD_UNKNOWN;
    a->n_line = 0;
    a->head_bytes = 0;
    a->left = 0;
}

void http_answer_begin(struct http_answer *a, bool head)
{
    a->state = HTTP_ANSWER_MORE;
    a->head = head;
    a->bytes = 0;
    a->wrong = NULL;
    a->n_begin = 0;
    begin(a);
}

static void wrong(struct http_answer *a, const char *why)
{
    a->state = HTTP_ANSWER_WRONG;
    a->wrong = why;
}

/* ---- lines ---- */

static bool status_line(struct http_answer *a, const char *p, size_t n)
{
    if (n < 12 || memcmp(p, "HTTP/1.", 7) || !isdigit((unsigned char)p[7]) || p[8] != ' ' ||
        (n > 12 && p[12] != ' '))
        return false;
    int status = 0;
    for (int i = 9; i < 12; i++) {
        if (!isdigit((unsigned char)p[i]))
            return false;
        status = status * 10 + p[i] - '0';
    }
    a->status = status;
    a->keep = p[7] != '0';
    a->step = HEADER;
    return status >= 100 && status != 101; /* nobody asked for another protocol */
}

static bool is_name(const char *p, size_t n, const char *name)
{
    return strlen(name) == n && !strncasecmp(p, name, n);
}

/* Is `word` one of the list "a, b"? */
static bool lists(const char *p, size_t n, const char *word)
{
    const char *end = p + n;
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma ? comma : end;
        while (p < stop && (*p == ' ' || *p == '\t'))
            p++;
        while (stop > p && (stop[-1] == ' ' || stop[-1] == '\t'))
            stop--;
        if (is_name(p, (size_t)(stop - p), word))
            return true;
        p = comma ? comma + 1 : end;
    }
    return false;
}

static bool number(const char *p, size_t n, uint64_t *v)
{
    *v = 0;
    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)p[i]) || *v > (INT64_MAX - 9) / 10)
            return false;
        else
            *v = *v * 10 + (uint64_t)(p[i] - '0');
    return n > 0;
}

void http_retry_after(const char *p, size_t n, int64_t now_s, int64_t *after_s, int64_t *at_s)
{
    char date[64];
    uint64_t s;
    int64_t at;
    if (number(p, n, &s)) {
        *after_s = (int64_t)s;
    } else if (n < sizeof date) {
        memcpy(date, p, n);
        date[n] = 0;
        if (http_date_parse(date, now_s, &at))
            *at_s = at;
    }
}

static void content_length(struct http_answer *a, const char *p, size_t n)
{
    uint64_t v;
    if (!number(p, n, &v))
        wrong(a, "its Content-Length is no number");
    else if (a->has_length && a->left != v)
        wrong(a, "it has two different lengths");
    a->has_length = true;
    a->left = v;
}

static void header(struct http_answer *a, const char *p, size_t n, int64_t now_s)
{
    const char *colon = memchr(p, ':', n);
    if (!colon || colon == p) {
        wrong(a, "a line of its head is no header");
        return;
    }
    const char *v = colon + 1, *end = p + n;
    size_t name = (size_t)(colon - p);
    while (v < end && (*v == ' ' || *v == '\t'))
        v++;
    while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t len = (size_t)(end - v);
    /* Most headers are none of these: their first letter says so. */
    switch (p[0] | 0x20) {
    case 'c':
        if (is_name(p, name, "content-length")) {
            content_length(a, v, len);
        } else if (is_name(p, name, "connection")) {
            a->close |= lists(v, len, "close");
            a->keep |= lists(v, len, "keep-alive");
        }
        break;
    case 't':
        if (is_name(p, name, "transfer-encoding")) {
            a->coded = true;
            /* The last coding decides. */
            a->chunked = len >= 7 && !strncasecmp(end - 7, "chunked", 7);
        }
        break;
    case 'r':
        if (is_name(p, name, "retry-after"))
            http_retry_after(v, len, now_s, &a->retry_after_s, &a->retry_at_s);
        break;
    default:
        break;
    }
}

static void head_ended(struct http_answer *a)
{
    if (a->status < 200) {
        begin(a);
        return;
    }
    a->head_bytes = 0;
    a->close |= !a->keep;
    if (a->head || a->status == 204 || a->status == 304) {
        a->state = HTTP_ANSWER_DONE;
    } else if (a->coded) {
        a->step = a->chunked ? CHUNK_SIZE : BODY_CLOSE;
        a->close |= !a->chunked;
    } else if (a->has_length) {
        a->step = BODY;
        if (!a->left)
            a->state = HTTP_ANSWER_DONE;
    } else {
        a->step = BODY_CLOSE;
        a->close = true;
    }
}

static void chunk_size(struct http_answer *a, const char *p, size_t n)
{
    size_t i = 0;
    a->left = 0;
    for (; i < n && isxdigit((unsigned char)p[i]); i++) {
        if (i >= 15) {
            wrong(a, "a chunk has no size that could be");
            return;
        }
        char c = p[i];
        a->left = a->left * 16 + (uint64_t)(isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (!i || (i < n && p[i] != ';' && p[i] != ' ' && p[i] != '\t')) {
        wrong(a, "a chunk has no size");
        return;
    }
    a->head_bytes = 0;
    a->step = a->left ? CHUNK : TRAILER;
}

/* One line, without its end. */
static void line(struct http_answer *a, const char *p, size_t n, int64_t now_s)
{
    if (n && p[n - 1] == '\r')
        n--;
    switch ((enum step)a->step) {
    case STATUS_LINE:
        if (!status_line(a, p, n))
            wrong(a, "it does not begin with a status line of HTTP/1");
        break;
    case HEADER:
        if (!n)
            head_ended(a);
        else if (p[0] != ' ' && p[0] != '\t') /* a line that goes on is of no header that is read */
            header(a, p, n, now_s);
        break;
    case CHUNK_SIZE:
        chunk_size(a, p, n);
        break;
    case CHUNK_END:
        a->step = CHUNK_SIZE;
        if (n)
            wrong(a, "a chunk does not end where its size says");
        break;
    case TRAILER:
        if (!n)
            a->state = HTTP_ANSWER_DONE;
        break;
    case BODY:
    case BODY_CLOSE:
    case CHUNK:
        break;
    }
}

/* Takes bytes up to the end of the line, or all. What came of a line before is in a->line. */
static size_t feed_line(struct http_answer *a, const char *p, size_t n, int64_t now_s)
{
    const char *nl = memchr(p, '\n', n);
    size_t len = nl ? (size_t)(nl - p) : n, taken = len + (nl != NULL);
    a->head_bytes += (uint32_t)MIN(taken, HTTP_ANSWER_HEAD_MAX + 1);
    if (a->head_bytes > HTTP_ANSWER_HEAD_MAX) {
        wrong(a, "its head is longer than 64 KiB");
        return taken;
    }
    if (nl && !a->n_line) {
        line(a, p, len, now_s);
        return taken;
    }
    size_t copy = MIN(len, sizeof a->line - a->n_line);
    memcpy(a->line + a->n_line, p, copy);
    a->n_line += (uint16_t)copy;
    if (nl) {
        size_t whole = a->n_line;
        a->n_line = 0;
        line(a, a->line, whole, now_s);
    } else if (a->step == STATUS_LINE && memcmp(a->line, "HTTP/1.", MIN(a->n_line, 7))) {
        wrong(a, "it does not begin with a status line of HTTP/1"); /* it may never send a line end */
    }
    return taken;
}

static size_t feed_body(struct http_answer *a, const char *p, size_t n)
{
    size_t taken = a->step == BODY_CLOSE ? n : (size_t)MIN((uint64_t)n, a->left);
    if (a->status >= 400 && a->n_begin < sizeof a->begin) {
        size_t copy = MIN(taken, sizeof a->begin - a->n_begin);
        memcpy(a->begin + a->n_begin, p, copy);
        a->n_begin += (uint8_t)copy;
    }
    if (a->step == BODY_CLOSE)
        return taken;
    a->left -= taken;
    if (!a->left && a->step == BODY)
        a->state = HTTP_ANSWER_DONE;
    else if (!a->left)
        a->step = CHUNK_END;
    return taken;
}

size_t http_answer_feed(struct http_answer *a, const char *bytes, size_t n, int64_t now_s)
{
    size_t at = 0;
    while (at < n && a->state == HTTP_ANSWER_MORE) {
        bool body = a->step == BODY || a->step == BODY_CLOSE || a->step == CHUNK;
        at += body ? feed_body(a, bytes + at, n - at) : feed_line(a, bytes + at, n - at, now_s);
    }
    a->bytes += at;
    return at;
}

bool http_answer_closed(struct http_answer *a)
{
    if (a->state != HTTP_ANSWER_MORE || a->step != BODY_CLOSE)
        return false;
    a->state = HTTP_ANSWER_DONE;
    return true;
}
