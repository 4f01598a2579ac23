/* endpoint_cache.h - what the caches in front of an endpoint do for it. */
#ifndef VIEW_ENDPOINTS_ENDPOINT_CACHE_H
#define VIEW_ENDPOINTS_ENDPOINT_CACHE_H

#include "view/view.h"

/* A section with a row for each cache that was asked for it: hits, misses, and how long each took. Nothing
 * where no source tells of one. */
void endpoint_cache_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e);

#endif
