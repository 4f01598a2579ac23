/* ring_read.c - the flights of a folder: listed, chosen, copied. */
#include "sink/ring.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/record/recording.h"

enum { NUMBER = 7, COPY_BYTES = 1 << 18 }; /* ".000001" */
static const char ENDING[] = ".slowdive";

/* Bytes of a file name that are the flight's; 0: it is no file of a flight, and not ours to touch. */
static size_t flight_of(const char *name)
{
    size_t len = strlen(name), tail = NUMBER + sizeof ENDING - 1;
    if (len <= tail || strcmp(name + len - sizeof ENDING + 1, ENDING) != 0 || name[len - tail] != '.')
        return 0;
    for (size_t i = len - tail + 1; i < len - tail + NUMBER; i++)
        if (!isdigit((unsigned char)name[i]))
            return 0;
    return isdigit((unsigned char)name[0]) ? len - tail : 0;
}

static bool look(int dir, const char *name, struct ring_entry *out)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool fine = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (fine)
        *out = (struct ring_entry){.name = mem_strdup(name),
                                   .flight = flight_of(name),
                                   .bytes = st.st_size,
                                   .written = (sd_time)st.st_mtim.tv_sec * SD_S + st.st_mtim.tv_nsec,
                                   .open = flock(fd, LOCK_SH | LOCK_NB) != 0};
    if (fd >= 0)
        close(fd);
    return fine;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const struct ring_entry *)x)->name, ((const struct ring_entry *)y)->name);
}

bool ring_list(const char *folder, struct ring_list *out, struct sd_error *err)
{
    size_t cap = 0;
    *out = (struct ring_list){0};
    DIR *d = opendir(folder);
    if (!d)
        return fail(err, "cannot read the folder %.300s: %s", folder, strerror(errno));
    for (const struct dirent *e; (e = readdir(d));) {
        if (!flight_of(e->d_name))
            continue;
        out->items = mem_grow(out->items, out->n, &cap, sizeof *out->items);
        out->n += look(dirfd(d), e->d_name, &out->items[out->n]);
    }
    closedir(d);
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_name);
    return true;
}

void ring_list_free(struct ring_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i].name);
    free(l->items);
    *l = (struct ring_list){0};
}

static bool same_flight(const struct ring_entry *a, const struct ring_entry *b)
{
    return a->flight == b->flight && !memcmp(a->name, b->name, a->flight);
}

static size_t count_of(const struct ring_list *l, size_t i)
{
    size_t n = 1;
    while (i + n < l->n && same_flight(&l->items[i], &l->items[i + n]))
        n++;
    return n;
}

/* A file that has no more than a header tells of nothing. */
static bool has_frames(const struct ring_entry *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (e[i].bytes > RECORDING_HEADER_BYTES)
            return true;
    return false;
}

size_t ring_last(const struct ring_list *l, const struct ring_entry **first)
{
    const struct ring_entry *best = NULL; /* the newest file of the best flight */
    size_t found = 0;
    for (size_t i = 0, n; i < l->n; i += n) {
        const struct ring_entry *e = &l->items[i];
        n = count_of(l, i);
        const struct ring_entry *end = &e[n - 1];
        if (!has_frames(e, n))
            continue;
        if (!best || (best->open && !end->open) ||
            (best->open == end->open && end->written >= best->written)) {
            best = end;
            *first = e;
            found = n;
        }
    }
    return found;
}

size_t ring_of(const struct ring_list *l, const char *flight, const struct ring_entry **first)
{
    for (size_t i = 0, n; i < l->n; i += n) {
        n = count_of(l, i);
        *first = &l->items[i];
        if (l->items[i].flight == strlen(flight) && !memcmp(l->items[i].name, flight, strlen(flight)))
            return n;
    }
    return 0;
}

static bool copy_frames(int from, int to, const char *path, struct sd_error *err)
{
    char *buf = mem_alloc(COPY_BYTES);
    bool ok = true;
    off_t at = RECORDING_HEADER_BYTES;
    for (ssize_t n; ok && (n = pread(from, buf, COPY_BYTES, at)) > 0; at += n)
        for (ssize_t done = 0, k; ok && done < n; done += MAX(k, 0)) {
            k = write(to, buf + done, (size_t)(n - done));
            if (k == 0 || (k < 0 && errno != EINTR))
                ok = fail(err, "cannot write %.300s: %s", path, strerror(k < 0 ? errno : ENOSPC));
        }
    free(buf);
    return ok;
}

bool ring_copy(const char *folder, const char *flight, int fd, const char *path, struct sd_error *err)
{
    struct ring_list l;
    const struct ring_entry *e;
    if (!ring_list(folder, &l, err))
        return false;
    size_t n = ring_of(&l, flight, &e);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        char *name = mem_printf("%s/%s", folder, e[i].name);
        int from = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        free(name);
        if (from < 0)
            continue;
        ok = copy_frames(from, fd, path, err);
        close(from);
    }
    ring_list_free(&l);
    return ok;
}
