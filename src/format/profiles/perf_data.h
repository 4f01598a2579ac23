/* perf_data.h - recordings of `perf record`, which hold addresses: who can look into the programs gives the
 * names. Pure; any thread. */
#ifndef FORMAT_PROFILES_PERF_DATA_H
#define FORMAT_PROFILES_PERF_DATA_H

#include "core/profiles/profile.h"

enum { PERF_DATA_NAMES_MAX = 32 }; /* functions at one place: one, and those inlined into it */

/* A place in a file that was mapped, or in the kernel. */
struct perf_data_place {
    uint32_t file; /* its number: the same path, the same number */
    const char
        *path; /* "/usr/lib/libc.so.6", "[vdso]", "//anon"; of the kernel "[kernel.kallsyms]", "[ext4]" */
    const unsigned char *build_id; /* of the file that was recorded */
    size_t build_id_len;           /* 0: unknown */
    uint64_t inode, generation;    /* 0: unknown */
    bool several;                  /* the path was that of different files in the course of the recording */
    bool kernel;
    int32_t pid;
    uint64_t address; /* the one that runs or calls, in the process or the kernel */
    uint64_t offset;  /* the same in the file */
    uint64_t start;   /* the address where its mapping begins */
    uint64_t begin;   /* and the offset there; of the kernel the address of its symbol _text */
};

struct perf_data_name {
    const char *name, *module, *kind; /* module and kind NULL: by the path */
};

/* Who gives names. Its functions are called on the thread of perf_data_read_named. */
struct perf_names {
    void *ctx;
    /* The functions at a place, the outermost first; 0: unknown. Their texts stay until the next call. Called
     * once for a place. */
    size_t (*names)(void *ctx, const struct perf_data_place *at,
                    struct perf_data_name out[PERF_DATA_NAMES_MAX]);
    /* A process maps a file; NULL: it is not of interest. */
    void (*mapped)(void *ctx, int32_t pid, const char *path);
};

/* As perf_data_read, with names. NULL: there are none. */
struct profile *perf_data_read_named(const void *bytes, size_t len, const struct perf_names *names,
                                     struct sd_error *err);

#endif
