/* signal.c - cancels a statement or terminates a session that the user has selected and confirmed.
 *
 * A pid can be reused by another session: the statement that sends the signal compares the start of
 * the session (and, to cancel, of the statement) again, and then checks the result. */
#include "source/postgres/internal.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "core/sql/statement.h"

/* So long a signal may take before the user is told that it has not worked yet. */
#define EFFECT_NS (1500 * SD_MS)
#define LOOK_NS   (50 * SD_MS)

enum { QUERY_SHOWN = 120 };

#define MAY_NOT "the role %.64s may not %s sessions of %.64s: GRANT pg_signal_backend TO %.64s;"

enum {
    START,
    QUERY_START,
    ROLE,
    APPLICATION,
    STATE,
    TYPE,
    QUERY,
    SUPERUSER, /* or no role at all: a process of the server's own */
    MAY_SIGNAL /* this role has pg_signal_backend, or the target's role */
};

static const char LOOK[] =
    OWN_TAG "SELECT a.backend_start, a.query_start, a.usename::text, a.application_name, a.state, "
            "a.backend_type, a.query, "
            "coalesce(r.rolsuper, true), "
            "pg_catalog.pg_has_role(current_user, 'pg_signal_backend', 'usage') "
            "OR coalesce(pg_catalog.pg_has_role(current_user, a.usesysid, 'usage'), false) "
            "FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid "
            "WHERE a.pid = $1::int4";

/* The function stands behind a materialised step: it runs for no other row, whatever the
 * planner does with the conditions. $3 null: whichever statement it runs. */
#define SIGNAL(function)                                                                                     \
    OWN_TAG "WITH target AS MATERIALIZED (SELECT a.pid FROM pg_catalog.pg_stat_activity a "                  \
            "WHERE a.pid = $1::int4 AND a.backend_start = $2::timestamptz "                                  \
            "AND ($3::timestamptz IS NULL OR a.query_start = $3::timestamptz) "                              \
            "AND a.pid <> pg_catalog.pg_backend_pid()) "                                                     \
            "SELECT CASE WHEN t.pid = $1::int4 THEN pg_catalog." function "(t.pid) END FROM target t"

static const struct signal_words {
    const char *sql, *verb, *title, *done, *object;
} CANCEL = {.sql = SIGNAL("pg_cancel_backend"),
            .verb = "cancel",
            .title = "cancelled",
            .done = "cancelled the statement of",
            .object = "the statement of "},
  TERMINATE = {.sql = SIGNAL("pg_terminate_backend"),
               .verb = "terminate",
               .title = "terminated",
               .done = "ended",
               .object = ""};

/* Where the session stands, in words that hold after it has gone. */
struct target {
    bool there;
    sd_time start, query_start;
    char role[100], application[100], state[60], type[60];
    char *query; /* literals hidden, on one line; NULL */
    bool superuser, may_signal;
};

static void target_free(struct target *t)
{
    free(t->query);
    t->query = NULL;
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static char *short_query(const char *sql)
{
    char *hidden = sql && *sql ? sql_hide_literals(sql) : NULL;
    const char *p = hidden;
    struct strbuf b = {0};
    for (; p && *p && b.len < QUERY_SHOWN; p++) {
        if ((unsigned char)*p > ' ')
            strbuf_char(&b, *p);
        else if (b.len && b.text[b.len - 1] != ' ')
            strbuf_char(&b, ' ');
    }
    if (p && *p) {
        while (b.len && (b.text[b.len - 1] & 0xC0) == 0x80) /* half of a character */
            b.text[--b.len] = '\0';
        if (b.len && (b.text[b.len - 1] & 0x80))
            b.text[--b.len] = '\0';
        strbuf_str(&b, "...");
    }
    free(hidden);
    return b.len ? strbuf_detach(&b) : NULL;
}

static enum sd_result read_target(struct postgres *p, const char *pid, struct target *t, struct sd_error *err)
{
    PGresult *r;
    const char *args[] = {pid};
    enum sd_result result = conn_query(&p->main, LOOK, 1, args, true, &r, err);
    if (result != SD_OK)
        return result;
    target_free(t);
    *t = (struct target){.there = PQntuples(r) > 0};
    if (t->there) {
        t->start = conn_time(r, 0, START);
        t->query_start = conn_time(r, 0, QUERY_START);
        copy(t->role, sizeof t->role, conn_text(r, 0, ROLE));
        copy(t->application, sizeof t->application, conn_text(r, 0, APPLICATION));
        copy(t->state, sizeof t->state, conn_text(r, 0, STATE));
        copy(t->type, sizeof t->type, conn_text(r, 0, TYPE));
        t->query = short_query(conn_maybe(r, 0, QUERY));
        t->superuser = conn_int(r, 0, SUPERUSER) == 1;
        t->may_signal = conn_int(r, 0, MAY_SIGNAL) == 1;
    }
    PQclear(r);
    return SD_OK;
}

/* As the server reads it, to the microsecond it keeps. */
static const char *timestamp(sd_time t, char buf[64])
{
    struct tm tm;
    time_t s = (time_t)(t / SD_S);
    if (t <= 0 || !gmtime_r(&s, &tm))
        return NULL;
    snprintf(buf, 64, "%04d-%02d-%02d %02d:%02d:%02d.%06d+00", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(t % SD_S / 1000));
    return buf;
}

static bool same_statement(const struct signal_order *order, const struct target *t)
{
    return order->terminate || order->query_start <= 0 || order->query_start == t->query_start;
}

/* Why there is nothing to do; an empty sentence: there is. */
static void find_objection(const struct postgres *p, const struct signal_order *order,
                           const struct signal_words *words, const struct target *t, struct sd_error *why)
{
    const char *me = p->role ? p->role : "of this source";
    char began[CLOCK_TEXT_MAX];
    long long pid = (long long)order->pid;
    why->text[0] = '\0';
    if (!t->there)
        fail(why, "session %lld has already ended", pid);
    else if (pid == PQbackendPID(p->main.pg))
        fail(why, "session %lld is slowdive's own: nothing was done", pid);
    else if (!sd_known(t->start) && !t->may_signal)
        fail(why, MAY_NOT, me, words->verb, t->role, me);
    else if (!sd_known(t->start))
        fail(why,
             "the role %.64s does not see when session %lld began, so it cannot be told from a later one: "
             "GRANT pg_monitor TO %.64s;",
             me, pid, me);
    else if (order->backend_start <= 0)
        fail(
            why,
            "the start of session %lld is not known, so it cannot be told from a later one: nothing was done",
            pid);
    else if (t->start != order->backend_start)
        fail(why, "process %lld is another session now (it began at %s): nothing was done", pid,
             clock_rfc3339(t->start, began));
    else if (!order->terminate && str_starts(t->state, "idle"))
        fail(why, "the statement of session %lld has already ended: nothing was done", pid);
    else if (!same_statement(order, t))
        fail(why, "session %lld runs another statement now: nothing was done", pid);
}

/* The server's refusal, with what can be done about it. */
static void refused(const struct postgres *p, const struct target *t, const struct signal_words *words,
                    struct sd_error *err)
{
    char text[sizeof err->text];
    const char *me = p->role ? p->role : "of this source";
    copy(text, sizeof text, err->text);
    if (strcmp(p->main.sqlstate, "42501") != 0)
        return;
    if (t->superuser && !t->role[0])
        fail(err, "the role %.64s may not %s a process of the server's own (%s): that takes a superuser", me,
             words->verb, t->type);
    else if (t->superuser)
        fail(err, "the role %.64s may not %s sessions of %s, a superuser: that takes a superuser", me,
             words->verb, t->role);
    else if (!t->may_signal)
        fail(err, MAY_NOT, me, words->verb, t->role, me);
    else
        fail(err, "the server did not let the role %.64s %s session of %s: %s", me, words->verb, t->role,
             text);
}

static bool took_effect(const struct signal_order *order, const struct target *before,
                        const struct target *now)
{
    if (!now->there || now->start != before->start)
        return true;
    return !order->terminate && (str_starts(now->state, "idle") || now->query_start != before->query_start);
}

/* Looks until the signal has worked, or for a moment. */
static enum sd_result wait_for_effect(struct postgres *p, const struct signal_order *order, const char *pid,
                                      const struct target *before, bool *worked, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    struct target now = {0};
    sd_time end = h->now(p->s) + EFFECT_NS;
    enum sd_result result;
    *worked = false;
    while ((result = read_target(p, pid, &now, err)) == SD_OK) {
        *worked = took_effect(order, before, &now);
        sd_time t = h->now(p->s);
        if (*worked || t >= end || h->wait(p->s, -1, 0, t + LOOK_NS) < 0)
            break;
    }
    target_free(&now);
    return result;
}

static void add_event(struct postgres *p, struct sd_batch *reply, const char *severity, const char *title,
                      const char *text)
{
    struct sd_event e = {.severity = severity, .title = title, .text = text};
    p->s->host->add(reply, SD_EVENT, &e);
}

/* Sends it; *sent: the server says so. */
static enum sd_result send_signal(struct postgres *p, const struct signal_order *order,
                                  const struct signal_words *words, const char *pid, const struct target *t,
                                  bool *sent, struct sd_error *why, struct sd_error *err)
{
    char start[64], statement[64];
    PGresult *r;
    const char *args[] = {pid, timestamp(order->backend_start, start),
                          !order->terminate ? timestamp(order->query_start, statement) : NULL};
    enum sd_result result = conn_query(&p->main, words->sql, 3, args, true, &r, err);
    if (result == SD_UNSUPPORTED)
        refused(p, t, words, err);
    if (result != SD_OK)
        return result;
    bool same = PQntuples(r) > 0;
    *sent = same && conn_int(r, 0, 0) == 1;
    PQclear(r);
    if (!same) /* between the two looks */
        fail(why, "session %s or its statement has just ended: nothing was done", pid);
    else if (!*sent && strcmp(t->type, "client backend") != 0)
        fail(why, "process %s is the server's %s, which cannot be told to stop: nothing was done", pid,
             t->type);
    else if (!*sent)
        fail(why, "session %s could not be told to stop: it has probably just ended", pid);
    return SD_OK;
}

/* What became of it. */
static void report_effect(struct postgres *p, const struct signal_words *words, const char *pid,
                          const struct target *t, bool worked, struct sd_batch *reply)
{
    struct strbuf b = {0};
    const char *who = t->role[0] ? t->role : t->type;
    if (worked)
        strbuf_printf(&b, "%s session %s (%s%s%s%s%s)", words->done, pid, who, t->application[0] ? ", " : "",
                      t->application, t->query ? ": " : "", t->query ? t->query : "");
    else
        strbuf_printf(&b,
                      "told %ssession %s (%s) to stop, but it is still running: it may be waiting for the "
                      "disk or the network, or rolling back",
                      words->object, pid, who);
    add_event(p, reply, worked ? "info" : "warn", worked ? words->title : "not yet", b.text);
    strbuf_free(&b);
}

enum sd_result signal_request(struct postgres *p, const struct signal_order *order, struct sd_batch *reply,
                              struct sd_error *err)
{
    const struct signal_words *words = order->terminate ? &TERMINATE : &CANCEL;
    char pid[24];
    struct target t = {0};
    struct sd_error why = {""};
    bool asked = false, sent = false, worked = false;
    snprintf(pid, sizeof pid, "%lld", (long long)order->pid);
    if (order->pid <= 0 || order->pid > INT32_MAX)
        return sd_fail(err, SD_UNSUPPORTED, "there is no session %s", pid);
    enum sd_result result = read_target(p, pid, &t, err);
    if (result == SD_OK)
        find_objection(p, order, words, &t, &why);
    if (result == SD_OK && !why.text[0]) {
        asked = true;
        result = send_signal(p, order, words, pid, &t, &sent, &why, err);
    }
    if (result == SD_OK && sent)
        result = wait_for_effect(p, order, pid, &t, &worked, err);
    if (result == SD_OK && why.text[0]) {
        add_event(p, reply, "warn", "nothing was done", why.text);
    } else if (result == SD_OK) {
        report_effect(p, words, pid, &t, worked, reply);
    } else if (result == SD_RETRY && asked) {
        char *text =
            mem_printf("%.300s; %s %ssession %s %s not known", err->text, sent ? "the result of" : "whether",
                       words->object, pid, sent ? "is" : "was told to stop is");
        fail(err, "%s", text);
        free(text);
    }
    target_free(&t);
    return result;
}
