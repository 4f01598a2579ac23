/* ring.c - writing a flight, and removing the oldest files. */
#include "sink/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/trust.h"
#include "format/record/recording.h"

/* The bound is kept by removing whole files: a file is so small a part of the ring. */
enum { PARTS = 16, NAMES_MAX = 100 };

struct ring {
    char *folder;
    struct ring_limits limits;
    char *flight;
    unsigned number; /* of the file */
    int fd;          /* -1: none yet */
    int64_t bytes;   /* in it */
    sd_time begun;   /* it was */
};

static sd_time now_of(const struct ring *r)
{
    return r->limits.now ? r->limits.now() : clock_wall();
}

static void make_folders(const char *folder)
{
    char *path = mem_strdup(folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
    free(path);
}

static char *flight_name(sd_time at)
{
    time_t second = (time_t)(at / SD_S);
    struct tm t;
    char stamp[32];
    gmtime_r(&second, &t);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &t);
    return mem_printf("%s-%ld", stamp, (long)getpid());
}

/* ---- removing ---- */

static int oldest_first(const void *x, const void *y)
{
    const struct ring_entry *a = x, *b = y;
    if (a->written != b->written)
        return a->written < b->written ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* So that a new file of `part` bytes fits. A file that is written counts for what it may become. */
static void prune(const struct ring *r, int64_t part)
{
    struct ring_list l;
    struct sd_error ignored;
    sd_time now = now_of(r);
    int64_t sum = part;
    if (!ring_list(r->folder, &l, &ignored))
        return;
    int dir = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < l.n; i++)
        sum += l.items[i].open ? MAX(l.items[i].bytes, part) : l.items[i].bytes;
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, oldest_first);
    for (size_t i = 0; dir >= 0 && i < l.n; i++) {
        const struct ring_entry *e = &l.items[i];
        bool old = now - e->written > r->limits.age_ns;
        if (e->open || (!old && sum <= r->limits.bytes))
            continue;
        if (unlinkat(dir, e->name, 0) == 0 || errno == ENOENT)
            sum -= e->bytes;
    }
    if (dir >= 0)
        close(dir);
    ring_list_free(&l);
}

/* ---- writing ---- */

static char *file_path(const struct ring *r, unsigned number)
{
    return mem_printf("%s/%s.%06u.slowdive", r->folder, r->flight, number);
}

/* Another process of the same number, in another container, may have begun in the same second. */
static int create(struct ring *r, struct sd_error *err)
{
    for (int k = 2;; k++) {
        char *path = file_path(r, r->number + 1);
        bool taken = access(path, F_OK) == 0 && r->number == 0 && k < NAMES_MAX;
        int fd = taken ? -1 : output_open(path, OUTPUT_NEW, false, err);
        free(path);
        if (!taken)
            return fd;
        char *flight = flight_name(now_of(r));
        free(r->flight);
        r->flight = mem_printf("%s-%d", flight, k);
        free(flight);
    }
}

static bool begin(struct ring *r, struct sd_error *err)
{
    struct strbuf header = {0};
    prune(r, r->limits.bytes / PARTS);
    int fd = create(r, err);
    if (fd < 0)
        return false;
    while (flock(fd, LOCK_EX) < 0 && errno == EINTR) /* who lists the folder holds it for a moment */
        ;
    recording_header(&header);
    bool ok = write(fd, header.text, header.len) == (ssize_t)header.len;
    if (!ok) {
        fail(err, "cannot write to %s: %s", r->folder, strerror(errno ? errno : ENOSPC));
        if (ftruncate(fd, 0) < 0)
            errno = 0; /* a file without a header is empty for whoever reads it */
        close(fd);
    } else {
        if (r->fd >= 0)
            close(r->fd);
        r->fd = fd;
        r->bytes = (int64_t)header.len;
        r->begun = now_of(r);
    }
    r->number++;
    strbuf_free(&header);
    return ok;
}

int ring_file(struct ring *r, size_t bytes, struct sd_error *err)
{
    int64_t part = r->limits.bytes / PARTS;
    bool full = r->bytes > RECORDING_HEADER_BYTES && r->bytes + (int64_t)bytes > part;
    bool old = r->fd >= 0 && now_of(r) - r->begun > r->limits.age_ns / PARTS;
    if ((r->fd < 0 || full || old) && !begin(r, err))
        return -1;
    r->bytes += (int64_t)bytes;
    return r->fd;
}

/* ---- life ---- */

/* A run that brought no data leaves nothing. */
static void remove_empty(const struct ring *r)
{
    char *path = file_path(r, r->number);
    unlink(path);
    free(path);
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    if (r->fd >= 0 && r->number == 1 && r->bytes <= RECORDING_HEADER_BYTES)
        remove_empty(r);
    if (r->fd >= 0)
        close(r->fd);
    free(r->folder);
    free(r->flight);
    free(r);
}

struct ring *ring_open(const char *folder, const struct ring_limits *limits, struct sd_error *err)
{
    make_folders(folder);
    if (!trust_folder(folder, err))
        return NULL;
    struct ring *r = mem_alloc(sizeof *r);
    r->folder = mem_strdup(folder);
    r->limits = *limits;
    r->flight = flight_name(now_of(r));
    r->fd = -1;
    if (!begin(r, err)) {
        ring_free(r);
        return NULL;
    }
    return r;
}

const char *ring_flight(const struct ring *r)
{
    return r->flight;
}

const char *ring_folder(const struct ring *r)
{
    return r->folder;
}
