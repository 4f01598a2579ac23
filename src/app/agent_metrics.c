#include "app/agent_metrics.h"

#include "base/clock.h"
#include "source/shared/http_server.h"
#include "version.inc"

#include <stdlib.h>

enum { KPI_VALUES = 1000 };

struct agent_metrics {
    struct app *app;
    struct http_server *http;
    struct exposed *exposed;
    const struct agent_alerts *alerts;
    struct history_recorder_stats recorder;
    bool records;
    struct strbuf text;
    struct signal_value *values;
    sd_time swept;
};

/* ---- families of the policy and of the agent ---- */

static void write_kpis(struct agent_metrics *m, sd_time now, struct strbuf *out)
{
    const struct goal_policy *p = &m->app->config->policy;
    struct strbuf labels = {0};
    exposed_family(out, "slowdive_kpi_target", "gauge", "The target of a KPI of the policy, in its unit.");
    for (size_t i = 0; i < p->n_kpis; i++) {
        strbuf_clear(&labels);
        exposed_label(&labels, "kpi", p->kpis[i].name);
        exposed_sample(out, "slowdive_kpi_target", labels.text, p->kpis[i].target);
    }
    exposed_family(out, "slowdive_kpi_value", "gauge",
                   "A KPI over its window, in its unit: ns, share, bytes, per_s; absent while unknown.");
    for (size_t i = 0; i < p->n_kpis; i++) {
        const struct goal_kpi *k = &p->kpis[i];
        size_t n =
            signals_values(m->app->signals, &k->figure, now, k->figure.window_ns, m->values, KPI_VALUES);
        for (size_t v = 0; v < n; v++) {
            if (isnan(m->values[v].value))
                continue;
            strbuf_clear(&labels);
            exposed_label(&labels, "kpi", k->name);
            exposed_label(&labels, "instance_of", m->values[v].instance);
            exposed_label(&labels, "unit", m->values[v].unit);
            exposed_sample(out, "slowdive_kpi_value", labels.text, m->values[v].value);
        }
    }
    strbuf_free(&labels);
}

static void write_alerts(struct agent_metrics *m, struct strbuf *out)
{
    const struct agent_alert *states = NULL;
    struct strbuf labels = {0};
    size_t n = m->alerts ? agent_alerts_states(m->alerts, &states) : 0;
    exposed_family(out, "slowdive_alert_firing", "gauge", "1 while an instance of an alert fires.");
    for (size_t i = 0; i < n; i++) {
        strbuf_clear(&labels);
        exposed_label(&labels, "alert", states[i].alert);
        exposed_label(&labels, "severity", states[i].severity);
        exposed_label(&labels, "instance_of", states[i].instance);
        exposed_sample(out, "slowdive_alert_firing", labels.text, states[i].firing);
    }
    strbuf_free(&labels);
}

static void write_recorder(struct agent_metrics *m, struct strbuf *out)
{
    const struct history_recorder_stats *r = &m->recorder;
    const struct {
        const char *name, *type, *help;
        double value;
    } FIGURES[] = {
        {"slowdive_history_puts_total", "counter", "Puts delivered to the history or its spool.",
         (double)r->puts},
        {"slowdive_history_records_total", "counter", "Records taken for the history.", (double)r->records},
        {"slowdive_history_lost_records_total", "counter", "Records that could not be kept.",
         (double)r->lost},
        {"slowdive_history_waiting_puts", "gauge", "Puts in memory and in the spool.",
         (double)(r->waiting + r->spooled)},
        {"slowdive_history_last_put_timestamp_seconds", "gauge", "When the last put was delivered.",
         sd_known(r->put_at) ? (double)r->put_at / SD_S : NAN},
    };
    for (size_t i = 0; i < ARRAY_LEN(FIGURES) && m->records; i++) {
        if (isnan(FIGURES[i].value))
            continue;
        exposed_family(out, FIGURES[i].name, FIGURES[i].type, FIGURES[i].help);
        exposed_sample(out, FIGURES[i].name, NULL, FIGURES[i].value);
    }
}

static void write_all(struct agent_metrics *m, sd_time now)
{
    struct strbuf labels = {0};
    strbuf_clear(&m->text);
    exposed_label(&labels, "version", SLOWDIVE_VERSION);
    exposed_family(&m->text, "slowdive_build_info", "gauge", "The version of slowdive.");
    exposed_sample(&m->text, "slowdive_build_info", labels.text, 1);
    exposed_write(m->exposed, now, &m->text);
    write_kpis(m, now, &m->text);
    write_alerts(m, &m->text);
    write_recorder(m, &m->text);
    strbuf_free(&labels);
}

/* ---- the server ---- */

static bool is_path(struct http_text t, const char *path)
{
    return t.n == strlen(path) && !memcmp(t.at, path, t.n);
}

static enum http_taken take(void *ctx, const struct http_request *r, const char *body, size_t n,
                            struct http_answer *a)
{
    struct agent_metrics *m = ctx;
    (void)body, (void)n;
    *a = (struct http_answer){.status = 404};
    if (r->method != HTTP_GET && r->method != HTTP_HEAD)
        *a = (struct http_answer){.status = 405, .headers = "Allow: GET, HEAD\r\n"};
    else if (is_path(r->path, "/metrics")) {
        if (r->method == HTTP_GET)
            write_all(m, clock_wall());
        *a = (struct http_answer){.status = 200,
                                  .type = "text/plain; version=0.0.4; charset=utf-8",
                                  .body = strbuf_text(&m->text),
                                  .n = r->method == HTTP_GET ? m->text.len : 0};
    }
    return HTTP_ANSWERED;
}

static void refuse(void *ctx, const struct http_request *r, enum http_refusal why, struct http_answer *a)
{
    (void)ctx, (void)r;
    *a = (struct http_answer){.status = why == HTTP_TOO_LARGE ? 413 : why == HTTP_NO_LENGTH ? 411 : 400};
}

struct agent_metrics *agent_metrics_open(struct app *a, const char *address, struct sd_error *err)
{
    struct agent_metrics *m = mem_alloc(sizeof *m);
    const struct http_rules rules = {.scheme = "metrics",
                                     .what = "requests of Prometheus",
                                     .elsewhere = ", and let a proxy of your own pass them on",
                                     .body_max = 1024,
                                     .unfinished_max = (size_t)1 << 20,
                                     .ctx = m,
                                     .take = take,
                                     .refuse = refuse};
    char *target = mem_printf("metrics://%s", address);
    *m = (struct agent_metrics){.app = a, .exposed = exposed_new()};
    m->values = mem_array(KPI_VALUES, sizeof *m->values);
    m->http = http_server_open(target, &rules, err);
    free(target);
    if (m->http)
        return m;
    agent_metrics_close(m);
    return NULL;
}

void agent_metrics_close(struct agent_metrics *m)
{
    if (!m)
        return;
    http_server_close(m->http);
    exposed_free(m->exposed);
    strbuf_free(&m->text);
    free(m->values);
    free(m);
}

void agent_metrics_take(struct agent_metrics *m, const struct sd_batch *b)
{
    exposed_take(m->exposed, b);
}

void agent_metrics_state(struct agent_metrics *m, const struct agent_alerts *alerts,
                         const struct history_recorder_stats *recorder)
{
    m->alerts = alerts;
    m->records = recorder != NULL;
    if (recorder)
        m->recorder = *recorder;
}

int agent_metrics_fd(const struct agent_metrics *m)
{
    return m ? http_server_fd(m->http) : -1;
}

void agent_metrics_turn(struct agent_metrics *m)
{
    sd_time now = clock_wall();
    http_server_turn(m->http, now);
    if (now - m->swept >= SD_S || now < m->swept) {
        http_server_sweep(m->http, now);
        m->swept = now;
    }
}
