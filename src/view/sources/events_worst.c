/* Events for the overview: what a server reported in its log that is no routine, each kind once. Events of
 * other sources are no findings: a deploy is told in the view of the sources and in the drawings. */
#include "view/sources/sources.h"

#include "base/clock.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

enum { EVENTS_MAX = 500, KINDS_MAX = 20, SOURCES_MAX = 64 };

struct kind_of_event {
    const struct event_entry *newest;
    int64_t n;
};

static enum severity event_severity(const struct sd_event *e)
{
    return str_eq(e->severity, "bad")    ? SEVERITY_BAD
           : str_eq(e->severity, "warn") ? SEVERITY_WARN
                                         : SEVERITY_NONE;
}

static bool same_kind(const struct event_entry *a, const struct event_entry *b)
{
    return str_eq(a->origin, b->origin) && str_eq(a->event->title, b->event->title);
}

static void list_event(const struct view_ctx *c, struct worst_list *l, const struct kind_of_event *k)
{
    char times[UNIT_TEXT_MAX], when[CLOCK_TEXT_MAX];
    const struct sd_event *e = k->newest->event;
    const char *title = e->title && *e->title ? e->title : "event", *text = e->text ? e->text : "";
    clock_hms(k->newest->at, c->now, when);
    worst_add(l, (struct worst_item){
                     .what = "event",
                     .severity = event_severity(e),
                     .share = NAN,
                     .subject = doc_text(l->d, k->newest->origin),
                     .why = k->n > 1 ? doc_printf(l->d, "%s, %s times, last at %s: %s", title,
                                                  unit_format_int(UNIT_COUNT, k->n, times), when, text)
                                     : doc_printf(l->d, "%s at %s: %s", title, when, text),
                     .dive = {.view = "sources"},
                 });
}

static bool of_a_log(const struct source_info *info, size_t n, const char *origin)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(info[i].origin, origin))
            return info[i].status && str_eq(info[i].status->kind, "pglog");
    return false;
}

void events_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct event_entry e[EVENTS_MAX];
    struct kind_of_event kinds[KINDS_MAX] = {0};
    struct source_info info[SOURCES_MAX];
    size_t n = model_events(c->model, c->span, e, EVENTS_MAX), n_kinds = 0, k;
    size_t n_info = n ? model_sources(c->model, INT64_MAX, info, SOURCES_MAX) : 0;
    for (size_t i = 0; i < n; i++) {
        if (event_severity(e[i].event) == SEVERITY_NONE || !of_a_log(info, n_info, e[i].origin))
            continue;
        for (k = 0; k < n_kinds && !same_kind(kinds[k].newest, &e[i]); k++)
            ;
        if (k == n_kinds && n_kinds < KINDS_MAX)
            kinds[n_kinds++].newest = &e[i];
        if (k < n_kinds)
            kinds[k].n++;
    }
    for (k = 0; k < n_kinds; k++)
        list_event(c, l, &kinds[k]);
}
