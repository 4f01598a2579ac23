/* symbol_cfi.c - the tables for exceptions (.eh_frame) of a file, by which its callers are found. */
#include <elfutils/libdw.h>

#include "source/shared/symbol_elf.h"

struct symbol_cfi *symbol_cfi_new(int fd)
{
    struct symbol_cfi *c = mem_alloc(sizeof *c);
    GElf_Shdr h;
    /* It reads the section whole. */
    if (symbol_elf_open(&c->elf, fd) && symbol_elf_section(&c->elf, ".eh_frame", &h) &&
        h.sh_size < SYMBOL_SECTION_MAX && h.sh_offset < c->elf.size && h.sh_size <= c->elf.size - h.sh_offset)
        c->cfi = dwarf_getcfi_elf(c->elf.elf);
    return c;
}

void symbol_cfi_free(struct symbol_cfi *c)
{
    if (!c)
        return;
    if (c->cfi)
        dwarf_cfi_end(c->cfi);
    symbol_elf_close(&c->elf);
    free(c);
}

/* Of its file the section of the tables is read. */
size_t symbol_cfi_bytes(const struct symbol_cfi *c)
{
    return c && c->cfi ? (size_t)MIN(c->elf.size / 8, (uint64_t)SYMBOL_SECTION_MAX) : 0;
}
