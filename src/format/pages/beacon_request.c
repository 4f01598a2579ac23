#include "format/pages/beacon_request.h"

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

/* A list of words with commas between, in any case. */
static bool has_word(const struct field *f, const char *word)
{
    const char *p = f->value, *end = f->value + f->value_len;
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end, *last = stop;
        while (p < last && isspace((unsigned char)*p))
            p++;
        while (last > p && isspace((unsigned char)last[-1]))
            last--;
        if ((size_t)(last - p) == strlen(word) && !strncasecmp(p, word, (size_t)(last - p)))
            return true;
        p = stop + 1;
    }
    return false;
}

/* "POST /rum HTTP/1.1" */
static bool read_first_line(const char *line, size_t n, struct beacon_request *r)
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
    r->method = len == 4 && !memcmp(line, "POST", 4)      ? BEACON_POST
                : len == 7 && !memcmp(line, "OPTIONS", 7) ? BEACON_OPTIONS
                                                          : BEACON_OTHER;
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

static bool take_field(const struct field *f, struct beacon_request *r, bool *chunked)
{
    if (named(f, "content-length"))
        return read_length(f, &r->length);
    if (named(f, "transfer-encoding")) {
        *chunked = true;
    } else if (named(f, "connection")) {
        if (has_word(f, "close"))
            r->keep_alive = false;
        else if (has_word(f, "keep-alive"))
            r->keep_alive = true;
    } else if (named(f, "expect")) {
        r->waits = has_word(f, "100-continue");
    } else if (named(f, "referer") && f->value_len <= BEACON_REFERER_MAX) {
        r->referer = f->value;
        r->referer_len = f->value_len;
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

enum beacon_head beacon_request_read(const char *bytes, size_t n, struct beacon_request *r)
{
    size_t at = 0, len = 0;
    bool chunked = false;
    const char *line;
    *r = (struct beacon_request){.length = -1};
    do
        line = next_line(bytes, n, &at, &len);
    while (line && !len); /* empty lines before a request are passed over */
    if (line && !read_first_line(line, len, r))
        return BEACON_HEAD_BROKEN;
    while (line && (line = next_line(bytes, n, &at, &len)) && len) {
        struct field f;
        if (!read_field(line, len, &f) || !take_field(&f, r, &chunked))
            return BEACON_HEAD_BROKEN;
    }
    if (at > BEACON_HEAD_MAX || (!line && n > BEACON_HEAD_MAX))
        return BEACON_HEAD_BROKEN;
    if (!line)
        return BEACON_HEAD_MORE;
    r->head = at;
    if (chunked) { /* where the next request would begin is not known */
        r->length = -1;
        r->keep_alive = false;
    }
    return BEACON_HEAD_WHOLE;
}
