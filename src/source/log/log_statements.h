/* log_statements.h - the statements of logs of databases, handed out: by a source, or into the batch of one
 * that is decoded. */
#ifndef SOURCE_LOG_LOG_STATEMENTS_H
#define SOURCE_LOG_LOG_STATEMENTS_H

#include "base/base.h"
#include "slowdive/source.h"

enum { LOG_STATEMENTS_MAX = 5000 };

/* statement_log_options.emit, with a struct sd_source. */
void log_statements_publish(void *ctx, sd_time at, const struct sd_statement *records, size_t n);

struct log_statements_batch {
    const struct sd_host *host;
    struct sd_batch *b;
    bool full; /* not all of them fitted */
};
/* The same, with a struct log_statements_batch. */
void log_statements_add(void *ctx, sd_time at, const struct sd_statement *records, size_t n);

#endif
