/* sqlite_internal.h - a history in one SQLite file. Only for src/store/sqlite_*.c.
 *
 *   run      who wrote: a recorder's start, or an import of a source
 *   span     which puts of a run are there, and what time they cover
 *   place    how far files were read: what is before it is in the puts that are there (since schema 2)
 *   name     hosts and sources
 *   series   what a row is of: kind, host, source, and the texts of the record
 *   fresh    the rows of a put, a blob (format/history/blob.h) for each kind and step
 *   chunk    the rows of a block of time, a kind and a step, by series: written when the time is over
 *   pack     blobs of a chunk's series, many in a row
 *   total    each series of a chunk added up, for spans that hold the whole block
 *
 * `owner` is 0 for what recorders wrote; an import has its run as owner, so that it is seen at once when it
 * has ended, and can be replaced. A chunk is what is written and removed as a whole, in one transaction:
 * whatever ends the program, no row is lost and none is there twice. */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "format/history/blob.h"
#include "store/store_internal.h"

enum { SQLITE_STORE_SCHEMA = 2, STATEMENTS_MAX = 96 };
enum run_state { RUN_WRITING, RUN_SEEN, RUN_DEAD }; /* the numbers are on disk */

struct series;
struct sqlite_store {
    struct store base; /* first */
    char *path;
    bool write;
    bool (*stop)(void *ctx);
    void *stop_ctx;
    struct history_tiers tiers;
    int64_t max_bytes;
    sqlite3 *db;
    _Atomic bool interrupted;
    int64_t waited; /* ns, by the busy handler */
    struct {
        const char *sql;
        sqlite3_stmt *st;
    } statements[STATEMENTS_MAX];
    size_t n_statements;
    int rc; /* the first thing that went wrong; SQLITE_OK */
    char why[160];

    /* A file that nobody writes is read as it lies there, without locks (sqlite_file.c). */
    bool still;
    struct stat seen;

    /* The dictionary (sqlite_series.c). */
    struct arena *texts;
    struct dictionary *dictionary;
    int64_t last_series, last_name, epoch;

    /* The run of the last put (sqlite_put.c). */
    char *run_name;
    int64_t run;
    sd_time run_began;
    uint64_t puts;
};

/* ---- the file (sqlite_file.c) ---- */
enum sd_result sqlite_file_open(struct sqlite_store *s, struct sd_error *err);
void sqlite_file_close(struct sqlite_store *s);
/* Before reading: opens it anew when it is no longer as it was opened. */
enum sd_result sqlite_file_fresh(struct sqlite_store *s, struct sd_error *err);
/* Has a file that was taken for still changed? Then what was read of it may be anything. */
bool sqlite_file_moved(const struct sqlite_store *s);
int64_t sqlite_file_bytes(const struct sqlite_store *s); /* with its log */
extern const char SQLITE_STORE_DDL[];
bool sqlite_has_places(struct sqlite_store *s); /* not in a file of schema 1 */
/* The rows "step keep" of the tiers. False: they are not valid. */
bool sqlite_tiers_read(struct sqlite_store *s, const char *text);

/* ---- statements (sqlite_sql.c). A failure is kept in s->rc: what comes after does nothing. ---- */
/* The prepared statement with its values bound: `types` has i (int64_t), t (text or NULL), b (pointer,
 * size_t) or n (NULL). NULL after a failure. `sql` is a literal: the statement is known by its address. */
sqlite3_stmt *sql_bind(struct sqlite_store *s, const char *sql, const char *types, ...);
bool sql_row(struct sqlite_store *s, sqlite3_stmt *st); /* is there a row? */
void sql_end(sqlite3_stmt *st);                         /* of one that is not read to its end */
bool sql_do(struct sqlite_store *s, sqlite3_stmt *st);  /* a statement without rows */
int64_t sql_int(struct sqlite_store *s, sqlite3_stmt *st, int64_t none); /* the first column of its one row */
bool sql_exec(struct sqlite_store *s, const char *sql);
bool sql_begin(struct sqlite_store *s, bool write);
bool sql_commit(struct sqlite_store *s);
void sql_rollback(struct sqlite_store *s);
bool sql_damaged(struct sqlite_store *s, const char *what); /* notes damage; false */
/* The sentence for what went wrong, which is then forgotten. SD_OK: nothing did. */
enum sd_result sql_result(struct sqlite_store *s, const char *doing, struct sd_error *err);
bool store_stops(struct sqlite_store *s);

/* ---- the dictionary (sqlite_series.c) ---- */
struct series {
    uint32_t id;
    int64_t owner;
    enum sd_kind kind;
    const char *host, *source; /* NULL is possible */
    void *record;              /* with its texts, all numbers unknown */
    sd_time last;              /* as it is in the table */
    bool wanted;               /* by the reading at work */
    int64_t rows, counted;     /* of verifying: as the table says; in the chunks */
};
/* Reads what is new in the dictionary. */
bool series_refresh(struct sqlite_store *s);
void series_forget(struct sqlite_store *s);
struct series *series_of(struct sqlite_store *s, uint32_t id); /* NULL */
/* The series of a row, new if need be; only in a transaction that writes. NULL: a failure. */
struct series *series_for(struct sqlite_store *s, int64_t owner, const struct history_row *row);
/* The rows of a put (`fresh`), some series at a time: only those of which `wants` says that any of lo..hi is
 * wanted (NULL: all). They are good during the call. False: damaged. */
bool put_each(struct sqlite_store *s, enum sd_kind kind, const void *bytes, size_t len,
              bool (*wants)(void *ctx, uint32_t lo, uint32_t hi),
              void (*f)(void *ctx, const struct blob_row *rows, size_t n), void *ctx);
/* The same of all rows without their records. */
bool put_each_key(struct sqlite_store *s, enum sd_kind kind, const void *bytes, size_t len,
                  void (*f)(void *ctx, const struct blob_row *rows, size_t n), void *ctx);
/* For blob_decode. */
const void *series_base(void *ctx, uint32_t series);
void series_each(struct sqlite_store *s, void (*f)(void *ctx, struct series *e), void *ctx);
const char *name_of(struct sqlite_store *s, int64_t id); /* NULL */
struct history_row row_of(struct sqlite_store *s, enum sd_kind kind, const struct blob_row *r);

/* ---- chunks (sqlite_chunk.c) ---- */
int64_t block_length(int64_t step_ns);
struct chunk_writer;
struct chunk_writer *chunk_new(struct sqlite_store *s, int64_t owner, enum sd_kind kind, int64_t step_ns,
                               sd_time block);
sd_time chunk_block(const struct chunk_writer *w);
int64_t chunk_step(const struct chunk_writer *w);
/* Rows of one series in order of time; the series ascend. */
void chunk_add(struct chunk_writer *w, const struct blob_row *rows, size_t n);
void chunk_close(struct chunk_writer *w); /* and frees it */
void chunk_delete(struct sqlite_store *s, int64_t id);

/* Goes through a chunk's series in order. */
struct chunk_cursor {
    struct sqlite_store *s;
    enum sd_kind kind;
    sqlite3_stmt *packs;
    struct arena *page;
    const struct pack_section *sections;
    size_t n, at;
    bool ended;
    uint32_t series; /* of the section at which it stands */
};
bool cursor_open(struct chunk_cursor *c, struct sqlite_store *s, int64_t chunk, enum sd_kind kind);
bool cursor_next(struct chunk_cursor *c);
/* Its rows, in the arena. NULL: damaged. */
const struct blob_row *cursor_rows(struct chunk_cursor *c, struct arena *a, size_t *n);
void cursor_close(struct chunk_cursor *c);

/* ---- keeping house ---- */
/* Writes fresh rows that end at or before `until` into chunks, a bounded number of them. `owner` -1: of all.
 * *more: there are still some. Its own transaction. */
bool settle_some(struct sqlite_store *s, int64_t owner, sd_time until, int64_t keep_newest, bool *more);
/* The end of the last block that is over at `now`. */
sd_time settled_until(const struct sqlite_store *s, sd_time now);
/* Removes what dead imports left, a bounded amount in each transaction. */
bool bury_dead(struct sqlite_store *s);

enum sd_result sqlite_put(struct store *s, const struct store_run *run, const struct store_put *put,
                          struct sd_error *err);
enum sd_result sqlite_places(struct store *s, const char *host, store_place *each, void *ctx,
                             struct sd_error *err);
enum sd_result sqlite_end(struct store *s, const struct store_run *run, struct sd_error *err);
enum sd_result sqlite_read(struct store *s, const struct store_ask *ask,
                           bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                           struct store_answer *out, struct sd_error *err);
enum sd_result sqlite_follow(struct store *s, uint64_t *mark, const struct store_ask *ask,
                             bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                             struct sd_error *err);
enum sd_result sqlite_state(struct store *s, bool verify, struct arena *a, struct store_state *out,
                            struct sd_error *err);
enum sd_result sqlite_compact(struct store *s, sd_time now, struct store_compaction *out,
                              struct sd_error *err);
/* Looks at every row: the first thing wrong, in the arena; NULL: none. */
const char *sqlite_verify(struct sqlite_store *s, struct arena *a);

static inline struct sqlite_store *sqlite_store_of(struct store *s)
{
    return (struct sqlite_store *)(void *)s;
}

/* What is seen: recorders' rows and those of imports that ended. */
#define SEEN_OWNERS_OF(column) "(" column " = 0 OR " column " IN (SELECT id FROM run WHERE state = 1))"
#define SEEN_OWNERS            SEEN_OWNERS_OF("owner")

#endif
