/* report_rest.c - the reports about capacity, pages and progress. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/model/loads.h"
#include "core/result.h"
#include "view/goals/reports.h"
#include "view/goals/worth.h"
#include "view/pages/page_list.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"

enum { DOCUMENTS_MAX = 200 };

/* ---- capacity ---- */

#define TEXT(key_, title_, help_)                                                                            \
    {                                                                                                        \
        .key = key_, .title = title_, .flags = COLUMN_LEFT | COLUMN_GROW, .width = 12, .help = help_,        \
        .unknown = UNKNOWN_TEXT                                                                              \
    }
#define FIGURE(key_, title_, unit_, help_)                                                                   \
    {                                                                                                        \
        .key = key_, .title = title_, .unit = unit_, .help = help_, .unknown = UNKNOWN_TEXT                  \
    }

static const struct column BREAKS[] = {
    TEXT("name", "Test", "scenario or file"),
    FIGURE("held_per_s", "Held", UNIT_PER_S, "the highest rate that held"),
    FIGURE("broke_per_s", "Broke", UNIT_PER_S, "the lowest that did not"),
    TEXT("reason", "Why", "the threshold that broke, or saturated"),
    FIGURE("at", "At", UNIT_TIME, "when it was made or read"),
};
static const struct column TIERS[] = {
    TEXT("name", "Test", "scenario or file"),
    FIGURE("rate_per_s", "Load", UNIT_PER_S, "requests a second that were asked for"),
    FIGURE("ok_per_s", "Done", UNIT_PER_S, "that succeeded"),
    FIGURE("p99_ns", "p99", UNIT_NS, "of the responses"),
    FIGURE("error_share", "Errors", UNIT_SHARE, "of the requests"),
    TEXT("held", "Held", "yes or no"),
};
static const struct column INSTANCES[] = {
    TEXT("name", "Milestone", "the plan, by its file"),
    FIGURE("peak_per_s", "Peak", UNIT_PER_S, "requests a second"),
    FIGURE("instances", "Instances", UNIT_COUNT, "for it, with headroom"),
    FIGURE("instances_total", "In all", UNIT_COUNT, "with those for a lost zone"),
    FIGURE("p99_ns", "p99", UNIT_NS, "with all of them"),
    FIGURE("cost_per_month", "Cost a month", UNIT_LOAD, "in the plan's currency"),
    TEXT("currency", "Currency", "of the cost"),
    TEXT("binding", "Bound by", "slo, headroom, or a limit"),
};

static void add_break(struct doc *d, struct table *t, const char *name, const cJSON *search, sd_time at)
{
    const char *threshold = result_get_text(search, "threshold");
    struct cell *v = doc_row(d, t)->cells;
    v[0] = cell_text(doc_text(d, name));
    v[1] = cell_real(result_get_real(search, "held_per_s"));
    v[2] = cell_real(result_get_real(search, "broke_per_s"));
    v[3] = cell_text(doc_text(d, threshold ? threshold : result_get_text(search, "reason")));
    v[4] = cell_int(at);
}

static void add_tiers(struct doc *d, struct table *t, const char *name, const cJSON *search)
{
    const cJSON *level;
    cJSON_ArrayForEach(level, cJSON_GetObjectItem(search, "levels"))
    {
        struct cell *v = doc_row(d, t)->cells;
        v[0] = cell_text(doc_text(d, name));
        v[1] = cell_real(result_get_real(level, "rate_per_s"));
        v[2] = cell_real(result_get_real(level, "ok_per_s"));
        v[3] = cell_real(result_get_real(level, "p99_ns"));
        v[4] = cell_real(result_get_real(level, "error_share"));
        v[5] = cell_text(cJSON_IsTrue(cJSON_GetObjectItem(level, "held")) ? "yes" : "no");
    }
}

static void add_instances(struct doc *d, struct table *t, const char *name, const cJSON *o)
{
    struct cell *v = doc_row(d, t)->cells;
    v[0] = cell_text(doc_text(d, name));
    v[1] = cell_real(result_get_real(o, "peak_per_s"));
    v[2] = cell_real(result_get_real(o, "instances"));
    v[3] = cell_real(result_get_real(o, "instances_total"));
    v[4] = cell_real(result_get_real(o, "p99_ns"));
    v[5] = cell_real(result_get_real(o, "cost_per_month"));
    v[6] = cell_text(doc_text(d, result_get_text(o, "currency")));
    v[7] = cell_text(doc_text(d, result_get_text(o, "binding")));
}

struct doc *report_capacity(const struct view_ctx *c)
{
    enum { BREAK, TIER, INSTANCE, PARTS };
    struct doc *d = doc_new("capacity", "Capacity model");
    struct record_entry *e = mem_array(DOCUMENTS_MAX, sizeof *e);
    size_t n = model_results(c->model, span_is_all(c->span) ? INT64_MAX : c->now, e, DOCUMENTS_MAX);
    common_envelope(d, c, common_span(c));
    doc_table(d, "breaking_point", "Breaking point", BREAKS, ARRAY_LEN(BREAKS))->empty =
        "unknown: a load test of kind search tells, slowdive load run search.yaml, and its result as a "
        "source.";
    doc_table(d, "load_tiers", "p99 at each load tier", TIERS, ARRAY_LEN(TIERS))->empty =
        "unknown: the levels of a load test of kind search tell.";
    doc_table(d, "instances", "Instances per milestone", INSTANCES, ARRAY_LEN(INSTANCES))->empty =
        "unknown: a capacity plan tells, estimate:plan.yaml as a source, one for each milestone.";
    for (size_t i = 0; i < n; i++) {
        const struct sd_document *r = e[i].r;
        cJSON *o = r->json ? cJSON_Parse(r->json) : NULL;
        const cJSON *search = o ? cJSON_GetObjectItem(o, "search") : NULL;
        if (cJSON_IsObject(search)) {
            add_break(d, &d->sections[BREAK].table, r->name, search, e[i].at);
            add_tiers(d, &d->sections[TIER].table, r->name, search);
        }
        if (o && str_eq(result_get_text(o, "view"), "capacity_plan"))
            add_instances(d, &d->sections[INSTANCE].table, r->name, o);
        cJSON_Delete(o);
    }
    for (size_t i = 0; i < PARTS; i++)
        d->sections[i].note = doc_printf(d, "%zu documents of load tests and plans", n);
    free(e);
    return d;
}

/* ---- pages ---- */

static const char *const LAB[] = {"lcp", "inp", "cls"};
enum {
    L_PAGE,
    L_DEVICE,
    L_SCORE,
    L_SCORE_AFTER,
    L_LAB,
    L_RUM = L_LAB + 2 * (int)ARRAY_LEN(LAB),
    L_RUNS = L_RUM + 3,
    L_N
};

static const struct column PAGES[L_N] = {
    [L_PAGE] = TEXT("page", "Page", "its URL"),
    [L_DEVICE] = {.key = "form_factor",
                  .title = "Device",
                  .flags = COLUMN_LEFT,
                  .help = "mobile or desktop",
                  .unknown = UNKNOWN_TEXT},
    [L_SCORE] = FIGURE("score_before", "Score before", UNIT_NONE, "median of the runs, 0 to 1"),
    [L_SCORE_AFTER] = FIGURE("score_after", "Score after", UNIT_NONE, "the same now"),
    [L_LAB] = FIGURE("lcp_before_ns", "LCP before", UNIT_NS, "largest contentful paint, median of the runs"),
    [L_LAB + 1] = FIGURE("lcp_after_ns", "LCP after", UNIT_NS, "the same now"),
    [L_LAB + 2] = FIGURE("inp_before_ns", "INP before", UNIT_NS, "interaction to next paint in the lab"),
    [L_LAB + 3] = FIGURE("inp_after_ns", "INP after", UNIT_NS, "the same now"),
    [L_LAB + 4] = FIGURE("cls_before", "CLS before", UNIT_NONE, "cumulative layout shift"),
    [L_LAB + 5] = FIGURE("cls_after", "CLS after", UNIT_NONE, "the same now"),
    [L_RUM] = FIGURE("rum_lcp_p75_ns", "LCP p75 of users", UNIT_NS, "of real users"),
    [L_RUM + 1] = FIGURE("rum_inp_p75_ns", "INP p75 of users", UNIT_NS, "of real users"),
    [L_RUM + 2] = FIGURE("rum_cls_p75", "CLS p75 of users", UNIT_NONE, "of real users"),
    [L_RUNS] = FIGURE("runs", "Runs", UNIT_COUNT, "of Lighthouse with a score, now"),
};

static struct cell lab(const struct page_entry *e, const char *metric)
{
    const struct page_spread *s = e && e->lab ? page_runs_metric(e->lab, metric) : NULL;
    double v = s ? s->median : (double)NAN;
    return str_eq(metric, "cls") ? cell_real(v) : cell_int(real_to_int(v * 1e6));
}

static struct cell users(const struct page_entry *e, enum vital v)
{
    double p75 = e->field[v] ? e->field[v]->p75 : (double)NAN;
    return v == VITAL_CLS ? cell_real(p75) : cell_int(real_to_int(p75 * 1e6));
}

static const struct page_entry *same_page(const struct page_list *l, const struct page_entry *e)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].lab && e->lab && str_eq(l->items[i].lab->url, e->lab->url) &&
            str_eq(l->items[i].lab->form_factor, e->lab->form_factor))
            return &l->items[i];
    return NULL;
}

struct doc *report_lighthouse(const struct view_ctx *c)
{
    struct doc *d = doc_new("lighthouse", "Lighthouse improvement");
    struct page_list now = page_list_of(d, c), then = {.n = 0};
    bool compares = c->baseline && c->baseline->model;
    if (compares) {
        struct view_ctx before = {.model = c->baseline->model, .span = SPAN_ALL, .now = c->baseline->span.to};
        then = page_list_of(d, &before);
    }
    common_envelope(d, c, common_span(c));
    struct section *s = doc_table(d, "rows", "Pages", PAGES, L_N);
    for (size_t i = 0; i < now.n; i++) {
        const struct page_entry *e = &now.items[i], *was = compares ? same_page(&then, e) : NULL;
        struct cell *v = doc_row(d, &s->table)->cells;
        v[L_PAGE] = cell_text(doc_text(d, e->lab ? e->lab->url : e->template));
        v[L_DEVICE] = cell_text(doc_text(d, e->lab ? e->lab->form_factor : NULL));
        v[L_SCORE] = cell_real(was && was->lab ? was->lab->score : (double)NAN);
        v[L_SCORE_AFTER] = cell_real(e->lab ? e->lab->score : (double)NAN);
        for (size_t k = 0; k < ARRAY_LEN(LAB); k++) {
            v[L_LAB + 2 * k] = lab(was, LAB[k]);
            v[L_LAB + 2 * k + 1] = lab(e, LAB[k]);
        }
        v[L_RUM] = users(e, VITAL_LCP);
        v[L_RUM + 1] = users(e, VITAL_INP);
        v[L_RUM + 2] = users(e, VITAL_CLS);
        v[L_RUNS] = cell_int(e->lab ? (int64_t)e->lab->runs : SD_UNKNOWN);
    }
    s->note = compares
                  ? "before: the runs of --baseline; p75 of users as the source rum or CrUX tells"
                  : "before is unknown: --baseline SOURCE names earlier runs; p75 of users as the source rum "
                    "or CrUX tells";
    s->empty = "unknown: reports of Lighthouse tell, as JSON files.";
    page_list_free(&now);
    page_list_free(&then);
    return d;
}

/* ---- progress ---- */

struct doc *report_progress(const struct view_ctx *c)
{
    struct doc *d = roadmap_view.build(c);
    d->view = "progress";
    d->title = "Progress";
    const struct goal_policy *p = c->policy;
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "Costs");
    if (!p || !p->costs.given) {
        s->text = "unknown: `costs` of the policy says what the servers cost a month.";
        return d;
    }
    struct bottlenecks b;
    struct span w = worth_window(c);
    char window[UNIT_TEXT_MAX];
    bottlenecks_find(&(struct bottleneck_ask){.model = c->model, .policy = p, .from = w.from, .to = w.to},
                     &b);
    double saves = b.busy_ns_per_s > 0 ? p->costs.month * b.impact_ns_per_s / b.busy_ns_per_s : (double)NAN;
    s->text =
        doc_printf(d,
                   "The servers cost %s a month, by the policy. Requests within their targets would save %s "
                   "of it (%lld requests, last %s).",
                   worth_money(d, p, p->costs.month), worth_money(d, p, saves), (long long)b.requests,
                   common_duration(span_length(w), window));
    doc_field(d, "cost_per_month", UNIT_NONE, cell_real(p->costs.month));
    doc_field(d, "currency", UNIT_NONE, cell_text(doc_text(d, p->costs.currency)));
    doc_field(d, "saves_per_month", UNIT_NONE, cell_real(saves));
    bottlenecks_free(&b);
    return d;
}
