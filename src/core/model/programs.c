#include "core/model/programs.h"

#include <math.h>

enum { PROGRAMS_MOST = 256, KEY_BYTES = 200, VERSION_BYTES = 80 };
#define START_ALIKE (2 * SD_S) /* clocks and rounding */

/* A version of a service, or something that started. */
struct program {
    struct origin *origin;
    char *key, *version; /* version NULL: `since` is what tells it from another */
    sd_time since;
};
struct programs {
    struct program *items;
    size_t n, cap;
};

static struct program *program_new(struct part *p, struct programs *x, struct origin *o, const char *key,
                                   const char *version, sd_time since)
{
    if (x->n == PROGRAMS_MOST)
        return NULL;
    if (x->n == x->cap) {
        size_t want = x->cap ? 2 * x->cap : 4;
        x->items = model_resize(p, x->items, x->cap, want, sizeof *x->items);
        x->cap = want;
    }
    struct program *k = &x->items[x->n++];
    *k = (struct program){.origin = o,
                          .key = model_strdup(p, key, KEY_BYTES),
                          .version = model_strdup(p, version, VERSION_BYTES),
                          .since = since};
    return k;
}

static bool same_key(const struct program *k, const char *key)
{
    return !strncmp(k->key, key, KEY_BYTES);
}

/* ---- versions ---- */

/* From labels: key=value pairs, comma separated. False: it is not there. */
static bool version_in(const char *labels, char out[VERSION_BYTES])
{
    static const char KEY[] = "service.version=";
    const char *v = labels && !strncmp(labels, KEY, strlen(KEY)) ? labels : NULL;
    if (!v && labels && (v = strstr(labels, ",service.version=")))
        v++;
    if (!v)
        return false;
    size_t n = 0;
    for (v += strlen(KEY); *v && *v != ',' && n + 1 < VERSION_BYTES; v++) {
        if (*v == '\\' && v[1])
            v++;
        out[n++] = *v;
    }
    out[n] = 0;
    return n > 0;
}

static void version_seen(struct part *p, struct programs *x, struct origin *o, const char *service,
                         const char *version, sd_time at)
{
    bool earlier = false;
    for (size_t i = 0; i < x->n; i++) {
        struct program *k = &x->items[i];
        if (!k->version || !same_key(k, service))
            continue;
        if (!strncmp(k->version, version, VERSION_BYTES))
            return;
        earlier |= k->since <= at;
    }
    if (!program_new(p, x, o, service, version, at) || !earlier)
        return;
    char title[KEY_BYTES + VERSION_BYTES], text[KEY_BYTES + VERSION_BYTES + 80];
    snprintf(title, sizeof title, "deploy %.80s", version);
    snprintf(text, sizeof text, "%.200s: its first span with service.version %.60s", service, version);
    event_add(p, o, at, &(struct sd_event){.severity = "info", .title = title, .text = text});
}

static sd_time first_start(const struct sd_spans *r, uint32_t service)
{
    sd_time first = SD_UNKNOWN;
    for (uint32_t i = 0; r->service && r->start && i < MIN(r->service->n, r->start->n); i++)
        if (r->service->items[i] == service && sd_known(r->start->items[i]) &&
            (!sd_known(first) || r->start->items[i] < first))
            first = r->start->items[i];
    return first;
}

/* The earliest first: a file may hold both versions. */
static void look_at_spans(struct part *p, struct programs *x, struct origin *o, const struct sd_spans *r)
{
    enum { SERVICES = 64 };
    struct {
        sd_time at;
        uint32_t service;
    } order[SERVICES];
    size_t n = 0;
    char version[VERSION_BYTES];
    uint32_t services = r->services && r->resources ? MIN(r->services->n, r->resources->n) : 0;
    for (uint32_t s = 0; s < services && n < SERVICES; s++) {
        if (!r->services->items[s] || !version_in(r->resources->items[s], version))
            continue;
        sd_time at = first_start(r, s);
        size_t i = n;
        if (!sd_known(at))
            continue;
        for (; i > 0 && order[i - 1].at > at; i--)
            order[i] = order[i - 1];
        order[i].at = at;
        order[i].service = s;
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        version_in(r->resources->items[order[i].service], version);
        version_seen(p, x, o, r->services->items[order[i].service], version, order[i].at);
    }
}

/* ---- starts ---- */

static void start_seen(struct part *p, struct programs *x, struct origin *o, const char *key,
                       const char *what, sd_time since, sd_time at)
{
    struct program *k = NULL;
    for (size_t i = 0; i < x->n && !k; i++)
        if (!x->items[i].version && x->items[i].origin == o && same_key(&x->items[i], key))
            k = &x->items[i];
    if (!k) {
        program_new(p, x, o, key, NULL, since);
        return;
    }
    if (since <= add_sat(k->since, START_ALIKE)) /* an older one is another process of the same name */
        return;
    k->since = since;
    char title[120], text[160];
    snprintf(title, sizeof title, "restart%s%.100s", *what ? " of " : "", what);
    snprintf(text, sizeof text, "%.100s reports a new start time", o->name);
    event_add(p, o, MIN(since, at), &(struct sd_event){.severity = "warn", .title = title, .text = text});
}

static void look_at_metric(struct part *p, struct programs *x, struct origin *o, const struct sd_metric *r,
                           sd_time at)
{
    bool seconds = str_eq(r->name, "process_start_time_seconds") || str_eq(r->name, "node_boot_time_seconds");
    if (!seconds || !isfinite(r->value) || r->value <= 0)
        return;
    double ns = str_eq(r->unit, "time") ? r->value : r->value * 1e9;
    start_seen(p, x, o, r->labels ? r->labels : r->name, r->labels ? r->labels : o->name, real_to_int(ns),
               at);
}

void programs_look(struct part *p, struct programs **x, struct origin *o, const struct sd_batch *b)
{
    const struct sd_spans *spans;
    const struct sd_metric *metric;
    const struct sd_server *server;
    if (!(batch_kinds(b) & PROGRAM_KINDS))
        return;
    if (!*x)
        *x = model_take(p, sizeof **x);
    for (size_t i = 0; (spans = batch_each(b, SD_SPANS, &i));)
        look_at_spans(p, *x, o, spans);
    for (size_t i = 0; (metric = batch_each(b, SD_METRIC, &i));)
        look_at_metric(p, *x, o, metric, batch_time(b));
    for (size_t i = 0; (server = batch_each(b, SD_SERVER, &i));)
        if (sd_known(server->started) && server->started > 0)
            start_seen(p, *x, o, "server", o->name, server->started, batch_time(b));
}

void programs_free(struct part *p, struct programs *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->n; i++) {
        model_strfree(p, x->items[i].key);
        model_strfree(p, x->items[i].version);
    }
    model_resize(p, x->items, x->cap, 0, sizeof *x->items);
    model_give(p, x, sizeof *x);
}
