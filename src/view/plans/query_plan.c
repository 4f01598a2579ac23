/* query_plan.c - plans that came from a source: the newest one of a query in the model,
 * or a source's reply. */
#include <stdlib.h>

#include "core/job.h"
#include "format/plans/explain_input.h"
#include "view/plans/plan_actions.h"
#include "view/plans/diff.h"
#include "view/plans/parts.h"
#include "view/shared/common.h"

#define COMPACT_NODES 12

static sd_time cursor(const struct view_ctx *c)
{
    return span_is_all(c->span) ? INT64_MAX : c->now;
}

static void want_plan(struct doc *d, const struct query *q)
{
    const struct sd_job_explain job = {
        .query_id = query_id(q), .database = query_database(q), .query = query_text(q), .unattended = 1};
    d->want = *job_copy_in(d->arena, &(struct sd_request){.job = SD_JOB_EXPLAIN, .args = &job});
    d->want_origin = doc_text(d, query_origin(q));
}

static void no_plan(struct doc *d, const char *text)
{
    doc_section(d, SECTION_TEXT, NULL, "Plan")->text = doc_text(d, text);
    doc_field(d, "why", UNIT_NONE, cell_text(doc_text(d, text)));
}

/* What a newer try said, in a sentence that stands beside the older plan. */
static const char *refusal(struct doc *d, const struct sd_plan *p)
{
    if (!p)
        return NULL;
    return doc_printf(d, "%s: %s",
                      p->analyzed == 1 ? "EXPLAIN ANALYZE was not done" : "a new plan was refused",
                      p->failed ? p->failed : "the source sent none");
}

#define BLOCK_BYTES 8192 /* PostgreSQL's block, unless compiled otherwise */

/* The newest plan of a query: read, with the facts that came with it. False: the doc
 * says why there is none. */
static bool load(struct doc *d, const struct view_ctx *c, const struct query *q, struct explain *e,
                 struct plan_source *src)
{
    struct plan_entry entry;
    struct sd_error err = {""};
    if (!model_plan(c->model, query_key(q), cursor(c), &entry) || !entry.plan) {
        if (!query_origin(q)) {
            no_plan(d, "There is no plan of this query, and no source that could give one.");
            return false;
        }
        want_plan(d, q);
        no_plan(d, c->live ? "The plan was requested." : "There is no plan of this query at this time.");
        return false;
    }
    if (entry.plan->failed || !entry.plan->body) {
        if (entry.plan->analyzed == 1 && query_origin(q)) /* it may be explained all the same */
            want_plan(d, q);
        no_plan(d, doc_printf(d, "There is no plan: %s",
                              entry.plan->failed ? entry.plan->failed : "the source sent none."));
        return false;
    }
    if (!explain_read(entry.plan->body, strlen(entry.plan->body), e, &err)) {
        no_plan(d, err.text);
        return false;
    }
    /* A generic plan is of an EXECUTE, whose identifier the server gives: not the query's. */
    if (query_id(q) != SD_UNKNOWN)
        for (size_t i = 0; i < e->n_plans; i++)
            e->plans[i]->query_id = query_id(q);
    const struct sd_advice **advice = arena_alloc(d->arena, (entry.n_advice + 1) * sizeof *advice);
    for (size_t i = 0; i < entry.n_advice; i++)
        advice[i] = plan_advice_checked(entry.advice[i]);
    *src = (struct plan_source){.facts = {.tables = entry.tables,
                                          .n_tables = entry.n_tables,
                                          .indexes = entry.indexes,
                                          .n_indexes = entry.n_indexes,
                                          .indexes_known = entry.n_tables > 0},
                                .query = entry.plan->query ? entry.plan->query : query_text(q),
                                .origin = entry.origin,
                                .at = entry.at,
                                .refused = refusal(d, entry.refused),
                                .generic = sd_known(entry.plan->generic) ? entry.plan->generic != 0 : -1,
                                .show_literals = c->show_literals,
                                .metric = (enum plan_metric)view_chosen(c, PLAN_METRIC_CHOICE),
                                .metric_key = view_key(c, d, "metric"),
                                .advice = advice,
                                .replayed = model_is_replayed(c->model),
                                .n_advice = entry.n_advice};
    plan_find_keeper(d, c, &entry, src);
    struct query_stats all;
    query_stats(q, SPAN_ALL, &all);
    src->mean_ns = all.known ? all.mean_ns : NAN;
    if (all.known && sd_known(all.temp_written) && all.calls > 0)
        src->facts.temp_bytes_per_call = (double)all.temp_written * BLOCK_BYTES / (double)all.calls;
    return true;
}

bool plan_embed(struct doc *d, const struct view_ctx *c, const struct query *q, size_t max_nodes)
{
    struct plan_kept *kept = mem_alloc(sizeof *kept);
    struct plan_source src;
    if (!load(d, c, q, &kept->explain, &src)) {
        plan_kept_free(kept);
        return false;
    }
    src.kept = kept;
    for (size_t i = 0; i < d->n_sections; i++)
        if (d->sections[i].kind == SECTION_TEXT && str_eq(d->sections[i].key, "text"))
            src.shown = d->sections[i].text;
    plan_sections(d, kept->explain.plans[0], &src, max_nodes ? max_nodes : COMPACT_NODES);
    return true;
}

struct doc *plan_reply(const struct sd_batch *b, bool show_literals, struct sd_error *err)
{
    struct explain e = {0};
    size_t i = 0, failure = 0, n_tables = 0, n_indexes = 0, n_advice = 0;
    const struct sd_plan *plan = batch_each(b, SD_PLAN, &i);
    if (!plan || plan->failed || !plan->body) {
        const struct sd_failure *f = batch_each(b, SD_FAILURE, &failure);
        fail(err, "there is no plan: %s",
             plan && plan->failed ? plan->failed
             : f && f->text       ? f->text
                                  : "the server sent none");
        return NULL;
    }
    if (!explain_read(plan->body, strlen(plan->body), &e, err))
        return NULL;
    const struct sd_table **tables = mem_array(batch_len(b), sizeof *tables);
    const struct sd_index **indexes = mem_array(batch_len(b), sizeof *indexes);
    for (i = 0; (tables[n_tables] = batch_each(b, SD_TABLE, &i)) != NULL; n_tables++)
        ;
    for (i = 0; (indexes[n_indexes] = batch_each(b, SD_INDEX, &i)) != NULL; n_indexes++)
        ;
    const struct sd_advice **advice = mem_array(batch_len(b), sizeof *advice);
    for (i = 0; (advice[n_advice] = batch_each(b, SD_ADVICE, &i)) != NULL; n_advice++)
        advice[n_advice] = plan_advice_checked(advice[n_advice]);
    struct plan_source src = {.facts = {.tables = tables,
                                        .n_tables = n_tables,
                                        .indexes = indexes,
                                        .n_indexes = n_indexes,
                                        .indexes_known = n_tables > 0,
                                        .now = batch_time(b)},
                              .query = plan->query,
                              .origin = batch_origin(b),
                              .at = batch_time(b),
                              .generic = sd_known(plan->generic) ? plan->generic != 0 : -1,
                              .show_literals = show_literals,
                              .advice = advice,
                              .n_advice = n_advice,
                              .own_query = true};
    struct doc *d = plan_doc(e.plans[0], &src);
    explain_free(&e);
    free(advice);
    free(tables);
    free(indexes);
    return d;
}

const char *plan_suggestion(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct explain e = {0};
    struct plan_source src;
    const char *ddl = NULL;
    struct doc *why = doc_new("plan", "Plan");
    if (load(why, c, q, &e, &src)) {
        struct plan_advice a;
        plan_advise(e.plans[0], &src, src.query, &a);
        ddl = plan_advice_ddl(d, &a);
        plan_advise_free(&a);
    }
    explain_free(&e);
    doc_free(why);
    return ddl;
}

/* Without an argument: the query with most time in the span. */
static struct query *worst_query(const struct view_ctx *c)
{
    struct query *worst = NULL;
    int64_t most = -1;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        struct query *q = model_query(c->model, i);
        struct query_stats s;
        query_stats(q, c->span, &s);
        int64_t total = s.known && sd_known(s.total_ns) ? s.total_ns : 0;
        if (total > most) {
            most = total;
            worst = q;
        }
    }
    return worst;
}

static struct doc *build_query_plan(const struct view_ctx *c)
{
    struct query *q = c->arg ? model_find_query(c->model, c->arg) : worst_query(c);
    struct plan_kept *kept;
    struct plan_source src;
    struct doc *d;
    if (!q) {
        d = doc_new("plan", "Plan");
        no_plan(
            d,
            c->arg
                ? doc_printf(d, "No query %s is known here.", c->arg)
                : "No queries are known yet: select a query to see its plan. Add a database: postgres://...");
        if (c->arg)
            d->missing = doc_printf(
                d, "No query called \"%s\" has been seen. The view queries lists all queries.", c->arg);
        return d;
    }
    struct doc *why = doc_new("plan", "Plan");
    kept = mem_alloc(sizeof *kept);
    if (load(why, c, q, &kept->explain, &src)) {
        src.kept = kept;
        d = plan_doc(kept->explain.plans[0], &src);
        const char *hint = plan_diff_hint(d, c, q);
        if (hint && !d->sections[0].note)
            d->sections[0].note = hint;
        doc_free(why);
    } else {
        d = why;
        plan_kept_free(kept);
        if (query_text(q)) {
            src = (struct plan_source){.show_literals = c->show_literals};
            common_statement(d, doc_section(d, SECTION_TEXT, "query", "Query"),
                             plan_shown(d, &src, query_text(q)));
        }
    }
    doc_field(d, "query_key", UNIT_NONE, cell_text(doc_text(d, query_key(q))));
    return d;
}

static const struct column ALSO[] = {
    {.key = "findings",
     .title = "Findings",
     .help = "severity, rule, node, evidence, saves_at_most_ns, saves_at_most_share, advice, check, clause, "
             "kept_by"},
    {.key = "plan_text",
     .title = "Plan text",
     .help = "the plan in EXPLAIN's text format; constants are hidden unless --show-literals is given"},
    {.key = "suggestions",
     .title = "Suggestions",
     .help = "ddl, table, columns, why, saves_at_most_ns, saves_at_most_share, unproven, node, method, "
             "size_bytes, write_overhead, cost_before, cost_after, replayed: from a recording, not proven in "
             "this session"},
    {.key = "no_suggestion", .title = "No suggestion", .help = "why no index is suggested"},
    {.key = "query", .title = "Query", .help = "the statement"},
    {.key = "rewrites",
     .title = "Rewrites",
     .help = "when there are any: rule, severity, node, evidence, advice, before, after, statement, caveat, "
             "check, saves_at_most_ns, saves_at_most_share"},
    {.key = "query_key", .title = "Key", .help = "database and identifier: what --select takes"},
    {.key = "query_id",
     .title = "Identifier",
     .help = "the server's query identifier, as text: JSON numbers are not exact for 64 bits"},
    {.key = "origin", .title = "Origin", .help = "source or file it is from"},
    {.key = "taken_at", .title = "Taken", .help = "when"},
    {.key = "analyzed", .title = "Executed", .help = "whether it is of an execution"},
    {.key = "generic", .title = "Generic", .help = "whether it was planned without parameter values"},
    {.key = "execution_ns", .title = "Execution", .help = "time"},
    {.key = "planning_ns", .title = "Planning", .help = "time"},
    {.key = "jit_ns", .title = "JIT", .help = "time"},
    {.key = "total_cost", .title = "Cost", .help = "the planner's"},
    {.key = "nodes_total", .title = "Nodes", .help = "how many there are"},
    {.key = "notes", .title = "Notes", .help = "what was cut or skipped"},
    {.key = "why", .title = "Why", .help = "why there is no plan; absent when there is one"},
    {.key = "refused", .title = "Refused", .help = "why a newer EXPLAIN or EXPLAIN ANALYZE gave none"},
    {.key = "plan",
     .title = "Plan",
     .help = "of slowdive explain, when the input holds several plans: number of the plan that the other "
             "keys describe, the slowest"},
    {.key = "plans",
     .title = "Plans",
     .help = "all plans: plan, at, statement, parameters, execution_ns, planning_ns, total_cost, "
             "findings_total, findings, suggestions, rewrites, nodes, notes"},
};

const struct view plan_view = {
    .name = "plan",
    .place = PLACE_DB,
    .title = "Plan",
    .summary = "the execution plan of a query: findings, the missing index, the tree",
    .about = "query",
    .up = "query",
    .subject = common_query,
    .needs = SD_KIND_BIT(SD_PLAN),
    .made_of =
        SD_KIND_BIT(SD_PLAN) | SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_TABLE) | SD_KIND_BIT(SD_INDEX),
    .build = build_query_plan,
    .figures = plans_figures,
    .actions = plan_actions,
    .links = (const char *const[]){"query", "diff", NULL},
    .columns = plan_columns,
    .n_columns = PLAN_COLUMNS,
    .rows = "nodes",
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
