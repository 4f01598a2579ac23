/* alert_rows.h - the rows of alerts: what each is, in figures and in words. */
#ifndef VIEW_GOALS_ALERT_ROWS_H
#define VIEW_GOALS_ALERT_ROWS_H

#include "core/goals/alerting.h"
#include "view/view.h"

#define H COLUMN_HIDDEN
/* X(key, title, unit, flags, priority, width, help): as JSON */
#define ALERT_COLUMNS(X)                                                                                     \
    X(alert, "Alert", UNIT_NONE, COLUMN_LEFT, 0, 14,                                                         \
      "name of the KPI; of an SLO NAME/critical and NAME/warning")                                           \
    X(kind, "Kind", UNIT_NONE, H, 9, 4, "kpi or slo")                                                        \
    X(severity, "Severity", UNIT_NONE, COLUMN_LEFT, 3, 8, "warning or critical")                             \
    X(state, "State", UNIT_NONE, COLUMN_LEFT, 0, 8, "inactive, pending, firing or resolved")                 \
    X(instance, "Instance", UNIT_NONE, COLUMN_LEFT, 1, 14,                                                   \
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
    X(reason, "Why", UNIT_NONE, H | COLUMN_LEFT, 6, 24, "in words")

#define ALERT_NUMBER(key, title, unit, flags, priority, width, help) A_##key,
/* behind those of JSON: for people and their actions */
enum { ALERT_COLUMNS(ALERT_NUMBER) A_is, A_limit, A_note, A_told, A_silence, A_until, A_COLUMNS };
#undef ALERT_NUMBER
extern const struct column ALERT_COLUMN_ROWS[A_COLUMNS];

#define COLUMN_ROW(k, t, u, f, p, w, h)                                                                      \
    {.key = #k, .title = t, .unit = u, .flags = f, .priority = p, .width = w, .help = h},

/* An instance of an alert. */
struct alert_ranked {
    const struct alert_group *group;
    const struct alert_instance *x;
    size_t order;
};

/* The section "rows": what fires stands first. keys: which do something about an alert; NULL: none do. */
struct section *alert_rows(struct doc *d, const struct alerting *a, const char *keys);
/* Where its row leads: the playbook, else the figures, at the time of the incident. */
struct dive alert_dive(struct doc *d, const struct alerting *a, const struct alert_ranked *of);

#endif
