#include "core/chance.h"

#include <math.h>

/* The continued fraction of the incomplete beta function (Lentz). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1), h;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    h = d;
    for (int m = 1; m < 300; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int k = 0; k < 2; k++) {
            double by = k ? odd : even;
            d = 1 + by * d;
            c = 1 + by / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            h *= d * c;
        }
        if (fabs(d * c - 1) < 1e-12)
            break;
    }
    return h;
}

double beta_share(double a, double b, double x)
{
    if (!(x > 0) || !(x < 1))
        return x > 0 ? 1 : 0;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double normal_p(double z)
{
    return erfc(fabs(z) / sqrt(2));
}

double normal_z(double p)
{
    double low = 0, high = 38;
    for (int i = 0; i < 60; i++) {
        double z = (low + high) / 2;
        if (normal_p(z) > p)
            low = z;
        else
            high = z;
    }
    return low;
}

double student_p(double t, double freedom)
{
    return beta_share(freedom / 2, 0.5, freedom / (freedom + t * t));
}

double student_t(double p, double freedom)
{
    double low = 0, high = 1e6;
    for (int i = 0; i < 100 && high - low > 1e-9 * high; i++) {
        double t = high > 2 * low + 1 ? sqrt((low + 1) * (high + 1)) - 1 : (low + high) / 2;
        if (student_p(t, freedom) > p)
            low = t;
        else
            high = t;
    }
    return low;
}
