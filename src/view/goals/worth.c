/* The views `bottlenecks` and `costs`: what is worth fixing first, and what each endpoint costs. */
#include "view/goals/worth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/shared/common.h"

/* ---- the window ---- */

sd_time worth_moment(const struct view_ctx *c)
{
    return !span_is_all(c->span) ? c->span.to : c->goals_at;
}

struct span worth_window(const struct view_ctx *c)
{
    if (!span_is_all(c->span))
        return c->span;
    sd_time to = worth_moment(c);
    return (struct span){add_sat(to, -WORTH_WINDOW), to};
}

/* ---- what there is to show ---- */

/* Both functions of the search have one context: that of the view, with the doc behind it. */
struct find_ctx {
    struct view_ctx view; /* first: worth_estimate reads it */
    struct doc *d;
};

static const char *show_sql(void *ctx, const char *sql)
{
    struct find_ctx *f = ctx;
    return common_sql(f->d, &f->view, sql, true);
}

void worth_find(const struct view_ctx *c, struct doc *d, struct span w, struct bottlenecks *out)
{
    struct find_ctx f = {.view = *c, .d = d};
    f.view.now = w.to;
    bottlenecks_find(&(struct bottleneck_ask){.model = c->model,
                                              .policy = c->policy,
                                              .from = w.from,
                                              .to = w.to,
                                              .estimate = worth_estimate,
                                              .show_sql = show_sql,
                                              .ctx = &f},
                     out);
    worth_more(c, w, out);
    bottlenecks_done(out, c->policy);
}

const char *worth_money(struct doc *d, const struct goal_policy *p, double v)
{
    const char *of = p && p->costs.currency ? p->costs.currency : "";
    return isfinite(v) ? doc_printf(d, "%.2f%s%s", v, *of ? " " : "", of) : "unknown";
}

/* ---- bottlenecks ---- */

#define BOTTLENECK_COLUMNS(X)                                                                                \
    X(rank, "#", UNIT_COUNT, COLUMN_ASCENDING, 1, "its place in this list, from 1")                          \
    X(kind, "What", UNIT_NONE, COLUMN_LEFT, 0, "endpoint, query, cache, asset, page or function")            \
    X(subject, "Where", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "the endpoint, statement, page, ...")       \
    X(within, "Within", UNIT_NONE, COLUMN_LEFT, 4,                                                           \
      "of a statement the endpoint that runs it: the impact of both is the same waiting; null: not known")   \
    X(text, "Why", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "a sentence with the figures")                 \
    X(impact_ns_per_s, "Waits/s", UNIT_NS, 0, 0,                                                             \
      "what users wait for it, each second: of an endpoint what requests took beyond the target of the "     \
      "first KPI on http.latency that matches (100 ms without); of a statement its time a second times "     \
      "saving_share; null: not known")                                                                       \
    X(impact_share, "Share", UNIT_SHARE, 0, 0,                                                               \
      "of the impact of all endpoints; of their time where none is above its target")                        \
    X(affected_per_s, "Affected", UNIT_PER_S, 0, 4, "requests above the target, calls or loads a second")    \
    X(current_ns, "Now", UNIT_NS, 0, 3, "mean of one")                                                       \
    X(expected_ns, "Then", UNIT_NS, 0, 3, "the same once it is mended; null: not known")                     \
    X(saving_share, "Saves", UNIT_SHARE, 0, 4,                                                               \
      "of a statement: 1 - cost_after / cost_before of the index advice, or an estimate from its plan")      \
    X(technique, "By", UNIT_NONE, COLUMN_LEFT, 1,                                                            \
      "index, rewrite, cache, split, settings, upkeep (VACUUM, ANALYZE); null: no cause is known")           \
    X(approach, "What to do", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the statement or a sentence")      \
    X(effort_hours, "Hours", UNIT_LOAD, 0, 2, "the policy's `efforts` for the technique")                    \
    X(confidence, "Sure", UNIT_NONE, COLUMN_LEFT, 1,                                                         \
      "proven: the planner chose the index; estimated; unknown")                                             \
    X(saves_cost_per_month, "Saves/month", UNIT_LOAD, 0, 3,                                                  \
      "costs.month of the policy times impact, of the time of all requests; null without `costs`")           \
    X(saves_wait_hours_per_month, "Hours waited", UNIT_LOAD, 0, 4, "the impact, as hours in a month")        \
    X(roi, "ROI", UNIT_LOAD, 0, 2,                                                                           \
      "(12 gain - cost) / cost: gain a month with hours waited at costs.wait_hour, cost of the effort")      \
    X(payback_months, "Payback", UNIT_LOAD, 0, 4, "cost of the effort / gain a month")                       \
    X(view, "View", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "that shows more")                            \
    X(select, "Select", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "and of what, as --select takes it")
enum {
#define COLUMN_NUMBER(key, title, unit, flags, priority, help) B_##key,
    BOTTLENECK_COLUMNS(COLUMN_NUMBER)
#undef COLUMN_NUMBER
        B_COLUMNS
};
#define COLUMN_ROW(key_, title_, unit_, flags_, priority_, help_)                                            \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .width = ((flags_)&COLUMN_GROW) ? 18 : 0,                                                               \
     .help = help_},
static const struct column COLUMNS[B_COLUMNS] = {BOTTLENECK_COLUMNS(COLUMN_ROW)};

static void fill(struct doc *d, struct row *r, const struct bottleneck *x, size_t rank)
{
    struct cell *v = r->cells;
    v[B_rank] = cell_int((int64_t)rank);
    v[B_kind] = cell_text(bottleneck_kind_name(x->kind));
    v[B_subject] = cell_text(doc_text(d, x->subject));
    v[B_within] = cell_text(doc_text(d, x->within));
    v[B_text] = cell_text(doc_text(d, x->text));
    v[B_impact_ns_per_s] = cell_real(x->impact_ns_per_s);
    v[B_impact_share] = cell_real(x->impact_share);
    v[B_affected_per_s] = cell_real(x->affected_per_s);
    v[B_current_ns] = cell_real(x->current_ns);
    v[B_expected_ns] = cell_real(x->expected_ns);
    v[B_saving_share] = cell_real(x->saving_share);
    v[B_technique] = cell_text(doc_text(d, x->technique));
    v[B_approach] = cell_text(doc_text(d, x->approach));
    v[B_effort_hours] = cell_real(x->effort_hours);
    v[B_confidence] = cell_text(bottleneck_confidence_name(x->confidence));
    v[B_saves_cost_per_month] = cell_real(x->saves_cost_per_month);
    v[B_saves_wait_hours_per_month] = cell_real(x->saves_wait_hours_per_month);
    v[B_roi] = cell_real(x->roi);
    v[B_payback_months] = cell_real(x->payback_months);
    v[B_view] = cell_text(x->view);
    v[B_select] = cell_text(doc_text(d, x->select));
    if (x->view && view_exactly(x->view))
        r->dive = (struct dive){.view = x->view, .arg = doc_text(d, x->select)};
    r->severity = x->impact_share >= 0.25 && x->impact_ns_per_s > 0 ? SEVERITY_WARN : SEVERITY_NONE;
}

static const char *in_short(struct doc *d, const struct bottlenecks *b)
{
    char waits[UNIT_TEXT_MAX], busy[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX];
    if (!b->n || b->busy_ns_per_s <= 0)
        return b->n ? "No request with a duration: what users wait is not known." : NULL;
    if (b->impact_ns_per_s <= 0)
        return "No request took longer than its target.";
    return doc_printf(d, "Each second users wait %s beyond their targets, %s of the %s that requests take.",
                      unit_format(UNIT_NS, b->impact_ns_per_s, waits),
                      unit_format(UNIT_SHARE, b->impact_ns_per_s / b->busy_ns_per_s, share),
                      unit_format(UNIT_NS, b->busy_ns_per_s, busy));
}

static struct doc *build_bottlenecks(const struct view_ctx *c)
{
    struct doc *d = doc_new("bottlenecks", "Bottlenecks");
    struct span w = worth_window(c);
    struct bottlenecks b;
    common_envelope(d, c, w);
    worth_find(c, d, w, &b);
    const char *headline = in_short(d, &b);
    if (headline)
        doc_section(d, SECTION_TEXT, NULL, "In short")->text = headline;
    struct section *s = doc_table(d, "rows", "Worth fixing, by what users wait", COLUMNS, B_COLUMNS);
    for (size_t i = 0; i < b.n; i++)
        fill(d, doc_row(d, &s->table), &b.items[i], i + 1);
    s->table.usual_limit = BOTTLENECK_SHOWN;
    s->weight = 1;
    s->kinds = KINDS_HTTP | SD_KIND_BIT(SD_STATEMENT);
    s->note = common_note(d, c,
                          &(struct note){.kinds = KINDS_HTTP | KINDS_SQL,
                                         .n = b.requests,
                                         .what = "requests",
                                         .span = w,
                                         .last = SD_UNKNOWN});
    s->empty = common_empty(d, c, KINDS_HTTP);
    d->focus = headline ? 1 : 0;
    bottlenecks_free(&b);
    return d;
}

const struct view bottlenecks_view = {
    .name = "bottlenecks",
    .mixed = true,
    .place = PLACE_GOALS,
    .title = "Bottlenecks",
    .summary = "the ten things worth fixing, by what users wait for them",
    .needs = KINDS_HTTP | SD_KIND_BIT(SD_STATEMENT),
    .build = build_bottlenecks,
    .links = (const char *const[]){"costs", "endpoints", "queries", NULL},
    .columns = COLUMNS,
    .n_columns = B_COLUMNS,
    .verb_bytes = WORTH_BYTES,
    .verb_endpoints = WORTH_ENDPOINTS,
};

/* ---- costs ---- */

#define COST_COLUMNS(X)                                                                                      \
    X(method, "Method", UNIT_NONE, COLUMN_LEFT, 0, "of the requests")                                        \
    X(route, "Route", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "path with variable segments folded")         \
    X(count, "Requests", UNIT_COUNT, 0, 1, "in the window")                                                  \
    X(share, "Share", UNIT_SHARE, COLUMN_BAR, 0,                                                             \
      "of the time of all requests; of their number where none has a duration")                              \
    X(cost_per_month, "A month", UNIT_LOAD, 0, 0, "its share of costs.month of the policy; null without")    \
    X(cost_per_million, "A million", UNIT_LOAD, 0, 2, "the same for a million requests, at this rate")       \
    X(currency, "Currency", UNIT_NONE, COLUMN_LEFT, 3, "of these, as the policy names it")                   \
    X(saves_per_month, "Saves", UNIT_LOAD, 0, 1,                                                             \
      "of costs.month, when no request took longer than its target")
enum {
#define COLUMN_NUMBER(key, title, unit, flags, priority, help) K_##key,
    COST_COLUMNS(COLUMN_NUMBER)
#undef COLUMN_NUMBER
        K_COLUMNS
};
static const struct column COSTS[K_COLUMNS] = {COST_COLUMNS(COLUMN_ROW)};

/* What the policy assumes of sales: said as such, because no source tells. */
static const char *assumption(struct doc *d, const struct view_ctx *c, const struct endpoint_costs *all,
                              struct span w)
{
    const struct goal_costs *k = c->policy ? &c->policy->costs : NULL;
    if (!k || !k->given || !isfinite(k->revenue_month) || !isfinite(k->conversion_per_100ms))
        return NULL;
    struct bottlenecks b;
    char faster[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX];
    bottlenecks_find(
        &(struct bottleneck_ask){.model = c->model, .policy = c->policy, .from = w.from, .to = w.to}, &b);
    double mean = all->requests > 0 ? b.impact_ns_per_s * b.seconds / (double)all->requests : (double)NAN;
    const char *text = NULL;
    if (isfinite(mean))
        text = doc_printf(
            d,
            "Your assumption, no measurement: %s more sales for 100 ms less. Without what is beyond "
            "the targets a request is %s shorter on average: %s a month.",
            unit_format(UNIT_SHARE, k->conversion_per_100ms, share), unit_format(UNIT_NS, mean, faster),
            worth_money(d, c->policy, k->revenue_month * k->conversion_per_100ms * mean / 1e8));
    bottlenecks_free(&b);
    return text;
}

static struct doc *build_costs(const struct view_ctx *c)
{
    struct doc *d = doc_new("costs", "Costs");
    struct span w = worth_window(c);
    struct endpoint_costs k;
    const struct goal_policy *p = c->policy;
    bool priced = p && p->costs.given;
    common_envelope(d, c, w);
    endpoint_costs_find(c->model, p, w.from, w.to, &k);
    struct section *s = doc_table(d, "rows",
                                  priced ? doc_printf(d, "Of %s a month", worth_money(d, p, p->costs.month))
                                         : "Shares of the servers' time",
                                  COSTS, K_COLUMNS);
    for (size_t i = 0; i < k.n; i++) {
        const struct endpoint_cost *x = &k.items[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[K_method] = cell_text(doc_text(d, x->method));
        r->cells[K_route] = cell_text(doc_text(d, x->route));
        r->cells[K_count] = cell_int(x->count);
        r->cells[K_share] = cell_real(x->share);
        r->cells[K_cost_per_month] = cell_real(x->cost_per_month);
        r->cells[K_cost_per_million] = cell_real(x->cost_per_million);
        r->cells[K_currency] = cell_text(priced ? doc_text(d, p->costs.currency) : NULL);
        r->cells[K_saves_per_month] = cell_real(x->saves_per_month);
        r->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, x->name)};
    }
    s->weight = 1;
    s->kinds = KINDS_HTTP;
    const char *note = common_note(
        d, c,
        &(struct note){
            .kinds = KINDS_HTTP, .n = k.requests, .what = "requests", .span = w, .last = SD_UNKNOWN});
    s->note =
        priced ? note
               : doc_printf(d, "%s; what the servers cost is not known: `costs:` of the policy tells", note);
    s->empty = common_empty(d, c, KINDS_HTTP);
    const char *text = assumption(d, c, &k, w);
    if (text)
        doc_section(d, SECTION_TEXT, NULL, "Sales")->text = text;
    endpoint_costs_free(&k);
    return d;
}

const struct view costs_view = {
    .name = "costs",
    .mixed = true,
    .place = PLACE_GOALS,
    .title = "Costs",
    .summary = "cost per endpoint and per million requests, and what a fix saves",
    .lists = "endpoint",
    .needs = KINDS_HTTP,
    .build = build_costs,
    .links = (const char *const[]){"bottlenecks", "endpoints", NULL},
    .columns = COSTS,
    .n_columns = K_COLUMNS,
    .verb_bytes = WORTH_BYTES,
    .verb_endpoints = WORTH_ENDPOINTS,
};
