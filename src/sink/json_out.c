#include "sink/json_out.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* ---- texts ---- */

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* A character that does not stand for itself. */
static void special(struct strbuf *b, uint32_t c, const char *bytes, size_t n)
{
    static const char FROM[] = "\"\\\b\f\n\r\t", TO[] = "\"\\bfnrt";
    const char *at = c && c < 0x80 ? strchr(FROM, (int)c) : NULL;
    if (at)
        strbuf_printf(b, "\\%c", TO[at - FROM]);
    else if (utf8_harmless(c))
        strbuf_add(b, bytes, n);
    else if (c > 0xFFFF)
        strbuf_printf(b, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
    else
        strbuf_printf(b, "\\u%04x", c);
}

static void quoted(struct strbuf *b, const char *s)
{
    const char *end = s + strlen(s), *p;
    strbuf_char(b, '"');
    while (s < end) {
        for (p = s; p < end && is_plain(*p);) /* nearly all of it */
            p++;
        strbuf_add(b, s, (size_t)(p - s));
        if (p == end)
            break;
        uint32_t c;
        size_t n = utf8_decode(p, (size_t)(end - p), &c);
        special(b, n ? c : 0xFFFD, p, n);
        s = p + (n ? n : 1);
    }
    strbuf_char(b, '"');
}

/* ---- numbers ---- */

/* The figures of `v`, written to end at `end`: where they begin. At least `least` of them. */
static char *figures(char *end, uint64_t v, int least)
{
    char *p = end;
    for (; v || p > end - least; v /= 10)
        *--p = (char)('0' + v % 10);
    return p;
}

static void whole(struct strbuf *b, int64_t v)
{
    char text[24], *end = text + sizeof text, *p = figures(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);
    if (v < 0)
        *--p = '-';
    strbuf_add(b, p, (size_t)(end - p));
}

/* Of at most six decimals: a decimal of 15 figures or fewer is what %.15g makes of the double next to it. */
static bool short_real(struct strbuf *b, double v)
{
    enum { DECIMALS = 6 };
    const double million = 1e6;
    char text[32], *end = text + sizeof text, *p;
    double micro = round(fabs(v) * million);
    if (!(fabs(v) >= 1e-3) || micro >= 1e15 || micro / million != fabs(v))
        return false;
    p = figures(end, (uint64_t)micro % 1000000, DECIMALS);
    while (end[-1] == '0')
        end--;
    *--p = '.';
    p = figures(p, (uint64_t)micro / 1000000, 1);
    if (v < 0)
        *--p = '-';
    strbuf_add(b, p, (size_t)(end - p));
    return true;
}

/* As many figures as give the same number again. */
static void real(struct strbuf *b, double v)
{
    char text[32];
    if (v > INT_MIN && v < INT_MAX && v == (double)(int)v && !(v == 0 && signbit(v))) {
        whole(b, (int)v);
        return;
    }
    if (short_real(b, v))
        return;
    snprintf(text, sizeof text, "%1.15g", v);
    double again = strtod(text, NULL);
    if (fabs(again - v) > MAX(fabs(again), fabs(v)) * DBL_EPSILON)
        snprintf(text, sizeof text, "%1.17g", v);
    strbuf_str(b, text);
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
    o->open[o->depth - 1].any = true;
    if (any)
        strbuf_str(o->to, list ? ", " : ",\n");
    if (list)
        return true;
    strbuf_pad(o->to, '\t', o->depth);
    quoted(o->to, key ? key : "");
    strbuf_str(o->to, ":\t");
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
        whole(o->to, v);
}

void json_out_real(struct json_out *o, const char *key, double v)
{
    if (!isfinite(v))
        json_out_null(o, key);
    else if (item(o, key))
        real(o->to, v);
}

void json_out_text(struct json_out *o, const char *key, const char *s)
{
    if (!s)
        json_out_null(o, key);
    else if (item(o, key))
        quoted(o->to, s);
}
