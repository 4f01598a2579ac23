/* thread.h - threads on which no signal of the program is served.
 *
 * Signals belong to the main thread. One that another thread takes is lost when it comes while curses ignores
 * SIGTSTP, which it does during each output. Only those of a fault in the thread itself stay open: without
 * the crash handler the kernel would end the program and leave the terminal as it is. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct thread_kind {
    size_t stack_bytes; /* 0: the system's */
    bool detached;      /* nobody joins it */
};
/* 0, or why it could not be started, as of errno. */
int thread_start(pthread_t *thread, struct thread_kind kind, void *(*body)(void *), void *arg);

#endif
