/* slow_code.h - two honest mistakes that cost processor time, for the views functions and flame. */
#ifndef DEMO_SLOW_CODE_H
#define DEMO_SLOW_CODE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes n items as JSON, at most `size` bytes with the end; how many bytes. It looks for the end of the text
 * before each addition: the time grows with the square of the size. */
size_t serialise_catalog(char *out, size_t size, int n);

/* Is the code of the form (letters+)+ digit? Matched by trying every way to divide the letters: each letter
 * more doubles the time for a code that is wrong in its last place. */
bool coupon_is_valid(const char *code);

#endif
