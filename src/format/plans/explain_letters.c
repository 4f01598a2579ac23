/* explain_letters.c - EXPLAIN prints ASCII around its names. Web pages, chats and word
 * processors replace blanks, arrows, dots and quotes by characters that look like them. */
#include "base/utf8.h"
#include "format/plans/explain_dress.h"

/* What stands for a character; NULL: itself. */
static const char *ascii_of(uint32_t code)
{
    switch (code) {
    case 0xa0:   /* no-break space */
    case 0x3000: /* ideographic space */
    case 0x205f:
    case 0x202f:
        return " ";
    case 0xad: /* soft hyphen */
    case 0x200b:
    case 0x200c:
    case 0x200d:
    case 0x2060:
    case 0xfeff: /* byte order mark */
        return "";
    case 0x2018:
    case 0x2019:
        return "'";
    case 0x201c:
    case 0x201d:
        return "\"";
    case 0x2192: /* arrows to the right */
    case 0x21d2:
    case 0x21e8:
    case 0x2794:
    case 0x279c:
    case 0x279e:
    case 0x27a1:
    case 0x27f6:
        return "->";
    case 0x2010: /* hyphens and dashes: "–>" */
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
        return "-";
    case 0x2026:
        return "..";
    default:
        return code >= 0x2000 && code <= 0x200a ? " " : NULL;
    }
}

static bool digit_at(const char *text, size_t len, size_t i)
{
    return i < len && text[i] >= '0' && text[i] <= '9';
}

/* Dots and dashes are EXPLAIN's own only in figures and arrows. */
static bool stands_for(const char *text, size_t len, size_t i, size_t n, uint32_t code)
{
    if (code == 0x2026)
        return i && digit_at(text, len, i - 1) && digit_at(text, len, i + n);
    if (code >= 0x2010 && code <= 0x2014)
        return i + n < len && text[i + n] == '>';
    return true;
}

bool explain_letters(const char *text, size_t len, struct strbuf *out)
{
    size_t ascii = 0;
    while (ascii < len && !((unsigned char)text[ascii] & 0x80))
        ascii++;
    if (ascii == len)
        return false;
    char quote = 0;
    bool any = false, start = true, json = memmem(text, len, "\"Node Type\"", 11) != NULL;
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80) {
            if (c == '\n')
                quote = 0;
            else if (quote)
                quote = c == (unsigned char)quote ? 0 : quote;
            else if ((c == '\'' || c == '"') && (json || !start)) /* some quote each whole line */
                quote = (char)c;
            start = c == '\n' || (start && (c == ' ' || c == '\t'));
            strbuf_char(out, text[i++]);
            continue;
        }
        uint32_t code;
        size_t n = utf8_decode(text + i, len - i, &code);
        if (!n) { /* Latin-1's no-break space */
            n = 1;
            code = c == 0xa0 ? c : 0;
        }
        const char *plain = quote || !code ? NULL : ascii_of(code);
        if (plain && stands_for(text, len, i, n, code)) {
            strbuf_str(out, plain);
            any = true;
            start = start && (*plain == ' ' || !*plain);
        } else {
            strbuf_add(out, text + i, n);
            start = false;
        }
        i += n;
    }
    return any;
}
