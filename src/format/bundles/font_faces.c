/* Rules @font-face, by the tokens of CSS (https://www.w3.org/TR/css-syntax-3/). */
#include <stdlib.h>
#include <strings.h>

#include "format/bundles/font_info.h"

struct css {
    const char *at, *end;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c & 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool follows(const struct css *c, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(c->end - c->at) >= n && strncasecmp(c->at, text, n) == 0;
}

static void skip_comment(struct css *c)
{
    const char *end = c->end - c->at > 2 ? memmem(c->at + 2, (size_t)(c->end - c->at - 2), "*/", 2) : NULL;
    c->at = end ? end + 2 : c->end;
}

/* A string at its quote; its text into `out` if that is given. */
static void take_string(struct css *c, struct strbuf *out)
{
    char quote = *c->at++;
    while (c->at < c->end && *c->at != quote && *c->at != '\n') {
        if (*c->at == '\\' && c->at + 1 < c->end)
            c->at++;
        if (out)
            strbuf_char(out, *c->at);
        c->at++;
    }
    c->at += c->at < c->end;
}

static void skip_spaces(struct css *c)
{
    while (c->at < c->end && is_space(*c->at))
        c->at++;
}

/* Behind "url(". */
static void take_url(struct css *c, struct strbuf *out)
{
    strbuf_clear(out);
    skip_spaces(c);
    if (c->at < c->end && (*c->at == '"' || *c->at == '\'')) {
        take_string(c, out);
    } else {
        while (c->at < c->end && *c->at != ')' && !is_space(*c->at)) {
            if (*c->at == '\\' && c->at + 1 < c->end)
                c->at++;
            strbuf_char(out, *c->at++);
        }
    }
    while (c->at < c->end && *c->at != ')')
        c->at++;
    c->at += c->at < c->end;
}

/* One token that is none of what is looked for. */
static void skip_token(struct css *c)
{
    if (follows(c, "/*")) {
        skip_comment(c);
    } else if (*c->at == '"' || *c->at == '\'') {
        take_string(c, NULL);
    } else if (*c->at == '\\') {
        c->at += MIN((ptrdiff_t)2, c->end - c->at);
    } else if (is_name(*c->at)) {
        while (c->at < c->end && is_name(*c->at))
            c->at++;
    } else {
        c->at++;
    }
}

static bool at_url(struct css *c)
{
    if (!follows(c, "url("))
        return false;
    c->at += 4;
    return true;
}

static void keep_url(struct strbuf *urls, struct strbuf *url)
{
    const char *text = strbuf_text(url);
    size_t n = strcspn(text, "?#");
    if (n && strncasecmp(text, "data:", 5) != 0) {
        strbuf_add(urls, text, n);
        strbuf_char(urls, '\0');
    }
}

/* "font-display : swap", at its name. */
static void take_display(struct css *c, struct strbuf *out)
{
    c->at += strlen("font-display");
    skip_spaces(c);
    if (c->at == c->end || *c->at != ':')
        return;
    c->at++;
    skip_spaces(c);
    strbuf_clear(out);
    while (c->at < c->end && is_name(*c->at)) {
        char letter = *c->at++;
        strbuf_char(out, letter >= 'A' && letter <= 'Z' ? (char)(letter | 32) : letter);
    }
}

/* Up to the end of the rule; its URLs one behind the other, each with a 0. */
static void take_rule(struct css *c, struct strbuf *urls, struct strbuf *display)
{
    struct strbuf url = {0};
    bool begin = true; /* of a declaration */
    while (c->at < c->end && *c->at != '}') {
        if (begin && follows(c, "font-display") && !(c->end - c->at > 12 && is_name(c->at[12]))) {
            take_display(c, display);
        } else if (at_url(c)) {
            take_url(c, &url);
            keep_url(urls, &url);
        } else {
            begin = *c->at == ';' || (begin && (is_space(*c->at) || follows(c, "/*")));
            skip_token(c);
        }
    }
    strbuf_free(&url);
}

/* At "@font-face": behind the brace that opens the rule. */
static bool enter_rule(struct css *c)
{
    static const char NAME[] = "@font-face";
    if (!follows(c, NAME) || (c->end - c->at > 10 && is_name(c->at[10])))
        return false;
    c->at += strlen(NAME);
    while (c->at < c->end && (is_space(*c->at) || follows(c, "/*")))
        if (is_space(*c->at))
            c->at++;
        else
            skip_comment(c);
    if (c->at == c->end || *c->at != '{')
        return false;
    c->at++;
    return true;
}

void font_faces(const char *css, size_t len, void (*face)(const char *url, const char *display, void *ctx),
                void *ctx)
{
    struct css c = {.at = css, .end = css + len};
    struct strbuf urls = {0}, display = {0}, skipped = {0};
    while (c.at < c.end) {
        if (at_url(&c)) { /* what is in it may look like anything */
            take_url(&c, &skipped);
        } else if (*c.at != '@' || !enter_rule(&c)) {
            if (c.at < c.end)
                skip_token(&c);
        } else {
            strbuf_clear(&urls);
            strbuf_clear(&display);
            take_rule(&c, &urls, &display);
            for (size_t i = 0; i < urls.len; i += strlen(urls.text + i) + 1)
                face(urls.text + i, display.len ? display.text : NULL, ctx);
        }
    }
    strbuf_free(&urls);
    strbuf_free(&display);
    strbuf_free(&skipped);
}
