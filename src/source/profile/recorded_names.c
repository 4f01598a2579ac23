/* recorded_names.c - a recording is read later than it was made, and perhaps on another host: what lies at a
 * path may be another file. A file is used when its build id is the recorded one; of a recording without it,
 * when it is the same file by its number and was not written since. */
#include "source/profile/recorded_names.h"

#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/profile/recorded_kernel.h"
#include "source/shared/symbols.h"

enum recorded_state { NOT_ASKED, NAMED, GONE, ANOTHER, OLDER_KERNEL };
enum {
    LISTED = 3,            /* files that are named in a note */
    MISSING_MAX = 1 << 14, /* files that are looked for in vain */
};

struct recorded_file {
    enum recorded_state state;
    struct symbol_module *module;
};

struct recorded_process {
    int32_t pid;
    struct symbol_module *jit; /* NULL: not asked for */
    bool other;                /* the process that has the number is another one */
    UT_hash_handle hh;
};

struct recorded_names {
    struct symbols symbols;
    struct perf_names hook;
    struct sd_source *source;
    int64_t written;
    struct recorded_file *files; /* by their numbers */
    size_t n_files;
    struct recorded_process *processes;
    size_t named, gone, another;  /* files */
    char listed[2][200];          /* of those that are gone, and of another build */
    bool other_kernel, no_kernel; /* no_kernel: the recording does not tell which */
};

/* ---- the file that was recorded ---- */

static bool was_recorded(const struct recorded_names *r, const struct perf_data_place *at, int fd)
{
    unsigned char id[64];
    struct stat st;
    int generation = 0;
    if (at->build_id_len) {
        size_t n = symbol_build_id(fd, id);
        return n && n >= at->build_id_len && !memcmp(id, at->build_id, at->build_id_len);
    }
    if (!at->inode || !symbol_is_inode(fd, at->inode) || fstat(fd, &st) < 0 ||
        (r->written && st.st_mtim.tv_sec > r->written))
        return false;
    /* A number is given again; the generation then differs, where the file system has one. */
    return !at->generation || ioctl(fd, FS_IOC_GETVERSION, &generation) < 0 ||
           (uint32_t)generation == (uint32_t)at->generation;
}

/* -1: none, or another one, which *another then tells. */
static int try(const struct recorded_names *r, const struct perf_data_place *at, int root, const char *path,
               bool *another)
{
    int fd = symbol_open_regular(root, path);
    if (fd < 0 || was_recorded(r, at, fd))
        return fd;
    close(fd);
    *another = true;
    return -1;
}

/* Copies of programs by their build id: perf keeps them in the home folder. */
static int try_copies(const struct recorded_names *r, const struct perf_data_place *at)
{
    const char *home = getenv("HOME");
    char id[2 * 64 + 2];
    size_t n = 0;
    bool ignored;
    if (at->build_id_len < 2)
        return -1;
    for (size_t i = 0; i < at->build_id_len; i++)
        n += (size_t)snprintf(id + n, sizeof id - n, "%02x%s", at->build_id[i], i ? "" : "/");
    char *kept = mem_printf("%s/.debug/.build-id/%s/elf", home ? home : "", id);
    char *installed = mem_printf("/usr/lib/debug/.build-id/%s", id);
    int fd = home && *home == '/' ? try(r, at, -1, kept, &ignored) : -1;
    if (fd < 0)
        fd = try(r, at, -1, installed, &ignored);
    free(kept);
    free(installed);
    return fd;
}

static int try_servers(struct recorded_names *r, const struct perf_data_place *at)
{
    int fd;
    symbols_fetch(&r->symbols, at->build_id, at->build_id_len, true, &fd);
    if (fd < 0 || was_recorded(r, at, fd))
        return fd;
    close(fd);
    return -1;
}

static int open_recorded(struct recorded_names *r, const struct perf_data_place *at, bool *another)
{
    if (at->several)
        return *another = true, -1;
    int fd = try(r, at, -1, at->path, another);
    int root = fd < 0 && at->pid > 0 ? symbol_open_root(at->pid) : -1;
    if (root >= 0) { /* of a container that still runs */
        fd = try(r, at, root, at->path, another);
        close(root);
    }
    fd = fd < 0 ? try_copies(r, at) : fd;
    return fd < 0 ? try_servers(r, at) : fd;
}

static void list(char out[200], size_t before, const char *name)
{
    size_t n = strlen(out);
    if (before < LISTED)
        snprintf(out + n, 200 - n, "%s%.60s", n ? ", " : "", name);
    else if (before == LISTED)
        snprintf(out + n, 200 - n, ", ...");
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void find_file(struct recorded_names *r, struct recorded_file *f, const struct perf_data_place *at)
{
    char key[32];
    bool another = false;
    int fd = r->gone + r->another < MISSING_MAX ? open_recorded(r, at, &another) : -1;
    snprintf(key, sizeof key, "recorded %u", (unsigned)at->file);
    if (fd >= 0)
        f->module = symbol_module_given(&r->symbols, at->pid, at->path, key, fd);
    f->state = f->module ? NAMED : another ? ANOTHER : GONE;
    if (f->state == GONE)
        list(r->listed[0], r->gone++, base_of(at->path));
    else if (f->state == ANOTHER)
        list(r->listed[1], r->another++, base_of(at->path));
    else
        r->named++;
}

/* The small library that the kernel gives to processes: that of this program is that of all. */
static void find_vdso(struct recorded_names *r, struct recorded_file *f, const struct perf_data_place *at)
{
    unsigned char id[64];
    struct symbol_table *t = symbol_names_table(&r->symbols, r->symbols.vdso);
    size_t n = t ? symbol_table_build_id(t, id) : 0;
    bool same = n && at->build_id_len == n && !memcmp(id, at->build_id, n);
    f->module = same ? r->symbols.vdso : NULL;
    f->state = same ? NAMED : OLDER_KERNEL;
}

static struct recorded_file *file_of(struct recorded_names *r, const struct perf_data_place *at)
{
    while (r->n_files <= at->file) {
        size_t cap = r->n_files;
        r->files = mem_grow(r->files, r->n_files, &cap, sizeof *r->files);
        memset(r->files + r->n_files, 0, (cap - r->n_files) * sizeof *r->files);
        r->n_files = cap;
    }
    struct recorded_file *f = &r->files[at->file];
    if (f->state != NOT_ASKED)
        return f;
    if (at->kernel)
        f->state = recorded_kernel_is_running(at) ? NAMED : OLDER_KERNEL;
    else if (str_eq(at->path, "[vdso]"))
        find_vdso(r, f, at);
    else
        find_file(r, f, at);
    if (at->kernel && f->state == OLDER_KERNEL && str_eq(at->path, "[kernel.kallsyms]"))
        *(at->build_id_len ? &r->other_kernel : &r->no_kernel) = true;
    return f;
}

/* ---- code made at run time ---- */

/* Did the process that has the number now start after the recording? */
static bool is_later(int32_t pid, int64_t written)
{
    char path[64], *text;
    size_t n;
    struct sd_error ignored;
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!file_read(path, 4096, &text, &n, &ignored))
        return false;
    const char *at = strrchr(text, ')'); /* behind it: the state, which is field 3; 22 is when it started */
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (at)
        ticks = strtoull(at + 1, NULL, 10);
    free(text);
    struct timespec up;
    clock_gettime(CLOCK_BOOTTIME, &up);
    int64_t began = clock_wall() / SD_S - up.tv_sec + (int64_t)(ticks / (unsigned long)sysconf(_SC_CLK_TCK));
    return written && began > written + 2;
}

static struct recorded_process *process_of(struct recorded_names *r, int32_t pid)
{
    struct recorded_process *p;
    HASH_FIND(hh, r->processes, &pid, sizeof pid, p);
    if (p || HASH_COUNT(r->processes) >= SYMBOL_MODULES_MAX)
        return p;
    p = mem_alloc(sizeof *p);
    p->pid = pid;
    p->other = is_later(pid, r->written);
    HASH_ADD(hh, r->processes, pid, sizeof p->pid, p);
    if (!p->other && (p->jit = symbol_module_jit(&r->symbols, pid)) && p->jit->owner == (uid_t)-1)
        p->jit->owner = geteuid(); /* the process is gone */
    return p;
}

/* A process shows by a mapping where its jitdump is. */
static void mapped(void *ctx, int32_t pid, const char *path)
{
    struct recorded_names *r = ctx;
    struct stat st;
    struct recorded_process *p = symbol_is_jitdump(path) && symbol_is_file(path) ? process_of(r, pid) : NULL;
    if (!p || !p->jit || p->jit->dump_fd >= 0)
        return;
    int fd = symbol_open_regular(-1, path);
    if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_uid == p->jit->owner || st.st_uid == 0))
        p->jit->dump_fd = fd;
    else if (fd >= 0)
        close(fd);
}

/* ---- names ---- */

static size_t names_in_kernel(struct recorded_names *r, const struct perf_data_place *at,
                              struct perf_data_name *out)
{
    uint64_t address;
    const char *module = "[kernel.kallsyms]";
    if (file_of(r, at)->state != NAMED || !recorded_kernel_address(&r->symbols, at, &address))
        return 0;
    const char *name = symbol_kernel_at(&r->symbols, address, &module);
    *out = (struct perf_data_name){.name = name, .module = module, .kind = "kernel"};
    return name && recorded_kernel_module(at, module);
}

/* Of code made at run time with its module and kind, of others by their path. */
static size_t names_in(struct recorded_names *r, const struct symbol_frame *f, struct perf_data_name *out)
{
    struct symbol_name names[SYMBOL_NAMES_MAX];
    size_t n = MIN(symbol_names(&r->symbols, f, names), (size_t)PERF_DATA_NAMES_MAX);
    if (n == 1 && names[0].name[0] == '[') /* only the module is known */
        return 0;
    for (size_t i = 0; i < n; i++) {
        bool jit = f->module->kind == SYMBOL_JIT;
        out[i] = (struct perf_data_name){.name = names[i].name,
                                         .module = jit ? names[i].module : NULL,
                                         .kind = jit ? names[i].kind : NULL};
    }
    return n;
}

static size_t names_at(void *ctx, const struct perf_data_place *at, struct perf_data_name *out)
{
    struct recorded_names *r = ctx;
    if (at->kernel)
        return names_in_kernel(r, at, out);
    if (symbol_is_file(at->path) || str_eq(at->path, "[vdso]")) {
        struct symbol_module *m = file_of(r, at)->module;
        return m ? names_in(r, &(struct symbol_frame){m, at->offset, true}, out) : 0;
    }
    struct recorded_process *p = process_of(r, at->pid);
    return p && p->jit ? names_in(r, &(struct symbol_frame){p->jit, at->address, true}, out) : 0;
}

/* ---- all of it ---- */

static bool go_on(void *ctx)
{
    struct recorded_names *r = ctx;
    return !r->source->host->should_stop(r->source);
}

struct recorded_names *recorded_names_new(struct sd_source *s, int64_t written, bool inlined,
                                          struct debug_fetch *fetch)
{
    struct recorded_names *r = mem_alloc(sizeof *r);
    r->source = s;
    r->written = written;
    r->hook = (struct perf_names){.ctx = r, .names = names_at, .mapped = mapped};
    r->symbols = (struct symbols){.go_on = go_on,
                                  .ctx = r,
                                  .inlined = inlined,
                                  .fetch = fetch,
                                  .fetch_until = fetch ? clock_mono() + DEBUG_FETCH_ALL : 0};
    symbols_begin(&r->symbols);
    return r;
}

const struct perf_names *recorded_names_hook(const struct recorded_names *r)
{
    return &r->hook;
}

static void say_files(struct profile *p, size_t n, size_t all, const char *one, const char *more,
                      const char *listed)
{
    char *note = n ? mem_printf("%zu of %zu programs and libraries %s (%s): %s", n, all, n == 1 ? one : more,
                                listed, "functions stand as the module they are in.")
                   : NULL;
    if (note)
        profile_say(p, note);
    free(note);
}

void recorded_names_say(const struct recorded_names *r, struct profile *p)
{
    size_t all = r->named + r->gone + r->another;
    say_files(p, r->another, all, "is not of the recorded build any more",
              "are not of the recorded build any more", r->listed[1]);
    say_files(p, r->gone, all, "is not on this host", "are not on this host", r->listed[0]);
    if (r->other_kernel)
        profile_say(p, "The kernel that was recorded is not the one that runs: its functions have no names.");
    if (r->no_kernel)
        profile_say(
            p, "The recording does not tell the build of its kernel: the kernel's functions have no names.");
    for (size_t i = 0; i < r->symbols.n_trouble; i++)
        profile_say(p, r->symbols.trouble[i]);
}

void recorded_names_free(struct recorded_names *r)
{
    struct recorded_process *p, *next;
    if (!r)
        return;
    HASH_ITER(hh, r->processes, p, next)
    {
        HASH_DEL(r->processes, p);
        free(p);
    }
    free(r->files);
    symbols_free(&r->symbols);
    free(r);
}
