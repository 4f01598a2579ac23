/* service_calls.h - which service calls which, from the spans of many traces.
 *
 * A call is a span of a server or consumer, or any whose parent is of another service; and a client's or
 * producer's span with nothing of another service below it: then the callee is the database or host it
 * names. */
#ifndef CORE_TRACES_SERVICE_CALLS_H
#define CORE_TRACES_SERVICE_CALLS_H

#include "core/traces/trace_tree.h"

enum { SERVICE_CALLS_MOST = 2000 };

enum callee_kind { CALLEE_SERVICE, CALLEE_DATABASE, CALLEE_CACHE, CALLEE_EXTERNAL, CALLEE_KINDS };
const char *callee_kind_name(enum callee_kind k); /* "service", "database", "cache", "external" */

struct service_call {
    char *caller; /* NULL: from outside of what is traced */
    char *callee;
    enum callee_kind kind;
    int64_t count, errors, total_ns;
    int64_t *durations; /* known ones; in order after service_calls_finish */
    size_t n_durations, cap_durations;
};
struct service_calls {
    struct service_call *items;
    size_t n, cap;
    int64_t traces, left_out; /* calls of pairs beyond the limit */
};

void service_calls_add(struct service_calls *c, const struct trace_tree *t);
/* Sorts: the pair first that takes most time together. */
void service_calls_finish(struct service_calls *c);
/* By nearest rank, exact; SD_UNKNOWN: no duration is known. */
int64_t service_call_quantile(const struct service_call *c, double q);
void service_calls_free(struct service_calls *c); /* what is in it */

#endif
