#include "core/capacity/scale_predict.h"

#include <math.h>

#include "core/capacity/scale_season.h"

#define BUDGET       1.22 /* times the reactive policy's instances, for the season */
#define MARGIN_MORE  1.05
#define MARGIN_MIN   1.1
#define EVENT_MARGIN 1.6 /* an event is once: its base may be off by as much */
#define UNUSUAL      4.0 /* usual errors: demand so far from what was expected leaves it */
#define GROWTH_MAX   2.0 /* of demand, until instances that are started now serve */

enum { SLOPE_STEPS = 3 };

struct predictor {
    const struct scale_trace *trace;
    const struct scale_policy *policy;
    struct scale_season *season;
    size_t first, start;        /* steps */
    size_t ahead, season_ahead; /* steps: an event is asked for a whole step earlier than a part of one */
    int64_t cool, removals_from;
    double generous;        /* 0 to 1: how much of the margin the budget allows */
    double spent, reactive; /* instances of the last days, and those of the reactive policy */
};

/* So many that demand may be `margin` times as much. */
static int64_t room_for(const struct predictor *p, double x, double margin)
{
    double room = ceil(x * margin / p->policy->rate * (1 - 1e-12));
    return room >= (double)p->policy->max ? p->policy->max : MAX((int64_t)room, p->policy->min);
}

struct signals {
    int64_t of[SCALE_BY_REACTIVE];
};

/* The largest of the next steps, with events and without. */
static void look_ahead(const struct predictor *p, size_t t, struct signals *out)
{
    double most = 1 / p->policy->target, margin = fmin(scale_season_margin(p->season) * MARGIN_MORE, most);
    margin = fmin(most, MARGIN_MIN + fmax(0, margin - MARGIN_MIN) * p->generous);
    for (size_t u = t; u <= t + p->ahead; u++) {
        double x = scale_season_expect(p->season, u), factor = scale_season_event(p->season, u);
        if (isnan(x))
            continue;
        if (!isnan(factor))
            out->of[SCALE_BY_EVENT] =
                MAX(out->of[SCALE_BY_EVENT], room_for(p, x * factor, fmax(most, EVENT_MARGIN)));
        else if (u <= t + p->season_ahead && scale_season_known(p->season))
            out->of[SCALE_BY_SEASON] = MAX(out->of[SCALE_BY_SEASON], room_for(p, x, margin));
    }
}

/* By how much demand was above what was expected `back` steps ago (from 1). */
static double excess(const struct predictor *p, size_t t, size_t back)
{
    size_t u = t - back;
    double factor = scale_season_event(p->season, u);
    return p->trace->rate[u] - scale_season_expect(p->season, u) * (isnan(factor) ? 1 : factor);
}

/* Demand that leaves what was expected is carried on with its steepest slope of the last steps. */
static void look_back(const struct predictor *p, size_t t, struct signals *out)
{
    if (t <= SLOPE_STEPS)
        return;
    double now = excess(p, t, 1), x = p->trace->rate[t - 1], slope = 0;
    double usual = scale_season_error(p->season) * (x - now);
    if (isnan(now) || now <= UNUSUAL * usual)
        return;
    for (size_t back = 2; back <= SLOPE_STEPS; back++) {
        double then = excess(p, t, back);
        if (!isnan(then))
            slope = fmax(slope, (now - then) / (double)(back - 1));
    }
    double grown = x + slope * (double)(p->start + 1);
    out->of[SCALE_BY_DERIVATIVE] = scale_desired(p->policy, fmin(grown, GROWTH_MAX * x));
}

static int64_t decide(struct predictor *p, size_t t, int64_t reactive, int64_t is, enum scale_reason *why)
{
    static const enum scale_reason ORDER[] = {SCALE_BY_SEASON, SCALE_BY_DERIVATIVE, SCALE_BY_EVENT};
    struct signals s = {{0}};
    look_ahead(p, t, &s);
    look_back(p, t, &s);
    double x = p->trace->rate[t - 1];
    *why = !isnan(x) && reactive > scale_desired(p->policy, x) ? SCALE_BY_COOL_DOWN : SCALE_BY_REACTIVE;
    int64_t n = reactive;
    for (size_t i = 0; i < ARRAY_LEN(ORDER); i++)
        if (s.of[ORDER[i]] >= n && (s.of[ORDER[i]] > n || ORDER[i] == SCALE_BY_SEASON)) {
            n = s.of[ORDER[i]];
            *why = ORDER[i];
        }
    if (n < is && (int64_t)t < p->removals_from)
        return is;
    if (n != is)
        p->removals_from = (int64_t)t + p->cool;
    return n;
}

/* What the season wants may cost so much more than what the last step needs, over the last days, those of the
 * history too; when it costs more, there is less room for noise. */
static void keep_budget(struct predictor *p, size_t t)
{
    struct signals s = {{0}};
    double x = p->trace->rate[t - 1], day = fmax(4, 86400e9 / (double)p->trace->step_ns),
           keep = exp(-1 / (3 * day));
    if (isnan(x) || !scale_season_known(p->season))
        return;
    look_ahead(p, t, &s);
    double needed = (double)scale_desired(p->policy, x);
    p->spent = p->spent * keep + fmax(needed, (double)s.of[SCALE_BY_SEASON]);
    p->reactive = p->reactive * keep + needed;
    double over = p->spent / fmax(p->reactive, 1) - BUDGET;
    p->generous = fmin(1, fmax(0, p->generous - over * 5 / day));
}

void scale_predict(const struct scale_trace *t, const struct scale_policy *p, size_t first,
                   const int64_t *reactive, int64_t *wanted, enum scale_reason *reasons)
{
    int64_t most = (int64_t)t->n; /* further than the trace nothing is asked */
    struct predictor w = {
        .trace = t,
        .policy = p,
        .first = first,
        .start = (size_t)MIN(most, scale_steps_of(p->start_ns, t->step_ns)),
        .ahead = (size_t)MIN(most, scale_steps_of(MAX(p->start_ns, p->lead_ns), t->step_ns)),
        .season_ahead =
            (size_t)MIN(most, MAX(scale_steps_of(p->start_ns, t->step_ns), p->lead_ns / t->step_ns) +
                                  (t->step_ns <= 900 * SD_S)),
        .cool = scale_steps_of(p->cool_down_ns, t->step_ns)};
    int64_t is = reactive[0];
    w.generous = 1;
    w.ahead = MAX(w.ahead, w.season_ahead);
    w.season = scale_season_new(t, p, first, w.ahead);
    for (size_t i = 1; i < t->n; i++) {
        scale_season_advance(w.season, i);
        keep_budget(&w, i);
        if (i >= first) {
            is = decide(&w, i, reactive[i - first], is, &reasons[i - first]);
            wanted[i - first] = is;
        }
    }
    scale_season_free(w.season);
}
