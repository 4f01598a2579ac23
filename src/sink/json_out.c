#include "sink/json_out.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/utf8.h"

/* ---- texts ---- */

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

enum { WORD = sizeof(uint64_t) };

/* The top bits of bytes that are not plain, of eight: a byte has it, or gets it when what is not plain is
 * taken from it. Bytes behind the first hit may look like hits as well. */
static inline uint64_t not_plain(const char *s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t w;
    memcpy(&w, s, sizeof w);
    w = le64toh(w);
    uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\'), del = w ^ (ones * 0x7f);
    return (w | (w - ones * ' ') | (quote - ones) | (slash - ones) | (del - ones)) & tops;
}

/* How many plain characters begin the text, as nearly all of it are. */
static size_t plain(const char *s, size_t len)
{
    size_t i = 0;
    for (uint64_t hits; len - i >= WORD; i += WORD)
        if ((hits = not_plain(s + i)) != 0)
            return i + (size_t)__builtin_ctzll(hits) / 8;
    if (i && !not_plain(s + len - WORD)) /* the rest, and some of what was seen */
        return len;
    while (i < len && is_plain(s[i]))
        i++;
    return i;
}

/* A character that does not stand for itself. */
static void special(struct strbuf *b, uint32_t c, const char *bytes, size_t n)
{
    static const char FROM[] = "\"\\\b\f\n\r\t", TO[] = "\"\\bfnrt";
    const char *at = c && c < 0x80 ? strchr(FROM, (int)c) : NULL;
    if (at)
        strbuf_add(b, (const char[]){'\\', TO[at - FROM]}, 2);
    else if (utf8_harmless(c))
        strbuf_add(b, bytes, n);
    else if (c > 0xFFFF)
        strbuf_printf(b, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
    else
        strbuf_printf(b, "\\u%04x", c);
}

static void make_room(struct json_out *o)
{
    if (o->take && o->to->len >= JSON_OUT_MUCH)
        o->take(o->ctx, o->to);
}

static void quoted(struct json_out *o, const char *s, size_t len)
{
    struct strbuf *b = o->to;
    strbuf_char(b, '"');
    for (size_t n; (n = plain(s, len)) < len; s += n, len -= n) {
        uint32_t c;
        strbuf_add(b, s, n);
        s += n;
        len -= n;
        n = utf8_decode(s, len, &c);
        special(b, n ? c : 0xFFFD, s, n);
        n = n ? n : 1;
        make_room(o); /* a text may have megabytes */
    }
    char *out = strbuf_room(b, len + 1);
    memcpy(out, s, len);
    memcpy(out + len, "\"", 2);
    b->len += len + 1;
}

/* ---- items ---- */

/* What stands before an item; false: it is left out. */
static bool item(struct json_out *o, const char *key)
{
    if (o->depth > JSON_OUT_DEEP)
        return false;
    if (!o->depth)
        return true;
    bool any = o->open[o->depth - 1].any, list = o->open[o->depth - 1].list;
    const char *name = list || !key ? "" : key;
    size_t len = strlen(name);
    char *start = strbuf_room(o->to, len + o->depth + sizeof ",\n\"\":\t"), *p = start;
    o->open[o->depth - 1].any = true;
    if (any) {
        *p++ = ',';
        *p++ = list ? ' ' : '\n';
    }
    for (size_t i = 0; !list && i < o->depth; i++)
        *p++ = '\t';
    bool as_is = !list && plain(name, len) == len;
    if (as_is) { /* as all keys of columns are */
        *p++ = '"';
        memcpy(p, name, len);
        memcpy(p + len, "\":\t", 3);
        p += len + 3;
    }
    *p = 0;
    o->to->len += (size_t)(p - start);
    if (!list && !as_is) {
        quoted(o, name, len);
        strbuf_add(o->to, ":\t", 2);
    }
    return true;
}

void json_out_open(struct json_out *o, const char *key, bool list)
{
    bool room = o->depth < JSON_OUT_DEEP;
    if (room && item(o, key)) {
        strbuf_str(o->to, list ? "[" : "{\n");
        o->open[o->depth].list = list;
        o->open[o->depth].any = false;
    }
    o->depth++;
}

void json_out_close(struct json_out *o)
{
    if (!o->depth || --o->depth >= JSON_OUT_DEEP)
        return;
    if (o->open[o->depth].list) {
        strbuf_char(o->to, ']');
        return;
    }
    if (o->open[o->depth].any)
        strbuf_char(o->to, '\n');
    strbuf_pad(o->to, '\t', o->depth);
    strbuf_char(o->to, '}');
    make_room(o);
}

void json_out_null(struct json_out *o, const char *key)
{
    if (item(o, key))
        strbuf_str(o->to, "null");
}

void json_out_bool(struct json_out *o, const char *key, bool v)
{
    if (item(o, key))
        strbuf_str(o->to, v ? "true" : "false");
}

void json_out_int(struct json_out *o, const char *key, int64_t v)
{
    if (v == SD_UNKNOWN)
        json_out_null(o, key);
    else if (item(o, key))
        strbuf_whole(o->to, v);
}

void json_out_real(struct json_out *o, const char *key, double v)
{
    if (!isfinite(v))
        json_out_null(o, key);
    else if (item(o, key))
        strbuf_real(o->to, v);
}

void json_out_text(struct json_out *o, const char *key, const char *s)
{
    if (!s)
        json_out_null(o, key);
    else if (item(o, key))
        quoted(o, s, strlen(s));
}
