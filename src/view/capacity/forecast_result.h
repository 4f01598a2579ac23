/* forecast_result.h - a forecast for people: a few sentences, and the fan of its intervals with the ceiling.
 */
#ifndef VIEW_CAPACITY_FORECAST_RESULT_H
#define VIEW_CAPACITY_FORECAST_RESULT_H

#include "view/result_doc.h"

extern const char *const FORECAST_HIDDEN[], *const FORECAST_ORDER[], *const FORECAST_TITLES[];

const char *forecast_headline(struct doc *d, const cJSON *o, enum severity *s);
void forecast_draw(struct doc *d, const cJSON *o);
/* Puts the newest of these values, at the steps before the forecast, in front of the fan: as many as twice
 * its steps. */
void forecast_draw_history(struct doc *d, const double *values, size_t n);

#endif
