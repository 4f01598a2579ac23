/* symbol_names.c - names of addresses. */
#include <fcntl.h>
#include <unistd.h>

#include "source/shared/symbols.h"

/* Debug information that came later: the file is read again. Looked for once a window. */
static void take_what_came(struct symbols *x, struct symbol_module *m)
{
    if (m->again_fd < 0 || m->hit == x->window)
        return;
    if (m->symbols && symbol_table_came(x, m->symbols)) {
        x->bytes -= (int64_t)symbol_table_bytes(m->symbols);
        symbol_table_free(m->symbols);
        m->symbols = NULL;
        m->loaded = false;
        m->fd = m->again_fd;
        m->again_fd = -1;
    } else if (!m->symbols || !symbol_table_waits(m->symbols)) {
        symbol_module_settle(m);
    }
}

static void load(struct symbols *x, struct symbol_module *m)
{
    take_what_came(x, m);
    m->hit = x->window;
    if (m->loaded)
        return;
    if (x->bytes > 2 * (int64_t)SYMBOL_BYTES_MAX) {
        symbols_trouble(
            x, "The symbols of all programs are too large to be kept: some functions have no names.");
        return;
    }
    m->loaded = true;
    if (m->kind == SYMBOL_VDSO)
        m->symbols = symbol_table_vdso(x);
    else if (m->fd >= 0) {
        m->again_fd = x->fetch && !x->fetch_until ? fcntl(m->fd, F_DUPFD_CLOEXEC, 0) : -1;
        m->symbols = symbol_table_load(x, m->fd, m->path, m->pid);
        if (!m->symbols || !symbol_table_waits(m->symbols))
            symbol_module_settle(m);
    }
    m->fd = m->kind == SYMBOL_FILE ? -1 : m->fd;
    x->bytes += (int64_t)symbol_table_bytes(m->symbols);
}

struct symbol_table *symbol_names_table(struct symbols *x, struct symbol_module *m)
{
    load(x, m);
    return m->symbols;
}

/* "[libc.so.6]" where only the module is known. */
static size_t only_module(struct symbols *x, const struct symbol_module *m, struct symbol_name *out)
{
    strbuf_clear(&x->text);
    strbuf_printf(&x->text, m->name[0] == '[' ? "%s" : "[%s]", m->name);
    *out = (struct symbol_name){.name = x->text.text, .module = m->name, .kind = "native"};
    return 1;
}

static size_t names_of_file(struct symbols *x, struct symbol_module *m, const struct symbol_frame *f,
                            struct symbol_name out[SYMBOL_NAMES_MAX])
{
    load(x, m);
    if (!m->symbols)
        return only_module(x, m, out);
    /* A call returns behind itself: into the next line, or the next function. */
    uint64_t at = symbol_table_address(m->symbols, f->address) - !f->exact;
    const char *inlined[SYMBOL_NAMES_MAX], *name = symbol_table_at(m->symbols, at);
    size_t n = symbol_table_inlined(x, m->symbols, at, inlined, ARRAY_LEN(inlined));
    name = name ? name : n ? inlined[0] : NULL;
    if (!name)
        return only_module(x, m, out);
    out[0] = (struct symbol_name){.name = name, .module = m->name, .kind = "native"};
    for (size_t i = 1; i < n; i++)
        out[i] = (struct symbol_name){.name = inlined[i], .module = m->name, .kind = "native"};
    return MAX(n, (size_t)1);
}

/* V8 marks what it interprets with ~; CPython names its functions py::NAME:FILE. */
static const char *jit_kind(const char *name)
{
    const char *colon = strchr(name, ':');
    return str_starts(name, "py::") || (colon && colon[1] == '~') ? "interpreted" : "jit";
}

static size_t names_of_jit(struct symbols *x, struct symbol_module *m, const struct symbol_frame *f,
                           struct symbol_name *out)
{
    const char *name = symbol_jit_at(x, m, f->address - !f->exact);
    *out = name ? (struct symbol_name){.name = name, .module = m->name, .kind = jit_kind(name)}
                : (struct symbol_name){.name = "[unknown]"};
    return 1;
}

static size_t names_of_kernel(struct symbols *x, const struct symbol_frame *f, struct symbol_name *out)
{
    const char *module = "[kernel.kallsyms]", *name = symbol_kernel_at(x, f->address - !f->exact, &module);
    *out =
        (struct symbol_name){.name = name ? name : "[kernel.kallsyms]", .module = module, .kind = "kernel"};
    return 1;
}

size_t symbol_names(struct symbols *x, const struct symbol_frame *f, struct symbol_name out[SYMBOL_NAMES_MAX])
{
    switch (f->module->kind) {
    case SYMBOL_KERNEL:
        return names_of_kernel(x, f, out);
    case SYMBOL_FILE:
    case SYMBOL_VDSO:
        return names_of_file(x, f->module, f, out);
    case SYMBOL_JIT:
        return names_of_jit(x, f->module, f, out);
    case SYMBOL_NOWHERE:
        break;
    }
    *out = (struct symbol_name){.name = "[unknown]"};
    return 1;
}
