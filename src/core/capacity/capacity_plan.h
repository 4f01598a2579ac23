/* capacity_plan.h - how many instances a peak of demand needs, what they cost, and which limit breaks. Each
 * instance is a queue of its own (queue.h) that gets its share of the peak. Pure; any thread. */
#ifndef CORE_CAPACITY_CAPACITY_PLAN_H
#define CORE_CAPACITY_CAPACITY_PLAN_H

#include "base/base.h"

enum { PLAN_LIMITS_MAX = 1000, PLAN_ZONES_MAX = 1000, PLAN_HOURS_PER_MONTH = 730 };

/* Something that all instances share. */
struct plan_limit {
    const char *name;
    double per_request; /* how much of it a request takes, at least 0 */
    double ceiling;     /* a second, above 0 */
};

struct capacity_ask {
    double peak, growth, event; /* requests a second, and factors; above 0 */
    int64_t workers;            /* of an instance: 1 and more; SD_UNKNOWN: max_rate says it */
    int64_t service_ns;         /* mean of a request; above 0 where workers are known */
    double max_rate;            /* of an instance, a second; NAN: workers / service */
    int64_t slo_p99_ns;         /* SD_UNKNOWN: none */
    double headroom;            /* 0 to below 1: this share of an instance stays free at the peak */
    int64_t zones, lost;        /* so many zones may be lost of so many; 0 <= lost < zones */
    double price_per_hour;      /* of an instance; NAN: unknown */
    const char *currency;       /* NULL: not said */
    const struct plan_limit *limits;
    size_t n_limits;
};

struct plan_limit_use {
    const char *name;
    double demand_per_s, ceiling_per_s, share;
    double max_rate_per_s; /* the peak at which the ceiling is reached; NAN: never */
    bool ok;
};

/* SD_UNKNOWN and NAN: not known. Names belong to what was asked. */
struct capacity_plan {
    double peak_per_s;
    int64_t instances_slo, instances_headroom, instances, instances_total;
    int64_t p99_ns;     /* with all of instances_total */
    double utilisation; /* likewise */
    double cost_per_month;
    const char *currency;
    struct plan_limit_use *limits; /* as many as were asked for */
    size_t n_limits;
    bool slo_impossible; /* the service alone takes longer */
    const char *binding; /* "slo", "headroom" or the name of the limit that breaks first; never NULL */
    bool holds;          /* no limit is broken and the SLO is possible */
};

/* Free with capacity_plan_free, also after false: more instances than can be counted. */
bool plan_capacity(struct capacity_plan *out, const struct capacity_ask *ask, struct sd_error *err);
void capacity_plan_free(struct capacity_plan *p);

#endif
