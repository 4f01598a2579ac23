/* fuzz_spans.h - what the fuzz targets of spans have in common: records are as their fields say, and what
 * follows from them is counted. */
#ifndef FUZZ_SPANS_H
#define FUZZ_SPANS_H

#include <stdlib.h>

#include "core/batch.h"
#include "format/json_check.h"
#include "format/traces/jaeger_json.h"
#include "format/traces/span_rates.h"
#include "format/traces/trace_reader.h"
#include "format/traces/zipkin_json.h"

struct fuzzed {
    struct span_rates *rates;
    int64_t spans;
};

static void check_place(const struct sd_ints *list, int64_t below, bool may_lack)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (list->items[i] >= below || (list->items[i] < 0 && !(may_lack && !sd_known(list->items[i]))))
            abort();
}

static void check_spans(const struct sd_spans *s)
{
    const uint32_t n = s->trace->n;
    const struct sd_ints *const OF_SPAN[] = {s->service, s->name,     s->statement, s->span_kind,
                                             s->start,   s->duration, s->error,     s->follows};
    for (size_t i = 0; i < ARRAY_LEN(OF_SPAN); i++)
        if (OF_SPAN[i]->n != n)
            abort();
    if (s->id->n != n || s->parent->n != n || s->resources->n != s->services->n ||
        s->of_key->n != s->of_span->n || s->of_value->n != s->of_span->n ||
        s->event_at->n != s->event_span->n || s->event_text->n != s->event_span->n)
        abort();
    check_place(s->trace, s->traces->n, false);
    check_place(s->service, s->services->n, false);
    check_place(s->name, s->names->n, false);
    check_place(s->statement, s->statements->n, true);
    check_place(s->of_span, n, false);
    check_place(s->of_key, s->keys->n, false);
    check_place(s->event_span, n, false);
}

static void count_delta(void *ctx, sd_time at, enum sd_kind kind, const void *record)
{
    (void)at;
    if (!batch_add(ctx, kind, record))
        abort();
}

static bool take_spans(void *ctx, struct span_draft *d)
{
    struct fuzzed *x = ctx;
    struct sd_spans s;
    if (!span_draft_take(d, &s))
        return true;
    check_spans(&s);
    struct sd_batch *b = batch_new("fuzz", 0);
    if (!batch_add(b, SD_SPANS, &s))
        abort();
    span_rates_take(x->rates, &s, count_delta, b);
    span_rates_flush(x->rates, count_delta, b);
    x->spans += s.trace->n;
    batch_unref(b);
    return true;
}

typedef bool span_reader(const char *text, size_t len, struct span_draft *d, const struct span_sink *sink,
                         struct sd_error *err);

/* Once by this reader, once as a file in pieces. */
static int fuzz_spans(const char *text, size_t size, span_reader *read)
{
    if (!size)
        text = ""; /* the fuzzer's is NULL */
    struct sd_error err = {""};
    struct fuzzed x = {.rates = span_rates_new(4, 4)};
    struct span_sink sink = {.full = take_spans, .ctx = &x};
    struct span_draft *d = span_draft_new();
    if (json_check(text, size, &err)) {
        err.text[0] = 0;
        if (!read(text, size, d, &sink, &err) && !*err.text)
            abort();
        take_spans(&x, d);
    }
    struct trace_reader *r = trace_reader_new(d, &sink);
    bool good = true;
    for (size_t at = 0; good && at < size; at += 97)
        good = trace_reader_feed(r, text + at, MIN((size_t)97, size - at), &err);
    if (!(good && trace_reader_end(r, &err)) && !*err.text)
        abort();
    take_spans(&x, d);
    if (x.spans != span_draft_intake(d)->spans)
        abort();
    trace_reader_free(r);
    span_draft_free(d);
    span_rates_free(x.rates);
    return 0;
}

#endif
