/* target.c - checks a connection string before a connection is made, with messages that repeat no part of it:
 * where a string is not right, nobody can say which part of it is the password. */
#include "source/postgres/internal.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/redact.h"
#include "base/trust.h"

#define ENCODE                                                                                               \
    "in a user or password write @ as %%40, / as %%2F, : as %%3A, ? as %%3F, # as %%23, %% as %%25 and a "   \
    "blank as "                                                                                              \
    "%%20, or keep the password in ~/.pgpass"

static bool is_uri(const char *target, size_t *scheme)
{
    static const char *const schemes[] = {"postgres://", "postgresql://"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (strncasecmp(target, schemes[i], *scheme = strlen(schemes[i])) == 0)
            return true;
    return false;
}

/* libpq ends the user's part at the first '@' or '/', so that the rest of a password
 * would be taken for the name of a host, and asked for in the DNS. */
static bool uri_is_plain(const char *target, size_t scheme, struct sd_error *err)
{
    const char *p = target + scheme, *at = strchr(p, '@');
    if (strncmp(target, "postgres", 8) != 0)
        return fail(err, "the scheme of the address must be in lower case: postgres://");
    if (at && (strchr(at + 1, '@') || memchr(p, '/', (size_t)(at - p))))
        return fail(err, "the address is ambiguous, no connection was made: " ENCODE);
    for (; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return fail(err, "the address holds a blank or a control character: " ENCODE);
    return true;
}

/* What libpq would complain about only later, and then by quoting it. */
static bool values_are_plain(const PQconninfoOption *options, struct sd_error *err)
{
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (!o->val)
            continue;
        if (!strcmp(o->keyword, "port") && o->val[strspn(o->val, "0123456789,")])
            return fail(
                err,
                "the port in the connection string is not a number; if it is part of a password: " ENCODE);
        if (!strcmp(o->keyword, "host") && *o->val && strchr(o->val + 1, '@'))
            return fail(err, "the host in the connection string holds an @; write the user and the password "
                             "with their own keywords: user=NAME password=...");
    }
    return true;
}

static bool parses(const char *target, bool uri, struct sd_error *err)
{
    char *message = NULL; /* quotes what it was given */
    PQconninfoOption *options = PQconninfoParse(target, &message);
    PQfreemem(message);
    if (!options)
        return fail(
            err, uri ? "the address is not valid, no connection was made; it is written "
                       "postgres://USER@HOST:PORT/DATABASE: " ENCODE
                     : "the connection string is not valid, no connection was made; it is written "
                       "host=HOST dbname=NAME user=NAME, a value with a blank or quote in it as 'va\\'lue'");
    bool ok = values_are_plain(options, err);
    PQconninfoFree(options);
    return ok;
}

bool target_check(const char *target, struct sd_error *err)
{
    size_t scheme;
    if (!target || !*target)
        return true;
    if (is_uri(target, &scheme))
        return uri_is_plain(target, scheme, err) && parses(target, true, err);
    if (strstr(target, "://"))
        return fail(err, "this is not an address of a PostgreSQL server: it must begin with postgres://");
    if (strchr(target, '='))
        return parses(target, false, err);
    /* A bare name is a database, as for psql. */
    if (strpbrk(target, "@:/"))
        return fail(err,
                    "the name of a database is expected, or an address as postgres://USER@HOST/DATABASE");
    return true;
}

/* The target with more options. In the string, because libpq passes over empty values that it is
 * given beside one. The last of several counts. */
static char *with_options(const char *target, const char *query, const char *words)
{
    size_t scheme;
    struct strbuf out = {0};
    if (is_uri(target, &scheme)) {
        strbuf_printf(&out, "%s%c%s", target, strchr(target, '?') ? '&' : '?', query);
        return strbuf_detach(&out);
    }
    bool name = *target && !strchr(target, '=');
    strbuf_str(&out, name ? "dbname='" : "");
    for (const char *p = target; *p; p++)
        strbuf_printf(&out, name && strchr("'\\", *p) ? "\\%c" : "%c", *p);
    strbuf_printf(&out, "%s %s", name ? "'" : "", words);
    return strbuf_detach(&out);
}

/* An empty password keeps libpq from PGPASSWORD, a path that cannot be from ~/.pgpass. */
#define NO_FILE_QUERY "passfile=%2Fdev%2Fnull%2Fnone"
#define NO_FILE_WORDS "passfile=/dev/null/none"

char *target_without_password(const char *target)
{
    return with_options(target, "password=&" NO_FILE_QUERY, "password='' " NO_FILE_WORDS);
}

char *target_without_file(const char *target)
{
    return with_options(target, NO_FILE_QUERY, NO_FILE_WORDS);
}

/* The password file that libpq would read; caller frees. NULL: none. */
static char *password_file(const char *target)
{
    size_t scheme;
    char *path = NULL;
    bool several = is_uri(target, &scheme) || strchr(target, '=');
    PQconninfoOption *options = several ? PQconninfoParse(target, NULL) : NULL;
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (o->val && *o->val && !strcmp(o->keyword, "passfile"))
            path = mem_strdup(o->val);
    PQconninfoFree(options);
    const char *named = getenv("PGPASSFILE"), *home = getenv("HOME");
    if (!path && named && *named)
        path = mem_strdup(named);
    if (!path && home && *home)
        path = mem_printf("%s/.pgpass", home);
    return path;
}

bool target_password_file(const char *target, struct sd_error *why)
{
    char *path = password_file(target);
    struct stat st;
    bool fine = true;
    if (path && stat(path, &st) == 0) {
        int fd = trust_open("password file", path, why);
        fine = fd >= 0 && fstat(fd, &st) == 0;
        if (fine && (st.st_mode & (S_IRWXG | S_IRWXO)))
            fine =
                fail(why, "the password file %s is not used: others can read it; run chmod 600 on it", path);
        if (fd >= 0)
            close(fd);
    }
    free(path);
    return fine;
}

char *target_hide(const char *target, const PGconn *pg, const char *text)
{
    struct secrets *s = secrets_of(target);
    secrets_add(s, pg ? PQpass(pg) : NULL);
    char *shown = secrets_hide(s, text);
    secrets_free(s);
    return shown;
}
