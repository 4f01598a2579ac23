/* sampler.h - the parts of the sampler: rings of the kernel, processes and what they have mapped, the
 * stacks of a window, names of addresses. Everything is the source's own thread's. */
#ifndef SOURCE_PERF_SAMPLER_H
#define SOURCE_PERF_SAMPLER_H

#include <sys/types.h>

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <stdlib.h>
#include <uthash.h>

#include "core/profiles/profile.h"
#include "format/profiles/jit_code.h"
#include "format/profiles/ring_record.h"

struct sampler_options {
    int64_t hz;
    const char *event;
    bool dwarf, inlined;
};

enum sampler_scope { PERF_HOST, PERF_PID, PERF_COMM, PERF_CGROUP };

struct sampler_target {
    enum sampler_scope scope;
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
    PERF_SYMBOLS_BYTES = 192 << 20, /* of the names of all modules, but for what one window needs */
    PERF_PENDING_MAX = 64 << 20,    /* bytes of records that are not worked on yet */
};

/* ---- sampler_open.c: events and rings ---- */

struct sampler_ring {
    struct perf_event_mmap_page *page;
    unsigned char *data;
    size_t size; /* of the data, a power of two */
};

struct sampler_events {
    int *fds;
    size_t n_fds, cap_fds;
    struct sampler_ring *rings; /* one for each processor */
    size_t n_rings;
    bool kernel;            /* the kernel's part of the stacks is there */
    bool by_cpu;            /* all processes of the host are sampled */
    bool dwarf;             /* samples have registers and a copy of the stack */
    bool off_cpu;           /* context switches are */
    uint64_t cgroup;        /* its inode, of a cgroup */
    int64_t lost;           /* since it was opened, by the kernel or here */
    unsigned char *pending; /* records as they were read */
    size_t n_pending, cap_pending;
};

/* False and a sentence: what is missing, and what works without it. */
bool sampler_events_open(struct sampler_events *e, const struct sampler_target *t,
                         const struct sampler_options *o, struct sd_error *err);
void sampler_events_close(struct sampler_events *e);
/* Is the cgroup that was opened still there? False also when another one has its name. */
bool sampler_cgroup_same(const struct sampler_events *e, const struct sampler_target *t);
/* Takes what the rings hold to `pending`. Quick: to be called often enough that no ring is full. */
void sampler_events_drain(struct sampler_events *e);

/* ---- sampler_module.c: files, the kernel and code made at run time ---- */

enum sampler_module_kind { PERF_KERNEL, PERF_FILE, PERF_VDSO, PERF_JIT, PERF_NOWHERE };

struct sampler_module {
    enum sampler_module_kind kind;
    char *key;  /* of the table of modules */
    char *path; /* as its process sees it */
    char *name; /* for people: the last part of the path */
    pid_t pid;  /* of the process that showed it */
    int fd;     /* -1: not open */
    bool deleted, opened;
    struct sampler_symbols *symbols; /* PERF_FILE, PERF_VDSO; NULL: not loaded, or none */
    bool loaded;
    int cfi_fd; /* for `cfi`, until it is asked for; -1 */
    struct sampler_cfi *cfi;
    int64_t used; /* the window it was seen in last */
    int64_t hit;  /* the window its names were asked for last */
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

/* ---- sampler_space.c: processes ---- */

struct sampler_map {
    uint64_t start, end, offset;
    struct sampler_module *module;
    uint64_t inode;
    uint32_t major, minor;
};

struct sampler_space {
    pid_t pid, parent;
    char comm[PERF_COMM_LEN];
    struct sampler_map *maps; /* those with code, by address */
    size_t n, cap;
    bool read;     /* what is mapped is known */
    bool wanted;   /* its samples count */
    int64_t since; /* older records about mappings are in what was read */
    int64_t ended; /* 0: it runs */
    struct sampler_module *jit;
    UT_hash_handle hh;
};

/* ---- sampler_stacks.c: the stacks of a window ---- */

struct sampler_frame {
    struct sampler_module *module;
    uint64_t address; /* in a file its offset, otherwise the address */
    bool exact;       /* not where a call returns to */
};

struct sampler_stack {
    char comm[PERF_COMM_LEN];
    uint32_t first, n;  /* frames, innermost first */
    uint32_t user;      /* of these, those of the process, the outermost */
    bool judged, whole; /* judged: it is known whether it reaches the start of its thread; whole: it does */
    uint64_t hash;
    int64_t samples;
    double value;
};

struct sampler_stacks {
    struct sampler_stack *items;
    size_t n, cap;
    struct sampler_frame *frames;
    size_t n_frames, cap_frames;
    uint32_t *slots;
    size_t n_slots;
};

struct sampler_source {
    struct sampler_target target;
    struct sampler_events events;
    struct ring_layout layout;
    struct sampler_space *spaces;   /* by pid */
    struct sampler_module *modules; /* by key */
    struct sampler_module *kernel, *vdso, *nowhere;
    struct sampler_kernel *kallsyms;
    struct sampler_stacks stacks;
    struct sampler_off *off; /* threads that do not run */
    uint64_t modules_made;
    int64_t window;    /* number of the one that is sampled */
    int64_t lost_said; /* of events.lost, in the windows before */
    int64_t drained;   /* when the rings were emptied last, monotonic */
    int64_t cpu;       /* processor time of the thread when the window began */
    int64_t symbol_bytes;
    const char *trouble[4]; /* what could not be read, in sentences that are told once a window */
    size_t n_trouble;
    struct strbuf text;
    struct sd_source *instance;
    bool stopping;  /* long work is to end */
    bool was_there; /* the cgroup, in an earlier attempt */
    bool inlined;   /* functions that are inlined are functions of their own */
};

/* Called between steps of long work: empties the rings when it is time to. False: the work is to end. */
bool sampler_keep_up(struct sampler_source *x);
/* A sentence about this window; kept once. `note` is a literal. */
void sampler_trouble(struct sampler_source *x, const char *note);

/* Works on the records of before `until`: processes come and go, samples become stacks. */
void sampler_work(struct sampler_source *x, int64_t until);

/* The process of a sample; NULL: it is not wanted. */
struct sampler_space *sampler_space_of(struct sampler_source *x, pid_t pid);
/* Code that it makes at run time; NULL: too many. */
struct sampler_module *sampler_space_jit(struct sampler_source *x, struct sampler_space *s);
void sampler_space_mapped(struct sampler_source *x, const struct ring_record *e);
void sampler_space_named(struct sampler_source *x, const struct ring_record *e);
void sampler_space_forked(struct sampler_source *x, const struct ring_record *e);
void sampler_space_exited(struct sampler_source *x, const struct ring_record *e);
void sampler_space_forget(struct sampler_source *x, int64_t before); /* those that ended before */
void sampler_spaces_free(struct sampler_source *x);
void sampler_space_follow(struct sampler_source *x, pid_t pid); /* it and its children are wanted */
/* Is there a process that is to be sampled? */
bool sampler_space_any(const struct sampler_source *x);
/* The mapping of an address; NULL. */
const struct sampler_map *sampler_space_map(const struct sampler_space *s, uint64_t address);

struct sampler_module *sampler_module_file(struct sampler_source *x, pid_t pid, const char *path,
                                           uint32_t major, uint32_t minor, uint64_t inode);
struct sampler_module *sampler_module_jit(struct sampler_source *x, pid_t pid);
/* While the process lives: opens the file of a mapping, so that it can be read later. */
void sampler_module_open(struct sampler_source *x, struct sampler_module *m, pid_t pid,
                         const struct sampler_map *map);
/* A jitdump file that a process has mapped. */
void sampler_module_dump(struct sampler_module *jit, struct sampler_module *file);
void sampler_modules_begin(struct sampler_source *x);
void sampler_modules_forget(struct sampler_source *x);
void sampler_modules_free(struct sampler_source *x);

/* A regular file, opened without waiting; -1. `root`: folder that absolute links stay in, or -1. */
int sampler_open_regular(int root, const char *path);
/* "/proc/PID/root", opened; -1. */
int sampler_open_root(pid_t pid);

/* Names of a frame, the outermost first: the function, then those inlined into it. The texts are valid until
 * the next call. */
enum { PERF_NAMES_MAX = 32 };
struct sampler_name {
    const char *name, *module, *kind;
};
size_t sampler_names(struct sampler_source *x, const struct sampler_frame *f,
                     struct sampler_name out[PERF_NAMES_MAX]);

/* ---- sampler_symbols.c: symbol tables of files ---- */

struct sampler_symbols;
/* NULL: it has none, or is broken; `trouble` then says so. Takes over fd. */
struct sampler_symbols *sampler_symbols_load(struct sampler_source *x, int fd, const char *path, pid_t pid);
/* Of a file in memory, which it copies. */
struct sampler_symbols *sampler_symbols_vdso(struct sampler_source *x);
void sampler_symbols_free(struct sampler_symbols *s);
size_t sampler_symbols_bytes(const struct sampler_symbols *s); /* NULL is fine */
/* Where a place of the file is in the addresses of its symbols. */
uint64_t sampler_symbols_address(const struct sampler_symbols *s, uint64_t offset);
const char *sampler_symbols_at(struct sampler_symbols *s, uint64_t address);
/* Names at an address by debug information, as sampler_dwarf_at. */
size_t sampler_symbols_inlined(struct sampler_source *x, struct sampler_symbols *s, uint64_t address,
                               const char **names, size_t max);

/* ---- sampler_kernel.c ---- */

struct sampler_kernel;
/* The function at an address, and its module in brackets. NULL: not known. */
const char *sampler_kernel_at(struct sampler_source *x, uint64_t address, const char **module);
void sampler_kernel_free(struct sampler_kernel *k);

/* ---- sampler_jit.c ---- */

const char *sampler_jit_at(struct sampler_source *x, struct sampler_module *m, uint64_t address);

/* ---- sampler_stacks.c ---- */

/* `unwound`: the process's part of the chain was found by its registers and stack, and is in the chain; whole
 * as far as `whole` says. Otherwise that is still to be done, where samples have registers. */
struct sampler_sample {
    const struct ring_record *record;
    bool unwound, whole;
};

void sampler_stacks_add(struct sampler_source *x, struct sampler_space *s, const struct sampler_sample *e,
                        int64_t samples, double value);

/* The window so far as a profile; the stacks are empty then. */
struct profile *sampler_stacks_profile(struct sampler_source *x, const char *type);
void sampler_stacks_free(struct sampler_stacks *s);

struct sampler_frame sampler_frame_of(struct sampler_source *x, struct sampler_space *s, uint64_t ip,
                                      bool kernel);

/* ---- sampler_unwind.c: callers without frame pointers ---- */

enum { PERF_UNWIND_REGS = 0xff01ff, PERF_UNWIND_STACK = 8192 };

struct sampler_cfi;
struct sampler_cfi *sampler_cfi_new(int fd); /* takes over fd */
void sampler_cfi_free(struct sampler_cfi *c);
size_t sampler_cfi_bytes(const struct sampler_cfi *c); /* NULL is fine */
/* Frames of the process of a sample with registers, and their addresses unless `ips` is NULL; *whole: they
 * reach the start of the thread. */
size_t sampler_unwind(struct sampler_source *x, struct sampler_space *space, const struct ring_record *e,
                      struct sampler_frame *out, uint64_t *ips, size_t max, bool *whole);

/* ---- sampler_off.c: time that threads do not run ---- */

void sampler_off_stopped(struct sampler_source *x,
                         const struct ring_record *e); /* a sample: where it stops */
void sampler_off_switched(struct sampler_source *x, const struct ring_record *e); /* a switch: it goes on */
void sampler_off_window(struct sampler_source *x, int64_t until);                 /* the end of a window */
void sampler_off_free(struct sampler_source *x);

#endif
