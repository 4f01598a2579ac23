/* report_compare.c - before and after: each figure of both, and whether the difference is certain.
 *
 * Of durations it is when the test of core/goals/regress.h finds it either way, of shares of errors when the
 * test of two proportions does (p < 0.001); and the change is above 1 %. What was measured once has no spread
 * to test: the bytes of a build are certain, means of statements and scores are not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/goals/regress.h"
#include "view/goals/reports.h"
#include "view/goals/worth.h"
#include "view/pages/page_list.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"

enum { ENDPOINTS_MOST = 100, QUERIES_MOST = 50, BLOCKS_FOR = 2000 /* endpoints: of more, all time is one */ };
#define CHANGE_LEAST 0.01

enum {
    C_METRIC,
    C_BEFORE,
    C_AFTER,
    C_CHANGE,
    C_CERTAIN,
    C_FROM,
    C_TO,
    C_UNIT,
    C_P,
    C_N_BEFORE,
    C_N_AFTER,
    C_N
};
#define OF_JSON COLUMN_HIDDEN
static const struct column COLUMNS[C_N] = {
    [C_METRIC] = {.key = "metric",
                  .title = "Metric",
                  .flags = COLUMN_LEFT | COLUMN_GROW,
                  .width = 20,
                  .help = "what of what"},
    [C_BEFORE] = {.key = "before_text", .title = "Before", .flags = COLUMN_NO_JSON, .unknown = UNKNOWN_TEXT},
    [C_AFTER] = {.key = "after_text", .title = "After", .flags = COLUMN_NO_JSON, .unknown = UNKNOWN_TEXT},
    [C_CHANGE] = {.key = "change_share",
                  .title = "Change",
                  .unit = UNIT_SHARE,
                  .help = "after / before - 1",
                  .unknown = UNKNOWN_TEXT},
    [C_CERTAIN] = {.key = "certain", .title = "Certain", .flags = COLUMN_LEFT, .help = "yes or no"},
    [C_FROM] = {.key = "before", .title = "Before", .flags = OF_JSON},
    [C_TO] = {.key = "after", .title = "After", .flags = OF_JSON},
    [C_UNIT] = {.key = "unit", .title = "Unit", .flags = OF_JSON},
    [C_P] = {.key = "p_value", .title = "p", .flags = OF_JSON},
    [C_N_BEFORE] = {.key = "samples_before", .title = "Samples", .unit = UNIT_COUNT, .unknown = UNKNOWN_TEXT},
    [C_N_AFTER] = {.key = "samples_after", .title = "then", .unit = UNIT_COUNT, .unknown = UNKNOWN_TEXT},
};

struct side {
    const struct model *m;
    struct span span;
};

struct compare {
    struct doc *d;
    const struct view_ctx *c;
    struct side before, after;
    struct table *rows, *worse;
};

struct pair {
    const char *metric;
    double before, after, p;
    enum unit unit;
    const char *unit_name;
    int64_t n_before, n_after; /* SD_UNKNOWN */
    bool certain, higher;      /* higher: more is better */
};

static struct cell figure(struct doc *d, enum unit u, double v)
{
    char text[UNIT_TEXT_MAX];
    return cell_text(isfinite(v) ? doc_text(d, unit_format(u, v, text)) : NULL);
}

static void fill(struct doc *d, struct row *r, const struct pair *p, double change)
{
    r->cells[C_METRIC] = cell_text(doc_text(d, p->metric));
    r->cells[C_BEFORE] = figure(d, p->unit, p->before);
    r->cells[C_AFTER] = figure(d, p->unit, p->after);
    r->cells[C_CHANGE] = cell_real(change);
    r->cells[C_CERTAIN] = cell_text(p->certain ? "yes" : "no");
    r->cells[C_FROM] = cell_real(p->before);
    r->cells[C_TO] = cell_real(p->after);
    r->cells[C_UNIT] = cell_text(p->unit_name);
    r->cells[C_P] = cell_real(p->p);
    r->cells[C_N_BEFORE] = cell_int(p->n_before);
    r->cells[C_N_AFTER] = cell_int(p->n_after);
}

static void add(struct compare *x, struct pair *p)
{
    double change = p->before > 0 ? p->after / p->before - 1 : (double)NAN;
    bool grew = p->after > p->before, moved = isfinite(change) ? fabs(change) > CHANGE_LEAST : grew;
    p->certain = p->certain && moved;
    struct row *r = doc_row(x->d, x->rows);
    fill(x->d, r, p, change);
    if (!p->certain || grew == p->higher)
        return;
    r->severity = SEVERITY_WARN;
    fill(x->d, doc_row(x->d, x->worse), p, change);
}

/* ---- requests ---- */

struct lot { /* blocks of equal time, and all of them */
    struct hist blocks[REGRESS_BLOCKS];
    struct endpoint_stats all;
    int64_t count, errors;
};

/* Of one endpoint; NULL: of all. */
static void read_lot(const struct side *s, const struct endpoint *e, struct lot *l)
{
    struct endpoint_stats *part = mem_alloc(sizeof *part);
    size_t n = model_endpoints(s->m);
    int blocks = n <= BLOCKS_FOR ? (int)REGRESS_BLOCKS : 1;
    l->count = 0;
    l->errors = SD_UNKNOWN;
    for (size_t i = 0; i < REGRESS_BLOCKS; i++)
        hist_clear(&l->blocks[i]);
    for (size_t k = 0; k < n; k++) {
        const struct endpoint *of = model_endpoint(s->m, k);
        if (e && of != e)
            continue;
        endpoint_stats(of, s->span, part);
        l->count = add_sat(l->count, MAX(part->count, 0));
        l->errors = add_known(l->errors, part->errors);
        for (int i = 0; i < blocks && part->timed > 0; i++) {
            double step = ((double)s->span.to - (double)s->span.from) / blocks;
            struct span block = {add_sat(s->span.from, real_to_int(i * step)),
                                 i + 1 < blocks ? add_sat(s->span.from, real_to_int((i + 1) * step))
                                                : s->span.to};
            endpoint_stats(of, block, &l->all);
            hist_merge(&l->blocks[i], &l->all.latency);
        }
    }
    free(part);
}

static void durations(struct compare *x, const struct lot *before, const struct lot *after, const char *name)
{
    static const struct {
        double q;
        const char *name;
    } QUANTILES[] = {{0.5, "p50"}, {0.95, "p95"}, {0.99, "p99"}};
    for (size_t i = 0; i < ARRAY_LEN(QUANTILES); i++) {
        struct regress r;
        if (!regress_of(before->blocks, REGRESS_BLOCKS, after->blocks, REGRESS_BLOCKS, QUANTILES[i].q, &r))
            return;
        add(x, &(struct pair){.metric = doc_printf(x->d, "%s of %s", QUANTILES[i].name, name),
                              .before = (double)r.before_ns,
                              .after = (double)r.after_ns,
                              .p = r.p_value,
                              .unit = UNIT_NS,
                              .unit_name = "ns",
                              .n_before = (int64_t)r.n_before,
                              .n_after = (int64_t)r.n_after,
                              .certain = regress_surely(&r, true) || regress_surely(&r, false)});
    }
}

/* Two proportions, both ways. */
static double p_of_shares(double a, double n, double b, double m)
{
    double all = (a + b) / (n + m), deviation = sqrt(all * (1 - all) * (1 / n + 1 / m));
    return deviation > 0 ? erfc(fabs(a / n - b / m) / deviation / sqrt(2)) : 1;
}

static void counts(struct compare *x, const struct lot *before, const struct lot *after, const char *name)
{
    if (before->count <= 0 || after->count <= 0)
        return;
    struct pair p = {.metric = doc_printf(x->d, "errors of %s", name),
                     .before = num_ratio(before->errors, before->count),
                     .after = num_ratio(after->errors, after->count),
                     .p = (double)NAN,
                     .unit = UNIT_SHARE,
                     .unit_name = "share",
                     .n_before = before->count,
                     .n_after = after->count};
    if (isfinite(p.before) && isfinite(p.after))
        p.p = p_of_shares((double)before->errors, (double)before->count, (double)after->errors,
                          (double)after->count);
    p.certain = p.p < REGRESS_P;
    add(x, &p);
}

static void requests(struct compare *x)
{
    struct lot *before = mem_alloc(sizeof *before), *after = mem_alloc(sizeof *after);
    read_lot(&x->before, NULL, before);
    read_lot(&x->after, NULL, after);
    durations(x, before, after, "all requests");
    counts(x, before, after, "all requests");
    if (before->count > 0 && after->count > 0)
        add(x, &(struct pair){.metric = "rate of all requests",
                              .before = (double)before->count / common_seconds(x->before.span),
                              .after = (double)after->count / common_seconds(x->after.span),
                              .p = (double)NAN,
                              .unit = UNIT_PER_S,
                              .unit_name = "per_s",
                              .n_before = before->count,
                              .n_after = after->count,
                              .higher = true});
    struct endpoint_costs k;
    endpoint_costs_find(x->after.m, NULL, x->after.span.from, x->after.span.to, &k);
    for (size_t i = 0; i < MIN(k.n, (size_t)ENDPOINTS_MOST); i++) {
        const struct endpoint *then = model_find_endpoint(x->before.m, k.items[i].name),
                              *now = model_find_endpoint(x->after.m, k.items[i].name);
        if (!then || !now)
            continue;
        read_lot(&x->before, then, before);
        read_lot(&x->after, now, after);
        durations(x, before, after, k.items[i].name);
        counts(x, before, after, k.items[i].name);
    }
    endpoint_costs_free(&k);
    free(before);
    free(after);
}

/* ---- what else is measured ---- */

static double mean_of(const struct query *q, const struct side *s, int64_t *calls)
{
    int64_t ns;
    struct query_stats all;
    if (query_grown(q, s->span.from, s->span.to, calls, &ns) && *calls > 0)
        return num_ratio(ns, *calls);
    query_stats(q, SPAN_ALL, &all);
    *calls = all.known ? all.calls : SD_UNKNOWN;
    return all.known ? all.mean_ns : (double)NAN;
}

static void statements(struct compare *x)
{
    size_t shown = 0;
    for (size_t i = 0; i < model_queries(x->after.m) && shown < QUERIES_MOST; i++) {
        const struct query *q = model_query(x->after.m, i),
                           *was = model_find_query(x->before.m, query_key(q));
        int64_t then = SD_UNKNOWN, now = SD_UNKNOWN;
        double before = was ? mean_of(was, &x->before, &then) : (double)NAN,
               after = mean_of(q, &x->after, &now);
        if (!isfinite(before) || !isfinite(after))
            continue;
        const char *sql = query_text(q) ? common_sql(x->d, x->c, query_text(q), true) : query_key(q);
        add(x, &(struct pair){.metric = doc_printf(x->d, "mean of %s", sql),
                              .before = before,
                              .after = after,
                              .p = (double)NAN,
                              .unit = UNIT_NS,
                              .unit_name = "ns",
                              .n_before = then,
                              .n_after = now});
        shown++;
    }
}

static void pages(struct compare *x)
{
    struct view_ctx then = {.model = x->before.m, .span = SPAN_ALL, .now = x->before.span.to};
    struct view_ctx now = {.model = x->after.m, .span = SPAN_ALL, .now = x->after.span.to};
    struct page_list a = page_list_of(x->d, &then), b = page_list_of(x->d, &now);
    for (size_t i = 0; i < b.n; i++)
        for (size_t k = 0; k < a.n; k++) {
            const struct page_runs *was = a.items[k].lab, *is = b.items[i].lab;
            if (!was || !is || !str_eq(was->url, is->url) || !str_eq(was->form_factor, is->form_factor))
                continue;
            add(x, &(struct pair){.metric = doc_printf(x->d, "Lighthouse score of %s %s", is->url,
                                                       is->form_factor ? is->form_factor : ""),
                                  .before = was->score,
                                  .after = is->score,
                                  .p = (double)NAN,
                                  .unit = UNIT_SHARE,
                                  .unit_name = "share",
                                  .n_before = (int64_t)was->runs,
                                  .n_after = (int64_t)is->runs,
                                  .higher = true});
        }
    page_list_free(&a);
    page_list_free(&b);
}

struct doc *report_compare(const struct view_ctx *c)
{
    struct doc *d = doc_new("compare", "Before and after");
    if (!c->baseline || !c->baseline->model) {
        d->missing = "report compare needs BEFORE and AFTER";
        return d;
    }
    struct compare x = {.d = d,
                        .c = c,
                        .before = {.m = c->baseline->model, .span = c->baseline->span},
                        .after = {.m = c->model, .span = common_span(c)}};
    if (sd_known(x.after.span.to) && span_is_all(c->span))
        x.after.span.to = add_sat(x.after.span.to, 1);
    else if (!span_is_all(c->span)) /* as long before the end of the other side */
        x.before.span.from = MAX(x.before.span.from, add_sat(x.before.span.to, -span_length(x.after.span)));
    common_envelope(d, c, common_span(c));
    doc_field(d, "baseline_from", UNIT_TIME, cell_int(x.before.span.from));
    doc_field(d, "baseline_to", UNIT_TIME, cell_int(x.before.span.to));
    doc_table(d, "rows", "Changes", COLUMNS, C_N);
    doc_table(d, "regressions", "Regressions", COLUMNS, C_N);
    x.rows = &d->sections[0].table;
    x.worse = &d->sections[1].table;
    requests(&x);
    statements(&x);
    pages(&x);
    char before[UNIT_TEXT_MAX], after[UNIT_TEXT_MAX];
    d->sections[0].note = doc_printf(
        d,
        "before: %s; after: %s; certain: p < 0.001 and a change above 1 %%; means and scores have no "
        "distribution to test",
        common_duration(span_length(x.before.span), before),
        common_duration(span_length(x.after.span), after));
    d->sections[0].empty =
        "unknown: nothing was measured on both sides; access logs of the same endpoints tell.";
    d->sections[1].empty = "None.";
    return d;
}
