#include "source/log/log_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/log/log_decode.h"
#include "source/log/log_refuse.h"
#include "source/log/log_unpack.h"

enum { PIECE = 256 << 10, FIRST_BYTES = 256 << 10 };

/* A request that waits until those before it were handed out. */
struct waiting {
    bool full;
    uint32_t endpoint;
    sd_time at;
    struct accesslog_line line;
    struct strbuf text; /* what `line` points into */
};

struct input {
    const char *path;
    int fd; /* -1: it was read to its end */
    bool begun;
    struct log_unpack *unpack; /* NULL: it is not packed */
    struct accesslog_carry carry;
    struct strbuf text; /* unpacked, */
    size_t taken;       /* of which so much was handed on */
    struct waiting next;
};

struct reading {
    const struct log_lines *o;
    struct accesslog_agg *agg;
    struct input *inputs, *in; /* in: whose lines are read now */
    size_t n;
    size_t *heap; /* inputs whose next request is known: the oldest first */
    size_t n_heap;
    char *buffer;
};

/* ---- bytes ---- */

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

static void add_unpacked(void *ctx, const char *bytes, size_t n)
{
    struct input *in = ctx;
    strbuf_add(&in->text, bytes, n);
}

/* Appends the next piece to in->text; at the end of the file it is closed. */
static bool read_piece(struct reading *r, struct input *in, struct sd_error *err)
{
    const char *wrong = NULL;
    ssize_t n = read(in->fd, r->buffer, PIECE);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n < 0)
        return fail(err, "cannot read %.300s: %s", in->path, strerror(errno));
    if (n == 0) {
        close(in->fd);
        in->fd = -1;
        return !in->unpack || !log_unpack_open(in->unpack) ||
               fail(err, "%.300s is a truncated packed file", in->path);
    }
    if (!in->begun && log_is_packed_head(r->buffer, (size_t)n))
        in->unpack = log_unpack_new();
    else if (!in->begun && log_is_utf16(r->buffer, (size_t)n))
        return log_refuse_utf16(in->path, err) == SD_OK;
    in->begun = true;
    if (in->taken) {
        in->text.len -= in->taken;
        memmove(in->text.text, in->text.text + in->taken, in->text.len);
        in->taken = 0;
    }
    if (!in->unpack)
        strbuf_add(&in->text, r->buffer, (size_t)n);
    else if (!log_unpack_feed(in->unpack, r->buffer, (size_t)n, add_unpacked, in, NULL, &wrong))
        return fail(err, "%.300s is damaged: %s", in->path, wrong);
    return true;
}

static void feed(struct reading *r, struct input *in, size_t n)
{
    r->in = in;
    accesslog_agg_feed(r->agg, &in->carry, strbuf_text(&in->text) + in->taken, n, r->o->now);
    in->taken += n;
}

/* ---- one log ---- */

static bool read_one(struct reading *r, struct sd_error *err)
{
    struct input *in = r->inputs;
    bool ok = true;
    while (ok && in->fd >= 0 && !r->o->stop()) {
        ok = read_piece(r, in, err);
        feed(r, in, in->text.len - in->taken);
    }
    accesslog_agg_end(r->agg, &in->carry, r->o->now);
    return ok;
}

/* ---- several ---- */

static const char *keep(struct strbuf *b, const char *s, size_t n)
{
    char *at = strbuf_room(b, n);
    if (n)
        memcpy(at, s, n);
    b->len += n;
    return at;
}

/* The line lives no longer than this call: what is asked of it is copied. */
static void wait_for_turn(void *ctx, uint32_t endpoint, sd_time at, const struct accesslog_line *l)
{
    struct reading *r = ctx;
    struct waiting *w = &r->in->next;
    if (w->full) { /* the first lines, which were held until the format was known */
        r->o->options.each(r->o->options.ctx, endpoint, at, l);
        return;
    }
    w->full = true;
    w->endpoint = endpoint;
    w->at = at;
    w->line = *l;
    strbuf_clear(&w->text);
    strbuf_room(&w->text,
                l->method_len + l->target_len + l->query_len + l->client_len + l->user_len + l->agent_len);
    w->line.method = keep(&w->text, l->method, l->method_len);
    w->line.target = keep(&w->text, l->target, l->target_len);
    w->line.query = keep(&w->text, l->query, l->query_len);
    w->line.client = keep(&w->text, l->client, l->client_len);
    w->line.user = keep(&w->text, l->user, l->user_len);
    w->line.agent = keep(&w->text, l->agent, l->agent_len);
}

/* Reads lines until one is a request. */
static bool find_next(struct reading *r, struct input *in, struct sd_error *err)
{
    while (!in->next.full) {
        const char *begin = strbuf_text(&in->text) + in->taken, *end = strbuf_text(&in->text) + in->text.len;
        const char *newline = begin < end ? memchr(begin, '\n', (size_t)(end - begin)) : NULL;
        if (newline) {
            feed(r, in, (size_t)(newline + 1 - begin));
        } else if (in->fd >= 0) {
            if (in->text.len - in->taken > ACCESSLOG_LINE_MAX) /* no line is so long */
                feed(r, in, in->text.len - in->taken);
            if (!read_piece(r, in, err))
                return false;
        } else {
            feed(r, in, (size_t)(end - begin));
            accesslog_agg_end(r->agg, &in->carry, r->o->now);
            return true;
        }
    }
    return true;
}

static bool is_before(const struct reading *r, size_t a, size_t b)
{
    const struct waiting *x = &r->inputs[a].next, *y = &r->inputs[b].next;
    return x->at != y->at ? x->at < y->at : a < b;
}

/* heap[i] may be later than what is below it. */
static void sink(struct reading *r, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < r->n_heap; i = child) {
        if (child + 1 < r->n_heap && is_before(r, r->heap[child + 1], r->heap[child]))
            child++;
        if (!is_before(r, r->heap[child], r->heap[i]))
            return;
        size_t other = r->heap[i];
        r->heap[i] = r->heap[child];
        r->heap[child] = other;
    }
}

/* The format is learned from the beginnings, before any line is taken: all of the logs when they are short.
 */
static bool learn(struct reading *r, struct sd_error *err)
{
    struct strbuf first = {0};
    bool all = true;
    for (size_t i = 0; i < r->n; i++) {
        struct input *in = &r->inputs[i];
        while (in->fd >= 0 && in->text.len < (size_t)FIRST_BYTES / r->n)
            if (!read_piece(r, in, err)) {
                strbuf_free(&first);
                return false;
            }
        all &= in->fd < 0;
        if (first.len < FIRST_BYTES)
            strbuf_add(&first, strbuf_text(&in->text), in->text.len);
        if (first.len && first.text[first.len - 1] != '\n' && in->fd < 0)
            strbuf_char(&first, '\n');
    }
    accesslog_agg_prime(r->agg, strbuf_text(&first), first.len, all);
    strbuf_free(&first);
    return true;
}

static bool read_many(struct reading *r, struct sd_error *err)
{
    bool ok = learn(r, err);
    r->heap = mem_array(r->n, sizeof *r->heap);
    for (size_t i = 0; i < r->n && ok; i++) {
        ok = find_next(r, &r->inputs[i], err);
        if (r->inputs[i].next.full)
            r->heap[r->n_heap++] = i;
    }
    for (size_t i = r->n_heap / 2 + 1; i-- > 0;)
        sink(r, i);
    while (ok && r->n_heap && !r->o->stop()) {
        struct input *in = &r->inputs[r->heap[0]];
        r->o->options.each(r->o->options.ctx, in->next.endpoint, in->next.at, &in->next.line);
        in->next.full = false;
        ok = find_next(r, in, err);
        if (!in->next.full)
            r->heap[0] = r->heap[--r->n_heap];
        sink(r, 0);
    }
    free(r->heap);
    return ok;
}

bool log_lines_files(const char *const *names, size_t n, struct log_files *out, struct sd_error *err)
{
    *out = (struct log_files){0};
    for (size_t i = 0; i < n; i++) {
        const char *name = names[i] + (str_starts(names[i], "log:") ? 4 : 0);
        struct log_files found = {0};
        struct stat st;
        if (!strpbrk(name, "*?[") || stat(name, &st) == 0)
            log_files_add(out, mem_strdup(name), 0);
        else if (!log_files_match(&found, name))
            return fail(err, "no file matches %.300s", name);
        for (size_t k = 0; k < found.n; k++)
            log_files_add(out, mem_strdup(found.files[k].path), 0);
        log_files_free(&found);
    }
    return true;
}

bool log_lines_read(const struct log_lines *o, const struct log_files *files, struct accesslog_agg **agg,
                    struct sd_error *err)
{
    size_t n = files->n;
    struct reading r = {.o = o, .n = n, .inputs = mem_array(n + 1, sizeof *r.inputs)};
    struct accesslog_agg_options options = o->options;
    if (n > 1) {
        options.each = wait_for_turn;
        options.ctx = &r;
    }
    *agg = r.agg = accesslog_agg_new(&options);
    r.buffer = mem_alloc(PIECE);
    for (size_t i = 0; i < n; i++)
        r.inputs[i] = (struct input){.path = files->files[i].path, .fd = -1};
    bool ok = n <= LOG_LINES_FILES_MAX || fail(err, "more than %d logs are too many", LOG_LINES_FILES_MAX);
    for (size_t i = 0; i < n && ok; i++)
        ok = open_input(&r.inputs[i], err);
    ok = ok && (n > 1 ? read_many(&r, err) : read_one(&r, err));
    for (size_t i = 0; i < n; i++) {
        struct input *in = &r.inputs[i];
        if (in->fd >= 0)
            close(in->fd);
        log_unpack_free(in->unpack);
        accesslog_carry_free(&in->carry);
        strbuf_free(&in->text);
        strbuf_free(&in->next.text);
    }
    free(r.inputs);
    free(r.buffer);
    return ok;
}
