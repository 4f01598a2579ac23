#include "source/profile/recorded_kernel.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOTES_MAX = 1 << 16, MODULES_MAX = 4 << 20 };
static const char KERNEL[] = "[kernel.kallsyms]";

/* The name of a module: "ext4" of "[ext4]" and of "/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko.xz". */
static void module_name(const char *path, char out[64])
{
    const char *base = strrchr(path, '/'), *dot;
    base = base ? base + 1 : path;
    base += *base == '[';
    dot = strstr(base, ".ko");
    size_t n = dot ? (size_t)(dot - base) : strcspn(base, "]");
    snprintf(out, 64, "%.*s", (int)MIN(n, (size_t)63), base);
    for (char *c = out; *c; c++) /* as the kernel does */
        *c = *c == '-' ? '_' : *c;
}

static bool has_build_id(const char *notes, size_t len, const unsigned char *id, size_t n)
{
    Elf32_Nhdr h;
    for (size_t at = 0; len - at >= sizeof h;) {
        memcpy(&h, notes + at, sizeof h);
        at += sizeof h;
        size_t name = ((size_t)h.n_namesz + 3) & ~(size_t)3, desc = ((size_t)h.n_descsz + 3) & ~(size_t)3;
        if (name > len - at || desc > len - at - name)
            return false;
        if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 && !memcmp(notes + at, "GNU", 4))
            return h.n_descsz == n && !memcmp(notes + at + name, id, n);
        at += name + desc;
    }
    return false;
}

bool recorded_kernel_is_running(const struct perf_data_place *at)
{
    char path[128], name[64], *notes;
    size_t n;
    struct sd_error ignored;
    if (!at->build_id_len || strchr(at->path, '%'))
        return false;
    module_name(at->path, name);
    if (str_eq(at->path, KERNEL))
        snprintf(path, sizeof path, "/sys/kernel/notes");
    else
        snprintf(path, sizeof path, "/sys/module/%s/notes/.note.gnu.build-id", name);
    if (!file_read(path, NOTES_MAX, &notes, &n, &ignored))
        return false;
    bool same = has_build_id(notes, n, at->build_id, at->build_id_len);
    free(notes);
    return same;
}

/* "ext4 999424 1 - Live 0xffffffffc0a00000"; 0: not loaded, or hidden. */
static uint64_t module_begin(const char *path)
{
    char name[64], *text, *line;
    size_t n;
    struct sd_error ignored;
    uint64_t begin = 0;
    module_name(path, name);
    if (!file_read("/proc/modules", MODULES_MAX, &text, &n, &ignored))
        return 0;
    size_t len = strlen(name);
    for (line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *hex = !strncmp(line, name, len) && line[len] == ' ' ? strstr(line, " 0x") : NULL;
        if (hex)
            begin = strtoull(hex + 1, NULL, 16);
        if (hex)
            break;
    }
    free(text);
    return begin;
}

bool recorded_kernel_address(struct symbols *x, const struct perf_data_place *at, uint64_t *address)
{
    bool kernel = str_eq(at->path, KERNEL);
    uint64_t was = kernel ? at->begin : at->start;
    uint64_t now = kernel ? symbol_kernel_begin(x) : module_begin(at->path);
    *address = at->address - was + now;
    return was && now;
}

bool recorded_kernel_module(const struct perf_data_place *at, const char *module)
{
    char name[64], its[64];
    module_name(at->path, name);
    module_name(module, its);
    return str_eq(name, its);
}
