#include "core/pages/runs.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/pages/median_run.h"
#include "core/pages/score.h"

double page_median(double *values, size_t n)
{
    if (!n)
        return NAN;
    qsort(values, n, sizeof *values, real_ascending);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

bool page_runs_has(const struct page_runs *g, const struct sd_page_report *r)
{
    return str_eq(g->url, r->url) && str_eq(g->form_factor, r->form_factor);
}

const struct page_spread *page_runs_metric(const struct page_runs *g, const char *metric)
{
    for (size_t i = 0; i < g->n_metrics; i++)
        if (str_eq(g->metrics[i].id, metric))
            return &g->metrics[i];
    return NULL;
}

/* The reports of one group. */
struct members {
    const struct sd_page_report **items;
    size_t n;
    double *values; /* scratch, room for all */
};

static struct page_spread spread(const struct members *m, const char *id,
                                 double (*value)(const struct sd_page_report *r, const char *id))
{
    struct page_spread s = {.id = id};
    for (size_t i = 0; i < m->n; i++) {
        double v = value(m->items[i], id);
        if (!isnan(v))
            m->values[s.n++] = v;
    }
    s.median = page_median(m->values, s.n);
    s.low = s.n ? m->values[0] : (double)NAN;
    s.high = s.n ? m->values[s.n - 1] : (double)NAN;
    return s;
}

static bool listed(const struct page_spread *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].id, id))
            return true;
    return false;
}

/* One row for each name that any of the reports has. */
static size_t spreads(const struct members *m, size_t names_at,
                      double (*value)(const struct sd_page_report *r, const char *id),
                      struct page_spread *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct sd_texts *names =
            *(const struct sd_texts *const *)(const void *)((const char *)m->items[i] + names_at);
        for (size_t k = 0; names && k < names->n && n < max; k++)
            if (names->items[k] && !listed(out, n, names->items[k])) {
                out[n] = spread(m, names->items[k], value);
                n++;
            }
    }
    return n;
}

/* An audit's value, whether or not it is weighed: time to interactive is not any more. */
static double audit_value(const struct sd_page_report *r, const char *metric)
{
    for (size_t i = 0; r->audits && r->audit_values && i < MIN(r->audits->n, r->audit_values->n); i++)
        if (str_eq(page_metric_named(r->audits->items[i]), metric))
            return r->audit_values->items[i];
    return page_report_value(r, metric);
}

static const struct sd_page_report *representative(const struct members *m)
{
    double *fcp = mem_array(m->n, sizeof *fcp), *tti = mem_array(m->n, sizeof *tti);
    for (size_t i = 0; i < m->n; i++) {
        fcp[i] = audit_value(m->items[i], "fcp");
        tti[i] = audit_value(m->items[i], "tti");
    }
    size_t which = median_run(fcp, tti, m->n);
    free(fcp);
    free(tti);
    return which < m->n ? m->items[which] : NULL;
}

static double report_score(const struct sd_page_report *r, const char *id)
{
    (void)id;
    return page_report_score(r);
}

static double report_category(const struct sd_page_report *r, const char *id)
{
    return r->runtime_error ? (double)NAN : page_report_category(r, id);
}

static void take_failed(struct page_runs *g, const struct sd_page_report *r)
{
    g->no_result++;
    g->cause = r->runtime_error;
    g->cause_text = r->runtime_error_text;
    if (!g->runs)
        g->shown = r;
}

static void sum_up(struct page_runs *g, const struct sd_page_report *const *reports, size_t n,
                   struct members *m)
{
    m->n = 0;
    for (size_t i = 0; i < n; i++)
        if (page_runs_has(g, reports[i])) {
            if (isnan(page_report_score(reports[i])))
                take_failed(g, reports[i]);
            else
                m->items[m->n++] = reports[i];
        }
    g->runs = m->n;
    g->score = spread(m, "score", report_score).median;
    g->n_metrics =
        spreads(m, offsetof(struct sd_page_report, metrics), page_report_value, g->metrics, PAGE_METRICS_MAX);
    g->n_categories = spreads(m, offsetof(struct sd_page_report, categories), report_category, g->categories,
                              PAGE_CATEGORIES_MAX);
    if (m->n)
        g->shown = representative(m);
}

struct page_runs *page_runs_of(const struct sd_page_report *const *reports, size_t n, size_t *n_out)
{
    struct page_runs *out = NULL;
    size_t cap = 0;
    *n_out = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < *n_out && !page_runs_has(&out[k], reports[i]))
            k++;
        if (k < *n_out)
            continue;
        out = mem_grow(out, *n_out, &cap, sizeof *out);
        out[(*n_out)++] =
            (struct page_runs){.url = reports[i]->url, .form_factor = reports[i]->form_factor, .score = NAN};
    }
    struct members m = {.items = mem_array(n + 1, sizeof *m.items),
                        .values = mem_array(n + 1, sizeof *m.values)};
    for (size_t k = 0; k < *n_out; k++)
        sum_up(&out[k], reports, n, &m);
    free(m.items);
    free(m.values);
    return out;
}
