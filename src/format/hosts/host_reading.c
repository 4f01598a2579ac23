#include "format/hosts/host_reading.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { SECTOR = 512 }; /* bytes: the unit of /proc/diskstats, whatever the device has */

const char *const HOST_PRESSURE_NAMES[HOST_PRESSURES] = {
    [HOST_PRESSURE_CPU] = "cpu", [HOST_PRESSURE_MEMORY] = "memory", [HOST_PRESSURE_IO] = "io"};

struct host_reading *host_reading_new(int64_t at)
{
    struct host_reading *r = mem_alloc(sizeof *r);
    *r = (struct host_reading){.arena = arena_new(),
                               .at = at,
                               .cpu_busy = SD_UNKNOWN,
                               .cpu_total = SD_UNKNOWN,
                               .memory = (double)NAN,
                               .swap = (double)NAN,
                               .load = (double)NAN,
                               .disks = mem_array(HOST_DISKS_MAX, sizeof *r->disks),
                               .nets = mem_array(HOST_NETS_MAX, sizeof *r->nets),
                               .filesystems = mem_array(HOST_FILESYSTEMS_MAX, sizeof *r->filesystems),
                               .cgroup = {.cpus = (double)NAN,
                                          .usage_ns = SD_UNKNOWN,
                                          .periods = SD_UNKNOWN,
                                          .limited = SD_UNKNOWN,
                                          .memory_bytes = SD_UNKNOWN,
                                          .memory_max_bytes = SD_UNKNOWN}};
    for (int p = 0; p < HOST_PRESSURES; p++)
        r->pressure_us[p][0] = r->pressure_us[p][1] = SD_UNKNOWN;
    return r;
}

void host_reading_free(struct host_reading *r)
{
    if (!r)
        return;
    arena_free(r->arena);
    free(r->disks);
    free(r->nets);
    free(r->filesystems);
    free(r);
}

/* user nice system idle iowait irq softirq steal; guest time is part of user. Old kernels have fewer. */
void host_read_stat(struct host_reading *r, const char *text, size_t n)
{
    enum { IDLE = 3, IOWAIT = 4, STEAL = 7, STATES = 8, LEAST = 4 };
    struct proc_text all = {text, text + n}, line, word;
    while (proc_line(&all, &line)) {
        if (!proc_word(&line, &word) || !proc_word_is(&word, "cpu"))
            continue;
        int64_t busy = 0, total = 0, v;
        int states = 0;
        for (; states < STATES && proc_number(&line, &v); states++) {
            total = add_sat(total, v);
            if (states != IDLE && states != IOWAIT && states != STEAL)
                busy = add_sat(busy, v);
        }
        if (states >= LEAST) {
            r->cpu_busy = busy;
            r->cpu_total = total;
        }
        return;
    }
}

/* 1 - part / whole, within 0..1. */
static double used(int64_t part, int64_t whole)
{
    if (!sd_known(part) || !sd_known(whole) || whole <= 0)
        return (double)NAN;
    return fmin(fmax(1 - (double)part / (double)whole, 0), 1);
}

void host_read_meminfo(struct host_reading *r, const char *text, size_t n)
{
    int64_t total = proc_value(text, n, "MemTotal");
    r->memory = used(proc_value(text, n, "MemAvailable"), total);
    r->swap = used(proc_value(text, n, "SwapFree"), proc_value(text, n, "SwapTotal"));
}

static bool real_word(struct proc_text *line, double *value)
{
    struct proc_text word;
    char copy[32];
    if (!proc_word(line, &word) || (size_t)(word.end - word.at) >= sizeof copy)
        return false;
    memcpy(copy, word.at, (size_t)(word.end - word.at));
    copy[word.end - word.at] = 0;
    return num_parse_real(copy, value);
}

void host_read_loadavg(struct host_reading *r, const char *text, size_t n)
{
    struct proc_text all = {text, text + n}, line;
    double v;
    if (proc_line(&all, &line) && real_word(&line, &v) && v >= 0)
        r->load = v;
}

void host_read_pressure(struct host_reading *r, enum host_pressure p, const char *text, size_t n)
{
    struct proc_text all = {text, text + n}, line, word;
    while (proc_line(&all, &line)) {
        if (!proc_word(&line, &word))
            continue;
        int kind = proc_word_is(&word, "some") ? 0 : proc_word_is(&word, "full") ? 1 : -1;
        while (kind >= 0 && proc_word(&line, &word)) {
            static const char TOTAL[] = "total=";
            size_t len = sizeof TOTAL - 1;
            if ((size_t)(word.end - word.at) <= len || memcmp(word.at, TOTAL, len) != 0)
                continue;
            struct proc_text figure = {word.at + len, word.end};
            int64_t v;
            if (proc_number(&figure, &v))
                r->pressure_us[p][kind] = v;
        }
    }
}

/* ---- disks ---- */

bool host_is_whole_disk(const char *name)
{
    static const char *const MADE[] = {"loop", "ram", "zram", "dm-", "md", "sr", "fd", "bcache", "drbd"};
    static const char *const LETTERED[] = {"sd",  "hd",   "vd",
                                           "xvd", "dasd", "ub"}; /* partitions are numbers */
    for (size_t i = 0; i < ARRAY_LEN(MADE); i++)
        if (str_starts(name, MADE[i]))
            return false;
    size_t len = strlen(name);
    bool numbered = len && isdigit((unsigned char)name[len - 1]);
    for (size_t i = 0; i < ARRAY_LEN(LETTERED); i++)
        if (str_starts(name, LETTERED[i]))
            return !numbered;
    const char *p = name + len;
    while (p > name && isdigit((unsigned char)p[-1]))
        p--;
    bool partition = p < name + len && p > name + 1 && p[-1] == 'p' && isdigit((unsigned char)p[-2]);
    return len > 0 && !partition;
}

/* major minor name, then: reads, merged, sectors, ms; writes, merged, sectors, ms; in flight, ms busy, ... */
static bool read_disk(struct proc_text *line, struct proc_text *name, int64_t f[10])
{
    int64_t major, minor;
    if (!proc_number(line, &major) || !proc_number(line, &minor) || !proc_word(line, name))
        return false;
    for (int i = 0; i < 10; i++)
        if (!proc_number(line, &f[i]))
            return false;
    return true;
}

static bool by_name(void *ctx, const char *name)
{
    (void)ctx;
    return host_is_whole_disk(name);
}

void host_read_diskstats(struct host_reading *r, const char *text, size_t n,
                         bool (*whole)(void *ctx, const char *name), void *ctx)
{
    struct proc_text all = {text, text + n}, line, word;
    int64_t f[10];
    while (r->n_disks < HOST_DISKS_MAX && proc_line(&all, &line)) {
        if (!read_disk(&line, &word, f) || (!f[0] && !f[4]))
            continue;
        char *name = arena_strndup(r->arena, word.at, (size_t)(word.end - word.at));
        if ((whole ? whole : by_name)(ctx, name))
            r->disks[r->n_disks++] = (struct host_disk){.name = name,
                                                        .read_bytes = mul_sat(f[2], SECTOR),
                                                        .write_bytes = mul_sat(f[6], SECTOR),
                                                        .busy_ms = f[9]};
    }
}

/* ---- networks ---- */

/* "  eth0: bytes packets errs drop fifo frame compressed multicast bytes ...". */
void host_read_net(struct host_reading *r, const char *text, size_t n)
{
    enum { FIGURES = 9, RECEIVED = 0, TRANSMITTED = 8 };
    struct proc_text all = {text, text + n}, line;
    while (r->n_nets < HOST_NETS_MAX && proc_line(&all, &line)) {
        const char *colon = line.end;
        while (colon > line.at && *--colon != ':')
            ;
        if (colon == line.at)
            continue;
        struct proc_text name = {line.at, colon}, word, figures = {colon + 1, line.end};
        int64_t f[FIGURES];
        int i = 0;
        while (i < FIGURES && proc_number(&figures, &f[i]))
            i++;
        if (i < FIGURES || !proc_word(&name, &word) || proc_word_is(&word, "lo"))
            continue;
        r->nets[r->n_nets++] =
            (struct host_net){.name = arena_strndup(r->arena, word.at, (size_t)(word.end - word.at)),
                              .receive_bytes = f[RECEIVED],
                              .transmit_bytes = f[TRANSMITTED]};
    }
}

void host_add_filesystem(struct host_reading *r, const char *mount, uint64_t blocks, uint64_t free_blocks,
                         uint64_t available)
{
    if (!blocks || free_blocks > blocks || r->n_filesystems == HOST_FILESYSTEMS_MAX)
        return;
    double taken = (double)(blocks - free_blocks), all = taken + (double)MIN(available, free_blocks);
    if (all > 0)
        r->filesystems[r->n_filesystems++] =
            (struct host_filesystem){.mount = arena_strdup(r->arena, mount), .share = taken / all};
}

/* ---- cgroups ---- */

static int64_t value(struct proc_text t, const char *key)
{
    return proc_value(t.at, (size_t)(t.end - t.at), key);
}

static int64_t first(struct proc_text t)
{
    return proc_first(t.at, (size_t)(t.end - t.at));
}

static bool limit_cpu(struct host_cgroup *c, int64_t quota, int64_t period, struct proc_text stat)
{
    if (!sd_known(quota) || !sd_known(period) || quota <= 0 || period <= 0)
        return false;
    c->cpus = (double)quota / (double)period;
    c->periods = value(stat, "nr_periods");
    c->limited = value(stat, "nr_throttled");
    return true;
}

bool host_read_cgroup_cpu(struct host_reading *r, struct proc_text max, struct proc_text stat)
{
    int64_t quota, period, usage = value(stat, "usage_usec");
    struct proc_text line;
    if (!proc_line(&max, &line) || !proc_number(&line, &quota) || !proc_number(&line, &period) ||
        !limit_cpu(&r->cgroup, quota, period, stat))
        return false;
    r->cgroup.usage_ns = sd_known(usage) ? mul_sat(usage, 1000) : SD_UNKNOWN;
    return true;
}

bool host_read_cgroup1_cpu(struct host_reading *r, struct proc_text quota, struct proc_text period,
                           struct proc_text stat, struct proc_text usage)
{
    if (!limit_cpu(&r->cgroup, first(quota), first(period), stat))
        return false;
    r->cgroup.usage_ns = first(usage);
    return true;
}

bool host_read_cgroup_memory(struct host_reading *r, struct proc_text max, struct proc_text current,
                             struct proc_text stat)
{
    static const int64_t NONE = (int64_t)1 << 60; /* version 1 writes no limit as a number of about 2^63 */
    int64_t limit = first(max), used_bytes = first(current), file = value(stat, "total_inactive_file");
    if (!sd_known(file))
        file = value(stat, "inactive_file");
    if (!sd_known(limit) || limit <= 0 || limit >= NONE || !sd_known(used_bytes))
        return false;
    r->cgroup.memory_max_bytes = limit;
    r->cgroup.memory_bytes = MAX(used_bytes - (sd_known(file) ? file : 0), 0);
    return true;
}
