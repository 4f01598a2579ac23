/* sampler_names.c - names of addresses. */
#include <stdio.h>

#include "source/perf/sampler.h"

static void load(struct sampler_source *x, struct sampler_module *m)
{
    m->hit = x->window;
    if (m->loaded)
        return;
    if (x->symbol_bytes > 2 * (int64_t)PERF_SYMBOLS_BYTES) {
        sampler_trouble(
            x, "The symbols of all programs are too large to be kept: some functions have no names.");
        return;
    }
    m->loaded = true;
    if (m->kind == PERF_VDSO)
        m->symbols = sampler_symbols_vdso(x);
    else if (m->fd >= 0)
        m->symbols = sampler_symbols_load(x, m->fd, m->path, m->pid);
    m->fd = m->kind == PERF_FILE ? -1 : m->fd;
    x->symbol_bytes += (int64_t)sampler_symbols_bytes(m->symbols);
}

/* "[libc.so.6]" where only the module is known. */
static size_t only_module(struct sampler_source *x, const struct sampler_module *m, struct sampler_name *out)
{
    strbuf_clear(&x->text);
    strbuf_printf(&x->text, m->name[0] == '[' ? "%s" : "[%s]", m->name);
    *out = (struct sampler_name){.name = x->text.text, .module = m->name, .kind = "native"};
    return 1;
}

static size_t names_of_file(struct sampler_source *x, struct sampler_module *m, const struct sampler_frame *f,
                            struct sampler_name out[PERF_NAMES_MAX])
{
    load(x, m);
    if (!m->symbols)
        return only_module(x, m, out);
    /* A call returns behind itself: into the next line, or the next function. */
    uint64_t at = sampler_symbols_address(m->symbols, f->address) - !f->exact;
    const char *inlined[PERF_NAMES_MAX], *name = sampler_symbols_at(m->symbols, at);
    size_t n = sampler_symbols_inlined(x, m->symbols, at, inlined, ARRAY_LEN(inlined));
    name = name ? name : n ? inlined[0] : NULL;
    if (!name)
        return only_module(x, m, out);
    out[0] = (struct sampler_name){.name = name, .module = m->name, .kind = "native"};
    for (size_t i = 1; i < n; i++)
        out[i] = (struct sampler_name){.name = inlined[i], .module = m->name, .kind = "native"};
    return MAX(n, (size_t)1);
}

/* V8 marks what it interprets with ~; CPython names its functions py::NAME:FILE. */
static const char *jit_kind(const char *name)
{
    const char *colon = strchr(name, ':');
    return str_starts(name, "py::") || (colon && colon[1] == '~') ? "interpreted" : "jit";
}

static size_t names_of_jit(struct sampler_source *x, struct sampler_module *m, const struct sampler_frame *f,
                           struct sampler_name *out)
{
    const char *name = sampler_jit_at(x, m, f->address - !f->exact);
    if (!name && !m->map_read && m->dump_fd < 0)
        sampler_trouble(x, "Code made at run time has no names: its program wrote no /tmp/perf-PID.map (node "
                           "--perf-basic-prof, jcmd PID Compiler.perfmap, python3 -X perf) and no jitdump.");
    *out = name ? (struct sampler_name){.name = name, .module = m->name, .kind = jit_kind(name)}
                : (struct sampler_name){.name = "[unknown]"};
    return 1;
}

static size_t names_of_kernel(struct sampler_source *x, const struct sampler_frame *f,
                              struct sampler_name *out)
{
    const char *module = "[kernel.kallsyms]", *name = sampler_kernel_at(x, f->address - !f->exact, &module);
    *out =
        (struct sampler_name){.name = name ? name : "[kernel.kallsyms]", .module = module, .kind = "kernel"};
    return 1;
}

size_t sampler_names(struct sampler_source *x, const struct sampler_frame *f,
                     struct sampler_name out[PERF_NAMES_MAX])
{
    switch (f->module->kind) {
    case PERF_KERNEL:
        return names_of_kernel(x, f, out);
    case PERF_FILE:
    case PERF_VDSO:
        return names_of_file(x, f->module, f, out);
    case PERF_JIT:
        return names_of_jit(x, f->module, f, out);
    case PERF_NOWHERE:
        break;
    }
    *out = (struct sampler_name){.name = "[unknown]"};
    return 1;
}
