#include "format/json_check.h"

struct check {
    const char *text, *at, *end;
    size_t depth;
    bool is_object[JSON_DEPTH_MAX];
};

static bool wrong(const struct check *c, struct sd_error *err)
{
    if (c->at >= c->end)
        return fail(err, "The JSON is cut off at byte %zu.", (size_t)(c->end - c->text));
    return fail(err, "The JSON is broken at byte %zu.", (size_t)(c->at - c->text));
}

static void skip_blanks(struct check *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind a backslash. */
static bool escape(struct check *c)
{
    if (c->at >= c->end || !*c->at || !strchr("\"\\/bfnrtu", *c->at))
        return false;
    if (*c->at++ == 'u')
        for (int i = 0; i < 4; i++, c->at++)
            if (c->at >= c->end || !is_hex(*c->at))
                return false;
    return true;
}

static bool string(struct check *c)
{
    c->at++;
    while (c->at < c->end && *c->at != '"') {
        while (c->at < c->end && (unsigned char)*c->at >= ' ' && *c->at != '"' && *c->at != '\\')
            c->at++;
        if (c->at < c->end && *c->at == '\\') {
            c->at++;
            if (!escape(c))
                return false;
        } else if (c->at < c->end && *c->at != '"') {
            return false;
        }
    }
    if (c->at >= c->end)
        return false;
    c->at++;
    return true;
}

static bool digits(struct check *c)
{
    const char *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > start;
}

static bool number(struct check *c)
{
    if (*c->at == '-')
        c->at++;
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
        if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
            c->at++;
        return digits(c);
    }
    return true;
}

static bool word(struct check *c)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        size_t n = strlen(WORDS[i]), there = MIN(n, (size_t)(c->end - c->at));
        if (memcmp(c->at, WORDS[i], there) == 0) {
            c->at += there;
            return there == n;
        }
    }
    return false;
}

static bool scalar(struct check *c)
{
    if (*c->at == '"')
        return string(c);
    return *c->at == '-' || (*c->at >= '0' && *c->at <= '9') ? number(c) : word(c);
}

/* A key and its colon. */
static bool key(struct check *c)
{
    skip_blanks(c);
    if (c->at >= c->end || *c->at != '"' || !string(c))
        return false;
    skip_blanks(c);
    if (c->at >= c->end || *c->at != ':')
        return false;
    c->at++;
    return true;
}

/* Into the object or array at the cursor; `*done`: it is an empty one, which is passed. */
static bool open_one(struct check *c, bool *done, struct sd_error *err)
{
    bool object = *c->at == '{';
    if (c->depth == JSON_DEPTH_MAX)
        return fail(err, "The JSON is nested deeper than %d.", JSON_DEPTH_MAX);
    c->at++;
    skip_blanks(c);
    *done = c->at < c->end && *c->at == (object ? '}' : ']');
    if (*done) {
        c->at++;
        return true;
    }
    c->is_object[c->depth++] = object;
    return !object || key(c) || wrong(c, err);
}

/* Behind a value: past what it closes, to the next value. `*more`: there is one. */
static bool close_some(struct check *c, bool *more, struct sd_error *err)
{
    for (*more = false; c->depth;) {
        bool object = c->is_object[c->depth - 1];
        skip_blanks(c);
        if (c->at >= c->end)
            return wrong(c, err);
        if (*c->at == ',') {
            c->at++;
            *more = true;
            return !object || key(c) || wrong(c, err);
        }
        if (*c->at != (object ? '}' : ']'))
            return wrong(c, err);
        c->at++;
        c->depth--;
    }
    return true;
}

bool json_check(const char *text, size_t len, struct sd_error *err)
{
    struct check c = {.text = text, .at = text, .end = len ? text + len : text};
    for (bool more = true; more;) {
        bool done = true;
        skip_blanks(&c);
        if (c.at >= c.end)
            return wrong(&c, err);
        if (*c.at == '{' || *c.at == '[') {
            if (!open_one(&c, &done, err))
                return false;
        } else if (!scalar(&c)) {
            return wrong(&c, err);
        }
        if (done && !close_some(&c, &more, err))
            return false;
    }
    skip_blanks(&c);
    return c.at == c.end || wrong(&c, err);
}
