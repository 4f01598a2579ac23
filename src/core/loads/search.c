#include "core/loads/search.h"

#include <math.h>
#include <stdlib.h>

void load_search_begin(struct load_search_state *s, const struct load_search *rules)
{
    *s = (struct load_search_state){
        .rules = rules, .held = (double)NAN, .broke = (double)NAN, .rate = rules->from};
}

static double next_rate(const struct load_search_state *s)
{
    const struct load_search *x = s->rules;
    if (isnan(s->held)) /* the first one broke */
        return (double)NAN;
    if (isnan(s->broke))
        return s->held >= x->to ? (double)NAN : fmin(2 * s->held, x->to);
    if ((s->broke - s->held) / s->broke <= x->precision)
        return (double)NAN;
    return (s->held + s->broke) / 2;
}

void load_search_told(struct load_search_state *s, bool held)
{
    if (!held && !s->again) {
        s->again = true;
        return;
    }
    s->again = false;
    if (held)
        s->held = s->rate;
    else
        s->broke = s->rate;
    s->rate = next_rate(s);
}

void load_search_result_free(struct load_search_result *r)
{
    free(r->thresholds);
    *r = (struct load_search_result){0};
}

const char *load_degradation_name(enum load_degradation d)
{
    static const char *const NAMES[] = {[LOAD_LATENCY_DOUBLED] = "latency_doubled",
                                        [LOAD_SATURATED] = "saturated",
                                        [LOAD_ERRORS] = "errors",
                                        [LOAD_THRESHOLD] = "threshold"};
    return NAMES[d];
}

/* The level's last run: what a second one did not repeat was a hiccup. */
static bool is_last_run(const struct load_search_result *r, size_t i)
{
    return i + 1 == r->n_levels || r->levels[i + 1].rate != r->levels[i].rate;
}

static bool shows(const struct load_level *x, const struct load_level *lowest, enum load_degradation d,
                  double *value)
{
    switch (d) {
    case LOAD_LATENCY_DOUBLED:
        *value = (double)x->p99;
        return x != lowest && sd_known(x->p99) && sd_known(lowest->p99) && x->p99 >= 2 * lowest->p99;
    case LOAD_SATURATED:
        *value = x->ok_per_s;
        return x->saturated;
    case LOAD_ERRORS:
        *value = x->error_share;
        return x->error_share > 0.001;
    default:
        *value = x->value;
        return x->threshold >= 0;
    }
}

void load_search_degraded(const struct load_search_result *r, struct load_degraded out[LOAD_DEGRADATION_N])
{
    const struct load_level *lowest = NULL;
    for (size_t i = 0; i < r->n_levels; i++)
        if (is_last_run(r, i) && (!lowest || r->levels[i].rate < lowest->rate))
            lowest = &r->levels[i];
    for (int d = 0; d < LOAD_DEGRADATION_N; d++) {
        out[d] = (struct load_degraded){.value = (double)NAN};
        for (size_t i = 0; i < r->n_levels; i++) {
            const struct load_level *x = &r->levels[i];
            double value;
            if (is_last_run(r, i) && shows(x, lowest, (enum load_degradation)d, &value) &&
                (!out[d].level || x->rate < out[d].level->rate))
                out[d] = (struct load_degraded){.level = x, .value = value};
        }
    }
}
