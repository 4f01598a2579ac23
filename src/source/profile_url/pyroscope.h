/* pyroscope.h - what Pyroscope is asked: the time, and the bodies of its query service (querier.v1). Pure.
 *
 * Two times or two sets of labels are compared by asking for each and comparing here (--baseline), not by the
 * server's Diff: the figures are the same, because both sides of Diff are these two merges, but it answers
 * with one graph cut for both together, has no counts that a change could be tested by, and compares nothing
 * with a recording or a file. */
#ifndef SOURCE_PROFILE_URL_PYROSCOPE_H
#define SOURCE_PROFILE_URL_PYROSCOPE_H

#include "base/base.h"

enum { PYROSCOPE_NODES = 65536 }; /* of a flame graph that is asked for */

/* A time as Pyroscope's pages and URLs have it: "now", "now-1h", seconds or milliseconds since 1970, or as
 * elsewhere in this program. */
bool pyroscope_time(const char *text, sd_time now, sd_time *t, struct sd_error *err);

/* The body of SelectMergeStacktraces, for free(). `query`: TYPE{label="value"}. `functions`: the table of
 * functions instead of the flame graph, which has at most `nodes`; 0: as many as the server gives by itself.
 */
char *pyroscope_body(const char *query, sd_time from, sd_time until, bool functions, int nodes);

/* The unit in a type such as process_cpu:cpu:nanoseconds:cpu:nanoseconds, as this program has it, and the
 * name of its samples ("cpu"). False: it is no such type. */
bool pyroscope_type(const char *query, char type[64], const char **unit);

#endif
