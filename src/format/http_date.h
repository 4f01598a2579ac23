/* http_date.h - moments of HTTP in their three forms: RFC 9110, section 5.6.7. Pure; any thread. */
#ifndef FORMAT_HTTP_DATE_H
#define FORMAT_HTTP_DATE_H

#include "base/base.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", in either
 * case. Nothing else is a date, and no other zone (RFC 9111, section 4.2). `now`, for years of two digits,
 * and the result are seconds since 1970. */
bool http_date_parse(const char *text, int64_t now, int64_t *s);

#endif
