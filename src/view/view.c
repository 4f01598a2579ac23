#include "view/view.h"

#include "view/bundles/bundle.h"
#include "view/caches/caches.h"
#include "view/sessions/activity.h"
#include "view/endpoints/endpoint.h"
#include "view/endpoints/endpoints.h"
#include "view/indexes/advise.h"
#include "view/endpoints/statuses.h"
#include "view/profiles/flame.h"
#include "view/profiles/functions.h"
#include "view/indexes/indexes.h"
#include "view/caches/http_audit.h"
#include "view/pages/page_list.h"
#include "view/overview/changes.h"
#include "view/overview/overview.h"
#include "view/plans/plan.h"
#include "view/plans/diff.h"
#include "view/queries/queries.h"
#include "view/queries/query.h"
#include "view/sources/sources.h"
#include "view/indexes/one_table.h"
#include "view/indexes/tables.h"
#include "view/sessions/pools.h"
#include "view/metrics/metric_list.h"
#include "view/hosts/hosts.h"
#include "view/hosts/resources.h"
#include "view/metrics/runtime.h"
#include "view/goals/goals.h"
#include "view/overview/map.h"
#include "view/servers/servers.h"
#include "view/traces/traces.h"
#include "view/loads/loads.h"
#include "view/capacity/capacity.h"
#include "view/capacity/forecast_view.h"
#include "view/goals/alerts.h"
#include "view/goals/playbook.h"
#include "view/goals/worth.h"
#include "view/shared/finish.h"

#include <stdlib.h>
#include <strings.h>

/* In this order they are listed in their places. */
#define VIEW_LIST(X)                                                                                         \
    X(overview)                                                                                              \
    X(endpoints)                                                                                             \
    X(queries)                                                                                               \
    X(activity)                                                                                              \
    X(sources)                                                                                               \
    X(tables)                                                                                                \
    X(indexes)                                                                                               \
    X(advise)                                                                                                \
    X(endpoint)                                                                                              \
    X(query)                                                                                                 \
    X(plan)                                                                                                  \
    X(diff)                                                                                                  \
    X(bloat)                                                                                                 \
    X(server)                                                                                                \
    X(replication)                                                                                           \
    X(progress)                                                                                              \
    X(parameters)                                                                                            \
    X(history)                                                                                               \
    X(pools)                                                                                                 \
    X(changes)                                                                                               \
    X(statuses)                                                                                              \
    X(table)                                                                                                 \
    X(functions)                                                                                             \
    X(flame)                                                                                                 \
    X(calls)                                                                                                 \
    X(function)                                                                                              \
    X(growth)                                                                                                \
    X(caches)                                                                                                \
    X(cache)                                                                                                 \
    X(caching)                                                                                               \
    X(audit)                                                                                                 \
    X(metrics)                                                                                               \
    X(runtime)                                                                                               \
    X(map)                                                                                                   \
    X(pages)                                                                                                 \
    X(page)                                                                                                  \
    X(bundle)                                                                                                \
    X(packages)                                                                                              \
    X(duplicates)                                                                                            \
    X(modules)                                                                                               \
    X(module)                                                                                                \
    X(package)                                                                                               \
    X(traces)                                                                                                \
    X(trace)                                                                                                 \
    X(services)                                                                                              \
    X(loads)                                                                                                 \
    X(load_test)                                                                                             \
    X(capacity)                                                                                              \
    X(estimate)                                                                                              \
    X(forecasts)                                                                                             \
    X(forecast)                                                                                              \
    X(resources)                                                                                             \
    X(hosts)                                                                                                 \
    X(kpis)                                                                                                  \
    X(slo)                                                                                                   \
    X(objective)                                                                                             \
    X(alerts)                                                                                                \
    X(bottlenecks)                                                                                           \
    X(costs)                                                                                                 \
    X(roadmap)                                                                                               \
    X(playbook)

#define VIEW_ROW(name) &name##_view,
const struct view *const VIEWS[] = {VIEW_LIST(VIEW_ROW) NULL};

const struct column VIEW_ENVELOPE[] = {
    {.key = "view", .title = "View", .help = "name of the view"},
    {.key = "from",
     .title = "From",
     .unit = UNIT_TIME,
     .help = "start of the time window of the figures, RFC 3339 with milliseconds; null when unknown"},
    {.key = "to", .title = "To", .unit = UNIT_TIME, .help = "its end"},
    {.key = "window_ns", .title = "Window", .unit = UNIT_NS, .help = "its length; null when it has none"},
    {.key = "lines_total",
     .title = "Lines",
     .unit = UNIT_COUNT,
     .help = "lines or records read by all sources"},
    {.key = "lines_unparsed", .title = "Unparsed", .unit = UNIT_COUNT, .help = "of these, not understood"},
    {.key = "unparsed_samples", .title = "Samples", .help = "a few of them"},
    {.key = "notes",
     .title = "Notes",
     .help = "what was assumed or skipped while reading, such as the unit of durations"},
    {.key = "unread",
     .title = "Not read",
     .help = "why sources could not be read, one sentence each: their data is missing, and the exit status "
             "is 1; absent when all were read"},
    {.key = "baseline",
     .title = "Baseline",
     .help =
         "with --baseline: what the figures are compared with; see the section CHANGES. baseline_from and "
         "baseline_to: the time of its data"},
    {.key = "frames_lost",
     .title = "Lost",
     .unit = UNIT_COUNT,
     .help = "broken frames of a recording, and dropped batches"},
};
const size_t VIEW_N_ENVELOPE = ARRAY_LEN(VIEW_ENVELOPE);

static const struct {
    const char *title, *help, *needs;
} PLACES[PLACE_END] = {
#define PLACE_ROW(UPPER, digit, t, h, n) [PLACE_##UPPER] = {.title = t, .help = h, .needs = n},
    VIEW_PLACES(PLACE_ROW)
#undef PLACE_ROW
};

static bool is_place(enum view_place p)
{
    return (int)p >= 0 && p < PLACE_END;
}

const char *view_place_title(enum view_place p)
{
    return is_place(p) ? PLACES[p].title : NULL;
}

const char *view_place_help(enum view_place p)
{
    return is_place(p) ? PLACES[p].help : NULL;
}

const char *view_place_needs(enum view_place p)
{
    return is_place(p) ? PLACES[p].needs : NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = words ? words : ""; *p; p += strcspn(p, " "), p += strspn(p, " "))
        if (len && strcspn(p, " ") == len && !strncasecmp(p, word, len))
            return true;
    return false;
}

const struct view *view_exactly(const char *name)
{
    for (const struct view *const *v = VIEWS; *v; v++)
        if (!strcasecmp((*v)->name, name) || has_word((*v)->aliases, name))
            return *v;
    return NULL;
}

const struct view *view_named(const char *name)
{
    const struct view *found = view_exactly(name);
    size_t n = strlen(name), several = 0;
    for (const struct view *const *v = VIEWS; !found && *v; v++)
        several += n && !strncasecmp((*v)->name, name, n);
    for (const struct view *const *v = VIEWS; several == 1 && !found; v++)
        if (!strncasecmp((*v)->name, name, n))
            found = *v;
    return found;
}

struct doc *view_build(const struct view *v, const struct view_ctx *c)
{
    struct doc *d = v->build(c);
    finish_doc(v, c, d);
    return d;
}

/* ---- choices ---- */

int view_chosen(const struct view_ctx *c, const char *name)
{
    for (size_t i = 0; c->choices && i < c->choices->n; i++)
        if (str_eq(c->choices->items[i].name, name))
            return c->choices->items[i].value;
    return 0;
}

const char *view_chosen_text(const struct view_ctx *c, const char *name)
{
    for (size_t i = 0; c->choices && i < c->choices->n; i++)
        if (str_eq(c->choices->items[i].name, name))
            return c->choices->items[i].text;
    return NULL;
}

void view_choose(struct view_choices *x, const char *name, int value, const char *text)
{
    size_t i = 0;
    while (i < x->n && !str_eq(x->items[i].name, name))
        i++;
    if (i == ARRAY_LEN(x->items))
        return;
    char *copy = text ? mem_strdup(text) : NULL;
    if (i < x->n)
        free(x->items[i].text);
    x->items[i] = (struct view_choice){name, value, copy};
    x->n = MAX(x->n, i + 1);
}

void view_choices_free(struct view_choices *x)
{
    for (size_t i = 0; i < x->n; i++)
        free(x->items[i].text);
    x->n = 0;
}
