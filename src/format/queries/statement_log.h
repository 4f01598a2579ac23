/* statement_log.h - executions that a server's log tells of -> counters of statements. Pure; one thread.
 *
 * The counters of each statement grow as those of a server would, and are handed out every few seconds of the
 * log's own time, with those that changed. Memory is bounded by `max` and by the longest text, not by the
 * log. */
#ifndef FORMAT_QUERIES_STATEMENT_LOG_H
#define FORMAT_QUERIES_STATEMENT_LOG_H

#include "base/base.h"

enum { STATEMENT_LOG_TEXT_MAX = 65536 };

struct statement_log;
struct statement_log_options {
    bool mysql; /* texts are those of MySQL and MariaDB */
    size_t max; /* distinct statements; further ones count as "(other statements)" */
    void (*emit)(void *ctx, sd_time at, const struct sd_statement *records, size_t n);
    void *ctx;
};

/* What one entry of the log adds. Numbers it does not have are SD_UNKNOWN; `text` as it was sent. */
struct logged_execution {
    sd_time at; /* its end */
    const char *database, *role, *text;
    int64_t calls; /* 0: only something about it */
    int64_t total_ns, plan_ns, rows, rows_examined, temp_written;
};

struct statement_log *statement_log_new(const struct statement_log_options *o);
void statement_log_free(struct statement_log *l);
void statement_log_add(struct statement_log *l, const struct logged_execution *x);
/* Hands out what has changed. */
void statement_log_flush(struct statement_log *l);
bool statement_log_pending(const struct statement_log *l);
int64_t statement_log_calls(const struct statement_log *l); /* taken so far */
sd_time statement_log_last(const struct statement_log *l);  /* end of the newest; SD_UNKNOWN */

#endif
