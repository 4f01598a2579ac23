/* sampler_off.c - time that threads do not run: from the sample that the kernel takes when a thread stops to
 * the switch that lets it go on. What still waits when a window ends counts in it so far. A thread that waits
 * since before sampling began is not known. */
#include "base/clock.h"
#include "source/perf/sampler.h"

enum { THREADS_MAX = 1 << 16, CHAIN_MAX = 160 };
#define OVER_NS (10 * SD_S) /* how long an ended thread's number is kept: its last stop follows at once */

struct sampler_off {
    uint32_t tid;
    struct ring_record stopped; /* where; its chain is `chain` */
    int64_t since;              /* what is before is counted */
    bool counted;               /* as a sample */
    bool over;                  /* it has ended, and stops once more, for good */
    UT_hash_handle hh;
    unsigned char chain[CHAIN_MAX * 8];
};

/* One that ended stops for the last time. */
static bool is_over(const struct sampler_space *s, uint32_t tid)
{
    return s->ended && (uint32_t)s->pid == tid;
}

static void forget(struct sampler_source *x, struct sampler_off *t)
{
    HASH_DEL(x->off, t);
    free(t);
}

static void count(struct sampler_source *x, struct sampler_off *t, int64_t until)
{
    struct sampler_space *s = sampler_space_of(x, (pid_t)t->stopped.pid);
    if (s && until > t->since)
        sampler_stacks_add(x, s, &t->stopped, !t->counted, (double)(until - t->since));
    t->counted = true;
    t->since = MAX(t->since, until);
}

void sampler_off_stopped(struct sampler_source *x, const struct ring_record *e)
{
    struct sampler_off *t;
    struct sampler_space *s = e->tid && e->tid != UINT32_MAX ? sampler_space_of(x, (pid_t)e->pid) : NULL;
    HASH_FIND(hh, x->off, &e->tid, sizeof e->tid, t);
    if (t && t->over)
        return;
    if (!s || is_over(s, e->tid))
        return;
    if (!t && HASH_COUNT(x->off) >= THREADS_MAX) {
        x->events.lost++;
        return;
    }
    if (!t) {
        t = mem_alloc(sizeof *t);
        t->tid = e->tid;
        HASH_ADD(hh, x->off, tid, sizeof t->tid, t);
    }
    t->stopped = *e;
    t->stopped.n_chain = MIN(e->n_chain, (size_t)CHAIN_MAX);
    memcpy(t->chain, e->chain, t->stopped.n_chain * 8);
    t->stopped.chain = t->chain;
    t->since = e->time;
    t->counted = false;
}

void sampler_off_switched(struct sampler_source *x, const struct ring_record *e)
{
    struct sampler_off *t;
    if (e->misc & PERF_RECORD_MISC_SWITCH_OUT)
        return;
    HASH_FIND(hh, x->off, &e->tid, sizeof e->tid, t);
    if (!t || t->over)
        return;
    count(x, t, e->time);
    forget(x, t);
}

void sampler_off_ended(struct sampler_source *x, const struct ring_record *e)
{
    struct sampler_off *t;
    if (!x->events.off_cpu || !e->tid || e->tid == UINT32_MAX)
        return;
    HASH_FIND(hh, x->off, &e->tid, sizeof e->tid, t);
    if (!t && HASH_COUNT(x->off) < THREADS_MAX) {
        t = mem_alloc(sizeof *t);
        t->tid = e->tid;
        HASH_ADD(hh, x->off, tid, sizeof t->tid, t);
    }
    if (t) {
        t->over = true;
        t->since = e->time;
    }
}

/* Its number may have been another's, which has ended. */
void sampler_off_began(struct sampler_source *x, const struct ring_record *e)
{
    struct sampler_off *t;
    HASH_FIND(hh, x->off, &e->tid, sizeof e->tid, t);
    if (t)
        forget(x, t);
}

void sampler_off_window(struct sampler_source *x, int64_t until)
{
    struct sampler_off *t, *next;
    HASH_ITER(hh, x->off, t, next)
    {
        struct sampler_space *s = t->over ? NULL : sampler_space_of(x, (pid_t)t->stopped.pid);
        if (t->over && until - t->since < OVER_NS)
            continue;
        if (!s || is_over(s, t->tid))
            forget(x, t);
        else
            count(x, t, until);
    }
}

void sampler_off_free(struct sampler_source *x)
{
    struct sampler_off *t, *next;
    HASH_ITER(hh, x->off, t, next)
    forget(x, t);
}
