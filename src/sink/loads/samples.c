#include "sink/loads/samples.h"

#include <errno.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "base/trust.h"
#include "base/utf8.h"

enum { CHUNK = 4096, WRITE_BYTES = 64 << 10, LINE_MAX_BYTES = 200, STACK_BYTES = 256 * 1024 };
#define LOOK_NS (100 * SD_MS) /* lines appear at most so much later than they could */

struct sample {
    uint64_t seq;
    int64_t user, intended_ns, sent_ns, done_ns, bytes;
    uint32_t request;
    uint16_t status;
    uint8_t failure;
    bool there;
};

/* A list of arrays with one writer and one reader: the reader sees what lies below n. */
struct chunk {
    struct sample items[CHUNK];
    atomic_size_t n;
    _Atomic(struct chunk *) next;
};

struct samples {
    char **names; /* as CSV */
    size_t n_names;
    char *path;
    int fd; /* -1: of a FIFO that nobody reads yet */
    pthread_t thread;
    sem_t some;
    atomic_bool end;
    struct chunk *last; /* of the adder */

    /* Of the thread. */
    struct chunk *first;
    size_t read;
    struct sample *ring; /* those that wait for one before them: of seq at ring[seq % cap] */
    size_t cap;
    uint64_t next, beyond; /* the next line's; all of the ring are below beyond */
    struct strbuf out;
    int failed; /* errno */
};

void samples_add(struct samples *s, const struct load_outcome *o, enum load_failure failure)
{
    struct chunk *c = s->last;
    size_t n = atomic_load_explicit(&c->n, memory_order_relaxed);
    if (n == CHUNK) {
        struct chunk *more = mem_alloc(sizeof *more);
        atomic_store_explicit(&c->next, more, memory_order_release);
        s->last = c = more;
        n = 0;
        sem_post(&s->some);
    }
    c->items[n] = (struct sample){.seq = o->order.seq,
                                  .user = o->order.user,
                                  .intended_ns = o->order.intended_ns,
                                  .sent_ns = o->sent_ns,
                                  .done_ns = o->done_ns,
                                  .bytes = o->bytes,
                                  .request = o->order.request,
                                  .status = (uint16_t)o->status,
                                  .failure = (uint8_t)failure,
                                  .there = true};
    atomic_store_explicit(&c->n, n + 1, memory_order_release);
}

static bool is_fifo(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* ---- the thread ---- */

static void write_out(struct samples *s)
{
    size_t at = 0;
    while (at < s->out.len && !s->failed) {
        ssize_t r = write(s->fd, s->out.text + at, s->out.len - at);
        if (r < 0 && errno != EINTR)
            s->failed = errno;
        else if (r > 0)
            at += (size_t)r;
    }
    strbuf_clear(&s->out);
}

static void put_time(struct strbuf *b, int64_t t)
{
    if (sd_known(t))
        strbuf_printf(b, "%" PRId64, t);
    strbuf_char(b, ',');
}

static void put_line(struct samples *s, const struct sample *x)
{
    static const char *const failures[] = {
#define FAILURE_NAME(UPPER, name, help) name,
        LOAD_FAILURES(FAILURE_NAME)
#undef FAILURE_NAME
    };
    struct strbuf *b = &s->out;
    strbuf_printf(b, "%" PRIu64 ",%s,", x->seq, x->request < s->n_names ? s->names[x->request] : "");
    if (x->user >= 0)
        strbuf_printf(b, "%" PRId64, x->user);
    strbuf_char(b, ',');
    put_time(b, x->intended_ns);
    put_time(b, x->sent_ns);
    put_time(b, x->done_ns);
    strbuf_printf(b, "%u,%s,%" PRId64 "\n", x->status, failures[x->failure], x->bytes);
    if (b->len > WRITE_BYTES - LINE_MAX_BYTES)
        write_out(s);
}

/* All whose number is next, and when it is over all there are. */
static void write_lines(struct samples *s, bool over)
{
    while (s->next < s->beyond) {
        struct sample *x = &s->ring[s->next % s->cap];
        if (!x->there && !over)
            return;
        if (x->there)
            put_line(s, x);
        x->there = false;
        s->next++;
    }
}

static void make_room(struct samples *s, uint64_t seq)
{
    size_t cap = MAX(s->cap, CHUNK);
    while (seq - s->next >= cap)
        cap *= 2;
    if (cap == s->cap)
        return;
    struct sample *bigger = mem_array(cap, sizeof *bigger);
    for (uint64_t i = s->next; i < s->beyond; i++)
        bigger[i % cap] = s->ring[i % s->cap];
    free(s->ring);
    s->ring = bigger;
    s->cap = cap;
}

static void read_some(struct samples *s)
{
    for (;;) {
        struct chunk *c = s->first;
        size_t n = atomic_load_explicit(&c->n, memory_order_acquire);
        for (; s->read < n; s->read++) {
            const struct sample *x = &c->items[s->read];
            if (x->seq < s->next)
                continue; /* told twice: a driver's mistake */
            make_room(s, x->seq);
            s->ring[x->seq % s->cap] = *x;
            s->beyond = MAX(s->beyond, x->seq + 1);
        }
        struct chunk *next = n == CHUNK ? atomic_load_explicit(&c->next, memory_order_acquire) : NULL;
        if (!next)
            return;
        free(c);
        s->first = next;
        s->read = 0;
        write_lines(s, false); /* or the ring would hold all */
    }
}

static void wait_some(struct samples *s)
{
    sd_time at = clock_wall() + LOOK_NS;
    const struct timespec until = {.tv_sec = at / SD_S, .tv_nsec = at % SD_S};
    while (sem_timedwait(&s->some, &until) < 0 && errno == EINTR)
        ;
}

/* A FIFO has no writer before it has a reader: it is waited for, however long. */
static void wait_reader(struct samples *s)
{
    struct sd_error ignored;
    while ((s->fd = output_open(s->path, OUTPUT_CONTINUE, true, &ignored)) < 0) {
        if (!is_fifo(s->path)) { /* it is gone */
            s->failed = ENOENT;
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
}

static void *write_thread(void *arg)
{
    struct samples *s = arg;
    if (s->fd < 0)
        wait_reader(s);
    strbuf_str(&s->out, "seq,name,user,intended_ns,sent_ns,done_ns,status,error,bytes\n");
    for (;;) {
        bool end = atomic_load(&s->end); /* before the rest is read, so that nothing comes after it */
        read_some(s);
        write_lines(s, end);
        write_out(s);
        if (end)
            return NULL;
        wait_some(s);
    }
}

/* ---- beginning and end ---- */

/* RFC 4180, one line, no formula for a spreadsheet. */
static char *csv(const char *name)
{
    struct strbuf safe = {0}, out = {0};
    if (*name && strchr("=+-@", *name))
        strbuf_char(&safe, '\'');
    utf8_append(&safe, name, 1000);
    bool quote = strpbrk(strbuf_text(&safe), ",\"") != NULL;
    if (quote)
        strbuf_char(&out, '"');
    for (const char *p = strbuf_text(&safe); *p; p++) {
        if (*p == '"')
            strbuf_char(&out, '"');
        strbuf_char(&out, *p);
    }
    if (quote)
        strbuf_char(&out, '"');
    strbuf_free(&safe);
    strbuf_char(&out, 0); /* an empty one has a text, too */
    return strbuf_detach(&out);
}

static void samples_free(struct samples *s)
{
    for (struct chunk *c = s->first, *next; c; c = next) {
        next = atomic_load(&c->next);
        free(c);
    }
    for (size_t i = 0; i < s->n_names; i++)
        free(s->names[i]);
    if (s->fd >= 0)
        close(s->fd);
    sem_destroy(&s->some);
    strbuf_free(&s->out);
    free(s->path);
    free(s->names);
    free(s->ring);
    free(s);
}

static bool open_file(struct samples *s, const char *path, struct sd_error *err)
{
    struct stat st;
    s->fd = output_open(path, OUTPUT_CONTINUE, true, err);
    if (s->fd < 0)
        return is_fifo(path);
    if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(s->fd, 0) < 0)
        return fail(err, "cannot write %.300s: %s", path, strerror(errno));
    return true;
}

struct samples *samples_open(const char *path, const char *const *names, size_t n_names, struct sd_error *err)
{
    static const struct thread_kind kind = {.stack_bytes = STACK_BYTES};
    struct samples *s = mem_alloc(sizeof *s);
    sem_init(&s->some, 0, 0);
    s->fd = -1;
    s->path = mem_strdup(path);
    s->first = s->last = mem_alloc(sizeof *s->first);
    s->names = mem_array(n_names + 1, sizeof *s->names);
    for (; s->n_names < n_names; s->n_names++)
        s->names[s->n_names] = csv(names[s->n_names]);
    if (open_file(s, path, err)) {
        int failed = thread_start(&s->thread, kind, write_thread, s);
        if (!failed)
            return s;
        fail(err, "cannot write %.300s: no thread: %s", path, strerror(failed));
    }
    samples_free(s);
    return NULL;
}

bool samples_close(struct samples *s, struct sd_error *err)
{
    if (!s)
        return true;
    atomic_store(&s->end, true);
    sem_post(&s->some);
    pthread_join(s->thread, NULL);
    int failed = s->failed;
    samples_free(s);
    return !failed || fail(err, "the samples could not be written: %s", strerror(failed));
}
