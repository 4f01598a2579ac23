#include "format/goals/alert_state.h"

#include "core/result.h"
#include "format/json_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- writing: by hand, because an evaluation every few seconds may have 10,000 instances ---- */

static void put_text(struct strbuf *out, const char *key, const char *v)
{
    if (!v)
        return;
    strbuf_printf(out, ",\"%s\":\"", key);
    for (const unsigned char *p = (const unsigned char *)v; *p; p++) {
        if (*p == '"' || *p == '\\')
            strbuf_printf(out, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            strbuf_printf(out, "\\u%04x", *p);
        else
            strbuf_char(out, (char)*p);
    }
    strbuf_char(out, '"');
}

static void put_int(struct strbuf *out, const char *key, int64_t v)
{
    strbuf_printf(out, ",\"%s\":%" PRId64, key, v);
}

static void put_time(struct strbuf *out, const char *key, int64_t v)
{
    if (sd_known(v))
        strbuf_printf(out, ",\"%s\":\"%" PRId64 "\"", key, v);
}

static void put_real(struct strbuf *out, const char *key, double v)
{
    if (isfinite(v))
        strbuf_printf(out, ",\"%s\":%.17g", key, v);
}

static size_t number_of(const struct alerting *a, const struct alert_incident *x)
{
    for (size_t i = 0; i < a->n_incidents; i++)
        if (a->incidents[i] == x)
            return i;
    return SIZE_MAX;
}

static void write_instance(const struct alerting *a, const struct alert_instance *x, size_t hint,
                           struct strbuf *out)
{
    strbuf_printf(out, "{\"state\":\"%s\"", alert_state_name(x->state));
    put_text(out, "instance", x->name);
    put_time(out, "since", x->since);
    put_time(out, "fired_at", x->fired_at);
    put_time(out, "resolved_at", x->resolved_at);
    put_time(out, "false_since", x->false_since);
    put_time(out, "value_at", x->value_at);
    put_real(out, "value", x->value);
    put_real(out, "last_value", x->last_value);
    put_real(out, "threshold", x->threshold);
    put_text(out, "unit", x->unit);
    if (x->incident) {
        bool near = hint < a->n_incidents && a->incidents[hint] == x->incident;
        put_int(out, "incident", (int64_t)(near ? hint : number_of(a, x->incident)));
    }
    strbuf_char(out, '}');
}

static void write_groups(const struct alerting *a, struct strbuf *out)
{
    size_t next = 0; /* incidents stand in the order of their instances */
    bool first = true;
    strbuf_str(out, ",\n\"alerts\":[");
    for (size_t i = 0; i < a->n_groups; i++) {
        const struct alert_group *g = a->groups[i];
        if (!g->n)
            continue;
        strbuf_printf(out, "%s\n{\"severity\":\"%s\",\"slo\":%s", first ? "" : ",",
                      goal_severity_name(g->severity), g->slo ? "true" : "false");
        put_text(out, "alert", g->alert);
        strbuf_str(out, ",\"instances\":[");
        for (size_t k = 0; k < g->n; k++) {
            strbuf_str(out, k ? ",\n" : "\n");
            write_instance(a, g->items[k], next, out);
            next += g->items[k]->incident != NULL;
        }
        strbuf_str(out, "]}");
        first = false;
    }
    strbuf_char(out, ']');
}

static void write_sent(const struct alert_incident *x, struct strbuf *out)
{
    strbuf_str(out, ",\"sent\":[");
    for (size_t i = 0; i < x->n_sent; i++) {
        const struct alert_sent *s = &x->sent[i];
        strbuf_printf(out, "%s{\"step\":%zu,\"kind\":\"%s\",\"state\":\"%s\",\"attempts\":%d,\"heard\":%s",
                      i ? ",\n" : "", s->step, delivery_kind_name(s->kind), sent_state_name(s->state),
                      s->attempts, s->heard ? "true" : "false");
        put_text(out, "receiver", s->receiver);
        put_time(out, "at", s->at);
        put_time(out, "retry_at", s->retry_at);
        put_text(out, "error", s->error);
        strbuf_char(out, '}');
    }
    strbuf_char(out, ']');
}

static void write_incidents(const struct alerting *a, struct strbuf *out)
{
    strbuf_str(out, ",\n\"incidents\":[");
    for (size_t i = 0; i < a->n_incidents; i++) {
        const struct alert_incident *x = a->incidents[i];
        strbuf_printf(out, "%s\n{\"severity\":\"%s\",\"slo\":%s,\"by_instance\":%s", i ? "," : "",
                      goal_severity_name(x->severity), x->slo ? "true" : "false",
                      x->by_instance ? "true" : "false");
        put_text(out, "incident", x->key);
        put_text(out, "alert", x->alert);
        put_text(out, "instance", x->instance);
        put_time(out, "opened_at", x->opened_at);
        put_time(out, "closed_at", x->closed_at);
        put_time(out, "clock", x->clock_ns);
        put_time(out, "clock_at", x->clock_at);
        put_text(out, "acked_by", x->acked_by);
        put_time(out, "acked_at", x->acked_at);
        write_sent(x, out);
        strbuf_str(out, ",\"members\":[");
        for (size_t k = 0; k < x->n_members; k++) {
            const struct alert_member *m = &x->members[k];
            strbuf_printf(out, "%s{\"n\":%zu", k ? ",\n" : "", k);
            put_text(out, "instance", m->instance);
            put_real(out, "value", m->value);
            put_time(out, "fired_at", m->fired_at);
            put_time(out, "resolved_at", m->resolved_at);
            strbuf_char(out, '}');
        }
        strbuf_str(out, "]}");
    }
    strbuf_char(out, ']');
}

void alert_state_write(const struct alerting *a, struct strbuf *out)
{
    strbuf_printf(out, "{\"slowdive_alerts\":%d", ALERT_STATE_VERSION);
    put_time(out, "at", a->at);
    put_time(out, "beat_at", a->beat_at);
    put_int(out, "next_silence", a->next_silence);
    strbuf_str(out, ",\n\"silences\":[");
    for (size_t i = 0; i < a->n_silences; i++) {
        const struct alert_silence *s = &a->silences[i];
        strbuf_printf(out, "%s{\"n\":%zu", i ? ",\n" : "", i);
        put_text(out, "id", s->id);
        put_text(out, "match", s->match);
        put_text(out, "why", s->why);
        put_time(out, "from", s->from);
        put_time(out, "until", s->until);
        strbuf_char(out, '}');
    }
    strbuf_char(out, ']');
    write_groups(a, out);
    write_incidents(a, out);
    strbuf_str(out, "}\n");
}

/* ---- reading ---- */

static bool damaged(struct sd_error *err, const char *what)
{
    return fail(err, "the state of the alerts is damaged: %s", what);
}

static char *get_text(const cJSON *o, const char *key)
{
    return mem_strdup(result_get_text(o, key));
}

/* Digits alone; absent is unknown. */
static bool get_time(const cJSON *o, const char *key, int64_t *out)
{
    const char *text = result_get_text(o, key);
    *out = SD_UNKNOWN;
    if (!text)
        return true;
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 18 + (*text < '9') || text[digits])
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

static bool get_flag(const cJSON *o, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, key));
}

/* A whole number from 0 to 1e9. */
static bool get_size(const cJSON *o, const char *key, size_t *out)
{
    double v = result_get_real(o, key);
    if (!(v >= 0 && v <= 1e9))
        return false;
    *out = (size_t)v;
    return true;
}

static enum goal_severity get_severity(const cJSON *o)
{
    return str_eq(result_get_text(o, "severity"), "critical") ? GOAL_CRITICAL : GOAL_WARNING;
}

static int word_of(const char *const *words, const cJSON *o, const char *key)
{
    const char *text = result_get_text(o, key);
    return text ? str_find(words, text) : -1;
}

static const char *const STATES[] = {
#define WORD(UPPER, name) (name),
    ALERT_STATES(WORD) NULL};
static const char *const SENT_WORDS[] = {SENT_STATES(WORD) NULL};
static const char *const KINDS[] = {DELIVERY_KINDS(WORD) NULL};
#undef WORD

static bool read_sent(struct alert_incident *x, const cJSON *o, struct sd_error *err)
{
    struct alert_sent s = {.at = SD_UNKNOWN};
    size_t attempts;
    int kind = word_of(KINDS, o, "kind"), state = word_of(SENT_WORDS, o, "state");
    if (kind < 0 || state < 0 || !get_size(o, "step", &s.step) || !get_size(o, "attempts", &attempts) ||
        !get_time(o, "at", &s.at) || !get_time(o, "retry_at", &s.retry_at) || !result_get_text(o, "receiver"))
        return damaged(err, "a delivery");
    s.kind = (enum delivery_kind)kind;
    s.state = (enum sent_state)state;
    s.attempts = (int)MIN(attempts, 1000);
    s.heard = get_flag(o, "heard");
    s.receiver = get_text(o, "receiver");
    s.error = get_text(o, "error");
    *alert_add_sent(x) = s;
    return true;
}

static bool read_members(struct alert_incident *x, const cJSON *list, struct sd_error *err)
{
    const cJSON *o;
    x->members = mem_array((size_t)cJSON_GetArraySize(list) + 1, sizeof *x->members);
    cJSON_ArrayForEach(o, list)
    {
        struct alert_member m = {.value = result_get_real(o, "value")};
        if (!get_time(o, "fired_at", &m.fired_at) || !get_time(o, "resolved_at", &m.resolved_at))
            return damaged(err, "an instance of an incident");
        m.instance = get_text(o, "instance");
        x->members[x->n_members++] = m;
    }
    return true;
}

static bool read_incident(struct alerting *a, const cJSON *o, struct sd_error *err)
{
    const char *key = result_get_text(o, "incident"), *alert = result_get_text(o, "alert");
    const cJSON *sent;
    if (!key || !alert)
        return damaged(err, "an incident");
    struct alert_incident *x = alerting_add_incident(a, key);
    x->alert = mem_strdup(alert);
    x->instance = get_text(o, "instance");
    x->by_instance = get_flag(o, "by_instance");
    x->slo = get_flag(o, "slo");
    x->severity = get_severity(o);
    x->acked_by = get_text(o, "acked_by");
    x->group = alerting_group(a, alert, x->slo, x->severity);
    if (!get_time(o, "opened_at", &x->opened_at) || !get_time(o, "closed_at", &x->closed_at) ||
        !get_time(o, "clock", &x->clock_ns) || !get_time(o, "clock_at", &x->clock_at) ||
        !get_time(o, "acked_at", &x->acked_at) || !sd_known(x->opened_at) || !sd_known(x->clock_at) ||
        !sd_known(x->clock_ns))
        return damaged(err, "an incident");
    cJSON_ArrayForEach(sent, cJSON_GetObjectItemCaseSensitive(o, "sent"))
    {
        if (!read_sent(x, sent, err))
            return false;
    }
    if (sd_known(x->closed_at) && !read_members(x, cJSON_GetObjectItemCaseSensitive(o, "members"), err))
        return false;
    if (!x->by_instance && !sd_known(x->closed_at))
        x->group->open = x;
    return true;
}

static bool read_instance(struct alerting *a, struct alert_group *g, const cJSON *o, struct sd_error *err)
{
    int state = word_of(STATES, o, "state");
    struct alert_instance *x = alert_instance_of(g, result_get_text(o, "instance"));
    const char *unit = result_get_text(o, "unit");
    size_t incident;
    if (state < 0 || sd_known(x->since) || !get_time(o, "since", &x->since) ||
        !get_time(o, "fired_at", &x->fired_at) || !get_time(o, "resolved_at", &x->resolved_at) ||
        !get_time(o, "false_since", &x->false_since) || !get_time(o, "value_at", &x->value_at) ||
        !sd_known(x->since) || (state == ALERT_RESOLVED && !sd_known(x->resolved_at)))
        return damaged(err, "an alert");
    x->state = (enum alert_state)state;
    g->firing += x->state == ALERT_FIRING;
    x->value = result_get_real(o, "value");
    x->nodata = isnan(x->value);
    x->last_value = result_get_real(o, "last_value");
    x->threshold = result_get_real(o, "threshold");
    x->unit = unit ? arena_strdup(a->arena, unit) : NULL;
    if (!cJSON_HasObjectItem(o, "incident"))
        return true;
    if (!get_size(o, "incident", &incident) || incident >= a->n_incidents ||
        a->incidents[incident]->group != g)
        return damaged(err, "an alert");
    x->incident = a->incidents[incident];
    if (x->incident->by_instance)
        x->incident->one = x;
    return true;
}

static bool read_alert(struct alerting *a, const cJSON *o, struct sd_error *err)
{
    const char *alert = result_get_text(o, "alert");
    const cJSON *instance;
    if (!alert)
        return damaged(err, "an alert");
    struct alert_group *g = alerting_group(a, alert, get_flag(o, "slo"), get_severity(o));
    cJSON_ArrayForEach(instance, cJSON_GetObjectItemCaseSensitive(o, "instances"))
    {
        if (!read_instance(a, g, instance, err))
            return false;
    }
    return true;
}

static bool read_silence(struct alerting *a, const cJSON *o, struct sd_error *err)
{
    struct sd_error why;
    const char *match = result_get_text(o, "match"), *id = result_get_text(o, "id");
    int64_t from, until;
    if (!match || !id || !get_time(o, "from", &from) || !get_time(o, "until", &until))
        return damaged(err, "a silence");
    struct alert_silence *s = alerting_add_silence(a, match, &why);
    if (!s)
        return damaged(err, "a silence");
    s->id = mem_strdup(id);
    s->why = get_text(o, "why");
    s->from = from;
    s->until = until;
    return true;
}

static bool read_all(struct alerting *a, const cJSON *o, struct sd_error *err)
{
    static const struct {
        const char *key;
        bool (*read)(struct alerting *a, const cJSON *o, struct sd_error *err);
    } LISTS[] = {{"silences", read_silence}, {"incidents", read_incident}, {"alerts", read_alert}};
    const cJSON *item;
    double version = result_get_real(o, "slowdive_alerts");
    size_t next;
    if (version > ALERT_STATE_VERSION)
        return fail(err, "the state of the alerts is of a newer slowdive");
    if (version != ALERT_STATE_VERSION || !get_time(o, "at", &a->at) ||
        !get_time(o, "beat_at", &a->beat_at) || !get_size(o, "next_silence", &next))
        return damaged(err, "it is no state of alerts");
    a->next_silence = (int64_t)next;
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, LISTS[i].key);
        if (!cJSON_IsArray(list))
            return damaged(err, "it is no state of alerts");
        cJSON_ArrayForEach(item, list)
        {
            if (!LISTS[i].read(a, item, err))
                return false;
        }
    }
    return true;
}

bool alert_state_read(struct alerting *a, const char *text, size_t len, struct sd_error *err)
{
    struct sd_error why;
    if (!json_check(text, len, &why))
        return damaged(err, "it is cut or no JSON");
    cJSON *o = cJSON_ParseWithLength(text, len);
    bool ok = cJSON_IsObject(o) ? read_all(a, o, err) : damaged(err, "it is cut or no JSON");
    cJSON_Delete(o);
    return ok;
}
