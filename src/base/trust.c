/* trust.c - paths, walked component by component. */
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINKS_MAX = 40 };

/* ---- judging ---- */

static bool others_write(const struct stat *st)
{
    return (st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid != 0);
}

bool trust_judge(const struct stat *st, uid_t self, bool sticky_is_safe, const char *what, const char *path,
                 struct sd_error *err)
{
    if (st->st_uid != 0 && st->st_uid != self)
        return fail(err, "the %s %.300s belongs to neither root nor you, so it is not trusted", what, path);
    if (S_ISLNK(st->st_mode) || !others_write(st) ||
        (sticky_is_safe && S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
        return true;
    bool all = st->st_mode & S_IWOTH;
    return fail(err, "the %s %.300s is writable by %s, so it is not trusted (chmod %s)", what, path,
                all ? "everyone" : "its group", all ? "o-w" : "g-w");
}

/* ---- walking ---- */

struct walk {
    uid_t self;
    bool reading;     /* everything on the way is judged; otherwise links alone */
    const char *what; /* the file, for sentences */
    const char *path; /* as given */

    int dir;             /* the folder reached, O_PATH */
    struct stat st;      /* of it */
    struct strbuf shown; /* its path */
    struct strbuf rest;  /* still to go */
    char last[NAME_MAX + 1];
    int links;
};

static bool cannot(const struct walk *w, struct sd_error *err)
{
    return fail(err, "cannot open the %s %.300s: %s", w->what, w->path, strerror(errno));
}

/* Goes into a folder of the one reached; "/" begins again. */
static bool enter(struct walk *w, const char *name, struct sd_error *err)
{
    int fd = openat(w->dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &w->st) < 0) {
        cannot(w, err);
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (w->dir >= 0)
        close(w->dir);
    w->dir = fd;
    if (*name == '/') {
        strbuf_clear(&w->shown);
    } else if (!strcmp(name, "..")) {
        char *slash = w->shown.len ? strrchr(w->shown.text, '/') : NULL;
        if (slash) {
            w->shown.len = (size_t)(slash - w->shown.text);
            *slash = 0;
        }
    } else {
        strbuf_printf(&w->shown, "/%s", name);
    }
    return !w->reading ||
           trust_judge(&w->st, w->self, true, "folder", w->shown.len ? w->shown.text : "/", err);
}

static bool follow(struct walk *w, const struct stat *link, struct sd_error *err)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(w->dir, w->last, target, sizeof target - 1);
    if (n >= 0 && ++w->links > LINKS_MAX)
        n = -1, errno = ELOOP;
    if (n < 0)
        return cannot(w, err);
    target[n] = 0;
    if (w->reading && !trust_judge(link, w->self, true, "symbolic link", w->path, err))
        return false;
    if (!w->reading && (others_write(&w->st) || (w->st.st_uid != 0 && w->st.st_uid != w->self)))
        return fail(err, "%.200s is not written: %.100s is a symbolic link in a folder that others may write",
                    w->path, w->last);
    struct strbuf rest = {0};
    strbuf_printf(&rest, "%s/%s", target, strbuf_text(&w->rest));
    strbuf_free(&w->rest);
    w->rest = rest;
    return *target != '/' || enter(w, "/", err);
}

/* Takes the next component out of the rest into `last`; false when there is none. */
static bool next(struct walk *w, struct sd_error *err)
{
    const char *p = strbuf_text(&w->rest);
    p += strspn(p, "/");
    size_t n = strcspn(p, "/");
    if (n > NAME_MAX) {
        errno = ENAMETOOLONG;
        return cannot(w, err);
    }
    memcpy(w->last, p, n);
    w->last[n] = 0;
    char *rest = mem_strdup(p + n + strspn(p + n, "/"));
    strbuf_free(&w->rest);
    strbuf_str(&w->rest, rest);
    free(rest);
    return true;
}

/* To the folder that holds the file; w->last is the file's name, which may be missing. */
static bool walk(struct walk *w, struct sd_error *err)
{
    w->dir = -1;
    char *here = *w->path == '/' ? mem_strdup("") : getcwd(NULL, 0);
    if (!here || !*w->path) {
        errno = here ? ENOENT : errno;
        free(here);
        return cannot(w, err);
    }
    strbuf_printf(&w->rest, "%s/%s", here, w->path);
    free(here);
    if (!enter(w, "/", err))
        return false;
    for (;;) {
        struct stat st;
        if (!next(w, err))
            return false;
        bool last = !w->rest.len;
        if (!*w->last || !strcmp(w->last, ".")) {
            if (!last)
                continue;
            memcpy(w->last, ".", 2);
            return true;
        }
        if (fstatat(w->dir, w->last, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return (last && errno == ENOENT) || cannot(w, err);
        if (S_ISLNK(st.st_mode)) {
            if (!follow(w, &st, err))
                return false;
        } else if (last) {
            return true;
        } else if (!enter(w, w->last, err)) {
            return false;
        }
    }
}

static void walk_end(struct walk *w)
{
    if (w->dir >= 0)
        close(w->dir);
    strbuf_free(&w->shown);
    strbuf_free(&w->rest);
}

/* ---- what is read ---- */

/* A descriptor of ours under a name. */
static bool is_descriptor(const char *path)
{
    return !strcmp(path, "/dev/stdin") || str_starts(path, "/dev/fd/") || str_starts(path, "/proc/self/fd/");
}

int trust_open_as(uid_t self, const char *what, const char *path, struct sd_error *err)
{
    struct walk w = {.self = self, .reading = true, .what = what, .path = path, .dir = -1};
    struct stat st;
    int fd = -1;
    bool given = is_descriptor(path);
    if (given || walk(&w, err)) {
        fd = given ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
                   : openat(w.dir, w.last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        bool fine = fd >= 0 && fstat(fd, &st) == 0;
        if (!fine)
            cannot(&w, err);
        else if (!S_ISREG(st.st_mode) && !(given && S_ISFIFO(st.st_mode)))
            fine = fail(err, "the %s %.300s is not a regular file", what, path);
        else if (S_ISREG(st.st_mode))
            fine = trust_judge(&st, self, false, what, path, err);
        if (!fine && fd >= 0) {
            close(fd);
            fd = -1;
        }
    }
    walk_end(&w);
    return fd;
}

int trust_open(const char *what, const char *path, struct sd_error *err)
{
    return trust_open_as(geteuid(), what, path, err);
}

bool trust_read(const char *what, const char *path, size_t limit, char **data, size_t *len,
                struct sd_error *err)
{
    if (!strcmp(path, "-"))
        return file_read(path, limit, data, len, err);
    int fd = trust_open(what, path, err);
    if (fd < 0)
        return false;
    bool ok = file_read_fd(fd, path, limit, data, len, err);
    close(fd);
    return ok;
}

/* A file of root that a service reads through a group of its own is how secrets are kept in /etc. */
static bool only_for_us(int fd, const char *path, struct sd_error *err)
{
    struct stat st;
    mode_t others = S_IRWXO | S_IRWXG;
    if (fstat(fd, &st) != 0)
        return fail(err, "%.200s cannot be examined", path);
    if (st.st_uid == 0 && geteuid() != 0)
        others = S_IRWXO | S_IWGRP;
    return !(st.st_mode & others) ||
           fail(err, "%.200s holds a secret and can be read by others; chmod 600 makes it private", path);
}

char *trust_secret(const char *path, size_t limit, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    int fd = trust_open("secret", path, err);
    bool there = fd >= 0 && only_for_us(fd, path, err) && file_read_fd(fd, path, limit, &text, &len, err) &&
                 (strlen(text) == len || fail(err, "%.200s holds a byte 0", path));
    if (fd >= 0)
        close(fd);
    if (there)
        return text;
    free(text);
    return NULL;
}

bool trust_folder(const char *path, struct sd_error *err)
{
    struct walk w = {.self = geteuid(), .reading = true, .what = "folder", .path = path, .dir = -1};
    bool fine = walk(&w, err) && (!strcmp(w.last, ".") || enter(&w, w.last, err)) &&
                trust_judge(&w.st, w.self, false, "folder", path, err);
    walk_end(&w);
    return fine;
}

/* ---- what is written ---- */

/* What was opened, though it was there before: may it be written? */
static bool may_continue(int fd, const char *path, bool fifo, uid_t self, struct sd_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail(err, "cannot stat %.300s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) && !(fifo && S_ISFIFO(st.st_mode)))
        return fail(err, "%.300s is not written: it is not a regular file", path);
    if (st.st_uid != 0 && st.st_uid != self)
        return fail(err, "%.300s is not written: it belongs to neither root nor you", path);
    if (S_ISFIFO(st.st_mode))
        return true;
    if (others_write(&st))
        return fail(err, "%.300s is not written: others may write it too (chmod go-w)", path);
    if (st.st_nlink > 1)
        return fail(err, "%.300s is not written: it has more than one hard link", path);
    return true;
}

static int open_existing(const struct walk *w, bool fifo, struct sd_error *err)
{
    struct stat st;
    if (fstatat(w->dir, w->last, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) &&
        !(fifo && S_ISFIFO(st.st_mode))) { /* opening a device can do things */
        fail(err, "%.300s is not written: it is %s", w->path,
             S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
        return -1;
    }
    int flags = O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = openat(w->dir, w->last, (S_ISFIFO(st.st_mode) ? O_WRONLY : O_RDWR) | flags);
    if (fd < 0 && errno == ENXIO)
        fail(err, "no process reads the pipe %.300s; start the reader first", w->path);
    else if (fd < 0)
        fail(err, "cannot write %.300s: %s", w->path, strerror(errno));
    else if (!may_continue(fd, w->path, fifo, w->self, err)) {
        close(fd);
        fd = -1;
    } else {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    }
    return fd;
}

int output_open(const char *path, enum output_how how, bool fifo, struct sd_error *err)
{
    struct walk w = {.self = geteuid(), .what = "file", .path = path, .dir = -1};
    struct stat st;
    int fd = -1;
    if (walk(&w, err)) {
        fd = openat(w.dir, w.last, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
                    0600);
        if (fd < 0 && errno != EEXIST)
            fail(err, "cannot write %.300s: %s", path, strerror(errno));
        else if (fd < 0 && how == OUTPUT_NEW &&
                 !(fifo && fstatat(w.dir, w.last, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISFIFO(st.st_mode)))
            fail(err, "%.300s exists already; choose another name", path);
        else if (fd < 0)
            fd = open_existing(&w, fifo, err);
    }
    walk_end(&w);
    return fd;
}
