#include "core/capacity/hop_latency.h"

#include <math.h>
#include <stdlib.h>

#include "core/capacity/call_time.h"

#define Z99 2.3263478740408408 /* the 99th percentile of the normal distribution */

/* A hop is so many rounds of `at_once` calls, and one of `rest` when that is not 0. */
struct rounds {
    int64_t full, at_once, rest;
};

static struct rounds rounds_of(const struct hop_ask *h)
{
    if (h->calls < h->parallel) /* `parallel` alone says how many there are */
        return (struct rounds){.full = 1, .at_once = h->parallel};
    return (struct rounds){
        .full = h->calls / h->parallel, .at_once = h->parallel, .rest = h->calls % h->parallel};
}

void hop_times(struct hop_times *out, const struct hop_ask *hops, size_t n, int64_t budget_ns)
{
    struct call_time all, one, rest;
    *out = (struct hop_times){.rows = mem_array(n + 1, sizeof *out->rows), .n = n, .budget_ns = budget_ns};
    for (size_t i = 0; i < n; i++) {
        const struct hop_ask *h = &hops[i];
        struct hop_time *row = &out->rows[i];
        double median = (double)h->p50_ns, sigma = log((double)h->p99_ns / median) / Z99;
        struct rounds k = rounds_of(h);
        call_time_slowest(&one, median, sigma, k.at_once);
        call_time_repeat(&one, &one, k.full);
        row->name = h->name;
        row->mean_ns = (double)k.full * call_time_slowest_mean(median, sigma, k.at_once);
        if (k.rest) {
            call_time_slowest(&rest, median, sigma, k.rest);
            call_time_add(&one, &one, &rest);
            row->mean_ns += call_time_slowest_mean(median, sigma, k.rest);
        }
        row->p99_ns =
            h->calls == 1 && h->parallel == 1 ? (double)h->p99_ns : call_time_percentile(&one, 0.99);
        if (i)
            call_time_add(&all, &all, &one);
        else
            all = one;
        out->mean_ns += row->mean_ns;
        out->sum_of_p99_ns += (double)(k.full + (k.rest > 0)) * (double)h->p99_ns;
    }
    for (size_t i = 0; i < n; i++)
        out->rows[i].share = out->rows[i].mean_ns / out->mean_ns;
    out->p50_ns = call_time_percentile(&all, 0.50);
    out->p95_ns = call_time_percentile(&all, 0.95);
    out->p99_ns = n == 1 ? out->rows[0].p99_ns : call_time_percentile(&all, 0.99);
    out->holds = !sd_known(budget_ns) || out->p99_ns <= (double)budget_ns;
}

void hop_times_free(struct hop_times *t)
{
    free(t->rows);
    *t = (struct hop_times){0};
}
