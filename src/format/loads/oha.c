/* oha.c - the JSON and the CSV of oha. */
#include <math.h>

#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

static int json_sure(struct load_span head, bool named)
{
    static const char *const KEYS[] = {"summary", "successRate", "latencyPercentiles", NULL};
    static const char *const FEW[] = {"metrics", "success_rate", "latency_ms", NULL};
    (void)named;
    return span_json_names(head, KEYS) ? 95 : span_json_names(head, FEW) ? 70 : 0;
}

/* Requests without an answer; those that the end of the run cut off are no finished requests. */
static void errors(struct json_pull j, int64_t *lost, int64_t *cut)
{
    if (!j.at || !json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        bool deadline = json_is(&j, "aborted due to deadline");
        int64_t n = json_ns(&j, 1), *sum = deadline ? cut : lost;
        *sum = add_sat(*sum, MAX(n, 0));
    }
}

static void figures(struct load_result *r, struct json_pull root)
{
    struct json_pull summary = json_at(root, "summary"), own = json_at(root, "metrics/latency_ms");
    json_percentiles(json_at(root, "latencyPercentiles"), 1e9, &r->latency);
    if (summary.at) {
        r->latency.min_ns = json_ns_at(summary, "fastest", 1e9);
        r->latency.max_ns = json_ns_at(summary, "slowest", 1e9);
        r->latency.mean_ns = json_ns_at(summary, "average", 1e9);
    } else if (own.at) {
        json_percentiles(own, 1e6, &r->latency);
        r->latency.min_ns = json_ns_at(own, "min", 1e6);
        r->latency.max_ns = json_ns_at(own, "max", 1e6);
        r->latency.mean_ns = json_ns_at(own, "mean", 1e6);
    }
    r->duration_ns = json_ns_at(summary, "total", 1e9);
    r->rate_per_s = json_real_at(summary, "requestsPerSec");
    if (isnan(r->rate_per_s))
        r->rate_per_s = json_real_at(root, "metrics/requests_per_sec");
    r->bytes_received = json_count_at(summary, "totalData");
}

static bool json_take(struct load_draft *d, struct load_span text)
{
    struct json_pull root = json_pull(text.at, text.n), codes = json_at(root, "statusCodeDistribution");
    struct json_pull ok = json_at(root, "latencyPercentilesSuccessful");
    struct load_result *r = d->result;
    int64_t answers = 0, bad = 0, lost = 0, cut = 0;
    if (!codes.at)
        return load_broken(d, "it does not count its answers by status");
    json_statuses(d, codes, &answers, &bad);
    errors(json_at(root, "errorDistribution"), &lost, &cut);
    figures(r, root);
    if (!answers)
        r->latency = LOAD_BLOCK_UNKNOWN;
    r->latency.count = answers;
    load_own_counts(d, answers, bad, lost);
    if (bad && json_peek(&ok) == '{')
        json_percentiles(ok, 1e9, &r->ok);
    if (cut)
        load_result_note(r, "Requests that the end of the run cut off, and that are not counted: %lld.",
                         (long long)cut);
    return true;
}

const struct load_form LOAD_OHA_JSON = {
    .tool = "oha",
    .what = "the JSON of oha",
    .shape = LOAD_DOCUMENT,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_UNKNOWN, /* with --latency-correction the intended one, which the file does not tell */
    .resolution_ns = 1,
    .sure = json_sure,
    .take = json_take,
};

/* ---- CSV: seconds, those with an answer only ---- */

enum { OHA_START, OHA_DURATION = 4, OHA_BYTES, OHA_STATUS, OHA_FIELDS };

static int csv_sure(struct load_span head, bool named)
{
    (void)named;
    return span_starts(head, "request-start,DNS,") ? 100 : 0;
}

static bool csv_take(struct load_draft *d, struct load_span line)
{
    struct load_span f[OHA_FIELDS];
    if (span_starts(line, "request-start,"))
        return true;
    if (csv_fields(line, ',', f, OHA_FIELDS) != OHA_FIELDS)
        return load_broken(d, "has not %d fields", OHA_FIELDS);
    int64_t start = span_scaled(f[OHA_START], 9), latency = span_scaled(f[OHA_DURATION], 9);
    int64_t status = span_int(f[OHA_STATUS]);
    if (!sd_known(start) || !sd_known(latency) || status < 100 || status > 999)
        return load_broken(d, "has no start, duration and status");
    load_add(d, load_span(NULL, 0), start, latency, (int)status, span_int(f[OHA_BYTES]));
    return true;
}

const struct load_form LOAD_OHA_CSV = {
    .tool = "oha",
    .what = "a CSV of oha",
    .shape = LOAD_RECORDS,
    .values = LOAD_VALUES_ALL,
    .start = LOAD_FROM_UNKNOWN,
    .resolution_ns = 1,
    .sure = csv_sure,
    .take = csv_take,
    .note = "The CSV of oha leaves out requests without an answer: they are not counted here.",
};
