#include "core/insight/attribution.h"

#include <math.h>
#include <stdlib.h>

enum { LINKS = 64, INTERVALS_MAX = 128 };

/* One-sided 95 %. */
#define NORMAL_95 1.645
/* Seconds that a sample stands for, when the source does not say: ten a second. */
#define SAMPLE_S 0.1
/* Of the calls, what the route's requests may leave unexplained when no other route is known: requests
 * and counters are read at different moments, so the regression finds too little, never too much. */
#define UNEXPLAINED 0.4
#define OTHERS      0.1 /* of the calls, what may go with the requests of other routes then */

/* Lower bound of a share of which k of n samples were seen (Wilson's). */
static double share_at_least(double k, double n)
{
    double z = NORMAL_95, p = k / n;
    return (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n);
}

/* ---- together ---- */

struct fit {
    double slope, error; /* calls per request of the route, and its standard error */
    double others;       /* calls that go with the requests of all other routes */
};

/* Requests of all but e. */
static double others(const struct model *m, const struct endpoint *e, struct span span)
{
    double n = 0;
    for (size_t i = 0; i < model_endpoints(m); i++)
        if (model_endpoint(m, i) != e)
            n += endpoint_requests(model_endpoint(m, i), span);
    return n;
}

enum { TERMS = 3 }; /* time, the route's requests, all others */

/* Solves a * x = b, both changed, and gives the inverse's middle element. False: the terms cannot be
 * told from each other. */
static bool solve(double a[TERMS][TERMS], double b[TERMS], double *inverse)
{
    double unit[TERMS] = {0, 1, 0}, scale[TERMS];
    for (size_t i = 0; i < TERMS; i++)
        scale[i] = a[i][i];
    for (size_t i = 0; i < TERMS; i++) {
        if (!(scale[i] > 0) || !(a[i][i] > 1e-3 * scale[i]))
            return false;
        for (size_t r = 0; r < TERMS; r++) {
            double f = r == i ? 0 : a[r][i] / a[i][i];
            for (size_t k = 0; k < TERMS; k++)
                a[r][k] -= f * a[i][k];
            b[r] -= f * b[i];
            unit[r] -= f * unit[i];
        }
    }
    for (size_t i = 0; i < TERMS; i++)
        b[i] /= a[i][i];
    *inverse = unit[1] / a[1][1];
    return true;
}

/* Least squares: calls = a * time + slope * requests + b * requests of all others. With requests that keep
 * the same rate, or the same ratio to all others, there is no answer. */
static bool fit_calls(const struct query_interval *in, const double *mine, const double *rest, size_t n,
                      struct fit *out)
{
    double a[TERMS][TERMS] = {{0}}, b[TERMS] = {0}, yy = 0, left, inverse;
    bool alone = true; /* the log has no other route */
    for (size_t i = 0; i < n; i++)
        alone &= rest[i] <= 0;
    for (size_t i = 0; i < n; i++) {
        double x[TERMS] = {(double)(in[i].span.to - in[i].span.from) / (double)SD_S, mine[i], rest[i]};
        double y = (double)in[i].calls;
        for (size_t r = 0; r < TERMS; r++) {
            for (size_t k = 0; k < TERMS; k++)
                a[r][k] += x[r] * x[k];
            b[r] += x[r] * y;
        }
        yy += y * y;
    }
    if (alone)
        a[2][2] = 1;
    double given[TERMS];
    memcpy(given, b, sizeof given);
    if (!solve(a, b, &inverse))
        return false;
    left = yy;
    for (size_t i = 0; i < TERMS; i++)
        left -= b[i] * given[i];
    out->slope = b[1];
    out->others = 0;
    for (size_t i = 0; i < n; i++)
        out->others += MAX(b[2], 0) * rest[i];
    out->error = sqrt(MAX(left, 0) / (double)(n - TERMS) * MAX(inverse, 0));
    return out->slope > 0;
}

static bool together(const struct model *m, const struct query *q, const struct endpoint *e, struct span span,
                     struct fit *out)
{
    struct query_interval in[INTERVALS_MAX];
    double mine[INTERVALS_MAX], rest[INTERVALS_MAX];
    size_t n = query_intervals(q, span, in, INTERVALS_MAX);
    if (n < ATTRIBUTION_INTERVALS)
        return false;
    for (size_t i = 0; i < n; i++) {
        mine[i] = endpoint_requests(e, in[i].span);
        rest[i] = others(m, e, in[i].span);
    }
    return fit_calls(in, mine, rest, n, out);
}

/* ---- both ---- */

static void by_samples(const struct link *own, double seconds, double calls, struct attribution *out)
{
    double each = MAX(SAMPLE_S, out->mean_ns / 1e9); /* what lasts longer is seen again and again */
    double n = seconds / each, k = own->weight / each;
    out->share = own->share;
    out->calls = calls * own->share;
    out->calls_per_request = out->calls / out->requests;
    out->evidence = own->evidence;
    if (k >= ATTRIBUTION_SAMPLES)
        out->at_least = share_at_least(k, n) * calls / out->requests;
}

static void by_rise(const struct fit *fit, double calls, bool alone, struct attribution *out)
{
    double least = fit->slope - 2 * fit->error, each = MIN(fit->slope, calls / out->requests);
    if (alone && fit->others <= OTHERS * calls && each * out->requests >= (1 - UNEXPLAINED) * calls)
        each = calls / out->requests;
    out->calls_per_request = each;
    out->calls = each * out->requests;
    out->share = out->calls / calls;
    out->at_least = MIN(least, each);
    out->evidence = "calls rise with requests";
}

/* Traces are a sample of the requests, and of the kept ones more are slow: the bound is that of a mean of as
 * many requests whose calls are spread as widely as they are many. */
static bool by_spans(const struct link *own, double requests, struct attribution *out)
{
    double traces = (double)own->span_requests;
    if (!own->span_calls || traces < ATTRIBUTION_TRACES)
        return false;
    out->calls_per_request = (double)own->span_calls / traces;
    out->at_least = out->calls_per_request * (1 - NORMAL_95 / sqrt(traces + 1));
    out->at_least = MAX(out->at_least, 0);
    out->requests = requests > 0 ? requests : traces;
    out->calls = out->calls_per_request * out->requests;
    out->share = own->share;
    out->mean_ns = (double)own->span_ns / (double)own->span_calls;
    out->evidence = "database spans";
    return true;
}

/* False: traces show no calls of it, or too few requests. */
static bool traced(const struct model *m, const struct query *q, const struct endpoint *e, struct span span,
                   struct attribution *out)
{
    struct link links[LINKS];
    size_t n = query_links(m, q, span, links, LINKS);
    *out = (struct attribution){.query = q, .endpoint = e};
    for (size_t i = 0; i < n; i++)
        if (links[i].endpoint == e && by_spans(&links[i], endpoint_requests(e, span), out))
            return true;
    return false;
}

bool attribution_of(const struct model *m, const struct query *q, const struct endpoint *e, struct span span,
                    struct attribution *out)
{
    struct link links[LINKS];
    struct query_stats st;
    struct fit fit;
    const struct link *own = NULL;
    double seconds = 0;
    if (traced(m, q, e, span, out))
        return true;
    /* What was counted: a log may tell of hours before the server was asked. */
    span = model_counted(m, span);
    if (span.from == SD_UNKNOWN)
        return false;
    query_stats(q, span, &st);
    double requests = endpoint_requests(e, span);
    size_t n = query_links(m, q, span, links, LINKS);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(links[i].evidence, "database spans"))
            continue; /* no sample of it */
        seconds += links[i].weight;
        if (links[i].endpoint == e)
            own = &links[i];
    }
    bool first = query_first_called_by(q, e);
    if (!st.known || !(st.calls > 0) || !(requests > 0) || (!own && !first))
        return false;
    *out = (struct attribution){.query = q,
                                .endpoint = e,
                                .requests = requests,
                                .mean_ns = st.mean_ns,
                                .sampled_s = own ? own->weight : 0};
    if (own)
        by_samples(own, seconds, (double)st.calls, out);
    double sampled = out->at_least;
    if ((double)st.calls >= 2 * requests && together(m, q, e, span, &fit) &&
        fit.slope - 2 * fit.error > sampled)
        by_rise(&fit, (double)st.calls, n == (own != NULL), out);
    return out->evidence != NULL;
}

static int by_time(const void *a, const void *b)
{
    const struct attribution *x = a, *y = b;
    double p = x->calls * x->mean_ns, q = y->calls * y->mean_ns;
    return (p < q) - (p > q);
}

size_t attribution_of_endpoint(const struct model *m, const struct endpoint *e, struct span span,
                               struct attribution *out, size_t max)
{
    struct link links[LINKS];
    size_t n = endpoint_links(m, e, span, links, LINKS), found = 0;
    for (size_t i = 0; i < n && found < max; i++)
        found += attribution_of(m, links[i].query, e, span, &out[found]);
    for (size_t i = 0; i < model_queries(m) && found < max; i++) {
        const struct query *q = model_query(m, i);
        bool linked = !query_first_called_by(q, e);
        for (size_t k = 0; k < n && !linked; k++)
            linked = links[k].query == q;
        if (!linked)
            found += attribution_of(m, q, e, span, &out[found]);
    }
    if (found)
        qsort(out, found, sizeof *out, by_time);
    return found;
}
