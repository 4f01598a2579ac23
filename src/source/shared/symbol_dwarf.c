/* symbol_dwarf.c - functions that were inlined at an address, from DWARF. The units of a file are listed at
 * once; the functions of a unit when an address in it is asked for. Files may be hostile: what is visited is
 * counted, and no other file is opened by libdw (units whose information is in another file are left out). */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libiberty/demangle.h>

#include "source/shared/symbol_elf.h"

enum {
    UNITS_MAX = 1 << 18,
    RANGES_MAX = 1 << 20, /* of units */
    PARTS_MAX = 1 << 22,  /* ranges of functions, of all units */
    DIES_MAX = 1 << 24,   /* entries that are visited in a file */
    DEEP = 64,            /* entries in each other */
    KNOWN_MAX = 1 << 16,  /* addresses that are remembered */
};

struct unit {
    Dwarf_Die die;
    struct part *parts; /* by no order: inner ones behind outer ones */
    size_t n, cap;
    bool walked;
};

struct range {
    uint64_t low, high, top; /* top: the highest end up to here */
    uint32_t unit;
};

/* A range of a function or of one inlined into it. */
struct part {
    uint64_t low, high;
    Dwarf_Off die;
    uint32_t depth;
    uint32_t name; /* in `names`, 0: not looked for yet */
    bool inlined;
};

struct known {
    uint64_t address;
    uint32_t n, names[SYMBOL_NAMES_MAX];
    UT_hash_handle hh;
};

struct symbol_dwarf {
    struct symbol_elf elf;
    Dwarf *dwarf;
    struct unit *units;
    size_t n_units, cap_units;
    struct range *ranges;
    size_t n_ranges, cap_ranges;
    struct strbuf names;
    struct known *known;
    size_t n_parts, visited;
};

char *symbol_demangled(const char *name)
{
    /* cplus_demangle reads the names of both; it bounds its own recursion. */
    if (name[0] != '_' || (name[1] != 'Z' && name[1] != 'R' && name[1] != '_') || strlen(name) > 2048)
        return NULL;
    return cplus_demangle(name, DMGL_NO_OPTS);
}

/* ---- opening ---- */

/* Packed sections tell how large they get. */
static bool is_bounded(const struct symbol_elf *f)
{
    uint64_t sum = 0;
    GElf_Shdr h;
    GElf_Chdr packed;
    size_t names;
    if (elf_getshdrstrndx(f->elf, &names) < 0)
        return false;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s));) {
        const char *name = gelf_getshdr(s, &h) ? elf_strptr(f->elf, names, h.sh_name) : NULL;
        if (!name || h.sh_type == SHT_NOBITS ||
            (!str_starts(name, ".debug_") && !str_starts(name, ".zdebug_")))
            continue;
        if (str_starts(name, ".z") || h.sh_offset > f->size || h.sh_size > f->size - h.sh_offset)
            return false;
        uint64_t size =
            (h.sh_flags & SHF_COMPRESSED) && gelf_getchdr(s, &packed) ? packed.ch_size : h.sh_size;
        if (size > SYMBOL_DWARF_MAX || (sum += size) > SYMBOL_DWARF_MAX)
            return false;
    }
    return true;
}

static void add_range(struct symbol_dwarf *d, uint64_t low, uint64_t high, uint32_t unit)
{
    if (low >= high || d->n_ranges >= RANGES_MAX)
        return;
    if (d->n_ranges == d->cap_ranges)
        d->ranges = mem_grow(d->ranges, d->n_ranges, &d->cap_ranges, sizeof *d->ranges);
    d->ranges[d->n_ranges++] = (struct range){.low = low, .high = high, .unit = unit};
}

static int by_low(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->low < y->low ? -1 : x->low > y->low;
}

static bool elsewhere(Dwarf_Die *die, uint8_t type)
{
    return type == DW_UT_skeleton || type == DW_UT_split_compile || dwarf_hasattr(die, DW_AT_dwo_name) ||
           dwarf_hasattr(die, DW_AT_GNU_dwo_name);
}

static void list_units(struct symbols *x, struct symbol_dwarf *d)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Half version;
    uint8_t type;
    Dwarf_Die die;
    while (d->n_units < UNITS_MAX && dwarf_get_units(d->dwarf, cu, &cu, &version, &type, &die, NULL) == 0) {
        Dwarf_Addr base, low, high;
        if (dwarf_tag(&die) != DW_TAG_compile_unit || elsewhere(&die, type))
            continue;
        if (d->n_units == d->cap_units)
            d->units = mem_grow(d->units, d->n_units, &d->cap_units, sizeof *d->units);
        d->units[d->n_units] = (struct unit){.die = die};
        for (ptrdiff_t at = 0;
             d->n_ranges < RANGES_MAX && (at = dwarf_ranges(&die, at, &base, &low, &high)) > 0;)
            add_range(d, low, high, (uint32_t)d->n_units);
        if (++d->n_units % 64 == 0 && !symbols_go_on(x))
            break;
    }
    if (d->n_ranges)
        qsort(d->ranges, d->n_ranges, sizeof *d->ranges, by_low);
    for (size_t i = 0; i < d->n_ranges; i++)
        d->ranges[i].top = MAX(d->ranges[i].high, i ? d->ranges[i - 1].top : 0);
}

struct symbol_dwarf *symbol_dwarf_new(struct symbols *x, struct symbol_elf *f)
{
    GElf_Shdr h;
    struct symbol_dwarf *d = mem_alloc(sizeof *d);
    d->elf = *f;
    *f = (struct symbol_elf){.fd = -1};
    strbuf_char(&d->names, 0);
    bool bounded = is_bounded(&d->elf), alone = !symbol_elf_section(&d->elf, ".gnu_debugaltlink", &h);
    if (!bounded)
        symbols_trouble(
            x, "The debug information of a file is too large or broken: what is inlined in it is counted "
               "as the function around it.");
    if (bounded && alone)
        d->dwarf = dwarf_begin_elf(d->elf.elf, DWARF_C_READ, NULL);
    if (d->dwarf)
        list_units(x, d);
    if (d->n_ranges)
        return d;
    symbol_dwarf_free(d);
    return NULL;
}

void symbol_dwarf_free(struct symbol_dwarf *d)
{
    struct known *k, *next;
    if (!d)
        return;
    HASH_ITER(hh, d->known, k, next)
    {
        HASH_DEL(d->known, k);
        free(k);
    }
    for (size_t i = 0; i < d->n_units; i++)
        free(d->units[i].parts);
    free(d->units);
    free(d->ranges);
    strbuf_free(&d->names);
    if (d->dwarf)
        dwarf_end(d->dwarf);
    symbol_elf_close(&d->elf);
    free(d);
}

size_t symbol_dwarf_bytes(const struct symbol_dwarf *d)
{
    return d ? (size_t)MIN(d->elf.size, (uint64_t)SYMBOL_DWARF_MAX) + d->n_parts * sizeof(struct part) : 0;
}

/* ---- the functions of a unit ---- */

static void add_parts(struct symbol_dwarf *d, struct unit *u, Dwarf_Die *die, uint32_t depth, bool inlined)
{
    Dwarf_Addr base, low, high;
    for (ptrdiff_t at = 0; d->n_parts < PARTS_MAX && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0;) {
        if (low >= high)
            continue;
        if (u->n == u->cap)
            u->parts = mem_grow(u->parts, u->n, &u->cap, sizeof *u->parts);
        u->parts[u->n++] = (struct part){
            .low = low, .high = high, .die = dwarf_dieoffset(die), .depth = depth, .inlined = inlined};
        d->n_parts++;
    }
}

static bool holds_functions(int tag)
{
    return tag == DW_TAG_namespace || tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
           tag == DW_TAG_lexical_block || tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
           tag == DW_TAG_module || tag == DW_TAG_enumeration_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/* Depth first: `at` are the entries from the unit's first child down to the one that is visited. */
static void walk(struct symbols *x, struct symbol_dwarf *d, struct unit *u)
{
    Dwarf_Die at[DEEP];
    size_t depth = 0;
    u->walked = true;
    if (dwarf_child(&u->die, &at[0]) != 0)
        return;
    while (d->visited++ < DIES_MAX && d->n_parts < PARTS_MAX) {
        int tag = dwarf_tag(&at[depth]);
        if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
            add_parts(d, u, &at[depth], (uint32_t)depth, tag == DW_TAG_inlined_subroutine);
        if (d->visited % 4096 == 0 && !symbols_go_on(x))
            return;
        if (depth + 1 < DEEP && holds_functions(tag) && dwarf_child(&at[depth], &at[depth + 1]) == 0) {
            depth++;
            continue;
        }
        Dwarf_Die next;
        int more;
        while ((more = dwarf_siblingof(&at[depth], &next)) != 0 && depth)
            depth--;
        if (more != 0)
            return;
        at[depth] = next;
    }
}

static uint32_t keep_name(struct symbol_dwarf *d, const char *name)
{
    char *plain = symbol_demangled(name);
    uint32_t at = (uint32_t)d->names.len;
    strbuf_add(&d->names, plain ? plain : name, strnlen(plain ? plain : name, 4096));
    strbuf_char(&d->names, 0);
    free(plain);
    return at;
}

static uint32_t name_of(struct symbol_dwarf *d, struct part *p)
{
    Dwarf_Die die;
    Dwarf_Attribute a;
    if (p->name || d->names.len > 64 << 20 || !dwarf_offdie(d->dwarf, p->die, &die))
        return p->name;
    const char *name = dwarf_attr_integrate(&die, DW_AT_linkage_name, &a) ? dwarf_formstring(&a) : NULL;
    if (!name && dwarf_attr_integrate(&die, DW_AT_MIPS_linkage_name, &a))
        name = dwarf_formstring(&a);
    if (!name)
        name = dwarf_diename(&die);
    if (name && *name)
        p->name = keep_name(d, name);
    return p->name;
}

/* ---- asking ---- */

static struct unit *unit_at(struct symbol_dwarf *d, uint64_t address)
{
    size_t low = 0, high = d->n_ranges;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->ranges[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0 && d->ranges[low].top > address)
        if (d->ranges[low].high > address)
            return &d->units[d->ranges[low].unit];
    return NULL;
}

/* The chain of those that hold the address; they lie in each other, and inner ones come later. */
static void chain_of(struct symbol_dwarf *d, struct unit *u, struct known *k)
{
    uint32_t depth = 0;
    k->n = 1;
    for (size_t i = 0; i < u->n; i++) {
        struct part *p = &u->parts[i];
        if (k->address < p->low || k->address >= p->high)
            continue;
        if (!p->inlined) {
            k->names[0] = name_of(d, p);
            k->n = 1;
        } else if (k->n < ARRAY_LEN(k->names) && p->depth > depth) {
            uint32_t name = name_of(d, p);
            k->names[k->n] = name;
            k->n += name != 0;
        }
        depth = p->depth;
    }
}

static struct known *look_up(struct symbols *x, struct symbol_dwarf *d, uint64_t address)
{
    struct known *k, *next;
    HASH_FIND(hh, d->known, &address, sizeof address, k);
    if (k)
        return k;
    if (HASH_COUNT(d->known) >= KNOWN_MAX)
        HASH_ITER(hh, d->known, k, next)
        {
            HASH_DEL(d->known, k);
            free(k);
        }
    k = mem_alloc(sizeof *k);
    k->address = address;
    struct unit *u = unit_at(d, address);
    if (u && !u->walked)
        walk(x, d, u);
    if (u)
        chain_of(d, u, k);
    HASH_ADD(hh, d->known, address, sizeof k->address, k);
    return k;
}

size_t symbol_dwarf_at(struct symbols *x, struct symbol_dwarf *d, uint64_t address, const char **names,
                       size_t max)
{
    const struct known *k = look_up(x, d, address);
    size_t n = MIN((size_t)k->n, max);
    for (size_t i = 0; i < n; i++)
        names[i] = i || k->names[0] ? d->names.text + k->names[i] : NULL;
    return n;
}
