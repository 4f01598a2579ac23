/* csv_field.h - fields of CSV written by people: space and quotes around them, numbers. They are parts of a
 * text that somebody else keeps. Pure; any thread. */
#ifndef FORMAT_CAPACITY_CSV_FIELD_H
#define FORMAT_CAPACITY_CSV_FIELD_H

#include "base/base.h"

struct csv_field {
    const char *at;
    size_t n;
};

/* Without the space and the one pair of quotes around it. */
struct csv_field csv_trimmed(struct csv_field f);
/* False: it is none, or longer than any number that makes sense. */
bool csv_number(struct csv_field f, double *x);

#endif
