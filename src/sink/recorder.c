/* recorder.c - the thread that writes frames, one a second at most. */
#include "sink/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "format/record/recording.h"
#include "base/clock.h"
#include "base/thread.h"
#include "base/trust.h"
#include "sink/conceal.h"
#include "sink/ring.h"

enum { QUEUE_MAX = 16384 };
#define QUEUE_BYTES ((size_t)32 << 20)
#define GATHER_NS   SD_S
#define CLOSE_NS    (5 * SD_S)
#define RETRY_NS    (60 * SD_S) /* of a ring on a full disk */

struct recorder {
    int fd;            /* the thread's after open; -1: `ring` */
    struct ring *ring; /* the thread's; NULL: one file */
    char *path;
    struct conceal *conceal; /* the thread's; NULL: literals are shown */
    pthread_t thread;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    const struct sd_batch *queue[QUEUE_MAX];
    size_t n;
    size_t bytes;
    bool stop, done, hurry; /* hurry: what is queued is written now */
    bool busy;              /* the thread has batches that are not written yet */
    struct recorder_stats stats;
};

static struct timespec after(int64_t ns)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ns / SD_S;
    t.tv_nsec += ns % SD_S;
    if (t.tv_nsec >= SD_S) {
        t.tv_sec++;
        t.tv_nsec -= SD_S;
    }
    return t;
}

/* All or nothing: a frame that does not fit is taken back, so the file stays whole. */
static bool write_whole(int fd, const char *bytes, size_t len, struct sd_error *err, const char *path)
{
    off_t start = lseek(fd, 0, SEEK_END);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, bytes + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int why = n < 0 ? errno : ENOSPC;
            if (start >= 0 && ftruncate(fd, start) < 0)
                why = errno;
            return fail(err, "the recording %s ended: %s", path, strerror(why));
        }
        done += (size_t)n;
    }
    return true;
}

/* Writes batches as frames; false when the recording is over. */
static bool write_batches(struct recorder *r, const struct sd_batch **batches, size_t n)
{
    struct sd_error err = {0};
    struct strbuf out = {0};
    bool ok = true;
    for (size_t from = 0, to; from < n && ok; from = to) {
        size_t bytes = 0;
        for (to = from; to < n && (to == from || bytes + batch_bytes(batches[to]) <= RECORDING_FRAME_BYTES);
             to++)
            bytes += batch_bytes(batches[to]);
        for (size_t i = from; i < to && r->conceal; i++) {
            const struct sd_batch *hidden = conceal_batch(r->conceal, batches[i]);
            batch_unref(batches[i]);
            batches[i] = hidden;
        }
        strbuf_clear(&out);
        recording_encode_many(batches + from, to - from, &out);
        int fd = r->ring ? ring_file(r->ring, out.len, &err) : r->fd;
        ok = fd >= 0 && write_whole(fd, strbuf_text(&out), out.len, &err, r->path);
        pthread_mutex_lock(&r->lock);
        if (ok) {
            r->stats.error[0] = 0;
            r->stats.frames++;
            r->stats.bytes += out.len;
        } else {
            r->stats.dropped += n - from;
            snprintf(r->stats.error, sizeof r->stats.error, "%.255s", err.text);
        }
        pthread_mutex_unlock(&r->lock);
    }
    for (size_t i = 0; i < n; i++)
        batch_unref(batches[i]);
    strbuf_free(&out);
    return ok;
}

static void release(struct recorder *r)
{
    if (r->fd >= 0)
        close(r->fd);
    ring_free(r->ring);
    conceal_free(r->conceal);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r->path);
    free(r);
}

static void *write_loop(void *arg)
{
    struct recorder *r = arg;
    const struct sd_batch **taken = mem_array(QUEUE_MAX, sizeof *taken);
    bool ok = true;
    int64_t failed = 0;
    pthread_mutex_lock(&r->lock);
    for (;;) {
        r->busy = false;
        r->hurry = r->hurry && r->n;
        if (!r->n)
            pthread_cond_broadcast(&r->changed); /* for who flushes */
        while (!r->n && !r->stop)
            pthread_cond_wait(&r->changed, &r->lock);
        /* What comes within a second goes into one frame. */
        struct timespec deadline = after(GATHER_NS);
        while (!r->stop && !r->hurry && r->n < QUEUE_MAX / 2 && r->bytes < RECORDING_FRAME_BYTES)
            if (pthread_cond_timedwait(&r->changed, &r->lock, &deadline) == ETIMEDOUT)
                break;
        if (!r->n && r->stop)
            break;
        size_t n = r->n;
        memcpy(taken, r->queue, n * sizeof *taken);
        r->n = 0;
        r->bytes = 0;
        r->busy = true;
        pthread_mutex_unlock(&r->lock);
        bool again = !ok && r->ring && clock_mono() - failed >= RETRY_NS;
        if (ok || again) {
            ok = write_batches(r, taken, n);
            failed = clock_mono();
        } else
            for (size_t i = 0; i < n; i++)
                batch_unref(taken[i]);
        pthread_mutex_lock(&r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    if (ok && r->fd >= 0 && fsync(r->fd) < 0 && errno != EINVAL && errno != EROFS)
        ok = false;
    int why = errno;
    if (r->fd >= 0 && close(r->fd) < 0 && ok) { /* some file systems write only now */
        ok = false;
        why = errno;
    }
    r->fd = -1;
    free(taken);
    pthread_mutex_lock(&r->lock);
    if (!ok && !r->stats.error[0])
        snprintf(r->stats.error, sizeof r->stats.error, "the recording %.150s ended: %s", r->path,
                 strerror(why));
    r->done = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* A new file gets a header; a recording is continued when that is wanted; anything else is left alone. */
static bool prepare(int fd, const char *path, enum recorder_mode mode, struct sd_error *err)
{
    struct stat st;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return fail(err, "%s is being written by another recording already", path);
    if (fstat(fd, &st) < 0)
        return fail(err, "cannot look at %s: %s", path, strerror(errno));
    if (S_ISREG(st.st_mode) && st.st_size > 0) {
        char head[RECORDING_HEADER_BYTES];
        ssize_t n = pread(fd, head, sizeof head, 0);
        if (n == (ssize_t)sizeof head && recording_begins(head, sizeof head))
            return mode == RECORDER_APPEND ||
                   fail(err, "%s is a recording already; --append continues it", path);
        return fail(err, "%s exists and is not a recording; it was not changed, choose another name", path);
    }
    struct strbuf out = {0};
    recording_header(&out);
    bool ok = write_whole(fd, out.text, out.len, err, path);
    strbuf_free(&out);
    return ok;
}

static struct recorder *start(int fd, struct ring *ring, const char *path, bool show_literals,
                              struct sd_error *err)
{
    struct recorder *r = mem_alloc(sizeof *r);
    r->fd = fd;
    r->ring = ring;
    r->path = mem_strdup(path);
    r->conceal = show_literals ? NULL : conceal_new();
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &attr);
    pthread_condattr_destroy(&attr);
    int why = thread_start(&r->thread, (struct thread_kind){0}, write_loop, r);
    if (why) {
        fail(err, "cannot start the recorder: %s", strerror(why));
        release(r);
        return NULL;
    }
    return r;
}

struct recorder *recorder_open(const char *path, enum recorder_mode mode, bool show_literals,
                               struct sd_error *err)
{
    int fd = output_open(path, OUTPUT_CONTINUE, true, err);
    if (fd < 0)
        return NULL;
    if (!prepare(fd, path, mode, err)) {
        close(fd);
        return NULL;
    }
    return start(fd, NULL, path, show_literals, err);
}

struct recorder *recorder_open_ring(struct ring *ring, struct sd_error *err)
{
    return start(-1, ring, ring_folder(ring), false, err);
}

void recorder_batch(struct recorder *r, const struct sd_batch *b)
{
    pthread_mutex_lock(&r->lock);
    size_t bytes = batch_bytes(b);
    if ((r->stats.error[0] && !r->ring) || r->n == QUEUE_MAX || (r->n && r->bytes + bytes > QUEUE_BYTES)) {
        r->stats.dropped++;
    } else {
        r->queue[r->n++] = batch_ref(b);
        r->bytes += bytes;
        if (r->n == 1 || r->n == QUEUE_MAX / 2 || r->bytes >= RECORDING_FRAME_BYTES)
            pthread_cond_signal(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
}

struct recorder_stats recorder_stats(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
    struct recorder_stats st = r->stats;
    pthread_mutex_unlock(&r->lock);
    return st;
}

bool recorder_flush(struct recorder *r, int64_t limit_ns)
{
    struct timespec deadline = after(limit_ns);
    int late = 0;
    pthread_mutex_lock(&r->lock);
    r->hurry = true;
    pthread_cond_broadcast(&r->changed);
    while ((r->n || r->busy) && !late)
        late = pthread_cond_timedwait(&r->changed, &r->lock, &deadline);
    pthread_mutex_unlock(&r->lock);
    return !late;
}

struct recorder_stats recorder_close(struct recorder *r)
{
    if (!r)
        return (struct recorder_stats){0};
    struct timespec deadline = after(CLOSE_NS);
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->changed);
    int late = 0;
    while (!r->done && !late)
        late = pthread_cond_timedwait(&r->changed, &r->lock, &deadline);
    bool done = r->done;
    struct recorder_stats stats = r->stats;
    pthread_mutex_unlock(&r->lock);
    if (!done) { /* the disk hangs: its thread keeps what it holds, and we go on */
        pthread_detach(r->thread);
        if (!stats.error[0])
            snprintf(stats.error, sizeof stats.error, "the recording %.150s could not be finished in %d s",
                     r->path, (int)(CLOSE_NS / SD_S));
        return stats;
    }
    pthread_join(r->thread, NULL);
    release(r);
    return stats;
}
