#include "core/caches/key_class.h"

#include <string.h>

enum { HEX_SURE = 16, HEX_MIXED = 8, TOKEN = 10, TOKEN_LONG = 20, NUMBER_LONG = 4 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_hard(char c)
{
    return c == ':' || c == '/' || c == '|';
}

static bool is_soft(char c)
{
    return c == '.' || c == '-' || c == '_';
}

/* What the characters of a run are. */
struct look {
    size_t digits, letters, upper, hex, soft, other;
    size_t turns; /* between letters and figures, and from small to large letters */
    bool text;    /* printable ASCII */
};

static struct look look_at(const char *s, size_t n)
{
    struct look l = {.text = true};
    for (size_t i = 0; i < n; i++) {
        bool upper = s[i] >= 'A' && s[i] <= 'Z';
        l.digits += is_digit(s[i]);
        l.letters += is_letter(s[i]);
        l.upper += upper;
        l.hex += is_hex(s[i]);
        l.soft += is_soft(s[i]);
        l.other += !is_digit(s[i]) && !is_letter(s[i]) && !is_soft(s[i]);
        l.text &= s[i] >= 0x20 && s[i] < 0x7f;
        if (i && !is_soft(s[i]) && !is_soft(s[i - 1]))
            l.turns += is_digit(s[i]) != is_digit(s[i - 1]) ||
                       (upper && !is_digit(s[i - 1]) && !(s[i - 1] >= 'A' && s[i - 1] <= 'Z'));
    }
    return l;
}

/* 8-4-4-4-12 hex digits at the beginning. */
static bool is_uuid(const char *s, size_t n)
{
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (i >= n || (dash ? s[i] != '-' : !is_hex(s[i])))
            return false;
    }
    return n == 36 || is_hard(s[36]) || is_soft(s[36]) || s[36] == '}';
}

/* A token that has separators in it: base64url, a JWT. Words joined by them turn seldom. */
static bool is_long_token(const char *s, size_t n)
{
    struct look l = look_at(s, n);
    return n >= TOKEN_LONG && l.text && !l.other && l.digits >= 2 && l.upper >= 2 && l.letters > l.upper &&
           l.turns * 5 >= n;
}

/* Of one segment, without separators. */
static bool varies(const char *s, size_t n)
{
    struct look l = look_at(s, n);
    if (!l.text || n > KEY_SEGMENT_MAX || memchr(s, '@', n))
        return true;
    if (l.digits == n || (l.hex == n && (n >= HEX_SURE || (n >= HEX_MIXED && l.digits && l.digits < n))))
        return n > 0;
    if (n == 26 && l.digits + l.letters == n && (l.upper == l.letters || !l.upper) && l.digits >= 3)
        return true; /* a ULID */
    if (is_digit(s[0]) && n >= 5 && l.digits * 2 >= n)
        return true; /* 29T10, 12px34 */
    return n >= TOKEN && !l.other && l.digits >= 2 && l.turns >= 4 && l.turns * 4 >= n;
}

/* The part before a number of some length at its end. */
static size_t stem_of(const char *s, size_t n)
{
    size_t k = n;
    while (k && is_digit(s[k - 1]))
        k--;
    return n - k >= NUMBER_LONG ? k : n;
}

/* `{1000}` of `user:{1000}:cart`, the hash tag of a cluster, is named without its braces. */
static struct key_segment segment(char separator, const char *s, size_t n)
{
    bool tag = n > 2 && s[0] == '{' && s[n - 1] == '}';
    struct key_segment out = {.separator = separator, .text = s + tag, .len = n - (tag ? 2 : 0)};
    size_t stem = stem_of(out.text, out.len);
    if (varies(out.text, out.len))
        stem = 0;
    out.varies = stem < out.len;
    out.len = stem;
    return out;
}

static size_t run(const char *s, size_t n, bool soft_too)
{
    size_t k = 0;
    while (k < n && !is_hard(s[k]) && !(soft_too && is_soft(s[k])))
        k++;
    return k;
}

/* How much of what is left is one segment. */
static size_t next_len(const char *s, size_t n, bool whole)
{
    size_t hard = run(s, n, false);
    if (is_uuid(s, n))
        return 36;
    if (whole && (memchr(s, '@', hard) || is_long_token(s, hard)))
        return hard;
    return run(s, n, true);
}

size_t key_split(const char *key, size_t n, struct key_segment out[KEY_SEGMENTS_MAX])
{
    size_t count = 0, at = 0;
    char separator = 0;
    while (count < KEY_SEGMENTS_MAX) {
        size_t len = next_len(key + at, n - at, !separator || is_hard(separator));
        bool last = count == KEY_SEGMENTS_MAX - 1 && at + len < n;
        bool whole = last || len > run(key + at, n - at, true);
        out[count] = whole ? (struct key_segment){.separator = separator, .text = key + at, .varies = true}
                           : segment(separator, key + at, len);
        count++;
        if (last || at + len >= n)
            break;
        separator = key[at + len];
        at += len + 1;
    }
    return count;
}
