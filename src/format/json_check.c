#include "format/json_check.h"

#include <ctype.h>
#include <string.h>

struct check {
    const char *at, *end, *begin;
    struct sd_error *err;
    char open[JSON_DEEPEST]; /* '{' or '[' */
    size_t depth;
};

static bool cut(struct check *c)
{
    return fail(c->err, "is cut: it ends in the middle of its JSON");
}

static bool wrong(struct check *c)
{
    return c->at >= c->end ? cut(c) : fail(c->err, "is no JSON at byte %td", c->at - c->begin + 1);
}

static void space(struct check *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

static bool escape(struct check *c)
{
    if (c->at + 1 >= c->end)
        return cut(c);
    if (!strchr("\"\\/bfnrtu", c->at[1]) || !c->at[1])
        return wrong(c);
    c->at += 2;
    if (c->at[-1] != 'u')
        return true;
    for (int i = 0; i < 4; i++, c->at++)
        if (c->at == c->end || !isxdigit((unsigned char)*c->at))
            return wrong(c);
    return true;
}

/* What ends a run of plain bytes in a string. */
static bool plain(char b)
{
    return b != '"' && b != '\\' && (unsigned char)b >= 0x20;
}

static bool string(struct check *c)
{
    c->at++;
    while (c->at < c->end) {
        while (c->at < c->end && plain(*c->at))
            c->at++;
        if (c->at == c->end)
            break;
        if (*c->at == '"') {
            c->at++;
            return true;
        }
        if (*c->at != '\\')
            return wrong(c);
        if (!escape(c))
            return false;
    }
    return cut(c);
}

static bool digits(struct check *c)
{
    const char *from = c->at;
    while (c->at < c->end && isdigit((unsigned char)*c->at))
        c->at++;
    return c->at > from || wrong(c);
}

static bool number(struct check *c)
{
    c->at += *c->at == '-';
    if (c->at < c->end && *c->at == '0')
        c->at++;
    else if (!digits(c))
        return false;
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (!digits(c))
            return false;
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        c->at += c->at < c->end && (*c->at == '-' || *c->at == '+');
        return digits(c);
    }
    return true;
}

static bool word(struct check *c)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t n = strlen(words[i]), have = MIN(n, (size_t)(c->end - c->at));
        if (memcmp(c->at, words[i], have) == 0) {
            c->at += have;
            return have == n || cut(c);
        }
    }
    return wrong(c);
}

/* A key and its colon; the value comes. */
static bool key(struct check *c)
{
    space(c);
    if (c->at == c->end || *c->at != '"')
        return wrong(c);
    if (!string(c))
        return false;
    space(c);
    if (c->at == c->end || *c->at != ':')
        return wrong(c);
    c->at++;
    return true;
}

/* Opens a list or an object; *empty: it is closed again. */
static bool begin_inside(struct check *c, bool *empty)
{
    char open = *c->at;
    if (c->depth == JSON_DEEPEST)
        return fail(c->err, "is nested deeper than %d", JSON_DEEPEST);
    c->open[c->depth++] = open;
    c->at++;
    space(c);
    *empty = c->at < c->end && *c->at == (open == '{' ? '}' : ']');
    if (!*empty)
        return open == '[' || key(c);
    c->at++;
    c->depth--;
    return true;
}

/* Behind a value: closes what ends there, up to a comma or the end of the whole. */
static bool end_value(struct check *c)
{
    while (c->depth) {
        char open = c->open[c->depth - 1];
        space(c);
        if (c->at == c->end)
            return cut(c);
        if (*c->at == ',') {
            c->at++;
            return open == '[' || key(c);
        }
        if (*c->at != (open == '{' ? '}' : ']'))
            return wrong(c);
        c->at++;
        c->depth--;
    }
    return true;
}

static bool value(struct check *c)
{
    bool whole = true;
    space(c);
    if (c->at == c->end)
        return cut(c);
    if (*c->at == '{' || *c->at == '[') {
        if (!begin_inside(c, &whole))
            return false;
    } else if (!(*c->at == '"'                                     ? string(c)
                 : *c->at == '-' || isdigit((unsigned char)*c->at) ? number(c)
                                                                   : word(c))) {
        return false;
    }
    return !whole || end_value(c);
}

bool json_check(const char *text, size_t len, struct sd_error *err)
{
    struct check c = {.at = text, .begin = text, .end = text + len, .err = err};
    do {
        if (!value(&c))
            return false;
    } while (c.depth);
    space(&c);
    return c.at == c.end || wrong(&c);
}
