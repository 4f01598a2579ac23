#include "source/shared/symbol_elf.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { SECTIONS_MAX = 1 << 16, SEGMENTS_MAX = 4096 };

/* libelf allocates for as many sections as the header claims. */
static bool sane(const struct symbol_elf *f)
{
    union {
        Elf64_Ehdr h64;
        Elf32_Ehdr h32;
        unsigned char bytes[64];
    } h = {.bytes = {0}};
    if (f->memory)
        memcpy(&h, f->memory, MIN((size_t)f->size, sizeof h));
    else if (pread(f->fd, &h, sizeof h, 0) < (ssize_t)sizeof h.h32)
        return false;
    if (memcmp(h.bytes, ELFMAG, SELFMAG) != 0 || h.bytes[EI_DATA] != ELFDATA2LSB)
        return false;
    bool wide = h.bytes[EI_CLASS] == ELFCLASS64;
    unsigned sections = wide ? h.h64.e_shnum : h.h32.e_shnum;
    uint64_t table = wide ? h.h64.e_shoff : h.h32.e_shoff;
    unsigned segments = wide ? h.h64.e_phnum : h.h32.e_phnum;
    /* None, but a table of them: the number is elsewhere, and more than SECTIONS_MAX. */
    return (wide || h.bytes[EI_CLASS] == ELFCLASS32) && (sections || !table) && segments <= SEGMENTS_MAX;
}

static bool begin(struct symbol_elf *f)
{
    static bool once;
    if (!once)
        elf_version(EV_CURRENT);
    once = true;
    if (sane(f))
        f->elf = f->memory ? elf_memory(f->memory, f->size) : elf_begin(f->fd, ELF_C_READ, NULL);
    if (f->elf && elf_kind(f->elf) == ELF_K_ELF)
        return true;
    symbol_elf_close(f);
    return false;
}

bool symbol_elf_open(struct symbol_elf *f, int fd)
{
    struct stat st;
    *f = (struct symbol_elf){.fd = fd};
    if (fstat(fd, &st) == 0)
        f->size = (uint64_t)st.st_size;
    return begin(f);
}

bool symbol_elf_memory(struct symbol_elf *f, char *bytes, size_t n)
{
    *f = (struct symbol_elf){.fd = -1, .memory = bytes, .size = n};
    return begin(f);
}

void symbol_elf_close(struct symbol_elf *f)
{
    if (f->elf)
        elf_end(f->elf);
    if (f->fd >= 0)
        close(f->fd);
    free(f->memory);
    *f = (struct symbol_elf){.fd = -1};
}

Elf_Scn *symbol_elf_section(const struct symbol_elf *f, const char *name, GElf_Shdr *header)
{
    size_t names;
    if (elf_getshdrstrndx(f->elf, &names) < 0)
        return NULL;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s));) {
        if (!gelf_getshdr(s, header))
            continue;
        const char *its = elf_strptr(f->elf, names, header->sh_name);
        if (its && str_eq(its, name))
            return s;
    }
    return NULL;
}

Elf_Data *symbol_elf_data(const struct symbol_elf *f, Elf_Scn *s)
{
    GElf_Shdr h;
    if (!gelf_getshdr(s, &h) || h.sh_type == SHT_NOBITS || (h.sh_flags & SHF_COMPRESSED) ||
        h.sh_size > SYMBOL_SECTION_MAX || h.sh_offset > f->size || h.sh_size > f->size - h.sh_offset)
        return NULL;
    Elf_Data *d = elf_getdata(s, NULL);
    return d && d->d_buf ? d : NULL;
}

uint64_t symbol_elf_address(const struct symbol_elf *f, uint64_t offset)
{
    size_t n = 0;
    GElf_Phdr p;
    if (elf_getphdrnum(f->elf, &n) < 0)
        return offset;
    for (size_t i = 0; i < n; i++)
        if (gelf_getphdr(f->elf, (int)i, &p) && p.p_type == PT_LOAD && offset >= p.p_offset &&
            offset - p.p_offset < p.p_filesz)
            return offset - p.p_offset + p.p_vaddr;
    return offset;
}

static size_t note_build_id(Elf_Data *d, unsigned char out[64])
{
    GElf_Nhdr n;
    size_t name, desc;
    for (size_t at = 0, next; (next = gelf_getnote(d, at, &n, &name, &desc)) > at; at = next)
        if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && n.n_descsz > 0 && n.n_descsz <= 64 &&
            !memcmp((char *)d->d_buf + name, "GNU", 4)) {
            memcpy(out, (char *)d->d_buf + desc, n.n_descsz);
            return n.n_descsz;
        }
    return 0;
}

size_t symbol_elf_build_id(const struct symbol_elf *f, unsigned char out[64])
{
    GElf_Shdr h;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s));) {
        Elf_Data *d = gelf_getshdr(s, &h) && h.sh_type == SHT_NOTE && h.sh_size < 1 << 16
                          ? symbol_elf_data(f, s)
                          : NULL;
        size_t n = d ? note_build_id(d, out) : 0;
        if (n)
            return n;
    }
    return 0;
}

size_t symbol_build_id(int fd, unsigned char out[64])
{
    struct symbol_elf f;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    size_t n = 0;
    if (copy >= 0 && symbol_elf_open(&f, copy)) {
        n = symbol_elf_build_id(&f, out);
        symbol_elf_close(&f);
    }
    return n;
}

/* ---- the file with the debug information ---- */

static bool same_build(const struct symbol_elf *a, const struct symbol_elf *b)
{
    unsigned char x[64], y[64];
    size_t n = symbol_elf_build_id(a, x), m = symbol_elf_build_id(b, y);
    return n && n == m && !memcmp(x, y, n);
}

static uint32_t crc_of(struct symbols *x, const struct symbol_elf *f)
{
    enum { STEP = 1 << 18, MOST = 1 << 30 };
    unsigned char *buf = mem_realloc(NULL, STEP);
    uLong crc = crc32(0, NULL, 0);
    int64_t at = 0;
    for (ssize_t n; at < MOST && (n = pread(f->fd, buf, STEP, at)) > 0; at += n) {
        crc = crc32(crc, buf, (uInt)n);
        if (!symbols_go_on(x))
            break;
    }
    free(buf);
    return (uint32_t)crc;
}

/* The process's own files first: those of the host may be of another version, but then have another build id.
 */
static bool open_in(pid_t pid, const char *path, struct symbol_elf *out)
{
    int root = symbol_open_root(pid), fd = root < 0 ? -1 : symbol_open_regular(root, path);
    if (root >= 0)
        close(root);
    if (fd < 0)
        fd = symbol_open_regular(-1, path);
    return fd >= 0 && symbol_elf_open(out, fd);
}

static bool by_build_id(const struct symbol_elf *program, pid_t pid, struct symbol_elf *out)
{
    unsigned char id[64];
    char path[256];
    size_t n = symbol_elf_build_id(program, id), at = 0;
    if (n < 2)
        return false;
    at += (size_t)snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%02x/", id[0]);
    for (size_t i = 1; i < n; i++)
        at += (size_t)snprintf(path + at, sizeof path - at, "%02x", id[i]);
    snprintf(path + at, sizeof path - at, ".debug");
    if (!open_in(pid, path, out))
        return false;
    if (same_build(program, out))
        return true;
    symbol_elf_close(out);
    return false;
}

static bool by_link(struct symbols *x, const struct symbol_elf *program, const char *path, pid_t pid,
                    struct symbol_elf *out)
{
    static const char *const before[] = {"", "", "/usr/lib/debug"}, *const behind[] = {"", "/.debug", ""};
    GElf_Shdr h;
    Elf_Scn *s = symbol_elf_section(program, ".gnu_debuglink", &h);
    Elf_Data *d = s && h.sh_size < 4096 ? symbol_elf_data(program, s) : NULL;
    const char *name = d ? d->d_buf : NULL, *slash = strrchr(path, '/');
    size_t len = d ? strnlen(name, d->d_size) : 0, at = (len + 4) & ~(size_t)3;
    uint32_t crc;
    if (!len || at + 4 > d->d_size || memchr(name, '/', len) || !slash)
        return false;
    memcpy(&crc, name + at, 4);
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        char *full = mem_printf("%s%.*s%s/%s", before[i], (int)(slash - path), path, behind[i], name);
        bool there = open_in(pid, full, out);
        free(full);
        if (there && (same_build(program, out) || crc_of(x, out) == crc))
            return true;
        if (there)
            symbol_elf_close(out);
    }
    return false;
}

bool symbol_debug_open(struct symbols *x, const struct symbol_elf *program, const char *path, pid_t pid,
                       struct symbol_elf *out)
{
    return by_build_id(program, pid, out) || by_link(x, program, path, pid, out);
}

bool symbol_debug_fetch(struct symbols *x, const struct symbol_elf *program, struct symbol_elf *out,
                        bool *waits)
{
    unsigned char id[64];
    size_t n = symbol_elf_build_id(program, id);
    int fd = -1;
    *waits = symbols_fetch(x, id, n, false, &fd) == DEBUG_FETCH_WAITS;
    if (fd < 0 || !symbol_elf_open(out, fd))
        return false;
    if (same_build(program, out))
        return true;
    symbol_elf_close(out);
    return false;
}
