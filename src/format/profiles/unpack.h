/* unpack.h - what is around a profile: gzip, zstd, or UTF-16, as PowerShell writes what a program prints.
 * Pure; any thread. */
#ifndef FORMAT_PROFILES_UNPACK_H
#define FORMAT_PROFILES_UNPACK_H

#include "base/base.h"

bool is_packed(const void *bytes, size_t len);
/* The beginning, as far as the bytes given go; how many it is. */
size_t unpack_head(const void *bytes, size_t len, unsigned char *out, size_t cap);
/* All of it, of several members as well, PROFILE_FILE_MAX bytes at most; the caller frees. NULL and a
 * sentence. */
unsigned char *unpack_all(const void *bytes, size_t len, size_t *n, struct sd_error *err);

#endif
