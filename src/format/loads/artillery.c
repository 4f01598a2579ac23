/* artillery.c - the JSON of artillery 2: percentiles of a sketch, in steps of about 2 %. */
#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

#define BY_NAME "plugins.metrics-by-endpoint."

static int artillery_sure(struct load_span head, bool named)
{
    static const char *const KEYS[] = {"aggregate", "counters", NULL};
    (void)named;
    return span_json_names(head, KEYS) ? 95 : 0;
}

struct counts {
    int64_t requests, responses, answers, bad, errors, redirects;
};

/* "plugins.metrics-by-endpoint./orders.codes.503" */
static void count_of_name(struct load_draft *d, struct load_span key, int64_t n)
{
    struct load_span name = span_after(key, BY_NAME);
    for (size_t at = 0; at + 7 <= name.n; at++) {
        struct load_span rest = load_span(name.at + at, name.n - at);
        if (!span_starts(rest, ".codes.") && !span_starts(rest, ".errors."))
            continue;
        bool bad = rest.at[1] == 'e' || (rest.n > 7 && rest.at[7] >= '4');
        for (size_t i = 0; i < d->result->n_rows; i++) {
            struct tool_row *row = &d->result->rows[i];
            if (span_is(load_span(name.at, at), row->name)) {
                row->requests = add_known(row->requests, n);
                row->failed = add_known(row->failed, bad ? n : 0);
            }
        }
        return;
    }
}

static void count(struct load_draft *d, struct counts *c, struct load_span key, int64_t n)
{
    if (span_is(key, "http.requests"))
        c->requests = n;
    else if (span_is(key, "http.responses"))
        c->responses = n;
    else if (span_is(key, "http.downloaded_bytes"))
        d->result->bytes_received = n;
    else if (span_starts(key, "errors."))
        c->errors = add_sat(c->errors, n);
    else if (span_starts(key, BY_NAME))
        count_of_name(d, key, n);
    else if (span_starts(key, "http.codes.")) {
        struct load_span status = span_after(key, "http.codes.");
        c->answers = add_sat(c->answers, n);
        c->bad = add_sat(c->bad, load_count_status(d, status, n));
        c->redirects += status.n == 3 && *status.at == '3';
    }
}

static void block(struct json_pull summary, struct load_block *b)
{
    json_percentiles(summary, 1e6, b);
    b->count = json_count_at(summary, "count");
    b->min_ns = json_ns_at(summary, "min", 1e6);
    b->max_ns = json_ns_at(summary, "max", 1e6);
    b->mean_ns = json_ns_at(summary, "mean", 1e6);
}

/* Latencies of all, of answers of 2xx, and by name where the plugin is on. */
static void summaries(struct load_draft *d, struct json_pull j, struct load_block *ok)
{
    if (!j.at || !json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        struct load_span key = load_span((char *)(uintptr_t)j.key, j.key_len);
        struct json_pull value = j;
        struct tool_row *row;
        json_skip(&j);
        if (span_is(key, "http.response_time"))
            block(value, &d->result->latency);
        else if (span_is(key, "http.response_time.2xx"))
            block(value, ok);
        else if (span_starts(key, BY_NAME "response_time.")) {
            struct load_span name = span_after(key, BY_NAME "response_time.");
            if ((row = load_result_row(d->result, name.at, name.n)))
                block(value, &row->latency);
        }
    }
}

static bool artillery_take(struct load_draft *d, struct load_span text)
{
    struct json_pull all = json_at(json_pull(text.at, text.n), "aggregate"), j = json_at(all, "counters");
    struct load_result *r = d->result;
    struct load_block ok = LOAD_BLOCK_UNKNOWN;
    struct counts c = {.requests = SD_UNKNOWN, .responses = SD_UNKNOWN};
    if (!j.at)
        return load_broken(d, "it has no counters of the whole run");
    summaries(d, json_at(all, "summaries"), &ok);
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            struct load_span key = load_span((char *)(uintptr_t)j.key, j.key_len);
            int64_t n = json_ns(&j, 1);
            if (sd_known(n))
                count(d, &c, key, n);
        }
    if (!sd_known(c.requests) && !sd_known(c.responses) && !c.answers)
        return load_broken(d, "it counts no HTTP requests");
    int64_t answers = sd_known(c.responses) ? c.responses : c.answers, lost = c.errors;
    if (sd_known(c.requests)) /* errors of a script are no requests */
        lost = MIN(lost, MAX(c.requests - answers, 0));
    int64_t first = json_count_at(all, "firstMetricAt"), last = json_count_at(all, "lastMetricAt");
    if (sd_known(first) && sd_known(last) && last > first)
        r->duration_ns = mul_sat(last - first, SD_MS);
    r->rate_per_s = json_real_at(all, "rates/http.request_rate");
    load_own_counts(d, answers, MIN(c.bad, answers), lost);
    if (c.bad && !c.redirects)
        r->ok = ok;
    return true;
}

const struct load_form LOAD_ARTILLERY = {
    .tool = "artillery",
    .what = "the JSON of artillery",
    .shape = LOAD_DOCUMENT,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_MS / 10,
    .sure = artillery_sure,
    .take = artillery_take,
    .note = "artillery takes percentiles out of a sketch: they are in steps of about 2 %.",
};
