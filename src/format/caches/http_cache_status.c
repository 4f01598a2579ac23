/* http_cache_status.c - Cache-Status of RFC 9211: a list of RFC 8941, section 4.2. A list that breaks a rule
 * anywhere is none at all. */
#include "format/caches/http_head.h"

#include <ctype.h>

struct reader {
    const char *p;
    struct arena *a;
};

enum item_type { ITEM_NONE, ITEM_NUMBER, ITEM_TEXT, ITEM_TOKEN, ITEM_BYTES, ITEM_BOOL, ITEM_LIST };

struct item {
    enum item_type type;
    const char *text;
    bool truth;
};

static void blanks(struct reader *r, const char *which)
{
    r->p += strspn(r->p, which);
}

static bool is_token_start(char c)
{
    return isalpha((unsigned char)c) || c == '*';
}

static bool is_token_char(char c)
{
    return c && (isalnum((unsigned char)c) || strchr("!#$%&'*+-.^_`|~:/", c));
}

static bool token(struct reader *r, struct item *out)
{
    const char *start = r->p;
    while (is_token_char(*r->p))
        r->p++;
    *out = (struct item){.type = ITEM_TOKEN, .text = arena_strndup(r->a, start, (size_t)(r->p - start))};
    return true;
}

static bool string(struct reader *r, struct item *out)
{
    char *text = arena_alloc(r->a, strlen(r->p) + 1), *to = text;
    for (r->p++; *r->p && *r->p != '"'; r->p++) {
        if (*r->p == '\\' && *++r->p != '"' && *r->p != '\\')
            return false;
        if ((unsigned char)*r->p < 0x20 || (unsigned char)*r->p > 0x7e)
            return false;
        *to++ = *r->p;
    }
    *out = (struct item){.type = ITEM_TEXT, .text = text};
    return *r->p++ == '"';
}

/* Up to 15 digits, or 12 before and 3 behind a point. */
static bool number(struct reader *r, struct item *out)
{
    r->p += *r->p == '-';
    size_t whole = strspn(r->p, "0123456789"), part = 0;
    if (r->p[whole] == '.') {
        part = strspn(r->p + whole + 1, "0123456789");
        if (!part || part > 3 || whole > 12)
            return false;
        part++;
    }
    if (!whole || whole > 15)
        return false;
    r->p += whole + part;
    out->type = ITEM_NUMBER;
    return true;
}

static bool bytes(struct reader *r, struct item *out)
{
    r->p++;
    while (isalnum((unsigned char)*r->p) || (*r->p && strchr("+/=", *r->p)))
        r->p++;
    out->type = ITEM_BYTES;
    return *r->p++ == ':';
}

static bool boolean(struct reader *r, struct item *out)
{
    r->p++;
    *out = (struct item){.type = ITEM_BOOL, .truth = *r->p == '1'};
    return (*r->p == '0' || *r->p == '1') && *r->p++;
}

static bool bare_item(struct reader *r, struct item *out)
{
    char c = *r->p;
    *out = (struct item){.type = ITEM_NONE};
    if (c == '"')
        return string(r, out);
    if (c == '-' || isdigit((unsigned char)c))
        return number(r, out);
    if (c == ':')
        return bytes(r, out);
    if (c == '?')
        return boolean(r, out);
    if (c == '@') { /* a date of RFC 9651 */
        r->p++;
        return number(r, out);
    }
    return is_token_start(c) && token(r, out);
}

static bool key(struct reader *r, const char **out)
{
    const char *start = r->p;
    if (!islower((unsigned char)*start) && *start != '*')
        return false;
    while (*r->p && (islower((unsigned char)*r->p) || isdigit((unsigned char)*r->p) || strchr("_-.*", *r->p)))
        r->p++;
    *out = arena_strndup(r->a, start, (size_t)(r->p - start));
    return true;
}

struct member {
    struct item name;
    bool hit, bypass, forwarded;
    const char *forward; /* why it went on; NULL */
};

static bool parameters(struct reader *r, struct member *m)
{
    while (*r->p == ';') {
        struct item value = {.type = ITEM_BOOL, .truth = true};
        const char *name;
        r->p++;
        blanks(r, " ");
        if (!key(r, &name))
            return false;
        if (*r->p == '=') {
            r->p++;
            if (!bare_item(r, &value))
                return false;
        }
        if (str_eq(name, "hit") && value.type == ITEM_BOOL)
            m->hit = value.truth;
        if (str_eq(name, "fwd") && value.type == ITEM_TOKEN) {
            m->forwarded = true;
            m->forward = value.text;
        }
    }
    return true;
}

static bool inner_list(struct reader *r, struct item *out)
{
    struct member inside = {.forward = NULL};
    r->p++;
    for (;;) {
        blanks(r, " ");
        if (*r->p == ')')
            break;
        if (!bare_item(r, &inside.name) || !parameters(r, &inside) || (*r->p != ' ' && *r->p != ')'))
            return false;
    }
    r->p++;
    *out = (struct item){.type = ITEM_LIST};
    return true;
}

static bool read_member(struct reader *r, struct member *m)
{
    *m = (struct member){.forward = NULL};
    return (*r->p == '(' ? inner_list(r, &m->name) : bare_item(r, &m->name)) && parameters(r, m);
}

static void add(struct http_layers *out, struct arena *a, const struct member *m)
{
    if (m->name.type != ITEM_TEXT && m->name.type != ITEM_TOKEN)
        return; /* no name of a cache */
    if (m->hit)
        http_layers_add(out, arena_printf(a, "%.60s: hit", m->name.text), EDGE_HIT);
    else if (m->forwarded)
        http_layers_add(out, arena_printf(a, "%.60s: %.60s", m->name.text, m->forward),
                        str_eq(m->forward, "bypass") ? EDGE_PASSED : EDGE_MISS);
    else
        http_layers_add(out, arena_printf(a, "%.60s", m->name.text), EDGE_UNKNOWN);
}

bool http_cache_status(const char *list, struct arena *a, struct http_layers *out)
{
    struct reader r = {.p = list, .a = a};
    struct http_layers found = *out;
    struct member m = {.forward = NULL};
    blanks(&r, " ");
    while (*r.p) {
        if (!read_member(&r, &m))
            return false;
        add(&found, a, &m);
        blanks(&r, " \t");
        if (!*r.p)
            break;
        if (*r.p++ != ',')
            return false;
        blanks(&r, " \t");
        if (!*r.p)
            return false; /* a comma at the end */
    }
    /* The nearest one that gives nothing away leaves it open. */
    bool silent = m.name.text && !m.hit && !m.forwarded;
    *out = found;
    if (silent)
        out->nearest = EDGE_UNKNOWN;
    return true;
}
