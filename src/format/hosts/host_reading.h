/* host_reading.h - what /proc and /sys say of a machine at one moment. Each reader takes the bytes of one
 * file and fills its part; a file that is missing, empty or of another form leaves it unknown. Sizes are
 * bounded: what is beyond is left out. Pure; one thread for each reading. The forms are those of Linux,
 * Documentation/filesystems/proc.rst, admin-guide/iostats.rst, accounting/psi.rst, admin-guide/cgroup-v2.rst
 * and cgroup-v1/. */
#ifndef FORMAT_HOSTS_HOST_READING_H
#define FORMAT_HOSTS_HOST_READING_H

#include "format/hosts/proc_text.h"

enum { HOST_DISKS_MAX = 256, HOST_NETS_MAX = 256, HOST_FILESYSTEMS_MAX = 128 };

enum host_pressure { HOST_PRESSURE_CPU, HOST_PRESSURE_MEMORY, HOST_PRESSURE_IO, HOST_PRESSURES };
extern const char *const HOST_PRESSURE_NAMES[HOST_PRESSURES]; /* "cpu", "memory", "io": the files' names */

struct host_disk {
    const char *name; /* "sda" */
    int64_t busy_ms;  /* counters since the machine started */
    int64_t read_bytes, write_bytes;
};
struct host_net {
    const char *name; /* "eth0" */
    int64_t receive_bytes, transmit_bytes;
};
struct host_filesystem {
    const char *mount;
    double share; /* used, 0..1, of what all users may use: as df says it */
};
/* The limits of the cgroup that the program runs in. */
struct host_cgroup {
    double cpus;              /* processors of its quota; NAN: it has none */
    int64_t usage_ns;         /* processor time used; SD_UNKNOWN */
    int64_t periods, limited; /* periods of the quota, and those in which it was used up; SD_UNKNOWN */
    int64_t memory_bytes;     /* in use, without file pages that can be dropped at once; SD_UNKNOWN */
    int64_t memory_max_bytes; /* SD_UNKNOWN: no limit */
};

struct host_reading {
    struct arena *arena;         /* of the texts */
    int64_t at;                  /* ns of a clock that only goes forward */
    int64_t cpu_busy, cpu_total; /* ticks of all processors; SD_UNKNOWN. Busy: not idle, waiting for I/O or
                                    taken by the hypervisor */
    double memory, swap;         /* shares in use; NAN: unknown, or there is none */
    double load;                 /* mean of one minute */
    int64_t pressure_us[HOST_PRESSURES][2]; /* time that some, and all, waited; SD_UNKNOWN */
    struct host_disk *disks;
    size_t n_disks;
    struct host_net *nets;
    size_t n_nets;
    struct host_filesystem *filesystems;
    size_t n_filesystems;
    struct host_cgroup cgroup;
};

struct host_reading *host_reading_new(int64_t at); /* all unknown */
void host_reading_free(struct host_reading *r);    /* NULL is fine */

void host_read_stat(struct host_reading *r, const char *text, size_t n);    /* /proc/stat */
void host_read_meminfo(struct host_reading *r, const char *text, size_t n); /* /proc/meminfo */
void host_read_loadavg(struct host_reading *r, const char *text, size_t n); /* /proc/loadavg */
void host_read_pressure(struct host_reading *r, enum host_pressure p, const char *text,
                        size_t n); /* /proc/pressure/NAME */
/* /proc/diskstats. `whole` says whether a name is a whole device that nothing below it counts as well; NULL:
 * by its name. Devices that were never used are left out. */
void host_read_diskstats(struct host_reading *r, const char *text, size_t n,
                         bool (*whole)(void *ctx, const char *name), void *ctx);
/* By its name alone: no partition (sda1, nvme0n1p1, mmcblk0p1), no device made of others (dm-0, md0) or of
 * memory or files (loop0, ram0, zram0), no drive for discs (sr0, fd0). */
bool host_is_whole_disk(const char *name);
void host_read_net(struct host_reading *r, const char *text, size_t n); /* /proc/net/dev, without lo */
/* Blocks as statvfs gives them: all, free, and free for all users. None: left out. */
void host_add_filesystem(struct host_reading *r, const char *mount, uint64_t blocks, uint64_t free_blocks,
                         uint64_t available);

/* ---- limits of a cgroup; a text that is not there is empty ---- */
/* Version 2: cpu.max ("200000 100000", quota and period in us) and cpu.stat. False: no limit. */
bool host_read_cgroup_cpu(struct host_reading *r, struct proc_text max, struct proc_text stat);
/* Version 1: cpu.cfs_quota_us (-1: none), cpu.cfs_period_us, cpu.stat, and cpuacct.usage in ns. */
bool host_read_cgroup1_cpu(struct host_reading *r, struct proc_text quota, struct proc_text period,
                           struct proc_text stat, struct proc_text usage);
/* memory.max, memory.current and memory.stat; of version 1 memory.limit_in_bytes, memory.usage_in_bytes and
 * memory.stat. File pages that were not used lately can be dropped at once and are not counted as used. */
bool host_read_cgroup_memory(struct host_reading *r, struct proc_text max, struct proc_text current,
                             struct proc_text stat);

#endif
