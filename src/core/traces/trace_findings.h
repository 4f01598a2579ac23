/* trace_findings.h - what a trace shows to be wrong. The thresholds stand here, once: the code uses the
 * numbers, the manual prints them in TRACE_RULES. N+1 and repeated N+1 are Sentry's published definitions. */
#ifndef CORE_TRACES_TRACE_FINDINGS_H
#define CORE_TRACES_TRACE_FINDINGS_H

#include "core/traces/trace_tree.h"

#define TRACE_N_PLUS_ONE_CALLS 5
#define TRACE_N_PLUS_ONE_MS    50
#define TRACE_PATTERN_SPANS    8 /* of a repeated N+1: most spans of the pattern */
#define TRACE_PATTERN_TIMES    3
#define TRACE_CONSECUTIVE      3
#define TRACE_CONSECUTIVE_MS   30  /* each of them */
#define TRACE_SPARED_MS        100 /* all of them, side by side */
#define TRACE_EXTERNAL_MS      500
#define TRACE_PAYLOAD_MIB      1
#define TRACE_OUTSIDE_MS       100
#define TRACE_OUTSIDE_PERCENT  50
#define TRACE_FAN_OUT          10

#define TRACE_SAY_(number) #number
#define TRACE_SAY(number)  TRACE_SAY_(number)

/* X(NAME, name, what it says, when) */
#define TRACE_RULES(X)                                                                                       \
    X(N_PLUS_ONE, n_plus_one, "a statement once for each row of another",                                    \
      "at least " TRACE_SAY(                                                                                 \
          TRACE_N_PLUS_ONE_CALLS) " calls of the same statement one after the other "                        \
                                  "under one parent, after a different statement, together " TRACE_SAY(      \
                                      TRACE_N_PLUS_ONE_MS) " ms or more; cut statements and key-value "      \
                                                           "stores do not count")                            \
    X(REPEATED_N_PLUS_ONE, repeated_n_plus_one, "a pattern of calls, again and again",                       \
      "a pattern of 2 to " TRACE_SAY(                                                                        \
          TRACE_PATTERN_SPANS) " spans, different ones, with a statement among "                             \
                               "them, " TRACE_SAY(TRACE_PATTERN_TIMES) " times or more one after the other " \
                                                                       "under one parent")                   \
    X(CONSECUTIVE_CALLS, consecutive_calls, "calls one after the other that could run side by side",         \
      "at least " TRACE_SAY(                                                                                 \
          TRACE_CONSECUTIVE) " different calls one after the other under one parent, of "                    \
                             "services, or of databases with statements that read and take no parameter, "   \
                             "each of " TRACE_SAY(TRACE_CONSECUTIVE_MS) " ms or more, that side by side "    \
                                                                        "would spare " TRACE_SAY(            \
                                                                            TRACE_SPARED_MS) " ms or more")  \
    X(SLOW_EXTERNAL_CALL, slow_external_call, "a call out of the house that takes long",                     \
      "a client's span without a span of who answers below it, no database's, of " TRACE_SAY(                \
          TRACE_EXTERNAL_MS) " ms or more")                                                                  \
    X(LARGE_PAYLOAD, large_payload, "a large body",                                                          \
      "a request, an answer or a message of " TRACE_SAY(TRACE_PAYLOAD_MIB) " MiB or more")                   \
    X(TIME_OUTSIDE_SPANS, time_outside_spans, "time that no call explains",                                  \
      "a span whose own time on the critical path, no call's, is " TRACE_SAY(                                \
          TRACE_OUTSIDE_MS) " ms or more and " TRACE_SAY(TRACE_OUTSIDE_PERCENT) " % of the whole or more")   \
    X(CHATTY_FAN_OUT, chatty_fan_out, "one request that calls a service many times",                         \
      "at least " TRACE_SAY(TRACE_FAN_OUT) " calls of one other service under one root")

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
    char *advice;    /* what to do, one sentence; NULL */
};

/* The costliest first. Free with trace_findings_free. */
size_t trace_findings(const struct trace_tree *t, struct trace_finding **out);
void trace_findings_free(struct trace_finding *f, size_t n);
const char *trace_rule_name(enum trace_rule r); /* "n_plus_one" */

#endif
