/* log_siblings.h - the files beside a log that it was renamed to (access.log.1, access.log-20261120.gz). They
 * are held open, so that another rotation, which renames all of them, takes none for another. Worker only. */
#ifndef SOURCE_LOG_LOG_SIBLINGS_H
#define SOURCE_LOG_LOG_SIBLINGS_H

#include "source/log/log_order.h"

struct log_sibling {
    char *path; /* when it was looked for */
    int fd;
    uint64_t dev, ino;
    int64_t written; /* last, ns */
    struct log_order order;
    bool packed; /* by its first bytes */
};
struct log_siblings {
    struct log_sibling *items;
    size_t n, cap;
};

/* Oldest first: those whose names have a number in order of these (1 is the newest, where the
 * times of all do not say the contrary), then those with a date, then all others as
 * they were written. Of one that is being packed the plain one. */
void log_siblings_of(const char *path, struct log_siblings *out);
void log_siblings_free(struct log_siblings *s);
/* The one behind item `i` in the same order; NULL: it is the newest. Files whose names have neither number
 * nor date follow none: they may be copies. */
struct log_sibling *log_siblings_next(struct log_siblings *s, size_t i);
/* Takes one out: path and fd are the caller's. */
struct log_sibling log_siblings_take(struct log_sibling *one);

#endif
