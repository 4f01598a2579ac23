/* slowlog.h - the slow query log of MySQL, MariaDB and Percona Server -> executions. Pure; any thread. */
#ifndef FORMAT_QUERIES_SLOWLOG_H
#define FORMAT_QUERIES_SLOWLOG_H

#include "format/queries/statement_log.h"

/* What stays from one call to the next: the log tells a database and a time only when they change. {0} at the
 * start; slowlog_free at the end. */
struct slowlog_state {
    char *database; /* of the last "use"; NULL */
    sd_time at;     /* of the last "# Time:"; 0: none yet */
};
void slowlog_free(struct slowlog_state *s);

struct slowlog_counts {
    int64_t entries, unread; /* unread: without a time or a statement */
    char sample[257];        /* the first unread one */
};

typedef void slowlog_take(void *ctx, const struct logged_execution *x);

/* Hands out the entries of `text` and returns how many bytes they took. `whole`: nothing more comes;
 * otherwise the last entry is left for the next call. `now` stands in for a time that the log does not have.
 */
size_t slowlog_read(const char *text, size_t len, bool whole, sd_time now, struct slowlog_state *state,
                    slowlog_take *take, void *ctx, struct slowlog_counts *counts);
/* Does this look like one (its first bytes)? */
bool slowlog_like(const char *text, size_t len);

#endif
