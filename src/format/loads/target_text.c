#include "format/loads/target_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/num.h"

/* ---- the URL ---- */

static bool parse_scheme(const char **p, struct load_url *u, struct sd_error *err)
{
    const char *end = strstr(*p, "://");
    size_t n = end ? (size_t)(end - *p) : 0;
    u->tls = n == 5 && !strncasecmp(*p, "https", n);
    if (!u->tls && !(n == 4 && !strncasecmp(*p, "http", n)))
        return fail(err, "a target is written http://HOST:PORT or https://HOST:PORT");
    *p = end + 3;
    return true;
}

static bool is_host(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("-._", s[i]))
            return false;
    return n > 0;
}

static bool parse_host(const char **p, struct load_url *u, struct sd_error *err)
{
    struct in6_addr ip;
    const char *from = *p, *end;
    u->ipv6 = *from == '[';
    if (u->ipv6) {
        from++;
        end = strchr(from, ']');
        if (!end)
            return fail(err, "the target has a bracket [ without its end");
    } else {
        end = from + strcspn(from, ":/");
    }
    size_t n = (size_t)(end - from);
    if (n >= sizeof u->host)
        return fail(err, "the target's host is longer than %zu bytes", sizeof u->host - 1);
    for (size_t i = 0; i < n; i++)
        u->host[i] = (char)tolower((unsigned char)from[i]);
    u->host[n] = 0;
    if (u->ipv6 ? inet_pton(AF_INET6, u->host, &ip) != 1 : !is_host(u->host, n))
        return fail(err, "the target has no host that could be: \"%.60s\"", u->host);
    *p = end + u->ipv6;
    return true;
}

static bool parse_port(const char **p, struct load_url *u, struct sd_error *err)
{
    u->port = u->tls ? 443 : 80;
    if (**p != ':')
        return true;
    size_t n = strspn(*p + 1, "0123456789");
    unsigned long port = 0;
    for (size_t i = 0; i < n && port < 100000; i++)
        port = port * 10 + (unsigned long)((*p)[1 + i] - '0');
    if (!port || port > 65535)
        return fail(err, "the target's port is not between 1 and 65535");
    u->port = (uint16_t)port;
    *p += 1 + n;
    return true;
}

static bool parse_base(const char *p, struct load_url *u, struct sd_error *err)
{
    size_t n = strlen(p);
    if (*p && *p != '/')
        return fail(err, "behind the target's host stands what is neither a port nor a path");
    if (strpbrk(p, "?#"))
        return fail(err,
                    "a target has no query and no fragment: these belong into the paths of the requests");
    while (n && p[n - 1] == '/')
        n--;
    if (n >= sizeof u->base)
        return fail(err, "the target's path is longer than %zu bytes", sizeof u->base - 1);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] <= ' ' || p[i] == 0x7f)
            return fail(err, "the target's path has a space or a control character");
    memcpy(u->base, p, n);
    u->base[n] = 0;
    return true;
}

bool load_url_parse(const char *text, struct load_url *u, struct sd_error *err)
{
    const char *p = text;
    *u = (struct load_url){0};
    if (!parse_scheme(&p, u, err))
        return false;
    if (memchr(p, '@', strcspn(p, "/?#")))
        return fail(err,
                    "a target has no user and password: write the header Authorization into the requests");
    if (!parse_host(&p, u, err) || !parse_port(&p, u, err) || !parse_base(p, u, err))
        return false;
    char port[8] = "";
    if (u->port != (u->tls ? 443 : 80))
        snprintf(port, sizeof port, ":%u", u->port);
    snprintf(u->authority, sizeof u->authority, u->ipv6 ? "[%s]%s" : "%s%s", u->host, port);
    return true;
}

/* ---- the word ---- */

static bool word_line(const char *line, size_t n, struct load_word *w, struct sd_error *err)
{
    static const char *const names[] = {"max_rate_per_s", "max_duration_s"};
    double *const to[] = {&w->max_rate_per_s, &w->max_duration_s};
    char text[100];
    if (n >= sizeof text || memchr(line, 0, n))
        return fail(err, "a line of it is neither max_rate_per_s nor max_duration_s");
    memcpy(text, line, n);
    text[n] = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        if (!str_starts(text, names[i]) || text[len] != ':')
            continue;
        const char *v = text + len + 1;
        v += strspn(v, " \t");
        if (!isnan(*to[i]))
            return fail(err, "it says %s twice", names[i]);
        if (!isdigit((unsigned char)*v) || !num_parse_real(v, to[i]))
            return fail(err, "its %s is no number", names[i]);
        return true;
    }
    return fail(err, "a line of it is neither max_rate_per_s nor max_duration_s");
}

bool load_word_parse(const char *text, size_t n, struct load_word *w, struct sd_error *err)
{
    const char *end = text + n;
    *w = (struct load_word){(double)NAN, (double)NAN};
    for (const char *p = text; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
        while (stop > p && strchr(" \t\r", stop[-1]) && stop[-1])
            stop--;
        if (stop > p && !word_line(p, (size_t)(stop - p), w, err))
            return false;
        p = nl ? nl + 1 : end;
    }
    if (isnan(w->max_rate_per_s) || isnan(w->max_duration_s))
        return fail(err, "it does not say %s",
                    isnan(w->max_rate_per_s) ? "max_rate_per_s" : "max_duration_s");
    return true;
}
