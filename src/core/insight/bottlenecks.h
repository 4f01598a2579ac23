/* bottlenecks.h - the things worth fixing, by what users wait for them: endpoints, statements, and what other
 * domains can save, in one unit. What each costs and what mending it gives.
 *
 * Over a window of s seconds:
 *   endpoint   what its timed requests took beyond the target, by the buckets of their histogram, / s
 *   query      growth of its total time / s * saving_share; the share by its advice record (proven when the
 *              planner chose the index), else by an estimate; without one the impact is unknown
 *   others     as whoever found them says (bottleneck_more)
 *   saves_wait_hours_per_month  impact * 2,629,800 s / 3600
 *   saves_cost_per_month        costs.month * impact / busy, where busy is the time of all requests / s
 *   gain                        saves_cost + saves_wait_hours * costs.wait_hour, a month
 *   effort_cost = effort_hours * costs.hour;  roi = (12 * gain - effort_cost) / effort_cost
 *   payback_months = effort_cost / gain
 * An endpoint and the statement that causes it are both listed; `within` names the endpoint, so that nobody
 * adds them up. Unknown is NAN, NULL. Pure; main thread, as the model. */
#ifndef CORE_INSIGHT_BOTTLENECKS_H
#define CORE_INSIGHT_BOTTLENECKS_H

#include "core/goals/policy.h"
#include "core/model/model.h"

#define BOTTLENECK_MONTH_S   2629800.0     /* a twelfth of a year of 365.25 days */
#define BOTTLENECK_TARGET_NS (100 * SD_MS) /* where no KPI on http.latency matches */
#define BOTTLENECK_SHOWN     10            /* unless asked otherwise */

#define BOTTLENECK_KINDS(X)                                                                                  \
    X(ENDPOINT, "endpoint")                                                                                  \
    X(QUERY, "query") X(CACHE, "cache") X(ASSET, "asset") X(PAGE, "page") X(FUNCTION, "function")
enum bottleneck_kind {
#define BOTTLENECK_ENUM(UPPER, name) BOTTLENECK_##UPPER,
    BOTTLENECK_KINDS(BOTTLENECK_ENUM)
#undef BOTTLENECK_ENUM
        BOTTLENECK_KINDS_N
};
const char *bottleneck_kind_name(enum bottleneck_kind k);

enum bottleneck_confidence { BOTTLENECK_UNKNOWN, BOTTLENECK_ESTIMATED, BOTTLENECK_PROVEN };
const char *bottleneck_confidence_name(enum bottleneck_confidence c);

struct bottleneck {
    enum bottleneck_kind kind;
    const char *name;       /* "GET /orders/:id", "shop/77", a URL: unique in its kind */
    const char *subject;    /* as shown; of a query its text */
    const char *within;     /* the endpoint it is a part of; NULL */
    const char *text;       /* what is wrong, a sentence; NULL */
    double impact_ns_per_s; /* ns that users wait, each second */
    double impact_share;    /* of all endpoints' impact; of their time when none is above its target */
    double affected_per_s;  /* requests above the target, calls, loads */
    double current_ns;      /* mean of one */
    double expected_ns;     /* the same, once mended */
    double saving_share;    /* of that */
    const char *technique; /* index, rewrite, cache, split, settings, upkeep: key of `efforts`; NULL: no cause
                              is known */
    const char *approach;  /* what to do */
    const char *trade_off; /* what it costs otherwise; NULL: nothing known */
    enum bottleneck_confidence confidence;
    double effort_hours, saves_cost_per_month, saves_wait_hours_per_month, roi, payback_months;
    const char *view, *select;  /* that shows more */
    int64_t samples;            /* requests, calls */
    const char *origin;         /* what the figures are from */
    double target_ns;           /* of an endpoint */
    const char *method, *route; /* of an endpoint */
};

struct bottlenecks {
    struct arena *arena;
    struct bottleneck *items; /* by impact, the unknown last, then by name */
    size_t n, cap;
    double seconds;
    double busy_ns_per_s;   /* of all requests */
    double impact_ns_per_s; /* of all endpoints */
    int64_t requests;
};

/* What a statement could save by something else than an advice record; false: nothing is known. Texts live as
 * long as the result. */
struct bottleneck_saving {
    double share; /* of its time */
    const char *technique, *approach, *trade_off;
};
typedef bool bottleneck_estimate(void *ctx, struct arena *a, const struct query *q,
                                 struct bottleneck_saving *out);

struct bottleneck_ask {
    const struct model *model;
    const struct goal_policy *policy;                    /* NULL: none */
    sd_time from, to;                                    /* the window (from, to] */
    bottleneck_estimate *estimate;                       /* NULL: none */
    const char *(*show_sql)(void *ctx, const char *sql); /* as it may be shown; NULL: as it is */
    void *ctx;
};
void bottlenecks_find(const struct bottleneck_ask *ask, struct bottlenecks *out);
/* One that another domain found: kind to confidence, without shares and money, which bottlenecks_done adds.
 * Texts are copied. */
void bottleneck_more(struct bottlenecks *b, const struct bottleneck *item);
/* Money, shares and order: once, when all are in. */
void bottlenecks_done(struct bottlenecks *b, const struct goal_policy *p);
void bottlenecks_free(struct bottlenecks *b);

/* The target of the first KPI on http.latency that matches; BOTTLENECK_TARGET_NS: none does. */
double bottleneck_target(const struct goal_policy *p, const char *method, const char *route);

/* Time above the target, in ns, and how many were; of a latency histogram. */
struct bottleneck_excess {
    double ns;
    int64_t above;
};
struct bottleneck_excess bottleneck_excess(const struct hist *h, double target_ns);

/* ---- costs ---- */
struct endpoint_cost {
    const char *method, *route, *name;
    int64_t count;
    double share; /* of the time of all requests, of requests where none has a duration */
    double cost_per_month, cost_per_million, saves_per_month;
};
struct endpoint_costs {
    struct arena *arena;
    struct endpoint_cost *items; /* the dearest first, then by name */
    size_t n;
    double seconds;
    int64_t requests;
    bool by_time; /* shares are of the time */
};
void endpoint_costs_find(const struct model *m, const struct goal_policy *p, sd_time from, sd_time to,
                         struct endpoint_costs *out);
void endpoint_costs_free(struct endpoint_costs *c);

#endif
