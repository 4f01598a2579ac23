/* plan_open.c - requests by the clock. */
#include "core/loads/dice.h"
#include "core/loads/load_figures.h"
#include "core/loads/mix.h"
#include "core/loads/load_plan.h"
#include "core/loads/rows.h"
#include "core/loads/schedule.h"

#include <stdlib.h>

struct open {
    const struct load_scenario *scenario;
    struct load_schedule schedule;
    struct load_mix mix;
    int64_t give_up_ns; /* nothing is sent any more from then on */
    bool held;          /* the next one had to wait for a row */
    struct load_rows rows;
};

static int64_t next_at(void *ctx, int64_t now_ns)
{
    struct open *o = ctx;
    int64_t at = load_schedule_at(&o->schedule);
    if (at < 0 || now_ns >= o->give_up_ns)
        return -1;
    if (at > now_ns || load_rows_free(&o->rows))
        return at;
    o->held = true;
    return INT64_MAX;
}

/* The next one, which is then behind us. */
static void next(struct open *o, struct load_order *out)
{
    const struct load_scenario *s = o->scenario;
    *out =
        (struct load_order){.seq = o->schedule.i,
                            .request = load_mix_pick(&o->mix, dice(s->seed, DICE_REQUEST, 0, o->schedule.i)),
                            .user = -1,
                            .intended_ns = load_schedule_at(&o->schedule)};
    out->tag = (out->intended_ns >= s->warmup_ns ? LOAD_TAG_MEASURED : 0) | (o->held ? LOAD_TAG_HELD : 0);
    o->held = false;
    load_schedule_next(&o->schedule);
}

static void take(void *ctx, struct load_order *out)
{
    struct open *o = ctx;
    next(o, out);
    out->user = load_rows_take(&o->rows);
}

static void ended(void *ctx, const struct load_outcome *outcome)
{
    struct open *o = ctx;
    load_rows_give(&o->rows, outcome->order.user);
}

static bool left(void *ctx, struct load_order *out)
{
    struct open *o = ctx;
    if (load_schedule_at(&o->schedule) < 0)
        return false;
    o->held = true;
    next(o, out);
    return true;
}

static void done(void *ctx)
{
    struct open *o = ctx;
    free(o->mix.sums);
    free(o->rows.row);
    free(o);
}

struct load_plan load_plan_open(const struct load_scenario *s)
{
    struct open *o = mem_alloc(sizeof *o);
    o->scenario = s;
    o->mix = load_mix_of(&s->requests->weight, s->n_requests, sizeof *s->requests);
    o->give_up_ns = add_sat(load_duration_ns(s), s->timeout_ns);
    load_schedule_begin(&o->schedule, s->stages, s->n_stages, s->arrivals == LOAD_POISSON, s->seed);
    o->rows = load_rows_of(s->credentials.n_rows);
    return (struct load_plan){
        .driver = {.next_at = next_at, .take = take, .ended = ended, .ctx = o}, .left = left, .free = done};
}
