/* analyze.c - EXPLAIN ANALYZE: the one request that executes a statement.
 *
 * Four independent checks: the gate on the text
 * (sql_may_execute), the server's catalog (harmless.c), the nodes of the plan, and a
 * read-only transaction with timeouts that is always rolled back. The statement runs on a
 * connection of its own; the wait for it goes on sampling on the other. */
#include "source/postgres/dial.h"
#include "source/postgres/internal.h"

#include <cjson/cJSON.h>
#include <poll.h>
#include <stdlib.h>

#include "base/units.h"
#include "core/sql/statement.h"

#define LIMIT_DEFAULT_NS (30 * SD_S)
#define LIMIT_MIN_NS     (10 * SD_MS)
#define LIMIT_MAX_NS     (3600 * SD_S)
#define CONFIRM_NS       (5 * SD_S)    /* so long a cancelled statement may take to stop */
#define LEAVE_NS         (500 * SD_MS) /* the same, when the instance is to stop */
#define AGAIN_NS         (300 * SD_MS) /* between two tries to cancel */

#define PLAN_SQL    OWN_TAG "EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS)\n"
#define ANALYZE_SQL OWN_TAG "EXPLAIN (ANALYZE, FORMAT JSON, VERBOSE, SETTINGS, BUFFERS)\n"

static bool gate(const char *sql, struct sd_error *why)
{
    return sql_may_execute(sql, NULL, why);
}

static enum sd_result command(struct conn *c, const char *sql, int n, const char *const *args,
                              struct sd_error *err)
{
    PGresult *r = NULL;
    enum sd_result result = conn_query(c, sql, n, args, false, &r, err);
    PQclear(r);
    return result;
}

static enum sd_result take_plan(PGresult *r, char **body, struct sd_error *err)
{
    if (conn_is_null(r, 0, 0))
        return sd_fail(err, SD_UNSUPPORTED, "the server gave no plan");
    free(*body);
    *body = mem_strdup(conn_text(r, 0, 0));
    return SD_OK;
}

/* ---- before ---- */

static enum sd_result begin(struct conn *c, int *backend, struct sd_error *err)
{
    PGresult *r = NULL;
    enum sd_result result = conn_begin(c, c->timeout, err);
    *backend = c->backend;
    /* From 14 on: should we vanish, the server notices and stops. Not on every platform: then
     * the transaction must begin anew. */
    if (result != SD_OK || PQserverVersion(c->pg) < 140000)
        return result;
    result = conn_query(
        c, OWN_TAG "SELECT pg_catalog.set_config('client_connection_check_interval', '1000', true)", 0, NULL,
        true, &r, err);
    PQclear(r);
    if (result == SD_UNSUPPORTED) {
        conn_end(c);
        result = conn_begin(c, c->timeout, err);
        *backend = c->backend;
    }
    return result;
}

/* cJSON refuses more than 1000 levels, so the recursion is bounded. */
static bool nodes_harmless(const cJSON *node, struct sd_error *why)
{
    static const char *const refused[] = {"ModifyTable", "LockRows", "Foreign Scan", "Custom Scan", NULL};
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "Node Type"));
    if (type && str_find(refused, type) >= 0)
        return fail(why, "the plan holds a %s, which may change something; EXPLAIN ANALYZE does not run it",
                    type);
    for (const cJSON *c = node->child; c; c = c->next)
        if ((cJSON_IsObject(c) || cJSON_IsArray(c)) && !nodes_harmless(c, why))
            return false;
    return true;
}

static enum sd_result plan(struct conn *c, const char *text, char **body, struct sd_error *err)
{
    PGresult *r = NULL;
    char *explain = mem_printf(PLAN_SQL "%s", text);
    enum sd_result result = conn_query(c, explain, 0, NULL, false, &r, err);
    if (result == SD_OK)
        result = take_plan(r, body, err);
    if (result == SD_OK) {
        cJSON *tree = cJSON_Parse(*body);
        if (!tree)
            result = sd_fail(err, SD_UNSUPPORTED, "the plan is nested too deeply to check it");
        else if (!nodes_harmless(tree, err))
            result = SD_UNSUPPORTED;
        cJSON_Delete(tree);
    }
    PQclear(r);
    free(explain);
    return result;
}

/* ---- stopping it ---- */

/* Through the connection that samples, which is there already; a connection for the purpose only
 * when that one is gone. */
static void cancel(struct postgres *p, struct conn *c, int backend)
{
    struct sd_error ignored;
    char pid[16];
    snprintf(pid, sizeof pid, "%d", backend);
    const char *args[] = {pid};
    enum sd_result result =
        command(&p->main, OWN_TAG "SELECT pg_catalog.pg_cancel_backend($1::int4)", 1, args, &ignored);
    if (result == SD_OK || (result == SD_NODATA && PQstatus(p->main.pg) == CONNECTION_OK))
        return; /* to stop: it was sent, the answer does not matter */
    dial_cancel(c->pg);
}

/* Cancels until the server has answered; a cancel that meets a session between two
 * statements is lost, so that one is not enough. False: no answer. */
static bool stop(struct postgres *p, struct conn *c, int backend)
{
    const struct sd_host *h = p->s->host;
    bool leave = h->should_stop(p->s);
    sd_time end = h->now(p->s) + (leave ? LEAVE_NS : CONFIRM_NS), again = 0;
    while (conn_busy(c)) {
        sd_time now = h->now(p->s);
        if (now >= end || (!leave && h->should_stop(p->s)))
            return false;
        if (now >= again) {
            cancel(p, c, backend);
            again = now + AGAIN_NS;
        }
        /* Not the host's wait, which returns at once as long as the request is withdrawn. */
        struct pollfd fd = {.fd = conn_socket(c), .events = POLLIN};
        poll(&fd, 1, 50);
        if (!conn_read(c))
            return true; /* the connection ended, and with it the statement */
    }
    return true;
}

/* ---- executing ---- */

enum end { ANSWERED, WITHDRAWN, LEFT, SILENT };

/* Waits for the answer and samples meanwhile. */
static enum end wait_sampling(struct postgres *p, struct conn *c, sd_time deadline)
{
    const struct sd_host *h = p->s->host;
    bool sampling = !c->pooled; /* a pool of one session has none for a sample */
    while (conn_busy(c)) {
        sd_time until = sampling ? MIN(postgres_due(p), deadline) : deadline;
        postgres_busy(p, conn_may_cut(c) ? conn_socket(c) : -1);
        int r = h->wait(p->s, conn_socket(c), POLLIN, until);
        postgres_busy(p, -1);
        if (h->should_stop(p->s))
            return LEFT;
        if (h->withdrawn(p->s))
            return WITHDRAWN;
        if (r > 0 && (!conn_read(c) || !conn_busy(c)))
            return ANSWERED; /* conn_finish says how the connection ended, if it did */
        sd_time now = h->now(p->s);
        struct sd_error ignored;
        if (now >= deadline)
            return SILENT;
        /* When sampling fails `run` will meet the same and tell. */
        if (sampling && now >= postgres_due(p))
            sampling = postgres_sample(p, now, &ignored) == SD_OK;
    }
    return ANSWERED;
}

static void why_ended(struct conn *c, enum end end, bool stopped, int64_t took, int64_t limit,
                      struct sd_error *err)
{
    char t[UNIT_TEXT_MAX], l[UNIT_TEXT_MAX];
    unit_format_int(UNIT_NS, took, t);
    unit_format_int(UNIT_NS, limit, l);
    if (end == WITHDRAWN && stopped)
        fail(err, "cancelled after %s; the server has stopped it", t);
    else if (end == WITHDRAWN)
        fail(err,
             "cancelled after %s, but the server has not confirmed yet that it stopped; the time limit is %s",
             t, l);
    else if (end == SILENT)
        fail(err, "the server did not answer within the limit of %s; it was told to stop", l);
    else if (strcmp(c->sqlstate, "57014") == 0 && took >= limit - limit / 20)
        fail(err,
             "stopped by the server at the time limit of %s; try a higher limit, or the plan without "
             "execution",
             l);
    else if (strcmp(c->sqlstate, "57014") == 0)
        fail(err, "cancelled on the server by another session after %s", t);
}

static enum sd_result execute(struct postgres *p, struct conn *c, int backend, const char *text,
                              int64_t limit, char **body, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    char ms[32];
    snprintf(ms, sizeof ms, "%lld", (long long)(limit / SD_MS));
    const char *args[] = {ms};
    enum sd_result result =
        command(c, OWN_TAG "SELECT pg_catalog.set_config('statement_timeout', $1, true)", 1, args, err);
    if (result != SD_OK)
        return result;
    char *explain = mem_printf(ANALYZE_SQL "%s", text);
    sd_time start = h->now(p->s);
    result = conn_start(c, explain, err);
    free(explain);
    if (result != SD_OK)
        return result;
    enum end end = wait_sampling(p, c, start + limit + CONFIRM_NS);
    int64_t took = MAX(h->now(p->s) - start, 0);
    bool stopped = end == ANSWERED || stop(p, c, backend);
    if (end == LEFT)
        return SD_NODATA;
    if (stopped) {
        PGresult *r = NULL;
        result = conn_finish(c, &r, err);
        if (result == SD_OK)
            result = take_plan(r, body, err);
        PQclear(r);
        if (result == SD_OK)
            return SD_OK; /* also when it was withdrawn in its last moment */
    }
    why_ended(c, end, stopped, took, limit, err);
    return result == SD_OK ? SD_RETRY : result;
}

/* What came of a job: the plan, or why there is none. */
struct outcome {
    const char *text; /* the statement */
    char *body;
    struct sd_error why;
    struct conn c;
    enum sd_result result;
};

/* Up to its execution, with `run` that as well. */
static void analyze(struct postgres *p, const struct sd_job_analyze *job, bool run, struct outcome *o)
{
    bool cut;
    int backend = 0;
    int64_t limit = sd_known(job->limit_ns) && job->limit_ns > 0 ? job->limit_ns : LIMIT_DEFAULT_NS;
    limit = MAX(MIN(limit, LIMIT_MAX_NS), LIMIT_MIN_NS);
    *o = (struct outcome){.text = explain_statement(p, job->query, job->query_id, &cut)};
    o->result = explain_allowed(p, o->text, cut, gate, &o->why) ? SD_OK : SD_UNSUPPORTED;
    if (o->result == SD_OK)
        o->result = conn_open(
            &o->c, p, job->database && !str_eq(job->database, p->database) ? job->database : NULL, &o->why);
    if (o->result == SD_OK)
        o->result = begin(&o->c, &backend, &o->why);
    if (o->result == SD_OK)
        o->result = harmless_statement(&o->c, o->text, &o->why);
    if (o->result == SD_OK) /* planning runs functions, too: only now */
        o->result = plan(&o->c, o->text, &o->body, &o->why);
    if (o->result == SD_OK && run)
        o->result = execute(p, &o->c, backend, o->text, limit, &o->body, &o->why);
    if (o->result == SD_UNSUPPORTED && strcmp(o->c.sqlstate, "57014") != 0)
        explain_advise(p, &o->c, &o->why);
    if (o->result != SD_OK) {
        free(o->body);
        o->body = NULL;
    }
    if (!o->body && !o->why.text[0])
        fail(&o->why, "the server gave no plan");
}

static void outcome_free(struct outcome *o)
{
    if (o->c.p) {
        if (o->c.pg && o->result != SD_NODATA)
            conn_end(&o->c);
        conn_close(&o->c);
    }
    free(o->body);
}

/* The plan record of an outcome; its texts stay the outcome's. */
static struct sd_plan plan_record(const struct postgres *p, const struct sd_job_analyze *job,
                                  const struct outcome *o, bool run)
{
    return (struct sd_plan){
        .query_id = job->query_id,
        .database = job->database ? job->database : p->database,
        .query = o->text,
        .body = o->body,
        .generic = 0,
        .analyzed = run,
        .failed = o->body ? NULL : o->why.text,
    };
}

enum sd_result analyze_request(struct postgres *p, const struct sd_job_analyze *job, struct sd_batch *reply,
                               struct sd_error *err)
{
    struct outcome o;
    analyze(p, job, true, &o);
    struct sd_plan pl = plan_record(p, job, &o, true);
    enum sd_result result = o.body || o.result == SD_NODATA ? SD_OK : SD_UNSUPPORTED;
    if (o.body) {
        p->s->host->add(reply, SD_PLAN, &pl);
        explain_facts(p, &o.c, pl.database, o.body, reply);
        conn_end(&o.c);
        explain_advice(p, &o.c, &pl, false, reply);
    } else if (result != SD_OK) {
        *err = o.why;
    }
    outcome_free(&o);
    return result;
}

enum sd_result analyze_check(struct postgres *p, const struct sd_job_analyze *job, struct sd_batch *reply,
                             struct sd_error *err)
{
    struct outcome o;
    (void)err;
    analyze(p, job, false, &o);
    struct sd_plan pl = plan_record(p, job, &o, false);
    if (o.result != SD_NODATA)
        p->s->host->add(reply, SD_PLAN, &pl);
    if (o.body)
        explain_facts(p, &o.c, pl.database, o.body, reply);
    outcome_free(&o);
    return SD_OK;
}
