/* wrk.c - the text that wrk and wrk2 print. Percentiles are there with --latency only. */
#include <math.h>

#include "base/num.h"
#include "format/loads/readers.h"

struct wrk {
    int blocks; /* distributions of latency begun: of wrk2 the second one is not corrected */
    int64_t answered, no_2xx, connect, read, write, timeout;
};

static int sure_of(struct load_span head, bool wrk2, bool named)
{
    bool has_run = span_starts(span_trim(head), "Running ") && span_has(head, " test @ ");
    bool has_stats = span_has(head, "Thread Stats") || (has_run && span_has(head, " requests in "));
    bool is_2 = span_has(head, "Thread calibration") || span_has(head, "HdrHistogram");
    if (!has_run && !has_stats)
        return 0;
    return is_2 == wrk2 ? (has_stats ? 95 : 60) : named && has_stats ? 20 : 0;
}

static int wrk_sure(struct load_span head, bool named)
{
    return sure_of(head, false, named);
}

static int wrk2_sure(struct load_span head, bool named)
{
    return sure_of(head, true, named);
}

/* "connect 0, read 4, write 0, timeout 1" */
static int64_t error_of(struct load_span line, const char *name)
{
    struct load_span rest = span_after(line, name);
    struct load_span word = rest.at ? span_until(&rest, ',') : rest;
    int64_t n = rest.at ? span_int(word) : 0;
    return sd_known(n) ? n : 0;
}

/* wrk2's spectrum: value in ms, share, how many up to it, 1/(1-share). */
static void spectrum(struct load_block *b, struct load_span value, struct load_span share)
{
    double ms = span_real(value), q = span_real(share);
    if (!(ms >= 0) || !(q >= 0) || !real_is_int(ms * 1e6))
        return;
    if (q == 0 && !sd_known(b->min_ns))
        b->min_ns = real_to_int(ms * 1e6);
    if (fabs(q - 0.95) < 1e-9)
        b->p95_ns = real_to_int(ms * 1e6);
}

/* "#[Max     =       26.016, Total count    =        36000]" */
static void spectrum_end(struct load_block *b, struct load_span line)
{
    struct load_span rest = span_after(line, "Total count");
    if (!rest.at)
        return;
    rest = span_after(rest, "=");
    b->count = rest.at ? span_int(span_until(&rest, ']')) : SD_UNKNOWN;
}

static void figures(struct load_draft *d, struct load_span line)
{
    struct load_block *b = &d->result->latency;
    struct load_span rest = line, first = span_word(&rest), second = span_word(&rest),
                     third = span_word(&rest);
    if (span_is(first, "Latency")) {
        int64_t mean = span_duration(second), max = span_duration(span_word(&rest));
        if (sd_known(mean) && !sd_known(b->mean_ns)) {
            b->mean_ns = mean;
            b->max_ns = max;
        }
    } else if (first.n > 1 && first.at[first.n - 1] == '%') {
        load_block_set(b, first, span_duration(second));
    } else if (sd_known(span_int(third))) {
        spectrum(b, first, second);
    }
}

static bool wrk_take(struct load_draft *d, struct load_span line)
{
    struct wrk *w = d->state;
    struct load_result *r = d->result;
    struct load_span rest = line, first = span_word(&rest);
    if (span_has(line, "Latency Distribution")) {
        w->blocks++;
    } else if (span_has(line, " requests in ")) {
        struct load_span after = span_after(line, " requests in "), time = span_until(&after, ',');
        w->answered = span_int(first);
        r->duration_ns = span_duration(time);
        r->bytes_received = span_bytes(span_word(&after));
    } else if (span_starts(span_trim(line), "Socket errors:")) {
        w->connect = error_of(line, "connect ");
        w->read = error_of(line, "read ");
        w->write = error_of(line, "write ");
        w->timeout = error_of(line, "timeout ");
    } else if (span_starts(span_trim(line), "Non-2xx")) {
        struct load_span after = span_after(line, ":");
        w->no_2xx = after.at ? MAX(span_int(after), 0) : 0;
    } else if (span_is(first, "Requests/sec:")) {
        r->rate_per_s = span_real(rest);
    } else if (w->blocks < 2) {
        if (span_starts(line, "#["))
            spectrum_end(&r->latency, line);
        else
            figures(d, line);
    }
    return true;
}

static bool wrk_end(struct load_draft *d, struct sd_error *err)
{
    struct wrk *w = d->state;
    struct load_result *r = d->result;
    if (!w->answered && !sd_known(r->duration_ns))
        return fail(err, "is the output of %s without its result", d->form->tool);
    if (!sd_known(w->answered))
        return fail(err, "is the output of %s, but its number of requests is none", d->form->tool);
    /* An answer later than --timeout is counted among the requests (wrk.c, response_complete), but its
     * latency is not recorded. */
    int64_t late = MIN(w->timeout, w->answered), lost = add_sat(add_sat(w->connect, w->read), w->write);
    int64_t bad = MIN(add_sat(w->no_2xx, late), w->answered);
    if (d->form->start == LOAD_FROM_SENT)
        r->latency.count = w->answered - late;
    load_own_counts(d, w->answered, bad, lost);
    if (late)
        load_result_note(r, "Answers later than the time-out, which failed and are in no percentile: %lld.",
                         (long long)late);
    if (!sd_known(r->latency.p50_ns))
        load_result_note(r, "%s prints percentiles with --latency only.", d->form->tool);
    return true;
}

const struct load_form LOAD_WRK = {
    .tool = "wrk",
    .what = "the output of wrk",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_UNKNOWN,
    .state = sizeof(struct wrk),
    .sure = wrk_sure,
    .take = wrk_take,
    .end = wrk_end,
    .note = "Requests that never got an answer are in no figure of wrk.",
};

const struct load_form LOAD_WRK2 = {
    .tool = "wrk2",
    .what = "the output of wrk2",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_PERCENTILES,
    .start = LOAD_FROM_INTENDED,
    .resolution_ns = SD_UNKNOWN,
    .state = sizeof(struct wrk),
    .sure = wrk2_sure,
    .take = wrk_take,
    .end = wrk_end,
    .note = "The latencies of wrk2 leave out its first 10 s, in which it calibrates itself.",
};
