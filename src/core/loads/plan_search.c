/* plan_search.c - the levels of a search, one after the other, each an open model of its own. */
#include "core/loads/dice.h"
#include "core/loads/load_figures.h"
#include "core/loads/mix.h"
#include "core/loads/load_plan.h"
#include "core/loads/rows.h"
#include "core/loads/schedule.h"

#include <math.h>
#include <stdlib.h>

/* In a tag: the level, and the request's number in it. */
enum { LEVEL_SHIFT = 40 };
#define INDEX_MASK ((UINT64_C(1) << (LEVEL_SHIFT - LOAD_TAG_SHIFT)) - 1)

/* A level is saturated when fewer than this share of its requests are answered while it lasts. */
#define IN_TIME 0.95

struct searching {
    const struct load_scenario *scenario;
    struct load_search_state state;
    struct load_search_result *result;
    struct load_mix mix;
    struct load_rows rows;
    uint64_t seq; /* of the whole run */
    /* the level under way */
    uint64_t level, first_seq;
    struct load_stage stage;
    struct load_schedule schedule;
    int64_t began_ns, ends_ns;
    uint64_t n_taken, n_ended;
    bool *over; /* which of them have ended */
    size_t cap_over;
    bool held;
    struct load_tally tally; /* of its step */
    struct hist overtime;    /* how long after its end successes of its step were answered */
    struct hist early;       /* latency of the first tenth of its step, before a queue could grow */
    double quick_ns;         /* 90th percentile of that, of the first level that held; NAN: none did yet */
    struct load_order *left; /* held back until their level was over */
    size_t n_left, cap_left;
};

static void begin_level(struct searching *x, int64_t now_ns)
{
    const struct load_scenario *s = x->scenario;
    int64_t whole = s->warmup_ns + s->search.step_ns;
    x->level++;
    x->first_seq = x->seq;
    x->stage = (struct load_stage){.for_ns = whole, .from = x->state.rate, .to = x->state.rate};
    load_schedule_begin(&x->schedule, &x->stage, 1, s->arrivals == LOAD_POISSON,
                        dice_mix(s->seed + x->level));
    x->result->now = x->state.rate;
    x->result->began_ns = x->began_ns = now_ns;
    x->ends_ns = now_ns + whole;
    x->n_taken = x->n_ended = 0;
    x->held = false;
    load_tally_clear(&x->tally);
    hist_clear(&x->overtime);
    hist_clear(&x->early);
}

/* The next order of the level, which is then behind us. */
static void next(struct searching *x, struct load_order *out)
{
    const struct load_scenario *s = x->scenario;
    int64_t at = load_schedule_at(&x->schedule);
    *out = (struct load_order){.seq = x->seq,
                               .request = load_mix_pick(&x->mix, dice(s->seed, DICE_REQUEST, 0, x->seq)),
                               .user = -1,
                               .intended_ns = x->began_ns + at,
                               .tag = (x->level << LEVEL_SHIFT) |
                                      ((x->schedule.i & INDEX_MASK) << LOAD_TAG_SHIFT)};
    out->tag |= at >= s->warmup_ns ? LOAD_TAG_MEASURED : 0;
    out->tag |= x->held ? LOAD_TAG_HELD : 0;
    x->held = false;
    x->seq++;
    load_schedule_next(&x->schedule);
}

/* ---- is it over, and did it hold? ---- */

/* Those of the step that have no end yet are counted as they are: failed, after the time until now. */
static void add_open(struct searching *x, int64_t now_ns)
{
    struct load_schedule all;
    load_schedule_begin(&all, &x->stage, 1, x->schedule.poisson, x->schedule.seed);
    for (int64_t at; (at = load_schedule_at(&all)) >= 0; load_schedule_next(&all)) {
        bool over = all.i < x->n_taken && x->over[all.i];
        uint32_t request =
            load_mix_pick(&x->mix, dice(x->scenario->seed, DICE_REQUEST, 0, x->first_seq + all.i));
        struct load_outcome o = {.order = {.request = request, .intended_ns = x->began_ns + at},
                                 .sent_ns = SD_UNKNOWN,
                                 .done_ns = now_ns,
                                 .failure = LOAD_UNSENT};
        if (!over && at >= x->scenario->warmup_ns)
            load_tally_add(&x->tally, &o);
    }
}

static int64_t beyond(const struct hist *h, double ns)
{
    int64_t n = 0;
    for (uint32_t i = h->lo; i < h->hi; i++)
        if ((double)sd_hist_lower(i) > ns)
            n += h->bucket[i];
    return n;
}

/* How long an answer takes without a queue, at most a tenth of the step. */
static double unqueued(const struct searching *x)
{
    const struct hist *h = x->early.count ? &x->early : &x->tally.latency;
    double tenth = (double)x->scenario->search.step_ns / 10;
    double own = h->count ? (double)hist_quantile(h, 0.9) : tenth;
    return fmin(isnan(x->quick_ns) ? own : x->quick_ns, tenth);
}

/* Successes that came while the level lasted. The last requests are given the time that an answer takes
 * without any queue, too: that of 9 of 10 in the beginning of the first level that held. */
static int64_t in_time(const struct searching *x)
{
    return x->tally.ok - beyond(&x->overtime, unqueued(x));
}

static double figure(struct searching *x, const struct load_threshold *t, const struct load_level *level)
{
    if (t->metric == LOAD_METRIC_OK_PER_S && t->request < 0)
        return level->ok_per_s;
    return load_threshold_value(&x->tally, t, x->scenario->search.step_ns);
}

static struct load_level judge(struct searching *x)
{
    const struct load_scenario *s = x->scenario;
    const struct hist *h = &x->tally.latency;
    int64_t ok = in_time(x);
    double planned = (double)x->tally.planned;
    struct load_level level = {.from_ns = x->began_ns + s->warmup_ns,
                               .to_ns = x->ends_ns,
                               .rate = x->state.rate,
                               .ok_per_s = (double)ok / ((double)s->search.step_ns / 1e9),
                               .error_share = planned > 0 ? (double)x->tally.failed / planned : (double)NAN,
                               .p50 = hist_quantile(h, 0.5),
                               .p95 = hist_quantile(h, 0.95),
                               .p99 = hist_quantile(h, 0.99),
                               .mean_ns = num_ratio(h->sum, (int64_t)h->count),
                               .threshold = -1,
                               .saturated = (double)ok < IN_TIME * planned,
                               .value = (double)NAN};
    for (size_t i = 0; i < s->n_thresholds && level.threshold < 0; i++) {
        double value = figure(x, &s->thresholds[i], &level);
        if (!load_relation_holds(s->thresholds[i].relation, value, s->thresholds[i].limit)) {
            level.threshold = (int)i;
            level.value = value;
        }
    }
    level.held = level.threshold < 0 && !level.saturated && planned > 0;
    return level;
}

static void keep_thresholds(struct searching *x, const struct load_level *level)
{
    const struct load_scenario *s = x->scenario;
    struct load_search_result *r = x->result;
    bool first = !r->thresholds;
    bool higher = level->held && !(level->rate < r->held); /* also when none held before */
    if (!first && !higher)
        return;
    if (first)
        r->thresholds = mem_array(s->n_thresholds + 1, sizeof *r->thresholds);
    for (size_t i = 0; i < s->n_thresholds; i++) {
        const struct load_threshold *t = &s->thresholds[i];
        r->thresholds[i].value = figure(x, t, level);
        r->thresholds[i].passed = load_relation_holds(t->relation, r->thresholds[i].value, t->limit);
    }
}

/* What was held back to the end of its level is not sent any more. */
static void keep_left(struct searching *x)
{
    while (load_schedule_at(&x->schedule) >= 0) {
        x->left = mem_grow(x->left, x->n_left, &x->cap_left, sizeof *x->left);
        x->held = true;
        next(x, &x->left[x->n_left++]);
    }
}

static void end_level(struct searching *x, int64_t now_ns)
{
    const struct load_scenario *s = x->scenario;
    struct load_search_result *r = x->result;
    add_open(x, now_ns);
    keep_left(x);
    struct load_level level = judge(x);
    keep_thresholds(x, &level);
    if (level.held && isnan(x->quick_ns))
        x->quick_ns = unqueued(x);
    r->levels[r->n_levels++] = level;
    r->measured_ns += s->search.step_ns;
    r->duration_ns += s->warmup_ns + s->search.step_ns;
    load_search_told(&x->state, level.held);
    r->held = x->state.held;
    r->broke = x->state.broke;
    if (r->n_levels == LOAD_LEVELS_MAX)
        x->state.rate = (double)NAN;
    r->now = x->state.rate;
    if (!isnan(x->state.rate))
        begin_level(x, now_ns);
}

/* ---- the driver ---- */

static int64_t next_at(void *ctx, int64_t now_ns)
{
    struct searching *x = ctx;
    int64_t give_up = x->ends_ns + x->scenario->search.recover_ns;
    if (isnan(x->state.rate))
        return -1;
    int64_t at = load_schedule_at(&x->schedule);
    if (now_ns < give_up && at >= 0) {
        if (x->began_ns + at > now_ns || load_rows_free(&x->rows))
            return x->began_ns + at;
        x->held = true;
        return give_up;
    }
    if (now_ns < give_up && x->n_ended < x->n_taken)
        return give_up;      /* to be asked again */
    if (now_ns < x->ends_ns) /* its last request was answered before the step was over */
        return x->ends_ns;
    end_level(x, now_ns);
    return isnan(x->state.rate) ? -1 : x->began_ns;
}

static void take(void *ctx, struct load_order *out)
{
    struct searching *x = ctx;
    while (x->cap_over <= x->n_taken) {
        x->cap_over = x->cap_over ? 2 * x->cap_over : 1024;
        x->over = mem_realloc(x->over, x->cap_over * sizeof *x->over);
    }
    next(x, out);
    out->user = load_rows_take(&x->rows);
    x->over[x->n_taken++] = false;
}

static void ended(void *ctx, const struct load_outcome *o)
{
    struct searching *x = ctx;
    load_rows_give(&x->rows, o->order.user);
    if (o->order.tag >> LEVEL_SHIFT != x->level)
        return; /* of a level that is over */
    x->over[(o->order.tag >> LOAD_TAG_SHIFT) & INDEX_MASK] = true;
    x->n_ended++;
    if (!(o->order.tag & LOAD_TAG_MEASURED))
        return;
    load_tally_add(&x->tally, o);
    if (o->order.intended_ns - x->began_ns - x->scenario->warmup_ns < x->scenario->search.step_ns / 10)
        hist_record(&x->early, o->done_ns - o->order.intended_ns);
    if (load_failure_of(x->scenario, o) == LOAD_NONE && o->done_ns > x->ends_ns)
        hist_record(&x->overtime, o->done_ns - x->ends_ns);
}

static bool left(void *ctx, struct load_order *out)
{
    struct searching *x = ctx;
    if (!x->n_left)
        return false;
    *out = x->left[--x->n_left];
    return true;
}

static void done(void *ctx)
{
    struct searching *x = ctx;
    load_tally_free(&x->tally);
    free(x->mix.sums);
    free(x->rows.row);
    free(x->over);
    free(x->left);
    free(x);
}

struct load_plan load_plan_search(const struct load_scenario *s, struct load_search_result *out)
{
    struct searching *x = mem_alloc(sizeof *x);
    *out = (struct load_search_result){.held = (double)NAN, .broke = (double)NAN};
    x->scenario = s;
    x->result = out;
    x->mix = load_mix_of(&s->requests->weight, s->n_requests, sizeof *s->requests);
    x->rows = load_rows_of(s->credentials.n_rows);
    x->quick_ns = (double)NAN;
    load_tally_init(&x->tally, s);
    load_search_begin(&x->state, &s->search);
    begin_level(x, 0);
    return (struct load_plan){
        .driver = {.next_at = next_at, .take = take, .ended = ended, .ctx = x}, .left = left, .free = done};
}
