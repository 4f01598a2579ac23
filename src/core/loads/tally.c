#include "core/loads/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

/* Above so many values a histogram takes less room. */
enum { VALUES_MAX = 1024 };

void load_durations_add(struct load_durations *x, int64_t ns)
{
    if (!x->h && x->n == VALUES_MAX) {
        x->h = mem_alloc(sizeof *x->h);
        hist_clear(x->h);
        for (size_t i = 0; i < x->n; i++)
            hist_record(x->h, x->v[i]);
        free(x->v);
        x->v = NULL;
    }
    if (x->h) {
        hist_record(x->h, ns);
        return;
    }
    x->v = mem_grow(x->v, x->n, &x->cap, sizeof *x->v);
    x->v[x->n++] = ns;
}

int64_t load_durations_quantile(struct load_durations *x, double q)
{
    if (x->h)
        return hist_quantile(x->h, q);
    if (!x->n)
        return SD_UNKNOWN;
    qsort(x->v, x->n, sizeof *x->v, int_ascending);
    double rank = ceil(q * (double)x->n - 1e-9);
    return x->v[rank < 1 ? 0 : (size_t)rank - 1];
}

int64_t load_durations_max(struct load_durations *x)
{
    return x->h ? x->h->max : load_durations_quantile(x, 1);
}

double load_durations_mean(const struct load_durations *x)
{
    double sum = 0;
    if (x->h)
        return (double)x->h->sum / (double)x->h->count;
    for (size_t i = 0; i < x->n; i++)
        sum += (double)x->v[i];
    return x->n ? sum / (double)x->n : (double)NAN;
}

void load_durations_free(struct load_durations *x)
{
    free(x->v);
    free(x->h);
    *x = (struct load_durations){0};
}

void load_tally_init(struct load_tally *t, const struct load_scenario *s)
{
    *t = (struct load_tally){.scenario = s, .rows = mem_array(s->n_requests, sizeof *t->rows)};
    hist_clear(&t->latency);
}

static void free_rows(struct load_tally *t)
{
    for (size_t i = 0; t->rows && i < t->scenario->n_requests; i++)
        load_durations_free(&t->rows[i].latency);
}

void load_tally_clear(struct load_tally *t)
{
    struct load_request_tally *rows = t->rows;
    free_rows(t);
    memset(rows, 0, t->scenario->n_requests * sizeof *rows);
    *t = (struct load_tally){.scenario = t->scenario, .rows = rows};
    hist_clear(&t->latency);
}

void load_tally_free(struct load_tally *t)
{
    free_rows(t);
    free(t->rows);
    *t = (struct load_tally){0};
}

enum load_failure load_failure_of(const struct load_scenario *s, const struct load_outcome *o)
{
    if (o->failure == LOAD_NONE && load_status_fails(s, o->status))
        return LOAD_STATUS;
    return o->failure;
}

const char *load_failure_name(enum load_failure f)
{
    static const char *const NAMES[] = {
#define LOAD_FAILURE_NAME(UPPER, name, help) name,
        LOAD_FAILURES(LOAD_FAILURE_NAME)
#undef LOAD_FAILURE_NAME
    };
    return NAMES[f];
}

void load_tally_add(struct load_tally *t, const struct load_outcome *o)
{
    struct load_request_tally *row = &t->rows[o->order.request];
    int64_t latency = o->done_ns - o->order.intended_ns;
    bool answered = o->failure == LOAD_NONE || o->failure == LOAD_STATUS;
    bool failed = load_failure_of(t->scenario, o) != LOAD_NONE;
    t->planned++;
    row->planned++;
    t->sent += sd_known(o->sent_ns);
    row->sent += sd_known(o->sent_ns);
    t->answered += answered;
    row->answered += answered;
    t->failed += failed;
    t->ok += !failed;
    row->failed += failed;
    t->timeouts += o->failure == LOAD_TIMEOUT;
    t->unsent += o->failure == LOAD_UNSENT;
    t->limited += answered && o->status == 429;
    hist_record(&t->latency, latency);
    load_durations_add(&row->latency, latency);
}

static double known(int64_t ns)
{
    return sd_known(ns) ? (double)ns : (double)NAN;
}

/* Of all requests or of one. */
static double duration_value(struct load_tally *t, const struct load_threshold *x)
{
    static const double QUANTILES[] = {
        [LOAD_METRIC_P50] = 0.5,  [LOAD_METRIC_P75] = 0.75, [LOAD_METRIC_P90] = 0.9,
        [LOAD_METRIC_P95] = 0.95, [LOAD_METRIC_P99] = 0.99, [LOAD_METRIC_P999] = 0.999};
    struct load_durations *one = x->request >= 0 ? &t->rows[x->request].latency : NULL;
    const struct hist *all = one ? one->h : &t->latency;
    if (one ? !one->n && !one->h : !all->count)
        return (double)NAN;
    switch (x->metric) {
    case LOAD_METRIC_MIN:
        return known(all ? all->min : load_durations_quantile(one, 0));
    case LOAD_METRIC_MAX:
        return known(all ? all->max : load_durations_max(one));
    case LOAD_METRIC_MEAN:
        return one ? load_durations_mean(one) : num_ratio(all->sum, (int64_t)all->count);
    default:
        return known(one ? load_durations_quantile(one, QUANTILES[x->metric])
                         : hist_quantile(all, QUANTILES[x->metric]));
    }
}

double load_threshold_value(struct load_tally *t, const struct load_threshold *x, int64_t measured_ns)
{
    const struct load_request_tally *row = x->request >= 0 ? &t->rows[x->request] : NULL;
    int64_t planned = row ? row->planned : t->planned, failed = row ? row->failed : t->failed;
    if (load_metric_is_duration(x->metric))
        return duration_value(t, x);
    if (!planned || measured_ns <= 0)
        return (double)NAN;
    if (x->metric == LOAD_METRIC_ERROR_SHARE)
        return (double)failed / (double)planned;
    int64_t count = x->metric == LOAD_METRIC_OK_PER_S ? planned - failed : row ? row->sent : t->sent;
    return (double)count / ((double)measured_ns / 1e9);
}
