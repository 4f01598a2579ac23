/* perf_data.h - recordings of `perf record`, which hold addresses: who can look into the programs gives the
 * names. Pure; any thread. */
#ifndef FORMAT_PROFILES_PERF_DATA_H
#define FORMAT_PROFILES_PERF_DATA_H

#include "core/profiles/profile.h"

struct perf_names {
    void *ctx;
    /* Puts the function at an offset in a mapped file into `out`; false: unknown. `build_id`: of the file
     * that was recorded, of `n` bytes; 0: unknown. `address`: in the process, or in the kernel, whose "path"
     * begins with a bracket. */
    bool (*name)(void *ctx, const char *path, const unsigned char *build_id, size_t n, uint64_t offset,
                 int32_t pid, uint64_t address, struct strbuf *out);
};

/* As perf_data_read, with names. NULL: there are none. */
struct profile *perf_data_read_named(const void *bytes, size_t len, const struct perf_names *names,
                                     struct sd_error *err);

#endif
