/* conn_open.c - connecting, step by step under one deadline, and leaving. */
#include "source/postgres/conn_private.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "source/postgres/dial.h"

/* What a server may send. Certificates, parameters and the steps of a password come to some
 * kilobytes. */
#define GREETING_MAX ((int64_t)1 << 20)

#define LEAVE_NS (400 * SD_MS) /* so long a pooler's session may take to end what it does for us */

/* SQLSTATE in a verbose message, "FATAL:  28P01: password ..."; the words around it
 * may be in any language. */
static bool find_sqlstate(const char *message, char out[6])
{
    for (const char *p = strstr(message, ": "); p; p = strstr(p + 1, ": ")) {
        const char *q = p + 2;
        while (*q == ' ')
            q++;
        size_t n = 0;
        while (n < 5 && (isdigit((unsigned char)q[n]) || (q[n] >= 'A' && q[n] <= 'Z')))
            n++;
        if (n == 5 && q[5] == ':' && (isdigit((unsigned char)q[0]) || isdigit((unsigned char)q[1]))) {
            memcpy(out, q, 5);
            out[5] = '\0';
            return true;
        }
    }
    out[0] = '\0';
    return false;
}

/* 'connection to server at "db1", port 5432 failed: Connection refused Is the server running ...?' becomes
 * 'connection refused (server at "db1", port 5432)': a line that is cut must not lose the reason. */
static void reason_first(char *text, size_t size)
{
    static const char BEGIN[] = "connection to server ",
                      MIDDLE[] = " failed: ", HINT[] = " Is the server running";
    const char *middle = str_starts(text, BEGIN) ? strstr(text, MIDDLE) : NULL;
    if (!middle || strstr(middle + 1, BEGIN)) /* of several hosts: each has its own */
        return;
    const char *where = text + strlen(BEGIN), *reason = middle + strlen(MIDDLE), *hint = strstr(reason, HINT);
    if (str_starts(reason, "FATAL:"))
        reason += strlen("FATAL:") + strspn(reason + strlen("FATAL:"), " ");
    int len = (int)(hint ? (size_t)(hint - reason) : strlen(reason));
    bool word = len > 1 && isupper((unsigned char)reason[0]) && islower((unsigned char)reason[1]);
    char *out = mem_printf("%.*s (server %.*s)", len, reason, (int)(middle - where), where);
    if (word)
        out[0] = (char)tolower((unsigned char)out[0]);
    snprintf(text, size, "%s", out);
    free(out);
}

static enum sd_result connect_failed(struct conn *c, struct sd_error *err)
{
    const char *raw = PQerrorMessage(c->pg);
    char state[6], text[512], cut[1024];
    snprintf(cut, sizeof cut, "%s", raw);
    find_sqlstate(raw, state);
    char *location = strstr(cut, "\nLOCATION:");
    if (location)
        *location = '\0';
    if (state[0]) {
        char *at = strstr(cut, state);
        if (at) {
            char *newline = strchr(at, '\n');
            if (newline)
                *newline = '\0';
            memmove(at, at + 7, strlen(at + 7) + 1); /* "28P01: " */
        }
    }
    conn_one_line(cut, text, 400);
    reason_first(text, sizeof text);
    char *shown = target_hide(c->p->s->target, c->pg, text);
    snprintf(text, sizeof text, "%s", *shown ? shown : "the server closed the connection");
    free(shown);
    if (c->p->o->no_password && (strcmp(state, "28P01") == 0 || PQconnectionNeedsPassword(c->pg)))
        return sd_fail(err, SD_CONFIG,
                       "the server requests a password; no password is sent to a server that was found and "
                       "not named: name it, as in slowdive postgres://USER@HOST/DATABASE");
    if (PQconnectionNeedsPassword(c->pg) && c->no_file[0])
        return sd_fail(err, SD_CONFIG, "%s", c->no_file);
    if (strcmp(state, "28P01") == 0 || PQconnectionNeedsPassword(c->pg))
        return sd_fail(err, SD_CONFIG, "%s (store the password in ~/.pgpass)", text);
    if (strncmp(state, "28", 2) == 0 || strcmp(state, "3D000") == 0 || strcmp(state, "42501") == 0)
        return sd_fail(err, SD_CONFIG, "%s", text);
    if (strncmp(text, "definition of service", 21) == 0 || strncmp(text, "service file", 12) == 0)
        return sd_fail(err, SD_CONFIG, "%s", text);
    return sd_fail(err, SD_RETRY, "%s", text);
}

static bool single_byte(const char *encoding)
{
    static const char *const families[] = {"LATIN", "WIN", "ISO_8859", "KOI8"};
    for (size_t i = 0; encoding && i < ARRAY_LEN(families); i++)
        if (str_starts(encoding, families[i]))
            return true;
    return false;
}

/* NOTICEs must not reach stderr: that is the terminal. A FATAL that comes between
 * statements is a notice, too: why the server goes away. */
static void keep_farewell(void *ctx, const PGresult *r)
{
    struct conn *c = ctx;
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    if (message && (str_eq(severity, "FATAL") || str_eq(severity, "PANIC")))
        conn_one_line(message, c->farewell, sizeof c->farewell);
}

/* Until a connection was accepted. */
static void no_notice(void *ctx, const PGresult *r)
{
    (void)ctx, (void)r;
}

/* ---- connecting, step by step ---- */

static enum sd_result too_late(struct conn *c, const char *where, struct sd_error *err)
{
    return sd_fail(err, SD_RETRY, "the server%s%s did not answer within %d s", *where ? " at " : "", where,
                   (int)MAX(2 * c->p->o->timeout / SD_S, 1));
}

/* Waits for a step that may block; the connection goes with it when there is no more time. */
static enum sd_result finish_step(struct conn *c, struct dial *d, sd_time deadline,
                                  PostgresPollingStatusType *state, struct sd_error *err)
{
    c->pg = NULL;
    if (!d)
        return sd_fail(err, SD_RETRY, "cannot start a thread to connect: %s", strerror(errno));
    int r = conn_wait_fd(c, dial_fd(d), POLLIN, deadline);
    if (r > 0) {
        c->pg = dial_end(d, state);
        return c->pg ? SD_OK : sd_fail(err, SD_RETRY, "out of memory while connecting");
    }
    dial_leave(d);
    return r < 0 ? SD_NODATA : too_late(c, "", err);
}

/* Puts the relay before the socket once that is connected, and libpq has looked at whose it is. */
static bool count_socket(struct conn *c)
{
    int fd = PQsocket(c->pg);
    if (c->relay && !relay_holds(c->relay, fd)) {
        relay_free(c->relay); /* libpq tries another address */
        c->relay = NULL;
    }
    switch (PQstatus(c->pg)) {
    case CONNECTION_BAD:
    case CONNECTION_NEEDED:
    case CONNECTION_STARTED:
    case CONNECTION_MADE:
        return true;
    default:
        if (!c->relay && fd >= 0)
            c->relay = relay_new(fd);
        return c->relay != NULL;
    }
}

static enum sd_result connect_by(struct conn *c, const char *target, const char *database, sd_time deadline,
                                 struct sd_error *err)
{
    PostgresPollingStatusType poll_for;
    enum sd_result result = finish_step(c, dial_start(target, database), deadline, &poll_for, err);
    if (result != SD_OK)
        return result;
    PQsetNoticeReceiver(c->pg, no_notice, NULL);
    PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE); /* for the SQLSTATE */
    if (PQstatus(c->pg) == CONNECTION_BAD)
        return connect_failed(c, err);
    while (poll_for != PGRES_POLLING_OK) {
        if (poll_for == PGRES_POLLING_FAILED)
            return connect_failed(c, err);
        int r = conn_wait_socket(c, poll_for == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
        if (r <= 0)
            return r < 0 ? SD_NODATA : too_late(c, PQhost(c->pg), err);
        if ((result = finish_step(c, dial_poll(c->pg), deadline, &poll_for, err)) != SD_OK)
            return result;
        if (!count_socket(c))
            return sd_fail(err, SD_RETRY, "cannot make a pair of sockets: %s", strerror(errno));
        if (c->relay && relay_received(c->relay) > GREETING_MAX)
            return sd_fail(err, SD_RETRY, "the server at %s sent more than %d MiB instead of a greeting",
                           PQhost(c->pg), (int)(GREETING_MAX >> 20));
    }
    return SD_OK;
}

enum sd_result conn_open(struct conn *c, struct postgres *p, const char *database, struct sd_error *err)
{
    const char *target = p->s->target ? p->s->target : "";
    *c = (struct conn){.p = p, .timeout = p->o->timeout, .path = c->path};
    if (!target_check(target, err))
        return SD_CONFIG;
    struct sd_error file = {""};
    char *bare = p->o->no_password                      ? target_without_password(target)
                 : !target_password_file(target, &file) ? target_without_file(target)
                                                        : NULL;
    snprintf(c->no_file, sizeof c->no_file, "%s", file.text);
    if (file.text[0])
        p->s->host->log(p->s, "%s", file.text);
    /* Twice, because there are several round trips. */
    sd_time deadline = p->s->host->now(p->s) + 2 * p->o->timeout;
    enum sd_result result = connect_by(c, bare ? bare : target, database, deadline, err);
    free(bare);
    if (result != SD_OK)
        return result;
    PQsetNoticeReceiver(c->pg, keep_farewell, c);
    PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
    c->counted = c->row_at = relay_received(c->relay);
    if (PQsetnonblocking(c->pg, 1) != 0)
        return sd_fail(err, SD_RETRY, "cannot make the connection non-blocking");
    c->is_console = pooler_is_console(c->pg);
    if (!c->is_console && PQserverVersion(c->pg) < 120000)
        return sd_fail(err, SD_UNSUPPORTED, "the server is PostgreSQL %d; slowdive reads 12 and later",
                       PQserverVersion(c->pg) / 10000);
    const char *encoding = PQparameterStatus(c->pg, "server_encoding");
    snprintf(c->encoding, sizeof c->encoding, "%s",
             !encoding               ? "SQL_ASCII"
             : single_byte(encoding) ? "UTF8"
                                     : encoding);
    return SD_OK;
}

/* ---- leaving ---- */

/* Takes what is still to come. False: it takes too long, or the connection is gone. */
static bool drain(struct conn *c, int64_t deadline)
{
    for (;;) {
        bool sending = PQflush(c->pg) == 1;
        relay_move(c->relay, PQsocket(c->pg));
        sending |= (relay_events(c->relay) & POLLOUT) != 0;
        if (!sending && !conn_busy(c))
            return !c->broken[0];
        struct pollfd near = {.fd = PQsocket(c->pg), .events = POLLIN};
        struct pollfd far = {.fd = relay_socket(c->relay), .events = relay_events(c->relay)};
        int64_t left = deadline - clock_mono();
        if (left <= 0 || (poll(&near, 1, 0) <= 0 && poll(&far, 1, (int)MIN(left / SD_MS + 1, 1000)) <= 0) ||
            !conn_read(c))
            return false;
    }
}

/* A pooler ends a server session whose client goes in the middle of an answer or of a
 * transaction, and what the application has left in it. */
static void leave(struct conn *c)
{
    int64_t deadline = clock_mono() + LEAVE_NS;
    bool rolled_back = false;
    if (c->open)
        PQpipelineSync(c->pg);
    while (PQstatus(c->pg) == CONNECTION_OK && clock_mono() < deadline && drain(c, deadline)) {
        PGresult *r = PQgetResult(c->pg);
        bool end = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        bool more = r || PQpipelineStatus(c->pg) != PQ_PIPELINE_OFF;
        PQclear(r);
        if (end)
            PQexitPipelineMode(c->pg);
        if (more)
            continue;
        if (rolled_back || PQtransactionStatus(c->pg) == PQTRANS_IDLE)
            return;
        rolled_back = true;
        if (!conn_send_simple(c, OWN_TAG "ROLLBACK"))
            return;
    }
}

void conn_close(struct conn *c)
{
    if (c->pg && c->relay && !c->is_console && !c->broken[0] && !conn_may_cut(c))
        leave(c);
    if (c->pg)
        PQfinish(c->pg);
    relay_free(c->relay);
    known_free(c);
    c->pg = NULL;
    c->relay = NULL;
}
