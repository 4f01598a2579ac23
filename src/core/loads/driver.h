/* driver.h - what a load generator does, seen from both sides: a driver says which request begins when and is
 * told how each ended; the generator (source/load/generator.h) sends them and knows nothing of schedules,
 * users or kinds of test. A driver is pure: the same calls give the same orders, so that each is tested with
 * made-up times.
 *
 * All times are nanoseconds from the start of the run. All functions are called on the generator's thread and
 * may neither block nor allocate for each request. */
#ifndef CORE_LOADS_DRIVER_H
#define CORE_LOADS_DRIVER_H

#include "base/base.h"
#include "slowdive/types.h"

/* One request as it is to be sent. */
struct load_order {
    uint64_t seq;        /* its number in the schedule, from 0: {seq} */
    uint32_t request;    /* which of the scenario's */
    int64_t user;        /* row of the credentials; closed model without them: which user; -1: none */
    int64_t intended_ns; /* when it should begin */
    uint64_t tag;        /* the driver's own, given back with the end */
};

/* How a request failed. X(UPPER, name, help) */
#define LOAD_FAILURES(X)                                                                                     \
    X(NONE, "", "it did not")                                                                                \
    X(STATUS, "status", "the answer has a status that counts as failed")                                     \
    X(TIMEOUT, "timeout", "no whole answer within the timeout")                                              \
    X(CONNECT, "connect", "no connection: refused, or no TLS")                                               \
    X(RESET, "reset", "the connection was closed before the answer was whole")                               \
    X(PROTOCOL, "protocol", "the answer is not HTTP")                                                        \
    X(UNSENT, "unsent", "it was never sent: no connection was free until the run ended")
enum load_failure {
#define LOAD_FAILURE_ENUM(UPPER, name, help) LOAD_##UPPER,
    LOAD_FAILURES(LOAD_FAILURE_ENUM)
#undef LOAD_FAILURE_ENUM
        LOAD_FAILURE_N
};

/* How one ended. A generator does not know which statuses are failures: an answer is LOAD_NONE there. */
struct load_outcome {
    struct load_order order;
    int64_t sent_ns; /* SD_UNKNOWN: it was not */
    int64_t done_ns; /* last byte, give-up, or when the failure was known */
    int status;      /* 0: no answer */
    enum load_failure failure;
    int64_t bytes;         /* received for it, header and body */
    bool late;             /* sent more than LOAD_LATE_NS after its moment although a connection was free */
    int64_t ours_ns;       /* the generator's own share of sent - intended */
    int64_t retry_after_s; /* Retry-After in seconds; SD_UNKNOWN: none, or a date */
    int64_t retry_at;      /* Retry-After as a date, since 1970; SD_UNKNOWN: none */
    const char
        *sample; /* of a failure: the system's words or the beginning of the answer; valid in the call */
};
#define LOAD_LATE_NS (10 * SD_MS)

struct load_driver {
    /* When the next order is due: it is then taken, once. INT64_MAX: none before something ended (closed
     * model). -1: there are no more, now or later. `now_ns` is the run's clock. */
    int64_t (*next_at)(void *ctx, int64_t now_ns);
    void (*take)(void *ctx, struct load_order *out);
    void (*ended)(void *ctx, const struct load_outcome *o);
    void *ctx;
};

#endif
