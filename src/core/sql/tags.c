/* tags.c - what an application says about itself in a comment of its SQL.
 *
 * sqlcommenter (google.github.io/sqlcommenter/spec): URL-encoded key='value' pairs,
 * joined by commas, in the last comment; Rails' query log tags: key:value. */
#include "core/sql/statement.h"

#include <stdlib.h>

#include "core/sql/lex.h"

#define TAG_MAX 1024 /* bytes of a key or a value that are looked at */

struct found {
    struct sql_tags tags;
    char *controller, *action;
    bool any;
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 -> A; \' -> '. Anything else stays. Ends at a NUL. Caller frees. */
static char *decoded(const char *s, size_t n)
{
    char *out = mem_alloc(n + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '%' && i + 2 < n && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
            c = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
            i += 2;
        } else if (c == '\\' && i + 1 < n && (s[i + 1] == '\'' || s[i + 1] == '\\')) {
            c = s[++i];
        }
        if (c == '\0')
            break;
        out[len++] = c;
    }
    out[len] = '\0';
    return out;
}

/* The trace id of a W3C traceparent: 00-<32 hex>-<16 hex>-<2 hex>; or 32 hex alone. */
static char *trace_id(const char *value)
{
    const char *p = strlen(value) >= 36 && value[2] == '-' ? value + 3 : value;
    size_t n = 0;
    bool zero = true;
    while (n < 32 && hex(p[n]) >= 0) {
        zero = zero && p[n] == '0';
        n++;
    }
    if (n != 32 || hex(p[32]) >= 0 || zero)
        return NULL;
    char *id = mem_strndup(p, 32);
    for (n = 0; n < 32; n++)
        if (id[n] >= 'A' && id[n] <= 'F')
            id[n] |= 0x20;
    return id;
}

static void set(char **slot, char *value)
{
    free(*slot);
    *slot = value;
}

static const struct {
    const char *key;
    enum { ROUTE, METHOD, TRACE, APPLICATION, CONTROLLER, ACTION } what;
} KEYS[] = {
    {.key = "route", .what = ROUTE},
    {.key = "http.route", .what = ROUTE},
    {.key = "http_route", .what = ROUTE},
    {.key = "path", .what = ROUTE},
    {.key = "url", .what = ROUTE},
    {.key = "method", .what = METHOD},
    {.key = "http.method", .what = METHOD},
    {.key = "http_method", .what = METHOD},
    {.key = "http.request.method", .what = METHOD},
    {.key = "request_method", .what = METHOD},
    {.key = "traceparent", .what = TRACE},
    {.key = "trace_id", .what = TRACE},
    {.key = "application", .what = APPLICATION},
    {.key = "app", .what = APPLICATION},
    {.key = "service", .what = APPLICATION},
    {.key = "service.name", .what = APPLICATION},
    {.key = "service_name", .what = APPLICATION},
    {.key = "controller", .what = CONTROLLER},
    {.key = "action", .what = ACTION},
};

static void take_tag(struct found *f, const char *key, char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        if (strcmp(key, KEYS[i].key) != 0 || !value[0])
            continue;
        f->any = true;
        switch (KEYS[i].what) {
        case ROUTE:
            set(&f->tags.route, mem_strdup(value));
            break;
        case METHOD:
            set(&f->tags.method, mem_strdup(value));
            break;
        case TRACE:
            set(&f->tags.trace_id, trace_id(value));
            break;
        case APPLICATION:
            set(&f->tags.application, mem_strdup(value));
            break;
        case CONTROLLER:
            set(&f->controller, mem_strdup(value));
            break;
        case ACTION:
            set(&f->action, mem_strdup(value));
            break;
        }
        return;
    }
}

static const char *skip(const char *p, const char *end, const char *set_of)
{
    while (p < end && strchr(set_of, *p) && *p)
        p++;
    return p;
}

/* The pairs between p and end; `cut`: the text ends here without having ended. */
static void pairs(const char *p, const char *end, bool cut, struct found *f)
{
    while ((p = skip(p, end, " \t\r\n,;")) < end) {
        const char *key = p;
        while (p < end && !strchr("=: \t\r\n,;'", *p))
            p++;
        size_t key_len = (size_t)(p - key);
        p = skip(p, end, " \t");
        if (p >= end || (*p != '=' && *p != ':') || key_len == 0) {
            /* Not a tag: continue after it. */
            p += p < end && key_len == 0;
            continue;
        }
        p = skip(p + 1, end, " \t");
        const char *value = p;
        size_t len;
        bool whole = true;
        if (p < end && (*p == '\'' || *p == '"')) {
            char quote = *p++;
            value = p;
            while (p < end && *p != quote)
                p += *p == '\\' && p + 1 < end ? 2 : 1;
            p = MIN(p, end);
            len = (size_t)(p - value);
            whole = p < end;
            p += whole;
        } else {
            while (p < end && !strchr(", \t\r\n;", *p))
                p++;
            len = (size_t)(p - value);
            whole = p < end || !cut;
        }
        if (!whole || key_len > TAG_MAX || len > TAG_MAX)
            continue;
        char *k = decoded(key, key_len), *v = decoded(value, len);
        take_tag(f, k, v);
        free(k);
        free(v);
    }
}

static void found_free(struct found *f)
{
    sql_tags_free(&f->tags);
    free(f->controller);
    free(f->action);
    *f = (struct found){0};
}

/* The tags of one token; false: it is no block comment, or has none. */
static bool token_tags(const struct sql_token *t, struct found *f)
{
    *f = (struct found){0};
    if (t->kind != SQL_COMMENT || t->text[0] != '/')
        return false;
    const char *from = t->text + 2, *end = t->text + t->len - (t->closed ? 2 : 0);
    if (from < end)
        pairs(from, end, !t->closed, f);
    bool any = f->any;
    if (!any)
        found_free(f);
    return any;
}

char *sql_strip_tags(const char *sql)
{
    struct strbuf out = {0};
    struct sql_token t;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        struct found f;
        if (token_tags(&t, &f))
            found_free(&f);
        else
            strbuf_add(&out, t.text, t.len);
    }
    while (out.len && strchr(" \t\r\n", out.text[out.len - 1]))
        out.text[--out.len] = '\0';
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

bool sql_tags(const char *sql, struct sql_tags *out)
{
    *out = (struct sql_tags){0};
    struct found best = {0};
    struct sql_token t;
    for (const char *p = sql; p && (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        struct found f;
        if (token_tags(&t, &f)) {
            found_free(&best);
            best = f;
        }
    }
    if (!best.tags.route && best.controller)
        best.tags.route =
            best.action ? mem_printf("%s#%s", best.controller, best.action) : mem_strdup(best.controller);
    bool any = best.tags.route || best.tags.method || best.tags.trace_id || best.tags.application;
    if (any) {
        *out = best.tags;
        best.tags = (struct sql_tags){0};
    }
    found_free(&best);
    return any;
}

void sql_tags_free(struct sql_tags *t)
{
    free(t->route);
    free(t->method);
    free(t->trace_id);
    free(t->application);
    *t = (struct sql_tags){0};
}
