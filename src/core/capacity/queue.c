#include "core/capacity/queue.h"

#include <math.h>

#define BISECTIONS 200

static double offered(const struct queue *q)
{
    return q->rate_per_s * (q->service_ns / 1e9);
}

/* Erlang B of one server more. */
static double one_more(double b, double a, int64_t servers)
{
    return a * b / ((double)servers + a * b);
}

static double c_of_b(double b, double a, int64_t servers)
{
    double rho = a / (double)servers;
    return rho >= 1 ? 1 : b / (1 - rho * (1 - b));
}

double queue_erlang_c(double a, int64_t servers)
{
    double b = 1;
    if (a >= (double)servers)
        return 1;
    for (int64_t k = 1; k <= servers; k++)
        b = one_more(b, a, k);
    return c_of_b(b, a, servers);
}

/* P(T > t), t in mean service times, so that mu is 1. The fraction of the header is taken out of its
 * exponential that decays slower: nothing overflows, and eta = mu is no special case but for d = 0. */
static double response_tail(double t, double c, double eta)
{
    double d = fabs(eta - 1), slow = MIN(eta, 1), fast_part = slow == 1 ? 1 : eta;
    double grown = d * t < 1e-12 ? t : -expm1(-d * t) / d;
    return (1 - c) * exp(-t) + c * exp(-slow * t) * (1 + fast_part * grown);
}

static double response_of(double c, double eta, double share)
{
    double low = 0, high = 1;
    while (response_tail(high, c, eta) > 1 - share && high < 1e300)
        high *= 2;
    for (int i = 0; i < BISECTIONS; i++) {
        double t = low + (high - low) / 2;
        if (response_tail(t, c, eta) > 1 - share)
            low = t;
        else
            high = t;
    }
    return high;
}

double queue_response_ns(const struct queue *q, double share)
{
    double a = offered(q), eta = (double)q->servers - a;
    if (!(eta > 0))
        return (double)NAN;
    return response_of(queue_erlang_c(a, q->servers), eta, share) * q->service_ns;
}

void queue_figures(struct queue_figures *out, const struct queue *q, double cv_arrival, double cv_service)
{
    bool none = !sd_known(q->servers);
    double a = offered(q), eta = none ? 0 : (double)q->servers - a, nan = (double)NAN;
    *out = (struct queue_figures){.of = *q,
                                  .cv_arrival = cv_arrival,
                                  .cv_service = cv_service,
                                  .utilisation = none ? nan : a / (double)q->servers,
                                  .stable = eta > 0,
                                  .p_wait = nan,
                                  .queue_mean = nan,
                                  .in_system_mean = nan,
                                  .wait_mean_ns = nan,
                                  .response_mean_ns = nan,
                                  .wait_p95_ns = nan,
                                  .response_p50_ns = nan,
                                  .response_p95_ns = nan,
                                  .response_p99_ns = nan,
                                  .approximate = cv_arrival != 1 || cv_service != 1};
    if (!out->stable)
        return;
    double c = queue_erlang_c(a, q->servers);
    double variation = (cv_arrival * cv_arrival + cv_service * cv_service) / 2;
    double wait = c / eta * (out->approximate ? variation : 1);
    out->p_wait = c;
    out->queue_mean = a * wait; /* Little: the rate is `a` a mean service time */
    out->in_system_mean = out->queue_mean + a;
    out->wait_mean_ns = wait * q->service_ns;
    out->response_mean_ns = (wait + 1) * q->service_ns;
    if (out->approximate)
        return;
    out->wait_p95_ns = c > 0.05 ? log(c / 0.05) / eta * q->service_ns : 0;
    out->response_p50_ns = response_of(c, eta, 0.50) * q->service_ns;
    out->response_p95_ns = response_of(c, eta, 0.95) * q->service_ns;
    out->response_p99_ns = response_of(c, eta, 0.99) * q->service_ns;
}

int64_t queue_servers_for(const struct queue *q, double share, double limit_ns)
{
    double a = offered(q), t = limit_ns / q->service_ns, b = 1;
    if (!(exp(-t) < 1 - share)) /* also with so many servers that nothing waits */
        return SD_UNKNOWN;
    for (int64_t k = 1; k <= QUEUE_SERVERS_MAX; k++) {
        b = one_more(b, a, k);
        if ((double)k > a && response_tail(t, c_of_b(b, a, k), (double)k - a) <= 1 - share)
            return k;
    }
    return QUEUE_SERVERS_MAX + 1;
}
