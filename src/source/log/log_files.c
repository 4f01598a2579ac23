#include "source/log/log_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_siblings.h"
#include "source/log/log_unpack.h"

enum { OPEN_MAX = 128, MATCH_MAX = 4096 };

/* ---- files that are held ---- */

static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

static void put(struct log_files *f, const struct log_file *one)
{
    f->files = mem_grow(f->files, f->n, &f->cap, sizeof *f->files);
    f->files[f->n++] = *one;
}

void log_files_add(struct log_files *f, char *path, int64_t offset)
{
    struct log_file one = {.path = path, .offset = offset, .fd = -1};
    struct stat st;
    if (f->n < OPEN_MAX && (one.fd = open_file(path)) >= 0 &&
        (fstat(one.fd, &st) < 0 || !S_ISREG(st.st_mode)))
        log_files_close(&one);
    if (one.fd >= 0 || stat(path, &st) == 0) {
        one.dev = st.st_dev;
        one.ino = st.st_ino;
    }
    put(f, &one);
}

void log_files_add_open(struct log_files *f, const struct log_sibling *one, int64_t offset)
{
    put(f, &(struct log_file){
               .path = one->path, .fd = one->fd, .dev = one->dev, .ino = one->ino, .offset = offset});
}

static bool is_it(int fd, const struct log_file *one)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (!one->ino || (st.st_dev == one->dev && st.st_ino == one->ino));
}

/* It was renamed meanwhile: in its folder, by its number. */
static int find_renamed(const struct log_file *one)
{
    const char *slash = strrchr(one->path, '/');
    char *folder = slash ? mem_strndup(one->path, (size_t)(slash - one->path) + 1) : mem_strdup("./");
    DIR *d = opendir(folder);
    int fd = -1;
    for (struct dirent *e; d && fd < 0 && (e = readdir(d));) {
        if (e->d_ino != one->ino)
            continue;
        char *name = mem_printf("%s%s", folder, e->d_name);
        fd = open_file(name);
        free(name);
        if (fd >= 0 && !is_it(fd, one)) {
            close(fd);
            fd = -1;
        }
    }
    if (d)
        closedir(d);
    free(folder);
    return fd;
}

int log_files_open(struct log_file *one, const char **why)
{
    if (one->fd >= 0)
        return one->fd;
    one->fd = open_file(one->path);
    *why = strerror(errno);
    if (is_it(one->fd, one))
        return one->fd;
    if (one->fd >= 0)
        *why = "it is another file now";
    log_files_close(one);
    return one->fd = find_renamed(one);
}

void log_files_close(struct log_file *one)
{
    if (one->fd >= 0)
        close(one->fd);
    one->fd = -1;
}

const char *log_files_keep(struct log_files *f, const char *path)
{
    f->kept = mem_grow(f->kept, f->n_kept, &f->kept_cap, sizeof *f->kept);
    return f->kept[f->n_kept++] = mem_strdup(path);
}

void log_files_free(struct log_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        log_files_close(&f->files[i]);
        free(f->files[i].path);
        free(f->files[i].of);
    }
    for (size_t i = 0; i < f->n_kept; i++)
        free(f->kept[i]);
    free(f->files);
    free(f->kept);
    *f = (struct log_files){0};
}

/* ---- those that a pattern names ---- */

struct match {
    const char *path;
    int64_t written;
    struct log_order order;
    bool whole; /* the log itself, the others are what it was renamed to */
};

static int by_age(const void *a, const void *b)
{
    const struct match *x = a, *y = b;
    return x->written != y->written ? (x->written < y->written ? -1 : 1) : strcmp(y->path, x->path);
}

static int by_name(const void *a, const void *b)
{
    const struct match *x = a, *y = b;
    int c = x->whole != y->whole ? x->whole - y->whole
            : x->whole           ? 0
                                 : log_order_compare(&x->order, &y->order);
    return c ? c : by_age(a, b);
}

static bool is_name_end(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* What all names begin with, without a part of a number or a date, and what they end with: ".log". */
static size_t common_begin(const struct match *m, size_t n, size_t *end)
{
    size_t len = strlen(m[0].path);
    *end = len;
    for (size_t i = 1; i < n; i++) {
        size_t k = 0, e = 0, other = strlen(m[i].path);
        while (k < len && m[i].path[k] == m[0].path[k])
            k++;
        while (e < *end && e < other && m[i].path[other - 1 - e] == m[0].path[strlen(m[0].path) - 1 - e])
            e++;
        len = k;
        *end = e;
    }
    bool whole = false; /* is the beginning itself a name? */
    for (size_t i = 0; i < n; i++)
        whole |= !m[i].path[len];
    while (!whole && len && is_name_end(m[0].path[len - 1]))
        len--;
    const char *tail = m[0].path + strlen(m[0].path) - *end;
    while (*end && *tail != '.') { /* from a dot on */
        tail++;
        --*end;
    }
    if (str_eq(tail, ".gz") || str_eq(tail, ".zst") || whole)
        *end = 0;
    return len;
}

static bool order_by_names(struct match *m, size_t n)
{
    size_t end, begin = common_begin(m, n, &end);
    enum log_name by = LOG_NAME_OTHER;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(m[i].path);
        m[i].whole = len == begin;
        if (m[i].whole)
            continue;
        char *rest = mem_strndup(m[i].path + begin, len - begin - MIN(end, len - begin));
        m[i].order = log_order_of(rest);
        free(rest);
        if (m[i].order.by == LOG_NAME_OTHER || (by != LOG_NAME_OTHER && by != m[i].order.by))
            return false;
        by = m[i].order.by;
    }
    return by != LOG_NAME_OTHER;
}

bool log_files_match(struct log_files *f, const char *pattern)
{
    glob_t g;
    struct stat st;
    size_t n = 0;
    if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
        return false;
    struct match *m = mem_array(g.gl_pathc + 1, sizeof *m);
    for (size_t i = 0; i < g.gl_pathc && n < MATCH_MAX; i++)
        if (stat(g.gl_pathv[i], &st) == 0 && S_ISREG(st.st_mode))
            m[n++] = (struct match){.path = g.gl_pathv[i],
                                    .written = st.st_mtim.tv_sec * SD_S + st.st_mtim.tv_nsec};
    if (n)
        qsort(m, n, sizeof *m, order_by_names(m, n) ? by_name : by_age);
    for (size_t i = 0; i < n; i++)
        log_files_add(f, mem_strdup(m[i].path), 0);
    free(m);
    globfree(&g);
    return n > 0;
}

bool log_files_is_rotated(const struct log_files *f, const char *path)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_starts(path, f->files[i].path) && path[strlen(f->files[i].path)] &&
            log_order_of(path + strlen(f->files[i].path)).by != LOG_NAME_OTHER)
            return true;
    return false;
}

/* ---- reading ---- */

char *log_files_absolute(const char *path)
{
    char folder[4096];
    if (*path == '/' || !getcwd(folder, sizeof folder))
        return mem_strdup(path);
    return mem_printf("%s/%s", folder, path);
}

ssize_t log_files_head_fd(int fd, char *out, size_t size)
{
    ssize_t n = pread(fd, out, size, 0);
    if (n <= 0 || !log_is_packed_head(out, (size_t)n))
        return n;
    char *packed = mem_alloc((size_t)n);
    memcpy(packed, out, (size_t)n);
    n = (ssize_t)log_unpack_head(packed, (size_t)n, out, size);
    free(packed);
    return n;
}

ssize_t log_files_head(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t n = log_files_head_fd(fd, out, size);
    close(fd);
    return n;
}
