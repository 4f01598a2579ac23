#include "core/loads/spike.h"

#include <math.h>
#include <stdlib.h>

#include "core/loads/load_figures.h"

/* As before: p95 within this of what it was, and the error share. */
#define P95_FACTOR 1.5
#define P95_MORE   (5 * SD_MS)
#define ERROR_MORE 0.01

void load_spike_init(struct load_spike_result *r)
{
    *r = (struct load_spike_result){.recovery_ns = SD_UNKNOWN};
    hist_clear(&r->before);
    hist_clear(&r->during);
    hist_clear(&r->after);
}

void load_spike_free(struct load_spike_result *r)
{
    free(r->requests);
    r->requests = NULL;
}

static int64_t drop_at(const struct load_scenario *s)
{
    return s->spike.before_ns + s->spike.rise_ns + s->spike.hold_ns;
}

void load_spike_add(struct load_spike_result *r, const struct load_scenario *s, const struct load_outcome *o)
{
    int64_t latency = o->done_ns - o->order.intended_ns, drop = drop_at(s);
    bool failed = load_failure_of(s, o) != LOAD_NONE;
    if (!(o->order.tag & LOAD_TAG_MEASURED))
        return;
    if (o->order.intended_ns < s->spike.before_ns) {
        hist_record(&r->before, latency);
        r->before_planned++;
        r->before_failed += failed;
    } else if (o->order.intended_ns < drop) {
        hist_record(&r->during, latency);
    } else {
        hist_record(&r->after, latency);
        r->requests = mem_grow(r->requests, r->n, &r->cap, sizeof *r->requests);
        r->requests[r->n++] = (struct load_spike_request){
            .intended_ns = o->order.intended_ns - drop, .latency_ns = latency, .failed = failed};
    }
}

static int by_moment(const void *a, const void *b)
{
    int64_t x = ((const struct load_spike_request *)a)->intended_ns;
    int64_t y = ((const struct load_spike_request *)b)->intended_ns;
    return (x > y) - (x < y);
}

static bool as_before(const struct load_spike_result *r, const struct load_spike_request *q, size_t n)
{
    int64_t failed = 0, limit, p95 = hist_quantile(&r->before, 0.95);
    struct hist *h = mem_alloc(sizeof *h);
    double errors = num_ratio(r->before_failed, r->before_planned);
    hist_clear(h);
    for (size_t i = 0; i < n; i++) {
        hist_record(h, q[i].latency_ns);
        failed += q[i].failed;
    }
    limit = real_to_int(P95_FACTOR * (double)p95) + P95_MORE;
    bool same = n && sd_known(p95) && hist_quantile(h, 0.95) <= limit &&
                (double)failed / (double)n <= errors + ERROR_MORE;
    free(h);
    return same;
}

void load_spike_finish(struct load_spike_result *r, const struct load_scenario *s, int64_t until_ns)
{
    int64_t most = MIN(s->spike.after_ns, until_ns - drop_at(s));
    size_t first = 0, end = 0;
    if (!r->n) /* it was stopped before */
        return;
    qsort(r->requests, r->n, sizeof *r->requests, by_moment);
    for (int64_t k = 0; k + s->spike.stable_ns <= most && !r->recovered; k += SD_S) {
        while (first < r->n && r->requests[first].intended_ns < k)
            first++;
        for (end = MAX(end, first); end < r->n && r->requests[end].intended_ns < k + s->spike.stable_ns;)
            end++;
        r->recovered = as_before(r, r->requests + first, end - first);
        r->recovery_ns = r->recovered ? k : SD_UNKNOWN;
    }
}

bool load_spike_passed(const struct load_spike_result *r, const struct load_scenario *s)
{
    return r->recovered && (!sd_known(s->spike.within_ns) || r->recovery_ns <= s->spike.within_ns);
}
