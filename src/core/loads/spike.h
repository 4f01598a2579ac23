/* spike.h - kind spike: the latencies before, during and after, and the moment from which it was as before.
 */
#ifndef CORE_LOADS_SPIKE_H
#define CORE_LOADS_SPIKE_H

#include "core/hist.h"
#include "core/loads/driver.h"
#include "core/loads/scenario.h"

struct load_spike_result {
    struct hist before, during, after;
    int64_t before_planned, before_failed;
    struct load_spike_request {
        int64_t intended_ns, latency_ns; /* intended: from the drop */
        bool failed;
    } * requests; /* after the drop */
    size_t n, cap;
    bool recovered;
    int64_t recovery_ns; /* from the drop; SD_UNKNOWN */
};

void load_spike_init(struct load_spike_result *r);
void load_spike_free(struct load_spike_result *r);
void load_spike_add(struct load_spike_result *r, const struct load_scenario *s, const struct load_outcome *o);
/* Looks for the recovery in what was intended before `until_ns` of the run's clock. */
void load_spike_finish(struct load_spike_result *r, const struct load_scenario *s, int64_t until_ns);
/* Recovered, and in time. */
bool load_spike_passed(const struct load_spike_result *r, const struct load_scenario *s);

#endif
