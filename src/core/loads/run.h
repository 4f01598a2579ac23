/* run.h - one run of a scenario: its plan and everything that is counted of it. The generator gets `driver`;
 * when it has returned, load_run_finish sums up and load_run_document says it. Pure; on the generator's
 * thread. */
#ifndef CORE_LOADS_RUN_H
#define CORE_LOADS_RUN_H

#include <cjson/cJSON.h>

#include "core/loads/figures.h"
#include "core/loads/limits.h"
#include "core/loads/plan.h"
#include "core/loads/soak.h"
#include "core/loads/spike.h"

/* X(UPPER, name) */
#define LOAD_VERDICTS(X) X(PASS, "pass") X(FAIL, "fail") X(UNRELIABLE, "unreliable") X(STOPPED, "stopped")
enum load_verdict {
#define LOAD_VERDICT_ENUM(UPPER, name) LOAD_VERDICT_##UPPER,
    LOAD_VERDICTS(LOAD_VERDICT_ENUM)
#undef LOAD_VERDICT_ENUM
};

/* How far it is; a copy may be read by another thread. */
struct load_progress {
    int64_t now_ns, duration_ns;             /* duration: of a search the longest possible */
    double asked_per_s;                      /* the rate now; closed model: NAN */
    int64_t users;                           /* closed model: now; else 0 */
    int64_t planned, sent, answered, failed; /* begun, ... of the whole run, with the warm-up */
    int64_t waiting, in_flight;
    int64_t late;
    double second_sent, second_answered; /* in the last whole second */
    int64_t p50, p99, max;               /* of what ended in that second; SD_UNKNOWN: nothing did */
    double level, held, broke;           /* of a search; NAN */
    int64_t rows;                        /* of the scenario's seconds so far */
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
    struct load_progress progress;
    struct load_run_end end;
    int64_t started; /* since 1970 */
    struct {
        int64_t began_ns, sent, answered;
        struct hist latency;
    } second; /* the one under way, for the progress */
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
/* The generator's counts, some times a second: `progress` is up to date then. */
void load_run_tick(struct load_run *r, int64_t now_ns, int64_t waiting, int64_t in_flight);
void load_run_finish(struct load_run *r, const struct load_run_end *end);
/* Before the document: what a comparison with a baseline says. `json` is taken over. */
void load_run_compared(struct load_run *r, cJSON *json, bool slower);

cJSON *load_run_document(const struct load_run *r);
const char *load_verdict_name(enum load_verdict v);
/* Why it is not `pass`, the first reason, as a sentence for people; "" when it is. */
void load_run_reason(const struct load_run *r, struct strbuf *out);

#endif
