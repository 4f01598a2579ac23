/* history_parts.h - shared by the files of the source of histories. Only for src/source/history/. */
#ifndef SOURCE_HISTORY_HISTORY_PARTS_H
#define SOURCE_HISTORY_HISTORY_PARTS_H

#include <pthread.h>

#include "core/history/span.h"
#include "store/store.h"

struct history_options {
    const char *from, *to, *steps, *windows, *host, *route, *password_file, *ca_file;
    bool by_host, together, machines;
    int64_t points, look;
};

struct history {
    char *url;
    char *password;
    struct store *store;  /* worker only; NULL: not open */
    pthread_mutex_t lock; /* over `open`, which is `store` for interrupt */
    struct store *open;
    uint64_t mark;  /* of store_follow */
    uint64_t given; /* profiles */
    char *partial;  /* what the last reading lacks, as store_partial says it; NULL: nothing */
};

/* ---- rows_out.c: rows as batches ---- */
/* Where rows go: batches of one time and origin each. */
struct rows_out {
    struct sd_source *source;
    const char *only;     /* the host that was asked for alone; NULL */
    struct sd_batch *b;   /* the one that is filled; NULL */
    struct strbuf origin; /* its origin and */
    sd_time at;           /* its time */
    struct strbuf room, next;
    struct history_calls *calls; /* profiles of the interval that is read, not given yet; NULL */
    struct history_row calls_of; /* the interval */
    sd_time after;               /* what ends at or before it is left out; SD_UNKNOWN: nothing */
    sd_time calls_from,
        calls_until; /* profiles are of the part of their intervals that lies between; SD_UNKNOWN */
    uint64_t rows;
    bool stopped; /* the instance is to stop, or the request was withdrawn */
};
/* A row: as a callback of store_read. */
bool rows_out_row(void *out, const struct history_row *row);
void rows_out_end(struct rows_out *o); /* the last batch is handed over */
void rows_out_free(struct rows_out *o);
/* Waits for room, so that nothing is dropped. False: it is to stop. */
bool rows_out_publish(struct sd_source *s, struct sd_batch *b);

/* ---- fit_span.c, read_span.c ---- */
struct span_ask {
    sd_time from, to; /* SD_UNKNOWN: all there is */
    const char *host, *route;
    bool by_host, goals, kept; /* in the steps that goals need; as it is kept */
    bool together;             /* nothing but the requests, of all endpoints as one */
    size_t points;
    int64_t step_ns; /* 0: such that there are about `points` */
    const int64_t *windows;
    size_t n_windows;
};
/* A span that ends within an interval of the history ends before it, so that its steps end where intervals
 * do; one that lies within it becomes that interval, and one between two readings the steps they are the last
 * of. Of goals it stays what it is. */
enum sd_result history_fit(struct history *x, const struct span_ask *ask, sd_time newest, sd_time *from,
                           sd_time *to, struct sd_error *err);
/* The interval of these kinds that `at` lies in: from SD_UNKNOWN: there is none. */
enum sd_result history_around(struct history *x, const struct span_ask *ask, sd_kinds kinds, sd_time at,
                              sd_time *from, sd_time *to, struct sd_error *err);
/* Publishes what there is of the span, and what counters grow from. *told says what it was. */
enum sd_result history_read_span(struct sd_source *s, const struct span_ask *ask, struct sd_history *told,
                                 struct sd_error *err);
/* What was read since the last call lacks: of the instance, until the next call; NULL: nothing. */
const char *history_partial(struct history *x);
/* The oldest and the newest there is, and nothing else. */
enum sd_result history_bounds(struct history *x, struct store_answer *out, struct sd_error *err);
void history_tell(struct sd_source *s, const struct sd_history *told); /* publishes the record HISTORY */
/* And a HISTORY_HOST for each machine: the store counts rows for it, which takes a moment. */
enum sd_result history_tell_machines(struct sd_source *s, const struct sd_history *told,
                                     struct sd_error *err);

#endif
