/* Plans that the view `changes` compares: their nodes in order, without figures and constants. */
#include "view/plans/plan.h"

#include "format/plans/explain_input.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"

enum { KEPT = 16, NODES_SHOWN = 40 };

/* "Limit, Sort, Seq Scan on orders" */
static const char *shape_of(struct doc *d, const struct sd_plan *p)
{
    struct explain e = {0};
    struct sd_error ignored;
    struct strbuf b = {0};
    if (!p->body || !explain_read(p->body, strlen(p->body), &e, &ignored))
        return NULL;
    const struct plan *plan = e.plans[0];
    for (size_t i = 0; i < plan->n_nodes && i < NODES_SHOWN; i++) {
        const struct plan_node *n = plan->nodes[i];
        strbuf_printf(&b, "%s%s", i ? ", " : "", n->type ? n->type : "?");
        if (n->index)
            strbuf_printf(&b, " using %s", n->index);
        if (n->relation)
            strbuf_printf(&b, " on %s", n->relation);
    }
    for (char *c = b.text; c && *c; c++)
        if (*c == '\n')
            *c = ' ';
    const char *shape = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    explain_free(&e);
    return shape;
}

static void add_plan(const struct view_ctx *c, struct figures *f, const struct query *q)
{
    struct plan_entry e;
    struct strbuf earlier = {0};
    const char *newest = NULL, *key = query_key(q);
    for (size_t k = 0; k < KEPT && model_plan_nth(c->model, key, f->span.to, k, &e); k++) {
        const char *shape = e.plan->failed ? NULL : shape_of(f->d, e.plan);
        newest = newest ? newest : shape;
        if (shape)
            strbuf_printf(&earlier, "%s\n", shape);
    }
    if (newest) {
        key = doc_text(f->d, key);
        const char *text = common_sql(f->d, c, query_text(q), true);
        figures_add(f, &(struct figure){.kind = "plan",
                                        .key = key,
                                        .subject = text ? text : key,
                                        .name = "plan",
                                        .method = FIGURE_TEXT,
                                        .text = newest,
                                        .earlier = doc_text(f->d, strbuf_text(&earlier)),
                                        .weight = 1, /* one changed plan is worth a busy session */
                                        .dive = {.view = "diff", .arg = key}});
    }
    strbuf_free(&earlier);
}

void plans_figures(const struct view_ctx *c, struct figures *f)
{
    struct plan_entry e;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        const struct query *q = model_query(c->model, i);
        if (model_plan(c->model, query_key(q), f->span.to, &e))
            add_plan(c, f, q);
    }
}
