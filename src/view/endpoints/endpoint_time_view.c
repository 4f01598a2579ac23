/* Where the time of an endpoint's requests goes, and against a budget of hops. */
#include "view/endpoints/endpoint_time.h"

#include <math.h>

#include "base/num.h"
#include "view/endpoints/hop_time.h"
#include "view/shared/common.h"

enum { T_PART, T_NS, T_SHARE, T_EVIDENCE, T_COLUMNS };
static const struct column TIME[T_COLUMNS] = {
    [T_PART] = {.key = "part",
                .title = "Where",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 14,
                .help = "own, database, cache, services, external, queue; of a log: proxy, upstream, queue"},
    [T_NS] = {.key = "mean_ns", .title = "A request", .unit = UNIT_NS, .help = "mean of a request"},
    [T_SHARE] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .help = "of its duration"},
    [T_EVIDENCE] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_LEFT,
                    .priority = 2,
                    .help = "traces: its newest ones, their critical path; access_log; sampled activity"},
};

enum { H_HOP, H_MAX, H_MEASURED, H_LEFT, H_EVIDENCE, H_COLUMNS };
static const struct column HOPS[H_COLUMNS] = {
    [H_HOP] = {.key = "hop",
               .title = "Hop",
               .flags = COLUMN_LEFT | COLUMN_GROW,
               .width = 14,
               .help = "name in the policy file"},
    [H_MAX] = {.key = "max_ns", .title = "Planned", .unit = UNIT_NS, .help = "what it may take"},
    [H_MEASURED] = {.key = "measured_ns",
                    .title = "Measured",
                    .unit = UNIT_NS,
                    .help = "mean of a request; null when nothing tells of that hop"},
    [H_LEFT] = {.key = "left_ns", .title = "Left", .unit = UNIT_NS, .help = "planned less measured"},
    [H_EVIDENCE] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_LEFT,
                    .priority = 2,
                    .help = "what was measured"},
};

static void add_time(struct doc *d, struct table *t, const char *part, double ns, double all,
                     const char *evidence)
{
    struct row *r = doc_row(d, t);
    r->cells[T_PART] = cell_text(part);
    r->cells[T_NS] = cell_real(ns);
    r->cells[T_SHARE] = cell_real(all > 0 ? ns / all : (double)NAN);
    r->cells[T_EVIDENCE] = cell_text(evidence);
}

static void by_traces(struct doc *d, struct table *t, const struct endpoint_time *x)
{
    static const char *const names[] = {
#define PART_NAME(NAME, name, title) #name,
        TRACE_PARTS(PART_NAME)
#undef PART_NAME
    };
    for (size_t i = 0; i < TRACE_PARTS_N; i++)
        if (x->parts[i] > 0)
            add_time(d, t, names[i], x->parts[i], x->total_ns, "traces");
}

/* A proxy's log: what it waited itself, what the server behind took, and the rest. */
static void by_log(struct doc *d, struct table *t, const struct known_time *k, bool whole)
{
    double upstream = isfinite(k->upstream) ? k->upstream : 0, queue = isfinite(k->queue) ? k->queue : 0;
    if (isfinite(k->queue))
        add_time(d, t, "queue", k->queue, k->log_mean, "access_log");
    if (isfinite(k->upstream) && whole)
        add_time(d, t, "upstream", k->upstream, k->log_mean, "access_log");
    if (isfinite(k->upstream))
        add_time(d, t, "proxy", fmax(k->log_mean - upstream - queue, 0), k->log_mean, "access_log");
    if (isfinite(k->sampled_db) && whole)
        add_time(d, t, "database", k->sampled_db, k->log_mean, "sampled activity");
}

/* ---- against the plan ---- */

static void add_hop(struct doc *d, struct table *t, const struct hop *h, double ns, const char *evidence)
{
    struct row *r = doc_row(d, t);
    double left = (double)h->max_ns - ns;
    r->cells[H_HOP] = cell_text(doc_text(d, h->name));
    r->cells[H_MAX] = cell_int(h->max_ns);
    r->cells[H_MEASURED] = cell_real(ns);
    r->cells[H_LEFT] = cell_real(left);
    r->cells[H_EVIDENCE] = cell_text(evidence ? evidence : "not measured");
    r->severity = left < 0 ? SEVERITY_WARN : SEVERITY_NONE;
}

static const char *budget_words(struct doc *d, const struct hop_plan *p, double mean)
{
    char sum[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX], left[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX];
    int64_t planned = hop_plan_sum(p), rest = add_sat(p->max_ns, -planned);
    unit_format_int(UNIT_NS, planned, sum);
    unit_format_int(UNIT_NS, p->max_ns, max);
    unit_format_int(UNIT_NS, rest < 0 ? -rest : rest, left);
    const char *words =
        doc_printf(d, "%s of %s planned, %s %s", sum, max, left, rest < 0 ? "too much" : "left");
    return isfinite(mean) ? doc_printf(d, "%s; measured %s, the mean of a request", words,
                                       unit_format(UNIT_NS, mean, is))
                          : words;
}

static void against_plan(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                         const struct known_time *k)
{
    const struct hop_plan *p = hop_plan_for(c->hops, endpoint_method(e), endpoint_route(e));
    if (!p)
        return;
    struct section *s = doc_table(d, "hops", doc_printf(d, "Budget \"%s\"", p->name), HOPS, H_COLUMNS);
    s->table.sort_column = -1;
    s->min_height = 3;
    double mean = known_time_mean(k);
    for (size_t i = 0; i < p->n; i++) {
        const char *evidence;
        double ns = hop_measured(c, k, &p->hops[i], &evidence);
        add_hop(d, &s->table, &p->hops[i], ns, evidence);
    }
    s->note = budget_words(d, p, mean);
    doc_field(d, "hops_budget_ns", UNIT_NS, cell_int(p->max_ns));
    doc_field(d, "hops_planned_ns", UNIT_NS, cell_int(hop_plan_sum(p)));
    doc_field(d, "hops_left_ns", UNIT_NS, cell_int(add_sat(p->max_ns, -hop_plan_sum(p))));
}

void endpoint_time_sections(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                            const struct endpoint_stats *s)
{
    struct known_time k = known_time_of(c, e, s);
    bool log = isfinite(k.queue) || isfinite(k.upstream);
    if (k.traces.traces || log) {
        struct section *t = doc_table(d, "time", "Where its time goes", TIME, T_COLUMNS);
        t->table.sort_column = -1;
        t->min_height = 3;
        if (k.traces.traces) {
            char n[UNIT_TEXT_MAX];
            by_traces(d, &t->table, &k.traces);
            t->note = doc_printf(d, "the critical path of %s trace%s",
                                 unit_format_int(UNIT_COUNT, (int64_t)k.traces.traces, n),
                                 k.traces.traces == 1 ? "" : "s");
        }
        by_log(d, &t->table, &k, !k.traces.traces);
    }
    against_plan(d, c, e, &k);
}
