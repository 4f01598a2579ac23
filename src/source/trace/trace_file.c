/* trace_file.c - one file of spans, plain or packed, or a pipe. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/metrics/unpack_stream.h"
#include "source/shared/open_file.h"
#include "source/trace/trace_source.h"

enum { HEAD = 65536, PIECE = 1 << 18 };
#define UNPACKED_MAX ((size_t)8 << 30)

/* ---- whose is it? ---- */

static void keep_head(void *ctx, const char *bytes, size_t n)
{
    struct strbuf *b = ctx;
    if (b->len < HEAD)
        strbuf_add(b, bytes, MIN(n, HEAD - b->len));
}

int trace_file_sure(const char *head, size_t len)
{
    struct strbuf text = {0};
    struct sd_error err;
    struct unpack_stream *u = unpack_stream_new(HEAD, keep_head, &text);
    unpack_stream_feed(u, head, len, &err); /* the head of what is packed is cut */
    unpack_stream_free(u);
    int sure = trace_form_sure(strbuf_text(&text), text.len);
    strbuf_free(&text);
    return sure;
}

/* ---- reading ---- */

struct feeding {
    struct trace_reader *reader;
    struct sd_error err;
    bool failed;
};

static void feed(void *ctx, const char *bytes, size_t n)
{
    struct feeding *f = ctx;
    if (!f->failed)
        f->failed = !trace_reader_feed(f->reader, bytes, n, &f->err);
}

/* SD_OK: all was fed. */
static enum sd_result feed_all(struct sd_source *s, int fd, struct unpack_stream *u, struct feeding *f,
                               struct sd_error *err)
{
    char *piece = mem_realloc(NULL, PIECE);
    enum sd_result result = SD_NODATA;
    bool polled = lseek(fd, 0, SEEK_CUR) < 0; /* a pipe: its writer may take its time */
    while (result == SD_NODATA && !f->failed && !s->host->should_stop(s)) {
        if (polled && s->host->wait(s, fd, POLLIN, s->host->now(s) + SD_S) <= 0)
            continue;
        ssize_t n = read(fd, piece, PIECE);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            result = sd_fail(err, SD_CONFIG, "it cannot be read: %s", strerror(errno));
        else if (n > 0 && !unpack_stream_feed(u, piece, (size_t)n, err))
            result = SD_CONFIG;
        else if (n == 0)
            result = unpack_stream_end(u, err) ? SD_OK : SD_CONFIG;
    }
    free(piece);
    if (f->failed && *f->err.text)
        return sd_fail(err, SD_CONFIG, "%.500s", f->err.text);
    return result;
}

static void add_counts(struct trace_intake *in, const char *path, const struct trace_counts *c)
{
    in->entries += c->entries;
    in->broken += c->broken;
    in->other += c->other;
    in->bytes += c->bytes;
    in->lines |= c->lines;
    in->files++;
    if (!*c->reason || *in->reason)
        return;
    snprintf(in->reason, sizeof in->reason, "%.90s, %.290s", path, c->reason);
    snprintf(in->sample, sizeof in->sample, "%s", c->sample);
}

/* Spans of OTLP must say whose they are; a file in which none does was not written by a program that sends
 * spans. */
static bool is_nameless(const struct span_draft *d, int64_t spans_before, int64_t nameless_before,
                        enum trace_form form)
{
    const struct span_intake *i = span_draft_intake(d);
    int64_t spans = i->spans - spans_before;
    /* Nothing of it was handed out yet. */
    return (form == TRACE_OTLP || form == TRACE_PROTO || form == TRACE_FRAMED || form == TRACE_DELIMITED) &&
           spans && i->nameless - nameless_before == spans && span_draft_count(d) >= (size_t)spans;
}

enum sd_result trace_file_read(struct span_outlet *outlet, const char *path, struct span_draft *d,
                               struct trace_intake *in, struct sd_error *err)
{
    struct span_sink sink = {.full = span_outlet_take, .ctx = outlet};
    struct stat st;
    int fd = open_file(path);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        sd_fail(err, SD_CONFIG, "it cannot be opened: %s",
                fd >= 0 && S_ISDIR(st.st_mode) ? "it is a folder" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return SD_CONFIG;
    }
    int64_t spans = span_draft_intake(d)->spans, nameless = span_draft_intake(d)->nameless;
    struct feeding f = {.reader = trace_reader_new(d, &sink)};
    struct unpack_stream *u = unpack_stream_new(UNPACKED_MAX, feed, &f);
    enum sd_result r = feed_all(outlet->s, fd, u, &f, err);
    unpack_stream_free(u);
    close(fd);
    if (r == SD_OK && !trace_reader_end(f.reader, err))
        r = *err->text ? SD_CONFIG : SD_NODATA;
    const struct trace_counts *c = trace_reader_counts(f.reader);
    if (r == SD_OK && is_nameless(d, spans, nameless, c->form)) {
        struct sd_spans dropped;
        span_draft_take(d, &dropped);
        r = sd_fail(err, SD_CONFIG,
                    "none of its spans says of which service it is: no resource has a service.name");
    }
    add_counts(in, path, c);
    trace_reader_free(f.reader);
    return r;
}
