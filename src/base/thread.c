#include "base/thread.h"

#include <signal.h>

#include "base/base.h"

int thread_start(pthread_t *thread, struct thread_kind kind, void *(*body)(void *), void *arg)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t all, before;
    pthread_attr_t as;
    sigfillset(&all);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        sigdelset(&all, faults[i]);
    pthread_attr_init(&as);
    if (kind.stack_bytes)
        pthread_attr_setstacksize(&as, kind.stack_bytes);
    if (kind.detached)
        pthread_attr_setdetachstate(&as, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, &as, body, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&as);
    return failed;
}
