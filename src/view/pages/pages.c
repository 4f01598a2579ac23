/* Pages: what loading takes in the lab and for real users, side by side, the worst first. */
#include <stdlib.h>

#include "core/model/pages.h"
#include "core/pages/score.h"
#include "core/table.h"
#include "view/pages/page_list.h"
#include "view/pages/pages_field.h"
#include "view/pages/pages_reports.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"
#include "view/shared/worst.h"

/* ---- cells ---- */

static struct cell score_cell(const struct page_runs *g)
{
    return g->runs ? cell_int((int64_t)floor(g->score * 100 + 0.5)) : cell_unknown();
}

static struct cell lab_cell(struct doc *d, const struct page_runs *g, const char *metric)
{
    const struct page_spread *s = page_runs_metric(g, metric);
    return cell_text(s ? page_value_text(d, metric, s->median) : NULL);
}

static struct cell field_cell(struct doc *d, const struct page_entry *e, enum vital v)
{
    static const char *const words[VITAL_RATINGS] = {"good", "needs improvement", "poor"};
    if (!e->field[v] || !isfinite(e->field[v]->p75))
        return cell_unknown();
    return cell_text(doc_printf(d, "%s %s", page_value_text(d, VITALS[v].name, e->field[v]->p75),
                                words[vital_rate(v, e->field[v]->p75)]));
}

/* How its p75 of the largest paint moved over the span. */
static struct cell trend_cell(struct doc *d, const struct page_entry *e)
{
    const struct sd_page_field *now = e->field[VITAL_LCP], *then = e->before[VITAL_LCP];
    if (!now || !then || !(then->p75 > 0) || !isfinite(now->p75))
        return cell_unknown();
    return cell_text(doc_printf(d, "%+.0f %%", 100 * (now->p75 / then->p75 - 1)));
}

static const struct column SPREAD[] = {
    {.key = "id", .title = "Metric", .help = "fcp, lcp, ..."},
    {.key = "median_ns", .title = "Median", .unit = UNIT_NS, .help = "of the runs; null for cls"},
    {.key = "low_ns", .title = "Lowest", .unit = UNIT_NS, .help = "of the runs"},
    {.key = "high_ns", .title = "Highest", .unit = UNIT_NS, .help = "of the runs"},
    {.key = "median", .title = "Median", .help = "of cls; null for the others"},
    {.key = "low", .title = "Lowest", .help = "of cls"},
    {.key = "high", .title = "Highest", .help = "of cls"},
};

static const struct table *spreads(struct doc *d, const struct page_runs *g)
{
    struct table *t = doc_list(d, SPREAD, ARRAY_LEN(SPREAD));
    for (size_t i = 0; i < g->n_metrics; i++) {
        const struct page_spread *s = &g->metrics[i];
        const double v[] = {s->median, s->low, s->high};
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(doc_text(d, s->id));
        for (size_t k = 0; k < ARRAY_LEN(v); k++) {
            r->cells[1 + k] = page_time_cell(s->id, v[k]);
            r->cells[4 + k] = page_plain_cell(s->id, v[k]);
        }
    }
    return t;
}

static const struct column CATEGORY[] = {
    {.key = "category", .title = "Category", .help = "performance, accessibility, ..."},
    {.key = "score", .title = "Score", .help = "median of the runs"},
};

static const struct table *categories(struct doc *d, const struct page_runs *g)
{
    struct table *t = doc_list(d, CATEGORY, ARRAY_LEN(CATEGORY));
    for (size_t i = 0; i < g->n_categories; i++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(doc_text(d, g->categories[i].id));
        r->cells[1] = cell_real(g->categories[i].median);
    }
    return t;
}

/* ---- the table ---- */

#define PEOPLE (COLUMN_NO_JSON)
#define PAGES(X)                                                                                             \
    X(shown, "Page", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | PEOPLE, 0,                                       \
      "the URL; without its host where all have the same",                                                   \
      cell_text(doc_text(d, page_url_shown(l, g->url))))                                                     \
    X(page, "URL", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the URL, as it was shown at the end",         \
      cell_text(doc_text(d, g->url)))                                                                        \
    X(form_factor, "Device", UNIT_NONE, COLUMN_LEFT, 4, "mobile or desktop",                                 \
      cell_text(doc_text(d, g->form_factor)))                                                                \
    X(points, "Score", UNIT_NONE, PEOPLE, 0, "Lighthouse's performance score, 0 to 100; -: no result",       \
      score_cell(g))                                                                                         \
    X(lab_lcp, "LCP", UNIT_NONE, PEOPLE, 0, "largest contentful paint in the lab, median of the runs",       \
      lab_cell(d, g, "lcp"))                                                                                 \
    X(lab_tbt, "TBT", UNIT_NONE, PEOPLE, 1, "total blocking time in the lab", lab_cell(d, g, "tbt"))         \
    X(lab_cls, "CLS", UNIT_NONE, PEOPLE, 1, "cumulative layout shift in the lab", lab_cell(d, g, "cls"))     \
    X(users_lcp, "Users' LCP", UNIT_NONE, PEOPLE, 2,                                                         \
      "p75 of real users: up to 2.5 s good, above 4 s poor, between them it needs improvement",              \
      field_cell(d, e, VITAL_LCP))                                                                           \
    X(users_inp, "Users' INP", UNIT_NONE, PEOPLE, 3,                                                         \
      "p75 of interaction to next paint of real users: up to 200 ms good, above 500 ms poor",                \
      field_cell(d, e, VITAL_INP))                                                                           \
    X(users_cls, "Users' CLS", UNIT_NONE, PEOPLE, 3, "p75 of real users: up to 0.1 good, above 0.25 poor",   \
      field_cell(d, e, VITAL_CLS))                                                                           \
    X(trend_lcp, "Trend", UNIT_NONE, PEOPLE, 4, "how the users' LCP changed over the time window",           \
      trend_cell(d, e))                                                                                      \
    X(worst, "Worst", UNIT_NONE, COLUMN_LEFT | PEOPLE, 1, "the vital that is furthest beyond its limit",     \
      cell_text(e->worst))                                                                                   \
    X(weight_bytes, "Weight", UNIT_BYTES, 0, 2, "transferred by the whole page, of the run that is shown",   \
      cell_int(g->shown ? page_weight(g->shown) : SD_UNKNOWN))                                               \
    X(runs, "Runs", UNIT_COUNT, 0, 3, "runs of Lighthouse with a score", cell_int((int64_t)g->runs))         \
    X(no_result, "Failed", UNIT_COUNT, 0, 5, "runs without a result; they count in no median",               \
      cell_int((int64_t)g->no_result))                                                                       \
    X(score, "Exact score", UNIT_NONE, COLUMN_HIDDEN, 9, "median of the runs' scores, 0 to 1",               \
      cell_real(g->score))                                                                                   \
    X(median_run, "Median run", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                   \
      "path of the run that stands for all, as LHCI chooses it; null: none has a result",                    \
      cell_text(g->runs && g->shown ? doc_text(d, g->shown->path) : NULL))                                   \
    X(metrics, "Metrics", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                         \
      "id, median_ns, low_ns, high_ns of the runs; of cls, which is no time, median, low, high",             \
      cell_list(spreads(d, g)))                                                                              \
    X(categories, "Categories", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                   \
      "category and score, 0 to 1, the median of the runs", cell_list(categories(d, g)))

#define PAGES_ENUM(key, title, unit, flags, priority, help, cell) P_##key,
enum { PAGES(PAGES_ENUM) P_COLUMNS };
#define PAGES_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                    \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 18 : 0},
static const struct column COLUMNS[P_COLUMNS] = {PAGES(PAGES_COLUMN)};

static const char *note_of(struct doc *d, const struct page_list *l)
{
    size_t runs = 0, failed = 0;
    for (size_t i = 0; i < l->n; i++) {
        runs += l->items[i].lab->runs;
        failed += l->items[i].lab->no_result;
    }
    const char *host = page_host_shown(d, l);
    return doc_printf(d, "%s%s%zu run%s of Lighthouse%s", host, *host ? ", " : "", runs + failed,
                      runs + failed == 1 ? "" : "s",
                      failed ? doc_printf(d, ", %zu without a result", failed) : "");
}

static void add_pages(struct doc *d, const struct page_list *l)
{
    struct section *s = doc_table(d, "pages", "Pages", COLUMNS, P_COLUMNS);
    s->kinds = SD_KIND_BIT(SD_PAGE_REPORT);
    s->weight = 1;
    for (size_t i = 0; i < l->n; i++) {
        const struct page_entry *e = &l->items[i];
        const struct page_runs *g = e->lab;
        struct row *r = doc_row(d, &s->table);
#define PAGES_CELL(key, title, unit, flags, priority, help, cell) r->cells[P_##key] = (cell);
        PAGES(PAGES_CELL)
        r->severity = e->severity;
        r->dive = (struct dive){.view = "page", .arg = page_entry_name(d, l, e)};
    }
    if (l->n)
        s->note = note_of(d, l);
}

static struct doc *build_pages(const struct view_ctx *c)
{
    struct doc *d = doc_new("pages", "Pages");
    struct page_list l = page_list_of(d, c);
    common_envelope(d, c, common_span(c));
    pages_reports_list(d, &l);
    if (l.n)
        add_pages(d, &l);
    pages_reports_pane(d, &l);
    pages_field_sections(d, c);
    if (!l.n && d->n_sections) { /* what users and loads say is all there is */
        doc_field(d, "pages", UNIT_NONE, cell_list(doc_list(d, COLUMNS, P_COLUMNS)));
    } else if (!l.n) {
        add_pages(d, &l);
        d->sections[0].empty = common_empty(d, c, KINDS_PAGES);
    }
    page_list_free(&l);
    return d;
}

/* ---- the overview, and what changed ---- */

static void pages_worst(const struct view_ctx *c, struct worst_list *out)
{
    struct page_list l = page_list_of(out->d, c);
    for (size_t i = 0; i < l.n; i++) {
        const struct page_entry *e = &l.items[i];
        if (e->severity < SEVERITY_BAD)
            continue;
        worst_add(out, (struct worst_item){.what = "page",
                                           .severity = e->lab->runs ? SEVERITY_BAD : SEVERITY_WARN,
                                           .share = NAN,
                                           .subject = doc_text(out->d, e->lab->url),
                                           .why = e->worst,
                                           .dive = {.view = "page", .arg = page_entry_name(out->d, &l, e)}});
    }
    page_list_free(&l);
    pages_field_worst(c, out);
}

/* A run has one value: what is more than noise between two sets of runs says `slowdive check`. */
static void add_figure(struct figures *f, const char *page, const char *name, const char *text)
{
    figures_add(f, &(struct figure){.kind = "page",
                                    .key = page,
                                    .name = name,
                                    .method = FIGURE_TEXT,
                                    .value = NAN,
                                    .text = text,
                                    .dive = {.view = "page", .arg = page}});
}

static void pages_figures(const struct view_ctx *c, struct figures *f)
{
    struct page_list l = page_list_of(f->d, c);
    for (size_t i = 0; i < l.n; i++) {
        const struct page_entry *e = &l.items[i];
        const char *page = page_entry_name(f->d, &l, e);
        add_figure(f, page, "score",
                   e->lab->runs
                       ? doc_printf(f->d, "%.0f", 100 * e->lab->score)
                       : doc_printf(f->d, "no result: %s", e->lab->cause ? e->lab->cause : "unknown"));
        if (e->lab->shown && e->lab->shown->lcp_element)
            add_figure(f, page, "LCP element", doc_text(f->d, e->lab->shown->lcp_element));
    }
    page_list_free(&l);
    pages_field_figures(c, f);
}

static const struct column ALSO[] = {
    {.key = "reports",
     .title = "Reports",
     .help = "each report of Lighthouse: path, url, form_factor, lighthouse_version, fetch_time, score (0 to "
             "1, recomputed; null: no result), score_reported, runtime_error (NO_FCP, ...), metrics (id, "
             "score, score_reported, weight, value_ns; of cls value), opportunities (audit, saving_ns, "
             "saving_bytes; the largest first), lcp_element, cls_sources (element, score), third_parties "
             "(entity, transfer_bytes, main_thread_ns, blocking_ns)"},
    {.key = "field",
     .title = "Field",
     .help =
         "vitals of real users: source (rum, crux), by (all, page, device, connection, country, "
         "navigation_type, origin), key, metric, count, p75_ns, p75_low_ns, p75_high_ns (95 % interval; of "
         "cls p75, p75_low, p75_high), good_share, needs_improvement_share, poor_share"},
    {.key = "attribution",
     .title = "Attribution",
     .help = "which element a vital is about: metric, page, target, count, p75_ns"},
    {.key = "trend",
     .title = "Trend",
     .help = "history of CrUX: source, by, key, metric, points (end, p75_ns; of cls p75)"},
    {.key = "loads",
     .title = "Loads",
     .help =
         "of HAR files: page, source, content_loaded_ns, load_ns, requests, transfer_bytes, third_parties "
         "(origin, requests, transfer_bytes, time_ns)"},
    {.key = "receiver",
     .title = "Receiver",
     .help = "beacons: accepted, duplicates, rejected, ignored, too_large; absent without beacons"},
};

const struct view pages_view = {
    .name = "pages",
    .aliases = "vitals lighthouse",
    .place = PLACE_PAGES,
    .title = "Pages",
    .summary = "what loading a page takes, in the lab and for real users, and what is worst of it",
    .url_source = "lighthouse",
    .needs = KINDS_PAGES,
    .lists = "page",
    .thing = "page",
    .actions = page_actions,
    .build = build_pages,
    .worst = pages_worst,
    .figures = pages_figures,
    .rows = "pages",
    .columns = COLUMNS,
    .n_columns = P_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
