/* host_use.h - how busy machines were in a window of time, by the metrics that the source host gives
 * (host.cpu and its like, format/hosts/host_figures.h). Pure; main thread, as the model. */
#ifndef CORE_INSIGHT_HOST_USE_H
#define CORE_INSIGHT_HOST_USE_H

#include "core/model/model.h"

enum { HOST_USES_MAX = 64, HOST_NAME_BYTES = 256, HOST_PARTS_MAX = 512 };

/* X(UPPER, key, metric, label of its parts, how several parts are one figure): shares are means of the
 * samples of the window, rates the growth of counters over it. */
#define HOST_FIGURES(X)                                                                                      \
    X(CPU, cpu_share, "host.cpu", NULL, ONE)                                                                 \
    X(MEMORY, memory_share, "host.memory", NULL, ONE)                                                        \
    X(SWAP, swap_share, "host.swap", NULL, ONE)                                                              \
    X(FILESYSTEM, filesystem_share, "host.filesystem", "mount", LARGEST)                                     \
    X(DISK_BUSY, disk_busy_share, "host.disk.busy", "device", LARGEST)                                       \
    X(DISK_READ, disk_read_bytes_per_s, "host.disk.read_bytes", "device", SUM)                               \
    X(DISK_WRITE, disk_write_bytes_per_s, "host.disk.write_bytes", "device", SUM)                            \
    X(NET_RECEIVE, net_receive_bytes_per_s, "host.net.receive_bytes", "interface", SUM)                      \
    X(NET_TRANSMIT, net_transmit_bytes_per_s, "host.net.transmit_bytes", "interface", SUM)                   \
    X(PRESSURE_CPU, pressure_cpu_share, "host.pressure.cpu", NULL, SOME)                                     \
    X(PRESSURE_MEMORY, pressure_memory_share, "host.pressure.memory", NULL, SOME)                            \
    X(PRESSURE_IO, pressure_io_share, "host.pressure.io", NULL, SOME)                                        \
    X(CGROUP_CPU, cgroup_cpu_share, "cgroup.cpu", NULL, ONE)                                                 \
    X(CGROUP_MEMORY, cgroup_memory_share, "cgroup.memory", NULL, ONE)                                        \
    X(CGROUP_THROTTLED, cgroup_throttled_share, "cgroup.throttled", NULL, ONE)
enum host_figure {
#define HOST_FIGURE_ENUM(UPPER, key, metric, part, how) HOST_##UPPER,
    HOST_FIGURES(HOST_FIGURE_ENUM)
#undef HOST_FIGURE_ENUM
        HOST_FIGURES_N
};

struct host_use {
    char host[HOST_NAME_BYTES];     /* of the label; without one the source's name */
    double figures[HOST_FIGURES_N]; /* NAN: unknown, or the machine has no such thing */
    char fullest[HOST_NAME_BYTES];  /* the mount of FILESYSTEM */
    char busiest[HOST_NAME_BYTES];  /* the device of DISK_BUSY */
    size_t samples;                 /* of its processors, in the window */
};
/* Machines with any figure in the window, by name; count, at most max. `only`: that one alone; NULL: all. */
size_t host_uses(const struct model *m, struct span window, const char *only, struct host_use *out,
                 size_t max);

/* Share of the processors in use in n equal steps of the window, a mean of the machines' means; NAN where
 * there is no sample. `only` as above. */
void host_cpu_series(const struct model *m, const char *only, struct span window, size_t n, double *out);

/* A mount, disk or network interface of a machine. */
enum host_part_kind { HOST_PART_FILESYSTEM, HOST_PART_DISK, HOST_PART_NETWORK };
struct host_part {
    char host[HOST_NAME_BYTES], name[HOST_NAME_BYTES];
    enum host_part_kind kind;
    double share;   /* of a filesystem in use, of the time a disk was busy; NAN */
    double in, out; /* bytes per second read or received, written or sent; NAN */
};
/* Those with a figure in the window, by machine and kind, the fullest or busiest first; at most max. */
size_t host_parts(const struct model *m, struct span window, const char *only, struct host_part *out,
                  size_t max);

#endif
