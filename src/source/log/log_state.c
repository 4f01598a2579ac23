#include "source/log/log_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_unpack.h"

static const char HEADER[] = "slowdive: how far logs were read, 1\n";

/* ---- places ---- */

static bool hash_at(int fd, int64_t from, size_t n, uint64_t *hash)
{
    char bytes[LOG_PLACE_BYTES];
    for (size_t at = 0; at < n;) {
        ssize_t r = pread(fd, bytes + at, n - at, from + (int64_t)at);
        if (r <= 0)
            return false;
        at += (size_t)r;
    }
    *hash = str_hash(bytes, n);
    return true;
}

bool log_place_of(int fd, int64_t offset, struct log_place *place)
{
    struct stat st;
    size_t n = (size_t)MIN(offset, (int64_t)LOG_PLACE_BYTES);
    if (fstat(fd, &st) < 0)
        return false;
    *place = (struct log_place){.dev = st.st_dev, .ino = st.st_ino, .offset = offset};
    return hash_at(fd, 0, n, &place->head) && hash_at(fd, offset - (int64_t)n, n, &place->before);
}

bool log_place_is_in(int fd, const struct log_place *place)
{
    struct log_place now; /* nothing before it proves nothing: then it has to be the same file */
    return log_place_of(fd, place->offset, &now) && (place->offset > 0 || now.ino == place->ino) &&
           now.head == place->head && now.before == place->before;
}

/* ---- the file ---- */

static bool no_state(const char *file, struct sd_error *err)
{
    return fail(err, "%.200s is no state file of slowdive; name another one, or remove it", file);
}

static bool read_all(const char *file, char **text, struct sd_error *err)
{
    enum { MOST = 1 << 20 };
    struct stat st;
    *text = NULL;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0)
        return fail(err, "cannot open the state file %.200s: %s", file, strerror(errno));
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MOST;
    *text = mem_alloc(MOST + 1);
    ssize_t n = ok ? read(fd, *text, MOST) : -1;
    close(fd);
    if (n > 0)
        (*text)[n] = 0;
    if (n > 0 && str_starts(*text, HEADER) && !memchr(*text, 0, (size_t)n) && (*text)[n - 1] == '\n')
        return true;
    free(*text);
    *text = NULL;
    return n == 0 || no_state(file, err);
}

/* A line is of `path`: its place. */
static bool line_is(const char *line, size_t len, const char *path, struct log_place *p)
{
    int used = 0;
    size_t n = strlen(path);
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNx64 " %" SCNx64 " %n", &p->dev, &p->ino,
               &p->offset, &p->head, &p->before, &used) != 5 ||
        p->offset < 0)
        return false;
    return (size_t)used + n == len && !memcmp(line + used, path, n);
}

void log_place_print(const struct log_place *place, char out[LOG_PLACE_TEXT])
{
    snprintf(out, LOG_PLACE_TEXT, "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIx64 " %" PRIx64, place->dev,
             place->ino, place->offset, place->head, place->before);
}

bool log_place_find(const char *const *lines, const char *path, struct log_place *place)
{
    for (size_t i = 0; lines && lines[i]; i++)
        if (line_is(lines[i], strlen(lines[i]), path, place))
            return true;
    return false;
}

bool log_state_read(const char *file, const char *path, struct log_place *place, bool *found,
                    struct sd_error *err)
{
    char *text;
    *found = false;
    if (!read_all(file, &text, err))
        return false;
    for (char *s = text ? text + sizeof HEADER - 1 : NULL, *stop; s && (stop = strchr(s, '\n'));
         s = stop + 1) {
        *stop = 0; /* sscanf stays in the line */
        if (line_is(s, (size_t)(stop - s), path, place)) {
            *found = true;
            break;
        }
    }
    free(text);
    return true;
}

static bool write_beside(const char *file, const struct strbuf *b, struct sd_error *err)
{
    char *beside = mem_printf("%s.%ld", file, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST && unlink(beside) == 0) /* of a process that was killed */
        fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write(fd, b->text, b->len) == (ssize_t)b->len;
    ok = (fd < 0 || close(fd) == 0) && ok;
    if (ok && rename(beside, file) == 0) {
        free(beside);
        return true;
    }
    fail(err, "cannot write the state file %.200s: %s", file, strerror(errno));
    if (fd >= 0)
        unlink(beside);
    free(beside);
    return false;
}

/* The lock of the folder: other workers read, change and replace the file as well. */
static int lock_folder(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *folder = slash ? mem_strndup(file, (size_t)(slash - file) + 1) : mem_strdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

bool log_state_write(const char *file, const char *path, const struct log_place *place, struct sd_error *err)
{
    char *text = NULL;
    struct strbuf b = {0};
    struct log_place other;
    int lock = lock_folder(file);
    bool ok = read_all(file, &text, err);
    strbuf_str(&b, HEADER);
    for (const char *s = text ? text + sizeof HEADER - 1 : NULL, *stop; s && (stop = strchr(s, '\n'));
         s = stop + 1) {
        char *line = mem_strndup(s, (size_t)(stop - s));
        if (!line_is(line, (size_t)(stop - s), path, &other))
            strbuf_printf(&b, "%s\n", line);
        free(line);
    }
    char text_of[LOG_PLACE_TEXT];
    log_place_print(place, text_of);
    strbuf_printf(&b, "%s %s\n", text_of, path);
    ok = ok && write_beside(file, &b, err);
    if (lock >= 0)
        close(lock);
    strbuf_free(&b);
    free(text);
    return ok;
}

/* ---- what it was renamed to ---- */

/* The bytes of a packed file, gone through to the place. */
struct going {
    const struct log_place *place;
    int64_t at;
    char head[LOG_PLACE_BYTES], ring[LOG_PLACE_BYTES];
};

static void go_on(void *ctx, const char *bytes, size_t n)
{
    struct going *g = ctx;
    for (size_t i = 0; i < n && g->at < g->place->offset; i++, g->at++) {
        if (g->at < (int64_t)LOG_PLACE_BYTES)
            g->head[g->at] = bytes[i];
        g->ring[g->at % (int64_t)LOG_PLACE_BYTES] = bytes[i];
    }
}

bool log_place_is_packed_in(int fd, const struct log_place *place)
{
    struct going g = {.place = place};
    char before[LOG_PLACE_BYTES];
    if (!place->offset || !log_unpack_fd(fd, go_on, &g, NULL) || g.at < place->offset)
        return false;
    size_t n = (size_t)MIN(place->offset, (int64_t)LOG_PLACE_BYTES);
    for (size_t i = 0; i < n; i++)
        before[i] = g.ring[(place->offset - (int64_t)n + (int64_t)i) % (int64_t)LOG_PLACE_BYTES];
    return str_hash(g.head, n) == place->head && str_hash(before, n) == place->before;
}

static bool is_place(const struct log_sibling *one, const struct log_place *place)
{
    return log_place_is_in(one->fd, place) || (one->packed && log_place_is_packed_in(one->fd, place));
}

static void drop(struct log_siblings *s, size_t i)
{
    close(s->items[i].fd);
    free(s->items[i].path);
    memmove(&s->items[i], &s->items[i + 1], (s->n - i - 1) * sizeof *s->items);
    s->n--;
}

/* It has its old name, or lost it a moment ago: then it is read as what is followed, and what came after it,
 * too. */
static void leave_now(struct log_siblings *s, int now)
{
    struct stat st;
    for (size_t i = 0; now >= 0 && fstat(now, &st) == 0 && i < s->n; i++)
        if (s->items[i].ino == st.st_ino && s->items[i].dev == st.st_dev)
            for (bool last = false; !last && i < s->n;) {
                last = !log_siblings_next(s, i);
                drop(s, i);
            }
}

bool log_state_rotated(const char *path, const struct log_place *place, int now, struct log_siblings *files)
{
    log_siblings_of(path, files);
    leave_now(files, now);
    size_t found = files->n;
    for (size_t i = files->n; i-- > 0 && found == files->n;) /* the newest first */
        if (is_place(&files->items[i], place))
            found = i;
    if (found == files->n) {
        log_siblings_free(files);
        return false;
    }
    while (found > 0) {
        drop(files, 0);
        found--;
    }
    /* Those behind it by number or date; by time, when its name tells nothing. */
    while (files->n > 1 && files->items[files->n - 1].order.by != files->items[0].order.by)
        drop(files, files->n - 1);
    return true;
}
