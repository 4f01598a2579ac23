#include "source/log/log_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_decode.h"
#include "source/log/log_refuse.h"
#include "source/log/log_unpack.h"

/* One log is read in large pieces; of several each in small ones, so that they keep about level. */
enum { PIECE = 256 << 10, PIECE_OF_MANY = 16 << 10 };

struct input {
    const char *path;
    int fd; /* -1: it was read to its end */
    bool begun;
    struct log_unpack *unpack; /* NULL: it is not packed */
    struct accesslog_carry carry;
    sd_time newest; /* of its lines so far; SD_UNKNOWN: none has a time yet */
};

struct reading {
    struct accesslog_agg *agg;
    struct input *in;
    sd_time now;
};

static bool open_input(struct input *in, struct sd_error *err)
{
    struct stat st;
    if (!strcmp(in->path, "-")) {
        in->fd = dup(STDIN_FILENO);
        return in->fd >= 0 || fail(err, "cannot read standard input: %s", strerror(errno));
    }
    in->fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0 || fstat(in->fd, &st) < 0)
        return fail(err, "cannot open %.300s: %s", in->path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return fail(err, "%.300s is a folder; name a file in it", in->path);
    return true;
}

static void feed(void *ctx, const char *bytes, size_t n)
{
    struct reading *r = ctx;
    accesslog_agg_feed(r->agg, &r->in->carry, bytes, n, r->now);
}

static bool end_input(struct reading *r, struct sd_error *err)
{
    struct input *in = r->in;
    bool cut = in->unpack && log_unpack_open(in->unpack);
    accesslog_agg_end(r->agg, &in->carry, r->now);
    close(in->fd);
    in->fd = -1;
    return !cut || fail(err, "%.300s is a truncated packed file", in->path);
}

/* The next piece of an input. */
static bool read_piece(struct reading *r, char *buffer, size_t size, struct sd_error *err)
{
    struct input *in = r->in;
    const char *wrong = NULL;
    ssize_t n = read(in->fd, buffer, size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n < 0)
        return fail(err, "cannot read %.300s: %s", in->path, strerror(errno));
    if (n == 0)
        return end_input(r, err);
    if (!in->begun && log_is_packed_head(buffer, (size_t)n))
        in->unpack = log_unpack_new();
    else if (!in->begun && log_is_utf16(buffer, (size_t)n))
        return log_refuse_utf16(in->path, err) == SD_OK;
    in->begun = true;
    if (!in->unpack)
        feed(r, buffer, (size_t)n);
    else if (!log_unpack_feed(in->unpack, buffer, (size_t)n, feed, r, NULL, &wrong))
        return fail(err, "%.300s is damaged: %s", in->path, wrong);
    in->newest = accesslog_agg_intake(r->agg)->newest;
    return true;
}

/* The one whose lines are oldest; NULL: all were read. */
static struct input *oldest(struct input *all, size_t n)
{
    struct input *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (all[i].fd >= 0 && (!best || all[i].newest < best->newest))
            best = &all[i];
    return best;
}

bool log_lines_read(struct accesslog_agg *agg, const char *const *paths, size_t n, sd_time now,
                    bool (*stop)(void), struct sd_error *err)
{
    bool ok = n <= LOG_LINES_FILES_MAX || fail(err, "more than %d logs are too many", LOG_LINES_FILES_MAX);
    struct input *all = mem_array(n + 1, sizeof *all);
    char *buffer = mem_alloc(PIECE);
    struct reading r = {.agg = agg, .now = now};
    for (size_t i = 0; i < n; i++)
        all[i] = (struct input){.path = paths[i], .fd = -1, .newest = SD_UNKNOWN};
    for (size_t i = 0; i < n && ok; i++)
        ok = open_input(&all[i], err);
    while (ok && !stop() && (r.in = oldest(all, n)))
        ok = read_piece(&r, buffer, n > 1 ? PIECE_OF_MANY : PIECE, err);
    for (size_t i = 0; i < n; i++) {
        if (all[i].fd >= 0)
            close(all[i].fd);
        log_unpack_free(all[i].unpack);
        accesslog_carry_free(&all[i].carry);
    }
    free(all);
    free(buffer);
    return ok;
}
