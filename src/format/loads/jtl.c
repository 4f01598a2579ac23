#include "format/loads/jtl.h"

#include <stdlib.h>

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

static int64_t *latest_of(struct jtl *j, struct load_span thread)
{
    bool full = j->threads.n >= LOAD_NAMES_MAX;
    if (!j->names)
        j->names = arena_new();
    size_t before = j->threads.n;
    uint32_t i =
        name_index_of_bytes(&j->threads, thread.n && !full ? thread.at : "", full ? 0 : thread.n, j->names);
    j->latest = mem_grow(j->latest, i, &j->cap_latest, sizeof *j->latest);
    if (j->threads.n > before)
        j->latest[i] = SD_UNKNOWN;
    return &j->latest[i];
}

/* The samples of a transaction come before it, on its thread, and begin no earlier. Where there are none the
 * plan writes transactions in their place ("generate parent sample"). */
void jtl_add(struct load_draft *d, struct jtl *j, const struct jtl_sample *s)
{
    int64_t *latest = latest_of(j, s->thread);
    if (!s->is_transaction) {
        *latest = MAX(*latest, s->start_ns);
    } else if (sd_known(*latest) && (!sd_known(s->start_ns) || *latest >= s->start_ns)) {
        j->left_out++;
        return;
    } else {
        j->kept++;
    }
    put(&d->result->samples, j, s);
}

void jtl_end(struct load_draft *d, struct jtl *j)
{
    if (j->left_out)
        load_result_note(d->result,
                         "Transactions left out, as their requests have entries of their own: %lld.",
                         (long long)j->left_out);
    if (j->kept)
        load_result_note(d->result,
                         "Transactions without entries of their requests, each counted as one: %lld.",
                         (long long)j->kept);
    if (j->own_checks)
        load_result_note(
            d->result, "Answers below 400 that failed checks of the plan, and do not count as failed: %lld.",
            (long long)j->own_checks);
    d->result->samples.absolute = true;
}

void jtl_drop(struct jtl *j)
{
    name_index_free(&j->threads);
    arena_free(j->names);
    free(j->latest);
}
