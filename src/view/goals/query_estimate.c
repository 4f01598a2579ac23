/* query_estimate.c - what a statement could save, as its newest plan lets one expect: nobody has proven it.
 */
#include "view/goals/worth.h"

#include <math.h>
#include <string.h>

#include "core/plans/advice.h"
#include "core/plans/findings.h"
#include "core/rewrite/rules.h"
#include "format/plans/explain_input.h"

/* Larger than what is there already? */
static bool better(struct bottleneck_saving *out, double share)
{
    if (!isfinite(share) || share <= 0 || (isfinite(out->share) && out->share >= share))
        return false;
    *out = (struct bottleneck_saving){.share = fmin(share, 1)};
    return true;
}

static void by_index(struct plan *p, const struct plan_facts *f, struct arena *a,
                     struct bottleneck_saving *out)
{
    struct advice_list l = {0};
    advise_plan(p, f, f->query, &l);
    for (size_t i = 0; i < l.n; i++)
        if (l.items[i].ddl && better(out, l.items[i].saves_share)) {
            out->technique = "index";
            out->approach = arena_strdup(a, l.items[i].ddl);
        }
    advise_free(&l);
}

static void by_rewrite(struct plan *p, const struct plan_facts *f, const struct view_ctx *c, double mean_ns,
                       struct arena *a, struct bottleneck_saving *out)
{
    struct rewrite_list l = {0};
    rewrites(
        &(struct rewrite_input){
            .sql = f->query, .plan = p, .facts = f, .show_literals = c->show_literals, .mean_ns = mean_ns},
        &l);
    for (size_t i = 0; i < l.n; i++)
        if (better(out, l.items[i].saves_share)) {
            out->technique = "rewrite";
            out->approach = arena_strdup(a, l.items[i].advice);
            out->trade_off = arena_strdup(a, l.items[i].caveat);
        }
    rewrites_free(&l);
}

static void by_finding(struct plan *p, const struct plan_facts *f, struct arena *a,
                       struct bottleneck_saving *out)
{
    struct plan_findings l = {0};
    plan_findings(p, f, &l);
    for (size_t i = 0; i < l.n; i++)
        if (better(out, l.items[i].saves_share)) {
            out->technique = l.items[i].rule->technique;
            out->approach = arena_strdup(a, l.items[i].advice);
        }
    plan_findings_free(&l);
}

bool worth_estimate(void *ctx, struct arena *a, const struct query *q, struct bottleneck_saving *out)
{
    const struct view_ctx *c = ctx;
    struct plan_entry e;
    struct explain x = {0};
    struct sd_error ignored;
    *out = (struct bottleneck_saving){.share = (double)NAN};
    if (!model_plan(c->model, query_key(q), c->now, &e) || !e.plan || e.plan->failed || !e.plan->body ||
        !explain_read(e.plan->body, strlen(e.plan->body), &x, &ignored))
        return false;
    struct query_stats s;
    query_stats(q, SPAN_ALL, &s);
    struct plan_facts f = {.tables = e.tables,
                           .n_tables = e.n_tables,
                           .indexes = e.indexes,
                           .n_indexes = e.n_indexes,
                           .indexes_known = e.n_tables > 0,
                           .query = e.plan->query ? e.plan->query : query_text(q)};
    if (x.n_plans && f.query) {
        by_index(x.plans[0], &f, a, out);
        if (!isfinite(out->share))
            by_rewrite(x.plans[0], &f, c, s.known ? s.mean_ns : (double)NAN, a, out);
        if (!isfinite(out->share))
            by_finding(x.plans[0], &f, a, out);
    }
    explain_free(&x);
    return isfinite(out->share);
}
