#include "core/capacity/documents.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

enum { TREND_POINTS = 500 };

cJSON *queue_document(const struct queue_figures *f)
{
    cJSON *o = result_new("capacity_queue");
    bool none = f->of.servers == SD_UNKNOWN;
    result_text(o, "model", f->approximate ? "G/G/c" : "M/M/c");
    result_real(o, "rate_per_s", f->of.rate_per_s);
    result_ns(o, "service_ns", f->of.service_ns);
    result_int(o, "servers", f->of.servers);
    result_real(o, "utilisation", f->utilisation);
    if (none)
        result_null(o, "stable");
    else
        result_bool(o, "stable", f->stable);
    result_real(o, "p_wait", f->p_wait);
    result_real(o, "queue_mean", f->queue_mean);
    result_real(o, "in_system_mean", f->in_system_mean);
    result_ns(o, "wait_mean_ns", f->wait_mean_ns);
    result_ns(o, "response_mean_ns", f->response_mean_ns);
    result_ns(o, "wait_p95_ns", f->wait_p95_ns);
    result_ns(o, "response_p50_ns", f->response_p50_ns);
    result_ns(o, "response_p95_ns", f->response_p95_ns);
    result_ns(o, "response_p99_ns", f->response_p99_ns);
    result_bool(o, "approximate", f->approximate);
    return o;
}

static void add_warnings(cJSON *o, const struct usl_fit *f)
{
    cJSON *list = result_list(o, "warnings");
    char text[160];
    if (f->extrapolated) {
        snprintf(
            text, sizeof text,
            "extrapolated: the largest load is %.6g, less than half of the peak's %.6g; the peak is a guess",
            f->load_max, f->peak_load);
        result_add_text(list, text);
    }
    if (f->few_points) {
        snprintf(text, sizeof text,
                 "few_points: %zu points for three coefficients; %d and more say how good the fit is",
                 f->points, (int)USL_POINTS_FEW);
        result_add_text(list, text);
    }
    if (f->poor_fit) {
        snprintf(text, sizeof text, "poor_fit: r squared is %.3f; the points do not follow the law",
                 f->r_squared);
        result_add_text(list, text);
    }
}

cJSON *usl_document(const struct usl_fit *f, const struct usl_point *points)
{
    cJSON *o = result_new("capacity_usl");
    result_int(o, "points", (int64_t)f->points);
    result_real(o, "gamma", f->gamma);
    result_real(o, "alpha", f->alpha);
    result_real(o, "beta", f->beta);
    result_real(o, "residual_se", f->residual_se);
    result_real(o, "r_squared", f->r_squared);
    result_real(o, "peak_load", f->peak_load);
    result_real(o, "peak_throughput", f->peak_throughput);
    result_real(o, "limit_throughput", f->limit_throughput);
    result_real(o, "optimal_load", f->optimal_load);
    add_warnings(o, f);
    cJSON *rows = result_list(o, "rows");
    for (size_t i = 0; i < f->points; i++) {
        cJSON *row = result_row(rows);
        result_real(row, "load", points[i].load);
        result_real(row, "throughput", points[i].throughput);
        result_real(row, "fitted", usl_throughput(f, points[i].load));
    }
    return o;
}

cJSON *capacity_plan_document(const struct capacity_plan *p)
{
    cJSON *o = result_new("capacity_plan");
    result_real(o, "peak_per_s", p->peak_per_s);
    result_int(o, "instances_slo", p->instances_slo);
    result_int(o, "instances_headroom", p->instances_headroom);
    result_int(o, "instances", p->instances);
    result_int(o, "instances_total", p->instances_total);
    result_int(o, "p99_ns", p->p99_ns);
    result_real(o, "utilisation", p->utilisation);
    result_real(o, "cost_per_month", p->cost_per_month);
    result_text(o, "currency", p->currency);
    cJSON *limits = result_list(o, "limits");
    for (size_t i = 0; i < p->n_limits; i++) {
        const struct plan_limit_use *l = &p->limits[i];
        cJSON *row = result_row(limits);
        result_text(row, "name", l->name);
        result_real(row, "demand_per_s", l->demand_per_s);
        result_real(row, "ceiling_per_s", l->ceiling_per_s);
        result_real(row, "share", l->share);
        result_bool(row, "ok", l->ok);
        result_real(row, "max_rate_per_s", l->max_rate_per_s);
    }
    result_text(o, "binding", p->binding);
    result_text(o, "verdict", p->holds ? "pass" : "fail");
    return o;
}

cJSON *hop_times_document(const struct hop_times *t)
{
    cJSON *o = result_new("capacity_hops"), *total = result_object(o, "total");
    result_ns(total, "mean_ns", t->mean_ns);
    result_ns(total, "p50_ns", t->p50_ns);
    result_ns(total, "p95_ns", t->p95_ns);
    result_ns(total, "p99_ns", t->p99_ns);
    result_ns(o, "sum_of_p99_ns", t->sum_of_p99_ns);
    cJSON *rows = result_list(o, "rows");
    for (size_t i = 0; i < t->n; i++) {
        cJSON *row = result_row(rows);
        result_text(row, "name", t->rows[i].name);
        result_ns(row, "mean_ns", t->rows[i].mean_ns);
        result_ns(row, "p99_ns", t->rows[i].p99_ns);
        result_real(row, "share", t->rows[i].share);
    }
    result_int(o, "budget_ns", t->budget_ns);
    result_text(o, "verdict", t->holds ? "pass" : "fail");
    return o;
}

/* ---- scale ---- */

static void add_row(cJSON *rows, const struct scale_row *r)
{
    cJSON *row = result_row(rows);
    result_text(row, "policy", SCALE_KIND_NAMES[r->kind]);
    result_int(row, "violations", r->violations);
    result_real(row, "violation_share", r->violation_share);
    result_real(row, "overload_share", r->overload_share);
    result_real(row, "instance_hours", r->instance_hours);
    result_real(row, "cost", r->cost);
    result_int(row, "peak_instances", r->peak_instances);
    result_int(row, "actions", r->actions);
}

/* Of each policy, the fewest that ran in each of at most TREND_POINTS equal parts of the time, and what the
 * most demand there needs: enough for a drawing. */
static void add_trend(cJSON *o, const struct scale *s, const struct scale_trace *t,
                      const struct scale_policy *p)
{
    cJSON *trend = result_object(o, "trend");
    size_t per = (s->steps + TREND_POINTS - 1) / TREND_POINTS, n = (s->steps + per - 1) / per;
    result_time(trend, "from", t->start_ns + (int64_t)s->first * t->step_ns);
    result_time(trend, "to", add_sat(t->start_ns, mul_sat((int64_t)(s->first + s->steps), t->step_ns)));
    result_int(trend, "steps_per_point", (int64_t)per);
    cJSON *needed = result_list(trend, "needed");
    for (size_t i = 0; i < n; i++) {
        double most = 0;
        for (size_t k = i * per; k < MIN(s->steps, (i + 1) * per); k++)
            most = fmax(most, t->rate[s->first + k]);
        result_real(needed, NULL, ceil(most / p->rate));
    }
    for (size_t r = 0; r < s->n_rows; r++) {
        cJSON *list = result_list(trend, SCALE_KIND_NAMES[s->rows[r].kind]);
        for (size_t i = 0; i < n; i++) {
            int64_t least = s->running[r][i * per];
            for (size_t k = i * per; k < MIN(s->steps, (i + 1) * per); k++)
                least = MIN(least, s->running[r][k]);
            result_int(list, NULL, least);
        }
    }
}

cJSON *scale_document(const struct scale *s, const struct scale_trace *t, const struct scale_policy *p)
{
    cJSON *o = result_new("scale");
    result_int(o, "step_ns", s->step_ns);
    result_int(o, "steps", (int64_t)s->steps);
    cJSON *rows = result_list(o, "rows"), *decisions = result_list(o, "decisions");
    for (size_t i = 0; i < s->n_rows; i++)
        add_row(rows, &s->rows[i]);
    for (size_t i = 0; i < s->n_decisions; i++) {
        cJSON *row = result_row(decisions);
        result_time(row, "time", s->decisions[i].at_ns);
        result_text(row, "policy", SCALE_KIND_NAMES[SCALE_PREDICTIVE]);
        result_int(row, "instances", s->decisions[i].instances);
        result_text(row, "reason", SCALE_REASON_NAMES[s->decisions[i].reason]);
    }
    add_trend(o, s, t, p);
    result_text(o, "verdict", s->holds ? "pass" : "fail");
    return o;
}

double search_held_rate(const char *text, size_t len)
{
    cJSON *o = cJSON_ParseWithLength(text, len);
    const cJSON *held =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(o, "search"), "held_per_s");
    double rate = cJSON_IsNumber(held) ? held->valuedouble : (double)NAN;
    cJSON_Delete(o);
    return rate > 0 && rate <= QUEUE_RATE_MAX ? rate : (double)NAN;
}
