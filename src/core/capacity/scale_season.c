#include "core/capacity/scale_season.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

#define HOUR_NS      3600000000000
#define DAY_NS       (24 * HOUR_NS)
#define BESIDE_NS    (5 * 60 * 1000000000LL)
#define SHAPE_SHARE  0.7  /* the quantile of earlier values */
#define MARGIN_SHARE 0.98 /* of steps are within the margin */
#define MARGIN_MAX   3.0
#define LEVEL_MIN    0.2
#define LEVEL_MAX    5.0
#define FAR_WORSE    1.5 /* than the mean of the last hour: the season is not used */

enum { PERIODS_MAX = 4, CYCLES_MAX = 8, SAMPLES = 500, FOUND_STEPS = 4000 };

/* A sum in which what is `memory` steps old counts 1/e. */
struct fading {
    double sum, weight;
};

static void fade(struct fading *f, double x, double memory)
{
    double keep = exp(-1 / memory);
    f->sum = f->sum * keep + x;
    f->weight = f->weight * keep + 1;
}

static double faded_mean(const struct fading *f)
{
    return f->weight > 0 ? f->sum / f->weight : (double)NAN;
}

struct period {
    size_t steps, cycles;              /* length, and how many earlier ones are used */
    double *shape, *centre, *forecast; /* of each step: upper quantile, median, and what was forecast `ahead`
                                        * steps before. NAN: unknown */
    struct fading is[2], should[2];    /* demand and shape of the last hours [0], of the last day [1] */
    struct fading error;               /* of forecasts */
};

struct scale_season {
    const struct scale_trace *trace;
    double *factor; /* of the events at each step, multiplied; NAN: none */
    size_t n;       /* steps of the arrays: of the trace and `ahead` more */
    size_t t, ahead, day;
    struct period periods[PERIODS_MAX];
    size_t n_periods;
    struct fading hour, flat_error, relative_error;
    double *flat;             /* the mean of the last hour, as forecast `ahead` steps before */
    const struct period *use; /* NULL: flat */
    double *ratio;            /* of demand and what was forecast, of each step */
    double margin;
    size_t beside; /* steps: a cycle may be so much early or late */
};

/* ---- events ---- */

/* A step that an event only touches is one of it. */
static void mark_events(struct scale_season *s, const struct scale_policy *p)
{
    for (size_t i = 0; i < p->n_events; i++) {
        int64_t from = add_sat(p->events[i].from_ns, -s->trace->start_ns),
                to = add_sat(p->events[i].to_ns, -s->trace->start_ns);
        size_t first = from > 0 ? (size_t)(from / s->trace->step_ns) : 0;
        for (size_t u = first; u < s->n && mul_sat((int64_t)u, s->trace->step_ns) < to; u++)
            s->factor[u] = (isnan(s->factor[u]) ? 1 : s->factor[u]) * p->events[i].factor;
    }
}

/* ---- periods ---- */

static void add_period(struct scale_season *s, int64_t steps, size_t cycles)
{
    if (steps < 4 || (size_t)steps <= s->ahead || (size_t)steps >= s->n || s->n_periods == PERIODS_MAX)
        return;
    for (size_t i = 0; i < s->n_periods; i++)
        if (s->periods[i].steps == (size_t)steps)
            return;
    struct period *p = &s->periods[s->n_periods++];
    p->steps = (size_t)steps;
    p->cycles = cycles;
    p->shape = mem_array(s->n, sizeof *p->shape);
    p->centre = mem_array(s->n, sizeof *p->centre);
    p->forecast = mem_array(s->n, sizeof *p->forecast);
    for (size_t u = 0; u < s->n; u++)
        p->shape[u] = p->centre[u] = p->forecast[u] = (double)NAN;
}

/* Correlation of x[0 .. n-1] with itself `lag` steps later. */
static double correlation(const double *x, size_t n, size_t lag)
{
    double both = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        all += x[i] * x[i];
        both += i + lag < n ? x[i] * x[i + lag] : 0;
    }
    return all > 0 ? both / all * (double)n / (double)(n - lag) : 0;
}

/* The shortest period at which the history is like itself, by the highest peak of its autocorrelation. 0:
 * none. */
static int64_t find_period(const struct scale_trace *t, size_t first)
{
    size_t n = MIN(first, (size_t)FOUND_STEPS), best = 0;
    const double *x = t->rate + first - n;
    double *y = mem_array(n + 1, sizeof *y), mean = 0, of_best = 0.5;
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            mean += x[i];
            known++;
        }
    for (size_t i = 0; i < n; i++)
        y[i] = isnan(x[i]) ? 0 : x[i] - mean / (double)known;
    double before = 1, is = n > 8 ? correlation(y, n, 3) : 0;
    for (size_t lag = 4; lag + 1 < n / 2; lag++) {
        double next = correlation(y, n, lag + 1), at = correlation(y, n, lag);
        if (at >= is && at > next && at > of_best + 0.05 && before < at) {
            best = lag;
            of_best = at;
        }
        before = is;
        is = at;
    }
    free(y);
    return (int64_t)best;
}

struct scale_season *scale_season_new(const struct scale_trace *t, const struct scale_policy *p, size_t first,
                                      size_t ahead)
{
    struct scale_season *s = mem_alloc(sizeof *s);
    s->trace = t;
    s->ahead = ahead;
    s->n = t->n + ahead + 1;
    s->day = (size_t)MAX(4, scale_steps_of(DAY_NS, t->step_ns));
    s->margin = 1;
    s->beside = (size_t)(BESIDE_NS / t->step_ns);
    s->factor = mem_array(s->n, sizeof *s->factor);
    s->flat = mem_array(s->n, sizeof *s->flat);
    s->ratio = mem_array(t->n, sizeof *s->ratio);
    for (size_t u = 0; u < s->n; u++)
        s->flat[u] = s->factor[u] = (double)NAN;
    mark_events(s, p);
    if (DAY_NS % t->step_ns == 0)
        add_period(s, DAY_NS / t->step_ns, 7);
    if (7 * DAY_NS % t->step_ns == 0)
        add_period(s, 7 * DAY_NS / t->step_ns, 4);
    if (HOUR_NS % t->step_ns == 0)
        add_period(s, HOUR_NS / t->step_ns, CYCLES_MAX);
    add_period(s, find_period(t, first), CYCLES_MAX);
    return s;
}

void scale_season_free(struct scale_season *s)
{
    for (size_t i = 0; i < s->n_periods; i++) {
        free(s->periods[i].shape);
        free(s->periods[i].centre);
        free(s->periods[i].forecast);
    }
    free(s->factor);
    free(s->flat);
    free(s->ratio);
    free(s);
}

/* ---- learning ---- */

static bool teaches(const struct scale_season *s, size_t u)
{
    return u < s->t && isnan(s->factor[u]) && !isnan(s->trace->rate[u]);
}

/* The quantile of the values of earlier cycles at step u, and `beside` steps from it. */
static double shape_at(const struct scale_season *s, const struct period *p, size_t u, size_t beside,
                       double share)
{
    double v[CYCLES_MAX * 3];
    size_t n = 0;
    for (size_t k = 1; k <= p->cycles && k * p->steps <= u; k++) {
        size_t at = u - k * p->steps;
        if (teaches(s, at))
            v[n++] = s->trace->rate[at];
        if (beside && at >= beside && teaches(s, at - beside))
            v[n++] = s->trace->rate[at - beside];
        if (beside && teaches(s, at + beside))
            v[n++] = s->trace->rate[at + beside];
    }
    if (!n)
        return (double)NAN;
    qsort(v, n, sizeof *v, real_ascending);
    double place = share * (double)(n - 1);
    size_t low = (size_t)place;
    return v[low] + (place - (double)low) * (v[MIN(low + 1, n - 1)] - v[low]);
}

static double level(const struct period *p)
{
    double log_level = 0;
    for (int i = 0; i < 2; i++)
        if (p->should[i].sum > 0 && p->is[i].sum > 0)
            log_level += log(p->is[i].sum / p->should[i].sum) / 2;
    return fmin(LEVEL_MAX, fmax(LEVEL_MIN, exp(log_level)));
}

static void learn_level(struct scale_season *s, struct period *p, size_t u, double x)
{
    double memory[2] = {fmax(3, (double)s->day / 8), (double)s->day};
    for (int i = 0; i < 2 && !isnan(p->centre[u]); i++) {
        fade(&p->is[i], x, memory[i]);
        fade(&p->should[i], p->centre[u], memory[i]);
    }
}

/* More than the event's factor says: the level is higher. Less says nothing, the event may not have begun. */
static void learn_of_event(struct scale_season *s, size_t u, double x, double expected)
{
    for (size_t i = 0; i < s->n_periods && isfinite(x) && x > expected; i++)
        learn_level(s, &s->periods[i], u, x);
}

static void learn_period(struct scale_season *s, struct period *p, size_t u, double x)
{
    if (!isnan(p->forecast[u]))
        fade(&p->error, fabs(x - p->forecast[u]), 3 * (double)s->day);
    learn_level(s, p, u, x);
}

/* A period that has been measured for less than half a day is thought a little better than the one before it:
 * a week that is over once is more than seven days. */
static void choose(struct scale_season *s)
{
    double least = (double)INFINITY, last = (double)NAN;
    s->use = NULL;
    for (size_t i = 0; i < s->n_periods; i++) {
        const struct period *p = &s->periods[i];
        if (isnan(p->shape[MIN(s->t, s->n - 1)]))
            continue;
        double error = p->error.weight >= (double)s->day / 2 ? faded_mean(&p->error)
                       : isnan(last)                         ? 0
                                                             : 0.9 * last;
        last = error;
        if (error < least) {
            least = error;
            s->use = p;
        }
    }
    if (s->use && least > FAR_WORSE * faded_mean(&s->flat_error))
        s->use = NULL;
}

/* The quantile of ratios of the last week; not of each of them when there are many. */
static void find_margin(struct scale_season *s)
{
    double v[SAMPLES];
    size_t from = s->t > 7 * s->day ? s->t - 7 * s->day : 0, stride = (s->t - from) / SAMPLES + 1, n = 0;
    for (size_t u = from; u < s->t && n < SAMPLES; u += stride)
        if (s->ratio[u] > 0)
            v[n++] = s->ratio[u];
    if (n < 50)
        return;
    qsort(v, n, sizeof *v, real_ascending);
    s->margin = fmin(MARGIN_MAX, fmax(1, v[(size_t)(MARGIN_SHARE * (double)(n - 1))]));
}

static void learn(struct scale_season *s, size_t u)
{
    double x = s->trace->rate[u];
    double expected = scale_season_expect(s, u);
    if (isnan(x))
        return;
    if (!isnan(s->factor[u])) {
        learn_of_event(s, u, x / s->factor[u], expected);
        return;
    }
    if (expected > 0 && s->use) {
        s->ratio[u] = x / expected;
        fade(&s->relative_error, fmin(2, fabs(x / expected - 1)), (double)s->day);
    }
    for (size_t i = 0; i < s->n_periods; i++)
        learn_period(s, &s->periods[i], u, x);
    if (!isnan(s->flat[u]))
        fade(&s->flat_error, fabs(x - s->flat[u]), 3 * (double)s->day);
    fade(&s->hour, x, fmax(2, (double)s->day / 24));
}

void scale_season_advance(struct scale_season *s, size_t t)
{
    size_t u = t + s->ahead;
    learn(s, t - 1);
    s->t = t;
    s->flat[u] = faded_mean(&s->hour);
    for (size_t i = 0; i < s->n_periods; i++) {
        struct period *p = &s->periods[i];
        p->shape[u] = shape_at(s, p, u, s->beside, SHAPE_SHARE);
        p->centre[u] = shape_at(s, p, u, 0, 0.5);
        p->forecast[u] = p->centre[u] * level(p);
    }
    choose(s);
    if (t % MAX((size_t)1, s->day / 12) == 0)
        find_margin(s);
}

double scale_season_expect(const struct scale_season *s, size_t u)
{
    double shape = s->use ? s->use->shape[u] : (double)NAN;
    return isnan(shape) ? faded_mean(&s->hour) : shape * level(s->use);
}

bool scale_season_known(const struct scale_season *s)
{
    return s->use;
}

double scale_season_event(const struct scale_season *s, size_t u)
{
    return s->factor[u];
}

double scale_season_margin(const struct scale_season *s)
{
    return s->margin;
}

double scale_season_error(const struct scale_season *s)
{
    double e = faded_mean(&s->relative_error);
    return isnan(e) ? 0 : e;
}
