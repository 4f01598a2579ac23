/* traffic_paths.h - how often each path was asked for: exactly while they are few, by a fair sample of them
 * when they are more than memory shall hold. Pure; one thread.
 *
 * A path is known by a hash of 64 bits and belongs to a row. When TRAFFIC_PATHS_MAX paths or
 * TRAFFIC_PATH_BYTES_MAX bytes of them are held, the rows with the most halve theirs: only paths stay whose
 * hash has the next bit 0 (adaptive sampling), and those that are at least TRAFFIC_OFTEN of their row's
 * requests. Of a path that stayed all requests are counted. */
#ifndef CORE_LOADS_TRAFFIC_PATHS_H
#define CORE_LOADS_TRAFFIC_PATHS_H

#include "base/base.h"

enum { TRAFFIC_PATHS_MAX = 1 << 20, TRAFFIC_PATH_BYTES_MAX = 128 << 20 };
#define TRAFFIC_OFTEN 1e-3

struct traffic_path {
    uint64_t hash;
    int64_t count;
    const char *text; /* "GET /items/17" */
    uint32_t row, len;
};

struct traffic_paths;
/* The limits are those above, or smaller ones for a test. */
struct traffic_paths *traffic_paths_new(size_t paths_max, size_t bytes_max);
void traffic_paths_free(struct traffic_paths *p); /* NULL is fine */
/* Counts a request: its method and path. `row_count` is how many its row has with it. */
void traffic_paths_count(struct traffic_paths *p, uint32_t row, int64_t row_count, const char *method,
                         size_t method_len, const char *path, size_t len);

/* After the last count: for what follows. */
void traffic_paths_settle(struct traffic_paths *p);
/* How many different paths a row has: counted, or estimated. */
int64_t traffic_paths_of(const struct traffic_paths *p, uint32_t row);
bool traffic_paths_sampled(const struct traffic_paths *p, uint32_t row); /* are not all of them held? */

/* One of the paths that stand for a row. */
struct traffic_pick {
    const struct traffic_path *path;
    int64_t weight; /* the weights of a row add up to `total` */
};
/* At most `most` of a row's paths, with `total` requests shared out among them: each of those asked for most
 * with its own, of the others a sample, drawn by how often they were asked for, with equal shares of the
 * rest. *n is how many, the largest weight first. Caller frees. */
struct traffic_pick *traffic_paths_pick(const struct traffic_paths *p, uint32_t row, int64_t total,
                                        size_t most, size_t *n);

#endif
