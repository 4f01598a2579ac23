/* alerts.c - alerts: which fire, since when, who was told and who is next. */
#include "view/goals/alerts.h"

#include "base/clock.h"
#include "view/action.h"
#include "view/goals/alert_look.h"
#include "view/goals/alert_rows.h"
#include "view/goals/goals.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <math.h>

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
    X(value, "Value", UNIT_NONE, 0, 2, 0, "then")

#define NUMBER(key, title, unit, flags, priority, width, help) L_##key,
enum { LINE_COLUMNS(NUMBER) L_COLUMNS };
#undef NUMBER
static const struct column line_columns[] = {LINE_COLUMNS(COLUMN_ROW)};

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
    for (size_t i = 0; i < l->n_lines; i++) {
        const struct alert_line *x = &l->lines[i];
        const struct cell cells[L_COLUMNS] = {
            [L_at] = cell_int(x->at),
            [L_alert] = cell_text(doc_text(d, x->alert)),
            [L_instance] = cell_text(doc_text(d, x->instance)),
            [L_from] = cell_text(alert_state_name(x->from)),
            [L_to] = cell_text(alert_state_name(x->to)),
            [L_value] = cell_real(x->value),
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
    alert_rows(d, a->engine, NULL);
    notices_section(d, a->log);
    if (a->simulated)
        timeline_section(d, a->log);
    return d;
}

/* ---- the console ---- */

/* Where a silence is ended. */
static const struct column silence_columns[] = {
    {.key = "id",
     .title = "Silence",
     .flags = COLUMN_LEFT,
     .width = 7,
     .help = "its id; weekly ones of the policy have none"},
    {.key = "match",
     .title = "Matches",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 20,
     .help = "the alerts it holds back"},
    {.key = "until", .title = "Until", .unit = UNIT_TIME, .help = "when it ends"},
    {.key = "why", .title = "Why", .flags = COLUMN_LEFT, .width = 24, .help = "as it was given"},
};

static void silences_section(struct doc *d, const struct alerting *a)
{
    struct section *s = NULL;
    for (size_t i = 0; i < a->n_silences; i++) {
        const struct alert_silence *x = &a->silences[i];
        if (a->at < x->from || a->at >= x->until)
            continue;
        if (!s)
            s = doc_table(d, NULL, ALERT_SILENCES, silence_columns, ARRAY_LEN(silence_columns));
        struct row *row = doc_row(d, &s->table);
        row->cells[0] = cell_text(doc_text(d, x->id));
        row->cells[1] = cell_text(doc_text(d, x->match));
        row->cells[2] = cell_int(x->until);
        row->cells[3] = cell_text(doc_text(d, x->why));
    }
}

static const char *keys_of(struct doc *d, const struct view_ctx *c)
{
    const char *ack = view_key(c, d, "ack"), *silence = view_key(c, d, "silence");
    const char *end = view_key(c, d, "unsilence"), *test = view_key(c, d, "alert-test");
    return ack ? doc_printf(d, "%s acknowledge, %s silence, %s end a silence, %s try the receivers", ack,
                            silence, end, test)
               : NULL;
}

/* What the rows are from. */
static const char *basis_of(struct doc *d, const struct view_ctx *c, const struct alerting *a,
                            const char *counts)
{
    const struct alerting *state = alerts_state(c);
    const struct alerts_known *k = c->alerts_known;
    char at[CLOCK_TEXT_MAX];
    if (k && k->trouble)
        return doc_printf(d, "%s; %s", counts, k->trouble);
    if (!state)
        return doc_printf(d, "%s; no state, from the data alone", counts);
    return doc_printf(d, "%s; state of %s%s", counts, clock_hms(state->at, a->at, at),
                      state->at > a->at ? ", which is later" : "");
}

static struct doc *build(const struct view_ctx *c)
{
    if (c->alerts)
        return alerts_doc(c->alerts);
    struct doc *d = doc_new("alerts", "Alerts");
    const char *missing = goals_missing(d, c);
    if (missing) {
        struct section *s = doc_table(d, "rows", "Alerts", ALERT_COLUMN_ROWS, A_COLUMNS);
        s->empty = missing;
        return d;
    }
    struct alert_log log;
    alert_log_init(&log);
    struct alerting *a = alerts_look(c, &log);
    doc_field(d, "at", UNIT_TIME, cell_int(a->at));
    struct section *rows = alert_rows(d, a, keys_of(d, c));
    rows->note = basis_of(d, c, a, rows->note);
    silences_section(d, a);
    if (log.n_lines || !alerts_state(c))
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
    struct alerting *a = alerts_look(c, NULL);
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
        struct alert_ranked of = {g, first, 0};
        worst_add(l, (struct worst_item){
                         .what = "alert",
                         .first = true,
                         .severity = g->severity == GOAL_CRITICAL ? SEVERITY_BAD : SEVERITY_WARN,
                         .subject = doc_text(l->d, g->alert),
                         .why = doc_printf(l->d, "fires: %s%s%s, limit %s%s", is, first->name ? " of " : "",
                                           first->name ? first->name : "", limit,
                                           g->firing > 1 ? ", and others" : ""),
                         .share = (double)NAN,
                         .dive = alert_dive(l->d, a, &of)});
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
    .actions = alert_actions,
    .thing = "alert",
    .columns = ALERT_COLUMN_ROWS,
    .n_columns = A_is,
    .also = also_columns,
    .n_also = ARRAY_LEN(also_columns),
};
