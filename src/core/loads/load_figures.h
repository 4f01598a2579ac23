/* load_figures.h - everything that the document of a run says of its requests. Each request is told once,
 * when it ended; what it costs does not grow with their number: memory is one histogram for each second that
 * is not over, and some numbers for each second. Times are of the run's clock. Not thread-safe. */
#ifndef CORE_LOADS_LOAD_FIGURES_H
#define CORE_LOADS_LOAD_FIGURES_H

#include "core/loads/tally.h"

/* Bits of load_order.tag that every driver sets; above LOAD_TAG_SHIFT it is the driver's own. */
enum {
    LOAD_TAG_MEASURED = 1, /* not of the warm-up */
    LOAD_TAG_HELD = 2,     /* the driver itself held it back, because no row of credentials was free */
    LOAD_TAG_SHIFT = 8
};

/* The requests intended in one second. */
struct load_second {
    int64_t begun;                           /* taken */
    int64_t planned, sent, answered, failed; /* of those that ended */
    int64_t busy_ns;       /* sum over all requests of the time in this second that they were under way */
    int64_t p50, p99, max; /* SD_UNKNOWN: none */
    struct hist *latency;  /* until it is settled */
};

/* One row of `errors`. */
struct load_error {
    enum load_failure kind;
    int status; /* 0: no answer */
    int64_t count;
    char sample[200];
};

enum { LOAD_ERRORS_MAX = 200, LOAD_STATUS_MAX = 1000, LOAD_SECONDS_MAX = 200000 };

struct load_figures {
    const struct load_scenario *scenario;
    struct load_tally all; /* the measured part */
    struct hist ok_latency, service, delay;
    struct hist lateness; /* our own share of the delay */
    int64_t late, bytes;
    int64_t statuses[LOAD_STATUS_MAX];
    struct load_error errors[LOAD_ERRORS_MAX];
    size_t n_errors;
    struct load_second *seconds;            /* of intended start, with the warm-up */
    size_t n_seconds, cap_seconds, settled; /* those before `settled` have no histogram any more */
    struct hist *spare;
    double service_sum_ns;
};

void load_figures_init(struct load_figures *f, const struct load_scenario *s);
void load_figures_free(struct load_figures *f);
/* It was taken. */
void load_figures_begun(struct load_figures *f, const struct load_order *o);
void load_figures_add(struct load_figures *f, const struct load_outcome *o);
/* Seconds before now_ns of which everything has ended give their memory back. INT64_MAX: the run is over,
 * what has no end has none. */
void load_figures_settle(struct load_figures *f, int64_t now_ns);

#endif
