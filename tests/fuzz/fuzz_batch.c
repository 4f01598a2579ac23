/* The payload of a frame, then the model over it: what decodes can be encoded again,
 * and says the same; what is in it can do the model no harm. */
#include <stdlib.h>

#include "core/model/model.h"
#include "format/record/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct model *m)
{
    static const struct span spans[] = {SPAN_ALL, {0, 60 * SD_S}, {INT64_MIN + 1, INT64_MAX - 1}};
    struct endpoint_stats es;
    struct endpoint_point ep[7];
    struct query_stats qs;
    struct query_point qp[7];
    struct wait_load w[8];
    double d[7];
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        for (size_t k = 0; k < MIN(model_endpoints(m), 4); k++) {
            endpoint_stats(model_endpoint(m, k), spans[i], &es);
            endpoint_series(model_endpoint(m, k), spans[i], 7, ep);
        }
        for (size_t k = 0; k < MIN(model_queries(m), 4); k++) {
            query_stats(model_query(m, k), spans[i], &qs);
            query_series(model_query(m, k), spans[i], 7, qp);
        }
        model_wait_load(m, spans[i], w, 8);
        model_load_series(m, spans[i], 7, d);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sd_error err;
    struct sd_batch *b = batch_decode(data, size, &err);
    if (!b)
        return 0;
    struct strbuf out = {0}, again = {0};
    batch_encode(b, &out);
    struct sd_batch *copy = batch_decode(out.text, out.len, &err);
    if (!copy)
        abort();
    batch_encode(copy, &again);
    if (out.len != again.len || memcmp(out.text, again.text, out.len))
        abort();
    struct model *m = model_new(NULL);
    model_apply(m, b);
    model_apply(m, copy);
    ask(m);
    model_free(m);
    batch_unref(b);
    batch_unref(copy);
    strbuf_free(&out);
    strbuf_free(&again);
    return 0;
}
