/* forecast.c - the forecast of one series: method, intervals, backtest, ceiling, scenarios. */
#include "core/capacity/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/capacity/forecast_fixed.h"
#include "core/capacity/forecast_mix.h"

enum {
    LEAST = 3,            /* values */
    NEAR_MOST = 200000,   /* steps that a model is asked for itself */
    NEWEST = 60000,       /* values that a fit looks at: six weeks of minutes */
    NEWEST_MOST = 300000, /* for long seasons, such as a day of seconds */
};

const char *const forecast_methods[] = {
#define FORECAST_METHOD_NAME(id, name) name,
    FORECAST_METHODS(FORECAST_METHOD_NAME)
#undef FORECAST_METHOD_NAME
        NULL};

/* What is being made: a mean and half widths for every lead. */
struct making {
    struct forecast *f;
    struct fc_history h;
    bool is_fixed;
    struct fc_fixed fixed;
    struct fc_ahead ahead;
    struct fc_spread spread;
    struct fc_past past;
    double sigma; /* of the steps, where there is no backtest */
    struct fc_figures figures;
};

static void note(struct forecast *f, char *text)
{
    if (f->n_notes < ARRAY_LEN(f->notes))
        f->notes[f->n_notes++] = text;
    else
        free(text);
}

static struct forecast_row row_at(const struct making *m, size_t lead)
{
    double mean, half_80, half_95;
    if (m->h.low == m->h.high) /* exactly, whatever the models round */
        return (struct forecast_row){m->h.low, m->h.low, m->h.low, m->h.low, m->h.low};
    if (m->is_fixed) {
        double sd = fc_fixed_sd(&m->fixed, lead);
        mean = fc_fixed_mean(&m->fixed, lead);
        half_80 = FORECAST_Z80 * sd;
        half_95 = FORECAST_Z95 * sd;
    } else {
        mean = fc_ahead_at(&m->ahead, lead);
        if (m->past.count) {
            fc_spread_at(&m->spread, mean, lead, &half_80, &half_95);
        } else {
            half_80 = FORECAST_Z80 * m->sigma * sqrt((double)lead);
            half_95 = FORECAST_Z95 * m->sigma * sqrt((double)lead);
        }
        if (lead > m->ahead.leads && m->ahead.slope_error > 0) {
            double by = m->ahead.slope_error * (double)(lead - m->ahead.leads);
            half_80 = hypot(half_80, FORECAST_Z80 * by);
            half_95 = hypot(half_95, FORECAST_Z95 * by);
        }
    }
    struct forecast_row r = {mean, mean - half_80, mean + half_80, mean - half_95, mean + half_95};
    if (m->h.never_below) {
        r.mean = MAX(r.mean, 0);
        r.lo_80 = MAX(r.lo_80, 0);
        r.lo_95 = MAX(r.lo_95, 0);
        r.hi_80 = MAX(r.hi_80, 0);
        r.hi_95 = MAX(r.hi_95, 0);
    }
    return r;
}

/* ---- the two ways to a forecast ---- */

/* The formula at each origin of the past, for what it is worth there. */
static void fixed_past(struct making *m, double alpha)
{
    struct fc_past *p = &m->past;
    double in_80 = 0, in_95 = 0, n = 0;
    for (size_t k = 0; k < p->count; k++) {
        struct fc_fixed then;
        fc_fixed_of(&then, m->fixed.method, m->h.raw, p->at[k], m->fixed.season, alpha);
        if (isnan(alpha)) /* chosen once: nothing that follows had a part in it */
            alpha = then.alpha;
        for (size_t i = 0; i < p->judged; i++) {
            double came = m->h.raw[p->at[k] + i], sd = fc_fixed_sd(&then, i + 1);
            double mean = p->path[k * p->leads + i] = fc_fixed_mean(&then, i + 1);
            if (isnan(came))
                continue;
            n++;
            in_80 += fabs(came - mean) <= FORECAST_Z80 * sd;
            in_95 += fabs(came - mean) <= FORECAST_Z95 * sd;
        }
    }
    fc_past_compare(p, &m->h);
    if (n > 0) {
        m->f->backtest.coverage_80 = in_80 / n;
        m->f->backtest.coverage_95 = in_95 / n;
    }
}

static bool make_fixed(struct making *m, const struct forecast_wish *wish, struct sd_error *err)
{
    size_t longest = 0;
    for (size_t i = 0; i < wish->seasons; i++)
        longest = MAX(longest, wish->season[i]);
    if (!wish->seasons && m->h.seasons)
        longest = m->h.season[m->h.seasons - 1];
    if (wish->method == FORECAST_SNAIVE && (!longest || longest >= m->h.n))
        return longest ? fail(err, "The history of %zu steps is not longer than the season of %zu.", m->h.n,
                              longest)
                       : fail(err, "The method snaive needs a season, and none is known: say --season.");
    m->is_fixed = true;
    fc_fixed_of(&m->fixed, wish->method, m->h.raw, m->h.n, longest, wish->alpha);
    fc_fixed_tell(&m->fixed, &m->figures);
    if (m->past.count && longest >= m->past.at[0] && wish->method == FORECAST_SNAIVE)
        m->past.count = 0;
    fixed_past(m, wish->alpha);
    return true;
}

static bool make_mix(struct making *m, const struct forecast_wish *wish, struct sd_error *err)
{
    struct fc_history *h = &m->h;
    const char *name = forecast_methods[wish->method];
    size_t needs = wish->method == FORECAST_DSHW ? 2 : wish->method == FORECAST_HW ? 1 : 0;
    if (h->seasons < needs)
        return fail(
            err,
            "The method %s needs %s that the history has two of, and there %s: give more of it, or --season.",
            name, needs == 2 ? "two seasons" : "a season", h->seasons ? "is one" : "is none");
    m->ahead.season = h->seasons ? h->season[h->seasons - 1] : 1;
    size_t leads = m->past.count ? m->past.leads : MIN(wish->horizon, h->n);
    if (wish->method == FORECAST_AUTO) {
        m->ahead.slope = fc_slope(h, &m->ahead.slope_error);
    } else {
        leads = MAX(wish->horizon, isnan(wish->ceiling) ? 0 : FORECAST_LOOK * h->n);
        leads = MIN(leads, (size_t)NEAR_MOST) + m->ahead.season + 1;
    }
    leads = MAX(leads, m->ahead.season);
    if (!fc_mix(h, wish->method, &m->past, &m->ahead, leads, &m->figures))
        return fail(err, "The method %s cannot be used with this history.", name);
    if (wish->method != FORECAST_AUTO) /* on as it went */
        m->ahead.slope =
            (m->ahead.near[leads - 1] - m->ahead.near[leads - 1 - m->ahead.season]) / (double)m->ahead.season;
    fc_past_compare(&m->past, h);
    if (m->past.count) {
        fc_spread_of(&m->spread, &m->past, h->never_below, &m->f->backtest.coverage_80,
                     &m->f->backtest.coverage_95);
    } else {
        struct fc_fixed naive;
        fc_fixed_of(&naive, FORECAST_NAIVE, h->raw, h->n, 0, (double)NAN);
        m->sigma = naive.sigma;
    }
    return true;
}

/* ---- what is told beside it ---- */

/* Mean absolute errors of the backtest, in those of the season before within the history. */
static void tell_backtest(struct making *m)
{
    struct forecast *f = m->f;
    const struct fc_history *h = &m->h;
    struct fc_past *p = &m->past;
    f->backtest.origins = p->count;
    if (!p->count)
        return;
    size_t m1 = h->seasons ? h->season[0] : 1, longest = h->seasons ? h->season[h->seasons - 1] : 1;
    double scale = 0, n = 0, own = fc_past_mean(p, false);
    for (size_t t = m1; t < h->n; t++) {
        double e = h->raw[t] - h->raw[t - m1];
        scale += isnan(e) ? 0 : fabs(e);
        n += !isnan(e);
    }
    scale /= n;
    for (size_t k = 0; k < p->count; k++) {
        struct fc_fixed then;
        fc_fixed_of(&then, FORECAST_SNAIVE, h->raw, p->at[k], longest, (double)NAN);
        for (size_t i = 0; i < p->leads; i++)
            p->path[k * p->leads + i] = fc_fixed_mean(&then, i + 1);
    }
    fc_past_compare(p, h);
    if (n > 0 && scale > 0) {
        f->backtest.mase = own / scale;
        f->backtest.mase_seasonal_naive = fc_past_mean(p, false) / scale;
    }
}

static int64_t time_at(const struct forecast *f, size_t lead)
{
    return add_sat(f->to_ns, mul_sat((int64_t)lead, f->step_ns));
}

int64_t forecast_time(const struct forecast *f, size_t i)
{
    return time_at(f, i + 1);
}

static void reach(const struct making *m, double ceiling)
{
    struct forecast *f = m->f;
    size_t look = FORECAST_LOOK * (f->points + f->gaps), left = 3 + f->n_scenarios;
    for (size_t lead = 1; lead <= look && left; lead++) {
        struct forecast_row r = row_at(m, lead);
        const double at[3] = {r.mean, r.hi_95, r.lo_95};
        int64_t *when[3] = {&f->reach.expected_ns, &f->reach.early_ns, &f->reach.late_ns};
        for (int i = 0; i < 3; i++)
            if (at[i] >= ceiling && !sd_known(*when[i])) {
                *when[i] = time_at(f, lead);
                left--;
            }
        for (size_t s = 0; s < f->n_scenarios; s++)
            if (!sd_known(f->scenarios[s].exhaustion_ns) && r.mean * f->scenarios[s].factor >= ceiling) {
                f->scenarios[s].exhaustion_ns = time_at(f, lead);
                left--;
            }
    }
}

static void tell_scenarios(struct forecast *f, const struct forecast_wish *wish)
{
    f->scenarios = mem_array(wish->n_what_ifs, sizeof *f->scenarios);
    f->n_scenarios = wish->n_what_ifs;
    size_t top = 0;
    for (size_t i = 1; i < f->horizon; i++)
        top = f->rows[i].mean > f->rows[top].mean ? i : top;
    for (size_t s = 0; s < f->n_scenarios; s++)
        f->scenarios[s] = (struct forecast_scenario){.name = mem_strdup(wish->what_ifs[s].name),
                                                     .factor = wish->what_ifs[s].factor,
                                                     .peak = f->rows[top].mean * wish->what_ifs[s].factor,
                                                     .peak_ns = forecast_time(f, top),
                                                     .exhaustion_ns = SD_UNKNOWN};
}

/* Back from the scale of the models to that of the values. */
static void tell(struct making *m, const struct forecast_wish *wish)
{
    struct forecast *f = m->f;
    int power = m->h.power;
    f->rows = mem_array(wish->horizon, sizeof *f->rows);
    f->horizon = wish->horizon;
    for (size_t i = 0; i < f->horizon; i++)
        f->rows[i] = row_at(m, i + 1);
    tell_scenarios(f, wish);
    if (!isnan(wish->ceiling))
        reach(m, ldexp(wish->ceiling, -power));
    for (size_t i = 0; i < f->horizon; i++) {
        struct forecast_row *r = &f->rows[i];
        double *const all[] = {&r->mean, &r->lo_80, &r->hi_80, &r->lo_95, &r->hi_95};
        for (size_t k = 0; k < ARRAY_LEN(all); k++)
            *all[k] = ldexp(*all[k], power);
    }
    for (size_t s = 0; s < f->n_scenarios; s++)
        f->scenarios[s].peak = ldexp(f->scenarios[s].peak, power);
    f->n_parameters = MIN(m->figures.n, ARRAY_LEN(f->parameters));
    for (size_t i = 0; i < f->n_parameters; i++) {
        f->parameters[i] = m->figures.at[i];
        f->parameters[i].value = ldexp(f->parameters[i].value, m->figures.power[i] * power);
    }
}

static void tell_notes(const struct making *m, const struct forecast_series *s,
                       const struct forecast_wish *wish)
{
    struct forecast *f = m->f;
    for (size_t i = 0; i < wish->seasons; i++)
        if (wish->season[i] > m->h.n / 2 && !(m->is_fixed && m->fixed.season == wish->season[i]))
            note(f,
                 mem_printf("season_too_long: the history has no two seasons of %zu steps", wish->season[i]));
    if (f->gaps)
        note(f,
             mem_printf("gaps: %zu of %zu values are missing; the models saw them filled in", f->gaps, s->n));
    if (!f->backtest.origins)
        note(f, mem_printf("no_backtest: the history is too short to test the forecast on it"));
    if (m->h.low == m->h.high)
        note(f, mem_printf("constant: all values are alike, so the forecast has no width"));
    if (!m->is_fixed && m->past.count && wish->horizon > m->past.judged)
        note(f, mem_printf("beyond_backtest: no more than %zu steps ahead could be tested on the history",
                           m->past.judged));
}

static void tell_seasons(const struct making *m)
{
    struct forecast *f = m->f;
    f->seasons = m->h.seasons;
    memcpy(f->season, m->h.season, sizeof f->season);
    size_t used = m->is_fixed && m->fixed.method == FORECAST_SNAIVE ? m->fixed.season : 0;
    if (used && (!f->seasons || f->season[f->seasons - 1] < used) && f->seasons < FORECAST_SEASONS)
        f->season[f->seasons++] = used;
}

/* How many values the models are fitted to: a bounded number, but three of the longest season if that is
 * bounded, too. */
static size_t newest_of(const struct forecast_series *s, const struct forecast_wish *wish)
{
    struct fc_history whole = {.n = s->n};
    size_t most = NEWEST;
    fc_history_seasons(&whole, s, wish);
    for (size_t i = 0; i < whole.seasons; i++)
        if (3 * whole.season[i] <= NEWEST_MOST)
            most = MAX(most, 3 * whole.season[i]);
    return fc_is_fixed(wish->method) ? s->n : MIN(most, s->n);
}

struct forecast *forecast_make(const struct forecast_series *s, const struct forecast_wish *wish,
                               struct sd_error *err)
{
    struct forecast *f = mem_alloc(sizeof *f);
    *f = (struct forecast){.from_ns = s->from_ns,
                           .to_ns = add_sat(s->from_ns, mul_sat((int64_t)s->n - 1, s->step_ns)),
                           .step_ns = s->step_ns,
                           .method = wish->method,
                           .backtest = {0, (double)NAN, (double)NAN, (double)NAN, (double)NAN},
                           .ceiling = wish->ceiling,
                           .reach = {SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN}};
    struct making m = {.f = f};
    struct forecast_series seen = *s;
    size_t newest = newest_of(s, wish);
    if (newest < s->n) {
        seen.values += s->n - newest;
        seen.n = newest;
        note(f, mem_printf("newest: the models were fitted to the last %zu of %zu steps", newest, s->n));
    }
    for (size_t t = 0; t < s->n; t++)
        f->points += !isnan(s->values[t]);
    f->gaps = s->n - f->points;
    bool made = false;
    if (fc_history_of(&m.h, &seen, wish) < LEAST) {
        fail(err, "The series has %zu values; a forecast needs %d at least.", f->points, LEAST);
    } else {
        fc_past_plan(&m.past, &m.h, wish->horizon);
        made = fc_is_fixed(wish->method) ? make_fixed(&m, wish, err) : make_mix(&m, wish, err);
    }
    if (made) {
        tell(&m, wish);
        tell_backtest(&m);
        tell_seasons(&m);
        tell_notes(&m, s, wish);
    }
    free(m.ahead.near);
    fc_past_free(&m.past);
    fc_history_free(&m.h);
    if (made)
        return f;
    forecast_free(f);
    return NULL;
}

void forecast_free(struct forecast *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_scenarios; i++)
        free(f->scenarios[i].name);
    for (size_t i = 0; i < f->n_notes; i++)
        free(f->notes[i]);
    free(f->scenarios);
    free(f->rows);
    free(f);
}
