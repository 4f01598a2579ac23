#include "core/pages/field_days.h"

#include <math.h>
#include <stdlib.h>

enum { MANY = 512 }; /* values of a row; of more, buckets take less room */

static void day_free(struct field_day *d)
{
    for (size_t row = 0; row < FIELD_DAY_ROWS; row++)
        for (size_t v = 0; v < VITAL_N; v++)
            vital_values_free(&d->rows[row][v]);
    free(d);
}

/* Where the day is, or belongs. */
static size_t place_of(const struct field_days *x, int64_t day)
{
    size_t i = x->n;
    while (i && x->items[i - 1]->day >= day)
        i--;
    return i;
}

static struct field_day *day_at(struct field_days *x, int64_t day)
{
    size_t i = place_of(x, day);
    if (i < x->n && x->items[i]->day == day)
        return x->items[i];
    if (x->n == FIELD_DAYS) { /* the earliest goes */
        if (i == 0)
            return NULL;
        day_free(x->items[0]);
        memmove(x->items, x->items + 1, --x->n * sizeof *x->items);
        i--;
    }
    memmove(x->items + i + 1, x->items + i, (x->n - i) * sizeof *x->items);
    x->items[i] = mem_alloc(sizeof *x->items[i]);
    x->items[i]->day = day;
    x->n++;
    return x->items[i];
}

static void put(struct vital_values *x, enum vital v, double value)
{
    if (x->n == MANY)
        vital_values_coarsen(x);
    vital_values_add(x, v, value);
}

bool field_days_add(struct field_days *x, int64_t day, uint32_t row, enum vital v, double value)
{
    struct field_day *d = day_at(x, day);
    if (!d)
        return false;
    put(&d->rows[0][v], v, value);
    if (row && row < FIELD_DAY_ROWS)
        put(&d->rows[row][v], v, value);
    return true;
}

void field_days_remove(struct field_days *x, int64_t day, uint32_t row, enum vital v, double value)
{
    size_t i = place_of(x, day);
    if (i == x->n || x->items[i]->day != day)
        return;
    vital_values_remove(&x->items[i]->rows[0][v], v, value);
    if (row && row < FIELD_DAY_ROWS)
        vital_values_remove(&x->items[i]->rows[row][v], v, value);
}

size_t field_days_read(struct field_days *x, uint32_t row, enum vital v, double p75[FIELD_DAYS])
{
    size_t known = 0;
    for (size_t i = 0; i < x->n; i++) {
        struct vital_quantile q;
        bool any = vital_values_read(&x->items[i]->rows[row][v], &q);
        p75[i] = any ? q.p75 : (double)NAN;
        known += any;
    }
    return known;
}

void field_days_free(struct field_days *x)
{
    while (x->n)
        day_free(x->items[--x->n]);
}
