/* Changes: this window against the one before, or against a baseline. */
#include "view/overview/changes.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/table.h"
#include "view/action.h"
#include "view/shared/common.h"
#include "view/overview/deploys.h"
#include "view/shared/figures.h"

enum {
    C_WHAT,
    C_SUBJECT,
    C_FIGURE,
    C_BEFORE,
    C_NOW,
    C_CHANGE,
    C_VERDICT,
    C_REAL,
    C_UNIT,
    C_BEFORE_VALUE,
    C_NOW_VALUE,
    C_RATIO,
    C_VIEW,
    C_ARG,
    C_BETWEEN,
    C_LOW,
    C_HIGH,
    C_COLUMNS
};

static const struct column COLUMNS[C_COLUMNS] = {
    [C_WHAT] = {.key = "kind",
                .title = "What",
                .flags = COLUMN_LEFT,
                .help = "endpoint, errors, statement, wait, sessions, plan or setting"},
    [C_SUBJECT] = {.key = "subject",
                   .title = "Where",
                   .flags = COLUMN_LEFT | COLUMN_GROW,
                   .width = 16,
                   .help = "the endpoint, statement, wait, server or setting"},
    [C_FIGURE] =
        {.key = "figure",
         .title = "Figure",
         .flags = COLUMN_LEFT,
         .help = "requests, errors, median, p95, calls, mean time, sessions, active, connections, rollbacks, "
                 "deadlocks, plan or value"},
    [C_BEFORE] = {.key = "before_text", .title = "Before", .width = 9, .help = "the figure then, as text"},
    [C_NOW] = {.key = "now_text", .title = "Now", .width = 9, .help = "the figure now, as text"},
    [C_CHANGE] =
        {.key = "change",
         .title = "Change",
         .width = 8,
         .help = "x2.1, +35 %, new, gone or changed; ~ in front of it: within noise, ?: too few to tell"},
    [C_VERDICT] = {.key = "verdict",
                   .title = "Verdict",
                   .flags = COLUMN_LEFT,
                   .priority = 1,
                   .help = "changed, new, gone: more than noise; noise; unknown: too few to tell"},
    [C_REAL] = {.key = "more_than_noise",
                .title = "Real",
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "true when the difference is more than noise: a tenth of the larger or more and more "
                        "than chance "
                        "gives, of percentiles of requests; a quarter and more than parts of the windows "
                        "vary, of others"},
    [C_UNIT] = {.key = "unit",
                .title = "Unit",
                .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                .priority = 9,
                .help = "of before and now: ns, per_s, sessions, count or text"},
    [C_BEFORE_VALUE] = {.key = "before",
                        .title = "Before",
                        .flags = COLUMN_HIDDEN,
                        .priority = 9,
                        .help = "the figure then, in that unit; null when it is unknown or a text"},
    [C_NOW_VALUE] =
        {.key = "now", .title = "Now", .flags = COLUMN_HIDDEN, .priority = 9, .help = "the figure now"},
    [C_RATIO] = {.key = "ratio",
                 .title = "Ratio",
                 .flags = COLUMN_HIDDEN,
                 .priority = 9,
                 .help = "now / before; null when there is none"},
    [C_VIEW] = {.key = "view",
                .title = "View",
                .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                .priority = 9,
                .help = "the view that shows details"},
    [C_ARG] = {.key = "select",
               .title = "Select",
               .flags = COLUMN_HIDDEN | COLUMN_LEFT,
               .priority = 9,
               .help = "the item to select in that view"},
    [C_BETWEEN] = {.key = "between",
                   .title = "By between",
                   .flags = COLUMN_LEFT,
                   .priority = 2,
                   .help = "the difference lies between these, of what chance can do taken into account"},
    [C_LOW] = {.key = "low",
               .title = "Low",
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "now - before is at least that, in the unit; null when it is not known"},
    [C_HIGH] =
        {.key = "high", .title = "High", .flags = COLUMN_HIDDEN, .priority = 9, .help = "and at most that"},
};

static const char RULE[] =
    "Requests: of the slowest of both windows together, how many are of this one? By chance as many as its "
    "share of the requests. The same of those that failed. Requests in a row are alike, so blocks of a "
    "second "
    "or more tell how much more they vary than independent ones would, and each counts for less by that "
    "factor. A percentile has changed when it differs by a tenth of the larger or more, too. All endpoints "
    "are "
    "judged together (Benjamini and Hochberg): of lists in which nothing changed one in 100 has anything in "
    "it. A p99 needs 500 requests in both windows, a p95 100, a median 20.\n\n"
    "Other figures: they differ by a quarter of the larger or more, and by more than they vary by "
    "themselves: "
    "each window is divided into up to 12 parts, and the difference of their means must be larger than what "
    "parts that vary so much would give one time in 3000 (Student's t; parts that follow each other count "
    "for "
    "less when they are alike; counts vary at least as what happens at random). The mean time of a statement "
    "needs 20 calls in both windows.\n\n"
    "Something is new, or gone, when it was seen 8 times or more, in 3 parts of one window, and never in the "
    "other. A plan has changed when its nodes are none that the statement had before; a setting when its "
    "value differs.\n\n"
    "~ in front of a change: it is within noise. ?: there is too little to tell.";

/* ---- the spans ---- */

/* This window, and the one before it; since a deploy in it, and as long before that; of all data what is
 * before and after a deploy, or the halves. */
static void choose_spans(const struct view_ctx *c, struct span *before, struct span *now,
                         const struct event_entry *deploy)
{
    struct model_usage u = model_usage(c->model);
    *now = common_span(c);
    if (!sd_known(now->from) || !sd_known(now->to))
        *now = (struct span){0, 0};
    int64_t length = span_length(*now);
    if (deploy->event)
        now->from = deploy->at;
    else if (span_is_all(c->span) && !c->baseline)
        now->from = add_sat(now->from, length / 2);
    if (span_is_all(c->span))
        now->to = add_sat(now->to, 1); /* the last record belongs to it */
    sd_time from = !deploy->event         ? add_sat(now->from, -span_length(*now))
                   : span_is_all(c->span) ? INT64_MIN
                                          : add_sat(now->from, -length);
    *before = (struct span){sd_known(u.first) ? MAX(from, u.first) : now->from, now->from};
    if (c->baseline)
        *before = c->baseline->span;
    else if (sd_known(u.first))
        now->from = MAX(now->from, u.first);
}

/* Half a window at least must be known on both sides. */
static bool enough(const struct view_ctx *c, struct span before, struct span now,
                   const struct event_entry *deploy)
{
    int64_t length = span_length(now);
    return length > 0 && (c->baseline || deploy->event || span_length(before) >= length / 2);
}

/* ---- rows ---- */

static const char *unit_word(const struct figure *f)
{
    return f->method == FIGURE_TEXT ? "text"
           : f->unit == UNIT_NS     ? "ns"
           : f->unit == UNIT_PER_S  ? "per_s"
           : f->unit == UNIT_LOAD   ? "sessions"
                                    : "count";
}

static const char *shown(struct doc *d, const struct figure *f, const struct figure *other)
{
    char text[UNIT_TEXT_MAX];
    if (!f)
        return other->method == FIGURE_TEXT || other->method == FIGURE_TIME ? NULL : "0";
    if (f->method == FIGURE_TEXT)
        return doc_text(d, f->text);
    return doc_text(d, unit_format(f->unit, f->value, text));
}

/* The value, 0 for what was not there, NAN for what has none. */
static double value_of(const struct figure *f, const struct figure *other)
{
    if (!f)
        return other->method == FIGURE_COUNT || other->method == FIGURE_LEVEL ? 0 : (double)NAN;
    return f->method == FIGURE_TEXT ? (double)NAN : f->value;
}

static const char *change_of(struct doc *d, const struct figure_pair *p, double before, double now)
{
    if (p->verdict == FIGURE_NEW || p->verdict == FIGURE_GONE)
        return figure_verdict_name(p->verdict);
    if (!isfinite(before) || !isfinite(now))
        return p->verdict == FIGURE_CHANGED ? "changed" : NULL;
    double ratio = now / before;
    const char *doubt = p->verdict == FIGURE_NOISE ? "~ " : p->verdict == FIGURE_UNKNOWN ? "? " : "";
    if (!(before > 0))
        return NULL;
    if (ratio >= 2)
        return doc_printf(d, "%sx%.*f", doubt, ratio < 10 ? 1 : 0, ratio);
    return doc_printf(d, "%s%+.0f %%", doubt, (ratio - 1) * 100);
}

/* "+70..+160 ms" */
static const char *between(struct doc *d, const struct figure_pair *p)
{
    const struct figure *f = p->now ? p->now : p->before;
    char low[UNIT_TEXT_MAX], high[UNIT_TEXT_MAX];
    if (!isfinite(p->low) || !isfinite(p->high))
        return NULL;
    unit_format(f->unit, fabs(p->low), low);
    unit_format(f->unit, fabs(p->high), high);
    char *unit = strchr(low, ' ');
    if (unit && strchr(high, ' ') && !strcmp(unit, strchr(high, ' ')))
        *unit = 0; /* said once */
    return doc_printf(d, "%s%s..%s%s", p->low < 0 ? "-" : "+", low, p->high < 0 ? "-" : "+", high);
}

static void fill_row(struct doc *d, struct row *r, const struct figure_pair *p)
{
    const struct figure *some = p->now ? p->now : p->before;
    double before = value_of(p->before, some), now = value_of(p->now, some);
    bool real = p->verdict >= FIGURE_CHANGED;
    r->cells[C_WHAT] = cell_text(some->kind);
    r->cells[C_SUBJECT] = cell_text(doc_text(d, some->subject ? some->subject : some->key));
    r->cells[C_FIGURE] = cell_text(some->name);
    r->cells[C_BEFORE] = cell_text(shown(d, p->before, some));
    r->cells[C_NOW] = cell_text(shown(d, p->now, some));
    r->cells[C_CHANGE] = cell_text(change_of(d, p, before, now));
    r->cells[C_VERDICT] = cell_text(figure_verdict_name(p->verdict));
    r->cells[C_REAL] = cell_bool(real);
    r->cells[C_UNIT] = cell_text(unit_word(some));
    r->cells[C_BEFORE_VALUE] = cell_real(before);
    r->cells[C_NOW_VALUE] = cell_real(now);
    r->cells[C_RATIO] = cell_real(before > 0 ? now / before : (double)NAN);
    r->cells[C_VIEW] = cell_text(some->dive.view);
    r->cells[C_ARG] = cell_text(doc_text(d, some->dive.arg));
    r->cells[C_BETWEEN] = cell_text(between(d, p));
    r->cells[C_LOW] = cell_real(p->low);
    r->cells[C_HIGH] = cell_real(p->high);
    r->dive = (struct dive){.view = some->dive.view, .arg = doc_text(d, some->dive.arg)};
    r->severity = !real ? SEVERITY_NONE : p->worse ? SEVERITY_WARN : SEVERITY_INFO;
}

static const char *title_of(struct doc *d, const struct view_ctx *c, const struct event_entry *deploy)
{
    char at[CLOCK_TEXT_MAX];
    if (deploy->event && !c->baseline)
        return doc_printf(d, "Changes since the %s at %s", deploy_words(d, deploy),
                          clock_hms(deploy->at, c->now, at));
    const char *what = c->baseline            ? c->baseline->name
                       : span_is_all(c->span) ? "the first half"
                                              : "the window before";
    return doc_printf(d, "Changes from %s", what);
}

static void rows(struct doc *d, const struct view_ctx *c, struct section *s, const struct figures *before,
                 const struct figures *now)
{
    size_t n, real = 0;
    struct figure_pair *p = figures_compare(before, now, &n);
    for (size_t i = 0; i < n; i++) {
        fill_row(d, doc_row(d, &s->table), &p[i]);
        real += p[i].verdict >= FIGURE_CHANGED;
    }
    free(p);
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    s->note = doc_printf(d, "%zu of %zu real; before: %s-%s", real, n,
                         clock_hms(before->span.from, c->now, from), clock_hms(before->span.to, c->now, to));
    const char *unread = common_unread(d, c, KINDS_HTTP);
    if (unread)
        s->note = doc_printf(d, "%s; %s", s->note, unread);
    doc_field(d, "changed", UNIT_COUNT, cell_int((int64_t)real));
    doc_field(d, "compared", UNIT_COUNT, cell_int((int64_t)n));
}

static struct doc *build_changes(const struct view_ctx *c)
{
    struct doc *d = doc_new("changes", "Changes");
    struct span before, now;
    struct event_entry deploy = {0};
    if (!c->baseline)
        deploys_dividing(c, &deploy);
    choose_spans(c, &before, &now, &deploy);
    common_envelope(d, c, now);
    doc_field(d, "baseline", UNIT_NONE, cell_text(c->baseline ? "baseline" : "window_before"));
    doc_field(d, "baseline_from", UNIT_TIME, cell_int(before.from));
    doc_field(d, "baseline_to", UNIT_TIME, cell_int(before.to));
    struct section *s = doc_table(d, "rows", title_of(d, c, &deploy), COLUMNS, C_COLUMNS);
    s->weight = 1;
    s->table.sort_column = -1;
    if (!model_has_data(c->model)) {
        s->empty = common_empty(d, c, 0);
    } else if (!enough(c, before, now, &deploy)) {
        s->empty = doc_printf(
            d, "Too early: this compares two windows, and there is not yet enough data before this one.%s",
            common_hint(d, c, "window-shorter", "uses a shorter window"));
    } else {
        struct figures *now_figures = figures_of(c, now, NULL);
        struct figures *own = c->baseline ? NULL : figures_of(c, before, NULL);
        s->empty = "There is nothing in either window.";
        rows(d, c, s, c->baseline ? c->baseline : own, now_figures);
        figures_free(own);
        figures_free(now_figures);
    }
    deploys_section(d, c, (struct span){c->baseline ? now.from : before.from, now.to});
    struct section *rule = doc_section(d, SECTION_TEXT, NULL, "What is more than noise");
    rule->text = RULE;
    rule->aside = true;
    return d;
}

/* ---- the baseline ---- */

static void run_baseline(const struct action_ctx *c, struct outcome *out)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    out->marks = true;
    if (str_eq(c->arg, "off")) {
        outcome_message(out, SEVERITY_INFO, "The view changes compares with the window before again");
        return;
    }
    struct view_ctx at = c->view;
    struct span s = common_covered(&at);
    clock_hms(s.from, c->view.now, from);
    clock_hms(s.to, c->view.now, to);
    at.baseline = NULL;
    out->baseline = figures_of(&at, s, "the marked baseline");
    outcome_message(out, SEVERITY_GOOD,
                    "Baseline marked: %s to %s. The views changes and functions compare with it; :baseline "
                    "off forgets it",
                    from, to);
}

static bool can_mark(const struct action_ctx *c, struct sd_error *why)
{
    if (c->arg && strcmp(c->arg, "off") != 0)
        return fail(why, "Write :baseline to mark this window, or :baseline off");
    if (!c->arg && !model_has_data(c->view.model))
        return fail(why, "There is no data to compare with yet");
    return true;
}

static const char *baseline_word(size_t i)
{
    return i == 0 ? "off" : NULL;
}

static const struct view_action BASELINE = {
    .name = "baseline",
    .keys = "b",
    .group = "Time",
    .help = "mark this window: the view changes compares with it",
    .args = "[off]",
    .args_help = "compare with this window in the view changes; off: forget it",
    .word = baseline_word,
    .enabled = can_mark,
    .run = run_baseline,
};

static const struct view_action *const ACTIONS_OF_CHANGES[] = {&BASELINE, NULL};

static const struct column ALSO[] = {
    {.key = "baseline",
     .title = "Baseline",
     .help = "window_before, or baseline: marked, or given by --baseline"},
    {.key = "baseline_from", .title = "From", .unit = UNIT_TIME, .help = "start of what is compared with"},
    {.key = "baseline_to", .title = "To", .unit = UNIT_TIME, .help = "its end"},
    {.key = "events", .title = "Deploys and restarts", .help = "in both windows: at, title, text, origin"},
    {.key = "changed", .title = "Changed", .unit = UNIT_COUNT, .help = "rows that are more than noise"},
    {.key = "compared", .title = "Compared", .unit = UNIT_COUNT, .help = "rows"},
};

const struct view changes_view = {
    .name = "changes",
    .mixed = true,
    .aliases = "changed compare",
    .place = PLACE_HOME,
    .title = "Changes",
    .summary = "what differs from the window before, or from a baseline, and whether it is more than noise",
    .compares = true,
    .build = build_changes,
    .actions = ACTIONS_OF_CHANGES,
    .columns = COLUMNS,
    .n_columns = C_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
