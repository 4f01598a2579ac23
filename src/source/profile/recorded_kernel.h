/* recorded_kernel.h - is the kernel of a recording the one that runs, and where are its functions now? One
 * thread. */
#ifndef SOURCE_PROFILE_RECORDED_KERNEL_H
#define SOURCE_PROFILE_RECORDED_KERNEL_H

#include "format/profiles/perf_data.h"
#include "source/shared/symbols.h"

/* Is that file of the recording the running kernel, or a module of it that is loaded? */
bool recorded_kernel_is_running(const struct perf_data_place *at);
/* The address where the place is now: the kernel lies elsewhere after each start. False: unknown. */
bool recorded_kernel_address(struct symbols *x, const struct perf_data_place *at, uint64_t *address);
/* Is the module that an address is in, as symbol_kernel_at gives it, the one of the place? */
bool recorded_kernel_module(const struct perf_data_place *at, const char *module);

#endif
