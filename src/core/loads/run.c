#include "core/loads/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "core/loads/schedule.h"

/* From this share of requests on that were late through us the figures are not the server's. */
#define LATE_MAX 0.01

/* ---- the driver: what the plan says, counted ---- */

static int64_t next_at(void *ctx, int64_t now_ns)
{
    struct load_run *r = ctx;
    return r->plan.driver.next_at(r->plan.driver.ctx, now_ns);
}

static void take(void *ctx, struct load_order *out)
{
    struct load_run *r = ctx;
    r->plan.driver.take(r->plan.driver.ctx, out);
    load_figures_begun(&r->figures, out);
    r->interval.planned++;
    r->totals.planned++;
}

static void count(struct load_run *r, const struct load_outcome *o)
{
    struct load_interval *i = &r->interval;
    bool answered = o->failure == LOAD_NONE || o->failure == LOAD_STATUS;
    bool failed = load_failure_of(r->scenario, o) != LOAD_NONE;
    bool late = o->late && !(o->order.tag & LOAD_TAG_HELD);
    i->answered += answered;
    i->failed += failed;
    i->timeouts += o->failure == LOAD_TIMEOUT;
    i->limited += answered && o->status == 429;
    i->late += late;
    i->bytes += o->bytes;
    hist_record(&i->latency, o->done_ns - o->order.intended_ns);
    if (sd_known(o->sent_ns)) {
        i->sent++;
        hist_record(&i->service, o->done_ns - o->sent_ns);
        hist_record(&i->lateness, MAX(o->ours_ns, 0));
        r->totals.sent++;
    }
    r->totals.ended++;
    r->totals.answered += answered;
    r->totals.failed += failed;
    r->totals.late += late;
}

static void ended(void *ctx, const struct load_outcome *o)
{
    struct load_run *r = ctx;
    const struct load_scenario *s = r->scenario;
    load_figures_add(&r->figures, o);
    count(r, o);
    if (s->kind == LOAD_SPIKE)
        load_spike_add(&r->spike, s, o);
    else if (s->kind == LOAD_SOAK)
        load_soak_add(&r->soak, s, o);
    if (r->each)
        r->each(r->each_ctx, o);
    r->plan.driver.ended(r->plan.driver.ctx, o);
}

static void new_interval(struct load_run *r, int64_t from_ns)
{
    struct load_interval *i = &r->interval;
    *i = (struct load_interval){.from_ns = from_ns, .to_ns = from_ns};
    hist_clear(&i->latency);
    hist_clear(&i->service);
    hist_clear(&i->lateness);
}

void load_run_init(struct load_run *r, const struct load_scenario *s, int64_t started)
{
    *r = (struct load_run){.scenario = s, .started = started, .verdict = LOAD_VERDICT_PASS};
    r->driver = (struct load_driver){.next_at = next_at, .take = take, .ended = ended, .ctx = r};
    load_figures_init(&r->figures, s);
    load_limits_init(&r->limits);
    load_spike_init(&r->spike);
    load_soak_init(&r->soak, s);
    r->search.held = r->search.broke = r->search.now = (double)NAN;
    r->plan = load_plan_of(s, started, &r->search, &r->limits);
    new_interval(r, 0);
}

void load_run_free(struct load_run *r)
{
    load_plan_free(&r->plan);
    load_figures_free(&r->figures);
    load_search_result_free(&r->search);
    load_limits_free(&r->limits);
    load_spike_free(&r->spike);
    load_soak_free(&r->soak, r->scenario);
    free(r->thresholds);
    cJSON_Delete(r->comparison);
}

/* ---- while it runs ---- */

static double asked_now(const struct load_run *r, int64_t now_ns)
{
    const struct load_scenario *s = r->scenario;
    if (s->model == LOAD_CLOSED)
        return (double)NAN;
    if (s->kind == LOAD_SEARCH)
        return r->search.now;
    if (s->kind == LOAD_LIMITS)
        return load_peak_rate(s);
    return load_stages_level(s->stages, s->n_stages, now_ns);
}

bool load_run_tick(struct load_run *r, int64_t now_ns, int64_t waiting, int64_t in_flight, double cpu_share,
                   struct load_interval *done)
{
    struct load_interval *i = &r->interval;
    const struct load_scenario *s = r->scenario;
    i->to_ns = now_ns;
    i->waiting = waiting;
    i->in_flight = in_flight;
    i->cpu_share = cpu_share;
    i->asked_per_s = asked_now(r, now_ns);
    i->users = s->model == LOAD_CLOSED ? real_to_int(ceil(load_stages_level(s->stages, s->n_stages, now_ns)))
                                       : SD_UNKNOWN;
    load_figures_settle(&r->figures, now_ns);
    if (now_ns - i->from_ns < SD_S)
        return false;
    *done = *i;
    new_interval(r, now_ns);
    r->interval.asked_per_s = done->asked_per_s;
    r->interval.users = done->users;
    return true;
}

static const char *spike_phase(const struct load_spike *p, int64_t now_ns)
{
    if (now_ns < p->before_ns)
        return "before";
    if (now_ns < p->before_ns + p->rise_ns)
        return "rise";
    return now_ns < p->before_ns + p->rise_ns + p->hold_ns ? "hold" : "after";
}

void load_run_phase(const struct load_run *r, int64_t now_ns, struct strbuf *out)
{
    const struct load_scenario *s = r->scenario;
    if (s->kind == LOAD_SEARCH)
        strbuf_printf(out, "level %zu", r->search.n_levels + !isnan(r->search.now));
    else if (now_ns < s->warmup_ns)
        strbuf_str(out, "warm-up");
    else if (now_ns > load_duration_ns(s))
        strbuf_str(out, "last answers");
    else if (s->kind == LOAD_SPIKE)
        strbuf_str(out, spike_phase(&s->spike, now_ns));
    else
        strbuf_str(out, "measuring");
}

/* ---- the end ---- */

/* What was held back until there was no time left. */
static void add_left(struct load_run *r, int64_t now_ns)
{
    struct load_order order;
    while (r->plan.left(r->plan.driver.ctx, &order)) {
        struct load_outcome o = {.order = order,
                                 .sent_ns = SD_UNKNOWN,
                                 .done_ns = now_ns,
                                 .failure = LOAD_UNSENT,
                                 .retry_after_s = SD_UNKNOWN,
                                 .retry_at = SD_UNKNOWN,
                                 .sample = "no row of the credentials was free until the run ended"};
        load_figures_begun(&r->figures, &order);
        r->totals.planned++;
        o.order.user = -1;
        load_figures_add(&r->figures, &o);
        if (r->scenario->kind == LOAD_SPIKE)
            load_spike_add(&r->spike, r->scenario, &o);
        else if (r->scenario->kind == LOAD_SOAK)
            load_soak_add(&r->soak, r->scenario, &o);
        if (r->each)
            r->each(r->each_ctx, &o);
    }
}

static void set_times(struct load_run *r)
{
    const struct load_scenario *s = r->scenario;
    int64_t now = r->end.now_ns;
    if (s->kind == LOAD_SEARCH) {
        r->duration_ns = r->search.duration_ns;
        r->measured_ns = r->search.measured_ns;
        if (r->end.stopped && !isnan(r->search.now)) { /* the level that was cut */
            int64_t part = MIN(now - r->search.began_ns, s->warmup_ns + s->search.step_ns);
            r->duration_ns += MAX(part, 0);
            r->measured_ns += MAX(part - s->warmup_ns, 0);
        }
        return;
    }
    r->duration_ns = load_duration_ns(s);
    r->measured_ns = (r->end.stopped ? MIN(now, r->duration_ns) : r->duration_ns) - s->warmup_ns;
    r->measured_ns = MAX(r->measured_ns, 0);
}

static bool check_thresholds(struct load_run *r)
{
    const struct load_scenario *s = r->scenario;
    bool all = true;
    r->thresholds = mem_array(s->n_thresholds + 1, sizeof *r->thresholds);
    for (size_t i = 0; i < s->n_thresholds; i++) {
        const struct load_threshold *t = &s->thresholds[i];
        struct load_threshold_result *x = &r->thresholds[i];
        if (s->kind == LOAD_SEARCH) /* at the breaking point they do not hold: that is what it is */
            *x = r->search.thresholds ? r->search.thresholds[i]
                                      : (struct load_threshold_result){.value = (double)NAN};
        else
            x->value = load_threshold_value(&r->figures.all, t, r->measured_ns);
        if (s->kind != LOAD_SEARCH)
            x->passed = load_relation_holds(t->relation, x->value, t->limit);
        all &= x->passed;
    }
    return all;
}

static bool holds(struct load_run *r)
{
    const struct load_scenario *s = r->scenario;
    struct strbuf ignored = {0};
    bool thresholds = check_thresholds(r), ok = true;
    switch (s->kind) {
    case LOAD_SEARCH:
        return !isnan(r->search.held) && !(r->search.held < s->search.require);
    case LOAD_SPIKE:
        ok = load_spike_passed(&r->spike, s);
        break;
    case LOAD_SOAK:
        ok = load_soak_passed(&r->soak);
        break;
    case LOAD_LIMITS:
        ok = !load_limits_finding(&r->limits, s, 0, &ignored);
        break;
    default:
        break;
    }
    strbuf_free(&ignored);
    return ok && thresholds;
}

void load_run_finish(struct load_run *r, const struct load_run_end *end)
{
    const struct load_scenario *s = r->scenario;
    r->end = *end;
    if (!end->stopped)
        add_left(r, end->now_ns);
    load_figures_settle(&r->figures, INT64_MAX);
    set_times(r);
    if (s->kind == LOAD_SPIKE)
        load_spike_finish(&r->spike, s, end->now_ns);
    else if (s->kind == LOAD_SOAK)
        load_soak_finish(&r->soak, s, end->now_ns);
    else if (s->kind == LOAD_LIMITS)
        load_limits_finish(&r->limits);
    r->saturated = (double)r->figures.late > LATE_MAX * (double)r->figures.all.planned;
    r->verdict = holds(r) ? LOAD_VERDICT_PASS : LOAD_VERDICT_FAIL;
    if (r->saturated)
        r->verdict = LOAD_VERDICT_UNRELIABLE;
    if (end->stopped)
        r->verdict = LOAD_VERDICT_STOPPED;
}

void load_run_compared(struct load_run *r, cJSON *json, bool slower)
{
    cJSON_Delete(r->comparison);
    r->comparison = json;
    r->slower = slower;
    if (slower && r->verdict == LOAD_VERDICT_PASS)
        r->verdict = LOAD_VERDICT_FAIL;
}

const char *load_verdict_name(enum load_verdict v)
{
    static const char *const NAMES[] = {
#define LOAD_VERDICT_NAME(UPPER, name) name,
        LOAD_RUN_VERDICTS(LOAD_VERDICT_NAME)
#undef LOAD_VERDICT_NAME
    };
    return NAMES[v];
}
