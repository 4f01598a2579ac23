/* gc_section.h - garbage collection over the latency of the same moments, for the views of runtimes and of an
 * endpoint. */
#ifndef VIEW_METRICS_GC_SECTION_H
#define VIEW_METRICS_GC_SECTION_H

#include "view/shared/worst.h"

/* Adds the section "gc" with a row for each program whose collections are known. `e`: the latency of this
 * endpoint; NULL: of all requests. Without such a program nothing is added; the section, or NULL. */
struct section *gc_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e);
/* Programs whose collection takes 10 % of the time, or goes together with slow requests. */
void gc_worst(const struct view_ctx *c, struct worst_list *l);
extern const struct column GC_COLUMNS[];
extern const size_t GC_N_COLUMNS;

/* The series of runtimes in the model: at most max; count. */
size_t runtime_series(const struct model *m, struct metric_info *out, size_t max);

#endif
