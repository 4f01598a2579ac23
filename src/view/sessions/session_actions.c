/* session_actions.c - cancel a session's statement, end a session. */
#include "view/sessions/session_actions.h"

#include "base/clock.h"
#include "core/sql/statement.h"
#include "view/shared/common.h"

#include <stdlib.h>

enum { SESSIONS_MAX = 4096 };

/* ---- finding the session ---- */

static bool find_session(const struct model *m,
                         bool (*wanted)(const struct session_sample *s, const void *of), const void *of,
                         struct session_sample *out)
{
    struct session_sample *all = mem_array(SESSIONS_MAX, sizeof *all);
    size_t n = model_sessions(m, INT64_MAX, all, SESSIONS_MAX);
    bool found = false;
    for (size_t i = 0; i < n && !found; i++)
        if ((found = wanted(&all[i], of)))
            *out = all[i];
    free(all);
    return found;
}

static bool is_of_row(const struct session_sample *s, const void *of)
{
    const struct doc_session *row = of;
    return s->a->pid == row->pid && s->a->backend_start == row->backend_start &&
           str_eq(s->origin, row->origin);
}

bool session_selected(const struct action_ctx *c, struct session_sample *out)
{
    return c->row && c->row->session.origin && find_session(c->view.model, is_of_row, &c->row->session, out);
}

static bool runs_query(const struct session_sample *s, const void *of)
{
    const struct query *q = of;
    const struct sd_activity *a = s->a;
    return a->query_id == query_id(q) && str_eq(a->database, query_database(q)) &&
           str_eq(s->origin, query_origin(q)) && a->query && !sql_parameters(a->query);
}

bool session_running(const struct model *m, const struct query *q, struct session_sample *out)
{
    return sd_known(query_id(q)) && find_session(m, runs_query, q, out);
}

/* ---- what is told before ---- */

static const char *since(struct outcome *out, sd_time then, sd_time now)
{
    char when[CLOCK_TEXT_MAX], age[UNIT_TEXT_MAX];
    if (!sd_known(then) || then <= 0)
        return "an unknown time";
    return arena_printf(out->arena, "%s (%s)", clock_hms(then, now, when),
                        common_duration(common_age(now, then), age));
}

static void fact_session(struct outcome *out, const struct session_sample *s)
{
    const struct sd_activity *a = s->a;
    struct strbuf b = {0};
    strbuf_printf(&b, "%lld on %s, began %s", (long long)a->pid, s->origin,
                  since(out, a->backend_start, s->at));
    if (sd_known(a->leader_pid) && a->leader_pid > 0 && a->leader_pid != a->pid)
        strbuf_printf(&b, "; parallel worker of %lld", (long long)a->leader_pid);
    outcome_fact(out, "Session", strbuf_text(&b));
    strbuf_free(&b);
}

static void fact_who(struct outcome *out, const struct sd_activity *a)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "role %s, database %s", a->role ? a->role : "unknown",
                  a->database ? a->database : "none");
    if (a->application && *a->application)
        strbuf_printf(&b, ", application %s", a->application);
    if (a->client && *a->client)
        strbuf_printf(&b, ", client %s", a->client);
    if (a->backend_type && strcmp(a->backend_type, "client backend") != 0)
        strbuf_printf(&b, ", %s", a->backend_type);
    outcome_fact(out, "Who", strbuf_text(&b));
    strbuf_free(&b);
}

static void fact_state(struct outcome *out, const struct session_sample *s, bool active)
{
    const struct sd_activity *a = s->a;
    struct strbuf b = {0};
    strbuf_printf(&b, "%s since %s", a->state ? a->state : "unknown",
                  since(out, active ? a->query_start : a->state_change, s->at));
    if (sd_known(a->xact_start) && a->xact_start > 0)
        strbuf_printf(&b, ", in a transaction since %s", since(out, a->xact_start, s->at));
    if (a->wait_type && active)
        strbuf_printf(&b, ", waits on %s%s%s", a->wait_type, a->wait_event ? ":" : "",
                      a->wait_event ? a->wait_event : "");
    if (a->blocked_by && *a->blocked_by)
        strbuf_printf(&b, ", blocked by %s", a->blocked_by);
    outcome_fact(out, "State", strbuf_text(&b));
    strbuf_free(&b);
}

static void add_facts(const struct action_ctx *c, struct outcome *out, const struct session_sample *s)
{
    bool active = str_eq(s->a->state, "active");
    struct doc *d = doc_new("", "");
    fact_session(out, s);
    fact_who(out, s->a);
    fact_state(out, s, active);
    outcome_sql(out, active ? "Query" : "Last query", common_sql(d, &c->view, s->a->query, true));
    doc_free(d);
}

/* ---- cancel and terminate ---- */

/* What keeps both from being asked; `what`: "cancel statements". */
static bool can_signal(const struct action_ctx *c, const char *what, const char *end,
                       struct session_sample *s, struct sd_error *why)
{
    if (!c->row || !c->row->session.origin)
        return fail(why, "Select a session first: the view activity lists them");
    if (c->running && str_eq(c->running->origin, c->row->session.origin)) /* it does one thing at a time */
        return fail(why, "%s is executing your query (%s): stop it with Esc, then you can %s",
                    c->row->session.origin, c->running->job->title, what);
    return session_selected(c, s) ||
           fail(why, "Session %lld is idle or has ended: only sessions that are active can be told to %s",
                (long long)c->row->session.pid, end);
}

static bool can_cancel(const struct action_ctx *c, struct sd_error *why)
{
    struct session_sample s;
    struct doc *d = doc_new("", "");
    bool ok = can_signal(c, "cancel statements", "stop", &s, why);
    if (ok && s.a->state && str_starts(s.a->state, "idle")) {
        const char *key = view_key(&c->view, d, "terminate");
        ok = fail(why, "Session %lld runs no statement (%s): there is nothing to cancel%s%s%s",
                  (long long)s.a->pid, s.a->state, key ? "; " : "", key ? key : "",
                  key ? " ends the session" : "");
    }
    doc_free(d);
    return ok;
}

static bool can_terminate(const struct action_ctx *c, struct sd_error *why)
{
    struct session_sample s;
    return can_signal(c, "end sessions", "end", &s, why);
}

static void order_signal(struct outcome *out, const struct session_sample *s, enum sd_job job,
                         const void *args, const char *what)
{
    out->order = (struct job_order){
        .job = job_of(job),
        .args = args,
        .origin = arena_strdup(out->arena, s->origin),
        .where = arena_strdup(out->arena, s->origin),
        .about = arena_printf(out->arena, "%lld", (long long)s->a->pid),
        .asked =
            arena_printf(out->arena, "Asked %s to %s session %lld", s->origin, what, (long long)s->a->pid),
    };
}

static void run_cancel(const struct action_ctx *c, struct outcome *out)
{
    struct session_sample s;
    if (!session_selected(c, &s))
        return;
    struct sd_job_cancel *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_cancel){
        .pid = s.a->pid, .backend_start = s.a->backend_start, .query_start = s.a->query_start};
    out->question.title = arena_printf(out->arena, "Cancel the statement of %lld?", (long long)s.a->pid);
    add_facts(c, out, &s);
    out->question.what =
        "The server stops the statement (pg_cancel_backend); its transaction fails, the session stays open.";
    order_signal(out, &s, SD_JOB_CANCEL, args, "cancel the statement of");
}

static void run_terminate(const struct action_ctx *c, struct outcome *out)
{
    struct session_sample s;
    if (!session_selected(c, &s))
        return;
    struct sd_job_terminate *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_terminate){.pid = s.a->pid, .backend_start = s.a->backend_start};
    out->question.title = arena_printf(out->arena, "!! Terminate session %lld?", (long long)s.a->pid);
    out->question.danger = true;
    add_facts(c, out, &s);
    out->question.what = "The server ends the session (pg_terminate_backend) and rolls its transaction back.";
    order_signal(out, &s, SD_JOB_TERMINATE, args, "end");
}

static const struct view_action CANCEL = {
    .name = "cancel",
    .keys = "C",
    .group = "Sessions",
    .help = "cancel the session's statement (asks; allow_actions)",
    .on_server = "cancel statements",
    .danger = true,
    .enabled = can_cancel,
    .run = run_cancel,
};

static const struct view_action TERMINATE = {
    .name = "terminate",
    .keys = "K",
    .group = "Sessions",
    .help = "end the session (asks; allow_actions)",
    .on_server = "end sessions",
    .danger = true,
    .enabled = can_terminate,
    .run = run_terminate,
};

const struct view_action *const session_actions[] = {&CANCEL, &TERMINATE, NULL};
