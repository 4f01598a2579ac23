/* log_cache.h - the cache whose statuses an access log has, as records. */
#ifndef SOURCE_LOG_LOG_CACHE_H
#define SOURCE_LOG_LOG_CACHE_H

#include "format/endpoints/accesslog_agg.h"

/* Gives the record its name, by product and file, and what cannot be known from a log. `name` and `notes` are
 * the record's room. */
struct log_cache {
    char name[300];
    const char *texts[2];
    struct sd_texts notes;
};
void log_cache_name(struct log_cache *room, const struct accesslog_agg *a, const char *target,
                    struct sd_cache *record);
/* Adds a record for each route whose requests looked into the cache. */
void log_cache_routes(const struct sd_host *h, struct sd_batch *b, const struct accesslog_agg *a,
                      const char *target);

#endif
