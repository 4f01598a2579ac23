#include "app/app.h"

#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DISCOVER_MAX = 8 };

struct seen {
    char *names[DISCOVER_MAX];
    size_t n;
};

static bool first_time(struct seen *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->names[i], name))
            return false;
    if (s->n == DISCOVER_MAX)
        return false;
    s->names[s->n++] = mem_strdup(name);
    return true;
}

static void seen_free(struct seen *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->names[i]);
}

static void each_match(const char *pattern, void (*use)(void *ctx, const char *path), void *ctx)
{
    glob_t g = {0};
    if (glob(pattern, 0, NULL, &g) == 0)
        for (size_t i = 0; i < g.gl_pathc; i++)
            use(ctx, g.gl_pathv[i]);
    globfree(&g);
}

struct search {
    const struct discovery *to;
    struct seen seen;
    size_t refused;
};

/* ---- whose server is it? ---- */

static const char *const TRUSTED[] = {"root", "postgres"};

/* Its name, when the owner is root, postgres or the user; otherwise NULL. */
static const char *trusted_owner(uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);
    if (!pw)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(TRUSTED); i++)
        if (!strcmp(pw->pw_name, TRUSTED[i]))
            return pw->pw_name;
    return uid == geteuid() ? pw->pw_name : NULL;
}

/* Can others put a socket of theirs in the place of this one? Its folder may be shared
 * when it is sticky, or with the owner's own group. */
static bool folder_is_safe(const char *folder)
{
    struct stat st;
    if (stat(folder, &st) || !S_ISDIR(st.st_mode) || !trusted_owner(st.st_uid))
        return false;
    if (st.st_mode & S_ISVTX)
        return true;
    const struct passwd *pw = getpwuid(st.st_uid);
    return !(st.st_mode & S_IWOTH) &&
           (!(st.st_mode & S_IWGRP) || !st.st_gid || (pw && pw->pw_gid == st.st_gid));
}

static void refuse(struct search *s, const char *folder, const char *port, const struct stat *st, bool safe)
{
    const struct passwd *pw = getpwuid(st->st_uid);
    char uid[24];
    snprintf(uid, sizeof uid, "user %ld", (long)st->st_uid);
    if (s->refused++ >= DISCOVER_MAX)
        return;
    char *sentence =
        safe ? mem_printf(
                   "Not opened: the socket of a server in %s, port %s, belongs to %s, not to root, postgres "
                   "or you; if it is the one you want, name it: \"postgres:host=%s port=%s\"",
                   folder, port, pw ? pw->pw_name : uid, folder, port)
             : mem_printf(
                   "Not opened: the socket of a server in %s, port %s, because others may replace it in that "
                   "folder; if it is the one you want, name it: \"postgres:host=%s port=%s\"",
                   folder, port, folder, port);
    s->to->refused(s->to->ctx, sentence);
    free(sentence);
}

static void socket_found(void *ctx, const char *path)
{
    struct search *s = ctx;
    struct stat st;
    const char *port = strrchr(path, '.') + 1;
    char *folder = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    /* Not stat: a link may lead to a socket of anything. */
    if (!lstat(path, &st) && S_ISSOCK(st.st_mode) && !port[strspn(port, "0123456789")]) {
        bool safe = folder_is_safe(folder);
        char *owner = mem_strdup(trusted_owner(st.st_uid));
        if (!safe || !owner) {
            refuse(s, folder, port, &st, safe);
        } else if (first_time(&s->seen, port)) {
            char *target =
                mem_printf("postgres:host=%s port=%s dbname=postgres requirepeer=%s?no_password=yes", folder,
                           port, owner);
            char *why = mem_printf("a PostgreSQL server at %s", path);
            s->to->found(s->to->ctx, target, why);
            free(target);
            free(why);
        }
        free(owner);
    }
    free(folder);
}

static void log_found(void *ctx, const char *path)
{
    struct search *s = ctx;
    struct stat st;
    bool readable = access(path, R_OK) == 0;
    if ((!readable && !s->to->unreadable) || stat(path, &st) || !S_ISREG(st.st_mode) ||
        !first_time(&s->seen, path))
        return;
    if (readable)
        s->to->found(s->to->ctx, path, "an access log that can be read");
    else
        s->to->unreadable(s->to->ctx, path);
}

/* As for psql, these name the server; libpq reads them itself. */
static bool named_by_environment(const struct discovery *d)
{
    static const char *const names[] = {"PGSERVICE", "PGHOST", "PGHOSTADDR"};
    const char *url = getenv("DATABASE_URL");
    if (url && (str_starts(url, "postgres://") || str_starts(url, "postgresql://"))) {
        d->found(d->ctx, url, "the environment variable DATABASE_URL");
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value)
            continue;
        char *why = mem_printf("the environment variable %s", names[i]);
        d->found(d->ctx, "postgres:", why);
        free(why);
        return true;
    }
    return false;
}

void discover(const struct discovery *d, const char *const *folders)
{
    static const char *const usual[] = {"/var/run/postgresql", "/tmp", NULL};
    struct search sockets = {.to = d}, logs = {.to = d};
    if (!named_by_environment(d))
        for (const char *const *f = folders ? folders : usual; *f; f++) {
            char *pattern = mem_printf("%s/.s.PGSQL.*[0-9]", *f);
            each_match(pattern, socket_found, &sockets);
            free(pattern);
        }
    static const char *const patterns[] = {"/var/log/nginx/*access*.log", "/var/log/apache2/*access*.log",
                                           "/var/log/httpd/access_log"};
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        each_match(patterns[i], log_found, &logs);
    seen_free(&sockets.seen);
    seen_free(&logs.seen);
}
