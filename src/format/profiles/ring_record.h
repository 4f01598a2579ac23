/* ring_record.h - the records that the kernel writes into the rings of perf_event_open(2). Pure; any thread.
 *
 * Of samples those with RING_SAMPLE_TYPE are read; every other record ends in the thread, the time and
 * the processor (`sample_id_all`). A list of addresses is read in place: see ring_record_ip. */
#ifndef FORMAT_PROFILES_RING_RECORD_H
#define FORMAT_PROFILES_RING_RECORD_H

#include <linux/perf_event.h>

#include "base/base.h"

enum {
    RING_SAMPLE_TYPE = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
                       PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN,
};

/* What a sample has besides: `regs`, the mask of user registers, and a copy of the user's stack. 0: neither.
 */
struct ring_layout {
    uint64_t regs;
};

struct ring_record {
    uint32_t type; /* PERF_RECORD_... */
    uint16_t misc;
    uint32_t pid, tid, cpu; /* pid and tid are UINT32_MAX for what is of no process */
    int64_t time;           /* of the clock that was asked for */

    /* PERF_RECORD_SAMPLE */
    uint64_t ip, period;
    const unsigned char *chain; /* ring_record_ip */
    size_t n_chain;
    const unsigned char *regs; /* 8 bytes each, in the order of the mask; NULL: none */
    size_t n_regs;
    const unsigned char *stack; /* from the stack pointer up; NULL: none */
    size_t stack_len;

    /* PERF_RECORD_MMAP, _MMAP2 */
    uint64_t start, len, offset, inode;
    uint32_t major, minor; /* of the file's system; 0 where unknown */
    /* PERF_RECORD_FORK, _EXIT */
    uint32_t parent;
    /* PERF_RECORD_LOST, _LOST_SAMPLES */
    uint64_t lost;
    /* of a mapping its file, of PERF_RECORD_COMM the name; in the record, ends with NUL */
    const char *name;
};

/* The size of the record at `bytes`; 0: it is broken or not whole. */
size_t ring_record_size(const void *bytes, size_t len);
/* False: it is broken. Pointers point into `bytes`. */
bool ring_record_decode(const void *bytes, size_t len, const struct ring_layout *layout,
                        struct ring_record *e);
/* Number i of the chain, the innermost first; values from PERF_CONTEXT_MAX up tell whose the next ones are.
 */
uint64_t ring_record_ip(const struct ring_record *e, size_t i);

#endif
