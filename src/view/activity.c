/* Activity: who waits on what, for whom. */
#include "view/activity.h"

#include "view/common.h"

#include <stdlib.h>

enum { SESSIONS_MAX = 500, LOADS_MAX = 50 };

enum { A_PID, A_ROUTE, A_STATE, A_WAIT, A_FOR, A_AGE, A_TEXT, A_DATABASE, A_ROLE, A_APPLICATION, A_CLIENT, A_XACT, A_ID, A_COLUMNS };

static const struct column SESSIONS[A_COLUMNS] = {
    [A_PID] = {"pid", "PID", UNIT_NONE, 0, 0, 0, "server process"},
    [A_ROUTE] = {"route", "Route", UNIT_NONE, COLUMN_LEFT, 3, 0, "route from the statement's sqlcommenter tags"},
    [A_STATE] = {"state", "State", UNIT_NONE, COLUMN_LEFT, 1, 0, "active, idle in transaction, ..."},
    [A_WAIT] = {"wait", "Waits on", UNIT_NONE, COLUMN_LEFT, 0, 0, "wait event type and event; CPU when it does not wait"},
    [A_FOR] = {"blocked_by", "For", UNIT_NONE, COLUMN_LEFT, 0, 0, "pids that block it"},
    [A_AGE] = {"query_age_ns", "Age", UNIT_AGE, 0, 0, 0, "time since the statement began"},
    [A_TEXT] = {"text", "Query", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 20, "statement, on one line"},
    [A_DATABASE] = {"database", "Database", UNIT_NONE, COLUMN_LEFT, 5, 0, "database name"},
    [A_ROLE] = {"role", "Role", UNIT_NONE, COLUMN_LEFT, 5, 0, "role name"},
    [A_APPLICATION] = {"application", "Application", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, 0, "application_name"},
    [A_CLIENT] = {"client", "Client", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, 0, "client address, or local"},
    [A_XACT] = {"xact_age_ns", "Transaction", UNIT_AGE, COLUMN_HIDDEN, 6, 0, "time since the transaction began"},
    [A_ID] = {"query_id", "Query ID", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, 0, "the server's query identifier"},
};

static const struct column WAITS[] = {
    {"wait", "Waits on", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 12, "wait event type and event; CPU when it does not wait"},
    {"load", "Load", UNIT_LOAD, 0, 0, 0, "sessions active with it, on average"},
    {"share", "Share", UNIT_SHARE, COLUMN_BAR, 0, 0, "share of the active sessions' time"},
};

static const struct column ROUTES[] = {
    {"route", "Route", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 12, "route from the statements' tags; null when untagged"},
    {"load", "Load", UNIT_LOAD, 0, 0, 0, "sessions active for it, on average"},
    {"share", "Share", UNIT_SHARE, COLUMN_BAR, 0, 0, "share of the active sessions' time"},
};

static const int64_t IDLE_WARN_NS = 60 * SD_S;

static int64_t age(sd_time now, sd_time then)
{
    return then == SD_UNKNOWN ? SD_UNKNOWN : MAX(now - then, 0);
}

static const char *wait_name(struct doc *d, const char *type, const char *event)
{
    if (!type || !*type)
        return "CPU";
    return event && *event ? doc_printf(d, "%s:%s", type, event) : doc_text(d, type);
}

static void sessions(struct doc *d, const struct view_ctx *c)
{
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    size_t n = model_sessions(c->model, c->now, s, SESSIONS_MAX);
    struct section *sec = doc_table(d, "rows", "Sessions", SESSIONS, A_COLUMNS);
    sec->weight = 3;
    for (size_t i = 0; i < n; i++) {
        const struct sd_activity *a = s[i].a;
        struct row *r = doc_row(d, &sec->table);
        struct cell *v = r->cells;
        bool active = str_eq(a->state, "active");
        v[A_PID] = cell_int(a->pid);
        v[A_ROUTE] = cell_text(doc_text(d, a->route));
        v[A_STATE] = cell_text(doc_text(d, a->state));
        v[A_WAIT] = cell_text(active || a->wait_type ? wait_name(d, a->wait_type, a->wait_event) : NULL);
        v[A_FOR] = cell_text(doc_text(d, a->blocked_by && *a->blocked_by ? a->blocked_by : NULL));
        v[A_AGE] = cell_int(age(s[i].at, a->query_start));
        v[A_TEXT] = cell_text(common_sql_line(d, c, a->query));
        v[A_DATABASE] = cell_text(doc_text(d, a->database));
        v[A_ROLE] = cell_text(doc_text(d, a->role));
        v[A_APPLICATION] = cell_text(doc_text(d, a->application));
        v[A_CLIENT] = cell_text(doc_text(d, a->client));
        v[A_XACT] = cell_int(age(s[i].at, a->xact_start));
        v[A_ID] = cell_text(a->query_id == SD_UNKNOWN ? NULL : doc_printf(d, "%lld", (long long)a->query_id));
        if (a->query_id != SD_UNKNOWN && a->database)
            r->dive = (struct dive){"query", doc_printf(d, "%s/%lld", a->database, (long long)a->query_id)};
        int64_t idle = active ? 0 : age(s[i].at, a->state_change);
        if (a->blocked_by && *a->blocked_by)
            r->severity = SEVERITY_BAD;
        else if (!active && idle != SD_UNKNOWN && idle >= IDLE_WARN_NS)
            r->severity = SEVERITY_WARN;
    }
    table_sort(&sec->table, A_AGE, true);
    sec->note = n ? doc_printf(d, "%zu at %s", n, c->live ? "this moment" : "that moment") : NULL;
    sec->empty = common_empty(d, c, 1u << SD_ACTIVITY);
    free(s);
}

static void loads(struct doc *d, const struct view_ctx *c, bool by_route)
{
    struct wait_load l[LOADS_MAX];
    size_t n = by_route ? model_route_load(c->model, c->span, l, LOADS_MAX) : model_wait_load(c->model, c->span, l, LOADS_MAX);
    struct section *sec = by_route ? doc_table(d, "routes", "For whom", ROUTES, ARRAY_LEN(ROUTES))
                                   : doc_table(d, "waits", "On what", WAITS, ARRAY_LEN(WAITS));
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += l[i].seconds;
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &sec->table);
        r->cells[0] = cell_text(by_route ? doc_text(d, l[i].route) : wait_name(d, l[i].wait_type, l[i].wait_event));
        r->cells[1] = cell_real(l[i].load);
        r->cells[2] = cell_real(total > 0 ? l[i].seconds / total : NAN);
        if (by_route && l[i].route && model_find_endpoint(c->model, l[i].route))
            r->dive = (struct dive){"endpoint", doc_text(d, l[i].route)};
    }
    sec->weight = 2;
    sec->note = common_note(d, c, SD_UNKNOWN, "", SD_UNKNOWN);
    sec->empty = doc_text(d, by_route ? "No active session was seen in this span."
                                      : "No active session was seen in this span.");
}

static void over_time(struct doc *d, const struct view_ctx *c)
{
    struct span span = common_span(c);
    size_t n = common_points(c, span);
    struct section *s = doc_section(d, SECTION_GRAPH, "load", "Active sessions");
    s->graph = (struct graph){.from = span.from, .to = span.to, .n_points = n, .unit = UNIT_LOAD};
    double *v = doc_line(d, &s->graph, "load")->values;
    if (span.from != SD_UNKNOWN && span.to > span.from)
        model_load_series(c->model, span, n, v);
    s->weight = 2;
    s->min_height = 3;
}

static struct doc *build(const struct view_ctx *c)
{
    struct doc *d = doc_new("activity", "Activity");
    common_envelope(d, c, common_span(c));
    sessions(d, c);
    loads(d, c, false);
    loads(d, c, true);
    over_time(d, c);
    return d;
}

const struct view activity_view = {
    .name = "activity",
    .title = "Activity",
    .summary = "the database's sessions: who waits on what, for whom",
    .key = '4',
    .needs = 1u << SD_ACTIVITY,
    .build = build,
    .columns = SESSIONS,
    .n_columns = A_COLUMNS,
};
