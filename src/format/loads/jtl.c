#include "format/loads/jtl.h"

#include <stdlib.h>

enum { LEFT_OUT = -2 }; /* a status, until the end of the file */

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

static struct jtl_thread *thread_of(struct jtl *j, struct load_span name)
{
    bool full = j->threads.n >= LOAD_NAMES_MAX;
    if (!j->names)
        j->names = arena_new();
    size_t before = j->threads.n;
    uint32_t i =
        name_index_of_bytes(&j->threads, name.n && !full ? name.at : "", full ? 0 : name.n, j->names);
    j->of = mem_grow(j->of, i, &j->cap_of, sizeof *j->of);
    if (j->threads.n > before)
        j->of[i] = (struct jtl_thread){.latest_ns = SD_UNKNOWN};
    return &j->of[i];
}

/* A sample that begins within the transaction before it is one of its own: files may be sorted by time. */
static void leave_out_kept(struct load_sample_set *set, struct jtl *j, struct jtl_thread *t, int64_t start_ns)
{
    size_t i = t->kept - 1;
    if (!t->kept || !sd_known(start_ns) || start_ns < set->start_ns[i] ||
        start_ns - set->start_ns[i] >= set->latency_ns[i])
        return;
    set->status[i] = LEFT_OUT;
    set->bytes = sd_known(t->kept_bytes) ? set->bytes - t->kept_bytes : set->bytes;
    t->kept = 0;
    j->kept--;
    j->left_out++;
}

/* The samples of a transaction are on its thread and begin no earlier, mostly in entries before it. Where
 * there are none the plan writes transactions in their place ("generate parent sample"). */
void jtl_add(struct load_draft *d, struct jtl *j, const struct jtl_sample *s)
{
    struct load_sample_set *set = &d->result->samples;
    struct jtl_thread *t = thread_of(j, s->thread);
    if (!s->is_transaction) {
        leave_out_kept(set, j, t, s->start_ns);
        t->latest_ns = MAX(t->latest_ns, s->start_ns);
        put(set, j, s);
    } else if (sd_known(t->latest_ns) && (!sd_known(s->start_ns) || t->latest_ns >= s->start_ns)) {
        j->left_out++;
    } else {
        j->kept++;
        put(set, j, s);
        t->kept = sd_known(s->start_ns) ? set->n : 0;
        t->kept_bytes = s->bytes;
    }
}

static void compact(struct load_sample_set *set)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (set->status[i] == LEFT_OUT)
            continue;
        set->start_ns[n] = set->start_ns[i];
        set->latency_ns[n] = set->latency_ns[i];
        set->name[n] = set->name[i];
        set->status[n] = set->status[i];
        set->failed[n++] = set->failed[i];
    }
    set->n = n;
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
    compact(&d->result->samples);
    d->result->samples.absolute = true;
}

void jtl_drop(struct jtl *j)
{
    name_index_free(&j->threads);
    arena_free(j->names);
    free(j->of);
}
