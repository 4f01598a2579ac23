/* n_plus_one.h - a statement that one route runs many times within each request.
 *
 * No trace is needed: attribution.h says how many of a statement's calls are the route's, and the
 * access log how many requests it had. It is reported only when the figure stays above its
 * limits even at the lower bound of the attribution, and when it does not contradict the duration
 * of the requests. The time on the server does not matter: each call is a round trip.
 * Limits: the row "n_plus_one" of core/rewrite/rules.c, and those here. Main thread. */
#ifndef CORE_INSIGHT_N_PLUS_ONE_H
#define CORE_INSIGHT_N_PLUS_ONE_H

#include "core/insight/attribution.h"
#include "core/rewrite/rules.h"

#define N_PLUS_ONE_LONGER 1.5 /* more of a request's mean duration than this is no attribution */

struct n_plus_one {
    const struct rewrite_rule *rule;
    enum severity severity;
    struct attribution of;
    double ns_per_request; /* of the statement, all its calls in a request, on the server */
};

/* Of a statement by route, of a route by statement: most calls a request first; count, at
 * most `max`. `span` in true times, not SPAN_ALL. */
size_t n_plus_one_of_query(const struct model *m, const struct query *q, struct span span,
                           struct n_plus_one *out, size_t max);
size_t n_plus_one_of_endpoint(const struct model *m, const struct endpoint *e, struct span span,
                              struct n_plus_one *out, size_t max);

#endif
