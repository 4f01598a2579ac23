/* Pools: what a connection pooler such as pgbouncer says of its clients and servers. */
#include "view/sessions/pools.h"

#include <stdlib.h>

#include "view/shared/common.h"

#define WAIT_WARN_NS 100e6 /* a client has waited so long for a server connection */
#define WAIT_BAD_NS  5e9

enum {
    P_DATABASE,
    P_USER,
    P_MODE,
    P_ACTIVE,
    P_WAITING,
    P_MAX_WAIT,
    P_SERVERS,
    P_IDLE,
    P_RATE,
    P_TIME,
    P_WAIT,
    P_SOURCE,
    P_COLUMNS
};

static const struct column COLUMNS[P_COLUMNS] = {
    [P_DATABASE] = {"database", "Database", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 8,
                    "the pool's database, by the pooler's name for it"},
    [P_USER] = {"user", "User", UNIT_NONE, COLUMN_LEFT, 0, 0, "the role it connects as"},
    [P_MODE] = {"mode", "Mode", UNIT_NONE, COLUMN_LEFT, 3, 0, "session, transaction or statement"},
    [P_ACTIVE] = {"clients_active", "Clients", UNIT_COUNT, 0, 0, 0,
                  "clients that hold a server connection or are idle"},
    [P_WAITING] = {"clients_waiting", "Waiting", UNIT_COUNT, 0, 0, 0,
                   "clients that wait for a server connection"},
    [P_MAX_WAIT] = {"max_wait_ns", "Longest", UNIT_NS, 0, 0, 0, "the longest wait of those that wait now"},
    [P_SERVERS] = {"servers_active", "Servers", UNIT_COUNT, 0, 1, 0, "server connections in use"},
    [P_IDLE] = {"servers_idle", "Idle", UNIT_COUNT, 0, 2, 0, "server connections that are free"},
    [P_RATE] = {"transactions_per_s", "Tx/s", UNIT_PER_S, 0, 4, 0, "transactions a second of the database"},
    [P_TIME] = {"transaction_ns", "Mean tx", UNIT_NS, 0, 4, 0,
                "mean time a transaction of the database held its server connection"},
    [P_WAIT] = {"wait_ns", "Mean wait", UNIT_NS, 0, 1, 0,
                "mean time a transaction of the database waited for its server connection"},
    [P_SOURCE] = {"source", "Source", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, 0, "source that told"},
};

/* The value of a label, in the doc; NULL. */
static const char *label(struct doc *d, const char *labels, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = labels; p && *p;) {
        size_t len = strcspn(p, ",");
        if (len > n && strncmp(p, key, n) == 0 && p[n] == '=')
            return doc_printf(d, "%.*s", (int)(len - n - 1), p + n + 1);
        p += len + (p[len] == ',');
    }
    return NULL;
}

static double figure(const struct view_ctx *c, const struct pool *p, const char *name)
{
    return model_metric(c->model, p->origin, name, p->labels, c->now);
}

static int by_waiting(const void *x, const void *y)
{
    const struct pool *a = x, *b = y;
    if (a->waiting != b->waiting)
        return (a->waiting < b->waiting) - (a->waiting > b->waiting);
    return a->active != b->active ? (a->active < b->active) - (a->active > b->active)
                                  : strcmp(a->labels, b->labels);
}

size_t pools_find(struct doc *d, const struct view_ctx *c, struct pool *out, size_t max)
{
    struct metric_entry *e = mem_array(POOLS_MAX, sizeof *e);
    size_t found = model_metric_entries(c->model, "pgbouncer.clients_waiting", c->now, e, POOLS_MAX), n = 0;
    for (size_t i = 0; i < found; i++) {
        bool newest = true; /* a pool that the last sample of its source does not have is gone */
        for (size_t k = 0; k < found && newest; k++)
            newest = e[k].at <= e[i].at || e[k].origin_len != e[i].origin_len ||
                     memcmp(e[k].origin, e[i].origin, e[i].origin_len) != 0;
        if (!newest || n == max)
            continue;
        struct pool p = {.origin = doc_printf(d, "%.*s", (int)e[i].origin_len, e[i].origin),
                         .labels = doc_text(d, e[i].labels),
                         .waiting = e[i].value};
        p.database = label(d, p.labels, "database");
        p.user = label(d, p.labels, "user");
        p.mode = label(d, p.labels, "mode");
        p.active = figure(c, &p, "pgbouncer.clients_active");
        p.max_wait_ns = figure(c, &p, "pgbouncer.max_wait");
        p.servers_active = figure(c, &p, "pgbouncer.servers_active");
        p.servers_idle = figure(c, &p, "pgbouncer.servers_idle");
        out[n++] = p;
    }
    free(e);
    if (n)
        qsort(out, n, sizeof *out, by_waiting);
    return n;
}

enum severity pool_severity(const struct pool *p)
{
    if (!(p->waiting > 0) || !(p->max_wait_ns >= WAIT_WARN_NS))
        return SEVERITY_NONE;
    return p->max_wait_ns >= WAIT_BAD_NS ? SEVERITY_BAD : SEVERITY_WARN;
}

static void fill(struct doc *d, const struct view_ctx *c, struct row *r, const struct pool *p)
{
    const char *database = p->database ? doc_printf(d, "database=%s", p->database) : NULL;
    double transactions = model_metric_rate(c->model, p->origin, "pgbouncer.transactions", database, c->span);
    double time = model_metric_rate(c->model, p->origin, "pgbouncer.transaction_time", database, c->span);
    double wait = model_metric_rate(c->model, p->origin, "pgbouncer.wait_time", database, c->span);
    r->cells[P_DATABASE] = cell_text(p->database);
    r->cells[P_USER] = cell_text(p->user);
    r->cells[P_MODE] = cell_text(p->mode);
    r->cells[P_ACTIVE] = cell_real(p->active);
    r->cells[P_WAITING] = cell_real(p->waiting);
    r->cells[P_MAX_WAIT] = cell_real(p->max_wait_ns);
    r->cells[P_SERVERS] = cell_real(p->servers_active);
    r->cells[P_IDLE] = cell_real(p->servers_idle);
    r->cells[P_RATE] = cell_real(transactions);
    r->cells[P_TIME] = cell_real(transactions > 0 ? time / transactions : NAN);
    r->cells[P_WAIT] = cell_real(transactions > 0 ? wait / transactions : NAN);
    r->cells[P_SOURCE] = cell_text(p->origin);
    r->severity = pool_severity(p);
}

static struct doc *build(const struct view_ctx *c)
{
    struct doc *d = doc_new("pools", "Pools");
    common_envelope(d, c, common_span(c));
    struct section *sec = doc_table(d, "rows", "Pools", COLUMNS, P_COLUMNS);
    struct pool *p = mem_array(POOLS_MAX, sizeof *p);
    size_t n = pools_find(d, c, p, POOLS_MAX);
    for (size_t i = 0; i < n; i++)
        fill(d, c, doc_row(d, &sec->table), &p[i]);
    sec->weight = 1;
    sec->note = n ? common_note(d, c,
                                &(struct note){.n = (int64_t)n,
                                               .what = n == 1 ? "pool" : "pools",
                                               .last = SD_UNKNOWN,
                                               .moment = true})
                  : NULL;
    sec->empty = doc_text(d, "No connection pooler has told of its pools.\n"
                             "Name its admin console: slowdive pools postgres://USER@HOST:6432/pgbouncer\n"
                             "The role must be one of stats_users or admin_users of pgbouncer.ini.");
    free(p);
    return d;
}

const struct view pools_view = {
    .name = "pools",
    .aliases = "pooler",
    .place = PLACE_DB,
    .title = "Pools",
    .summary = "a connection pooler's pools: clients waiting, the longest wait, server connections, time in "
               "the pool",
    .needs = 1u << SD_METRIC,
    .build = build,
    .links = (const char *const[]){"activity", "queries", NULL},
    .worst = pools_worst,
    .columns = COLUMNS,
    .n_columns = P_COLUMNS,
};
