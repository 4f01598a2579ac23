/* runtime_names.h - metrics of what a program runs in: processor, memory, garbage collection, event loop,
 * pools. Pure. */
#ifndef FORMAT_METRICS_RUNTIME_NAMES_H
#define FORMAT_METRICS_RUNTIME_NAMES_H

#include "base/base.h"

/* kind, what it is for people. */
#define RUNTIME_KINDS(X)                                                                                     \
    X(CPU, "processor")                                                                                      \
    X(MEMORY, "memory of the process")                                                                       \
    X(HEAP, "heap")                                                                                          \
    X(HEAP_MAX, "heap, at most")                                                                             \
    X(HEAP_AFTER, "heap after collections")                                                                  \
    X(ALLOCATED, "allocated")                                                                                \
    X(GC_TIME, "time in garbage collection")                                                                 \
    X(GC_COUNT, "garbage collections")                                                                       \
    X(GC_MAX, "longest pause")                                                                               \
    X(LOOP, "event-loop lag")                                                                                \
    X(THREADS, "threads and tasks")                                                                          \
    X(POOL, "connections in use")                                                                            \
    X(POOL_MAX, "connections, at most")                                                                      \
    X(POOL_WAIT, "waiting for a connection")
#define RUNTIME_DECLARE(NAME, text) RUNTIME_##NAME,
enum runtime_kind { RUNTIME_KINDS(RUNTIME_DECLARE) RUNTIME_N };
const char *runtime_kind_text(enum runtime_kind k);

struct runtime_name {
    const char *name;
    enum runtime_kind kind;
    const char *language; /* "Go", "JVM", "Node", "Python", ".NET", "" */
    bool counter;         /* it only grows */
};
const struct runtime_name *runtime_name_of(const char *name, size_t len); /* NULL: not known */
const struct runtime_name *runtime_names(size_t *n);

#endif
