/* slow_code.h - the shop's own slow code, in a file of its own so that the functions show by name.
 *
 * What a release of a shop might really do: release 2 writes its feeds with strcat, which makes serialising
 * them quadratic; and a check with nested repetition is exponential when it does not match. */
#ifndef SLOW_CODE_H
#define SLOW_CODE_H

#include <stdbool.h>
#include <stddef.h>

struct feed {
    char *text;
    size_t size, len;
    int release;
};

/* Appends as the release does it; what has no room is left out. The text ends with 0. */
void feed_add(struct feed *f, const char *text);

/* A JSON list of products, at most size - 1 bytes. */
size_t serialise_catalog(char *out, size_t size, int n, int release);

/* Groups of letters, then a digit: ^([a-z]+)+[0-9]$ */
bool coupon_is_valid(const char *code);

#endif
