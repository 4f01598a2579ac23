/* Answers of a query API: points are whole, histograms in order, and their percentiles in their buckets. */
#include <math.h>
#include <stdlib.h>

#include "format/metrics/latency_metrics.h"
#include "format/metrics/promql_answer.h"

static void point(void *ctx, const struct promql_point *p)
{
    struct latency_metrics *m = ctx;
    struct exposition_series e = {
        .name = "http_request_duration_seconds_bucket", .labels = p->labels, .value = p->value};
    if (!p->name || !p->labels || !sd_known(p->at))
        abort();
    if (!p->h) {
        latency_metrics_take(m, &e, p->at);
        return;
    }
    for (size_t i = 1; i < p->h->n; i++)
        if (!(p->h->items[i].lower >= p->h->items[i - 1].upper))
            abort();
    struct bucket_quantile q = buckets_quantile(p->h, 0.9);
    if (isfinite(q.value) && (q.value < q.low - 1e-9 * fabs(q.low) || q.value > q.high + 1e-9 * fabs(q.high)))
        abort();
    latency_metrics_native(m, "http_request_duration_seconds", p->labels, p->h, p->sum, p->at);
}

static void exemplar(void *ctx, const struct promql_exemplar *e)
{
    struct latency_exemplar x;
    struct exposition_series s = {.name = e->series, .labels = e->series_labels};
    struct exposition_exemplar of = {.labels = e->labels, .value = e->value, .at = e->at};
    latency_metrics_exemplar(ctx, &s, &of, &x);
}

static void give(void *ctx, sd_time from, const struct sd_latency *r)
{
    (void)from;
    if (!r->route || !r->rule || !(r->count >= 0) || ctx)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct latency_metrics *m = latency_metrics_new();
    struct promql_said said = {.points = 0};
    struct strbuf note = {0};
    struct sd_error err;
    promql_answer(
        (const char *)data, size,
        &(struct promql_sink){.point = point, .exemplar = size % 2 ? exemplar : NULL, .ctx = m, .most = 1000},
        &said, &err);
    latency_metrics_since(m, 0);
    latency_metrics_end(m, &(struct latency_out){.give = give, .whole = true}, &note);
    strbuf_free(&note);
    promql_said_free(&said);
    latency_metrics_free(m);
    return 0;
}
