/* payload_pagerduty.c - an event for PagerDuty's Events API v2. Every text in it is bounded, so that an event
 * of the largest names stays below its 512 kB. */
#include "format/goals/payload.h"

#include "base/clock.h"
#include "core/labels.h"
#include "core/result.h"

#include <stdlib.h>

enum { STEPS_MAX = 50 };

/* A text of at most `max` characters. */
static void add_text(cJSON *o, const char *key, const char *text, size_t max)
{
    struct strbuf b = {0};
    payload_text(&b, text, max);
    result_text(o, key, text ? strbuf_text(&b) : NULL);
    strbuf_free(&b);
}

static void add_figure(cJSON *o, const char *key, const struct delivery *d, double value)
{
    struct strbuf b = {0};
    payload_value(&b, d->unit, value);
    result_text(o, key, strbuf_text(&b));
    strbuf_free(&b);
}

static void add_instances(cJSON *details, const struct delivery *d)
{
    cJSON *list = result_list(details, "instances");
    size_t n = MIN(d->n_instances, (size_t)PAYLOAD_INSTANCES_MAX);
    for (size_t i = 0; i < n; i++) {
        cJSON *row = result_row(list);
        char *name = labels_hide_people(d->instances[i].instance);
        add_text(row, "instance", name, PAYLOAD_LABEL_MAX);
        free(name);
        add_figure(row, "value", d, d->instances[i].value);
    }
    result_int(details, "more_instances", (int64_t)(d->n_instances - n));
}

static void add_playbook(cJSON *details, const struct goal_playbook *p)
{
    add_text(details, "playbook", p ? (p->title ? p->title : p->name) : NULL, PAYLOAD_LABEL_MAX);
    cJSON *list = result_list(details, "steps");
    for (size_t i = 0; p && i < p->n_steps && i < STEPS_MAX; i++) {
        struct strbuf b = {0};
        payload_text(&b, p->steps[i].text, PAYLOAD_LABEL_MAX);
        result_add_text(list, strbuf_text(&b));
        strbuf_free(&b);
    }
}

static void add_details(cJSON *payload, const struct delivery *d, const struct payload_about *about)
{
    cJSON *o = result_object(payload, "custom_details");
    struct strbuf window = {0};
    add_text(o, "alert", d->alert, PAYLOAD_LABEL_MAX);
    add_text(o, "incident", d->incident, PAYLOAD_LABEL_MAX);
    add_figure(o, "value", d, payload_worst(d));
    add_figure(o, "threshold", d, d->threshold);
    if (sd_known(d->window_ns))
        payload_duration(&window, d->window_ns);
    result_text(o, "window", sd_known(d->window_ns) ? strbuf_text(&window) : NULL);
    add_text(o, "reason", d->reason, PAYLOAD_LABEL_MAX);
    add_instances(o, d);
    add_playbook(o, d->playbook);
    add_text(o, "console", about->console, PAYLOAD_LABEL_MAX);
    strbuf_free(&window);
}

char *payload_pagerduty(const struct delivery *d, const struct payload_about *about, const char *routing_key)
{
    struct strbuf key = {0}, headline = {0}, summary = {0};
    char at[CLOCK_TEXT_MAX];
    cJSON *o = cJSON_CreateObject();
    payload_key(&key, d->incident, PAYLOAD_KEY_MAX);
    payload_headline(d, &headline);
    payload_text(&summary, strbuf_text(&headline), PAYLOAD_SUMMARY_MAX);
    result_text(o, "routing_key", routing_key);
    result_text(o, "event_action",
                d->kind == DELIVERY_ACKNOWLEDGE ? "acknowledge"
                : payload_is_over(d)            ? "resolve"
                                                : "trigger");
    result_text(o, "dedup_key", strbuf_text(&key));
    cJSON *payload = result_object(o, "payload");
    result_text(payload, "summary", strbuf_text(&summary));
    add_text(payload, "source", about->host ? about->host : "slowdive", PAYLOAD_KEY_MAX);
    result_text(payload, "severity", goal_severity_name(d->severity));
    result_text(payload, "timestamp", clock_rfc3339(d->opened_at, at));
    add_text(payload, "component", d->alert, PAYLOAD_KEY_MAX);
    add_details(payload, d, about);
    char *json = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    strbuf_free(&key);
    strbuf_free(&headline);
    strbuf_free(&summary);
    return json;
}
