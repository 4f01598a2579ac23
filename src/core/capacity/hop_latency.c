#include "core/capacity/hop_latency.h"

#include <math.h>
#include <stdlib.h>

#include "core/capacity/call_time.h"

#define Z99 2.3263478740408408 /* the 99th percentile of the normal distribution */

void hop_times(struct hop_times *out, const struct hop_ask *hops, size_t n, int64_t budget_ns)
{
    struct call_time all, one;
    *out = (struct hop_times){.rows = mem_array(n + 1, sizeof *out->rows), .n = n, .budget_ns = budget_ns};
    for (size_t i = 0; i < n; i++) {
        const struct hop_ask *h = &hops[i];
        struct hop_time *row = &out->rows[i];
        double median = (double)h->p50_ns, sigma = log((double)h->p99_ns / median) / Z99;
        call_time_slowest(&one, median, sigma, h->parallel);
        call_time_repeat(&one, &one, h->calls);
        row->name = h->name;
        row->mean_ns = (double)h->calls * call_time_slowest_mean(median, sigma, h->parallel);
        row->p99_ns =
            h->calls == 1 && h->parallel == 1 ? (double)h->p99_ns : call_time_percentile(&one, 0.99);
        if (i)
            call_time_add(&all, &all, &one);
        else
            all = one;
        out->mean_ns += row->mean_ns;
        out->sum_of_p99_ns += (double)h->calls * (double)h->p99_ns;
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
