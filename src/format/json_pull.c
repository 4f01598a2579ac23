#include "format/json_pull.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

char json_peek(struct json_pull *j)
{
    while (j->at < j->end && is_space(*j->at))
        j->at++;
    return j->at < j->end ? *j->at : 0;
}

static bool broken(struct json_pull *j)
{
    j->broken = true;
    j->at = j->end;
    return false;
}

/* Past a string; `j->at` is at its first quote. */
static bool skip_string(struct json_pull *j)
{
    for (const char *p = j->at + 1; (p = memchr(p, '"', (size_t)(j->end - p))); p++) {
        size_t slashes = 0;
        while (p[-1 - (ptrdiff_t)slashes] == '\\' && p - 1 - slashes > j->at)
            slashes++;
        if (slashes % 2 == 0) {
            j->at = p + 1;
            return true;
        }
    }
    return broken(j);
}

static bool skip_word(struct json_pull *j)
{
    const char *start = j->at;
    while (j->at < j->end && !is_space(*j->at) && !strchr(",:]}[{\"", *j->at))
        j->at++;
    return j->at > start || broken(j);
}

/* Inside of a list or an object only what opens, closes or quotes counts. */
static const bool COUNTS[256] = {['"'] = true, ['['] = true, [']'] = true, ['{'] = true, ['}'] = true};

static void skip_inside(struct json_pull *j)
{
    size_t depth = 0;
    while (j->at < j->end) {
        while (j->at < j->end && !COUNTS[(unsigned char)*j->at])
            j->at++;
        if (j->at == j->end)
            break;
        if (*j->at == '"') {
            if (!skip_string(j))
                return;
            continue;
        }
        depth += *j->at == '[' || *j->at == '{' ? 1 : (size_t)-1;
        j->at++;
        if (!depth)
            return;
    }
    broken(j);
}

void json_skip(struct json_pull *j)
{
    char c = json_peek(j);
    if (c == '{' || c == '[')
        skip_inside(j);
    else if (c == '"')
        skip_string(j);
    else
        skip_word(j);
}

bool json_enter(struct json_pull *j, char open)
{
    if (json_peek(j) == open) {
        j->at++;
        return true;
    }
    json_skip(j);
    return false;
}

static bool next(struct json_pull *j, char close)
{
    char c = json_peek(j);
    while (c == ',') {
        j->at++;
        c = json_peek(j);
    }
    if (c && c != close)
        return c != '}' && c != ']' ? true : broken(j);
    if (!c)
        return broken(j);
    j->at++;
    return false;
}

bool json_item(struct json_pull *j)
{
    return next(j, ']');
}

bool json_key(struct json_pull *j)
{
    if (!next(j, '}'))
        return false;
    const char *start = j->at + 1;
    if (*j->at != '"' || !skip_string(j))
        return broken(j);
    j->key = start;
    j->key_len = (size_t)(j->at - 1 - start);
    if (json_peek(j) != ':')
        return broken(j);
    j->at++;
    return true;
}

bool json_is(const struct json_pull *j, const char *key)
{
    return strlen(key) == j->key_len && !memcmp(j->key, key, j->key_len);
}

double json_number(struct json_pull *j)
{
    char text[64], *rest;
    char c = json_peek(j);
    if (!c) {
        broken(j);
        return (double)NAN;
    }
    const char *start = j->at + (c == '"');
    json_skip(j);
    if (j->broken || (c != '"' && c != '-' && (c < '0' || c > '9')))
        return (double)NAN;
    size_t n = (size_t)(j->at - (c == '"') - start);
    if (!n || n >= sizeof text || !strchr("-0123456789", *start))
        return (double)NAN;
    memcpy(text, start, n);
    text[n] = 0;
    double v = strtod(text, &rest);
    return *rest || text[1] == 'x' || !isfinite(v) ? (double)NAN : v;
}

uint64_t json_index(struct json_pull *j)
{
    /* Most are short digits only: millions of them in an array. */
    uint64_t v = 0;
    json_peek(j);
    const char *p = j->at;
    while (p < j->end && *p >= '0' && *p <= '9' && p - j->at < 18)
        v = v * 10 + (uint64_t)(*p++ - '0');
    if (p > j->at && p < j->end && (*p == ',' || *p == ']' || *p == '}' || is_space(*p))) {
        j->at = p;
        return v;
    }
    double d = json_number(j);
    return d >= 0 && d < 1e18 && d == floor(d) ? (uint64_t)d : UINT64_MAX;
}

int64_t json_int(struct json_pull *j)
{
    struct json_pull value = *j;
    bool quoted = json_peek(&value) == '"';
    const char *p = value.at + quoted;
    json_skip(j);
    const char *end = j->at - quoted;
    if (j->broken || p >= end)
        return SD_UNKNOWN;
    bool minus = *p == '-';
    int64_t v = 0;
    const char *digits = p += minus;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        v = add_sat(mul_sat(v, 10), minus ? '0' - *p : *p - '0');
    if (p == end && p > digits)
        return v;
    return real_to_int(json_number(&value)); /* 1.5e18 */
}

static unsigned hex4(const char *p, const char *end)
{
    unsigned v = 0;
    if (end - p < 4)
        return 0xfffd;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return 0xfffd;
        v = v << 4 | digit;
    }
    return v;
}

static void put_utf8(struct strbuf *out, unsigned c)
{
    c = c == 0 || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c;
    if (c < 0x80) {
        strbuf_char(out, (char)c);
    } else if (c < 0x800) {
        strbuf_char(out, (char)(0xc0 | c >> 6));
        strbuf_char(out, (char)(0x80 | (c & 63)));
    } else {
        if (c >= 0x10000) {
            strbuf_char(out, (char)(0xf0 | c >> 18));
            strbuf_char(out, (char)(0x80 | (c >> 12 & 63)));
        } else {
            strbuf_char(out, (char)(0xe0 | c >> 12));
        }
        strbuf_char(out, (char)(0x80 | (c >> 6 & 63)));
        strbuf_char(out, (char)(0x80 | (c & 63)));
    }
}

/* An escape behind its backslash; how many bytes it has. */
static size_t unescape(const char *p, const char *end, struct strbuf *out)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    const char *known = memchr(from, *p, sizeof from - 1);
    if (*p != 'u') {
        strbuf_char(out, known ? to[known - from] : *p);
        return 1;
    }
    unsigned c = hex4(p + 1, end), low;
    bool pair = c >= 0xd800 && c < 0xdc00 && end - p >= 11 && p[5] == '\\' && p[6] == 'u';
    if (pair && (low = hex4(p + 7, end)) >= 0xdc00 && low < 0xe000) {
        put_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
        return 11;
    }
    put_utf8(out, c);
    return (size_t)MIN((ptrdiff_t)5, end - p);
}

void json_text(struct json_pull *j, struct strbuf *out)
{
    char c = json_peek(j);
    const char *p = j->at;
    strbuf_clear(out);
    json_skip(j);
    if (c != '"' || j->broken)
        return;
    p++;
    for (const char *end = j->at - 1; p < end;) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        strbuf_add(out, p, (size_t)((slash ? slash : end) - p));
        p = slash ? slash + 1 : end;
        if (slash && p < end)
            p += unescape(p, end, out);
    }
}

const char *json_bytes(struct json_pull *j, struct strbuf *scratch, size_t *len)
{
    struct json_pull value = *j;
    bool text = json_peek(&value) == '"';
    json_skip(j);
    if (!text || j->broken)
        return NULL;
    const char *start = value.at + 1;
    *len = (size_t)(j->at - 1 - start);
    if (!memchr(start, '\\', *len))
        return start;
    json_text(&value, scratch);
    *len = scratch->len;
    return strbuf_text(scratch);
}

struct json_pull json_find(struct json_pull object, const char *key)
{
    struct json_pull found = {0};
    if (json_enter(&object, '{'))
        while (json_key(&object)) {
            if (json_is(&object, key))
                found = object;
            json_skip(&object);
        }
    return found;
}

bool json_names(const char *head, size_t len, const char *const *keys)
{
    struct json_pull j = json_pull(head, len);
    char c = json_peek(&j);
    if (c != '{' && c != '[')
        return false;
    for (; *keys; keys++) {
        size_t n = strlen(*keys);
        const char *at = head;
        while ((at = memmem(at, len - (size_t)(at - head), *keys, n)) &&
               !(at > head && at[-1] == '"' && at + n < head + len && at[n] == '"'))
            at++;
        if (!at)
            return false;
    }
    return true;
}
