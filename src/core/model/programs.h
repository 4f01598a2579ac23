/* programs.h - which program runs, and since when: a change of either is an event, a deploy or a restart. For
 * sources.c, which keeps events. */
#ifndef CORE_MODEL_PROGRAMS_H
#define CORE_MODEL_PROGRAMS_H

#include "core/model/parts.h"

/* What tells of it: service.version of spans, process_start_time_seconds, the start of a server. */
#define PROGRAM_KINDS (SD_KIND_BIT(SD_SPANS) | SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_SERVER))

struct programs; /* bounded */
void programs_look(struct part *p, struct programs **x, struct origin *o, const struct sd_batch *b);
void programs_free(struct part *p, struct programs *x); /* NULL is fine */

/* Of sources.c: at its place in time. */
void event_add(struct part *p, struct origin *o, sd_time at, const struct sd_event *r);

#endif
