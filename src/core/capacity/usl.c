#include "core/capacity/usl.h"

#include <math.h>
#include <stdlib.h>

enum { ROUNDS = 500, STARTS = 6 };

/* gamma, alpha, beta */
struct coefficients {
    double of[3];
};
struct data {
    const struct usl_point *p;
    size_t n;
    double scale; /* throughputs are divided by it: squares of large ones would overflow */
};

static double denominator(const double *c, double load)
{
    return 1 + c[1] * (load - 1) + c[2] * load * (load - 1);
}

/* Below a load of 1 the denominator can reach 0: such coefficients are none. */
static double squares(const struct data *d, const struct coefficients *c)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        double below = denominator(c->of, d->p[i].load);
        if (!(below > 0))
            return (double)INFINITY;
        double off = d->p[i].throughput / d->scale - c->of[0] * d->p[i].load / below;
        sum += off * off;
    }
    return sum;
}

/* gamma is linear: its best value with these alpha and beta. */
static void best_gamma(const struct data *d, struct coefficients *c)
{
    double up = 0, down = 0;
    for (size_t i = 0; i < d->n; i++) {
        double below = denominator(c->of, d->p[i].load);
        double f = below > 0 ? d->p[i].load / below : 0;
        up += f * d->p[i].throughput / d->scale;
        down += f * f;
    }
    c->of[0] = down > 0 ? up / down : 0;
}

/* Solves the symmetric m (3 x 3, only where `free`) by Gauss's elimination with the largest pivot. */
static bool solve(double m[3][4], const bool *free, double *x)
{
    int at[3], n = 0;
    for (int i = 0; i < 3; i++)
        if (free[i])
            at[n++] = i;
    for (int i = 0; i < 3; i++)
        x[i] = 0;
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(m[at[i]][at[k]]) > fabs(m[at[best]][at[k]]))
                best = i;
        for (int j = 0; j < 4; j++) {
            double t = m[at[k]][j];
            m[at[k]][j] = m[at[best]][j];
            m[at[best]][j] = t;
        }
        double pivot = m[at[k]][at[k]];
        if (!(fabs(pivot) > 0))
            return false;
        for (int i = k + 1; i < n; i++) {
            double f = m[at[i]][at[k]] / pivot;
            for (int j = k; j < n; j++)
                m[at[i]][at[j]] -= f * m[at[k]][at[j]];
            m[at[i]][3] -= f * m[at[k]][3];
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        double sum = m[at[k]][3];
        for (int j = k + 1; j < n; j++)
            sum -= m[at[k]][at[j]] * x[at[j]];
        x[at[k]] = sum / m[at[k]][at[k]];
    }
    return true;
}

struct normal { /* of the linear problem around the present coefficients */
    double jtj[3][3], jtr[3];
};

static void linearise(const struct data *d, const struct coefficients *c, struct normal *out)
{
    *out = (struct normal){0};
    for (size_t i = 0; i < d->n; i++) {
        double n = d->p[i].load, below = denominator(c->of, n), f = n / below;
        double off = d->p[i].throughput / d->scale - c->of[0] * f;
        double j[3] = {f, -c->of[0] * f * (n - 1) / below, -c->of[0] * f * n * (n - 1) / below};
        for (int a = 0; a < 3; a++) {
            out->jtr[a] += j[a] * off;
            for (int b = 0; b < 3; b++)
                out->jtj[a][b] += j[a] * j[b];
        }
    }
}

/* From c downhill; alpha and beta stay at 0 where the way would lead below it, and where `fixed`. */
static double descend(const struct data *d, struct coefficients *c, const bool fixed[3])
{
    double now = squares(d, c), damping = 1e-3;
    struct normal m;
    linearise(d, c, &m);
    for (int round = 0; round < ROUNDS && damping < 1e15; round++) {
        bool free[3];
        double system[3][4] = {{0}}, step[3];
        for (int i = 0; i < 3; i++)
            free[i] = !fixed[i] && m.jtj[i][i] > 0 && !(i > 0 && c->of[i] <= 0 && m.jtr[i] <= 0);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++)
                system[i][j] = m.jtj[i][j] * (i == j ? 1 + damping : 1);
            system[i][3] = m.jtr[i];
        }
        if (!solve(system, free, step)) {
            damping *= 10;
            continue;
        }
        struct coefficients next = *c;
        double moved = 0;
        for (int i = 0; i < 3; i++) {
            next.of[i] = i > 0 ? MAX(0.0, c->of[i] + step[i]) : c->of[i] + step[i];
            moved = MAX(moved, fabs(next.of[i] - c->of[i]) / (fabs(c->of[i]) + 1e-300));
        }
        double then = squares(d, &next);
        if (!(then <= now)) {
            damping *= 4;
            continue;
        }
        *c = next;
        now = then;
        damping = MAX(damping / 5, 1e-12);
        if (moved < 1e-13)
            break;
        linearise(d, c, &m);
    }
    return now;
}

/* The linear fit of N / X = (1 + alpha (N-1) + beta N (N-1)) / gamma. An error of X is X^2 / N times one of N
 * / X. */
static bool linear_start(const struct data *d, struct coefficients *c)
{
    double m[3][4] = {{0}}, x[3];
    static const bool ALL[3] = {true, true, true};
    for (size_t i = 0; i < d->n; i++) {
        double n = d->p[i].load, tp = d->p[i].throughput / d->scale, w = tp * tp / n;
        double j[3] = {w, w * (n - 1), w * n * (n - 1)};
        for (int a = 0; a < 3; a++) {
            for (int b = 0; b < 3; b++)
                m[a][b] += j[a] * j[b];
            m[a][3] += j[a] * tp; /* w N / X */
        }
    }
    if (!solve(m, ALL, x) || !(x[0] > 0) || !isfinite(x[0]))
        return false;
    *c = (struct coefficients){{1 / x[0], MAX(0.0, x[1] / x[0]), MAX(0.0, x[2] / x[0])}};
    return isfinite(c->of[0]) && isfinite(c->of[1]) && isfinite(c->of[2]);
}

struct start {
    struct coefficients at;
    double squares;
};

static int least_first(const void *a, const void *b)
{
    double x = ((const struct start *)a)->squares, y = ((const struct start *)b)->squares;
    return (x > y) - (x < y);
}

/* Fills `starts` (STARTS of them); how many there are. */
static size_t choose_starts(const struct data *d, double load_max, struct start *starts)
{
    static const double ALPHA[] = {0, 1e-4, 1e-3, 1e-2, 0.1, 0.5}, BETA[] = {0, 1e-3, 1e-2, 0.1, 1, 10};
    enum { GRID = ARRAY_LEN(ALPHA) * ARRAY_LEN(BETA) };
    struct start grid[GRID];
    for (size_t i = 0; i < GRID; i++) {
        grid[i].at = (struct coefficients){{0, ALPHA[i % 6], BETA[i / 6] / (load_max * load_max)}};
        best_gamma(d, &grid[i].at);
        grid[i].squares = squares(d, &grid[i].at);
    }
    qsort(grid, GRID, sizeof *grid, least_first);
    size_t n = linear_start(d, &starts[0].at) ? 1 : 0;
    for (size_t i = 0; n < STARTS && isfinite(grid[i].squares); i++)
        starts[n++] = grid[i];
    return n;
}

/* The best of all starts. With one of alpha and beta at 0 too, and with both: a beta of 1e-18 is none, and
 * would have a peak. */
static struct coefficients fit(const struct data *d, double load_max, double about_mean)
{
    static const bool FIXED[4][3] = {{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 1}};
    struct coefficients best = {{0}};
    struct start starts[STARTS];
    size_t n = choose_starts(d, load_max, starts);
    double free_least = (double)INFINITY;
    for (size_t f = 0; f < ARRAY_LEN(FIXED); f++) {
        double least = (double)INFINITY;
        struct coefficients at = {{0}};
        for (size_t i = 0; i < n; i++) {
            struct coefficients c = starts[i].at;
            for (int k = 1; k < 3; k++)
                c.of[k] = FIXED[f][k] ? 0 : c.of[k];
            best_gamma(d, &c);
            double is = descend(d, &c, FIXED[f]);
            if (is < least) {
                least = is;
                at = c;
            }
        }
        free_least = f == 0 ? least : free_least;
        if (f == 0 || least <= free_least * (1 + 1e-9) + 1e-20 * about_mean)
            best = at;
    }
    return best;
}

static void derive(struct usl_fit *f)
{
    double nan = (double)NAN;
    bool peaks = f->beta > 0 && f->alpha < 1;
    f->peak_load = peaks ? sqrt((1 - f->alpha) / f->beta) : nan;
    f->peak_throughput = peaks ? usl_throughput(f, f->peak_load) : nan;
    f->limit_throughput = f->alpha > 0 ? f->gamma / f->alpha : nan;
    f->optimal_load = f->alpha > 0 ? 1 / f->alpha : nan;
    f->extrapolated = peaks && f->load_max < f->peak_load / 2;
    f->few_points = f->points < USL_POINTS_FEW;
    f->poor_fit = f->r_squared < 0.9;
}

bool usl_fit(struct usl_fit *out, const struct usl_point *p, size_t n, struct sd_error *err)
{
    struct data d = {.p = p, .n = n};
    double least = (double)INFINITY, most = 0, mean = 0, about_mean = 0;
    *out = (struct usl_fit){.points = n};
    if (n < USL_POINTS_MIN)
        return fail(err, "the model needs at least %d points, there are %zu", (int)USL_POINTS_MIN, n);
    for (size_t i = 0; i < n; i++) {
        d.scale = MAX(d.scale, p[i].throughput);
        least = MIN(least, p[i].load);
        most = MAX(most, p[i].load);
    }
    if (!(d.scale > 0))
        return fail(err, "no point has a throughput above 0");
    if (!(most > least))
        return fail(err, "all points are at the same load");
    for (size_t i = 0; i < n; i++)
        mean += p[i].throughput / d.scale / (double)n;
    for (size_t i = 0; i < n; i++)
        about_mean += (p[i].throughput / d.scale - mean) * (p[i].throughput / d.scale - mean);
    struct coefficients c = fit(&d, most, about_mean);
    double sum = squares(&d, &c);
    out->gamma = c.of[0] * d.scale;
    out->alpha = c.of[1];
    out->beta = c.of[2];
    out->load_max = most;
    out->residual_se = sqrt(sum / (double)(n - 3)) * d.scale;
    out->r_squared = about_mean > 0 ? 1 - sum / about_mean : (double)NAN;
    derive(out);
    return true;
}

double usl_throughput(const struct usl_fit *f, double load)
{
    const double c[3] = {f->gamma, f->alpha, f->beta};
    return f->gamma * load / denominator(c, load);
}
