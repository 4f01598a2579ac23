/* sampler.h - the parts of the sampler: rings of the kernel, processes and what they have mapped, the
 * stacks of a window, names of addresses. Everything is the source's own thread's. */
#ifndef SOURCE_PERF_SAMPLER_H
#define SOURCE_PERF_SAMPLER_H

#include <sys/types.h>

#include "core/profiles/profile.h"
#include "format/profiles/ring_record.h"
#include "source/shared/symbols.h"

struct sampler_options {
    int64_t hz;
    const char *event;
    bool dwarf, inlined, debuginfod;
};

enum sampler_scope { PERF_HOST, PERF_PID, PERF_COMM, PERF_CGROUP };

struct sampler_target {
    enum sampler_scope scope;
    pid_t pid;
    char comm[16];
    const char *cgroup; /* as it was given */
};

enum {
    PERF_COMM_LEN = 16,          /* with its NUL */
    PERF_DEPTH_MAX = 512,        /* frames of one stack; the kernel gives 127, or what was set */
    PERF_STACKS_MAX = 1 << 18,   /* different stacks of one window */
    PERF_FRAMES_MAX = 1 << 22,   /* of all of them */
    PERF_SPACES_MAX = 1 << 16,   /* processes */
    PERF_MAPS_MAX = 1 << 16,     /* mappings of one process */
    PERF_PENDING_MAX = 64 << 20, /* bytes of records that are not worked on yet */
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
/* Would it be allowed? Asks the kernel with an event that never counts, and closes it. */
bool sampler_events_allowed(const struct sampler_target *t, const struct sampler_options *o,
                            struct sd_error *err);
/* Does this program have CAP_PERFMON (or CAP_SYS_ADMIN)? */
bool sampler_privileged(void);
/* The number that a file such as /proc/sys/kernel/perf_event_paranoid holds; SD_UNKNOWN. */
int64_t sampler_number_in(const char *path);
void sampler_events_close(struct sampler_events *e);
/* Is the cgroup that was opened still there? False also when another one has its name. */
bool sampler_cgroup_same(const struct sampler_events *e, const struct sampler_target *t);
/* Takes what the rings hold to `pending`. Quick: to be called often enough that no ring is full. */
void sampler_events_drain(struct sampler_events *e);

/* ---- sampler_space.c: processes ---- */

struct sampler_map {
    uint64_t start, end, offset;
    struct symbol_module *module;
    uint64_t inode;
    uint32_t major, minor;
};

struct sampler_space {
    pid_t pid, parent;
    char comm[PERF_COMM_LEN];
    struct sampler_map *maps; /* those with code, by address */
    size_t n, cap;
    bool read;             /* what is mapped is known */
    const char *container; /* or control group, from /proc/PID/cgroup, read once; of the source's names */
    bool cgroup_read;
    bool wanted;   /* its samples count */
    int64_t since; /* older records about mappings are in what was read */
    int64_t ended; /* 0: it runs */
    struct symbol_module *jit;
    UT_hash_handle hh;
};

/* ---- sampler_stacks.c: the stacks of a window ---- */

struct sampler_stack {
    char comm[PERF_COMM_LEN];
    pid_t pid;
    uint32_t tid;
    const char *container; /* of the names that are kept; NULL: not known */
    uint32_t first, n;     /* frames, innermost first */
    uint32_t user;         /* of these, those of the process, the outermost */
    bool judged, whole; /* judged: it is known whether it reaches the start of its thread; whole: it does */
    uint64_t hash;
    int64_t samples;
    double value;
};

struct sampler_thread {
    uint32_t tid;
    pid_t pid;
    char comm[PERF_COMM_LEN];
    int64_t read; /* the window its name was read in; 0: not yet */
    UT_hash_handle hh;
};

/* Names of containers, each once; they stay until the end. */
struct sampler_container {
    char *name;
    UT_hash_handle hh;
};

struct sampler_stacks {
    struct sampler_stack *items;
    size_t n, cap;
    struct symbol_frame *frames;
    size_t n_frames, cap_frames;
    uint32_t *slots;
    size_t n_slots;
};

struct sampler_source {
    struct sampler_target target;
    struct sampler_events events;
    struct ring_layout layout;
    struct sampler_space *spaces; /* by pid */
    struct symbols symbols;
    struct sampler_stacks stacks;
    struct sampler_container *containers;
    struct sampler_thread *threads; /* by tid: those that are not the first of their process */
    struct sampler_off *off;        /* threads that do not run */
    int64_t lost_said;              /* of events.lost, in the windows before */
    int64_t drained;                /* when the rings were emptied last, monotonic */
    int64_t cpu;                    /* processor time of the thread when the window began */
    struct sd_source *instance;
    bool stopping;  /* long work is to end */
    bool was_there; /* the cgroup, in an earlier attempt */
};

/* The process of a sample; NULL: it is not wanted. */
struct sampler_space *sampler_space_of(struct sampler_source *x, pid_t pid);
/* Code that it makes at run time; NULL: too many. */
struct symbol_module *sampler_space_jit(struct sampler_source *x, struct sampler_space *s);
void sampler_space_mapped(struct sampler_source *x, const struct ring_record *e);
void sampler_space_named(struct sampler_source *x, const struct ring_record *e);
void sampler_space_forked(struct sampler_source *x, const struct ring_record *e);
void sampler_space_exited(struct sampler_source *x, const struct ring_record *e);
void sampler_space_forget(struct sampler_source *x, int64_t before); /* those that ended before */
void sampler_spaces_use(struct sampler_source *x); /* the modules they have mapped are used */
void sampler_spaces_free(struct sampler_source *x);
void sampler_space_follow(struct sampler_source *x, pid_t pid); /* it and its children are wanted */
/* Is there a process that is to be sampled? */
bool sampler_space_any(const struct sampler_source *x);
/* The mapping of an address; NULL. */
const struct sampler_map *sampler_space_map(const struct sampler_space *s, uint64_t address);

/* The container of a process, or its control group: "docker 0123456789ab", "/system.slice/ssh.service". NULL:
 * not known. */
const char *sampler_container_of(struct sampler_source *x, struct sampler_space *s);
void sampler_containers_free(struct sampler_source *x);
/* The name of a thread, its process's own where it is not known. */
const char *sampler_thread_comm(struct sampler_source *x, pid_t pid, uint32_t tid, const char *process);
void sampler_threads_free(struct sampler_source *x);

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

struct symbol_frame sampler_frame_of(struct sampler_source *x, struct sampler_space *s, uint64_t ip,
                                     bool kernel);

/* ---- sampler_unwind.c: callers without frame pointers ---- */

enum { PERF_UNWIND_REGS = 0xff01ff, PERF_UNWIND_STACK = 8192 };

/* Frames of the process of a sample with registers, and their addresses unless `ips` is NULL; *whole: they
 * reach the start of the thread. */
size_t sampler_unwind(struct sampler_source *x, struct sampler_space *space, const struct ring_record *e,
                      struct symbol_frame *out, uint64_t *ips, size_t max, bool *whole);

/* ---- sampler_off.c: time that threads do not run ---- */

void sampler_off_stopped(struct sampler_source *x,
                         const struct ring_record *e); /* a sample: where it stops */
void sampler_off_switched(struct sampler_source *x, const struct ring_record *e); /* a switch: it goes on */
void sampler_off_ended(struct sampler_source *x, const struct ring_record *e);    /* a thread, or a process */
void sampler_off_began(struct sampler_source *x, const struct ring_record *e);
void sampler_off_window(struct sampler_source *x, int64_t until); /* the end of a window */
void sampler_off_free(struct sampler_source *x);

#endif
