/* rt.h - the runtime of sources: one worker thread per instance, one mailbox to
 * the main thread.
 *
 * Main thread only, except rt_wake. Nothing here blocks: a source that hangs,
 * floods or crashes its connection costs the caller nothing. */
#ifndef RT_RT_H
#define RT_RT_H

#include "core/batch.h"

struct rt;
struct rt_source;

struct rt_limits {
    size_t mailbox_bytes;   /* per source, unread; beyond: the oldest batch is dropped and counted */
    int64_t backoff_min_ns; /* 0: the source's interval, at least 250 ms */
    int64_t backoff_max_ns; /* so that a restarted server is seen within 3 s: 2 s */
    int64_t stale_after_ns; /* no batch for so long (and 3 intervals): stale */
    sd_time (*now)(void);   /* wall clock; tests inject */
    int64_t watch_ns;       /* how long sources that follow are watched; 0: without an end */
    sd_kinds unread;        /* nobody takes these records: sources need not make them */
    sd_kinds totals;        /* of these records nothing but the sum of all is asked */
};
extern const struct rt_limits RT_DEFAULTS;

/* The functions sources get. Without an instance (decode in a test) only `add`,
 * `discard` may be called. */
extern const struct sd_host RT_HOST;

struct rt *rt_new(const struct rt_limits *limits);
/* Sets `totals` of its limits; before the first source starts. */
void rt_totals(struct rt *rt, sd_kinds kinds);
/* Cancels, interrupts, waits at most `timeout_ns` for the workers; a worker that
 * does not end is left behind (its memory too). Returns how many were. */
size_t rt_free(struct rt *rt, int64_t timeout_ns);

/* Starts an instance: takes ownership of `opts` (made by options_new for
 * ops->options), also on failure. `name` must be unique among those that run; one
 * that has ended is replaced. Never blocks. An option "interval" of type duration
 * takes the place of ops->interval_ns. With follow false nothing is tried again:
 * SD_RETRY, too, ends in state failed. */
struct rt_source *rt_start(struct rt *rt, const struct sd_source_ops *ops, const char *name,
                           const char *target, void *opts, bool follow, struct sd_error *err);
void rt_stop_source(struct rt *rt, const char *name); /* asks; the worker ends by itself */
/* Asks all to end. What they hand out until then is still drained: a source that keeps how far it has read
 * has kept what is behind that, too. Then rt_finished. */
void rt_end(struct rt *rt);

int rt_fd(const struct rt *rt); /* readable when rt_drain has something; for poll */
void rt_wake(struct rt *rt);    /* any thread, async-signal-safe: makes rt_fd readable */
/* Gives waiting batches to `sink`, fairly among the sources, until none is left or
 * `budget_ns` of time has passed; returns how many. Status changes of sources come
 * as batches with an SD_STATUS record. */
size_t rt_drain(struct rt *rt, int64_t budget_ns, void (*sink)(void *ctx, const struct sd_batch *b),
                void *ctx);
/* True when every source has ended or failed and nothing is unread. */
bool rt_finished(const struct rt *rt);

/* Queues a job for a source; the answer comes as a batch of its that bears the number
 * returned (batch_answer): the job's record, or an SD_FAILURE. While an equal request
 * waits, its number is returned. 0: no such source, or it takes no requests (a sentence
 * says so). */
uint64_t rt_request(struct rt *rt, const char *origin, const struct sd_request *req, struct sd_error *err);
/* What was asked of a source and has not been answered is not wanted any more: what
 * waits is dropped, what is being served sees sd_host.withdrawn and ends soon. The
 * reply of that one still comes. */
void rt_withdraw(struct rt *rt, const char *origin);

/* ---- back-off, pure; exposed for its tests ---- */
/* The n-th wait (n >= 1): min * 2^(n-1), at most max, times 0.9..1.1 by `random` 0..1. */
int64_t rt_backoff(int64_t min_ns, int64_t max_ns, unsigned n, double random);

#endif
