/* What the views of goals share. */
#include <math.h>

#include "base/num.h"
#include "view/goals/goals.h"
#include "view/shared/common.h"

const char *goal_status_name(enum goal_status s)
{
    static const char *const NAMES[] = {
        [GOAL_UNKNOWN] = "unknown", [GOAL_MET] = "met", [GOAL_MISSED] = "missed"};
    return NAMES[s];
}

enum goal_status goal_status_of(const struct goal_kpi *k, double value)
{
    if (isnan(value) || isnan(k->target))
        return GOAL_UNKNOWN;
    return (k->higher ? value < k->target : value > k->target) ? GOAL_MISSED : GOAL_MET;
}

const char *goal_text(struct doc *d, double value, const char *unit)
{
    static const struct {
        const char *name;
        enum unit unit;
    } UNITS[] = {{"ns", UNIT_NS}, {"bytes", UNIT_BYTES}, {"share", UNIT_SHARE}, {"per_s", UNIT_PER_S}};
    char text[UNIT_TEXT_MAX];
    if (!isfinite(value))
        return NULL;
    for (size_t i = 0; unit && i < ARRAY_LEN(UNITS); i++) {
        size_t n = strlen(UNITS[i].name);
        if (strncmp(unit, UNITS[i].name, n) == 0 && (!unit[n] || str_eq(unit + n, "_per_s")))
            return doc_printf(d, "%s%s", unit_format(UNITS[i].unit, value, text), unit[n] ? "/s" : "");
    }
    bool rate = unit && str_ends(unit, "_per_s");
    return doc_printf(d, "%s%s", unit_format_number(value, rate ? 4 : 6, text), rate ? "/s" : "");
}

int64_t goal_window(const struct view_ctx *c, const struct goal_figure *f)
{
    bool given = !c->key && !span_is_all(c->span); /* --window; the console's is for looking */
    return given && span_length(c->span) > 0 ? span_length(c->span) : f->window_ns;
}

struct dive goal_dive(struct doc *d, const struct goal_figure *f, const char *instance)
{
    if (f->signal <= GOAL_HTTP_BYTES && f->per == GOAL_PER_ENDPOINT && instance)
        return (struct dive){.view = "endpoint", .arg = doc_text(d, instance)};
    if (f->signal <= GOAL_HTTP_BYTES)
        return (struct dive){.view = "endpoints"};
    if (f->signal == GOAL_DB_LATENCY || f->signal == GOAL_DB_CALLS)
        return (struct dive){.view = "queries"};
    if (f->signal <= GOAL_BUNDLE_TOTAL)
        return (struct dive){.view = "bundle"};
    if (f->signal < GOAL_METRIC)
        return (struct dive){.view = "pages"};
    return (struct dive){.view = str_starts(f->metric, "host.") ? "resources" : "metrics"};
}

const char *goals_missing(struct doc *d, const struct view_ctx *c)
{
    return c->policy && c->signals ? NULL : doc_text(d, "The figures of goals were not kept for this view.");
}
