/* signals.h - the figures of goals over exact windows of time, from the batches as they come.
 *
 * The model thins and merges its history; a goal is about (T-w, T] to the record. So the store keeps, of what
 * the figures it was told of need and no more, each interval by its end: counts and a sparse histogram of
 * requests, samples of metrics, growth of counters. A record of requests counts when
 * T-w < at + interval_ns <= T, a sample when T-w < at <= T. What is not known is NAN, never 0.
 *
 * Batches come in any order of time, each once. Asking at a growing T is cheap, any T works. Memory has a
 * bound: beyond it the oldest goes, with a note. One thread. Texts that are given out are the store's, until
 * the next signals_take. */
#ifndef CORE_GOALS_SIGNALS_H
#define CORE_GOALS_SIGNALS_H

#include "core/batch.h"
#include "core/goals/policy.h"
#include "core/hist.h"

struct signals_limits {
    int64_t keep_ns;  /* how far before the newest data it can be asked for any window of the policy;
                         INT64_MAX:  all data (a simulation) */
    size_t max_bytes; /* of what is kept */
};
extern const struct signals_limits SIGNALS_DEFAULTS; /* 1 h, 48 MiB */

struct signals;

/* Knows the KPIs, SLOs, budgets and targets of the policy, which lives as long as the store. limits NULL: the
 * defaults. */
struct signals *signals_new(const struct goal_policy *p, const struct signals_limits *limits);
void signals_free(struct signals *s); /* NULL is fine */
/* A figure besides, with the longest window it will be asked for; before the data comes. It is kept by what
 * it says, not by its address. */
void signals_want(struct signals *s, const struct goal_figure *f, int64_t window_ns);
void signals_take(struct signals *s, const struct sd_batch *b);
void signals_clear(struct signals *s); /* forgets the data */
/* While a source is live, no request is a rate of 0; otherwise (as at first) it is unknown. */
void signals_set_live(struct signals *s, bool live);
/* The machine of records that name none; NULL: not known. */
void signals_set_host(struct signals *s, const char *host);

/* Of all that was taken, ends of intervals included; SD_UNKNOWN: nothing. */
sd_time signals_first(const struct signals *s);
sd_time signals_last(const struct signals *s);
uint64_t signals_version(const struct signals *s); /* grows with every batch taken */
size_t signals_bytes(const struct signals *s);
/* Sentences about what was left out; count. */
size_t signals_notes(const struct signals *s, const char *out[], size_t max);

struct signal_value {
    const char *instance; /* "GET /orders/:id", a host, labels, a build, a page; NULL: the total */
    double value;         /* NAN: unknown */
    const char *unit;     /* "ns", "share", "per_s", "bytes", ""; of a metric its own */
    int64_t samples;      /* requests, calls, samples or runs it is of */
    const char *basis;    /* histogram, mean, count, rate, max, last, build, median */
    sd_time at;           /* the newest data in the window; SD_UNKNOWN */
};
/* What the figure is at that moment: of a total exactly one value, else those instances that were seen in
 * the time kept, unknown where the window has nothing of them; of a metric, a build or a page none when there
 * is none. Ordered by instance; count, at most max. */
size_t signals_values(struct signals *s, const struct goal_figure *f, sd_time at, int64_t window_ns,
                      struct signal_value *out, size_t max);
/* How many values it has at most. */
size_t signals_most(struct signals *s, const struct goal_figure *f);
/* What tells the durations of http.latency or db.latency, a bit each, the lowest the best; 0: nothing does.
 * Of requests one for all that tells of them; of statements histograms of metrics, and traces. */
unsigned signals_witnesses(struct signals *s, const struct goal_figure *f);
/* The durations that a figure is of, by one of these; instance NULL: of a total. False: none. */
bool signals_durations(struct signals *s, const struct goal_figure *f, const char *instance, unsigned witness,
                       sd_time at, int64_t window_ns, struct hist *out);

struct signal_events {
    int64_t total, bad;
    sd_time from, to; /* the part of the window that there is data of; from == to: none */
};
/* Events of an SLO: requests and those that failed, or timed requests and those in a bucket above that of
 * good_below. */
void signals_events(struct signals *s, const struct goal_slo *o, sd_time at, int64_t window_ns,
                    struct signal_events *out);

#endif
