/* credentials.h - a CSV file of users: the first line names the columns, each other line is one user. Fields
 * may be quoted as in RFC 4180; the end of a line is LF or CRLF. Pure. */
#ifndef CORE_LOADS_CREDENTIALS_H
#define CORE_LOADS_CREDENTIALS_H

#include "core/loads/scenario.h"

enum { CREDENTIALS_BYTES_MAX = 64 << 20, CREDENTIALS_COLUMNS_MAX = 200 };

/* The texts live in `a`. False and one sentence with the line: an odd number of fields, an open quote, no
 * rows. */
bool load_credentials_parse(struct arena *a, const char *file, const char *text, size_t len,
                            struct load_credentials *out, struct sd_error *err);

#endif
