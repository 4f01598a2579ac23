/* exec.c - any program that prints one JSON record a line is a source.
 *
 * The program runs in a session of its own, so that it has no terminal to spoil
 * and can be ended with everything it started; a small guard in its group ends it when
 * slowdive is killed. It is not trusted: what it prints is bounded by line, by rate and
 * by the mailbox, of the environment it gets what it needs to run, and what its command
 * says that is secret is in no message of it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "format/record/jsonrecord.h"
#include "base/redact.h"
#include "source/shared/examine.h"

#define READ_SIZE 65536
/* A program that prints more is slowed down by its pipe. */
#define BYTES_PER_S  ((int64_t)16 << 20)
#define INTAKE_EVERY SD_S
/* Lines of its standard error that reach the log, per 10 s. */
#define STDERR_LINES 20
/* Between SIGTERM and SIGKILL. */
#define GRACE (300 * SD_MS)

struct line_buffer {
    struct strbuf text; /* an unfinished line */
    bool skipping;      /* it was too long; its rest is skipped */
};

struct exec_options {
    char **exec_env;
};

struct exec {
    struct secrets *secrets; /* of the command */
    int guard_fd;            /* open as long as this process lives; -1: none */
    pid_t pid;               /* 0: none; under reap_lock, changed by the worker only */
    int64_t killed_at;       /* first interrupt, monotonic; under reap_lock */

    int out_fd, err_fd, poll_fd; /* -1: closed */
    struct line_buffer out, errors;
    struct arena *arena;
    struct sd_batch *batch; /* being filled */
    sd_time batch_at;
    bool halfway; /* of a profile whose tree is still to come: it only makes sense as a whole */

    int64_t total, unparsed, bytes;
    char sample[257], reason[256];
    bool intake_changed;
    sd_time intake_at, started_at;

    sd_time window; /* of the rate limits */
    int64_t window_bytes;
    sd_time err_window;
    int err_lines;
    char last_error_line[200];
};

/* A pid may be signalled only until it is reaped: then it is anybody's. One lock for
 * all instances, because an interrupt may come before open has run. */
static pthread_mutex_t reap_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- starting ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What every program needs to find its files and to speak the user's language. */
static bool is_plain_variable(const char *name, size_t len)
{
    static const char *const names[] = {"PATH", "HOME", "LANG", "TZ", "TMPDIR"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i]) == len && !memcmp(names[i], name, len))
            return true;
    return len > 3 && !memcmp(name, "LC_", 3);
}

/* Passwords and keys of the environment are not for every program. Caller frees the list. */
static char **environment(char *const *more)
{
    extern char **environ;
    size_t n = 0, cap = 0;
    char **list = mem_grow(NULL, 0, &cap, sizeof *list);
    for (char **e = environ; *e; e++) {
        size_t len = strcspn(*e, "=");
        bool wanted = is_plain_variable(*e, len);
        for (size_t i = 0; more && more[i] && !wanted; i++)
            wanted = strlen(more[i]) == len && !memcmp(more[i], *e, len);
        list = mem_grow(list, n + 1, &cap, sizeof *list);
        if (wanted)
            list[n++] = *e;
    }
    list[n] = NULL;
    return list;
}

/* The guard reads from descriptor 3 until slowdive has ended for any reason, and then terminates the process
 * group, whose number is the shell's. It is not a child of the program, so that the program waits for its own
 * children only. */
#define GUARDED                                                                                              \
    "( { trap '' HUP INT TERM; read -r x; kill -s TERM -- -$$; sleep 1; kill -s KILL -- -$$; } "             \
    "<&3 >/dev/null 2>&1 & ); exec 3<&-; exec /bin/sh -c \"$1\""

static int spawn(const char *command, char *const *more_env, int out, int errors, int guard, pid_t *pid)
{
    char shell[] = "sh", option[] = "-c", guarded[] = GUARDED, *own = mem_strdup(command);
    char *const argv[] = {shell, option, guarded, shell, own, NULL};
    char **env = environment(more_env);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, errors, 2);
    posix_spawn_file_actions_adddup2(&actions, guard, 3);
    posix_spawn_file_actions_addclosefrom_np(&actions, 4);
    posix_spawnattr_init(&attr);
    /* The worker blocks signals; the program must not inherit that. */
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    int failed = posix_spawn(pid, "/bin/sh", &actions, &attr, argv, env);
    free(env);
    free(own);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static void watch_output(struct exec *x, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(x->poll_fd, EPOLL_CTL_ADD, fd, &e);
}

static enum sd_result exec_open(struct sd_source *s, struct sd_error *err)
{
    struct exec *x = s->priv;
    const struct exec_options *o = s->opts;
    int out[2] = {-1, -1}, errors[2] = {-1, -1}, guard[2] = {-1, -1};
    pid_t pid = 0;
    int failed = 0;

    pthread_mutex_lock(&reap_lock);
    memset(x, 0, sizeof *x);
    pthread_mutex_unlock(&reap_lock);
    x->out_fd = x->err_fd = x->poll_fd = x->guard_fd = -1;
    if (!*s->target)
        return sd_fail(err, SD_CONFIG, "exec: needs a command, as in exec:./my-source.py");
    x->arena = arena_new();
    x->secrets = secrets_of(s->target);
    x->started_at = x->intake_at = s->host->now(s);
    x->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (x->poll_fd < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 ||
        pipe2(guard, O_CLOEXEC) < 0) {
        failed = errno;
    } else {
        pthread_mutex_lock(&reap_lock);
        failed = spawn(s->target, o ? o->exec_env : NULL, out[1], errors[1], guard[0], &pid);
        x->pid = failed ? 0 : pid;
        pthread_mutex_unlock(&reap_lock);
    }
    close_fd(&out[1]);
    close_fd(&errors[1]);
    close_fd(&guard[0]);
    x->guard_fd = guard[1];
    x->out_fd = out[0];
    x->err_fd = errors[0];
    if (failed)
        return sd_fail(err, SD_RETRY, "cannot start the program: %s", strerror(failed));
    watch_output(x, x->out_fd);
    watch_output(x, x->err_fd);
    return SD_OK;
}

/* ---- records ---- */

static void flush_batch(struct sd_source *s, struct exec *x)
{
    if (x->batch)
        s->host->publish(s, x->batch);
    x->batch = NULL;
}

static void add_record(struct sd_source *s, struct exec *x, const struct jsonrecord *r, sd_time now)
{
    sd_time at = sd_known(r->at) ? r->at : now;
    x->halfway = r->kind == SD_PROFILE || r->kind == SD_PROFILE_FUNCTION;
    if (x->batch && x->batch_at != at)
        flush_batch(s, x);
    for (int tries = 0; tries < 2; tries++) {
        if (!x->batch) {
            x->batch = s->host->batch(s, at);
            x->batch_at = at;
        }
        if (s->host->add(x->batch, r->kind, r->record))
            return;
        flush_batch(s, x); /* full */
    }
}

static void not_understood(struct exec *x, const char *line, size_t len, const char *reason)
{
    char *start = mem_strndup(line, MIN(len, sizeof x->sample - 1));
    char *sample = secrets_hide(x->secrets, start);
    x->unparsed++;
    snprintf(x->sample, sizeof x->sample, "%s", sample);
    snprintf(x->reason, sizeof x->reason, "%.*s", (int)sizeof x->reason - 1, reason);
    free(sample);
    free(start);
}

static void out_line(struct sd_source *s, struct exec *x, const char *line, size_t len, sd_time now)
{
    struct jsonrecord r;
    struct sd_error why;
    if (strspn(line, " \t\r") >= len)
        return;
    x->total++;
    x->intake_changed = true;
    if (jsonrecord_decode(line, len, x->arena, &r, &why))
        add_record(s, x, &r, now);
    else
        not_understood(x, line, len, why.text);
    if (arena_bytes(x->arena) > 4 * JSONRECORD_LINE_MAX) {
        arena_free(x->arena);
        x->arena = arena_new();
    }
}

static void too_long(struct exec *x, const char *line, size_t len)
{
    x->total++;
    x->intake_changed = true;
    not_understood(x, line, len, "the line is longer than 1 MiB");
}

static void error_line(struct sd_source *s, struct exec *x, const char *line, size_t len, sd_time now)
{
    if (!len)
        return;
    char *start = mem_strndup(line, MIN(len, (size_t)1000));
    char *shown = secrets_hide(x->secrets, start);
    snprintf(x->last_error_line, sizeof x->last_error_line, "%.180s", shown);
    if (now - x->err_window > 10 * SD_S || now < x->err_window) {
        if (x->err_lines > STDERR_LINES)
            s->host->log(s, "%d more lines of its standard error are not logged",
                         x->err_lines - STDERR_LINES);
        x->err_window = now;
        x->err_lines = 0;
    }
    if (x->err_lines++ < STDERR_LINES)
        s->host->log(s, "stderr: %s", shown);
    free(shown);
    free(start);
}

static void intake(struct sd_source *s, struct exec *x, sd_time now, bool final)
{
    if (!x->intake_changed || (!final && now - x->intake_at < INTAKE_EVERY && now >= x->intake_at))
        return;
    struct sd_batch *b = s->host->batch(s, now);
    struct sd_intake r = {
        .unit = "records",
        .total = x->total,
        .unparsed = x->unparsed,
        .bytes = x->bytes,
        .sample = x->unparsed ? x->sample : NULL,
        .reason = x->unparsed ? x->reason : NULL,
    };
    s->host->add(b, SD_INTAKE, &r);
    s->host->publish(s, b);
    x->intake_at = now;
    x->intake_changed = false;
}

/* ---- reading ---- */

static void one_line(struct sd_source *s, struct exec *x, bool is_out, const char *line, size_t len,
                     sd_time now)
{
    if (is_out)
        out_line(s, x, line, len, now);
    else
        error_line(s, x, line, len, now);
}

/* Cuts bytes into lines; an unfinished one waits in the buffer. */
static void take_bytes(struct sd_source *s, struct exec *x, bool is_out, const char *p, size_t n, sd_time now)
{
    struct line_buffer *l = is_out ? &x->out : &x->errors;
    while (n) {
        const char *nl = memchr(p, '\n', n);
        size_t len = nl ? (size_t)(nl - p) : n;
        if (!l->skipping && l->text.len + len > JSONRECORD_LINE_MAX) {
            strbuf_add(&l->text, p, MIN(len, sizeof x->sample)); /* enough for the sample */
            if (is_out)
                too_long(x, l->text.text, l->text.len);
            strbuf_free(&l->text);
            l->skipping = true;
        }
        if (!l->skipping && nl && !l->text.len)
            one_line(s, x, is_out, p, len, now);
        else if (!l->skipping)
            strbuf_add(&l->text, p, len);
        if (nl && !l->skipping && l->text.len) {
            one_line(s, x, is_out, l->text.text, l->text.len, now);
            strbuf_clear(&l->text);
        }
        if (nl)
            l->skipping = false;
        len += nl != NULL;
        p += len;
        n -= len;
    }
}

/* Reads once from one pipe; false when it has ended. */
static bool read_some(struct sd_source *s, struct exec *x, bool is_out)
{
    char buf[READ_SIZE];
    int *fd = is_out ? &x->out_fd : &x->err_fd;
    ssize_t n = *fd < 0 ? 0 : read(*fd, buf, sizeof buf);
    sd_time now = s->host->now(s);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
        struct line_buffer *l = is_out ? &x->out : &x->errors;
        if (l->text.len) /* the last line may lack its newline */
            one_line(s, x, is_out, l->text.text, l->text.len, now);
        strbuf_clear(&l->text);
        if (is_out)
            flush_batch(s, x);
        close_fd(fd);
        return false;
    }
    x->window_bytes += n;
    if (is_out)
        x->bytes += n;
    take_bytes(s, x, is_out, buf, (size_t)n, now);
    if (is_out && !x->halfway)
        flush_batch(s, x);
    return true;
}

/* Waits for the program's end, at most `ns`, without reaping it. */
static bool has_exited(struct exec *x, int64_t ns)
{
    int64_t until = clock_mono() + ns;
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)x->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
            return true;
        if (clock_mono() >= until)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 2 * SD_MS}, NULL);
    }
}

/* How it ended, as "ended with exit status 3". */
static bool describe_exit(struct exec *x, char *buf, size_t size)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)x->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid) {
        snprintf(buf, size, "closed its output and continued to run");
        return false;
    }
    if (info.si_code == CLD_EXITED)
        snprintf(buf, size, "ended with exit status %d", info.si_status);
    else
        snprintf(buf, size, "was killed by signal %d (%s)", info.si_status, strsignal(info.si_status));
    return info.si_code == CLD_EXITED && info.si_status == 0;
}

static enum sd_result ended(struct sd_source *s, struct exec *x, struct sd_error *err)
{
    char how[120];
    has_exited(x, GRACE);
    while (x->err_fd >= 0 && read_some(s, x, false)) {
        struct pollfd p = {.fd = x->err_fd, .events = POLLIN};
        if (poll(&p, 1, 0) <= 0)
            break;
    }
    bool well = describe_exit(x, how, sizeof how);
    intake(s, x, s->host->now(s), true);
    if (well) /* it has said all it had to say; one that fails is started again */
        return SD_GONE;
    const char *last = x->last_error_line;
    return sd_fail(err, SD_RETRY, "the program %s%s%s", how, *last ? ": " : "", last);
}

/* Sleeps away what was read beyond the rate: the pipe fills and the program waits. */
static void throttle(struct sd_source *s, struct exec *x)
{
    sd_time now = s->host->now(s);
    if (now - x->window >= SD_S || now < x->window) {
        x->window = now;
        x->window_bytes = 0;
    } else if (x->window_bytes > BYTES_PER_S && s->follow) {
        s->host->wait(s, -1, 0, x->window + SD_S);
    }
}

static enum sd_result exec_run(struct sd_source *s, struct sd_error *err)
{
    struct exec *x = s->priv;
    while (!s->host->should_stop(s)) {
        sd_time now = s->host->now(s), deadline = INT64_MAX;
        intake(s, x, now, false);
        if (x->intake_changed)
            deadline = x->intake_at + INTAKE_EVERY;
        int ready = s->host->wait(s, x->poll_fd, POLLIN, deadline);
        if (ready < 0)
            return SD_OK;
        if (ready == 0)
            continue;
        if (x->err_fd >= 0)
            read_some(s, x, false);
        if (!read_some(s, x, true))
            return ended(s, x, err);
        throttle(s, x);
    }
    return SD_OK;
}

/* ---- ending ---- */

/* To the whole group: the shell's children, too. SIGTERM once, because a program's
 * own cleaning up should not be interrupted again and again. */
static void end_group(struct exec *x)
{
    pthread_mutex_lock(&reap_lock);
    if (x->pid > 0) {
        int64_t now = clock_mono();
        if (!x->killed_at) {
            x->killed_at = now;
            kill(-x->pid, SIGTERM);
        } else if (now - x->killed_at >= GRACE) {
            kill(-x->pid, SIGKILL);
        }
    }
    pthread_mutex_unlock(&reap_lock);
}

static void exec_interrupt(struct sd_source *s)
{
    end_group(s->priv);
}

static void exec_close(struct sd_source *s)
{
    struct exec *x = s->priv;
    close_fd(&x->out_fd);
    if (x->pid > 0) {
        if (!has_exited(x, 0))
            end_group(x);
        has_exited(x, GRACE);
        /* The shell is not reaped yet, so its number is still the group's. */
        kill(-x->pid, SIGKILL);
        has_exited(x, SD_S);
        pthread_mutex_lock(&reap_lock);
        waitpid(x->pid, NULL, WNOHANG);
        x->pid = 0;
        pthread_mutex_unlock(&reap_lock);
    }
    close_fd(&x->guard_fd);
    close_fd(&x->err_fd);
    close_fd(&x->poll_fd);
    secrets_free(x->secrets);
    x->secrets = NULL;
    if (x->batch)
        s->host->discard(x->batch);
    x->batch = NULL;
    strbuf_free(&x->out.text);
    strbuf_free(&x->errors.text);
    arena_free(x->arena);
    x->arena = NULL;
}

/* ---- the table ---- */

static enum sd_result exec_decode(const struct sd_host *host, const void *bytes, size_t len,
                                  struct sd_batch *b, struct sd_error *err)
{
    struct arena *a = arena_new();
    const char *p = bytes, *end = p + len;
    bool any = false;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);
        struct jsonrecord r;
        if (jsonrecord_decode(p, n, a, &r, err))
            any |= host->add(b, r.kind, r.record);
        p += n + (nl != NULL);
    }
    arena_free(a);
    return any ? SD_OK : SD_NODATA;
}

/* The program that the shell would run; NULL: that is for the shell alone to say. Caller frees. */
static char *program_of(const char *command)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";
    static const char *const OF_SHELL[] = {"if",      "while", "until",  "for", "case", "cd",
                                           "exec",    "eval",  "read",   "set", "trap", ".",
                                           "command", "time",  "export", NULL};
    const char *p = command + strspn(command, " \t");
    size_t n = strcspn(p, " \t\n;|&<>");
    char *word = mem_strndup(p, n);
    if (n && strspn(word, PLAIN) == n && str_find(OF_SHELL, word) < 0)
        return word;
    free(word);
    return NULL;
}

/* It is not run. */
static void exec_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    if (!s->target)
        return;
    if (!s->target[strspn(s->target, " \t\n")]) {
        examine_tell(&e, "program", SD_CHECK_MISSING, "name one, as in exec:COMMAND", "it needs a command");
        return;
    }
    char *word = program_of(s->target), *path = word ? examine_program(word) : NULL;
    if (!word)
        examine_tell(&e, "program", SD_CHECK_OK, NULL, "it is for the shell to find; it was not run");
    else if (path)
        examine_tell(&e, "program", SD_CHECK_OK, NULL, "%.300s is here; it was not run", path);
    else
        examine_tell(&e, "program", SD_CHECK_MISSING, "install it, or name it with its folder",
                     "there is no program %.200s that may be run", word);
    free(word);
    free(path);
}

static const struct sd_option exec_options[] = {
    {.name = "exec_env",
     .type = SD_OPTION_LIST,
     .offset = offsetof(struct exec_options, exec_env),
     .fallback = "",
     .help =
         "Environment variables that the program gets in addition to PATH, HOME, LANG, LC_*, TZ and TMPDIR."},
    {0},
};

const struct sd_source_ops exec_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "exec",
    .summary = "a program that prints one JSON record per line; restarted when it fails",
    .targets = "exec:COMMAND",
    .provides = SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_STATEMENT) |
                SD_KIND_BIT(SD_ACTIVITY) | SD_KIND_BIT(SD_PLAN) | SD_KIND_BIT(SD_TABLE) |
                SD_KIND_BIT(SD_INDEX) | SD_KIND_BIT(SD_EVENT) | SD_KIND_BIT(SD_INTAKE) |
                SD_KIND_BIT(SD_ADVICE),
    .opts_size = sizeof(struct exec_options),
    .options = exec_options,
    .priv_size = sizeof(struct exec),
    .open = exec_open,
    .run = exec_run,
    .interrupt = exec_interrupt,
    .close = exec_close,
    .decode = exec_decode,
    .flags = SD_SOURCE_COMMAND,
    .examine = exec_examine,
};
