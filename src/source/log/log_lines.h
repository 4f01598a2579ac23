/* log_lines.h - access logs read once, from their beginnings to their ends: files, plain or packed, pipes and
 * standard input ("-"). The lines of several come in order of time, as long as each of them is: the logs of
 * several servers, and rotated ones in any order. One thread. */
#ifndef SOURCE_LOG_LOG_LINES_H
#define SOURCE_LOG_LOG_LINES_H

#include "format/endpoints/accesslog_agg.h"
#include "source/log/log_files.h"

enum { LOG_LINES_FILES_MAX = 500 };

struct log_lines {
    struct accesslog_agg_options options; /* its `each` and `ctx` get the lines; the format is taken over */
    sd_time now;                          /* stands in for the time where a log has none */
    bool (*stop)(void);                   /* asked now and then: ends it early, which is no error */
};

/* The files that `names` are: "log:" goes, and a shell pattern stands for the files it matches. False and a
 * sentence: it matches none. Freed with log_files_free. */
bool log_lines_files(const char *const *names, size_t n, struct log_files *out, struct sd_error *err);
/* False and a sentence: a file cannot be opened or read, or is damaged. The aggregator knows the endpoints
 * and what could not be read; the caller frees it in any case. */
bool log_lines_read(const struct log_lines *o, const struct log_files *files, struct accesslog_agg **agg,
                    struct sd_error *err);

#endif
