/* internal.h - shared by the files of rt/; included only there. */
#ifndef RT_INTERNAL_H
#define RT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "rt/rt.h"

/* ---- mailbox: batches from one worker to the main thread. Thread-safe. ---- */
struct mailbox_node;
struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct mailbox_node *first, *last; /* under lock, as all that follows */
    size_t bytes, limit;
    bool closed; /* waiting writers return; further puts are discarded */
};
void mailbox_init(struct mailbox *m, size_t limit);
void mailbox_destroy(struct mailbox *m);
/* Takes over the reference. Returns how many older batches were dropped to make
 * room; with `wait_room` none is, and the call returns when there is room. */
size_t mailbox_put(struct mailbox *m, const struct sd_batch *b, bool wait_room);
const struct sd_batch *mailbox_take(struct mailbox *m);         /* caller unrefs; NULL when empty */
bool mailbox_fits(struct mailbox *m, const struct sd_batch *b); /* mailbox_put would neither drop nor wait */
bool mailbox_is_empty(struct mailbox *m);
void mailbox_close(struct mailbox *m);

/* ---- one instance ---- */
struct request {
    struct request *next;
    uint64_t number;
    struct sd_request *r; /* owned, with its arguments */
};

/* Counters are published at most this often when nothing but counters changed. */
#define STATUS_REFRESH (5 * SD_S)

struct rt_source {
    struct sd_source pub; /* first: the host functions get a pointer to it */

    /* Constant after rt_start. */
    struct rt *rt;
    const struct sd_source_ops *ops;
    char *name, *target, *shown_target;
    void *opts;
    int64_t interval;
    int wake_fd; /* eventfd: stop asked, or a request queued */

    atomic_int refs; /* main thread, worker, interrupter */
    atomic_bool stop;
    atomic_bool heard;     /* what it still hands out while it stops is taken (rt_end) */
    atomic_bool withdrawn; /* the request being served; changes under lock */
    struct mailbox box;

    /* Held over every call of ops->interrupt, and whenever `inside` changes: so
     * interrupt never meets a source before open or after close. */
    pthread_mutex_t life;
    bool inside;

    /* Under rt->lock. */
    bool worker_done, interrupter_done;
    char *other; /* kind that takes its place: SD_OTHER */

    /* Main thread only. */
    struct rt_source *next;
    pthread_t worker, interrupter;
    bool has_interrupter;
    bool took_over; /* it has taken the place of another */

    /* Under lock. */
    pthread_mutex_t lock;
    enum sd_state state;
    char text[512];
    struct sd_status counts; /* the numbers of it; state and texts are above */
    int64_t quiet_since;     /* monotonic; last batch, or since when it is open */
    int64_t published_at;    /* monotonic; last status handed out */
    bool dirty;              /* a status is to be handed out */
    bool counts_changed;     /* since the last status */
    struct request *requests;
    size_t n_requests;
    bool serving; /* a request */

    /* Worker only. */
    bool in_run;
    uint64_t number; /* of the request that is served; 0: none */
    bool progress;   /* it worked since the last open: back-off starts over */
    uint64_t random;
};

struct rt {
    struct rt_limits limits;
    atomic_int refs; /* main thread and every instance */
    char host[256];  /* this machine's name; "": not known. Constant */

    int poll_fd; /* epoll over the next two */
    int event_fd;
    int timer_fd;          /* the earliest moment a source turns stale */
    atomic_bool signalled; /* event_fd is (about to be) readable */

    pthread_mutex_t lock; /* over the *_done flags */
    pthread_cond_t ended;

    uint64_t requests;                /* main thread only: how many there have been */
    struct rt_source *sources, *turn; /* main thread only; `turn` is served first */
};

void source_unref(struct rt_source *s);

/* ---- worker.c ---- */
void request_free(struct request *q);
void *worker_main(void *source);
void *worker_interrupter(void *source);

/* ---- status.c ---- */
/* Sets the state and its sentence; `text` NULL keeps it. Worker only. */
void status_set(struct rt_source *s, enum sd_state state, const char *text, sd_time next_at);
/* Counters changed: hands them out when the last status is old enough. Worker only. */
void status_count(struct rt_source *s);
/* Main thread, because the worker may hang: turns a quiet source stale; returns the
 * monotonic time to look again, INT64_MAX when there is none. */
int64_t status_check_stale(struct rt_source *s, int64_t now);
/* The status as a batch when there is news, otherwise NULL. The end of a source is
 * kept back until it is `drained`: it comes after its last data. Main thread. */
struct sd_batch *status_batch(struct rt_source *s, bool drained);

#endif
