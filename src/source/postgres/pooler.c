/* pooler.c - detects a connection pooler and reads its admin console.
 *
 * A pooler answers in the server's name, but the server process that answers is not the one
 * its greeting named. Which one it is, and how it shares its sessions, only its console
 * tells: the database `pgbouncer` at the same address, which pgbouncer and pgcat have. It
 * speaks the simple protocol alone, and its columns differ between versions: they are found
 * by name. */
#include "source/postgres/internal.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/units.h"
#include "core/labels.h"

enum { POOLS_MAX = 200, NAME_MAX_BYTES = 64 };

#define CONSOLE "pgbouncer"

/* ---- which one ---- */

/* What they call themselves in a greeting, a version or a refusal. */
static const struct {
    const char *word, *name;
} NAMES[] = {{.word = "bouncer", .name = "pgbouncer"},    {.word = "pgcat", .name = "pgcat"},
             {.word = "odyssey", .name = "Odyssey"},      {.word = "rds proxy", .name = "RDS Proxy"},
             {.word = "supavisor", .name = "Supavisor"},  {.word = "pgpool", .name = "Pgpool-II"},
             {.word = "not allowed", .name = "pgbouncer"} /* to its console, in just these words */};

/* Which pooler a greeting, version or refusal is of; NULL. Pure. */
static const char *pooler_named_in(const char *text)
{
    for (size_t i = 0; text && i < ARRAY_LEN(NAMES); i++)
        for (const char *p = text; *p; p++)
            if (strncasecmp(p, NAMES[i].word, strlen(NAMES[i].word)) == 0)
                return NAMES[i].name;
    return NULL;
}

bool pooler_is_console(const PGconn *pg)
{
    static const char *const databases[] = {CONSOLE, "pgcat", "console", NULL};
    const char *version = PQparameterStatus(pg, "server_version"), *database = PQdb(pg);
    if (!version)
        return false;
    return strstr(version, "bouncer") ||
           (PQserverVersion(pg) < 90000 && database && str_find(databases, database) >= 0);
}

static void keep_name(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (; text && *text && n + 1 < size; text++)
        out[n++] = isprint((unsigned char)*text) && *text != ';' ? *text : ' ';
    out[n] = '\0';
}

static void read_version(struct conn *console, struct pooler *out)
{
    struct sd_error ignored;
    PGresult *r = NULL;
    if (conn_simple(console, "SHOW VERSION", &r, &ignored) == SD_OK && PQntuples(r) > 0 && PQnfields(r) > 0)
        keep_name(out->name, sizeof out->name, conn_text(r, 0, 0));
    if (!out->name[0])
        keep_name(out->name, sizeof out->name, "pgbouncer");
    PQclear(r);
}

/* Opens the console once; without it the pooler may still name itself in its refusal. */
static enum sd_result find_pooler(struct postgres *p, struct sd_error *err)
{
    struct sd_error why = {""};
    struct pooler *found = &p->pooler;
    found->looked = true;
    enum sd_result result = conn_open(&p->console, p, CONSOLE, &why);
    if (result == SD_NODATA)
        return sd_fail(err, result, "%s", why.text);
    if (result == SD_OK && p->console.is_console) {
        read_version(&p->console, found);
        return SD_OK;
    }
    if (p->console.pg && result == SD_OK)
        keep_name(found->name, sizeof found->name, ""); /* a server that has a database of this name */
    else
        keep_name(found->name, sizeof found->name, pooler_named_in(why.text));
    conn_close(&p->console);
    return SD_OK;
}

void pooler_describe(const struct postgres *p, struct strbuf *out)
{
    const struct pooler *o = &p->pooler;
    if (!p->main.pooled)
        return;
    strbuf_printf(out, ", through %s", o->name[0] ? o->name : "a connection pooler");
    if (o->mode[0])
        strbuf_printf(out, " in %s mode", o->mode);
    else if (p->main.moved)
        strbuf_str(out, " in transaction or statement mode");
}

/* ---- what its console tells ---- */

static void label(struct strbuf *b, const char *key, const char *value)
{
    char name[NAME_MAX_BYTES + 1];
    if (!value || !*value)
        return;
    snprintf(name, sizeof name, "%s", value);
    label_add(b, key, name);
}

static const char *field(const PGresult *r, int row, const char *name)
{
    int column = PQfnumber(r, name);
    return column < 0 ? NULL : conn_maybe(r, row, column);
}

static double number(const PGresult *r, int row, const char *name)
{
    const char *text = field(r, row, name);
    char *end;
    double v = text ? strtod(text, &end) : NAN;
    return text && end != text && isfinite(v) && v >= 0 ? v : NAN;
}

static void add_metric(struct postgres *p, struct sd_batch *b, const char *name, const char *labels,
                       const char *unit, double value, bool counter)
{
    struct sd_metric m = {.name = name, .labels = labels, .unit = unit, .value = value, .counter = counter};
    if (!isnan(value))
        p->s->host->add(b, SD_METRIC, &m);
}

static const struct {
    const char *name, *column;
} POOL[] = {
    {.name = "pgbouncer.clients_active", .column = "cl_active"},
    {.name = "pgbouncer.clients_waiting", .column = "cl_waiting"},
    {.name = "pgbouncer.servers_active", .column = "sv_active"},
    {.name = "pgbouncer.servers_idle", .column = "sv_idle"},
    {.name = "pgbouncer.servers_used", .column = "sv_used"},
    {.name = "pgbouncer.servers_login", .column = "sv_login"},
};

/* Per database, since the pooler's start; times in microseconds. */
static const struct {
    const char *name, *column, *unit;
} STATS[] = {
    {.name = "pgbouncer.transactions", .column = "total_xact_count", .unit = "count"},
    {.name = "pgbouncer.queries", .column = "total_query_count", .unit = "count"},
    {.name = "pgbouncer.transaction_time", .column = "total_xact_time", .unit = "ns"},
    {.name = "pgbouncer.query_time", .column = "total_query_time", .unit = "ns"},
    {.name = "pgbouncer.wait_time", .column = "total_wait_time", .unit = "ns"},
};

/* The console counts itself as a pool. */
static bool is_own(const char *database, const struct postgres *p)
{
    (void)p;
    return !database || str_eq(database, CONSOLE);
}

static void add_pools(struct postgres *p, struct sd_batch *b, const PGresult *r)
{
    for (int row = 0, n = 0; row < PQntuples(r) && n < POOLS_MAX; row++) {
        const char *database = field(r, row, "database"), *mode = field(r, row, "pool_mode");
        const char *user = field(r, row, "user");
        if (is_own(database, p))
            continue;
        n++;
        struct strbuf labels = {0};
        label(&labels, "database", database);
        label(&labels, "mode", mode);
        label(&labels, "user", user);
        for (size_t i = 0; i < ARRAY_LEN(POOL); i++)
            add_metric(p, b, POOL[i].name, labels.text, "count", number(r, row, POOL[i].column), false);
        double us = number(r, row, "maxwait_us"), s = number(r, row, "maxwait");
        add_metric(p, b, "pgbouncer.max_wait", labels.text, "ns", s * 1e9 + (isnan(us) ? 0 : us * 1e3),
                   false);
        strbuf_free(&labels);
    }
}

static void add_stats(struct postgres *p, struct sd_batch *b, const PGresult *r)
{
    for (int row = 0, n = 0; row < PQntuples(r) && n < POOLS_MAX; row++) {
        const char *database = field(r, row, "database");
        if (is_own(database, p))
            continue;
        n++;
        struct strbuf labels = {0};
        label(&labels, "database", database);
        for (size_t i = 0; i < ARRAY_LEN(STATS); i++) {
            double v = number(r, row, STATS[i].column);
            bool time = str_eq(STATS[i].unit, "ns");
            add_metric(p, b, STATS[i].name, labels.text, STATS[i].unit, time ? v * 1e3 : v, true);
        }
        strbuf_free(&labels);
    }
}

/* How the pool of our own connection is shared, when the console lists it. */
static void find_mode(struct postgres *p, const PGresult *r)
{
    const char *database = p->main.pg ? PQdb(p->main.pg) : NULL,
               *user = p->main.pg ? PQuser(p->main.pg) : NULL;
    bool sure = false;
    for (int row = 0; row < PQntuples(r) && !sure; row++) {
        if (!str_eq(field(r, row, "database"), database))
            continue;
        sure = str_eq(field(r, row, "user"), user); /* otherwise users may be forced to be another */
        keep_name(p->pooler.mode, sizeof p->pooler.mode, field(r, row, "pool_mode"));
    }
}

static struct conn *console_of(struct postgres *p)
{
    return p->main.is_console ? &p->main : p->console.pg ? &p->console : NULL;
}

enum sd_result pooler_collect(struct postgres *p, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    enum sd_result result = SD_OK;
    if (p->main.pooled && !p->pooler.looked)
        result = find_pooler(p, err);
    struct conn *console = console_of(p);
    if (result != SD_OK || !console)
        return result;
    if (p->main.is_console && !p->pooler.name[0])
        read_version(console, &p->pooler);
    PGresult *pools = NULL, *stats = NULL;
    sd_time at = h->now(p->s);
    result = conn_simple(console, "SHOW POOLS", &pools, err);
    if (result == SD_OK)
        result = conn_simple(console, "SHOW STATS", &stats, err);
    if (result == SD_OK) {
        struct sd_batch *b = h->batch(p->s, at);
        if (!p->main.is_console)
            find_mode(p, pools);
        add_pools(p, b, pools);
        add_stats(p, b, stats);
        h->publish(p->s, b);
    }
    PQclear(pools);
    PQclear(stats);
    /* The server's own figures go on without its pooler's. */
    if (result != SD_OK && result != SD_NODATA && console == &p->console) {
        conn_close(&p->console);
        result = SD_OK;
    }
    return result;
}
