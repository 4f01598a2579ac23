/* memcached.h - between the files of the memcached source. All of it on the worker. */
#ifndef SOURCE_MEMCACHED_MEMCACHED_H
#define SOURCE_MEMCACHED_MEMCACHED_H

#include "base/base.h"
#include "format/caches/memcached_stats.h"

struct memcached_options {
    int64_t interval, timeout;
    const char *sample; /* "", "none" or "detail" */
};

/* The count by prefix, while it is on. */
struct detail {
    int lock;      /* the locked file that says it is on because of us; -1: it is not */
    sd_time since; /* counts are of the time since then; 0: none are read */
    sd_time until; /* switched off again then; 0: with the end */
    struct memcached_prefixes before;
};

struct memcached {
    bool opened;
    int fd;          /* -1: not connected */
    char where[300]; /* "127.0.0.1:11211", or the path of a socket */
    char name[320];  /* "memcached 127.0.0.1:11211" */
    char host[256];  /* "": a socket */
    char port[16];
    struct memcached_stats stats;
    struct strbuf answer;
    struct detail detail;
};

/* Sends a command and waits for its whole answer, which is in x->answer then. SD_NODATA: it is to stop. */
enum sd_result memcached_ask(struct sd_source *s, struct memcached *x, const char *command,
                             struct sd_error *err);

/* ---- memcached_detail.c ---- */
/* Switches off what a slowdive that was killed left on. */
enum sd_result detail_recover(struct sd_source *s, struct memcached *x, struct sd_error *err);
/* Switches it on, unless it is: then it is not ours to switch off. `limit_ns` 0: until the end. */
enum sd_result detail_begin(struct sd_source *s, struct memcached *x, int64_t limit_ns, struct sd_error *err);
/* Publishes what was counted since it began. */
enum sd_result detail_read(struct sd_source *s, struct memcached *x, struct sd_batch *b,
                           struct sd_error *err);
/* Switches it off, if it is ours; `stopping`: in a moment, without the host's help. */
void detail_end(struct sd_source *s, struct memcached *x, bool stopping);

#endif
