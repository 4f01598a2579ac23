/* One table: the statements that use it, its indexes, who waits for a lock on it. */
#include "view/indexes/one_table.h"

#include <stdlib.h>

#include "core/sql/statement.h"
#include "core/table.h"
#include "view/indexes/indexes.h"
#include "view/indexes/tables.h"
#include "view/shared/common.h"
#include "view/shared/waits.h"

enum { TABLES_MAX = 5000, INDEXES_MAX = 10000, SESSIONS_MAX = 2000, QUERIES_MAX = 100 };

static const struct column QUERIES[] = {
    {.key = "text",
     .language = &sql_language,
     .title = "Query",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 24,
     .help = "statement that reads or writes the table, on one line"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "share of all queries' execution time"},
    {.key = "mean_ns", .title = "Mean", .unit = UNIT_NS, .help = "mean execution time of a call"},
    {.key = "calls", .title = "Calls", .unit = UNIT_COUNT, .priority = 2, .help = "executions"},
    {.key = "waits",
     .title = "Waits on",
     .flags = COLUMN_LEFT,
     .priority = 3,
     .help = "as in the view queries"},
};

static const struct column INDEXES[] = {
    {.key = "index", .title = "Index", .flags = COLUMN_LEFT, .width = 18, .help = "index name"},
    {.key = "size_bytes", .title = "Size", .unit = UNIT_BYTES, .help = "size; null while locked"},
    {.key = "idx_scan",
     .title = "Scans",
     .unit = UNIT_COUNT,
     .help = "scans since the statistics were reset, on this server only"},
    {.key = "definition",
     .title = "Definition",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 20,
     .help = "CREATE INDEX statement, constants hidden"},
};

static const struct column LOCKS[] = {
    {.key = "pid", .title = "PID", .help = "session that waits for a lock of the table"},
    {.key = "age_ns", .title = "Since", .unit = UNIT_AGE, .help = "how long it has waited"},
    {.key = "lock", .title = "Lock", .flags = COLUMN_LEFT, .help = "what it waits to lock"},
    {.key = "lock_mode", .title = "Mode", .flags = COLUMN_LEFT, .priority = 1, .help = "in which mode"},
    {.key = "blocked_by", .title = "Blocked by", .flags = COLUMN_LEFT, .help = "pids of those that hold it"},
    {.key = "text",
     .title = "Query",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 16,
     .help = "its statement, on one line"},
};

static bool is_named(const struct sd_table *t, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!t->name)
        return false;
    if (str_eq(t->name, name))
        return true;
    return dot && t->schema && strlen(t->schema) == (size_t)(dot - name) &&
           !strncmp(t->schema, name, strlen(t->schema)) && str_eq(t->name, dot + 1);
}

/* Of the argument, or the largest. */
static bool chosen(const struct view_ctx *c, struct table_entry *out)
{
    struct table_entry *e = mem_array(TABLES_MAX, sizeof *e);
    size_t n = model_tables(c->model, c->span, c->now, e, TABLES_MAX), best = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (c->arg ? !is_named(e[i].t, c->arg) : best < n && e[i].t->total_bytes <= e[best].t->total_bytes)
            continue;
        best = i;
        if (c->arg)
            break;
    }
    if (best < n)
        *out = e[best];
    free(e);
    return best < n;
}

static double time_of(const struct query *q, struct span span)
{
    struct query_stats s;
    query_stats(q, span, &s);
    return s.known && s.calls > 0 && s.total_ns > 0 ? (double)s.total_ns : 0;
}

static void queries(struct doc *d, const struct view_ctx *c, const struct sd_table *t)
{
    struct section *s = doc_table(d, "queries", "Queries that use it", QUERIES, ARRAY_LEN(QUERIES));
    double total = 0;
    size_t n = model_queries(c->model);
    for (size_t i = 0; i < n; i++)
        total += time_of(model_query(c->model, i), c->span);
    for (size_t i = 0; i < n; i++) {
        const struct query *q = model_query(c->model, i);
        struct query_stats st;
        struct wait_sums w;
        if (!query_text(q) || (t->database && query_database(q) && !str_eq(t->database, query_database(q))) ||
            !sql_uses_table(query_text(q), t->schema, t->name))
            continue;
        query_stats(q, c->span, &st);
        query_waits(c->model, q, c->span, &w);
        if (!(st.known && st.calls > 0) && !(w.total > 0))
            continue;
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(common_sql(d, c, query_text(q), true));
        r->cells[1] = cell_real(total > 0 ? time_of(q, c->span) / total : NAN);
        r->cells[2] = cell_real(st.known ? st.mean_ns : NAN);
        r->cells[3] = cell_int(st.known ? st.calls : SD_UNKNOWN);
        r->cells[4] = waits_list(d, &w);
        r->dive = (struct dive){.view = "query", .arg = doc_text(d, query_key(q))};
    }
    table_sort(&s->table, 1, true);
    s->weight = 2;
    s->min_height = 4;
    s->note = common_note(d, c, &(struct note){KINDS_SQL, SD_UNKNOWN, .last = SD_UNKNOWN});
    s->empty = doc_text(d, "No statement that names it ran in this time window.");
}

static void indexes(struct doc *d, const struct view_ctx *c, const struct table_entry *of)
{
    struct section *s = doc_table(d, "indexes", "Its indexes", INDEXES, ARRAY_LEN(INDEXES));
    struct index_entry *e = mem_array(INDEXES_MAX, sizeof *e);
    size_t n = model_indexes(c->model, c->span, c->now, e, INDEXES_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sd_index *x = e[i].x;
        if (!str_eq(x->table, of->t->name) || !str_eq(x->schema, of->t->schema) ||
            !str_eq(x->database, of->t->database) || !str_eq(e[i].origin, of->origin))
            continue;
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(doc_text(d, x->name));
        r->cells[1] = cell_int(x->size_bytes);
        r->cells[2] = cell_int(x->idx_scan);
        r->cells[3] = cell_text(common_sql(d, c, x->definition, true));
        r->dive = (struct dive){.view = "indexes"};
    }
    table_sort(&s->table, 2, true);
    s->weight = 1;
    s->min_height = 3;
    s->empty = doc_text(d, "It has no index.");
    free(e);
}

/* "row of orders", "table shop.orders" */
static bool is_of(const char *lock, const struct sd_table *t)
{
    const char *name = lock ? strrchr(lock, ' ') : NULL;
    return name && is_named(t, name + 1);
}

static void locks(struct doc *d, const struct view_ctx *c, const struct table_entry *of)
{
    struct section *s = doc_table(d, "locks", "Waits for its locks", LOCKS, ARRAY_LEN(LOCKS));
    struct session_sample *all = mem_array(SESSIONS_MAX, sizeof *all);
    size_t n = model_sessions(c->model, c->now, all, SESSIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sd_activity *a = all[i].a;
        if (!is_of(a->lock, of->t) || !str_eq(a->database, of->t->database) ||
            !str_eq(all[i].origin, of->origin))
            continue;
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_int(a->pid);
        r->cells[1] = cell_int(common_age(all[i].at, a->wait_start > 0 ? a->wait_start : a->query_start));
        r->cells[2] = cell_text(doc_text(d, a->lock));
        r->cells[3] = cell_text(doc_text(d, a->lock_mode));
        r->cells[4] = cell_text(doc_text(d, a->blocked_by));
        r->cells[5] = cell_text(common_sql(d, c, a->query, true));
        r->severity = SEVERITY_BAD;
        r->dive = (struct dive){.view = "activity"};
        r->session = (struct doc_session){
            .origin = doc_text(d, all[i].origin), .pid = a->pid, .backend_start = a->backend_start};
    }
    table_sort(&s->table, 1, true);
    s->weight = 1;
    s->min_height = 3;
    s->empty =
        common_as_seen(d, c, KINDS_ACTIVITY, "No session waits for a lock of the table at this moment.");
    free(all);
}

static void figures(struct doc *d, const struct table_entry *e)
{
    const struct sd_table *t = e->t;
    struct section *f = doc_section(d, SECTION_FIELDS, "summary", "Figures");
    section_field(d, f, "total_bytes", "Size", UNIT_BYTES, cell_int(t->total_bytes));
    section_field(d, f, "rows_live", "Rows", UNIT_COUNT, cell_int(t->rows_live));
    section_field(d, f, "rows_dead", "Dead rows", UNIT_COUNT, cell_int(t->rows_dead));
    section_field(d, f, "seq_scan", "Seq scans", UNIT_COUNT, cell_int(t->seq_scan));
    section_field(d, f, "idx_scan", "Idx scans", UNIT_COUNT, cell_int(t->idx_scan));
    section_field(d, f, "unindexed_keys", t->unindexed_keys ? "Keys without an index" : NULL, UNIT_NONE,
                  cell_text(t->unindexed_keys ? tables_keys(d, t) : NULL));
    int64_t vacuum = common_age(e->at, t->last_vacuum), analyze = common_age(e->at, t->last_analyze);
    section_field(d, f, "vacuum_age_ns", sd_known(vacuum) ? "Vacuum" : NULL, UNIT_AGE, cell_int(vacuum));
    section_field(d, f, "analyze_age_ns", sd_known(analyze) ? "Analyze" : NULL, UNIT_AGE, cell_int(analyze));
}

static struct doc *build_table(const struct view_ctx *c)
{
    struct table_entry e;
    bool found = chosen(c, &e);
    struct doc *d = doc_new("table", "Table");
    if (found)
        d->title = tables_name(d, e.t);
    common_envelope(d, c, common_span(c));
    doc_field(d, "table", UNIT_NONE, cell_text(found ? tables_name(d, e.t) : c->arg));
    doc_field(d, "database", UNIT_NONE, cell_text(found ? doc_text(d, e.t->database) : NULL));
    if (!found) {
        struct section *t = doc_section(d, SECTION_TEXT, NULL, "Table");
        t->text =
            c->arg
                ? doc_printf(d, "No table called \"%s\" is listed. The view tables lists all tables.", c->arg)
                : common_empty(d, c, KINDS_CATALOG);
        d->missing = c->arg ? t->text : NULL;
        return d;
    }
    queries(d, c, e.t);
    indexes(d, c, &e);
    locks(d, c, &e);
    figures(d, &e);
    return d;
}

static const struct column ALSO[] = {
    {.key = "table", .title = "Table", .help = "schema and name: what --select takes"},
    {.key = "database", .title = "Database", .help = "in which it is"},
    {.key = "indexes", .title = "Indexes", .help = "index, size_bytes, idx_scan, definition"},
    {.key = "locks",
     .title = "Locks",
     .help = "sessions that wait for a lock of it now: pid, age_ns, lock, lock_mode, blocked_by, text"},
    {.key = "summary",
     .title = "Figures",
     .help = "those of the view tables; unindexed_keys: columns that reference it without an index"},
};

const struct view table_view = {
    .name = "table",
    .place = PLACE_DB,
    .title = "Table",
    .summary = "one table: the queries that use it, its indexes, who waits for its locks",
    .about = "table",
    .needs = KINDS_CATALOG,
    .build = build_table,
    .worst = indexes_worst, /* not of the view indexes: it marks more than is worth a line */
    .columns = QUERIES,
    .n_columns = ARRAY_LEN(QUERIES),
    .rows = "queries",
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
