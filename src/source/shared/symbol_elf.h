/* symbol_elf.h - ELF files by libelf, with bounds: the files are of whoever runs a program. They are read,
 * not mapped: a mapped file that is cut ends the program. */
#ifndef SOURCE_SHARED_SYMBOL_ELF_H
#define SOURCE_SHARED_SYMBOL_ELF_H

#include <elfutils/libdw.h>
#include <gelf.h>

#include "source/shared/symbols.h"

enum {
    SYMBOL_SECTION_MAX = 256 << 20, /* bytes of one section that is read */
    SYMBOL_DWARF_MAX = 128 << 20,   /* of all sections of debug information of one file */
};

struct symbol_elf {
    Elf *elf;
    int fd; /* -1: in memory */
    char *memory;
    uint64_t size; /* of the file */
};

/* Takes over fd. False: it is no ELF file, or a broken one. */
bool symbol_elf_open(struct symbol_elf *f, int fd);
bool symbol_elf_memory(struct symbol_elf *f, char *bytes, size_t n); /* takes over bytes */
void symbol_elf_close(struct symbol_elf *f);
/* The section with a name and its header; NULL. */
Elf_Scn *symbol_elf_section(const struct symbol_elf *f, const char *name, GElf_Shdr *header);
/* Its bytes; NULL when it has none or too many. */
Elf_Data *symbol_elf_data(const struct symbol_elf *f, Elf_Scn *s);
/* Where a place of the file is in its own addresses. */
uint64_t symbol_elf_address(const struct symbol_elf *f, uint64_t offset);
size_t symbol_elf_build_id(const struct symbol_elf *f, unsigned char out[64]);

/* The file with the debug information of a program: by its build id, then by its link. */
bool symbol_debug_open(struct symbols *x, const struct symbol_elf *program, const char *path, pid_t pid,
                       struct symbol_elf *out);

/* The same from a debuginfod server, when x->fetch is there. *waits: it may still come. */
bool symbol_debug_fetch(struct symbols *x, const struct symbol_elf *program, struct symbol_elf *out,
                        bool *waits);

/* ---- symbol_dwarf.c ---- */

struct symbol_dwarf;
struct symbol_dwarf *symbol_dwarf_new(struct symbols *x,
                                      struct symbol_elf *f); /* takes over f; NULL: it has none */
void symbol_dwarf_free(struct symbol_dwarf *d);
/* The functions at an address, the outermost first: names[0] is the one that was compiled (NULL: unknown),
 * the others were inlined into it. Valid until the next call. */
size_t symbol_dwarf_at(struct symbols *x, struct symbol_dwarf *d, uint64_t address, const char **names,
                       size_t max);
size_t symbol_dwarf_bytes(const struct symbol_dwarf *d);

/* ---- symbol_cfi.c: tables of unwinding ---- */

struct symbol_cfi {
    struct symbol_elf elf;
    Dwarf_CFI *cfi; /* NULL: it has none */
};
struct symbol_cfi *symbol_cfi_new(int fd); /* takes over fd */
void symbol_cfi_free(struct symbol_cfi *c);
size_t symbol_cfi_bytes(const struct symbol_cfi *c); /* NULL is fine */

/* A name as people write it, without parameters; the caller frees. */
char *symbol_demangled(const char *name);

#endif
