/* plan_actions.c - actions on plans: request, compare, choose the metric. */
#include "view/plans/plan_actions.h"

#include "core/plans/tree.h"
#include "view/plans/analyze_action.h"

const char *plan_query_here(const struct action_ctx *c)
{
    if (c->row && str_eq(c->row->dive.view, "query"))
        return c->row->dive.arg;
    if (!str_eq(c->on->about, "query"))
        return NULL;
    if (c->view.arg)
        return c->view.arg;
    for (size_t i = 0; i < c->doc->n_fields; i++) { /* the view chose one */
        const struct field *f = &c->doc->fields[i];
        bool names = str_eq(f->key, "query_key") || (str_eq(c->on->name, "query") && str_eq(f->key, "query"));
        if (names && f->value.type == CELL_TEXT)
            return f->value.s;
    }
    return NULL;
}

static bool has_query(const struct action_ctx *c, const char *sentence, struct sd_error *why)
{
    return plan_query_here(c) || fail(why, "%s", sentence);
}

/* ---- the plan ---- */

static bool can_plan(const struct action_ctx *c, struct sd_error *why)
{
    return has_query(c, "Select a query first, then its plan is shown", why);
}

static void order_plan(const struct query *q, struct outcome *out)
{
    struct sd_job_explain *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_explain){
        .query_id = query_id(q), .database = query_database(q), .query = query_text(q)};
    if (!query_origin(q)) {
        outcome_message(out, SEVERITY_INFO, "No open source can give a plan of this query");
        return;
    }
    out->order = (struct job_order){.job = job_of(SD_JOB_EXPLAIN),
                                    .args = args,
                                    .origin = query_origin(q),
                                    .where = query_origin(q),
                                    .about = query_key(q),
                                    .asked = "Requested a new plan from the server (EXPLAIN only)"};
}

static void run_plan(const struct action_ctx *c, struct outcome *out)
{
    const char *key = plan_query_here(c);
    const struct query *q = model_find_query(c->view.model, key);
    if (!str_eq(c->on->name, "plan") && !str_eq(c->on->name, "diff")) { /* there it shows by itself */
        out->view = "plan";
        out->view_arg = arena_strdup(out->arena, key);
    }
    if (c->running && str_eq(c->running->about, q ? query_key(q) : key))
        outcome_message(out, SEVERITY_INFO, "This query is being executed; its plan comes with the result");
    else if (q && c->live)
        order_plan(q, out);
}

/* ---- two plans ---- */

static bool can_diff(const struct action_ctx *c, struct sd_error *why)
{
    return (c->arg && model_find_query(c->view.model, c->arg)) ||
           has_query(c, "Select a query first, then two of its plans are compared", why);
}

static void run_diff(const struct action_ctx *c, struct outcome *out)
{
    if (c->arg && model_find_query(c->view.model, c->arg)) { /* ":diff QUERY", as of every view */
        out->view = "diff";
        out->view_arg = arena_strdup(out->arena, c->arg);
        return;
    }
    if (!str_eq(c->on->name, "diff")) {
        out->view = "diff";
        out->view_arg = arena_strdup(out->arena, plan_query_here(c));
    }
    out->beside = true;
    out->file = arena_strdup(out->arena, c->arg);
}

/* ---- the plan metric ---- */

static bool can_weigh(const struct action_ctx *c, struct sd_error *why)
{
    if (c->arg && !plan_metric_named(c->arg))
        return fail(why, "There is no plan metric %s; expected time, rows, estimate, buffers, io or cost",
                    c->arg);
    if (!c->doc->metrics)
        return fail(why, "There is no plan on this screen");
    if (c->arg && !(c->doc->metrics & 1u << plan_metric_named(c->arg)))
        return fail(why, "The plan has no figures for %s", c->arg);
    return true;
}

static void run_metric(const struct action_ctx *c, struct outcome *out)
{
    int m = c->arg ? (int)plan_metric_named(c->arg) : c->doc->metric;
    for (int k = 1; !c->arg && k < PLAN_METRIC_END; k++) {
        m = m % (PLAN_METRIC_END - 1) + 1;
        if (c->doc->metrics & 1u << m)
            break;
    }
    const char *name = plan_metric_name((enum plan_metric)m);
    if (!c->arg && m == c->doc->metric) {
        outcome_message(out, SEVERITY_INFO, "The plan has figures for %s only", name);
        return;
    }
    out->choose = PLAN_METRIC_CHOICE;
    out->choice = m;
    outcome_message(out, SEVERITY_INFO, "Plan metric %s: %s", name, plan_metric_note((enum plan_metric)m));
}

static const char *metric_word(size_t i)
{
    return i + 1 < PLAN_METRIC_END ? plan_metric_name((enum plan_metric)(i + 1)) : NULL;
}

/* ---- the rows ---- */

static const struct view_action PLAN = {
    .name = "plan",
    .keys = "x F6",
    .group = "Opening and going back",
    .bar = "Plan",
    .help = "explain the selected query (plan only, safe)",
    .enabled = can_plan,
    .run = run_plan,
};

static const struct view_action DIFF = {
    .name = "diff",
    .keys = "d",
    .group = "Opening and going back",
    .help = "compare the query's plan with its previous plan",
    .args = "[FILE]",
    .args_help = "compare with the previous plan, or the plan in FILE",
    .enabled = can_diff,
    .run = run_diff,
};

static const struct view_action METRIC = {
    .name = "metric",
    .keys = "m",
    .group = "Opening and going back",
    .help = "choose the plan metric: time, rows, estimate, buffers ...",
    .args = "[NAME]",
    .args_help = "choose the plan metric; without a name, the next",
    .word = metric_word,
    .enabled = can_weigh,
    .run = run_metric,
};

const struct view_action *const plan_actions[] = {&PLAN, &DIFF, &analyze_action, &METRIC, NULL};
