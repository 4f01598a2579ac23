/* ab.c - the text of ApacheBench: whole milliseconds. */
#include "base/num.h"
#include "format/loads/readers.h"

struct ab {
    int64_t done, no_2xx, connect, receive, exceptions, length;
};

static int ab_sure(struct load_span head, bool named)
{
    (void)named;
    if (span_has(head, "Complete requests:") && span_has(head, "Failed requests:"))
        return 95;
    return span_starts(span_trim(head), "This is ApacheBench") ? 80 : 0;
}

static int64_t part(struct load_span line, const char *name)
{
    struct load_span rest = span_after(line, name);
    size_t n = 0;
    while (n < rest.n && rest.at[n] >= '0' && rest.at[n] <= '9')
        n++;
    return rest.at && n ? MAX(span_int(load_span(rest.at, n)), 0) : 0;
}

/* "Total:          1   21  12.3     14     702": min, mean, sd, median, max, in ms. */
static void times(struct load_block *b, struct load_span rest)
{
    struct load_span min = span_word(&rest), mean = span_word(&rest);
    span_word(&rest);
    struct load_span median = span_word(&rest), max = span_word(&rest);
    b->min_ns = span_scaled(min, 6);
    b->mean_ns = span_scaled(mean, 6);
    b->max_ns = span_scaled(max, 6);
    if (!sd_known(b->p50_ns))
        b->p50_ns = span_scaled(median, 6);
}

static bool ab_take(struct load_draft *d, struct load_span line)
{
    struct ab *a = d->state;
    struct load_result *r = d->result;
    line = span_trim(line);
    struct load_span rest = line, label = span_until(&rest, ':');
    if (span_is(label, "Complete requests")) {
        a->done = MAX(span_int(rest), 0);
    } else if (span_is(label, "Non-2xx responses")) {
        a->no_2xx = MAX(span_int(rest), 0);
    } else if (span_starts(line, "(Connect:")) {
        a->connect = part(line, "Connect: ");
        a->receive = part(line, "Receive: ");
        a->exceptions = part(line, "Exceptions: ");
        a->length = part(line, "Length: ");
    } else if (span_is(label, "Time taken for tests")) {
        r->duration_ns = span_duration(rest);
    } else if (span_is(label, "Requests per second")) {
        r->rate_per_s = span_real(span_word(&rest));
    } else if (span_is(label, "Total transferred")) {
        r->bytes_received = span_int(span_word(&rest));
    } else if (span_is(label, "Total")) {
        times(&r->latency, rest);
    } else {
        struct load_span all = line, percent = span_word(&all);
        if (percent.n > 1 && percent.at[percent.n - 1] == '%')
            load_block_set(&r->latency, percent, span_scaled(span_word(&all), 6));
    }
    return true;
}

static bool ab_end(struct load_draft *d, struct sd_error *err)
{
    struct ab *a = d->state;
    struct load_result *r = d->result;
    if (!a->done)
        return fail(err, "is the output of ab without a complete request");
    /* A connection that failed is tried again, one that broke counts as complete (ab.c, close_connection):
     * both are among the complete. An answer of another length is no failure. */
    int64_t unanswered = add_sat(add_sat(a->connect, a->receive), a->exceptions);
    r->latency.count = a->done;
    if (a->length)
        load_result_note(
            r,
            "Answers of another length than the first, which ab calls failed and which do not count as "
            "failed: %lld. Pages that change have such, and connections that were closed.",
            (long long)a->length);
    load_own_counts(d, a->done, MIN(add_sat(a->no_2xx, unanswered), a->done), 0);
    return true;
}

const struct load_form LOAD_AB = {
    .tool = "ab",
    .what = "the output of ab",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_MS,
    .state = sizeof(struct ab),
    .sure = ab_sure,
    .take = ab_take,
    .end = ab_end,
    .note = "ab measures whole milliseconds.",
};
