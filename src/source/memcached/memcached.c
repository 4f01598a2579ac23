/* memcached.c - the statistics of a memcached, by its text protocol. I/O only; answers are read in
 * format/caches/memcached_stats.c. Nothing is asked for that would take the server long or change it. */
#include "source/memcached/memcached.h"

#include "source/shared/connect.h"
#include "source/shared/examine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The answers are some kilobytes; that of "stats detail dump" grows with the number of prefixes. */
#define ANSWER_MAX ((size_t)8 << 20)

#define AT(member) offsetof(struct memcached_options, member)
static const struct sd_option OPTIONS[] = {
    {.name = "interval",
     .type = SD_OPTION_DURATION,
     .offset = AT(interval),
     .fallback = "2s",
     .min = 100e6,
     .max = 3600e9,
     .unit = "ns",
     .help = "Time between reads of the statistics."},
    {.name = "timeout",
     .type = SD_OPTION_DURATION,
     .offset = AT(timeout),
     .fallback = "2s",
     .min = 100e6,
     .max = 60e9,
     .unit = "ns",
     .help = "How long connecting and each answer may take."},
    {.name = "sample",
     .type = SD_OPTION_TEXT,
     .offset = AT(sample),
     .fallback = "none",
     .help = "detail: switch on stats detail, which counts the lookups of each prefix and costs the server a "
             "lock for each command; it is switched off again at the end."},
    {.name = NULL},
};

/* ---- the target ---- */

/* "//HOST:PORT", "HOST", "[::1]:11211", "/path" or "///path". */
static bool read_target(struct memcached *x, const char *target, struct sd_error *err)
{
    const char *s = str_starts(target, "memcached:") ? target + strlen("memcached:") : target;
    if (str_starts(s, "//"))
        s += 2;
    if (*s == '/') {
        if (strlen(s) >= sizeof((struct sockaddr_un *)0)->sun_path)
            return fail(err, "the path of the socket is too long");
        snprintf(x->where, sizeof x->where, "%s", s);
        return true;
    }
    if (strchr(s, '@'))
        return fail(err, "a login to memcached is not supported: name its host and port only");
    size_t n = strcspn(s, "/"), host = n;
    const char *begin = s, *port = NULL;
    if (*s == '[') {
        const char *close = memchr(s, ']', n);
        if (!close)
            return fail(err, "this is no address: write memcached://HOST:PORT");
        begin = s + 1;
        host = (size_t)(close - begin);
        port = close[1] == ':' ? close + 2 : NULL;
    } else if ((port = memchr(s, ':', n))) {
        host = (size_t)(port++ - s);
    }
    size_t digits = port ? (size_t)(s + n - port) : 0;
    if (host >= sizeof x->host || digits >= sizeof x->port || (port && strspn(port, "0123456789") != digits))
        return fail(err, "this is no address: write memcached://HOST:PORT");
    snprintf(x->host, sizeof x->host, "%.*s", host ? (int)host : 9, host ? begin : "127.0.0.1");
    snprintf(x->port, sizeof x->port, "%.*s", digits ? (int)digits : 5, digits ? port : "11211");
    bool colons = strchr(x->host, ':') != NULL;
    snprintf(x->where, sizeof x->where, "%s%s%s:%s", colons ? "[" : "", x->host, colons ? "]" : "", x->port);
    return true;
}

/* ---- connecting ---- */

static enum sd_result connect_any(struct sd_source *s, struct memcached *x, struct sd_error *err)
{
    const struct memcached_options *o = s->opts;
    char name[300];
    snprintf(name, sizeof name, "memcached at %.200s", x->where);
    return connect_socket(
        s,
        &(struct connect_to){
            .path = *x->host ? NULL : x->where, .host = x->host, .port = atoi(x->port), .name = name},
        s->host->now(s) + o->timeout, &x->fd, err);
}

/* ---- asking ---- */

/* Is the answer whole? Its last line is END or OK, or its only one an error. */
static bool is_whole(const struct strbuf *b)
{
    static const char *const LAST[] = {"END\r\n", "OK\r\n", "RESET\r\n"};
    const char *t = strbuf_text(b);
    if (b->len < 2 || t[b->len - 1] != '\n')
        return false;
    for (size_t i = 0; i < ARRAY_LEN(LAST); i++) {
        size_t n = strlen(LAST[i]);
        if (b->len >= n && !memcmp(t + b->len - n, LAST[i], n) && (b->len == n || t[b->len - n - 1] == '\n'))
            return true;
    }
    return str_starts(t, "ERROR") || str_starts(t, "CLIENT_ERROR") || str_starts(t, "SERVER_ERROR");
}

/* False at the first bytes that memcached would not say. */
static bool may_be_memcached(const struct strbuf *b)
{
    static const char *const FIRST[] = {"STAT ", "END\r\n", "OK\r\n",       "RESET",
                                        "ERROR", "PREFIX ", "CLIENT_ERROR", "SERVER_ERROR"};
    for (size_t i = 0; i < ARRAY_LEN(FIRST); i++)
        if (!memcmp(strbuf_text(b), FIRST[i], MIN(strlen(FIRST[i]), b->len)))
            return true;
    return false;
}

static enum sd_result lost(struct memcached *x, const char *why, struct sd_error *err)
{
    close(x->fd);
    x->fd = -1;
    return sd_fail(err, SD_RETRY, "memcached at %.200s %s", x->where, why);
}

static enum sd_result send_all(struct sd_source *s, struct memcached *x, const char *text, sd_time deadline,
                               struct sd_error *err)
{
    for (size_t n = strlen(text); n;) {
        ssize_t sent = send(x->fd, text, n, MSG_NOSIGNAL);
        if (sent > 0) {
            text += sent;
            n -= (size_t)sent;
        } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return lost(x, "closed the connection", err);
        } else {
            int ready = s->host->wait(s, x->fd, POLLOUT, deadline);
            if (ready < 0)
                return SD_NODATA;
            if (!ready)
                return lost(x, "does not answer", err);
        }
    }
    return SD_OK;
}

enum sd_result memcached_ask(struct sd_source *s, struct memcached *x, const char *command,
                             struct sd_error *err)
{
    const struct memcached_options *o = s->opts;
    sd_time now = s->host->now(s), slow = now + CONNECT_SLOW_NS, deadline = now + o->timeout;
    struct strbuf *b = &x->answer;
    strbuf_clear(b);
    if (x->fd < 0)
        return lost(x, "is not connected", err);
    enum sd_result r = send_all(s, x, command, deadline, err);
    while (r == SD_OK && !is_whole(b)) {
        bool late = s->host->now(s) >= deadline;
        int ready = late ? 0 : s->host->wait(s, x->fd, POLLIN, MIN(slow, deadline));
        if (ready < 0)
            return SD_NODATA;
        if (!ready && !late && slow < deadline) {
            connect_slow(s, s->target);
            slow = deadline;
            continue;
        }
        if (!ready)
            return lost(x, b->len ? "answers too slowly" : "does not answer", err);
        ssize_t n = recv(x->fd, strbuf_room(b, 65536), 65536, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0)
            return lost(x, "closed the connection", err);
        b->len += (size_t)n;
        b->text[b->len] = 0;
        if (!may_be_memcached(b))
            return lost(x, "answers otherwise than memcached: is it the right port?", err);
        if (b->len > ANSWER_MAX)
            return lost(x, "answered more than 8 MiB", err);
    }
    return r;
}

/* ---- the table's functions ---- */

static bool wants_detail(const struct memcached_options *o)
{
    return str_eq(o->sample, "detail");
}

static enum sd_result open_source(struct sd_source *s, struct sd_error *err)
{
    const struct memcached_options *o = s->opts;
    struct memcached *x = s->priv;
    *x = (struct memcached){.opened = true, .fd = -1, .detail.lock = -1};
    if (!read_target(x, s->target, err))
        return SD_CONFIG;
    /* The other methods are those of sources beside it. */
    static const char *const METHODS[] = {"", "none", "detail", "keys", "monitor", NULL};
    if (o->sample && str_find(METHODS, o->sample) < 0)
        return sd_fail(err, SD_CONFIG, "a memcached is sampled by detail, not by \"%.40s\"", o->sample);
    snprintf(x->name, sizeof x->name, "memcached %s", x->where);
    enum sd_result r = connect_any(s, x, err);
    if (r == SD_OK)
        r = detail_recover(s, x, err);
    if (r == SD_OK && wants_detail(o))
        r = detail_begin(s, x, 0, err);
    return r;
}

static enum sd_result read_stats(struct sd_source *s, struct memcached *x, struct sd_error *err)
{
    static const char *const COMMANDS[] = {"stats\r\n", "stats settings\r\n", "stats items\r\n",
                                           "stats slabs\r\n"};
    memcached_stats_clear(&x->stats);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        enum sd_result r = memcached_ask(s, x, COMMANDS[i], err);
        if (r != SD_OK)
            return r;
        /* Relatives such as a proxy may know "stats" only. */
        struct sd_error ignored;
        if (!memcached_stats_read(&x->stats, strbuf_text(&x->answer), x->answer.len, i ? &ignored : err) &&
            !i)
            return str_starts(strbuf_text(&x->answer), "CLIENT_ERROR") ? SD_CONFIG : SD_RETRY;
    }
    return SD_OK;
}

static enum sd_result collect(struct sd_source *s, struct sd_batch *b, struct sd_error *err)
{
    struct memcached *x = s->priv;
    enum sd_result r = read_stats(s, x, err);
    if (r != SD_OK)
        return r;
    memcached_stats_add(&x->stats, x->name, x->stats.detail_on, s->host, b);
    return detail_read(s, x, b, err);
}

static enum sd_result request(struct sd_source *s, const struct sd_request *req, struct sd_batch *reply,
                              struct sd_error *err)
{
    struct memcached *x = s->priv;
    const struct sd_job_sample_cache *job = req->args;
    if ((int)req->job != SD_JOB_SAMPLE_CACHE)
        return sd_fail(err, SD_UNSUPPORTED, "the memcached source does not know this job");
    if (job->cache && !str_eq(job->cache, x->name))
        return sd_fail(err, SD_UNSUPPORTED, "this source is %.200s", x->name);
    if (!str_eq(job->method, "detail"))
        return sd_fail(err, SD_UNSUPPORTED, "a memcached is sampled by detail only");
    enum sd_result r = detail_begin(s, x, sd_known(job->limit_ns) ? job->limit_ns : 0, err);
    if (r != SD_OK)
        return r;
    struct sd_event e = {.severity = "info",
                         .title = "stats detail",
                         .text = x->detail.lock >= 0
                                     ? "memcached counts the lookups of each prefix; it is switched off again"
                                     : "memcached counts the lookups of each prefix already"};
    s->host->add(reply, SD_EVENT, &e);
    return SD_OK;
}

static void close_source(struct sd_source *s)
{
    struct memcached *x = s->priv;
    if (!x->opened)
        return;
    detail_end(s, x, true);
    if (x->fd >= 0)
        close(x->fd);
    strbuf_free(&x->answer);
    memcached_prefixes_free(&x->detail.before);
    *x = (struct memcached){.fd = -1, .detail.lock = -1};
}

static int recognise(const char *target, const void *head, size_t len)
{
    (void)head;
    (void)len;
    return str_starts(target, "memcached://") ? 100 : 0;
}

static enum sd_result decode(const struct sd_host *host, const void *bytes, size_t len, struct sd_batch *b,
                             struct sd_error *err)
{
    struct memcached_stats *m = mem_alloc(sizeof *m);
    memcached_stats_clear(m);
    bool ok = memcached_stats_read(m, bytes, len, err);
    if (ok)
        memcached_stats_add(m, "memcached", m->detail_on, host, b);
    free(m);
    return ok ? SD_OK : SD_CONFIG;
}

static void examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    struct memcached *x = s->priv;
    const struct examine e = {tell, ctx};
    struct sd_error err = {""};
    if (!s->target)
        return;
    *x = (struct memcached){.fd = -1, .detail.lock = -1}; /* not as opened: nothing is switched off */
    enum sd_result r = read_target(x, s->target, &err) ? connect_any(s, x, &err) : SD_CONFIG;
    if (r == SD_OK)
        r = read_stats(s, x, &err);
    examine_answer(&e, "server", r, "it tells its statistics", &err,
                   "start it, or correct host and port: memcached://HOST:11211");
    if (x->fd >= 0)
        close(x->fd);
    strbuf_free(&x->answer);
}

extern const struct sd_source_ops memcached_source_ops;
const struct sd_source_ops memcached_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "memcached",
    .summary = "memcached 1.4 and later: hits, misses, evictions, memory, slabs, prefixes on request",
    .targets = "memcached://HOST:PORT, memcached:///PATH/OF/SOCKET",
    .provides = SD_KIND_BIT(SD_CACHE) | SD_KIND_BIT(SD_CACHE_PREFIX) | SD_KIND_BIT(SD_EVENT),
    .opts_size = sizeof(struct memcached_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct memcached),
    .interval_ns = 2 * SD_S,
    .recognise = recognise,
    .open = open_source,
    .collect = collect,
    .request = request,
    .close = close_source,
    .decode = decode,
    .examine = examine,
};
