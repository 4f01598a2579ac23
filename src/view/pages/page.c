/* One page: its metrics, the largest paint, what moved, what blocks, third parties, and its load as a
 * waterfall. */
#include <stdlib.h>

#include "core/model/pages.h"
#include "core/pages/score.h"
#include "core/table.h"
#include "view/pages/page_list.h"
#include "view/pages/page_parts.h"
#include "view/shared/common.h"

/* ---- metrics, lab and field ---- */

#define METRICS(X)                                                                                           \
    X(metric, "Metric", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "lcp, tbt, cls, ...",                     \
      cell_text(doc_text(d, id)))                                                                            \
    X(title, "Metric", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_NO_JSON, 0, "its name",                 \
      cell_text(doc_text(d, page_metric_title(id))))                                                         \
    X(lab, "Lab", UNIT_NONE, COLUMN_NO_JSON, 0, "median of the runs of Lighthouse",                          \
      cell_text(page_value_text(d, id, lab ? lab->median : (double)NAN)))                                    \
    X(range, "Range", UNIT_NONE, COLUMN_NO_JSON, 3, "lowest and highest of the runs", range(d, lab))         \
    X(rating, "Lab rating", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 1, "good, needs improvement or poor",   \
      cell_text(lab ? rating(page_lab_rating(id, lab->median)) : NULL))                                      \
    X(score, "Score", UNIT_NONE, 0, 2, "of the run that is shown, recomputed, 0 to 1",                       \
      cell_real(score_of(g->shown, id)))                                                                     \
    X(weight, "Weight", UNIT_NONE, COLUMN_HIDDEN, 9, "in the performance score",                             \
      cell_real(weight_of(g->shown, id)))                                                                    \
    X(users, "Users' p75", UNIT_NONE, COLUMN_NO_JSON, 0, "75 % of the real users have at most that",         \
      cell_text(page_value_text(d, id, field ? field->p75 : (double)NAN)))                                   \
    X(users_rating, "Users' rating", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 1,                             \
      "good, needs improvement or poor, by the p75",                                                         \
      cell_text(field ? rating(page_lab_rating(id, field->p75)) : NULL))                                     \
    X(good_share, "Good", UNIT_SHARE, 0, 2, "share of real users",                                           \
      cell_real(field ? field->good_share : NAN))                                                            \
    X(poor_share, "Poor", UNIT_SHARE, 0, 3, "share of real users",                                           \
      cell_real(field ? field->poor_share : NAN))                                                            \
    X(median_ns, "Median", UNIT_NS, COLUMN_HIDDEN, 9, "in the lab; null for cls",                            \
      page_time_cell(id, lab ? lab->median : NAN))                                                           \
    X(median, "Median", UNIT_NONE, COLUMN_HIDDEN, 9, "of cls", page_plain_cell(id, lab ? lab->median : NAN)) \
    X(p75_ns, "p75", UNIT_NS, COLUMN_HIDDEN, 9, "of real users; null for cls",                               \
      page_time_cell(id, field ? field->p75 : NAN))                                                          \
    X(p75, "p75", UNIT_NONE, COLUMN_HIDDEN, 9, "of cls", page_plain_cell(id, field ? field->p75 : NAN))

static const char *rating(enum severity s)
{
    static const char *const words[] = {[SEVERITY_NONE] = NULL,
                                        [SEVERITY_GOOD] = "good",
                                        [SEVERITY_WARN] = "needs improvement",
                                        [SEVERITY_BAD] = "poor"};
    return words[s];
}

static struct cell range(struct doc *d, const struct page_spread *s)
{
    if (!s || s->n < 2)
        return cell_unknown();
    return cell_text(
        doc_printf(d, "%s - %s", page_value_text(d, s->id, s->low), page_value_text(d, s->id, s->high)));
}

static size_t metric_at(const struct sd_page_report *r, const char *id)
{
    size_t i = 0;
    while (r && r->metrics && i < r->metrics->n && !str_eq(r->metrics->items[i], id))
        i++;
    return r && r->metrics && i < r->metrics->n ? i : SIZE_MAX;
}

static double score_of(const struct sd_page_report *r, const char *id)
{
    size_t i = metric_at(r, id);
    return i == SIZE_MAX ? (double)NAN : page_report_metric_score(r, i);
}

static double weight_of(const struct sd_page_report *r, const char *id)
{
    size_t i = metric_at(r, id);
    return i == SIZE_MAX || !r->metric_weights || i >= r->metric_weights->n ? (double)NAN
                                                                            : r->metric_weights->items[i];
}

#define METRICS_ENUM(key, title, unit, flags, priority, help, cell) M_##key,
enum { METRICS(METRICS_ENUM) M_COLUMNS };
#define METRICS_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                  \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 18 : 0},
static const struct column METRIC_COLUMNS[M_COLUMNS] = {METRICS(METRICS_COLUMN)};

static void metric_row(struct doc *d, struct section *s, const struct page_entry *e, const char *id)
{
    const struct page_runs *g = e->lab;
    const struct page_spread *lab = page_runs_metric(g, id);
    enum vital v = vital_of_name(id);
    const struct sd_page_field *field = v < VITAL_N ? e->field[v] : NULL;
    if (!lab && !field)
        return;
    struct row *r = doc_row(d, &s->table);
#define METRICS_CELL(key, title, unit, flags, priority, help, cell) r->cells[M_##key] = (cell);
    METRICS(METRICS_CELL)
    r->severity = MAX(lab ? page_lab_rating(id, lab->median) : SEVERITY_NONE,
                      field ? page_lab_rating(id, field->p75) : SEVERITY_NONE);
}

static void metrics(struct doc *d, const struct page_entry *e)
{
    static const char *const order[] = {"lcp", "inp", "cls", "tbt", "fcp", "ttfb", "si", "tti", "fmp", "fci"};
    struct section *s = doc_table(d, "metrics", "Lab and users", METRIC_COLUMNS, M_COLUMNS);
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        metric_row(d, s, e, order[i]);
    const struct page_runs *g = e->lab;
    s->note = g->runs ? doc_printf(d, "score %.0f, %s, %zu run%s%s", g->score * 100, g->form_factor, g->runs,
                                   g->runs == 1 ? "" : "s",
                                   g->no_result ? doc_printf(d, ", %zu without a result", g->no_result) : "")
                      : NULL;
    s->empty = "No run has a result.";
}

/* ---- the doc ---- */

static void failed(struct doc *d, const struct page_entry *e)
{
    const struct page_runs *g = e->lab;
    if (!g->no_result)
        return;
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "No result");
    s->text =
        doc_printf(d, "%zu of %zu run%s gave no result: %s%s%s", g->no_result, g->no_result + g->runs,
                   g->no_result + g->runs == 1 ? "" : "s", g->cause ? g->cause : "a metric was not measured",
                   g->cause_text ? ". " : "", g->cause_text ? g->cause_text : "");
}

static void categories(struct doc *d, const struct page_runs *g)
{
    struct section *s = doc_section(d, SECTION_FIELDS, "categories", "Other categories, 0 to 100");
    for (size_t i = 0; i < g->n_categories; i++) {
        const struct page_spread *x = &g->categories[i];
        if (!isnan(x->median) && !str_eq(x->id, "performance")) /* recomputed above */
            section_field(d, s, doc_text(d, x->id), doc_text(d, x->id), UNIT_NONE,
                          cell_int((int64_t)floor(x->median * 100 + 0.5)));
    }
    s->empty = "No run has a result.";
}

static void sections(struct doc *d, const struct view_ctx *c, const struct page_entry *e)
{
    const struct sd_page_report *r = e->lab->shown;
    failed(d, e);
    metrics(d, e);
    d->focus = (int)d->n_sections - 1;
    if (!r)
        return;
    page_largest_paint(d, r);
    page_blocking(d, r);
    page_opportunities(d, r);
    page_third_parties(d, r);
    page_shifts(d, r);
    page_long_tasks(d, r);
    page_waterfall(d, c, r);
    categories(d, e->lab);
}

static void none(struct doc *d, const struct view_ctx *c, bool any)
{
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "Page");
    s->text = c->arg && any
                  ? doc_printf(d, "No report of a page \"%s\" is known. The view pages lists all.", c->arg)
                  : common_empty(d, c, KINDS_PAGES);
    d->missing = c->arg && !d->missing ? s->text : d->missing;
}

static struct doc *build_page(const struct view_ctx *c)
{
    struct doc *d = doc_new("page", "Page");
    struct page_list l = page_list_of(d, c);
    const struct page_entry *e = page_list_find(&l, c->arg);
    common_envelope(d, c, common_span(c));
    doc_field(d, "page", UNIT_NONE, cell_text(e ? page_entry_name(d, &l, e) : doc_text(d, c->arg)));
    if (e) {
        d->title = page_entry_name(d, &l, e);
        doc_field(d, "path", UNIT_NONE, cell_text(e->lab->shown ? doc_text(d, e->lab->shown->path) : NULL));
        sections(d, c, e);
    } else {
        none(d, c, l.n > 0);
    }
    page_list_free(&l);
    return d;
}

static const char *subject(const struct model *m, size_t i)
{
    static char name[4096]; /* as the model's text: good until the next question */
    struct view_ctx c = {.model = m, .span = SPAN_ALL, .now = INT64_MAX};
    struct doc *d = doc_new("page", "Page");
    struct page_list l = page_list_of(d, &c);
    bool there = i < l.n;
    if (there)
        snprintf(name, sizeof name, "%s", page_entry_name(d, &l, &l.items[i]));
    page_list_free(&l);
    doc_free(d);
    return there ? name : NULL;
}

static const struct column ALSO[] = {
    {.key = "page", .title = "Page", .help = "its URL: what --select takes"},
    {.key = "path", .title = "Path", .help = "of the report that the parts below are of"},
    {.key = "lcp_phases", .title = "Largest paint", .help = "parts of its time: phase, duration_ns, share"},
    {.key = "blocking",
     .title = "Blocking",
     .help = "requests that block rendering: url, type, start_ns, duration_ns, transfer_bytes"},
    {.key = "opportunities",
     .title = "Opportunities",
     .help = "audit, title, saving_ns, saving_bytes; the largest first"},
    {.key = "third_parties",
     .title = "Third parties",
     .help = "entity, transfer_bytes, main_thread_ns, blocking_ns, and what would spare it (advice)"},
    {.key = "cls_sources", .title = "Shifts", .help = "what moved: element, score"},
    {.key = "long_tasks", .title = "Long tasks", .help = "url, start_ns, duration_ns; the longest first"},
    {.key = "load", .title = "Load", .help = "its requests as boxes"},
    {.key = "categories", .title = "Categories", .help = "scores of the others than performance, 0 to 100"},
};

const struct view page_view = {
    .name = "page",
    .place = PLACE_PAGES,
    .title = "Page",
    .summary = "one page: what its largest paint waits for, what blocks, moves and is loaded",
    .about = "page",
    .subject = subject,
    .url_source = "lighthouse",
    .needs = KINDS_PAGES,
    .build = build_page,
    .linked = page_linked,
    .rows = "metrics",
    .columns = METRIC_COLUMNS,
    .n_columns = M_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
