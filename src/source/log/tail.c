#include "source/log/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINGER (2 * SD_S)

static void file_close(struct tail_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    accesslog_carry_free(&f->carry);
    *f = (struct tail_file){.fd = -1};
}

/* Where the kernel (before 5.6) or a filter of system calls knows no openat2, only the last
 * component is held to be no link. */
static int open_without(enum tail_links links, const char *path)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (links == TAIL_LINK ? 0 : O_NOFOLLOW);
    if (links == TAIL_NO_LINK) {
        struct open_how how = {.flags = (uint64_t)flags, .resolve = RESOLVE_NO_SYMLINKS};
        int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return fd;
    }
    return open(path, flags);
}

static const char *what_it_is(mode_t mode)
{
    return S_ISDIR(mode)    ? "is a folder now, which is not read"
           : S_ISLNK(mode)  ? "is a symbolic link now, which is not followed"
           : S_ISFIFO(mode) ? "is a pipe now, which is not read"
           : S_ISSOCK(mode) ? "is a socket now, which is not read"
                            : "is a device now, which is not read";
}

/* NULL, or why not. */
static const char *file_open(struct tail_file *f, const char *path, enum tail_links links, struct stat *st)
{
    const char *why = NULL;
    f->fd = open_without(links, path);
    if (f->fd < 0)
        return errno == ELOOP    ? "is behind a symbolic link now, which is not followed"
               : errno == ENOENT ? "is gone"
                                 : "cannot be opened";
    if (fstat(f->fd, st) < 0)
        why = "cannot be read";
    else if (!S_ISREG(st->st_mode))
        why = what_it_is(st->st_mode);
    if (why) {
        file_close(f);
        errno = 0; /* no failed call: what is there is not wanted */
        return why;
    }
    f->dev = st->st_dev;
    f->ino = st->st_ino;
    return NULL;
}

bool tail_open(struct tail *t, const char *path, int64_t backlog, struct sd_error *err)
{
    struct stat st;
    *t = (struct tail){.path = path, .now.fd = -1, .old.fd = -1, .packed.fd = -1};
    const char *why;
    while ((why = file_open(&t->now, path, t->links, &st)) && errno == ELOOP && t->links < TAIL_LINK)
        t->links++;
    if (why)
        return fail(err, "cannot open %.300s: %s", path,
                    errno ? strerror(errno) : "it is not a regular file");
    if (st.st_size > backlog) {
        /* One byte earlier: then a line that starts right there is not taken for a rest. */
        t->now.offset = st.st_size - backlog - 1;
        t->now.carry.skipping = true;
    }
    return true;
}

void tail_close(struct tail *t)
{
    file_close(&t->now);
    file_close(&t->old);
    if (t->packed.fd >= 0)
        close(t->packed.fd);
    free(t->packed.path);
    t->packed = (struct log_sibling){.fd = -1};
}

static size_t file_read_some(struct tail_file *f, char *buffer, size_t size)
{
    ssize_t n;
    do
        n = pread(f->fd, buffer, size, f->offset);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return 0;
    f->offset += n;
    return (size_t)n;
}

static size_t missing(struct tail *t, const char *why)
{
    t->missing = true;
    t->why = why;
    return 0;
}

/* The file that had the name next after the one that is being left; NULL: it has it now, or is not known. One
 * that is gone was packed or removed: what was written later came after it. */
static struct log_sibling *find_next(const struct tail *t, struct log_siblings *all)
{
    struct stat st;
    for (size_t i = all->n; i-- > 0;)
        if (all->items[i].ino == t->left_ino && all->items[i].dev == t->left_dev)
            return log_siblings_next(all, i);
    if (t->now.fd < 0 || fstat(t->now.fd, &st) < 0 || st.st_nlink)
        return NULL;
    int64_t written = st.st_mtim.tv_sec * SD_S + st.st_mtim.tv_nsec;
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].order.by != LOG_NAME_OTHER && all->items[i].written > written)
            return &all->items[i];
    return NULL;
}

/* `next` has the name now. When it was given on more than once meanwhile, what comes between is next, or
 * waits packed. It was opened before this looks, so that nothing comes between any more. */
static void go_on_between(struct tail *t, struct tail_file *next)
{
    struct log_siblings all;
    if (t->now.fd >= 0) {
        t->left_dev = t->now.dev;
        t->left_ino = t->now.ino;
    } else if (!t->left_ino) {
        return;
    }
    log_siblings_of(t->path, &all);
    struct log_sibling *found = find_next(t, &all);
    if (found && (found->ino != next->ino || found->dev != next->dev)) {
        struct log_sibling one = log_siblings_take(found);
        file_close(next);
        t->left_dev = one.dev;
        t->left_ino = one.ino;
        if (one.packed) {
            t->packed = one;
        } else {
            *next = (struct tail_file){.fd = one.fd, .dev = one.dev, .ino = one.ino};
            free(one.path);
        }
    }
    log_siblings_free(&all);
}

size_t tail_read(struct tail *t, char *buffer, size_t size, sd_time now, struct accesslog_carry **whose,
                 struct accesslog_carry **ended)
{
    size_t n;
    struct stat st, there;
    *ended = NULL;
    if (t->old.fd >= 0) {
        if ((n = file_read_some(&t->old, buffer, size))) {
            t->old_since = now;
            *whose = &t->old.carry;
            return n;
        }
        if (now - t->old_since >= LINGER) {
            if (t->old.carry.text.len) {
                *ended = &t->old.carry;
                t->old_since = now; /* comes here again with an empty carry */
                return 0;
            }
            file_close(&t->old);
        }
    }
    *whose = &t->now.carry;
    if (t->now.fd >= 0) {
        if ((n = file_read_some(&t->now, buffer, size)))
            return n;
        if (fstat(t->now.fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < t->now.offset) {
            t->now.offset = 0; /* copytruncate */
            t->rotations++;
            *ended = &t->now.carry;
            return 0;
        }
    }
    if (fstatat(AT_FDCWD, t->path, &there, t->links == TAIL_LINK ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        return missing(t, "is gone");
    if (!S_ISREG(there.st_mode)) /* not even opened: of a device that does things */
        return missing(t, what_it_is(there.st_mode));
    if (t->now.fd >= 0 && there.st_ino == t->now.ino && there.st_dev == t->now.dev) {
        t->missing = false;
        return 0;
    }
    if (t->old.fd >= 0 && t->old.carry.text.len) { /* two rotations within the linger */
        t->old_since = now - LINGER;
        return 0;
    }
    struct tail_file next = {.fd = -1};
    const char *why = file_open(&next, t->path, t->links, &st);
    if (why)
        return missing(t, why);
    go_on_between(t, &next);
    /* The old file was at its end a moment ago, but its writer may not be through. */
    file_close(&t->old);
    t->old = t->now;
    t->old_since = now;
    t->now = next;
    t->rotations++;
    t->missing = false;
    *whose = &t->old.carry;
    n = t->old.fd >= 0 ? file_read_some(&t->old, buffer, size) : 0;
    if (n)
        return n;
    *whose = &t->now.carry;
    return t->now.fd >= 0 ? file_read_some(&t->now, buffer, size) : 0;
}
