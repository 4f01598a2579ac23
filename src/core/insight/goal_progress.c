#include "core/insight/goal_progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { SERIES_MAX = 4096 };

const char *progress_status_name(enum progress_status s)
{
    static const char *const NAMES[] = {"unknown", "met", "on track", "behind"};
    return NAMES[s];
}

/* Days from 1970-01-01 to the first of a month of the proleptic Gregorian calendar (Hinnant 2013). */
static int64_t days_before(int year, int month)
{
    int64_t y = (int64_t)year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t day = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719468;
}

struct span progress_month(int year, int month)
{
    int64_t day = 86400 * SD_S;
    return (struct span){mul_sat(days_before(year, month), day),
                         mul_sat(days_before(year + month / 12, month % 12 + 1), day)};
}

/* ---- the figure ---- */

struct requests {
    struct hist latency;
    int64_t count, errors, bytes, timed;
};

static void add_requests(const struct model *m, const struct goal_match *match, struct span span,
                         struct requests *r)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    hist_clear(&r->latency);
    r->count = r->timed = 0;
    r->errors = r->bytes = SD_UNKNOWN;
    for (size_t i = 0; i < model_endpoints(m); i++) {
        const struct endpoint *e = model_endpoint(m, i);
        if (!goal_match_http(match, endpoint_method(e), endpoint_route(e), NULL))
            continue;
        endpoint_stats(e, span, s);
        if (s->count <= 0)
            continue;
        r->count = add_sat(r->count, s->count);
        r->errors = add_known(r->errors, s->errors);
        r->bytes = add_known(r->bytes, s->bytes);
        r->timed = add_sat(r->timed, s->timed);
        hist_merge(&r->latency, &s->latency);
    }
    free(s);
}

static double of_requests(const struct model *m, const struct goal_figure *f, struct span span,
                          int64_t *samples)
{
    struct requests *r = mem_alloc(sizeof *r);
    double v = (double)NAN;
    add_requests(m, &f->match, span, r);
    *samples = f->signal == GOAL_HTTP_LATENCY ? (int64_t)r->latency.count : r->count;
    int64_t ns = hist_quantile(&r->latency, f->quantile);
    if (f->signal == GOAL_HTTP_LATENCY)
        v = sd_known(ns) ? (double)ns : (double)NAN;
    else if (f->signal == GOAL_HTTP_ERRORS)
        v = num_ratio(r->errors, r->count);
    else if (f->signal == GOAL_HTTP_BYTES)
        v = num_ratio(r->bytes, r->count);
    else if (r->count > 0)
        v = (double)r->count / ((double)span_length(span) / 1e9);
    free(r);
    return v;
}

static double of_statements(const struct model *m, const struct goal_figure *f, struct span span,
                            int64_t *samples)
{
    int64_t calls = 0, total = 0, c, ns;
    for (size_t i = 0; i < model_queries(m); i++)
        if (query_grown(model_query(m, i), span.from, span.to, &c, &ns)) {
            calls = add_sat(calls, c);
            total = add_sat(total, ns);
        }
    *samples = calls;
    if (f->signal == GOAL_DB_LATENCY)
        return num_ratio(total, calls);
    struct goal_figure rate = {.signal = GOAL_HTTP_RATE, .match = f->match};
    int64_t requests = 0;
    of_requests(m, &rate, span, &requests);
    return calls > 0 ? num_ratio(calls, requests) : (double)NAN;
}

/* Of several series the largest. */
static double of_metric(const struct model *m, const struct goal_figure *f, struct span span,
                        int64_t *samples)
{
    struct metric_info *e = mem_array(SERIES_MAX, sizeof *e);
    size_t n = model_metric_named(m, f->metric, e, SERIES_MAX), len = strlen(f->metric);
    double found = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        if (e[i].name_len != len || !metric_points(&e[i], span))
            continue;
        double v = f->aggregate == GOAL_MAX ? metric_max(&e[i], span) : metric_mean(&e[i], span);
        *samples = add_sat(*samples, (int64_t)metric_points(&e[i], span));
        found = fmax(found, v); /* of a number and NAN the number */
    }
    free(e);
    return found;
}

double progress_value(const struct model *m, const struct goal_figure *f, struct span span, int64_t *samples)
{
    *samples = 0;
    switch (f->signal) {
    case GOAL_HTTP_LATENCY:
    case GOAL_HTTP_ERRORS:
    case GOAL_HTTP_RATE:
    case GOAL_HTTP_BYTES:
        return of_requests(m, f, span, samples);
    case GOAL_DB_LATENCY:
    case GOAL_DB_CALLS:
        return of_statements(m, f, span, samples);
    case GOAL_METRIC:
        return f->metric ? of_metric(m, f, span, samples) : (double)NAN;
    default:
        return (double)NAN;
    }
}

static bool reached(double value, double aim, const struct goal_target *t, const struct goal_kpi *k)
{
    bool higher = t->target != t->baseline ? t->target > t->baseline : k->higher;
    return higher ? value >= aim : value <= aim;
}

void goal_progress(const struct model *m, const struct goal_policy *p, const struct goal_target *t,
                   const struct goal_month *month, sd_time now, struct goal_progress *out)
{
    const struct goal_kpi *k = policy_kpi(p, t->kpi);
    struct span span = progress_month(month->year, month->month);
    *out = (struct goal_progress){.value = (double)NAN, .progress_share = (double)NAN};
    if (!k || span.from >= now)
        return;
    out->value = progress_value(m, &k->figure, (struct span){span.from, MIN(span.to, now)}, &out->samples);
    if (!isfinite(out->value))
        return;
    if (t->baseline != t->target)
        out->progress_share = (t->baseline - out->value) / (t->baseline - t->target);
    out->status = reached(out->value, t->target, t, k)                              ? PROGRESS_MET
                  : isfinite(month->plan) && reached(out->value, month->plan, t, k) ? PROGRESS_ON_TRACK
                                                                                    : PROGRESS_BEHIND;
}
