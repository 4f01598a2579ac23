/* hey.c - the text and the CSV of hey. */
#include "base/num.h"
#include "format/loads/readers.h"

/* ---- text ---- */

struct hey {
    enum { HEY_OTHER, HEY_STATUSES, HEY_ERRORS } section;
    int64_t answers, bad, errors;
    bool seen; /* of the result */
};

static int text_sure(struct load_span head, bool named)
{
    bool summary = span_has(head, "Summary:\n") || span_has(head, "Summary:\r\n");
    if (!summary || !span_has(head, "Requests/sec:") || span_has(head, "Success rate:"))
        return 0;
    return span_has(head, " secs") && span_has(head, "Slowest:") ? 95 : named ? 20 : 0;
}

/* "[200]	2000 responses", "[4]	Get http://...: context deadline exceeded" */
static void distribution(struct load_draft *d, struct load_span line)
{
    struct hey *h = d->state;
    struct load_span rest = load_span(line.at + 1, line.n - 1), key = span_until(&rest, ']');
    if (h->section == HEY_STATUSES) {
        int64_t n = span_int(span_word(&rest));
        h->answers = add_sat(h->answers, MAX(n, 0));
        h->bad = add_sat(h->bad, load_count_status(d, key, n));
    } else if (h->section == HEY_ERRORS) {
        h->errors = add_sat(h->errors, MAX(span_int(key), 0));
    }
}

static bool text_take(struct load_draft *d, struct load_span line)
{
    struct hey *h = d->state;
    struct load_result *r = d->result;
    line = span_trim(line);
    struct load_span rest = line, label = span_until(&rest, ':');
    if (span_is(line, "Status code distribution:")) {
        h->section = HEY_STATUSES;
    } else if (span_is(line, "Error distribution:")) {
        h->section = HEY_ERRORS;
    } else if (line.n && *line.at == '[') {
        distribution(d, line);
    } else if (span_has(line, "% in ")) {
        struct load_span value = span_after(line, "% in "), all = line;
        load_block_set(&r->latency, span_until(&all, '%'), span_duration(value));
    } else if (span_is(label, "Total")) {
        r->duration_ns = span_duration(rest);
    } else if (span_is(label, "Slowest")) {
        r->latency.max_ns = span_duration(rest);
    } else if (span_is(label, "Fastest")) {
        r->latency.min_ns = span_duration(rest);
    } else if (span_is(label, "Average")) {
        r->latency.mean_ns = span_duration(rest);
    } else if (span_is(label, "Requests/sec")) {
        r->rate_per_s = span_real(rest);
        h->seen = true;
    } else if (span_is(label, "Total data")) {
        r->bytes_received = span_bytes(rest);
    }
    return true;
}

static bool text_end(struct load_draft *d, struct sd_error *err)
{
    struct hey *h = d->state;
    if (!h->seen || !(h->answers + h->errors))
        return fail(err, "is the output of hey without its counts of answers and errors");
    d->result->latency.count = h->answers;
    if (!h->answers) /* it prints zeros */
        d->result->latency = LOAD_BLOCK_UNKNOWN;
    load_own_counts(d, h->answers, h->bad, h->errors);
    return true;
}

const struct load_form LOAD_HEY_TEXT = {
    .tool = "hey",
    .what = "the output of hey",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_MS / 10,
    .state = sizeof(struct hey),
    .sure = text_sure,
    .take = text_take,
    .end = text_end,
};

/* ---- CSV: seconds with four digits, those with an answer only ---- */

enum { HEY_TIME, HEY_STATUS = 6, HEY_OFFSET, HEY_FIELDS };

static int csv_sure(struct load_span head, bool named)
{
    (void)named;
    return span_starts(head, "response-time,DNS+dialup,") ? 100 : 0;
}

static bool csv_take(struct load_draft *d, struct load_span line)
{
    struct load_span f[HEY_FIELDS];
    if (span_starts(line, "response-time,"))
        return true;
    if (csv_fields(line, ',', f, HEY_FIELDS) != HEY_FIELDS)
        return load_broken(d, "has not %d fields", HEY_FIELDS);
    int64_t latency = span_scaled(f[HEY_TIME], 9), offset = span_scaled(f[HEY_OFFSET], 9);
    int64_t status = span_int(f[HEY_STATUS]);
    if (!sd_known(latency) || !sd_known(offset) || status < 100 || status > 999)
        return load_broken(d, "has no time, status and offset");
    load_add(d, load_span(NULL, 0), offset, latency, (int)status, SD_UNKNOWN);
    return true;
}

const struct load_form LOAD_HEY_CSV = {
    .tool = "hey",
    .what = "a CSV of hey",
    .shape = LOAD_RECORDS,
    .values = LOAD_VALUES_ALL,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_MS / 10,
    .sure = csv_sure,
    .take = csv_take,
    .note = "The CSV of hey leaves out requests without an answer: they are not counted here.",
};
