/* lighthouse_runs.c - loads a page by the command `lighthouse`, in a headless browser: only when it is asked
 * for. Each run writes its report into a private folder, which is removed at the end. */
#include "source/lighthouse/lighthouse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/redact.h"

extern char **environ;

/* Between the polite end, at which Lighthouse ends its browser as well, and the other; the short one where
 * slowdive itself is to end, which waits little longer for a source. */
#define GRACE_NS      (5 * SD_S)
#define STOP_GRACE_NS (50 * SD_MS)

struct run {
    pid_t pid;
    int fd;          /* ready when the program has ended */
    char folder[64]; /* "" : none */
    char *report, *messages;
};

bool lighthouse_is_url(const char *target)
{
    return !strncasecmp(target, "https://", 8) || !strncasecmp(target, "http://", 7);
}

/* ---- the private folder ---- */

static bool make_folder(struct run *r, struct sd_error *err)
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(r->folder, sizeof r->folder, "%s/slowdive-pages-XXXXXX",
                     tmp && *tmp == '/' && strlen(tmp) < 32 ? tmp : "/tmp");
    if (n >= (int)sizeof r->folder || !mkdtemp(r->folder)) { /* of mode 0700 */
        *r->folder = 0;
        return fail(err, "cannot make a folder for the reports: %s", strerror(errno));
    }
    r->report = mem_printf("%s/report.json", r->folder);
    r->messages = mem_printf("%s/messages", r->folder);
    return true;
}

static void remove_folder(struct run *r)
{
    if (*r->folder) {
        unlink(r->report);
        unlink(r->messages);
        rmdir(r->folder);
    }
    free(r->report);
    free(r->messages);
}

/* ---- one run ---- */

/* Chrome refuses its sandbox to root. */
static int spawn(struct run *r, const char *url, const char *form_factor)
{
    char *output = mem_printf("--output-path=%s", r->report), *page = mem_strdup(url);
    char name[] = "lighthouse", json[] = "--output=json", quiet[] = "--quiet", desktop[] = "--preset=desktop";
    char no_reports[] = "--no-enable-error-reporting";
    char flags[] = "--chrome-flags=--headless=new --no-first-run", root[] = "--chrome-flags=--headless=new "
                                                                            "--no-first-run --no-sandbox";
    char *const argv[] = {name,
                          page,
                          json,
                          output,
                          quiet,
                          no_reports,
                          geteuid() ? flags : root,
                          str_eq(form_factor, "desktop") ? desktop : NULL,
                          NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, r->messages, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    int failed = posix_spawnp(&r->pid, name, &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    free(output);
    free(page);
    r->fd = failed ? -1 : (int)syscall(SYS_pidfd_open, r->pid, 0);
    return failed;
}

/* Has it ended by then? -1: it is to stop. */
static int wait_end(struct sd_source *s, const struct run *r, sd_time deadline)
{
    for (;;) {
        sd_time now = s->host->now(s);
        int ready = s->host->wait(s, r->fd, POLLIN, MIN(deadline, now + SD_S));
        if (ready > 0)
            return 1;
        if (s->host->should_stop(s))
            return -1;
        if (s->host->now(s) >= deadline)
            return 0;
    }
}

struct process {
    pid_t pid, parent;
    bool below;
};

/* All processes with their parents; *n of them. NULL: none is told. */
static struct process *processes(size_t *n)
{
    struct process *all = NULL;
    size_t cap = 0;
    DIR *dir = opendir("/proc");
    *n = 0;
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        char path[64], text[512];
        struct process p = {.pid = (pid_t)strtol(e->d_name, NULL, 10)};
        snprintf(path, sizeof path, "/proc/%d/stat", (int)p.pid);
        int fd = p.pid > 1 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
        if (fd >= 0)
            close(fd);
        text[MAX(len, 0)] = 0;
        const char *behind = strrchr(text, ')'); /* the name may have blanks and brackets itself */
        if (behind && strlen(behind) > 4) {
            p.parent = (pid_t)strtol(behind + 4, NULL, 10);
            all = mem_grow(all, *n, &cap, sizeof *all);
            all[(*n)++] = p;
        }
    }
    if (dir)
        closedir(dir);
    return all;
}

static bool is_below(const struct process *all, size_t n, pid_t parent, pid_t top)
{
    bool below = parent == top;
    for (size_t i = 0; i < n && !below; i++)
        below = all[i].below && all[i].pid == parent;
    return below;
}

/* A browser is of another session: it would outlive its parent. */
static void kill_below(pid_t top)
{
    size_t n;
    struct process *all = processes(&n);
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < n; i++)
            if (!all[i].below && is_below(all, n, all[i].parent, top))
                all[i].below = more = true;
    }
    for (size_t i = 0; i < n; i++)
        if (all[i].below)
            kill(all[i].pid, SIGKILL);
    free(all);
}

static void end_program(const struct run *r, int64_t grace)
{
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    kill(r->pid, SIGINT); /* it ends its browser as well */
    if (poll(&p, 1, (int)(grace / SD_MS)) <= 0)
        kill_below(r->pid);
}

/* The last line that the program wrote; "": none. The source's arena. */
static const char *last_line(struct sd_source *s, const struct run *r)
{
    struct lighthouse_source *x = s->priv;
    struct sd_error err;
    char *text;
    size_t len;
    if (!file_read(r->messages, 1 << 20, &text, &len, &err))
        return "";
    while (len && strchr(" \n\r\t", text[len - 1]))
        text[--len] = 0;
    const char *line = strrchr(text, '\n');
    char *shown = redact(line ? line + 1 : text);
    const char *kept = arena_printf(x->arena, "%.200s", shown);
    free(shown);
    free(text);
    return kept;
}

/* A run that ends with an error may have written a report that says why: NO_FCP. */
static enum sd_result take_report(struct sd_source *s, struct run *r, int status, struct sd_error *err)
{
    struct lighthouse_source *x = s->priv;
    struct sd_error why;
    if (access(r->report, F_OK) == 0) {
        if (lighthouse_take(s, r->report, &why) != SD_OK)
            return sd_fail(err, SD_CONFIG, "lighthouse wrote a report that %s", why.text);
        if (x->n)
            x->reports[x->n - 1].path = arena_printf(x->arena, "run %zu", x->n);
        return SD_OK;
    }
    const char *said = last_line(s, r);
    if (WIFSIGNALED(status))
        return sd_fail(err, SD_CONFIG, "lighthouse was ended by signal %d", WTERMSIG(status));
    return sd_fail(err, SD_CONFIG, "lighthouse ended with status %d and wrote no report%s%s",
                   WEXITSTATUS(status), *said ? ": " : "", said);
}

static enum sd_result run_once(struct sd_source *s, struct run *r, struct sd_error *err)
{
    const struct lighthouse_options *o = s->opts;
    int status = 0;
    unlink(r->report);
    int failed = spawn(r, s->target, o->form_factor);
    if (failed == ENOENT)
        return sd_fail(
            err, SD_CONFIG,
            "the command lighthouse is not installed; npm install -g lighthouse installs it, and it "
            "needs Chrome or Chromium");
    if (failed)
        return sd_fail(err, SD_CONFIG, "cannot start lighthouse: %s", strerror(failed));
    int ended = wait_end(s, r, s->host->now(s) + o->run_within);
    if (ended != 1)
        end_program(r, ended ? STOP_GRACE_NS : GRACE_NS);
    kill(-r->pid, SIGKILL); /* and what it left running; its group is its own until it is waited for */
    waitpid(r->pid, &status, 0);
    if (r->fd >= 0)
        close(r->fd);
    if (ended < 0)
        return SD_NODATA;
    if (!ended)
        return sd_fail(err, SD_CONFIG, "lighthouse did not end within %lld s (run_within)",
                       (long long)(o->run_within / SD_S));
    return take_report(s, r, status, err);
}

/* ---- all of them ---- */

static enum sd_result run_all(struct sd_source *s, struct run *r, struct sd_error *err)
{
    const struct lighthouse_options *o = s->opts;
    struct lighthouse_source *x = s->priv;
    for (int64_t i = 0; i < o->runs; i++) {
        s->host->note(s, SD_STATE_LIVE, "%lld of %lld runs done", (long long)i, (long long)o->runs);
        enum sd_result result = run_once(s, r, err);
        if (result != SD_OK)
            return result == SD_NODATA ? SD_OK : result; /* what came before is published */
        if (s->follow || i + 1 == o->runs)
            lighthouse_publish(s);
    }
    return x->n ? SD_GONE : SD_OK;
}

enum sd_result lighthouse_run(struct sd_source *s, struct sd_error *err)
{
    struct lighthouse_source *x = s->priv;
    struct run r = {.fd = -1};
    if (strpbrk(s->target, " \t\r\n") || !s->target[strcspn(s->target, ":") + 3])
        return sd_fail(err, SD_CONFIG, "a URL of a page has a host and no spaces, as in https://HOST/PAGE");
    enum sd_result result = SD_CONFIG;
    if (make_folder(&r, err))
        result = run_all(s, &r, err);
    if (result == SD_CONFIG && x->n && !s->follow)
        lighthouse_publish(s);
    remove_folder(&r);
    return result;
}
