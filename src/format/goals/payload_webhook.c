/* payload_webhook.c - Alertmanager's webhook, version "4", and the alerts of its API v2. An alert is an
 * instance of an incident; its labels are its identity, as its fingerprint is there. */
#include "format/goals/payload.h"

#include "base/clock.h"
#include "core/labels.h"
#include "core/result.h"

#include <inttypes.h>
#include <stdlib.h>

#define NEVER "0001-01-01T00:00:00Z"

static void add_key(cJSON *o, const char *key, const char *text)
{
    struct strbuf b = {0};
    payload_key(&b, text, PAYLOAD_LABEL_MAX);
    result_text(o, key, strbuf_text(&b));
    strbuf_free(&b);
}

/* An instance whose people are left out has the name that its incident's key has: two of them stay two. */
static char *instance_name(const struct delivery *d, const struct delivery_instance *i)
{
    char *name = labels_hide_people(i->instance);
    size_t len = strlen(d->alert);
    const char *end = strrchr(d->incident, '@');
    bool own = str_starts(d->incident, d->alert) && d->incident[len] == '{' && end &&
               end > d->incident + len + 1 && end[-1] == '}';
    if (!name || !strcmp(name, i->instance) || !own)
        return name;
    free(name);
    return mem_strndup(d->incident + len + 1, (size_t)(end - 1 - (d->incident + len + 1)));
}

/* In the order of their names, which the fingerprint needs. */
static cJSON *labels_of(const struct delivery *d, const struct delivery_instance *i)
{
    cJSON *o = cJSON_CreateObject();
    add_key(o, "alertname", d->alert);
    char *name = instance_name(d, i);
    if (name && *name) /* an empty label is none */
        add_key(o, "instance", name);
    free(name);
    result_text(o, "severity", goal_severity_name(d->severity));
    if (d->kind == DELIVERY_TEST)
        result_text(o, "test", "true"); /* another alert than the true one */
    return o;
}

static void add_text(cJSON *o, const char *key, const char *text)
{
    struct strbuf b = {0};
    if (!text)
        return;
    payload_text(&b, text, PAYLOAD_SUMMARY_MAX);
    result_text(o, key, strbuf_text(&b));
    strbuf_free(&b);
}

static cJSON *annotations_of(const struct delivery *d, const struct payload_about *about,
                             const struct delivery_instance *i)
{
    cJSON *o = cJSON_CreateObject();
    struct delivery one = *d;
    struct strbuf text = {0};
    one.instances = i;
    one.n_instances = 1;
    one.kind = d->kind;
    payload_headline(&one, &text);
    result_text(o, "summary", strbuf_text(&text));
    strbuf_clear(&text);
    payload_value(&text, d->unit, i->value);
    result_text(o, "value", strbuf_text(&text));
    strbuf_clear(&text);
    payload_value(&text, d->unit, d->threshold);
    result_text(o, "threshold", strbuf_text(&text));
    strbuf_free(&text);
    add_key(o, "incident", d->incident);
    add_text(o, "reason", d->reason);
    if (d->playbook)
        add_text(o, "playbook", d->playbook->title ? d->playbook->title : d->playbook->name);
    add_text(o, "console", about->console);
    return o;
}

/* FNV-1a of the labels by name, as prometheus/common model.LabelSet.Fingerprint has it. */
static uint64_t fingerprint(const cJSON *labels)
{
    struct strbuf b = {0};
    for (const cJSON *l = labels->child; l; l = l->next)
        strbuf_printf(&b, "%s\xff%s\xff", l->string, l->valuestring);
    uint64_t hash = str_hash(strbuf_text(&b), b.len);
    strbuf_free(&b);
    return hash;
}

static bool is_over(const struct delivery *d, const struct delivery_instance *i)
{
    return payload_is_over(d) || !i->firing;
}

static const char *begin_of(const struct delivery *d, const struct delivery_instance *i,
                            char buf[CLOCK_TEXT_MAX])
{
    return clock_rfc3339(sd_known(i->fired_at) ? i->fired_at : d->opened_at, buf);
}

static const char *end_of(const struct delivery *d, const struct delivery_instance *i,
                          char buf[CLOCK_TEXT_MAX])
{
    return clock_rfc3339(sd_known(i->resolved_at) ? i->resolved_at
                         : sd_known(d->ends_at)   ? d->ends_at
                                                  : d->at,
                         buf);
}

static void add_alert(cJSON *list, const struct delivery *d, const struct payload_about *about,
                      const struct delivery_instance *i)
{
    char at[CLOCK_TEXT_MAX], print[24];
    cJSON *o = result_row(list), *labels = labels_of(d, i);
    snprintf(print, sizeof print, "%016" PRIx64, fingerprint(labels));
    result_text(o, "status", is_over(d, i) ? "resolved" : "firing");
    cJSON_AddItemToObject(o, "labels", labels);
    cJSON_AddItemToObject(o, "annotations", annotations_of(d, about, i));
    result_text(o, "startsAt", begin_of(d, i, at));
    result_text(o, "endsAt", is_over(d, i) ? end_of(d, i, at) : NEVER);
    result_text(o, "generatorURL", "");
    result_text(o, "fingerprint", print);
}

/* What all of them have alike under `part`. */
static void add_common(cJSON *o, const char *key, const cJSON *alerts, const char *part)
{
    cJSON *common = result_object(o, key);
    const cJSON *first = cJSON_GetObjectItemCaseSensitive(alerts->child, part);
    for (const cJSON *l = first ? first->child : NULL; l; l = l->next) {
        bool alike = true;
        for (const cJSON *a = alerts->child->next; a && alike; a = a->next) {
            const cJSON *other =
                cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(a, part), l->string);
            alike = other && !strcmp(other->valuestring, l->valuestring);
        }
        if (alike)
            result_text(common, l->string, l->valuestring);
    }
}

char *payload_webhook(const struct delivery *d, const struct payload_about *about)
{
    size_t n = MIN(d->n_instances, (size_t)PAYLOAD_ALERTS_MAX);
    cJSON *o = cJSON_CreateObject();
    add_key(o, "receiver", d->receiver->name);
    result_text(o, "status", payload_is_over(d) ? "resolved" : "firing");
    cJSON *alerts = result_list(o, "alerts");
    for (size_t i = 0; i < n; i++)
        add_alert(alerts, d, about, &d->instances[i]);
    add_key(result_object(o, "groupLabels"), "alertname", d->alert);
    if (alerts->child) {
        add_common(o, "commonLabels", alerts, "labels");
        add_common(o, "commonAnnotations", alerts, "annotations");
    }
    result_text(o, "externalURL", "");
    result_text(o, "version", "4");
    add_key(o, "groupKey", d->incident);
    result_int(o, "truncatedAlerts", (int64_t)(d->n_instances - n));
    char *json = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return json;
}

char *payload_alertmanager(const struct delivery *d, const struct payload_about *about)
{
    char at[CLOCK_TEXT_MAX];
    cJSON *list = cJSON_CreateArray();
    /* The firing ones last: of two that are alike once people are left out, the later one counts. */
    for (size_t i = d->n_instances; i-- > 0;) {
        const struct delivery_instance *one = &d->instances[i];
        cJSON *o = result_row(list);
        cJSON_AddItemToObject(o, "labels", labels_of(d, one));
        cJSON_AddItemToObject(o, "annotations", annotations_of(d, about, one));
        result_text(o, "startsAt", begin_of(d, one, at));
        /* While it fires: when it ends unless it is sent again. */
        result_text(o, "endsAt", is_over(d, one) ? end_of(d, one, at) : clock_rfc3339(d->ends_at, at));
    }
    char *json = cJSON_PrintUnformatted(list);
    cJSON_Delete(list);
    return json;
}
