/* The view `roadmap`: targets and months, what was reached, and what is planned. */
#include "view/goals/worth.h"

#include <math.h>
#include <string.h>

#include "view/shared/common.h"

static const struct column MONTHS[] = {
    {.key = "month", .title = "Month", .flags = COLUMN_LEFT, .help = "2026-12, in UTC"},
    {.key = "plan", .title = "Plan", .help = "value that was planned for it, in the unit of the KPI"},
    {.key = "value", .title = "Value", .help = "the KPI over the month; null: no data of it"},
    {.key = "progress_share",
     .title = "Progress",
     .unit = UNIT_SHARE,
     .help = "(baseline - value) / (baseline - target)"},
    {.key = "status", .title = "Status", .help = "met, on track, behind or unknown"},
};
static const struct column TARGETS[] = {
    {.key = "kpi", .title = "KPI", .help = "its name"},
    {.key = "baseline", .title = "Baseline", .help = "where it began"},
    {.key = "target", .title = "Target", .help = "where it is to be"},
    {.key = "months", .title = "Months", .help = "of each: month plan value progress_share status"},
};
enum { R_KPI, R_MONTH, R_BASELINE, R_TARGET, R_PLAN, R_VALUE, R_PROGRESS, R_STATUS, R_SAMPLES, R_COLUMNS };
static const struct column ROWS[R_COLUMNS] = {
    [R_KPI] = {.key = "kpi", .title = "KPI", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 10, .help = "name"},
    [R_MONTH] = {.key = "month", .title = "Month", .flags = COLUMN_LEFT, .help = "in UTC"},
    [R_BASELINE] = {.key = "baseline", .title = "Baseline", .priority = 2, .help = "where it began"},
    [R_TARGET] = {.key = "target", .title = "Target", .priority = 1, .help = "where it is to be"},
    [R_PLAN] = {.key = "plan", .title = "Plan", .help = "for the month"},
    [R_VALUE] = {.key = "value", .title = "Value", .help = "the KPI over the month", .unknown = "unknown"},
    [R_PROGRESS] = {.key = "progress_share",
                    .title = "Progress",
                    .unit = UNIT_SHARE,
                    .flags = COLUMN_BAR,
                    .help = "(baseline - value) / (baseline - target)",
                    .unknown = "unknown"},
    [R_STATUS] = {.key = "status", .title = "Status", .flags = COLUMN_LEFT, .help = "met, on track, ..."},
    [R_SAMPLES] = {.key = "samples",
                   .title = "Samples",
                   .unit = UNIT_COUNT,
                   .priority = 3,
                   .help = "requests, calls or samples it is of"},
};

/* In the unit of the KPI's signal. */
static struct cell shown(struct doc *d, const struct goal_kpi *k, double v)
{
    char text[UNIT_TEXT_MAX];
    const char *unit = k && k->figure.signal != GOAL_METRIC ? goal_signal_unit(k->figure.signal) : "";
    if (!isfinite(v))
        return cell_unknown();
    enum unit u = str_eq(unit, "ns")      ? UNIT_NS
                  : str_eq(unit, "share") ? UNIT_SHARE
                  : str_eq(unit, "bytes") ? UNIT_BYTES
                  : str_eq(unit, "per_s") ? UNIT_PER_S
                                          : UNIT_LOAD;
    return cell_text(doc_text(d, unit_format(u, v, text)));
}

static enum severity grave(enum progress_status s)
{
    return s == PROGRESS_BEHIND ? SEVERITY_WARN : s == PROGRESS_MET ? SEVERITY_GOOD : SEVERITY_NONE;
}

struct table *worth_targets(struct doc *d, const struct view_ctx *c)
{
    struct table *t = doc_list(d, TARGETS, ARRAY_LEN(TARGETS));
    for (size_t i = 0; c->policy && i < c->policy->n_targets; i++) {
        const struct goal_target *x = &c->policy->targets[i];
        struct table *months = doc_list(d, MONTHS, ARRAY_LEN(MONTHS));
        for (size_t k = 0; k < x->n_months; k++) {
            struct goal_progress g;
            goal_progress(c->signals, c->policy, x, &x->months[k], worth_moment(c), &g);
            struct cell *v = doc_row(d, months)->cells;
            v[0] = cell_text(doc_printf(d, "%04d-%02d", x->months[k].year, x->months[k].month));
            v[1] = cell_real(x->months[k].plan);
            v[2] = cell_real(g.value);
            v[3] = cell_real(g.progress_share);
            v[4] = cell_text(progress_status_name(g.status));
        }
        struct cell *v = doc_row(d, t)->cells;
        v[0] = cell_text(doc_text(d, x->kpi));
        v[1] = cell_real(x->baseline);
        v[2] = cell_real(x->target);
        v[3] = cell_list(months);
    }
    return t;
}

static void add_months(struct doc *d, const struct view_ctx *c)
{
    struct section *s = doc_table(d, NULL, "Targets", ROWS, R_COLUMNS);
    for (size_t i = 0; c->policy && i < c->policy->n_targets; i++) {
        const struct goal_target *x = &c->policy->targets[i];
        const struct goal_kpi *kpi = policy_kpi(c->policy, x->kpi);
        for (size_t k = 0; k < x->n_months; k++) {
            struct goal_progress g;
            goal_progress(c->signals, c->policy, x, &x->months[k], worth_moment(c), &g);
            struct row *r = doc_row(d, &s->table);
            r->cells[R_KPI] = cell_text(doc_text(d, x->kpi));
            r->cells[R_MONTH] = cell_text(doc_printf(d, "%04d-%02d", x->months[k].year, x->months[k].month));
            r->cells[R_BASELINE] = shown(d, kpi, x->baseline);
            r->cells[R_TARGET] = shown(d, kpi, x->target);
            r->cells[R_PLAN] = shown(d, kpi, x->months[k].plan);
            r->cells[R_VALUE] = shown(d, kpi, g.value);
            r->cells[R_PROGRESS] = cell_real(g.progress_share);
            r->cells[R_STATUS] = cell_text(progress_status_name(g.status));
            r->cells[R_SAMPLES] = cell_int(g.samples ? g.samples : SD_UNKNOWN);
            r->severity = grave(g.status);
        }
    }
    s->weight = 1;
    const char *notes[1];
    size_t n = c->signals ? signals_notes(c->signals, notes, 1) : 0;
    s->note =
        doc_printf(d, "whole months, UTC, of the data that was read; a month without data is unknown%s%s",
                   n ? "; " : "", n ? notes[0] : "");
    s->empty =
        "The policy has no target: targets: in slowdive-policy.yaml says where a KPI is to be, month by "
        "month.";
}

enum { M_MONTH, M_NAME, M_ITEMS, M_EXPECT, M_COLUMNS };
static const struct column MILESTONES[M_COLUMNS] = {
    [M_MONTH] = {.key = "month", .title = "Month", .flags = COLUMN_LEFT, .help = "2026-12"},
    [M_NAME] = {.key = "name", .title = "Step", .flags = COLUMN_LEFT, .help = "its name"},
    [M_ITEMS] = {.key = "items",
                 .title = "What is done",
                 .flags = COLUMN_LEFT | COLUMN_GROW,
                 .width = 16,
                 .help = "what is planned, comma separated"},
    [M_EXPECT] = {.key = "expect",
                  .title = "Expected",
                  .unit = UNIT_SHARE,
                  .help = "improvement that is expected of it, by the policy",
                  .unknown = "unknown"},
};

void worth_milestones(struct doc *d, const struct view_ctx *c)
{
    struct section *s = doc_table(d, "roadmap", "Roadmap", MILESTONES, M_COLUMNS);
    for (size_t i = 0; c->policy && i < c->policy->n_roadmap; i++) {
        const struct goal_milestone *m = &c->policy->roadmap[i];
        struct strbuf items = {0};
        for (size_t k = 0; k < m->n_items; k++)
            strbuf_printf(&items, "%s%s", k ? ", " : "", m->items[k]);
        struct row *r = doc_row(d, &s->table);
        r->cells[M_MONTH] = cell_text(doc_printf(d, "%04d-%02d", m->year, m->month));
        r->cells[M_NAME] = cell_text(doc_text(d, m->name));
        r->cells[M_ITEMS] = cell_text(doc_text(d, strbuf_text(&items)));
        r->cells[M_EXPECT] = cell_real(m->expect);
        strbuf_free(&items);
    }
    s->empty =
        "The policy has no roadmap: roadmap: in slowdive-policy.yaml names what is done in which month.";
}

static struct doc *build_roadmap(const struct view_ctx *c)
{
    struct doc *d = doc_new("roadmap", "Roadmap");
    common_envelope(d, c, common_span(c));
    add_months(d, c);
    worth_milestones(d, c);
    doc_field(d, "targets", UNIT_NONE, cell_list(worth_targets(d, c)));
    return d;
}

static const struct column ALSO[] = {
    {.key = "targets",
     .title = "Targets",
     .help =
         "kpi baseline target months, of each month: month plan value progress_share status; values are in "
         "the unit of the KPI's signal"},
};

const struct view roadmap_view = {
    .name = "roadmap",
    .place = PLACE_GOALS,
    .title = "Roadmap",
    .summary = "targets by month, what was reached of them, and what is planned",
    .build = build_roadmap,
    .links = (const char *const[]){"bottlenecks", "costs", NULL},
    .rows = "roadmap",
    .columns = MILESTONES,
    .n_columns = M_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
