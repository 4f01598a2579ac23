#include "source/postgres/dial.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/thread.h"

/* Plenty for a resolver and for TLS, and cheap to make. */
static const struct thread_kind SMALL = {.stack_bytes = 512 * 1024};

struct dial {
    atomic_int refs; /* who waits, and the thread */
    pthread_t thread;
    int done;                /* eventfd */
    char *target, *database; /* to start */
    PGconn *pg;
    PostgresPollingStatusType state;
};

static void unref(struct dial *d)
{
    if (atomic_fetch_sub(&d->refs, 1) > 1)
        return;
    if (d->pg)
        PQfinish(d->pg);
    if (d->done >= 0)
        close(d->done);
    free(d->target);
    free(d->database);
    free(d);
}

static void *step(void *arg)
{
    struct dial *d = arg;
    if (d->pg) {
        d->state = PQconnectPoll(d->pg);
    } else {
        /* No application_name: a pooler would leave it on the session it gives to the next client. */
        const char *keys[] = {"dbname", d->database ? "dbname" : NULL, NULL};
        const char *values[] = {d->target, d->database, NULL};
        d->pg = PQconnectStartParams(keys, values, 1);
        d->state = PGRES_POLLING_WRITING;
    }
    uint64_t one = 1;
    ssize_t ignored = write(d->done, &one, sizeof one);
    (void)ignored;
    unref(d);
    return NULL;
}

static struct dial *begin(struct dial *d)
{
    d->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&d->refs, 2);
    int failed = d->done < 0 ? errno : thread_start(&d->thread, SMALL, step, d);
    if (!failed)
        return d;
    d->pg = NULL; /* still its owner's */
    atomic_store(&d->refs, 1);
    unref(d);
    errno = failed;
    return NULL;
}

struct dial *dial_start(const char *target, const char *database)
{
    struct dial *d = mem_alloc(sizeof *d);
    d->target = mem_strdup(target);
    d->database = mem_strdup(database);
    return begin(d);
}

struct dial *dial_poll(PGconn *pg)
{
    struct dial *d = mem_alloc(sizeof *d);
    d->pg = pg;
    return begin(d);
}

int dial_fd(const struct dial *d)
{
    return d->done;
}

PGconn *dial_end(struct dial *d, PostgresPollingStatusType *state)
{
    pthread_join(d->thread, NULL);
    PGconn *pg = d->pg;
    *state = d->state;
    d->pg = NULL;
    unref(d);
    return pg;
}

/* A step left behind may be inside of OpenSSL, which is taken apart when a program ends the
 * ordinary way: then it must end at once. */
static void end_at_once(int status, void *ignored)
{
    (void)ignored;
    fflush(NULL);
    _exit(status);
}

void dial_leave(struct dial *d)
{
    static atomic_flag registered = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&registered))
        on_exit(end_at_once, NULL);
    pthread_detach(d->thread);
    unref(d);
}

static void *cancel(void *handle)
{
    char problem[256];
    PQcancel(handle, problem, sizeof problem);
    PQfreeCancel(handle);
    return NULL;
}

void dial_cancel(PGconn *pg)
{
    pthread_t thread;
    PGcancel *handle = PQgetCancel(pg);
    if (handle && thread_start(&thread, SMALL, cancel, handle) == 0)
        pthread_detach(thread);
    else
        PQfreeCancel(handle);
}
