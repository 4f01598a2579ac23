/* endpoint_time.h - sections of the view endpoint about its time: where it goes, kinds of durations,
 * parts of its requests. */
#ifndef VIEW_ENDPOINTS_ENDPOINT_TIME_H
#define VIEW_ENDPOINTS_ENDPOINT_TIME_H

#include "view/view.h"

/* Each part of the time of a request; and against the budget of the policy file, if there is one for it. */
void endpoint_time_sections(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                            const struct endpoint_stats *s);
/* "60 % about 2.00 ms, 40 % about 310 ms"; NULL: they are of one kind. */
const char *endpoint_modes(struct doc *d, const struct endpoint_stats *s);
void endpoint_modes_section(struct doc *d, const struct endpoint_stats *s);
void endpoint_parts_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                            const struct endpoint_stats *s);
void endpoint_evidence_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                               const struct endpoint_stats *s);

#endif
