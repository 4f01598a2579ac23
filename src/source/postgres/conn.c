#include "source/postgres/conn_private.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"
#include "source/postgres/shape.h"

#define SLOW_NS (2 * SD_S) /* then the status shows that the server hangs */

/* Besides the rows of an answer: notices, notifications, parameters, of which libpq keeps some. */
#define BESIDE_USUAL 8192

#define BESIDE_MAX ((int64_t)4 << 20)

#define ANSWERS_MAX 4 /* to one statement: one, and errors */

void conn_one_line(const char *message, char *out, size_t size)
{
    size_t n = 0;
    for (const char *line = message; *line;) {
        size_t len = strcspn(line, "\n");
        if (len > 0 && line[0] != '\t') {
            if (n > 0 && n + 2 < size) {
                memcpy(out + n, "; ", 2);
                n += 2;
            }
            size_t fits = MIN(len, size - 1 - n);
            memcpy(out + n, line, fits);
            n += fits;
        }
        line += len + (line[len] == '\n');
    }
    while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == '\r'))
        n--;
    out[n] = '\0';
}

/* Waits for the descriptor whatever the host wants meanwhile: a query under way must
 * end before `run` may return. 1 ready, 0 deadline, -1 the instance is to stop. */
int conn_wait_fd(struct conn *c, int fd, int events, sd_time deadline)
{
    struct postgres *p = c->p;
    const struct sd_host *h = p->s->host;
    for (;;) {
        postgres_busy(p, c->pg && !conn_may_cut(c) ? -1 : fd);
        int r = h->wait(p->s, fd, events, deadline);
        if (r < 0 && !h->should_stop(p->s)) {
            p->request_waiting = true;
            struct pollfd pfd = {.fd = fd, .events = (short)events};
            if (poll(&pfd, 1, 20) > 0)
                r = 1;
        }
        postgres_busy(p, -1);
        if (r >= 0)
            return r;
        if (h->should_stop(p->s))
            return -1;
        if (h->now(p->s) >= deadline)
            return 0;
    }
}

/* The same until libpq can go on. The deadline and the wish to stop come first: a server that
 * never pauses does not put them off. */
int conn_wait_socket(struct conn *c, int events, sd_time deadline)
{
    const struct sd_host *h = c->p->s->host;
    for (;;) {
        int fd = PQsocket(c->pg);
        if (h->should_stop(c->p->s))
            return -1;
        if (fd < 0 || h->now(c->p->s) >= deadline)
            return 0;
        if (!c->relay)
            return conn_wait_fd(c, fd, events, deadline);
        struct pollfd near = {.fd = fd, .events = (short)events};
        relay_move(c->relay, fd);
        if (poll(&near, 1, 0) > 0)
            return 1;
        int r = conn_wait_fd(c, relay_socket(c->relay), relay_events(c->relay), deadline);
        if (r <= 0)
            return r;
    }
}

/* The connection is not used any more; every further call gets this sentence. */
static void __attribute__((format(printf, 2, 3))) give_up(struct conn *c, const char *fmt, ...)
{
    va_list ap;
    if (c->broken[0])
        return;
    va_start(ap, fmt);
    vsnprintf(c->broken, sizeof c->broken, fmt, ap);
    va_end(ap);
}

/* What makes a transaction safe, and nothing that outlives it: the server session may be
 * a pooler's, which gives it to the application next. $1 is statement_timeout, $3 the
 * search_path. The name stays where the server process is the one connected to ($4), whose
 * session is ours alone. The gate reads backslashes in strings as the standard does, so the server
 * must, too. Encodings of one byte a character always convert; for the others the
 * server's own is kept, since a statement of another database may hold bytes that do not. */
static const char SETTINGS[] =
    OWN_TAG "SELECT pg_catalog.pg_backend_pid(),"
            " pg_catalog.set_config('transaction_read_only', 'on', true),"
            " pg_catalog.set_config('statement_timeout', $1, true),"
            " pg_catalog.set_config('lock_timeout', '200', true),"
            " pg_catalog.set_config('idle_in_transaction_session_timeout', '10000', true),"
            " pg_catalog.set_config('standard_conforming_strings', 'on', true),"
            " pg_catalog.set_config('client_encoding', $2, true),"
            " pg_catalog.set_config('application_name', 'slowdive', pg_catalog.pg_backend_pid() "
            "OPERATOR(pg_catalog.<>) $4::pg_catalog.int4),"
            " pg_catalog.set_config('search_path',"
            " coalesce($3, pg_catalog.current_setting('search_path')), true)";

/* PQsendQueryParams and PQsendQuery, with the tag of ours where every server keeps it. */
static bool send_query(struct conn *c, const char *sql, int n, const char *const *values, bool binary)
{
    char *text = sql_tag_own(sql);
    bool sent = PQsendQueryParams(c->pg, text, n, NULL, values, NULL, NULL, binary);
    free(text);
    return sent;
}

bool conn_send_simple(struct conn *c, const char *sql)
{
    char *text = sql_tag_own(sql);
    bool sent = PQsendQuery(c->pg, text);
    free(text);
    return sent;
}

bool conn_may_cut(const struct conn *c)
{
    return PQstatus(c->pg) != CONNECTION_OK || (c->backend && !c->pooled);
}

/* ---- failures ---- */

/* The most that an answer may take. */
static int64_t conn_most(const struct conn *c)
{
    int64_t most = c->p->o->answer_max;
    return most > 0 ? most : ANSWER_MAX;
}

static enum sd_result lost(struct conn *c, struct sd_error *err)
{
    char text[400];
    c->sqlstate[0] = '\0';
    if (c->broken[0])
        return sd_fail(err, SD_RETRY, "%s", c->broken);
    if (c->farewell[0])
        return sd_fail(err, SD_RETRY, "%s (the server ended the connection)", c->farewell);
    int error = c->relay ? relay_error(c->relay) : 0;
    conn_one_line(error ? strerror(error) : PQerrorMessage(c->pg), text, sizeof text);
    return sd_fail(err, SD_RETRY, "the connection to the server was lost%s%s", text[0] ? ": " : "", text);
}

static enum sd_result refused(struct conn *c, const PGresult *r, struct sd_error *err)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    snprintf(c->sqlstate, sizeof c->sqlstate, "%s", state ? state : "");
    char text[400];
    conn_one_line(message ? message : PQresultErrorMessage(r), text, sizeof text);
    if (!text[0])
        snprintf(text, sizeof text, "the server did not say why it failed");
    /* 57P0x: shutdown, crash, cannot connect now. The connection ends with it. */
    if (strncmp(c->sqlstate, "57P", 3) == 0)
        return sd_fail(err, SD_RETRY, "%s (the server ended the connection)", text);
    return sd_fail(err, SD_UNSUPPORTED, "%s", text);
}

/* Waits for an answer. A hanging server is reported long before the connection is closed. */
static int wait_answer(struct conn *c, int events, sd_time deadline)
{
    struct postgres *p = c->p;
    sd_time slow = p->s->host->now(p->s) + SLOW_NS;
    int r = c == &p->main && slow < deadline ? conn_wait_socket(c, events, slow) : 0;
    if (r == 0 && c == &p->main && slow < deadline) {
        p->s->host->note(p->s, SD_STATE_STALE, "the server has not answered for %d s", (int)(SLOW_NS / SD_S));
        free(p->noted); /* so that the normal state is reported again */
        p->noted = NULL;
    }
    return r == 0 ? conn_wait_socket(c, events, deadline) : r;
}

/* ---- what arrives ---- */

/* All that was received since the last answer but its rows: libpq keeps some of it for good. */
static void count_beside(struct conn *c)
{
    int64_t received = relay_received(c->relay), beside = received - c->counted - c->rows;
    c->beside = MAX(c->beside + beside - c->rows / 64 - BESIDE_USUAL, 0); /* 1/64: what TLS adds */
    c->counted = received;
    c->rows = 0;
    if (c->beside > BESIDE_MAX)
        give_up(c, "the server sent %d MiB of notices and other messages that belong to no result",
                (int)(BESIDE_MAX >> 20));
}

static void check_size(struct conn *c)
{
    int64_t most = conn_most(c), received = relay_received(c->relay);
    char size[UNIT_TEXT_MAX];
    if (received - c->row_at > most / 4)
        give_up(c,
                "the server sent %s without the end of a row; the limit is a quarter of the source's option "
                "answer_max",
                unit_format_int(UNIT_BYTES, received - c->row_at, size));
    else if (received - c->counted > most)
        give_up(c, "the server's answer is longer than the source's option answer_max, %s",
                unit_format_int(UNIT_BYTES, most, size));
}

bool conn_read(struct conn *c)
{
    relay_move(c->relay, PQsocket(c->pg));
    /* A TLS record may be longer than what libpq reads at once, and the rest makes no socket readable. */
    for (int times = PQsslInUse(c->pg) ? 4 : 1; times > 0; times--) {
        if (!PQconsumeInput(c->pg))
            return false;
        PQisBusy(c->pg); /* takes it apart */
    }
    for (PGnotify *n; (n = PQnotifies(c->pg)) != NULL;)
        PQfreemem(n);
    check_size(c);
    return !c->broken[0];
}

/* What the relay has passed on already makes the server's socket readable no more. */
bool conn_busy(struct conn *c)
{
    struct pollfd near = {.fd = PQsocket(c->pg), .events = POLLIN};
    while (!c->broken[0] && PQisBusy(c->pg)) {
        if (near.fd < 0 || poll(&near, 1, 0) <= 0)
            return true;
        if (!conn_read(c))
            return false;
    }
    return false;
}

/* ---- statements ---- */

/* Hands what was sent to the socket. */
static enum sd_result flush(struct conn *c, sd_time deadline, struct sd_error *err)
{
    for (;;) {
        int flushed = PQflush(c->pg);
        relay_move(c->relay, PQsocket(c->pg));
        bool held = relay_events(c->relay) & POLLOUT; /* by the relay */
        if (flushed < 0)
            return lost(c, err);
        if (flushed == 0 && !held)
            return SD_OK;
        int r = held ? conn_wait_fd(c, relay_socket(c->relay), relay_events(c->relay), deadline)
                     : wait_answer(c, POLLIN | POLLOUT, deadline);
        if (r < 0)
            return SD_NODATA;
        if (r == 0) {
            give_up(c, "the server no longer accepts statements");
            return lost(c, err);
        }
        if (!conn_read(c))
            return lost(c, err);
    }
}

/* The server's own timeout comes first, unless it hangs. */
static int64_t answer_ns(const struct conn *c)
{
    int64_t timeout = c->p->o->timeout;
    return timeout + MIN(MAX(timeout, 200 * SD_MS), 3 * SD_S);
}

static sd_time answer_by(const struct conn *c)
{
    return c->p->s->host->now(c->p->s) + answer_ns(c);
}

/* After a PQsend...: rows one by one, so that they can be counted. */
static void expect(struct conn *c, struct shape shape)
{
    PQsetSingleRowMode(c->pg);
    c->shape = shape;
    c->row_at = relay_received(c->relay);
}

/* Where the transaction is an open pipeline nothing is answered before it is asked for. */
static bool ask_now(struct conn *c)
{
    return !c->open || PQsendFlushRequest(c->pg);
}

enum sd_result conn_start(struct conn *c, const char *sql, struct sd_error *err)
{
    if (c->broken[0] || !send_query(c, sql, 0, NULL, false) || !ask_now(c))
        return lost(c, err);
    expect(c, shape_of(sql));
    return flush(c, answer_by(c), err);
}

/* An answer as it comes together. */
struct answer {
    PGresult *rows;
    int finals;          /* results that are not a single row */
    enum sd_result fate; /* of the statement */
};

/* One more row. The first is kept as it is: often it is the only one, and large. */
static bool add_row(struct answer *a, PGresult **r)
{
    if (!a->rows) {
        a->rows = *r;
        *r = NULL;
        return true;
    }
    if (PQresultStatus(a->rows) == PGRES_SINGLE_TUPLE) {
        PGresult *all = PQcopyResult(a->rows, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
        PQclear(a->rows);
        a->rows = all;
    }
    int n = PQntuples(a->rows), columns = PQnfields(a->rows);
    bool ok = a->rows && PQnfields(*r) == columns;
    for (int i = 0; i < columns && ok; i++) {
        bool null = PQgetisnull(*r, 0, i);
        ok = PQsetvalue(a->rows, n, i, null ? NULL : PQgetvalue(*r, 0, i), null ? -1 : PQgetlength(*r, 0, i));
    }
    return ok;
}

static void take_row(struct conn *c, struct answer *a, PGresult **r)
{
    for (int i = 0; i < PQnfields(*r); i++)
        c->rows += PQgetlength(*r, 0, i) + 4;
    c->row_at = relay_received(c->relay);
    c->rows += 7;
    char size[UNIT_TEXT_MAX];
    if (!add_row(a, r))
        give_up(c, "the server's rows have different numbers of columns, or there is no memory for them");
    else if ((int64_t)PQresultMemorySize(a->rows) > conn_most(c) / 2)
        give_up(c, "the server's answer takes more memory than half of the source's option answer_max, %s",
                unit_format_int(UNIT_BYTES, conn_most(c), size));
}

/* One result of libpq; *r becomes NULL when it is kept. */
static void take_result(struct conn *c, struct answer *a, PGresult **r, struct sd_error *err)
{
    if (PQresultStatus(*r) != PGRES_SINGLE_TUPLE && ++a->finals > ANSWERS_MAX)
        give_up(c, "the server sent more results than were requested");
    switch (PQresultStatus(*r)) {
    case PGRES_SINGLE_TUPLE:
        take_row(c, a, r);
        return;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (!a->rows) {
            a->rows = *r;
            *r = NULL;
        }
        return;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        /* libpq would give out the same result for ever. */
        give_up(c, "the server started a COPY that was not requested");
        return;
    case PGRES_PIPELINE_SYNC:
        give_up(c, "the server sent no result");
        return;
    default:
        if (a->fate == SD_OK)
            a->fate = refused(c, *r, err);
    }
}

/* Why there is nothing more to read: what the server said before it went is the better sentence. */
static enum sd_result ended(struct conn *c, struct sd_error *err)
{
    PGresult *last = c->broken[0] || PQisBusy(c->pg) ? NULL : PQgetResult(c->pg);
    if (last && PQresultErrorField(last, PG_DIAG_SQLSTATE))
        refused(c, last, err);
    else
        lost(c, err);
    PQclear(last);
    return SD_RETRY;
}

/* Waits until libpq has a result, or has none any more. */
static enum sd_result await(struct conn *c, sd_time deadline, struct sd_error *err)
{
    const struct sd_host *h = c->p->s->host;
    while (!c->broken[0] && (PQisBusy(c->pg) || h->now(c->p->s) >= deadline)) {
        int r = wait_answer(c, POLLIN, deadline);
        if (r < 0)
            return SD_NODATA;
        if (r == 0)
            give_up(c, "the server did not answer for %d s%s", (int)MAX(answer_ns(c) / SD_S, 1),
                    c != &c->p->main && c->p->main.pooled
                        ? "; the connection pooler may have no free server connection for a second session"
                        : "");
        else if (!conn_read(c))
            return ended(c, err);
    }
    return c->broken[0] ? lost(c, err) : SD_OK;
}

static enum sd_result collect(struct conn *c, struct answer *a, sd_time deadline, struct sd_error *err)
{
    for (;;) {
        enum sd_result result = await(c, deadline, err);
        if (result != SD_OK)
            return result;
        PGresult *r = PQgetResult(c->pg);
        if (!r)
            return SD_OK;
        take_result(c, a, &r, err);
        PQclear(r);
        if (c->broken[0])
            return lost(c, err);
        if (PQstatus(c->pg) == CONNECTION_BAD)
            return a->fate == SD_OK ? lost(c, err) : SD_RETRY;
    }
}

enum sd_result conn_finish(struct conn *c, PGresult **out, struct sd_error *err)
{
    sd_time deadline = answer_by(c);
    struct answer a = {.fate = SD_OK};
    *out = NULL;
    enum sd_result result = c->broken[0] ? lost(c, err) : flush(c, deadline, err);
    if (result == SD_OK)
        result = collect(c, &a, deadline, err);
    if (result == SD_OK) {
        count_beside(c);
        result = a.fate;
    }
    if (result == SD_OK && !c->broken[0] && !a.rows)
        give_up(c, "the server sent no result");
    if (result == SD_OK && !c->broken[0] &&
        !shape_fits(c->shape, PQnfields(a.rows), PQntuples(a.rows), c->broken, sizeof c->broken))
        c->beside = 0;
    if (result == SD_OK && c->broken[0])
        result = lost(c, err);
    if (result == SD_OK)
        *out = a.rows;
    else
        PQclear(a.rows);
    return result;
}

/* ---- transactions ---- */

/* Did another server session answer than the one this connection was made to? Then there is a pooler. */
static void note_backend(struct conn *c, const PGresult *settings)
{
    int before = c->backend;
    c->backend = (int)conn_int(settings, 0, 0);
    c->moved |= before && before != c->backend;
    c->pooled |= c->backend != PQbackendPID(c->pg);
}

/* The parameters of SETTINGS. */
struct own_settings {
    char ms[32], backend[16];
    const char *values[4];
};

static void own_settings(const struct conn *c, int64_t timeout, struct own_settings *out)
{
    snprintf(out->ms, sizeof out->ms, "%lld", (long long)MAX(timeout / SD_MS, 1));
    snprintf(out->backend, sizeof out->backend, "%d", PQbackendPID(c->pg));
    const char *values[] = {out->ms, c->encoding, c->in_transaction ? NULL : c->path, out->backend};
    memcpy(out->values, values, sizeof values);
}

static bool send_settings(struct conn *c, int64_t timeout)
{
    struct own_settings s;
    own_settings(c, timeout, &s);
    return send_query(c, SETTINGS, ARRAY_LEN(s.values), s.values, true);
}

/* Ends a pipeline whose answers have been taken. */
static enum sd_result sync(struct conn *c, struct sd_error *err)
{
    sd_time deadline = answer_by(c);
    for (int answers = 0;; answers++) {
        if (answers > ANSWERS_MAX)
            give_up(c, "the server sent more results than were requested");
        enum sd_result result = await(c, deadline, err);
        if (result != SD_OK)
            return result;
        PGresult *r = PQgetResult(c->pg);
        ExecStatusType status = PQresultStatus(r);
        PQclear(r);
        if (status == PGRES_PIPELINE_SYNC && !c->in_transaction)
            c->p->own_transactions++;
        if (status == PGRES_PIPELINE_SYNC)
            return PQexitPipelineMode(c->pg) ? SD_OK : lost(c, err);
        if (PQstatus(c->pg) == CONNECTION_BAD)
            return lost(c, err);
    }
}

/* Takes the answers to n statements sent at once; after one that fails none is run. */
static enum sd_result finish_all(struct conn *c, const char *const *sql, PGresult **out, int n,
                                 struct sd_error *err)
{
    struct sd_error ignored;
    enum sd_result result = SD_OK;
    char state[sizeof c->sqlstate] = "";
    for (int i = 0; i < n; i++) {
        if (result == SD_OK) {
            expect(c, shape_of(sql[i]));
            result = conn_finish(c, &out[i], err);
            memcpy(state, c->sqlstate, sizeof state);
        } else if (result == SD_UNSUPPORTED) { /* the answer that it was left out */
            PGresult *none = NULL;
            expect(c, SHAPE_ANY);
            conn_finish(c, &none, &ignored);
            PQclear(none);
        }
    }
    if (result == SD_UNSUPPORTED)
        memcpy(c->sqlstate, state, sizeof state);
    return result;
}

/* Several statements in one round trip. */
static enum sd_result finish_sent(struct conn *c, bool sent, const char *const *sql, PGresult **out, int n,
                                  struct sd_error *err)
{
    struct sd_error ignored;
    if (!sent || !PQpipelineSync(c->pg))
        return lost(c, err);
    enum sd_result result = finish_all(c, sql, out, n, err);
    if (result == SD_OK)
        return sync(c, err);
    if (result != SD_UNSUPPORTED)
        return result;
    char state[sizeof c->sqlstate];
    memcpy(state, c->sqlstate, sizeof state);
    sync(c, &ignored);
    memcpy(c->sqlstate, state, sizeof state);
    return result;
}

static enum sd_result enter_pipeline(struct conn *c, struct sd_error *err)
{
    if (c->broken[0] || PQstatus(c->pg) == CONNECTION_BAD)
        return lost(c, err);
    if (PQpipelineStatus(c->pg) != PQ_PIPELINE_OFF)
        return sd_fail(err, SD_RETRY, "the server has not finished its previous result");
    return PQenterPipelineMode(c->pg) ? SD_OK : lost(c, err);
}

/* BEGIN would make a pooler in statement mode end the server session. What comes before
 * the next Sync is one transaction, too, and Flush brings the answers one by one. */
static enum sd_result begin_open(struct conn *c, int64_t statement_timeout, struct sd_error *err)
{
    PGresult *r = NULL;
    enum sd_result result = enter_pipeline(c, err);
    if (result != SD_OK)
        return result;
    c->in_transaction = c->open = true;
    bool sent = send_settings(c, statement_timeout) && PQsendFlushRequest(c->pg);
    expect(c, shape_of(SETTINGS));
    result = sent ? conn_finish(c, &r, err) : lost(c, err);
    if (result == SD_OK)
        note_backend(c, r);
    PQclear(r);
    if (result == SD_UNSUPPORTED)
        conn_end(c);
    return result;
}

/* 16 and later count BEGIN by its options, whatever its comments: NOT DEFERRABLE, which it is anyway, in
 * front makes ours another than an application's BEGIN READ ONLY. */
#define BEGIN_OWN OWN_TAG "BEGIN NOT DEFERRABLE, READ ONLY"

static enum sd_result begin_block(struct conn *c, int64_t statement_timeout, struct sd_error *err)
{
    PGresult *r[2] = {NULL, NULL};
    enum sd_result result = enter_pipeline(c, err);
    if (result != SD_OK)
        return result;
    c->in_transaction = true;
    static const char *const sql[] = {BEGIN_OWN, SETTINGS};
    bool sent = send_query(c, sql[0], 0, NULL, false) && send_settings(c, statement_timeout);
    result = finish_sent(c, sent, sql, r, 2, err);
    if (result == SD_OK)
        note_backend(c, r[1]);
    PQclear(r[0]);
    PQclear(r[1]);
    if (result == SD_UNSUPPORTED)
        conn_end(c);
    return result;
}

enum sd_result conn_begin(struct conn *c, int64_t statement_timeout, struct sd_error *err)
{
    if (!c->backend) { /* is there a pooler? */
        PGresult *r = NULL;
        enum sd_result result = conn_query(c, OWN_TAG "SELECT 1", 0, NULL, true, &r, err);
        PQclear(r);
        if (result != SD_OK)
            return result;
    }
    return (c->pooled ? begin_open : begin_block)(c, statement_timeout, err);
}

void conn_end(struct conn *c)
{
    struct sd_error ignored;
    PGresult *r = NULL;
    char state[sizeof c->sqlstate];
    memcpy(state, c->sqlstate, sizeof state);
    if (c->open && PQstatus(c->pg) == CONNECTION_OK && !PQisBusy(c->pg) && PQpipelineSync(c->pg) &&
        flush(c, answer_by(c), &ignored) == SD_OK)
        sync(c, &ignored);
    else if (!c->open && c->in_transaction && PQstatus(c->pg) == CONNECTION_OK &&
             PQtransactionStatus(c->pg) != PQTRANS_ACTIVE && PQtransactionStatus(c->pg) != PQTRANS_IDLE)
        conn_query(c, OWN_TAG "ROLLBACK", 0, NULL, false, &r, &ignored);
    PQclear(r);
    c->p->own_transactions += c->in_transaction;
    c->in_transaction = c->open = false;
    memcpy(c->sqlstate, state, sizeof state);
}

/* What is sent up to one Sync: SETTINGS and a statement, each perhaps with its preparation in front. */
struct sent {
    const char *sql[4]; /* "": a preparation */
    struct known *known[4];
    int n;
};

static void note_sent(struct sent *s, const char *sql, struct known *k)
{
    s->sql[s->n] = sql;
    s->known[s->n++] = k;
}

static bool send_known(struct conn *c, struct sent *s, const char *sql, int n, const char *const *values,
                       bool binary)
{
    struct known *k = known_statement(c, sql);
    bool sent = true;
    if (k && !k->prepared) {
        char *text = sql_tag_own(sql);
        sent = PQsendPrepare(c->pg, k->name, text, n, NULL);
        free(text);
        note_sent(s, "", k);
    }
    note_sent(s, sql, k);
    return sent && (k ? PQsendQueryPrepared(c->pg, k->name, n, values, NULL, NULL, binary)
                      : send_query(c, sql, n, values, binary));
}

/* In a transaction of its own: without BEGIN all is one, which ends with the message: also when it fails,
 * when the connection drops, and where a pooler refuses transactions. */
static enum sd_result query_once(struct conn *c, struct sent *s, const char *sql, int n,
                                 const char *const *values, bool binary, PGresult **out, struct sd_error *err)
{
    PGresult *r[ARRAY_LEN(s->sql)] = {NULL};
    enum sd_result result = enter_pipeline(c, err);
    if (result != SD_OK)
        return result;
    struct own_settings settings;
    own_settings(c, c->timeout, &settings);
    bool sent = send_known(c, s, SETTINGS, ARRAY_LEN(settings.values), settings.values, true) &&
                send_known(c, s, sql, n, values, binary);
    result = finish_sent(c, sent, s->sql, r, s->n, err);
    for (int i = 0; i < s->n; i++) {
        if (r[i] && s->known[i])
            s->known[i]->prepared = true;
        if (r[i] && s->sql[i] == SETTINGS)
            note_backend(c, r[i]);
        if (i == s->n - 1 && result == SD_OK)
            *out = r[i];
        else
            PQclear(r[i]);
    }
    return result;
}

/* Outside of conn_begin. Where the server does not know any more what it was to keep, once more without. */
static enum sd_result query_alone(struct conn *c, const char *sql, int n, const char *const *values,
                                  bool binary, PGresult **out, struct sd_error *err)
{
    for (;;) {
        struct sent s = {.n = 0};
        enum sd_result result = query_once(c, &s, sql, n, values, binary, out, err);
        if (result != SD_UNSUPPORTED || !known_forgotten(c, s.known[s.n - 1]))
            return result;
    }
}

enum sd_result conn_query(struct conn *c, const char *sql, int n, const char *const *values, bool binary,
                          PGresult **out, struct sd_error *err)
{
    *out = NULL;
    if (!c->in_transaction)
        return query_alone(c, sql, n, values, binary, out, err);
    if (c->broken[0] || !send_query(c, sql, n, values, binary) || !ask_now(c))
        return lost(c, err);
    expect(c, shape_of(sql));
    return conn_finish(c, out, err);
}

enum sd_result conn_simple(struct conn *c, const char *sql, PGresult **out, struct sd_error *err)
{
    *out = NULL;
    if (c->broken[0] || !conn_send_simple(c, sql))
        return lost(c, err);
    expect(c, shape_of(sql));
    return conn_finish(c, out, err);
}

enum sd_result conn_parse(struct conn *c, const char *sql, int n, const Oid *types, struct sd_error *err)
{
    PGresult *r = NULL;
    char *text = sql_tag_own(sql);
    bool sent = !c->broken[0] && PQsendPrepare(c->pg, "", text, n, types) && ask_now(c);
    free(text);
    if (!sent)
        return lost(c, err);
    expect(c, SHAPE_ANY);
    enum sd_result result = conn_finish(c, &r, err);
    PQclear(r);
    return result;
}

enum sd_result conn_sequence(struct conn *c, const char *const *sql, int n, PGresult **out,
                             struct sd_error *err)
{
    struct sd_error ignored;
    enum sd_result result = c->open ? SD_OK : enter_pipeline(c, err);
    for (int i = 0; i < n; i++)
        out[i] = NULL;
    if (result != SD_OK)
        return result;
    bool sent = true;
    for (int i = 0; i < n && sent; i++)
        sent = send_query(c, sql[i], 0, NULL, false);
    if (!sent || !(c->open ? PQsendFlushRequest(c->pg) : PQpipelineSync(c->pg)))
        return lost(c, err);
    if (c->open) /* where one has failed, the rest answers only at the end */
        for (int i = 0; i < n && result == SD_OK; i++) {
            expect(c, shape_of(sql[i]));
            result = conn_finish(c, &out[i], err);
        }
    else if ((result = finish_all(c, sql, out, n, err)) == SD_OK || result == SD_UNSUPPORTED) {
        char state[sizeof c->sqlstate];
        memcpy(state, c->sqlstate, sizeof state);
        enum sd_result synced = sync(c, result == SD_OK ? err : &ignored);
        result = result == SD_OK ? synced : result;
        memcpy(c->sqlstate, state, sizeof state);
    }
    return result;
}

int conn_socket(const struct conn *c)
{
    return relay_socket(c->relay);
}

bool conn_alive(struct conn *c, struct sd_error *err)
{
    if (conn_read(c) && !PQisBusy(c->pg) && !c->farewell[0] && PQstatus(c->pg) == CONNECTION_OK)
        return true;
    lost(c, err);
    return false;
}
