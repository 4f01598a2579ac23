/* trace_lookup.h - finds traces: by their id, the worst, and where those are that the model does not have. */
#ifndef VIEW_TRACES_TRACE_LOOKUP_H
#define VIEW_TRACES_TRACE_LOOKUP_H

#include "core/model/traces.h"
#include "view/view.h"

/* By id in any case, leading zeros may be missing, or a beginning of it that only one has. NULL: none;
 * *several: how many begin so. */
const struct trace *trace_found(const struct model *m, const char *id, size_t *several);
/* The slowest of those that failed, or of all; its id, in the arena. NULL: there is none. */
const char *trace_worst(const struct view_ctx *c, struct arena *a);
/* The i-th id, for completion; NULL ends. */
const char *trace_subject(const struct model *m, size_t i);
enum { ENTRIES_MOST = 50000 }; /* the model keeps no more */
/* All of the span; free the result. */
struct trace_entry *trace_entries(const struct model *m, struct span span, size_t *n);
/* A source that can be asked for traces: its origin; NULL. */
const char *trace_finder(const struct model *m);
struct sd_job_find_traces trace_wanted(const char *id);

#endif
