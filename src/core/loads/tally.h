/* tally.h - what is counted of requests that ended: the figures of a threshold. One of the whole run, one of
 * each level of a search. Not thread-safe. */
#ifndef CORE_LOADS_TALLY_H
#define CORE_LOADS_TALLY_H

#include "core/hist.h"
#include "core/loads/driver.h"
#include "core/loads/scenario.h"

/* Durations of which there are few or many: single values first, a histogram when they are many. {0} is
 * empty. */
struct load_durations {
    int64_t *v; /* until there is a histogram */
    size_t n, cap;
    struct hist *h;
};
void load_durations_add(struct load_durations *x, int64_t ns);
/* By rank ceil(q n); SD_UNKNOWN when empty. May sort. */
int64_t load_durations_quantile(struct load_durations *x, double q);
int64_t load_durations_max(struct load_durations *x);
double load_durations_mean(const struct load_durations *x); /* NAN when empty */
void load_durations_free(struct load_durations *x);

struct load_request_tally {
    int64_t planned, answered, failed, sent;
    struct load_durations latency;
};

struct load_tally {
    const struct load_scenario *scenario;
    int64_t planned, sent, answered, ok, failed, timeouts, limited, unsent;
    struct hist latency;
    struct load_request_tally *rows; /* one for each request of the scenario */
};

void load_tally_init(struct load_tally *t, const struct load_scenario *s);
void load_tally_clear(struct load_tally *t);
void load_tally_free(struct load_tally *t);
/* `o` with the failure that the scenario sees in it: load_failure_of. */
void load_tally_add(struct load_tally *t, const struct load_outcome *o);

/* The generator's failure, or LOAD_STATUS for a status that counts as one. */
enum load_failure load_failure_of(const struct load_scenario *s, const struct load_outcome *o);
const char *load_failure_name(enum load_failure f); /* "" for LOAD_NONE */

/* The figure of a threshold over `measured_ns`: nanoseconds, share or rate; NAN: it cannot be computed. */
double load_threshold_value(struct load_tally *t, const struct load_threshold *x, int64_t measured_ns);

#endif
