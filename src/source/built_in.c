/* built_in.c - one line for each source of this folder. */
#include "source/built_in.h"

#include <stddef.h>

#include "format/profiles/profile_file.h"

extern const struct sd_source_ops postgres_source_ops;
extern const struct sd_source_ops exec_source_ops;
extern const struct sd_source_ops log_source_ops;
extern const struct sd_source_ops pglog_source_ops;
extern const struct sd_source_ops slowlog_source_ops;
extern const struct sd_source_ops profile_source_ops;
extern const struct sd_source_ops perf_source_ops;
extern const struct sd_source_ops profile_url_source_ops;
extern const struct sd_source_ops audit_source_ops;
extern const struct sd_source_ops redis_source_ops;
extern const struct sd_source_ops keytrace_source_ops;
extern const struct sd_source_ops memcached_source_ops;
extern const struct sd_source_ops varnish_source_ops;
extern const struct sd_source_ops prometheus_source_ops;
extern const struct sd_source_ops promql_source_ops;
extern const struct sd_source_ops lighthouse_source_ops;
extern const struct sd_source_ops rum_source_ops;
extern const struct sd_source_ops otlp_source_ops;
extern const struct sd_source_ops har_source_ops;
extern const struct sd_source_ops crux_source_ops;
extern const struct sd_source_ops lighthouse_source_ops;
extern const struct sd_source_ops bundle_source_ops;
extern const struct sd_source_ops trace_source_ops;
extern const struct sd_source_ops jaeger_source_ops;
extern const struct sd_source_ops tempo_source_ops;
extern const struct sd_source_ops events_source_ops;
extern const struct sd_source_ops host_source_ops;
extern const struct sd_source_ops load_source_ops;

#define PROFILE_DECLARE(NAME, kind, sure, what) extern const struct sd_source_ops kind##_source_ops;
#define PROFILE_ROW(NAME, kind, sure, what)     &kind##_source_ops,
PROFILE_FORMATS(PROFILE_DECLARE)

const struct sd_source_ops *const SOURCES_BUILT_IN[] = {
    &postgres_source_ops,  &exec_source_ops,       &log_source_ops,         &pglog_source_ops,
    &slowlog_source_ops,   &profile_source_ops,    &profile_url_source_ops, &perf_source_ops,
    &audit_source_ops,     &prometheus_source_ops, &redis_source_ops,       &keytrace_source_ops,
    &memcached_source_ops, &varnish_source_ops,    &rum_source_ops,         &otlp_source_ops,
    &har_source_ops,       &crux_source_ops,       &lighthouse_source_ops,  &bundle_source_ops,
    &trace_source_ops,     &jaeger_source_ops,     &tempo_source_ops,       &events_source_ops,
    &promql_source_ops,    &load_source_ops,       &host_source_ops,        PROFILE_FORMATS(PROFILE_ROW) NULL,
};
