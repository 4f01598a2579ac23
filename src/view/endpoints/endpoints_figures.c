/* Figures of endpoints that the view `changes` compares. */
#include "view/endpoints/endpoints.h"
#include "view/shared/figures.h"

#include <stdlib.h>

static double known(int64_t ns)
{
    return sd_known(ns) ? (double)ns : (double)NAN;
}

static void add_endpoint(struct figures *f, const struct endpoint *e, const struct endpoint_stats *s)
{
    struct endpoint_point p[FIGURE_PARTS];
    size_t n = f->n_parts;
    double part = f->seconds / (double)n;
    endpoint_series(e, f->span, n, p);
    const char *name = doc_text(f->d, endpoint_name(e));
    const struct figure of = {.kind = "endpoint",
                              .key = name,
                              .n_parts = n,
                              .weight = (double)MAX(s->total_ns, 0) / 1e9 / f->seconds,
                              .dive = {.view = "endpoint", .arg = name}};
    struct figure count = of, errors = of, median = of, p95 = of;
    count.name = "requests";
    errors.name = "errors";
    errors.kind = "errors";
    errors.more_is_worse = true;
    count.unit = errors.unit = UNIT_PER_S;
    count.events = (double)s->count;
    errors.events = (double)MAX(s->errors, 0);
    count.value = count.events / f->seconds;
    errors.value = errors.events / f->seconds;
    errors.weight += errors.value;
    median.name = "median";
    p95.name = "p95";
    median.method = p95.method = FIGURE_TIME;
    median.unit = p95.unit = UNIT_NS;
    median.more_is_worse = p95.more_is_worse = true;
    median.events = p95.events = (double)s->timed;
    median.value = known(endpoint_quantile(s, 0.5));
    p95.value = known(endpoint_quantile(s, 0.95));
    for (size_t i = 0; i < n; i++) {
        count.parts[i] = (double)p[i].count / part;
        errors.parts[i] = (double)p[i].errors / part;
        median.parts[i] = known(p[i].p50);
        p95.parts[i] = known(p[i].p95);
    }
    figures_add(f, &count);
    if (s->errors > 0)
        figures_add(f, &errors);
    if (s->timed) {
        figures_add(f, &median);
        figures_add(f, &p95);
    }
}

void endpoints_figures(const struct view_ctx *c, struct figures *f)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        const struct endpoint *e = model_endpoint(c->model, i);
        endpoint_stats(e, f->span, s);
        if (s->count)
            add_endpoint(f, e, s);
    }
    free(s);
}
