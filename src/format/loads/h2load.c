/* h2load.c - the text of h2load: no percentiles, statuses by their class. */
#include <stdio.h>

#include "base/num.h"
#include "format/loads/readers.h"

struct h2load {
    int64_t total, done, failed, errored;
    bool seen;
};

static int h2load_sure(struct load_span head, bool named)
{
    (void)named;
    if (span_has(head, "requests: ") && span_has(head, " total, ") && span_has(head, " started, "))
        return 95;
    return span_starts(head, "starting benchmark...") ? 60 : 0;
}

/* The number before `name` in "300 total, 300 started, 300 done". */
static int64_t number_before(struct load_span line, const char *name)
{
    while (line.n) {
        struct load_span item = span_until(&line, ','), number = span_word(&item);
        if (span_is(span_word(&item), name))
            return span_int(number);
    }
    return SD_UNKNOWN;
}

static void traffic(struct load_draft *d, struct load_span rest)
{
    struct load_span in = span_after(rest, "(");
    if (in.at)
        d->result->bytes_received = span_int(span_until(&in, ')'));
}

static bool h2load_take(struct load_draft *d, struct load_span line)
{
    struct h2load *h = d->state;
    struct load_result *r = d->result;
    line = span_trim(line);
    struct load_span rest = line, label = span_until(&rest, ':');
    if (span_starts(line, "finished in ")) {
        struct load_span all = span_after(line, "finished in ");
        r->duration_ns = span_duration(span_until(&all, ','));
        r->rate_per_s = span_real(span_word(&all));
    } else if (span_is(label, "requests")) {
        h->total = number_before(rest, "total");
        h->done = number_before(rest, "done");
        h->failed = number_before(rest, "failed");
        h->errored = number_before(rest, "errored");
        h->seen = true;
    } else if (span_is(label, "status codes")) {
        for (char class = '1'; class <= '5'; class ++) {
            char name[4] = {class, 'x', 'x', 0};
            load_result_status(r, name, number_before(rest, name));
        }
    } else if (span_is(label, "traffic")) {
        traffic(d, rest);
    } else if (span_is(label, "time for request")) {
        r->latency.min_ns = span_duration(span_word(&rest));
        r->latency.max_ns = span_duration(span_word(&rest));
        r->latency.mean_ns = span_duration(span_word(&rest));
    }
    return true;
}

static bool h2load_end(struct load_draft *d, struct sd_error *err)
{
    struct h2load *h = d->state;
    if (!h->seen || !sd_known(h->done) || !sd_known(h->failed))
        return fail(err, "is the output of h2load without its line of requests");
    /* Failed are answers of 4xx and 5xx, and the errored, which had no answer: those that were given up
     * before they were sent are not among the done, others are. */
    int64_t errored = MIN(MAX(h->errored, 0), h->failed);
    int64_t all = MAX(h->done, MIN(h->total, add_sat(h->done, errored)));
    errored = MIN(errored, all);
    load_own_counts(d, all - errored, MIN(h->failed - errored, all - errored), errored);
    return true;
}

const struct load_form LOAD_H2LOAD = {
    .tool = "h2load",
    .what = "the output of h2load",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_UNKNOWN,
    .state = sizeof(struct h2load),
    .sure = h2load_sure,
    .take = h2load_take,
    .end = h2load_end,
    .note = "h2load prints no percentiles.",
};
