#include "view/endpoints/hop_time.h"

#include <math.h>
#include <strings.h>

#include "base/num.h"
#include "view/endpoints/db_share.h"

static double each(int64_t total, const struct endpoint_stats *s)
{
    return sd_known(total) && s->timed > 0 ? (double)total / (double)s->timed : (double)NAN;
}

struct known_time known_time_of(const struct view_ctx *c, const struct endpoint *e,
                                const struct endpoint_stats *s)
{
    struct known_time k = {
        .log_mean = each(s->total_ns, s), .queue = each(s->queue_ns, s), .upstream = each(s->upstream_ns, s)};
    endpoint_time_of(c->model, e, c->span, &k.traces);
    if (k.traces.traces && s->evidence == EVIDENCE_TRACES) /* whose services each count the request anew */
        k.log_mean = (double)NAN;
    k.sampled_db = db_share_of(c, e).share * k.log_mean;
    return k;
}

double known_time_mean(const struct known_time *k)
{
    return isfinite(k->log_mean) ? k->log_mean : k->traces.traces ? k->traces.total_ns : (double)NAN;
}

/* ---- of a hop ---- */

static bool is_word(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (!strcasecmp(name, *words))
            return true;
    return false;
}

static double of_traces(const struct known_time *k, enum trace_part part, const char **evidence)
{
    *evidence = k->traces.traces ? "traces" : NULL;
    return k->traces.traces ? k->traces.parts[part] : (double)NAN;
}

static double of_database(const struct known_time *k, const char **evidence)
{
    double ns = of_traces(k, PART_DATABASE, evidence);
    if (isfinite(ns))
        return ns;
    *evidence = isfinite(k->sampled_db) ? "sampled activity" : NULL;
    return k->sampled_db;
}

static double of_service(const struct known_time *k, const char *name, const char **evidence)
{
    for (size_t i = 0; i < k->traces.n_services; i++)
        if (!strcasecmp(k->traces.services[i].service, name)) {
            *evidence = "traces";
            return k->traces.services[i].ns;
        }
    return NAN;
}

static double of_proxy(const struct known_time *k, const char **evidence)
{
    double queue = isfinite(k->queue) ? k->queue : 0;
    *evidence = isfinite(k->upstream) ? "access_log" : NULL;
    return fmax(k->log_mean - queue, 0) - k->upstream;
}

/* A metric that the hop is measured by: the mean of its newest values, in seconds or ns by its unit. */
static double of_metric(const struct view_ctx *c, const char *name, const char **evidence)
{
    struct metric_entry x[64];
    size_t n = model_metric_entries(c->model, name, c->now, x, ARRAY_LEN(x));
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i].value;
    *evidence = n ? "metric" : NULL;
    size_t len = strlen(name);
    bool seconds = len > 8 && !strcmp(name + len - 8, "_seconds");
    return n ? sum / (double)n * (seconds ? 1e9 : 1) : (double)NAN;
}

double hop_measured(const struct view_ctx *c, const struct known_time *k, const struct hop *h,
                    const char **evidence)
{
    static const char *const db[] = {"database", "db", "postgres", "postgresql", "mysql", "sql", NULL},
                             *const cache[] = {"cache", "redis", "memcached", "valkey", NULL},
                             *const proxy[] = {"gateway", "proxy",   "nginx",         "haproxy", "ingress",
                                               "envoy",   "traefik", "load balancer", "lb",      NULL},
                             *const queue[] = {"queue", "queueing", "queuing", NULL},
                             *const external[] = {"external", "third party", NULL},
                             *const own[] = {"own", "app", "application", "code", NULL};
    *evidence = NULL;
    if (h->signal && str_starts(h->signal, "metric:"))
        return of_metric(c, h->signal + strlen("metric:"), evidence);
    if (str_eq(h->signal, "db.latency"))
        return of_database(k, evidence);
    if (str_eq(h->signal, "http.latency")) {
        *evidence = isfinite(k->log_mean) ? "requests" : NULL;
        return k->log_mean;
    }
    double ns = of_service(k, h->name, evidence);
    if (isfinite(ns))
        return ns;
    if (is_word(h->name, queue) && isfinite(k->queue)) {
        *evidence = "access_log";
        return k->queue;
    }
    return is_word(h->name, db)         ? of_database(k, evidence)
           : is_word(h->name, cache)    ? of_traces(k, PART_CACHE, evidence)
           : is_word(h->name, proxy)    ? of_proxy(k, evidence)
           : is_word(h->name, queue)    ? of_traces(k, PART_QUEUE, evidence)
           : is_word(h->name, external) ? of_traces(k, PART_EXTERNAL, evidence)
           : is_word(h->name, own)      ? of_traces(k, PART_OWN, evidence)
                                        : (double)NAN;
}
