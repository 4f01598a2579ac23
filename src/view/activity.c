/* Activity: who waits on what, for whom. */
#include "view/activity.h"

#include "view/common.h"

#include <stdlib.h>

enum { SESSIONS_MAX = 500, LOADS_MAX = 50 };

enum {
    A_PID,
    A_ROUTE,
    A_STATE,
    A_WAIT,
    A_FOR,
    A_AGE,
    A_TEXT,
    A_DATABASE,
    A_ROLE,
    A_APPLICATION,
    A_CLIENT,
    A_XACT,
    A_ID,
    A_COLUMNS
};

static const struct column SESSIONS[A_COLUMNS] = {
    [A_PID] = {"pid", "PID", UNIT_NONE, 0, 0, 0, "server process"},
    [A_ROUTE] = {"route", "Route", UNIT_NONE, COLUMN_LEFT, 3, 12,
                 "route from the statement's sqlcommenter tags"},
    [A_STATE] = {"state", "State", UNIT_NONE, COLUMN_LEFT, 0, 8,
                 "as pg_stat_activity tells it: active, idle in transaction"},
    [A_WAIT] = {"wait", "Waits on", UNIT_NONE, COLUMN_LEFT, 0, 14,
                "wait event type and event; CPU when it does not wait"},
    [A_FOR] = {"blocked_by", "Blocked by", UNIT_NONE, COLUMN_LEFT, 0, 0, "pids that block it"},
    [A_AGE] = {"query_age_ns", "Age", UNIT_AGE, 0, 0, 0, "time since the statement began"},
    [A_TEXT] = {"text", "Query", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 20, "statement, on one line"},
    [A_DATABASE] = {"database", "Database", UNIT_NONE, COLUMN_LEFT, 5, 0, "database name"},
    [A_ROLE] = {"role", "Role", UNIT_NONE, COLUMN_LEFT, 5, 0, "role name"},
    [A_APPLICATION] = {"application", "Application", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, 0,
                       "application_name"},
    [A_CLIENT] = {"client", "Client", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, 0,
                  "client address, or local"},
    [A_XACT] = {"xact_age_ns", "Transaction", UNIT_AGE, COLUMN_HIDDEN, 6, 0,
                "time since the transaction began"},
    [A_ID] = {"query_id", "Query ID", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, 0,
              "the server's query identifier"},
};

static const struct column WAITS[] = {
    {"wait", "Waits on", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 12,
     "wait event type and event; CPU when it does not wait"},
    {"load", "Load", UNIT_LOAD, 0, 0, 0, "sessions active with it, on average"},
    {"share", "Share", UNIT_SHARE, COLUMN_BAR, 0, 0, "share of the active sessions' time"},
};

static const struct column ROUTES[] = {
    {"route", "Route", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 12,
     "route from the statements' tags; (untagged) without"},
    {"load", "Load", UNIT_LOAD, 0, 0, 0, "sessions active for it, on average"},
    {"share", "Share", UNIT_SHARE, COLUMN_BAR, 0, 0, "share of the active sessions' time"},
};

static const int64_t IDLE_WARN_NS = 60 * SD_S;

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
    sec->min_height = 8;
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
        v[A_AGE] = cell_int(common_age(s[i].at, a->query_start));
        v[A_TEXT] = cell_text(common_sql(d, c, a->query, true));
        v[A_DATABASE] = cell_text(doc_text(d, a->database));
        v[A_ROLE] = cell_text(doc_text(d, a->role));
        v[A_APPLICATION] = cell_text(doc_text(d, a->application));
        v[A_CLIENT] = cell_text(doc_text(d, a->client));
        v[A_XACT] = cell_int(common_age(s[i].at, a->xact_start));
        v[A_ID] = cell_text(common_id(d, a->query_id));
        if (a->query_id != SD_UNKNOWN && a->database)
            r->dive = (struct dive){"query", doc_printf(d, "%s/%lld", a->database, (long long)a->query_id)};
        int64_t idle = active ? 0 : common_age(s[i].at, a->state_change);
        if (a->blocked_by && *a->blocked_by)
            r->severity = SEVERITY_BAD;
        else if (!active && idle >= IDLE_WARN_NS)
            r->severity = SEVERITY_WARN;
    }
    table_sort(&sec->table, A_AGE, true);
    sd_time newest = SD_UNKNOWN;
    for (size_t i = 0; i < n; i++)
        newest = MAX(newest, s[i].at); /* SD_UNKNOWN is the smallest */
    sec->note = common_note(d, c,
                            &(struct note){KINDS_ACTIVITY, n ? (int64_t)n : SD_UNKNOWN,
                                           n == 1 ? "session" : "sessions", .last = newest, .moment = true});
    sec->empty = common_empty(d, c, KINDS_ACTIVITY);
    free(s);
}

static void loads(struct doc *d, const struct view_ctx *c, bool by_route)
{
    struct wait_load l[LOADS_MAX];
    size_t n = by_route ? model_route_load(c->model, c->span, l, LOADS_MAX)
                        : model_wait_load(c->model, c->span, l, LOADS_MAX);
    struct section *sec = by_route ? doc_table(d, "routes", "For whom", ROUTES, ARRAY_LEN(ROUTES))
                                   : doc_table(d, "waits", "On what", WAITS, ARRAY_LEN(WAITS));
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += l[i].seconds;
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &sec->table);
        r->cells[0] = cell_text(by_route ? l[i].route ? doc_text(d, l[i].route) : "(untagged)"
                                         : wait_name(d, l[i].wait_type, l[i].wait_event));
        r->cells[1] = cell_real(l[i].load);
        r->cells[2] = cell_real(total > 0 ? l[i].seconds / total : NAN);
        if (by_route && l[i].route && model_find_endpoint(c->model, l[i].route))
            r->dive = (struct dive){"endpoint", doc_text(d, l[i].route)};
    }
    sec->weight = 2;
    sec->note = common_note(d, c, &(struct note){.n = SD_UNKNOWN, .last = SD_UNKNOWN});
    sec->empty = common_as_seen(d, c, KINDS_ACTIVITY, "No active session was seen in this span of time.");
}

void activity_load(struct doc *d, const struct view_ctx *c, struct span span)
{
    size_t n = common_points(c, span);
    struct section *s = common_graph(d, "load", "Active sessions", UNIT_LOAD, span, n);
    model_load_series(c->model, span, n, doc_line(d, &s->graph, "load")->values);
    s->note = common_note(d, c, &(struct note){.n = SD_UNKNOWN, .last = SD_UNKNOWN});
    s->empty = doc_text(d, "No session was sampled in this span of time.");
}

static struct doc *build(const struct view_ctx *c)
{
    struct doc *d = doc_new("activity", "Activity");
    common_envelope(d, c, common_span(c));
    sessions(d, c);
    loads(d, c, false);
    loads(d, c, true);
    activity_load(d, c, common_drawn(c, common_span(c)));
    d->sections[d->n_sections - 1].weight = 2;
    return d;
}

const struct view activity_view = {
    .name = "activity",
    .title = "Activity",
    .summary = "the database's sessions: who waits on what, for whom",
    .key = '4',
    .needs = KINDS_ACTIVITY,
    .build = build,
    .columns = SESSIONS,
    .n_columns = A_COLUMNS,
    .also = "waits (wait, load, share); routes (route, load, share); load (at, load)",
};
