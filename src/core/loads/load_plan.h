/* load_plan.h - the kinds of load as drivers: who sends what when. Pure: times come in through the driver's
 * functions. */
#ifndef CORE_LOADS_LOAD_PLAN_H
#define CORE_LOADS_LOAD_PLAN_H

#include "core/loads/driver.h"
#include "core/loads/search.h"

struct load_plan {
    struct load_driver driver;
    /* One that was due and never taken, because the driver held it back to the end: it is unsent. False: no
     * more. */
    bool (*left)(void *ctx, struct load_order *out);
    void (*free)(void *ctx);
};

/* Open model: the stages of the scenario (steady, spike, soak). A request takes the row of credentials that
 * was free longest; when none is free it is held back until one is. */
struct load_plan load_plan_open(const struct load_scenario *s);
/* Closed model. User u sends while the level of the stages is above u, and has row u of the credentials,
 * modulo their number. */
struct load_plan load_plan_closed(const struct load_scenario *s);
/* Level after level; the result is in `out`, which lives as long as the plan. */
struct load_plan load_plan_search(const struct load_scenario *s, struct load_search_result *out);
/* Aggressor, polite and modest, with rows 0, 1 and 2. `wall_ns` is the moment of the run's start since 1970,
 * for Retry-After as a date. */
struct load_limits_result;
struct load_plan load_plan_limits(const struct load_scenario *s, int64_t wall_ns,
                                  struct load_limits_result *out);

/* The one of the kind and model; the results of other kinds stay as they are. */
struct load_plan load_plan_of(const struct load_scenario *s, int64_t wall_ns,
                              struct load_search_result *search, struct load_limits_result *limits);
void load_plan_free(struct load_plan *p);

#endif
