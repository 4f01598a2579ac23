/* attribution.h - how many of a statement's calls are one route's.
 *
 * The server counts calls, not by whom. Three kinds of evidence divide them among the routes:
 *   samples  - of the moments at which the statement was seen running, those for the route. Enough
 *              of them only for a statement that takes the server some time;
 *   together - the calls between two reads of the counters rise and fall with the requests of the
 *              route, and not with all others: a regression over these intervals. It needs no time on
 *              the server, but requests that come unevenly, and a tag that names the route at all.
 *   spans    - the database spans of the traces that are kept: calls for each of their requests, counted.
 * Where there are any they are taken, because nothing is guessed. `at_least` is the lower bound of each: 95 %
 * of the samples' binomial distribution, or twice the standard error of the regression. Main thread. */
#ifndef CORE_INSIGHT_ATTRIBUTION_H
#define CORE_INSIGHT_ATTRIBUTION_H

#include "core/model/model.h"

#define ATTRIBUTION_SAMPLES   3  /* independent samples of the statement for the route, at least */
#define ATTRIBUTION_INTERVALS 10 /* between reads of the counters, at least */
#define ATTRIBUTION_TRACES    5  /* of the endpoint, at least */

struct attribution {
    const struct query *query;
    const struct endpoint *endpoint;
    double calls_per_request;
    double at_least;      /* the same, as far as the evidence proves it */
    double requests;      /* of the route in the span */
    double calls;         /* attributed to the route */
    double share;         /* of the statement's calls that is the route's */
    double mean_ns;       /* of a call, on the server; of spans, as the client sees it */
    double sampled_s;     /* seconds of session time sampled for the route */
    const char *evidence; /* "sampled activity", "calls rise with requests" or "database spans" */
};

/* False: nothing ties the statement to the route, or nothing is counted. `span` in true times, not
 * SPAN_ALL. */
bool attribution_of(const struct model *m, const struct query *q, const struct endpoint *e, struct span span,
                    struct attribution *out);
/* All of an endpoint, most time on the server first; count, at most max. */
size_t attribution_of_endpoint(const struct model *m, const struct endpoint *e, struct span span,
                               struct attribution *out, size_t max);

#endif
