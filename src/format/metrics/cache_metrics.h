/* cache_metrics.h - the metrics that caches are known by: of HAProxy, Envoy, nginx, Varnish, Squid, Redis,
 * memcached, caches in Java programs, and of PostgreSQL and MySQL. Pure. */
#ifndef FORMAT_METRICS_CACHE_METRICS_H
#define FORMAT_METRICS_CACHE_METRICS_H

#include "format/metrics/exposition.h"

bool cache_metric_known(const char *name);

/* Caches of a source over its scrapes: their beginnings are kept, so that one that is told in rounded seconds
 * is no restart. */
struct cache_metrics;
struct cache_metrics *cache_metrics_new(void);
void cache_metrics_free(struct cache_metrics *m); /* NULL is fine */

/* Gives each cache in the scrape. `address`: of who was asked, for caches whose labels do not name one; `at`:
 * when. The record lives during the call. */
void cache_metrics_each(struct cache_metrics *m, const struct exposition *x, const char *address, sd_time at,
                        void (*give)(void *ctx, const struct sd_cache *c), void *ctx);

#endif
