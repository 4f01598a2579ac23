#include "view/pages/pages_reports.h"

#include "core/pages/score.h"
#include "core/schema.h"

static size_t length(const struct sd_texts *list)
{
    return list ? list->n : 0;
}

/* ---- lists inside a report ---- */

#define COLUMN_OF(key_, unit_, cell) {.key = #key_, .title = #key_, .unit = unit_, .flags = COLUMN_LEFT},
#define CELL_OF(key, unit, cell)     r->cells[at++] = (cell);
#define LIST_OF(NAME, ROWS)          static const struct column NAME[] = {ROWS(COLUMN_OF)}

#define METRIC(X)                                                                                            \
    X(id, UNIT_NONE, cell_text(doc_text(d, id)))                                                             \
    X(score, UNIT_NONE, cell_real(page_report_metric_score(x, i)))                                           \
    X(score_reported, UNIT_NONE, cell_real(list_real(x->metric_scores, i)))                                  \
    X(weight, UNIT_NONE, cell_real(list_real(x->metric_weights, i)))                                         \
    X(value_ns, UNIT_NS, page_time_cell(id, list_real(x->metric_values, i)))                                 \
    X(value, UNIT_NONE, page_plain_cell(id, list_real(x->metric_values, i)))
LIST_OF(METRIC_LIST, METRIC);

static struct cell metrics(struct doc *d, const struct sd_page_report *x)
{
    struct table *t = doc_list(d, METRIC_LIST, ARRAY_LEN(METRIC_LIST));
    for (size_t i = 0; i < length(x->metrics); i++) {
        const char *id = list_text(x->metrics, i);
        struct row *r = doc_row(d, t);
        size_t at = 0;
        METRIC(CELL_OF)
    }
    return cell_list(t);
}

#define OPPORTUNITY(X)                                                                                       \
    X(audit, UNIT_NONE, cell_text(doc_text(d, list_text(x->opportunities, i))))                              \
    X(saving_ns, UNIT_NS, cell_int(list_int(x->opportunity_ns, i)))                                          \
    X(saving_bytes, UNIT_BYTES, cell_int(list_int(x->opportunity_bytes, i)))
LIST_OF(OPPORTUNITY_LIST, OPPORTUNITY);

static struct cell opportunities(struct doc *d, const struct sd_page_report *x)
{
    struct table *t = doc_list(d, OPPORTUNITY_LIST, ARRAY_LEN(OPPORTUNITY_LIST));
    for (size_t i = 0; i < length(x->opportunities); i++) {
        struct row *r = doc_row(d, t);
        size_t at = 0;
        OPPORTUNITY(CELL_OF)
    }
    return cell_list(t);
}

#define SHIFT(X)                                                                                             \
    X(element, UNIT_NONE, cell_text(doc_text(d, list_text(x->cls_elements, i))))                             \
    X(score, UNIT_NONE, cell_real(list_real(x->cls_scores, i)))
LIST_OF(SHIFT_LIST, SHIFT);

static struct cell shifts(struct doc *d, const struct sd_page_report *x)
{
    struct table *t = doc_list(d, SHIFT_LIST, ARRAY_LEN(SHIFT_LIST));
    for (size_t i = 0; i < length(x->cls_elements); i++) {
        struct row *r = doc_row(d, t);
        size_t at = 0;
        SHIFT(CELL_OF)
    }
    return cell_list(t);
}

#define THIRD(X)                                                                                             \
    X(entity, UNIT_NONE, cell_text(doc_text(d, list_text(x->third_parties, i))))                             \
    X(transfer_bytes, UNIT_BYTES, cell_int(list_int(x->third_party_bytes, i)))                               \
    X(main_thread_ns, UNIT_NS, cell_int(list_int(x->third_party_main_ns, i)))                                \
    X(blocking_ns, UNIT_NS, cell_int(list_int(x->third_party_blocking_ns, i)))
LIST_OF(THIRD_LIST, THIRD);

static struct cell thirds(struct doc *d, const struct sd_page_report *x)
{
    struct table *t = doc_list(d, THIRD_LIST, ARRAY_LEN(THIRD_LIST));
    for (size_t i = 0; i < length(x->third_parties); i++) {
        struct row *r = doc_row(d, t);
        size_t at = 0;
        THIRD(CELL_OF)
    }
    return cell_list(t);
}

/* ---- the reports ---- */

#define REPORT(X)                                                                                            \
    X(path, UNIT_NONE, cell_text(doc_text(d, x->path)))                                                      \
    X(url, UNIT_NONE, cell_text(doc_text(d, x->url)))                                                        \
    X(form_factor, UNIT_NONE, cell_text(doc_text(d, x->form_factor)))                                        \
    X(lighthouse_version, UNIT_NONE, cell_text(doc_text(d, x->lighthouse_version)))                          \
    X(fetch_time, UNIT_TIME, cell_int(x->fetch_time))                                                        \
    X(score, UNIT_NONE, cell_real(page_report_score(x)))                                                     \
    X(score_reported, UNIT_NONE, cell_real(x->score_reported))                                               \
    X(runtime_error, UNIT_NONE, cell_text(doc_text(d, x->runtime_error)))                                    \
    X(metrics, UNIT_NONE, metrics(d, x))                                                                     \
    X(opportunities, UNIT_NONE, opportunities(d, x))                                                         \
    X(lcp_element, UNIT_NONE, cell_text(doc_text(d, x->lcp_element)))                                        \
    X(cls_sources, UNIT_NONE, shifts(d, x))                                                                  \
    X(third_parties, UNIT_NONE, thirds(d, x))
LIST_OF(REPORT_LIST, REPORT);

void pages_reports_list(struct doc *d, const struct page_list *l)
{
    struct table *t = doc_list(d, REPORT_LIST, ARRAY_LEN(REPORT_LIST));
    for (size_t i = 0; i < l->n_reports; i++) {
        const struct sd_page_report *x = l->reports[i].r;
        struct row *r = doc_row(d, t);
        size_t at = 0;
        REPORT(CELL_OF)
    }
    doc_field(d, "reports", UNIT_NONE, cell_list(t));
}

/* ---- for people ---- */

enum { R_PATH, R_SCORE, R_LCP, R_TBT, R_CLS, R_FCP, R_WHY, R_URL, R_COLUMNS };
static const struct column RUNS[R_COLUMNS] = {
    [R_PATH] = {.key = "path",
                .title = "Run",
                .flags = COLUMN_LEFT | COLUMN_PATH,
                .help = "file of the report"},
    [R_SCORE] = {.key = "score", .title = "Score", .help = "of performance, 0 to 100; -: no result"},
    [R_LCP] = {.key = "lcp", .title = "LCP", .help = "largest contentful paint"},
    [R_TBT] = {.key = "tbt", .title = "TBT", .help = "total blocking time"},
    [R_CLS] = {.key = "cls", .title = "CLS", .help = "cumulative layout shift"},
    [R_FCP] = {.key = "fcp", .title = "FCP", .priority = 2, .help = "first contentful paint"},
    [R_WHY] = {.key = "why",
               .title = "Note",
               .flags = COLUMN_LEFT | COLUMN_GROW,
               .width = 18,
               .help = "why there is no result, or which run stands for all"},
    [R_URL] = {.key = "url",
               .title = "Page",
               .flags = COLUMN_LEFT,
               .priority = 3,
               .help = "its URL; without its host where all have the same"},
};

static const char *why(struct doc *d, const struct page_list *l, const struct sd_page_report *x)
{
    if (x->runtime_error)
        return doc_printf(d, "no result: %s", x->runtime_error);
    if (isnan(page_report_score(x)))
        return "no result: a metric was not measured";
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].lab->shown == x && l->items[i].lab->runs > 1)
            return "median run";
    return "";
}

void pages_reports_pane(struct doc *d, const struct page_list *l)
{
    static const char *const metric[] = {[R_LCP] = "lcp", [R_TBT] = "tbt", [R_CLS] = "cls", [R_FCP] = "fcp"};
    if (l->n_reports < 2)
        return;
    struct section *s = doc_table(d, NULL, "Runs", RUNS, R_COLUMNS);
    s->kinds = SD_KIND_BIT(SD_PAGE_REPORT);
    for (size_t i = 0; i < l->n_reports; i++) {
        const struct sd_page_report *x = l->reports[i].r;
        struct row *r = doc_row(d, &s->table);
        double score = page_report_score(x);
        r->cells[R_PATH] = cell_text(doc_text(d, x->path));
        r->cells[R_SCORE] = isnan(score) ? cell_unknown() : cell_int((int64_t)floor(score * 100 + 0.5));
        for (size_t k = R_LCP; k <= R_FCP; k++)
            r->cells[k] = x->runtime_error
                              ? cell_unknown()
                              : cell_text(page_value_text(d, metric[k], page_report_value(x, metric[k])));
        r->cells[R_WHY] = cell_text(why(d, l, x));
        r->cells[R_URL] = cell_text(doc_text(d, page_url_shown(l, x->url)));
        r->severity = isnan(score) ? SEVERITY_WARN : SEVERITY_NONE;
    }
}
