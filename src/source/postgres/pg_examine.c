/* pg_examine.c - for `slowdive doctor`: what a server has of what slowdive reads, and who we are there. One
 * connection, three short statements. */
#include "source/postgres/internal.h"

#include <stdlib.h>

enum { HAS_STATEMENTS, CAN_STATEMENTS, TRACK, HAS_HYPOPG, CAN_HYPOPG, ROLE, FACTS_N };

static const char FACTS[] =
    OWN_TAG "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements'), "
            "EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_stat_statements'), "
            "pg_catalog.current_setting('pg_stat_statements.track', true), "
            "EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'hypopg'), "
            "EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'hypopg'), "
            "pg_catalog.quote_ident(current_user)";

struct look {
    const struct postgres *p;
    const PGresult *facts; /* a row of FACTS */
    sd_check_tell *tell;
    void *ctx;
};

static void tell(const struct look *l, const char *name, enum sd_check_state state, const char *text,
                 const char *mend)
{
    l->tell(l->ctx, &(struct sd_check){name, state, text, mend});
}

static bool fact(const struct look *l, int i)
{
    return conn_int(l->facts, 0, i) == 1;
}

/* It has to be loaded when the server starts, and created in the database. */
static void look_statements(const struct look *l)
{
    static const char NAME[] = "pg_stat_statements";
    bool created = fact(l, HAS_STATEMENTS), loaded = !l->p->preload_known || l->p->preloaded;
    const char *track = conn_text(l->facts, 0, TRACK);
    char *package = mem_printf("install the package postgresql-contrib of PostgreSQL %d, then run slowdive "
                               "doctor again",
                               l->p->version / 10000);
    if (!created && !fact(l, CAN_STATEMENTS))
        tell(l, NAME, SD_CHECK_MISSING, "the server does not have the extension: no statement counters",
             package);
    else if (!loaded)
        tell(l, NAME, SD_CHECK_MISSING, "the server has not loaded it: no statement counters",
             created
                 ? "add pg_stat_statements to shared_preload_libraries in postgresql.conf and restart the "
                   "server"
                 : "add pg_stat_statements to shared_preload_libraries in postgresql.conf, restart the "
                   "server, then CREATE EXTENSION pg_stat_statements;");
    else if (!created)
        tell(l, NAME, SD_CHECK_MISSING, "it is not created in this database: no statement counters",
             "CREATE EXTENSION pg_stat_statements;");
    else if (!strcmp(track, "none"))
        tell(l, NAME, SD_CHECK_MISSING, "pg_stat_statements.track is none: nothing is counted",
             "ALTER SYSTEM SET pg_stat_statements.track = 'top'; SELECT pg_reload_conf();");
    else
        tell(l, NAME, SD_CHECK_OK, "statements are counted", NULL);
    free(package);
}

static void look_rights(const struct look *l)
{
    char *mend = mem_printf("GRANT pg_monitor TO %s;", conn_text(l->facts, 0, ROLE));
    if (l->p->sees_all)
        tell(l, "pg_read_all_stats", SD_CHECK_OK, "the role sees sessions and statements of all roles", NULL);
    else
        tell(l, "pg_read_all_stats", SD_CHECK_MISSING, "sessions and statements of other roles are hidden",
             mend);
    free(mend);
}

static void look_settings(const struct look *l)
{
    if (l->p->tracks)
        tell(l, "track_activities", SD_CHECK_OK, "sessions tell what they do", NULL);
    else
        tell(l, "track_activities", SD_CHECK_MISSING, "it is off: sessions do not tell what they do",
             "ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();");
    if (l->p->version >= 140000 && l->p->has_query_ids)
        tell(l, "compute_query_id", SD_CHECK_OK, "sessions are linked to statements", NULL);
    else if (l->p->version >= 140000)
        tell(l, "compute_query_id", SD_CHECK_LESS, "sessions are not linked to statements",
             "ALTER SYSTEM SET compute_query_id = on; SELECT pg_reload_conf();");
    if (l->p->io_timed)
        tell(l, "track_io_timing", SD_CHECK_OK, "reads and writes are timed", NULL);
    else
        tell(l, "track_io_timing", SD_CHECK_LESS, "it is off: how long reads and writes take is unknown",
             "ALTER SYSTEM SET track_io_timing = on; SELECT pg_reload_conf();");
}

static void look_hypopg(const struct look *l)
{
    char *package =
        mem_printf("apt install postgresql-%d-hypopg on the server, then CREATE EXTENSION hypopg;",
                   l->p->version / 10000);
    if (fact(l, HAS_HYPOPG))
        tell(l, "hypopg", SD_CHECK_OK, "indexes that are suggested are tried by the planner", NULL);
    else
        tell(l, "hypopg", SD_CHECK_LESS, "indexes are suggested without a proof by the planner",
             fact(l, CAN_HYPOPG) ? "CREATE EXTENSION hypopg;" : package);
    free(package);
}

static void look_server(const struct look *l)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "PostgreSQL %d.%d, database %.64s, role %.64s", l->p->version / 10000,
                  l->p->version % 10000, l->p->database, l->p->role);
    pooler_describe(l->p, &b);
    tell(l, "server", SD_CHECK_OK, strbuf_text(&b), NULL);
    strbuf_free(&b);
}

void postgres_look(struct postgres *p, sd_check_tell *told, void *ctx)
{
    struct look l = {.p = p, .tell = told, .ctx = ctx};
    struct sd_error err = {""};
    PGresult *r = NULL;
    if (p->main.is_console) {
        tell(&l, "server", SD_CHECK_LESS,
             "it is the admin console of a pooler: its pools, no sessions and no statements",
             "name a database instead of the console, with the same host and port");
        return;
    }
    look_server(&l);
    enum sd_result result = conn_query(&p->main, FACTS, 0, NULL, true, &r, &err);
    if (result == SD_OK) {
        l.facts = r;
        look_statements(&l);
        look_rights(&l);
        look_settings(&l);
        look_hypopg(&l);
        PQclear(r);
    } else if (result != SD_NODATA) {
        tell(&l, "catalog", SD_CHECK_MISSING, err.text, "run slowdive doctor again when the server answers");
    }
}

void postgres_not_opened(enum sd_result result, const struct sd_error *err, sd_check_tell *told, void *ctx)
{
    const char *mend = result == SD_CONFIG ? "slowdive sources postgres shows how it is written"
                       : result == SD_UNSUPPORTED
                           ? "name a server that slowdive reads: PostgreSQL 12 or later"
                           : "start the server, or correct host, port, user and "
                             "password: psql takes the same and must connect";
    if (result != SD_NODATA)
        told(ctx, &(struct sd_check){"server", SD_CHECK_MISSING, err->text, mend});
}
