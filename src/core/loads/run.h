/* run.h - one run of a scenario: its plan and everything that is counted of it. The generator gets `driver`;
 * when it has returned, load_run_finish sums up and load_run_document says it. Pure; on the generator's
 * thread. */
#ifndef CORE_LOADS_RUN_H
#define CORE_LOADS_RUN_H

#include <cjson/cJSON.h>

#include "core/loads/load_figures.h"
#include "core/loads/limits.h"
#include "core/loads/load_plan.h"
#include "core/loads/soak.h"
#include "core/loads/spike.h"

/* X(UPPER, name) */
#define LOAD_RUN_VERDICTS(X) X(PASS, "pass") X(FAIL, "fail") X(UNRELIABLE, "unreliable") X(STOPPED, "stopped")
enum load_verdict {
#define LOAD_VERDICT_ENUM(UPPER, name) LOAD_VERDICT_##UPPER,
    LOAD_RUN_VERDICTS(LOAD_VERDICT_ENUM)
#undef LOAD_VERDICT_ENUM
};

/* What was done in one interval, about a second, and how far the run is then. */
struct load_interval {
    int64_t from_ns, to_ns; /* of the run's clock */
    double asked_per_s;     /* the rate that is asked for at its end; closed model: NAN */
    int64_t users;          /* of the closed model; SD_UNKNOWN */
    int64_t planned, sent, answered, failed, timeouts, limited, late,
        bytes;                  /* planned: begun in it; others ended */
    int64_t waiting, in_flight; /* at its end */
    double cpu_share;
    struct hist latency, service, lateness; /* of those that ended in it */
};

/* What has happened since the beginning, with the warm-up. */
struct load_totals {
    int64_t planned, sent, ended, answered, failed, late;
};

/* What only the generator knows. */
struct load_run_end {
    bool stopped;
    int64_t now_ns;   /* of the run's clock */
    int64_t given_up; /* stopped: sent, without an end */
    double cpu_share;
};

struct load_run {
    const struct load_scenario *scenario;
    struct load_driver driver; /* for the generator */
    struct load_plan plan;
    struct load_figures figures;
    struct load_search_result search;
    struct load_limits_result limits;
    struct load_spike_result spike;
    struct load_soak_result soak;
    struct load_interval interval; /* the one under way */
    struct load_totals totals;
    struct load_run_end end;
    int64_t started; /* since 1970 */
    /* Each request that ended, for the samples; may be NULL. */
    void (*each)(void *ctx, const struct load_outcome *o);
    void *each_ctx;
    /* ---- filled by load_run_finish ---- */
    int64_t duration_ns, measured_ns;
    struct load_threshold_result *thresholds; /* one for each of the scenario's */
    bool saturated;                           /* more than 1 % of the requests were late through us */
    enum load_verdict verdict;
    cJSON *comparison; /* owned; NULL: none */
    bool slower;       /* the comparison says so */
};

void load_run_init(struct load_run *r, const struct load_scenario *s, int64_t started);
void load_run_free(struct load_run *r);
/* Called some times a second with what the generator says of itself. True: an interval is over; it is in
 * *done, and the next one begins. */
bool load_run_tick(struct load_run *r, int64_t now_ns, int64_t waiting, int64_t in_flight, double cpu_share,
                   struct load_interval *done);
/* What it does now, in a word or two: "warm-up", "level 3", "hold". In `out`. */
void load_run_phase(const struct load_run *r, int64_t now_ns, struct strbuf *out);
void load_run_finish(struct load_run *r, const struct load_run_end *end);
/* Before the document: what a comparison with a baseline says. `json` is taken over. */
void load_run_compared(struct load_run *r, cJSON *json, bool slower);

cJSON *load_run_document(const struct load_run *r);
const char *load_verdict_name(enum load_verdict v);
#endif
