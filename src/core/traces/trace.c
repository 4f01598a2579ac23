/* trace.c - attributes by their names, of newer and older conventions. */
#include "core/traces/trace.h"

#include <string.h>

#include "core/endpoints/route.h"

const char *span_attribute(const struct trace *t, const struct trace_span *s, const char *const *keys)
{
    for (; *keys; keys++)
        for (uint32_t i = 0; i < s->n_attributes; i++) {
            const struct trace_attribute *a = &t->attributes[s->first_attribute + i];
            if (strcmp(a->key, *keys) == 0)
                return a->value;
        }
    return NULL;
}

#define ATTRIBUTE(t, s, ...) span_attribute(t, s, (const char *const[]){__VA_ARGS__, NULL})

const char *span_endpoint(const struct trace *t, const struct trace_span *s, char buf[256])
{
    char route[ROUTE_MAX];
    const char *method = ATTRIBUTE(t, s, "http.request.method", "http.method");
    const char *tag = ATTRIBUTE(t, s, "http.route");
    const char *path = ATTRIBUTE(t, s, "url.path", "http.target", "http.path");
    if (s->kind != SPAN_SERVER || !method || (!tag && !path))
        return NULL;
    if (tag)
        route_fold_tag(tag, route);
    else
        route_fold(NULL, path, strlen(path), route);
    snprintf(buf, 256, "%.20s %.230s", method, route);
    return buf;
}

const char *span_db_system(const struct trace *t, const struct trace_span *s)
{
    return ATTRIBUTE(t, s, "db.system.name", "db.system");
}

bool db_system_is_store(const char *system)
{
    static const char *const STORES[] = {"redis",     "memcached",    "valkey",    "keydb",
                                         "dragonfly", "aerospike",    "hazelcast", "etcd",
                                         "geode",     "aws.dynamodb", "dynamodb",  NULL};
    return system && str_find(STORES, system) >= 0;
}
