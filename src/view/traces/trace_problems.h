/* trace_problems.h - what is wrong with the traces of an endpoint: the findings that are alike together. */
#ifndef VIEW_TRACES_TRACE_PROBLEMS_H
#define VIEW_TRACES_TRACE_PROBLEMS_H

#include "core/model/traces.h"
#include "core/traces/trace_findings.h"
#include "view/view.h"

/* Looked at are the newest traces: of an endpoint, of all for the overview, which is made each second. */
enum { PROBLEM_TRACES = 2000, PROBLEM_TRACES_OVERVIEW = 500 };

struct trace_problem {
    const char *endpoint; /* NULL: of traces without one */
    enum trace_rule rule;
    const char *about; /* the statement or operation that repeats or takes long */
    int64_t traces;    /* that have it */
    int64_t of;        /* traces of the endpoint that were looked at */
    int64_t cost_ns;   /* of all of them */
    const char *text;  /* of the trace where it costs most, and that trace */
    const char *advice, *worst_trace;
    int64_t worst_ns;
};
struct trace_problems {
    struct trace_problem *items; /* the costliest first */
    size_t n;
    int64_t traces, failed; /* that were looked at; of these with an error */
    int64_t in_all;         /* traces of the span */
};
/* endpoint NULL: of all. All is in the arena. */
struct trace_problems trace_problems(const struct view_ctx *c, const char *endpoint, size_t most,
                                     struct arena *a);

#endif
