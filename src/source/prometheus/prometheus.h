/* prometheus.h - shared by the files of this folder. */
#ifndef SOURCE_PROMETHEUS_PROMETHEUS_H
#define SOURCE_PROMETHEUS_PROMETHEUS_H

#include "format/metrics/cache_metrics.h"
#include "format/metrics/exposition.h"
#include "format/metrics/latency_metrics.h"

struct prometheus_options {
    const char *names, *user, *password, *token, *ca, *cert, *key;
    int64_t every, timeout, series;
    bool insecure;
};

/* Points wait in a batch for each time until their scrape is whole. */
struct moment_batch {
    sd_time at;
    struct sd_batch *batch;
    size_t records;
};

/* What is read of one target, over its scrapes. */
struct scrape {
    struct sd_source *s;
    struct exposition *x;
    struct cache_metrics *caches;
    struct latency_metrics *latency;
    struct strbuf note;
    bool ours;     /* the text came for our asking: times of creation are not series of their own */
    char *address; /* for people: host and port, or the file's name */
    struct moment_batch *moments;
    size_t n, cap, records;
    int64_t lines, unparsed, bytes; /* of the scrapes before */
};

void scrape_open(struct scrape *c, struct sd_source *s, const char *address, size_t series);
void scrape_close(struct scrape *c);
void scrape_begin(struct scrape *c);
/* Ends and publishes it; `at`: its time, SD_UNKNOWN: that of its newest point, if all have one, or now. */
void scrape_publish(struct scrape *c, sd_time at, bool openmetrics);
void scrape_drop(struct scrape *c); /* it is not to be trusted */

/* A file or a pipe, once, to its end. */
enum sd_result scrape_file(struct scrape *c, const char *path, struct sd_error *err);

#endif
