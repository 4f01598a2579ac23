/* scrape_file.c - a file of metrics, plain or packed, or a pipe. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/metrics/unpack_stream.h"
#include "source/prometheus/prometheus.h"
#include "source/shared/open_file.h"

enum { PIECE = 1 << 18 };
#define UNPACKED_MAX ((size_t)2 << 30)

static void feed(void *ctx, const char *bytes, size_t n)
{
    exposition_feed(ctx, bytes, n);
}

/* SD_GONE: all was read; with a sentence: not all of it. SD_OK: it is to stop. */
static enum sd_result read_all(struct sd_source *s, int fd, const char *path, struct unpack_stream *u,
                               struct sd_error *err)
{
    char *piece = mem_realloc(NULL, PIECE);
    struct sd_error why = {""};
    ssize_t n = 1;
    bool sound = true;
    while (n > 0 && sound && !s->host->should_stop(s)) {
        n = read(fd, piece, PIECE);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            s->host->wait(s, fd, POLLIN, s->host->now(s) + SD_S);
            n = 1;
        } else if (n < 0) {
            sound = fail(&why, "%s", strerror(errno));
        } else if (n > 0) {
            sound = unpack_stream_feed(u, piece, (size_t)n, &why);
        }
    }
    free(piece);
    if (s->host->should_stop(s))
        return SD_OK;
    if (sound)
        sound = unpack_stream_end(u, &why);
    if (!sound)
        sd_fail(err, SD_GONE, "%.200s was not read to its end: %.200s", path, why.text);
    return SD_GONE;
}

enum sd_result scrape_file(struct scrape *c, const char *path, struct sd_error *err)
{
    struct stat st;
    int fd = open_file(path);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        const char *why = fd >= 0 && S_ISDIR(st.st_mode) ? "it is a folder" : strerror(errno);
        sd_fail(err, SD_CONFIG, "cannot open %.300s: %s", path, why);
        if (fd >= 0)
            close(fd);
        return SD_CONFIG;
    }
    struct unpack_stream *u = unpack_stream_new(UNPACKED_MAX, feed, c->x);
    scrape_begin(c);
    enum sd_result r = read_all(c->s, fd, path, u, err);
    unpack_stream_free(u);
    close(fd);
    if (r != SD_GONE)
        return r;
    sd_time written = S_ISREG(st.st_mode) ? st.st_mtim.tv_sec * SD_S + st.st_mtim.tv_nsec : SD_UNKNOWN;
    scrape_publish(c, written, false);
    const char *why = exposition_first_reason(c->x);
    if (!exposition_counts(c->x)->samples && !*err->text)
        return sd_fail(err, SD_CONFIG, "no metric of Prometheus or OpenMetrics is in %.200s%s%s", path,
                       *why ? "; of the first line without one: " : "", why);
    return SD_GONE;
}
