#include "format/http_request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LENGTH_MAX INT64_C(1000000000000000) /* a longer one is too long for whoever reads it */

struct field {
    const char *name, *value;
    size_t name_len, value_len;
};

static bool is_token(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool named(const struct field *f, const char *name)
{
    return strlen(name) == f->name_len && !strncasecmp(f->name, name, f->name_len);
}

bool http_is_word(struct http_text t, const char *word)
{
    const char *semicolon = t.at ? memchr(t.at, ';', t.n) : NULL;
    const char *p = t.at ? t.at : "", *last = semicolon ? semicolon : p + t.n;
    while (p < last && isspace((unsigned char)*p))
        p++;
    while (last > p && isspace((unsigned char)last[-1]))
        last--;
    return (size_t)(last - p) == strlen(word) && !strncasecmp(p, word, (size_t)(last - p));
}

bool http_has_word(struct http_text list, const char *word)
{
    const char *p = list.at, *end = list.at ? list.at + list.n : NULL;
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        if (http_is_word((struct http_text){.at = p, .n = (size_t)(stop - p)}, word))
            return true;
        p = stop + 1;
    }
    return false;
}

/* "POST /rum HTTP/1.1" */
static bool read_first_line(const char *line, size_t n, struct http_request *r)
{
    const char *end = line + n, *space = memchr(line, ' ', n);
    const char *target = space ? space + 1 : end;
    const char *version = memchr(target, ' ', (size_t)(end - target));
    if (!space || space == line || !version || version == target || (size_t)(end - version) != 9 ||
        memcmp(version, " HTTP/1.", 8) != 0 || !isdigit((unsigned char)version[8]))
        return false;
    for (const char *p = line; p < space; p++)
        if (!is_token(*p))
            return false;
    size_t len = (size_t)(space - line);
    r->method = len == 4 && !memcmp(line, "POST", 4)      ? HTTP_POST
                : len == 7 && !memcmp(line, "OPTIONS", 7) ? HTTP_OPTIONS
                : len == 3 && !memcmp(line, "GET", 3)     ? HTTP_GET
                : len == 4 && !memcmp(line, "HEAD", 4)    ? HTTP_HEAD
                                                          : HTTP_OTHER;
    const char *query = memchr(target, '?', (size_t)(version - target));
    r->path = (struct http_text){.at = target, .n = (size_t)((query ? query : version) - target)};
    r->keep_alive = version[8] != '0';
    return true;
}

static bool read_length(const struct field *f, int64_t *length)
{
    int64_t n = 0;
    if (!f->value_len)
        return false;
    for (size_t i = 0; i < f->value_len; i++) {
        if (!isdigit((unsigned char)f->value[i]))
            return false;
        n = n >= LENGTH_MAX / 10 ? LENGTH_MAX : n * 10 + (f->value[i] - '0');
    }
    /* Two that differ are an attempt to have two readers see two requests. */
    bool again = *length >= 0 && *length != n;
    *length = n;
    return !again;
}

static bool read_field(const char *line, size_t n, struct field *f)
{
    size_t i = 0;
    while (i < n && is_token(line[i]))
        i++;
    if (!i || i == n || line[i] != ':')
        return false;
    *f = (struct field){.name = line, .name_len = i, .value = line + i + 1, .value_len = n - i - 1};
    while (f->value_len && (*f->value == ' ' || *f->value == '\t'))
        f->value++, f->value_len--;
    while (f->value_len && (f->value[f->value_len - 1] == ' ' || f->value[f->value_len - 1] == '\t'))
        f->value_len--;
    return !memchr(f->value, 0, f->value_len);
}

static struct http_text value_of(const struct field *f)
{
    return (struct http_text){.at = f->value, .n = f->value_len};
}

static void take_connection(struct http_text value, struct http_request *r)
{
    if (http_has_word(value, "close"))
        r->keep_alive = false;
    else if (http_has_word(value, "keep-alive"))
        r->keep_alive = true;
}

static bool take_field(const struct field *f, struct http_request *r)
{
    struct http_text value = value_of(f);
    if (named(f, "content-length"))
        return read_length(f, &r->length);
    if (named(f, "transfer-encoding")) {
        r->coded |= r->chunked || !http_is_word(value, "chunked");
        r->chunked = true;
    } else if (named(f, "connection")) {
        take_connection(value, r);
    } else if (named(f, "expect")) {
        r->waits = http_has_word(value, "100-continue");
    } else if (named(f, "referer") && f->value_len <= HTTP_REFERER_MAX) {
        r->referer = value;
    } else if (named(f, "content-type")) {
        r->type = value;
    } else if (named(f, "content-encoding")) {
        r->encoding = value;
    } else if (named(f, "authorization")) {
        r->authorization = value;
    }
    return true;
}

/* The line at *at without its end; *at is moved behind it. NULL: its end has not come. */
static const char *next_line(const char *bytes, size_t n, size_t *at, size_t *len)
{
    const char *line = bytes + *at, *newline = memchr(line, '\n', n - *at);
    if (!newline)
        return NULL;
    *at = (size_t)(newline + 1 - bytes);
    *len = (size_t)(newline - line);
    *len -= *len && line[*len - 1] == '\r';
    return line;
}

/* What begins otherwise is no HTTP, such as a TLS handshake, and may never send the end of a line. */
static bool may_begin(const char *bytes, size_t n)
{
    while (n && (*bytes == '\r' || *bytes == '\n'))
        bytes++, n--;
    return !n || is_token(*bytes);
}

enum http_state http_request_read(const char *bytes, size_t n, struct http_request *r)
{
    size_t at = 0, len = 0;
    const char *line;
    *r = (struct http_request){.length = -1};
    if (!may_begin(bytes, n))
        return HTTP_BROKEN;
    do
        line = next_line(bytes, n, &at, &len);
    while (line && !len); /* empty lines before a request are passed over */
    if (line && !read_first_line(line, len, r))
        return HTTP_BROKEN;
    while (line && (line = next_line(bytes, n, &at, &len)) && len) {
        struct field f;
        if (!read_field(line, len, &f) || !take_field(&f, r))
            return HTTP_BROKEN;
    }
    if (at > HTTP_REQUEST_HEAD_MAX || (!line && n > HTTP_REQUEST_HEAD_MAX))
        return HTTP_LONG;
    if (!line)
        return HTTP_MORE;
    r->head = at;
    if (r->chunked) {
        /* With a length as well, two readers may see two requests. */
        r->keep_alive = r->keep_alive && r->length < 0 && !r->coded;
        r->length = -1;
    }
    return HTTP_WHOLE;
}

/* ---- chunks ---- */

enum { CHUNK_LINE_MAX = 4096 };

/* "1f4;name=value" */
static bool read_size(const char *line, size_t n, uint64_t *size)
{
    size_t i = 0;
    *size = 0;
    for (; i < n && i < 15 && isxdigit((unsigned char)line[i]); i++) {
        char c = line[i];
        *size = *size << 4 | (uint64_t)(isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return i && (i == n || line[i] == ';' || line[i] == ' ' || line[i] == '\t');
}

/* A line between data. False: it is broken. */
static bool take_line(struct http_chunks *c, const char *line, size_t len, bool *ended)
{
    switch (c->state) {
    case CHUNK_SIZE:
        if (!read_size(line, len, &c->left))
            return false;
        c->state = c->left ? CHUNK_DATA : CHUNK_TRAILER;
        return true;
    case CHUNK_END:
        c->state = CHUNK_SIZE;
        return !len;
    default:
        *ended = !len;
        return true;
    }
}

enum http_state http_chunks_read(struct http_chunks *c, char *bytes, size_t *out, size_t *n)
{
    size_t at = *out, len = 0;
    bool ended = false, sound = true;
    while (at < *n && sound && !ended) {
        if (c->state == CHUNK_DATA) {
            size_t part = (size_t)MIN(c->left, (uint64_t)(*n - at));
            memmove(bytes + *out, bytes + at, part);
            *out += part;
            at += part;
            c->left -= part;
            c->state = c->left ? CHUNK_DATA : CHUNK_END;
            continue;
        }
        const char *line = next_line(bytes, *n, &at, &len);
        if (!line) {
            sound = *n - at <= CHUNK_LINE_MAX;
            break;
        }
        sound = take_line(c, line, len, &ended);
    }
    memmove(bytes + *out, bytes + at, *n - at);
    *n -= at - *out;
    return !sound ? HTTP_BROKEN : ended ? HTTP_WHOLE : HTTP_MORE;
}
