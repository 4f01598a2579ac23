#include "core/capacity/scale.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/capacity/scale_predict.h"

const char *const SCALE_KIND_NAMES[SCALE_KINDS + 1] = {"fixed", "reactive", "predictive", "clairvoyant",
                                                       NULL};
const char *const SCALE_REASON_NAMES[] = {"season", "event", "derivative", "reactive", "cool_down", NULL};

int64_t scale_desired(const struct scale_policy *p, double x)
{
    double n =
        ceil(x / (p->target * p->rate) * (1 - 1e-12)); /* what binary fractions have too much is none */
    return n >= (double)p->max ? p->max : MAX((int64_t)n, p->min);
}

int64_t scale_steps_of(int64_t time_ns, int64_t step_ns)
{
    return time_ns / step_ns + (time_ns % step_ns > 0);
}

/* The newest known demand before step t; 0: there is none. */
static double newest(const struct scale_trace *trace, size_t t)
{
    while (t > 0)
        if (!isnan(trace->rate[--t]))
            return trace->rate[t];
    return 0;
}

/* ---- policies: fill wanted[] of the evaluated part ---- */

struct replay {
    const struct scale_trace *trace;
    const struct scale_policy *policy;
    size_t first, steps;
    int64_t before;      /* that run before the first step */
    int64_t start_steps; /* until an instance serves */
};

static void want_fixed(const struct replay *r, int64_t *wanted)
{
    double most = 0;
    for (size_t i = 0; i < r->steps; i++)
        most = fmax(most, r->trace->rate[r->first + i]);
    for (size_t i = 0; i < r->steps; i++)
        wanted[i] = scale_desired(r->policy, most);
}

static void want_reactive(const struct replay *r, int64_t *wanted)
{
    int64_t is = r->before, cool = scale_steps_of(r->policy->cool_down_ns, r->trace->step_ns);
    int64_t removals_from = 0;
    for (size_t i = 0; i < r->steps; i++) {
        int64_t d = scale_desired(r->policy, newest(r->trace, r->first + i));
        if (d > is || (d < is && (int64_t)i >= removals_from)) {
            is = d;
            removals_from = (int64_t)i + cool;
        }
        wanted[i] = is;
    }
}

/* The most of the next steps, for each step: the candidates for it stand in `queue`, largest first. */
static void want_clairvoyant(const struct replay *r, int64_t *wanted)
{
    const double *x = r->trace->rate + r->first;
    size_t *queue = mem_array(r->steps + 1, sizeof *queue), head = 0, tail = 0, end = 0;
    for (size_t i = 0; i < r->steps; i++) {
        for (; end < r->steps && end - i <= (size_t)r->start_steps; end++) {
            while (tail > head && x[queue[tail - 1]] <= x[end])
                tail--;
            queue[tail++] = end;
        }
        while (queue[head] < i)
            head++;
        wanted[i] = scale_desired(r->policy, x[queue[head]]);
    }
    free(queue);
}

/* ---- physics ---- */

/* In each step as many run as were wanted in all of the last steps: the least of them. Before the first one
 * `before` were. */
static void run_instances(const struct replay *r, const int64_t *wanted, int64_t before, int64_t *running)
{
    size_t *queue = mem_array(r->steps + 1, sizeof *queue), head = 0, tail = 0;
    for (size_t i = 0; i < r->steps; i++) {
        while (tail > head && wanted[queue[tail - 1]] >= wanted[i])
            tail--;
        queue[tail++] = i;
        while ((int64_t)(i - queue[head]) > r->start_steps)
            head++;
        running[i] = wanted[queue[head]];
        if ((int64_t)i < r->start_steps)
            running[i] = MIN(running[i], before);
    }
    free(queue);
}

static struct scale_row sum_up(const struct replay *r, enum scale_kind kind, const int64_t *wanted,
                               const int64_t *running, int64_t before)
{
    struct scale_row row = {.kind = kind};
    double demand = 0, overload = 0, paid = 0;
    for (size_t i = 0; i < r->steps; i++) {
        double x = r->trace->rate[r->first + i], served = (double)running[i] * r->policy->rate;
        row.violations += x > served;
        row.actions += wanted[i] != (i ? wanted[i - 1] : before);
        row.peak_instances = MAX(row.peak_instances, wanted[i]);
        overload += fmax(0, x - served);
        demand += x;
        paid += (double)wanted[i];
    }
    row.violation_share = (double)row.violations / (double)r->steps;
    row.overload_share = demand > 0 ? overload / demand : (double)NAN;
    row.instance_hours = paid * ((double)r->trace->step_ns / 3600e9);
    row.cost = row.instance_hours * r->policy->price_per_hour;
    return row;
}

static void keep_decisions(struct scale *out, const struct replay *r, const int64_t *wanted,
                           const enum scale_reason *reasons)
{
    size_t cap = 0;
    int64_t is = r->before;
    for (size_t i = 0; i < r->steps; i++) {
        if (wanted[i] == is)
            continue;
        is = wanted[i];
        out->decisions = mem_grow(out->decisions, out->n_decisions, &cap, sizeof *out->decisions);
        out->decisions[out->n_decisions++] = (struct scale_decision){
            r->trace->start_ns + (int64_t)(r->first + i) * r->trace->step_ns, is, reasons[i]};
    }
}

static void want(struct scale *out, const struct replay *r, enum scale_kind kind, int64_t *wanted)
{
    if (kind == SCALE_FIXED)
        want_fixed(r, wanted);
    else if (kind == SCALE_REACTIVE)
        want_reactive(r, wanted);
    else if (kind == SCALE_CLAIRVOYANT)
        want_clairvoyant(r, wanted);
    if (kind != SCALE_PREDICTIVE)
        return;
    int64_t *reactive = mem_array(r->steps, sizeof *reactive);
    enum scale_reason *reasons = mem_array(r->steps, sizeof *reasons);
    want_reactive(r, reactive);
    scale_predict(r->trace, r->policy, r->first, reactive, wanted, reasons);
    keep_decisions(out, r, wanted, reasons);
    free(reactive);
    free(reasons);
}

static bool find_part(struct replay *r, struct sd_error *err)
{
    const struct scale_trace *t = r->trace;
    int64_t ahead = add_sat(r->policy->from_ns, -t->start_ns);
    int64_t seen = scale_steps_of(MAX(r->policy->start_ns, r->policy->lead_ns), t->step_ns);
    if (ahead <= 0)
        return fail(
            err,
            "from is not after the first step of the trace: the policies need at least one step of history");
    int64_t first = scale_steps_of(ahead, t->step_ns);
    if (first >= (int64_t)t->n)
        return fail(err, "from is after the last step of the trace: nothing is left to be replayed");
    if (MIN(seen, (int64_t)t->n) > SCALE_LOOKS_MAX / (int64_t)t->n)
        return fail(
            err, "start and lead are %lld steps of a trace of %zu; so much cannot be looked at in each step",
            (long long)seen, t->n);
    r->first = (size_t)first;
    r->steps = t->n - r->first;
    for (size_t i = r->first; i < t->n; i++)
        if (isnan(t->rate[i]))
            return fail(err,
                        "the evaluated part has no value in its step %zu: what is not known cannot be judged",
                        i - r->first + 1);
    r->before = scale_desired(r->policy, newest(t, r->first));
    r->start_steps = scale_steps_of(r->policy->start_ns, t->step_ns);
    return true;
}

bool scale_replay(struct scale *out, const struct scale_trace *t, const struct scale_policy *p,
                  struct sd_error *err)
{
    struct replay r = {.trace = t, .policy = p};
    int64_t violations[SCALE_KINDS] = {0};
    bool asked[SCALE_KINDS] = {false};
    *out = (struct scale){.step_ns = t->step_ns, .holds = true};
    if (!find_part(&r, err))
        return false;
    out->first = r.first;
    out->steps = r.steps;
    for (size_t i = 0; i < p->n_kinds; i++) {
        int64_t *wanted = out->wanted[i] = mem_array(r.steps, sizeof *wanted);
        int64_t *running = out->running[i] = mem_array(r.steps, sizeof *running);
        want(out, &r, p->kinds[i], wanted);
        int64_t before = p->kinds[i] == SCALE_FIXED ? wanted[0] : r.before; /* fixed: running throughout */
        run_instances(&r, wanted, before, running);
        out->rows[out->n_rows++] = sum_up(&r, p->kinds[i], wanted, running, before);
        violations[p->kinds[i]] = out->rows[i].violations;
        asked[p->kinds[i]] = true;
    }
    out->holds = !(asked[SCALE_REACTIVE] && asked[SCALE_PREDICTIVE] &&
                   violations[SCALE_PREDICTIVE] > violations[SCALE_REACTIVE]);
    return true;
}

void scale_free(struct scale *s)
{
    for (size_t i = 0; i < SCALE_KINDS; i++) {
        free(s->wanted[i]);
        free(s->running[i]);
    }
    free(s->decisions);
    *s = (struct scale){0};
}
