#include "source/redis/redis_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"
#include "source/shared/connect.h"
#include "source/redis/redis_reader.h"
#include "source/redis/redis_tls.h"

enum { SMALL_REPLY = 65536, LINE_KEPT = 65536, CHUNK = REDIS_FEED_MAX };

struct redis_conn {
    struct sd_source *s;
    char *name;
    int fd;
    struct redis_tls *tls;
    struct redis_reader *reader;
    struct strbuf out;
    int64_t timeout, bytes, received;
    bool lost; /* what came of the last exchange cannot be told from the next */
    /* Lines: what was read and not given yet, from `at`. */
    struct strbuf lines;
    size_t at, skipped; /* skipped: of the present line, beyond what is kept */
    bool by_line;
};

/* ---- addresses ---- */

char *redis_address_name(const struct redis_address *a)
{
    if (a->path)
        return mem_strdup(a->path);
    bool v6 = strchr(a->host, ':');
    return mem_printf(v6 ? "[%s]:%d" : "%s:%d", a->host, a->port);
}

struct redis_address redis_address_copy(const struct redis_address *a)
{
    return (struct redis_address){
        .host = mem_strdup(a->host), .port = a->port, .path = mem_strdup(a->path), .tls = a->tls};
}

void redis_address_free(struct redis_address *a)
{
    free(a->host);
    free(a->path);
    *a = (struct redis_address){0};
}

bool redis_address_equal(const struct redis_address *a, const struct redis_address *b)
{
    return str_eq(a->host, b->host) && str_eq(a->path, b->path) && a->port == b->port;
}

const char *redis_name(const struct redis_conn *c)
{
    return c->name;
}

int redis_fd(const struct redis_conn *c)
{
    return c->fd;
}

int64_t redis_bytes(const struct redis_conn *c)
{
    return c->bytes;
}

bool redis_is_lost(const struct redis_conn *c)
{
    return c && c->lost;
}

const char *redis_words(size_t n, const char *const *words)
{
    static _Thread_local char text[64];
    bool two = n > 1 && words[1][0] >= 'A' && words[1][0] <= 'Z' && strcmp(words[0], "INFO") != 0;
    snprintf(text, sizeof text, "%.30s%s%.30s", words[0], two ? " " : "", two ? words[1] : "");
    return text;
}

/* ---- bytes ---- */

/* As redis_tls_recv, through whichever way there is. */
static int raw_recv(struct redis_conn *c, char *to, size_t size, int *events, struct sd_error *err)
{
    if (c->tls)
        return redis_tls_recv(c->tls, to, size, events, err);
    ssize_t n = recv(c->fd, to, size, 0);
    *events = POLLIN;
    if (n >= 0)
        return (int)n;
    if (errno == EAGAIN || errno == EINTR)
        return -1;
    if (errno == ECONNRESET || errno == EPIPE)
        return 0;
    fail(err, "%s", strerror(errno));
    return -2;
}

static int raw_send(struct redis_conn *c, const char *from, size_t len, int *events, struct sd_error *err)
{
    if (c->tls)
        return redis_tls_send(c->tls, from, len, events, err);
    ssize_t n = send(c->fd, from, len, MSG_NOSIGNAL);
    *events = POLLOUT;
    if (n >= 0)
        return (int)n;
    if (errno == EAGAIN || errno == EINTR)
        return -1;
    if (errno == ECONNRESET || errno == EPIPE)
        return 0;
    fail(err, "%s", strerror(errno));
    return -2;
}

static enum sd_result lost(struct redis_conn *c, enum sd_result r, struct sd_error *err, const char *text)
{
    c->lost = true;
    return sd_fail(err, r, "%.150s: %.300s", c->name, text);
}

/* Takes what has come: 1 some, 0 nothing yet with *events, -1 lost. */
static int take_in(struct redis_conn *c, int *events, struct sd_error *err)
{
    char chunk[CHUNK];
    struct sd_error why = {""};
    int n = raw_recv(c, chunk, sizeof chunk, events, &why);
    if (n == -1)
        return 0;
    if (n <= 0) {
        lost(c, SD_RETRY, err, n ? why.text : "the server closed the connection");
        return -1;
    }
    c->bytes += n;
    c->received += n;
    if (c->by_line)
        strbuf_add(&c->lines, chunk, (size_t)n);
    else
        redis_reader_feed(c->reader, chunk, (size_t)n);
    return 1;
}

/* Sends all that is queued, and takes in meanwhile: a server that waits for us to read would not read. */
static enum sd_result flush(struct redis_conn *c, sd_time deadline, struct sd_error *err)
{
    size_t sent = 0;
    while (sent < c->out.len) {
        int events, in_events;
        struct sd_error why = {""};
        int n = raw_send(c, c->out.text + sent, c->out.len - sent, &events, &why);
        if (n == 0 || n == -2)
            return lost(c, SD_RETRY, err, n ? why.text : "the server closed the connection");
        if (n > 0) {
            sent += (size_t)n;
            c->bytes += n;
            continue;
        }
        int r = connect_wait(c->s, c->fd, events | POLLIN, deadline);
        if (r < 0) {
            c->lost = true;
            return SD_NODATA;
        }
        if (!r)
            return lost(c, SD_RETRY, err, "the server does not read what is sent to it");
        if (take_in(c, &in_events, err) < 0)
            return SD_RETRY;
    }
    strbuf_clear(&c->out);
    return SD_OK;
}

/* ---- replies ---- */

void redis_send(struct redis_conn *c, size_t n, const char *const *words, const size_t *lengths)
{
    strbuf_printf(&c->out, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++) {
        size_t len = lengths ? lengths[i] : strlen(words[i]);
        strbuf_printf(&c->out, "$%zu\r\n", len);
        strbuf_add(&c->out, words[i], len);
        strbuf_str(&c->out, "\r\n");
    }
}

int redis_next(struct redis_conn *c, sd_time deadline, size_t max, struct redis_reply **reply,
               struct sd_error *err)
{
    if (c->lost) {
        fail(err, "%.150s: the connection was given up", c->name);
        return -1;
    }
    if (c->out.len && flush(c, deadline, err) != SD_OK)
        return -1;
    for (;;) {
        struct sd_error why = {""};
        int events, n;
        *reply = redis_reader_next(c->reader, max, &why);
        if (*reply)
            return 1;
        if (why.text[0]) {
            lost(c, SD_RETRY, err, why.text);
            return -1;
        }
        if ((n = take_in(c, &events, err)) < 0)
            return -1;
        if (n)
            continue;
        int r = connect_wait(c->s, c->fd, events, deadline);
        if (r < 0)
            c->lost = true;
        if (r <= 0)
            return r;
    }
}

enum sd_result redis_read(struct redis_conn *c, const char *what, size_t max, struct redis_reply **reply,
                          struct sd_error *err)
{
    char text[UNIT_TEXT_MAX], sentence[200];
    int64_t before = c->received;
    struct sd_error why = {""};
    *reply = NULL;
    sd_time now = c->s->host->now(c->s), slow = now + CONNECT_SLOW_NS, end = now + c->timeout;
    int r = redis_next(c, MIN(slow, end), max, reply, &why);
    if (r == 0 && slow < end) {
        connect_slow(c->s, c->name);
        r = redis_next(c, end, max, reply, &why);
    }
    if (r > 0)
        return SD_OK;
    if (r < 0 && !why.text[0])
        return SD_NODATA;
    if (r < 0) {
        *err = why;
        return SD_RETRY;
    }
    snprintf(sentence, sizeof sentence, "%s %.60s within %s",
             c->received > before ? "the server did not finish its answer to" : "the server does not answer",
             what, unit_format_int(UNIT_NS, c->timeout, text));
    return lost(c, SD_RETRY, err, sentence);
}

/* Kinds of errors, by the word that they begin with. */
static const struct {
    const char *begins;
    enum sd_result result;
    const char *sentence; /* NULL: the server's own */
} REFUSALS[] = {
    {"NOAUTH", SD_CONFIG, "the server asks for a password: it goes into the address or the option password"},
    {"WRONGPASS", SD_CONFIG, "the server does not accept this user and password"},
    {"ERR invalid password", SD_CONFIG, "the server does not accept this password"},
    {"ERR AUTH <password> called without any password", SD_CONFIG,
     "the server has no password, and one was given: remove it"},
    {"ERR Client sent AUTH, but no password is set", SD_CONFIG,
     "the server has no password, and one was given: remove it"},
    {"NOPERM", SD_CONFIG, NULL},
    {"DENIED", SD_CONFIG,
     "the server is in protected mode and accepts connections from its own host only: set a password or bind "
     "an address, and it can be reached"},
    {"LOADING", SD_RETRY, "the server is loading its data and does not answer yet"},
    {"BUSY", SD_RETRY, "the server is busy with a script that does not end, and answers nothing"},
    {"MASTERDOWN", SD_RETRY, "the server is a replica without its master, and does not answer"},
    {"CLUSTERDOWN", SD_RETRY, "the cluster is down, and the server does not answer"},
    {"ERR max number of clients", SD_RETRY, "the server has no connection left: maxclients is reached"},
    {"ERR unknown command", SD_UNSUPPORTED, NULL},
    {"ERR unknown subcommand", SD_UNSUPPORTED, NULL},
    {"ERR Unknown subcommand", SD_UNSUPPORTED, NULL},
    {"ERR Unknown CLIENT", SD_UNSUPPORTED, NULL},
    {"ERR syntax", SD_UNSUPPORTED, NULL},
    {"ERR wrong number of arguments", SD_UNSUPPORTED, NULL},
    {"ERR This instance has cluster support disabled", SD_UNSUPPORTED, NULL},
};

enum sd_result redis_refused(const struct redis_conn *c, const char *what, const struct redis_reply *reply,
                             struct sd_error *err)
{
    const char *text = reply->type == REPLY_ERROR ? reply->text : NULL;
    size_t line = text ? strcspn(text, "\r\n") : 0;
    for (size_t i = 0; text && i < ARRAY_LEN(REFUSALS); i++) {
        if (!str_starts(text, REFUSALS[i].begins))
            continue;
        if (REFUSALS[i].sentence)
            return sd_fail(err, REFUSALS[i].result, "%.150s: %s", c->name, REFUSALS[i].sentence);
        return sd_fail(err, REFUSALS[i].result, "%.150s refuses %.60s: %.*s", c->name, what,
                       (int)MIN(line, (size_t)200), text);
    }
    if (text)
        return sd_fail(err, SD_RETRY, "%.150s answers %.60s with an error: %.*s", c->name, what,
                       (int)MIN(line, (size_t)200), text);
    return sd_fail(err, SD_RETRY, "%.150s answers %.60s with what is no answer to it", c->name, what);
}

/* ---- lines ---- */

/* From replies to lines: what was read for the one is the other's. */
static void begin_lines(struct redis_conn *c)
{
    size_t len;
    char *rest = redis_reader_rest(c->reader, &len);
    strbuf_add(&c->lines, rest, len);
    free(rest);
    c->by_line = true;
}

/* A line that is whole. Of one without an end only the beginning is kept. */
static bool cut_line(struct redis_conn *c, struct redis_line *line)
{
    char *p = c->lines.text + c->at;
    size_t len = c->lines.len - c->at;
    char *end = len ? memchr(p, '\n', len) : NULL;
    if (!end) {
        if (c->at) { /* what was given */
            memmove(c->lines.text, p, len);
            c->lines.len = len;
            c->at = 0;
        }
        if (len > LINE_KEPT) {
            c->skipped += len - LINE_KEPT;
            c->lines.len = LINE_KEPT;
        }
        return false;
    }
    size_t n = (size_t)(end - p);
    *line = (struct redis_line){.text = p, .len = n, .whole = n + c->skipped};
    c->at += n + 1;
    if (c->skipped || n > LINE_KEPT) /* its end is not that of what is kept */
        line->len = MIN(line->len, (size_t)LINE_KEPT);
    else if (n && p[n - 1] == '\r')
        line->len--;
    if (line->len && *p == '+') {
        line->text++;
        line->len--;
    }
    c->skipped = 0;
    return true;
}

int redis_next_line(struct redis_conn *c, sd_time deadline, struct redis_line *line, struct sd_error *err)
{
    if (c->lost) {
        fail(err, "%.150s: the connection was given up", c->name);
        return -1;
    }
    if (c->out.len && flush(c, deadline, err) != SD_OK)
        return -1;
    if (!c->by_line)
        begin_lines(c);
    while (!cut_line(c, line)) {
        int events, n = take_in(c, &events, err);
        if (n < 0)
            return -1;
        if (n)
            continue;
        int r = connect_wait(c->s, c->fd, events, deadline);
        if (r <= 0)
            return r;
    }
    return 1;
}

/* ---- opening ---- */

static enum sd_result shake_hands(struct redis_conn *c, const struct redis_address *to,
                                  const struct redis_login *login, sd_time deadline, struct sd_error *err)
{
    struct sd_error why = {""};
    c->tls = redis_tls_new(c->fd, to, login, &why);
    if (!c->tls)
        return lost(c, SD_CONFIG, err, why.text);
    for (;;) {
        int events = 0, r = redis_tls_shake(c->tls, &events, &why);
        if (r == 1)
            return SD_OK;
        if (r == 0)
            return lost(c, SD_RETRY, err, "the server closed the connection during the TLS hand-shake");
        if (r == -2)
            return lost(c, SD_CONFIG, err, why.text);
        r = connect_wait(c->s, c->fd, events, deadline);
        if (r < 0)
            return SD_NODATA;
        if (!r)
            return lost(c, SD_RETRY, err,
                        "the TLS hand-shake was not finished in time; if the server does not speak TLS, "
                        "write redis:// for rediss://");
    }
}

static enum sd_result log_in(struct redis_conn *c, const struct redis_login *login, struct sd_error *err)
{
    struct redis_reply *reply;
    bool user = login->user && *login->user, password = login->password && *login->password;
    if (password && user)
        REDIS_SEND(c, "AUTH", login->user, login->password);
    else if (password)
        REDIS_SEND(c, "AUTH", login->password);
    REDIS_SEND(c, "CLIENT", "SETNAME", "slowdive"); /* not every server has it: any answer will do */
    enum sd_result r = SD_OK;
    if (password) {
        r = redis_read(c, "AUTH", SMALL_REPLY, &reply, err);
        if (r == SD_OK && reply->type != REPLY_STATUS) {
            r = redis_refused(c, "AUTH", reply, err);
            r = r == SD_UNSUPPORTED ? SD_CONFIG : r;
        }
        redis_reply_free(reply);
    }
    if (r == SD_OK)
        r = redis_read(c, "CLIENT SETNAME", SMALL_REPLY, &reply, err);
    if (r != SD_OK)
        return r;
    bool no = reply->type == REPLY_ERROR;
    r = no ? redis_refused(c, "CLIENT SETNAME", reply, err) : SD_OK;
    bool shut = no && (str_starts(reply->text, "NOAUTH") || str_starts(reply->text, "DENIED") ||
                       str_starts(reply->text, "ERR max number"));
    redis_reply_free(reply);
    if (!shut)
        err->text[0] = 0;
    return shut ? r : SD_OK;
}

enum sd_result redis_open(struct sd_source *s, const struct redis_address *to,
                          const struct redis_login *login, struct redis_conn **out, struct sd_error *err)
{
    struct redis_conn *c = mem_alloc(sizeof *c);
    sd_time deadline = s->host->now(s) + login->timeout;
    c->s = s;
    c->name = redis_address_name(to);
    c->timeout = login->timeout;
    c->reader = redis_reader_new();
    enum sd_result r = connect_socket(
        s, &(struct connect_to){.path = to->path, .host = to->host, .port = to->port, .name = c->name},
        deadline, &c->fd, err);
    if (r == SD_OK && to->tls)
        r = shake_hands(c, to, login, deadline, err);
    if (r == SD_OK)
        r = log_in(c, login, err);
    *out = r == SD_OK ? c : NULL;
    if (r != SD_OK)
        redis_close(c);
    return r;
}

void redis_close(struct redis_conn *c)
{
    if (!c)
        return;
    redis_tls_free(c->tls);
    if (c->fd >= 0)
        close(c->fd);
    redis_reader_free(c->reader);
    if (c->out.cap) /* it may hold a password */
        explicit_bzero(c->out.text, c->out.cap);
    strbuf_free(&c->out);
    strbuf_free(&c->lines);
    free(c->name);
    free(c);
}
