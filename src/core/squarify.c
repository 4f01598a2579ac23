#include "core/squarify.h"

#include <math.h>

/* How far from square the worst of a row is that takes `sum` of an area, when its rectangles share a side. */
static double worst_ratio(double sum, double least, double most, double side)
{
    double s2 = sum * sum, w2 = side * side;
    return fmax(w2 * most / s2, s2 / (w2 * least));
}

/* As many as make the row squarer; `area` is of a weight of 1. */
static size_t row_length(const double *w, size_t n, double area, double side, double *sum)
{
    double least = w[0], most = w[0];
    size_t k = 1;
    *sum = w[0];
    for (; k < n; k++) {
        double next = *sum + w[k], lo = fmin(least, w[k]), hi = fmax(most, w[k]);
        if (worst_ratio(next * area, lo * area, hi * area, side) >
            worst_ratio(*sum * area, least * area, most * area, side))
            break;
        *sum = next;
        least = lo;
        most = hi;
    }
    return k;
}

static void place_row(const double *w, size_t n, double sum, struct square_rect in, int upright,
                      struct square_rect *out)
{
    double at = upright ? in.y0 : in.x0, end = upright ? in.y1 : in.x1;
    double scale = sum > 0 ? (end - at) / sum : 0;
    for (size_t i = 0; i < n; i++) {
        double next = i + 1 < n ? fmin(at + w[i] * scale, end) : end;
        out[i] = in;
        if (upright) {
            out[i].y0 = at;
            out[i].y1 = next;
        } else {
            out[i].x0 = at;
            out[i].x1 = next;
        }
        at = next;
    }
}

void squarify(const double *weights, size_t n, struct square_rect in, struct square_rect *out)
{
    double left = 0;
    for (size_t i = 0; i < n; i++)
        left += weights[i];
    while (n) {
        double w = in.x1 - in.x0, h = in.y1 - in.y0, sum;
        int upright = w >= h; /* the row is a column at the left */
        size_t k = row_length(weights, n, left > 0 ? w * h / left : 0, upright ? h : w, &sum);
        double part = k < n && left > 0 ? fmin(sum / left, 1) : 1;
        struct square_rect row = in;
        if (upright)
            in.x0 = row.x1 = k < n ? in.x0 + w * part : in.x1;
        else
            in.y0 = row.y1 = k < n ? in.y0 + h * part : in.y1;
        place_row(weights, k, sum, row, upright, out);
        left -= sum;
        weights += k;
        out += k;
        n -= k;
    }
}
