/* Objectives: the error budget, and how fast it burns over the windows of each pair. */
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "view/goals/goals.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

enum {
    S_NAME,
    S_STATUS,
    S_LEFT,
    S_BURN,
    S_EXHAUSTED_IN,
    S_OBJECTIVE,
    S_WINDOW,
    S_TOTAL,
    S_BAD,
    S_BAD_SHARE,
    S_COVERED,
    S_SIGNAL,
    S_EXHAUSTED_AT,
    S_PAIRS,
    S_COLUMNS
};

static const struct column COLUMNS[S_COLUMNS] = {
    [S_NAME] = {.key = "name",
                .title = "Objective",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 12,
                .help = "as the policy names it"},
    [S_STATUS] =
        {.key = "status",
         .title = "Status",
         .flags = COLUMN_LEFT,
         .width = 8,
         .help = "spent (no budget is left), burning (a pair fires), ok or unknown: the first that holds"},
    [S_LEFT] =
        {.key = "budget_left",
         .title = "Budget left",
         .unit = UNIT_SHARE,
         .help =
             "1 - bad / ((1 - objective) * total), of what there is data of; below 0: overspent by so much"},
    [S_BURN] = {.key = "burn",
                .title = "Burn",
                .unit = UNIT_LOAD,
                .help = "of the whole window: 1 spends the budget in exactly that time; null: no events"},
    [S_EXHAUSTED_IN] =
        {.key = "exhausted_in_ns",
         .title = "Spent in",
         .unit = UNIT_SINCE,
         .help = "budget_left * window / burn of the first pair's long window; 0: it is spent; null: "
                 "not at this pace"},
    [S_OBJECTIVE] = {.key = "objective",
                     .title = "Good",
                     .unit = UNIT_SHARE,
                     .priority = 1,
                     .help = "share of events that have to be good"},
    [S_WINDOW] = {.key = "window_ns",
                  .title = "Window",
                  .unit = UNIT_SINCE,
                  .priority = 2,
                  .help = "of the objective"},
    [S_TOTAL] = {.key = "total",
                 .title = "Events",
                 .unit = UNIT_COUNT,
                 .priority = 3,
                 .help = "requests, of a latency those with a known duration"},
    [S_BAD] = {.key = "bad",
               .title = "Bad",
               .unit = UNIT_COUNT,
               .priority = 1,
               .help = "failed, or above good_below (the bucket that holds the limit is good)"},
    [S_BAD_SHARE] =
        {.key = "bad_share", .title = "Bad share", .unit = UNIT_SHARE, .priority = 4, .help = "bad / total"},
    [S_COVERED] = {.key = "covered_share",
                   .title = "Covered",
                   .unit = UNIT_SHARE,
                   .priority = 2,
                   .help = "share of the window there is data of; the figures are of that"},
    [S_SIGNAL] =
        {.key = "signal", .title = "Signal", .flags = COLUMN_LEFT, .priority = 5, .help = "what is measured"},
    [S_EXHAUSTED_AT] = {.key = "exhausted_at",
                        .title = "Spent at",
                        .unit = UNIT_TIME,
                        .flags = COLUMN_HIDDEN,
                        .help = "the moment"},
    [S_PAIRS] = {.key = "pairs",
                 .title = "Pairs",
                 .flags = COLUMN_HIDDEN,
                 .help = "pairs of windows: long_ns short_ns factor severity burn_long burn_short total_long "
                         "min_events firing reason"},
};

#define PAIR_COLUMNS(LEADING)                                                                                \
    LEADING{                                                                                                 \
        .key = "long_ns", .title = "Long", .unit = UNIT_SINCE, .help = "the window that says it matters"},   \
        {.key = "short_ns",                                                                                  \
         .title = "Short",                                                                                   \
         .unit = UNIT_SINCE,                                                                                 \
         .help = "the one that ends the alert soon"},                                                        \
        {.key = "factor", .title = "Limit", .help = "it fires when both burns are above"},                   \
        {.key = "severity", .title = "Severity", .flags = COLUMN_LEFT, .help = "critical or warning"},       \
        {.key = "burn_long", .title = "Burn long", .unit = UNIT_LOAD, .help = "null: no events"},            \
        {.key = "burn_short", .title = "Burn short", .unit = UNIT_LOAD, .help = "null: no events"},          \
        {.key = "total_long", .title = "Events", .unit = UNIT_COUNT, .help = "in the long window"},          \
        {.key = "min_events",                                                                                \
         .title = "Needed",                                                                                  \
         .unit = UNIT_COUNT,                                                                                 \
         .priority = 1,                                                                                      \
         .help = "events, so that it fires"},                                                                \
        {.key = "firing", .title = "Fires", .help = "does it?"},                                             \
    {                                                                                                        \
        .key = "reason", .title = "Why not", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 12,                \
        .help = "why it does not fire though its long window is above; null: it is not, or it fires"         \
    }
static const struct column PAIRS[] = {PAIR_COLUMNS()};
#define NAME_COLUMN                                                                                          \
    {.key = "name", .title = "Objective", .flags = COLUMN_LEFT, .width = 12, .help = "whose pair it is"},
static const struct column NAMED_PAIRS[] = {PAIR_COLUMNS(NAME_COLUMN)};

static void fill_pair(struct doc *d, const struct goal_slo *o, size_t i, const struct burn_pair *b,
                      struct cell *x)
{
    const struct goal_pair *p = &o->pairs[i];
    char reason[64];
    burn_reason_text(o, b, reason);
    *x++ = cell_int(p->long_ns);
    *x++ = cell_int(p->short_ns);
    *x++ = cell_real(p->factor);
    *x++ = cell_text(goal_severity_name(p->severity));
    *x++ = cell_real(b->burn_long);
    *x++ = cell_real(b->burn_short);
    *x++ = cell_int(b->total_long);
    *x++ = cell_int(o->min_events);
    *x++ = cell_bool(b->firing);
    *x = cell_text(*reason ? doc_text(d, reason) : NULL);
}

static enum severity severity_of(enum burn_status s)
{
    return s == BURN_SPENT     ? SEVERITY_BAD
           : s == BURN_BURNING ? SEVERITY_WARN
           : s == BURN_OK      ? SEVERITY_GOOD
                               : SEVERITY_NONE;
}

static void fill(struct doc *d, const struct view_ctx *c, const struct goal_slo *o, const struct burn *b,
                 const struct burn_pair *pairs, struct row *r)
{
    struct cell *x = r->cells;
    struct table *t = doc_list(d, PAIRS, ARRAY_LEN(PAIRS));
    for (size_t i = 0; i < o->n_pairs; i++)
        fill_pair(d, o, i, &pairs[i], doc_row(d, t)->cells);
    x[S_NAME] = cell_text(o->name);
    x[S_STATUS] = cell_text(burn_status_name(b->status));
    x[S_LEFT] = cell_real(b->budget_left);
    x[S_BURN] = cell_real(b->burn);
    x[S_EXHAUSTED_IN] = cell_int(b->exhausted_in_ns);
    x[S_OBJECTIVE] = cell_real(o->objective);
    x[S_WINDOW] = cell_int(o->window_ns);
    x[S_TOTAL] = cell_int(b->total);
    x[S_BAD] = cell_int(b->bad);
    x[S_BAD_SHARE] = cell_real(b->bad_share);
    x[S_COVERED] = cell_real(b->covered_share);
    x[S_SIGNAL] = cell_text(o->figure.text);
    x[S_EXHAUSTED_AT] =
        cell_int(sd_known(b->exhausted_in_ns) ? add_sat(c->goals_at, b->exhausted_in_ns) : SD_UNKNOWN);
    x[S_PAIRS] = cell_list(t);
    r->severity = severity_of(b->status);
    r->dive = (struct dive){.view = "objective", .arg = doc_text(d, o->name)};
}

/* ---- the doc ---- */

static const char *note_of(struct doc *d, const struct view_ctx *c)
{
    const char *notes[1];
    return signals_notes(c->signals, notes, 1) ? doc_text(d, notes[0])
                                               : "burn 1: the budget lasts exactly as long as its window";
}

static void fill_all(struct doc *d, const struct view_ctx *c, const struct goal_slo *o, struct section *rows,
                     struct section *all, struct burn *b)
{
    struct burn_pair *pairs = mem_array(MAX(o->n_pairs, 1), sizeof *pairs);
    *b = burn_of(c->signals, o, c->goals_at, pairs);
    fill(d, c, o, b, pairs, doc_row(d, &rows->table));
    for (size_t k = 0; k < o->n_pairs; k++) {
        struct row *r = doc_row(d, &all->table);
        r->cells[0] = cell_text(o->name);
        fill_pair(d, o, k, &pairs[k], r->cells + 1);
        r->severity = pairs[k].firing ? severity_of(BURN_BURNING) : SEVERITY_NONE;
        r->dive = (struct dive){.view = "objective", .arg = doc_text(d, o->name)};
    }
    free(pairs);
}

/* The sections of the figures; the rows come first. */
static struct section *tables(struct doc *d, const struct view_ctx *c, const char *empty, bool any)
{
    struct section *s = doc_table(d, "rows", "Objectives", COLUMNS, S_COLUMNS);
    s->empty = empty;
    s->across = true;
    if (!any)
        return NULL;
    s->note = note_of(d, c);
    struct section *all = doc_table(d, NULL, "Burn rates", NAMED_PAIRS, ARRAY_LEN(NAMED_PAIRS));
    all->across = true;
    return all;
}

static struct doc *build_slo(const struct view_ctx *c)
{
    struct doc *d = doc_new("slo", "Objectives");
    const char *missing = goals_missing(d, c);
    size_t n = missing ? 0 : c->policy->n_slos;
    int64_t longest = 0;
    for (size_t i = 0; i < n; i++)
        longest = MAX(longest, c->policy->slos[i].window_ns);
    common_envelope(d, c, n ? (struct span){add_sat(c->goals_at, -longest), c->goals_at} : common_span(c));
    struct section *all =
        tables(d, c,
               missing ? missing
                       : "The policy has no objectives (slos:); slowdive --print-policy shows "
                         "how they are written.",
               n > 0);
    const struct goal_slo *worst = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        const struct goal_slo *o = &c->policy->slos[i];
        struct burn b;
        fill_all(d, c, o, &d->sections[0], all, &b);
        double rank = (isnan(b.budget_left) ? 2 : b.budget_left) - (b.status >= BURN_BURNING ? 1e9 : 0);
        if (rank < least) {
            least = rank;
            worst = o;
        }
    }
    if (worst)
        slo_draw(d, c, worst);
    return d;
}

/* ---- one objective ---- */

/* By its name, or that of one of its alerts: NAME/critical. */
static const struct goal_slo *objective_named(const struct goal_policy *p, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    for (size_t i = 0; name && i < p->n_slos; i++)
        if (str_eq(p->slos[i].name, name))
            return &p->slos[i];
    if (len && (str_ends(name, "/critical") || str_ends(name, "/warning")))
        len = (size_t)(strrchr(name, '/') - name);
    for (size_t i = 0; name && i < p->n_slos; i++)
        if (strlen(p->slos[i].name) == len && !strncmp(p->slos[i].name, name, len))
            return &p->slos[i];
    return NULL;
}

static struct doc *build_objective(const struct view_ctx *c)
{
    struct doc *d = doc_new("objective", "Objective");
    const char *missing = goals_missing(d, c);
    const struct goal_slo *o = missing             ? NULL
                               : c->arg            ? objective_named(c->policy, c->arg)
                               : c->policy->n_slos ? &c->policy->slos[0]
                                                   : NULL;
    if (!missing && !o && c->arg)
        missing = d->missing = doc_printf(d, "the policy has no objective %.60s", c->arg);
    else if (!missing && !o)
        missing = "The policy has no objectives (slos:).";
    common_envelope(d, c,
                    o ? (struct span){add_sat(c->goals_at, -o->window_ns), c->goals_at} : common_span(c));
    struct section *all = tables(d, c, missing, o != NULL);
    if (!o)
        return d;
    doc_field(d, "objective", UNIT_NONE, cell_text(o->name));
    d->title = doc_printf(d, "Objective %s", o->name);
    struct burn b;
    fill_all(d, c, o, &d->sections[0], all, &b);
    d->sections[0].table.rows[0].dive = goal_dive(d, &o->figure, NULL);
    for (size_t i = 0; i < all->table.n_rows; i++)
        all->table.rows[i].dive = goal_dive(d, &o->figure, NULL);
    slo_draw(d, c, o);
    return d;
}

void slo_worst(const struct view_ctx *c, struct worst_list *l)
{
    for (size_t i = 0; c->policy && c->signals && i < c->policy->n_slos; i++) {
        const struct goal_slo *o = &c->policy->slos[i];
        struct burn_pair *pairs = mem_array(MAX(o->n_pairs, 1), sizeof *pairs);
        struct burn b = burn_of(c->signals, o, c->goals_at, pairs);
        char left[UNIT_TEXT_MAX], in[UNIT_TEXT_MAX];
        double pace = o->n_pairs ? pairs[0].burn_long : b.burn;
        free(pairs);
        if (b.status < BURN_BURNING)
            continue;
        unit_format(UNIT_SHARE, b.budget_left, left);
        unit_format_int(UNIT_SINCE, b.exhausted_in_ns, in);
        worst_add(
            l,
            (struct worst_item){
                .what = "budget",
                .severity = b.status == BURN_SPENT ? SEVERITY_BAD : SEVERITY_WARN,
                .subject = o->name,
                .why = b.status == BURN_SPENT
                           ? doc_printf(l->d, "the error budget is spent %.3g times over", 1 - b.budget_left)
                           : doc_printf(l->d, "burns %.3g times too fast: %s of the budget left, spent in %s",
                                        pace, left, in),
                .share = (double)NAN,
                .dive = {.view = "objective", .arg = o->name}});
    }
}

const struct view slo_view = {
    .name = "slo",
    .aliases = "slos objectives",
    .place = PLACE_GOALS,
    .title = "Objectives",
    .summary = "each objective of the policy: error budget left, burn rates, when it is spent",
    .needs = KINDS_HTTP,
    .build = build_slo,
    .worst = slo_worst,
    .linked = goals_linked,
    .links = (const char *const[]){"kpis", "endpoints", "overview", NULL},
    .lists = "objective",
    .thing = "name",
    .columns = COLUMNS,
    .n_columns = S_COLUMNS,
};

static const struct column objective_also[] = {
    {.key = "objective", .title = "Objective", .help = "its name"},
};

const struct view objective_view = {
    .name = "objective",
    .place = PLACE_GOALS,
    .title = "Objective",
    .summary = "one objective: its burn rates, drawn beside the requests that prove them",
    .about = "objective",
    .needs = KINDS_HTTP,
    .build = build_objective,
    .links = (const char *const[]){NULL},
    .columns = COLUMNS,
    .n_columns = S_COLUMNS,
    .also = objective_also,
    .n_also = ARRAY_LEN(objective_also),
};
