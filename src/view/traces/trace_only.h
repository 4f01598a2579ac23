/* trace_only.h - which traces are listed: "failed,500ms,checkout", all of it. */
#ifndef VIEW_TRACES_TRACE_ONLY_H
#define VIEW_TRACES_TRACE_ONLY_H

#include "base/units.h"
#include "core/model/traces.h"

#define TRACES_ONLY_CHOICE "only-traces"

/* what NULL or "": every one is. A duration is the least, other words are in the endpoint, the service or
 * the name of the root, in any case. */
bool trace_only(const struct trace_entry *e, const char *what);

#endif
