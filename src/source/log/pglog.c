/* pglog.c - the plans auto_explain writes into a PostgreSQL server's log, as they come.
 * I/O only; the log is read in format/plans/explain_log.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/plans/explain_input.h"
#include "source/log/tail.h"

#define READ_SIZE   ((size_t)256 << 10)
#define TICK        (250 * SD_MS)
#define QUIET       (300 * SD_MS)      /* an entry that has not grown for so long is whole */
#define PENDING_MAX ((size_t)32 << 20) /* of one entry */

struct pglog_options {
    int64_t backlog;
};

static const struct sd_option OPTIONS[] = {
    {.name = "backlog",
     .type = SD_OPTION_BYTES,
     .offset = offsetof(struct pglog_options, backlog),
     .fallback = "16MiB",
     .min = 0,
     .max = 1e15,
     .help = "how much of an existing log is read before following it"},
    {.name = NULL},
};

struct pglog {
    struct tail tail;
    bool tailing;
    int fd; /* of a stream: a pipe, a file read to its end; -1 */
    bool own_fd, pollable;
    struct accesslog_carry carry;
    char *buffer;
    sd_time grew_at;
    int64_t bytes, plans, skipped;
    const char *said_missing; /* the last reported reason */
};

static enum sd_result open_stream(struct sd_source *s, struct pglog *l, struct sd_error *err)
{
    enum sd_result bad = s->follow ? SD_RETRY : SD_CONFIG;
    struct stat st;
    if (!strcmp(s->target, "-")) {
        l->fd = STDIN_FILENO;
    } else {
        l->fd = open(s->target, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        l->own_fd = true;
    }
    if (l->fd < 0 || fstat(l->fd, &st) < 0)
        return sd_fail(err, bad, "cannot open %.300s: %s", s->target, strerror(errno));
    l->pollable = !S_ISREG(st.st_mode);
    return SD_OK;
}

static enum sd_result pglog_open(struct sd_source *s, struct sd_error *err)
{
    const struct pglog_options *o = s->opts;
    struct pglog *l = s->priv;
    struct stat st;
    *l = (struct pglog){.fd = -1};
    l->tail = (struct tail){.now.fd = -1, .old.fd = -1, .inotify = -1, .watch = -1};
    l->buffer = mem_alloc(READ_SIZE);
    if (!*s->target)
        return sd_fail(err, SD_CONFIG,
                       "pglog: needs a file, as in pglog:/var/log/postgresql/postgresql-15-main.log");
    if (str_ends(s->target, ".gz"))
        return sd_fail(err, SD_CONFIG,
                       "%.300s is compressed; decompress it first: zcat FILE | slowdive explain", s->target);
    if (stat(s->target, &st) == 0 && S_ISDIR(st.st_mode))
        return sd_fail(err, SD_CONFIG, "%.300s is a folder; name a file in it", s->target);
    if (strcmp(s->target, "-") != 0 && s->follow && stat(s->target, &st) == 0 && S_ISREG(st.st_mode)) {
        l->tailing = true;
        return tail_open(&l->tail, s->target, o->backlog, err) ? SD_OK : SD_RETRY;
    }
    return open_stream(s, l, err);
}

static void pglog_close(struct sd_source *s)
{
    struct pglog *l = s->priv;
    if (!l->buffer) /* open was never entered */
        return;
    tail_close(&l->tail);
    if (l->own_fd && l->fd >= 0)
        close(l->fd);
    accesslog_carry_free(&l->carry);
    free(l->buffer);
    *l = (struct pglog){.fd = -1};
}

/* ---- handing out ---- */

static bool add_plan(const struct sd_host *h, struct sd_batch *b, const struct plan *p)
{
    char *body = explain_to_json(p);
    bool ok = h->add(b, SD_PLAN,
                     &(struct sd_plan){.query_id = p->query_id,
                                       .database = p->database,
                                       .query = p->query ? p->query : "",
                                       .body = body,
                                       .generic = 0,
                                       .analyzed = p->analyzed});
    free(body);
    return ok;
}

static void publish(struct sd_source *s, const struct plan *p)
{
    struct sd_batch *b = s->host->batch(s, sd_known(p->at) ? p->at : s->host->now(s));
    add_plan(s->host, b, p);
    s->host->publish(s, b);
}

static void tell_intake(struct sd_source *s, const struct pglog *l, const char *reason)
{
    struct sd_batch *b = s->host->batch(s, s->host->now(s));
    s->host->add(b, SD_INTAKE,
                 &(struct sd_intake){.unit = "plans",
                                     .total = l->plans + l->skipped,
                                     .unparsed = l->skipped,
                                     .bytes = l->bytes,
                                     .sample = reason ? "an entry of auto_explain" : NULL,
                                     .reason = reason});
    s->host->publish(s, b);
}

/* Reads the first n bytes of what is there and takes them off. */
static void consume(struct sd_source *s, struct pglog *l, struct strbuf *text, size_t n)
{
    struct explain e;
    struct sd_error err;
    size_t had = (size_t)(l->plans + l->skipped);
    const char *reason = NULL;
    if (!n)
        return;
    if (explain_log_read(strbuf_text(text), n, &e, &err)) {
        for (size_t i = 0; i < e.n_plans; i++)
            publish(s, e.plans[i]);
        l->plans += (int64_t)e.n_plans;
        if (e.skipped && e.n_plans && e.plans[e.n_plans - 1]->notes.n)
            reason = e.plans[e.n_plans - 1]->notes.items[e.plans[e.n_plans - 1]->notes.n - 1];
    } else if (e.skipped) {
        reason = err.text;
    }
    l->skipped += (int64_t)e.skipped;
    if ((size_t)(l->plans + l->skipped) != had)
        tell_intake(s, l, reason);
    explain_free(&e);
    memmove(text->text, text->text + n, text->len - n + 1);
    text->len -= n;
}

static void feed(struct sd_source *s, struct pglog *l, struct accesslog_carry *c, size_t n)
{
    const char *from = l->buffer, *end = l->buffer + n;
    l->grew_at = s->host->now(s);
    l->bytes += (int64_t)n;
    if (c->skipping) { /* the backlog begins in the middle of a line */
        const char *newline = memchr(from, '\n', n);
        c->skipping = !newline;
        from = newline ? newline + 1 : end;
    }
    strbuf_add(&c->text, from, (size_t)(end - from));
    if (c->text.len > PENDING_MAX) {
        l->skipped++;
        tell_intake(s, l, "an entry is longer than 32 MiB");
        strbuf_clear(&c->text);
        c->skipping = true;
    } else if (c->text.len) {
        consume(s, l, &c->text, explain_log_settled(c->text.text, c->text.len));
    }
}

/* Nothing more comes: whole lines are all there is. */
static void settle(struct sd_source *s, struct pglog *l, struct accesslog_carry *c, bool to_the_end)
{
    const char *newline = c->text.len ? memrchr(c->text.text, '\n', c->text.len) : NULL;
    consume(s, l, &c->text, to_the_end ? c->text.len : newline ? (size_t)(newline - c->text.text) + 1 : 0);
}

/* ---- reading ---- */

static enum sd_result follow(struct sd_source *s, struct pglog *l)
{
    const struct sd_host *h = s->host;
    while (!h->should_stop(s)) {
        struct accesslog_carry *whose, *ended;
        sd_time now = h->now(s);
        size_t n = tail_read(&l->tail, l->buffer, READ_SIZE, now, &whose, &ended);
        if (n)
            feed(s, l, whose, n);
        if (ended) {
            settle(s, l, ended, true);
            ended->skipping = false;
        }
        const char *why = l->tail.missing ? l->tail.why : NULL;
        if (!str_eq(why, l->said_missing)) {
            l->said_missing = why;
            if (why)
                h->note(s, SD_STATE_STALE, "%s %s; waiting for a new file", s->target, why);
            else
                h->note(s, SD_STATE_LIVE, "%s exists again", s->target);
        }
        if (n || ended)
            continue;
        if (now - l->grew_at >= QUIET || now < l->grew_at)
            settle(s, l, &l->tail.now.carry, false);
        int woken = h->wait(s, tail_fd(&l->tail), POLLIN, now + TICK);
        if (woken == 1)
            tail_woken(&l->tail);
        if (woken < 0)
            break;
    }
    return SD_OK;
}

static enum sd_result finish(struct sd_source *s, struct pglog *l, struct sd_error *err)
{
    settle(s, l, &l->carry, true);
    tell_intake(s, l, NULL);
    if (l->plans)
        return SD_GONE;
    return sd_fail(err, s->follow ? SD_GONE : SD_CONFIG,
                   l->skipped ? "no plan in %.300s could be read"
                              : "there is no plan of auto_explain in %.300s",
                   s->target);
}

static enum sd_result stream(struct sd_source *s, struct pglog *l, struct sd_error *err)
{
    const struct sd_host *h = s->host;
    while (!h->should_stop(s)) {
        if (l->pollable) {
            int r = h->wait(s, l->fd, POLLIN, h->now(s) + TICK);
            if (r < 0)
                return SD_OK;
            if (r == 0) {
                settle(s, l, &l->carry, false);
                continue;
            }
        }
        ssize_t n = read(l->fd, l->buffer, READ_SIZE);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (h->wait(s, -1, 0, h->now(s) + TICK) < 0)
                return SD_OK;
            continue;
        }
        if (n < 0)
            return sd_fail(err, s->follow ? SD_RETRY : SD_CONFIG, "cannot read %.300s: %s", s->target,
                           strerror(errno));
        if (n == 0)
            return finish(s, l, err);
        feed(s, l, &l->carry, (size_t)n);
    }
    return SD_OK;
}

static enum sd_result pglog_run(struct sd_source *s, struct sd_error *err)
{
    struct pglog *l = s->priv;
    return l->tailing ? follow(s, l) : stream(s, l, err);
}

/* ---- recognising, decoding ---- */

static int pglog_recognise(const char *target, const void *head, size_t len)
{
    const char *base = strrchr(target, '/');
    bool named = str_starts(base ? base + 1 : target, "postgresql") &&
                 (strstr(target, ".log") || strstr(target, ".csv") || strstr(target, ".json"));
    if (!head || !len)
        return strstr(target, "://") ? 0 : named ? 60 : 0;
    if (explain_log_has(head, len))
        return 95;
    return explain_log_like(head, len) ? 88 : named ? 60 : 0;
}

static enum sd_result pglog_decode(const struct sd_host *host, const void *bytes, size_t len,
                                   struct sd_batch *b, struct sd_error *err)
{
    struct explain e;
    bool full = false;
    if (!explain_log_read(bytes, len, &e, err)) {
        explain_free(&e);
        return SD_CONFIG;
    }
    for (size_t i = 0; i < e.n_plans && !full; i++)
        full = !add_plan(host, b, e.plans[i]);
    explain_free(&e);
    return full ? sd_fail(err, SD_CONFIG, "The log holds more than one batch can.") : SD_OK;
}

extern const struct sd_source_ops pglog_source_ops;
const struct sd_source_ops pglog_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "pglog",
    .summary = "a PostgreSQL server's log: the plans auto_explain writes into it",
    .targets = "pglog:PATH, PATH of such a log (stderr, csvlog, jsonlog, syslog), pglog:- (standard input)",
    .provides = SD_KIND_BIT(SD_PLAN) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct pglog_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct pglog),
    .recognise = pglog_recognise,
    .open = pglog_open,
    .run = pglog_run,
    .close = pglog_close,
    .decode = pglog_decode,
};
