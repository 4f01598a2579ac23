/* Metrics as text, whole and in pieces: what is read is the same, and names, labels and counts fit. */
#include <stdlib.h>

#include "format/metrics/cache_metrics.h"
#include "format/metrics/latency_metrics.h"

static void one(void *ctx, const struct sd_cache *c)
{
    if (!c->name || !c->layer || ctx)
        abort();
}

static void exemplar(void *ctx, const struct exposition_series *s, const struct exposition_exemplar *e)
{
    struct latency_exemplar x;
    if (latency_metrics_exemplar(ctx, s, e, &x) && strlen(x.r.trace_id) != 32)
        abort();
}

static void delta(void *ctx, sd_time from, const struct sd_latency *r)
{
    (void)from;
    if (!r->route || !(r->count > 0) || ctx)
        abort();
}

/* Twice, so that there is something to compare with. */
static void durations(struct exposition *x, const uint8_t *data, size_t size)
{
    struct latency_metrics *m = latency_metrics_new();
    struct strbuf note = {0};
    struct exposition_series e;
    exposition_exemplars(x, exemplar, m);
    for (int i = 1; i < 3; i++) {
        exposition_begin(x, SD_S * 2000000000, NULL, NULL);
        exposition_feed(x, data, size);
        exposition_end(x, false);
        for (size_t k = 0; exposition_each(x, &k, &e);)
            latency_metrics_take(m, &e, sd_known(e.at) ? e.at : i * SD_S);
        latency_metrics_end(m, &(struct latency_out){.give = delta, .whole = size % 2}, &note);
    }
    strbuf_free(&note);
    exposition_exemplars(x, NULL, NULL);
    latency_metrics_free(m);
}

static uint64_t reading(struct exposition *x, const uint8_t *data, size_t size, size_t piece)
{
    struct exposition_series e;
    uint64_t sum = 0;
    exposition_begin(x, SD_S * 2000000000, NULL, NULL);
    for (size_t at = 0; at < size; at += piece)
        exposition_feed(x, data + at, MIN(piece, size - at));
    exposition_end(x, size % 2);
    for (size_t i = 0; exposition_each(x, &i, &e);) {
        if (!*e.name || strlen(e.labels) > EXPOSITION_SERIES_BYTES)
            abort();
        if (!e.gone)
            sum += str_hash(e.name, strlen(e.name)) ^ str_hash(e.labels, strlen(e.labels)) * 3;
    }
    const struct exposition_counts *c = exposition_counts(x);
    if (c->unparsed > c->lines + 1 || c->series > c->samples || c->conflicts > c->samples)
        abort();
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exposition *x = exposition_new(16), *y = exposition_new(16);
    struct cache_metrics *m = cache_metrics_new();
    struct strbuf note = {0};
    struct sd_intake in;
    uint64_t whole = reading(x, data, size, size + 1);
    if (reading(y, data, size, 3) != whole || reading(x, data, size, 7) != whole)
        abort();
    cache_metrics_each(m, x, "given", SD_S, one, NULL);
    exposition_intake(x, &note, &in);
    exposition_sure(data, size);
    durations(x, data, size);
    strbuf_free(&note);
    cache_metrics_free(m);
    exposition_free(x);
    exposition_free(y);
    return 0;
}
