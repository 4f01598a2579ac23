/* accesslog_endpoints.h - which endpoint a request is to: its method and its folded route, numbered from 0 as
 * they come. One thread. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_ENDPOINTS_H
#define FORMAT_ENDPOINTS_ACCESSLOG_ENDPOINTS_H

#include "core/endpoints/route.h"
#include "format/endpoints/accesslog.h"

enum { ENDPOINTS_SPARE = 2 }; /* "(other)" and "(not found)" beside those with a place */

/* The method is NULL where routes have no place of their own. */
struct accesslog_endpoint {
    const char *method, *route;
};

struct accesslog_endpoints;
/* `rules` may be NULL and outlive them. At most max_places + ENDPOINTS_SPARE endpoints are told apart; those
 * first seen refused or not found get a quarter of the places, as accesslog_agg.h has it. */
struct accesslog_endpoints *accesslog_endpoints_new(const struct route_rules *rules, size_t max_places);
void accesslog_endpoints_free(struct accesslog_endpoints *e);
uint32_t accesslog_endpoints_of(struct accesslog_endpoints *e, const struct accesslog_line *l);
size_t accesslog_endpoints_count(const struct accesslog_endpoints *e);
/* The texts live as long as `e`. */
struct accesslog_endpoint accesslog_endpoints_name(const struct accesslog_endpoints *e, uint32_t i);

#endif
