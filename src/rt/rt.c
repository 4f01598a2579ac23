/* rt.c - the main thread's side: start, stop, drain, status, requests. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/redact.h"
#include "base/thread.h"
#include "conf/option.h"
#include "core/job.h"
#include "rt/internal.h"
#include "rt/registry.h"

const struct rt_limits RT_DEFAULTS = {
    .mailbox_bytes = (size_t)8 << 20,
    .backoff_min_ns = 0,
    .backoff_max_ns = 2 * SD_S,
    .stale_after_ns = 10 * SD_S,
    .now = clock_wall,
};

/* Waiting requests per source; they come from key presses. */
#define REQUESTS_MAX 32

/* ---- waking ---- */

void rt_wake(struct rt *rt)
{
    /* Only the first since the last drain writes. rt_drain clears the flag before it
     * looks at the mailboxes, so nothing put before a skipped write is missed. */
    if (atomic_exchange(&rt->signalled, true))
        return;
    int saved = errno;
    uint64_t one = 1;
    ssize_t ignored = write(rt->event_fd, &one, sizeof one);
    (void)ignored;
    errno = saved;
}

int rt_fd(const struct rt *rt)
{
    return rt->poll_fd;
}

static void clear(int fd)
{
    uint64_t n;
    ssize_t ignored = read(fd, &n, sizeof n);
    (void)ignored;
}

static void cond_init_monotonic(pthread_cond_t *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(c, &attr);
    pthread_condattr_destroy(&attr);
}

void rt_totals(struct rt *rt, sd_kinds kinds)
{
    rt->limits.totals = kinds;
}

struct rt *rt_new(const struct rt_limits *limits)
{
    struct rt *rt = mem_alloc(sizeof *rt);
    rt->limits = limits ? *limits : RT_DEFAULTS;
    rt->refs = 1;
    if (gethostname(rt->host, sizeof rt->host - 1)) /* zeroed: it ends */
        *rt->host = 0;
    pthread_mutex_init(&rt->lock, NULL);
    cond_init_monotonic(&rt->ended);
    rt->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    rt->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    rt->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        struct epoll_event e = {.events = EPOLLIN};
        epoll_ctl(rt->poll_fd, EPOLL_CTL_ADD, i ? rt->timer_fd : rt->event_fd, &e);
    }
    return rt;
}

static void rt_unref(struct rt *rt)
{
    if (atomic_fetch_sub(&rt->refs, 1) != 1)
        return;
    close(rt->poll_fd);
    close(rt->event_fd);
    close(rt->timer_fd);
    pthread_cond_destroy(&rt->ended);
    pthread_mutex_destroy(&rt->lock);
    free(rt);
}

/* ---- instances ---- */

void source_unref(struct rt_source *s)
{
    if (atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    for (struct request *q; (q = s->requests);) {
        s->requests = q->next;
        request_free(q);
    }
    mailbox_destroy(&s->box);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->life);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    options_free(s->ops->options, s->opts);
    free(s->pub.priv);
    free(s->name);
    free(s->target);
    free(s->shown_target);
    free(s->other);
    rt_unref(s->rt);
    free(s);
}

static struct rt_source *find_instance(const struct rt *rt, const char *name)
{
    for (struct rt_source *s = rt->sources; s; s = s->next)
        if (str_eq(s->name, name))
            return s;
    return NULL;
}

static bool worker_done(struct rt_source *s)
{
    pthread_mutex_lock(&s->rt->lock);
    bool done = s->worker_done;
    pthread_mutex_unlock(&s->rt->lock);
    return done;
}

static void wake_worker(struct rt_source *s)
{
    uint64_t one = 1;
    ssize_t ignored = write(s->wake_fd, &one, sizeof one);
    (void)ignored;
}

/* Joins what has ended, leaves the rest behind; gives up the main thread's part. */
static bool release(struct rt_source *s)
{
    pthread_mutex_lock(&s->rt->lock);
    bool done = s->worker_done;
    pthread_mutex_unlock(&s->rt->lock);
    if (done)
        pthread_join(s->worker, NULL);
    else
        pthread_detach(s->worker);
    if (s->has_interrupter) {
        if (done)
            pthread_join(s->interrupter, NULL);
        else
            pthread_detach(s->interrupter);
    }
    source_unref(s);
    return done;
}

static void unlink_source(struct rt *rt, struct rt_source *s)
{
    struct rt_source **p = &rt->sources;
    while (*p != s)
        p = &(*p)->next;
    *p = s->next;
    if (rt->turn == s)
        rt->turn = NULL;
}

/* An option `interval`, or `every` of one that runs, of type duration is the instance's own interval. */
static int64_t interval_of(const struct sd_source_ops *ops, const void *opts)
{
    const struct sd_option *o = option_find(ops->options, ops->run ? "every" : "interval");
    int64_t ns = SD_UNKNOWN;
    if (!o)
        o = option_find(ops->options, "interval");
    if (opts && o && o->type == SD_OPTION_DURATION)
        memcpy(&ns, (const char *)opts + o->offset, sizeof ns);
    if (!sd_known(ns) || ns <= 0)
        ns = ops->interval_ns;
    return ns > 0 || ops->run ? ns : SD_S;
}

/* `took_over`: it takes the place of another kind. */
static struct rt_source *begin(struct rt *rt, const struct sd_source_ops *ops, const char *name,
                               const char *target, void *opts, bool follow, bool took_over,
                               struct sd_error *err)
{
    struct rt_source *old = find_instance(rt, name);
    if (old && worker_done(old)) {
        unlink_source(rt, old);
        release(old);
    } else if (old) {
        options_free(ops->options, opts);
        fail(err, "a source named %s is running already", name);
        return NULL;
    }

    struct rt_source *s = mem_alloc(sizeof *s);
    atomic_fetch_add(&rt->refs, 1);
    s->rt = rt;
    s->ops = ops;
    s->name = mem_strdup(name);
    s->target = mem_strdup(target ? target : "");
    s->shown_target = ops->flags & SD_SOURCE_COMMAND ? redact_command(s->target) : redact(s->target);
    s->opts = opts;
    s->interval = interval_of(ops, opts);
    s->took_over = took_over;
    s->refs = 1;
    s->pub = (struct sd_source){
        .host = &RT_HOST,
        .name = s->name,
        .target = s->target,
        .opts = opts,
        .priv = mem_alloc(ops->priv_size),
        .follow = follow,
        .watch_ns = follow ? rt->limits.watch_ns : 0,
    };
    pthread_mutex_init(&s->life, NULL);
    pthread_mutex_init(&s->lock, NULL);
    mailbox_init(&s->box, rt->limits.mailbox_bytes);
    s->counts = (struct sd_status){.last_data = SD_UNKNOWN,
                                   .since = rt->limits.now(),
                                   .next_at = SD_UNKNOWN,
                                   .took_ns = SD_UNKNOWN,
                                   .cpu_ns = SD_UNKNOWN};
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->wake_fd < 0) {
        fail(err, "cannot start the source %s: %s", name, strerror(errno));
        source_unref(s);
        return NULL;
    }
    atomic_fetch_add(&s->refs, 1); /* the worker's */
    int failed = thread_start(&s->worker, (struct thread_kind){0}, worker_main, s);
    if (failed) {
        fail(err, "cannot start a thread for the source %s: %s", name, strerror(failed));
        source_unref(s);
        source_unref(s);
        return NULL;
    }
    struct rt_source **end = &rt->sources;
    while (*end)
        end = &(*end)->next;
    *end = s;
    return s;
}

struct rt_source *rt_start(struct rt *rt, const struct sd_source_ops *ops, const char *name,
                           const char *target, void *opts, bool follow, struct sd_error *err)
{
    return begin(rt, ops, name, target, opts, follow, false, err);
}

static void stop(struct rt_source *s)
{
    if (atomic_exchange(&s->stop, true))
        return;
    wake_worker(s);
    if (!s->heard)
        mailbox_close(&s->box);
    if (!s->ops->interrupt || worker_done(s))
        return;
    atomic_fetch_add(&s->refs, 1); /* the interrupter's */
    s->has_interrupter = thread_start(&s->interrupter, (struct thread_kind){0}, worker_interrupter, s) == 0;
    if (!s->has_interrupter)
        source_unref(s);
}

void rt_stop_source(struct rt *rt, const char *name)
{
    struct rt_source *s = find_instance(rt, name);
    if (s)
        stop(s);
}

void rt_end(struct rt *rt)
{
    for (struct rt_source *s = rt->sources; s; s = s->next) {
        if (!s->stop)
            s->heard = true;
        stop(s);
    }
}

size_t rt_free(struct rt *rt, int64_t timeout_ns)
{
    if (!rt)
        return 0;
    int64_t until = clock_mono() + timeout_ns;
    struct timespec at = {.tv_sec = until / SD_S, .tv_nsec = until % SD_S};
    size_t left = 0;
    for (struct rt_source *s = rt->sources; s; s = s->next) {
        stop(s);
        mailbox_close(&s->box); /* of one that was heard to its end, too */
    }
    pthread_mutex_lock(&rt->lock);
    for (struct rt_source *s = rt->sources; s; s = s->next)
        while (!s->worker_done && pthread_cond_timedwait(&rt->ended, &rt->lock, &at) == 0)
            ;
    pthread_mutex_unlock(&rt->lock);
    for (struct rt_source *s = rt->sources, *next; s; s = next) {
        next = s->next;
        if (!release(s))
            left++;
    }
    rt_unref(rt);
    return left;
}

/* ---- draining ---- */

static void check_all_stale(struct rt *rt)
{
    int64_t now = clock_mono(), next = INT64_MAX;
    for (struct rt_source *s = rt->sources; s; s = s->next) {
        int64_t at = status_check_stale(s, now);
        next = MIN(next, at);
    }
    struct itimerspec t = {0};
    if (next != INT64_MAX)
        t.it_value = (struct timespec){.tv_sec = next / SD_S, .tv_nsec = next % SD_S};
    timerfd_settime(rt->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
}

/* ---- another kind in its place ---- */

/* What both kinds know by the same name, but secrets, which are not printed. */
static bool copy_options(const struct rt_source *from, const struct sd_source_ops *ops, void *opts,
                         struct sd_error *err)
{
    bool ok = true;
    for (const struct sd_option *o = from->ops->options; ok && o && o->name; o++) {
        const struct sd_option *to = option_find(ops->options, o->name);
        if (!to || to->type != o->type || o->type == SD_OPTION_LIST || (o->flags & SD_OPTION_SECRET))
            continue;
        struct strbuf text = {0};
        option_print(o, from->opts, &text);
        ok = option_set(ops->options, opts, o->name, strbuf_text(&text), err);
        strbuf_free(&text);
    }
    return ok;
}

static bool set_options(const struct registry_resolved *r, void *opts, struct sd_error *err)
{
    bool ok = true;
    for (char **p = r->options; ok && p && *p; p++) {
        char *name = mem_strndup(*p, strcspn(*p, "="));
        ok = option_set(r->ops->options, opts, name, strchr(*p, '=') ? strchr(*p, '=') + 1 : "yes", err);
        free(name);
    }
    return ok;
}

static bool start_other(struct rt *rt, const struct rt_source *s, struct sd_error *err)
{
    struct registry_resolved r;
    char *given = mem_printf("%s:%s", s->other, s->target), *name = mem_strdup(s->name);
    bool ok = registry_resolve(given, &r, err);
    if (ok) {
        void *opts = options_new(r.ops->options, r.ops->opts_size);
        ok = copy_options(s, r.ops, opts, err) && set_options(&r, opts, err);
        if (ok)
            ok = begin(rt, r.ops, name, r.target, opts, s->pub.follow, true, err) != NULL;
        else
            options_free(r.ops->options, opts);
        registry_resolved_free(&r);
    }
    free(given);
    free(name);
    return ok;
}

static bool is_known(const struct rt *rt, const struct rt_source *s)
{
    const struct rt_source *x = rt->sources;
    while (x && x != s)
        x = x->next;
    return x;
}

/* Before the end of the source is told: it goes on. */
static void start_others(struct rt *rt)
{
    for (struct rt_source *s = rt->sources, *next; s; s = next) {
        struct sd_error err = {""};
        next = s->next;
        if (!worker_done(s) || !s->other)
            continue;
        if (s->stop)
            fail(&err, "stopped");
        else if (start_other(rt, s, &err) || !is_known(rt, s))
            continue;
        free(s->other);
        s->other = NULL;
        status_set(s, s->stop ? SD_STATE_OFF : SD_STATE_FAILED, err.text, SD_UNKNOWN);
    }
}

typedef void rt_sink(void *ctx, const struct sd_batch *b);

/* One status and one batch of a source; how many were given. */
static size_t serve(struct rt_source *s, rt_sink *sink, void *ctx)
{
    size_t n = 0;
    const struct sd_batch *b = mailbox_take(&s->box);
    if (b) {
        sink(ctx, b);
        batch_unref(b);
        n++;
    }
    b = status_batch(s, !b);
    if (b) {
        sink(ctx, b);
        batch_unref(b);
        n++;
    }
    return n;
}

size_t rt_drain(struct rt *rt, int64_t budget_ns, rt_sink *sink, void *ctx)
{
    int64_t until = clock_mono() + budget_ns;
    size_t given = 0, idle = 0, sources = 0;
    clear(rt->event_fd);
    clear(rt->timer_fd);
    atomic_store(&rt->signalled, false);
    start_others(rt);
    check_all_stale(rt);
    for (struct rt_source *s = rt->sources; s; s = s->next)
        sources++;

    struct rt_source *s = rt->turn ? rt->turn : rt->sources;
    while (idle < sources) {
        size_t n = serve(s, sink, ctx);
        given += n;
        idle = n ? 0 : idle + 1;
        s = s->next ? s->next : rt->sources;
        if (idle < sources && clock_mono() >= until) {
            rt_wake(rt); /* the rest waits for the next call */
            break;
        }
    }
    rt->turn = s;
    return given;
}

bool rt_finished(const struct rt *rt)
{
    for (struct rt_source *s = rt->sources; s; s = s->next) {
        if (!worker_done(s) || s->other || !mailbox_is_empty(&s->box))
            return false;
        pthread_mutex_lock(&s->lock);
        bool dirty = s->dirty;
        pthread_mutex_unlock(&s->lock);
        if (dirty)
            return false;
    }
    return true;
}

/* ---- requests ---- */

static bool can_request(struct rt_source *s, const char *origin, struct sd_error *err)
{
    if (!s)
        return fail(err, "there is no source named %s", origin ? origin : "(none)");
    if (!s->ops->request)
        return fail(err, "the source %s (%s) does not support this request", s->name, s->ops->name);
    if (!s->stop && !worker_done(s))
        return true;
    char text[sizeof s->text];
    pthread_mutex_lock(&s->lock);
    memcpy(text, s->text, sizeof text);
    pthread_mutex_unlock(&s->lock);
    return fail(err, "the source %s is no longer running%s%s", s->name, *text ? ": " : "", text);
}

/* The number of the request in the queue; 0: the queue is full. An equal one that waits
 * is left in its place: the answer is the same. */
static uint64_t enqueue(struct rt_source *s, const struct sd_request *req)
{
    uint64_t number = 0;
    pthread_mutex_lock(&s->lock);
    struct request **end = &s->requests;
    while (*end && !job_same((*end)->r, req))
        end = &(*end)->next;
    if (*end) {
        number = (*end)->number;
    } else if (s->n_requests < REQUESTS_MAX) {
        *end = mem_alloc(sizeof **end);
        **end = (struct request){.number = number = ++s->rt->requests, .r = job_copy(req)};
        s->n_requests++;
    }
    pthread_mutex_unlock(&s->lock);
    return number;
}

uint64_t rt_request(struct rt *rt, const char *origin, const struct sd_request *req, struct sd_error *err)
{
    struct rt_source *s = find_instance(rt, origin);
    if (!can_request(s, origin, err))
        return 0;
    if (!job_of(req->job)) {
        fail(err, "there is no job with the number %d", (int)req->job);
        return 0;
    }
    uint64_t number = enqueue(s, req);
    if (number)
        wake_worker(s);
    else
        fail(err, "the source %s has %d requests waiting already; try again later", s->name, REQUESTS_MAX);
    return number;
}

void rt_withdraw(struct rt *rt, const char *origin)
{
    struct rt_source *s = find_instance(rt, origin);
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    struct request *waiting = s->requests;
    s->requests = NULL;
    s->n_requests = 0;
    s->withdrawn = s->serving;
    pthread_mutex_unlock(&s->lock);
    for (struct request *next; waiting; waiting = next) {
        next = waiting->next;
        request_free(waiting);
    }
    wake_worker(s);
}
