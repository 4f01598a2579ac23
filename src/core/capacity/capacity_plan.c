#include "core/capacity/capacity_plan.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/capacity/queue.h"

#define INSTANCES_MAX 1e12

/* The least whole number that is not below x; what binary fractions lack or have too much is no instance. */
static double whole_up(double x)
{
    return ceil(x * (1 - 1e-12));
}

static double p99_of(const struct capacity_ask *ask, double peak, int64_t instances)
{
    struct queue q = {.rate_per_s = peak / (double)instances,
                      .service_ns = (double)ask->service_ns,
                      .servers = ask->workers};
    return queue_response_ns(&q, 0.99);
}

static bool meets(const struct capacity_ask *ask, double peak, int64_t instances)
{
    return p99_of(ask, peak, instances) <= (double)ask->slo_p99_ns; /* false where it is unknown */
}

/* The fewest instances that meet the SLO, by doubling and bisection: more of them never answer later. 0:
 * none. */
static int64_t fewest(const struct capacity_ask *ask, double peak)
{
    struct queue idle = {.service_ns = (double)ask->service_ns, .servers = ask->workers};
    if (!(queue_response_ns(&idle, 0.99) < (double)ask->slo_p99_ns))
        return 0;
    int64_t low = 0, high = 1;
    for (; !meets(ask, peak, high); high *= 2) {
        low = high;
        if ((double)high > INSTANCES_MAX)
            return 0;
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (meets(ask, peak, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void use_limits(struct capacity_plan *out, const struct capacity_ask *ask)
{
    const struct plan_limit_use *first = NULL;
    out->limits = mem_array(ask->n_limits + 1, sizeof *out->limits);
    out->n_limits = ask->n_limits;
    for (size_t i = 0; i < ask->n_limits; i++) {
        const struct plan_limit *l = &ask->limits[i];
        struct plan_limit_use *u = &out->limits[i];
        u->name = l->name;
        u->demand_per_s = out->peak_per_s * l->per_request;
        u->ceiling_per_s = l->ceiling;
        u->share = u->demand_per_s / l->ceiling;
        u->max_rate_per_s = l->per_request > 0 ? l->ceiling / l->per_request : (double)NAN;
        u->ok = u->demand_per_s <= l->ceiling * (1 + 1e-12);
        if (!u->ok && (!first || u->max_rate_per_s < first->max_rate_per_s))
            first = u;
    }
    out->holds &= !first;
    out->binding = first ? first->name : out->binding;
}

static void use_all(struct capacity_plan *out, const struct capacity_ask *ask, double max_rate)
{
    int64_t zones_left = ask->zones - ask->lost;
    out->instances = out->instances_headroom;
    if (sd_known(out->instances_slo) && out->instances_slo > out->instances_headroom) {
        out->instances = out->instances_slo;
        out->binding = "slo";
    }
    out->instances_total = ask->zones * ((out->instances + zones_left - 1) / zones_left);
    out->utilisation = out->peak_per_s / (double)out->instances_total / max_rate;
    if (sd_known(ask->workers))
        out->p99_ns = real_to_int(p99_of(ask, out->peak_per_s, out->instances_total));
    out->cost_per_month = (double)out->instances_total * ask->price_per_hour * PLAN_HOURS_PER_MONTH;
}

bool plan_capacity(struct capacity_plan *out, const struct capacity_ask *ask, struct sd_error *err)
{
    bool queue = sd_known(ask->workers);
    double max_rate = queue ? (double)ask->workers / ((double)ask->service_ns / 1e9) : ask->max_rate;
    *out = (struct capacity_plan){.peak_per_s = ask->peak * ask->growth * ask->event,
                                  .instances_slo = SD_UNKNOWN,
                                  .instances = SD_UNKNOWN,
                                  .instances_total = SD_UNKNOWN,
                                  .p99_ns = SD_UNKNOWN,
                                  .utilisation = (double)NAN,
                                  .cost_per_month = (double)NAN,
                                  .currency = ask->currency,
                                  .binding = "headroom",
                                  .holds = true};
    double by_headroom = whole_up(out->peak_per_s / ((1 - ask->headroom) * max_rate));
    if (!(out->peak_per_s > 0 && out->peak_per_s <= QUEUE_RATE_MAX))
        return fail(err, "the peak is %g a second; it has to be above 0 and at most 1e12", out->peak_per_s);
    if (!(by_headroom <= INSTANCES_MAX))
        return fail(err, "the peak needs more than 1e12 instances");
    out->instances_headroom = (int64_t)by_headroom;
    if (queue && sd_known(ask->slo_p99_ns)) {
        int64_t n = fewest(ask, out->peak_per_s);
        out->slo_impossible = n == 0;
        out->instances_slo = n ? n : SD_UNKNOWN;
    }
    if (out->slo_impossible) {
        out->binding = "slo";
        out->holds = false;
    } else {
        use_all(out, ask, max_rate);
    }
    use_limits(out, ask);
    return true;
}

void capacity_plan_free(struct capacity_plan *p)
{
    free(p->limits);
    *p = (struct capacity_plan){0};
}
