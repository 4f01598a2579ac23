/* symbol_module.c - what addresses are in: files, the kernel, code made at run time. A file is opened while a
 * process that shows it lives, and read later. Another program may have put anything in its place: only
 * regular files are opened, and of a path only the file that was mapped. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/shared/symbol_elf.h"

enum { OVERLAY = 0x794c7630, OPEN_MAX_FILES = 256 };

/* ---- opening ---- */

int symbol_open_root(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/root", (int)pid);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* By O_PATH first: to open a device or a FIFO may do something. */
int symbol_open_regular(int root, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    struct stat st;
    char self[64];
    int at =
        root < 0 ? open(path, O_PATH | O_CLOEXEC) : (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (at < 0)
        return -1;
    snprintf(self, sizeof self, "/proc/self/fd/%d", at);
    int fd = fstat(at, &st) == 0 && S_ISREG(st.st_mode)
                 ? open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                 : -1;
    close(at);
    return fd;
}

/* On an overlay the mapping tells the inode of the layer below. */
bool symbol_is_inode(int fd, uint64_t inode)
{
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) < 0)
        return false;
    return st.st_ino == inode || !inode || (fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAY);
}

static int open_if(int fd, uint64_t inode)
{
    if (fd < 0 || symbol_is_inode(fd, inode))
        return fd;
    close(fd);
    return -1;
}

/* The mapping itself is exact, also when the file is deleted or replaced, but needs a capability. */
static int open_mapped(pid_t pid, const struct symbol_module *m, uint64_t start, uint64_t end, uint64_t inode)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/map_files/%llx-%llx", (int)pid, (unsigned long long)start,
             (unsigned long long)end);
    int fd = open_if(symbol_open_regular(-1, path), inode);
    if (fd >= 0)
        return fd;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    struct stat st;
    if (inode && stat(path, &st) == 0 && st.st_ino == inode &&
        (fd = open_if(symbol_open_regular(-1, path), inode)) >= 0)
        return fd;
    int root = symbol_open_root(pid);
    fd = root < 0 ? -1 : open_if(symbol_open_regular(root, m->path), inode);
    if (root >= 0)
        close(root);
    return fd >= 0 ? fd : open_if(symbol_open_regular(-1, m->path), inode);
}

void symbol_module_open(struct symbols *x, struct symbol_module *m, pid_t pid, uint64_t start, uint64_t end,
                        uint64_t inode)
{
    if (m->kind != SYMBOL_FILE || m->opened)
        return;
    m->opened = true;
    m->fd = open_mapped(pid, m, start, end, inode);
    if (m->fd >= 0 && x->unwinding && m->cfi_fd < 0 && !m->cfi)
        m->cfi_fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
    if (m->fd < 0)
        symbols_trouble(
            x, "Of some programs and libraries the file that runs is not there: their functions have no "
               "names.");
}

bool symbol_is_file(const char *path)
{
    return path[0] == '/' && path[1] != '/' && !str_starts(path, "/dev/zero") &&
           !str_starts(path, "/memfd:") && !str_starts(path, "/SYSV") && !str_starts(path, "/anon_hugepage");
}

bool symbol_is_jitdump(const char *path)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    return str_starts(base, "jit-") && str_ends(base, ".dump");
}

/* ---- the table ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static struct symbol_module *find_module(struct symbols *x, const char *key)
{
    struct symbol_module *m;
    HASH_FIND_STR(x->modules, key, m);
    return m;
}

/* Takes over key. */
static struct symbol_module *add_module(struct symbols *x, char *key, enum symbol_module_kind kind,
                                        const char *path)
{
    if (HASH_COUNT(x->modules) >= SYMBOL_MODULES_MAX) {
        free(key);
        return NULL;
    }
    struct symbol_module *m = mem_alloc(sizeof *m);
    size_t n = strlen(path);
    m->kind = kind;
    m->key = key;
    m->fd = m->dump_fd = m->cfi_fd = m->again_fd = -1;
    m->deleted = str_ends(path, " (deleted)");
    m->path = mem_strndup(path, m->deleted ? n - strlen(" (deleted)") : n);
    m->name = mem_strdup(base_name(m->path));
    m->used = x->window;
    m->looked = -1;
    HASH_ADD_KEYPTR(hh, x->modules, m->key, strlen(m->key), m);
    return m;
}

struct symbol_module *symbol_module_file(struct symbols *x, pid_t pid, const char *path, uint32_t major,
                                         uint32_t minor, uint64_t inode)
{
    char *key = mem_printf("%x:%x:%llu %s", major, minor, (unsigned long long)inode, path);
    struct symbol_module *m = find_module(x, key);
    if (!m) {
        if ((m = add_module(x, key, SYMBOL_FILE, path)))
            m->pid = pid;
        return m;
    }
    free(key);
    m->used = x->window;
    return m;
}

struct symbol_module *symbol_module_given(struct symbols *x, pid_t pid, const char *path, const char *key,
                                          int fd)
{
    struct symbol_module *m = add_module(x, mem_strdup(key), SYMBOL_FILE, path);
    if (!m) {
        close(fd);
        return NULL;
    }
    m->pid = pid;
    m->fd = fd;
    m->opened = true;
    return m;
}

/* The number of the process in its own namespace, which its map is named after. */
static pid_t own_number(pid_t pid)
{
    char path[64], *text, *at;
    size_t n;
    struct sd_error ignored;
    long number = pid;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (!file_read(path, 65536, &text, &n, &ignored))
        return pid;
    if ((at = strstr(text, "\nNSpid:")))
        for (at += strlen("\nNSpid:"); *at == '\t' || *at == ' ';)
            number = strtol(at, &at, 10);
    free(text);
    return (pid_t)number;
}

struct symbol_module *symbol_module_jit(struct symbols *x, pid_t pid)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)pid);
    /* Another process may have had the number. */
    struct symbol_module *m =
        add_module(x, mem_printf("%d jit %zu", (int)pid, (size_t)x->modules_made++), SYMBOL_JIT, path);
    if (!m)
        return NULL;
    m->pid = pid;
    m->map_path = mem_printf("/tmp/perf-%d.map", (int)own_number(pid));
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    m->owner = stat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
    return m;
}

void symbol_module_dump(struct symbol_module *jit, struct symbol_module *file)
{
    if (!jit || jit->dump_fd >= 0 || file->fd < 0)
        return;
    jit->dump_fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
}

/* ---- memory ---- */

static int by_hit(const struct symbol_module *a, const struct symbol_module *b)
{
    return a->hit < b->hit ? -1 : a->hit > b->hit;
}

static int64_t bytes_of(const struct symbol_module *m)
{
    return (int64_t)(symbol_table_bytes(m->symbols) + jit_code_bytes(&m->code) + symbol_cfi_bytes(m->cfi));
}

void symbol_module_settle(struct symbol_module *m)
{
    if (m->again_fd >= 0)
        close(m->again_fd);
    m->again_fd = -1;
}

/* Its names; they are read again when they are needed. */
static void give_up(struct symbol_module *m)
{
    symbol_table_free(m->symbols);
    symbol_cfi_free(m->cfi);
    jit_code_free(&m->code);
    m->symbols = NULL;
    m->cfi = NULL;
    m->map_read = m->dump_read = 0;
    symbol_module_settle(m);
    if (m->kind == SYMBOL_FILE)
        m->loaded = m->opened = false;
}

static void free_module(struct symbols *x, struct symbol_module *m)
{
    HASH_DEL(x->modules, m);
    give_up(m);
    if (m->fd >= 0)
        close(m->fd);
    if (m->dump_fd >= 0)
        close(m->dump_fd);
    if (m->cfi_fd >= 0)
        close(m->cfi_fd);
    free(m->key);
    free(m->path);
    free(m->name);
    free(m->map_path);
    free(m);
}

/* When all names together are too large, those go that were not asked for for the longest time. What was
 * asked for just now stays as long as it can: it would be read again at once. */
void symbols_bound(struct symbols *x)
{
    enum { JUST_NOW = 10 }; /* windows */
    struct symbol_module *m, *next;
    x->bytes = 0;
    HASH_ITER(hh, x->modules, m, next)
    x->bytes += bytes_of(m);
    if (x->bytes <= SYMBOL_BYTES_MAX)
        return;
    HASH_SRT(hh, x->modules, by_hit);
    HASH_ITER(hh, x->modules, m, next)
    if ((m->kind == SYMBOL_FILE || m->kind == SYMBOL_JIT) && x->bytes > SYMBOL_BYTES_MAX / 2 &&
        (m->hit < x->window - JUST_NOW || x->bytes > 2 * (int64_t)SYMBOL_BYTES_MAX)) {
        x->bytes -= bytes_of(m);
        give_up(m);
    }
}

/* Those no process has mapped. */
void symbols_forget(struct symbols *x)
{
    enum { KEPT = 60 }; /* windows: a program that is started again and again is read once */
    struct symbol_module *m, *next;
    HASH_ITER(hh, x->modules, m, next)
    if (m != x->kernel && m != x->vdso && m != x->nowhere &&
        m->used < x->window - (m->kind == SYMBOL_JIT ? 2 : KEPT))
        free_module(x, m);
}

void symbols_begin(struct symbols *x)
{
    x->kernel = add_module(x, mem_strdup("kernel"), SYMBOL_KERNEL, "[kernel.kallsyms]");
    x->vdso = add_module(x, mem_strdup("vdso"), SYMBOL_VDSO, "[vdso]");
    x->nowhere = add_module(x, mem_strdup("nowhere"), SYMBOL_NOWHERE, "[unknown]");
}

void symbols_free(struct symbols *x)
{
    struct symbol_module *m, *next;
    HASH_ITER(hh, x->modules, m, next)
    free_module(x, m);
    symbol_kernel_free(x->kallsyms);
    debug_fetch_free(x->fetch);
    strbuf_free(&x->text);
    *x = (struct symbols){0};
}

bool symbols_go_on(struct symbols *x)
{
    return !x->go_on || x->go_on(x->ctx);
}

void symbols_trouble(struct symbols *x, const char *note)
{
    for (size_t i = 0; i < x->n_trouble; i++)
        if (str_eq(x->trouble[i], note))
            return;
    if (x->n_trouble < ARRAY_LEN(x->trouble))
        x->trouble[x->n_trouble++] = note;
}

enum debug_fetch_state symbols_fetch(struct symbols *x, const unsigned char *build_id, size_t n, bool program,
                                     int *fd)
{
    enum debug_fetch_state state = DEBUG_FETCH_NONE;
    if (fd)
        *fd = -1;
    if (!x->fetch)
        return state;
    for (;;) {
        int64_t left = x->fetch_until - clock_mono();
        state = debug_fetch_ask(x->fetch, build_id, n, program,
                                x->fetch_until ? MAX(MIN(left, 100 * SD_MS), 0) : 0, fd);
        if (state != DEBUG_FETCH_WAITS || left <= 0 || !symbols_go_on(x))
            break;
    }
    if (state == DEBUG_FETCH_WAITS && x->fetch_until)
        symbols_trouble(x,
                        "The servers of debuginfod did not give all debug information within a minute: some "
                        "names are missing.");
    else if (state == DEBUG_FETCH_WAITS)
        symbols_trouble(x, "Debug information is being fetched by debuginfod: more names come.");
    if (debug_fetch_failed(x->fetch))
        symbols_trouble(x,
                        "A server of debuginfod (DEBUGINFOD_URLS) did not answer: some names are missing.");
    return x->fetch_until && state == DEBUG_FETCH_WAITS ? DEBUG_FETCH_NONE : state;
}
