/* n_plus_one.h - a statement that one route runs many times within each request.
 *
 * No trace is needed: of the calls the server counted in a span, a route gets the share of
 * the sampled session time that is its own, and the access log says how many requests it
 * had. That is an attribution by sampling, not a count: it is reported only when the
 * figure stays above its limits even if the samples were off by their standard error, and
 * when it does not contradict the duration of the requests.
 * Limits: the row "n_plus_one" of core/rewrite/rules.c, and those here. Main thread. */
#ifndef CORE_INSIGHT_N_PLUS_ONE_H
#define CORE_INSIGHT_N_PLUS_ONE_H

#include "core/model/model.h"
#include "core/rewrite/rules.h"

#define N_PLUS_ONE_SAMPLED_S 3.0  /* seconds of session time sampled for the route and statement */
#define N_PLUS_ONE_SHARE     0.05 /* of the statement's sampled time */
#define N_PLUS_ONE_LONGER    1.5  /* more of a request's mean duration than this is no attribution */

struct n_plus_one {
    const struct rewrite_rule *rule;
    enum severity severity;
    const struct query *query;
    const struct endpoint *endpoint;
    double calls_per_request;
    double at_least;       /* the same, less the standard error of the samples */
    double ns_per_request; /* of the statement, all its calls in a request */
    double requests;       /* in the span */
    double calls;          /* attributed to the route */
    double share;          /* of the statement's sampled time that is the route's */
    double sampled_s;
};

/* Of a statement by route, of a route by statement: most time a request first; count, at
 * most `max`. `span` in true times, not SPAN_ALL. */
size_t n_plus_one_of_query(const struct model *m, const struct query *q, struct span span,
                           struct n_plus_one *out, size_t max);
size_t n_plus_one_of_endpoint(const struct model *m, const struct endpoint *e, struct span span,
                              struct n_plus_one *out, size_t max);

#endif
