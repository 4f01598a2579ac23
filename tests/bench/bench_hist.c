/* bench_hist.c - what recording one latency costs, against two naive rivals over the
 * same values in the same run: a sorted array (exact percentiles by qsort) and linear
 * buckets of 100 us. Prints "name value unit" lines; exits 1 when the bar is missed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/hist.h"

enum { N = 1 << 20, ROUNDS = 15, LINEAR = 20000 };
#define BAR_NS 1.3

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    int64_t *values = mem_array(N, sizeof *values), *copy = mem_array(N, sizeof *copy);
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < N; i++) { /* log-uniform, 10 us to 10 s */
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        values[i] = (int64_t)(1e4 * pow(1e6, (double)(seed >> 11) / 9007199254740992.0));
    }
    struct hist *h = mem_alloc(sizeof *h);
    uint32_t *linear = mem_array(LINEAR, sizeof *linear);
    double best = 1e18, best_linear = 1e18, best_sort = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        hist_clear(h);
        double start = now();
        for (int i = 0; i < N; i++)
            hist_record(h, values[i]);
        best = MIN(best, (now() - start) / N);

        start = now();
        for (int i = 0; i < N; i++) {
            int64_t k = values[i] / 100000;
            linear[k < LINEAR ? k : LINEAR - 1]++;
        }
        best_linear = MIN(best_linear, (now() - start) / N);
        if (round < 2) {
            start = now();
            for (int i = 0; i < N; i++)
                copy[i] = values[i];
            qsort(copy, N, sizeof *copy, ascending);
            best_sort = MIN(best_sort, (now() - start) / N);
        }
    }
    double worst = 0, worst_linear = 0;
    for (int mille = 1; mille <= 999; mille++) {
        uint64_t rank = ((uint64_t)mille * N + 999) / 1000, seen = 0;
        double exact = (double)copy[rank - 1];
        worst = MAX(worst, fabs((double)hist_quantile(h, mille / 1000.0) - exact) / exact);
        int k = 0;
        for (; k < LINEAR && seen < rank; k++)
            seen += linear[k] / ROUNDS;
        worst_linear = MAX(worst_linear, fabs((k - 0.5) * 1e5 - exact) / exact);
    }
    printf("hist_record %.2f ns\n", best);
    printf("hist_linear_buckets %.2f ns\n", best_linear);
    printf("hist_to_linear %.2f x\n", best / best_linear);
    printf("hist_sorted_array %.2f ns\n", best_sort);
    printf("hist_worst_error %.5f share\n", worst);
    printf("hist_linear_worst_error %.5f share\n", worst_linear);
    printf("hist_bytes %zu bytes\n", sizeof *h);
    printf("hist_sorted_bytes %zu bytes\n", (size_t)N * sizeof *values);
    free(values);
    free(copy);
    free(linear);
    free(h);
    return best <= BAR_NS && worst <= 1.0 / 128 ? 0 : 1;
}
