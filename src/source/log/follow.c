#include "source/log/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE   ((size_t)256 << 10)
#define TICK        (250 * SD_MS)
#define QUIET       (300 * SD_MS)      /* an entry that has not grown for so long is whole */
#define PENDING_MAX ((size_t)32 << 20) /* of one entry */

/* ---- opening ---- */

static enum sd_result open_stream(struct follow *f, struct sd_source *s, struct sd_error *err)
{
    enum sd_result bad = s->follow ? SD_RETRY : SD_CONFIG;
    struct stat st;
    if (!strcmp(s->target, "-")) {
        f->fd = STDIN_FILENO;
    } else {
        f->fd = open(s->target, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        f->own_fd = true;
    }
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return sd_fail(err, bad, "cannot open %.300s: %s", s->target, strerror(errno));
    f->pollable = !S_ISREG(st.st_mode);
    return SD_OK;
}

enum sd_result follow_open(struct follow *f, struct sd_source *s, const struct follow_ops *ops,
                           int64_t backlog, struct sd_error *err)
{
    struct stat st;
    *f = (struct follow){.ops = ops, .fd = -1};
    f->tail = (struct tail){.now.fd = -1, .old.fd = -1, .packed.fd = -1};
    f->buffer = mem_alloc(READ_SIZE);
    if (!*s->target)
        return sd_fail(err, SD_CONFIG, "%.*s needs a file, as in %s", (int)strcspn(ops->example, ":") + 1,
                       ops->example, ops->example);
    if (str_ends(s->target, ".gz"))
        return sd_fail(err, SD_CONFIG,
                       "%.300s is compressed; decompress it first: zcat FILE | slowdive queries %.*s-",
                       s->target, (int)strcspn(ops->example, ":") + 1, ops->example);
    if (stat(s->target, &st) == 0 && S_ISDIR(st.st_mode))
        return sd_fail(err, SD_CONFIG, "%.300s is a folder; name a file in it", s->target);
    if (strcmp(s->target, "-") != 0 && s->follow && stat(s->target, &st) == 0 && S_ISREG(st.st_mode)) {
        f->tailing = true;
        return tail_open(&f->tail, s->target, backlog, err) ? SD_OK : SD_RETRY;
    }
    return open_stream(f, s, err);
}

void follow_close(struct follow *f)
{
    if (!f->buffer)
        return;
    tail_close(&f->tail);
    if (f->own_fd && f->fd >= 0)
        close(f->fd);
    accesslog_carry_free(&f->carry);
    free(f->buffer);
    *f = (struct follow){.fd = -1};
}

/* ---- reading ---- */

static void consume(struct follow *f, struct sd_source *s, struct strbuf *text, size_t n, bool whole)
{
    if (n)
        n = f->ops->take(s, strbuf_text(text), n, whole);
    memmove(text->text, text->text + n, text->len - n + 1);
    text->len -= n;
}

static void feed(struct follow *f, struct sd_source *s, struct accesslog_carry *c, size_t n)
{
    const char *from = f->buffer, *end = f->buffer + n;
    f->grew_at = s->host->now(s);
    f->bytes += (int64_t)n;
    if (c->skipping) { /* the backlog begins in the middle of a line */
        const char *newline = memchr(from, '\n', n);
        c->skipping = !newline;
        from = newline ? newline + 1 : end;
    }
    strbuf_add(&c->text, from, (size_t)(end - from));
    if (c->text.len)
        consume(f, s, &c->text, c->text.len, false);
    if (c->text.len > PENDING_MAX) {
        f->ops->too_long(s);
        strbuf_clear(&c->text);
        c->skipping = true;
    }
}

/* Nothing more comes: whole lines are all there is. */
static void settle(struct follow *f, struct sd_source *s, struct accesslog_carry *c, bool to_the_end)
{
    const char *newline = c->text.len ? memrchr(c->text.text, '\n', c->text.len) : NULL;
    size_t n = to_the_end ? c->text.len : newline ? (size_t)(newline - c->text.text) + 1 : 0;
    if (n)
        consume(f, s, &c->text, n, true);
}

static void note_missing(struct follow *f, struct sd_source *s)
{
    const char *why = f->tail.missing ? f->tail.why : NULL;
    if (str_eq(why, f->said_missing))
        return;
    f->said_missing = why;
    if (why)
        s->host->note(s, SD_STATE_STALE, "%s %s; waiting for a new file", s->target, why);
    else
        s->host->note(s, SD_STATE_LIVE, "%s exists again", s->target);
}

/* Its entries are of another day, and the sources of these logs read none that is packed. */
static void leave_packed(struct follow *f, struct sd_source *s)
{
    struct log_sibling *one = &f->tail.packed;
    s->host->log(s, "%s was rotated and packed as %s before it was read to its end", s->target, one->path);
    close(one->fd);
    free(one->path);
    *one = (struct log_sibling){.fd = -1};
}

static enum sd_result run_tail(struct follow *f, struct sd_source *s)
{
    const struct sd_host *h = s->host;
    while (!h->should_stop(s)) {
        struct accesslog_carry *whose, *ended;
        sd_time now = h->now(s);
        size_t n = tail_read(&f->tail, f->buffer, READ_SIZE, now, &whose, &ended);
        if (n)
            feed(f, s, whose, n);
        if (ended) {
            settle(f, s, ended, true);
            ended->skipping = false;
        }
        if (f->tail.packed.fd >= 0)
            leave_packed(f, s);
        note_missing(f, s);
        if (n || ended)
            continue;
        if (now - f->grew_at >= QUIET || now < f->grew_at) {
            settle(f, s, &f->tail.now.carry, false);
            if (f->ops->quiet)
                f->ops->quiet(s);
        }
        if (h->wait(s, -1, 0, now + TICK) < 0)
            break;
    }
    return SD_OK;
}

static enum sd_result run_stream(struct follow *f, struct sd_source *s, struct sd_error *err)
{
    const struct sd_host *h = s->host;
    while (!h->should_stop(s)) {
        if (f->pollable) {
            int r = h->wait(s, f->fd, POLLIN, h->now(s) + TICK);
            if (r < 0)
                return SD_OK;
            if (r == 0) {
                settle(f, s, &f->carry, false);
                if (f->ops->quiet)
                    f->ops->quiet(s);
                continue;
            }
        }
        ssize_t n = read(f->fd, f->buffer, READ_SIZE);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (h->wait(s, -1, 0, h->now(s) + TICK) < 0)
                return SD_OK;
            continue;
        }
        if (n < 0)
            return sd_fail(err, s->follow ? SD_RETRY : SD_CONFIG, "cannot read %.300s: %s", s->target,
                           strerror(errno));
        if (n == 0) {
            settle(f, s, &f->carry, true);
            return f->ops->finish(s, err);
        }
        feed(f, s, &f->carry, (size_t)n);
    }
    return SD_OK;
}

enum sd_result follow_run(struct follow *f, struct sd_source *s, struct sd_error *err)
{
    return f->tailing ? run_tail(f, s) : run_stream(f, s, err);
}
