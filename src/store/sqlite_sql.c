/* sqlite_sql.c - statements of a SQLite history, and sentences for what goes wrong. */
#include <errno.h>
#include <string.h>

#include "store/sqlite_internal.h"

bool store_stops(struct sqlite_store *s)
{
    return atomic_load(&s->interrupted) || (s->stop && s->stop(s->stop_ctx));
}

static bool failed(struct sqlite_store *s, int rc)
{
    if (s->rc == SQLITE_OK) {
        s->rc = rc;
        int system = s->db ? sqlite3_system_errno(s->db) : 0;
        bool tells = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
        snprintf(s->why, sizeof s->why, "%s%s%s", s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc),
                 tells && system ? ": " : "", tells && system ? strerror(system) : "");
    }
    return false;
}

bool sql_damaged(struct sqlite_store *s, const char *what)
{
    if (s->rc == SQLITE_OK) {
        s->rc = SQLITE_CORRUPT;
        snprintf(s->why, sizeof s->why, "%s", what);
    }
    return false;
}

static sqlite3_stmt *prepared(struct sqlite_store *s, const char *sql)
{
    for (size_t i = 0; i < s->n_statements; i++)
        if (s->statements[i].sql == sql)
            return s->statements[i].st;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    if (rc != SQLITE_OK || s->n_statements == STATEMENTS_MAX) {
        failed(s, rc == SQLITE_OK ? SQLITE_NOMEM : rc);
        sqlite3_finalize(st);
        return NULL;
    }
    s->statements[s->n_statements].sql = sql;
    return s->statements[s->n_statements++].st = st;
}

sqlite3_stmt *sql_bind(struct sqlite_store *s, const char *sql, const char *types, ...)
{
    sqlite3_stmt *st = s->rc == SQLITE_OK ? prepared(s, sql) : NULL;
    if (!st)
        return NULL;
    sqlite3_reset(st);
    va_list ap;
    va_start(ap, types);
    int rc = SQLITE_OK;
    for (int i = 1; *types && rc == SQLITE_OK; types++, i++) {
        if (*types == 'i') {
            rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
        } else if (*types == 't') {
            rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
        } else if (*types == 'b') {
            const void *bytes = va_arg(ap, const void *);
            size_t n = va_arg(ap, size_t);
            rc = sqlite3_bind_blob64(st, i, bytes ? bytes : "", n, SQLITE_STATIC);
        } else {
            rc = sqlite3_bind_null(st, i);
        }
    }
    va_end(ap);
    if (rc != SQLITE_OK) {
        failed(s, rc);
        return NULL;
    }
    return st;
}

bool sql_row(struct sqlite_store *s, sqlite3_stmt *st)
{
    if (!st || s->rc != SQLITE_OK)
        return false;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        failed(s, rc);
    sqlite3_reset(st);
    return false;
}

void sql_end(sqlite3_stmt *st)
{
    if (st)
        sqlite3_reset(st);
}

bool sql_do(struct sqlite_store *s, sqlite3_stmt *st)
{
    while (sql_row(s, st))
        ;
    return s->rc == SQLITE_OK;
}

int64_t sql_int(struct sqlite_store *s, sqlite3_stmt *st, int64_t none)
{
    int64_t v = none;
    if (sql_row(s, st)) {
        v = sqlite3_column_type(st, 0) == SQLITE_NULL ? none : sqlite3_column_int64(st, 0);
        sql_end(st);
    }
    return v;
}

bool sql_exec(struct sqlite_store *s, const char *sql)
{
    if (s->rc != SQLITE_OK)
        return false;
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || failed(s, rc);
}

bool sql_begin(struct sqlite_store *s, bool write)
{
    s->waited = 0;
    return sql_exec(s, write ? "BEGIN IMMEDIATE" : "BEGIN");
}

bool sql_commit(struct sqlite_store *s)
{
    if (sql_exec(s, "COMMIT"))
        return true;
    sql_rollback(s);
    return false;
}

void sql_rollback(struct sqlite_store *s)
{
    for (size_t i = 0; i < s->n_statements; i++)
        sqlite3_reset(s->statements[i].st);
    if (s->db && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

enum sd_result sql_result(struct sqlite_store *s, const char *doing, struct sd_error *err)
{
    int rc = s->rc;
    s->rc = SQLITE_OK;
    if (rc != SQLITE_OK) /* an interruption ends one call */
        atomic_store(&s->interrupted, false);
    const char *url = s->base.url;
    switch (rc & 0xff) {
    case SQLITE_OK:
        return SD_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return sd_fail(err, SD_RETRY, "cannot %s %s: another program has it locked", doing, url);
    case SQLITE_INTERRUPT:
        return sd_fail(err, SD_RETRY, "cannot %s %s: it was interrupted", doing, url);
    case SQLITE_FULL:
        return sd_fail(err, SD_RETRY, "cannot %s %s: the disk is full", doing, url);
    case SQLITE_IOERR:
        return sd_fail(err, SD_RETRY, "cannot %s %s: %s", doing, url, s->why);
    case SQLITE_CORRUPT:
        return sd_fail(err, SD_CONFIG, "cannot %s %s: it is damaged (%s)", doing, url, s->why);
    case SQLITE_NOTADB:
        return sd_fail(err, SD_CONFIG, "cannot %s %s: this is no history", doing, url);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return sd_fail(err, SD_CONFIG, "cannot %s %s: it may only be read", doing, url);
    default:
        return sd_fail(err, SD_CONFIG, "cannot %s %s: %s", doing, url, s->why);
    }
}
