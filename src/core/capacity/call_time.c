#include "core/capacity/call_time.h"

#include <math.h>

/* Beyond these standard deviations is less than 1e-9 of a distribution. */
#define Z_MAX     6.0
#define BISECTION 80

enum { PIECES = CALL_TIME_PIECES };

static double z_of(int edge)
{
    return -Z_MAX + 2 * Z_MAX * edge / PIECES;
}

static double below(double z)
{
    return erfc(-z / M_SQRT2) / 2;
}

/* The z with below(z) = 1 - above; exact for a small `above`, too. */
static double z_with_above(double above)
{
    double low = -40, high = 40;
    for (int i = 0; i < BISECTION; i++) {
        double z = (low + high) / 2;
        if (below(-z) > above)
            low = z;
        else
            high = z;
    }
    return low;
}

/* Of the slowest of n: P(all below z) = below(z)^n, so one of them is above with 1 - p^(1/n). */
void call_time_slowest(struct call_time *out, double median, double sigma, int64_t parallel)
{
    for (int i = 0; i <= PIECES; i++) {
        double z = z_of(i);
        if (parallel > 1)
            z = z_with_above(-expm1(log1p(-below(-z)) / (double)parallel));
        out->edge[i] = median * exp(sigma * z);
    }
}

/* The integral of exp(sigma z) times the density of the largest z, by Simpson's rule. */
double call_time_slowest_mean(double median, double sigma, int64_t parallel)
{
    enum { STEPS = 4000 };
    if (parallel == 1)
        return median * exp(sigma * sigma / 2);
    double from = -12, to = sigma + 14, h = (to - from) / STEPS, sum = 0, n = (double)parallel;
    for (int i = 0; i <= STEPS; i++) {
        double z = from + h * i, weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        double log_density = log(n) - z * z / 2 - log(2 * M_PI) / 2 + (n - 1) * log1p(-below(-z));
        sum += weight * exp(sigma * z + log_density);
    }
    return median * sum * h / 3;
}

/* The probability of each piece. */
static void weigh(double weight[PIECES])
{
    for (int i = 0; i < PIECES; i++)
        weight[i] =
            i < PIECES / 2 ? below(z_of(i + 1)) - below(z_of(i)) : below(-z_of(i)) - below(-z_of(i + 1));
}

struct sum {
    const struct call_time *a, *b;
    double weight[PIECES], upto[PIECES + 1]; /* of a piece, and of all before an edge */
};

static double width(const struct call_time *t)
{
    return t->edge[PIECES * 3 / 4] - t->edge[PIECES / 4];
}

/* P(a + b <= t), each piece of b taken at its middle: a is the wider one, else this would be a stair. As b
 * falls, the piece of a that t - b is in rises. */
static double sum_below(const struct sum *s, double t)
{
    double p = 0;
    int at = 0;
    for (int j = PIECES - 1; j >= 0; j--) {
        double rest = t - (s->b->edge[j] + s->b->edge[j + 1]) / 2;
        while (at < PIECES && s->a->edge[at + 1] <= rest)
            at++;
        double of_a = s->upto[at];
        if (at < PIECES && rest > s->a->edge[at])
            of_a += s->weight[at] * (rest - s->a->edge[at]) / (s->a->edge[at + 1] - s->a->edge[at]);
        p += s->weight[j] * of_a;
    }
    return p;
}

/* Where the sum is looked for: P(sum <= low) and P(sum <= high) are known. */
struct bracket {
    double low, of_low, high, of_high;
};

/* The value of the sum with that probability: steps of twice the length until it is passed, then regula falsi
 * as the Illinois method has it, which halves the side that does not move. */
static double value_at(const struct sum *s, double goal, struct bracket *b, double step)
{
    double of_low = b->of_low - goal, of_high = b->of_high - goal;
    int side = 0;
    bool passed = false;
    for (int k = 0; k < BISECTION && b->high - b->low > 1e-10 * b->high; k++, step *= 2) {
        double t = passed ? b->high - of_high * (b->high - b->low) / (of_high - of_low) : b->low + step;
        if (!(t > b->low && t < b->high) || k > BISECTION / 2)
            t = b->low + (b->high - b->low) / 2;
        double off = sum_below(s, t) - goal;
        if (off < 0) {
            b->low = t;
            b->of_low = off + goal;
            of_low = off;
            of_high = passed && side == -1 ? of_high / 2 : of_high;
            side = -1;
        } else {
            b->high = t;
            of_high = off;
            of_low = passed && side == 1 ? of_low / 2 : of_low;
            side = 1;
            passed = true;
        }
        if (fabs(off) < 1e-12)
            return t;
    }
    return b->high;
}

void call_time_add(struct call_time *out, const struct call_time *a, const struct call_time *b)
{
    bool a_wider = width(a) >= width(b);
    struct sum s = {.a = a_wider ? a : b, .b = a_wider ? b : a};
    struct call_time r;
    weigh(s.weight);
    for (int i = 0; i < PIECES; i++)
        s.upto[i + 1] = s.upto[i] + s.weight[i];
    double all = s.upto[PIECES];
    r.edge[0] = a->edge[0] + b->edge[0];
    r.edge[PIECES] = a->edge[PIECES] + b->edge[PIECES];
    struct bracket at = {r.edge[0], 0, r.edge[PIECES], all};
    for (int i = 1; i < PIECES; i++) {
        double step = (i > 1 ? r.edge[i - 1] - r.edge[i - 2] : 0) * 2 + (s.a->edge[i] - s.a->edge[i - 1]);
        at.high = r.edge[PIECES];
        at.of_high = all;
        r.edge[i] = value_at(&s, s.upto[i], &at, step);
    }
    *out = r;
}

/* Twice, four times ... as long: n calls need log2(n) additions of two alike, and some more. */
void call_time_repeat(struct call_time *out, const struct call_time *of, int64_t n)
{
    struct call_time power = *of, sum = {{0}};
    bool any = false;
    for (; n > 0; n /= 2) {
        if (n % 2) {
            if (any)
                call_time_add(&sum, &sum, &power);
            else
                sum = power;
            any = true;
        }
        if (n > 1)
            call_time_add(&power, &power, &power);
    }
    *out = sum;
}

double call_time_percentile(const struct call_time *t, double share)
{
    double at = (z_with_above(1 - share) + Z_MAX) / (2 * Z_MAX) * PIECES;
    int piece = (int)at;
    if (piece < 0 || piece >= PIECES)
        return piece < 0 ? t->edge[0] : t->edge[PIECES];
    return t->edge[piece] + (t->edge[piece + 1] - t->edge[piece]) * (at - piece);
}
