/* History: what the server itself keeps of the time before slowdive was started. */
#include "core/table.h"
#include "view/servers/servers.h"
#include "view/shared/common.h"

#include <stdlib.h>

enum { WAITS_MAX = 500, STATEMENTS_SHOWN = 20 };

/* ---- waits: metrics postgresql.history, labels "event=E,source=S,type=T" ---- */

#define WAITS(X)                                                                                             \
    X(wait, "Waits on", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0,                                             \
      "wait event type and event; CPU when it did not wait", cell_text(w->wait))                             \
    X(load, "Load", UNIT_LOAD, 0, 0, "sessions active with it, on average",                                  \
      cell_real(w->seconds / w->length))                                                                     \
    X(share, "Share", UNIT_SHARE, COLUMN_BAR, 0, "share of the time of all sessions",                        \
      cell_real(w->seconds / total))                                                                         \
    X(seconds, "Time", UNIT_NONE, COLUMN_HIDDEN, 9, "seconds of sessions", cell_real(w->seconds))            \
    X(source, "Kept by", UNIT_NONE, COLUMN_LEFT, 1,                                                          \
      "pg_ash: the last hour; pg_wait_sampling: since its reset, "                                           \
      "at the earliest the start of the server",                                                             \
      cell_text(w->source))                                                                                  \
    X(from, "From", UNIT_TIME, 0, 2, "start of that time", cell_int(w->from))                                \
    X(to, "To", UNIT_TIME, 0, 2, "its end", cell_int(w->to))                                                 \
    X(server, "Server", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source", cell_text(w->server))

#define WAIT_ENUM(key, title, unit, flags, priority, help, cell) W_##key,
enum { WAITS(WAIT_ENUM) W_COLUMNS };
#define WAIT_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                     \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 16 : 0},
static const struct column WAIT_COLUMNS[W_COLUMNS] = {WAITS(WAIT_COLUMN)};

struct waited {
    const char *wait, *source, *server;
    double seconds, length;
    int64_t from, to;
};

static int64_t moment(const struct view_ctx *c, const struct waited *w, const char *name, const char *labels)
{
    double s = model_metric(c->model, w->server, name, labels, c->now);
    return s > 0 && s < 9e9 ? (int64_t)(s * 1e9) : SD_UNKNOWN;
}

static struct waited read_wait(struct doc *d, const struct view_ctx *c, const struct metric_entry *e)
{
    struct waited w = {.source = view_label(d, e->labels, "source"),
                       .server = doc_printf(d, "%.*s", (int)e->origin_len, e->origin),
                       .seconds = e->value / 1e9};
    const char *type = view_label(d, e->labels, "type"), *event = view_label(d, e->labels, "event"),
               *of = doc_printf(d, "source=%s", w.source ? w.source : "");
    bool cpu = !type || !*type || str_starts(type, "CPU");
    w.wait = cpu                                           ? "CPU"
             : event && *event && strcmp(type, event) != 0 ? doc_printf(d, "%s:%s", type, event)
                                                           : type;
    w.from = moment(c, &w, "postgresql.history_from", of);
    w.to = moment(c, &w, "postgresql.history_to", of);
    w.length = common_seconds((struct span){w.from, w.to});
    return w;
}

static void fill_wait(const struct waited *w, double total, struct row *r)
{
#define WAIT_CELL(key, title, unit, flags, priority, help, cell) r->cells[W_##key] = (cell);
    WAITS(WAIT_CELL)
}

static void waits(struct doc *d, const struct view_ctx *c)
{
    struct metric_entry *e = mem_array(WAITS_MAX, sizeof *e);
    size_t n = model_metric_entries(c->model, "postgresql.history", c->now, e, WAITS_MAX);
    struct section *s = doc_table(d, "rows", "What sessions waited on before", WAIT_COLUMNS, W_COLUMNS);
    struct waited *w = mem_array(n + 1, sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = read_wait(d, c, &e[i]);
    for (size_t i = 0; i < n; i++) {
        double total = 0; /* of what the same source kept */
        for (size_t k = 0; k < n; k++)
            if (str_eq(w[k].server, w[i].server) && str_eq(w[k].source, w[i].source))
                total += w[k].seconds;
        fill_wait(&w[i], total, doc_row(d, &s->table));
    }
    table_sort(&s->table, W_load, true);
    s->weight = 1;
    s->empty = "The server keeps no history of waits that slowdive can read: neither pg_ash (in the schema "
               "ash, with "
               "SELECT on its tables) nor pg_wait_sampling is in the database.";
    free(w);
    free(e);
}

/* ---- statements since their reset ---- */

static const struct column STATEMENTS[] = {
    {.key = "text",
     .title = "Query",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 24,
     .help = "the statement, on one line",
     .language = &sql_language},
    {.key = "total_ns",
     .title = "Total",
     .unit = UNIT_NS,
     .help = "execution time of all calls since the reset"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "of that of all statements"},
    {.key = "calls",
     .title = "Calls",
     .unit = UNIT_COUNT,
     .priority = 1,
     .help = "executions since the reset"},
    {.key = "mean_ns", .title = "Mean", .unit = UNIT_NS, .help = "execution time of a call"},
    {.key = "query",
     .title = "Key",
     .flags = COLUMN_LEFT | COLUMN_HIDDEN,
     .priority = 9,
     .help = "what --select takes"},
};

struct counted {
    const struct query *q;
    struct query_stats s;
};

static int by_total(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    return (x->s.total_ns < y->s.total_ns) - (x->s.total_ns > y->s.total_ns);
}

static void statements(struct doc *d, const struct view_ctx *c)
{
    size_t all = model_queries(c->model), n = 0;
    struct counted *q = mem_array(all + 1, sizeof *q);
    double total = 0;
    for (size_t i = 0; i < all; i++) {
        q[n].q = model_query(c->model, i);
        query_stats(q[n].q, SPAN_ALL, &q[n].s);
        if (!q[n].s.known || q[n].s.total_ns <= 0)
            continue;
        total += (double)q[n++].s.total_ns;
    }
    if (n)
        qsort(q, n, sizeof *q, by_total);
    struct section *s = doc_table(d, "statements", "Statements since the reset of pg_stat_statements",
                                  STATEMENTS, ARRAY_LEN(STATEMENTS));
    for (size_t i = 0; i < MIN(n, (size_t)STATEMENTS_SHOWN); i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(common_sql(d, c, query_text(q[i].q), true));
        r->cells[1] = cell_int(q[i].s.total_ns);
        r->cells[2] = cell_real((double)q[i].s.total_ns / total);
        r->cells[3] = cell_int(q[i].s.calls);
        r->cells[4] = cell_real(q[i].s.mean_ns);
        r->cells[5] = cell_text(doc_text(d, query_key(q[i].q)));
        r->dive = (struct dive){.view = "query", .arg = r->cells[5].s};
        r->copy = query_text(q[i].q) ? doc_text(d, query_text(q[i].q)) : NULL;
    }
    s->weight = 1;
    s->empty = common_empty(d, c, KINDS_SQL);
    free(q);
}

static struct doc *build_history(const struct view_ctx *c)
{
    struct doc *d = doc_new("history", "History");
    common_envelope(d, c, common_span(c));
    waits(d, c);
    statements(d, c);
    return d;
}

static const struct column ALSO[] = {
    {.key = "statements",
     .title = "Statements",
     .help = "those with the most time since the reset of pg_stat_statements: text, total_ns, share, calls, "
             "mean_ns, query"},
};

const struct view history_view = {
    .name = "history",
    .place = PLACE_DB,
    .title = "History",
    .summary = "what the server keeps of the time before: waits by pg_ash or pg_wait_sampling, statements "
               "since their "
               "reset",
    .needs = KINDS_SQL,
    .build = build_history,
    .links = (const char *const[]){"queries", "activity", "server", NULL},
    .columns = WAIT_COLUMNS,
    .n_columns = W_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
