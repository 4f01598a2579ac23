/* KPIs: each with its value over exactly its window, its target, and whether it is met. */
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "view/goals/goals.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

enum { TREND_POINTS = 16, TREND_INSTANCES = 32, ROWS_MAX = 100000 };

enum {
    K_NAME,
    K_INSTANCE,
    K_STATUS,
    K_SHOWN,
    K_GOAL,
    K_WINDOW,
    K_SAMPLES,
    K_SIGNAL,
    K_BASIS,
    K_VALUE,
    K_UNIT,
    K_TARGET,
    K_AT,
    K_TREND, /* the last: on paper it is not there */
    K_COLUMNS
};

static const struct column COLUMNS[K_COLUMNS] = {
    [K_NAME] =
        {.key = "name", .title = "KPI", .flags = COLUMN_LEFT, .width = 12, .help = "as the policy names it"},
    [K_INSTANCE] = {.key = "instance",
                    .title = "Of",
                    .flags = COLUMN_LEFT | COLUMN_GROW,
                    .width = 8,
                    .help = "endpoint, host, label set, build or page; null: a total",
                    .unknown = "all"},
    [K_STATUS] = {.key = "status",
                  .title = "Status",
                  .flags = COLUMN_LEFT,
                  .width = 8,
                  .help = "met, missed (worse than the target) or unknown"},
    [K_SHOWN] = {.key = "shown",
                 .title = "Value",
                 .flags = COLUMN_NO_JSON,
                 .width = 9,
                 .help =
                     "the value in its unit; of db.latency as a mean where no source has the distribution"},
    [K_GOAL] = {.key = "goal",
                .title = "Target",
                .flags = COLUMN_NO_JSON,
                .width = 9,
                .help = "what is good enough"},
    [K_TREND] = {.key = "trend",
                 .title = "Until now",
                 .flags = COLUMN_LEFT | COLUMN_NO_JSON,
                 .width = TREND_POINTS,
                 .priority = 2,
                 .help = "the value before, in the console; the newest is on the right"},
    [K_WINDOW] = {.key = "window_ns",
                  .title = "Window",
                  .unit = UNIT_NS,
                  .priority = 4,
                  .help = "of the value: from just after at - window_ns up to `at`"},
    [K_SAMPLES] = {.key = "samples",
                   .title = "Samples",
                   .unit = UNIT_COUNT,
                   .priority = 3,
                   .help = "requests, statements, samples or runs the value is of"},
    [K_SIGNAL] = {.key = "signal",
                  .title = "Signal",
                  .flags = COLUMN_LEFT,
                  .width = 14,
                  .priority = 1,
                  .help = "what is measured: http.latency, metric:host.cpu"},
    [K_BASIS] = {.key = "basis",
                 .title = "Basis",
                 .flags = COLUMN_LEFT,
                 .priority = 5,
                 .help =
                     "histogram: a percentile of the distribution; mean, max, last: of samples, or a mean "
                     "because no source has the distribution; rate: growth of a counter; count, build, "
                     "median"},
    [K_VALUE] = {.key = "value",
                 .title = "Number",
                 .flags = COLUMN_HIDDEN,
                 .help = "the value, in value_unit; null: there is no data"},
    [K_UNIT] = {.key = "value_unit",
                .title = "Unit",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .help = "ns, share, bytes, per_s, or a metric's own; null: it has none"},
    [K_TARGET] = {.key = "target", .title = "Limit", .flags = COLUMN_HIDDEN, .help = "in the same unit"},
    [K_AT] =
        {.key = "at",
         .title = "At",
         .unit = UNIT_TIME,
         .flags = COLUMN_HIDDEN,
         .help =
             "the moment of the value: --at, the present while a source is live, else the end of the data"},
};

/* ---- values before ---- */

struct trend {
    double *points; /* of each instance TREND_POINTS */
    size_t n;
};

/* Each instance as it was at moments up to now. Only in the console: on paper it would be noise. */
static struct trend trend_of(const struct view_ctx *c, const struct goal_kpi *k, const struct signal_value *v,
                             size_t n, int64_t window)
{
    struct trend t = {.n = n <= TREND_INSTANCES && c->key ? n : 0};
    if (!t.n)
        return t;
    struct signal_value was[TREND_INSTANCES];
    int64_t step = MAX(window, span_is_all(c->span) ? 0 : span_length(c->span)) / TREND_POINTS;
    t.points = mem_array(n * TREND_POINTS, sizeof *t.points);
    for (size_t i = 0; i < n * TREND_POINTS; i++)
        t.points[i] = (double)NAN;
    const char *names[TREND_INSTANCES];
    for (size_t i = 0; i < n; i++)
        names[i] = v[i].instance;
    for (size_t p = 0; p < TREND_POINTS; p++) {
        sd_time at = add_sat(c->goals_at, -mul_sat(step, (int64_t)(TREND_POINTS - 1 - p)));
        size_t m = signals_values(c->signals, &k->figure, at, window, was, TREND_INSTANCES);
        for (size_t j = 0; j < m; j++)
            for (size_t i = 0; i < n; i++)
                if (str_eq(names[i], was[j].instance))
                    t.points[i * TREND_POINTS + p] = was[j].value;
    }
    return t;
}

/* As heights: the target is three quarters of the line, unless a value is above it. */
static struct cell trend_cell(struct doc *d, const struct goal_kpi *k, const double *points)
{
    double most = isnan(k->target) ? 0 : k->target * 4 / 3;
    size_t known = 0;
    for (size_t i = 0; i < TREND_POINTS; i++) {
        most = fmax(most, points[i]); /* the number, when one is NAN */
        known += !isnan(points[i]);
    }
    if (known < 2 || !(most > 0))
        return cell_unknown();
    double *heights = arena_alloc(d->arena, TREND_POINTS * sizeof *heights);
    for (size_t i = 0; i < TREND_POINTS; i++)
        heights[i] = points[i] / most;
    struct levels *l = arena_alloc(d->arena, sizeof *l);
    *l = (struct levels){TREND_POINTS, heights};
    return cell_levels(l);
}

/* ---- rows ---- */

static void fill(struct doc *d, const struct view_ctx *c, const struct goal_kpi *k,
                 const struct signal_value *v, int64_t window, struct row *r)
{
    enum goal_status status = goal_status_of(k, v->value);
    struct cell *x = r->cells;
    const char *unit = v->unit && *v->unit ? v->unit : NULL;
    x[K_NAME] = cell_text(k->name);
    x[K_INSTANCE] = cell_text(doc_text(d, v->instance));
    x[K_STATUS] = cell_text(goal_status_name(status));
    x[K_SHOWN] = cell_text(goal_text(d, v->value, unit));
    if (k->figure.signal == GOAL_DB_LATENCY && str_eq(v->basis, "mean") && isfinite(v->value))
        x[K_SHOWN] = cell_text(doc_printf(d, "%s mean", x[K_SHOWN].s));
    const char *goal = goal_text(d, k->target, unit);
    x[K_GOAL] = cell_text(goal && k->higher ? doc_printf(d, ">= %s", goal) : goal);
    x[K_WINDOW] = cell_int(window);
    x[K_SAMPLES] = cell_int(v->samples);
    x[K_SIGNAL] = cell_text(k->figure.text);
    x[K_BASIS] = cell_text(v->basis);
    x[K_VALUE] = cell_real(v->value);
    x[K_UNIT] = cell_text(doc_text(d, unit));
    x[K_TARGET] = cell_real(k->target);
    x[K_AT] = cell_int(c->goals_at);
    r->severity = status == GOAL_MISSED ? SEVERITY_BAD : status == GOAL_MET ? SEVERITY_GOOD : SEVERITY_NONE;
    r->dive = goal_dive(d, &k->figure, v->instance);
}

static void add_kpi(struct doc *d, const struct view_ctx *c, const struct goal_kpi *k, struct table *t,
                    size_t *missed)
{
    size_t most = MAX(signals_most(c->signals, &k->figure), 1);
    struct signal_value *v = mem_array(most, sizeof *v);
    int64_t window = goal_window(c, &k->figure);
    size_t n = signals_values(c->signals, &k->figure, c->goals_at, window, v, most);
    if (!n)
        v[n++] = (struct signal_value){
            .value = (double)NAN, .unit = goal_signal_unit(k->figure.signal), .at = SD_UNKNOWN};
    struct row *r;
    size_t first = t->n_rows;
    n = MIN(n, first < ROWS_MAX ? ROWS_MAX - first : 0);
    for (size_t i = 0; i < n; i++) {
        fill(d, c, k, &v[i], window, r = doc_row(d, t));
        *missed += r->severity == SEVERITY_BAD;
    }
    struct trend before = trend_of(c, k, v, n, window);
    for (size_t i = 0; i < before.n; i++)
        t->rows[first + i].cells[K_TREND] = trend_cell(d, k, before.points + i * TREND_POINTS);
    free(before.points);
    free(v);
}

static const char *note_of(struct doc *d, const struct view_ctx *c, size_t rows, size_t missed)
{
    const char *notes[1];
    size_t n = c->signals ? signals_notes(c->signals, notes, 1) : 0;
    const char *of = c->policy && c->policy->file ? c->policy->file : "the compiled-in policy";
    return doc_printf(d, "%zu of %zu missed, by %s%s%s", missed, rows, of, n ? "; " : "", n ? notes[0] : "");
}

static struct doc *build_kpis(const struct view_ctx *c)
{
    struct doc *d = doc_new("kpis", "KPIs");
    const char *missing = goals_missing(d, c);
    int64_t longest = 0;
    for (size_t i = 0; !missing && i < c->policy->n_kpis; i++)
        longest = MAX(longest, goal_window(c, &c->policy->kpis[i].figure));
    common_envelope(d, c,
                    missing ? common_span(c) : (struct span){add_sat(c->goals_at, -longest), c->goals_at});
    struct section *s = doc_table(d, "rows", "KPIs", COLUMNS, c->key ? K_COLUMNS : K_TREND);
    size_t missed = 0;
    s->weight = 1;
    s->across = true;
    s->empty = missing ? missing : doc_text(d, "The policy has no KPIs.");
    for (size_t i = 0; !missing && i < c->policy->n_kpis && s->table.n_rows < ROWS_MAX; i++)
        add_kpi(d, c, &c->policy->kpis[i], &s->table, &missed);
    if (s->table.n_rows)
        s->note = note_of(d, c, s->table.n_rows, missed);
    if (s->table.n_rows == ROWS_MAX)
        s->note = doc_printf(d, "%s; there is no room for more", s->note);
    return d;
}

/* ---- the overview ---- */

/* What users wait: requests a second, each beyond the target by what it is missed by. */
static double waiting(const struct goal_kpi *k, const struct signal_value *v, int64_t window)
{
    double per_s = window > 0 ? (double)v->samples / ((double)window / 1e9) : 0;
    if (k->figure.signal == GOAL_HTTP_LATENCY)
        return per_s * (1 - k->figure.quantile) * (v->value - k->target) / 1e9;
    return k->figure.signal == GOAL_HTTP_ERRORS ? per_s * v->value : 0;
}

/* Of goals that somebody has set: the compiled-in ones are nobody's. */
void kpis_worst(const struct view_ctx *c, struct worst_list *l)
{
    if (!c->policy || !c->signals || !c->policy->file)
        return;
    for (size_t i = 0; i < c->policy->n_kpis; i++) {
        const struct goal_kpi *k = &c->policy->kpis[i];
        size_t most = MAX(signals_most(c->signals, &k->figure), 1), missed = 0, worst = 0;
        struct signal_value *v = mem_array(most, sizeof *v);
        size_t n = signals_values(c->signals, &k->figure, c->goals_at, k->figure.window_ns, v, most);
        for (size_t j = 0; j < n; j++) {
            if (goal_status_of(k, v[j].value) != GOAL_MISSED)
                continue;
            if (!missed++ || (k->higher ? v[j].value < v[worst].value : v[j].value > v[worst].value))
                worst = j;
        }
        if (missed) {
            const char *value = goal_text(l->d, v[worst].value, v[worst].unit);
            const char *goal = goal_text(l->d, k->target, v[worst].unit),
                       *of = doc_text(l->d, v[worst].instance);
            worst_add(l, (struct worst_item){.what = "goal",
                                             .severity = SEVERITY_WARN,
                                             .rank = waiting(k, &v[worst], k->figure.window_ns),
                                             .subject = k->name,
                                             .why = doc_printf(l->d, "%s%s%s, target %s%s", value,
                                                               of ? " of " : "", of ? of : "", goal,
                                                               missed > 1 ? ", and others" : ""),
                                             .share = (double)NAN,
                                             .dive = {.view = "kpis"}});
        }
        free(v);
    }
}

const struct view kpis_view = {
    .name = "kpis",
    .aliases = "kpi goals",
    .place = PLACE_GOALS,
    .title = "KPIs",
    .summary = "each KPI of the policy: value, target, status",
    .needs = KINDS_HTTP | SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_BUNDLE) |
             SD_KIND_BIT(SD_PAGE_REPORT),
    .build = build_kpis,
    .worst = kpis_worst,
    .links = (const char *const[]){"slo", "endpoints", "overview", NULL},
    .thing = "name",
    .lists = "kpi",
    .columns = COLUMNS,
    .n_columns = K_COLUMNS,
};
