#include "format/loads/jtl.h"

/* Of a sample without an answer the code is text: "Non HTTP response code: java.net.SocketTimeoutException".
 */
static int status_of(const struct jtl_sample *s)
{
    int64_t code = s->code.at ? span_int(s->code) : SD_UNKNOWN;
    if (code >= 100 && code <= 999)
        return (int)code;
    return s->failed && (code == 0 || (span_trim(s->code).n && !sd_known(code))) ? LOAD_NO_ANSWER
                                                                                 : LOAD_NO_STATUS;
}

static void put(struct load_sample_set *set, struct jtl *j, const struct jtl_sample *s)
{
    int status = status_of(s);
    bool failed = status == LOAD_NO_STATUS ? s->failed : status == LOAD_NO_ANSWER || status >= 400;
    j->own_checks += s->failed && !failed && !s->is_transaction;
    load_samples_add(set, &(struct load_sample){.name = s->label.at,
                                                .name_len = s->label.n,
                                                .start_ns = s->start_ns,
                                                .latency_ns = span_scaled(s->elapsed, 6),
                                                .status = status,
                                                .failed = failed,
                                                .bytes = s->bytes});
}

void jtl_add(struct load_draft *d, struct jtl *j, const struct jtl_sample *s)
{
    j->transactions += s->is_transaction;
    if (!s->is_transaction)
        put(&d->result->samples, j, s);
    else if (!d->result->samples.n)
        put(&d->other, j, s);
}

void jtl_end(struct load_draft *d, struct jtl *j)
{
    struct load_sample_set *samples = &d->result->samples;
    if (!samples->n && d->other.n) {
        *samples = d->other;
        d->other = (struct load_sample_set){0};
        load_result_note(d->result, "The file holds transactions only: each counts as one request.");
    } else if (j->transactions) {
        load_result_note(d->result,
                         "Transactions left out, as their requests have entries of their own: %lld.",
                         (long long)j->transactions);
    }
    if (j->own_checks)
        load_result_note(
            d->result, "Answers below 400 that failed checks of the plan, and do not count as failed: %lld.",
            (long long)j->own_checks);
    samples->absolute = true;
}
