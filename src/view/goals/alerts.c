/* alerts.c - alerts: which fire, since when, who was told and who is next. */
#include "view/goals/alerts.h"

#include "base/num.h"
#include "core/goals/alert_inputs.h"
#include "view/goals/goals.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <math.h>
#include <stdlib.h>

#define H COLUMN_HIDDEN
/* Above what anybody waits for. */
#define FIRING_RANK 1e6

/* X(key, title, unit, flags, priority, width, help) */
#define ALERT_COLUMNS(X)                                                                                     \
    X(alert, "Alert", UNIT_NONE, COLUMN_LEFT, 0, 14,                                                         \
      "name of the KPI; of an SLO NAME/critical and NAME/warning")                                           \
    X(kind, "Kind", UNIT_NONE, H, 9, 4, "kpi or slo")                                                        \
    X(severity, "Severity", UNIT_NONE, COLUMN_LEFT, 3, 8, "warning or critical")                             \
    X(state, "State", UNIT_NONE, COLUMN_LEFT, 0, 8, "inactive, pending, firing or resolved")                 \
    X(instance, "Instance", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 1, 16,                                     \
      "endpoint, host or labels it is about; null: the total")                                               \
    X(value, "Value", UNIT_NONE, H, 9, 0, "at this evaluation; null: no data")                               \
    X(value_unit, "Unit", UNIT_NONE, H, 9, 6,                                                                \
      "of value and threshold: ns, share, per_s, bytes, burn (times the budget), or empty")                  \
    X(threshold, "Threshold", UNIT_NONE, H, 9, 0, "beyond which it fires")                                   \
    X(window_ns, "Window", UNIT_NS, H, 9, 0, "the time the value is of")                                     \
    X(since, "Since", UNIT_TIME, 0, 2, 0,                                                                    \
      "the first evaluation that found the condition true while pending or firing, else the beginning of "   \
      "the state")                                                                                           \
    X(fired_at, "Fired", UNIT_TIME, H, 9, 0, "when it last began to fire")                                   \
    X(resolved_at, "Resolved", UNIT_TIME, H, 9, 0, "when it was over; null while it fires")                  \
    X(nodata, "No data", UNIT_NONE, H, 9, 0, "there is none: the state is as before, or as missing says")    \
    X(acked_by, "Acked by", UNIT_NONE, H, 9, 8, "who has acknowledged the incident")                         \
    X(acked_at, "Acked", UNIT_TIME, H, 9, 0, "when")                                                         \
    X(silenced, "Silenced", UNIT_NONE, H, 9, 0, "nothing is sent about it now")                              \
    X(incident, "Incident", UNIT_NONE, H, 9, 20, "its key, which receivers get; null: none")                 \
    X(step, "Step", UNIT_NONE, H, 9, 0, "the last step of the escalation that was begun, from 0")            \
    X(next_step, "Next", UNIT_NONE, COLUMN_LEFT, 4, 8, "the receiver of the next step")                      \
    X(next_step_at, "At", UNIT_TIME, 0, 5, 0, "when it is due; null while a silence stops the clock")        \
    X(playbook, "Playbook", UNIT_NONE, H, 9, 12, "what to do: alerts --playbook NAME")                       \
    X(reason, "Why", UNIT_NONE, COLUMN_LEFT, 6, 24, "in words")

#define NUMBER(key, title, unit, flags, priority, width, help) A_##key,
enum { ALERT_COLUMNS(NUMBER) A_is, A_limit, A_COLUMNS };
#undef NUMBER
#define COLUMN_ROW(k, t, u, f, p, w, h)                                                                      \
    {.key = #k, .title = t, .unit = u, .flags = f, .priority = p, .width = w, .help = h},
static const struct column alert_columns[] = {
    ALERT_COLUMNS(COLUMN_ROW){
        .key = "is", .title = "Is", .flags = COLUMN_NO_JSON, .width = 8, .help = "value"},
    {.key = "limit",
     .title = "Limit",
     .flags = COLUMN_NO_JSON,
     .priority = 1,
     .width = 8,
     .help = "threshold"}};

#define NOTICE_COLUMNS(X)                                                                                    \
    X(at, "At", UNIT_TIME, 0, 0, 0, "the evaluation that sent it")                                           \
    X(incident, "Incident", UNIT_NONE, H, 9, 20, "its key")                                                  \
    X(alert, "Alert", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 14, "its name")                               \
    X(severity, "Severity", UNIT_NONE, H, 9, 8, "warning or critical")                                       \
    X(kind, "Kind", UNIT_NONE, COLUMN_LEFT, 0, 11, "firing, resolved, test; to PagerDuty also acknowledge")  \
    X(step, "Step", UNIT_NONE, 0, 2, 0, "of the escalation, from 0")                                         \
    X(receiver, "To", UNIT_NONE, COLUMN_LEFT, 0, 10, "the receiver's name")                                  \
    X(type, "Type", UNIT_NONE, COLUMN_LEFT, 3, 9, "slack, pagerduty, alertmanager, webhook or command")      \
    X(status, "Status", UNIT_NONE, COLUMN_LEFT, 0, 8,                                                        \
      "sent; retrying: later again; failed; withheld: by a policy that may not send; planned: simulated")    \
    X(attempts, "Tries", UNIT_NONE, 0, 4, 0, "with this one")                                                \
    X(instances, "Instances", UNIT_NONE, H, 9, 0, "what it is about; null: the total")                       \
    X(error, "Error", UNIT_NONE, COLUMN_LEFT, 1, 20, "why it was not taken")

#define NUMBER(key, title, unit, flags, priority, width, help) N_##key,
enum { NOTICE_COLUMNS(NUMBER) N_COLUMNS };
#undef NUMBER
static const struct column notice_columns[] = {NOTICE_COLUMNS(COLUMN_ROW)};

#define LINE_COLUMNS(X)                                                                                      \
    X(at, "At", UNIT_TIME, 0, 0, 0, "the evaluation")                                                        \
    X(alert, "Alert", UNIT_NONE, COLUMN_LEFT, 0, 14, "its name")                                             \
    X(instance, "Instance", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 1, 16, "null: the total")                  \
    X(from, "From", UNIT_NONE, COLUMN_LEFT, 0, 8, "the state before")                                        \
    X(to, "To", UNIT_NONE, COLUMN_LEFT, 0, 8, "the state from then on")                                      \
    X(value, "Value", UNIT_NONE, H, 9, 0, "then")

#define NUMBER(key, title, unit, flags, priority, width, help) L_##key,
enum { LINE_COLUMNS(NUMBER) L_was, L_COLUMNS };
#undef NUMBER
static const struct column line_columns[] = {LINE_COLUMNS(COLUMN_ROW){
    .key = "was", .title = "Value", .flags = COLUMN_NO_JSON, .priority = 2, .width = 8, .help = "value"}};

char *alerts_figure(const char *unit, double value, char buf[UNIT_TEXT_MAX])
{
    static const struct {
        const char *name;
        enum unit unit;
    } UNITS[] = {{"ns", UNIT_NS},
                 {"share", UNIT_SHARE},
                 {"per_s", UNIT_PER_S},
                 {"bytes", UNIT_BYTES},
                 {"burn", UNIT_FACTOR}};
    for (size_t i = 0; unit && i < ARRAY_LEN(UNITS); i++)
        if (!strcmp(UNITS[i].name, unit) && !(UNITS[i].unit == UNIT_FACTOR && fabs(value) < 100))
            return unit_format(UNITS[i].unit, value, buf);
    if (isnan(value))
        return unit_format(UNIT_NONE, value, buf);
    if (str_eq(unit, "burn"))
        snprintf(buf, UNIT_TEXT_MAX, "%.4gx", value);
    else
        unit_format_number(value, 4, buf);
    return buf;
}

/* ---- rows ---- */

struct ranked {
    const struct alert_group *group;
    const struct alert_instance *x;
    size_t order;
};

static int rank_of(const struct ranked *r)
{
    static const int BY_STATE[ALERT_STATE_N] = {
        [ALERT_FIRING] = 0, [ALERT_PENDING] = 2, [ALERT_RESOLVED] = 4, [ALERT_INACTIVE] = 6};
    return BY_STATE[r->x->state] + (r->group->severity != GOAL_CRITICAL);
}

static int by_rank(const void *p, const void *q)
{
    const struct ranked *a = p, *b = q;
    int x = rank_of(a), y = rank_of(b);
    if (x != y)
        return x - y;
    return a->order < b->order ? -1 : a->order > b->order;
}

static const char *why_of(struct doc *d, const struct alerting *a, const struct ranked *r, bool silenced,
                          const char *silence)
{
    const struct alert_instance *x = r->x;
    char age[UNIT_TEXT_MAX];
    if (x->nodata && sd_known(x->value_at))
        return doc_printf(d, "no data for %s", common_duration(a->at - x->value_at, age));
    if (x->nodata)
        return "no data";
    if (silenced)
        return silence ? doc_printf(d, "silenced: %s", silence) : "silenced";
    return doc_text(d, x->reason);
}

static int64_t last_step(const struct alert_incident *i)
{
    int64_t last = SD_UNKNOWN;
    for (size_t k = 0; i && k < i->n_sent; k++)
        if (i->sent[k].kind == DELIVERY_FIRING && (!sd_known(last) || (int64_t)i->sent[k].step > last))
            last = (int64_t)i->sent[k].step;
    return last;
}

/* The playbook, else the figures, at the time of the incident. */
static struct dive dive_of(struct doc *d, const struct alerting *a, const struct ranked *of)
{
    const struct alert_rule *r = of->group->rule;
    const struct alert_instance *x = of->x;
    bool book = r && policy_playbook(a->policy, r->playbook);
    struct dive v = {.view = book ? "playbook" : of->group->slo ? "slo" : "kpis"};
    if (book)
        v.arg = doc_text(d, of->group->alert);
    if (sd_known(x->fired_at) && x->state >= ALERT_FIRING) {
        v.from = add_sat(x->fired_at, r ? -r->window_ns : 0);
        v.to = sd_known(x->resolved_at) ? x->resolved_at : a->at;
    }
    return v;
}

static void add_row(struct doc *d, struct table *t, const struct alerting *a, const struct ranked *of)
{
    const struct alert_group *g = of->group;
    const struct alert_instance *x = of->x;
    const struct alert_rule *r = g->rule;
    const struct alert_incident *i = x->incident;
    const char *why = NULL, *unit = x->unit ? x->unit : r ? r->unit : "";
    char is[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX];
    double threshold = isnan(x->threshold) && r ? r->threshold : x->threshold;
    bool silenced = alert_silenced(a, g, x->name, a->at, &why);
    sd_time next_at = SD_UNKNOWN;
    const char *next = alert_next_step(a, i, &next_at);
    const struct cell cells[A_COLUMNS] = {
        [A_alert] = cell_text(doc_text(d, g->alert)),
        [A_kind] = cell_text(g->slo ? "slo" : "kpi"),
        [A_severity] = cell_text(goal_severity_name(g->severity)),
        [A_state] = cell_text(alert_state_name(x->state)),
        [A_instance] = cell_text(doc_text(d, x->name)),
        [A_value] = cell_real(x->value),
        [A_value_unit] = cell_text(doc_text(d, unit)),
        [A_threshold] = cell_real(threshold),
        [A_window_ns] = cell_int(x->window_ns ? x->window_ns
                                 : r          ? r->window_ns
                                              : SD_UNKNOWN),
        [A_since] = cell_int(x->since),
        [A_fired_at] = cell_int(x->fired_at),
        [A_resolved_at] = cell_int(x->resolved_at),
        [A_nodata] = cell_bool(x->nodata),
        [A_acked_by] = cell_text(i ? doc_text(d, i->acked_by) : NULL),
        [A_acked_at] = cell_int(i ? i->acked_at : SD_UNKNOWN),
        [A_silenced] = cell_bool(silenced),
        [A_incident] = cell_text(i ? doc_text(d, i->key) : NULL),
        [A_step] = cell_int(last_step(i)),
        [A_next_step] = cell_text(doc_text(d, next)),
        [A_next_step_at] = cell_int(next_at),
        [A_playbook] = cell_text(r ? doc_text(d, r->playbook) : NULL),
        [A_reason] = cell_text(why_of(d, a, of, silenced, why)),
        [A_is] = cell_text(doc_text(d, alerts_figure(unit, x->value, is))),
        [A_limit] = cell_text(doc_text(d, alerts_figure(unit, threshold, limit))),
    };
    struct row *row = doc_row(d, t);
    memcpy(row->cells, cells, sizeof cells);
    row->dive = dive_of(d, a, of);
    row->severity = x->state == ALERT_FIRING && g->severity == GOAL_CRITICAL ? SEVERITY_BAD
                    : x->state == ALERT_FIRING                               ? SEVERITY_WARN
                    : x->state == ALERT_PENDING                              ? SEVERITY_INFO
                                                                             : SEVERITY_NONE;
}

static struct ranked *ranked_of(const struct alerting *a, size_t *n)
{
    struct ranked *all;
    *n = 0;
    for (size_t i = 0; i < a->n_groups; i++)
        *n += a->groups[i]->n;
    all = mem_array(*n + 1, sizeof *all);
    *n = 0;
    for (size_t i = 0; i < a->n_groups; i++)
        for (size_t k = 0; k < a->groups[i]->n; k++, ++*n)
            all[*n] = (struct ranked){a->groups[i], a->groups[i]->items[k], *n};
    qsort(all, *n, sizeof *all, by_rank);
    return all;
}

static void rows_section(struct doc *d, const struct alerting *a)
{
    size_t n, count[ALERT_STATE_N] = {0};
    struct ranked *all = ranked_of(a, &n);
    struct section *s = doc_table(d, "rows", "Alerts", alert_columns, ARRAY_LEN(alert_columns));
    for (size_t i = 0; i < n; i++) {
        count[all[i].x->state]++;
        add_row(d, &s->table, a, &all[i]);
    }
    s->note = doc_printf(d, "%zu firing, %zu pending, %zu resolved", count[ALERT_FIRING],
                         count[ALERT_PENDING], count[ALERT_RESOLVED]);
    s->empty = "The policy alerts about nothing: no KPI has alert: and there is no SLO.";
    s->weight = 2;
    free(all);
}

/* ---- what was sent, what changed ---- */

static const struct table *instances_list(struct doc *d, const struct alert_notice *x)
{
    static const struct column columns[] = {
        {.key = "instance", .title = "Instance", .flags = COLUMN_LEFT, .help = "what it is about"}};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < x->n_instances; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, x->instances[i]));
    return t;
}

static void notices_section(struct doc *d, const struct alert_log *l)
{
    struct section *s =
        doc_table(d, "notifications", "Notifications", notice_columns, ARRAY_LEN(notice_columns));
    s->empty = "Nothing was due.";
    for (size_t i = 0; l && i < l->n_notices; i++) {
        const struct alert_notice *x = &l->notices[i];
        const struct cell cells[N_COLUMNS] = {
            [N_at] = cell_int(x->at),
            [N_incident] = cell_text(doc_text(d, x->incident)),
            [N_alert] = cell_text(doc_text(d, x->alert)),
            [N_severity] = cell_text(goal_severity_name(x->severity)),
            [N_kind] = cell_text(delivery_kind_name(x->kind)),
            [N_step] = cell_int((int64_t)x->step),
            [N_receiver] = cell_text(doc_text(d, x->receiver)),
            [N_type] = cell_text(goal_receiver_type_name(x->type)),
            [N_status] = cell_text(doc_text(d, x->status)),
            [N_attempts] = cell_int(x->attempts),
            [N_instances] = cell_list(instances_list(d, x)),
            [N_error] = cell_text(doc_text(d, x->error)),
        };
        struct row *row = doc_row(d, &s->table);
        memcpy(row->cells, cells, sizeof cells);
        row->severity = str_eq(x->status, "failed")     ? SEVERITY_BAD
                        : str_eq(x->status, "retrying") ? SEVERITY_WARN
                                                        : SEVERITY_NONE;
    }
}

static void timeline_section(struct doc *d, const struct alert_log *l)
{
    struct section *s = doc_table(d, "timeline", "Timeline", line_columns, ARRAY_LEN(line_columns));
    s->empty = "No alert changed its state.";
    char text[UNIT_TEXT_MAX];
    for (size_t i = 0; i < l->n_lines; i++) {
        const struct alert_line *x = &l->lines[i];
        const struct cell cells[L_COLUMNS] = {
            [L_at] = cell_int(x->at),
            [L_alert] = cell_text(doc_text(d, x->alert)),
            [L_instance] = cell_text(doc_text(d, x->instance)),
            [L_from] = cell_text(alert_state_name(x->from)),
            [L_to] = cell_text(alert_state_name(x->to)),
            [L_value] = cell_real(x->value),
            [L_was] = cell_text(doc_text(d, alerts_figure(x->unit, x->value, text))),
        };
        memcpy(doc_row(d, &s->table)->cells, cells, sizeof cells);
    }
}

struct doc *alerts_doc(const struct alerts_shown *a)
{
    struct doc *d = doc_new("alerts", "Alerts");
    doc_field(d, "at", UNIT_TIME, cell_int(a->engine->at));
    if (a->simulated) {
        doc_field(d, "from", UNIT_TIME, cell_int(a->from));
        doc_field(d, "to", UNIT_TIME, cell_int(a->to));
        doc_field(d, "every_ns", UNIT_NS, cell_int(a->engine->every_ns));
    }
    rows_section(d, a->engine);
    notices_section(d, a->log);
    if (a->simulated)
        timeline_section(d, a->log);
    return d;
}

/* ---- the console ---- */

/* Without a state of its own the console evaluates the time before its cursor: what fires there. */
#define LOOK_BACK_NS (3600 * SD_S)
enum { LOOKS = 40, LOOKS_OF_RULES = 2000 };

static void look(struct alerting *a, const struct view_ctx *c, struct alert_log *log)
{
    struct alert_inputs room = {.cap = 0};
    struct sd_error err;
    sd_time first = signals_first(c->signals);
    /* Many rules are looked at less often, so that drawing stays quick. */
    int64_t looks = MAX(1, MIN(LOOKS, LOOKS_OF_RULES / (int64_t)MAX(a->n_rules, 1)));
    sd_time from = sd_known(first) ? MAX(add_sat(c->goals_at, -LOOK_BACK_NS), first) : c->goals_at;
    int64_t step = MAX(a->every_ns, (c->goals_at - from) / looks);
    a->changed = log ? alert_log_change : NULL;
    a->changed_ctx = log;
    for (sd_time at = c->goals_at - (c->goals_at - MIN(from, c->goals_at)) / step * step; at <= c->goals_at;
         at += step)
        if (!alert_evaluate(a, c->signals, at, &room, &err))
            break;
    alert_inputs_free(&room);
}

static struct doc *build(const struct view_ctx *c)
{
    if (c->alerts)
        return alerts_doc(c->alerts);
    struct doc *d = doc_new("alerts", "Alerts");
    const char *missing = goals_missing(d, c);
    if (missing) {
        struct section *s = doc_table(d, "rows", "Alerts", alert_columns, ARRAY_LEN(alert_columns));
        s->empty = missing;
        return d;
    }
    struct alerting *a = alerting_new(c->policy, 15 * SD_S);
    struct alert_log log;
    alert_log_init(&log);
    look(a, c, &log);
    doc_field(d, "at", UNIT_TIME, cell_int(a->at));
    rows_section(d, a);
    timeline_section(d, &log);
    alert_log_free(&log);
    alerting_free(a);
    return d;
}

/* What fires stands first. Alerts of the compiled-in policy are nobody's. */
static void worst(const struct view_ctx *c, struct worst_list *l)
{
    if (!c->policy || !c->signals || !c->policy->file)
        return;
    struct alerting *a = alerting_new(c->policy, 15 * SD_S);
    look(a, c, NULL);
    for (size_t i = 0; i < a->n_groups; i++) {
        const struct alert_group *g = a->groups[i];
        const struct alert_instance *first = NULL;
        for (size_t k = 0; k < g->n && !first; k++)
            first = g->items[k]->state == ALERT_FIRING ? g->items[k] : NULL;
        if (!first)
            continue;
        char is[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX];
        const char *unit = first->unit ? first->unit : g->rule->unit;
        alerts_figure(unit, first->last_value, is);
        alerts_figure(unit, first->threshold, limit);
        struct ranked of = {g, first, 0};
        worst_add(l, (struct worst_item){
                         .what = "alert",
                         .severity = g->severity == GOAL_CRITICAL ? SEVERITY_BAD : SEVERITY_WARN,
                         .rank = FIRING_RANK,
                         .subject = doc_text(l->d, g->alert),
                         .why = doc_printf(l->d, "fires: %s%s%s, limit %s%s", is, first->name ? " of " : "",
                                           first->name ? first->name : "", limit,
                                           g->firing > 1 ? ", and others" : ""),
                         .share = (double)NAN,
                         .dive = dive_of(l->d, a, &of)});
    }
    alerting_free(a);
}

static const struct column also_columns[] = {
    {.key = "at", .title = "At", .unit = UNIT_TIME, .help = "the moment of the evaluation"},
    {.key = "notifications",
     .title = "Notifications",
     .help = "what was sent, with --simulate all that would have been: at, incident, alert, severity, kind "
             "(firing, resolved, to PagerDuty acknowledge), step, receiver, type, status (sent, failed, "
             "retrying, "
             "withheld, planned), attempts, instances (null: the total), error"},
    {.key = "timeline",
     .title = "Timeline",
     .help = "with --simulate, each change of a state: at, alert, instance, from, to, value"},
};

const struct view alerts_view = {
    .name = "alerts",
    .place = PLACE_GOALS,
    .title = "Alerts",
    .summary = "which alerts of the policy fire, since when, and who is told next",
    .needs = KINDS_HTTP | SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_STATEMENT),
    .build = build,
    .worst = worst,
    .links = (const char *const[]){"kpis", "slo", "overview", NULL},
    .lists = "alert",
    .thing = "alert",
    .columns = alert_columns,
    .n_columns = A_is,
    .also = also_columns,
    .n_also = ARRAY_LEN(also_columns),
};
