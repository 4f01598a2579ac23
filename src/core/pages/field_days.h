/* field_days.h - vitals of real users day by day: of all visits, and of each device. The last days only.
 * Percentiles within 1 % where a day has many values. Not thread-safe. */
#ifndef CORE_PAGES_FIELD_DAYS_H
#define CORE_PAGES_FIELD_DAYS_H

#include "core/pages/vital_values.h"

enum {
    FIELD_DAYS = 62,
    FIELD_DAY_ROWS = 9, /* row 0: all visits, then the first devices */
};

struct field_day {
    int64_t day; /* since 1970-01-01 */
    struct vital_values rows[FIELD_DAY_ROWS][VITAL_N];
};

struct field_days {
    struct field_day *items[FIELD_DAYS]; /* in order */
    size_t n;
};

/* Row 0 and, where it is below FIELD_DAY_ROWS, that row. False: the day is before the last ones. */
bool field_days_add(struct field_days *x, int64_t day, uint32_t row, enum vital v, double value);
/* One that was added; nothing, when its day is forgotten. */
void field_days_remove(struct field_days *x, int64_t day, uint32_t row, enum vital v, double value);
/* The p75 of each day that is kept, NAN where it has none; the days with one. */
size_t field_days_read(struct field_days *x, uint32_t row, enum vital v, double p75[FIELD_DAYS]);
void field_days_free(struct field_days *x);

#endif
