/* memcached_detail.c - "stats detail on", and off again in any case.
 *
 * A file in the user's state folder says that it is on because of us. The slowdive that switched it on holds
 * a lock on the file; when it was killed, the next one that watches the server gets the lock and switches it
 * off. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/memcached/memcached.h"

/* How long the end may wait for the server. */
#define END_MS 300

/* NULL: there is no home. Caller frees. */
static char *state_folder(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state == '/')
        return mem_printf("%s/slowdive", state);
    return home && *home == '/' ? mem_printf("%s/.local/state/slowdive", home) : NULL;
}

static char *state_path(const struct memcached *x)
{
    char *folder = state_folder();
    char *path = folder ? mem_printf("%s/memcached-detail-%016llx", folder,
                                     (unsigned long long)str_hash(x->where, strlen(x->where)))
                        : NULL;
    free(folder);
    return path;
}

static void make_folders(void)
{
    char *folder = state_folder();
    for (char *slash = folder ? strchr(folder + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(folder, 0700);
        *slash = '/';
    }
    if (folder)
        mkdir(folder, 0700);
    free(folder);
}

/* The locked file; -1: there is none, or another slowdive has it (errno EWOULDBLOCK). */
static int lock_file(const char *path, int flags)
{
    int fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600) : -1;
    struct stat st, now;
    if (fd < 0)
        return -1;
    bool ours = flock(fd, LOCK_EX | LOCK_NB) == 0;
    int problem = errno;
    /* Who removed it while we opened it has switched it off. */
    if (ours && fstat(fd, &st) == 0 && stat(path, &now) == 0 && st.st_ino == now.st_ino)
        return fd;
    close(fd);
    errno = ours ? ENOENT : problem;
    return -1;
}

static void unlock_file(const struct memcached *x, int fd)
{
    char *path = state_path(x);
    if (path)
        unlink(path);
    free(path);
    close(fd);
}

static enum sd_result switch_detail(struct sd_source *s, struct memcached *x, bool on, struct sd_error *err)
{
    enum sd_result r = memcached_ask(s, x, on ? "stats detail on\r\n" : "stats detail off\r\n", err);
    if (r == SD_OK && !str_starts(strbuf_text(&x->answer), "OK"))
        return sd_fail(err, SD_UNSUPPORTED, "memcached at %.200s refused stats detail", x->where);
    return r;
}

enum sd_result detail_recover(struct sd_source *s, struct memcached *x, struct sd_error *err)
{
    char *path = state_path(x);
    int fd = lock_file(path, 0);
    free(path);
    if (fd < 0)
        return SD_OK;
    enum sd_result r = switch_detail(s, x, false, err);
    if (r != SD_OK && r != SD_UNSUPPORTED) {
        close(fd); /* the file stays: it is still on */
        return r;
    }
    unlock_file(x, fd);
    s->host->log(s, "stats detail was still on, of a slowdive that was killed: switched off");
    s->host->note(s, SD_STATE_LIVE,
                  "stats detail was still on, of a slowdive that was killed: it is switched off");
    return SD_OK;
}

/* The counts so far, which are not of the time watched. */
static enum sd_result read_before(struct sd_source *s, struct memcached *x, struct sd_error *err)
{
    enum sd_result r = memcached_ask(s, x, "stats detail dump\r\n", err);
    memcached_prefixes_free(&x->detail.before);
    if (r == SD_OK && !memcached_prefixes_read(&x->detail.before, x->answer.text, x->answer.len, err))
        return SD_UNSUPPORTED;
    x->detail.since = s->host->now(s);
    return r;
}

enum sd_result detail_begin(struct sd_source *s, struct memcached *x, int64_t limit_ns, struct sd_error *err)
{
    enum sd_result r = memcached_ask(s, x, "stats settings\r\n", err);
    if (r != SD_OK)
        return r;
    memcached_stats_clear(&x->stats);
    if (!memcached_stats_read(&x->stats, x->answer.text, x->answer.len, err))
        return SD_UNSUPPORTED;
    if (limit_ns > 0 && x->detail.lock >= 0)
        x->detail.until = MAX(x->detail.until, s->host->now(s) + limit_ns);
    if (x->stats.detail_on)
        return x->detail.since ? SD_OK : read_before(s, x, err);
    make_folders();
    char *path = state_path(x);
    int fd = lock_file(path, O_CREAT);
    int problem = errno;
    bool home = path != NULL;
    free(path);
    if (fd < 0)
        return sd_fail(err, SD_UNSUPPORTED,
                       "stats detail is not switched on: a file that says so cannot be made in the state "
                       "folder (%s), so it would stay on if slowdive was killed",
                       home ? strerror(problem) : "there is no home");
    dprintf(fd, "stats detail of memcached %s is on\n", x->where);
    x->detail.lock = fd;
    r = switch_detail(s, x, true, err);
    if (r == SD_OK)
        r = read_before(s, x, err);
    if (r == SD_UNSUPPORTED)
        detail_end(s, x, false);
    if (r != SD_OK)
        return r;
    x->detail.until = limit_ns > 0 ? s->host->now(s) + limit_ns : 0;
    s->host->log(s, "stats detail of %s is on; it is switched off at the end", x->name);
    s->host->note(s, SD_STATE_LIVE,
                  "stats detail is on, for the counts by prefix; it is switched off again at the end");
    return SD_OK;
}

enum sd_result detail_read(struct sd_source *s, struct memcached *x, struct sd_batch *b, struct sd_error *err)
{
    struct detail *d = &x->detail;
    sd_time now = s->host->now(s);
    if (!x->stats.detail_on) {
        d->since = 0;
        return SD_OK;
    }
    if (!d->since) /* somebody else counts */
        return read_before(s, x, err);
    enum sd_result r = memcached_ask(s, x, "stats detail dump\r\n", err);
    if (r != SD_OK)
        return r;
    struct memcached_prefixes p = {.n = 0};
    if (memcached_prefixes_read(&p, x->answer.text, x->answer.len, err))
        memcached_prefixes_add(&p, &d->before, &x->stats, x->name, MAX(now - d->since, (int64_t)1), s->host,
                               b);
    memcached_prefixes_free(&p);
    if (d->until && now >= d->until)
        detail_end(s, x, false);
    return SD_OK;
}

/* The host does not wait for an instance that is to stop. */
static bool switch_off_now(struct memcached *x)
{
    char answer[64];
    size_t n = 0;
    static const char OFF[] = "stats detail off\r\n";
    if (x->fd < 0 || send(x->fd, OFF, sizeof OFF - 1, MSG_NOSIGNAL) != (ssize_t)sizeof OFF - 1)
        return false;
    struct pollfd p = {.fd = x->fd, .events = POLLIN};
    /* What is left of an answer that was waited for comes first. */
    while (poll(&p, 1, END_MS) > 0) {
        ssize_t got = recv(x->fd, answer + n, sizeof answer - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        answer[n] = 0;
        if (str_ends(answer, "OK\r\n"))
            return true;
        size_t kept = MIN(n, (size_t)8);
        memmove(answer, answer + n - kept, kept);
        n = kept;
    }
    return false;
}

void detail_end(struct sd_source *s, struct memcached *x, bool stopping)
{
    struct detail *d = &x->detail;
    struct sd_error err;
    if (d->lock < 0)
        return;
    bool off = stopping ? switch_off_now(x) : switch_detail(s, x, false, &err) == SD_OK;
    if (off) {
        unlock_file(x, d->lock);
        s->host->log(s, "stats detail of %s is off again", x->name);
        if (!stopping)
            s->host->note(s, SD_STATE_LIVE, "stats detail is off again");
    } else { /* the file stays, and says what to do at the next start */
        s->host->log(s, "stats detail of %s could not be switched off: it is at the next start", x->name);
        close(d->lock);
    }
    d->lock = -1;
    d->until = d->since = 0;
}
