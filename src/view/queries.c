/* Queries: what costs the database most. */
#include "view/queries.h"

#include "view/common.h"
#include "view/links.h"

enum {
    Q_ID, Q_FINGERPRINT, Q_TEXT, Q_DATABASE, Q_CALLS, Q_TOTAL, Q_MEAN, Q_ROWS, Q_HIT, Q_SHARE, Q_LOAD, Q_ROUTES, Q_MIN,
    Q_MAX, Q_STDDEV, Q_TEMP, Q_READ, Q_IO, Q_PLAN, Q_WAL, Q_SINCE, Q_COLUMNS
};

static const struct column COLUMNS[Q_COLUMNS] = {
    [Q_ID] = {"query_id", "Query ID", UNIT_NONE, COLUMN_HIDDEN | COLUMN_LEFT, 9, 0,
              "the server's query identifier, as text: it has more digits than a JSON number keeps"},
    [Q_FINGERPRINT] = {"fingerprint", "Fingerprint", UNIT_NONE, COLUMN_HIDDEN | COLUMN_LEFT, 9, 0,
                       "libpg_query fingerprint, the same on every server"},
    [Q_TEXT] = {"text", "Query", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_ASCENDING, 0, 24, "statement, on one line"},
    [Q_DATABASE] = {"database", "Database", UNIT_NONE, COLUMN_LEFT | COLUMN_ASCENDING, 6, 0, "database name"},
    [Q_CALLS] = {"calls", "Calls", UNIT_COUNT, 0, 2, 0, "executions"},
    [Q_TOTAL] = {"total_ns", "Total", UNIT_NS, 0, 3, 0, "execution time of all calls"},
    [Q_MEAN] = {"mean_ns", "Mean", UNIT_NS, 0, 0, 0, "execution time of a call, on average: the server keeps no percentiles"},
    [Q_ROWS] = {"rows", "Rows", UNIT_COUNT, 0, 5, 0, "rows returned or affected"},
    [Q_HIT] = {"hit_ratio", "Hits", UNIT_SHARE, 0, 4, 0, "share of the blocks found in shared buffers"},
    [Q_SHARE] = {"share", "Share", UNIT_SHARE, COLUMN_BAR, 0, 0, "share of all queries' execution time"},
    [Q_LOAD] = {"load", "Load", UNIT_LOAD, COLUMN_HIDDEN, 5, 0,
                "sessions busy with it on average; null when the window is since the server's reset"},
    [Q_ROUTES] = {"routes", "Routes", UNIT_NONE, COLUMN_LEFT, 4, 0, "routes that run it, with their share"},
    [Q_MIN] = {"min_ns", "Min", UNIT_NS, COLUMN_HIDDEN, 9, 0, "fastest call since the reset"},
    [Q_MAX] = {"max_ns", "Max", UNIT_NS, COLUMN_HIDDEN, 9, 0, "slowest call since the reset"},
    [Q_STDDEV] = {"stddev_ns", "Stddev", UNIT_NS, COLUMN_HIDDEN, 9, 0, "standard deviation of the calls since the reset"},
    [Q_TEMP] = {"temp_written_bytes", "Temp", UNIT_BYTES, COLUMN_HIDDEN, 9, 0, "bytes written to temporary files"},
    [Q_READ] = {"shared_read_bytes", "Read", UNIT_BYTES, COLUMN_HIDDEN, 9, 0, "bytes read into shared buffers"},
    [Q_IO] = {"io_ns", "I/O", UNIT_NS, COLUMN_HIDDEN, 9, 0, "time reading and writing blocks, with track_io_timing"},
    [Q_PLAN] = {"plan_ns", "Planning", UNIT_NS, COLUMN_HIDDEN, 9, 0, "planning time, with pg_stat_statements.track_planning"},
    [Q_WAL] = {"wal_bytes", "WAL", UNIT_BYTES, COLUMN_HIDDEN, 9, 0, "write-ahead log generated"},
    [Q_SINCE] = {"since", "Since", UNIT_TIME, COLUMN_HIDDEN, 9, 0, "start of counting, when the server tells"},
};

#define BLOCK_BYTES 8192

static int64_t blocks(int64_t n)
{
    return n == SD_UNKNOWN ? SD_UNKNOWN : n * BLOCK_BYTES;
}

/* A share of the time from which a row is marked. */
static const double SHARE_WARN = 0.4;

static void fill(struct row *r, struct doc *d, const struct view_ctx *c, const struct query *q,
                 const struct query_stats *s, double total)
{
    struct cell *v = r->cells;
    double seconds = span_is_all(c->span) ? NAN : common_seconds(c->span);
    v[Q_ID] = cell_text(query_id(q) == SD_UNKNOWN ? NULL : doc_printf(d, "%lld", (long long)query_id(q)));
    v[Q_FINGERPRINT] = cell_text(doc_text(d, query_fingerprint(q)));
    v[Q_TEXT] = cell_text(common_sql_line(d, c, query_text(q)));
    v[Q_DATABASE] = cell_text(doc_text(d, query_database(q)));
    v[Q_CALLS] = cell_int(s->calls);
    v[Q_TOTAL] = cell_int(s->total_ns);
    v[Q_MEAN] = cell_real(s->mean_ns);
    v[Q_ROWS] = cell_int(s->rows);
    v[Q_HIT] = cell_real(s->hit_ratio);
    v[Q_SHARE] = cell_real(total > 0 ? (double)s->total_ns / total : NAN);
    v[Q_LOAD] = cell_real((double)s->total_ns / 1e9 / seconds);
    v[Q_ROUTES] = links_routes(d, c, q);
    v[Q_MIN] = cell_int(s->min_ns);
    v[Q_MAX] = cell_int(s->max_ns);
    v[Q_STDDEV] = cell_int(s->stddev_ns);
    v[Q_TEMP] = cell_int(blocks(s->temp_written));
    v[Q_READ] = cell_int(blocks(s->shared_read));
    v[Q_IO] = cell_int(s->io_ns);
    v[Q_PLAN] = cell_int(s->plan_ns);
    v[Q_WAL] = cell_int(s->wal_bytes);
    v[Q_SINCE] = cell_int(s->since);
    r->dive = (struct dive){"query", doc_text(d, query_key(q))};
    if (total > 0 && (double)s->total_ns >= SHARE_WARN * total)
        r->severity = SEVERITY_WARN;
}

static struct doc *build(const struct view_ctx *c)
{
    struct doc *d = doc_new("queries", "Queries");
    struct span span = common_span(c);
    common_envelope(d, c, span);
    bool all = span_is_all(c->span);
    doc_field(d, "basis", UNIT_NONE, cell_text(all ? "since_reset" : "window"));
    struct section *sec = doc_table(d, "rows", "Queries", COLUMNS, Q_COLUMNS);
    sec->weight = 1;
    double total = 0;
    int64_t calls = 0;
    struct query_stats s;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        query_stats(model_query(c->model, i), c->span, &s);
        if (s.known && s.calls > 0) {
            total += (double)s.total_ns;
            calls += s.calls;
        }
    }
    for (size_t i = 0; i < model_queries(c->model); i++) {
        const struct query *q = model_query(c->model, i);
        query_stats(q, c->span, &s);
        if (s.known && s.calls > 0)
            fill(doc_row(d, &sec->table), d, c, q, &s, total);
    }
    table_sort(&sec->table, Q_TOTAL, true);
    sec->note = all ? doc_printf(d, "since the server's statistics began, %lld calls", (long long)calls)
                    : common_note(d, c, calls, "calls", SD_UNKNOWN);
    sec->empty = common_empty(d, c, 1u << SD_STATEMENT | 1u << SD_ACTIVITY);
    return d;
}

const struct view queries_view = {
    .name = "queries",
    .title = "Queries",
    .summary = "every statement with its calls, time, hit ratio and the routes that run it; the costliest first",
    .key = '3',
    .needs = 1u << SD_STATEMENT | 1u << SD_ACTIVITY,
    .build = build,
    .columns = COLUMNS,
    .n_columns = Q_COLUMNS,
};
