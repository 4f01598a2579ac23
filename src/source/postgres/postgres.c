/* postgres.c - the PostgreSQL source: sessions ten times a second, statements and
 * database figures every two seconds, plans and index advice on request. */
#include "source/postgres/buffer_use.h"
#include "source/postgres/postgres.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "source/postgres/bloat.h"
#include "source/postgres/internal.h"
#include "source/postgres/server_state.h"

/* ---- interrupt ----
 * One lock for all instances: `interrupt` may come before `open` has made anything,
 * and it is held for a moment only. */
static pthread_mutex_t busy_lock = PTHREAD_MUTEX_INITIALIZER;

void postgres_busy(struct postgres *p, int fd)
{
    pthread_mutex_lock(&busy_lock);
    p->busy = fd >= 0;
    p->busy_fd = fd;
    pthread_mutex_unlock(&busy_lock);
}

/* Not PQcancel: it connects anew and blocks, which a hanging server would make
 * endless. What the server does for us ends by its own statement_timeout. */
static void postgres_interrupt(struct sd_source *s)
{
    struct postgres *p = s->priv;
    pthread_mutex_lock(&busy_lock);
    if (p->busy)
        shutdown(p->busy_fd, SHUT_RDWR);
    pthread_mutex_unlock(&busy_lock);
}

/* ---- opening ---- */

static enum sd_result read_facts(struct postgres *p, struct sd_error *err)
{
    static const char FACTS[] =
        OWN_TAG "SELECT pg_catalog.current_database()::text, current_user::text, "
                "pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage'), "
                "pg_catalog.current_setting('track_io_timing') = 'on', "
                "pg_catalog.current_setting('track_activities') = 'on', "
                "pg_catalog.pg_size_bytes(pg_catalog.current_setting('track_activity_query_size'))::int8, "
                "(SELECT setting FROM pg_catalog.pg_settings WHERE name = 'shared_preload_libraries'), "
                "pg_catalog.current_setting('compute_query_id', true), "
                "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attname = 'waitstart' "
                "AND attrelid = 'pg_catalog.pg_locks'::pg_catalog.regclass), "
                "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attname = 'last_idx_scan' "
                "AND attrelid = 'pg_catalog.pg_stat_all_indexes'::pg_catalog.regclass), "
                "pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers'))::int8";
    PGresult *r;
    enum sd_result result = conn_query(&p->main, FACTS, 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result == SD_UNSUPPORTED ? SD_RETRY : result;
    if (conn_is_null(r, 0, 0) || conn_is_null(r, 0, 1)) {
        PQclear(r);
        return sd_fail(err, SD_RETRY, "the server did not return the names of its database and role");
    }
    p->version = PQserverVersion(p->main.pg);
    p->database = mem_strdup(conn_text(r, 0, 0));
    p->role = mem_strdup(conn_text(r, 0, 1));
    p->sees_all = conn_int(r, 0, 2) == 1;
    p->io_timed = conn_int(r, 0, 3) == 1;
    p->tracks = conn_int(r, 0, 4) == 1;
    p->query_size = conn_int(r, 0, 5);
    const char *libraries = conn_maybe(r, 0, 6);
    p->preload_known = libraries != NULL;
    p->preloaded = libraries && strstr(libraries, "pg_stat_statements");
    /* auto: when a library such as pg_stat_statements asks for it */
    const char *ids = conn_maybe(r, 0, 7);
    p->has_query_ids =
        ids && strcmp(ids, "off") != 0 && (strcmp(ids, "auto") != 0 || !libraries || p->preloaded);
    p->has_waitstart = conn_int(r, 0, 8) == 1;
    p->has_last_scan = conn_int(r, 0, 9) == 1;
    p->buffers.size = conn_int(r, 0, 10);
    PQclear(r);
    return SD_OK;
}

static enum sd_result postgres_open(struct sd_source *s, struct sd_error *err)
{
    struct postgres *p = s->priv;
    p->s = s;
    p->o = s->opts;
    enum sd_result result = conn_open(&p->main, p, NULL, err);
    p->main.path = "pg_catalog";
    return result == SD_OK && !p->main.is_console ? read_facts(p, err) : result;
}

static void postgres_close(struct sd_source *s)
{
    struct postgres *p = s->priv;
    postgres_busy(p, -1);
    conn_close(&p->main);
    conn_close(&p->console);
    p->pooler = (struct pooler){0};
    statements_free(p->statements);
    session_texts_free(p->session_texts);
    p->session_texts = NULL;
    holders_free(p);
    server_state_free(p);
    buffer_use_free(p);
    free(p->database);
    free(p->role);
    p->statements = NULL;
    free(p->noted);
    p->database = p->role = p->noted = NULL;
    free(p->activity_sql);
    free(p->blocked_sql);
    p->activity_sql = p->blocked_sql = NULL;
    p->lock_waits = false;
    p->request_waiting = p->many_tables = false;
    p->next_activity = p->next_figures = p->next_catalog = p->next_size = p->last_activity = 0;
}

/* ---- running ---- */

/* " up 41 d", in whole hours or days: the status changes with it. */
static void add_uptime(const struct postgres *p, struct strbuf *b)
{
    enum { HOURS_SHOWN = 48 };
    sd_time now = p->s->host->now(p->s), started = p->server.started;
    if (started <= 0 || started > now) /* not read yet, or our clock is behind */
        return;
    int64_t hours = (now - started) / (3600 * SD_S);
    if (hours < 1)
        strbuf_str(b, " up <1 h");
    else if (hours < HOURS_SHOWN)
        strbuf_printf(b, " up %d h", (int)hours);
    else
        strbuf_printf(b, " up %lld d", (long long)hours / 24);
}

/* The status of this server in one line; published when it changes. */
static void report_state(struct postgres *p, const char *problem)
{
    struct strbuf b = {0};
    if (p->main.is_console) {
        strbuf_printf(&b, "the admin console of %s: its pools, no sessions and no statements",
                      p->pooler.name[0] ? p->pooler.name : "a connection pooler");
    } else {
        strbuf_printf(&b, "PostgreSQL %d.%d", p->version / 10000, p->version % 10000);
        add_uptime(p, &b);
        strbuf_printf(&b, ", database %.64s", p->database ? p->database : "?");
        pooler_describe(p, &b);
    }
    if (!p->main.is_console && !p->sees_all)
        strbuf_printf(&b, "; sessions and query texts of other roles are hidden: GRANT pg_monitor TO %.64s;",
                      p->role ? p->role : "the role");
    if (!p->main.is_console && !p->tracks)
        strbuf_str(&b, "; no sessions: track_activities is off");
    else if (!p->main.is_console && !p->has_query_ids && p->version >= 140000)
        strbuf_str(&b, "; sessions are not linked to statements: set compute_query_id = on");
    if (p->many_tables)
        strbuf_printf(&b, "; only the %d largest tables and their indexes are listed", CATALOG_TABLES_MAX);
    if (problem[0])
        strbuf_printf(&b, "; %s", problem);
    if (!str_eq(b.text, p->noted)) {
        p->s->host->note(p->s, SD_STATE_LIVE, "%s", b.text);
        free(p->noted);
        p->noted = strbuf_detach(&b);
    }
    strbuf_free(&b);
}

/* Is `*next` reached? Then it moves on. Late or set-back clocks start anew. */
static bool due(sd_time *next, sd_time now, int64_t interval)
{
    if (now < *next && *next <= now + 2 * interval)
        return false;
    *next = *next + interval > now && *next <= now ? *next + interval : now + interval;
    return true;
}

/* A pooler's admin console has pools and nothing else. */
static enum sd_result sample_console(struct postgres *p, sd_time now, struct sd_error *err)
{
    if (!due(&p->next_figures, now, p->o->interval))
        return SD_OK;
    enum sd_result result = pooler_collect(p, err);
    if (result == SD_OK)
        report_state(p, "");
    return result;
}

enum sd_result postgres_sample(struct postgres *p, sd_time now, struct sd_error *err)
{
    if (p->main.is_console)
        return sample_console(p, now, err);
    int64_t period = p->o->sample_hz > 0 ? (int64_t)(1e9 / p->o->sample_hz) : 0;
    enum sd_result result = SD_OK;
    if (period > 0 && due(&p->next_activity, now, period)) {
        int64_t since = now - p->last_activity;
        /* A sample covers the time since the sample before, unless there was a gap. */
        p->activity_period = since > 0 && since < 5 * period ? since : period;
        p->last_activity = now;
        result = activity_collect(p, err);
        if (result == SD_OK)
            result = statements_sampled(p, err);
    }
    if (result == SD_OK && due(&p->next_figures, now, p->o->interval)) {
        char problem[400] = "";
        result = statements_collect(p, problem, sizeof problem, err);
        if (result == SD_OK)
            result = buffer_use_collect(p, err);
        if (result == SD_OK)
            result = database_collect(p, err);
        if (result == SD_OK)
            result = server_state_slow(p, err);
        if (result == SD_OK && p->o->sample_hz > 0)
            result = holders_read(p, err);
        if (result == SD_OK)
            result = pooler_collect(p, err);
        if (result == SD_OK)
            report_state(p, problem);
    }
    int64_t every = MAX(p->o->catalog_interval, p->catalog_every);
    if (result == SD_OK && p->o->catalog_interval > 0 && due(&p->next_catalog, now, every)) {
        sd_time began = p->s->host->now(p->s); /* the figures were read before it */
        result = catalog_collect(p, err);
        if (result == SD_OK)
            result = settings_collect(p, err);
        /* Thousands of tables take the server a while: never more than 1 % of its time. */
        int64_t took = p->s->host->now(p->s) - began;
        p->catalog_every = took > 0 ? MIN(100 * MIN(took, 60 * SD_S), 3600 * SD_S) : 0;
        if (p->catalog_every > every)
            p->next_catalog = now + p->catalog_every;
    }
    return result;
}

sd_time postgres_due(const struct postgres *p)
{
    return p->o->sample_hz > 0 && !p->main.is_console ? MIN(p->next_activity, p->next_figures)
                                                      : p->next_figures;
}

static enum sd_result postgres_run(struct sd_source *s, struct sd_error *err)
{
    struct postgres *p = s->priv;
    const struct sd_host *h = s->host;
    while (!h->should_stop(s)) {
        enum sd_result result = postgres_sample(p, h->now(s), err);
        if (result == SD_NODATA)
            return SD_OK; /* to stop */
        if (result != SD_OK)
            return result == SD_UNSUPPORTED ? SD_RETRY : result;
        if (p->request_waiting) {
            p->request_waiting = false;
            return SD_OK;
        }
        /* Between statements the socket becomes readable only when the server closes the connection. */
        int fd = conn_socket(&p->main);
        postgres_busy(p, fd);
        int r = h->wait(s, fd, POLLIN, postgres_due(p));
        postgres_busy(p, -1);
        if (r < 0)
            return SD_OK;
        if (r > 0 && !conn_alive(&p->main, err))
            return h->should_stop(s) ? SD_OK : SD_RETRY;
    }
    return SD_OK;
}

static enum sd_result postgres_request(struct sd_source *s, const struct sd_request *req,
                                       struct sd_batch *reply, struct sd_error *err)
{
    const struct postgres *p = s->priv;
    if (p->main.is_console)
        return sd_fail(err, SD_UNSUPPORTED, "not possible on the admin console of a pooler: use a database");
    switch ((int)req->job) {
    case SD_JOB_EXPLAIN:
        return explain_request(s->priv, req->args, reply, err);
    case SD_JOB_CANCEL: {
        const struct sd_job_cancel *c = req->args;
        return signal_request(
            s->priv, &(struct signal_order){false, c->pid, c->backend_start, c->query_start}, reply, err);
    }
    case SD_JOB_TERMINATE: {
        const struct sd_job_terminate *t = req->args;
        return signal_request(s->priv, &(struct signal_order){true, t->pid, t->backend_start, SD_UNKNOWN},
                              reply, err);
    }
    case SD_JOB_ANALYZE:
        return analyze_request(s->priv, req->args, reply, err);
    case SD_JOB_MAY_ANALYZE: {
        const struct sd_job_may_analyze *m = req->args;
        return analyze_check(
            s->priv, &(struct sd_job_analyze){m->query_id, m->database, m->query, m->limit_ns}, reply, err);
    }
    case SD_JOB_ADVISE:
        return advise_request(s->priv, req->args, reply, err);
    case SD_JOB_BLOAT:
        return bloat_request(s->priv, req->args, reply, err);
    }
    return sd_fail(err, SD_UNSUPPORTED, "the PostgreSQL source does not know this job");
}

/* ---- the table ---- */

static int postgres_recognise(const char *target, const void *head, size_t len)
{
    (void)head;
    (void)len;
    return str_starts(target, "postgres://") || str_starts(target, "postgresql://") ? 100 : 0;
}

static enum sd_result postgres_probe(const char *target, const void *opts, struct sd_error *why)
{
    (void)opts;
    return target_check(target, why) ? SD_OK : SD_CONFIG;
}

static void postgres_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    struct sd_error err = {""};
    if (!s->target)
        return;
    enum sd_result result = postgres_open(s, &err);
    if (result == SD_OK)
        postgres_look(s->priv, tell, ctx);
    else
        postgres_not_opened(result, &err, tell, ctx);
    postgres_close(s);
}

static const struct sd_option postgres_options[] = {
    {.name = "interval",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct postgres_options, interval),
     .fallback = "2s",
     .min = 100e6,
     .max = 3600e9,
     .unit = "ns",
     .help = "Time between reads of the statements and the database figures."},
    {.name = "sample_hz",
     .type = SD_OPTION_REAL,
     .offset = offsetof(struct postgres_options, sample_hz),
     .fallback = "10",
     .min = 0,
     .max = 100,
     .unit = "Hz",
     .help = "How often per second sessions are sampled; 0 turns it off."},
    {.name = "top",
     .type = SD_OPTION_INT,
     .offset = offsetof(struct postgres_options, top),
     .fallback = "500",
     .min = 1,
     .max = 20000,
     .unit = "count",
     .help = "How many statements are read: those with the most execution time."},
    {.name = "timeout",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct postgres_options, timeout),
     .fallback = "5s",
     .min = 100e6,
     .max = 60e9,
     .unit = "ns",
     .help =
         "The statement_timeout of every statement that slowdive sends; connecting may take twice as long."},
    {.name = "catalog_interval",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct postgres_options, catalog_interval),
     .fallback = "30s",
     .min = 0,
     .max = 86400e9,
     .unit = "ns",
     .help = "Time between reads of the list of tables and indexes; longer if a read takes long; 0 turns it "
             "off."},
    {.name = "no_password",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct postgres_options, no_password),
     .fallback = "no",
     .help = "Send no password, from the environment or a password file; the default for a server that was "
             "found and not named."},
    {.name = "plan_role",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct postgres_options, plan_role),
     .fallback = "pg_read_all_data",
     .help = "The role that a superuser or other privileged role switches to before a statement is planned; "
             "empty: none."},
    {.name = "answer_max",
     .type = SD_OPTION_BYTES,
     .offset = offsetof(struct postgres_options, answer_max),
     .fallback = "64MiB",
     .min = 1 << 20,
     .max = (double)((int64_t)4 << 30),
     .unit = "bytes",
     .help = "Maximum size of one result of the server; its rows in memory: half of it, one row: a quarter."},
    {0},
};

const struct sd_source_ops postgres_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "postgres",
    .summary = "PostgreSQL 12 and later: statements, sessions, database figures, plans",
    .targets = "postgres://USER@HOST:PORT/DATABASE, postgres:service=NAME, postgres:KEYWORDS",
    .provides = SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_ACTIVITY) |
                SD_KIND_BIT(SD_PLAN) | SD_KIND_BIT(SD_TABLE) | SD_KIND_BIT(SD_INDEX) | SD_KIND_BIT(SD_EVENT) |
                SD_KIND_BIT(SD_ADVICE) | SD_KIND_BIT(SD_WORKLOAD) | SD_KIND_BIT(SD_WORKLOAD_STATEMENT) |
                SD_KIND_BIT(SD_WORKLOAD_INDEX) | SD_KIND_BIT(SD_WORKLOAD_REWRITE) |
                SD_KIND_BIT(SD_WORKLOAD_WASTE) | SD_KIND_BIT(SD_SERVER) | SD_KIND_BIT(SD_SERVER_IO) |
                SD_KIND_BIT(SD_REPLICATION) | SD_KIND_BIT(SD_PROGRESS) | SD_KIND_BIT(SD_PARAMETER) |
                SD_KIND_BIT(SD_BLOAT) | SD_KIND_BIT(SD_CACHE) | SD_KIND_BIT(SD_CACHE_PREFIX),
    .opts_size = sizeof(struct postgres_options),
    .options = postgres_options,
    .priv_size = sizeof(struct postgres),
    .recognise = postgres_recognise,
    .probe = postgres_probe,
    .open = postgres_open,
    .run = postgres_run,
    .request = postgres_request,
    .interrupt = postgres_interrupt,
    .close = postgres_close,
    .examine = postgres_examine,
};
