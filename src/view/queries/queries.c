/* Queries: what costs the database most. */
#include "view/queries/queries.h"

#include "base/clock.h"
#include "view/shared/common.h"
#include "view/queries/links.h"
#include "view/shared/waits.h"
#include "base/num.h"
#include "core/table.h"

#include <stdlib.h>

enum {
    Q_ID,
    Q_FINGERPRINT,
    Q_TEXT,
    Q_DATABASE,
    Q_CALLS,
    Q_TOTAL,
    Q_MEAN,
    Q_ROWS,
    Q_HIT,
    Q_SHARE,
    Q_LOAD,
    Q_ROUTES,
    Q_WAITS,
    Q_MIN,
    Q_MAX,
    Q_STDDEV,
    Q_RATE,
    Q_TEMP,
    Q_READ,
    Q_IO,
    Q_PLAN,
    Q_WAL,
    Q_SINCE,
    Q_EXAMINED,
    Q_EVIDENCE,
    Q_COLUMNS
};

static const struct column COLUMNS[Q_COLUMNS] = {
    [Q_ID] = {.key = "query_id",
              .title = "Query ID",
              .flags = COLUMN_HIDDEN | COLUMN_LEFT,
              .priority = 9,
              .help = "the server's query identifier, as text: it has more digits than a JSON number keeps"},
    [Q_FINGERPRINT] = {.key = "fingerprint",
                       .title = "Fingerprint",
                       .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                       .priority = 9,
                       .help = "libpg_query fingerprint, the same on every server"},
    [Q_TEXT] = {.language = &sql_language,
                .key = "text",
                .title = "Query",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_ASCENDING,
                .width = 24,
                .help = "statement, on one line"},
    [Q_DATABASE] = {.key = "database",
                    .title = "Database",
                    .flags = COLUMN_LEFT | COLUMN_ASCENDING,
                    .priority = 6,
                    .help = "database name"},
    [Q_CALLS] = {.key = "calls", .title = "Calls", .unit = UNIT_COUNT, .priority = 2, .help = "executions"},
    [Q_TOTAL] = {.key = "total_ns",
                 .title = "Total",
                 .unit = UNIT_NS,
                 .priority = 3,
                 .help = "execution time of all calls"},
    [Q_MEAN] = {.key = "mean_ns",
                .title = "Mean",
                .unit = UNIT_NS,
                .help = "mean execution time of a call; the server keeps no percentiles"},
    [Q_ROWS] = {.key = "rows",
                .title = "Rows",
                .unit = UNIT_COUNT,
                .priority = 5,
                .help = "rows returned or affected"},
    [Q_HIT] = {.key = "hit_ratio",
               .title = "Hits",
               .unit = UNIT_SHARE,
               .priority = 4,
               .help = "share of the blocks found in shared buffers"},
    [Q_SHARE] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .help = "share of all queries' execution time"},
    [Q_LOAD] = {.key = "load",
                .title = "Load",
                .unit = UNIT_LOAD,
                .flags = COLUMN_HIDDEN,
                .priority = 5,
                .help = "mean number of sessions that execute it, from its execution time, or from sampling "
                        "when the server "
                        "keeps no statistics"},
    [Q_ROUTES] = {.key = "routes",
                  .title = "Routes",
                  .flags = COLUMN_LEFT,
                  .priority = 4,
                  .help = "routes that run it, with their share"},
    [Q_WAITS] = {.key = "waits",
                 .title = "Waits on",
                 .flags = COLUMN_LEFT,
                 .priority = 3,
                 .help =
                     "what sampled sessions wait on while they run it, with the share of their time: CPU, "
                     "I/O, locks, internal locks, client, other processes, other; null when it was rarely "
                     "seen running"},
    [Q_MIN] = {.key = "min_ns",
               .title = "Min",
               .unit = UNIT_NS,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "fastest call since the reset"},
    [Q_MAX] = {.key = "max_ns",
               .title = "Max",
               .unit = UNIT_NS,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "slowest call since the reset"},
    [Q_STDDEV] = {.key = "stddev_ns",
                  .title = "Stddev",
                  .unit = UNIT_NS,
                  .flags = COLUMN_HIDDEN,
                  .priority = 9,
                  .help = "standard deviation of the calls since the reset"},
    [Q_RATE] = {.key = "calls_per_s",
                .title = "Calls/s",
                .unit = UNIT_PER_S,
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "executions per second; null for figures since the reset"},
    [Q_TEMP] = {.key = "temp_written_bytes",
                .title = "Temp",
                .unit = UNIT_BYTES,
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "bytes written to temporary files"},
    [Q_READ] = {.key = "shared_read_bytes",
                .title = "Read",
                .unit = UNIT_BYTES,
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "bytes read into shared buffers"},
    [Q_IO] = {.key = "io_ns",
              .title = "I/O",
              .unit = UNIT_NS,
              .flags = COLUMN_HIDDEN,
              .priority = 9,
              .help = "time reading and writing blocks, with track_io_timing"},
    [Q_PLAN] = {.key = "plan_ns",
                .title = "Planning",
                .unit = UNIT_NS,
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "planning time, with pg_stat_statements.track_planning"},
    [Q_WAL] = {.key = "wal_bytes",
               .title = "WAL",
               .unit = UNIT_BYTES,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "write-ahead log generated"},
    [Q_SINCE] = {.key = "since",
                 .title = "Since",
                 .unit = UNIT_TIME,
                 .flags = COLUMN_HIDDEN,
                 .priority = 9,
                 .help = "start of counting, if the server reports it"},
    [Q_EXAMINED] = {.key = "rows_examined",
                    .title = "Examined",
                    .unit = UNIT_COUNT,
                    .flags = COLUMN_HIDDEN,
                    .priority = 9,
                    .help = "rows read to find them; a slow query log has it"},
    [Q_EVIDENCE] =
        {.key = "evidence",
         .title = "Known from",
         .flags = COLUMN_HIDDEN | COLUMN_LEFT,
         .priority = 9,
         .help = "statistics: the server's own, of all executions; log, traces: those that these have"},
};

#define BLOCK_BYTES 8192

static int64_t blocks(int64_t n)
{
    return sd_known(n) ? mul_sat(n, BLOCK_BYTES) : SD_UNKNOWN;
}

double queries_time(const struct query_stats *s)
{
    return s->known && s->calls > 0 && s->total_ns > 0 ? (double)s->total_ns : 0; /* SD_UNKNOWN is negative */
}

static void fill_query(struct row *r, struct doc *d, const struct view_ctx *c, const struct query *q,
                       const struct query_stats *s, double total, double load)
{
    struct cell *v = r->cells;
    v[Q_ID] = cell_text(common_id(d, query_id(q)));
    v[Q_FINGERPRINT] = cell_text(doc_text(d, query_fingerprint(q)));
    v[Q_TEXT] = cell_text(common_sql(d, c, query_text(q), true));
    v[Q_DATABASE] = cell_text(doc_text(d, query_database(q)));
    v[Q_LOAD] = cell_real(load);
    v[Q_ROUTES] = links_routes(d, c, q);
    struct wait_sums w;
    query_waits(c->model, q, c->span, &w);
    v[Q_WAITS] = waits_list(d, &w);
    r->dive = (struct dive){.view = "query", .arg = doc_text(d, query_key(q))};
    if (!s->known)
        return;
    v[Q_CALLS] = cell_int(s->calls);
    v[Q_TOTAL] = cell_int(s->total_ns);
    v[Q_MEAN] = cell_real(s->mean_ns);
    v[Q_RATE] = cell_real(span_is_all(c->span) ? NAN : (double)s->calls / common_seconds(common_covered(c)));
    v[Q_ROWS] = cell_int(s->rows);
    v[Q_HIT] = cell_real(s->hit_ratio);
    v[Q_SHARE] = cell_real(total > 0 && sd_known(s->total_ns) ? queries_time(s) / total : NAN);
    v[Q_MIN] = cell_int(s->min_ns);
    v[Q_MAX] = cell_int(s->max_ns);
    v[Q_STDDEV] = cell_int(s->stddev_ns);
    v[Q_TEMP] = cell_int(blocks(s->temp_written));
    v[Q_READ] = cell_int(blocks(s->shared_read));
    v[Q_IO] = cell_int(s->io_ns);
    v[Q_PLAN] = cell_int(s->plan_ns);
    v[Q_WAL] = cell_int(s->wal_bytes);
    v[Q_SINCE] = cell_int(s->since);
    v[Q_EXAMINED] = cell_int(s->rows_examined);
    v[Q_EVIDENCE] = cell_text(s->evidence);
    r->severity = total > 0 ? queries_severity(d, c, q, s, queries_time(s) / total) : SEVERITY_NONE;
}

/* Of a query without counters: what sampling saw. 0: not running in the span. */
static double sampled_load(const struct query *q, struct span span)
{
    struct query_point p = {.load = NAN};
    if (isfinite(common_seconds(span)))
        query_series(q, span, 1, &p);
    return isfinite(p.load) ? p.load : 0;
}

/* Known from a server's log alone: its plan is there to be read. */
static bool logged(const struct view_ctx *c, const struct query *q)
{
    struct plan_entry e;
    return model_plan(c->model, query_key(q), span_is_all(c->span) ? INT64_MAX : c->now, &e) && e.plan->body;
}

/* evidence: of all of them; NULL: they differ, or it is the server's. */
static const char *basis_note(struct doc *d, const struct view_ctx *c, int64_t calls, sd_time since,
                              bool counted, const char *evidence)
{
    char when[CLOCK_TEXT_MAX];
    const char *of = common_note(d, c,
                                 &(struct note){KINDS_SQL, counted ? calls : SD_UNKNOWN, "calls",
                                                .last = SD_UNKNOWN, .moment = span_is_all(c->span)});
    const char *gap = of ? ", " : "";
    of = of ? of : "";
    if (!counted)
        return doc_printf(d, "%s%swithout pg_stat_statements: only statements seen by sampling or in plans",
                          of, gap);
    if (!span_is_all(c->span))
        return of;
    if (evidence)
        return doc_printf(
            d, "%s%sthose that the %s%s%s", of, gap, str_eq(evidence, "log") ? "log has" : "traces have",
            sd_known(since) ? ", from " : "", sd_known(since) ? clock_hms(since, c->now, when) : "");
    if (since == SD_UNKNOWN)
        return doc_printf(d, "%s%ssince the server's statistics were reset", of, gap);
    return doc_printf(d, "%s%ssince the reset at %s", of, gap, clock_hms(since, c->now, when));
}

static struct doc *build_queries(const struct view_ctx *c)
{
    struct doc *d = doc_new("queries", "Queries");
    struct span span = common_span(c);
    bool all = span_is_all(c->span), counted = false;
    const char *evidence = NULL;
    common_envelope(d, c, span);
    doc_field(d, "basis", UNIT_NONE, cell_text(all ? "since_reset" : "window"));
    struct section *sec = doc_table(d, "rows", "Queries", COLUMNS, Q_COLUMNS);
    sec->weight = 1;
    double total = 0, seconds = all ? NAN : common_seconds(common_covered(c));
    int64_t calls = 0;
    sd_time since = SD_UNKNOWN;
    size_t n = model_queries(c->model);
    struct query_stats *stats = mem_array(n, sizeof *stats);
    for (size_t i = 0; i < n; i++) {
        struct query_stats *s = &stats[i];
        query_stats(model_query(c->model, i), c->span, s);
        if (!s->known)
            continue;
        evidence = !counted || str_eq(evidence, s->evidence) ? s->evidence : NULL;
        counted = true;
        total += queries_time(s);
        if (s->calls > 0)
            calls = add_sat(calls, s->calls);
        if (s->since != SD_UNKNOWN && (since == SD_UNKNOWN || s->since < since))
            since = s->since;
    }
    for (size_t i = 0; i < n; i++) {
        const struct query *q = model_query(c->model, i);
        double load = stats[i].known ? queries_time(&stats[i]) / 1e9 / seconds : sampled_load(q, span);
        /* of a log: only its planning, or its temporary files */
        bool counts =
            stats[i].calls > 0 || stats[i].plan_ns > 0 || (stats[i].logged && stats[i].temp_written > 0);
        if (stats[i].known ? counts : load > 0 || logged(c, q))
            fill_query(doc_row(d, &sec->table), d, c, q, &stats[i], total, load);
    }
    free(stats);
    table_sort(&sec->table, Q_LOAD, true);
    if (counted || !sec->table.n_rows)
        table_sort(&sec->table, Q_TOTAL, true);
    if (sec->table.n_rows)
        sec->note = basis_note(d, c, calls, since, counted, str_eq(evidence, "statistics") ? NULL : evidence);
    sec->empty = common_empty(d, c, KINDS_SQL);
    return d;
}

static const struct column ALSO[] = {
    {.key = "basis",
     .title = "Basis",
     .help = "what the figures are of: since_reset, or window for a span of time"},
};

const struct view queries_view = {
    .name = "queries",
    .aliases = "statements",
    .place = PLACE_DB,
    .title = "Queries",
    .summary = "every statement with its calls, time, hit ratio and the routes that run it; most time first",
    .lists = "query",
    .linked = queries_linked,
    .needs = KINDS_SQL,
    .build = build_queries,
    .links = (const char *const[]){"activity", "tables", "indexes", NULL},
    .worst = queries_worst,
    .figures = queries_figures,
    .columns = COLUMNS,
    .n_columns = Q_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
