#include "source/shared/lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/thread.h"

enum { STACK_BYTES = 256 * 1024 };

struct lookup {
    atomic_int refs;       /* who waits, and the thread */
    int done;              /* eventfd */
    atomic_bool found_out; /* the rest may be read: poll alone orders nothing */
    char *host, port[8];
    struct addrinfo *found;
    int failed; /* of getaddrinfo */
};

void lookup_end(struct lookup *l)
{
    if (!l || atomic_fetch_sub(&l->refs, 1) > 1)
        return;
    if (l->found)
        freeaddrinfo(l->found);
    if (l->done >= 0)
        close(l->done);
    free(l->host);
    free(l);
}

static int look_up(struct lookup *l, int flags)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    return l->failed = getaddrinfo(l->host, l->port, &hints, &l->found);
}

static void tell(struct lookup *l)
{
    uint64_t one = 1;
    atomic_store(&l->found_out, true);
    ssize_t ignored = write(l->done, &one, sizeof one);
    (void)ignored;
}

static void *look_up_thread(void *arg)
{
    struct lookup *l = arg;
    look_up(l, AI_NUMERICSERV);
    tell(l);
    lookup_end(l);
    return NULL;
}

struct lookup *lookup_start(const char *host, int port)
{
    static const struct thread_kind kind = {.stack_bytes = STACK_BYTES, .detached = true};
    struct lookup *l = mem_alloc(sizeof *l);
    pthread_t thread;
    int failed = 0;
    atomic_init(&l->refs, 1);
    l->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->host = mem_strdup(host);
    snprintf(l->port, sizeof l->port, "%d", port);
    if (l->done < 0) {
        failed = errno;
    } else if (look_up(l, AI_NUMERICHOST | AI_NUMERICSERV) == 0) {
        tell(l); /* an IP address */
    } else {
        atomic_fetch_add(&l->refs, 1);
        failed = thread_start(&thread, kind, look_up_thread, l);
        if (failed)
            atomic_fetch_sub(&l->refs, 1);
    }
    if (!failed)
        return l;
    lookup_end(l);
    errno = failed;
    return NULL;
}

int lookup_fd(const struct lookup *l)
{
    return l->done;
}

bool lookup_done(const struct lookup *l)
{
    return atomic_load(&l->found_out);
}

const struct addrinfo *lookup_found(const struct lookup *l, int *failed)
{
    *failed = l->failed;
    return l->failed ? NULL : l->found;
}
