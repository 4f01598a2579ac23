/* alert_silences.c - what is not told for a while, and who has taken an incident over. */
#include "core/goals/alerting_internal.h"

#include "base/clock.h"
#include "base/num.h"
#include "core/labels.h"

#include <stdlib.h>

#define DAY_NS    (24 * 3600 * SD_S)
#define MINUTE_NS (60 * SD_S)
enum { LOOK_BACK_DAYS = 400, LABEL_MAX = 1024, MATCH_KEYS = 32 };

/* ---- matching ---- */

static bool fits(const char *pattern, const char *text)
{
    return !pattern || hop_match(pattern, text ? text : "");
}

/* What the instance of an alert says of itself: "GET /orders/:id", a host, labels. */
struct about {
    char method[64];
    const char *route, *host, *labels;
    char host_label[LABEL_MAX];
};

static void tell_about(const struct alert_group *g, const char *instance, struct about *o)
{
    const struct goal_figure *f = g->rule && g->rule->kpi   ? &g->rule->kpi->figure
                                  : g->rule && g->rule->slo ? &g->rule->slo->figure
                                                            : NULL;
    *o = (struct about){.route = NULL};
    if (!f)
        return;
    /* An alert on a part of the traffic is about what its match names. */
    o->route = f->match.route;
    o->host = f->match.host;
    snprintf(o->method, sizeof o->method, "%s", f->match.method ? f->match.method : "");
    if (!instance)
        return;
    if (f->signal == GOAL_METRIC) {
        o->labels = instance;
        if (label_value(instance, "host", o->host_label, sizeof o->host_label))
            o->host = o->host_label;
    } else if (f->per == GOAL_PER_HOST) {
        o->host = instance;
    } else if (f->per == GOAL_PER_ENDPOINT) {
        const char *space = strchr(instance, ' ');
        o->route = space ? space + 1 : instance;
        if (space)
            snprintf(o->method, sizeof o->method, "%.*s", (int)MIN(space - instance, 60), instance);
    }
}

static bool matches(const struct goal_match *m, const struct alert_group *g, const char *instance)
{
    struct about o;
    char value[LABEL_MAX];
    if (!fits(m->alert, g->alert) || !fits(m->severity, goal_severity_name(g->severity)) ||
        !fits(m->instance, instance))
        return false;
    if (!m->method && !m->route && !m->host && !m->n_labels)
        return true;
    tell_about(g, instance, &o);
    for (size_t i = 0; i < m->n_labels; i++) {
        label_value(o.labels, m->labels[i].name, value, sizeof value);
        if (!fits(m->labels[i].pattern, value))
            return false;
    }
    return fits(m->method, o.method) && fits(m->route, o.route) && fits(m->host, o.host);
}

/* ---- spans of time ---- */

struct stretch {
    sd_time from, to; /* [from, to) */
};
struct stretches {
    struct stretch *items;
    size_t n, cap;
};

static void add_stretch(struct stretches *s, sd_time from, sd_time to)
{
    if (from >= to)
        return;
    s->items = mem_grow(s->items, s->n, &s->cap, sizeof *s->items);
    s->items[s->n++] = (struct stretch){from, to};
}

static int64_t day_of(sd_time t)
{
    return t / DAY_NS - (t % DAY_NS < 0);
}

/* Those of a weekly silence that touch [from, to]; UTC. 1970 began on a Thursday. */
static void add_weekly(struct stretches *s, const struct goal_silence *w, sd_time from, sd_time to)
{
    int64_t last = day_of(to), first = MAX(day_of(from) - 1 - w->minutes / 1440, last - LOOK_BACK_DAYS);
    for (int64_t d = first; d <= last; d++) {
        if (w->day >= 0 && ((d + 4) % 7 + 7) % 7 != w->day)
            continue;
        sd_time begin = d * DAY_NS + w->from_minute * MINUTE_NS, end = begin + w->minutes * MINUTE_NS;
        add_stretch(s, MAX(begin, from), MIN(end, to));
    }
}

static int by_from(const void *p, const void *q)
{
    const struct stretch *a = p, *b = q;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* In order, without overlap. */
static void unite(struct stretches *s)
{
    size_t n = 0;
    if (s->n)
        qsort(s->items, s->n, sizeof *s->items, by_from);
    for (size_t i = 0; i < s->n; i++) {
        if (n && s->items[i].from <= s->items[n - 1].to)
            s->items[n - 1].to = MAX(s->items[n - 1].to, s->items[i].to);
        else
            s->items[n++] = s->items[i];
    }
    s->n = n;
}

/* What is in both; `a` gets it. */
static void intersect(struct stretches *a, const struct stretches *b)
{
    struct stretches both = {0};
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        add_stretch(&both, MAX(a->items[i].from, b->items[k].from), MIN(a->items[i].to, b->items[k].to));
        if (a->items[i].to < b->items[k].to)
            i++;
        else
            k++;
    }
    free(a->items);
    *a = both;
}

static struct stretches silences_of(const struct alerting *a, const struct alert_group *g,
                                    const char *instance, sd_time from, sd_time to)
{
    struct stretches s = {0};
    for (size_t i = 0; i < a->n_silences; i++) {
        const struct alert_silence *x = &a->silences[i];
        if (x->from < to && x->until > from && matches(&x->parsed, g, instance))
            add_stretch(&s, MAX(x->from, from), MIN(x->until, to));
    }
    for (size_t i = 0; i < a->policy->n_silences; i++)
        if (matches(&a->policy->silences[i].match, g, instance))
            add_weekly(&s, &a->policy->silences[i], from, to);
    unite(&s);
    return s;
}

int64_t alert_silenced_ns(const struct alerting *a, const struct alert_group *g, const char *const *instances,
                          size_t n, sd_time from, sd_time to)
{
    int64_t ns = 0;
    if (!n || from >= to || (!a->n_silences && !a->policy->n_silences))
        return 0;
    struct stretches all = silences_of(a, g, instances[0], from, to);
    for (size_t i = 1; i < n && all.n; i++) {
        struct stretches one = silences_of(a, g, instances[i], from, to);
        intersect(&all, &one);
        free(one.items);
    }
    for (size_t i = 0; i < all.n; i++)
        ns += all.items[i].to - all.items[i].from;
    free(all.items);
    return ns;
}

/* Does it hold at that moment? *until: its end, as far as `to`; NULL ok. */
static bool weekly_until(const struct goal_silence *w, sd_time at, sd_time to, sd_time *until)
{
    struct stretches s = {0};
    add_weekly(&s, w, at, to);
    unite(&s);
    bool now = s.n > 0 && s.items[0].from <= at;
    if (now && until)
        *until = s.items[0].to;
    free(s.items);
    return now;
}

bool alert_silenced(const struct alerting *a, const struct alert_group *g, const char *instance, sd_time at,
                    struct alert_held *held)
{
    for (size_t i = 0; i < a->n_silences; i++) {
        const struct alert_silence *x = &a->silences[i];
        if (at < x->from || at >= x->until || !matches(&x->parsed, g, instance))
            continue;
        if (held)
            *held = (struct alert_held){x->id, x->why, x->until};
        return true;
    }
    for (size_t i = 0; i < a->policy->n_silences; i++) {
        const struct goal_silence *w = &a->policy->silences[i];
        if (!weekly_until(w, at, at + 1, NULL) || !matches(&w->match, g, instance))
            continue;
        if (held) {
            *held = (struct alert_held){NULL, w->why, SD_UNKNOWN};
            weekly_until(w, at, add_sat(at, 8 * DAY_NS), &held->until);
        }
        return true;
    }
    return false;
}

/* ---- silences of people ---- */

void alert_silence_free(struct alert_silence *s)
{
    free(s->id);
    free(s->match);
    free(s->why);
    arena_free(s->arena);
}

/* A key and its pattern. */
static bool set_match(struct goal_match *m, struct arena *arena, const char *key, const char *value,
                      struct sd_error *err)
{
    const struct {
        const char *key, **to;
    } KEYS[] = {{"method", &m->method}, {"route", &m->route},       {"host", &m->host},
                {"alert", &m->alert},   {"instance", &m->instance}, {"severity", &m->severity}};
    if (str_starts(key, "labels.") && key[7]) {
        struct goal_label *labels = arena_alloc(arena, (m->n_labels + 1) * sizeof *labels);
        for (size_t i = 0; i < m->n_labels; i++)
            labels[i] = m->labels[i];
        labels[m->n_labels++] = (struct goal_label){arena_strdup(arena, key + 7), value};
        m->labels = labels;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        if (!strcmp(KEYS[i].key, key)) {
            *KEYS[i].to = value;
            return true;
        }
    return fail(err,
                "a silence has no key %.60s; expected method, route, host, alert, instance, severity or "
                "labels.KEY",
                key);
}

/* KEY=VALUE,...; a comma of a value is written \, as in labels. */
static bool parse_match(struct goal_match *m, struct arena *arena, const char *text, struct sd_error *err)
{
    size_t pairs = 0;
    for (const char *p = text; *p; pairs++) {
        struct strbuf b = {0};
        for (; *p && *p != ','; p++) {
            if (*p == '\\' && (p[1] == ',' || p[1] == '\\'))
                p++;
            strbuf_char(&b, *p);
        }
        char *pair = arena_strdup(arena, strbuf_text(&b)), *eq = strchr(pair, '=');
        strbuf_free(&b);
        if (!eq || eq == pair || !eq[1] || pairs >= MATCH_KEYS)
            return fail(
                err, "a silence names what it matches, such as alert=cpu,severity=warning; not %.100s", text);
        *eq = 0;
        if (!set_match(m, arena, pair, eq + 1, err))
            return false;
        p += *p == ',';
    }
    return pairs || fail(err, "a silence names what it matches, such as alert=cpu; this is empty");
}

struct alert_silence *alerting_add_silence(struct alerting *a, const char *match, struct sd_error *err)
{
    struct goal_match parsed = {.method = NULL};
    struct arena *arena = arena_new();
    if (!parse_match(&parsed, arena, match, err)) {
        arena_free(arena);
        return NULL;
    }
    a->silences = mem_grow(a->silences, a->n_silences, &a->cap_silences, sizeof *a->silences);
    struct alert_silence *s = &a->silences[a->n_silences++];
    *s = (struct alert_silence){.match = mem_strdup(match), .parsed = parsed, .arena = arena};
    return s;
}

const char *alerting_silence(struct alerting *a, const char *match, int64_t for_ns, const char *why,
                             sd_time at, struct sd_error *err)
{
    struct alert_silence *s = alerting_add_silence(a, match, err);
    if (!s)
        return NULL;
    s->id = mem_printf("s%lld", (long long)++a->next_silence);
    s->why = mem_strdup(why);
    s->from = at;
    s->until = add_sat(at, for_ns);
    return s->id;
}

bool alerting_unsilence(struct alerting *a, const char *id, sd_time at, struct sd_error *err)
{
    for (size_t i = 0; i < a->n_silences; i++) {
        struct alert_silence *s = &a->silences[i];
        if (strcmp(s->id, id) != 0 || s->until <= at)
            continue;
        s->until = MAX(at, s->from); /* what it has held up stays held up */
        return true;
    }
    return fail(err, "there is no silence %.60s; it has ended or never was", id);
}

void alert_silences_prune(struct alerting *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_silences; i++) {
        if (a->silences[i].until <= a->at)
            alert_silence_free(&a->silences[i]);
        else
            a->silences[n++] = a->silences[i];
    }
    a->n_silences = n;
}

/* ---- acknowledging ---- */

static bool is_named(const struct alert_incident *x, const char *alert)
{
    if (!strcmp(x->alert, alert) || !strcmp(x->key, alert))
        return true;
    char *name = mem_printf("%s{%s}", x->alert, x->instance ? x->instance : "");
    bool same = x->by_instance && !strcmp(name, alert);
    free(name);
    return same;
}

bool alerting_ack(struct alerting *a, const char *alert, const char *by, sd_time at, struct sd_error *err)
{
    bool any = false;
    for (size_t i = 0; i < a->n_incidents; i++) {
        struct alert_incident *x = a->incidents[i];
        if (sd_known(x->closed_at) || !is_named(x, alert))
            continue;
        any = true;
        if (sd_known(x->acked_at)) /* the first one has it */
            continue;
        x->acked_at = at;
        x->acked_by = mem_strdup(by);
    }
    return any || fail(err, "the alert %.200s does not fire: there is nothing to acknowledge", alert);
}
