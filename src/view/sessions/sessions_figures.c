/* Figures of servers that the view `changes` compares: waits, sessions, failures, settings. */
#include "view/sessions/activity.h"

#include <stdlib.h>

#include "view/sessions/load.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"

enum { WAITS_MAX = 32, SERVERS_MAX = 64, SETTINGS_MAX = 1000 };

static void add_waits(const struct view_ctx *c, struct figures *f)
{
    struct wait_load w[WAITS_MAX];
    size_t n = model_wait_load(c->model, f->span, w, ARRAY_LEN(w)), parts = f->n_parts;
    double *layers = mem_array((n + 1) * parts, sizeof *layers), all[FIGURE_PARTS], sum = 0;
    if (n)
        model_layer_series(c->model, f->span, parts, false, w, n, layers);
    for (size_t i = 0; i < n; i++) {
        struct figure x = {.kind = "wait",
                           .key = load_wait(f->d, w[i].wait_type, w[i].wait_event),
                           .name = "sessions",
                           .method = FIGURE_LEVEL,
                           .unit = UNIT_LOAD,
                           .value = w[i].load,
                           .n_parts = parts,
                           .more_is_worse = true,
                           .weight = w[i].load,
                           .dive = {.view = "activity"}};
        memcpy(x.parts, layers + i * parts, parts * sizeof *layers);
        figures_add(f, &x);
        sum += w[i].load;
    }
    free(layers);
    if (!n)
        return;
    struct figure x = {.kind = "sessions",
                       .key = "all servers",
                       .name = "active",
                       .method = FIGURE_LEVEL,
                       .unit = UNIT_LOAD,
                       .value = sum,
                       .n_parts = parts,
                       .more_is_worse = true,
                       .weight = sum,
                       .dive = {.view = "activity"}};
    model_load_series(c->model, f->span, parts, all);
    memcpy(x.parts, all, parts * sizeof *all);
    figures_add(f, &x);
}

/* A counter or a gauge of a server, under the name of a figure. */
struct server_figure {
    const char *metric, *kind, *name;
    bool counter;
};
static const struct server_figure SERVER[] = {
    {.metric = "postgresql.connections", .kind = "sessions", .name = "connections", .counter = false},
    {.metric = "postgresql.xact_rollback", .kind = "errors", .name = "rollbacks", .counter = true},
    {.metric = "postgresql.deadlocks", .kind = "errors", .name = "deadlocks", .counter = true},
};

static void add_server(const struct view_ctx *c, struct figures *f, const char *origin,
                       const struct server_figure *s)
{
    struct figure x = {.kind = s->kind,
                       .key = doc_text(f->d, origin),
                       .name = s->name,
                       .method = FIGURE_COUNT,
                       .unit = s->counter ? UNIT_PER_S : UNIT_COUNT,
                       .n_parts = f->n_parts,
                       .more_is_worse = true,
                       .dive = {.view = "activity"}};
    double sum = 0;
    size_t known = 0;
    model_metric_series(c->model, origin, s->metric, NULL, f->span, f->n_parts, x.parts);
    for (size_t i = 0; i < x.n_parts; i++)
        if (isfinite(x.parts[i])) {
            sum += x.parts[i];
            known++;
        }
    if (!known)
        return;
    x.value = sum / (double)known;
    /* Of a gauge each moment is one count: sessions come and go by themselves. */
    x.events = s->counter ? x.value * f->seconds : x.value;
    x.weight = s->counter ? x.value : 0;
    if (x.value > 0)
        figures_add(f, &x);
}

/* ---- settings: postgresql.setting with the labels "name=NAME,value=VALUE" ---- */

static bool split_labels(struct doc *d, const char *labels, const char **name, const char **value)
{
    const char *v = labels ? strstr(labels, ",value=") : NULL;
    if (!v || !str_starts(labels, "name="))
        return false;
    *name = doc_printf(d, "%.*s", (int)(v - labels) - 5, labels + 5);
    *value = doc_text(d, v + strlen(",value="));
    return true;
}

static bool same_origin(const struct metric_entry *a, const struct metric_entry *b)
{
    return a->origin_len == b->origin_len && !memcmp(a->origin, b->origin, a->origin_len);
}

/* Those of the last listing: what is not in it has its default again. */
static bool is_listed(const struct metric_entry *e, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++)
        if (same_origin(&e[k], &e[i]) && e[k].at > e[i].at)
            return false;
    return true;
}

static void add_settings(const struct view_ctx *c, struct figures *f)
{
    struct metric_entry *e = mem_array(SETTINGS_MAX, sizeof *e);
    size_t n = model_metric_entries(c->model, "postgresql.setting", f->span.to, e, SETTINGS_MAX);
    for (size_t i = 0; i < n; i++) {
        const char *name, *value;
        if (!isfinite(e[i].value) || !is_listed(e, n, i) || !split_labels(f->d, e[i].labels, &name, &value))
            continue;
        figures_add(f, &(struct figure){
                           .kind = "setting",
                           .key = doc_printf(f->d, "%s of %.*s", name, (int)e[i].origin_len, e[i].origin),
                           .name = "value",
                           .method = FIGURE_TEXT,
                           .text = value,
                           .absent = "default",
                           .weight = 0.5,
                           .dive = {.view = "sources"}});
    }
    free(e);
}

void sessions_figures(const struct view_ctx *c, struct figures *f)
{
    struct source_info info[SERVERS_MAX];
    size_t n = model_sources(c->model, f->span.to, info, ARRAY_LEN(info));
    add_waits(c, f);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(SERVER); k++)
            add_server(c, f, info[i].origin, &SERVER[k]);
    add_settings(c, f);
}
