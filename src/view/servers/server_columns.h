/* server_columns.h - all figures of a server, as the columns of a table and the keys of its JSON. */
#ifndef VIEW_SERVERS_SERVER_COLUMNS_H
#define VIEW_SERVERS_SERVER_COLUMNS_H

#include "view/servers/servers.h"

/* X(key, title, unit, flags, priority, help, cell): the cell of `s`, the record, and `f`, the facts. */
#define RAW(X, field, title, unit, help) X(field, title, unit, COLUMN_HIDDEN, 9, help, cell_int(s->field))
#define RAW_TEXT(X, field, title, help)                                                                      \
    X(field, title, UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, help, cell_text(doc_text(d, s->field)))
#define RATE(X, key, field, title, unit, help)                                                               \
    X(key, title, unit, COLUMN_HIDDEN, 9, help, cell_real(SERVER_RATE(f, field)))

#define SERVER_COLUMNS(X)                                                                                    \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "the source", cell_text(f->origin))         \
    X(version, "Version", UNIT_NONE, COLUMN_LEFT, 3, "of PostgreSQL", cell_text(doc_text(d, s->version)))    \
    X(uptime_ns, "Up", UNIT_SINCE, 0, 1, "since the start of the server",                                    \
      cell_int(common_age(f->at, s->started)))                                                               \
    X(connections, "Conn", UNIT_COUNT, 0, 0, "client sessions, with slowdive's own",                         \
      cell_int(s->connections))                                                                              \
    X(max_connections, "of", UNIT_COUNT, 0, 0, "max_connections", cell_int(s->max_connections))              \
    X(active, "Active", UNIT_COUNT, 0, 2, "of these, running a statement, without slowdive's",               \
      cell_int(s->active))                                                                                   \
    X(transactions_per_s, "Tx/s", UNIT_PER_S, 0, 0,                                                          \
      "transactions per second in the time window, without "                                                 \
      "slowdive's own",                                                                                      \
      cell_real(server_transactions(f)))                                                                     \
    X(hit_ratio, "Hits", UNIT_SHARE, 0, 1,                                                                   \
      "share of blocks found in shared buffers in the time window; "                                         \
      "null when none was read or the server was idle",                                                      \
      cell_real(server_hits(f)))                                                                             \
    X(wal_bytes_per_s, "WAL/s", UNIT_BYTES, 0, 1,                                                            \
      "write-ahead log written per second; on a standby "                                                    \
      "replayed",                                                                                            \
      cell_real(SERVER_RATE(f, wal_position)))                                                               \
    X(oldest_xact_ns, "Oldest tx", UNIT_SINCE, 0, 1, "age of the oldest transaction; null: none is open",    \
      cell_int(common_age(f->at, s->oldest_xact)))                                                           \
    X(wraparound_share, "Wraparound", UNIT_SHARE, 0, 2, "transactions not frozen, of the 2^31 there may be", \
      cell_real(s->xid_age < 0 ? NAN : (double)s->xid_age / 2147483648.0))                                   \
    RAW(X, started, "Started", UNIT_TIME, "start of the server")                                             \
    RAW(X, config_loaded, "Configuration", UNIT_TIME, "when its configuration was last read")                \
    X(in_recovery, "Standby", UNIT_NONE, COLUMN_HIDDEN, 9, "whether it is a standby or still recovering",    \
      s->in_recovery < 0 ? cell_unknown() : cell_bool(s->in_recovery == 1))                                  \
    RAW(X, idle, "Idle", UNIT_COUNT, "sessions idle outside of a transaction")                               \
    RAW(X, idle_in_transaction, "In transaction", UNIT_COUNT, "sessions idle inside of a transaction")       \
    RAW(X, reserved_connections, "Reserved", UNIT_COUNT,                                                     \
        "connections kept for superusers and roles with reserved ones")                                      \
    RAW(X, autovacuum_workers, "Autovacuum", UNIT_COUNT, "autovacuum workers at work")                       \
    RAW(X, autovacuum_max_workers, "of", UNIT_COUNT, "autovacuum_max_workers")                               \
    RAW(X, locks_waiting, "Lock waits", UNIT_COUNT, "locks not granted")                                     \
    RAW(X, prepared_transactions, "Prepared", UNIT_COUNT, "prepared transactions")                           \
    RAW(X, since, "Since", UNIT_TIME, "newest reset of a database's statistics; null: never")                \
    RAW(X, xact_commit, "Commits", UNIT_COUNT,                                                               \
        "transactions committed since the reset, of all databases, "                                         \
        "with slowdive's")                                                                                   \
    RAW(X, xact_rollback, "Rollbacks", UNIT_COUNT, "transactions rolled back since the reset")               \
    RATE(X, rollbacks_per_s, xact_rollback, "Rollbacks/s", UNIT_PER_S,                                       \
         "rollbacks per second, with slowdive's own transactions")                                           \
    RAW(X, blks_hit, "Hit", UNIT_BLOCKS, "blocks found in shared buffers since the reset")                   \
    RAW(X, blks_read, "Read", UNIT_BLOCKS, "blocks read since the reset")                                    \
    RATE(X, blks_read_per_s, blks_read, "Read/s", UNIT_PER_S, "blocks read per second")                      \
    RAW(X, rows_returned, "Returned", UNIT_COUNT, "rows read by scans since the reset")                      \
    RAW(X, rows_fetched, "Fetched", UNIT_COUNT, "rows fetched by index scans since the reset")               \
    RAW(X, rows_inserted, "Inserted", UNIT_COUNT, "rows inserted since the reset")                           \
    RAW(X, rows_updated, "Updated", UNIT_COUNT, "rows updated since the reset")                              \
    RAW(X, rows_deleted, "Deleted", UNIT_COUNT, "rows deleted since the reset")                              \
    RAW(X, temp_files, "Temp files", UNIT_COUNT, "temporary files since the reset")                          \
    RAW(X, temp_bytes, "Temp bytes", UNIT_BYTES, "written to temporary files since the reset")               \
    RATE(X, temp_bytes_per_s, temp_bytes, "Temp/s", UNIT_BYTES, "written to temporary files per second")     \
    RAW(X, deadlocks, "Deadlocks", UNIT_COUNT, "deadlocks since the reset")                                  \
    X(deadlocks_in_window, "New deadlocks", UNIT_COUNT, COLUMN_HIDDEN, 9, "deadlocks in the time window",    \
      cell_int(SERVER_GROWTH(f, deadlocks)))                                                                 \
    RAW(X, conflicts, "Conflicts", UNIT_COUNT, "statements cancelled by recovery since the reset")           \
    RAW(X, checksum_failures, "Checksums", UNIT_COUNT,                                                       \
        "pages with a wrong checksum since the reset; null "                                                 \
        "without checksums")                                                                                 \
    RAW(X, oldest_xact, "Oldest", UNIT_TIME, "start of the oldest transaction")                              \
    RAW(X, oldest_xact_pid, "Its pid", UNIT_NONE, "process of the oldest transaction")                       \
    RAW_TEXT(X, oldest_xact_state, "Its state", "state of the oldest transaction")                           \
    RAW(X, next_xid, "Next id", UNIT_NONE, "next transaction id, with its epoch")                            \
    RATE(X, xids_per_s, next_xid, "Ids/s", UNIT_PER_S, "transaction ids taken per second")                   \
    RAW(X, xid_age, "Age", UNIT_COUNT, "transactions since the oldest that is not frozen")                   \
    RAW_TEXT(X, xid_age_database, "Oldest database", "the database it is in")                                \
    RAW(X, freeze_max_age, "Freeze at", UNIT_COUNT, "autovacuum_freeze_max_age")                             \
    X(freeze_in_ns, "Freeze in", UNIT_SINCE, COLUMN_HIDDEN, 9,                                               \
      "time until that age at this rate; 0: it is reached", cell_real(server_freeze_ns(f)))                  \
    X(wraparound_in_ns, "Refused in", UNIT_SINCE, COLUMN_HIDDEN, 9,                                          \
      "time until writes are refused at this rate, if "                                                      \
      "nothing is frozen",                                                                                   \
      cell_real(server_wraparound_ns(f)))                                                                    \
    RAW(X, mxid_age, "Multixact age", UNIT_COUNT, "multixacts since the oldest that is not frozen")          \
    RAW_TEXT(X, mxid_age_database, "Its database", "the database it is in")                                  \
    RAW(X, mxid_freeze_max_age, "Freeze at", UNIT_COUNT, "autovacuum_multixact_freeze_max_age")              \
    RAW(X, wal_position, "WAL position", UNIT_BYTES,                                                         \
        "end of the write-ahead log as a number; on a standby "                                              \
        "what is replayed")                                                                                  \
    RAW(X, wal_records, "WAL records", UNIT_COUNT, "since the reset of pg_stat_wal (14 and later)")          \
    RAW(X, wal_full_pages, "Full pages", UNIT_COUNT, "whole pages in the write-ahead log since that reset")  \
    RAW(X, wal_bytes, "WAL bytes", UNIT_BYTES, "write-ahead log generated since that reset")                 \
    RAW(X, wal_buffers_full, "WAL buffers full", UNIT_COUNT,                                                 \
        "writes because wal_buffers were full since that reset")                                             \
    RAW(X, checkpoints_timed, "Timed", UNIT_COUNT,                                                           \
        "checkpoints by checkpoint_timeout since the reset of the checkpointer")                             \
    RAW(X, checkpoints_requested, "Requested", UNIT_COUNT,                                                   \
        "checkpoints by max_wal_size or on request since that reset")                                        \
    RAW(X, checkpoint_write_ns, "Write time", UNIT_NS, "time checkpoints spent writing since that reset")    \
    RAW(X, checkpoint_sync_ns, "Sync time", UNIT_NS,                                                         \
        "time checkpoints spent synchronising since that reset")                                             \
    RAW(X, checkpoint_buffers, "Written", UNIT_BLOCKS, "buffers written by checkpoints since that reset")    \
    RAW(X, restartpoints, "Restartpoints", UNIT_COUNT, "restartpoints done (17 and later)")                  \
    RAW(X, checkpointer_since, "Since", UNIT_TIME, "reset of the checkpointer's statistics")                 \
    RAW(X, last_checkpoint, "Last checkpoint", UNIT_TIME,                                                    \
        "start of the last completed checkpoint or restartpoint")                                            \
    RAW(X, cleaner_buffers, "Cleaned", UNIT_BLOCKS, "buffers written by the background writer")              \
    RAW(X, cleaner_stopped, "Stopped", UNIT_COUNT, "times it stopped at bgwriter_lru_maxpages")              \
    RAW(X, backend_buffers, "By sessions", UNIT_BLOCKS,                                                      \
        "buffers sessions had to write themselves (until 16)")                                               \
    RAW(X, backend_syncs, "Syncs by sessions", UNIT_COUNT,                                                   \
        "files sessions had to synchronise themselves (until 16)")                                           \
    RAW(X, buffers_allocated, "Allocated", UNIT_BLOCKS, "buffers allocated")                                 \
    RAW_TEXT(X, archive_mode, "Archiving", "archive_mode: off, on or always")                                \
    RAW(X, archived, "Archived", UNIT_COUNT, "WAL files archived since the reset of the archiver")           \
    RAW(X, archive_failed, "Failed", UNIT_COUNT, "failed attempts since that reset")                         \
    RAW_TEXT(X, last_archived_wal, "Last file", "the WAL file archived last")                                \
    RAW(X, last_archived, "Last archived", UNIT_TIME, "when that was")                                       \
    RAW_TEXT(X, last_failed_wal, "Last failed file", "the WAL file that failed last")                        \
    RAW(X, last_failed, "Last failed", UNIT_TIME, "when that was")                                           \
    RAW(X, archiver_since, "Since", UNIT_TIME, "reset of the archiver's statistics")                         \
    RAW(X, replay_age_ns, "Replay age", UNIT_SINCE,                                                          \
        "on a standby: age of the commit last replayed; 0 when "                                             \
        "all received is replayed")                                                                          \
    X(replay_paused, "Replay paused", UNIT_NONE, COLUMN_HIDDEN, 9, "on a standby: whether replay is paused", \
      s->replay_paused < 0 ? cell_unknown() : cell_bool(s->replay_paused == 1))

enum server_column {
#define SERVER_COLUMN_ENUM(key, title, unit, flags, priority, help, cell) SERVER_##key,
    SERVER_COLUMNS(SERVER_COLUMN_ENUM)
#undef SERVER_COLUMN_ENUM
        SERVER_N_COLUMNS
};

extern const struct column server_columns[SERVER_N_COLUMNS];
void server_fill(struct doc *d, const struct server_facts *f, struct row *r);

#endif
