/* trace_findings.h - what a trace shows to be wrong. The thresholds stand in TRACE_RULES, which the manual
 * prints; N+1 and repeated N+1 are Sentry's published definitions. */
#ifndef CORE_TRACES_TRACE_FINDINGS_H
#define CORE_TRACES_TRACE_FINDINGS_H

#include "core/traces/trace_tree.h"

/* X(NAME, name, what it says, when) */
#define TRACE_RULES(X)                                                                                       \
    X(N_PLUS_ONE, n_plus_one, "a statement once for each row of another",                                    \
      "at least 5 of the same statement one after the other under one parent, after a different statement, " \
      "together 50 ms or more; cut statements and key-value stores do not count")                            \
    X(REPEATED_N_PLUS_ONE, repeated_n_plus_one, "a pattern of calls, again and again",                       \
      "a pattern of 2 to 8 spans three times or more under one parent")                                      \
    X(CONSECUTIVE_CALLS, consecutive_calls, "calls one after the other that could run side by side",         \
      "3 or more calls of databases or services under one parent, none of which needs another's result as "  \
      "far as it can be seen, that would spare 100 ms")                                                      \
    X(SLOW_EXTERNAL_CALL, slow_external_call, "a call out of the house that takes long",                     \
      "a client's span without a server's below it, 500 ms or more")                                         \
    X(LARGE_PAYLOAD, large_payload, "a large body", "a request or an answer of 1 MiB or more")               \
    X(TIME_OUTSIDE_SPANS, time_outside_spans, "time that no span explains",                                  \
      "a span with children whose own time is 100 ms or more and half of its duration")                      \
    X(CHATTY_FAN_OUT, chatty_fan_out, "one request that calls services many times",                          \
      "10 or more calls of one service under one root")

enum trace_rule {
#define TRACE_RULE_ENUM(NAME, name, what, when) TRACE_##NAME,
    TRACE_RULES(TRACE_RULE_ENUM)
#undef TRACE_RULE_ENUM
        TRACE_RULES_N
};

struct trace_finding {
    enum trace_rule rule;
    uint32_t node;   /* the parent, or the span itself */
    uint32_t first;  /* the first span that repeats: a node; TREE_NONE */
    uint32_t count;  /* how many repeat, or 1 */
    int64_t cost_ns; /* what they take together; of consecutive calls: what is spared */
    char *text;      /* one sentence: "214 x SELECT items WHERE order_id = $1, 1.9 s: one after the other" */
    char *advice;    /* what to do, one sentence, with the batch form of a statement; NULL */
};

/* The costliest first. Free with trace_findings_free. */
size_t trace_findings(const struct trace_tree *t, struct trace_finding **out);
void trace_findings_free(struct trace_finding *f, size_t n);
const char *trace_rule_name(enum trace_rule r); /* "n_plus_one" */

#endif
