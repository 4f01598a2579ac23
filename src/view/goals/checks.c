#include "view/goals/checks.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "core/goals/policy_checks.h"

#define H COLUMN_HIDDEN

#define P COLUMN_NO_JSON /* for people */

/* X(key, title, unit, flags, priority, width, help) */
#define CHECK_COLUMNS(X)                                                                                     \
    X(status, "Check", UNIT_NONE, COLUMN_LEFT, 0, 7,                                                         \
      "pass; warn: above the limit but within the tolerance, close to it, or of level warn; fail; missing: " \
      "nothing tells its value, which fails as well; skip: it could not be checked, or may be missing")      \
    X(name, "Name", UNIT_NONE, 0, 1, 16, "of the KPI, budget or hop; of an assertion: audit and assertion")  \
    X(source, "Source", UNIT_NONE, H, 9, 16, "the build, or the first report")                               \
    X(metric, "Size", UNIT_NONE, H, 9, 12, "of a budget of sizes: size_bytes, gzip_bytes or brotli_bytes")   \
    X(limit_bytes, "Limit", UNIT_BYTES, H, 9, 0, "of a budget of sizes")                                     \
    X(actual_bytes, "Actual", UNIT_BYTES, H, 9, 0, "of its files together; absent: not known")               \
    X(over_bytes, "Over", UNIT_BYTES, H, 9, 0, "above the limit; 0: within it")                              \
    X(files, "Files", UNIT_NONE, H, 9, 16, "assets, or reports, that were checked")                          \
    X(message, "Message", UNIT_NONE, H, 9, 20, "of a budget of sizes or an assertion: what was found")       \
    X(audit, "Audit", UNIT_NONE, H, 9, 16, "of an assertion; its parts are joined with dots")                \
    X(assertion, "Assertion", UNIT_NONE, H, 9, 12, "minScore, maxLength, maxNumericValue or auditRan")       \
    X(expected, "Expected", UNIT_NONE, H, 9, 8, "by the assertion")                                          \
    X(actual, "Is", UNIT_NONE, H, 9, 8, "of the runs, as LHCI aggregates them; absent: no number")           \
    X(url, "URL", UNIT_NONE, H, 9, 20, "of the page")                                                        \
    X(level, "Level", UNIT_NONE, H, 9, 5, "of an assertion: error or warn")                                  \
    X(kind, "Kind", UNIT_NONE, H, 9, 7, "of a check of the policy: kpi, budget, hop or regress")             \
    X(signal, "Signal", UNIT_NONE, H, 9, 14, "of the policy: what is measured")                              \
    X(subject, "Of", UNIT_NONE, H, 9, 16, "of the policy: what of the signal, or the instance")              \
    X(feature, "Feature", UNIT_NONE, H, 9, 12, "of a budget, as the policy says; of a hop its plan")         \
    X(value, "Value", UNIT_NONE, H, 9, 0, "of the policy: what it is, in value_unit")                        \
    X(value_unit, "Unit", UNIT_NONE, H, 9, 6, "ns, share, bytes, per_s, that of a metric, or empty")         \
    X(limit, "Most", UNIT_NONE, H, 9, 0, "of the policy; of regress: what the baseline allows")              \
    X(baseline, "Before", UNIT_NONE, H, 9, 0, "of regress: the percentile of the baseline")                  \
    X(change_share, "Change", UNIT_SHARE, H, 9, 0, "of regress: value / baseline - 1")                       \
    X(p_value, "p", UNIT_NONE, H, 9, 0,                                                                      \
      "of regress: how likely chance makes both sides so different (Mann-Whitney)")                          \
    X(text, "Text", UNIT_NONE, H, 9, 20, "of the policy: what was found, in a sentence")                     \
    X(shown_value, "Value", UNIT_NONE, P, 2, 9, "what it is")                                                \
    X(shown_limit, "Limit", UNIT_NONE, P, 3, 9, "what it may be")                                            \
    X(found, "What was found", UNIT_NONE, P | COLUMN_GROW | COLUMN_LEFT, 0, 50, "in a sentence")

#define CHECK_NUMBER(key, title, unit, flags, priority, width, help) C_##key,
enum { CHECK_COLUMNS(CHECK_NUMBER) C_COLUMNS };
#define CHECK_COLUMN(k, t, u, f, p, w, h)                                                                    \
    {.key = #k, .title = t, .unit = u, .flags = f, .priority = p, .width = w, .help = h},
static const struct column check_columns[] = {CHECK_COLUMNS(CHECK_COLUMN)};

const struct column *checks_columns(size_t *n)
{
    *n = ARRAY_LEN(check_columns);
    return check_columns;
}

/* ---- figures for people ---- */

static const char *bytes_text(struct arena *a, int64_t bytes)
{
    char buf[UNIT_TEXT_MAX];
    return sd_known(bytes) ? arena_strdup(a, unit_format_int(UNIT_BYTES, bytes, buf)) : NULL;
}

static const char *unit_text(struct arena *a, const struct check *c, double v)
{
    char buf[64];
    return isfinite(v) ? arena_strdup(a, goal_value_text(c->value_unit, v, buf)) : NULL;
}

static const char *number_text(struct arena *a, double v)
{
    return isfinite(v) ? arena_printf(a, "%.6g", v) : NULL;
}

const char *check_value_text(struct arena *a, const struct check *c)
{
    return c->kind     ? unit_text(a, c, c->value)
           : c->metric ? bytes_text(a, c->actual_bytes)
                       : number_text(a, c->actual);
}

const char *check_limit_text(struct arena *a, const struct check *c)
{
    return c->kind     ? unit_text(a, c, c->limit)
           : c->metric ? bytes_text(a, c->limit_bytes)
                       : number_text(a, c->expected);
}

static const struct table *text_list(struct doc *d, const char *const *texts, size_t n)
{
    static const struct column columns[] = {
        {.key = "text", .title = "Text", .flags = COLUMN_LEFT, .help = "a text"}};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < n; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, texts[i]));
    return t;
}

static enum severity severity_of(enum check_status s)
{
    return s == CHECK_FAIL || s == CHECK_MISSING ? SEVERITY_BAD
           : s == CHECK_WARN                     ? SEVERITY_WARN
                                                 : SEVERITY_NONE;
}

static void add_check(struct doc *d, struct table *t, const struct check *c)
{
    const struct cell cells[C_COLUMNS] = {
        [C_status] = cell_text(check_status_name(c->status)),
        [C_name] = cell_text(doc_text(d, c->name)),
        [C_source] = cell_text(doc_text(d, c->source)),
        [C_metric] = cell_text(doc_text(d, c->metric)),
        [C_limit_bytes] = cell_int(c->limit_bytes),
        [C_actual_bytes] = cell_int(c->actual_bytes),
        [C_over_bytes] = cell_int(c->over_bytes),
        [C_files] = cell_list(text_list(d, c->files, c->n_files)),
        [C_message] = cell_text(doc_text(d, c->message)),
        [C_audit] = cell_text(doc_text(d, c->audit)),
        [C_assertion] = cell_text(doc_text(d, c->assertion)),
        [C_expected] = cell_real(c->expected),
        [C_actual] = cell_real(c->actual),
        [C_url] = cell_text(doc_text(d, c->url)),
        [C_level] = cell_text(doc_text(d, c->level)),
        [C_kind] = cell_text(doc_text(d, c->kind)),
        [C_signal] = cell_text(doc_text(d, c->signal)),
        [C_subject] = cell_text(doc_text(d, c->subject)),
        [C_feature] = cell_text(doc_text(d, c->feature)),
        [C_value] = cell_real(c->value),
        [C_value_unit] = cell_text(doc_text(d, c->value_unit)),
        [C_limit] = cell_real(c->limit),
        [C_baseline] = cell_real(c->baseline),
        [C_change_share] = cell_real(c->change_share),
        [C_p_value] = cell_real(c->p_value),
        [C_text] = cell_text(doc_text(d, c->text)),
        [C_shown_value] = cell_text(check_value_text(d->arena, c)),
        [C_shown_limit] = cell_text(check_limit_text(d->arena, c)),
        [C_found] = cell_text(doc_text(d, check_sentence(c))),
    };
    struct row *r = doc_row(d, t);
    memcpy(r->cells, cells, sizeof cells);
    r->severity = severity_of(c->status);
}

/* ---- the gate ---- */

/* In ns, and plain for CLS: each figure has a key for both. */
#define GATE_COLUMNS(X)                                                                                      \
    X(page, "Page", UNIT_NONE, 5, 20, "URL and form factor of the new runs")                                 \
    X(metric, "Metric", UNIT_NONE, 0, 6, "fcp, lcp, tbt, cls or si")                                         \
    X(status, "Verdict", UNIT_NONE, 0, 10, "pass, regression or undecided")                                  \
    X(base_median_ns, "Before", UNIT_NS, 2, 0, "median of the baseline")                                     \
    X(new_median_ns, "After", UNIT_NS, 1, 0, "median of the new runs")                                       \
    X(difference_ns, "Change", UNIT_NS, 0, 0, "median of all differences between two runs")                  \
    X(low_ns, "At least", UNIT_NS, 3, 0, "lower end of its interval")                                        \
    X(high_ns, "At most", UNIT_NS, 3, 0, "upper end of its interval")                                        \
    X(base_median, "CLS before", UNIT_NONE, 6, 0, "the same of cls")                                         \
    X(new_median, "CLS after", UNIT_NONE, 6, 0, "of cls")                                                    \
    X(difference, "Change", UNIT_NONE, 6, 0, "of cls")                                                       \
    X(low, "At least", UNIT_NONE, 6, 0, "of cls")                                                            \
    X(high, "At most", UNIT_NONE, 6, 0, "of cls")                                                            \
    X(confidence, "Sure", UNIT_SHARE, 4, 0, "confidence of the interval")                                    \
    X(runs_base, "Runs", UNIT_COUNT, 7, 0, "of the baseline that have the metric")                           \
    X(runs_new, "Runs", UNIT_COUNT, 7, 0, "new ones that have it")

#define GATE_NUMBER(key, title, unit, priority, width, help) G_##key,
enum { GATE_COLUMNS(GATE_NUMBER) G_COLUMNS };
#define GATE_COLUMN(k, t, u, p, w, h)                                                                        \
    {.key = #k, .title = t, .unit = u, .priority = p, .width = w, .help = h},
static const struct column gate_columns[] = {GATE_COLUMNS(GATE_COLUMN)};

#define CATEGORY_COLUMNS(X)                                                                                  \
    X(page, "Page", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 5, 20, "URL and form factor of the new runs")      \
    X(category, "Category", UNIT_NONE, 0, 0, 14, "performance, accessibility, best-practices or seo")        \
    X(before, "Before", UNIT_NONE, 0, 1, 8, "median score of the baseline, 0 to 1")                          \
    X(after, "After", UNIT_NONE, 0, 1, 8, "median score of the new runs")                                    \
    X(drop, "Drop", UNIT_NONE, 0, 0, 8, "in points of 100; negative: it rose")                               \
    X(status, "Verdict", UNIT_NONE, 0, 0, 10, "pass, regression (by more than --max-drop) or undecided")

#define CATEGORY_NUMBER(key, title, unit, flags, priority, width, help) A_##key,
enum { CATEGORY_COLUMNS(CATEGORY_NUMBER) A_COLUMNS };
static const struct column category_columns[] = {CATEGORY_COLUMNS(CHECK_COLUMN)};

static struct cell ns_of(const struct gate_metric *m, double v)
{
    return m->plain || !isfinite(v) ? cell_unknown() : cell_int(real_to_int(v * 1e6));
}

static struct cell plain_of(const struct gate_metric *m, double v)
{
    return m->plain ? cell_real(v) : cell_unknown();
}

static enum severity severity_of_gate(enum gate_status s)
{
    return s == GATE_REGRESSION ? SEVERITY_BAD : s == GATE_UNDECIDED ? SEVERITY_WARN : SEVERITY_NONE;
}

static const struct table *metrics_list(struct doc *d, const struct run_gate *g)
{
    struct table *t = doc_list(d, gate_columns, ARRAY_LEN(gate_columns));
    for (size_t i = 0; i < g->n_metrics; i++) {
        const struct gate_metric *m = &g->metrics[i];
        const struct cell cells[G_COLUMNS] = {
            [G_page] = cell_text(doc_text(d, m->page)),
            [G_metric] = cell_text(m->metric),
            [G_status] = cell_text(gate_status_name(m->status)),
            [G_base_median_ns] = ns_of(m, m->before),
            [G_new_median_ns] = ns_of(m, m->after),
            [G_difference_ns] = ns_of(m, m->difference),
            [G_low_ns] = ns_of(m, m->low),
            [G_high_ns] = ns_of(m, m->high),
            [G_base_median] = plain_of(m, m->before),
            [G_new_median] = plain_of(m, m->after),
            [G_difference] = plain_of(m, m->difference),
            [G_low] = plain_of(m, m->low),
            [G_high] = plain_of(m, m->high),
            [G_confidence] = cell_real(m->confidence),
            [G_runs_base] = cell_int((int64_t)m->runs_base),
            [G_runs_new] = cell_int((int64_t)m->runs_new),
        };
        memcpy(doc_row(d, t)->cells, cells, sizeof cells);
    }
    return t;
}

/* In JSON the gate is one object. */
static void gate_field(struct doc *d, const struct run_gate *g)
{
    static const struct column columns[] = {
        {.key = "status", .title = "Verdict", .help = "pass, regression or undecided"},
        {.key = "runs_base", .title = "Runs before", .unit = UNIT_COUNT, .help = "of the baseline"},
        {.key = "runs_new", .title = "Runs after", .unit = UNIT_COUNT, .help = "new ones"},
        {.key = "runs_needed", .title = "Needed", .unit = UNIT_COUNT, .help = "a side, to decide"},
        {.key = "metrics", .title = "Metrics", .help = "one by one"}};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    struct row *r = doc_row(d, t);
    r->cells[0] = cell_text(gate_status_name(g->status));
    r->cells[1] = cell_int((int64_t)g->runs_base);
    r->cells[2] = cell_int((int64_t)g->runs_new);
    r->cells[3] = cell_int(GATE_RUNS_NEEDED);
    r->cells[4] = cell_list(metrics_list(d, g));
    t->is_object = true;
    doc_field(d, "gate", UNIT_NONE, cell_list(t));
}

/* "2.1 s", and of CLS the figure itself. */
static const char *figure(struct doc *d, const struct gate_metric *m, double v, bool sign)
{
    char buf[UNIT_TEXT_MAX];
    if (!isfinite(v))
        return "-";
    const char *plus = sign && v > 0 ? "+" : "";
    if (m->plain)
        return doc_printf(d, "%s%.3f", plus, v);
    return doc_printf(d, "%s%s%s", plus, v < 0 ? "-" : "", unit_format(UNIT_NS, fabs(v) * 1e6, buf));
}

/* For people: all figures as texts, so that seconds and CLS stand in one column. */
static void gate_section(struct doc *d, const struct run_gate *g)
{
    static const struct column columns[] = {
        {.key = "verdict", .title = "Gate", .flags = COLUMN_LEFT, .width = 10, .help = "what is decided"},
        {.key = "metric", .title = "Metric", .flags = COLUMN_LEFT, .width = 6, .help = "which"},
        {.key = "before", .title = "Before", .width = 9, .help = "median of the baseline"},
        {.key = "after", .title = "After", .width = 9, .help = "median of the new runs"},
        {.key = "change", .title = "Change", .width = 9, .help = "and how sure it is"},
        {.key = "interval",
         .title = "Between",
         .flags = COLUMN_LEFT | COLUMN_GROW,
         .width = 26,
         .help = "its interval"},
        {.key = "page",
         .title = "Page",
         .flags = COLUMN_LEFT,
         .priority = 1,
         .width = 30,
         .help = "URL and form factor"}};
    struct section *s = doc_table(d, NULL, "Runs before and after", columns, ARRAY_LEN(columns));
    s->note = doc_printf(d, "%s: %zu runs before, %zu after", gate_status_name(g->status), g->runs_base,
                         g->runs_new);
    if (MIN(g->runs_base, g->runs_new) < GATE_RUNS_NEEDED)
        s->note = doc_printf(d, "%s; at least %d on each side are needed", s->note, GATE_RUNS_NEEDED);
    s->empty = "No metric is in the reports of both sides.";
    for (int status = GATE_REGRESSION; status >= GATE_PASS; status--)
        for (size_t i = 0; i < g->n_metrics; i++) {
            const struct gate_metric *m = &g->metrics[i];
            if ((int)m->status != status)
                continue;
            struct row *r = doc_row(d, &s->table);
            r->severity = severity_of_gate(m->status);
            r->cells[0] = cell_text(gate_status_name(m->status));
            r->cells[1] = cell_text(m->metric);
            r->cells[2] = cell_text(figure(d, m, m->before, false));
            r->cells[3] = cell_text(figure(d, m, m->after, false));
            r->cells[4] = cell_text(figure(d, m, m->difference, true));
            if (isfinite(m->low))
                r->cells[5] = cell_text(doc_printf(d, "%s and %s (%.3g %%)", figure(d, m, m->low, true),
                                                   figure(d, m, m->high, true), m->confidence * 100));
            r->cells[6] = cell_text(doc_text(d, m->page));
        }
}

static void categories_section(struct doc *d, const struct run_gate *g)
{
    struct section *s =
        doc_table(d, "categories", "Categories", category_columns, ARRAY_LEN(category_columns));
    s->empty = "No category of the reports could be compared.";
    for (size_t i = 0; i < g->n_categories; i++) {
        const struct gate_category *c = &g->categories[i];
        struct row *r = doc_row(d, &s->table);
        r->severity = severity_of_gate(c->status);
        r->cells[A_page] = cell_text(doc_text(d, c->page));
        r->cells[A_category] = cell_text(c->category);
        r->cells[A_before] = cell_real(c->before);
        r->cells[A_after] = cell_real(c->after);
        r->cells[A_drop] = cell_real(c->drop);
        r->cells[A_status] = cell_text(gate_status_name(c->status));
    }
}

/* ---- all of it ---- */

/* Which build a budget is about is shown where there are several. */
static const struct column *columns_for(struct doc *d, const struct check_list *l)
{
    const char *first = NULL;
    bool several = false;
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].metric) {
            first = first ? first : l->items[i].source;
            several = several || !str_eq(first, l->items[i].source);
        }
    if (!several)
        return check_columns;
    struct column *own = arena_copy(d->arena, check_columns, sizeof check_columns);
    own[C_source].flags &= ~(unsigned)H;
    own[C_source].priority = 1;
    return own;
}

static void counts(struct doc *d, const struct check_list *l)
{
    static const struct {
        const char *key;
        enum check_status status;
    } COUNTS[] = {{.key = "passed", .status = CHECK_PASS},
                  {.key = "warned", .status = CHECK_WARN},
                  {.key = "failed", .status = CHECK_FAIL},
                  {.key = "missing", .status = CHECK_MISSING},
                  {.key = "skipped", .status = CHECK_SKIP}};
    for (size_t i = 0; i < ARRAY_LEN(COUNTS); i++)
        doc_field(d, COUNTS[i].key, UNIT_COUNT, cell_int((int64_t)l->count[COUNTS[i].status]));
}

static void notes(struct doc *d, const struct check_list *l, const struct run_gate *g)
{
    struct strbuf lines = {0};
    size_t n = l->n_notes + (g ? g->n_notes : 0);
    const char **all = arena_alloc(d->arena, (n + 1) * sizeof *all);
    for (size_t i = 0; i < n; i++) {
        all[i] = i < l->n_notes ? l->notes[i] : g->notes[i - l->n_notes];
        strbuf_printf(&lines, "%s%s", i ? "\n" : "", all[i]);
    }
    doc_field(d, "notes", UNIT_NONE, cell_list(text_list(d, all, n)));
    if (n)
        doc_section(d, SECTION_TEXT, NULL, "Notes")->text = doc_text(d, strbuf_text(&lines));
    strbuf_free(&lines);
}

struct doc *checks_doc(const struct check_list *l, const struct run_gate *gate)
{
    struct doc *d = doc_new("check", "Checks");
    counts(d, l);
    if (gate) {
        gate_field(d, gate);
        gate_section(d, gate);
        categories_section(d, gate);
    }
    struct section *s = doc_table(d, "checks", "Checks", columns_for(d, l), ARRAY_LEN(check_columns));
    s->note =
        doc_printf(d, "%zu failed, %zu missing, %zu warned, %zu passed, %zu skipped", l->count[CHECK_FAIL],
                   l->count[CHECK_MISSING], l->count[CHECK_WARN], l->count[CHECK_PASS], l->count[CHECK_SKIP]);
    s->empty = "No budget and no assertion was named; --budget FILE and --policy FILE do.";
    for (size_t i = 0; i < l->n; i++)
        add_check(d, &s->table, &l->items[i]);
    notes(d, l, gate);
    return d;
}
