/* Metrics as text, whole and in pieces: what is read is the same, and names, labels and counts fit. */
#include <stdlib.h>

#include "format/metrics/cache_metrics.h"

static void one(void *ctx, const struct sd_cache *c)
{
    if (!c->name || !c->layer || ctx)
        abort();
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
    strbuf_free(&note);
    cache_metrics_free(m);
    exposition_free(x);
    exposition_free(y);
    return 0;
}
