/* Figures of endpoints that the view `changes` compares. */
#include "view/endpoints/endpoints.h"
#include "view/shared/figures.h"

#include <stdlib.h>

static double known(int64_t ns)
{
    return sd_known(ns) ? (double)ns : (double)NAN;
}

/* Its requests in blocks, kept as long as the figures are: those of a baseline outlive the model's. */
static const struct shift_sample *sample_of(struct figures *f, const struct endpoint *e)
{
    struct shift_block blocks[SHIFT_BLOCKS];
    struct sd_bucket *buckets;
    size_t n_buckets, n = endpoint_blocks(e, f->span, blocks, &buckets, &n_buckets);
    struct shift_sample *s = arena_alloc(f->d->arena, sizeof *s);
    *s = (struct shift_sample){.n_blocks = n,
                               .blocks = arena_copy(f->d->arena, blocks, n * sizeof *blocks),
                               .buckets = arena_copy(f->d->arena, buckets, n_buckets * sizeof *buckets)};
    free(buckets);
    return s;
}

static void add_durations(struct figures *f, const struct figure *of, const struct endpoint_stats *s,
                          const struct endpoint_point *p)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = {{"median", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
    for (size_t k = 0; k < ARRAY_LEN(quantiles); k++) {
        struct figure x = *of;
        x.name = quantiles[k].name;
        x.quantile = quantiles[k].q;
        x.method = FIGURE_TIME;
        x.unit = UNIT_NS;
        x.more_is_worse = true;
        x.events = (double)s->timed;
        x.value = known(endpoint_quantile(s, x.quantile));
        for (size_t i = 0; i < x.n_parts; i++)
            x.parts[i] = known(k == 0 ? p[i].p50 : k == 1 ? p[i].p95 : p[i].p99);
        figures_add(f, &x);
    }
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
                              .sample = sample_of(f, e),
                              .basis = evidence_name(s->evidence),
                              .weight = (double)MAX(s->total_ns, 0) / 1e9 / f->seconds,
                              .dive = {.view = "endpoint", .arg = name}};
    struct figure count = of, errors = of;
    count.name = "requests";
    count.sample = NULL;
    errors.name = "errors";
    errors.kind = "errors";
    errors.more_is_worse = true;
    count.unit = errors.unit = UNIT_PER_S;
    count.events = (double)s->count;
    errors.events = (double)MAX(s->errors, 0);
    count.value = errors.rate = count.events / f->seconds;
    errors.value = errors.events / f->seconds;
    errors.weight += errors.value;
    for (size_t i = 0; i < n; i++) {
        count.parts[i] = (double)p[i].count / part;
        errors.parts[i] = (double)p[i].errors / part;
    }
    figures_add(f, &count);
    if (sd_known(s->errors))
        figures_add(f, &errors);
    if (s->timed)
        add_durations(f, &of, s, p);
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
