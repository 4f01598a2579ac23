/* trace_copy.h - a trace that stays while the one it was copied from goes. */
#ifndef CORE_TRACES_TRACE_COPY_H
#define CORE_TRACES_TRACE_COPY_H

#include "core/traces/trace.h"

/* All of it is in the arena; texts that are one in `t` are one in the copy. */
const struct trace *trace_copy(struct arena *a, const struct trace *t);

#endif
