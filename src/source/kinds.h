/* kinds.h - the kinds of source of this folder, and the module that each is in when sources are built as
 * shared objects (make MODULES=shared): a folder of src/source/ is a module. */
#ifndef SOURCE_KINDS_H
#define SOURCE_KINDS_H

#include "format/profiles/profile_file.h"
#include "slowdive/source.h"

/* X(kind, its name, module, flags): in this order they are listed and asked whether a target is theirs. The
 * flags are those that must be known before the module is loaded: SD_SOURCE_COMMAND. */
#define SOURCE_KINDS(X)                                                                                      \
    X(postgres, "postgres", postgres, 0)                                                                     \
    X(exec, "exec", exec, SD_SOURCE_COMMAND)                                                                 \
    X(log, "log", log, 0)                                                                                    \
    X(pglog, "pglog", log, 0)                                                                                \
    X(slowlog, "slowlog", log, 0)                                                                            \
    X(profile, "profile", profile, 0)                                                                        \
    X(profile_url, "profile_url", profile_url, 0)                                                            \
    X(perf, "perf", perf, 0)                                                                                 \
    X(audit, "audit", audit, 0)                                                                              \
    X(prometheus, "prometheus", prometheus, 0)                                                               \
    X(redis, "redis", redis, 0)                                                                              \
    X(keytrace, "keytrace", keytrace, 0)                                                                     \
    X(memcached, "memcached", memcached, 0)                                                                  \
    X(varnish, "varnish", varnish, 0)                                                                        \
    X(rum, "rum", rum, 0)                                                                                    \
    X(otlp, "otlp", otlp, 0)                                                                                 \
    X(har, "har", rum, 0)                                                                                    \
    X(crux, "crux", rum, 0)                                                                                  \
    X(lighthouse, "lighthouse", lighthouse, 0)                                                               \
    X(bundle, "bundle", bundle, 0)                                                                           \
    X(trace, "trace", trace, 0)                                                                              \
    X(jaeger, "jaeger", trace, 0)                                                                            \
    X(tempo, "tempo", trace, 0)                                                                              \
    X(events, "events", events, 0)                                                                           \
    X(promql, "promql", promql, 0)                                                                           \
    X(load, "load", load, 0)                                                                                 \
    X(load_result, "load-result", load_result, 0)                                                            \
    X(host, "host", host, 0)                                                                                 \
    X(estimate, "estimate", estimate, 0)                                                                     \
    X(history, "history", history, 0)
/* Behind them the formats of profiles, each a kind of the module `profile`. */

/* X(module, package): the modules that need libraries which the program itself does not, and Debian's package
 * of each. The others are in the package of the program. notify is no source: it sends alerts. */
#define SOURCE_PACKAGES(X)                                                                                   \
    X(postgres, "slowdive-source-postgres")                                                                  \
    X(redis, "slowdive-source-redis")                                                                        \
    X(perf, "slowdive-source-profile")                                                                       \
    X(profile, "slowdive-source-profile")                                                                    \
    X(audit, "slowdive-source-http")                                                                         \
    X(profile_url, "slowdive-source-http")                                                                   \
    X(prometheus, "slowdive-source-http")                                                                    \
    X(promql, "slowdive-source-http")                                                                        \
    X(trace, "slowdive-source-http")                                                                         \
    X(load, "slowdive-source-load")                                                                          \
    X(history, "slowdive-source-history")                                                                    \
    X(notify, "slowdive-source-history")

#endif
