/* varnish.c - the counters of a Varnish, by its program varnishstat, or a file of what that printed. I/O
 * only; what it prints is read in format/caches/varnish_stats.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "base/num.h"
#include "format/caches/varnish_stats.h"
#include "source/shared/examine.h"

#define READ_SIZE ((size_t)65536)

struct varnish_options {
    int64_t interval, timeout;
};

#define AT(member) offsetof(struct varnish_options, member)
static const struct sd_option OPTIONS[] = {
    {.name = "interval",
     .type = SD_OPTION_DURATION,
     .offset = AT(interval),
     .fallback = "2s",
     .min = 100e6,
     .max = 3600e9,
     .unit = "ns",
     .help = "Time between runs of varnishstat."},
    {.name = "timeout",
     .type = SD_OPTION_DURATION,
     .offset = AT(timeout),
     .fallback = "5s",
     .min = 100e6,
     .max = 60e9,
     .unit = "ns",
     .help = "How long varnishstat may take before it is ended."},
    {.name = NULL},
};

struct varnish {
    bool opened, is_file, had;
    int fd;     /* of a file, or the program's output; -1 */
    int errors; /* the program's standard error; -1 */
    pid_t pid;  /* of varnishstat; 0: it does not run */
    struct strbuf text;
    struct varnish_stats last;
    sd_time since;
    char name[300];
};

static const char *bare_target(const char *target)
{
    return str_starts(target, "varnish:") ? target + strlen("varnish:") : target;
}

static bool names_file(const char *target)
{
    struct stat st;
    return str_eq(target, "-") || (stat(target, &st) == 0 && !S_ISDIR(st.st_mode));
}

/* ---- the program ---- */

/* Where packages install it: what else is named so in PATH is not run. */
static const char *program(void)
{
    static const char *const PATHS[] = {"/usr/bin/varnishstat", "/usr/local/bin/varnishstat",
                                        "/opt/varnish/bin/varnishstat"};
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++)
        if (access(PATHS[i], X_OK) == 0)
            return PATHS[i];
    return NULL;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Killed if it still runs. Its exit status; -1: it was killed. */
static int end_program(struct varnish *x, bool kill_it)
{
    int status = 0;
    close_fd(&x->fd);
    close_fd(&x->errors);
    if (!x->pid)
        return -1;
    if (kill_it)
        kill(x->pid, SIGKILL);
    while (waitpid(x->pid, &status, 0) < 0 && errno == EINTR)
        ;
    x->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static enum sd_result start_program(struct sd_source *s, struct varnish *x, struct sd_error *err)
{
    const char *name = bare_target(s->target), *path = program();
    int out[2] = {-1, -1}, errors[2] = {-1, -1};
    if (!path)
        return sd_fail(err, SD_CONFIG, "varnishstat is not installed here: it comes with Varnish");
    char *own = mem_strdup(name), *own_path = mem_strdup(path);
    char json[] = "-j", wait[] = "-t", second[] = "1", instance[] = "-n", language[] = "LC_ALL=C";
    char *const argv[] = {own_path, json, wait, second, *own ? instance : NULL, own, NULL};
    char *timezone = getenv("TZ") ? mem_printf("TZ=%s", getenv("TZ")) : NULL;
    char *const env[] = {language, timezone, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    int failed = pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 ? errno : 0;
    if (!failed) {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        posix_spawn_file_actions_adddup2(&actions, errors[1], 2);
        posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        /* The worker blocks signals; the program must not inherit that, nor the terminal's. */
        posix_spawnattr_setsigmask(&attr, &none);
        posix_spawnattr_setsigdefault(&attr, &all);
        posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
        failed = posix_spawn(&x->pid, path, &actions, &attr, argv, env);
        x->pid = failed ? 0 : x->pid;
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    free(own);
    free(own_path);
    free(timezone);
    close_fd(&out[1]);
    close_fd(&errors[1]);
    x->fd = out[0];
    x->errors = errors[0];
    if (failed)
        return sd_fail(err, SD_RETRY, "cannot start varnishstat: %s", strerror(failed));
    fcntl(x->fd, F_SETFL, O_NONBLOCK);
    fcntl(x->errors, F_SETFL, O_NONBLOCK);
    return SD_OK;
}

/* All of a descriptor, until `deadline` (0: without). SD_NODATA: to stop. SD_RETRY: it took too long. */
static enum sd_result read_all(struct sd_source *s, struct varnish *x, sd_time deadline, struct sd_error *err)
{
    strbuf_clear(&x->text);
    while (!s->host->should_stop(s)) {
        sd_time now = s->host->now(s);
        if (deadline && now >= deadline)
            return sd_fail(err, SD_RETRY, "varnishstat does not end");
        int ready = s->host->wait(s, x->fd, POLLIN, deadline ? deadline : now + SD_S);
        if (ready < 0)
            return SD_NODATA;
        if (!ready)
            continue;
        ssize_t n = read(x->fd, strbuf_room(&x->text, READ_SIZE), READ_SIZE);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return sd_fail(err, SD_RETRY, "cannot read: %s", strerror(errno));
        if (n == 0)
            return SD_OK;
        x->text.len += (size_t)n;
        x->text.text[x->text.len] = 0;
        if (x->text.len > VARNISH_BYTES_MAX)
            return sd_fail(err, SD_RETRY, "it has more than 16 MiB: varnishstat prints far less");
    }
    return SD_NODATA;
}

/* What it complained of, in one line. */
static void complaint(const struct varnish *x, char *out, size_t size)
{
    ssize_t n = read(x->errors, out, size - 1);
    out[n > 0 ? n : 0] = 0;
    for (char *c = out; *c; c++)
        if (*c < ' ')
            *c = ' ';
    size_t len = strlen(out);
    while (len && out[len - 1] == ' ')
        out[--len] = 0;
    size_t dots = strspn(out, ". "); /* one for each second that it waited */
    memmove(out, out + dots, len - dots + 1);
}

static enum sd_result run_program(struct sd_source *s, struct varnish *x, struct sd_error *err)
{
    const struct varnish_options *o = s->opts;
    char why[200];
    enum sd_result r = start_program(s, x, err);
    if (r != SD_OK)
        return r;
    r = read_all(s, x, s->host->now(s) + o->timeout, err);
    complaint(x, why, sizeof why);
    int status = end_program(x, r != SD_OK);
    if (r == SD_OK && status != 0)
        return sd_fail(err, SD_RETRY, "varnishstat failed: %s", *why ? why : "it gave no reason");
    return r;
}

/* ---- the table's functions ---- */

static enum sd_result open_source(struct sd_source *s, struct sd_error *err)
{
    struct varnish *x = s->priv;
    const char *target = bare_target(s->target), *slash = strrchr(target, '/');
    *x = (struct varnish){.opened = true, .fd = -1, .errors = -1, .since = SD_UNKNOWN};
    x->is_file = names_file(target);
    if (!x->is_file) {
        snprintf(x->name, sizeof x->name, "varnish %.280s", *target ? target : "default");
        return SD_OK;
    }
    bool piped = str_eq(target, "-");
    snprintf(x->name, sizeof x->name, "varnish %.280s",
             piped   ? "standard input"
             : slash ? slash + 1
                     : target);
    x->fd = piped ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                  : open(target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (x->fd < 0)
        return sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", target, strerror(errno));
    return SD_OK;
}

static enum sd_result publish(struct sd_source *s, struct varnish *x, struct sd_error *err)
{
    struct varnish_stats v;
    if (!varnish_stats_read(&v, strbuf_text(&x->text), x->text.len, err))
        return x->is_file ? SD_CONFIG : SD_RETRY;
    sd_time now = s->host->now(s), at = x->is_file && !s->follow && sd_known(v.at) ? v.at : now;
    if (sd_known(v.uptime)) { /* in whole seconds: it wavers, and only a start changes it */
        sd_time since = at - mul_sat(v.uptime, SD_S);
        if (!sd_known(x->since) || since - x->since > 5 * SD_S || x->since - since > 5 * SD_S)
            x->since = since;
    }
    struct sd_batch *b = s->host->batch(s, at);
    varnish_stats_add(&v, x->had ? &x->last : NULL, x->name, x->since, s->host, b);
    s->host->publish(s, b);
    x->last = v;
    x->had = true;
    return SD_OK;
}

static enum sd_result run(struct sd_source *s, struct sd_error *err)
{
    const struct varnish_options *o = s->opts;
    struct varnish *x = s->priv;
    while (!s->host->should_stop(s)) {
        sd_time began = s->host->now(s);
        enum sd_result r = x->is_file ? read_all(s, x, 0, err) : run_program(s, x, err);
        if (r == SD_NODATA)
            return SD_OK;
        if (r == SD_OK)
            r = publish(s, x, err);
        if (r != SD_OK)
            return x->is_file && r == SD_RETRY ? SD_CONFIG : r;
        if (x->is_file || !s->follow) /* a verb without a time to watch: one reading */
            return SD_GONE;
        while (s->host->now(s) < began + o->interval && !s->host->should_stop(s))
            if (s->host->wait(s, -1, 0, began + o->interval) < 0)
                return SD_OK;
    }
    return SD_OK;
}

static void close_source(struct sd_source *s)
{
    struct varnish *x = s->priv;
    if (!x->opened)
        return;
    end_program(x, true);
    strbuf_free(&x->text);
    *x = (struct varnish){.fd = -1, .errors = -1};
}

static int recognise(const char *target, const void *head, size_t len)
{
    (void)target;
    return head && len ? varnish_stats_sure(head, len) : 0;
}

static enum sd_result decode(const struct sd_host *host, const void *bytes, size_t len, struct sd_batch *b,
                             struct sd_error *err)
{
    struct varnish_stats v;
    if (!varnish_stats_read(&v, bytes, len, err))
        return SD_CONFIG;
    varnish_stats_add(&v, NULL, "varnish", SD_UNKNOWN, host, b);
    return SD_OK;
}

/* The program alone: it is not run. */
static void examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    const char *target = s->target ? bare_target(s->target) : "";
    if (s->target && names_file(target))
        examine_path(&e, target, false);
    else if (program())
        examine_tell(&e, "varnishstat", SD_CHECK_OK, NULL, "%s is here", program());
    else
        examine_tell(&e, "varnishstat", s->target ? SD_CHECK_MISSING : SD_CHECK_LESS,
                     "sudo apt install varnish",
                     "varnishstat is not installed here: Varnish is read through it");
}

extern const struct sd_source_ops varnish_source_ops;
const struct sd_source_ops varnish_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "varnish",
    .summary = "Varnish 4 and later, by varnishstat, or a file of varnishstat -j: hits, misses, storage",
    .targets = "varnish:NAME, varnish: (the default instance), varnish:FILE, FILE of varnishstat -j",
    .provides = SD_KIND_BIT(SD_CACHE),
    .opts_size = sizeof(struct varnish_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct varnish),
    .recognise = recognise,
    .open = open_source,
    .run = run,
    .close = close_source,
    .decode = decode,
    .examine = examine,
};
