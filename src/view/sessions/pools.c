/* Pools: what a connection pooler such as pgbouncer says of its clients and servers. */
#include "view/sessions/pools.h"

#include <stdlib.h>

#include "core/labels.h"
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
    [P_DATABASE] = {.key = "database",
                    .title = "Database",
                    .flags = COLUMN_LEFT | COLUMN_GROW,
                    .width = 8,
                    .help = "the pool's database, by the pooler's name for it"},
    [P_USER] = {.key = "user", .title = "User", .flags = COLUMN_LEFT, .help = "the role it connects as"},
    [P_MODE] = {.key = "mode",
                .title = "Mode",
                .flags = COLUMN_LEFT,
                .priority = 3,
                .help = "session, transaction or statement"},
    [P_ACTIVE] = {.key = "clients_active",
                  .title = "Clients",
                  .unit = UNIT_COUNT,
                  .help = "clients that hold a server connection or are idle"},
    [P_WAITING] = {.key = "clients_waiting",
                   .title = "Waiting",
                   .unit = UNIT_COUNT,
                   .help = "clients that wait for a server connection"},
    [P_MAX_WAIT] = {.key = "max_wait_ns",
                    .title = "Longest",
                    .unit = UNIT_NS,
                    .help = "the longest wait of the clients that wait now"},
    [P_SERVERS] = {.key = "servers_active",
                   .title = "Servers",
                   .unit = UNIT_COUNT,
                   .priority = 1,
                   .help = "server connections in use"},
    [P_IDLE] = {.key = "servers_idle",
                .title = "Idle",
                .unit = UNIT_COUNT,
                .priority = 2,
                .help = "server connections that are free"},
    [P_RATE] = {.key = "transactions_per_s",
                .title = "Tx/s",
                .unit = UNIT_PER_S,
                .priority = 4,
                .help = "transactions of the database per second"},
    [P_TIME] = {.key = "transaction_ns",
                .title = "Mean tx",
                .unit = UNIT_NS,
                .priority = 4,
                .help = "mean time a transaction of the database held its server connection"},
    [P_WAIT] = {.key = "wait_ns",
                .title = "Mean wait",
                .unit = UNIT_NS,
                .priority = 1,
                .help = "mean time a transaction of the database waited for its server connection"},
    [P_SOURCE] = {.key = "source",
                  .title = "Source",
                  .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                  .priority = 9,
                  .help = "the source"},
};

static double pool_figure(const struct view_ctx *c, const struct pool *p, const char *name)
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
        p.database = view_label(d, p.labels, "database");
        p.user = view_label(d, p.labels, "user");
        p.mode = view_label(d, p.labels, "mode");
        p.active = pool_figure(c, &p, "pgbouncer.clients_active");
        p.max_wait_ns = pool_figure(c, &p, "pgbouncer.max_wait");
        p.servers_active = pool_figure(c, &p, "pgbouncer.servers_active");
        p.servers_idle = pool_figure(c, &p, "pgbouncer.servers_idle");
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

static void fill_pool(const struct view_ctx *c, struct row *r, const struct pool *p)
{
    struct strbuf label = {0};
    if (p->database)
        label_add(&label, "database", p->database);
    const char *database = label.text; /* the figures of all its pools */
    double transactions = model_metric_rate(c->model, p->origin, "pgbouncer.transactions", database, c->span);
    double time = model_metric_rate(c->model, p->origin, "pgbouncer.transaction_time", database, c->span);
    double wait = model_metric_rate(c->model, p->origin, "pgbouncer.wait_time", database, c->span);
    strbuf_free(&label);
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

static struct doc *build_pools(const struct view_ctx *c)
{
    struct doc *d = doc_new("pools", "Pools");
    common_envelope(d, c, common_span(c));
    struct section *sec = doc_table(d, "rows", "Pools", COLUMNS, P_COLUMNS);
    struct pool *p = mem_array(POOLS_MAX, sizeof *p);
    size_t n = pools_find(d, c, p, POOLS_MAX);
    for (size_t i = 0; i < n; i++)
        fill_pool(c, doc_row(d, &sec->table), &p[i]);
    sec->weight = 1;
    sec->note = n ? common_note(d, c,
                                &(struct note){.n = (int64_t)n,
                                               .what = n == 1 ? "pool" : "pools",
                                               .last = SD_UNKNOWN,
                                               .moment = true})
                  : NULL;
    sec->empty = doc_text(d, "No connection pooler has reported its pools.\nAdd its admin console as a "
                             "source: slowdive pools postgres://USER@HOST:6432/pgbouncer\n"
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
    .needs = SD_KIND_BIT(SD_METRIC),
    .build = build_pools,
    .links = (const char *const[]){"activity", "queries", NULL},
    .worst = pools_worst,
    .columns = COLUMNS,
    .n_columns = P_COLUMNS,
};
