/* soak.h - kind soak: what grows during the run, and when a limit is reached. */
#ifndef CORE_LOADS_SOAK_H
#define CORE_LOADS_SOAK_H

#include "core/hist.h"
#include "core/loads/driver.h"
#include "core/loads/scenario.h"

enum { SOAK_WINDOWS = 60 }; /* of equal time; joined when they hold few requests, to 10 at least */

/* A figure of a watched metric. */
struct load_sample_point {
    int64_t at_ns;       /* of the run's clock */
    double value, limit; /* NAN: not there */
};
struct load_watched {
    struct load_sample_point *points;
    size_t n, cap;
};

/* One row of `growth`. */
struct load_growth {
    const char *name;
    double first, last; /* NAN: unknown, as below */
    double slope_per_h, slope_lo_per_h, slope_hi_per_h;
    bool known, significant; /* known: there was enough for a slope */
    double limit;
    int64_t reached_ns, exhausted_in_ns; /* SD_UNKNOWN */
};

struct load_soak_result {
    struct load_soak_window {
        struct hist *latency;
        int64_t planned, failed;
    } windows[SOAK_WINDOWS];
    struct load_watched *watched; /* one for each of the scenario's; points may be added until the end */
    struct load_growth *growth;   /* of load_soak_finish: three, and one for each watched metric */
    size_t n_growth;
};

void load_soak_init(struct load_soak_result *r, const struct load_scenario *s);
void load_soak_free(struct load_soak_result *r, const struct load_scenario *s);
void load_soak_add(struct load_soak_result *r, const struct load_scenario *s, const struct load_outcome *o);
void load_soak_watched(struct load_soak_result *r, size_t watch, const struct load_sample_point *p);
/* until_ns: of the run's clock, when it ended or was stopped. */
void load_soak_finish(struct load_soak_result *r, const struct load_scenario *s, int64_t until_ns);
/* Nothing grows, and no limit was reached. */
bool load_soak_passed(const struct load_soak_result *r);

#endif
