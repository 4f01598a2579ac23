/* What is asked of a server and changes or costs something there: EXPLAIN ANALYZE,
 * cancel, terminate. Each is confirmed first; the answer comes as a batch. */
#include "ui/state.h"

#include "base/clock.h"
#include "core/sql/statement.h"
#include "view/shared/common.h"

#include <stdlib.h>

enum { SESSIONS_MAX = 4096 };

/* A server that was told to stop, or should have by itself, answers within this. */
#define ANSWER_NS (15 * SD_S)

/* ---- what the row is about ---- */

/* "shop/77": the query of the selected row, or the one the screen is about; NULL. */
static const char *selected_query(struct console *c)
{
    struct screen *s = console_screen(c);
    const struct row *r = console_row(c);
    if (r && str_eq(r->dive.view, "query"))
        return r->dive.arg;
    if (strcmp(s->view->name, "query") != 0 && strcmp(s->view->name, "plan") != 0)
        return NULL;
    if (s->arg)
        return s->arg;
    for (size_t i = 0; i < s->doc->n_fields; i++) /* the view chose one */
        if (str_eq(s->doc->fields[i].key, "query_key") && s->doc->fields[i].value.type == CELL_TEXT)
            return s->doc->fields[i].value.s;
    return NULL;
}

/* The session of the row as it was last seen; false: it was not, lately. */
static bool find_session(struct console *c, const struct row *r, struct session_sample *out)
{
    struct session_sample *all = mem_array(SESSIONS_MAX, sizeof *all);
    size_t n = model_sessions(c->env.model, INT64_MAX, all, SESSIONS_MAX);
    bool found = false;
    for (size_t i = 0; i < n && !found; i++)
        if (all[i].a->pid == r->session.pid && all[i].a->backend_start == r->session.backend_start &&
            str_eq(all[i].origin, r->session.origin)) {
            *out = all[i];
            found = true;
        }
    free(all);
    return found;
}

/* SQL on one line, literals hidden unless they may be shown. Caller frees. */
static char *shown_sql(struct console *c, const char *sql)
{
    struct doc *d = doc_new("", "");
    char *text = mem_strdup(common_sql(
        d, &(struct view_ctx){.show_literals = c->env.config->settings->show_literals}, sql, true));
    doc_free(d);
    return text;
}

static bool can_ask(struct console *c, const char *for_what)
{
    if (c->env.replay || !c->env.request)
        console_message(c, SEVERITY_INFO, "A recording has no server to %s", for_what);
    else if (c->mode != CURSOR_LIVE)
        console_message(c, SEVERITY_INFO, "This is the past; L goes back to the present, where one can %s",
                        for_what);
    else
        return true;
    return false;
}

/* ---- EXPLAIN ANALYZE ---- */

static void execution_end(struct console *c)
{
    struct execution *x = c->execution;
    c->execution = NULL;
    if (!x)
        return;
    free(x->origin);
    free(x->where);
    free(x->key);
    free(x);
}

void ask_free(struct console *c)
{
    execution_end(c);
    question_free(c->question);
    c->question = NULL;
    free(c->values_of);
    free(c->values);
}

static void so_far(struct question *q, const struct query *of)
{
    struct query_stats s;
    char calls[UNIT_TEXT_MAX], mean[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX];
    query_stats(of, SPAN_ALL, &s);
    if (!s.known || s.calls <= 0 || isnan(s.mean_ns))
        return;
    struct strbuf b = {0};
    strbuf_printf(&b, "%s %s, %s on average", unit_format_int(UNIT_COUNT, s.calls, calls),
                  s.calls == 1 ? "call" : "calls", unit_format(UNIT_NS, s.mean_ns, mean));
    if (sd_known(s.max_ns))
        strbuf_printf(&b, ", %s at most", unit_format_int(UNIT_NS, s.max_ns, max));
    question_fact(q, "So far", b.text);
    strbuf_free(&b);
}

/* What X was pressed on. */
struct wish {
    const struct query *of;
    const char *text, *origin, *database;
    char values[96]; /* whose they are, as far as they were not typed; "" */
};

/* pg_stat_statements keeps no values; a session that runs the statement right now shows
 * them, and so does a plan of the server's log. NULL: only the text with $1 is known. */
static const char *text_with_values(struct console *c, const struct query *of, struct wish *w)
{
    char when[CLOCK_TEXT_MAX];
    if (c->values && str_eq(c->values_of, query_key(of))) /* typed before: to be changed or confirmed */
        return NULL;
    struct session_sample *all = mem_array(SESSIONS_MAX, sizeof *all);
    size_t n = model_sessions(c->env.model, INT64_MAX, all, SESSIONS_MAX);
    struct plan_entry plan;
    const char *text = NULL;
    for (size_t i = 0; i < n && !text && sd_known(query_id(of)); i++) {
        const struct sd_activity *a = all[i].a;
        if (a->query_id == query_id(of) && str_eq(a->database, query_database(of)) &&
            str_eq(all[i].origin, query_origin(of)) && a->query && !sql_parameters(a->query)) {
            text = a->query;
            snprintf(w->values, sizeof w->values, "those that session %lld runs it with", (long long)a->pid);
        }
    }
    free(all);
    if (!text && model_plan(c->env.model, query_key(of), INT64_MAX, &plan) && plan.plan->query &&
        !sql_parameters(plan.plan->query)) {
        text = plan.plan->query;
        snprintf(w->values, sizeof w->values, "those of its plan of %s",
                 clock_hms(plan.at, console_now(c), when));
    }
    return text;
}

static bool find_wish(struct console *c, struct wish *w)
{
    const char *key = selected_query(c);
    const struct row *r = console_row(c);
    struct session_sample live;
    const struct query *of = key ? model_find_query(c->env.model, key) : NULL;
    bool seen = r && r->session.origin && find_session(c, r, &live) && live.a->query;
    if (seen && !of && live.a->database && sd_known(live.a->query_id)) {
        char *made = mem_printf("%s/%lld", live.a->database, (long long)live.a->query_id);
        of = model_find_query(c->env.model, made);
        free(made);
    }
    const char *known = of ? query_text(of) : NULL;
    *w = (struct wish){.of = of,
                       .text = seen ? live.a->query : known,
                       .origin = seen ? live.origin
                                 : of ? query_origin(of)
                                      : NULL,
                       .database = seen ? live.a->database
                                   : of ? query_database(of)
                                        : NULL};
    if (seen && known && sql_parameters(known) && !sql_parameters(w->text))
        snprintf(w->values, sizeof w->values, "those that session %lld runs it with", (long long)live.a->pid);
    if (of && w->text && sql_parameters(w->text)) {
        const char *whole = text_with_values(c, of, w);
        w->text = whole ? whole : known ? known : w->text;
    }
    if (of && w->text && w->origin)
        return true;
    console_message(
        c, SEVERITY_INFO,
        !of && seen ? "The server gives this statement no query_id, so its plan would belong to nothing here"
        : !of       ? "Select a query first: X executes it under EXPLAIN ANALYZE"
        : !w->text  ? "The text of this query is not known, so it cannot be executed"
                    : "No open source can execute this query");
    return false;
}

/* `wrong`: why what was typed before does not do; NULL. */
static void ask_for_values(struct console *c, const struct query *of, const char *text, const char *wrong)
{
    bool again = str_eq(c->values_of, query_key(of));
    int n = sql_parameters(text);
    prompt_open(c, PROMPT_VALUES, again && c->values ? c->values : "");
    if (!again) {
        free(c->values_of);
        c->values_of = mem_strdup(query_key(of));
    }
    char *shown = shown_sql(c, text);
    c->hint = mem_printf("%s\n%s%s: %s (Esc: not at all)", shown, wrong ? wrong : "To execute it, type ",
                         wrong    ? ""
                         : n == 1 ? "a value for $1"
                                  : "values, the first for $1",
                         n == 1 ? "42" : "42, 'text', NULL");
    free(shown);
}

static void analyze_question(struct console *c, const struct wish *w, const char *values)
{
    char limit[UNIT_TEXT_MAX];
    int64_t limit_ns = c->env.config->settings->analyze_limit_ns;
    common_duration(limit_ns, limit);
    struct question *q = question_new("Execute this query (EXPLAIN ANALYZE)?");
    char *shown = shown_sql(c, w->text);
    q->origin = arena_strdup(q->arena, w->origin);
    q->key = arena_strdup(q->arena, query_key(w->of));
    q->where = arena_strdup(q->arena, w->origin);
    if (w->database)
        q->where = arena_printf(q->arena, "%s@%s", w->database, w->origin);
    q->request = (struct sd_request){.kind = SD_REQUEST_ANALYZE,
                                     .query_id = query_id(w->of),
                                     .database = arena_strdup(q->arena, w->database),
                                     .query = arena_strdup(q->arena, w->text),
                                     .limit_ns = limit_ns,
                                     .pid = SD_UNKNOWN,
                                     .backend_start = SD_UNKNOWN};
    question_fact(q, "On",
                  w->database ? arena_printf(q->arena, "database %s of the source %s", w->database, w->origin)
                              : arena_printf(q->arena, "the source %s", w->origin));
    question_fact(q, "Query", shown);
    question_fact(q, "Values", values ? values : w->values);
    so_far(q, w->of);
    q->what = arena_printf(q->arena,
                           "Executed once, for at most %s, in a read-only transaction, then rolled back. "
                           "The load is real.",
                           limit);
    free(shown);
    question_open(c, q);
}

void ask_analyze(struct console *c)
{
    struct wish w;
    if (!can_ask(c, "execute a query"))
        return;
    if (c->execution) {
        console_message(c, SEVERITY_INFO, "One at a time: EXPLAIN ANALYZE still runs on %s",
                        c->execution->where);
        return;
    }
    if (!find_wish(c, &w))
        return;
    if (!sql_parameters(w.text)) {
        analyze_question(c, &w, NULL);
        return;
    }
    ask_for_values(c, w.of, w.text, NULL);
}

void ask_values(struct console *c, const char *values)
{
    const struct query *of = c->values_of ? model_find_query(c->env.model, c->values_of) : NULL;
    struct sd_error err = {""};
    if (!of || !query_text(of) || !query_origin(of)) {
        console_message(c, SEVERITY_INFO, "The query is not known any more");
        return;
    }
    char *text = sql_with_values(query_text(of), values, &err);
    free(c->values);
    c->values = mem_strdup(values);
    if (text) {
        struct wish w = {.of = of, .text = text, .origin = query_origin(of), .database = query_database(of)};
        analyze_question(c, &w, values);
    } else { /* what was typed stands there to be mended */
        ask_for_values(c, of, query_text(of), err.text);
    }
    free(text);
}

static void analyze_yes(struct console *c, struct question *q)
{
    struct sd_error err = {""};
    struct screen *s = console_screen(c);
    /* The plan's screen first: it asks for the planner's figures, to be seen meanwhile. */
    if (strcmp(s->view->name, "plan") != 0 || !str_eq(s->arg, q->key))
        console_push(c, view_named("plan"), q->key);
    console_build(c);
    if (!c->env.request(c->env.app, q->origin, &q->request, &err)) {
        console_message(c, SEVERITY_WARN, "%s", err.text);
        return;
    }
    struct execution *x = mem_alloc(sizeof *x);
    *x = (struct execution){.origin = mem_strdup(q->origin),
                            .where = mem_strdup(q->where),
                            .key = mem_strdup(q->key),
                            .query_id = q->request.query_id,
                            .limit_ns = q->request.limit_ns,
                            .since = console_now(c)};
    c->execution = x;
}

bool ask_withdraw(struct console *c)
{
    struct execution *x = c->execution;
    if (!x || x->withdrawn || !c->env.withdraw)
        return false;
    x->withdrawn = console_now(c);
    c->env.withdraw(c->env.app, x->origin);
    return true;
}

void ask_banner(const struct console *c, struct strbuf *out)
{
    const struct execution *x = c->execution;
    char limit[UNIT_TEXT_MAX];
    if (!x)
        return;
    if (x->withdrawn)
        strbuf_printf(out, "EXPLAIN ANALYZE on %s is being stopped", x->where);
    else
        strbuf_printf(out, "EXPLAIN ANALYZE runs on %s: %lld s of at most %s; Esc stops it", x->where,
                      (long long)(MAX(console_now(c) - x->since, 0) / SD_S),
                      common_duration(x->limit_ns, limit));
}

bool ask_tick(struct console *c, sd_time now, int64_t *wait_ns)
{
    struct execution *x = c->execution;
    if (!x)
        return false;
    if (now < x->since) /* the clock was set back */
        x->since = now;
    if ((x->withdrawn && now - x->withdrawn > ANSWER_NS) || now - x->since > x->limit_ns + 2 * ANSWER_NS) {
        console_message(c, SEVERITY_WARN,
                        "No answer came to EXPLAIN ANALYZE on %s; the source's state is in view 5", x->where);
        execution_end(c);
        *wait_ns = 0;
        return true;
    }
    int64_t second = (now - x->since) / SD_S;
    *wait_ns = MIN(*wait_ns, x->since + (second + 1) * SD_S - now);
    bool changed = second != x->second;
    x->second = second;
    return changed;
}

static bool answer(struct console *c, const char *origin, const struct sd_plan *p)
{
    struct execution *x = c->execution;
    char took[UNIT_TEXT_MAX];
    if (!x || !str_eq(x->origin, origin) || p->query_id != x->query_id || p->analyzed != 1)
        return false;
    unit_format_int(UNIT_NS, console_now(c) - x->since, took);
    if (!p->failed)
        console_message(c, SEVERITY_GOOD, "Executed on %s, answered after %s: the plan is the executed one",
                        x->where, took);
    else
        console_message(c, x->withdrawn ? SEVERITY_INFO : SEVERITY_WARN, "EXPLAIN ANALYZE on %s: %s",
                        x->where, p->failed);
    execution_end(c);
    return true;
}

/* ---- cancel and terminate ---- */

static const struct signal {
    enum sd_request_kind kind;
    const char *verb, *what;
} SIGNALS[] = {
    {SD_REQUEST_CANCEL, "cancel statements",
     "The server stops the statement (pg_cancel_backend); its transaction fails, the session stays."},
    {SD_REQUEST_TERMINATE, "end sessions",
     "The server ends the session (pg_terminate_backend) and rolls its transaction back."},
};

static const char *since(struct question *q, sd_time then, sd_time now)
{
    char when[CLOCK_TEXT_MAX], age[UNIT_TEXT_MAX];
    if (!sd_known(then) || then <= 0)
        return "an unknown time";
    return arena_printf(q->arena, "%s (%s)", clock_hms(then, now, when),
                        common_duration(common_age(now, then), age));
}

static void session_facts(struct console *c, struct question *q, const struct session_sample *s)
{
    const struct sd_activity *a = s->a;
    sd_time now = s->at;
    struct strbuf b = {0};
    strbuf_printf(&b, "%lld on %s, began %s", (long long)a->pid, s->origin, since(q, a->backend_start, now));
    if (sd_known(a->leader_pid) && a->leader_pid > 0 && a->leader_pid != a->pid)
        strbuf_printf(&b, "; parallel worker of %lld", (long long)a->leader_pid);
    question_fact(q, "Session", strbuf_text(&b));

    strbuf_clear(&b);
    strbuf_printf(&b, "role %s, database %s", a->role ? a->role : "unknown",
                  a->database ? a->database : "none");
    if (a->application && *a->application)
        strbuf_printf(&b, ", application %s", a->application);
    if (a->client && *a->client)
        strbuf_printf(&b, ", client %s", a->client);
    if (a->backend_type && strcmp(a->backend_type, "client backend") != 0)
        strbuf_printf(&b, ", %s", a->backend_type);
    question_fact(q, "Who", strbuf_text(&b));

    strbuf_clear(&b);
    bool active = str_eq(a->state, "active");
    strbuf_printf(&b, "%s since %s", a->state ? a->state : "unknown",
                  since(q, active ? a->query_start : a->state_change, now));
    if (sd_known(a->xact_start) && a->xact_start > 0)
        strbuf_printf(&b, ", in a transaction since %s", since(q, a->xact_start, now));
    if (a->wait_type && active)
        strbuf_printf(&b, ", waits on %s%s%s", a->wait_type, a->wait_event ? ":" : "",
                      a->wait_event ? a->wait_event : "");
    if (a->blocked_by && *a->blocked_by)
        strbuf_printf(&b, ", blocked by %s", a->blocked_by);
    question_fact(q, "State", strbuf_text(&b));
    strbuf_free(&b);

    char *sql = shown_sql(c, a->query);
    question_fact(q, active ? "Query" : "Last query", sql);
    free(sql);
}

void ask_signal(struct console *c, enum sd_request_kind kind)
{
    const struct signal *what = &SIGNALS[kind == SD_REQUEST_TERMINATE];
    const struct row *r = console_row(c);
    struct session_sample s;
    if (!can_ask(c, what->verb))
        return;
    if (!c->env.config->settings->allow_actions) {
        char *path = c->env.config->path ? mem_strdup(c->env.config->path) : config_default_path();
        console_message(c, SEVERITY_WARN,
                        "To %s is off: type :set allow_actions=yes, or write \"allow_actions: yes\" into %s",
                        what->verb, path ? path : "the configuration file");
        free(path);
        return;
    }
    if (!r || !r->session.origin) {
        console_message(c, SEVERITY_INFO, "Select a session first: view 4 (activity) lists them");
        return;
    }
    if (c->execution &&
        str_eq(c->execution->origin, r->session.origin)) { /* a source does one thing at a time */
        console_message(c, SEVERITY_WARN,
                        "%s executes a query for you (EXPLAIN ANALYZE): Esc stops it, then you can %s",
                        r->session.origin, what->verb);
        return;
    }
    if (!find_session(c, r, &s)) {
        console_message(c, SEVERITY_INFO,
                        "Session %lld is idle or gone: only sessions that do something are seen here, and "
                        "can be made to %s",
                        (long long)r->session.pid, kind == SD_REQUEST_CANCEL ? "stop" : "end");
        return;
    }
    if (kind == SD_REQUEST_CANCEL && s.a->state && str_starts(s.a->state, "idle")) {
        console_message(c, SEVERITY_INFO,
                        "Session %lld runs no statement (%s): there is nothing to cancel; K ends the session",
                        (long long)s.a->pid, s.a->state);
        return;
    }
    char title[80];
    snprintf(title, sizeof title,
             kind == SD_REQUEST_TERMINATE ? "!! Terminate session %lld?" : "Cancel the statement of %lld?",
             (long long)s.a->pid);
    struct question *q = question_new(title);
    q->danger = kind == SD_REQUEST_TERMINATE;
    q->origin = arena_strdup(q->arena, s.origin);
    q->request = (struct sd_request){.kind = kind,
                                     .query_id = s.a->query_id,
                                     .database = arena_strdup(q->arena, s.a->database),
                                     .pid = s.a->pid,
                                     .backend_start = s.a->backend_start,
                                     .query_start = s.a->query_start};
    session_facts(c, q, &s);
    q->what = what->what;
    question_open(c, q);
}

static void signal_yes(struct console *c, struct question *q)
{
    struct sd_error err = {""};
    if (c->env.request(c->env.app, q->origin, &q->request, &err))
        console_message(c, SEVERITY_INFO, "Asked %s to %s session %lld", q->origin,
                        q->danger ? "end" : "cancel the statement of", (long long)q->request.pid);
    else
        console_message(c, SEVERITY_WARN, "%s", err.text);
}

void ask_yes(struct console *c, struct question *q)
{
    if (q->request.kind == SD_REQUEST_ANALYZE)
        analyze_yes(c, q);
    else
        signal_yes(c, q);
}

/* ---- what comes back ---- */

/* A server's log may bring plans all the time; only one of what is looked at is news. */
static bool looked_at(struct console *c, const struct sd_plan *p)
{
    const struct screen *s = console_screen(c);
    if (strcmp(s->view->name, "plan") != 0 && strcmp(s->view->name, "query") != 0)
        return false;
    const struct query *q = s->arg ? model_find_query(c->env.model, s->arg) : NULL;
    return !s->arg || (q && query_id(q) == p->query_id);
}

bool console_take(struct console *c, const struct sd_batch *b)
{
    const struct sd_event *e;
    const struct sd_plan *p;
    bool any = false;
    for (size_t i = 0; (p = batch_each(b, SD_PLAN, &i));)
        any |= answer(c, batch_origin(b), p) || looked_at(c, p);
    for (size_t i = 0; (e = batch_each(b, SD_EVENT, &i)); any = true) {
        enum severity severity = str_eq(e->severity, "bad")    ? SEVERITY_BAD
                                 : str_eq(e->severity, "warn") ? SEVERITY_WARN
                                                               : SEVERITY_INFO;
        const char *text = e->text ? e->text : e->title;
        if (text)
            console_message(c, severity, "%s: %s", batch_origin(b), text);
    }
    if (any)
        c->stale = true;
    return any;
}
