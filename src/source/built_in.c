/* built_in.c - one line for each source of this folder. */
#include "source/built_in.h"

#include <stddef.h>

#include "format/profiles/profile_file.h"

/* In this order they are listed and asked whether a target is theirs. */
#define SOURCES(X)                                                                                           \
    X(postgres)                                                                                              \
    X(exec)                                                                                                  \
    X(log)                                                                                                   \
    X(pglog)                                                                                                 \
    X(slowlog)                                                                                               \
    X(profile)                                                                                               \
    X(profile_url)                                                                                           \
    X(perf)                                                                                                  \
    X(audit)                                                                                                 \
    X(prometheus)                                                                                            \
    X(redis)                                                                                                 \
    X(keytrace)                                                                                              \
    X(memcached)                                                                                             \
    X(varnish)                                                                                               \
    X(rum)                                                                                                   \
    X(otlp)                                                                                                  \
    X(har)                                                                                                   \
    X(crux)                                                                                                  \
    X(lighthouse)                                                                                            \
    X(bundle)                                                                                                \
    X(trace)                                                                                                 \
    X(jaeger)                                                                                                \
    X(tempo)                                                                                                 \
    X(events)                                                                                                \
    X(promql)                                                                                                \
    X(load)                                                                                                  \
    X(load_result)                                                                                           \
    X(host)                                                                                                  \
    X(estimate)                                                                                              \
    X(history)

#define SOURCE_DECLARE(kind) extern const struct sd_source_ops kind##_source_ops;
#define SOURCE_ROW(kind)     &kind##_source_ops,
SOURCES(SOURCE_DECLARE)

#define PROFILE_DECLARE(NAME, kind, sure, what) extern const struct sd_source_ops kind##_source_ops;
#define PROFILE_ROW(NAME, kind, sure, what)     &kind##_source_ops,
PROFILE_FORMATS(PROFILE_DECLARE)

const struct sd_source_ops *const SOURCES_BUILT_IN[] = {SOURCES(SOURCE_ROW) PROFILE_FORMATS(PROFILE_ROW)
                                                            NULL};
