/* estimate_drawings.h - headlines and drawings of the documents of capacity: what matters in a sentence, then
 * a picture of it. They know the documents only (core/result.h), which may come from a recording: any key may
 * be missing or of another type. */
#ifndef VIEW_CAPACITY_ESTIMATE_DRAWINGS_H
#define VIEW_CAPACITY_ESTIMATE_DRAWINGS_H

#include "view/result_doc.h"

const char *queue_headline(struct doc *d, const cJSON *o, enum severity *s);
const char *usl_headline(struct doc *d, const cJSON *o, enum severity *s);
const char *capacity_plan_headline(struct doc *d, const cJSON *o, enum severity *s);
const char *hop_times_headline(struct doc *d, const cJSON *o, enum severity *s);
const char *scale_headline(struct doc *d, const cJSON *o, enum severity *s);

/* The curve beside the points, and its peak: a line of each load. */
void usl_draw(struct doc *d, const cJSON *o);
/* Whose the time is. */
void hop_times_draw(struct doc *d, const cJSON *o);
/* Instances that ran beside those that demand needed, over time. */
void scale_draw(struct doc *d, const cJSON *o);

#endif
