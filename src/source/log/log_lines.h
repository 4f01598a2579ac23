/* log_lines.h - access logs read once, from their beginnings to their ends: files, plain or packed, pipes and
 * standard input ("-"). Several are read beside each other, always the one whose lines are oldest, so that
 * the logs of several servers, and rotated ones, come in order of time. One thread. */
#ifndef SOURCE_LOG_LOG_LINES_H
#define SOURCE_LOG_LOG_LINES_H

#include "format/endpoints/accesslog_agg.h"

enum { LOG_LINES_FILES_MAX = 1000 };

/* `now` stands in for the time where a log has none; `stop`, asked now and then, ends it early (not an
 * error). False and a sentence: one cannot be opened or read, or no line of one is a request. */
bool log_lines_read(struct accesslog_agg *agg, const char *const *paths, size_t n, sd_time now,
                    bool (*stop)(void), struct sd_error *err);

#endif
