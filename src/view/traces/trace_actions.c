/* Going about in a trace. */
#include "core/table.h"
#include "view/action.h"
#include "view/traces/shown_trace.h"
#include "view/traces/trace_only.h"
#include "view/traces/traces.h"

static bool on_trace(const struct action_ctx *c, struct sd_error *why)
{
    return (c->on == &trace_view && c->doc->owned) || fail(why, "This is for the view trace");
}

/* What is looked for; of the rows from `at` on, around the end. The row; SIZE_MAX: none. */
static size_t next_row(const struct shown_trace *x, size_t at,
                       bool (*wanted)(const struct shown_trace *, size_t))
{
    for (size_t k = 1; k <= x->n_rows; k++)
        if (wanted(x, (at + k) % x->n_rows))
            return (at + k) % x->n_rows;
    return SIZE_MAX;
}

static void go_next(const struct action_ctx *c, struct outcome *out,
                    bool (*wanted)(const struct shown_trace *, size_t), const char *none)
{
    struct shown_trace *x = c->doc->owned;
    size_t at = c->row && c->row->number < x->n_rows ? c->row->number : 0;
    size_t row = x->n_rows ? next_row(x, at, wanted) : SIZE_MAX;
    if (row == SIZE_MAX)
        outcome_message(out, SEVERITY_INFO, "%s", none);
    else
        out->row = shown_identity(x, row);
}

/* Siblings that repeat are one stop: those in it are passed over. */
static bool is_stop(const struct shown_trace *x, size_t row)
{
    const struct shown_row *r = &x->rows[row];
    return r->kind != SHOWN_GAP && x->row_of[r->node] == row;
}

static bool is_database(const struct shown_trace *x, size_t row)
{
    return is_stop(x, row) && span_db_system(x->t, shown_span(x, x->rows[row].node));
}

static bool is_error(const struct shown_trace *x, size_t row)
{
    return x->rows[row].kind == SHOWN_SPAN && shown_span(x, x->rows[row].node)->error;
}

static void run_database(const struct action_ctx *c, struct outcome *out)
{
    go_next(c, out, is_database, "The trace has no span of a database");
}

static void run_error(const struct action_ctx *c, struct outcome *out)
{
    go_next(c, out, is_error, "No span of the trace failed");
}

/* Own time, which is what can be made faster there; of siblings that repeat all of it. */
static int64_t own(const struct shown_trace *x, size_t row)
{
    const struct shown_row *r = &x->rows[row];
    int64_t sum = -1;
    if (!is_stop(x, row))
        return -1;
    uint32_t at = r->node;
    for (uint32_t k = 0; k < (r->kind == SHOWN_REPEATS ? r->count : 1); k++) {
        int64_t ns = x->tree->nodes[at].self_ns;
        sum = sd_known(ns) ? add_sat(MAX(sum, 0), ns) : sum;
        at += x->tree->nodes[at].n_below + 1;
    }
    return sum;
}

/* The slowest; from where this has gone, the next slower one. */
static void run_slowest(const struct action_ctx *c, struct outcome *out)
{
    struct shown_trace *x = c->doc->owned;
    size_t at = c->row && c->row->number < x->n_rows ? c->row->number : SIZE_MAX;
    bool goes_on = at != SIZE_MAX && x->toured == at + 1;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < x->n_rows; i++) {
        int64_t ns = own(x, i);
        bool after = !goes_on || ns < own(x, at) || (ns == own(x, at) && i > at);
        if (ns >= 0 && after && (best == SIZE_MAX || ns > own(x, best)))
            best = i;
    }
    if (best == SIZE_MAX) {
        outcome_message(out, SEVERITY_INFO, "No span of the trace is %s", goes_on ? "faster" : "timed");
        return;
    }
    x->toured = best + 1;
    out->row = shown_identity(x, best);
}

static const struct view_action SLOWEST = {
    .name = "slowest-span",
    .keys = "t",
    .group = "Diving",
    .help = "in a trace: go to the span with the most time of its own, then to the next slower one",
    .enabled = on_trace,
    .run = run_slowest,
};

static const struct view_action DATABASE = {
    .name = "next-database-span",
    .keys = "D",
    .group = "Diving",
    .help = "in a trace: go to the next span of a database or cache",
    .enabled = on_trace,
    .run = run_database,
};

static const struct view_action FAILED = {
    .name = "next-failed-span",
    .keys = "E",
    .group = "Diving",
    .help = "in a trace: go to the next span that failed",
    .enabled = on_trace,
    .run = run_error,
};

static bool has_traces(const struct action_ctx *c, struct sd_error *why)
{
    return model_has(c->view.model, KINDS_TRACES) || fail(why, "There are no traces here");
}

/* With the key alone: those that failed, and all again. */
static void run_only(const struct action_ctx *c, struct outcome *out)
{
    bool now = view_chosen_text(&c->view, TRACES_ONLY_CHOICE) != NULL;
    const char *what = c->arg ? c->arg : now ? NULL : "failed";
    out->choose = TRACES_ONLY_CHOICE;
    out->choice_text = what && *what ? arena_strdup(out->arena, what) : NULL;
    if (c->view.key && c->on != &traces_view)
        out->view = "traces";
    outcome_message(out, SEVERITY_INFO, what && *what ? "Only traces that are all of this: %s" : "All traces",
                    what);
}

static const struct view_action ONLY = {
    .name = "only",
    .keys = "O",
    .group = "Tables",
    .help = "list the traces that failed only, and all again",
    .args = "[WHAT]",
    .args_help = "only traces that are all of this: failed,500ms,checkout",
    .enabled = has_traces,
    .run = run_only,
};

const struct view_action *const TRACE_ACTIONS[] = {&SLOWEST, &DATABASE, &FAILED, &ONLY, NULL};
