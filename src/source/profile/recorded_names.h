/* recorded_names.h - names for a recording of perf, which holds addresses: by the programs and libraries of
 * this host that are of the recorded build, by this kernel when it is the recorded one, and by maps of code
 * made at run time that are still there. One thread; what cannot be read costs names only. */
#ifndef SOURCE_PROFILE_RECORDED_NAMES_H
#define SOURCE_PROFILE_RECORDED_NAMES_H

#include "format/profiles/perf_data.h"
#include "slowdive/source.h"
#include "source/shared/debug_fetch.h"

struct recorded_names;

/* `written`: when the recording was written, in seconds; 0: unknown. `inlined`: functions that are inlined
 * are functions of their own. `fetch`: for what is not on this host, or NULL; taken over. `s` tells when to
 * stop. */
struct recorded_names *recorded_names_new(struct sd_source *s, int64_t written, bool inlined,
                                          struct debug_fetch *fetch);
const struct perf_names *recorded_names_hook(const struct recorded_names *r);
/* Says in the profile what has no names and why. */
void recorded_names_say(const struct recorded_names *r, struct profile *p);
void recorded_names_free(struct recorded_names *r); /* NULL is fine */

#endif
