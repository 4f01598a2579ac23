#include "core/loads/schedule.h"

#include <math.h>

#include "core/loads/dice.h"

/* Sums of rates that should be whole miss it by rounding: 0.1 a second for 30 s is 3 requests, not 4. */
#define SLACK 1e-6

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static double work(const struct load_stage *s)
{
    return (s->from + s->to) / 2 * seconds(s->for_ns);
}

void load_schedule_begin(struct load_schedule *s, const struct load_stage *stages, size_t n, bool poisson,
                         uint64_t seed)
{
    *s = (struct load_schedule){.stages = stages, .n_stages = n, .poisson = poisson, .seed = seed};
}

/* Where in a stage the integral reaches w: f t + (g - f) t^2 / 2T = w, solved so that nothing cancels. */
static int64_t moment(const struct load_stage *s, double w)
{
    double slope = (s->to - s->from) / seconds(s->for_ns);
    double root = sqrt(fmax(0, s->from * s->from + 2 * slope * w));
    double t = w > 0 ? 2 * w / (s->from + root) : 0;
    double ns = t * 1e9;
    return ns >= (double)s->for_ns ? s->for_ns : (int64_t)llround(ns);
}

int64_t load_schedule_at(struct load_schedule *s)
{
    while (s->stage < s->n_stages) {
        const struct load_stage *stage = &s->stages[s->stage];
        double w = work(stage);
        /* The first request of a stage without any rate belongs to the next one. */
        if (s->reach < s->before + w - SLACK && w > 0)
            return s->began_ns + moment(stage, fmax(0, s->reach - s->before));
        s->before += w;
        s->began_ns += stage->for_ns;
        s->stage++;
    }
    return -1;
}

void load_schedule_next(struct load_schedule *s)
{
    s->i++;
    s->reach = s->poisson ? s->reach + dice_exponential(s->seed, s->i) : (double)s->i;
}

double load_stages_level(const struct load_stage *stages, size_t n, int64_t at_ns)
{
    for (size_t i = 0; i < n && at_ns >= 0; i++) {
        if (at_ns < stages[i].for_ns)
            return stages[i].from +
                   (stages[i].to - stages[i].from) * ((double)at_ns / (double)stages[i].for_ns);
        at_ns -= stages[i].for_ns;
    }
    return 0;
}
