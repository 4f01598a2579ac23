/* perf_elf.h - ELF files by libelf, with bounds: the files are of whoever runs a program. They are read, not
 * mapped: a mapped file that is cut ends the program. */
#ifndef SOURCE_PERF_PERF_ELF_H
#define SOURCE_PERF_PERF_ELF_H

#include <gelf.h>

#include "source/perf/perf_private.h"

enum {
    PERF_SECTION_MAX = 256 << 20, /* bytes of one section that is read */
    PERF_DWARF_MAX = 192 << 20,   /* of all sections of debug information of one file */
};

struct perf_elf {
    Elf *elf;
    int fd; /* -1: in memory */
    char *memory;
    uint64_t size; /* of the file */
};

/* Takes over fd. False: it is no ELF file, or a broken one. */
bool perf_elf_open(struct perf_elf *f, int fd);
bool perf_elf_memory(struct perf_elf *f, char *bytes, size_t n); /* takes over bytes */
void perf_elf_close(struct perf_elf *f);
/* The section with a name and its header; NULL. */
Elf_Scn *perf_elf_section(const struct perf_elf *f, const char *name, GElf_Shdr *header);
/* Its bytes; NULL when it has none or too many. */
Elf_Data *perf_elf_data(const struct perf_elf *f, Elf_Scn *s);
/* Where a place of the file is in its own addresses. */
uint64_t perf_elf_address(const struct perf_elf *f, uint64_t offset);
size_t perf_elf_build_id(const struct perf_elf *f, unsigned char out[64]);

/* The file with the debug information of a program: by its build id, then by its link. */
bool perf_debug_open(struct perf_source *x, const struct perf_elf *program, const char *path, pid_t pid,
                     struct perf_elf *out);

/* ---- perf_inline.c ---- */

struct perf_dwarf;
struct perf_dwarf *perf_dwarf_new(struct perf_source *x,
                                  struct perf_elf *f); /* takes over f; NULL: it has none */
void perf_dwarf_free(struct perf_dwarf *d);
/* The functions at an address, the outermost first: names[0] is the one that was compiled (NULL: unknown),
 * the others were inlined into it. Valid until the next call. */
size_t perf_dwarf_at(struct perf_source *x, struct perf_dwarf *d, uint64_t address, const char **names,
                     size_t max);
size_t perf_dwarf_bytes(const struct perf_dwarf *d);

/* A name as people write it, without parameters; the caller frees. */
char *perf_demangled(const char *name);

#endif
