/* types.h - the records a source produces and everything else consumes.
 *
 * C11; includes nothing but the C library. This header and source.h are the
 * whole public contract: an out-of-tree source needs nothing else.
 *
 * Conventions, true for every record:
 *   - times are `sd_time`: nanoseconds since 1970-01-01T00:00:00Z, wall clock;
 *   - durations end in `_ns` and are nanoseconds; sizes are bytes;
 *   - an unknown integer is SD_UNKNOWN, an unknown real is NAN, an unknown text
 *     is NULL. Zero means zero: unknown is not zero;
 *   - text is NUL-terminated, comes from outside and may hold any byte: it is
 *     neutralised where it is drawn, never before;
 *   - records are plain data. `sd_host.add` copies a record with all its text,
 *     so the caller keeps ownership of what it passed.
 *
 * One description of every record, `sd_schemas`, drives the recording file, the
 * exec source's JSON, the fuzzers and the manual. A field that is not in it
 * does not exist: the list macros below make struct and description at once.
 */
#ifndef SLOWDIVE_TYPES_H
#define SLOWDIVE_TYPES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef int64_t sd_time;

#define SD_UNKNOWN INT64_MIN

static inline int sd_known(int64_t v)
{
    return v != SD_UNKNOWN;
}

#define SD_US ((int64_t)1000)
#define SD_MS ((int64_t)1000000)
#define SD_S  ((int64_t)1000000000)

/* ---- latency histogram -------------------------------------------------
 * Log-linear: values below 64 have a bucket each, every octave above is cut
 * into 64 equal sub-buckets (the HdrHistogram layout). A bucket's middle is
 * within 1/128 of every value in it, and merging is integer addition, so the
 * order of merging never matters.
 *
 * On the wire and in batches a histogram is sparse: only buckets in use,
 * ascending by index. */
#define SD_HIST_SUB_BITS 6
#define SD_HIST_SUB      (1u << SD_HIST_SUB_BITS)
/* Largest value with a bucket of its own: 2^42 ns, about 73 minutes; longer ones count in the last bucket. */
#define SD_HIST_MAX_BITS 42
#define SD_HIST_BUCKETS  ((SD_HIST_MAX_BITS - SD_HIST_SUB_BITS + 1) * SD_HIST_SUB)

struct sd_bucket {
    uint32_t index;
    uint32_t count;
};

struct sd_hist {
    uint32_t n; /* buckets */
    const struct sd_bucket *buckets;
};

/* Does the value have a bucket in an octave? Smaller ones are their own bucket, larger ones in the last. */
static inline int sd_hist_in_octave(int64_t value)
{
    return __builtin_expect((uint64_t)value - SD_HIST_SUB < ((uint64_t)1 << SD_HIST_MAX_BITS) - SD_HIST_SUB,
                            1);
}

/* Bucket of a value in nanoseconds; negative values count as 0. A double (IEEE 754) has octave and sub-bucket
 * side by side, as its exponent and the first bits of its fraction: reading them is faster than counting
 * leading zeros, for which x86-64 without extensions has only a slow instruction. */
static inline uint32_t sd_hist_index(int64_t value)
{
    if (!sd_hist_in_octave(value)) {
        if (value < (int64_t)SD_HIST_SUB)
            return value < 0 ? 0 : (uint32_t)value;
        return SD_HIST_BUCKETS - 1;
    }
    double exact = (double)value;
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    return (uint32_t)(bits >> (52 - SD_HIST_SUB_BITS)) - (1023 + SD_HIST_SUB_BITS - 1) * SD_HIST_SUB;
}

/* Smallest value of a bucket; the bucket ends before the next one's. */
static inline int64_t sd_hist_lower(uint32_t index)
{
    if (index < SD_HIST_SUB)
        return index;
    unsigned octave = index / SD_HIST_SUB - 1;
    return (int64_t)(SD_HIST_SUB + index % SD_HIST_SUB) << octave;
}

/* ---- lists --------------------------------------------------------------
 * A field may be a list: a stack, a set of labels, bucket counts. An unknown
 * list is NULL; n == 0 is an empty one. An item is unknown as a field is. */
struct sd_ints {
    uint32_t n;
    const int64_t *items;
};
struct sd_reals {
    uint32_t n;
    const double *items;
};
struct sd_texts {
    uint32_t n;
    const char *const *items;
};

/* A list in place, good until the block it is written in ends:
 * r.samples = SD_TEXTS("one", "two"). */
#define SD_LIST(list, item, ...)                                                                             \
    (&(const struct list){.n = sizeof((item[]){__VA_ARGS__}) / sizeof(item), .items = (item[]){__VA_ARGS__}})
#define SD_INTS(...)  SD_LIST(sd_ints, const int64_t, __VA_ARGS__)
#define SD_REALS(...) SD_LIST(sd_reals, const double, __VA_ARGS__)
#define SD_TEXTS(...) SD_LIST(sd_texts, const char *const, __VA_ARGS__)

/* ---- records -----------------------------------------------------------
 * X(type, name, unit, help): type is INT (int64_t), REAL (double), TEXT
 * (const char *), HIST (const struct sd_hist *) or a list: LIST_INT
 * (const struct sd_ints *), LIST_REAL (sd_reals), LIST_TEXT (sd_texts). A record
 * may grow at its end in a later minor version; names and meanings never change.
 *
 * The unit of a TEXT or of a list of them says what it may hold that is not recorded unless asked for:
 * sql and sql-lines (one expression a line) constants, explain the same inside EXPLAIN's
 * output, message values behind a colon, request the query string of a URL. */

/* One sample of a number that is nothing else below. */
#define SD_METRIC_FIELDS(X)                                                                                  \
    X(TEXT, name, "", "what is measured: postgresql.connections, redis_keyspace_hits_total")                 \
    X(TEXT, labels, "", "key=value pairs, comma separated, sorted by key; \\, \\= \\\\ and \\n in values")   \
    X(TEXT, unit, "", "ns, bytes, share, count, time (ns since 1970); absent when it has none")              \
    X(REAL, value, "", "the value; absent: from now on it has none")                                         \
    X(INT, counter, "0|1", "1: a counter that only grows; shown as a rate")                                  \
    X(INT, samples, "count", "of a history: how many are in this one, whose value is the last; absent: 1")   \
    X(REAL, sum, "", "of a history: of these")                                                               \
    X(REAL, min, "", "the smallest")                                                                         \
    X(REAL, max, "", "the largest")

/* Requests to one endpoint that ended in one interval: a delta, not a total. */
#define SD_HTTP_FIELDS(X)                                                                                    \
    X(TEXT, method, "", "GET, POST, ...; absent when the input has none")                                    \
    X(TEXT, route, "", "path with variable segments folded: /orders/:id")                                    \
    X(INT, interval_ns, "ns", "length of the interval that starts at batch time")                            \
    X(INT, count, "count", "requests that ended in the interval")                                            \
    X(INT, errors, "count", "of these, answered with status >= 500")                                         \
    X(INT, status_1xx, "count", "of these, status 100-199")                                                  \
    X(INT, status_2xx, "count", "of these, status 200-299")                                                  \
    X(INT, status_3xx, "count", "of these, status 300-399")                                                  \
    X(INT, status_4xx, "count", "of these, status 400-499")                                                  \
    X(INT, status_5xx, "count", "of these, status 500-599")                                                  \
    X(INT, bytes, "bytes", "sent in response bodies")                                                        \
    X(INT, timed, "count", "of these, with a known duration")                                                \
    X(INT, total_ns, "ns", "sum of the known durations")                                                     \
    X(INT, min_ns, "ns", "shortest known duration")                                                          \
    X(INT, max_ns, "ns", "longest known duration")                                                           \
    X(INT, first_at, "time", "end of the earliest request")                                                  \
    X(INT, last_at, "time", "end of the latest request")                                                     \
    X(HIST, latency, "ns", "the known durations")                                                            \
    X(TEXT, host, "", "machine that answered; absent: the one the source runs on")                           \
    X(INT, upgraded, "count", "of these, status 101 with a known duration, which is not in `timed`")         \
    X(INT, upgraded_ns, "ns", "how long these connections were open, in all")                                \
    X(TEXT, evidence, "", "what it was counted from: traces; absent: an access log, every request")          \
    X(TEXT, service, "", "that answered, where the input names it")                                          \
    X(INT, queue_ns, "ns", "of those with a known duration: time before a server took them, in all")         \
    X(INT, upstream_ns, "ns", "of those with a known duration: time of the servers behind, in all")

/* A statement's counters as the server publishes them: totals since `since`. */
#define SD_STATEMENT_FIELDS(X)                                                                               \
    X(INT, query_id, "", "the server's query identifier")                                                    \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, role, "", "role that ran it")                                                                    \
    X(TEXT, fingerprint, "", "libpg_query fingerprint, 16 hex digits")                                       \
    X(TEXT, text, "sql", "normalised text, constants as $1")                                                 \
    X(INT, toplevel, "0|1", "0 when run inside a function")                                                  \
    X(INT, since, "time", "start of counting, if the server reports it")                                     \
    X(INT, calls, "count", "executions")                                                                     \
    X(INT, total_ns, "ns", "execution time of all calls")                                                    \
    X(INT, min_ns, "ns", "fastest call")                                                                     \
    X(INT, max_ns, "ns", "slowest call")                                                                     \
    X(INT, stddev_ns, "ns", "standard deviation of the calls' time")                                         \
    X(INT, plan_ns, "ns", "planning time of all calls")                                                      \
    X(INT, rows, "count", "rows returned or affected")                                                       \
    X(INT, shared_hit, "blocks", "8 kB blocks found in shared buffers")                                      \
    X(INT, shared_read, "blocks", "8 kB blocks read")                                                        \
    X(INT, shared_written, "blocks", "8 kB blocks written")                                                  \
    X(INT, temp_read, "blocks", "temporary blocks read")                                                     \
    X(INT, temp_written, "blocks", "temporary blocks written")                                               \
    X(INT, io_ns, "ns", "block read and write time, with track_io_timing")                                   \
    X(INT, wal_bytes, "bytes", "write-ahead log generated")                                                  \
    X(TEXT, route, "", "METHOD route of the sqlcommenter tags in its text: those of its first call")         \
    X(INT, absent_at, "time", "of a new one: newest whole listing without it; all counters are younger")     \
    X(INT, logged, "0|1", "1: counted from a log, which may not have all executions")                        \
    X(INT, rows_examined, "count", "rows read to find them, if the server reports it")                       \
    X(TEXT, evidence, "", "what it was counted from: traces; absent: the server's counters, or its log")     \
    X(TEXT, system, "", "of traces: postgresql, mysql, ...; absent: the source's own")

/* One session seen at one sampling moment; idle sessions are not sampled unless they
 * hold a transaction or block somebody. All samples of a moment are in one batch, with
 * whatever else keeps old rows: a prepared transaction (pid 0, as blocked_by names it),
 * a replication slot, a standby (pid absent); backend_type says which, application its
 * name, state prepared, in use or not in use. */
#define SD_ACTIVITY_FIELDS(X)                                                                                \
    X(INT, period_ns, "ns", "time this sample stands for")                                                   \
    X(INT, pid, "", "server process; 0: a prepared transaction")                                             \
    X(INT, leader_pid, "", "leader of a parallel worker")                                                    \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, role, "", "role name")                                                                           \
    X(TEXT, application, "", "application_name")                                                             \
    X(TEXT, client, "", "client address, or local")                                                          \
    X(TEXT, backend_type, "", "client backend, autovacuum worker, ...")                                      \
    X(TEXT, state, "", "active, idle in transaction, ...")                                                   \
    X(TEXT, wait_type, "", "wait event type; absent when running on a processor")                            \
    X(TEXT, wait_event, "", "wait event")                                                                    \
    X(INT, query_id, "", "the server's query identifier (14 and later)")                                     \
    X(TEXT, query, "sql", "text as the server shows it; may be cut")                                         \
    X(TEXT, route, "", "from the statement's sqlcommenter tags, as METHOD route")                            \
    X(TEXT, trace_id, "", "32 hex digits, from a traceparent tag")                                           \
    X(INT, backend_start, "time", "start of the session")                                                    \
    X(INT, xact_start, "time", "start of the transaction")                                                   \
    X(INT, query_start, "time", "start of the statement")                                                    \
    X(INT, state_change, "time", "last change of state")                                                     \
    X(TEXT, blocked_by, "", "pids that block it, comma separated")                                           \
    X(TEXT, lock, "", "what it waits to lock: table orders, row of orders")                                  \
    X(TEXT, lock_mode, "", "mode it waits for: AccessExclusiveLock, ...")                                    \
    X(INT, wait_start, "time", "start of its wait for the lock (14 and later)")                              \
    X(INT, xmin_age, "count", "transactions begun since its oldest snapshot or id")                          \
    X(TEXT, phase, "", "of a vacuum: scanning heap, ..., with its table")                                    \
    X(REAL, progress, "share", "of a vacuum: blocks of the table scanned")

/* A plan as the server printed it. */
#define SD_PLAN_FIELDS(X)                                                                                    \
    X(INT, query_id, "", "the server's query identifier")                                                    \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, query, "sql", "the statement")                                                                   \
    X(TEXT, body, "explain", "output of EXPLAIN (FORMAT JSON)")                                              \
    X(INT, generic, "0|1", "1 when planned without parameter values")                                        \
    X(INT, analyzed, "0|1", "1 when it was executed")                                                        \
    X(TEXT, failed, "message", "why there is no plan; then body is absent")

/* A table: its name and size come with a plan; the other figures with the catalogue,
 * which a source publishes from time to time, in one batch without a plan.
 * Counters are totals since `since`. */
#define SD_TABLE_FIELDS(X)                                                                                   \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, schema, "", "schema name")                                                                       \
    X(TEXT, name, "", "table name")                                                                          \
    X(REAL, rows, "count", "reltuples")                                                                      \
    X(INT, size_bytes, "bytes", "heap size")                                                                 \
    X(INT, total_bytes, "bytes", "with its indexes and TOAST")                                               \
    X(INT, since, "time", "start of counting; absent when never reset")                                      \
    X(INT, seq_scan, "count", "sequential scans")                                                            \
    X(INT, seq_rows, "count", "rows read by sequential scans")                                               \
    X(INT, idx_scan, "count", "index scans; absent when it has no index")                                    \
    X(INT, rows_live, "count", "live rows, as the statistics estimate")                                      \
    X(INT, rows_dead, "count", "dead rows, as the statistics estimate")                                      \
    X(INT, inserted, "count", "rows inserted")                                                               \
    X(INT, updated, "count", "rows updated")                                                                 \
    X(INT, deleted, "count", "rows deleted")                                                                 \
    X(INT, blks_hit, "blocks", "of heap, indexes and TOAST, found in shared buffers")                        \
    X(INT, blks_read, "blocks", "of heap, indexes and TOAST, read")                                          \
    X(INT, last_vacuum, "time", "last vacuum, automatic or not (not VACUUM FULL)")                           \
    X(INT, last_analyze, "time", "last analyze, automatic or not")                                           \
    X(INT, changed, "count", "rows written since the last analyze")                                          \
    X(TEXT, unindexed_keys, "",                                                                              \
      "foreign keys that reference it and have no index, a line each: `table (columns) references "          \
      "(columns)`")                                                                                          \
    X(TEXT, kept_by, "", "with a plan: who keeps its dead rows, the oldest transaction or replication slot") \
    X(INT, kept_since, "time", "start of that transaction; absent for a slot")

/* An existing index. */
#define SD_INDEX_FIELDS(X)                                                                                   \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, schema, "", "schema of the table")                                                               \
    X(TEXT, table, "", "table name")                                                                         \
    X(TEXT, name, "", "index name")                                                                          \
    X(TEXT, definition, "", "CREATE INDEX statement")                                                        \
    X(TEXT, columns, "", "key columns, comma separated; empty for an expression")                            \
    X(INT, is_unique, "0|1", "")                                                                             \
    X(INT, is_valid, "0|1", "")                                                                              \
    X(INT, is_partial, "0|1", "")                                                                            \
    X(INT, size_bytes, "bytes", "")                                                                          \
    X(TEXT, method, "", "access method: btree, gin, ...")                                                    \
    X(INT, is_constraint, "0|1", "needed by a constraint, a replica or a parent")                            \
    X(INT, idx_scan, "count", "scans since `since`, on this server only")                                    \
    X(INT, since, "time", "start of counting; absent when never reset")                                      \
    X(INT, last_scan, "time", "last scan (16 and later)")

/* An index a statement misses: comes in one batch with the statement's plan. */
#define SD_ADVICE_FIELDS(X)                                                                                  \
    X(TEXT, database, "", "database name")                                                                   \
    X(INT, query_id, "", "the server's query identifier")                                                    \
    X(TEXT, schema, "", "schema of the table; absent with `none`")                                           \
    X(TEXT, table, "", "table name")                                                                         \
    X(TEXT, ddl, "sql", "CREATE INDEX CONCURRENTLY statement")                                               \
    X(TEXT, columns, "sql-lines", "its keys, one a line, as in the statement")                               \
    X(TEXT, method, "", "access method: btree, hash, gin, gist, spgist, brin")                               \
    X(INT, size_bytes, "bytes", "its size once built")                                                       \
    X(REAL, write_overhead, "share", "bytes it adds to a written row, of the row's")                         \
    X(REAL, cost_before, "cost", "planner's cost of the statement without the index")                        \
    X(REAL, cost_after, "cost", "the same with all indexes of this batch")                                   \
    X(INT, proven, "0|1", "1: the planner chose it (HypoPG); 0: an estimate")                                \
    X(TEXT, why, "", "why this index, in one sentence")                                                      \
    X(TEXT, none, "message", "why no index is suggested; then ddl is absent")                                \
    X(TEXT, unproven, "", "why the planner could not be asked; absent when proven")

/* Something that happened: a deploy, a restart, a log rotation. */
#define SD_EVENT_FIELDS(X)                                                                                   \
    X(TEXT, severity, "", "info, warn or bad")                                                               \
    X(TEXT, title, "", "a few words")                                                                        \
    X(TEXT, text, "", "a sentence")

/* What a reader took in and what it could not read: totals, with one sample. */
#define SD_INTAKE_FIELDS(X)                                                                                  \
    X(TEXT, unit, "", "what is counted: lines, records")                                                     \
    X(INT, total, "count", "seen since the source was opened")                                               \
    X(INT, unparsed, "count", "of these, not understood")                                                    \
    X(INT, bytes, "bytes", "read")                                                                           \
    X(TEXT, sample, "request", "one that was not understood, cut to 256 bytes")                              \
    X(TEXT, reason, "", "why, in one sentence")                                                              \
    X(LIST_TEXT, samples, "request", "up to 8, one for each reason, each cut to 256 bytes")                  \
    X(LIST_TEXT, reasons, "", "why each of `samples` was not understood, in one sentence")                   \
    X(TEXT, note, "", "what was assumed or skipped while reading, in sentences")

/* Index advice for a whole workload: all records of one answer are in one batch, and bear the
 * same `database`. This one is the answer as a whole. */
#define SD_WORKLOAD_FIELDS(X)                                                                                \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, name, "", "pg_stat_statements, or what was given with the job")                                  \
    X(INT, given, "0|1", "1 when the statements were given with the job")                                    \
    X(INT, budget_bytes, "bytes", "what all new indexes may take; absent: any")                              \
    X(REAL, cost_before, "cost", "planner's cost of all statements, weighted")                               \
    X(REAL, cost_after, "cost", "the same with the indexes")                                                 \
    X(INT, size_bytes, "bytes", "what the indexes take")                                                     \
    X(INT, next_bytes, "bytes", "budget of the next step; absent: there is none")                            \
    X(REAL, next_cost, "cost", "cost with that")                                                             \
    X(TEXT, next_index, "sql", "and the index it adds: table (columns)")                                     \
    X(INT, calls, "count", "plans that were asked for")                                                      \
    X(INT, elapsed_ns, "ns", "time it took")                                                                 \
    X(INT, cut_short, "0|1", "1 when more time could find better")                                           \
    X(INT, proven, "0|1", "1 when the planner was asked (HypoPG)")                                           \
    X(TEXT, unproven, "", "why it could not be; absent when proven")                                         \
    X(INT, since, "time", "start of counting of scans; absent when never reset")                             \
    X(INT, has_replicas, "0|1", "1 when scans elsewhere are not counted")                                    \
    X(LIST_TEXT, notes, "", "further sentences")

/* A statement of the workload. */
#define SD_WORKLOAD_STATEMENT_FIELDS(X)                                                                      \
    X(TEXT, database, "", "database name")                                                                   \
    X(INT, number, "", "its number in this workload, from 1")                                                \
    X(TEXT, id, "", "query identifier, or the file it is in")                                                \
    X(TEXT, text, "sql", "the statement")                                                                    \
    X(REAL, weight, "count", "how often it counts")                                                          \
    X(REAL, cost_before, "cost", "planner's cost of one call")                                               \
    X(REAL, cost_after, "cost", "the same with the indexes")                                                 \
    X(TEXT, problem, "message", "why it was left out; absent when it was not")

/* An index the workload misses, the most useful first. */
#define SD_WORKLOAD_INDEX_FIELDS(X)                                                                          \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, schema, "", "schema of the table")                                                               \
    X(TEXT, table, "", "table name")                                                                         \
    X(TEXT, method, "", "access method: btree, hash, gin, gist, spgist, brin")                               \
    X(TEXT, ddl, "sql", "CREATE INDEX CONCURRENTLY statement")                                               \
    X(TEXT, holds, "sql", "keys, INCLUDE and condition, as in the statement")                                \
    X(LIST_TEXT, keys, "sql", "names of columns, or expressions")                                            \
    X(LIST_TEXT, include, "", "names of columns it only carries")                                            \
    X(TEXT, predicate, "sql", "condition of a partial index")                                                \
    X(REAL, saves_cost, "cost", "weighted cost that would be lost without it")                               \
    X(INT, size_bytes, "bytes", "its size once built; absent: not predicted")                                \
    X(INT, build_ns, "ns", "how long building it takes, roughly")                                            \
    X(REAL, write_overhead, "share", "bytes it adds to a written row, of the row's")                         \
    X(INT, writes, "count", "rows written that would have written to it")                                    \
    X(INT, partitioned, "0|1", "1 when its table has partitions")                                            \
    X(INT, proven, "0|1", "1: the planner chose it (HypoPG); 0: an estimate")                                \
    X(LIST_INT, statements, "", "numbers of those it makes cheaper")

/* How a statement of the workload should be written, where no index helps it. */
#define SD_WORKLOAD_REWRITE_FIELDS(X)                                                                        \
    X(TEXT, database, "", "database name")                                                                   \
    X(INT, number, "", "number of the statement")                                                            \
    X(TEXT, rule, "", "name of the rule")                                                                    \
    X(TEXT, title, "", "the rule in words")                                                                  \
    X(TEXT, severity, "", "info, warn or bad")                                                               \
    X(TEXT, evidence, "", "the planner's figures")                                                           \
    X(REAL, saves_share, "share", "of the statement's cost, at most")                                        \
    X(TEXT, advice, "", "what to do")                                                                        \
    X(TEXT, before, "sql", "the part that changes")                                                          \
    X(TEXT, after, "sql", "what it becomes")                                                                 \
    X(TEXT, statement, "sql", "the whole statement rewritten")                                               \
    X(TEXT, caveat, "", "where the rows are not the same")                                                   \
    X(TEXT, check, "", "how to see that it helped")

/* An index the database could do without. */
#define SD_WORKLOAD_WASTE_FIELDS(X)                                                                          \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, schema, "", "schema of the table")                                                               \
    X(TEXT, table, "", "table name")                                                                         \
    X(TEXT, name, "", "index name")                                                                          \
    X(TEXT, reason, "", "unused, duplicate, prefix or invalid")                                              \
    X(TEXT, kept, "", "the index that does its work")                                                        \
    X(INT, size_bytes, "bytes", "its size")                                                                  \
    X(INT, idx_scan, "count", "scans counted")

/* The figures of a PostgreSQL server as a whole, at one time. Counters are totals since `since`, or as said.
 * What the server's version does not count, or the role may not see, is absent. With it, in the same batch,
 * come its I/O, its standbys and slots, and the commands that report progress: what is not there is over. */
#define SD_SERVER_FIELDS(X)                                                                                  \
    X(TEXT, version, "", "15.4")                                                                             \
    X(INT, started, "time", "start of the server")                                                           \
    X(INT, config_loaded, "time", "last read of its configuration")                                          \
    X(INT, in_recovery, "0|1", "1: a standby, or still recovering")                                          \
    X(INT, connections, "count", "client sessions")                                                          \
    X(INT, active, "count", "of these, running a statement")                                                 \
    X(INT, idle, "count", "of these, idle outside of a transaction")                                         \
    X(INT, idle_in_transaction, "count", "of these, idle inside of one")                                     \
    X(INT, max_connections, "count", "")                                                                     \
    X(INT, reserved_connections, "count", "of these, for superusers and roles with reserved ones")           \
    X(INT, autovacuum_workers, "count", "at work")                                                           \
    X(INT, autovacuum_max_workers, "count", "")                                                              \
    X(INT, locks_waiting, "count", "locks not granted")                                                      \
    X(INT, prepared_transactions, "count", "")                                                               \
    X(INT, since, "time", "newest reset of a database's statistics; absent when never reset")                \
    X(INT, xact_commit, "count", "transactions committed, of all databases")                                 \
    X(INT, xact_rollback, "count", "transactions rolled back")                                               \
    X(INT, own_transactions, "count", "of these, slowdive's, since its source was opened")                   \
    X(INT, blks_hit, "blocks", "found in shared buffers")                                                    \
    X(INT, blks_read, "blocks", "read")                                                                      \
    X(INT, rows_returned, "count", "rows read by scans")                                                     \
    X(INT, rows_fetched, "count", "rows fetched by index scans")                                             \
    X(INT, rows_inserted, "count", "")                                                                       \
    X(INT, rows_updated, "count", "")                                                                        \
    X(INT, rows_deleted, "count", "")                                                                        \
    X(INT, temp_files, "count", "temporary files")                                                           \
    X(INT, temp_bytes, "bytes", "written to them")                                                           \
    X(INT, deadlocks, "count", "")                                                                           \
    X(INT, conflicts, "count", "statements cancelled by recovery, on a standby")                             \
    X(INT, checksum_failures, "count", "")                                                                   \
    X(INT, oldest_xact, "time", "start of the oldest transaction; absent: none is open")                     \
    X(INT, oldest_xact_pid, "", "its process")                                                               \
    X(TEXT, oldest_xact_state, "", "its state: active, idle in transaction, ...")                            \
    X(INT, next_xid, "", "the next transaction id, with its epoch")                                          \
    X(INT, xid_age, "count", "transactions since the oldest that is not frozen")                             \
    X(TEXT, xid_age_database, "", "the database it is in")                                                   \
    X(INT, mxid_age, "count", "multixacts since the oldest that is not frozen")                              \
    X(TEXT, mxid_age_database, "", "the database it is in")                                                  \
    X(INT, freeze_max_age, "count", "autovacuum_freeze_max_age")                                             \
    X(INT, mxid_freeze_max_age, "count", "autovacuum_multixact_freeze_max_age")                              \
    X(INT, wal_position, "bytes", "end of the write-ahead log: written, on a standby replayed")              \
    X(INT, wal_records, "count", "since the reset of pg_stat_wal")                                           \
    X(INT, wal_full_pages, "count", "whole pages in it, the same")                                           \
    X(INT, wal_bytes, "bytes", "generated, the same")                                                        \
    X(INT, wal_buffers_full, "count", "writes because its buffers were full, the same")                      \
    X(INT, checkpoints_timed, "count", "checkpoints by time, since the reset of the checkpointer")           \
    X(INT, checkpoints_requested, "count", "checkpoints by WAL written or on request")                       \
    X(INT, checkpoint_write_ns, "ns", "time spent writing files in them")                                    \
    X(INT, checkpoint_sync_ns, "ns", "time spent synchronising files in them")                               \
    X(INT, checkpoint_buffers, "blocks", "buffers written by them")                                          \
    X(INT, restartpoints, "count", "restartpoints done (17 and later)")                                      \
    X(INT, checkpointer_since, "time", "reset of the checkpointer's statistics")                             \
    X(INT, last_checkpoint, "time", "start of the last completed checkpoint or restartpoint")                \
    X(INT, cleaner_buffers, "blocks", "buffers written by the background writer")                            \
    X(INT, cleaner_stopped, "count", "times it had written its maximum and stopped")                         \
    X(INT, backend_buffers, "blocks", "buffers sessions wrote themselves (until 16)")                        \
    X(INT, backend_syncs, "count", "files sessions synchronised themselves (until 16)")                      \
    X(INT, buffers_allocated, "blocks", "buffers allocated")                                                 \
    X(TEXT, archive_mode, "", "off, on or always")                                                           \
    X(INT, archived, "count", "WAL files archived, since the reset of the archiver")                         \
    X(INT, archive_failed, "count", "failed attempts")                                                       \
    X(TEXT, last_archived_wal, "", "name of the last file archived")                                         \
    X(INT, last_archived, "time", "when")                                                                    \
    X(TEXT, last_failed_wal, "", "name of the last file that failed")                                        \
    X(INT, last_failed, "time", "when")                                                                      \
    X(INT, archiver_since, "time", "reset of the archiver's statistics")                                     \
    X(INT, replay_age_ns, "ns", "on a standby: since the commit last replayed; 0: all received is replayed") \
    X(INT, replay_paused, "0|1", "on a standby: 1 when replay is paused")

/* A row of pg_stat_io (16 and later): what one type of process read and wrote, totals since `since`. */
#define SD_SERVER_IO_FIELDS(X)                                                                               \
    X(TEXT, backend_type, "", "client backend, checkpointer, ...")                                           \
    X(TEXT, object, "", "relation, temp relation or wal")                                                    \
    X(TEXT, context, "", "normal, vacuum, bulkread, bulkwrite, init")                                        \
    X(INT, reads, "count", "")                                                                               \
    X(INT, read_bytes, "bytes", "")                                                                          \
    X(INT, read_ns, "ns", "with track_io_timing")                                                            \
    X(INT, writes, "count", "")                                                                              \
    X(INT, write_bytes, "bytes", "")                                                                         \
    X(INT, write_ns, "ns", "with track_io_timing")                                                           \
    X(INT, extends, "count", "")                                                                             \
    X(INT, extend_bytes, "bytes", "")                                                                        \
    X(INT, extend_ns, "ns", "with track_io_timing")                                                          \
    X(INT, hits, "count", "found in shared buffers")                                                         \
    X(INT, evictions, "count", "blocks removed from a buffer to use it")                                     \
    X(INT, reuses, "count", "buffers of a ring used again")                                                  \
    X(INT, writebacks, "count", "blocks the kernel was asked to write")                                      \
    X(INT, fsyncs, "count", "")                                                                              \
    X(INT, fsync_ns, "ns", "with track_io_timing")                                                           \
    X(INT, since, "time", "start of counting")

/* A standby that is connected, a replication slot, or the receiver of a standby. Positions are bytes since
 * the beginning of the write-ahead log: pg_lsn as a number. */
#define SD_REPLICATION_FIELDS(X)                                                                             \
    X(TEXT, role, "", "standby, slot or receiver")                                                           \
    X(TEXT, name, "", "application_name, slot_name, or the host received from")                              \
    X(INT, pid, "", "process of the sender or the receiver; absent: a slot not in use")                      \
    X(TEXT, user, "", "role of the standby")                                                                 \
    X(TEXT, client, "", "address of the standby, or local")                                                  \
    X(TEXT, state, "", "streaming, catchup, ...; of a slot: active or inactive")                             \
    X(TEXT, sync, "", "async, sync, potential or quorum")                                                    \
    X(TEXT, slot, "", "the slot in use; of a slot itself: physical or logical")                              \
    X(TEXT, plugin, "", "output plugin of a logical slot")                                                   \
    X(TEXT, database, "", "database of a logical slot")                                                      \
    X(INT, temporary, "0|1", "of a slot")                                                                    \
    X(INT, position, "bytes", "end of this server's write-ahead log: written, or received on a standby")     \
    X(INT, sent, "bytes", "of a standby: position sent")                                                     \
    X(INT, written, "bytes", "of a standby: position written there")                                         \
    X(INT, flushed, "bytes", "of a standby or a receiver: on disk there; of a logical slot: confirmed")      \
    X(INT, replayed, "bytes", "of a standby or a receiver: replayed there")                                  \
    X(INT, write_lag_ns, "ns", "of a standby: write_lag; absent when idle")                                  \
    X(INT, flush_lag_ns, "ns", "of a standby: flush_lag")                                                    \
    X(INT, replay_lag_ns, "ns", "of a standby: replay_lag; of a receiver: age of the commit last replayed")  \
    X(INT, kept_from, "bytes", "of a slot: restart_lsn, write-ahead log is kept from there")                 \
    X(INT, may_grow_bytes, "bytes", "of a slot: safe_wal_size, to be written until it is lost")              \
    X(TEXT, wal_status, "", "of a slot: reserved, extended, unreserved or lost (13 and later)")              \
    X(TEXT, invalid, "", "of a slot: why it was invalidated (17 and later)")                                 \
    X(INT, xmin_age, "count", "transactions since the oldest row it keeps")                                  \
    X(INT, catalog_xmin_age, "count", "the same of the catalogue")                                           \
    X(INT, since, "time", "start of the connection; of a slot: inactive since (17 and later)")               \
    X(INT, replied, "time", "last message of the standby, or to the receiver")

/* A command that reports its progress: a row of a view pg_stat_progress_*. */
#define SD_PROGRESS_FIELDS(X)                                                                                \
    X(TEXT, command, "", "vacuum, analyze, create index, cluster, basebackup, copy, ...")                    \
    X(INT, pid, "", "process")                                                                               \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, relation, "", "schema and name; in another database its number")                                 \
    X(TEXT, phase, "", "as the server names it")                                                             \
    X(TEXT, kind, "", "what exactly: CREATE INDEX CONCURRENTLY, COPY FROM, autovacuum, ...")                 \
    X(INT, started, "time", "start of its statement")                                                        \
    X(TEXT, role, "", "role that runs it")                                                                   \
    X(LIST_TEXT, counters, "", "names of the view's counters")                                               \
    X(LIST_INT, values, "", "their values")

/* A parameter of the server that differs from its default, waits for a restart, or is needed to judge others.
 * Values as a new session gets them. */
#define SD_PARAMETER_FIELDS(X)                                                                               \
    X(TEXT, name, "", "")                                                                                    \
    X(TEXT, value, "", "reset_val; absent when it may be a secret")                                          \
    X(TEXT, initial, "", "boot_val: the default; absent the same")                                           \
    X(TEXT, unit, "", "of both: 8kB, ms, ...")                                                               \
    X(TEXT, type, "", "bool, integer, real, enum or string")                                                 \
    X(TEXT, source, "", "where it was set: configuration file, database, ...")                               \
    X(TEXT, context, "", "when it can change: postmaster: at a restart")                                     \
    X(TEXT, category, "", "")                                                                                \
    X(TEXT, about, "", "short_desc: what it does")                                                           \
    X(INT, differs, "0|1", "1 when value and default differ")                                                \
    X(INT, pending_restart, "0|1", "1 when the file says otherwise and a restart would take it")

/* How much of a table or an index is estimated to be unused: all records of one answer are in one batch. The
 * first is of the database as a whole, without a name. */
#define SD_BLOAT_FIELDS(X)                                                                                   \
    X(TEXT, database, "", "database name")                                                                   \
    X(TEXT, kind, "", "database, table or index")                                                            \
    X(TEXT, schema, "", "schema name")                                                                       \
    X(TEXT, table, "", "table name")                                                                         \
    X(TEXT, name, "", "its name, or the index's")                                                            \
    X(INT, size_bytes, "bytes", "its size; of the database: all that was estimated")                         \
    X(INT, needed_bytes, "bytes", "what it would have newly written, with its fillfactor; absent: unknown")  \
    X(TEXT, method, "", "how that is known")                                                                 \
    X(REAL, error, "share", "of size_bytes, that the estimate may be wrong by")                              \
    X(INT, fillfactor, "", "")                                                                               \
    X(TEXT, problem, "message", "why there is no estimate; absent when there is one")                        \
    X(INT, elapsed_ns, "ns", "of the database: time it took")                                                \
    X(INT, left_out, "count", "of the database: relations without an estimate")

/* A profile: where a program spends its time or memory, as one file or one window of sampling tells. Its
 * functions are in the same batch, and of no other profile. Values are in base units. */
#define SD_PROFILE_FIELDS(X)                                                                                 \
    X(TEXT, name, "", "what was profiled, or the file")                                                      \
    X(TEXT, format, "", "pprof, perf script, folded stacks")                                                 \
    X(LIST_TEXT, types, "", "sample types, as the file names them")                                          \
    X(LIST_TEXT, units, "", "of each: ns, bytes or count")                                                   \
    X(LIST_REAL, values, "", "of each: sum of all samples")                                                  \
    X(TEXT, type, "", "the one to show")                                                                     \
    X(INT, samples, "count", "number of samples")                                                            \
    X(INT, lost, "count", "samples lost; absent: the format cannot tell")                                    \
    X(REAL, truncated_share, "share", "of the samples, with a stack that is cut; absent: cannot be told")    \
    X(INT, began, "time", "when the profile began")                                                          \
    X(INT, duration_ns, "ns", "time it covers")                                                              \
    X(INT, functions, "count", "functions in it")                                                            \
    X(INT, left_out, "count", "of these, not in the batch")                                                  \
    X(INT, series, "0|1", "1: one interval of a series, whose figures add up; else the whole")

/* A function of a profile. Lists have an item for each of its sample types. */
#define SD_PROFILE_FUNCTION_FIELDS(X)                                                                        \
    X(TEXT, name, "", "the function; [module] where only that is known")                                     \
    X(TEXT, module, "", "file it is in: program, library, kernel module; absent: unknown")                   \
    X(TEXT, kind, "", "kernel, native, jit, interpreted or process; absent: unknown")                        \
    X(INT, self_samples, "count", "samples in it; absent: the format does not count samples")                \
    X(INT, total_samples, "count", "samples in it or in what it calls, once a stack")                        \
    X(LIST_REAL, self, "", "values of samples in it")                                                        \
    X(LIST_REAL, total, "", "values of samples in it or in what it calls, once a stack")                     \
    X(TEXT, file, "", "file of its source; absent: unknown")                                                 \
    X(LIST_INT, lines, "", "lines of its source with figures; absent: not known")                            \
    X(LIST_REAL, line_self, "", "values of samples in each line, for each sample type")                      \
    X(LIST_REAL, line_total, "", "the same with what is called there, once a stack; absent: not known")

/* The call tree of the profile of the batch. Lists have an item for each node, in an order in which a parent
 * stands before what it calls; those of values have one for each sample type of each node. */
#define SD_PROFILE_TREE_FIELDS(X)                                                                            \
    X(LIST_INT, parents, "", "number of the caller's node, from 0; -1: an outermost frame")                  \
    X(LIST_INT, functions, "",                                                                               \
      "its function: number, from 0, among the profile_function records of the batch")                       \
    X(LIST_INT, samples, "count", "samples that end in it; absent: the format does not count samples")       \
    X(LIST_REAL, self, "", "values of samples that end in it")                                               \
    X(LIST_INT, cut_n, "count",                                                                              \
      "frames right below it that have no node, because they are small; absent: none")                       \
    X(LIST_REAL, cut, "", "values of all that is below it without a node; absent: nothing is")               \
    X(LIST_REAL, root_cut, "", "the same of outermost frames, for each sample type")                         \
    X(INT, root_cut_n, "count", "the same: their number")                                                    \
    X(LIST_TEXT, part_keys, "",                                                                              \
      "parts whose samples are known: what each is of, thread, container or a label's name")                 \
    X(LIST_TEXT, part_values, "", "of each part: which thread or container, or the label's value")           \
    X(LIST_INT, of_part, "", "what of a part ends in a node: the part, from 0")                              \
    X(LIST_INT, of_node, "", "the same: the node, from 0; -1: the root")                                     \
    X(LIST_INT, of_samples, "count", "the same: samples; absent: the format does not count samples")         \
    X(LIST_REAL, of_self, "", "the same: values, for each sample type")

/* A cache as a whole. Counts are totals since `since`; with `interval_ns` they are of the interval of that
 * length which begins at batch time (a log, a file of counters): a delta. A lookup is a hit or a miss; what
 * goes past the cache (bypass, pass) is none, but where the product counts it as a miss, as nginx's BYPASS.
 */
#define SD_CACHE_FIELDS(X)                                                                                   \
    X(TEXT, layer, "", "browser, cdn, proxy, application or database")                                       \
    X(TEXT, name, "", "product and address: redis 127.0.0.1:6379")                                           \
    X(TEXT, product, "", "redis, valkey, memcached, varnish, nginx, postgresql, ...")                        \
    X(TEXT, version, "", "of the product")                                                                   \
    X(INT, since, "time", "start of counting; a change is a reset")                                          \
    X(INT, interval_ns, "ns", "length of the interval of the counts; absent: they are totals")               \
    X(INT, hits, "count", "lookups that found it")                                                           \
    X(INT, misses, "count", "lookups that did not")                                                          \
    X(INT, bypassed, "count", "requests that went past the cache; of nginx they are misses, too")            \
    X(INT, stale, "count", "of the hits: answered with what had expired")                                    \
    X(INT, misses_cold, "count", "of the misses: not seen before")                                           \
    X(INT, misses_expired, "count", "of the misses: it had expired")                                         \
    X(INT, misses_evicted, "count", "of the misses: it had been evicted")                                    \
    X(INT, misses_invalidated, "count", "of the misses: it had been deleted")                                \
    X(INT, evictions, "count", "entries removed to make room")                                               \
    X(INT, evicted_unread, "count", "of these, never read")                                                  \
    X(INT, expired, "count", "entries removed because their time was over")                                  \
    X(INT, writes, "count", "entries stored")                                                                \
    X(INT, requests, "count", "commands or requests of every kind")                                          \
    X(INT, errors, "count", "of these, answered with an error")                                              \
    X(INT, bytes_out, "bytes", "sent to clients")                                                            \
    X(INT, connections, "count", "connections opened")                                                       \
    X(INT, rejected, "count", "connections refused")                                                         \
    X(INT, busy_ns, "ns", "processor time of the server")                                                    \
    X(HIST, hit_latency, "ns", "durations of the hits")                                                      \
    X(HIST, miss_latency, "ns", "durations of the misses")                                                   \
    X(INT, entries, "count", "now in it")                                                                    \
    X(INT, entries_with_ttl, "count", "of these, with an end")                                               \
    X(INT, bytes_used, "bytes", "now")                                                                       \
    X(INT, bytes_max, "bytes", "limit; 0: none")                                                             \
    X(INT, bytes_rss, "bytes", "memory of the process")                                                      \
    X(TEXT, policy, "", "what is evicted at the limit: allkeys-lru, noeviction, ...")                        \
    X(INT, clients, "count", "connected now")                                                                \
    X(INT, clients_blocked, "count", "of these, waiting in a blocking command")                              \
    X(TEXT, role, "", "master, replica; absent: it has none")                                                \
    X(INT, replicas, "count", "connected to it")                                                             \
    X(INT, lag_bytes, "bytes", "behind its master, or the furthest of its replicas behind it")               \
    X(INT, link_down_ns, "ns", "time that a replica has been without its master; absent: it has one")        \
    X(INT, fork_ns, "ns", "how long the last fork stopped the server")                                       \
    X(LIST_TEXT, troubles, "", "what the server itself reports as failed, in sentences: the last save, ...") \
    X(LIST_TEXT, notes, "", "why a figure is unknown, and how it can be known, in sentences")

/* A part of a cache: keys of one prefix, a route of a proxy, a table of a database. Counts are of the time
 * that was watched, up to the batch; those from a sample are estimates with their 95 % interval. All of one
 * cache are in one batch. */
#define SD_CACHE_PREFIX_FIELDS(X)                                                                            \
    X(TEXT, cache, "", "name of the cache")                                                                  \
    X(TEXT, prefix, "", "user:*:cart, GET /orders/:id, public.orders")                                       \
    X(TEXT, kind, "", "prefix, route, table, index or slab")                                                 \
    X(INT, watched_ns, "ns", "time in which the lookups were counted; absent: none were")                    \
    X(INT, keys, "count", "")                                                                                \
    X(INT, keys_low, "count", "absent: it is exact")                                                         \
    X(INT, keys_high, "count", "")                                                                           \
    X(INT, bytes, "bytes", "")                                                                               \
    X(INT, bytes_low, "bytes", "absent: it is exact")                                                        \
    X(INT, bytes_high, "bytes", "")                                                                          \
    X(INT, hits, "count", "")                                                                                \
    X(INT, misses, "count", "")                                                                              \
    X(REAL, hit_ratio_low, "share", "absent: it is exact")                                                   \
    X(REAL, hit_ratio_high, "share", "")                                                                     \
    X(INT, misses_cold, "count", "")                                                                         \
    X(INT, misses_expired, "count", "")                                                                      \
    X(INT, misses_evicted, "count", "")                                                                      \
    X(INT, misses_invalidated, "count", "")                                                                  \
    X(INT, writes, "count", "")                                                                              \
    X(INT, deletes, "count", "")                                                                             \
    X(INT, ttl_p50_ns, "ns", "of the keys that have one, what is left")                                      \
    X(INT, with_ttl, "count", "of the sampled keys, with an end")                                            \
    X(INT, sampled, "count", "keys looked at; absent: all")                                                  \
    X(LIST_INT, ttl_upto_ns, "ns", "upper ends of ranges of TTL, ascending; the last is any")                \
    X(LIST_INT, ttl_counts, "count", "of each, sampled keys")                                                \
    X(LIST_TEXT, types, "", "of its keys: string, hash, ...")                                                \
    X(INT, reuse_p50_ns, "ns", "time between two lookups of a key; absent: unknown")                         \
    X(INT, idle_p50_ns, "ns", "time since a key was last read")                                              \
    X(TEXT, method, "", "how the lookups were counted, in a few words")                                      \
    X(INT, hit_mean_ns, "ns", "mean duration of its hits")                                                   \
    X(INT, miss_mean_ns, "ns", "mean duration of its misses")

/* A key that stands out: big, or often asked for. */
#define SD_CACHE_KEY_FIELDS(X)                                                                               \
    X(TEXT, cache, "", "name of the cache")                                                                  \
    X(TEXT, key, "message", "as it is; cut to 256 bytes")                                                    \
    X(TEXT, prefix, "", "its prefix")                                                                        \
    X(TEXT, type, "", "string, hash, ...")                                                                   \
    X(INT, bytes, "bytes", "")                                                                               \
    X(INT, items, "count", "of a list, hash, set: members")                                                  \
    X(INT, lookups, "count", "in the time watched")                                                          \
    X(REAL, lookup_share, "share", "of all lookups")                                                         \
    X(INT, misses, "count", "of these")                                                                      \
    X(INT, frequency, "", "OBJECT FREQ: 0 to 255, logarithmic")                                              \
    X(INT, idle_ns, "ns", "")                                                                                \
    X(INT, ttl_ns, "ns", "left; absent: no end")                                                             \
    X(INT, most_at_once, "count", "misses of it within one second: a herd")

/* A command of a cache: totals since the cache's `since`. */
#define SD_CACHE_COMMAND_FIELDS(X)                                                                           \
    X(TEXT, cache, "", "name of the cache")                                                                  \
    X(TEXT, command, "", "get, hgetall, config|get")                                                         \
    X(INT, calls, "count", "")                                                                               \
    X(INT, total_ns, "ns", "time in the server")                                                             \
    X(INT, rejected, "count", "not run")                                                                     \
    X(INT, failed, "count", "run, and failed")                                                               \
    X(INT, p50_ns, "ns", "as the server reports it, since its start")                                        \
    X(INT, p99_ns, "ns", "")                                                                                 \
    X(INT, p999_ns, "ns", "")

/* An execution that the server found slow, or large. */
#define SD_CACHE_SLOW_FIELDS(X)                                                                              \
    X(TEXT, cache, "", "name of the cache")                                                                  \
    X(TEXT, log, "", "slow, large-request or large-reply")                                                   \
    X(INT, id, "", "the server's number of it")                                                              \
    X(INT, at, "time", "")                                                                                   \
    X(INT, duration_ns, "ns", "")                                                                            \
    X(INT, bytes, "bytes", "of a large request or reply")                                                    \
    X(TEXT, command, "", "its name")                                                                         \
    X(TEXT, prefix, "", "prefix of its first key")                                                           \
    X(INT, arguments, "count", "")                                                                           \
    X(TEXT, client, "", "address or name")

/* How the share of misses falls with size: a miss-ratio curve. */
#define SD_CACHE_CURVE_FIELDS(X)                                                                             \
    X(TEXT, cache, "", "name of the cache")                                                                  \
    X(TEXT, unit, "", "keys or bytes")                                                                       \
    X(LIST_REAL, sizes, "", "ascending")                                                                     \
    X(LIST_REAL, miss_ratios, "share", "of each size; falling")                                              \
    X(INT, lookups, "count", "it was made from")                                                             \
    X(REAL, sampled, "share", "of the keys")                                                                 \
    X(REAL, error, "share", "mean absolute error expected")                                                  \
    X(REAL, now, "", "the cache's size in the unit; absent: unknown")

/* What caches may do with the answer to a URL, and what to change about it. All URLs of one audit are in one
 * batch. The facts are of the last answer, behind redirects. */
#define SD_ASSET_POLICY_FIELDS(X)                                                                            \
    X(TEXT, url, "request", "as it was asked")                                                               \
    X(TEXT, final_url, "request", "that answered, behind redirects")                                         \
    X(TEXT, asset, "", "hashed, static, api, html or other")                                                 \
    X(TEXT, type, "", "media type: text/css")                                                                \
    X(TEXT, cache_control, "", "the header")                                                                 \
    X(INT, status, "", "")                                                                                   \
    X(INT, redirects, "count", "redirects that were answered")                                               \
    X(TEXT, http_version, "", "1.0, 1.1, 2")                                                                 \
    X(INT, storable_shared, "0|1", "may a shared cache store it?")                                           \
    X(INT, storable_private, "0|1", "may a browser store it?")                                               \
    X(INT, fresh_shared_s, "s", "lifetime in a shared cache; absent: not storable there")                    \
    X(INT, fresh_private_s, "s", "lifetime in a browser; absent: not storable there")                        \
    X(INT, revalidation_status, "", "of the conditional request; absent: nothing validates")                 \
    X(INT, cache_hit, "0|1", "did the cache nearest to us answer? absent: nothing says so")                  \
    X(LIST_TEXT, cache_layers, "", "what caches on the way report, the nearest last: cloudfront: Hit")       \
    X(INT, age_s, "s", "of the copy, by the header Age")                                                     \
    X(INT, size_bytes, "bytes", "of the body as sent")                                                       \
    X(INT, decoded_bytes, "bytes", "of the body without its Content-Encoding")                               \
    X(INT, gzip_bytes, "bytes",                                                                              \
      "what gzip -9 would take; absent: not a type worth compressing, or too long")                          \
    X(INT, brotli_bytes, "bytes", "what brotli 11 would take")                                               \
    X(REAL, hit_probability, "share", "how likely a browser's copy is still fresh when it is wanted again")  \
    X(INT, dns_ns, "ns", "looking up the name")                                                              \
    X(INT, tcp_ns, "ns", "connecting")                                                                       \
    X(INT, tls_ns, "ns", "TLS; absent: none")                                                                \
    X(INT, first_byte_ns, "ns", "from the request to the first byte of the answer")                          \
    X(INT, transfer_ns, "ns", "from there to the last; absent: the body was not read to its end")            \
    X(LIST_TEXT, finding_kinds, "", "short_ttl, ...")                                                        \
    X(LIST_TEXT, finding_severities, "", "of each: info, warn or bad")                                       \
    X(LIST_TEXT, finding_texts, "", "of each, a sentence with the header to send instead")                   \
    X(LIST_TEXT, notes, "", "what could not be found out, in sentences")

/* An object of a heap snapshot that keeps much from being freed; beside the profile of the batch. */
#define SD_PROFILE_HOLDER_FIELDS(X)                                                                          \
    X(INT, id, "", "number of the object, the same in all snapshots of its process")                         \
    X(INT, above, "", "number of the nearest such object that holds it; 0: none")                            \
    X(TEXT, name, "", "its constructor, or its type in parentheses")                                         \
    X(TEXT, property, "",                                                                                    \
      "the property of `above` that is this object; absent: it has none, or not directly")                   \
    X(TEXT, through, "", "the property through which it holds nearly all of that; absent: it is divided")    \
    X(TEXT, what, "",                                                                                        \
      "what it is: listeners, timers, detached, closure, chain, map, set, array or object; absent: else")    \
    X(TEXT, path, "", "its holders, the nearest first, with the properties")                                 \
    X(TEXT, holds, "", "what most of the objects right below it are; absent: they differ")                   \
    X(INT, held, "count", "objects right below it")                                                          \
    X(INT, bytes, "bytes", "what would be freed with it")

/* A build of a front end, as a folder or a bundler's description tells it. Beside it in the batch are the
 * records BUNDLE_... of its parts; the batch holds the whole build, and a later one takes its place. */
#define SD_BUNDLE_FIELDS(X)                                                                                  \
    X(TEXT, path, "", "of the description, or of the folder")                                                \
    X(TEXT, build_kind, "",                                                                                  \
      "webpack_stats, esbuild_metafile, rollup_visualizer, vite_build, next_build or assets")                \
    X(INT, modules, "count", "modules, each once; absent: not known")                                        \
    X(INT, source_bytes, "bytes", "of their sources, each once; absent: not known")                          \
    X(INT, measured, "0|1", "1: compressed sizes are final; 0: they are being measured")                     \
    X(LIST_TEXT, notes, "", "what was left out or could not be found out, in sentences")                     \
    X(LIST_TEXT, targets, "", "browsers it is built for, as its package.json says: chrome 109")

/* A file that is shipped. */
#define SD_BUNDLE_ASSET_FIELDS(X)                                                                            \
    X(TEXT, name, "", "its path below the build folder")                                                     \
    X(TEXT, type, "", "js, css, image, font, html or wasm")                                                  \
    X(INT, size_bytes, "bytes", "of the file")                                                               \
    X(INT, gzip_bytes, "bytes", "zlib, level 9; absent: the file is not there, or not measured yet")         \
    X(INT, brotli_bytes, "bytes", "quality 11; absent: the same")                                            \
    X(INT, initial, "0|1", "is it loaded with an entry? absent: not known")                                  \
    X(INT, source_bytes, "bytes", "of the sources of its modules; absent: not known")                        \
    X(TEXT, format, "", "of an image or a font, by its content: png, webp, woff2")                           \
    X(INT, width, "count", "of an image, in pixels")                                                         \
    X(INT, height, "count", "of an image, in pixels")                                                        \
    X(INT, glyphs, "count", "of a font; absent: not known")                                                  \
    X(TEXT, font_display, "", "of the @font-face rule that names it; absent: none does, or it says nothing")

/* What a module takes in an asset. Over an asset, minified_bytes, gzip_bytes and brotli_bytes add up to its
 * own. */
#define SD_BUNDLE_MODULE_FIELDS(X)                                                                           \
    X(INT, asset, "", "number of the asset in the batch, from 0")                                            \
    X(TEXT, path, "", "from its first node_modules folder on, or below the project; (glue), ...")            \
    X(TEXT, package, "", "behind its last node_modules folder; absent: own code")                            \
    X(TEXT, part, "", "module, asset, glue, unmapped, no_source, line_ends or map_comment")                  \
    X(INT, size_bytes, "bytes", "of its source; absent: not known")                                          \
    X(INT, minified_bytes, "bytes", "")                                                                      \
    X(INT, gzip_bytes, "bytes", "")                                                                          \
    X(INT, brotli_bytes, "bytes", "")                                                                        \
    X(INT, estimated, "0|1", "1: minified_bytes is not measured")                                            \
    X(INT, ignored, "0|1", "1: in the ignore list of the source map")

/* Which module imports which. A module of several assets stands here once. */
#define SD_BUNDLE_IMPORTS_FIELDS(X)                                                                          \
    X(LIST_TEXT, modules, "", "their paths, as BUNDLE_MODULE names them")                                    \
    X(LIST_INT, entries, "", "numbers of those that are entries, from 0")                                    \
    X(LIST_INT, importers, "", "of each import: the module that holds it")                                   \
    X(LIST_INT, imported, "", "of each: the module it imports")                                              \
    X(LIST_INT, how, "", "of each: 0 not known, 1 import, 2 import *, 3 re-export, 4 require, 5 import()")

/* What a bundler says of a module's code, where it bears on what can be left out. */
#define SD_BUNDLE_CODE_FIELDS(X)                                                                             \
    X(TEXT, path, "", "as BUNDLE_MODULE names it")                                                           \
    X(TEXT, package, "", "absent: own code")                                                                 \
    X(INT, es_module, "0|1", "absent: not known")                                                            \
    X(INT, imported_by_es, "0|1", "1: an ES module imports it")                                              \
    X(INT, uses_all, "0|1", "1: all exports are kept, since not every use of them is known")                 \
    X(INT, used, "count", "exports that are used; absent: not known")                                        \
    X(LIST_TEXT, provided, "", "names of its exports; absent: not known")                                    \
    X(LIST_TEXT, unused, "", "those that nothing uses; absent: not known")                                   \
    X(INT, reexports, "count", "exports it takes from other modules")                                        \
    X(INT, reexported, "0|1", "1: another module re-exports it")                                             \
    X(INT, side_effect_free, "0|1", "does its package say that it can be left out? absent: it says nothing") \
    X(TEXT, kept_for, "", "the side effect at its top level that keeps it, with its place; absent: none")    \
    X(LIST_TEXT, bailouts, "", "why the bundler could not optimise it, in its own words")

/* What one has to load first for an entry, or for a part that is loaded later. */
#define SD_BUNDLE_ROUTE_FIELDS(X)                                                                            \
    X(TEXT, name, "", "of the entry, the page or the chunk")                                                 \
    X(TEXT, entry, "", "of a later part: the route it is loaded from; absent: it is an entry")               \
    X(LIST_INT, assets, "", "numbers of the assets in the batch, from 0, each once")

/* Versions of a package, from the lock file beside the build. */
#define SD_BUNDLE_PACKAGE_FIELDS(X)                                                                          \
    X(TEXT, name, "", "")                                                                                    \
    X(LIST_TEXT, versions, "", "in order")

/* A report of Lighthouse. Lists that belong together are of equal length. */
#define SD_PAGE_REPORT_FIELDS(X)                                                                             \
    X(TEXT, path, "", "of the file")                                                                         \
    X(TEXT, url, "request", "as it was shown at the end")                                                    \
    X(TEXT, final_url, "request", "the report's finalUrl, by which LHCI groups")                             \
    X(TEXT, form_factor, "", "mobile or desktop")                                                            \
    X(TEXT, lighthouse_version, "", "13.4.0")                                                                \
    X(INT, fetch_time, "ns", "since 1970-01-01T00:00:00Z")                                                   \
    X(TEXT, runtime_error, "", "its code: NO_FCP; then there is no result")                                  \
    X(TEXT, runtime_error_text, "message", "its sentence")                                                   \
    X(REAL, score_reported, "", "of the performance category, 0 to 1")                                       \
    X(LIST_TEXT, metrics, "", "of the performance category, those with a weight: fcp lcp tbt cls si ...")    \
    X(LIST_REAL, metric_values, "", "of each, in ms; of cls plain")                                          \
    X(LIST_REAL, metric_weights, "", "of each")                                                              \
    X(LIST_REAL, metric_scores, "", "of each, as reported")                                                  \
    X(LIST_TEXT, categories, "", "performance, accessibility, best-practices, seo, ...")                     \
    X(LIST_REAL, category_scores, "", "of each, as reported, 0 to 1")                                        \
    X(LIST_TEXT, opportunities, "", "audits with a saving, the largest first")                               \
    X(LIST_TEXT, opportunity_titles, "", "of each")                                                          \
    X(LIST_INT, opportunity_ns, "ns", "of each: time spared; unknown: not said")                             \
    X(LIST_INT, opportunity_bytes, "bytes", "of each: bytes spared")                                         \
    X(TEXT, lcp_element, "", "its selector")                                                                 \
    X(LIST_TEXT, lcp_phases, "", "")                                                                         \
    X(LIST_INT, lcp_phase_ns, "ns", "of each")                                                               \
    X(LIST_TEXT, cls_elements, "", "selectors of what moved, the largest shift first")                       \
    X(LIST_REAL, cls_scores, "", "of each")                                                                  \
    X(LIST_TEXT, third_parties, "", "")                                                                      \
    X(LIST_INT, third_party_bytes, "bytes", "of each: transferred")                                          \
    X(LIST_INT, third_party_main_ns, "ns", "of each: on the main thread")                                    \
    X(LIST_INT, third_party_blocking_ns, "ns", "of each: blocking the main thread")                          \
    X(LIST_TEXT, long_tasks, "request", "what they run, the longest first")                                  \
    X(LIST_INT, long_task_start_ns, "ns", "of each, from the start of the load")                             \
    X(LIST_INT, long_task_ns, "ns", "of each")                                                               \
    X(LIST_TEXT, requests, "request", "URLs of the load, in order of start")                                 \
    X(LIST_TEXT, request_types, "", "of each: Document, Script, ...")                                        \
    X(LIST_INT, request_start_ns, "ns", "of each, from the start of the load")                               \
    X(LIST_INT, request_ns, "ns", "of each")                                                                 \
    X(LIST_INT, request_bytes, "bytes", "of each: transferred")                                              \
    X(LIST_INT, request_blocking, "0|1", "of each: does it block rendering?")                                \
    X(LIST_TEXT, audits, "", "all of the report")                                                            \
    X(LIST_REAL, audit_scores, "", "of each")                                                                \
    X(LIST_REAL, audit_values, "", "of each: numericValue")                                                  \
    X(LIST_INT, audit_items, "count", "of each: items of its details; unknown: it has none")                 \
    X(LIST_TEXT, resources, "", "rows of its resource summary: script, total, third-party")                  \
    X(LIST_INT, resource_counts, "count", "of each")                                                         \
    X(LIST_INT, resource_bytes, "bytes", "of each")                                                          \
    X(LIST_TEXT, audit_modes, "",                                                                            \
      "of each audit: numeric, binary, informative, notApplicable, manual, error")                           \
    X(LIST_TEXT, user_timings, "", "marks and measures of the page's own")                                   \
    X(LIST_REAL, user_timing_values, "", "of each: its duration, of a mark its moment, in ms")

/* A vital of real users, of all values of a source so far; a later record of the same key takes its place. */
#define SD_PAGE_FIELD_FIELDS(X)                                                                              \
    X(TEXT, data, "", "rum or crux")                                                                         \
    X(TEXT, by, "", "all, page, device, connection, country, navigation_type or origin")                     \
    X(TEXT, key, "", "which of these")                                                                       \
    X(TEXT, form_factor, "", "of CrUX: phone, desktop, tablet or all")                                       \
    X(TEXT, metric, "", "lcp, inp, cls, fcp or ttfb")                                                        \
    X(INT, count, "count", "values; absent: not said")                                                       \
    X(REAL, p75, "", "in ms; of cls plain")                                                                  \
    X(REAL, p75_low, "", "lower end of its 95 % interval; absent: not known")                                \
    X(REAL, p75_high, "", "upper end")                                                                       \
    X(REAL, good_share, "share", "")                                                                         \
    X(REAL, needs_improvement_share, "share", "")                                                            \
    X(REAL, poor_share, "share", "")

/* Which element a vital is about, of all values of a source so far. */
#define SD_PAGE_ATTRIBUTION_FIELDS(X)                                                                        \
    X(TEXT, metric, "", "lcp, inp or cls")                                                                   \
    X(TEXT, page, "", "the page's template")                                                                 \
    X(TEXT, target, "", "a selector")                                                                        \
    X(INT, count, "count", "values")                                                                         \
    X(REAL, p75, "", "in ms; of cls plain")                                                                  \
    X(TEXT, script, "request", "that ran longest meanwhile; absent: not said")

/* A vital over the weeks, as CrUX keeps it. */
#define SD_PAGE_TREND_FIELDS(X)                                                                              \
    X(TEXT, data, "", "crux")                                                                                \
    X(TEXT, by, "", "page or origin")                                                                        \
    X(TEXT, key, "", "which of these")                                                                       \
    X(TEXT, form_factor, "", "phone, desktop, tablet or all")                                                \
    X(TEXT, metric, "", "lcp, inp, cls, fcp or ttfb")                                                        \
    X(LIST_INT, ends, "ns", "last days of its spans, at 00:00 UTC")                                          \
    X(LIST_REAL, p75, "", "of each, in ms; of cls plain; unknown: not enough users")

/* A load of a page, request by request, from a HAR file. */
#define SD_PAGE_LOAD_FIELDS(X)                                                                               \
    X(TEXT, page, "request", "its title or URL")                                                             \
    X(TEXT, file, "", "it was read from")                                                                    \
    X(INT, content_loaded_ns, "ns", "")                                                                      \
    X(INT, load_ns, "ns", "")                                                                                \
    X(INT, transfer_bytes, "bytes", "headers and bodies of all answers")                                     \
    X(LIST_TEXT, requests, "request", "URLs, in order of start")                                             \
    X(LIST_TEXT, request_types, "", "of each: its media type")                                               \
    X(LIST_INT, request_start_ns, "ns", "of each, from the start of the load")                               \
    X(LIST_INT, request_ns, "ns", "of each")                                                                 \
    X(LIST_INT, request_bytes, "bytes", "of each: headers and body of the answer")                           \
    X(LIST_TEXT, third_parties, "", "origins other than the first request's, the heaviest first")            \
    X(LIST_INT, third_party_requests, "count", "of each")                                                    \
    X(LIST_INT, third_party_bytes, "bytes", "of each")                                                       \
    X(LIST_INT, third_party_ns, "ns", "of each: sum of the times of its requests")

/* What a receiver of beacons took so far. */
#define SD_PAGE_RECEIVER_FIELDS(X)                                                                           \
    X(INT, accepted, "count", "beacons")                                                                     \
    X(INT, duplicates, "count", "beacons that replaced an earlier value")                                    \
    X(INT, rejected, "count", "beacons that are not sound")                                                  \
    X(INT, ignored, "count", "beacons of another name")                                                      \
    X(INT, too_large, "count", "bodies beyond the limit")

/* Spans of traces, as they came in, in any order: one trace may be in many of these records. Columns: item i
 * of `trace`, `id`, ... is of span i; texts that occur often are in tables and named by their place in them.
 * An id that is not hexadecimal stays as it is. Constants in statements, and keys of stores, are hidden by
 * what reads them in (format/traces/span_draft.h). */
#define SD_SPANS_FIELDS(X)                                                                                   \
    X(LIST_TEXT, traces, "", "ids of the traces: 32 lower-case hex digits")                                  \
    X(LIST_TEXT, services, "", "names of the services")                                                      \
    X(LIST_TEXT, resources, "", "of each service: its attributes, as labels of metrics are written")         \
    X(LIST_TEXT, names, "", "names of the operations")                                                       \
    X(LIST_TEXT, statements, "", "statements and commands, without their constants")                         \
    X(LIST_TEXT, keys, "", "names of the attributes")                                                        \
    X(LIST_INT, trace, "", "of each span: its place in `traces`, from 0")                                    \
    X(LIST_TEXT, id, "", "16 lower-case hex digits")                                                         \
    X(LIST_TEXT, parent, "", "id of its parent; unknown: it is a root")                                      \
    X(LIST_INT, service, "", "place in `services`")                                                          \
    X(LIST_INT, name, "", "place in `names`")                                                                \
    X(LIST_INT, statement, "", "place in `statements`; unknown: none")                                       \
    X(LIST_INT, span_kind, "", "1 internal, 2 server, 3 client, 4 producer, 5 consumer; unknown: not said")  \
    X(LIST_INT, start, "time", "")                                                                           \
    X(LIST_INT, duration, "ns", "")                                                                          \
    X(LIST_INT, error, "0|1", "1: it failed")                                                                \
    X(LIST_INT, follows, "0|1", "1: it only follows its parent, which does not wait for it")                 \
    X(LIST_INT, of_span, "", "of each attribute: its span")                                                  \
    X(LIST_INT, of_key, "", "the same: place in `keys`")                                                     \
    X(LIST_TEXT, of_value, "", "the same: its value, cut to 4096 bytes")                                     \
    X(LIST_INT, event_span, "", "of each event inside a span: its span")                                     \
    X(LIST_INT, event_at, "time", "the same: when")                                                          \
    X(LIST_TEXT, event_text, "message", "the same: its name, and what an exception said")

/* A request that can be looked up elsewhere: slow ones of an interval, and those a bucket of a histogram
 * names. */
#define SD_EXEMPLAR_FIELDS(X)                                                                                \
    X(TEXT, method, "", "as in http")                                                                        \
    X(TEXT, route, "", "as in http")                                                                         \
    X(INT, at, "time", "when it ended")                                                                      \
    X(INT, duration_ns, "ns", "")                                                                            \
    X(INT, status, "", "of its answer")                                                                      \
    X(TEXT, trace_id, "", "32 lower-case hex digits; absent: it has none")                                   \
    X(TEXT, span_id, "", "16 lower-case hex digits")                                                         \
    X(TEXT, request_id, "", "as the log has it")                                                             \
    X(TEXT, path, "request", "that was asked for")                                                           \
    X(TEXT, host, "", "as in http")                                                                          \
    X(TEXT, evidence, "", "access log, histogram")

/* Requests to one endpoint in one interval, whose durations are known as a histogram of someone else's: its
 * buckets stay as they are, and percentiles are read from them by the rules of who made them
 * (core/endpoints/buckets.h). A delta. Counts may be parts of one: a rate times a time. */
#define SD_LATENCY_FIELDS(X)                                                                                 \
    X(TEXT, method, "", "as in http")                                                                        \
    X(TEXT, route, "", "as in http")                                                                         \
    X(TEXT, service, "", "that answered")                                                                    \
    X(TEXT, host, "", "as in http")                                                                          \
    X(TEXT, rule, "", "classic, native, exponential, explicit or summary")                                   \
    X(TEXT, evidence, "", "name of the metric")                                                              \
    X(INT, interval_ns, "ns", "length of the interval that starts at batch time")                            \
    X(REAL, count, "count", "requests")                                                                      \
    X(REAL, errors, "count", "of these, status >= 500 or said to have failed; absent: unknown")              \
    X(REAL, total_ns, "ns", "sum of their durations")                                                        \
    X(LIST_REAL, lower_ns, "ns", "of each bucket, ascending; the first of a classic one is 0")               \
    X(LIST_REAL, upper_ns, "ns", "of each bucket; the last may be infinite")                                 \
    X(LIST_REAL, counts, "count", "in each bucket, not cumulated")                                           \
    X(LIST_REAL, quantiles, "share", "of a summary: which it tells, over its own time")                      \
    X(LIST_REAL, values_ns, "ns", "of each of these")

/* Requests to one endpoint in one interval that have something in common: a delta, a part of what http or
 * latency tells of it. */
#define SD_HTTP_PART_FIELDS(X)                                                                               \
    X(TEXT, method, "", "as in http")                                                                        \
    X(TEXT, route, "", "as in http")                                                                         \
    X(TEXT, by, "", "status, upstream, host or service")                                                     \
    X(TEXT, key, "", "which: 5xx, 10.0.0.7:8080, ...; (other): one beyond the limit")                        \
    X(TEXT, evidence, "", "as in http")                                                                      \
    X(INT, interval_ns, "ns", "length of the interval that starts at batch time")                            \
    X(INT, count, "count", "")                                                                               \
    X(INT, errors, "count", "")                                                                              \
    X(INT, timed, "count", "of these, with a known duration")                                                \
    X(INT, total_ns, "ns", "sum of the known durations")                                                     \
    X(HIST, latency, "ns", "the known durations")

/* What a load test did to its target in one interval, while it runs: a delta. Its document, a result, follows
 * at the end. Durations count from the moment a request was meant to begin. */
#define SD_LOAD_FIELDS(X)                                                                                    \
    X(TEXT, name, "", "of the test: its scenario")                                                           \
    X(TEXT, what, "", "steady, search, spike, soak or limits")                                               \
    X(TEXT, target, "", "URL without user and password")                                                     \
    X(INT, began, "time", "when the test began")                                                             \
    X(INT, whole_ns, "ns", "how long it is meant to take; absent: it is not known")                          \
    X(TEXT, phase, "", "what it does now: warm-up, level 3, hold")                                           \
    X(INT, interval_ns, "ns", "length of the interval that starts at batch time")                            \
    X(REAL, asked_per_s, "per_s", "requests that were to begin a second; absent in the closed model")        \
    X(INT, users, "count", "of the closed model")                                                            \
    X(INT, planned, "count", "requests that were to begin")                                                  \
    X(INT, sent, "count", "")                                                                                \
    X(INT, answered, "count", "")                                                                            \
    X(INT, failed, "count", "by status, time-out, connection, or never sent")                                \
    X(INT, timeouts, "count", "of these")                                                                    \
    X(INT, limited, "count", "answered with 429")                                                            \
    X(INT, waiting, "count", "had no free connection at the end of the interval")                            \
    X(INT, in_flight, "count", "sent and not answered at its end")                                           \
    X(INT, late, "count", "sent more than 10 ms late through the generator itself")                          \
    X(INT, late_p99_ns, "ns", "how late it sent, at most, but for 1 %")                                      \
    X(REAL, cpu_share, "share", "of a processor, of the generator")                                          \
    X(INT, bytes, "bytes", "received")                                                                       \
    X(HIST, latency, "ns", "from the moment a request was meant to begin to its end")                        \
    X(HIST, service, "ns", "from its sending to its end")

/* A level of a search for the breaking point that has ended. */
#define SD_LOAD_LEVEL_FIELDS(X)                                                                              \
    X(TEXT, name, "", "of the test, as in load")                                                             \
    X(INT, level, "count", "from 1, in the order run")                                                       \
    X(INT, from, "time", "when what is judged began")                                                        \
    X(INT, to, "time", "and ended")                                                                          \
    X(REAL, rate_per_s, "per_s", "that was asked for")                                                       \
    X(REAL, ok_per_s, "per_s", "good answers")                                                               \
    X(INT, p50_ns, "ns", "of the latency")                                                                   \
    X(INT, p95_ns, "ns", "")                                                                                 \
    X(INT, p99_ns, "ns", "")                                                                                 \
    X(REAL, error_share, "share", "")                                                                        \
    X(INT, held, "0|1", "")                                                                                  \
    X(TEXT, reason, "", "why it did not hold: the threshold, or saturated")

/* The document of a command that computes: a load test at its end, a capacity plan, a forecast. */
#define SD_DOCUMENT_FIELDS(X)                                                                                \
    X(TEXT, what, "", "the key view in it: load, capacity_plan, forecast, ...")                              \
    X(TEXT, name, "", "what it was made of: scenario, file")                                                 \
    X(TEXT, json, "", "the document, as its command prints it")

/* What a history has given: with the records of a span, and whenever it looked. */
#define SD_HISTORY_FIELDS(X)                                                                                 \
    X(TEXT, url, "", "which one, without secrets")                                                           \
    X(INT, from, "time", "what was read ends after this; absent: nothing is there")                          \
    X(INT, to, "time", "and at or before this")                                                              \
    X(INT, step_ns, "ns", "the longest interval in it")                                                      \
    X(INT, oldest, "time", "of all that it has")                                                             \
    X(INT, newest, "time", "")                                                                               \
    X(TEXT, host, "", "the only one that was read; absent: all")                                             \
    X(TEXT, missing, "", "whose part is not in it, as in 1 of 2 nodes; absent: nobody's")

/* A machine whose figures are in a history. */
#define SD_HISTORY_HOST_FIELDS(X)                                                                            \
    X(TEXT, name, "", "")                                                                                    \
    X(TEXT, version, "", "of the program that recorded last")                                                \
    X(INT, oldest, "time", "")                                                                               \
    X(INT, newest, "time", "")                                                                               \
    X(INT, runs, "count", "how often a recorder began")                                                      \
    X(INT, rows, "count", "")                                                                                \
    X(INT, lost, "count", "records that could not be kept")                                                  \
    X(INT, gaps, "count", "times in which nobody recorded")                                                  \
    X(INT, gap_ns, "ns", "their length in all")                                                              \
    X(INT, skew_ns, "ns", "its clock against the engine's; absent: not known")

/* Forms in which a history keeps what does not add up as it is; with its figures the records come again.
 *
 * Counts of a cache that are of intervals (cache with interval_ns). */
#define SD_HISTORY_CACHE_FIELDS(X)                                                                           \
    X(TEXT, layer, "", "as in cache")                                                                        \
    X(TEXT, name, "", "as in cache")                                                                         \
    X(TEXT, product, "", "as in cache")                                                                      \
    X(INT, interval_ns, "ns", "length of the interval that starts at batch time")                            \
    X(INT, hits, "count", "")                                                                                \
    X(INT, misses, "count", "")                                                                              \
    X(INT, bypassed, "count", "")                                                                            \
    X(INT, stale, "count", "")                                                                               \
    X(INT, misses_cold, "count", "")                                                                         \
    X(INT, misses_expired, "count", "")                                                                      \
    X(INT, misses_evicted, "count", "")                                                                      \
    X(INT, misses_invalidated, "count", "")                                                                  \
    X(INT, evictions, "count", "")                                                                           \
    X(INT, evicted_unread, "count", "")                                                                      \
    X(INT, expired, "count", "")                                                                             \
    X(INT, writes, "count", "")                                                                              \
    X(INT, requests, "count", "")                                                                            \
    X(INT, errors, "count", "")                                                                              \
    X(INT, bytes_out, "bytes", "")                                                                           \
    X(INT, connections, "count", "")                                                                         \
    X(INT, rejected, "count", "")                                                                            \
    X(INT, busy_ns, "ns", "")                                                                                \
    X(HIST, hit_latency, "ns", "")                                                                           \
    X(HIST, miss_latency, "ns", "")

/* A stack of a profile that is one of a series: what ended in it. */
#define SD_HISTORY_STACK_FIELDS(X)                                                                           \
    X(TEXT, profile, "", "name of the profile")                                                              \
    X(TEXT, format, "", "as in profile")                                                                     \
    X(TEXT, type, "", "the one to show")                                                                     \
    X(TEXT, unit, "", "of the type")                                                                         \
    X(TEXT, stack, "", "a line for each function, the outermost first: name, module and kind, by tabs")      \
    X(INT, interval_ns, "ns", "length of the interval that starts at batch time")                            \
    X(INT, samples, "count", "that end in it; absent: the format does not count samples")                    \
    X(INT, value, "", "of them")

/* Durations in buckets of someone else's (latency). */
#define SD_HISTORY_LATENCY_FIELDS(X)                                                                         \
    X(TEXT, method, "", "as in http")                                                                        \
    X(TEXT, route, "", "as in http")                                                                         \
    X(TEXT, service, "", "that answered")                                                                    \
    X(TEXT, rule, "", "classic, explicit, native or exponential")                                            \
    X(TEXT, evidence, "", "name of the metric")                                                              \
    X(TEXT, bounds, "",                                                                                      \
      "where the buckets end, in ns: the lower end of the first, the upper ends of all; or the factor that " \
      "they grow by, the unit of the metric in ns, and where the one around 0 ends")                         \
    X(INT, interval_ns, "ns", "length of the interval that starts at batch time")                            \
    X(INT, count, "count", "requests")                                                                       \
    X(INT, errors, "count", "of these; absent: unknown")                                                     \
    X(INT, total_ns, "ns", "sum of their durations")                                                         \
    X(HIST, counts, "count", "in each bucket, by its number from 0")

/* Why a job that a source was asked for was not done; added by the runtime, not by
 * sources. It is the answer to the caller. */
#define SD_FAILURE_FIELDS(X)                                                                                 \
    X(TEXT, job, "", "name of the job: explain, cancel, ...")                                                \
    X(TEXT, about, "", "what it was about: database/query_id, or the pid of a session")                      \
    X(TEXT, text, "message", "why, in one sentence")

/* State of a source instance; published by the runtime, not by sources. */
#define SD_STATUS_FIELDS(X)                                                                                  \
    X(TEXT, kind, "", "source kind: log, postgres, exec, ...")                                               \
    X(TEXT, target, "", "what it reads, without secrets")                                                    \
    X(INT, state, "", "enum sd_state")                                                                       \
    X(TEXT, text, "", "the state in one sentence")                                                           \
    X(INT, since, "time", "when this state began")                                                           \
    X(INT, next_at, "time", "next try when backing off")                                                     \
    X(INT, last_data, "time", "last batch published")                                                        \
    X(INT, batches, "count", "published since start")                                                        \
    X(INT, records, "count", "published since start")                                                        \
    X(INT, drops, "count", "batches dropped because the console was too slow")                               \
    X(INT, errors, "count", "failed attempts to open or read")                                               \
    X(INT, overruns, "count", "reads that took longer than their interval")                                  \
    X(INT, took_ns, "ns", "last collect")                                                                    \
    X(INT, cpu_ns, "ns", "processor time of the worker since start")                                         \
    X(TEXT, host, "", "name of the machine that the source runs on")

/* kind, struct name, JSON name, field list, help. Numbers are on disk: never reuse one. */
#define SD_RECORDS(R)                                                                                        \
    R(1, METRIC, metric, "a number at one time")                                                             \
    R(2, HTTP, http, "requests to one endpoint in one interval")                                             \
    R(3, STATEMENT, statement, "a statement's counters")                                                     \
    R(4, ACTIVITY, activity, "a database session at one time")                                               \
    R(5, PLAN, plan, "an execution plan")                                                                    \
    R(6, TABLE, table, "a table and its size")                                                               \
    R(7, INDEX, index, "an existing index")                                                                  \
    R(8, EVENT, event, "something that happened")                                                            \
    R(9, INTAKE, intake, "how many lines or records were read and not understood")                           \
    R(10, STATUS, status, "state of a source")                                                               \
    R(11, ADVICE, advice, "an index that would help a statement")                                            \
    R(12, FAILURE, failure, "a job that failed")                                                             \
    R(13, WORKLOAD, workload, "index advice for a workload")                                                 \
    R(14, WORKLOAD_STATEMENT, workload_statement, "a statement of a workload")                               \
    R(15, WORKLOAD_INDEX, workload_index, "an index that a workload misses")                                 \
    R(16, WORKLOAD_REWRITE, workload_rewrite, "a statement to write differently")                            \
    R(17, WORKLOAD_WASTE, workload_waste, "an index that could be dropped")                                  \
    R(18, SERVER, server, "a database server as a whole")                                                    \
    R(19, SERVER_IO, server_io, "reads and writes of a type of process")                                     \
    R(20, REPLICATION, replication, "a standby, a replication slot or a receiver")                           \
    R(21, PROGRESS, progress, "how far a command is")                                                        \
    R(22, PARAMETER, parameter, "a parameter of the server")                                                 \
    R(23, BLOAT, bloat, "how much of a relation is unused")                                                  \
    R(24, PROFILE, profile, "a profile of a program")                                                        \
    R(25, PROFILE_FUNCTION, profile_function, "a function of a profile")                                     \
    R(26, PROFILE_TREE, profile_tree, "the call tree of a profile")                                          \
    R(27, CACHE, cache, "a cache as a whole")                                                                \
    R(28, CACHE_PREFIX, cache_prefix, "a part of a cache: keys of a prefix, a route, a table")               \
    R(29, CACHE_KEY, cache_key, "a key that stands out")                                                     \
    R(30, CACHE_COMMAND, cache_command, "a command of a cache")                                              \
    R(31, CACHE_SLOW, cache_slow, "a slow execution of a command of a cache")                                \
    R(32, CACHE_CURVE, cache_curve, "how misses of a cache fall with its size")                              \
    R(33, ASSET_POLICY, asset_policy, "what caches may do with the answer to a URL")                         \
    R(34, PROFILE_HOLDER, profile_holder, "an object of a heap snapshot that holds much")                    \
    R(35, BUNDLE, bundle, "a build of a front end")                                                          \
    R(36, BUNDLE_ASSET, bundle_asset, "a file that is shipped")                                              \
    R(37, BUNDLE_MODULE, bundle_module, "what a module takes in an asset")                                   \
    R(38, BUNDLE_IMPORTS, bundle_imports, "which module imports which")                                      \
    R(39, BUNDLE_CODE, bundle_code, "what a bundler says of a module's code")                                \
    R(40, BUNDLE_ROUTE, bundle_route, "what has to be loaded first")                                         \
    R(41, BUNDLE_PACKAGE, bundle_package, "the versions of a package")                                       \
    R(42, PAGE_REPORT, page_report, "a report of Lighthouse")                                                \
    R(43, PAGE_FIELD, page_field, "a vital of real users")                                                   \
    R(44, PAGE_ATTRIBUTION, page_attribution, "which element a vital is about")                              \
    R(45, PAGE_TREND, page_trend, "a vital over the weeks")                                                  \
    R(46, PAGE_LOAD, page_load, "a load of a page, request by request")                                      \
    R(47, PAGE_RECEIVER, page_receiver, "what a receiver of beacons took")                                   \
    R(48, SPANS, spans, "spans of traces")                                                                   \
    R(49, EXEMPLAR, exemplar, "a request that can be looked up")                                             \
    R(50, LATENCY, latency, "durations of requests in buckets of someone else's")                            \
    R(51, HTTP_PART, http_part, "a part of the requests to one endpoint")                                    \
    R(52, LOAD, load, "what a load test did in one interval")                                                \
    R(53, LOAD_LEVEL, load_level, "a level of a search for the breaking point")                              \
    R(54, DOCUMENT, document, "the document of a load test, a plan or a forecast")                           \
    R(55, HISTORY, history, "what a history has given")                                                      \
    R(56, HISTORY_HOST, history_host, "a machine whose figures are in a history")                            \
    R(57, HISTORY_CACHE, history_cache, "counts of a cache in a history")                                    \
    R(58, HISTORY_STACK, history_stack, "a stack of a profile in a history")                                 \
    R(59, HISTORY_LATENCY, history_latency, "durations in buckets of someone else's in a history")

#define SD_C_INT                          int64_t
#define SD_C_REAL                         double
#define SD_C_TEXT                         const char *
#define SD_C_HIST                         const struct sd_hist *
#define SD_C_LIST_INT                     const struct sd_ints *
#define SD_C_LIST_REAL                    const struct sd_reals *
#define SD_C_LIST_TEXT                    const struct sd_texts *
#define SD_MEMBER(type, name, unit, help) SD_C_##type name;

#define SD_DECLARE(number, UPPER, lower, help)                                                               \
    struct sd_##lower {                                                                                      \
        SD_##UPPER##_FIELDS(SD_MEMBER)                                                                       \
    };
SD_RECORDS(SD_DECLARE)
#undef SD_DECLARE

enum sd_kind {
#define SD_ENUM(number, UPPER, lower, help) SD_##UPPER = number,
    SD_RECORDS(SD_ENUM)
#undef SD_ENUM
        SD_KIND_END
};

/* A set of kinds: SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_METRIC). */
typedef uint64_t sd_kinds;
#define SD_KIND_BIT(kind) ((sd_kinds)1 << (kind))

/* ---- jobs --------------------------------------------------------------
 * Work on request, done by a source while the caller waits: struct sd_request in source.h. The arguments of a
 * job are described as records are; an unknown argument is SD_UNKNOWN or NULL. They may grow at their end in
 * a later minor version. */

#define SD_JOB_STATEMENT_FIELDS(X)                                                                           \
    X(INT, query_id, "", "the server's query identifier")                                                    \
    X(TEXT, database, "", "absent: the database of the source")                                              \
    X(TEXT, query, "sql", "the statement; may hold $1 parameters")

/* The plan of a statement, not executed. Answer: one SD_PLAN, with what goes with it. */
#define SD_JOB_EXPLAIN_FIELDS(X)                                                                             \
    SD_JOB_STATEMENT_FIELDS(X)                                                                               \
    X(INT, unattended, "", "1: not requested by a user, so no function of a user is run")

/* Executes a statement under EXPLAIN ANALYZE, when that is safe. Answer: as above. */
#define SD_JOB_ANALYZE_FIELDS(X)                                                                             \
    SD_JOB_STATEMENT_FIELDS(X)                                                                               \
    X(INT, limit_ns, "ns", "time limit on the server")

/* Executes nothing: one SD_PLAN, whose `failed` says why ANALYZE would be refused. */
#define SD_JOB_MAY_ANALYZE_FIELDS(X) SD_JOB_ANALYZE_FIELDS(X)

/* Cancels the statement of a session that is still the one meant. Answer: one SD_EVENT. */
#define SD_JOB_CANCEL_FIELDS(X)                                                                              \
    X(INT, pid, "", "the session's process")                                                                 \
    X(INT, backend_start, "time", "when the session began")                                                  \
    X(INT, query_start, "time", "when its statement began; 0 or absent: any statement")

/* Ends such a session. Answer: one SD_EVENT. */
#define SD_JOB_TERMINATE_FIELDS(X)                                                                           \
    X(INT, pid, "", "the session's process")                                                                 \
    X(INT, backend_start, "time", "when the session began")

/* Searches for the indexes a whole workload misses, and builds none. Its statements are
 * planned, never executed. Answer: one SD_WORKLOAD, with what goes with it. */
#define SD_JOB_ADVISE_FIELDS(X)                                                                              \
    X(TEXT, database, "", "absent: the source's own")                                                        \
    X(INT, limit_ns, "ns", "the search ends by then")                                                        \
    X(INT, budget_bytes, "bytes", "what all new indexes may take; absent: any")                              \
    X(TEXT, workload, "", "name of it; absent: pg_stat_statements")                                          \
    X(LIST_TEXT, ids, "", "of its statements, each a name")                                                  \
    X(LIST_TEXT, statements, "sql", "and the text; absent: those of pg_stat_statements")                     \
    X(LIST_REAL, weights, "count", "how often each counts; absent: once")                                    \
    X(INT, literals, "0|1", "1: constants may be in what is rewritten")

/* Estimates how much of tables and B-trees is unused, from statistics alone: nothing of them is read. Answer:
 * one SD_BLOAT of the database, with one for each of its relations. */
#define SD_JOB_BLOAT_FIELDS(X)                                                                               \
    X(TEXT, database, "", "absent: the source's own")                                                        \
    X(INT, limit_ns, "ns", "it ends by then")

/* Looks into a cache closer, at a cost to the server that is bounded by `budget`. Its findings are published
 * as they come. Answer: one SD_EVENT, when it has begun or says what it did. */
#define SD_JOB_SAMPLE_CACHE_FIELDS(X)                                                                        \
    X(TEXT, cache, "", "name of the cache; absent: every one of the source")                                 \
    X(TEXT, method, "", "keys, monitor or detail")                                                           \
    X(REAL, budget, "share", "of the server's time; absent: 0.01")                                           \
    X(INT, limit_ns, "ns", "it ends by then")

/* Looks for traces where they are kept. What is found is published as it comes. Answer: one SD_EVENT that
 * says how many there are. */
#define SD_JOB_FIND_TRACES_FIELDS(X)                                                                         \
    X(TEXT, trace_id, "", "this one; then nothing else counts")                                              \
    X(TEXT, service, "", "absent: every one")                                                                \
    X(TEXT, operation, "", "absent: any")                                                                    \
    X(TEXT, method, "", "of the request, as in http")                                                        \
    X(TEXT, route, "", "as in http")                                                                         \
    X(INT, from, "time", "absent: an hour ago")                                                              \
    X(INT, to, "time", "absent: now")                                                                        \
    X(INT, longer_than_ns, "ns", "absent: any")                                                              \
    X(INT, limit, "count", "absent: 20")

/* Runs the load test of the source. What it does is published as SD_LOAD and SD_LOAD_LEVEL while it runs.
 * Answer: one SD_DOCUMENT. */
#define SD_JOB_RUN_LOAD_FIELDS(X) X(INT, limit_ns, "ns", "it ends by then; absent: when its scenario ends")

/* Publishes what a history has of a span, in order of time. Answer: one SD_HISTORY. */
#define SD_JOB_READ_HISTORY_FIELDS(X)                                                                        \
    X(INT, from, "time", "what ends after this")                                                             \
    X(INT, to, "time", "and at or before this")                                                              \
    X(INT, step_ns, "ns", "steps of this length, back from `to`; 0: hundreds in all; absent: as it is kept") \
    X(TEXT, host, "", "only this one; absent: all of them, merged")                                          \
    X(INT, by_host, "0|1", "1: the hosts apart, and without a route all endpoints of each as one")           \
    X(TEXT, route, "", "requests of this endpoint only, and nothing else; absent: everything")               \
    X(INT, goals, "0|1", "1: finer towards `to`, as figures of goals need it; step_ns is not looked at")     \
    X(TEXT, windows, "", "lengths before `to`, comma separated, that are exact beside the steps: 5m,1h")

/* number, name, name in lower case, the record that answers it, help. */
#define SD_JOBS(J)                                                                                           \
    J(1, EXPLAIN, explain, PLAN, "plan a statement without executing it")                                    \
    J(2, ANALYZE, analyze, PLAN, "execute a statement under EXPLAIN ANALYZE")                                \
    J(3, CANCEL, cancel, EVENT, "cancel the statement of a session")                                         \
    J(4, TERMINATE, terminate, EVENT, "end a session")                                                       \
    J(5, MAY_ANALYZE, may_analyze, PLAN, "check whether a statement would be executed")                      \
    J(6, ADVISE, advise, WORKLOAD, "the indexes a workload misses")                                          \
    J(7, BLOAT, bloat, BLOAT, "estimate the unused space of tables and indexes")                             \
    J(8, SAMPLE_CACHE, sample_cache, EVENT, "look into a cache's keys and lookups")                          \
    J(9, FIND_TRACES, find_traces, EVENT, "look for traces")                                                 \
    J(10, RUN_LOAD, run_load, DOCUMENT, "run a load test")                                                   \
    J(11, READ_HISTORY, read_history, HISTORY, "read a span of a history")

#define SD_JOB_DECLARE(number, UPPER, lower, REPLY, help)                                                    \
    struct sd_job_##lower {                                                                                  \
        SD_JOB_##UPPER##_FIELDS(SD_MEMBER)                                                                   \
    };
SD_JOBS(SD_JOB_DECLARE)
#undef SD_JOB_DECLARE

enum sd_job {
    SD_JOB_NONE,
#define SD_JOB_ENUM(number, UPPER, lower, REPLY, help) SD_JOB_##UPPER = number,
    SD_JOBS(SD_JOB_ENUM)
#undef SD_JOB_ENUM
        SD_JOB_END
};

/* The numbers are on disk. */
enum sd_field_type {
    SD_FIELD_INT,
    SD_FIELD_REAL,
    SD_FIELD_TEXT,
    SD_FIELD_HIST,
    SD_FIELD_LIST_INT,
    SD_FIELD_LIST_REAL,
    SD_FIELD_LIST_TEXT,
    SD_FIELD_END
};

struct sd_field {
    const char *name;
    enum sd_field_type type;
    size_t offset;
    const char *unit;
    const char *help;
};

struct sd_schema {
    enum sd_kind kind;
    const char *name;
    const char *help;
    size_t size;
    size_t n_fields;
    const struct sd_field *fields;
};

/* State of a source as the user sees it. */
#define SD_STATES(X)                                                                                         \
    X(OFF, off, "not started")                                                                               \
    X(CONNECTING, connecting, "opening the connection")                                                      \
    X(LIVE, live, "data is arriving")                                                                        \
    X(STALE, stale, "open, but nothing new arrives")                                                         \
    X(BACKOFF, backing off, "waiting for the next attempt")                                                  \
    X(FAILED, failed, "failed, no further attempt")                                                          \
    X(ENDED, ended, "the input was read to its end")

enum sd_state {
#define SD_STATE_ENUM(UPPER, lower, help) SD_STATE_##UPPER,
    SD_STATES(SD_STATE_ENUM)
#undef SD_STATE_ENUM
        SD_STATE_END
};

#endif
