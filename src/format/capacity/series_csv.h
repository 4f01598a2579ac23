/* series_csv.h - a series of equal steps out of CSV: a time and a figure on each line. Pure; any thread.
 *
 * The columns are those named `time` and `value`; without these names the first two. Other columns are passed
 * over. A line without letters in its first field is data already. Times are RFC 3339 (a date alone is its
 * midnight; without a zone it is UTC) or seconds since 1970, with decimals. They rise; the step is the usual
 * difference, and every other is a whole multiple of it, to one part in a hundred. A row that is missing, or
 * without a figure, is a gap (NAN). */
#ifndef FORMAT_CAPACITY_SERIES_CSV_H
#define FORMAT_CAPACITY_SERIES_CSV_H

#include "base/base.h"

enum {
    SERIES_CSV_BYTES = 256 << 20, /* of a file */
    SERIES_CSV_POINTS = 2000000,  /* steps, gaps included */
};

struct series_csv {
    double *values; /* NAN: a gap; the caller frees */
    size_t n;
    int64_t from_ns, step_ns; /* since 1970; step 0: there is one value */
};

/* False and one sentence, with the line, that names the text `name`. */
bool series_csv_read(const char *text, size_t len, const char *name, struct series_csv *out,
                     struct sd_error *err);

#endif
