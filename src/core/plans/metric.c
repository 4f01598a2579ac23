/* metric.c - the plan metrics. */
#include "core/plans/tree.h"

static const struct {
    const char *name, *note;
} METRICS[PLAN_METRIC_END] = {[PLAN_METRIC_NONE] = {.name = "", .note = ""},
#define METRIC_ROW(UPPER, name, note) [PLAN_METRIC_##UPPER] = {#name, note},
                              PLAN_METRICS(METRIC_ROW)};

const char *plan_metric_name(enum plan_metric m)
{
    return METRICS[m < PLAN_METRIC_END ? m : PLAN_METRIC_NONE].name;
}

const char *plan_metric_note(enum plan_metric m)
{
    return METRICS[m < PLAN_METRIC_END ? m : PLAN_METRIC_NONE].note;
}

enum plan_metric plan_metric_named(const char *name)
{
    for (int m = PLAN_METRIC_NONE + 1; m < PLAN_METRIC_END; m++)
        if (!strcmp(METRICS[m].name, name))
            return (enum plan_metric)m;
    return PLAN_METRIC_NONE;
}

/* NAN only when both are. */
static double sum(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

/* The node's figure: ns, rows, factor >= 1, blocks, ns, cost units; NAN unknown. An
 * estimate of rows of which none came weighs as many times as rows were expected. */
static double plan_metric_of(const struct plan *p, const struct plan_node *n, enum plan_metric m)
{
    switch (m) {
    case PLAN_METRIC_TIME:
        return n->exclusive_ns;
    case PLAN_METRIC_ROWS:
        return p->analyzed ? sum(n->rows, n->rows_removed) : n->plan_rows;
    case PLAN_METRIC_ESTIMATE:
        if (isinf(n->estimate_factor))
            return fmax(1, fmax(sum(n->rows, NAN), sum(n->rows_plan_total, NAN)));
        return n->estimate_factor;
    case PLAN_METRIC_BUFFERS:
        return sum(n->own_shared_hit, n->own_shared_read);
    case PLAN_METRIC_IO:
        return n->own_io_ns;
    case PLAN_METRIC_COST:
        return n->cost;
    case PLAN_METRIC_NONE:
    case PLAN_METRIC_END:
        break;
    }
    return NAN;
}

const struct plan_node *plan_metric_worst(const struct plan *p, enum plan_metric m)
{
    const struct plan_node *worst = NULL;
    double most = m == PLAN_METRIC_ESTIMATE ? 1 : 0;
    if ((m == PLAN_METRIC_TIME && p->timed) || (m == PLAN_METRIC_COST && !p->timed))
        return p->worst;
    for (size_t i = 0; i < p->n_nodes; i++) {
        plan_fetch_head(p, i);
        double v = plan_metric_of(p, p->nodes[i], m);
        if (v > most) { /* NAN is not */
            most = v;
            worst = p->nodes[i];
        }
    }
    return worst;
}

unsigned plan_metrics(const struct plan *p)
{
    unsigned has = 0;
    for (int m = PLAN_METRIC_NONE + 1; m < PLAN_METRIC_END; m++) {
        if (m == PLAN_METRIC_TIME && !p->timed)
            continue;
        if (plan_metric_worst(p, (enum plan_metric)m))
            has |= 1u << m;
    }
    return has;
}

enum plan_metric plan_metric_or(const struct plan *p, enum plan_metric wanted)
{
    if (wanted != PLAN_METRIC_NONE && wanted < PLAN_METRIC_END && (plan_metrics(p) & 1u << wanted))
        return wanted;
    return p->timed ? PLAN_METRIC_TIME : PLAN_METRIC_COST;
}
