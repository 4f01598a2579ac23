#include "core/goals/alert_inputs.h"

#include "base/units.h"
#include "core/goals/burn.h"
#include "core/goals/signals_private.h"

#include <math.h>
#include <stdlib.h>

/* Of one alert; of all together. */
enum { INSTANCES_MAX = 1 << 20, WATCHED_MAX = 100000 };

void alert_inputs_free(struct alert_inputs *x)
{
    free(x->values);
    free(x->inputs);
    strbuf_free(&x->reason);
    *x = (struct alert_inputs){.cap = 0};
}

static void make_room(struct alert_inputs *x)
{
    x->cap = x->cap ? x->cap * 4 : 64;
    x->values = mem_realloc(x->values, x->cap * sizeof *x->values);
    x->inputs = mem_realloc(x->inputs, x->cap * sizeof *x->inputs);
}

/* Those that are over their limit stay, as far as there is room. */
static size_t keep_worst(struct alert_input *in, size_t n, size_t room)
{
    size_t kept = 0;
    for (int holds = 1; holds >= 0; holds--)
        for (size_t i = kept; i < n && kept < room; i++)
            if (in[i].holds == (bool)holds) {
                struct alert_input x = in[kept];
                in[kept++] = in[i];
                in[i] = x;
            }
    return kept;
}

static void evaluate_kpi(struct alerting *a, size_t rule, struct signals *s, struct alert_inputs *x)
{
    const struct alert_rule *r = &a->rules[rule];
    const struct goal_figure *f = &r->kpi->figure;
    size_t n;
    if (!x->cap)
        make_room(x);
    while ((n = signals_values(s, f, a->at, f->window_ns, x->values, x->cap)) == x->cap &&
           x->cap < INSTANCES_MAX)
        make_room(x);
    for (size_t i = 0; i < n; i++) {
        const struct signal_value *v = &x->values[i];
        x->inputs[i] = (struct alert_input){
            .instance = v->instance,
            .value = v->value,
            .holds = r->below ? v->value < r->threshold : v->value > r->threshold,
            .unit = v->unit,
            .threshold = r->threshold,
            .window_ns = f->window_ns,
        };
    }
    if (n > 1 && n > x->room) {
        n = keep_worst(x->inputs, n, MAX(x->room, 1));
        signals_note(s, "Not all instances of alerts are watched one by one: there are too many.");
    }
    x->room -= MIN(n, x->room);
    alerting_rule(a, rule, x->inputs, n);
}

/* ---- burn rates ---- */

/* Why a pair fires, or does not though its long window is above. */
static void say_why(struct strbuf *out, const struct goal_slo *o, const struct goal_pair *p,
                    const struct burn_pair *b)
{
    char in_long[UNIT_TEXT_MAX], in_short[UNIT_TEXT_MAX], why[64];
    strbuf_clear(out);
    burn_reason_text(o, b, why);
    strbuf_str(out, why);
    if (b->firing)
        strbuf_printf(out, "burns %.3g times the budget over %s and %.3g over %s, limit %.3g", b->burn_long,
                      unit_format_int(UNIT_SINCE, p->long_ns, in_long), b->burn_short,
                      unit_format_int(UNIT_SINCE, p->short_ns, in_short), p->factor);
}

/* The figures are those of the pair that fires, else of the one that is nearest to it. */
static void evaluate_slo(struct alerting *a, size_t rule, struct signals *s, struct alert_inputs *x)
{
    const struct alert_rule *r = &a->rules[rule];
    const struct goal_slo *o = r->slo;
    const struct goal_pair *best = NULL;
    struct burn_pair figures = {.firing = false};
    struct alert_input in = {.value = (double)NAN, .threshold = r->threshold, .window_ns = r->window_ns};
    for (size_t i = 0; i < o->n_pairs && !figures.firing; i++) {
        const struct goal_pair *p = &o->pairs[i];
        if (p->severity != r->severity)
            continue;
        struct burn_pair b = burn_of_pair(s, o, p, a->at);
        if (isnan(b.burn_long) || (best && !b.firing && b.burn_long / p->factor <= in.value / in.threshold))
            continue;
        best = p;
        figures = b;
        in.value = b.burn_long;
        in.threshold = p->factor;
        in.window_ns = p->long_ns;
        in.holds = b.firing;
    }
    strbuf_clear(&x->reason);
    if (best)
        say_why(&x->reason, o, best, &figures);
    in.reason = x->reason.len ? x->reason.text : NULL;
    alerting_rule(a, rule, &in, 1);
}

bool alert_evaluate(struct alerting *a, struct signals *s, sd_time at, struct alert_inputs *room,
                    struct sd_error *err)
{
    if (!alerting_begin(a, at, err))
        return false;
    room->room = WATCHED_MAX;
    for (size_t i = 0; i < a->n_rules; i++) {
        if (a->rules[i].kpi)
            evaluate_kpi(a, i, s, room);
        else
            evaluate_slo(a, i, s, room);
    }
    alerting_end(a);
    return true;
}
