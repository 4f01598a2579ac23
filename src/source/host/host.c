/* host.c - the machine that slowdive runs on: processors, memory, disks, networks, filesystems, pressure, and
 * the limits of its own cgroup. I/O only: files are read whole and given to format/hosts/. It runs no program
 * and writes nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/schema.h"
#include "format/hosts/host_figures.h"
#include "format/hosts/mount_list.h"
#include "source/shared/examine.h"

#define EVERY       (10 * SD_S)
#define FIRST_GAP   (1 * SD_S) /* between the first two readings: shares of a time need two */
#define EVERY_LEAST (SD_S / 4)
enum { FILE_MAX = 1 << 20, NAME_BYTES = 256, LEVELS_MAX = 32 };

struct host_options {
    int64_t every;
    const char *host, *root;
};

#define OPTION(name_) .name = #name_, .offset = offsetof(struct host_options, name_)
static const struct sd_option OPTIONS[] = {
    {OPTION(every), .type = SD_OPTION_DURATION, .fallback = "0s", .min = 0, .max = 3600e9, .unit = "ns",
     .help = "how often it is read; 0 is 10 s, and less with --for"},
    {OPTION(host), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "name of the machine in its figures; empty: the host's name"},
    {OPTION(root), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "folder where the machine's root is mounted, as in a container: its proc and sys are read"},
    {.name = NULL},
};

struct host {
    char name[NAME_BYTES];
    char *root;
    struct strbuf text[5]; /* files that are needed at the same time */
    struct host_reading *last;
    bool told; /* what is missing was */
};

/* ---- files ---- */

/* The whole file below the root; empty when it cannot be read or is larger than any such file. */
static struct proc_text read_file(struct host *x, size_t slot, const char *folder, const char *name)
{
    struct strbuf *b = &x->text[slot];
    strbuf_clear(b);
    char *path = mem_printf("%s%s%s%s", x->root, folder, *name ? "/" : "", name);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    free(path);
    for (ssize_t n = 1; fd >= 0 && n != 0 && b->len < FILE_MAX;) {
        n = read(fd, strbuf_room(b, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        b->len += (size_t)n;
        b->text[b->len] = 0;
    }
    if (fd >= 0)
        close(fd);
    const char *text = strbuf_text(b);
    return (struct proc_text){text, text + b->len};
}

typedef void reader(struct host_reading *r, const char *text, size_t n);

static void take(struct host *x, struct host_reading *r, const char *path, reader *read)
{
    struct proc_text t = read_file(x, 0, path, "");
    read(r, t.at, (size_t)(t.end - t.at));
}

/* ---- disks ---- */

static bool has_entries(const char *path)
{
    DIR *d = opendir(path);
    bool any = false;
    for (struct dirent *e; d && !any && (e = readdir(d));)
        any = e->d_name[0] != '.';
    if (d)
        closedir(d);
    return any;
}

/* The kernel lists whole devices as folders, with what each is made of; a slash of a name is "!" there. */
static bool is_whole(void *ctx, const char *name)
{
    const struct host *x = ctx;
    struct stat st;
    static const char *const MADE[] = {"loop", "ram", "zram", "sr", "fd"};
    for (size_t i = 0; i < ARRAY_LEN(MADE); i++)
        if (str_starts(name, MADE[i]))
            return false;
    char *all = mem_printf("%s/sys/block", x->root), *own = mem_printf("%s/%s", all, name), *slaves;
    for (char *c = own + strlen(all) + 1; *c; c++)
        if (*c == '/')
            *c = '!';
    slaves = mem_printf("%s/slaves", own);
    bool listed = stat(all, &st) == 0 && S_ISDIR(st.st_mode);
    bool whole = listed ? stat(own, &st) == 0 && !has_entries(slaves) : host_is_whole_disk(name);
    free(all);
    free(own);
    free(slaves);
    return whole;
}

static void read_disks(struct host *x, struct host_reading *r)
{
    struct proc_text t = read_file(x, 0, "/proc/diskstats", "");
    host_read_diskstats(r, t.at, (size_t)(t.end - t.at), is_whole, x);
}

/* ---- filesystems and cgroups: what mountinfo leads to ---- */

static void read_filesystems(struct host *x, struct host_reading *r, const struct mount_entry *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct statvfs v;
        if (!mount_is_local(m, n, i))
            continue;
        char *path = mem_printf("%s%s", x->root, m[i].point);
        if (statvfs(path, &v) == 0)
            host_add_filesystem(r, m[i].point, v.f_blocks, v.f_bfree, v.f_bavail);
        free(path);
    }
}

/* Reads a limit out of a folder of the hierarchy it is in; false: there is none. */
typedef bool limit_reader(struct host *x, struct host_reading *r, const char *folder,
                          const struct cgroup_places *all);

static bool cpu_limit(struct host *x, struct host_reading *r, const char *folder,
                      const struct cgroup_places *all)
{
    (void)all;
    return host_read_cgroup_cpu(r, read_file(x, 1, folder, "cpu.max"), read_file(x, 2, folder, "cpu.stat"));
}

/* Version 1: the time used may be in a hierarchy of its own. */
static bool cpu_limit_1(struct host *x, struct host_reading *r, const char *folder,
                        const struct cgroup_places *all)
{
    char *accounts =
        mem_printf("%s%s", all->cpuacct.folder ? all->cpuacct.top : "", folder + strlen(all->cpu.top));
    bool limited = host_read_cgroup1_cpu(
        r, read_file(x, 1, folder, "cpu.cfs_quota_us"), read_file(x, 2, folder, "cpu.cfs_period_us"),
        read_file(x, 3, folder, "cpu.stat"), read_file(x, 4, accounts, "cpuacct.usage"));
    free(accounts);
    return limited;
}

static bool memory_limit(struct host *x, struct host_reading *r, const char *folder,
                         const struct cgroup_places *all)
{
    (void)all;
    return host_read_cgroup_memory(r, read_file(x, 1, folder, "memory.max"),
                                   read_file(x, 2, folder, "memory.current"),
                                   read_file(x, 3, folder, "memory.stat"));
}

static bool memory_limit_1(struct host *x, struct host_reading *r, const char *folder,
                           const struct cgroup_places *all)
{
    (void)all;
    return host_read_cgroup_memory(r, read_file(x, 1, folder, "memory.limit_in_bytes"),
                                   read_file(x, 2, folder, "memory.usage_in_bytes"),
                                   read_file(x, 3, folder, "memory.stat"));
}

/* The nearest limit upwards. */
static bool nearest(struct host *x, struct host_reading *r, const struct cgroup_place *p, limit_reader *read,
                    const struct cgroup_places *all)
{
    char *folder = p->folder ? mem_strdup(p->folder) : NULL;
    size_t top = folder ? strlen(p->top) : 0;
    bool found = false;
    for (int level = 0; folder && !found && level < LEVELS_MAX; level++) {
        found = read(x, r, folder, all);
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= top || !slash)
            break;
        *slash = 0;
    }
    free(folder);
    return found;
}

static void read_cgroup(struct host *x, struct host_reading *r, const struct mount_entry *m, size_t n)
{
    struct proc_text t = read_file(x, 0, "/proc/self/cgroup", "");
    struct cgroup_places p;
    cgroup_places_read(r->arena, m, n, t.at, (size_t)(t.end - t.at), &p);
    if (!nearest(x, r, &p.cpu, cpu_limit_1, &p))
        nearest(x, r, &p.unified, cpu_limit, &p);
    if (!nearest(x, r, &p.memory, memory_limit_1, &p))
        nearest(x, r, &p.unified, memory_limit, &p);
}

static void read_mounts(struct host *x, struct host_reading *r)
{
    struct proc_text t = read_file(x, 0, "/proc/self/mountinfo", "");
    struct mount_entry *m = mem_array(MOUNTS_MAX, sizeof *m);
    size_t n = mount_list_read(r->arena, t.at, (size_t)(t.end - t.at), m, MOUNTS_MAX);
    read_filesystems(x, r, m, n);
    read_cgroup(x, r, m, n);
    free(m);
}

/* ---- the table's functions ---- */

static struct host_reading *read_host(struct host *x)
{
    struct host_reading *r = host_reading_new(clock_mono());
    take(x, r, "/proc/stat", host_read_stat);
    take(x, r, "/proc/meminfo", host_read_meminfo);
    take(x, r, "/proc/loadavg", host_read_loadavg);
    take(x, r, "/proc/net/dev", host_read_net);
    for (int p = 0; p < HOST_PRESSURES; p++) {
        struct proc_text t = read_file(x, 0, "/proc/pressure", HOST_PRESSURE_NAMES[p]);
        host_read_pressure(r, (enum host_pressure)p, t.at, (size_t)(t.end - t.at));
    }
    read_disks(x, r);
    read_mounts(x, r);
    return r;
}

/* Once, for the notes of every view. */
static void tell_missing(struct sd_source *s, struct host *x, const struct host_reading *r,
                         struct sd_batch *b)
{
    struct strbuf missing = {0};
    struct sd_intake in;
    host_figures_missing(r, &missing);
    if (missing.len) {
        char *note = mem_printf("%s has %s.", x->name, strbuf_text(&missing));
        schema_clear(schema_of(SD_INTAKE), &in);
        in.unit = "readings";
        in.note = note;
        s->host->add(b, SD_INTAKE, &in);
        s->host->log(s, "%s", note);
        free(note);
    }
    strbuf_free(&missing);
    x->told = true;
}

static enum sd_result one_reading(struct sd_source *s, struct sd_error *err)
{
    struct host *x = s->priv;
    sd_time at = s->host->now(s);
    struct host_reading *r = read_host(x);
    if (!sd_known(r->cpu_total) && !isfinite(r->memory)) {
        host_reading_free(r);
        return sd_fail(
            err, SD_CONFIG,
            "%.200s/proc has no stat and no meminfo: the figures of a machine with Linux are there", x->root);
    }
    struct sd_batch *b = s->host->batch(s, at);
    if (!x->told)
        tell_missing(s, x, r, b);
    host_figures_add(x->last, r, x->name, s->host, b);
    s->host->publish(s, b);
    host_reading_free(x->last);
    x->last = r;
    return SD_OK;
}

static bool is_this(const char *target, struct sd_error *err)
{
    if (!*(str_starts(target, "host:") ? target + strlen("host:") : target))
        return true;
    return fail(err, "this source reads the machine that slowdive runs on and takes no name: write host:");
}

static enum sd_result open_source(struct sd_source *s, struct sd_error *err)
{
    const struct host_options *o = s->opts;
    struct host *x = s->priv;
    *x = (struct host){.root = mem_strdup(o->root)};
    if (!is_this(s->target, err))
        return SD_CONFIG;
    if (*o->host)
        snprintf(x->name, sizeof x->name, "%s", o->host);
    else if (gethostname(x->name, sizeof x->name - 1) < 0 || !*x->name)
        snprintf(x->name, sizeof x->name, "localhost");
    return SD_OK;
}

/* Watched for a short time, it is read three times at least. */
static int64_t every(const struct sd_source *s)
{
    const struct host_options *o = s->opts;
    if (o->every > 0)
        return MAX(o->every, EVERY_LEAST);
    return s->watch_ns ? MAX(MIN(EVERY, s->watch_ns / 3), EVERY_LEAST) : EVERY;
}

static enum sd_result run(struct sd_source *s, struct sd_error *err)
{
    struct host *x = s->priv;
    while (!s->host->should_stop(s)) {
        bool first = !x->last;
        sd_time began = s->host->now(s);
        enum sd_result r = one_reading(s, err);
        if (r != SD_OK)
            return r;
        if (!first && !s->follow)
            return SD_GONE;
        sd_time again = began + (first ? MIN(FIRST_GAP, every(s)) : every(s));
        while (s->host->now(s) < again && !s->host->should_stop(s))
            s->host->wait(s, -1, 0, again);
    }
    return SD_OK;
}

static void close_source(struct sd_source *s)
{
    struct host *x = s->priv;
    host_reading_free(x->last);
    for (size_t i = 0; i < ARRAY_LEN(x->text); i++)
        strbuf_free(&x->text[i]);
    free(x->root);
    *x = (struct host){.root = NULL};
}

/* Without a target only files of /proc: a filesystem that is asked may be away. */
static void examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct host_options *o = s->opts;
    const struct examine e = {tell, ctx};
    struct sd_error err;
    if (s->target && !is_this(s->target, &err)) {
        examine_tell(&e, "proc", SD_CHECK_MISSING, "slowdive host:", "%s", err.text);
        return;
    }
    struct host x = {.root = mem_strdup(o->root)};
    struct strbuf missing = {0};
    struct host_reading *r = s->target ? read_host(&x) : host_reading_new(clock_mono());
    if (!s->target) {
        take(&x, r, "/proc/stat", host_read_stat);
        take(&x, r, "/proc/meminfo", host_read_meminfo);
    }
    bool any = sd_known(r->cpu_total) || isfinite(r->memory);
    if (any)
        examine_tell(&e, "proc", SD_CHECK_OK, NULL, "%.200s/proc tells of processors and memory", x.root);
    else
        examine_tell(&e, "proc", s->target ? SD_CHECK_MISSING : SD_CHECK_LESS,
                     "mount -t proc proc /proc; in a container mount the machine's root and name it: "
                     "host:?root=/host",
                     "%.200s/proc has no stat and no meminfo", x.root);
    if (any && s->target)
        host_figures_missing(r, &missing);
    bool pressure = !strstr(strbuf_text(&missing), "pressure");
    if (missing.len)
        examine_tell(&e, "figures", pressure ? SD_CHECK_OK : SD_CHECK_LESS,
                     pressure ? NULL
                              : "boot with psi=1 on the kernel's command line, for figures of pressure",
                     "this machine has %.300s", strbuf_text(&missing));
    strbuf_free(&missing);
    host_reading_free(r);
    for (size_t i = 0; i < ARRAY_LEN(x.text); i++)
        strbuf_free(&x.text[i]);
    free(x.root);
}

extern const struct sd_source_ops host_source_ops;
const struct sd_source_ops host_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "host",
    .summary =
        "this machine: processors, memory, disks, networks, filesystems, pressure, limits of its cgroup",
    .targets = "host:",
    .provides = SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct host_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct host),
    .open = open_source,
    .run = run,
    .close = close_source,
    .examine = examine,
};
