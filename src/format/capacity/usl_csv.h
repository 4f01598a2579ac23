/* usl_csv.h - measured points of a scalability curve out of CSV. Pure; any thread.
 *
 * The first column is the load, the second the throughput, whatever a header line calls them; further columns
 * are passed over. Fields may stand in quotes, be parted by commas, semicolons or tabs, and lines may end in
 * CRLF; empty lines and those that begin with # say nothing. */
#ifndef FORMAT_CAPACITY_USL_CSV_H
#define FORMAT_CAPACITY_USL_CSV_H

#include "core/capacity/usl.h"

enum { USL_BYTES = 16 << 20 };

/* False and one sentence, with the line, that names the text `name`. *points is the caller's to free, also
 * then. */
bool usl_csv_read(const char *text, size_t len, const char *name, struct usl_point **points, size_t *n,
                  struct sd_error *err);

#endif
