/* scale_season.h - what demand is to be expected, out of what the same time of earlier cycles had. Pure; one
 * thread.
 *
 * For each period (hour, day, week, and one that the history shows) the shape at a step is an upper quantile
 * of the values of earlier cycles there and one step beside it: a morning that begins ten minutes early is in
 * it. It is taken times a level, how demand of the last hours and of the last day compares with that shape.
 * The period with the smallest error, of forecasts made as far ahead as they are needed, is used; the mean of
 * the last hour when even that is far worse. Steps of events and unknown ones teach nothing.
 */
#ifndef CORE_CAPACITY_SCALE_SEASON_H
#define CORE_CAPACITY_SCALE_SEASON_H

#include "core/capacity/scale.h"

struct scale_season;

/* `ahead`: steps, how far ahead is asked. Periods are looked for in rate[0 .. first-1]. The trace stays the
 * caller's; free with scale_season_free. */
struct scale_season *scale_season_new(const struct scale_trace *t, const struct scale_policy *p, size_t first,
                                      size_t ahead);
/* Step t is next: rate[0 .. t-1] is known now. To be called for t = 1, 2, ... */
void scale_season_advance(struct scale_season *s, size_t t);
/* Expected demand in step u, t - 4 <= u <= t + ahead, without events. NAN: nothing is known at all. */
double scale_season_expect(const struct scale_season *s, size_t u);
/* Is that more than the mean of the last hour? */
bool scale_season_known(const struct scale_season *s);
/* How far demand goes above what was expected: x / expected, at most `share` of steps lie above. At least 1.
 */
double scale_season_margin(const struct scale_season *s);
/* The usual error of what is expected, relative. */
double scale_season_error(const struct scale_season *s);
/* The factors of all events at step u, multiplied. NAN: there is none. */
double scale_season_event(const struct scale_season *s, size_t u);

void scale_season_free(struct scale_season *s);

#endif
