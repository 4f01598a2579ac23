/* sqlite_file.c - opens the file of a history.
 *
 * Reading writes nothing. A database with a write-ahead log normally needs its -shm file, which a reader
 * would have to make. Where neither a log nor a -shm is there, nobody writes: the file is then opened as
 * immutable, so that it can be read from anywhere, and before anything read of it is believed the file is
 * looked at again (sqlite_file_moved). Where a writer is at work its -shm is there, and is used. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/trust.h"
#include "store/sqlite_internal.h"

enum { PAGE_BYTES = 4096, LOG_BYTES = 4 << 20, CACHE_KB = 16384, WAIT_MS = 20, WAIT_NS_MAX_S = 15 };

/* clang-format off */
#define PLACE_TABLE \
    "CREATE TABLE place (id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, file TEXT NOT NULL,\n" \
    "  place TEXT NOT NULL, UNIQUE (host, file));\n"
/* clang-format on */

const char SQLITE_STORE_DDL[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;\n"
    "CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, host TEXT, version TEXT,\n"
    "  began INTEGER, import INTEGER NOT NULL, state INTEGER NOT NULL, lost INTEGER NOT NULL DEFAULT 0);\n"
    "CREATE INDEX run_name ON run (name);\n"
    "CREATE TABLE span (run INTEGER, first INTEGER, last INTEGER, from_at INTEGER, to_at INTEGER,\n"
    "  PRIMARY KEY (run, first)) WITHOUT ROWID;\n" PLACE_TABLE
    "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);\n"
    "CREATE TABLE series (id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, kind INTEGER NOT "
    "NULL,\n"
    "  host INTEGER NOT NULL, source INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,\n"
    "  rows INTEGER NOT NULL DEFAULT 0,\n"
    "  fields INTEGER NOT NULL, thing BLOB NOT NULL);\n"
    "CREATE TABLE fresh (id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, kind INTEGER NOT "
    "NULL,\n"
    "  step INTEGER NOT NULL, begins INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,\n"
    "  rows INTEGER NOT NULL, data BLOB NOT NULL);\n"
    "CREATE TABLE chunk (id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, kind INTEGER NOT "
    "NULL,\n"
    "  step INTEGER NOT NULL, block INTEGER NOT NULL, begins INTEGER, first INTEGER, last INTEGER,\n"
    "  rows INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0);\n"
    "CREATE INDEX chunk_block ON chunk (step, block);\n"
    "CREATE TABLE pack (id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT "
    "NULL,\n"
    "  data BLOB NOT NULL);\n"
    "CREATE INDEX pack_chunk ON pack (chunk, lo, hi);\n"
    "CREATE TABLE total (id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, lo INTEGER NOT NULL, data BLOB NOT "
    "NULL);\n"
    "CREATE INDEX total_chunk ON total (chunk, lo);\n";

/* ---- is anybody writing? ---- */

static bool beside(const struct sqlite_store *s, const char *end, struct stat *st)
{
    char *path = mem_printf("%s%s", s->path, end);
    bool there = stat(path, st) == 0;
    free(path);
    return there;
}

static bool nobody_writes(const struct sqlite_store *s)
{
    struct stat st;
    return !beside(s, "-shm", &st) && !(beside(s, "-wal", &st) && st.st_size > 0);
}

bool sqlite_file_moved(const struct sqlite_store *s)
{
    struct stat now;
    if (!s->still)
        return false;
    return !nobody_writes(s) || stat(s->path, &now) != 0 || now.st_dev != s->seen.st_dev ||
           now.st_ino != s->seen.st_ino || now.st_size != s->seen.st_size ||
           now.st_mtim.tv_sec != s->seen.st_mtim.tv_sec || now.st_mtim.tv_nsec != s->seen.st_mtim.tv_nsec;
}

int64_t sqlite_file_bytes(const struct sqlite_store *s)
{
    struct stat st;
    int64_t bytes = stat(s->path, &st) == 0 ? st.st_size : 0;
    return bytes + (beside(s, "-wal", &st) ? st.st_size : 0);
}

/* ---- opening ---- */

static int wait_for_others(void *ctx, int times)
{
    struct sqlite_store *s = ctx;
    (void)times;
    if (store_stops(s) || s->waited >= WAIT_NS_MAX_S * SD_S)
        return 0;
    nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
    s->waited += WAIT_MS * SD_MS;
    return 1;
}

static int still_going(void *ctx)
{
    return store_stops(ctx);
}

/* A path as the name of a file in a URI of SQLite. */
static char *uri_of(const char *path, bool still)
{
    struct strbuf b = {0};
    strbuf_str(&b, "file:");
    for (; *path; path++) {
        if (strchr("?#%", *path))
            strbuf_printf(&b, "%%%02x", (unsigned char)*path);
        else
            strbuf_char(&b, *path);
    }
    strbuf_str(&b, still ? "?mode=ro&immutable=1" : "?mode=ro");
    return strbuf_detach(&b);
}

static enum sd_result make_folders(const char *path, struct sd_error *err)
{
    char *p = mem_strdup(path);
    enum sd_result result = SD_OK;
    for (char *slash = strchr(p + 1, '/'); slash && result == SD_OK; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(p, 0700) != 0 && errno != EEXIST && access(p, F_OK) != 0)
            result = sd_fail(err, SD_CONFIG, "cannot make the folder %s: %s", p, strerror(errno));
        *slash = '/';
    }
    free(p);
    return result;
}

/* SQLite would say that it cannot open a file that is there: the one it cannot make is the log beside it. */
static enum sd_result look_at_rights(const struct sqlite_store *s, struct sd_error *err)
{
    const char *slash = strrchr(s->path, '/'), *url = s->base.url;
    char *folder = slash ? mem_strndup(s->path, (size_t)(slash - s->path) + 1) : mem_strdup("./");
    enum sd_result result = SD_OK;
    if (access(s->path, W_OK) != 0)
        result = errno == EROFS
                     ? sd_fail(err, SD_CONFIG, "cannot write %s: its file system may only be read", url)
                     : sd_fail(err, SD_CONFIG, "cannot write %s: %s", url, strerror(errno));
    else if (access(folder, W_OK | X_OK) != 0)
        result = sd_fail(err, SD_CONFIG,
                         "cannot write %s: its log must be beside it, and the folder cannot be written: %s",
                         url, strerror(errno));
    free(folder);
    return result;
}

/* Makes it, or looks whether what is there may be written: nobody else's file, and no link to one. */
static enum sd_result make_file(const struct sqlite_store *s, struct sd_error *err)
{
    struct stat st;
    if (lstat(s->path, &st) != 0) {
        if (errno != ENOENT)
            return sd_fail(err, SD_CONFIG, "cannot open %s: %s", s->base.url, strerror(errno));
        if (make_folders(s->path, err) != SD_OK)
            return SD_CONFIG;
        int fd = output_open(s->path, OUTPUT_NEW, false, err);
        if (fd < 0 && lstat(s->path, &st) != 0) /* else another recorder was quicker */
            return SD_CONFIG;
        if (fd >= 0)
            close(fd);
        return SD_OK;
    }
    if (!S_ISREG(st.st_mode))
        return sd_fail(err, SD_CONFIG, "cannot write %s: it is not a regular file", s->base.url);
    if (st.st_uid != geteuid() && geteuid() != 0)
        return sd_fail(err, SD_CONFIG, "cannot write %s: it belongs to another user", s->base.url);
    return look_at_rights(s, err);
}

static int connect_file(struct sqlite_store *s)
{
    char *name = s->write ? mem_strdup(s->path) : uri_of(s->path, s->still);
    int flags = s->write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    int rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    free(name);
    if (rc == SQLITE_OK) {
        sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, BLOB_BYTES_MAX + (16 << 20));
        sqlite3_busy_handler(s->db, wait_for_others, s);
        sqlite3_progress_handler(s->db, 10000, still_going, s);
    }
    return rc;
}

bool sqlite_tiers_read(struct sqlite_store *s, const char *text)
{
    struct history_tiers t = {0};
    for (int used = 0; t.n < HISTORY_TIERS_MAX; text += used, t.n++) {
        long long step, keep;
        if (sscanf(text, "%lld %lld %n", &step, &keep, &used) < 2)
            break;
        if (step <= 0 || keep <= 0 || (t.n && step <= t.items[t.n - 1].step_ns))
            return false;
        t.items[t.n] = (struct history_tier){step, keep};
    }
    if (!t.n || *text)
        return false;
    s->tiers = t;
    return true;
}

static bool keep_tiers(struct sqlite_store *s, bool given)
{
    sqlite3_stmt *st = sql_bind(s, "SELECT value FROM meta WHERE name = 'tiers'", "");
    bool there = false, same = false;
    if (sql_row(s, st)) {
        struct history_tiers own = s->tiers;
        const char *text = (const char *)sqlite3_column_text(st, 0);
        there = text && sqlite_tiers_read(s, text);
        same = there && own.n == s->tiers.n && !memcmp(own.items, s->tiers.items, own.n * sizeof *own.items);
        if (given || !there)
            s->tiers = own;
        sql_end(st);
    }
    if (!s->write || (there && (same || !given)))
        return s->rc == SQLITE_OK;
    struct strbuf b = {0};
    for (size_t i = 0; i < s->tiers.n; i++)
        strbuf_printf(&b, "%lld %lld\n", (long long)s->tiers.items[i].step_ns,
                      (long long)s->tiers.items[i].keep_ns);
    sql_do(s, sql_bind(s, "INSERT OR REPLACE INTO meta VALUES ('tiers', ?)", "t", strbuf_text(&b)));
    strbuf_free(&b);
    return s->rc == SQLITE_OK;
}

/* Tables, in a file that is still empty. */
static bool make_tables(struct sqlite_store *s)
{
    char pragma[80];
    if (!sql_begin(s, true))
        return false;
    if (sql_int(s, sql_bind(s, "SELECT count(*) FROM sqlite_schema", ""), 0) == 0 && s->rc == SQLITE_OK) {
        sql_exec(s, SQLITE_STORE_DDL);
        snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                 SQLITE_STORE_MAGIC, SQLITE_STORE_SCHEMA);
        sql_exec(s, pragma);
    }
    return sql_commit(s);
}

static enum sd_result look_at_schema(struct sqlite_store *s, struct sd_error *err)
{
    int64_t magic = sql_int(s, sql_bind(s, "PRAGMA application_id", ""), 0);
    int64_t version = sql_int(s, sql_bind(s, "PRAGMA user_version", ""), 0);
    if (s->rc != SQLITE_OK)
        return sql_result(s, "open", err);
    if (magic != SQLITE_STORE_MAGIC)
        return sd_fail(err, SD_CONFIG, "cannot open %s: it is not a history of slowdive", s->base.url);
    if (version > SQLITE_STORE_SCHEMA)
        return sd_fail(err, SD_CONFIG,
                       "cannot open %s: it was written by a newer slowdive (schema %lld; this one knows %d)",
                       s->base.url, (long long)version, SQLITE_STORE_SCHEMA);
    return SD_OK;
}

bool sqlite_has_places(struct sqlite_store *s)
{
    return sql_int(s, sql_bind(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'place'", ""), 0) > 0;
}

/* What a file of an older schema lacks. */
static bool bring_up_to_date(struct sqlite_store *s)
{
    char pragma[60];
    if (sql_int(s, sql_bind(s, "PRAGMA user_version", ""), 0) >= SQLITE_STORE_SCHEMA || !sql_begin(s, true))
        return s->rc == SQLITE_OK;
    if (!sqlite_has_places(s)) /* another program was not quicker */
        sql_exec(s, PLACE_TABLE);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", SQLITE_STORE_SCHEMA);
    sql_exec(s, pragma);
    return sql_commit(s);
}

/* Another program that makes the same file at this moment is waited for; SQLite does not do that here. */
static void use_log(struct sqlite_store *s)
{
    int rc;
    while ((rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) == SQLITE_BUSY &&
           wait_for_others(s, 0))
        ;
    if (rc != SQLITE_OK)
        s->rc = rc;
    if (rc != SQLITE_OK)
        snprintf(s->why, sizeof s->why, "%s", sqlite3_errmsg(s->db));
}

static bool set_up_writing(struct sqlite_store *s)
{
    char pragma[160];
    /* The first two only count before the first table is made. */
    snprintf(pragma, sizeof pragma, "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL", PAGE_BYTES);
    sql_exec(s, pragma);
    bool empty = sql_int(s, sql_bind(s, "SELECT count(*) FROM sqlite_schema", ""), 0) == 0;
    if (s->rc == SQLITE_OK)
        use_log(s);
    snprintf(pragma, sizeof pragma,
             "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = %d; PRAGMA wal_autocheckpoint = %d",
             LOG_BYTES, LOG_BYTES / PAGE_BYTES / 2);
    sql_exec(s, pragma);
    return s->rc == SQLITE_OK && (!empty || make_tables(s));
}

static void disconnect(struct sqlite_store *s)
{
    for (size_t i = 0; i < s->n_statements; i++)
        sqlite3_finalize(s->statements[i].st);
    s->n_statements = 0;
    sqlite3_close_v2(s->db);
    s->db = NULL;
}

static enum sd_result open_once(struct sqlite_store *s, bool tiers_given, struct sd_error *err)
{
    char pragma[64];
    s->still = !s->write && nobody_writes(s);
    if (stat(s->path, &s->seen) != 0)
        return sd_fail(err, SD_CONFIG, "cannot open %s: %s", s->base.url, strerror(errno));
    if (!S_ISREG(s->seen.st_mode))
        return sd_fail(err, SD_CONFIG, "cannot open %s: it is not a regular file", s->base.url);
    if (!s->write && s->seen.st_size == 0 && s->still)
        return sd_fail(err, SD_RETRY, "cannot open %s: it is empty", s->base.url);
    int rc = connect_file(s);
    snprintf(pragma, sizeof pragma, "PRAGMA cache_size = -%d", CACHE_KB);
    if (rc != SQLITE_OK)
        s->rc = rc;
    if (rc != SQLITE_OK && s->db)
        snprintf(s->why, sizeof s->why, "%s", sqlite3_errmsg(s->db));
    sql_exec(s, pragma);
    if (s->write)
        set_up_writing(s);
    enum sd_result result = look_at_schema(s, err);
    if (result != SD_OK && !s->write && !s->still && access(s->path, R_OK) == 0 && result == SD_CONFIG &&
        (rc = sqlite3_extended_errcode(s->db) & 0xff, rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY))
        return sd_fail(
            err, SD_CONFIG,
            "cannot open %s: it has a log that was not finished, and its folder cannot be written; copy "
            "both to where they can",
            s->base.url);
    if (result == SD_OK && s->write && !bring_up_to_date(s))
        result = sql_result(s, "open", err);
    if (result == SD_OK && !keep_tiers(s, tiers_given))
        result = sql_result(s, "open", err);
    return result;
}

enum sd_result sqlite_file_open(struct sqlite_store *s, struct sd_error *err)
{
    bool given = s->tiers.n > 0;
    if (!given)
        s->tiers = HISTORY_TIERS_DEFAULT;
    if (s->write && make_file(s, err) != SD_OK)
        return SD_CONFIG;
    return open_once(s, given, err);
}

void sqlite_file_close(struct sqlite_store *s)
{
    if (s->db)
        sql_rollback(s);
    disconnect(s);
}

enum sd_result sqlite_file_fresh(struct sqlite_store *s, struct sd_error *err)
{
    enum sd_result result = SD_OK;
    if (s->db && !sqlite_file_moved(s))
        return SD_OK;
    sqlite_file_close(s);
    series_forget(s);
    result = open_once(s, false, err);
    if (result != SD_OK)
        disconnect(s);
    return result;
}
