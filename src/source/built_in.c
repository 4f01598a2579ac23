/* built_in.c - one line for each source of this folder. */
#include "source/built_in.h"

#include <stddef.h>

extern const struct sd_source_ops postgres_source_ops;
extern const struct sd_source_ops exec_source_ops;
extern const struct sd_source_ops log_source_ops;
extern const struct sd_source_ops pglog_source_ops;
extern const struct sd_source_ops slowlog_source_ops;
extern const struct sd_source_ops profile_source_ops;
extern const struct sd_source_ops pprof_source_ops;
extern const struct sd_source_ops folded_source_ops;
extern const struct sd_source_ops perf_script_source_ops;
extern const struct sd_source_ops perf_source_ops;

const struct sd_source_ops *const SOURCES_BUILT_IN[] = {
    &postgres_source_ops,
    &exec_source_ops,
    &log_source_ops,
    &pglog_source_ops,
    &slowlog_source_ops,
    &profile_source_ops,
    &pprof_source_ops,
    &folded_source_ops,
    &perf_script_source_ops,
    &perf_source_ops,
    NULL,
};
