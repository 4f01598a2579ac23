/* runner.h - runs a scenario against a target that was opened (load_target.h): the generator, and what a soak
 * watches. For the command and for the source; blocks until the run is over. */
#ifndef SOURCE_LOAD_RUNNER_H
#define SOURCE_LOAD_RUNNER_H

#include "core/loads/run.h"
#include "source/load/load_target.h"

#include <stdatomic.h>

/* Called on the thread that runs, between sends: what they take is lateness. Each may be NULL. */
struct load_runner_hooks {
    /* About ten times a second; `waiting` and `in_flight` are of now, the interval under way is in
     * r->interval. */
    void (*tick)(void *ctx, const struct load_run *r, int64_t now_ns, int64_t waiting, int64_t in_flight);
    void (*interval)(void *ctx, const struct load_run *r,
                     const struct load_interval *i); /* about each second */
    void (*level)(void *ctx, const struct load_run *r, const struct load_level *level); /* one is over */
    void *ctx;
};

/* The limits that a run has without any word of the user. */
#define LOAD_RATE_MAX     10000.0
#define LOAD_DURATION_MAX (3600 * SD_S)

/* Is the scenario within the limits (NAN, SD_UNKNOWN: those above), and may it go to its target? The closed
 * model has no rate of its own: it is kept below the limit, s->rate_cap. False and a sentence, within 2 s. */
struct load_permission {
    const char *allow; /* --allow; NULL */
    double max_rate;
    int64_t max_duration_ns;
};
bool load_runner_allowed(struct load_scenario *s, const struct load_permission *p, struct load_target *t,
                         struct sd_error *err);

/* `r` was begun by load_run_init, and is finished when it returns. `stop`: as generator.h has it;
 * r->end.stopped says whether it did. False and a sentence: it could not begin. */
bool load_runner_run(struct load_run *r, const struct load_target *t, const struct load_runner_hooks *hooks,
                     atomic_int *stop, struct sd_error *err);

#endif
