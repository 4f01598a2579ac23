/* siege.c - what siege prints, as JSON or as text: no percentiles; transactions are the successful ones. */
#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

struct siege {
    int64_t good, failed;
};

/* Both forms have the same figures under names that differ in letters and blanks only. */
static void figure(struct load_draft *d, const char *name, struct load_span value)
{
    struct siege *s = d->state;
    struct load_result *r = d->result;
    struct load_span rest = value, number = span_word(&rest);
    if (str_eq(name, "transactions"))
        s->good = span_int(number);
    else if (str_eq(name, "failed transactions"))
        s->failed = span_int(number);
    else if (str_eq(name, "elapsed time"))
        r->duration_ns = span_duration(value);
    else if (str_eq(name, "transaction rate"))
        r->rate_per_s = span_real(number);
    else if (str_eq(name, "response time"))
        r->latency.mean_ns = span_duration(value);
    else if (str_eq(name, "longest transaction"))
        r->latency.max_ns = span_duration(value);
    else if (str_eq(name, "shortest transaction"))
        r->latency.min_ns = span_duration(value);
    else if (str_eq(name, "data transferred")) {
        double megabytes = span_real(number) * 1048576; /* it divides by 1024 twice */
        r->bytes_received = megabytes >= 0 && real_is_int(megabytes) ? real_to_int(megabytes) : SD_UNKNOWN;
    }
}

static void named_figure(struct load_draft *d, struct load_span name, struct load_span value)
{
    char text[32];
    size_t n = MIN(name.n, sizeof text - 1);
    for (size_t i = 0; i < n; i++)
        text[i] = name.at[i] == '_' ? ' ' : (char)(name.at[i] | 0x20);
    text[n] = 0;
    figure(d, text, span_trim(value));
}

static bool siege_end(struct load_draft *d, struct sd_error *err)
{
    struct siege *s = d->state;
    if (!sd_known(s->good) || (!s->good && !sd_known(d->result->duration_ns)))
        return fail(err, "is the output of siege without its result");
    int64_t failed = MAX(s->failed, 0);
    d->result->latency.count = SD_UNKNOWN;
    load_own_counts(d, add_sat(s->good, failed), failed, 0);
    return true;
}

static bool has_figures(struct load_span head, bool json)
{
    static const char *const KEYS[] = {"transactions", "availability", "elapsed_time", NULL};
    struct load_span open = span_after(head, "{");
    if (json)
        return open.at && span_json_names(load_span(open.at - 1, open.n + 1), KEYS);
    return span_has(head, "Transactions:") && span_has(head, "Availability:") &&
           span_has(head, "Elapsed time:");
}

static int json_sure(struct load_span head, bool named)
{
    (void)named;
    return has_figures(head, true) ? 95 : 0;
}

static int text_sure(struct load_span head, bool named)
{
    (void)named;
    return has_figures(head, false) ? 95 : 0;
}

static bool json_take(struct load_draft *d, struct load_span text)
{
    struct json_pull j = json_pull(text.at, text.n);
    if (!json_enter(&j, '{'))
        return load_broken(d, "is no object");
    while (json_key(&j)) {
        struct load_span name = load_span((char *)(uintptr_t)j.key, j.key_len);
        json_peek(&j);
        const char *start = j.at;
        json_skip(&j);
        struct load_span value = load_span((char *)(uintptr_t)start, (size_t)(j.at - start));
        if (value.n > 1 && *value.at == '"')
            value = load_span(value.at + 1, value.n - 2);
        named_figure(d, name, value);
    }
    return true;
}

static bool text_take(struct load_draft *d, struct load_span line)
{
    struct load_span rest = line, name = span_until(&rest, ':');
    if (line.n > name.n)
        named_figure(d, span_trim(name), rest);
    return true;
}

#define SIEGE_NOTE "siege prints no percentiles; its rate is that of the successful requests."

const struct load_form LOAD_SIEGE_JSON = {
    .tool = "siege",
    .what = "the output of siege",
    .shape = LOAD_DOCUMENT,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 10 * SD_MS,
    .state = sizeof(struct siege),
    .sure = json_sure,
    .take = json_take,
    .end = siege_end,
    .note = SIEGE_NOTE,
};

const struct load_form LOAD_SIEGE_TEXT = {
    .tool = "siege",
    .what = "the output of siege",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 10 * SD_MS,
    .state = sizeof(struct siege),
    .sure = text_sure,
    .take = text_take,
    .end = siege_end,
    .note = SIEGE_NOTE,
};
