/* pglog.h - a PostgreSQL server's log -> its entries. Pure; any thread.
 *
 * As stderr writes it, behind any log_line_prefix and behind what containers and syslog put before a line;
 * as csvlog; as jsonlog, also inside the JSON of a container or a cloud. Told apart line by line. */
#ifndef FORMAT_QUERIES_PGLOG_H
#define FORMAT_QUERIES_PGLOG_H

#include "base/base.h"

/* One report of the server. Texts are "" where the log does not have them; they live during the call. */
struct pglog_entry {
    sd_time at; /* SD_UNKNOWN */
    int64_t pid, query_id;
    const char *level; /* LOG, WARNING, ERROR, FATAL, PANIC ... */
    const char *sqlstate, *database, *user, *application, *client;
    const char *message, *detail, *hint, *context, *statement;
};

typedef void pglog_take(void *ctx, const struct pglog_entry *e);

struct pglog_counts {
    int64_t lines, unread; /* lines; of these, those that belong to no entry */
    char sample[257];      /* the first unread one */
};

/* Hands out the entries of `text` and returns how many bytes they took. `whole`: nothing more comes;
 * otherwise the last entry, which may still grow, is left for the next call. */
size_t pglog_read(const char *text, size_t len, bool whole, pglog_take *take, void *ctx,
                  struct pglog_counts *counts);

#endif
