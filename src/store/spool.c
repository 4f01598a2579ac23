#include "store/spool.h"

#include "base/trust.h"
#include "core/batch.h"
#include "format/record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

enum {
    APPLICATION_ID = 0x53445370, /* "SDSp" */
    VERSION = 1,
    BUSY_MS = 10000,
    PAGES_OF_VACUUM = 256
};
#define PUT_BYTES_MAX ((size_t)256 << 20)

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS put (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, host TEXT,"
    " version TEXT, began INTEGER, import INTEGER, number INTEGER NOT NULL, \"from\" INTEGER, \"to\" INTEGER,"
    " sent INTEGER, lost INTEGER, n INTEGER, size INTEGER, rows BLOB NOT NULL, UNIQUE (run, number));"
    "CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL,"
    " file TEXT NOT NULL, place TEXT NOT NULL, UNIQUE (host, file));";

struct spool {
    sqlite3 *db;
    char *path;
    int64_t max_bytes;
    int64_t first; /* id of what spool_first gave; 0: nothing */
    struct arena *arena;
    struct history_row *rows;
    struct sd_batch **batches;
    size_t n_batches;
};

/* ---- rows as bytes: parts of rows that have host, source, moment and length in common ----
 * A part: length of the host's name + 1 (0: none), the name, length_ns, bytes of the batch, the batch. */

static void put_number(struct strbuf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        strbuf_char(out, (char)(v | 0x80));
    strbuf_char(out, (char)v);
}

static bool get_number(const char **at, const char *end, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char c = (unsigned char)*(*at)++;
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return true;
    }
    return false;
}

static bool same_part(const struct history_row *a, const struct history_row *b)
{
    return a->at == b->at && a->length_ns == b->length_ns && str_eq(a->host, b->host) &&
           str_eq(a->source, b->source);
}

static void encode_rows(const struct history_row *rows, size_t n, struct strbuf *out)
{
    struct strbuf bytes = {0};
    for (size_t i = 0, end; i < n; i = end) {
        struct sd_batch *b = batch_new(rows[i].source ? rows[i].source : "", rows[i].at);
        for (end = i; end < n && same_part(&rows[i], &rows[end]); end++)
            if (!batch_add(b, rows[end].kind, rows[end].record))
                break;
        end = MAX(end, i + 1); /* one that fits no batch is left out: no recorder has such */
        size_t len = rows[i].host ? strlen(rows[i].host) : 0;
        put_number(out, rows[i].host ? len + 1 : 0);
        strbuf_add(out, rows[i].host ? rows[i].host : "", len);
        put_number(out, (uint64_t)rows[i].length_ns);
        strbuf_clear(&bytes);
        batch_encode(b, &bytes);
        put_number(out, bytes.len);
        strbuf_add(out, strbuf_text(&bytes), bytes.len);
        batch_unref(b);
    }
    strbuf_free(&bytes);
}

static void forget_rows(struct spool *s)
{
    for (size_t i = 0; i < s->n_batches; i++)
        batch_unref(s->batches[i]);
    free(s->batches);
    free(s->rows);
    arena_free(s->arena);
    s->batches = NULL;
    s->rows = NULL;
    s->arena = NULL;
    s->n_batches = 0;
}

static bool decode_rows(struct spool *s, const char *at, const char *end, size_t *n)
{
    size_t cap = 0, cap_batches = 0;
    struct sd_error err;
    *n = 0;
    s->arena = arena_new();
    while (at < end) {
        uint64_t host_len, length, size;
        const char *host = NULL;
        if (!get_number(&at, end, &host_len) || host_len > (uint64_t)(end - at) + 1)
            return false;
        if (host_len) {
            host = arena_strndup(s->arena, at, (size_t)host_len - 1);
            at += host_len - 1;
        }
        if (!get_number(&at, end, &length) || length > INT64_MAX || !get_number(&at, end, &size) ||
            size > (uint64_t)(end - at))
            return false;
        struct sd_batch *b = batch_decode(at, (size_t)size, &err);
        if (!b)
            return false;
        at += size;
        s->batches = mem_grow(s->batches, s->n_batches, &cap_batches, sizeof *s->batches);
        s->batches[s->n_batches++] = b;
        for (size_t i = 0; i < batch_len(b); i++) {
            struct history_row row = {
                .host = host, .source = batch_origin(b), .at = batch_time(b), .length_ns = (int64_t)length};
            row.record = batch_record(b, i, &row.kind);
            s->rows = mem_grow(s->rows, *n, &cap, sizeof *s->rows);
            s->rows[(*n)++] = row;
        }
    }
    return true;
}

/* ---- the file ---- */

static enum sd_result failed(struct spool *s, struct sd_error *err, const char *what)
{
    int code = sqlite3_errcode(s->db) & 0xff;
    bool later = code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL ||
                 code == SQLITE_IOERR || code == SQLITE_NOMEM;
    return sd_fail(err, later ? SD_RETRY : SD_CONFIG, "cannot %s what waits for the engine in %.200s: %s",
                   what, s->path, sqlite3_errmsg(s->db));
}

static int64_t one_number(struct spool *s, const char *sql)
{
    sqlite3_stmt *q = NULL;
    int64_t v = -1;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        v = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return v;
}

/* A new file is made 0600; one of somebody else, or of something else, is left alone. */
static bool prepare(struct spool *s, struct sd_error *err)
{
    char sql[160];
    int fd = output_open(s->path, OUTPUT_CONTINUE, false, err);
    if (fd < 0)
        return false;
    close(fd);
    if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return failed(s, err, "open") == SD_OK;
    sqlite3_busy_timeout(s->db, BUSY_MS);
    int64_t tables = one_number(s, "SELECT count(*) FROM sqlite_master");
    int64_t id = one_number(s, "PRAGMA application_id"), version = one_number(s, "PRAGMA user_version");
    if (tables < 0)
        return failed(s, err, "read") == SD_OK;
    if ((tables || id) && id != APPLICATION_ID)
        return fail(err, "%.200s is not a file of what waits for an engine; it was not changed", s->path);
    if (version > VERSION)
        return fail(err, "%.200s was written by a newer slowdive (format %lld, this one knows %d)", s->path,
                    (long long)version, VERSION);
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID, VERSION);
    return (sqlite3_exec(s->db,
                         "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
                         "PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=4194304;",
                         NULL, NULL, NULL) == SQLITE_OK &&
            sqlite3_exec(s->db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK &&
            (id == APPLICATION_ID || sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)) ||
           failed(s, err, "open") == SD_OK;
}

struct spool *spool_open(const char *path, int64_t max_bytes, struct sd_error *err)
{
    struct spool *s = mem_alloc(sizeof *s);
    s->path = mem_strdup(path);
    s->max_bytes = max_bytes;
    if (prepare(s, err))
        return s;
    spool_close(s);
    return NULL;
}

void spool_close(struct spool *s)
{
    if (!s)
        return;
    forget_rows(s);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

static void drop(struct spool *s, int64_t id)
{
    char sql[80];
    snprintf(sql, sizeof sql, "DELETE FROM put WHERE id = %lld", (long long)id);
    sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

static int64_t file_bytes(struct spool *s)
{
    return (one_number(s, "PRAGMA page_count") - one_number(s, "PRAGMA freelist_count")) *
           one_number(s, "PRAGMA page_size");
}

/* Beyond the limit the oldest go. */
static void make_room(struct spool *s, size_t bytes, int64_t *lost)
{
    while (s->max_bytes && file_bytes(s) + (int64_t)bytes > s->max_bytes) {
        int64_t id = one_number(s, "SELECT id FROM put ORDER BY id LIMIT 1");
        if (id <= 0)
            break;
        *lost = add_sat(*lost, one_number(s, "SELECT n + lost FROM put ORDER BY id LIMIT 1"));
        drop(s, id);
    }
}

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

/* In a transaction. */
static bool insert_put(struct spool *s, const struct store_run *run, const struct store_put *put,
                       int64_t *lost)
{
    static const char SQL[] =
        "INSERT OR IGNORE INTO put (run, host, version, began, import, number, \"from\","
        " \"to\", sent, lost, n, size, rows) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)";
    struct strbuf plain = {0}, packed = {0};
    sqlite3_stmt *q = NULL;
    encode_rows(put->rows, put->n, &plain);
    size_t bound = ZSTD_compressBound(plain.len);
    packed.len = ZSTD_compress(strbuf_room(&packed, bound), bound, strbuf_text(&plain), plain.len, 3);
    make_room(s, packed.len, lost);
    const int64_t numbers[] = {put->from, put->to, put->sent, put->lost, (int64_t)put->n, (int64_t)plain.len};
    bool ok = sqlite3_prepare_v2(s->db, SQL, -1, &q, NULL) == SQLITE_OK;
    if (ok) {
        bind_text(q, 1, run->id);
        bind_text(q, 2, run->host);
        bind_text(q, 3, run->version);
        sqlite3_bind_int64(q, 4, run->began);
        sqlite3_bind_int64(q, 5, run->import);
        sqlite3_bind_int64(q, 6, (int64_t)put->number);
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
            sqlite3_bind_int64(q, (int)i + 7, numbers[i]);
        sqlite3_bind_blob64(q, 13, strbuf_text(&packed), packed.len, SQLITE_STATIC);
        ok = sqlite3_step(q) == SQLITE_DONE;
    }
    sqlite3_finalize(q);
    strbuf_free(&plain);
    strbuf_free(&packed);
    return ok;
}

static bool insert_places(struct spool *s, const struct store_run *run, const struct store_put *put)
{
    bool ok = true;
    for (size_t i = 0; i < put->n_places && ok; i++) {
        const struct batch_place *p = &put->places[i];
        const char *sql = *p->place ? "INSERT OR REPLACE INTO place (host, file, place) VALUES (?1, ?2, ?3)"
                                    : "DELETE FROM place WHERE host = ?1 AND file = ?2";
        sqlite3_stmt *q = NULL;
        ok = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK;
        if (ok) {
            bind_text(q, 1, run->host ? run->host : "");
            bind_text(q, 2, p->file);
            if (*p->place)
                bind_text(q, 3, p->place);
            ok = sqlite3_step(q) == SQLITE_DONE;
        }
        sqlite3_finalize(q);
    }
    return ok;
}

enum sd_result spool_put(struct spool *s, const struct store_run *run, const struct store_put *put,
                         int64_t *lost, struct sd_error *err)
{
    *lost = 0;
    if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return failed(s, err, "keep");
    if ((!put->before || insert_put(s, run, put->before, lost)) && insert_put(s, run, put, lost) &&
        insert_places(s, run, put) && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return SD_OK;
    enum sd_result result = failed(s, err, "keep");
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    *lost = 0;
    return result;
}

enum sd_result spool_places(struct spool *s, const char *host, store_place *each, void *ctx,
                            struct sd_error *err)
{
    sqlite3_stmt *q = NULL;
    int code =
        sqlite3_prepare_v2(s->db, "SELECT file, place FROM place WHERE host = ? ORDER BY id", -1, &q, NULL);
    if (code == SQLITE_OK) {
        bind_text(q, 1, host);
        while ((code = sqlite3_step(q)) == SQLITE_ROW) {
            const char *file = (const char *)sqlite3_column_text(q, 0);
            const char *place = (const char *)sqlite3_column_text(q, 1);
            if (file && place)
                each(ctx, file, place);
        }
    }
    enum sd_result result = code == SQLITE_DONE ? SD_OK : failed(s, err, "read");
    sqlite3_finalize(q);
    return result;
}

static const char *kept_text(struct spool *s, sqlite3_stmt *q, int column)
{
    return arena_strdup(s->arena, (const char *)sqlite3_column_text(q, column));
}

/* Of the row that the statement stands at. False: it is damaged. */
static bool read_put(struct spool *s, sqlite3_stmt *q, struct store_run *run, struct store_put *put)
{
    const char *packed = sqlite3_column_blob(q, 12);
    size_t len = (size_t)sqlite3_column_bytes(q, 12), n = 0;
    int64_t size = sqlite3_column_int64(q, 11);
    if (size < 0 || (uint64_t)size > PUT_BYTES_MAX)
        return false;
    char *plain = mem_alloc((size_t)size + 1);
    bool ok = ZSTD_decompress(plain, (size_t)size, packed, len) == (size_t)size &&
              decode_rows(s, plain, plain + size, &n);
    free(plain);
    if (!ok)
        return false;
    *run = (struct store_run){.id = kept_text(s, q, 0),
                              .host = kept_text(s, q, 1),
                              .version = kept_text(s, q, 2),
                              .began = sqlite3_column_int64(q, 3),
                              .import = sqlite3_column_int64(q, 4) != 0};
    *put = (struct store_put){.number = (uint64_t)sqlite3_column_int64(q, 5),
                              .from = sqlite3_column_int64(q, 6),
                              .to = sqlite3_column_int64(q, 7),
                              .sent = sqlite3_column_int64(q, 8),
                              .lost = sqlite3_column_int64(q, 9),
                              .rows = s->rows,
                              .n = n};
    return run->id != NULL;
}

enum sd_result spool_first(struct spool *s, struct store_run *run, struct store_put *put, int64_t *lost,
                           struct sd_error *err)
{
    static const char SQL[] =
        "SELECT run, host, version, began, import, number, \"from\", \"to\", sent, lost, n,"
        " size, rows, id FROM put ORDER BY id LIMIT 1";
    *lost = 0;
    for (;;) {
        sqlite3_stmt *q = NULL;
        forget_rows(s);
        s->first = 0;
        int code = sqlite3_prepare_v2(s->db, SQL, -1, &q, NULL);
        code = code == SQLITE_OK ? sqlite3_step(q) : code;
        bool good = code == SQLITE_ROW && read_put(s, q, run, put);
        int64_t id = code == SQLITE_ROW ? sqlite3_column_int64(q, 13) : 0;
        if (code == SQLITE_ROW && !good)
            *lost = add_sat(*lost, sqlite3_column_int64(q, 10));
        enum sd_result result = good                  ? SD_OK
                                : code == SQLITE_DONE ? SD_NODATA
                                : code == SQLITE_ROW  ? SD_RETRY
                                                      : failed(s, err, "read");
        sqlite3_finalize(q);
        s->first = id;
        if (code != SQLITE_ROW || good)
            return result;
        drop(s, id);
        if (!sqlite3_changes(s->db))
            return failed(s, err, "drop");
    }
}

enum sd_result spool_done(struct spool *s, struct sd_error *err)
{
    char sql[120];
    snprintf(sql, sizeof sql, "DELETE FROM put WHERE id = %lld; PRAGMA incremental_vacuum(%d)",
             (long long)s->first, PAGES_OF_VACUUM);
    forget_rows(s);
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? SD_OK : failed(s, err, "drop");
}

size_t spool_len(struct spool *s)
{
    int64_t n = one_number(s, "SELECT count(*) FROM put");
    return n > 0 ? (size_t)n : 0;
}
