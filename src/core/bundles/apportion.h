/* apportion.h - a whole number of bytes shared out so that the shares add up to it.
 *
 * A file is compressed as one; what a module has of that is a share in proportion to its own bytes. The
 * method is that of the largest remainder (Hamilton): every share is rounded down, and the bytes that are
 * left go one each to those that lost most by it. Pure; any thread. */
#ifndef CORE_BUNDLES_APPORTION_H
#define CORE_BUNDLES_APPORTION_H

#include "base/base.h"

/* Fills out[0..n-1]; their sum is `total`, if n > 0. A negative total and negative weights count as 0. Equal
 * remainders: the lower index first. Where all weights are 0, all count the same. `out` may be `weights`. */
void apportion(int64_t total, const int64_t *weights, size_t n, int64_t *out);

#endif
