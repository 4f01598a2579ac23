/* redis_target.c - how a server is written, with messages that repeat no part of it: where an address is not
 * right, nobody can say which part of it is the password. */
#include <ctype.h>
#include <stdlib.h>

#include "source/redis/redis.h"

enum { PORT = 6379 };

#define FORM                                                                                                 \
    "it is written redis://USER:PASSWORD@HOST:PORT/ or unix:PATH; in a user or password write @ as %%40, / " \
    "as %%2F and : as %%3A"

static const struct {
    const char *prefix;
    bool tls, path;
} SCHEMES[] = {
    {"redis://", false, false},       {"rediss://", true, false},     {"valkey://", false, false},
    {"valkeys://", true, false},      {"redis+unix://", false, true}, {"valkey+unix://", false, true},
    {"redis+socket://", false, true}, {"unix://", false, true},       {"unix:", false, true},
};

int redis_target_score(const char *target)
{
    for (size_t i = 0; i < ARRAY_LEN(SCHEMES); i++)
        if (str_starts(target, SCHEMES[i].prefix))
            return str_starts(SCHEMES[i].prefix, "unix") ? 60 : 100;
    return 0;
}

static char *decode(const char *p, size_t n)
{
    char *out = mem_alloc(n + 1), *to = out;
    for (size_t i = 0; i < n; i++) {
        char hex[3] = {0};
        if (p[i] == '%' && i + 2 < n && isxdigit((unsigned char)p[i + 1]) &&
            isxdigit((unsigned char)p[i + 2])) {
            memcpy(hex, p + i + 1, 2);
            *to = (char)strtol(hex, NULL, 16);
            to += *to != 0; /* a NUL would cut it unseen */
            i += 2;
        } else {
            *to++ = p[i];
        }
    }
    return out;
}

/* USER:PASSWORD in front of the '@'. */
static void read_user(const char *p, size_t n, char **user, char **password)
{
    const char *colon = memchr(p, ':', n);
    size_t name = colon ? (size_t)(colon - p) : n;
    if (name)
        *user = decode(p, name);
    if (colon && n > name + 1)
        *password = decode(colon + 1, n - name - 1);
}

/* HOST:PORT, [ADDRESS]:PORT, each without its port. */
static bool read_host(const char *p, size_t n, struct redis_address *to, struct sd_error *err)
{
    const char *end = p + n, *close = n && *p == '[' ? memchr(p, ']', n) : NULL;
    const char *host = close ? p + 1 : p, *stop = close, *port;
    if (n && *p == '[' && !close)
        return fail(err, "the address lacks a ]: " FORM);
    if (!close) {
        const char *colon = memchr(p, ':', n);
        stop = colon ? colon : end;
    }
    port = close ? close + 1 : stop;
    to->port = PORT;
    if (port < end) {
        size_t digits = strspn(port + 1, "0123456789");
        long number = digits && digits <= 5 ? strtol(port + 1, NULL, 10) : 0;
        if (*port != ':' || port + 1 + digits != end || number < 1 || number > UINT16_MAX)
            return fail(
                err,
                "the port of the address is no number from 1 to 65535; if it is part of a password: " FORM);
        to->port = (int)number;
    }
    to->host = host < stop ? mem_strndup(host, (size_t)(stop - host)) : mem_strdup("127.0.0.1");
    return true;
}

/* What follows the host: a number of a database is accepted, because the figures are of all of them. */
static bool is_rest(const char *p, struct sd_error *err)
{
    size_t n = *p == '/' ? 1 + strspn(p + 1, "0123456789") : 0;
    if (p[n] == '?' || p[n] == '#')
        return fail(
            err, "the address has a parameter that is no option of this source; slowdive sources redis lists "
                 "them");
    return !p[n] || fail(err, "the address is not valid, no connection was made: " FORM);
}

static bool read_path(const char *p, struct redis_address *to, char **user, char **password,
                      struct sd_error *err)
{
    const char *slash = strchr(p, '/'), *at = strchr(p, '@');
    if (at && slash && at < slash) {
        read_user(p, (size_t)(at - p), user, password);
        p = at + 1;
    }
    if (!*p)
        return fail(err, "the path of the socket is missing: " FORM);
    to->path = mem_strdup(p);
    return true;
}

bool redis_target_read(const char *target, struct redis_address *to, char **user, char **password,
                       struct sd_error *err)
{
    const char *p = target;
    bool path = *target == '/' || *target == '.';
    *to = (struct redis_address){0};
    *user = *password = NULL;
    for (size_t i = 0; i < ARRAY_LEN(SCHEMES); i++)
        if (str_starts(target, SCHEMES[i].prefix)) {
            to->tls = SCHEMES[i].tls;
            path = SCHEMES[i].path;
            p = target + strlen(SCHEMES[i].prefix);
            break;
        }
    if (p == target && strstr(target, "://"))
        return fail(err, "this is not an address of a Redis server: " FORM);
    if (path)
        return read_path(p, to, user, password, err);
    for (const char *c = p; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return fail(err, "the address holds a blank or a control character: " FORM);
    const char *at = strchr(p, '@');
    if (at && (strchr(at + 1, '@') || memchr(p, '/', (size_t)(at - p))))
        return fail(err, "the address is ambiguous, no connection was made: " FORM);
    if (at) {
        read_user(p, (size_t)(at - p), user, password);
        p = at + 1;
    }
    size_t n = strcspn(p, "/?#");
    return read_host(p, n, to, err) && is_rest(p + n, err);
}
