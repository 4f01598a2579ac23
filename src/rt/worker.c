/* worker.c - one thread per instance: open, collect or run, requests, close. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/job.h"
#include "rt/internal.h"

/* ---- waiting ---- */

static bool has_request(struct rt_source *s)
{
    pthread_mutex_lock(&s->lock);
    bool yes = s->requests != NULL;
    pthread_mutex_unlock(&s->lock);
    return yes;
}

/* Hands out counters that were held back; returns when to look again. */
static int64_t flush_counts(struct rt_source *s)
{
    int64_t due = INT64_MAX;
    pthread_mutex_lock(&s->lock);
    if (s->counts_changed)
        due = s->published_at + STATUS_REFRESH;
    pthread_mutex_unlock(&s->lock);
    if (due > clock_mono())
        return due;
    status_count(s);
    return INT64_MAX;
}

/* As sd_host.wait, with a monotonic deadline. */
static int wait_until(struct rt_source *s, int fd, int events, int64_t deadline, bool for_requests)
{
    for (;;) {
        uint64_t n;
        /* Cleared before the flags are looked at: who sets a flag writes afterwards. */
        ssize_t ignored = read(s->wake_fd, &n, sizeof n);
        (void)ignored;
        if (s->stop || s->withdrawn || (for_requests && has_request(s)))
            return -1;

        int64_t now = clock_mono(), until = MIN(deadline, flush_counts(s));
        int64_t left = until > now ? MIN(until - now, 3600 * SD_S) : 0;
        struct timespec timeout = {.tv_sec = left / SD_S, .tv_nsec = left % SD_S};
        struct pollfd fds[2] = {{.fd = s->wake_fd, .events = POLLIN}, {.fd = fd, .events = (short)events}};
        int ready = ppoll(fds, fd >= 0 ? 2 : 1, &timeout, NULL);
        if (ready < 0 && errno != EINTR)
            return 1; /* a bad descriptor: the source's own read tells why */
        if (ready > 0 && fd >= 0 && fds[1].revents)
            return s->stop || s->withdrawn ? -1 : 1;
        if (clock_mono() >= deadline)
            return 0;
    }
}

/* ---- the host, as sources see it ---- */

static struct rt_source *own(struct sd_source *s)
{
    return (struct rt_source *)s;
}

static bool host_should_stop(struct sd_source *s)
{
    return own(s)->stop;
}

static bool host_withdrawn(struct sd_source *s)
{
    return own(s)->withdrawn;
}

static sd_time host_now(struct sd_source *s)
{
    return own(s)->rt->limits.now();
}

static int host_wait(struct sd_source *s, int fd, int events, sd_time deadline)
{
    /* Only the length is taken from the wall clock: it may be set meanwhile. */
    sd_time now = host_now(s);
    int64_t mono = clock_mono(), length = deadline > now ? deadline - now : 0;
    deadline = length > INT64_MAX - mono ? INT64_MAX : mono + length;
    return wait_until(own(s), fd, events, deadline, own(s)->in_run);
}

static struct sd_batch *host_batch_of(struct sd_source *s, const char *origin, const char *machine,
                                      sd_time at)
{
    struct sd_batch *b = batch_new(origin, at);
    batch_set_machine(b, machine);
    batch_set_abi(b, own(s)->ops->abi & 0xffff);
    batch_set_during(b, own(s)->number);
    return b;
}

static struct sd_batch *host_batch(struct sd_source *s, sd_time at)
{
    return host_batch_of(s, s->name, NULL, at);
}

static void host_discard(struct sd_batch *b)
{
    batch_unref(b);
}

/* Into the mailbox, counted: what is not among the batches or the drops was never there. */
static void to_mailbox(struct rt_source *s, struct sd_batch *b, bool wait_room)
{
    size_t records = batch_len(b), dropped = mailbox_put(&s->box, b, wait_room);
    pthread_mutex_lock(&s->lock);
    s->counts.batches += records > 0; /* one that only says how far a log was read is no data */
    s->counts.records += (int64_t)records;
    s->counts.drops += (int64_t)dropped;
    s->counts_changed = true;
    pthread_mutex_unlock(&s->lock);
}

static void host_publish(struct sd_source *source, struct sd_batch *b)
{
    struct rt_source *s = own(source);
    const struct batch_place *places;
    size_t records = batch_len(b);
    if ((!records && !batch_places(b, &places)) || (s->stop && !s->heard)) {
        batch_unref(b);
        return;
    }
    /* While it ends nobody comes back for what would be dropped, and its place goes on behind it. */
    to_mailbox(s, b, !source->follow || s->heard);
    if (!records) { /* a place alone is no data */
        rt_wake(s->rt);
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->counts.last_data = s->rt->limits.now();
    s->quiet_since = clock_mono();
    bool back = s->state == SD_STATE_STALE;
    pthread_mutex_unlock(&s->lock);
    s->progress = true;
    if (back)
        status_set(s, SD_STATE_LIVE, NULL, SD_UNKNOWN);
    else
        status_count(s);
    rt_wake(s->rt);
}

static void host_place(struct sd_batch *b, const char *file, const char *place)
{
    if (file)
        batch_add_place(b, file, place);
    else
        batch_set_part(b);
}

static bool host_fits(struct sd_source *source, const struct sd_batch *b)
{
    return mailbox_fits(&own(source)->box, b);
}

static sd_kinds host_unread(struct sd_source *source)
{
    return own(source)->rt->limits.unread;
}

static sd_kinds host_totals(struct sd_source *source)
{
    return own(source)->rt->limits.totals;
}

static void host_note(struct sd_source *s, enum sd_state state, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct rt_source *source = own(s);
    if (state == SD_STATE_LIVE) {
        pthread_mutex_lock(&source->lock);
        source->quiet_since = clock_mono();
        pthread_mutex_unlock(&source->lock);
    }
    status_set(source, state, text, SD_UNKNOWN);
}

static void host_log(struct sd_source *s, const char *fmt, ...)
{
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    log_line(s->name, "%s", strbuf_text(&text));
    strbuf_free(&text);
}

const struct sd_host RT_HOST = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_host),
    .should_stop = host_should_stop,
    .wait = host_wait,
    .now = host_now,
    .batch = host_batch,
    .add = batch_add,
    .publish = host_publish,
    .discard = host_discard,
    .note = host_note,
    .log = host_log,
    .withdrawn = host_withdrawn,
    .fits = host_fits,
    .batch_of = host_batch_of,
    .place = host_place,
    .unread = host_unread,
    .totals = host_totals,
};

/* ---- requests ---- */

void request_free(struct request *q)
{
    free(q->r);
    free(q);
}

static struct request *request_take(struct rt_source *s)
{
    pthread_mutex_lock(&s->lock);
    struct request *q = s->requests;
    if (q) {
        s->requests = q->next;
        s->n_requests--;
        s->serving = true;
    }
    pthread_mutex_unlock(&s->lock);
    return q;
}

/* Who asked waits for an answer: a failure is one too. */
static void reply_failed(struct sd_batch *reply, const struct sd_request *r, const char *why)
{
    const struct job *j = job_of(r->job);
    char *about = job_about(j, r->args);
    struct sd_failure failure = {
        .job = j->name,
        .about = about,
        .text = *why ? why : "the source gave no answer and no reason",
    };
    batch_add(reply, SD_FAILURE, &failure);
    free(about);
}

static void served(struct rt_source *s)
{
    pthread_mutex_lock(&s->lock);
    s->serving = false;
    s->withdrawn = false;
    pthread_mutex_unlock(&s->lock);
}

static bool serve_requests(struct rt_source *s)
{
    bool any = false;
    for (struct request *q; !s->stop && (q = request_take(s)); any = true) {
        struct sd_batch *reply = host_batch(&s->pub, s->rt->limits.now());
        struct sd_error err = {""};
        batch_set_answer(reply, q->number);
        s->number = q->number;
        enum sd_result r = s->ops->request(&s->pub, q->r, reply, &err);
        s->number = 0;
        served(s);
        if (r != SD_OK)
            reply_failed(reply, q->r, err.text);
        host_publish(&s->pub, reply);
        request_free(q);
    }
    return any;
}

static void refuse_requests(struct rt_source *s, const char *why)
{
    for (struct request *q; (q = request_take(s));) {
        struct sd_batch *reply = batch_new(s->name, s->rt->limits.now());
        batch_set_answer(reply, q->number);
        reply_failed(reply, q->r, why);
        to_mailbox(s, reply, false);
        served(s);
        rt_wake(s->rt);
        request_free(q);
    }
}

/* ---- the life of an instance ---- */

static void count_error(struct rt_source *s)
{
    pthread_mutex_lock(&s->lock);
    s->counts.errors++;
    s->counts_changed = true;
    pthread_mutex_unlock(&s->lock);
}

static void set_live(struct rt_source *s)
{
    pthread_mutex_lock(&s->lock);
    enum sd_state state = s->state;
    if (state != SD_STATE_LIVE && state != SD_STATE_STALE)
        s->quiet_since = clock_mono();
    pthread_mutex_unlock(&s->lock);
    if (state == SD_STATE_CONNECTING)
        status_set(s, SD_STATE_LIVE, NULL, SD_UNKNOWN); /* keeps what open noted */
    else if (state != SD_STATE_LIVE && state != SD_STATE_STALE)
        status_set(s, SD_STATE_LIVE, "", SD_UNKNOWN);
}

static enum sd_result collect_loop(struct rt_source *s, struct sd_error *err)
{
    while (!s->stop) {
        int64_t start = clock_mono();
        struct sd_batch *b = host_batch(&s->pub, s->rt->limits.now());
        enum sd_result r = s->ops->collect(&s->pub, b, err);
        int64_t end = clock_mono(), next = start + s->interval;
        if (r != SD_OK && r != SD_NODATA) {
            batch_unref(b);
            return r;
        }
        pthread_mutex_lock(&s->lock);
        s->counts.took_ns = end - start;
        if (end > next) {
            /* The next one starts now: catching up would ask more of a slow server. */
            next = end;
            s->counts.overruns++;
            s->counts_changed = true;
        }
        pthread_mutex_unlock(&s->lock);
        s->progress = true;
        set_live(s);
        host_publish(&s->pub, b);
        do
            serve_requests(s);
        while (wait_until(s, -1, 0, next, true) < 0 && !s->stop);
    }
    return SD_OK;
}

static enum sd_result run_loop(struct rt_source *s, struct sd_error *err)
{
    enum sd_result r = SD_OK;
    set_live(s);
    while (!s->stop && (r == SD_OK || r == SD_NODATA)) {
        serve_requests(s);
        int64_t start = clock_mono();
        s->in_run = true;
        r = s->ops->run(&s->pub, err);
        s->in_run = false;
        /* One that returns at once with nothing to do may not take a whole processor. */
        if (r <= SD_NODATA && clock_mono() - start < SD_MS)
            wait_until(s, -1, 0, start + 10 * SD_MS, true);
    }
    return r;
}

static double next_random(struct rt_source *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (double)(s->random >> 11) / (double)(1ull << 53);
}

/* Waits for the next attempt; requests get the reason of the failure. */
static void back_off(struct rt_source *s, unsigned failures, const char *why)
{
    const struct rt_limits *l = &s->rt->limits;
    int64_t min = l->backoff_min_ns ? l->backoff_min_ns : MAX(s->interval, 250 * SD_MS);
    int64_t wait = rt_backoff(min, l->backoff_max_ns, failures, next_random(s));
    int64_t until = clock_mono() + wait;
    status_set(s, SD_STATE_BACKOFF, why, l->now() + wait);
    do
        refuse_requests(s, why);
    while (wait_until(s, -1, 0, until, true) < 0 && !s->stop);
}

static void set_inside(struct rt_source *s, bool inside)
{
    pthread_mutex_lock(&s->life);
    s->inside = inside;
    pthread_mutex_unlock(&s->life);
}

static enum sd_result one_life(struct rt_source *s, struct sd_error *err)
{
    set_inside(s, true);
    enum sd_result r = s->ops->open(&s->pub, err);
    if ((r == SD_OK || r == SD_NODATA) && !s->stop)
        r = s->ops->run ? run_loop(s, err) : collect_loop(s, err);
    if (s->ops->close)
        s->ops->close(&s->pub);
    set_inside(s, false);
    return r;
}

/* The main thread starts the other kind once this worker has ended: rt_drain. False: that kind was asked
 * already. */
static bool hand_over(struct rt_source *s, const char *kind)
{
    if (s->took_over)
        return false;
    pthread_mutex_lock(&s->rt->lock);
    s->other = mem_strdup(kind);
    pthread_mutex_unlock(&s->rt->lock);
    return true;
}

static void live(struct rt_source *s)
{
    unsigned failures = 0;
    while (!s->stop) {
        struct sd_error err = {""};
        /* While it is tried again the state stays "backing off", so that its age is
         * the length of the outage. */
        if (failures == 0)
            status_set(s, SD_STATE_CONNECTING, "", SD_UNKNOWN);
        s->progress = false;
        enum sd_result r = one_life(s, &err);
        if (s->stop)
            break;
        if (r == SD_GONE) {
            status_set(s, SD_STATE_ENDED, *err.text ? err.text : NULL, SD_UNKNOWN);
            return;
        }
        if (r == SD_OTHER && hand_over(s, err.text))
            return;
        if (r == SD_OTHER)
            fail(&err, "the answer of %.200s is for none of the sources that read such addresses", s->name);
        count_error(s);
        if (!*err.text)
            fail(&err, "%s failed and gave no reason", s->name);
        if (r != SD_RETRY || !s->pub.follow) {
            status_set(s, SD_STATE_FAILED, err.text, SD_UNKNOWN);
            refuse_requests(s, err.text);
            return;
        }
        failures = s->progress ? 1 : failures + 1;
        back_off(s, failures, err.text);
    }
    if (!s->heard)
        status_set(s, SD_STATE_OFF, "stopped", SD_UNKNOWN);
}

void *worker_main(void *source)
{
    struct rt_source *s = source;
    char thread_name[16];
    snprintf(thread_name, sizeof thread_name, "sd %s", s->name);
    pthread_setname_np(pthread_self(), thread_name);
    s->random = str_hash(s->name, strlen(s->name)) ^ (uint64_t)clock_mono() ^ 1;
    if (!s->random)
        s->random = 1;

    live(s);

    struct rt *rt = s->rt;
    pthread_mutex_lock(&rt->lock);
    s->worker_done = true;
    pthread_cond_broadcast(&rt->ended);
    pthread_mutex_unlock(&rt->lock);
    rt_wake(rt);
    source_unref(s);
    return NULL;
}

/* A thread of its own, because an interrupt may block (PQcancel connects) and the
 * main thread may not. Repeats: the worker may be about to block just after one. */
void *worker_interrupter(void *source)
{
    struct rt_source *s = source;
    struct rt *rt = s->rt;
    int64_t pause = 10 * SD_MS;
    pthread_mutex_lock(&rt->lock);
    while (!s->worker_done) {
        pthread_mutex_unlock(&rt->lock);
        pthread_mutex_lock(&s->life);
        if (s->inside && s->ops->interrupt)
            s->ops->interrupt(&s->pub);
        pthread_mutex_unlock(&s->life);
        int64_t until = clock_mono() + pause;
        struct timespec at = {.tv_sec = until / SD_S, .tv_nsec = until % SD_S};
        pause = MIN(pause * 2, 200 * SD_MS);
        pthread_mutex_lock(&rt->lock);
        while (!s->worker_done && pthread_cond_timedwait(&rt->ended, &rt->lock, &at) == 0)
            ;
    }
    s->interrupter_done = true;
    pthread_mutex_unlock(&rt->lock);
    source_unref(s);
    return NULL;
}
