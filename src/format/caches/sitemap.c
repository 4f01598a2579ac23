#include "format/caches/sitemap.h"

#include <ctype.h>
#include <stdlib.h>

enum { DEPTH_MAX = 16, HEAD_MAX = 4096 };

/* The local name of an element, in its place in the text. */
struct name {
    const char *p;
    size_t n;
};

struct scan {
    const char *p, *end;
};

static bool is_name(struct name x, const char *text)
{
    return x.n == strlen(text) && !memcmp(x.p, text, x.n);
}

static bool at(const struct scan *s, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(s->end - s->p) >= n && !memcmp(s->p, text, n);
}

/* Behind that text; false: it does not come. */
static bool skip_to(struct scan *s, const char *text)
{
    const char *found = memmem(s->p, (size_t)(s->end - s->p), text, strlen(text));
    s->p = found ? found + strlen(text) : s->end;
    return found;
}

/* Of "<sm:loc xml:lang='de'>" from its name on. */
static struct name name_of(const char *p, const char *end, struct name *prefix)
{
    const char *start = p;
    *prefix = (struct name){p, 0};
    while (p < end && !isspace((unsigned char)*p) && *p != '/' && *p != '>') {
        if (*p == ':') {
            *prefix = (struct name){start, (size_t)(p - start)};
            start = p + 1;
        }
        p++;
    }
    return (struct name){start, (size_t)(p - start)};
}

/* What is no element; false: here is one, or the end. */
static bool skip_other(struct scan *s)
{
    if (at(s, "<!--"))
        return skip_to(s, "-->");
    if (at(s, "<?"))
        return skip_to(s, "?>");
    if (at(s, "<![CDATA["))
        return skip_to(s, "]]>");
    return at(s, "<!") && skip_to(s, ">");
}

bool sitemap_recognise(const char *bytes, size_t len)
{
    struct scan s = {bytes, bytes + MIN(len, (size_t)HEAD_MAX)};
    struct name prefix;
    if (at(&s, "\xEF\xBB\xBF"))
        s.p += 3;
    for (;;) {
        while (s.p < s.end && isspace((unsigned char)*s.p))
            s.p++;
        if (!skip_other(&s))
            break;
    }
    if (!at(&s, "<"))
        return false;
    struct name root = name_of(s.p + 1, s.end, &prefix);
    return is_name(root, "urlset") || is_name(root, "sitemapindex");
}

/* "&amp;", "&#38;", "&#x26;"; behind it. Anything else stays as it is. */
static const char *entity(const char *p, const char *end, struct strbuf *out)
{
    static const struct {
        const char *text;
        char c;
    } known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        size_t n = strlen(known[i].text);
        if ((size_t)(end - p) >= n && !memcmp(p, known[i].text, n)) {
            strbuf_char(out, known[i].c);
            return p + n;
        }
    }
    const char *stop = memchr(p, ';', MIN((size_t)(end - p), (size_t)12));
    if (stop && stop - p > 2 && p[1] == '#') {
        char digits[12] = "", *rest;
        bool hex = p[2] == 'x' || p[2] == 'X';
        memcpy(digits, p + 2 + hex, (size_t)(stop - p) - 2 - hex);
        unsigned long c = strtoul(digits, &rest, hex ? 16 : 10);
        if (isxdigit((unsigned char)*digits) && !*rest && c >= 0x20 && c < 0x7f) {
            strbuf_char(out, (char)c);
            return stop + 1;
        }
    }
    strbuf_char(out, *p);
    return p + 1;
}

/* The text up to the next element. */
static void text_of(struct scan *s, struct strbuf *out)
{
    while (s->p < s->end && out->len <= SITEMAP_URL_MAX) {
        if (at(s, "<![CDATA[")) {
            const char *from = s->p + 9;
            bool whole = skip_to(s, "]]>");
            strbuf_add(out, from,
                       MIN((size_t)((whole ? s->p - 3 : s->end) - from), (size_t)SITEMAP_URL_MAX + 1));
        } else if (at(s, "<!--")) {
            skip_to(s, "-->");
        } else if (*s->p == '<') {
            return;
        } else if (*s->p == '&') {
            s->p = entity(s->p, s->end, out);
        } else {
            strbuf_char(out, *s->p++);
        }
    }
}

static void give(const char *text, size_t len, bool is_sitemap, sitemap_fn *found, void *ctx)
{
    while (len && isspace((unsigned char)*text))
        text++, len--;
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    if (!len || len > SITEMAP_URL_MAX || memchr(text, 0, len))
        return;
    char *url = mem_strndup(text, len);
    found(ctx, url, is_sitemap);
    free(url);
}

void sitemap_read(const char *bytes, size_t len, sitemap_fn *found, void *ctx)
{
    struct scan s = {bytes, bytes + len};
    struct name open[DEPTH_MAX], prefix, root_prefix = {bytes, 0};
    size_t depth = 0;
    struct strbuf text = {0};
    while ((s.p = memchr(s.p, '<', (size_t)(s.end - s.p)))) {
        if (skip_other(&s))
            continue;
        if (s.end - s.p < 2)
            break;
        if (s.p[1] == '/') {
            depth -= depth > 0;
            s.p++;
            continue;
        }
        struct name name = name_of(s.p + 1, s.end, &prefix);
        if (!skip_to(&s, ">"))
            break;
        if (!depth)
            root_prefix = prefix;
        bool own = prefix.n == root_prefix.n && !memcmp(prefix.p, root_prefix.p, prefix.n);
        bool empty = s.p[-2] == '/';
        if (own && !empty && is_name(name, "loc") && depth && depth <= DEPTH_MAX &&
            (is_name(open[depth - 1], "url") || is_name(open[depth - 1], "sitemap"))) {
            strbuf_clear(&text);
            text_of(&s, &text);
            give(strbuf_text(&text), text.len, is_name(open[depth - 1], "sitemap"), found, ctx);
        }
        if (!empty) {
            if (depth < DEPTH_MAX)
                open[depth] = name;
            depth++;
        }
    }
    strbuf_free(&text);
}

void url_list_read(const char *bytes, size_t len, sitemap_fn *found, void *ctx)
{
    const char *end = bytes + len;
    if (len >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3))
        bytes += 3;
    for (const char *p = bytes; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p), lead = 0;
        while (lead < n && isspace((unsigned char)p[lead]))
            lead++;
        if (lead < n && p[lead] != '#')
            give(p, n, false, found, ctx);
        p = stop ? stop + 1 : end;
    }
}
