/* report_document.c - the document of `load report`. */
#include "base/num.h"
#include "core/loads/report.h"
#include "core/result.h"

static const char *const STARTS[] = {
#define START(UPPER, name, help) name,
    LOAD_STARTS(START)
#undef START
};

static const char *const VALUES[] = {
#define VALUE(UPPER, name, help) name,
    LOAD_VALUES(VALUE)
#undef VALUE
};

void load_block_document(cJSON *o, const char *key, const struct load_block *b)
{
    cJSON *block = result_object(o, key);
    result_int(block, "count", b->count);
    result_int(block, "min_ns", b->min_ns);
    result_int(block, "mean_ns", b->mean_ns);
#define QUANTILE(name, q) result_int(block, #name "_ns", b->name##_ns);
    LOAD_QUANTILES(QUANTILE)
#undef QUANTILE
    result_int(block, "max_ns", b->max_ns);
}

static void rows(cJSON *list, const struct load_result *r)
{
    for (size_t i = 0; i < r->n_rows; i++) {
        const struct tool_row *row = &r->rows[i];
        cJSON *o = result_row(list);
        result_text(o, "name", row->name);
        result_int(o, "requests", row->requests);
        result_int(o, "failed", row->failed);
        result_int(o, "p50_ns", row->latency.p50_ns);
        result_int(o, "p95_ns", row->latency.p95_ns);
        result_int(o, "p99_ns", row->latency.p99_ns);
        result_int(o, "mean_ns", row->latency.mean_ns);
        result_int(o, "max_ns", row->latency.max_ns);
    }
}

cJSON *load_report_document(const struct load_report *report)
{
    const struct load_result *r = &report->r;
    cJSON *o = result_new("load_report");
    result_text(o, "tool", r->tool);
    result_int(o, "requests", r->requests);
    result_int(o, "failed", r->failed);
    result_real(o, "error_share", num_ratio(r->failed, r->requests));
    result_int(o, "duration_ns", r->duration_ns);
    result_real(o, "rate_per_s", r->rate_per_s);
    result_int(o, "bytes_received", r->bytes_received);
    if (r->n_statuses) {
        cJSON *statuses = result_object(o, "statuses");
        for (size_t i = 0; i < r->n_statuses; i++)
            result_int(statuses, r->statuses[i].status, r->statuses[i].count);
    } else {
        result_null(o, "statuses");
    }
    load_block_document(o, "latency", &r->latency);
    load_block_document(o, "ok_latency", &r->ok);
    result_text(o, "latency_from", STARTS[r->start]);
    result_text(o, "values", VALUES[r->values]);
    result_int(o, "resolution_ns", r->resolution_ns);
    rows(result_list(o, "rows"), r);
    cJSON *notes = result_list(o, "notes");
    for (size_t i = 0; i < r->n_notes; i++)
        result_add_text(notes, r->notes[i]);
    return o;
}
