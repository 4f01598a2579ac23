#include "app/alert_store.h"

#include "base/clock.h"
#include "base/trust.h"
#include "format/goals/alert_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* An evaluation ends after 15 s. */
#define ACT_WAIT_NS (20 * SD_S)

static char *default_folder(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state == '/')
        return mem_printf("%s/slowdive", state);
    return home && *home == '/' ? mem_printf("%s/.local/state/slowdive", home) : NULL;
}

static bool make_folder(const char *path, struct sd_error *err)
{
    char *part = mem_strdup(path);
    bool ok = true;
    for (char *p = part + 1; ok; p++) {
        char c = *p;
        if (c != '/' && c)
            continue;
        *p = 0;
        ok = mkdir(part, 0700) == 0 || errno == EEXIST ||
             fail(err, "cannot make the folder of the state %.200s: %s", path, strerror(errno));
        *p = c;
        if (!c)
            break;
    }
    free(part);
    return ok;
}

static bool take_lock(struct alert_store *s, enum alert_lock how, struct sd_error *err)
{
    char *path = mem_printf("%s/alerts.lock", s->folder);
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    bool ok = s->lock >= 0 || fail(err, "cannot open %.200s: %s", path, strerror(errno));
    free(path);
    int64_t deadline = clock_mono() + (how == ALERT_ACT ? ACT_WAIT_NS : 0);
    while (ok && flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            ok = fail(err, "cannot lock the state in %.200s: %s", s->folder, strerror(errno));
        else if (clock_mono() >= deadline)
            ok = fail(err, "another slowdive evaluates the alerts of the state in %.200s", s->folder);
        else
            nanosleep(&(struct timespec){.tv_nsec = 20 * SD_MS}, NULL);
    }
    return ok;
}

bool alert_store_open(struct alert_store *s, const char *folder, enum alert_lock how, struct sd_error *err)
{
    *s = (struct alert_store){.lock = -1};
    s->folder = folder ? mem_strdup(folder) : default_folder();
    if (!s->folder || !*s->folder)
        return fail(err,
                    "there is no folder for the state of the alerts: HOME is not set; --state DIR names one");
    s->path = mem_printf("%s/alerts.json", s->folder);
    return how == ALERT_READ || (make_folder(s->folder, err) && take_lock(s, how, err));
}

bool alert_store_read(const struct alert_store *s, struct alerting *a, struct sd_error *err)
{
    char *text;
    size_t len;
    struct stat st;
    struct sd_error why;
    if (lstat(s->path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    if (!trust_read("state of the alerts", s->path, ALERT_STATE_BYTES_MAX, &text, &len, err))
        return false;
    bool ok = alert_state_read(a, text, len, &why) || fail(err, "%.200s: %s", s->path, why.text);
    free(text);
    return ok;
}

static bool write_whole(int fd, const struct strbuf *b)
{
    for (size_t at = 0; at < b->len;) {
        ssize_t n = write(fd, b->text + at, b->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += (size_t)n;
    }
    return fsync(fd) == 0;
}

/* A file beside it that takes its place: a crash leaves the one or the other. */
bool alert_store_write(const struct alert_store *s, const struct alerting *a, struct sd_error *err)
{
    struct strbuf text = {0};
    char *beside = mem_printf("%s.new", s->path);
    alert_state_write(a, &text);
    if (text.len > ALERT_STATE_BYTES_MAX) { /* nobody could read it again */
        fail(err, "the state of the alerts would be larger than %d MiB: group: alert makes it smaller",
             ALERT_STATE_BYTES_MAX >> 20);
        free(beside);
        strbuf_free(&text);
        return false;
    }
    unlink(beside); /* of a crash; the lock is ours */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write_whole(fd, &text);
    int error = errno;
    if (fd >= 0 && close(fd) < 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && rename(beside, s->path) < 0) {
        ok = false;
        error = errno;
    }
    int folder = ok ? open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    if (!ok) {
        unlink(beside);
        fail(err, "cannot write the state of the alerts %.200s: %s", s->path, strerror(error));
    }
    free(beside);
    strbuf_free(&text);
    return ok;
}

void alert_store_close(struct alert_store *s)
{
    if (s->lock >= 0)
        close(s->lock);
    free(s->folder);
    free(s->path);
    *s = (struct alert_store){.lock = -1};
}
