/* route.h - paths to routes. Any thread after route_rules are built. */
#ifndef CORE_ENDPOINTS_ROUTE_H
#define CORE_ENDPOINTS_ROUTE_H

#include "base/base.h"

struct route_rules; /* user patterns; NULL: none */
/* Patterns like "/users/:name/posts" or "/files/\*" (star: the rest); a pattern
 * matches segment by segment and is itself the route. */
struct route_rules *route_rules_new(const char *const *patterns, struct sd_error *err);
void route_rules_free(struct route_rules *r);

#define ROUTE_MAX 256
/* The route of a request path: user patterns first, then the query string and
 * fragment are dropped and segments that are numbers, hex of 8 digits or more with
 * at least one figure, UUIDs, dates, or opaque (core/endpoints/opaque.h: tokens, keys, mail addresses,
 * telephone numbers) become ":id". Writes at most ROUTE_MAX bytes
 * with NUL; returns the length. `path` need not be NUL-terminated. */
size_t route_fold(const struct route_rules *r, const char *path, size_t len, char out[ROUTE_MAX]);
/* A framework's pattern in the same form: {id}, <int:id>, :name, [id], regular
 * expression anchors -> ":id". For tags, to be matched with endpoints. */
size_t route_fold_tag(const char *tag, char out[ROUTE_MAX]);

#endif
