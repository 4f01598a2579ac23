/* perf_data_spaces.h - what a recording of perf says of processes: their threads' names, and which file is
 * mapped at an address. Pure; one thread. */
#ifndef FORMAT_PROFILES_PERF_DATA_SPACES_H
#define FORMAT_PROFILES_PERF_DATA_SPACES_H

#include "core/profiles/profile.h"
#include "format/profiles/profile_tree.h"

enum { PERF_BUILD_ID_MAX = 20 };
#define PERF_KERNEL (-1) /* the "process" of the kernel's maps */

struct perf_file {
    const char *path;
    unsigned char build_id[PERF_BUILD_ID_MAX];
    size_t build_id_len;        /* 0: unknown */
    uint64_t inode, generation; /* 0: unknown */
    bool several;               /* different files had the path */
    uint32_t function;          /* its frame without a name, "[libc.so.6]", + 1; 0: none yet */
};

struct perf_map {
    uint64_t start, end, offset; /* offset: of the start, in the file */
    uint32_t file;               /* its number */
};

struct perf_data_spaces {
    struct profile *p;
    struct perf_file *files;
    size_t n_files, cap_files;
    struct profile_tree file_ids, pids, tids; /* as tables */
    struct perf_map_set **maps;               /* of the pids */
    size_t cap_maps;
    size_t held, work; /* maps that are kept, and were moved */
    const char *full;  /* what there is too much of; NULL */
};

void perf_data_spaces_free(struct perf_data_spaces *s);
uint32_t perf_file_of(struct perf_data_spaces *s, const char *path, size_t len);
/* What is known of a file; what differs from what was known before makes it several. */
void perf_file_is(struct perf_file *f, const unsigned char *build_id, size_t n, uint64_t inode,
                  uint64_t generation);
/* A file is mapped; what it covers is not any more. */
void perf_mapped(struct perf_data_spaces *s, int32_t pid, struct perf_map map);
/* A process or thread begins: with all that its parent has. */
void perf_forked(struct perf_data_spaces *s, int32_t pid, int32_t parent, int32_t tid, int32_t parent_tid);
/* A thread is called so. `exec`: it runs another program, and nothing is mapped. */
void perf_named(struct perf_data_spaces *s, int32_t pid, int32_t tid, const char *name, size_t len,
                bool exec);
void perf_exited(struct perf_data_spaces *s, int32_t pid);
/* NULL: nothing that is known. */
const struct perf_map *perf_map_at(const struct perf_data_spaces *s, int32_t pid, uint64_t address);
/* The function that stands for the thread's name. */
uint32_t perf_comm(struct perf_data_spaces *s, int32_t tid);

#endif
