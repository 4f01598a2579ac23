/* json_check.h - is a text JSON, all of it, as RFC 8259 says?
 *
 * A cursor (json_pull.h) skips what it does not read without looking at it. Where a cut or broken text must
 * not be half read, it is checked first. Nothing recurs, and no memory is needed. Pure; any thread. */
#ifndef FORMAT_JSON_CHECK_H
#define FORMAT_JSON_CHECK_H

#include "base/base.h"

enum { JSON_DEPTH_MAX = 512 };

/* False and a sentence about the first fault, with its byte from 0: cut, no JSON, or nested deeper than
 * JSON_DEPTH_MAX. The sentence begins with "The JSON". A key may be there twice. */
bool json_check(const char *text, size_t len, struct sd_error *err);

#endif
