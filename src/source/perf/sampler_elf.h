/* sampler_elf.h - ELF files by libelf, with bounds: the files are of whoever runs a program. They are read,
 * not mapped: a mapped file that is cut ends the program. */
#ifndef SOURCE_PERF_SAMPLER_ELF_H
#define SOURCE_PERF_SAMPLER_ELF_H

#include <gelf.h>

#include "source/perf/sampler.h"

enum {
    PERF_SECTION_MAX = 256 << 20, /* bytes of one section that is read */
    PERF_DWARF_MAX = 128 << 20,   /* of all sections of debug information of one file */
};

struct sampler_elf {
    Elf *elf;
    int fd; /* -1: in memory */
    char *memory;
    uint64_t size; /* of the file */
};

/* Takes over fd. False: it is no ELF file, or a broken one. */
bool sampler_elf_open(struct sampler_elf *f, int fd);
bool sampler_elf_memory(struct sampler_elf *f, char *bytes, size_t n); /* takes over bytes */
void sampler_elf_close(struct sampler_elf *f);
/* The section with a name and its header; NULL. */
Elf_Scn *sampler_elf_section(const struct sampler_elf *f, const char *name, GElf_Shdr *header);
/* Its bytes; NULL when it has none or too many. */
Elf_Data *sampler_elf_data(const struct sampler_elf *f, Elf_Scn *s);
/* Where a place of the file is in its own addresses. */
uint64_t sampler_elf_address(const struct sampler_elf *f, uint64_t offset);
size_t sampler_elf_build_id(const struct sampler_elf *f, unsigned char out[64]);

/* The file with the debug information of a program: by its build id, then by its link. */
bool sampler_debug_open(struct sampler_source *x, const struct sampler_elf *program, const char *path,
                        pid_t pid, struct sampler_elf *out);

/* ---- sampler_inline.c ---- */

struct sampler_dwarf;
struct sampler_dwarf *sampler_dwarf_new(struct sampler_source *x,
                                        struct sampler_elf *f); /* takes over f; NULL: it has none */
void sampler_dwarf_free(struct sampler_dwarf *d);
/* The functions at an address, the outermost first: names[0] is the one that was compiled (NULL: unknown),
 * the others were inlined into it. Valid until the next call. */
size_t sampler_dwarf_at(struct sampler_source *x, struct sampler_dwarf *d, uint64_t address,
                        const char **names, size_t max);
size_t sampler_dwarf_bytes(const struct sampler_dwarf *d);

/* A name as people write it, without parameters; the caller frees. */
char *sampler_demangled(const char *name);

#endif
