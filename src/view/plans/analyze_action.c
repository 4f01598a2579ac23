/* analyze_action.c - EXPLAIN ANALYZE of a query: which statement, with which values, and
 * what is told before it is executed. */
#include "view/plans/analyze_action.h"

#include "base/clock.h"
#include "core/sql/statement.h"
#include "view/plans/plan_actions.h"
#include "view/sessions/session_actions.h"
#include "view/shared/common.h"

#include <stdlib.h>

/* What the key was pressed on. */
struct wish {
    const struct query *of;
    const char *text, *origin, *database;
    char values[96]; /* whose they are, as far as they were not typed; "" */
};

/* pg_stat_statements keeps no values; a session that runs the statement right now shows
 * them, and so does a plan of the server's log. NULL: only the text with $1 is known. */
static const char *text_with_values(const struct action_ctx *c, struct wish *w)
{
    char when[CLOCK_TEXT_MAX];
    const struct query *of = w->of;
    struct plan_entry plan;
    struct session_sample live;
    if (c->typed && str_eq(c->typed_for, query_key(of))) /* typed before: to be changed or confirmed */
        return NULL;
    if (session_running(c->view.model, of, &live)) {
        snprintf(w->values, sizeof w->values, "from session %lld, which runs it now", (long long)live.a->pid);
        return live.a->query;
    }
    if (!model_plan(c->view.model, query_key(of), INT64_MAX, &plan) || !plan.plan->query ||
        sql_parameters(plan.plan->query))
        return NULL;
    snprintf(w->values, sizeof w->values, "from its plan of %s", clock_hms(plan.at, c->now, when));
    return plan.plan->query;
}

/* The query a session runs, when it has one. */
static const struct query *query_of_session(const struct action_ctx *c, const struct sd_activity *a)
{
    if (!a->database || !sd_known(a->query_id))
        return NULL;
    char *key = mem_printf("%s/%lld", a->database, (long long)a->query_id);
    const struct query *q = model_find_query(c->view.model, key);
    free(key);
    return q;
}

static void find_wish(const struct action_ctx *c, struct wish *w)
{
    const char *key = plan_query_here(c);
    struct session_sample live;
    *w = (struct wish){.of = key ? model_find_query(c->view.model, key) : NULL};
    bool seen = session_selected(c, &live) && live.a->query;
    if (seen && !w->of)
        w->of = query_of_session(c, live.a);
    const char *known = w->of ? query_text(w->of) : NULL;
    w->text = seen ? live.a->query : known;
    if (seen) {
        w->origin = live.origin;
        w->database = live.a->database;
    } else if (w->of) {
        w->origin = query_origin(w->of);
        w->database = query_database(w->of);
    }
    if (seen && known && sql_parameters(known) && !sql_parameters(w->text))
        snprintf(w->values, sizeof w->values, "from session %lld, which runs it now", (long long)live.a->pid);
    if (w->of && w->text && sql_parameters(w->text)) {
        const char *whole = text_with_values(c, w);
        w->text = whole ? whole : known ? known : w->text;
    }
}

static bool can_analyze(const struct action_ctx *c, struct sd_error *why)
{
    struct wish w;
    struct session_sample live;
    if (c->running)
        return fail(why, "Only one at a time: %s still runs on %s", c->running->job->title,
                    c->running->where);
    find_wish(c, &w);
    if (!w.of && session_selected(c, &live) && live.a->query)
        return fail(
            why,
            "The server reports no query_id for this statement, so its plan cannot be assigned to a query");
    if (!w.of)
        return fail(why, "Select the query to execute under EXPLAIN ANALYZE first");
    if (!w.text)
        return fail(why, "The text of this query is not known, so it cannot be executed");
    return w.origin || fail(why, "No open source can execute this query");
}

/* SQL on one line, literals hidden unless they may be shown. */
static const char *shown_sql(const struct action_ctx *c, struct outcome *out, const char *sql)
{
    struct doc *d = doc_new("", "");
    const char *text = arena_strdup(out->arena, common_sql(d, &c->view, sql, true));
    doc_free(d);
    return text;
}

/* `wrong`: why what was typed before does not do; NULL. */
static void ask_for_values(const struct action_ctx *c, const struct query *of, const char *text,
                           const char *wrong, struct outcome *out)
{
    const char *key = query_key(of);
    int n = sql_parameters(text);
    out->prompt.label = "Values: ";
    out->prompt.about = arena_strdup(out->arena, key);
    out->prompt.text = str_eq(c->typed_for, key) ? arena_strdup(out->arena, c->typed) : NULL;
    out->prompt.hint = arena_printf(out->arena, "%s\n%s%s: %s (Esc cancels)", shown_sql(c, out, text),
                                    wrong ? wrong : "To execute it, type ",
                                    wrong    ? ""
                                    : n == 1 ? "a value for $1"
                                             : "values, the first for $1",
                                    n == 1 ? "42" : "42, 'text', NULL");
}

static void calls_so_far(struct outcome *out, const struct query *of)
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
    outcome_fact(out, "So far", b.text);
    strbuf_free(&b);
}

static void order_analyze(const struct action_ctx *c, const struct wish *w, struct outcome *out)
{
    struct sd_job_analyze *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_analyze){.query_id = query_id(w->of),
                                    .database = arena_strdup(out->arena, w->database),
                                    .query = arena_strdup(out->arena, w->text),
                                    .limit_ns = c->limit_ns};
    out->order = (struct job_order){
        .job = job_of(SD_JOB_ANALYZE),
        .args = args,
        .origin = arena_strdup(out->arena, w->origin),
        .where = w->database ? arena_printf(out->arena, "%s@%s", w->database, w->origin)
                             : arena_strdup(out->arena, w->origin),
        .about = arena_strdup(out->arena, query_key(w->of)),
        /* The plan's screen asks for the planner's figures, to be seen meanwhile. */
        .view = "plan",
    };
}

static void confirm(const struct action_ctx *c, const struct wish *w, const char *values, struct outcome *out)
{
    char limit[UNIT_TEXT_MAX];
    out->question.title = "Execute this query (EXPLAIN ANALYZE)?";
    outcome_fact(out, "On",
                 w->database
                     ? arena_printf(out->arena, "database %s of the source %s", w->database, w->origin)
                     : arena_printf(out->arena, "the source %s", w->origin));
    outcome_sql(out, "Query", shown_sql(c, out, w->text));
    outcome_fact(out, "Values", values ? values : w->values);
    calls_so_far(out, w->of);
    out->question.what =
        arena_printf(out->arena,
                     "Executed once, for at most %s, in a read-only transaction, then rolled "
                     "back. This puts load on the server.",
                     common_duration(c->limit_ns, limit));
    order_analyze(c, w, out);
}

/* The values that were asked for have been typed. */
static void take_values(const struct action_ctx *c, struct outcome *out)
{
    const struct query *of = c->typed_for ? model_find_query(c->view.model, c->typed_for) : NULL;
    struct sd_error err = {""};
    if (!of || !query_text(of) || !query_origin(of)) {
        outcome_message(out, SEVERITY_INFO, "The query is no longer known");
        return;
    }
    char *text = sql_with_values(query_text(of), c->typed, &err);
    if (text)
        confirm(c,
                &(struct wish){
                    .of = of, .text = text, .origin = query_origin(of), .database = query_database(of)},
                c->typed, out);
    else /* keep the typed text, so that it can be corrected */
        ask_for_values(c, of, query_text(of), err.text, out);
    free(text);
}

static void run_analyze(const struct action_ctx *c, struct outcome *out)
{
    struct wish w;
    if (c->answered) {
        take_values(c, out);
        return;
    }
    find_wish(c, &w);
    if (sql_parameters(w.text))
        ask_for_values(c, w.of, w.text, NULL, out);
    else
        confirm(c, &w, NULL, out);
}

const struct view_action analyze_action = {
    .name = "analyze",
    .keys = "X",
    .group = "Opening and going back",
    .help = "execute the selected query: EXPLAIN ANALYZE (asks)",
    .on_server = "execute a query",
    .enabled = can_analyze,
    .run = run_analyze,
};
