/* k6_summary.c - the summary of k6: values nested (handleSummary) or flat (--summary-export), or, of versions
 * from 2 on, metrics as a list. */
#include <math.h>

#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

static int summary_sure(struct load_span head, bool named)
{
    static const char *const KEYS[] = {"metrics", "root_group", NULL};
    static const char *const LIST[] = {"k6Version", "results", "metrics", NULL};
    static const char *const FEW[] = {"metrics", "http_reqs", NULL};
    (void)named;
    return span_json_names(head, KEYS) || span_json_names(head, LIST) ? 95
           : span_json_names(head, FEW)                               ? 80
                                                                      : 0;
}

/* The values of a metric in either nesting. */
static struct json_pull values_of(struct json_pull metric)
{
    struct json_pull nested = json_at(metric, "values");
    return nested.at ? nested : metric;
}

/* Names may hold a slash, so they are no path. */
static struct json_pull metric_of(struct json_pull metrics, const char *name)
{
    struct json_pull none = {0};
    if (json_peek(&metrics) == '{')
        return values_of(json_find(metrics, name));
    if (!metrics.at || !json_enter(&metrics, '['))
        return none;
    while (json_item(&metrics)) {
        struct strbuf text = {0};
        struct json_pull metric = metrics, its_name = json_find(metric, "name");
        json_skip(&metrics);
        if (its_name.at)
            json_text(&its_name, &text);
        bool found = str_eq(strbuf_text(&text), name);
        strbuf_free(&text);
        if (found)
            return values_of(metric);
    }
    return none;
}

static void block(struct json_pull values, struct load_block *b)
{
    if (!values.at)
        return;
    json_percentiles(values, 1e6, b);
    b->min_ns = json_ns_at(values, "min", 1e6);
    b->max_ns = json_ns_at(values, "max", 1e6);
    b->mean_ns = json_ns_at(values, "avg", 1e6);
    b->count = json_count_at(values, "count");
}

/* Of a rate `passes`, or `matches`, counts what was true: of http_req_failed the failed. */
static int64_t failed_of(struct json_pull values, int64_t requests)
{
    int64_t n = json_count_at(values, json_at(values, "matches").at ? "matches" : "passes");
    if (sd_known(n) || !sd_known(requests))
        return n;
    double share = json_real_at(values, "rate");
    share = isnan(share) ? json_real_at(values, "value") : share;
    return share >= 0 && share <= 1 ? real_to_int(share * (double)requests) : SD_UNKNOWN;
}

/* A threshold of one name makes its figures: "http_req_duration{name:order}". */
static void rows(struct load_draft *d, struct json_pull metrics)
{
    struct json_pull all = metrics;
    struct strbuf scratch = {0};
    if (!json_enter(&metrics, '{'))
        return;
    while (json_key(&metrics)) {
        struct load_span key = load_span((char *)(uintptr_t)metrics.key, metrics.key_len);
        struct json_pull value = metrics;
        json_skip(&metrics);
        if (!span_starts(key, "http_req_duration{name:") || key.at[key.n - 1] != '}')
            continue;
        struct load_span name = load_span(key.at + 23, key.n - 24);
        struct tool_row *row = load_result_row(d->result, name.at, name.n);
        if (!row)
            break;
        block(values_of(value), &row->latency);
        strbuf_clear(&scratch);
        strbuf_printf(&scratch, "http_reqs{name:%.*s}", (int)MIN(name.n, 1000), name.at);
        row->requests = json_count_at(metric_of(all, strbuf_text(&scratch)), "count");
        strbuf_clear(&scratch);
        strbuf_printf(&scratch, "http_req_failed{name:%.*s}", (int)MIN(name.n, 1000), name.at);
        row->failed = failed_of(metric_of(all, strbuf_text(&scratch)), row->requests);
    }
    strbuf_free(&scratch);
}

static bool summary_take(struct load_draft *d, struct load_span text)
{
    struct json_pull root = json_pull(text.at, text.n), metrics = json_at(root, "metrics");
    if (!metrics.at)
        metrics = json_at(root, "results/metrics");
    struct json_pull reqs = metric_of(metrics, "http_reqs");
    struct load_result *r = d->result;
    if (!reqs.at || !sd_known(r->requests = json_count_at(reqs, "count")))
        return load_broken(d, "it does not count HTTP requests");
    r->rate_per_s = json_real_at(reqs, "rate");
    r->failed = failed_of(metric_of(metrics, "http_req_failed"), r->requests);
    block(metric_of(metrics, "http_req_duration"), &r->latency);
    block(metric_of(metrics, "http_req_duration{expected_response:true}"), &r->ok);
    if (!sd_known(r->latency.count))
        r->latency.count = r->requests;
    if (r->failed == 0)
        r->ok = r->latency;
    r->bytes_received = json_count_at(metric_of(metrics, "data_received"), "count");
    r->duration_ns = json_ns_at(root, "state/testRunDurationMs", 1e6);
    if (!sd_known(r->duration_ns))
        r->duration_ns = json_ns_at(root, "config/duration", 1e9);
    if (!sd_known(r->duration_ns) && r->rate_per_s > 0) {
        double ns = (double)r->requests / r->rate_per_s * 1e9;
        r->duration_ns = real_is_int(ns) ? real_to_int(ns) : SD_UNKNOWN;
    }
    double dropped = json_real_at(metric_of(metrics, "dropped_iterations"), "count");
    if (dropped >= 1)
        load_result_note(r, K6_DROPPED, dropped);
    if (!sd_known(r->latency.p99_ns))
        load_result_note(r, "The summary has only the percentiles that summaryTrendStats names.");
    rows(d, metrics);
    return true;
}

const struct load_form LOAD_K6_SUMMARY = {
    .tool = "k6",
    .what = "a summary of k6",
    .shape = LOAD_DOCUMENT,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 1,
    .sure = summary_sure,
    .take = summary_take,
    .note = "k6 counts latency without DNS, connecting and TLS.",
};
