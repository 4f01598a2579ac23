/* queue.h - a queue with several servers, M/M/c: requests come as a Poisson process, each is served by one of
 * c equal servers for an exponentially distributed time, first come first served. Pure; any thread.
 *
 * With a = rate x service (busy servers on average), mu = 1 / service, eta = c mu - rate:
 *   Erlang B   B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)): no factorials, so that any number of servers works
 *   Erlang C   C = B / (1 - rho (1 - B)), rho = a / c: the share of requests that wait
 *   waiting    P(W > t) = C exp(-eta t), mean C / eta
 *   response   P(T > t) = (1 - C) exp(-mu t) + C (eta exp(-mu t) - mu exp(-eta t)) / (eta - mu)
 * (Kleinrock, Queueing Systems I, 1975). Intervals and service times that vary more or less than that: the
 * mean wait times (ca^2 + cs^2) / 2 (Allen and Cunneen), which is an approximation without percentiles.
 */
#ifndef CORE_CAPACITY_QUEUE_H
#define CORE_CAPACITY_QUEUE_H

#include "base/base.h"

enum { QUEUE_SERVERS_MAX = 1000000 };
#define QUEUE_RATE_MAX 1e12 /* a second */

struct queue {
    double rate_per_s; /* 0 to QUEUE_RATE_MAX */
    double service_ns; /* mean; above 0 */
    int64_t servers;   /* 1 to QUEUE_SERVERS_MAX */
};

/* Times are in nanoseconds; NAN is unknown. */
struct queue_figures {
    struct queue of; /* servers SD_UNKNOWN: no number of them reaches the target */
    double cv_arrival, cv_service;
    double utilisation;
    bool stable; /* utilisation below 1; nothing below is known otherwise */
    double p_wait, queue_mean, in_system_mean;
    double wait_mean_ns, response_mean_ns;
    double wait_p95_ns, response_p50_ns, response_p95_ns, response_p99_ns;
    bool approximate; /* a coefficient of variation is not 1: percentiles are unknown */
};

/* C; 1 when the servers do not suffice. */
double queue_erlang_c(double offered, int64_t servers);
/* The response time that the share `q` (0 to 1, both excluded) of requests does not exceed. NAN: not stable.
 */
double queue_response_ns(const struct queue *q, double share);
/* Coefficients of variation of intervals and of service times, at least 0; 1 and 1 is M/M/c. With servers
 * SD_UNKNOWN nothing else is known. */
void queue_figures(struct queue_figures *out, const struct queue *q, double cv_arrival, double cv_service);
/* The fewest servers with which that share of responses takes at most `limit_ns`. SD_UNKNOWN: the service
 * alone takes longer; QUEUE_SERVERS_MAX + 1: more than this counts. `servers` of q is not used. */
int64_t queue_servers_for(const struct queue *q, double share, double limit_ns);

#endif
