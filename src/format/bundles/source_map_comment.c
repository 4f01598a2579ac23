#include "format/bundles/source_map_comment.h"

#include <stdlib.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* The URL of a comment that begins at `p` and ends at `end`, `stars` if it is one of CSS. */
static bool take_url(const char *asset, const char *p, const char *end, struct source_map_comment *out)
{
    static const char NAME[] = "sourceMappingURL=";
    if (end - p < 4 || p[0] != '/' || (p[1] != '/' && p[1] != '*') || (p[2] != '#' && p[2] != '@') ||
        !is_blank(p[3]))
        return false;
    const char *url = p + 4, *url_end = end;
    while (url < end && is_blank(*url))
        url++;
    if ((size_t)(end - url) < strlen(NAME) || memcmp(url, NAME, strlen(NAME)) != 0)
        return false;
    url += strlen(NAME);
    while (url_end > url && is_blank(url_end[-1]))
        url_end--;
    if (p[1] == '*') {
        if (url_end - url < 2 || url_end[-1] != '/' || url_end[-2] != '*')
            return false;
        for (url_end -= 2; url_end > url && is_blank(url_end[-1]);)
            url_end--;
    }
    if (url == url_end)
        return false;
    for (const char *c = url; c < url_end; c++)
        if (is_blank(*c) || *c == '"' || *c == '`') /* the end of a string in code */
            return false;
    if (p[1] == '*' && memmem(url, (size_t)(url_end - url), "*/", 2))
        return false;
    *out = (struct source_map_comment){
        .at = (size_t)(p - asset), .len = (size_t)(end - p), .url = url, .url_len = (size_t)(url_end - url)};
    return true;
}

/* In a line that may begin with code. */
static bool find_in_line(const char *asset, const char *line, const char *end, struct source_map_comment *out)
{
    static const char NAME[] = "sourceMappingURL=";
    for (const char *at = end; at > line;) {
        const char *slash = memrchr(line, '/', (size_t)(at - line));
        if (!slash)
            return false;
        if ((size_t)(end - slash) > strlen(NAME) && take_url(asset, slash, end, out))
            return true;
        at = slash;
    }
    return false;
}

/* Nothing but blanks, or one comment. */
static bool no_code(const char *line, const char *end)
{
    while (line < end && is_blank(*line))
        line++;
    while (end > line && is_blank(end[-1]))
        end--;
    if (line == end || (end - line >= 2 && line[0] == '/' && line[1] == '/'))
        return true;
    return end - line >= 4 && memcmp(line, "/*", 2) == 0 &&
           memmem(line + 2, (size_t)(end - line - 2), "*/", 2) == end - 2;
}

bool source_map_comment_find(const char *asset, size_t len, struct source_map_comment *out)
{
    for (const char *end = asset + len; end >= asset;) {
        const char *line = end;
        while (line > asset && !is_line_end(line[-1]))
            line--;
        if (find_in_line(asset, line, end, out))
            return true;
        if (!no_code(line, end) || line == asset)
            return false;
        end = line - 1;
    }
    return false;
}

bool source_map_comment_inline(const struct source_map_comment *c)
{
    return c->url_len >= 5 && strncasecmp(c->url, "data:", 5) == 0;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool decode_base64(const char *p, const char *end, struct strbuf *out)
{
    while (end > p && end[-1] == '=')
        end--;
    char *to = strbuf_room(out, (size_t)(end - p) / 4 * 3 + 3);
    uint32_t bits = 0;
    unsigned n = 0;
    for (; p < end; p++) {
        int digit = base64_digit(*p);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        n += 6;
        if (n >= 8) {
            n -= 8;
            *to++ = (char)(bits >> n);
            out->len++;
        }
    }
    return n < 6; /* a digit alone is no byte */
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool decode_percent(const char *p, const char *end, struct strbuf *out)
{
    for (; p < end; p++) {
        if (*p != '%') {
            strbuf_char(out, *p);
            continue;
        }
        if (end - p < 3 || hex_digit(p[1]) < 0 || hex_digit(p[2]) < 0)
            return false;
        strbuf_char(out, (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])));
        p += 2;
    }
    return true;
}

bool source_map_comment_decode(const struct source_map_comment *c, char **map, size_t *len,
                               struct sd_error *err)
{
    static const char BASE64[] = ";base64";
    const char *end = c->url + c->url_len, *comma = memchr(c->url, ',', c->url_len);
    if (!comma)
        return fail(err, "The data URL of the source map has no comma.");
    size_t head = (size_t)(comma - c->url);
    bool base64 = head >= strlen(BASE64) && strncasecmp(comma - strlen(BASE64), BASE64, strlen(BASE64)) == 0;
    struct strbuf out = {0};
    strbuf_room(&out, 1);
    if (base64 ? !decode_base64(comma + 1, end, &out) : !decode_percent(comma + 1, end, &out)) {
        strbuf_free(&out);
        return fail(err, "The data URL of the source map is no %s.", base64 ? "base64" : "percent form");
    }
    *len = out.len;
    strbuf_room(&out, 1);
    out.text[out.len] = 0;
    *map = strbuf_detach(&out);
    return true;
}
