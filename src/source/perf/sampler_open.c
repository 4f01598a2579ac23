/* sampler_open.c - the events of perf_event_open(2) and their rings: one ring for each processor. Where all
 * of the host may be sampled, one event a processor does, whatever the target: what is not wanted is left out
 * later. Otherwise each thread of the process has an event on each processor, which its children inherit. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "source/perf/sampler.h"

enum { RING_PAGES = 64, RING_PAGES_LARGE = 1024, CPUS_MAX = 4096, THREADS_MAX = 4096 };

static int event_open(struct perf_event_attr *a, int pid, int cpu, unsigned long flags)
{
    return (int)syscall(SYS_perf_event_open, a, pid, cpu, -1, flags | PERF_FLAG_FD_CLOEXEC);
}

static struct perf_event_attr attributes(const struct sampler_options *o)
{
    bool off = str_eq(o->event, "off-cpu");
    struct perf_event_attr a = {
        .size = sizeof a,
        .type = PERF_TYPE_SOFTWARE,
        .config = off ? PERF_COUNT_SW_CONTEXT_SWITCHES : PERF_COUNT_SW_CPU_CLOCK,
        .sample_type = RING_SAMPLE_TYPE,
        .freq = !off,
        .exclude_idle = !off,
        .mmap = 1,
        .mmap2 = 1,
        .comm = 1,
        .comm_exec = 1,
        .task = 1,
        .sample_id_all = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .context_switch = off,
    };
    if (o->dwarf) {
        a.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
        a.sample_regs_user = PERF_UNWIND_REGS;
        a.sample_stack_user = PERF_UNWIND_STACK;
        a.exclude_callchain_user = 1;
    }
    if (off)
        a.sample_period = 1;
    else
        a.sample_freq = (uint64_t)o->hz;
    return a;
}

/* ---- why it was refused ---- */

int64_t sampler_number_in(const char *path)
{
    char *text;
    size_t n;
    struct sd_error ignored;
    if (!file_read(path, 64, &text, &n, &ignored))
        return SD_UNKNOWN;
    int64_t v = strtoll(text, NULL, 10);
    free(text);
    return v;
}

/* A line of /proc/self/status, as the number behind its name. */
static uint64_t own_status(const char *name, int base)
{
    char *text, *at;
    size_t n;
    struct sd_error ignored;
    uint64_t v = 0;
    if (!file_read("/proc/self/status", 65536, &text, &n, &ignored))
        return 0;
    if ((at = strstr(text, name)))
        v = strtoull(at + strlen(name), NULL, base);
    free(text);
    return v;
}

bool sampler_privileged(void)
{
    uint64_t caps = own_status("\nCapEff:", 16);
    return caps & (UINT64_C(1) << CAP_PERFMON | UINT64_C(1) << CAP_SYS_ADMIN);
}

static const char *whom(const struct sampler_target *t, char buf[64])
{
    if (t->scope == PERF_PID)
        snprintf(buf, 64, "process %d", (int)t->pid);
    else
        snprintf(buf, 64, "%s",
                 t->scope == PERF_HOST   ? "the host"
                 : t->scope == PERF_COMM ? t->comm
                                         : "a cgroup");
    return buf;
}

static bool others_process(const struct sampler_target *t)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d", (int)t->pid);
    return t->scope == PERF_PID && stat(path, &st) == 0 && st.st_uid != geteuid();
}

/* What would do without a capability. */
static int allowed_level(const struct sampler_target *t, bool off)
{
    return t->scope != PERF_PID ? 0 : off ? 1 : 2;
}

/* EACCES is the kernel's own refusal, EPERM that of a filter of system calls. */
static bool not_permitted(const struct sampler_target *t, bool off, int error, const char *who,
                          struct sd_error *err)
{
    int64_t level = sampler_number_in("/proc/sys/kernel/perf_event_paranoid");
    if (error == EPERM && (sampler_privileged() || own_status("\nSeccomp:", 10)))
        return fail(
            err,
            "cannot sample %s: perf_event_open is forbidden here, as the seccomp filter of a container "
            "does; allow it and add CAP_PERFMON; profiles in files work without it",
            who);
    if (others_process(t))
        return fail(err,
                    "cannot sample %s: it is another user's, and CAP_PERFMON and CAP_SYS_PTRACE are missing; "
                    "perf:PID works without them for a process of your own",
                    who);
    return fail(err,
                "cannot sample %s%s: CAP_PERFMON is missing, and kernel.perf_event_paranoid is %lld where %d "
                "would do; %s without it",
                who, off ? " off the processor" : "", (long long)level, allowed_level(t, off),
                off && level <= 2                    ? "event=cpu of a process of your own works"
                : t->scope != PERF_PID && level <= 2 ? "perf:PID of a process of your own works"
                                                     : "profiles in files work");
}

static bool open_failed(const struct sampler_target *t, const struct sampler_options *o, int error,
                        struct sd_error *err)
{
    char who[64];
    int64_t most = sampler_number_in("/proc/sys/kernel/perf_event_max_sample_rate");
    whom(t, who);
    if (error == EACCES || error == EPERM)
        return not_permitted(t, str_eq(o->event, "off-cpu"), error, who, err);
    if (error == ENOSYS)
        return fail(err,
                    "cannot sample %s: this kernel has no perf_event_open; profiles in files work without it",
                    who);
    if (error == EINVAL && sd_known(most) && o->hz > most)
        return fail(err, "cannot sample %s %lld times a second: kernel.perf_event_max_sample_rate is %lld",
                    who, (long long)o->hz, (long long)most);
    if (error == EMFILE || error == ENFILE)
        return fail(err,
                    "cannot sample %s: an event for each thread and processor needs more open files than are "
                    "allowed (ulimit -n)",
                    who);
    return fail(err, "cannot sample %s: perf_event_open: %s", who, strerror(error));
}

static int cannot_map(int error, struct sd_error *err)
{
    fail(err,
         "cannot sample: the kernel gives no memory for a ring (%s); kernel.perf_event_mlock_kb and the "
         "limit of "
         "locked memory (ulimit -l) are too small",
         strerror(error));
    return error;
}

/* ---- opening: functions give 0 or an errno; a sentence in `err` is the better one ---- */

struct opening {
    struct sampler_events *e;
    struct perf_event_attr attr;
    int cpus[CPUS_MAX];
    size_t n_cpus, n_threads;
    struct sd_error *err;
};

/* Events and rings, but not what is known of them. */
static void drop_events(struct sampler_events *e)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < e->n_rings; i++)
        munmap(e->rings[i].page, page + e->rings[i].size);
    for (size_t i = 0; i < e->n_fds; i++)
        close(e->fds[i]);
    e->n_rings = e->n_fds = 0;
}

static void keep_fd(struct sampler_events *e, int fd)
{
    if (e->n_fds == e->cap_fds)
        e->fds = mem_grow(e->fds, e->n_fds, &e->cap_fds, sizeof *e->fds);
    e->fds[e->n_fds++] = fd;
}

/* "0-3,8": the processors that are there. */
static size_t processors(int out[CPUS_MAX])
{
    char *text;
    size_t len, n = 0;
    struct sd_error ignored;
    if (!file_read("/sys/devices/system/cpu/online", 65536, &text, &len, &ignored)) {
        long count = sysconf(_SC_NPROCESSORS_ONLN);
        for (int i = 0; i < count && n < CPUS_MAX; i++)
            out[n++] = i;
        return n;
    }
    for (char *at = text; *at >= '0' && *at <= '9';) {
        long first = strtol(at, &at, 10), last = *at == '-' ? strtol(at + 1, &at, 10) : first;
        for (long i = first; i <= last && n < CPUS_MAX; i++)
            out[n++] = (int)i;
        at += *at == ',';
    }
    free(text);
    return n;
}

/* As large as the limit of locked memory lets it be. */
static bool map_ring(struct sampler_events *e, int fd)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t pages = e->off_cpu || e->dwarf ? RING_PAGES_LARGE : RING_PAGES; pages; pages /= 2) {
        void *base = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (base == MAP_FAILED)
            continue;
        e->rings = mem_realloc(e->rings, (e->n_rings + 1) * sizeof *e->rings);
        e->rings[e->n_rings++] =
            (struct sampler_ring){.page = base, .data = (unsigned char *)base + page, .size = pages * page};
        return true;
    }
    return false;
}

static int open_by_cpu(struct opening *o, int pid, unsigned long flags)
{
    for (size_t i = 0; i < o->n_cpus; i++) {
        int fd = event_open(&o->attr, pid, o->cpus[i], flags);
        if (fd < 0 && errno == ENODEV)
            continue; /* the processor went away */
        if (fd < 0)
            return errno;
        keep_fd(o->e, fd);
        if (!map_ring(o->e, fd))
            return cannot_map(errno, o->err);
    }
    return o->e->n_rings ? 0 : ENODEV;
}

/* A thread on each processor; those of one processor write into the ring of the first. */
static int open_thread(struct opening *o, int tid)
{
    for (size_t i = 0; i < o->n_cpus; i++) {
        int fd = event_open(&o->attr, tid, o->cpus[i], 0);
        if (fd < 0)
            return errno;
        keep_fd(o->e, fd);
        if (!o->n_threads && !map_ring(o->e, fd))
            return cannot_map(errno, o->err);
        if (o->n_threads && ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, o->e->fds[i]) < 0)
            return errno;
    }
    o->n_threads++;
    return 0;
}

/* All threads of a process; those that end meanwhile are none. */
static int open_process(struct opening *o, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    int error = d ? 0 : ESRCH;
    for (struct dirent *t; d && !error && o->n_threads < THREADS_MAX && (t = readdir(d));)
        if (*t->d_name >= '1' && *t->d_name <= '9' && (error = open_thread(o, atoi(t->d_name))) == ESRCH)
            error = 0;
    if (d)
        closedir(d);
    return error ? error : o->n_threads ? 0 : ESRCH;
}

static bool has_name(const char *pid, const char *comm)
{
    char path[64], *text;
    size_t n;
    struct sd_error ignored;
    snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    if (!file_read(path, 64, &text, &n, &ignored))
        return false;
    text[strcspn(text, "\n")] = 0;
    bool same = str_eq(text, comm);
    free(text);
    return same;
}

/* Those of that name that may be sampled. */
static int open_named(struct opening *o, const char *comm)
{
    int error = EACCES;
    DIR *d = opendir("/proc");
    for (struct dirent *p; d && (p = readdir(d));)
        if (*p->d_name >= '1' && *p->d_name <= '9' && has_name(p->d_name, comm)) {
            int this = open_process(o, atoi(p->d_name));
            error = o->n_threads ? 0 : this;
        }
    if (d)
        closedir(d);
    return error;
}

static int open_threads(struct opening *o, const struct sampler_target *t)
{
    drop_events(o->e);
    o->attr.inherit = 1;
    o->n_threads = 0;
    int error = t->scope == PERF_PID ? open_process(o, t->pid) : open_named(o, t->comm);
    o->attr.inherit = 0;
    return error;
}

/* "/a.slice" or "a.slice" below where the cgroups are mounted, of version 1 with the controller perf_event.
 */
static int open_cgroup(const char *path, struct sd_error *err)
{
    static const char *const roots[] = {"/sys/fs/cgroup/perf_event", "/sys/fs/cgroup",
                                        "/sys/fs/cgroup/unified"};
    path += strspn(path, "/");
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        char *full = str_starts(path, "sys/fs/cgroup/") ? mem_printf("/%s", path)
                                                        : mem_printf("%s/%s", roots[i], path);
        int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        free(full);
        if (fd >= 0)
            return fd;
    }
    fail(err, "there is no cgroup /%.200s below /sys/fs/cgroup", path);
    return -1;
}

bool sampler_events_allowed(const struct sampler_target *t, const struct sampler_options *o,
                            struct sd_error *err)
{
    struct perf_event_attr a = attributes(o);
    bool one = t->scope == PERF_PID;
    a.disabled = 1;
    int cgroup = t->scope == PERF_CGROUP ? open_cgroup(t->cgroup, err) : -1;
    if (t->scope == PERF_CGROUP && cgroup < 0)
        return false;
    if (cgroup >= 0)
        close(cgroup);
    int fd = event_open(&a, one ? t->pid : -1, one ? -1 : 0, 0);
    if (fd < 0)
        return open_failed(t, o, errno, err);
    close(fd);
    return true;
}

bool sampler_cgroup_same(const struct sampler_events *e, const struct sampler_target *t)
{
    struct sd_error ignored;
    struct stat st;
    int fd = open_cgroup(t->cgroup, &ignored);
    bool same = fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == e->cgroup;
    if (fd >= 0)
        close(fd);
    return same;
}

static int open_in_cgroup(struct opening *o, const struct sampler_target *t)
{
    int fd = open_cgroup(t->cgroup, o->err);
    if (fd < 0)
        return errno;
    struct stat st;
    o->e->cgroup = fstat(fd, &st) == 0 ? st.st_ino : 0;
    int error = open_by_cpu(o, fd, PERF_FLAG_PID_CGROUP);
    close(fd);
    if (error == EBADF || error == EINVAL || error == ENOENT)
        fail(o->err,
             "cannot sample the cgroup %.200s: it has no controller perf_event; one of the unified hierarchy "
             "or below /sys/fs/cgroup/perf_event has",
             t->cgroup);
    return error;
}

static int open_scope(struct opening *o, const struct sampler_target *t)
{
    drop_events(o->e);
    if (t->scope == PERF_CGROUP)
        return open_in_cgroup(o, t);
    int error = open_by_cpu(o, -1, 0);
    o->e->by_cpu = !error;
    if (t->scope == PERF_HOST || (error != EACCES && error != EPERM))
        return error;
    return open_threads(o, t);
}

bool sampler_events_open(struct sampler_events *e, const struct sampler_target *t,
                         const struct sampler_options *opts, struct sd_error *err)
{
    struct opening *o = mem_alloc(sizeof *o);
    *o = (struct opening){.e = e, .attr = attributes(opts), .err = err};
    o->n_cpus = processors(o->cpus);
    *err->text = 0;
    e->kernel = true;
    e->off_cpu = str_eq(opts->event, "off-cpu");
    e->dwarf = opts->dwarf;
    int error = open_scope(o, t);
    if ((error == EACCES || error == EPERM) && !*err->text && !str_eq(opts->event, "off-cpu")) {
        o->attr.exclude_kernel = 1;
        e->kernel = false;
        error = open_scope(o, t);
    }
    free(o);
    if (error && !*err->text)
        open_failed(t, opts, error, err);
    if (error)
        sampler_events_close(e);
    return !error;
}

void sampler_events_close(struct sampler_events *e)
{
    drop_events(e);
    free(e->rings);
    free(e->fds);
    free(e->pending);
    *e = (struct sampler_events){0};
}

/* ---- reading ---- */

static bool room(struct sampler_events *e, size_t n)
{
    if (e->n_pending + n > PERF_PENDING_MAX)
        return false;
    while (e->cap_pending < e->n_pending + n) {
        e->cap_pending = MAX(e->cap_pending * 2, (size_t)1 << 16);
        e->pending = mem_realloc(e->pending, e->cap_pending);
    }
    return true;
}

static void drain(struct sampler_events *e, struct sampler_ring *r)
{
    uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE), tail = r->page->data_tail;
    size_t n = (size_t)(head - tail), at = (size_t)(tail & (r->size - 1)), first = MIN(n, r->size - at);
    if (!n || n > r->size || !room(e, n))
        return; /* without room the kernel counts what is lost */
    memcpy(e->pending + e->n_pending, r->data + at, first);
    memcpy(e->pending + e->n_pending + first, r->data, n - first);
    e->n_pending += n;
    __atomic_store_n(&r->page->data_tail, head, __ATOMIC_RELEASE);
}

void sampler_events_drain(struct sampler_events *e)
{
    for (size_t i = 0; i < e->n_rings; i++)
        drain(e, &e->rings[i]);
}
