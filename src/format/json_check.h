/* json_check.h - is it JSON, from the first byte to the last? For readers that only go through it
 * (json_pull.h) and would not see what is broken in what they skip. Pure. */
#ifndef FORMAT_JSON_CHECK_H
#define FORMAT_JSON_CHECK_H

#include "base/base.h"

enum { JSON_DEEPEST = 512 };

/* False, and a sentence without its subject ("ends in the middle of an object"), where it is none or is
 * nested deeper than JSON_DEEPEST. */
bool json_check(const char *text, size_t len, struct sd_error *err);

#endif
