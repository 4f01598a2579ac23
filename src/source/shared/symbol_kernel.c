/* symbol_kernel.c - functions of the kernel and its modules, from /proc/kallsyms. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "source/shared/symbols.h"

enum {
    KALLSYMS_MAX = 256 << 20, /* bytes of the file */
    AGAIN = 30,               /* windows, until it is read again for an address that was not there */
};

struct kernel_symbol {
    uint64_t address;
    uint32_t name, module; /* where they stand in `names`; module 0: the kernel itself */
};

struct symbol_kernel {
    struct kernel_symbol *items;
    size_t n, cap;
    struct strbuf names;
    uint32_t last_module; /* modules come together */
    uint64_t first;
    int64_t read_in; /* the window */
};

void symbol_kernel_free(struct symbol_kernel *k)
{
    if (!k)
        return;
    free(k->items);
    strbuf_free(&k->names);
    free(k);
}

static uint32_t keep(struct symbol_kernel *k, const char *s, size_t n)
{
    uint32_t at = (uint32_t)k->names.len;
    strbuf_add(&k->names, s, n);
    strbuf_char(&k->names, 0);
    return at;
}

/* "ffffffff81000000 T _stext" or "ffffffffc0000000 t name\t[module]" */
static void take_line(struct symbol_kernel *k, const char *line)
{
    const char *at = line;
    uint64_t address = 0;
    for (; *at != ' ' && *at; at++)
        address = address << 4 | (uint64_t)(*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
    if (!address || at[0] != ' ' || !at[1] || !strchr("tTwW", at[1]) || at[2] != ' ')
        return;
    const char *name = at + 3, *tab = strchr(name, '\t');
    uint32_t module = 0;
    if (tab && !(k->last_module && str_eq(k->names.text + k->last_module, tab + 1)))
        k->last_module = keep(k, tab + 1, strlen(tab + 1));
    if (tab)
        module = k->last_module;
    if (k->n == k->cap)
        k->items = mem_grow(k->items, k->n, &k->cap, sizeof *k->items);
    k->items[k->n++] =
        (struct kernel_symbol){address, keep(k, name, tab ? (size_t)(tab - name) : strlen(name)), module};
}

static int by_address(const void *a, const void *b)
{
    const struct kernel_symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name;
}

/* In pieces: it is long, and the kernel makes it while it is read. */
static void read_kallsyms(struct symbols *x, struct symbol_kernel *k)
{
    int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
    struct strbuf b = {0};
    ssize_t n = 0;
    strbuf_char(&k->names, 0);
    for (size_t read_bytes = 0; fd >= 0 && read_bytes < KALLSYMS_MAX; read_bytes += (size_t)n) {
        n = read(fd, strbuf_room(&b, 1 << 16), 1 << 16);
        if (n <= 0)
            break;
        b.len += (size_t)n;
        b.text[b.len] = 0;
        char *line = b.text;
        for (char *end; (end = strchr(line, '\n')); line = end + 1) {
            *end = 0;
            take_line(k, line);
        }
        b.len -= (size_t)(line - b.text);
        memmove(b.text, line, b.len);
        if (!symbols_go_on(x))
            break;
    }
    strbuf_free(&b);
    if (fd >= 0)
        close(fd);
    bool sorted = true; /* the kernel's own are; modules and programs of BPF stand behind them */
    for (size_t i = 1; i < k->n && sorted; i++)
        sorted = k->items[i - 1].address <= k->items[i].address;
    if (!sorted)
        qsort(k->items, k->n, sizeof *k->items, by_address);
}

static const struct kernel_symbol *find(const struct symbol_kernel *k, uint64_t address)
{
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* Of several names of one place the first, as the kernel lists them. */
    while (low > 1 && k->items[low - 2].address == k->items[low - 1].address)
        low--;
    return low ? &k->items[low - 1] : NULL;
}

/* A module that was loaded since lies behind the last symbol or far behind its neighbour. */
static bool plausible(const struct symbol_kernel *k, const struct kernel_symbol *s, uint64_t address)
{
    return s && address - s->address < 1 << 20 &&
           (s != &k->items[k->n - 1] || address - s->address < 1 << 16);
}

static void read_anew(struct symbols *x)
{
    symbol_kernel_free(x->kallsyms);
    x->kallsyms = mem_alloc(sizeof *x->kallsyms);
    x->kallsyms->read_in = x->window;
    read_kallsyms(x, x->kallsyms);
}

uint64_t symbol_kernel_begin(struct symbols *x)
{
    if (!x->kallsyms)
        read_anew(x);
    const struct symbol_kernel *k = x->kallsyms;
    for (size_t i = 0; i < k->n; i++)
        if (!k->items[i].module && str_eq(k->names.text + k->items[i].name, "_text"))
            return k->items[i].address;
    return 0;
}

const char *symbol_kernel_at(struct symbols *x, uint64_t address, const char **module)
{
    const struct kernel_symbol *s = x->kallsyms ? find(x->kallsyms, address) : NULL;
    if (!x->kallsyms || (!plausible(x->kallsyms, s, address) && x->window - x->kallsyms->read_in >= AGAIN)) {
        read_anew(x);
        s = find(x->kallsyms, address);
    }
    if (!x->kallsyms->n)
        symbols_trouble(
            x, "The kernel hides its addresses (kernel.kptr_restrict): its functions have no names.");
    if (!plausible(x->kallsyms, s, address))
        return NULL;
    if (s->module)
        *module = x->kallsyms->names.text + s->module;
    return x->kallsyms->names.text + s->name;
}
