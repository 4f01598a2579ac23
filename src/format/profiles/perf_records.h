/* perf_records.h - the records of a recording of perf, in the order of time. Pure; one thread. */
#ifndef FORMAT_PROFILES_PERF_RECORDS_H
#define FORMAT_PROFILES_PERF_RECORDS_H

#include "format/profiles/perf_data_event.h"

enum {
    PERF_MMAP = 1,
    PERF_LOST = 2,
    PERF_COMM = 3,
    PERF_EXIT = 4,
    PERF_FORK = 7,
    PERF_SAMPLE = 9,
    PERF_MMAP2 = 10,
    PERF_LOST_SAMPLES = 13,
};

struct perf_record {
    uint32_t type;
    unsigned misc;
    struct perf_bytes body;
};

struct perf_place {
    uint64_t time;
    uint32_t at;
};

struct perf_file_parts {
    unsigned char *unpacked; /* its records when some were compressed; NULL */
    struct perf_bytes data;
    struct perf_place *records; /* those that are read here */
    size_t n_records, cap_records;
    struct perf_bytes *build_ids; /* lists of build ids */
    size_t n_build_ids, cap_build_ids;
};

/* Finds the events and records of a file. NULL, or what is wrong with it. */
const char *perf_records_find(struct perf_file_parts *parts, struct perf_events *events, const void *bytes,
                              size_t len);
void perf_records_sort(struct perf_file_parts *parts, const struct perf_events *events);
/* False: it does not fit. */
bool perf_record_at(const struct perf_file_parts *parts, size_t i, struct perf_record *r);
void perf_records_free(struct perf_file_parts *parts);

#endif
