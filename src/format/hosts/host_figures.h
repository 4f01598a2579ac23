/* host_figures.h - two readings of a machine become metrics. Pure. */
#ifndef FORMAT_HOSTS_HOST_FIGURES_H
#define FORMAT_HOSTS_HOST_FIGURES_H

#include "format/hosts/host_reading.h"

/* Adds an SD_METRIC for each figure, with the label host=`host` beside its own:
 *   host.cpu, host.memory, host.swap (shares), host.load (minutes=1)
 *   host.disk.busy (share of the time), host.disk.read_bytes, host.disk.write_bytes (counters; device=)
 *   host.filesystem (share; mount=)
 *   host.net.receive_bytes, host.net.transmit_bytes (counters; interface=)
 *   host.pressure.cpu|memory|io (share of the time; kind=some|full)
 *   cgroup.cpu (of its quota), cgroup.memory (of its limit), cgroup.throttled (share of the periods)
 * Shares of a time are of the time between the readings, so they are absent without `before` (NULL), and when
 * a counter fell, as after a restart. */
void host_figures_add(const struct host_reading *before, const struct host_reading *now, const char *host,
                      const struct sd_host *h, struct sd_batch *b);

/* What the machine does not tell, in words divided by commas: "no swap, no pressure figures"; "" when nothing
 * is missing. */
void host_figures_missing(const struct host_reading *r, struct strbuf *out);

#endif
