/* perf_data_event.h - the events of a recording of perf, and what a record of one holds: the layout of its
 * fields depends on the event (perf_event_open(2)). Pure; one thread. */
#ifndef FORMAT_PROFILES_PERF_DATA_EVENT_H
#define FORMAT_PROFILES_PERF_DATA_EVENT_H

#include "core/profiles/profile.h"
#include "format/profiles/profile_tree.h"

enum { PERF_EVENTS_MAX = 64 };

struct perf_bytes {
    const unsigned char *at, *end;
};

static inline size_t perf_left(struct perf_bytes b)
{
    return (size_t)(b.end - b.at);
}

/* The next number, of this machine's byte order; 0 behind the end, where `at` stays at it. */
uint64_t perf_u64(struct perf_bytes *b);
uint32_t perf_u32(struct perf_bytes *b);

struct perf_data_event {
    uint64_t type, config, sample_type, read_format, period;
    bool freq, sample_id_all;
    char name[96];
    size_t sample;      /* number of its sample type */
    double scale;       /* of its periods; 0: they are all 1 */
    bool stacks_copied; /* its user stacks are copies of memory, to be unwound with DWARF */
};

struct perf_events {
    struct perf_data_event items[PERF_EVENTS_MAX];
    size_t n;
    struct profile_tree ids; /* as a table: the event in `function` */
    bool mixed;              /* not all have the same fields */
};

/* A perf_event_attr. NULL: there are too many, or it is cut. */
struct perf_data_event *perf_event_add(struct perf_events *e, struct perf_bytes attr);
/* The ids of the last one that was added. */
void perf_event_ids(struct perf_events *e, struct perf_bytes ids);
/* Gives all of them their sample types: those of one name are one. */
void perf_events_name(struct perf_events *e, struct profile *p);

struct perf_sample {
    const struct perf_data_event *event;
    uint64_t ip, time, period;
    int32_t pid, tid;
    struct perf_bytes chain; /* of u64, innermost first, with the contexts between them */
};

/* False: it is of no event that is known, or cut. */
bool perf_sample_read(const struct perf_events *e, struct perf_bytes body, struct perf_sample *s);
/* The time at the end of a record that is no sample; UINT64_MAX: unknown. */
uint64_t perf_time_at_end(const struct perf_events *e, struct perf_bytes body);

#endif
