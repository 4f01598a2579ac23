#include "app/app.h"

#include <glob.h>
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
    void (*found)(void *ctx, const char *target, const char *why);
    void *ctx;
    struct seen seen;
};

static void socket_found(void *ctx, const char *path)
{
    struct search *s = ctx;
    struct stat st;
    const char *port = strrchr(path, '.') + 1;
    if (stat(path, &st) || !S_ISSOCK(st.st_mode) || !first_time(&s->seen, port))
        return;
    int folder = (int)(strrchr(path, '/') - path);
    char *target = mem_printf("postgres:host=%.*s port=%s dbname=postgres", folder, path, port);
    char *why = mem_printf("a PostgreSQL server at %s", path);
    s->found(s->ctx, target, why);
    free(target);
    free(why);
}

static void log_found(void *ctx, const char *path)
{
    struct search *s = ctx;
    struct stat st;
    if (access(path, R_OK) || stat(path, &st) || !S_ISREG(st.st_mode) || !first_time(&s->seen, path))
        return;
    s->found(s->ctx, path, "an access log that can be read");
}

void discover(void (*found)(void *ctx, const char *target, const char *why), void *ctx)
{
    struct search sockets = {found, ctx, {{0}, 0}}, logs = {found, ctx, {{0}, 0}};
    const char *url = getenv("DATABASE_URL");
    if (url && (str_starts(url, "postgres://") || str_starts(url, "postgresql://")))
        found(ctx, url, "the environment variable DATABASE_URL");
    else {
        each_match("/var/run/postgresql/.s.PGSQL.*[0-9]", socket_found, &sockets);
        each_match("/tmp/.s.PGSQL.*[0-9]", socket_found, &sockets);
    }
    static const char *const patterns[] = {"/var/log/nginx/*access*.log", "/var/log/apache2/*access*.log",
                                           "/var/log/httpd/access_log"};
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        each_match(patterns[i], log_found, &logs);
    seen_free(&sockets.seen);
    seen_free(&logs.seen);
}
