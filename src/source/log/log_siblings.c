#include "source/log/log_siblings.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_unpack.h"

enum { MOST = 500, LOOKS = 20 };

static bool open_one(const char *path, struct log_sibling *out)
{
    struct stat st;
    char head[4];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return false;
    }
    ssize_t n = pread(fd, head, sizeof head, 0);
    *out = (struct log_sibling){.fd = fd,
                                .dev = st.st_dev,
                                .ino = st.st_ino,
                                .written = st.st_mtim.tv_sec * SD_S + st.st_mtim.tv_nsec,
                                .packed = n > 0 && log_is_packed_head(head, (size_t)n)};
    return true;
}

static void look(const char *path, struct log_siblings *out)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char *folder = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup("./");
    size_t len = strlen(base);
    DIR *d = opendir(folder);
    for (struct dirent *e; d && out->n < MOST && (e = readdir(d));) {
        struct log_sibling one;
        if (strncmp(e->d_name, base, len) != 0 || (e->d_name[len] != '.' && e->d_name[len] != '-'))
            continue;
        char *name = mem_printf("%s%s", folder, e->d_name);
        if (!open_one(name, &one)) {
            free(name);
            continue;
        }
        one.path = name;
        one.order = log_order_of(e->d_name + len);
        out->items = mem_grow(out->items, out->n, &out->cap, sizeof *out->items);
        out->items[out->n++] = one;
    }
    if (d)
        closedir(d);
    free(folder);
}

void log_siblings_free(struct log_siblings *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->items[i].fd >= 0)
            close(s->items[i].fd);
        free(s->items[i].path);
    }
    free(s->items);
    *s = (struct log_siblings){0};
}

static int by_order(const void *a, const void *b)
{
    static const int RANK[] = {[LOG_NAME_NUMBER] = 0, [LOG_NAME_DATE] = 1, [LOG_NAME_OTHER] = 2};
    const struct log_sibling *x = a, *y = b;
    if (x->order.by != y->order.by)
        return RANK[x->order.by] - RANK[y->order.by];
    int c = x->order.by == LOG_NAME_OTHER ? (x->written > y->written) - (x->written < y->written)
                                          : log_order_compare(&x->order, &y->order);
    if (!c)
        c = x->order.packed - y->order.packed;
    return c ? c : strcmp(y->path, x->path);
}

static bool same(const struct log_siblings *a, const struct log_siblings *b)
{
    bool all = a->n == b->n;
    for (size_t i = 0; all && i < a->n; i++)
        all = a->items[i].ino == b->items[i].ino && a->items[i].dev == b->items[i].dev &&
              str_eq(a->items[i].path, b->items[i].path);
    return all;
}

/* While one is packed there are both: .1 and a beginning of .1.gz. */
static void leave_packed_copies(struct log_siblings *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct log_sibling *one = &s->items[i], *last = n ? &s->items[n - 1] : NULL;
        if (last && one->order.by != LOG_NAME_OTHER && last->order.by == one->order.by && one->order.packed &&
            !log_order_compare(&last->order, &one->order)) {
            close(one->fd);
            free(one->path);
            continue;
        }
        s->items[n++] = s->items[i];
    }
    s->n = n;
}

/* Most number them anew at each rotation, so that 1 is the newest; some count on. That is told by when they
 * were written: only where all of them say so, as a file that was packed may say when that was. */
static void turn_where_numbers_count_on(struct log_siblings *s)
{
    size_t n = 0;
    bool grow = true;
    for (; n < s->n && s->items[n].order.by == LOG_NAME_NUMBER; n++)
        grow &= !n || s->items[n - 1].written > s->items[n].written;
    for (size_t i = 0; grow && i < n / 2; i++) {
        struct log_sibling one = s->items[i];
        s->items[i] = s->items[n - 1 - i];
        s->items[n - 1 - i] = one;
    }
}

/* A rotation renames them one by one: until two looks find the same. */
void log_siblings_of(const char *path, struct log_siblings *out)
{
    struct log_siblings again;
    *out = (struct log_siblings){0};
    look(path, out);
    for (int i = 0; i < LOOKS; i++) {
        again = (struct log_siblings){0};
        look(path, &again);
        if (out->n)
            qsort(out->items, out->n, sizeof *out->items, by_order);
        if (again.n)
            qsort(again.items, again.n, sizeof *again.items, by_order);
        bool settled = same(out, &again);
        log_siblings_free(out);
        *out = again;
        if (settled)
            break;
    }
    leave_packed_copies(out);
    turn_where_numbers_count_on(out);
}

struct log_sibling *log_siblings_next(struct log_siblings *s, size_t i)
{
    if (i + 1 >= s->n || s->items[i].order.by == LOG_NAME_OTHER ||
        s->items[i + 1].order.by != s->items[i].order.by)
        return NULL;
    return &s->items[i + 1];
}

struct log_sibling log_siblings_take(struct log_sibling *one)
{
    struct log_sibling taken = *one;
    one->path = NULL;
    one->fd = -1;
    return taken;
}
