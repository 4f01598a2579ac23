#include "core/pages/median_run.h"

#include <stdlib.h>

#include "base/num.h"

static double measured(double v)
{
    return isfinite(v) ? v : 0;
}

static double upper_median(const double *values, size_t n)
{
    double *sorted = mem_array(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = measured(values[i]);
    qsort(sorted, n, sizeof *sorted, real_ascending);
    double median = sorted[n / 2];
    free(sorted);
    return median;
}

size_t median_run(const double *fcp, const double *tti, size_t n)
{
    size_t best = SIZE_MAX;
    double least = INFINITY;
    if (!n)
        return best;
    double fcp_median = upper_median(fcp, n), tti_median = upper_median(tti, n);
    for (size_t i = 0; i < n; i++) {
        double a = fcp_median - measured(fcp[i]), b = tti_median - measured(tti[i]);
        if (best == SIZE_MAX || a * a + b * b < least) {
            best = i;
            least = a * a + b * b;
        }
    }
    return best;
}
