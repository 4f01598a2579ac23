/* What programs send by OTLP: an export request in protobuf or JSON, of traces, metrics or logs, which may be
 * packed. It is refused with a sentence, or every column of what it gives has an item for each span. */
#include <stdlib.h>

#include "core/batch.h"
#include "format/http_unpack.h"
#include "format/json_check.h"
#include "format/traces/otlp_answer.h"
#include "format/traces/otlp_metrics.h"
#include "format/traces/otlp_read.h"

static void check_spans(struct span_draft *d)
{
    struct sd_spans s;
    struct sd_batch *b = batch_new("fuzz", 0);
    if (span_draft_take(d, &s)) {
        if (s.id->n != s.trace->n || s.duration->n != s.trace->n || s.name->n != s.trace->n ||
            s.of_value->n != s.of_key->n)
            abort();
        for (size_t i = 0; i < s.trace->n; i++)
            if (s.trace->items[i] < 0 || s.trace->items[i] >= (int64_t)s.traces->n || !*s.id->items[i])
                abort();
        if (!batch_add(b, SD_SPANS, &s))
            abort();
    }
    batch_unref(b);
}

static void give(void *ctx, sd_time at, enum sd_kind kind, const void *record)
{
    const struct sd_latency *l = record;
    (void)ctx, (void)at;
    if (kind == SD_LATENCY && l->counts)
        for (size_t i = 0; i < l->counts->n; i++)
            if (!(l->counts->items[i] >= 0) || !(l->lower_ns->items[i] <= l->upper_ns->items[i]))
                abort();
}

static void read_all(const char *bytes, size_t n, bool json)
{
    struct sd_error err = {""};
    struct span_draft *d = span_draft_new();
    struct otlp_metrics *m = otlp_metrics_new(SD_UNKNOWN);
    struct otlp_metrics_result found;
    struct strbuf text = {0};
    int64_t records = 0;
    bool read = json ? otlp_json_spans(bytes, n, d, NULL, &err) : otlp_proto_spans(bytes, n, d, NULL, &err);
    if (!read && (!*err.text || span_draft_count(d)))
        abort();
    check_spans(d);
    for (int i = 0; i < 2; i++)
        otlp_metrics_take(m, bytes, n, json, SD_S, give, NULL, &found, &err);
    otlp_metrics_note(m, &text);
    otlp_count_logs(bytes, n, json, &records, &err);
    otlp_answer_taken(&text, json, OTLP_LOGS, records, records ? err.text : NULL);
    otlp_answer_failed(&text, json, 400, err.text);
    struct sd_error fault = {""};
    if (json && !json_check(text.text, text.len, &fault))
        abort();
    strbuf_free(&text);
    otlp_metrics_free(m);
    span_draft_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ENCODINGS[] = {"gzip", "zstd", "deflate"};
    const char *bytes = (const char *)data;
    struct sd_error err = {""};
    struct strbuf out = {0};
    read_all(bytes, size, false);
    if (json_check(bytes, size, &err))
        read_all(bytes, size, true);
    for (size_t i = 0; i < ARRAY_LEN(ENCODINGS); i++) {
        struct http_text encoding = {.at = ENCODINGS[i], .n = strlen(ENCODINGS[i])};
        if (http_unpack(encoding, bytes, size, 4096, &out) == HTTP_UNPACKED && out.len > 4096)
            abort();
    }
    strbuf_free(&out);
    return 0;
}
