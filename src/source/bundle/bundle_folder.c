#include "source/bundle/bundle_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MOST = 100000, ENTRIES_MOST = 1000000, DEEPEST = 32 };

bool bundle_folder_open(struct bundle_folder *f, const char *path, struct sd_error *err)
{
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f->path = mem_strdup(path);
    return f->fd >= 0 || fail(err, "cannot open the folder %.300s: %s", path, strerror(errno));
}

void bundle_folder_close(struct bundle_folder *f)
{
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    *f = (struct bundle_folder){.fd = -1};
}

/* One part of a path. */
static int open_part(int folder, const char *name, size_t n, bool last)
{
    char *part = mem_strndup(name, n);
    int fd = -1;
    errno = ENOENT;
    if (n && !str_eq(part, ".") && !str_eq(part, ".."))
        fd = openat(folder, part,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (last ? 0 : O_DIRECTORY));
    int why = errno;
    free(part);
    errno = why;
    return fd;
}

/* Part by part, so that none of them can be a link. */
static int open_below(int folder, const char *name)
{
    int at = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    for (bool last = false; at >= 0 && !last;) {
        size_t n = strcspn(name, "/");
        last = !name[n];
        int next = open_part(at, name, n, last), why = errno;
        close(at);
        errno = why;
        at = next;
        name += n + !last;
    }
    return at;
}

static int open_file(const struct bundle_folder *f, const char *name, struct sd_error *err)
{
    struct stat st;
    int fd = open_below(f->fd, name);
    if (fd < 0) {
        fail(err, "cannot open %.200s: %s", name, errno == ELOOP ? "it is a symbolic link" : strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    fail(err, "%.200s is no regular file", name);
    return -1;
}

bool bundle_folder_read(const struct bundle_folder *f, const char *name, size_t limit, char **data,
                        size_t *len, struct sd_error *err)
{
    int fd = open_file(f, name, err);
    if (fd < 0)
        return false;
    bool good = file_read_fd(fd, name, limit, data, len, err);
    close(fd);
    return good;
}

size_t bundle_folder_head(const struct bundle_folder *f, const char *name, char *head, size_t size)
{
    struct sd_error err;
    int fd = open_file(f, name, &err);
    ssize_t n = fd >= 0 ? read(fd, head, size) : 0;
    if (fd >= 0)
        close(fd);
    return n > 0 ? (size_t)n : 0;
}

bool bundle_folder_has(const struct bundle_folder *f, const char *name)
{
    struct sd_error err;
    int fd = open_file(f, name, &err);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- listing ---- */

struct walk {
    struct bundle_files *out;
    bool (*wanted)(const char *name);
    size_t entries;
    bool deep;
};

static void walk_into(struct walk *w, int folder, const char *prefix, int depth);

static void visit_folder(struct walk *w, int folder, const char *path, const char *name, int depth)
{
    if (!w->deep || depth >= DEEPEST || *name == '.' || str_eq(name, "node_modules"))
        return;
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        walk_into(w, fd, path, depth + 1);
}

static void visit(struct walk *w, int folder, const char *prefix, const char *name, int depth)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    char *path = *prefix ? mem_printf("%s/%s", prefix, name) : mem_strdup(name);
    if (S_ISLNK(st.st_mode)) {
        w->out->links += w->wanted(path);
    } else if (S_ISDIR(st.st_mode)) {
        visit_folder(w, folder, path, name, depth);
    } else if (S_ISREG(st.st_mode) && w->wanted(path)) {
        w->out->names = mem_grow(w->out->names, w->out->n, &w->out->cap, sizeof *w->out->names);
        w->out->names[w->out->n++] = path;
        path = NULL;
    }
    free(path);
}

static void walk_into(struct walk *w, int folder, const char *prefix, int depth)
{
    DIR *d = fdopendir(folder);
    struct dirent *e;
    if (!d) {
        close(folder);
        return;
    }
    while (!w->out->cut && (e = readdir(d))) {
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
            continue;
        visit(w, folder, prefix, e->d_name, depth);
        w->out->cut = ++w->entries >= ENTRIES_MOST || w->out->n >= FILES_MOST;
    }
    closedir(d);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void bundle_folder_list(const struct bundle_folder *f, bool deep, bool (*wanted)(const char *name),
                        struct bundle_files *out)
{
    struct walk w = {.out = out, .wanted = wanted, .deep = deep};
    *out = (struct bundle_files){0};
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        walk_into(&w, fd, "", 0);
    if (out->n)
        qsort(out->names, out->n, sizeof *out->names, by_name);
}

void bundle_files_free(struct bundle_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->names[i]);
    free(files->names);
    *files = (struct bundle_files){0};
}
