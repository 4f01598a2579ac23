/* vegeta_report.c - reports of vegeta, as JSON and as text. */
#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

#define VEGETA_NOTE                                                                                          \
    "vegeta counts latency from when a worker takes the request: what it waited for a worker is in no "      \
    "figure."

/* All requests are in its latencies, those without an answer (status 0), too. */
static void counts(struct load_draft *d, int64_t requests, int64_t answers, int64_t bad)
{
    struct load_result *r = d->result;
    int64_t lost = MAX(requests - answers, 0);
    r->requests = requests;
    r->failed = MIN(add_sat(bad, lost), requests);
    r->latency.count = requests;
    if (!r->failed)
        r->ok = r->latency;
}

static int json_sure(struct load_span head, bool named)
{
    static const char *const KEYS[] = {"latencies", "bytes_in", "status_codes", NULL};
    static const char *const FEW[] = {"latencies", "requests", NULL};
    return span_json_names(head, KEYS) ? 95 : named && span_json_names(head, FEW) ? 20 : 0;
}

static bool json_take(struct load_draft *d, struct load_span text)
{
    struct json_pull root = json_pull(text.at, text.n), latencies = json_at(root, "latencies");
    struct load_result *r = d->result;
    int64_t requests = json_count_at(root, "requests"), answers = 0, bad = 0;
    if (!latencies.at || !sd_known(requests))
        return load_broken(d, "it has no latencies and no number of requests");
    json_statuses(d, json_at(root, "status_codes"), &answers, &bad);
    json_percentiles(latencies, 1, &r->latency);
    r->latency.min_ns = json_ns_at(latencies, "min", 1);
    r->latency.max_ns = json_ns_at(latencies, "max", 1);
    r->latency.mean_ns = json_ns_at(latencies, "mean", 1);
    r->duration_ns = json_ns_at(root, "duration", 1);
    r->rate_per_s = json_real_at(root, "rate");
    r->bytes_received = json_count_at(root, "bytes_in/total");
    counts(d, requests, answers, bad);
    return true;
}

const struct load_form LOAD_VEGETA_JSON = {
    .tool = "vegeta",
    .what = "a report of vegeta",
    .shape = LOAD_DOCUMENT,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 1,
    .sure = json_sure,
    .take = json_take,
    .note = VEGETA_NOTE,
};

/* ---- text: "Latencies     [min, mean, 50, 95, 99, max]  90.438129ms, ..." ---- */

struct vegeta_text {
    int64_t requests, answers, bad;
};

static int text_sure(struct load_span head, bool named)
{
    (void)named;
    return span_starts(head, "Requests ") && span_has(head, "Latencies ") && span_has(head, "[total, rate")
               ? 95
               : 0;
}

static void text_figure(struct load_draft *d, struct load_span line, struct load_span label,
                        struct load_span value)
{
    struct vegeta_text *v = d->state;
    struct load_result *r = d->result;
    if (span_starts(line, "Latencies")) {
        int64_t ns = span_duration(value);
        if (span_is(label, "min"))
            r->latency.min_ns = ns;
        else if (span_is(label, "mean"))
            r->latency.mean_ns = ns;
        else if (span_is(label, "max"))
            r->latency.max_ns = ns;
        else
            load_block_set(&r->latency, label, ns);
    } else if (span_starts(line, "Requests")) {
        if (span_is(label, "total"))
            v->requests = span_int(value);
        else if (span_is(label, "rate"))
            r->rate_per_s = span_real(value);
    } else if (span_starts(line, "Duration") && span_is(label, "attack")) {
        r->duration_ns = span_duration(value);
    } else if (span_starts(line, "Bytes In") && span_is(label, "total")) {
        r->bytes_received = span_int(value);
    }
}

/* "0:535  200:665" */
static void text_statuses(struct load_draft *d, struct load_span rest)
{
    struct vegeta_text *v = d->state;
    for (struct load_span word = span_word(&rest); word.n; word = span_word(&rest)) {
        struct load_span code = span_until(&word, ':');
        int64_t n = span_int(word);
        if (!sd_known(n) || span_is(code, "0"))
            continue;
        v->answers = add_sat(v->answers, n);
        v->bad = add_sat(v->bad, load_count_status(d, code, n));
    }
}

static bool text_take(struct load_draft *d, struct load_span line)
{
    struct load_span labels = span_after(line, "["), values = span_after(line, "]");
    if (!labels.at || !values.at || labels.at > values.at)
        return true;
    labels.n = (size_t)(values.at - labels.at) - 1;
    if (span_starts(line, "Status Codes")) {
        text_statuses(d, values);
        return true;
    }
    while (labels.n)
        text_figure(d, line, span_trim(span_until(&labels, ',')), span_until(&values, ','));
    return true;
}

static bool text_end(struct load_draft *d, struct sd_error *err)
{
    struct vegeta_text *v = d->state;
    if (!sd_known(v->requests) || !v->requests)
        return fail(err, "is a report of vegeta without a number of requests");
    counts(d, v->requests, v->answers, v->bad);
    return true;
}

const struct load_form LOAD_VEGETA_TEXT = {
    .tool = "vegeta",
    .what = "a report of vegeta",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 1,
    .state = sizeof(struct vegeta_text),
    .sure = text_sure,
    .take = text_take,
    .end = text_end,
    .note = VEGETA_NOTE,
};
