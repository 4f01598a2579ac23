/* progress.c - the views pg_stat_progress_*: how far vacuum, CREATE INDEX, COPY and others are.
 *
 * Which views there are, and which counters they have, the catalogue says: what a later version adds is read
 * as well. */
#include "source/postgres/server_state.h"

#include <ctype.h>
#include <stdlib.h>

#define PREFIX "pg_stat_progress_"

enum { VIEW, PID, DATABASE, RELATION, PHASE, KIND, STARTED, ROLE, VALUES };
enum { TYPE_INT8 = 20, TYPE_FLOAT8 = 701, COUNTERS_MAX = 40 };

/* One column of the list: view, column, type. False: the list ends. */
struct column {
    const char *view, *name;
    size_t view_len, name_len;
    long type;
};

static bool next_column(const char **at, struct column *c)
{
    const char *p = *at, *dot = strchr(p, '.'), *colon = dot ? strchr(dot, ':') : NULL;
    if (!colon)
        return false;
    *c = (struct column){.view = p,
                         .view_len = (size_t)(dot - p),
                         .name = dot + 1,
                         .name_len = (size_t)(colon - dot - 1),
                         .type = strtol(colon + 1, NULL, 10)};
    *at = p + strcspn(p, ",");
    *at += **at == ',';
    return true;
}

static bool same_view(const struct column *a, const struct column *b)
{
    return a->view_len == b->view_len && memcmp(a->view, b->view, a->view_len) == 0;
}

static bool is_counter(const struct column *c)
{
    return c->type == TYPE_INT8 || c->type == TYPE_FLOAT8; /* that is a time in ms */
}

static bool is_view(const struct column *c)
{
    return c->view_len > strlen(PREFIX) && memcmp(c->view, PREFIX, strlen(PREFIX)) == 0;
}

static bool view_has(const char *columns, const struct column *view, const char *name)
{
    char column[160];
    snprintf(column, sizeof column, "%.*s.%s", (int)view->view_len, view->view, name);
    return columns_have(columns, column);
}

/* The counters of the view whose first column is at `at`, which moves to the next view. */
static void add_counters(struct strbuf *sql, const char **at, const struct column *view)
{
    struct column c;
    size_t n = 0;
    for (const char *p = *at; next_column(&p, &c) && same_view(&c, view); *at = p)
        if (is_counter(&c) && n < COUNTERS_MAX)
            strbuf_printf(sql,
                          c.type == TYPE_INT8 ? "%sv.%.*s::text" : "%s((v.%.*s * 1000)::int8 * 1000)::text",
                          n++ ? ", " : "", (int)c.name_len, c.name);
}

static void add_view(struct strbuf *sql, const char *columns, const char **at, const struct column *view)
{
    bool of_relation = view_has(columns, view, "relid"), command = view_has(columns, view, "command"),
         type = view_has(columns, view, "type"), database = view_has(columns, view, "datname");
    strbuf_printf(
        sql,
        "%sSELECT '%.*s'::text AS command, v.pid, %s, %s, %s, "
        "%s, a.query_start, a.usename::text, pg_catalog.array_to_string(ARRAY[",
        sql->len ? " UNION ALL " : "", (int)(view->view_len - strlen(PREFIX)), view->view + strlen(PREFIX),
        database ? "v.datname::text" : "NULL::text",
        of_relation
            ? "CASE WHEN v.relid = 0 THEN NULL ELSE coalesce((SELECT n.nspname || '.' || c.relname FROM "
              "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
              "WHERE c.oid = v.relid AND v.datname = pg_catalog.current_database()), v.relid::text) END"
            : "NULL::text",
        view_has(columns, view, "phase") ? "v.phase" : "NULL::text",
        command && type ? "v.command || ' ' || v.type"
        : command       ? "v.command"
                        : "CASE WHEN a.backend_type = 'autovacuum worker' THEN 'autovacuum' END");
    add_counters(sql, at, view);
    strbuf_printf(sql,
                  "]::text[], ',', '') FROM pg_catalog.%.*s v LEFT JOIN pg_catalog.pg_stat_activity a "
                  "ON a.pid = v.pid",
                  (int)view->view_len, view->view);
}

char *progress_sql(const char *columns)
{
    struct strbuf views = {0};
    struct column c;
    for (const char *at = columns; *at;) {
        const char *next = at;
        if (!next_column(&next, &c))
            break;
        if (is_view(&c))
            add_view(&views, columns, &at, &c);
        else
            at = next;
    }
    char *sql =
        views.len ? mem_printf(OWN_TAG "SELECT * FROM (%s) x ORDER BY query_start, pid LIMIT 500", views.text)
                  : NULL;
    strbuf_free(&views);
    return sql;
}

/* Does the function below the views know the command of this one by its name? */
static bool command_known(const struct column *view)
{
    static const char *const known[] = {"analyze", "basebackup",   "cluster", "copy",
                                        "vacuum",  "create_index", NULL};
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)MIN(view->view_len - strlen(PREFIX), sizeof name - 1),
             view->view + strlen(PREFIX));
    return str_find(known, name) >= 0;
}

static void add_exists(struct strbuf *sql, const struct column *view)
{
    if (!command_known(view)) {
        strbuf_printf(sql, "EXISTS (SELECT FROM pg_catalog.%.*s)", (int)view->view_len, view->view);
        return;
    }
    strbuf_str(sql, "EXISTS (SELECT FROM pg_catalog.pg_stat_get_progress_info('");
    for (size_t i = strlen(PREFIX); i < view->view_len; i++)
        strbuf_char(sql, view->view[i] == '_' ? ' ' : (char)toupper((unsigned char)view->view[i]));
    strbuf_str(sql, "'))");
}

void progress_any(const char *columns, struct strbuf *sql)
{
    struct column c, last = {.view = ""};
    size_t n = 0;
    for (const char *at = columns; next_column(&at, &c); last = c)
        if (is_view(&c) && !same_view(&c, &last)) {
            strbuf_str(sql, n++ ? " OR " : "");
            add_exists(sql, &c);
        }
    if (!n)
        strbuf_str(sql, "false");
}

/* Names of the counters of the view of that command, as in the statement. */
static size_t counter_names(const char *columns, const char *command, char names[COUNTERS_MAX][64])
{
    struct column c;
    size_t n = 0;
    for (const char *at = columns; next_column(&at, &c) && n < COUNTERS_MAX;)
        if (is_view(&c) && is_counter(&c) && c.view_len - strlen(PREFIX) == strlen(command) &&
            memcmp(c.view + strlen(PREFIX), command, strlen(command)) == 0)
            snprintf(names[n++], sizeof names[0], "%.*s%s", (int)MIN(c.name_len, 59), c.name,
                     c.type == TYPE_FLOAT8 ? "_ns" : "");
    return n;
}

static void add_row(struct postgres *p, struct sd_batch *b, const PGresult *r, int row, const char *columns)
{
    char names[COUNTERS_MAX][64], *command = mem_strdup(conn_text(r, row, VIEW));
    const char *counters[COUNTERS_MAX];
    int64_t values[COUNTERS_MAX];
    size_t n = counter_names(columns, command, names);
    const char *at = conn_text(r, row, VALUES);
    for (size_t i = 0; i < n; i++) {
        counters[i] = names[i];
        values[i] = *at && *at != ',' ? strtoll(at, NULL, 10) : SD_UNKNOWN;
        at += strcspn(at, ",");
        at += *at == ',';
    }
    for (char *c = command; *c; c++)
        if (*c == '_')
            *c = ' ';
    struct sd_progress x = {
        .command = command,
        .pid = conn_int(r, row, PID),
        .database = conn_maybe(r, row, DATABASE),
        .relation = conn_maybe(r, row, RELATION),
        .phase = conn_maybe(r, row, PHASE),
        .kind = conn_maybe(r, row, KIND),
        .started = conn_time(r, row, STARTED),
        .role = conn_maybe(r, row, ROLE),
        .counters = &(struct sd_texts){.n = (uint32_t)n, .items = counters},
        .values = &(struct sd_ints){.n = (uint32_t)n, .items = values},
    };
    p->s->host->add(b, SD_PROGRESS, &x);
    free(command);
}

void progress_add(struct postgres *p, struct sd_batch *b, const PGresult *r, const char *columns)
{
    for (int row = 0; row < PQntuples(r); row++)
        add_row(p, b, r, row, columns);
}
