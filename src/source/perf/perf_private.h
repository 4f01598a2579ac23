/* perf_private.h - the parts of the sampler: rings of the kernel, processes and what they have mapped, the
 * stacks of a window, names of addresses. Everything is the source's own thread's. */
#ifndef SOURCE_PERF_PERF_PRIVATE_H
#define SOURCE_PERF_PERF_PRIVATE_H

#include <sys/types.h>

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <stdlib.h>
#include <uthash.h>

#include "core/profiles/profile.h"
#include "format/profiles/jit_code.h"
#include "format/profiles/perf_event.h"

struct perf_options {
    int64_t hz;
    const char *event;
    bool dwarf, inlined;
};

enum perf_scope { PERF_HOST, PERF_PID, PERF_COMM, PERF_CGROUP };

struct perf_target {
    enum perf_scope scope;
    pid_t pid;
    char comm[16];
    const char *cgroup; /* as it was given */
};

enum {
    PERF_COMM_LEN = 16,             /* with its NUL */
    PERF_DEPTH_MAX = 512,           /* frames of one stack; the kernel gives 127, or what was set */
    PERF_STACKS_MAX = 1 << 18,      /* different stacks of one window */
    PERF_FRAMES_MAX = 1 << 22,      /* of all of them */
    PERF_SPACES_MAX = 1 << 16,      /* processes */
    PERF_MAPS_MAX = 1 << 16,        /* mappings of one process */
    PERF_MODULES_MAX = 1 << 16,     /* files */
    PERF_SYMBOLS_BYTES = 192 << 20, /* of the tables of all files that are kept */
    PERF_PENDING_MAX = 64 << 20,    /* bytes of records that are not worked on yet */
};

/* ---- perf_open.c: events and rings ---- */

struct perf_ring {
    struct perf_event_mmap_page *page;
    unsigned char *data;
    size_t size; /* of the data, a power of two */
};

struct perf_events {
    int *fds;
    size_t n_fds, cap_fds;
    struct perf_ring *rings; /* one for each processor */
    size_t n_rings;
    bool kernel;            /* the kernel's part of the stacks is there */
    bool by_cpu;            /* all processes of the host are sampled */
    bool dwarf;             /* samples have registers and a copy of the stack */
    bool off_cpu;           /* context switches are */
    int64_t lost;           /* since it was opened, by the kernel or here */
    unsigned char *pending; /* records as they were read */
    size_t n_pending, cap_pending;
};

/* False and a sentence: what is missing, and what works without it. */
bool perf_events_open(struct perf_events *e, const struct perf_target *t, const struct perf_options *o,
                      struct sd_error *err);
void perf_events_close(struct perf_events *e);
/* Takes what the rings hold to `pending`. Quick: to be called often enough that no ring is full. */
void perf_events_drain(struct perf_events *e);

/* ---- perf_module.c: files, the kernel and code made at run time ---- */

enum perf_module_kind { PERF_KERNEL, PERF_FILE, PERF_VDSO, PERF_JIT, PERF_NOWHERE };

struct perf_module {
    enum perf_module_kind kind;
    char *key;  /* of the table of modules */
    char *path; /* as its process sees it */
    char *name; /* for people: the last part of the path */
    pid_t pid;  /* of the process that showed it */
    int fd;     /* -1: not open */
    bool deleted, opened;
    struct perf_symbols *symbols; /* PERF_FILE, PERF_VDSO; NULL: not loaded, or none */
    bool loaded;
    int cfi_fd; /* for `cfi`, until it is asked for; -1 */
    struct perf_cfi *cfi;
    int64_t used; /* the window it was seen in last */
    UT_hash_handle hh;

    /* PERF_JIT */
    struct jit_code code;
    char *map_path;
    int dump_fd;
    uid_t owner;
    int64_t map_read, dump_read; /* bytes */
    uint64_t map_inode;
    int64_t looked; /* the window it was read in last */
};

/* ---- perf_space.c: processes ---- */

struct perf_map {
    uint64_t start, end, offset;
    struct perf_module *module;
    uint64_t inode;
    uint32_t major, minor;
};

struct perf_space {
    pid_t pid, parent;
    char comm[PERF_COMM_LEN];
    struct perf_map *maps; /* those with code, by address */
    size_t n, cap;
    bool read;     /* what is mapped is known */
    bool wanted;   /* its samples count */
    int64_t since; /* older records about mappings are in what was read */
    int64_t ended; /* 0: it runs */
    struct perf_module *jit;
    UT_hash_handle hh;
};

/* ---- perf_stacks.c: the stacks of a window ---- */

struct perf_frame {
    struct perf_module *module;
    uint64_t address; /* in a file its offset, otherwise the address */
    bool exact;       /* not where a call returns to */
};

struct perf_stack {
    char comm[PERF_COMM_LEN];
    uint32_t first, n;  /* frames, innermost first */
    uint32_t user;      /* of these, those of the process, the outermost */
    bool judged, whole; /* judged: it is known whether it reaches the start of its thread; whole: it does */
    uint64_t hash;
    int64_t samples;
    double value;
};

struct perf_stacks {
    struct perf_stack *items;
    size_t n, cap;
    struct perf_frame *frames;
    size_t n_frames, cap_frames;
    uint32_t *slots;
    size_t n_slots;
};

struct perf_source {
    struct perf_target target;
    struct perf_events events;
    struct perf_event_layout layout;
    struct perf_space *spaces;   /* by pid */
    struct perf_module *modules; /* by key */
    struct perf_module *kernel, *vdso, *nowhere;
    struct perf_kernel *kallsyms;
    struct perf_stacks stacks;
    struct perf_off *off; /* threads that do not run */
    uint64_t modules_made;
    int64_t window;    /* number of the one that is sampled */
    int64_t lost_said; /* of events.lost, in the windows before */
    int64_t drained;   /* when the rings were emptied last, monotonic */
    int64_t cpu;       /* processor time of the thread when the window began */
    int64_t symbol_bytes;
    const char *trouble[4]; /* what could not be read, in sentences that are told once a window */
    size_t n_trouble;
    struct strbuf text;
    bool inlined; /* functions that are inlined are functions of their own */
};

/* Called between steps of long work: empties the rings when it is time to. */
void perf_keep_up(struct perf_source *x);
/* A sentence about this window; kept once. `note` is a literal. */
void perf_trouble(struct perf_source *x, const char *note);

/* Works on the records of before `until`: processes come and go, samples become stacks. */
void perf_work(struct perf_source *x, int64_t until);

/* The process of a sample; NULL: it is not wanted. */
struct perf_space *perf_space_of(struct perf_source *x, pid_t pid);
/* Code that it makes at run time; NULL: too many. */
struct perf_module *perf_space_jit(struct perf_source *x, struct perf_space *s);
void perf_space_mapped(struct perf_source *x, const struct perf_event *e);
void perf_space_named(struct perf_source *x, const struct perf_event *e);
void perf_space_forked(struct perf_source *x, const struct perf_event *e);
void perf_space_exited(struct perf_source *x, const struct perf_event *e);
void perf_space_forget(struct perf_source *x, int64_t before); /* those that ended before */
void perf_spaces_free(struct perf_source *x);
void perf_space_follow(struct perf_source *x, pid_t pid); /* it and its children are wanted */
/* Is there a process that is to be sampled? */
bool perf_space_any(const struct perf_source *x);
/* The mapping of an address; NULL. */
const struct perf_map *perf_space_map(const struct perf_space *s, uint64_t address);

struct perf_module *perf_module_file(struct perf_source *x, pid_t pid, const char *path, uint32_t major,
                                     uint32_t minor, uint64_t inode);
struct perf_module *perf_module_jit(struct perf_source *x, pid_t pid);
/* While the process lives: opens the file of a mapping, so that it can be read later. */
void perf_module_open(struct perf_source *x, struct perf_module *m, pid_t pid, const struct perf_map *map);
/* A jitdump file that a process has mapped. */
void perf_module_dump(struct perf_module *jit, struct perf_module *file);
void perf_modules_begin(struct perf_source *x);
void perf_modules_forget(struct perf_source *x);
void perf_modules_free(struct perf_source *x);

/* A regular file, opened without waiting; -1. `root`: folder that absolute links stay in, or -1. */
int perf_open_regular(int root, const char *path);
/* "/proc/PID/root", opened; -1. */
int perf_open_root(pid_t pid);

/* Names of a frame, the outermost first: the function, then those inlined into it. The texts are valid until
 * the next call. */
enum { PERF_NAMES_MAX = 32 };
struct perf_name {
    const char *name, *module, *kind;
};
size_t perf_names(struct perf_source *x, const struct perf_frame *f, struct perf_name out[PERF_NAMES_MAX]);

/* ---- perf_symbols.c: symbol tables of files ---- */

struct perf_symbols;
/* NULL: it has none, or is broken; `trouble` then says so. Takes over fd. */
struct perf_symbols *perf_symbols_load(struct perf_source *x, int fd, const char *path, pid_t pid);
/* Of a file in memory, which it copies. */
struct perf_symbols *perf_symbols_vdso(struct perf_source *x);
void perf_symbols_free(struct perf_symbols *s);
size_t perf_symbols_bytes(const struct perf_symbols *s);
/* Where a place of the file is in the addresses of its symbols. */
uint64_t perf_symbols_address(const struct perf_symbols *s, uint64_t offset);
const char *perf_symbols_at(struct perf_symbols *s, uint64_t address);
/* Names at an address by debug information, as perf_dwarf_at. */
size_t perf_symbols_inlined(struct perf_source *x, struct perf_symbols *s, uint64_t address,
                            const char **names, size_t max);

/* ---- perf_kernel.c ---- */

struct perf_kernel;
/* The function at an address, and its module in brackets. NULL: not known. */
const char *perf_kernel_at(struct perf_source *x, uint64_t address, const char **module);
void perf_kernel_free(struct perf_kernel *k);

/* ---- perf_jit.c ---- */

const char *perf_jit_at(struct perf_source *x, struct perf_module *m, uint64_t address);

/* ---- perf_stacks.c ---- */

void perf_stacks_add(struct perf_source *x, struct perf_space *s, const struct perf_event *e, int64_t samples,
                     double value);
/* The window so far as a profile; the stacks are empty then. */
struct profile *perf_stacks_profile(struct perf_source *x, const char *type);
void perf_stacks_free(struct perf_stacks *s);

struct perf_frame perf_frame_of(struct perf_source *x, struct perf_space *s, uint64_t ip, bool kernel);

/* ---- perf_unwind.c: callers without frame pointers ---- */

enum { PERF_UNWIND_REGS = 0xff01ff, PERF_UNWIND_STACK = 8192 };

struct perf_cfi;
struct perf_cfi *perf_cfi_new(int fd); /* takes over fd */
void perf_cfi_free(struct perf_cfi *c);
/* Frames of the process of a sample with registers; *whole: they reach the start of the thread. */
size_t perf_unwind(struct perf_source *x, struct perf_space *space, const struct perf_event *e,
                   struct perf_frame *out, size_t max, bool *whole);

/* ---- perf_off.c: time that threads do not run ---- */

void perf_off_stopped(struct perf_source *x, const struct perf_event *e);  /* a sample: where it stops */
void perf_off_switched(struct perf_source *x, const struct perf_event *e); /* a switch: it goes on */
void perf_off_window(struct perf_source *x, int64_t until);                /* the end of a window */
void perf_off_free(struct perf_source *x);

#endif
