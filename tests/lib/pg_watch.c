#include "tests/lib/pg_watch.h"
#include "tests/lib/test.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/option.h"
#include "source/postgres/postgres.h"

struct private_pg pg;
bool pg_here;
int pg_version; /* 15 */

char *pg_sql(const char *database, const char *text)
{
    char *out = private_pg_sql(&pg, database, text);
    assert_non_null(out);
    out[strcspn(out, "\n")] = '\0';
    return out;
}

void pg_run_sql(const char *database, const char *text)
{
    free(pg_sql(database, text));
}

static struct rt *running; /* of the test under way */

static void keep(void *ctx, const struct sd_batch *b)
{
    struct pg_watch *w = ctx;
    w->batches = mem_grow(w->batches, w->n, &w->cap, sizeof *w->batches);
    w->batches[w->n++] = batch_ref(b);
    const struct sd_status *st;
    for (size_t i = 0; (st = batch_each(b, SD_STATUS, &i));) {
        w->state = st->state;
        snprintf(w->status, sizeof w->status, "%s", st->text ? st->text : "");
    }
}

void pg_watch_start_as(struct pg_watch *w, const char *target, const char *option, const char *value)
{
    struct sd_error err;
    const struct sd_source_ops *ops = &postgres_source_ops;
    *w = (struct pg_watch){.rt = rt_new(&RT_DEFAULTS)};
    running = w->rt;
    void *opts = options_new(ops->options, ops->opts_size);
    assert_true(option_set(ops->options, opts, "interval", "200ms", &err));
    if (option)
        assert_true(option_set(ops->options, opts, option, value, &err));
    assert_non_null(rt_start(w->rt, ops, "pg", target, opts, true, &err));
}

void pg_watch_start(struct pg_watch *w, const char *role, const char *database)
{
    char target[512];
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user='%s' dbname='%s'", pg.port, role, database);
    pg_watch_start_as(w, target, NULL, NULL);
}

void pg_watch_stop(struct pg_watch *w)
{
    running = NULL;
    assert_int_equal(rt_free(w->rt, 10 * SD_S), 0);
    for (size_t i = 0; i < w->n; i++)
        batch_unref(w->batches[i]);
    free(w->batches);
}

/* Waits until `done` says so; false after `seconds`. */
bool pg_until(struct pg_watch *w, bool (*done)(struct pg_watch *w, void *ctx), void *ctx, int seconds)
{
    for (int64_t end = clock_mono() + seconds * SD_S;;) {
        rt_drain(w->rt, SD_S, keep, w);
        if (done(w, ctx))
            return true;
        if (clock_mono() > end)
            return false;
        struct pollfd p = {.fd = rt_fd(w->rt), .events = POLLIN};
        poll(&p, 1, 100);
    }
}

bool pg_says(struct pg_watch *w, void *text)
{
    return strstr(w->status, text) != NULL;
}

void pg_expect_status(struct pg_watch *w, const char *text, int seconds)
{
    if (!pg_until(w, pg_says, (void *)text, seconds))
        fail_msg("no status with '%s'; the last is '%s'", text, w->status);
}

/* The newest statement whose text contains `text`. */
const struct sd_statement *pg_statement(const struct pg_watch *w, const char *text)
{
    const struct sd_statement *found = NULL, *s;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (s = batch_each(w->batches[k], SD_STATEMENT, &i));)
            if (s->text && strstr(s->text, text))
                found = s;
    return found;
}

bool pg_has_statement(struct pg_watch *w, void *text)
{
    return pg_statement(w, text) != NULL;
}

const struct sd_activity *pg_session(const struct pg_watch *w, const char *application, const char *wait_type)
{
    const struct sd_activity *found = NULL, *a;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (a = batch_each(w->batches[k], SD_ACTIVITY, &i));)
            if (str_eq(a->application, application) && (!wait_type || str_eq(a->wait_type, wait_type)))
                found = a;
    return found;
}

bool pg_has_session(struct pg_watch *w, void *ctx)
{
    const struct pg_who *who = ctx;
    return pg_session(w, who->application, who->wait_type) != NULL;
}

bool pg_has_linked_session(struct pg_watch *w, void *ctx)
{
    const struct pg_who *who = ctx;
    const struct sd_activity *a = pg_session(w, who->application, who->wait_type);
    return a && sd_known(a->query_id);
}

double pg_metric(const struct pg_watch *w, const char *name, const char *labels)
{
    double value = NAN;
    const struct sd_metric *m;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (m = batch_each(w->batches[k], SD_METRIC, &i));)
            if (str_eq(m->name, name) && str_eq(m->labels, labels))
                value = m->value;
    return value;
}

bool pg_has_metric(struct pg_watch *w, void *name)
{
    return !isnan(pg_metric(w, name, NULL));
}

/* ---- a client that does things ---- */
PGconn *pg_client(const char *role, const char *database, const char *application)
{
    const char *keys[] = {"host", "port", "user", "dbname", "application_name", NULL};
    const char *values[] = {"127.0.0.1", pg.port, role, database, application, NULL};
    PGconn *c = PQconnectdbParams(keys, values, 0);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

/* A test that failed has left open what it had. */
int pg_close_all(void **state)
{
    if (running)
        rt_free(running, 10 * SD_S);
    running = NULL;
    return private_pg_end_sessions(state);
}

void pg_client_run(PGconn *c, const char *text)
{
    PGresult *r = PQexec(c, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(c));
    PQclear(r);
}

int pg_watch_server(void **state)
{
    (void)state;
    unsetenv("PGSERVICE");
    pg_here = private_pg_start(&pg);
    if (!pg_here && !strstr(pg.why, "not installed")) {
        fprintf(stderr, "the private server does not start: %s\n", pg.why);
        return -1;
    }
    if (!pg_here)
        return 0;
    static const char *const setup[][2] = {
        {"postgres", "create database shop"},
        {"postgres", "create database bare"},
        {"postgres", "create database elsewhere"},
        {"postgres", "create role nobody_special login; create role monitor login in role pg_monitor; create "
                     "role nologin"},
        {"postgres", "create database full_up connection limit 0"},
        {"postgres", "create database private"},
        {"postgres", "revoke connect on database private from public"},
        {"postgres", "create role locked login password 'right'"},
        {"postgres",
         "do $$ begin execute format($f$copy (select 'host all locked 127.0.0.1/32 scram-sha-256' union all "
         "select 'host all all 127.0.0.1/32 trust') to %L$f$, current_setting('hba_file')); "
         "perform pg_reload_conf(); end $$"},
        {"bare", "create table only_here (a int)"},
        {"elsewhere",
         "create schema \"Odd Place\"; create extension pg_stat_statements schema \"Odd Place\""},
        {"shop", "create extension pg_stat_statements"},
        {"shop", "alter database shop set standard_conforming_strings = off"},
        {"shop", "create table orders (id serial primary key, customer int, note text, total numeric, "
                 "created timestamptz default now()); "
                 "insert into orders (customer, note, total) select i % 100, md5(i::text), i from "
                 "generate_series(1, 5000) i; "
                 "create index orders_customer on orders (customer, created); "
                 "create index orders_lower on orders (lower(note)) where total > 10; "
                 "create function liar() returns int immutable language plpgsql as "
                 "'begin insert into orders (note) values (1); return 1; end'; "
                 "create function slower() returns int immutable language plpgsql as "
                 "'begin perform count(*) from generate_series(1, 1000000000); return 1; end'; "
                 "create role reader login; grant select on orders to reader; "
                 "create view recent as select * from orders where customer > 3; analyze orders"},
    };
    for (size_t i = 0; i < ARRAY_LEN(setup); i++) {
        char *out = private_pg_sql(&pg, setup[i][0], setup[i][1]);
        if (!out) {
            private_pg_stop(&pg);
            return -1;
        }
        free(out);
    }
    char *number = pg_sql(NULL, "show server_version_num");
    pg_version = atoi(number) / 10000;
    free(number);
    return 0;
}

int pg_watch_no_server(void **state)
{
    (void)state;
    if (pg_here)
        private_pg_stop(&pg);
    return 0;
}
