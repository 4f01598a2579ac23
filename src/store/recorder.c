/* recorder.c - the thread that gathers and puts. */
#include "store/recorder.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/redact.h"
#include "base/thread.h"
#include "store/gather.h"
#include "store/spool.h"

enum { QUEUE_MAX = 16384, SENT_AT_ONCE = 64 };
#define QUEUE_BYTES ((size_t)32 << 20)
#define WAKE_BYTES  ((size_t)4 << 20)
#define BEHIND_NS   (900 * SD_MS) /* a put comes so long after a step has ended: its last records are there */
#define SOON_NS     (1 * SD_S)    /* from put to put in the first 10 s */
#define RETRY_MIN   (1 * SD_S)
#define RETRY_MAX   (30 * SD_S)
#define OPEN_MAX    (15 * SD_S) /* an engine that does not answer when it is opened is tried again */
#define SLEPT_NS    (5 * SD_S)  /* so much more of time than of the monotonic clock: the machine slept */
#define PATIENCE_NS (5 * SD_S)  /* so long who does not wait waits for room, once: a put takes a moment */

struct history_recorder {
    struct history_recorder_options o; /* texts are copies */
    char *url, *host, *version, *spool_path, run_id[64];
    struct history_tiers tiers;
    pthread_t thread;

    /* the thread's */
    struct gather *gather;
    struct spool *spool;
    struct store_run run;
    int64_t retry_at, retry_ns; /* of the store, by the monotonic clock; retry_at 0: it is well */
    sd_time cut_at;             /* of the last cut */
    int64_t cut_mono;

    atomic_bool stop;
    atomic_bool given_up;       /* the end waits no longer for the store: the spool takes the rest */
    _Atomic int64_t open_until; /* by the monotonic clock; INT64_MAX: it is open, or nobody opens it */
    pthread_mutex_t lock;       /* guards all below */
    pthread_cond_t changed;
    struct store *store; /* the thread's, which alone changes this; NULL: not open */
    const struct sd_batch *queue[QUEUE_MAX];
    size_t n, bytes;
    int64_t dropped; /* records that found no room */
    bool opened;     /* the first try to open it is over */
    bool hurry, busy, done;
    bool lags; /* there was no room for PATIENCE_NS, and has not been since */
    struct history_recorder_stats stats;
};

static struct timespec until(int64_t mono)
{
    return (struct timespec){.tv_sec = (time_t)(mono / SD_S), .tv_nsec = (long)(mono % SD_S)};
}

static bool asked_to_stop(void *ctx)
{
    return atomic_load(&((struct history_recorder *)ctx)->stop);
}

/* ---- delivery: on the thread ---- */

static void say(struct history_recorder *r, char *where, const char *text)
{
    pthread_mutex_lock(&r->lock);
    snprintf(where, sizeof r->stats.error, "%.255s", text);
    pthread_mutex_unlock(&r->lock);
}

/* It is tried again later, less and less often. */
static void put_off(struct history_recorder *r, const struct sd_error *why)
{
    r->retry_ns = r->retry_ns ? MIN(2 * r->retry_ns, RETRY_MAX) : RETRY_MIN;
    r->retry_at = clock_mono() + r->retry_ns;
    say(r, r->stats.trouble, why->text);
}

static void is_well(struct history_recorder *r)
{
    r->retry_at = r->retry_ns = 0;
    pthread_mutex_lock(&r->lock);
    r->stats.trouble[0] = 0;
    r->stats.put_at = clock_wall();
    pthread_mutex_unlock(&r->lock);
}

static bool waits_no_longer(void *ctx)
{
    struct history_recorder *r = ctx;
    return atomic_load(&r->given_up) || clock_mono() > atomic_load(&r->open_until);
}

static enum sd_result open_store(struct history_recorder *r, struct sd_error *err)
{
    struct store_options o = r->o.store;
    if (r->store)
        return SD_OK;
    struct store *store;
    o.write = true;
    o.stop = waits_no_longer; /* not asked_to_stop: what was taken is to be put also when it is to end */
    o.stop_ctx = r;
    atomic_store(&r->open_until, clock_mono() + OPEN_MAX);
    enum sd_result result = store_open(r->url, &o, &store, err);
    if (result == SD_RETRY && waits_no_longer(r)) {
        char *shown = redact(r->url);
        sd_fail(err, SD_RETRY, "%.200s does not answer", shown);
        free(shown);
    }
    atomic_store(&r->open_until, INT64_MAX);
    pthread_mutex_lock(&r->lock);
    r->store = result == SD_OK ? store : NULL;
    pthread_mutex_unlock(&r->lock);
    return result;
}

static void close_store(struct history_recorder *r)
{
    pthread_mutex_lock(&r->lock);
    struct store *store = r->store;
    r->store = NULL;
    pthread_mutex_unlock(&r->lock);
    store_close(store);
}

/* A put to the store. SD_RETRY: it is put off; so it is when the store refuses it and a spool can keep it
 * until somebody has changed that: a password, say, which is read anew. */
static enum sd_result send(struct history_recorder *r, const struct store_run *run,
                           const struct store_put *put, struct sd_error *err)
{
    if (r->retry_at && clock_mono() < r->retry_at && !asked_to_stop(r))
        return SD_RETRY;
    enum sd_result result = open_store(r, err);
    if (result == SD_OK)
        result = store_put(r->store, run, put, err);
    if (result == SD_CONFIG && r->spool) {
        close_store(r);
        result = SD_RETRY;
    }
    if (result == SD_RETRY)
        put_off(r, err);
    else if (result == SD_OK)
        is_well(r);
    return result;
}

/* What waits in the spool goes first. SD_OK: it is empty. */
static enum sd_result send_spooled(struct history_recorder *r, struct sd_error *err)
{
    struct store_run run;
    struct store_put put;
    int64_t lost = 0;
    enum sd_result result = SD_OK;
    for (int i = 0; i < SENT_AT_ONCE && result == SD_OK; i++) {
        result = spool_first(r->spool, &run, &put, &lost, err);
        gather_lost(r->gather, lost);
        if (result == SD_NODATA)
            return SD_OK;
        if (result == SD_OK)
            result = send(r, &run, &put, err);
        if (result == SD_OK)
            result = spool_done(r->spool, err);
    }
    return result == SD_OK ? SD_RETRY : result;
}

/* Into the store, else into the spool; with places first into the spool, from which it is then sent, so that
 * both are kept at once. */
static enum sd_result deliver(struct history_recorder *r, const struct store_put *put, bool direct,
                              struct sd_error *err)
{
    int64_t lost = 0;
    bool first = direct && r->spool && (put->n_places || spool_len(r->spool)); /* runs put in order */
    if (first && spool_put(r->spool, &r->run, put, &lost, err) == SD_OK) {
        gather_lost(r->gather, lost);
        return SD_OK;
    }
    enum sd_result result = direct ? send(r, &r->run, put, err) : SD_RETRY;
    if (result != SD_RETRY || !r->spool)
        return result;
    result = spool_put(r->spool, &r->run, put, &lost, err);
    gather_lost(r->gather, lost);
    if (result == SD_RETRY)
        say(r, r->stats.trouble, err->text);
    return result;
}

/* False: the recorder is over. */
static bool deliver_all(struct history_recorder *r)
{
    struct sd_error err = {""};
    const struct store_put *put;
    uint64_t delivered = 0;
    enum sd_result result = r->spool ? send_spooled(r, &err) : SD_OK;
    bool direct = result == SD_OK;
    while (result != SD_CONFIG && (put = gather_first(r->gather))) {
        result = deliver(r, put, direct, &err);
        direct = direct && !r->retry_at;
        if (result != SD_OK)
            break;
        gather_done(r->gather);
        delivered++;
    }
    if (direct && result == SD_OK && r->spool)
        result = send_spooled(r, &err);
    size_t spooled = r->spool ? spool_len(r->spool) : 0;
    struct gather_stats g = gather_stats(r->gather);
    pthread_mutex_lock(&r->lock);
    r->stats.puts += delivered;
    r->stats.records = g.records;
    r->stats.too_old = g.too_old;
    r->stats.lost = g.lost;
    r->stats.waiting = g.waiting;
    r->stats.bytes = g.bytes;
    r->stats.spooled = spooled;
    pthread_mutex_unlock(&r->lock);
    if (result == SD_CONFIG)
        say(r, r->stats.error, err.text);
    if (r->retry_at && clock_mono() >= r->retry_at) /* there was nothing to try it with */
        r->retry_at = clock_mono() + r->retry_ns;
    return result != SD_CONFIG;
}

/* ---- the thread ---- */

static void cut(struct history_recorder *r)
{
    sd_time now = clock_wall();
    int64_t mono = clock_mono(), ran = mono - r->cut_mono;
    bool slept = sub_sat(now, r->cut_at) > ran + SLEPT_NS;
    gather_cut(r->gather, slept ? now - ran : SD_UNKNOWN, now);
    r->cut_at = now;
    r->cut_mono = mono;
}

/* When the put after now is due, by the monotonic clock. At first soon: what a log has gained while nobody
 * read it may be much older than 10 s, and would be lost with a recorder that is killed before its first put.
 */
static int64_t next_cut(int64_t began)
{
    sd_time now = clock_wall();
    int64_t mono = clock_mono(), left = HISTORY_PUT_NS - (now - BEHIND_NS) % HISTORY_PUT_NS;
    return mono + (mono - began < HISTORY_PUT_NS ? MIN(left, SOON_NS) : left);
}

/* What fills a put is delivered before more is taken: a backlog may be larger than what may wait. False: the
 * recorder is over. */
static bool take(struct history_recorder *r, const struct sd_batch **batches, size_t n)
{
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        const struct sd_batch *b = batches[i];
        if (r->o.conceal) {
            b = r->o.conceal(r->o.conceal_ctx, batches[i]);
            batch_unref(batches[i]);
        }
        gather_take(r->gather, b, clock_wall());
        batch_unref(b);
        if (ok && gather_full(r->gather)) {
            cut(r);
            ok = deliver_all(r);
        }
    }
    return ok;
}

/* Opens the store, or the spool in its place. False: it is over. */
static bool begin(struct history_recorder *r)
{
    struct sd_error err = {""};
    enum sd_result result = open_store(r, &err);
    if (result == SD_RETRY)
        put_off(r, &err);
    if ((result == SD_OK || result == SD_RETRY) && r->spool_path) {
        r->spool = spool_open(r->spool_path, r->o.spool_bytes, &err);
        result = r->spool ? SD_OK : SD_CONFIG;
    }
    bool ok = result == SD_OK || result == SD_RETRY;
    if (!ok)
        say(r, r->stats.error, err.text);
    pthread_mutex_lock(&r->lock);
    r->opened = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return ok;
}

/* Until something is to be done. With the lock. */
static void rest(struct history_recorder *r, int64_t cut_mono)
{
    while (!asked_to_stop(r) && !r->hurry && r->n < QUEUE_MAX / 2 && r->bytes < WAKE_BYTES) {
        int64_t wake = r->retry_at && r->retry_at < cut_mono ? r->retry_at : cut_mono;
        struct timespec t = until(wake);
        if (pthread_cond_timedwait(&r->changed, &r->lock, &t) == ETIMEDOUT)
            break;
    }
}

static void *record_loop(void *arg)
{
    struct history_recorder *r = arg;
    const struct sd_batch **taken = mem_array(QUEUE_MAX, sizeof *taken);
    bool ok = begin(r);
    int64_t began = clock_mono(), due = next_cut(began);
    pthread_mutex_lock(&r->lock);
    for (bool last = false; !last && ok;) {
        rest(r, due);
        size_t n = r->n;
        memcpy(taken, r->queue, n * sizeof *taken);
        int64_t dropped = r->dropped;
        last = asked_to_stop(r);
        bool put = last || r->hurry || clock_mono() >= due;
        r->n = r->bytes = 0;
        r->dropped = 0;
        r->busy = true;
        pthread_cond_broadcast(&r->changed); /* there is room */
        pthread_mutex_unlock(&r->lock);
        gather_lost(r->gather, dropped);
        ok = take(r, taken, n);
        if (put) {
            cut(r);
            due = next_cut(began);
        }
        ok = ok && deliver_all(r);
        pthread_mutex_lock(&r->lock);
        if (put && !r->n)
            r->hurry = false;
        r->busy = false;
        pthread_cond_broadcast(&r->changed);
    }
    struct store *store = r->store;
    r->store = NULL;
    pthread_mutex_unlock(&r->lock);
    store_close(store);
    spool_close(r->spool);
    pthread_mutex_lock(&r->lock);
    r->done = true;
    for (size_t i = 0; i < r->n; i++)
        batch_unref(r->queue[i]);
    r->n = 0;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    free(taken);
    return NULL;
}

/* ---- from outside ---- */

static void release(struct history_recorder *r)
{
    gather_free(r->gather);
    if (r->o.conceal_free)
        r->o.conceal_free(r->o.conceal_ctx);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r->url);
    free(r->host);
    free(r->version);
    free(r->spool_path);
    free(r);
}

/* A run is new each time: chance makes it unique, the moment readable. */
static void name_run(struct history_recorder *r, sd_time now)
{
    uint64_t chance = 0;
    if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
        chance = (uint64_t)now ^ ((uint64_t)getpid() << 40);
    snprintf(r->run_id, sizeof r->run_id, "%lld-%016llx", (long long)(now / SD_S),
             (unsigned long long)chance);
}

static struct history_recorder *new_recorder(const struct history_recorder_options *o)
{
    struct history_recorder *r = mem_alloc(sizeof *r);
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    sd_time now = clock_wall();
    r->o = *o;
    r->url = mem_strdup(o->url);
    r->host = mem_strdup(o->host ? o->host : host);
    r->version = mem_strdup(o->version ? o->version : "");
    r->spool_path = mem_strdup(o->spool);
    r->tiers = o->store.tiers.n ? o->store.tiers : HISTORY_TIERS_DEFAULT;
    r->gather = gather_new(&(struct gather_options){.tiers = r->tiers, .host = r->host}, now);
    r->cut_at = now;
    r->cut_mono = clock_mono();
    name_run(r, now);
    r->run = (struct store_run){.id = r->run_id, .host = r->host, .version = r->version, .began = now};
    r->stats.put_at = SD_UNKNOWN;
    atomic_store(&r->open_until, INT64_MAX);
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &attr);
    pthread_condattr_destroy(&attr);
    return r;
}

struct history_recorder *history_recorder_open(const struct history_recorder_options *o, int64_t wait_ns,
                                               struct sd_error *err)
{
    struct history_recorder *r = new_recorder(o);
    struct timespec deadline = until(clock_mono() + wait_ns);
    int why = thread_start(&r->thread, (struct thread_kind){0}, record_loop, r), late = 0;
    if (why) {
        fail(err, "cannot start the recorder: %s", strerror(why));
        release(r);
        return NULL;
    }
    pthread_mutex_lock(&r->lock);
    while (!r->opened && !late)
        late = pthread_cond_timedwait(&r->changed, &r->lock, &deadline);
    bool failed = r->opened && r->stats.error[0];
    if (failed)
        fail(err, "%s", r->stats.error);
    pthread_mutex_unlock(&r->lock);
    if (!failed)
        return r;
    pthread_join(r->thread, NULL);
    release(r);
    return NULL;
}

/* With the lock. */
static bool has_room(const struct history_recorder *r, size_t bytes)
{
    return r->n < QUEUE_MAX && (!r->n || r->bytes + bytes <= QUEUE_BYTES);
}

void history_recorder_batch(struct history_recorder *r, const struct sd_batch *b)
{
    size_t bytes = batch_bytes(b);
    struct timespec limit = until(clock_mono() + PATIENCE_NS);
    pthread_mutex_lock(&r->lock);
    while (!has_room(r, bytes) && !r->done && (r->o.waits || !r->lags)) {
        if (r->o.waits)
            pthread_cond_wait(&r->changed, &r->lock);
        else
            r->lags = pthread_cond_timedwait(&r->changed, &r->lock, &limit) == ETIMEDOUT;
    }
    if (r->done || !has_room(r, bytes)) {
        r->dropped = add_sat(r->dropped, (int64_t)batch_len(b));
    } else {
        r->lags = false;
        r->queue[r->n++] = batch_ref(b);
        r->bytes += bytes;
        if (r->n >= QUEUE_MAX / 2 || r->bytes >= WAKE_BYTES)
            pthread_cond_broadcast(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
}

struct history_recorder_stats history_recorder_stats(struct history_recorder *r)
{
    pthread_mutex_lock(&r->lock);
    struct history_recorder_stats s = r->stats;
    s.lost += (uint64_t)r->dropped;
    pthread_mutex_unlock(&r->lock);
    return s;
}

bool history_recorder_flush(struct history_recorder *r, int64_t limit_ns)
{
    struct timespec deadline = until(clock_mono() + limit_ns);
    int late = 0;
    pthread_mutex_lock(&r->lock);
    r->hurry = true;
    pthread_cond_broadcast(&r->changed);
    while ((r->hurry || r->busy) && !r->done && !late)
        late = pthread_cond_timedwait(&r->changed, &r->lock, &deadline);
    bool ok = !late && !r->done && !r->stats.waiting;
    pthread_mutex_unlock(&r->lock);
    return ok;
}

struct history_recorder_stats history_recorder_close(struct history_recorder *r, int64_t limit_ns)
{
    if (!r)
        return (struct history_recorder_stats){.put_at = SD_UNKNOWN};
    int late = 0;
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->stop, true);
    pthread_cond_broadcast(&r->changed);
    for (int part = 1; part <= 2;
         part++) { /* half of the time for an engine, half for what the spool takes */
        struct timespec deadline = until(clock_mono() + limit_ns / 2);
        late = 0;
        while (!r->done && !late)
            late = pthread_cond_timedwait(&r->changed, &r->lock, &deadline);
        if (!r->done && part == 1)
            atomic_store(&r->given_up, true);
        if (!r->done && r->store && part == 1)
            store_interrupt(r->store);
    }
    bool done = r->done;
    struct history_recorder_stats s = r->stats;
    pthread_mutex_unlock(&r->lock);
    if (!done) { /* the store hangs: its thread keeps what it holds, and we go on */
        pthread_detach(r->thread);
        if (!s.error[0])
            snprintf(s.error, sizeof s.error, "the history could not be finished in %d s",
                     (int)(limit_ns / SD_S));
        return s;
    }
    pthread_join(r->thread, NULL);
    if (!s.error[0] && s.waiting)
        snprintf(s.error, sizeof s.error, "the last %zu puts did not get into the history: %.180s", s.waiting,
                 s.trouble);
    release(r);
    return s;
}
