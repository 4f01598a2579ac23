#include "base/utf8.h"

#include <wchar.h>
#include <wctype.h>

enum { MARK = 0xB7 }; /* stands for what must not be shown */

/* Strict decoding (no overlong forms, surrogates or values above U+10FFFF).
 * Returns bytes, 0 when invalid. */
static size_t decode(const unsigned char *s, size_t len, uint32_t *code)
{
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n > len)
        return 0;
    uint32_t c = s[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *code = c;
    return n;
}

/* Characters that change how their neighbours are shown, or show nothing. */
static bool deceptive(uint32_t c)
{
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
           c == 0x061C || c == 0xFEFF || c == 0x00AD || c == 0x180E || c == 0x034F || c == 0x115F ||
           c == 0x1160 || c == 0x3164 || c == 0xFFA0 || (c >= 0xFFF0 && c <= 0xFFFF) ||
           (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xFE00 && c <= 0xFE0F) || c >= 0xE0000;
}

size_t utf8_next(const char *text, size_t len, struct utf8_char *out)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (at < len) {
        uint32_t c;
        size_t n = decode(s + at, len - at, &c);
        at += n ? n : 1;
        if (n && c >= 0x20 && c < 0x7F) {
            *out = (struct utf8_char){.code = c, .width = 1};
            return at;
        }
        if (n && (c == '\t' || c == '\n' || c == '\r')) {
            *out = (struct utf8_char){.code = ' ', .width = 1};
            return at;
        }
        int width = n && c >= 0xA0 && !deceptive(c) ? wcwidth((wchar_t)c) : -1;
        if (width == 0)
            continue; /* combining: legible without it */
        if (width < 0 || width > 2)
            *out = (struct utf8_char){.code = MARK, .width = 1, .replaced = true};
        else
            *out = (struct utf8_char){.code = c, .width = width};
        return at;
    }
    return 0;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *code)
{
    return len ? decode((const unsigned char *)text, len, code) : 0;
}

bool utf8_harmless(uint32_t c)
{
    if (c >= 0x20 && c < 0x7F)
        return true;
    return c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0) && !deceptive(c);
}

int utf8_width(const char *text)
{
    size_t len = strlen(text);
    int width = 0;
    struct utf8_char c;
    for (size_t n; len; text += n, len -= n) {
        /* nearly all of it is printable ASCII */
        if ((unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7F) {
            width++;
            n = 1;
        } else {
            if (!(n = utf8_next(text, len, &c)))
                break;
            width += c.width;
        }
    }
    return width;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[n] | c);
    return n;
}

int utf8_append(struct strbuf *b, const char *text, int columns)
{
    size_t len = strlen(text);
    int used = 0;
    struct utf8_char c;
    for (size_t n; len; text += n, len -= n) {
        for (n = 0; n < len && used < columns && text[n] >= 0x20 && text[n] < 0x7F; n++)
            used++; /* nearly all of it is printable ASCII */
        if (n) {
            strbuf_add(b, text, n);
            continue;
        }
        n = utf8_next(text, len, &c);
        if (!n || used + c.width > columns)
            break;
        char bytes[4];
        strbuf_add(b, bytes, utf8_encode(c.code, bytes));
        used += c.width;
    }
    return used;
}

bool utf8_valid(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t c;
    for (size_t n; len; s += n, len -= n)
        if (!(n = decode(s, len, &c)))
            return false;
    return true;
}

void utf8_append_valid(struct strbuf *b, const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t c;
    for (size_t n; len; s += n, len -= n) {
        for (n = 0; n < len && s[n] < 0x80;) /* nearly all of it */
            n++;
        if (n) {
            strbuf_add(b, s, n);
            continue;
        }
        n = decode(s, len, &c);
        strbuf_add(b, n ? (const char *)s : "\xEF\xBF\xBD", n ? n : 3);
        if (!n)
            n = 1;
    }
}

void utf8_append_lines(struct strbuf *b, const char *text, size_t len)
{
    for (size_t n; len; text += n, len -= n) {
        uint32_t c;
        n = utf8_decode(text, len, &c);
        bool as_is = n && (c == '\n' || c == '\t' || utf8_harmless(c));
        if (n && c == '\r' && len > 1 && text[1] == '\n')
            continue;
        strbuf_add(b, as_is ? text : "\xC2\xB7", as_is ? n : 2);
        n = n ? n : 1;
    }
}
