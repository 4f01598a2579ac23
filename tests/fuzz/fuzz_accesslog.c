/* Lines through detection, every built-in format and the aggregator, in uneven pieces. */
#include <stdlib.h>

#include "format/endpoints/accesslog_agg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit(void *ctx, sd_time at, const struct sd_http *r, size_t n)
{
    int64_t *count = ctx;
    for (size_t i = 0; i < n; i++) {
        *count += r[i].count;
        if (r[i].first_at < at || r[i].last_at < r[i].first_at || r[i].interval_ns < SD_S ||
            r[i].last_at - at > r[i].interval_ns || !r[i].route || (r[i].latency != NULL) != (r[i].timed > 0))
            abort();
    }
}

static void emit_parts(void *ctx, sd_time at, const struct sd_http_part *r, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        int64_t timed = 0;
        for (uint32_t k = 0; r[i].latency && k < r[i].latency->n; k++)
            timed += r[i].latency->buckets[k].count;
        if (at < 0 || !r[i].route || !r[i].key || !r[i].by || r[i].timed > r[i].count || timed != r[i].timed)
            abort();
    }
}

static void emit_exemplars(void *ctx, sd_time at, const struct sd_exemplar *r, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        if (at < 0 || !r[i].route || !r[i].path || (r[i].trace_id && strlen(r[i].trace_id) != 32) ||
            (r[i].span_id && (!r[i].trace_id || strlen(r[i].span_id) != 16)))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    int64_t count = 0;
    struct accesslog_agg *a =
        accesslog_agg_new(&(struct accesslog_agg_options){.max_routes = 3,
                                                          .emit = emit,
                                                          .emit_parts = emit_parts,
                                                          .emit_exemplars = emit_exemplars,
                                                          .ctx = &count});
    struct accesslog_carry carry = {0};
    for (size_t i = 0, step = 1; i < size; i += step, step = step * 3 + 1)
        accesslog_agg_feed(a, &carry, bytes + i, size - i < step ? size - i : step, 0);
    accesslog_agg_end(a, &carry, 0);
    accesslog_agg_flush(a);
    const struct accesslog_intake *in = accesslog_agg_intake(a);
    if (in->lines != in->unparsed + count)
        abort();
    accesslog_agg_free(a);
    int64_t in_all = 0;
    a = accesslog_agg_new(
        &(struct accesslog_agg_options){.max_routes = 3, .totals = true, .emit = emit, .ctx = &in_all});
    accesslog_agg_feed(a, &carry, bytes, size, 0);
    accesslog_agg_end(a, &carry, 0);
    accesslog_agg_flush(a);
    in = accesslog_agg_intake(a);
    if (in->lines != in->unparsed + in_all)
        abort();
    accesslog_agg_free(a);
    accesslog_near_miss(bytes, size);
    struct accesslog_format *f;
    for (size_t i = 0; (f = accesslog_builtin(i)); i++) {
        struct accesslog_line l;
        const char *reason;
        accesslog_parse(f, bytes, size, &l, &reason);
        accesslog_format_free(f);
    }
    return 0;
}
