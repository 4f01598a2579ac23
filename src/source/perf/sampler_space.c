/* sampler_space.c - processes: their names and what code they have mapped, from the kernel's records and, for
 * what ran before, from /proc. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "source/perf/sampler.h"

enum { MAPS_BYTES = 32 << 20 }; /* of /proc/PID/maps */

static bool is_wanted(const struct sampler_source *x, const struct sampler_space *s)
{
    if (!x->events.by_cpu || x->target.scope == PERF_HOST)
        return true; /* the kernel sends only those that are */
    if (x->target.scope == PERF_PID)
        return s->wanted;
    return str_eq(s->comm, x->target.comm);
}

static void set_comm(struct sampler_space *s, const char *comm)
{
    size_t n = strcspn(comm, "\n");
    snprintf(s->comm, sizeof s->comm, "%.*s", (int)MIN(n, sizeof s->comm - 1), comm);
}

static void read_comm(struct sampler_space *s)
{
    char path[64], *text;
    size_t n;
    struct sd_error ignored;
    snprintf(path, sizeof path, "/proc/%d/comm", (int)s->pid);
    if (!file_read(path, 256, &text, &n, &ignored))
        return;
    set_comm(s, text);
    free(text);
}

static struct sampler_space *add_space(struct sampler_source *x, pid_t pid)
{
    if (HASH_COUNT(x->spaces) >= PERF_SPACES_MAX)
        return NULL;
    struct sampler_space *s = mem_alloc(sizeof *s);
    s->pid = pid;
    HASH_ADD(hh, x->spaces, pid, sizeof s->pid, s);
    return s;
}

static void drop_maps(struct sampler_space *s)
{
    free(s->maps);
    s->maps = NULL;
    s->n = s->cap = 0;
    s->jit = NULL;
}

static void free_space(struct sampler_source *x, struct sampler_space *s)
{
    HASH_DEL(x->spaces, s);
    drop_maps(s);
    free(s);
}

static struct sampler_space *find_space(struct sampler_source *x, pid_t pid)
{
    struct sampler_space *s;
    HASH_FIND(hh, x->spaces, &pid, sizeof pid, s);
    return s;
}

/* ---- mappings ---- */

const struct sampler_map *sampler_space_map(const struct sampler_space *s, uint64_t address)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->maps[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && address < s->maps[low - 1].end ? &s->maps[low - 1] : NULL;
}

static void insert_at(struct sampler_space *s, size_t i, struct sampler_map m)
{
    if (s->n >= PERF_MAPS_MAX)
        return;
    if (s->n == s->cap)
        s->maps = mem_grow(s->maps, s->n, &s->cap, sizeof *s->maps);
    memmove(s->maps + i + 1, s->maps + i, (s->n - i) * sizeof *s->maps);
    s->maps[i] = m;
    s->n++;
}

static void remove_at(struct sampler_space *s, size_t i)
{
    memmove(s->maps + i, s->maps + i + 1, (s->n - i - 1) * sizeof *s->maps);
    s->n--;
}

/* What was mapped there before is cut or gone. */
static void put_map(struct sampler_space *s, struct sampler_map m)
{
    size_t i = 0;
    for (size_t high = s->n; i < high;) { /* the first that ends behind the start */
        size_t middle = i + (high - i) / 2;
        if (s->maps[middle].end <= m.start)
            i = middle + 1;
        else
            high = middle;
    }
    while (i < s->n && s->maps[i].start < m.end) {
        struct sampler_map was = s->maps[i];
        remove_at(s, i);
        if (was.end > m.end) {
            struct sampler_map right = was;
            right.start = m.end;
            right.offset += m.end - was.start;
            insert_at(s, i, right);
        }
        if (was.start < m.start) {
            was.end = m.start;
            insert_at(s, i++, was);
        }
        if (i < s->n && s->maps[i].start >= m.end)
            break;
    }
    insert_at(s, i, m);
}

struct symbol_module *sampler_space_jit(struct sampler_source *x, struct sampler_space *s)
{
    if (!s->jit)
        s->jit = symbol_module_jit(&x->symbols, s->pid);
    return s->jit;
}

static void add_map(struct sampler_source *x, struct sampler_space *s, struct sampler_map m, const char *path)
{
    bool file = symbol_is_file(path);
    if (m.start >= m.end)
        return;
    if (str_eq(path, "[vdso]") && m.start > UINT32_MAX) /* that of a program of 32 bits is another */
        m.module = x->symbols.vdso;
    else if (file)
        m.module = symbol_module_file(&x->symbols, s->pid, path, m.major, m.minor, m.inode);
    if (file && m.module && symbol_is_jitdump(path)) {
        symbol_module_open(&x->symbols, m.module, s->pid, m.start, m.end, m.inode);
        symbol_module_dump(sampler_space_jit(x, s), m.module);
    }
    put_map(s, m); /* without a module it is code made at run time */
}

/* "START-END r-xp OFFSET MAJOR:MINOR INODE   PATH" */
static void maps_line(struct sampler_source *x, struct sampler_space *s, const char *line)
{
    unsigned long long start, end, offset, inode;
    unsigned int major, minor;
    char mode[8];
    int path = 0;
    if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &start, &end, mode, &offset, &major, &minor, &inode,
               &path) < 7 ||
        !path || mode[2] != 'x')
        return;
    struct sampler_map m = {
        .start = start, .end = end, .offset = offset, .major = major, .minor = minor, .inode = inode};
    add_map(x, s, m, line + path);
}

static void read_maps_of(struct sampler_source *x, struct sampler_space *s, pid_t pid)
{
    char path[64], *text;
    size_t n;
    struct sd_error ignored;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    if (!file_read(path, MAPS_BYTES, &text, &n, &ignored))
        return;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        maps_line(x, s, line);
    }
    free(text);
}

/* A process that ended before it was looked at has what its parent has: it did not start another program, or
 * its mappings would be known. */
static void read_maps(struct sampler_source *x, struct sampler_space *s)
{
    if (s->read)
        return;
    s->read = true;
    s->since = clock_mono();
    read_maps_of(x, s, s->pid);
    struct sampler_space *parent = s->parent ? find_space(x, s->parent) : NULL;
    if (!s->n && parent && parent->n) {
        s->maps = mem_array(parent->n, sizeof *s->maps);
        memcpy(s->maps, parent->maps, parent->n * sizeof *s->maps);
        s->n = s->cap = parent->n;
    } else if (!s->n && s->parent && !parent) {
        read_maps_of(x, s, s->parent);
    }
}

/* ---- processes ---- */

struct sampler_space *sampler_space_of(struct sampler_source *x, pid_t pid)
{
    struct sampler_space *s = find_space(x, pid);
    if (!s && x->events.by_cpu && x->target.scope == PERF_PID)
        return NULL; /* those that are wanted are known */
    if (!s && (s = add_space(x, pid)))
        read_comm(s);
    if (!s || !is_wanted(x, s))
        return NULL;
    if (pid > 0)
        read_maps(x, s);
    return s;
}

void sampler_space_mapped(struct sampler_source *x, const struct ring_record *e)
{
    struct sampler_space *s = find_space(x, (pid_t)e->pid);
    /* Of one that was not looked at yet all is read when it is. */
    if (!s || !s->read || e->time < s->since || (e->misc & PERF_RECORD_MISC_MMAP_DATA))
        return;
    struct sampler_map m = {.start = e->start,
                            .end = e->start + e->len,
                            .offset = e->offset,
                            .inode = e->inode,
                            .major = e->major,
                            .minor = e->minor};
    add_map(x, s, m, e->name);
}

/* Of a process, not of its further threads. A new program has nothing mapped, and tells all it maps. */
void sampler_space_named(struct sampler_source *x, const struct ring_record *e)
{
    bool program = e->misc & PERF_RECORD_MISC_COMM_EXEC;
    struct sampler_space *s = find_space(x, (pid_t)e->pid);
    if (e->pid != e->tid || (s && s->read && e->time < s->since))
        return;
    if (!s && !(x->target.scope == PERF_PID && x->events.by_cpu))
        s = add_space(x, (pid_t)e->pid);
    if (!s)
        return;
    set_comm(s, e->name);
    if (!program)
        return;
    drop_maps(s);
    s->read = true;
    s->since = e->time;
    s->parent = 0;
    s->ended = 0; /* another thread than the first may start it */
}

void sampler_space_forked(struct sampler_source *x, const struct ring_record *e)
{
    if (e->pid == e->parent)
        return; /* a thread */
    struct sampler_space *parent = find_space(x, (pid_t)e->parent), *s = find_space(x, (pid_t)e->pid);
    if (s && e->time < s->since)
        return;
    if (s)
        free_space(x, s);
    bool by_pid = x->target.scope == PERF_PID && x->events.by_cpu;
    if ((by_pid && !(parent && parent->wanted)) || !(s = add_space(x, (pid_t)e->pid)))
        return;
    s->parent = (pid_t)e->parent;
    if (!parent) {
        read_comm(s);
        return;
    }
    s->wanted = parent->wanted;
    memcpy(s->comm, parent->comm, sizeof s->comm);
    s->read = parent->read;
    s->since = e->time;
    if (!parent->n)
        return;
    s->maps = mem_array(parent->n, sizeof *s->maps);
    memcpy(s->maps, parent->maps, parent->n * sizeof *s->maps);
    s->n = s->cap = parent->n;
}

void sampler_space_exited(struct sampler_source *x, const struct ring_record *e)
{
    struct sampler_space *s = find_space(x, (pid_t)e->pid);
    if (s && e->pid == e->tid)
        s->ended = e->time;
}

/* A first thread may end before the others: then the process is still there. */
void sampler_space_forget(struct sampler_source *x, int64_t before)
{
    struct sampler_space *s, *next;
    HASH_ITER(hh, x->spaces, s, next)
    {
        if (!s->ended || s->ended >= before)
            continue;
        if (kill(s->pid, 0) == 0 || errno == EPERM)
            s->ended = before + SD_S;
        else
            free_space(x, s);
    }
}

void sampler_spaces_use(struct sampler_source *x)
{
    struct sampler_space *s, *next;
    HASH_ITER(hh, x->spaces, s, next)
    {
        for (size_t i = 0; i < s->n; i++)
            if (s->maps[i].module)
                s->maps[i].module->used = x->symbols.window;
        if (s->jit)
            s->jit->used = x->symbols.window;
    }
}

void sampler_spaces_free(struct sampler_source *x)
{
    struct sampler_space *s, *next;
    HASH_ITER(hh, x->spaces, s, next)
    free_space(x, s);
}

/* When its first thread has ended. */
static bool has_other_threads(pid_t pid)
{
    char path[64];
    bool others = false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *t; d && !others && (t = readdir(d));)
        others = *t->d_name != '.' && atoi(t->d_name) != pid;
    if (d)
        closedir(d);
    return others;
}

bool sampler_space_any(const struct sampler_source *x)
{
    struct sampler_space *s, *next;
    HASH_ITER(hh, x->spaces, s, next)
    if (is_wanted(x, s) && (!s->ended || has_other_threads(s->pid)))
        return true;
    return false;
}

void sampler_space_follow(struct sampler_source *x, pid_t pid)
{
    struct sampler_space *s = find_space(x, pid);
    if (!s && !(s = add_space(x, pid)))
        return;
    s->wanted = true;
    read_comm(s);
    read_maps(x, s);
}
