#include "view/goals/playbook.h"

#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/suggest.h"
#include "view/shared/common.h"

/* X(key, title, flags, priority, width, help): as JSON; people see each finding below its step. */
#define STEP_COLUMNS(X)                                                                                      \
    X(text, "Step", COLUMN_LEFT | COLUMN_GROW, 0, 30, "what to look at")                                     \
    X(view, "View", COLUMN_LEFT, 1, 10, "the view that shows it")                                            \
    X(select, "Select", COLUMN_LEFT, 2, 10, "what that view is to show")                                     \
    X(finding, "Finding", COLUMN_LEFT | COLUMN_GROW, 0, 30,                                                  \
      "what is seen there now; null: the data cannot tell")                                                  \
    X(severity, "Severity", COLUMN_LEFT, 2, 8, "of the finding: good, info, warn or bad")

#define STEP_NUMBER(key, title, flags, priority, width, help) S_##key,
enum { STEP_COLUMNS(STEP_NUMBER) S_COLUMNS };
#define STEP_COLUMN(k, t, f, p, w, h)                                                                        \
    {.key = #k, .title = t, .flags = f, .priority = p, .width = w, .help = h},
static const struct column step_columns[] = {STEP_COLUMNS(STEP_COLUMN)};

static const struct column shown_columns[] = {
    {.key = "step",
     .title = "Step, and what is seen",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 40,
     .help = ""},
    {.key = "view", .title = "View", .flags = COLUMN_LEFT, .width = 9, .help = ""},
};

static const struct column also_columns[] = {
    {.key = "playbook", .title = "Playbook", .help = "its name"},
    {.key = "title", .title = "Title", .help = "its title"},
    {.key = "at", .title = "At", .unit = UNIT_TIME, .help = "the moment that the findings are of"},
};

const struct goal_playbook *playbook_meant(const struct goal_policy *p, const char *name)
{
    const struct goal_playbook *found = policy_playbook(p, name);
    if (found)
        return found;
    for (size_t i = 0; i < p->n_kpis; i++)
        if (str_eq(p->kpis[i].name, name) && p->kpis[i].playbook)
            return policy_playbook(p, p->kpis[i].playbook);
    size_t len = strcspn(name, "/"); /* an alert of an SLO is checkout/critical */
    for (size_t i = 0; i < p->n_slos; i++)
        if (p->slos[i].playbook && strlen(p->slos[i].name) == len && !strncmp(p->slos[i].name, name, len))
            return policy_playbook(p, p->slos[i].playbook);
    return NULL;
}

static void add_step(struct doc *d, struct table *json, struct section *s, size_t number,
                     const struct goal_play *step, struct finding f)
{
    struct row *r = doc_row(d, json);
    r->cells[S_text] = cell_text(doc_text(d, step->text));
    r->cells[S_view] = cell_text(doc_text(d, step->view));
    r->cells[S_select] = cell_text(doc_text(d, step->select));
    r->cells[S_finding] = cell_text(f.text);
    r->cells[S_severity] = f.text ? cell_text(severity_name(f.severity)) : cell_unknown();

    const struct dive dive = {.view = doc_text(d, step->view), .arg = doc_text(d, step->select)};
    r = doc_row(d, &s->table);
    r->cells[0] = cell_text(doc_printf(d, "%zu. %s", number, step->text ? step->text : ""));
    r->cells[1] = cell_text(doc_text(d, step->view));
    r->dive = dive;
    if (!step->view)
        return;
    r = doc_row(d, &s->table);
    r->cells[0] = cell_text(doc_printf(d, "   %s",
                                       f.text       ? f.text
                                       : step->view ? "not known from this data"
                                                    : ""));
    r->severity = f.text && f.severity != SEVERITY_GOOD ? f.severity : SEVERITY_NONE;
    r->dive = dive;
}

struct doc *playbook_doc(const struct view_ctx *c, const struct goal_playbook *p)
{
    struct view_ctx at = *c;
    struct doc *d = doc_new("playbook", p->title ? p->title : p->name);
    char text[CLOCK_TEXT_MAX];
    if (c->signals)
        at.now = c->goals_at; /* of files the end of their data */
    if (span_is_all(c->span))
        at.span = (struct span){add_sat(at.now, -PLAYBOOK_WINDOW), at.now};
    common_envelope(d, &at, at.span);
    doc_field(d, "playbook", UNIT_NONE, cell_text(doc_text(d, p->name)));
    doc_field(d, "title", UNIT_NONE, cell_text(doc_text(d, p->title)));
    doc_field(d, "at", UNIT_TIME, cell_int(at.now));
    struct table *json = doc_list(d, step_columns, S_COLUMNS);
    struct section *s = doc_table(d, NULL, doc_text(d, p->title ? p->title : p->name), shown_columns,
                                  ARRAY_LEN(shown_columns));
    s->note = doc_printf(d, "as of %s", clock_hms(at.now, c->now, text));
    s->empty = "This playbook has no steps.";
    for (size_t i = 0; i < p->n_steps; i++)
        add_step(d, json, s, i + 1, &p->steps[i], playbook_finding(d, &at, &p->steps[i]));
    doc_field(d, "steps", UNIT_NONE, cell_list(json));
    return d;
}

static struct doc *missing(const struct goal_policy *p, const char *name)
{
    struct doc *d = doc_new("playbook", "Playbook");
    struct suggest near = {.word = name ? name : ""};
    for (size_t i = 0; p && i < p->n_playbooks; i++)
        suggest_try(&near, p->playbooks[i].name);
    d->missing = !name ? doc_text(d, "the policy has no playbook")
                 : near.best
                     ? doc_printf(d, "there is no playbook %.60s; did you mean \"%s\"?", name, near.best)
                     : doc_printf(d, "there is no playbook %.60s, and no alert of that name has one", name);
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "Playbook");
    s->text = d->missing;
    return d;
}

static struct doc *build(const struct view_ctx *c)
{
    const struct goal_policy *p = c->policy;
    const struct goal_playbook *found = NULL;
    if (p && c->arg)
        found = playbook_meant(p, c->arg);
    else if (p && p->n_playbooks)
        found = &p->playbooks[0];
    return found ? playbook_doc(c, found) : missing(p, c->arg);
}

const struct view playbook_view = {
    .name = "playbook",
    .place = PLACE_GOALS,
    .title = "Playbook",
    .summary = "what to do when an alert fires, and what is seen at each step now",
    .about = "playbook",
    .build = build,
    .columns = step_columns,
    .n_columns = S_COLUMNS,
    .rows = "steps",
    .also = also_columns,
    .n_also = ARRAY_LEN(also_columns),
};
