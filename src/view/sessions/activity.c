/* Activity: who waits on what, for whom. */
#include "view/sessions/activity.h"

#include "view/sessions/session_actions.h"

#include "view/shared/common.h"
#include "view/sessions/load.h"
#include "view/sessions/session_marks.h"
#include "core/table.h"

#include <stdlib.h>

enum { SESSIONS_MAX = 2000, HELD_MAX = 50, SESSIONS_ROWS = 6, NOTABLE_ROWS = 2 };

/* In the console a session keeps its row for so long after it was active last, unless another needs it. */
#define HELD_NS (300 * SD_S)
/* Sessions sampled longer ago say nothing of now. */
#define SEEN_NS (10 * SD_S)
/* Older statements stand in the order of their age; the others hold still. */
#define YOUNG_NS (10 * SD_S)

enum {
    A_PID,
    A_BLOCKS,
    A_ROUTE,
    A_STATE,
    A_WAIT,
    A_FOR,
    A_LOCK,
    A_AGE,
    A_TEXT,
    A_DATABASE,
    A_ROLE,
    A_APPLICATION,
    A_CLIENT,
    A_XACT,
    A_ID,
    A_MODE,
    A_LOCK_AGE,
    A_XMIN,
    A_PHASE,
    A_PROGRESS,
    A_DEPTH,
    A_BEGAN,
    A_WORKERS,
    A_COLUMNS
};

static const struct column SESSIONS[A_COLUMNS] = {
    [A_PID] =
        {.key = "pid",
         .title = "PID",
         .flags = COLUMN_TREE,
         .width = 11,
         .help =
             "server process (0: a prepared transaction); below it, the sessions it blocks (text: drawn as "
             "a tree)"},
    [A_BLOCKS] = {.key = "blocks",
                  .title = "Blocks",
                  .unit = UNIT_COUNT,
                  .flags = COLUMN_HIDDEN,
                  .priority = 6,
                  .help = "sessions that wait for it, directly or indirectly"},
    [A_ROUTE] = {.key = "route",
                 .title = "Route",
                 .flags = COLUMN_LEFT,
                 .priority = 3,
                 .width = 12,
                 .help = "route from the statement's sqlcommenter tags"},
    [A_STATE] = {.key = "state",
                 .title = "State",
                 .flags = COLUMN_LEFT,
                 .width = 8,
                 .help = "as in pg_stat_activity: active, idle in transaction, ...; in the console done: not "
                         "active any more, for a minute"},
    [A_WAIT] = {.key = "wait",
                .title = "Waits on",
                .flags = COLUMN_LEFT,
                .width = 14,
                .help = "wait event type and event; CPU when it does not wait"},
    [A_FOR] = {.key = "blocked_by",
               .title = "Blocked by",
               .flags = COLUMN_LEFT,
               .help = "pids that block it"},
    [A_LOCK] = {.key = "lock",
                .title = "For",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .priority = 2,
                .help = "what it waits to lock"},
    [A_AGE] = {.key = "query_age_ns",
               .title = "Age",
               .unit = UNIT_SINCE,
               .help = "time since the statement began"},
    [A_TEXT] = {.language = &sql_language,
                .key = "text",
                .title = "Query",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 20,
                .help = "statement, on one line"},
    [A_DATABASE] = {.key = "database",
                    .title = "Database",
                    .flags = COLUMN_LEFT,
                    .priority = 5,
                    .help = "database name"},
    [A_ROLE] = {.key = "role", .title = "Role", .flags = COLUMN_LEFT, .priority = 5, .help = "role name"},
    [A_APPLICATION] = {.key = "application",
                       .title = "Application",
                       .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                       .priority = 6,
                       .help = "application_name"},
    [A_CLIENT] = {.key = "client",
                  .title = "Client",
                  .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                  .priority = 6,
                  .help = "client address, or local"},
    [A_XACT] = {.key = "xact_age_ns",
                .title = "Transaction",
                .unit = UNIT_SINCE,
                .flags = COLUMN_HIDDEN,
                .priority = 6,
                .help = "time since the transaction began"},
    [A_ID] = {.key = "query_id",
              .title = "Query ID",
              .flags = COLUMN_LEFT | COLUMN_HIDDEN,
              .priority = 6,
              .help = "the server's query identifier"},
    [A_MODE] = {.key = "lock_mode",
                .title = "Mode",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .priority = 6,
                .help = "lock mode it waits for"},
    [A_LOCK_AGE] = {.key = "lock_age_ns",
                    .title = "Waiting",
                    .unit = UNIT_SINCE,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "how long it has waited for the lock (PostgreSQL 14 and later)"},
    [A_XMIN] = {.key = "xmin_age",
                .title = "Xmin age",
                .unit = UNIT_COUNT,
                .flags = COLUMN_HIDDEN,
                .priority = 6,
                .help = "transactions begun since its oldest snapshot: rows deleted since then are kept"},
    [A_PHASE] = {.key = "phase",
                 .title = "Vacuum",
                 .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                 .priority = 6,
                 .help = "of a vacuum: table and phase"},
    [A_PROGRESS] = {.key = "progress",
                    .title = "Progress",
                    .unit = UNIT_SHARE,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "of a vacuum: share of the table's blocks scanned"},
    [A_DEPTH] = {.key = "depth",
                 .title = "Depth",
                 .flags = COLUMN_HIDDEN,
                 .priority = 6,
                 .help = "number of sessions above it in the tree"},
    [A_BEGAN] = {.key = "backend_start",
                 .title = "Began",
                 .unit = UNIT_TIME,
                 .flags = COLUMN_HIDDEN,
                 .priority = 6,
                 .help = "start of the session; together with the pid it identifies the session"},
    [A_WORKERS] = {.key = "workers",
                   .title = "Workers",
                   .unit = UNIT_COUNT,
                   .priority = 4,
                   .help = "parallel workers of its statement, below it in the tree; they are no sessions"},
};

static const struct column NOTABLE[] = {
    {.key = "what",
     .title = "What",
     .flags = COLUMN_LEFT,
     .help = "blocked, idle, vacuum, xmin (keeps old rows) or prepared"},
    {.key = "pid",
     .title = "PID",
     .help = "server process; none for a prepared transaction, a replication slot, a standby"},
    {.key = "age_ns",
     .title = "Since",
     .unit = UNIT_SINCE,
     .help = "how long it has waited, been idle, been in its transaction or run the vacuum"},
    {.key = "text", .title = "How", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 20, .help = "in words"},
};

static const int64_t XMIN_WARN = 100000;

/* Who stands under whom: the sessions of one moment as a forest. */
struct node {
    const struct session_sample *s;
    size_t parent, first, next; /* indexes of nodes; NONE */
    int64_t blocks;
    size_t workers;     /* parallel processes of its statement */
    bool done;          /* it was active a moment ago */
    int64_t longest_ns; /* the longest that one of them has waited; SD_UNKNOWN: none waits */
};
#define NONE SIZE_MAX

static bool is_prepared(const struct sd_activity *a)
{
    return a->pid == 0;
}

/* A session, or a prepared transaction: a slot or a standby only keeps old rows. */
static bool is_session(const struct sd_activity *a)
{
    return sd_known(a->pid);
}

/* A process of another session's statement: no session of its own. */
static bool is_worker(const struct sd_activity *a)
{
    return a->leader_pid > 0 || str_eq(a->backend_type, "parallel worker");
}

static size_t leader(const struct node *nodes, size_t n, size_t of)
{
    const struct session_sample *s = nodes[of].s;
    for (size_t i = 0; s->a->leader_pid > 0 && i < n; i++)
        if (i != of && nodes[i].s->a->pid == s->a->leader_pid && str_eq(nodes[i].s->origin, s->origin))
            return i;
    return NONE;
}

/* The first of the pids in blocked_by that was sampled too, on the same server. A prepared
 * transaction has none of its own: it is meant for sure only when it is the only one of
 * its database. */
static size_t blocker(const struct node *nodes, size_t n, size_t of)
{
    const struct sd_activity *a = nodes[of].s->a;
    for (const char *p = a->blocked_by; p && *p; p += *p == ',') {
        char *end;
        long long pid = strtoll(p, &end, 10);
        if (end == p)
            break;
        size_t found = NONE, same = 0;
        for (size_t i = 0; i < n; i++)
            if (i != of && nodes[i].s->a->pid == pid && str_eq(nodes[i].s->origin, nodes[of].s->origin) &&
                (pid || str_eq(nodes[i].s->a->database, a->database))) {
                found = found == NONE ? i : found;
                same++;
            }
        if (found != NONE && (pid || same == 1))
            return found;
        p = end;
    }
    return NONE;
}

static void forest(struct node *nodes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t parent = is_worker(nodes[i].s->a) ? leader(nodes, n, i) : blocker(nodes, n, i), up = parent;
        while (up != NONE && up != i)
            up = nodes[up].parent;
        nodes[i].parent = up == i ? NONE : parent; /* a deadlock is cut open somewhere */
    }
    for (size_t i = n; i-- > 0;) {
        size_t parent = nodes[i].parent;
        bool worker = is_worker(nodes[i].s->a);
        int64_t waited = session_waits_ns(nodes[i].s->a, nodes[i].s->at);
        for (size_t up = parent; up != NONE && !worker; up = nodes[up].parent) {
            nodes[up].blocks++;
            nodes[up].longest_ns = MAX(nodes[up].longest_ns, waited); /* SD_UNKNOWN is the smallest */
        }
        if (parent != NONE) {
            nodes[parent].workers += worker;
            nodes[i].next = nodes[parent].first;
            nodes[parent].first = i;
        }
    }
}

static struct doc_session session_of(struct doc *d, const struct session_sample *s)
{
    if (s->a->pid <= 0) /* nothing that a signal could be sent to */
        return (struct doc_session){0};
    return (struct doc_session){
        .origin = doc_text(d, s->origin), .pid = s->a->pid, .backend_start = s->a->backend_start};
}

static uint64_t session_identity(const struct session_sample *s)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "%s/%lld/%lld/%s", s->origin, (long long)s->a->pid, (long long)s->a->backend_start,
                  s->a->pid > 0 || !s->a->application ? "" : s->a->application);
    uint64_t id = str_hash(b.text, b.len);
    strbuf_free(&b);
    return MAX(id, 1);
}

/* Who blocks others comes first, then who takes long; the rest is of one rank, 0. */
static int64_t rank_of(const struct node *n)
{
    int64_t age = n->done ? 0 : common_age(n->s->at, n->s->a->query_start);
    if (n->blocks > 0)
        return INT64_MAX / 2 + n->blocks;
    return age >= YOUNG_NS ? age : 0;
}

static int by_rank(const void *x, const void *y)
{
    const struct node *const *a = x, *const *b = y;
    int64_t p = rank_of(*a), q = rank_of(*b);
    if (p != q)
        return (p < q) - (p > q);
    const struct sd_activity *s = (*a)->s->a, *t = (*b)->s->a;
    if (s->backend_start != t->backend_start)
        return (s->backend_start > t->backend_start) - (s->backend_start < t->backend_start);
    return (s->pid > t->pid) - (s->pid < t->pid);
}

/* By how long it waits, makes others wait, or is idle in its transaction. */
static enum severity severity_of(const struct node *n)
{
    enum severity waits = session_wait_severity(session_waits_ns(n->s->a, n->s->at)),
                  blocks = session_wait_severity(n->longest_ns),
                  idle = session_idle_severity(session_idle_ns(n->s->a, n->s->at));
    return MAX(MAX(waits, blocks), idle);
}

static void session(struct doc *d, const struct view_ctx *c, struct table *t, const struct node *node,
                    int depth)
{
    const struct sd_activity *a = node->s->a;
    sd_time at = node->s->at;
    struct row *r = doc_row(d, t);
    struct cell *v = r->cells;
    bool active = str_eq(a->state, "active") && !node->done,
         blocked = a->blocked_by && *a->blocked_by && !node->done;
    v[A_PID] = cell_int(a->pid);
    v[A_BLOCKS] = cell_int(node->blocks);
    v[A_ROUTE] = cell_text(doc_text(d, a->route));
    v[A_STATE] = cell_text(node->done ? "done" : doc_text(d, a->state));
    v[A_WAIT] =
        cell_text(active || (a->wait_type && !node->done) ? load_wait(d, a->wait_type, a->wait_event) : NULL);
    v[A_FOR] = cell_text(doc_text(d, blocked ? a->blocked_by : NULL));
    v[A_LOCK] = cell_text(doc_text(d, a->lock));
    v[A_AGE] = cell_int(node->done ? SD_UNKNOWN : common_age(at, a->query_start));
    v[A_TEXT] = cell_text(is_prepared(a)
                              ? doc_printf(d, "prepared transaction %s", a->application ? a->application : "")
                              : common_sql(d, c, a->query, true));
    v[A_DATABASE] = cell_text(doc_text(d, a->database));
    v[A_ROLE] = cell_text(doc_text(d, a->role));
    v[A_APPLICATION] = cell_text(doc_text(d, a->application));
    v[A_CLIENT] = cell_text(doc_text(d, a->client));
    v[A_XACT] = cell_int(common_age(at, a->xact_start));
    v[A_ID] = cell_text(common_id(d, a->query_id));
    v[A_MODE] = cell_text(doc_text(d, a->lock_mode));
    v[A_LOCK_AGE] = cell_int(a->wait_start > 0 ? common_age(at, a->wait_start) : SD_UNKNOWN);
    v[A_XMIN] = cell_int(a->xmin_age);
    v[A_PHASE] = cell_text(doc_text(d, a->phase));
    v[A_PROGRESS] = cell_real(a->phase ? a->progress : NAN);
    v[A_DEPTH] = cell_int(depth);
    v[A_BEGAN] = cell_int(a->backend_start > 0 ? a->backend_start : SD_UNKNOWN);
    v[A_WORKERS] = cell_int(node->workers ? (int64_t)node->workers : SD_UNKNOWN);
    r->depth = depth;
    r->id = session_identity(node->s);
    r->hold = depth > 0 || rank_of(node) != 0 ? HOLD_NOT : node->done ? HOLD_SPARE : HOLD_PLACE;
    r->closed = node->workers > 0 && node->blocks == 0;
    r->session = session_of(d, node->s);
    if (a->query_id != SD_UNKNOWN && a->database)
        r->dive = (struct dive){.view = "query",
                                .arg = doc_printf(d, "%s/%lld", a->database, (long long)a->query_id)};
    r->severity = node->done ? SEVERITY_NONE : severity_of(node);
}

/* A session, then what stands under it. Not recursive: a queue may be hundreds long. */
static void tree(struct doc *d, const struct view_ctx *c, struct table *t, const struct node *nodes,
                 size_t root)
{
    int depth = 0;
    for (size_t i = root; i != NONE;) {
        session(d, c, t, &nodes[i], depth);
        if (nodes[i].first != NONE) {
            i = nodes[i].first;
            depth++;
            continue;
        }
        while (i != root && nodes[i].next == NONE) {
            i = nodes[i].parent;
            depth--;
        }
        i = i == root ? NONE : nodes[i].next;
    }
}

static void note_row(struct doc *d, struct section *s, const char *what, const struct node *n, int64_t age,
                     enum severity severity, const char *text)
{
    struct row *r = doc_row(d, &s->table);
    r->cells[0] = cell_text(what);
    r->cells[1] = cell_int(n->s->a->pid > 0 ? n->s->a->pid : SD_UNKNOWN);
    r->cells[2] = cell_int(age);
    r->cells[3] = cell_text(text);
    r->severity = severity;
    r->session = session_of(d, n->s);
}

/* "12, 14, 2 more and a prepared transaction" */
static const char *blockers(struct doc *d, const char *pids)
{
    enum { NAMED = 4 };
    struct strbuf b = {0};
    bool prepared = false;
    size_t n = 0;
    for (const char *p = pids; *p;) {
        size_t len = strcspn(p, ",");
        if (len == 1 && *p == '0')
            prepared = true;
        else if (len && n++ < NAMED)
            strbuf_printf(&b, "%s%.*s", b.len ? ", " : "", (int)MIN(len, 12), p);
        p += len + (p[len] == ',');
    }
    if (n > NAMED)
        strbuf_printf(&b, ", %zu more", n - NAMED);
    if (prepared)
        strbuf_printf(&b, "%sa prepared transaction", b.len ? " and " : "");
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

static void note_idle(struct doc *d, struct section *s, const struct node *n)
{
    const struct sd_activity *a = n->s->a;
    int64_t idle = common_age(n->s->at, a->state_change), open = common_age(n->s->at, a->xact_start);
    enum severity severity = severity_of(n);
    bool within = a->state && str_starts(a->state, "idle in transaction");
    char buf[UNIT_TEXT_MAX];
    if (!a->state || !str_starts(a->state, "idle") || severity < SEVERITY_INFO)
        return;
    const char *text = doc_text(d, a->state);
    if (within && sd_known(open))
        text = doc_printf(d, "%s, begun %s ago", text, unit_format_int(UNIT_SINCE, open, buf));
    if (n->blocks > 0) /* outside of one it can only be a lock of the whole session */
        text = doc_printf(d, "%s, blocks %lld%s", text, (long long)n->blocks,
                          within ? "" : " with an advisory lock that it holds");
    note_row(d, s, "idle", n, idle, severity, text);
}

static void note_session(struct doc *d, struct section *s, const struct node *n)
{
    const struct sd_activity *a = n->s->a;
    sd_time at = n->s->at;
    char buf[UNIT_TEXT_MAX];
    int64_t waits = session_waits_ns(a, at);
    enum severity severity = session_wait_severity(waits);
    bool blocked = a->blocked_by && *a->blocked_by;
    if (severity >= SEVERITY_INFO || (blocked && !sd_known(waits)))
        note_row(
            d, s, "blocked", n, waits, severity,
            doc_printf(d, "by %s, waits for %s%s%s%s%s", blockers(d, a->blocked_by),
                       a->lock ? a->lock : "a lock", a->lock_mode ? " (" : "",
                       a->lock_mode ? a->lock_mode : "", a->lock_mode ? ")" : "",
                       a->wait_start > 0 || !sd_known(waits) ? "" : ", at most since its statement began"));
    note_idle(d, s, n);
    if (a->phase)
        note_row(d, s, "vacuum", n, common_age(at, a->query_start), SEVERITY_INFO,
                 isfinite(a->progress) ? doc_printf(d, "%s, %s of the table scanned", a->phase,
                                                    unit_format(UNIT_SHARE, a->progress, buf))
                                       : doc_text(d, a->phase));
}

/* ---- what keeps old rows: vacuum removes none that the oldest snapshot may still see ---- */

static const char *holder_text(struct doc *d, const struct node *n)
{
    const struct sd_activity *a = n->s->a;
    const char *name = a->application ? a->application : "?";
    char buf[UNIT_TEXT_MAX];
    unit_format_int(UNIT_COUNT, a->xmin_age, buf);
    if (is_prepared(a))
        return doc_printf(
            d, "prepared transaction %s%s%s, %s transactions old%s: COMMIT PREPARED or ROLLBACK PREPARED it",
            name, a->role ? " of " : "", a->role ? a->role : "", buf,
            n->blocks > 0 ? doc_printf(d, ", blocks %lld", (long long)n->blocks) : "");
    if (str_starts(a->backend_type, "replication slot"))
        return doc_printf(d, "replication slot %s (%s) has kept %s for %s transactions: %s", name,
                          a->state ? a->state : "?",
                          str_eq(a->backend_type, "replication slot") ? "rows" : "catalog rows", buf,
                          str_eq(a->state, "in use") ? "check why its consumer lags"
                                                     : "start its consumer, or drop the slot");
    return doc_printf(d,
                      "queries of standby %s have kept rows for %s transactions (hot_standby_feedback): end "
                      "those queries on the standby",
                      name, buf);
}

static void note_holders(struct doc *d, struct section *s, const struct node *nodes, size_t n)
{
    const struct node *oldest = NULL;
    char buf[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        const struct sd_activity *a = nodes[i].s->a;
        int64_t age = common_age(nodes[i].s->at, a->xact_start);
        if (a->pid > 0) {
            if (a->xmin_age > (oldest ? oldest->s->a->xmin_age : 0))
                oldest = &nodes[i];
        } else if (a->backend_type &&
                   (a->xmin_age >= XMIN_WARN || session_idle_severity(age) >= SEVERITY_WARN ||
                    session_wait_severity(nodes[i].longest_ns) >= SEVERITY_INFO)) {
            note_row(d, s, is_prepared(a) ? "prepared" : "xmin", &nodes[i], age,
                     MAX(session_wait_severity(nodes[i].longest_ns), SEVERITY_WARN),
                     holder_text(d, &nodes[i]));
        }
    }
    int64_t age = oldest ? common_age(oldest->s->at, oldest->s->a->xact_start) : 0;
    if (oldest && (oldest->s->a->xmin_age >= XMIN_WARN || session_idle_severity(age) >= SEVERITY_WARN))
        note_row(
            d, s, "xmin", oldest, age, oldest->s->a->xmin_age >= XMIN_WARN ? SEVERITY_WARN : SEVERITY_INFO,
            doc_printf(d,
                       "oldest snapshot of the sessions, %s transactions ago: vacuum removes nothing newer%s",
                       unit_format_int(UNIT_COUNT, oldest->s->a->xmin_age, buf),
                       str_eq(oldest->s->a->state, "active") ? "" : "; end its transaction"));
}

/* What is worst first, then what is oldest. */
static void worst_first(struct doc *d, struct table *t)
{
    struct row *rows = arena_alloc(d->arena, t->n_rows * sizeof *rows);
    size_t n = 0;
    table_sort(t, 2, true);
    for (int severity = SEVERITY_BAD; severity >= SEVERITY_NONE; severity--)
        for (size_t i = 0; i < t->n_rows; i++)
            if ((int)t->rows[i].severity == severity)
                rows[n++] = t->rows[i];
    t->rows = rows;
    t->cap_rows = n;
    t->sort_column = -1;
}

/* Why nothing is listed: no all-clear of a server that was not seen just now. */
static const char *nothing_notable(struct doc *d, const struct view_ctx *c)
{
    double load;
    model_load_series(c->model, (struct span){add_sat(c->now, -SEEN_NS), add_sat(c->now, 1)}, 1, &load);
    return isfinite(load)
               ? common_as_seen(d, c, KINDS_ACTIVITY,
                                "No session is blocked, idle in a transaction for long, or vacuums.")
               : common_empty(d, c, KINDS_ACTIVITY);
}

static void notable(struct doc *d, const struct view_ctx *c, const struct node *nodes, size_t n)
{
    struct section *s = doc_table(d, "notable", "Locks, transactions, vacuums", NOTABLE, ARRAY_LEN(NOTABLE));
    for (size_t i = 0; i < n; i++)
        if (is_session(nodes[i].s->a) && !nodes[i].done)
            note_session(d, s, &nodes[i]);
    note_holders(d, s, nodes, n);
    s->weight = 2;
    s->steady = NOTABLE_ROWS;
    s->empty = nothing_notable(d, c);
    if (s->table.n_rows)
        worst_first(d, &s->table);
    else if (!c->key) /* printed, no table for nothing; a pane stays where it is */
        d->n_sections--;
}

static int longest_first(const void *x, const void *y)
{
    const struct session_sample *a = x, *b = y;
    int64_t p = common_age(a->at, a->a->query_start), q = common_age(b->at, b->a->query_start);
    return (p < q) - (p > q);
}

/* Of this moment, then in the console those that were active shortly before. */
static size_t sample_nodes(const struct view_ctx *c, struct session_sample *s, struct node *nodes)
{
    size_t n = model_sessions(c->model, c->now, s, SESSIONS_MAX), now = n;
    qsort(s, n, sizeof *s, longest_first);
    if (c->key && n < HELD_MAX)
        n += model_sessions_before(c->model, add_sat(c->now, -HELD_NS), c->now, s + n, HELD_MAX);
    for (size_t i = 0; i < n; i++)
        nodes[i] = (struct node){.s = &s[i],
                                 .parent = NONE,
                                 .first = NONE,
                                 .next = NONE,
                                 .longest_ns = SD_UNKNOWN,
                                 .done = i >= now};
    forest(nodes, now);
    return n;
}

static void session_rows(struct doc *d, const struct view_ctx *c, struct table *t, const struct node *nodes,
                         size_t n)
{
    const struct node **roots = mem_array(n + 1, sizeof *roots);
    size_t n_roots = 0;
    for (size_t i = 0; i < n; i++)
        if (nodes[i].parent == NONE && is_session(nodes[i].s->a))
            roots[n_roots++] = &nodes[i];
    qsort(roots, n_roots, sizeof *roots, by_rank);
    for (size_t i = 0; i < n_roots; i++)
        tree(d, c, t, nodes, (size_t)(roots[i] - nodes));
    free(roots);
}

static void sessions(struct doc *d, const struct view_ctx *c)
{
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    struct node *nodes = mem_array(SESSIONS_MAX, sizeof *nodes);
    size_t n = sample_nodes(c, s, nodes);
    struct section *sec = doc_section(d, SECTION_TREE, "rows", "Sessions");
    sec->table = (struct table){.columns = SESSIONS, .n_columns = A_COLUMNS, .sort_column = -1};
    sec->weight = 3;
    sec->min_height = 6;
    sec->steady = SESSIONS_ROWS;
    sd_time newest = SD_UNKNOWN;
    int64_t shown = 0;
    for (size_t i = 0; i < n; i++) {
        shown += is_session(s[i].a) && !is_worker(s[i].a) && !nodes[i].done;
        newest = MAX(newest, s[i].at); /* SD_UNKNOWN is the smallest */
    }
    session_rows(d, c, &sec->table, nodes, n);
    sec->note =
        common_note(d, c,
                    &(struct note){KINDS_ACTIVITY, shown || n ? shown : SD_UNKNOWN,
                                   shown == 1 ? "session" : "sessions", .last = newest, .moment = true});
    sec->empty = common_empty(d, c, KINDS_ACTIVITY);
    notable(d, c, nodes, n);
    free(nodes);
    free(s);
}

static struct doc *build_activity(const struct view_ctx *c)
{
    struct doc *d = doc_new("activity", "Activity");
    common_envelope(d, c, common_span(c));
    load_points(d, c, common_drawn(c, common_span(c)));
    sessions(d, c);
    for (int by_route = 0; by_route < 2; by_route++) {
        load_layers(d, c, by_route);
        load_table(d, c, by_route);
    }
    return d;
}

static const struct column ALSO[] = {
    {.key = "waits", .title = "Waits", .help = "what sessions wait for: wait, load, share"},
    {.key = "routes", .title = "Routes", .help = "the routes they work for: route, load, share"},
    {.key = "load", .title = "Load", .help = "over time: points of at, load, the active sessions"},
    {.key = "notable", .title = "Notable", .help = "what to check, if anything: what, pid, age_ns, text"},
    {.key = "waits_over_time",
     .title = "Waits over time",
     .help = "points of at, load, and layers, an object: the load of the largest waits by their names, CPU "
             "always among them, and (other)"},
    {.key = "routes_over_time",
     .title = "Routes over time",
     .help = "the same by route, (untagged) always among them"},
};

const struct view activity_view = {
    .name = "activity",
    .aliases = "sessions locks blockers top",
    .place = PLACE_DB,
    .title = "Activity",
    .summary = "the sessions of the database: who blocks whom, what they wait for, for which route",
    .lists = "session",
    .thing = "pid",
    .linked = sessions_linked,
    .needs = KINDS_ACTIVITY,
    .build = build_activity,
    .actions = session_actions,
    .links = (const char *const[]){"queries", "tables", "indexes", "pools", NULL},
    .worst = sessions_worst,
    .figures = sessions_figures,
    .columns = SESSIONS,
    .n_columns = A_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
