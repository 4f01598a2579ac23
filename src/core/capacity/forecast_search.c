/* forecast_search.c - the arithmetic under the models: a search for the smallest, a system of equations. */
#include "core/capacity/forecast_model.h"

#include <math.h>
#include <string.h>

enum { DIM = 8 };

static double look(fc_cost *f, void *of, size_t n, const double *lo, const double *hi, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = MIN(MAX(x[i], lo[i]), hi[i]);
    double cost = f(x, of);
    return isnan(cost) ? (double)INFINITY : cost;
}

/* The point on the line from the worst corner through the middle of the others. */
static void between(const double *middle, const double *worst, double by, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = middle[i] + by * (middle[i] - worst[i]);
}

double fc_minimise(fc_cost *f, void *of, size_t n, const double *lo, const double *hi, double *x, size_t most)
{
    double corner[DIM + 1][DIM], cost[DIM + 1], middle[DIM], tried[DIM], further[DIM];
    for (size_t k = 0; k <= n; k++) {
        memcpy(corner[k], x, n * sizeof *x);
        if (k)
            corner[k][k - 1] +=
                (hi[k - 1] - x[k - 1] > x[k - 1] - lo[k - 1] ? .25 : -.25) * (hi[k - 1] - lo[k - 1]);
        cost[k] = look(f, of, n, lo, hi, corner[k]);
    }
    for (size_t looks = n + 1; looks < most;) {
        size_t best = 0, worst = 0, second = 0;
        for (size_t k = 1; k <= n; k++) {
            best = cost[k] < cost[best] ? k : best;
            worst = cost[k] > cost[worst] ? k : worst;
        }
        second = best;
        for (size_t k = 0; k <= n; k++)
            second = k != worst && cost[k] > cost[second] ? k : second;
        if (cost[worst] - cost[best] <= 1e-6 * fabs(cost[best]))
            break;
        for (size_t i = 0; i < n; i++) {
            middle[i] = 0;
            for (size_t k = 0; k <= n; k++)
                middle[i] += k == worst ? 0 : corner[k][i] / (double)n;
        }
        between(middle, corner[worst], 1, n, tried);
        double c = look(f, of, n, lo, hi, tried);
        looks++;
        if (c < cost[best]) {
            between(middle, corner[worst], 2, n, further);
            double d = look(f, of, n, lo, hi, further);
            looks++;
            memcpy(corner[worst], d < c ? further : tried, n * sizeof *x);
            cost[worst] = MIN(c, d);
        } else if (c < cost[second]) {
            memcpy(corner[worst], tried, n * sizeof *x);
            cost[worst] = c;
        } else {
            between(middle, corner[worst], c < cost[worst] ? .5 : -.5, n, further);
            double d = look(f, of, n, lo, hi, further);
            looks++;
            if (d < MIN(c, cost[worst])) {
                memcpy(corner[worst], further, n * sizeof *x);
                cost[worst] = d;
                continue;
            }
            for (size_t k = 0; k <= n; k++) {
                if (k == best)
                    continue;
                for (size_t i = 0; i < n; i++)
                    corner[k][i] = corner[best][i] + .5 * (corner[k][i] - corner[best][i]);
                cost[k] = look(f, of, n, lo, hi, corner[k]);
                looks++;
            }
        }
    }
    size_t best = 0;
    for (size_t k = 1; k <= n; k++)
        best = cost[k] < cost[best] ? k : best;
    memcpy(x, corner[best], n * sizeof *x);
    return cost[best];
}

bool fc_solve(double *a, double *b, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double d = a[j * n + j];
        for (size_t k = 0; k < j; k++)
            d -= a[j * n + k] * a[j * n + k];
        if (!(d > 1e-14 * fabs(a[j * n + j])) || !(d > 0))
            return false;
        a[j * n + j] = d = sqrt(d);
        for (size_t i = j + 1; i < n; i++) {
            double v = a[i * n + j];
            for (size_t k = 0; k < j; k++)
                v -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = v / d;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            b[i] -= a[k * n + i] * b[k];
        b[i] /= a[i * n + i];
    }
    return true;
}
