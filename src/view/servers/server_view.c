/* Server: each database server as a whole, by figures that need no statement. */
#include "view/servers/server_columns.h"

#include "core/table.h"
#include "view/servers/server_findings.h"
#include "view/shared/common.h"

#include <stdlib.h>

enum { DETAILED = 4, IO_MAX = 500 };

/* A field of the table's row, under the same title or another. */
struct shown {
    enum server_column column;
    const char *label; /* NULL: the column's title */
};
#define SHOW(key)                                                                                            \
    {                                                                                                        \
        SERVER_##key, NULL                                                                                   \
    }
#define SHOW_AS(key, as)                                                                                     \
    {                                                                                                        \
        SERVER_##key, as                                                                                     \
    }

static const struct shown SESSIONS[] = {
    SHOW_AS(connections, "Connections"),
    SHOW_AS(max_connections, "Connections, limit"),
    SHOW_AS(reserved_connections, "Connections reserved"),
    SHOW(active),
    SHOW(idle),
    SHOW(idle_in_transaction),
    SHOW(locks_waiting),
    SHOW(prepared_transactions),
    SHOW_AS(autovacuum_workers, "Autovacuum workers"),
    SHOW_AS(autovacuum_max_workers, "Autovacuum, limit"),
    SHOW_AS(oldest_xact_ns, "Oldest transaction"),
    SHOW_AS(oldest_xact_pid, "Its session"),
    SHOW_AS(oldest_xact_state, "Its state"),
    SHOW_AS(deadlocks, "Deadlocks"),
    SHOW_AS(conflicts, "Conflicts with recovery"),
    SHOW_AS(checksum_failures, "Wrong checksums"),
};
static const struct shown WORK[] = {
    SHOW_AS(transactions_per_s, "Transactions"),
    SHOW_AS(rollbacks_per_s, "Rollbacks"),
    SHOW(hit_ratio),
    SHOW_AS(blks_read_per_s, "Blocks read"),
    SHOW_AS(temp_bytes_per_s, "Temporary files/s"),
    SHOW_AS(temp_files, "Temporary files, all"),
    SHOW_AS(temp_bytes, "Temporary bytes, all"),
};
static const struct shown WAL[] = {
    SHOW_AS(wal_bytes_per_s, "WAL/s"),
    SHOW_AS(checkpoints_timed, "Checkpoints by time"),
    SHOW_AS(checkpoints_requested, "Checkpoints on request"),
    SHOW_AS(last_checkpoint, "Last checkpoint"),
    SHOW(restartpoints),
    SHOW_AS(checkpoint_buffers, "Blocks by checkpoints"),
    SHOW_AS(cleaner_buffers, "Blocks by the writer"),
    SHOW_AS(backend_buffers, "Blocks by sessions"),
    SHOW(wal_buffers_full),
    SHOW_AS(archive_mode, "Archiving"),
    SHOW(archived),
    SHOW_AS(last_archived, "Last archived"),
    SHOW_AS(archive_failed, "Archiving failed"),
    SHOW_AS(last_failed, "Last failure"),
    SHOW(replay_age_ns),
    SHOW(replay_paused),
};
static const struct shown AGES[] = {
    SHOW_AS(xid_age, "Transactions not frozen"),
    SHOW_AS(xid_age_database, "Oldest in database"),
    SHOW_AS(freeze_max_age, "Autovacuum freezes at"),
    SHOW_AS(freeze_in_ns, "Autovacuum freezes in"),
    SHOW_AS(wraparound_share, "Share of all ids"),
    SHOW_AS(wraparound_in_ns, "Writes refused in"),
    SHOW_AS(xids_per_s, "Ids per second"),
    SHOW_AS(mxid_age, "Multixacts not frozen"),
};

/* For people: in JSON all of it is in the row. What is not known is left out. */
static void fields(struct doc *d, const struct row *r, const char *title, const struct shown *what, size_t n)
{
    struct section *s = doc_section(d, SECTION_FIELDS, NULL, title);
    for (size_t i = 0; i < n; i++) {
        const struct column *c = &server_columns[what[i].column];
        struct cell v = r->cells[what[i].column];
        if (v.type != CELL_UNKNOWN)
            section_field(d, s, c->key, what[i].label ? what[i].label : c->title, c->unit, v);
    }
    s->empty = doc_text(d, "The server does not say.");
}

static void details(struct doc *d, const struct row *r, bool several)
{
    const char *of = several && r->cells[0].type == CELL_TEXT ? r->cells[0].s : NULL;
#define TITLE(text) (of ? doc_printf(d, "%s of %s", text, of) : (text))
    fields(d, r, TITLE("Sessions"), SESSIONS, ARRAY_LEN(SESSIONS));
    fields(d, r, TITLE("Work"), WORK, ARRAY_LEN(WORK));
    fields(d, r, TITLE("Write-ahead log"), WAL, ARRAY_LEN(WAL));
    fields(d, r, TITLE("Transaction ids"), AGES, ARRAY_LEN(AGES));
#undef TITLE
}

/* ---- pg_stat_io ---- */

#define IO_COLUMNS(X)                                                                                        \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source", cell_text(e->origin))       \
    X(backend_type, "Process", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "type of process",                   \
      cell_text(doc_text(d, io->backend_type)))                                                              \
    X(object, "Object", UNIT_NONE, COLUMN_LEFT, 2, "relation, temp relation or wal",                         \
      cell_text(doc_text(d, io->object)))                                                                    \
    X(context, "Context", UNIT_NONE, COLUMN_LEFT, 1, "normal, vacuum, bulkread or bulkwrite",                \
      cell_text(doc_text(d, io->context)))                                                                   \
    X(read_bytes_per_s, "Read/s", UNIT_BYTES, 0, 0, "read per second in the time window",                    \
      IO_RATE(read_bytes))                                                                                   \
    X(write_bytes_per_s, "Written/s", UNIT_BYTES, 0, 0, "written per second", IO_RATE(write_bytes))          \
    X(extend_bytes_per_s, "Extended/s", UNIT_BYTES, 0, 3, "files extended by per second",                    \
      IO_RATE(extend_bytes))                                                                                 \
    X(read_bytes, "Read", UNIT_BYTES, 0, 0, "read since the reset", cell_int(io->read_bytes))                \
    X(write_bytes, "Written", UNIT_BYTES, 0, 0, "written since the reset", cell_int(io->write_bytes))        \
    X(evictions, "Evicted", UNIT_COUNT, 0, 4, "blocks removed from a buffer to use it",                      \
      cell_int(io->evictions))                                                                               \
    X(reads, "Reads", UNIT_COUNT, COLUMN_HIDDEN, 9, "reads since the reset", cell_int(io->reads))            \
    X(read_ns, "Read time", UNIT_NS, COLUMN_HIDDEN, 9, "time reading, with track_io_timing",                 \
      cell_int(io->read_ns))                                                                                 \
    X(writes, "Writes", UNIT_COUNT, COLUMN_HIDDEN, 9, "writes since the reset", cell_int(io->writes))        \
    X(write_ns, "Write time", UNIT_NS, COLUMN_HIDDEN, 9, "time writing", cell_int(io->write_ns))             \
    X(extends, "Extends", UNIT_COUNT, COLUMN_HIDDEN, 9, "extensions since the reset", cell_int(io->extends)) \
    X(extend_bytes, "Extended", UNIT_BYTES, COLUMN_HIDDEN, 9, "extended by since the reset",                 \
      cell_int(io->extend_bytes))                                                                            \
    X(extend_ns, "Extend time", UNIT_NS, COLUMN_HIDDEN, 9, "time extending", cell_int(io->extend_ns))        \
    X(hits, "Hits", UNIT_COUNT, COLUMN_HIDDEN, 9, "found in shared buffers", cell_int(io->hits))             \
    X(reuses, "Reused", UNIT_COUNT, COLUMN_HIDDEN, 9, "buffers of a ring used again", cell_int(io->reuses))  \
    X(writebacks, "Written back", UNIT_COUNT, COLUMN_HIDDEN, 9, "blocks the kernel was asked to write",      \
      cell_int(io->writebacks))                                                                              \
    X(fsyncs, "Syncs", UNIT_COUNT, COLUMN_HIDDEN, 9, "calls of fsync", cell_int(io->fsyncs))                 \
    X(fsync_ns, "Sync time", UNIT_NS, COLUMN_HIDDEN, 9, "time in fsync", cell_int(io->fsync_ns))             \
    X(since, "Since", UNIT_TIME, COLUMN_HIDDEN, 9, "the reset of these", cell_int(io->since))
enum io_column {
#define IO_ENUM(key, title, unit, flags, priority, help, cell) IO_##key,
    IO_COLUMNS(IO_ENUM)
#undef IO_ENUM
        IO_N_COLUMNS
};
#define IO_ROW(key_, title_, unit_, flags_, priority_, help_, cell)                                          \
    [IO_##key_] = {.key = #key_,                                                                             \
                   .title = title_,                                                                          \
                   .unit = unit_,                                                                            \
                   .flags = flags_,                                                                          \
                   .priority = priority_,                                                                    \
                   .help = help_,                                                                            \
                   .width = IO_##key_ == IO_backend_type ? 14 : 0},
static const struct column IO[IO_N_COLUMNS] = {IO_COLUMNS(IO_ROW)};

static double io_rate(const struct record_entry *e, int64_t now, int64_t before)
{
    double seconds = e->before ? common_seconds((struct span){e->before_at, e->at}) : (double)NAN;
    return now < 0 || before < 0 || now < before ? (double)NAN : (double)(now - before) / seconds;
}

static void fill_io(struct doc *d, const struct record_entry *e, struct row *r)
{
    const struct sd_server_io *io = e->r, *was = e->before;
#define IO_RATE(field)                                         cell_real(io_rate(e, io->field, was ? was->field : SD_UNKNOWN))
#define IO_CELL(key, title, unit, flags, priority, help, cell) r->cells[IO_##key] = (cell);
    IO_COLUMNS(IO_CELL)
#undef IO_CELL
#undef IO_RATE
}

static void io_section(struct doc *d, const struct view_ctx *c)
{
    struct record_entry *e = mem_array(IO_MAX, sizeof *e);
    size_t n = model_server_records(c->model, SD_SERVER_IO, c->span, c->now, e, IO_MAX);
    if (n) {
        struct section *s = doc_table(d, "io", "Reads and writes by process", IO, IO_N_COLUMNS);
        for (size_t i = 0; i < n; i++)
            fill_io(d, &e[i], doc_row(d, &s->table));
        table_sort(&s->table, IO_write_bytes, true);
        table_sort(&s->table, IO_read_bytes, true);
        table_sort(&s->table, IO_read_bytes_per_s, true);
        s->weight = 1;
        s->note = common_note(d, c, &(struct note){KINDS_SERVER, SD_UNKNOWN, .last = SD_UNKNOWN});
    }
    free(e);
}

static struct doc *build_server(const struct view_ctx *c)
{
    struct doc *d = doc_new("server", "Server");
    struct server_facts f[SERVERS_SHOWN];
    size_t n = servers_find(c, f, SERVERS_SHOWN);
    common_envelope(d, c, common_span(c));
    findings_section(d, c);
    struct section *sec =
        doc_table(d, "rows", n > 1 ? "Servers" : "Server", server_columns, SERVER_N_COLUMNS);
    struct row *rows[SERVERS_SHOWN];
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &sec->table);
        server_fill(d, &f[i], r);
        r->severity = findings_gravest(c, &f[i]);
    }
    sec->note = n ? common_note(d, c, &(struct note){KINDS_SERVER, SD_UNKNOWN, .last = f[0].at}) : NULL;
    sec->empty = common_empty(d, c, KINDS_SERVER);
    for (size_t i = 0; i < n; i++)
        rows[i] = &sec->table.rows[i];
    for (size_t i = 0; i < MIN(n, (size_t)DETAILED); i++)
        details(d, rows[i], n > 1);
    io_section(d, c);
    return d;
}

static const struct column ALSO[] = {
    {.key = "findings",
     .title = "Findings",
     .help = "what needs a look: severity, server, what, why; none: absent"},
    {.key = "io",
     .title = "I/O",
     .help = "pg_stat_io, from PostgreSQL 16: server, backend_type, object, context, read_bytes_per_s, "
             "write_bytes_per_s, extend_bytes_per_s, and since the reset read_bytes, write_bytes, evictions, "
             "reads, read_ns, writes, write_ns, extends, extend_bytes, extend_ns, hits, reuses, writebacks, "
             "fsyncs, fsync_ns, since; absent on older servers"},
};

const struct view server_view = {
    .name = "server",
    .place = PLACE_DB,
    .title = "Server",
    .summary =
        "the database server as a whole: sessions, transactions, WAL, checkpoints, archiver, reads and "
        "writes by process, temporary files, deadlocks, wraparound",
    .needs = KINDS_SERVER,
    .build = build_server,
    .links = (const char *const[]){"replication", "progress", "parameters", "activity", NULL},
    .actions = server_actions,
    .worst = server_worst,
    .columns = server_columns,
    .n_columns = SERVER_N_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
