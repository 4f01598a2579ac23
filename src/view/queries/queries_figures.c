/* Figures of statements that the view `changes` compares. */
#include "view/queries/queries.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"

static void add_query(const struct view_ctx *c, struct figures *f, const struct query *q,
                      const struct query_stats *s)
{
    struct query_point p[FIGURE_PARTS];
    const char *key = doc_text(f->d, query_key(q)), *text = common_sql(f->d, c, query_text(q), true);
    struct figure calls = {.kind = "statement",
                           .key = key,
                           .subject = text ? text : key,
                           .name = "calls",
                           .unit = UNIT_PER_S,
                           .value = (double)s->calls / f->seconds,
                           .events = (double)s->calls,
                           .n_parts = f->n_parts,
                           .weight = queries_time(s) / 1e9 / f->seconds,
                           .dive = {.view = "query", .arg = key}};
    struct figure mean = calls;
    mean.name = "mean time";
    mean.method = FIGURE_TIME;
    mean.unit = UNIT_NS;
    mean.value = s->mean_ns;
    mean.more_is_worse = true;
    query_series(q, f->span, f->n_parts, p);
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < f->n_parts; i++) {
        calls.parts[i] = p[i].calls_per_s;
        mean.parts[i] = p[i].mean_ns;
        sum += isfinite(p[i].calls_per_s) ? p[i].calls_per_s : 0;
        known += isfinite(p[i].calls_per_s);
    }
    if (known) /* the server may have been watched for a part of the window only */
        calls.value = sum / (double)known;
    figures_add(f, &calls);
    if (isfinite(mean.value))
        figures_add(f, &mean);
}

void queries_figures(const struct view_ctx *c, struct figures *f)
{
    struct query_stats s;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        const struct query *q = model_query(c->model, i);
        query_stats(q, f->span, &s);
        if (s.known && s.calls > 0)
            add_query(c, f, q, &s);
    }
}
