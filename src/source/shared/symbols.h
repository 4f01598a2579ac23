/* symbols.h - names of addresses: what an address is in (a file, the kernel, code made at run time), and the
 * functions there, with those that are inlined. Used by the sampler, which sees processes live, and by the
 * readers of recordings, which see what is left of them.
 *
 * Thread: all of one `struct symbols` is one thread's; several may be used at the same time.
 * Ownership: modules belong to their `struct symbols` and live until symbols_forget or symbols_free; texts
 * that are returned are valid until the next call.
 * Errors: what cannot be read costs names only; why is a sentence in `trouble`.
 * Bounds: files are of whoever runs a program, and may be hostile. Only regular files are opened, and without
 * waiting; sections, tables, entries and names are bounded, and so is the memory of all of it
 * (SYMBOL_BYTES_MAX). Long work calls `go_on` at least every few milliseconds, but for one read of a file. */
#ifndef SOURCE_SHARED_SYMBOLS_H
#define SOURCE_SHARED_SYMBOLS_H

#include <sys/types.h>

#include "base/base.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <stdlib.h>
#include <uthash.h>

#include "format/profiles/jit_code.h"
#include "source/shared/debug_fetch.h"

enum {
    SYMBOL_MODULES_MAX = 1 << 16, /* files */
    SYMBOL_BYTES_MAX = 192 << 20, /* of the names of all modules, but for what is needed at the moment */
    SYMBOL_NAMES_MAX = 32,        /* functions at one address: one, and those inlined into it */
};

enum symbol_module_kind { SYMBOL_KERNEL, SYMBOL_FILE, SYMBOL_VDSO, SYMBOL_JIT, SYMBOL_NOWHERE };

struct symbol_module {
    enum symbol_module_kind kind;
    char *key;  /* of the table of modules */
    char *path; /* as its process sees it */
    char *name; /* for people: the last part of the path */
    pid_t pid;  /* of the process that showed it */
    int fd;     /* -1: not open */
    bool deleted, opened;
    struct symbol_table *symbols; /* SYMBOL_FILE, SYMBOL_VDSO; NULL: not loaded, or none */
    bool loaded;
    int again_fd; /* the file, as long as its debug information may still come; -1 */
    int cfi_fd;   /* for `cfi`, until it is asked for; -1 */
    struct symbol_cfi *cfi;
    int64_t used; /* the window it was seen in last */
    int64_t hit;  /* the window its names were asked for last */
    UT_hash_handle hh;

    /* SYMBOL_JIT */
    struct jit_code code;
    char *map_path;
    int dump_fd;
    uid_t owner;
    int64_t map_read, dump_read; /* bytes */
    uint64_t map_inode;
    int64_t looked; /* the window it was read in last */
};

struct symbols {
    bool (*go_on)(void *ctx); /* called between steps of long work; false: the work is to end */
    void *ctx;
    bool inlined;              /* functions that are inlined are functions of their own */
    bool unwinding;            /* the unwind tables of files are wanted, too */
    struct debug_fetch *fetch; /* debug information that is not here; NULL: it is not asked for. Taken over */
    int64_t fetch_until; /* how long answers are waited for, monotonic; 0: what comes later is used later */
    int64_t window;      /* counts up; what is read again is read once in a window */
    const char *trouble[8]; /* what could not be read; literals. The user shows and clears them */
    size_t n_trouble;

    struct symbol_module *modules; /* by key */
    struct symbol_module *kernel, *vdso, *nowhere;
    struct symbol_kernel *kallsyms;
    uint64_t modules_made;
    int64_t bytes; /* of all names */
    struct strbuf text;
};

/* Zeroed, but for what its user sets in the first part. */
void symbols_begin(struct symbols *x);
void symbols_free(struct symbols *x);
/* Between two windows: when all names together are too large, those that were not asked for for long go. They
 * are read again when they are needed. */
void symbols_bound(struct symbols *x);
/* Between two windows, when no frame points at a module: modules go that are not used. The user has set
 * `used` of those that are mapped. */
void symbols_forget(struct symbols *x);
bool symbols_go_on(struct symbols *x);
/* A sentence, kept once. `note` is a literal. */
void symbols_trouble(struct symbols *x, const char *note);

/* Asks x->fetch for what has that build id, see debug_fetch_ask; waits as fetch_until says. */
enum debug_fetch_state symbols_fetch(struct symbols *x, const unsigned char *build_id, size_t n, bool program,
                                     int *fd);

/* ---- what an address is in: symbol_module.c ---- */

/* Is it a file with code, by the path of its mapping? Else it is code made at run time, or none. */
bool symbol_is_file(const char *path);
/* Is it the mark that a program with a jitdump makes? */
bool symbol_is_jitdump(const char *path);
/* NULL: too many. */
struct symbol_module *symbol_module_file(struct symbols *x, pid_t pid, const char *path, uint32_t major,
                                         uint32_t minor, uint64_t inode);
struct symbol_module *symbol_module_jit(struct symbols *x, pid_t pid);
/* A file that is open already, which it takes over: of a recording, by a key of its own. */
struct symbol_module *symbol_module_given(struct symbols *x, pid_t pid, const char *path, const char *key,
                                          int fd);
/* While the process lives: opens the file of a mapping, so that it can be read later. inode 0: any. */
void symbol_module_open(struct symbols *x, struct symbol_module *m, pid_t pid, uint64_t start, uint64_t end,
                        uint64_t inode);
/* No debug information will come. */
void symbol_module_settle(struct symbol_module *m);
/* A jitdump file that a process has mapped. */
void symbol_module_dump(struct symbol_module *jit, struct symbol_module *file);

/* A regular file, opened without waiting; -1. `root`: folder that absolute links stay in, or -1. */
int symbol_open_regular(int root, const char *path);
/* "/proc/PID/root", opened; -1. */
int symbol_open_root(pid_t pid);
/* The build id of an ELF file that is open, and stays open; 0: it has none. */
size_t symbol_build_id(int fd, unsigned char out[64]);
/* Is it the file that was mapped, by its number? On an overlay the mapping tells that of the layer below. */
bool symbol_is_inode(int fd, uint64_t inode);

/* ---- names: symbol_names.c ---- */

struct symbol_frame {
    struct symbol_module *module;
    uint64_t address; /* in a file its offset, otherwise the address */
    bool exact;       /* not where a call returns to */
};

struct symbol_name {
    const char *name, *module, *kind;
};

/* The symbols of a module, read when they are not there; NULL: none. */
struct symbol_table *symbol_names_table(struct symbols *x, struct symbol_module *m);
/* Names of a frame, the outermost first: the function, then those inlined into it. */
size_t symbol_names(struct symbols *x, const struct symbol_frame *f,
                    struct symbol_name out[SYMBOL_NAMES_MAX]);

/* ---- symbol_table.c: symbol tables of files ---- */

struct symbol_table;
/* NULL: it has none, or is broken; `trouble` then says so. Takes over fd. */
struct symbol_table *symbol_table_load(struct symbols *x, int fd, const char *path, pid_t pid);
/* Of a file in memory, which it copies. */
struct symbol_table *symbol_table_vdso(struct symbols *x);
void symbol_table_free(struct symbol_table *s);
size_t symbol_table_bytes(const struct symbol_table *s); /* NULL is fine */
/* Is debug information still to come, and has it come now? Then it is to be loaded again. */
bool symbol_table_waits(const struct symbol_table *s);
bool symbol_table_came(struct symbols *x, struct symbol_table *s);
size_t symbol_table_build_id(const struct symbol_table *s, unsigned char out[64]); /* 0: none */
/* Where a place of the file is in the addresses of its symbols. */
uint64_t symbol_table_address(const struct symbol_table *s, uint64_t offset);
const char *symbol_table_at(struct symbol_table *s, uint64_t address);
/* Names at an address by debug information, as symbol_dwarf_at. */
size_t symbol_table_inlined(struct symbols *x, struct symbol_table *s, uint64_t address, const char **names,
                            size_t max);

/* ---- symbol_kernel.c ---- */

struct symbol_kernel;
/* The function at an address, and its module in brackets. NULL: not known. */
const char *symbol_kernel_at(struct symbols *x, uint64_t address, const char **module);
/* Where its symbol _text is; 0: unknown. */
uint64_t symbol_kernel_begin(struct symbols *x);
void symbol_kernel_free(struct symbol_kernel *k);

/* ---- symbol_jit.c ---- */

const char *symbol_jit_at(struct symbols *x, struct symbol_module *m, uint64_t address);

#endif
