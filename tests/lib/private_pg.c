#include "private_pg.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a program and gives back what it printed (at most 1 MiB); caller frees. */
static char *run(char *const argv[], bool with_stderr, int *status)
{
    int fds[2];
    *status = -1;
    if (pipe(fds) != 0)
        return NULL;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        if (with_stderr)
            dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(fds[1]);
    size_t len = 0, cap = 1 << 20;
    char *out = malloc(cap + 1);
    ssize_t n;
    while (out && len < cap && (n = read(fds[0], out + len, cap - len)) > 0)
        len += (size_t)n;
    close(fds[0]);
    if (pid < 0 || waitpid(pid, status, 0) != pid)
        *status = -1;
    if (out)
        out[len] = '\0';
    return out;
}

/* The script, seen from the working directory or from the program's place. */
static bool script(char out[PATH_MAX])
{
    if (access("contrib/private-postgres", X_OK) == 0) {
        snprintf(out, PATH_MAX, "contrib/private-postgres");
        return true;
    }
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    for (char *slash; (slash = strrchr(exe, '/')) != NULL;) {
        *slash = '\0';
        int len = snprintf(out, PATH_MAX, "%s/contrib/private-postgres", exe);
        if (len < PATH_MAX && access(out, X_OK) == 0)
            return true;
    }
    return false;
}

static void value(const char *text, const char *name, char *out, size_t size)
{
    const char *at = strstr(text, name);
    size_t n = 0;
    if (at) {
        at += strlen(name);
        n = strcspn(at, "\n");
        if (n >= size)
            n = size - 1;
        memcpy(out, at, n);
    }
    out[n] = '\0';
}

static const struct private_pg *started; /* NULL: none runs */

static bool start(struct private_pg *pg)
{
    char path[PATH_MAX], self[32];
    if (!script(path)) {
        snprintf(pg->why, sizeof pg->why, "contrib/private-postgres is not found from here");
        return false;
    }
    snprintf(self, sizeof self, "%ld", (long)getpid());
    char *argv[] = {path, "start", pg->dir, "--with", self, NULL};
    int status;
    char *out = run(argv, true, &status);
    bool ok = out && status == 0;
    if (ok) {
        value(out, "PGURL=", pg->url, sizeof pg->url);
        value(out, "PGPORT=", pg->port, sizeof pg->port);
        started = pg;
    } else {
        snprintf(pg->why, sizeof pg->why, "%.500s", out ? out : "cannot run contrib/private-postgres");
    }
    free(out);
    return ok;
}

bool private_pg_start(struct private_pg *pg)
{
    memset(pg, 0, sizeof *pg);
    const char *tmp = getenv("TMPDIR");
    if (!tmp || !tmp[0] || strlen(tmp) > 60)
        tmp = "/tmp";
    snprintf(pg->dir, sizeof pg->dir, "%s/slowdive-pg-XXXXXX", tmp);
    if (!mkdtemp(pg->dir)) {
        snprintf(pg->why, sizeof pg->why, "cannot make a folder in %s", tmp);
        return false;
    }
    if (start(pg))
        return true;
    private_pg_stop(pg);
    return false;
}

static void command(struct private_pg *pg, const char *verb)
{
    char path[PATH_MAX], name[16];
    int status;
    if (started == pg)
        started = NULL;
    if (!pg->dir[0] || !script(path))
        return;
    snprintf(name, sizeof name, "%s", verb);
    char *argv[] = {path, name, pg->dir, NULL};
    free(run(argv, true, &status));
}

void private_pg_halt(struct private_pg *pg)
{
    command(pg, "halt");
}

bool private_pg_resume(struct private_pg *pg)
{
    return start(pg);
}

void private_pg_stop(struct private_pg *pg)
{
    command(pg, "stop");
    if (pg->dir[0])
        rmdir(pg->dir);
    pg->dir[0] = '\0';
}

char *private_pg_sql(const struct private_pg *pg, const char *database, const char *sql)
{
    char conn[512];
    snprintf(conn, sizeof conn, "host=127.0.0.1 port=%s user=postgres dbname='%s'", pg->port,
             database ? database : "postgres");
    char *copy = strdup(sql);
    char *argv[] = {"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", copy, conn, NULL};
    int status;
    char *out = run(argv, false, &status);
    free(copy);
    if (status != 0) {
        fprintf(stderr, "psql failed on: %.200s\n", sql);
        free(out);
        return NULL;
    }
    return out;
}

int private_pg_end_sessions(void **state)
{
    (void)state;
    if (started)
        free(private_pg_sql(
            started, NULL,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = "
            "'client backend' AND application_name <> 'slowdive' AND pid <> pg_backend_pid()"));
    return 0;
}
