/* scale.h - a trace of demand replayed against policies that start and remove instances. Pure; any thread.
 *
 * Time goes in steps of the trace. At the beginning of step t a policy knows x[0..t-1] and says how many
 * instances there are to be. Those that are missing are started and run from step t + ceil(start / step);
 * those that are too many are removed at once, the youngest first. So of the n-th instance one can say: it
 * runs in step t when n or more were wanted in each of the steps t - ceil(start / step) to t. Instances are
 * paid from the step of their start.
 */
#ifndef CORE_CAPACITY_SCALE_H
#define CORE_CAPACITY_SCALE_H

#include "base/base.h"

enum scale_kind { SCALE_FIXED, SCALE_REACTIVE, SCALE_PREDICTIVE, SCALE_CLAIRVOYANT, SCALE_KINDS };
extern const char *const SCALE_KIND_NAMES[SCALE_KINDS + 1]; /* NULL at the end */

/* Why the number wanted by the predictive policy is what it is. */
enum scale_reason {
    SCALE_BY_SEASON,
    SCALE_BY_EVENT,
    SCALE_BY_DERIVATIVE,
    SCALE_BY_REACTIVE,
    SCALE_BY_COOL_DOWN
};
extern const char *const SCALE_REASON_NAMES[];

enum { SCALE_STEPS_MAX = 1000000, SCALE_INSTANCES_MAX = 1000000, SCALE_EVENTS_MAX = 1000 };
/* Steps times the steps that each looks ahead: some seconds of work. */
#define SCALE_LOOKS_MAX INT64_C(400000000)
#define SCALE_RATE_MAX  1e15 /* a second */

/* Times are in nanoseconds since 1970. */
struct scale_trace {
    int64_t start_ns, step_ns; /* step above 0 */
    const double *rate;        /* requests a second, at least 0; NAN: unknown, in the history only */
    size_t n;
};
struct scale_event {
    const char *name;
    int64_t from_ns, to_ns; /* from < to */
    double factor;          /* at least 0: traffic is what it would be else, times this */
};
struct scale_policy {
    double rate;                        /* of an instance, a second; above 0 */
    int64_t start_ns;                   /* from its start until it serves; at least 0 */
    double price_per_hour;              /* NAN: unknown */
    int64_t from_ns;                    /* evaluated from here */
    double target;                      /* wanted utilisation: above 0, at most 1 */
    int64_t min, max;                   /* 0 <= min <= max <= SCALE_INSTANCES_MAX, max at least 1 */
    int64_t cool_down_ns, lead_ns;      /* at least 0 */
    enum scale_kind kinds[SCALE_KINDS]; /* what to replay, in this order */
    size_t n_kinds;
    const struct scale_event *events;
    size_t n_events;
};

struct scale_row {
    enum scale_kind kind;
    int64_t violations;                     /* steps with more demand than all running ones serve */
    double violation_share, overload_share; /* NAN: no demand */
    double instance_hours, cost;            /* cost NAN: no price */
    int64_t peak_instances, actions;        /* actions: steps with a start or a removal */
};
struct scale_decision {
    int64_t at_ns, instances;
    enum scale_reason reason;
};
struct scale {
    int64_t step_ns;
    size_t first, steps; /* of the evaluated part: trace.rate[first .. first + steps - 1] */
    struct scale_row rows[SCALE_KINDS];
    size_t n_rows;
    int64_t *wanted[SCALE_KINDS];  /* of each row, `steps` long */
    int64_t *running[SCALE_KINDS]; /* likewise */
    struct scale_decision *decisions;
    size_t n_decisions;
    bool holds; /* predictive has not more violations than reactive, or one of them was not asked for */
};

/* False and a sentence when the evaluated part has no step before it, is empty or holds unknown values. Free
 * with scale_free, also then. */
bool scale_replay(struct scale *out, const struct scale_trace *t, const struct scale_policy *p,
                  struct sd_error *err);
void scale_free(struct scale *s);

/* ---- what the policies share ---- */

/* How many are wanted for that demand: clamp(ceil(x / (target x rate)), min, max). */
int64_t scale_desired(const struct scale_policy *p, double x);
/* ceil(time / step). */
int64_t scale_steps_of(int64_t time_ns, int64_t step_ns);

#endif
