/* http_cache_control.c - the directives of Cache-Control: RFC 9111, section 5.2. */
#include "format/caches/http_head.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { DIRECTIVES_MAX = 256 };

struct directive {
    const char *name, *value; /* NULL: it has none */
    bool broken;              /* a quote without its end */
};

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

static const char *quoted(const char *p, struct arena *a, struct directive *d)
{
    char *out = arena_alloc(a, strlen(p) + 1), *to = out;
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1])
            p++;
        *to++ = *p;
    }
    d->value = out;
    d->broken = !*p;
    return p + (*p == '"');
}

static const char *word(const char *p, const char *stop, struct arena *a, const char **out)
{
    size_t n = strcspn(p, stop), len = n;
    while (len && (p[len - 1] == ' ' || p[len - 1] == '\t'))
        len--;
    *out = arena_strndup(a, p, len);
    return p + n;
}

/* The next directive; its name is "" for an empty member of the list. */
static const char *next(const char *p, struct arena *a, struct directive *d)
{
    *d = (struct directive){.value = NULL};
    p = word(skip_blanks(p), "=,", a, &d->name);
    if (*p == '=') {
        p = skip_blanks(p + 1);
        if (*p == '"') {
            p = quoted(p, a, d);
            size_t rest = strcspn(p, ",");
            d->broken = d->broken || skip_blanks(p) < p + rest;
            p += rest;
        } else {
            p = word(p, ",", a, &d->value);
        }
    }
    return p + (*p == ',');
}

static void read_seconds(struct http_seconds *s, const struct directive *d)
{
    const char *text = d->value ? d->value : "";
    size_t n = strspn(text, "0123456789");
    bool valid = n && !text[n] && !d->broken;
    int64_t v = 0;
    for (size_t i = 0; valid && i < n; i++)
        v = MIN(v * 10 + (text[i] - '0'), HTTP_LIFETIME_MAX);
    if (s->given)
        s->differs = s->differs || v != s->s || valid != s->valid;
    else
        *s = (struct http_seconds){.given = true, .valid = valid, .s = v};
}

static bool is_whole(const struct directive *d)
{
    return !d->value || !*d->value;
}

/* Those with field names are of these fields alone. */
static bool read_flag(const struct directive *d, struct http_facts *f)
{
    const struct {
        const char *name;
        bool *flag;
        bool names_fields;
    } flags[] = {{"public", &f->is_public, false},       {"private", &f->is_private, true},
                 {"no-store", &f->no_store, false},      {"no-cache", &f->no_cache, true},
                 {"immutable", &f->is_immutable, false}, {"must-understand", &f->must_understand, false}};
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (!strcasecmp(d->name, flags[i].name)) {
            *flags[i].flag = *flags[i].flag || !flags[i].names_fields || is_whole(d);
            return true;
        }
    return false;
}

static bool read_lifetime(const struct directive *d, struct http_facts *f)
{
    const struct {
        const char *name;
        struct http_seconds *s;
    } lifetimes[] = {{"max-age", &f->max_age},
                     {"s-maxage", &f->s_maxage},
                     {"stale-while-revalidate", &f->while_revalidate},
                     {"stale-if-error", &f->if_error}};
    for (size_t i = 0; i < ARRAY_LEN(lifetimes); i++)
        if (!strcasecmp(d->name, lifetimes[i].name)) {
            read_seconds(lifetimes[i].s, d);
            return true;
        }
    return false;
}

/* Did that one stand there with another value? */
static bool differs(const struct directive *before, size_t n, const struct directive *d)
{
    for (size_t i = 0; i < n; i++)
        if (before[i].value && d->value && !strcasecmp(before[i].name, d->name) &&
            !str_eq(before[i].value, d->value))
            return true;
    return false;
}

void http_cache_control(const char *list, struct arena *a, struct http_facts *f)
{
    struct directive others[DIRECTIVES_MAX], d;
    size_t n = 0;
    for (const char *p = list ? list : ""; *p;) {
        p = next(p, a, &d);
        if (!*d.name)
            continue;
        f->directives++;
        if (read_flag(&d, f) || read_lifetime(&d, f))
            continue;
        f->other_differs = f->other_differs || differs(others, n, &d);
        if (n < DIRECTIVES_MAX)
            others[n++] = d;
    }
}
