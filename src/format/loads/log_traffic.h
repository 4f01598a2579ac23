/* log_traffic.h - the lines of an access log as the traffic of core/loads/traffic.h. Pure; one thread. */
#ifndef FORMAT_LOADS_LOG_TRAFFIC_H
#define FORMAT_LOADS_LOG_TRAFFIC_H

#include "core/loads/traffic.h"
#include "format/endpoints/accesslog_agg.h"

enum { LOG_TRAFFIC_METHODS = 16 };

/* {0}, then a list of methods, traffic and aggregator. */
struct log_traffic {
    struct traffic *traffic;   /* the caller's, */
    struct accesslog_agg *agg; /* as is this: whose endpoints are told */
    char methods[LOG_TRAFFIC_METHODS][TRAFFIC_METHOD_BYTES];
    size_t n_methods;
    struct strbuf room;
};

/* Which methods are taken, "GET,HEAD"; others are counted as skipped. */
bool log_traffic_methods(struct log_traffic *t, const char *list, struct sd_error *err);
/* `each` of struct accesslog_agg_options, with a struct log_traffic for ctx. */
void log_traffic_take(void *ctx, uint32_t endpoint, sd_time at, const struct accesslog_line *l);
void log_traffic_free(struct log_traffic *t); /* what is its own */

#endif
