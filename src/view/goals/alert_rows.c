/* alert_rows.c - a row for each instance of each alert, the gravest first. */
#include "view/goals/alert_rows.h"

#include "base/clock.h"
#include "base/num.h"
#include "view/goals/alerts.h"
#include "view/goals/goals.h"
#include "view/shared/common.h"

#include <math.h>
#include <stdlib.h>

enum { TOLD_MAX = 12 };

#define SHOWN COLUMN_NO_JSON
#define KEPT  (COLUMN_NO_JSON | COLUMN_HIDDEN)
const struct column ALERT_COLUMN_ROWS[A_COLUMNS] = {
    ALERT_COLUMNS(COLUMN_ROW) COLUMN_ROW(is, "Is", UNIT_NONE, SHOWN, 0, 8, "value")
        COLUMN_ROW(limit, "Limit", UNIT_NONE, SHOWN, 1, 8, "threshold")
            COLUMN_ROW(note, "Note", UNIT_NONE, SHOWN | COLUMN_LEFT | COLUMN_GROW, 1, 16,
                       "who looks after it, what silences it, why it fires")
                COLUMN_ROW(told, "Told", UNIT_NONE, KEPT, 9, 20, "who was told, and when")
                    COLUMN_ROW(silence, "Silence", UNIT_NONE, KEPT, 9, 6,
                               "the silence that holds it back; weekly ones have no id")
                        COLUMN_ROW(until, "Until", UNIT_TIME, KEPT, 9, 0, "when that silence ends")};

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

static int rank_of(const struct alert_ranked *r)
{
    static const int BY_STATE[ALERT_STATE_N] = {
        [ALERT_FIRING] = 0, [ALERT_PENDING] = 2, [ALERT_RESOLVED] = 4, [ALERT_INACTIVE] = 6};
    return BY_STATE[r->x->state] + (r->group->severity != GOAL_CRITICAL);
}

static int by_rank(const void *p, const void *q)
{
    const struct alert_ranked *a = p, *b = q;
    int x = rank_of(a), y = rank_of(b);
    if (x != y)
        return x - y;
    return a->order < b->order ? -1 : a->order > b->order;
}

static const char *why_of(struct doc *d, const struct alerting *a, const struct alert_ranked *r,
                          const struct alert_held *held)
{
    const struct alert_instance *x = r->x;
    char age[UNIT_TEXT_MAX];
    if (x->nodata && sd_known(x->value_at))
        return doc_printf(d, "no data for %s", common_duration(a->at - x->value_at, age));
    if (x->nodata)
        return "no data";
    if (held)
        return held->why ? doc_printf(d, "silenced: %s", held->why) : "silenced";
    return doc_text(d, x->reason);
}

/* For people: who looks after it, what holds it back, and why it is so. */
static const char *note_of(struct doc *d, const struct alerting *a, const struct alert_ranked *r,
                           const struct alert_held *held)
{
    const struct alert_incident *i = r->x->incident;
    struct strbuf b = {0};
    char at[CLOCK_TEXT_MAX];
    const char *why = r->x->nodata ? why_of(d, a, r, held) : r->x->reason;
    if (i && sd_known(i->acked_at))
        strbuf_printf(&b, "acknowledged%s%s %s", i->acked_by && *i->acked_by ? " by " : "",
                      i->acked_by ? i->acked_by : "", clock_hms(i->acked_at, a->at, at));
    if (held)
        strbuf_printf(&b, "%ssilenced until %s%s%s", b.len ? "; " : "", clock_hms(held->until, a->at, at),
                      held->why ? ": " : "", held->why ? held->why : "");
    if (why)
        strbuf_printf(&b, "%s%s", b.len ? "; " : "", why);
    const char *text = b.len ? doc_text(d, b.text) : NULL;
    strbuf_free(&b);
    return text;
}

/* "chat 15:12:00, page 15:17:00 (failed: HOST: 403)" */
static const char *told_of(struct doc *d, const struct alerting *a, const struct alert_incident *i)
{
    struct strbuf b = {0};
    char at[CLOCK_TEXT_MAX];
    for (size_t k = 0; i && k < i->n_sent && k < TOLD_MAX; k++) {
        const struct alert_sent *s = &i->sent[k];
        if (!sd_known(s->at)) /* not yet begun */
            continue;
        strbuf_printf(&b, "%s%s %s", b.len ? ", " : "", s->receiver, clock_hms(s->at, a->at, at));
        if (s->kind != DELIVERY_FIRING)
            strbuf_printf(&b, " %s", delivery_kind_name(s->kind));
        if (s->state != DELIVERY_IS_SENT)
            strbuf_printf(&b, " (%s%s%s)", sent_state_name(s->state), s->error ? ": " : "",
                          s->error ? s->error : "");
    }
    if (i && i->n_sent > TOLD_MAX)
        strbuf_printf(&b, " and %zu more", i->n_sent - TOLD_MAX);
    const char *text = b.len ? doc_text(d, b.text) : NULL;
    strbuf_free(&b);
    return text;
}

static int64_t last_step(const struct alert_incident *i)
{
    int64_t last = SD_UNKNOWN;
    for (size_t k = 0; i && k < i->n_sent; k++)
        if (i->sent[k].kind == DELIVERY_FIRING && (!sd_known(last) || (int64_t)i->sent[k].step > last))
            last = (int64_t)i->sent[k].step;
    return last;
}

/* The playbook, else what it is about, at the time of the incident. */
struct dive alert_dive(struct doc *d, const struct alerting *a, const struct alert_ranked *of)
{
    const struct alert_rule *r = of->group->rule;
    const struct alert_instance *x = of->x;
    bool book = r && policy_playbook(a->policy, r->playbook);
    struct dive v = {.view = book ? "playbook" : of->group->slo ? "objective" : "kpis"};
    if (book || of->group->slo)
        v.arg = doc_text(d, of->group->alert);
    else if (r && r->kpi && x->name)
        v = goal_dive(d, &r->kpi->figure, x->name);
    if (sd_known(x->fired_at) && x->state >= ALERT_FIRING) {
        v.from = add_sat(x->fired_at, r ? -r->window_ns : 0);
        v.to = sd_known(x->resolved_at) ? x->resolved_at : INT64_MAX;
    }
    return v;
}

static void add_row(struct doc *d, struct table *t, const struct alerting *a, const struct alert_ranked *of)
{
    const struct alert_group *g = of->group;
    const struct alert_instance *x = of->x;
    const struct alert_rule *r = g->rule;
    const struct alert_incident *i = x->incident && *x->incident->key ? x->incident : NULL;
    struct alert_held by = {.until = SD_UNKNOWN},
                      *held = alert_silenced(a, g, x->name, a->at, &by) ? &by : NULL;
    const char *unit = x->unit ? x->unit : r ? r->unit : "";
    char is[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX];
    double threshold = isnan(x->threshold) && r ? r->threshold : x->threshold;
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
        [A_silenced] = cell_bool(held != NULL),
        [A_incident] = cell_text(i ? doc_text(d, i->key) : NULL),
        [A_step] = cell_int(last_step(i)),
        [A_next_step] = cell_text(doc_text(d, next)),
        [A_next_step_at] = cell_int(next_at),
        [A_playbook] = cell_text(r ? doc_text(d, r->playbook) : NULL),
        [A_reason] = cell_text(why_of(d, a, of, held)),
        [A_is] = cell_text(doc_text(d, alerts_figure(unit, x->value, is))),
        [A_limit] = cell_text(doc_text(d, alerts_figure(unit, threshold, limit))),
        [A_note] = cell_text(note_of(d, a, of, held)),
        [A_told] = cell_text(told_of(d, a, i)),
        [A_silence] = cell_text(held ? doc_text(d, held->id) : NULL),
        [A_until] = cell_int(by.until),
    };
    struct row *row = doc_row(d, t);
    memcpy(row->cells, cells, sizeof cells);
    row->dive = alert_dive(d, a, of);
    row->severity = x->state == ALERT_FIRING && g->severity == GOAL_CRITICAL ? SEVERITY_BAD
                    : x->state == ALERT_FIRING                               ? SEVERITY_WARN
                    : x->state == ALERT_PENDING                              ? SEVERITY_INFO
                                                                             : SEVERITY_NONE;
}

static struct alert_ranked *ranked_of(const struct alerting *a, size_t *n)
{
    struct alert_ranked *all;
    *n = 0;
    for (size_t i = 0; i < a->n_groups; i++)
        *n += a->groups[i]->n;
    all = mem_array(*n + 1, sizeof *all);
    *n = 0;
    for (size_t i = 0; i < a->n_groups; i++)
        for (size_t k = 0; k < a->groups[i]->n; k++, ++*n)
            all[*n] = (struct alert_ranked){a->groups[i], a->groups[i]->items[k], *n};
    qsort(all, *n, sizeof *all, by_rank);
    return all;
}

/* ---- all about one ---- */

static const char *text_of(const struct row *r, size_t column)
{
    const struct cell *c = &r->cells[column];
    return c->type == CELL_TEXT && c->s && *c->s ? c->s : NULL;
}

static sd_time time_of(const struct row *r, size_t column)
{
    return r->cells[column].type == CELL_INT ? r->cells[column].i : SD_UNKNOWN;
}

struct about {
    sd_time now;
    const char *keys; /* NULL */
};

static void add_line(struct strbuf *b, const char *label, const char *text)
{
    if (text)
        strbuf_printf(b, "%-10s %s\n", label, text);
}

static const char *about_alert(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    struct strbuf b = {0};
    char at[CLOCK_TEXT_MAX], length[UNIT_TEXT_MAX];
    const struct about *about = s->about_ctx;
    const sd_time now = about->now, since = time_of(r, A_since), next = time_of(r, A_next_step_at);
    const char *instance = text_of(r, A_instance), *to = text_of(r, A_next_step);
    (void)chosen;
    strbuf_printf(&b, "%s%s%s: %s, limit %s, over %s; %s since %s\n", text_of(r, A_alert),
                  instance ? " of " : "", instance ? instance : "", text_of(r, A_is), text_of(r, A_limit),
                  unit_format_int(UNIT_SINCE, time_of(r, A_window_ns), length), text_of(r, A_state),
                  clock_hms(since, now, at));
    add_line(&b, "Note", text_of(r, A_note));
    add_line(&b, "Incident", text_of(r, A_incident));
    add_line(&b, "Told", text_of(r, A_told));
    if (to && sd_known(next) && next <= now)
        strbuf_printf(&b, "%-10s %s, at the next evaluation\n", "Next", to);
    else if (to && sd_known(next))
        strbuf_printf(&b, "%-10s %s at %s\n", "Next", to, clock_hms(next, now, at));
    else if (to)
        strbuf_printf(&b, "%-10s %s, once the silence is over\n", "Next", to);
    if (text_of(r, A_playbook))
        strbuf_printf(&b, "%-10s %s: what to do, and what is seen at each step\n", "Enter",
                      text_of(r, A_playbook));
    else if (r->dive.view)
        strbuf_printf(&b, "%-10s %s%s%s, at the time it fired\n", "Enter", r->dive.view,
                      r->dive.arg ? " " : "", r->dive.arg ? r->dive.arg : "");
    add_line(&b, "Keys", about->keys);
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

struct section *alert_rows(struct doc *d, const struct alerting *a, const char *keys)
{
    size_t n, count[ALERT_STATE_N] = {0};
    struct alert_ranked *all = ranked_of(a, &n);
    struct section *s = doc_table(d, "rows", "Alerts", ALERT_COLUMN_ROWS, A_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        count[all[i].x->state]++;
        add_row(d, &s->table, a, &all[i]);
    }
    s->note = doc_printf(d, "%zu firing, %zu pending, %zu resolved", count[ALERT_FIRING],
                         count[ALERT_PENDING], count[ALERT_RESOLVED]);
    s->empty = "The policy alerts about nothing: no KPI has alert: and there is no SLO.";
    s->weight = 2;
    struct about *about = arena_alloc(d->arena, sizeof *about);
    *about = (struct about){a->at, doc_text(d, keys)};
    s->about = about_alert;
    s->about_ctx = about;
    s->about_lines = 7;
    free(all);
    return s;
}
