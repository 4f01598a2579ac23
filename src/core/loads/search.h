/* search.h - the search for the breaking point, as in MLRsearch and the load tools that do it by hand: the
 * rate doubles from `from` until a level breaks, then the gap between the highest that held and the lowest
 * that broke is halved until it is small enough. A level that fails is run again: only one that fails twice
 * breaks. Pure. */
#ifndef CORE_LOADS_SEARCH_H
#define CORE_LOADS_SEARCH_H

#include "core/loads/scenario.h"

/* Which level is next. */
struct load_search_state {
    const struct load_search *rules;
    double held, broke; /* NAN: not known yet */
    double rate;        /* of the level to run now; NAN: the search is over */
    bool again;         /* it failed once */
};
void load_search_begin(struct load_search_state *s, const struct load_search *rules);
void load_search_told(struct load_search_state *s, bool held);

/* One run of one level. */
struct load_level {
    int64_t from_ns, to_ns; /* of what is judged, on the run's clock */
    double rate, ok_per_s, error_share;
    int64_t p50, p95, p99; /* SD_UNKNOWN: none */
    double mean_ns;        /* of the latency; NAN */
    bool held;
    int threshold;  /* the first that did not hold; -1: none */
    bool saturated; /* fewer than 95 % of what was planned were answered in time */
    double value;   /* of that threshold */
};

enum { LOAD_LEVELS_MAX = 200 };

/* What a threshold came to. */
struct load_threshold_result {
    double value; /* NAN: it could not be computed */
    bool passed;
};

struct load_search_result {
    struct load_level levels[LOAD_LEVELS_MAX];
    size_t n_levels;
    double held, broke;               /* NAN: null */
    double now;                       /* the level under way, for the display; NAN: none */
    int64_t measured_ns, duration_ns; /* of all levels that are over, without and with their warm-up */
    int64_t began_ns;                 /* of the level under way, on the run's clock */
    struct load_threshold_result
        *thresholds; /* of the highest level that held, else of the first; one for each of the scenario's */
};
void load_search_result_free(struct load_search_result *r);

/* What degraded first: for each the lowest level that showed it. */
enum load_degradation {
    LOAD_LATENCY_DOUBLED,
    LOAD_SATURATED,
    LOAD_ERRORS,
    LOAD_THRESHOLD,
    LOAD_DEGRADATION_N
};
struct load_degraded {
    const struct load_level *level; /* NULL: none did */
    double value;
};
void load_search_degraded(const struct load_search_result *r, struct load_degraded out[LOAD_DEGRADATION_N]);
const char *load_degradation_name(enum load_degradation d);

#endif
