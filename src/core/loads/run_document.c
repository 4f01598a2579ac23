/* run_document.c - the document of a run: keys as in the contract, in its order. */
#include "core/loads/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/capacity/documents.h"
#include "core/capacity/usl.h"
#include "core/result.h"

static const char *const ARRIVALS[] = {"constant", "poisson"};

static double per_s(const struct load_run *r, int64_t count)
{
    return r->measured_ns > 0 ? (double)count / ((double)r->measured_ns / 1e9) : (double)NAN;
}

static void add_latency(cJSON *o, const char *key, const struct hist *h)
{
    cJSON *x = result_object(o, key);
    bool any = h->count > 0;
    result_int(x, "count", (int64_t)h->count);
    result_int(x, "min_ns", any ? h->min : SD_UNKNOWN);
    result_ns(x, "mean_ns", any ? num_ratio(h->sum, (int64_t)h->count) : (double)NAN);
    result_int(x, "p50_ns", hist_quantile(h, 0.5));
    result_int(x, "p75_ns", hist_quantile(h, 0.75));
    result_int(x, "p90_ns", hist_quantile(h, 0.9));
    result_int(x, "p95_ns", hist_quantile(h, 0.95));
    result_int(x, "p99_ns", hist_quantile(h, 0.99));
    result_int(x, "p999_ns", hist_quantile(h, 0.999));
    result_int(x, "max_ns", any ? h->max : SD_UNKNOWN);
}

static void add_counts(cJSON *o, const struct load_run *r)
{
    const struct load_tally *t = &r->figures.all;
    int64_t sent = t->sent + r->end.given_up;
    result_int(o, "planned", t->planned);
    result_int(o, "sent", sent);
    result_int(o, "answered", t->answered);
    result_int(o, "ok", t->ok);
    result_int(o, "failed", t->failed);
    result_int(o, "timeouts", t->timeouts);
    result_int(o, "limited", t->limited);
    result_int(o, "unsent", t->unsent);
    result_real(o, "rate_planned_per_s", per_s(r, t->planned));
    result_real(o, "rate_sent_per_s", per_s(r, sent));
    result_real(o, "answered_per_s", per_s(r, t->answered));
    result_real(o, "ok_per_s", per_s(r, t->ok));
    result_real(o, "error_share", num_ratio(t->failed, t->planned));
    result_int(o, "bytes_received", r->figures.bytes);
    result_real(o, "in_flight_mean",
                r->measured_ns > 0 ? r->figures.service_sum_ns / (double)r->measured_ns : (double)NAN);
}

static void add_statuses(cJSON *o, const struct load_figures *f)
{
    cJSON *statuses = result_object(o, "statuses");
    for (int i = 0; i < LOAD_STATUS_MAX; i++) {
        char key[12];
        snprintf(key, sizeof key, "%d", i);
        if (f->statuses[i])
            result_int(statuses, key, f->statuses[i]);
    }
}

static int most_first(const void *a, const void *b)
{
    const struct load_error *x = *(const struct load_error *const *)a,
                            *y = *(const struct load_error *const *)b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind) : x->status - y->status;
}

static void add_errors(cJSON *o, const struct load_figures *f)
{
    cJSON *errors = result_list(o, "errors");
    const struct load_error *sorted[LOAD_ERRORS_MAX];
    for (size_t i = 0; i < f->n_errors; i++)
        sorted[i] = &f->errors[i];
    qsort(sorted, f->n_errors, sizeof *sorted, most_first);
    for (size_t i = 0; i < f->n_errors; i++) {
        cJSON *row = result_row(errors);
        result_text(row, "kind", load_failure_name(sorted[i]->kind));
        result_int(row, "status", sorted[i]->status ? sorted[i]->status : SD_UNKNOWN);
        result_int(row, "count", sorted[i]->count);
        result_text(row, "sample", *sorted[i]->sample ? sorted[i]->sample : NULL);
    }
}

static void add_rows(cJSON *o, const struct load_run *r)
{
    const struct load_tally *t = &r->figures.all;
    cJSON *rows = result_list(o, "rows");
    for (size_t i = 0; i < r->scenario->n_requests; i++) {
        struct load_request_tally *x = &t->rows[i];
        cJSON *row = result_row(rows);
        result_text(row, "name", r->scenario->requests[i].name);
        result_text(row, "method", r->scenario->requests[i].method);
        result_int(row, "planned", x->planned);
        result_int(row, "answered", x->answered);
        result_int(row, "failed", x->failed);
        result_real(row, "error_share", num_ratio(x->failed, x->planned));
        result_real(row, "share", num_ratio(x->planned, t->planned));
        result_int(row, "p50_ns", load_durations_quantile(&x->latency, 0.5));
        result_int(row, "p95_ns", load_durations_quantile(&x->latency, 0.95));
        result_int(row, "p99_ns", load_durations_quantile(&x->latency, 0.99));
        result_int(row, "max_ns", load_durations_max(&x->latency));
    }
}

static void add_series(cJSON *o, const struct load_figures *f)
{
    cJSON *series = result_list(o, "series");
    size_t n = f->n_seconds;
    while (n && !f->seconds[n - 1].planned) /* only answers came in them */
        n--;
    for (size_t i = 0; i < n; i++) {
        const struct load_second *s = &f->seconds[i];
        cJSON *row = result_row(series);
        result_int(row, "t_ns", (int64_t)i * SD_S);
        result_int(row, "planned", s->planned);
        result_int(row, "sent", s->sent);
        result_int(row, "answered", s->answered);
        result_int(row, "failed", s->failed);
        result_real(row, "in_flight", (double)s->busy_ns / 1e9);
        result_int(row, "p50_ns", s->p50);
        result_int(row, "p99_ns", s->p99);
        result_int(row, "max_ns", s->max);
    }
}

static void add_thresholds(cJSON *o, const struct load_run *r)
{
    cJSON *list = result_list(o, "thresholds");
    for (size_t i = 0; i < r->scenario->n_thresholds; i++) {
        const struct load_threshold *t = &r->scenario->thresholds[i];
        cJSON *row = result_row(list);
        result_text(row, "expression", t->expression);
        result_text(row, "metric", load_metric_name(t->metric));
        result_real(row, "value", r->thresholds[i].value);
        result_real(row, "limit", t->limit);
        result_bool(row, "passed", r->thresholds[i].passed);
    }
}

static void add_generator(cJSON *o, const struct load_run *r)
{
    cJSON *g = result_object(o, "generator");
    result_real(g, "cpu_share", r->end.cpu_share);
    result_int(g, "late_p99_ns", hist_quantile(&r->figures.lateness, 0.99));
    result_real(g, "late_share", num_ratio(r->figures.late, r->figures.all.planned));
    result_bool(g, "saturated", r->saturated);
}

/* ---- the kinds ---- */

static const char *level_reason(const struct load_run *r, const struct load_level *x)
{
    if (x->held)
        return NULL;
    return x->threshold >= 0 ? r->scenario->thresholds[x->threshold].expression : "saturated";
}

/* The last try of the lowest level that broke. */
static const struct load_level *broken_level(const struct load_search_result *x)
{
    for (size_t i = x->n_levels; i-- > 0;)
        if (x->levels[i].rate == x->broke && !x->levels[i].held)
            return &x->levels[i];
    return NULL;
}

/* The scalability law over the levels that held: how much was answered with so much under way (Little). */
static cJSON *levels_usl(const struct load_search_result *x)
{
    struct usl_point points[LOAD_LEVELS_MAX];
    struct usl_fit fit;
    struct sd_error ignored;
    size_t n = 0;
    for (size_t i = 0; i < x->n_levels; i++) {
        const struct load_level *level = &x->levels[i];
        double load = level->ok_per_s * level->mean_ns / 1e9;
        if (level->held && load > 0 && load < USL_LOAD_MAX)
            points[n++] = (struct usl_point){.load = load, .throughput = level->ok_per_s};
    }
    return usl_fit(&fit, points, n, &ignored) ? usl_document(&fit, points) : cJSON_CreateNull();
}

static void add_search(cJSON *o, const struct load_run *r)
{
    const struct load_search_result *x = &r->search;
    const struct load_level *broke = broken_level(x);
    struct load_degraded degraded[LOAD_DEGRADATION_N];
    cJSON *s = result_object(o, "search");
    result_real(s, "held_per_s", x->held);
    result_real(s, "broke_per_s", x->broke);
    result_text(s, "threshold",
                broke && broke->threshold >= 0 ? r->scenario->thresholds[broke->threshold].expression : NULL);
    result_text(s, "reason", broke ? level_reason(r, broke) : NULL);
    cJSON *levels = result_list(s, "levels");
    for (size_t i = 0; i < x->n_levels; i++) {
        const struct load_level *level = &x->levels[i];
        cJSON *row = result_row(levels);
        result_real(row, "rate_per_s", level->rate);
        result_real(row, "ok_per_s", level->ok_per_s);
        result_int(row, "p50_ns", level->p50);
        result_int(row, "p95_ns", level->p95);
        result_int(row, "p99_ns", level->p99);
        result_real(row, "error_share", level->error_share);
        result_bool(row, "held", level->held);
        result_text(row, "reason", level_reason(r, level));
    }
    cJSON *list = result_list(s, "degradation");
    load_search_degraded(x, degraded);
    for (int d = 0; d < LOAD_DEGRADATION_N; d++) {
        if (!degraded[d].level)
            continue;
        cJSON *row = result_row(list);
        result_text(row, "what", load_degradation_name((enum load_degradation)d));
        result_real(row, "rate_per_s", degraded[d].level->rate);
        result_real(row, "value", degraded[d].value);
    }
    cJSON *usl = levels_usl(x);
    cJSON_AddItemToObject(s, "usl", cJSON_Duplicate(usl, true));
    cJSON_AddItemToObject(o, "usl", usl);
}

static void add_spike(cJSON *o, const struct load_run *r)
{
    cJSON *s = result_object(o, "spike");
    const struct load_spike *rules = &r->scenario->spike;
    result_real(s, "base_per_s", rules->base);
    result_real(s, "peak_per_s", rules->base * rules->factor);
    add_latency(s, "before", &r->spike.before);
    add_latency(s, "during", &r->spike.during);
    add_latency(s, "after", &r->spike.after);
    result_bool(s, "recovered", r->spike.recovered);
    result_int(s, "recovery_ns", r->spike.recovery_ns);
}

static void add_growth(cJSON *o, const struct load_run *r)
{
    cJSON *list = result_list(o, "growth");
    for (size_t i = 0; i < r->soak.n_growth; i++) {
        const struct load_growth *g = &r->soak.growth[i];
        cJSON *row = result_row(list);
        result_text(row, "name", g->name);
        result_real(row, "first", g->first);
        result_real(row, "last", g->last);
        result_real(row, "slope_per_h", g->slope_per_h);
        result_real(row, "slope_lo_per_h", g->slope_lo_per_h);
        result_real(row, "slope_hi_per_h", g->slope_hi_per_h);
        if (g->known)
            result_bool(row, "significant", g->significant);
        else
            result_null(row, "significant");
        result_real(row, "limit", g->limit);
        result_int(row, "reached_ns", g->reached_ns);
        result_int(row, "exhausted_in_ns", g->exhausted_in_ns);
    }
}

static void add_limits(cJSON *o, const struct load_run *r)
{
    static const char *const KINDS[] = {"none", "seconds", "date"};
    const struct load_limits_result *x = &r->limits;
    struct strbuf finding = {0};
    cJSON *l = result_object(o, "limits");
    result_real(l, "allowed_per_s", x->allowed_per_s);
    result_real(l, "burst", x->burst);
    result_int(l, "first_limited_ns", x->first_limited_ns);
    cJSON *retry = result_object(l, "retry_after");
    result_text(retry, "kind", KINDS[load_limits_retry(x)]);
    result_real(retry, "share", num_ratio(x->with_retry, x->limited));
    result_int(retry, "min_ns", x->retry_min_ns);
    result_int(retry, "max_ns", x->retry_max_ns);
    result_real(retry, "honest_share", num_ratio(x->honest, x->pauses));
    cJSON *clients = result_list(l, "clients");
    for (int c = 0; c < LOAD_CLIENT_N; c++) {
        struct load_durations latency =
            x->clients[c].latency; /* sorting it changes nothing that others see */
        cJSON *row = result_row(clients);
        result_text(row, "name", load_client_name((enum load_client)c));
        result_int(row, "sent", x->clients[c].sent);
        result_int(row, "ok", x->clients[c].ok);
        result_int(row, "limited", x->clients[c].limited);
        result_int(row, "failed", x->clients[c].failed);
        result_int(row, "p99_ns", load_durations_quantile(&latency, 0.99));
    }
    cJSON *findings = result_list(l, "findings");
    for (size_t i = 0; load_limits_finding(x, r->scenario, i, &finding); i++)
        result_add_text(findings, strbuf_text(&finding));
    strbuf_free(&finding);
}

static void add_kind(cJSON *o, const struct load_run *r)
{
    switch (r->scenario->kind) {
    case LOAD_SEARCH:
        add_search(o, r);
        break;
    case LOAD_SPIKE:
        add_spike(o, r);
        break;
    case LOAD_SOAK:
        add_growth(o, r);
        break;
    case LOAD_LIMITS:
        add_limits(o, r);
        break;
    default:
        break;
    }
}

cJSON *load_run_document(const struct load_run *r)
{
    const struct load_scenario *s = r->scenario;
    cJSON *o = result_new("load");
    result_text(o, "kind", load_kind_name(s->kind));
    result_text(o, "model", s->model == LOAD_CLOSED ? "closed" : "open");
    result_text(o, "arrivals", ARRIVALS[s->arrivals]);
    result_int(o, "seed", (int64_t)s->seed);
    result_text(o, "target", s->target);
    result_text(o, "scenario", s->file);
    result_time(o, "started", r->started);
    result_int(o, "duration_ns", r->duration_ns);
    result_int(o, "measured_ns", r->measured_ns);
    add_counts(o, r);
    add_latency(o, "latency", &r->figures.all.latency);
    add_latency(o, "ok_latency", &r->figures.ok_latency);
    add_latency(o, "service", &r->figures.service);
    add_latency(o, "delay", &r->figures.delay);
    add_statuses(o, &r->figures);
    add_errors(o, &r->figures);
    add_rows(o, r);
    add_series(o, &r->figures);
    add_kind(o, r);
    add_thresholds(o, r);
    add_generator(o, r);
    if (r->comparison)
        cJSON_AddItemToObject(o, "comparison", cJSON_Duplicate(r->comparison, true));
    else
        result_null(o, "comparison");
    result_text(o, "verdict", load_verdict_name(r->verdict));
    return o;
}
