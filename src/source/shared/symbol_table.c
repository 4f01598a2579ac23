/* symbol_table.c - the functions of a file by address: its tables of symbols, those of the file with its
 * debug information, names of its linkage table. */
#include <limits.h>
#include <lzma.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "source/shared/symbol_elf.h"

enum {
    SYMBOLS_MAX = 4 << 20,
    TEXT_MAX = 128 << 20, /* bytes of all names */
    LOADED_MAX = 64,      /* segments */
    UNPACKED_MAX = 64 << 20,
    AROUND = 16, /* symbols before an address that may reach it: they may lie in each other */
};

struct symbol {
    uint64_t address, size;
    uint32_t name, shown; /* where they stand in `names`; shown 0: not looked for yet */
    uint32_t rank;        /* of several at one address the one with the most */
};

struct segment {
    uint64_t offset, address, size;
};

struct symbol_table {
    struct symbol *items;
    size_t n, cap;
    struct strbuf names;
    struct segment loaded[LOADED_MAX];
    size_t n_loaded;
    struct symbol_elf debug; /* for what is inlined, until it is asked for */
    bool has_debug, waits;   /* waits: debug information may still be fetched */
    struct symbol_dwarf *dwarf;
    unsigned char build_id[64];
    size_t build_id_len;
};

/* ---- reading ---- */

static uint32_t rank_of(const GElf_Sym *s, const char *name)
{
    unsigned under = 0;
    while (name[under] == '_' && under < 15)
        under++;
    unsigned bind = GELF_ST_BIND(s->st_info);
    return (uint32_t)(s->st_size > 0) << 28 | (uint32_t)(bind != STB_WEAK) << 27 |
           (uint32_t)(bind == STB_GLOBAL) << 26 | (15 - under) << 16 |
           (uint32_t)MIN(strlen(name), (size_t)65535);
}

static void add_symbol(struct symbol_table *t, uint64_t address, uint64_t size, uint32_t rank,
                       const char *name, const char *behind)
{
    if (t->n >= SYMBOLS_MAX || t->names.len > TEXT_MAX)
        return;
    if (t->n == t->cap)
        t->items = mem_grow(t->items, t->n, &t->cap, sizeof *t->items);
    t->items[t->n++] =
        (struct symbol){.address = address, .size = size, .name = (uint32_t)t->names.len, .rank = rank};
    strbuf_add(&t->names, name, strnlen(name, 4096));
    strbuf_str(&t->names, behind);
    strbuf_char(&t->names, 0);
}

/* Which sections hold code, by number. */
static unsigned char *code_sections(const struct symbol_elf *f, size_t *n)
{
    if (elf_getshdrnum(f->elf, n) < 0 || !*n)
        return NULL;
    unsigned char *code = mem_array(*n, 1);
    GElf_Shdr h;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s));)
        if (gelf_getshdr(s, &h) && elf_ndxscn(s) < *n)
            code[elf_ndxscn(s)] = (h.sh_flags & SHF_EXECINSTR) != 0;
    return code;
}

static void read_table(struct symbols *x, struct symbol_table *t, const struct symbol_elf *f, Elf_Scn *s,
                       const GElf_Shdr *h, const unsigned char *code, size_t n_code)
{
    Elf_Scn *names = elf_getscn(f->elf, h->sh_link);
    Elf_Data *d = symbol_elf_data(f, s);
    GElf_Sym sym;
    /* The names are read by libelf, when they are bounded. */
    if (!d || !names || !symbol_elf_data(f, names) || !h->sh_entsize)
        return;
    for (int i = 0; i < INT_MAX && gelf_getsym(d, i, &sym); i++) {
        unsigned type = GELF_ST_TYPE(sym.st_info);
        const char *name = elf_strptr(f->elf, h->sh_link, sym.st_name);
        if (i % 4096 == 0 && !symbols_go_on(x))
            return;
        if ((type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) || !sym.st_value || !name ||
            !*name)
            continue;
        if (sym.st_shndx == SHN_UNDEF || sym.st_shndx >= n_code || !code[sym.st_shndx])
            continue;
        if (type == STT_NOTYPE && (*name == '$' || str_starts(name, ".L")))
            continue; /* marks of the assembler */
        add_symbol(t, sym.st_value, sym.st_size, rank_of(&sym, name), name, "");
    }
}

static void read_tables(struct symbols *x, struct symbol_table *t, const struct symbol_elf *f)
{
    size_t n = 0;
    unsigned char *code = code_sections(f, &n);
    GElf_Shdr h;
    for (Elf_Scn *s = NULL; code && (s = elf_nextscn(f->elf, s));)
        if (gelf_getshdr(s, &h) && (h.sh_type == SHT_SYMTAB || h.sh_type == SHT_DYNSYM))
            read_table(x, t, f, s, &h, code, n);
    free(code);
}

/* Entry i of the linkage table calls what its relocation i names. */
static void read_plt(struct symbol_table *t, const struct symbol_elf *f)
{
    enum { ENTRY = 16 };
    GElf_Ehdr e;
    GElf_Shdr rel, plt, h;
    Elf_Scn *rels = symbol_elf_section(f, ".rela.plt", &rel);
    Elf_Data *d = rels ? symbol_elf_data(f, rels) : NULL;
    bool second = symbol_elf_section(f, ".plt.sec", &plt) != NULL;
    if (!d || !gelf_getehdr(f->elf, &e) || (e.e_machine != EM_X86_64 && e.e_machine != EM_AARCH64) ||
        (!second && !symbol_elf_section(f, ".plt", &plt)))
        return;
    Elf_Scn *table = elf_getscn(f->elf, rel.sh_link);
    Elf_Data *symbols = table && gelf_getshdr(table, &h) ? symbol_elf_data(f, table) : NULL;
    Elf_Scn *names = symbols ? elf_getscn(f->elf, h.sh_link) : NULL;
    uint64_t at = second ? 0 : e.e_machine == EM_AARCH64 ? 32 : 16;
    if (!names || !symbol_elf_data(f, names) || !h.sh_entsize)
        return;
    GElf_Rela r;
    GElf_Sym sym;
    for (int i = 0; i < INT_MAX && at + ENTRY <= plt.sh_size && gelf_getrela(d, i, &r); i++, at += ENTRY) {
        uint64_t number = GELF_R_SYM(r.r_info);
        const char *name = number < INT_MAX && gelf_getsym(symbols, (int)number, &sym)
                               ? elf_strptr(f->elf, h.sh_link, sym.st_name)
                               : NULL;
        if (name && *name)
            add_symbol(t, plt.sh_addr + at, ENTRY, 0, name, "@plt");
    }
}

/* The small table of symbols that Fedora's programs have, packed by xz. */
static void read_packed(struct symbols *x, struct symbol_table *t, const struct symbol_elf *f)
{
    GElf_Shdr h;
    Elf_Scn *s = symbol_elf_section(f, ".gnu_debugdata", &h);
    Elf_Data *d = s ? symbol_elf_data(f, s) : NULL;
    if (!d)
        return;
    uint64_t memory = 64 << 20;
    size_t in = 0, out = 0;
    struct symbol_elf small;
    char *plain = mem_realloc(NULL, UNPACKED_MAX);
    if (lzma_stream_buffer_decode(&memory, 0, NULL, d->d_buf, &in, d->d_size, (uint8_t *)plain, &out,
                                  UNPACKED_MAX) != LZMA_OK) {
        free(plain);
        return;
    }
    if (symbol_elf_memory(&small, mem_realloc(plain, MAX(out, (size_t)64)), out)) {
        read_tables(x, t, &small);
        symbol_elf_close(&small);
    }
}

static void read_segments(struct symbol_table *t, const struct symbol_elf *f)
{
    size_t n = 0;
    GElf_Phdr p;
    if (elf_getphdrnum(f->elf, &n) < 0)
        return;
    for (size_t i = 0; i < n && t->n_loaded < LOADED_MAX; i++)
        if (gelf_getphdr(f->elf, (int)i, &p) && p.p_type == PT_LOAD)
            t->loaded[t->n_loaded++] = (struct segment){p.p_offset, p.p_vaddr, p.p_filesz};
}

/* ---- order ---- */

static int by_address(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->rank != y->rank ? (x->rank > y->rank ? -1 : 1) : x->name < y->name ? -1 : x->name > y->name;
}

/* One for each address; one without a size reaches to the next. */
static void put_in_order(struct symbol_table *t)
{
    enum { LAST = 4096 };
    size_t kept = 0;
    if (t->n)
        qsort(t->items, t->n, sizeof *t->items, by_address);
    for (size_t i = 0; i < t->n; i++)
        if (!kept || t->items[kept - 1].address != t->items[i].address)
            t->items[kept++] = t->items[i];
    t->n = kept;
    for (size_t i = 0; i < t->n; i++) {
        struct symbol *s = &t->items[i];
        if (!s->size)
            s->size = i + 1 < t->n ? t->items[i + 1].address - s->address : LAST;
        s->size = MIN(s->size, UINT64_MAX - s->address);
    }
}

/* ---- all of a file ---- */

static bool has_section(const struct symbol_elf *f, const char *name)
{
    GElf_Shdr h;
    return symbol_elf_section(f, name, &h) && h.sh_type != SHT_NOBITS;
}

static struct symbol_table *symbols_of(struct symbols *x, struct symbol_elf *f, const char *path, pid_t pid)
{
    struct symbol_table *t = mem_alloc(sizeof *t);
    struct symbol_elf debug = {.fd = -1};
    bool tables = has_section(f, ".symtab"), dwarf = has_section(f, ".debug_info");
    strbuf_char(&t->names, 0);
    t->build_id_len = symbol_elf_build_id(f, t->build_id);
    read_segments(t, f);
    read_tables(x, t, f);
    read_plt(t, f);
    bool apart = path && !(tables && dwarf) &&
                 (symbol_debug_open(x, f, path, pid, &debug) ||
                  (!dwarf && symbol_debug_fetch(x, f, &debug, &t->waits)));
    if (apart && !tables)
        read_tables(x, t, &debug);
    else if (!tables)
        read_packed(x, t, f);
    put_in_order(t);
    if (apart && has_section(&debug, ".debug_info")) {
        t->debug = debug;
        t->has_debug = true;
    } else if (apart) {
        symbol_elf_close(&debug);
    }
    if (dwarf && !t->has_debug) {
        t->debug = *f;
        t->has_debug = true;
    } else {
        symbol_elf_close(f);
    }
    return t;
}

struct symbol_table *symbol_table_load(struct symbols *x, int fd, const char *path, pid_t pid)
{
    struct symbol_elf f;
    if (symbol_elf_open(&f, fd))
        return symbols_of(x, &f, path, pid);
    symbols_trouble(x, "A mapped file is no ELF file that can be read: its functions have no names.");
    return NULL;
}

/* That of this program is that of all of its kind. */
struct symbol_table *symbol_table_vdso(struct symbols *x)
{
    const char *start = (const char *)getauxval(AT_SYSINFO_EHDR); /* NOLINT: an address by number */
    char *text, *line;
    size_t n;
    struct sd_error ignored;
    struct symbol_elf f;
    struct symbol_table *t = NULL;
    if (!start || !file_read("/proc/self/maps", 16 << 20, &text, &n, &ignored))
        return NULL;
    for (line = strstr(text, "[vdso]"); line && line > text && line[-1] != '\n';)
        line--;
    unsigned long long first, end;
    if (line && sscanf(line, "%llx-%llx", &first, &end) == 2 && (const char *)(uintptr_t)first == start) {
        char *copy = mem_realloc(NULL, (size_t)(end - first));
        memcpy(copy, start, (size_t)(end - first));
        if (symbol_elf_memory(&f, copy, (size_t)(end - first)))
            t = symbols_of(x, &f, NULL, 0);
    }
    free(text);
    return t;
}

void symbol_table_free(struct symbol_table *t)
{
    if (!t)
        return;
    symbol_dwarf_free(t->dwarf);
    if (t->has_debug)
        symbol_elf_close(&t->debug);
    free(t->items);
    strbuf_free(&t->names);
    free(t);
}

size_t symbol_table_bytes(const struct symbol_table *t)
{
    return t ? sizeof *t + t->cap * sizeof *t->items + t->names.cap + symbol_dwarf_bytes(t->dwarf) : 0;
}

bool symbol_table_waits(const struct symbol_table *t)
{
    return t->waits;
}

bool symbol_table_came(struct symbols *x, struct symbol_table *t)
{
    enum debug_fetch_state state = symbols_fetch(x, t->build_id, t->build_id_len, false, NULL);
    t->waits = state == DEBUG_FETCH_WAITS;
    return state == DEBUG_FETCH_THERE;
}

size_t symbol_table_build_id(const struct symbol_table *t, unsigned char out[64])
{
    memcpy(out, t->build_id, t->build_id_len);
    return t->build_id_len;
}

/* ---- asking ---- */

uint64_t symbol_table_address(const struct symbol_table *t, uint64_t offset)
{
    for (size_t i = 0; i < t->n_loaded; i++)
        if (offset >= t->loaded[i].offset && offset - t->loaded[i].offset < t->loaded[i].size)
            return offset - t->loaded[i].offset + t->loaded[i].address;
    return offset;
}

static const char *shown(struct symbol_table *t, struct symbol *s)
{
    if (!s->shown) {
        char *plain = symbol_demangled(t->names.text + s->name);
        s->shown = plain && t->names.len < UINT32_MAX / 2 ? (uint32_t)t->names.len : s->name;
        if (s->shown != s->name) {
            strbuf_str(&t->names, plain);
            strbuf_char(&t->names, 0);
        }
        free(plain);
    }
    return t->names.text + s->shown;
}

const char *symbol_table_at(struct symbol_table *t, uint64_t address)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i-- > 0 && low - i <= AROUND;)
        if (address - t->items[i].address < t->items[i].size)
            return shown(t, &t->items[i]);
    return NULL;
}

size_t symbol_table_inlined(struct symbols *x, struct symbol_table *t, uint64_t address, const char **names,
                            size_t max)
{
    if (t->has_debug) {
        t->has_debug = false;
        t->dwarf = symbol_dwarf_new(x, &t->debug);
    }
    size_t n = t->dwarf ? symbol_dwarf_at(x, t->dwarf, address, names, max) : 0;
    return x->inlined ? n : MIN(n, (size_t)1);
}
