/* autocannon.c - the JSON of autocannon: whole milliseconds, no 95th percentile. */
#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

static int autocannon_sure(struct load_span head, bool named)
{
    static const char *const KEYS[] = {"latency", "requests", "throughput", "2xx", "non2xx", NULL};
    static const char *const FEW[] = {"latency", "requests", NULL};
    return span_json_names(head, KEYS) ? 95 : named && span_json_names(head, FEW) ? 20 : 0;
}

/* Older versions tell classes only. */
static void classes(struct load_draft *d, struct json_pull root, int64_t *answers, int64_t *bad)
{
    for (char class = '1'; class <= '5'; class ++) {
        char name[4] = {class, 'x', 'x', 0};
        int64_t n = MAX(json_count_at(root, name), 0);
        load_result_status(d->result, name, n);
        *answers = add_sat(*answers, n);
        *bad = add_sat(*bad, class >= '4' ? n : 0);
    }
}

/* {"200": {"count": 27194}} */
static void status_codes(struct load_draft *d, struct json_pull codes, int64_t *answers, int64_t *bad)
{
    if (!json_enter(&codes, '{'))
        return;
    while (json_key(&codes)) {
        struct load_span status = load_span((char *)(uintptr_t)codes.key, codes.key_len);
        struct json_pull value = codes;
        json_skip(&codes);
        int64_t n = MAX(json_count_at(value, "count"), 0);
        *answers = add_sat(*answers, n);
        *bad = add_sat(*bad, load_count_status(d, status, n));
    }
}

static bool autocannon_take(struct load_draft *d, struct load_span text)
{
    struct json_pull root = json_pull(text.at, text.n), latency = json_at(root, "latency");
    struct load_result *r = d->result;
    int64_t total = json_count_at(root, "requests/total"), sent = json_count_at(root, "requests/sent");
    int64_t answers = 0, bad = 0,
            errors = MAX(json_count_at(root, "errors"), 0); /* time-outs are among them */
    struct json_pull codes = json_at(root, "statusCodeStats");
    if (!latency.at || !sd_known(total))
        return load_broken(d, "it has no latency and no number of requests");
    if (codes.at)
        status_codes(d, codes, &answers, &bad);
    if (!answers)
        classes(d, root, &answers, &bad);
    json_percentiles(latency, 1e6, &r->latency);
    r->latency.min_ns = json_ns_at(latency, "min", 1e6);
    r->latency.max_ns = json_ns_at(latency, "max", 1e6);
    r->latency.mean_ns = json_ns_at(latency, json_at(latency, "mean").at ? "mean" : "average", 1e6);
    r->latency.count = json_count_at(latency, "totalCount");
    r->duration_ns = json_ns_at(root, "duration", 1e9);
    r->rate_per_s = json_real_at(root, "requests/average");
    r->bytes_received = json_count_at(root, "throughput/total");
    load_own_counts(d, total, MIN(bad, total), errors);
    if (sd_known(sent) && sent > add_sat(total, errors))
        load_result_note(r, "Requests that were sent, and of which autocannon tells no end: %lld.",
                         (long long)(sent - total - errors));
    return true;
}

const struct load_form LOAD_AUTOCANNON = {
    .tool = "autocannon",
    .what = "the JSON of autocannon",
    .shape = LOAD_DOCUMENT,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_UNKNOWN, /* with a rate it corrects latencies, and does not tell */
    .resolution_ns = SD_MS,
    .sure = autocannon_sure,
    .take = autocannon_take,
    .note = "autocannon measures whole milliseconds and has no 95th percentile.",
};
