/* rt_watch.h - a runtime under test: drains it, remembers what came, counts what
 * a process holds. */
#ifndef TESTS_LIB_RT_WATCH_H
#define TESTS_LIB_RT_WATCH_H

#include "rt/rt.h"

struct rt_watch {
    struct rt *rt;
    struct sd_status status; /* the newest; its text points into `text` */
    char text[512];
    size_t statuses;
    unsigned seen; /* bit (1u << state) for every state seen */
    size_t records[SD_KIND_END];
    size_t batches;
    char failed[512];        /* of the last SD_PLAN or SD_FAILURE */
    struct sd_intake intake; /* the newest; texts cleared */
    void (*on_batch)(void *ctx, const struct sd_batch *b);
    void *ctx;
};

/* Drains until `done` is true (NULL: until every source has ended) or `deadline_ns`
 * from now has passed; false then. Sleeps in poll on rt_fd only. */
bool rt_watch_until(struct rt_watch *w, bool (*done)(const struct rt_watch *w), int64_t deadline_ns);

size_t process_threads(void);
size_t process_fds(void);
/* Waits until both counts are not above these: exit of a thread is seen late. */
bool process_back_to(size_t threads, size_t fds, int64_t deadline_ns);

#endif
