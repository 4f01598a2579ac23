/* Going about in a trace. */
#include "core/table.h"
#include "view/action.h"
#include "view/traces/shown_trace.h"
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

/* Own time, which is what can be made faster there. */
static int64_t own(const struct shown_trace *x, size_t row)
{
    const struct shown_row *r = &x->rows[row];
    int64_t ns = r->kind == SHOWN_SPAN ? x->tree->nodes[r->node].self_ns : SD_UNKNOWN;
    return sd_known(ns) ? ns : -1;
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

const struct view_action *const TRACE_ACTIONS[] = {&SLOWEST, &DATABASE, &FAILED, NULL};
